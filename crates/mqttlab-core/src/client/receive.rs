//! Packets from the server.

use crate::clause::Clause;
use crate::client::auth::Authentication;
use crate::client::error::PeerErrorKind;
use crate::client::why::BugKind;
use crate::client::{Client, Decision, Event, Sink, State, TimerKind, say};
use crate::id::PacketId;
use crate::packet::{Ack, Packet, PacketType, Publish, QoS};
use crate::qos::Seen;
use crate::reason::ReasonCode;

impl Client {
    pub(super) fn on_packet<S: Sink>(&mut self, packet: Packet<'_>, sink: &mut S) {
        match self.state {
            State::Idle | State::Opening | State::Waiting => {
                say(sink, None, || Decision::IgnoreStray);
                return;
            }
            State::Connecting => self.on_packet_connecting(packet, sink),
            State::Connected => self.on_packet_connected(packet, sink),
        }
        let is_open = matches!(self.state, State::Connecting | State::Connected);
        if is_open && self.wire.answers > self.options.write_buffer_max {
            self.fail(PeerErrorKind::DoesNotRead, None, sink);
        }
        if is_open && self.options.bugs.keep_alive_restarts_on_receive {
            let clause = self.clause(Clause::V311_3_1_2_23, Clause::V5_3_1_2_20);
            say(sink, clause, || {
                Decision::Bug(BugKind::KeepAliveRestartsOnReceive)
            });
            self.wire.idle_since = self.now;
        }
    }

    fn on_packet_connecting<S: Sink>(&mut self, packet: Packet<'_>, sink: &mut S) {
        match packet {
            Packet::ConnAck(connack) => self.on_connack(connack, sink),
            Packet::Auth(auth) if self.authentication != Authentication::None => {
                self.on_auth(auth, sink);
            }
            Packet::Auth(_) => {
                let kind = PeerErrorKind::AuthenticationNotExpected;
                self.fail(kind, Some(Clause::V5_4_12_0_6), sink);
            }
            Packet::Disconnect(_) => {
                let kind = PeerErrorKind::BeforeConnAck(PacketType::Disconnect);
                self.fail(kind, Some(Clause::V5_3_14_0_1), sink);
            }
            Packet::Connect(_)
            | Packet::Publish(_)
            | Packet::PubAck(_)
            | Packet::PubRec(_)
            | Packet::PubRel(_)
            | Packet::PubComp(_)
            | Packet::Subscribe(_)
            | Packet::SubAck(_)
            | Packet::Unsubscribe(_)
            | Packet::UnsubAck(_)
            | Packet::PingReq
            | Packet::PingResp => {
                let kind = PeerErrorKind::BeforeConnAck(packet.packet_type());
                let clause = self.clause(Clause::V311_3_2_0_1, Clause::V5_3_2_0_1);
                self.fail(kind, clause, sink);
            }
        }
    }

    fn on_packet_connected<S: Sink>(&mut self, packet: Packet<'_>, sink: &mut S) {
        match packet {
            Packet::ConnAck(connack) => self.on_connack(connack, sink),
            Packet::Publish(publish) => self.on_publish(publish, sink),
            Packet::PubAck(ack) => self.on_puback(ack, sink),
            Packet::PubRec(ack) => self.on_pubrec(ack, sink),
            Packet::PubRel(ack) => self.on_pubrel(ack.packet_id, sink),
            Packet::PubComp(ack) => self.on_pubcomp(ack, sink),
            Packet::SubAck(suback) => self.on_suback(suback, sink),
            Packet::UnsubAck(unsuback) => self.on_unsuback(unsuback, sink),
            Packet::PingResp => {
                say(sink, None, || Decision::PingAnswered);
                self.timers.stop(TimerKind::PingResponse);
            }
            Packet::Disconnect(disconnect) if self.is_v5() => {
                self.on_server_disconnect(disconnect, sink);
            }
            Packet::Auth(auth) => self.on_auth(auth, sink),
            Packet::Disconnect(_)
            | Packet::Connect(_)
            | Packet::Subscribe(_)
            | Packet::Unsubscribe(_)
            | Packet::PingReq => {
                let kind = PeerErrorKind::WrongDirection(packet.packet_type());
                self.fail(kind, None, sink);
            }
        }
    }

    fn on_publish<S: Sink>(&mut self, publish: Publish<'_>, sink: &mut S) {
        let Some(packet_id) = publish.packet_id else {
            return self.deliver(publish, sink);
        };
        match publish.qos {
            QoS::AtMostOnce => self.deliver(publish, sink),
            QoS::AtLeastOnce => {
                self.deliver(publish, sink);
                let puback = Packet::PubAck(Ack::success(packet_id));
                self.wire.answer(self.now, &puback, sink);
            }
            QoS::ExactlyOnce => self.on_publish_exactly_once(publish, packet_id, sink),
        }
    }

    fn on_publish_exactly_once<S: Sink>(
        &mut self,
        publish: Publish<'_>,
        packet_id: PacketId,
        sink: &mut S,
    ) {
        let incoming = &mut self.session.incoming;
        let is_new = !incoming.contains(packet_id);
        if is_new && incoming.len() >= usize::from(self.options.receive_maximum) {
            let kind = PeerErrorKind::ReceiveMaximumExceeded;
            return self.fail(kind, Some(Clause::V5_3_3_4_9), sink);
        }
        match incoming.on_publish(packet_id) {
            Seen::First => self.deliver(publish, sink),
            Seen::Again => {
                let clause = self.clause(Clause::V311_4_3_3_2, Clause::V5_4_3_3_10);
                say(sink, clause, || Decision::SuppressDuplicate { packet_id });
            }
        }
        let pubrec = Packet::PubRec(Ack::success(packet_id));
        self.wire.answer(self.now, &pubrec, sink);
    }

    fn deliver<S: Sink>(&mut self, publish: Publish<'_>, sink: &mut S) {
        let Publish { qos, packet_id, .. } = publish;
        let clause = self.clause(Clause::V311_3_3_4_1, Clause::V5_3_3_4_1);
        say(sink, clause, || Decision::Deliver { qos, packet_id });
        sink.event(Event::Message(publish));
    }

    fn on_pubrel<S: Sink>(&mut self, packet_id: PacketId, sink: &mut S) {
        let reason = if self.session.incoming.on_pubrel(packet_id) {
            let clause = self.clause(Clause::V311_4_3_3_2, Clause::V5_4_3_3_11);
            say(sink, clause, || Decision::Forget { packet_id });
            ReasonCode::Success
        } else {
            let packet = PacketType::PubRel;
            say(sink, None, || Decision::AnswerUnknown { packet, packet_id });
            self.not_found()
        };
        let pubcomp = Ack {
            reason,
            ..Ack::success(packet_id)
        };
        self.wire.answer(self.now, &Packet::PubComp(pubcomp), sink);
    }
}
