//! A run as a picture: a ladder in SVG, for documents and slides.
//!
//! It needs nothing beside itself, follows the theme of where it is shown, and says in words all that it draws.

mod axis;
mod draw;

use std::fmt::Write;

use super::ladder;
use super::rows::order;
use crate::recording::Recording;
use crate::scenario::duration;
use crate::view::{Event, EventKind, Flight, Micros, ParticipantId};

use axis::Axis;

/// Pixels between two participants.
const LANE: u32 = 300;
/// Pixels before the first, where the times stand; and behind the last.
const MARGIN: u32 = 150;
/// Pixels above the heads, for the title.
const TITLE: u32 = 74;
const HEAD_HEIGHT: u32 = 44;

/// Something that gets a place in the picture.
#[derive(Clone, Copy)]
struct Item<'r> {
    event: &'r Event,
    what: What<'r>,
}

#[derive(Clone, Copy)]
enum What<'r> {
    Sent(&'r Flight),
    Arrived,
    Fault,
}

/// What has happened up to the moment of `recording`, as an SVG file.
///
/// Each arrow goes from where a packet was sent to where it arrived; a longer silence is a gap with its length. The
/// colours are those of the page, for light and dark.
pub fn svg(recording: &Recording, options: ladder::Options) -> String {
    let items = items(recording, options);
    let axis = Axis::new(&items, TITLE + HEAD_HEIGHT + 26);
    let picture = Picture {
        recording,
        order: order(recording.scenario().clients.len()),
        axis,
    };
    picture.draw(&items)
}

fn items<'r>(recording: &'r Recording, options: ladder::Options) -> Vec<Item<'r>> {
    let flight = |event: &Event| {
        let flight = recording.flights().get(event.flight? as usize)?;
        options.shows(flight).then_some(flight)
    };
    let item = |event: &'r Event| {
        let what = match event.kind {
            EventKind::Sent => What::Sent(flight(event)?),
            EventKind::Arrived => flight(event).map(|_| What::Arrived)?,
            EventKind::Fault => What::Fault,
            EventKind::Action
            | EventKind::Connection
            | EventKind::Timer
            | EventKind::Decision
            | EventKind::Application => return None,
        };
        Some(Item { event, what })
    };
    recording.events().iter().filter_map(item).collect()
}

struct Picture<'r> {
    recording: &'r Recording,
    order: Vec<ParticipantId>,
    axis: Axis,
}

impl Picture<'_> {
    fn width(&self) -> u32 {
        2 * MARGIN + (self.order.len() as u32 - 1) * LANE
    }

    /// The middle of a participant's lane.
    fn lane(&self, id: ParticipantId) -> u32 {
        let at = self.order.iter().position(|&other| other == id);
        MARGIN + at.unwrap_or(0) as u32 * LANE
    }

    fn draw(&self, items: &[Item<'_>]) -> String {
        let results = self.recording.check();
        let bottom = self.axis.bottom() + 22;
        let height = bottom + HEAD_HEIGHT + 30 + 20 * results.len() as u32;
        let width = self.width();
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"title about\">\n"
        );
        let title = escape(&self.recording.scenario().title);
        let _ = writeln!(svg, "<title id=\"title\">{title}</title>");
        let _ = writeln!(svg, "<desc id=\"about\">{}</desc>", self.words(items));
        let _ = writeln!(svg, "<style>{}</style>", include_str!("svg/style.css"));
        let _ = writeln!(
            svg,
            "<rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>"
        );
        self.draw_title(&mut svg);
        self.draw_lifelines(&mut svg, bottom);
        for item in items {
            self.draw_item(item, &mut svg);
        }
        self.draw_times(items, &mut svg);
        self.draw_heads(TITLE, &mut svg);
        self.draw_heads(bottom, &mut svg);
        self.draw_results(&results, bottom + HEAD_HEIGHT + 30, &mut svg);
        svg.push_str("</svg>\n");
        svg
    }

    /// The whole picture in words, for who does not see it.
    fn words(&self, items: &[Item<'_>]) -> String {
        let scenario = self.recording.scenario();
        let names: Vec<&str> = self.order.iter().map(|&id| scenario.name(id)).collect();
        let mut text = format!("A ladder of {}.\n", escape(&names.join(", ")));
        for Item { event, what } in items {
            match what {
                What::Sent(flight) => {
                    let fate = match flight.fate {
                        crate::view::Fate::Arrived => "",
                        crate::view::Fate::Lost => ", which never arrives",
                        crate::view::Fate::Travelling => ", which is on its way",
                    };
                    let line = format!("{} s: {}{fate}.", time(event.at), event.text);
                    let _ = writeln!(text, "{}", escape(&line));
                }
                What::Fault => {
                    let line = format!("{} s: {}.", time(event.at), event.text);
                    let _ = writeln!(text, "{}", escape(&line));
                }
                What::Arrived => {}
            }
        }
        text
    }

    fn about(&self) -> String {
        let scenario = self.recording.scenario();
        format!(
            "MQTT {} · seed {} · {}",
            scenario.mqtt,
            scenario.seed,
            duration::words(self.recording.now())
        )
    }
}

/// Seconds, with milliseconds, and more only where there is more.
fn time(at: Micros) -> String {
    let (seconds, micros) = (at / 1_000_000, at % 1_000_000);
    match micros % 1_000 {
        0 => format!("{seconds}.{:03}", micros / 1_000),
        _ => format!("{seconds}.{micros:06}"),
    }
}

/// Without what has a meaning in XML, or no place in it.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => escaped.push('\u{FFFD}'),
            c => escaped.push(c),
        }
    }
    escaped
}
