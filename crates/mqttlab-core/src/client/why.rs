//! Why a client did what it did.

use core::fmt;

use crate::clause::Clause;
use crate::client::error::{ClientError, PeerError};
use crate::client::event::{Cause, Dropped, Sink};
use crate::client::message::Ticket;
use crate::error::DecodeError;
use crate::id::PacketId;
use crate::packet::{PacketType, QoS};
use crate::reason::ReasonCode;
use crate::time::Duration;

/// A decision of a client, said by the branch that takes it and never reconstructed afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Why {
    /// The sentence of the standard behind it; `None` where the standard leaves it to the client.
    pub clause: Option<Clause>,
    /// What was decided.
    pub decision: Decision,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.decision)?;
        if let Some(clause) = self.clause {
            write!(f, " [{clause}]")?;
        }
        Ok(())
    }
}

/// What a client decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", tag = "kind"))]
pub enum Decision {
    /// To open a network connection.
    Open {
        /// How many attempts came before it without success.
        attempt: u32,
    },
    /// To ask for a session.
    AskForSession {
        /// Clean Session or Clean Start.
        clean_start: bool,
        /// Why this value and not that of the options.
        because: CleanStartBecause,
    },
    /// To go on with the session that the server kept too.
    ResumeSession {
        /// Messages in flight.
        outgoing: usize,
        /// Incoming QoS 2 messages that wait for PUBREL.
        incoming: usize,
    },
    /// The session began anew.
    BeginSession,
    /// To keep the session for the next connection.
    KeepSession {
        /// Messages in flight.
        outgoing: usize,
        /// Incoming QoS 2 messages that wait for PUBREL.
        incoming: usize,
    },
    /// To forget the session.
    DiscardSession {
        /// Why.
        because: DiscardBecause,
        /// Messages that were in flight.
        outgoing: usize,
    },
    /// To forget which incoming QoS 2 messages wait for PUBREL: the server knows nothing of them.
    ForgetIncoming {
        /// How many.
        incoming: usize,
    },
    /// To go on with the outgoing messages although the server has no session: 3.1.1 asks for it.
    ResumeWithoutServer {
        /// Messages in flight.
        outgoing: usize,
    },
    /// To use the server's Keep Alive.
    UseServerKeepAlive {
        /// In seconds.
        seconds: u16,
    },
    /// To use the Client Identifier that the server assigned.
    UseAssignedClientId,
    /// A message goes out for the first time.
    Publish {
        /// Which.
        ticket: Ticket,
        /// Its Packet Identifier.
        packet_id: Option<PacketId>,
        /// Its QoS.
        qos: QoS,
    },
    /// A message goes out again because the connection is a new one.
    PublishAgain {
        /// Its Packet Identifier.
        packet_id: PacketId,
    },
    /// PUBREL goes out again because the connection is a new one; PUBLISH must not.
    ReleaseAgain {
        /// The Packet Identifier.
        packet_id: PacketId,
    },
    /// A message waits.
    Queue {
        /// Which.
        ticket: Ticket,
        /// What for.
        because: QueueBecause,
    },
    /// A message is done.
    Complete {
        /// Its Packet Identifier.
        packet_id: PacketId,
        /// What the server said.
        reason: ReasonCode,
    },
    /// A message is dropped.
    Drop {
        /// Which.
        ticket: Ticket,
        /// Why.
        why: Dropped,
    },
    /// A message whose session ended is published as a new one.
    Republish {
        /// Which.
        ticket: Ticket,
    },
    /// A topic gets an alias.
    SetAlias {
        /// The alias.
        alias: u16,
    },
    /// An alias stands in for the topic.
    UseAlias {
        /// The alias.
        alias: u16,
    },
    /// PUBREC came: the server has the message, so PUBREL goes out and never PUBLISH again.
    Release {
        /// The Packet Identifier.
        packet_id: PacketId,
    },
    /// An acknowledgement that nothing waits for is passed over.
    IgnoreAck {
        /// Its type.
        packet: PacketType,
        /// Its Packet Identifier.
        packet_id: PacketId,
    },
    /// PUBREC or PUBREL for an unknown identifier is answered, so that the server can finish.
    AnswerUnknown {
        /// Its type.
        packet: PacketType,
        /// Its Packet Identifier.
        packet_id: PacketId,
    },
    /// A message is passed on to the application.
    Deliver {
        /// Its QoS.
        qos: QoS,
        /// Its Packet Identifier.
        packet_id: Option<PacketId>,
    },
    /// A QoS 2 message came again and is only acknowledged.
    SuppressDuplicate {
        /// Its Packet Identifier.
        packet_id: PacketId,
    },
    /// PUBREL came: the identifier is free for a new message.
    Forget {
        /// The Packet Identifier.
        packet_id: PacketId,
    },
    /// Nothing was sent for the Keep Alive, so PINGREQ is.
    Ping {
        /// For how long nothing was sent.
        idle: Duration,
    },
    /// PINGRESP came.
    PingAnswered,
    /// What was subscribed is subscribed again.
    Resubscribe {
        /// How many filters.
        filters: usize,
    },
    /// The subscriptions went with the session and are not renewed.
    ForgetSubscriptions {
        /// How many.
        filters: usize,
    },
    /// The server refused a filter.
    SubscriptionRefused {
        /// Its place in the SUBSCRIBE.
        index: usize,
        /// The code in SUBACK.
        code: u8,
    },
    /// A SUBSCRIBE or UNSUBSCRIBE goes out.
    Request {
        /// Which; `None` for one that the client makes by itself.
        ticket: Option<Ticket>,
        /// Its type.
        packet: PacketType,
        /// Its Packet Identifier.
        packet_id: PacketId,
    },
    /// A SUBSCRIBE or UNSUBSCRIBE waits for a connection.
    QueueRequest {
        /// Which.
        ticket: Ticket,
    },
    /// The application must answer the server's authentication.
    AskForAuthentication,
    /// The next step of an authentication goes out.
    Authenticate,
    /// A live connection is authenticated anew.
    Reauthenticate,
    /// The re-authentication succeeded.
    AcceptReauthentication,
    /// DISCONNECT goes out, and nothing after it.
    Disconnect {
        /// Its reason.
        reason: ReasonCode,
    },
    /// A request whose answer did not come goes out again as a new one.
    RepeatRequest {
        /// Which; `None` for one that the client makes by itself.
        ticket: Option<Ticket>,
    },
    /// A request that waited cannot be sent to this server.
    DropRequest {
        /// Which; `None` for one that the client makes by itself.
        ticket: Option<Ticket>,
        /// Why.
        error: ClientError,
    },
    /// The bytes are no packet: the connection is closed.
    Malformed(DecodeError),
    /// The server broke the protocol: the connection is closed.
    ProtocolError(PeerError),
    /// The connection, or the attempt at one, is over.
    End {
        /// How.
        cause: Cause,
    },
    /// To connect again.
    RetryIn {
        /// After this delay.
        delay: Duration,
        /// How many attempts came before it without success.
        attempt: u32,
    },
    /// Not to connect again.
    NoRetry {
        /// Why.
        because: NoRetryBecause,
    },
    /// The input belongs to no connection and is passed over.
    IgnoreStray,
    /// A mistake that was switched on has been made.
    Bug(BugKind),
}

/// Why Clean Start has its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum CleanStartBecause {
    /// The options say so.
    Options,
    /// The connection before was lost, and the session shall go on.
    Resume,
    /// The server had a session that the client does not know.
    UnknownSession,
}

/// Why a session is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum DiscardBecause {
    /// It lasts as long as its connection.
    ConnectionEnded,
    /// A new one is asked for.
    CleanStart,
    /// It belongs to another Client Identifier.
    OtherClientId,
    /// The server has none.
    NotAtServer,
    /// It expired.
    Expired,
}

/// Why a message waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum QueueBecause {
    /// There is no connection.
    NotConnected,
    /// So many messages are in flight that no more may be.
    WindowFull,
    /// Others wait before it, and order is kept.
    Behind,
    /// The network does not take more.
    WriteBuffer,
}

/// Why the client does not connect again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum NoRetryBecause {
    /// The application ended the connection.
    Requested,
    /// The options say never, or all attempts are used up.
    Policy,
    /// The server's reason says that it cannot help.
    Reason(ReasonCode),
}

/// Which mistake was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[expect(missing_docs, reason = "they are the fields of Bugs")]
pub enum BugKind {
    KeepAliveRestartsOnReceive,
    PublishAfterPubrel,
    IgnoreSubackFailure,
    DupNeverSet,
    PacketIdReuse,
    EmptyClientIdWithSession,
}

/// Says a decision, if anybody listens.
pub(super) fn say<S: Sink>(
    sink: &mut S,
    clause: Option<Clause>,
    decision: impl FnOnce() -> Decision,
) {
    if S::TRACE {
        sink.why(Why {
            clause,
            decision: decision(),
        });
    }
}
