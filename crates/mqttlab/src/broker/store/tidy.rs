//! When the file is written anew.

use std::ops::Add;

use super::failpoint::tidy_min;

/// With fewer bytes of changes it is not worth it to write the file anew for the room that it takes.
const TIDY_BYTES_MIN: u64 = 16 << 20;

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
    is_mostly(all.count, live.count, tidy_min()) && is_mostly(all.bytes, live.bytes, TIDY_BYTES_MIN)
}

/// With how much in it the file is written anew, where so much of it counts.
pub(super) fn tidy_at(live: Extent) -> Extent {
    Extent {
        count: tidy_min().max(live.count.saturating_mul(2)),
        bytes: TIDY_BYTES_MIN.max(live.bytes.saturating_mul(2)),
    }
}
