//! What the rest of the program wants from the event loops, and they from each other.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use mio::Waker;
use mqttlab_core::broker::Config as BrokerConfig;
use tokio::sync::oneshot;

use super::super::auth::{Checked, Rules};
use super::super::bans::{Ban, Whom};
use super::super::listen::Bound;
use super::super::transport::Protocol;
use super::books::Counting;
use super::crew;
use super::manners::Manners;
use super::newcomer::Newcomer;
use super::post::Letter;
use super::{Desk, Report};

/// A listener and what is spoken there.
pub(crate) struct Listening {
    pub(crate) listener: Bound,
    pub(crate) protocol: Protocol,
}

/// What can change while it runs.
#[derive(Clone)]
pub(crate) struct Renewal {
    /// By listener, in their order.
    pub(crate) protocols: Vec<Protocol>,
    pub(crate) broker: Box<BrokerConfig>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) sys_interval: Duration,
    /// The client whose decisions the log tells.
    pub(crate) trace_client: Option<String>,
    pub(crate) manners: Manners,
}

/// What the rest of the program, and other loops, want.
pub(super) enum Command {
    Stop {
        within: Duration,
    },
    Checked(Checked),
    /// The count is that in which everybody is from now on; and who hears when it is done.
    Renew(Box<Renewal>, Counting, oneshot::Sender<()>),
    /// Something to be asked or done between two rounds.
    Ask(Box<dyn FnOnce(&mut Desk<'_>) + Send>),
    /// A connection is this loop's from now on.
    Adopt(Box<Newcomer>),
    /// What another loop tells.
    Letter(Letter),
    /// Another loop keeps somebody out, and this one stores that.
    KeepBan(Whom, Ban),
    /// How another loop is doing: it was asked for `$SYS`.
    Reported(Box<Report>),
}

/// Speaks to one event loop from other threads.
#[derive(Clone)]
pub(super) struct Remote {
    commands: mpsc::Sender<Command>,
    waker: Arc<Waker>,
}

impl Remote {
    pub(super) fn new(commands: mpsc::Sender<Command>, waker: Waker) -> Self {
        let waker = Arc::new(waker);
        Self { commands, waker }
    }

    /// Leaves a command that is found when the loop wakes.
    pub(super) fn leave(&self, command: Command) {
        // This fails only when the thread has ended already; so does what follows.
        let _ = self.commands.send(command);
    }

    pub(super) fn wake(&self) {
        let _ = self.waker.wake();
    }

    pub(super) fn send(&self, command: Command) {
        self.leave(command);
        self.wake();
    }
}

/// Speaks to all event loops from other threads.
#[derive(Clone)]
pub(crate) struct Remotes {
    all: Arc<[Remote]>,
    /// How often limits have changed.
    renewals: Arc<AtomicU32>,
}

impl Remotes {
    pub(super) fn new(all: Arc<[Remote]>) -> Self {
        let renewals = Arc::default();
        Self { all, renewals }
    }

    /// Asks them to take their leave of all clients and to end.
    pub(crate) fn stop(&self, within: Duration) {
        for remote in &*self.all {
            remote.send(Command::Stop { within });
        }
    }

    /// Has them go on with another configuration. Says whether all of them do; one that has ended does not.
    pub(crate) async fn renew(&self, renewal: &Renewal) -> bool {
        let count = self.renewals.fetch_add(1, Ordering::Relaxed);
        // The first count is the smallest; should they ever run out, two that are far apart are the same: no harm.
        let counting = Counting::MIN.saturating_add(count.wrapping_add(1));
        let told = self.all.iter().map(|remote| {
            let (done, is_done) = oneshot::channel();
            remote.send(Command::Renew(Box::new(renewal.clone()), counting, done));
            is_done
        });
        // All are told before the first is waited for.
        let told: Vec<_> = told.collect();
        let mut all = true;
        for is_done in told {
            all &= is_done.await.is_ok();
        }
        all
    }

    /// How they are doing; `None` when one has ended.
    pub(crate) async fn report(&self) -> Option<Report> {
        let reports = self.ask_all(|desk| desk.report()).await?;
        reports.into_iter().reduce(Report::with)
    }

    /// Has `question` answered by the loop that owns the session of this client, between two rounds; `None` when it has
    /// ended. The answer must not take long.
    pub(crate) async fn ask_owner<A: Send + 'static>(
        &self,
        client_id: &str,
        question: impl FnOnce(&mut Desk<'_>) -> A + Send + 'static,
    ) -> Option<A> {
        let owner = crew::owner_of(client_id, self.all.len());
        self.ask(&self.all[owner], question).await.ok()
    }

    /// Has `question` answered by one of them: it is about what they all know.
    pub(crate) async fn ask_one<A: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Desk<'_>) -> A + Send + 'static,
    ) -> Option<A> {
        self.ask(&self.all[0], question).await.ok()
    }

    /// Has `question` answered by each of them.
    pub(crate) async fn ask_all<A: Send + 'static>(
        &self,
        question: impl Fn(&mut Desk<'_>) -> A + Send + Sync + 'static,
    ) -> Option<Vec<A>> {
        let question = Arc::new(question);
        let asked = self.all.iter().map(|remote| {
            let question = Arc::clone(&question);
            self.ask(remote, move |desk| question(desk))
        });
        let asked: Vec<_> = asked.collect();
        let mut answers = Vec::with_capacity(asked.len());
        for answer in asked {
            answers.push(answer.await.ok()?);
        }
        Some(answers)
    }

    fn ask<A: Send + 'static>(
        &self,
        remote: &Remote,
        question: impl FnOnce(&mut Desk<'_>) -> A + Send + 'static,
    ) -> oneshot::Receiver<A> {
        let (asker, answer) = oneshot::channel();
        remote.send(Command::Ask(Box::new(|desk| {
            // Whoever asked may have gone.
            let _ = asker.send(question(desk));
        })));
        answer
    }
}
