//! `mqttlab broker`: MQTT over real sockets.
//!
//! The data plane is an event loop in a thread of its own (`shard`); signals and the HTTP side (`serve`, `admin`)
//! run beside it and never hold it up.

mod admin;
mod auth;
mod bans;
mod config;
mod descriptors;
mod expiry;
mod listen;
mod manager;
mod options;
mod passwd;
mod ready;
mod record;
mod secret;
mod serve;
mod shard;
mod signals;
mod store;
mod transport;
mod watch;

use std::io::Write;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;

use mqttlab_core::broker::Broker;
use mqttlab_core::time::Instant;
use tokio::sync::mpsc;

use crate::{Failure, log};
use admin::Keys;
use config::{Config, HttpAddress};
use listen::Inherited;
use ready::Ready;
use serve::Beside;
use signals::Signals;
use transport::Protocol;
use watch::Watch;

pub(crate) use auth::explain::{Options as AclOptions, run as acl};
pub(crate) use config::DEFAULTS as DEFAULT_CONFIG;
pub(crate) use listen::Scheme;
pub use options::Options;
pub(crate) use passwd::{Options as PasswdOptions, run as passwd};
pub(crate) use store::command::{Options as StoreOptions, run as store};
pub(crate) use transport::Stream;

pub(crate) const HELP: &str = "\
When it is ready it prints one line for each listener, with the real port:
  listening mqtt 127.0.0.1:1883
  listening http http://127.0.0.1:8080

It stops on SIGINT or SIGTERM, after telling its clients; a second signal stops it at once. On SIGHUP, and when one of \
the files changes, it reads configuration, passwords, rules and certificates again; no client is disconnected by that.

Exit codes:
  0  it was told to stop
  1  it failed while running
  2  an option or an address cannot be used";

/// Runs the broker until it is told to stop.
///
/// # Errors
/// Where an option, the configuration or an address cannot be used, or the operating system fails it.
pub fn run(options: &Options) -> Result<ExitCode, Failure> {
    if options.print_default_config {
        return say(config::DEFAULTS);
    }
    let config = options.configure()?;
    let log = log::start(&config.log.level, config.log.format)?;
    descriptors::take_all();
    let renewal = config.renewal()?;
    let keys = Keys::new(config.tokens()?);
    if options.check_config {
        return say("the configuration is good\n");
    }
    let (runtime, signals) = beside_the_loops()?;
    let expiries = expiry::expiries(config.endpoints(), &renewal.protocols);
    let (mqtt, http) = listen(&config, options, renewal.protocols)?;
    let first = http.as_ref().and_then(|listeners| listeners.first());
    let ready = Ready::new(config.endpoints().zip(&mqtt), first)?;

    let (ended, loop_ended) = mpsc::channel(1);
    let (secret, seed) = chance()?;
    let begun = begin(&config, seed)?;
    let setup = shard::Setup {
        listeners: mqtt,
        brokers: begun.brokers,
        config: renewal.broker.into(),
        now: begun.now,
        store: begun.kept,
        recorders: begun.recorders,
        rules: Arc::clone(&renewal.rules),
        sys_interval: renewal.sys_interval,
        trace_client: renewal.trace_client,
        manners: renewal.manners,
        seed,
        secret,
    };
    let running = shard::start(setup, || Ended(ended.clone()))
        .map_err(|error| Failure::running(format!("the event loop does not start: {error}")))?;
    let beside = Beside {
        signals,
        http,
        keys,
        ready,
        options,
        fixed: config.fixed(),
        log: &log,
        watch: Watch::new(config.files()),
        config,
        expiries,
    };
    runtime.block_on(serve::serve(beside, &running.remotes, loop_ended));
    // Where one has ended the others cannot go on.
    running.remotes.stop(std::time::Duration::ZERO);
    let ended = running.join();
    // Requests that still wait for something are dropped rather than waited for.
    runtime.shutdown_background();
    ended.map_err(|error| Failure::running(format!("the event loop failed: {error}")))?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Listens for clients, and for HTTP.
fn listen(
    config: &Config,
    options: &Options,
    protocols: Vec<Protocol>,
) -> Result<(Vec<shard::Listening>, Option<Vec<TcpListener>>), Failure> {
    let mut inherited = Inherited::from_environment()?;
    let mut mqtt = Vec::with_capacity(config.listener.len());
    for (listener, protocol) in config.listener.iter().zip(protocols) {
        let access = listener.access();
        let listener = listener
            .address
            .bind(listener.said_by(), access, &mut inherited)?;
        mqtt.push(shard::Listening { listener, protocol });
    }
    let http = match &config.http.address {
        HttpAddress::Off => None,
        HttpAddress::At(address) => Some(address.bind(options.http_said_by(), &mut inherited)?),
    };
    inherited.finish()?;
    Ok((mqtt, http))
}

/// What runs beside the event loops, and signals, which count from now on: reading a large store takes its time.
fn beside_the_loops() -> Result<(tokio::runtime::Runtime, Signals), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::running(format!("the runtime does not start: {error}")))?;
    let inside = runtime.enter();
    let signals = Signals::new()?;
    drop(inside);
    Ok((runtime, signals))
}

/// Says so when an event loop ends, however that comes.
struct Ended(mpsc::Sender<()>);

impl Drop for Ended {
    fn drop(&mut self) {
        // One word is enough.
        let _ = self.0.try_send(());
    }
}

/// The brokers of all event loops before their first connection.
struct Begun {
    brokers: Vec<Broker>,
    kept: Option<(store::Kept, store::Manner)>,
    now: Instant,
    recorders: Vec<record::Recorder>,
}

/// The brokers that the store kept, or new ones.
fn begin(config: &Config, seed: u64) -> Result<Begun, Failure> {
    let plan = store::Plan {
        config: &config.broker,
        seed,
        loops: config.threads,
    };
    let (brokers, kept, now) = match &config.store.path {
        None => (plan.brokers(), None, Instant::ZERO),
        Some(path) => {
            let opened = store::open(path, &plan)?;
            let usages = opened.brokers.iter().map(Broker::usage);
            if let Some(usage) = usages.reduce(shard::sum) {
                tracing::info!(
                    store = %path.display(), sessions = usage.sessions, messages = usage.messages,
                    retained = usage.retained, "brought back"
                );
            }
            let kept = (opened.kept, config.store.manner());
            (opened.brokers, Some(kept), opened.now)
        }
    };
    let (brokers, recorders) = record::begin(&config.record, brokers, now)?;
    Ok(Begun {
        brokers,
        kept,
        now,
        recorders,
    })
}

/// What nobody can guess: a secret, and a seed.
fn chance() -> Result<([u8; 32], u64), Failure> {
    let complain = |error| Failure::running(format!("the system gives no random numbers: {error}"));
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(complain)?;
    Ok((secret, getrandom::u64().map_err(complain)?))
}

fn say(text: &str) -> Result<ExitCode, Failure> {
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Failure::running(format!("standard output: {error}")))?;
    Ok(ExitCode::SUCCESS)
}
