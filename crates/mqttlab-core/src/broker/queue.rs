//! Messages that wait for a session, and what becomes of those that cannot.

use crate::broker::arena::{ConnKey, SessionKey};
use crate::broker::deliver::Via;
use crate::broker::message::Delivery;
use crate::broker::policy::QueueFull;
use crate::broker::send::Said;
use crate::broker::sink::Sink;
use crate::broker::{Access, Broker, Change, Cx, DeliveryRef, waiting};
use crate::clause::Clause;
use crate::packet::QoS;
use crate::why::{Decision, DropCause, QueueCause, why};

impl Broker {
    /// Puts a message behind those that wait, or drops one by the policy.
    pub(super) fn enqueue<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        delivery: Delivery,
        via: Via<'_>,
        because: QueueCause,
    ) {
        let size = waiting::size_of(&delivery, &self.messages);
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
        let (qos, message) = (delivery.qos, delivery.message);
        session.flow_mut().queue.push(delivery, &self.messages);
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

    fn queue_is_full(&self, key: SessionKey, size: u64) -> Option<DropCause> {
        let session = &self.sessions[key];
        if session.flow().queue.len() >= self.config.queue_messages_max as usize {
            Some(DropCause::QueueFull)
        } else if session.flow().queue.bytes() + size > self.config.queue_bytes_max {
            Some(DropCause::QueueBytes)
        } else if self.messages.bytes() > self.config.message_bytes_max {
            Some(DropCause::MemoryFull)
        } else {
            None
        }
    }

    /// Takes the message out that waited longest.
    pub(super) fn pop_queued(&mut self, key: SessionKey) -> Option<Delivery> {
        let session = &mut self.sessions[key];
        // Nobody begins a flow only to find nothing in it.
        if session.flow().queue.is_empty() {
            return None;
        }
        session.flow_mut().queue.pop(&self.messages)
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
            || (session.flow().unsent_from.is_none()
                && !session.flow().window_is_full(conn.window));
        window && conn.unflushed < self.config.out_bytes_max
    }

    /// Counts and explains a message that a session does not get, and that it never held.
    #[cold]
    pub(super) fn drop_one<S: Sink>(
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
            | DropCause::SourceDenied
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

    pub(super) fn persist_dropped<S: Sink>(
        &self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        delivery: &Delivery,
    ) {
        let session = &self.sessions[key];
        if session.is_durable() {
            cx.sink.persist(&Change::Dropped {
                client_id: &session.client_id,
                number: self.messages.get(delivery.message).number,
            });
        }
    }
}
