//! The same core, handed the same: does it send the same bytes?

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use mqttlab_core::broker::shard::{Room, ShardId, To, Word};
use mqttlab_core::broker::{
    Access, AuthRequest, Authorization, Broker, CloseReason, Established, Identity, Input, Loss,
    Sink,
};
use mqttlab_core::codec::decode;
use mqttlab_core::error::DecodeError;
use mqttlab_core::frame::Frame;
use mqttlab_core::id::ConnId;
use mqttlab_core::link::{Link, Side};
use mqttlab_core::packet::{Packet, Version};
use mqttlab_core::reason::ReasonCode;
use mqttlab_core::time::{Duration, Instant};
use mqttlab_core::why::Why;

use super::entry::{Entry, Fingerprint, What};
use super::rebuild::Cast;
use super::{Answer, Traffic};
use crate::describe::no_limits;
use crate::pipe::Way;
use crate::recording::{Budget, Recording};
use crate::view::{EventId, Micros};
use crate::world::World;

/// Words that may be told and not be heard. Those who record have never so many under way.
const WORDS_MAX: usize = 1 << 20;

/// A recording that was played again.
#[derive(Debug)]
pub struct Replayed {
    /// All of it, for whoever draws or exports it. It stands at its end, and there is no going back in it.
    pub recording: Recording,
    /// What the core was handed, in number.
    pub entries: usize,
    /// To how many shards, each in a thread of its own.
    pub shards: u16,
    /// Packets that it sent.
    pub packets: u64,
    /// Where it first did something else than was recorded.
    pub difference: Option<Difference>,
    /// Nothing behind this entry was played, since it would have been too much.
    pub stopped_at: Option<usize>,
    /// Why the recording ended, if it says so.
    pub ended: Option<String>,
}

impl Replayed {
    /// In a sentence without its full stop: whether the same came of the same.
    pub fn verdict(&self) -> String {
        let Self {
            packets, entries, ..
        } = self;
        let of = match self.shards {
            1 => String::new(),
            shards => format!(" of {shards} threads"),
        };
        match (&self.difference, self.stopped_at) {
            (None, None) => format!(
                "Handed the same again, the broker sends the same bytes: {packets} packets for {entries} entries{of}"
            ),
            (None, Some(_)) => format!(
                "Handed the same again, the broker sends the same bytes for the first {entries} entries{of}; the rest is too much to be played here"
            ),
            (Some(difference), _) => {
                let Difference {
                    at,
                    entry,
                    sent: (recorded, now),
                } = difference;
                let at = crate::export::trace::seconds(*at);
                format!(
                    "Handed the same again, the broker does something else from entry {entry} at {at} s on: it sent {recorded} packets then, and {now} now"
                )
            }
        }
    }
}

/// Where a core that is handed the same does something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// When, since the beginning of the recording.
    pub at: Micros,
    /// The number of the entry, from 1.
    pub entry: usize,
    /// Packets that were sent there when it was recorded, and now.
    pub sent: (u32, u32),
}

impl Traffic {
    /// Has a broker that begins in the same way do the same, up to `budget`.
    pub fn replay(&self, budget: Budget) -> Replayed {
        let cast = Cast::of(self);
        let mut world = World::new(Arc::new(cast.scenario(self, 0)));
        world.budget = budget;
        world.begin_replay();
        let brokers = self.header.brokers();
        let mut replay = Replay {
            clocks: vec![self.header.now; brokers.len()],
            brokers,
            world,
            links: BTreeMap::new(),
            words: Words::default(),
            at: 0,
            packets: 0,
            cast,
        };
        let (mut difference, mut stopped_at, mut ended) = (None, None, None);
        for (index, (at, entry)) in self.timeline().enumerate() {
            if replay.world.state.is_exhausted() || replay.words.count > WORDS_MAX {
                stopped_at = Some(index);
                break;
            }
            if let What::End { why } = &entry.what {
                ended = Some(why.clone());
            }
            replay.at = at;
            let (sent, is_same) = replay.play(entry);
            if !is_same && difference.is_none() {
                difference = Some(Difference {
                    at,
                    entry: index + 1,
                    sent: (entry.sent, sent),
                });
            }
        }
        Replayed {
            entries: stopped_at.unwrap_or(self.entries.len()),
            shards: self.header.shards,
            packets: replay.packets,
            recording: Recording::replayed(replay.world),
            difference,
            stopped_at,
            ended,
        }
    }
}

/// A broker between two entries.
struct Replay {
    /// Its shards, and what time it is for each.
    brokers: Vec<Broker>,
    clocks: Vec<Instant>,
    world: World,
    /// The byte sides of connections that are open, with the versions that they speak and the shards that have them.
    links: BTreeMap<ConnId, (ShardId, Link)>,
    words: Words,
    /// What time is shown.
    at: Micros,
    packets: u64,
    cast: Cast,
}

/// From whom, to whom.
type Pair = (ShardId, ShardId);

/// A word, with the event that led to it.
type Caused = (Word, Option<EventId>);

/// What shards were told and have not heard.
#[derive(Default)]
struct Words {
    lines: BTreeMap<Pair, VecDeque<Caused>>,
    count: usize,
}

impl Words {
    fn push(&mut self, from: ShardId, to: ShardId, word: Word, cause: Option<EventId>) {
        let line = self.lines.entry((from, to)).or_default();
        line.push_back((word, cause));
        self.count += 1;
    }

    fn next(&mut self, from: ShardId, to: ShardId) -> Option<Caused> {
        let word = self.lines.get_mut(&(from, to))?.pop_front()?;
        self.count -= 1;
        Some(word)
    }
}

/// What the broker wants done, in its order.
enum Output {
    Tell(To, Word),
    Send(ConnId, Vec<u8>),
    Close(ConnId),
    Established(ConnId, String),
    Why(Why),
}

/// Answers as was recorded, and takes what the broker says.
struct Player<'a> {
    answers: std::slice::Iter<'a, Answer>,
    denied: &'a [u32],
    asked: u32,
    outputs: Vec<Output>,
    sent: u32,
    fingerprint: Fingerprint,
}

impl Player<'_> {
    /// To the next question that is answered with yes or no.
    fn answer(&mut self) -> bool {
        let question = self.asked;
        self.asked += 1;
        self.denied.binary_search(&question).is_err()
    }
}

impl Sink for Player<'_> {
    const TRACE: bool = true;

    fn send(&mut self, conn: ConnId, frame: &Frame<'_>) {
        let mut bytes = Vec::new();
        frame.write_to(&mut bytes);
        self.sent += 1;
        self.fingerprint.sent(conn.number(), &bytes);
        self.outputs.push(Output::Send(conn, bytes));
    }

    fn close(&mut self, conn: ConnId, _: CloseReason) {
        self.fingerprint.closed(conn.number());
        self.outputs.push(Output::Close(conn));
    }

    fn established(&mut self, conn: ConnId, established: &Established<'_>) {
        let client_id = established.client_id.to_string();
        self.outputs.push(Output::Established(conn, client_id));
    }

    fn authorize(&mut self, _: ConnId, _: &AuthRequest<'_>) -> Authorization {
        match self.answers.next() {
            Some(answer) => answer.into(),
            None => Authorization::Deny(ReasonCode::UnspecifiedError),
        }
    }

    fn permits(&mut self, _: &Identity<'_>, _: Access, _: &str) -> bool {
        self.answer()
    }

    fn has_room(&mut self, _: Room) -> bool {
        self.answer()
    }

    fn tell(&mut self, to: To, word: Word) {
        self.outputs.push(Output::Tell(to, word));
    }

    fn why(&mut self, why: Why) {
        self.outputs.push(Output::Why(why));
    }
}

impl Replay {
    /// Hands over one entry. Says how many packets were sent, and whether all that was sent is as it was.
    fn play(&mut self, entry: &Entry) -> (u32, bool) {
        let clock = &mut self.clocks[usize::from(entry.shard.number())];
        *clock = *clock + Duration::from_micros(entry.after);
        let mut player = Player {
            answers: entry.answers.iter(),
            denied: &entry.denied,
            asked: 0,
            outputs: Vec::new(),
            sent: 0,
            fingerprint: Fingerprint::default(),
        };
        self.world.replay_moment(self.at);
        let handed = self.hand(entry.shard, &entry.what, &mut player);
        let is_same = handed
            && player.sent == entry.sent
            && player.fingerprint.value() == entry.fingerprint
            && player.answers.next().is_none();
        let (sent, outputs) = (player.sent, player.outputs);
        self.packets += u64::from(sent);
        for output in outputs {
            self.apply(entry.shard, output);
        }
        self.world.replay_done();
        (sent, is_same)
    }

    /// Whether there is something like it to be handed over. About connections that are over a driver may still say
    /// something, and nothing comes of it.
    fn hand(&mut self, shard: ShardId, what: &What, player: &mut Player<'_>) -> bool {
        let input = match what {
            What::Open { conn } => match ConnId::new(*conn) {
                Some(conn) => self.opened(conn, shard),
                None => return false,
            },
            What::Packet { conn, bytes } => return self.packet(shard, *conn, bytes, player),
            What::Malformed { conn, .. }
            | What::Lost { conn, .. }
            | What::Flushed { conn, .. }
            | What::Authorized { conn, .. }
            | What::Close { conn, .. }
            | What::Leave { conn } => match self.open(shard, *conn) {
                Some(conn) => self.about(conn, what),
                None => return true,
            },
            What::EndSession { client_id } => Input::EndSession { client_id },
            What::Publish { bytes } => {
                match decode(bytes, Version::V5, Side::Client, &no_limits(), &mut ()) {
                    Ok(Packet::Publish(publish)) => Input::Publish(publish),
                    Ok(_) | Err(_) => return false,
                }
            }
            What::Configure(config) => Input::Configure(config.clone()),
            What::Peer { from } => {
                let Some((word, cause)) = self.words.next(*from, shard) else {
                    return false;
                };
                self.world.replay_word(*from, shard, &word, cause);
                Input::Peer { from: *from, word }
            }
            What::Wake => {
                let kind = self.broker(shard).next_deadline().map(|(_, kind)| kind);
                self.world.replay_wake(kind);
                Input::Wake
            }
            What::End { .. } => return true,
        };
        self.handle(shard, input, player);
        true
    }

    fn handle(&mut self, shard: ShardId, input: Input<'_>, player: &mut Player<'_>) {
        let now = self.clocks[usize::from(shard.number())];
        self.broker(shard).handle(now, input, player);
    }

    fn broker(&mut self, shard: ShardId) -> &mut Broker {
        &mut self.brokers[usize::from(shard.number())]
    }

    /// A connection is new, or comes from another shard.
    fn opened(&mut self, conn: ConnId, shard: ShardId) -> Input<'static> {
        // Limits were looked at when it was recorded; what is here has passed them.
        let link = Link::new(Side::Server, Version::default(), no_limits());
        self.links.insert(conn, (shard, link));
        if self.world.has_replayed(conn) {
            self.world.replay_move(conn, shard);
        } else {
            let who = self.cast.participant(conn.number());
            self.world.replay_open(conn, who);
        }
        Input::Open { conn }
    }

    /// What is said about a connection that is open.
    fn about(&mut self, conn: ConnId, what: &What) -> Input<'static> {
        match what {
            What::Malformed { wrong, .. } => {
                let error = DecodeError::from(wrong);
                self.world.replay_malformed(conn, &error);
                Input::Malformed { conn, error }
            }
            What::Lost { how, .. } => {
                self.links.remove(&conn);
                self.world.replay_end(conn, Way::Up, *how);
                Input::Lost { conn, how: *how }
            }
            What::Flushed { bytes, .. } => {
                let bytes = *bytes;
                Input::Flushed { conn, bytes }
            }
            What::Authorized { answer, .. } => {
                let authorization = answer.into();
                Input::Authorized {
                    conn,
                    authorization,
                }
            }
            What::Close { reason, .. } => {
                let reason = ReasonCode::from_u8(*reason);
                let reason = reason.unwrap_or(ReasonCode::UnspecifiedError);
                Input::Close { conn, reason }
            }
            What::Leave { .. } => {
                // The client notices nothing.
                self.links.remove(&conn);
                Input::Leave { conn }
            }
            What::Open { .. }
            | What::Packet { .. }
            | What::EndSession { .. }
            | What::Publish { .. }
            | What::Configure(_)
            | What::Wake
            | What::End { .. }
            | What::Peer { .. } => unreachable!("these are about no connection that is open"),
        }
    }

    fn open(&self, shard: ShardId, conn: u64) -> Option<ConnId> {
        let is_there = |conn: &ConnId| self.links.get(conn).is_some_and(|(of, _)| *of == shard);
        ConnId::new(conn).filter(is_there)
    }

    fn packet(&mut self, shard: ShardId, conn: u64, bytes: &[u8], player: &mut Player<'_>) -> bool {
        let Some(conn) = self.open(shard, conn) else {
            return true;
        };
        let Some((_, link)) = self.links.get_mut(&conn) else {
            return true;
        };
        let mut rest = bytes;
        let Ok(Some(packet)) = link.next_packet(&mut rest) else {
            return false;
        };
        let connect = if let Packet::Connect(connect) = &packet {
            Some(connect.version)
        } else {
            None
        };
        let is_whole = rest.is_empty();
        let number = usize::from(shard.number());
        let input = Input::Packet { conn, packet };
        self.brokers[number].handle(self.clocks[number], input, player);
        let version = connect.unwrap_or_else(|| link.version());
        self.world.replay_packet(conn, Way::Up, version, bytes);
        is_whole
    }

    fn apply(&mut self, shard: ShardId, output: Output) {
        match output {
            Output::Tell(to, word) => {
                let cause = self.world.replay_cause();
                for other in to.shards(shard, self.brokers.len() as u16) {
                    self.words.push(shard, other, word.clone(), cause);
                }
            }
            Output::Send(conn, bytes) => {
                let version = self.links.get(&conn).map(|(_, link)| link.version());
                let version = version.unwrap_or_default();
                self.world.replay_packet(conn, Way::Down, version, &bytes);
            }
            Output::Close(conn) => {
                self.links.remove(&conn);
                self.world.replay_end(conn, Way::Down, Loss::Fin);
            }
            Output::Established(conn, client_id) => {
                if let Some((_, link)) = self.links.get_mut(&conn) {
                    link.establish();
                }
                self.world.replay_established(conn, client_id);
            }
            Output::Why(why) => self.world.replay_decision(&why),
        }
    }
}
