//! The outgoing side of the network connection.

use alloc::vec::Vec;

use bytes::Bytes;

use crate::client::event::Sink;
use crate::codec::{encode, encode_publish_head, encoded_len};
use crate::frame::Frame;
use crate::packet::{Packet, Publish, Version};
use crate::properties::Properties;
use crate::time::Instant;

/// Encodes packets and remembers what that means for Keep Alive and buffers.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    version: Version,
    scratch: Vec<u8>,
    /// When the Keep Alive began to count: the last packet was sent.
    pub(super) idle_since: Instant,
    /// Bytes that were sent and not written yet.
    pub(super) unflushed: u64,
}

impl Wire {
    pub(super) fn new(version: Version) -> Self {
        Self {
            version,
            scratch: Vec::new(),
            idle_since: Instant::ZERO,
            unflushed: 0,
        }
    }

    /// Begins a new network connection.
    pub(super) fn reset(&mut self, version: Version, now: Instant) {
        self.version = version;
        self.idle_since = now;
        self.unflushed = 0;
    }

    pub(super) fn send<S: Sink>(&mut self, now: Instant, packet: &Packet<'_>, sink: &mut S) {
        self.scratch.clear();
        encode(packet, self.version, &mut self.scratch);
        self.unflushed += self.scratch.len() as u64;
        self.idle_since = now;
        sink.send(&Frame::whole(&self.scratch));
    }

    /// Sends a PUBLISH whose payload need not be copied here.
    pub(super) fn send_publish<S: Sink>(
        &mut self,
        now: Instant,
        publish: &Publish<'_>,
        payload: &Bytes,
        sink: &mut S,
    ) {
        self.scratch.clear();
        let more = Properties::EMPTY;
        encode_publish_head(publish, more, self.version, &mut self.scratch);
        let frame = Frame::publish(&self.scratch, None, Some(payload));
        self.unflushed += frame.len() as u64;
        self.idle_since = now;
        sink.send(&frame);
    }

    /// How many bytes the packet takes.
    pub(super) fn size(&self, packet: &Packet<'_>) -> usize {
        encoded_len(packet, self.version)
    }

    pub(super) fn flushed(&mut self, bytes: u64) {
        self.unflushed = self.unflushed.saturating_sub(bytes);
    }
}
