//! Retained messages that are no more, as long as an older message may still come to their place.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

#[cfg(feature = "shards")]
use super::Shard;
use super::ShardId;

/// When so many are remembered, the other shards are asked how far they are.
const ASK_AT: usize = 64;

/// The numbers of the removals, by topic.
///
/// A removal must be remembered until every other shard has told all that it counted before, for that may be an older
/// message for the same topic. Each word tells how far its teller is, but one that says nothing has to be asked. So there
/// are never more than [`ASK_AT`] and those that come while the answers are on their way.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Removed {
    by_topic: BTreeMap<Arc<str>, u64>,
    /// By shard: all that it told up to this number has come. One's own messages are larger than all that were heard of.
    past: Vec<u64>,
    /// A question up to this number is on its way.
    asked: Option<u64>,
}

impl Removed {
    #[cfg(feature = "shards")]
    pub(super) fn new(shard: Shard) -> Self {
        let mut past = alloc::vec![0; usize::from(shard.of())];
        past[usize::from(shard.id().number())] = u64::MAX;
        Self {
            by_topic: BTreeMap::new(),
            past,
            asked: None,
        }
    }

    /// The number of the removal that holds for a topic; 0 for none.
    pub(in crate::broker) fn number(&self, topic: &str) -> u64 {
        self.by_topic.get(topic).copied().unwrap_or(0)
    }

    pub(in crate::broker) fn len(&self) -> usize {
        self.by_topic.len()
    }

    /// Remembers that what the topic had up to `number` is gone.
    pub(super) fn insert(&mut self, topic: &Arc<str>, number: u64) {
        let known = self.by_topic.entry(Arc::clone(topic)).or_insert(number);
        *known = number.max(*known);
    }

    /// The topic has a later message, which itself says what is older.
    pub(in crate::broker) fn forget(&mut self, topic: &str) {
        if !self.by_topic.is_empty() {
            self.by_topic.remove(topic);
        }
    }

    /// That shard has told all that it counted up to `number`.
    #[inline]
    pub(super) fn heard(&mut self, from: ShardId, number: u64) {
        let past = &mut self.past[usize::from(from.number())];
        *past = number.max(*past);
    }

    /// Forgets what is settled. The number to ask the others for, if too much is left.
    pub(super) fn settle(&mut self) -> Option<u64> {
        if self.len() < ASK_AT && self.asked.is_none() {
            return None;
        }
        let past = self.past.iter().min().copied().unwrap_or(0);
        self.by_topic.retain(|_, number| *number > past);
        if self.asked.is_some_and(|asked| asked <= past) {
            self.asked = None;
        }
        if self.asked.is_some() || self.len() < ASK_AT {
            return None;
        }
        self.asked = self.by_topic.values().max().copied();
        self.asked
    }
}
