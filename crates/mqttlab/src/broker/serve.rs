//! Beside the event loop: signals, HTTP, and files that change.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::admin;
use super::admin::{Admin, Keys, Tokens};
use super::config::{Config, Fixed, Successor};
use super::expiry::{self, Expiries, Expiry};
use super::manager::Manager;
use super::options::Options;
use super::ready::Ready;
use super::shard::{Remotes, Renewal};
use super::signals::{Signal, Signals};
use super::watch::Watch;
use crate::{Failure, log};

/// How long event loops may take to go on with what was read. It is between two rounds: only one that is stuck needs longer.
const RENEW_WITHIN: Duration = Duration::from_secs(10);

/// Requests to read the files again that may wait.
const RELOADS_WAITING_MAX: usize = 4;

/// What is served beside the event loop, and what it was configured from.
pub(super) struct Beside<'a> {
    pub(super) signals: Signals,
    /// The sockets of its address.
    pub(super) http: Option<Vec<TcpListener>>,
    pub(super) keys: Keys,
    pub(super) ready: Ready,
    pub(super) options: &'a Options,
    /// What it goes by.
    pub(super) config: Config,
    /// What of that cannot change while it runs, besides where is listened and how many event loops there are.
    pub(super) fixed: Fixed,
    pub(super) log: &'a log::Log,
    pub(super) watch: Watch,
    /// Until when the certificates are good.
    pub(super) expiries: Vec<Expiry>,
}

/// Serves until a signal says stop or the event loop ends.
pub(super) async fn serve(beside: Beside<'_>, loops: &Remotes, mut loop_ended: mpsc::Receiver<()>) {
    let mut signals = beside.signals;
    let (stop_http, http_stopped) = oneshot::channel::<()>();
    let (reload, mut reloads) = mpsc::channel(RELOADS_WAITING_MAX);
    let renewals = Arc::new(Renewals {
        expiries: Expiries::new(beside.expiries),
        ..Renewals::default()
    });
    let admin = Admin {
        loops: loops.clone(),
        keys: beside.keys.clone(),
        reload,
        renewals: Arc::clone(&renewals),
    };
    let http = beside.http.map(|listeners| {
        tokio::spawn(async {
            if let Err(failure) = admin::serve(listeners, admin, http_stopped).await {
                tracing::error!(%failure, "HTTP ended");
            }
        })
    });
    beside.ready.say();
    let manager = Manager::new();
    manager.ready();
    let reassuring = manager.reassure(loops);
    tokio::pin!(reassuring);
    let mut followed = Followed {
        config: beside.config,
        watch: beside.watch,
    };
    // What is told at the start needs no telling at once.
    let first = Instant::now() + expiry::TOLD_EVERY;
    let mut days = tokio::time::interval_at(first, expiry::TOLD_EVERY);
    let sources = Sources {
        options: beside.options,
        fixed: &beside.fixed,
        log: beside.log,
        keys: &beside.keys,
        manager: &manager,
        renewals: &renewals,
    };
    loop {
        tokio::select! {
            signal = signals.next() => match signal {
                // The log says what is wrong.
                Signal::Reload => drop(renew(&sources, &mut followed, loops).await),
                Signal::Unknown(name) => Signal::pass_over(name),
                Signal::Stop(name) => {
                    tracing::info!(signal = name, clients_may_take = ?beside.fixed.stop_within(), "stopping; once more stops at once");
                    break;
                }
            },
            () = followed.watch.changed() => drop(renew(&sources, &mut followed, loops).await),
            Some(asker) = reloads.recv() => {
                let renewed: Result<(), Failure> = renew(&sources, &mut followed, loops).await;
                // Whoever asked may have gone.
                let _ = asker.send(renewed.map_err(|failure| failure.to_string()));
            }
            () = &mut reassuring => {}
            _ = days.tick() => renewals.expiries.tell(),
            _ = loop_ended.recv() => return,
        }
    }
    manager.stopping();
    loops.stop(beside.fixed.stop_within());
    drop(stop_http);
    take_leave(&mut signals, &mut loop_ended).await;
    loops.stop(Duration::ZERO);
    if let Some(http) = http {
        http.abort();
    }
}

/// Waits until the first loop has ended, or a signal says that nobody is to wait.
async fn take_leave(signals: &mut Signals, loop_ended: &mut mpsc::Receiver<()>) {
    loop {
        tokio::select! {
            signal = signals.next() => match signal {
                Signal::Reload => {}
                Signal::Unknown(name) => Signal::pass_over(name),
                Signal::Stop(name) => {
                    tracing::warn!(signal = name, "stopped at once");
                    return;
                }
            },
            _ = loop_ended.recv() => return,
        }
    }
}

/// What is read again, and who is told beside the event loop.
struct Sources<'a> {
    options: &'a Options,
    fixed: &'a Fixed,
    log: &'a log::Log,
    keys: &'a Keys,
    manager: &'a Manager,
    renewals: &'a Renewals,
}

/// What was read last, and the files of that.
struct Followed {
    config: Config,
    watch: Watch,
}

/// What was read again.
struct Reread {
    successor: Successor,
    renewal: Renewal,
    tokens: Option<Tokens>,
}

impl Sources<'_> {
    /// Reads everything again.
    fn read(&self, former: &Config) -> Result<Reread, Failure> {
        let successor = self.options.configure()?.succeed(former, self.fixed)?;
        let config = &successor.config;
        let (renewal, tokens) = (config.renewal()?, config.tokens()?);
        Ok(Reread {
            successor,
            renewal,
            tokens,
        })
    }
}

/// How often everything was read again, for those who watch over it.
#[derive(Debug, Default)]
pub(super) struct Renewals {
    done: AtomicU64,
    failed: AtomicU64,
    /// What is in the files is not what the broker goes by: something was wrong the last time, or needs a restart.
    is_stale: AtomicBool,
    /// Until when the certificates are good.
    pub(super) expiries: Expiries,
}

impl Renewals {
    fn note(&self, went_well: bool, waits_for_restart: bool) {
        let count = if went_well { &self.done } else { &self.failed };
        count.fetch_add(1, Ordering::Relaxed);
        self.is_stale
            .store(!went_well || waits_for_restart, Ordering::Relaxed);
    }

    pub(super) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    pub(super) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    pub(super) fn is_stale(&self) -> bool {
        self.is_stale.load(Ordering::Relaxed)
    }
}

/// Reads everything again and has the event loops go on with it: when this ends, all of them do. If anything is wrong,
/// nothing changes.
async fn renew(
    sources: &Sources<'_>,
    followed: &mut Followed,
    loops: &Remotes,
) -> Result<(), Failure> {
    sources.manager.reloading();
    let files = followed.watch.others();
    let mut waits_for_restart = false;
    let ended = match sources.read(&followed.config) {
        Ok(reread) => {
            let Successor {
                config,
                changed,
                waiting,
            } = reread.successor;
            sources.log.follow(&config.log.level);
            sources.keys.follow(reread.tokens);
            waits_for_restart = !waiting.is_empty();
            if waits_for_restart {
                let changed = waiting.join(", ");
                tracing::warn!(%changed, "this changes only with a restart, and is as it was");
            }
            followed.watch = Watch::new(config.files());
            let expiries = expiry::expiries(config.endpoints(), &reread.renewal.protocols);
            sources.renewals.expiries.follow(expiries);
            followed.config = config;
            take_up(&reread.renewal, loops, &What { changed, files }).await
        }
        Err(failure) => {
            followed.watch.settle();
            tracing::error!(%failure, "everything stays as it was");
            Err(failure)
        }
    };
    // Also where nothing changes the broker is as ready as before.
    sources.manager.ready();
    sources.renewals.note(ended.is_ok(), waits_for_restart);
    ended
}

/// What is others than before: keys of the configuration, and files that it names.
struct What {
    changed: Vec<String>,
    files: Vec<String>,
}

/// Has the event loops go on with what was read.
async fn take_up(renewal: &Renewal, loops: &Remotes, what: &What) -> Result<(), Failure> {
    match tokio::time::timeout(RENEW_WITHIN, loops.renew(renewal)).await {
        Ok(true) => {
            let or_none = |names: &[String]| match names {
                [] => "nothing".to_owned(),
                _ => names.join(", "),
            };
            tracing::info!(
                changed = %or_none(&what.changed), files = %or_none(&what.files),
                "read the configuration, passwords, rules and certificates again"
            );
            Ok(())
        }
        Ok(false) | Err(_) => {
            let failure = Failure::running(
                "an event loop does not answer; it goes on with what was read as soon as it can",
            );
            tracing::error!(%failure, "read everything again, but not all go by it");
            Err(failure)
        }
    }
}
