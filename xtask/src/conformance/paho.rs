//! Eclipse Paho's interoperability tests: each in an interpreter of its own, against a broker of its own.

use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Options;
use super::score::{Difference, Score};
use super::server::Server;
use crate::{child, project};

/// What the tests ask of a broker: limits they can reach, and a topic that nobody may subscribe to.
const CONFIG: &str = include_str!("paho/broker.toml");
/// Sets host, port and topics, which the tests only do when started on their own, and runs one of them.
const RUNNER: &str = include_str!("paho/run_one.py");
/// One of the tests can wait for ever.
const TEST_MAX: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(100);
/// They spend their time asleep.
const PARALLEL: usize = 4;
/// How many lines of a failed test are shown.
const LINES_MAX: usize = 30;

/// The suites: their names here, and their files.
const SUITES: [(&str, &str); 2] = [("paho-3.1.1", "client_test"), ("paho-5.0", "client_test5")];

/// Runs both suites.
///
/// # Errors
/// When the tests cannot be listed, or a broker cannot be started.
pub(super) fn run(folder: &Path, command: &str, options: &Options) -> Result<Vec<Score>> {
    let scripts = project::target().join("xtask/conformance");
    std::fs::create_dir_all(&scripts)
        .with_context(|| format!("cannot create {}", scripts.display()))?;
    let runner = scripts.join("run_one.py");
    std::fs::write(&runner, RUNNER)
        .with_context(|| format!("cannot write {}", runner.display()))?;
    let folder = std::path::absolute(folder)?;
    SUITES
        .iter()
        .map(|(suite, module)| {
            let suite = Suite {
                name: suite,
                module,
                folder: &folder,
                runner: &runner,
                command,
                options,
            };
            suite.run()
        })
        .collect()
}

struct Suite<'a> {
    name: &'static str,
    module: &'static str,
    folder: &'a Path,
    runner: &'a Path,
    command: &'a str,
    options: &'a Options,
}

impl Suite<'_> {
    fn run(&self) -> Result<Score> {
        let mut tests = self.list()?;
        tests.retain(|test| self.options.wants(test));
        let next = AtomicUsize::new(0);
        let outcomes = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..PARALLEL {
                scope.spawn(|| {
                    while let Some(test) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let outcome = self.run_one(test);
                        outcomes
                            .lock()
                            .expect("no thread panics while it holds this")
                            .push(outcome);
                    }
                });
            }
        });
        let outcomes = outcomes
            .into_inner()
            .expect("no thread panics while it holds this");
        let found: Result<Vec<Option<Difference>>> = outcomes.into_iter().collect();
        let mut differences: Vec<Difference> = found?.into_iter().flatten().collect();
        differences.sort_by(|a, b| a.case.cmp(&b.case));
        Ok(Score::new(self.name, tests.len(), differences))
    }

    fn list(&self) -> Result<Vec<String>> {
        let listed = child::output_of(self.python().arg("list")).with_context(|| {
            format!(
                "{} cannot read {}.py in {}: --paho should name the folder interoperability of Paho's testing repository",
                self.options.python,
                self.module,
                self.folder.display()
            )
        })?;
        let tests: Vec<String> = listed.lines().map(str::to_owned).collect();
        ensure!(!tests.is_empty(), "{}.py has no tests", self.module);
        Ok(tests)
    }

    fn python(&self) -> Command {
        let mut python = child::command(&self.options.python);
        python
            .arg("-B")
            .arg(self.runner)
            .arg(self.folder)
            .arg(self.module);
        python
    }

    fn run_one(&self, test: &str) -> Result<Option<Difference>> {
        let title = format!("{}-{test}", self.name);
        let mut server = Server::start(self.command, &title, CONFIG)?;
        let log = self.runner.with_file_name(format!("{title}.out"));
        let out = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut python = self.python();
        python
            .args(["run", test, "127.0.0.1", &server.port().to_string()])
            .stderr(out.try_clone()?)
            .stdout(out);
        let status = within(&mut python, TEST_MAX)
            .with_context(|| format!("cannot start {}", self.options.python))?;
        let early_end = server.stop()?;
        let got = match status {
            Some(status) if status.success() && early_end.is_none() => return Ok(None),
            Some(_) => account_of(&log),
            None => format!(
                "it was stopped after {} s\n{}",
                TEST_MAX.as_secs(),
                account_of(&log)
            ),
        };
        Ok(Some(Difference {
            case: test.to_owned(),
            sent: Vec::new(),
            expected: "the test passes".to_owned(),
            got: early_end
                .into_iter()
                .chain([got])
                .collect::<Vec<_>>()
                .join("\n"),
        }))
    }
}

/// Runs a program for a limited time; `None` if that was not enough.
fn within(command: &mut Command, limit: Duration) -> Result<Option<ExitStatus>> {
    let mut child = command.stdin(Stdio::null()).spawn()?;
    let started = Instant::now();
    while started.elapsed() < limit {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(GLANCE);
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

/// What a failed test says about itself, from its first complaint.
fn account_of(log: &Path) -> String {
    // What cannot be read is not shown.
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .skip_while(|line| !line.starts_with("Traceback") && text.contains("Traceback"))
        .take(LINES_MAX)
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::within;

    #[test]
    fn a_program_that_does_not_end_is_stopped() {
        let limit = Duration::from_millis(200);
        let stopped = within(Command::new("sleep").arg("30"), limit).expect("sleep runs");
        assert!(stopped.is_none());
        let ended = within(&mut Command::new("true"), Duration::from_secs(20)).expect("true runs");
        assert!(ended.expect("it ended").success());
    }
}
