//! What a user interface sees: plain data about a moment of a run, and nothing of the machines behind it.
//!
//! A [`View`] is made for one moment; what happened up to then is a list of [`Event`]s and [`Flight`]s that only grows
//! while the run goes forward. Everything refers to participants by index into [`View::participants`] and to flights
//! by [`Flight::id`], so that one selection can be shown everywhere.

use serde::{Deserialize, Serialize};

/// Microseconds of virtual time.
pub type Micros = u64;
/// Index into [`View::participants`]; the broker is always number 0.
pub type ParticipantId = u32;
/// Number of a flight, in the order of sending.
pub type FlightId = u32;
/// Number of an event, in the order of happening.
pub type EventId = u32;

/// A moment of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The moment.
    pub now: Micros,
    /// When the next event will happen; `None` at the end of the run.
    pub next_event_at: Option<Micros>,
    /// How many events have happened: the events below this number are in the past.
    pub events_done: EventId,
    /// The rolling hash of everything that has happened, in hex.
    pub hash: String,
    /// The broker and the clients, as they are now.
    pub participants: Vec<Participant>,
    /// The network connections that are or were, by participant; the last of each client is its current one.
    pub connections: Vec<Connection>,
    /// The numbers of connections that wait for the broker to accept them, in their order.
    pub backlog: Vec<u64>,
    /// The sessions the broker keeps.
    pub sessions: Vec<Session>,
    /// The retained messages the broker keeps.
    pub retained: Vec<Retained>,
    /// Packets on the wire at this moment.
    pub in_flight: Vec<FlightId>,
}

/// The broker or a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// Number.
    pub id: ParticipantId,
    /// The name in the scenario: `A`.
    pub name: String,
    /// Client Identifier; empty for the broker.
    pub client_id: String,
    /// Its protocol version: `3.1.1`; empty for the broker.
    pub version: String,
    /// What it is doing, as it believes itself.
    pub state: ParticipantState,
    /// Since when it has been in that state.
    pub since: Micros,
    /// The timers it runs.
    pub timers: Vec<Timer>,
    /// Outgoing messages that are not completed: packet identifier and stage.
    pub outgoing: Vec<InFlight>,
    /// Incoming QoS 2 messages whose PUBREL has not come.
    pub incoming: Vec<u16>,
    /// Messages that wait for a connection or a free place in the window.
    pub queued: u32,
    /// Payload texts of messages the application got, latest last; at most 100.
    pub received: Vec<Received>,
}

/// What a participant is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParticipantState {
    /// It runs; for the broker.
    Running,
    /// A client that has not begun or was told to disconnect.
    Idle,
    /// TCP is being opened.
    Opening,
    /// CONNECT is sent, CONNACK has not come.
    Connecting,
    /// CONNACK came.
    Connected,
    /// It waits to connect again.
    Waiting,
    /// Its computer sleeps.
    Asleep,
    /// The process is gone.
    Crashed,
}

impl ParticipantState {
    /// Every one.
    pub const ALL: &'static [Self] = &[
        Self::Running,
        Self::Idle,
        Self::Opening,
        Self::Connecting,
        Self::Connected,
        Self::Waiting,
        Self::Asleep,
        Self::Crashed,
    ];

    /// Its name in conditions and in serialised form: `connected`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Idle => "idle",
            Self::Opening => "opening",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Waiting => "waiting",
            Self::Asleep => "asleep",
            Self::Crashed => "crashed",
        }
    }
}

/// A running timer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// What it is for.
    pub kind: TimerKind,
    /// When it was started.
    pub from: Micros,
    /// When it fires.
    pub until: Micros,
    /// Whom it is about: for the broker's timers the client.
    pub about: Option<ParticipantId>,
}

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimerKind {
    /// Client: send a packet, PINGREQ if there is no other.
    KeepAlive,
    /// Client: PINGRESP must come.
    PingResponse,
    /// Client: CONNACK must come. Broker: CONNECT must come.
    Connect,
    /// Client: connect again.
    Reconnect,
    /// Broker: a packet must come (1.5 × Keep Alive).
    KeepAliveLimit,
    /// Broker: the session expires.
    SessionExpiry,
    /// Broker: the will is published.
    WillDelay,
    /// Something else.
    Other,
}

/// A message a sender has not completed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    /// Packet Identifier.
    pub packet_id: u16,
    /// QoS of this hop.
    pub qos: u8,
    /// What it waits for.
    pub stage: Stage,
    /// Topic Name.
    pub topic: String,
    /// Payload, as text.
    pub payload: String,
}

/// What a sender waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Stage {
    /// QoS 1: PUBACK.
    PubAck,
    /// QoS 2: PUBREC.
    PubRec,
    /// QoS 2: PUBCOMP.
    PubComp,
}

/// A message that reached an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// When.
    pub at: Micros,
    /// Topic Name.
    pub topic: String,
    /// Payload, as text.
    pub payload: String,
    /// QoS of the last hop.
    pub qos: u8,
    /// RETAIN flag.
    pub retain: bool,
    /// DUP flag.
    pub dup: bool,
}

/// A network connection between a client and the broker. Each end has its own belief about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Number, as in the events.
    pub id: u64,
    /// The client.
    pub client: ParticipantId,
    /// When the client began to open it.
    pub opened_at: Micros,
    /// What the client believes.
    pub client_end: EndState,
    /// What the broker believes.
    pub broker_end: EndState,
    /// The cable is pulled: nothing passes and nobody is told.
    pub cut: bool,
    /// Nothing passes towards the broker for now.
    pub stalled_up: bool,
    /// Nothing passes towards the client for now.
    pub stalled_down: bool,
    /// One-way latency towards the broker, without jitter.
    pub latency: Micros,
}

/// What one end believes about a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndState {
    /// Not known to this end.
    None,
    /// Being opened.
    Opening,
    /// Open.
    Open,
    /// Closed in order.
    Closed,
    /// Reset.
    Reset,
}

/// A session the broker keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Client Identifier.
    pub client_id: String,
    /// Whether it ends with its connection (Clean Session 1).
    pub clean: bool,
    /// The connection it is on now.
    pub connection: Option<u64>,
    /// The participant on that connection, or the last one.
    pub client: Option<ParticipantId>,
    /// When the broker last got a packet on that connection.
    pub last_packet_at: Option<Micros>,
    /// Keep Alive in seconds; 0 is off.
    pub keep_alive_s: u16,
    /// Topic Filters and granted QoS.
    pub subscriptions: Vec<Subscription>,
    /// Messages that wait.
    pub queue: Vec<Queued>,
    /// Messages sent and not completed.
    pub outgoing: Vec<InFlight>,
    /// Packet Identifiers of incoming QoS 2 messages whose PUBREL has not come.
    pub incoming: Vec<u16>,
    /// The will that is stored.
    pub will: Option<Will>,
}

/// One subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Topic Filter.
    pub filter: String,
    /// Granted QoS.
    pub qos: u8,
}

/// A message in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// Topic Name.
    pub topic: String,
    /// Payload, as text.
    pub payload: String,
    /// QoS at which it will be sent.
    pub qos: u8,
}

/// A stored will.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Will {
    /// Will Topic.
    pub topic: String,
    /// Will Message, as text.
    pub payload: String,
    /// Will QoS.
    pub qos: u8,
    /// Will Retain.
    pub retain: bool,
}

/// A retained message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retained {
    /// Topic Name.
    pub topic: String,
    /// Payload, as text.
    pub payload: String,
    /// QoS it was published with.
    pub qos: u8,
}

/// A packet (or a TCP signal) on its way from one participant to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flight {
    /// Number.
    pub id: FlightId,
    /// The connection it is on.
    pub connection: u64,
    /// Who sent it.
    pub from: ParticipantId,
    /// To whom.
    pub to: ParticipantId,
    /// When its last byte was handed to the network.
    pub sent_at: Micros,
    /// When its last byte arrived; `None` while it travels and where it never arrives.
    pub arrived_at: Option<Micros>,
    /// When it will arrive if nothing changes; `None` while it is held or waits, and when it has arrived or is lost.
    pub due_at: Option<Micros>,
    /// What became of it.
    pub fate: Fate,
    /// What it is.
    pub what: FlightKind,
    /// `PUBLISH`, `SYN`, ….
    pub name: String,
    /// One line about its content: `status/1 "on"`.
    pub summary: String,
    /// QoS of a PUBLISH.
    pub qos: Option<u8>,
    /// DUP of a PUBLISH: it is sent again.
    pub dup: bool,
    /// RETAIN of a PUBLISH.
    pub retain: bool,
    /// Packet Identifier.
    pub packet_id: Option<u16>,
    /// Topic Name of a PUBLISH.
    pub topic: Option<String>,
    /// Length in bytes.
    pub length: u32,
    /// The flight that this one answers: a PUBACK's PUBLISH, a CONNACK's CONNECT.
    pub answers: Option<FlightId>,
    /// The event that sent it.
    pub event: EventId,
}

/// What became of a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It travels, or waits in a buffer.
    Travelling,
    /// It arrived.
    Arrived,
    /// It was lost with its connection.
    Lost,
}

/// The families of flights, each with a colour, a glyph and a line style of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlightKind {
    /// CONNECT, CONNACK, DISCONNECT, AUTH.
    Connect,
    /// PUBLISH.
    Publish,
    /// PUBACK.
    Ack,
    /// PUBREC, PUBREL, PUBCOMP.
    QoS2,
    /// SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK.
    Subscribe,
    /// PINGREQ, PINGRESP.
    Ping,
    /// TCP: SYN, SYN-ACK, FIN, RST.
    Tcp,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Number.
    pub id: EventId,
    /// When.
    pub at: Micros,
    /// To whom, or where.
    pub participant: ParticipantId,
    /// The connection it is about.
    pub connection: Option<u64>,
    /// What kind of thing.
    pub kind: EventKind,
    /// One line in plain words: who does what, or behind a name and a colon what happens there. No full stop; a capital
    /// only where a name has one.
    pub text: String,
    /// The flight that arrived or was sent.
    pub flight: Option<FlightId>,
    /// The normative statement behind a decision: `MQTT-3.1.4-2`.
    pub clause: Option<String>,
    /// The earlier event that led to this one.
    pub cause: Option<EventId>,
}

/// Kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// Somebody did what the scenario or the user says.
    Action,
    /// A packet was handed to the network.
    Sent,
    /// A packet arrived whole.
    Arrived,
    /// A connection was opened, closed or lost, at one end.
    Connection,
    /// A timer fired.
    Timer,
    /// A machine decided something.
    Decision,
    /// An application got a message or was told of something.
    Application,
    /// The network or a machine was disturbed.
    Fault,
}

/// The bytes of one packet and what they mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketBytes {
    /// The flight.
    pub flight: FlightId,
    /// All bytes of the packet.
    pub bytes: Vec<u8>,
    /// The fields in the order of the bytes, outer ones before their parts.
    pub fields: Vec<Field>,
    /// What is wrong with it, if it is not a legal packet.
    pub error: Option<String>,
}

/// One field of a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The standard's name: `Client Identifier`.
    pub name: String,
    /// Its value, for people: `"pump-1"`, `30 s`, `1 (Clean Session)`.
    pub value: String,
    /// First byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
    /// Which bits of a single byte; 255 for fields of whole bytes.
    pub mask: u8,
    /// How deep it is nested.
    pub depth: u8,
    /// One sentence about what it is for.
    pub about: String,
    /// The normative statement about it.
    pub clause: Option<String>,
}
