//! Looking for a run in which something fails: seed after seed, with disturbances drawn from the seed.
//!
//! Each run has three parts: a noisy one with disturbances, a quiet one up to the scenario's end, and a grace in which
//! everything is healed and nothing new is published. What the scenario forbids is looked at after every single thing
//! that happens; what it demands, at its end; and after the grace every delivery that is still owed is a failure too.
//! So a run is sound, or it is unsafe (something happened that must not), or something is owed (something did not happen
//! that must).
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
//! assert_eq!(finding.changes.inputs.len() + finding.rules.len(), 1);
//! let mut recording: Recording = hunt.replay(&finding);
//! recording.seek(recording.end());
//! # Ok::<(), mqttlab_sim::scenario::ScenarioError>(())
//! ```

mod disturb;
mod inevitable;
mod owed;
#[cfg(feature = "text")]
mod reduce;
mod shrink;
#[cfg(all(test, feature = "text"))]
mod tests;

use serde::{Deserialize, Serialize};

use crate::monitor::{ExpectationResult, Verdict};
use crate::recording::{Changes, Recording, Violation};
use crate::scenario::{ExpectationKind, Rule, Scenario};
use crate::view::Micros;

pub use inevitable::Inevitable;
pub use owed::Owed;

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
    /// Of what links and connections suffer, some is said by a [`Rule`]: segments are lost for a while, or held back, or
    /// reset their connection.
    pub rules: bool,
    /// Clients crash, lose power, sleep and stop reading.
    pub clients: bool,
    /// The broker crashes, loses power and turns connections away.
    pub broker: bool,
    /// Each run has only some of these kinds, drawn from its seed: what one kind hides, another run shows.
    pub swarm: bool,
    /// How long after the scenario's end everything is healed and what is owed may still come, in microseconds; at 0
    /// nothing but the scenario's own expectations is looked at.
    pub grace: Micros,
}

impl Default for Profile {
    /// Up to three disturbances of links and connections of up to 5 s, peace in the second half, and a minute of grace.
    fn default() -> Self {
        Self {
            disturbances_max: 3,
            lasts_max: 5_000_000,
            peace_percent: 50,
            links: true,
            connections: true,
            rules: true,
            clients: false,
            broker: false,
            swarm: true,
            grace: 60_000_000,
        }
    }
}

/// In which way a run fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// Something happened that must not.
    Safety,
    /// Something did not happen that must.
    Liveness,
}

/// A run in which something failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The seed of the scenario.
    pub seed: u64,
    /// What disturbed it, and what the scenario's script does not need for it.
    pub changes: Changes,
    /// The rules that disturbed it, behind those of the scenario.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// In which way it fails: [`Failure::Safety`] if in any expectation so.
    pub failure: Failure,
    /// The expectations that failed.
    pub failed: Vec<ExpectationResult>,
    /// Deliveries that are still owed after the grace.
    pub owed: Vec<Owed>,
    /// What must always hold and did not: a bug of the simulator, or of a machine in it.
    #[serde(default)]
    pub violation: Option<Violation>,
}

/// A run to be tried.
#[derive(Clone, Debug, PartialEq)]
struct Trial {
    seed: u64,
    changes: Changes,
    rules: Vec<Rule>,
}

impl Finding {
    fn trial(&self) -> Trial {
        Trial {
            seed: self.seed,
            changes: self.changes.clone(),
            rules: self.rules.clone(),
        }
    }
}

/// A search for a run that fails.
#[derive(Clone, Debug)]
pub struct Hunt {
    /// As it was given.
    scenario: Scenario,
    /// The same with a grace behind it.
    extended: Scenario,
    profile: Profile,
    #[cfg(feature = "checks")]
    is_checked: bool,
}

impl Hunt {
    /// A search among the runs of `scenario`.
    pub fn new(scenario: Scenario, profile: Profile) -> Self {
        let extended = owed::extend(&scenario, profile.grace);
        Self {
            scenario,
            extended,
            profile,
            #[cfg(feature = "checks")]
            is_checked: false,
        }
    }

    /// The same, in which a run also fails where something does not hold that must always hold, looked at after each
    /// happening.
    #[cfg(feature = "checks")]
    #[must_use]
    pub fn checked(mut self) -> Self {
        self.is_checked = true;
        self
    }

    /// The same search among the runs of another scenario.
    #[cfg(feature = "text")]
    fn of(&self, scenario: Scenario) -> Self {
        Self {
            extended: owed::extend(&scenario, self.profile.grace),
            scenario,
            ..self.clone()
        }
    }

    /// Plays one run; a finding if it fails. The same seed always gives the same run, whoever plays it.
    pub fn try_seed(&self, seed: u64) -> Option<Finding> {
        self.try_trial(self.disturbances(seed))
    }

    /// The run of a finding, at its start, on a branch of its own; its scenario ends with the grace.
    pub fn replay(&self, finding: &Finding) -> Recording {
        self.recording(&finding.trial())
    }

    /// A run, at its start.
    fn recording(&self, trial: &Trial) -> Recording {
        let mut scenario = self.extended.clone();
        scenario.seed = trial.seed;
        scenario.rules.extend_from_slice(&trial.rules);
        let recording = Recording::with_changes(scenario, trial.changes.clone());
        #[cfg(feature = "checks")]
        if self.is_checked {
            return recording.checked();
        }
        recording
    }

    fn try_trial(&self, trial: Trial) -> Option<Finding> {
        let mut recording = self.recording(&trial);
        recording.play();
        self.judge(&recording, trial)
    }

    /// What is wrong with a run that has come to its end.
    fn judge(&self, recording: &Recording, trial: Trial) -> Option<Finding> {
        let results = recording.check().into_iter();
        let failed: Vec<_> = results
            .filter(|result| result.verdict == Verdict::Fail)
            .collect();
        #[cfg(feature = "checks")]
        let violation = recording.violation().cloned();
        #[cfg(not(feature = "checks"))]
        let violation = None;
        // Until nothing else is wrong nobody needs to know what is owed.
        let owed = match failed.is_empty() && violation.is_none() && self.profile.grace > 0 {
            true => recording.owed(self.scenario.until),
            false => Vec::new(),
        };
        if failed.is_empty() && owed.is_empty() && violation.is_none() {
            return None;
        }
        let mut results = failed.iter();
        let is_unsafe =
            violation.is_some() || results.any(|result| self.is_unsafe(result, recording));
        Some(Finding {
            seed: trial.seed,
            changes: trial.changes,
            rules: trial.rules,
            failure: match is_unsafe {
                true => Failure::Safety,
                false => Failure::Liveness,
            },
            failed,
            owed,
            violation,
        })
    }

    /// Whether something happened that must not, rather than the other way round.
    fn is_unsafe(&self, result: &ExpectationResult, recording: &Recording) -> bool {
        let expected = &self.scenario.expectations[result.index as usize];
        match expected.kind {
            ExpectationKind::Never | ExpectationKind::Always => true,
            ExpectationKind::Eventually => false,
            ExpectationKind::Count { max, .. } => recording.number(&expected.condition) > max,
        }
    }
}

/// Which check failed, without what it saw.
fn broken(finding: &Finding) -> Option<&str> {
    finding.violation.as_ref()?.text.lines().next()
}

/// Whether one finding fails in all that the other fails in.
fn fails_alike(finding: &Finding, other: &Finding) -> bool {
    let failed = |index| finding.failed.iter().any(|result| result.index == index);
    let owes = |owed: &Owed| finding.owed.iter().any(|other| owed.is_like(other));
    broken(finding) == broken(other)
        && other.failed.iter().all(|result| failed(result.index))
        && (other.owed.is_empty() || other.owed.iter().any(owes))
}
