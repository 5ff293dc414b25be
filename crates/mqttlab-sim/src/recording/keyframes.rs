//! Copies of the world's state, from which any moment is near.

use std::sync::Arc;

use crate::view::Micros;
use crate::world::State;

/// Happenings between two keyframes, at first.
const EVERY: u64 = 64;
/// A copy of so many bytes takes about as long as a happening: heavier states are copied less often.
const WEIGHT_A_HAPPENING: u64 = 4 << 10;
/// When there are so many keyframes, or they are so large together, every second one goes and the distance doubles.
const MAX: usize = 256;
const WEIGHT_MAX: u64 = 64 << 20;
/// So many are always kept.
const MIN: usize = 8;

/// The keyframes of one future, in order of time; the first is the start.
#[derive(Clone, Debug)]
pub(super) struct Keyframes {
    frames: Vec<Keyframe>,
    every: u64,
}

#[derive(Clone, Debug)]
struct Keyframe {
    state: Arc<State>,
    weight: u64,
}

impl Keyframe {
    fn new(state: State) -> Self {
        let weight = state.weight();
        let state = Arc::new(state);
        Self { state, weight }
    }
}

impl Keyframes {
    pub(super) fn new(begin: State) -> Self {
        let frame = Keyframe::new(begin);
        Self {
            every: EVERY.max(frame.weight / WEIGHT_A_HAPPENING),
            frames: vec![frame],
        }
    }

    /// Takes no more of them.
    pub(super) fn stop(&mut self) {
        self.every = u64::MAX / 2;
    }

    /// Whether after so many happenings it is time for another one.
    pub(super) fn wants(&self, happened: u64) -> bool {
        happened >= self.last() + self.every
    }

    pub(super) fn push(&mut self, state: State) {
        let frame = Keyframe::new(state);
        self.every = self.every.max(frame.weight / WEIGHT_A_HAPPENING);
        self.frames.push(frame);
        let count = self.frames.len();
        let weight: u64 = self.frames.iter().map(|frame| frame.weight).sum();
        if count >= MAX || count > MIN && weight > WEIGHT_MAX {
            let mut index = 0;
            self.frames.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.every *= 2;
        }
    }

    /// The last one with at most so many happenings.
    pub(super) fn before(&self, happened: u64) -> Arc<State> {
        self.last_of(self.count(|state| state.happened <= happened))
    }

    /// The last one that is not after this moment, with at most so many happenings.
    pub(super) fn at(&self, at: Micros, happened: u64) -> Arc<State> {
        self.last_of(self.count(|state| state.now <= at && state.happened <= happened))
    }

    /// Those of a future that is the same for so many happenings.
    pub(super) fn shared(&self, happened: u64) -> Self {
        self.first(self.count(|state| state.happened <= happened))
    }

    /// Those from before a moment; the start is always among them.
    pub(super) fn before_moment(&self, at: Micros) -> Self {
        self.first(self.count(|state| state.now < at))
    }

    /// How many happenings there were at the last one.
    pub(super) fn last(&self) -> u64 {
        self.frames.last().map_or(0, |frame| frame.state.happened)
    }

    /// How many keyframes come before the first that is `is_early` no more.
    fn count(&self, is_early: impl Fn(&State) -> bool) -> usize {
        self.frames.partition_point(|frame| is_early(&frame.state))
    }

    fn last_of(&self, count: usize) -> Arc<State> {
        Arc::clone(&self.frames[count.saturating_sub(1)].state)
    }

    fn first(&self, count: usize) -> Self {
        Self {
            frames: self.frames[..count.max(1)].to_vec(),
            every: self.every,
        }
    }
}
