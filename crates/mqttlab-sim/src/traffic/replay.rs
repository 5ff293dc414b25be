//! The same core, handed the same: does it send the same bytes?

use std::collections::BTreeMap;
use std::sync::Arc;

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
use mqttlab_core::time::Duration;
use mqttlab_core::why::Why;

use super::entry::{Entry, Fingerprint, What};
use super::rebuild::Cast;
use super::{Answer, Traffic};
use crate::describe::no_limits;
use crate::pipe::Way;
use crate::recording::{Budget, Recording};
use crate::view::Micros;
use crate::world::World;

/// A recording that was played again.
#[derive(Debug)]
pub struct Replayed {
    /// All of it, for whoever draws or exports it. It stands at its end, and there is no going back in it.
    pub recording: Recording,
    /// What the core was handed, in number.
    pub entries: usize,
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
        match (&self.difference, self.stopped_at) {
            (None, None) => format!(
                "Handed the same again, the broker sends the same bytes: {packets} packets for {entries} entries"
            ),
            (None, Some(_)) => format!(
                "Handed the same again, the broker sends the same bytes for the first {entries} entries; the rest is too much to be played here"
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
        let mut replay = Replay {
            broker: self.header.broker(),
            world,
            links: BTreeMap::new(),
            at: 0,
            packets: 0,
            cast,
        };
        let (mut difference, mut stopped_at, mut ended) = (None, None, None);
        for (index, entry) in self.entries.iter().enumerate() {
            if replay.world.state.is_exhausted() {
                stopped_at = Some(index);
                break;
            }
            if let What::End { why } = &entry.what {
                ended = Some(why.clone());
            }
            let (sent, is_same) = replay.play(self, entry);
            if !is_same && difference.is_none() {
                difference = Some(Difference {
                    at: replay.at,
                    entry: index + 1,
                    sent: (entry.sent, sent),
                });
            }
        }
        Replayed {
            entries: stopped_at.unwrap_or(self.entries.len()),
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
    broker: Broker,
    world: World,
    /// The byte sides of connections that are open, with the versions that they speak.
    links: BTreeMap<ConnId, Link>,
    at: Micros,
    packets: u64,
    cast: Cast,
}

/// What the broker wants done, in its order.
enum Output {
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
        let question = self.asked;
        self.asked += 1;
        self.denied.binary_search(&question).is_err()
    }

    fn why(&mut self, why: Why) {
        self.outputs.push(Output::Why(why));
    }
}

impl Replay {
    /// Hands over one entry. Says how many packets were sent, and whether all that was sent is as it was.
    fn play(&mut self, traffic: &Traffic, entry: &Entry) -> (u32, bool) {
        self.at += entry.after;
        let now = traffic.header.now + Duration::from_micros(self.at);
        let mut player = Player {
            answers: entry.answers.iter(),
            denied: &entry.denied,
            asked: 0,
            outputs: Vec::new(),
            sent: 0,
            fingerprint: Fingerprint::default(),
        };
        self.world.replay_moment(self.at);
        let handed = self.hand(now, &entry.what, &mut player);
        let is_same = handed
            && player.sent == entry.sent
            && player.fingerprint.value() == entry.fingerprint
            && player.answers.next().is_none();
        let (sent, outputs) = (player.sent, player.outputs);
        self.packets += u64::from(sent);
        for output in outputs {
            self.apply(output);
        }
        self.world.replay_done();
        (sent, is_same)
    }

    /// Whether there is something like it to be handed over. About connections that are over a driver may still say
    /// something, and nothing comes of it.
    fn hand(
        &mut self,
        now: mqttlab_core::time::Instant,
        what: &What,
        player: &mut Player<'_>,
    ) -> bool {
        let input = match what {
            What::Open { conn } => {
                let Some(conn) = ConnId::new(*conn) else {
                    return false;
                };
                // Limits were looked at when it was recorded; what is here has passed them.
                let link = Link::new(Side::Server, Version::default(), no_limits());
                self.links.insert(conn, link);
                let who = self.cast.participant(conn.number());
                self.world.replay_open(conn, who);
                Input::Open { conn }
            }
            What::Packet { conn, bytes } => return self.packet(now, *conn, bytes, player),
            What::Malformed { conn, .. }
            | What::Lost { conn, .. }
            | What::Flushed { conn, .. }
            | What::Authorized { conn, .. }
            | What::Close { conn, .. }
            | What::Leave { conn } => match self.open(*conn) {
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
            What::Peer { from, word } => Input::Peer {
                from: *from,
                word: word.clone(),
            },
            What::Wake => {
                let kind = self.broker.next_deadline().map(|(_, kind)| kind);
                self.world.replay_wake(kind);
                Input::Wake
            }
            What::End { .. } => return true,
        };
        self.broker.handle(now, input, player);
        true
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
                self.links.remove(&conn);
                self.world.replay_end(conn, Way::Up, Loss::Fin);
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

    fn open(&self, conn: u64) -> Option<ConnId> {
        ConnId::new(conn).filter(|conn| self.links.contains_key(conn))
    }

    fn packet(
        &mut self,
        now: mqttlab_core::time::Instant,
        conn: u64,
        bytes: &[u8],
        player: &mut Player<'_>,
    ) -> bool {
        let Some(conn) = self.open(conn) else {
            return true;
        };
        let Some(link) = self.links.get_mut(&conn) else {
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
        let input = Input::Packet { conn, packet };
        self.broker.handle(now, input, player);
        let version = connect.unwrap_or_else(|| link.version());
        self.world.replay_packet(conn, Way::Up, version, bytes);
        is_whole
    }

    fn apply(&mut self, output: Output) {
        match output {
            Output::Send(conn, bytes) => {
                let version = self.links.get(&conn).map(Link::version);
                let version = version.unwrap_or_default();
                self.world.replay_packet(conn, Way::Down, version, &bytes);
            }
            Output::Close(conn) => {
                self.links.remove(&conn);
                self.world.replay_end(conn, Way::Down, Loss::Fin);
            }
            Output::Established(conn, client_id) => {
                if let Some(link) = self.links.get_mut(&conn) {
                    link.establish();
                }
                self.world.replay_established(conn, client_id);
            }
            Output::Why(why) => self.world.replay_decision(&why),
        }
    }
}
