//! The byte side of one connection.

use crate::codec::Limits;
use crate::error::DecodeError;
use crate::packet::{Packet, Version};

/// Which end of the connection a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Side {
    /// The client's end: packets come from a server.
    Client,
    /// The server's end: packets come from a client, the first of them is CONNECT.
    Server,
}

/// Cuts the byte stream from a peer into packets.
#[derive(Clone, Debug)]
pub struct Link {
    side: Side,
    limits: Limits,
    version: Version,
}

impl Link {
    /// A link for a new connection.
    pub fn new(side: Side, version: Version, limits: Limits) -> Self {
        Self {
            side,
            limits,
            version,
        }
    }

    /// The next packet out of `input`, or out of what earlier inputs left.
    ///
    /// Takes what it uses off the front of `input`; a whole packet is borrowed from there and only the beginning of one
    /// that is not whole yet is kept. `None` means that all of `input` was taken and more is needed.
    pub fn next_packet<'p, 'i: 'p>(
        &'p mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Packet<'p>>, DecodeError> {
        let _ = (self.side, self.limits, self.version, input);
        unimplemented!()
    }
}
