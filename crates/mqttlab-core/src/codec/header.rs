//! The fixed header: the first two to five bytes of every packet.

use crate::clause::Clause;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::packet::{PacketType, QoS, Side, Version};
use crate::reason::ReasonCode;

/// The largest packet that the fixed header can announce, with that header.
pub const PACKET_SIZE_MAX: u32 = 268_435_455 + 5;

/// How much a peer may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest packet, in bytes with its fixed header.
    pub packet_size_max: u32,
    /// The largest packet of a client that has not been let in yet, its CONNECT included.
    pub stranger_packet_size_max: u32,
    /// The most User Properties in one packet; those of a will are counted apart. `u16::MAX` for as many as fit.
    pub user_properties_max: u16,
    /// Whether text may have control characters and non-characters in it, which a receiver may refuse as malformed
    /// (section 1.5.3 of 3.1.1, section 1.6.4 of 5.0).
    pub disallowed_code_points: bool,
    /// 5.0: whether a client's PUBLISH may have Subscription Identifiers, which only a server may send. [MQTT-3.3.4-6]
    /// Whoever allows it does not pass them on.
    pub identifiers_from_clients: bool,
    /// 5.0: the highest Topic Alias that the peer was told it may use.
    pub topic_alias_max: u16,
    /// 5.0: the most bytes that the Topic Names behind the Topic Aliases of one connection may have.
    pub topic_alias_bytes_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            packet_size_max: 1024 * 1024,
            stranger_packet_size_max: 64 * 1024,
            user_properties_max: 128,
            disallowed_code_points: true,
            identifiers_from_clients: false,
            topic_alias_max: 0,
            topic_alias_bytes_max: 64 * 1024,
        }
    }
}

/// What the first bytes of a packet say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedHeader {
    /// The first byte: the packet type above, its flags below.
    pub first: u8,
    /// The type in the first byte.
    pub packet_type: PacketType,
    /// How many bytes follow the header.
    pub remaining_length: u32,
    /// How many bytes the header has: 2 to 5.
    pub len: usize,
}

impl FixedHeader {
    /// Reads the header at the front of `bytes`, which may end anywhere; `None` when more are needed to know.
    ///
    /// All that a single byte can betray is found as soon as that byte is there. `side` is the end that receives. The
    /// version counts for nothing in a CONNECT, which brings its own.
    ///
    /// # Errors
    /// When no packet that `side` may get in this version begins like this.
    #[inline]
    pub fn parse(bytes: &[u8], version: Version, side: Side) -> Result<Option<Self>, DecodeError> {
        let Some((&first, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        let packet_type = check_first_byte(first, version, side)?;
        let mut remaining_length = 0;
        for (i, &byte) in rest.iter().take(4).enumerate() {
            remaining_length |= u32::from(byte & 0x7F) << (7 * i);
            if byte & 0x80 == 0 {
                if byte == 0 && i > 0 {
                    return Err(remaining_length_error(packet_type, version, i + 1));
                }
                return Ok(Some(Self {
                    first,
                    packet_type,
                    remaining_length,
                    len: i + 2,
                }));
            }
        }
        if rest.len() >= 4 {
            return Err(remaining_length_error(packet_type, version, 4));
        }
        Ok(None)
    }

    /// How many bytes the packet has, header included.
    #[inline]
    pub const fn packet_len(&self) -> usize {
        self.len + self.remaining_length as usize
    }

    /// Refuses a packet that is larger than `size_max` before its body is there. [MQTT-3.2.2-15]
    #[inline]
    pub(crate) fn check_size(
        &self,
        size_max: u32,
        version: Version,
        side: Side,
    ) -> Result<(), DecodeError> {
        if self.packet_len() as u64 <= u64::from(size_max) {
            return Ok(());
        }
        // Only 5.0 lets a receiver announce a maximum; before, the limit is nothing but ours.
        let clause = match (version, side, self.packet_type) {
            (Version::V3_1 | Version::V3_1_1, Side::Client | Side::Server, _)
            | (Version::V5, Side::Server, PacketType::Connect) => None,
            (Version::V5, Side::Client, _) => Some(Clause::V5_3_1_2_24),
            (Version::V5, Side::Server, _) => Some(Clause::V5_3_2_2_15),
        };
        Err(DecodeError {
            kind: DecodeErrorKind::TooLarge,
            packet: Some(self.packet_type),
            version: known_version(self.packet_type, version),
            at: 1,
            clause,
            reason: ReasonCode::PacketTooLarge,
        })
    }
}

/// The version of the peer as far as an error in the fixed header of this type can know it.
pub(super) const fn known_version(packet_type: PacketType, version: Version) -> Option<Version> {
    if matches!(packet_type, PacketType::Connect) {
        None
    } else {
        Some(version)
    }
}

#[cold]
fn remaining_length_error(packet_type: PacketType, version: Version, at: usize) -> DecodeError {
    DecodeError {
        kind: DecodeErrorKind::RemainingLength,
        packet: Some(packet_type),
        version: known_version(packet_type, version),
        at,
        clause: match version {
            Version::V3_1 | Version::V3_1_1 => None,
            Version::V5 => Some(Clause::V5_1_5_5_1),
        },
        reason: ReasonCode::MalformedPacket,
    }
}

/// Checks type, direction and flags.
#[inline]
fn check_first_byte(first: u8, version: Version, side: Side) -> Result<PacketType, DecodeError> {
    let Some(packet_type) = PacketType::from_first_byte(first) else {
        return Err(first_byte_error(
            DecodeErrorKind::ReservedType,
            None,
            version,
        ));
    };
    let kind = if packet_type == PacketType::Auth && version != Version::V5 {
        DecodeErrorKind::TypeNotInVersion
    } else if !may_receive(side, packet_type, version) {
        DecodeErrorKind::WrongDirection
    } else if packet_type == PacketType::Publish {
        match (QoS::from_u8((first >> 1) & 0b11), first & 0b1000 != 0) {
            (None, _) => DecodeErrorKind::Qos3,
            // 3.1 gives DUP a meaning above QoS 0 only, and does not forbid it there.
            (Some(QoS::AtMostOnce), true) if version != Version::V3_1 => DecodeErrorKind::DupOnQos0,
            (Some(_), _) => return Ok(packet_type),
        }
    } else if flags_fit(packet_type, first & 0x0F, version) {
        return Ok(packet_type);
    } else {
        DecodeErrorKind::ReservedFlags
    };
    Err(first_byte_error(kind, Some(packet_type), version))
}

const fn flags_fit(packet_type: PacketType, flags: u8, version: Version) -> bool {
    let is_request = matches!(
        packet_type,
        PacketType::PubRel | PacketType::Subscribe | PacketType::Unsubscribe
    );
    let expected = if is_request { 0b0010 } else { 0 };
    // 3.1 calls the bits of most packets unused, and knows DUP on those that are repeated. A CONNECT has yet to tell
    // its version.
    let unused = matches!(version, Version::V3_1) || matches!(packet_type, PacketType::Connect);
    flags == expected || unused
}

const fn may_receive(side: Side, packet_type: PacketType, version: Version) -> bool {
    match packet_type {
        PacketType::Publish
        | PacketType::PubAck
        | PacketType::PubRec
        | PacketType::PubRel
        | PacketType::PubComp
        | PacketType::Auth => true,
        PacketType::Connect
        | PacketType::Subscribe
        | PacketType::Unsubscribe
        | PacketType::PingReq => matches!(side, Side::Server),
        PacketType::ConnAck | PacketType::SubAck | PacketType::UnsubAck | PacketType::PingResp => {
            matches!(side, Side::Client)
        }
        PacketType::Disconnect => matches!(side, Side::Server) || matches!(version, Version::V5),
    }
}

#[cold]
fn first_byte_error(
    kind: DecodeErrorKind,
    packet: Option<PacketType>,
    version: Version,
) -> DecodeError {
    let (v311, v5) = match (kind, packet) {
        (DecodeErrorKind::Qos3, _) => (Clause::V311_3_3_1_4, Clause::V5_3_3_1_4),
        (DecodeErrorKind::DupOnQos0, _) => (Clause::V311_3_3_1_2, Clause::V5_3_3_1_2),
        (DecodeErrorKind::ReservedFlags, Some(packet)) => flags_clauses(packet),
        // The rest is told in the standards' prose.
        (_, _) => (Clause::V311_4_8_0_1, Clause::V5_4_13_1_1),
    };
    DecodeError {
        kind,
        packet,
        version: packet.and_then(|packet| known_version(packet, version)),
        at: 0,
        clause: Some(Clause::by_version(version, v311, v5)),
        reason: if kind == DecodeErrorKind::WrongDirection {
            ReasonCode::ProtocolError
        } else {
            ReasonCode::MalformedPacket
        },
    }
}

/// Checks the flags of a CONNECT, now that its `version` is known: 3.1 calls them unused.
pub(super) fn check_connect_flags(first: u8, version: Version) -> Result<(), DecodeError> {
    if first & 0x0F == 0 || version == Version::V3_1 {
        return Ok(());
    }
    let mut error = first_byte_error(
        DecodeErrorKind::ReservedFlags,
        Some(PacketType::Connect),
        version,
    );
    error.version = Some(version);
    Err(error)
}

const fn flags_clauses(packet_type: PacketType) -> (Clause, Clause) {
    match packet_type {
        PacketType::PubRel => (Clause::V311_3_6_1_1, Clause::V5_3_6_1_1),
        PacketType::Subscribe => (Clause::V311_3_8_1_1, Clause::V5_3_8_1_1),
        PacketType::Unsubscribe => (Clause::V311_3_10_1_1, Clause::V5_3_10_1_1),
        PacketType::Disconnect => (Clause::V311_3_14_1_1, Clause::V5_3_14_1_1),
        PacketType::Auth => (Clause::V311_2_2_2_2, Clause::V5_3_15_1_1),
        PacketType::Connect
        | PacketType::ConnAck
        | PacketType::Publish
        | PacketType::PubAck
        | PacketType::PubRec
        | PacketType::PubComp
        | PacketType::SubAck
        | PacketType::UnsubAck
        | PacketType::PingReq
        | PacketType::PingResp => (Clause::V311_2_2_2_2, Clause::V5_2_1_3_1),
    }
}
