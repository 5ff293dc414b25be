//! Futures: what users did makes another one, and none is lost.

use serde::{Deserialize, Serialize};

use super::Recording;
use super::keyframes::Keyframes;
use crate::scenario::Action;
use crate::view::{Event, Micros};

/// Number of a branch; 0 is the scenario as it is written.
pub type BranchId = u32;

/// The most branches of a recording.
pub const BRANCHES_MAX: usize = 1_000;

/// Something that a user did in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInput {
    /// When.
    pub at: Micros,
    /// How many things had happened before, in that moment and earlier: this makes the order exact.
    pub after: u64,
    /// What.
    pub action: Action,
}

/// One future, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Number.
    pub id: BranchId,
    /// Name: `main`, or what was done.
    pub name: String,
    /// The branch that it left.
    pub parent: Option<BranchId>,
    /// When it left it.
    pub forked_at: Micros,
    /// Up to where it has been played.
    pub explored: Micros,
    /// What users did in it, also before it left its parent.
    pub inputs: Vec<UserInput>,
}

/// One future, with what is kept to be quick in it.
#[derive(Debug)]
pub(super) struct Future {
    pub(super) branch: Branch,
    /// How many happenings have been played.
    pub(super) frontier: u64,
    pub(super) keyframes: Keyframes,
}

impl Future {
    pub(super) fn main(keyframes: Keyframes) -> Self {
        let branch = Branch {
            id: 0,
            name: "main".to_owned(),
            parent: None,
            forked_at: 0,
            explored: 0,
            inputs: Vec::new(),
        };
        Self {
            branch,
            frontier: 0,
            keyframes,
        }
    }

    /// The next input after so many happenings.
    pub(super) fn next_input(&self, happened: u64) -> Option<&UserInput> {
        let inputs = &self.branch.inputs;
        inputs.get(inputs.partition_point(|input| input.after < happened))
    }

    /// For how many happenings two futures are the same.
    fn common(&self, other: &Self) -> u64 {
        let (a, b) = (&self.branch.inputs, &other.branch.inputs);
        let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let next = [a.get(same), b.get(same)].into_iter().flatten();
        next.map(|input| input.after).min().unwrap_or(u64::MAX)
    }
}

impl Recording {
    /// A recording with what a user did in an earlier one of the same scenario, on a branch of its own.
    pub fn with_inputs(scenario: crate::scenario::Scenario, mut inputs: Vec<UserInput>) -> Self {
        let mut recording = Self::new(scenario);
        inputs.sort_by_key(|input| input.after);
        inputs.dedup_by_key(|input| input.after);
        if let Some(first) = inputs.first() {
            let (name, at, after) = (recording.name_of(&first.action), first.at, first.after);
            recording.fork(name, at, after);
            recording.future_mut().branch.inputs = inputs;
        }
        recording
    }

    /// Lets a user do something at this moment. On the branch that is the scenario itself, and wherever the future has
    /// been looked at already, this makes a new branch and goes to it; elsewhere it adds to the branch.
    ///
    /// Nothing is done when there are [`BRANCHES_MAX`] branches and one more would be needed.
    pub fn act(&mut self, action: Action) -> BranchId {
        let happened = self.world.state.happened;
        let is_new_future = self.current == 0 || self.future().frontier > happened;
        if is_new_future {
            if self.futures.len() >= BRANCHES_MAX {
                return self.branch();
            }
            let name = self.name_of(&action);
            self.fork(name, self.now, happened);
        }
        self.cut_future();
        let input = UserInput {
            at: self.now,
            after: happened,
            action,
        };
        self.future_mut().branch.inputs.push(input);
        self.advance();
        self.branch()
    }

    /// The branch that is played.
    pub fn branch(&self) -> BranchId {
        self.future().branch.id
    }

    /// All branches, the oldest first.
    pub fn branches(&self) -> impl Iterator<Item = &Branch> {
        self.futures.iter().map(|future| &future.branch)
    }

    /// Goes to the same moment in another branch. Returns whether there is one with this number.
    pub fn switch(&mut self, id: BranchId) -> bool {
        let Some(index) = self.index_of(id) else {
            return false;
        };
        let now = self.now;
        let common = self.future().common(&self.futures[index]);
        if common < self.world.state.happened {
            self.go_to(self.future().keyframes.before(common).happened);
        }
        self.cut_future();
        self.current = index;
        self.seek(now);
        true
    }

    /// Gives a branch another name. Returns whether there is one with this number.
    pub fn rename(&mut self, id: BranchId, name: &str) -> bool {
        let Some(index) = self.index_of(id) else {
            return false;
        };
        self.futures[index].branch.name = name.chars().take(100).collect();
        true
    }

    /// Throws a branch away, unless it is the scenario itself; its children stay. Returns whether it is gone.
    pub fn remove(&mut self, id: BranchId) -> bool {
        let Some(index) = self.index_of(id).filter(|index| *index > 0) else {
            return false;
        };
        let parent = self.futures[index].branch.parent;
        if index == self.current {
            self.switch(parent.unwrap_or(0));
        }
        self.futures.remove(index);
        if self.current > index {
            self.current -= 1;
        }
        for future in &mut self.futures {
            if future.branch.parent == Some(id) {
                future.branch.parent = parent;
            }
        }
        true
    }

    pub(super) fn future(&self) -> &Future {
        &self.futures[self.current]
    }

    pub(super) fn future_mut(&mut self) -> &mut Future {
        &mut self.futures[self.current]
    }

    fn index_of(&self, id: BranchId) -> Option<usize> {
        self.futures
            .iter()
            .position(|future| future.branch.id == id)
    }

    fn name_of(&self, action: &Action) -> String {
        format!("what if: {}", self.world.action_words(action))
    }

    /// Makes a branch that leaves this one after so many happenings, and plays it.
    fn fork(&mut self, name: String, at: Micros, happened: u64) {
        let parent = self.future();
        let inputs = parent
            .branch
            .inputs
            .iter()
            .filter(|input| input.after < happened);
        let id = self
            .futures
            .iter()
            .map(|future| future.branch.id)
            .max()
            .unwrap_or(0)
            + 1;
        let branch = Branch {
            id,
            name,
            parent: Some(parent.branch.id),
            forked_at: at,
            explored: at,
            inputs: inputs.cloned().collect(),
        };
        let keyframes = parent.keyframes.shared(happened);
        self.futures.push(Future {
            branch,
            frontier: happened,
            keyframes,
        });
        self.current = self.futures.len() - 1;
    }
}

/// Where two runs begin to differ: the number of the first event that is not the same in both.
///
/// `None` when one is the begin of the other.
pub fn first_difference(a: &[Event], b: &[Event]) -> Option<usize> {
    a.iter()
        .zip(b)
        .position(|(a, b)| (a.at, &a.text) != (b.at, &b.text))
}
