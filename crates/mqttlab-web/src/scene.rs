//! What all panels look at: one moment of the run and everything that led to it.

use std::ops::Deref;
use std::rc::Rc;

use mqttlab_sim::recording::Recording;
use mqttlab_sim::view::{
    Connection, Event, EventId, EventKind, Fate, Flight, FlightId, FlightKind, Micros, Participant,
    ParticipantId, View,
};

/// A moment of the run. Panels compare scenes by identity, so that one which did not change is not drawn again.
#[derive(Clone)]
pub(crate) struct Scene(Rc<Inner>);

pub(crate) struct Inner {
    /// The moment of the latest event.
    pub(crate) view: Rc<View>,
    /// The same, one event earlier: what differs is marked.
    pub(crate) before: Option<Rc<View>>,
    /// What happened, oldest first; the number of an event is its place.
    pub(crate) events: Vec<Rc<Event>>,
    /// What was sent, oldest first; the number of a flight is its place.
    pub(crate) flights: Vec<Rc<Flight>>,
    /// When the run ends.
    pub(crate) end: Micros,
}

impl PartialEq for Scene {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for Scene {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Scene {
    /// The scene at the moment of `recording`; what `last` already knows is shared with it.
    pub(crate) fn of(recording: &Recording, last: Option<&Self>, before: Option<Rc<View>>) -> Self {
        let (events, flights) = match last {
            Some(last) => (&last.events[..], &last.flights[..]),
            None => (&[][..], &[][..]),
        };
        Self(Rc::new(Inner {
            view: Rc::new(recording.view()),
            before,
            events: share(events, recording.events()),
            flights: share(flights, recording.flights()),
            end: recording.end(),
        }))
    }
}

/// What a machine says when it makes a mistake that is switched on.
const MISTAKE: &str = "mistake";

impl Scene {
    /// Takes the names off mistakes that a learner is to find.
    pub(crate) fn keep_secret(&mut self) {
        let Some(inner) = Rc::get_mut(&mut self.0) else {
            return;
        };
        let named = inner
            .events
            .iter_mut()
            .filter(|event| event.kind == EventKind::Decision && event.text.contains(MISTAKE));
        for event in named {
            let (who, _) = event.text.split_once(MISTAKE).unwrap_or_default();
            let who = who.split_whitespace().next().unwrap_or_default();
            *event = Rc::new(Event {
                text: crate::say::event_secret(who),
                clause: None,
                ..Event::clone(event)
            });
        }
    }
}

/// From so many clients on they are a crowd: drawn as dots, counted, and listed in part.
pub(crate) const CROWD: usize = 100;

/// What is known of one run, its future too: to go to and fro in it makes nothing anew.
#[derive(Default)]
pub(crate) struct Known {
    events: Vec<Rc<Event>>,
    /// As they ended, where that was seen.
    flights: Vec<Option<Rc<Flight>>>,
}

impl Known {
    /// The scene at the moment of `recording`, which must have been the same run each time.
    pub(crate) fn scene(&mut self, recording: &Recording, before: Option<Rc<View>>) -> Scene {
        let view = Rc::new(recording.view());
        let events = recording.events();
        let new = events.get(self.events.len()..).unwrap_or_default();
        self.events.extend(new.iter().cloned().map(Rc::new));
        let all = recording.flights();
        if self.flights.len() < all.len() {
            self.flights.resize(all.len(), None);
        }
        let flight = |(flight, known): (&Flight, &mut Option<Rc<Flight>>)| match known {
            Some(known) if flight.fate != Fate::Travelling => Rc::clone(known),
            Some(_) | None => {
                let flight = Rc::new(flight.clone());
                if flight.fate != Fate::Travelling {
                    *known = Some(Rc::clone(&flight));
                }
                flight
            }
        };
        Scene(Rc::new(Inner {
            view,
            before,
            events: self.events[..events.len()].to_vec(),
            flights: all.iter().zip(&mut self.flights).map(flight).collect(),
            end: recording.end(),
        }))
    }
}

fn share<T: Clone + PartialEq>(known: &[Rc<T>], all: &[T]) -> Vec<Rc<T>> {
    let mut known = known.iter();
    all.iter()
        .map(|item| match known.next() {
            Some(same) if **same == *item => Rc::clone(same),
            Some(_) | None => Rc::new(item.clone()),
        })
        .collect()
}

impl Inner {
    pub(crate) fn event(&self, id: EventId) -> Option<&Rc<Event>> {
        self.events.get(id as usize)
    }

    pub(crate) fn flight(&self, id: FlightId) -> Option<&Rc<Flight>> {
        self.flights.get(id as usize)
    }

    pub(crate) fn participant(&self, id: ParticipantId) -> Option<&Participant> {
        self.view.participants.get(id as usize)
    }

    /// `A`, or `broker`.
    pub(crate) fn name(&self, id: ParticipantId) -> &str {
        self.participant(id)
            .map_or("?", |participant| participant.name.as_str())
    }

    /// Whether there are too many clients to draw each by itself.
    pub(crate) fn is_crowd(&self) -> bool {
        self.clients().len() > CROWD
    }

    /// Everybody but the broker.
    pub(crate) fn clients(&self) -> &[Participant] {
        self.view.participants.get(1..).unwrap_or_default()
    }

    /// The latest connection of a client.
    pub(crate) fn connection(&self, client: ParticipantId) -> Option<&Connection> {
        let mut connections = self.view.connections.iter();
        connections.rfind(|connection| connection.client == client)
    }

    /// The flights that are on the wire, in the order of sending.
    pub(crate) fn travelling(&self) -> impl Iterator<Item = &Rc<Flight>> {
        self.view
            .in_flight
            .iter()
            .filter_map(|id| self.flight(*id))
            .filter(|flight| flight.fate == Fate::Travelling)
    }

    /// The event itself, what led to it, what led to that, and so on.
    pub(crate) fn causes(&self, id: EventId) -> Vec<&Rc<Event>> {
        let mut chain = Vec::new();
        let mut next = Some(id);
        while let Some(event) = next.and_then(|id| self.event(id)) {
            chain.push(event);
            // A cause is always earlier; anything else would be a circle.
            next = event.cause.filter(|cause| *cause < event.id);
        }
        chain
    }

    /// What the event led to directly.
    pub(crate) fn effects(&self, id: EventId) -> impl Iterator<Item = &Rc<Event>> {
        let later = self.events.get(id as usize + 1..).unwrap_or_default();
        later.iter().filter(move |event| event.cause == Some(id))
    }

    /// The events that name a flight.
    pub(crate) fn events_of(&self, flight: FlightId) -> impl Iterator<Item = &Rc<Event>> {
        self.events
            .iter()
            .filter(move |event| event.flight == Some(flight))
    }
}

/// What a flight looks like: its colour, its glyph, its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Connect,
    Publish,
    Ack,
    QoS2,
    Subscribe,
    Ping,
    Tcp,
    Fault,
}

impl Family {
    /// The end of a connection is drawn as a fault: it is what hurts.
    pub(crate) fn of(flight: &Flight) -> Self {
        match flight.what {
            FlightKind::Connect => Self::Connect,
            FlightKind::Publish => Self::Publish,
            FlightKind::Ack => Self::Ack,
            FlightKind::QoS2 => Self::QoS2,
            FlightKind::Subscribe => Self::Subscribe,
            FlightKind::Ping => Self::Ping,
            FlightKind::Tcp if is_close(flight) => Self::Fault,
            FlightKind::Tcp => Self::Tcp,
        }
    }

    /// The CSS class that sets `--family`.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Connect => "family-connect",
            Self::Publish => "family-publish",
            Self::Ack => "family-ack",
            Self::QoS2 => "family-qos2",
            Self::Subscribe => "family-subscribe",
            Self::Ping => "family-ping",
            Self::Tcp => "family-tcp",
            Self::Fault => "family-fault",
        }
    }
}

/// Whether it ends a connection.
pub(crate) fn is_close(flight: &Flight) -> bool {
    flight.what == FlightKind::Tcp && matches!(flight.name.as_str(), "FIN" | "RST")
}

/// Whether it only opens a connection: folded away unless somebody wants to see it.
pub(crate) fn is_folded(flight: &Flight) -> bool {
    flight.what == FlightKind::Tcp && !is_close(flight)
}
