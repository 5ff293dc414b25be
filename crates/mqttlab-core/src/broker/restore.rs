//! Durable state: written down whole, and made again from its changes.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::hash::{BuildHasher, Hasher};

use crate::broker::arena::{MessageKey, SessionKey};
use crate::broker::hash::Keyed;
use crate::broker::message::{Delivery, Message, Will};
use crate::broker::passport::{Passport, Source};
use crate::broker::persist::{Change, DeliveryRef, MessageRef, WillRef};
use crate::broker::session::Session;
#[cfg(feature = "shards")]
use crate::broker::shard::Shard;
use crate::broker::shard::owner_of;
use crate::broker::sink::Sink;
use crate::broker::subscribe::is_shared;
use crate::broker::tree::Granted;
use crate::broker::waiting::Waiting;
use crate::broker::{Broker, Config, Cx};
use crate::id::PacketId;
use crate::packet::QoS;
use crate::qos::{InFlight, Stage};
use crate::time::Instant;

impl Broker {
    /// Makes the broker again from the changes that its sink was told of, in their order.
    ///
    /// `now` is the time at which it starts again, on the same time line as the times in the changes. Changes that fit
    /// nothing, as a damaged store may bring them, are passed over.
    ///
    /// Sessions that were connected count as left at `now`: nobody knows when their connections ended, only that it was
    /// before, and a session must not end early. [MQTT-3.1.2-23] The first input says their ends as changes, so that the
    /// next start does not count them as left later still. [MQTT-4.1.0-2] Sessions that were left before keep their end.
    pub fn restore<'a>(
        config: Config,
        seed: u64,
        now: Instant,
        changes: impl IntoIterator<Item = Change<'a>>,
    ) -> Self {
        Self::new(config, seed).restored(now, changes)
    }

    /// The same for one of several shards.
    ///
    /// Give each of them all changes of the store, whoever made them: it takes the sessions that are its own, all retained
    /// messages, and who is a member of which shared subscription. The number of shards need not be what it was.
    #[cfg(feature = "shards")]
    pub fn restore_shard<'a>(
        config: Config,
        seed: u64,
        now: Instant,
        shard: Shard,
        changes: impl IntoIterator<Item = Change<'a>>,
    ) -> Self {
        Self::new(config, seed)
            .into_shard(shard)
            .restored(now, changes)
    }

    fn restored<'a>(self, now: Instant, changes: impl IntoIterator<Item = Change<'a>>) -> Self {
        let mut broker = self;
        broker.now = now;
        let mut restoring = Restoring {
            broker,
            bodies: BTreeMap::new(),
            sources: BTreeMap::new(),
        };
        for change in changes {
            restoring.apply(&change);
        }
        restoring.leave_all(now);
        let mut broker = restoring.broker;
        if !broker.peers.is_alone() {
            broker.last_number = broker.peers.count_from(broker.last_number);
        }
        broker.relieve();
        broker
    }

    /// Tells the store how long a session lasts now; one that was not stored before is told whole.
    pub(super) fn persist_expiry<S: Sink>(&self, cx: &mut Cx<'_, S>, key: SessionKey, was: bool) {
        let session = &self.sessions[key];
        let client_id = &*session.client_id;
        match (was, session.is_durable()) {
            (false, false) => {}
            (true, false) => cx.sink.persist(&Change::SessionEnded { client_id }),
            (true, true) => cx.sink.persist(&Change::SessionExpiry {
                client_id,
                expiry_s: session.expiry_s,
                ends_at: None,
            }),
            (false, true) => self.session_changes(session, &mut |change| cx.sink.persist(change)),
        }
    }

    /// Tells the store when the sessions end that were connected when it was last written.
    #[cold]
    pub(super) fn persist_left<S: Sink>(&mut self, cx: &mut Cx<'_, S>) {
        for key in core::mem::take(&mut self.left_at_restore) {
            let session = &self.sessions[key];
            cx.sink.persist(&Change::SessionExpiry {
                client_id: &session.client_id,
                expiry_s: session.expiry_s,
                ends_at: session.ends_at,
            });
        }
    }

    /// All durable state as changes: what [`restore`](Self::restore) needs to make it again.
    ///
    /// Call it to write a store anew, in place of all changes until now.
    pub fn snapshot(&self, mut tell: impl FnMut(&Change<'_>)) {
        for (_, session) in self
            .sessions
            .iter()
            .filter(|(_, session)| session.is_durable())
        {
            self.session_changes(session, &mut tell);
        }
        if let Some(once) = self.peers.once() {
            once.snapshot(self.shard(), &mut tell);
        }
        let retained = self.retained.iter();
        let own = retained.filter(|(topic, _)| self.shard().owns(topic));
        for (_, key) in own {
            tell(&Change::Retained {
                message: self.messages.get(key).borrowed(),
            });
        }
    }

    fn session_changes(&self, session: &Session, tell: &mut dyn FnMut(&Change<'_>)) {
        let client_id = &*session.client_id;
        let expiry_s = session.expiry_s;
        tell(&session.started());
        if session.ends_at.is_some() {
            tell(&Change::SessionExpiry {
                client_id,
                expiry_s,
                ends_at: session.ends_at,
            });
        }
        for subscription in &session.subscriptions {
            tell(&Change::Subscribed {
                client_id,
                filter: &subscription.filter,
                options: subscription.granted.options,
                identifier: subscription.granted.identifier,
            });
        }
        for in_flight in session.flow().sender.iter() {
            let packet_id = in_flight.packet_id;
            self.queued_change(client_id, &in_flight.message, tell);
            let number = self.messages.get(in_flight.message.message).number;
            tell(&Change::Sent {
                client_id,
                number,
                packet_id,
            });
            if in_flight.stage == Stage::PubComp {
                tell(&Change::Released {
                    client_id,
                    packet_id,
                });
            }
        }
        for delivery in session.flow().queue.iter() {
            self.queued_change(client_id, delivery, tell);
        }
        for packet_id in session.flow().receiver.iter() {
            tell(&Change::Received {
                client_id,
                packet_id,
            });
        }
        if let Some(will) = &session.will {
            tell(&Change::WillSet {
                client_id,
                will: will.borrowed(),
            });
        }
    }

    fn queued_change(
        &self,
        client_id: &str,
        delivery: &Delivery,
        tell: &mut dyn FnMut(&Change<'_>),
    ) {
        tell(&Change::Queued {
            client_id,
            message: self.messages.get(delivery.message).borrowed(),
            delivery: self.delivery_ref(delivery),
        });
    }
}

/// A broker that is being made again.
struct Restoring {
    broker: Broker,
    /// Where the messages are, by number.
    bodies: BTreeMap<u64, MessageKey>,
    /// Messages by a hash of whom they come from: others from there share what it says.
    sources: BTreeMap<u64, MessageKey>,
}

impl Restoring {
    fn apply(&mut self, change: &Change<'_>) {
        match *change {
            Change::SessionStarted { client_id, .. }
            | Change::SessionOwner { client_id, .. }
            | Change::SessionExpiry { client_id, .. }
            | Change::SessionEnded { client_id }
            | Change::Subscribed { client_id, .. }
            | Change::Unsubscribed { client_id, .. }
            | Change::Queued { client_id, .. }
            | Change::Sent { client_id, .. }
            | Change::Dropped { client_id, .. }
            | Change::Released { client_id, .. }
            | Change::Completed { client_id, .. }
            | Change::Received { client_id, .. }
            | Change::ReceiveCompleted { client_id, .. }
            | Change::WillSet { client_id, .. }
            | Change::WillRemoved { client_id }
            | Change::PassedOn { client_id, .. }
                if !self.broker.shard().owns(client_id) =>
            {
                self.apply_elsewhere(client_id, change);
            }
            Change::SessionStarted {
                client_id,
                passport,
                expiry_s,
            } => {
                self.forget(client_id);
                let passport = Passport::from_ref(passport);
                let session = Session::new(client_id.into(), passport, expiry_s);
                self.broker.add_session(session);
            }
            Change::SessionEnded { client_id } => self.forget(client_id),
            Change::Retained { message } => self.restore_retained(&message),
            Change::RetainedRemoved { topic } => {
                if let Some(key) = self.broker.retained.remove(topic, &self.broker.messages) {
                    self.broker.messages.release(key);
                }
            }
            Change::PassedOn { number, .. } | Change::Heard { number, .. } => {
                self.broker.last_number = self.broker.last_number.max(number);
                if let Some(once) = self.broker.peers.once_or_new() {
                    once.restore(change);
                }
            }
            Change::SessionOwner { client_id, .. }
            | Change::SessionExpiry { client_id, .. }
            | Change::Subscribed { client_id, .. }
            | Change::Unsubscribed { client_id, .. }
            | Change::Queued { client_id, .. }
            | Change::Sent { client_id, .. }
            | Change::Dropped { client_id, .. }
            | Change::Released { client_id, .. }
            | Change::Completed { client_id, .. }
            | Change::Received { client_id, .. }
            | Change::ReceiveCompleted { client_id, .. }
            | Change::WillSet { client_id, .. }
            | Change::WillRemoved { client_id } => {
                if let Some(&key) = self.broker.clients.get(client_id) {
                    self.apply_to_session(key, change);
                }
            }
        }
    }

    /// What a shard has to know of a session of another one.
    fn apply_elsewhere(&mut self, client_id: &str, change: &Change<'_>) {
        let broker = &mut self.broker;
        match *change {
            Change::SessionStarted { .. } | Change::SessionEnded { .. } => {
                broker.forget_member(client_id);
            }
            Change::Subscribed { filter, .. } if is_shared(filter) => {
                let owner = owner_of(client_id, broker.shard().of());
                broker.on_joined(owner, &filter.into(), &client_id.into(), false);
            }
            Change::Unsubscribed { filter, .. } => broker.on_left(filter, client_id),
            Change::Queued {
                message: MessageRef { number, .. },
                ..
            }
            | Change::PassedOn { number, .. } => {
                broker.last_number = broker.last_number.max(number);
            }
            Change::Subscribed { .. }
            | Change::SessionOwner { .. }
            | Change::SessionExpiry { .. }
            | Change::Sent { .. }
            | Change::Dropped { .. }
            | Change::Released { .. }
            | Change::Completed { .. }
            | Change::Received { .. }
            | Change::ReceiveCompleted { .. }
            | Change::Retained { .. }
            | Change::RetainedRemoved { .. }
            | Change::WillSet { .. }
            | Change::WillRemoved { .. }
            | Change::Heard { .. } => {}
        }
    }

    fn apply_to_session(&mut self, key: SessionKey, change: &Change<'_>) {
        match *change {
            Change::SessionOwner { passport, .. } => {
                let session = &mut self.broker.sessions[key];
                self.broker.books.ended(session);
                session.passport = Passport::from_ref(passport);
                self.broker.books.started(session);
            }
            Change::SessionExpiry {
                expiry_s, ends_at, ..
            } => {
                self.broker.sessions[key].expiry_s = expiry_s;
                // Armed by `leave_all`, when all is known.
                self.broker.sessions[key].ends_at = ends_at;
            }
            Change::Subscribed {
                filter,
                options,
                identifier,
                ..
            } => {
                let granted = Granted {
                    options,
                    identifier,
                };
                self.broker.put_subscription(key, &filter.into(), granted);
            }
            Change::Unsubscribed { filter, .. } => {
                if let Ok(at) = self.broker.sessions[key].subscription(filter) {
                    self.broker.sessions[key].subscriptions.remove(at);
                    self.broker.forget_subscription(key, filter);
                }
            }
            Change::Queued {
                message, delivery, ..
            } => self.restore_queued(key, &message, &delivery),
            Change::Sent {
                number, packet_id, ..
            } => self.restore_sent(key, number, packet_id),
            Change::Dropped { number, .. } => {
                if let Some(delivery) = self.take_queued(key, number) {
                    self.broker.messages.release(delivery.message);
                }
            }
            Change::Released { packet_id, .. } => {
                let _ = self.broker.sessions[key]
                    .flow_mut()
                    .sender
                    .on_pubrec(packet_id, false);
            }
            Change::Completed { packet_id, .. } => self.restore_completed(key, packet_id),
            Change::Received { packet_id, .. } => {
                self.broker.sessions[key]
                    .flow_mut()
                    .receiver
                    .on_publish(packet_id);
            }
            Change::ReceiveCompleted { packet_id, .. } => self.restore_released(key, packet_id),
            Change::WillSet { will, .. } => {
                let will = Box::new(Will::from_ref(&will));
                self.broker.put_will(key, Some(will));
            }
            Change::WillRemoved { .. } => {
                self.broker.put_will(key, None);
            }
            Change::SessionStarted { .. }
            | Change::SessionEnded { .. }
            | Change::Retained { .. }
            | Change::RetainedRemoved { .. }
            | Change::PassedOn { .. }
            | Change::Heard { .. } => {}
        }
    }

    fn restore_released(&mut self, key: SessionKey, packet_id: PacketId) {
        let session = &mut self.broker.sessions[key];
        session.flow_mut().receiver.on_pubrel(packet_id);
        if let Some(once) = self.broker.peers.once_if_any() {
            once.forget(&session.client_id, packet_id);
        }
    }

    fn restore_sent(&mut self, key: SessionKey, number: u64, packet_id: PacketId) {
        let Some(delivery) = self.take_queued(key, number) else {
            return;
        };
        let sender = &mut self.broker.sessions[key].flow_mut().sender;
        match first_stage(delivery.qos) {
            Some(stage) if !sender.is_in_use(packet_id) => sender.restore(InFlight {
                packet_id,
                stage,
                message: delivery,
            }),
            Some(_) | None => self.broker.messages.release(delivery.message),
        }
    }

    fn restore_completed(&mut self, key: SessionKey, packet_id: PacketId) {
        let sender = &mut self.broker.sessions[key].flow_mut().sender;
        let done = sender
            .on_puback(packet_id)
            .or_else(|_| sender.on_pubcomp(packet_id))
            .ok()
            .or_else(|| match sender.on_pubrec(packet_id, true) {
                Ok(crate::qos::AfterPubRec::Failed(delivery)) => Some(delivery),
                Ok(_) | Err(_) => None,
            });
        if let Some(delivery) = done {
            self.broker.messages.release(delivery.message);
        }
    }

    /// A message body that may be there already, held once more.
    fn intern(&mut self, message: &MessageRef<'_>) -> MessageKey {
        self.broker.last_number = self.broker.last_number.max(message.number);
        let (hash, source) = self.source(message);
        let messages = &mut self.broker.messages;
        let known = self.bodies.get(&message.number).copied();
        let key = match known.filter(|&key| messages.has(key, message.number)) {
            Some(key) => {
                messages.hold(key);
                // A session that waits for it may have been told of first.
                if message.passport.is_some() {
                    messages.set_source(key, source);
                }
                key
            }
            None => {
                let key = messages.insert(Message::from_ref(message, source));
                self.bodies.insert(message.number, key);
                key
            }
        };
        self.sources.insert(hash, key);
        key
    }

    /// Whom a message comes from, shared with others from there, and under which hash to find it.
    fn source(&self, message: &MessageRef<'_>) -> (u64, Source) {
        let passport = message.passport.unwrap_or_default();
        let mut hasher = Keyed::new(0).build_hasher();
        hasher.write(message.publisher.as_bytes());
        hasher.write(passport.user_name.unwrap_or_default().as_bytes());
        hasher.write(passport.stamp);
        let hash = hasher.finish();
        let same = self.sources.get(&hash);
        let same = same.and_then(|&key| self.broker.messages.find(key));
        let source = match same {
            Some(same) if same.source.is(message.publisher, passport) => same.source.clone(),
            Some(_) | None => Source {
                client_id: message.publisher.into(),
                passport: Passport::from_ref(passport),
            },
        };
        (hash, source)
    }

    fn restore_retained(&mut self, message: &MessageRef<'_>) {
        let key = self.intern(message);
        if let Some(old) = self.broker.retained.insert(key, &self.broker.messages) {
            self.broker.messages.release(old);
        }
    }

    fn restore_queued(&mut self, key: SessionKey, message: &MessageRef<'_>, how: &DeliveryRef<'_>) {
        let message = self.intern(message);
        let share: Option<Arc<str>> = (!how.share.is_empty()).then(|| how.share.into());
        let delivery = Delivery::new(
            message,
            how.qos,
            how.retain,
            how.identifiers,
            share.as_ref(),
        );
        let flow = self.broker.sessions[key].flow_mut();
        flow.queue.push(delivery, &self.broker.messages);
    }

    /// Takes the first waiting message of this number out of the queue.
    fn take_queued(&mut self, key: SessionKey, number: u64) -> Option<Delivery> {
        let flow = self.broker.sessions[key].flow_mut();
        flow.queue.take(number, &self.broker.messages)
    }

    /// Throws away a session without a word.
    fn forget(&mut self, client_id: &str) {
        let Some(&key) = self.broker.clients.get(client_id) else {
            return;
        };
        self.broker.forget_subscriptions(key);
        let mut session = self.broker.take_session(key);
        let flow = session.flow_mut();
        let begun = flow.sender.drain().map(|in_flight| in_flight.message);
        let waiting = core::mem::replace(&mut flow.queue, Waiting::new());
        for delivery in waiting.into_iter().chain(begun) {
            self.broker.messages.release(delivery.message);
        }
    }

    /// Nobody is connected after a start: sessions begin to age, and wills to wait.
    fn leave_all(&mut self, now: Instant) {
        let keys: alloc::vec::Vec<SessionKey> =
            self.broker.sessions.iter().map(|(key, _)| key).collect();
        for key in keys {
            let session = &mut self.broker.sessions[key];
            let ends_at = session.ends_at.take().or_else(|| {
                self.broker.left_at_restore.push(key);
                session.end_after(now)
            });
            let delay = session.will.as_ref().map(|will| will.delay_s);
            if let Some(at) = ends_at {
                self.broker.arm_session_end(key, at.max(now));
            }
            if let Some(delay_s) = delay {
                let delay = crate::time::Duration::from_secs(u64::from(delay_s));
                self.broker.arm_will(key, now + delay);
            }
        }
    }
}

const fn first_stage(qos: QoS) -> Option<Stage> {
    match qos {
        QoS::AtMostOnce => None,
        QoS::AtLeastOnce => Some(Stage::PubAck),
        QoS::ExactlyOnce => Some(Stage::PubRec),
    }
}

impl Will {
    fn from_ref(will: &WillRef<'_>) -> Self {
        Self {
            topic: will.topic.into(),
            payload: will.payload.into(),
            qos: will.qos,
            retain: will.retain,
            properties: will.properties.into(),
            expiry_s: will.expiry_s,
            delay_s: will.delay_s,
            due_at: None,
        }
    }
}
