//! Mosquitto's byte sequences: what to send, what must come back, and whether the connection then lives.

mod case;
mod compare;
mod wire;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Result, ensure};

use super::Options;
use super::score::{Difference, Score};
use case::{Case, Step};
use wire::{Answer, Peer};

/// The suite was written for a broker with Mosquitto's defaults, as far as they matter.
pub(super) const CONFIG: &str = include_str!("sequences/broker.toml");

/// Runs all cases of the files in `folder` against the broker on `port`.
///
/// # Errors
/// When the folder does not hold the suite.
pub(super) fn run(folder: &Path, port: u16, options: &Options) -> Result<Score> {
    let mut cases = case::load(folder)?;
    cases.retain(|case| options.wants(&case.name));
    ensure!(!cases.is_empty(), "no case has that in its name");
    let context = Context { port, options };
    // Whoever could be disturbed runs afterwards, alone, in the order of the files.
    let (alone, together): (Vec<_>, Vec<_>) = cases
        .iter()
        .enumerate()
        .partition(|(_, case)| case.runs_alone());
    let mut found = context.run_together(&together);
    for (number, case) in alone {
        found.extend(
            context
                .run(number, case)
                .map(|difference| (number, difference)),
        );
    }
    found.sort_by_key(|(number, _)| *number);
    let differences = found.into_iter().map(|(_, difference)| difference);
    Ok(Score::new("mosquitto", cases.len(), differences.collect()))
}

struct Context<'a> {
    port: u16,
    options: &'a Options,
}

impl Context<'_> {
    fn run_together(&self, cases: &[(usize, &Case)]) -> Vec<(usize, Difference)> {
        let next = AtomicUsize::new(0);
        let found = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..self.options.parallel {
                scope.spawn(|| {
                    while let Some((number, case)) = cases.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        if let Some(difference) = self.run(*number, case) {
                            found
                                .lock()
                                .expect("no thread panics while it holds this")
                                .push((*number, difference));
                        }
                    }
                });
            }
        });
        found
            .into_inner()
            .expect("no thread panics while it holds this")
    }

    /// Runs one case in a connection of its own; what went wrong, if anything did.
    fn run(&self, number: usize, case: &Case) -> Option<Difference> {
        let mut sent = Vec::new();
        let outcome = self.converse(number, case, &mut sent);
        outcome.err().map(|mismatch| Difference {
            case: case.name.clone(),
            sent,
            expected: mismatch.expected,
            got: mismatch.got,
        })
    }

    fn converse(&self, number: usize, case: &Case, sent: &mut Vec<String>) -> Result<(), Mismatch> {
        let mut peer = self.connect()?;
        if case.connect_first {
            let client_id = format!("case-{number}");
            peer.send(&case::connect(case.level, &client_id));
            peer.expect("CONNACK", compare::is_accepted)?;
        }
        for step in &case.steps {
            match step {
                Step::Send(bytes) => {
                    sent.push(hex(bytes));
                    peer.send(bytes);
                }
                Step::Expect(bytes) => match peer.answer() {
                    Answer::Frame(got) if compare::agrees(bytes, &got) => {}
                    Answer::Closed if compare::may_be_left_unsaid(bytes) => {}
                    other => return Err(Mismatch::new(hex(bytes), &other)),
                },
                Step::Publish {
                    topic,
                    payload,
                    qos,
                } => {
                    sent.push(format!("(another client) PUBLISH {topic} at QoS {qos}"));
                    self.publish(topic, payload, *qos)?;
                }
            }
        }
        if case.ends_closed {
            peer.expect_end(case.level)
        } else {
            sent.push(hex(&case::PINGREQ));
            peer.send(&case::PINGREQ);
            peer.expect("d0 00 (PINGRESP)", |frame| frame == case::PINGRESP)
        }
    }

    /// Publishes from a client of its own, as the suite's helper does.
    fn publish(&self, topic: &str, payload: &[u8], qos: u8) -> Result<(), Mismatch> {
        let mut peer = self.connect()?;
        peer.send(&case::connect(4, "helper"));
        peer.expect("CONNACK for the helper", |frame| {
            compare::is_accepted(frame)
        })?;
        peer.send(&case::publish(topic, payload, qos));
        let answer = |kind| [kind, 2, 0, 1];
        if qos == 1 {
            peer.expect("PUBACK for the helper", |frame| frame == answer(0x40))?;
        } else if qos == 2 {
            peer.expect("PUBREC for the helper", |frame| frame == answer(0x50))?;
            peer.send(&answer(0x62));
            peer.expect("PUBCOMP for the helper", |frame| frame == answer(0x70))?;
        }
        peer.send(&case::DISCONNECT);
        Ok(())
    }

    fn connect(&self) -> Result<Peer, Mismatch> {
        Peer::connect(self.port, self.options.patience()).map_err(|error| Mismatch {
            expected: "a connection".to_owned(),
            got: error.to_string(),
        })
    }
}

/// What should have come, and what did.
struct Mismatch {
    expected: String,
    got: String,
}

impl Mismatch {
    fn new(expected: impl Into<String>, got: &Answer) -> Self {
        Self {
            expected: expected.into(),
            got: got.to_string(),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    const SHOWN_MAX: usize = 96;
    let mut text = String::new();
    for byte in bytes.iter().take(SHOWN_MAX) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    if bytes.len() > SHOWN_MAX {
        text.push_str(&format!(" … ({} bytes)", bytes.len()));
    }
    text
}
