//! How a client behaves.

use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::client::error::{ClientError, Part};
use crate::client::message::{MessageProperties, check_data, check_text, check_user_properties};
use crate::client::{Bugs, Reconnect};
use crate::codec::{Limits, PACKET_SIZE_MAX};
use crate::packet::{QoS, Version};
use crate::time::Duration;
use crate::topic;

/// What a client says in its CONNECT, and how it behaves where the standard leaves room.
///
/// The fields marked *5.0* are for that version; in the older ones they must have their defaults.
///
/// ```
/// use mqttlab_core::client::{Options, Reconnect};
/// let options = Options {
///     client_id: "pump-1".into(),
///     clean_start: false,
///     keep_alive: 30,
///     reconnect: Reconnect::Never,
///     ..Options::default()
/// };
/// assert_eq!(options.check(), Ok(()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Options {
    /// Client Identifier; empty asks the server to choose one.
    pub client_id: String,
    /// Protocol version.
    pub version: Version,
    /// Clean Session in 3.1 and 3.1.1, Clean Start in 5.0.
    pub clean_start: bool,
    /// *5.0*: only the first connection says Clean Start 1; those after a loss say 0 and go on with the session.
    pub resume_after_loss: bool,
    /// Keep Alive in seconds; 0 switches it off.
    pub keep_alive: u16,
    /// User Name.
    pub user_name: Option<String>,
    /// Password.
    pub password: Option<Bytes>,
    /// The Will Message.
    pub will: Option<WillOptions>,

    /// *5.0*: Session Expiry Interval in seconds; 0 ends the session with its connection, `u32::MAX` never.
    pub session_expiry: u32,
    /// *5.0*: Receive Maximum: how many incoming QoS 2 messages may be incomplete.
    pub receive_maximum: u16,
    /// The largest packet in bytes to take from the server; `None` takes all. 5.0 tells the server (Maximum Packet Size),
    /// the older versions close the connection.
    pub maximum_packet_size: Option<u32>,
    /// *5.0*: Topic Alias Maximum: how many aliases the server may use. The [`Link`](crate::link::Link) keeps them and
    /// needs the same limit.
    pub topic_alias_maximum: u16,
    /// *5.0*: ask for Response Information.
    pub request_response_information: bool,
    /// *5.0*: ask for Reason Strings and User Properties with every answer.
    pub request_problem_information: bool,
    /// *5.0*: User Properties of CONNECT.
    pub user_properties: Vec<(String, String)>,
    /// *5.0*: enhanced authentication.
    pub auth: Option<AuthOptions>,
    /// *5.0*: go on when the server has a session that this client knows nothing of. The standard wants the connection
    /// closed then; the next one asks for a new session. [MQTT-3.2.2-4]
    pub accept_unknown_session: bool,

    /// How long opening the connection may take, and then again how long CONNACK may.
    pub connect_timeout: Duration,
    /// How long PINGRESP may take.
    pub ping_timeout: Duration,
    /// Whether and when to connect again.
    pub reconnect: Reconnect,
    /// Connect again even where the server's reason says that trying again cannot help.
    pub retry_always: bool,
    /// Subscribe again to everything that was granted, when the session was lost.
    pub resubscribe: bool,
    /// What becomes of messages in flight whose session ended.
    pub lost_session: LostSession,

    /// Limits of the queue of messages that wait for a connection or a free place in the window.
    pub queue: QueueLimits,
    /// How many messages with QoS > 0 may be incomplete, at most; the server's Receive Maximum may lower it. 1 or more.
    pub in_flight_max: u16,
    /// *5.0*: how many topic aliases to use towards the server, at most.
    pub topic_aliases_max: u16,
    /// How many SUBSCRIBEs and UNSUBSCRIBEs may wait for a connection or an answer.
    pub requests_max: usize,
    /// How many subscriptions to keep.
    pub subscriptions_max: usize,
    /// How many bytes may wait to be written before messages are queued instead. When so many bytes of answers wait, the
    /// connection is closed: the server makes the client answer and does not read.
    pub write_buffer_max: u64,

    /// Wrong behaviour on purpose.
    pub bugs: Bugs,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            client_id: String::new(),
            version: Version::default(),
            clean_start: true,
            resume_after_loss: false,
            keep_alive: 60,
            user_name: None,
            password: None,
            will: None,
            session_expiry: 0,
            receive_maximum: u16::MAX,
            maximum_packet_size: None,
            topic_alias_maximum: 0,
            request_response_information: false,
            request_problem_information: true,
            user_properties: Vec::new(),
            auth: None,
            accept_unknown_session: false,
            connect_timeout: Duration::from_secs(10),
            ping_timeout: Duration::from_secs(10),
            reconnect: Reconnect::default(),
            retry_always: false,
            resubscribe: true,
            lost_session: LostSession::Drop,
            queue: QueueLimits::default(),
            in_flight_max: 64,
            topic_aliases_max: 16,
            requests_max: 100,
            subscriptions_max: 1_000,
            write_buffer_max: 1 << 20,
            bugs: Bugs::NONE,
        }
    }
}

/// The Will Message: what the server publishes when the client goes without saying DISCONNECT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct WillOptions {
    /// Will Topic.
    pub topic: String,
    /// Will Payload.
    pub payload: Bytes,
    /// Will QoS.
    pub qos: QoS,
    /// Will Retain.
    pub retain: bool,
    /// *5.0*: Will Delay Interval in seconds.
    pub delay: u32,
    /// *5.0*: properties of the message.
    pub properties: MessageProperties,
}

/// Enhanced authentication (5.0, section 4.12).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct AuthOptions {
    /// Authentication Method.
    pub method: String,
    /// Authentication Data in CONNECT.
    pub data: Option<Bytes>,
}

/// Limits of the queue of messages that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct QueueLimits {
    /// How many messages; 0 switches the queue off.
    pub messages: usize,
    /// How many bytes of topics and payloads.
    pub bytes: usize,
    /// Whether QoS 0 messages wait for a connection too.
    pub qos0: bool,
    /// What to do with a message that does not fit.
    pub when_full: WhenFull,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self {
            messages: 1_000,
            bytes: 1 << 20,
            qos0: true,
            when_full: WhenFull::Reject,
        }
    }
}

/// What to do with a message that does not fit into the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum WhenFull {
    /// `publish` fails with [`ClientError::QueueFull`].
    #[default]
    Reject,
    /// The oldest messages in the queue are dropped, and reported.
    DropOldest,
}

/// What becomes of messages in flight whose session ended, at a server that may or may not have got them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum LostSession {
    /// They are dropped, and reported.
    #[default]
    Drop,
    /// Those for which no answer came are published again as new messages, so that subscribers may get them twice. A
    /// QoS 2 message with its PUBREC is dropped: the server has it.
    Republish,
}

impl Options {
    /// Checks what the application is responsible for. [`Client::connect`](crate::client::Client::connect) does it too.
    ///
    /// # Errors
    /// Says what the standard or this client does not allow.
    pub fn check(&self) -> Result<(), ClientError> {
        check_text(Part::ClientId, &self.client_id)?;
        if self.client_id.is_empty() && !self.may_be_nameless() {
            return Err(ClientError::ClientIdRequired);
        }
        if let Some(user_name) = &self.user_name {
            check_text(Part::UserName, user_name)?;
        }
        if let Some(password) = &self.password {
            check_data(Part::Password, password)?;
            if self.user_name.is_none() && self.version != Version::V5 {
                return Err(ClientError::PasswordWithoutUserName);
            }
        }
        if let Some(will) = &self.will {
            will.check(self.version)?;
        }
        if self.in_flight_max == 0 {
            return Err(ClientError::ZeroLimit(Part::InFlightMax));
        }
        // Without it an attempt would end in the moment in which it begins.
        if self.connect_timeout.is_zero() {
            return Err(ClientError::ZeroLimit(Part::ConnectTimeout));
        }
        self.check_5_0()
    }

    /// The limits for the client's end of the [`Link`](crate::link::Link).
    pub fn link_limits(&self) -> Limits {
        Limits {
            packet_size_max: self.maximum_packet_size.unwrap_or(PACKET_SIZE_MAX),
            // Who publishes to it is held to the server's limit, which may be any.
            user_properties_max: u16::MAX,
            topic_alias_max: self.topic_alias_maximum,
            ..Limits::default()
        }
    }

    fn may_be_nameless(&self) -> bool {
        match self.version {
            Version::V3_1 => self.bugs.empty_client_id_with_session,
            Version::V3_1_1 => self.clean_start || self.bugs.empty_client_id_with_session,
            Version::V5 => true,
        }
    }

    fn check_5_0(&self) -> Result<(), ClientError> {
        if self.version != Version::V5 {
            let untouched = self.session_expiry == 0
                && self.receive_maximum == u16::MAX
                && self.topic_alias_maximum == 0
                && !self.request_response_information
                && self.request_problem_information
                && self.user_properties.is_empty()
                && self.auth.is_none();
            return if untouched {
                Ok(())
            } else {
                Err(ClientError::NeedsVersion5(Part::ConnectProperties))
            };
        }
        if self.receive_maximum == 0 {
            return Err(ClientError::ZeroLimit(Part::ReceiveMaximum));
        }
        if self.maximum_packet_size == Some(0) {
            return Err(ClientError::ZeroLimit(Part::MaximumPacketSize));
        }
        if let Some(auth) = &self.auth {
            check_text(Part::AuthenticationMethod, &auth.method)?;
            if let Some(data) = &auth.data {
                check_data(Part::AuthenticationData, data)?;
            }
        }
        check_user_properties(&self.user_properties)
    }
}

impl WillOptions {
    fn check(&self, version: Version) -> Result<(), ClientError> {
        topic::check_name(&self.topic).map_err(ClientError::Topic)?;
        check_data(Part::WillPayload, &self.payload)?;
        if version != Version::V5 && self.delay != 0 {
            return Err(ClientError::NeedsVersion5(Part::WillDelay));
        }
        self.properties.check(version, &self.payload)
    }
}
