//! One direction of a connection.

use std::collections::VecDeque;

use super::{Obstacle, Signal};
use crate::view::{FlightId, Micros};

/// TCP waits no longer than this between two attempts.
pub(super) const RETRANSMISSION_MAX: Micros = 120_000_000;

/// Part of a stream on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) signal: Signal,
    pub(crate) bytes: Vec<u8>,
    /// The flight of a signal; packets have theirs beside the stream.
    pub(crate) flight: Option<FlightId>,
    sent_at: Micros,
    /// When the sender has put it on the wire for the last time.
    leaves_at: Micros,
    due: Due,
}

/// When a segment arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    At(Micros),
    /// It is held, and this much of its way is left.
    Left(Micros),
}

impl Segment {
    pub(super) fn signal(signal: Signal, flight: FlightId, now: Micros) -> Self {
        Self {
            signal,
            bytes: Vec::new(),
            flight: Some(flight),
            sent_at: now,
            leaves_at: now,
            due: Due::Left(0),
        }
    }

    fn arrives_at(&self) -> Option<Micros> {
        match self.due {
            Due::At(at) => Some(at),
            Due::Left(_) => None,
        }
    }
}

/// One direction of a connection; see the [parent](super).
#[derive(Clone, Debug, Default)]
pub(crate) struct Lane {
    stalled: bool,
    cut: bool,
    dark: bool,
    asleep: bool,
    air: VecDeque<Segment>,
    /// Written by the machine and not taken by the socket.
    waiting: VecDeque<u8>,
    /// Close when all that waits is taken.
    fin: Option<FlightId>,
    /// Packets that have not arrived, each with the place in the stream where it ends.
    packets: VecDeque<(FlightId, u64)>,
    /// Bytes that the machine wrote, that the socket took, that arrived, and that the sender knows to have arrived.
    written: u64,
    taken: u64,
    arrived: u64,
    acknowledged: u64,
    /// Since when something is unacknowledged and nothing has moved.
    stuck_since: Option<Micros>,
    last_due: Micros,
    /// How many of the packets have left with their last byte.
    packets_launched: usize,
    /// Flights whose arrival is known or not known any more, since somebody asked.
    moved: Vec<(FlightId, Option<Micros>)>,
    pub(super) wire_free_at: Micros,
}

impl Lane {
    pub(crate) fn is_blocked(&self) -> bool {
        self.stalled || self.cut || self.dark || self.asleep
    }

    /// Whether what is sent now is lost, to be sent again.
    pub(crate) fn loses(&self) -> bool {
        self.cut || self.dark || self.asleep
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.cut
    }

    /// About how many bytes of memory it takes.
    pub(super) fn weight(&self) -> u64 {
        const SEGMENT: u64 = 80;
        let on_the_way = self.written - self.arrived;
        on_the_way + (self.air.len() + self.packets.len()) as u64 * SEGMENT
    }

    pub(super) fn is_empty(&self) -> bool {
        self.air.is_empty() && self.waiting.is_empty() && self.fin.is_none()
    }

    /// How many segments are on their way.
    pub(super) fn segments(&self) -> usize {
        self.air.len()
    }

    pub(super) fn unacknowledged_since(&self) -> Option<Micros> {
        self.stuck_since
    }

    /// When the front segment arrives; `None` while it is held or there is none.
    pub(crate) fn next_arrival(&self) -> Option<Micros> {
        self.air.front()?.arrives_at()
    }

    pub(super) fn write(&mut self, bytes: &[u8], flight: FlightId) {
        self.waiting.extend(bytes);
        self.written += bytes.len() as u64;
        self.packets.push_back((flight, self.written));
    }

    /// Closes behind all that was written.
    pub(crate) fn finish(&mut self, flight: FlightId) {
        self.fin = Some(flight);
    }

    /// The next part of what waits that the socket has room for; FIN when all is taken.
    pub(super) fn take_segment(&mut self, most: u32, buffer: u32, now: Micros) -> Option<Segment> {
        if self.waiting.is_empty() {
            return self
                .fin
                .take()
                .map(|flight| Segment::signal(Signal::Fin, flight, now));
        }
        let room = u64::from(buffer).saturating_sub(self.taken - self.acknowledged);
        let length = self.waiting.len().min(most as usize).min(room as usize);
        if length == 0 {
            return None;
        }
        let bytes: Vec<u8> = self.waiting.drain(..length).collect();
        self.taken += length as u64;
        self.stuck_since.get_or_insert(now);
        Some(Segment {
            signal: Signal::Data,
            bytes,
            flight: None,
            sent_at: now,
            leaves_at: now,
            due: Due::Left(0),
        })
    }

    pub(super) fn launch(
        &mut self,
        now: Micros,
        mut segment: Segment,
        leaves_after: Micros,
        travel: Micros,
    ) {
        segment.leaves_at = now + leaves_after;
        segment.due = if self.is_blocked() {
            Due::Left(travel)
        } else {
            // Bytes cannot overtake each other.
            self.last_due = self.last_due.max(now + travel);
            Due::At(self.last_due)
        };
        let arrives_at = segment.arrives_at();
        self.moved
            .extend(segment.flight.map(|flight| (flight, arrives_at)));
        while let Some(&(flight, end)) = self.packets.get(self.packets_launched)
            && end <= self.taken
        {
            self.moved.push((flight, arrives_at));
            self.packets_launched += 1;
        }
        self.air.push_back(segment);
    }

    /// Flights of which it has become known when they arrive, or that this is not known any more.
    pub(crate) fn take_moved(&mut self) -> Vec<(FlightId, Option<Micros>)> {
        std::mem::take(&mut self.moved)
    }

    pub(super) fn block(&mut self, now: Micros, obstacle: Obstacle) {
        match obstacle {
            Obstacle::Stall => self.stalled = true,
            Obstacle::Cut => self.cut = true,
            Obstacle::Dark => self.dark = true,
            Obstacle::Asleep => self.asleep = true,
        }
        for segment in &mut self.air {
            if let Due::At(at) = segment.due {
                segment.due = Due::Left(at.saturating_sub(now));
            }
        }
        self.moved = self.dues().collect();
    }

    /// Says when the sender tries again what was lost.
    pub(super) fn unblock(
        &mut self,
        now: Micros,
        obstacle: Obstacle,
        latency: Micros,
        timeout: Micros,
    ) -> Option<Micros> {
        let (was_blocked, lost) = (self.is_blocked(), self.loses());
        match obstacle {
            Obstacle::Stall => self.stalled = false,
            Obstacle::Cut => self.cut = false,
            Obstacle::Dark => self.dark = false,
            Obstacle::Asleep => self.asleep = false,
        }
        if self.is_blocked() || !was_blocked {
            return None;
        }
        let first = self.air.front()?;
        // What was lost waits for the sender's next attempt; what was held just goes on.
        let attempt = lost.then(|| next_attempt(first.sent_at, now, timeout));
        let repeated_at = attempt.map(|at| at + latency);
        self.last_due = now;
        for segment in &mut self.air {
            if let Due::Left(left) = segment.due {
                if let Some(at) = repeated_at {
                    segment.leaves_at = at.saturating_sub(latency);
                }
                self.last_due = self.last_due.max(repeated_at.unwrap_or(now + left));
                segment.due = Due::At(self.last_due);
            }
        }
        self.moved = self.dues().collect();
        attempt
    }

    pub(super) fn arrive(&mut self) -> Option<Segment> {
        let segment = self.air.pop_front()?;
        self.arrived += segment.bytes.len() as u64;
        Some(segment)
    }

    /// The sender learns of everything that has arrived and was read.
    pub(super) fn acknowledge(&mut self, now: Micros, unread: u64) {
        let read = self.arrived - unread;
        if self.acknowledged < read {
            self.acknowledged = read;
            self.stuck_since = (self.acknowledged < self.taken).then_some(now);
        }
    }

    /// What has arrived is not read for now.
    pub(crate) fn leave_unread(&mut self) {
        let arrived = self
            .packets
            .iter()
            .take_while(|(_, end)| *end <= self.arrived);
        self.moved
            .extend(arrived.map(|&(flight, _)| (flight, None)));
    }

    /// The next packet whose last byte has arrived.
    pub(crate) fn take_arrived(&mut self) -> Option<FlightId> {
        let &(flight, end) = self.packets.front()?;
        if end > self.arrived {
            return None;
        }
        self.packets.pop_front();
        self.packets_launched = self.packets_launched.saturating_sub(1);
        Some(flight)
    }

    /// Loses what the machine has written and its socket has not taken.
    pub(crate) fn forget_waiting(&mut self) -> Vec<FlightId> {
        self.waiting.clear();
        self.written = self.taken;
        self.forget_packets_behind(self.taken)
    }

    /// Loses what has not left the sender, and on a blocked way also what would have to be sent again.
    pub(super) fn forget_unsent(&mut self, now: Micros) -> Vec<FlightId> {
        let mut lost: Vec<FlightId> = self.fin.take().into_iter().collect();
        self.waiting.clear();
        self.written = self.taken;
        if self.is_blocked() {
            lost.extend(self.air.drain(..).filter_map(|segment| segment.flight));
        } else {
            // Behind a segment that was not sent, what was sent is of no use.
            let waits = |segment: &Segment| segment.leaves_at > now;
            let first = self.air.iter().position(waits).unwrap_or(self.air.len());
            let unsent = self.air.drain(first..);
            lost.extend(unsent.filter_map(|segment| segment.flight));
            self.wire_free_at = self.wire_free_at.min(now);
        }
        let on_the_way = self.air.iter().map(|segment| segment.bytes.len() as u64);
        self.taken = self.arrived + on_the_way.sum::<u64>();
        self.written = self.taken;
        self.stuck_since = None;
        lost.extend(self.forget_packets_behind(self.taken));
        lost
    }

    /// Packets whose end lies behind this place in the stream.
    fn forget_packets_behind(&mut self, reachable: u64) -> Vec<FlightId> {
        let mut lost = Vec::new();
        while let Some(&(flight, end)) = self.packets.back() {
            if end <= reachable {
                break;
            }
            lost.push(flight);
            self.packets.pop_back();
        }
        self.packets_launched = self.packets_launched.min(self.packets.len());
        lost
    }

    /// Everything on it, when the connection is over: signals and packets.
    pub(crate) fn drain(&mut self) -> Vec<FlightId> {
        let mut lost: Vec<FlightId> = self.fin.take().into_iter().collect();
        lost.extend(self.air.drain(..).filter_map(|segment| segment.flight));
        lost.extend(self.packets.drain(..).map(|(flight, _)| flight));
        self.packets_launched = 0;
        self.waiting.clear();
        self.stuck_since = None;
        lost
    }

    /// When each flight on it arrives; `None` for those that are held or wait.
    pub(crate) fn dues(&self) -> impl Iterator<Item = (FlightId, Option<Micros>)> {
        let signal = |segment: &Segment| Some((segment.flight?, segment.arrives_at()));
        let signals = self.air.iter().filter_map(signal);
        let mut end = self.arrived;
        let mut segments = self.air.iter().map(move |segment| {
            end += segment.bytes.len() as u64;
            (end, segment.arrives_at())
        });
        let mut current = segments.next();
        let packets = self.packets.iter().map(move |&(flight, packet_end)| {
            while current.is_some_and(|(end, _)| end < packet_end) {
                current = segments.next();
            }
            let travels = packet_end > self.arrived;
            (
                flight,
                current
                    .filter(|_| travels)
                    .and_then(|(_, arrives_at)| arrives_at),
            )
        });
        signals
            .chain(packets)
            .chain(self.fin.map(|flight| (flight, None)))
    }
}

/// The first attempt at or after `now` of a sender that began at `sent_at` and waits twice as long each time.
fn next_attempt(sent_at: Micros, now: Micros, timeout: Micros) -> Micros {
    let mut attempt = sent_at;
    let mut wait = timeout.max(1);
    while attempt < now {
        attempt += wait;
        wait = (wait * 2).min(RETRANSMISSION_MAX);
    }
    attempt
}

#[cfg(test)]
mod tests {
    use super::next_attempt;

    #[test]
    fn attempts_come_after_twice_as_long_each_time() {
        let at = |now| next_attempt(1_000_000, now, 200_000);
        assert_eq!(at(1_000_000), 1_000_000);
        assert_eq!(at(1_000_001), 1_200_000);
        assert_eq!(at(1_200_001), 1_600_000);
        assert_eq!(at(10_000_000), 13_600_000);
    }
}
