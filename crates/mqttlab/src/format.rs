//! `mqttlab fmt`: scenarios in one style, with their comments.

mod style;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use mqttlab_sim::scenario::TEXT_MAX;
use serde::Serialize;

use crate::output::{print, print_json};
use crate::{Failure, files};

pub(crate) const HELP: &str = "\
Comments, order and line breaks inside of lists stay as they are; blanks and blank lines do not.

Exit codes:
  0  every file is in style now; with --check, it was
  1  with --check, a file is not
  2  a file cannot be read or written, or is not TOML";

/// Options of `mqttlab fmt`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The scenarios, in TOML; - for standard input, printed to standard output
    #[arg(value_name = "SCENARIO", required = true)]
    files: Vec<PathBuf>,

    /// Change nothing, and say which files would be
    #[arg(long)]
    check: bool,

    /// For machines: one JSON document with the files and whether they change
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Formatted<'a> {
    file: &'a Path,
    /// Whether it was not in style.
    changed: bool,
}

/// Brings scenarios into the one style.
///
/// # Errors
/// When a file cannot be read or written, or is not TOML; those before it are in style then.
pub(crate) fn format(options: &Options) -> Result<ExitCode, Failure> {
    let mut all = Vec::new();
    for file in &options.files {
        let is_stdin = file.as_os_str() == "-";
        let text = if is_stdin {
            stdin()?
        } else {
            files::text(file)?
        };
        let name = file.display();
        let styled = style::style(&text)
            .map_err(|error| Failure::usage(format!("{name}: {}", error.to_string().trim_end())))?;
        let changed = styled != text;
        if is_stdin && !options.check {
            print(&styled)?;
        } else if changed && !options.check {
            fs::write(file, &styled).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
        }
        if changed && !options.json && !is_stdin {
            let word = if options.check {
                "not in style"
            } else {
                "changed"
            };
            print(format!("{name}: {word}\n"))?;
        }
        all.push(Formatted { file, changed });
    }
    if options.json {
        print_json(&all)?;
    }
    let fails = options.check && all.iter().any(|file| file.changed);
    Ok(ExitCode::from(u8::from(fails)))
}

fn stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let failed = |error: io::Error| Failure::usage(format!("standard input: {error}"));
    let most = TEXT_MAX as u64 + 1;
    io::stdin()
        .take(most)
        .read_to_string(&mut text)
        .map_err(failed)?;
    match text.len() as u64 == most {
        true => Err(Failure::usage(format!(
            "standard input: a scenario has {TEXT_MAX} bytes at most"
        ))),
        false => Ok(text),
    }
}
