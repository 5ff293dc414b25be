//! Acting, branches, and taking things back.

use std::rc::Rc;

use mqttlab_sim::recording::{BRANCHES_MAX, Branch, BranchId, Changes, Recording, UserInput};
use mqttlab_sim::scenario::Action;
use mqttlab_sim::view::{EventKind, Micros};

use super::{Lab, Pane, RunTab};
use crate::acting::{Deed, Menu, Target};
use crate::keys::Quick;
use crate::say;
use crate::ui::actions::{Done, Source, all_done};
use crate::ui::compare::Other;

/// How far back things can be taken.
const UNDO_MAX: usize = 100;

/// What can be asked about branches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OnBranch {
    Switch(BranchId),
    Rename(BranchId, String),
    Remove(BranchId),
    /// Lay this one beside the one that is played; `None` ends that.
    Compare(Option<BranchId>),
}

/// A change of what has been done: the run as it would have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// Something else is done in its place, at the same time.
    Instead { of: Source, action: Action },
    /// A step of the script does not happen, or happens after all.
    Step { step: u32, happens: bool },
    /// What a user did is taken away.
    Remove { input: usize },
    /// A step of the script happens at another time.
    MoveStep { step: u32, at: Micros },
    /// What a user did happens at another time.
    MoveInput { input: usize, at: Micros },
}

/// All branches and the moment, to come back to.
#[derive(Clone, Debug, PartialEq)]
struct Snapshot {
    branches: Vec<Branch>,
    current: BranchId,
    shown: Micros,
    events: u32,
}

/// A run that is laid beside the one that is played.
#[derive(Debug)]
pub(super) struct Beside {
    branch: Branch,
    recording: Recording,
    other: Other,
}

/// What can be taken back, and what was.
#[derive(Debug, Default)]
pub(super) struct History {
    past: Vec<Snapshot>,
    undone: Vec<Snapshot>,
}

impl Lab {
    /// All branches, the oldest first.
    pub(crate) fn branches(&self) -> Vec<Branch> {
        self.recording.branches().cloned().collect()
    }

    pub(crate) fn can_undo(&self) -> bool {
        !self.history.past.is_empty()
    }

    pub(crate) fn can_redo(&self) -> bool {
        !self.history.undone.is_empty()
    }

    pub(crate) fn compared(&self) -> Option<BranchId> {
        self.compared
    }

    /// The run that is laid beside this one, up to the moment on the screen.
    pub(crate) fn other(&self) -> Option<Other> {
        let id = self.compared.filter(|id| *id != self.recording.branch())?;
        let branch = self.recording.branches().find(|branch| branch.id == id)?;
        let mut beside = self.other.borrow_mut();
        let is_known = beside
            .as_ref()
            .is_some_and(|it| it.branch.id == id && it.branch.changes == branch.changes);
        if !is_known {
            let scenario = self.scenario().clone();
            *beside = Some(Beside {
                recording: Recording::with_changes(scenario, branch.changes.clone()),
                other: Other {
                    name: String::new(),
                    events: Rc::default(),
                },
                branch: branch.clone(),
            });
        }
        let beside = beside.as_mut()?;
        beside.recording.seek(self.player.shown());
        let events = beside.recording.events();
        let other = &mut beside.other;
        if other.events.len() != events.len() || other.name != branch.name {
            *other = Other {
                name: branch.name.clone(),
                events: Rc::new(events.to_vec()),
            };
        }
        Some(other.clone())
    }

    /// Everything that is done in the run, by time.
    pub(crate) fn all_done(&self) -> Vec<Done> {
        let changes = self.branch().map(|branch| branch.changes.clone());
        let script = self.scenario().script.iter();
        all_done(
            script.map(|step| (step.at, step.action.clone())),
            &changes.unwrap_or_default(),
            |action| self.recording.action_words(action),
        )
    }

    /// Opens the menu for something in the picture, or for what is selected.
    pub(super) fn open_menu(&mut self, target: Option<Target>, place: Option<(i32, i32)>) {
        let target = target.unwrap_or_else(|| self.selected_target());
        let menu = Menu::of(target, &self.scene, self.player.shown());
        self.menu = menu.map(|menu| Menu { place, ..menu });
    }

    /// Opens the form with what was done, to do something else instead.
    pub(super) fn open_edit(&mut self, of: Source, at: Micros) {
        let action = match of {
            Source::Step { step, .. } => {
                let step = self.scenario().script.get(step as usize);
                step.map(|step| step.action.clone())
            }
            Source::Input { input } => {
                let branch = self.branch();
                let input = branch.and_then(|branch| branch.changes.inputs.get(input));
                input.map(|input| input.action.clone())
            }
        };
        let Some(action) = action else { return };
        let title = self.recording.action_words(&action);
        self.menu = Menu::instead(of, at, &action, title);
    }

    fn selected_target(&self) -> Target {
        let flight = self.selection.flight.map(Target::Flight);
        flight.unwrap_or(Target::Participant(self.state_of))
    }

    /// Does at once what a key stands for.
    pub(super) fn quick(&mut self, quick: Quick, target: Option<Target>) {
        let target = target.unwrap_or_else(|| self.selected_target());
        let deeds = Menu::quick(quick, target, &self.scene, self.player.shown());
        self.act(&deeds);
    }

    /// Does something in the run; in the past that makes another future.
    pub(super) fn act(&mut self, deeds: &[Deed]) {
        self.menu = None;
        let Some(first) = deeds.first() else { return };
        self.remember();
        for deed in deeds {
            self.recording.seek(deed.at);
            self.recording.act(deed.action.clone());
        }
        let at = first.at;
        self.seek(at);
        let events = self.scene.events.iter().rev();
        let done = events
            .take_while(|event| event.at == at)
            .find(|event| matches!(event.kind, EventKind::Action | EventKind::Fault));
        let done = done.map(|event| event.id);
        self.look_at(done.or_else(|| self.latest()));
    }

    pub(super) fn on_branch(&mut self, message: OnBranch) {
        match message {
            OnBranch::Switch(id) => {
                let shown = self.player.shown();
                self.recording.switch(id);
                self.after_change(shown);
            }
            OnBranch::Rename(id, name) => {
                if !name.trim().is_empty() {
                    self.remember();
                    self.recording.rename(id, name.trim());
                }
            }
            OnBranch::Remove(id) => {
                self.remember();
                let shown = self.player.shown();
                if self.compared == Some(id) {
                    self.compared = None;
                }
                self.recording.remove(id);
                self.after_change(shown);
            }
            OnBranch::Compare(id) => {
                self.compared = id;
                if id.is_some() {
                    self.run_tab = RunTab::Compare;
                    self.pane = Pane::Run;
                }
            }
        }
    }

    /// Plays the run with something of its past changed, on a new branch.
    pub(super) fn edit(&mut self, edit: &Edit) {
        self.menu = None;
        let Some(changes) = self.branch().map(|branch| branch.changes.clone()) else {
            return;
        };
        let Some((name, changes)) = self.edited(edit, changes) else {
            return;
        };
        self.remember();
        let shown = self.player.shown();
        self.recording.seek(shown);
        self.recording.change(&name, changes);
        self.after_change(shown);
    }

    fn edited(&self, edit: &Edit, mut changes: Changes) -> Option<(String, Changes)> {
        let script = &self.scenario().script;
        let words = |action| self.recording.action_words(action);
        let name = match *edit {
            Edit::Instead { of, ref action } => {
                let at = match of {
                    Source::Step { step, .. } => {
                        if !changes.omitted.contains(&step) {
                            changes.omitted.push(step);
                        }
                        script.get(step as usize)?.at
                    }
                    Source::Input { input } if input < changes.inputs.len() => {
                        changes.inputs.remove(input).at
                    }
                    Source::Input { .. } => return None,
                };
                changes.inputs.push(input_at(at, action.clone()));
                say::branch_if(&words(action))
            }
            Edit::Step { step, happens } => {
                let words = words(&script.get(step as usize)?.action);
                changes.omitted.retain(|omitted| *omitted != step);
                match happens {
                    true => say::branch_again(&words),
                    false => {
                        changes.omitted.push(step);
                        say::branch_if_not(&words)
                    }
                }
            }
            Edit::Remove { input } => {
                if input >= changes.inputs.len() {
                    return None;
                }
                let input = changes.inputs.remove(input);
                say::branch_if_not(&words(&input.action))
            }
            Edit::MoveStep { step, at } => {
                let action = script.get(step as usize)?.action.clone();
                let name = say::branch_at(&words(&action), &crate::texts::moment(at));
                if !changes.omitted.contains(&step) {
                    changes.omitted.push(step);
                }
                changes.inputs.push(input_at(at, action));
                name
            }
            Edit::MoveInput { input, at } => {
                if input >= changes.inputs.len() {
                    return None;
                }
                let action = changes.inputs.remove(input).action;
                let name = say::branch_at(&words(&action), &crate::texts::moment(at));
                changes.inputs.push(input_at(at, action));
                name
            }
        };
        Some((name, changes))
    }

    /// After the branch has changed: shows the same moment in it.
    fn after_change(&mut self, shown: Micros) {
        self.seek(shown);
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            branches: self.branches(),
            current: self.recording.branch(),
            shown: self.player.shown(),
            events: self.scene.view.events_done,
        }
    }

    /// Notes what there is, before it is changed.
    fn remember(&mut self) {
        let snapshot = self.snapshot();
        self.history.past.push(snapshot);
        if self.history.past.len() > UNDO_MAX {
            self.history.past.remove(0);
        }
        self.history.undone.clear();
    }

    pub(super) fn undo(&mut self) {
        if let Some(snapshot) = self.history.past.pop() {
            let now = self.snapshot();
            self.history.undone.push(now);
            self.restore(&snapshot);
        }
    }

    pub(super) fn redo(&mut self) {
        if let Some(snapshot) = self.history.undone.pop() {
            let now = self.snapshot();
            self.history.past.push(now);
            self.restore(&snapshot);
        }
    }

    /// Makes the branches anew, as they were.
    fn restore(&mut self, snapshot: &Snapshot) {
        let mut recording = Recording::new(self.scenario().clone());
        let mut numbers: Vec<(BranchId, BranchId)> = vec![(0, 0)];
        let new_number = |numbers: &[(BranchId, BranchId)], old: BranchId| {
            let known = numbers.iter().find(|(known, _)| *known == old);
            known.map_or(0, |(_, new)| *new)
        };
        for branch in snapshot.branches.iter().take(BRANCHES_MAX) {
            if branch.id == 0 {
                recording.rename(0, &branch.name);
                continue;
            }
            recording.switch(new_number(&numbers, branch.parent.unwrap_or(0)));
            let new = recording.change(&branch.name, branch.changes.clone());
            numbers.push((branch.id, new.unwrap_or(0)));
        }
        recording.switch(new_number(&numbers, snapshot.current));
        self.compared = None;
        self.recording = recording;
        self.go_to(snapshot.shown, snapshot.events);
    }
}

fn input_at(at: Micros, action: Action) -> UserInput {
    UserInput { at, nth: 0, action }
}
