//! `mqttlab schema`: the form of scenarios, for editors.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use mqttlab_sim::scenario;

use crate::Failure;
use crate::output::write;

pub(crate) const HELP: &str = "\
An editor with a server for TOML checks a scenario that begins with:
  #:schema ./scenario.schema.json

Exit codes:
  0  it is written
  2  the file cannot be written";

/// Options of `mqttlab schema`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Write to this file in place of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Prints the JSON Schema of scenarios.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn schema(options: &Options) -> Result<ExitCode, Failure> {
    write(options.output.as_deref(), scenario::schema().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
