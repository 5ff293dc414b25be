//! What a shard knows of the others.

use alloc::boxed::Box;
use alloc::sync::Arc;
#[cfg(feature = "shards")]
use alloc::vec;

use super::interest::{Interests, Marks, Sketch};
use super::members::Members;
use super::once::Once;
use super::removed::Removed;
use super::{Shard, ShardId, To};
use crate::broker::tree::Routes;

/// The other shards, if there are any. A build without the feature `shards` knows that there are none.
#[derive(Clone, Debug, Default)]
pub(in crate::broker) struct Peers {
    #[cfg(feature = "shards")]
    group: Option<Box<Group>>,
    /// Also of a broker that is alone now, and had others before a restart.
    #[cfg(feature = "shards")]
    once: Option<Box<Once>>,
}

impl Peers {
    #[cfg(feature = "shards")]
    pub(in crate::broker) fn of(shard: Shard) -> Self {
        let group = (shard.of() > 1).then(|| Box::new(Group::new(shard)));
        Self { group, once: None }
    }

    #[inline]
    #[cfg(feature = "shards")]
    pub(in crate::broker) fn group(&self) -> Option<&Group> {
        self.group.as_deref()
    }

    #[inline]
    #[cfg(feature = "shards")]
    pub(in crate::broker) fn group_mut(&mut self) -> Option<&mut Group> {
        self.group.as_deref_mut()
    }

    #[cfg(feature = "shards")]
    pub(in crate::broker) fn once(&self) -> Option<&Once> {
        self.once.as_deref()
    }

    /// The same, to be changed, if there is any.
    #[cfg(feature = "shards")]
    pub(in crate::broker) fn once_if_any(&mut self) -> Option<&mut Once> {
        self.once.as_deref_mut()
    }

    #[cfg(feature = "shards")]
    pub(in crate::broker) fn once_or_new(&mut self) -> Option<&mut Once> {
        Some(self.once.get_or_insert_default())
    }

    #[cfg(not(feature = "shards"))]
    #[expect(clippy::unused_self, reason = "it is the same with the feature")]
    pub(in crate::broker) const fn once(&self) -> Option<&Once> {
        None
    }

    #[cfg(not(feature = "shards"))]
    #[expect(clippy::unused_self, reason = "it is the same with the feature")]
    pub(in crate::broker) const fn once_if_any(&mut self) -> Option<&mut Once> {
        None
    }

    #[cfg(not(feature = "shards"))]
    #[expect(clippy::unused_self, reason = "it is the same with the feature")]
    pub(in crate::broker) const fn once_or_new(&mut self) -> Option<&mut Once> {
        None
    }

    #[inline]
    #[cfg(not(feature = "shards"))]
    #[expect(clippy::unused_self, reason = "it is the same with the feature")]
    pub(in crate::broker) const fn group(&self) -> Option<&Group> {
        None
    }

    #[inline]
    #[cfg(not(feature = "shards"))]
    #[expect(clippy::unused_self, reason = "it is the same with the feature")]
    pub(in crate::broker) const fn group_mut(&mut self) -> Option<&mut Group> {
        None
    }

    /// Whether this broker is the only shard.
    #[inline]
    pub(in crate::broker) fn is_alone(&self) -> bool {
        self.group().is_none()
    }

    /// Whether another shard may have use for a message to this topic, as far as is known here.
    pub(in crate::broker) fn may_want(&self, topic: &str) -> bool {
        self.group()
            .is_some_and(|group| group.who_may_want(topic) != 0)
    }

    pub(in crate::broker) fn shard(&self) -> Shard {
        self.group().map_or(Shard::ONE, |group| group.shard)
    }

    /// The number for the next message after `last`.
    #[inline]
    pub(in crate::broker) fn next_number(&self, last: u64) -> u64 {
        match self.group() {
            None => last + 1,
            Some(group) => last + u64::from(group.shard.of()),
        }
    }

    /// Where to go on counting from when `number` is given to a message already: what follows is larger, and its
    /// remainder says whose it is.
    pub(in crate::broker) fn count_from(&self, number: u64) -> u64 {
        let Shard { id, of } = self.shard();
        let of = u64::from(of);
        number - number % of + u64::from(id.number())
    }
}

/// A shard among others.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Group {
    pub(super) shard: Shard,
    /// What each shard has use for, of messages that are not to be retained. At first that is everything.
    sketches: Box<[Sketch]>,
    /// What the others believe of this one.
    told: Sketch,
    /// Subscriptions of own sessions that are not shared.
    pub(in crate::broker) own: Interests,
    /// Removals of retained messages that an older message must not undo.
    pub(in crate::broker) removed: Removed,
    /// Members of shared subscriptions whose sessions are elsewhere.
    pub(in crate::broker) members: Members,
    /// Who gets the topic that was heard of last.
    pub(super) cache: Option<Box<HeardCache>>,
}

/// The last topic that another shard told of, and who gets it here.
#[derive(Clone, Debug)]
pub(super) struct HeardCache {
    pub(super) topic: Arc<str>,
    pub(super) generation: u64,
    pub(super) routes: Routes,
}

impl Group {
    #[cfg(feature = "shards")]
    fn new(shard: Shard) -> Self {
        let everything = Sketch::of_everything();
        Self {
            shard,
            sketches: vec![everything.clone(); usize::from(shard.of())].into(),
            told: everything,
            own: Interests::new(),
            removed: Removed::new(shard),
            members: Members::new(),
            cache: None,
        }
    }

    /// How many shards there are.
    pub(in crate::broker) fn count(&self) -> u64 {
        u64::from(self.shard.of())
    }

    /// A bit for each other shard that may have use for a message to this topic which is not to be retained.
    pub(super) fn who_may_want(&self, topic: &str) -> u64 {
        let marks = Marks::of(topic);
        let others = To::Others.shards(self.shard.id(), self.shard.of());
        let sketch = |shard: ShardId| self.sketches.get(usize::from(shard.number()));
        others
            .filter(|&shard| sketch(shard).is_some_and(|sketch| sketch.wants(&marks)))
            .fold(0, |bits, shard| bits | bit(shard))
    }

    /// All others.
    pub(super) fn all(&self) -> u64 {
        let all = u64::MAX >> (64 - u32::from(self.shard.of()));
        all & !bit(self.shard.id())
    }

    /// That shard has use for this.
    pub(super) fn set_interests(&mut self, shard: ShardId, sketch: &Sketch) {
        if let Some(known) = self.sketches.get_mut(usize::from(shard.number())) {
            *known = sketch.clone();
        }
    }

    /// What the others are to believe from now on, if they do not.
    pub(super) fn subscribed(&mut self, filter: &str) -> Option<Sketch> {
        (!self.told.covers(filter)).then(|| self.tell_own())
    }

    /// A message has come that nobody here has use for: the same, if they believe otherwise.
    pub(super) fn came_in_vain(&mut self, topic: &Marks) -> Option<Sketch> {
        self.told.wants(topic).then(|| self.tell_own())
    }

    fn tell_own(&mut self) -> Sketch {
        self.told = self.own.sketch();
        self.told.clone()
    }
}

/// The bit of a shard among all.
pub(super) const fn bit(shard: ShardId) -> u64 {
    1 << (shard.number() % 64)
}
