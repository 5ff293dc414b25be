//! The small language in which events and flights are searched: `type:publish topic:a/# dup`.
//!
//! Words are joined by *and*; a `-` before a word turns it round; commas list alternatives. A word without a colon is a
//! flag (`dup`, `retain`) or text to be found anywhere in the line.

use mqttlab_sim::view::{Event, EventKind, Flight, FlightKind};

use crate::scene::Inner;

/// What to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    words: Vec<Word>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    is_not: bool,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Type(Vec<String>),
    Topic(Vec<String>),
    From(Vec<String>),
    To(Vec<String>),
    Kind(Vec<String>),
    Qos(Vec<String>),
    Dup,
    Retain,
    Text(String),
}

impl Filter {
    /// Reads what somebody typed. Everything means something: a word that is no test is text to look for.
    pub(crate) fn parse(text: &str) -> Self {
        let words = text.split_whitespace().filter_map(|word| {
            let (is_not, word) = match word.strip_prefix('-') {
                Some(rest) => (true, rest),
                None => (false, word),
            };
            (!word.is_empty()).then(|| Word {
                is_not,
                test: Test::parse(word),
            })
        });
        Self {
            words: words.collect(),
        }
    }

    /// Whether it asks for what somebody of this name sends or gets.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.words.iter().any(|word| match &word.test {
            Test::From(names) | Test::To(names) => !word.is_not && is_named(name, names),
            Test::Type(_)
            | Test::Topic(_)
            | Test::Kind(_)
            | Test::Qos(_)
            | Test::Dup
            | Test::Retain
            | Test::Text(_) => false,
        })
    }

    /// Whether an event is to be shown.
    pub(crate) fn has_event(&self, event: &Event, scene: &Inner) -> bool {
        let flight = event.flight.and_then(|id| scene.flight(id));
        self.words.iter().all(|word| {
            word.test
                .holds(Some(event), flight.map(|flight| &**flight), scene)
                != word.is_not
        })
    }

    /// Whether a flight is to be shown.
    pub(crate) fn has_flight(&self, flight: &Flight, scene: &Inner) -> bool {
        self.words
            .iter()
            .all(|word| word.test.holds(None, Some(flight), scene) != word.is_not)
    }
}

impl Test {
    fn parse(word: &str) -> Self {
        let lower = word.to_ascii_lowercase();
        let list = |values: &str| -> Vec<String> {
            let values = values.split(',').filter(|value| !value.is_empty());
            values.map(str::to_owned).collect()
        };
        match lower.split_once(':') {
            Some(("type", values)) => Self::Type(list(values)),
            // Topics know upper and lower case.
            Some(("topic", values)) => Self::Topic(list(&word[word.len() - values.len()..])),
            Some(("from", values)) => Self::From(list(values)),
            Some(("to", values)) => Self::To(list(values)),
            Some(("kind", values)) => Self::Kind(list(values)),
            Some(("qos", values)) => Self::Qos(list(values)),
            Some(_) => Self::Text(lower),
            None if lower == "dup" => Self::Dup,
            None if lower == "retain" => Self::Retain,
            None => Self::Text(lower),
        }
    }

    fn holds(&self, event: Option<&Event>, flight: Option<&Flight>, scene: &Inner) -> bool {
        let flight_has = |test: &dyn Fn(&Flight) -> bool| flight.is_some_and(test);
        match self {
            Self::Type(values) => flight_has(&|flight| {
                values.iter().any(|value| {
                    flight.name.to_ascii_lowercase() == *value || family(flight.what) == value
                })
            }),
            Self::Topic(filters) => flight_has(&|flight| {
                let topic = flight.topic.as_deref();
                topic.is_some_and(|topic| filters.iter().any(|filter| topic_matches(filter, topic)))
            }),
            Self::From(values) => flight_has(&|flight| is_named(scene.name(flight.from), values)),
            Self::To(values) => flight_has(&|flight| is_named(scene.name(flight.to), values)),
            Self::Kind(values) => {
                event.is_some_and(|event| values.iter().any(|value| kind(event.kind) == value))
            }
            Self::Qos(values) => flight_has(&|flight| {
                let qos = flight.qos.map(|qos| qos.to_string());
                qos.is_some_and(|qos| values.contains(&qos))
            }),
            Self::Dup => flight_has(&|flight| flight.dup),
            Self::Retain => flight_has(&|flight| flight.retain),
            Self::Text(text) => {
                let has = |line: &str| line.to_ascii_lowercase().contains(text.as_str());
                event.is_some_and(|event| {
                    has(&event.text)
                        || has(scene.name(event.participant))
                        || event.clause.as_deref().is_some_and(has)
                }) || flight_has(&|flight| has(&flight.name) || has(&flight.summary))
            }
        }
    }
}

fn is_named(name: &str, values: &[String]) -> bool {
    let name = name.to_ascii_lowercase();
    values.contains(&name)
}

fn family(kind: FlightKind) -> &'static str {
    match kind {
        FlightKind::Connect => "connection",
        FlightKind::Publish => "message",
        FlightKind::Ack => "ack",
        FlightKind::QoS2 => "qos2",
        FlightKind::Subscribe => "subscription",
        FlightKind::Ping => "ping",
        FlightKind::Tcp => "tcp",
    }
}

fn kind(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Action => "action",
        EventKind::Sent => "sent",
        EventKind::Arrived => "arrived",
        EventKind::Connection => "connection",
        EventKind::Timer => "timer",
        EventKind::Decision => "decision",
        EventKind::Application => "application",
        EventKind::Fault => "fault",
    }
}

/// Level by level: `+` is one level, `#` this one and all below.
///
/// Here it searches, so unlike a subscription's `#` it also finds topics that begin with `$`.
fn topic_matches(filter: &str, topic: &str) -> bool {
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        if wanted == "#" {
            return true;
        }
        match levels.next() {
            Some(level) if wanted == "+" || wanted == level => {}
            Some(_) | None => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests;
