//! A run as a PlantUML sequence diagram.

use std::fmt::Write;

use super::ladder::{self, QUIET, order};
use super::trace::seconds;
use crate::recording::Recording;
use crate::scenario::duration;
use crate::view::{EventKind, Fate, Flight, ParticipantId};

/// What has happened up to the moment of `recording`: packets, what disturbed them, and silences.
///
/// ```text
/// @startuml
/// participant "A" as p1
/// participant "broker" as p0
/// p1 -> p0: 0.120000 CONNECT "pump-1", clean, keep alive 30 s
/// ... 4.5 s ...
/// @enduml
/// ```
///
/// A dashed line was sent again, one that ends in a cross never arrived, one that ends in a circle is on its way.
pub fn plantuml(recording: &Recording, options: ladder::Options) -> String {
    let scenario = recording.scenario();
    let mut text = String::from("@startuml\nhide footbox\n");
    let _ = writeln!(text, "title {}", plain(&scenario.title));
    for id in order(scenario.clients.len()) {
        let _ = writeln!(
            text,
            "participant \"{}\" as p{id}",
            plain(scenario.name(id))
        );
    }
    let mut last = 0;
    for event in recording.events() {
        let flight = event
            .flight
            .and_then(|id| recording.flights().get(id as usize));
        let line = match (event.kind, flight) {
            (EventKind::Sent, Some(flight)) if options.shows(flight) => arrow(flight),
            (EventKind::Fault, _) => note(event.participant, &event.text, event.at),
            (
                EventKind::Sent
                | EventKind::Action
                | EventKind::Arrived
                | EventKind::Connection
                | EventKind::Timer
                | EventKind::Decision
                | EventKind::Application,
                _,
            ) => continue,
        };
        if event.at > last + QUIET {
            let _ = writeln!(text, "... {} ...", duration::words(event.at - last));
        }
        last = event.at;
        let _ = writeln!(text, "{line}");
    }
    text.push_str("@enduml\n");
    text
}

fn arrow(flight: &Flight) -> String {
    let line = if flight.dup { "--" } else { "-" };
    let head = match flight.fate {
        Fate::Arrived => ">",
        Fate::Lost => ">x",
        Fate::Travelling => ">o",
    };
    let (from, to) = (flight.from, flight.to);
    let (at, name) = (seconds(flight.sent_at), &flight.name);
    let text = format!(
        "p{from} {line}{head} p{to}: {at} {name} {}",
        plain(&flight.summary)
    );
    text.trim_end().to_owned()
}

fn note(about: ParticipantId, text: &str, at: u64) -> String {
    format!("note over p{about}: {} {}", seconds(at), plain(text))
}

/// Without what has a meaning in PlantUML: tags, variables, escapes, and pairs such as `//` for italics.
fn plain(text: &str) -> String {
    const PAIRS: &str = "*/\"-_~=.[]";
    let mut plain = String::with_capacity(text.len());
    let mut before = None;
    for c in text.chars() {
        match c {
            '<' | '>' | '%' | '\\' | '$' | '!' | '&' => {
                let _ = write!(plain, "<U+{:04X}>", c as u32);
            }
            c if before == Some(c) && PAIRS.contains(c) => {
                let _ = write!(plain, "<U+{:04X}>", c as u32);
            }
            c if c.is_control() => plain.push(' '),
            c => plain.push(c),
        }
        before = Some(c);
    }
    plain
}
