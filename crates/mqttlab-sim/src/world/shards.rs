//! A broker of several shards: where things belong, the words between the shards, and what waits for confirmation.
//!
//! Every shard is a machine of its own in the one host. A word takes a while, drawn from the seed, and overtakes none of
//! its pair. What a shard says after a word that wants an answer is held back, in its order, until everybody who was told
//! has confirmed; a confirmation travels as words do. What goes to the disk is there at once, before any word of it is
//! heard, and a crash takes all shards and all words.

use std::collections::{BTreeMap, VecDeque};

use mqttlab_core::broker::shard::{Shard, ShardId, To, Word, owner_of};
use mqttlab_core::broker::{Broker, Input, Phase};
use mqttlab_core::id::ConnId;
use mqttlab_core::packet::Packet;
use mqttlab_core::rng::Rng;

use super::broker::Output;
use super::report::Note;
use super::{Alarm, World};
use crate::view::{EventId, EventKind, Micros};

/// What the shards of a broker have between them.
#[derive(Clone, Debug)]
pub(crate) struct Shards {
    /// All machines but the first.
    pub(super) others: Vec<Broker>,
    /// Which shard has a connection.
    homes: BTreeMap<ConnId, ShardId>,
    lines: BTreeMap<Pair, Line>,
    /// What each shard has said and must not say yet.
    held: Vec<VecDeque<Held>>,
    rng: Rng,
    #[cfg(all(test, not(target_family = "wasm")))]
    twist: Twist,
}

/// From whom, to whom.
type Pair = (ShardId, ShardId);

/// The way from one shard to another.
#[derive(Clone, Debug, Default)]
struct Line {
    /// What is on its way, with the time at which it arrives.
    parcels: VecDeque<(Micros, Parcel)>,
    /// When the last one that was sent arrives.
    last_at: Micros,
    /// How many words were told that want an answer, and how many of them were confirmed.
    told: u64,
    confirmed: u64,
}

#[derive(Clone, Debug)]
enum Parcel {
    /// With the event that led to it.
    Word(Word, Option<EventId>),
    /// The next word of the other direction that wants an answer was handled.
    Confirmed,
}

/// Something that waits for the others.
#[derive(Clone, Debug)]
struct Held {
    /// How many words must have been confirmed, by each shard.
    needs: Vec<u64>,
    output: Output,
    cause: Option<EventId>,
}

/// How the world around the shards is in a test, or which mistake it makes, which others must find.
#[cfg(all(test, not(target_family = "wasm")))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Twist {
    #[default]
    None,
    /// A word arrives in the moment in which it is told: no mistake.
    Prompt,
    /// Nothing is held back.
    WaitsForNobody,
}

#[cfg(all(test, not(target_family = "wasm")))]
thread_local! {
    /// For worlds that begin from now on.
    pub(crate) static TWIST: std::cell::Cell<Twist> = const { std::cell::Cell::new(Twist::None) };
}

/// How long a word takes: mostly hardly at all, sometimes so long that much else happens.
fn delay(rng: &mut Rng) -> Micros {
    match rng.below(8) {
        0 => rng.below(200_000),
        1 | 2 => rng.below(5_000),
        _ => rng.below(200),
    }
}

impl Shards {
    pub(super) fn new(others: Vec<Broker>, rng: Rng) -> Self {
        let held = vec![VecDeque::new(); others.len() + 1];
        Self {
            others,
            homes: BTreeMap::new(),
            lines: BTreeMap::new(),
            held,
            rng,
            #[cfg(all(test, not(target_family = "wasm")))]
            twist: TWIST.get(),
        }
    }

    fn count(&self) -> u16 {
        self.others.len() as u16 + 1
    }

    fn all(&self) -> impl Iterator<Item = ShardId> + use<> {
        (0..self.count()).map(ShardId::new)
    }

    /// How many words of a shard must have been confirmed for all that it has told until now.
    fn needs(&self, shard: ShardId) -> Vec<u64> {
        #[cfg(all(test, not(target_family = "wasm")))]
        if self.twist == Twist::WaitsForNobody {
            return vec![0; self.held.len()];
        }
        let told = |to| self.lines.get(&(shard, to)).map_or(0, |line| line.told);
        self.all().map(told).collect()
    }

    fn are_met(&self, shard: ShardId, needs: &[u64]) -> bool {
        self.all().zip(needs).all(|(to, needs)| {
            let line = self.lines.get(&(shard, to));
            line.map_or(0, |line| line.confirmed) >= *needs
        })
    }

    /// Puts something on its way, behind what is there.
    fn send(&mut self, pair: Pair, now: Micros, parcel: Parcel) {
        let at = now + delay(&mut self.rng);
        #[cfg(all(test, not(target_family = "wasm")))]
        let at = match self.twist {
            Twist::Prompt => now,
            Twist::None | Twist::WaitsForNobody => at,
        };
        let line = self.lines.entry(pair).or_default();
        line.last_at = at.max(line.last_at);
        line.parcels.push_back((line.last_at, parcel));
    }

    pub(super) fn reseed(&mut self, seed: &Rng) {
        self.rng = seed.fork(u64::MAX - 1);
        for (broker, label) in self.others.iter_mut().zip(1..) {
            broker.reseed(seed.fork(u64::MAX - 1 - label).next_u64());
        }
    }
}

/// The other machines of a broker of several shards.
pub(super) fn others(of: u16, make: impl Fn(Shard) -> Broker) -> Vec<Broker> {
    let ids = (1..of).map(ShardId::new);
    let shards = ids.filter_map(|id| Shard::new(id, of));
    shards.map(make).collect()
}

impl World {
    fn shards(&mut self) -> Option<&mut Shards> {
        self.state.broker.shards.as_deref_mut()
    }

    /// Hands something to the shard where it belongs.
    pub(super) fn shard_input(&mut self, input: Input<'_>) {
        if let Some(shard) = self.home(&input) {
            self.shard_handles(shard, input, false);
        }
    }

    /// Where something belongs. A connection that is to be let in comes to the shard that has the session.
    fn home(&mut self, input: &Input<'_>) -> Option<ShardId> {
        let shards = self.shards()?;
        let of = shards.count();
        let first = ShardId::new(0);
        let somewhere = |conn: &ConnId| ShardId::new((conn.number() % u64::from(of)) as u16);
        Some(match input {
            Input::Open { conn } => {
                let home = somewhere(conn);
                shards.homes.insert(*conn, home);
                home
            }
            Input::Packet { conn, packet } => {
                let home = shards.homes.get(conn).copied();
                match packet {
                    Packet::Connect(connect) if !connect.client_id.is_empty() => {
                        let owner = owner_of(connect.client_id, of);
                        self.bring_home(*conn, home.unwrap_or(owner), owner)
                    }
                    _ => home.unwrap_or_else(|| somewhere(conn)),
                }
            }
            Input::Malformed { conn, .. }
            | Input::Lost { conn, .. }
            | Input::Flushed { conn, .. }
            | Input::Authorized { conn, .. }
            | Input::Close { conn, .. }
            | Input::Leave { conn } => {
                let home = shards.homes.get(conn).copied();
                home.unwrap_or_else(|| somewhere(conn))
            }
            Input::EndSession { client_id } => owner_of(client_id, of),
            Input::Publish(_) | Input::Configure(_) | Input::Peer { .. } | Input::Wake => first,
        })
    }

    /// Brings a connection that has not been let in to its shard; says where it is then.
    fn bring_home(&mut self, conn: ConnId, home: ShardId, owner: ShardId) -> ShardId {
        let machine = self.state.broker.machine_at(home);
        let connection = machine.and_then(|machine| machine.connection(conn));
        let is_new = connection.is_some_and(|connection| connection.phase == Phase::AwaitConnect);
        if home == owner || !is_new {
            return home;
        }
        if let Some(shards) = self.shards() {
            shards.homes.insert(conn, owner);
        }
        let text = format!("connection {conn} goes to shard {owner}, which has the session");
        self.note_cause(Note::new(0, EventKind::Connection, text).on(conn));
        self.shard_handles(home, Input::Leave { conn }, false);
        self.shard_handles(owner, Input::Open { conn }, false);
        owner
    }

    /// Hands something to a shard, takes its words along and does what it says as soon as it may.
    fn shard_handles(&mut self, shard: ShardId, input: Input<'_>, is_word: bool) {
        let Some((outputs, told)) = self.ask_broker(shard, input) else {
            return;
        };
        let trigger = self.cause;
        let mut said = Vec::new();
        for output in outputs {
            match output {
                Output::Why(why) => self.broker_decides(&why),
                output @ (Output::Send(..) | Output::Close(_) | Output::Established(..)) => {
                    said.push((output, self.cause));
                }
            }
        }
        let is_awaited = self.tell(shard, told);
        let Some(shards) = self.shards() else {
            return;
        };
        let needs = shards.needs(shard);
        let held = &mut shards.held[usize::from(shard.number())];
        if is_word && is_awaited {
            for held in held.iter_mut() {
                held.needs.clone_from(&needs);
            }
        }
        held.extend(said.into_iter().map(|(output, cause)| Held {
            needs: needs.clone(),
            output,
            cause,
        }));
        self.release(shard);
        self.cause = trigger;
        self.settle();
        self.plan_broker_wake();
    }

    /// Puts words on their way. Whether one of them wants an answer.
    fn tell(&mut self, from: ShardId, told: Vec<(To, Word)>) -> bool {
        let (now, cause) = (self.state.now, self.cause);
        let mut is_awaited = false;
        for (to, word) in told {
            let Some(shards) = self.shards() else {
                break;
            };
            let of = shards.count();
            let wants_answer = word.wants_answer();
            is_awaited |= wants_answer;
            for to in to.shards(from, of) {
                shards.send((from, to), now, Parcel::Word(word.clone(), cause));
                let line = shards.lines.entry((from, to)).or_default();
                line.told += u64::from(wants_answer);
            }
            for to in to.shards(from, of) {
                self.plan_words((from, to));
            }
        }
        is_awaited
    }

    fn plan_words(&mut self, pair: Pair) {
        let line = self.shards().and_then(|shards| shards.lines.get(&pair));
        let first = line.and_then(|line| line.parcels.front());
        let at = first.map(|(at, _)| *at);
        self.set_alarm(Alarm::Word(pair.0, pair.1), at);
    }

    /// What one shard has sent to another arrives.
    pub(super) fn word_arrived(&mut self, from: ShardId, to: ShardId) {
        let line = self
            .shards()
            .and_then(|shards| shards.lines.get_mut(&(from, to)));
        let Some((_, parcel)) = line.and_then(|line| line.parcels.pop_front()) else {
            return;
        };
        self.plan_words((from, to));
        match parcel {
            Parcel::Confirmed => {
                if let Some(shards) = self.shards() {
                    shards.lines.entry((to, from)).or_default().confirmed += 1;
                }
                self.release(to);
                self.settle();
                self.plan_broker_wake();
            }
            Parcel::Word(word, cause) => {
                self.cause = cause;
                let text = format!("broker: shard {from} tells shard {to}: {word}");
                self.note_cause(Note::new(0, EventKind::Decision, text));
                let wants_answer = word.wants_answer();
                self.shard_handles(to, Input::Peer { from, word }, true);
                let now = self.state.now;
                if let Some(shards) = self.shards().filter(|_| wants_answer) {
                    shards.send((to, from), now, Parcel::Confirmed);
                    self.plan_words((to, from));
                }
            }
        }
    }

    /// Does what a shard has said, as far as all have confirmed what it told before.
    fn release(&mut self, shard: ShardId) {
        let trigger = self.cause;
        let mut swallowed = Vec::new();
        while let Some(held) = self.next_released(shard) {
            self.cause = held.cause;
            if let Output::Close(conn) = &held.output
                && let Some(shards) = self.shards()
            {
                shards.homes.remove(conn);
            }
            self.apply_output(held.output, &mut swallowed);
        }
        self.cause = trigger;
        for (conn, bytes) in swallowed {
            // For the broker it is written.
            self.broker_input(Input::Flushed { conn, bytes });
        }
    }

    fn next_released(&mut self, shard: ShardId) -> Option<Held> {
        let shards = self.shards()?;
        let first = shards.held[usize::from(shard.number())].front()?;
        if !shards.are_met(shard, &first.needs) {
            return None;
        }
        shards.held[usize::from(shard.number())].pop_front()
    }

    /// A deadline of some shards has passed.
    pub(super) fn wake_shards(&mut self) {
        let now = self.now();
        let all = self.shards().map(|shards| shards.all());
        for shard in all.into_iter().flatten() {
            let machine = self.state.broker.machine_at(shard);
            let due = machine.and_then(Broker::next_deadline);
            if let Some((_, kind)) = due.filter(|(at, _)| *at <= now) {
                let text = super::broker::timer_text(kind);
                self.note_cause(Note::new(0, EventKind::Timer, text));
                self.shard_handles(shard, Input::Wake, false);
            }
        }
    }

    /// All shards end, and with them all that is on its way between them.
    pub(super) fn end_shards(&mut self) {
        let shards = self.state.broker.shards.take();
        for (from, to) in shards
            .into_iter()
            .flat_map(|shards| shards.lines.into_keys())
        {
            self.set_alarm(Alarm::Word(from, to), None);
        }
    }
}
