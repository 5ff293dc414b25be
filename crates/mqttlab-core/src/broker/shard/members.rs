//! Members of shared subscriptions whose sessions are in other shards.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::ShardId;
use crate::broker::arena::{Arena, MemberKey};

/// All of them, by Client Identifier.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Members {
    arena: Arena<MemberKey, Member>,
    by_client: BTreeMap<Arc<str>, MemberKey>,
}

/// A client that is a member of shared subscriptions.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Member {
    pub(in crate::broker) client_id: Arc<str>,
    pub(in crate::broker) shard: ShardId,
    pub(in crate::broker) is_connected: bool,
    /// `$share/NAME/FILTER` of each.
    pub(in crate::broker) shares: Vec<Arc<str>>,
}

impl Members {
    #[cfg(feature = "shards")]
    pub(super) const fn new() -> Self {
        Self {
            arena: Arena::new(),
            by_client: BTreeMap::new(),
        }
    }

    pub(in crate::broker) fn get(&self, key: MemberKey) -> &Member {
        &self.arena[key]
    }

    pub(in crate::broker) fn find(&self, client_id: &str) -> Option<MemberKey> {
        self.by_client.get(client_id).copied()
    }

    /// Notes that a client of that shard is a member. `None` if that was known.
    pub(super) fn join(
        &mut self,
        client_id: &Arc<str>,
        shard: ShardId,
        share: &Arc<str>,
    ) -> Option<MemberKey> {
        let key = match self.find(client_id) {
            Some(key) => key,
            None => {
                let member = Member {
                    client_id: Arc::clone(client_id),
                    shard,
                    is_connected: false,
                    shares: Vec::new(),
                };
                let key = self.arena.insert(member);
                self.by_client.insert(Arc::clone(client_id), key);
                key
            }
        };
        let shares = &mut self.arena[key].shares;
        let is_new = !shares.iter().any(|known| known == share);
        is_new.then(|| {
            shares.push(Arc::clone(share));
            key
        })
    }

    pub(super) fn set_connected(&mut self, client_id: &str, is_connected: bool) {
        if let Some(key) = self.find(client_id) {
            self.arena[key].is_connected = is_connected;
        }
    }

    /// Notes that a client is no member of that one any more; the caller takes it out there. `None` if it was none.
    pub(super) fn leave(&mut self, client_id: &str, share: &str) -> Option<MemberKey> {
        let key = self.find(client_id)?;
        let shares = &mut self.arena[key].shares;
        let at = shares.iter().position(|known| **known == *share)?;
        shares.swap_remove(at);
        Some(key)
    }

    /// Forgets a client that is a member of nothing.
    pub(super) fn forget(&mut self, key: MemberKey) {
        if self.arena[key].shares.is_empty() {
            let member = self.arena.remove(key);
            self.by_client.remove(&member.client_id);
        }
    }

    /// Every one of them.
    pub(in crate::broker) fn iter(&self) -> impl Iterator<Item = (MemberKey, &Member)> {
        self.arena.iter()
    }
}
