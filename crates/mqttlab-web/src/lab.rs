//! The state of the page, in plain Rust: the run, the clock, the selection, the lesson. Panels only draw it.

mod branches;
mod learning;
mod message;
mod shared;
mod travel;

use std::cell::RefCell;
use std::rc::Rc;

use mqttlab_sim::delivery::DeliveryTable;
use mqttlab_sim::recording::{BranchId, Changes, Recording};
use mqttlab_sim::scenario::Scenario;
use mqttlab_sim::view::{
    Event, EventId, EventKind, Flight, FlightId, FlightKind, Micros, PacketBytes, ParticipantId,
    ParticipantState, View,
};

use crate::acting::Menu;
use crate::filter::Filter;
use crate::lesson::Study;
use crate::player::{Outlook, Player, Speed};
use crate::scene::{Known, Scene, is_close, is_folded};

use branches::{Beside, History};
use travel::Heading;

pub(crate) use branches::{Edit, OnBranch};
pub(crate) use message::{InspectorTab, Message, Pane, RunTab, SideTab, Step};

/// How many events may happen in one frame; more wait for the next, so that the page stays alive.
const EVENTS_PER_FRAME_MAX: usize = 2_000;
/// The same where it plays fast or to a crowd, and each is not shown by itself.
const FAST_EVENTS_MAX: usize = 1_000;
/// How often a crowd's panels are drawn at most while it plays, in milliseconds. Its packets move with every frame.
const CROWD_DRAWN_MS: f64 = 200.0;
/// Wall time that a frame may stand for, in milliseconds: after a pause of the browser the run does not leap.
const FRAME_MS_MAX: f64 = 100.0;
/// How often the live region speaks at most, in milliseconds.
const SPEAK_EVERY_MS: f64 = 1_500.0;

/// The one selection, shown everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) flight: Option<FlightId>,
    pub(crate) event: Option<EventId>,
    /// Index into the fields of the packet.
    pub(crate) field: Option<usize>,
}

/// The bytes of the selected packet, compared by identity.
#[derive(Clone)]
pub(crate) struct Packet(pub(crate) Rc<PacketBytes>);

impl PartialEq for Packet {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// What became of the selected message, compared by identity.
#[derive(Clone)]
pub(crate) struct Delivery(pub(crate) Rc<DeliveryTable>);

impl PartialEq for Delivery {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// The page.
pub(crate) struct Lab {
    recording: Recording,
    scene: Scene,
    player: Player,
    study: Option<Study>,
    selection: Selection,
    packet: Option<Packet>,
    /// Whether the selection goes along with what happens; a choice of the user's own ends that until the next play.
    follows: bool,
    filter_text: String,
    filter: Filter,
    pub(crate) shows_tcp: bool,
    pub(crate) state_of: ParticipantId,
    pub(crate) inspector_tab: InspectorTab,
    pub(crate) side_tab: SideTab,
    pub(crate) run_tab: RunTab,
    pub(crate) pane: Pane,
    menu: Option<Menu>,
    history: History,
    compared: Option<BranchId>,
    /// A long way through time, while it is not at its end.
    heading: Option<Heading>,
    /// What has been done in the run that the scene shows, and what is known of it.
    changes: Changes,
    known: Known,
    /// For how long nothing was drawn but the packets of a crowd, or how far a long way has come.
    undrawn_ms: f64,
    other: RefCell<Option<Beside>>,
    spoken: String,
    silent_ms: f64,
}

impl Lab {
    fn new(recording: Recording, study: Option<Study>) -> Self {
        let scene = Scene::of(&recording, None, None);
        let changes = recording.current_branch().changes.clone();
        Self {
            recording,
            scene,
            player: Player::default(),
            study,
            selection: Selection::default(),
            packet: None,
            follows: true,
            filter_text: String::new(),
            filter: Filter::default(),
            shows_tcp: false,
            state_of: 0,
            inspector_tab: InspectorTab::default(),
            side_tab: SideTab::default(),
            run_tab: RunTab::default(),
            pane: Pane::default(),
            menu: None,
            history: History::default(),
            compared: None,
            heading: None,
            changes,
            known: Known::default(),
            undrawn_ms: 0.0,
            other: RefCell::default(),
            spoken: String::new(),
            silent_ms: SPEAK_EVERY_MS,
        }
    }

    /// What is played.
    pub(crate) fn scenario(&self) -> &Scenario {
        self.recording.scenario()
    }

    pub(crate) fn scene(&self) -> &Scene {
        &self.scene
    }

    pub(crate) fn player(&self) -> &Player {
        &self.player
    }

    pub(crate) fn selection(&self) -> Selection {
        self.selection
    }

    pub(crate) fn packet(&self) -> Option<&Packet> {
        self.packet.as_ref()
    }

    pub(crate) fn filter(&self) -> &Filter {
        &self.filter
    }

    pub(crate) fn filter_text(&self) -> &str {
        &self.filter_text
    }

    /// What a screen reader is to say now.
    pub(crate) fn spoken(&self) -> &str {
        &self.spoken
    }

    /// What became of the message of the selected packet, where that is looked at.
    pub(crate) fn delivery(&self) -> Option<Delivery> {
        if self.inspector_tab != InspectorTab::Delivery || self.asking().is_open() {
            return None;
        }
        let flight = self.selection.flight?;
        let table = self.recording.delivery(flight)?;
        Some(Delivery(Rc::new(table)))
    }

    /// What can be done to something, while that is asked.
    pub(crate) fn menu(&self) -> Option<&Menu> {
        self.menu.as_ref()
    }

    /// Whether there is nothing more to come.
    pub(crate) fn is_at_end(&self) -> bool {
        self.scene.view.next_event_at.is_none() && self.player.shown() >= self.scene.view.now
    }

    /// Does what was asked for; says whether there is anything new to draw.
    pub(crate) fn update(&mut self, message: Message) -> bool {
        let is_new = self.do_as(message);
        self.note();
        is_new
    }

    fn do_as(&mut self, message: Message) -> bool {
        if message.is_about_the_run() {
            self.stop_travelling();
            self.catch_up();
        }
        match message {
            Message::Toggle => self.toggle(),
            Message::Halt => {
                self.player.pause();
                if self.heading.is_none() {
                    self.catch_up();
                }
            }
            Message::Frame(wall_ms) => return self.frame(wall_ms),
            Message::Step(step) => self.step(step),
            Message::Seek(to) => self.head_for(to),
            Message::Reach(at, events) => {
                self.player.pause();
                self.go_to(at, events);
                self.look_at(self.latest());
            }
            Message::Speed(speed) => self.player.choose(speed),
            Message::SelectFlight(flight) => {
                self.select_flight(flight);
                self.select_telling_field();
                self.side_tab = SideTab::Inspector;
            }
            Message::SelectEvent(event) => self.select_event(event),
            Message::SelectField(field) => self.selection.field = field,
            Message::StateOf(participant) => self.state_of = participant,
            Message::Filter(text) => {
                self.filter = Filter::parse(&text);
                self.filter_text = text;
            }
            Message::ShowTcp(shows) => self.shows_tcp = shows,
            Message::Choose(option) => {
                let shown = self.player.shown();
                let study = self.study.as_mut();
                return study.is_some_and(|study| study.choose(option, shown));
            }
            Message::Check => {
                let shown = self.player.shown();
                if !(self.study.as_mut()).is_some_and(|study| study.check(shown)) {
                    return false;
                }
                self.play();
            }
            Message::Learn(ask) => return self.learn(&ask),
            Message::Why => {
                self.inspector_tab = InspectorTab::Why;
                self.side_tab = SideTab::Inspector;
                self.pane = Pane::Inspector;
            }
            Message::Inspect(tab) => self.inspector_tab = tab,
            Message::Side(tab) => self.side_tab = tab,
            Message::Run(tab) => self.run_tab = tab,
            Message::Pane(pane) => self.pane = pane,
            Message::OpenMenu(target, place) => self.open_menu(target, place),
            Message::CloseMenu => self.menu = None,
            Message::OpenEdit(source, at) => self.open_edit(source, at),
            Message::Quick(quick, target) => self.quick(quick, target),
            Message::Act(deeds) => self.act(&deeds),
            Message::Branch(message) => self.on_branch(message),
            Message::Edit(edit) => self.edit(&edit),
            Message::Undo => self.undo(),
            Message::Redo => self.redo(),
        }
        true
    }

    fn toggle(&mut self) {
        if self.player.is_playing() {
            self.player.pause();
            return;
        }
        if self.is_at_end() {
            self.seek(0);
        }
        self.play();
    }

    fn play(&mut self) {
        self.follows = true;
        self.player.play();
    }

    /// Lets wall time pass: virtual time follows as the speed says, and what is due happens.
    fn frame(&mut self, wall_ms: f64) -> bool {
        self.silent_ms += wall_ms;
        let had_note = self.player.skip().is_some();
        self.player.age_note(wall_ms);
        if self.heading.is_some() {
            self.undrawn_ms += wall_ms;
            return self.go_on();
        }
        if !self.player.is_playing() {
            return had_note;
        }
        let mut left_ms = wall_ms.min(FRAME_MS_MAX);
        if self.study.is_none() && (self.scene.is_crowd() || self.player.speed() != Speed::Paced) {
            return self.fast_frame(left_ms);
        }
        let mut events = 0;
        while self.player.is_playing() && events < EVENTS_PER_FRAME_MAX {
            let stop = self.next_stop();
            let mut outlook = self.outlook();
            // A stop may be where nothing happens: amid a flight, or when something has lasted.
            let next = outlook.next_event_at.into_iter().chain(stop).min();
            outlook.next_event_at = next;
            left_ms = self.player.advance(left_ms, &outlook);
            match outlook.next_event_at {
                None => {
                    self.player.pause();
                    self.player.jump(self.scene.end.max(self.player.shown()));
                }
                Some(next) if self.player.shown() >= next => {
                    events += self.happen_until(next);
                    if stop == Some(next) {
                        self.player.pause();
                        self.look();
                    }
                }
                Some(_) => break,
            }
        }
        true
    }

    /// The same where many things happen between two frames: what is shown is made once, and in a crowd not in every
    /// frame.
    fn fast_frame(&mut self, mut left_ms: f64) -> bool {
        self.undrawn_ms += left_ms;
        let mut outlook = self.outlook();
        let enough = self.recording.events().len() + FAST_EVENTS_MAX;
        while self.player.is_playing() {
            left_ms = self.player.advance(left_ms, &outlook);
            match outlook.next_event_at {
                None => {
                    self.player.pause();
                    self.player.jump(self.scene.end.max(self.player.shown()));
                }
                Some(next) if self.player.shown() >= next => {
                    self.recording.seek(next);
                    outlook.next_event_at = self.recording.next_event_at();
                    if self.recording.events().len() >= enough {
                        break;
                    }
                }
                Some(_) => break,
            }
        }
        let is_due = !self.scene.is_crowd() || self.undrawn_ms >= CROWD_DRAWN_MS;
        if is_due || !self.player.is_playing() {
            self.undrawn_ms = 0.0;
            self.catch_up();
            return true;
        }
        false
    }

    /// Shows what has happened since something was shown.
    fn catch_up(&mut self) {
        let first = self.scene.view.events_done;
        let is_new = self.recording.events().len() > first as usize;
        if !is_new && self.recording.now() == self.scene.view.now {
            return;
        }
        let before = if is_new {
            Some(Rc::clone(&self.scene.view))
        } else {
            self.scene.before.clone()
        };
        self.refresh(before);
        self.go_along(first);
    }

    /// The flights that are on their way at this very moment: newer than the [scene](Self::scene) between two drawings.
    pub(crate) fn travelling(&self) -> impl Iterator<Item = &Flight> {
        self.recording.travelling()
    }

    /// What each client is doing at this very moment.
    pub(crate) fn client_states(&self) -> impl Iterator<Item = ParticipantState> {
        let clients = 1..=self.scene.clients().len() as ParticipantId;
        clients.map(|id| self.recording.participant_state(id))
    }

    fn outlook(&self) -> Outlook {
        let shown = self.player.shown();
        let travelling = || {
            let coming = self.recording.travelling();
            coming.filter(|flight| flight.due_at.is_some_and(|due| due > shown))
        };
        let time = |folded: bool| {
            let flights = travelling().filter(move |flight| is_folded(flight) == folded);
            flights
                .filter_map(|flight| Some(flight.due_at? - flight.sent_at))
                .min()
        };
        let real = time(self.shows_tcp && travelling().all(is_folded));
        let folded = real.is_none();
        Outlook {
            next_event_at: self.recording.next_event_at(),
            flight: real.or_else(|| time(true)),
            folded: folded && !self.shows_tcp,
        }
    }

    /// Lets everything happen that is due at `at`, and says how many events that were.
    fn happen_until(&mut self, at: Micros) -> usize {
        let first = self.scene.view.events_done;
        let before = Rc::clone(&self.scene.view);
        self.recording.seek(at);
        if self.recording.events().len() == first as usize {
            // Something too small for an event: what changed last stays marked.
            self.refresh(self.scene.before.clone());
            return 1;
        }
        self.refresh(Some(before));
        self.go_along(first);
        self.scene
            .events
            .len()
            .saturating_sub(first as usize)
            .max(1)
    }

    fn step(&mut self, step: Step) {
        self.player.pause();
        match step {
            Step::Start => self.seek(0),
            Step::End => self.head_for(self.scene.end),
            Step::EventBack => self.step_back(),
            Step::PacketBack => self.back_to_packet(),
            Step::Event => self.step_to(&|_, _| true),
            Step::Timer => self.step_to(&|event, _| event.kind == EventKind::Timer),
            Step::Packet => self.step_to(&|event, is_folded| {
                matches!(event.kind, EventKind::Sent | EventKind::Arrived) && !is_folded
            }),
            Step::Of(who) => self.step_to(&|event, _| event.participant == who),
        }
    }

    /// Steps until an event that `is_wanted` has happened, or to the end.
    fn step_to(&mut self, is_wanted: &dyn Fn(&Event, bool) -> bool) {
        let first = self.scene.view.events_done;
        let mut steps = 0;
        let mut wanted = None;
        while wanted.is_none() {
            let Some(new) = self.recording.step() else {
                break;
            };
            steps += 1;
            // One happening may make several events.
            let flights = self.recording.flights();
            let new = self.recording.events().get(new as usize..);
            wanted = new.unwrap_or_default().iter().rev().find_map(|event| {
                let flight = event.flight.and_then(|id| flights.get(id as usize));
                is_wanted(event, flight.is_none_or(is_folded)).then_some(event.id)
            });
        }
        if self.recording.events().len() == first as usize {
            self.player.jump(self.scene.end);
            return;
        }
        let before = match steps {
            1 => Some(Rc::clone(&self.scene.view)),
            _ => self.eve(),
        };
        self.refresh(before);
        self.player.jump(self.scene.view.now);
        self.look_at(wanted.or_else(|| self.latest()));
    }

    /// How it was before the last thing that happened.
    fn eve(&mut self) -> Option<Rc<View>> {
        self.recording.latest()?;
        let now = self.recording.now();
        self.recording.step_back();
        let eve = Rc::new(self.recording.view());
        self.recording.step();
        if now > self.recording.now() {
            self.recording.seek(now);
        }
        Some(eve)
    }

    fn step_back(&mut self) {
        // Between two events the first step back goes to the earlier of them.
        match self.scene.events.last().map(|event| event.at) {
            Some(last) if self.player.shown() > last => self.recording.seek(last),
            Some(_) | None => {
                self.recording.step_back();
            }
        }
        self.settle();
    }

    fn back_to_packet(&mut self) {
        let is_packet = |event: &Event| {
            matches!(event.kind, EventKind::Sent | EventKind::Arrived)
                && (event.flight)
                    .and_then(|id| self.scene.flight(id))
                    .is_some_and(|flight| !is_folded(flight))
        };
        let shown = self.player.shown();
        let earlier = self.scene.events.iter().rev();
        let to = earlier
            .filter(|event| event.at < shown)
            .find(|event| is_packet(event))
            .map_or(0, |event| event.id + 1);
        self.recording.seek_event(to);
        self.settle();
    }

    /// After a step back: shows the moment of the recording and what is new in it.
    fn settle(&mut self) {
        let before = self.eve();
        self.refresh(before);
        self.player.jump(self.scene.view.now);
        self.look_at(self.latest());
    }

    fn refresh(&mut self, before: Option<Rc<View>>) {
        let changes = &self.recording.current_branch().changes;
        let is_same = *changes == self.changes;
        // A secret of the lesson may have come out: then old events have other words.
        if !is_same {
            self.changes = changes.clone();
            self.known = Known::default();
        }
        self.scene = match self.study {
            None => self.known.scene(&self.recording, before),
            Some(_) => Scene::of(&self.recording, Some(&self.scene), before),
        };
        self.follow_study();
    }

    /// The lesson goes along with what is shown.
    fn follow_study(&mut self) {
        if let Some(study) = &mut self.study {
            study.follow(&self.recording);
            if study.keeps_secret() {
                self.scene.keep_secret();
            }
        }
    }

    /// Selects the latest packet that was sent since event `first`, and speaks of the latest decision.
    fn go_along(&mut self, first: EventId) {
        let new = self.scene.events.get(first as usize..).unwrap_or_default();
        let sent = |wanted: fn(&Flight) -> bool| {
            new.iter().rev().find_map(|event| {
                let flight = self.scene.flight(event.flight?)?;
                (event.kind == EventKind::Sent && wanted(flight)).then_some((event.id, flight.id))
            })
        };
        // A client's answer to a close says nothing new.
        let sent = sent(|flight| flight.what != FlightKind::Tcp)
            .or_else(|| sent(|flight| is_close(flight) && flight.from == 0));
        let decided = new.iter().rev().find(|event| match event.kind {
            EventKind::Decision | EventKind::Fault | EventKind::Connection => true,
            EventKind::Action
            | EventKind::Sent
            | EventKind::Arrived
            | EventKind::Timer
            | EventKind::Application => false,
        });
        if let Some(event) = decided
            && self.player.speed().is_slow()
            && self.silent_ms >= SPEAK_EVERY_MS
        {
            self.spoken.clone_from(&event.text);
            self.silent_ms = 0.0;
        }
        if let Some((event, flight)) = sent
            && self.follows
        {
            self.put_selection(Some(flight), Some(event));
        }
    }

    fn latest(&self) -> Option<EventId> {
        self.scene.events.last().map(|event| event.id)
    }

    /// After a step: this event is what everybody looks at.
    fn look_at(&mut self, event: Option<EventId>) {
        self.follows = true;
        match event.and_then(|id| self.scene.event(id)) {
            Some(event) => {
                let (id, flight) = (event.id, event.flight);
                self.spoken.clone_from(&event.text);
                self.put_selection(flight, Some(id));
            }
            None => self.put_selection(None, None),
        }
    }

    fn select_flight(&mut self, flight: FlightId) {
        let event = self.scene.flight(flight).map(|flight| flight.event);
        self.follows = false;
        self.put_selection(Some(flight), event);
    }

    fn select_event(&mut self, event: EventId) {
        let flight = self.scene.event(event).and_then(|event| event.flight);
        self.follows = false;
        self.put_selection(flight, Some(event));
        self.side_tab = SideTab::Inspector;
    }

    fn put_selection(&mut self, flight: Option<FlightId>, event: Option<EventId>) {
        if flight != self.selection.flight {
            self.packet = flight
                .and_then(|flight| self.recording.packet(flight))
                .map(|packet| Packet(Rc::new(packet)));
            self.selection.field = None;
        }
        self.selection.flight = flight;
        self.selection.event = event;
    }

    /// The field by which a packet is known, so that its bytes, its rule and what is stored of it light up at once.
    fn select_telling_field(&mut self) {
        for name in ["Client Identifier", "Packet Identifier", "Topic Name"] {
            if self.selection.field.is_none() {
                self.select_field_named(name);
            }
        }
    }

    fn select_field_named(&mut self, name: &str) {
        let fields = self.packet.as_ref().map(|packet| &packet.0.fields);
        self.selection.field =
            fields.and_then(|fields| fields.iter().position(|field| field.name == name));
    }
}

#[cfg(test)]
mod tests;
