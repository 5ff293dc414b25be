//! The figures of a run.

use std::io::{self, Write};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use super::process::Usage;
use crate::Failure;

/// What came of a run.
pub(super) struct Report {
    figures: Vec<(&'static str, f64)>,
    lost: u64,
}

impl Report {
    pub(super) fn new() -> Self {
        Self {
            figures: Vec::new(),
            lost: 0,
        }
    }

    /// A figure with its unit in the name.
    pub(super) fn add(&mut self, name: &'static str, value: f64) {
        self.figures.push((name, value));
    }

    /// Messages that should have arrived and did not.
    pub(super) fn lose(&mut self, lost: u64) {
        self.lost += lost;
        self.add("lost", lost as f64);
    }

    pub(super) fn rate(&mut self, name: &'static str, count: u64, time: Duration) {
        self.add(name, count as f64 / time.as_secs_f64().max(1e-9));
    }

    /// Percentiles of times in nanoseconds, as milliseconds.
    pub(super) fn latency(&mut self, times: &Histogram<u64>) {
        if times.is_empty() {
            return;
        }
        for (name, quantile) in [
            ("latency_p50_ms", 0.5),
            ("latency_p90_ms", 0.9),
            ("latency_p99_ms", 0.99),
            ("latency_p999_ms", 0.999),
            ("latency_max_ms", 1.0),
        ] {
            self.add(name, times.value_at_quantile(quantile) as f64 / 1e6);
        }
    }

    /// What the broker used for so many things of a kind.
    pub(super) fn usage(&mut self, before: Option<Usage>, after: Option<Usage>, count: u64) {
        let (Some(before), Some(after)) = (before, after) else {
            return;
        };
        let count = count.max(1) as f64;
        let processor = after.processor_us.saturating_sub(before.processor_us) as f64;
        let user = after.user_us.saturating_sub(before.user_us) as f64;
        let switches = after.switches.saturating_sub(before.switches) as f64;
        self.add("broker_cpu_us_each", processor / count);
        self.add("broker_user_us_each", user / count);
        self.add("broker_switches_each", switches / count);
        self.add(
            "broker_memory_mib",
            after.memory as f64 / f64::from(1 << 20),
        );
    }

    /// Memory that came along with so many things of a kind.
    pub(super) fn memory(&mut self, before: Option<Usage>, after: Option<Usage>, count: u64) {
        if let (Some(before), Some(after)) = (before, after) {
            let more = after.memory as f64 - before.memory as f64;
            self.add("broker_memory_bytes_each", more / count.max(1) as f64);
        }
    }

    /// Whether nothing was lost.
    pub(super) fn is_complete(&self) -> bool {
        self.lost == 0
    }

    pub(super) fn print(&self, as_json: bool) -> Result<(), Failure> {
        let mut text = String::new();
        if as_json {
            let figures = self.figures.iter();
            let figures: Map<String, Value> = figures
                .map(|&(name, value)| (name.to_owned(), json!(value)))
                .collect();
            text = Value::Object(figures).to_string() + "\n";
        } else {
            for (name, value) in &self.figures {
                text += &format!("{name:<26} {value:>14.3}\n");
            }
        }
        io::stdout()
            .write_all(text.as_bytes())
            .map_err(|error| Failure::running(format!("standard output: {error}")))
    }
}
