//! What goes into the broker, and why it closes a connection.

use alloc::boxed::Box;

use crate::broker::shard::{ShardId, Word};
use crate::broker::{Authorization, Config};
use crate::error::DecodeError;
use crate::id::ConnId;
use crate::packet::{Packet, Publish};
use crate::reason::ReasonCode;

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
    /// An operator, or the driver at its end, closes a connection; its will is published.
    Close {
        /// This connection.
        conn: ConnId,
        /// What a 5.0 client is told.
        reason: ReasonCode,
    },
    /// An operator ends a session, with its connection if it has one.
    EndSession {
        /// The Client Identifier behind it.
        client_id: &'a str,
    },
    /// The broker's own message, such as a `$SYS` value; no access is checked and the Packet Identifier is not looked
    /// at.
    Publish(Publish<'a>),
    /// The configuration changed; connections that are open keep what was agreed at their CONNECT.
    Configure(Box<Config>),
    /// A connection that has not been let in goes to another shard: it is forgotten without a word and without being
    /// counted. One that was let in stays.
    Leave {
        /// This connection.
        conn: ConnId,
    },
    /// Another shard tells something; a broker that is alone, or built without the feature `shards`, does not listen.
    Peer {
        /// Which.
        from: ShardId,
        /// What.
        word: Word,
    },
    /// [`Broker::next_deadline`](crate::broker::Broker::next_deadline) has passed.
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

impl core::fmt::Display for Loss {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Fin => "the peer closed its side",
            Self::Rst => "it was reset",
            Self::Error => "reading or writing failed",
        })
    }
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

impl CloseReason {
    /// The reason code that a 5.0 client is told in DISCONNECT; `None` where it said DISCONNECT itself, or is told by
    /// CONNACK, or nothing at all.
    pub const fn disconnect_reason(self) -> Option<ReasonCode> {
        match self {
            Self::Disconnect | Self::Refused(_) | Self::ConnectTimeout => None,
            Self::KeepAlive => Some(ReasonCode::KeepAliveTimeout),
            Self::TakenOver => Some(ReasonCode::SessionTakenOver),
            Self::Malformed => Some(ReasonCode::MalformedPacket),
            Self::ProtocolError(reason) | Self::Quota(reason) | Self::Administrative(reason) => {
                Some(reason)
            }
        }
    }
}

impl core::fmt::Display for CloseReason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Disconnect => f.write_str("the client disconnected"),
            Self::Refused(reason) => write!(f, "CONNECT was refused ({reason})"),
            Self::ConnectTimeout => f.write_str("no CONNECT came in time"),
            Self::KeepAlive => f.write_str("the Keep Alive ran out"),
            Self::TakenOver => {
                f.write_str("another connection came with the same Client Identifier")
            }
            Self::Malformed => f.write_str("the bytes were no packet"),
            Self::ProtocolError(reason) => write!(f, "the packet was not allowed ({reason})"),
            Self::Quota(reason) => write!(f, "a limit was reached ({reason})"),
            Self::Administrative(reason) => write!(f, "the broker closed it ({reason})"),
        }
    }
}
