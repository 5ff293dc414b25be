//! Runs that come from somewhere and go somewhere.

use mqttlab_sim::link::{Moment, Shared};
use mqttlab_sim::monitor::{ExpectationResult, Verdict};
use mqttlab_sim::recording::{Branch, Recording};

use mqttlab_sim::view::{EventId, Micros};

use super::{Lab, Pane};
use crate::ui::open::Expected;

impl Lab {
    /// Shows a run as it is, without a story.
    pub(crate) fn show(recording: Recording) -> Self {
        let (at, events) = (recording.now(), recording.view().events_done);
        let mut lab = Self::new(recording, None);
        lab.pane = Pane::Run;
        lab.go_to(at, events);
        lab
    }

    /// Goes to where the run stood at `at` when so many events had happened: in one instant there may be many.
    pub(super) fn go_to(&mut self, at: Micros, events: EventId) {
        self.seek(at);
        if self.scene.view.events_done != events {
            self.recording.seek_event(events);
            self.settle();
        }
    }

    /// Selects what was selected at a moment that came with a link.
    pub(crate) fn select(&mut self, moment: &Moment) {
        if let Some(event) = moment.event.filter(|id| self.scene.event(*id).is_some()) {
            self.select_event(event);
            let fields = self.packet.as_ref().map_or(0, |it| it.0.fields.len());
            self.selection.field = moment
                .field
                .map(usize::from)
                .filter(|field| *field < fields);
        }
    }

    /// The branch that is played.
    pub(crate) fn branch(&self) -> Option<&Branch> {
        let id = self.recording.branch();
        self.recording.branches().find(|branch| branch.id == id)
    }

    /// Whether it is another run than its scenario says.
    pub(crate) fn is_changed(&self) -> bool {
        self.recording.branch() != 0
    }

    /// What must come of the run, and what has come of it.
    pub(crate) fn expected(&self) -> Vec<Expected> {
        let result = |result: ExpectationResult| Expected {
            text: result.text,
            holds: match result.verdict {
                Verdict::Pass => Some(true),
                Verdict::Fail => Some(false),
                Verdict::Undecided => None,
            },
        };
        self.recording.check().into_iter().map(result).collect()
    }

    /// The run at the moment on the screen, to be passed on.
    pub(crate) fn shared(&self) -> Shared {
        let (branch, changes) = self.branch().map_or_else(Default::default, |branch| {
            (branch.name.clone(), branch.changes.clone())
        });
        Shared {
            scenario: self.scenario().clone(),
            branch,
            changes,
            moment: Moment {
                at: self.player.shown(),
                event: self.selection.event,
                field: self.selection.field.and_then(|it| u16::try_from(it).ok()),
                ..Moment::of(&self.recording)
            },
        }
    }
}
