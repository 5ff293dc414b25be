//! One TCP connection: two streams of bytes, each in order, and two ends that may believe different things.
//!
//! ```text
//!              up ───►  waiting → air (segments on their way) → broker's end
//! client's end
//!              ◄─── down  client's end ← air ← waiting
//! ```
//!
//! What a machine writes waits until the sender's socket has room, then travels in segments. A segment is never lost in
//! the middle of a stream: TCP sends it again, so loss and blocked ways show as delay of it and of all behind it.

pub(crate) mod gate;
mod lane;
pub(crate) mod tape;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use mqttlab_core::id::ConnId;
use mqttlab_core::link::Link;
use mqttlab_core::rng::Rng;

use crate::scenario::{LinkSpec, RuleVerdict};
use crate::view::{EndState, FlightId, Micros, ParticipantId};

pub(crate) use crate::scenario::SegmentKind as Signal;
pub(crate) use lane::{Lane, Segment};

use gate::Gate;
use tape::Tape;

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// Towards the broker.
    Up,
    /// Towards the client.
    Down,
}

impl Way {
    pub(crate) const BOTH: [Self; 2] = [Self::Up, Self::Down];

    pub(crate) fn back(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

/// What keeps a way from being passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// What travels is held where it is.
    Stall,
    /// What is sent is lost, and sent again later.
    Cut,
    /// The machine at the far end is off, which looks the same from here.
    Dark,
    /// The client's computer sleeps, and its radio with it.
    Asleep,
}

/// One end of a connection.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// What it believes.
    pub(crate) state: EndState,
    /// Cuts what it reads into packets; `None` while nobody reads.
    pub(crate) link: Option<Link>,
}

impl End {
    /// Whether it takes part: it sends and reads.
    pub(crate) fn is_open(&self) -> bool {
        self.state == EndState::Open
    }

    /// Whether it will neither send nor read any more.
    pub(crate) fn is_over(&self) -> bool {
        match self.state {
            EndState::Closed | EndState::Reset | EndState::None => true,
            EndState::Opening | EndState::Open => false,
        }
    }
}

/// How a segment passes.
struct Passage {
    /// The time until its turn on the wire is over.
    on_wire: Micros,
    /// The time until it leaves for good, which is longer by what TCP needs to repair losses.
    leaves_after: Micros,
    /// How long its way then takes.
    travel: Micros,
    /// How many attempts are lost before.
    losses: u32,
    /// What the way is blocked by from now on.
    blocked: Option<Obstacle>,
}

/// One TCP connection.
#[derive(Clone, Debug)]
pub(crate) struct Pipe {
    pub(crate) id: ConnId,
    pub(crate) client: ParticipantId,
    pub(crate) opened_at: Micros,
    pub(crate) client_end: End,
    pub(crate) broker_end: End,
    /// Client Identifier that the broker let in on it.
    pub(crate) client_id: Option<String>,
    /// What has come to the broker's computer before its process accepted the connection.
    pub(crate) early: VecDeque<Segment>,
    /// How often SYN was sent again, and when it was sent last.
    pub(crate) syn_repeated: u32,
    pub(crate) syn_sent_at: Micros,
    /// What has come to a client that does not read.
    pub(crate) unread: VecDeque<Segment>,
    /// 5.0: what Topic Aliases stand for.
    pub(crate) aliases: BTreeMap<(Way, u16), String>,
    /// Packets that an answer is expected for.
    pub(crate) unanswered: Vec<(Way, &'static str, Option<u16>, FlightId)>,
    spec: LinkSpec,
    rng: Rng,
    up: Lane,
    down: Lane,
    /// Its segments, where somebody wants them.
    tape: Option<Box<Tape>>,
}

impl Pipe {
    /// A connection that `client` begins to open. `rng` is for it alone.
    pub(crate) fn new(
        id: ConnId,
        client: ParticipantId,
        now: Micros,
        spec: LinkSpec,
        rng: Rng,
    ) -> Self {
        let end = |state| End { state, link: None };
        Self {
            id,
            client,
            opened_at: now,
            client_end: end(EndState::Opening),
            broker_end: end(EndState::None),
            client_id: None,
            early: VecDeque::new(),
            syn_repeated: 0,
            syn_sent_at: now,
            unread: VecDeque::new(),
            aliases: BTreeMap::new(),
            unanswered: Vec::new(),
            spec,
            rng,
            up: Lane::default(),
            down: Lane::default(),
            tape: None,
        }
    }

    /// From now on writes down every segment.
    pub(crate) fn record(&mut self) {
        self.tape = Some(Box::default());
        for way in Way::BOTH {
            if self.lane(way).loses() {
                self.taped(|tape| tape.begin_losing(0, way));
            }
        }
    }

    fn taped(&mut self, write: impl FnOnce(&mut Tape)) {
        if let (true, Some(tape)) = (tape::IS_BUILT, &mut self.tape) {
            write(tape);
        }
    }

    /// What was written down of it, now that it is over or looked at.
    pub(crate) fn take_tape(&mut self, now: Micros) -> Option<Vec<tape::Mark>> {
        let timeout = self.retransmission_timeout();
        Some(self.tape.take()?.finish(now, timeout))
    }

    /// Something in between resets it: both ways lose what is on them. Says which flights that are.
    pub(crate) fn reset_between(&mut self, now: Micros) -> Vec<FlightId> {
        let mut lost = Vec::new();
        for way in Way::BOTH {
            lost.extend(self.forget_sent(now, way));
            self.taped(|tape| tape.forge_reset(now, way));
        }
        lost
    }

    /// What is on its way is lost for good. Says which flights that are.
    pub(crate) fn forget_sent(&mut self, now: Micros, way: Way) -> Vec<FlightId> {
        let timeout = self.retransmission_timeout();
        self.taped(|tape| tape.keep(now, way, 0, timeout));
        self.lane_mut(way).drain()
    }

    pub(crate) fn spec(&self) -> &LinkSpec {
        &self.spec
    }

    /// From now on what is sent passes as on such a link.
    pub(crate) fn set_spec(&mut self, spec: LinkSpec) {
        self.spec = spec;
    }

    pub(crate) fn lane(&self, way: Way) -> &Lane {
        match way {
            Way::Up => &self.up,
            Way::Down => &self.down,
        }
    }

    pub(crate) fn lane_mut(&mut self, way: Way) -> &mut Lane {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }

    /// The end that sends this way.
    pub(crate) fn sender(&mut self, way: Way) -> &mut End {
        match way {
            Way::Up => &mut self.client_end,
            Way::Down => &mut self.broker_end,
        }
    }

    /// The end that reads this way.
    pub(crate) fn reader(&mut self, way: Way) -> &mut End {
        self.sender(way.back())
    }

    fn latency(&self, way: Way) -> Micros {
        match way {
            Way::Up => self.spec.latency_up,
            Way::Down => self.spec.latency_down,
        }
    }

    fn jitter(&self, way: Way) -> Micros {
        match way {
            Way::Up => self.spec.jitter_up,
            Way::Down => self.spec.jitter_down,
        }
    }

    /// Sends a signal without data. Returns whether it travels: a RST is not sent again, so a cut swallows it.
    pub(crate) fn signal(
        &mut self,
        now: Micros,
        way: Way,
        (signal, flight): (Signal, FlightId),
        mut gate: Option<&mut Gate>,
    ) -> bool {
        if signal == Signal::Rst {
            let verdict = gate
                .take()
                .and_then(|gate| gate.judge_segment(now, way, signal, 0));
            let is_lost = matches!(
                verdict,
                Some(RuleVerdict::Lose | RuleVerdict::Stall | RuleVerdict::Cut)
            );
            if is_lost || self.lane(way).loses() {
                self.taped(|tape| tape.lost_reset(now, way));
                return false;
            }
        }
        self.launch(now, way, Segment::signal(signal, flight, now), gate);
        true
    }

    /// Appends a packet to what a machine wrote; [`pump`](Self::pump) sends it.
    pub(crate) fn write(&mut self, way: Way, bytes: &[u8], flight: FlightId) {
        self.lane_mut(way).write(bytes, flight);
    }

    /// From here on chance does something else.
    pub(crate) fn reseed(&mut self, salt: u64) {
        self.rng = self.rng.fork(salt);
    }

    /// Whether an impossible network loses the next packet.
    pub(crate) fn loses_packet(&mut self) -> bool {
        let share = u64::from(self.spec.impossible_loss);
        share > 0 && self.rng.chance(share, WHOLE)
    }

    /// Lets the socket take what it has room for. Returns how many bytes it took.
    pub(crate) fn pump(&mut self, now: Micros, way: Way, mut gate: Option<&mut Gate>) -> u64 {
        let (segment, buffer) = (self.spec.segment, self.spec.buffer);
        let mut taken = 0;
        while let Some(next) = self.lane_mut(way).take_segment(segment, buffer, now) {
            taken += next.bytes.len() as u64;
            self.launch(now, way, next, gate.as_deref_mut());
        }
        taken
    }

    fn launch(&mut self, now: Micros, way: Way, segment: Segment, gate: Option<&mut Gate>) {
        let Passage {
            on_wire,
            leaves_after,
            travel,
            losses,
            blocked,
        } = self.passage(now, way, &segment, gate);
        if let Some(obstacle) = blocked {
            self.block(now, way, obstacle);
        }
        let timeout = self.retransmission_timeout();
        self.taped(|tape| {
            let what = (segment.signal, segment.bytes.as_slice());
            tape.launch(now + on_wire, way, what, losses, timeout);
        });
        let lane = self.lane_mut(way);
        lane.launch(now, segment, leaves_after, leaves_after + travel);
    }

    /// How a segment that is sent now passes. Each attempt is shown to the rules, those to come at their time already.
    fn passage(
        &mut self,
        now: Micros,
        way: Way,
        segment: &Segment,
        mut gate: Option<&mut Gate>,
    ) -> Passage {
        let on_wire = self.occupy_wire(now, way, segment.bytes.len());
        let jitter = self.jitter(way).min(self.latency(way));
        let spread = if jitter > 0 {
            self.rng.below(2 * jitter + 1)
        } else {
            0
        };
        let mut passage = Passage {
            on_wire,
            leaves_after: on_wire,
            travel: self.latency(way) - jitter + spread,
            losses: 0,
            blocked: None,
        };
        let mut timeout = self.retransmission_timeout();
        let loss = u64::from(self.spec.loss);
        loop {
            let attempt = (now + passage.leaves_after, passage.losses);
            let verdict = gate.as_deref_mut().and_then(|gate| {
                let (at, attempt) = attempt;
                gate.judge_segment(at, way, segment.signal, attempt)
            });
            let has_time = timeout < self.spec.give_up;
            match verdict {
                Some(RuleVerdict::Lose) if has_time => {}
                None if loss > 0 && has_time && self.rng.chance(loss, WHOLE) => {}
                Some(RuleVerdict::Deliver | RuleVerdict::Reset | RuleVerdict::Refuse) | None => {
                    return passage;
                }
                Some(RuleVerdict::Delay(by)) => {
                    passage.travel += by;
                    return passage;
                }
                Some(RuleVerdict::Stall) => {
                    passage.blocked = Some(Obstacle::Stall);
                    return passage;
                }
                // What is always lost never comes.
                Some(RuleVerdict::Cut | RuleVerdict::Lose) => {
                    passage.blocked = Some(Obstacle::Cut);
                    return passage;
                }
            }
            passage.leaves_after += timeout;
            passage.losses += 1;
            timeout *= 2;
        }
    }

    /// How long it takes until so many bytes are on the wire, behind what is sent already.
    fn occupy_wire(&mut self, now: Micros, way: Way, length: usize) -> Micros {
        const HEADERS: u64 = 40;
        let bandwidth = match way {
            Way::Up => self.spec.bandwidth_up,
            Way::Down => self.spec.bandwidth_down,
        };
        let Some(bandwidth) = bandwidth else {
            return 0;
        };
        let bits = (length as u64 + HEADERS) * 8;
        let on_wire = bits.saturating_mul(1_000_000) / bandwidth;
        let lane = self.lane_mut(way);
        let free_at = lane.wire_free_at.max(now) + on_wire;
        lane.wire_free_at = free_at;
        free_at - now
    }

    /// The first retransmission comes after two round trips, at least 200 ms; each further one after twice as long.
    fn retransmission_timeout(&self) -> Micros {
        (2 * (self.spec.latency_up + self.spec.latency_down)).max(200_000)
    }

    /// Puts an obstacle into a way.
    pub(crate) fn block(&mut self, now: Micros, way: Way, obstacle: Obstacle) {
        self.lane_mut(way).block(now, obstacle);
        if self.lane(way).loses() {
            self.taped(|tape| tape.begin_losing(now, way));
        }
    }

    /// Takes an obstacle away.
    pub(crate) fn unblock(&mut self, now: Micros, way: Way, obstacle: Obstacle) {
        let latency = self.latency(way);
        let timeout = self.retransmission_timeout();
        let repeated_at = self.lane_mut(way).unblock(now, obstacle, latency, timeout);
        if !self.lane(way).loses() {
            self.taped(|tape| tape.end_losing(way, repeated_at.unwrap_or(now), timeout));
        }
        if !self.lane(way).is_blocked() {
            self.acknowledge(now, way.back());
        }
    }

    /// The front segment has arrived: takes it off the lane.
    pub(crate) fn arrive(&mut self, now: Micros, way: Way) -> Option<Segment> {
        self.taped(|tape| tape.arrive(now, way));
        self.lane_mut(way).arrive()
    }

    /// The sender of this way learns of what its peer has read, if that can travel back.
    pub(crate) fn acknowledge(&mut self, now: Micros, way: Way) {
        let unread = match way {
            Way::Up => 0,
            Way::Down => self.unread.iter().map(|one| one.bytes.len() as u64).sum(),
        };
        if !self.lane(way.back()).is_blocked() {
            self.lane_mut(way).acknowledge(now, unread);
        }
    }

    /// The end that sends this way is gone without a word: what has not left it is lost. Says which packets.
    pub(crate) fn forget_unsent(&mut self, now: Micros, way: Way) -> Vec<FlightId> {
        let timeout = self.retransmission_timeout();
        let lost = self.lane_mut(way).forget_unsent(now);
        let left = self.lane(way).segments();
        self.taped(|tape| tape.keep(now, way, left, timeout));
        lost
    }

    /// When the sender of this way stops waiting for acknowledgements, if nothing changes.
    pub(crate) fn gives_up_at(&self, way: Way) -> Option<Micros> {
        let stuck = self.lane(way).is_blocked() || self.lane(way.back()).is_blocked();
        let since = self.lane(way).unacknowledged_since()?;
        stuck.then(|| since.saturating_add(self.spec.give_up))
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn weight(&self) -> u64 {
        let unread = self
            .unread
            .iter()
            .chain(&self.early)
            .map(|segment| segment.bytes.len() as u64)
            .sum::<u64>();
        1_000 + self.up.weight() + self.down.weight() + unread
    }

    /// Whether nothing can happen on it any more.
    pub(crate) fn is_over(&self) -> bool {
        let idle = |lane: &Lane| lane.is_empty() || lane.loses();
        self.client_end.is_over() && self.broker_end.is_over() && idle(&self.up) && idle(&self.down)
    }
}

const WHOLE: u64 = crate::scenario::WHOLE as u64;
