//! Shared subscriptions: one message for one of many (5.0, section 4.8.2).

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::arena::{Arena, SessionKey, ShareKey};
use crate::broker::deliver::{Hop, Via, must_wait};
use crate::broker::message::Message;
use crate::broker::policy::SharedDispatch;
use crate::broker::publish::Spread;
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
}

impl Broker {
    /// Adds a member or replaces what it was granted. True when it was one.
    pub(super) fn join_share(
        &mut self,
        filter: &Arc<str>,
        key: SessionKey,
        granted: Granted,
    ) -> bool {
        let share = match self.shares.find(filter) {
            Some(share) => share,
            None => {
                let share = self.shares.arena.insert(Share {
                    filter: filter.clone(),
                    members: Vec::new(),
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
        };
        let members = &mut self.shares.arena[share].members;
        match members.iter_mut().find(|(member, _)| *member == key) {
            Some((_, old)) => {
                *old = granted;
                true
            }
            None => {
                members.push((key, granted));
                false
            }
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
        if share.members.is_empty() {
            self.shares.by_filter.remove(filter);
            self.shares.arena.remove(share_key);
            self.tree.remove(inner(filter), Member::Share(share_key));
        }
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
            self.counters.share_empty += 1;
            why!(
                cx,
                cx.conn,
                none,
                Decision::ShareEmpty {
                    message: spread.incoming.number,
                    share: filter,
                }
            );
            return;
        };
        let chosen = &mut self.shares.arena[share];
        chosen.next = at + 1;
        let (session, granted) = chosen.members[at];
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

    /// Which member gets the next message of this QoS.
    fn choose(&mut self, key: ShareKey, qos: QoS) -> Option<usize> {
        let share = &self.shares.arena[key];
        let count = share.members.len();
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
        let mut second: Option<(Readiness, usize)> = None;
        for at in (start..start + count.min(LOOKED_AT_MAX)).map(|at| at % count) {
            let (session, _) = share.members[at];
            let readiness = self.readiness(session, qos);
            if readiness >= best {
                return Some(at);
            }
            if second.is_none_or(|(second, _)| readiness > second) {
                second = Some((readiness, at));
            }
        }
        second
            .filter(|(readiness, _)| *readiness > Readiness::Unfit)
            .map(|(_, at)| at)
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
