//! One message to one session: sent, queued or dropped.

use alloc::sync::Arc;

use crate::broker::arena::{ConnKey, MessageKey, SessionKey};
use crate::broker::layout::Single;
use crate::broker::message::{Delivery, Message};
use crate::broker::policy::QueueFull;
use crate::broker::publish::Spread;
use crate::broker::session::Session;
use crate::broker::sink::Sink;
use crate::broker::tree::{Place, Route, Tree};
use crate::broker::{Access, Broker, Change, Cx, DeliveryRef};
use crate::clause::Clause;
use crate::frame::{Frame, Patch};
use crate::id::PacketId;
use crate::packet::{QoS, Version};
use crate::why::{Decision, DropCause, QueueCause, Undelivered, why};

/// What each waiting message costs a session beside the message itself.
pub(super) const QUEUED_OVERHEAD: u64 = 48;

/// How a message comes to a session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hop<'a> {
    pub(super) via: Via<'a>,
    /// Granted to that subscription.
    pub(super) granted: QoS,
    pub(super) retain_as_published: bool,
    pub(super) identifiers: &'a [u32],
}

/// The filter that brings a message to a session.
#[derive(Clone, Copy, Debug)]
pub(super) enum Via<'a> {
    /// Its own one, which stands there.
    Place(Place),
    /// That of a shared subscription, `$share/…` and all.
    Share(&'a Arc<str>),
}

impl<'a> Via<'a> {
    fn filter(self, tree: &Tree) -> Arc<str> {
        match self {
            Self::Place(place) => tree.filter(place),
            Self::Share(filter) => filter.clone(),
        }
    }

    fn share(self) -> Option<&'a Arc<str>> {
        match self {
            Self::Place(_) => None,
            Self::Share(filter) => Some(filter),
        }
    }
}

impl Broker {
    /// The most common case in few instructions: a QoS 0 message with nothing in it for this receiver alone. False, and
    /// nothing done, when it is another case.
    #[inline]
    pub(super) fn send_plainly<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        spread: &mut Spread<'_>,
        route: &Route,
    ) -> bool {
        let incoming = &spread.incoming;
        let qos = incoming.qos.min(route.qos);
        if qos != QoS::AtMostOnce || route.is_special() {
            return false;
        }
        let session = &self.sessions[route.session];
        let Some(conn) = session.conn else {
            return false;
        };
        let conn = &mut self.conns[conn];
        if conn.uses_aliases
            || !cx
                .sink
                .permits(&session.identity(), Access::Receive, incoming.topic)
        {
            return false;
        }
        let retain = incoming.retain && route.retain_as_published;
        let frame = spread
            .layouts
            .frame(incoming, cx.now, conn.version, qos, retain, None);
        let len = frame.len() as u64;
        let unflushed = conn.unflushed + len;
        let too_much = unflushed > self.config.out_bytes_max && conn.unflushed > 0;
        if too_much || len > u64::from(conn.packet_size_max) {
            return false;
        }
        conn.unflushed = unflushed;
        self.counters.sent[0] += 1;
        cx.sink.send(conn.id, &frame);
        true
    }

    /// Gives a message to a session that is to have it.
    pub(super) fn offer<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        spread: &mut Spread<'_>,
        key: SessionKey,
        hop: &Hop<'_>,
    ) {
        let session = &self.sessions[key];
        let topic = spread.incoming.topic;
        if !cx.sink.permits(&session.identity(), Access::Receive, topic) {
            return self.deny_receive(cx, spread, key, hop);
        }
        // The lower of what was published and what was granted. [MQTT-3.8.4-6]
        let qos = spread.incoming.qos.min(hop.granted);
        if let Some(conn_key) = session.conn
            && qos == QoS::AtMostOnce
        {
            self.send_qos0(cx, spread, key, conn_key, hop);
        } else {
            self.offer_acknowledged(cx, spread, key, hop, qos);
        }
    }

    #[cold]
    fn deny_receive<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        spread: &Spread<'_>,
        key: SessionKey,
        hop: &Hop<'_>,
    ) {
        self.counters.dropped(DropCause::Denied);
        why!(
            cx,
            self.conn_id(key),
            none,
            Decision::NotDelivered {
                message: spread.incoming.number,
                client_id: self.sessions[key].client_id.clone(),
                filter: hop.via.filter(&self.tree),
                because: Undelivered::Denied,
            }
        );
    }

    fn send_qos0<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        spread: &mut Spread<'_>,
        key: SessionKey,
        conn_key: ConnKey,
        hop: &Hop<'_>,
    ) {
        let conn = &mut self.conns[conn_key];
        if !hop.identifiers.is_empty() || conn.uses_aliases {
            return self.send_qos0_single(cx, spread, key, conn_key, hop);
        }
        let (incoming, version) = (&spread.incoming, conn.version);
        let retain = incoming.retain && hop.retain_as_published;
        let frame = spread
            .layouts
            .frame(incoming, cx.now, version, QoS::AtMostOnce, retain, None);
        let len = frame.len() as u64;
        if len > u64::from(conn.packet_size_max) {
            return self.drop_one(
                cx,
                incoming.number,
                key,
                QoS::AtMostOnce,
                DropCause::TooLarge,
            );
        }
        if conn.unflushed > 0 && conn.unflushed + len > self.config.out_bytes_max {
            return self.drop_one(
                cx,
                incoming.number,
                key,
                QoS::AtMostOnce,
                DropCause::SlowReader,
            );
        }
        conn.unflushed += len;
        self.counters.sent[0] += 1;
        why!(cx, conn.id, version => V311_3_8_4_6, V5_3_8_4_8, Decision::Delivered {
            message: incoming.number,
            client_id: self.sessions[key].client_id.clone(),
            filter: hop.via.filter(&self.tree),
            qos: QoS::AtMostOnce,
            packet_id: None,
            retain,
        });
        cx.sink.send(conn.id, &frame);
    }

    /// A QoS 0 message with something in it that only this receiver gets.
    fn send_qos0_single<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        spread: &Spread<'_>,
        key: SessionKey,
        conn_key: ConnKey,
        hop: &Hop<'_>,
    ) {
        let incoming = spread.incoming;
        let number = incoming.number;
        let conn = &mut self.conns[conn_key];
        let size = spread.size() + QUEUED_OVERHEAD;
        if conn.unflushed > 0 && conn.unflushed + size > self.config.out_bytes_max {
            return self.drop_one(cx, number, key, QoS::AtMostOnce, DropCause::SlowReader);
        }
        let retain = incoming.retain && hop.retain_as_published;
        let single = Single::of_incoming(&incoming, hop.identifiers, QoS::AtMostOnce, retain);
        if single.encode(conn, cx.now, &mut self.scratch).is_none() {
            return self.drop_one(cx, number, key, QoS::AtMostOnce, DropCause::TooLarge);
        }
        let frame = Frame::publish(&self.scratch, None, None);
        conn.unflushed += frame.len() as u64;
        self.counters.sent[0] += 1;
        why!(
            cx,
            conn.id,
            V5_3_8_4_8,
            Decision::Delivered {
                message: number,
                client_id: self.sessions[key].client_id.clone(),
                filter: hop.via.filter(&self.tree),
                qos: QoS::AtMostOnce,
                packet_id: None,
                retain,
            }
        );
        cx.sink.send(conn.id, &frame);
    }

    /// A message that waits for its acknowledgement, or for the session to come back.
    fn offer_acknowledged<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        spread: &mut Spread<'_>,
        key: SessionKey,
        hop: &Hop<'_>,
        qos: QoS,
    ) {
        let session = &self.sessions[key];
        let number = spread.incoming.number;
        let because = match session.conn {
            None if qos == QoS::AtMostOnce && !self.config.queue_qos0 => {
                return self.drop_one(cx, number, key, qos, DropCause::Offline);
            }
            None => Some(QueueCause::Offline),
            Some(conn) => self.must_wait(key, conn),
        };
        let retain = spread.incoming.retain && hop.retain_as_published;
        let message = self.hold(spread);
        let delivery = Delivery::new(message, qos, retain, hop.identifiers, hop.via.share());
        match because {
            Some(because) => self.enqueue(cx, key, delivery, hop.via, because),
            None => {
                self.persist_queued(cx, key, &delivery);
                self.send_shared(cx, spread, key, delivery, hop.via);
            }
        }
    }

    /// Why a QoS 1 or 2 message cannot go out at once.
    pub(super) fn must_wait(&self, key: SessionKey, conn: ConnKey) -> Option<QueueCause> {
        let (session, conn) = (&self.sessions[key], &self.conns[conn]);
        if !session.flow().queue.is_empty() {
            Some(QueueCause::Behind)
        } else if session.flow().unsent_from.is_some() || session.window_is_full(conn.window) {
            Some(QueueCause::Window)
        } else if conn.unflushed >= self.config.out_bytes_max {
            Some(QueueCause::SlowReader)
        } else {
            None
        }
    }

    /// Puts a message behind those that wait, or drops one by the policy.
    fn enqueue<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        delivery: Delivery,
        via: Via<'_>,
        because: QueueCause,
    ) {
        let size = self.queued_size(delivery.message);
        while let Some(full) = self.queue_is_full(key, size) {
            let oldest = match self.config.queue_full {
                QueueFull::DropNewest => None,
                QueueFull::DropOldest => self.pop_queued(key),
            };
            let Some(oldest) = oldest else {
                return self.drop_delivery(cx, key, delivery, full);
            };
            self.persist_dropped(cx, key, &oldest);
            self.drop_delivery(cx, key, oldest, full);
        }
        self.persist_queued(cx, key, &delivery);
        let session = &mut self.sessions[key];
        session.flow_mut().queue_bytes += size;
        let (qos, message) = (delivery.qos, delivery.message);
        session.flow_mut().queue.push_back(delivery);
        if let Some(conn) = session.conn {
            self.conns[conn].waits = true;
        }
        self.counters.queued += 1;
        let clause = match because {
            QueueCause::Offline => Some(Clause::V311_3_1_2_5),
            QueueCause::Window => Some(Clause::V5_3_3_4_9),
            QueueCause::Behind | QueueCause::SlowReader => None,
        };
        why!(cx, self.conn_id(key), = clause, Decision::Queued {
            message: self.messages.get(message).number,
            client_id: self.sessions[key].client_id.clone(),
            filter: via.filter(&self.tree),
            qos,
            because,
            position: self.sessions[key].flow().queue.len(),
        });
    }

    /// What a waiting message takes up in the books of a session.
    pub(super) fn queued_size(&self, message: MessageKey) -> u64 {
        self.messages.get(message).size() + QUEUED_OVERHEAD
    }

    fn queue_is_full(&self, key: SessionKey, size: u64) -> Option<DropCause> {
        let session = &self.sessions[key];
        if session.flow().queue.len() >= self.config.queue_messages_max as usize {
            Some(DropCause::QueueFull)
        } else if session.flow().queue_bytes + size > self.config.queue_bytes_max {
            Some(DropCause::QueueBytes)
        } else if self.messages.bytes() > self.config.message_bytes_max {
            Some(DropCause::MemoryFull)
        } else {
            None
        }
    }

    /// Takes the message out that waited longest.
    pub(super) fn pop_queued(&mut self, key: SessionKey) -> Option<Delivery> {
        let delivery = self.sessions[key].flow_mut().queue.pop_front()?;
        self.sessions[key].flow_mut().queue_bytes -= self.queued_size(delivery.message);
        if self.sessions[key].flow().queue.is_empty() {
            // What a long absence needed goes back.
            self.sessions[key].flow_mut().queue = alloc::collections::VecDeque::new();
        }
        Some(delivery)
    }

    /// Sends what waits, as far as the client can take it, and then retained messages that are owed.
    pub(super) fn pump<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: SessionKey) {
        let Some(conn) = self.sessions[key].conn else {
            return;
        };
        self.resend_more(cx, key, conn);
        while self.can_send_next(key, conn) {
            let Some(delivery) = self.pop_queued(key) else {
                break;
            };
            let session = &self.sessions[key];
            let message = self.messages.get(delivery.message);
            let because = if message.is_expired(cx.now) {
                DropCause::Expired
            } else if !cx
                .sink
                .permits(&session.identity(), Access::Receive, &message.topic)
            {
                DropCause::Denied
            } else {
                self.send_stored(cx, key, delivery, Said::Waited);
                continue;
            };
            self.persist_dropped(cx, key, &delivery);
            self.drop_delivery(cx, key, delivery, because);
        }
        if !self.sessions[key].flow().cursors.is_empty() {
            self.pump_retained(cx, key);
        }
        self.conns[conn].waits = self.sessions[key].waits();
    }

    fn can_send_next(&self, key: SessionKey, conn: ConnKey) -> bool {
        let (session, conn) = (&self.sessions[key], &self.conns[conn]);
        let Some(next) = session.flow().queue.front() else {
            return false;
        };
        let window = next.qos == QoS::AtMostOnce
            || (session.flow().unsent_from.is_none() && !session.window_is_full(conn.window));
        window && conn.unflushed < self.config.out_bytes_max
    }

    /// Sends a message for the first time, in bytes shared with other receivers where there is nothing special in them.
    fn send_shared<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        spread: &mut Spread<'_>,
        key: SessionKey,
        delivery: Delivery,
        via: Via<'_>,
    ) {
        let session = &mut self.sessions[key];
        let conn_key = session.conn.expect("only a connected session is sent to");
        let conn = &mut self.conns[conn_key];
        let special = !delivery.identifiers().is_empty() || conn.uses_aliases;
        if special || spread.size() > u64::from(conn.packet_size_max) {
            return self.send_stored(cx, key, delivery, Said::Live(via));
        }
        let (qos, retain) = (delivery.qos, delivery.retain);
        let incoming = spread.incoming;
        let packet_id = take_packet_id(session, delivery);
        if S::TRACE {
            let delivered = Decision::Delivered {
                message: incoming.number,
                client_id: session.client_id.clone(),
                filter: via.filter(&self.tree),
                qos,
                packet_id: Some(packet_id),
                retain,
            };
            why!(cx, conn.id, conn.version => V311_3_8_4_6, V5_3_8_4_8, delivered);
        }
        if session.is_durable() {
            cx.sink.persist(&Change::Sent {
                client_id: &session.client_id,
                number: incoming.number,
                packet_id,
            });
        }
        let frame = spread.layouts.frame(
            &incoming,
            cx.now,
            conn.version,
            qos,
            retain,
            Some(packet_id),
        );
        conn.unflushed += frame.len() as u64;
        self.counters.sent[usize::from(qos.number())] += 1;
        cx.sink.send(conn.id, &frame);
    }

    /// Sends a message for the first time, in bytes of its own. The caller has held it for the delivery.
    pub(super) fn send_stored<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        delivery: Delivery,
        said: Said<'_>,
    ) {
        let session = &mut self.sessions[key];
        let conn_key = session.conn.expect("only a connected session is sent to");
        let conn = &mut self.conns[conn_key];
        let message = self.messages.get(delivery.message);
        let single = Single::of_delivery(message, &delivery);
        let Some(patch_at) = single.encode(conn, cx.now, &mut self.scratch) else {
            if said.is_stored(delivery.qos) {
                self.persist_dropped(cx, key, &delivery);
            }
            return self.drop_delivery(cx, key, delivery, DropCause::TooLarge);
        };
        let apart = single.apart();
        let packet_id = patch_at.map(|_| take_packet_id(session, delivery.clone()));
        if S::TRACE {
            let (clause, decision) = said.say(
                &self.tree,
                session,
                message,
                &delivery,
                packet_id,
                conn.version,
            );
            why!(cx, conn.id, = clause, decision);
        }
        if let (Some(packet_id), true) = (packet_id, session.is_durable()) {
            cx.sink.persist(&Change::Sent {
                client_id: &session.client_id,
                number: message.number,
                packet_id,
            });
        }
        let patch = patch_at.zip(packet_id).map(|(at, packet_id)| Patch {
            at,
            packet_id,
            dup: false,
        });
        let frame = Frame::publish(&self.scratch, patch, apart);
        conn.unflushed += frame.len() as u64;
        self.counters.sent[usize::from(delivery.qos.number())] += 1;
        cx.sink.send(conn.id, &frame);
        if packet_id.is_none() {
            if said.is_stored(delivery.qos) {
                self.persist_dropped(cx, key, &delivery);
            }
            self.messages.release(delivery.message);
        }
    }

    /// Counts and explains a message that a session does not get, and that it never held.
    #[cold]
    fn drop_one<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        message: u64,
        key: SessionKey,
        qos: QoS,
        because: DropCause,
    ) {
        self.counters.dropped(because);
        let clause = match because {
            DropCause::TooLarge => Some(Clause::V5_3_1_2_25),
            DropCause::Expired => Some(Clause::V5_3_3_2_5),
            DropCause::QueueFull
            | DropCause::QueueBytes
            | DropCause::MemoryFull
            | DropCause::SlowReader
            | DropCause::Offline
            | DropCause::Denied
            | DropCause::SessionEnded => None,
        };
        why!(cx, self.conn_id(key), = clause, Decision::Dropped {
            message,
            client_id: self.sessions[key].client_id.clone(),
            qos,
            because,
        });
    }

    /// Lets go of a message that a session held.
    #[cold]
    pub(super) fn drop_delivery<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        delivery: Delivery,
        because: DropCause,
    ) {
        let number = self.messages.get(delivery.message).number;
        self.drop_one(cx, number, key, delivery.qos, because);
        self.messages.release(delivery.message);
    }

    pub(super) fn persist_queued<S: Sink>(
        &self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        delivery: &Delivery,
    ) {
        let session = &self.sessions[key];
        if session.is_durable() {
            cx.sink.persist(&Change::Queued {
                client_id: &session.client_id,
                message: self.messages.get(delivery.message).borrowed(),
                delivery: self.delivery_ref(delivery),
            });
        }
    }

    pub(super) fn delivery_ref<'a>(&'a self, delivery: &'a Delivery) -> DeliveryRef<'a> {
        DeliveryRef {
            qos: delivery.qos,
            retain: delivery.retain,
            identifiers: delivery.identifiers(),
            share: delivery.share().map_or("", |share| share),
        }
    }

    fn persist_dropped<S: Sink>(&self, cx: &mut Cx<'_, S>, key: SessionKey, delivery: &Delivery) {
        let session = &self.sessions[key];
        if session.is_durable() {
            cx.sink.persist(&Change::Dropped {
                client_id: &session.client_id,
                number: self.messages.get(delivery.message).number,
            });
        }
    }
}

/// Why a message is sent now.
#[derive(Clone, Copy, Debug)]
pub(super) enum Said<'a> {
    /// A live message, for this filter.
    Live(Via<'a>),
    /// A retained message, for this filter.
    Retained(&'a Arc<str>),
    /// It waited.
    Waited,
}

impl Said<'_> {
    /// Whether the message was stored as one that waits.
    const fn is_stored(self, qos: QoS) -> bool {
        match self {
            Self::Live(_) | Self::Waited => true,
            Self::Retained(_) => !matches!(qos, QoS::AtMostOnce),
        }
    }

    fn say(
        self,
        tree: &Tree,
        session: &Session,
        message: &Message,
        delivery: &Delivery,
        packet_id: Option<PacketId>,
        version: Version,
    ) -> (Option<Clause>, Decision) {
        let delivered = |filter| Decision::Delivered {
            message: message.number,
            client_id: session.client_id.clone(),
            filter,
            qos: delivery.qos,
            packet_id,
            retain: delivery.retain,
        };
        match self {
            Self::Live(via) => {
                let clause = Clause::by_version(version, Clause::V311_3_8_4_6, Clause::V5_3_8_4_8);
                (Some(clause), delivered(via.filter(tree)))
            }
            Self::Retained(filter) => {
                let clause = Clause::by_version(version, Clause::V311_3_3_1_8, Clause::V5_3_3_1_9);
                (Some(clause), delivered(filter.clone()))
            }
            Self::Waited => {
                let decision = Decision::Dequeued {
                    message: message.number,
                    client_id: session.client_id.clone(),
                    qos: delivery.qos,
                    packet_id,
                };
                (None, decision)
            }
        }
    }
}

/// An identifier for a message that goes out now.
fn take_packet_id(session: &mut Session, delivery: Delivery) -> PacketId {
    session
        .flow_mut()
        .sender
        .insert(delivery.qos, delivery)
        .expect("the window is not full, and has at most as many places as there are identifiers")
}
