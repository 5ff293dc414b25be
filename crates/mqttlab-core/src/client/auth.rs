//! Enhanced authentication (5.0, section 4.12).

use crate::clause::Clause;
use crate::client::error::PeerErrorKind;
use crate::client::message::check_data;
use crate::client::{Client, ClientError, Decision, Event, Part, Sink, State, say};
use crate::packet::{Auth, Packet};
use crate::properties::{Properties, Property, PropertyList};
use crate::reason::ReasonCode;
use crate::time::Instant;

/// Where an authentication stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Authentication {
    /// None is under way.
    #[default]
    None,
    /// The server must answer.
    AwaitServer,
    /// The application must answer.
    AwaitApplication,
}

impl Authentication {
    pub(super) const fn begin(has_method: bool) -> Self {
        if has_method {
            Self::AwaitServer
        } else {
            Self::None
        }
    }

    pub(super) const fn finish(&mut self) {
        *self = Self::None;
    }
}

impl Client {
    /// Answers [`Event::Authenticate`].
    ///
    /// # Errors
    /// When the server has not asked, or the answer is too large for it.
    pub fn authenticate<S: Sink>(
        &mut self,
        now: Instant,
        data: Option<&[u8]>,
        sink: &mut S,
    ) -> Result<(), ClientError> {
        self.set_now(now);
        if self.authentication != Authentication::AwaitApplication {
            return Err(ClientError::AuthenticationNotExpected);
        }
        self.send_auth(ReasonCode::ContinueAuthentication, data, sink)
    }

    /// Begins a re-authentication on a live connection.
    ///
    /// # Errors
    /// When the client is not connected, has no Authentication Method, or an authentication is under way.
    /// [MQTT-4.12.1-1]
    pub fn reauthenticate<S: Sink>(
        &mut self,
        now: Instant,
        data: Option<&[u8]>,
        sink: &mut S,
    ) -> Result<(), ClientError> {
        self.set_now(now);
        if self.state != State::Connected {
            return Err(ClientError::NotConnected);
        }
        if self.options.auth.is_none() {
            return Err(ClientError::NoAuthentication);
        }
        if self.authentication != Authentication::None {
            return Err(ClientError::AuthenticationUnderWay);
        }
        self.send_auth(ReasonCode::ReAuthenticate, data, sink)
    }

    fn send_auth<S: Sink>(
        &mut self,
        reason: ReasonCode,
        data: Option<&[u8]>,
        sink: &mut S,
    ) -> Result<(), ClientError> {
        let Some(auth) = &self.options.auth else {
            return Err(ClientError::NoAuthentication);
        };
        let mut list = PropertyList::new();
        list.push(Property::AuthenticationMethod(&auth.method));
        if let Some(data) = data {
            check_data(Part::AuthenticationData, data)?;
            list.push(Property::AuthenticationData(data));
        }
        let packet = Packet::Auth(Auth {
            reason,
            properties: list.properties(),
        });
        self.check_size(&packet)?;
        if reason == ReasonCode::ReAuthenticate {
            let clause = Some(Clause::V5_4_12_1_1);
            say(sink, clause, || Decision::Reauthenticate);
        } else {
            let clause = Some(Clause::V5_4_12_0_3);
            say(sink, clause, || Decision::Authenticate);
        }
        self.wire.send(self.now, &packet, sink);
        self.authentication = Authentication::AwaitServer;
        Ok(())
    }

    pub(super) fn on_auth<S: Sink>(&mut self, auth: Auth<'_>, sink: &mut S) {
        if let Err((kind, clause)) = self.check_method(auth.properties, false) {
            return self.fail(kind, clause, sink);
        }
        let data = auth.properties.iter().find_map(|property| {
            let Property::AuthenticationData(data) = property else {
                return None;
            };
            Some(data)
        });
        match (auth.reason, self.authentication, self.state) {
            (ReasonCode::ContinueAuthentication, Authentication::AwaitServer, _) => {
                say(sink, None, || Decision::AskForAuthentication);
                self.authentication = Authentication::AwaitApplication;
                let properties = auth.properties;
                sink.event(Event::Authenticate { data, properties });
            }
            (ReasonCode::Success, Authentication::AwaitServer, State::Connected) => {
                say(sink, None, || Decision::AcceptReauthentication);
                self.authentication = Authentication::None;
                sink.event(Event::Reauthenticated { data });
            }
            (reason, ..) => {
                let kind = PeerErrorKind::AuthenticationReason(reason);
                self.fail(kind, Some(Clause::V5_4_12_0_2), sink);
            }
        }
    }

    /// Whether a packet names the Authentication Method of CONNECT; a CONNACK has none where CONNECT had none.
    pub(super) fn check_method(
        &self,
        properties: Properties<'_>,
        is_connack: bool,
    ) -> Result<(), (PeerErrorKind, Option<Clause>)> {
        let named = properties.iter().find_map(|property| {
            let Property::AuthenticationMethod(method) = property else {
                return None;
            };
            Some(method)
        });
        match (&self.options.auth, named) {
            (None, None) if is_connack => Ok(()),
            (None, _) => Err((
                PeerErrorKind::AuthenticationNotExpected,
                Some(Clause::V5_4_12_0_6),
            )),
            (Some(auth), Some(named)) if auth.method == named => Ok(()),
            (Some(_), _) => Err((
                PeerErrorKind::AuthenticationMethod,
                Some(Clause::V5_4_12_0_5),
            )),
        }
    }
}
