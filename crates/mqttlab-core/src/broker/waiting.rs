//! The queue of a session, and its books.

use alloc::collections::{VecDeque, vec_deque};

use crate::broker::message::{Delivery, Messages};
use crate::packet::QoS;

/// What each waiting message costs a session beside the message itself.
pub(super) const QUEUED_OVERHEAD: u64 = 48;

/// Messages that wait for one session, in their order.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    list: VecDeque<Delivery>,
    bytes: u64,
    /// How many of them are QoS 0.
    qos0: usize,
}

impl Waiting {
    pub(super) const fn new() -> Self {
        Self {
            list: VecDeque::new(),
            bytes: 0,
            qos0: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What all of them take up in the books.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many bytes of memory the list takes.
    pub(super) fn memory(&self) -> usize {
        self.list.capacity() * core::mem::size_of::<Delivery>()
    }

    /// Whether a QoS 0 message is among them.
    pub(super) const fn has_qos0(&self) -> bool {
        self.qos0 > 0
    }

    pub(super) fn front(&self) -> Option<&Delivery> {
        self.list.front()
    }

    pub(super) fn iter(&self) -> vec_deque::Iter<'_, Delivery> {
        self.list.iter()
    }

    pub(super) fn push(&mut self, delivery: Delivery, messages: &Messages) {
        self.bytes += size_of(&delivery, messages);
        self.qos0 += usize::from(delivery.qos == QoS::AtMostOnce);
        self.list.push_back(delivery);
    }

    /// Takes the one out that has waited longest.
    pub(super) fn pop(&mut self, messages: &Messages) -> Option<Delivery> {
        let delivery = self.list.pop_front()?;
        self.forget(&delivery, messages);
        Some(delivery)
    }

    /// Takes the first one out with this number.
    pub(super) fn take(&mut self, number: u64, messages: &Messages) -> Option<Delivery> {
        let mut list = self.list.iter();
        let at = list.position(|delivery| messages.get(delivery.message).number == number)?;
        let delivery = self.list.remove(at)?;
        self.forget(&delivery, messages);
        Some(delivery)
    }

    fn forget(&mut self, delivery: &Delivery, messages: &Messages) {
        self.bytes -= size_of(delivery, messages);
        self.qos0 -= usize::from(delivery.qos == QoS::AtMostOnce);
        if self.list.is_empty() {
            // What a long absence needed goes back.
            self.list = VecDeque::new();
        }
    }

    /// # Panics
    /// If the books are wrong.
    pub(super) fn check(&self, messages: &Messages) {
        let bytes: u64 = self.iter().map(|one| size_of(one, messages)).sum();
        assert_eq!(self.bytes, bytes, "the bytes that wait are counted");
        let qos0 = self.iter().filter(|one| one.qos == QoS::AtMostOnce).count();
        assert_eq!(self.qos0, qos0, "the QoS 0 messages that wait are counted");
    }
}

impl IntoIterator for Waiting {
    type Item = Delivery;
    type IntoIter = vec_deque::IntoIter<Delivery>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

/// What a waiting message takes up in the books of a session.
pub(super) fn size_of(delivery: &Delivery, messages: &Messages) -> u64 {
    messages.get(delivery.message).size() + QUEUED_OVERHEAD
}
