//! What a client tells its application and its driver.

use crate::client::error::PeerError;
use crate::client::message::Ticket;
use crate::client::why::Why;
use crate::error::DecodeError;
use crate::frame::Frame;
use crate::packet::{Publish, QoS, SubscriptionOptions};
use crate::properties::Properties;
use crate::qos::Stage;
use crate::reason::ReasonCode;
use crate::time::Instant;

/// Takes what the client wants done, in causal order: a why comes before the sends it explains.
///
/// There is at most one network connection at a time. After [`close`](Self::close) nothing of that connection may be
/// handed to the client any more: no packet, no loss.
pub trait Sink {
    /// Whether decisions are wanted. When false the compiler drops every one of them.
    const TRACE: bool = false;

    /// Open a network connection and answer with [`Input::Opened`](crate::client::Input::Opened) or
    /// [`Input::OpenFailed`](crate::client::Input::OpenFailed).
    fn open(&mut self);

    /// Append this packet to what goes to the server.
    fn send(&mut self, frame: &Frame<'_>);

    /// Close the network connection, or give up opening it. The client has forgotten it already.
    fn close(&mut self, how: Close);

    /// Something for the application.
    fn event(&mut self, event: Event<'_>);

    /// A decision was taken.
    fn why(&mut self, why: Why) {
        let _ = why;
    }
}

/// How to close a network connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Close {
    /// Write what was sent, then close.
    Orderly,
    /// At once; what is not written yet is lost.
    Reset,
}

/// How a network connection ended without the client's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Loss {
    /// The server closed its side.
    Fin,
    /// The server or the network reset it.
    Rst,
    /// Reading or writing failed otherwise.
    Error,
}

/// Something that the application may want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The server accepted.
    Connected {
        /// Whether it goes on with a stored session.
        session_present: bool,
        /// The Client Identifier, also where the server chose it.
        client_id: &'a str,
        /// CONNACK properties.
        properties: Properties<'a>,
    },
    /// The server refused.
    Refused {
        /// Why.
        reason: ReasonCode,
        /// CONNACK properties.
        properties: Properties<'a>,
        /// When the client will try again.
        retry_at: Option<Instant>,
    },
    /// The attempt to connect failed, or the connection ended.
    Disconnected {
        /// How.
        cause: Cause,
        /// When the client will connect again.
        retry_at: Option<Instant>,
    },
    /// 5.0: the server wants the client to go elsewhere. The client does not connect again by itself.
    Redirected {
        /// For good ([`ReasonCode::ServerMoved`]) or for now.
        permanent: bool,
        /// Server Reference: where to.
        server_reference: Option<&'a str>,
    },
    /// 5.0: DISCONNECT came from the server; [`Disconnected`](Self::Disconnected) follows.
    ServerDisconnect {
        /// Why.
        reason: ReasonCode,
        /// Its properties.
        properties: Properties<'a>,
    },
    /// A message came. A QoS 2 message comes once.
    Message(Publish<'a>),
    /// A message is done: at QoS 0 handed to the network, else acknowledged by the server.
    Published {
        /// Which.
        ticket: Ticket,
        /// What the server said; an error here means that it did not take the message.
        reason: ReasonCode,
    },
    /// A message will not be sent (again).
    Dropped {
        /// Which.
        ticket: Ticket,
        /// Why.
        why: Dropped,
    },
    /// The server answered SUBSCRIBE.
    Subscribed {
        /// Which; `None` for subscriptions that the client renewed by itself.
        ticket: Option<Ticket>,
        /// One code for each filter: the granted QoS, or 0x80 and above where it refused.
        codes: &'a [u8],
    },
    /// The server answered UNSUBSCRIBE.
    Unsubscribed {
        /// Which.
        ticket: Ticket,
        /// 5.0: one code for each filter.
        codes: &'a [u8],
    },
    /// A SUBSCRIBE or UNSUBSCRIBE that waited cannot be sent to this server.
    RequestDropped {
        /// Which; `None` for subscriptions that the client renewed by itself.
        ticket: Option<Ticket>,
        /// Why.
        error: crate::client::ClientError,
    },
    /// 5.0: the server continues the authentication. Answer with [`Client::authenticate`](crate::client::Client::authenticate).
    Authenticate {
        /// Authentication Data.
        data: Option<&'a [u8]>,
        /// All properties of the AUTH.
        properties: Properties<'a>,
    },
    /// 5.0: a re-authentication succeeded.
    Reauthenticated {
        /// Authentication Data.
        data: Option<&'a [u8]>,
    },
}

/// How a connection, or the attempt at one, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Cause {
    /// The application asked for it.
    Requested,
    /// No network connection came about.
    OpenFailed,
    /// No network connection or no CONNACK came in time.
    ConnectTimeout,
    /// No PINGRESP came in time.
    PingTimeout,
    /// CONNACK refused.
    Refused(ReasonCode),
    /// The network connection was lost.
    Lost(Loss),
    /// 5.0: the server said DISCONNECT.
    ServerDisconnect(ReasonCode),
    /// What came is not a packet.
    Malformed(DecodeError),
    /// The server broke the protocol.
    ProtocolError(PeerError),
}

/// Why a message will not be sent (again).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Dropped {
    /// Its session ended while it waited for this. At [`Stage::PubComp`] the server had taken it.
    SessionEnded(Stage),
    /// It had to make room in the queue.
    QueueFull,
    /// It expired in the queue.
    Expired,
    /// This server allows smaller packets only.
    PacketTooLarge,
    /// This server takes lower QoS only.
    QosNotSupported,
    /// This server keeps no retained messages.
    RetainNotAvailable,
    /// A message with the same Packet Identifier took its place; only with
    /// [`Bugs::packet_id_reuse`](crate::client::Bugs::packet_id_reuse).
    Replaced,
}

/// A subscription as the server granted it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Subscription {
    /// Topic Filter.
    pub filter: alloc::string::String,
    /// What was asked for.
    pub options: SubscriptionOptions,
    /// 5.0: Subscription Identifier.
    pub identifier: Option<u32>,
    /// Granted QoS.
    pub granted: QoS,
}
