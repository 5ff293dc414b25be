//! The clock of one computer, which may run fast or slow, and stands still while the computer sleeps.

use mqttlab_core::time::Instant;

use crate::scenario::WHOLE;
use crate::view::Micros;

/// What a client's computer takes for the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    /// How far it goes in a true second, in parts of [`WHOLE`] of a second.
    rate: u32,
    /// It showed this at that true time, and has gone on since, unless it stands.
    shown: Micros,
    since: Micros,
    stands: bool,
}

impl Clock {
    pub(super) const fn new(rate: u32) -> Self {
        Self {
            rate,
            shown: 0,
            since: 0,
            stands: false,
        }
    }

    /// How long something takes that takes so long on this clock.
    pub(super) fn true_span(&self, span: Micros) -> Micros {
        scale(span, WHOLE, self.rate)
    }

    /// What it shows at this true time.
    pub(crate) fn at(&self, now: Micros) -> Instant {
        let gone = match self.stands {
            true => 0,
            false => scale(now.saturating_sub(self.since), self.rate, WHOLE),
        };
        Instant::from_micros(self.shown.saturating_add(gone))
    }

    /// The first true time at which it shows this; `None` while it stands.
    pub(super) fn when(&self, time: Instant) -> Option<Micros> {
        (!self.stands).then(|| self.if_it_goes_on(time, self.since))
    }

    /// The true time of something that this clock saw or will see, if it goes on from `now`.
    pub(crate) fn true_time(&self, time: Instant, now: Micros) -> Micros {
        let since = if self.stands { now } else { self.since };
        self.if_it_goes_on(time, since)
    }

    fn if_it_goes_on(&self, time: Instant, since: Micros) -> Micros {
        let time = time.as_micros();
        match time.checked_sub(self.shown) {
            Some(ahead) => {
                // Rounded up, so that the clock has come to it.
                let ahead = u128::from(ahead) * u128::from(WHOLE);
                let true_ahead = ahead.div_ceil(u128::from(self.rate.max(1)));
                since.saturating_add(u64::try_from(true_ahead).unwrap_or(u64::MAX))
            }
            None => since.saturating_sub(scale(self.shown - time, WHOLE, self.rate)),
        }
    }

    pub(super) fn stop(&mut self, now: Micros) {
        self.shown = self.at(now).as_micros();
        self.since = now;
        self.stands = true;
    }

    pub(super) fn go_on(&mut self, now: Micros) {
        if self.stands {
            self.since = now;
            self.stands = false;
        }
    }
}

fn scale(span: Micros, by: u32, of: u32) -> Micros {
    let scaled = u128::from(span) * u128::from(by) / u128::from(of.max(1));
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_never_too_early_on_any_clock() {
        for rate in [5_000, 9_999, WHOLE, 10_001, 13_337, 20_000] {
            let mut clock = Clock::new(rate);
            clock.stop(1_000_003);
            clock.go_on(2_000_001);
            for time in [1_u64, 999_999, 1_000_003, 5_000_007, 86_400_000_000] {
                let time = Instant::from_micros(time);
                let due = clock.when(time).expect("it goes");
                assert!(due < 2_000_001 || clock.at(due) >= time, "{rate} {time}");
            }
        }
    }

    #[test]
    fn a_clock_that_stands_shows_the_same_until_it_goes_on() {
        let mut clock = Clock::new(20_000);
        clock.stop(10);
        assert_eq!(clock.at(1_000), Instant::from_micros(20));
        assert_eq!(clock.when(Instant::from_micros(30)), None);
        clock.go_on(1_000);
        assert_eq!(clock.at(1_005), Instant::from_micros(30));
        assert_eq!(clock.when(Instant::from_micros(30)), Some(1_005));
    }
}
