//! The log: lines for people or JSON for machines, on standard error.

use std::io::IsTerminal;

use clap::ValueEnum;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use crate::Failure;

/// How a log line looks.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// Lines that wait for a standard error that does not keep up; more are dropped rather than hold up the broker.
const LINES_WAITING_MAX: usize = 8_192;

/// Starts the log. What is logged is written by a thread of its own until the guard goes.
///
/// # Errors
/// If `filter` is none: `info`, `debug`, `mqttlab=debug,off`, ….
pub(crate) fn start(filter: &str, format: Format) -> Result<WorkerGuard, Failure> {
    let filter = parse(filter)?;
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(LINES_WAITING_MAX)
        .lossy(true)
        .thread_name("log")
        .finish(std::io::stderr());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_target(false);
    let started = match format {
        Format::Text => log
            .with_ansi(std::io::stderr().is_terminal())
            .compact()
            .try_init(),
        Format::Json => log.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| Failure::running(format!("the log does not start: {error}")))?;
    Ok(guard)
}

/// Whether `filter` is one.
///
/// # Errors
/// If it is not.
pub(crate) fn check(filter: &str) -> Result<(), Failure> {
    parse(filter).map(|_| ())
}

fn parse(filter: &str) -> Result<EnvFilter, Failure> {
    EnvFilter::builder().parse(filter).map_err(|error| {
        Failure::usage(format!(
            "--log {filter}: {error}; give error, warn, info, debug, trace or off"
        ))
    })
}
