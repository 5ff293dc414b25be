//! Watching a run: what its expectations count, and whether they hold.

use serde::{Deserialize, Serialize};

use crate::describe;
use crate::order;
use crate::scenario::condition::{Condition, Facts, Tally};
use crate::scenario::duration;
use crate::scenario::{Expectation, ExpectationKind, Scenario};
use crate::view::{EndState, Micros, ParticipantId, ParticipantState};
use crate::world::World;

/// What came of an expectation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectationResult {
    /// Which, in the order of the scenario.
    pub index: u32,
    /// It in words: `never connections("pump-1") > 1`.
    pub text: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// When that was settled.
    pub at: Option<Micros>,
    /// More about it: the number that was counted, what the author says.
    pub detail: Option<String>,
}

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It does.
    Pass,
    /// It does not.
    Fail,
    /// The run has not come far enough to tell.
    Undecided,
}

/// Everything that is counted in a run.
#[derive(Clone, Debug)]
pub(crate) struct Tallies(Vec<(Tally, u64)>);

impl Tallies {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let all = scenario
            .expectations
            .iter()
            .map(|expected| &expected.condition)
            .chain(&scenario.watched)
            .chain(scenario.script.iter().filter_map(|step| step.when.as_ref()))
            .flat_map(Condition::tallies);
        let mut tallies = Self(Vec::new());
        for tally in all {
            if let Err(at) = tallies.find(&tally) {
                tallies.0.insert(at, (tally, 0));
            }
        }
        tallies
    }

    /// One more for each that `counts` says yes to.
    pub(crate) fn count(&mut self, counts: impl Fn(&Tally) -> bool) {
        for (tally, number) in &mut self.0 {
            if counts(tally) {
                *number += 1;
            }
        }
    }

    fn get(&self, tally: &Tally) -> u64 {
        match self.find(tally) {
            Ok(at) => self.0[at].1,
            Err(_) => 0,
        }
    }

    /// Where it is, or where it would be: they are in order.
    fn find(&self, tally: &Tally) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.cmp(tally))
    }
}

/// How far each expectation is settled.
#[derive(Clone, Debug)]
pub(crate) struct Monitors(Vec<Option<(Verdict, Micros)>>);

impl Monitors {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self(vec![None; scenario.expectations.len()])
    }

    /// The moments at which conditions begin and end to be looked at, although nothing happens then.
    pub(crate) fn moments(scenario: &Scenario) -> Vec<Micros> {
        let moments = scenario
            .expectations
            .iter()
            .flat_map(|expected| [Some(expected.from), expected.by]);
        let mut moments: Vec<Micros> = moments.flatten().filter(|at| *at > 0).collect();
        order::by_key(&mut moments, |at| (*at, 0));
        moments.dedup();
        moments
    }
}

impl World {
    /// Looks at each expectation that is not settled.
    pub(crate) fn watch(&mut self) {
        if self.state.monitors.0.iter().all(Option::is_some) {
            return;
        }
        let now = self.state.now;
        for index in 0..self.scenario.expectations.len() {
            if self.state.monitors.0[index].is_some() {
                continue;
            }
            let expected = &self.scenario.expectations[index];
            let in_time = now >= expected.from && expected.by.is_none_or(|by| now <= by);
            let verdict = match expected.kind {
                _ if !in_time => None,
                ExpectationKind::Eventually => {
                    expected.condition.holds(self).then_some(Verdict::Pass)
                }
                ExpectationKind::Never => expected.condition.holds(self).then_some(Verdict::Fail),
                ExpectationKind::Always => {
                    (!expected.condition.holds(self)).then_some(Verdict::Fail)
                }
                ExpectationKind::Count { min, max } => (expected.by == Some(now)).then(|| {
                    let number = expected.condition.number(self);
                    pass_if((min..=max).contains(&number))
                }),
            };
            self.state.monitors.0[index] = verdict.map(|verdict| (verdict, now));
        }
    }

    /// What has come of the expectations by `now`.
    pub(crate) fn results(&self, now: Micros) -> Vec<ExpectationResult> {
        let expectations = self.scenario.expectations.iter().enumerate();
        expectations
            .map(|(index, expected)| self.result(index, expected, now))
            .collect()
    }

    fn result(&self, index: usize, expected: &Expectation, now: Micros) -> ExpectationResult {
        let end = expected.by.unwrap_or(self.scenario.until);
        // When nothing is left to happen, nothing will change until the end.
        let is_over = now >= end || self.next_at().is_none();
        let (verdict, at) = match (self.state.monitors.0[index], expected.kind) {
            (Some((verdict, at)), _) => (verdict, Some(at)),
            (None, _) if !is_over => (Verdict::Undecided, None),
            (None, ExpectationKind::Eventually) => (Verdict::Fail, Some(end)),
            (None, ExpectationKind::Never | ExpectationKind::Always) => (Verdict::Pass, Some(end)),
            (None, ExpectationKind::Count { min, max }) => {
                let number = expected.condition.number(self);
                (pass_if((min..=max).contains(&number)), Some(end))
            }
        };
        let counted = match expected.kind {
            ExpectationKind::Count { .. } => {
                Some(format!("it is {}", expected.condition.number(self)))
            }
            ExpectationKind::Eventually | ExpectationKind::Never | ExpectationKind::Always => None,
        };
        let because = match verdict {
            Verdict::Fail => expected.because.clone(),
            Verdict::Pass | Verdict::Undecided => None,
        };
        let detail: Vec<String> = [counted, because].into_iter().flatten().collect();
        ExpectationResult {
            index: index as u32,
            text: words(expected),
            verdict,
            at,
            detail: (!detail.is_empty()).then(|| detail.join("; ")),
        }
    }
}

fn pass_if(holds: bool) -> Verdict {
    match holds {
        true => Verdict::Pass,
        false => Verdict::Fail,
    }
}

fn words(expected: &Expectation) -> String {
    let condition = &expected.condition.text;
    let mut text = match expected.kind {
        ExpectationKind::Eventually => format!("eventually {condition}"),
        ExpectationKind::Never => format!("never {condition}"),
        ExpectationKind::Always => format!("always {condition}"),
        ExpectationKind::Count { min, max } if min == max => format!("{condition} is {min}"),
        ExpectationKind::Count { min: i64::MIN, max } => format!("{condition} is at most {max}"),
        ExpectationKind::Count { min, max: i64::MAX } => format!("{condition} is at least {min}"),
        ExpectationKind::Count { min, max } => format!("{condition} is {min} to {max}"),
    };
    if expected.from > 0 {
        text.push_str(&format!(", from {}", duration::words(expected.from)));
    }
    if let Some(by) = expected.by {
        text.push_str(&format!(", by {}", duration::words(by)));
    }
    text
}

impl Facts for World {
    fn now(&self) -> Micros {
        self.state.now
    }

    fn state(&self, who: ParticipantId) -> ParticipantState {
        crate::look::participant_state(self, who).0
    }

    fn backlog(&self) -> u64 {
        self.state.broker.waiting.len() as u64
    }

    fn connections(&self, client_id: &str) -> u64 {
        let pipes = self.state.pipes.values();
        let open = pipes.filter(|pipe| pipe.broker_end.state == EndState::Open);
        open.filter(|pipe| pipe.client_id.as_deref() == Some(client_id))
            .count() as u64
    }

    fn has_session(&self, client_id: &str) -> bool {
        self.broker_session(client_id).is_some()
    }

    fn queued(&self, client_id: &str) -> u64 {
        self.broker_session(client_id)
            .map_or(0, |session| session.queue_len() as u64)
    }

    fn is_subscribed(&self, client_id: &str, filter: &str) -> bool {
        self.broker_session(client_id)
            .is_some_and(|session| session.subscriptions().any(|one| one.filter == filter))
    }

    fn believes_subscribed(&self, who: ParticipantId, filter: &str) -> bool {
        let host = who
            .checked_sub(1)
            .and_then(|index| self.state.clients.get(index as usize));
        let machine = host.and_then(|host| host.machine.as_ref());
        machine.is_some_and(|machine| {
            let mut subscriptions = machine.subscriptions().iter();
            subscriptions.any(|one| one.filter == filter)
        })
    }

    fn retained(&self, topic: &str) -> String {
        // Every shard has all of them.
        let machine = self.state.broker.machine.as_ref();
        machine
            .and_then(|machine| machine.retained().find(|message| message.topic == topic))
            .map_or_else(String::new, |message| {
                describe::payload_text(message.payload)
            })
    }

    fn tally(&self, tally: &Tally) -> u64 {
        self.state.tallies.get(tally)
    }
}
