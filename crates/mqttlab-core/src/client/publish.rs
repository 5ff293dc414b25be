//! Messages from the application to the server.

use alloc::vec::Vec;

use crate::clause::Clause;
use crate::client::error::PeerErrorKind;
use crate::client::why::{BugKind, QueueBecause};
use crate::client::wire::Attempt;
use crate::client::{
    Client, ClientError, Decision, Dropped, Event, Message, Outgoing, Sink, State, Ticket,
    WhenFull, say,
};
use crate::codec::PACKET_SIZE_MAX;
use crate::id::PacketId;
use crate::packet::{Ack, Packet, PacketType, QoS};
use crate::qos::{AfterPubRec, InFlight, Stage, Unexpected};
use crate::reason::ReasonCode;
use crate::time::Instant;

/// What a message needs that it has not got yet.
enum Obstacle {
    /// It has to wait for this.
    Wait(QueueBecause),
    /// This server will never take it.
    Never(ClientError, Dropped),
}

impl Client {
    /// Publishes a message, at once or when there is a connection and a free place in the window.
    ///
    /// [`Event::Published`] or [`Event::Dropped`] will come with the ticket, maybe before this returns.
    ///
    /// # Errors
    /// When the message is not valid, this server does not take it, or it cannot wait.
    pub fn publish<S: Sink>(
        &mut self,
        now: Instant,
        message: Message,
        sink: &mut S,
    ) -> Result<Ticket, ClientError> {
        self.set_now(now);
        message.check(self.options.version)?;
        let size = self.wire.publish_size(&message);
        if size > u64::from(PACKET_SIZE_MAX) {
            let max = PACKET_SIZE_MAX;
            return Err(ClientError::PacketTooLarge { size, max });
        }
        let because = match self.obstacle(&message) {
            Some(Obstacle::Never(error, _)) => return Err(error),
            Some(Obstacle::Wait(because)) => Some(because),
            None if !self.queue.is_empty() => Some(QueueBecause::Behind),
            None => None,
        };
        if let Some(because) = because {
            self.make_room(&message, because, sink)?;
        }
        let ticket = self.next_ticket();
        let outgoing = Outgoing {
            ticket,
            since: now,
            message,
        };
        match because {
            None => self.transmit(outgoing, sink),
            Some(because) => {
                say(sink, self.queue_clause(because), || Decision::Queue {
                    ticket,
                    because,
                });
                self.queue.push(outgoing);
            }
        }
        Ok(ticket)
    }

    /// Sees to it that the queue has room for `message`.
    fn make_room<S: Sink>(
        &mut self,
        message: &Message,
        because: QueueBecause,
        sink: &mut S,
    ) -> Result<(), ClientError> {
        let limits = self.options.queue;
        let is_offline = because == QueueBecause::NotConnected;
        if is_offline && (limits.messages == 0 || message.qos == QoS::AtMostOnce && !limits.qos0) {
            return Err(ClientError::NotConnected);
        }
        if limits.messages == 0 && because == QueueBecause::WindowFull {
            let max = self.window();
            return Err(ClientError::TooManyInFlight { max });
        }
        let weight = message.weight();
        if self.queue.has_room(weight, &limits) {
            return Ok(());
        }
        let can_fit = limits.messages > 0 && weight <= limits.bytes;
        if limits.when_full == WhenFull::Reject || !can_fit {
            return Err(ClientError::QueueFull);
        }
        while !self.queue.has_room(weight, &limits) {
            let oldest = self.queue.pop().expect("an empty queue has room");
            self.drop_message(oldest.ticket, Dropped::QueueFull, sink);
        }
        Ok(())
    }

    fn queue_clause(&self, because: QueueBecause) -> Option<Clause> {
        match because {
            QueueBecause::WindowFull if self.is_v5() => Some(Clause::V5_3_3_4_7),
            QueueBecause::WindowFull
            | QueueBecause::NotConnected
            | QueueBecause::Behind
            | QueueBecause::WriteBuffer => None,
        }
    }

    /// How many messages with QoS > 0 may be incomplete on this connection.
    pub(super) fn window(&self) -> u16 {
        self.options.in_flight_max.min(self.server.receive_maximum)
    }

    /// How many are.
    fn in_window(&self) -> usize {
        self.session.outgoing.len() - self.resend.len()
    }

    fn obstacle(&self, message: &Message) -> Option<Obstacle> {
        if self.state != State::Connected {
            return Some(Obstacle::Wait(QueueBecause::NotConnected));
        }
        if let Some((error, why)) = self.refusal(message) {
            return Some(Obstacle::Never(error, why));
        }
        if self.wire.unflushed >= self.options.write_buffer_max {
            return Some(Obstacle::Wait(QueueBecause::WriteBuffer));
        }
        // Messages that are still to be sent again come before all others, also before those with QoS 0.
        if !self.resend.is_empty() {
            return Some(Obstacle::Wait(QueueBecause::Behind));
        }
        let is_counted = message.qos != QoS::AtMostOnce;
        if is_counted && !self.has_window() {
            return Some(Obstacle::Wait(QueueBecause::WindowFull));
        }
        None
    }

    /// Why this server will never take the message.
    fn refusal(&self, message: &Message) -> Option<(ClientError, Dropped)> {
        let max = self.server.maximum_qos;
        if message.qos > max {
            let error = ClientError::QosNotSupported { max };
            return Some((error, Dropped::QosNotSupported));
        }
        if message.retain && !self.server.retain_available {
            let error = ClientError::RetainNotAvailable;
            return Some((error, Dropped::RetainNotAvailable));
        }
        let (size, max) = (self.wire.publish_size(message), self.wire.packet_size_max);
        if size > u64::from(max) {
            let error = ClientError::PacketTooLarge { size, max };
            return Some((error, Dropped::PacketTooLarge));
        }
        None
    }

    fn has_window(&self) -> bool {
        // SUBSCRIBE and UNSUBSCRIBE need identifiers too, so that a window of 65 535 may never be filled.
        self.in_window() < usize::from(self.window())
            && self.session.outgoing.len() + self.requests.sent_count() < usize::from(u16::MAX)
    }

    /// Sends what waits and may be sent now: requests, then messages to be sent again, then new ones.
    pub(super) fn send_waiting<S: Sink>(&mut self, sink: &mut S) {
        if self.state != State::Connected {
            return;
        }
        self.send_waiting_requests(sink);
        while let Some(&packet_id) = self.resend.front() {
            let is_stuck = self.wire.unflushed >= self.options.write_buffer_max;
            if is_stuck || self.in_window() >= usize::from(self.window()) {
                return;
            }
            self.resend.pop_front();
            self.publish_again_if_taken(packet_id, sink);
        }
        while let Some(front) = self.queue.front() {
            let (ticket, is_expired) = (front.ticket, front.expiry_left(self.now) == Some(0));
            if is_expired {
                self.queue.pop();
                self.drop_message(ticket, Dropped::Expired, sink);
                continue;
            }
            match self.obstacle(&front.message) {
                Some(Obstacle::Wait(_)) => return,
                Some(Obstacle::Never(_, why)) => {
                    self.queue.pop();
                    self.drop_message(ticket, why, sink);
                }
                None => {
                    let outgoing = self.queue.pop().expect("it has a front");
                    self.transmit(outgoing, sink);
                }
            }
        }
    }

    fn drop_message<S: Sink>(&self, ticket: Ticket, why: Dropped, sink: &mut S) {
        let clause = match why {
            Dropped::QosNotSupported => Some(Clause::V5_3_2_2_11),
            Dropped::RetainNotAvailable => Some(Clause::V5_3_2_2_14),
            Dropped::PacketTooLarge => Some(Clause::V5_3_2_2_15),
            Dropped::SessionEnded(_)
            | Dropped::QueueFull
            | Dropped::Expired
            | Dropped::Replaced => None,
        };
        say(sink, clause, || Decision::Drop { ticket, why });
        sink.event(Event::Dropped { ticket, why });
    }

    /// Sends a message for the first time.
    fn transmit<S: Sink>(&mut self, outgoing: Outgoing, sink: &mut S) {
        let (ticket, qos) = (outgoing.ticket, outgoing.message.qos);
        let expiry = outgoing.expiry_left(self.now);
        if qos == QoS::AtMostOnce {
            let clause = self.clause(Clause::V311_4_3_1_1, Clause::V5_4_3_1_1);
            say(sink, clause, || Decision::Publish {
                ticket,
                packet_id: None,
                qos,
            });
            let attempt = Attempt {
                packet_id: None,
                dup: false,
                expiry,
            };
            self.wire
                .publish(self.now, &outgoing.message, attempt, sink);
            let reason = ReasonCode::Success;
            sink.event(Event::Published { ticket, reason });
            return;
        }
        let packet_id = self.take_up(outgoing, sink);
        let clause = match qos {
            QoS::AtMostOnce | QoS::AtLeastOnce => {
                self.clause(Clause::V311_4_3_2_1, Clause::V5_4_3_2_2)
            }
            QoS::ExactlyOnce => self.clause(Clause::V311_4_3_3_1, Clause::V5_4_3_3_2),
        };
        say(sink, clause, || Decision::Publish {
            ticket,
            packet_id: Some(packet_id),
            qos,
        });
        self.send_stored(packet_id, false, expiry, sink);
    }

    /// Gives a message its identifier.
    fn take_up<S: Sink>(&mut self, outgoing: Outgoing, sink: &mut S) -> PacketId {
        let qos = outgoing.message.qos;
        if self.options.bugs.packet_id_reuse {
            return self.take_up_wrongly(outgoing, sink);
        }
        self.session
            .outgoing
            .insert(qos, outgoing)
            .expect("has_window was asked and leaves identifiers free")
    }

    /// [`Bugs::packet_id_reuse`](crate::client::Bugs::packet_id_reuse).
    fn take_up_wrongly<S: Sink>(&mut self, outgoing: Outgoing, sink: &mut S) -> PacketId {
        let packet_id = PacketId::FIRST;
        self.session.outgoing.release(packet_id);
        if let Some(replaced) = self.session.outgoing.remove(packet_id) {
            let clause = self.clause(Clause::V311_2_3_1_2, Clause::V5_2_2_1_3);
            say(sink, clause, || Decision::Bug(BugKind::PacketIdReuse));
            self.resend.retain(|&id| id != packet_id);
            let ticket = replaced.message.ticket;
            self.drop_message(ticket, Dropped::Replaced, sink);
        }
        self.session.outgoing.restore(InFlight {
            packet_id,
            stage: match outgoing.message.qos {
                QoS::AtMostOnce | QoS::AtLeastOnce => Stage::PubAck,
                QoS::ExactlyOnce => Stage::PubRec,
            },
            message: outgoing,
        });
        packet_id
    }

    /// The connection is a new one and the session may not be: plans what must be sent again. [MQTT-4.4.0-1]
    pub(super) fn resume<S: Sink>(&mut self, sink: &mut S) {
        let in_flight: Vec<_> = self
            .session
            .outgoing
            .iter()
            .map(|in_flight| (in_flight.packet_id, in_flight.stage))
            .collect();
        // All PUBRELs first: the window delays nothing but PUBLISH. [MQTT-3.3.4-8]
        for (packet_id, stage) in in_flight {
            match stage {
                Stage::PubAck | Stage::PubRec => self.resend.push_back(packet_id),
                Stage::PubComp if self.options.bugs.publish_after_pubrel => {
                    let clause = self.clause(Clause::V311_4_3_3_1, Clause::V5_4_3_3_6);
                    say(sink, clause, || Decision::Bug(BugKind::PublishAfterPubrel));
                    self.publish_again(packet_id, sink);
                }
                Stage::PubComp => {
                    let clause = self.clause(Clause::V311_4_4_0_1, Clause::V5_4_4_0_1);
                    say(sink, clause, || Decision::ReleaseAgain { packet_id });
                    let ack = Packet::PubRel(Ack::success(packet_id));
                    self.wire.send(self.now, &ack, sink);
                }
            }
        }
    }

    /// A session can meet tighter limits than those under which its messages were sent.
    fn publish_again_if_taken<S: Sink>(&mut self, packet_id: PacketId, sink: &mut S) {
        let Some(stored) = self.session.outgoing.find_message(packet_id) else {
            return;
        };
        let ticket = stored.message.ticket;
        match self.refusal(&stored.message.message) {
            None => self.publish_again(packet_id, sink),
            Some((_, why)) => {
                self.session.outgoing.remove(packet_id);
                self.drop_message(ticket, why, sink);
            }
        }
    }

    fn publish_again<S: Sink>(&mut self, packet_id: PacketId, sink: &mut S) {
        let clause = self.clause(Clause::V311_4_4_0_1, Clause::V5_4_4_0_1);
        say(sink, clause, || Decision::PublishAgain { packet_id });
        let dup = !self.options.bugs.dup_never_set;
        if !dup {
            let clause = self.clause(Clause::V311_3_3_1_1, Clause::V5_3_3_1_1);
            say(sink, clause, || Decision::Bug(BugKind::DupNeverSet));
        }
        // No expiry once it was sent: the interval of the first time stands. [MQTT-4.3.3-7]
        let stored = self.session.outgoing.find_message(packet_id);
        let expiry = stored.and_then(|stored| stored.message.message.properties.expiry);
        self.send_stored(packet_id, dup, expiry, sink);
    }

    fn send_stored<S: Sink>(
        &mut self,
        packet_id: PacketId,
        dup: bool,
        expiry: Option<u32>,
        sink: &mut S,
    ) {
        if let Some(stored) = self.session.outgoing.find_message(packet_id) {
            let attempt = Attempt {
                packet_id: Some(packet_id),
                dup,
                expiry,
            };
            let message = &stored.message.message;
            self.wire.publish(self.now, message, attempt, sink);
        }
    }

    pub(super) fn on_puback<S: Sink>(&mut self, ack: Ack<'_>, sink: &mut S) {
        match self.session.outgoing.on_puback(ack.packet_id) {
            Ok(outgoing) => self.complete(&outgoing, ack, sink),
            Err(unexpected) => self.on_unexpected(PacketType::PubAck, ack, unexpected, sink),
        }
    }

    pub(super) fn on_pubrec<S: Sink>(&mut self, ack: Ack<'_>, sink: &mut S) {
        let packet_id = ack.packet_id;
        let is_error = ack.reason.is_error();
        match self.session.outgoing.on_pubrec(packet_id, is_error) {
            Ok(AfterPubRec::Release | AfterPubRec::ReleaseAgain) => {
                self.resend.retain(|&id| id != packet_id);
                let clause = self.clause(Clause::V311_4_3_3_1, Clause::V5_4_3_3_4);
                say(sink, clause, || Decision::Release { packet_id });
                let pubrel = Packet::PubRel(Ack::success(packet_id));
                self.wire.answer(self.now, &pubrel, sink);
            }
            Ok(AfterPubRec::Failed(outgoing)) => self.complete(&outgoing, ack, sink),
            Err(Unexpected::Unknown) => {
                let packet = PacketType::PubRec;
                say(sink, None, || Decision::AnswerUnknown { packet, packet_id });
                let pubrel = Ack {
                    reason: self.not_found(),
                    ..Ack::success(packet_id)
                };
                self.wire.answer(self.now, &Packet::PubRel(pubrel), sink);
            }
            Err(unexpected) => self.on_unexpected(PacketType::PubRec, ack, unexpected, sink),
        }
    }

    pub(super) fn on_pubcomp<S: Sink>(&mut self, ack: Ack<'_>, sink: &mut S) {
        match self.session.outgoing.on_pubcomp(ack.packet_id) {
            Ok(outgoing) => {
                // Where PUBREL went out again the server may have forgotten the message: it had taken it.
                let taken = Ack::success(ack.packet_id);
                self.complete(&outgoing, taken, sink);
            }
            Err(unexpected) => self.on_unexpected(PacketType::PubComp, ack, unexpected, sink),
        }
    }

    /// The reason in an answer about an identifier that nobody knows; the older versions have none.
    pub(super) fn not_found(&self) -> ReasonCode {
        if self.is_v5() {
            ReasonCode::PacketIdentifierNotFound
        } else {
            ReasonCode::Success
        }
    }

    fn complete<S: Sink>(&mut self, outgoing: &Outgoing, ack: Ack<'_>, sink: &mut S) {
        let Ack {
            packet_id, reason, ..
        } = ack;
        self.resend.retain(|&id| id != packet_id);
        let clause = match outgoing.message.qos {
            QoS::AtMostOnce | QoS::AtLeastOnce => {
                self.clause(Clause::V311_4_3_2_1, Clause::V5_4_3_2_3)
            }
            QoS::ExactlyOnce => self.clause(Clause::V311_4_3_3_1, Clause::V5_4_3_3_5),
        };
        say(sink, clause, || Decision::Complete { packet_id, reason });
        let ticket = outgoing.ticket;
        sink.event(Event::Published { ticket, reason });
        self.send_waiting(sink);
    }

    /// An acknowledgement that does not fit: for an unknown message it may be an echo of a lost session, for a message of
    /// the other QoS it is a mistake.
    fn on_unexpected<S: Sink>(
        &mut self,
        packet: PacketType,
        ack: Ack<'_>,
        unexpected: Unexpected,
        sink: &mut S,
    ) {
        let packet_id = ack.packet_id;
        let is_wrong_kind = match (packet, unexpected) {
            (_, Unexpected::Unknown) => false,
            (PacketType::PubAck, Unexpected::WrongStage(Stage::PubRec | Stage::PubComp)) => true,
            (_, Unexpected::WrongStage(Stage::PubAck)) => true,
            // PUBCOMP before PUBREC: the server of 3.1.1 has forgotten the message, or is confused; PUBREC will tell.
            (_, Unexpected::WrongStage(Stage::PubRec | Stage::PubComp)) => false,
        };
        if is_wrong_kind {
            let kind = PeerErrorKind::WrongAcknowledgement { packet, packet_id };
            let clause = self.clause(Clause::V311_2_3_1_6, Clause::V5_2_2_1_5);
            return self.fail(kind, clause, sink);
        }
        say(sink, None, || Decision::IgnoreAck { packet, packet_id });
    }

    /// Whether this server takes a packet of this size.
    pub(super) fn check_size(&self, packet: &Packet<'_>) -> Result<(), ClientError> {
        let max = self.wire.packet_size_max;
        let size = self.wire.size(packet);
        if size > u64::from(max) {
            return Err(ClientError::PacketTooLarge { size, max });
        }
        Ok(())
    }
}
