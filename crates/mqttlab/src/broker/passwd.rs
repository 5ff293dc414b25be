//! `mqttlab passwd`: writes password files.

use std::fs::{self, File, OpenOptions};
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
    ///
    /// The password is asked for at a terminal; else it is the first line of standard input.
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
    // Before anybody types a password for a file that is none.
    read(options)?;
    let line = match options.delete {
        true => None,
        false => Some(passwords::line(&options.user, ask()?.as_bytes())?),
    };
    // Others may write other users at the same time.
    let _locked = lock(path).map_err(complain)?;
    let text = read(options)?;
    let new = passwords::with_line(&text, &options.user, line.as_deref());
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

/// What is in the file, which is a password file.
fn read(options: &Options) -> Result<String, Failure> {
    let name = options.file.display();
    let text = match fs::read_to_string(&options.file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !options.delete => String::new(),
        read => read.map_err(|error| Failure::usage(format!("{name}: {error}")))?,
    };
    passwords::check(&text)
        .map_err(|(line, why)| Failure::usage(format!("{name}:{line}: {why}")))?;
    Ok(text)
}

/// Keeps others from writing the file, until this is dropped. It is the folder that is locked: the file is another one
/// afterwards, and a file for the lock would stay behind.
#[cfg(unix)]
fn lock(path: &Path) -> io::Result<File> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    let folder = File::open(folder)?;
    match folder.lock() {
        // There are file systems without locks.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(folder),
        locked => locked.map(|()| folder),
    }
}

/// Keeps others from writing the file, until this is dropped.
#[cfg(not(unix))]
fn lock(path: &Path) -> io::Result<File> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    let file = File::create(path.with_file_name(name))?;
    file.lock()?;
    Ok(file)
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

/// Puts a new file in the place of the old one, so that nobody ever reads half of it. It belongs to whom the old one
/// belonged to, and the same may read it, else the broker could not; of a new one only its owner may.
fn write(path: &Path, text: &str) -> io::Result<()> {
    // What a link leads to is replaced, not the link.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = fs::metadata(path).ok();
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&new).and_then(|mut file| {
        if let Some(old) = &old {
            become_like(&file, old)?;
        }
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

/// Gives a file the owner, the group and the permissions of another.
#[cfg(unix)]
fn become_like(file: &File, old: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};

    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        fchown(file, Some(old.uid()), Some(old.gid()))?;
    }
    file.set_permissions(old.permissions())
}

/// Gives a file the permissions of another.
#[cfg(not(unix))]
fn become_like(file: &File, old: &fs::Metadata) -> io::Result<()> {
    file.set_permissions(old.permissions())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::write;

    #[test]
    fn a_file_that_was_there_keeps_its_place_and_who_may_read_it() {
        let folder = std::env::temp_dir().join(format!("mqttlab-passwd-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder can be made");
        let (file, link) = (folder.join("users"), folder.join("link"));
        write(&file, "a").expect("it can be written");
        let mode = || {
            let metadata = fs::metadata(&file).expect("it is there");
            metadata.permissions().mode() & 0o777
        };
        assert_eq!(mode(), 0o600, "a new one");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("it is ours");
        symlink("users", &link).expect("a link can be made");
        write(&link, "b").expect("it can be written");
        assert_eq!(mode(), 0o640, "the old one");
        assert_eq!(fs::read_to_string(&file).expect("it is there"), "b");
        assert!(link.is_symlink());
        let files = fs::read_dir(&folder).expect("the folder is there");
        assert_eq!(files.count(), 2);
        fs::remove_dir_all(&folder).expect("it is ours");
    }
}
