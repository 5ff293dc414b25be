//! AUTH: enhanced authentication of 5.0 (section 4.12).

use alloc::boxed::Box;

use crate::broker::arena::{ConnKey, SessionKey};
use crate::broker::auth::{AuthRequest, AuthStep, Authorization, Grant};
use crate::broker::candidate::Candidate;
use crate::broker::conn::State;
use crate::broker::sink::Sink;
use crate::broker::{Broker, CloseReason, Cx};
use crate::clause::Clause;
use crate::packet::{Auth, Packet, PacketType, Version};
use crate::properties::{Property, PropertyList};
use crate::reason::ReasonCode;
use crate::why::{Cause, Decision, Refusal, why};

impl Broker {
    /// Sends AUTH and waits for the client's.
    pub(super) fn ask_for_more<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        mut candidate: Box<Candidate>,
        data: &[u8],
    ) {
        why!(
            cx,
            cx.conn,
            V5_4_12_0_2,
            Decision::AuthenticationContinues {}
        );
        let method = candidate.method.clone().unwrap_or_default();
        self.send_auth(
            cx,
            key,
            ReasonCode::ContinueAuthentication,
            &method,
            Some(data),
        );
        candidate.awaits_client = true;
        self.conns[key].state = State::Authorizing(candidate);
        if self.conns[key].timer_at.is_none() {
            self.arm_conn(key, cx.now + self.config.connect_timeout());
        }
    }

    fn send_auth<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        reason: ReasonCode,
        method: &str,
        data: Option<&[u8]>,
    ) {
        let mut list = PropertyList::new();
        list.push(Property::AuthenticationMethod(method));
        if let Some(data) = data {
            list.push(Property::AuthenticationData(data));
        }
        let properties = list.properties();
        self.send(cx, key, &Packet::Auth(Auth { reason, properties }));
    }

    /// AUTH from a client that is not in yet: the next step of what its CONNECT began.
    pub(super) fn on_auth_before_connack<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        candidate: Box<Candidate>,
        auth: &Auth<'_>,
    ) {
        let (method, data) = method_and_data(auth);
        let because = if candidate.method.is_none() {
            Some((Cause::NoAuthentication, Some(Clause::V5_4_12_0_7)))
        } else if method != candidate.method.as_deref() {
            Some((Cause::AuthenticationMethod, Some(Clause::V5_4_12_0_5)))
        } else if auth.reason != ReasonCode::ContinueAuthentication {
            Some((Cause::AuthReason, None))
        } else {
            None
        };
        if let Some((because, clause)) = because {
            return self.on_packet_too_early(cx, key, PacketType::Auth, because, clause);
        }
        let request = AuthRequest {
            step: AuthStep::Continue,
            version: Version::V5,
            client_id: &candidate.client_id,
            user_name: candidate.user_name.as_deref(),
            password: None,
            method,
            data,
        };
        let authorization = cx.sink.authorize(self.conns[key].id, &request);
        self.on_authorization(cx, key, candidate, authorization);
    }

    /// AUTH from a client that is in: it proves itself again. [MQTT-4.12.1-1]
    pub(super) fn on_auth<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        session: SessionKey,
        auth: &Auth<'_>,
    ) {
        let (method, data) = method_and_data(auth);
        let v5 = self.conns[key].v5.as_deref();
        let (agreed, busy) = match v5 {
            Some(v5) => (v5.method.clone(), v5.re_authenticating),
            None => (None, false),
        };
        let expected = if busy {
            ReasonCode::ContinueAuthentication
        } else {
            ReasonCode::ReAuthenticate
        };
        let because = if agreed.is_none() {
            Some((Cause::NoAuthentication, Some(Clause::V5_4_12_0_7)))
        } else if method != agreed.as_deref() {
            Some((Cause::AuthenticationMethod, Some(Clause::V5_4_12_1_1)))
        } else if auth.reason != expected {
            Some((Cause::AuthReason, None))
        } else {
            None
        };
        if let Some((because, clause)) = because {
            let reason = ReasonCode::ProtocolError;
            return self.close_violation(cx, key, PacketType::Auth, because, clause, reason);
        }
        let session = &self.sessions[session];
        let request = AuthRequest {
            step: if busy {
                AuthStep::Continue
            } else {
                AuthStep::ReAuthenticate
            },
            version: Version::V5,
            client_id: &session.client_id,
            user_name: session.identity().user_name,
            password: None,
            method,
            data,
        };
        let authorization = cx.sink.authorize(self.conns[key].id, &request);
        self.on_re_authorization(cx, key, authorization);
    }

    /// Goes on with a re-authentication. A refusal ends the connection. [MQTT-4.12.1-2]
    pub(super) fn on_re_authorization<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        authorization: Authorization,
    ) {
        let grant = match authorization {
            Authorization::Allow => Grant::default(),
            Authorization::AllowAs(grant) => *grant,
            Authorization::Continue(data) => {
                let method = self.set_re_authenticating(key, true);
                why!(
                    cx,
                    cx.conn,
                    V5_4_12_0_2,
                    Decision::AuthenticationContinues {}
                );
                let reason = ReasonCode::ContinueAuthentication;
                return self.send_auth(cx, key, reason, &method, Some(&data));
            }
            Authorization::Deny(reason) | Authorization::Redirect { reason, .. } => {
                if let Some(session) = self.conns[key].session() {
                    why!(
                        cx,
                        cx.conn,
                        V5_4_12_1_2,
                        Decision::Refused {
                            client_id: self.sessions[session].client_id.clone(),
                            reason,
                            because: Refusal::Denied,
                        }
                    );
                }
                return self.close(cx, key, CloseReason::Administrative(reason));
            }
            Authorization::Pending => {
                self.set_re_authenticating(key, true);
                why!(cx, cx.conn, none, Decision::AuthorizationPending {});
                return;
            }
        };
        let method = self.set_re_authenticating(key, false);
        if let Some(session) = self.conns[key].session() {
            why!(
                cx,
                cx.conn,
                V5_4_12_0_5,
                Decision::ReAuthenticated {
                    client_id: self.sessions[session].client_id.clone(),
                }
            );
        }
        self.send_auth(cx, key, ReasonCode::Success, &method, grant.data.as_deref());
    }

    /// Notes whether a re-authentication is going on; hands back the Authentication Method.
    fn set_re_authenticating(&mut self, key: ConnKey, going_on: bool) -> alloc::sync::Arc<str> {
        let Some(v5) = self.conns[key].v5.as_deref_mut() else {
            return "".into();
        };
        v5.re_authenticating = going_on;
        v5.method.clone().unwrap_or_default()
    }
}

fn method_and_data<'a>(auth: &Auth<'a>) -> (Option<&'a str>, Option<&'a [u8]>) {
    let (mut method, mut data) = (None, None);
    for property in auth.properties.iter() {
        if let Property::AuthenticationMethod(text) = property {
            method = Some(text);
        } else if let Property::AuthenticationData(bytes) = property {
            data = Some(bytes);
        }
    }
    (method, data)
}
