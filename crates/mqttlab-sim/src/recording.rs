//! A run that can be looked at from any moment.
//!
//! What is recorded is the scenario with its seed and what users did; everything else follows from that. Going back is
//! going to the last keyframe before, and forward again from there.

mod branch;
mod compare;
mod keyframes;
mod step;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use mqttlab_core::packet::Side;

use crate::inspect;
use crate::log::Known;
use crate::look;
use crate::monitor::ExpectationResult;
use crate::scenario::condition::Condition;
use crate::scenario::{Action, Scenario};
use crate::view::{
    Event, EventId, Flight, FlightId, FlightKind, Micros, PacketBytes, ParticipantId,
    ParticipantState, View,
};
use crate::world::{State, World};

pub use crate::world::Budget;
pub use crate::world::checks::Violation;

pub use branch::{
    BRANCHES_MAX, Branch, BranchId, Changes, INPUTS_MAX, UserInput, first_difference,
};

pub use compare::{Difference, Past, WhatIf, align};
pub use step::Stop;

use branch::Future;
use keyframes::Keyframes;

/// A run, and a moment in it.
///
/// ```
/// use mqttlab_sim::recording::Recording;
/// use mqttlab_sim::scenario::Scenario;
/// let scenario = Scenario::parse(r#"
/// [scenario]
/// id = "hello"
/// title = "One client"
/// version = 1
/// until = "1s"
/// [[client]]
/// name = "A"
/// [[do]]
/// at = "0s"
/// who = "A"
/// act = "connect"
/// "#)?;
/// let mut recording = Recording::new(scenario);
/// recording.seek(30_000);
/// let view = recording.view();
/// assert_eq!(view.now, 30_000);
/// assert_eq!(view.in_flight.len(), 1);
/// # Ok::<(), mqttlab_sim::scenario::ScenarioError>(())
/// ```
#[derive(Debug)]
pub struct Recording {
    pub(crate) world: World,
    now: Micros,
    futures: Vec<Future>,
    /// The index of the future that is played.
    current: usize,
    /// How many happenings the log knows of, those of the future too.
    known: u64,
}

impl Recording {
    /// A run of `scenario`, at its start.
    pub fn new(scenario: Scenario) -> Self {
        let changes = Changes::of(&scenario);
        let world = World::new(Arc::new(scenario));
        let keyframes = Keyframes::new(world.snapshot());
        Self {
            world,
            now: 0,
            futures: vec![Future::main(keyframes, changes)],
            current: 0,
            known: 0,
        }
    }

    /// The same, which may take more or less than a page can keep.
    pub fn with_budget(scenario: Scenario, budget: Budget) -> Self {
        let mut recording = Self::new(scenario);
        recording.world.budget = budget;
        recording
    }

    /// The same, looking after each happening from now on whether everything that must always hold does. It ends where
    /// something does not, and [`violation`](Self::violation) says what; it takes several times as long.
    #[cfg(feature = "checks")]
    #[must_use]
    pub fn checked(mut self) -> Self {
        self.world.watch_invariants();
        self
    }

    /// What did not hold of that which must always hold, if this was [looked for](Self::checked): a bug of the
    /// simulator or of a machine in it.
    #[cfg(feature = "checks")]
    pub fn violation(&self) -> Option<&Violation> {
        self.world.violation()
    }

    /// A run that was told to its world, at its end; there is no other moment to go to.
    #[cfg(feature = "traffic")]
    pub(crate) fn replayed(world: World) -> Self {
        let keyframes = Keyframes::new(world.snapshot());
        let (now, known) = (world.scenario.until, world.state.happened);
        Self {
            world,
            now,
            futures: vec![Future::main(keyframes, Changes::default())],
            current: 0,
            known,
        }
    }

    /// What is played.
    pub fn scenario(&self) -> &Scenario {
        &self.world.scenario
    }

    /// The moment.
    pub fn now(&self) -> Micros {
        self.now
    }

    /// The last moment of the run.
    pub fn end(&self) -> Micros {
        self.world.scenario.until
    }

    /// When the next event is; `None` at the end of the run.
    pub fn next_event_at(&self) -> Option<Micros> {
        self.next_at()
    }

    /// Lets the next thing happen, and what follows from it in the same moment. Returns the first event of it; `None` at
    /// the end of the run, which is then the moment.
    pub fn step(&mut self) -> Option<EventId> {
        let before = self.world.log.next_event();
        while self.advance() {
            if self.world.log.next_event() > before {
                return Some(before);
            }
        }
        self.now = self.end();
        None
    }

    /// Undoes the last thing that happened: the exact inverse of [`step`](Self::step). Returns the first event that was
    /// undone; `None` at the start of the run.
    pub fn step_back(&mut self) -> Option<EventId> {
        let log = &self.world.log;
        let Some(last) = log.moments_done().checked_sub(1) else {
            self.go_to(0);
            return None;
        };
        let first_event = log.moments()[last].first_event;
        let before = last
            .checked_sub(1)
            .map_or(0, |index| log.moments()[index].happened);
        self.go_to(before);
        Some(first_event)
    }

    /// Goes to this moment, after all that happens in it.
    pub fn seek(&mut self, at: Micros) {
        while !self.seek_part(at, u32::MAX) {}
    }

    /// Goes towards a moment, for those who must not be kept waiting: lets so many things happen at most, and says whether
    /// it is there. Call it again until it is.
    pub fn seek_part(&mut self, at: Micros, happenings: u32) -> bool {
        let at = at.min(self.end());
        let nearest = self.future().keyframes.at(at, self.known);
        self.jump(&nearest, at < self.world.state.now);
        let mut left = happenings;
        while self.next_at().is_some_and(|next| next <= at) {
            if left == 0 {
                return false;
            }
            left -= 1;
            self.advance();
        }
        self.now = at;
        // Where nothing more happens it has been looked at, too.
        let happened = self.world.state.happened;
        let future = &mut self.futures[self.current];
        if happened >= future.frontier {
            future.branch.explored = future.branch.explored.max(at);
        }
        true
    }

    /// Goes towards just before the last thing that is known to happen by `at`, as [`seek_part`](Self::seek_part) does
    /// towards `at` itself: what differs between the two is what that thing changed.
    ///
    /// What lies beyond where this branch was [explored](Branch::explored) is not known.
    pub fn seek_eve_part(&mut self, at: Micros, happenings: u32) -> bool {
        let happened = self.world.log.before_last(at);
        self.go_part(happened, happenings)
    }

    /// The first event of the last thing that happened; `None` at the start.
    pub fn latest(&self) -> Option<EventId> {
        let log = &self.world.log;
        let last = log.moments_done().checked_sub(1)?;
        Some(log.moments()[last].first_event)
    }

    /// Goes to where so many events have happened; more if the last of them belongs to a happening that made more.
    pub fn seek_event(&mut self, events: EventId) {
        let moments = self.world.log.moments();
        let behind = moments.partition_point(|moment| moment.first_event < events);
        let happened = behind
            .checked_sub(1)
            .map_or(0, |index| moments[index].happened);
        self.go_to(happened);
        // Where the run was never played so far, it is played now.
        while self.world.log.next_event() < events && self.advance() {}
    }

    /// Everything there is to see at this moment.
    pub fn view(&self) -> View {
        look::view(&self.world, self.now, self.next_at())
    }

    /// What has happened, up to this moment.
    pub fn events(&self) -> &[Event] {
        self.world.log.events()
    }

    /// What was sent, up to this moment.
    pub fn flights(&self) -> &[Flight] {
        self.world.log.flights()
    }

    /// What a participant is doing, without all else that a [`view`](Self::view) tells.
    pub fn participant_state(&self, id: ParticipantId) -> ParticipantState {
        look::participant_state(&self.world, id).0
    }

    /// The flights that are on their way, in the order of sending, without all else that a [`view`](Self::view) tells.
    pub fn travelling(&self) -> impl Iterator<Item = &Flight> {
        let open = self.world.open_flights();
        open.map(|id| self.world.log.flight(id))
    }

    /// The bytes of a packet and their meaning; `None` for TCP signals and for flights that are not sent yet.
    pub fn packet(&self, id: FlightId) -> Option<PacketBytes> {
        let flight = self.flights().get(id as usize)?;
        if flight.what == FlightKind::Tcp {
            return None;
        }
        let sent = self.world.log.sent(id)?;
        let side = match flight.from {
            0 => Side::Client,
            _ => Side::Server,
        };
        Some(inspect::packet(id, &sent.bytes, sent.version, side))
    }

    /// An action in words: `the cable of A is pulled`.
    pub fn action_words(&self, action: &Action) -> String {
        self.world.action_words(action)
    }

    /// The rolling hash of all that happened up to this moment.
    pub fn hash(&self) -> u64 {
        self.world.state.hash.value()
    }

    /// What has come of the scenario's expectations by this moment.
    pub fn check(&self) -> Vec<ExpectationResult> {
        self.world.results(self.now)
    }

    /// Plays to the end, and keeps nothing of the way there.
    pub(crate) fn play(&mut self) {
        self.futures[self.current].keyframes.stop();
        while self.advance() {}
        self.now = self.end();
    }

    /// What a condition's number is at this moment.
    pub(crate) fn number(&self, condition: &Condition) -> i64 {
        condition.number(&self.world)
    }

    /// Each happening that made events: the first of them, and how many happenings there were then.
    pub(crate) fn moments(&self) -> Vec<(EventId, u64)> {
        let done = self.world.log.moments_done();
        let moments = self.world.log.moments()[..done].iter();
        moments
            .map(|moment| (moment.first_event, moment.happened))
            .collect()
    }

    /// The same run up to so many happenings, and other randomness from there, where of the rules only the first so many
    /// stay; with its moment, and how many inputs it has had.
    pub(crate) fn reseeded(&self, happened: u64, salt: u64, rules: usize) -> (Self, Micros, usize) {
        let nearest = self.future().keyframes.before(happened);
        let mut world = self.world.at(&nearest);
        let changes = self.future().branch.changes.clone();
        while world.state.happened < happened && changes.advance(&mut world) {}
        world.cut_future();
        world.reseed(salt, rules);
        let (now, inputs) = (world.state.now, world.state.inputs);
        let keyframes = Keyframes::new(world.snapshot());
        let recording = Self {
            now,
            known: world.state.happened,
            futures: vec![Future::main(keyframes, changes)],
            current: 0,
            world,
        };
        (recording, now, inputs)
    }

    /// Another future for a recording that has none but this.
    pub(crate) fn replace_changes(&mut self, changes: Changes) {
        self.futures[self.current].branch.changes = changes;
    }

    /// How many messages of a topic a client's application got.
    #[cfg(feature = "text")]
    pub(crate) fn received(&self, client: ParticipantId, topic: &str) -> usize {
        let name = self.scenario().name(client);
        let gets = format!("{name} gets the message {} ", crate::describe::clip(topic));
        let events = self.events().iter();
        events.filter(|event| event.text.starts_with(&gets)).count()
    }

    /// What is known of the broker's decisions up to this moment.
    pub(crate) fn known(&self) -> &[Known] {
        self.world.log.known()
    }

    /// The world before the happening that an event belongs to.
    pub(crate) fn world_before(&self, event: EventId) -> World {
        let moments = self.world.log.moments();
        let behind = moments.partition_point(|moment| moment.first_event <= event);
        let happened = behind
            .checked_sub(1)
            .map_or(0, |index| moments[index].happened.saturating_sub(1));
        let nearest = self.future().keyframes.before(happened.min(self.known));
        let mut world = self.world.at(&nearest);
        let changes = &self.future().branch.changes;
        while world.state.happened < happened && changes.advance(&mut world) {}
        world
    }

    /// Whether the scenario's condition number `watched` is true at this moment; `false` where there is none.
    pub fn holds(&self, watched: usize) -> bool {
        let condition = self.scenario().watched.get(watched);
        condition.is_some_and(|condition| condition.holds(&self.world))
    }

    /// Checks what must always hold; for tests.
    ///
    /// # Panics
    /// When it does not: that is a bug of the simulator or of a machine in it.
    pub fn check_invariants(&self) {
        self.world.check_invariants();
        assert!(
            self.now >= self.world.state.now,
            "the moment is not before what has happened"
        );
    }

    fn next_at(&self) -> Option<Micros> {
        match self.input_due() {
            Some(input) => Some(input.at.max(self.world.state.now)),
            None => self.world.next_at(),
        }
    }

    /// Lets one thing happen.
    fn advance(&mut self) -> bool {
        let changes = &self.futures[self.current].branch.changes;
        let advanced = changes.advance(&mut self.world);
        if advanced {
            self.now = self.world.state.now;
            self.keep();
        }
        advanced
    }

    /// Plays this branch once more up to this moment, and says every TCP segment of it.
    #[cfg(feature = "pcapng")]
    pub(crate) fn captures(&self) -> Vec<crate::world::capture::Capture> {
        #[cfg(feature = "traffic")]
        if let Some(captures) = self.world.captures() {
            return captures.to_vec();
        }
        let mut again = Self::new(self.scenario().clone());
        again.world.record();
        // No keyframes: there is no going back, and each would have a copy of the segments.
        again.futures[0].branch.changes = self.future().branch.changes.clone();
        again.futures[0].keyframes.stop();
        while again.next_at().is_some_and(|next| next <= self.now) {
            again.advance();
        }
        debug_assert_eq!(again.hash(), self.hash(), "the same run again");
        again.world.take_captures()
    }

    /// Notes how far the run was played, and takes a keyframe if the last one is far enough away.
    fn keep(&mut self) {
        let happened = self.world.state.happened;
        let now = self.now;
        self.known = self.known.max(happened);
        let future = &mut self.futures[self.current];
        if happened > future.frontier {
            future.frontier = happened;
            future.branch.explored = now;
        }
        if future.keyframes.wants(happened) {
            future.keyframes.push(self.world.snapshot());
        }
    }

    /// Goes to a keyframe if it is ahead, or if what is wanted lies behind.
    fn jump(&mut self, keyframe: &State, is_behind: bool) {
        if is_behind || keyframe.happened > self.world.state.happened {
            self.world.restore(keyframe);
        }
        self.now = self.world.state.now;
    }

    /// Goes to where this number of things had happened.
    fn go_to(&mut self, happened: u64) {
        self.go_part(happened, u32::MAX);
    }

    /// The same in parts of so many happenings at most; says whether it is there.
    fn go_part(&mut self, happened: u64, happenings: u32) -> bool {
        let nearest = self.future().keyframes.before(happened.min(self.known));
        self.jump(&nearest, happened < self.world.state.happened);
        for _ in 0..happenings {
            if self.world.state.happened >= happened || !self.advance() {
                return true;
            }
        }
        self.world.state.happened >= happened
    }

    /// From here on there is another future.
    fn cut_future(&mut self) {
        self.world.cut_future();
        self.known = self.world.state.happened;
    }
}
