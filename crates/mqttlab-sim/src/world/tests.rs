//! What participants and networks do, told by scenarios whose expectations hold.

mod behaviours;
mod networks;
mod rules;
#[cfg(all(feature = "shards", not(target_family = "wasm")))]
mod shards;

use crate::monitor::Verdict;
use crate::recording::Recording;
use crate::scenario::Scenario;

/// Plays a scenario, written without its header, and demands that all its expectations hold.
#[track_caller]
pub(super) fn check(until: &str, text: &str) -> Recording {
    let text = format!(
        "[scenario]\nid = \"test\"\ntitle = \"Test\"\nversion = 1\nseed = 5\nuntil = \"{until}\"\n{text}"
    );
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    assert!(
        !scenario.expectations.is_empty(),
        "there is something to check"
    );
    let mut recording = Recording::new(scenario);
    while recording.step().is_some() {
        recording.check_invariants();
    }
    let mut failed = recording.check();
    failed.retain(|result| result.verdict != Verdict::Pass);
    let events: Vec<String> = recording
        .events()
        .iter()
        .map(|event| format!("{} {}", event.at, event.text))
        .collect();
    assert!(failed.is_empty(), "{failed:#?}\n{}", events.join("\n"));
    recording
}
