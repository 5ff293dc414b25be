//! `cargo xtask lessons`: what the lessons tell, and whether their runs do it.

use anyhow::Result;
use clap::Args;

use crate::{child, test};

#[derive(Args)]
pub(crate) struct Options {
    /// Only these, in all their parts; `duel/own-names` prints the trace of that run, `duel/story` that of the lesson's own.
    names: Vec<String>,
}

/// Says whether all that was looked at is true.
pub(crate) fn run(options: &Options) -> Result<bool> {
    if options.names.is_empty() {
        return test::run_step(test::Step::Lessons);
    }
    let mut program = child::cargo();
    program
        .args(["run", "--quiet", "--package", "mqttlab-lessons", "--"])
        .args(&options.names);
    Ok(program.status()?.success())
}
