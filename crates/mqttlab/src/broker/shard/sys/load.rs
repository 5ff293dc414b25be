//! How much has happened a minute of late, as averages in which the past fades.

use std::time::Duration;

use mqttlab_core::time::Instant;

use super::super::report::Report;

/// Seconds over which an average fades to a third and a bit, with the end of its topic.
const SPANS: [(f64, &str); 3] = [(60.0, "1min"), (300.0, "5min"), (900.0, "15min")];
/// What is averaged: the middle of its topic, and its count until now.
type Count = (&'static str, fn(&Report) -> u64);

const COUNTS: [Count; 9] = [
    ("connections", connects),
    ("sockets", |report| report.traffic.connections),
    ("bytes/received", |report| report.traffic.bytes_read),
    ("bytes/sent", |report| report.traffic.bytes_written),
    ("messages/received", |report| report.traffic.packets_read),
    ("messages/sent", |report| report.traffic.packets_written),
    ("publish/received", |report| {
        report.counters.received.iter().sum()
    }),
    ("publish/sent", |report| report.counters.sent.iter().sum()),
    ("publish/dropped", dropped),
];

/// CONNECTs that were answered.
fn connects(report: &Report) -> u64 {
    let refused = report.counters.refusals().map(|(_, count)| count);
    report.counters.accepted + refused.sum::<u64>()
}

/// Messages that sessions were meant to get and did not.
pub(super) fn dropped(report: &Report) -> u64 {
    report.counters.drops().map(|(_, count)| count).sum()
}

/// The averages, and what they go on from.
#[derive(Default)]
pub(super) struct Load {
    /// When the counts were looked at last, and what they were. Before the first look nothing had happened.
    last: Option<(Instant, [u64; COUNTS.len()])>,
    averages: [[f64; SPANS.len()]; COUNTS.len()],
}

impl Load {
    /// Takes up what has happened since the last time.
    pub(super) fn note(&mut self, report: &Report, now: Instant) {
        let counts = COUNTS.map(|(_, count)| count(report));
        if let Some((then, before)) = self.last {
            let elapsed = now.since(then);
            if elapsed.is_zero() {
                return;
            }
            for ((averages, count), before) in self.averages.iter_mut().zip(counts).zip(before) {
                fade(averages, count.saturating_sub(before), elapsed);
            }
        }
        self.last = Some((now, counts));
    }

    /// By the topic below `$SYS/broker/load/`.
    pub(super) fn iter(&self) -> impl Iterator<Item = (String, f64)> {
        COUNTS
            .iter()
            .zip(&self.averages)
            .flat_map(|((what, _), averages)| {
                let spans = SPANS.iter().zip(averages);
                spans.map(move |((_, span), &average)| (format!("{what}/{span}"), average))
            })
    }
}

/// So much has happened meanwhile: the longer that was, the less of the past is left in the average.
fn fade(averages: &mut [f64; SPANS.len()], happened: u64, elapsed: Duration) {
    let elapsed_s = elapsed.as_secs_f64();
    let per_minute = happened as f64 * 60.0 / elapsed_s;
    for (average, (span_s, _)) in averages.iter_mut().zip(SPANS) {
        let left = (-elapsed_s / span_s).exp();
        *average = per_minute + left * (*average - per_minute);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::fade;

    #[test]
    fn averages_come_near_what_happens_and_forget_it_again() {
        let mut averages = [0.0; 3];
        for _ in 0..6 {
            fade(&mut averages, 20, Duration::from_secs(10));
        }
        // After a minute of 120 a minute: 120 * (1 - 1/e), and less of it in the longer ones.
        let said = averages.map(|average| format!("{average:.2}"));
        assert_eq!(said, ["75.85", "21.75", "7.74"]);
        for _ in 0..6 {
            fade(&mut averages, 0, Duration::from_secs(10));
        }
        let said = averages.map(|average| format!("{average:.2}"));
        assert_eq!(said, ["27.91", "17.81", "7.24"]);
    }

    #[test]
    fn how_often_is_looked_changes_little() {
        let (mut often, mut seldom) = ([0.0; 3], [0.0; 3]);
        for _ in 0..60 {
            fade(&mut often, 7, Duration::from_secs(1));
        }
        fade(&mut seldom, 7 * 60, Duration::from_secs(60));
        for (one, other) in often.into_iter().zip(seldom) {
            assert!((one - other).abs() < 1e-6, "{one} {other}");
        }
    }
}
