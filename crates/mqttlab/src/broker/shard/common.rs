//! What all event loops know together: who is kept out, how many there are of whom, and how many connections.
//!
//! Each is touched once or twice in the life of a connection, never by a message; no lock is held while anything waits.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::bans::Bans;
use super::books::Books;
use super::manners::Manners;
use super::post::Lines;
use super::room::Held;

/// What all event loops of a broker share.
pub(super) struct Common {
    bans: Mutex<Bans>,
    books: Mutex<Books>,
    /// Connections by listener.
    by_listener: Box<[AtomicU32]>,
    /// How many connections and sessions the brokers have.
    pub(super) held: Arc<Held>,
    /// How many connections there have ever been.
    opened: AtomicU64,
    /// How many there are, also on their way from one loop to another.
    open: AtomicUsize,
    pub(super) lines: Arc<Lines>,
    /// Letters that were sent and are not done with.
    letters: AtomicUsize,
    /// Loops that only open letters any more, before they end.
    quiet: AtomicUsize,
    /// A loop has failed.
    broken: AtomicBool,
}

impl Common {
    pub(super) fn new(loops: usize, listeners: usize, manners: &Manners, bans: Bans) -> Self {
        Self {
            bans: Mutex::new(bans),
            books: Mutex::new(Books::new(manners)),
            by_listener: (0..listeners).map(|_| AtomicU32::new(0)).collect(),
            held: Arc::default(),
            opened: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            lines: Arc::new(Lines::new(loops)),
            letters: AtomicUsize::new(0),
            quiet: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
        }
    }

    /// Who is kept out.
    pub(super) fn bans(&self) -> MutexGuard<'_, Bans> {
        // A loop that panics ends the program; until then the others go on with what is there.
        self.bans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are of whom, and what they do too often.
    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a connection that was taken in. Says which it is: the first is 1.
    pub(super) fn enter(&self, listener: u16) -> u64 {
        self.by_listener[usize::from(listener)].fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        self.opened.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A connection is forgotten.
    pub(super) fn leave(&self, listener: u16) {
        self.by_listener[usize::from(listener)].fetch_sub(1, Ordering::Relaxed);
        self.open.fetch_sub(1, Ordering::Release);
    }

    /// How many connections a listener has.
    pub(super) fn of_listener(&self, listener: u16) -> u32 {
        self.by_listener[usize::from(listener)].load(Ordering::Relaxed)
    }

    /// So many letters are on their way.
    pub(super) fn sent(&self, letters: usize) {
        self.letters.fetch_add(letters, Ordering::SeqCst);
    }

    /// So many are done with, and what was to be written because of them was sent.
    pub(super) fn opened(&self, letters: usize) {
        self.letters.fetch_sub(letters, Ordering::SeqCst);
    }

    /// How many are on their way.
    pub(super) fn letters(&self) -> usize {
        self.letters.load(Ordering::Relaxed)
    }

    /// One more loop only opens letters.
    pub(super) fn quieten(&self) {
        self.quiet.fetch_add(1, Ordering::SeqCst);
    }

    /// A loop has failed: the others need not wait for it.
    pub(super) fn break_up(&self) {
        self.broken.store(true, Ordering::SeqCst);
    }

    /// Whether no loop of so many will ever have a letter again.
    pub(super) fn is_quiet(&self, loops: usize) -> bool {
        let all = self.quiet.load(Ordering::SeqCst) == loops;
        all && self.letters.load(Ordering::SeqCst) == 0 || self.broken.load(Ordering::SeqCst)
    }

    /// How many connections there are.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }
}
