//! `cargo xtask test`: everything that must hold, as steps that can be chosen.

mod steps;
mod tally;

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;

use crate::child::{self, seconds};
use crate::setup::{Target, Tool, Tools, components, packages};
pub(crate) use steps::Step;
use steps::{Context, Needs};
use tally::{Listener, Tally};

#[derive(Args)]
pub(crate) struct Options {
    /// Only these steps; all of them when none is named.
    #[arg(value_enum)]
    steps: Vec<Step>,

    /// For how long the broker has to bear everything at once: slow readers, noise, clients that come and go. Some minutes
    /// before a release; without it as long as MQTTLAB_SOAK_SECONDS says, or as fits beside the other tests.
    #[arg(long, value_name = "SECONDS")]
    soak: Option<u32>,
}

/// One line of the closing table.
struct Row {
    step: Step,
    time: Duration,
    tally: Tally,
}

/// Runs the steps and says whether all held.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let steps: Vec<Step> = Step::ALL
        .iter()
        .copied()
        .filter(|step| options.steps.is_empty() || options.steps.contains(step))
        .collect();
    let started = Instant::now();
    let (context, mut lacking) = set_up(&steps, options.soak)?;
    let mut rows = Vec::new();
    for step in steps {
        println!("\n==== {} ({})", step.name(), step.about());
        let started = Instant::now();
        let tally = step.run(&context).unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            Tally::FAILURE
        });
        rows.push(Row {
            step,
            time: started.elapsed(),
            tally,
        });
    }
    lacking.sort();
    lacking.dedup();
    Ok(print_table(&rows, &lacking, started.elapsed()))
}

/// Runs one step and says whether it held.
pub(crate) fn run_step(step: Step) -> Result<bool> {
    run(&Options {
        steps: vec![step],
        soak: None,
    })
}

/// Brings what `steps` need, and says what could not be had.
fn set_up(steps: &[Step], soak: Option<u32>) -> Result<(Context, Vec<String>)> {
    let mut lacking = Vec::new();
    let needs: Vec<Needs> = steps.iter().map(|step| step.needs()).collect();
    if needs.iter().any(|needs| needs.components) {
        components()?;
    }
    if needs.iter().any(|needs| needs.packages) {
        lacking.extend(packages());
    }
    for &target in Target::ALL
        .iter()
        .filter(|target| needs.iter().any(|needs| needs.targets.contains(target)))
    {
        target.ensure()?;
    }
    let wanted: Vec<Tool> = Tool::ALL
        .iter()
        .copied()
        .filter(|tool| needs.iter().any(|needs| needs.tools.contains(tool)))
        .collect();
    let tools = Tools::ensure(&wanted)?;
    lacking.extend(tools.lacking.iter().cloned());
    for lack in &lacking {
        eprintln!("missing: {lack}");
    }
    Ok((Context::new(tools, soak), lacking))
}

fn print_table(rows: &[Row], lacking: &[String], time: Duration) -> bool {
    println!(
        "\n{:<12} {:>13}  {:>6} {:>6} {:>7}  result",
        "step", "time", "passed", "failed", "skipped"
    );
    let mut total = Tally::default();
    for Row { step, time, tally } in rows {
        let result = if tally.failed > 0 { "FAILED" } else { "ok" };
        println!(
            "{:<12} {:>13}  {:>6} {:>6} {:>7}  {result}",
            step.name(),
            seconds(*time),
            tally.passed,
            tally.failed,
            tally.skipped
        );
        total.add(*tally);
    }
    println!("{:<12} {:>13}", "in all", seconds(time));
    for lack in lacking {
        println!("missing: {lack}");
    }
    for Row { step, .. } in rows.iter().filter(|row| row.tally.failed > 0) {
        println!("failed: {}", step.name());
    }
    let skipped = if total.skipped > 0 {
        format!(", {} skipped", total.skipped)
    } else {
        String::new()
    };
    println!("{} passed, {} failed{skipped}", total.passed, total.failed);
    total.failed == 0
}

/// Runs a command aloud and counts what its test runners say.
fn counted(command: &mut std::process::Command) -> Result<Tally> {
    let mut listener = Listener::default();
    let status = child::aloud(command, |line| listener.line(line))?;
    Ok(listener.tally(status.success()))
}
