//! The text form of a scenario, key by key, before it is checked.
//!
//! One table of all keys for every kind of action keeps the places of errors exact: which of them an action takes is
//! looked at in [`check`](super::check).

use std::collections::BTreeMap;

use mqttlab_core::broker::{Bugs, Config};
use mqttlab_core::client::{LostSession, QueueLimits};
use mqttlab_core::packet::{QoS, RetainHandling, Version};
use serde::Deserialize;
use toml::Spanned;

use super::{ClientBugs, Ending, Memory, Ways, duration, quantity};
use crate::view::Micros;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) scenario: Header,
    #[serde(default)]
    pub(super) broker: Broker,
    #[serde(default)]
    pub(super) link: Link,
    #[serde(default)]
    pub(super) client: Vec<Spanned<Client>>,
    #[serde(default, rename = "do")]
    pub(super) script: Vec<Spanned<Do>>,
    #[serde(default)]
    pub(super) expect: Vec<Spanned<Expect>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) id: Spanned<String>,
    pub(super) title: String,
    pub(super) version: Spanned<u32>,
    #[serde(default)]
    pub(super) mqtt: Version,
    #[serde(default)]
    pub(super) seed: u64,
    #[serde(deserialize_with = "duration::required")]
    pub(super) until: Micros,
    #[serde(default)]
    pub(super) about: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Broker {
    #[serde(default)]
    pub(super) policy: Config,
    #[serde(default)]
    pub(super) disk: bool,
    #[serde(default)]
    pub(super) users: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) deny_publish: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) deny_subscribe: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) bugs: Bugs,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Link {
    pub(super) preset: Option<Preset>,
    #[serde(default, deserialize_with = "duration::optional")]
    pub(super) latency: Option<Micros>,
    #[serde(default, deserialize_with = "duration::optional")]
    pub(super) latency_up: Option<Micros>,
    #[serde(default, deserialize_with = "duration::optional")]
    pub(super) latency_down: Option<Micros>,
    #[serde(default, deserialize_with = "duration::optional")]
    pub(super) jitter: Option<Micros>,
    #[serde(default, deserialize_with = "duration::optional")]
    pub(super) jitter_up: Option<Micros>,
    #[serde(default, deserialize_with = "duration::optional")]
    pub(super) jitter_down: Option<Micros>,
    #[serde(default, deserialize_with = "quantity::optional_rate")]
    pub(super) bandwidth: Option<u64>,
    #[serde(default, deserialize_with = "quantity::optional_share")]
    pub(super) loss: Option<u32>,
    #[serde(default, deserialize_with = "quantity::optional_size")]
    pub(super) segment: Option<u32>,
    #[serde(default, deserialize_with = "quantity::optional_size")]
    pub(super) buffer: Option<u32>,
    #[serde(default, deserialize_with = "duration::optional")]
    pub(super) connect_timeout: Option<Micros>,
    #[serde(default, deserialize_with = "duration::optional")]
    pub(super) give_up: Option<Micros>,
}

#[derive(Clone, Copy, Deserialize)]
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
#[serde(deny_unknown_fields)]
pub(super) struct Client {
    pub(super) name: Spanned<String>,
    pub(super) client_id: Option<Spanned<String>>,
    pub(super) mqtt: Option<Version>,
    #[serde(default = "yes")]
    pub(super) clean: bool,
    pub(super) keep_alive: Option<Spanned<String>>,
    pub(super) user_name: Option<String>,
    pub(super) password: Option<String>,
    pub(super) will: Option<Will>,
    pub(super) session_expiry: Option<Spanned<String>>,
    pub(super) receive_maximum: Option<u16>,
    pub(super) maximum_packet_size: Option<u32>,
    #[serde(default, deserialize_with = "duration::optional")]
    pub(super) connect_timeout: Option<Micros>,
    #[serde(default, deserialize_with = "duration::optional")]
    pub(super) ping_timeout: Option<Micros>,
    pub(super) reconnect: Option<Spanned<Reconnect>>,
    #[serde(default = "yes")]
    pub(super) resubscribe: bool,
    #[serde(default)]
    pub(super) retry_always: bool,
    #[serde(default)]
    pub(super) lost_session: LostSession,
    pub(super) in_flight_max: Option<u16>,
    #[serde(default)]
    pub(super) queue: QueueLimits,
    #[serde(default)]
    pub(super) bugs: ClientBugs,
    #[serde(default)]
    pub(super) subscribe: Vec<Subscribe>,
    #[serde(default)]
    pub(super) publish: Vec<Publish>,
    #[serde(default)]
    pub(super) on_receive: Vec<Answer>,
    pub(super) acks: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "quantity::optional_rate")]
    pub(super) read: Option<u64>,
    pub(super) clock: Option<Spanned<String>>,
    pub(super) link: Option<Link>,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reconnect {
    #[serde(deserialize_with = "duration::required")]
    pub(super) first: Micros,
    #[serde(default, deserialize_with = "duration::optional")]
    pub(super) max: Option<Micros>,
    pub(super) factor: Option<u32>,
    #[serde(default, deserialize_with = "quantity::optional_share")]
    pub(super) jitter: Option<u32>,
    #[serde(default, deserialize_with = "duration::optional")]
    pub(super) steady_after: Option<Micros>,
    pub(super) attempts_max: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Will {
    pub(super) topic: Spanned<String>,
    #[serde(default)]
    pub(super) payload: String,
    #[serde(default)]
    pub(super) qos: QoS,
    #[serde(default)]
    pub(super) retain: bool,
    pub(super) delay: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subscribe {
    pub(super) filter: Spanned<String>,
    #[serde(default)]
    pub(super) qos: QoS,
    #[serde(default)]
    pub(super) no_local: bool,
    #[serde(default)]
    pub(super) retain_as_published: bool,
    #[serde(default)]
    pub(super) retain_handling: RetainHandling,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Publish {
    pub(super) expiry: Option<Spanned<String>>,
    #[serde(deserialize_with = "duration::required")]
    pub(super) every: Micros,
    #[serde(default)]
    pub(super) random: bool,
    #[serde(default, deserialize_with = "duration::optional")]
    pub(super) from: Option<Micros>,
    pub(super) count: Option<u32>,
    pub(super) topic: Spanned<String>,
    #[serde(default)]
    pub(super) payload: String,
    #[serde(default)]
    pub(super) qos: QoS,
    #[serde(default)]
    pub(super) retain: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) expiry: Option<Spanned<String>>,
    pub(super) filter: Spanned<String>,
    pub(super) topic: Spanned<String>,
    #[serde(default)]
    pub(super) payload: String,
    #[serde(default)]
    pub(super) qos: QoS,
    #[serde(default)]
    pub(super) retain: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Do {
    #[serde(deserialize_with = "duration::required")]
    pub(super) at: Micros,
    pub(super) who: Spanned<Names>,
    pub(super) act: Spanned<Act>,
    pub(super) topic: Option<Spanned<String>>,
    pub(super) payload: Option<Spanned<String>>,
    pub(super) qos: Option<Spanned<QoS>>,
    pub(super) retain: Option<Spanned<bool>>,
    pub(super) filter: Option<Spanned<String>>,
    pub(super) will: Option<Spanned<bool>>,
    pub(super) way: Option<Spanned<Ways>>,
    pub(super) how: Option<Spanned<Ending>>,
    pub(super) memory: Option<Spanned<Memory>>,
    pub(super) expiry: Option<Spanned<String>>,
}

/// One name or several.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a name or a list of names")]
pub(super) enum Names {
    One(String),
    Many(Vec<String>),
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    pub(super) eventually: Option<Spanned<String>>,
    pub(super) never: Option<Spanned<String>>,
    pub(super) always: Option<Spanned<String>>,
    pub(super) count: Option<Spanned<String>>,
    pub(super) is: Option<Spanned<i64>>,
    pub(super) min: Option<Spanned<i64>>,
    pub(super) max: Option<Spanned<i64>>,
    #[serde(default, deserialize_with = "duration::optional")]
    pub(super) from: Option<Micros>,
    #[serde(default, deserialize_with = "duration::optional")]
    pub(super) by: Option<Micros>,
    pub(super) because: Option<String>,
}
