//! Packets that are a reason code at most: PUBACK, PUBREC, PUBREL, PUBCOMP (3.4 to 3.7), DISCONNECT (3.14), AUTH (3.15).

use crate::clause::Clause;
use crate::codec::codes::is_code_allowed;
use crate::codec::fields::{FieldKind, FieldSink};
use crate::codec::property::{Owner, properties};
use crate::codec::reader::Reader;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::packet::{Ack, Auth, Disconnect, PacketType, Version};
use crate::properties::Properties;
use crate::reason::ReasonCode;

#[inline]
pub(super) fn ack<'a, F: FieldSink>(r: &mut Reader<'a, '_, F>) -> Result<Ack<'a>, DecodeError> {
    let packet_id = r.packet_id()?;
    let (reason, properties) = reason_and_properties(r)?;
    Ok(Ack {
        packet_id,
        reason,
        properties,
    })
}

pub(super) fn disconnect<'a, F: FieldSink>(
    r: &mut Reader<'a, '_, F>,
) -> Result<Disconnect<'a>, DecodeError> {
    let (reason, properties) = reason_and_properties(r)?;
    Ok(Disconnect { reason, properties })
}

pub(super) fn auth<'a, F: FieldSink>(r: &mut Reader<'a, '_, F>) -> Result<Auth<'a>, DecodeError> {
    if r.is_at_end() {
        return Ok(Auth {
            reason: implied(r)?,
            properties: Properties::EMPTY,
        });
    }
    let reason = reason_code(r)?;
    let start = r.at();
    let properties = properties(r, Owner::Packet)?;
    // Success without properties could have been left out altogether, so it is no less legal when written.
    if properties.is_empty() && reason != ReasonCode::Success {
        return Err(r.error(
            DecodeErrorKind::PropertyMissing,
            start,
            Clause::V5_4_12_0_5,
            ReasonCode::ProtocolError,
        ));
    }
    Ok(Auth { reason, properties })
}

/// Takes a reason code and properties; 5.0 lets a sender leave out the properties, or both, and before there are none.
#[inline]
fn reason_and_properties<'a, F: FieldSink>(
    r: &mut Reader<'a, '_, F>,
) -> Result<(ReasonCode, Properties<'a>), DecodeError> {
    if r.version != Version::V5 || r.is_at_end() {
        return Ok((ReasonCode::Success, Properties::EMPTY));
    }
    let reason = reason_code(r)?;
    let properties = if r.is_at_end() {
        Properties::EMPTY
    } else {
        properties(r, Owner::Packet)?
    };
    Ok((reason, properties))
}

/// The code that is meant where none is written; it too must be one that the peer may send.
fn implied<F: FieldSink>(r: &Reader<'_, '_, F>) -> Result<ReasonCode, DecodeError> {
    if is_code_allowed(r.packet, r.side, ReasonCode::Success) {
        Ok(ReasonCode::Success)
    } else {
        Err(code_error(r, r.at()))
    }
}

/// Takes a reason code that this packet may have.
pub(super) fn reason_code<F: FieldSink>(
    r: &mut Reader<'_, '_, F>,
) -> Result<ReasonCode, DecodeError> {
    let at = r.at();
    let byte = r.byte(FieldKind::ReasonCode)?;
    match ReasonCode::from_u8(byte) {
        Some(code) if is_code_allowed(r.packet, r.side, code) => Ok(code),
        Some(_) | None => Err(code_error(r, at)),
    }
}

#[cold]
pub(super) fn code_error<F: FieldSink>(r: &Reader<'_, '_, F>, at: usize) -> DecodeError {
    let v5 = match r.packet {
        PacketType::ConnAck => Clause::V5_3_2_2_8,
        PacketType::PubAck => Clause::V5_3_4_2_1,
        PacketType::PubRec => Clause::V5_3_5_2_1,
        PacketType::PubRel => Clause::V5_3_6_2_1,
        PacketType::PubComp => Clause::V5_3_7_2_1,
        PacketType::SubAck => Clause::V5_3_9_3_2,
        PacketType::UnsubAck => Clause::V5_3_11_3_2,
        PacketType::Disconnect => Clause::V5_3_14_2_1,
        PacketType::Auth => Clause::V5_3_15_2_1,
        PacketType::Connect
        | PacketType::Publish
        | PacketType::Subscribe
        | PacketType::Unsubscribe
        | PacketType::PingReq
        | PacketType::PingResp => Clause::V5_4_13_1_1,
    };
    let v311 = if r.packet == PacketType::SubAck {
        Clause::V311_3_9_3_2
    } else {
        Clause::V311_4_8_0_1
    };
    r.error(
        DecodeErrorKind::ReturnCode,
        at,
        Clause::by_version(r.version, v311, v5),
        ReasonCode::ProtocolError,
    )
}
