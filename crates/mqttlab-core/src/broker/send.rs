//! A message goes out to one session for the first time.

use alloc::sync::Arc;

use crate::broker::arena::SessionKey;
use crate::broker::deliver::Via;
use crate::broker::layout::{Kind, Single};
use crate::broker::message::{Delivery, Message};
use crate::broker::publish::Spread;
use crate::broker::session::Session;
use crate::broker::sink::Sink;
use crate::broker::tree::Tree;
use crate::broker::{Broker, Change, Cx};
use crate::clause::Clause;
use crate::frame::{Frame, Patch};
use crate::id::PacketId;
use crate::packet::{QoS, Version};
use crate::why::{Decision, DropCause, why};

impl Broker {
    /// Sends a message for the first time, in bytes shared with other receivers where there is nothing special in them.
    pub(super) fn send_shared<S: Sink>(
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
        let packet_id = session.flow_mut().take_packet_id(delivery);
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
        let kind = Kind::new(conn.version, qos, retain);
        let layout = spread.layouts.layout(&incoming, cx.now, kind);
        let frame = spread.layouts.frame(layout, Some(packet_id));
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
        let packet_id = patch_at.map(|_| session.flow_mut().take_packet_id(delivery.clone()));
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
