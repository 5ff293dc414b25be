//! Threads that answer questions, as many as there is work for.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mqttlab_core::id::ConnId;

use super::super::passwords::Memory;
use super::queue::{Queue, Source, Waiting};
use super::{Busy, WAITING_MAX};

/// A question that may be asked by several at once.
pub(super) trait Question: Send + 'static {
    type Outcome: Clone;

    /// Answers it; takes long.
    fn answer(&self, memory: &mut Memory) -> Self::Outcome;

    /// Whether the answer to one is the answer to the other.
    fn is_same(&self, other: &Self) -> bool;
}

/// How it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// Who waits for an answer now, without those whose question is being answered.
    pub(crate) waiting: u64,
    /// How long the first of them has waited.
    pub(crate) longest: Duration,
    /// Those who were answered.
    pub(crate) answered: u64,
    /// How long they had waited for that, all together.
    pub(crate) waited: Duration,
    /// Those who went away while they waited.
    pub(crate) gone: u64,
    /// Those who waited for too long.
    pub(crate) late: u64,
    /// Those for whom there was no room.
    pub(crate) busy: u64,
}

/// Whom to tell what came of it.
type Tell<Q> = dyn Fn(Waiting<Q>, <Q as Question>::Outcome) + Send + Sync;

/// The threads. They begin when they are needed and end with this.
pub(super) struct Pool<Q: Question> {
    name: &'static str,
    shared: Arc<Shared<Q>>,
}

struct Shared<Q: Question> {
    state: Mutex<State<Q>>,
    /// Somebody waits, or it is over.
    more: Condvar,
    tell: Box<Tell<Q>>,
}

struct State<Q> {
    queue: Queue<Q>,
    threads: usize,
    threads_max: usize,
    /// Threads that have nothing to do, and those that answer.
    idle: usize,
    working: usize,
    numbers: Numbers,
    is_over: bool,
}

impl<Q: Question> Shared<Q> {
    fn lock(&self) -> MutexGuard<'_, State<Q>> {
        // Nothing that can fail is done with the lock in hand.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q: Question> Pool<Q> {
    pub(super) fn new(
        name: &'static str,
        tell: impl Fn(Waiting<Q>, Q::Outcome) + Send + Sync + 'static,
    ) -> Self {
        let state = State {
            queue: Queue::new(WAITING_MAX),
            threads: 0,
            threads_max: 0,
            idle: 0,
            working: 0,
            numbers: Numbers::default(),
            is_over: false,
        };
        Self {
            name,
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                more: Condvar::new(),
                tell: Box::new(tell),
            }),
        }
    }

    /// Has somebody's question answered, by one of so many threads at most. Whoever made room for it is handed back.
    ///
    /// # Errors
    /// When too many wait, or there is no thread.
    pub(super) fn ask(
        &self,
        conn: ConnId,
        source: Source,
        question: Q,
        threads_max: usize,
    ) -> Result<Option<Waiting<Q>>, Busy> {
        let mut state = self.shared.lock();
        state.threads_max = threads_max;
        let newcomer = Waiting {
            conn,
            source,
            since: Instant::now(),
            question,
        };
        let Ok(displaced) = state.queue.push(newcomer) else {
            state.numbers.busy += 1;
            return Err(Busy);
        };
        state.numbers.busy += u64::from(displaced.is_some());
        if state.queue.len() <= state.idle {
            self.shared.more.notify_one();
        } else if state.threads < threads_max {
            let shared = Arc::clone(&self.shared);
            let thread = std::thread::Builder::new().name(self.name.into());
            match thread.spawn(move || work(&shared)) {
                Ok(_) => state.threads += 1,
                Err(_) if state.threads > 0 => {}
                Err(_) => {
                    state.queue.remove(source, conn);
                    state.numbers.busy += 1;
                    return Err(Busy);
                }
            }
        }
        Ok(displaced)
    }

    /// Somebody waits no longer: it has gone, or it has waited for too long.
    pub(super) fn give_up(&self, conn: ConnId, source: Source, is_late: bool) {
        let mut state = self.shared.lock();
        state.queue.remove(source, conn);
        match is_late {
            true => state.numbers.late += 1,
            false => state.numbers.gone += 1,
        }
    }

    pub(super) fn numbers(&self) -> Numbers {
        let state = self.shared.lock();
        let oldest = state.queue.oldest();
        Numbers {
            waiting: state.queue.len() as u64,
            longest: oldest.map_or(Duration::ZERO, |since| since.elapsed()),
            ..state.numbers
        }
    }
}

impl<Q: Question> Drop for Pool<Q> {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.more.notify_all();
    }
}

/// What a thread does.
fn work<Q: Question>(shared: &Shared<Q>) {
    let mut memory = Memory::default();
    while let Some(asked) = next(shared) {
        let place = Place(shared);
        let outcome = asked.question.answer(&mut memory);
        std::mem::forget(place);
        let mut state = shared.lock();
        let same = state.queue.take(|other| asked.question.is_same(other));
        let all = [&asked].into_iter().chain(&same);
        state.numbers.answered += all.clone().count() as u64;
        state.numbers.waited += all.map(|it| it.since.elapsed()).sum::<Duration>();
        state.working -= 1;
        drop(state);
        for other in same {
            (shared.tell)(other, outcome.clone());
        }
        (shared.tell)(asked, outcome);
    }
}

/// The place of a thread that answers. A panic gives it back, so that another thread can begin.
struct Place<'a, Q: Question>(&'a Shared<Q>);

impl<Q: Question> Drop for Place<'_, Q> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.working -= 1;
        state.threads -= 1;
    }
}

/// Waits for the next question; `None` when the thread is not needed any more.
fn next<Q: Question>(shared: &Shared<Q>) -> Option<Waiting<Q>> {
    let mut state = shared.lock();
    loop {
        if state.is_over {
            return None;
        }
        // Those who are at work look for more before they rest.
        if state.working < state.threads_max
            && let Some(next) = state.queue.next()
        {
            state.working += 1;
            return Some(next);
        }
        if state.threads > state.threads_max {
            state.threads -= 1;
            return None;
        }
        state.idle += 1;
        let woken = shared.more.wait(state);
        state = woken.unwrap_or_else(PoisonError::into_inner);
        state.idle -= 1;
    }
}
