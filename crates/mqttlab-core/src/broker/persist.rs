//! Durable state as a sequence of changes.

use crate::id::PacketId;
use crate::packet::{QoS, SubscriptionOptions};
use crate::time::Instant;

/// One change of durable state; replayed in order by [`Broker::restore`](crate::broker::Broker::restore) they make the
/// state again.
///
/// Only sessions that outlive their connection are durable, and retained messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// A durable session began.
    SessionStarted {
        /// Its Client Identifier.
        client_id: &'a str,
        /// What its client came in with.
        passport: PassportRef<'a>,
        /// How long it outlives its connection, in seconds; `u32::MAX` for without end.
        expiry_s: u32,
    },
    /// The client came back under another User Name, or with another word of the driver.
    SessionOwner {
        /// Its Client Identifier.
        client_id: &'a str,
        /// What its client came in with this time.
        passport: PassportRef<'a>,
    },
    /// How long the session outlives its connection, or when it ends, is different now.
    SessionExpiry {
        /// Its Client Identifier.
        client_id: &'a str,
        /// How long it outlives its connection, in seconds; `u32::MAX` for without end.
        expiry_s: u32,
        /// When it ends, if it has no connection and an end.
        ends_at: Option<Instant>,
    },
    /// The session of this client ended, with all that belongs to it.
    SessionEnded {
        /// Its Client Identifier.
        client_id: &'a str,
    },
    /// A subscription was made or replaced.
    Subscribed {
        /// Whose.
        client_id: &'a str,
        /// Topic Filter, with `$share/…` where it is shared.
        filter: &'a str,
        /// Its options.
        options: SubscriptionOptions,
        /// Its Subscription Identifier; 0 for none.
        identifier: u32,
    },
    /// A subscription was deleted.
    Unsubscribed {
        /// Whose.
        client_id: &'a str,
        /// Topic Filter.
        filter: &'a str,
    },
    /// A message waits for a session.
    Queued {
        /// Whose.
        client_id: &'a str,
        /// The message.
        message: MessageRef<'a>,
        /// How it is to be delivered.
        delivery: DeliveryRef<'a>,
    },
    /// The first message with this number that waits for the session is in flight.
    Sent {
        /// Whose.
        client_id: &'a str,
        /// Number of the message.
        number: u64,
        /// Packet Identifier of the PUBLISH.
        packet_id: PacketId,
    },
    /// The first message with this number waits no longer: it was dropped or expired.
    Dropped {
        /// Whose.
        client_id: &'a str,
        /// Number of the message.
        number: u64,
    },
    /// The client has a QoS 2 message and waits for PUBREL, or PUBREL was sent.
    Released {
        /// Whose.
        client_id: &'a str,
        /// Packet Identifier.
        packet_id: PacketId,
    },
    /// A message in flight is done, for better or worse.
    Completed {
        /// Whose.
        client_id: &'a str,
        /// Packet Identifier.
        packet_id: PacketId,
    },
    /// A QoS 2 message from the client was passed on and waits for PUBREL.
    Received {
        /// Whose.
        client_id: &'a str,
        /// Packet Identifier.
        packet_id: PacketId,
    },
    /// The PUBREL for it came.
    ReceiveCompleted {
        /// Whose.
        client_id: &'a str,
        /// Packet Identifier.
        packet_id: PacketId,
    },
    /// The topic has this retained message now.
    Retained {
        /// The message.
        message: MessageRef<'a>,
    },
    /// The topic has no retained message any more.
    RetainedRemoved {
        /// The topic.
        topic: &'a str,
    },
    /// The session has a will.
    WillSet {
        /// Whose.
        client_id: &'a str,
        /// The will.
        will: WillRef<'a>,
    },
    /// The session has no will any more.
    WillRemoved {
        /// Whose.
        client_id: &'a str,
    },
    /// The QoS 2 message that was received is told to other [shards](crate::broker::shard), as this one. A broker that is
    /// alone says no such thing.
    PassedOn {
        /// From whom.
        client_id: &'a str,
        /// Packet Identifier.
        packet_id: PacketId,
        /// Number of the message.
        number: u64,
        /// How many shards there are.
        of: u16,
    },
    /// A shard has routed such messages of another one up to this number; the last one that says so counts.
    Heard {
        /// How many shards there are.
        of: u16,
        /// Which of them it is.
        to: u16,
        /// Whose messages they are.
        from: u16,
        /// Number of the last one.
        number: u64,
    },
}

/// A message in a [`Change`]; the same number always means the same message, so that a store can keep it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageRef<'a> {
    /// Counts the messages that the broker accepted.
    pub number: u64,
    /// Client Identifier of its publisher; empty for the broker itself.
    pub publisher: &'a str,
    /// What it came in with; `None` where that is not known. A store needs it for what is retained, and no more.
    pub passport: Option<PassportRef<'a>>,
    /// Topic Name.
    pub topic: &'a str,
    /// Application data.
    pub payload: &'a [u8],
    /// QoS at which it was published.
    pub qos: QoS,
    /// Whether it was published with RETAIN.
    pub retain: bool,
    /// The 5.0 properties that are forwarded, as on the wire.
    pub properties: &'a [u8],
    /// When it expires.
    pub expires_at: Option<Instant>,
}

/// What a client came in with, in a [`Change`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PassportRef<'a> {
    /// User Name that was proven at CONNECT: the session belongs to it.
    pub user_name: Option<&'a str>,
    /// What the driver [wrote](crate::broker::Grant::stamp); empty for nothing.
    pub stamp: &'a [u8],
}

/// How one session gets a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryRef<'a> {
    /// QoS of this hop.
    pub qos: QoS,
    /// RETAIN of this hop.
    pub retain: bool,
    /// Subscription Identifiers.
    pub identifiers: &'a [u32],
    /// The shared subscription through which it came, `$share/…` and all; empty for none.
    pub share: &'a str,
}

/// A will in a [`Change`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WillRef<'a> {
    /// Will Topic.
    pub topic: &'a str,
    /// Will Payload.
    pub payload: &'a [u8],
    /// Will QoS.
    pub qos: QoS,
    /// Will Retain.
    pub retain: bool,
    /// The 5.0 properties that are forwarded, as on the wire.
    pub properties: &'a [u8],
    /// Message Expiry Interval in seconds.
    pub expiry_s: Option<u32>,
    /// Will Delay Interval in seconds.
    pub delay_s: u32,
}
