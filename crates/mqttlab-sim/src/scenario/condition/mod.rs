//! Conditions: small expressions about a moment of a run.
//!
//! ```text
//! connections("pump-1") <= 1
//! eventually: received("monitor", "status/#") >= 3 and not connected("A")
//! now > 5s and state("B") == "waiting"
//! ```
//!
//! There are numbers, spans of time (`5s`, which is a number of microseconds), text in single or double quotes, `true`
//! and `false`; `== != < <= > >=`, `+`, `-`, `and`, `or`, `not` and parentheses; and these facts:
//!
//! | fact | is |
//! | --- | --- |
//! | `now` | the time since the start |
//! | `state("A")` | what a client is doing: `idle`, `opening`, `connecting`, `connected`, `waiting`, `asleep`, `crashed`; a broker: `running`, `crashed` |
//! | `backlog` | how many connections wait for the broker to accept them |
//! | `connected("A")` | whether a client has its CONNACK and believes itself connected |
//! | `connections("pump-1")` | how many connections the broker keeps for a Client Identifier |
//! | `session("pump-1")` | whether the broker has a session |
//! | `queued("pump-1")` | messages that wait in that session |
//! | `subscribed("pump-1", "a/#")` | whether that session has this Topic Filter |
//! | `believes_subscribed("A", "a/#")` | whether a client believes that it has this subscription |
//! | `retained("status/1")` | the payload of the retained message, `""` if there is none |
//! | `received("A")` | messages that a client's application got so far; with a Topic Filter, and a payload, only those |
//! | `sent("A", "CONNECT")` | packets of that type that a participant handed to the network so far; with a Topic Filter, only those PUBLISH |
//! | `arrived("A", "CONNACK")` | packets of that type that reached a participant so far; with words, only those whose line in the list of events has them: `arrived("A", "CONNACK", "session present 1")` |
//! | `resent("A")` | PUBLISH packets with DUP that it sent so far |
//! | `decided("MQTT-3.1.4-2")` | decisions so far that rest on that normative statement |

mod flat;
#[cfg(feature = "text")]
mod parse;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::view::{Micros, ParticipantId, ParticipantState};

#[cfg(feature = "text")]
pub(crate) use parse::{ConditionError, Kind, parse};

/// An expression that is true or false, or a number, at each moment of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// As it was written.
    pub text: String,
    pub(crate) expression: Expression,
}

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Value {
    Number(i64),
    Truth(bool),
    Text(String),
}

impl Value {
    fn is_true(&self) -> bool {
        *self == Self::Truth(true)
    }

    fn number(&self) -> i64 {
        match self {
            Self::Number(number) => *number,
            Self::Truth(truth) => i64::from(*truth),
            Self::Text(_) => 0,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "flat::Flat", try_from = "flat::Flat")]
pub(crate) enum Expression {
    Constant(Value),
    Fact(Fact),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Compare(Box<Self>, Comparison, Box<Self>),
    Add(Box<Self>, Box<Self>),
    Subtract(Box<Self>, Box<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// Something that can be asked about a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fact {
    Now,
    State(ParticipantId),
    Connected(ParticipantId),
    Connections(String),
    Session(String),
    Queued(String),
    Subscribed(String, String),
    BelievesSubscribed(ParticipantId, String),
    Retained(String),
    Tally(Tally),
    Backlog,
}

/// Something that is counted from the start of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Tally {
    Received {
        who: ParticipantId,
        filter: Option<String>,
        payload: Option<String>,
    },
    Sent {
        who: ParticipantId,
        packet: String,
        filter: Option<String>,
    },
    Arrived {
        who: ParticipantId,
        packet: String,
        words: Option<String>,
    },
    Resent {
        who: ParticipantId,
    },
    Decided {
        clause: String,
    },
}

/// Answers the questions of a condition about one moment.
pub(crate) trait Facts {
    fn now(&self) -> Micros;
    fn state(&self, who: ParticipantId) -> ParticipantState;
    fn backlog(&self) -> u64;
    fn connections(&self, client_id: &str) -> u64;
    fn has_session(&self, client_id: &str) -> bool;
    fn queued(&self, client_id: &str) -> u64;
    fn is_subscribed(&self, client_id: &str, filter: &str) -> bool;
    fn believes_subscribed(&self, who: ParticipantId, filter: &str) -> bool;
    fn retained(&self, topic: &str) -> String;
    fn tally(&self, tally: &Tally) -> u64;
}

impl Condition {
    /// Whether it is true now.
    pub(crate) fn holds(&self, facts: &dyn Facts) -> bool {
        self.expression.value(facts).is_true()
    }

    /// The number that it is now.
    pub(crate) fn number(&self, facts: &dyn Facts) -> i64 {
        self.expression.value(facts).number()
    }

    /// Everything in it that has to be counted while the run goes on.
    pub(crate) fn tallies(&self) -> Vec<Tally> {
        let mut found = Vec::new();
        self.expression.collect_tallies(&mut found);
        found
    }

    /// Everybody it asks about.
    pub(crate) fn participants(&self) -> Vec<ParticipantId> {
        let flat = flat::Flat::from(self.expression.clone());
        flat.participants().collect()
    }
}

impl Expression {
    fn value(&self, facts: &dyn Facts) -> Value {
        match self {
            Self::Constant(value) => value.clone(),
            Self::Fact(fact) => fact.value(facts),
            Self::Not(inner) => Value::Truth(!inner.value(facts).is_true()),
            Self::And(a, b) => Value::Truth(a.value(facts).is_true() && b.value(facts).is_true()),
            Self::Or(a, b) => Value::Truth(a.value(facts).is_true() || b.value(facts).is_true()),
            Self::Compare(a, comparison, b) => {
                let ordering = match (a.value(facts), b.value(facts)) {
                    (Value::Text(a), Value::Text(b)) => a.cmp(&b),
                    (a, b) => a.number().cmp(&b.number()),
                };
                Value::Truth(comparison.holds(ordering))
            }
            Self::Add(a, b) => Value::Number(
                a.value(facts)
                    .number()
                    .saturating_add(b.value(facts).number()),
            ),
            Self::Subtract(a, b) => Value::Number(
                a.value(facts)
                    .number()
                    .saturating_sub(b.value(facts).number()),
            ),
        }
    }

    fn collect_tallies(&self, found: &mut Vec<Tally>) {
        match self {
            Self::Fact(Fact::Tally(tally)) => found.push(tally.clone()),
            Self::Constant(_) | Self::Fact(_) => {}
            Self::Not(inner) => inner.collect_tallies(found),
            Self::And(a, b)
            | Self::Or(a, b)
            | Self::Compare(a, _, b)
            | Self::Add(a, b)
            | Self::Subtract(a, b) => {
                a.collect_tallies(found);
                b.collect_tallies(found);
            }
        }
    }
}

impl Fact {
    fn value(&self, facts: &dyn Facts) -> Value {
        let count = |number: u64| Value::Number(i64::try_from(number).unwrap_or(i64::MAX));
        match self {
            Self::Now => count(facts.now()),
            Self::Backlog => count(facts.backlog()),
            Self::State(who) => Value::Text(facts.state(*who).name().to_owned()),
            Self::Connected(who) => Value::Truth(facts.state(*who) == ParticipantState::Connected),
            Self::Connections(client_id) => count(facts.connections(client_id)),
            Self::Session(client_id) => Value::Truth(facts.has_session(client_id)),
            Self::Queued(client_id) => count(facts.queued(client_id)),
            Self::Subscribed(client_id, filter) => {
                Value::Truth(facts.is_subscribed(client_id, filter))
            }
            Self::BelievesSubscribed(who, filter) => {
                Value::Truth(facts.believes_subscribed(*who, filter))
            }
            Self::Retained(topic) => Value::Text(facts.retained(topic)),
            Self::Tally(tally) => count(facts.tally(tally)),
        }
    }
}
