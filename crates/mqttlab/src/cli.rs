//! The command line.

use clap::{Parser, Subcommand};

use crate::{
    bench, broker, check, conform, diff, format, health, hunt, manual, replay, run, schema, talk,
};

const EXIT_CODES: &str = "\
Exit codes:
  0  all went well
  1  it failed while running, or an expectation of a scenario fails
  2  wrong usage: an option, a file or an address that cannot be used";

/// MQTT, live and simulated: a broker over real sockets with the Lab's page beside it, and scenarios to play
#[derive(Parser)]
#[command(name = "mqttlab", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve MQTT 3.1, 3.1.1 and 5.0 until told to stop
    #[command(after_help = broker::HELP)]
    Broker(Box<broker::Options>),
    /// Add, change or remove a user in a password file for the broker
    Passwd(broker::PasswdOptions),
    /// Put a load on a broker, and measure what it makes of it
    #[command(after_help = bench::HELP)]
    Bench(bench::Options),
    /// Publish messages to any broker
    #[command(after_help = talk::PUB_HELP)]
    Pub(Box<talk::PubOptions>),
    /// Subscribe at any broker, and print what comes
    #[command(after_help = talk::SUB_HELP)]
    Sub(Box<talk::SubOptions>),
    /// Ask a broker whether it is ready; exit code 0 says yes
    Health(health::Options),
    /// Print the manual page
    Man(manual::ManOptions),
    /// Print completions for a shell
    Completions(manual::CompletionsOptions),
    /// Say what an access control file allows, and which line does
    Acl(broker::AclOptions),
    /// Look into the store of a broker that does not run, or make a new one of what is left of it
    Store(broker::StoreOptions),
    /// Play a scenario in the simulated world and print what happens
    #[command(after_help = run::HELP)]
    Run(run::Options),
    /// Play again what a broker has recorded, and say whether it sends the same bytes
    #[command(after_help = replay::HELP)]
    Replay(replay::Options),
    /// Play scenarios and say which of their expectations fail
    #[command(after_help = check::HELP)]
    Check(check::Options),
    /// Look for a seed and disturbances that make an expectation of a scenario fail
    #[command(after_help = hunt::HELP)]
    Hunt(hunt::Options),
    /// Ask a real broker with the clients of scenarios, and compare it with the simulated one
    #[command(after_help = conform::HELP)]
    Conform(conform::Options),
    /// Put two runs side by side, from where they begin to differ
    #[command(after_help = diff::HELP)]
    Diff(diff::Options),
    /// Bring scenarios into one style, comments and all
    #[command(after_help = format::HELP)]
    Fmt(format::Options),
    /// Print the JSON Schema of scenarios, for editors
    #[command(after_help = schema::HELP)]
    Schema(schema::Options),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_holds_together() {
        super::Cli::command().debug_assert();
    }
}
