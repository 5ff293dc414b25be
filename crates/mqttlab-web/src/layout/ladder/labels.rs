//! Where the names of flights stand on their lines.
//!
//! In the middle, unless another name is there already: what is sent to many at one moment arrives at one moment, so
//! that its lines come closer together the longer they are.

use mqttlab_sim::view::Flight;

use super::Item;
use crate::scene::{Family, Inner};

/// The height of a name's letters; its box may touch the next one.
const HEIGHT: f64 = 19.0;
/// The parts of a line that are tried, the best first.
const PARTS: [f64; 10] = [0.5, 0.42, 0.34, 0.26, 0.18, 0.1, 0.58, 0.66, 0.74, 0.82];
/// So many names before and after may be in the way.
const NEAR: usize = 20;

/// Where the name of a flight stands, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spot {
    /// At which part of its line.
    pub(crate) part: f64,
    /// Whether what it says stands behind it.
    pub(crate) tells: bool,
}

impl Spot {
    /// The middle.
    pub(super) const MIDDLE: Self = Self {
        part: 0.5,
        tells: true,
    };
}

/// A name's place: its centre and its size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Label {
    pub(crate) x: f64,
    pub(crate) y: f64,
    width: f64,
}

impl Label {
    /// The name of a flight on its line.
    pub(crate) fn of(flight: &Flight, from: (f64, f64), to: (f64, f64), spot: Spot) -> Self {
        let (across, down) = (to.0 - from.0, to.1 - from.1);
        let width = width(flight, room(from, to), spot.tells);
        // High enough that the line does not cross the name's corner.
        let lift = (down / across).abs() * width / 2.0;
        Self {
            x: from.0 + across * spot.part,
            y: from.1 + down * spot.part - lift,
            width,
        }
    }

    pub(super) fn touches(&self, other: &Self) -> bool {
        (self.x - other.x).abs() < (self.width + other.width) / 2.0
            && (self.y - other.y).abs() < HEIGHT
    }
}

/// How wide a name may be.
pub(crate) fn room(from: (f64, f64), to: (f64, f64)) -> f64 {
    (to.0 - from.0).abs() - 20.0
}

/// Whether there is no room for more than the letters of a name.
pub(crate) fn is_tight(flight: &Flight, room: f64) -> bool {
    flight.name.len() as f64 * 8.5 + 30.0 > room
}

/// Whether there is room for what a flight says, behind its name: a topic's begin says something, a cut list of options
/// does not.
fn tells(flight: &Flight, room: f64) -> bool {
    let name = flight.name.len() as f64 * 9.0 + 34.0;
    let least = match Family::of(flight) {
        Family::Publish | Family::Subscribe => name + 44.0,
        Family::Connect => name + 150.0,
        Family::Ack | Family::QoS2 | Family::Ping | Family::Tcp | Family::Fault => name + 30.0,
    };
    !flight.summary.is_empty() && room > least
}

fn width(flight: &Flight, room: f64, tells: bool) -> f64 {
    let summary = match tells {
        true => flight.summary.len(),
        false => 0,
    };
    ((flight.name.len() + summary) as f64 * 7.0 + 34.0).min(room)
}

/// Finds a place for the name of each flight: first for those whose lines are too short to leave a choice.
pub(super) fn place(items: &mut [Item], scene: &Inner) {
    let mut placed: Vec<Option<Label>> = vec![None; items.len()];
    for is_short in [true, false] {
        for (index, item) in items.iter_mut().enumerate() {
            let Item::Flight {
                id,
                from,
                to,
                label,
            } = item
            else {
                continue;
            };
            let (from, to) = (*from, *to);
            let Some(flight) = scene.flight(*id) else {
                continue;
            };
            let name = inside(0.0, from, to, (flight, false));
            if (name.part > 0.4) == is_short {
                let near = index.saturating_sub(NEAR)..(index + NEAR).min(placed.len());
                *label = spot(flight, from, to, &placed[near]);
                placed[index] = Some(Label::of(flight, from, to, *label));
            }
        }
    }
}

/// The best place that is free.
fn spot(flight: &Flight, from: (f64, f64), to: (f64, f64), placed: &[Option<Label>]) -> Spot {
    let all = tells(flight, room(from, to));
    // Its name alone needs less room.
    for tells in [all, false] {
        for part in &PARTS {
            let spot = inside(*part, from, to, (flight, tells));
            let label = Label::of(flight, from, to, spot);
            if !placed.iter().flatten().any(|other| other.touches(&label)) {
                return spot;
            }
        }
    }
    Spot {
        tells: all,
        ..Spot::MIDDLE
    }
}

/// The part nearest to the wanted one at which the name covers neither end.
fn inside(part: f64, from: (f64, f64), to: (f64, f64), (flight, tells): (&Flight, bool)) -> Spot {
    let across = (to.0 - from.0).abs().max(1.0);
    let half = (width(flight, room(from, to), tells) / 2.0 + 6.0) / across;
    Spot {
        // `clamp` would bring all of the standard library's way of writing such numbers into the page.
        part: part.max(half.min(0.5)).min((1.0 - half).max(0.5)),
        tells,
    }
}
