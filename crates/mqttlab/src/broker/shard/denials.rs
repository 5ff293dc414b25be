//! Telling the log what the rules deny to clients: those of older versions hear nothing of it.

use mqttlab_core::broker::{Access, Identity};
use mqttlab_core::time::Instant;

use crate::log;

/// Lines in a second. A client that goes on and on with what it may not do fills no disk.
const LINES_PER_S: u32 = 5;
/// Bytes of a topic that are told.
const TOPIC_MAX: usize = 200;

/// What was told lately.
#[derive(Debug, Default)]
pub(super) struct Denials(Throttle);

/// Counts lines of a kind that strangers can bring about.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    /// Since the broker began.
    second: u64,
    lines: u32,
    /// How many have had no line of their own since the last that has one.
    untold: u64,
}

impl Denials {
    /// Something was denied, by a line of the rules, which is looked up only to be told, or because none allows it.
    #[cold]
    pub(super) fn tell(
        &mut self,
        now: Instant,
        who: &Identity<'_>,
        access: Access,
        topic: &str,
        line: impl FnOnce() -> Option<usize>,
    ) {
        let Some(untold) = self.0.count(now) else {
            return;
        };
        let what = match access {
            Access::Publish => "publish",
            Access::Subscribe => "subscribe",
            Access::Receive => "receive",
            // It is the publisher who is named.
            Access::Retained => "pass on what is retained",
        };
        let topic = &topic[..topic.floor_char_boundary(TOPIC_MAX)];
        let user_name = who.user_name.map(log::plain);
        tracing::info!(
            client_id = &*log::plain(who.client_id),
            user_name = user_name.as_deref(),
            what,
            topic = &*log::plain(topic),
            line = line(),
            untold,
            "denied by the rules"
        );
    }
}

impl Throttle {
    /// Whether there is a line for this one: with how many before it had none, or `None`.
    pub(super) fn count(&mut self, now: Instant) -> Option<u64> {
        let second = now.as_micros() / 1_000_000;
        if second != self.second {
            self.second = second;
            self.lines = 0;
        }
        if self.lines >= LINES_PER_S {
            self.untold += 1;
            return None;
        }
        self.lines += 1;
        Some(std::mem::take(&mut self.untold))
    }
}

#[cfg(test)]
mod tests {
    use mqttlab_core::time::Instant;

    use super::Throttle;

    #[test]
    fn a_second_has_few_lines_and_those_without_are_counted() {
        let mut throttle = Throttle::default();
        let mut told = |micros| throttle.count(Instant::from_micros(micros));
        for _ in 0..5 {
            assert_eq!(told(10), Some(0));
        }
        assert_eq!(told(10), None);
        assert_eq!(told(999_999), None);
        assert_eq!(told(1_000_000), Some(2));
        assert_eq!(told(1_000_001), Some(0));
    }
}
