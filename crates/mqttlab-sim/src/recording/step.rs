//! Going on to what is of interest.

use super::Recording;
use crate::scenario::condition::Condition;
use crate::view::{EventId, EventKind, FlightKind, ParticipantId};

/// What a step goes on to.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// The next thing that happens.
    Event,
    /// The next packet of MQTT that is sent or arrives.
    Packet,
    /// The next timer that fires.
    Timer,
    /// The next thing that happens to this participant.
    Participant(ParticipantId),
    /// The first moment at which this is true; where it is true already, the first at which it is true again.
    Condition(Condition),
}

impl Recording {
    /// Goes on until after something that `stop` asks for. Returns the first event of it; `None` at the end of the run,
    /// which is then the moment.
    pub fn step_to(&mut self, stop: &Stop) -> Option<EventId> {
        let mut was_true = match stop {
            Stop::Condition(condition) => condition.holds(&self.world),
            Stop::Event | Stop::Packet | Stop::Timer | Stop::Participant(_) => false,
        };
        loop {
            let first = self.step()?;
            let happened = &self.events()[first as usize..];
            let is_packet = |flight: Option<u32>| {
                let flight = flight.and_then(|id| self.flights().get(id as usize));
                flight.is_some_and(|flight| flight.what != FlightKind::Tcp)
            };
            let is_there = match stop {
                Stop::Event => true,
                Stop::Packet => happened.iter().any(|event| is_packet(event.flight)),
                Stop::Timer => happened.iter().any(|event| event.kind == EventKind::Timer),
                Stop::Participant(who) => happened.iter().any(|event| event.participant == *who),
                Stop::Condition(condition) => {
                    let is_true = condition.holds(&self.world);
                    let before = std::mem::replace(&mut was_true, is_true);
                    is_true && !before
                }
            };
            if is_there {
                return Some(first);
            }
        }
    }
}
