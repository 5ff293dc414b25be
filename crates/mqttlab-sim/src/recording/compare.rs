//! What would have been: other pasts, and how two runs differ.

use serde::{Deserialize, Serialize};

use super::{BranchId, Changes, Recording, UserInput, first_difference};
use crate::scenario::Action;
use crate::view::{Event, EventId, Micros};

/// Something of the past that could have been otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Past {
    /// A step of the script, by its index.
    Step(u32),
    /// What a user did on this branch, by its index among [`Changes::inputs`].
    Input(u32),
}

/// How it could have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhatIf {
    /// It does not happen.
    Off,
    /// It happens at another time.
    At(Micros),
    /// Something else happens in its place.
    Instead(Action),
}

/// How two branches differ, up to the same moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The number of the first event that is not the same in both; `None` where they are the same.
    pub first: Option<EventId>,
    /// All events of both, by time: what is the same in both stands in one row.
    pub rows: Vec<(Option<EventId>, Option<EventId>)>,
}

impl Recording {
    /// Plays this branch with one thing of the past otherwise, on a new branch, and goes to this same moment in it.
    ///
    /// `None` when there is no such thing, it is off already, or there are too many branches.
    pub fn what_if(&mut self, past: Past, what: WhatIf) -> Option<BranchId> {
        let mut changes = self.current_branch().changes.clone();
        let (at, action) = match past {
            Past::Step(step) => {
                let found = self.scenario().script.get(step as usize)?;
                if changes.omitted.contains(&step) {
                    return None;
                }
                changes.omitted.push(step);
                (found.at, found.action.clone())
            }
            Past::Input(input) => {
                let index = input as usize;
                if index >= changes.inputs.len() {
                    return None;
                }
                let input = changes.inputs.remove(index);
                (input.at, input.action)
            }
        };
        let words = self.action_words(&action);
        let name = match &what {
            WhatIf::Off => format!("what if not: {words}"),
            WhatIf::At(at) => {
                let at = crate::scenario::duration::words(*at);
                format!("what if at {at}: {words}")
            }
            WhatIf::Instead(action) => format!("what if instead: {}", self.action_words(action)),
        };
        let (at, action) = match what {
            WhatIf::Off => return self.change(&name, changes),
            WhatIf::At(at) => (at, action),
            WhatIf::Instead(action) => (at, action),
        };
        changes.inputs.push(UserInput { at, nth: 0, action });
        self.change(&name, changes)
    }

    /// Plays this branch once more from its start to this moment. Whether it is the same run, as it must be.
    pub fn is_repeatable(&self) -> bool {
        let changes = self.current_branch().changes.clone();
        let mut again = self.again(changes);
        again.seek(self.now());
        again.hash() == self.hash() && again.events() == self.events()
    }

    /// How another branch differs from this one, both from their start to this moment. `None` when there is no such
    /// branch.
    pub fn difference(&self, other: BranchId) -> Option<Difference> {
        let mut branches = self.branches();
        let other = branches.find(|branch| branch.id == other)?;
        let mut again = self.again(other.changes.clone());
        again.seek(self.now());
        let (a, b) = (self.events(), again.events());
        let first = first_difference(a, b).or_else(|| {
            let shorter = a.len().min(b.len());
            (a.len() != b.len()).then_some(shorter)
        });
        Some(Difference {
            first: first.map(|first| first as EventId),
            rows: align(a, b),
        })
    }

    fn again(&self, changes: Changes) -> Self {
        Self::with_changes(self.scenario().clone(), changes)
    }
}

/// Lays two runs side by side: in each moment, what is said in the same words in both stands in one row, as far as the
/// order allows.
pub fn align(a: &[Event], b: &[Event]) -> Vec<(Option<EventId>, Option<EventId>)> {
    let mut rows = Vec::with_capacity(a.len().max(b.len()));
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let times = [
            left.peek().map(|event| event.at),
            right.peek().map(|event| event.at),
        ];
        let Some(at) = times.into_iter().flatten().min() else {
            return rows;
        };
        let mut here: Vec<&Event> = Vec::new();
        while let Some(event) = left.next_if(|event| event.at == at) {
            here.push(event);
        }
        let mut done = 0;
        while let Some(event) = right.next_if(|event| event.at == at) {
            let same = here[done..].iter().position(|one| one.text == event.text);
            match same {
                Some(ahead) => {
                    let alone = here[done..done + ahead].iter();
                    rows.extend(alone.map(|one| (Some(one.id), None)));
                    rows.push((Some(here[done + ahead].id), Some(event.id)));
                    done += ahead + 1;
                }
                None => rows.push((None, Some(event.id))),
            }
        }
        rows.extend(here[done..].iter().map(|one| (Some(one.id), None)));
    }
}
