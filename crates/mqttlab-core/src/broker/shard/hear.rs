//! What other shards tell, and what becomes of it.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::group::HeardCache;
use super::interest::Marks;
use super::letter::Letter;
use super::word::{Chosen, Kind, Word};
use super::{Shard, ShardId, To};
use crate::broker::deliver::{Hop, Via};
use crate::broker::publish::Spread;
use crate::broker::sink::Sink;
use crate::broker::tree::Routes;
use crate::broker::{Broker, Cx};
use crate::why::{Decision, why};

/// So often a message goes back from a member that cannot take it; then nobody gets it.
const RETURNED_MAX: u8 = 4;

impl Broker {
    /// Makes this broker one of several.
    ///
    /// Call it for a broker without sessions and before its first input. Shard [`Shard::ONE`] is what it is without.
    ///
    /// # Panics
    /// If there are sessions: those of a store come with [`restore_shard`](Self::restore_shard).
    #[cfg(feature = "shards")]
    #[must_use]
    pub fn into_shard(mut self, shard: Shard) -> Self {
        assert!(
            self.sessions.len() == 0,
            "a broker becomes a shard before it has sessions"
        );
        self.peers = super::Peers::of(shard);
        self.last_number = self.peers.count_from(self.last_number);
        self
    }

    /// Which shard it is, of how many.
    pub fn shard(&self) -> Shard {
        self.peers.shard()
    }

    /// Handles a word of another shard.
    pub(in crate::broker) fn on_peer<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        from: ShardId,
        word: &Word,
    ) {
        if self.peers.is_alone() || from.number() >= self.shard().of() {
            return;
        }
        match &word.0 {
            Kind::Message(letter) => self.on_message(cx, from, letter),
            Kind::ForShare(chosen) => self.on_for_share(cx, from, chosen),
            Kind::Returned(chosen) => self.on_returned(cx, chosen),
            Kind::Joined(share, client_id) => self.on_joined(from, share, client_id, true),
            Kind::Left(share, client_id) => self.on_left(share, client_id),
            Kind::Gone(client_id) => self.forget_member(client_id),
            Kind::Connected(client_id, is_connected) => {
                if let Some(group) = self.peers.group_mut() {
                    group.members.set_connected(client_id, *is_connected);
                }
            }
            Kind::Wants(sketch) | Kind::WantsOnly(sketch) => {
                if let Some(group) = self.peers.group_mut() {
                    group.set_interests(from, sketch);
                }
            }
            Kind::AreYouPast(number) => {
                self.count_past(*number);
                self.tell_past(cx, from);
            }
            Kind::Past(number) => {
                if let Some(group) = self.peers.group_mut() {
                    group.removed.heard(from, *number);
                }
                self.settle_removed(cx);
            }
        }
    }

    /// What is counted from here on is larger than `number`.
    fn count_past(&mut self, number: u64) {
        if number > self.last_number {
            self.last_number = self.peers.count_from(number);
        }
    }

    /// A message goes to this shard's own sessions, and no further.
    fn on_message<S: Sink>(&mut self, cx: &mut Cx<'_, S>, from: ShardId, letter: &Arc<Letter>) {
        self.count_past(letter.number);
        let Some(group) = self.peers.group_mut() else {
            return;
        };
        group.removed.heard(from, letter.number);
        let topic = Marks::of(&letter.topic);
        // That what was passed on again has come here counts, whoever wants it.
        let is_news = letter.keep || letter.again.is_some();
        if !is_news && !group.own.wants(&topic) {
            if let Some(sketch) = group.came_in_vain(&topic) {
                cx.sink.tell(To::Others, Word(Kind::WantsOnly(sketch)));
            }
            return;
        }
        why!(
            cx,
            None,
            none,
            Decision::Heard {
                message: letter.number,
                topic: letter.topic.clone(),
                shard: from.number(),
            }
        );
        if letter.is_once && (letter.again.is_some() || self.is_of_use(letter)) {
            self.note_heard(cx, from, letter);
        }
        self.spread_heard(cx, letter);
    }

    /// Whether anything that is stored comes of a message here.
    fn is_of_use(&mut self, letter: &Letter) -> bool {
        let cache = self.heard_routes(&letter.topic);
        let is_of_use = !cache.routes.direct.is_empty();
        self.keep_heard_routes(cache);
        is_of_use || letter.keep && self.shard().owns(&letter.topic)
    }

    /// Passes a message on to those who have subscribed themselves, and have not had it before.
    pub(super) fn spread_heard<S: Sink>(&mut self, cx: &mut Cx<'_, S>, letter: &Arc<Letter>) {
        let cache = self.heard_routes(&letter.topic);
        let holders = u32::from(letter.keep) + cache.routes.direct.len() as u32;
        let mut spread = self.begin_heard(letter, holders);
        if letter.keep {
            self.retain_heard(cx, &mut spread);
        }
        match letter.again {
            None => self.follow_direct(cx, &mut spread, &cache.routes),
            Some(again) => {
                let mut routes = cache.routes.clone();
                let had = |session| again.had(&self.sessions[session].client_id);
                routes.direct.retain(|route| !had(route.session));
                self.follow_direct(cx, &mut spread, &routes);
            }
        }
        self.end_spread(spread);
        self.keep_heard_routes(cache);
    }

    fn keep_heard_routes(&mut self, cache: Box<HeardCache>) {
        if let Some(group) = self.peers.group_mut() {
            group.cache = Some(cache);
        }
    }

    /// A message of another shard, whose payload is stored already.
    pub(super) fn begin_heard<'a>(&mut self, letter: &'a Arc<Letter>, holders: u32) -> Spread<'a> {
        let mut spread = self.begin_spread(letter.incoming(), holders);
        spread.layouts.letter = Some(Arc::clone(letter));
        spread
    }

    /// Who gets a topic here: remembered from the last message, or found in the tree.
    pub(super) fn heard_routes(&mut self, topic: &Arc<str>) -> Box<HeardCache> {
        let generation = self.tree.generation();
        let kept = self.peers.group_mut().and_then(|group| group.cache.take());
        let mut cache = kept.unwrap_or_else(|| {
            Box::new(HeardCache {
                topic: Arc::clone(topic),
                generation: u64::MAX,
                routes: Routes::default(),
            })
        });
        if cache.generation != generation || cache.topic != *topic {
            cache.topic = Arc::clone(topic);
            cache.generation = generation;
            let overlap = self.config.overlap;
            self.tree.find(topic, None, overlap, &mut cache.routes);
        }
        cache
    }

    /// A message for a member of a shared subscription that another shard has chosen here. If it is not what that shard
    /// believed, another member here gets it, or it goes back.
    fn on_for_share<S: Sink>(&mut self, cx: &mut Cx<'_, S>, from: ShardId, chosen: &Arc<Chosen>) {
        let letter = &chosen.letter;
        let found = self.shares.find(&chosen.share);
        let at = found.and_then(|share| Some((share, self.choose_here(share, chosen)?)));
        let Some((share, at)) = at else {
            let word = Word(Kind::Returned(Arc::clone(chosen)));
            return cx.sink.tell(To::One(from), word);
        };
        let (session, granted) = self.shares.member(share, at);
        let client_id = Arc::clone(&self.sessions[session].client_id);
        if client_id != chosen.client_id {
            self.say_moved_on(cx, chosen);
            why!(
                cx,
                None,
                V5_4_8_2_3,
                Decision::ShareChose {
                    message: letter.number,
                    share: chosen.share.clone(),
                    client_id,
                }
            );
        }
        let hop = Hop {
            via: Via::Share(&chosen.share),
            granted: granted.options.qos,
            retain_as_published: granted.options.retain_as_published,
            identifiers: granted.identifiers(),
        };
        if letter.is_once {
            self.note_heard(cx, from, letter);
        }
        let mut spread = self.begin_heard(letter, 1);
        self.offer(cx, &mut spread, session, &hop);
        self.end_spread(spread);
    }

    /// A message comes back from a member that could not take it: another one is chosen.
    fn on_returned<S: Sink>(&mut self, cx: &mut Cx<'_, S>, chosen: &Chosen) {
        let share = self.shares.find(&chosen.share);
        let Some(share) = share.filter(|_| chosen.returned < RETURNED_MAX) else {
            return self.say_share_empty(cx, chosen.letter.number, &chosen.share);
        };
        self.say_moved_on(cx, chosen);
        let mut spread = self.begin_heard(&chosen.letter, 1);
        spread.layouts.returned = chosen.returned + 1;
        self.offer_share(cx, &mut spread, share);
        spread.layouts.returned = 0;
        self.end_spread(spread);
    }

    fn say_moved_on<S: Sink>(&self, cx: &mut Cx<'_, S>, chosen: &Chosen) {
        why!(
            cx,
            None,
            none,
            Decision::ShareMovedOn {
                message: chosen.letter.number,
                share: chosen.share.clone(),
                from: chosen.client_id.clone(),
            }
        );
    }

    /// A client of another shard is a member of a shared subscription.
    pub(in crate::broker) fn on_joined(
        &mut self,
        from: ShardId,
        share: &Arc<str>,
        client_id: &Arc<str>,
        is_connected: bool,
    ) {
        let Some(group) = self.peers.group_mut() else {
            return;
        };
        let joined = group.members.join(client_id, from, share);
        group.members.set_connected(client_id, is_connected);
        if let Some(key) = joined {
            self.join_share_elsewhere(share, key);
        }
    }

    /// A client of another shard has left a shared subscription.
    pub(in crate::broker) fn on_left(&mut self, share: &str, client_id: &str) {
        let Some(group) = self.peers.group_mut() else {
            return;
        };
        if let Some(key) = group.members.leave(client_id, share) {
            group.members.forget(key);
            self.leave_share_elsewhere(share, key);
        }
    }

    /// A client of another shard is no member of any.
    pub(in crate::broker) fn forget_member(&mut self, client_id: &str) {
        while let Some(share) = self.peers.group().and_then(|group| {
            let member = group.members.get(group.members.find(client_id)?);
            member.shares.last().cloned()
        }) {
            self.on_left(&share, client_id);
        }
    }
}
