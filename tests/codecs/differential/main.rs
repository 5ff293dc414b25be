//! Our codec against four others: independent readings of the same standards.
//!
//! Each sample is damaged in every place and in many ways. Where all the others agree that the result is a packet, or
//! that it is none, ours must say the same, but for what [`ALONE`] gives the statement for. Where ours and another one
//! both read a packet, they must have read the same.

mod others;
mod samples;

use std::collections::BTreeMap;
use std::fmt::Write;

use mqttlab_core::clause::Clause;
use mqttlab_core::codec::{Limits, decode};
use mqttlab_core::error::{DecodeError, DecodeErrorKind};
use mqttlab_core::packet::{Packet, PacketType};
use mqttlab_core::properties::Properties;

use others::OTHERS;
use samples::{Sample, samples};

/// What ours alone refuses, and the statement that it goes by.
const ALONE: &[(DecodeErrorKind, PacketType, Clause)] = &[
    (
        DecodeErrorKind::SessionPresent,
        PacketType::ConnAck,
        Clause::V311_3_2_2_4,
    ),
    (
        DecodeErrorKind::SessionPresent,
        PacketType::ConnAck,
        Clause::V5_3_2_2_6,
    ),
    (
        DecodeErrorKind::SharedNoLocal,
        PacketType::Subscribe,
        Clause::V5_3_8_3_4,
    ),
    // These codes are in the packet's table, but only the other end may send them.
    (
        DecodeErrorKind::ReturnCode,
        PacketType::Disconnect,
        Clause::V5_3_14_2_1,
    ),
    (
        DecodeErrorKind::ReturnCode,
        PacketType::Auth,
        Clause::V5_3_15_2_1,
    ),
];

/// Where another one writes something else than what it read, and what.
const WRITES_OTHERWISE: &[(&str, PacketType, &str)] = &[
    (
        "mqtt-proto",
        PacketType::SubAck,
        "the return code 0x80 of 3.1.1 as 3",
    ),
    (
        "rmqtt-codec",
        PacketType::Connect,
        "no Session Expiry Interval where it was 0, which means the same",
    ),
];

fn ours<'a>(bytes: &'a [u8], sample: &Sample) -> Result<Packet<'a>, DecodeError> {
    let limits = Limits {
        topic_alias_max: u16::MAX,
        ..Limits::default()
    };
    decode(bytes, sample.version, sample.side, &limits, &mut ())
}

#[test]
fn where_all_others_agree_so_does_ours() {
    let mut alone = vec![0_usize; ALONE.len()];
    let mut complaints = Complaints::default();
    for sample in samples() {
        let ours = ours(&sample.bytes, &sample);
        let votes: Vec<bool> = OTHERS
            .iter()
            .filter_map(|other| other.read(&sample))
            .map(|read| read.is_some())
            .collect();
        if votes.is_empty() || votes.contains(&ours.is_ok()) {
            continue;
        }
        let known = ours.as_ref().err().and_then(|error| {
            ALONE.iter().position(|(kind, packet, clause)| {
                (error.kind, error.packet, error.clause) == (*kind, Some(*packet), Some(*clause))
            })
        });
        match known {
            Some(known) => alone[known] += 1,
            None => complaints.add(format!("{ours:?}"), &sample),
        }
    }
    complaints.check();
    for (times, entry) in alone.iter().zip(ALONE) {
        assert!(*times > 0, "no sample needs {entry:?}");
    }
}

#[test]
fn what_two_read_they_read_alike() {
    let mut complaints = Complaints::default();
    for sample in samples() {
        let Ok(packet) = ours(&sample.bytes, &sample) else {
            continue;
        };
        for other in OTHERS {
            let Some(Some(written)) = other.read(&sample) else {
                continue;
            };
            let packet_type = packet.packet_type();
            let is_known = WRITES_OTHERWISE
                .iter()
                .any(|(name, known, _)| (*name, *known) == (other.name, packet_type));
            let reading = ours(&written, &sample).map(parts);
            if !is_known && reading != Ok(parts(packet)) {
                complaints.add(format!("{} {packet_type}", other.name), &sample);
            }
        }
    }
    complaints.check();
}

/// A packet without its properties, and these in an order of their own: not all write them in the order they came.
fn parts(mut packet: Packet<'_>) -> (String, Vec<String>) {
    let mut properties = match &mut packet {
        Packet::Connect(connect) => {
            let mut properties = sorted(&mut connect.properties);
            if let Some(will) = &mut connect.will {
                properties.extend(sorted(&mut will.properties));
            }
            properties
        }
        Packet::ConnAck(packet) => sorted(&mut packet.properties),
        Packet::Publish(packet) => sorted(&mut packet.properties),
        Packet::PubAck(packet)
        | Packet::PubRec(packet)
        | Packet::PubRel(packet)
        | Packet::PubComp(packet) => sorted(&mut packet.properties),
        Packet::Subscribe(packet) => sorted(&mut packet.properties),
        Packet::SubAck(packet) | Packet::UnsubAck(packet) => sorted(&mut packet.properties),
        Packet::Unsubscribe(packet) => sorted(&mut packet.properties),
        Packet::PingReq | Packet::PingResp => Vec::new(),
        Packet::Disconnect(packet) => sorted(&mut packet.properties),
        Packet::Auth(packet) => sorted(&mut packet.properties),
    };
    properties.sort();
    (format!("{packet:?}"), properties)
}

fn sorted(properties: &mut Properties<'_>) -> Vec<String> {
    std::mem::take(properties)
        .iter()
        .map(|property| format!("{property:?}"))
        .collect()
}

/// What went wrong, once for each kind, with an example.
#[derive(Default)]
struct Complaints(BTreeMap<String, (usize, String)>);

impl Complaints {
    fn add(&mut self, what: String, sample: &Sample) {
        let example = || {
            let mut hex = format!("{} to {:?}: ", sample.version, sample.side);
            for byte in &sample.bytes {
                write!(hex, "{byte:02x}").expect("a String takes all");
            }
            hex
        };
        self.0.entry(what).or_insert_with(|| (0, example())).0 += 1;
    }

    fn check(&self) {
        let list: Vec<_> = self
            .0
            .iter()
            .map(|(what, (times, example))| format!("{times} x {what}: {example}"))
            .collect();
        assert!(list.is_empty(), "{}", list.join("\n"));
    }
}
