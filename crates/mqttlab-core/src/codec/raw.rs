//! Packets that break the rules on purpose, for lessons and for tests of how somebody takes them.

use alloc::vec::Vec;

use crate::properties::write;

/// What a raw packet says about its own length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemainingLength<'a> {
    /// The truth.
    True,
    /// This number, whatever the body has; at most 268 435 455 makes sense.
    Claimed(u32),
    /// These bytes, which need not be a number at all.
    Bytes(&'a [u8]),
}

/// Appends a packet with this first byte, length and body to `out`, right or wrong.
///
/// ```
/// use mqttlab_core::codec::raw::{RemainingLength, encode};
/// let mut out = Vec::new();
/// encode(0xC0, RemainingLength::Claimed(3), b"", &mut out);
/// assert_eq!(out, [0xC0, 3], "a PINGREQ that announces a body and has none");
/// ```
pub fn encode(first: u8, remaining_length: RemainingLength<'_>, body: &[u8], out: &mut Vec<u8>) {
    out.push(first);
    match remaining_length {
        RemainingLength::True => {
            write::variable(out, u32::try_from(body.len()).unwrap_or(u32::MAX));
        }
        RemainingLength::Claimed(length) => write::variable(out, length),
        RemainingLength::Bytes(bytes) => out.extend_from_slice(bytes),
    }
    out.extend_from_slice(body);
}
