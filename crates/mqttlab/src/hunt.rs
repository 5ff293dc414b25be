//! `mqttlab hunt`: looking for a run in which an expectation fails.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use mqttlab_sim::export::ladder;
use mqttlab_sim::hunt::{Finding, Hunt, Profile};
use serde::Serialize;

use crate::output::{json, paint, print, print_json, progress, verdicts};
use crate::{Failure, files};

pub(crate) const HELP: &str = "\
Exit codes:
  0  every expectation holds with every seed
  1  one fails; the run is printed
  2  a file cannot be read or written, or is not a scenario";

/// Options of `mqttlab hunt`.
#[derive(Args, Debug)]
pub(crate) struct Options {
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

    /// For machines: one JSON document with what was found
    #[arg(long)]
    json: bool,
}

/// What came of a hunt, for machines.
#[derive(Serialize)]
struct Hunted<'a> {
    /// How many seeds were tried.
    seeds: u64,
    finding: Option<&'a Finding>,
    /// The command that shows the run again.
    replay: Option<String>,
}

/// Looks for a run in which an expectation fails, and prints the smallest disturbance that does it.
///
/// # Errors
/// When the file cannot be read or is no scenario, or the finding cannot be written.
pub(crate) fn hunt(options: &Options) -> Result<ExitCode, Failure> {
    let scenario = files::scenario(&options.file)?;
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
    let bar = progress(options.seeds, "seeds");
    let found = seeds.into_iter().find_map(|seed| {
        bar.inc(1);
        hunt.try_seed(seed)
    });
    bar.finish_and_clear();
    let finding = found.map(|finding| hunt.shrink(finding));
    if let (Some(file), Some(finding)) = (&options.save, &finding) {
        fs::write(file, json(finding)?)
            .map_err(|error| Failure::usage(format!("--save {}: {error}", file.display())))?;
    }
    if options.json {
        let tried = finding.as_ref().map(|finding| finding.seed + 1);
        print_json(&Hunted {
            seeds: tried.map_or(options.seeds, |behind| behind - options.from),
            replay: finding
                .as_ref()
                .and_then(|finding| replay(options, finding)),
            finding: finding.as_ref(),
        })?;
    } else {
        report(options, &hunt, finding.as_ref())?;
    }
    Ok(ExitCode::from(u8::from(finding.is_some())))
}

fn report(options: &Options, hunt: &Hunt, finding: Option<&Finding>) -> Result<(), Failure> {
    let Some(finding) = finding else {
        return print(format!(
            "{} seeds: every expectation holds\n",
            options.seeds
        ));
    };
    let mut recording = hunt.replay(finding);
    recording.seek(recording.end());
    print(ladder::ladder(&recording, ladder::Options::default()))?;
    print(paint(&verdicts(&finding.failed, false)))?;
    print(format!(
        "# seed {}, {} disturbances\n",
        finding.seed,
        finding.changes.inputs.len()
    ))?;
    match replay(options, finding) {
        Some(command) => print(format!("# to see it again: {command}\n")),
        None => Ok(()),
    }
}

/// The command that shows the run again, if what was found is in a file.
fn replay(options: &Options, finding: &Finding) -> Option<String> {
    let (scenario, file) = (options.file.display(), options.save.as_ref()?.display());
    Some(format!(
        "mqttlab run {scenario} --seed {} --changes {file}",
        finding.seed
    ))
}
