//! Futures: what users did or took away makes another one, and none is lost.

use serde::{Deserialize, Serialize};

use super::Recording;
use super::keyframes::Keyframes;
use crate::order;
use crate::scenario::{Action, Scenario, Step};
use crate::view::{Event, Micros};
use crate::world::World;

/// Number of a branch; 0 is the scenario as it is written.
pub type BranchId = u32;

/// The most branches of a recording.
pub const BRANCHES_MAX: usize = 1_000;
/// The most inputs of a branch.
pub const INPUTS_MAX: usize = 10_000;

/// Something that a user did in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInput {
    /// When.
    pub at: Micros,
    /// How many things had happened in that very moment before it.
    #[serde(default)]
    pub nth: u32,
    /// What.
    pub action: Action,
}

/// How a run differs from its scenario. With the scenario this is all there is to a branch, and fits into a link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Changes {
    /// What users did, by time.
    pub inputs: Vec<UserInput>,
    /// Steps of the script that do not happen, by their index.
    pub omitted: Vec<u32>,
}

impl Changes {
    /// Those of a scenario as it is written.
    pub fn of(scenario: &Scenario) -> Self {
        Self {
            inputs: scenario.inputs.clone(),
            omitted: Vec::new(),
        }
    }

    /// In order, and not more than allowed.
    fn tidy(mut self) -> Self {
        order::by_key(&mut self.inputs, |input| (input.at, input.nth.into()));
        self.inputs.truncate(INPUTS_MAX);
        order::by_key(&mut self.omitted, |omitted| (u64::from(*omitted), 0));
        self.omitted.dedup();
        self
    }

    /// The next input, if it comes before whatever else happens next in `world`.
    fn input_due(&self, world: &World) -> Option<&UserInput> {
        let state = &world.state;
        let input = self.inputs.get(state.inputs)?;
        let happened = if state.now == input.at {
            state.in_moment
        } else {
            0
        };
        let is_due = match world.next_at() {
            None => input.at <= world.scenario.until && !state.is_exhausted(),
            Some(next) => next > input.at || next == input.at && happened >= input.nth,
        };
        is_due.then_some(input)
    }

    /// Lets one thing happen in `world`. Returns whether there was one.
    pub(crate) fn advance(&self, world: &mut World) -> bool {
        match self.input_due(world) {
            Some(input) => {
                let at = input.at.max(world.state.now);
                world.inject(at, &input.action);
                true
            }
            None => world.advance(&self.omitted),
        }
    }

    /// From when on two runs of `scenario` may differ.
    fn differ_from(&self, other: &Self, scenario: &Scenario) -> Option<Micros> {
        let (a, b) = (&self.inputs, &other.inputs);
        let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let inputs = [a.get(same), b.get(same)]
            .into_iter()
            .flatten()
            .map(|input| input.at);
        let only_one = |step: &&u32| self.omitted.contains(step) != other.omitted.contains(step);
        let steps = self.omitted.iter().chain(&other.omitted).filter(only_one);
        let steps = steps.filter_map(|step| Some(scenario.script.get(*step as usize)?.at));
        inputs.chain(steps).min()
    }
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
    /// How it differs from the scenario.
    pub changes: Changes,
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
    pub(super) fn main(keyframes: Keyframes, changes: Changes) -> Self {
        let branch = Branch {
            id: 0,
            name: "main".to_owned(),
            parent: None,
            forked_at: 0,
            explored: 0,
            changes,
        };
        Self {
            branch,
            frontier: 0,
            keyframes,
        }
    }
}

impl Recording {
    /// A recording with the changes of an earlier one of the same scenario, on a branch of its own.
    pub fn with_changes(scenario: Scenario, changes: Changes) -> Self {
        let mut recording = Self::new(scenario);
        if changes != Changes::of(recording.scenario()) {
            recording.change("changed", changes);
        }
        recording
    }

    /// Lets a user do something at this moment. On the branch that is the scenario itself, and wherever the future has
    /// been looked at already, this makes a new branch and goes to it; elsewhere it adds to the branch.
    ///
    /// Nothing is done when there would be more than [`BRANCHES_MAX`] branches or [`INPUTS_MAX`] inputs.
    pub fn act(&mut self, action: Action) -> BranchId {
        let happened = self.world.state.happened;
        let is_new_future = self.current == 0 || self.future().frontier > happened;
        let inputs = self.world.state.inputs;
        if is_new_future && self.futures.len() >= BRANCHES_MAX || inputs >= INPUTS_MAX {
            return self.branch();
        }
        let mut changes = self.future().branch.changes.clone();
        changes.inputs.truncate(inputs);
        let nth = match self.world.state.now == self.now {
            true => self.world.state.in_moment,
            false => 0,
        };
        let name = self.world.action_words(&action);
        changes.inputs.push(UserInput {
            at: self.now,
            nth,
            action,
        });
        if is_new_future {
            let keyframes = self.future().keyframes.shared(happened);
            self.fork(
                format!("what if: {name}"),
                self.now,
                changes,
                keyframes,
                happened,
            );
        } else {
            self.future_mut().branch.changes = changes;
        }
        self.cut_future();
        self.advance();
        self.branch()
    }

    /// Takes a step of the scenario's script away, on a new branch, and goes to this same moment in it.
    ///
    /// `None` when there is no such step, it is taken away already, or there are too many branches.
    pub fn omit(&mut self, step: usize) -> Option<BranchId> {
        let action = &self.scenario().script.get(step)?.action;
        let name = format!("what if not: {}", self.world.action_words(action));
        let mut changes = self.future().branch.changes.clone();
        let step = step as u32;
        if changes.omitted.contains(&step) {
            return None;
        }
        changes.omitted.push(step);
        self.change(&name, changes)
    }

    /// Plays the scenario with other changes than on this branch, on a new one, and goes to this same moment in it.
    ///
    /// This is how a past input is moved, replaced or taken away. `None` when there are too many branches.
    pub fn change(&mut self, name: &str, changes: Changes) -> Option<BranchId> {
        if self.futures.len() >= BRANCHES_MAX {
            return None;
        }
        let changes = changes.tidy();
        let parent = &self.future().branch.changes;
        let differs_at = parent
            .differ_from(&changes, self.scenario())
            .unwrap_or(self.now);
        let keyframes = self.future().keyframes.before_moment(differs_at);
        let (now, current) = (self.now, self.current);
        let frontier = keyframes.last();
        self.fork(name.to_owned(), differs_at, changes, keyframes, frontier);
        let id = self.branch();
        self.current = current;
        self.switch(id);
        debug_assert_eq!(self.now, now, "switching keeps the moment");
        Some(id)
    }

    /// The branch that is played as a scenario of its own, in which all that makes it differ is written down: the same
    /// run with the same [`hash`](Self::hash).
    ///
    /// Inputs that nobody can carry out, which are only noted as such, have no place in a scenario and are left out.
    pub fn to_scenario(&self) -> Scenario {
        let Changes { inputs, omitted } = &self.future().branch.changes;
        let mut scenario = self.scenario().clone();
        let gone = |index: usize| omitted.contains(&(index as u32));
        let script = std::mem::take(&mut scenario.script);
        let times: Vec<(Micros, bool)> = script
            .iter()
            .enumerate()
            .map(|(index, step)| (step.at, gone(index)))
            .collect();
        let kept = script.into_iter().enumerate();
        scenario.script = kept
            .filter(|(index, _)| !gone(*index))
            .map(|(_, step)| step)
            .collect();
        scenario.inputs = Vec::new();
        for input in inputs {
            if self.scenario().check_action(&input.action).is_err() {
                continue;
            }
            // Steps come first in their moment, and those that are left out count no more.
            let before = times.iter().filter(|(at, _)| *at == input.at);
            let gone = before.take(input.nth as usize).filter(|(_, gone)| *gone);
            let nth = input.nth - gone.count() as u32;
            let end = scenario.script.partition_point(|step| step.at <= input.at);
            let steps = scenario.script[..end].iter().rev();
            let steps = steps.take_while(|step| step.at == input.at).count() as u32;
            let action = input.action.clone();
            let at = input.at;
            if nth == steps {
                scenario.script.insert(
                    end,
                    Step {
                        at,
                        when: None,
                        action,
                    },
                );
            } else {
                scenario.inputs.push(UserInput { at, nth, action });
            }
        }
        scenario
    }

    /// The branch that is played.
    pub fn branch(&self) -> BranchId {
        self.future().branch.id
    }

    /// The branch that is played, with how it differs from the scenario.
    pub fn current_branch(&self) -> &Branch {
        &self.future().branch
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
        let (from, to) = (
            &self.future().branch.changes,
            &self.futures[index].branch.changes,
        );
        if let Some(differ_at) = from.differ_from(to, self.scenario()) {
            if self.world.state.now >= differ_at {
                let common = self.future().keyframes.before_moment(differ_at).last();
                self.go_to(common);
            }
            self.cut_future();
        }
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

    fn future_mut(&mut self) -> &mut Future {
        &mut self.futures[self.current]
    }

    /// The next input of this branch, if it comes before whatever else happens next.
    pub(super) fn input_due(&self) -> Option<&UserInput> {
        self.future().branch.changes.input_due(&self.world)
    }

    fn index_of(&self, id: BranchId) -> Option<usize> {
        self.futures
            .iter()
            .position(|future| future.branch.id == id)
    }

    /// Makes a branch that leaves this one, and makes it the one that is played.
    fn fork(
        &mut self,
        name: String,
        forked_at: Micros,
        changes: Changes,
        keyframes: Keyframes,
        frontier: u64,
    ) {
        let id = self
            .futures
            .iter()
            .map(|future| future.branch.id)
            .max()
            .unwrap_or(0)
            + 1;
        let parent = Some(self.branch());
        let branch = Branch {
            id,
            name,
            parent,
            forked_at,
            explored: forked_at,
            changes,
        };
        self.futures.push(Future {
            branch,
            frontier,
            keyframes,
        });
        self.current = self.futures.len() - 1;
    }
}

/// Where two runs begin to differ: the number of the first event that is not the same in both.
///
/// `None` when one is the start of the other.
pub fn first_difference(a: &[Event], b: &[Event]) -> Option<usize> {
    a.iter()
        .zip(b)
        .position(|(a, b)| (a.at, &a.text) != (b.at, &b.text))
}
