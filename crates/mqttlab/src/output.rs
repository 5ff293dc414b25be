//! How the simulator's commands say what came out: text with colours for people, JSON for machines.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mqttlab_sim::monitor::{ExpectationResult, Verdict};
use mqttlab_sim::recording::Violation;
use mqttlab_sim::scenario::duration;
use mqttlab_sim::view::Event;
use serde::Serialize;

use crate::Failure;

/// Prints to standard output.
///
/// # Errors
/// When it cannot be written to; that somebody has seen enough is none.
pub(crate) fn print(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_ref()) {
        // Whoever reads has seen enough: `mqttlab run … | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::running(format!("standard output: {error}"))),
    }
}

/// Says something on standard error, beside what is printed.
pub(crate) fn tell(text: &str) {
    // With standard error gone there is nobody left to tell.
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Prints something for machines.
///
/// # Errors
/// When standard output cannot be written to.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print(json(value)?)
}

/// JSON that people can read too.
///
/// # Errors
/// When there is no JSON for it.
pub(crate) fn json(value: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::running(format!("the result has no JSON: {error}")))?;
    Ok(text + "\n")
}

/// Writes to `file`, or prints where none is given. Bytes that are not text are not for a terminal.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(file: Option<&Path>, bytes: &[u8]) -> Result<(), Failure> {
    match file {
        Some(file) => fs::write(file, bytes)
            .map_err(|error| Failure::usage(format!("--output {}: {error}", file.display()))),
        None if io::stdout().is_terminal() && std::str::from_utf8(bytes).is_err() => Err(
            Failure::usage("this is not text: write it to a file with --output, or into a pipe"),
        ),
        None => print(bytes),
    }
}

/// One line for each expectation, or for those that do not hold.
pub(crate) fn verdicts(results: &[ExpectationResult], with_passed: bool) -> String {
    let mut text = String::new();
    for result in results {
        let word = match result.verdict {
            Verdict::Pass if !with_passed => continue,
            Verdict::Pass => "pass",
            Verdict::Fail => "FAIL",
            Verdict::Undecided => "undecided",
        };
        let detail = result.detail.as_ref();
        let detail = detail.map_or(String::new(), |detail| format!(" ({detail})"));
        text += &format!("# {word}: {}{detail}\n", result.text);
    }
    text
}

/// 1 when an expectation fails, and 3 when something did not hold that must always hold.
pub(crate) fn exit_code(results: &[ExpectationResult], violation: Option<&Violation>) -> ExitCode {
    let failed = results.iter().any(|result| result.verdict == Verdict::Fail);
    match violation {
        Some(_) => ExitCode::from(3),
        None => ExitCode::from(u8::from(failed)),
    }
}

/// One line for what did not hold, with what had happened just before, and nothing where all did.
pub(crate) fn violation(violation: Option<&Violation>, events: &[Event]) -> String {
    let Some(Violation { at, event, text }) = violation else {
        return String::new();
    };
    let before = event.and_then(|id| events.get(id as usize));
    let before = before.map_or("the start of the run", |event| &event.text);
    let number = event.map_or(String::new(), |id| format!(" after event {id}"));
    let (at, text) = (duration::words(*at), text.replace('\n', ";"));
    format!("# FAIL: an invariant does not hold at {at}{number} ({before}): {text}\n")
}

/// A bar on standard error while something takes long; nothing where nobody looks.
pub(crate) fn progress(steps: u64, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        .with_message(what)
        // What is over at once needs no bar.
        .with_elapsed(Duration::ZERO)
}

/// Whether standard output is for a person who wants colours.
pub(crate) fn has_colours() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !is_set("NO_COLOR")
}

/// Where the mark stands in a line of a trace: behind the time.
const MARK_COLUMN: usize = 14;

/// Colours for the lines of a trace, where a person looks at them.
pub(crate) fn paint(text: &str) -> String {
    if !has_colours() {
        return text.to_owned();
    }
    text.lines().map(|line| paint_line(line) + "\n").collect()
}

fn paint_line(line: &str) -> String {
    let colour = if line.starts_with("# FAIL") {
        "31"
    } else if line.starts_with("# pass") {
        "32"
    } else if line.starts_with('#') {
        "1"
    } else {
        match line.as_bytes().get(MARK_COLUMN) {
            Some(b'*') => "1",
            Some(b'>' | b'<') => "36",
            Some(b'@') => "35",
            Some(b'?') => "2",
            Some(b'!') => "31",
            Some(b'.') => "32",
            Some(_) | None => return line.to_owned(),
        }
    };
    format!("\x1b[{colour}m{line}\x1b[0m")
}

#[cfg(test)]
mod tests {
    use super::paint_line;

    #[test]
    fn lines_are_painted_by_their_mark() {
        assert_eq!(
            paint_line("    5.000000  *  B is told to connect"),
            "\x1b[1m    5.000000  *  B is told to connect\x1b[0m"
        );
        assert_eq!(paint_line("# FAIL: x"), "\x1b[31m# FAIL: x\x1b[0m");
        assert_eq!(paint_line("    5.000000  =  a"), "    5.000000  =  a");
        assert_eq!(paint_line(""), "");
    }
}
