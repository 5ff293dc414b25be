//! The rules of a link: of all that fit what is sent, the first decides. Behind them stands the link's own loss.

use std::sync::Arc;

use mqttlab_core::packet::PacketType;
use mqttlab_core::rng::Rng;
use mqttlab_core::topic;

use super::{Signal, WHOLE, Way};
use crate::scenario::{Rule, RuleVerdict, Scenario, Traffic};
use crate::view::{Micros, ParticipantId};

/// The rules of one link, and what they remember.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    who: ParticipantId,
    scenario: Arc<Scenario>,
    /// A stream of its own, so that a rule changes nothing that others draw.
    rng: Rng,
    /// How many of what was sent fitted each rule so far; a rule that has no number here is not asked any more.
    seen: Vec<u32>,
    /// What was decided since somebody asked.
    decided: Vec<Decided>,
}

/// Something that a rule has decided about a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decided {
    /// Which rule, from 1.
    pub(crate) rule: usize,
    pub(crate) verdict: RuleVerdict,
    pub(crate) way: Way,
    pub(crate) signal: Signal,
    /// For how many attempts to send it.
    pub(crate) times: u32,
}

/// What is sent.
#[derive(Clone, Copy)]
enum Sent<'a> {
    Segment(Signal),
    Packet(Option<PacketType>, Option<&'a str>),
}

impl Gate {
    /// That of a client's link, if there are rules for it.
    pub(crate) fn of(scenario: &Arc<Scenario>, who: ParticipantId, rng: Rng) -> Option<Box<Self>> {
        let mut rules = scenario.rules.iter();
        let has_any = rules.any(|rule| rule.who.is_empty() || rule.who.contains(&who));
        has_any.then(|| {
            Box::new(Self {
                who,
                scenario: Arc::clone(scenario),
                rng,
                seen: vec![0; scenario.rules.len()],
                decided: Vec::new(),
            })
        })
    }

    /// From here on chance does something else, and only the first so many rules are asked.
    pub(crate) fn reseed(&mut self, salt: u64, rules: usize) {
        self.rng = self.rng.fork(salt);
        self.seen.truncate(rules);
    }

    /// What the rules say about a segment that is sent at this moment, for this time after the first.
    pub(super) fn judge_segment(
        &mut self,
        at: Micros,
        way: Way,
        signal: Signal,
        attempt: u32,
    ) -> Option<RuleVerdict> {
        let (rule, verdict) = self.judge(at, way, Sent::Segment(signal))?;
        match self.decided.last_mut() {
            Some(last) if attempt > 0 && (last.rule, last.verdict) == (rule, verdict) => {
                last.times += 1;
            }
            Some(_) | None => self.decided.push(Decided {
                rule,
                verdict,
                way,
                signal,
                times: 1,
            }),
        }
        Some(verdict)
    }

    /// What the rules say about a packet that is written at this moment, and which of them, from 1.
    pub(crate) fn judge_packet(
        &mut self,
        at: Micros,
        way: Way,
        packet: Option<PacketType>,
        topic: Option<&str>,
    ) -> Option<(usize, RuleVerdict)> {
        self.judge(at, way, Sent::Packet(packet, topic))
    }

    fn judge(&mut self, at: Micros, way: Way, sent: Sent<'_>) -> Option<(usize, RuleVerdict)> {
        for (rule, seen) in self.scenario.rules.iter().zip(1..).zip(&mut self.seen) {
            let (rule, number) = rule;
            if !rule.is_for(self.who, way == Way::Up, at) || !fits(rule, sent) {
                continue;
            }
            *seen = seen.saturating_add(1);
            let counts = rule.nth.is_none_or(|nth| nth == *seen);
            let share = rule.share.map_or(WHOLE, u64::from);
            if counts && (share == WHOLE || self.rng.chance(share, WHOLE)) {
                return Some((number, rule.verdict));
            }
        }
        None
    }

    /// What was decided since this was last called.
    pub(crate) fn take_decided(&mut self) -> Vec<Decided> {
        std::mem::take(&mut self.decided)
    }
}

fn fits(rule: &Rule, sent: Sent<'_>) -> bool {
    match (&rule.what, sent) {
        (Traffic::Segments(kind), Sent::Segment(signal)) => kind.is_none_or(|kind| kind == signal),
        (Traffic::Packets(kind, filter), Sent::Packet(packet, name)) => {
            let reaches = |filter| name.is_some_and(|name| topic::matches(filter, name));
            kind.is_none_or(|kind| Some(kind) == packet) && filter.as_deref().is_none_or(reaches)
        }
        (Traffic::Segments(_), Sent::Packet(..)) | (Traffic::Packets(..), Sent::Segment(_)) => {
            false
        }
    }
}
