//! The file in its folder: kept from other brokers, and put in the place of another one.

use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use mqttlab_core::time::Instant;

use super::batch::Batch;
use super::failpoint::{Point, pass};
use super::file::{File, Unusable};
use super::medium::Medium;

/// The name of the open file, to be looked at while that is written.
pub(super) struct Name {
    path: PathBuf,
    /// What the name meant: another file of this name is another.
    #[cfg(unix)]
    meant: (u64, u64),
}

impl Name {
    /// What the name means now.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            #[cfg(unix)]
            meant: identity(&fs::metadata(path)?),
        })
    }

    /// Whether the file is still found by its name.
    ///
    /// # Errors
    /// When it was removed, or another one is in its place: nobody will ever read what is written to it.
    #[cfg(unix)]
    pub(super) fn check(&self) -> io::Result<()> {
        let lost = |what| io::Error::other(format!("{}: {what}", self.path.display()));
        match fs::metadata(&self.path) {
            Ok(found) if identity(&found) == self.meant => Ok(()),
            Ok(_) => Err(lost(
                "another file was put in its place while it was in use",
            )),
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => {
                    Err(lost("it was removed while it was in use"))
                }
                // It cannot be looked at: that says nothing of the file.
                _ => Ok(()),
            },
        }
    }

    /// An open file keeps its name.
    #[cfg(not(unix))]
    pub(super) fn check(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Opens the file, or makes it, and keeps other brokers away as long as it is open.
pub(super) fn open(path: &Path) -> Result<fs::File, Unusable> {
    let file = options().truncate(false).open(path)?;
    lock(&file)?;
    if !is_at(&file, path)? {
        // Another broker has put a new one in its place meanwhile.
        return Err(Unusable::in_use());
    }
    if file.length()? == 0 {
        keep_private(&file)?;
        // A new one is not there for certain before its folder knows of it.
        sync_of(path)?;
    }
    Ok(file)
}

/// Keeps others out of a file that has nothing in it yet, as out of one that is made.
#[cfg(unix)]
fn keep_private(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    match others_may(&file.metadata()?) {
        Some(_) => file.set_permissions(fs::Permissions::from_mode(0o600)),
        None => Ok(()),
    }
}

/// Permissions are those of the folder.
#[cfg(not(unix))]
fn keep_private(_: &fs::File) -> io::Result<()> {
    Ok(())
}

/// The permissions of a file, where they let others than its owner look into it.
#[cfg(unix)]
pub(super) fn others_may(metadata: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;

    let mode = metadata.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

/// Permissions are those of the folder.
#[cfg(not(unix))]
pub(super) fn others_may(_: &fs::Metadata) -> Option<u32> {
    None
}

/// Makes the folder where there is none; nobody else may look into it.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    sync_of(&fs::canonicalize(folder)?)
}

/// Puts a new file with these changes in the place of the one of this name, or where there is none. At each moment there
/// is one of them, whole. What is to become of the former one, which is there until then, `before` knows, with its path.
pub(super) fn put_in_place<R>(
    path: &Path,
    run: u32,
    changes: Batch,
    now: Instant,
    before: impl FnOnce(&Path) -> io::Result<R>,
) -> Result<(File, R), Unusable> {
    // What a link stands for is what is replaced.
    let path = &fs::canonicalize(path).or_else(|error| match error.kind() {
        ErrorKind::NotFound => Ok(path.to_owned()),
        _ => Err(error),
    })?;
    let beside = with_ending(path, ".new");
    let new = options().truncate(false).open(&beside)?;
    lock(&new)?;
    let put = || {
        // What an earlier try has left.
        new.set_length(0)?;
        let file = File::create(Box::new(new), run, changes, now)?;
        pass(Point::ReplaceBefore)?;
        let kept = before(path)?;
        pass(Point::ReplaceKept)?;
        fs::rename(&beside, path)?;
        Ok((file, kept))
    };
    let put = put().inspect_err(|_: &io::Error| {
        // On a full disk others need the room. That it failed is what is told.
        let _ = fs::remove_file(&beside);
    })?;
    sync_of(path)?;
    Ok(put)
}

/// Gives a file another name, under which somebody may look into it, and leaves it the one that it has. Where files have
/// one name alone it is a copy of these bytes, as far as they could be read.
pub(super) fn keep_aside(path: &Path, bytes: &[u8], seconds: u64) -> io::Result<PathBuf> {
    let mut number = 0;
    loop {
        let ending = match number {
            0 => format!(".corrupt-{seconds}"),
            _ => format!(".corrupt-{seconds}-{number}"),
        };
        let aside = with_ending(path, &ending);
        let is_kept = match fs::hard_link(path, &aside) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => copy(bytes, &aside),
            linked => linked,
        };
        match is_kept {
            Ok(()) => return Ok(aside),
            // It is of somebody else's damage.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

fn copy(bytes: &[u8], to: &Path) -> io::Result<()> {
    let file = options().create_new(true).open(to)?;
    let copied = file.set_length(bytes.len() as u64);
    let copied = copied.and_then(|()| Medium::write(&file, 0, bytes));
    copied.and_then(|()| file.sync()).inspect_err(|_| {
        // That it failed is what is told.
        let _ = fs::remove_file(to);
    })
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

/// Waits until the folder that something is in knows of it for certain.
#[cfg(unix)]
fn sync_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Folders look after themselves.
#[cfg(not(unix))]
fn sync_of(_: &Path) -> io::Result<()> {
    Ok(())
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    // Messages are nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Whoever was killed a moment ago may not be gone yet, so somebody else's lock is waited for a little.
fn lock(file: &fs::File) -> Result<(), Unusable> {
    const PAUSE: Duration = Duration::from_millis(25);
    let mut pauses = 20;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if pauses > 0 => pauses -= 1,
            Err(TryLockError::WouldBlock) => return Err(Unusable::in_use()),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        thread::sleep(PAUSE);
    }
}

/// Whether the open file is the one of this name.
#[cfg(unix)]
fn is_at(file: &fs::File, path: &Path) -> io::Result<bool> {
    let (opened, named) = (file.metadata()?, fs::metadata(path)?);
    Ok(identity(&opened) == identity(&named))
}

/// What no other file has as long as this one is open.
#[cfg(unix)]
fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;

    (metadata.dev(), metadata.ino())
}

/// An open file keeps its name.
#[cfg(not(unix))]
fn is_at(_: &fs::File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::keep_aside;

    #[test]
    fn what_was_put_aside_before_stays() {
        let folder = std::env::temp_dir().join(format!("mqttlab-aside-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder can be made");
        let path = folder.join("store");
        let mut texts = Vec::new();
        for number in 0..3 {
            let text = format!("damage {number}");
            fs::write(&path, &text).expect("there is room");
            let aside = keep_aside(&path, text.as_bytes(), 7).expect("there is room");
            fs::remove_file(&path).expect("it is there");
            texts.push((aside, text));
        }
        // Where it cannot have two names it is copied.
        let aside = keep_aside(&path, b"a copy", 7).expect("there is room");
        texts.push((aside, "a copy".into()));
        for (aside, text) in texts {
            assert_eq!(fs::read_to_string(aside).ok(), Some(text));
        }
        // It lies in the folder for what may go at any time.
        let _ = fs::remove_dir_all(folder);
    }
}
