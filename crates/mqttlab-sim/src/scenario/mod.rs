//! Scenarios: who takes part, how the network is, what happens when, and what must come of it.
//!
//! A scenario is TOML. This is a whole one:
//!
//! ```
//! let text = r#"
//! [scenario]
//! id = "hello"
//! title = "One message"
//! version = 1                 # of this format
//! mqtt = "3.1.1"              # or "3.1", "5.0"; each client may have its own
//! seed = 7                    # everything random follows from it
//! until = "10s"
//!
//! [link]                      # the network, the same for each client unless it has a `link` of its own
//! latency = "40ms"
//!
//! [[client]]
//! name = "A"
//! client_id = "pump-1"        # the name unless said otherwise
//! keep_alive = "30s"
//! reconnect = { first = "1s" }
//!
//! [[client]]
//! name = "monitor"
//! subscribe = [{ filter = "status/#", qos = 1 }]
//!
//! [[do]]
//! at = "0s"
//! who = ["A", "monitor"]
//! act = "connect"
//!
//! [[do]]
//! at = "1s"
//! who = "A"
//! act = "publish"
//! topic = "status/1"
//! payload = "on"
//! qos = 1
//!
//! [[expect]]
//! eventually = 'received("monitor", "status/1", "on") == 1'
//! "#;
//! let scenario = mqttlab_sim::scenario::Scenario::parse(text)?;
//! assert_eq!(scenario.clients[0].options.client_id, "pump-1");
//! # Ok::<(), mqttlab_sim::scenario::ScenarioError>(())
//! ```
//!
//! # Units
//! Spans of time are `"250ms"`, `"1.5s"`, `"5m"`; rates `"2 Mbit/s"`; shares `"2%"`; sizes `"64 KiB"`.
//!
//! # `[broker]`
//! | key | meaning | default |
//! | --- | --- | --- |
//! | `disk` | it has a disk, so that sessions and retained messages survive a restart | `false` |
//! | `sync_every` | the disk is written only so often; the broker acknowledges before, and a power failure takes the rest | at once |
//! | `backlog` | how many connections may wait to be accepted; SYN is dropped when there are more, and sent again | any |
//! | `accept` | how long its process is busy with each connection that it accepts | `0s` |
//! | `shards` | of how many shards it is, each with sessions of its own, at most 16; what they tell each other takes its time | `1` |
//! | `users` | `{ name = "password" }`: let nobody else in | anybody is let in |
//! | `deny_publish`, `deny_subscribe` | Topic Filters of what nobody may publish to, or subscribe to | none |
//! | `policy` | behaviour where the standard leaves room, and limits: [`Config`] | its defaults |
//! | `bugs` | mistakes to make on purpose: [`broker::Bugs`](mqttlab_core::broker::Bugs) | none |
//!
//! # `[link]`, and `link = { … }` in a client
//! | key | meaning | default |
//! | --- | --- | --- |
//! | `preset` | `lan`, `wifi`, `lte`, `2g` or `satellite`: values for the others to start from | |
//! | `latency` | one way; `latency_up` and `latency_down` for each direction | `20ms` |
//! | `jitter` | each segment takes up to so much less or more; order is kept; `jitter_up` and `jitter_down` for each direction | `0s` |
//! | `bandwidth` | of each direction; `bandwidth_up` and `bandwidth_down` for one | unlimited |
//! | `loss` | share of segments that are lost; TCP sends them again, so loss is delay | `0%` |
//! | `segment` | most data in one segment | `1460 B` |
//! | `buffer` | data that a sender's socket takes before it makes the sender wait | `64 KiB` |
//! | `connect_timeout` | when the operating system stops trying to connect | `127s` |
//! | `give_up` | when it drops a connection on which nothing is acknowledged | `924s` |
//! | `impossible_loss` | an *impossible network*, for contrast only: this share of MQTT packets vanishes alone, which TCP never does | `0%` |
//!
//! # `[[client]]`
//! | key | meaning | default |
//! | --- | --- | --- |
//! | `name` | how the scenario calls it; not `broker` | |
//! | `client_id` | Client Identifier | the name |
//! | `mqtt` | protocol version | that of the scenario |
//! | `clean` | Clean Session, Clean Start | `true` |
//! | `keep_alive` | whole seconds | `60s` |
//! | `user_name`, `password` | credentials | none |
//! | `session_expiry`, `receive_maximum` | 5.0 properties | none |
//! | `reconnect` | `{ first, max, factor, jitter, steady_after, attempts_max }`: connect again after `first`, each time `factor` times later up to `max`, up to the share `jitter` earlier | never |
//! | `resubscribe` | subscribe again when the broker has forgotten the session | `true` |
//! | `retry_always` | connect again even where the broker says that it cannot help | `false` |
//! | `lost_session` | messages in flight whose session is gone: `drop` or `republish` | `drop` |
//! | `in_flight_max`, `queue` | the window, and `{ messages, bytes, qos0, when_full }` | the client's defaults |
//! | `maximum_packet_size` | 5.0 property, in bytes | none |
//! | `will` | `{ topic, payload, qos, retain, delay }` | none |
//! | `connect_timeout`, `ping_timeout` | how long it waits for CONNACK, for PINGRESP | `10s` |
//! | `bugs` | mistakes to make on purpose: [`ClientBugs`] | none |
//! | `subscribe` | `[{ filter, qos, no_local, retain_as_published, retain_handling }]`: done once, after its first CONNACK; 5.0: `retain_handling` is `send`, `send-if-new` or `do-not-send` | none |
//! | `publish` | `[{ every, random, from, count, topic, payload, qos, retain, expiry }]`; `{n}` in the payload counts; with `random = true` each wait is drawn from nothing to twice `every` | none |
//! | `on_receive` | `[{ filter, topic, payload, qos, retain, expiry }]`: published for each message that matches; `{topic}` and `{payload}` in the payload stand for those of the message | none |
//! | `acks` | when it sends PUBACK, PUBREC and PUBCOMP: `never`, or so much late, such as `2s` | at once |
//! | `read` | how fast its application reads, such as `8 kbit/s` | at once |
//! | `clock` | how fast its clock runs, from `50%` to `200%` | `100%` |
//! | `link` | its own network, on top of `[link]` | |
//!
//! # `[groups]`
//! `field = ["pump-1", "pump-2"]`: a name for several clients, to be used wherever `who` takes a name. To `cut` a group is to
//! part it from the broker.
//!
//! # `[[rule]]`
//! What happens to some of what is sent. Each segment is shown to the rules in the order in which they are written: the
//! first that fits decides, and behind them all stands the link's own `loss`. Each decision is an event of the run.
//!
//! | key | meaning | default |
//! | --- | --- | --- |
//! | `who` | whose links: a name, a group or several | all |
//! | `way` | `up`, `down` or `both` | `both` |
//! | `from`, `by` | only what is sent from this moment on, and before that one | the whole run |
//! | `segment` | only `syn`, `syn-ack`, `ack`, `data`, `fin` or `rst` | all |
//! | `nth` | only the one with this number of those that fit, counted for each link over all its connections | each |
//! | `share` | only this share of them, as chance has it | each |
//! | `verdict` | see below | |
//! | `delay` | of the verdict `delay`: how long | |
//! | `packet`, `topic` | an *impossible network*, for contrast only: MQTT packets of this type, and of them those whose topic matches this filter | |
//!
//! | `verdict` | what happens |
//! | --- | --- |
//! | `deliver` | it goes on, and no later rule is asked: an exception from those below |
//! | `lose` | it is lost; TCP sends it again, and the rules are asked again each time; where they never give way, the sender's system gives up |
//! | `delay` | it takes so much longer, and all behind it waits too |
//! | `stall`, `cut` | this direction stalls or is cut with it, until `act = "release"` or `"heal"` |
//! | `reset` | the connection is reset in place of it: both ends get RST |
//! | `refuse` | of SYN: it is answered with RST, as if nobody listened |
//!
//! There is none that duplicates: what comes twice, TCP throws away. A rule with `packet` or `topic` can only `lose` or
//! `deliver`.
//!
//! # `[[do]]`
//! `at` says when, `who` a name or a list of names, `act` what:
//!
//! | `act` | of | takes |
//! | --- | --- | --- |
//! | `connect` | client | |
//! | `disconnect` | client | `will = true` (5.0): and send the will |
//! | `publish` | client, broker | `topic`, `payload`, `qos`, `retain`, `expiry` (5.0: whole seconds); the broker's own messages are such as `$SYS/…` |
//! | `subscribe` | client | `filter`, `qos` |
//! | `unsubscribe` | client | `filter` |
//! | `crash` | client, broker | the process ends and its system closes what it had open: `how` = `fin` (default) or `rst` |
//! | `power-off` | client, broker | the machine goes dark and says nothing to anybody |
//! | `restart` | client, broker | it runs again, after `crash` or `power-off`; it finds what it had on its disk unless `memory = "lost"` |
//! | `cut` | link | the cable is pulled: nothing passes, nobody is told; `way` = `both` (default), `up` or `down` |
//! | `heal` | link | undoes `cut`; TCP sends again what was lost |
//! | `stall`, `release` | link | hold what travels, and let it go on; `way` as above |
//! | `slow-down` | link | what is sent from now on takes `latency` (such as `300ms`) and passes with `bandwidth` (such as `9.6 kbit/s`); one of them that is not given is as in `[link]`; `way` as above |
//! | `speed-up` | link | undoes `slow-down` |
//! | `reset` | link | something in between resets the connection: both ends get RST |
//! | `close` | link | the client's side is closed without DISCONNECT: FIN |
//! | `send` | client | `bytes`: hexadecimal, as in `"c0 00"`; they go into its connection as they are, legal or not, and its own library knows nothing of them |
//! | `pause`, `resume` | client | read nothing of what comes, so that buffers fill; and read again |
//! | `sleep`, `wake` | client | its computer sleeps, so that its timers stand still and nothing reaches it; and goes on |
//! | `refuse`, `accept` | broker | turn new connections away, and take them again |
//!
//! An act of a link is written with the client's name. What is written happens before all else in its moment; with
//! `nth = 3`, after three things that happen in it: so runs are written down that somebody played by hand.
//!
//! # `[[expect]]`
//! One of `eventually`, `never`, `always` (each a condition) or `count` (a number, with `is`, `min`, `max`), looked at
//! between `from` and `by`, which are the start and the end of the run unless given; `because` is shown when it fails.
//! See [`condition`] for what a condition can say.

mod act;
mod bugs;
#[cfg(feature = "text")]
mod check;
pub mod condition;
pub mod duration;
mod error;
pub mod hex;
mod limits;
mod packed;
#[cfg(feature = "text")]
mod placed;
#[cfg(feature = "text")]
mod quantity;
#[cfg(feature = "text")]
mod raw;
#[cfg(feature = "text")]
mod reader;
mod rules;
#[cfg(feature = "schema")]
mod schema;
#[cfg(test)]
mod tests;
#[cfg(feature = "text")]
mod write;

use std::collections::{BTreeMap, BTreeSet};

use mqttlab_core::broker::{Bugs, Config};
use mqttlab_core::client::Options;
use mqttlab_core::packet::{SubscriptionOptions, Version};
use serde::{Deserialize, Serialize};

use crate::recording::UserInput;
use crate::view::{Micros, ParticipantId};
use condition::Condition;

pub use act::{Act, Action, Ending, Memory, Ways};
pub use bugs::ClientBugs;
pub use error::ScenarioError;
pub use limits::Unfit;
pub use mqttlab_core::packet::QoS;
pub use packed::{FORMAT, PACKED_MAX};
pub use rules::{RULES_MAX, Rule, SegmentKind, Traffic, Verdict as RuleVerdict};
#[cfg(feature = "schema")]
pub use schema::{FILE as SCHEMA_FILE, schema};

/// A whole is this many parts; shares are counted in them so that no fraction is ever rounded.
pub const WHOLE: u32 = 10_000;

/// The most clients in a scenario.
pub const CLIENTS_MAX: usize = 1_000;
/// The most `[[do]]` in a scenario, each name counted.
pub const SCRIPT_MAX: usize = 10_000;
/// The most `[[expect]]` in a scenario.
pub const EXPECTATIONS_MAX: usize = 100;
/// So many steps of a script may wait for a condition: each is looked at after everything that happens.
pub const WAITING_MAX: usize = 100;
/// The most subscriptions, regular messages and answers of a client, each.
pub const HABITS_MAX: usize = 100;
/// The most users of a broker, and the most filters of what is denied.
pub const ACCESS_MAX: usize = 1_000;
/// The most shards of a broker.
pub const SHARDS_MAX: u16 = 16;
/// The longest title, in characters.
pub const TITLE_MAX: usize = 200;
/// The longest text about a scenario or an expectation, in characters.
pub const ABOUT_MAX: usize = 2_000;
/// The longest text of a scenario, in bytes.
pub const TEXT_MAX: usize = 1 << 20;
/// The largest payload, in bytes.
pub const PAYLOAD_MAX: usize = 256 << 10;

/// A checked scenario: every name in it exists, every number is within its limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Short name, fit for a file name.
    pub id: String,
    /// For people.
    pub title: String,
    /// A sentence or two about it.
    pub about: String,
    /// Protocol version of clients that do not say otherwise.
    pub mqtt: Version,
    /// Where all randomness comes from.
    pub seed: u64,
    /// When it ends.
    pub until: Micros,
    /// The broker.
    pub broker: BrokerSpec,
    /// The clients; number 0 here is participant 1.
    pub clients: Vec<ClientSpec>,
    /// Rules of the network; of those that fit, the first decides.
    pub rules: Vec<Rule>,
    /// What happens, by time.
    pub script: Vec<Step>,
    /// What else happens, each in its place among what happens in the same moment; by time and place.
    pub inputs: Vec<UserInput>,
    /// What must come of it.
    pub expectations: Vec<Expectation>,
    /// What [`Recording::holds`](crate::recording::Recording::holds) answers for at each moment; a text has none.
    pub watched: Vec<Condition>,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place and, where one comes to mind, advice.
    #[cfg(feature = "text")]
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        check::scenario(text)
    }

    /// The name of a participant; `broker` for number 0.
    pub fn name(&self, id: ParticipantId) -> &str {
        match id {
            0 => "broker",
            id => self
                .clients
                .get(id as usize - 1)
                .map_or("?", |client| &client.name),
        }
    }

    /// Reads a condition about this scenario's participants, for [`watched`](Self::watched).
    ///
    /// # Errors
    /// What is wrong with it, with its place in `text`.
    #[cfg(feature = "text")]
    pub fn condition(&self, text: &str) -> Result<Condition, ScenarioError> {
        let names: Vec<&str> = ["broker"]
            .into_iter()
            .chain(self.clients.iter().map(|client| client.name.as_str()))
            .collect();
        condition::parse(text, condition::Kind::Truth, &names).map_err(|wrong| {
            let error = ScenarioError::at(text, wrong.span, wrong.message);
            match wrong.help {
                Some(help) => error.with_help(help),
                None => error,
            }
        })
    }

    /// The topics of all messages in it, those of wills and of the broker's own too; each once, in order.
    pub fn published_topics(&self) -> BTreeSet<&str> {
        let steps = self.script.iter().map(|step| &step.action);
        let inputs = self.inputs.iter().map(|input| &input.action);
        let acts = steps.chain(inputs).filter_map(|action| {
            let Act::Publish(message) = &action.act else {
                return None;
            };
            Some(message.topic.as_str())
        });
        let clients = self.clients.iter().flat_map(|client| {
            let regular = client.publications.iter().map(|one| &one.message.topic);
            let answers = client.habits.answers.iter().map(|one| &one.message.topic);
            let will = client.options.will.iter().map(|will| &will.topic);
            regular.chain(answers).chain(will).map(String::as_str)
        });
        acts.chain(clients).collect()
    }

    /// The participant called `name`.
    pub fn participant(&self, name: &str) -> Option<ParticipantId> {
        if name == "broker" {
            return Some(0);
        }
        let at = self.clients.iter().position(|client| client.name == name)?;
        Some(at as ParticipantId + 1)
    }
}

/// How the broker is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerSpec {
    /// Its behaviour where the standard leaves room, and its limits.
    #[serde(with = "packed::unless_default")]
    pub policy: Config,
    /// Whether it has a disk, so that sessions and retained messages survive a restart.
    pub disk: bool,
    /// The computer that it runs on.
    #[serde(with = "packed::host")]
    pub host: HostSpec,
    /// Who may do what.
    pub access: AccessSpec,
    /// Mistakes that it makes on purpose.
    #[serde(with = "packed::unless_default")]
    pub bugs: Bugs,
}

/// The computer that a broker runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSpec {
    /// How many connections may wait to be accepted; any number for `None`.
    pub backlog: Option<u32>,
    /// How long the broker's process is busy with each connection that it accepts.
    pub accept: Micros,
    /// How often what was written is synced to the disk; at once for `None`.
    pub sync_every: Option<Micros>,
    /// Of how many shards the broker is.
    pub shards: u16,
}

impl Default for HostSpec {
    fn default() -> Self {
        Self {
            backlog: None,
            accept: 0,
            sync_every: None,
            shards: 1,
        }
    }
}

/// Who may do what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessSpec {
    /// Passwords by User Name; when there are any, others are not let in.
    pub users: BTreeMap<String, String>,
    /// Topics that nobody may publish to, as Topic Filters.
    pub deny_publish: Vec<String>,
    /// Topics that nobody may subscribe to or get messages from, as Topic Filters.
    pub deny_subscribe: Vec<String>,
}

/// One client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSpec {
    /// What the scenario calls it.
    pub name: String,
    /// What it says in CONNECT and how it behaves.
    #[serde(with = "packed::options")]
    pub options: Options,
    /// What it subscribes to after its first CONNACK.
    pub subscriptions: Vec<SubscribeSpec>,
    /// What it publishes again and again.
    pub publications: Vec<PublishSpec>,
    /// What else it does in ways of its own.
    #[serde(with = "packed::unless_default")]
    pub habits: Habits,
    /// Mistakes that it makes on purpose; those of the library are in its options too.
    #[serde(with = "packed::unless_default")]
    pub bugs: ClientBugs,
    /// Its network.
    pub link: LinkSpec,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscribeSpec {
    /// Topic Filter.
    pub filter: String,
    /// Requested QoS, and what else 5.0 can ask for.
    pub options: SubscriptionOptions,
}

/// A message published again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishSpec {
    /// The time between two.
    pub every: Micros,
    /// Whether that is only the mean: each is drawn from nothing to twice as long.
    pub random: bool,
    /// When the first is published.
    pub from: Micros,
    /// How many there are.
    pub count: u32,
    /// The message; `{n}` in its payload is its number, from 1.
    pub message: Message,
}

/// What a client does in ways of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Habits {
    /// What it publishes when it gets a message.
    pub answers: Vec<AnswerSpec>,
    /// When it acknowledges what it gets.
    pub acks: Acks,
    /// How many bits a second its application reads; `None` for all that comes.
    pub read: Option<u64>,
    /// How fast its clock runs, in parts of [`WHOLE`].
    pub clock: u32,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            answers: Vec::new(),
            acks: Acks::AtOnce,
            read: None,
            clock: WHOLE,
        }
    }
}

/// A message published for each one that comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerSpec {
    /// Topic Filter of what it answers.
    pub filter: String,
    /// The message; `{topic}` and `{payload}` in its payload stand for those of what came.
    pub message: Message,
}

/// When a client acknowledges what it gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Acks {
    /// At once.
    #[default]
    AtOnce,
    /// So much later.
    Late(Micros),
    /// Never.
    Never,
}

/// Something to publish.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Topic Name.
    pub topic: String,
    /// Payload, as text.
    #[serde(default)]
    pub payload: String,
    /// QoS.
    #[serde(default)]
    pub qos: QoS,
    /// RETAIN.
    #[serde(default)]
    pub retain: bool,
    /// 5.0: Message Expiry Interval, in seconds.
    #[serde(default)]
    pub expiry: Option<u32>,
}

/// The network between one client and the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkSpec {
    /// One way towards the broker.
    pub latency_up: Micros,
    /// One way towards the client.
    pub latency_down: Micros,
    /// A segment towards the broker may be this much faster or slower.
    pub jitter_up: Micros,
    /// A segment towards the client may be this much faster or slower.
    pub jitter_down: Micros,
    /// Bits a second towards the broker; `None` is unlimited.
    pub bandwidth_up: Option<u64>,
    /// Bits a second towards the client; `None` is unlimited.
    pub bandwidth_down: Option<u64>,
    /// Share of segments lost, in parts of [`WHOLE`].
    pub loss: u32,
    /// Most data in one segment, in bytes.
    pub segment: u32,
    /// What a sender's socket holds, in bytes.
    pub buffer: u32,
    /// When the operating system stops trying to connect.
    pub connect_timeout: Micros,
    /// When it drops a connection on which nothing is acknowledged.
    pub give_up: Micros,
    /// Share of MQTT packets that vanish alone, in parts of [`WHOLE`]. No network can do that on TCP.
    pub impossible_loss: u32,
}

/// One thing that happens at its time, or when something is true.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When, or from when on `when` is looked at.
    pub at: Micros,
    /// It happens once, as soon as this is true.
    pub when: Option<Condition>,
    /// What.
    pub action: Action,
}

/// Something that must come of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    /// When it holds.
    pub kind: ExpectationKind,
    /// What is looked at.
    pub condition: Condition,
    /// Looked at from here on.
    pub from: Micros,
    /// Looked at until here; `None` is the end of the run.
    pub by: Option<Micros>,
    /// Shown when it fails.
    pub because: Option<String>,
}

/// When an expectation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExpectationKind {
    /// The condition is true at some moment.
    Eventually,
    /// It is true at no moment.
    Never,
    /// It is true at every moment.
    Always,
    /// The number is within these bounds at the end.
    Count {
        /// At least this.
        min: i64,
        /// At most this.
        max: i64,
    },
}
