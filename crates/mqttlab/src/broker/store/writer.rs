//! A thread that writes, so that clients need not wait while the disk does.
//!
//! All event loops have one thread: what they hand in while it writes makes its next transaction together, in the order
//! in which it came, so that what one loop does because of another is never kept without its cause. When the file is to be
//! written anew, each loop hands in all that it keeps, and when all of that is there it takes the place of what was there.

use std::io;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant as Clock};

use mqttlab_core::time::Instant;

use super::batch::Batch;
use super::file::{File, Rewritten};
use super::folder::Name;
use super::tidy::{Extent, is_mostly_live, put_off, tidy_at};

const ENDED: &str = "the thread that writes has ended";
/// How often is looked whether the file is where it was, also while nothing is written.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Something to write.
pub(super) enum Job {
    /// These changes, behind those that are there.
    Append(Batch, Instant),
    /// These too, which need not be on the disk before the next job of this loop: no answer comes.
    Defer(Batch, Instant),
    /// All that one loop keeps, to be written in place of what is there. The changes that are in it and were not handed
    /// over yet are written first, where changes are written one by one: the disk may have no room for all.
    Snapshot(Batch, Option<Batch>, Instant),
    /// The same, where all of it is on the disk already: no answer comes.
    Copy(Batch, Instant),
}

/// What a loop has to say.
enum Order {
    Write(Job),
    /// It has ended.
    Leave,
}

/// What all loops and the thread know of the file.
pub(super) struct Book {
    /// How much is in the file, and with how much it is written anew.
    extent: Shared,
    tidy_at: Shared,
    /// Whose snapshot is wanted.
    wanted: Box<[AtomicBool]>,
    stage: Mutex<Stage>,
    pub(super) commits: AtomicU64,
    pub(super) rewrites: AtomicU64,
    /// Why writing has failed.
    failure: OnceLock<String>,
}

/// An [`Extent`] that one thread writes and others read.
#[derive(Default)]
struct Shared {
    count: AtomicU64,
    bytes: AtomicU64,
}

impl Shared {
    fn new(extent: Extent) -> Self {
        let shared = Self::default();
        shared.set(extent);
        shared
    }

    fn set(&self, extent: Extent) {
        self.count.store(extent.count, Ordering::Relaxed);
        self.bytes.store(extent.bytes, Ordering::Relaxed);
    }

    fn get(&self) -> Extent {
        Extent {
            count: self.count.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}

/// Whether the file can be written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Free,
    /// It is about to be.
    Gathering,
    /// A loop has ended: it cannot any more.
    Left,
}

impl Book {
    /// Whether this loop is to hand in a snapshot, where it would add so much otherwise.
    pub(super) fn wants_snapshot(&self, of: usize, adding: Extent) -> bool {
        if self.wanted[of].load(Ordering::Acquire) {
            return true;
        }
        let (all, tidy_at) = (self.extent.get() + adding, self.tidy_at.get());
        let is_much = all.count >= tidy_at.count || all.bytes >= tidy_at.bytes;
        adding.count > 0 && is_much && self.begin()
    }

    /// So much of the file counts, of so much as is there: it is not to be written anew before it has grown.
    pub(super) fn put_off(&self, of: usize, all: Extent, live: Extent) {
        self.tidy_at.set(put_off(all, live));
        self.given(of);
        self.end();
    }

    /// Wants a snapshot of everybody, if all are there.
    fn begin(&self) -> bool {
        let mut stage = self.stage();
        if *stage != Stage::Free {
            return false;
        }
        *stage = Stage::Gathering;
        for wanted in &self.wanted {
            wanted.store(true, Ordering::Release);
        }
        true
    }

    /// The file is written anew.
    fn end(&self) {
        let mut stage = self.stage();
        if *stage == Stage::Gathering {
            *stage = Stage::Free;
        }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This loop has handed in its snapshot.
    pub(super) fn given(&self, of: usize) {
        self.wanted[of].store(false, Ordering::Release);
    }

    /// Whether a snapshot of this loop is wanted.
    pub(super) fn is_wanted(&self, of: usize) -> bool {
        self.wanted[of].load(Ordering::Acquire)
    }

    /// A loop ends, unless its snapshot is still wanted.
    pub(super) fn leave(&self, of: usize) -> bool {
        let mut stage = self.stage();
        let may_leave = !self.is_wanted(of);
        if may_leave {
            *stage = Stage::Left;
        }
        may_leave
    }

    /// How much is in the file.
    pub(super) fn extent(&self) -> Extent {
        self.extent.get()
    }

    /// Why nothing is written any more, where that is so.
    pub(super) fn failure(&self) -> Option<io::Error> {
        let failure = self.failure.get();
        failure.map(|why| io::Error::other(why.clone()))
    }
}

/// The thread, from one event loop.
pub(super) struct Writer {
    number: usize,
    pub(super) book: Arc<Book>,
    /// Gone before the thread is waited for.
    orders: Option<Sender<(usize, Order)>>,
    done: Receiver<io::Result<()>>,
    #[expect(dead_code, reason = "the file is closed with the last of them")]
    thread: Arc<Thread>,
}

/// The last one to let go of it waits until the file is closed.
struct Thread(Option<JoinHandle<()>>);

/// The thread, from inside.
struct Desk<W> {
    file: File,
    name: Name,
    looked_at: Clock,
    book: Arc<Book>,
    orders: Receiver<(usize, Order)>,
    /// Where each loop hears how its job ended, and how it is woken.
    loops: Vec<(Sender<io::Result<()>>, W)>,
    /// What the file is written anew from, as far as it is there.
    snapshots: Vec<Option<Given>>,
    /// What came from those whose snapshots are there already.
    after: Batch,
    /// What need not be written yet, and when it came.
    deferred: Batch,
    deferred_at: Instant,
    /// Who has ended.
    left: Vec<bool>,
}

/// A snapshot, and whether its loop waits for it.
struct Given {
    changes: Batch,
    is_awaited: bool,
    /// All of it is in the file already.
    is_there: bool,
}

impl Writer {
    /// Starts it for so many loops as there are in `wakes`. Each of these is called whenever there is something for
    /// [`poll`](Self::poll), or a snapshot is wanted.
    pub(super) fn start<W: Fn() + Send + 'static>(
        file: File,
        name: Name,
        tidy_at: Extent,
        wakes: Vec<W>,
    ) -> io::Result<Vec<Self>> {
        let (sender, orders) = channel();
        let book = Arc::new(Book {
            extent: Shared::new(file.extent()),
            tidy_at: Shared::new(tidy_at),
            wanted: wakes.iter().map(|_| AtomicBool::new(false)).collect(),
            stage: Mutex::new(Stage::Free),
            commits: AtomicU64::new(0),
            rewrites: AtomicU64::new(0),
            failure: OnceLock::new(),
        });
        let (tells, heard): (Vec<_>, Vec<_>) = wakes.iter().map(|_| channel()).unzip();
        let desk = Desk {
            file,
            name,
            looked_at: Clock::now(),
            book: Arc::clone(&book),
            orders,
            snapshots: wakes.iter().map(|_| None).collect(),
            left: vec![false; wakes.len()],
            after: Batch::default(),
            deferred: Batch::default(),
            deferred_at: Instant::ZERO,
            loops: tells.into_iter().zip(wakes).collect(),
        };
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || Ended(desk).0.run())?;
        let thread = Arc::new(Thread(Some(thread)));
        let writers = heard.into_iter().enumerate().map(|(number, done)| Self {
            number,
            book: Arc::clone(&book),
            orders: Some(sender.clone()),
            done,
            thread: Arc::clone(&thread),
        });
        Ok(writers.collect())
    }

    /// Which loop's it is.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// Hands it a job.
    pub(super) fn write(&self, job: Job) {
        self.order(Order::Write(job));
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // If it has ended, that shows when the outcome is asked for.
            let _ = orders.send((self.number, order));
        }
    }

    /// How the next of the jobs under way ended, if it has.
    pub(super) fn poll(&self) -> Option<io::Result<()>> {
        match self.done.try_recv() {
            Ok(done) => Some(done),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(self.ended())),
        }
    }

    /// Waits until the next of them has ended.
    pub(super) fn wait(&self) -> io::Result<()> {
        self.done.recv().unwrap_or_else(|_| Err(self.ended()))
    }

    fn ended(&self) -> io::Error {
        let failure = self.book.failure();
        failure.unwrap_or_else(|| io::Error::other(ENDED))
    }
}

impl<W: Fn()> Desk<W> {
    fn run(&mut self) {
        let mut orders = Vec::new();
        loop {
            let until_look = LOOK_EVERY.saturating_sub(self.looked_at.elapsed());
            match self.orders.recv_timeout(until_look) {
                Ok(first) => orders.push(first),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // What came meanwhile goes along.
            orders.extend(self.orders.try_iter());
            let done = self.look().and_then(|()| self.obey(&mut orders));
            if let Err(error) = done {
                // No second try can make good what failed, and whoever goes on would only make it worse.
                let _ = self.book.failure.set(error.to_string());
                return;
            }
        }
    }

    /// Looks whether the file is where it was, if it is time to.
    fn look(&mut self) -> io::Result<()> {
        if self.looked_at.elapsed() < LOOK_EVERY {
            return Ok(());
        }
        self.looked_at = Clock::now();
        self.name.check()
    }

    fn obey(&mut self, orders: &mut Vec<(usize, Order)>) -> io::Result<()> {
        let (mut changes, mut writing) = (mem::take(&mut self.deferred), Vec::new());
        let mut at = self.deferred_at;
        let mut is_due = false;
        for (from, order) in orders.drain(..) {
            match order {
                Order::Write(Job::Append(more, now)) => {
                    at = at.max(now);
                    is_due = true;
                    writing.push(from);
                    self.collect(from, &mut changes, more);
                }
                Order::Write(Job::Defer(more, now)) => {
                    at = at.max(now);
                    self.collect(from, &mut changes, more);
                }
                Order::Write(Job::Snapshot(all, noted, now)) => {
                    at = at.max(now);
                    is_due = true;
                    let is_there = noted.is_some();
                    self.collect(from, &mut changes, noted.unwrap_or_default());
                    self.snapshots[from] = Some(Given {
                        changes: all,
                        is_awaited: true,
                        is_there,
                    });
                }
                Order::Write(Job::Copy(all, now)) => {
                    at = at.max(now);
                    is_due = true;
                    // What came since an earlier one is in it; played twice it would be wrong. So the first one stays.
                    self.snapshots[from].get_or_insert(Given {
                        changes: all,
                        is_awaited: false,
                        is_there: true,
                    });
                }
                Order::Leave => {
                    is_due = true;
                    self.left[from] = true;
                }
            }
        }
        if !is_due {
            (self.deferred, self.deferred_at) = (changes, at);
            return Ok(());
        }
        if !changes.is_empty() {
            self.file.append(changes, at)?;
            self.book.commits.fetch_add(1, Ordering::Relaxed);
            self.book.extent.set(self.file.extent());
        }
        self.tell(writing);
        if self.snapshots.iter().any(Option::is_some) {
            self.write_anew(at)?;
        }
        Ok(())
    }

    /// Puts what a loop wants written behind what is there to be written.
    fn collect(&mut self, from: usize, changes: &mut Batch, more: Batch) {
        if self.snapshots[from].is_some() {
            self.after.append(more.clone());
        }
        changes.append(more);
    }

    /// Writes the file anew if everybody's snapshot is there, and asks those whose is not.
    fn write_anew(&mut self, at: Instant) -> io::Result<()> {
        let snapshots = self.snapshots.iter().enumerate();
        let missing = snapshots.filter(|(_, snapshot)| snapshot.is_none());
        let missing: Vec<_> = missing.map(|(number, _)| number).collect();
        if missing.iter().any(|&number| self.left[number]) {
            return Err(io::Error::other("an event loop has ended too early"));
        }
        if !missing.is_empty() {
            missing.iter().for_each(|&number| (self.loops[number].1)());
            return Ok(());
        }
        let given = self.snapshots.iter_mut().filter_map(mem::take);
        let (mut all, mut awaited, mut is_there) = (Batch::default(), Vec::new(), true);
        for (number, given) in given.enumerate() {
            all.append(given.changes);
            awaited.extend(given.is_awaited.then_some(number));
            is_there &= given.is_there;
        }
        let (all_live, after) = (all.extent(), mem::take(&mut self.after));
        let extent = self.file.extent();
        if awaited.is_empty() && is_mostly_live(extent, all_live) {
            // All of it is in the file already.
            self.book.tidy_at.set(put_off(extent, all_live));
            self.book.end();
            return Ok(());
        }
        all.append(after);
        let tidy_at = match self.file.rewrite(all, at)? {
            Rewritten::Done => {
                self.book.rewrites.fetch_add(1, Ordering::Relaxed);
                tidy_at(self.file.extent())
            }
            Rewritten::NoRoom(error) if !is_there => return Err(error),
            Rewritten::NoRoom(error) => {
                tracing::warn!(%error, "the disk has no room to write the store anew: it grows");
                // Another try is worth it when there is much more.
                let extent = self.file.extent();
                extent + extent
            }
        };
        let book = &self.book;
        book.commits.fetch_add(1, Ordering::Relaxed);
        book.extent.set(self.file.extent());
        book.tidy_at.set(tidy_at);
        book.end();
        self.tell(awaited);
        Ok(())
    }

    /// The jobs of these loops are done.
    fn tell(&self, loops: impl IntoIterator<Item = usize>) {
        for number in loops {
            let (tell, wake) = &self.loops[number];
            // Whoever has ended waits for nothing.
            let _ = tell.send(Ok(()));
            wake();
        }
    }
}

/// The thread, from inside, with an end: nobody must wait for it in vain.
struct Ended<W: Fn()>(Desk<W>);

impl<W: Fn()> Drop for Ended<W> {
    fn drop(&mut self) {
        let _ = self.0.book.failure.set(ENDED.into());
        self.0.loops.iter().for_each(|(_, wake)| wake());
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.order(Order::Leave);
        self.orders = None;
    }
}

impl Drop for Thread {
    /// Waits until the file is closed.
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // It has told how it failed, or panicked and said so itself.
            let _ = thread.join();
        }
    }
}
