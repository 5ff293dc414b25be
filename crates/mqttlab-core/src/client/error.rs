//! What can go wrong, by whose fault.

use core::fmt;

use crate::clause::Clause;
use crate::id::PacketId;
use crate::packet::{PacketType, QoS};
use crate::reason::ReasonCode;
use crate::topic::TopicError;

/// The application asked for something that cannot be done. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum ClientError {
    /// It is connected or connecting already.
    AlreadyConnected,
    /// It is not connected, and the request cannot wait.
    NotConnected,
    /// It is neither connected nor going to be.
    NotActive,
    /// The Client Identifier may not be empty here. [MQTT-3.1.3-7]
    ClientIdRequired,
    /// A password needs a user name before 5.0. [MQTT-3.1.2-22]
    PasswordWithoutUserName,
    /// A Topic Name is not valid.
    Topic(TopicError),
    /// The Response Topic is not a valid Topic Name.
    ResponseTopic(TopicError),
    /// A Topic Filter is not valid.
    Filter(TopicError),
    /// SUBSCRIBE and UNSUBSCRIBE need at least one Topic Filter. [MQTT-3.8.3-3]
    NoFilters,
    /// No Local cannot be set on a shared subscription. [MQTT-3.8.3-4]
    SharedNoLocal,
    /// A Subscription Identifier is 1 to 268 435 455.
    SubscriptionIdentifier,
    /// Only MQTT 5.0 has this.
    NeedsVersion5(Part),
    /// Text has the character U+0000 in it. [MQTT-1.5.3-2]
    NulInText(Part),
    /// Longer than 65 535 bytes.
    TooLong(Part),
    /// The limit may not be 0.
    ZeroLimit(Part),
    /// The payload is declared to be UTF-8 text and is not.
    PayloadNotUtf8,
    /// The packet would be larger than allowed. [MQTT-3.2.2-15]
    PacketTooLarge {
        /// Its size in bytes.
        size: u64,
        /// What the server, or else the protocol, allows.
        max: u32,
    },
    /// The server does not take messages with this QoS. [MQTT-3.2.2-11]
    QosNotSupported {
        /// The highest it takes.
        max: QoS,
    },
    /// The server keeps no retained messages. [MQTT-3.2.2-14]
    RetainNotAvailable,
    /// The server has no wildcard subscriptions.
    WildcardsNotAvailable,
    /// The server has no Subscription Identifiers.
    SubscriptionIdentifiersNotAvailable,
    /// The server has no shared subscriptions.
    SharedNotAvailable,
    /// The window is full and there is no queue.
    TooManyInFlight {
        /// The window.
        max: u16,
    },
    /// The queue is full.
    QueueFull,
    /// Too many SUBSCRIBEs and UNSUBSCRIBEs wait.
    TooManyRequests,
    /// There would be too many subscriptions.
    TooManySubscriptions,
    /// All 65 535 Packet Identifiers are in use.
    PacketIdsExhausted,
    /// A client may not send DISCONNECT with this reason, or not in this version. [MQTT-3.14.2-1]
    ReasonNotAllowed(ReasonCode),
    /// The Session Expiry Interval cannot become non-zero at DISCONNECT when it was 0 at CONNECT.
    SessionExpiryWasZero,
    /// There is no Authentication Method. [MQTT-4.12.0-7]
    NoAuthentication,
    /// The server did not ask for authentication data.
    AuthenticationNotExpected,
    /// An authentication is under way.
    AuthenticationUnderWay,
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyConnected => f.write_str("the client is connected or connecting already"),
            Self::NotConnected => f.write_str("the client is not connected"),
            Self::NotActive => f.write_str("the client is neither connected nor going to be"),
            Self::ClientIdRequired => f.write_str("an empty Client Identifier is not allowed here"),
            Self::PasswordWithoutUserName => f.write_str("a password needs a user name"),
            Self::Topic(error) => write!(f, "Topic Name: {error}"),
            Self::ResponseTopic(error) => write!(f, "Response Topic: {error}"),
            Self::Filter(error) => write!(f, "Topic Filter: {error}"),
            Self::NoFilters => f.write_str("at least one Topic Filter is needed"),
            Self::SharedNoLocal => f.write_str("a shared subscription cannot have No Local"),
            Self::SubscriptionIdentifier => {
                f.write_str("a Subscription Identifier is 1 to 268435455")
            }
            Self::NeedsVersion5(part) => write!(f, "{part}: only MQTT 5.0 has that"),
            Self::NulInText(part) => write!(f, "{part}: U+0000 is not allowed"),
            Self::TooLong(part) => write!(f, "{part}: longer than 65535 bytes"),
            Self::ZeroLimit(part) => write!(f, "{part}: may not be 0"),
            Self::PayloadNotUtf8 => f.write_str("the payload is declared as text and is not UTF-8"),
            Self::PacketTooLarge { size, max } => {
                write!(f, "the packet has {size} bytes and {max} are allowed")
            }
            Self::QosNotSupported { max } => {
                write!(f, "the server takes QoS {} at most", max.number())
            }
            Self::RetainNotAvailable => f.write_str("the server keeps no retained messages"),
            Self::WildcardsNotAvailable => f.write_str("the server has no wildcard subscriptions"),
            Self::SubscriptionIdentifiersNotAvailable => {
                f.write_str("the server has no Subscription Identifiers")
            }
            Self::SharedNotAvailable => f.write_str("the server has no shared subscriptions"),
            Self::TooManyInFlight { max } => write!(f, "{max} messages are in flight already"),
            Self::QueueFull => f.write_str("the queue is full"),
            Self::TooManyRequests => f.write_str("too many requests wait for their answers"),
            Self::TooManySubscriptions => f.write_str("too many subscriptions"),
            Self::PacketIdsExhausted => f.write_str("all Packet Identifiers are in use"),
            Self::ReasonNotAllowed(reason) => {
                write!(f, "a client may not send DISCONNECT with {reason} here")
            }
            Self::SessionExpiryWasZero => {
                f.write_str("the Session Expiry Interval was 0 at CONNECT and must stay so")
            }
            Self::NoAuthentication => f.write_str("no Authentication Method is set"),
            Self::AuthenticationNotExpected => {
                f.write_str("the server did not ask for authentication data")
            }
            Self::AuthenticationUnderWay => f.write_str("an authentication is under way"),
        }
    }
}

impl core::error::Error for ClientError {}

macro_rules! parts {
    ($($variant:ident $name:literal;)+) => {
        /// What a [`ClientError`] is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
        pub enum Part {
            $(#[doc = concat!($name, ".")] $variant,)+
        }

        impl fmt::Display for Part {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $name,)+
                })
            }
        }
    };
}

parts! {
    ClientId "Client Identifier";
    UserName "User Name";
    Password "Password";
    WillPayload "Will Payload";
    WillDelay "Will Delay Interval";
    InFlightMax "limit of messages in flight";
    ConnectTimeout "time-out for connecting";
    ReceiveMaximum "Receive Maximum";
    MaximumPacketSize "Maximum Packet Size";
    ConnectProperties "CONNECT properties";
    DisconnectProperties "DISCONNECT properties";
    MessageProperties "message properties";
    SubscribeOptions "options and properties of SUBSCRIBE";
    SharedSubscription "shared subscription";
    ContentType "Content Type";
    CorrelationData "Correlation Data";
    UserProperty "User Property";
    ReasonString "Reason String";
    AuthenticationMethod "Authentication Method";
    AuthenticationData "Authentication Data";
}

/// The server did what it may not. The client says so in a DISCONNECT (5.0) and closes the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PeerError {
    /// What it did.
    pub kind: PeerErrorKind,
    /// The sentence of the standard that forbids it; `None` where the standard only implies it.
    pub clause: Option<Clause>,
    /// The 5.0 reason code for it.
    pub reason: ReasonCode,
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if let Some(clause) = self.clause {
            write!(f, " [{clause}]")?;
        }
        Ok(())
    }
}

impl core::error::Error for PeerError {}

/// The ways in which a server can break the protocol with well-formed packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum PeerErrorKind {
    /// A packet other than CONNACK (or AUTH) came first.
    BeforeConnAck(PacketType),
    /// A second CONNACK.
    SecondConnAck,
    /// Only a client may send this.
    WrongDirection(PacketType),
    /// Session Present 1 although Clean Start was 1.
    SessionPresentAfterCleanStart,
    /// Session Present 1 although the client has no session.
    UnknownSession,
    /// An acknowledgement of another type than the message or request waits for.
    WrongAcknowledgement {
        /// What came.
        packet: PacketType,
        /// For which.
        packet_id: PacketId,
    },
    /// SUBACK or UNSUBACK with another number of codes than the request had filters.
    CodeCount {
        /// Filters in the request.
        filters: usize,
        /// Codes in the answer.
        codes: usize,
    },
    /// More incomplete messages than the client's Receive Maximum.
    ReceiveMaximumExceeded,
    /// AUTH, or an Authentication Method in CONNACK, without one in CONNECT.
    AuthenticationNotExpected,
    /// Another Authentication Method than CONNECT had, or none.
    AuthenticationMethod,
    /// AUTH with a reason that does not fit here.
    AuthenticationReason(ReasonCode),
    /// Its Maximum Packet Size is smaller than an acknowledgement.
    PacketSizeUnusable,
    /// It makes the client answer and does not read the answers.
    DoesNotRead,
}

impl fmt::Display for PeerErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeforeConnAck(packet) => write!(f, "{packet} before CONNACK"),
            Self::SecondConnAck => f.write_str("a second CONNACK"),
            Self::WrongDirection(packet) => write!(f, "{packet} from a server"),
            Self::SessionPresentAfterCleanStart => {
                f.write_str("Session Present is 1 although a new session was asked for")
            }
            Self::UnknownSession => {
                f.write_str("Session Present is 1 and the client knows of no session")
            }
            Self::WrongAcknowledgement { packet, packet_id } => {
                write!(
                    f,
                    "{packet} for {packet_id}, which waits for another packet"
                )
            }
            Self::CodeCount { filters, codes } => {
                write!(f, "{codes} codes in answer to {filters} filters")
            }
            Self::ReceiveMaximumExceeded => {
                f.write_str("more incomplete messages than Receive Maximum allows")
            }
            Self::AuthenticationNotExpected => f.write_str("authentication that was not asked for"),
            Self::AuthenticationMethod => f.write_str("another Authentication Method"),
            Self::AuthenticationReason(reason) => write!(f, "AUTH with {reason} at this point"),
            Self::PacketSizeUnusable => {
                f.write_str("no acknowledgement fits into the Maximum Packet Size of the server")
            }
            Self::DoesNotRead => f.write_str("the server sends and does not read the answers"),
        }
    }
}
