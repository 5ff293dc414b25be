//! The options of `mqttlab broker`, and the configuration that they make with the other sources.

use std::path::PathBuf;

use clap::Args;
use mqttlab_sim::traffic::Payloads;

use super::config::{self, Config, HttpAddress, Listener};
use super::listen::Endpoint;
use super::record;
use super::store::Durability;
use crate::{Failure, log};

/// Options of `mqttlab broker`.
#[derive(Args, Debug)]
pub struct Options {
    /// Listen for MQTT here; may be given more than once. Port 0 takes a free one [default: 127.0.0.1:1883]
    ///
    /// In front may stand mqtts:// for TLS, ws:// for WebSocket or wss:// for both; behind those a path. A
    /// Unix socket is unix:// with its path.
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

    /// Open the admin interface under /api/v1 to whoever has a token of this file, which has one a line
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// Serve clients with so many threads, 1 to 64 [default: 1]
    #[arg(long, value_name = "NUMBER")]
    threads: Option<u16>,

    /// Let everybody in, also from other machines
    #[arg(long)]
    allow_anonymous: bool,

    /// Let in whom this file knows; `mqttlab passwd` writes it
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,

    /// Allow what this file allows, in the form of Mosquitto's ACL files
    #[arg(long, value_name = "FILE")]
    acl_file: Option<PathBuf>,

    /// Keep sessions and retained messages in this file or folder; without it they are lost when the broker stops
    #[arg(long, value_name = "PATH")]
    store: Option<PathBuf>,

    /// When what is kept in the file is on the disk [default: commit]
    #[arg(long, value_enum)]
    durability: Option<Durability>,

    /// Record what clients send in this file, for `mqttlab replay` and the Lab; passwords are left out
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,

    /// What to record of payloads: kept, hashed or omitted [default: kept]
    #[arg(long, value_name = "HOW", value_parser = record::payloads)]
    record_payloads: Option<Payloads>,

    /// Read the configuration from this file
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Change one value of the configuration, such as broker.in-flight-max=20; may be given more than once
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,

    /// Say whether the configuration is good, and exit
    #[arg(long)]
    pub(super) check_config: bool,

    /// Print all of the configuration, with the defaults and a word on each, and exit
    #[arg(long, exclusive = true)]
    pub(super) print_default_config: bool,

    /// What to log: error, warn, info, debug, trace or off; or by part, such as `mqttlab::broker=debug,info` [default: info]
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,

    /// How a log line looks [default: text]
    #[arg(long, value_enum)]
    log_format: Option<log::Format>,

    /// Tell every decision about this client in the log, with its reason
    #[arg(long, value_name = "CLIENT_ID")]
    trace_client: Option<String>,
}

impl Options {
    /// Puts the options over the other sources and checks the whole; may be done again while the broker runs.
    ///
    /// # Errors
    /// Where a source cannot be read, or says something that is not configuration or must not be.
    pub(super) fn configure(&self) -> Result<Config, Failure> {
        let sources = config::Sources {
            file: self.config.as_deref(),
            environment: environment()?,
            set: &self.set,
        };
        let mut config = config::load(&sources)?;
        config.file.clone_from(&self.config);
        if !self.listen.is_empty() {
            let addresses = self.listen.iter().cloned();
            config.listener = addresses.map(Listener::new).collect();
        }
        let is_said = !self.listen.is_empty();
        if is_said || config.listener == Config::default().listener && self.config.is_none() {
            let listeners = config.listener.iter_mut();
            listeners.for_each(|listener| listener.by_option = true);
        }
        let listeners = config.listener.iter_mut();
        let mut with_tls = listeners
            .filter(|listener| listener.address.scheme.has_tls())
            .peekable();
        if self.certificate.is_some() && with_tls.peek().is_none() {
            return Err(Failure::usage(
                "--certificate is for listeners with TLS; begin the address with mqtts:// or wss://",
            ));
        }
        for listener in with_tls {
            prefer(&mut listener.certificate, self.certificate.as_ref());
            prefer(&mut listener.key, self.key.as_ref());
        }
        if let Some(address) = &self.http {
            config.http.address = address.clone();
        }
        prefer(&mut config.http.token_file, self.token_file.as_ref());
        if let Some(level) = &self.log {
            config.log.level.clone_from(level);
        }
        if let Some(format) = self.log_format {
            config.log.format = format;
        }
        if let Some(client_id) = &self.trace_client {
            config.log.trace_client = Some(client_id.clone());
        }
        config.auth.allow_anonymous |= self.allow_anonymous;
        prefer(&mut config.auth.password_file, self.password_file.as_ref());
        prefer(&mut config.auth.acl_file, self.acl_file.as_ref());
        prefer(&mut config.store.path, self.store.as_ref());
        prefer(&mut config.record.path, self.record.as_ref());
        if let Some(payloads) = self.record_payloads {
            config.record.payloads = payloads;
        }
        if let Some(durability) = self.durability {
            config.store.durability = durability;
        }
        if let Some(threads) = self.threads {
            config.threads = threads;
        }
        config.check()?;
        check_exposure(&config)?;
        let said_by = self.log.as_ref().map_or("log.level", |_| "--log");
        log::check(&config.log.level, said_by)?;
        Ok(config)
    }

    /// What to change for another address of HTTP.
    pub(super) fn http_said_by(&self) -> &'static str {
        match self.http.is_some() || self.config.is_none() {
            true => "--http (or --http off)",
            false => "`address` in [http] (or \"off\")",
        }
    }
}

/// The variables that may be configuration.
fn environment() -> Result<Vec<(String, String)>, Failure> {
    let all = std::env::vars_os().map(|(name, value)| (name.into_string(), value.into_string()));
    let meant = all.filter_map(|(name, value)| {
        let name = name.ok().filter(|name| name.starts_with(config::PREFIX))?;
        let value = value.map_err(|_| Failure::usage(format!("{name}: its value is no text")));
        Some(value.map(|value| (name, value)))
    });
    meant.collect()
}

fn prefer(value: &mut Option<PathBuf>, option: Option<&PathBuf>) {
    if let Some(option) = option {
        *value = Some(option.clone());
    }
}

/// Nobody's broker is open to the world by accident.
fn check_exposure(config: &Config) -> Result<(), Failure> {
    let mut listeners = config.listener.iter();
    let exposed = listeners.find(|listener| config.is_exposed(listener));
    match exposed {
        Some(listener) => {
            let (name, ways_out) = match listener.by_option {
                true => (
                    "--listen",
                    "--password-file, or --allow-anonymous if that is what you want",
                ),
                false => (
                    "listener",
                    "password-file, or allow-anonymous = true if that is what you want, in [auth] or its section",
                ),
            };
            let nearer = match listener.proxies.is_empty() {
                true => ", or listen on 127.0.0.1",
                false => "",
            };
            Err(Failure::usage(format!(
                "{name} {} can be reached from other machines, and everybody would be let in; give {ways_out}{nearer}",
                listener.address
            )))
        }
        None => Ok(()),
    }
}
