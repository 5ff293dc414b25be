//! The broker as a machine.

mod sink;

use alloc::string::String;

use crate::error::DecodeError;
use crate::id::ConnId;
use crate::packet::{Packet, Version};
use crate::reason::ReasonCode;
use crate::time::Instant;

pub use sink::Sink;

/// What happened, as the driver tells it.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A network connection was accepted.
    Open {
        /// Its name; never used before.
        conn: ConnId,
    },
    /// A packet came in.
    Packet {
        /// On this connection.
        conn: ConnId,
        /// The packet.
        packet: Packet<'a>,
    },
    /// What came in is not a packet.
    Malformed {
        /// On this connection.
        conn: ConnId,
        /// What is wrong with it.
        error: DecodeError,
    },
    /// The network connection is gone: the peer closed or reset it, or writing to it failed.
    Lost {
        /// This connection.
        conn: ConnId,
        /// How it ended.
        how: Loss,
    },
    /// Bytes sent to the peer have really been written.
    Flushed {
        /// On this connection.
        conn: ConnId,
        /// How many.
        bytes: u64,
    },
    /// The answer to an [`Authorization::Pending`].
    Authorized {
        /// The connection that waits for it.
        conn: ConnId,
        /// The answer.
        authorization: Authorization,
    },
    /// [`Broker::next_deadline`] has passed.
    Wake,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Loss {
    /// The peer closed its side.
    Fin,
    /// The peer or the network reset it.
    Rst,
    /// Reading or writing failed otherwise.
    Error,
}

/// Why the broker closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum CloseReason {
    /// The client said DISCONNECT.
    Disconnect,
    /// CONNECT was refused.
    Refused(ReasonCode),
    /// No CONNECT came in time.
    ConnectTimeout,
    /// Nothing came for one and a half times the Keep Alive.
    KeepAlive,
    /// Another connection came with the same Client Identifier.
    TakenOver,
    /// The bytes were no packet.
    Malformed,
    /// The packet was not allowed there.
    ProtocolError(ReasonCode),
    /// A limit was reached.
    Quota(ReasonCode),
    /// The broker stops or an operator closed it.
    Administrative(ReasonCode),
}

/// A client asks to be let in.
#[derive(Clone, Copy, Debug)]
pub struct AuthRequest<'a> {
    /// Protocol version of its CONNECT.
    pub version: Version,
    /// Client Identifier as sent; may be empty.
    pub client_id: &'a str,
    /// User Name.
    pub user_name: Option<&'a str>,
    /// Password.
    pub password: Option<&'a [u8]>,
    /// Authentication Method (5.0).
    pub method: Option<&'a str>,
    /// Authentication Data (5.0).
    pub data: Option<&'a [u8]>,
}

/// The answer to an [`AuthRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// Let it in.
    Allow,
    /// Refuse it for this reason.
    Deny(ReasonCode),
    /// The answer comes later.
    Pending,
}

/// Who does something: the client behind a session.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// Client Identifier.
    pub client_id: &'a str,
    /// User Name that was proven at CONNECT.
    pub user_name: Option<&'a str>,
}

/// What a client wants with a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Send a message to it, at once or as a will.
    Publish,
    /// Subscribe with this Topic Filter.
    Subscribe,
    /// Get a message from it.
    Receive,
}

/// A client was let in.
#[derive(Clone, Copy, Debug)]
pub struct Established<'a> {
    /// Client Identifier, also where the broker chose it.
    pub client_id: &'a str,
    /// User Name.
    pub user_name: Option<&'a str>,
    /// Protocol version.
    pub version: Version,
}

/// One change of durable state; replayed in order they make the state again.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// The session of this client ended.
    SessionEnded {
        /// Its Client Identifier.
        client_id: &'a str,
    },
}

/// How the broker behaves where the standard leaves room, and how much it takes on.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Put in front of Client Identifiers that the broker assigns.
    pub assigned_id_prefix: String,
}

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerKind {
    /// A connection must have sent CONNECT.
    Connect,
    /// A connection must have sent something.
    KeepAlive,
}

/// The broker.
#[derive(Clone, Debug)]
pub struct Broker {
    config: Config,
}

impl Broker {
    /// A broker without sessions. `seed` feeds what it has to invent, such as Client Identifiers.
    pub fn new(config: Config, seed: u64) -> Self {
        let _ = seed;
        Self { config }
    }

    /// Hands one input to the broker and says everything it wants done into `sink`.
    ///
    /// # Panics
    /// If `now` goes back or a [`ConnId`] is opened twice: both are bugs of the driver. No peer can cause a panic.
    pub fn handle<S: Sink>(&mut self, now: Instant, input: Input<'_>, sink: &mut S) {
        let _ = (now, input, sink, &self.config);
    }

    /// When the broker must be woken, and for what; `None` while nothing is due.
    pub fn next_deadline(&self) -> Option<(Instant, TimerKind)> {
        None
    }
}
