//! A run in a link: the scenario, what was changed, the moment, the selection. Data only, and small.
//!
//! The text is base64url of: the version of this form, a checksum of the rest, and the deflated compact form.
//! Whoever opens a link can trust nothing in it: its sizes are limited before and after inflating, and what comes out
//! keeps to all limits of a scenario.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::recording::{Changes, Recording};
use crate::scenario::Scenario;
use crate::view::{EventId, Micros};

#[cfg(all(test, feature = "link", feature = "text"))]
mod tests;
#[cfg(feature = "link")]
mod text;

/// The longest text of a link, in characters.
pub const TEXT_MAX: usize = 64 << 10;

/// A moment of a run, to be passed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    pub at: Micros,
    /// How many events had happened.
    pub events: EventId,
    /// The rolling hash there: another one after opening means that the run is not the same any more.
    pub hash: u64,
    /// The event that was selected.
    pub event: Option<EventId>,
    /// The field of its packet that was selected, by its place.
    pub field: Option<u16>,
}

impl Moment {
    /// The moment of `recording`, with nothing selected.
    pub fn of(recording: &Recording) -> Self {
        Self {
            at: recording.now(),
            events: recording.view().events_done,
            hash: recording.hash(),
            event: None,
            field: None,
        }
    }
}

/// Everything that a link holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shared {
    /// What is played.
    pub scenario: Scenario,
    /// The name of the branch.
    pub branch: String,
    /// How it differs from the scenario.
    pub changes: Changes,
    /// Where the run stands.
    pub moment: Moment,
}

impl Shared {
    /// The run, at its moment; and whether it is still the same run there.
    pub fn open(self) -> (Recording, bool) {
        let moment = self.moment;
        let mut recording = Recording::with_changes(self.scenario, self.changes);
        if recording.branch() != 0 {
            recording.rename(recording.branch(), &self.branch);
        }
        recording.seek(moment.at);
        if recording.view().events_done != moment.events {
            // Between two happenings of one instant.
            recording.seek_event(moment.events);
        }
        let is_same = recording.hash() == moment.hash;
        (recording, is_same)
    }
}

/// Why a text is no link that can be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkError {
    /// It has more than [`TEXT_MAX`] characters.
    TooLong,
    /// Some of it is missing or changed.
    Damaged,
    /// Inflated it is larger than a run may be.
    TooLarge,
    /// It is of another version of this form.
    OtherVersion,
    /// What is in it is no sound run.
    Unfit(String),
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the link is longer than {TEXT_MAX} characters"),
            Self::Damaged => f.write_str("the link is damaged: perhaps its end was cut off"),
            Self::TooLarge => f.write_str("the link holds more than a run may hold"),
            Self::OtherVersion => f.write_str(
                "the link was made by another version of the Lab: ask for the scenario as a file",
            ),
            Self::Unfit(why) => write!(f, "the run in the link cannot be played: {why}"),
        }
    }
}

impl std::error::Error for LinkError {}
