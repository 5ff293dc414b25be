//! What comes of the rules of a link.

use mqttlab_core::id::ConnId;

use super::report::Note;
use super::{Happening, World};
use crate::pipe::gate::Decided;
use crate::pipe::{Obstacle, Signal, Way};
use crate::scenario::{RuleVerdict, Ways};
use crate::view::{EndState, EventId, EventKind, ParticipantId};

impl World {
    /// Writes down what the rules of a client's link have decided, and sees to it that it is done.
    pub(super) fn tell_decided(&mut self, conn: ConnId, who: ParticipantId) {
        let Some(gate) = &mut self.state.clients[who as usize - 1].gate else {
            return;
        };
        for decided in gate.take_decided() {
            let Decided { verdict, way, .. } = decided;
            let (from, _) = Self::from_to(who, way);
            let kind = match verdict {
                RuleVerdict::Deliver => EventKind::Connection,
                RuleVerdict::Lose
                | RuleVerdict::Delay(_)
                | RuleVerdict::Stall
                | RuleVerdict::Cut
                | RuleVerdict::Reset
                | RuleVerdict::Refuse => EventKind::Fault,
            };
            let text = self.decided_words(who, &decided);
            let event = self.note(Note::new(from, kind, text).on(conn));
            if verdict.is_for_the_link() {
                // As a thing of its own, when what goes on now is done.
                let now = self.state.now;
                self.schedule(now, Happening::Ruled(conn, way, verdict, event));
            }
        }
    }

    fn decided_words(&self, who: ParticipantId, decided: &Decided) -> String {
        let (does, then) = match decided.verdict {
            RuleVerdict::Deliver => ("lets", " through"),
            RuleVerdict::Lose => ("loses", ""),
            RuleVerdict::Delay(_) => ("holds", " back, and all behind it"),
            RuleVerdict::Stall => ("lets the link stall with", ""),
            RuleVerdict::Cut => ("cuts the link with", ""),
            RuleVerdict::Reset => ("resets the connection in place of", ""),
            RuleVerdict::Refuse => ("refuses", ""),
        };
        let towards = match decided.way {
            Way::Up => "from",
            Way::Down => "to",
        };
        let (rule, what, name) = (decided.rule, decided.signal.name(), self.name(who));
        let times = match decided.times {
            1 => String::new(),
            times => format!(" {times} times"),
        };
        format!("rule {rule} {does} {what} {towards} {name}{then}{times}")
    }

    /// Does to a way what a rule has decided.
    pub(super) fn ruled(&mut self, conn: ConnId, way: Way, verdict: RuleVerdict, event: EventId) {
        let Some(pipe) = self.state.pipes.get(&conn) else {
            return;
        };
        let who = pipe.client;
        self.cause = Some(event);
        let ways = match way {
            Way::Up => Ways::Up,
            Way::Down => Ways::Down,
        };
        match verdict {
            RuleVerdict::Stall => self.obstruct(who, ways, Obstacle::Stall, true),
            RuleVerdict::Cut => self.obstruct(who, ways, Obstacle::Cut, true),
            RuleVerdict::Reset => self.reset_between(conn),
            RuleVerdict::Refuse => self.refuse_between(conn),
            RuleVerdict::Deliver | RuleVerdict::Lose | RuleVerdict::Delay(_) => {}
        }
        self.settle();
    }

    /// A SYN never gets to the broker: something in between answers it with RST.
    fn refuse_between(&mut self, conn: ConnId) {
        let now = self.state.now;
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return;
        };
        if pipe.client_end.state == EndState::Opening {
            let lost = pipe.forget_sent(now, Way::Up);
            self.lost(lost);
            self.send_signal(conn, Way::Down, Signal::Rst);
        }
    }

    /// Whether a rule, or the link itself, loses a packet alone, which no network does; and what says so.
    pub(super) fn loses_packet(
        &mut self,
        conn: ConnId,
        way: Way,
        bytes: &[u8],
        topic: Option<&str>,
    ) -> Option<String> {
        let now = self.state.now;
        let pipe = self.state.pipes.get_mut(&conn)?;
        let packet = mqttlab_core::packet::PacketType::from_first_byte(*bytes.first()?);
        let gate = self.state.clients[pipe.client as usize - 1].gate.as_mut();
        match gate.and_then(|gate| gate.judge_packet(now, way, packet, topic)) {
            Some((rule, RuleVerdict::Lose)) => {
                Some(format!("rule {rule} of the impossible network"))
            }
            Some((
                _,
                RuleVerdict::Deliver
                | RuleVerdict::Delay(_)
                | RuleVerdict::Stall
                | RuleVerdict::Cut
                | RuleVerdict::Reset
                | RuleVerdict::Refuse,
            )) => None,
            None => pipe
                .loses_packet()
                .then(|| "the impossible network".to_owned()),
        }
    }
}
