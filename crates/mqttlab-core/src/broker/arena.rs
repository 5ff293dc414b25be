//! Places for values, with keys that cannot be mixed up.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Index, IndexMut};

/// The place of a value in an [`Arena`].
pub(super) trait Key: Copy + fmt::Debug {
    fn new(index: usize) -> Self;
    fn index(self) -> usize;
}

macro_rules! keys {
    ($($(#[$doc:meta])+ $name:ident;)+) => {
        $(
            $(#[$doc])+
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
            pub(super) struct $name(u32);

            impl Key for $name {
                fn new(index: usize) -> Self {
                    Self(u32::try_from(index).expect("limits keep every arena below 2^32 values"))
                }

                fn index(self) -> usize {
                    self.0 as usize
                }
            }
        )+
    };
}

keys! {
    /// A connection.
    ConnKey;
    /// A session.
    SessionKey;
    /// A message that somebody waits for.
    MessageKey;
    /// A shared subscription.
    ShareKey;
    /// A node of the topic tree.
    NodeKey;
    /// A member of shared subscriptions whose session is in another shard.
    MemberKey;
}

/// So many values are in one segment.
const SEGMENT: usize = 32;

/// Values under keys that are used again when the value is gone; the order is that of the keys.
///
/// They live in segments of fixed size, so that growing neither copies what is there nor reserves twice what is needed.
#[derive(Clone, Debug)]
pub(super) struct Arena<K, T> {
    segments: Vec<Box<[Slot<T>; SEGMENT]>>,
    len: usize,
    /// The place that became free last, and through it the others.
    free: Option<u32>,
    keys: PhantomData<K>,
}

#[derive(Clone, Debug)]
enum Slot<T> {
    Used(T),
    Free { next: Option<u32> },
}

impl<K: Key, T> Arena<K, T> {
    /// The bytes that a value takes up here.
    pub(super) const PLACE: usize = size_of::<Slot<T>>();

    pub(super) const fn new() -> Self {
        Self {
            segments: Vec::new(),
            len: 0,
            free: None,
            keys: PhantomData,
        }
    }

    pub(super) fn insert(&mut self, value: T) -> K {
        self.len += 1;
        if let Some(index) = self.free {
            let index = index as usize;
            let slot = &mut self.segments[index / SEGMENT][index % SEGMENT];
            if let Slot::Free { next } = core::mem::replace(slot, Slot::Used(value)) {
                self.free = next;
            }
            return K::new(index);
        }
        // All places are taken: one more segment, whose first place is used and the others are free.
        let start = self.segments.len() * SEGMENT;
        let mut value = Some(value);
        let slots = (0..SEGMENT).map(|at| match value.take() {
            Some(value) => Slot::Used(value),
            None => Slot::Free {
                next: (at + 1 < SEGMENT).then_some((start + at + 1) as u32),
            },
        });
        let slots: Box<[Slot<T>]> = slots.collect();
        let Ok(segment) = slots.try_into() else {
            unreachable!("a segment has so many slots");
        };
        self.segments.push(segment);
        self.free = Some(start as u32 + 1);
        K::new(start)
    }

    /// Takes out a value that is there.
    pub(super) fn remove(&mut self, key: K) -> T {
        let index = key.index();
        let slot = &mut self.segments[index / SEGMENT][index % SEGMENT];
        let free = Slot::Free { next: self.free };
        let Slot::Used(value) = core::mem::replace(slot, free) else {
            unreachable!("a key is used as long as its value is there");
        };
        self.free = Some(index as u32);
        self.len -= 1;
        if self.len == 0 && self.segments.len() > 1 {
            // After a flood, memory goes back.
            self.segments = Vec::new();
            self.free = None;
        }
        value
    }

    pub(super) fn get(&self, key: K) -> Option<&T> {
        let segment = self.segments.get(key.index() / SEGMENT)?;
        match &segment[key.index() % SEGMENT] {
            Slot::Used(value) => Some(value),
            Slot::Free { .. } => None,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (K, &T)> {
        let slots = self
            .segments
            .iter()
            .flat_map(|segment| segment.iter())
            .enumerate();
        slots.filter_map(|(index, slot)| match slot {
            Slot::Used(value) => Some((K::new(index), value)),
            Slot::Free { .. } => None,
        })
    }
}

impl<K: Key, T> Index<K> for Arena<K, T> {
    type Output = T;

    #[inline]
    fn index(&self, key: K) -> &T {
        match &self.segments[key.index() / SEGMENT][key.index() % SEGMENT] {
            Slot::Used(value) => value,
            Slot::Free { .. } => unreachable!("a key is used as long as its value is there"),
        }
    }
}

impl<K: Key, T> IndexMut<K> for Arena<K, T> {
    #[inline]
    fn index_mut(&mut self, key: K) -> &mut T {
        match &mut self.segments[key.index() / SEGMENT][key.index() % SEGMENT] {
            Slot::Used(value) => value,
            Slot::Free { .. } => unreachable!("a key is used as long as its value is there"),
        }
    }
}
