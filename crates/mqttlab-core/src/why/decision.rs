//! The decisions that machines take, as data, each with its sentence.

use alloc::sync::Arc;
use core::fmt;

use crate::broker::{CloseReason, Loss};
use crate::error::DecodeErrorKind;
use crate::id::{ConnId, PacketId};
use crate::packet::{PacketType, QoS, Version};
use crate::reason::ReasonCode;
use crate::time::Instant;
use crate::why::cause::{
    Cause, DropCause, Mistake, QueueCause, Refusal, SessionEnd, Undelivered, UnexpectedAck, WillEnd,
};

macro_rules! decisions {
    ($($(#[$doc:meta])+ $variant:ident { $($field:ident: $ty:ty),* $(,)? } => $text:literal $(, $arg:expr)*;)+) => {
        /// What was decided. [`Display`](fmt::Display) says it in one clause of plain words,
        /// to stand behind the name of who decided it.
        ///
        /// `message` is the number of a message: the broker counts those that it accepts, from 1 on.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", tag = "kind"))]
        #[expect(missing_docs, reason = "the fields are the standard's words")]
        pub enum Decision {
            $($(#[$doc])+ $variant { $($field: $ty),* },)+
        }

        impl fmt::Display for Decision {
            #[allow(unused_variables, clippy::too_many_lines, reason = "a table: a line for each decision")]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant { $($field),* } => write!(f, $text $(, $arg)*),)+
                }
            }
        }
    };
}

decisions! {
    // ——— connections ———
    /// The network connection was opened and CONNECT is awaited.
    Opened {} => "the network connection is open; CONNECT is awaited";
    /// A CONNECT came.
    Connecting { client_id: Arc<str>, version: Version, clean_start: bool, keep_alive: u16 }
        => "{} asks to connect with MQTT {version}, {}, Keep Alive {keep_alive} s",
        Name(client_id), if *clean_start { "a clean start" } else { "going on with its session" };
    /// The driver has to ask elsewhere whether the client may connect.
    AuthorizationPending {} => "whether the client may connect is being asked elsewhere";
    /// The server asks the client for more in AUTH.
    AuthenticationContinues {} => "the authentication goes on: the client is asked for more";
    /// A client that is connected has proven itself again.
    ReAuthenticated { client_id: Arc<str> } => "{client_id} has proven itself again";
    /// The client left its Client Identifier to the broker.
    ClientIdAssigned { client_id: Arc<str> } => "the empty Client Identifier becomes {client_id}";
    /// The Keep Alive that holds is not the one that the client asked for.
    KeepAliveLowered { asked: u16, keep_alive: u16 } => "Keep Alive is {keep_alive} s in place of {asked} s";
    /// CONNECT was refused.
    Refused { client_id: Arc<str>, reason: ReasonCode, because: Refusal } => "{} is refused ({reason}): {because}", Name(client_id);
    /// Another connection with the same Client Identifier takes the place of this one.
    TakenOver { client_id: Arc<str>, by: ConnId } => "{client_id} is taken over by connection {by}";
    /// CONNECT was accepted.
    Accepted { client_id: Arc<str>, session_present: bool }
        => "{client_id} is connected, Session Present {}", u8::from(*session_present);
    /// The client said DISCONNECT.
    Disconnected { client_id: Arc<str>, reason: ReasonCode } => "{client_id} disconnects ({reason})";
    /// The network connection went away.
    ConnectionLost { client_id: Option<Arc<str>>, how: Loss } => "the connection of {} is lost: {how}", NameOr(client_id);
    /// The broker closes the network connection.
    Closed { client_id: Option<Arc<str>>, reason: CloseReason } => "the connection of {} is closed: {reason}", NameOr(client_id);
    /// No CONNECT came in time.
    ConnectTimedOut {} => "no CONNECT came in time";
    /// Nothing came for one and a half times the Keep Alive.
    KeepAliveExpired { client_id: Arc<str>, keep_alive: u16, last_packet_at: Instant }
        => "{client_id} was silent since {last_packet_at}, longer than 1.5 x {keep_alive} s";
    /// PINGREQ is answered.
    Pinged {} => "PINGREQ is answered";
    /// What came in is not a packet.
    Malformed { error: DecodeErrorKind, packet: Option<PacketType>, at: usize }
        => "what came is not a packet: {error}, at byte {at}";
    /// The packet may not come here, or not so.
    Violation { packet: PacketType, because: Cause } => "{packet} breaks the protocol: {because}";
    /// A limit of ours is reached.
    LimitReached { because: Cause } => "a limit is reached: {because}";
    /// Something came from a connection that is gone.
    LateInput { packet: Option<PacketType> } => "what came is ignored: the connection is gone already";
    /// The driver answered a question that nobody asks any more.
    LateAuthorization {} => "the answer is ignored: nobody waits for it";

    // ——— sessions ———
    /// A new session began; `expiry_s` is how long it outlives its connection.
    SessionStarted { client_id: Arc<str>, expiry_s: u32 } => "a new session of {client_id} begins; it {}", Lasts(*expiry_s);
    /// A stored session goes on.
    SessionResumed { client_id: Arc<str>, subscriptions: usize, queued: usize, in_flight: usize }
        => "the session of {client_id} goes on: {subscriptions} subscriptions, {queued} messages waiting, {in_flight} in flight";
    /// The session outlives its connection.
    SessionKept { client_id: Arc<str>, until: Option<Instant> } => "the session of {client_id} is kept{}", Until(*until);
    /// The session is over.
    SessionEnded { client_id: Arc<str>, because: SessionEnd } => "the session of {client_id} is over: {because}";
    /// How long the session outlives its connection was changed at DISCONNECT.
    SessionExpiryChanged { client_id: Arc<str>, expiry_s: u32 } => "the session of {client_id} now {}", Lasts(*expiry_s);
    /// A resumed subscription is not allowed any more.
    SubscriptionRevoked { client_id: Arc<str>, filter: Arc<str> } => "{client_id} may not subscribe to {filter} any more";

    // ——— wills ———
    /// The will is kept for when the connection ends badly.
    WillStored { client_id: Arc<str>, topic: Arc<str>, qos: QoS, retain: bool, delay_s: u32 }
        => "the will of {client_id} for {topic} is kept{}", if *retain { ", to be retained" } else { "" };
    /// The connection ended badly, but the will waits.
    WillDelayed { client_id: Arc<str>, topic: Arc<str>, until: Instant } => "the will of {client_id} for {topic} waits until {until}";
    /// The will is published, as this message.
    WillPublished { client_id: Arc<str>, topic: Arc<str>, message: u64 } => "the will of {client_id} for {topic} is published as message {message}";
    /// The will is thrown away.
    WillDiscarded { client_id: Arc<str>, topic: Arc<str>, because: WillEnd } => "the will of {client_id} for {topic} is thrown away: {because}";

    // ——— subscriptions ———
    /// A subscription was made or replaced.
    Subscribed { client_id: Arc<str>, filter: Arc<str>, asked: QoS, granted: QoS, replaced: bool }
        => "{client_id} subscribes to {filter} with QoS {}{}", granted.number(), if *replaced { ", in place of before" } else { "" };
    /// A Topic Filter was refused.
    SubscriptionRefused { client_id: Arc<str>, filter: Arc<str>, reason: ReasonCode, because: Refusal }
        => "{client_id} is refused the Topic Filter {filter} ({reason}): {because}";
    /// A subscription was deleted.
    Unsubscribed { client_id: Arc<str>, filter: Arc<str> } => "{client_id} does not subscribe to {filter} any more";
    /// There was no such subscription.
    NotSubscribed { client_id: Arc<str>, filter: Arc<str> } => "{client_id} had no subscription to {filter}";
    /// Retained messages that match are on their way.
    RetainedWanted { client_id: Arc<str>, filter: Arc<str> } => "{client_id} gets the retained messages that match {filter}";
    /// Retained messages are not sent for this subscription.
    RetainedNotWanted { client_id: Arc<str>, filter: Arc<str>, because: Cause } => "{client_id} gets no retained messages for {filter}: {because}";
    /// More retained messages wait until the client has read what it was sent.
    RetainedPaused { client_id: Arc<str>, filter: Arc<str> } => "more retained messages for {filter} wait until {client_id} has taken those before";
    /// All retained messages for this subscription were passed on.
    RetainedDone { client_id: Arc<str>, filter: Arc<str>, matched: u64 } => "{client_id} has been given {} for {filter}", Count(*matched, "retained message");

    // ——— messages ———
    /// A PUBLISH was accepted.
    Published {
        message: u64, client_id: Arc<str>, topic: Arc<str>, qos: QoS, retain: bool, dup: bool,
        packet_id: Option<PacketId>, bytes: usize,
    } => "{} publishes message {message} to {topic} with QoS {}{}, {bytes} bytes", Name(client_id), qos.number(), Flags { retain: *retain, dup: *dup };
    /// A QoS 2 PUBLISH was passed on before and is only acknowledged again.
    PublishRepeated { client_id: Arc<str>, packet_id: PacketId, dup: bool }
        => "{client_id} repeats the message with Packet Identifier {packet_id}, which was passed on already";
    /// A PUBLISH was refused.
    PublishRefused { client_id: Arc<str>, topic: Arc<str>, reason: ReasonCode, because: Refusal }
        => "{client_id} may not publish to {topic} ({reason}): {because}";
    /// Nobody subscribes to the topic.
    NobodySubscribes { message: u64, topic: Arc<str> } => "nobody subscribes to {topic}: message {message} goes nowhere";
    /// The message is sent to a session that subscribed with `filter`.
    Delivered { message: u64, client_id: Arc<str>, filter: Arc<str>, qos: QoS, packet_id: Option<PacketId>, retain: bool }
        => "message {message} goes to {client_id} for {filter} with QoS {}{}", qos.number(), Flags { retain: *retain, dup: false };
    /// The message waits for a session.
    Queued { message: u64, client_id: Arc<str>, filter: Arc<str>, qos: QoS, because: QueueCause, position: usize }
        => "message {message} waits for {client_id} at position {position}: {because}";
    /// A message that waited is sent.
    Dequeued { message: u64, client_id: Arc<str>, qos: QoS, packet_id: Option<PacketId> }
        => "message {message}, which waited, goes to {client_id} with QoS {}", qos.number();
    /// The message was meant for a session, which does not get it.
    Dropped { message: u64, client_id: Arc<str>, qos: QoS, because: DropCause }
        => "message {message} for {client_id} is dropped: {because}";
    /// The session has a subscription that matches, but is not meant to get the message.
    NotDelivered { message: u64, client_id: Arc<str>, filter: Arc<str>, because: Undelivered }
        => "message {message} does not go to {client_id} for {filter}: {because}";
    /// A shared subscription gives the message to this member.
    ShareChose { message: u64, share: Arc<str>, client_id: Arc<str> } => "of {share}, {client_id} gets message {message}";
    /// A mistake that was switched on has been made.
    Mistaken { mistake: Mistake } => "a mistake is made, switched on: {mistake}";
    /// A member of a shared subscription is gone and its message goes to another.
    ShareMovedOn { message: u64, share: Arc<str>, from: Arc<str> } => "message {message} of {share} goes to another member: {from} is gone";
    /// Nobody is left in a shared subscription to take the message.
    ShareEmpty { message: u64, share: Arc<str> } => "nobody in {share} can take message {message}";
    /// The message is kept for future subscribers.
    Retained { message: u64, topic: Arc<str>, replaced: bool }
        => "message {message} is kept as the retained message of {topic}{}", if *replaced { ", in place of the one before" } else { "" };
    /// The topic has no retained message any more.
    RetainedRemoved { topic: Arc<str>, was_there: bool }
        => "{} retained message {} {topic}", if *was_there { "an empty payload removes the" } else { "there was no" }, if *was_there { "of" } else { "to remove from" };
    /// The message is not kept for future subscribers: a limit.
    RetainedRefused { message: u64, topic: Arc<str> } => "message {message} is not kept as retained message of {topic}: there is no room";
    /// The retained message expired.
    RetainedExpired { topic: Arc<str>, message: u64 } => "the retained message of {topic} (message {message}) expired";

    // ——— acknowledgements ———
    /// The broker acknowledges what the client sent.
    Acknowledges { packet: PacketType, packet_id: PacketId, reason: ReasonCode } => "{packet} {packet_id} is the answer ({reason})";
    /// The client acknowledged: the message is done.
    Completed { message: u64, client_id: Arc<str>, packet_id: PacketId } => "message {message} to {client_id} is done; Packet Identifier {packet_id} is free";
    /// The client has the QoS 2 message; PUBREL follows.
    Released { message: u64, client_id: Arc<str>, packet_id: PacketId, again: bool }
        => "{client_id} has message {message}: PUBREL {packet_id} {}", if *again { "goes out again" } else { "follows" };
    /// The client refused the message; it is done.
    RefusedByClient { message: u64, client_id: Arc<str>, packet_id: PacketId, reason: ReasonCode }
        => "{client_id} refuses message {message} ({reason}); Packet Identifier {packet_id} is free";
    /// An acknowledgement that fits nothing.
    AckUnexpected { packet: PacketType, packet_id: PacketId, because: UnexpectedAck } => "{packet} {packet_id} fits nothing: {because}";
    /// A message in flight is sent again on the new connection.
    Resent { message: u64, client_id: Arc<str>, packet: PacketType, packet_id: PacketId } => "{packet} {packet_id} of message {message} goes to {client_id} again";
    /// A Reason String is left out because the packet would be larger than the client accepts.
    ReasonStringLeftOut { packet: PacketType } => "{packet} goes without Reason String: it would be larger than the client accepts";
    /// A Reason String is left out because the client asked for none but where a connection begins or ends.
    ReasonStringNotWanted { packet: PacketType } => "{packet} goes without Reason String: the client asked for none";

    // ——— shards ———
    /// Another shard of the broker tells of a message.
    Heard { message: u64, topic: Arc<str>, shard: u16 } => "message {message} to {topic} comes from shard {shard}";
    /// A message is not kept as the topic's retained message: a later one was told of before.
    RetainedOutdated { message: u64, topic: Arc<str> } => "message {message} is not kept as the retained message of {topic}: a later one came before it";
}

/// A Client Identifier, which may be empty.
struct Name<'a>(&'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() {
            "a client without a name"
        } else {
            self.0
        })
    }
}

/// A Client Identifier, where CONNECT has come.
struct NameOr<'a>(&'a Option<Arc<str>>);

impl fmt::Display for NameOr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            self.0
                .as_deref()
                .unwrap_or("a client that is not connected yet"),
        )
    }
}

/// How long a session outlives its connection.
struct Lasts(u32);

impl fmt::Display for Lasts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("ends with its connection"),
            u32::MAX => f.write_str("outlives its connection without end"),
            seconds => write!(f, "outlives its connection by {seconds} s"),
        }
    }
}

struct Until(Option<Instant>);

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(until) => write!(f, " until {until}"),
            None => f.write_str(" without end"),
        }
    }
}

/// So many of a thing.
struct Count(u64, &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => write!(f, "no {}", self.1),
            1 => write!(f, "the one {}", self.1),
            count => write!(f, "all {count} {}s", self.1),
        }
    }
}

struct Flags {
    retain: bool,
    dup: bool,
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.retain {
            f.write_str(", RETAIN")?;
        }
        if self.dup {
            f.write_str(", DUP")?;
        }
        Ok(())
    }
}
