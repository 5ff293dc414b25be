//! `mqttlab run`, `mqttlab check` and `mqttlab hunt`: scenarios from files, in the simulated world.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use mqttlab_sim::export::{ladder, mermaid, trace};
use mqttlab_sim::hunt::{Finding, Hunt, Profile};
use mqttlab_sim::monitor::{ExpectationResult, Verdict};
use mqttlab_sim::recording::{Changes, Recording};
use mqttlab_sim::scenario::{Scenario, duration};
use mqttlab_sim::view::{Event, Flight, Micros};
use serde::Serialize;

use crate::Failure;

pub(crate) const HUNT_HELP: &str = "\
Exit codes:
  0  every expectation holds with every seed
  1  one fails; the run is printed
  2  a file cannot be read or is not a scenario";

pub(crate) const HELP: &str = "\
Exit codes:
  0  every expectation of the scenario holds
  1  one fails
  2  a file cannot be read or is not a scenario";

/// Options of `mqttlab run`.
#[derive(Args, Debug)]
pub(crate) struct RunOptions {
    /// The scenario, in TOML
    #[arg(value_name = "SCENARIO")]
    file: PathBuf,

    /// Play with this seed in place of the scenario's
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// Stop at this moment of the run, such as 10s or 1500ms
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    until: Option<Micros>,

    /// Play with the disturbances in this file, which `mqttlab hunt --save` wrote
    #[arg(long, value_name = "FILE")]
    changes: Option<PathBuf>,

    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// In the ladder, also SYN and ACK of TCP
    #[arg(long)]
    tcp: bool,

    /// In the ladder, also PINGREQ and PINGRESP
    #[arg(long)]
    pings: bool,
}

/// In which form a run is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One column for each participant, time downwards, one arrow for each packet
    #[default]
    Ladder,
    /// One line for each thing that happened, with the reasons
    Events,
    /// A sequence diagram for Mermaid
    Mermaid,
    /// Everything, for programs
    Json,
}

/// Options of `mqttlab check`.
#[derive(Args, Debug)]
pub(crate) struct CheckOptions {
    /// The scenarios, in TOML
    #[arg(value_name = "SCENARIO", required = true)]
    files: Vec<PathBuf>,
}

/// Plays a scenario and prints what happened.
///
/// # Errors
/// When the file cannot be read or is no scenario.
pub(crate) fn run(options: &RunOptions) -> Result<ExitCode, Failure> {
    let mut scenario = read(&options.file)?;
    if let Some(seed) = options.seed {
        scenario.seed = seed;
    }
    let changes = match &options.changes {
        Some(file) => read_finding(file)?,
        None => Changes::default(),
    };
    let mut recording = Recording::with_changes(scenario, changes);
    recording.seek(options.until.unwrap_or_else(|| recording.end()));
    let results = recording.check();
    let drawn = ladder::Options {
        tcp: options.tcp,
        pings: options.pings,
    };
    let text = match options.format {
        Format::Ladder => ladder::ladder(&recording, drawn) + &paint(&verdicts(&results, true)),
        Format::Mermaid => mermaid::mermaid(&recording),
        Format::Events => paint(&trace::trace(&recording, trace::Options::default())),
        Format::Json => json(&recording, &results)?,
    };
    print(&text)?;
    Ok(verdict(&results))
}

/// Plays scenarios and says which expectations fail.
///
/// # Errors
/// When a file cannot be read or is no scenario; the others are not played then.
pub(crate) fn check(options: &CheckOptions) -> Result<ExitCode, Failure> {
    let mut scenarios = Vec::with_capacity(options.files.len());
    for file in &options.files {
        scenarios.push((file, read(file)?));
    }
    let mut all = Vec::new();
    for (file, scenario) in scenarios {
        let mut recording = Recording::new(scenario);
        recording.seek(recording.end());
        let results = recording.check();
        print(&paint(&report(file, &results)))?;
        all.extend(results);
    }
    Ok(verdict(&all))
}

/// Options of `mqttlab hunt`.
#[derive(Args, Debug)]
pub(crate) struct HuntOptions {
    /// The scenario, in TOML
    #[arg(value_name = "SCENARIO")]
    file: PathBuf,

    /// How many seeds to try
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    seeds: u64,

    /// The first of them
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    from: u64,

    /// The most disturbances in one run; 0 leaves only the seed to chance
    #[arg(long, value_name = "NUMBER", default_value_t = Profile::default().disturbances_max)]
    disturbances: u32,

    /// Clients may crash too
    #[arg(long)]
    clients: bool,

    /// The broker may crash too
    #[arg(long)]
    broker: bool,

    /// Write what was found to this file, for `mqttlab run --changes`
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

/// Looks for a run in which an expectation fails, and prints the smallest disturbance that does it.
///
/// # Errors
/// When the file cannot be read or is no scenario, or the finding cannot be written.
pub(crate) fn hunt(options: &HuntOptions) -> Result<ExitCode, Failure> {
    let scenario = read(&options.file)?;
    if scenario.expectations.is_empty() {
        return Err(Failure::usage(format!(
            "{}: there is no [[expect]] that could fail",
            options.file.display()
        )));
    }
    let profile = Profile {
        disturbances_max: options.disturbances,
        clients: options.clients,
        broker: options.broker,
        ..Profile::default()
    };
    let hunt = Hunt::new(scenario, profile);
    let seeds = options.from..options.from.saturating_add(options.seeds);
    let found = seeds.into_iter().find_map(|seed| hunt.try_seed(seed));
    let Some(finding) = found.map(|finding| hunt.shrink(finding)) else {
        print(&format!(
            "{} seeds: every expectation holds\n",
            options.seeds
        ))?;
        return Ok(ExitCode::SUCCESS);
    };
    let mut recording = hunt.replay(&finding);
    recording.seek(recording.end());
    print(&ladder::ladder(&recording, ladder::Options::default()))?;
    print(&paint(&verdicts(&finding.failed, false)))?;
    print(&format!(
        "# seed {}, {} disturbances\n",
        finding.seed,
        finding.changes.inputs.len()
    ))?;
    if let Some(file) = &options.save {
        let json = serde_json::to_string_pretty(&finding)
            .map_err(|error| Failure::running(format!("the finding has no JSON: {error}")))?;
        fs::write(file, json + "\n")
            .map_err(|error| Failure::usage(format!("--save {}: {error}", file.display())))?;
        let (scenario, file) = (options.file.display(), file.display());
        print(&format!(
            "# to see it again: mqttlab run {scenario} --seed {} --changes {file}\n",
            finding.seed
        ))?;
    }
    Ok(ExitCode::from(1))
}

/// The disturbances that a hunt has written.
fn read_finding(file: &Path) -> Result<Changes, Failure> {
    let name = file.display();
    let text =
        fs::read_to_string(file).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    let finding: Finding = serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("{name}: no finding of a hunt: {error}")))?;
    Ok(finding.changes)
}

fn read(file: &Path) -> Result<Scenario, Failure> {
    let name = file.display();
    let text =
        fs::read_to_string(file).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    Scenario::parse(&text).map_err(|error| Failure::usage(format!("{name}: {error}")))
}

/// One line for the scenario, and one for each expectation that does not hold.
fn report(file: &Path, results: &[ExpectationResult]) -> String {
    let passed = results
        .iter()
        .filter(|result| result.verdict == Verdict::Pass);
    let (passed, all) = (passed.count(), results.len());
    format!("{}: {passed} of {all} hold\n", file.display()) + &verdicts(results, false)
}

/// One line for each expectation, or for those that do not hold.
fn verdicts(results: &[ExpectationResult], with_passed: bool) -> String {
    let mut text = String::new();
    for result in results {
        let word = match result.verdict {
            Verdict::Pass if !with_passed => continue,
            Verdict::Pass => "pass",
            Verdict::Fail => "FAIL",
            Verdict::Undecided => "undecided",
        };
        let detail = result.detail.as_ref();
        let detail = detail.map_or(String::new(), |detail| format!(" ({detail})"));
        text += &format!("# {word}: {}{detail}\n", result.text);
    }
    text
}

fn verdict(results: &[ExpectationResult]) -> ExitCode {
    let failed = results.iter().any(|result| result.verdict == Verdict::Fail);
    ExitCode::from(u8::from(failed))
}

/// A run for programs.
#[derive(Serialize)]
struct Run<'a> {
    scenario: &'a str,
    title: &'a str,
    seed: u64,
    /// The moment it was played to, in microseconds.
    until: Micros,
    /// The rolling hash of all that happened, in hex.
    hash: String,
    events: &'a [Event],
    flights: &'a [Flight],
    expectations: &'a [ExpectationResult],
}

fn json(recording: &Recording, results: &[ExpectationResult]) -> Result<String, Failure> {
    let scenario = recording.scenario();
    let run = Run {
        scenario: &scenario.id,
        title: &scenario.title,
        seed: scenario.seed,
        until: recording.now(),
        hash: format!("{:016x}", recording.hash()),
        events: recording.events(),
        flights: recording.flights(),
        expectations: results,
    };
    let text = serde_json::to_string_pretty(&run)
        .map_err(|error| Failure::running(format!("the run has no JSON: {error}")))?;
    Ok(text + "\n")
}

/// Where the mark stands in a line of a trace: behind the time.
const MARK_COLUMN: usize = 14;

/// Colours for the lines of a trace, where a person looks at them.
fn paint(text: &str) -> String {
    if !io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some() {
        return text.to_owned();
    }
    text.lines().map(|line| paint_line(line) + "\n").collect()
}

fn paint_line(line: &str) -> String {
    let colour = if line.starts_with("# FAIL") {
        "31"
    } else if line.starts_with("# pass") {
        "32"
    } else if line.starts_with('#') {
        "1"
    } else {
        match line.as_bytes().get(MARK_COLUMN) {
            Some(b'*') => "1",
            Some(b'>' | b'<') => "36",
            Some(b'@') => "35",
            Some(b'?') => "2",
            Some(b'!') => "31",
            Some(b'.') => "32",
            Some(_) | None => return line.to_owned(),
        }
    };
    format!("\x1b[{colour}m{line}\x1b[0m")
}

fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        // Whoever reads has seen enough: `mqttlab run … | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::running(format!("standard output: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::paint_line;

    #[test]
    fn lines_are_painted_by_their_mark() {
        assert_eq!(
            paint_line("    5.000000  *  B is told to connect"),
            "\x1b[1m    5.000000  *  B is told to connect\x1b[0m"
        );
        assert_eq!(paint_line("# FAIL: x"), "\x1b[31m# FAIL: x\x1b[0m");
        assert_eq!(paint_line("    5.000000  =  a"), "    5.000000  =  a");
        assert_eq!(paint_line(""), "");
    }
}
