//! CONNECT, and what it takes to get a CONNACK.

use alloc::boxed::Box;

use crate::broker::arena::{ConnKey, SessionKey};
use crate::broker::auth::{AuthRequest, AuthStep, Authorization, Established, Grant};
use crate::broker::candidate::{Candidate, refusal_clause};
use crate::broker::conn::{State, V5};
use crate::broker::lifecycle::DueWill;
use crate::broker::passport;
use crate::broker::policy::{ForeignSession, WillOnTakeover};
use crate::broker::session::Session;
use crate::broker::shard::Room;
use crate::broker::sink::Sink;
use crate::broker::{Access, Broker, Change, CloseReason, Cx};
use crate::clause::Clause;
use crate::packet::{Connect, PacketType, Version};
use crate::properties::Property;
use crate::reason::ReasonCode;
use crate::why::{Cause, Decision, Refusal, SessionEnd, WillEnd, why};

/// What a CONNACK has beside its properties, at most.
const CONNACK_OVERHEAD: usize = 1 + 3 + 2 + 3;

impl Broker {
    pub(super) fn on_connect<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        connect: &Connect<'_>,
    ) {
        cx.version = connect.version;
        self.conns[key].version = connect.version;
        why!(cx, cx.conn, connect.version => V311_3_1_0_1, V5_3_1_0_1, Decision::Connecting {
            client_id: connect.client_id.into(),
            version: connect.version,
            clean_start: connect.clean_start,
            keep_alive: connect.keep_alive,
        });
        let candidate = self.candidate(connect);
        self.conns[key].packet_size_max = candidate.packet_size_max;
        if let Some((reason, because)) = self.check_connect(cx, &candidate) {
            return self.refuse(cx, key, &candidate, reason, because, None);
        }
        let data = connect
            .properties
            .iter()
            .find_map(|property| match property {
                Property::AuthenticationData(data) => Some(data),
                _ => None,
            });
        let request = AuthRequest {
            step: AuthStep::Connect,
            version: connect.version,
            client_id: connect.client_id,
            user_name: connect.user_name,
            password: connect.password,
            method: candidate.method.as_deref(),
            data,
        };
        let conn = self.conns[key].id;
        let authorization = cx.sink.authorize(conn, &request);
        self.on_authorization(cx, key, Box::new(candidate), authorization);
    }

    /// What is refused without asking who it is.
    fn check_connect<S: Sink>(
        &self,
        cx: &mut Cx<'_, S>,
        candidate: &Candidate,
    ) -> Option<(ReasonCode, Refusal)> {
        let config = &self.config;
        if !config.versions.contains(&candidate.version) {
            return Some((
                ReasonCode::UnsupportedProtocolVersion,
                Refusal::VersionNotAccepted,
            ));
        }
        if candidate.client_id.is_empty() {
            // Only 5.0 lets the server choose a name for a session that is to be found again. [MQTT-3.1.3-8]
            let keeps = candidate.version != Version::V5 && !candidate.clean_start;
            let is_3_1 = candidate.version == Version::V3_1;
            if keeps || is_3_1 || !config.empty_client_id {
                return Some((ReasonCode::ClientIdentifierNotValid, Refusal::EmptyClientId));
            }
        } else if candidate.client_id.len() > usize::from(config.client_id_length_max) {
            return Some((
                ReasonCode::ClientIdentifierNotValid,
                Refusal::ClientIdTooLong,
            ));
        }
        let is_crowded = self.conns.len() > config.connections_max as usize;
        if is_crowded || !cx.sink.has_room(Room::Connection) {
            why!(
                cx,
                cx.conn,
                none,
                Decision::LimitReached {
                    because: Cause::TooManyConnections
                }
            );
            return Some((ReasonCode::ServerBusy, Refusal::TooManyConnections));
        }
        let will = candidate.will.as_deref()?;
        if will.qos > config.maximum_qos {
            Some((ReasonCode::QosNotSupported, Refusal::WillQos))
        } else if will.retain && !config.retain_available {
            Some((ReasonCode::RetainNotSupported, Refusal::WillRetain))
        } else if will.topic.len() > usize::from(config.topic_length_max) {
            Some((ReasonCode::TopicNameInvalid, Refusal::TopicTooLong))
        } else if will.topic.split('/').count() > usize::from(config.topic_levels_max) {
            Some((ReasonCode::TopicNameInvalid, Refusal::TooManyLevels))
        } else {
            None
        }
    }

    /// Goes on with a CONNECT when it is known whether the client may come in.
    pub(super) fn on_authorization<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        mut candidate: Box<Candidate>,
        authorization: Authorization,
    ) {
        let denied = Refusal::Denied;
        match authorization {
            Authorization::Allow => self.accept(cx, key, *candidate, &Grant::default()),
            Authorization::AllowAs(grant) => self.accept(cx, key, *candidate, &grant),
            // Who chose no method gets no AUTH: such an answer lets nobody in. [MQTT-4.12.0-6]
            Authorization::Continue(_) if candidate.method.is_none() => {
                let (reason, because) = (ReasonCode::NotAuthorized, Refusal::NoMethod);
                self.refuse(cx, key, &candidate, reason, because, None);
            }
            Authorization::Continue(data) => self.ask_for_more(cx, key, candidate, &data),
            Authorization::Deny(reason) => self.refuse(cx, key, &candidate, reason, denied, None),
            Authorization::Redirect { reason, server } => {
                self.refuse(
                    cx,
                    key,
                    &candidate,
                    reason,
                    Refusal::Elsewhere,
                    Some(&server),
                );
            }
            Authorization::Pending => {
                why!(cx, cx.conn, none, Decision::AuthorizationPending {});
                // The client has done its part; how long the answer may take is the driver's to say.
                self.disarm_conn(key);
                candidate.awaits_client = false;
                self.conns[key].state = State::Authorizing(candidate);
            }
        }
    }

    /// Says no and closes the connection. [MQTT-3.2.2-5] Nothing else has changed: what has not proven who it is
    /// touches no session.
    pub(super) fn refuse<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        candidate: &Candidate,
        reason: ReasonCode,
        because: Refusal,
        server: Option<&str>,
    ) {
        self.counters.refused(reason);
        let conn = self.conns[key].id;
        cx.sink.refused(conn, &candidate.client_id, because);
        let clause = refusal_clause(candidate, reason, because);
        why!(cx, cx.conn, = Some(clause), Decision::Refused {
            client_id: candidate.client_id.clone(),
            reason,
            because,
        });
        let has_code = candidate.version == Version::V5 || reason.connack_code_v3().is_some();
        if has_code {
            self.send_refusal(cx, key, candidate, reason, because, server);
        }
        self.close(cx, key, CloseReason::Refused(reason));
    }

    /// Lets a client in: takes over, begins or resumes its session, and says so.
    fn accept<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        mut candidate: Candidate,
        grant: &Grant,
    ) {
        candidate.admit(grant);
        if candidate.client_id.is_empty() {
            self.assign_client_id(cx, &mut candidate);
        }
        let existing = self.clients.get(&candidate.client_id).copied();
        if let Some((reason, because)) = self.check_identity(cx, &candidate, existing) {
            return self.refuse(cx, key, &candidate, reason, because, None);
        }
        let properties = self.connack_properties(&candidate, grant);
        let connack_len = properties.properties().as_bytes().len() + CONNACK_OVERHEAD;
        if connack_len > candidate.packet_size_max as usize {
            let (reason, because) = (ReasonCode::PacketTooLarge, Refusal::TooSmall);
            return self.refuse(cx, key, &candidate, reason, because, None);
        }
        let mut due = self.take_over(cx, key, existing);
        let existing = existing.filter(|_| self.clients.contains_key(&candidate.client_id));
        let (session, session_present) =
            self.begin_or_resume(cx, &mut candidate, existing, &mut due);
        if self.config.will_on_takeover == WillOnTakeover::BeforeConnack {
            due.drain(..)
                .for_each(|will| self.publish_will(cx, Some(will)));
        }
        self.connect_session(cx, key, session, &mut candidate);
        self.counters.accepted += 1;
        why!(cx, cx.conn, cx.version => V311_3_1_4_4, V5_3_1_4_5, Decision::Accepted {
            client_id: candidate.client_id.clone(),
            session_present,
        });
        self.send_connack(cx, key, session_present, properties.properties());
        cx.sink.established(
            self.conns[key].id,
            &Established {
                client_id: &self.sessions[session].client_id,
                user_name: candidate.identity().user_name,
                version: candidate.version,
                topic_alias_maximum: match candidate.version {
                    Version::V5 => self.config.topic_alias_maximum,
                    Version::V3_1 | Version::V3_1_1 => 0,
                },
            },
        );
        // First what was in flight before: a will of the client's own may come back to it.
        if session_present {
            self.resend(cx, session);
        }
        due.drain(..)
            .for_each(|will| self.publish_will(cx, Some(will)));
        self.pump(cx, session);
    }

    /// Finds a name that nobody has. [MQTT-3.1.3-6]
    fn assign_client_id<S: Sink>(&mut self, cx: &mut Cx<'_, S>, candidate: &mut Candidate) {
        loop {
            let prefix = &self.config.assigned_id_prefix;
            let name = alloc::format!("{prefix}{:016x}", self.rng.next_u64());
            if self.shard().owns(&name) && !self.clients.contains_key(&*name) {
                candidate.client_id = name.into();
                candidate.is_id_assigned = true;
                break;
            }
        }
        why!(cx, cx.conn, cx.version => V311_3_1_3_6, V5_3_1_3_6, Decision::ClientIdAssigned {
            client_id: candidate.client_id.clone(),
        });
    }

    /// What is refused now that it is known who it is.
    fn check_identity<S: Sink>(
        &self,
        cx: &mut Cx<'_, S>,
        candidate: &Candidate,
        existing: Option<SessionKey>,
    ) -> Option<(ReasonCode, Refusal)> {
        let foreign = existing.is_some_and(|key| {
            self.sessions[key].identity().user_name != candidate.identity().user_name
        });
        if foreign && self.config.foreign_session == ForeignSession::Refuse {
            return Some((ReasonCode::NotAuthorized, Refusal::ForeignSession));
        }
        // Not before it is known who it is: others may have come in meanwhile.
        let is_full = || self.sessions.len() >= self.config.sessions_max as usize;
        if existing.is_none() && (is_full() || !cx.sink.has_room(Room::Session)) {
            return Some((ReasonCode::QuotaExceeded, Refusal::TooManySessions));
        }
        let is_more = existing.is_none() || candidate.will.is_some();
        if is_more && !self.has_room_for_session(candidate.will.as_deref()) {
            return Some((ReasonCode::QuotaExceeded, Refusal::SessionBytes));
        }
        let will = candidate.will.as_deref()?;
        let denied = self.is_reserved(&will.topic)
            || !cx
                .sink
                .permits(&candidate.identity(), Access::Publish, &will.topic);
        denied.then_some((ReasonCode::NotAuthorized, Refusal::WillDenied))
    }

    /// Ends the connection that the client had until now. [MQTT-3.1.4-2]
    fn take_over<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        existing: Option<SessionKey>,
    ) -> alloc::vec::Vec<DueWill> {
        let Some(old) = existing.and_then(|session| self.sessions[session].conn) else {
            return alloc::vec::Vec::new();
        };
        let (by, old_version) = (self.conns[key].id, self.conns[old].version);
        let session = existing.expect("there is an old connection");
        why!(cx, self.conns[old].id, old_version => V311_3_1_4_2, V5_3_1_4_3, Decision::TakenOver {
            client_id: self.sessions[session].client_id.clone(),
            by,
        });
        self.counters.taken_over += 1;
        self.cut(cx, old, CloseReason::TakenOver, &CloseReason::TakenOver)
            .into_iter()
            .collect()
    }

    /// The session that the client gets, and whether it had it before.
    fn begin_or_resume<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        candidate: &mut Candidate,
        existing: Option<SessionKey>,
        due: &mut alloc::vec::Vec<DueWill>,
    ) -> (SessionKey, bool) {
        if let Some(key) = existing {
            let user_name = candidate.identity().user_name;
            let foreign = self.sessions[key].identity().user_name != user_name
                && self.config.foreign_session == ForeignSession::Replace;
            if !candidate.clean_start && !foreign {
                self.resume(cx, key, candidate);
                return (key, true);
            }
            let because = if foreign {
                SessionEnd::Replaced
            } else {
                SessionEnd::CleanStart
            };
            due.extend(self.end_session(cx, key, because));
        }
        (self.begin(cx, candidate), false)
    }

    fn begin<S: Sink>(&mut self, cx: &mut Cx<'_, S>, candidate: &Candidate) -> SessionKey {
        let (client_id, expiry_s) = (candidate.client_id.clone(), candidate.expiry_s);
        let clause = match (candidate.version, candidate.clean_start) {
            (Version::V3_1 | Version::V3_1_1, true) => Clause::V311_3_1_2_6,
            (Version::V3_1 | Version::V3_1_1, false) => Clause::V311_3_1_2_4,
            (Version::V5, true) => Clause::V5_3_1_2_4,
            (Version::V5, false) => Clause::V5_3_1_2_6,
        };
        why!(cx, cx.conn, = Some(clause), Decision::SessionStarted {
            client_id: client_id.clone(),
            expiry_s,
        });
        let session = Session::new(client_id, candidate.passport.clone(), expiry_s);
        if session.is_durable() {
            cx.sink.persist(&session.started());
        }
        self.add_session(session)
    }

    /// Gives a session its place.
    pub(super) fn add_session(&mut self, session: Session) -> SessionKey {
        self.books.started(&session);
        let client_id = session.client_id.clone();
        let key = self.sessions.insert(session);
        self.clients.insert(client_id, key);
        key
    }

    fn resume<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: SessionKey, candidate: &Candidate) {
        self.disarm_session_end(key);
        let session = &self.sessions[key];
        why!(cx, cx.conn, cx.version => V311_3_1_2_4, V5_3_1_2_5, Decision::SessionResumed {
            client_id: session.client_id.clone(),
            subscriptions: session.subscriptions.len(),
            queued: session.flow().queue.len(),
            in_flight: session.flow().sender.len(),
        });
        // It came back before its will was due. [MQTT-3.1.3-9]
        self.discard_will(cx, key, WillEnd::Reconnected);
        let was_durable = self.sessions[key].is_durable();
        let session = &mut self.sessions[key];
        session.expiry_s = candidate.expiry_s;
        let is_changed = session.passport != candidate.passport;
        self.persist_expiry(cx, key, was_durable);
        if is_changed {
            self.change_passport(cx, key, candidate);
        }
        self.revoke_subscriptions(cx, key);
    }

    /// The client has come in with something else than before.
    fn change_passport<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        candidate: &Candidate,
    ) {
        let session = &mut self.sessions[key];
        self.books.ended(session);
        session.passport.clone_from(&candidate.passport);
        self.books.started(session);
        if session.is_durable() {
            cx.sink.persist(&Change::SessionOwner {
                client_id: &session.client_id,
                passport: passport::read(session.passport.as_ref()),
            });
        }
    }

    /// Binds connection and session to each other.
    fn connect_session<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        session_key: SessionKey,
        candidate: &mut Candidate,
    ) {
        self.disarm_conn(key);
        let conn = &mut self.conns[key];
        conn.state = State::Connected(session_key);
        conn.keep_alive = candidate.keep_alive;
        conn.waits = self.sessions[session_key].waits();
        conn.window = self
            .config
            .in_flight_max
            .min(candidate.receive_maximum)
            .max(1);
        conn.receive_maximum = match candidate.version {
            Version::V3_1 | Version::V3_1_1 => self.config.receive_maximum_v3,
            Version::V5 => self.config.receive_maximum,
        };
        if candidate.version == Version::V5 {
            let mut v5 = Box::new(V5 {
                problem_information: candidate.wants_problem_information,
                ends_with_connection: candidate.expiry_asked_s == 0,
                method: candidate.method.clone(),
                ..V5::default()
            });
            v5.aliases.max = candidate
                .topic_alias_maximum
                .min(self.config.topic_alias_out_max);
            conn.uses_aliases = v5.aliases.max > 0;
            conn.v5 = Some(v5);
        }
        if candidate.keep_alive != candidate.keep_alive_asked {
            why!(
                cx,
                cx.conn,
                none,
                Decision::KeepAliveLowered {
                    asked: candidate.keep_alive_asked,
                    keep_alive: candidate.keep_alive,
                }
            );
        }
        if let Some(deadline) = conn.keep_alive_deadline() {
            self.arm_conn(key, deadline);
        }
        self.sessions[session_key].conn = Some(key);
        self.tell_connected(cx, session_key, true);
        if let Some(will) = candidate.will.take() {
            self.store_will(cx, session_key, will);
        }
    }

    /// A packet that may not come while the answer to CONNECT is sought.
    pub(super) fn on_packet_too_early<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        packet: PacketType,
        because: Cause,
        clause: Option<Clause>,
    ) {
        let general = Clause::by_version(cx.version, Clause::V311_3_1_0_1, Clause::V5_3_1_0_1);
        why!(cx, cx.conn, = Some(clause.unwrap_or(general)), Decision::Violation { packet, because });
        self.close(
            cx,
            key,
            CloseReason::ProtocolError(ReasonCode::ProtocolError),
        );
    }
}
