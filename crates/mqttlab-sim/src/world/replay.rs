//! A run that is not simulated: its packets are told from outside, and written down as if they had been.

use mqttlab_core::broker::shard::{ShardId, Word};
use mqttlab_core::broker::{Loss, TimerKind};
use mqttlab_core::error::DecodeError;
use mqttlab_core::id::ConnId;
use mqttlab_core::packet::Version;
use mqttlab_core::why::Why;

use super::World;
use super::capture::Capture;
use super::report::Note;
use crate::pipe::tape::{Mark, Outcome, Sample, What};
use crate::pipe::{Pipe, Signal, Way};
use crate::view::{EventId, EventKind, Micros, ParticipantId};

impl World {
    /// Nothing happens by itself from here on.
    pub(crate) fn begin_replay(&mut self) {
        self.state.queue.clear();
        self.state.alarms.clear();
        self.captures = Some(Vec::new());
    }

    /// Something is told; `at` is not before what was told last.
    pub(crate) fn replay_moment(&mut self, at: Micros) {
        self.begin(at);
    }

    /// All of it was told.
    pub(crate) fn replay_done(&mut self) {
        self.finish();
    }

    /// A connection was accepted.
    pub(crate) fn replay_open(&mut self, conn: ConnId, who: ParticipantId) {
        let now = self.state.now;
        let spec = self.scenario.clients[who as usize - 1].link;
        let rng = mqttlab_core::rng::Rng::new(0);
        let pipe = Pipe::new(conn, who, now, spec, rng);
        self.state.pipes.insert(conn, pipe);
        if let Some(captures) = &mut self.captures {
            // Several threads may tell of their connections in another order than that of the numbers.
            let place = captures.partition_point(|capture| capture.connection < conn.number());
            let capture = Capture {
                connection: conn.number(),
                client: who,
                marks: Vec::new(),
            };
            captures.insert(place, capture);
        }
        self.replay_signal(conn, Way::Up, Signal::Syn);
        self.replay_signal(conn, Way::Down, Signal::SynAck);
        self.replay_signal(conn, Way::Up, Signal::Ack);
        let text = format!("connection {conn} is open for {}", self.name(who));
        self.note_cause(Note::new(0, EventKind::Connection, text).on(conn));
    }

    /// Whether it is open.
    pub(crate) fn has_replayed(&self, conn: ConnId) -> bool {
        self.state.pipes.contains_key(&conn)
    }

    /// A connection came to the shard that has the session.
    pub(crate) fn replay_move(&mut self, conn: ConnId, shard: ShardId) {
        let text = format!("connection {conn} goes to shard {shard}, which has the session");
        self.note_cause(Note::new(0, EventKind::Connection, text).on(conn));
    }

    /// The event that leads to what is told now.
    pub(crate) fn replay_cause(&self) -> Option<EventId> {
        self.cause
    }

    /// A shard hears what another has told because of `cause`.
    pub(crate) fn replay_word(
        &mut self,
        from: ShardId,
        to: ShardId,
        word: &Word,
        cause: Option<EventId>,
    ) {
        self.cause = cause;
        let text = format!("broker: shard {from} tells shard {to}: {word}");
        self.note_cause(Note::new(0, EventKind::Decision, text));
    }

    /// A packet went over the wire.
    pub(crate) fn replay_packet(&mut self, conn: ConnId, way: Way, version: Version, bytes: &[u8]) {
        if let Some(id) = self.note_packet(conn, way, version, bytes) {
            let trigger = self.cause;
            self.arrived(id);
            if way == Way::Down {
                // It follows from what came in, and nothing follows from it here.
                self.cause = trigger;
            }
            self.mark(conn, way, Signal::Data, bytes);
        }
    }

    /// What came was no packet.
    pub(crate) fn replay_malformed(&mut self, conn: ConnId, error: &DecodeError) {
        let Some(who) = self.state.pipes.get(&conn).map(|pipe| pipe.client) else {
            return;
        };
        let text = format!("{} sends what is no packet: {error}", self.name(who));
        self.note_cause(Note::new(who, EventKind::Fault, text).on(conn));
    }

    /// A connection ended.
    pub(crate) fn replay_end(&mut self, conn: ConnId, way: Way, how: Loss) {
        let signal = match how {
            Loss::Fin => Signal::Fin,
            Loss::Rst | Loss::Error => Signal::Rst,
        };
        self.replay_signal(conn, way, signal);
        self.state.pipes.remove(&conn);
    }

    /// Somebody was let in under this name.
    pub(crate) fn replay_established(&mut self, conn: ConnId, client_id: String) {
        if let Some(pipe) = self.state.pipes.get_mut(&conn) {
            self.state.owners.insert(client_id.clone(), pipe.client);
            pipe.client_id = Some(client_id);
        }
    }

    /// The broker decided something.
    pub(crate) fn replay_decision(&mut self, why: &Why) {
        self.broker_decides(why);
    }

    /// A deadline of the broker passed.
    pub(crate) fn replay_wake(&mut self, kind: Option<TimerKind>) {
        if let Some(kind) = kind {
            let text = super::broker::timer_text(kind);
            self.note_cause(Note::new(0, EventKind::Timer, text));
        }
    }

    fn replay_signal(&mut self, conn: ConnId, way: Way, signal: Signal) {
        if self.state.pipes.contains_key(&conn) {
            let id = self.signal_flight(conn, way, signal);
            self.arrived(id);
            self.mark(conn, way, signal, &[]);
        }
    }

    /// Writes down what was on the wire.
    fn mark(&mut self, conn: ConnId, way: Way, signal: Signal, bytes: &[u8]) {
        let Some(captures) = &mut self.captures else {
            return;
        };
        let found = captures.binary_search_by_key(&conn.number(), |capture| capture.connection);
        let Ok(found) = found else {
            return;
        };
        let marks = &mut captures[found].marks;
        let last = marks.iter().rev().find(|mark| mark.way == way);
        let offset = last.map_or(0, |mark| {
            mark.sample.offset + mark.sample.bytes.len() as u64
        });
        let at = self.state.now;
        let fate = Outcome::Passed;
        let again = false;
        for what in [What::Sent { again, fate }, What::Arrived] {
            let sample = Sample {
                signal,
                offset,
                bytes: bytes.into(),
            };
            marks.push(Mark {
                at,
                way,
                sample,
                what,
            });
        }
    }
}
