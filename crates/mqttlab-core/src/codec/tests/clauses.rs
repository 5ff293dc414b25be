//! Statements about the form of packets, each shown in bytes.

use alloc::format;
use alloc::vec::Vec;

use super::notation::{bytes, render};
use crate::clause::Clause;
use crate::codec::{Limits, decode, encode};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::packet::{Side, Version};
use crate::topic::{TopicError, check_filter, check_name};

const BOTH: [Version; 2] = [Version::V3_1_1, Version::V5];

/// Decodes what `to` gets, and says it in the notation of the vectors.
fn read(version: Version, to: Side, text: &str) -> Result<alloc::string::String, DecodeError> {
    let bytes = bytes(text);
    decode(&bytes, version, to, &Limits::default(), &mut ()).map(|packet| render(&packet))
}

/// The kind of error that the bytes lead to, and the statement that it names.
#[track_caller]
fn fault(clauses: &[Clause], version: Version, text: &str) -> (DecodeErrorKind, Option<Clause>) {
    match read(version, Side::Server, text) {
        Ok(packet) => panic!("{clauses:?}: {version} {text} is taken for {packet}"),
        Err(error) => (error.kind, error.clause),
    }
}

/// Checks that the bytes are a packet, which is written in the same bytes again.
#[track_caller]
fn stands(clauses: &[Clause], version: Version, to: Side, text: &str) {
    let bytes = bytes(text);
    let packet = decode(&bytes, version, to, &Limits::default(), &mut ())
        .unwrap_or_else(|error| panic!("{clauses:?}: {version} {text}: {error}"));
    let mut out = Vec::new();
    encode(&packet, version, &mut out);
    assert_eq!(out, bytes, "{clauses:?}: {version} {text}");
}

/// Where text stands, the statements that say that it is UTF-8, and packets of both versions with `%` in its place.
const TEXTS: &[(&[Clause], &str, &str)] = &[
    (
        &[Clause::V311_3_1_3_4, Clause::V5_3_1_3_4],
        "10 * s\"MQTT\" 04 02 0000 %",
        "10 * s\"MQTT\" 05 02 0000 {} %",
    ),
    (
        &[Clause::V311_3_1_3_10, Clause::V5_3_1_3_11],
        "10 * s\"MQTT\" 04 06 0000 s\"c\" % s\"x\"",
        "10 * s\"MQTT\" 05 06 0000 {} s\"c\" {} % s\"x\"",
    ),
    (
        &[Clause::V311_3_1_3_11, Clause::V5_3_1_3_12],
        "10 * s\"MQTT\" 04 82 0000 s\"c\" %",
        "10 * s\"MQTT\" 05 82 0000 {} s\"c\" %",
    ),
    (
        &[Clause::V311_3_3_2_1, Clause::V5_3_3_2_1],
        "30 * % \"x\"",
        "30 * % {} \"x\"",
    ),
    (
        &[Clause::V311_3_8_3_1, Clause::V5_3_8_3_1],
        "82 * 0001 % 00",
        "82 * 0001 {} % 00",
    ),
    (
        &[Clause::V311_3_10_3_1, Clause::V5_3_10_3_1],
        "a2 * 0001 s\"a\" %",
        "a2 * 0001 {} s\"a\" %",
    ),
    (&[Clause::V5_3_3_2_13], "", "30 * s\"a\" { 08 % } \"x\""),
    (&[Clause::V5_3_3_2_19], "", "30 * s\"a\" { 03 % } \"x\""),
];

fn each_text(mut then: impl FnMut(&[Clause], Version, &str)) {
    for (clauses, v311, v5) in TEXTS {
        for (version, template) in [(Version::V3_1_1, *v311), (Version::V5, *v5)] {
            if !template.is_empty() {
                then(clauses, version, template);
            }
        }
    }
}

/// The error names the rule for all text.
#[test]
fn text_is_well_formed_utf_8() {
    each_text(|clauses, version, template| {
        let general = Clause::by_version(version, Clause::V311_1_5_3_1, Clause::V5_1_5_4_1);
        for wrong in ["0001 ff", "0002 c080", "0003 eda080", "0002 61c3"] {
            let found = fault(clauses, version, &template.replace('%', wrong));
            let expected = (DecodeErrorKind::IllFormedString, Some(general));
            assert_eq!(found, expected, "{clauses:?}: {version} {template}");
        }
        let right = template.replace('%', "0005 c3a9e282ac");
        stands(clauses, version, Side::Server, &right);
    });
}

#[test]
fn a_byte_order_mark_is_a_character_and_stays() {
    let clauses = [Clause::V311_1_5_3_3, Clause::V5_1_5_4_3];
    each_text(|_, version, template| {
        for mark in ["0003 efbbbf", "0004 efbbbf61", "0005 61efbbbf62"] {
            stands(
                &clauses,
                version,
                Side::Server,
                &template.replace('%', mark),
            );
        }
    });
    let read = read(Version::V3_1_1, Side::Server, "30 * 0004 efbbbf61 \"x\"");
    assert!(read.is_ok_and(|packet| packet.contains("\\u{feff}a")));
}

#[test]
fn text_has_no_null_character() {
    let names = [Clause::V311_4_7_3_2, Clause::V5_4_7_3_2];
    each_text(|clauses, version, template| {
        let general = Clause::by_version(version, Clause::V311_1_5_3_2, Clause::V5_1_5_4_2);
        let found = fault(clauses, version, &template.replace('%', "0003 610062"));
        let expected = (DecodeErrorKind::NulInString, Some(general));
        assert_eq!(
            found, expected,
            "{names:?} {clauses:?}: {version} {template}"
        );
    });
    assert_eq!(check_name("a\0"), Err(TopicError::Nul), "{names:?}");
    assert_eq!(check_filter("a/\0/#"), Err(TopicError::Nul), "{names:?}");
}

#[test]
fn topics_are_no_longer_than_65_535_bytes() {
    let clauses = [Clause::V311_4_7_3_3, Clause::V5_4_7_3_3];
    let longest = "a".repeat(65_535);
    let too_long = "a".repeat(65_536);
    for check in [check_name, check_filter] {
        assert_eq!(check(&longest), Ok(()), "{clauses:?}");
        assert_eq!(check(&too_long), Err(TopicError::TooLong), "{clauses:?}");
    }
    for version in BOTH {
        let properties = if version == Version::V5 { "{}" } else { "" };
        let publish = format!("30 * ffff 65535x61 {properties} \"x\"");
        stands(&clauses, version, Side::Server, &publish);
    }
}

#[test]
fn a_topic_name_has_no_wildcards() {
    let clauses = [Clause::V311_4_7_1_1, Clause::V5_4_7_0_1];
    for name in ["+", "#", "a/+/b", "a/#", "a+"] {
        assert_eq!(
            check_name(name),
            Err(TopicError::WildcardInName),
            "{clauses:?}"
        );
        for version in BOTH {
            let properties = if version == Version::V5 { "{}" } else { "" };
            let publish = format!("30 * s\"{name}\" {properties}");
            let named = Clause::by_version(version, Clause::V311_3_3_2_2, Clause::V5_3_3_2_2);
            let expected = (DecodeErrorKind::TopicWildcard, Some(named));
            assert_eq!(fault(&clauses, version, &publish), expected, "{publish}");
        }
    }
}

/// CONNECT by its flags: the statements, the flags, and what follows the Client Identifier in both versions.
const FLAGS: &[(&[Clause], &str, &str, &str)] = &[
    (
        &[
            Clause::V311_3_1_2_11,
            Clause::V311_3_1_2_18,
            Clause::V311_3_1_2_20,
            Clause::V5_3_1_2_16,
            Clause::V5_3_1_2_18,
        ],
        "02",
        "",
        "",
    ),
    (
        &[Clause::V311_3_1_2_9, Clause::V5_3_1_2_9],
        "36",
        "s\"w\" s\"gone\"",
        "{} s\"w\" s\"gone\"",
    ),
    (
        &[
            Clause::V311_3_1_2_19,
            Clause::V311_3_1_2_20,
            Clause::V5_3_1_2_17,
            Clause::V5_3_1_2_18,
        ],
        "82",
        "s\"user\"",
        "s\"user\"",
    ),
    (
        &[
            Clause::V311_3_1_2_19,
            Clause::V311_3_1_2_21,
            Clause::V5_3_1_2_17,
            Clause::V5_3_1_2_19,
        ],
        "c2",
        "s\"user\" s\"pass\"",
        "s\"user\" s\"pass\"",
    ),
    (
        &[Clause::V5_3_1_2_16, Clause::V5_3_1_2_19],
        "42",
        "",
        "s\"pass\"",
    ),
];

/// A field too few or too many is an error, whatever the flags say.
#[test]
fn the_connect_flags_say_which_fields_there_are() {
    for (clauses, flags, v311, v5) in FLAGS {
        let versions = [
            (Version::V3_1_1, "04", "", v311),
            (Version::V5, "05", "{}", v5),
        ];
        for (version, level, properties, fields) in versions {
            let connect = |fields: &str| {
                format!("10 * s\"MQTT\" {level} {flags} 003c {properties} s\"c\" {fields}")
            };
            if version == Version::V3_1_1 && *flags == "42" {
                continue;
            }
            stands(clauses, version, Side::Server, &connect(fields));
            let more = connect(&format!("{fields} s\"more\""));
            let kind = fault(clauses, version, &more).0;
            assert_eq!(kind, DecodeErrorKind::TrailingBytes, "{clauses:?}: {more}");
            if let Some((less, _)) = fields
                .rsplit_once(' ')
                .or((!fields.is_empty()).then_some(("", "")))
            {
                let kind = fault(clauses, version, &connect(less)).0;
                assert_eq!(kind, DecodeErrorKind::Truncated, "{clauses:?}: {less}");
            }
        }
    }
}

#[test]
fn the_fields_of_connect_come_in_their_order() {
    let clauses = [
        Clause::V311_3_1_3_1,
        Clause::V311_3_1_3_3,
        Clause::V5_3_1_3_1,
        Clause::V5_3_1_3_3,
    ];
    for (version, text) in [
        (
            Version::V3_1_1,
            "10 * s\"MQTT\" 04 ce 001e s\"id\" s\"topic\" s\"message\" s\"user\" s\"password\"",
        ),
        (
            Version::V5,
            "10 * s\"MQTT\" 05 ce 001e {} s\"id\" { 18 00000005 } s\"topic\" s\"message\" s\"user\" s\"password\"",
        ),
    ] {
        stands(&clauses, version, Side::Server, text);
        let packet = read(version, Side::Server, text).expect("it stands");
        for part in [
            "\"id\"",
            "\"topic\"",
            "\"message\"",
            "user=\"user\"",
            "password=\"password\"",
        ] {
            assert!(packet.contains(part), "{clauses:?}: {packet} has no {part}");
        }
    }
    let nameless = "10 * s\"MQTT\" 04 02 001e";
    let found = fault(&clauses, Version::V3_1_1, nameless).0;
    assert_eq!(found, DecodeErrorKind::Truncated);
}

/// Every type of packet with the flags that the standard lists for it, and the end that gets it.
const HEADERS: &[(&str, &str, Side)] = &[
    ("10", "s\"MQTT\" 04 02 0000 s\"a\"", Side::Server),
    ("20", "00 00", Side::Client),
    ("40", "0001", Side::Server),
    ("50", "0001", Side::Server),
    ("62", "0001", Side::Server),
    ("70", "0001", Side::Server),
    ("82", "0001 s\"a\" 00", Side::Server),
    ("90", "0001 00", Side::Client),
    ("a2", "0001 s\"a\"", Side::Server),
    ("b0", "0001", Side::Client),
    ("c0", "", Side::Server),
    ("d0", "", Side::Client),
    ("e0", "", Side::Server),
];

#[test]
fn reserved_flags_have_their_listed_value() {
    let clauses = [Clause::V311_2_2_2_1];
    for (first, rest, to) in HEADERS {
        stands(&clauses, Version::V3_1_1, *to, &format!("{first} * {rest}"));
        let right = u8::from_str_radix(first, 16).expect("hex");
        for wrong in (right & 0xF0..=right | 0x0F).filter(|wrong| *wrong != right) {
            let found = read(Version::V3_1_1, *to, &format!("{wrong:02x} * {rest}"));
            let kind = found.map_err(|error| error.kind);
            assert_eq!(
                kind,
                Err(DecodeErrorKind::ReservedFlags),
                "{wrong:02x} {rest}"
            );
        }
    }
}

/// Packets of 5.0 without properties, where `{}` is the Property Length 0.
const WITHOUT_PROPERTIES: &[(&str, Side)] = &[
    ("10 * s\"MQTT\" 05 02 0000 {} s\"a\"", Side::Server),
    (
        "10 * s\"MQTT\" 05 06 0000 {} s\"a\" {} s\"w\" 0000",
        Side::Server,
    ),
    ("20 * 00 00 {}", Side::Client),
    ("30 * s\"a\" {}", Side::Server),
    ("82 * 0001 {} s\"a\" 00", Side::Server),
    ("90 * 0001 {} 00", Side::Client),
    ("a2 * 0001 {} s\"a\"", Side::Server),
    ("b0 * 0001 {} 00", Side::Client),
];

#[test]
fn no_properties_are_a_property_length_of_0() {
    let clauses = [Clause::V5_2_2_2_1];
    for (text, to) in WITHOUT_PROPERTIES {
        stands(&clauses, Version::V5, *to, text);
        let without = text.replace("{} ", "").replace("{}", "");
        // What follows is then read as properties, or is not there.
        assert_ne!(
            read(Version::V5, *to, &without),
            read(Version::V5, *to, text),
            "{without}"
        );
    }
    let found = read(Version::V5, Side::Client, "20 * 00 00").map_err(|error| error.kind);
    assert_eq!(found, Err(DecodeErrorKind::Truncated), "{clauses:?}");
}
