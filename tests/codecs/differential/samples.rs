//! Packets to begin with, and the damage done to them.

use mqttlab_core::packet::{Side, Version};

/// Bytes as they come to an end.
pub(super) struct Sample {
    pub(super) version: Version,
    pub(super) side: Side,
    pub(super) bytes: Vec<u8>,
}

/// First byte and body in hex; `'text` is text with its length in front.
const V3: &[(Side, &str)] = &[
    (Side::Server, "10 'MQTT 04 02 003c 'a"),
    (
        Side::Server,
        "10 'MQTT 04 ee 003c 'a 'w/x 'gone 'user 'pass",
    ),
    (Side::Server, "30 'a/b 6869"),
    (Side::Server, "3b 'a/b 0007 6869"),
    (Side::Server, "34 'a/b 0007"),
    (Side::Server, "40 0007"),
    (Side::Server, "50 0007"),
    (Side::Server, "62 0007"),
    (Side::Server, "70 0007"),
    (Side::Server, "82 0007 'a/# 01 '+ 02"),
    (Side::Server, "a2 0007 'a/# '+"),
    (Side::Server, "c0"),
    (Side::Server, "e0"),
    (Side::Client, "20 0100"),
    (Side::Client, "20 0005"),
    (Side::Client, "32 'a/b 0007 6869"),
    (Side::Client, "90 0007 00010280"),
    (Side::Client, "b0 0007"),
    (Side::Client, "d0"),
];

/// As 3.1.1 but for CONNECT, and for codes that came later.
const V3_1: &[(Side, &str)] = &[
    (Side::Server, "10 'MQIsdp 03 02 003c 'a"),
    (Side::Server, "10 'MQIsdp 03 00 0000 'a"),
    (
        Side::Server,
        "10 'MQIsdp 03 ee 003c 'a 'w/x 'gone 'user 'pass",
    ),
    (Side::Server, "30 'a/b 6869"),
    (Side::Server, "3b 'a/b 0007 6869"),
    (Side::Server, "34 'a/b 0007"),
    (Side::Server, "40 0007"),
    (Side::Server, "50 0007"),
    (Side::Server, "62 0007"),
    (Side::Server, "70 0007"),
    (Side::Server, "82 0007 'a/# 01 '+ 02"),
    (Side::Server, "a2 0007 'a/# '+"),
    (Side::Server, "c0"),
    (Side::Server, "e0"),
    (Side::Client, "20 0000"),
    (Side::Client, "20 0005"),
    (Side::Client, "32 'a/b 0007 6869"),
    (Side::Client, "90 0007 000102"),
    (Side::Client, "b0 0007"),
    (Side::Client, "d0"),
];

const V5: &[(Side, &str)] = &[
    (Side::Server, "10 'MQTT 05 02 003c 00 'a"),
    (
        Side::Server,
        "10 'MQTT 05 ee 003c 05 1100000009 'a 05 1800000009 'w/x 'gone 'user 'pass",
    ),
    (
        Side::Server,
        "10 'MQTT 05 02 003c 1f 210009 2700000009 220009 1901 1701 26 'k 'v 15 'm 16 'd 'a",
    ),
    (
        Side::Server,
        "10 'MQTT 05 06 003c 00 'a 1d 0101 0200000009 03 't 08 'r 09 'd 26 'k 'v 'w 'x",
    ),
    (Side::Server, "30 'a/b 00 6869"),
    (
        Side::Server,
        "32 'a/b 0007 1b 0101 0200000009 03 't 08 'r 09 'd 26 'k 'v 6869",
    ),
    (Side::Server, "32 'a/b 0007 03 230001 6869"),
    (Side::Server, "40 0007"),
    (Side::Server, "40 0007 10"),
    (Side::Server, "40 0007 80 0b 1f 'x 26 'k 'v"),
    (Side::Server, "50 0007 97 00"),
    (Side::Server, "62 0007 92 04 1f 'x"),
    (Side::Server, "70 0007 92"),
    (Side::Server, "82 0007 02 0b09 'a/# 2d '$share/g/t 01"),
    (Side::Server, "a2 0007 07 26 'k 'v 'a/# '+"),
    (Side::Server, "c0"),
    (Side::Server, "e0"),
    (Side::Server, "e0 04 05 1100000009"),
    (Side::Server, "f0 18 08 15 'm 16 'd"),
    (Side::Client, "20 0100 00"),
    (Side::Client, "20 0087 04 1f 'x"),
    (
        Side::Client,
        "20 0000 1d 1100000009 210009 2401 2501 2700000009 220009 2801 2901 2a01",
    ),
    (
        Side::Client,
        "20 0000 18 12 'i 130009 1a 'r 1c 's 15 'm 16 'd",
    ),
    (Side::Client, "32 'a/b 0007 06 0b09 0b8001 6869"),
    (Side::Client, "90 0007 04 1f 'x 00010280a2"),
    (Side::Client, "b0 0007 00 001187"),
    (Side::Client, "d0"),
    (Side::Client, "e0 8e"),
    (Side::Client, "e0 9d 04 1c 's"),
    (Side::Client, "f0 18 08 15 'm 16 'd"),
];

/// Puts a Remaining Length between first byte and body.
fn packet(first_and_body: &[u8]) -> Vec<u8> {
    let (first, body) = first_and_body.split_first().expect("it has a first byte");
    let mut out = vec![*first];
    let mut length = body.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(body);
    out
}

fn first_and_body(notation: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for word in notation.split(' ') {
        if let Some(text) = word.strip_prefix('\'') {
            out.extend_from_slice(&(text.len() as u16).to_be_bytes());
            out.extend_from_slice(text.as_bytes());
        } else {
            for at in (0..word.len()).step_by(2) {
                out.push(u8::from_str_radix(&word[at..at + 2], 16).expect("two digits"));
            }
        }
    }
    out
}

/// One packet and all its damaged forms, the Remaining Length always right.
fn damaged(whole: &[u8]) -> Vec<Vec<u8>> {
    let mut out = vec![whole.to_vec()];
    for at in 0..whole.len() {
        let old = whole[at];
        let values = [
            0, 1, 2, 3, 4, 5, 6, 0x0B, 0x18, 0x1F, 0x23, 0x26, b'+', b'#', b'/', 0x7F, 0x80, 0x83,
            0x92, 0xC0, 0xED, 0xFF,
        ];
        let flips = (0..8).map(|bit| old ^ 1 << bit);
        for value in values
            .into_iter()
            .chain(flips)
            .chain([old.wrapping_add(1), old.wrapping_sub(1)])
        {
            let mut bytes = whole.to_vec();
            bytes[at] = value;
            out.push(bytes);
        }
        if at > 0 {
            out.push(whole[..at].to_vec());
            out.push([&whole[..at], &whole[at + 1..]].concat());
            for extra in [0, 1, 0xFF] {
                out.push([&whole[..at], &[extra], &whole[at..]].concat());
            }
        }
    }
    for extra in [&[0][..], &[0, 0], &[0xFF], &[0, 1, b'x', 0]] {
        out.push([whole, extra].concat());
    }
    out.sort();
    out.dedup();
    out
}

/// All samples.
pub(super) fn samples() -> impl Iterator<Item = Sample> {
    let of = |version, list: &'static [(Side, &'static str)]| {
        list.iter().flat_map(move |&(side, notation)| {
            damaged(&first_and_body(notation))
                .into_iter()
                .map(move |bytes| Sample {
                    version,
                    side,
                    bytes: packet(&bytes),
                })
        })
    };
    let older = of(Version::V3_1, V3_1).chain(of(Version::V3_1_1, V3));
    older.chain(of(Version::V5, V5))
}
