//! Checking passwords, which is slow on purpose, in a thread of its own.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use mqttlab_core::id::ConnId;

use super::{Caller, Digested, Rules};

/// Clients that may wait for their turn; more are told that the server is busy.
const WAITING_MAX: usize = 1_024;

/// Where passwords are handed in.
pub(crate) struct Checker {
    questions: SyncSender<Question>,
}

struct Question {
    conn: ConnId,
    listener: u16,
    rules: Arc<Rules>,
    user: String,
    password: Vec<u8>,
    digest: Digested,
}

/// What came of a check.
pub(crate) struct Checked {
    pub(crate) conn: ConnId,
    pub(super) rules: Arc<Rules>,
    pub(super) digest: Digested,
    pub(super) right: bool,
}

/// Too many wait already.
pub(super) struct Busy;

impl Checker {
    /// Starts the thread; it hands each answer to `tell`, and ends when the checker is gone.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(tell: impl Fn(Checked) + Send + 'static) -> std::io::Result<Self> {
        let (questions, receiver) = sync_channel(WAITING_MAX);
        std::thread::Builder::new()
            .name("passwords".into())
            .spawn(move || answer(&receiver, tell))?;
        Ok(Self { questions })
    }

    pub(super) fn ask(
        &self,
        caller: &Caller<'_>,
        rules: &Arc<Rules>,
        user: &str,
        password: &[u8],
        digest: Digested,
    ) -> Result<(), Busy> {
        let question = Question {
            conn: caller.conn,
            listener: caller.listener,
            rules: Arc::clone(rules),
            user: user.to_owned(),
            password: password.to_owned(),
            digest,
        };
        self.questions
            .try_send(question)
            .map_err(|error| match error {
                TrySendError::Full(_) | TrySendError::Disconnected(_) => Busy,
            })
    }
}

fn answer(questions: &Receiver<Question>, tell: impl Fn(Checked)) {
    while let Ok(question) = questions.recv() {
        let passwords = question.rules.door(question.listener).passwords.as_ref();
        let right =
            passwords.is_some_and(|passwords| passwords.verify(&question.user, &question.password));
        tell(Checked {
            conn: question.conn,
            rules: question.rules,
            digest: question.digest,
            right,
        });
    }
}
