//! `mqttlab run`: a scenario in the simulated world, and what happened in many forms.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use mqttlab_sim::export::{ladder, mermaid, ndjson, pcapng, plantuml, rust, svg, trace};
use mqttlab_sim::monitor::ExpectationResult;
use mqttlab_sim::recording::{Recording, Violation};
use mqttlab_sim::scenario::duration;
use mqttlab_sim::view::{Event, Flight, Micros};
use serde::Serialize;

use crate::output::{exit_code, json, paint, tell, verdicts, violation, write};
use crate::{Failure, files, why_not};

pub(crate) const HELP: &str = "\
Examples:
  mqttlab run scenarios/half-open.toml
  mqttlab run scenarios/half-open.toml --format svg -o half-open.svg
  mqttlab run scenarios/half-open.toml --format pcapng | wireshark -k -i -
  mqttlab run scenarios/half-open.toml --why-not
  mqttlab run scenarios/half-open.toml --why-not status/1 monitor

Exit codes:
  0  every expectation of the scenario holds
  1  one fails
  2  a file cannot be read or written, or is not a scenario
  3  with --check-invariants: something did not hold that must always hold, which is a bug of this program";

/// Options of `mqttlab run`.
#[derive(Args, Debug)]
pub(crate) struct Options {
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

    /// In which form
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,

    /// Write to this file in place of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Say in place of that who got each message and who did not, and why; only the message with this number or topic,
    /// and only for this client
    #[arg(long, num_args = 0..=2, value_names = ["MESSAGE", "CLIENT"], conflicts_with = "format")]
    why_not: Option<Vec<String>>,

    /// Look after each happening whether everything holds that must always hold, of machines and network alike
    #[arg(long)]
    check_invariants: bool,

    /// In ladders, also SYN and ACK of TCP
    #[arg(long)]
    tcp: bool,

    /// In ladders, also PINGREQ and PINGRESP
    #[arg(long)]
    pings: bool,
}

/// In which form a run is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A ladder of text: one column for each participant, time downwards, one arrow for each packet
    #[default]
    #[value(alias = "text")]
    Ladder,
    /// One line for each thing that happened, with the reasons
    Events,
    /// Everything, as one JSON document
    Json,
    /// Everything, one JSON object a line
    Ndjson,
    /// A sequence diagram for Mermaid
    Mermaid,
    /// A sequence diagram for PlantUML
    Plantuml,
    /// A ladder as a picture
    Svg,
    /// A capture of what was on the wire, for Wireshark
    Pcapng,
    /// A test in Rust that plays it again
    Rust,
}

/// Plays a scenario and prints what happened.
///
/// # Errors
/// When the file cannot be read or is no scenario.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let source = files::text(&options.file)?;
    let scenario = files::parse(&options.file, &source)?;
    let finding = options.changes.as_deref().map(files::finding).transpose()?;
    let mut recording = files::recording(scenario, options.seed, finding);
    if options.check_invariants {
        recording = recording.checked();
    }
    recording.seek(options.until.unwrap_or_else(|| recording.end()));
    let results = recording.check();
    let text = violation(recording.violation(), recording.events());
    match &options.why_not {
        Some(asked) => {
            let told = why_not::tell(&recording, asked, options.json)?;
            write(options.output.as_deref(), told.as_bytes())?;
        }
        None => write(
            options.output.as_deref(),
            &bytes(options, &recording, &source, &results)?,
        )?,
    }
    // Beside what was asked for, whatever its form.
    tell(&text);
    Ok(exit_code(&results, recording.violation()))
}

/// The run in the form that was asked for.
fn bytes(
    options: &Options,
    recording: &Recording,
    source: &str,
    results: &[ExpectationResult],
) -> Result<Vec<u8>, Failure> {
    let drawn = ladder::Options {
        tcp: options.tcp,
        pings: options.pings,
    };
    let is_printed = options.output.is_none();
    let painted = |text: String| if is_printed { paint(&text) } else { text };
    let format = if options.json {
        Format::Json
    } else {
        options.format
    };
    Ok(match format {
        Format::Ladder => {
            (ladder::ladder(recording, drawn) + &painted(verdicts(results, true))).into_bytes()
        }
        Format::Events => painted(trace::trace(recording, trace::Options::default())).into_bytes(),
        Format::Json => run_json(recording, results)?.into_bytes(),
        Format::Ndjson => ndjson::ndjson(recording).into_bytes(),
        Format::Mermaid => mermaid::mermaid(recording).into_bytes(),
        Format::Plantuml => plantuml::plantuml(recording, drawn).into_bytes(),
        Format::Svg => svg::svg(recording, drawn).into_bytes(),
        Format::Pcapng => pcapng::pcapng(recording),
        Format::Rust => rust::rust(recording, source).into_bytes(),
    })
}

/// A run for programs.
#[derive(Serialize)]
struct Run<'a> {
    scenario: &'a str,
    title: &'a str,
    seed: u64,
    /// The names of the participants, by number.
    participants: Vec<&'a str>,
    /// The moment it was played to, in microseconds.
    until: Micros,
    /// The rolling hash of all that happened, in hex.
    hash: String,
    events: &'a [Event],
    flights: &'a [Flight],
    expectations: &'a [ExpectationResult],
    /// What did not hold that must always hold, if that was looked for.
    violation: Option<&'a Violation>,
}

fn run_json(recording: &Recording, results: &[ExpectationResult]) -> Result<String, Failure> {
    let scenario = recording.scenario();
    let clients = scenario.clients.iter().map(|client| client.name.as_str());
    json(&Run {
        scenario: &scenario.id,
        title: &scenario.title,
        seed: scenario.seed,
        participants: ["broker"].into_iter().chain(clients).collect(),
        until: recording.now(),
        hash: format!("{:016x}", recording.hash()),
        events: recording.events(),
        flights: recording.flights(),
        expectations: results,
        violation: recording.violation(),
    })
}
