//! `mqttlab run`: a scenario in the simulated world, and what happened in many forms.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use mqttlab_sim::export::{ladder, mermaid, ndjson, pcapng, plantuml, rust, svg, trace};
use mqttlab_sim::monitor::ExpectationResult;
use mqttlab_sim::recording::{Changes, Recording};
use mqttlab_sim::scenario::duration;
use mqttlab_sim::view::{Event, Flight, Micros};
use serde::Serialize;

use crate::output::{exit_code, json, paint, verdicts, write};
use crate::{Failure, files};

pub(crate) const HELP: &str = "\
Examples:
  mqttlab run scenarios/half-open.toml
  mqttlab run scenarios/half-open.toml --format svg -o half-open.svg
  mqttlab run scenarios/half-open.toml --format pcapng | wireshark -k -i -

Exit codes:
  0  every expectation of the scenario holds
  1  one fails
  2  a file cannot be read or written, or is not a scenario";

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
    let mut scenario = files::parse(&options.file, &source)?;
    if let Some(seed) = options.seed {
        scenario.seed = seed;
    }
    let changes = match &options.changes {
        Some(file) => files::changes(file)?,
        None => Changes::default(),
    };
    let mut recording = Recording::with_changes(scenario, changes);
    recording.seek(options.until.unwrap_or_else(|| recording.end()));
    let results = recording.check();
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
    let bytes = match format {
        Format::Ladder => {
            (ladder::ladder(&recording, drawn) + &painted(verdicts(&results, true))).into_bytes()
        }
        Format::Events => painted(trace::trace(&recording, trace::Options::default())).into_bytes(),
        Format::Json => run_json(&recording, &results)?.into_bytes(),
        Format::Ndjson => ndjson::ndjson(&recording).into_bytes(),
        Format::Mermaid => mermaid::mermaid(&recording).into_bytes(),
        Format::Plantuml => plantuml::plantuml(&recording, drawn).into_bytes(),
        Format::Svg => svg::svg(&recording, drawn).into_bytes(),
        Format::Pcapng => pcapng::pcapng(&recording),
        Format::Rust => rust::rust(&recording, &source).into_bytes(),
    };
    write(options.output.as_deref(), &bytes)?;
    Ok(exit_code(&results))
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
    })
}
