//! Shared subscriptions: one message for one of many (5.0, section 4.8.2).

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::arena::{Arena, MemberKey, SessionKey, ShareKey};
use crate::broker::deliver::{Hop, Via, must_wait};
use crate::broker::message::Message;
use crate::broker::policy::SharedDispatch;
use crate::broker::publish::Spread;
use crate::broker::shard::Chosen;
use crate::broker::sink::Sink;
use crate::broker::tree::{Granted, Member};
use crate::broker::{Broker, Cx};
use crate::packet::{QoS, SubscriptionOptions};
use crate::topic::split_share;
use crate::why::{Decision, why};

/// So many members are looked at for one message at most.
const LOOKED_AT_MAX: usize = 64;

/// All shared subscriptions.
#[derive(Clone, Debug)]
pub(super) struct Shares {
    arena: Arena<ShareKey, Share>,
    by_filter: BTreeMap<Arc<str>, ShareKey>,
}

#[derive(Clone, Debug)]
struct Share {
    /// `$share/NAME/FILTER`.
    filter: Arc<str>,
    /// In the order in which they came.
    members: Vec<(SessionKey, Granted)>,
    /// Members whose sessions are in other shards; they come after those that are here.
    elsewhere: Vec<MemberKey>,
    /// Whose turn it is; the one before had the last message.
    next: usize,
}

impl Shares {
    pub(super) const fn new() -> Self {
        Self {
            arena: Arena::new(),
            by_filter: BTreeMap::new(),
        }
    }

    pub(super) fn find(&self, filter: &str) -> Option<ShareKey> {
        self.by_filter.get(filter).copied()
    }

    /// Every one with its members.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &[(SessionKey, Granted)])> {
        self.arena
            .iter()
            .map(|(_, share)| (&share.filter, &*share.members))
    }

    /// The members of one of them that are in other shards.
    pub(super) fn elsewhere(&self, filter: &str) -> &[MemberKey] {
        self.find(filter)
            .map_or(&[], |share| &self.arena[share].elsewhere)
    }

    /// A member that is here.
    pub(super) fn member(&self, share: ShareKey, at: usize) -> (SessionKey, Granted) {
        self.arena[share].members[at]
    }
}

impl Broker {
    /// Adds a member or replaces what it was granted. True when it was one.
    pub(super) fn join_share(
        &mut self,
        filter: &Arc<str>,
        key: SessionKey,
        granted: Granted,
    ) -> bool {
        let share = self.share_or_new(filter);
        let share = &mut self.shares.arena[share];
        let mut members = share.members.iter_mut();
        match members.find(|(member, _)| *member == key) {
            Some((_, old)) => {
                *old = granted;
                true
            }
            None => {
                share.next += usize::from(share.next > share.members.len());
                share.members.push((key, granted));
                false
            }
        }
    }

    fn share_or_new(&mut self, filter: &Arc<str>) -> ShareKey {
        if let Some(share) = self.shares.find(filter) {
            return share;
        }
        let share = self.shares.arena.insert(Share {
            filter: filter.clone(),
            members: Vec::new(),
            elsewhere: Vec::new(),
            next: 0,
        });
        self.shares.by_filter.insert(filter.clone(), share);
        let everybody = Granted {
            options: SubscriptionOptions::default(),
            identifier: 0,
        };
        self.tree
            .insert(inner(filter), Member::Share(share), everybody);
        share
    }

    /// The Client Identifiers of all members.
    pub(super) fn share_members(&self, share: ShareKey) -> Vec<Arc<str>> {
        let share = &self.shares.arena[share];
        let here = share.members.iter();
        let here = here.map(|(key, _)| self.sessions[*key].client_id.clone());
        let group = self.peers.group();
        let elsewhere = share.elsewhere.iter();
        let elsewhere =
            elsewhere.filter_map(|key| Some(group?.members.get(*key).client_id.clone()));
        here.chain(elsewhere).collect()
    }

    /// Adds a member whose session is in another shard, and that was none.
    pub(super) fn join_share_elsewhere(&mut self, filter: &Arc<str>, key: MemberKey) {
        let share = self.share_or_new(filter);
        self.shares.arena[share].elsewhere.push(key);
    }

    /// Takes such a member out.
    pub(super) fn leave_share_elsewhere(&mut self, filter: &str, key: MemberKey) {
        let Some(share_key) = self.shares.find(filter) else {
            return;
        };
        let share = &mut self.shares.arena[share_key];
        if let Some(at) = share.elsewhere.iter().position(|member| *member == key) {
            share.elsewhere.remove(at);
            share.next -= usize::from(share.next > share.members.len() + at);
            self.end_empty_share(share_key);
        }
    }

    fn end_empty_share(&mut self, key: ShareKey) {
        let share = &self.shares.arena[key];
        if share.members.is_empty() && share.elsewhere.is_empty() {
            let filter = self.shares.arena.remove(key).filter;
            self.shares.by_filter.remove(&filter);
            self.tree.remove(inner(&filter), Member::Share(key));
        }
    }

    /// Takes a member out; without members the shared subscription is gone, and with it its key.
    pub(super) fn leave_share(&mut self, filter: &str, key: SessionKey) {
        let Some(share_key) = self.shares.find(filter) else {
            return;
        };
        let share = &mut self.shares.arena[share_key];
        let Some(at) = share.members.iter().position(|(member, _)| *member == key) else {
            return;
        };
        share.members.remove(at);
        if share.next > at {
            share.next -= 1;
        }
        self.end_empty_share(share_key);
    }

    /// Gives a message to one member.
    pub(super) fn offer_share<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        spread: &mut Spread<'_>,
        share: ShareKey,
    ) {
        let filter = self.shares.arena[share].filter.clone();
        let Some(at) = self.choose(share, spread.incoming.qos) else {
            return self.say_share_empty(cx, spread.incoming.number, &filter);
        };
        let chosen = &mut self.shares.arena[share];
        chosen.next = at + 1;
        let Some(&(session, granted)) = chosen.members.get(at) else {
            let member = chosen.elsewhere[at - chosen.members.len()];
            return self.offer_elsewhere(cx, spread, &filter, member);
        };
        why!(
            cx,
            cx.conn,
            V5_4_8_2_3,
            Decision::ShareChose {
                message: spread.incoming.number,
                share: filter.clone(),
                client_id: self.sessions[session].client_id.clone(),
            }
        );
        let hop = Hop {
            via: Via::Share(&filter),
            granted: granted.options.qos,
            retain_as_published: granted.options.retain_as_published,
            identifiers: granted.identifiers(),
        };
        self.offer(cx, spread, session, &hop);
    }

    #[cold]
    pub(super) fn say_share_empty<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        message: u64,
        share: &Arc<str>,
    ) {
        self.counters.share_empty += 1;
        why!(
            cx,
            cx.conn,
            none,
            Decision::ShareEmpty {
                message,
                share: share.clone(),
            }
        );
    }

    /// Gives a message to a member in another shard.
    #[cold]
    fn offer_elsewhere<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        spread: &mut Spread<'_>,
        share: &Arc<str>,
        key: MemberKey,
    ) {
        let Some(group) = self.peers.group() else {
            return;
        };
        why!(
            cx,
            cx.conn,
            V5_4_8_2_3,
            Decision::ShareChose {
                message: spread.incoming.number,
                share: share.clone(),
                client_id: group.members.get(key).client_id.clone(),
            }
        );
        self.tell_chosen(cx, spread, share, key);
    }

    /// Which member gets the next message of this QoS: its place among those here, and then those elsewhere.
    fn choose(&mut self, key: ShareKey, qos: QoS) -> Option<usize> {
        let share = &self.shares.arena[key];
        let count = share.members.len() + share.elsewhere.len();
        let start = match self.config.shared_dispatch {
            SharedDispatch::RoundRobin | SharedDispatch::RoundRobinAll => share.next,
            SharedDispatch::Sticky => share.next + count - 1,
            SharedDispatch::Random => self.rng.below(count as u64) as usize,
        };
        let best = match self.config.shared_dispatch {
            SharedDispatch::RoundRobinAll => Readiness::Away,
            SharedDispatch::Sticky => Readiness::Connected,
            SharedDispatch::RoundRobin | SharedDispatch::Random => Readiness::Free,
        };
        let found = self.readiest(share, start, count, qos, best);
        found.map(|(_, at)| at)
    }

    /// Which member that is here gets a message that another shard has chosen one of them for: that one, if it is as
    /// ready as was believed, or else the readiest.
    pub(super) fn choose_here(&self, key: ShareKey, chosen: &Chosen) -> Option<usize> {
        let share = &self.shares.arena[key];
        let named = self.clients.get(&chosen.client_id).copied();
        let mut members = share.members.iter();
        let named = members.position(|(member, _)| Some(*member) == named);
        let best = match self.config.shared_dispatch {
            SharedDispatch::RoundRobinAll => Readiness::Away,
            SharedDispatch::Sticky => Readiness::Connected,
            SharedDispatch::RoundRobin | SharedDispatch::Random => Readiness::Free,
        };
        let start = named.unwrap_or(share.next);
        let count = share.members.len();
        let (readiness, at) = self.readiest(share, start, count, chosen.letter.qos, best)?;
        // The other shard may know of somebody who is connected.
        let is_known = chosen.is_away || chosen.returned > 0;
        (is_known || readiness >= best.min(Readiness::Connected)).then_some(at)
    }

    /// The first of `count` members from `start` on that is so ready, or else the readiest that can take it at all.
    fn readiest(
        &self,
        share: &Share,
        start: usize,
        count: usize,
        qos: QoS,
        best: Readiness,
    ) -> Option<(Readiness, usize)> {
        let mut second: Option<(Readiness, usize)> = None;
        for at in (start..start + count.min(LOOKED_AT_MAX)).map(|at| at % count) {
            let readiness = match share.members.get(at) {
                Some(&(session, _)) => self.readiness(session, qos),
                None => self.readiness_elsewhere(share.elsewhere[at - share.members.len()], qos),
            };
            if readiness >= best {
                return Some((readiness, at));
            }
            if second.is_none_or(|(second, _)| readiness > second) {
                second = Some((readiness, at));
            }
        }
        second.filter(|(readiness, _)| *readiness > Readiness::Unfit)
    }

    /// Of a member elsewhere it is not known whether it has room.
    fn readiness_elsewhere(&self, key: MemberKey, qos: QoS) -> Readiness {
        let group = self.peers.group();
        if group.is_some_and(|group| group.members.get(key).is_connected) {
            Readiness::Free
        } else if qos == QoS::AtMostOnce && !self.config.queue_qos0 {
            Readiness::Unfit
        } else {
            Readiness::Away
        }
    }

    fn readiness(&self, key: SessionKey, qos: QoS) -> Readiness {
        let session = &self.sessions[key];
        match session.conn {
            Some(conn) if must_wait(session.flow(), &self.conns[conn], &self.config).is_none() => {
                Readiness::Free
            }
            Some(_) => Readiness::Connected,
            None if qos == QoS::AtMostOnce && !self.config.queue_qos0 => Readiness::Unfit,
            None => Readiness::Away,
        }
    }

    /// Gives the messages that a member had not acknowledged when its session ended to the others. A QoS 2 message
    /// whose delivery has begun is not given to another. [MQTT-4.8.2-5]
    pub(super) fn move_on<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        from: &Arc<str>,
        owed: Vec<(Arc<str>, Message)>,
    ) {
        for (filter, message) in owed {
            let Some(share) = self.shares.find(&filter) else {
                continue;
            };
            why!(
                cx,
                None,
                none,
                Decision::ShareMovedOn {
                    message: message.number,
                    share: filter,
                    from: from.clone(),
                }
            );
            self.offer_again(cx, &message, share);
        }
    }
}

/// How ready a member is to take a message, from not at all on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Readiness {
    Unfit,
    Away,
    Connected,
    Free,
}

/// The filter inside `$share/NAME/FILTER`.
fn inner(filter: &str) -> &str {
    match split_share(filter) {
        Ok((Some(_), inner)) => inner,
        Ok((None, _)) | Err(_) => filter,
    }
}
