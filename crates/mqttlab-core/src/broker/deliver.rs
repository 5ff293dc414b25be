//! One message to one session: sent, queued or dropped.

use alloc::sync::Arc;

use crate::broker::arena::{ConnKey, SessionKey};
use crate::broker::conn::Conn;
use crate::broker::layout::{Kind, Single};
use crate::broker::message::{Delivery, Message};
use crate::broker::publish::Spread;
use crate::broker::session::{Flow, Session};
use crate::broker::sink::Sink;
use crate::broker::tree::{Place, Route, Tree};
use crate::broker::waiting::QUEUED_OVERHEAD;
use crate::broker::{Access, Broker, Change, Config, Cx, DeliveryRef};
use crate::frame::Frame;
use crate::id::PacketId;
use crate::packet::QoS;
use crate::why::{Decision, DropCause, QueueCause, Undelivered, why};

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
    pub(super) fn filter(self, tree: &Tree) -> Arc<str> {
        match self {
            Self::Place(place) => tree.filter(place),
            Self::Share(filter) => filter.clone(),
        }
    }

    pub(super) fn share(self) -> Option<&'a Arc<str>> {
        match self {
            Self::Place(_) => None,
            Self::Share(filter) => Some(filter),
        }
    }
}

impl Broker {
    /// The common cases in few instructions: a message goes out at once, in the same bytes as to others. False, and
    /// nothing done, when it is another case.
    #[inline]
    pub(super) fn send_plainly<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        spread: &mut Spread<'_>,
        route: &Route,
    ) -> bool {
        if route.is_special() {
            return false;
        }
        match spread.incoming.qos.min(route.qos) {
            QoS::AtMostOnce => self.send_plainly_qos0(cx, spread, route),
            qos @ (QoS::AtLeastOnce | QoS::ExactlyOnce) => {
                self.send_plainly_acknowledged(cx, spread, route, qos)
            }
        }
    }

    #[inline]
    fn send_plainly_qos0<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        spread: &mut Spread<'_>,
        route: &Route,
    ) -> bool {
        let incoming = &spread.incoming;
        let session = &self.sessions[route.session];
        let Some(conn) = session.conn else {
            return false;
        };
        let conn = &mut self.conns[conn];
        if conn.uses_aliases
            || conn.waits
            || !cx
                .sink
                .permits(&session.identity(), Access::Receive, incoming.topic)
        {
            return false;
        }
        let retain = incoming.retain && route.retain_as_published;
        let kind = Kind::new(conn.version, QoS::AtMostOnce, retain);
        let layout = spread.layouts.layout(incoming, cx.now, kind);
        let frame = spread.layouts.frame(layout, None);
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

    #[inline]
    fn send_plainly_acknowledged<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        spread: &mut Spread<'_>,
        route: &Route,
        qos: QoS,
    ) -> bool {
        let message = self.stored(spread);
        let session = &mut self.sessions[route.session];
        let Some(conn) = session.conn else {
            return false;
        };
        let conn = &mut self.conns[conn];
        let incoming = &spread.incoming;
        if conn.uses_aliases
            || must_wait(session.flow(), conn, &self.config).is_some()
            || self.messages.bytes() > self.config.message_bytes_max
            || !cx
                .sink
                .permits(&session.identity(), Access::Receive, incoming.topic)
        {
            return false;
        }
        let retain = incoming.retain && route.retain_as_published;
        let kind = Kind::new(conn.version, qos, retain);
        let layout = spread.layouts.layout(incoming, cx.now, kind);
        let len = spread.layouts.len(layout);
        if len > u64::from(conn.packet_size_max) {
            return false;
        }
        spread.hand_over(&mut self.messages, message);
        let delivery = Delivery::plain(message, qos, retain);
        let packet_id = session.flow_mut().take_packet_id(delivery);
        if session.is_durable() {
            let message = self.messages.get(message);
            persist_sent_at_once(cx.sink, session, message, (qos, retain), packet_id);
        }
        conn.unflushed += len;
        self.counters.sent[usize::from(qos.number())] += 1;
        let frame = spread.layouts.frame(layout, Some(packet_id));
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
        // One that waited for an absent client must not be overtaken by a later one. [MQTT-4.6.0-6]
        let may_wait = qos != QoS::AtMostOnce || session.flow().queue.has_qos0();
        match session.conn {
            Some(conn) if !may_wait => self.send_qos0(cx, spread, key, conn, hop),
            Some(_) | None => self.offer_stored(cx, spread, key, hop, qos),
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
        let kind = Kind::new(version, QoS::AtMostOnce, retain);
        let layout = spread.layouts.layout(incoming, cx.now, kind);
        let frame = spread.layouts.frame(layout, None);
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

    /// A message that waits for its acknowledgement, or for its turn.
    fn offer_stored<S: Sink>(
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
            Some(conn) => must_wait(session.flow(), &self.conns[conn], &self.config),
        };
        let retain = spread.incoming.retain && hop.retain_as_published;
        let message = self.hold(spread);
        let delivery = Delivery::new(message, qos, retain, hop.identifiers, hop.via.share());
        match because {
            Some(because) => self.enqueue(cx, key, delivery, hop.via, because),
            None if self.messages.bytes() > self.config.message_bytes_max => {
                self.drop_delivery(cx, key, delivery, DropCause::MemoryFull);
            }
            None => {
                self.persist_queued(cx, key, &delivery);
                self.send_shared(cx, spread, key, delivery, hop.via);
            }
        }
    }
}

/// Stores that a message waits for a session and that it is in flight, both at once.
fn persist_sent_at_once<S: Sink>(
    sink: &mut S,
    session: &Session,
    message: &Message,
    (qos, retain): (QoS, bool),
    packet_id: PacketId,
) {
    let client_id = &session.client_id;
    sink.persist(&Change::Queued {
        client_id,
        message: message.borrowed(),
        delivery: DeliveryRef {
            qos,
            retain,
            identifiers: &[],
            share: "",
        },
    });
    sink.persist(&Change::Sent {
        client_id,
        number: message.number,
        packet_id,
    });
}

/// Why a message that may wait cannot go out at once.
#[inline]
pub(super) fn must_wait(flow: &Flow, conn: &Conn, config: &Config) -> Option<QueueCause> {
    if !flow.queue.is_empty() {
        Some(QueueCause::Behind)
    } else if flow.unsent_from.is_some() || flow.window_is_full(conn.window) {
        Some(QueueCause::Window)
    } else if conn.unflushed >= config.out_bytes_max {
        Some(QueueCause::SlowReader)
    } else {
        None
    }
}
