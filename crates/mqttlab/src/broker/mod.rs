//! `mqttlab broker`: MQTT over real sockets.
//!
//! The data plane is an event loop in a thread of its own ([`shard`]); signals and the HTTP side ([`admin`]) run beside
//! it and never hold it up.

mod admin;
mod config;
mod listen;
mod ready;
mod shard;
mod signals;
mod transport;

use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use mqttlab_core::broker::Broker;
use tokio::sync::oneshot;

use crate::Failure;
use crate::log;
use config::{Config, HttpAddress, Listener};
use listen::Endpoint;
use ready::Ready;
use signals::Signals;

/// How long clients may take to read their good-bye.
const STOP_WITHIN: Duration = Duration::from_secs(5);

pub(crate) const HELP: &str = "\
When it is ready it prints one line for each listener, with the real port:
  listening mqtt 127.0.0.1:1883
  listening http http://127.0.0.1:8080

It stops on SIGINT or SIGTERM, after telling its clients; a second signal stops it at once.

Exit codes:
  0  it was told to stop
  1  it failed while running
  2  an option or an address cannot be used";

/// Options of `mqttlab broker`.
#[derive(Args, Debug)]
pub struct Options {
    /// Listen for MQTT here; may be given more than once. Port 0 takes a free one [default: 127.0.0.1:1883]
    ///
    /// In front may stand mqtts:// for TLS, ws:// for WebSocket or wss:// for both; behind those a path.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Vec<Endpoint>,

    /// The certificate for --listen mqtts:// and wss://, in PEM
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,

    /// The private key to the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,

    /// Serve the Lab, health checks and the version over HTTP here, or `off` [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    http: Option<HttpAddress>,

    /// Let everybody in, also from other machines
    #[arg(long)]
    allow_anonymous: bool,

    /// Read the configuration from this file
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Change one value of the configuration, such as broker.in-flight-max=20; may be given more than once
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,

    /// Say whether the configuration is good, and exit
    #[arg(long)]
    check_config: bool,

    /// Print all of the configuration, with the defaults and a word on each, and exit
    #[arg(long, exclusive = true)]
    print_default_config: bool,

    /// What to log: error, warn, info, debug, trace or off; or by part, such as `mqttlab::broker=debug,info` [default: info]
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,

    /// How a log line looks [default: text]
    #[arg(long, value_enum)]
    log_format: Option<log::Format>,
}

/// Runs the broker until it is told to stop.
///
/// # Errors
/// Where an option, the configuration or an address cannot be used, or the operating system fails it.
pub fn run(options: Options) -> Result<ExitCode, Failure> {
    if options.print_default_config {
        return say(config::DEFAULTS);
    }
    let checks = options.check_config;
    let config = configure(options)?;
    if checks {
        for listener in &config.listener {
            listener.protocol()?;
        }
        return say("the configuration is good\n");
    }
    let _log = log::start(&config.log.level, config.log.format)?;
    let mut mqtt = Vec::with_capacity(config.listener.len());
    for listener in &config.listener {
        mqtt.push(shard::Listening {
            protocol: listener.protocol()?,
            listener: listener.address.address.bind("--listen")?,
        });
    }
    let http = match &config.http.address {
        HttpAddress::Off => None,
        HttpAddress::At(address) => Some(address.bind("--http (or --http off)")?),
    };
    let endpoints = config.listener.iter().map(|listener| &listener.address);
    let ready = Ready::new(endpoints.zip(&mqtt), http.as_ref())?;

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::running(format!("the runtime does not start: {error}")))?;
    let (ended, shard_ended) = oneshot::channel::<()>();
    let limits = config.broker.link_limits();
    let broker = Broker::new(config.broker, seed()?);
    let shard = shard::start(mqtt, broker, limits, ended)
        .map_err(|error| Failure::running(format!("the event loop does not start: {error}")))?;
    let served = runtime.block_on(serve(http, &ready, &shard, shard_ended));
    let ended = shard.join();
    // Requests that still wait for something are dropped rather than waited for.
    runtime.shutdown_background();
    served?;
    ended.map_err(|error| Failure::running(format!("the event loop failed: {error}")))?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Puts the options over the other sources and checks the whole.
fn configure(options: Options) -> Result<Config, Failure> {
    let sources = config::Sources {
        file: options.config.as_deref(),
        // What is no text can be no configuration.
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        set: &options.set,
    };
    let mut config = config::load(&sources)?;
    if !options.listen.is_empty() {
        let addresses = options.listen.into_iter();
        config.listener = addresses
            .map(|address| Listener {
                certificate: options.certificate.clone(),
                key: options.key.clone(),
                ..Listener::new(address)
            })
            .collect();
    }
    if let Some(address) = options.http {
        config.http.address = address;
    }
    if let Some(level) = options.log {
        config.log.level = level;
    }
    if let Some(format) = options.log_format {
        config.log.format = format;
    }
    config.auth.allow_anonymous |= options.allow_anonymous;
    check_exposure(&config)?;
    log::check(&config.log.level)?;
    Ok(config)
}

/// Nobody's broker is open to the world by accident.
fn check_exposure(config: &Config) -> Result<(), Failure> {
    let mut endpoints = config.listener.iter().map(|listener| &listener.address);
    match endpoints.find(|endpoint| !endpoint.address.is_loopback()) {
        Some(endpoint) if !config.auth.allow_anonymous => Err(Failure::usage(format!(
            "--listen {endpoint} can be reached from other machines, and everybody would be let in; \
             add --allow-anonymous if that is what you want, or listen on 127.0.0.1"
        ))),
        Some(_) | None => Ok(()),
    }
}

fn say(text: &str) -> Result<ExitCode, Failure> {
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Failure::running(format!("standard output: {error}")))?;
    Ok(ExitCode::SUCCESS)
}

fn seed() -> Result<u64, Failure> {
    getrandom::u64()
        .map_err(|error| Failure::running(format!("the system gives no random numbers: {error}")))
}

/// Serves HTTP and waits for signals, until one comes or the event loop ends.
async fn serve(
    http: Option<TcpListener>,
    ready: &Ready,
    shard: &shard::Running,
    mut shard_ended: oneshot::Receiver<()>,
) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    ready.say();
    let (stop_http, http_stopped) = oneshot::channel::<()>();
    let http = async {
        match http {
            Some(listener) => admin::serve(listener, http_stopped).await,
            None => {
                // Dropped or sent, either way it is time to go.
                let _ = http_stopped.await;
                Ok(())
            }
        }
    };
    let http = tokio::spawn(http);
    tokio::select! {
        signal = signals.next() => {
            tracing::info!(signal, clients_may_take = ?STOP_WITHIN, "stopping; once more stops at once");
            shard.stop(STOP_WITHIN);
        }
        _ = &mut shard_ended => return Ok(()),
    }
    drop(stop_http);
    tokio::select! {
        signal = signals.next() => {
            tracing::warn!(signal, "stopped at once");
            shard.stop(Duration::ZERO);
        }
        _ = &mut shard_ended => {}
    }
    http.abort();
    Ok(())
}
