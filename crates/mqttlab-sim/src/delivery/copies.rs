//! What the broker decided about each copy of a message, and what the network did to it.

use mqttlab_core::packet::{PacketType, QoS};
use mqttlab_core::why::{Decision, DropCause, QueueCause, Undelivered};

use super::Outcome;
use super::find::Publication;
use crate::log::Known;
use crate::recording::Recording;
use crate::view::{EventId, Fate, FlightId, Micros};

/// One copy for one session.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    pub(super) client_id: String,
    /// The filter that brought it; `None` where the broker did not say.
    pub(super) filter: Option<String>,
    pub(super) qos: QoS,
    state: State,
    /// The decision that it is in this state for.
    event: EventId,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Sent {
        flight: Option<FlightId>,
        retained: bool,
    },
    Waits(QueueCause),
    Dropped(DropCause),
    Withheld(Undelivered),
    Forgotten,
}

/// What there is about one message.
#[derive(Clone, Debug, Default)]
pub(super) struct Copies {
    pub(super) all: Vec<Copy>,
    /// Shared subscriptions and who was chosen; nobody where none could take it.
    pub(super) shares: Vec<(String, Option<String>)>,
}

/// What became of a copy.
pub(super) struct Became {
    pub(super) outcome: Outcome,
    pub(super) at: Option<Micros>,
    pub(super) flight: Option<FlightId>,
}

impl Recording {
    /// Everything that was decided about a message that the broker took.
    pub(super) fn copies(&self, publication: &Publication) -> Copies {
        let mut copies = Copies::default();
        let (Some(event), Some(number)) = (publication.event, publication.message) else {
            return copies;
        };
        let known = self.known();
        let first = known.partition_point(|known| known.event <= event);
        for known in &known[first..] {
            match &known.decision {
                // Another life of the broker, which counts anew.
                None => {
                    copies.forget(known.event);
                    break;
                }
                Some(decision) if number_of(decision) == Some(number) => {
                    self.apply(&mut copies, known, decision);
                }
                Some(_) => {}
            }
        }
        copies
    }

    fn apply(&self, copies: &mut Copies, known: &Known, decision: &Decision) {
        let event = known.event;
        if let Decision::Delivered {
            client_id,
            filter,
            qos,
            retain,
            ..
        } = decision
        {
            let state = State::Sent {
                flight: self.flight_after(event),
                retained: *retain && self.is_later(copies, event, client_id),
            };
            copies.add(client_id, Some(filter), *qos, event, state);
        } else if let Decision::Queued {
            client_id,
            filter,
            qos,
            because,
            ..
        } = decision
        {
            copies.add(client_id, Some(filter), *qos, event, State::Waits(*because));
        } else if let Decision::NotDelivered {
            client_id,
            filter,
            because,
            ..
        } = decision
        {
            let state = State::Withheld(*because);
            copies.add(client_id, Some(filter), QoS::AtMostOnce, event, state);
        } else if let Decision::ShareChose {
            share, client_id, ..
        } = decision
        {
            let chosen = Some(client_id.to_string());
            copies.shares.push((share.to_string(), chosen));
        } else if let Decision::ShareEmpty { share, .. } = decision {
            copies.shares.push((share.to_string(), None));
        } else {
            self.apply_to_earlier(copies, event, decision);
        }
    }

    /// A decision about a copy that there is already.
    fn apply_to_earlier(&self, copies: &mut Copies, event: EventId, decision: &Decision) {
        if let Decision::Dequeued { client_id, .. } = decision {
            let state = State::sent_again(self.flight_after(event));
            copies.change(client_id, event, state, State::is_waiting);
        } else if let Decision::Resent {
            client_id,
            packet: PacketType::Publish,
            ..
        } = decision
        {
            // One that arrived has arrived, whatever becomes of the repetition.
            let state = State::sent_again(self.flight_after(event));
            copies.change(client_id, event, state, |state| self.is_open(state));
        } else if let Decision::Dropped {
            client_id,
            qos,
            because,
            ..
        } = decision
        {
            let state = State::Dropped(*because);
            if !copies.change(client_id, event, state, |state| self.is_open(state)) {
                copies.add(client_id, None, *qos, event, state);
            }
        }
    }

    /// Whether this copy may still come to something.
    fn is_open(&self, state: State) -> bool {
        match state {
            State::Sent { flight, .. } => !self.has_arrived(flight),
            State::Waits(_) => true,
            State::Dropped(_) | State::Withheld(_) | State::Forgotten => false,
        }
    }

    fn has_arrived(&self, flight: Option<FlightId>) -> bool {
        let flight = flight.and_then(|id| self.flights().get(id as usize));
        flight.is_some_and(|flight| flight.fate == Fate::Arrived)
    }

    /// Whether a copy with RETAIN is that of a new subscription: it is sent later than the others.
    fn is_later(&self, copies: &Copies, event: EventId, client_id: &str) -> bool {
        let at = |event: EventId| self.events()[event as usize].at;
        let has_one = copies.all.iter().any(|copy| copy.client_id == client_id);
        let first = copies.all.first().map_or(event, |copy| copy.event);
        has_one || at(event) > at(first) || self.follows_subscribe(event)
    }

    /// Whether the broker's decision came from a SUBSCRIBE.
    fn follows_subscribe(&self, event: EventId) -> bool {
        let mut cause = Some(event);
        while let Some(event) = cause.and_then(|id| self.events().get(id as usize)) {
            let flight = event.flight.and_then(|id| self.flights().get(id as usize));
            if let Some(flight) = flight {
                return flight.name == "SUBSCRIBE";
            }
            cause = event.cause;
        }
        false
    }

    /// The PUBLISH that goes out because of this decision: the next one on its connection.
    fn flight_after(&self, event: EventId) -> Option<FlightId> {
        let decided = self.events().get(event as usize)?;
        let after = self.events()[event as usize + 1..].iter();
        let mut same_moment = after.take_while(|event| event.at == decided.at);
        same_moment.find_map(|event| {
            let flight = self.flights().get(event.flight? as usize)?;
            let is_it = flight.from == 0
                && flight.event == event.id
                && flight.name == "PUBLISH"
                && Some(flight.connection) == decided.connection;
            is_it.then_some(flight.id)
        })
    }

    /// What became of a copy by now.
    pub(super) fn became(&self, copy: &Copy) -> Became {
        let at = Some(self.events()[copy.event as usize].at);
        let (outcome, at, flight) = match copy.state {
            State::Sent { flight, retained } => return self.became_sent(copy, flight, retained),
            State::Waits(because) => (Outcome::Queued { because }, at, None),
            State::Dropped(because) => (Outcome::Dropped { because }, at, None),
            State::Withheld(because) => (Outcome::Withheld { because }, at, None),
            State::Forgotten => (Outcome::BrokerForgot, at, None),
        };
        Became {
            outcome,
            at,
            flight,
        }
    }

    fn became_sent(&self, copy: &Copy, id: Option<FlightId>, retained: bool) -> Became {
        let flight = id.and_then(|id| self.flights().get(id as usize));
        let outcome = match flight.map(|flight| (flight.fate, flight.due_at)) {
            Some((Fate::Arrived, _)) if retained => Outcome::DeliveredRetained,
            Some((Fate::Arrived, _)) => Outcome::Delivered,
            Some((Fate::Travelling, Some(_))) => Outcome::OnItsWay,
            Some((Fate::Travelling, None)) => Outcome::InBuffer,
            Some((Fate::Lost, _)) | None if self.is_owed(copy) => Outcome::AwaitsReconnect,
            Some((Fate::Lost, _)) | None => Outcome::Lost,
        };
        let at = flight.and_then(|flight| flight.arrived_at.or(flight.due_at));
        Became {
            outcome,
            at,
            flight: id,
        }
    }

    /// Whether the session still has it, to send it again.
    fn is_owed(&self, copy: &Copy) -> bool {
        let session = self.world.broker_session(&copy.client_id);
        copy.qos > QoS::AtMostOnce
            && session.is_some_and(|session| session.in_flight().next().is_some())
    }
}

impl State {
    fn is_waiting(self) -> bool {
        matches!(self, Self::Waits(_))
    }

    fn sent_again(flight: Option<FlightId>) -> Self {
        let retained = false;
        Self::Sent { flight, retained }
    }
}

impl Copies {
    fn add(
        &mut self,
        client_id: &str,
        filter: Option<&str>,
        qos: QoS,
        event: EventId,
        state: State,
    ) {
        self.all.push(Copy {
            client_id: client_id.to_owned(),
            filter: filter.map(str::to_owned),
            qos,
            state,
            event,
        });
    }

    /// Puts the first copy for this client that is in a fitting state into another one. Returns whether there is one.
    fn change(
        &mut self,
        client_id: &str,
        event: EventId,
        state: State,
        fits: impl Fn(State) -> bool,
    ) -> bool {
        let mut copies = self.all.iter_mut();
        let found = copies.find(|copy| copy.client_id == client_id && fits(copy.state));
        let Some(copy) = found else {
            return false;
        };
        copy.state = state;
        copy.event = event;
        true
    }

    /// The broker went down without a disk: what it still had is gone.
    fn forget(&mut self, event: EventId) {
        for copy in &mut self.all {
            if copy.state.is_waiting() {
                copy.state = State::Forgotten;
                copy.event = event;
            }
        }
    }
}

/// The message that a decision is about.
fn number_of(decision: &Decision) -> Option<u64> {
    let (Decision::Delivered { message, .. }
    | Decision::Queued { message, .. }
    | Decision::Dequeued { message, .. }
    | Decision::Dropped { message, .. }
    | Decision::NotDelivered { message, .. }
    | Decision::ShareChose { message, .. }
    | Decision::ShareEmpty { message, .. }
    | Decision::Resent { message, .. }) = decision
    else {
        return None;
    };
    Some(*message)
}
