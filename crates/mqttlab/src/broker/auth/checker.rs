//! What takes time at the door, in threads of its own: checking passwords, which is slow on purpose, and asking others.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use mqttlab_core::broker::AuthRequest;
use mqttlab_core::id::ConnId;

use super::hook::{Answer, Applicant};
use super::jwt::Bearer;
use super::{Caller, Digested, Rules};

/// Clients that may wait for their turn; more are told that the server is busy.
const WAITING_MAX: usize = 1_024;

/// Requests to the hook at once.
const ASKED_AT_ONCE: usize = 8;

/// Where questions of one event loop are handed in.
pub(crate) struct Checker {
    /// Whose they are.
    home: usize,
    threads: Arc<Threads>,
}

/// The threads that answer, for all loops.
struct Threads {
    questions: SyncSender<Question>,
    tell: Arc<Tell>,
    /// Where those for the hook are; its threads are there once it is asked.
    for_hook: Mutex<Option<SyncSender<Question>>>,
}

/// Where answers go: to which loop.
type Tell = dyn Fn(usize, Checked) + Send + Sync;

struct Question {
    home: usize,
    conn: ConnId,
    rules: Arc<Rules>,
    applicant: Applicant,
    about: About,
}

enum About {
    /// Whether the password is that of the user; this is what to remember it by.
    Password(Digested),
    /// Whether the password is a good token.
    Token,
    /// What the hook says; this is what to remember it by.
    Hook(Digested),
}

/// What came of a check.
pub(crate) struct Checked {
    pub(crate) conn: ConnId,
    pub(crate) client_id: String,
    /// The User Name that it sent.
    pub(crate) user: Option<String>,
    pub(super) rules: Arc<Rules>,
    pub(super) outcome: Outcome,
}

/// What a password is worth.
pub(super) enum Outcome {
    Wrong,
    /// It is that of the user; this is what to remember it by.
    Right(Digested),
    /// It is a good token.
    Bearer(Bearer),
    /// There are no keys by which a token could be checked.
    NoKeys,
    /// The hook has answered, or not; this is what to remember it by.
    Hook(Digested, Answer),
}

impl Question {
    fn new(
        home: usize,
        caller: &Caller<'_>,
        rules: &Arc<Rules>,
        request: &AuthRequest<'_>,
        about: About,
    ) -> Self {
        Self {
            home,
            conn: caller.conn,
            rules: Arc::clone(rules),
            applicant: Applicant {
                client_id: request.client_id.to_owned(),
                user_name: request.user_name.map(ToOwned::to_owned),
                password: request.password.map(ToOwned::to_owned),
                version: request.version.to_string(),
                address: caller.address.map(|address| address.to_string()),
                listener: caller.listener,
            },
            about,
        }
    }
}

/// Too many wait already.
pub(super) struct Busy;

impl Checker {
    /// Starts the thread, which ends when nobody asks any more. Each of so many loops gets its own way in; answers go to
    /// `tell`, with the number of the loop.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(
        loops: usize,
        tell: impl Fn(usize, Checked) + Send + Sync + 'static,
    ) -> std::io::Result<Vec<Self>> {
        let (questions, receiver) = sync_channel(WAITING_MAX);
        let tell: Arc<Tell> = Arc::new(tell);
        start(receiver, 1, "passwords", &tell)?;
        let threads = Arc::new(Threads {
            questions,
            tell,
            for_hook: Mutex::new(None),
        });
        let checkers = (0..loops).map(|home| Self {
            home,
            threads: Arc::clone(&threads),
        });
        Ok(checkers.collect())
    }

    /// Has it checked whether the password is that of the user.
    pub(super) fn ask(
        &self,
        caller: &Caller<'_>,
        rules: &Arc<Rules>,
        request: &AuthRequest<'_>,
        digest: Digested,
    ) -> Result<(), Busy> {
        let question = Question::new(self.home, caller, rules, request, About::Password(digest));
        send(&self.threads.questions, question)
    }

    /// Has it checked whether the password is a good token.
    pub(super) fn ask_token(
        &self,
        caller: &Caller<'_>,
        rules: &Arc<Rules>,
        request: &AuthRequest<'_>,
    ) -> Result<(), Busy> {
        let question = Question::new(self.home, caller, rules, request, About::Token);
        send(&self.threads.questions, question)
    }

    /// Has the hook asked.
    pub(super) fn ask_hook(
        &self,
        caller: &Caller<'_>,
        rules: &Arc<Rules>,
        request: &AuthRequest<'_>,
        digest: Digested,
    ) -> Result<(), Busy> {
        let question = Question::new(self.home, caller, rules, request, About::Hook(digest));
        let threads = &self.threads;
        let mut for_hook = threads
            .for_hook
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let queue = match &*for_hook {
            Some(queue) => queue,
            None => {
                let (queue, receiver) = sync_channel(WAITING_MAX);
                start(receiver, ASKED_AT_ONCE, "hook", &threads.tell).map_err(|_| Busy)?;
                for_hook.insert(queue)
            }
        };
        send(queue, question)
    }
}

fn send(queue: &SyncSender<Question>, question: Question) -> Result<(), Busy> {
    queue.try_send(question).map_err(|error| match error {
        TrySendError::Full(_) | TrySendError::Disconnected(_) => Busy,
    })
}

/// So many threads that answer from one queue.
fn start(
    queue: Receiver<Question>,
    threads: usize,
    name: &str,
    tell: &Arc<Tell>,
) -> std::io::Result<()> {
    let queue = Arc::new(Mutex::new(queue));
    for _ in 0..threads {
        let (queue, tell) = (Arc::clone(&queue), Arc::clone(tell));
        std::thread::Builder::new()
            .name(name.into())
            .spawn(move || answer(&queue, &*tell))?;
    }
    Ok(())
}

fn answer(queue: &Mutex<Receiver<Question>>, tell: &Tell) {
    loop {
        // Nothing is done with the lock in hand but to wait for the next question.
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(question) = next else { return };
        let outcome = look_at(&question);
        let checked = Checked {
            conn: question.conn,
            client_id: question.applicant.client_id,
            user: question.applicant.user_name,
            rules: question.rules,
            outcome,
        };
        tell(question.home, checked);
    }
}

fn look_at(question: &Question) -> Outcome {
    let Question {
        rules, applicant, ..
    } = question;
    let password = applicant.password.as_deref().unwrap_or_default();
    match &question.about {
        About::Password(digest) => {
            let passwords = rules.door(applicant.listener).passwords.as_ref();
            let user = applicant.user_name.as_deref().unwrap_or_default();
            let right = passwords.is_some_and(|it| it.verify(user, password));
            if right {
                Outcome::Right(*digest)
            } else {
                Outcome::Wrong
            }
        }
        About::Token => match &rules.door(applicant.listener).tokens {
            Some(tokens) if !tokens.has_keys() => Outcome::NoKeys,
            Some(tokens) => tokens
                .verify(applicant.user_name.as_deref(), password)
                .map_or(Outcome::Wrong, Outcome::Bearer),
            None => Outcome::Wrong,
        },
        About::Hook(digest) => match &rules.hook {
            Some(hook) => Outcome::Hook(*digest, hook.ask(applicant)),
            None => Outcome::Wrong,
        },
    }
}
