//! CONNECT (section 3.1) and CONNACK (section 3.2).

use crate::clause::Clause;
use crate::codec::decode::ack::{code_error, reason_code};
use crate::codec::fields::{FieldKind, FieldSink};
use crate::codec::header::check_connect_flags;
use crate::codec::property::{Owner, properties};
use crate::codec::reader::Reader;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::packet::{ConnAck, Connect, QoS, Version, Will};
use crate::reason::ReasonCode;

const USER_NAME: u8 = 0x80;
const PASSWORD: u8 = 0x40;
const WILL_RETAIN: u8 = 0x20;
const WILL_QOS: u8 = 0x18;
const WILL: u8 = 0x04;
const CLEAN_START: u8 = 0x02;
const RESERVED: u8 = 0x01;

/// Decodes what follows the fixed header, whose flags are checked as soon as the version is known.
pub(super) fn connect<'a, F: FieldSink>(
    r: &mut Reader<'a, '_, F>,
    first: u8,
) -> Result<Connect<'a>, DecodeError> {
    protocol(r)?;
    check_connect_flags(first, r.version)?;
    let flags = connect_flags(r)?;
    let keep_alive = r.two(FieldKind::KeepAlive)?;
    let connect_properties = properties(r, Owner::Packet)?;
    let client_id = r.text(FieldKind::ClientIdentifier)?;
    let will = if flags & WILL == 0 {
        None
    } else {
        Some(will(r, flags)?)
    };
    let user_name = if announced(r, flags & USER_NAME != 0) {
        Some(r.text(FieldKind::UserName)?)
    } else {
        None
    };
    let password = if announced(r, flags & PASSWORD != 0) {
        Some(r.binary(FieldKind::Password)?)
    } else {
        None
    };
    Ok(Connect {
        version: r.version,
        clean_start: flags & CLEAN_START != 0,
        keep_alive,
        client_id,
        will,
        user_name,
        password,
        properties: connect_properties,
    })
}

/// Whether a field comes that the flags announce. In 3.1 the end of the packet overrules them.
fn announced<F: FieldSink>(r: &Reader<'_, '_, F>, flag: bool) -> bool {
    flag && !(r.version == Version::V3_1 && r.is_at_end())
}

/// Takes protocol name and level, which say what the rest is.
fn protocol<F: FieldSink>(r: &mut Reader<'_, '_, F>) -> Result<(), DecodeError> {
    let name_at = r.at() + 2;
    let name = r.binary(FieldKind::ProtocolName)?;
    let level_at = r.at();
    let level = r.byte(FieldKind::ProtocolLevel)?;
    for version in [Version::V3_1_1, Version::V5, Version::V3_1] {
        if name == version.protocol_name().as_bytes() && level == version.level() {
            r.version = version;
            r.known_version = Some(version);
            return Ok(());
        }
    }
    // Somebody who nearly speaks MQTT can be told so; the refusals of all 3.x look alike. Bridges of mosquitto set the
    // highest bit of the level and try without it when they are refused in a form that they understand.
    let is_v3_name = name.eq_ignore_ascii_case(b"MQIsdp");
    if is_v3_name || name.eq_ignore_ascii_case(b"MQTT") {
        r.known_version = Some(if is_v3_name || level & 0x7F < Version::V5.level() {
            Version::V3_1_1
        } else {
            Version::V5
        });
    }
    r.version = r.known_version.unwrap_or_default();
    let (kind, at, v311, v5) = if name == b"MQTT" || name == b"MQIsdp" {
        (
            DecodeErrorKind::ProtocolLevel,
            level_at,
            Clause::V311_3_1_2_2,
            Clause::V5_3_1_2_2,
        )
    } else {
        (
            DecodeErrorKind::ProtocolName,
            name_at,
            Clause::V311_3_1_2_1,
            Clause::V5_3_1_2_1,
        )
    };
    let clause = Clause::by_version(r.version, v311, v5);
    Err(r.error(kind, at, clause, ReasonCode::UnsupportedProtocolVersion))
}

/// Takes the Connect Flags and checks that they make sense together.
fn connect_flags<F: FieldSink>(r: &mut Reader<'_, '_, F>) -> Result<u8, DecodeError> {
    let at = r.at();
    let flags = r.byte(FieldKind::ConnectFlags)?;
    let clean = match r.version {
        Version::V3_1 | Version::V3_1_1 => FieldKind::CleanSession,
        Version::V5 => FieldKind::CleanStart,
    };
    for (kind, mask) in [
        (FieldKind::UserNameFlag, USER_NAME),
        (FieldKind::PasswordFlag, PASSWORD),
        (FieldKind::WillRetain, WILL_RETAIN),
        (FieldKind::WillQoS, WILL_QOS),
        (FieldKind::WillFlag, WILL),
        (clean, CLEAN_START),
        (FieldKind::ConnectFlagsReserved, RESERVED),
    ] {
        r.found_bits(kind, at, mask);
    }
    match flags_fault(flags, r.version) {
        None => Ok(flags),
        Some((kind, v311, v5)) => {
            let clause = Clause::by_version(r.version, v311, v5);
            Err(r.error(kind, at, clause, ReasonCode::MalformedPacket))
        }
    }
}

fn flags_fault(flags: u8, version: Version) -> Option<(DecodeErrorKind, Clause, Clause)> {
    let has = |mask| flags & mask != 0;
    // 3.1 calls bit 0 unused, and the other bits of the will unused where there is no will.
    let strict = version != Version::V3_1;
    if has(RESERVED) && strict {
        Some((
            DecodeErrorKind::ReservedFlags,
            Clause::V311_3_1_2_3,
            Clause::V5_3_1_2_3,
        ))
    } else if has(WILL) && flags & WILL_QOS == WILL_QOS {
        Some((
            DecodeErrorKind::WillQos,
            Clause::V311_3_1_2_14,
            Clause::V5_3_1_2_12,
        ))
    } else if !has(WILL) && has(WILL_QOS) && strict {
        Some((
            DecodeErrorKind::ConnectFlags,
            Clause::V311_3_1_2_13,
            Clause::V5_3_1_2_11,
        ))
    } else if !has(WILL) && has(WILL_RETAIN) && strict {
        Some((
            DecodeErrorKind::ConnectFlags,
            Clause::V311_3_1_2_15,
            Clause::V5_3_1_2_13,
        ))
    } else if has(PASSWORD) && !has(USER_NAME) && version != Version::V5 {
        Some((
            DecodeErrorKind::ConnectFlags,
            Clause::V311_3_1_2_22,
            Clause::V311_3_1_2_22,
        ))
    } else {
        None
    }
}

fn will<'a, F: FieldSink>(r: &mut Reader<'a, '_, F>, flags: u8) -> Result<Will<'a>, DecodeError> {
    let properties = properties(r, Owner::Will)?;
    let topic_at = r.at() + 2;
    let topic = r.topic_name(FieldKind::WillTopic)?;
    if topic.is_empty() {
        return Err(r.topic_empty(topic_at));
    }
    let payload = r.binary(FieldKind::WillPayload)?;
    Ok(Will {
        topic,
        payload,
        // 3 was refused with the flags.
        qos: QoS::from_u8((flags & WILL_QOS) >> 3).unwrap_or_default(),
        retain: flags & WILL_RETAIN != 0,
        properties,
    })
}

pub(super) fn connack<'a, F: FieldSink>(
    r: &mut Reader<'a, '_, F>,
) -> Result<ConnAck<'a>, DecodeError> {
    let flags_at = r.at();
    let flags = r.byte(FieldKind::AcknowledgeFlags)?;
    r.found_bits(FieldKind::AcknowledgeFlagsReserved, flags_at, 0xFE);
    r.found_bits(FieldKind::SessionPresent, flags_at, 0x01);
    // 3.1 does not use this byte at all.
    let used = r.version != Version::V3_1;
    if flags > 1 && used {
        return Err(r.error(
            DecodeErrorKind::ReservedFlags,
            flags_at,
            Clause::by_version(r.version, Clause::V311_4_8_0_1, Clause::V5_3_2_2_1),
            ReasonCode::MalformedPacket,
        ));
    }
    let session_present = flags & 1 != 0 && used;
    let reason = match r.version {
        Version::V3_1 | Version::V3_1_1 => {
            let at = r.at();
            let code = r.byte(FieldKind::ReturnCode)?;
            ReasonCode::from_connack_code_v3(code).ok_or_else(|| code_error(r, at))?
        }
        Version::V5 => reason_code(r)?,
    };
    if session_present && reason != ReasonCode::Success {
        return Err(r.error(
            DecodeErrorKind::SessionPresent,
            flags_at,
            Clause::by_version(r.version, Clause::V311_3_2_2_4, Clause::V5_3_2_2_6),
            ReasonCode::ProtocolError,
        ));
    }
    let properties = properties(r, Owner::Packet)?;
    Ok(ConnAck {
        session_present,
        reason,
        properties,
    })
}
