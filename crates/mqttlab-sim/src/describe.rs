//! Packets in words.

use mqttlab_core::codec::{Limits, PACKET_SIZE_MAX, decode};
use mqttlab_core::packet::{Connect, Packet, PacketType, Publish, Side, Version};
use mqttlab_core::properties::Property;
use mqttlab_core::reason::ReasonCode;

use crate::view::FlightKind;

/// The longest part of a text that is shown in one line, in characters.
const SHOWN_MAX: usize = 60;

/// What there is to say about a packet, whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Description {
    pub(crate) kind: FlightKind,
    pub(crate) name: &'static str,
    pub(crate) summary: String,
    pub(crate) qos: Option<u8>,
    pub(crate) dup: bool,
    pub(crate) retain: bool,
    pub(crate) packet_id: Option<u16>,
    pub(crate) topic: Option<String>,
    /// 5.0: Topic Alias of a PUBLISH.
    pub(crate) alias: Option<u16>,
}

/// Limits that refuse nothing: what is shown has passed, or was stopped by, the real ones.
pub(crate) fn no_limits() -> Limits {
    Limits {
        packet_size_max: PACKET_SIZE_MAX,
        stranger_packet_size_max: PACKET_SIZE_MAX,
        user_properties_max: u16::MAX,
        disallowed_code_points: true,
        identifiers_from_clients: false,
        topic_alias_max: u16::MAX,
        topic_alias_bytes_max: u32::MAX,
    }
}

/// Describes the packet in `bytes`, as it comes to `side`.
pub(crate) fn packet(bytes: &[u8], version: Version, side: Side) -> Description {
    match decode(bytes, version, side, &no_limits(), &mut ()) {
        Ok(packet) => legal(&packet),
        Err(error) => {
            let packet_type = bytes
                .first()
                .and_then(|&byte| PacketType::from_first_byte(byte));
            Description {
                kind: packet_type.map_or(FlightKind::Connect, family),
                name: packet_type.map_or("bytes", PacketType::name),
                summary: format!("not legal: {error}"),
                ..empty()
            }
        }
    }
}

fn empty() -> Description {
    Description {
        kind: FlightKind::Tcp,
        name: "",
        summary: String::new(),
        qos: None,
        dup: false,
        retain: false,
        packet_id: None,
        topic: None,
        alias: None,
    }
}

fn legal(packet: &Packet<'_>) -> Description {
    let packet_type = packet.packet_type();
    let plain = Description {
        kind: family(packet_type),
        name: packet_type.name(),
        summary: summary(packet),
        packet_id: packet.packet_id().map(|id| id.number()),
        ..empty()
    };
    match packet {
        Packet::Publish(publish) => Description {
            qos: Some(publish.qos.number()),
            dup: publish.dup,
            retain: publish.retain,
            topic: Some(publish.topic.to_owned()),
            alias: topic_alias(publish),
            ..plain
        },
        Packet::Connect(_)
        | Packet::ConnAck(_)
        | Packet::PubAck(_)
        | Packet::PubRec(_)
        | Packet::PubRel(_)
        | Packet::PubComp(_)
        | Packet::Subscribe(_)
        | Packet::SubAck(_)
        | Packet::Unsubscribe(_)
        | Packet::UnsubAck(_)
        | Packet::PingReq
        | Packet::PingResp
        | Packet::Disconnect(_)
        | Packet::Auth(_) => plain,
    }
}

fn family(packet_type: PacketType) -> FlightKind {
    match packet_type {
        PacketType::Connect | PacketType::ConnAck | PacketType::Disconnect | PacketType::Auth => {
            FlightKind::Connect
        }
        PacketType::Publish => FlightKind::Publish,
        PacketType::PubAck => FlightKind::Ack,
        PacketType::PubRec | PacketType::PubRel | PacketType::PubComp => FlightKind::QoS2,
        PacketType::Subscribe
        | PacketType::SubAck
        | PacketType::Unsubscribe
        | PacketType::UnsubAck => FlightKind::Subscribe,
        PacketType::PingReq | PacketType::PingResp => FlightKind::Ping,
    }
}

fn summary(packet: &Packet<'_>) -> String {
    match packet {
        Packet::Connect(connect) => connect_summary(connect),
        Packet::ConnAck(ack) if ack.reason == ReasonCode::Success => {
            format!(
                "accepted, session present {}",
                u8::from(ack.session_present)
            )
        }
        Packet::ConnAck(ack) => format!("refused, {}", ack.reason),
        Packet::Publish(publish) => publish_summary(publish),
        Packet::PubAck(ack) | Packet::PubRec(ack) | Packet::PubRel(ack) | Packet::PubComp(ack) => {
            match ack.reason {
                ReasonCode::Success => format!("id {}", ack.packet_id),
                reason => format!("id {}, {reason}", ack.packet_id),
            }
        }
        Packet::Subscribe(subscribe) => {
            let filters: Vec<String> = subscribe
                .filters
                .iter()
                .map(|(filter, options)| format!("{} QoS {}", clip(filter), options.qos.number()))
                .collect();
            format!("{} (id {})", clip(&filters.join(", ")), subscribe.packet_id)
        }
        Packet::SubAck(ack) => format!("{} (id {})", codes(ack.codes), ack.packet_id),
        Packet::Unsubscribe(unsubscribe) => {
            let filters: Vec<&str> = unsubscribe.filters.iter().collect();
            format!(
                "{} (id {})",
                clip(&filters.join(", ")),
                unsubscribe.packet_id
            )
        }
        Packet::UnsubAck(ack) if ack.codes.is_empty() => format!("id {}", ack.packet_id),
        Packet::UnsubAck(ack) => format!("{} (id {})", codes(ack.codes), ack.packet_id),
        Packet::PingReq | Packet::PingResp => String::new(),
        Packet::Disconnect(disconnect) => match disconnect.reason {
            ReasonCode::Success => String::new(),
            reason => reason.to_string(),
        },
        Packet::Auth(auth) => auth.reason.to_string(),
    }
}

fn publish_summary(publish: &Publish<'_>) -> String {
    let mut parts = vec![format!("QoS {}", publish.qos.number())];
    parts.extend(publish.packet_id.map(|id| format!("id {id}")));
    parts.extend(topic_alias(publish).map(|alias| format!("alias {alias}")));
    parts.extend(publish.dup.then(|| "dup".to_owned()));
    parts.extend(publish.retain.then(|| "retain".to_owned()));
    let payload = payload(publish.payload);
    match publish.topic {
        "" => format!("{payload} ({})", parts.join(", ")),
        topic => format!("{} {payload} ({})", clip(topic), parts.join(", ")),
    }
}

fn topic_alias(publish: &Publish<'_>) -> Option<u16> {
    let mut properties = publish.properties.iter();
    properties.find_map(|property| {
        if let Property::TopicAlias(alias) = property {
            Some(alias)
        } else {
            None
        }
    })
}

fn connect_summary(connect: &Connect<'_>) -> String {
    let mut parts = vec![format!("\"{}\"", clip(connect.client_id))];
    if connect.clean_start {
        parts.push("clean".to_owned());
    }
    parts.push(match connect.keep_alive {
        0 => "no keep alive".to_owned(),
        seconds => format!("keep alive {seconds} s"),
    });
    if let Some(will) = &connect.will {
        parts.push(format!("will {}", clip(will.topic)));
    }
    parts.join(", ")
}

fn codes(codes: &[u8]) -> String {
    let words: Vec<String> = codes
        .iter()
        .map(|&code| match ReasonCode::from_u8(code) {
            Some(ReasonCode::Success) => "granted QoS 0".to_owned(),
            Some(ReasonCode::GrantedQos1) => "granted QoS 1".to_owned(),
            Some(ReasonCode::GrantedQos2) => "granted QoS 2".to_owned(),
            Some(reason) => reason.to_string(),
            None => format!("0x{code:02X}"),
        })
        .collect();
    clip(&words.join(", "))
}

/// A payload in one line: in quotes if it is text, else its length.
pub(crate) fn payload(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => format!("\"{}\"", clip(text)),
        Ok(_) | Err(_) => format!("{} bytes", bytes.len()),
    }
}

/// A payload as text for a view: what is not UTF-8 as hexadecimal digits.
pub(crate) fn payload_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// The start of a text that is too long for one line.
pub(crate) fn clip(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}
