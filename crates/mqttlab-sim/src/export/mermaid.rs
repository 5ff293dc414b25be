//! A run as a Mermaid sequence diagram, for documents that draw it.

use std::fmt::Write;

use super::trace::seconds;
use crate::recording::Recording;
use crate::view::{EventKind, Fate, FlightKind, ParticipantId};

/// The packets sent up to the moment of `recording`, and what disturbed them; without TCP and pings.
///
/// ```text
/// sequenceDiagram
///     participant p1 as A
///     participant p0 as broker
///     p1->>p0: 0.120000 CONNECT "pump-1", clean, keep alive 30 s
/// ```
pub fn mermaid(recording: &Recording) -> String {
    let clients = recording.scenario().clients.len() as ParticipantId;
    let mut order: Vec<ParticipantId> = (1..=clients).collect();
    order.insert(order.len().min(1), 0);
    let mut text = String::from("sequenceDiagram\n");
    for id in order {
        let name = recording.scenario().name(id);
        let _ = writeln!(text, "    participant p{id} as {}", plain(name));
    }
    for event in recording.events() {
        match (
            event.kind,
            event
                .flight
                .and_then(|id| recording.flights().get(id as usize)),
        ) {
            (EventKind::Sent, Some(flight)) => {
                let arrow = match (flight.what, flight.fate) {
                    (FlightKind::Tcp | FlightKind::Ping, _) => continue,
                    (_, Fate::Lost) => "--x",
                    (_, Fate::Arrived) if flight.dup => "-->>",
                    (_, Fate::Arrived | Fate::Travelling) => "->>",
                };
                let (from, to) = (flight.from, flight.to);
                let summary = plain(&flight.summary);
                let at = seconds(event.at);
                let line = format!("p{from}{arrow}p{to}: {at} {} {summary}", flight.name);
                let _ = writeln!(text, "    {}", line.trim_end());
            }
            (EventKind::Fault, _) => {
                let (id, at) = (event.participant, seconds(event.at));
                let _ = writeln!(text, "    Note over p{id}: {at} {}", plain(&event.text));
            }
            (
                EventKind::Sent
                | EventKind::Action
                | EventKind::Arrived
                | EventKind::Connection
                | EventKind::Timer
                | EventKind::Decision
                | EventKind::Application,
                _,
            ) => {}
        }
    }
    text
}

/// Without what has a meaning in Mermaid.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '#' | ';' | '<' | '>' | '&' | '%' => {
                let _ = write!(plain, "#{};", c as u32);
            }
            '\n' | '\r' => plain.push(' '),
            c => plain.push(c),
        }
    }
    plain
}
