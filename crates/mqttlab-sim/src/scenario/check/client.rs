//! Clients: names, options, what they do by themselves.

use std::ops::Range;

use mqttlab_core::client::{Options, Reconnect, WillOptions};
use mqttlab_core::packet::SubscriptionOptions;
use mqttlab_core::time::Duration;
use mqttlab_core::topic;

use super::Check;
use super::link::link;
use crate::scenario::limits::{NAME_MAX, is_clock, is_name};
use crate::scenario::placed::Spanned;
use crate::scenario::{
    Acks, AnswerSpec, CLIENTS_MAX, ClientSpec, HABITS_MAX, Habits, Message, PublishSpec,
    ScenarioError, SubscribeSpec, WHOLE, duration, quantity, raw,
};
use crate::view::Micros;

impl Check<'_> {
    pub(super) fn clients(
        &self,
        document: &raw::Document,
    ) -> Result<Vec<ClientSpec>, ScenarioError> {
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
        if !is_name(text) {
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
        self.number(
            &raw.subscribe,
            HABITS_MAX,
            "subscriptions of one client",
            |one| one.filter.span(),
        )?;
        self.number(
            &raw.publish,
            HABITS_MAX,
            "regular messages of one client",
            |one| one.topic.span(),
        )?;
        self.number(
            &raw.on_receive,
            HABITS_MAX,
            "answers of one client",
            |one| one.filter.span(),
        )?;
        let subscriptions = raw.subscribe.iter().map(|subscribe| {
            let filter = self.topic(&subscribe.filter, "Topic Filter", topic::check_filter)?;
            Ok(SubscribeSpec {
                filter,
                options: SubscriptionOptions {
                    qos: subscribe.qos,
                    no_local: subscribe.no_local,
                    retain_as_published: subscribe.retain_as_published,
                    retain_handling: subscribe.retain_handling,
                },
            })
        });
        let publications = raw.publish.iter().map(|publish| self.publication(publish));
        Ok(ClientSpec {
            name: raw.name.get_ref().clone(),
            subscriptions: subscriptions.collect::<Result<_, _>>()?,
            publications: publications.collect::<Result<_, _>>()?,
            habits: self.habits(raw)?,
            bugs: raw.bugs,
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
            resubscribe: raw.resubscribe && !raw.bugs.no_resubscribe,
            lost_session: raw.lost_session,
            queue: raw.queue,
            in_flight_max: raw.in_flight_max.unwrap_or(defaults.in_flight_max),
            bugs: raw.bugs.of_library(),
            ..defaults
        })
    }

    fn will(&self, will: &raw::Will) -> Result<WillOptions, ScenarioError> {
        Ok(WillOptions {
            topic: self.topic(&will.topic, "Will Topic", topic::check_name)?,
            payload: self.payload(will.payload.as_ref())?.into(),
            qos: will.qos,
            retain: will.retain,
            delay: self.seconds(will.delay.as_ref())?.unwrap_or(0),
            ..WillOptions::default()
        })
    }

    /// A span that MQTT counts in whole seconds.
    pub(super) fn seconds<T: TryFrom<u64>>(
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

    fn habits(&self, raw: &raw::Client) -> Result<Habits, ScenarioError> {
        let answers = raw.on_receive.iter().map(|answer| self.answer(answer));
        Ok(Habits {
            answers: answers.collect::<Result<_, _>>()?,
            acks: self.acks(raw.acks.as_ref())?,
            read: raw.read,
            clock: self.clock(raw.clock.as_ref())?,
        })
    }

    fn answer(&self, answer: &raw::Answer) -> Result<AnswerSpec, ScenarioError> {
        Ok(AnswerSpec {
            filter: self.topic(&answer.filter, "Topic Filter", topic::check_filter)?,
            message: Message {
                topic: self.topic(&answer.topic, "Topic Name", topic::check_name)?,
                payload: self.payload(answer.payload.as_ref())?,
                qos: answer.qos,
                retain: answer.retain,
                expiry: self.seconds(answer.expiry.as_ref())?,
            },
        })
    }

    fn acks(&self, text: Option<&Spanned<String>>) -> Result<Acks, ScenarioError> {
        match text {
            None => Ok(Acks::AtOnce),
            Some(text) if text.get_ref() == "never" => Ok(Acks::Never),
            Some(text) => match duration::parse(text.get_ref()) {
                Ok(by) => Ok(Acks::Late(by)),
                Err(_) => Err(self.error(text.span(), "write `never`, or how late, such as `2s`")),
            },
        }
    }

    fn clock(&self, text: Option<&Spanned<String>>) -> Result<u32, ScenarioError> {
        let Some(text) = text else {
            return Ok(WHOLE);
        };
        let parts = quantity::percent(text.get_ref());
        parts.filter(|parts| is_clock(*parts)).ok_or_else(|| {
            let message = "a clock runs at `50%` to `200%` of true time";
            self.error(text.span(), message)
        })
    }

    fn publication(&self, publish: &raw::Publish) -> Result<PublishSpec, ScenarioError> {
        if publish.every == 0 {
            return Err(self.error(publish.topic.span(), "`every` may not be nothing"));
        }
        Ok(PublishSpec {
            every: publish.every,
            random: publish.random,
            from: publish.from.unwrap_or(publish.every),
            count: publish.count.unwrap_or(u32::MAX),
            message: Message {
                topic: self.topic(&publish.topic, "Topic Name", topic::check_name)?,
                payload: self.payload(publish.payload.as_ref())?,
                qos: publish.qos,
                retain: publish.retain,
                expiry: self.seconds(publish.expiry.as_ref())?,
            },
        })
    }
}

/// The line of the name: the whole client would be many.
fn client_span(client: &Spanned<raw::Client>) -> Range<usize> {
    client.get_ref().name.span()
}
