//! The run and its story: where it stops, what is shown beside it, and what a learner asks for.

use mqttlab_sim::lesson::{Course, Look};
use mqttlab_sim::view::Micros;

use super::branches::History;
use super::{Lab, Pane, SideTab};
use crate::acting::Deed;
use crate::lesson::{Ask, Asking, Done, Study};

impl Lab {
    /// Opens a lesson at its start, paused.
    pub(crate) fn open(course: Course) -> Self {
        let study = Study::new(course);
        let mut lab = Self::new(study.recording(), Some(study));
        lab.look();
        lab
    }

    /// Opens a lesson at its first question, paused.
    pub(crate) fn open_at_question(course: Course) -> Self {
        let mut lab = Self::open(course);
        if let Some(opening) = lab.study.as_ref().and_then(Study::opening) {
            lab.seek(opening);
            lab.look();
        }
        lab
    }

    /// The lesson, where the run belongs to one.
    pub(crate) fn study(&self) -> Option<&Study> {
        self.study.as_ref()
    }

    /// What was learnt in it so far.
    pub(crate) fn done(&self) -> Option<(&str, Done)> {
        let study = self.study.as_ref()?;
        Some((&study.lesson().id, study.done()))
    }

    /// Where the question stands at the moment on the screen.
    pub(crate) fn asking(&self) -> Asking {
        let study = self.study.as_ref();
        study.map_or(Asking::NotYet, |study| study.asking(self.player.shown()))
    }

    /// What a learner asks for. Says whether there is anything new to draw.
    pub(crate) fn learn(&mut self, ask: &Ask) -> bool {
        let shown = self.player.shown();
        let Some(study) = &mut self.study else {
            return false;
        };
        match ask {
            Ask::Continue => self.play(),
            Ask::Back => {
                if let Some(to) = study.previous(shown) {
                    self.player.pause();
                    self.seek(to);
                    self.look();
                }
            }
            Ask::Run(run) => {
                if !study.choose_run(*run) {
                    return false;
                }
                self.restart();
                if *run > 0 {
                    self.play();
                }
            }
            Ask::Reset => {
                study.reset();
                self.restart();
            }
            Ask::Use(tool) => {
                let Some((goal, _)) = study.goal() else {
                    return false;
                };
                let Some(action) = goal.tools.get(*tool).cloned() else {
                    return false;
                };
                self.act(&[Deed { at: shown, action }]);
            }
            Ask::Hint => study.hint(),
            Ask::Show => study.show(shown),
        }
        true
    }

    /// What the tools of its goal do, in words.
    pub(crate) fn tools(&self) -> Vec<String> {
        let goal = self.study.as_ref().and_then(Study::goal);
        let tools = goal.map_or(&[][..], |(goal, _)| &goal.tools);
        let words = tools.iter().map(|tool| self.recording.action_words(tool));
        words.collect()
    }

    /// Puts the run of the lesson onto the stage, at its start.
    fn restart(&mut self) {
        let Some(study) = &self.study else { return };
        self.recording = study.recording();
        self.history = History::default();
        self.compared = None;
        self.menu = None;
        self.player.pause();
        self.scene = crate::scene::Scene::of(&self.recording, None, None);
        self.follows = true;
        self.put_selection(None, None);
        self.seek(0);
        self.pane = Pane::Story;
        self.look();
    }

    /// Goes to a moment that a link names.
    pub(crate) fn go_to_moment(&mut self, at: Micros) {
        self.player.pause();
        self.seek(at);
        self.look();
    }

    /// Where the run has to stop next, if it has to.
    pub(super) fn next_stop(&self) -> Option<Micros> {
        let study = self.study.as_ref()?;
        study.next_stop(self.player.shown())
    }

    /// Takes note of what the moment on the screen shows.
    pub(super) fn note(&mut self) {
        if let Some(study) = &mut self.study {
            study.note(self.player.shown());
        }
    }

    /// Shows beside a part of the story what belongs to it.
    pub(super) fn look(&mut self) {
        let beat = self.study.as_ref();
        let beat = beat.and_then(|study| study.beat_of(self.player.shown()));
        let Some(Look {
            packet,
            field,
            state,
        }) = beat.map(|beat| beat.look.clone())
        else {
            return;
        };
        if let Some(state) = state {
            self.state_of = state;
            // Where there is no room for both, a packet goes first.
            if packet.is_none() {
                self.side_tab = SideTab::State;
            }
        }
        if packet.is_some() {
            self.side_tab = SideTab::Inspector;
        }
        let flights = self.scene.flights.iter().rev();
        let mut named = flights.filter(|flight| Some(&flight.name) == packet.as_ref());
        if let Some(flight) = named.next().map(|flight| flight.id) {
            self.select_flight(flight);
            if let Some(field) = field {
                self.select_field_named(&field);
            }
            // The next play goes on from here.
            self.follows = true;
        }
    }
}
