//! PUBACK, PUBREC, PUBREL and PUBCOMP from a client, and what is sent again on a new connection.

use core::mem;

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::arena::{ConnKey, SessionKey};
use crate::broker::layout::Single;
use crate::broker::message::Delivery;
use crate::broker::sink::Sink;
use crate::broker::{Broker, Change, Cx};
use crate::clause::Clause;
use crate::frame::{Frame, Patch};
use crate::id::PacketId;
use crate::packet::{Ack, Packet, PacketType, Version};
use crate::properties::Properties;
use crate::qos::{AfterPubRec, Stage, Unexpected};
use crate::reason::ReasonCode;
use crate::why::{Cause, Decision, DropCause, why};

impl Broker {
    pub(super) fn on_puback<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        session: SessionKey,
        ack: &Ack<'_>,
    ) {
        let packet_id = ack.packet_id;
        self.step_over(session, packet_id);
        match self.sessions[session]
            .flow_mut()
            .sender
            .on_puback(packet_id)
        {
            Ok(delivery) => {
                self.complete(cx, session, packet_id, ack.reason, &delivery);
                self.pump_if_waiting(cx, key, session);
            }
            Err(unexpected) => {
                self.on_unexpected(cx, key, PacketType::PubAck, packet_id, unexpected);
            }
        }
    }

    pub(super) fn on_pubrec<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        session_key: SessionKey,
        ack: &Ack<'_>,
    ) {
        let packet_id = ack.packet_id;
        self.step_over(session_key, packet_id);
        let session = &mut self.sessions[session_key];
        let again = match session
            .flow_mut()
            .sender
            .on_pubrec(packet_id, ack.reason.is_error())
        {
            Ok(AfterPubRec::Release) => false,
            Ok(AfterPubRec::ReleaseAgain) => true,
            Ok(AfterPubRec::Failed(delivery)) => {
                self.complete(cx, session_key, packet_id, ack.reason, &delivery);
                return self.pump_if_waiting(cx, key, session_key);
            }
            Err(unexpected) => {
                self.on_unexpected(cx, key, PacketType::PubRec, packet_id, unexpected);
                // To an error nothing is answered, and without an answer anything else would be repeated for ever.
                if unexpected == Unexpected::Unknown && !ack.reason.is_error() {
                    self.release_unknown(cx, key, packet_id);
                }
                return;
            }
        };
        if !again && session.is_durable() {
            cx.sink.persist(&Change::Released {
                client_id: &session.client_id,
                packet_id,
            });
        }
        if S::TRACE {
            let session = &self.sessions[session_key];
            let message = session
                .flow()
                .sender
                .iter()
                .find(|in_flight| in_flight.packet_id == packet_id);
            let message = message.map_or(0, |in_flight| {
                self.messages.get(in_flight.message.message).number
            });
            let client_id = session.client_id.clone();
            let decision = Decision::Released {
                message,
                client_id,
                packet_id,
                again,
            };
            why!(cx, cx.conn, cx.version => V311_4_3_3_1, V5_4_3_3_4, decision);
        }
        self.send(cx, key, &Packet::PubRel(Ack::success(packet_id)));
    }

    pub(super) fn on_pubrel<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        session: SessionKey,
        ack: &Ack<'_>,
    ) {
        let packet_id = ack.packet_id;
        let session = &mut self.sessions[session];
        let known = session.flow_mut().receiver.on_pubrel(packet_id);
        if let Some(once) = self.peers.once_if_any() {
            once.forget(&session.client_id, packet_id);
        }
        let reason = if known {
            if session.is_durable() {
                let client_id = &session.client_id;
                cx.sink.persist(&Change::ReceiveCompleted {
                    client_id,
                    packet_id,
                });
            }
            ReasonCode::Success
        } else {
            self.counters.acks_unexpected += 1;
            ReasonCode::PacketIdentifierNotFound
        };
        why!(cx, cx.conn, cx.version => V311_4_3_3_2, V5_4_3_3_11, Decision::Acknowledges {
            packet: PacketType::PubComp,
            packet_id,
            reason,
        });
        let properties = Properties::EMPTY;
        self.send(
            cx,
            key,
            &Packet::PubComp(Ack {
                packet_id,
                reason,
                properties,
            }),
        );
    }

    pub(super) fn on_pubcomp<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        session: SessionKey,
        ack: &Ack<'_>,
    ) {
        let packet_id = ack.packet_id;
        match self.sessions[session]
            .flow_mut()
            .sender
            .on_pubcomp(packet_id)
        {
            Ok(delivery) => {
                self.complete(cx, session, packet_id, ReasonCode::Success, &delivery);
                self.pump_if_waiting(cx, key, session);
            }
            Err(unexpected) => {
                self.on_unexpected(cx, key, PacketType::PubComp, packet_id, unexpected);
            }
        }
    }

    /// There is room for the next message, if there is one.
    #[inline]
    fn pump_if_waiting<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: ConnKey, session: SessionKey) {
        if self.conns[key].waits {
            self.pump(cx, session);
        }
    }

    /// A message in flight is done, for better or worse. [MQTT-2.3.1-4]
    fn complete<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        packet_id: PacketId,
        reason: ReasonCode,
        delivery: &Delivery,
    ) {
        let session = &self.sessions[key];
        if session.is_durable() {
            cx.sink.persist(&Change::Completed {
                client_id: &session.client_id,
                packet_id,
            });
        }
        if S::TRACE {
            let message = self.messages.get(delivery.message).number;
            let client_id = session.client_id.clone();
            if reason.is_error() {
                let decision = Decision::RefusedByClient {
                    message,
                    client_id,
                    packet_id,
                    reason,
                };
                why!(cx, cx.conn, V5_4_4_0_2, decision);
            } else {
                let decision = Decision::Completed {
                    message,
                    client_id,
                    packet_id,
                };
                why!(cx, cx.conn, cx.version => V311_2_3_1_4, V5_2_2_1_4, decision);
            }
        }
        if reason.is_error() {
            self.counters.refused_by_clients += 1;
        } else {
            self.counters.completed += 1;
        }
        self.messages.release(delivery.message);
    }

    /// An acknowledgement that fits nothing is ignored; one for a message of another QoS, or the end of an exchange that
    /// has not begun, breaks the protocol.
    fn on_unexpected<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        packet: PacketType,
        packet_id: PacketId,
        unexpected: Unexpected,
    ) {
        self.counters.acks_unexpected += 1;
        why!(
            cx,
            cx.conn,
            none,
            Decision::AckUnexpected {
                packet,
                packet_id,
                because: unexpected.into()
            }
        );
        let because = match (packet, unexpected) {
            (PacketType::PubAck, Unexpected::WrongStage(Stage::PubRec | Stage::PubComp))
            | (PacketType::PubRec | PacketType::PubComp, Unexpected::WrongStage(Stage::PubAck)) => {
                Cause::AckForOtherQos
            }
            (PacketType::PubComp, Unexpected::WrongStage(Stage::PubRec)) => Cause::AckOutOfOrder,
            (_, Unexpected::WrongStage(_) | Unexpected::Unknown) => return,
        };
        self.close_violation(cx, key, packet, because, None, ReasonCode::ProtocolError);
    }

    /// PUBREL for a message that nobody knows, so that the client can be done with it.
    fn release_unknown<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: ConnKey, packet_id: PacketId) {
        let reason = match cx.version {
            Version::V5 => ReasonCode::PacketIdentifierNotFound,
            Version::V3_1 | Version::V3_1_1 => ReasonCode::Success,
        };
        let properties = Properties::EMPTY;
        self.send(
            cx,
            key,
            &Packet::PubRel(Ack {
                packet_id,
                reason,
                properties,
            }),
        );
    }

    /// Sends what is in flight again on the new connection of a resumed session: PUBRELs, and PUBLISHes with DUP.
    /// [MQTT-4.4.0-1]
    pub(super) fn resend<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: SessionKey) {
        let session = &mut self.sessions[key];
        let Some(conn) = session.conn else {
            return;
        };
        let released: Vec<PacketId> = session
            .flow()
            .sender
            .iter()
            .take_while(|in_flight| in_flight.stage == Stage::PubComp)
            .map(|in_flight| in_flight.packet_id)
            .collect();
        let first = session.flow().sender.iter().nth(released.len());
        session.flow_mut().unsent_from = first.map(|in_flight| in_flight.packet_id);
        for packet_id in released {
            self.say_resent(cx, key, packet_id, PacketType::PubRel);
            self.send(cx, conn, &Packet::PubRel(Ack::success(packet_id)));
        }
        self.resend_more(cx, key, conn);
    }

    /// Goes on sending again, as far as the client's Receive Maximum and its reading allow.
    pub(super) fn resend_more<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        conn: ConnKey,
    ) {
        while let Some(packet_id) = self.sessions[key].flow().unsent_from {
            let session = &self.sessions[key];
            let position = |id| {
                session
                    .flow()
                    .sender
                    .iter()
                    .position(|in_flight| in_flight.packet_id == id)
            };
            let at = position(packet_id).expect("what is to be sent again is in flight");
            let window = usize::from(self.conns[conn].window);
            if at >= window || self.conns[conn].unflushed >= self.config.out_bytes_max {
                return;
            }
            let mut rest = session.flow().sender.iter().skip(at);
            let delivery = rest.next().map(|in_flight| in_flight.message.clone());
            let next = rest.next().map(|in_flight| in_flight.packet_id);
            drop(rest);
            self.sessions[key].flow_mut().unsent_from = next;
            if let Some(delivery) = delivery {
                self.resend_publish(cx, key, conn, packet_id, &delivery);
            }
        }
    }

    fn resend_publish<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        conn_key: ConnKey,
        packet_id: PacketId,
        delivery: &Delivery,
    ) {
        self.say_resent(cx, key, packet_id, PacketType::Publish);
        let conn = &mut self.conns[conn_key];
        let message = self.messages.get(delivery.message);
        let single = Single::of_delivery(message, delivery);
        let mut scratch = mem::take(&mut self.scratch);
        match single.encode(conn, cx.now, &mut scratch) {
            Some(patch_at) => {
                let patch = patch_at.map(|at| Patch {
                    at,
                    packet_id,
                    dup: true,
                });
                let frame = Frame::publish(&scratch, patch, single.apart());
                conn.unflushed += frame.len() as u64;
                self.counters.resent += 1;
                cx.sink.send(conn.id, &frame);
            }
            None => self.give_up(cx, key, packet_id),
        }
        self.scratch = scratch;
    }

    /// A message in flight is larger than the client accepts on its new connection: it counts as delivered.
    /// [MQTT-3.1.2-25]
    fn give_up<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: SessionKey, packet_id: PacketId) {
        let session = &mut self.sessions[key];
        let done = match session.flow_mut().sender.on_puback(packet_id) {
            Ok(delivery) => Some(delivery),
            Err(_) => match session.flow_mut().sender.on_pubrec(packet_id, true) {
                Ok(AfterPubRec::Failed(delivery)) => Some(delivery),
                Ok(AfterPubRec::Release | AfterPubRec::ReleaseAgain) | Err(_) => None,
            },
        };
        if let Some(delivery) = done {
            if session.is_durable() {
                cx.sink.persist(&Change::Completed {
                    client_id: &session.client_id,
                    packet_id,
                });
            }
            self.drop_delivery(cx, key, delivery, DropCause::TooLarge);
        }
    }

    /// The client acknowledges a message before it was sent again: that one is stepped over.
    #[inline]
    fn step_over(&mut self, key: SessionKey, packet_id: PacketId) {
        let session = &mut self.sessions[key];
        if session.flow().unsent_from == Some(packet_id) {
            let mut rest = session
                .flow()
                .sender
                .iter()
                .skip_while(|in_flight| in_flight.packet_id != packet_id);
            rest.next();
            let next = rest.next().map(|in_flight| in_flight.packet_id);
            drop(rest);
            session.flow_mut().unsent_from = next;
        }
    }

    fn say_resent<S: Sink>(
        &self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        packet_id: PacketId,
        packet: PacketType,
    ) {
        if !S::TRACE {
            return;
        }
        let session = &self.sessions[key];
        let in_flight = session
            .flow()
            .sender
            .iter()
            .find(|in_flight| in_flight.packet_id == packet_id);
        let message = in_flight.map_or(0, |in_flight| {
            self.messages.get(in_flight.message.message).number
        });
        let client_id: Arc<str> = session.client_id.clone();
        let clause = Clause::by_version(cx.version, Clause::V311_4_4_0_1, Clause::V5_4_4_0_1);
        why!(cx, self.conn_id(key), = Some(clause), Decision::Resent { message, client_id, packet, packet_id });
    }
}
