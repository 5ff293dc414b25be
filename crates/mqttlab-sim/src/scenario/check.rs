//! From the text form to a checked scenario.

use std::ops::Range;

use mqttlab_core::client::{Options, Reconnect, WillOptions};
use mqttlab_core::time::Duration;
use mqttlab_core::topic::{self, TopicError};
use toml::Spanned;

use super::condition::{self, Kind};
use super::{
    Act, Action, BrokerSpec, CLIENTS_MAX, ClientSpec, EXPECTATIONS_MAX, Expectation,
    ExpectationKind, LinkSpec, Message, PAYLOAD_MAX, PublishSpec, SCRIPT_MAX, Scenario,
    ScenarioError, Step, SubscribeSpec, TEXT_MAX, duration, raw,
};
use crate::view::{Micros, ParticipantId};

/// The longest name of a participant, in characters.
const NAME_MAX: usize = 32;

pub(super) fn scenario(text: &str) -> Result<Scenario, ScenarioError> {
    if text.len() > TEXT_MAX {
        let message = format!("the text has more than {TEXT_MAX} bytes");
        return Err(ScenarioError::at(text, 0..0, message));
    }
    let document: raw::Document =
        toml::from_str(text).map_err(|error| ScenarioError::from_toml(text, &error))?;
    let check = Check { text };
    check.header(&document.scenario)?;
    let clients = check.clients(&document)?;
    let names: Vec<&str> = ["broker"]
        .into_iter()
        .chain(clients.iter().map(|client| client.name.as_str()))
        .collect();
    let script = check.script(&document.script, &names)?;
    let expectations = check.expectations(&document.expect, &names)?;
    let raw::Header {
        id,
        title,
        version: _,
        mqtt,
        seed,
        until,
        about,
    } = document.scenario;
    let raw::Broker { policy, disk } = document.broker;
    let broker = BrokerSpec { policy, disk };
    let id = id.into_inner();
    Ok(Scenario {
        id,
        title,
        about,
        mqtt,
        seed,
        until,
        broker,
        clients,
        script,
        expectations,
    })
}

/// Knows the text, so that every mistake has a place.
struct Check<'t> {
    text: &'t str,
}

impl Check<'_> {
    fn error(&self, span: Range<usize>, message: impl Into<String>) -> ScenarioError {
        ScenarioError::at(self.text, span, message)
    }

    fn header(&self, header: &raw::Header) -> Result<(), ScenarioError> {
        let version = &header.version;
        if *version.get_ref() != 1 {
            return Err(self
                .error(
                    version.span(),
                    format!("version {} is not known", version.get_ref()),
                )
                .with_help("this program reads `version = 1`"));
        }
        let id = &header.id;
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let text = id.get_ref();
        if text.is_empty() || text.len() > 64 || !text.chars().all(is_plain) {
            return Err(self.error(
                id.span(),
                "an id has 1 to 64 lower-case letters, digits and `-`",
            ));
        }
        Ok(())
    }

    fn clients(&self, document: &raw::Document) -> Result<Vec<ClientSpec>, ScenarioError> {
        if let Some(extra) = document.client.get(CLIENTS_MAX) {
            let message = format!("there are more than {CLIENTS_MAX} clients");
            return Err(self.error(extra.span(), message));
        }
        let mut clients: Vec<ClientSpec> = Vec::new();
        for client in &document.client {
            let name = &client.get_ref().name;
            self.name(name)?;
            if clients.iter().any(|other| other.name == *name.get_ref()) {
                let message = format!("two clients are called `{}`", name.get_ref());
                return Err(self
                    .error(name.span(), message)
                    .with_help("clients may share a `client_id`, but not a `name`"));
            }
            clients.push(self.client(client, document)?);
        }
        Ok(clients)
    }

    fn name(&self, name: &Spanned<String>) -> Result<(), ScenarioError> {
        let text = name.get_ref();
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if text.is_empty() || text.chars().count() > NAME_MAX || !text.chars().all(is_plain) {
            let message = format!("a name has 1 to {NAME_MAX} letters, digits, `-`, `_` and `.`");
            return Err(self.error(name.span(), message));
        }
        if text == "broker" {
            return Err(self.error(name.span(), "`broker` is the broker's own name"));
        }
        Ok(())
    }

    fn client(
        &self,
        client: &Spanned<raw::Client>,
        document: &raw::Document,
    ) -> Result<ClientSpec, ScenarioError> {
        let raw = client.get_ref();
        let options = self.options(raw, document)?;
        if let Err(wrong) = options.check() {
            let span = client_span(client);
            let message = format!("client `{}`: {wrong}", raw.name.get_ref());
            return Err(self.error(span, message));
        }
        let subscriptions = raw.subscribe.iter().map(|subscribe| {
            let filter = self.topic(&subscribe.filter, "Topic Filter", topic::check_filter)?;
            Ok(SubscribeSpec {
                filter,
                qos: subscribe.qos,
            })
        });
        let publications = raw.publish.iter().map(|publish| self.publication(publish));
        Ok(ClientSpec {
            name: raw.name.get_ref().clone(),
            subscriptions: subscriptions.collect::<Result<_, _>>()?,
            publications: publications.collect::<Result<_, _>>()?,
            link: link(&document.link, raw.link.as_ref()),
            options,
        })
    }

    fn options(
        &self,
        raw: &raw::Client,
        document: &raw::Document,
    ) -> Result<Options, ScenarioError> {
        let defaults = Options::default();
        let micros = |value: Option<Micros>, default| value.map_or(default, Duration::from_micros);
        let will = raw.will.as_ref().map(|will| self.will(will)).transpose()?;
        Ok(Options {
            client_id: raw
                .client_id
                .as_ref()
                .unwrap_or(&raw.name)
                .get_ref()
                .clone(),
            version: raw.mqtt.unwrap_or(document.scenario.mqtt),
            clean_start: raw.clean,
            keep_alive: self
                .seconds(raw.keep_alive.as_ref())?
                .unwrap_or(defaults.keep_alive),
            user_name: raw.user_name.clone(),
            password: raw.password.clone().map(Into::into),
            will,
            session_expiry: self.seconds(raw.session_expiry.as_ref())?.unwrap_or(0),
            receive_maximum: raw.receive_maximum.unwrap_or(defaults.receive_maximum),
            maximum_packet_size: raw.maximum_packet_size,
            connect_timeout: micros(raw.connect_timeout, defaults.connect_timeout),
            ping_timeout: micros(raw.ping_timeout, defaults.ping_timeout),
            reconnect: self.reconnect(raw.reconnect.as_ref())?,
            retry_always: raw.retry_always,
            resubscribe: raw.resubscribe,
            lost_session: raw.lost_session,
            queue: raw.queue,
            in_flight_max: raw.in_flight_max.unwrap_or(defaults.in_flight_max),
            bugs: raw.bugs,
            ..defaults
        })
    }

    fn will(&self, will: &raw::Will) -> Result<WillOptions, ScenarioError> {
        Ok(WillOptions {
            topic: self.topic(&will.topic, "Will Topic", topic::check_name)?,
            payload: will.payload.clone().into(),
            qos: will.qos,
            retain: will.retain,
            delay: self.seconds(will.delay.as_ref())?.unwrap_or(0),
            ..WillOptions::default()
        })
    }

    /// A span that MQTT counts in whole seconds.
    fn seconds<T: TryFrom<u64>>(
        &self,
        text: Option<&Spanned<String>>,
    ) -> Result<Option<T>, ScenarioError> {
        let Some(text) = text else {
            return Ok(None);
        };
        let wrong = |message: String| self.error(text.span(), message);
        let micros = duration::parse(text.get_ref()).map_err(wrong)?;
        if micros % 1_000_000 != 0 {
            return Err(wrong("MQTT counts this in whole seconds".to_owned()));
        }
        match T::try_from(micros / 1_000_000) {
            Ok(seconds) => Ok(Some(seconds)),
            Err(_) => Err(wrong("this is longer than the protocol can say".to_owned())),
        }
    }

    fn reconnect(
        &self,
        reconnect: Option<&Spanned<raw::Reconnect>>,
    ) -> Result<Reconnect, ScenarioError> {
        let Some(spanned) = reconnect else {
            return Ok(Reconnect::Never);
        };
        let raw = spanned.get_ref();
        let grows = raw.factor.is_some_and(|factor| factor > 1);
        let max = match (raw.max, grows) {
            (Some(max), _) => max,
            (None, false) => raw.first,
            (None, true) => {
                let message = "a wait that grows needs a `max`";
                return Err(self.error(spanned.span(), message));
            }
        };
        if raw.first == 0 {
            return Err(self.error(spanned.span(), "a first wait of nothing would never end"));
        }
        Ok(Reconnect::After {
            first: Duration::from_micros(raw.first),
            max: Duration::from_micros(max.max(raw.first)),
            factor: raw.factor.unwrap_or(1).max(1),
            jitter: (raw.jitter.unwrap_or(0) / 100) as u8,
            steady_after: Duration::from_micros(raw.steady_after.unwrap_or(max)),
            attempts_max: raw.attempts_max,
        })
    }

    fn publication(&self, publish: &raw::Publish) -> Result<PublishSpec, ScenarioError> {
        if publish.every == 0 {
            return Err(self.error(publish.topic.span(), "`every` may not be nothing"));
        }
        Ok(PublishSpec {
            every: publish.every,
            from: publish.from.unwrap_or(publish.every),
            count: publish.count.unwrap_or(u32::MAX),
            message: Message {
                topic: self.topic(&publish.topic, "Topic Name", topic::check_name)?,
                payload: publish.payload.clone(),
                qos: publish.qos,
                retain: publish.retain,
            },
        })
    }

    fn topic(
        &self,
        text: &Spanned<String>,
        what: &str,
        check: fn(&str) -> Result<(), TopicError>,
    ) -> Result<String, ScenarioError> {
        match check(text.get_ref()) {
            Ok(()) => Ok(text.get_ref().clone()),
            Err(wrong) => Err(self.error(text.span(), format!("{what}: {wrong}"))),
        }
    }

    fn script(
        &self,
        script: &[Spanned<raw::Do>],
        names: &[&str],
    ) -> Result<Vec<Step>, ScenarioError> {
        let mut steps = Vec::new();
        for entry in script {
            let raw = entry.get_ref();
            let act = self.act(raw)?;
            let who = match raw.who.get_ref() {
                raw::Names::One(name) => std::slice::from_ref(name),
                raw::Names::Many(names) => names,
            };
            for name in who {
                let who = self.participant(name, raw.who.span(), names)?;
                self.fits(who, raw)?;
                steps.push(Step {
                    at: raw.at,
                    action: Action {
                        who,
                        act: act.clone(),
                    },
                });
            }
            if steps.len() > SCRIPT_MAX {
                let message = format!("there are more than {SCRIPT_MAX} things to do");
                return Err(self.error(raw.act.span(), message));
            }
        }
        // Stable: what is written first happens first.
        steps.sort_by_key(|step| step.at);
        Ok(steps)
    }

    fn participant(
        &self,
        name: &str,
        span: Range<usize>,
        names: &[&str],
    ) -> Result<ParticipantId, ScenarioError> {
        match names.iter().position(|known| *known == name) {
            Some(at) => Ok(at as ParticipantId),
            None => Err(self
                .error(span, format!("no participant is called `{name}`"))
                .did_you_mean(name, names.iter().copied())),
        }
    }

    fn fits(&self, who: ParticipantId, raw: &raw::Do) -> Result<(), ScenarioError> {
        let (broker, client) = match raw.act.get_ref() {
            raw::Act::Crash | raw::Act::PowerOff | raw::Act::Restart => (true, true),
            raw::Act::Refuse | raw::Act::Accept => (true, false),
            raw::Act::Connect
            | raw::Act::Disconnect
            | raw::Act::Publish
            | raw::Act::Subscribe
            | raw::Act::Unsubscribe
            | raw::Act::Cut
            | raw::Act::Heal
            | raw::Act::Stall
            | raw::Act::Release
            | raw::Act::Reset
            | raw::Act::Close
            | raw::Act::Pause
            | raw::Act::Resume => (false, true),
        };
        match who {
            0 if !broker => Err(self.error(raw.who.span(), "the broker cannot do this")),
            1.. if !client => Err(self.error(raw.who.span(), "only the broker can do this")),
            _ => Ok(()),
        }
    }

    fn act(&self, raw: &raw::Do) -> Result<Act, ScenarioError> {
        let mut keys = Keys::of(raw);
        let act = match raw.act.get_ref() {
            raw::Act::Connect => Act::Connect,
            raw::Act::Disconnect => Act::Disconnect {
                will: keys.take(&raw.will),
            },
            raw::Act::Publish => Act::Publish(Message {
                topic: self.needed_topic(raw, &raw.topic, "topic", topic::check_name)?,
                payload: self.payload(raw)?,
                qos: keys.take(&raw.qos),
                retain: keys.take(&raw.retain),
            }),
            raw::Act::Subscribe => Act::Subscribe {
                filter: self.needed_topic(raw, &raw.filter, "filter", topic::check_filter)?,
                qos: keys.take(&raw.qos),
            },
            raw::Act::Unsubscribe => Act::Unsubscribe {
                filter: self.needed_topic(raw, &raw.filter, "filter", topic::check_filter)?,
            },
            raw::Act::Crash => Act::Crash {
                how: keys.take(&raw.how),
            },
            raw::Act::PowerOff => Act::PowerOff,
            raw::Act::Restart => Act::Restart {
                memory: keys.take(&raw.memory),
            },
            raw::Act::Cut => Act::Cut {
                way: keys.take(&raw.way),
            },
            raw::Act::Heal => Act::Heal,
            raw::Act::Stall => Act::Stall {
                way: keys.take(&raw.way),
            },
            raw::Act::Release => Act::Release {
                way: keys.take(&raw.way),
            },
            raw::Act::Reset => Act::Reset,
            raw::Act::Close => Act::Close,
            raw::Act::Refuse => Act::Refuse,
            raw::Act::Accept => Act::Accept,
            raw::Act::Pause => Act::Pause,
            raw::Act::Resume => Act::Resume,
        };
        match &act {
            Act::Publish(_) => keys.mark(&["topic", "payload"]),
            Act::Subscribe { .. } | Act::Unsubscribe { .. } => keys.mark(&["filter"]),
            Act::Connect | Act::Disconnect { .. } | Act::Crash { .. } | Act::PowerOff => {}
            Act::Restart { .. } | Act::Cut { .. } | Act::Heal | Act::Stall { .. } => {}
            Act::Release { .. } | Act::Reset | Act::Close | Act::Refuse | Act::Accept => {}
            Act::Pause | Act::Resume => {}
        }
        match keys.left() {
            None => Ok(act),
            Some((key, span)) => {
                Err(self.error(span, format!("`{key}` does not belong to this act")))
            }
        }
    }

    fn needed_topic(
        &self,
        raw: &raw::Do,
        text: &Option<Spanned<String>>,
        key: &str,
        check: fn(&str) -> Result<(), TopicError>,
    ) -> Result<String, ScenarioError> {
        match text {
            Some(text) => self.topic(text, key, check),
            None => Err(self.error(raw.act.span(), format!("this act needs a `{key}`"))),
        }
    }

    fn payload(&self, raw: &raw::Do) -> Result<String, ScenarioError> {
        let Some(payload) = &raw.payload else {
            return Ok(String::new());
        };
        if payload.get_ref().len() > PAYLOAD_MAX {
            let message = format!("a payload has {PAYLOAD_MAX} bytes at most");
            return Err(self.error(payload.span(), message));
        }
        Ok(payload.get_ref().clone())
    }

    fn expectations(
        &self,
        expect: &[Spanned<raw::Expect>],
        names: &[&str],
    ) -> Result<Vec<Expectation>, ScenarioError> {
        if let Some(extra) = expect.get(EXPECTATIONS_MAX) {
            let message = format!("there are more than {EXPECTATIONS_MAX} expectations");
            return Err(self.error(extra.span(), message));
        }
        expect
            .iter()
            .map(|entry| self.expectation(entry, names))
            .collect()
    }

    fn expectation(
        &self,
        entry: &Spanned<raw::Expect>,
        names: &[&str],
    ) -> Result<Expectation, ScenarioError> {
        let raw = entry.get_ref();
        let given: Vec<_> = [
            (ExpectationKind::Eventually, &raw.eventually),
            (ExpectationKind::Never, &raw.never),
            (ExpectationKind::Always, &raw.always),
            (
                ExpectationKind::Count {
                    min: i64::MIN,
                    max: i64::MAX,
                },
                &raw.count,
            ),
        ]
        .into_iter()
        .filter_map(|(kind, text)| Some((kind, text.as_ref()?)))
        .collect();
        let [(kind, text)] = given.as_slice() else {
            let span = given.last().map_or(entry.span(), |(_, text)| text.span());
            let message = "an expectation has one of `eventually`, `never`, `always` and `count`";
            return Err(self.error(span, message));
        };
        let (kind, wanted) = match kind {
            ExpectationKind::Count { .. } => (self.bounds(raw, text.span())?, Kind::Number),
            ExpectationKind::Eventually | ExpectationKind::Never | ExpectationKind::Always => {
                self.no_bounds(raw)?;
                (*kind, Kind::Truth)
            }
        };
        let condition = condition::parse(text.get_ref(), wanted, names)
            .map_err(|error| self.condition_error(text, error))?;
        Ok(Expectation {
            kind,
            condition,
            from: raw.from.unwrap_or(0),
            by: raw.by,
            because: raw.because.clone(),
        })
    }

    fn bounds(
        &self,
        raw: &raw::Expect,
        span: Range<usize>,
    ) -> Result<ExpectationKind, ScenarioError> {
        let number = |number: &Option<Spanned<i64>>| number.as_ref().map(|n| *n.get_ref());
        let (is, min, max) = (number(&raw.is), number(&raw.min), number(&raw.max));
        let kind = match (is, min, max) {
            (Some(is), None, None) => ExpectationKind::Count { min: is, max: is },
            (None, None, None) => {
                return Err(self.error(span, "a `count` needs `is`, or `min` and `max`"));
            }
            (None, min, max) => ExpectationKind::Count {
                min: min.unwrap_or(i64::MIN),
                max: max.unwrap_or(i64::MAX),
            },
            (Some(_), _, _) => {
                return Err(self.error(span, "`is` stands alone, without `min` and `max`"));
            }
        };
        Ok(kind)
    }

    fn no_bounds(&self, raw: &raw::Expect) -> Result<(), ScenarioError> {
        match [&raw.is, &raw.min, &raw.max].into_iter().flatten().next() {
            None => Ok(()),
            Some(bound) => Err(self.error(bound.span(), "only a `count` has this")),
        }
    }

    fn condition_error(
        &self,
        text: &Spanned<String>,
        error: condition::ConditionError,
    ) -> ScenarioError {
        let outer = text.span();
        // Between plain quotes the condition stands as it is; with escapes in it only the whole can be pointed at.
        let inner = outer.start + 1;
        let verbatim = self.text.get(inner..inner + text.get_ref().len()) == Some(text.get_ref());
        let span = if verbatim {
            inner + error.span.start..inner + error.span.end
        } else {
            outer
        };
        let result = self.error(span, error.message);
        match error.help {
            Some(help) => result.with_help(help),
            None => result,
        }
    }
}

/// The line of the name: the whole client would be many.
fn client_span(client: &Spanned<raw::Client>) -> Range<usize> {
    client.get_ref().name.span()
}

/// The optional keys that an action was given, and which of them it took.
struct Keys {
    given: Vec<(&'static str, Range<usize>)>,
}

impl Keys {
    fn of(raw: &raw::Do) -> Self {
        fn key<T>(
            name: &'static str,
            value: &Option<Spanned<T>>,
        ) -> Option<(&'static str, Range<usize>)> {
            Some((name, value.as_ref()?.span()))
        }
        let given = [
            key("topic", &raw.topic),
            key("payload", &raw.payload),
            key("qos", &raw.qos),
            key("retain", &raw.retain),
            key("filter", &raw.filter),
            key("will", &raw.will),
            key("way", &raw.way),
            key("how", &raw.how),
            key("memory", &raw.memory),
        ];
        Self {
            given: given.into_iter().flatten().collect(),
        }
    }

    /// The value of a key that this act knows, or its default.
    fn take<T: Copy + Default>(&mut self, value: &Option<Spanned<T>>) -> T {
        let Some(value) = value else {
            return T::default();
        };
        self.given.retain(|(_, span)| *span != value.span());
        *value.get_ref()
    }

    /// This act knows these keys.
    fn mark(&mut self, names: &[&str]) {
        self.given.retain(|(name, _)| !names.contains(name));
    }

    fn left(self) -> Option<(&'static str, Range<usize>)> {
        self.given.into_iter().next()
    }
}

fn link(common: &raw::Link, own: Option<&raw::Link>) -> LinkSpec {
    let mut spec = LinkSpec::default();
    for raw in [Some(common), own].into_iter().flatten() {
        if let Some(preset) = raw.preset {
            spec = preset_link(preset, spec);
        }
        let set = |place: &mut Micros, value: Option<Micros>| *place = value.unwrap_or(*place);
        set(&mut spec.latency_up, raw.latency_up.or(raw.latency));
        set(&mut spec.latency_down, raw.latency_down.or(raw.latency));
        set(&mut spec.jitter, raw.jitter);
        set(&mut spec.connect_timeout, raw.connect_timeout);
        set(&mut spec.give_up, raw.give_up);
        spec.bandwidth = raw.bandwidth.or(spec.bandwidth);
        spec.loss = raw.loss.unwrap_or(spec.loss);
        spec.segment = raw.segment.unwrap_or(spec.segment).max(1);
        spec.buffer = raw.buffer.unwrap_or(spec.buffer).max(spec.segment);
    }
    spec
}

/// Rough everyday values; what matters is how they differ.
fn preset_link(preset: raw::Preset, base: LinkSpec) -> LinkSpec {
    let (latency, jitter, bandwidth, loss) = match preset {
        raw::Preset::Lan => (300, 50, 1_000_000_000, 0),
        raw::Preset::Wifi => (3_000, 2_000, 50_000_000, 50),
        raw::Preset::Lte => (30_000, 10_000, 20_000_000, 50),
        raw::Preset::TwoG => (350_000, 150_000, 40_000, 200),
        raw::Preset::Satellite => (300_000, 20_000, 10_000_000, 50),
    };
    LinkSpec {
        latency_up: latency,
        latency_down: latency,
        jitter,
        bandwidth: Some(bandwidth),
        loss,
        ..base
    }
}

impl Default for LinkSpec {
    fn default() -> Self {
        Self {
            latency_up: 20_000,
            latency_down: 20_000,
            jitter: 0,
            bandwidth: None,
            loss: 0,
            segment: 1_460,
            buffer: 64 << 10,
            connect_timeout: 127_000_000,
            give_up: 924_000_000,
        }
    }
}
