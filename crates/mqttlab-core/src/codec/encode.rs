//! Packets to bytes.

use alloc::vec::Vec;

use crate::packet::{
    Ack, Auth, ConnAck, Connect, Disconnect, Packet, PacketType, Publish, QoS, SubAck, Subscribe,
    Unsubscribe, Version, Will,
};
use crate::properties::{Properties, write};
use crate::reason::ReasonCode;

/// Appends `packet` to `out` as `version` writes it.
///
/// A CONNECT has its own version and takes no notice of `version`. What the version has no place for is left out:
/// properties and reason codes before 5.0, and an AUTH altogether. A reason for CONNACK that 3.1.1 has no code for
/// becomes code 3, server unavailable; a server should rather close without a CONNACK there. [MQTT-3.2.2-6]
/// Text and data longer than 65 535 bytes are cut off there.
///
/// # Panics
/// If the packet is larger than [`PACKET_SIZE_MAX`](crate::codec::PACKET_SIZE_MAX); ask [`encoded_len`] first where
/// that could be.
pub fn encode(packet: &Packet<'_>, version: Version, out: &mut Vec<u8>) {
    let version = version_of(packet, version);
    let Some(body) = body_len(packet, version) else {
        return;
    };
    out.reserve(1 + variable_len(body) + body);
    let start = out.len();
    out.push(first_byte(packet));
    write_remaining_length(out, body);
    let body_start = out.len();
    match packet {
        Packet::Connect(connect) => write_connect(out, connect),
        Packet::ConnAck(connack) => write_connack(out, connack, version),
        Packet::Publish(publish) => {
            write_publish_head(out, publish, Properties::EMPTY, version);
            out.extend_from_slice(publish.payload);
        }
        Packet::PubAck(ack) | Packet::PubRec(ack) | Packet::PubRel(ack) | Packet::PubComp(ack) => {
            write::two(out, ack.packet_id.number());
            write_reason(out, ack.reason, ack.properties, version);
        }
        Packet::Subscribe(subscribe) => {
            write::two(out, subscribe.packet_id.number());
            write_properties(out, subscribe.properties, Properties::EMPTY, version);
            out.extend_from_slice(subscribe.filters.as_bytes());
        }
        Packet::Unsubscribe(unsubscribe) => {
            write::two(out, unsubscribe.packet_id.number());
            write_properties(out, unsubscribe.properties, Properties::EMPTY, version);
            out.extend_from_slice(unsubscribe.filters.as_bytes());
        }
        Packet::SubAck(ack) | Packet::UnsubAck(ack) => {
            write::two(out, ack.packet_id.number());
            write_properties(out, ack.properties, Properties::EMPTY, version);
            if matches!(packet, Packet::SubAck(_)) || version == Version::V5 {
                out.extend_from_slice(ack.codes);
            }
        }
        Packet::PingReq | Packet::PingResp => {}
        Packet::Disconnect(disconnect) => {
            write_reason(out, disconnect.reason, disconnect.properties, version);
        }
        Packet::Auth(auth) => write_auth(out, auth),
    }
    debug_assert_eq!(
        out.len() - body_start,
        body,
        "the length was computed right for {}",
        PacketType::from_first_byte(out[start]).map_or("", PacketType::name)
    );
}

/// How many bytes [`encode`] appends for `packet`.
///
/// A sender compares it with the peer's Maximum Packet Size. [MQTT-3.1.2-24] [MQTT-3.2.2-15]
pub fn encoded_len(packet: &Packet<'_>, version: Version) -> usize {
    body_len(packet, version_of(packet, version)).map_or(0, packet_len)
}

/// Appends all of a PUBLISH but its payload, and says where the Packet Identifier is, counted from where the head begins.
///
/// This is for a message with many receivers, who share the head and get the payload by reference: the Remaining Length
/// counts `publish.payload`, which is not written. With QoS > 0 and no Packet Identifier two zeros are written, to be
/// patched for each receiver. `more` are properties of this receiver that come after those of the message.
///
/// # Panics
/// As [`encode`].
pub fn encode_publish_head(
    publish: &Publish<'_>,
    more: Properties<'_>,
    version: Version,
    out: &mut Vec<u8>,
) -> Option<usize> {
    let start = out.len();
    let body = publish_body_len(publish, more, version);
    out.reserve(1 + variable_len(body) + body - publish.payload.len());
    out.push(publish_first_byte(publish));
    write_remaining_length(out, body);
    write_publish_head(out, publish, more, version).map(|at| at - start)
}

/// How many bytes a PUBLISH has as [`encode_publish_head`] begins it, with its payload.
pub fn publish_head_len(publish: &Publish<'_>, more: Properties<'_>, version: Version) -> usize {
    packet_len(publish_body_len(publish, more, version))
}

const fn version_of(packet: &Packet<'_>, version: Version) -> Version {
    if let Packet::Connect(connect) = packet {
        connect.version
    } else {
        version
    }
}

fn first_byte(packet: &Packet<'_>) -> u8 {
    let flags = match packet {
        Packet::Publish(publish) => return publish_first_byte(publish),
        Packet::PubRel(_) | Packet::Subscribe(_) | Packet::Unsubscribe(_) => 0b0010,
        Packet::Connect(_)
        | Packet::ConnAck(_)
        | Packet::PubAck(_)
        | Packet::PubRec(_)
        | Packet::PubComp(_)
        | Packet::SubAck(_)
        | Packet::UnsubAck(_)
        | Packet::PingReq
        | Packet::PingResp
        | Packet::Disconnect(_)
        | Packet::Auth(_) => 0,
    };
    packet.packet_type().number() << 4 | flags
}

const fn publish_first_byte(publish: &Publish<'_>) -> u8 {
    PacketType::Publish.number() << 4
        | (publish.dup as u8) << 3
        | publish.qos.number() << 1
        | publish.retain as u8
}

const fn variable_len(value: usize) -> usize {
    match value {
        0..=0x7F => 1,
        0x80..=0x3FFF => 2,
        0x4000..=0x1F_FFFF => 3,
        _ => 4,
    }
}

const fn packet_len(body: usize) -> usize {
    1 + variable_len(body) + body
}

fn write_remaining_length(out: &mut Vec<u8>, body: usize) {
    assert!(
        body <= 268_435_455,
        "a packet has at most 268435455 bytes after its header, not {body}"
    );
    write::variable(out, body as u32);
}

const fn prefixed_len(data: &[u8]) -> usize {
    2 + if data.len() > 65_535 {
        65_535
    } else {
        data.len()
    }
}

fn text_len(text: &str) -> usize {
    2 + text.floor_char_boundary(65_535)
}

fn properties_len(properties: Properties<'_>, more: Properties<'_>, version: Version) -> usize {
    match version {
        Version::V3_1 | Version::V3_1_1 => 0,
        Version::V5 => {
            let len = properties.as_bytes().len() + more.as_bytes().len();
            variable_len(len) + len
        }
    }
}

fn write_properties(
    out: &mut Vec<u8>,
    properties: Properties<'_>,
    more: Properties<'_>,
    version: Version,
) {
    if version == Version::V5 {
        let len = properties.as_bytes().len() + more.as_bytes().len();
        write::variable(out, len as u32);
        out.extend_from_slice(properties.as_bytes());
        out.extend_from_slice(more.as_bytes());
    }
}

/// The Remaining Length; `None` for a packet that does not exist in this version.
fn body_len(packet: &Packet<'_>, version: Version) -> Option<usize> {
    let properties_len = |properties| properties_len(properties, Properties::EMPTY, version);
    Some(match packet {
        Packet::Connect(connect) => connect_len(connect),
        Packet::ConnAck(ConnAck { properties, .. }) => 2 + properties_len(*properties),
        Packet::Publish(publish) => publish_body_len(publish, Properties::EMPTY, version),
        Packet::PubAck(ack) | Packet::PubRec(ack) | Packet::PubRel(ack) | Packet::PubComp(ack) => {
            let Ack {
                reason, properties, ..
            } = ack;
            2 + reason_len(*reason, *properties, version)
        }
        Packet::Subscribe(Subscribe {
            properties,
            filters,
            ..
        }) => 2 + properties_len(*properties) + filters.as_bytes().len(),
        Packet::Unsubscribe(Unsubscribe {
            properties,
            filters,
            ..
        }) => 2 + properties_len(*properties) + filters.as_bytes().len(),
        Packet::SubAck(SubAck {
            properties, codes, ..
        }) => 2 + properties_len(*properties) + codes.len(),
        Packet::UnsubAck(SubAck {
            properties, codes, ..
        }) => match version {
            Version::V3_1 | Version::V3_1_1 => 2,
            Version::V5 => 2 + properties_len(*properties) + codes.len(),
        },
        Packet::PingReq | Packet::PingResp => 0,
        Packet::Disconnect(Disconnect { reason, properties }) => {
            reason_len(*reason, *properties, version)
        }
        Packet::Auth(Auth { reason, properties }) => match version {
            Version::V3_1 | Version::V3_1_1 => return None,
            Version::V5 if *reason == ReasonCode::Success && properties.is_empty() => 0,
            Version::V5 => 1 + properties_len(*properties),
        },
    })
}

fn publish_body_len(publish: &Publish<'_>, more: Properties<'_>, version: Version) -> usize {
    let packet_id = match publish.qos {
        QoS::AtMostOnce => 0,
        QoS::AtLeastOnce | QoS::ExactlyOnce => 2,
    };
    text_len(publish.topic)
        + packet_id
        + properties_len(publish.properties, more, version)
        + publish.payload.len()
}

/// Writes topic, Packet Identifier and properties; says where in `out` the Packet Identifier is.
#[inline]
fn write_publish_head(
    out: &mut Vec<u8>,
    publish: &Publish<'_>,
    more: Properties<'_>,
    version: Version,
) -> Option<usize> {
    write::string(out, publish.topic);
    let packet_id_at = match publish.qos {
        QoS::AtMostOnce => None,
        QoS::AtLeastOnce | QoS::ExactlyOnce => {
            let at = out.len();
            write::two(out, publish.packet_id.map_or(0, |id| id.number()));
            Some(at)
        }
    };
    write_properties(out, publish.properties, more, version);
    packet_id_at
}

/// What follows the Packet Identifier of an acknowledgement, or is all of a DISCONNECT; 5.0 leaves out what says nothing.
fn reason_len(reason: ReasonCode, properties: Properties<'_>, version: Version) -> usize {
    match version {
        Version::V3_1 | Version::V3_1_1 => 0,
        Version::V5 if !properties.is_empty() => {
            1 + properties_len(properties, Properties::EMPTY, version)
        }
        Version::V5 => usize::from(reason != ReasonCode::Success),
    }
}

fn write_reason(
    out: &mut Vec<u8>,
    reason: ReasonCode,
    properties: Properties<'_>,
    version: Version,
) {
    match reason_len(reason, properties, version) {
        0 => {}
        1 => out.push(reason.number()),
        _ => {
            out.push(reason.number());
            write_properties(out, properties, Properties::EMPTY, version);
        }
    }
}

fn write_auth(out: &mut Vec<u8>, auth: &Auth<'_>) {
    if auth.reason != ReasonCode::Success || !auth.properties.is_empty() {
        out.push(auth.reason.number());
        write_properties(out, auth.properties, Properties::EMPTY, Version::V5);
    }
}

fn write_connack(out: &mut Vec<u8>, connack: &ConnAck<'_>, version: Version) {
    let session_present = connack.session_present && version != Version::V3_1;
    out.push(u8::from(session_present));
    out.push(match version {
        Version::V3_1 | Version::V3_1_1 => connack.reason.connack_code_v3().unwrap_or(3),
        Version::V5 => connack.reason.number(),
    });
    write_properties(out, connack.properties, Properties::EMPTY, version);
}

fn connect_len(connect: &Connect<'_>) -> usize {
    let properties_len =
        |properties| properties_len(properties, Properties::EMPTY, connect.version);
    let mut len = text_len(connect.version.protocol_name())
        + 4
        + properties_len(connect.properties)
        + text_len(connect.client_id);
    if let Some(will) = &connect.will {
        len += properties_len(will.properties) + text_len(will.topic) + prefixed_len(will.payload);
    }
    len + connect.user_name.map_or(0, text_len) + connect.password.map_or(0, prefixed_len)
}

fn write_connect(out: &mut Vec<u8>, connect: &Connect<'_>) {
    let version = connect.version;
    write::string(out, version.protocol_name());
    out.push(version.level());
    let will_flags = connect.will.as_ref().map_or(0, |Will { qos, retain, .. }| {
        0b100 | qos.number() << 3 | u8::from(*retain) << 5
    });
    out.push(
        u8::from(connect.clean_start) << 1
            | will_flags
            | u8::from(connect.password.is_some()) << 6
            | u8::from(connect.user_name.is_some()) << 7,
    );
    write::two(out, connect.keep_alive);
    write_properties(out, connect.properties, Properties::EMPTY, version);
    write::string(out, connect.client_id);
    if let Some(will) = &connect.will {
        write_properties(out, will.properties, Properties::EMPTY, version);
        write::string(out, will.topic);
        write::binary(out, will.payload);
    }
    if let Some(user_name) = connect.user_name {
        write::string(out, user_name);
    }
    if let Some(password) = connect.password {
        write::binary(out, password);
    }
}
