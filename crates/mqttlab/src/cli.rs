//! The command line.

use clap::{Parser, Subcommand};

use crate::broker;

const EXIT_CODES: &str = "\
Exit codes:
  0  all went well
  1  it failed while running
  2  wrong usage: an option, a file or an address that cannot be used";

/// MQTT, live: a broker over real sockets, with the Lab's page beside it
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
    Broker(broker::Options),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_holds_together() {
        super::Cli::command().debug_assert();
    }
}
