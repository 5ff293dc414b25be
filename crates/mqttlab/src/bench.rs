//! `mqttlab bench`: a load for any broker, and what that made of it.

mod alarm;
mod flow;
mod hint;
mod peer;
mod process;
mod report;
mod rest;

use std::io::{self, Write};
use std::net::ToSocketAddrs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};

use mqttlab_core::packet::Version;

use crate::Failure;
use crate::talk::version;
use crate::wire::{Target, Trust, Way};
use process::Process;
use report::Report;

pub(crate) const HELP: &str = "\
Latency counts from the moment when a message was meant to be sent: what a broker holds up shows in it. Without --rate \
everything is sent as fast as the broker takes it, but no more than --outstanding messages of a publisher are on their \
way. Messages that never arrive are counted, never waited for longer than some seconds; where more was to wait for one \
client than `mqttlab broker` keeps for it by default, a line says so.

Exit codes:
  0  it was measured
  1  the broker could not be measured, or messages were lost
  2  wrong usage";

/// What is sent by whom to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Workload {
    /// Each publisher has its own subscriber
    Pairs,
    /// All publishers have one subscriber
    FanIn,
    /// One publisher has all subscribers
    FanOut,
    /// All publishers, and five subscribers who share
    Shared,
    /// Connections that are opened and then idle
    Connections,
    /// Retained messages that are stored, and read by one subscriber
    Retained,
    /// Messages that wait for a session without connection, and are read when it comes back
    Offline,
}

/// Options of `mqttlab bench`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// What is sent by whom to whom
    #[arg(value_enum)]
    workload: Workload,

    /// The broker: mqtt://, mqtts://, ws:// or wss:// with address and port, or these alone; only programs on this
    /// machine unless --anywhere
    #[arg(long, default_value = "127.0.0.1:1883", value_name = "URL")]
    to: String,

    /// The version of MQTT: 3.1.1 or 5.0
    #[arg(long = "mqtt", default_value = "3.1.1", value_name = "VERSION", value_parser = version)]
    version: Version,

    /// Load a broker on another machine. Make sure that it is yours
    #[arg(long)]
    anywhere: bool,

    /// Pairs, publishers, subscribers, connections: how many
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    clients: u32,

    /// How many messages are retained or queued
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    messages: u32,

    /// How long messages are sent, or idle connections stay, in seconds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,

    /// The QoS of publishers and subscribers
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=2))]
    qos: u8,

    /// Bytes of a payload; at least 20, which the measurement itself needs
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(20..=1_000_000))]
    size: u32,

    /// Messages per second, all publishers together; 0 for as many as the broker takes
    #[arg(long, default_value_t = 0)]
    rate: u32,

    /// Messages of a publisher that may be on their way
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    outstanding: u32,

    /// The process of the broker, to count its processor time, memory and context switches
    #[arg(long)]
    pid: Option<u32>,

    /// For mqtts:// and wss://: PEM file with the server's certificate, or with a root that has signed it. An address
    /// alone is then mqtts://
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,

    /// User name and password to connect with
    #[arg(long, value_name = "USER:PASSWORD")]
    user: Option<String>,

    /// Print the figures as one line of JSON
    #[arg(long)]
    json: bool,
}

/// What the workloads need to know.
struct Plan {
    way: Way,
    version: Version,
    /// Keeps names and topics of this run apart from those of others.
    run: String,
    clients: u32,
    messages: u32,
    duration: Duration,
    qos: u8,
    size: usize,
    rate: u32,
    outstanding: u32,
    user: Option<(String, String)>,
    process: Option<Process>,
}

/// Puts the load on the broker and prints what came of it.
///
/// # Errors
/// When the broker cannot be reached or does not do what it should.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let plan = options.plan()?;
    let report = match options.workload {
        Workload::Pairs => flow::run(&plan, flow::Shape::Pairs),
        Workload::FanIn => flow::run(&plan, flow::Shape::FanIn),
        Workload::FanOut => flow::run(&plan, flow::Shape::FanOut),
        Workload::Shared => flow::run(&plan, flow::Shape::Shared),
        Workload::Connections => rest::connections(&plan),
        Workload::Retained => rest::retained(&plan),
        Workload::Offline => rest::offline(&plan),
    };
    let report: Report =
        report.map_err(|error| Failure::running(format!("{}: {error}", options.to)))?;
    report.print(options.json)?;
    if !report.is_complete()
        && let Some(hint) = hint::of_losses(options.workload, &plan)
    {
        // Whoever does not read it misses nothing of the figures.
        let _ = writeln!(io::stderr(), "hint: {hint}");
    }
    Ok(if report.is_complete() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Options {
    fn plan(&self) -> Result<Plan, Failure> {
        let complain = |why: &str| Failure::usage(format!("--to {}: {why}", self.to));
        let target = match &self.tls_ca {
            None => self.to.parse::<Target>(),
            Some(_) => Target::or_tls(&self.to),
        };
        let target = target.map_err(|why| complain(&why))?;
        let is_here = target.is_local() || {
            let mut addresses = (target.host(), target.port())
                .to_socket_addrs()
                .map_err(|error| complain(&error.to_string()))?;
            addresses.all(|address| address.ip().is_loopback())
        };
        if !is_here && !self.anywhere {
            return Err(complain(
                "it is on another machine; give --anywhere if that broker is yours to load",
            ));
        }
        let user = match &self.user {
            None => None,
            Some(text) => {
                let split = text.split_once(':');
                let (user, password) =
                    split.ok_or_else(|| Failure::usage("--user: give USER:PASSWORD"))?;
                Some((user.to_owned(), password.to_owned()))
            }
        };
        let trust = Trust {
            ca: self.tls_ca.clone(),
            identity: None,
            option: "--tls-ca",
        };
        Ok(Plan {
            way: Way::new(target, &trust)?,
            version: self.version,
            run: format!("bench-{}", std::process::id()),
            clients: self.clients,
            messages: self.messages,
            duration: Duration::from_secs(self.seconds.into()),
            qos: self.qos,
            size: self.size as usize,
            rate: self.rate,
            outstanding: self.outstanding,
            user,
            process: self.pid.map(Process::find).transpose()?,
        })
    }
}
