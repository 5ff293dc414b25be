//! A run as a Mermaid sequence diagram, for documents that draw it.

use std::fmt::Write;

use super::rows::{Row, order, rows};
use super::trace::seconds;
use crate::recording::Recording;
use crate::view::{Fate, Flight, FlightKind};

/// The packets sent up to the moment of `recording`, and what disturbed them; without TCP and pings.
///
/// ```text
/// sequenceDiagram
///     participant p1 as A
///     participant p0 as broker
///     p1->>p0: 0.120000 CONNECT "pump-1", clean, keep alive 30 s
/// ```
pub fn mermaid(recording: &Recording) -> String {
    let mut text = String::from("sequenceDiagram\n");
    for id in order(recording.scenario().clients.len()) {
        let name = recording.scenario().name(id);
        let _ = writeln!(text, "    participant p{id} as {}", plain(name));
    }
    let shows = |flight: &Flight| !matches!(flight.what, FlightKind::Tcp | FlightKind::Ping);
    for Row { event, flight, .. } in rows(recording, shows) {
        let at = seconds(event.at);
        let line = match flight {
            Some(flight) => arrow(flight, &at),
            None => format!(
                "Note over p{}: {at} {}",
                event.participant,
                plain(&event.text)
            ),
        };
        let _ = writeln!(text, "    {}", line.trim_end());
    }
    text
}

fn arrow(flight: &Flight, at: &str) -> String {
    let arrow = match flight.fate {
        Fate::Lost => "--x",
        Fate::Arrived if flight.dup => "-->>",
        Fate::Arrived | Fate::Travelling => "->>",
    };
    let (from, to, name) = (flight.from, flight.to, &flight.name);
    format!(
        "p{from}{arrow}p{to}: {at} {name} {}",
        plain(&flight.summary)
    )
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
