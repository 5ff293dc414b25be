//! From a run that fails to the smallest one that fails alike.

use super::{Finding, Hunt, fails_alike};
use crate::recording::Changes;
use crate::scenario::Act;
#[cfg(feature = "text")]
use crate::scenario::{Scenario, ScenarioError};
#[cfg(feature = "text")]
use crate::view::ParticipantId;

impl Hunt {
    /// Leaves out of a finding what it does not need to fail alike: disturbances first, then steps of the script.
    pub fn shrink(&self, finding: Finding) -> Finding {
        let fewer = self.minimise(finding, |changes, part| {
            (part.end <= changes.inputs.len()).then(|| {
                let mut changes = changes.clone();
                changes.inputs.drain(part);
                changes
            })
        });
        // Whoever never connects proves nothing.
        let script = self.scenario.script.iter().enumerate();
        let others = script.filter(|(_, step)| step.action.act != Act::Connect);
        let steps: Vec<u32> = others.map(|(index, _)| index as u32).collect();
        let mut best = fewer;
        for step in steps {
            let mut changes = best.changes.clone();
            changes.omitted.push(step);
            match self.try_changes(best.seed, changes) {
                // A script without its point would fail too, but at another time.
                Some(smaller) if fails_alike(&smaller, &best) && fails_then(&smaller, &best) => {
                    best = smaller;
                }
                Some(_) | None => {}
            }
        }
        best
    }

    /// Takes parts away, large ones first, as long as it fails alike.
    fn minimise(
        &self,
        finding: Finding,
        without: impl Fn(&Changes, std::ops::Range<usize>) -> Option<Changes>,
    ) -> Finding {
        let mut best = finding;
        let mut size = best.changes.inputs.len();
        while size > 0 {
            let mut start = 0;
            while start < best.changes.inputs.len() {
                let end = (start + size).min(best.changes.inputs.len());
                let smaller = without(&best.changes, start..end);
                match smaller.and_then(|changes| self.try_changes(best.seed, changes)) {
                    Some(smaller) if fails_alike(&smaller, &best) => best = smaller,
                    Some(_) | None => start = end,
                }
            }
            size /= 2;
        }
        best
    }

    /// The run of a finding as a scenario of its own, which fails alike: without the clients that have no part in it,
    /// and with an expectation for what is owed.
    ///
    /// # Errors
    /// When a condition cannot be written for fewer clients, which is a bug.
    #[cfg(feature = "text")]
    pub fn to_scenario(&self, finding: &Finding) -> Result<Scenario, ScenarioError> {
        let mut scenario = self.replay(finding).to_scenario();
        scenario.watched = Vec::new();
        let mut text = scenario.to_text();
        for owed in finding.owed.iter().filter(|owed| owed.to != 0).take(1) {
            let name = scenario.name(owed.to);
            let mut before = self.replay(finding);
            before.play();
            let came = before.received(owed.to, &owed.topic);
            text.push_str(&format!(
                "\n[[expect]]\ncount = \"received('{name}', '{}')\"\nmin = {}\nbecause = \"it is owed\"\n",
                owed.topic,
                came + 1
            ));
        }
        let scenario = Scenario::parse(&text)?;
        let mut smaller = scenario.clone();
        for id in (1..=scenario.clients.len() as ParticipantId).rev() {
            if let Some(without) = self.without(&smaller, id, finding) {
                smaller = without;
            }
        }
        Ok(smaller)
    }

    /// The scenario without a client, if nothing is said about it and the run still fails in as much.
    #[cfg(feature = "text")]
    fn without(
        &self,
        scenario: &Scenario,
        id: ParticipantId,
        finding: &Finding,
    ) -> Option<Scenario> {
        let name = scenario.name(id).to_owned();
        let steps = scenario.script.iter().map(|step| &step.action);
        let inputs = scenario.inputs.iter().map(|input| &input.action);
        if steps.chain(inputs).any(|action| action.who == id) {
            return None;
        }
        let text = scenario.to_text();
        let start = text.find(&format!("[[client]]\nname = \"{name}\"\n"))?;
        let length = text[start + 1..].find("\n[")? + 2;
        let text = format!("{}{}", &text[..start], &text[start + length..]);
        // Names are in conditions too: then it is no scenario without this client.
        let without = Scenario::parse(&text).ok()?;
        let mut recording = crate::recording::Recording::new(without.clone());
        recording.play();
        let results = recording.check().into_iter();
        let failed = results.filter(|result| result.verdict == crate::monitor::Verdict::Fail);
        let wanted = finding.failed.len() + usize::from(!finding.owed.is_empty());
        (failed.count() >= wanted.min(1)).then_some(without)
    }
}

/// Whether all that fails in both does so at the same moment.
fn fails_then(finding: &Finding, other: &Finding) -> bool {
    other.failed.iter().all(|result| {
        let mut same = finding.failed.iter();
        same.any(|one| (one.index, one.at) == (result.index, result.at))
    })
}
