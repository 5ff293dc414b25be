//! `mqttlab check`: which expectations of scenarios hold.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use mqttlab_sim::monitor::{ExpectationResult, Verdict};
use mqttlab_sim::recording::{Recording, Violation};
use mqttlab_sim::view::Event;
use serde::Serialize;

use crate::Failure;
use crate::each::each;
use crate::output::{exit_code, verdicts, violation};

pub(crate) const HELP: &str = "\
Exit codes:
  0  every expectation of every scenario holds
  1  one fails
  2  a file cannot be read or is not a scenario
  3  with --check-invariants: something did not hold that must always hold, which is a bug of this program";

/// Options of `mqttlab check`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The scenarios, in TOML
    #[arg(value_name = "SCENARIO", required = true)]
    files: Vec<PathBuf>,

    /// Look after each happening whether everything holds that must always hold, of machines and network alike
    #[arg(long)]
    check_invariants: bool,

    /// For machines: one JSON document with every expectation
    #[arg(long)]
    json: bool,
}

/// What came of one scenario, for machines.
#[derive(Serialize)]
struct Checked<'a> {
    file: &'a Path,
    hash: String,
    expectations: Vec<ExpectationResult>,
    /// What did not hold that must always hold, if that was looked for.
    violation: Option<Violation>,
}

/// Plays scenarios and says which expectations fail.
///
/// # Errors
/// When a file cannot be read or is no scenario; the others are not played then.
pub(crate) fn check(options: &Options) -> Result<ExitCode, Failure> {
    let all = each(&options.files, options.json, |file, scenario| {
        let mut recording = Recording::new(scenario);
        if options.check_invariants {
            recording = recording.checked();
        }
        recording.seek(recording.end());
        let checked = Checked {
            file,
            hash: format!("{:016x}", recording.hash()),
            expectations: recording.check(),
            violation: recording.violation().cloned(),
        };
        let words = report(&checked, recording.events());
        Ok((checked, words))
    })?;
    let results: Vec<ExpectationResult> = all
        .iter()
        .flat_map(|checked| checked.expectations.iter().cloned())
        .collect();
    let violation = all.iter().find_map(|checked| checked.violation.as_ref());
    Ok(exit_code(&results, violation))
}

/// One line for the scenario, and one for each expectation that does not hold.
fn report(checked: &Checked<'_>, events: &[Event]) -> String {
    let results = &checked.expectations;
    let passed = results
        .iter()
        .filter(|result| result.verdict == Verdict::Pass);
    let (passed, all) = (passed.count(), results.len());
    format!("{}: {passed} of {all} hold\n", checked.file.display())
        + &verdicts(results, false)
        + &violation(checked.violation.as_ref(), events)
}
