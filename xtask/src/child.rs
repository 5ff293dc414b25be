//! Runs other programs: quietly with a sign of life, or aloud with their output passed on.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use std::{env, thread};

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{failure, project};

/// Lines kept of a quiet program's output, to tell why it failed.
const TAIL_LINES_MAX: usize = 200;
/// How often a quiet program's progress is said where no bar can be drawn.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);
/// How long to go on reading after a program has ended, in case something it left behind holds its output open.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A command at the project's root, without input and without what Cargo set for this program alone.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(project::root()).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        let of_this_package = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_")
                || name.starts_with("CARGO_MANIFEST_")
                || name == "LD_LIBRARY_PATH"
        });
        // Build scripts ask to run again when these change, so they must be as in a shell.
        if of_this_package {
            command.env_remove(name);
        }
    }
    command
}

/// Cargo itself, at the project's root.
pub(crate) fn cargo() -> Command {
    command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs `command` with a bar, or plain lines where there is no terminal; its output goes to a log.
///
/// # Errors
/// When the program cannot be started or fails: one line that says what to do.
pub(crate) fn quietly(title: &str, command: &mut Command) -> Result<()> {
    let mut show = Show::new(title);
    let mut log = Log::create(title)?;
    // Cargo counts its units only when told that somebody watches.
    command
        .env("CARGO_TERM_PROGRESS_WHEN", "always")
        .env("CARGO_TERM_PROGRESS_WIDTH", "100");
    let status = follow(command, |heard| match heard {
        Heard::Nothing => show.sign_of_life(),
        Heard::Out(line) | Heard::Err(line) => {
            show.line(&line);
            log.line(line);
        }
    })
    .with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))?;
    if status.success() {
        show.done();
        return Ok(());
    }
    show.failed();
    Err(failure::explain(
        title,
        log.tail.make_contiguous(),
        &log.path,
    ))
}

/// Runs `command`, passes on every line it prints, and hands each to `listen`.
///
/// # Errors
/// When the program cannot be started.
pub(crate) fn aloud(command: &mut Command, mut listen: impl FnMut(&str)) -> Result<ExitStatus> {
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    command.env("CARGO_TERM_PROGRESS_WHEN", "never");
    follow(command, |heard| match heard {
        Heard::Nothing => {}
        Heard::Out(line) => {
            println!("{line}");
            listen(&line);
        }
        Heard::Err(line) => {
            eprintln!("{line}");
            listen(&line);
        }
    })
    .with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))
}

/// What a program prints on its standard output; nothing if it cannot be run or fails.
pub(crate) fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

enum Heard {
    Out(String),
    Err(String),
    Nothing,
}

fn follow(command: &mut Command, mut listen: impl FnMut(Heard)) -> std::io::Result<ExitStatus> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let heard = listen_to(&mut child);
    let mut ended_at: Option<Instant> = None;
    loop {
        match heard.recv_timeout(Duration::from_millis(200)) {
            Ok(line) => listen(line),
            Err(RecvTimeoutError::Disconnected) => return child.wait(),
            Err(RecvTimeoutError::Timeout) => {
                listen(Heard::Nothing);
                if ended_at.is_none() && child.try_wait()?.is_some() {
                    ended_at = Some(Instant::now());
                }
                if ended_at.is_some_and(|at| at.elapsed() > LAST_WORDS) {
                    return child.wait();
                }
            }
        }
    }
}

fn listen_to(child: &mut Child) -> Receiver<Heard> {
    let (sender, receiver) = channel();
    if let Some(out) = child.stdout.take() {
        let sender = sender.clone();
        thread::spawn(move || split_lines(out, &sender, Heard::Out));
    }
    if let Some(err) = child.stderr.take() {
        thread::spawn(move || split_lines(err, &sender, Heard::Err));
    }
    receiver
}

/// Sends each line; a carriage return ends one too, for that is how progress is drawn.
fn split_lines(mut stream: impl Read, sender: &Sender<Heard>, as_heard: fn(String) -> Heard) {
    let mut line = Vec::new();
    let mut buffer = [0; 8192];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        for &byte in &buffer[..count] {
            if byte != b'\n' && byte != b'\r' {
                line.push(byte);
                continue;
            }
            let text = String::from_utf8_lossy(&line).into_owned();
            line.clear();
            let redrawn = byte == b'\r' && text.is_empty();
            if !redrawn && sender.send(as_heard(text)).is_err() {
                return;
            }
        }
    }
    if !line.is_empty() {
        // Nobody listens any more: then nobody misses it.
        let _ = sender.send(as_heard(String::from_utf8_lossy(&line).into_owned()));
    }
}

/// The whole output of a quiet program in a file, its end in memory.
struct Log {
    file: File,
    path: PathBuf,
    tail: VecDeque<String>,
}

impl Log {
    fn create(title: &str) -> Result<Self> {
        let name: String = title
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '-'
                }
            })
            .collect();
        let dir = project::target().join("xtask");
        let path = dir.join(format!("{name}.log"));
        std::fs::create_dir_all(&dir)
            .with_context(|| format!("cannot create {}", dir.display()))?;
        let file =
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self {
            file,
            path,
            tail: VecDeque::new(),
        })
    }

    fn line(&mut self, line: String) {
        if units_in(&line).is_some() {
            return;
        }
        // A full disk shows itself in the program's own failure.
        let _ = writeln!(self.file, "{line}");
        if self.tail.len() == TAIL_LINES_MAX {
            self.tail.pop_front();
        }
        self.tail.push_back(line);
    }
}

/// What a person sees of a quiet program.
struct Show {
    title: String,
    bar: Option<ProgressBar>,
    started: Instant,
    spoke: Instant,
    latest: String,
}

impl Show {
    fn new(title: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {prefix} {elapsed} {wide_msg}");
            let bar = ProgressBar::new_spinner().with_prefix(title.to_owned());
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        if bar.is_none() {
            eprintln!("{title} …");
        }
        let now = Instant::now();
        Self {
            title: title.to_owned(),
            bar,
            started: now,
            spoke: now,
            latest: String::new(),
        }
    }

    fn line(&mut self, line: &str) {
        let line = line.trim();
        if let Some((done, all)) = units_in(line) {
            self.latest = format!("{done} of {all}");
        } else if !line.is_empty() && self.bar.is_some() {
            self.latest = line.to_owned();
        }
        match &self.bar {
            Some(bar) => bar.set_message(self.latest.clone()),
            None => self.sign_of_life(),
        }
    }

    fn sign_of_life(&mut self) {
        if self.bar.is_none() && self.spoke.elapsed() >= SIGN_OF_LIFE {
            self.spoke = Instant::now();
            eprintln!(
                "{} … {} {}",
                self.title,
                seconds(self.started.elapsed()),
                self.latest
            );
        }
    }

    fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        eprintln!(
            "{}: done in {}",
            self.title,
            seconds(self.started.elapsed())
        );
    }

    fn failed(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        eprintln!(
            "{}: failed after {}",
            self.title,
            seconds(self.started.elapsed())
        );
    }
}

/// The two numbers of Cargo's `Building [=====>    ] 120/310: …`.
fn units_in(line: &str) -> Option<(u32, u32)> {
    let (_, counts) = line.split_once("] ")?;
    let (done, rest) = counts.split_once('/')?;
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    Some((done.parse().ok()?, rest[..digits].parse().ok()?))
}

/// A duration as people say it: `4.2 s`, `2 min 5 s`.
pub(crate) fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    if whole >= 60 {
        format!("{} min {} s", whole / 60, whole % 60)
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::{Heard, follow, seconds, split_lines, units_in};

    #[test]
    fn cargo_progress_is_understood() {
        assert_eq!(
            units_in("    Building [====>      ] 120/310: syn, serde"),
            Some((120, 310))
        );
        assert_eq!(units_in("   Compiling syn v2.0.0"), None);
        assert_eq!(units_in("[a] b/c"), None);
    }

    #[test]
    fn lines_end_at_newline_and_carriage_return() {
        let (sender, receiver) = std::sync::mpsc::channel();
        split_lines(&b"one\rtwo\r\nthree"[..], &sender, Heard::Out);
        drop(sender);
        let heard: Vec<String> = receiver
            .iter()
            .map(|heard| {
                if let Heard::Out(line) = heard {
                    line
                } else {
                    String::new()
                }
            })
            .collect();
        assert_eq!(heard, ["one", "two", "", "three"]);
    }

    #[test]
    fn a_program_left_behind_does_not_hold_us_up() {
        let started = Instant::now();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 20 & echo started"]);
        let mut lines = Vec::new();
        let status = follow(&mut command, |heard| {
            if let Heard::Out(line) = heard {
                lines.push(line);
            }
        });
        assert!(status.expect("sh runs").success());
        assert_eq!(lines, ["started"]);
        assert!(started.elapsed() < Duration::from_secs(15));
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(seconds(Duration::from_millis(4_210)), "4.2 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 5 s");
    }
}
