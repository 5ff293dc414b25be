//! The receiving end of one hop.

use alloc::collections::BTreeSet;

use crate::id::PacketId;

/// Remembers which incoming QoS 2 messages have been passed on and wait for their PUBREL.
///
/// It has no limit of its own: the owner compares [`len`](Self::len) with the Receive Maximum before it takes a message
/// that is [`Seen::First`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Receiver {
    unreleased: BTreeSet<PacketId>,
}

/// Whether a QoS 2 PUBLISH is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is: pass the message on. Answer with PUBREC.
    First,
    /// It was passed on already: only answer with PUBREC again. [MQTT-4.3.3-2]
    Again,
}

impl Receiver {
    /// Nothing received yet.
    pub const fn new() -> Self {
        Self {
            unreleased: BTreeSet::new(),
        }
    }

    /// A PUBLISH with QoS 2 came; the DUP flag does not matter.
    pub fn on_publish(&mut self, packet_id: PacketId) -> Seen {
        if self.unreleased.insert(packet_id) {
            Seen::First
        } else {
            Seen::Again
        }
    }

    /// A PUBREL came. False when nothing waited for it: it is answered with PUBCOMP all the same.
    pub fn on_pubrel(&mut self, packet_id: PacketId) -> bool {
        self.unreleased.remove(&packet_id)
    }

    /// About how many bytes of memory it holds beside itself.
    pub fn memory(&self) -> usize {
        // A node of a tree has room for eleven, and is half full at least.
        const NODE: usize = 48;
        self.unreleased.len().div_ceil(6) * NODE
    }

    /// Whether this message was passed on and waits for its PUBREL.
    pub fn contains(&self, packet_id: PacketId) -> bool {
        self.unreleased.contains(&packet_id)
    }

    /// How many wait for their PUBREL.
    pub fn len(&self) -> usize {
        self.unreleased.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.unreleased.is_empty()
    }

    /// Those that wait, by number.
    pub fn iter(&self) -> impl Iterator<Item = PacketId> {
        self.unreleased.iter().copied()
    }

    /// Forgets all, as at the end of a session.
    pub fn clear(&mut self) {
        self.unreleased.clear();
    }
}
