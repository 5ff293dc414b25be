//! SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK (sections 3.8 to 3.11).

use crate::clause::Clause;
use crate::codec::codes::is_code_allowed;
use crate::codec::decode::ack::code_error;
use crate::codec::fields::{FieldKind, FieldSink};
use crate::codec::property::{Owner, properties};
use crate::codec::reader::Reader;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::packet::{
    Filters, SubAck, Subscribe, SubscriptionOptions, Topics, Unsubscribe, Version,
};
use crate::properties::Properties;
use crate::reason::ReasonCode;

pub(super) fn subscribe<'a, F: FieldSink>(
    r: &mut Reader<'a, '_, F>,
) -> Result<Subscribe<'a>, DecodeError> {
    let packet_id = r.packet_id()?;
    let properties = properties(r, Owner::Packet)?;
    let raw = r.peek();
    if r.is_at_end() {
        return Err(no_filters(r, Clause::V311_3_8_3_3, Clause::V5_3_8_3_2));
    }
    let mut unused_bits = 0;
    while !r.is_at_end() {
        unused_bits |= subscription(r)? & !0b11;
    }
    let filters = match r.version {
        Version::V3_1 if unused_bits != 0 => Filters::from_checked_v3_1(raw),
        Version::V3_1 | Version::V3_1_1 | Version::V5 => Filters::from_checked(raw),
    };
    Ok(Subscribe {
        packet_id,
        properties,
        filters,
    })
}

/// Takes a Topic Filter and its options, which it says.
fn subscription<F: FieldSink>(r: &mut Reader<'_, '_, F>) -> Result<u8, DecodeError> {
    let start = r.at();
    // The outer field is announced before its parts; where it ends is clear from the length in front.
    if let Some(&length) = r.peek().first_chunk() {
        let len = 3 + usize::from(u16::from_be_bytes(length));
        r.found(FieldKind::Subscription, start..start + len.min(r.left()));
    }
    r.depth += 1;
    let filter = r.text(FieldKind::TopicFilter)?;
    let at = r.at();
    let options = r.byte(match r.version {
        Version::V3_1 | Version::V3_1_1 => FieldKind::RequestedQoS,
        Version::V5 => FieldKind::SubscriptionOptions,
    })?;
    found_options(r, at);
    let kind = match r.version {
        Version::V3_1 if options & 0b11 == 0b11 => Some(DecodeErrorKind::Qos3),
        Version::V3_1 => None,
        Version::V3_1_1 | Version::V5 => match options {
            _ if options & 0b11 == 0b11 => Some(DecodeErrorKind::Qos3),
            3.. if r.version == Version::V3_1_1 => Some(DecodeErrorKind::SubscriptionOptions),
            _ if SubscriptionOptions::from_byte(options).is_none() => {
                Some(DecodeErrorKind::SubscriptionOptions)
            }
            _ => None,
        },
    };
    if let Some(kind) = kind {
        return Err(r.error(
            kind,
            at,
            Clause::by_version(r.version, Clause::V311_3_8_3_4, Clause::V5_3_8_3_5),
            ReasonCode::MalformedPacket,
        ));
    }
    let no_local = options & 0b100 != 0;
    if r.version == Version::V5 && no_local && filter.starts_with("$share/") {
        return Err(r.error(
            DecodeErrorKind::SharedNoLocal,
            at,
            Clause::V5_3_8_3_4,
            ReasonCode::ProtocolError,
        ));
    }
    r.depth -= 1;
    Ok(options)
}

fn found_options<F: FieldSink>(r: &mut Reader<'_, '_, F>, at: usize) {
    match r.version {
        Version::V3_1 | Version::V3_1_1 => {
            r.found_bits(FieldKind::SubscriptionReserved, at, 0xFC);
            r.found_bits(FieldKind::SubscriptionQoS, at, 0x03);
        }
        Version::V5 => {
            r.found_bits(FieldKind::SubscriptionReserved, at, 0xC0);
            r.found_bits(FieldKind::RetainHandling, at, 0x30);
            r.found_bits(FieldKind::RetainAsPublished, at, 0x08);
            r.found_bits(FieldKind::NoLocal, at, 0x04);
            r.found_bits(FieldKind::SubscriptionQoS, at, 0x03);
        }
    }
}

pub(super) fn unsubscribe<'a, F: FieldSink>(
    r: &mut Reader<'a, '_, F>,
) -> Result<Unsubscribe<'a>, DecodeError> {
    let packet_id = r.packet_id()?;
    let properties = properties(r, Owner::Packet)?;
    let raw = r.peek();
    if r.is_at_end() {
        return Err(no_filters(r, Clause::V311_3_10_3_2, Clause::V5_3_10_3_2));
    }
    while !r.is_at_end() {
        r.text(FieldKind::TopicFilter)?;
    }
    Ok(Unsubscribe {
        packet_id,
        properties,
        filters: Topics::from_checked(raw),
    })
}

#[cold]
fn no_filters<F: FieldSink>(r: &Reader<'_, '_, F>, v311: Clause, v5: Clause) -> DecodeError {
    r.error(
        DecodeErrorKind::NoFilters,
        r.at(),
        Clause::by_version(r.version, v311, v5),
        ReasonCode::ProtocolError,
    )
}

pub(super) fn suback<'a, F: FieldSink>(
    r: &mut Reader<'a, '_, F>,
) -> Result<SubAck<'a>, DecodeError> {
    let packet_id = r.packet_id()?;
    let properties = properties(r, Owner::Packet)?;
    let codes = codes(r)?;
    Ok(SubAck {
        packet_id,
        properties,
        codes,
    })
}

pub(super) fn unsuback<'a, F: FieldSink>(
    r: &mut Reader<'a, '_, F>,
) -> Result<SubAck<'a>, DecodeError> {
    let packet_id = r.packet_id()?;
    if r.version != Version::V5 {
        return Ok(SubAck {
            packet_id,
            properties: Properties::EMPTY,
            codes: &[],
        });
    }
    let properties = properties(r, Owner::Packet)?;
    let codes = codes(r)?;
    Ok(SubAck {
        packet_id,
        properties,
        codes,
    })
}

/// Takes the codes that are the rest of the packet; there is one for each filter, and so at least one.
fn codes<'a, F: FieldSink>(r: &mut Reader<'a, '_, F>) -> Result<&'a [u8], DecodeError> {
    let codes = r.peek();
    if codes.is_empty() {
        return Err(r.violation(
            DecodeErrorKind::Truncated,
            r.at(),
            ReasonCode::MalformedPacket,
        ));
    }
    while !r.is_at_end() {
        let at = r.at();
        let kind = match r.version {
            Version::V3_1 | Version::V3_1_1 => FieldKind::ReturnCode,
            Version::V5 => FieldKind::ReasonCode,
        };
        let code = r.byte(kind)?;
        let known = match r.version {
            Version::V3_1 | Version::V3_1_1 => matches!(code, 0..=2 | 0x80),
            Version::V5 => ReasonCode::from_u8(code)
                .is_some_and(|code| is_code_allowed(r.packet, r.side, code)),
        };
        if !known {
            return Err(code_error(r, at));
        }
    }
    Ok(codes)
}
