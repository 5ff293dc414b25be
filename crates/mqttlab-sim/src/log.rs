//! What has happened: a list of events and a list of flights that only grow while a run goes forward.

use mqttlab_core::packet::Version;

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

/// All events and flights of a run so far.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) events: Vec<Event>,
    pub(crate) flights: Vec<Flight>,
    pub(crate) sent: Vec<Sent>,
    pub(crate) moments: Vec<Moment>,
}

impl Log {
    /// Goes back to when it had so many events and flights, of which `open` were on their way.
    pub(crate) fn rewind(
        &mut self,
        events: usize,
        flights: usize,
        open: impl Iterator<Item = (FlightId, Option<Micros>)>,
    ) {
        self.events.truncate(events);
        self.flights.truncate(flights);
        self.sent.truncate(flights);
        let moments = self
            .moments
            .partition_point(|moment| (moment.first_event as usize) < events);
        self.moments.truncate(moments);
        for (id, due_at) in open {
            let flight = self.flight_mut(id);
            flight.fate = Fate::Travelling;
            flight.arrived_at = None;
            flight.due_at = due_at;
        }
    }

    pub(crate) fn flight(&self, id: FlightId) -> &Flight {
        &self.flights[id as usize]
    }

    pub(crate) fn flight_mut(&mut self, id: FlightId) -> &mut Flight {
        &mut self.flights[id as usize]
    }

    pub(crate) fn next_event(&self) -> EventId {
        self.events.len() as EventId
    }

    pub(crate) fn next_flight(&self) -> FlightId {
        self.flights.len() as FlightId
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
