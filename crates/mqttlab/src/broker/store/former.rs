//! Files in the form that earlier versions wrote: the frames of changes in a redb database, by number.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mqttlab_core::time::Instant;
use redb::{
    Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, StorageBackend,
    TableDefinition,
};

use super::batch::Batch;
use super::file::Unusable;
use super::frame::{Body, Frame};
use super::medium::is_unreadable;

/// What such a file begins with.
pub(super) const MARK: &[u8; 9] = b"redb\x1A\x0A\xA9\x0D\x0A";
/// Frames by number, in their order.
const CHANGES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("changes");
/// Numbers about the file.
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("about");
/// In [`ABOUT`]: the form of the changes.
const FORM_KEY: &str = "format";
/// In [`ABOUT`]: when the last changes were written, in microseconds since 1970.
const CLOCK_KEY: &str = "clock";
/// In [`ABOUT`]: how often the file was opened.
const RUN_KEY: &str = "run";
/// In [`ABOUT`]: the epoch that counts.
const EPOCH_KEY: &str = "epoch";
/// In [`ABOUT`]: the number of the next frame.
const NEXT_KEY: &str = "next";
/// The form of the changes in such files.
const FORM: u64 = 2;

/// Such a file, and what is in it.
pub(super) struct Former {
    /// Nobody else writes it as long as this is there.
    #[expect(dead_code, reason = "it holds the file")]
    database: Database,
    pub(super) changes: Batch,
    /// When the last of them was written.
    pub(super) clock: Instant,
    /// How often it was opened.
    pub(super) run: u32,
}

/// Reads such a file. One that is damaged in an artful way may make the library panic: that is the end of this try and of
/// no more.
pub(super) fn read(storage: impl StorageBackend) -> Result<Former, Unusable> {
    let mut builder = Builder::new();
    // What was altered behind its back is not trusted.
    builder.set_check_integrity_on_open(true);
    let opened = catch_unwind(AssertUnwindSafe(|| {
        read_all(builder.create_with_backend(storage))
    }));
    opened.unwrap_or_else(|_| Err(Unusable::Damaged("reading it fails".into())))
}

fn read_all(opened: Result<Database, DatabaseError>) -> Result<Former, Unusable> {
    let database = opened.map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            Unusable::in_use()
        }
        DatabaseError::Storage(redb::StorageError::Io(error))
            if !is_unreadable(&error)
                && !matches!(
                    error.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                ) =>
        {
            Unusable::Refused(error.to_string())
        }
        other => Unusable::Damaged(other.to_string()),
    })?;
    let number = |key| {
        let value = about(&database, key).map_err(damaged)?;
        value.ok_or_else(|| Unusable::Damaged(format!("it does not say its {key}")))
    };
    match about(&database, FORM_KEY).map_err(damaged)? {
        Some(FORM) => {}
        Some(other) => return Err(Unusable::other_form(other)),
        // Its first broker ended before it wrote anything.
        None => {
            return Ok(Former {
                database,
                changes: Batch::default(),
                clock: Instant::ZERO,
                run: 0,
            });
        }
    }
    let (clock, epoch, next) = (number(CLOCK_KEY)?, number(EPOCH_KEY)?, number(NEXT_KEY)?);
    let run = u32::try_from(number(RUN_KEY)?).unwrap_or(u32::MAX);
    let changes = all_changes(&database, epoch, next)?;
    Ok(Former {
        database,
        changes,
        clock: Instant::from_micros(clock),
        run,
    })
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

/// All changes up to the number `next`, none of which may be missing or altered.
fn all_changes(database: &Database, epoch: u64, next: u64) -> Result<Batch, Unusable> {
    let library = |error: redb::Error| damaged(error);
    let transaction = database.begin_read().map_err(|e| library(e.into()))?;
    let table = transaction
        .open_table(CHANGES)
        .map_err(|e| library(e.into()))?;
    let mut changes = Batch::default();
    let mut expected = None;
    for entry in table.iter().map_err(|e| library(e.into()))? {
        let (key, bytes) = entry.map_err(|e| library(e.into()))?;
        let key = key.value();
        let frame = Frame::split_former(bytes.value())
            .map(|(frame, _)| frame)
            .filter(|frame| frame.place.number == key && frame.place.epoch == epoch);
        match frame.map(|frame| frame.body) {
            Some(Body::Begin(_)) if expected.is_none() => {}
            Some(Body::Change(change)) if expected == Some(key) => changes.push_encoded(change),
            Some(Body::Begin(_) | Body::Change(_) | Body::Commit(..)) | None => {
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
