//! Bytes to packets.

mod ack;
mod connect;
mod publish;
mod subscribe;

use crate::codec::fields::{Field, FieldKind, FieldSink};
use crate::codec::header::{FixedHeader, Limits};
use crate::codec::reader::{Reader, TopicAlias};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::packet::{Packet, PacketType, Side, Version};
use crate::reason::ReasonCode;

/// Decodes the one whole packet in `bytes`, as it comes to `side`.
///
/// The packet borrows from `bytes`; nothing is allocated. A CONNECT brings its own version, for it `version` counts for
/// nothing. `fields` hears of each field, those before an error included; pass `&mut ()` when nobody wants to know.
///
/// ```
/// use mqttlab_core::codec::{Limits, decode};
/// use mqttlab_core::packet::{Packet, Side, Version};
/// let bytes = [0x30, 0x05, 0x00, 0x01, b'a', b'h', b'i'];
/// let packet = decode(&bytes, Version::V3_1_1, Side::Server, &Limits::default(), &mut ())?;
/// let Packet::Publish(publish) = packet else { panic!("it is a PUBLISH") };
/// assert_eq!((publish.topic, publish.payload), ("a", &b"hi"[..]));
/// # Ok::<(), mqttlab_core::error::DecodeError>(())
/// ```
///
/// # Errors
/// When `bytes` are not exactly one packet that `side` may get in this version.
#[inline]
pub fn decode<'a, F: FieldSink>(
    bytes: &'a [u8],
    version: Version,
    side: Side,
    limits: &Limits,
    fields: &mut F,
) -> Result<Packet<'a>, DecodeError> {
    found_first_byte(bytes, version, fields);
    let header = match FixedHeader::parse(bytes, version, side) {
        Ok(Some(header)) => header,
        Ok(None) => return Err(cut_off(bytes, version)),
        Err(error) => {
            if error.kind == DecodeErrorKind::RemainingLength {
                found_remaining_length(error.at + 1, fields);
            }
            return Err(error);
        }
    };
    found_remaining_length(header.len, fields);
    header.check_size(limits.packet_size_max, version, side)?;
    let (packet, _) = decode_rest(&header, bytes, version, side, limits, fields)?;
    Ok(packet)
}

/// Decodes the packet in `bytes`, whose header is known and small enough; says its Topic Alias too, if it has one.
#[inline]
pub(crate) fn decode_body<'a, F: FieldSink>(
    header: &FixedHeader,
    bytes: &'a [u8],
    version: Version,
    side: Side,
    limits: &Limits,
    fields: &mut F,
) -> Result<(Packet<'a>, Option<TopicAlias>), DecodeError> {
    found_first_byte(bytes, version, fields);
    found_remaining_length(header.len, fields);
    decode_rest(header, bytes, version, side, limits, fields)
}

/// Decodes what follows the fixed header.
#[inline]
fn decode_rest<'a, F: FieldSink>(
    header: &FixedHeader,
    bytes: &'a [u8],
    version: Version,
    side: Side,
    limits: &Limits,
    fields: &mut F,
) -> Result<(Packet<'a>, Option<TopicAlias>), DecodeError> {
    let whole = bytes.get(..header.packet_len()).unwrap_or(bytes);
    let packet_type = header.packet_type;
    let mut reader = Reader::new(
        whole,
        header.len,
        packet_type,
        version,
        side,
        limits,
        fields,
    );
    let r = &mut reader;
    let packet = match packet_type {
        PacketType::Publish => Packet::Publish(publish::publish(r, header.first)?),
        PacketType::PubAck => Packet::PubAck(ack::ack(r)?),
        PacketType::PubRec => Packet::PubRec(ack::ack(r)?),
        PacketType::PubRel => Packet::PubRel(ack::ack(r)?),
        PacketType::PubComp => Packet::PubComp(ack::ack(r)?),
        PacketType::Connect => Packet::Connect(connect::connect(r, header.first)?),
        PacketType::ConnAck => Packet::ConnAck(connect::connack(r)?),
        PacketType::Subscribe => Packet::Subscribe(subscribe::subscribe(r)?),
        PacketType::SubAck => Packet::SubAck(subscribe::suback(r)?),
        PacketType::Unsubscribe => Packet::Unsubscribe(subscribe::unsubscribe(r)?),
        PacketType::UnsubAck => Packet::UnsubAck(subscribe::unsuback(r)?),
        PacketType::PingReq => Packet::PingReq,
        PacketType::PingResp => Packet::PingResp,
        PacketType::Disconnect => Packet::Disconnect(ack::disconnect(r)?),
        PacketType::Auth => Packet::Auth(ack::auth(r)?),
    };
    reader.finish()?;
    if bytes.len() > whole.len() {
        return Err(reader.violation(
            DecodeErrorKind::TrailingBytes,
            whole.len(),
            ReasonCode::MalformedPacket,
        ));
    }
    if whole.len() < header.packet_len() {
        return Err(cut_off(bytes, version));
    }
    Ok((packet, reader.topic_alias))
}

/// The bytes end before the packet does, although no field is cut.
#[cold]
fn cut_off(bytes: &[u8], version: Version) -> DecodeError {
    let packet = bytes
        .first()
        .and_then(|&byte| PacketType::from_first_byte(byte));
    DecodeError {
        kind: DecodeErrorKind::Truncated,
        packet,
        version: packet
            .filter(|&packet| packet != PacketType::Connect)
            .map(|_| version),
        at: bytes.len(),
        clause: None,
        reason: ReasonCode::MalformedPacket,
    }
}

/// Tells of the Remaining Length, which ends at `end`.
#[inline]
fn found_remaining_length<F: FieldSink>(end: usize, fields: &mut F) {
    fields.field(Field {
        kind: FieldKind::RemainingLength,
        span: 1..end,
        mask: 0xFF,
        depth: 0,
    });
}

#[inline]
fn found_first_byte<F: FieldSink>(bytes: &[u8], version: Version, fields: &mut F) {
    let Some(&first) = bytes.first() else {
        return;
    };
    let mut bits = |kind, mask| {
        fields.field(Field {
            kind,
            span: 0..1,
            mask,
            depth: 0,
        });
    };
    bits(FieldKind::PacketType, 0xF0);
    let repeated = matches!(
        PacketType::from_first_byte(first),
        Some(PacketType::PubRel | PacketType::Subscribe | PacketType::Unsubscribe)
    );
    if PacketType::from_first_byte(first) == Some(PacketType::Publish) {
        bits(FieldKind::Dup, 0x08);
        bits(FieldKind::QoS, 0x06);
        bits(FieldKind::Retain, 0x01);
    } else if repeated && version == Version::V3_1 {
        bits(FieldKind::Dup, 0x08);
        bits(FieldKind::ReservedFlags, 0x07);
    } else {
        bits(FieldKind::ReservedFlags, 0x0F);
    }
}
