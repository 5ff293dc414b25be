//! `mqttlab diff`: two runs side by side, and where they begin to differ.

mod columns;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use mqttlab_sim::export::ladder;
use mqttlab_sim::hunt::Finding;
use mqttlab_sim::recording::first_difference;
use mqttlab_sim::view::{Event, Flight};
use serde::{Deserialize, Serialize};

use crate::output::{print, print_json};
use crate::{Failure, files};

pub(crate) const HELP: &str = "\
Each of A and B is a scenario, or a run that `mqttlab run --format json` wrote. Without B, it is A with the other seed \
or the changes that are given.

Examples:
  mqttlab diff before.toml after.toml
  mqttlab diff a.toml --seed 8
  mqttlab diff a.toml --changes finding.json

Exit codes:
  0  the runs are the same
  1  they differ
  2  a file cannot be read, or is neither a scenario nor a run";

/// Options of `mqttlab diff`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The first: a scenario in TOML, or a run in JSON
    #[arg(value_name = "A")]
    a: PathBuf,

    /// The second
    #[arg(value_name = "B", required_unless_present_any = ["seed", "changes"])]
    b: Option<PathBuf>,

    /// Play the second with this seed
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// Play the second with the disturbances in this file, which `mqttlab hunt --save` wrote
    #[arg(long, value_name = "FILE")]
    changes: Option<PathBuf>,

    /// Show all rows, not only those around a difference
    #[arg(long)]
    all: bool,

    /// Also SYN and ACK of TCP
    #[arg(long)]
    tcp: bool,

    /// Also PINGREQ and PINGRESP
    #[arg(long)]
    pings: bool,

    /// For machines: one JSON document
    #[arg(long)]
    json: bool,
}

/// One of the two runs.
#[derive(Deserialize)]
struct Run {
    #[serde(rename = "scenario")]
    id: String,
    seed: u64,
    participants: Vec<String>,
    events: Vec<Event>,
    flights: Vec<Flight>,
}

/// The first difference, for machines.
#[derive(Serialize)]
struct First<'a> {
    /// The number of the event.
    event: usize,
    a: Option<&'a Event>,
    b: Option<&'a Event>,
}

#[derive(Serialize)]
struct Report<'a> {
    first_difference: Option<First<'a>>,
    rows: Vec<columns::Row>,
}

/// Compares two runs.
///
/// # Errors
/// When a file cannot be read or is neither a scenario nor a run.
pub(crate) fn diff(options: &Options) -> Result<ExitCode, Failure> {
    let a = read(&options.a, None, None)?;
    let finding = options.changes.as_deref().map(files::finding).transpose()?;
    let b = read(
        options.b.as_ref().unwrap_or(&options.a),
        options.seed,
        finding,
    )?;
    let first = first(&a, &b);
    let shown = ladder::Options {
        tcp: options.tcp,
        pings: options.pings,
    };
    let rows = columns::rows(&a, &b, shown);
    let differs = first.is_some();
    if options.json {
        print_json(&Report {
            first_difference: first,
            rows,
        })?;
    } else {
        let words = |run: &Run| format!("{}, seed {}", run.id, run.seed);
        let heads = [words(&a), words(&b)];
        print(say_first(first.as_ref()))?;
        print(columns::draw(&heads, &rows, options.all))?;
    }
    Ok(ExitCode::from(u8::from(differs)))
}

fn read(file: &Path, seed: Option<u64>, finding: Option<Finding>) -> Result<Run, Failure> {
    let is_run = file.extension().is_some_and(|end| end == "json");
    if is_run && seed.is_none() && finding.is_none() {
        let name = file.display();
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::usage(format!("{name}: {error}")))?;
        return serde_json::from_str(&text).map_err(|error| {
            let advice = "write one with mqttlab run --format json";
            Failure::usage(format!("{name}: no run: {error}; {advice}"))
        });
    }
    let mut recording = files::recording(files::scenario(file)?, seed, finding);
    recording.seek(recording.end());
    let scenario = recording.scenario();
    let clients = scenario.clients.iter().map(|client| client.name.clone());
    Ok(Run {
        id: scenario.id.clone(),
        seed: scenario.seed,
        participants: ["broker".to_owned()].into_iter().chain(clients).collect(),
        events: recording.events().to_vec(),
        flights: recording.flights().to_vec(),
    })
}

fn first<'a>(a: &'a Run, b: &'a Run) -> Option<First<'a>> {
    let shorter = a.events.len().min(b.events.len());
    let is_longer = a.events.len() != b.events.len();
    let event = first_difference(&a.events, &b.events).or(is_longer.then_some(shorter))?;
    Some(First {
        event,
        a: a.events.get(event),
        b: b.events.get(event),
    })
}

fn say_first(first: Option<&First<'_>>) -> String {
    let Some(First { event, a, b }) = first else {
        return "the runs are the same\n".to_owned();
    };
    let say = |event: &Option<&Event>| {
        event.map_or("the run is over".to_owned(), |event| {
            format!("{}  {}", columns::seconds(event.at), event.text)
        })
    };
    format!(
        "they differ from event {event} on:\n  A: {}\n  B: {}\n\n",
        say(a),
        say(b)
    )
}
