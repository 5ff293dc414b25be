//! Which message a PUBLISH is, and which messages there were.

use mqttlab_core::why::Decision;

use super::Reach;
use crate::log::Known;
use crate::order;
use crate::recording::Recording;
use crate::view::{Event, EventId, EventKind, Fate, Flight, FlightId, ParticipantId};

/// Something that was published.
#[derive(Clone, Debug)]
pub(super) struct Publication {
    pub(super) flight: Option<FlightId>,
    pub(super) event: Option<EventId>,
    pub(super) message: Option<u64>,
    pub(super) publisher: ParticipantId,
    pub(super) topic: String,
    pub(super) reach: Reach,
}

impl Recording {
    /// Everything that was published up to now.
    pub(super) fn publications(&self) -> Vec<Publication> {
        let sent = self.flights().iter().filter(|flight| is_publish(flight));
        let (mut came, mut away): (Vec<_>, Vec<_>) = sent
            .map(|flight| self.publication(flight))
            .partition(|publication| publication.event.is_some());
        let own = self.known().iter().filter_map(|known| self.own(known));
        came.extend(own);
        order::by_key(&mut came, |publication| {
            (publication.event.map_or(0, u64::from), 0)
        });
        came.append(&mut away);
        came
    }

    /// What was published with this flight, or is passed on with it.
    pub(super) fn publication_of(&self, flight: FlightId) -> Option<Publication> {
        let flight = self.flights().get(flight as usize)?;
        if is_publish(flight) {
            return Some(self.publication(flight));
        }
        if flight.name != "PUBLISH" {
            return None;
        }
        // The last decision before it on its connection is the one to send it.
        let known = self.known();
        let end = known.partition_point(|known| known.event < flight.event);
        let message = known[..end].iter().rev().find_map(|known| {
            let is_here = self.events()[known.event as usize].connection == Some(flight.connection);
            let message = match &known.decision {
                Some(
                    Decision::Delivered { message, .. }
                    | Decision::Dequeued { message, .. }
                    | Decision::Resent { message, .. },
                ) => Some(*message),
                Some(_) | None => None,
            };
            message.filter(|_| is_here)
        })?;
        let publications = self.publications().into_iter().rev();
        let mut earlier = publications.filter(|one| one.event.is_some_and(|at| at < flight.event));
        earlier.find(|one| one.message == Some(message))
    }

    /// What became of a client's PUBLISH at the broker.
    fn publication(&self, flight: &Flight) -> Publication {
        let (reach, event, message) = self.reach(flight);
        Publication {
            flight: Some(flight.id),
            event,
            message,
            publisher: flight.from,
            topic: flight.topic.clone().unwrap_or_default(),
            reach,
        }
    }

    fn reach(&self, flight: &Flight) -> (Reach, Option<EventId>, Option<u64>) {
        match (flight.fate, flight.due_at) {
            (Fate::Travelling, Some(_)) => return (Reach::OnItsWay, None, None),
            (Fate::Travelling, None) => return (Reach::Waits, None, None),
            (Fate::Lost, _) => return (Reach::Lost, None, None),
            (Fate::Arrived, _) => {}
        }
        let is_arrival =
            |event: &&Event| event.kind == EventKind::Arrived && event.flight == Some(flight.id);
        let Some(arrival) = self.events()[flight.event as usize..]
            .iter()
            .find(is_arrival)
        else {
            return (Reach::Unread, None, None);
        };
        // What the broker decided about it comes before anything else arrives or a timer fires.
        let after = &self.events()[arrival.id as usize + 1..];
        let ends = |event: &Event| {
            event.at > arrival.at || matches!(event.kind, EventKind::Arrived | EventKind::Timer)
        };
        let count = after.iter().position(ends).unwrap_or(after.len());
        let last = arrival.id + count as EventId;
        let first = self
            .known()
            .partition_point(|known| known.event <= arrival.id);
        let within = self.known()[first..].iter();
        for known in within.take_while(|known| known.event <= last) {
            let reach = match &known.decision {
                Some(Decision::Published { message, .. }) => {
                    return (Reach::Taken, Some(known.event), Some(*message));
                }
                Some(Decision::PublishRepeated { .. }) => Reach::Repeated,
                Some(Decision::PublishRefused { because, .. }) => {
                    Reach::Refused { because: *because }
                }
                Some(_) | None => continue,
            };
            return (reach, Some(known.event), None);
        }
        (Reach::Unread, Some(arrival.id), None)
    }

    /// A message that no PUBLISH brought: a will, or one of the broker's own.
    fn own(&self, known: &Known) -> Option<Publication> {
        let decision = known.decision.as_ref()?;
        let (message, publisher, topic) = if let Decision::WillPublished {
            client_id,
            topic,
            message,
        } = decision
        {
            (*message, self.owner_at(client_id), topic)
        } else if let Decision::Published {
            client_id,
            topic,
            message,
            ..
        } = decision
            && client_id.is_empty()
        {
            (*message, 0, topic)
        } else {
            return None;
        };
        Some(Publication {
            flight: None,
            event: Some(known.event),
            message: Some(message),
            publisher,
            topic: topic.to_string(),
            reach: Reach::Taken,
        })
    }

    /// The client that is or was connected under this Client Identifier.
    pub(super) fn owner_at(&self, client_id: &str) -> ParticipantId {
        let clients = &self.scenario().clients;
        let written = clients
            .iter()
            .position(|client| client.options.client_id == client_id);
        self.world
            .owner(client_id)
            .or(written.map(|index| index as ParticipantId + 1))
            .unwrap_or(0)
    }
}

/// Whether it is a PUBLISH from a client.
fn is_publish(flight: &Flight) -> bool {
    flight.from != 0 && flight.name == "PUBLISH"
}
