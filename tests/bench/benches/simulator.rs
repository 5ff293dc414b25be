//! What the simulator costs: events and simulated seconds a second by the number of clients, memory for each, runs of a
//! hunt, and going to a moment. Times of runs are those of the processor, which other programs do not change.
//!
//! `cargo bench -p mqttlab-bench --bench simulator`
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::time::{Duration, Instant};

use mqttlab_sim::hunt::{Hunt, Profile};
use mqttlab_sim::recording::{Budget, Recording};
use mqttlab_sim::scenario::Scenario;

/// Virtual time in which everybody is connected and publishes.
const UNTIL: u64 = 20_000_000;
const SMALL: &str = include_str!("../../../scenarios/qos2-cut-after-publish.toml");

/// So many sensors that publish to topics of their own, and one subscriber for every hundred.
fn plant(clients: usize) -> Scenario {
    let text = r#"
[scenario]
id = "plant"
title = "Sensors of a plant"
version = 1
until = "20s"
[link]
preset = "wifi"
[[client]]
name = "sensor"
publish = [{ every = "5s", from = "5s", topic = "plant/x", payload = "21.5", qos = 1 }]
[[client]]
name = "panel"
subscribe = [{ filter = "plant/x/#", qos = 1 }]
[[do]]
at = "0s"
who = ["sensor", "panel"]
act = "connect"
"#;
    let mut scenario = Scenario::parse(text).expect("it is a scenario");
    let template = std::mem::take(&mut scenario.clients);
    let script = std::mem::take(&mut scenario.script);
    let groups = clients.div_ceil(100);
    for number in 0..clients {
        let group = number / 100;
        let is_panel = number % 100 == 99 || clients < 100 && number == 0;
        let mut client = template[usize::from(is_panel)].clone();
        client.name = format!("c{number}");
        client.options.client_id = client.name.clone();
        // Spread over time, as a plant is.
        let late = number as u64 * 4_000_000 / clients as u64;
        for publication in &mut client.publications {
            publication.from += late;
            publication.message.topic = format!("plant/{}/c{number}", group.min(groups));
        }
        for subscription in &mut client.subscriptions {
            subscription.filter = format!("plant/{group}/#");
        }
        scenario.clients.push(client);
        let mut step = script[0].clone();
        step.at = late;
        step.action.who = number as u32 + 1;
        scenario.script.push(step);
    }
    scenario.script.sort_by_key(|step| step.at);
    scenario
}

/// What this process takes up, in bytes; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// How long this process has computed so far; the clock where the system does not say.
fn computed(started: Instant) -> Duration {
    const TICKS_A_SECOND: u64 = 100;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name in parentheses: state is the first, user and system time the 12th and 13th.
    let fields = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace());
    let ticks = fields.map(|fields| {
        let times = fields.skip(11).take(2);
        times
            .filter_map(|ticks| ticks.parse::<u64>().ok())
            .sum::<u64>()
    });
    match ticks {
        Some(ticks) => Duration::from_millis(ticks * 1_000 / TICKS_A_SECOND),
        None => started.elapsed(),
    }
}

fn run(clients: usize) {
    let scenario = plant(clients);
    let budget = Budget {
        happenings: u64::MAX,
        bytes: u64::MAX,
    };
    let before = resident();
    let mut recording = Recording::with_budget(scenario, budget);
    let idle = resident().saturating_sub(before);
    let started = Instant::now();
    let computed_before = computed(started);
    recording.seek(UNTIL);
    let took = computed(started).saturating_sub(computed_before);
    let took = took.max(Duration::from_millis(1));
    let events = recording.events().len();
    let all = resident().saturating_sub(before);
    println!(
        "{clients:>8} {events:>10} {:>9.2} {:>10.0} {:>8.2} {:>10.1} {:>9} {:>9}",
        took.as_secs_f64(),
        events as f64 / took.as_secs_f64(),
        took.as_secs_f64() * 1e6 / events as f64,
        UNTIL as f64 / 1e6 / took.as_secs_f64(),
        idle / clients as u64,
        all / clients as u64,
    );
}

/// A thousand runs of a small scenario, each with a seed and disturbances of its own.
fn hunt() {
    let scenario = Scenario::parse(SMALL).expect("it is a scenario");
    let hunt = Hunt::new(scenario, Profile::default());
    let started = Instant::now();
    let found = (0..1_000).filter(|&seed| hunt.try_seed(seed).is_some());
    let found = found.count();
    let took = started.elapsed();
    println!(
        "1 000 seeds of a small scenario: {:.2} s, {found} of them fail",
        took.as_secs_f64()
    );
}

/// Going to moments all over a run of about ten thousand events, back and forth.
fn seek() {
    let mut scenario = plant(60);
    scenario.until = 60_000_000;
    let mut recording = Recording::new(scenario);
    recording.seek(recording.end());
    let events = recording.events().len() as u32;
    let (mut worst, mut sum) = (Duration::ZERO, Duration::ZERO);
    let moments = 1_000_u32;
    for number in 0..moments {
        // Far apart, and everywhere.
        let target = (u64::from(number) * 7_919 % u64::from(events)) as u32;
        let started = Instant::now();
        recording.seek_event(target);
        let took = started.elapsed();
        worst = worst.max(took);
        sum += took;
    }
    println!(
        "seek in a run of {events} events: worst {:.2} ms, mean {:.2} ms",
        worst.as_secs_f64() * 1e3,
        sum.as_secs_f64() * 1e3 / f64::from(moments)
    );
}

fn main() {
    println!(
        "{:>8} {:>10} {:>9} {:>10} {:>8} {:>10} {:>9} {:>9}",
        "clients", "events", "s", "events/s", "us each", "sim s/s", "B idle", "B in all"
    );
    let sizes: Vec<usize> = std::env::args()
        .filter_map(|word| word.parse().ok())
        .collect();
    let sizes = if sizes.is_empty() {
        vec![10, 500, 10_000, 100_000]
    } else {
        sizes
    };
    for clients in sizes {
        run(clients);
    }
    hunt();
    seek();
}
