//! Packets in words.

use std::borrow::ToOwned;
use std::format;
use std::string::String;
use std::vec::Vec;

use crate::packet::Packet;
use crate::properties::Properties;
use crate::reason::ReasonCode;

/// A packet from the broker in words.
pub(super) fn words(packet: &Packet<'_>) -> String {
    let name = packet.packet_type().name();
    match packet {
        Packet::ConnAck(connack) => {
            let present = u8::from(connack.session_present);
            format!(
                "{name} present={present} {}{}",
                code(connack.reason),
                list(connack.properties)
            )
        }
        Packet::Publish(publish) => {
            let id = publish
                .packet_id
                .map_or(String::new(), |id| format!(" #{id}"));
            let flags = [(publish.dup, " DUP"), (publish.retain, " RETAIN")];
            let flags: String = flags
                .into_iter()
                .filter(|(set, _)| *set)
                .map(|(_, text)| text)
                .collect();
            let payload = String::from_utf8_lossy(publish.payload);
            let payload = if payload.len() > 40 {
                format!("{} bytes", payload.len())
            } else {
                format!("{payload:?}")
            };
            let properties = list(publish.properties);
            format!(
                "{name} {} q{}{id}{flags} {payload}{properties}",
                publish.topic,
                publish.qos.number()
            )
        }
        Packet::PubAck(ack) | Packet::PubRec(ack) | Packet::PubRel(ack) | Packet::PubComp(ack) => {
            let reason = if ack.reason == ReasonCode::Success {
                String::new()
            } else {
                format!(" {}", code(ack.reason))
            };
            format!("{name} #{}{reason}{}", ack.packet_id, list(ack.properties))
        }
        Packet::SubAck(ack) | Packet::UnsubAck(ack) => {
            let codes: Vec<String> = ack.codes.iter().map(|code| format!("{code:02x}")).collect();
            format!(
                "{name} #{} [{}]{}",
                ack.packet_id,
                codes.join(" "),
                list(ack.properties)
            )
        }
        Packet::Disconnect(disconnect) => {
            format!(
                "{name} {}{}",
                code(disconnect.reason),
                list(disconnect.properties)
            )
        }
        Packet::Auth(auth) => format!("{name} {}{}", code(auth.reason), list(auth.properties)),
        Packet::Connect(_)
        | Packet::Subscribe(_)
        | Packet::Unsubscribe(_)
        | Packet::PingReq
        | Packet::PingResp => name.to_owned(),
    }
}

pub(super) fn code(reason: ReasonCode) -> String {
    format!("0x{:02X}", reason.number())
}

pub(super) fn list(properties: Properties<'_>) -> String {
    properties
        .iter()
        .map(|property| format!(" {property:?}"))
        .collect()
}
