//! Where a moment stands in the picture: downwards, and elastic.

use super::super::rows::QUIET;
use super::{Item, What};
use crate::view::Micros;

/// Pixels between two things that were sent, so that their labels do not touch.
const ROW: u32 = 30;
/// Pixels between two moments at least, and at most if there is no gap.
const STEP_MIN: u32 = 20;
const STEP_MAX: u32 = 50;
/// Pixels of a gap.
const GAP: u32 = 56;

/// A silence that is drawn shorter than it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) top: u32,
    pub(super) bottom: u32,
    pub(super) length: Micros,
}

/// Where each item stands.
pub(super) struct Axis {
    /// By number of the event: moments and heights, in order.
    places: Vec<(u32, Micros, u32)>,
    gaps: Vec<Gap>,
    top: u32,
}

impl Axis {
    pub(super) fn new(items: &[Item<'_>], top: u32) -> Self {
        let mut axis = Self {
            places: Vec::with_capacity(items.len()),
            gaps: Vec::new(),
            top,
        };
        let (mut y, mut last) = (top, 0);
        let mut is_labelled = false;
        for Item { event, what } in items {
            let passed = event.at - last;
            if passed > QUIET {
                let (gap_top, gap_bottom) = (y + STEP_MIN, y + STEP_MIN + GAP);
                axis.gaps.push(Gap {
                    top: gap_top,
                    bottom: gap_bottom,
                    length: passed,
                });
                y = gap_bottom + STEP_MIN;
                is_labelled = false;
            } else if passed > 0 {
                y += step(passed);
                is_labelled = false;
            }
            last = event.at;
            match what {
                What::Sent(_) | What::Fault => {
                    if is_labelled {
                        y += ROW;
                    }
                    is_labelled = true;
                }
                What::Arrived => {}
            }
            axis.places.push((event.id, event.at, y));
        }
        axis
    }

    /// Where an event stands.
    pub(super) fn event(&self, id: u32) -> Option<u32> {
        let at = self
            .places
            .binary_search_by_key(&id, |&(event, _, _)| event)
            .ok()?;
        Some(self.places[at].2)
    }

    /// Where something that arrives at this moment does so.
    pub(super) fn arrival(&self, at: Micros) -> Option<u32> {
        let behind = self.places.partition_point(|&(_, moment, _)| moment < at);
        let &(_, moment, y) = self.places.get(behind)?;
        (moment == at).then_some(y)
    }

    pub(super) fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    pub(super) fn top(&self) -> u32 {
        self.top
    }

    pub(super) fn bottom(&self) -> u32 {
        self.places.last().map_or(self.top, |&(_, _, y)| y)
    }
}

/// More time is a longer way, but far from in proportion: doubling adds the same each time.
fn step(passed: Micros) -> u32 {
    let doublings = (passed / 1_000).checked_ilog2().unwrap_or(0);
    (STEP_MIN + 3 * doublings).min(STEP_MAX)
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn a_longer_time_is_a_longer_way() {
        assert_eq!(step(1), 20);
        assert_eq!(step(40_000), 35);
        assert_eq!(step(1_000_000), 47);
    }
}
