//! What has happened: a list of events and a list of flights that only grow while a run goes forward.

use mqttlab_core::packet::Version;
use mqttlab_core::why::Decision;

use crate::view::{Event, EventId, Fate, Flight, FlightId, Micros};

/// The bytes of a flight, with what is needed to read them again.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) bytes: Box<[u8]>,
    pub(crate) version: Version,
}

/// A happening that made events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) first_event: EventId,
    /// How many happenings there were when it was over.
    pub(crate) happened: u64,
}

/// What the broker decided about messages, sessions and subscriptions, as data.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// The event that says it in words.
    pub(crate) event: EventId,
    /// `None` where the broker began anew, with nothing of its earlier life.
    pub(crate) decision: Option<Decision>,
}

/// All events and flights of a run, as far as it was ever played, and how many of them are in the past now.
///
/// Going back keeps what lies in the future, because it will be the same again; only another future
/// [cuts](Self::cut) it off.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    events: Vec<Event>,
    events_done: usize,
    flights: Vec<Flight>,
    flights_done: usize,
    sent: Vec<Sent>,
    /// How each flight ends, if that is known.
    ends: Vec<Option<(Fate, Micros)>>,
    moments: Vec<Moment>,
    known: Vec<Known>,
}

impl Log {
    /// What has happened.
    pub(crate) fn events(&self) -> &[Event] {
        &self.events[..self.events_done]
    }

    /// What was sent.
    pub(crate) fn flights(&self) -> &[Flight] {
        &self.flights[..self.flights_done]
    }

    pub(crate) fn flight(&self, id: FlightId) -> &Flight {
        &self.flights[id as usize]
    }

    pub(crate) fn sent(&self, id: FlightId) -> Option<&Sent> {
        self.sent.get(id as usize)
    }

    /// The happenings with events, those of the future too.
    pub(crate) fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// How many of the moments are past.
    pub(crate) fn moments_done(&self) -> usize {
        let done = self.events_done;
        self.moments
            .partition_point(|moment| (moment.first_event as usize) < done)
    }

    /// How many happenings there were before the last that is known to have made events by `at`; 0 where there is none.
    pub(crate) fn before_last(&self, at: Micros) -> u64 {
        let is_early = |moment: &Moment| {
            let event = self.events.get(moment.first_event as usize);
            event.is_some_and(|event| event.at <= at)
        };
        let count = self.moments.partition_point(is_early);
        let before = count.checked_sub(2).and_then(|it| self.moments.get(it));
        before.map_or(0, |moment| moment.happened)
    }

    pub(crate) fn next_event(&self) -> EventId {
        self.events_done as EventId
    }

    pub(crate) fn next_flight(&self) -> FlightId {
        self.flights_done as FlightId
    }

    pub(crate) fn push_event(&mut self, event: Event) {
        put(&mut self.events, self.events_done, event);
        self.events_done += 1;
    }

    pub(crate) fn push_flight(&mut self, flight: Flight, sent: Sent) {
        put(&mut self.flights, self.flights_done, flight);
        put(&mut self.sent, self.flights_done, sent);
        if self.ends.len() == self.flights_done {
            self.ends.push(None);
        }
        self.flights_done += 1;
    }

    /// What is known of the broker's decisions, up to now.
    pub(crate) fn known(&self) -> &[Known] {
        let done = self.next_event();
        let count = self.known.partition_point(|known| known.event < done);
        &self.known[..count]
    }

    pub(crate) fn push_known(&mut self, known: Known) {
        let is_new = self
            .known
            .last()
            .is_none_or(|last| last.event < known.event);
        if is_new {
            self.known.push(known);
        }
    }

    pub(crate) fn push_moment(&mut self, moment: Moment) {
        let known = self
            .moments
            .last()
            .is_some_and(|last| last.first_event >= moment.first_event);
        if !known {
            self.moments.push(moment);
        }
    }

    pub(crate) fn set_due(&mut self, id: FlightId, due_at: Option<Micros>) {
        self.flights[id as usize].due_at = due_at;
    }

    /// A flight has arrived or is lost.
    pub(crate) fn conclude(&mut self, id: FlightId, fate: Fate, now: Micros) {
        self.ends[id as usize] = Some((fate, now));
        self.restore_end(id);
    }

    fn restore_end(&mut self, id: FlightId) {
        if let Some((fate, at)) = self.ends[id as usize] {
            let flight = &mut self.flights[id as usize];
            flight.fate = fate;
            flight.due_at = None;
            flight.arrived_at = (fate == Fate::Arrived).then_some(at);
        }
    }

    /// Goes to where so many events and flights are past, of which `open` are on their way; before, `was_open` were.
    pub(crate) fn go_to(
        &mut self,
        (events, flights): (usize, usize),
        was_open: impl Iterator<Item = FlightId>,
        open: impl Iterator<Item = (FlightId, Option<Micros>)>,
    ) {
        self.events_done = events;
        self.flights_done = flights;
        for id in was_open {
            self.restore_end(id);
        }
        for (id, due_at) in open {
            let flight = &mut self.flights[id as usize];
            flight.fate = Fate::Travelling;
            flight.arrived_at = None;
            flight.due_at = due_at;
        }
    }

    /// Forgets the future: it will be another one. `open` are on their way now.
    pub(crate) fn cut(&mut self, open: impl Iterator<Item = FlightId>) {
        let moments = self.moments_done();
        self.moments.truncate(moments);
        let known = self.known().len();
        self.known.truncate(known);
        self.events.truncate(self.events_done);
        self.flights.truncate(self.flights_done);
        self.sent.truncate(self.flights_done);
        self.ends.truncate(self.flights_done);
        for id in open {
            self.ends[id as usize] = None;
        }
    }
}

fn put<T>(list: &mut Vec<T>, at: usize, item: T) {
    match list.get_mut(at) {
        Some(place) => *place = item,
        None => list.push(item),
    }
}

/// Grows with everything that happens, so that two runs with the same hash were the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RollingHash(u64);

impl Default for RollingHash {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl RollingHash {
    pub(crate) fn value(self) -> u64 {
        self.0
    }

    /// FNV-1a: byte by byte, the same on every machine.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }
}
