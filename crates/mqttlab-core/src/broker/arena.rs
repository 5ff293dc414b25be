//! Slabs with keys that cannot be mixed up.

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Index, IndexMut};

use slab::Slab;

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
}

/// So many empty places are kept at most when the last value is gone.
const KEPT_MAX: usize = 256;

/// Values under keys that are used again when the value is gone; the order is that of the keys.
#[derive(Clone, Debug)]
pub(super) struct Arena<K, T> {
    slab: Slab<T>,
    keys: PhantomData<K>,
}

impl<K: Key, T> Arena<K, T> {
    pub(super) const fn new() -> Self {
        Self {
            slab: Slab::new(),
            keys: PhantomData,
        }
    }

    pub(super) fn insert(&mut self, value: T) -> K {
        K::new(self.slab.insert(value))
    }

    /// Takes out a value that is there.
    pub(super) fn remove(&mut self, key: K) -> T {
        let value = self.slab.remove(key.index());
        if self.slab.is_empty() && self.slab.capacity() > KEPT_MAX {
            // After a flood, memory goes back.
            self.slab = Slab::new();
        }
        value
    }

    pub(super) fn get(&self, key: K) -> Option<&T> {
        self.slab.get(key.index())
    }

    pub(super) fn len(&self) -> usize {
        self.slab.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (K, &T)> {
        self.slab
            .iter()
            .map(|(index, value)| (K::new(index), value))
    }
}

impl<K: Key, T> Index<K> for Arena<K, T> {
    type Output = T;

    fn index(&self, key: K) -> &T {
        &self.slab[key.index()]
    }
}

impl<K: Key, T> IndexMut<K> for Arena<K, T> {
    fn index_mut(&mut self, key: K) -> &mut T {
        &mut self.slab[key.index()]
    }
}
