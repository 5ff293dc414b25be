//! A run as a PlantUML sequence diagram.

use std::fmt::Write;

use super::ladder;
use super::rows::{order, rows};
use super::trace::seconds;
use crate::recording::Recording;
use crate::scenario::duration;
use crate::view::{Event, Fate, Flight};

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
    for row in rows(recording, move |flight| options.shows(flight)) {
        if let Some(silence) = row.silence {
            let _ = writeln!(text, "... {} ...", duration::words(silence));
        }
        let line = match row.flight {
            Some(flight) => arrow(flight),
            None => note(row.event),
        };
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

fn note(event: &Event) -> String {
    let (about, at) = (event.participant, seconds(event.at));
    format!("note over p{about}: {at} {}", plain(&event.text))
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
