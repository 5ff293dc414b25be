//! How the broker's computer takes in connections: the backlog of those that its process has not accepted yet.

use mqttlab_core::broker;
use mqttlab_core::id::ConnId;
use mqttlab_core::link::{Link, Side};

use super::report::Note;
use super::{Alarm, World};
use crate::pipe::{Segment, Signal, Way};
use crate::view::{EndState, EventKind, Micros};

/// After so long a SYN is sent again, and then after twice as long each time.
const SYN_AGAIN: Micros = 1_000_000;
/// So often at most: TCP gives up before.
const SYN_DOUBLED_MAX: u32 = 6;

impl World {
    pub(super) fn syn_arrived(&mut self, conn: ConnId) {
        let listens = self.is_live() || self.state.broker.listens();
        let is_full = self.backlog_is_full();
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return;
        };
        if !listens {
            self.note_cause(
                Note::new(0, EventKind::Connection, "nobody listens at the broker").on(conn),
            );
            self.send_signal(conn, Way::Down, Signal::Rst);
        } else if is_full {
            let again = SYN_AGAIN << pipe.syn_repeated.min(SYN_DOUBLED_MAX);
            pipe.syn_repeated += 1;
            let at = pipe.syn_sent_at + again;
            let text = format!("the broker's backlog is full: SYN of connection {conn} is dropped");
            self.note_cause(Note::new(0, EventKind::Connection, text).on(conn));
            self.set_alarm(Alarm::SynAgain(conn), Some(at));
        } else {
            pipe.broker_end.state = EndState::Opening;
            self.send_signal(conn, Way::Down, Signal::SynAck);
        }
    }

    /// Nobody has answered a SYN: it is sent again.
    pub(super) fn syn_again(&mut self, conn: ConnId) {
        let now = self.state.now;
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return;
        };
        if pipe.client_end.state == EndState::Opening {
            pipe.syn_sent_at = now;
            self.send_signal(conn, Way::Up, Signal::Syn);
        }
    }

    /// Whether there is no room for one more that is not accepted.
    fn backlog_is_full(&self) -> bool {
        let Some(most) = self.scenario.broker.host.backlog else {
            return false;
        };
        let pipes = self.state.pipes.values();
        let opening = pipes.filter(|pipe| pipe.broker_end.state == EndState::Opening);
        opening.count() >= most as usize
    }

    pub(super) fn ack_arrived(&mut self, conn: ConnId) {
        let Some(pipe) = self.state.pipes.get(&conn) else {
            return;
        };
        if pipe.broker_end.state != EndState::Opening {
            return;
        }
        let now = self.state.now;
        let host = &mut self.state.broker;
        if host.waiting.is_empty() && host.accepts_at <= now {
            self.accept(conn);
            return;
        }
        host.waiting.push_back(conn);
        let (place, at) = (host.waiting.len(), host.accepts_at);
        let text = format!("connection {conn} waits in the broker's backlog, as number {place}");
        self.note_cause(Note::new(0, EventKind::Connection, text).on(conn));
        self.set_alarm(Alarm::Accept, Some(at));
    }

    /// The broker's process is free for the next one that waits.
    pub(super) fn accept_next(&mut self) {
        while let Some(conn) = self.state.broker.waiting.pop_front() {
            let pipe = self.state.pipes.get(&conn);
            if pipe.is_some_and(|pipe| pipe.broker_end.state == EndState::Opening) {
                self.accept(conn);
                break;
            }
        }
        let host = &self.state.broker;
        let at = (!host.waiting.is_empty()).then_some(host.accepts_at);
        self.set_alarm(Alarm::Accept, at);
    }

    /// The process takes in a connection, and what has come on it already.
    fn accept(&mut self, conn: ConnId) {
        let limits = self.state.broker.limits();
        self.state.broker.accepts_at = self.state.now + self.scenario.broker.host.accept;
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return;
        };
        pipe.broker_end.state = EndState::Open;
        pipe.broker_end.link = Some(Link::new(Side::Server, Default::default(), limits));
        let early: Vec<Segment> = pipe.early.drain(..).collect();
        let text = format!("the broker accepts connection {conn}");
        self.note_cause(Note::new(0, EventKind::Connection, text).on(conn));
        self.broker_input(broker::Input::Open { conn });
        for segment in early {
            self.take_segment(conn, Way::Up, segment);
        }
        self.settle();
        self.sync(conn);
    }
}
