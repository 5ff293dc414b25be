//! From a run that fails to the smallest one that fails alike.

use super::{Finding, Hunt, Trial, fails_alike};
use crate::scenario::Act;

impl Hunt {
    /// Leaves out of a finding what it does not need to fail alike: disturbances first, then steps of the script.
    pub fn shrink(&self, finding: Finding) -> Finding {
        let mut best = self.minimise(finding, |trial| &mut trial.changes.inputs);
        best = self.minimise(best, |trial| &mut trial.rules);
        let control = self.control(&best);
        // Whoever never connects proves nothing.
        let script = self.scenario.script.iter().enumerate();
        let others = script.filter(|(_, step)| step.action.act != Act::Connect);
        for (step, _) in others {
            let mut trial = best.trial();
            trial.changes.omitted.push(step as u32);
            match self.try_trial(trial) {
                Some(smaller) if self.is_same_reason(&smaller, &best, control.as_ref()) => {
                    best = smaller;
                }
                Some(_) | None => {}
            }
        }
        best
    }

    /// Takes parts of a list away, large ones first, as long as it fails alike.
    fn minimise<T>(&self, finding: Finding, list: fn(&mut Trial) -> &mut Vec<T>) -> Finding {
        let mut best = finding;
        let mut size = list(&mut best.trial()).len();
        while size > 0 {
            let mut start = 0;
            while start < list(&mut best.trial()).len() {
                let mut trial = best.trial();
                let rest = list(&mut trial);
                let end = (start + size).min(rest.len());
                rest.drain(start..end);
                match self.try_trial(trial) {
                    Some(smaller) if fails_alike(&smaller, &best) => best = smaller,
                    Some(_) | None => start = end,
                }
            }
            size /= 2;
        }
        best
    }

    /// What fails of a finding's script without its disturbances.
    pub(super) fn control(&self, finding: &Finding) -> Option<Finding> {
        let mut trial = self.undisturbed(finding.seed);
        trial.changes.omitted.clone_from(&finding.changes.omitted);
        self.try_trial(trial)
    }

    /// Whether a finding among these runs fails for the same reason as `before`, of which `control` is what failed
    /// without disturbances.
    ///
    /// Whatever held without them must hold without them here, too: a script without its point fails as well, but for
    /// a reason of its own.
    pub(super) fn is_same_reason(
        &self,
        found: &Finding,
        before: &Finding,
        control: Option<&Finding>,
    ) -> bool {
        let is_alike = found.failure == before.failure
            && found.failed.len() == before.failed.len()
            && fails_alike(found, before);
        if !is_alike {
            return false;
        }
        let control_now = self.control(found);
        let owes = |control: Option<&Finding>| control.is_some_and(|it| !it.owed.is_empty());
        let mut results = before.failed.iter().zip(&found.failed);
        let failed = results.all(|(before, found)| match fails(control, before.index) {
            // It fails anyway: then it is the same only if it is so to the word.
            true => (before.at, &before.detail) == (found.at, &found.detail),
            false => !fails(control_now.as_ref(), before.index),
        });
        failed && (before.owed.is_empty() || owes(control) || !owes(control_now.as_ref()))
    }
}

/// Whether an expectation fails there.
fn fails(finding: Option<&Finding>, index: u32) -> bool {
    let mut failed = finding.into_iter().flat_map(|finding| &finding.failed);
    failed.any(|result| result.index == index)
}
