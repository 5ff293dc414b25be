//! Writing down what happens.

use mqttlab_core::clause::Clause;
use mqttlab_core::id::ConnId;
use mqttlab_core::packet::{Side, Version};

use super::World;
use crate::describe;
use crate::log::Sent;
use crate::pipe::{Signal, Way};
use crate::scenario::condition::Tally;
use crate::view::{
    Event, EventId, EventKind, Fate, Flight, FlightId, FlightKind, Micros, ParticipantId,
};

/// An event under construction.
pub(super) struct Note {
    participant: ParticipantId,
    kind: EventKind,
    text: String,
    connection: Option<ConnId>,
    flight: Option<FlightId>,
    clause: Option<Clause>,
}

impl Note {
    pub(super) fn new(
        participant: ParticipantId,
        kind: EventKind,
        text: impl Into<String>,
    ) -> Self {
        let text = text.into();
        Self {
            participant,
            kind,
            text,
            connection: None,
            flight: None,
            clause: None,
        }
    }

    pub(super) fn on(self, connection: impl Into<Option<ConnId>>) -> Self {
        Self {
            connection: connection.into(),
            ..self
        }
    }

    pub(super) fn clause(self, clause: Option<Clause>) -> Self {
        Self { clause, ..self }
    }

    fn flight(self, flight: FlightId) -> Self {
        Self {
            flight: Some(flight),
            ..self
        }
    }
}

impl World {
    pub(crate) fn name(&self, who: ParticipantId) -> &str {
        self.scenario.name(who)
    }

    /// Writes down an event whose cause is the one before it in this moment.
    pub(super) fn note(&mut self, note: Note) -> EventId {
        let id = self.log.next_event();
        let event = Event {
            id,
            at: self.state.now,
            participant: note.participant,
            connection: note.connection.map(ConnId::number),
            kind: note.kind,
            text: note.text,
            flight: note.flight,
            clause: note.clause.map(|clause| clause.id().to_owned()),
            cause: self.cause,
        };
        let hash = &mut self.state.hash;
        hash.number(event.at);
        hash.number(u64::from(event.participant));
        hash.bytes(event.text.as_bytes());
        self.log.push_event(event);
        id
    }

    /// Writes down an event that leads to all that follows in this moment.
    pub(super) fn note_cause(&mut self, note: Note) -> EventId {
        let id = self.note(note);
        self.cause = Some(id);
        id
    }

    /// The two participants of a way on a connection of `client`: from, to.
    pub(super) fn from_to(client: ParticipantId, way: Way) -> (ParticipantId, ParticipantId) {
        match way {
            Way::Up => (client, 0),
            Way::Down => (0, client),
        }
    }

    /// A packet goes to the network.
    /// Returns whether it goes its way; an impossible network swallows packets.
    pub(super) fn send_packet(
        &mut self,
        conn: ConnId,
        way: Way,
        version: Version,
        bytes: &[u8],
    ) -> bool {
        match self.note_packet(conn, way, version, bytes) {
            Some(id) => self.write(conn, way, bytes, id),
            None => true,
        }
    }

    /// Writes down that a packet is sent; `None` where there is no such connection.
    pub(super) fn note_packet(
        &mut self,
        conn: ConnId,
        way: Way,
        version: Version,
        bytes: &[u8],
    ) -> Option<FlightId> {
        let client = self.state.pipes.get(&conn)?.client;
        let (from, to) = Self::from_to(client, way);
        let side = match way {
            Way::Up => Side::Server,
            Way::Down => Side::Client,
        };
        let mut what = describe::packet(bytes, version, side);
        if let Some(alias) = what.alias {
            what.topic = self.resolve_alias(conn, way, alias, what.topic);
        }
        let text = match what.summary.as_str() {
            "" => format!(
                "{} sends {} to {}",
                self.name(from),
                what.name,
                self.name(to)
            ),
            summary => {
                format!(
                    "{} sends {} {summary} to {}",
                    self.name(from),
                    what.name,
                    self.name(to)
                )
            }
        };
        let id = self.log.next_flight();
        let event = self.note(Note::new(from, EventKind::Sent, text).on(conn).flight(id));
        let flight = Flight {
            id,
            connection: conn.number(),
            from,
            to,
            sent_at: self.state.now,
            arrived_at: None,
            due_at: None,
            fate: Fate::Travelling,
            what: what.kind,
            name: what.name.to_owned(),
            summary: what.summary,
            qos: what.qos,
            dup: what.dup,
            retain: what.retain,
            packet_id: what.packet_id,
            topic: what.topic,
            length: bytes.len() as u32,
            answers: self.answered(conn, way, what.name, what.packet_id, id),
            event,
        };
        self.count_sent(&flight);
        self.state.hash.bytes(bytes);
        self.state.bytes += bytes.len() as u64;
        let sent = Sent {
            bytes: bytes.into(),
            version,
        };
        self.log.push_flight(flight, sent);
        self.state.open.insert(id, None);
        Some(id)
    }

    /// A packet goes into the stream, unless the network is impossible and swallows it.
    fn write(&mut self, conn: ConnId, way: Way, bytes: &[u8], id: FlightId) -> bool {
        let topic = self.log.flight(id).topic.clone();
        let Some(by) = self.loses_packet(conn, way, bytes, topic.as_deref()) else {
            if let Some(pipe) = self.state.pipes.get_mut(&conn) {
                pipe.write(way, bytes, id);
            }
            return true;
        };
        let Flight { name, from, .. } = self.log.flight(id);
        let text = format!("{by} loses {name}: TCP would have sent it again");
        self.note(Note::new(*from, EventKind::Fault, text).on(conn).flight(id));
        self.lost([id]);
        false
    }

    /// The Topic Name that an alias stands for; a name that comes with it is what it stands for from now on.
    fn resolve_alias(
        &mut self,
        conn: ConnId,
        way: Way,
        alias: u16,
        topic: Option<String>,
    ) -> Option<String> {
        let aliases = &mut self.state.pipes.get_mut(&conn)?.aliases;
        match topic.filter(|topic| !topic.is_empty()) {
            Some(topic) => {
                aliases.insert((way, alias), topic.clone());
                Some(topic)
            }
            None => aliases.get(&(way, alias)).cloned(),
        }
    }

    /// The flight of a TCP signal, not yet on its way.
    pub(super) fn signal_flight(&mut self, conn: ConnId, way: Way, signal: Signal) -> FlightId {
        let client = self.state.pipes.get(&conn).map_or(0, |pipe| pipe.client);
        let (from, to) = Self::from_to(client, way);
        let id = self.log.next_flight();
        let text = format!(
            "{} sends {} to {}",
            self.name(from),
            signal.name(),
            self.name(to)
        );
        let event = self.note(Note::new(from, EventKind::Sent, text).on(conn).flight(id));
        let flight = Flight {
            id,
            connection: conn.number(),
            from,
            to,
            sent_at: self.state.now,
            arrived_at: None,
            due_at: None,
            fate: Fate::Travelling,
            what: FlightKind::Tcp,
            name: signal.name().to_owned(),
            summary: String::new(),
            qos: None,
            dup: false,
            retain: false,
            packet_id: None,
            topic: None,
            length: 0,
            answers: self.answered(conn, way, signal.name(), None, id),
            event,
        };
        self.count_sent(&flight);
        let (bytes, version) = (Box::default(), Version::default());
        self.log.push_flight(flight, Sent { bytes, version });
        self.state.open.insert(id, None);
        id
    }

    /// Which earlier flight this one answers; remembers it in turn if it wants an answer.
    fn answered(
        &mut self,
        conn: ConnId,
        way: Way,
        name: &'static str,
        packet_id: Option<u16>,
        id: FlightId,
    ) -> Option<FlightId> {
        let unanswered = &mut self.state.pipes.get_mut(&conn)?.unanswered;
        let asks = question(name).and_then(|question| {
            let at = unanswered.iter().position(|&(asked, what, with, _)| {
                asked == way.back() && what == question && with == packet_id
            })?;
            Some(unanswered.remove(at).3)
        });
        let wants_answer = match name {
            "PUBLISH" => packet_id.is_some(),
            name => WANT_ANSWERS.contains(&name),
        };
        if wants_answer {
            unanswered.push((way, name, packet_id, id));
        }
        asks
    }

    fn count_sent(&mut self, flight: &Flight) {
        self.state.tallies.count(|tally| match tally {
            Tally::Sent {
                who,
                packet,
                filter,
            } => {
                *who == flight.from
                    && *packet == flight.name
                    && filter.as_deref().is_none_or(|filter| {
                        let topic = flight.topic.as_deref();
                        topic.is_some_and(|topic| mqttlab_core::topic::matches(filter, topic))
                    })
            }
            Tally::Resent { who } => *who == flight.from && flight.dup,
            Tally::Received { .. } | Tally::Arrived { .. } | Tally::Decided { .. } => false,
        });
    }

    fn count_arrived(&mut self, id: FlightId) {
        let flight = self.log.flight(id);
        self.state.tallies.count(|tally| match tally {
            Tally::Arrived { who, packet, words } => {
                let said = |words: &str| flight.summary.contains(words);
                *who == flight.to && *packet == flight.name && words.as_deref().is_none_or(said)
            }
            Tally::Sent { .. }
            | Tally::Resent { .. }
            | Tally::Received { .. }
            | Tally::Decided { .. } => false,
        });
    }

    /// A flight has arrived whole; what follows in this moment follows from it.
    pub(super) fn arrived(&mut self, id: FlightId) {
        self.conclude(id, Fate::Arrived);
        self.count_arrived(id);
        let flight = self.log.flight(id);
        let (to, conn) = (flight.to, ConnId::new(flight.connection));
        let (name, from) = (flight.name.as_str(), self.name(flight.from));
        let text = match flight.summary.as_str() {
            "" => format!("{} gets {name} from {from}", self.name(to)),
            summary => format!("{} gets {name} {summary} from {from}", self.name(to)),
        };
        self.cause = Some(flight.event);
        self.note_cause(Note::new(to, EventKind::Arrived, text).on(conn).flight(id));
    }

    /// Flights will never arrive, or nobody reads them.
    pub(super) fn lost(&mut self, flights: impl IntoIterator<Item = FlightId>) {
        for id in flights {
            self.conclude(id, Fate::Lost);
        }
    }

    fn conclude(&mut self, id: FlightId, fate: Fate) {
        if self.state.open.remove(&id).is_none() {
            return;
        }
        let now = self.state.now;
        self.state.hash.number(u64::from(id) << 2 | fate as u64);
        self.log.conclude(id, fate, now);
    }

    pub(super) fn set_due(&mut self, id: FlightId, due_at: Option<Micros>) {
        if let Some(known) = self.state.open.get_mut(&id)
            && *known != due_at
        {
            *known = due_at;
            self.log.set_due(id, due_at);
        }
    }
}

/// Packets that an answer comes to. A PUBLISH only if it has a Packet Identifier.
const WANT_ANSWERS: &[&str] = &[
    "CONNECT",
    "PUBREC",
    "PUBREL",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "PINGREQ",
    "SYN",
    "SYN-ACK",
];

/// What a packet answers.
fn question(name: &str) -> Option<&'static str> {
    Some(match name {
        "CONNACK" => "CONNECT",
        "PUBACK" | "PUBREC" => "PUBLISH",
        "PUBREL" => "PUBREC",
        "PUBCOMP" => "PUBREL",
        "SUBACK" => "SUBSCRIBE",
        "UNSUBACK" => "UNSUBSCRIBE",
        "PINGRESP" => "PINGREQ",
        "SYN-ACK" => "SYN",
        "ACK" => "SYN-ACK",
        _ => return None,
    })
}
