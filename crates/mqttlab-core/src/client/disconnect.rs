//! How connections end.

use alloc::string::String;
use alloc::vec::Vec;

use crate::clause::Clause;
use crate::client::error::PeerErrorKind;
use crate::client::message::{check_text, check_user_properties, push_user_properties};
use crate::client::{
    Cause, Client, ClientError, Close, Decision, Event, Loss, Part, PeerError, Sink, State,
    TimerKind, say,
};
use crate::error::DecodeError;
use crate::packet::{Disconnect, Packet};
use crate::properties::{Properties, Property, PropertyList};
use crate::reason::ReasonCode;
use crate::time::Instant;

/// What to say in DISCONNECT. Before 5.0 there is nothing to say and all of it must be as in the default.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct DisconnectOptions {
    /// Reason Code. With [`ReasonCode::DisconnectWithWill`] the will is published all the same.
    pub reason: ReasonCode,
    /// A new Session Expiry Interval in seconds.
    pub session_expiry: Option<u32>,
    /// Reason String; left out where it would make the packet too large. [MQTT-3.14.2-3]
    pub reason_string: Option<String>,
    /// User Properties; left out where they would make the packet too large. [MQTT-3.14.2-4]
    pub user_properties: Vec<(String, String)>,
}

impl Default for DisconnectOptions {
    fn default() -> Self {
        Self::new(ReasonCode::Success)
    }
}

impl DisconnectOptions {
    /// Only a reason.
    pub const fn new(reason: ReasonCode) -> Self {
        Self {
            reason,
            session_expiry: None,
            reason_string: None,
            user_properties: Vec::new(),
        }
    }
}

impl Client {
    /// Says DISCONNECT and closes the connection, or gives up connecting. Messages in the queue stay there.
    ///
    /// # Errors
    /// When there is nothing to end, or the standard does not let a client say this.
    pub fn disconnect<S: Sink>(
        &mut self,
        now: Instant,
        options: &DisconnectOptions,
        sink: &mut S,
    ) -> Result<(), ClientError> {
        self.set_now(now);
        self.check_disconnect(options)?;
        match self.state {
            State::Idle => return Err(ClientError::NotActive),
            State::Waiting => self.timers.stop(TimerKind::Reconnect),
            State::Opening => sink.close(Close::Reset),
            State::Connecting | State::Connected => {
                if let Some(expiry) = options.session_expiry {
                    self.session.expiry = expiry;
                }
                self.send_disconnect(options, sink);
                sink.close(Close::Orderly);
            }
        }
        self.end(Cause::Requested, sink);
        Ok(())
    }

    fn check_disconnect(&self, options: &DisconnectOptions) -> Result<(), ClientError> {
        if !self.is_v5() {
            return if options.reason != ReasonCode::Success {
                Err(ClientError::ReasonNotAllowed(options.reason))
            } else if *options != DisconnectOptions::default() {
                Err(ClientError::NeedsVersion5(Part::DisconnectProperties))
            } else {
                Ok(())
            };
        }
        if !may_say(options.reason) {
            return Err(ClientError::ReasonNotAllowed(options.reason));
        }
        if options.session_expiry.is_some_and(|expiry| expiry != 0)
            && self.options.session_expiry == 0
        {
            return Err(ClientError::SessionExpiryWasZero);
        }
        if let Some(text) = &options.reason_string {
            check_text(Part::ReasonString, text)?;
        }
        check_user_properties(&options.user_properties)
    }

    fn send_disconnect<S: Sink>(&mut self, options: &DisconnectOptions, sink: &mut S) {
        let reason = options.reason;
        let clause = self.clause(Clause::V311_3_14_4_1, Clause::V5_3_14_4_2);
        say(sink, clause, || Decision::Disconnect { reason });
        let mut list = PropertyList::new();
        if let Some(expiry) = options.session_expiry {
            list.push(Property::SessionExpiryInterval(expiry));
        }
        let needed = list.properties().as_bytes().len();
        if let Some(text) = &options.reason_string {
            list.push(Property::ReasonString(text));
        }
        push_user_properties(&mut list, &options.user_properties);
        let disconnect = |properties| {
            Packet::Disconnect(Disconnect {
                reason: options.reason,
                properties,
            })
        };
        if self.check_size(&disconnect(list.properties())).is_ok() {
            let packet = disconnect(list.properties());
            return self.wire.send(self.now, &packet, sink);
        }
        let short = Properties::from_checked(&list.properties().as_bytes()[..needed]);
        self.wire.send(self.now, &disconnect(short), sink);
    }

    pub(super) fn on_lost<S: Sink>(&mut self, loss: Loss, sink: &mut S) {
        match self.state {
            State::Connecting | State::Connected => self.end(Cause::Lost(loss), sink),
            State::Opening => self.end(Cause::OpenFailed, sink),
            State::Idle | State::Waiting => say(sink, None, || Decision::IgnoreStray),
        }
    }

    pub(super) fn on_server_disconnect<S: Sink>(
        &mut self,
        disconnect: Disconnect<'_>,
        sink: &mut S,
    ) {
        let Disconnect { reason, properties } = disconnect;
        sink.event(Event::ServerDisconnect { reason, properties });
        let server_reference = properties.iter().find_map(|property| {
            let Property::ServerReference(reference) = property else {
                return None;
            };
            Some(reference)
        });
        self.redirect(reason, server_reference, sink);
        sink.close(Close::Orderly);
        self.end(Cause::ServerDisconnect(reason), sink);
    }

    pub(super) fn on_malformed<S: Sink>(&mut self, error: DecodeError, sink: &mut S) {
        match self.state {
            State::Connecting | State::Connected => {}
            State::Idle | State::Opening | State::Waiting => {
                say(sink, None, || Decision::IgnoreStray);
                return;
            }
        }
        say(sink, error.clause, || Decision::Malformed(error));
        self.say_goodbye(error.reason, sink);
        self.end(Cause::Malformed(error), sink);
    }

    /// The server broke the protocol: the connection is closed.
    pub(super) fn fail<S: Sink>(
        &mut self,
        kind: PeerErrorKind,
        clause: Option<Clause>,
        sink: &mut S,
    ) {
        let reason = match kind {
            PeerErrorKind::ReceiveMaximumExceeded => ReasonCode::ReceiveMaximumExceeded,
            PeerErrorKind::DoesNotRead => ReasonCode::QuotaExceeded,
            PeerErrorKind::PacketSizeUnusable => ReasonCode::ImplementationSpecificError,
            PeerErrorKind::BeforeConnAck(_)
            | PeerErrorKind::SecondConnAck
            | PeerErrorKind::WrongDirection(_)
            | PeerErrorKind::SessionPresentAfterCleanStart
            | PeerErrorKind::UnknownSession
            | PeerErrorKind::WrongAcknowledgement { .. }
            | PeerErrorKind::CodeCount { .. }
            | PeerErrorKind::AuthenticationNotExpected
            | PeerErrorKind::AuthenticationMethod
            | PeerErrorKind::AuthenticationReason(_) => ReasonCode::ProtocolError,
        };
        let error = PeerError {
            kind,
            clause,
            reason,
        };
        say(sink, clause, || Decision::ProtocolError(error));
        self.say_goodbye(reason, sink);
        self.end(Cause::ProtocolError(error), sink);
    }

    /// Closes the network connection; 5.0 can say why before. [MQTT-4.13.2-1]
    fn say_goodbye<S: Sink>(&mut self, reason: ReasonCode, sink: &mut S) {
        if self.is_v5() && may_say(reason) {
            self.send_disconnect(&DisconnectOptions::new(reason), sink);
        }
        sink.close(Close::Orderly);
    }
}

/// Whether a client may send DISCONNECT with this reason. [MQTT-3.14.2-1]
const fn may_say(reason: ReasonCode) -> bool {
    matches!(
        reason,
        ReasonCode::Success
            | ReasonCode::DisconnectWithWill
            | ReasonCode::UnspecifiedError
            | ReasonCode::MalformedPacket
            | ReasonCode::ProtocolError
            | ReasonCode::ImplementationSpecificError
            | ReasonCode::TopicNameInvalid
            | ReasonCode::ReceiveMaximumExceeded
            | ReasonCode::TopicAliasInvalid
            | ReasonCode::PacketTooLarge
            | ReasonCode::MessageRateTooHigh
            | ReasonCode::QuotaExceeded
            | ReasonCode::AdministrativeAction
            | ReasonCode::PayloadFormatInvalid
    )
}
