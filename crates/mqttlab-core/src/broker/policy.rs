//! How the broker behaves where the standard leaves room, and how much it takes on.

use alloc::string::String;
use alloc::vec::Vec;

use crate::codec::{Limits, PACKET_SIZE_MAX};
use crate::packet::{QoS, Version};
use crate::time::Duration;

/// How the broker behaves where the standard leaves room, and how much it takes on.
///
/// ```
/// use mqttlab_core::broker::{Config, Overlap};
/// let config = Config { overlap: Overlap::PerSubscription, ..Config::default() };
/// assert_eq!(config.in_flight_max, 64);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(default, deny_unknown_fields, rename_all = "kebab-case")
)]
pub struct Config {
    /// The versions that are let in.
    pub versions: Vec<Version>,
    /// How long a connection may take to send its whole CONNECT, in milliseconds.
    pub connect_timeout_ms: u32,
    /// The most connections, counting those that have not sent CONNECT.
    pub connections_max: u32,
    /// The most sessions, connected or not.
    pub sessions_max: u32,

    /// Whether a client may leave its Client Identifier to the broker.
    pub empty_client_id: bool,
    /// Put in front of Client Identifiers that the broker assigns.
    pub assigned_id_prefix: String,
    /// The longest Client Identifier, in bytes.
    pub client_id_length_max: u16,
    /// The longest Keep Alive, in seconds; 0 for any. A 5.0 client is told, an older one held to it silently.
    pub keep_alive_max: u16,
    /// The longest that a session outlives its connection, in seconds; `u32::MAX` for without end.
    pub session_expiry_max_s: u32,
    /// How long a session of an older version with Clean Session 0 outlives its connection, in seconds.
    pub session_expiry_v3_s: u32,
    /// What happens when a session is asked for under another User Name than that which made it.
    pub foreign_session: ForeignSession,
    /// Whether the will of a connection that is taken over goes out before the CONNACK of the one that takes over.
    pub will_on_takeover: WillOnTakeover,
    /// What becomes of wills that go out at once when the driver closes connections because the broker stops. Those that are
    /// put off wait on, where their sessions do.
    pub will_at_shutdown: WillAtShutdown,

    /// The largest packet that is accepted, in bytes. The driver's links check it; here it is what clients are told.
    pub packet_size_max: u32,
    /// The highest QoS; a client that publishes above it is disconnected. [MQTT-3.2.2-9]
    pub maximum_qos: QoS,
    /// Whether retained messages are supported.
    pub retain_available: bool,
    /// Whether Topic Filters may have wildcards.
    pub wildcard_subscriptions: bool,
    /// Whether `$share/…` is supported (5.0).
    pub shared_subscriptions: bool,
    /// Whether Subscription Identifiers are supported (5.0).
    pub subscription_identifiers: bool,
    /// How many incoming QoS 2 messages of a 5.0 client may wait for their PUBREL: its Receive Maximum.
    pub receive_maximum: u16,
    /// The same for older versions, which cannot be told.
    pub receive_maximum_v3: u16,
    /// How many Topic Aliases a client may use (5.0).
    pub topic_alias_maximum: u16,
    /// How many Topic Aliases the broker uses towards a client that allows them (5.0).
    pub topic_alias_out_max: u16,
    /// Whether the broker explains refusals in words to 5.0 clients.
    pub reason_strings: bool,
    /// Whether the publisher hears that nobody subscribes: PUBACK and PUBREC 0x10 in place of 0x00 (5.0).
    pub report_no_subscribers: bool,
    /// Whether a payload that says it is UTF-8 is checked.
    pub check_payload_format: bool,
    /// What Response Information a client gets that asks for it (5.0); empty for none.
    pub response_information: String,

    /// Whether text from clients may have control characters and non-characters in it: Client Identifiers, User Names,
    /// topics, properties. The standards advise against them, and allow to refuse them as malformed. The driver's links
    /// check it.
    pub disallowed_code_points: bool,
    /// The longest Topic Name or Topic Filter, in bytes; that of a shared subscription with `$share` and its name.
    pub topic_length_max: u16,
    /// The most levels of a Topic Name or Topic Filter.
    pub topic_levels_max: u16,
    /// The most User Properties in one packet of a client, those of a will apart; `u16::MAX` for as many as fit (5.0). The
    /// driver's links check it.
    pub user_properties_max: u16,
    /// Topics that begin so are the broker's own: no client may publish to them.
    pub reserved_topics: Vec<String>,
    /// What happens to a PUBLISH that is not allowed where the version cannot say so. [MQTT-3.3.5-2]
    pub denied_publish: DeniedPublish,
    /// What happens to a SUBSCRIBE with a Topic Filter that breaks the syntax.
    pub ill_formed_filter: IllFormedFilter,
    /// Topic Filters that nobody may subscribe to, nor to one that is narrower in the way it is written. A wider one is
    /// not held back: whether a client gets a message is for [`Sink::permits`](crate::broker::Sink::permits).
    pub denied_filters: Vec<String>,
    /// What a 5.0 client is told about a subscription that it may not have.
    pub denied_subscribe: DeniedSubscribe,
    /// What happens to a client that publishes with a Subscription Identifier. [MQTT-3.3.4-6]
    pub published_identifier: PublishedIdentifier,
    /// The most bytes that sessions, connections, subscriptions and wills take up in the books, all together; messages
    /// apart.
    pub session_bytes_max: u64,
    /// The most subscriptions of one session.
    pub subscriptions_max: u32,
    /// How many copies a client gets whose subscriptions overlap. [MQTT-3.3.5-1]
    pub overlap: Overlap,
    /// Which member of a shared subscription gets a message.
    pub shared_dispatch: SharedDispatch,

    /// How many QoS 1 and 2 messages may be on their way to a client at once; its own Receive Maximum may be lower.
    pub in_flight_max: u16,
    /// The most messages that wait for one session.
    pub queue_messages_max: u32,
    /// The most bytes that wait for one session.
    pub queue_bytes_max: u64,
    /// The most bytes of messages that wait, are in flight or are retained, all sessions together.
    pub message_bytes_max: u64,
    /// Which message goes when a queue is full.
    pub queue_full: QueueFull,
    /// Whether QoS 0 messages wait for a session that is not connected.
    pub queue_qos0: bool,
    /// How many bytes may be sent to a client and not yet be written: above it QoS 0 messages are dropped and others
    /// wait. A client that makes the broker answer twice as much without reading is disconnected.
    pub out_bytes_max: u64,
    /// How many unwritten bytes a client may have while it still gets retained messages for a new subscription.
    pub retained_credit: u64,
    /// The most retained messages.
    pub retained_messages_max: u32,
    /// The most bytes of retained messages.
    pub retained_bytes_max: u64,
}

impl Config {
    /// What the driver's links hold clients to.
    ///
    /// Ask for it when a connection opens; what is left at its default is no policy but protects the link itself.
    pub fn link_limits(&self) -> Limits {
        Limits {
            packet_size_max: self.packet_size_max,
            user_properties_max: self.user_properties_max,
            topic_alias_max: self.topic_alias_maximum,
            disallowed_code_points: self.disallowed_code_points,
            identifiers_from_clients: self.published_identifier == PublishedIdentifier::Ignore,
            ..Limits::default()
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        const FOURTEEN_DAYS_S: u32 = 14 * 24 * 60 * 60;
        const MIB: u64 = 1 << 20;
        Self {
            versions: [Version::V3_1, Version::V3_1_1, Version::V5].into(),
            connect_timeout_ms: 5_000,
            connections_max: 100_000,
            sessions_max: 1_000_000,
            empty_client_id: true,
            assigned_id_prefix: String::from("auto-"),
            client_id_length_max: 1_024,
            keep_alive_max: 0,
            session_expiry_max_s: FOURTEEN_DAYS_S,
            session_expiry_v3_s: FOURTEEN_DAYS_S,
            foreign_session: ForeignSession::Refuse,
            will_on_takeover: WillOnTakeover::BeforeConnack,
            will_at_shutdown: WillAtShutdown::Publish,
            packet_size_max: MIB as u32,
            maximum_qos: QoS::ExactlyOnce,
            retain_available: true,
            wildcard_subscriptions: true,
            shared_subscriptions: true,
            subscription_identifiers: true,
            receive_maximum: 64,
            receive_maximum_v3: 1_024,
            topic_alias_maximum: 32,
            topic_alias_out_max: 16,
            reason_strings: true,
            report_no_subscribers: true,
            check_payload_format: false,
            response_information: String::new(),
            disallowed_code_points: false,
            topic_length_max: 4_096,
            topic_levels_max: 128,
            user_properties_max: 128,
            reserved_topics: ["$SYS/", "$share/", "$CONTROL/"].map(String::from).into(),
            denied_publish: DeniedPublish::Acknowledge,
            ill_formed_filter: IllFormedFilter::Close,
            denied_filters: Vec::new(),
            denied_subscribe: DeniedSubscribe::NotAuthorized,
            published_identifier: PublishedIdentifier::Close,
            session_bytes_max: 512 * MIB,
            subscriptions_max: 1_000,
            overlap: Overlap::OneCopy,
            shared_dispatch: SharedDispatch::RoundRobin,
            in_flight_max: 64,
            queue_messages_max: 1_000,
            queue_bytes_max: MIB,
            message_bytes_max: 256 * MIB,
            queue_full: QueueFull::DropNewest,
            queue_qos0: false,
            out_bytes_max: MIB,
            retained_credit: 64 << 10,
            retained_messages_max: 1_000_000,
            retained_bytes_max: 256 * MIB,
        }
    }
}

impl Config {
    /// What one of `of` shards may take on, where all of them together may take on this.
    ///
    /// Connections, sessions, their bytes and those of messages are divided, and rounded up: Client Identifiers spread sessions
    /// evenly, not equally, so a shard can be full while another one has room. Retained messages are in every shard, and
    /// their limits stay; their bytes count in each for its part. A driver that counts connections and sessions itself
    /// ([`Sink::has_room`](crate::broker::Sink::has_room)) gives each shard the limits of all.
    #[must_use]
    pub fn part(&self, of: u16) -> Self {
        let of = u32::from(of.max(1));
        Self {
            connections_max: self.connections_max.div_ceil(of),
            sessions_max: self.sessions_max.div_ceil(of),
            session_bytes_max: self.session_bytes_max.div_ceil(u64::from(of)),
            message_bytes_max: self.message_bytes_max.div_ceil(u64::from(of)),
            ..self.clone()
        }
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(u64::from(self.connect_timeout_ms))
    }

    /// Puts right what the protocol cannot express: no maximum of messages may be 0.
    pub(super) fn sane(mut self) -> Self {
        self.in_flight_max = self.in_flight_max.max(1);
        self.receive_maximum = self.receive_maximum.max(1);
        self.receive_maximum_v3 = self.receive_maximum_v3.max(1);
        // What is forwarded can be larger than what came: by its topic, if that came as an alias, and by identifiers.
        let largest = PACKET_SIZE_MAX - 2 * (1 << 16);
        self.packet_size_max = self.packet_size_max.clamp(1, largest);
        self
    }
}

/// How many copies of a message a client gets whose subscriptions overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Overlap {
    /// One, at the highest QoS of those that match, with all their Subscription Identifiers. [MQTT-3.3.4-4]
    #[default]
    OneCopy,
    /// One for each subscription that matches, at its QoS. [MQTT-3.3.4-5]
    PerSubscription,
}

/// When the will of a connection that is taken over goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum WillOnTakeover {
    /// Before the CONNACK of the new connection.
    #[default]
    BeforeConnack,
    /// After it.
    AfterConnack,
}

/// What becomes of the will of a connection that ends because the broker stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum WillAtShutdown {
    /// It is published, as that of any connection that its client did not end. [MQTT-3.1.2-8]
    #[default]
    Publish,
    /// It is thrown away: the clients are well, and soon back.
    Discard,
}

/// What happens when a session is asked for under another User Name than that which made it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum ForeignSession {
    /// CONNECT is refused as not authorized; the session and its connection are not touched.
    #[default]
    Refuse,
    /// The session is thrown away and a new one begun.
    Replace,
    /// The User Name is not looked at: whoever has the Client Identifier has the session.
    Share,
}

/// What happens to a PUBLISH that is not allowed where the version cannot say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum DeniedPublish {
    /// It is acknowledged as any other, and dropped.
    #[default]
    Acknowledge,
    /// The connection is closed.
    Close,
}

/// What happens to a SUBSCRIBE or UNSUBSCRIBE with a Topic Filter that breaks the syntax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum IllFormedFilter {
    /// It violates the protocol: the connection is closed. [MQTT-4.8.0-1]
    #[default]
    Close,
    /// That filter alone is refused in the acknowledgement.
    Refuse,
}

/// What a 5.0 client is told about a subscription that it may not have; 3.1.1 has one code for all refusals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum DeniedSubscribe {
    /// That it is not authorized: 0x87.
    #[default]
    NotAuthorized,
    /// That there is an error, and no more: 0x80.
    Unspecified,
}

/// What happens to a client that publishes with a Subscription Identifier, as it does when it sends a message on with
/// all the properties that it came with. The standard forbids it and leaves open what a server does about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum PublishedIdentifier {
    /// The connection is closed.
    #[default]
    Close,
    /// The identifier is left out, and the message goes its way.
    Ignore,
}

/// Which member of a shared subscription gets a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum SharedDispatch {
    /// The next in turn of those that can take it at once; failing them of those that are connected; failing them of
    /// all.
    #[default]
    RoundRobin,
    /// The next in turn of all, connected or not: one that is away hoards its share.
    RoundRobinAll,
    /// The same as last time, as long as it is connected.
    Sticky,
    /// Any that is connected, by the seed.
    Random,
}

/// Which message goes when a queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum QueueFull {
    /// The one that does not fit any more.
    #[default]
    DropNewest,
    /// The one that waited longest.
    DropOldest,
}
