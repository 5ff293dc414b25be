//! Bytes to packets.

use crate::codec::fields::FieldSink;
use crate::error::DecodeError;
use crate::packet::{Packet, Version};

/// How much a peer may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest packet, in bytes with its fixed header.
    pub packet_size_max: u32,
}

/// Decodes the one whole packet in `bytes`.
pub fn decode<'a, F: FieldSink>(
    bytes: &'a [u8],
    version: Version,
    limits: &Limits,
    fields: &mut F,
) -> Result<Packet<'a>, DecodeError> {
    let _ = (bytes, version, limits, fields);
    unimplemented!()
}
