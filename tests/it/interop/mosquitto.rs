//! `mosquitto_pub` and `mosquitto_sub`.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use anyhow::{Context, Result, bail, ensure};

use crate::harness::{Broker, PATIENCE, signal, wait};

/// Seconds in which a broker says all that it has to say about itself.
const LISTEN_S: &str = "3";

/// The topics of all messages that come for a filter within some seconds.
pub(super) fn topics(port: &str, filter: &str) -> Result<BTreeSet<String>> {
    let output = Command::new("mosquitto_sub")
        .args(["-h", "127.0.0.1", "-p", port])
        .args(["-W", LISTEN_S, "-F", "%t", "-t", filter])
        .output()?;
    let topics = String::from_utf8(output.stdout)?;
    Ok(topics.lines().map(ToOwned::to_owned).collect())
}

/// Publishes and waits until that is done.
pub(super) fn publish(broker: &Broker, options: &[&str]) -> Result<()> {
    let output = Command::new("mosquitto_pub")
        .args(["-h", "127.0.0.1", "-p", &broker.port()])
        .args(options)
        .output()?;
    ensure!(
        output.status.success(),
        "mosquitto_pub {options:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// A `mosquitto_sub` that has its subscription.
pub(super) struct Subscriber {
    child: Child,
    lines: mpsc::Receiver<String>,
    /// What it got before it said that it is subscribed.
    early: Vec<String>,
}

impl Subscriber {
    pub(super) fn start(broker: &Broker, options: &[&str]) -> Result<Self> {
        // Line by line, where it would hold back what goes into a pipe.
        let mut child = Command::new("stdbuf")
            .args(["-oL", "mosquitto_sub"])
            .args(["-h", "127.0.0.1", "-p", &broker.port(), "-d"])
            .args(["-F", "got %t qos %q retain %r: %p"])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = child.stdout.take().context("it was piped")?;
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let all = BufReader::new(stdout).lines().map_while(Result::ok);
            // Once the test has what it wants nobody listens any more.
            let _ = all.into_iter().try_for_each(|line| sender.send(line));
        });
        let mut subscriber = Self {
            child,
            lines,
            early: Vec::new(),
        };
        loop {
            let line = subscriber.line()?;
            if line.starts_with("Subscribed ") {
                return Ok(subscriber);
            }
            if line.starts_with("got ") {
                subscriber.early.insert(0, line);
            }
        }
    }

    fn line(&mut self) -> Result<String> {
        self.lines
            .recv_timeout(PATIENCE)
            .context("mosquitto_sub says no more")
    }

    /// The next message must be this one.
    pub(super) fn expect(&mut self, message: &str) -> Result<()> {
        let got = match self.early.pop() {
            Some(early) => early,
            None => loop {
                let line = self.line()?;
                if line.starts_with("got ") {
                    break line;
                }
            },
        };
        if got != message {
            bail!("{got:?} came instead of {message:?}");
        }
        Ok(())
    }

    /// Ends it by a signal.
    pub(super) fn end(mut self, name: &str) -> Result<()> {
        signal(self.child.id(), name)?;
        wait(&mut self.child)?;
        Ok(())
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
