//! Copies of the world's state, from which any moment is near.

use std::sync::Arc;

use crate::view::Micros;
use crate::world::State;

/// Happenings between two keyframes, at first.
const EVERY: u64 = 64;
/// When there are so many keyframes, every second one goes and the distance doubles. Fewer with many clients.
const MAX: usize = 256;
const MIN: usize = 16;

/// The keyframes of one future, in order of time; the first is the begin.
#[derive(Clone, Debug)]
pub(super) struct Keyframes {
    states: Vec<Arc<State>>,
    every: u64,
    max: usize,
}

impl Keyframes {
    pub(super) fn new(begin: State, clients: usize) -> Self {
        // Many clients make large keyframes.
        let max = (MAX * 100 / clients.max(100)).max(MIN);
        Self {
            states: vec![Arc::new(begin)],
            every: EVERY,
            max,
        }
    }

    /// Whether after so many happenings it is time for another one.
    pub(super) fn wants(&self, happened: u64) -> bool {
        happened >= self.last() + self.every
    }

    pub(super) fn push(&mut self, state: State) {
        self.states.push(Arc::new(state));
        if self.states.len() >= self.max {
            let mut index = 0;
            self.states.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.every *= 2;
        }
    }

    /// The last one with at most so many happenings.
    pub(super) fn before(&self, happened: u64) -> Arc<State> {
        let behind = self
            .states
            .partition_point(|state| state.happened <= happened);
        Arc::clone(&self.states[behind.saturating_sub(1)])
    }

    /// The last one that is not after this moment, with at most so many happenings.
    pub(super) fn at(&self, at: Micros, happened: u64) -> Arc<State> {
        let is_before = |state: &Arc<State>| state.now <= at && state.happened <= happened;
        let behind = self.states.partition_point(is_before);
        Arc::clone(&self.states[behind.saturating_sub(1)])
    }

    /// Those from before a moment; the begin is always among them.
    pub(super) fn before_moment(&self, at: Micros) -> Self {
        let behind = self.states.partition_point(|state| state.now < at).max(1);
        Self {
            states: self.states[..behind].to_vec(),
            ..self.clone()
        }
    }

    /// How many happenings there were at the last one.
    pub(super) fn last(&self) -> u64 {
        self.states.last().map_or(0, |state| state.happened)
    }

    /// Those of a future that is the same for so many happenings.
    pub(super) fn shared(&self, happened: u64) -> Self {
        let behind = self
            .states
            .partition_point(|state| state.happened <= happened);
        Self {
            states: self.states[..behind].to_vec(),
            ..self.clone()
        }
    }
}
