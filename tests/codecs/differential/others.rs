//! The other codecs, each behind one function.

use std::panic::catch_unwind;

use bytes::BytesMut;
use mqttlab_core::codec::FixedHeader;
use mqttlab_core::packet::{PacketType, Version};
use tokio_util::codec::{Decoder, Encoder};

use super::samples::Sample;

/// Another codec.
pub(super) struct Other {
    pub(super) name: &'static str,
    /// Whether it knows MQTT 3.1, which has `MQIsdp` in its CONNECT.
    knows_3_1: bool,
    /// What it writes for the packet it read; `Err` where it refuses. The first byte has been checked.
    read: fn(&Sample, &FixedHeader) -> Result<Vec<u8>, String>,
}

pub(super) const OTHERS: &[Other] = &[
    Other {
        name: "mqtt-proto",
        knows_3_1: true,
        read: mqtt_proto,
    },
    Other {
        name: "rmqtt-codec",
        knows_3_1: true,
        read: rmqtt,
    },
    Other {
        name: "mqtt5-protocol",
        knows_3_1: false,
        read: mqtt5,
    },
    Other {
        name: "mqtt-protocol-core",
        knows_3_1: false,
        read: mqtt_protocol_core,
    },
];

impl Other {
    /// What it writes for the packet that it read; `None` inside where it refuses, `None` outside where it cannot be
    /// asked. A panic of its own is a refusal.
    pub(super) fn read(&self, sample: &Sample) -> Option<Option<Vec<u8>>> {
        // In 3.1 the flags of all but PUBLISH are not used, which none of them knows: they go by 3.1.1.
        let version = sample.version.max(Version::V3_1_1);
        // They do not know who sends what to whom, and not all look at the flags.
        let Ok(Some(header)) = FixedHeader::parse(&sample.bytes, version, sample.side) else {
            return None;
        };
        let is_connect = header.packet_type == PacketType::Connect;
        if sample.version == Version::V3_1 && is_connect && !self.knows_3_1 {
            return None;
        }
        let read = catch_unwind(|| (self.read)(sample, &header));
        Some(read.ok().and_then(Result::ok))
    }
}

fn text(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}

fn mqtt_proto(sample: &Sample, _: &FixedHeader) -> Result<Vec<u8>, String> {
    let bytes = match sample.version {
        Version::V3_1 | Version::V3_1_1 => mqtt_proto::v3::Packet::decode(&sample.bytes)
            .map_err(text)?
            .ok_or("not whole")?
            .encode()
            .map_err(text)?,
        Version::V5 => mqtt_proto::v5::Packet::decode(&sample.bytes)
            .map_err(text)?
            .ok_or("not whole")?
            .encode()
            .map_err(text)?,
    };
    Ok(bytes.as_ref().to_vec())
}

fn rmqtt(sample: &Sample, _: &FixedHeader) -> Result<Vec<u8>, String> {
    let mut input = BytesMut::from(&sample.bytes[..]);
    let mut output = BytesMut::new();
    match sample.version {
        Version::V3_1 | Version::V3_1_1 => {
            let mut codec = rmqtt_codec::v3::Codec::new(0);
            let (packet, _) = codec.decode(&mut input).map_err(text)?.ok_or("not whole")?;
            codec.encode(packet, &mut output).map_err(text)?;
        }
        Version::V5 => {
            let mut codec = rmqtt_codec::v5::Codec::new(0, 0);
            let (packet, _) = codec.decode(&mut input).map_err(text)?.ok_or("not whole")?;
            codec.encode(packet, &mut output).map_err(text)?;
        }
    }
    Ok(output.to_vec())
}

fn mqtt5(sample: &Sample, _: &FixedHeader) -> Result<Vec<u8>, String> {
    use mqtt5_protocol::packet::{self, MqttPacket, Packet};
    let mut input = &sample.bytes[..];
    let header = packet::FixedHeader::decode(&mut input).map_err(text)?;
    let level = sample.version.max(Version::V3_1_1).level();
    let packet =
        Packet::decode_from_body_with_version(header.packet_type, &header, &mut input, level)
            .map_err(text)?;
    if !input.is_empty() {
        return Err("bytes are left".to_owned());
    }
    let mut out = Vec::new();
    match packet {
        Packet::Connect(packet) => packet.encode(&mut out),
        Packet::ConnAck(packet) => packet.encode(&mut out),
        Packet::Publish(packet) => packet.encode(&mut out),
        Packet::PubAck(packet) => packet.encode(&mut out),
        Packet::PubRec(packet) => packet.encode(&mut out),
        Packet::PubRel(packet) => packet.encode(&mut out),
        Packet::PubComp(packet) => packet.encode(&mut out),
        Packet::Subscribe(packet) => packet.encode(&mut out),
        Packet::SubAck(packet) => packet.encode(&mut out),
        Packet::Unsubscribe(packet) => packet.encode(&mut out),
        Packet::UnsubAck(packet) => packet.encode(&mut out),
        Packet::PingReq | Packet::PingResp => {
            out.extend_from_slice(&sample.bytes);
            Ok(())
        }
        Packet::Disconnect(packet) => packet.encode(&mut out),
        Packet::Auth(packet) => packet.encode(&mut out),
    }
    .map_err(text)?;
    Ok(out)
}

/// Reads a body with the function of its type, and writes the packet again.
macro_rules! parse {
    ($body:ident, $packet:path) => {{
        let (packet, used) = <$packet>::parse($body).map_err(text)?;
        (packet.to_continuous_buffer(), used)
    }};
    ($body:ident, $flags:ident, $packet:path) => {{
        let (packet, used) = <$packet>::parse($flags, $body.into()).map_err(text)?;
        (packet.to_continuous_buffer(), used)
    }};
}

fn mqtt_protocol_core(sample: &Sample, header: &FixedHeader) -> Result<Vec<u8>, String> {
    use mqtt_protocol_core::mqtt::packet::{v3_1_1 as v3, v5_0 as v5};
    let body = &sample.bytes[header.len..];
    let flags = header.first & 0x0F;
    let (out, used) = match (sample.version, header.packet_type) {
        (Version::V3_1 | Version::V3_1_1, packet_type) => match packet_type {
            PacketType::Connect => parse!(body, v3::Connect),
            PacketType::ConnAck => parse!(body, v3::Connack),
            PacketType::Publish => parse!(body, flags, v3::Publish),
            PacketType::PubAck => parse!(body, v3::Puback),
            PacketType::PubRec => parse!(body, v3::Pubrec),
            PacketType::PubRel => parse!(body, v3::Pubrel),
            PacketType::PubComp => parse!(body, v3::Pubcomp),
            PacketType::Subscribe => parse!(body, v3::Subscribe),
            PacketType::SubAck => parse!(body, v3::Suback),
            PacketType::Unsubscribe => parse!(body, v3::Unsubscribe),
            PacketType::UnsubAck => parse!(body, v3::Unsuback),
            PacketType::PingReq => parse!(body, v3::Pingreq),
            PacketType::PingResp => parse!(body, v3::Pingresp),
            PacketType::Disconnect => parse!(body, v3::Disconnect),
            PacketType::Auth => return Err("not in this version".to_owned()),
        },
        (Version::V5, packet_type) => match packet_type {
            PacketType::Connect => parse!(body, v5::Connect),
            PacketType::ConnAck => parse!(body, v5::Connack),
            PacketType::Publish => parse!(body, flags, v5::Publish),
            PacketType::PubAck => parse!(body, v5::Puback),
            PacketType::PubRec => parse!(body, v5::Pubrec),
            PacketType::PubRel => parse!(body, v5::Pubrel),
            PacketType::PubComp => parse!(body, v5::Pubcomp),
            PacketType::Subscribe => parse!(body, v5::Subscribe),
            PacketType::SubAck => parse!(body, v5::Suback),
            PacketType::Unsubscribe => parse!(body, v5::Unsubscribe),
            PacketType::UnsubAck => parse!(body, v5::Unsuback),
            PacketType::PingReq => parse!(body, v5::Pingreq),
            PacketType::PingResp => parse!(body, v5::Pingresp),
            PacketType::Disconnect => parse!(body, v5::Disconnect),
            PacketType::Auth => parse!(body, v5::Auth),
        },
    };
    if used == body.len() {
        Ok(out)
    } else {
        Err("bytes are left".to_owned())
    }
}
