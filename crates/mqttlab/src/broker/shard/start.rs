//! Starting the event loops.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use mio::{Poll, Waker};
use mqttlab_core::broker::{Broker, Config as BrokerConfig};
use mqttlab_core::time::Instant;

use super::super::auth::{Checker, Doorkeeper, Rules};
use super::super::record::Recorder;
use super::super::store::{self, Store};
use super::accept::Acceptor;
use super::common::Common;
use super::control::{Command, Listening, Remote, Remotes};
use super::crew::Crew;
use super::links::Links;
use super::manners::{Manners, Paused};
use super::post::Post;
use super::room::Share;
use super::socket::Sockets;
use super::sys::Sys;
use super::{Letters, READ_BUFFER, Shard, Traffic, WAKER};

/// What the event loops begin with.
pub(crate) struct Setup {
    pub(crate) listeners: Vec<Listening>,
    /// One for each loop.
    pub(crate) brokers: Vec<Broker>,
    /// How all of them together are configured.
    pub(crate) config: Arc<BrokerConfig>,
    /// Now, on the brokers' time line.
    pub(crate) now: Instant,
    /// Where their durable state goes.
    pub(crate) store: Option<(store::Kept, store::Manner)>,
    /// Who write down what the brokers are handed, one for each loop, or none.
    pub(crate) recorders: Vec<Recorder>,
    pub(crate) rules: Arc<Rules>,
    /// How often `$SYS` is published; zero for never.
    pub(crate) sys_interval: Duration,
    /// The client whose decisions the log tells.
    pub(crate) trace_client: Option<String>,
    pub(crate) manners: Manners,
    /// What a broker begins with that takes the place of one of these.
    pub(crate) seed: u64,
    /// Known to nobody else.
    pub(crate) secret: [u8; 32],
}

/// Event loops, each in a thread of its own.
pub(crate) struct Running {
    pub(crate) remotes: Remotes,
    threads: Vec<JoinHandle<io::Result<()>>>,
}

impl Running {
    /// Waits for the end of all.
    pub(crate) fn join(self) -> io::Result<()> {
        let mut ended = Ok(());
        for thread in self.threads {
            match thread.join() {
                Ok(end) => ended = ended.and(end),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        ended
    }
}

/// Starts as many event loops as there are brokers; each has what `ended` gives, which is dropped when it ends.
///
/// # Errors
/// When the system gives no thread, or nothing to wait with.
pub(crate) fn start<E: Send + 'static>(
    mut setup: Setup,
    ended: impl Fn() -> E,
) -> io::Result<Running> {
    let brokers = std::mem::take(&mut setup.brokers);
    let mut recorders = std::mem::take(&mut setup.recorders).into_iter();
    let mut ears = Vec::with_capacity(brokers.len());
    let mut remotes = Vec::with_capacity(brokers.len());
    for _ in &brokers {
        let (ear, remote) = Ear::new()?;
        ears.push(ear);
        remotes.push(remote);
    }
    let all: Arc<[Remote]> = remotes.into();
    let first = &ears[0];
    let mut acceptors = Vec::with_capacity(setup.listeners.len());
    for (position, listener) in setup.listeners.drain(..).enumerate() {
        acceptors.push(Acceptor::new(listener, position, first.poll.registry())?);
    }
    let tell = Arc::clone(&all);
    let checkers = Checker::start(all.len(), move |to, checked| {
        tell[to].send(Command::Checked(checked));
    });
    let stores = stores(setup.store.take(), &all)?;
    let first = stores.first().and_then(Option::as_ref);
    let bans = first.map(|store| store.bans().clone()).unwrap_or_default();
    let common = Arc::new(Common::new(
        all.len(),
        acceptors.len(),
        &setup.manners,
        bans,
    ));
    let clock = std::time::Instant::now();
    let mut shards = Vec::with_capacity(all.len());
    let parts = brokers
        .into_iter()
        .zip(ears)
        .zip(checkers.into_iter().zip(stores));
    for (number, ((broker, ear), (checker, store))) in parts.enumerate() {
        let crew = Crew::new(number, Arc::clone(&all));
        let mut doorkeeper = Doorkeeper::new(Arc::clone(&setup.rules), checker, setup.secret);
        for session in broker.sessions() {
            doorkeeper.bring_back(session.client_id(), session.stamp());
        }
        let post = Post::new(number, Arc::clone(&common.lines));
        let traced = setup.trace_client.as_deref();
        let traced = traced.filter(|client_id| crew.owns(client_id));
        let mut sockets = Sockets::new(doorkeeper, traced, store, Arc::clone(&common), post);
        sockets.recorder = recorders.next().map(Box::new);
        // Only the first takes connections in and tells of all.
        sockets.keeps_bans = number == 0;
        if !crew.is_alone() {
            sockets.share = Some(Share::new(Arc::clone(&common.held), &setup.config));
            sockets.settle(&broker);
        }
        let mut shard = Shard::new(&setup, clock, broker, ear, crew, sockets);
        shard.acceptors = std::mem::take(&mut acceptors);
        shards.push(shard);
    }
    let threads = shards.into_iter().map(|shard| {
        let ended = ended();
        let name = match shard.crew.number {
            0 => "broker".into(),
            number => format!("broker {number}"),
        };
        std::thread::Builder::new().name(name).spawn(move || {
            let _ended = ended;
            shard.run()
        })
    });
    Ok(Running {
        threads: threads.collect::<io::Result<_>>()?,
        remotes: Remotes::new(all),
    })
}

/// Where an event loop hears of everything.
struct Ear {
    poll: Poll,
    commands: mpsc::Receiver<Command>,
}

impl Ear {
    fn new() -> io::Result<(Self, Remote)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let (sender, commands) = mpsc::channel();
        Ok((Self { poll, commands }, Remote::new(sender, waker)))
    }
}

/// The store as each loop sees it, where there is one.
fn stores(
    store: Option<(store::Kept, store::Manner)>,
    all: &[Remote],
) -> io::Result<Vec<Option<Store>>> {
    let Some((kept, manner)) = store else {
        return Ok(all.iter().map(|_| None).collect());
    };
    let wakes = all.iter().cloned();
    let wakes = wakes.map(|remote| move || remote.wake());
    let stores = Store::start(kept, manner, wakes.collect())?;
    Ok(stores.into_iter().map(Some).collect())
}

impl Shard {
    fn new(
        setup: &Setup,
        clock: std::time::Instant,
        broker: Broker,
        ear: Ear,
        crew: Crew,
        sockets: Sockets,
    ) -> Self {
        let sys_interval = match crew.number {
            0 => setup.sys_interval,
            _ => Duration::ZERO,
        };
        let links = Links::new(setup.manners.unfinished_bytes_max, crew.count());
        Self {
            poll: ear.poll,
            clock,
            origin: setup.now,
            now: setup.now,
            acceptors: Vec::new(),
            limits: broker.config().link_limits(),
            config: Arc::clone(&setup.config),
            broker,
            sockets,
            crew,
            links,
            buffer: vec![0; READ_BUFFER].into(),
            ready: Vec::new(),
            again: Vec::new(),
            writing: Vec::new(),
            lingering: VecDeque::new(),
            paused: Paused::new(),
            commands: ear.commands,
            stop_by: None,
            leaving: VecDeque::new(),
            failure: None,
            seed: setup.seed,
            traffic: Traffic::default(),
            confirmed: 0,
            opened: 0,
            letters: Letters::default(),
            sys: Sys::new(sys_interval),
        }
    }
}
