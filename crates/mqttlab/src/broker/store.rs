//! What survives a crash: the changes of durable state, in a file.
//!
//! The file holds the changes in their order; played again they make the broker that was. A thread of its own writes
//! them: what comes up while it writes makes its next transaction, and what the broker says meanwhile is held back until
//! the changes behind it are on the disk. When most of what the file holds is out of date it is written anew from the
//! broker itself.
//!
//! A damaged file never keeps the broker from starting: it is moved aside, what can be read of it is brought back, and
//! the damage is said in the log and the metrics.

mod batch;
pub(crate) mod command;
mod contents;
mod copy;
mod failpoint;
mod file;
mod folder;
mod foreign;
mod former;
mod frame;
mod header;
mod medium;
mod record;
mod salvage;
mod state;
#[cfg(test)]
mod tests;
mod tidy;
mod writer;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mqttlab_core::broker::{Broker, Change};
use mqttlab_core::time::Instant;
use serde::{Deserialize, Serialize};

use super::bans::{Ban, Bans, Whom};
use crate::Failure;
use crate::failure::why;
use batch::Batch;
use file::{File, Unopened, Unusable};
use folder::{Name, others_may};
use medium::read_what_can_be;
use record::{Encoder, Record};
use salvage::Found;
pub(crate) use state::{Plan, is_kept};
use state::{State, live, restore, snapshot};
use tidy::{Extent, is_mostly_live, tidy_at};
use writer::{Job, Writer};

/// More bytes than that do not wait for the disk: then clients do.
const WAITING_BYTES_MAX: usize = 16 << 20;
/// Without waiting for acknowledgements, so much is written before the time for it has come.
const EARLY_BYTES: usize = 1 << 20;
/// What nobody waits for is on the disk after so long at most, with whatever comes by then.
const PATIENCE: Duration = Duration::from_millis(10);

/// When changes are on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Durability {
    /// Before what depends on them is said to anybody
    #[default]
    Commit,
    /// After some time: a crash takes back what was acknowledged since
    Interval,
    /// When the broker stops: a crash takes back everything since it started
    None,
}

/// What becomes of the broker when the disk fails it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnFailure {
    /// It goes on without sessions that last, and without QoS 1 and 2
    #[default]
    ServeQos0,
    /// It ends
    Stop,
}

/// The file in a folder that is given in place of a file.
const FILE_NAME: &str = "broker.redb";

/// The file that a path means: that itself, or one in it where it is a folder, or ends as one does.
pub(crate) fn file_at(path: &Path) -> PathBuf {
    if is_folder(path) {
        path.join(FILE_NAME)
    } else {
        path.to_owned()
    }
}

fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

/// How to keep what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    pub(crate) durability: Durability,
    /// For [`Durability::Interval`].
    pub(crate) interval: Duration,
    pub(crate) on_failure: OnFailure,
}

/// A file that was opened, with the broker that it kept.
pub(crate) struct Opened {
    pub(crate) kept: Kept,
    /// One for each event loop.
    pub(crate) brokers: Vec<Broker>,
    /// Now, on the time line of the file.
    pub(crate) now: Instant,
}

/// The file before the event loop has it.
pub(crate) struct Kept {
    file: File,
    name: Name,
    bans: Bans,
    tidy_at: Extent,
    salvaged: bool,
}

/// The file while the broker runs, as one event loop sees it.
pub(crate) struct Store {
    writer: Writer,
    /// Other loops write too.
    is_shared: bool,
    manner: Manner,
    encoder: Encoder,
    /// Those that the file keeps.
    bans: Bans,
    /// Changes that were not handed to the thread yet, encoded.
    pending: Batch,
    /// Something that the broker said, or is about to say, waits for them.
    is_awaited: bool,
    /// Jobs that the thread was given, and those that it has done.
    begun: u64,
    done: u64,
    /// Bytes of those under way.
    flying: VecDeque<usize>,
    /// When changes are handed over for which nobody waits; `None` while there are none.
    due: Option<Instant>,
    /// Bytes that the thread has and does not write before that.
    deferred: usize,
    /// Changes that were handed over.
    changes: u64,
    salvaged: bool,
}

/// What the store did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// Changes that were written.
    pub(crate) changes: u64,
    /// Transactions that they took.
    pub(crate) commits: u64,
    /// How often the file was written anew.
    pub(crate) rewrites: u64,
    /// Changes that wait for the disk.
    pub(crate) waiting: u64,
    /// The file was damaged when the broker started.
    pub(crate) salvaged: bool,
    /// Writing has failed; nothing is written any more.
    pub(crate) failed: bool,
}

impl Numbers {
    /// Adds what another event loop did with the same file.
    pub(crate) fn add(&mut self, other: &Self) {
        self.changes += other.changes;
        self.waiting += other.waiting;
        self.commits = self.commits.max(other.commits);
        self.rewrites = self.rewrites.max(other.rewrites);
        self.failed |= other.failed;
    }
}

/// Opens the file, or makes it, and brings back the broker.
///
/// # Errors
/// When the file is in use or the system does not let it be read and written.
pub(crate) fn open(path: &Path, plan: &Plan<'_>) -> Result<Opened, Failure> {
    let complain = |why| Failure::usage(format!("store {}: {why}", path.display()));
    let failed = |error: io::Error| complain(why(&error));
    if is_folder(path) {
        folder::make(path).map_err(failed)?;
    }
    let path = &file_at(path);
    let (why, file) = match File::open(path) {
        Ok(read) => {
            let name = Name::of(path).map_err(failed)?;
            if let Some(mode) = others_may(&fs::metadata(path).map_err(failed)?) {
                // They may be meant to.
                tracing::warn!(
                    store = %path.display(), mode = format!("{mode:o}"),
                    "others may read the store, with all messages; chmod 600 keeps them out"
                );
            }
            return Ok(bring_back(read, name, plan));
        }
        Err(Unopened::Refused(why)) => return Err(complain(why)),
        Err(Unopened::Damaged(why, file)) => (why, file),
    };
    let bytes = read_what_can_be(&file).map_err(failed)?;
    if let Some(complaint) = foreign::complaint(&bytes) {
        return Err(complain(complaint));
    }
    let found = salvage::salvage(&bytes);
    // Until another one is in its place the damaged file has its name, and nobody else takes it.
    let seconds = wall_clock() / 1_000_000;
    let keep = |path: &Path| folder::keep_aside(path, &bytes, seconds);
    let (opened, aside) = start_anew(path, plan, &found, keep).map_err(complain)?;
    drop(file);
    tracing::error!(
        store = %path.display(), kept_as = %aside.display(), why,
        found = found.changes.len(), lost = found.lost,
        "the store is damaged: what could be read of it is brought back"
    );
    Ok(opened)
}

fn bring_back(read: file::Read, name: Name, plan: &Plan<'_>) -> Opened {
    let (state, now) = State::of(&read.changes, read.clock, plan);
    let kept = Kept {
        tidy_at: tidy_at(state.live(now)),
        file: read.file,
        name,
        bans: state.bans,
        salvaged: false,
    };
    let brokers = state.brokers;
    Opened { kept, brokers, now }
}

/// A new file with what was found in a damaged one, which `before` keeps.
fn start_anew<R>(
    path: &Path,
    plan: &Plan<'_>,
    found: &Found,
    before: impl FnOnce(&Path) -> io::Result<R>,
) -> Result<(Opened, R), String> {
    let now = Instant::from_micros(wall_clock());
    let state = restore(plan, now, found);
    let put = folder::put_in_place(path, 1, state.snapshot(now), now, before);
    let (file, kept_as) = put.map_err(|unusable| match unusable {
        Unusable::Refused(why) | Unusable::Damaged(why) => why,
    })?;
    let kept = Kept {
        tidy_at: tidy_at(file.extent()),
        file,
        name: Name::of(path).map_err(|error| error.to_string())?,
        bans: state.bans,
        salvaged: true,
    };
    let brokers = state.brokers;
    Ok((Opened { kept, brokers, now }, kept_as))
}

impl Store {
    /// Goes on with the file in a thread, for so many event loops as there are in `wakes`. Each of these is called whenever
    /// the store of its loop has something to do in [`settle`](Self::settle) or [`hand_over`](Self::hand_over).
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start<W: Fn() + Send + 'static>(
        kept: Kept,
        manner: Manner,
        wakes: Vec<W>,
    ) -> io::Result<Vec<Self>> {
        let is_shared = wakes.len() > 1;
        let mut bans = kept.bans;
        let writers = Writer::start(kept.file, kept.name, kept.tidy_at, wakes)?;
        let stores = writers.into_iter().map(|writer| Self {
            writer,
            is_shared,
            manner,
            encoder: Encoder::default(),
            // The first keeps those of all.
            bans: mem::take(&mut bans),
            pending: Batch::default(),
            is_awaited: false,
            begun: 0,
            done: 0,
            flying: VecDeque::new(),
            due: None,
            deferred: 0,
            changes: 0,
            salvaged: kept.salvaged,
        });
        Ok(stores.collect())
    }

    /// Takes note of a change.
    pub(crate) fn note(&mut self, change: &Change<'_>) {
        if self.writes_changes() {
            self.encoder.encode(change, &mut self.pending);
            self.is_awaited |= !is_told_again(change);
        }
    }

    /// The bans that are kept.
    pub(crate) fn bans(&self) -> &Bans {
        &self.bans
    }

    /// Takes note of a ban, for which there is room.
    pub(crate) fn note_ban(&mut self, whom: Whom, ban: Ban, now: Instant) {
        if self.writes_changes() {
            let record = Record::Banned(Cow::Borrowed(&whom), Cow::Borrowed(&ban));
            self.pending.push(&record);
            self.is_awaited = true;
        }
        // These are the same as those of the caller, which took it.
        let _ = self.bans.insert(whom, ban, now);
    }

    /// Takes note that a ban was lifted.
    pub(crate) fn note_lifted(&mut self, whom: &Whom) {
        if self.writes_changes() {
            self.pending.push(&Record::BanLifted(Cow::Borrowed(whom)));
            self.is_awaited = true;
        }
        self.bans.remove(whom);
    }

    /// Whether changes are written one by one.
    fn writes_changes(&self) -> bool {
        match self.manner.durability {
            Durability::Commit | Durability::Interval => true,
            Durability::None => false,
        }
    }

    /// Whether what the broker says now may leave at once.
    #[inline]
    pub(crate) fn is_settled(&self) -> bool {
        match self.manner.durability {
            Durability::Commit => !self.is_writing() && self.pending.is_empty(),
            Durability::Interval | Durability::None => true,
        }
    }

    /// What the broker says now may leave when [`done`](Self::done) is as large as this; so there is something that waits
    /// for what was noted.
    pub(crate) fn needed(&mut self) -> u64 {
        match self.manner.durability {
            Durability::Commit => {
                self.is_awaited |= !self.pending.is_empty();
                self.begun + u64::from(!self.pending.is_empty())
            }
            Durability::Interval | Durability::None => 0,
        }
    }

    /// How many jobs are done: it grows with [`settle`](Self::settle) and [`hand_over`](Self::hand_over).
    pub(crate) fn done(&self) -> u64 {
        self.done
    }

    /// When [`hand_over`](Self::hand_over) has something to do, though nothing happens.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due.filter(|_| !self.is_writing())
    }

    /// Hands what was noted to the thread, if it is free and the time has come; at once where `is_urgent`, because other
    /// loops are about to hear of it.
    ///
    /// # Errors
    /// When writing has failed. Nothing that waits may be said to anybody, now or ever.
    pub(crate) fn hand_over(
        &mut self,
        broker: &Broker,
        now: Instant,
        is_urgent: bool,
    ) -> io::Result<()> {
        let is_wanted = self.writer.book.is_wanted(self.writer.number());
        if self.pending.is_empty() && self.deferred == 0 && !is_wanted {
            return Ok(());
        }
        if self.is_writing() {
            let waiting = self.pending_bytes() + self.flying.iter().sum::<usize>();
            if waiting > WAITING_BYTES_MAX {
                self.wait()?;
            } else if !is_urgent {
                return Ok(());
            }
        }
        let is_early = self.pending_bytes() + self.deferred < EARLY_BYTES && !is_wanted;
        let patience = match self.manner.durability {
            Durability::Interval => Some(self.manner.interval),
            Durability::Commit => (!self.is_awaited && !is_urgent).then_some(PATIENCE),
            Durability::None => None,
        };
        if let Some(patience) = patience.filter(|_| is_early)
            && now < *self.due.get_or_insert(now + patience)
        {
            if is_urgent {
                self.defer(now);
            }
            return Ok(());
        }
        self.due = None;
        self.write(broker, now);
        Ok(())
    }

    /// Hands over what was noted before its time: it keeps its place among what others note.
    fn defer(&mut self, now: Instant) {
        if !self.pending.is_empty() {
            self.deferred += self.pending_bytes();
            let changes = self.take_pending();
            self.writer.write(Job::Defer(changes, now));
        }
    }

    /// Looks which jobs have ended, so that what waited for them may leave.
    ///
    /// # Errors
    /// When writing has failed. Nothing that waits may be said to anybody, now or ever.
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        if let Some(error) = self.writer.book.failure() {
            return Err(error);
        }
        while self.is_writing()
            && let Some(done) = self.writer.poll()
        {
            done?;
            self.note_done();
        }
        Ok(())
    }

    /// Writes all that is still to be written, and waits until it is on the disk.
    ///
    /// # Errors
    /// When that fails.
    pub(crate) fn finish(&mut self, broker: &Broker, now: Instant) -> io::Result<()> {
        // What comes now is not to be written before what was handed over.
        self.wait()?;
        if self.manner.durability == Durability::None {
            self.rewrite(broker, now);
        } else if !self.pending.is_empty() || self.deferred > 0 {
            self.write(broker, now);
        }
        while !self.writer.book.leave(self.writer.number()) {
            self.write(broker, now);
        }
        self.wait()
    }

    /// What becomes of the broker when the disk fails it.
    pub(crate) fn on_failure(&self) -> OnFailure {
        self.manner.on_failure
    }

    pub(crate) fn numbers(&self) -> Numbers {
        let book = &self.writer.book;
        Numbers {
            changes: self.changes,
            commits: book.commits.load(Ordering::Relaxed),
            rewrites: book.rewrites.load(Ordering::Relaxed),
            waiting: self.pending.extent().count,
            salvaged: self.salvaged,
            failed: false,
        }
    }

    fn pending_bytes(&self) -> usize {
        self.pending.extent().bytes as usize
    }

    fn is_writing(&self) -> bool {
        self.done < self.begun
    }

    fn wait(&mut self) -> io::Result<()> {
        while self.is_writing() {
            self.writer.wait()?;
            self.note_done();
        }
        Ok(())
    }

    fn note_done(&mut self) {
        self.done += 1;
        self.flying.pop_front();
    }

    fn write(&mut self, broker: &Broker, now: Instant) {
        let (number, adding) = (self.writer.number(), self.pending.extent());
        let mut is_wanted = self.writer.book.wants_snapshot(number, adding);
        if is_wanted && !self.is_shared {
            let live = live(broker, &self.bans, now);
            let all = self.writer.book.extent() + adding;
            if is_mostly_live(all, live) {
                self.writer.book.put_off(number, all, live);
                is_wanted = false;
            } else {
                return self.rewrite(broker, now);
            }
        }
        if !self.pending.is_empty() || self.deferred > 0 {
            self.deferred = 0;
            let bytes = self.pending_bytes();
            let changes = self.take_pending();
            self.start_job(Job::Append(changes, now), bytes);
        }
        if is_wanted {
            // What other loops do because of these changes may be kept before theirs takes the place of all.
            let copy = snapshot(broker, &self.bans, now);
            self.writer.book.given(number);
            self.writer.write(Job::Copy(copy, now));
        }
    }

    /// Writes the file anew.
    fn rewrite(&mut self, broker: &Broker, now: Instant) {
        // What was noted is in the snapshot too; alone it is written for where the disk has no room for that.
        let noted = self.writes_changes().then(|| self.take_pending());
        // What comes now is behind one or the other.
        self.encoder = Encoder::default();
        let changes = snapshot(broker, &self.bans, now);
        self.changes += changes.extent().count;
        self.writer.book.given(self.writer.number());
        self.start_job(Job::Snapshot(changes, noted, now), 0);
    }

    fn start_job(&mut self, job: Job, bytes: usize) {
        self.begun += 1;
        self.flying.push_back(bytes);
        self.writer.write(job);
    }

    fn take_pending(&mut self) -> Batch {
        self.changes += self.pending.extent().count;
        if self.is_shared {
            // What others write comes in between: nothing may refer to what was before.
            self.encoder = Encoder::default();
        }
        self.is_awaited = false;
        mem::take(&mut self.pending)
    }
}

/// Whether a change may be without an answer: a crash that takes it back, with nothing said since, is as if the client's
/// word had been on its way still.
fn is_told_again(change: &Change<'_>) -> bool {
    matches!(change, Change::Completed { .. })
}

/// Microseconds since 1970.
fn wall_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros() as u64)
}
