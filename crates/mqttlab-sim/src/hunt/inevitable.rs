//! From when on a failure could not be helped: whatever chance does then, it comes.

use serde::{Deserialize, Serialize};

use super::{Finding, Hunt, fails_alike};
use crate::recording::Recording;
use crate::view::{EventId, Micros};

/// From when on a run was bound to fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inevitable {
    /// The moment.
    pub at: Micros,
    /// What happened then: the first event of it.
    pub event: EventId,
    /// How many futures with other randomness were tried from there; all failed alike.
    pub tried: u32,
}

impl Hunt {
    /// Looks for the first happening of a finding's run behind which it fails alike in each of so many futures: with
    /// other jitter, other losses and other disturbances from there on. Rules that the hunt has drawn end there.
    ///
    /// The search halves what is left each time, as if a failure that is inevitable once stayed so. `None` when even at
    /// the end another future may be better, which only very few tries can make it seem.
    pub fn inevitable(&self, finding: &Finding, tries: u32) -> Option<Inevitable> {
        let mut recording = self.replay(finding);
        // With keyframes: it is gone back to again and again.
        recording.seek(recording.end());
        let moments = recording.moments();
        let (mut low, mut high) = (0, moments.len());
        // All before `low` is avoidable, and all from `high` on inevitable.
        while low < high {
            let middle = low + (high - low) / 2;
            match self.always_fails(&recording, moments[middle].1, finding, tries) {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        let &(event, _) = moments.get(low)?;
        Some(Inevitable {
            at: recording.events()[event as usize].at,
            event,
            tried: tries,
        })
    }

    /// Whether all tried futures fail alike, when so much has happened.
    fn always_fails(
        &self,
        recording: &Recording,
        happened: u64,
        finding: &Finding,
        tries: u32,
    ) -> bool {
        (0..tries).all(|number| {
            let salt = finding
                .seed
                .wrapping_add(1)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                ^ u64::from(number);
            let own_rules = self.scenario.rules.len();
            let (mut other, now, inputs) = recording.reseeded(happened, salt, own_rules);
            let mut trial = self.disturbances_after(salt, now);
            let changes = &mut trial.changes;
            changes.inputs.retain(|input| input.at > now);
            changes
                .inputs
                .splice(0..0, finding.changes.inputs[..inputs].iter().cloned());
            changes.omitted.clone_from(&finding.changes.omitted);
            other.replace_changes(changes.clone());
            other.play();
            trial.seed = finding.seed;
            let found = self.judge(&other, trial);
            found.is_some_and(|found| fails_alike(&found, finding))
        })
    }
}
