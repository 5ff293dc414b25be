//! Packets to bytes.

use alloc::vec::Vec;

use crate::packet::{Packet, Version};

/// Appends `packet` to `out` as `version` writes it.
pub fn encode(packet: &Packet<'_>, version: Version, out: &mut Vec<u8>) {
    let _ = (packet, version, out);
    unimplemented!()
}
