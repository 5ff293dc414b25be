//! Checking passwords, which is slow on purpose, in a thread of its own.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use mqttlab_core::broker::AuthRequest;
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
    client_id: String,
    user: Option<String>,
    password: Vec<u8>,
    /// To remember a password by; a token is checked each time.
    digest: Option<Digested>,
}

impl Question {
    fn new(
        caller: &Caller<'_>,
        rules: &Arc<Rules>,
        request: &AuthRequest<'_>,
        password: &[u8],
    ) -> Self {
        Self {
            conn: caller.conn,
            listener: caller.listener,
            rules: Arc::clone(rules),
            client_id: request.client_id.to_owned(),
            user: request.user_name.map(ToOwned::to_owned),
            password: password.to_owned(),
            digest: None,
        }
    }
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
    /// It is a token about this user.
    Named(String),
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
        request: &AuthRequest<'_>,
        password: &[u8],
        digest: Digested,
    ) -> Result<(), Busy> {
        self.send(Question {
            digest: Some(digest),
            ..Question::new(caller, rules, request, password)
        })
    }

    pub(super) fn ask_token(
        &self,
        caller: &Caller<'_>,
        rules: &Arc<Rules>,
        request: &AuthRequest<'_>,
        token: &[u8],
    ) -> Result<(), Busy> {
        self.send(Question::new(caller, rules, request, token))
    }

    fn send(&self, question: Question) -> Result<(), Busy> {
        self.questions
            .try_send(question)
            .map_err(|error| match error {
                TrySendError::Full(_) | TrySendError::Disconnected(_) => Busy,
            })
    }
}

fn answer(questions: &Receiver<Question>, tell: impl Fn(Checked)) {
    while let Ok(question) = questions.recv() {
        let outcome = look_at(&question);
        tell(Checked {
            conn: question.conn,
            client_id: question.client_id,
            user: question.user,
            rules: question.rules,
            outcome,
        });
    }
}

fn look_at(question: &Question) -> Outcome {
    let rules = &question.rules;
    match (question.digest, &question.user) {
        (Some(digest), Some(user)) => {
            let passwords = rules.door(question.listener).passwords.as_ref();
            let right = passwords.is_some_and(|it| it.verify(user, &question.password));
            if right {
                Outcome::Right(digest)
            } else {
                Outcome::Wrong
            }
        }
        (Some(_), None) => Outcome::Wrong,
        (None, user) => {
            let tokens = rules.tokens.as_ref();
            let name = tokens.and_then(|it| it.verify(user.as_deref(), &question.password));
            name.map_or(Outcome::Wrong, Outcome::Named)
        }
    }
}
