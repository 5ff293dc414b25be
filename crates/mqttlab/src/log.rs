//! The log: lines for people or JSON for machines, on standard error.

use std::borrow::Cow;
use std::io::IsTerminal;

use clap::ValueEnum;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, reload};

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

/// The log. What is logged is written by a thread of its own until this goes.
pub(crate) struct Log {
    _guard: WorkerGuard,
    refilter: Box<dyn Fn(EnvFilter) -> Result<(), reload::Error>>,
}

impl Log {
    /// Logs what this filter lets through from now on. What is none changes nothing.
    pub(crate) fn follow(&self, filter: &str) {
        let changed = parse(filter, "log.level").map(&self.refilter);
        if !matches!(changed, Ok(Ok(()))) {
            tracing::error!(filter, "the log goes on as before");
        }
    }
}

/// Starts the log.
///
/// # Errors
/// If `filter` is none: `info`, `debug`, `mqttlab=debug,off`, ….
pub(crate) fn start(filter: &str, format: Format) -> Result<Log, Failure> {
    let filter = parse(filter, "log.level")?;
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(LINES_WAITING_MAX)
        .lossy(true)
        .thread_name("log")
        .finish(std::io::stderr());
    let (filter, handle) = reload::Layer::new(filter);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_target(false);
    let lines = match format {
        Format::Text => lines
            .with_ansi(std::io::stderr().is_terminal())
            .compact()
            .boxed(),
        Format::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init()
        .map_err(|error| Failure::running(format!("the log does not start: {error}")))?;
    Ok(Log {
        _guard: guard,
        refilter: Box::new(move |filter| handle.reload(filter)),
    })
}

/// Text from elsewhere, fit for the log: what is no plain character in it is written as in Rust, so that nobody writes
/// lines of their own into it.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| matches!(c, '\'' | '"' | '\\') || c.escape_debug().len() == 1;
    if text.chars().all(is_plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.escape_debug().collect())
    }
}

/// Whether `filter` is one; `said_by` is where it comes from.
///
/// # Errors
/// If it is not.
pub(crate) fn check(filter: &str, said_by: &str) -> Result<(), Failure> {
    parse(filter, said_by).map(|_| ())
}

fn parse(filter: &str, said_by: &str) -> Result<EnvFilter, Failure> {
    let complain = |why: &str| {
        Failure::usage(format!(
            "{said_by} {filter}: {why}; give error, warn, info, debug, trace or off"
        ))
    };
    // The library takes a word that is no level for a part of the program, and keeps silent about all others.
    let is_level = |word: &str| !word.is_empty() && word.parse::<LevelFilter>().is_ok();
    let mut parts = filter.split(',').map(str::trim);
    if let Some(part) = parts.find(|part| match part.rsplit_once('=') {
        None => !is_level(part),
        Some((_, level)) => !is_level(level),
    }) {
        return Err(complain(&format!("{part:?} says no level")));
    }
    EnvFilter::builder()
        .parse(filter)
        .map_err(|error| complain(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{check, plain};

    #[test]
    fn a_slip_of_the_finger_does_not_silence_the_log() {
        for good in [
            "info",
            "OFF",
            "mqttlab::broker=debug,info",
            "warn,mqttlab=trace",
        ] {
            check(good, "--log").expect(good);
        }
        for bad in [
            "",
            "inof",
            "mqttlab",
            "mqttlab=inof",
            "info,debg",
            "mqttlab=",
        ] {
            let why = check(bad, "--log").expect_err(bad).to_string();
            assert!(why.contains("give error, warn, info"), "{why}");
        }
    }

    #[test]
    fn names_stay_as_they_are_unless_they_would_break_the_log() {
        for name in ["pump-1", "Gerät \"ä\" 漢字 🙂", "a\\b", ""] {
            assert_eq!(plain(name), name);
        }
        assert_eq!(
            plain("a\nERROR \u{1b}[31m\u{202e}"),
            "a\\nERROR \\u{1b}[31m\\u{202e}"
        );
    }
}
