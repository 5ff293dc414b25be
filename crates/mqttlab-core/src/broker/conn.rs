//! A network connection, as far as the broker knows it.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use crate::broker::arena::SessionKey;
use crate::broker::candidate::Candidate;
use crate::broker::tree::Routes;
use crate::codec::PACKET_SIZE_MAX;
use crate::id::ConnId;
use crate::packet::Version;
use crate::time::{Duration, Instant};

/// One network connection.
///
/// ```text
///  Open ──► AwaitConnect ──CONNECT──► Authorizing ──allowed──► Connected
///                │                        │                        │
///                └── timeout, anything ───┴── refused, lost ───────┴── DISCONNECT, lost, closed ──► gone
/// ```
#[derive(Clone, Debug)]
pub(super) struct Conn {
    pub(super) id: ConnId,
    pub(super) state: State,
    pub(super) version: Version,
    /// Seconds; 0 for off.
    pub(super) keep_alive: u16,
    /// QoS 1 and 2 messages that may be in flight to the client.
    pub(super) window: u16,
    /// QoS 2 messages from the client that may wait for PUBREL.
    pub(super) receive_maximum: u16,
    /// The largest packet that the client accepts.
    pub(super) packet_size_max: u32,
    pub(super) last_packet_at: Instant,
    /// When the timer of this connection fires.
    pub(super) timer_at: Option<Instant>,
    /// Bytes that were sent and not reported as written yet.
    pub(super) unflushed: u64,
    /// How many of them, at the most, answer what the client sent.
    pub(super) answers: u64,
    /// Something waits for the client to read or to acknowledge.
    pub(super) waits: bool,
    /// The client allows Topic Aliases: what is sent to it is its own.
    pub(super) uses_aliases: bool,
    pub(super) topic_cache: Option<Box<TopicCache>>,
    pub(super) v5: Option<Box<V5>>,
}

#[derive(Clone, Debug)]
pub(super) enum State {
    /// CONNECT must come.
    AwaitConnect,
    /// CONNECT has come; the answer is somebody else's.
    Authorizing(Box<Candidate>),
    /// CONNACK was sent.
    Connected(SessionKey),
}

/// What only a 5.0 connection has.
#[derive(Clone, Debug, Default)]
pub(super) struct V5 {
    /// Whether Reason Strings may be sent in all packets. [MQTT-3.1.2-29]
    pub(super) problem_information: bool,
    /// The Session Expiry Interval of CONNECT was 0, so that DISCONNECT cannot raise it.
    pub(super) ends_with_connection: bool,
    /// The Authentication Method of CONNECT.
    pub(super) method: Option<Arc<str>>,
    /// A re-authentication is going on.
    pub(super) re_authenticating: bool,
    /// Topic Aliases towards the client.
    pub(super) aliases: Aliases,
}

/// Topic Aliases towards a client: the first topics get one, for as long as the connection lasts. [MQTT-3.3.2-7]
#[derive(Clone, Debug, Default)]
pub(super) struct Aliases {
    /// How many the client and we allow.
    pub(super) max: u16,
    by_topic: BTreeMap<Arc<str>, u16>,
}

/// A Topic Alias to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alias {
    /// The topic has none.
    None,
    /// Send the topic with this alias, which stands for it from now on.
    New(u16),
    /// Send this alias without the topic.
    Known(u16),
}

impl Aliases {
    /// The alias for a topic; a [`Alias::New`] one counts when it was [`learn`](Self::learn)ed.
    pub(super) fn find(&self, topic: &str) -> Alias {
        if self.max == 0 {
            return Alias::None;
        }
        match self.by_topic.get(topic) {
            Some(&alias) => Alias::Known(alias),
            None if self.by_topic.len() < usize::from(self.max) => {
                Alias::New(self.by_topic.len() as u16 + 1)
            }
            None => Alias::None,
        }
    }

    pub(super) fn learn(&mut self, topic: &Arc<str>, alias: u16) {
        self.by_topic.insert(Arc::clone(topic), alias);
    }
}

/// The topic that a connection published to last, and who gets it: most publishers stay with one.
#[derive(Clone, Debug)]
pub(super) struct TopicCache {
    pub(super) publisher: SessionKey,
    pub(super) topic: Arc<str>,
    /// Of the tree, when the routes were found.
    pub(super) generation: u64,
    pub(super) routes: Routes,
}

impl TopicCache {
    pub(super) fn new(publisher: SessionKey, topic: &str) -> Self {
        Self {
            publisher,
            topic: topic.into(),
            generation: 0,
            routes: Routes::default(),
        }
    }
}

impl Conn {
    pub(super) fn new(id: ConnId, now: Instant) -> Self {
        Self {
            id,
            state: State::AwaitConnect,
            version: Version::default(),
            keep_alive: 0,
            window: 0,
            receive_maximum: 0,
            packet_size_max: PACKET_SIZE_MAX,
            last_packet_at: now,
            timer_at: None,
            unflushed: 0,
            answers: 0,
            waits: false,
            uses_aliases: false,
            topic_cache: None,
            v5: None,
        }
    }

    pub(super) fn session(&self) -> Option<SessionKey> {
        match self.state {
            State::AwaitConnect | State::Authorizing(_) => None,
            State::Connected(session) => Some(session),
        }
    }

    /// When the client must have sent something. [MQTT-3.1.2-24]
    pub(super) fn keep_alive_deadline(&self) -> Option<Instant> {
        let limit = Duration::from_millis(u64::from(self.keep_alive) * 1_500);
        (self.keep_alive > 0).then(|| self.last_packet_at + limit)
    }
}
