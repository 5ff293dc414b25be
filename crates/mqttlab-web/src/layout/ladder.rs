//! The ladder's geometry: lanes across, time down.
//!
//! Time is elastic. A flight of 20 ms and a silence of 90 s fit on one screen, because the way down grows ever more slowly
//! with the time, and a long silence is a break of fixed height that says how long it was. Order is never
//! bent: what happens later is never higher.

pub(crate) mod labels;

use mqttlab_sim::order;
use mqttlab_sim::view::{Event, EventId, EventKind, FlightId, Micros, ParticipantId};

use crate::filter::Filter;
use crate::scene::{Inner, is_folded};
use labels::Spot;

/// From one line to the next between the same lanes, so that their labels do not touch.
const LINE_GAP: f64 = 34.0;
/// The least a flight goes down.
const SLOPE_MIN: f64 = 20.0;
/// From one mark to the next on a lane.
const MARK_GAP: f64 = 22.0;
/// From the tip of an arrow to a mark on its lane, so that the tip is seen.
const TIP_GAP: f64 = 15.0;
/// Silence from here on is a break with a word.
const QUIET_MIN: Micros = 400_000;
const QUIET_HEIGHT: f64 = 66.0;
/// From its top to its word: nearer to what was than to what comes, whose label needs room.
const QUIET_WORD: f64 = 25.0;
const TOP: f64 = 32.0;
/// What is left of the lanes, for times.
const GUTTER: f64 = 64.0;
const LANE_MIN: f64 = 104.0;
/// More clients than this do not all have lanes; then so many have.
pub(crate) const LANES_MAX: usize = 60;
const CROWD_LANES: usize = 12;

/// What is drawn where.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ladder {
    /// Where each participant's lane is, by its number.
    pub(crate) lanes: Vec<f64>,
    pub(crate) width: f64,
    /// From the top down.
    pub(crate) items: Vec<Item>,
    axis: Vec<(Micros, f64)>,
    /// Which item each flight is.
    lines: Vec<Option<usize>>,
}

/// One thing on the ladder.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    /// A flight: from where to where. `end` is where it arrived or will arrive.
    Flight {
        id: FlightId,
        from: (f64, f64),
        to: (f64, f64),
        label: Spot,
    },
    /// Events at one moment on one lane; `says` is the one whose text is shown.
    Mark {
        at: (f64, f64),
        events: Vec<EventId>,
        says: EventId,
    },
    /// A long silence.
    Quiet { y: f64, length: Micros },
}

impl Item {
    /// Its upper and lower end.
    pub(crate) fn extent(&self) -> (f64, f64) {
        match self {
            Self::Flight { from, to, .. } => (from.1.min(to.1), from.1.max(to.1)),
            Self::Mark { at, .. } => (at.1, at.1),
            Self::Quiet { y, .. } => (*y, *y),
        }
    }
}

/// What is to be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options<'a> {
    pub(crate) width: f64,
    pub(crate) shows_tcp: bool,
    pub(crate) filter: &'a Filter,
    /// Whose lanes are wanted where there is no room for all.
    pub(crate) wanted: &'a [ParticipantId],
}

/// One moment in the life of a flight, or of a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    Arrival(FlightId),
    Mark(EventId),
    Sending(FlightId),
}

impl Ladder {
    pub(crate) fn of(scene: &Inner, options: &Options<'_>) -> Self {
        let shown = shown_lanes(scene, options);
        let (lanes, width) = lanes(&shown, scene.clients().len(), options.width);
        let mut drawing = Drawing {
            scene,
            lanes: &lanes,
            items: Vec::new(),
            axis: vec![(0, TOP)],
            last: (0, TOP),
            lines: vec![f64::NEG_INFINITY; lanes.len()],
            marks: vec![f64::NEG_INFINITY; lanes.len()],
            drawn: vec![None; scene.flights.len()],
            now_marked: vec![None; lanes.len()],
            under_way: 0,
            is_first: true,
        };
        for (at, moment) in moments(scene, options, &lanes) {
            drawing.draw(at, moment);
        }
        let Drawing {
            mut items,
            axis,
            drawn,
            ..
        } = drawing;
        labels::place(&mut items, scene);
        Self {
            lanes,
            width,
            items,
            axis,
            lines: drawn,
        }
    }

    /// How far down a moment is.
    pub(crate) fn y(&self, at: Micros) -> f64 {
        let after = self.axis.partition_point(|(time, _)| *time <= at);
        let (time, y) = after
            .checked_sub(1)
            .and_then(|before| self.axis.get(before))
            .copied()
            .unwrap_or((0, TOP));
        match self.axis.get(after) {
            Some((next, next_y)) => {
                let part = (at - time) as f64 / (next - time).max(1) as f64;
                y + (next_y - y) * part
            }
            None => y + elastic(at - time),
        }
    }

    /// The items between two heights, with some more around.
    pub(crate) fn window(&self, top: f64, bottom: f64) -> impl Iterator<Item = &Item> {
        const AROUND: f64 = 200.0;
        self.items.iter().filter(move |item| {
            let (upper, lower) = item.extent();
            lower >= top - AROUND && upper <= bottom + AROUND
        })
    }

    /// Where a flight is drawn: from where to where.
    pub(crate) fn line(&self, flight: FlightId) -> Option<((f64, f64), (f64, f64))> {
        match self.items.get((*self.lines.get(flight as usize)?)?)? {
            Item::Flight { from, to, .. } => Some((*from, *to)),
            Item::Mark { .. } | Item::Quiet { .. } => None,
        }
    }
}

/// The clients' lanes with the broker in their middle, and how wide that is.
fn lanes(shown: &[ParticipantId], all: usize, width: f64) -> (Vec<f64>, f64) {
    let clients = shown.len();
    let count = clients + 1;
    let least = GUTTER + LANE_MIN * count as f64;
    // A phone shows three lanes without scrolling sideways.
    let width = if count <= 3 { width } else { width.max(least) };
    let each = (width - GUTTER) / count as f64;
    let left = clients / 2;
    let lane = |column: usize| GUTTER + each * (column as f64 + 0.5);
    let mut lanes = vec![f64::NAN; all + 1];
    lanes[0] = lane(left);
    for (client, id) in shown.iter().enumerate() {
        lanes[*id as usize] = lane(if client < left { client } else { client + 1 });
    }
    (lanes, width)
}

/// The clients that have lanes: all, or in a crowd those that were asked for and the first.
fn shown_lanes(scene: &Inner, options: &Options<'_>) -> Vec<ParticipantId> {
    let clients = scene.clients();
    if clients.len() <= LANES_MAX {
        return clients.iter().map(|client| client.id).collect();
    }
    let named = clients
        .iter()
        .filter(|client| options.filter.names(&client.name));
    let mut shown: Vec<ParticipantId> = Vec::new();
    let wanted = options.wanted.iter().copied().filter(|id| *id > 0);
    let first = clients.iter().map(|client| client.id);
    for id in wanted.chain(named.map(|client| client.id)).chain(first) {
        if shown.len() < CROWD_LANES && !shown.contains(&id) {
            shown.push(id);
        }
    }
    order::by_key(&mut shown, |id| (u64::from(*id), 0));
    shown
}

/// Everything that has a height of its own, in the order of time.
fn moments(scene: &Inner, options: &Options<'_>, lanes: &[f64]) -> Vec<(Micros, Moment)> {
    let is_shown = |id: ParticipantId| lanes.get(id as usize).is_some_and(|lane| !lane.is_nan());
    let mut moments = Vec::new();
    for flight in &scene.flights {
        if !is_shown(flight.from) || !is_shown(flight.to) {
            continue;
        }
        let folded = is_folded(flight) && !options.shows_tcp;
        if folded || !options.filter.has_flight(flight, scene) {
            continue;
        }
        moments.push((flight.sent_at, Moment::Sending(flight.id)));
        if let Some(at) = flight.arrived_at.or(flight.due_at) {
            moments.push((at, Moment::Arrival(flight.id)));
        }
    }
    for event in &scene.events {
        if is_mark(event.kind)
            && is_shown(event.participant)
            && options.filter.has_event(event, scene)
        {
            moments.push((event.at, Moment::Mark(event.id)));
        }
    }
    // No two are equal: each has a number of its own.
    order::by_key(&mut moments, |(at, moment)| {
        let (rank, id) = match moment {
            Moment::Arrival(flight) => {
                let is_instant = scene
                    .flight(*flight)
                    .is_some_and(|flight| flight.sent_at == *at);
                (if is_instant { 3 } else { 0 }, *flight)
            }
            Moment::Mark(event) => (1, *event),
            Moment::Sending(flight) => (2, *flight),
        };
        (*at, rank << 32 | u64::from(id))
    });
    moments
}

/// What is a mark on a lane: the rest is told by the flights.
fn is_mark(kind: EventKind) -> bool {
    match kind {
        EventKind::Timer | EventKind::Decision | EventKind::Fault | EventKind::Application => true,
        EventKind::Action | EventKind::Sent | EventKind::Arrived | EventKind::Connection => false,
    }
}

/// How much an event has to say where several share a mark.
fn weight(event: &Event) -> u8 {
    match (event.kind, &event.clause) {
        (EventKind::Fault, _) => 4,
        (EventKind::Timer, _) => 3,
        (EventKind::Decision, Some(_)) => 2,
        (EventKind::Decision, None) => 1,
        (
            EventKind::Application
            | EventKind::Action
            | EventKind::Sent
            | EventKind::Arrived
            | EventKind::Connection,
            _,
        ) => 0,
    }
}

struct Drawing<'a> {
    scene: &'a Inner,
    lanes: &'a [f64],
    items: Vec<Item>,
    axis: Vec<(Micros, f64)>,
    last: (Micros, f64),
    /// The lowest line that begins or passes at each column between lanes, from the left.
    lines: Vec<f64>,
    /// The lowest mark of each lane.
    marks: Vec<f64>,
    /// Which item each flight is.
    drawn: Vec<Option<usize>>,
    /// Which item the mark of each lane is at this moment.
    now_marked: Vec<Option<usize>>,
    /// How many are sent and will arrive further down.
    under_way: usize,
    is_first: bool,
}

impl Drawing<'_> {
    fn draw(&mut self, at: Micros, moment: Moment) {
        let silence = at - self.last.0;
        if silence > 0 {
            self.now_marked.fill(None);
        }
        let mut y = self.last.1 + elastic(silence);
        if self.is_first {
            y = TOP;
        } else if silence >= QUIET_MIN && self.under_way == 0 {
            self.items.push(Item::Quiet {
                y: self.last.1 + QUIET_WORD,
                length: silence,
            });
        }
        y = match moment {
            Moment::Sending(flight) => self.sending(flight, y),
            Moment::Arrival(flight) => self.arrival(flight, y),
            Moment::Mark(event) => self.mark(event, y),
        };
        self.is_first = false;
        self.last = (at, y);
        match self.axis.last_mut() {
            Some(last) if last.0 == at => last.1 = y,
            Some(_) | None => self.axis.push((at, y)),
        }
    }

    fn sending(&mut self, id: FlightId, y: f64) -> f64 {
        let Some(flight) = self.scene.flight(id) else {
            return y;
        };
        let (from, to) = (self.lane(flight.from), self.lane(flight.to));
        let columns = self.columns(from, to);
        let above = self.lines[columns.clone()]
            .iter()
            .fold(f64::NEG_INFINITY, |lowest, line| lowest.max(*line));
        let y = y.max(above + LINE_GAP);
        self.lines[columns].fill(y);
        if let Some(drawn) = self.drawn.get_mut(id as usize) {
            *drawn = Some(self.items.len());
        }
        // Never arrives, or nobody knows when: it ends on the way.
        let part = if flight.arrived_at.or(flight.due_at).is_some() {
            self.under_way += 1;
            1.0
        } else {
            0.6
        };
        self.items.push(Item::Flight {
            id,
            from: (from, y),
            to: (from + (to - from) * part, y + SLOPE_MIN),
            label: Spot::MIDDLE,
        });
        y
    }

    fn arrival(&mut self, id: FlightId, y: f64) -> f64 {
        let drawn = self.drawn.get(id as usize).copied().flatten();
        let item = drawn.and_then(|item| self.items.get_mut(item));
        let Some(Item::Flight { from, to, .. }) = item else {
            return y;
        };
        self.under_way = self.under_way.saturating_sub(1);
        let y = y.max(from.1 + SLOPE_MIN);
        to.1 = y;
        let x = to.0;
        if let Some(lane) = self.lanes.iter().position(|lane| *lane == x) {
            self.marks[lane] = self.marks[lane].max(y + TIP_GAP - MARK_GAP);
        }
        y
    }

    fn mark(&mut self, id: EventId, y: f64) -> f64 {
        let Some(event) = self.scene.event(id) else {
            return y;
        };
        let lane = event.participant as usize;
        let x = self.lane(event.participant);
        // What happens at one moment in one place is one mark, and its weightiest event speaks.
        let same = self.now_marked.get(lane).copied().flatten();
        let same = same.and_then(|item| self.items.get_mut(item));
        if let Some(Item::Mark { events, says, .. }) = same {
            events.push(id);
            if self
                .scene
                .event(*says)
                .is_some_and(|said| weight(said) < weight(event))
            {
                *says = id;
            }
            return y;
        }
        let above = self.marks.get(lane).copied().unwrap_or(f64::NEG_INFINITY);
        let y = y.max(above + MARK_GAP);
        if let Some(lowest) = self.marks.get_mut(lane) {
            *lowest = y;
        }
        if let Some(marked) = self.now_marked.get_mut(lane) {
            *marked = Some(self.items.len());
        }
        self.items.push(Item::Mark {
            at: (x, y),
            events: vec![id],
            says: id,
        });
        y
    }

    fn lane(&self, id: ParticipantId) -> f64 {
        self.lanes.get(id as usize).copied().unwrap_or_default()
    }

    /// The columns between two lanes, counted from the left.
    fn columns(&self, from: f64, to: f64) -> std::ops::Range<usize> {
        let rank = |x: f64| self.lanes.iter().filter(|lane| **lane < x).count();
        let (from, to) = (rank(from), rank(to));
        from.min(to)..from.max(to)
    }
}

/// How far down a span of time goes.
fn elastic(span: Micros) -> f64 {
    if span == 0 {
        return 0.0;
    }
    let ms = span as f64 / 1_000.0;
    if span < QUIET_MIN {
        // Half of the way at 45 ms, where most networks are.
        8.0 + 44.0 * ms / (ms + 45.0)
    } else {
        QUIET_HEIGHT
    }
}

#[cfg(test)]
mod tests;
