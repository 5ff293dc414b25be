//! What takes time at the door, in threads of its own: checking passwords, which is slow on purpose, and asking others.

mod pool;
mod queue;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use mqttlab_core::broker::AuthRequest;
use mqttlab_core::id::ConnId;

use super::denial::TokenFault;
use super::hook::{Answer, Applicant};
use super::jwt::Bearer;
use super::passwords::{Memory, Verdict};
use super::{Caller, Digested, Rules};
use pool::Pool;
use queue::Waiting;

pub(crate) use pool::Numbers;
pub(super) use queue::Source;

/// Clients that may wait for their turn; more are told that the server is busy.
const WAITING_MAX: usize = 1_024;

/// Threads that check passwords, however many cores there are: each needs memory for it.
const THREADS_MAX: usize = 4;

/// Where questions of one event loop are handed in.
pub(crate) struct Checker {
    /// Whose they are.
    home: usize,
    threads: Arc<Threads>,
}

/// The threads that answer, for all loops.
struct Threads {
    passwords: Pool<Question>,
    hook: Pool<Question>,
    /// Passwords that are checked at once.
    at_once: usize,
    tell: Arc<Tell>,
}

/// Where answers go: to which loop.
type Tell = dyn Fn(usize, Checked) + Send + Sync;

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    /// The broker itself: it checks passwords and tokens.
    Broker,
    Hook,
}

/// How it goes at the two of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checks {
    pub(crate) broker: Numbers,
    pub(crate) hook: Numbers,
}

/// A question of somebody who waits for the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) whom: Whom,
    source: Source,
}

struct Question {
    home: usize,
    rules: Arc<Rules>,
    applicant: Applicant,
    about: About,
}

#[derive(Clone, Copy, PartialEq, Eq)]
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
#[derive(Clone)]
pub(super) enum Outcome {
    /// It is that of the user, or not; this is what to remember it by.
    Password(Digested, Verdict),
    /// It is a good token, or what is wrong with it.
    Token(Result<Bearer, TokenFault>),
    /// There are no keys by which a token could be checked.
    NoKeys,
    /// The hook has answered, or not; this is what to remember it by.
    Hook(Digested, Answer),
    /// Others wait who have asked for less: nobody has looked.
    Busy(Whom),
}

/// Too many wait already.
pub(super) struct Busy;

impl Checker {
    /// Makes a way in for each of so many loops; answers go to `tell`, with the number of the loop. Threads begin with the
    /// first question.
    pub(crate) fn start(
        loops: usize,
        tell: impl Fn(usize, Checked) + Send + Sync + 'static,
    ) -> Vec<Self> {
        let tell: Arc<Tell> = Arc::new(tell);
        let pool = |name| {
            let tell = Arc::clone(&tell);
            Pool::new(name, move |asked, outcome| pass_on(&*tell, asked, outcome))
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = Arc::new(Threads {
            passwords: pool("passwords"),
            hook: pool("hook"),
            at_once: cores.min(THREADS_MAX),
            tell: Arc::clone(&tell),
        });
        let checkers = (0..loops).map(|home| Self {
            home,
            threads: Arc::clone(&threads),
        });
        checkers.collect()
    }

    /// Has it checked whether the password is that of the user.
    pub(super) fn ask(
        &self,
        caller: &Caller<'_>,
        rules: &Arc<Rules>,
        request: &AuthRequest<'_>,
        digest: Digested,
    ) -> Result<Asked, Busy> {
        self.put(caller, rules, request, About::Password(digest))
    }

    /// Has it checked whether the password is a good token.
    pub(super) fn ask_token(
        &self,
        caller: &Caller<'_>,
        rules: &Arc<Rules>,
        request: &AuthRequest<'_>,
    ) -> Result<Asked, Busy> {
        self.put(caller, rules, request, About::Token)
    }

    /// Has the hook asked.
    pub(super) fn ask_hook(
        &self,
        caller: &Caller<'_>,
        rules: &Arc<Rules>,
        request: &AuthRequest<'_>,
        digest: Digested,
    ) -> Result<Asked, Busy> {
        self.put(caller, rules, request, About::Hook(digest))
    }

    fn put(
        &self,
        caller: &Caller<'_>,
        rules: &Arc<Rules>,
        request: &AuthRequest<'_>,
        about: About,
    ) -> Result<Asked, Busy> {
        let (whom, at_once) = match about {
            About::Password(_) | About::Token => (Whom::Broker, self.threads.at_once),
            About::Hook(_) => (Whom::Hook, rules.hook.as_ref().map_or(1, |it| it.at_once)),
        };
        let question = Question {
            home: self.home,
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
        };
        let source = Source::from(caller.address);
        let pool = self.pool(whom);
        if let Some(displaced) = pool.ask(caller.conn, source, question, at_once)? {
            pass_on(&*self.threads.tell, displaced, Outcome::Busy(whom));
        }
        Ok(Asked { whom, source })
    }

    /// Somebody waits no longer: it has gone, or it has waited for too long.
    pub(super) fn give_up(&self, conn: ConnId, asked: Asked, is_late: bool) {
        self.pool(asked.whom).give_up(conn, asked.source, is_late);
    }

    /// How it goes for all loops.
    pub(super) fn numbers(&self) -> Checks {
        Checks {
            broker: self.threads.passwords.numbers(),
            hook: self.threads.hook.numbers(),
        }
    }

    fn pool(&self, whom: Whom) -> &Pool<Question> {
        match whom {
            Whom::Broker => &self.threads.passwords,
            Whom::Hook => &self.threads.hook,
        }
    }
}

/// Tells the loop that has asked.
fn pass_on(tell: &Tell, asked: Waiting<Question>, outcome: Outcome) {
    let Waiting { conn, question, .. } = asked;
    let checked = Checked {
        conn,
        client_id: question.applicant.client_id,
        user: question.applicant.user_name,
        rules: question.rules,
        outcome,
    };
    tell(question.home, checked);
}

impl pool::Question for Question {
    type Outcome = Outcome;

    fn answer(&self, memory: &mut Memory) -> Outcome {
        let Self {
            rules, applicant, ..
        } = self;
        let password = applicant.password.as_deref().unwrap_or_default();
        let door = rules.door(applicant.listener);
        match self.about {
            About::Password(digest) => {
                let user = applicant.user_name.as_deref().unwrap_or_default();
                let passwords = door.passwords.as_ref();
                let verdict = passwords.map_or(Verdict::Unknown, |passwords| {
                    passwords.verify(user, password, memory)
                });
                Outcome::Password(digest, verdict)
            }
            About::Token => match &door.tokens {
                Some(tokens) if !tokens.has_keys() => Outcome::NoKeys,
                Some(tokens) => {
                    Outcome::Token(tokens.verify(applicant.user_name.as_deref(), password))
                }
                None => Outcome::NoKeys,
            },
            About::Hook(digest) => match &rules.hook {
                Some(hook) => Outcome::Hook(digest, hook.ask(applicant)),
                None => Outcome::Hook(digest, Answer::Failed("there is none any more".into())),
            },
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self.about, other.about) {
            (About::Password(one), About::Password(other_one))
            | (About::Hook(one), About::Hook(other_one)) => {
                one == other_one && Arc::ptr_eq(&self.rules, &other.rules)
            }
            (About::Token, _) | (About::Password(_), _) | (About::Hook(_), _) => false,
        }
    }
}
