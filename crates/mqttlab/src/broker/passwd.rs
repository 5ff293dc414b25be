//! `mqttlab passwd`: writes password files.

use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::auth::passwords;
use crate::Failure;

/// Options of `mqttlab passwd`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The password file; it is made where there is none
    file: PathBuf,

    /// The user to add, or whose password to change
    user: String,

    /// Remove the user
    #[arg(long)]
    delete: bool,
}

/// Adds, changes or removes a user.
///
/// # Errors
/// When the file cannot be read or written, or no password comes.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let path = &options.file;
    let complain = |error: io::Error| Failure::usage(format!("{}: {error}", path.display()));
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !options.delete => String::new(),
        read => read.map_err(complain)?,
    };
    passwords::check(&text)
        .map_err(|(line, why)| Failure::usage(format!("{}:{line}: {why}", path.display())))?;
    let new = if options.delete {
        passwords::with_line(&text, &options.user, None)
    } else {
        let line = passwords::line(&options.user, ask()?.as_bytes())?;
        passwords::with_line(&text, &options.user, Some(&line))
    };
    if options.delete && new.lines().eq(text.lines()) {
        return Err(Failure::usage(format!(
            "{}: there is no user {:?}",
            path.display(),
            options.user
        )));
    }
    write(path, &new).map_err(complain)?;
    Ok(ExitCode::SUCCESS)
}

/// The password: asked for twice at a terminal, or the first line of standard input.
fn ask() -> Result<String, Failure> {
    let complain = |error: io::Error| Failure::usage(format!("no password came: {error}"));
    let password = if io::stdin().is_terminal() {
        let first = rpassword::prompt_password("Password: ").map_err(complain)?;
        let second = rpassword::prompt_password("Once more: ").map_err(complain)?;
        if first != second {
            return Err(Failure::usage(
                "the two passwords differ; nothing was changed",
            ));
        }
        first
    } else {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map_err(complain)?;
        line.trim_end_matches(['\n', '\r']).to_owned()
    };
    if password.is_empty() {
        return Err(Failure::usage("the password is empty; nothing was changed"));
    }
    Ok(password)
}

/// Puts a new file in the place of the old one, so that nobody ever reads half of it. Only its owner may read it.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&new).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)
    });
    if written.is_err() {
        // It may not even have been made.
        let _ = fs::remove_file(&new);
    }
    written
}
