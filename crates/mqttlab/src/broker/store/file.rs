//! The file: changes by number, each in a frame, in a redb database.

use std::fs::OpenOptions;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use mqttlab_core::time::Instant;
use redb::backends::FileBackend;
use redb::{
    Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, StorageBackend,
    TableDefinition,
};

use super::failpoint::{Point, pass};
use super::frame::{Body, Frame, Place};

/// Frames by number, in their order.
const CHANGES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("changes");
/// Numbers about the file.
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("about");
/// In [`ABOUT`]: the form of the changes.
const FORMAT_KEY: &str = "format";
/// In [`ABOUT`]: when the last changes were written, in microseconds since 1970.
const CLOCK_KEY: &str = "clock";
/// In [`ABOUT`]: how often the file was opened.
const RUN_KEY: &str = "run";
/// In [`ABOUT`]: the epoch that counts.
const EPOCH_KEY: &str = "epoch";
/// In [`ABOUT`]: the number of the next frame.
const NEXT_KEY: &str = "next";
/// The form of the changes that this program writes.
const FORMAT: u64 = 2;
/// Memory for pages of the file.
const CACHE_BYTES: usize = 8 << 20;

/// The open file.
pub(super) struct File {
    database: Database,
    run: u32,
    epoch: u64,
    /// The number of the next frame.
    next: u64,
    /// How many frames are in the file.
    count: u64,
}

/// A file and what was in it.
pub(super) struct Read {
    pub(super) file: File,
    /// The changes, in their order.
    pub(super) changes: Vec<Vec<u8>>,
    /// When the last of them was written.
    pub(super) clock: Instant,
}

/// Why a file cannot be used.
#[derive(Debug)]
pub(super) enum Unusable {
    /// It is in use, or may not be read or written; another try may succeed.
    Refused(String),
    /// Its content makes no sense.
    Damaged(String),
}

impl File {
    /// Opens the file, or makes it.
    pub(super) fn open(path: &Path) -> Result<Read, Unusable> {
        let refused = |error: io::Error| Unusable::Refused(error.to_string());
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        // Messages are nobody else's business.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(refused)?;
        guarded(|| {
            let backend = FileBackend::new(file);
            read(backend.and_then(|backend| builder().create_with_backend(backend)))
        })
    }

    /// The same on any storage.
    pub(super) fn open_on(storage: impl StorageBackend) -> Result<Read, Unusable> {
        guarded(|| read(builder().create_with_backend(storage)))
    }

    /// How many frames are in the file.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Adds changes and waits until they are on the disk.
    pub(super) fn append(&mut self, changes: &[Vec<u8>], now: Instant) -> io::Result<()> {
        pass(Point::AppendBefore)?;
        let next = self.next + changes.len() as u64;
        let written = self.write(|file, transaction| {
            let mut table = transaction.open_table(CHANGES)?;
            for (number, bytes) in (file.next..).zip(changes) {
                let body = Body::Change(bytes);
                let place = file.place(file.epoch, number);
                table.insert(number, &Frame { place, body }.encode()[..])?;
            }
            note(
                transaction,
                &[(CLOCK_KEY, now.as_micros()), (NEXT_KEY, next)],
            )
        });
        let transaction = written.map_err(io::Error::other)?;
        pass(Point::AppendWritten)?;
        transaction.commit().map_err(io::Error::other)?;
        pass(Point::AppendAfter)?;
        self.count += changes.len() as u64;
        self.next = next;
        Ok(())
    }

    /// Puts changes in place of all that is there, and waits until they are on the disk.
    pub(super) fn rewrite(&mut self, changes: &[Vec<u8>], now: Instant) -> io::Result<()> {
        pass(Point::RewriteBefore)?;
        let epoch = (self.epoch + 1).max(u64::from(self.run) << 32);
        let first = self.next;
        let next = first + 1 + changes.len() as u64;
        let written = self.write(|file, transaction| {
            transaction.delete_table(CHANGES)?;
            let mut table = transaction.open_table(CHANGES)?;
            let begin = Body::Begin(changes.len() as u64);
            let bodies = changes.iter().map(|bytes| Body::Change(bytes));
            for (number, body) in (first..).zip([begin].into_iter().chain(bodies)) {
                let place = file.place(epoch, number);
                table.insert(number, &Frame { place, body }.encode()[..])?;
            }
            note(
                transaction,
                &[
                    (CLOCK_KEY, now.as_micros()),
                    (NEXT_KEY, next),
                    (EPOCH_KEY, epoch),
                ],
            )
        });
        let transaction = written.map_err(io::Error::other)?;
        pass(Point::RewriteWritten)?;
        transaction.commit().map_err(io::Error::other)?;
        pass(Point::RewriteAfter)?;
        self.epoch = epoch;
        self.next = next;
        self.count = next - first;
        Ok(())
    }

    fn write(
        &self,
        fill: impl FnOnce(&Self, &redb::WriteTransaction) -> Result<(), redb::Error>,
    ) -> Result<redb::WriteTransaction, redb::Error> {
        let transaction = self.database.begin_write()?;
        fill(self, &transaction)?;
        Ok(transaction)
    }

    fn place(&self, epoch: u64, number: u64) -> Place {
        let run = self.run;
        Place { epoch, run, number }
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    // What was altered behind its back is not trusted.
    builder.set_check_integrity_on_open(true);
    builder
}

/// A file that is damaged in an artful way may make the library panic. That is the end of this try and of no more.
fn guarded(open: impl FnOnce() -> Result<Read, Unusable>) -> Result<Read, Unusable> {
    let opened = catch_unwind(AssertUnwindSafe(open));
    opened.unwrap_or_else(|_| Err(Unusable::Damaged("reading it fails".into())))
}

fn read(opened: Result<Database, DatabaseError>) -> Result<Read, Unusable> {
    let database = opened.map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            Unusable::Refused("another broker uses it".into())
        }
        DatabaseError::Storage(redb::StorageError::Io(error))
            if !matches!(
                error.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
            ) =>
        {
            Unusable::Refused(error.to_string())
        }
        other => Unusable::Damaged(other.to_string()),
    })?;
    match about(&database, FORMAT_KEY).map_err(damaged)? {
        None => begin(database).map_err(damaged),
        Some(FORMAT) => go_on(database),
        Some(other) => Err(Unusable::Refused(format!(
            "it was written by another version of this program (form {other}, this one knows {FORMAT})"
        ))),
    }
}

fn damaged(error: redb::Error) -> Unusable {
    Unusable::Damaged(error.to_string())
}

fn about(database: &Database, key: &str) -> Result<Option<u64>, redb::Error> {
    let transaction = database.begin_read()?;
    match transaction.open_table(ABOUT) {
        Ok(table) => Ok(table.get(key)?.map(|value| value.value())),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn note(transaction: &redb::WriteTransaction, values: &[(&str, u64)]) -> Result<(), redb::Error> {
    let mut table = transaction.open_table(ABOUT)?;
    for (key, value) in values {
        table.insert(key, value)?;
    }
    Ok(())
}

/// A new file.
fn begin(database: Database) -> Result<Read, redb::Error> {
    let mut file = File {
        database,
        run: 1,
        epoch: 0,
        next: 0,
        count: 0,
    };
    let transaction = file.database.begin_write()?;
    note(&transaction, &[(FORMAT_KEY, FORMAT), (RUN_KEY, 1)])?;
    transaction.open_table(CHANGES)?;
    transaction.commit()?;
    file.rewrite(&[], Instant::ZERO).map_err(redb::Error::Io)?;
    let changes = Vec::new();
    let clock = Instant::ZERO;
    Ok(Read {
        file,
        changes,
        clock,
    })
}

/// A file that was used before.
fn go_on(database: Database) -> Result<Read, Unusable> {
    let number = |key| {
        let value = about(&database, key).map_err(damaged)?;
        value.ok_or_else(|| Unusable::Damaged(format!("it does not say its {key}")))
    };
    let (clock, epoch, next) = (number(CLOCK_KEY)?, number(EPOCH_KEY)?, number(NEXT_KEY)?);
    let run = u32::try_from(number(RUN_KEY)?).unwrap_or(u32::MAX);
    let run = run.saturating_add(1);
    let changes = all_changes(&database, epoch, next)?;
    let count = changes.len() as u64 + 1;
    let open = || -> Result<(), redb::Error> {
        let transaction = database.begin_write()?;
        note(&transaction, &[(RUN_KEY, run.into())])?;
        Ok(transaction.commit()?)
    };
    open().map_err(damaged)?;
    let file = File {
        database,
        run,
        epoch,
        next,
        count,
    };
    let clock = Instant::from_micros(clock);
    Ok(Read {
        file,
        changes,
        clock,
    })
}

/// All changes up to the number `next`, none of which may be missing or altered.
fn all_changes(database: &Database, epoch: u64, next: u64) -> Result<Vec<Vec<u8>>, Unusable> {
    let library = |error: redb::Error| damaged(error);
    let transaction = database.begin_read().map_err(|e| library(e.into()))?;
    let table = transaction
        .open_table(CHANGES)
        .map_err(|e| library(e.into()))?;
    let mut changes = Vec::new();
    let mut expected = None;
    for entry in table.iter().map_err(|e| library(e.into()))? {
        let (key, bytes) = entry.map_err(|e| library(e.into()))?;
        let key = key.value();
        let frame = Frame::decode(bytes.value())
            .filter(|frame| frame.place.number == key && frame.place.epoch == epoch);
        match frame.map(|frame| frame.body) {
            Some(Body::Begin(_)) if expected.is_none() => {}
            Some(Body::Change(change)) if expected == Some(key) => changes.push(change.to_vec()),
            Some(Body::Begin(_) | Body::Change(_)) | None => {
                return Err(Unusable::Damaged(format!(
                    "change {key} is not as it was written"
                )));
            }
        }
        expected = Some(key + 1);
    }
    if expected != Some(next) {
        return Err(Unusable::Damaged("changes are missing at its end".into()));
    }
    Ok(changes)
}
