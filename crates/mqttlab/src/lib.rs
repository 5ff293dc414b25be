//! The native MQTT Lab: `mqttlab broker` serves MQTT over real sockets, with the Lab's page beside it; `mqttlab run` and
//! `mqttlab check` play scenarios in the simulated world.
//!
//! What decides is in `mqttlab-core` and `mqttlab-sim`; here are sockets, clocks, threads and the command line.

mod bench;
mod check;
mod cli;
mod conform;
mod diff;
mod each;
mod failure;
mod files;
mod format;
mod health;
mod hunt;
mod log;
mod manual;
mod output;
mod replay;
mod run;
mod schema;
mod talk;
mod websocket;
mod why_not;
mod wire;

pub mod broker;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

pub use failure::Failure;

/// The whole program: reads the command line, does what it asks and says how it went.
pub fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let done = match cli.command {
        cli::Command::Broker(options) => broker::run(&options),
        cli::Command::Passwd(options) => broker::passwd(&options),
        cli::Command::Bench(options) => bench::run(&options),
        cli::Command::Pub(options) => talk::publish(&options),
        cli::Command::Sub(options) => talk::subscribe(&options),
        cli::Command::Health(options) => health::run(&options),
        cli::Command::Man(options) => manual::man(&options),
        cli::Command::Completions(options) => manual::completions(&options),
        cli::Command::Acl(options) => broker::acl(&options),
        cli::Command::Store(options) => broker::store(&options),
        cli::Command::Run(options) => run::run(&options),
        cli::Command::Replay(options) => replay::run(&options),
        cli::Command::Check(options) => check::check(&options),
        cli::Command::Hunt(options) => hunt::hunt(&options),
        cli::Command::Conform(options) => conform::conform(&options),
        cli::Command::Diff(options) => diff::diff(&options),
        cli::Command::Fmt(options) => format::format(&options),
        cli::Command::Schema(options) => schema::schema(&options),
    };
    match done {
        Ok(code) => code,
        Err(failure) => {
            // With standard error gone there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "mqttlab: {failure}");
            failure.exit_code()
        }
    }
}
