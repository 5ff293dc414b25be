//! Every row of `valid.txt` and `invalid.txt`.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::notation::{bytes, receiver, render, versions};
use crate::codec::fields::{Field, FieldKind, describe};
use crate::codec::{Limits, decode, encode, encoded_len};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::packet::{Packet, PacketType, Side, Version};

const VALID: &str = include_str!("valid.txt");
const INVALID: &str = include_str!("invalid.txt");

const LIMITS: Limits = Limits {
    packet_size_max: 64 * 1024,
    stranger_packet_size_max: 64 * 1024,
    user_properties_max: 4,
    disallowed_code_points: true,
    identifiers_from_clients: false,
    topic_alias_max: u16::MAX,
    topic_alias_bytes_max: 64 * 1024,
};

/// A row for one version.
struct Row {
    line: String,
    version: Version,
    side: Side,
    bytes: Vec<u8>,
    /// What is between bytes and outcome.
    sign: char,
    outcome: String,
}

fn rows(text: &'static str) -> impl Iterator<Item = Row> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .flat_map(|line| {
            let (head, outcome) = [" = ", " ~ ", " ! "]
                .iter()
                .find_map(|sign| line.split_once(sign))
                .unwrap_or_else(|| panic!("no outcome: {line}"));
            let sign = line.as_bytes()[head.len() + 1];
            let mut words = head.splitn(3, ' ');
            let mut next = || words.next().unwrap_or_else(|| panic!("too short: {line}"));
            let (versions, side, data) = (versions(next()), receiver(next()), bytes(next()));
            versions.into_iter().map(move |version| Row {
                line: format!("{version}: {line}"),
                version,
                side,
                bytes: data.clone(),
                sign: char::from(sign),
                outcome: outcome.to_string(),
            })
        })
}

fn decode_row<'a>(row: &'a Row, fields: &mut Vec<Field>) -> Result<Packet<'a>, DecodeError> {
    let limits = Limits {
        disallowed_code_points: row.sign != '!',
        ..LIMITS
    };
    decode(&row.bytes, row.version, row.side, &limits, fields)
}

#[test]
fn what_is_right_is_read_and_written() {
    let mut failures = Vec::new();
    for row in rows(VALID) {
        let packet = match decode_row(&row, &mut Vec::new()) {
            Ok(packet) => packet,
            Err(error) => {
                failures.push(format!("{}\n  {error}", row.line));
                continue;
            }
        };
        let rendered = render(&packet);
        if rendered != row.outcome {
            failures.push(format!("{}\n  {rendered}", row.line));
        }
        let mut out = Vec::new();
        encode(&packet, row.version, &mut out);
        assert_eq!(out.len(), encoded_len(&packet, row.version), "{}", row.line);
        if row.sign == '=' && out != row.bytes {
            failures.push(format!("{}\n  is written as {out:02x?}", row.line));
        }
        let again = decode(&out, row.version, row.side, &LIMITS, &mut ());
        assert_eq!(again, Ok(packet), "{}", row.line);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn what_is_wrong_is_refused_for_the_right_reason() {
    let mut failures = Vec::new();
    for row in rows(INVALID) {
        let found = match decode_row(&row, &mut Vec::new()) {
            Ok(packet) => format!("accepted: {}", render(&packet)),
            Err(error) => render_error(&error, &row),
        };
        if found != expected_error(&row) {
            failures.push(format!("{}\n  {found}", row.line));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn code_points_that_standards_advise_against_are_a_matter_of_limits() {
    let rows = rows(INVALID).filter(|row| row.outcome.starts_with("DisallowedCodePoint"));
    for row in rows {
        let decoded = decode(&row.bytes, row.version, row.side, &LIMITS, &mut ());
        assert!(decoded.is_ok(), "{}", row.line);
    }
}

fn render_error(error: &DecodeError, row: &Row) -> String {
    let clause = error.clause.map_or("-", |clause| {
        clause
            .id()
            .strip_prefix("MQTT-")
            .expect("every id begins so")
    });
    let mut out = format!(
        "{:?} @{} {clause} {:02x}",
        error.kind,
        error.at,
        error.reason.number()
    );
    if error.packet == Some(PacketType::Connect) {
        if let Some(version) = error.version {
            out = format!("{out} -> {version}");
        }
    } else if error.packet.is_some() {
        assert_eq!(error.version, Some(row.version), "{}", row.line);
    }
    out
}

/// The outcome of a row, with the clause of its version.
fn expected_error(row: &Row) -> String {
    let choose = |word: &str| match word.split_once('|') {
        Some((_, v5)) if row.version == Version::V5 => v5.to_string(),
        Some((v311, _)) => v311.to_string(),
        None => word.to_string(),
    };
    let words: Vec<_> = row.outcome.split(' ').map(choose).collect();
    words.join(" ")
}

#[test]
fn every_kind_of_error_has_a_row() {
    // These are about the order of packets, and the link finds them.
    let of_the_link = [
        DecodeErrorKind::FirstPacketNotConnect,
        DecodeErrorKind::SecondConnect,
        DecodeErrorKind::TopicAliasUnknown,
        DecodeErrorKind::TopicAliasMemory,
    ];
    let kinds: Vec<String> = rows(INVALID)
        .map(|row| {
            row.outcome
                .split(' ')
                .next()
                .unwrap_or_default()
                .to_string()
        })
        .collect();
    for kind in DecodeErrorKind::ALL {
        let has_row = kinds.contains(&format!("{kind:?}"));
        assert_ne!(has_row, of_the_link.contains(kind), "{kind:?}");
    }
}

#[test]
fn a_packet_cut_anywhere_is_refused_and_never_misread() {
    for row in rows(VALID).filter(|row| row.bytes.len() < 300) {
        for end in 0..row.bytes.len() {
            let cut = &row.bytes[..end];
            let result = decode(cut, row.version, row.side, &LIMITS, &mut ());
            let error = result.expect_err("the end is missing");
            assert!(error.at <= end, "{} cut at {end}: {error:?}", row.line);
        }
    }
}

/// The bits that the fields of depth 0 cover must be all bits of the packet, each once, in order.
fn check_cover(fields: &[Field], len: usize, line: &str) {
    let mut at = 0;
    let mut bits_left = 0_u8;
    for field in fields.iter().filter(|field| field.depth == 0) {
        if field.mask == 0xFF {
            assert_eq!((field.span.start, bits_left), (at, 0), "{line}: {field:?}");
            at = field.span.end;
        } else {
            if bits_left == 0 {
                assert_eq!(field.span.start, at, "{line}: {field:?}");
                bits_left = 0xFF;
                at += 1;
            }
            assert_eq!(field.span, at - 1..at, "{line}: {field:?}");
            assert_eq!(bits_left & field.mask, field.mask, "{line}: {field:?}");
            assert!(field.mask > bits_left & !field.mask, "{line}: {field:?}");
            bits_left &= !field.mask;
        }
    }
    assert_eq!((at, bits_left), (len, 0), "{line}");
}

/// Each field lies in the one it is a part of.
fn check_nesting(fields: &[Field], line: &str) {
    let mut open: Vec<&Field> = Vec::new();
    for field in fields {
        open.truncate(usize::from(field.depth));
        assert_eq!(open.len(), usize::from(field.depth), "{line}: {field:?}");
        if let Some(outer) = open.last() {
            assert!(
                outer.span.start <= field.span.start && field.span.end <= outer.span.end,
                "{line}: {field:?} in {outer:?}"
            );
        }
        open.push(field);
    }
}

#[test]
fn fields_cover_each_bit_of_a_packet_once() {
    for row in rows(VALID) {
        let mut fields = Vec::new();
        assert!(decode_row(&row, &mut fields).is_ok());
        check_cover(&fields, row.bytes.len(), &row.line);
        check_nesting(&fields, &row.line);
        for field in &fields {
            let value = describe(field, &row.bytes, row.version);
            assert!(!value.is_empty(), "{}: {field:?}", row.line);
        }
    }
}

#[test]
fn fields_before_an_error_are_told() {
    for row in rows(INVALID) {
        let mut fields = Vec::new();
        let error = decode_row(&row, &mut fields).expect_err("the row is wrong");
        check_nesting(&fields, &row.line);
        if error.at > 1 && error.kind != DecodeErrorKind::RemainingLength {
            let told = fields.iter().any(|field| {
                field.kind == FieldKind::RemainingLength && field.span.end <= row.bytes.len()
            });
            assert!(told || row.bytes.len() <= 2, "{}: {fields:?}", row.line);
        }
        for field in &fields {
            // Whatever a peer sent, it can be shown.
            let _ = describe(field, &row.bytes, row.version);
        }
    }
}

/// The bytes of every row of `valid.txt`.
#[cfg(not(target_family = "wasm"))]
pub(super) fn valid_bytes() -> Vec<(Vec<u8>, Version, Side)> {
    rows(VALID)
        .filter(|row| row.bytes.len() < 300)
        .map(|row| (row.bytes, row.version, row.side))
        .collect()
}
