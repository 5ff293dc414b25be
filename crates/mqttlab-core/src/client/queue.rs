//! Messages that wait for a connection or a free place in the window.

use alloc::collections::VecDeque;

use crate::client::QueueLimits;
use crate::client::message::{Message, Ticket};
use crate::time::Instant;

/// A message on its way through the client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Outgoing {
    /// By what the application knows it.
    pub ticket: Ticket,
    /// When the application published it.
    pub since: Instant,
    /// The message.
    pub message: Message,
}

impl Outgoing {
    /// What is left of its Message Expiry Interval, in seconds; `None` where it has none.
    pub(super) fn expiry_left(&self, now: Instant) -> Option<u32> {
        let waited = now.since(self.since).as_secs();
        let waited = u32::try_from(waited).unwrap_or(u32::MAX);
        let expiry = self.message.properties.expiry?;
        Some(expiry.saturating_sub(waited))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Queue {
    messages: VecDeque<Outgoing>,
    bytes: usize,
}

impl Queue {
    /// Whether a message of this weight has room.
    pub(super) fn has_room(&self, weight: usize, limits: &QueueLimits) -> bool {
        self.messages.len() < limits.messages && self.bytes.saturating_add(weight) <= limits.bytes
    }

    pub(super) fn push(&mut self, outgoing: Outgoing) {
        self.bytes += outgoing.message.weight();
        self.messages.push_back(outgoing);
    }

    /// Puts a message before all others.
    pub(super) fn push_front(&mut self, outgoing: Outgoing) {
        self.bytes += outgoing.message.weight();
        self.messages.push_front(outgoing);
    }

    pub(super) fn front(&self) -> Option<&Outgoing> {
        self.messages.front()
    }

    pub(super) fn pop(&mut self) -> Option<Outgoing> {
        let outgoing = self.messages.pop_front()?;
        self.bytes -= outgoing.message.weight();
        Some(outgoing)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Outgoing> {
        self.messages.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}
