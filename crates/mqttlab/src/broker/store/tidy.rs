//! When the file is written anew.

use std::ops::Add;

use super::failpoint::tidy_min;

/// With fewer bytes of changes it is not worth it to write the file anew for the room that it takes.
const TIDY_BYTES_MIN: u64 = 16 << 20;
/// So many times as many changes as otherwise are very many.
const MANY: u64 = 16;

/// How much there is of something in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// Changes.
    pub(super) count: u64,
    /// Bytes that they take up.
    pub(super) bytes: u64,
}

impl Add for Extent {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// Whether too much of the file counts to write it anew.
pub(super) fn is_mostly_live(all: Extent, live: Extent) -> bool {
    let is_mostly = |all: u64, live: u64, min: u64| all < min.max(live.saturating_mul(3) / 2);
    if !is_mostly(all.bytes, live.bytes, TIDY_BYTES_MIN) {
        return false;
    }
    // Many small changes, where it would take as much room or more without them, are worth it when they are very many.
    let times = if live.bytes >= all.bytes { MANY } else { 1 };
    let (live_count, min) = (
        live.count.saturating_mul(times),
        tidy_min().saturating_mul(times),
    );
    is_mostly(all.count, live_count, min)
}

/// With how much in it the file is written anew, where so much of it counts.
pub(super) fn tidy_at(live: Extent) -> Extent {
    Extent {
        count: tidy_min().max(live.count.saturating_mul(2)),
        bytes: TIDY_BYTES_MIN.max(live.bytes.saturating_mul(2)),
    }
}

/// The same where it is not written anew though there is so much: looking how much counts takes its time too.
pub(super) fn put_off(all: Extent, live: Extent) -> Extent {
    let later = |all: u64, at: u64| {
        if all < at {
            at
        } else {
            all.saturating_mul(3) / 2
        }
    };
    let tidy_at = tidy_at(live);
    Extent {
        count: later(all.count, tidy_at.count),
        bytes: later(all.bytes, tidy_at.bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::{Extent, is_mostly_live, put_off};

    #[test]
    fn small_changes_do_not_have_a_large_state_written_that_takes_as_much_room() {
        let live = Extent {
            count: 1_000,
            bytes: 50 << 20,
        };
        let with = |count, bytes| Extent { count, bytes };
        assert!(is_mostly_live(with(30_000, 50 << 20), live));
        assert!(!is_mostly_live(with(200_000, 50 << 20), live));
        assert!(!is_mostly_live(with(30_000, 51 << 20), live));
        assert!(!is_mostly_live(with(2_000, 76 << 20), live));
        // It is not asked about at each change.
        let all = with(30_000, 50 << 20);
        assert_eq!(put_off(all, live), with(45_000, 100 << 20));
    }
}
