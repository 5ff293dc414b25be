//! From nothing to CONNACK.

use alloc::string::String;

use crate::clause::Clause;
use crate::client::alias::Aliases;
use crate::client::error::PeerErrorKind;
use crate::client::message::push_user_properties;
use crate::client::reconnect::is_worth_a_retry;
use crate::client::why::{BugKind, CleanStartBecause, NoRetryBecause};
use crate::client::{
    Authentication, Cause, Client, ClientError, Close, Decision, DiscardBecause, Event, Options,
    Server, Sink, State, TimerKind, WillOptions, say,
};
use crate::packet::{ConnAck, Connect, Packet, Version, Will};
use crate::properties::{Property, PropertyList};
use crate::reason::ReasonCode;
use crate::time::Instant;

/// PUBREL and PUBCOMP with a reason take so many bytes; a server with a smaller limit cannot be talked to.
const ACK_SIZE: u32 = 6;

impl Client {
    /// Connects now, also out of [`State::Waiting`].
    ///
    /// # Errors
    /// When it is connected or connecting already, or the options do not pass [`Options::check`].
    pub fn connect<S: Sink>(&mut self, now: Instant, sink: &mut S) -> Result<(), ClientError> {
        self.set_now(now);
        match self.state {
            State::Idle | State::Waiting => {}
            State::Opening | State::Connecting | State::Connected => {
                return Err(ClientError::AlreadyConnected);
            }
        }
        self.options.check()?;
        if self.state == State::Idle {
            self.attempts = 0;
            self.after_loss = false;
        }
        self.open(sink);
        Ok(())
    }

    pub(super) fn open<S: Sink>(&mut self, sink: &mut S) {
        self.timers.stop(TimerKind::Reconnect);
        let attempt = self.attempts;
        say(sink, None, || Decision::Open { attempt });
        self.set_state(State::Opening);
        self.start_connect_timer();
        sink.open();
    }

    fn start_connect_timer(&mut self) {
        let timeout = self.options.connect_timeout;
        self.timers.start(TimerKind::Connect, self.now, timeout);
    }

    pub(super) fn on_opened<S: Sink>(&mut self, sink: &mut S) {
        if self.state != State::Opening {
            say(sink, None, || Decision::IgnoreStray);
            return;
        }
        if self.session.client_id != self.client_id {
            self.discard_session(DiscardBecause::OtherClientId, sink);
        }
        let (clean_start, because) = self.clean_start();
        self.asked_clean_start = clean_start;
        if clean_start {
            self.discard_session(DiscardBecause::CleanStart, sink);
        }
        let clause = self.clause(Clause::V311_3_1_0_1, Clause::V5_3_1_0_1);
        say(sink, clause, || Decision::AskForSession {
            clean_start,
            because,
        });
        if self.client_id.is_empty() && !clean_start && !self.is_v5() {
            let clause = Some(Clause::V311_3_1_3_7);
            say(sink, clause, || {
                Decision::Bug(BugKind::EmptyClientIdWithSession)
            });
        }
        self.session.expiry = match self.options.version {
            Version::V3_1 | Version::V3_1_1 if clean_start => 0,
            Version::V3_1 | Version::V3_1_1 => u32::MAX,
            Version::V5 => self.options.session_expiry,
        };
        self.server = Server::unlimited(self.options.keep_alive);
        self.authentication = Authentication::begin(self.options.auth.is_some());
        self.set_state(State::Connecting);
        self.start_connect_timer();
        self.wire.reset(self.options.version, self.now);
        self.send_connect(clean_start, sink);
    }

    /// Whether the next CONNECT asks for a new session.
    fn clean_start(&self) -> (bool, CleanStartBecause) {
        if self.renew_session {
            (true, CleanStartBecause::UnknownSession)
        } else if self.is_v5()
            && self.options.resume_after_loss
            && self.after_loss
            && self.session.exists
        {
            (false, CleanStartBecause::Resume)
        } else {
            (self.options.clean_start, CleanStartBecause::Options)
        }
    }

    fn send_connect<S: Sink>(&mut self, clean_start: bool, sink: &mut S) {
        let options = &self.options;
        let (mut properties, mut will_properties) = (PropertyList::new(), PropertyList::new());
        if options.version == Version::V5 {
            write_properties(options, &mut properties);
            if let Some(will) = &options.will {
                write_will_properties(will, &mut will_properties);
            }
        }
        let connect = Connect {
            version: options.version,
            clean_start,
            keep_alive: options.keep_alive,
            client_id: &self.client_id,
            will: options.will.as_ref().map(|will| Will {
                topic: &will.topic,
                payload: &will.payload,
                qos: will.qos,
                retain: will.retain,
                properties: will_properties.properties(),
            }),
            user_name: options.user_name.as_deref(),
            password: options.password.as_deref(),
            properties: properties.properties(),
        };
        self.wire.send(self.now, &Packet::Connect(connect), sink);
    }

    pub(super) fn on_open_failed<S: Sink>(&mut self, sink: &mut S) {
        if self.state == State::Opening {
            self.end(Cause::OpenFailed, sink);
        } else {
            say(sink, None, || Decision::IgnoreStray);
        }
    }

    pub(super) fn on_connack<S: Sink>(&mut self, connack: ConnAck<'_>, sink: &mut S) {
        if self.state == State::Connected {
            let clause = Some(Clause::V5_3_2_0_2).filter(|_| self.is_v5());
            return self.fail(PeerErrorKind::SecondConnAck, clause, sink);
        }
        if connack.reason != ReasonCode::Success {
            return self.on_refused(connack, sink);
        }
        if let Err((kind, clause)) = self.check_connack(&connack) {
            return self.fail(kind, clause, sink);
        }
        self.server = Server::announced(&connack, self.options.keep_alive);
        let seconds = self.server.keep_alive;
        if seconds != self.options.keep_alive {
            let clause = Some(Clause::V5_3_2_2_21);
            say(sink, clause, || Decision::UseServerKeepAlive { seconds });
        }
        for property in connack.properties.iter() {
            if let Property::AssignedClientIdentifier(id) = property
                && self.client_id.is_empty()
            {
                let clause = Some(Clause::V5_3_1_3_7);
                say(sink, clause, || Decision::UseAssignedClientId);
                self.client_id = String::from(id);
            }
        }
        if let Some(expiry) = self.server.session_expiry {
            self.session.expiry = expiry;
        }
        let aliases = self.server.topic_alias_maximum;
        self.wire.aliases = Aliases::new(aliases.min(self.options.topic_aliases_max));
        self.wire.packet_size_max = self.server.maximum_packet_size;
        self.authentication.finish();
        self.renew_session = false;
        self.timers.stop(TimerKind::Connect);
        self.set_state(State::Connected);
        self.enter_session(connack.session_present, sink);
        sink.event(Event::Connected {
            session_present: connack.session_present,
            client_id: &self.client_id,
            properties: connack.properties,
        });
        self.resume(sink);
        if !connack.session_present {
            self.renew_subscriptions(sink);
        }
        self.send_waiting(sink);
    }

    fn check_connack(
        &mut self,
        connack: &ConnAck<'_>,
    ) -> Result<(), (PeerErrorKind, Option<Clause>)> {
        if connack.session_present && self.asked_clean_start {
            let clause = self.clause(Clause::V311_3_2_2_1, Clause::V5_3_2_2_2);
            return Err((PeerErrorKind::SessionPresentAfterCleanStart, clause));
        }
        if connack.session_present
            && !self.session.exists
            && self.is_v5()
            && !self.options.accept_unknown_session
        {
            self.renew_session = true;
            return Err((PeerErrorKind::UnknownSession, Some(Clause::V5_3_2_2_4)));
        }
        self.check_method(connack.properties, true)?;
        let largest = Server::announced(connack, 0).maximum_packet_size;
        if largest < ACK_SIZE {
            return Err((PeerErrorKind::PacketSizeUnusable, Some(Clause::V5_3_2_2_15)));
        }
        Ok(())
    }

    fn on_refused<S: Sink>(&mut self, connack: ConnAck<'_>, sink: &mut S) {
        let server_reference = connack.properties.iter().find_map(|property| {
            let Property::ServerReference(reference) = property else {
                return None;
            };
            Some(reference)
        });
        self.redirect(connack.reason, server_reference, sink);
        sink.close(Close::Orderly);
        let retry_at = self.finish(Cause::Refused(connack.reason), sink);
        sink.event(Event::Refused {
            reason: connack.reason,
            properties: connack.properties,
            retry_at,
        });
    }

    /// Tells the application when the server sends it elsewhere.
    pub(super) fn redirect<S: Sink>(
        &self,
        reason: ReasonCode,
        server_reference: Option<&str>,
        sink: &mut S,
    ) {
        if matches!(
            reason,
            ReasonCode::UseAnotherServer | ReasonCode::ServerMoved
        ) {
            sink.event(Event::Redirected {
                permanent: reason == ReasonCode::ServerMoved,
                server_reference,
            });
        }
    }

    /// The connection, or the attempt at one, is over, and its network connection closed.
    pub(super) fn end<S: Sink>(&mut self, cause: Cause, sink: &mut S) {
        let retry_at = self.finish(cause, sink);
        sink.event(Event::Disconnected { cause, retry_at });
    }

    fn finish<S: Sink>(&mut self, cause: Cause, sink: &mut S) -> Option<Instant> {
        say(sink, None, || Decision::End { cause });
        let lasted = self.now.since(self.since);
        if self.state == State::Connected && self.options.reconnect.is_steady(lasted) {
            self.attempts = 0;
        }
        self.timers.stop(TimerKind::Connect);
        self.timers.stop(TimerKind::PingResponse);
        self.wire.reset(self.options.version, self.now);
        self.authentication.finish();
        self.put_requests_back(sink);
        self.session.outgoing.clear_requests();
        self.resend.clear();
        if self.state == State::Connected {
            self.leave_session(sink);
        }
        let retry_at = self.plan_retry(&cause, sink);
        self.after_loss = retry_at.is_some();
        self.set_state(if retry_at.is_some() {
            State::Waiting
        } else {
            State::Idle
        });
        retry_at
    }

    fn plan_retry<S: Sink>(&mut self, cause: &Cause, sink: &mut S) -> Option<Instant> {
        let requested = *cause == Cause::Requested;
        if requested || !(is_worth_a_retry(cause) || self.options.retry_always) {
            let because = match cause {
                Cause::Refused(reason) | Cause::ServerDisconnect(reason) => {
                    NoRetryBecause::Reason(*reason)
                }
                Cause::Requested
                | Cause::OpenFailed
                | Cause::ConnectTimeout
                | Cause::PingTimeout
                | Cause::Lost(_)
                | Cause::Malformed(_)
                | Cause::ProtocolError(_) => NoRetryBecause::Requested,
            };
            say(sink, None, || Decision::NoRetry { because });
            return None;
        }
        let attempt = self.attempts;
        let Some(delay) = self.options.reconnect.delay(attempt, &mut self.rng) else {
            let because = NoRetryBecause::Policy;
            say(sink, None, || Decision::NoRetry { because });
            return None;
        };
        self.attempts = self.attempts.saturating_add(1);
        say(sink, None, || Decision::RetryIn { delay, attempt });
        self.timers.start(TimerKind::Reconnect, self.now, delay);
        Some(self.now + delay)
    }
}

fn write_properties(options: &Options, list: &mut PropertyList) {
    if options.session_expiry != 0 {
        list.push(Property::SessionExpiryInterval(options.session_expiry));
    }
    if options.receive_maximum != u16::MAX {
        list.push(Property::ReceiveMaximum(options.receive_maximum));
    }
    if let Some(max) = options.maximum_packet_size {
        list.push(Property::MaximumPacketSize(max));
    }
    if options.topic_alias_maximum != 0 {
        list.push(Property::TopicAliasMaximum(options.topic_alias_maximum));
    }
    if options.request_response_information {
        list.push(Property::RequestResponseInformation(1));
    }
    if !options.request_problem_information {
        list.push(Property::RequestProblemInformation(0));
    }
    if let Some(auth) = &options.auth {
        list.push(Property::AuthenticationMethod(&auth.method));
        if let Some(data) = &auth.data {
            list.push(Property::AuthenticationData(data));
        }
    }
    push_user_properties(list, &options.user_properties);
}

fn write_will_properties(will: &WillOptions, list: &mut PropertyList) {
    if will.delay != 0 {
        list.push(Property::WillDelayInterval(will.delay));
    }
    will.properties.write_to(list, will.properties.expiry);
}
