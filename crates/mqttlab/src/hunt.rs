//! `mqttlab hunt`: looking for a run that fails, on all cores.
//!
//! Which run is found does not depend on how many threads look: it is that of the lowest seed.

use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use clap::Args;
use mqttlab_sim::export::ladder;
use mqttlab_sim::hunt::{Failure as Verdict, Finding, Hunt, Inevitable, Profile};
use mqttlab_sim::scenario::duration;
use mqttlab_sim::view::Micros;
use serde::Serialize;

use crate::output::{exit_code, json, paint, print, print_json, progress, verdicts, violation};
use crate::{Failure, files};

pub(crate) const HELP: &str = "\
Exit codes:
  0  every run is sound: nothing happens that must not, and nothing is owed in the end
  1  one fails; the smallest run that fails alike is printed
  2  a file cannot be read or written, or is not a scenario
  3  with --check-invariants: something did not hold that must always hold, which is a bug of this program";

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

    /// Clients may crash, lose power, sleep and stop reading too
    #[arg(long)]
    clients: bool,

    /// The broker may crash, lose power and turn connections away too
    #[arg(long)]
    broker: bool,

    /// After the scenario's end everything is healed, and what is owed may come for so long; 0s asks for nothing
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "60s")]
    grace: Micros,

    /// Look after each happening whether everything holds that must always hold, of machines and network alike; a run
    /// in which it does not fails too
    #[arg(long)]
    check_invariants: bool,

    /// How many threads look; one for each core unless said
    #[arg(long, value_name = "NUMBER")]
    threads: Option<NonZeroUsize>,

    /// Say from when on the failure was inevitable, trying so many other futures from each moment
    #[arg(long, value_name = "TRIES", num_args = 0..=1, default_missing_value = "20")]
    inevitable: Option<u32>,

    /// Write the smallest run that fails alike to this file, as a scenario of its own
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

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
    /// From when on it was inevitable, if that was asked for.
    inevitable: Option<&'a Inevitable>,
    /// The command that shows the run again.
    replay: Option<String>,
}

/// Looks for a run that fails, and prints the smallest one that fails alike.
///
/// # Errors
/// When the file cannot be read or is no scenario, or the finding cannot be written.
pub(crate) fn hunt(options: &Options) -> Result<ExitCode, Failure> {
    let scenario = files::scenario(&options.file)?;
    let profile = Profile {
        disturbances_max: options.disturbances,
        clients: options.clients,
        broker: options.broker,
        grace: options.grace,
        ..Profile::default()
    };
    let mut hunt = Hunt::new(scenario, profile);
    if options.check_invariants {
        hunt = hunt.checked();
    }
    let finding = search(options, &hunt).map(|finding| hunt.shrink(finding));
    let inevitable = match (options.inevitable, &finding) {
        (Some(tries), Some(finding)) => hunt.inevitable(finding, tries.max(1)),
        (Some(_) | None, _) => None,
    };
    if let Some(finding) = &finding {
        save(options, &hunt, finding)?;
    }
    if options.json {
        let tried = finding.as_ref().map(|finding| finding.seed + 1);
        print_json(&Hunted {
            seeds: tried.map_or(options.seeds, |behind| behind - options.from),
            replay: finding.as_ref().map(|finding| replay(options, finding)),
            finding: finding.as_ref(),
            inevitable: inevitable.as_ref(),
        })?;
    } else {
        report(options, &hunt, finding.as_ref(), inevitable.as_ref())?;
    }
    let violation = finding.as_ref().and_then(|it| it.violation.as_ref());
    Ok(match violation {
        Some(_) => exit_code(&[], violation),
        None => ExitCode::from(u8::from(finding.is_some())),
    })
}

/// The finding of the lowest seed that has one.
fn search(options: &Options, hunt: &Hunt) -> Option<Finding> {
    let end = options.from.saturating_add(options.seeds);
    let threads = options
        .threads
        .or_else(|| thread::available_parallelism().ok())
        .map_or(1, NonZeroUsize::get);
    let bar = progress(options.seeds, "seeds");
    let next = AtomicU64::new(options.from);
    // Seeds from here on are of no interest any more.
    let bound = AtomicU64::new(end);
    let best: Mutex<Option<Finding>> = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= bound.load(Ordering::Relaxed) {
                        return;
                    }
                    let found = hunt.try_seed(seed);
                    bar.inc(1);
                    if let Some(finding) = found {
                        bound.fetch_min(seed, Ordering::Relaxed);
                        let mut best = best.lock().unwrap_or_else(PoisonError::into_inner);
                        if best.as_ref().is_none_or(|best| seed < best.seed) {
                            *best = Some(finding);
                        }
                    }
                }
            });
        }
    });
    bar.finish_and_clear();
    best.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn save(options: &Options, hunt: &Hunt, finding: &Finding) -> Result<(), Failure> {
    if let Some(file) = &options.save {
        fs::write(file, json(finding)?)
            .map_err(|error| Failure::usage(format!("--save {}: {error}", file.display())))?;
    }
    if let Some(file) = &options.output {
        let scenario = hunt
            .to_scenario(finding)
            .map_err(|error| Failure::running(format!("the run is no scenario: {error}")))?;
        fs::write(file, scenario.to_text())
            .map_err(|error| Failure::usage(format!("--output {}: {error}", file.display())))?;
    }
    Ok(())
}

fn report(
    options: &Options,
    hunt: &Hunt,
    finding: Option<&Finding>,
    inevitable: Option<&Inevitable>,
) -> Result<(), Failure> {
    let Some(finding) = finding else {
        return print(format!(
            "{} seeds: nothing happens that must not, and nothing is owed in the end\n",
            options.seeds
        ));
    };
    let mut recording = hunt.replay(finding);
    recording.seek(recording.end());
    print(ladder::ladder(&recording, ladder::Options::default()))?;
    print(paint(&verdicts(&finding.failed, false)))?;
    print(paint(&violation(
        finding.violation.as_ref(),
        recording.events(),
    )))?;
    for owed in &finding.owed {
        print(paint(&format!(
            "# FAIL: {} is owed: {}\n",
            owed.topic, owed.text
        )))?;
    }
    print(match finding.failure {
        Verdict::Safety => "# unsafe: something happened that must not\n",
        Verdict::Liveness => "# not live: something did not happen that must\n",
    })?;
    print(format!(
        "# seed {}, {} disturbances\n",
        finding.seed,
        finding.changes.inputs.len() + finding.rules.len()
    ))?;
    if let Some(inevitable) = inevitable {
        let event = &recording.events()[inevitable.event as usize];
        print(format!(
            "# inevitable from {} on: {} (all of {} other futures fail too)\n",
            duration::words(inevitable.at),
            event.text,
            inevitable.tried
        ))?;
    }
    print(format!("# to see it again: {}\n", replay(options, finding)))
}

/// The command that shows the run again.
fn replay(options: &Options, finding: &Finding) -> String {
    let scenario = options.file.display();
    match (&options.output, &options.save) {
        (Some(file), _) => format!("mqttlab run {}", file.display()),
        (None, Some(file)) => format!(
            "mqttlab run {scenario} --seed {} --changes {}",
            finding.seed,
            file.display()
        ),
        (None, None) => format!(
            "mqttlab hunt {scenario} --from {} --seeds 1 --output FILE, then mqttlab run FILE",
            finding.seed
        ),
    }
}
