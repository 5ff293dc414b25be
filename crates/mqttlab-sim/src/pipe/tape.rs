//! Every TCP segment of a connection written down as it leaves its sender, for who wants to see the network itself.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Signal, Way};
use crate::order;
use crate::view::Micros;

/// Whether anybody can ask for a tape at all; where nobody can, nothing of it is compiled.
pub(crate) const IS_BUILT: bool = cfg!(feature = "pcapng");

/// A segment as it was first sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) signal: Signal,
    /// The place of its first byte in the stream of its way.
    pub(crate) offset: u64,
    pub(crate) bytes: Arc<[u8]>,
}

/// Something on the tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) at: Micros,
    pub(crate) way: Way,
    pub(crate) sample: Sample,
    pub(crate) what: What,
}

/// What happened to a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// It left its sender, for the first time or again.
    Sent { again: bool, fate: Outcome },
    /// It arrived.
    Arrived,
    /// Something between the two ends made it up.
    Forged,
}

/// What became of a segment that left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It goes its way.
    Passed,
    /// The network lost it.
    Lost,
}

/// A segment that has left and not arrived.
#[derive(Clone, Debug)]
struct Airborne {
    sample: Sample,
    sent_at: Micros,
}

/// What is written down of one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape {
    marks: Vec<Mark>,
    air: [VecDeque<Airborne>; 2],
    /// How many bytes were sent each way.
    sent: [u64; 2],
    /// Since when what is sent is lost.
    lossy_since: [Option<Micros>; 2],
}

impl Tape {
    /// A segment leaves; `losses` of the attempts to send it are lost, the first and those after waits that double.
    pub(super) fn launch(
        &mut self,
        now: Micros,
        way: Way,
        (signal, bytes): (Signal, &[u8]),
        losses: u32,
        timeout: Micros,
    ) {
        let lane = way as usize;
        let sample = Sample {
            signal,
            offset: self.sent[lane],
            bytes: bytes.into(),
        };
        self.sent[lane] += bytes.len() as u64;
        self.air[lane].push_back(Airborne {
            sample: sample.clone(),
            sent_at: now,
        });
        if self.lossy_since[lane].is_some() {
            self.send(now, way, sample, false, Outcome::Lost);
            return;
        }
        let attempts = attempts(now, timeout).take(losses as usize + 1);
        for (number, at) in attempts.enumerate() {
            let fate = match number as u32 {
                number if number < losses => Outcome::Lost,
                _ => Outcome::Passed,
            };
            self.send(at, way, sample.clone(), number > 0, fate);
        }
    }

    fn send(&mut self, at: Micros, way: Way, sample: Sample, again: bool, fate: Outcome) {
        let what = What::Sent { again, fate };
        self.marks.push(Mark {
            at,
            way,
            sample,
            what,
        });
    }

    /// A RST that is not sent again is lost at once.
    pub(super) fn lost_reset(&mut self, at: Micros, way: Way) {
        let sample = self.signal(way, Signal::Rst);
        self.send(at, way, sample, false, Outcome::Lost);
    }

    /// Something in between makes up a RST that seems to come from the sender of this way.
    pub(super) fn forge_reset(&mut self, at: Micros, way: Way) {
        let sample = self.signal(way, Signal::Rst);
        self.marks.push(Mark {
            at,
            way,
            sample,
            what: What::Forged,
        });
    }

    fn signal(&self, way: Way, signal: Signal) -> Sample {
        Sample {
            signal,
            offset: self.sent[way as usize],
            bytes: Arc::default(),
        }
    }

    /// The front segment of a way arrives.
    pub(super) fn arrive(&mut self, at: Micros, way: Way) {
        if let Some(Airborne { sample, .. }) = self.air[way as usize].pop_front() {
            let what = What::Arrived;
            self.marks.push(Mark {
                at,
                way,
                sample,
                what,
            });
        }
    }

    /// From now on everything on this way is lost, also what is on it.
    pub(super) fn begin_losing(&mut self, now: Micros, way: Way) {
        if self.lossy_since[way as usize].is_some() {
            return;
        }
        self.lossy_since[way as usize] = Some(now);
        // What was to be sent later is not; what has left does not arrive.
        self.marks.retain(|mark| mark.way != way || mark.at <= now);
        let air = &self.air[way as usize];
        for mark in self.marks.iter_mut().filter(|mark| mark.way == way) {
            let flies = air.iter().any(|flying| flying.sample == mark.sample);
            if let (true, What::Sent { fate, .. }) = (flies, &mut mark.what) {
                *fate = Outcome::Lost;
            }
        }
    }

    /// What is sent passes again: the attempt at `repeated_at` brings everything that was lost.
    pub(super) fn end_losing(&mut self, way: Way, repeated_at: Micros, timeout: Micros) {
        let Some(since) = self.lossy_since[way as usize].take() else {
            return;
        };
        self.repeat_front(way, since, repeated_at, timeout);
        let air: Vec<Sample> = self.air[way as usize]
            .iter()
            .map(|flying| flying.sample.clone())
            .collect();
        for sample in air {
            self.send(repeated_at, way, sample, true, Outcome::Passed);
        }
    }

    /// The attempts in between, which are lost too: TCP repeats the oldest segment only.
    fn repeat_front(&mut self, way: Way, since: Micros, until: Micros, timeout: Micros) {
        let Some(front) = self.air[way as usize].front().cloned() else {
            return;
        };
        let repeats = attempts(front.sent_at, timeout).skip(1);
        let repeats: Vec<Micros> = repeats
            .skip_while(|at| *at <= since)
            .take_while(|at| *at < until)
            .collect();
        for at in repeats {
            self.send(at, way, front.sample.clone(), true, Outcome::Lost);
        }
    }

    /// Of what is on a way only so many segments are left: the sender tries no more.
    pub(super) fn keep(&mut self, now: Micros, way: Way, segments: usize, timeout: Micros) {
        if segments == 0
            && let Some(since) = self.lossy_since[way as usize]
        {
            self.repeat_front(way, since, now, timeout);
        }
        let air = &mut self.air[way as usize];
        for never in air.drain(segments.min(air.len())..) {
            self.marks
                .retain(|mark| mark.way != way || mark.at <= now || mark.sample != never.sample);
        }
    }

    /// The end of the connection, or of the run: says everything, by time.
    pub(crate) fn finish(mut self, now: Micros, timeout: Micros) -> Vec<Mark> {
        for way in Way::BOTH {
            if let Some(since) = self.lossy_since[way as usize].take() {
                self.repeat_front(way, since, now, timeout);
            }
        }
        self.marks.retain(|mark| mark.at <= now);
        order::by_key(&mut self.marks, |mark| (mark.at, 0));
        self.marks
    }
}

/// When TCP sends something: at first, and after waits that double.
fn attempts(first: Micros, timeout: Micros) -> impl Iterator<Item = Micros> {
    let (mut at, mut wait) = (first, timeout.max(1));
    std::iter::repeat_with(move || {
        let attempt = at;
        at = at.saturating_add(wait);
        wait = wait.saturating_mul(2).min(super::lane::RETRANSMISSION_MAX);
        attempt
    })
}
