//! From a scenario to its text: what is as usual is left out.

use std::fmt::Write;

use mqttlab_core::client::{Options, Reconnect, WillOptions};
use mqttlab_core::packet::Version;
use serde::Serialize;
use toml::{Table, Value};

use super::raw::Verdict;
use super::{
    Acks, Action, ClientSpec, Expectation, ExpectationKind, LinkSpec, Message, Rule, RuleVerdict,
    Scenario, SubscribeSpec, Traffic, Ways,
};
use crate::recording::UserInput;
use crate::view::Micros;

impl Scenario {
    /// The scenario as text, which [`parse`](Self::parse) reads as the same one.
    ///
    /// ```
    /// # use mqttlab_sim::scenario::Scenario;
    /// # let text = r#"scenario = { id = "one", title = "One", version = 1, until = "1s" }"#;
    /// let scenario = Scenario::parse(text)?;
    /// assert_eq!(Scenario::parse(&scenario.to_text())?, scenario);
    /// # Ok::<(), mqttlab_sim::scenario::ScenarioError>(())
    /// ```
    pub fn to_text(&self) -> String {
        let mut text = Text::default();
        text.head("[scenario]");
        text.value("id", &self.id);
        text.value("title", &self.title);
        text.unless("about", &self.about, &String::new());
        text.value("version", &1);
        text.value("mqtt", &self.mqtt);
        text.value("seed", &self.seed);
        text.span("until", self.until);
        self.write_broker(&mut text);
        let common = self.common_link();
        if common != LinkSpec::default() {
            text.head("[link]");
            for (key, value) in link_keys(&common, &LinkSpec::default()) {
                text.value(key, &value);
            }
        }
        for client in &self.clients {
            text.head("[[client]]");
            write_client(&mut text, client, self.mqtt, &common);
        }
        for rule in &self.rules {
            self.write_rule(&mut text, rule);
        }
        for step in &self.script {
            text.head("[[do]]");
            text.span("at", step.at);
            if let Some(when) = &step.when {
                text.value("when", &when.text);
            }
            self.write_action(&mut text, &step.action);
        }
        for UserInput { at, nth, action } in &self.inputs {
            text.head("[[do]]");
            text.span("at", *at);
            text.value("nth", nth);
            self.write_action(&mut text, action);
        }
        for expected in &self.expectations {
            text.head("[[expect]]");
            write_expectation(&mut text, expected);
        }
        text.0
    }

    fn write_broker(&self, text: &mut Text) {
        let broker = &self.broker;
        if *broker == super::BrokerSpec::default() {
            return;
        }
        text.head("[broker]");
        text.unless("disk", &broker.disk, &false);
        text.optional_span("sync_every", broker.host.sync_every);
        text.unless("shards", &broker.host.shards, &1);
        text.optional("backlog", broker.host.backlog.as_ref());
        text.optional_span("accept", Some(broker.host.accept).filter(|span| *span > 0));
        let access = &broker.access;
        text.unless("users", &access.users, &Default::default());
        text.unless("deny_publish", &access.deny_publish, &Vec::new());
        text.unless("deny_subscribe", &access.deny_subscribe, &Vec::new());
        text.changed("policy", &broker.policy, &Default::default());
        text.changed("bugs", &broker.bugs, &Default::default());
    }

    /// The network that most clients have.
    fn common_link(&self) -> LinkSpec {
        let count = |link: &LinkSpec| {
            let others = self.clients.iter().filter(|client| client.link == *link);
            others.count()
        };
        // The first of those that are as common as any, so that the same scenario gives the same text.
        let mut best: Option<(usize, LinkSpec)> = None;
        for client in self.clients.iter().take(100) {
            let count = count(&client.link);
            if best.is_none_or(|(most, _)| count > most) {
                best = Some((count, client.link));
            }
        }
        best.map_or_else(LinkSpec::default, |(_, link)| link)
    }

    fn write_rule(&self, text: &mut Text, rule: &Rule) {
        text.head("[[rule]]");
        let names: Vec<&str> = rule.who.iter().map(|who| self.name(*who)).collect();
        match names.as_slice() {
            [] => {}
            [name] => text.value("who", name),
            names => text.value("who", names),
        }
        text.unless("way", &rule.way, &Ways::Both);
        text.optional_span("from", Some(rule.from).filter(|from| *from > 0));
        text.optional_span("by", rule.by);
        match &rule.what {
            Traffic::Segments(kind) => text.optional("segment", kind.as_ref()),
            Traffic::Packets(packet, topic) => {
                text.optional("packet", packet.as_ref());
                // That it is about packets has to be said.
                let all = "#".to_owned();
                let topic = topic.as_ref().or(packet.is_none().then_some(&all));
                text.optional("topic", topic);
            }
        }
        text.optional("nth", rule.nth.as_ref());
        text.optional("share", rule.share.map(percent).as_ref());
        let verdict = match rule.verdict {
            RuleVerdict::Deliver => Verdict::Deliver,
            RuleVerdict::Lose => Verdict::Lose,
            RuleVerdict::Delay(_) => Verdict::Delay,
            RuleVerdict::Stall => Verdict::Stall,
            RuleVerdict::Cut => Verdict::Cut,
            RuleVerdict::Reset => Verdict::Reset,
            RuleVerdict::Refuse => Verdict::Refuse,
        };
        text.value("verdict", &verdict);
        if let RuleVerdict::Delay(by) = rule.verdict {
            text.span("delay", by);
        }
    }

    fn write_action(&self, text: &mut Text, action: &Action) {
        text.value("who", &self.name(action.who));
        // As it is serialised: a word, or a table with the word as its only key.
        let (word, keys) = match value(&action.act) {
            Value::String(word) => (word, Table::new()),
            Value::Table(table) => match table.into_iter().next() {
                Some((word, Value::Table(keys))) => (word, keys),
                Some((word, _)) => (word, Table::new()),
                None => return,
            },
            Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_) => return,
        };
        text.value("act", &word);
        for (key, value) in keys {
            match (key.as_str(), &value) {
                ("expiry", Value::Integer(seconds)) => {
                    text.value("expiry", &format!("{seconds}s"));
                }
                ("latency", Value::Integer(micros)) => {
                    text.span("latency", micros.unsigned_abs());
                }
                ("bandwidth", Value::Integer(rate)) => {
                    text.value("bandwidth", &format!("{rate} bit/s"));
                }
                _ if is_usual(&key, &value) => {}
                _ => text.value(&key, &value),
            }
        }
    }
}

/// Whether an act does so anyway.
fn is_usual(key: &str, value: &Value) -> bool {
    let words = match key {
        "topic" | "filter" => &[][..],
        "payload" => &[""],
        _ => &["fin", "kept", "both"],
    };
    match value {
        Value::Boolean(truth) => !truth,
        Value::Integer(number) => *number == 0,
        Value::String(word) => words.contains(&word.as_str()),
        Value::Float(_) | Value::Datetime(_) | Value::Array(_) | Value::Table(_) => false,
    }
}

fn write_client(text: &mut Text, client: &ClientSpec, mqtt: Version, common: &LinkSpec) {
    let usual = Options::default();
    let options = &client.options;
    text.value("name", &client.name);
    text.unless("client_id", &options.client_id, &client.name);
    text.unless("mqtt", &options.version, &mqtt);
    text.unless("clean", &options.clean_start, &usual.clean_start);
    if options.keep_alive != usual.keep_alive {
        text.seconds("keep_alive", options.keep_alive.into());
    }
    text.optional("user_name", options.user_name.as_ref());
    let password = options.password.as_ref();
    text.optional(
        "password",
        password.map(|it| String::from_utf8_lossy(it)).as_ref(),
    );
    if options.session_expiry > 0 {
        text.seconds("session_expiry", options.session_expiry);
    }
    text.unless(
        "receive_maximum",
        &options.receive_maximum,
        &usual.receive_maximum,
    );
    text.optional("maximum_packet_size", options.maximum_packet_size.as_ref());
    for (key, span, usual) in [
        (
            "connect_timeout",
            options.connect_timeout,
            usual.connect_timeout,
        ),
        ("ping_timeout", options.ping_timeout, usual.ping_timeout),
    ] {
        if span != usual {
            text.span(key, span.as_micros() as Micros);
        }
    }
    if let Some(reconnect) = reconnect_keys(&options.reconnect) {
        text.value("reconnect", &reconnect);
    }
    text.unless("retry_always", &options.retry_always, &false);
    if !options.resubscribe && !client.bugs.no_resubscribe {
        text.value("resubscribe", &false);
    }
    text.unless("lost_session", &options.lost_session, &usual.lost_session);
    text.unless(
        "in_flight_max",
        &options.in_flight_max,
        &usual.in_flight_max,
    );
    text.changed("queue", &options.queue, &usual.queue);
    if let Some(will) = &options.will {
        text.value("will", &will_keys(will));
    }
    let subscriptions: Vec<Table> = client.subscriptions.iter().map(subscribe_keys).collect();
    text.unless("subscribe", &subscriptions, &Vec::new());
    write_habits(text, client);
    text.changed("bugs", &client.bugs, &Default::default());
    let own: Table = link_keys(&client.link, common)
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    text.unless("link", &own, &Table::new());
}

fn write_habits(text: &mut Text, client: &ClientSpec) {
    let publications: Vec<Table> = client
        .publications
        .iter()
        .map(|publication| {
            let mut keys = message_keys(&publication.message);
            keys.insert("every".into(), span(publication.every).into());
            keys.insert("from".into(), span(publication.from).into());
            if publication.random {
                keys.insert("random".into(), true.into());
            }
            if publication.count != u32::MAX {
                keys.insert("count".into(), i64::from(publication.count).into());
            }
            keys
        })
        .collect();
    text.unless("publish", &publications, &Vec::new());
    let answers = client.habits.answers.iter().map(|answer| {
        let mut keys = message_keys(&answer.message);
        keys.insert("filter".into(), answer.filter.clone().into());
        keys
    });
    text.unless("on_receive", &answers.collect::<Vec<Table>>(), &Vec::new());
    match client.habits.acks {
        Acks::AtOnce => {}
        Acks::Late(by) => text.span("acks", by),
        Acks::Never => text.value("acks", "never"),
    }
    let read = client.habits.read.map(|rate| format!("{rate} bit/s"));
    text.optional("read", read.as_ref());
    if client.habits.clock != super::WHOLE {
        text.value("clock", &percent(client.habits.clock));
    }
}

fn reconnect_keys(reconnect: &Reconnect) -> Option<Table> {
    let Reconnect::After {
        first,
        max,
        factor,
        jitter,
        steady_after,
        attempts_max,
    } = reconnect
    else {
        return None;
    };
    let micros = |span: &core::time::Duration| Value::from(self::span(span.as_micros() as Micros));
    let mut keys = Table::new();
    keys.insert("first".into(), micros(first));
    keys.insert("max".into(), micros(max));
    keys.insert("factor".into(), i64::from(*factor).into());
    if *jitter > 0 {
        // A share is below a whole; what is written as a hundred percent was cut off before.
        let parts = (u32::from(*jitter) * 100).min(super::WHOLE - 1);
        keys.insert("jitter".into(), percent(parts).into());
    }
    keys.insert("steady_after".into(), micros(steady_after));
    if let Some(attempts) = attempts_max {
        keys.insert("attempts_max".into(), i64::from(*attempts).into());
    }
    Some(keys)
}

fn will_keys(will: &WillOptions) -> Table {
    let mut keys = message_keys(&Message {
        topic: will.topic.clone(),
        payload: String::from_utf8_lossy(&will.payload).into_owned(),
        qos: will.qos,
        retain: will.retain,
        expiry: None,
    });
    if will.delay > 0 {
        keys.insert("delay".into(), format!("{}s", will.delay).into());
    }
    keys
}

fn subscribe_keys(subscribe: &SubscribeSpec) -> Table {
    let mut keys = changed(&subscribe.options, &Default::default());
    keys.insert("filter".into(), subscribe.filter.clone().into());
    keys
}

fn message_keys(message: &Message) -> Table {
    let usual = Message {
        topic: String::new(),
        ..Message::default()
    };
    let mut keys = changed(message, &usual);
    if let Some(expiry) = message.expiry {
        keys.insert("expiry".into(), format!("{expiry}s").into());
    }
    keys
}

/// The keys by which a network differs from another.
fn link_keys(link: &LinkSpec, usual: &LinkSpec) -> Vec<(&'static str, Value)> {
    let mut keys: Vec<(&'static str, Value)> = Vec::new();
    let spans = [
        ("latency_up", link.latency_up, usual.latency_up),
        ("latency_down", link.latency_down, usual.latency_down),
        ("jitter_up", link.jitter_up, usual.jitter_up),
        ("jitter_down", link.jitter_down, usual.jitter_down),
        (
            "connect_timeout",
            link.connect_timeout,
            usual.connect_timeout,
        ),
        ("give_up", link.give_up, usual.give_up),
    ];
    for (key, is, was) in spans {
        if is != was {
            keys.push((key, span(is).into()));
        }
    }
    for (key, is, was) in [
        ("bandwidth_up", link.bandwidth_up, usual.bandwidth_up),
        ("bandwidth_down", link.bandwidth_down, usual.bandwidth_down),
    ] {
        if is != was {
            // Nothing says "unlimited": as fast as can be said is the same to the microsecond.
            let rate = is.unwrap_or(1_000_000_000_000);
            keys.push((key, format!("{rate} bit/s").into()));
        }
    }
    for (key, is, was) in [
        ("loss", link.loss, usual.loss),
        (
            "impossible_loss",
            link.impossible_loss,
            usual.impossible_loss,
        ),
    ] {
        if is != was {
            keys.push((key, percent(is).into()));
        }
    }
    for (key, is, was) in [
        ("segment", link.segment, usual.segment),
        ("buffer", link.buffer, usual.buffer),
    ] {
        if is != was {
            keys.push((key, format!("{is} B").into()));
        }
    }
    keys
}

fn write_expectation(text: &mut Text, expected: &Expectation) {
    let condition = &expected.condition.text;
    match expected.kind {
        ExpectationKind::Eventually => text.value("eventually", condition),
        ExpectationKind::Never => text.value("never", condition),
        ExpectationKind::Always => text.value("always", condition),
        ExpectationKind::Count { min, max } => {
            text.value("count", condition);
            match (min, max) {
                (min, max) if min == max => text.value("is", &min),
                (min, i64::MAX) => text.value("min", &min),
                (i64::MIN, max) => text.value("max", &max),
                (min, max) => {
                    text.value("min", &min);
                    text.value("max", &max);
                }
            }
        }
    }
    text.optional_span("from", Some(expected.from).filter(|from| *from > 0));
    text.optional_span("by", expected.by);
    text.optional("because", expected.because.as_ref());
}

/// A span of time, exactly.
fn span(micros: Micros) -> String {
    match micros {
        _ if micros.is_multiple_of(1_000_000) => format!("{}s", micros / 1_000_000),
        _ if micros.is_multiple_of(1_000) => format!("{}ms", micros / 1_000),
        _ => format!("{micros}us"),
    }
}

/// A share, exactly.
fn percent(parts: u32) -> String {
    match (parts / 100, parts % 100) {
        (whole, 0) => format!("{whole}%"),
        (whole, part) => format!("{whole}.{part:02}%"),
    }
}

fn value<T: Serialize + ?Sized>(value: &T) -> Value {
    // Only numbers beyond 63 bits have no place in TOML.
    Value::try_from(value).unwrap_or(Value::Integer(i64::MAX))
}

/// The keys of `is` that are not as in `usual`.
fn changed<T: Serialize>(is: &T, usual: &T) -> Table {
    let (Value::Table(is), Value::Table(usual)) = (value(is), value(usual)) else {
        return Table::new();
    };
    is.into_iter()
        .filter(|(key, value)| usual.get(key) != Some(value))
        .collect()
}

/// Text that grows line by line.
#[derive(Default)]
struct Text(String);

impl Text {
    fn head(&mut self, head: &str) {
        let gap = if self.0.is_empty() { "" } else { "\n" };
        let _ = writeln!(self.0, "{gap}{head}");
    }

    fn value<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) {
        let _ = writeln!(self.0, "{key} = {}", self::value(value));
    }

    fn unless<T: Serialize + PartialEq>(&mut self, key: &str, value: &T, usual: &T) {
        if value != usual {
            self.value(key, value);
        }
    }

    fn changed<T: Serialize>(&mut self, key: &str, is: &T, usual: &T) {
        let changed = changed(is, usual);
        self.unless(key, &changed, &Table::new());
    }

    fn optional<T: Serialize>(&mut self, key: &str, value: Option<&T>) {
        if let Some(value) = value {
            self.value(key, value);
        }
    }

    fn span(&mut self, key: &str, micros: Micros) {
        self.value(key, &span(micros));
    }

    fn optional_span(&mut self, key: &str, micros: Option<Micros>) {
        if let Some(micros) = micros {
            self.span(key, micros);
        }
    }

    fn seconds(&mut self, key: &str, seconds: u32) {
        self.value(key, &format!("{seconds}s"));
    }
}
