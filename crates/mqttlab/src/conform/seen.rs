//! What a client saw of a broker.

use std::collections::BTreeMap;

use mqttlab_sim::view::{Event, EventId, EventKind, Fate, Flight, FlightKind, ParticipantId};

/// Something that a client saw.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    /// It in words, without what brokers are free to choose.
    pub(super) text: String,
    /// The name of the packet.
    pub(super) name: String,
    /// The event that sent it.
    pub(super) event: EventId,
}

/// Everything that one client saw, by what must keep its order: the connections, the acknowledgements, each topic.
pub(super) fn seen(
    who: ParticipantId,
    events: &[Event],
    flights: &[Flight],
) -> BTreeMap<String, Vec<Sight>> {
    let mut seen: BTreeMap<String, Vec<Sight>> = BTreeMap::new();
    for event in events
        .iter()
        .filter(|event| event.kind == EventKind::Arrived)
    {
        let Some(flight) = event.flight.and_then(|id| flights.get(id as usize)) else {
            continue;
        };
        if flight.to != who || flight.from != 0 || flight.fate != Fate::Arrived {
            continue;
        }
        let (thread, text) = match flight.what {
            FlightKind::Connect => ("connections".to_owned(), plain(flight)),
            FlightKind::Tcp if is_end(flight, flights) => (
                "connections".to_owned(),
                "the connection is closed".to_owned(),
            ),
            FlightKind::Tcp => continue,
            FlightKind::Publish => {
                let topic = flight.topic.clone().unwrap_or_default();
                (format!("topic {topic}"), message(flight))
            }
            FlightKind::Ack | FlightKind::QoS2 | FlightKind::Subscribe | FlightKind::Ping => {
                (format!("acknowledgements {}", flight.name), plain(flight))
            }
        };
        seen.entry(thread).or_default().push(Sight {
            text,
            name: flight.name.clone(),
            event: flight.event,
        });
    }
    seen
}

/// Whether the broker closes a connection that the client wanted to keep.
fn is_end(end: &Flight, flights: &[Flight]) -> bool {
    let is_last_word = |flight: &&Flight| {
        flight.connection == end.connection
            && flight.from != 0
            && matches!(flight.name.as_str(), "FIN" | "RST" | "DISCONNECT")
    };
    let before = flights
        .iter()
        .take_while(|flight| Some(flight.sent_at) <= end.arrived_at);
    matches!(end.name.as_str(), "FIN" | "RST")
        && !before.take(end.id as usize).any(|one| is_last_word(&one))
}

/// A packet without the identifier that its sender chose, and with reason codes that mean the same.
fn plain(flight: &Flight) -> String {
    let summary = match (flight.name.as_str(), flight.packet_id) {
        ("PUBREL", Some(id)) => flight.summary.replace(&format!("id {id}"), "of its own"),
        (_, Some(_)) => flight.summary.replace(", no matching subscribers", ""),
        (_, None) => flight.summary.clone(),
    };
    format!("{} {summary}", flight.name).trim_end().to_owned()
}

/// A message without Packet Identifier and Topic Alias.
fn message(flight: &Flight) -> String {
    let summary = flight.summary.as_str();
    let (head, flags) = summary.rsplit_once(" (").unwrap_or((summary, ""));
    let topic = flight.topic.as_deref().unwrap_or_default();
    // With an alias alone there is only the payload.
    let payload = match head.find(" \"") {
        Some(at) => &head[at + 1..],
        None => head.rsplit_once(' ').map_or(head, |_| head),
    };
    let is_free = |flag: &&str| !flag.starts_with("id ") && !flag.starts_with("alias ");
    let flags: Vec<&str> = flags
        .trim_end_matches(')')
        .split(", ")
        .filter(is_free)
        .collect();
    format!("PUBLISH {topic} {payload} ({})", flags.join(", "))
}
