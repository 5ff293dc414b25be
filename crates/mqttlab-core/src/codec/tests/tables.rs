//! Tables of the standard, gone through entry by entry.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::notation::bytes;
use crate::codec::fields::FieldKind;
use crate::codec::{FixedHeader, Limits, decode};
use crate::error::DecodeErrorKind;
use crate::packet::{PacketType, Side, Version};
use crate::properties::{IDENTIFIERS, about, name_of};
use crate::reason::ReasonCode;

/// Properties by identifier: a legal value, and where each may be.
const PROPERTIES: &[(u8, &str, &str)] = &[
    (0x01, "01", "PUBLISH will"),
    (0x02, "00000001", "PUBLISH will"),
    (0x03, "0001 61", "PUBLISH will"),
    (0x08, "0001 61", "PUBLISH will"),
    (0x09, "0001 61", "PUBLISH will"),
    (0x0B, "01", "PUBLISH SUBSCRIBE"),
    (0x11, "00000001", "CONNECT CONNACK DISCONNECT"),
    (0x12, "0001 61", "CONNACK"),
    (0x13, "0001", "CONNACK"),
    (0x15, "0001 61", "CONNECT CONNACK AUTH"),
    (0x16, "0001 61", "CONNECT CONNACK AUTH"),
    (0x17, "01", "CONNECT"),
    (0x18, "00000001", "will"),
    (0x19, "01", "CONNECT"),
    (0x1A, "0001 61", "CONNACK"),
    (0x1C, "0001 61", "CONNACK DISCONNECT"),
    (
        0x1F,
        "0001 61",
        "CONNACK PUBACK PUBREC PUBREL PUBCOMP SUBACK UNSUBACK DISCONNECT AUTH",
    ),
    (0x21, "0001", "CONNECT CONNACK"),
    (0x22, "0001", "CONNECT CONNACK"),
    (0x23, "0001", "PUBLISH"),
    (0x24, "01", "CONNACK"),
    (0x25, "01", "CONNACK"),
    (
        0x26,
        "0001 61 0001 62",
        "CONNECT CONNACK PUBLISH will PUBACK PUBREC PUBREL PUBCOMP SUBSCRIBE SUBACK UNSUBSCRIBE UNSUBACK DISCONNECT AUTH",
    ),
    (0x27, "00000001", "CONNECT CONNACK"),
    (0x28, "01", "CONNACK"),
    (0x29, "01", "CONNACK"),
    (0x2A, "01", "CONNACK"),
];

/// Packets of 5.0 with a place for properties, and the ends that may receive them.
const PLACES: &[(&str, &str, &[Side])] = &[
    (
        "CONNECT",
        "10 * s\"MQTT\" 05 02 0000 { % } s\"a\"",
        &[Side::Server],
    ),
    (
        "will",
        "10 * s\"MQTT\" 05 06 0000 {} s\"a\" { % } s\"w\" s\"x\"",
        &[Side::Server],
    ),
    ("CONNACK", "20 * 00 00 { % }", &[Side::Client]),
    (
        "PUBLISH",
        "30 * s\"a\" { % }",
        &[Side::Client, Side::Server],
    ),
    (
        "PUBACK",
        "40 * 0001 00 { % }",
        &[Side::Client, Side::Server],
    ),
    (
        "PUBREC",
        "50 * 0001 00 { % }",
        &[Side::Client, Side::Server],
    ),
    (
        "PUBREL",
        "62 * 0001 00 { % }",
        &[Side::Client, Side::Server],
    ),
    (
        "PUBCOMP",
        "70 * 0001 00 { % }",
        &[Side::Client, Side::Server],
    ),
    ("SUBSCRIBE", "82 * 0001 { % } s\"a\" 00", &[Side::Server]),
    ("SUBACK", "90 * 0001 { % } 00", &[Side::Client]),
    ("UNSUBSCRIBE", "a2 * 0001 { % } s\"a\"", &[Side::Server]),
    ("UNSUBACK", "b0 * 0001 { % } 00", &[Side::Client]),
    ("DISCONNECT", "e0 * 00 { % }", &[Side::Client, Side::Server]),
    ("AUTH", "f0 * 18 { % }", &[Side::Client, Side::Server]),
];

/// The kind of error that a packet of 5.0 leads to.
fn fault(template: &str, properties: &str, side: Side) -> Option<DecodeErrorKind> {
    let bytes = bytes(&template.replace('%', properties));
    let decoded = decode(&bytes, Version::V5, side, &Limits::default(), &mut ());
    decoded.err().map(|error| error.kind)
}

/// This property with what else must be there for it to be legal.
fn legal(identifier: u8, value: &str, place: &str) -> String {
    let method = if identifier == 0x16 || (place == "AUTH" && identifier != 0x15) {
        "15 0001 6d"
    } else {
        ""
    };
    format!("{method} {identifier:02x} {value}")
}

#[test]
fn each_property_is_allowed_just_where_the_standard_says() {
    for (identifier, value, places) in PROPERTIES {
        for (place, template, sides) in PLACES {
            for &side in *sides {
                // Two have a direction beside a packet.
                let allowed = match (identifier, *place, side) {
                    (0x0B, "PUBLISH", Side::Server) | (0x11, "DISCONNECT", Side::Client) => false,
                    _ => places.split(' ').any(|allowed| allowed == *place),
                };
                let expected = (!allowed).then_some(DecodeErrorKind::PropertyNotAllowed);
                let properties = legal(*identifier, value, place);
                assert_eq!(
                    fault(template, &properties, side),
                    expected,
                    "{identifier:#04x} in {place} to {side:?}"
                );
            }
        }
    }
}

#[test]
fn each_property_but_two_comes_once() {
    for (identifier, value, places) in PROPERTIES {
        for (place, template, sides) in PLACES {
            let side = sides[0];
            if !places.split(' ').any(|allowed| allowed == *place)
                || (*identifier, *place) == (0x11, "DISCONNECT")
            {
                continue;
            }
            let once = legal(*identifier, value, place);
            let expected = match (identifier, *place) {
                (0x26, _) | (0x0B, "PUBLISH") => None,
                _ => Some(DecodeErrorKind::PropertyTwice),
            };
            let twice = format!("{once} {identifier:02x} {value}");
            assert_eq!(
                fault(template, &twice, side),
                expected,
                "{identifier:#04x} in {place}"
            );
        }
    }
}

#[test]
fn identifiers_outside_the_table_are_unknown() {
    for identifier in 0..=0x7F_u8 {
        let is_known = PROPERTIES.iter().any(|(known, ..)| *known == identifier);
        assert_eq!(IDENTIFIERS.contains(&identifier), is_known);
        assert_eq!(name_of(identifier).is_some(), is_known);
        assert_eq!(about(identifier).is_some(), is_known, "{identifier:#04x}");
        if !is_known {
            let properties = format!("{identifier:02x} 00000000");
            assert_eq!(
                fault("30 * s\"a\" { % }", &properties, Side::Server),
                Some(DecodeErrorKind::UnknownProperty)
            );
        }
    }
}

/// Reason codes by packet, as the standard lists them.
const CODES: &[(&str, &[Side], &str)] = &[
    (
        "20 * 00 % {}",
        &[Side::Client],
        "00 80 81 82 83 84 85 86 87 88 89 8a 8c 90 95 97 99 9a 9b 9c 9d 9f",
    ),
    (
        "40 * 0001 % {}",
        &[Side::Client, Side::Server],
        "00 10 80 83 87 90 91 97 99",
    ),
    (
        "50 * 0001 % {}",
        &[Side::Client, Side::Server],
        "00 10 80 83 87 90 91 97 99",
    ),
    ("62 * 0001 % {}", &[Side::Client, Side::Server], "00 92"),
    ("70 * 0001 % {}", &[Side::Client, Side::Server], "00 92"),
    (
        "90 * 0001 {} %",
        &[Side::Client],
        "00 01 02 80 83 87 8f 91 97 9e a1 a2",
    ),
    ("b0 * 0001 {} %", &[Side::Client], "00 11 80 83 87 8f 91"),
    (
        "e0 * % {}",
        &[Side::Server],
        "00 04 80 81 82 83 90 93 94 95 96 97 98 99",
    ),
    (
        "e0 * % {}",
        &[Side::Client],
        "00 80 81 82 83 87 89 8b 8d 8e 8f 90 93 94 95 96 97 98 99 9a 9b 9c 9d 9e 9f a0 a1 a2",
    ),
    ("f0 * % { 15 0001 6d }", &[Side::Server], "18 19"),
    ("f0 * % { 15 0001 6d }", &[Side::Client], "00 18"),
];

#[test]
fn each_packet_has_just_the_reason_codes_of_its_table() {
    for (template, sides, codes) in CODES {
        for code in 0..=0xFF_u8 {
            let text = format!("{code:02x}");
            let allowed = codes.split(' ').any(|allowed| allowed == text);
            for &side in *sides {
                let expected = (!allowed).then_some(DecodeErrorKind::ReturnCode);
                assert_eq!(
                    fault(template, &text, side),
                    expected,
                    "{text} in {template} to {side:?}"
                );
            }
        }
    }
}

#[test]
fn the_first_byte_alone_decides_type_direction_and_flags() {
    // By the upper four bits: who may receive it, and its flags.
    const TYPES: [(&str, u8); 16] = [
        ("", 0),
        ("server", 0),
        ("client", 0),
        ("both", 0),
        ("both", 0),
        ("both", 0),
        ("both", 2),
        ("both", 0),
        ("server", 2),
        ("client", 0),
        ("server", 2),
        ("client", 0),
        ("server", 0),
        ("client", 0),
        ("both", 0),
        ("both", 0),
    ];
    for first in 0..=0xFF_u8 {
        let (receivers, flags) = TYPES[usize::from(first >> 4)];
        let is_publish = first >> 4 == 3;
        // Those of a CONNECT are judged when it has told its version.
        let is_connect = first >> 4 == 1;
        let flags_right = if is_connect {
            true
        } else if is_publish {
            first & 0b0110 != 0b0110 && first & 0b1110 != 0b1000
        } else {
            first & 0x0F == flags
        };
        for (side, name) in [(Side::Server, "server"), (Side::Client, "client")] {
            let legal = flags_right && (receivers == "both" || receivers == name);
            let parsed = FixedHeader::parse(&[first], Version::V5, side);
            assert_eq!(parsed.is_ok(), legal, "{first:#04x} to the {name}");
        }
    }
}

#[test]
fn every_remaining_length_is_read_back() {
    for length in [
        0,
        1,
        127,
        128,
        16_383,
        16_384,
        2_097_151,
        2_097_152,
        268_435_455,
    ] {
        let mut bytes = Vec::from([0x30]);
        crate::properties::write::variable(&mut bytes, length);
        for end in 0..bytes.len() {
            let parsed = FixedHeader::parse(&bytes[..end], Version::V5, Side::Server);
            assert_eq!(parsed, Ok(None), "{length} cut at {end}");
        }
        let expected = FixedHeader {
            first: 0x30,
            packet_type: PacketType::Publish,
            remaining_length: length,
            len: bytes.len(),
        };
        let parsed = FixedHeader::parse(&bytes, Version::V5, Side::Server);
        assert_eq!(parsed, Ok(Some(expected)));
    }
}

#[test]
fn connack_codes_of_3_1_1_come_back() {
    for code in 0..=0xFF_u8 {
        let reason = ReasonCode::from_connack_code_v3(code);
        assert_eq!(reason.is_some(), code <= 5);
        if let Some(reason) = reason {
            assert_eq!(reason.connack_code_v3(), Some(code));
        }
    }
}

#[test]
fn every_field_has_a_name_and_a_sentence() {
    let properties = IDENTIFIERS.iter().flat_map(|&identifier| {
        [
            FieldKind::Property(identifier),
            FieldKind::PropertyValue(identifier),
        ]
    });
    for kind in FieldKind::PLAIN.iter().copied().chain(properties) {
        assert!(!kind.name().is_empty());
        assert!(kind.about().ends_with('.'), "{kind:?}");
        for version in [Version::V3_1, Version::V3_1_1, Version::V5] {
            if let Some(clause) = kind.clause(version) {
                let is_v5 = clause.version() == Version::V5;
                assert_eq!(is_v5, version == Version::V5, "{kind:?}");
            }
        }
    }
}
