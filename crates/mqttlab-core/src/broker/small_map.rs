//! A map that is small where there is little in it.

use alloc::collections::{BTreeMap, btree_map};
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::{mem, slice};

/// So many entries are kept in one sorted list; with more it becomes a tree.
const LIST_MAX: usize = 16;

/// A map in the order of its keys. Most nodes of a topic tree have one child or one subscriber, and some have thousands.
#[derive(Clone, Debug)]
pub(super) enum SmallMap<K, V> {
    List(Vec<(K, V)>),
    Tree(BTreeMap<K, V>),
}

impl<K: Ord, V> SmallMap<K, V> {
    pub(super) const fn new() -> Self {
        Self::List(Vec::new())
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::List(list) => list.is_empty(),
            Self::Tree(tree) => tree.is_empty(),
        }
    }

    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        match self {
            Self::List(list) => position(list, key).ok().map(|at| &list[at].1),
            Self::Tree(tree) => tree.get(key),
        }
    }

    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self {
            Self::Tree(tree) => tree.insert(key, value),
            Self::List(list) => match position(list, &key) {
                Ok(at) => Some(mem::replace(&mut list[at].1, value)),
                Err(at) if list.len() < LIST_MAX => {
                    list.reserve_exact(1);
                    list.insert(at, (key, value));
                    None
                }
                Err(_) => {
                    let mut tree = BTreeMap::new();
                    tree.extend(mem::take(list));
                    tree.insert(key, value);
                    *self = Self::Tree(tree);
                    None
                }
            },
        }
    }

    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        match self {
            Self::List(list) => position(list, key).ok().map(|at| list.remove(at).1),
            Self::Tree(tree) => tree.remove(key),
        }
    }

    pub(super) fn iter(&self) -> Iter<'_, K, V> {
        match self {
            Self::List(list) => Iter::List(list.iter()),
            Self::Tree(tree) => Iter::Tree(tree.iter()),
        }
    }
}

/// The entries in the order of their keys.
pub(super) enum Iter<'a, K, V> {
    List(slice::Iter<'a, (K, V)>),
    Tree(btree_map::Iter<'a, K, V>),
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::List(list) => list.next().map(|(key, value)| (key, value)),
            Self::Tree(tree) => tree.next(),
        }
    }
}

fn position<K: Borrow<Q>, Q: Ord + ?Sized, V>(list: &[(K, V)], key: &Q) -> Result<usize, usize> {
    list.binary_search_by(|(other, _)| other.borrow().cmp(key))
}
