//! What this shard tells the others.

use alloc::sync::Arc;

use super::group::bit;
use super::letter::Letter;
use super::word::{Chosen, Kind, Word};
use super::{ShardId, To};
use crate::broker::arena::{MemberKey, SessionKey};
use crate::broker::publish::Spread;
use crate::broker::sink::Sink;
use crate::broker::subscribe::is_shared;
use crate::broker::{Broker, Cx};
use crate::packet::QoS;

impl Broker {
    /// Tells of a message that is being passed on here: all others if it changes what is retained, else those that have
    /// use for it.
    #[inline(never)]
    pub(in crate::broker) fn tell_message<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        spread: &mut Spread<'_>,
        keep: bool,
    ) {
        let Some(group) = self.peers.group() else {
            return;
        };
        let (shard, all) = (group.shard, group.all());
        let whom = match keep {
            true => all,
            false => group.who_may_want(spread.incoming.topic),
        };
        if whom == 0 {
            return;
        }
        let letter = self.letter(spread, keep);
        if whom == all {
            return cx.sink.tell(To::Others, Word(Kind::Message(letter)));
        }
        for other in To::Others.shards(shard.id(), shard.of()) {
            if whom & bit(other) != 0 {
                let word = Word(Kind::Message(Arc::clone(&letter)));
                cx.sink.tell(To::One(other), word);
            }
        }
    }

    /// The message in a form that other shards can have.
    fn letter(&self, spread: &mut Spread<'_>, keep: bool) -> Arc<Letter> {
        if let Some(letter) = &spread.layouts.letter {
            return Arc::clone(letter);
        }
        let incoming = &spread.incoming;
        let letter = Arc::new(Letter {
            number: incoming.number,
            source: self.source_of(incoming),
            topic: Arc::clone(incoming.topic),
            payload: spread.layouts.shared_payload(incoming),
            qos: incoming.qos,
            retain: incoming.retain,
            keep,
            is_once: incoming.qos == QoS::ExactlyOnce && incoming.publisher.is_some(),
            again: None,
            properties: incoming.properties.into(),
            expires_at: incoming.expires_at,
        });
        spread.layouts.letter = Some(Arc::clone(&letter));
        letter
    }

    /// Gives a message to a member of a shared subscription in another shard.
    pub(in crate::broker) fn tell_chosen<S: Sink>(
        &self,
        cx: &mut Cx<'_, S>,
        spread: &mut Spread<'_>,
        share: &Arc<str>,
        key: MemberKey,
    ) {
        let letter = self.letter(spread, false);
        let Some(group) = self.peers.group() else {
            return;
        };
        let member = group.members.get(key);
        let chosen = Chosen {
            letter,
            share: Arc::clone(share),
            client_id: Arc::clone(&member.client_id),
            is_away: !member.is_connected,
            returned: spread.layouts.returned,
        };
        let word = Word(Kind::ForShare(Arc::new(chosen)));
        cx.sink.tell(To::One(member.shard), word);
    }

    /// A session has a new subscription.
    pub(in crate::broker) fn tell_subscribed<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        filter: &Arc<str>,
    ) {
        let Some(group) = self.peers.group_mut() else {
            return;
        };
        if is_shared(filter) {
            let client_id = Arc::clone(&self.sessions[key].client_id);
            let word = Kind::Joined(Arc::clone(filter), client_id);
            cx.sink.tell(To::Others, Word(word));
        } else if let Some(sketch) = group.subscribed(filter) {
            cx.sink.tell(To::Others, Word(Kind::Wants(sketch)));
        }
    }

    /// A session has a subscription no more.
    pub(in crate::broker) fn tell_unsubscribed<S: Sink>(
        &self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        filter: &str,
    ) {
        if !self.peers.is_alone() && is_shared(filter) {
            let client_id = Arc::clone(&self.sessions[key].client_id);
            let word = Kind::Left(filter.into(), client_id);
            cx.sink.tell(To::Others, Word(word));
        }
    }

    /// A session is about to end, with all its subscriptions.
    pub(in crate::broker) fn tell_gone<S: Sink>(&self, cx: &mut Cx<'_, S>, key: SessionKey) {
        if self.is_member(key) {
            let client_id = Arc::clone(&self.sessions[key].client_id);
            cx.sink.tell(To::Others, Word(Kind::Gone(client_id)));
        }
    }

    /// A session has a connection now, or has none any more.
    pub(in crate::broker) fn tell_connected<S: Sink>(
        &self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        is_connected: bool,
    ) {
        if self.is_member(key) {
            let client_id = Arc::clone(&self.sessions[key].client_id);
            let word = Kind::Connected(client_id, is_connected);
            cx.sink.tell(To::Others, Word(word));
        }
    }

    /// Whether others know this session as a member of shared subscriptions.
    fn is_member(&self, key: SessionKey) -> bool {
        let mut subscriptions = self.sessions[key].subscriptions.iter();
        !self.peers.is_alone() && subscriptions.any(|one| is_shared(&one.filter))
    }

    /// Remembers that a topic has no retained message any more, up to a number.
    pub(in crate::broker) fn note_removed<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        topic: &Arc<str>,
        number: u64,
    ) {
        if let Some(group) = self.peers.group_mut() {
            group.removed.insert(topic, number);
            self.settle_removed(cx);
        }
    }

    /// Forgets removals that nothing older can follow any more, and asks the others where that is not known.
    pub(super) fn settle_removed<S: Sink>(&mut self, cx: &mut Cx<'_, S>) {
        let Some(group) = self.peers.group_mut() else {
            return;
        };
        if let Some(number) = group.removed.settle() {
            let word = Word(Kind::AreYouPast(number));
            cx.sink.tell(To::Others, word);
        }
    }

    /// Tells a shard that asked that all it counted before was told.
    pub(super) fn tell_past<S: Sink>(&self, cx: &mut Cx<'_, S>, from: ShardId) {
        let word = Word(Kind::Past(self.last_number));
        cx.sink.tell(To::One(from), word);
    }
}
