//! `cargo xtask conformance`: suites that others wrote, run against a broker on loopback.
//!
//! Nothing of those suites is part of this project, and nothing here fetches them: each option names the folder where
//! one has been unpacked. CONFORMANCE.md says how to get them and what remains different, and why.

mod paho;
mod score;
mod sequences;
mod server;
mod vectors;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::{child, project};
use score::{Minimum, Score};
use server::Server;

/// The broker to test unless `--broker` names another.
const OWN_BROKER: &str = "broker --config {config}";

#[derive(Args)]
pub(crate) struct Options {
    /// Mosquitto's byte sequences: the folder test/broker/data of its source.
    #[arg(long, value_name = "DIR")]
    mosquitto: Option<PathBuf>,
    /// Eclipse Paho's interoperability tests: the folder interoperability of its testing repository.
    #[arg(long, value_name = "DIR")]
    paho: Option<PathBuf>,
    /// The packets of mqtt-packet's test.js: the package's folder, with its dependencies installed.
    #[arg(long, value_name = "DIR")]
    mqtt_packet: Option<PathBuf>,
    /// The command that starts the broker: {port} stands for the port on 127.0.0.1, {config} for a TOML file that
    /// sets it and what the suite needs. Without this option, MQTT Lab is built and tested.
    #[arg(long, value_name = "COMMAND")]
    broker: Option<String>,
    /// Only cases whose name has this in it.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// How long to wait for an answer, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(10..=60_000))]
    patience_ms: u64,
    /// How many byte sequences run at the same time.
    #[arg(long, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=64))]
    parallel: u8,
    /// The Python 3 that runs Paho's tests.
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    python: String,
    /// Fail when a suite passes fewer cases: SUITE=COUNT, as in mosquitto=1480. May be given for each suite.
    #[arg(long, value_name = "SUITE=COUNT")]
    min: Vec<Minimum>,
    /// Print the scores as JSON.
    #[arg(long)]
    json: bool,
}

impl Options {
    fn patience(&self) -> Duration {
        Duration::from_millis(self.patience_ms)
    }

    fn wants(&self, case: &str) -> bool {
        self.only.as_ref().is_none_or(|text| case.contains(text))
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    ensure!(
        options.mosquitto.is_some() || options.paho.is_some() || options.mqtt_packet.is_some(),
        "name at least one suite: --mosquitto, --paho or --mqtt-packet, each with its folder (CONFORMANCE.md says where to get them)"
    );
    let mut scores = Vec::new();
    if let Some(folder) = &options.mqtt_packet {
        scores.push(vectors::run(folder, options)?);
    }
    if options.mosquitto.is_some() || options.paho.is_some() {
        let command = broker_command(options)?;
        if let Some(folder) = &options.mosquitto {
            let mut server = Server::start(&command, "sequences", sequences::CONFIG)?;
            let mut score = sequences::run(folder, server.port(), options)?;
            score.note_end(server.stop()?);
            scores.push(score);
        }
        if let Some(folder) = &options.paho {
            scores.extend(paho::run(folder, &command, options)?);
        }
    }
    score::print(&scores, options.json)?;
    enough(&scores, &options.min)
}

/// The command line of the broker, which is built first if it is ours.
fn broker_command(options: &Options) -> Result<String> {
    if let Some(command) = &options.broker {
        return Ok(command.clone());
    }
    let mut build = child::cargo();
    build.args(["build", "--locked", "--release", "--package", "mqttlab"]);
    child::quietly("building the broker", &mut build)?;
    let program = project::target().join("release/mqttlab");
    let program = program
        .to_str()
        .context("the path of the build folder is not Unicode")?;
    Ok(format!("'{program}' {OWN_BROKER}"))
}

fn enough(scores: &[Score], minimums: &[Minimum]) -> Result<()> {
    for minimum in minimums {
        let Some(score) = scores.iter().find(|score| score.suite == minimum.suite) else {
            let known: Vec<&str> = scores.iter().map(|score| score.suite).collect();
            bail!(
                "--min names the suite {}, but these have run: {}",
                minimum.suite,
                known.join(", ")
            );
        };
        ensure!(
            score.passed() >= minimum.passed,
            "{} passes {} cases, and --min asks for {}",
            score.suite,
            score.passed(),
            minimum.passed
        );
    }
    Ok(())
}
