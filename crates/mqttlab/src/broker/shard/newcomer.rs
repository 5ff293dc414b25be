//! Connections that have no event loop yet, or go from one to another.

use mqttlab_core::time::Instant;

use super::super::transport::{Peer, Transport};
use super::books::Counting;
use super::common::Common;

/// A connection on its way into an event loop; it is in all books already.
///
/// The first loop takes it in and deals it out; whichever gets it hears who it is, and sends it on to the loop that owns
/// its session, with all that was read from it.
pub(super) struct Newcomer {
    pub(super) transport: Transport,
    pub(super) peer: Peer,
    pub(super) listener: u16,
    /// When it was taken in.
    pub(super) since: Instant,
    /// Which it is, of all that were taken in.
    pub(super) serial: u64,
    /// The count in which it counts for its address.
    pub(super) counted: Option<Counting>,
    /// CONNECT and what came behind it; empty where it has not come.
    pub(super) read: Vec<u8>,
}

impl Newcomer {
    /// It is in no loop and goes to none: it is taken out of the books and closed.
    pub(super) fn dismiss(self, common: &Common) {
        if let Some(address) = self.peer.ip() {
            common.books().leave_address(address, self.counted);
        }
        common.leave(self.listener);
    }
}
