//! Looking for a run in which something fails: seed after seed, with disturbances drawn from the seed.
//!
//! ```
//! use mqttlab_sim::hunt::{Hunt, Profile};
//! use mqttlab_sim::recording::Recording;
//! use mqttlab_sim::scenario::Scenario;
//! let scenario = Scenario::parse(r#"
//! [scenario]
//! id = "fragile"
//! title = "It takes one disturbance"
//! version = 1
//! until = "20s"
//! [[client]]
//! name = "A"
//! [[do]]
//! at = "0s"
//! who = "A"
//! act = "connect"
//! [[expect]]
//! always = 'connected("A")'
//! from = "1s"
//! "#)?;
//! let hunt = Hunt::new(scenario, Profile::default());
//! let finding = (0..50).find_map(|seed| hunt.try_seed(seed)).expect("some seed breaks it");
//! let finding = hunt.shrink(finding);
//! assert_eq!(finding.changes.inputs.len(), 1);
//! let mut recording: Recording = hunt.replay(&finding);
//! recording.seek(recording.end());
//! # Ok::<(), mqttlab_sim::scenario::ScenarioError>(())
//! ```

use mqttlab_core::rng::Rng;
use serde::{Deserialize, Serialize};

use crate::monitor::{ExpectationResult, Verdict};
use crate::recording::{Changes, Recording, UserInput};
use crate::scenario::{Act, Action, Ending, Memory, Scenario, Ways};
use crate::view::{Micros, ParticipantId};

/// What disturbs the runs, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Profile {
    /// The most disturbances in one run; 0 leaves only the seed to chance.
    pub disturbances_max: u32,
    /// The longest that one lasts, in microseconds.
    pub lasts_max: Micros,
    /// The last part of the run is left in peace, so that what is owed can still come: in percent of it.
    pub peace_percent: u8,
    /// Cables are pulled and links stall.
    pub links: bool,
    /// Connections are reset and closed.
    pub connections: bool,
    /// Clients crash and lose power.
    pub clients: bool,
    /// The broker crashes.
    pub broker: bool,
}

impl Default for Profile {
    /// Up to three disturbances of links and connections of up to 5 s, and peace in the second half.
    fn default() -> Self {
        Self {
            disturbances_max: 3,
            lasts_max: 5_000_000,
            peace_percent: 50,
            links: true,
            connections: true,
            clients: false,
            broker: false,
        }
    }
}

/// A run in which an expectation failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The seed of the scenario.
    pub seed: u64,
    /// What disturbed it.
    pub changes: Changes,
    /// The expectations that failed.
    pub failed: Vec<ExpectationResult>,
}

/// A search for a run that fails.
#[derive(Clone, Debug)]
pub struct Hunt {
    scenario: Scenario,
    profile: Profile,
}

impl Hunt {
    /// A search among the runs of `scenario`.
    pub fn new(scenario: Scenario, profile: Profile) -> Self {
        Self { scenario, profile }
    }

    /// Plays one run; a finding if an expectation fails in it. The same seed always gives the same run.
    pub fn try_seed(&self, seed: u64) -> Option<Finding> {
        let changes = self.disturb(seed);
        self.try_changes(seed, changes)
    }

    /// Leaves out of a finding what it does not need to fail in the same expectations.
    pub fn shrink(&self, finding: Finding) -> Finding {
        let mut best = finding;
        let mut size = best.changes.inputs.len();
        while size > 0 {
            let mut start = 0;
            while start < best.changes.inputs.len() {
                let mut changes = best.changes.clone();
                let end = (start + size).min(changes.inputs.len());
                changes.inputs.drain(start..end);
                match self.try_changes(best.seed, changes) {
                    Some(smaller) if fails_alike(&smaller, &best) => best = smaller,
                    Some(_) | None => start = end,
                }
            }
            size /= 2;
        }
        best
    }

    /// The run of a finding, at its start, on a branch of its own.
    pub fn replay(&self, finding: &Finding) -> Recording {
        Recording::with_changes(self.with_seed(finding.seed), finding.changes.clone())
    }

    fn with_seed(&self, seed: u64) -> Scenario {
        Scenario {
            seed,
            ..self.scenario.clone()
        }
    }

    fn try_changes(&self, seed: u64, changes: Changes) -> Option<Finding> {
        let mut recording = Recording::with_changes(self.with_seed(seed), changes.clone());
        recording.seek(recording.end());
        let results = recording.check().into_iter();
        let failed: Vec<_> = results
            .filter(|result| result.verdict == Verdict::Fail)
            .collect();
        (!failed.is_empty()).then_some(Finding {
            seed,
            changes,
            failed,
        })
    }

    /// The disturbances of this seed.
    fn disturb(&self, seed: u64) -> Changes {
        let mut rng = Rng::new(seed).fork(0x0D15_74B5);
        let mut inputs = Vec::new();
        let peace = u64::from(self.profile.peace_percent.min(100));
        let noisy = self.scenario.until / 100 * (100 - peace);
        for _ in 0..rng.below(u64::from(self.profile.disturbances_max) + 1) {
            let at = rng.below(noisy.max(1));
            let ends_at =
                (at + 1 + rng.below(self.profile.lasts_max.max(1))).min(noisy.max(at + 1));
            self.disturbance(&mut rng, at, ends_at, &mut inputs);
        }
        inputs.sort_by_key(|input: &UserInput| input.at);
        Changes {
            inputs,
            omitted: Vec::new(),
        }
    }

    /// One disturbance and its end.
    fn disturbance(&self, rng: &mut Rng, at: Micros, ends_at: Micros, inputs: &mut Vec<UserInput>) {
        let Profile {
            links,
            connections,
            clients,
            broker,
            ..
        } = self.profile;
        let kinds = [
            (Kind::Cut, links),
            (Kind::Stall, links),
            (Kind::Reset, connections),
            (Kind::Close, connections),
            (Kind::Crash, clients),
            (Kind::PowerOff, clients),
            (Kind::BrokerCrash, broker),
        ];
        let kinds: Vec<Kind> = kinds
            .into_iter()
            .filter(|(_, on)| *on)
            .map(|(kind, _)| kind)
            .collect();
        let (Some(&kind), who) = (
            kinds.get(rng.below(kinds.len() as u64) as usize),
            1 + rng.below(self.scenario.clients.len() as u64) as ParticipantId,
        ) else {
            return;
        };
        let way = [Ways::Both, Ways::Up, Ways::Down][rng.below(3) as usize];
        let how = [Ending::Fin, Ending::Rst][rng.below(2) as usize];
        let mut add = |at: Micros, who: ParticipantId, act: Act| {
            let action = Action { who, act };
            inputs.push(UserInput { at, nth: 0, action });
        };
        let memory = Memory::Kept;
        match kind {
            Kind::Cut => {
                add(at, who, Act::Cut { way });
                add(ends_at, who, Act::Heal);
            }
            Kind::Stall => {
                add(at, who, Act::Stall { way });
                add(ends_at, who, Act::Release { way: Ways::Both });
            }
            Kind::Reset => add(at, who, Act::Reset),
            Kind::Close => add(at, who, Act::Close),
            Kind::Crash | Kind::PowerOff => {
                let dies = if kind == Kind::Crash {
                    Act::Crash { how }
                } else {
                    Act::PowerOff
                };
                add(at, who, dies);
                add(ends_at, who, Act::Restart { memory });
                add(ends_at, who, Act::Connect);
            }
            Kind::BrokerCrash => {
                add(at, 0, Act::Crash { how });
                add(ends_at, 0, Act::Restart { memory });
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cut,
    Stall,
    Reset,
    Close,
    Crash,
    PowerOff,
    BrokerCrash,
}

/// Whether one finding fails in all that the other fails in.
fn fails_alike(finding: &Finding, other: &Finding) -> bool {
    let failed = |index| finding.failed.iter().any(|result| result.index == index);
    other.failed.iter().all(|result| failed(result.index))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pump with a known mistake: after a reconnect it publishes again what it should only release.
    fn buggy(bug: bool) -> Hunt {
        let text = format!(
            r#"
[scenario]
id = "doses"
title = "Doses"
version = 1
until = "40s"
[link]
latency = "40ms"
[[client]]
name = "pump"
clean = false
reconnect = {{ first = "500ms" }}
publish = [{{ every = "300ms", topic = "dose", payload = "{{n}}", qos = 2, count = 40 }}]
bugs = {{ publish_after_pubrel = {bug} }}
[[client]]
name = "monitor"
clean = false
reconnect = {{ first = "500ms" }}
subscribe = [{{ filter = "dose", qos = 2 }}]
[[do]]
at = "0s"
who = ["monitor", "pump"]
act = "connect"
[[expect]]
count = 'received("monitor")'
is = 40
because = "each dose arrives exactly once"
"#
        );
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        let profile = Profile {
            clients: false,
            disturbances_max: 6,
            ..Profile::default()
        };
        Hunt::new(scenario, profile)
    }

    #[test]
    fn a_known_mistake_is_found_shrunk_and_replayed() {
        let hunt = buggy(true);
        let finding = (0..200)
            .find_map(|seed| hunt.try_seed(seed))
            .expect("it shows");
        let small = hunt.shrink(finding.clone());
        assert!(small.changes.inputs.len() <= finding.changes.inputs.len());
        assert!(
            small.changes.inputs.len() <= 2,
            "{:#?}",
            small.changes.inputs
        );
        let mut recording = hunt.replay(&small);
        recording.seek(recording.end());
        let results = recording.check().into_iter();
        let failed: Vec<_> = results
            .filter(|result| result.verdict == Verdict::Fail)
            .collect();
        assert_eq!(failed, small.failed);
        assert_eq!(
            hunt.try_seed(finding.seed),
            Some(finding),
            "a seed is always the same run"
        );
    }

    #[test]
    fn without_the_mistake_nothing_is_found() {
        let hunt = buggy(false);
        for seed in 0..40 {
            let finding = hunt.try_seed(seed);
            assert_eq!(finding, None, "seed {seed}");
        }
    }
}
