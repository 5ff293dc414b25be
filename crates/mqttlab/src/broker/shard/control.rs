//! Starting an event loop, and what the rest of the program wants from it.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use mio::{Poll, Waker};
use mqttlab_core::broker::{Broker, Config as BrokerConfig};
use mqttlab_core::time::Instant;
use tokio::sync::oneshot;

use super::super::auth::{Checked, Checker, Doorkeeper, Rules};
use super::super::listen::Bound;
use super::super::record::Recorder;
use super::super::store::{self, Store};
use super::super::transport::Protocol;
use super::accept::Acceptor;
use super::manners::{Manners, Paused};
use super::socket::Sockets;
use super::sys::Sys;
use super::{Desk, READ_BUFFER, Report, Shard, Traffic, WAKER};

/// What an event loop begins with.
pub(crate) struct Setup {
    pub(crate) listeners: Vec<Listening>,
    pub(crate) broker: Broker,
    /// Now, on the broker's time line.
    pub(crate) now: Instant,
    /// Where its durable state goes.
    pub(crate) store: Option<(store::Kept, store::Manner)>,
    /// Who writes down what the broker is handed.
    pub(crate) recorder: Option<Box<Recorder>>,
    pub(crate) rules: Arc<Rules>,
    /// How often `$SYS` is published; zero for never.
    pub(crate) sys_interval: Duration,
    /// The client whose decisions the log tells.
    pub(crate) trace_client: Option<String>,
    pub(crate) manners: Manners,
    /// What a broker begins with that takes the place of this one.
    pub(crate) seed: u64,
    /// Known to nobody else.
    pub(crate) secret: [u8; 32],
}

/// A listener and what is spoken there.
pub(crate) struct Listening {
    pub(crate) listener: Bound,
    pub(crate) protocol: Protocol,
}

/// What can change while it runs.
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

/// What the rest of the program wants.
pub(super) enum Command {
    Stop {
        within: Duration,
    },
    Checked(Checked),
    Renew(Renewal),
    /// The thread of the store has put something on the disk, or failed to.
    Stored,
    /// Something to be asked or done between two rounds.
    Ask(Box<dyn FnOnce(&mut Desk<'_>) + Send>),
}

/// Speaks to an event loop from other threads.
#[derive(Clone)]
pub(crate) struct Remote {
    commands: mpsc::Sender<Command>,
    waker: Arc<Waker>,
}

impl Remote {
    /// Asks it to take its leave of all clients and to end.
    pub(crate) fn stop(&self, within: Duration) {
        self.send(Command::Stop { within });
    }

    /// Has it go on with another configuration.
    pub(crate) fn renew(&self, renewal: Renewal) {
        self.send(Command::Renew(renewal));
    }

    /// How it is doing; `None` when it has ended.
    pub(crate) async fn report(&self) -> Option<Report> {
        self.ask(|desk| desk.report()).await
    }

    /// Has `question` answered between two rounds; `None` when the event loop has ended. The answer must not take long.
    pub(crate) async fn ask<A: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Desk<'_>) -> A + Send + 'static,
    ) -> Option<A> {
        let (asker, answer) = oneshot::channel();
        self.send(Command::Ask(Box::new(|desk| {
            // Whoever asked may have gone.
            let _ = asker.send(question(desk));
        })));
        answer.await.ok()
    }

    fn send(&self, command: Command) {
        // Both fail only when the thread has ended already.
        let _ = self.commands.send(command);
        let _ = self.waker.wake();
    }
}

/// An event loop in a thread of its own.
pub(crate) struct Running {
    pub(crate) remote: Remote,
    thread: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Waits for the end.
    pub(crate) fn join(self) -> io::Result<()> {
        match self.thread.join() {
            Ok(ended) => ended,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// Starts an event loop; `ended` is dropped when it ends.
pub(crate) fn start<E: Send + 'static>(setup: Setup, ended: E) -> io::Result<Running> {
    let poll = Poll::new()?;
    let (sender, commands) = mpsc::channel();
    let remote = Remote {
        commands: sender,
        waker: Arc::new(Waker::new(poll.registry(), WAKER)?),
    };
    let mut acceptors = Vec::with_capacity(setup.listeners.len());
    for (position, listener) in setup.listeners.into_iter().enumerate() {
        acceptors.push(Acceptor::new(listener, position, poll.registry())?);
    }
    let tell = remote.clone();
    let checker = Checker::start(move |checked| tell.send(Command::Checked(checked)))?;
    let wake = remote.clone();
    let store = match setup.store {
        Some((kept, manner)) => {
            let wake = move || wake.send(Command::Stored);
            Some(Store::start(kept, manner, wake)?)
        }
        None => None,
    };
    let doorkeeper = Doorkeeper::new(setup.rules, checker, setup.secret);
    let mut sockets = Sockets::new(
        doorkeeper,
        setup.trace_client.as_deref(),
        store,
        &setup.manners,
    );
    sockets.recorder = setup.recorder;
    let shard = Shard {
        poll,
        clock: std::time::Instant::now(),
        origin: setup.now,
        now: setup.now,
        acceptors,
        limits: setup.broker.config().link_limits(),
        broker: setup.broker,
        sockets,
        links: Vec::new(),
        buffer: vec![0; READ_BUFFER].into(),
        ready: Vec::new(),
        again: Vec::new(),
        writing: Vec::new(),
        lingering: VecDeque::new(),
        paused: Paused::new(),
        commands,
        stop_by: None,
        leaving: VecDeque::new(),
        failure: None,
        seed: setup.seed,
        traffic: Traffic::default(),
        sys: Sys::new(setup.sys_interval),
    };
    let thread = std::thread::Builder::new()
        .name("broker".into())
        .spawn(move || {
            let _ended = ended;
            shard.run()
        })?;
    Ok(Running { remote, thread })
}
