//! Manual pages and completions for shells, out of the command line itself.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::Failure;
use crate::cli::Cli;

/// Options of `mqttlab man`.
#[derive(Args, Debug)]
pub(crate) struct ManOptions {
    /// Write a page for the program and one for each command into this folder, in place of printing the first
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
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
    let command = Cli::command();
    match &options.to {
        Some(folder) => {
            let complain =
                |error: io::Error| Failure::usage(format!("--to {}: {error}", folder.display()));
            fs::create_dir_all(folder).map_err(complain)?;
            clap_mangen::generate_to(command, folder).map_err(complain)?;
        }
        None => {
            let mut page = Vec::new();
            let rendered = clap_mangen::Man::new(command).render(&mut page);
            rendered.map_err(|error| Failure::running(error.to_string()))?;
            print(&page)?;
        }
    }
    Ok(ExitCode::SUCCESS)
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
