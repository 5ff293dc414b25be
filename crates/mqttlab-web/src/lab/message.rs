//! What can be asked of the page.

use mqttlab_sim::view::{EventId, FlightId, Micros, ParticipantId};

use super::branches::{Edit, OnBranch};
use crate::acting::{Deed, Target};
use crate::keys::Quick;
use crate::lesson::Ask;
use crate::player::Speed;
use crate::ui::actions::Source;

/// What the user, or the browser's frames, ask for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Message {
    /// Play or pause.
    Toggle,
    /// Pause, if it plays.
    Halt,
    /// So many milliseconds have passed on the wall.
    Frame(f64),
    Step(Step),
    Seek(Micros),
    /// Go to where so many events have happened at this moment.
    Reach(Micros, EventId),
    Speed(Speed),
    SelectFlight(FlightId),
    SelectEvent(EventId),
    /// One field of the packet that is inspected.
    SelectField(Option<usize>),
    /// Whose state is shown.
    StateOf(ParticipantId),
    Filter(String),
    ShowTcp(bool),
    /// One of the answers to the question.
    Choose(u8),
    /// Check the answer and let the run go on.
    Check,
    /// Something about the lesson.
    Learn(Ask),
    /// Ask for the causes of what is selected.
    Why,
    Inspect(InspectorTab),
    Side(SideTab),
    Run(RunTab),
    Pane(Pane),
    /// Show what can be done to something, or to what is selected; where in the window.
    OpenMenu(Option<Target>, Option<(i32, i32)>),
    CloseMenu,
    /// Ask for something else to be done in the place of what is done at a time.
    OpenEdit(Source, Micros),
    /// Do at once what a key stands for.
    Quick(Quick, Option<Target>),
    /// Do something in the run.
    Act(Vec<Deed>),
    Branch(OnBranch),
    /// Play the run with something of its past changed.
    Edit(Edit),
    Undo,
    Redo,
}

impl Message {
    /// Whether the run must be where it is shown before this can be done; the rest is about how it is shown, or goes on
    /// with a way through time.
    pub(super) fn is_about_the_run(&self) -> bool {
        match self {
            Self::Frame(_)
            | Self::Seek(_)
            | Self::Halt
            | Self::Speed(_)
            | Self::SelectField(_)
            | Self::StateOf(_)
            | Self::Filter(_)
            | Self::ShowTcp(_)
            | Self::Inspect(_)
            | Self::Side(_)
            | Self::Run(_)
            | Self::Pane(_)
            | Self::CloseMenu => false,
            Self::Toggle
            | Self::Step(_)
            | Self::Reach(..)
            | Self::SelectFlight(_)
            | Self::SelectEvent(_)
            | Self::Choose(_)
            | Self::Check
            | Self::Learn(_)
            | Self::Why
            | Self::OpenMenu(..)
            | Self::OpenEdit(..)
            | Self::Quick(..)
            | Self::Act(_)
            | Self::Branch(_)
            | Self::Edit(_)
            | Self::Undo
            | Self::Redo => true,
        }
    }
}

/// A step in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Start,
    EventBack,
    PacketBack,
    Event,
    Packet,
    Timer,
    /// To the next event of a participant.
    Of(ParticipantId),
    End,
}

/// The inspector's tabs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum InspectorTab {
    Fields,
    #[default]
    Bytes,
    Rule,
    Why,
    /// Who got it.
    Delivery,
}

/// What the right side shows where there is no room for both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SideTab {
    #[default]
    Inspector,
    State,
}

/// How the run is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RunTab {
    #[default]
    Ladder,
    Events,
    /// What is done in it.
    Actions,
    /// Beside another one.
    Compare,
}

/// Which panel a phone shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pane {
    #[default]
    Story,
    Run,
    Inspector,
    State,
}
