//! What survives a crash: the changes of durable state, in a file.
//!
//! The file holds the changes in their order; played again they make the broker that was. All changes of a round are one
//! transaction, and nothing that the broker says in the round is written to a socket before it is on the disk. When most
//! of what the file holds is out of date it is written anew from the broker itself.

mod record;
#[cfg(test)]
mod tests;

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use mqttlab_core::broker::{Broker, Change, Config as BrokerConfig};
use mqttlab_core::time::Instant;
use redb::{Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};

use crate::Failure;
use record::{Decoder, Encoder};

/// Changes by number, in their order.
const CHANGES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("changes");
/// Numbers about the file.
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("about");
/// In [`ABOUT`]: the form of the changes.
const FORMAT_KEY: &str = "format";
/// In [`ABOUT`]: when the last changes were written, in microseconds since 1970.
const CLOCK_KEY: &str = "clock";
/// The form of the changes that this program writes.
const FORMAT: u64 = 1;
/// With fewer changes it is not worth it to write the file anew.
const TIDY_MIN: u64 = 10_000;
/// Memory for pages of the file.
const CACHE_BYTES: usize = 8 << 20;

/// The file while the broker runs.
pub(crate) struct Store {
    database: Database,
    encoder: Encoder,
    /// Changes of this round, encoded.
    pending: Vec<Vec<u8>>,
    /// The number of the next change.
    next: u64,
    /// The number of the first change in the file.
    first: u64,
    tidy_at: u64,
}

/// A store with the broker that it kept.
pub(crate) struct Opened {
    pub(crate) store: Store,
    pub(crate) broker: Broker,
    /// Now, on the time line of the file.
    pub(crate) now: Instant,
}

/// Why a file cannot be used.
enum Unusable {
    /// It is in use, or may not be read or written; another try may succeed.
    Refused(String),
    /// Its content makes no sense.
    Damaged(String),
}

impl Store {
    /// Opens the file, or makes it, and brings back the broker.
    ///
    /// A damaged file never keeps the broker from starting: it is moved aside, and that is said in the log.
    ///
    /// # Errors
    /// When the file is in use or the system does not let it be read and written.
    pub(crate) fn open(path: &Path, config: BrokerConfig, seed: u64) -> Result<Opened, Failure> {
        let complain = |why| Failure::usage(format!("--store {}: {why}", path.display()));
        match try_open(path, &config, seed) {
            Ok(opened) => Ok(opened),
            Err(Unusable::Refused(why)) => Err(complain(why)),
            Err(Unusable::Damaged(why)) => {
                let aside = move_aside(path).map_err(|error| complain(error.to_string()))?;
                tracing::error!(
                    store = %path.display(), moved_to = %aside.display(), %why,
                    "the store is damaged: sessions and retained messages begin anew"
                );
                try_open(path, &config, seed).map_err(|unusable| match unusable {
                    Unusable::Refused(why) | Unusable::Damaged(why) => complain(why),
                })
            }
        }
    }

    /// Takes note of a change; it is on the disk after the next [`commit`](Self::commit).
    pub(crate) fn note(&mut self, change: &Change<'_>) {
        self.pending.push(self.encoder.encode(change));
    }

    /// Puts what was noted on the disk. Afterwards it is there whatever happens to the machine.
    ///
    /// # Errors
    /// When that fails. Nothing that depends on it may be said to anybody, and no second try can make it good.
    pub(crate) fn commit(&mut self, now: Instant) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending);
        let count = pending.len() as u64;
        append(&self.database, self.next, &pending, now).map_err(io::Error::other)?;
        self.next += count;
        Ok(())
    }

    /// Writes the file anew if most of it is out of date.
    ///
    /// # Errors
    /// When that fails.
    pub(crate) fn tidy(&mut self, broker: &Broker, now: Instant) -> io::Result<()> {
        if self.next - self.first < self.tidy_at {
            return Ok(());
        }
        self.encoder = Encoder::default();
        let mut changes = Vec::new();
        broker.snapshot(|change| {
            if is_kept(change) {
                changes.push(self.encoder.encode(change));
            }
        });
        // What was noted since the last commit is in the snapshot.
        self.pending.clear();
        rewrite(&self.database, &changes, now).map_err(io::Error::other)?;
        self.first = 0;
        self.next = changes.len() as u64;
        self.tidy_at = tidy_at(self.next);
        Ok(())
    }
}

/// Whether a change is worth a place on the disk: what the broker says of itself is not.
pub(crate) fn is_kept(change: &Change<'_>) -> bool {
    match change {
        Change::Retained { message } => !message.topic.starts_with("$SYS/"),
        Change::RetainedRemoved { topic } => !topic.starts_with("$SYS/"),
        Change::SessionStarted { .. }
        | Change::SessionExpiry { .. }
        | Change::SessionEnded { .. }
        | Change::Subscribed { .. }
        | Change::Unsubscribed { .. }
        | Change::Queued { .. }
        | Change::Sent { .. }
        | Change::Dropped { .. }
        | Change::Released { .. }
        | Change::Completed { .. }
        | Change::Received { .. }
        | Change::ReceiveCompleted { .. }
        | Change::WillSet { .. }
        | Change::WillRemoved { .. } => true,
    }
}

fn tidy_at(live: u64) -> u64 {
    TIDY_MIN.max(live.saturating_mul(2))
}

fn try_open(path: &Path, config: &BrokerConfig, seed: u64) -> Result<Opened, Unusable> {
    let database = open_database(path)?;
    let kept = read(&database)?;
    let now = Instant::from_micros(kept.clock.max(wall_clock()));
    let mut decoder = Decoder::default();
    let records: Vec<_> = kept
        .changes
        .iter()
        .filter_map(|bytes| decoder.decode(bytes))
        .collect();
    let lost = kept.changes.len() - records.len();
    if lost > 0 {
        tracing::error!(
            lost,
            "changes in the store could not be read and are left out"
        );
    }
    let changes = records.iter().filter_map(record::Record::change);
    let broker = Broker::restore(config.clone(), seed, now, changes);
    let live = {
        let mut live = 0;
        broker.snapshot(|_| live += 1);
        live
    };
    let store = Store {
        database,
        encoder: Encoder::default(),
        pending: Vec::new(),
        next: kept.next,
        first: kept.first,
        tidy_at: tidy_at(live),
    };
    Ok(Opened { store, broker, now })
}

/// Microseconds since 1970.
fn wall_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros() as u64)
}

fn open_database(path: &Path) -> Result<Database, Unusable> {
    let refused = |error: io::Error| Unusable::Refused(error.to_string());
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    // Messages are nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(refused)?;
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder.create(path).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            Unusable::Refused("another broker uses it".into())
        }
        DatabaseError::Storage(redb::StorageError::Io(error))
            if error.kind() != io::ErrorKind::InvalidData =>
        {
            Unusable::Refused(error.to_string())
        }
        other => Unusable::Damaged(other.to_string()),
    })
}

/// What a file holds.
struct Kept {
    changes: Vec<Vec<u8>>,
    clock: u64,
    first: u64,
    next: u64,
}

fn read(database: &Database) -> Result<Kept, Unusable> {
    let format = about(database, FORMAT_KEY).map_err(damaged)?;
    match format {
        None => {
            prepare(database).map_err(damaged)?;
            return Ok(Kept {
                changes: Vec::new(),
                clock: 0,
                first: 0,
                next: 0,
            });
        }
        Some(FORMAT) => {}
        Some(other) => {
            return Err(Unusable::Refused(format!(
                "it was written by another version of this program (form {other}, this one knows {FORMAT})"
            )));
        }
    }
    changes(database).map_err(damaged)
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

fn prepare(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(ABOUT)?.insert(FORMAT_KEY, FORMAT)?;
    transaction.open_table(CHANGES)?;
    Ok(transaction.commit()?)
}

fn changes(database: &Database) -> Result<Kept, redb::Error> {
    let clock = about(database, CLOCK_KEY)?.unwrap_or(0);
    let transaction = database.begin_read()?;
    let table = transaction.open_table(CHANGES)?;
    let mut kept = Kept {
        changes: Vec::new(),
        clock,
        first: 0,
        next: 0,
    };
    for entry in table.iter()? {
        let (number, bytes) = entry?;
        if kept.changes.is_empty() {
            kept.first = number.value();
        }
        kept.next = number.value() + 1;
        kept.changes.push(bytes.value().to_owned());
    }
    Ok(kept)
}

fn append(
    database: &Database,
    first: u64,
    changes: &[Vec<u8>],
    now: Instant,
) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut table = transaction.open_table(CHANGES)?;
        for (number, bytes) in (first..).zip(changes) {
            table.insert(number, &bytes[..])?;
        }
        transaction
            .open_table(ABOUT)?
            .insert(CLOCK_KEY, now.as_micros())?;
    }
    Ok(transaction.commit()?)
}

fn rewrite(database: &Database, changes: &[Vec<u8>], now: Instant) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.delete_table(CHANGES)?;
    {
        let mut table = transaction.open_table(CHANGES)?;
        for (number, bytes) in (0..).zip(changes) {
            table.insert(number, &bytes[..])?;
        }
        transaction
            .open_table(ABOUT)?
            .insert(CLOCK_KEY, now.as_micros())?;
    }
    Ok(transaction.commit()?)
}

/// Gives a damaged file another name, under which somebody may look into it.
fn move_aside(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".corrupt-{}", wall_clock() / 1_000_000));
    let aside = path.with_file_name(name);
    fs::rename(path, &aside)?;
    Ok(aside)
}
