//! The text form of a scenario, key by key, before it is checked.
//!
//! One table of all keys for every kind of action keeps the places of errors exact: which of them an action takes is
//! looked at in [`check`](super::check).

use std::collections::BTreeMap;

use mqttlab_core::broker::{Bugs, Config};
use mqttlab_core::client::{LostSession, QueueLimits};
use mqttlab_core::packet::{PacketType, QoS, RetainHandling, Version};
use serde::{Deserialize, Serialize};

use super::placed::Spanned;
#[cfg(feature = "schema")]
use super::schema::{Rate, Share, Size, Span};
use super::{ClientBugs, Ending, Memory, SegmentKind, Ways, duration, quantity};
use crate::view::Micros;

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    /// What it is called, and how long it lasts.
    pub(super) scenario: Header,
    /// The broker.
    #[serde(default)]
    pub(super) broker: Broker,
    /// The network, the same for each client unless it has a `link` of its own.
    #[serde(default)]
    pub(super) link: Link,
    /// The clients.
    #[serde(default)]
    pub(super) client: Vec<Spanned<Client>>,
    /// Names for several clients together, to be used wherever `who` takes a name.
    #[serde(default)]
    pub(super) groups: BTreeMap<String, Spanned<Vec<String>>>,
    /// What happens to some of what is sent; of those that fit, the first decides.
    #[serde(default)]
    pub(super) rule: Vec<Spanned<Rule>>,
    /// What happens, by time.
    #[serde(default, rename = "do")]
    pub(super) script: Vec<Spanned<Do>>,
    /// What must come of it.
    #[serde(default)]
    pub(super) expect: Vec<Spanned<Expect>>,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    /// Short name, fit for a file name: lower-case letters, digits and `-`.
    pub(super) id: Spanned<String>,
    /// For people.
    pub(super) title: Spanned<String>,
    /// Version of this format: 1.
    pub(super) version: Spanned<u32>,
    /// Protocol version of clients that do not say otherwise.
    #[serde(default)]
    pub(super) mqtt: Version,
    /// Where all randomness comes from.
    #[serde(default)]
    pub(super) seed: u64,
    /// When it ends.
    #[serde(deserialize_with = "duration::required")]
    #[cfg_attr(feature = "schema", schemars(with = "Span"))]
    pub(super) until: Micros,
    /// A sentence or two about it.
    pub(super) about: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Broker {
    /// Behaviour where the standard leaves room, and limits.
    #[serde(default)]
    pub(super) policy: Config,
    /// It has a disk, so that sessions and retained messages survive a restart.
    #[serde(default)]
    pub(super) disk: bool,
    /// Passwords by User Name: nobody else is let in.
    pub(super) users: Option<Spanned<BTreeMap<String, String>>>,
    /// Topic Filters of what nobody may publish to.
    #[serde(default)]
    pub(super) deny_publish: Vec<Spanned<String>>,
    /// Topic Filters of what nobody may subscribe to.
    #[serde(default)]
    pub(super) deny_subscribe: Vec<Spanned<String>>,
    /// The disk is written only so often: the broker acknowledges before, and a power failure takes the rest.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) sync_every: Option<Micros>,
    /// How many connections may wait to be accepted; SYN is dropped when there are more, and sent again.
    pub(super) backlog: Option<u32>,
    /// How long its process is busy with each connection that it accepts.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) accept: Option<Micros>,
    /// Of how many shards it is, each with sessions of its own; what they tell each other takes its time.
    pub(super) shards: Option<Spanned<u16>>,
    /// Mistakes that it makes on purpose.
    #[serde(default)]
    pub(super) bugs: Bugs,
}

#[derive(Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Link {
    /// Values for the others to start from.
    pub(super) preset: Option<Preset>,
    /// One way, in both directions.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) latency: Option<Micros>,
    /// One way towards the broker.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) latency_up: Option<Micros>,
    /// One way towards the client.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) latency_down: Option<Micros>,
    /// Each segment takes up to so much less or more; order is kept.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) jitter: Option<Micros>,
    /// The same, towards the broker.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) jitter_up: Option<Micros>,
    /// The same, towards the client.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) jitter_down: Option<Micros>,
    /// Of each direction; unlimited unless said.
    #[serde(default, deserialize_with = "quantity::optional_rate")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Rate>"))]
    pub(super) bandwidth: Option<u64>,
    /// The same, towards the broker.
    #[serde(default, deserialize_with = "quantity::optional_rate")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Rate>"))]
    pub(super) bandwidth_up: Option<u64>,
    /// The same, towards the client.
    #[serde(default, deserialize_with = "quantity::optional_rate")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Rate>"))]
    pub(super) bandwidth_down: Option<u64>,
    /// Share of segments that are lost; TCP sends them again, so loss is delay.
    #[serde(default, deserialize_with = "quantity::optional_share")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Share>"))]
    pub(super) loss: Option<u32>,
    /// Most data in one segment.
    #[serde(default, deserialize_with = "quantity::optional_size")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Size>"))]
    pub(super) segment: Option<u32>,
    /// Data that a sender's socket takes before it makes the sender wait.
    #[serde(default, deserialize_with = "quantity::optional_size")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Size>"))]
    pub(super) buffer: Option<u32>,
    /// When the operating system stops trying to connect.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) connect_timeout: Option<Micros>,
    /// When it drops a connection on which nothing is acknowledged.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) give_up: Option<Micros>,
    /// An impossible network, for contrast only: this share of MQTT packets vanishes alone, which TCP never does.
    #[serde(default, deserialize_with = "quantity::optional_share")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Share>"))]
    pub(super) impossible_loss: Option<u32>,
}

#[derive(Clone, Copy, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(super) enum Preset {
    Lan,
    Wifi,
    Lte,
    #[serde(rename = "2g")]
    TwoG,
    Satellite,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Client {
    /// How the scenario calls it; not `broker`.
    pub(super) name: Spanned<String>,
    /// Client Identifier; the name unless said.
    pub(super) client_id: Option<Spanned<String>>,
    /// Protocol version; that of the scenario unless said.
    pub(super) mqtt: Option<Version>,
    /// Clean Session, Clean Start.
    #[serde(default = "yes")]
    pub(super) clean: bool,
    /// Keep Alive, in whole seconds; `60s` unless said.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) keep_alive: Option<Spanned<String>>,
    /// User Name.
    pub(super) user_name: Option<String>,
    /// Password.
    pub(super) password: Option<String>,
    /// What the broker publishes when the client is gone without DISCONNECT.
    pub(super) will: Option<Will>,
    /// 5.0: how long the broker keeps the session, in whole seconds.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) session_expiry: Option<Spanned<String>>,
    /// 5.0: Receive Maximum.
    pub(super) receive_maximum: Option<u16>,
    /// 5.0: Maximum Packet Size, in bytes.
    pub(super) maximum_packet_size: Option<u32>,
    /// How long it waits for CONNACK.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) connect_timeout: Option<Micros>,
    /// How long it waits for PINGRESP.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) ping_timeout: Option<Micros>,
    /// How it connects again; never unless said.
    pub(super) reconnect: Option<Spanned<Reconnect>>,
    /// Subscribe again when the broker has forgotten the session.
    #[serde(default = "yes")]
    pub(super) resubscribe: bool,
    /// Connect again even where the broker says that it cannot help.
    #[serde(default)]
    pub(super) retry_always: bool,
    /// What becomes of messages in flight whose session is gone.
    #[serde(default)]
    pub(super) lost_session: LostSession,
    /// How many QoS 1 and 2 messages may be in flight.
    pub(super) in_flight_max: Option<u16>,
    /// Limits of the messages that wait for a connection.
    #[serde(default)]
    pub(super) queue: QueueLimits,
    /// Mistakes that it makes on purpose.
    #[serde(default)]
    pub(super) bugs: ClientBugs,
    /// Done once, after its first CONNACK.
    #[serde(default)]
    pub(super) subscribe: Vec<Subscribe>,
    /// What it publishes again and again.
    #[serde(default)]
    pub(super) publish: Vec<Publish>,
    /// What it publishes when a message comes.
    #[serde(default)]
    pub(super) on_receive: Vec<Answer>,
    /// When it acknowledges: `at-once`, `never`, or after a span of time.
    pub(super) acks: Option<Spanned<String>>,
    /// How fast it reads what comes.
    #[serde(default, deserialize_with = "quantity::optional_rate")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Rate>"))]
    pub(super) read: Option<u64>,
    /// How fast its clock runs, such as `105%`.
    pub(super) clock: Option<Spanned<String>>,
    /// Its own network, on top of `[link]`.
    pub(super) link: Option<Link>,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Copy, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Reconnect {
    /// The first wait.
    #[serde(deserialize_with = "duration::required")]
    #[cfg_attr(feature = "schema", schemars(with = "Span"))]
    pub(super) first: Micros,
    /// The longest wait.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) max: Option<Micros>,
    /// Each wait is so many times the one before.
    pub(super) factor: Option<u32>,
    /// Each wait is shorter by up to this share.
    #[serde(default, deserialize_with = "quantity::optional_share")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Share>"))]
    pub(super) jitter: Option<u32>,
    /// After so long a connection the waits begin anew.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) steady_after: Option<Micros>,
    /// It gives up after so many.
    pub(super) attempts_max: Option<u32>,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Will {
    /// Will Topic.
    pub(super) topic: Spanned<String>,
    /// Will Message.
    pub(super) payload: Option<Spanned<String>>,
    /// Will QoS.
    #[serde(default)]
    pub(super) qos: QoS,
    /// Will Retain.
    #[serde(default)]
    pub(super) retain: bool,
    /// 5.0: Will Delay Interval, in whole seconds.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) delay: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Subscribe {
    /// Topic Filter.
    pub(super) filter: Spanned<String>,
    /// Requested QoS.
    #[serde(default)]
    pub(super) qos: QoS,
    /// 5.0: No Local: messages of its own do not come back.
    #[serde(default)]
    pub(super) no_local: bool,
    /// 5.0: Retain As Published: RETAIN comes as it was set.
    #[serde(default)]
    pub(super) retain_as_published: bool,
    /// 5.0: Retain Handling: when retained messages are sent.
    #[serde(default)]
    pub(super) retain_handling: RetainHandling,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Publish {
    /// 5.0: Message Expiry Interval, in whole seconds.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) expiry: Option<Spanned<String>>,
    /// The time between two.
    #[serde(deserialize_with = "duration::required")]
    #[cfg_attr(feature = "schema", schemars(with = "Span"))]
    pub(super) every: Micros,
    /// The time between two is random, and this on average.
    #[serde(default)]
    pub(super) random: bool,
    /// When the first is published; after `every` unless said.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) from: Option<Micros>,
    /// How many there are; without end unless said.
    pub(super) count: Option<u32>,
    /// Topic Name.
    pub(super) topic: Spanned<String>,
    /// Payload; `{n}` in it counts.
    pub(super) payload: Option<Spanned<String>>,
    /// QoS.
    #[serde(default)]
    pub(super) qos: QoS,
    /// RETAIN.
    #[serde(default)]
    pub(super) retain: bool,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    /// 5.0: Message Expiry Interval, in whole seconds.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) expiry: Option<Spanned<String>>,
    /// Which messages are answered: a Topic Filter.
    pub(super) filter: Spanned<String>,
    /// Topic Name of the answer.
    pub(super) topic: Spanned<String>,
    /// Its payload; `{payload}` is that of the message.
    pub(super) payload: Option<Spanned<String>>,
    /// Its QoS.
    #[serde(default)]
    pub(super) qos: QoS,
    /// Its RETAIN.
    #[serde(default)]
    pub(super) retain: bool,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// Whose links: the name of a client or of a group, or several; all unless said.
    pub(super) who: Option<Spanned<Names>>,
    /// In which direction.
    #[serde(default)]
    pub(super) way: Ways,
    /// For what is sent from here on.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) from: Option<Micros>,
    /// For what is sent before this moment; to the end unless said.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) by: Option<Micros>,
    /// Only segments of this kind; all unless said.
    pub(super) segment: Option<Spanned<SegmentKind>>,
    /// An impossible network, for contrast only: MQTT packets of this type.
    pub(super) packet: Option<Spanned<PacketType>>,
    /// An impossible network, for contrast only: MQTT packets whose topic matches this Topic Filter.
    pub(super) topic: Option<Spanned<String>>,
    /// Only the one with this number of those that fit, from 1.
    pub(super) nth: Option<Spanned<u32>>,
    /// Only this share of them, as chance has it.
    #[serde(default, deserialize_with = "quantity::optional_share")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Share>"))]
    pub(super) share: Option<u32>,
    /// What becomes of it.
    pub(super) verdict: Spanned<Verdict>,
    /// Of `delay`: how much longer it takes.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) delay: Option<Spanned<String>>,
}

/// What becomes of something that a rule fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(super) enum Verdict {
    Deliver,
    Lose,
    Delay,
    Stall,
    Cut,
    Reset,
    Refuse,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Do {
    /// When, or from when on `when` is looked at; from the start unless said.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) at: Option<Micros>,
    /// A condition, as in expectations: it happens once, as soon as this is true.
    pub(super) when: Option<Spanned<String>>,
    /// After so many things that happen in the same moment; before all of them unless said.
    pub(super) nth: Option<u32>,
    /// Who does it, or to whom it is done.
    pub(super) who: Spanned<Names>,
    /// What.
    pub(super) act: Spanned<Act>,
    /// Of `publish`: Topic Name.
    pub(super) topic: Option<Spanned<String>>,
    /// Of `publish`: payload.
    pub(super) payload: Option<Spanned<String>>,
    /// Of `publish` and `subscribe`: QoS.
    pub(super) qos: Option<Spanned<QoS>>,
    /// Of `publish`: RETAIN.
    pub(super) retain: Option<Spanned<bool>>,
    /// Of `subscribe` and `unsubscribe`: Topic Filter.
    pub(super) filter: Option<Spanned<String>>,
    /// Of `disconnect`, 5.0: the broker shall publish the will all the same.
    pub(super) will: Option<Spanned<bool>>,
    /// Of `cut`, `stall`, `release`, `slow-down` and `speed-up`: in which direction.
    pub(super) way: Option<Spanned<Ways>>,
    /// Of `crash`: how the system ends the connections.
    pub(super) how: Option<Spanned<Ending>>,
    /// Of `restart`: what it finds of its earlier life.
    pub(super) memory: Option<Spanned<Memory>>,
    /// Of `publish`, 5.0: Message Expiry Interval, in whole seconds.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) expiry: Option<Spanned<String>>,
    /// Of `send`: hexadecimal, as in `c0 00`, legal or not.
    pub(super) bytes: Option<Spanned<String>>,
    /// Of `slow-down`: how long the way takes from then on.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) latency: Option<Spanned<String>>,
    /// Of `slow-down`: how much passes from then on.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Rate>"))]
    pub(super) bandwidth: Option<Spanned<String>>,
}

/// One name or several.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected a name or a list of names")]
pub(super) enum Names {
    One(String),
    Many(Vec<String>),
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(super) enum Act {
    Connect,
    Disconnect,
    Publish,
    Subscribe,
    Unsubscribe,
    Crash,
    PowerOff,
    Restart,
    Cut,
    Heal,
    Stall,
    Release,
    Reset,
    Close,
    Refuse,
    Accept,
    Pause,
    Resume,
    Sleep,
    Wake,
    Send,
    SlowDown,
    SpeedUp,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    /// A condition that is true at some moment.
    pub(super) eventually: Option<Spanned<String>>,
    /// A condition that is true at no moment.
    pub(super) never: Option<Spanned<String>>,
    /// A condition that is true at every moment.
    pub(super) always: Option<Spanned<String>>,
    /// A number, looked at at the end.
    pub(super) count: Option<Spanned<String>>,
    /// What the number is.
    pub(super) is: Option<Spanned<i64>>,
    /// What the number is at least.
    pub(super) min: Option<Spanned<i64>>,
    /// What the number is at most.
    pub(super) max: Option<Spanned<i64>>,
    /// Looked at from here on.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) from: Option<Micros>,
    /// Looked at until here.
    #[serde(default, deserialize_with = "duration::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Span>"))]
    pub(super) by: Option<Micros>,
    /// Shown when it fails.
    pub(super) because: Option<Spanned<String>>,
}
