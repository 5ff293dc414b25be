//! Our codec against four others: independent readings of the same standards.
//!
//! Each sample is damaged in every place and in many ways. Where all the others agree that the result is a packet, or
//! that it is none, ours must say the same, but for what [`ALONE`] gives the statement for. Where ours and another one
//! both read a packet, they must have read the same.
//!
//! Two of the others know the CONNECT of MQTT 3.1. None knows what 3.1 leaves unused and 3.1.1 demands; of that the
//! vectors of the codec have an example each, in the rows of 3.1 alone.

mod others;
mod samples;

use std::collections::BTreeMap;
use std::fmt::Write;

use mqttlab_core::clause::Clause;
use mqttlab_core::codec::{Limits, decode};
use mqttlab_core::error::{DecodeError, DecodeErrorKind};
use mqttlab_core::packet::{Packet, PacketType, Version};
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

/// The same for 3.1, of whose CONNECT only two of the others know anything. Its own standard numbers no statements; these
/// are those of 3.1.1 that say the same.
const ALONE_IN_3_1: &[(DecodeErrorKind, PacketType, Clause)] = &[
    (
        DecodeErrorKind::NulInString,
        PacketType::Connect,
        Clause::V311_1_5_3_2,
    ),
    (
        DecodeErrorKind::ConnectFlags,
        PacketType::Connect,
        Clause::V311_3_1_2_22,
    ),
    (
        DecodeErrorKind::TrailingBytes,
        PacketType::Connect,
        Clause::V311_3_1_4_1,
    ),
];

/// What ours alone reads in 3.1: a CONNECT with a flag that is not used there, or without the user name or password that
/// its flags announce, where the end of the packet overrules them.
fn is_lenient_connect(packet: &Packet<'_>, bytes: &[u8]) -> bool {
    const FLAGS_AT: usize = 2 + 2 + "MQIsdp".len() + 1;
    let Packet::Connect(connect) = packet else {
        return false;
    };
    let flags = bytes[FLAGS_AT];
    let will_bits = flags & 0x04 == 0 && flags & 0x38 != 0;
    let unused = bytes[0] & 0x0F != 0 || flags & 0x01 != 0 || will_bits;
    let announced = (flags & 0x80 != 0, flags & 0x40 != 0);
    connect.version == Version::V3_1
        && (unused || announced != (connect.user_name.is_some(), connect.password.is_some()))
}

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
    let all: Vec<_> = ALONE.iter().chain(ALONE_IN_3_1).collect();
    let mut alone = vec![0_usize; all.len()];
    let mut lenient = 0;
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
        if let Ok(packet) = &ours
            && is_lenient_connect(packet, &sample.bytes)
        {
            lenient += 1;
            continue;
        }
        let those = match sample.version {
            Version::V3_1 => &all[..],
            Version::V3_1_1 | Version::V5 => &all[..ALONE.len()],
        };
        let known = ours.as_ref().err().and_then(|error| {
            those.iter().position(|(kind, packet, clause)| {
                (error.kind, error.packet, error.clause) == (*kind, Some(*packet), Some(*clause))
            })
        });
        match known {
            Some(known) => alone[known] += 1,
            None => complaints.add(format!("{ours:?}"), &sample),
        }
    }
    complaints.check();
    for (times, entry) in alone.iter().zip(all) {
        assert!(*times > 0, "no sample needs {entry:?}");
    }
    assert!(lenient > 0, "no sample needs the leniency of 3.1");
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
    let rest = match &packet {
        // Bits of the options that 3.1 does not use need not come back.
        Packet::Subscribe(subscribe) => {
            let filters: Vec<_> = subscribe.filters.iter().collect();
            format!("SUBSCRIBE {} {filters:?}", subscribe.packet_id)
        }
        packet => format!("{packet:?}"),
    };
    (rest, properties)
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
