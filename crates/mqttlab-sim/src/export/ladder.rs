//! A run as a ladder: one column a participant, time downwards, one arrow a packet.

use std::fmt::Write;

use super::rows::{order, rows};
use super::trace::seconds;
use crate::recording::Recording;
use crate::scenario::duration;
use crate::view::{Event, Fate, Flight, FlightKind, ParticipantId};

/// Columns between two participants.
const LANE: usize = 32;
/// Columns for the time.
const MARGIN: usize = 14;

/// What goes into a ladder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// SYN and ACK too; FIN and RST are always there.
    pub tcp: bool,
    /// PINGREQ and PINGRESP too.
    pub pings: bool,
}

impl Options {
    /// Whether a flight is drawn.
    pub fn shows(self, flight: &Flight) -> bool {
        match flight.what {
            FlightKind::Tcp => self.tcp || matches!(flight.name.as_str(), "FIN" | "RST"),
            FlightKind::Ping => self.pings,
            FlightKind::Connect
            | FlightKind::Publish
            | FlightKind::Ack
            | FlightKind::QoS2
            | FlightKind::Subscribe => true,
        }
    }
}

/// What has happened up to the moment of `recording`, drawn with lines.
///
/// ```text
///               A                         broker                    B
///     0.120000  ├─CONNECT "pump-1", clean─►│                         │
///     0.160000  │◄───────CONNACK accepted──┤                         │
///               ⋮ 4.5 s
/// ```
///
/// Each packet stands at the time when it was sent; `─ ─►` was sent again, `─╳` never arrived, `─…` is on its way. What
/// disturbs the network or a machine stands in a line of its own.
pub fn ladder(recording: &Recording, options: Options) -> String {
    let order = order(recording.scenario().clients.len());
    let names = order.iter().map(|&id| recording.scenario().name(id));
    let mut text = " ".repeat(MARGIN);
    for name in names {
        let _ = write!(text, "{name:<LANE$}");
    }
    trim(&mut text);
    for row in rows(recording, move |flight| options.shows(flight)) {
        if let Some(silence) = row.silence {
            let _ = writeln!(text, "{:MARGIN$}⋮ {}", "", duration::words(silence));
        }
        let drawn = match row.flight {
            Some(flight) => arrow(flight, &order),
            None => note(row.event, &order),
        };
        let _ = write!(text, "{:>12}  {drawn}", seconds(row.event.at));
        trim(&mut text);
    }
    text
}

/// Ends the line without blanks at its end.
fn trim(text: &mut String) {
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}

fn place(id: ParticipantId, order: &[ParticipantId]) -> usize {
    order.iter().position(|&other| other == id).unwrap_or(0) * LANE
}

fn lifelines(order: &[ParticipantId]) -> Vec<char> {
    let mut line = vec![' '; order.len() * LANE];
    for lane in 0..order.len() {
        line[lane * LANE] = '│';
    }
    line
}

fn arrow(flight: &Flight, order: &[ParticipantId]) -> String {
    let mut line = lifelines(order);
    let (from, to) = (place(flight.from, order), place(flight.to, order));
    let (left, right) = (from.min(to), from.max(to));
    let inside = left + 1..right;
    let room = inside.len() - 3;
    let label = match flight.summary.as_str() {
        "" => flight.name.clone(),
        summary => format!("{} {summary}", flight.name),
    };
    let mut label: Vec<char> = label.chars().collect();
    if label.len() > room {
        label.truncate(room - 1);
        label.push('…');
    }
    for (index, at) in inside.enumerate() {
        let dash = if flight.dup && index % 2 == 1 {
            ' '
        } else {
            '─'
        };
        line[at] = dash;
    }
    let is_rightward = to > from;
    let start = match is_rightward {
        true => left + 2,
        false => right - 1 - label.len(),
    };
    line[start..start + label.len()].copy_from_slice(&label);
    line[from] = if is_rightward { '├' } else { '┤' };
    let head = if is_rightward { right - 1 } else { left + 1 };
    line[head] = match (flight.fate, is_rightward) {
        (Fate::Arrived, true) => '►',
        (Fate::Arrived, false) => '◄',
        (Fate::Lost, _) => '╳',
        (Fate::Travelling, _) => '…',
    };
    line.into_iter().collect()
}

fn note(event: &Event, order: &[ParticipantId]) -> String {
    let at = place(event.participant, order);
    let line: String = lifelines(order).into_iter().take(at).collect();
    format!("{line}✂ {}", event.text)
}
