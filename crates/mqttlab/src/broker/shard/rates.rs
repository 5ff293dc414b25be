//! How fast clients may send, and how fast connections are taken in.

use std::time::Duration;

use mqttlab_core::time::Instant;

use super::super::config::OverRate;

/// Bytes read at once from a client with a limit, at most: so much is held by a pause.
const READ_MAX: usize = 4 << 10;
/// However few a client may send in a second.
const READ_MIN: usize = 64;
/// So much may be taken at once, in time.
const BURST: Duration = Duration::from_secs(1);

/// How fast a client may send; 0 is for no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rate {
    /// PUBLISHes.
    pub(crate) messages_per_s: u32,
    /// Bytes of MQTT.
    pub(crate) bytes_per_s: u32,
    /// What becomes of one that is faster.
    pub(crate) over: OverRate,
}

impl Rate {
    pub(super) fn is_limited(&self) -> bool {
        self.messages_per_s > 0 || self.bytes_per_s > 0
    }

    /// How much to read at once, so that a pause takes about a second at most.
    pub(super) fn read_max(&self) -> usize {
        match self.bytes_per_s {
            0 => READ_MAX,
            bytes => (bytes as usize).clamp(READ_MIN, READ_MAX),
        }
    }
}

/// A bucket of tokens that fills steadily: a second's worth of them, at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bucket {
    /// When all that was taken will have come in again.
    full_at: Instant,
}

impl Bucket {
    /// Takes so many at `rate` a second, which are given in any case. Says how long it is until there are some again;
    /// zero where there still are.
    pub(super) fn take(&mut self, count: u64, rate: u32, now: Instant) -> Duration {
        if rate == 0 {
            return Duration::ZERO;
        }
        let nanos = u128::from(count) * 1_000_000_000 / u128::from(rate);
        let cost = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        self.full_at = self.full_at.max(now) + cost;
        self.full_at.since(now + BURST)
    }
}

/// What one client has sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Meter {
    messages: Bucket,
    bytes: Bucket,
}

/// Which limit a client is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Messages,
    Bytes,
}

impl Meter {
    /// Takes note of what came. Where it is too much: for how long nothing more may come, and why.
    pub(super) fn note(
        &mut self,
        messages: u64,
        bytes: u64,
        rate: &Rate,
        now: Instant,
    ) -> Option<(Duration, Over)> {
        let for_messages = self.messages.take(messages, rate.messages_per_s, now);
        let for_bytes = self.bytes.take(bytes, rate.bytes_per_s, now);
        if for_messages.is_zero() && for_bytes.is_zero() {
            None
        } else if for_messages >= for_bytes {
            Some((for_messages, Over::Messages))
        } else {
            Some((for_bytes, Over::Bytes))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mqttlab_core::time::Instant;

    use super::{Bucket, Meter, Over, Rate};

    fn at(ms: u64) -> Instant {
        Instant::from_micros(ms * 1_000)
    }

    #[test]
    fn a_second_is_given_at_once_and_then_as_it_comes_in() {
        let mut bucket = Bucket::default();
        for _ in 0..10 {
            assert_eq!(bucket.take(1, 10, at(5_000)), Duration::ZERO);
        }
        assert_eq!(bucket.take(1, 10, at(5_000)), Duration::from_millis(100));
        assert_eq!(bucket.take(1, 10, at(5_100)), Duration::from_millis(100));
        assert_eq!(bucket.take(1, 10, at(5_300)), Duration::ZERO);
        // What was not taken does not pile up.
        for _ in 0..10 {
            assert_eq!(bucket.take(1, 10, at(60_000)), Duration::ZERO);
        }
        assert_eq!(bucket.take(1, 10, at(60_000)), Duration::from_millis(100));
        assert_eq!(bucket.take(u64::MAX, 0, at(60_000)), Duration::ZERO);
        assert!(bucket.take(u64::MAX, 1, at(60_000)) > Duration::from_secs(1 << 30));
    }

    #[test]
    fn the_limit_that_holds_up_longer_is_named() {
        let rate = Rate {
            messages_per_s: 2,
            bytes_per_s: 1_000,
            ..Rate::default()
        };
        let mut meter = Meter::default();
        assert_eq!(meter.note(1, 100, &rate, at(0)), None);
        assert_eq!(
            meter.note(2, 100, &rate, at(0)),
            Some((Duration::from_millis(500), Over::Messages))
        );
        assert_eq!(
            meter.note(0, 2_800, &rate, at(0)),
            Some((Duration::from_secs(2), Over::Bytes))
        );
    }
}
