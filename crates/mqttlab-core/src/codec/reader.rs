//! Reading through the bytes of one packet.

use core::ops::Range;

use crate::clause::Clause;
use crate::codec::fields::{Field, FieldKind, FieldSink};
use crate::codec::header::{Limits, known_version};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::id::PacketId;
use crate::packet::{PacketType, Side, Version};
use crate::reason::ReasonCode;

/// Where the reading of a packet has got to, and what it needs to know to judge it.
pub(super) struct Reader<'a, 'x, F> {
    bytes: &'a [u8],
    at: usize,
    /// The type of the packet.
    pub(super) packet: PacketType,
    /// The version that the rules come from; a CONNECT sets it while it is read.
    pub(super) version: Version,
    /// The version to answer in, once it is known.
    pub(super) known_version: Option<Version>,
    /// The end that receives.
    pub(super) side: Side,
    pub(super) limits: &'x Limits,
    pub(super) fields: &'x mut F,
    /// How deep the fields are that are read next.
    pub(super) depth: u8,
    /// The Topic Alias among the properties.
    pub(super) topic_alias: Option<TopicAlias>,
}

/// A Topic Alias and where its property begins in the packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TopicAlias {
    pub(crate) alias: u16,
    pub(crate) at: usize,
}

impl<'a, 'x, F: FieldSink> Reader<'a, 'x, F> {
    /// Begins after the fixed header, `at` bytes into the packet.
    #[inline]
    pub(super) fn new(
        bytes: &'a [u8],
        at: usize,
        packet: PacketType,
        version: Version,
        side: Side,
        limits: &'x Limits,
        fields: &'x mut F,
    ) -> Self {
        Self {
            bytes,
            at,
            packet,
            version,
            known_version: known_version(packet, version),
            side,
            limits,
            fields,
            depth: 0,
            topic_alias: None,
        }
    }

    /// Bytes from the start of the packet.
    #[inline]
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    #[inline]
    pub(super) const fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// How many bytes are left.
    #[inline]
    pub(super) const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// All that is left, without taking it.
    #[inline]
    pub(super) fn peek(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// Takes the bytes up to `end`, which lies inside the packet.
    #[inline]
    pub(super) fn skip_to(&mut self, end: usize) -> &'a [u8] {
        let start = core::mem::replace(&mut self.at, end);
        &self.bytes[start..end]
    }

    /// Tells the sink about a field of whole bytes.
    #[inline]
    pub(super) fn found(&mut self, kind: FieldKind, span: Range<usize>) {
        let depth = self.depth;
        self.fields.field(Field {
            kind,
            span,
            mask: 0xFF,
            depth,
        });
    }

    /// Tells the sink about bits of the byte at `at`, one level deeper.
    #[inline]
    pub(super) fn found_bits(&mut self, kind: FieldKind, at: usize, mask: u8) {
        let depth = self.depth + 1;
        self.fields.field(Field {
            kind,
            span: at..at + 1,
            mask,
            depth,
        });
    }

    /// Takes the next `len` bytes.
    #[inline]
    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let Some(bytes) = self.bytes[self.at..].get(..len) else {
            return Err(self.truncated());
        };
        self.at += len;
        Ok(bytes)
    }

    #[inline]
    pub(super) fn byte(&mut self, kind: FieldKind) -> Result<u8, DecodeError> {
        let start = self.at;
        let byte = self.take(1)?[0];
        self.found(kind, start..self.at);
        Ok(byte)
    }

    /// Takes a number of two bytes and says nothing about it.
    #[inline]
    fn number(&mut self) -> Result<u16, DecodeError> {
        let Some(&two) = self.bytes[self.at..].first_chunk() else {
            return Err(self.truncated());
        };
        self.at += 2;
        Ok(u16::from_be_bytes(two))
    }

    #[inline]
    pub(super) fn two(&mut self, kind: FieldKind) -> Result<u16, DecodeError> {
        let start = self.at;
        let number = self.number()?;
        self.found(kind, start..self.at);
        Ok(number)
    }

    /// Takes a Packet Identifier, which is never 0. [MQTT-2.3.1-1]
    #[inline]
    pub(super) fn packet_id(&mut self) -> Result<PacketId, DecodeError> {
        let at = self.at;
        match PacketId::new(self.two(FieldKind::PacketIdentifier)?) {
            Some(packet_id) => Ok(packet_id),
            None => Err(self.packet_id_zero(at)),
        }
    }

    #[cold]
    fn packet_id_zero(&self, at: usize) -> DecodeError {
        let v5 = match self.side {
            Side::Server => Clause::V5_2_2_1_3,
            Side::Client => Clause::V5_2_2_1_4,
        };
        self.error(
            DecodeErrorKind::PacketIdZero,
            at,
            Clause::by_version(self.version, Clause::V311_2_3_1_1, v5),
            ReasonCode::ProtocolError,
        )
    }

    /// Takes data with its length in front.
    #[inline]
    pub(super) fn binary(&mut self, kind: FieldKind) -> Result<&'a [u8], DecodeError> {
        let start = self.at;
        let length = self.number()?;
        let data = self.take(usize::from(length));
        // What is cut off is shown as far as it goes.
        let end = if data.is_ok() {
            self.at
        } else {
            self.bytes.len()
        };
        self.found(kind, start..end);
        self.depth += 1;
        self.found(FieldKind::Length, start..start + 2);
        self.depth -= 1;
        data
    }

    /// Takes a UTF-8 string with its length in front. [MQTT-1.5.3-1] [MQTT-1.5.3-2]
    #[inline]
    pub(super) fn text(&mut self, kind: FieldKind) -> Result<&'a str, DecodeError> {
        let data = self.binary(kind)?;
        match core::str::from_utf8(data) {
            Ok(text) if !data.contains(&0) => {
                self.check_code_points(text, self.at - data.len())?;
                Ok(text)
            }
            Ok(_) | Err(_) => Err(self.text_error(data)),
        }
    }

    /// Takes a Topic Name: text without wildcards. That it may be empty is left to the caller.
    #[inline]
    pub(super) fn topic_name(&mut self, kind: FieldKind) -> Result<&'a str, DecodeError> {
        let data = self.binary(kind)?;
        // Without an early exit this is done for many bytes at a time.
        let suspicious = data.iter().fold(false, |found, &byte| {
            found | (byte == 0) | (byte == b'+') | (byte == b'#')
        });
        match core::str::from_utf8(data) {
            Ok(text) if !suspicious => {
                self.check_code_points(text, self.at - data.len())?;
                Ok(text)
            }
            Ok(_) | Err(_) => Err(self.topic_name_error(data)),
        }
    }

    /// Checks that `text`, which begins at `start`, has no code points that the standards advise against, where the
    /// limits forbid them.
    #[inline]
    pub(super) fn check_code_points(&self, text: &str, start: usize) -> Result<(), DecodeError> {
        if self.limits.disallowed_code_points || is_printable_ascii(text) {
            Ok(())
        } else {
            self.find_disallowed(text, start)
        }
    }

    #[inline(never)]
    fn find_disallowed(&self, text: &str, start: usize) -> Result<(), DecodeError> {
        let Some((at, _)) = text.char_indices().find(|&(_, c)| is_disallowed(c)) else {
            return Ok(());
        };
        Err(DecodeError {
            kind: DecodeErrorKind::DisallowedCodePoint,
            packet: Some(self.packet),
            version: self.known_version,
            at: start + at,
            clause: None,
            reason: ReasonCode::MalformedPacket,
        })
    }

    /// What is wrong with `data`, which was just read and is not a string.
    #[cold]
    fn text_error(&self, data: &[u8]) -> DecodeError {
        let start = self.at - data.len();
        let (kind, at, v311, v5) = match core::str::from_utf8(data) {
            Err(error) => (
                DecodeErrorKind::IllFormedString,
                error.valid_up_to(),
                Clause::V311_1_5_3_1,
                Clause::V5_1_5_4_1,
            ),
            Ok(text) => (
                DecodeErrorKind::NulInString,
                text.find('\0').unwrap_or(0),
                Clause::V311_1_5_3_2,
                Clause::V5_1_5_4_2,
            ),
        };
        let clause = Clause::by_version(self.version, v311, v5);
        self.error(kind, start + at, clause, ReasonCode::MalformedPacket)
    }

    #[cold]
    fn topic_name_error(&self, data: &[u8]) -> DecodeError {
        match core::str::from_utf8(data) {
            Ok(text) if !data.contains(&0) => {
                let at = text.find(['+', '#']).unwrap_or(0);
                self.error(
                    DecodeErrorKind::TopicWildcard,
                    self.at - data.len() + at,
                    Clause::by_version(self.version, Clause::V311_3_3_2_2, Clause::V5_3_3_2_2),
                    ReasonCode::TopicNameInvalid,
                )
            }
            Ok(_) | Err(_) => self.text_error(data),
        }
    }

    /// A Topic Name without a character, whose text begins at `at`. [MQTT-4.7.3-1]
    #[cold]
    pub(super) fn topic_empty(&self, at: usize) -> DecodeError {
        self.error(
            DecodeErrorKind::TopicEmpty,
            at,
            Clause::by_version(self.version, Clause::V311_4_7_3_1, Clause::V5_4_7_3_1),
            ReasonCode::ProtocolError,
        )
    }

    /// Takes all that is left.
    #[inline]
    pub(super) fn rest(&mut self) -> &'a [u8] {
        let start = self.at;
        let rest = &self.bytes[start..];
        self.at = self.bytes.len();
        rest
    }

    /// Checks that nothing is left.
    #[inline]
    pub(super) fn finish(&self) -> Result<(), DecodeError> {
        if self.is_at_end() {
            Ok(())
        } else {
            Err(self.violation(
                DecodeErrorKind::TrailingBytes,
                self.at,
                ReasonCode::MalformedPacket,
            ))
        }
    }

    #[cold]
    fn truncated(&self) -> DecodeError {
        self.violation(
            DecodeErrorKind::Truncated,
            self.bytes.len(),
            ReasonCode::MalformedPacket,
        )
    }

    /// An error against `clause`.
    #[cold]
    pub(super) fn error(
        &self,
        kind: DecodeErrorKind,
        at: usize,
        clause: Clause,
        reason: ReasonCode,
    ) -> DecodeError {
        DecodeError {
            kind,
            packet: Some(self.packet),
            version: self.known_version,
            at,
            clause: Some(clause),
            reason,
        }
    }

    /// An error against a rule of 5.0, or one that the standards state without a number of its own.
    #[cold]
    pub(super) fn violation(
        &self,
        kind: DecodeErrorKind,
        at: usize,
        reason: ReasonCode,
    ) -> DecodeError {
        let (v311, v5) = if self.packet == PacketType::Connect {
            (Clause::V311_3_1_4_1, Clause::V5_3_1_4_1)
        } else {
            (Clause::V311_4_8_0_1, Clause::V5_4_13_1_1)
        };
        self.error(kind, at, Clause::by_version(self.version, v311, v5), reason)
    }
}

/// Without an early exit this is done for many bytes at a time.
#[inline]
fn is_printable_ascii(text: &str) -> bool {
    text.bytes().fold(true, |printable, byte| {
        printable & (b' '..0x7F).contains(&byte)
    })
}

/// The control characters, and the code points that Unicode keeps free of characters.
fn is_disallowed(c: char) -> bool {
    let number = u32::from(c);
    c.is_control() || matches!(number, 0xFDD0..=0xFDEF) || number & 0xFFFE == 0xFFFE
}
