//! Retained messages: one a topic, for future subscribers.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use core::ops::Bound;

use crate::broker::arena::{ConnKey, MessageKey, SessionKey};
use crate::broker::message::{Delivery, Message, Messages};
use crate::broker::publish::Spread;
use crate::broker::send::Said;
use crate::broker::sink::Sink;
use crate::broker::tree::Granted;
use crate::broker::{Access, Broker, Change, Cx, MessageRef, TimerKind};
use crate::packet::QoS;
use crate::time::Instant;
use crate::topic;
use crate::why::{Decision, DropCause, Undelivered, why};

/// So many topics are looked at in one call at most; then other work has its turn.
const STEPS_MAX: u32 = 512;

#[cfg(test)]
std::thread_local! {
    /// A mistake that tests must find: what was removed is not remembered.
    pub(super) static FORGETFUL: core::cell::Cell<bool> = const { core::cell::Cell::new(false) };
}

/// The retained messages, by topic.
#[derive(Clone, Debug, Default)]
pub(super) struct Retained {
    by_topic: BTreeMap<Arc<str>, MessageKey>,
    expiries: BTreeSet<(Instant, Arc<str>)>,
    bytes: u64,
}

/// Retained messages that are owed to a new subscription, found bit by bit.
#[derive(Clone, Debug)]
pub(super) struct Cursor {
    /// As it was subscribed; without wildcards it matches one topic at most.
    pub(super) filter: Arc<str>,
    pub(super) granted: Granted,
    /// Where to go on: at this topic or after it.
    next: Bound<Arc<str>>,
    matched: u64,
    /// The pause has been said.
    paused: bool,
}

impl Cursor {
    pub(super) fn new(filter: Arc<str>, granted: Granted) -> Self {
        Self {
            filter,
            granted,
            next: Bound::Unbounded,
            matched: 0,
            paused: false,
        }
    }
}

/// What a step of the search brought.
enum Step {
    Found(Arc<str>, MessageKey),
    /// The search has looked at enough for now and goes on from here.
    Enough(Bound<Arc<str>>),
    End,
}

impl Retained {
    pub(super) fn len(&self) -> usize {
        self.by_topic.len()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn get(&self, topic: &str) -> Option<MessageKey> {
        self.by_topic.get(topic).copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, MessageKey)> {
        self.by_topic.iter().map(|(topic, &key)| (topic, key))
    }

    pub(super) fn iter_after(&self, topic: &str) -> impl Iterator<Item = MessageKey> {
        let after = (Bound::Excluded(topic), Bound::Unbounded);
        self.by_topic.range::<str, _>(after).map(|(_, &key)| key)
    }

    pub(super) fn first_expiry(&self) -> Option<(Instant, TimerKind)> {
        self.expiries
            .first()
            .map(|&(at, _)| (at, TimerKind::MessageExpiry))
    }

    /// Puts a message that the caller holds in place of the topic's former one, which is handed back.
    pub(super) fn insert(&mut self, key: MessageKey, messages: &Messages) -> Option<MessageKey> {
        let message = messages.get(key);
        let old = self.remove(&message.topic, messages);
        self.bytes += message.size();
        if let Some(at) = message.expires_at() {
            self.expiries.insert((at, Arc::clone(&message.topic)));
        }
        self.by_topic.insert(Arc::clone(&message.topic), key);
        old
    }

    /// Takes out the topic's message; the caller lets go of it.
    pub(super) fn remove(&mut self, topic: &str, messages: &Messages) -> Option<MessageKey> {
        let key = self.by_topic.remove(topic)?;
        let message = messages.get(key);
        self.bytes -= message.size();
        if let Some(at) = message.expires_at() {
            self.expiries.remove(&(at, Arc::clone(&message.topic)));
        }
        Some(key)
    }

    /// The next message that matches, from a topic on.
    fn find(&self, filter: &str, from: &Bound<Arc<str>>, steps: &mut u32) -> Step {
        let Some(wildcard) = filter.find(['+', '#']) else {
            return match (from, self.by_topic.get_key_value(filter)) {
                (Bound::Unbounded, Some((topic, &key))) => Step::Found(topic.clone(), key),
                (Bound::Unbounded | Bound::Included(_) | Bound::Excluded(_), _) => Step::End,
            };
        };
        // `sport/#` matches `sport` too, which is before all that begin with `sport/`.
        let prefix = filter[..wildcard]
            .strip_suffix('/')
            .unwrap_or(&filter[..wildcard]);
        let mut from: Bound<String> = match from {
            Bound::Unbounded => Bound::Included(prefix.into()),
            Bound::Included(topic) => Bound::Included((**topic).into()),
            Bound::Excluded(topic) => Bound::Excluded((**topic).into()),
        };
        loop {
            let range = (from.as_ref().map(String::as_str), Bound::Unbounded);
            let Some((topic, &key)) = self.by_topic.range::<str, _>(range).next() else {
                return Step::End;
            };
            if !topic.starts_with(prefix) {
                return Step::End;
            }
            if topic::matches(filter, topic) {
                return Step::Found(topic.clone(), key);
            }
            if *steps == 0 {
                return Step::Enough(Bound::Excluded(topic.clone()));
            }
            *steps -= 1;
            from = match skip(filter, topic) {
                Skip::To(topic) => Bound::Included(topic),
                Skip::One => Bound::Excluded((**topic).into()),
                Skip::All => return Step::End,
            };
        }
    }

    /// # Panics
    /// If the books are wrong.
    pub(super) fn check(&self, messages: &Messages) {
        let mut bytes = 0;
        let mut expiring = 0;
        for (topic, key) in self.iter() {
            let message = messages.get(key);
            assert_eq!(
                *topic, message.topic,
                "a retained message stands under its topic"
            );
            assert!(
                !message.payload.is_empty(),
                "an empty message is not retained"
            );
            bytes += message.size();
            if let Some(at) = message.expires_at() {
                expiring += 1;
                assert!(
                    self.expiries.contains(&(at, topic.clone())),
                    "the expiry of {topic} is known"
                );
            }
        }
        assert_eq!(
            self.bytes, bytes,
            "the bytes of all retained messages are counted"
        );
        assert_eq!(self.expiries.len(), expiring, "no expiry is left behind");
    }
}

/// Where to look after a topic that does not match.
enum Skip {
    /// At this topic and after it.
    To(String),
    /// Right after it.
    One,
    /// Nowhere: no more can match.
    All,
}

/// Where after `topic`, which does not match, the next match can be at the earliest.
fn skip(filter: &str, topic: &str) -> Skip {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return Skip::To("%".into()); // the character after $
    }
    let mut at = 0;
    let mut levels = topic.split('/');
    for pattern in filter.split('/') {
        let Some(level) = levels.next() else {
            return Skip::One;
        };
        if pattern != "+" && pattern != level {
            let wanted = [&topic[..at], pattern].concat();
            if *wanted > *topic {
                return Skip::To(wanted);
            }
            let below = wanted + "/";
            return if *below > *topic {
                Skip::To(below)
            } else {
                past(&topic[..at])
            };
        }
        at += level.len() + 1;
    }
    past(&topic[..at.min(topic.len())])
}

/// Where to look after all topics that begin with `above`.
fn past(above: &str) -> Skip {
    match above.strip_suffix('/') {
        Some(above) => Skip::To([above, "0"].concat()), // the character after /
        None => Skip::All,
    }
}

impl Broker {
    /// Keeps, replaces or removes the retained message of a topic. False where there is no room for it.
    pub(super) fn retain<S: Sink>(&mut self, cx: &mut Cx<'_, S>, spread: &mut Spread<'_>) -> bool {
        let incoming = spread.incoming;
        let size = spread.size() + self.source_of(&incoming).size();
        if !incoming.payload.is_empty() && !self.has_room_to_retain(incoming.topic, size) {
            self.counters.retained_refused += 1;
            why!(
                cx,
                cx.conn,
                none,
                Decision::RetainedRefused {
                    message: incoming.number,
                    topic: incoming.topic.clone(),
                }
            );
            return false;
        }
        self.put_retained(cx, spread);
        true
    }

    /// Does the same with a message of another shard, which had room for it. Of two messages for a topic the larger
    /// number wins in every shard, in whichever order they come.
    pub(super) fn retain_heard<S: Sink>(&mut self, cx: &mut Cx<'_, S>, spread: &mut Spread<'_>) {
        let (topic, number) = (spread.incoming.topic, spread.incoming.number);
        let kept = self.retained.get(topic);
        let kept = kept.map_or(0, |key| self.messages.get(key).number);
        let removed = self
            .peers
            .group()
            .map_or(0, |group| group.removed.number(topic));
        #[cfg(test)]
        let removed = removed * u64::from(!FORGETFUL.get());
        if number > kept.max(removed) {
            return self.put_retained(cx, spread);
        }
        why!(
            cx,
            None,
            none,
            Decision::RetainedOutdated {
                message: number,
                topic: topic.clone(),
            }
        );
    }

    fn put_retained<S: Sink>(&mut self, cx: &mut Cx<'_, S>, spread: &mut Spread<'_>) {
        let incoming = spread.incoming;
        if incoming.payload.is_empty() {
            let old = self.retained.remove(incoming.topic, &self.messages);
            why!(cx, cx.conn, cx.version => V311_3_3_1_10, V5_3_3_1_6, Decision::RetainedRemoved {
                topic: incoming.topic.clone(),
                was_there: old.is_some(),
            });
            self.note_removed(cx, incoming.topic, incoming.number);
            if let Some(old) = old {
                self.let_go(old);
                self.persist_retained(
                    cx,
                    &Change::RetainedRemoved {
                        topic: incoming.topic,
                    },
                );
            }
            return;
        }
        let key = self.hold(spread);
        let old = self.retained.insert(key, &self.messages);
        self.relieve();
        if let Some(group) = self.peers.group_mut() {
            group.removed.forget(incoming.topic);
        }
        why!(cx, cx.conn, cx.version => V311_3_3_1_5, V5_3_3_1_5, Decision::Retained {
            message: incoming.number,
            topic: incoming.topic.clone(),
            replaced: old.is_some(),
        });
        let message = self.messages.get(key).borrowed();
        self.persist_retained(cx, &Change::Retained { message });
        if let Some(old) = old {
            self.messages.release(old);
        }
    }

    /// Tells the store what became of a topic's retained message, if nobody else does.
    fn persist_retained<S: Sink>(&self, cx: &mut Cx<'_, S>, change: &Change<'_>) {
        let (Change::Retained {
            message: MessageRef { topic, .. },
        }
        | Change::RetainedRemoved { topic }) = *change
        else {
            return;
        };
        if self.shard().owns(topic) {
            cx.sink.persist(change);
        }
    }

    /// Lets go of a message that was retained.
    pub(super) fn let_go(&mut self, key: MessageKey) {
        self.relieve();
        self.messages.release(key);
    }

    /// What is retained is in every shard, and counts once.
    pub(super) fn relieve(&mut self) {
        if let Some(group) = self.peers.group_mut() {
            let of = group.count();
            self.messages.relieve(self.retained.bytes() / of * (of - 1));
        }
    }

    fn has_room_to_retain(&self, topic: &str, size: u64) -> bool {
        let old = self
            .retained
            .get(topic)
            .map(|key| self.messages.get(key).size());
        let count = self.retained.len() + usize::from(old.is_none());
        let bytes = self.retained.bytes() + size - old.unwrap_or(0);
        count <= self.config.retained_messages_max as usize
            && bytes <= self.config.retained_bytes_max
            && self.messages.bytes() + size <= self.config.message_bytes_max
    }

    /// Removes the retained messages whose time has come.
    pub(super) fn expire_retained<S: Sink>(&mut self, cx: &mut Cx<'_, S>) {
        for _ in 0..STEPS_MAX {
            let Some((at, topic)) = self.retained.expiries.first().cloned() else {
                return;
            };
            if at > cx.now {
                return;
            }
            let key = self
                .retained
                .remove(&topic, &self.messages)
                .expect("an expiry belongs to a retained message");
            let number = self.messages.get(key).number;
            why!(
                cx,
                None,
                none,
                Decision::RetainedExpired {
                    topic: topic.clone(),
                    message: number,
                }
            );
            self.counters.retained_expired += 1;
            self.note_removed(cx, &topic, number);
            self.let_go(key);
            self.persist_retained(cx, &Change::RetainedRemoved { topic: &topic });
        }
    }

    /// Passes on the retained messages for a new subscription, as far as the session can take them. [MQTT-3.3.1-6]
    pub(super) fn begin_retained<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        conn: ConnKey,
        cursor: Cursor,
    ) {
        let waits = !self.sessions[key].flow().cursors.is_empty();
        let rest = if waits {
            Some(cursor)
        } else {
            self.follow_cursor(cx, key, cursor, &mut { STEPS_MAX })
        };
        if let Some(rest) = rest {
            self.sessions[key].flow_mut().cursors.push_back(rest);
            self.conns[conn].waits = true;
        }
    }

    /// Goes on with the retained messages that a session is owed.
    pub(super) fn pump_retained<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: SessionKey) {
        let mut steps = STEPS_MAX;
        while let Some(cursor) = self.sessions[key].flow_mut().cursors.pop_front() {
            if let Some(rest) = self.follow_cursor(cx, key, cursor, &mut steps) {
                self.sessions[key].flow_mut().cursors.push_front(rest);
                return;
            }
        }
    }

    /// Looks for retained messages and sends them; hands the cursor back when it is not at its end.
    fn follow_cursor<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        mut cursor: Cursor,
        steps: &mut u32,
    ) -> Option<Cursor> {
        loop {
            if !self.can_take_retained(key) {
                self.say_paused(cx, key, &mut cursor);
                return Some(cursor);
            }
            match self.retained.find(&cursor.filter, &cursor.next, steps) {
                Step::Found(topic, message) => {
                    cursor.next = Bound::Excluded(topic);
                    cursor.matched += u64::from(self.offer_retained(cx, key, &cursor, message));
                }
                Step::Enough(from) => cursor.next = from,
                Step::End => break,
            }
            if *steps == 0 {
                self.arm_retained(key, cx.now);
                return Some(cursor);
            }
            *steps -= 1;
        }
        let session = &self.sessions[key];
        why!(
            cx,
            self.conn_id(key),
            none,
            Decision::RetainedDone {
                client_id: session.client_id.clone(),
                filter: cursor.filter,
                matched: cursor.matched,
            }
        );
        None
    }

    /// They wait for the client to read and to acknowledge, so that no limit for live messages drops them.
    fn can_take_retained(&self, key: SessionKey) -> bool {
        let session = &self.sessions[key];
        session.conn.is_some_and(|conn| {
            let conn = &self.conns[conn];
            session.flow().queue.is_empty()
                && session.flow().unsent_from.is_none()
                && !session.flow().window_is_full(conn.window)
                && conn.unflushed <= self.config.retained_credit
        })
    }

    fn say_paused<S: Sink>(&self, cx: &mut Cx<'_, S>, key: SessionKey, cursor: &mut Cursor) {
        if !cursor.paused {
            cursor.paused = true;
            why!(
                cx,
                self.conn_id(key),
                none,
                Decision::RetainedPaused {
                    client_id: self.sessions[key].client_id.clone(),
                    filter: cursor.filter.clone(),
                }
            );
        }
    }

    /// Sends one retained message for a new subscription. False when the session is not to have it.
    fn offer_retained<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        cursor: &Cursor,
        message_key: MessageKey,
    ) -> bool {
        let session = &self.sessions[key];
        let message: &Message = self.messages.get(message_key);
        let options = cursor.granted.options;
        let because = if message.is_expired(cx.now) {
            return false;
        } else if options.no_local && message.source.client_id == session.client_id {
            Undelivered::NoLocal
        } else if !cx
            .sink
            .permits(&session.identity(), Access::Receive, &message.topic)
        {
            self.counters.dropped(DropCause::Denied);
            Undelivered::Denied
        } else if let Some(publisher) = message.answerable()
            && !cx
                .sink
                .permits(&publisher, Access::Retained, &message.topic)
        {
            self.counters.dropped(DropCause::SourceDenied);
            Undelivered::SourceDenied
        } else {
            let (qos, identifiers) = (message.qos.min(options.qos), cursor.granted.identifiers());
            let delivery = Delivery::new(message_key, qos, true, identifiers, None);
            self.messages.hold(message_key);
            if delivery.qos != QoS::AtMostOnce {
                self.persist_queued(cx, key, &delivery);
            }
            self.send_stored(cx, key, delivery, Said::Retained(&cursor.filter));
            return true;
        };
        why!(
            cx,
            self.conn_id(key),
            none,
            Decision::NotDelivered {
                message: message.number,
                client_id: session.client_id.clone(),
                filter: cursor.filter.clone(),
                because,
            }
        );
        false
    }
}
