//! The places of the broker, the clients and what travels between them.

/// A point, in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// A rectangle, in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Place {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Place {
    fn centred(at: Point, width: f64, height: f64) -> Self {
        Self {
            x: at.x - width / 2.0,
            y: at.y - height / 2.0,
            width,
            height,
        }
    }

    pub(crate) fn centre(&self) -> Point {
        Point {
            x: self.x + self.width / 2.0,
            y: self.y + self.height / 2.0,
        }
    }

    /// Where the line from the centre towards `to` leaves.
    fn edge(&self, to: Point) -> Point {
        let from = self.centre();
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let reach = |half: f64, d: f64| {
            if d == 0.0 {
                f64::INFINITY
            } else {
                half / d.abs()
            }
        };
        let part = reach(self.width / 2.0, dx)
            .min(reach(self.height / 2.0, dy))
            .min(1.0);
        Point {
            x: from.x + dx * part,
            y: from.y + dy * part,
        }
    }
}

/// How much of a client there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Density {
    /// Letter in a ring, name, state in words.
    Card,
    /// Letter, name, state in words, on less room.
    Slim,
    /// Letter and name.
    Pill,
    /// A dot with its name for those who ask.
    Dot,
}

/// The places of all.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) density: Density,
    pub(crate) broker: Place,
    /// In the order of the clients.
    pub(crate) clients: Vec<Place>,
}

/// So many dots have room for their names.
pub(crate) const NAMED_DOTS_MAX: usize = 12;
const MARGIN: f64 = 16.0;
const GAP: f64 = 12.0;
const CARD: (f64, f64) = (166.0, 62.0);
const SLIM: (f64, f64) = (124.0, 52.0);
const PILL: (f64, f64) = (132.0, 30.0);
const BROKER: (f64, f64) = (108.0, 72.0);
/// How far apart one or two clients and the broker stand at most.
const FACING_MAX: f64 = 760.0;
const FACING_HEIGHT_MAX: f64 = 260.0;
/// Beyond this a panel is so wide that links get no longer.
const SPREAD_MAX: f64 = 1_000.0;
/// Below this the clients stand above the broker.
const NARROW: f64 = 520.0;
/// Below this cards on both sides leave little of the links.
const MEDIUM: f64 = 720.0;

impl Plan {
    /// Finds places for the broker and `clients` in a panel of this size.
    pub(crate) fn of(width: f64, height: f64, clients: usize) -> Self {
        if width < NARROW {
            return Self::narrow(width, height, clients);
        }
        let rows = clients.div_ceil(2).max(1) as f64;
        let fits = |client: f64| rows * client + (rows - 1.0) * GAP <= height - 2.0 * MARGIN;
        let fits_closely = rows * PILL.1 + (rows - 1.0) * GAP / 2.0 <= height - MARGIN;
        let (density, card) = if width < MEDIUM {
            (Density::Slim, SLIM)
        } else {
            (Density::Card, CARD)
        };
        if clients <= 2 && 2.0 * CARD.1 + GAP <= height {
            Self::facing(width, height, clients)
        } else if fits(CARD.1) {
            Self::sides(width, height, clients, density, card)
        } else if fits_closely {
            Self::sides(width, height, clients, Density::Pill, PILL)
        } else {
            Self::ring(width, height, clients)
        }
    }

    /// One or two clients left, the broker right: long links, on which much can be seen.
    fn facing(width: f64, height: f64, clients: usize) -> Self {
        let spread = (width - 2.0 * MARGIN - 16.0).min(FACING_MAX);
        let left = (width - spread) / 2.0;
        let share = height.min(FACING_HEIGHT_MAX) / clients.max(1) as f64;
        let top = (height - share * clients as f64) / 2.0;
        let place = |client: usize| {
            let at = Point {
                x: left + CARD.0 / 2.0,
                y: top + share * (client as f64 + 0.5),
            };
            Place::centred(at, CARD.0, CARD.1)
        };
        let broker = Point {
            x: left + spread - BROKER.0 / 2.0,
            y: height / 2.0,
        };
        Self {
            density: Density::Card,
            broker: Place::centred(broker, BROKER.0, BROKER.1),
            clients: (0..clients).map(place).collect(),
        }
    }

    /// Half of the clients left of the broker, half right.
    fn sides(width: f64, height: f64, clients: usize, density: Density, size: (f64, f64)) -> Self {
        let spread = (width - 2.0 * MARGIN).min(SPREAD_MAX);
        let left = clients.div_ceil(2);
        let column = |count: usize, row: usize| {
            let share = height / count as f64;
            share * (row as f64 + 0.5)
        };
        let place = |client: usize| {
            let (x, y) = if client < left {
                ((width - spread) / 2.0 + size.0 / 2.0, column(left, client))
            } else {
                (
                    (width + spread) / 2.0 - size.0 / 2.0,
                    column(clients - left, client - left),
                )
            };
            Place::centred(Point { x, y }, size.0, size.1)
        };
        Self {
            density,
            broker: Place::centred(middle(width, height), BROKER.0, BROKER.1),
            clients: (0..clients).map(place).collect(),
        }
    }

    /// The clients in a row, the broker below.
    fn narrow(width: f64, height: f64, clients: usize) -> Self {
        let each = (width - 2.0 * MARGIN + GAP) / clients.max(1) as f64 - GAP;
        if each < 84.0 {
            return Self::ring(width, height, clients);
        }
        let size = (each.min(168.0), 56.0);
        let place = |client: usize| {
            let share = (width - 2.0 * MARGIN) / clients as f64;
            let at = Point {
                x: MARGIN + share * (client as f64 + 0.5),
                y: 8.0 + size.1 / 2.0,
            };
            Place::centred(at, size.0, size.1)
        };
        let broker = Point {
            x: width / 2.0,
            y: height - 8.0 - 22.0,
        };
        Self {
            density: if size.0 < 140.0 {
                Density::Slim
            } else {
                Density::Card
            },
            broker: Place::centred(broker, 108.0, 44.0),
            clients: (0..clients).map(place).collect(),
        }
    }

    /// Dots around the broker, in as many rings as it takes.
    fn ring(width: f64, height: f64, clients: usize) -> Self {
        const DOT: f64 = 14.0;
        let label = if clients <= NAMED_DOTS_MAX { DOT } else { 0.0 };
        let centre = middle(width, height - label);
        let (outer_x, outer_y) = (
            width / 2.0 - MARGIN - DOT - label,
            centre.y - 8.0 - DOT / 2.0,
        );
        let room = ((outer_x + outer_y) * std::f64::consts::PI / (DOT * 1.3)).max(1.0) as usize;
        let rings = clients.div_ceil(room).max(1);
        let place = |client: usize| {
            let ring = client % rings;
            let on_ring = clients.div_ceil(rings) as f64;
            let turn = (client / rings) as f64 / on_ring + ring as f64 * 0.5 / on_ring;
            let (sin, cos) = round(turn);
            let size = 1.0 - 0.5 * ring as f64 / rings as f64;
            let at = Point {
                x: centre.x + outer_x * size * sin,
                y: centre.y - outer_y * size * cos,
            };
            Place::centred(at, DOT, DOT)
        };
        Self {
            density: Density::Dot,
            broker: Place::centred(centre, 96.0, 44.0),
            clients: (0..clients).map(place).collect(),
        }
    }

    /// The ends of a client's link: at the client, at the broker.
    pub(crate) fn link(&self, client: usize) -> Option<(Point, Point)> {
        let client = self.clients.get(client)?;
        let ends = (
            client.edge(self.broker.centre()),
            self.broker.edge(client.centre()),
        );
        Some(ends)
    }
}

/// Sine and cosine of a turn, where 1 is all the way round. Near enough to place a dot, and far smaller than the exact ones.
fn round(turn: f64) -> (f64, f64) {
    // Bhaskara's formula, for half a turn from 0.
    let half = |turn: f64| {
        let product = turn * (0.5 - turn);
        16.0 * product / (1.25 - 4.0 * product)
    };
    let sine = |turn: f64| {
        let turn = turn - turn.floor();
        if turn < 0.5 {
            half(turn)
        } else {
            -half(turn - 0.5)
        }
    };
    (sine(turn), sine(turn + 0.25))
}

fn middle(width: f64, height: f64) -> Point {
    Point {
        x: width / 2.0,
        y: height / 2.0,
    }
}

/// The point that is `part` of the way from one to the other.
pub(crate) fn between(from: Point, to: Point, part: f64) -> Point {
    Point {
        x: from.x + (to.x - from.x) * part,
        y: from.y + (to.y - from.y) * part,
    }
}

/// How far one is from the other.
pub(crate) fn distance(from: Point, to: Point) -> f64 {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    (dx * dx + dy * dy).sqrt()
}

/// The direction from one to the other, of length 1.
pub(crate) fn direction(from: Point, to: Point) -> Point {
    let length = distance(from, to).max(f64::EPSILON);
    Point {
        x: (to.x - from.x) / length,
        y: (to.y - from.y) / length,
    }
}

#[cfg(test)]
mod tests {
    use super::{Density, Place, Plan, Point, between, round};

    fn overlap(a: &Place, b: &Place) -> bool {
        a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
    }

    #[test]
    fn nobody_covers_anybody_and_all_are_inside() {
        for (width, height) in [
            (750.0, 296.0),
            (390.0, 200.0),
            (580.0, 220.0),
            (1_100.0, 420.0),
        ] {
            for clients in [1, 2, 3, 5, 8, 12] {
                let plan = Plan::of(width, height, clients);
                let all: Vec<&Place> = plan.clients.iter().chain([&plan.broker]).collect();
                for (index, place) in all.iter().enumerate() {
                    assert!(
                        place.x >= 0.0
                            && place.y >= 0.0
                            && place.x + place.width <= width
                            && place.y + place.height <= height,
                        "{width} {height} {clients}: {place:?}"
                    );
                    for other in &all[index + 1..] {
                        assert!(
                            !overlap(place, other),
                            "{width} {height} {clients}: {place:?} {other:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn two_clients_face_the_broker() {
        let plan = Plan::of(750.0, 296.0, 2);
        assert_eq!(plan.density, Density::Card);
        let [a, b] = [plan.clients[0], plan.clients[1]];
        assert!(a.x < plan.broker.x && b.x < plan.broker.x && a.y < b.y);
        let (from, to) = plan.link(0).expect("there is a first client");
        assert!((to.x - from.x).hypot(to.y - from.y) > 250.0);
    }

    #[test]
    fn three_clients_stand_on_both_sides() {
        let plan = Plan::of(750.0, 296.0, 3);
        assert!(plan.clients[0].x < plan.broker.x && plan.clients[2].x > plan.broker.x);
    }

    #[test]
    fn five_hundred_clients_become_dots_inside_the_panel() {
        let plan = Plan::of(750.0, 296.0, 500);
        assert_eq!(plan.density, Density::Dot);
        assert_eq!(plan.clients.len(), 500);
        for place in &plan.clients {
            assert!(place.x >= 0.0 && place.x + place.width <= 750.0);
            assert!(place.y >= 0.0 && place.y + place.height <= 296.0);
        }
    }

    #[test]
    fn links_begin_at_the_edges() {
        let plan = Plan::of(750.0, 296.0, 1);
        let (client, broker) = plan.link(0).expect("there is a first client");
        assert!((client.x - (plan.clients[0].x + plan.clients[0].width)).abs() < 1e-9);
        assert!((broker.x - plan.broker.x).abs() < 1e-9);
        assert_eq!(plan.link(1), None);
    }

    #[test]
    fn the_way_round_is_a_circle() {
        for step in 0..=100 {
            let turn = f64::from(step) / 100.0;
            let (sin, cos) = round(turn);
            let angle = turn * std::f64::consts::TAU;
            assert!(
                (sin - angle.sin()).abs() < 0.002 && (cos - angle.cos()).abs() < 0.002,
                "{turn}"
            );
        }
    }

    #[test]
    fn halfway_is_halfway() {
        let end = Point { x: 10.0, y: 20.0 };
        assert_eq!(
            between(Point::default(), end, 0.5),
            Point { x: 5.0, y: 10.0 }
        );
    }
}
