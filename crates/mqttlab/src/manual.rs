//! Manual pages and completions for shells, out of the command line itself.

mod configuration;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::Failure;
use crate::broker::DEFAULT_CONFIG;
use crate::cli::Cli;

/// Options of `mqttlab man`.
#[derive(Args, Debug)]
pub(crate) struct ManOptions {
    /// Write a page for the program and one for each command into this folder, in place of printing the first
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,

    /// Print the page about the configuration file of the broker, which is for section 5
    #[arg(long, conflicts_with = "to")]
    configuration: bool,
}

/// Options of `mqttlab completions`.
#[derive(Args, Debug)]
pub(crate) struct CompletionsOptions {
    /// The shell to complete for
    shell: Shell,
}

/// Prints the manual page, or writes all of them.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn man(options: &ManOptions) -> Result<ExitCode, Failure> {
    if options.configuration {
        print(configuration::page(DEFAULT_CONFIG).as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut command = Cli::command();
    match &options.to {
        Some(folder) => {
            let complain =
                |error: io::Error| Failure::usage(format!("--to {}: {error}", folder.display()));
            fs::create_dir_all(folder).map_err(complain)?;
            command = command.disable_help_subcommand(true);
            command.build();
            write_all(&command, folder).map_err(complain)?;
        }
        None => print(&page(command)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the pages of a command and of those below it.
fn write_all(command: &Command, folder: &Path) -> io::Result<()> {
    for below in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        write_all(below, folder)?;
    }
    let name = Man::new(command.clone()).get_filename();
    let page = page(command.clone()).map_err(io::Error::other)?;
    fs::write(folder.join(name), page)
}

/// The page of one command.
fn page(command: Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    let rendered = Man::new(command).render(&mut page);
    rendered.map_err(|error| Failure::running(error.to_string()))?;
    let page = String::from_utf8_lossy(&page);
    // The library's name for what a command says behind its options.
    Ok(page.replace("\n.SH EXTRA\n", "\n.SH NOTES\n").into_bytes())
}

/// Prints what a shell needs to complete the command line.
///
/// # Errors
/// When it cannot be printed.
pub(crate) fn completions(options: &CompletionsOptions) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "mqttlab", &mut script);
    print(&script)?;
    Ok(ExitCode::SUCCESS)
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    io::stdout()
        .write_all(bytes)
        .map_err(|error| Failure::running(format!("standard output: {error}")))
}
