//! The file: what it says of itself, and then changes, each in a frame, one behind the other.
//!
//! What is written together is followed by its commit, so that of a commit there is all or nothing after a crash. Ahead of
//! the frames there are zeros, for which the disk has given its room already: a commit is one write and one wait. When the
//! file is written anew that is done beside what counts, before it or behind it, and then the beginning of the file says
//! which of them counts.

use std::fs;
use std::io;
use std::path::Path;

use mqttlab_core::time::Instant;
use redb::backends::FileBackend;

use super::batch::Batch;
use super::contents::{self, Contents};
use super::copy::Copy;
use super::failpoint::{Point, pass};
use super::folder;
use super::former::{self, Former};
use super::frame::{self, Body, Frame, Place};
use super::header::{self, End, Found, Header};
use super::medium::{Medium, is_unreadable};
use super::salvage::salvage;
use super::tidy::Extent;
use crate::failure::why;

/// The file grows by a part of itself, and by no less and no more than this.
const GROWTH_MIN: u64 = 64 << 10;
const GROWTH_MAX: u64 = 4 << 20;
/// What the disk hands out.
const BLOCK: u64 = 4 << 10;
/// So many zeros are written at once.
const ZEROS: usize = 64 << 10;

/// The open file.
pub(super) struct File {
    medium: Box<dyn Medium>,
    header: Header,
    /// Where the next frame goes, and its number.
    end: End,
    /// How many frames there are in this epoch.
    count: u64,
    /// Nothing has failed so far.
    is_sound: bool,
}

/// A file and what was in it.
pub(super) struct Read {
    pub(super) file: File,
    /// The changes, in their order.
    pub(super) changes: Batch,
    /// When the last of them was written.
    pub(super) clock: Instant,
}

/// Whether a file was written anew.
#[derive(Debug)]
pub(super) enum Rewritten {
    Done,
    /// It is as it was: the disk has no room for both.
    NoRoom(io::Error),
}

/// Why a file cannot be used.
#[derive(Debug)]
pub(super) enum Unusable {
    /// It is in use, or may not be read or written; another try may succeed.
    Refused(String),
    /// Its content makes no sense.
    Damaged(String),
}

/// Why the file of a path cannot be used.
#[derive(Debug)]
pub(super) enum Unopened {
    /// As of [`Unusable`].
    Refused(String),
    /// The same, with the file: as long as that is open no other broker takes it.
    Damaged(String, fs::File),
}

impl From<Unusable> for Unopened {
    /// Before there is a file nothing of it is damaged.
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Refused(why) | Unusable::Damaged(why) => Self::Refused(why),
        }
    }
}

impl From<io::Error> for Unopened {
    fn from(error: io::Error) -> Self {
        Self::Refused(why(&error))
    }
}

impl Unusable {
    pub(super) fn in_use() -> Self {
        Self::Refused("another broker uses it".into())
    }

    pub(super) fn other_form(form: u64) -> Self {
        let own = header::FORM;
        Self::Refused(format!(
            "it was written by another version of this program (form {form}, this one knows {own})"
        ))
    }
}

impl From<io::Error> for Unusable {
    /// What the disk does not give out any more is as good as altered.
    fn from(error: io::Error) -> Self {
        if is_unreadable(&error) {
            Self::Damaged(why(&error))
        } else {
            Self::Refused(why(&error))
        }
    }
}

impl File {
    /// Opens the file, or makes it. One that an earlier version has written is put into the form of this one.
    pub(super) fn open(path: &Path) -> Result<Read, Unopened> {
        let file = folder::open(path)?;
        let held = file.try_clone()?;
        open_or_convert(path, file).map_err(|why| match why {
            Unusable::Refused(why) => Unopened::Refused(why),
            Unusable::Damaged(why) => Unopened::Damaged(why, held),
        })
    }

    /// The same on any medium, in the form of this version.
    pub(super) fn open_on(medium: impl Medium + 'static) -> Result<Read, Unusable> {
        let mut bytes = vec![0; usize::try_from(medium.length()?).unwrap_or(usize::MAX)];
        medium.read(0, &mut bytes)?;
        let medium = Box::new(medium);
        if let Some((header, contents)) = look(&bytes)? {
            return Ok(go_on(medium, header, &contents, &bytes)?);
        }
        let clock = Instant::ZERO;
        Ok(Read {
            file: Self::create(medium, 1, Batch::default(), clock)?,
            changes: Batch::default(),
            clock,
        })
    }

    /// A new file with these changes.
    pub(super) fn create(
        medium: Box<dyn Medium>,
        run: u32,
        changes: Batch,
        now: Instant,
    ) -> io::Result<Self> {
        let file = getrandom::u64().map_err(io::Error::other)?;
        let start = header::LENGTH as u64;
        medium.set_length(start)?;
        let header = Header {
            number: 0,
            run,
            file,
            epoch: 0,
            start,
            length: start,
            clock: now,
            closed: None,
        };
        let mut file = Self {
            medium,
            header,
            end: End { at: start, next: 0 },
            count: 0,
            is_sound: true,
        };
        match file.rewrite(changes, now)? {
            Rewritten::Done => Ok(file),
            Rewritten::NoRoom(error) => Err(error),
        }
    }

    /// How much is in the file: frames, and the bytes that they take up.
    pub(super) fn extent(&self) -> Extent {
        Extent {
            count: self.count,
            bytes: self.end.at - self.header.start,
        }
    }

    /// Adds changes and waits until they are on the disk.
    pub(super) fn append(&mut self, changes: Batch, now: Instant) -> io::Result<()> {
        self.is_sound = false;
        pass(Point::AppendBefore)?;
        let (first, count) = (self.end.next, changes.extent().count);
        let next = first + count;
        let mut frames = changes.into_frames();
        frame::seal(&mut frames, self.place(first));
        let without_commit = frames.len();
        let commit = Frame {
            place: self.place(next),
            body: Body::Commit(first, now),
        };
        commit.encode_to(&mut frames);
        let at = self.end.at;
        let end = at + frames.len() as u64;
        self.make_room(end).map_err(|no_room| match no_room {
            NoRoom::Left(error) | NoRoom::Failed(error) => error,
        })?;
        if cfg!(debug_assertions) {
            // In two steps, so that it can fail in between.
            self.medium.write(at, &frames[..without_commit])?;
            pass(Point::AppendWritten)?;
            let at = at + without_commit as u64;
            self.medium.write(at, &frames[without_commit..])?;
        } else {
            self.medium.write(at, &frames)?;
        }
        self.medium.sync()?;
        pass(Point::AppendAfter)?;
        self.end = End { at: end, next };
        self.count += count;
        self.is_sound = true;
        Ok(())
    }

    /// Puts changes in place of all that is there, and waits until they are on the disk.
    pub(super) fn rewrite(&mut self, changes: Batch, now: Instant) -> io::Result<Rewritten> {
        self.is_sound = false;
        pass(Point::RewriteBefore)?;
        let (first, count) = (self.end.next, changes.extent().count);
        let old = self.header;
        let epoch = (old.epoch + 1).max(u64::from(old.run) << 32);
        let place = |number| Place {
            file: old.file,
            epoch,
            run: old.run,
            number,
        };
        let begin = Frame {
            place: place(first),
            body: Body::Begin(count),
        };
        let begin = begin.encode();
        let mut frames = changes.into_frames();
        frame::seal(&mut frames, place(first + 1));
        let size = (begin.len() + frames.len()) as u64;
        // Beside what counts: before it if there is room, and else behind it.
        let front = header::LENGTH as u64;
        let is_in_front = size <= old.start - front;
        let start = if is_in_front { front } else { self.end.at };
        let end = start + size;
        match self.make_room(end) {
            Ok(()) => {}
            Err(NoRoom::Left(error)) => {
                self.is_sound = true;
                return Ok(Rewritten::NoRoom(error));
            }
            Err(NoRoom::Failed(error)) => return Err(error),
        }
        self.medium.write(start, &begin)?;
        self.medium.write(start + begin.len() as u64, &frames)?;
        self.medium.sync()?;
        pass(Point::RewriteWritten)?;
        self.header.epoch = epoch;
        self.header.start = start;
        self.header.clock = now;
        if is_in_front {
            // Behind it is what went before.
            self.header.length = end;
        }
        if self.header.number == 0 {
            // There are two of them from the beginning, the second when the first is there for certain.
            self.write_header()?;
            self.medium.sync()?;
        }
        self.write_header()?;
        self.medium.sync()?;
        if is_in_front {
            self.medium.set_length(end)?;
        }
        pass(Point::RewriteAfter)?;
        let next = first + 1 + count;
        self.end = End { at: end, next };
        self.count = count + 1;
        self.is_sound = true;
        Ok(Rewritten::Done)
    }

    fn place(&self, number: u64) -> Place {
        let Header {
            file, epoch, run, ..
        } = self.header;
        Place {
            file,
            epoch,
            run,
            number,
        }
    }

    /// Has the file so long, and somewhat longer where it must grow and there is room.
    fn make_room(&mut self, length: u64) -> Result<(), NoRoom> {
        let old = self.header.length;
        if length <= old {
            return Ok(());
        }
        let wanted = grown(length);
        self.header.length = match self.grow(wanted) {
            Ok(()) => wanted,
            Err(NoRoom::Left(_)) => self.grow(length).map(|()| length)?,
            Err(failed) => return Err(failed),
        };
        if self.header.number > 0 {
            // It never says that the file is longer than it is.
            self.medium.sync()?;
            pass(Point::Grown)?;
            self.write_header()?;
        }
        Ok(())
    }

    /// Adds zeros, all of them or none.
    fn grow(&self, length: u64) -> Result<(), NoRoom> {
        let old = self.header.length;
        self.medium.set_length(length)?;
        wipe(&*self.medium, old, length).or_else(|error| {
            if !is_full(&error) {
                return Err(NoRoom::Failed(error));
            }
            // Others need the room.
            self.medium.set_length(old)?;
            Err(NoRoom::Left(error))
        })
    }

    fn write_header(&mut self) -> io::Result<()> {
        self.header.number = self.header.number.saturating_add(1);
        self.medium
            .write(self.header.place(), &self.header.encode())
    }
}

/// Why a file does not grow.
enum NoRoom {
    /// The disk is full, and the file is as it was.
    Left(io::Error),
    /// Nobody knows how it is.
    Failed(io::Error),
}

impl From<io::Error> for NoRoom {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};

    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

impl Drop for File {
    /// Says that there is nothing behind what counts.
    fn drop(&mut self) {
        if self.is_sound {
            self.header.closed = Some(self.end);
            // If that fails it is as if the program had crashed.
            let _ = self.write_header().and_then(|()| self.medium.sync());
        }
    }
}

/// How long the file is to be where something ends there.
fn grown(end: u64) -> u64 {
    let growth = (end / 4).clamp(GROWTH_MIN, GROWTH_MAX);
    (end + growth).next_multiple_of(BLOCK)
}

/// Writes zeros.
fn wipe(medium: &dyn Medium, from: u64, end: u64) -> io::Result<()> {
    let zeros = vec![0; ZEROS];
    for at in (from..end).step_by(ZEROS) {
        let count = (end - at).min(ZEROS as u64) as usize;
        medium.write(at, &zeros[..count])?;
    }
    Ok(())
}

/// What is in a file, which stays as it is: its changes, and when the last of them was written.
pub(super) fn peek(bytes: &[u8]) -> Result<(Batch, Instant), Unusable> {
    if bytes.starts_with(former::MARK) {
        let Former { changes, clock, .. } = former::read(Copy::of(bytes.to_vec()))?;
        return Ok((changes, clock));
    }
    Ok(match look(bytes)? {
        Some((header, contents)) => (batch(&contents), header.clock.max(contents.clock)),
        None => (Batch::default(), Instant::ZERO),
    })
}

fn open_or_convert(path: &Path, file: fs::File) -> Result<Read, Unusable> {
    let mut mark = [0; former::MARK.len()];
    if file.length()? >= mark.len() as u64 {
        Medium::read(&file, 0, &mut mark)?;
    }
    if mark == *former::MARK {
        convert(path, file)
    } else {
        File::open_on(file)
    }
}

/// Puts a new file in the place of one that an earlier version has written.
fn convert(path: &Path, file: fs::File) -> Result<Read, Unusable> {
    let storage = FileBackend::new(file).map_err(|error| Unusable::Refused(error.to_string()))?;
    let former = former::read(storage)?;
    let (run, changes) = (former.run.saturating_add(1), former.changes.clone());
    let (file, ()) = folder::put_in_place(path, run, changes, former.clock, |_| Ok(()))?;
    tracing::info!(store = %path.display(), form = header::FORM, "the store is in a new form");
    Ok(Read {
        file,
        changes: former.changes,
        clock: former.clock,
    })
}

/// What the bytes of a file say; `None` where it is new.
fn look(bytes: &[u8]) -> Result<Option<(Header, Contents<'_>)>, Unusable> {
    let missing = || Unusable::Damaged("changes are missing at its end".into());
    let header = match Header::find(bytes) {
        Found::Good(header) => header,
        Found::Other(form) => return Err(Unusable::other_form(form.into())),
        Found::Nothing if salvage(bytes).changes.is_empty() => return Ok(None),
        Found::Nothing | Found::Damaged => {
            let why = "its beginning is not as it was written";
            return Err(Unusable::Damaged(why.into()));
        }
    };
    let (Ok(start), Ok(length)) = (header.start.try_into(), header.length.try_into()) else {
        return Err(missing());
    };
    if bytes.len() < length {
        return Err(missing());
    }
    let frames: &[u8] = bytes
        .get::<std::ops::RangeFrom<usize>>(start..)
        .ok_or_else(missing)?;
    let contents = contents::read(frames, &header).map_err(Unusable::Damaged)?;
    Ok(Some((header, contents)))
}

fn batch(contents: &Contents<'_>) -> Batch {
    let mut changes = Batch::default();
    for change in &contents.changes {
        changes.push_encoded(change);
    }
    changes
}

/// A file that was used before.
fn go_on(
    medium: Box<dyn Medium>,
    header: Header,
    contents: &Contents<'_>,
    bytes: &[u8],
) -> io::Result<Read> {
    let end = contents.end(&header);
    let is_closed = header.closed.is_some();
    let mut file = File {
        medium,
        header: Header {
            run: header.run.saturating_add(1),
            // Where nobody closed it, more may lie behind the end than zeros: there it is cut off.
            length: if is_closed { header.length } else { end.at },
            closed: None,
            ..header
        },
        end,
        count: contents.changes.len() as u64 + 1,
        is_sound: true,
    };
    if let Some(last) = contents.last.filter(|_| !is_closed) {
        // The system shows it also where it has failed to put it on the disk.
        let at = header.start + last as u64;
        let commit = &bytes[at as usize..end.at as usize];
        file.medium.write(at, commit)?;
    }
    pass(Point::GoOn)?;
    file.write_header()?;
    file.medium.sync()?;
    if !is_closed {
        file.medium.set_length(end.at)?;
    }
    Ok(Read {
        file,
        changes: batch(contents),
        clock: header.clock.max(contents.clock),
    })
}
