//! The broker as a machine.
//!
//! [`Broker`] takes one [`Input`] at a time and says into a [`Sink`] what is to be done. Each flow of the protocol has
//! its file: `connect`, `subscribe`, `publish`, `ack`, `disconnect`, `will`, `retain`, and so on.

mod ack;
mod arena;
mod auth;
mod authenticate;
mod books;
mod bugs;
mod candidate;
mod check;
mod conn;
mod connect;
mod counters;
mod deliver;
mod disconnect;
mod hash;
mod input;
mod layout;
mod lifecycle;
mod message;
mod passport;
mod persist;
mod policy;
mod publish;
mod queue;
mod reply;
mod restore;
mod retain;
mod send;
mod session;
pub mod shard;
mod shared;
mod sink;
mod small_map;
mod subscribe;
#[cfg(test)]
mod tests;
mod timers;
mod tree;
mod view;
mod waiting;
mod will;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

use hashbrown::HashMap;

use crate::broker::arena::{Arena, ConnKey, SessionKey};
use crate::broker::books::Books;
use crate::broker::conn::{Conn, State, TopicCache};
use crate::broker::hash::Keyed;
use crate::broker::layout::Layouts;
use crate::broker::message::{Incoming, Messages, Sorted, expires_at};
use crate::broker::retain::Retained;
use crate::broker::session::Session;
use crate::broker::shard::Peers;
use crate::broker::shared::Shares;
use crate::broker::timers::Timers;
use crate::broker::tree::Tree;
use crate::clause::Clause;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::id::ConnId;
use crate::packet::{Packet, Publish, Version};
use crate::reason::ReasonCode;
use crate::rng::Rng;
use crate::time::Instant;
use crate::why::{Cause, Decision, Refusal, why};

pub use auth::{Access, AuthRequest, AuthStep, Authorization, Established, Grant, Identity};
pub use bugs::Bugs;
pub use counters::{CloseKind, Counters};
pub use input::{CloseReason, Input, Loss};
pub use persist::{Change, DeliveryRef, MessageRef, PassportRef, WillRef};
pub use policy::{
    Config, DeniedPublish, DeniedSubscribe, ForeignSession, IllFormedFilter, Overlap,
    PublishedIdentifier, QueueFull, SharedDispatch, WillAtShutdown, WillOnTakeover,
};
pub use sink::Sink;
pub use view::{
    ConnectionView, InFlightView, MessageView, Phase, QueuedView, SessionView, SubscriptionView,
    Usage, WillView,
};

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum TimerKind {
    /// A connection must have sent CONNECT.
    Connect,
    /// A connection must have sent something.
    KeepAlive,
    /// A session without a connection ends.
    SessionExpiry,
    /// A will that was put off is published.
    WillDelay,
    /// A retained message expires.
    MessageExpiry,
    /// More retained messages for a new subscription are looked for.
    Retained,
}

/// The broker: sessions, subscriptions, retained messages and the connections of the moment.
///
/// Its methods are of three kinds:
/// - [`handle`](Self::handle) changes it, and [`next_deadline`](Self::next_deadline) says when to call it though nothing
///   happened;
/// - [`connections`](Self::connections), [`sessions`](Self::sessions) and their like look at it;
/// - [`new`](Self::new), [`restore`](Self::restore) and `clone` make one.
///
/// A driver goes through these steps again and again:
/// 1. wait until a socket is ready or the deadline has passed;
/// 2. hand in what happened, one [`Input`] after the other, with the time;
/// 3. if state is to be durable, store the changes that the sink was told of;
/// 4. **only then write what it was told to send**, and hand in [`Input::Flushed`] for what was really written.
#[derive(Clone, Debug)]
pub struct Broker {
    config: Config,
    bugs: Bugs,
    rng: Rng,
    now: Instant,
    conns: Arena<ConnKey, Conn>,
    /// For look-ups only: its order depends on the seed.
    conn_keys: HashMap<ConnId, ConnKey, Keyed>,
    sessions: Arena<SessionKey, Session>,
    /// By Client Identifier.
    clients: BTreeMap<Arc<str>, SessionKey>,
    tree: Tree,
    shares: Shares,
    messages: Messages,
    retained: Retained,
    timers: Timers,
    counters: Counters,
    books: Books,
    last_number: u64,
    peers: Peers,
    /// Sessions that were connected when the broker stopped, until the store knows when they end.
    left_at_restore: Vec<SessionKey>,
    /// The last routes that were too many to be kept with their connection.
    wide_cache: Option<Box<TopicCache>>,
    /// Memory that is used again and again; nothing is in it between two calls.
    layouts: Option<Box<Layouts>>,
    scratch: Vec<u8>,
}

/// What goes along with one input.
struct Cx<'s, S> {
    now: Instant,
    sink: &'s mut S,
    /// Where the input came from.
    conn: Option<ConnId>,
    /// Whose words the decisions are in: those of the connection that the input came from.
    version: Version,
}

impl Broker {
    /// From here on chance does something else, as if it had been made with another seed.
    pub fn reseed(&mut self, seed: u64) {
        self.rng = Rng::new(seed);
    }

    /// A broker without sessions. `seed` feeds what it has to invent, such as Client Identifiers.
    pub fn new(config: Config, seed: u64) -> Self {
        Self {
            config: config.sane(),
            bugs: Bugs::NONE,
            rng: Rng::new(seed),
            now: Instant::ZERO,
            conns: Arena::new(),
            conn_keys: HashMap::with_hasher(Keyed::new(seed)),
            sessions: Arena::new(),
            clients: BTreeMap::new(),
            tree: Tree::new(),
            shares: Shares::new(),
            messages: Messages::new(),
            retained: Retained::default(),
            timers: Timers::default(),
            counters: Counters::default(),
            books: Books::default(),
            last_number: 0,
            peers: Peers::default(),
            left_at_restore: Vec::new(),
            wide_cache: None,
            layouts: None,
            scratch: Vec::new(),
        }
    }

    /// Hands one input to the broker and says everything it wants done into `sink`.
    ///
    /// Call it for each packet, each change of a connection, and with [`Input::Wake`] when
    /// [`next_deadline`](Self::next_deadline) has passed. Nothing is left to drain afterwards.
    ///
    /// # Panics
    /// If `now` goes back or a [`ConnId`] is opened twice: both are bugs of the driver. No peer can cause a panic.
    pub fn handle<S: Sink>(&mut self, now: Instant, input: Input<'_>, sink: &mut S) {
        assert!(now >= self.now, "time does not go back");
        self.now = now;
        let mut cx = Cx {
            now,
            sink,
            conn: None,
            version: Version::default(),
        };
        if !self.left_at_restore.is_empty() {
            self.persist_left(&mut cx);
        }
        match input {
            Input::Open { conn } => self.on_open(&mut cx, conn),
            Input::Packet { conn, packet } => self.on_packet(&mut cx, conn, &packet),
            Input::Malformed { conn, error } => self.on_malformed(&mut cx, conn, &error),
            Input::Lost { conn, how } => {
                if let Some(key) = self.find(&mut cx, conn) {
                    self.lose(&mut cx, key, how);
                }
            }
            Input::Flushed { conn, bytes } => self.on_flushed(&mut cx, conn, bytes),
            Input::Authorized {
                conn,
                authorization,
            } => {
                self.on_authorized(&mut cx, conn, authorization);
            }
            Input::Close { conn, reason } => {
                if let Some(key) = self.find(&mut cx, conn) {
                    if reason == ReasonCode::ServerShuttingDown {
                        self.discard_at_shutdown(&mut cx, key);
                    }
                    self.close(&mut cx, key, CloseReason::Administrative(reason));
                }
            }
            Input::EndSession { client_id } => self.end_by_operator(&mut cx, client_id),
            Input::Publish(publish) => self.on_own_publish(&mut cx, &publish),
            Input::Configure(config) => {
                self.config = config.sane();
                self.tree.outdate();
            }
            Input::Leave { conn } => self.on_leave(conn),
            Input::Peer { from, word } => self.on_peer(&mut cx, from, &word),
            Input::Wake => self.on_wake(&mut cx),
        }
    }

    /// When the broker must be woken, and for what; `None` while nothing is due.
    pub fn next_deadline(&self) -> Option<(Instant, TimerKind)> {
        let retained = self.retained.first_expiry();
        [self.timers.first(), retained].into_iter().flatten().min()
    }

    fn on_open<S: Sink>(&mut self, cx: &mut Cx<'_, S>, conn: ConnId) {
        let key = self.conns.insert(Conn::new(conn, cx.now));
        let before = self.conn_keys.insert(conn, key);
        assert!(before.is_none(), "a connection is opened once");
        why!(cx, conn, none, Decision::Opened {});
        self.arm_conn(key, cx.now + self.config.connect_timeout());
    }

    /// A connection that was not let in goes to another shard.
    fn on_leave(&mut self, conn: ConnId) {
        let Some(&key) = self.conn_keys.get(&conn) else {
            return;
        };
        if self.conns[key].session().is_none() {
            self.disarm_conn(key);
            self.conns.remove(key);
            self.conn_keys.remove(&conn);
        }
    }

    /// The connection of this name, whose input is looked at from here on.
    fn find<S: Sink>(&self, cx: &mut Cx<'_, S>, conn: ConnId) -> Option<ConnKey> {
        let key = *self.conn_keys.get(&conn)?;
        cx.conn = Some(conn);
        cx.version = self.conns[key].version;
        Some(key)
    }

    #[inline]
    fn on_packet<S: Sink>(&mut self, cx: &mut Cx<'_, S>, conn: ConnId, packet: &Packet<'_>) {
        let Some(key) = self.find(cx, conn) else {
            return self.on_late(cx, conn, packet);
        };
        self.conns[key].last_packet_at = cx.now;
        match self.conns[key].session() {
            Some(session) => self.on_packet_in_session(cx, key, session, packet),
            None => self.on_packet_before_session(cx, key, packet),
        }
        // The client makes the broker answer and does not read the answers. Messages for it do not count: they have
        // a limit of their own, which a single one may exceed.
        let limit = self.config.out_bytes_max.saturating_mul(2);
        if self.conns.get(key).is_some_and(|conn| conn.answers > limit) {
            why!(
                cx,
                cx.conn,
                none,
                Decision::LimitReached {
                    because: Cause::SlowReader
                }
            );
            let reason = CloseReason::Quota(ReasonCode::QuotaExceeded);
            self.close_because(cx, key, reason, &Cause::SlowReader);
        }
    }

    #[cold]
    fn on_late<S: Sink>(&mut self, cx: &mut Cx<'_, S>, conn: ConnId, packet: &Packet<'_>) {
        self.counters.late += 1;
        why!(
            cx,
            conn,
            none,
            Decision::LateInput {
                packet: Some(packet.packet_type())
            }
        );
    }

    fn on_packet_in_session<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        session: SessionKey,
        packet: &Packet<'_>,
    ) {
        match packet {
            Packet::Publish(publish) => self.on_publish(cx, key, session, publish),
            Packet::PubAck(ack) => self.on_puback(cx, key, session, ack),
            Packet::PubRec(ack) => self.on_pubrec(cx, key, session, ack),
            Packet::PubRel(ack) => self.on_pubrel(cx, key, session, ack),
            Packet::PubComp(ack) => self.on_pubcomp(cx, key, session, ack),
            Packet::Subscribe(subscribe) => self.on_subscribe(cx, key, session, subscribe),
            Packet::Unsubscribe(unsubscribe) => self.on_unsubscribe(cx, key, session, unsubscribe),
            Packet::PingReq => {
                why!(cx, cx.conn, cx.version => V311_3_12_4_1, V5_3_12_4_1, Decision::Pinged {});
                self.send(cx, key, &Packet::PingResp);
            }
            Packet::Disconnect(disconnect) => self.on_disconnect(cx, key, session, disconnect),
            Packet::Auth(auth) => self.on_auth(cx, key, session, auth),
            Packet::Connect(_) => self.on_second_connect(cx, key),
            Packet::ConnAck(_) | Packet::SubAck(_) | Packet::UnsubAck(_) | Packet::PingResp => {
                let (because, reason) = (Cause::ServerPacket, ReasonCode::ProtocolError);
                self.close_violation(cx, key, packet.packet_type(), because, None, reason);
            }
        }
    }

    fn on_second_connect<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: ConnKey) {
        why!(cx, cx.conn, cx.version => V311_3_1_0_2, V5_3_1_0_2, Decision::Violation {
            packet: crate::packet::PacketType::Connect,
            because: Cause::SecondConnect,
        });
        self.close(
            cx,
            key,
            CloseReason::ProtocolError(ReasonCode::ProtocolError),
        );
    }

    /// Before CONNACK there is only CONNECT, and in 5.0 the AUTHs and the DISCONNECT that may follow it.
    fn on_packet_before_session<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        packet: &Packet<'_>,
    ) {
        let state = mem::replace(&mut self.conns[key].state, State::AwaitConnect);
        match (state, packet) {
            (State::AwaitConnect, Packet::Connect(connect)) => self.on_connect(cx, key, connect),
            (State::Authorizing(candidate), Packet::Auth(auth)) if candidate.awaits_client => {
                self.on_auth_before_connack(cx, key, candidate, auth);
            }
            (State::Authorizing(candidate), Packet::Disconnect(_)) if candidate.awaits_client => {
                self.close(cx, key, CloseReason::Disconnect);
            }
            (State::Authorizing(_), Packet::Connect(_)) => self.on_second_connect(cx, key),
            (State::Authorizing(candidate), packet) => {
                let because = Cause::AwaitingAuthorization;
                let extended = candidate.method.is_some();
                let clause = extended.then_some(Clause::V5_3_1_2_30);
                self.on_packet_too_early(cx, key, packet.packet_type(), because, clause);
            }
            (State::AwaitConnect | State::Connected(_), packet) => {
                let because = Cause::BeforeConnect;
                self.on_packet_too_early(cx, key, packet.packet_type(), because, None);
            }
        }
    }

    fn on_malformed<S: Sink>(&mut self, cx: &mut Cx<'_, S>, conn: ConnId, error: &DecodeError) {
        let Some(key) = self.find(cx, conn) else {
            self.counters.late += 1;
            why!(
                cx,
                conn,
                none,
                Decision::LateInput {
                    packet: error.packet
                }
            );
            return;
        };
        why!(cx, conn, = error.clause, Decision::Malformed {
            error: error.kind,
            packet: error.packet,
            at: error.at,
        });
        let is_unknown = matches!(
            error.kind,
            DecodeErrorKind::ProtocolLevel | DecodeErrorKind::ProtocolName
        );
        if let (None, true, Some(version)) = (self.conns[key].session(), is_unknown, error.version)
        {
            return self.refuse_version(cx, key, version);
        }
        let reason = if error.reason == ReasonCode::MalformedPacket {
            CloseReason::Malformed
        } else if error.reason == ReasonCode::PacketTooLarge {
            CloseReason::Quota(error.reason)
        } else {
            CloseReason::ProtocolError(error.reason)
        };
        self.close_because(cx, key, reason, &error.kind);
    }

    /// A protocol that we do not know gets an answer that its client is likely to understand. [MQTT-3.1.2-2]
    fn refuse_version<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: ConnKey, version: Version) {
        self.conns[key].version = version;
        cx.version = version;
        let reason = ReasonCode::UnsupportedProtocolVersion;
        self.counters.refused(reason);
        let because = Refusal::VersionNotAccepted;
        cx.sink.refused(self.conns[key].id, "", because);
        why!(
            cx,
            cx.conn,
            version => V311_3_1_2_2, V5_3_1_2_2,
            Decision::Refused {
                client_id: "".into(),
                reason,
                because,
            }
        );
        let properties = crate::properties::Properties::EMPTY;
        let session_present = false;
        let connack = crate::packet::ConnAck {
            session_present,
            reason,
            properties,
        };
        self.send(cx, key, &Packet::ConnAck(connack));
        self.close(cx, key, CloseReason::Refused(reason));
    }

    fn on_flushed<S: Sink>(&mut self, cx: &mut Cx<'_, S>, conn: ConnId, bytes: u64) {
        let Some(&key) = self.conn_keys.get(&conn) else {
            return;
        };
        let state = &mut self.conns[key];
        state.unflushed = state.unflushed.saturating_sub(bytes);
        state.answers = state.answers.min(state.unflushed);
        let Some(session_key) = state.session() else {
            return;
        };
        if state.waits && state.unflushed <= self.config.out_bytes_max / 2 {
            self.find(cx, conn);
            self.pump(cx, session_key);
        }
    }

    fn on_authorized<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        conn: ConnId,
        authorization: Authorization,
    ) {
        let Some(key) = self.find(cx, conn) else {
            why!(cx, conn, none, Decision::LateAuthorization {});
            return;
        };
        match mem::replace(&mut self.conns[key].state, State::AwaitConnect) {
            State::Authorizing(candidate) if !candidate.awaits_client => {
                self.on_authorization(cx, key, candidate, authorization);
            }
            State::Connected(session) => {
                self.conns[key].state = State::Connected(session);
                let v5 = self.conns[key].v5.as_ref();
                if v5.is_some_and(|v5| v5.re_authenticating) {
                    self.on_re_authorization(cx, key, authorization);
                } else {
                    why!(cx, conn, none, Decision::LateAuthorization {});
                }
            }
            state @ (State::AwaitConnect | State::Authorizing(_)) => {
                self.conns[key].state = state;
                why!(cx, conn, none, Decision::LateAuthorization {});
            }
        }
    }

    /// A message of the broker's own.
    fn on_own_publish<S: Sink>(&mut self, cx: &mut Cx<'_, S>, publish: &Publish<'_>) {
        let sorted = Sorted::new(publish.properties);
        let topic: Arc<str> = publish.topic.into();
        let number = self.next_number();
        why!(
            cx,
            None,
            none,
            Decision::Published {
                message: number,
                client_id: "".into(),
                topic: topic.clone(),
                qos: publish.qos,
                retain: publish.retain,
                dup: false,
                packet_id: None,
                bytes: publish.payload.len(),
            }
        );
        let incoming = Incoming {
            number,
            publisher: None,
            source: None,
            topic: &topic,
            payload: publish.payload,
            qos: publish.qos,
            retain: publish.retain,
            properties: sorted.forwarded.properties().as_bytes(),
            expires_at: expires_at(cx.now, sorted.expiry_s),
        };
        self.spread_found(cx, incoming);
    }
}
