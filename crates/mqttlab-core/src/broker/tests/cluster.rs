//! Several shards that are driven as one broker, and the words between them.

use std::collections::{BTreeMap, VecDeque};
use std::vec::Vec;

use crate::broker::shard::{Shard, ShardId, To, Word, owner_of};
use crate::broker::{
    Access, AuthRequest, Authorization, Broker, Change, CloseReason, Config, Established, Identity,
    Input, Sink,
};
use crate::frame::Frame;
use crate::id::ConnId;
use crate::packet::Packet;
use crate::rng::Rng;
use crate::time::Instant;
use crate::why::Why;

/// So many words may come of one input: more would be words that answer each other for ever.
const WORDS_MAX: u32 = 10_000;

/// A broker of several shards.
pub(super) struct Cluster {
    pub(super) shards: Vec<Broker>,
    /// For each ordered pair, in the order in which they were told.
    pub(super) words: BTreeMap<(ShardId, ShardId), VecDeque<Word>>,
    homes: BTreeMap<ConnId, ShardId>,
    rng: Rng,
}

/// A sink that keeps the words apart.
struct Teller<'a, S> {
    sink: &'a mut S,
    told: Vec<(To, Word)>,
}

impl<S: Sink> Sink for Teller<'_, S> {
    const TRACE: bool = S::TRACE;

    fn send(&mut self, conn: ConnId, frame: &Frame<'_>) {
        self.sink.send(conn, frame);
    }

    fn close(&mut self, conn: ConnId, reason: CloseReason) {
        self.sink.close(conn, reason);
    }

    fn established(&mut self, conn: ConnId, established: &Established<'_>) {
        self.sink.established(conn, established);
    }

    fn authorize(&mut self, conn: ConnId, request: &AuthRequest<'_>) -> Authorization {
        self.sink.authorize(conn, request)
    }

    fn permits(&mut self, who: &Identity<'_>, access: Access, topic: &str) -> bool {
        self.sink.permits(who, access, topic)
    }

    fn persist(&mut self, change: &Change<'_>) {
        self.sink.persist(change);
    }

    fn tell(&mut self, to: To, word: Word) {
        self.told.push((to, word));
    }

    fn why(&mut self, why: Why) {
        self.sink.why(why);
    }
}

#[cfg(feature = "shards")]
fn one_of(config: &Config, shard: Shard) -> Broker {
    Broker::new(config.clone(), 7).into_shard(shard)
}

#[cfg(feature = "shards")]
fn restored(config: &Config, now: Instant, shard: Shard, changes: &[Change<'_>]) -> Broker {
    let changes = changes.iter().copied();
    Broker::restore_shard(config.clone(), 7, now, shard, changes)
}

/// There is only one.
#[cfg(not(feature = "shards"))]
fn one_of(config: &Config, _: Shard) -> Broker {
    Broker::new(config.clone(), 7)
}

#[cfg(not(feature = "shards"))]
fn restored(config: &Config, now: Instant, _: Shard, changes: &[Change<'_>]) -> Broker {
    Broker::restore(config.clone(), 7, now, changes.iter().copied())
}

impl Cluster {
    pub(super) fn new(config: &Config, of: u16, seed: u64) -> Self {
        Self::of(of, seed, |shard| one_of(config, shard))
    }

    /// The same again from what was stored, whatever the number of shards was.
    pub(super) fn restore(
        config: &Config,
        of: u16,
        seed: u64,
        now: Instant,
        changes: &[Change<'_>],
    ) -> Self {
        Self::of(of, seed, |shard| restored(config, now, shard, changes))
    }

    fn of(of: u16, seed: u64, make: impl Fn(Shard) -> Broker) -> Self {
        let shards = (0..of).filter_map(|id| Shard::new(ShardId::new(id), of));
        Self {
            shards: shards.map(make).collect(),
            words: BTreeMap::new(),
            homes: BTreeMap::new(),
            rng: Rng::new(seed),
        }
    }

    fn count(&self) -> u16 {
        self.shards.len() as u16
    }

    /// Hands in what happened where it belongs; the words that come of it stay on their way.
    pub(super) fn hand(&mut self, now: Instant, input: Input<'_>, sink: &mut impl Sink) {
        let any = ShardId::new(self.rng.below(u64::from(self.count())) as u16);
        let home = match &input {
            Input::Open { conn } => {
                self.homes.insert(*conn, any);
                any
            }
            Input::Packet { conn, packet } => {
                if let Packet::Connect(connect) = packet
                    && !connect.client_id.is_empty()
                {
                    self.send_home(now, *conn, connect.client_id, sink);
                }
                self.homes[conn]
            }
            Input::Malformed { conn, .. }
            | Input::Lost { conn, .. }
            | Input::Flushed { conn, .. }
            | Input::Authorized { conn, .. }
            | Input::Close { conn, .. }
            | Input::Leave { conn } => self.homes[conn],
            Input::EndSession { client_id } => owner_of(client_id, self.count()),
            Input::Publish(_) => any,
            Input::Configure(_) | Input::Wake => {
                for shard in (0..self.count()).map(ShardId::new) {
                    self.hand_to(shard, now, input.clone(), sink);
                }
                return;
            }
            Input::Peer { .. } => panic!("words come from shards"),
        };
        self.hand_to(home, now, input, sink);
    }

    /// Brings a connection to the shard that has the session.
    fn send_home(&mut self, now: Instant, conn: ConnId, client_id: &str, sink: &mut impl Sink) {
        let owner = owner_of(client_id, self.count());
        let before = self.homes.insert(conn, owner);
        if let Some(before) = before.filter(|before| *before != owner) {
            self.hand_to(before, now, Input::Leave { conn }, sink);
            self.hand_to(owner, now, Input::Open { conn }, sink);
        }
    }

    fn hand_to(&mut self, shard: ShardId, now: Instant, input: Input<'_>, sink: &mut impl Sink) {
        let mut teller = Teller {
            sink,
            told: Vec::new(),
        };
        let broker = &mut self.shards[usize::from(shard.number())];
        broker.handle(now, input, &mut teller);
        broker.check_invariants();
        let of = self.count();
        for (to, word) in teller.told {
            for to in to.shards(shard, of) {
                assert_ne!(to, shard, "nobody tells itself: {word}");
                let words = self.words.entry((shard, to)).or_default();
                words.push_back(word.clone());
            }
        }
    }

    /// Lets one word arrive. False when none is on its way.
    pub(super) fn hear_one(&mut self, now: Instant, sink: &mut impl Sink) -> bool {
        self.words.retain(|_, words| !words.is_empty());
        if self.words.is_empty() {
            return false;
        }
        let at = self.rng.below(self.words.len() as u64) as usize;
        let pair = self.words.iter_mut().nth(at);
        let heard = pair.and_then(|(&(from, to), words)| Some((from, to, words.pop_front()?)));
        if let Some((from, to, word)) = heard {
            self.hand_to(to, now, Input::Peer { from, word }, sink);
        }
        true
    }

    /// Lets all words arrive, in any order that keeps that of each pair.
    pub(super) fn hear_all(&mut self, now: Instant, sink: &mut impl Sink) {
        for _ in 0..WORDS_MAX {
            if !self.hear_one(now, sink) {
                return;
            }
        }
        panic!("words answer each other for ever");
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let deadlines = self.shards.iter().filter_map(Broker::next_deadline);
        deadlines.map(|(at, _)| at).min()
    }

    /// What each shard has retained.
    pub(super) fn retained(&self) -> impl Iterator<Item = Vec<(u64, &str, &[u8])>> {
        self.shards.iter().map(|broker| {
            let retained = broker.retained();
            retained
                .map(|message| (message.number, message.topic, message.payload))
                .collect()
        })
    }

    /// Checks what must be so when no word is on its way.
    pub(super) fn check_settled(&self) {
        let mut all = self.retained();
        let first = all.next();
        assert!(
            all.all(|other| Some(&other) == first.as_ref()),
            "every shard has the same retained messages: {:?}",
            self.retained().collect::<Vec<_>>()
        );
    }
}
