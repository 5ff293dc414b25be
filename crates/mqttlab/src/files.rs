//! What the simulator's commands read from files.

use std::fs;
use std::path::Path;

use mqttlab_sim::hunt::Finding;
use mqttlab_sim::recording::Recording;
use mqttlab_sim::scenario::{Scenario, TEXT_MAX};

use crate::Failure;

/// A scenario from a file.
///
/// # Errors
/// When the file cannot be read or is no scenario.
pub(crate) fn scenario(file: &Path) -> Result<Scenario, Failure> {
    parse(file, &text(file)?)
}

/// A scenario from the text of a file.
///
/// # Errors
/// When it is none.
pub(crate) fn parse(file: &Path, text: &str) -> Result<Scenario, Failure> {
    let name = file.display();
    Scenario::parse(text).map_err(|error| Failure::usage(format!("{name}: {error}")))
}

/// The text of a scenario's file.
///
/// # Errors
/// When the file cannot be read, or is longer than any scenario.
pub(crate) fn text(file: &Path) -> Result<String, Failure> {
    let name = file.display();
    let failed = |error: std::io::Error| Failure::usage(format!("{name}: {error}"));
    let length = fs::metadata(file).map_err(failed)?.len();
    if length > TEXT_MAX as u64 {
        return Err(Failure::usage(format!(
            "{name}: it has {length} bytes, and a scenario has {TEXT_MAX} at most"
        )));
    }
    fs::read_to_string(file).map_err(failed)
}

/// The bytes of a file.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn bytes(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))
}

/// The disturbances that a hunt has written.
///
/// # Errors
/// When the file cannot be read or holds something else.
pub(crate) fn finding(file: &Path) -> Result<Finding, Failure> {
    let name = file.display();
    let text =
        fs::read_to_string(file).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("{name}: no finding of a hunt: {error}")))
}

/// The run of a scenario, at its start, with the seed that is given, and with what a hunt found.
pub(crate) fn recording(
    mut scenario: Scenario,
    seed: Option<u64>,
    finding: Option<Finding>,
) -> Recording {
    scenario.seed = seed.unwrap_or(scenario.seed);
    let Some(finding) = finding else {
        return Recording::new(scenario);
    };
    scenario.rules.extend(finding.rules);
    Recording::with_changes(scenario, finding.changes)
}
