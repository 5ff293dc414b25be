//! The configuration: defaults, under a file, under the environment, under `--set`, under the other options.

mod check;
mod clear;
mod doors;
mod environment;
mod fixed;
mod limits;
mod listener;
mod load;
mod reload;
#[cfg(test)]
mod tests;
mod words;

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use mqttlab_core::broker::Config as BrokerConfig;
use mqttlab_core::broker::shard::SHARDS_MAX;
use serde::{Deserialize, Serialize};

use super::admin::Tokens;
use super::auth::Rules;
use super::auth::hook::{self, Hook};
use super::listen::{Address, Endpoint};
use super::record::Record;
use super::shard::{Manners, Renewal};
use super::store::{Durability, Manner, OnFailure};
use crate::{Failure, log};

pub(crate) use environment::PREFIX;
pub(crate) use fixed::Fixed;
pub(crate) use limits::{Habit, Limits, OverRate, Then};
pub(crate) use listener::Listener;
pub(crate) use load::{Sources, load};
pub(crate) use reload::Successor;

/// The defaults as a file, with a word on each key.
pub(crate) const DEFAULTS: &str = include_str!("config/default.toml");

/// All that can be configured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Config {
    /// The file that it comes from.
    #[serde(skip)]
    pub(crate) file: Option<PathBuf>,
    /// And which has no key in it.
    #[serde(skip)]
    pub(crate) says_nothing: bool,
    /// How many event loops there are, each in a thread of its own.
    pub(crate) threads: u16,
    pub(crate) listener: Vec<Listener>,
    pub(crate) http: Http,
    pub(crate) auth: Auth,
    /// Who else is asked.
    pub(crate) hook: hook::Settings,
    pub(crate) limits: Limits,
    /// Clients that connect again and again.
    pub(crate) flapping: Habit,
    /// Addresses from which refused CONNECTs come.
    pub(crate) failures: Habit,
    pub(crate) log: Log,
    pub(crate) sys: Sys,
    pub(crate) stop: Stop,
    pub(crate) store: Store,
    pub(crate) record: Record,
    pub(crate) broker: BrokerConfig,
}

impl Config {
    /// Whether so many threads can be had.
    ///
    /// # Errors
    /// When there are none or too many.
    fn check_threads(&self) -> Result<(), Failure> {
        if !(1..=SHARDS_MAX).contains(&self.threads) {
            return Err(Failure::usage(format!(
                "threads is {}; give 1 to {SHARDS_MAX}",
                self.threads
            )));
        }
        Ok(())
    }

    /// What can change while the broker runs, with all files read.
    ///
    /// # Errors
    /// When a file is missing, cannot be read or is wrong.
    pub(crate) fn renewal(&self) -> Result<Renewal, Failure> {
        self.warn_of_clear();
        let listeners = self.listener.iter();
        let protocols =
            listeners.map(|listener| listener.protocol(self.packet_size_max(listener)?));
        let tokens = self.verifier()?.map(Arc::new);
        let (doors, acl_file) = (self.doors(tokens.as_ref())?, self.auth.acl_file.as_ref());
        let login_timeout = Duration::from_secs(self.auth.login_timeout_s.into());
        let hook = Hook::new(&self.hook)?;
        let mut rules = Rules::new(doors, tokens, hook, acl_file, login_timeout)?;
        rules.check_retained_source = self.auth.check_retained_source;
        Ok(Renewal {
            protocols: protocols.collect::<Result<_, _>>()?,
            broker: Box::new(self.broker.clone()),
            rules: Arc::new(rules),
            trace_client: self.log.trace_client.clone(),
            sys_interval: Duration::from_secs(self.sys.interval_s.into()),
            manners: self.manners(),
        })
    }

    /// Where is listened.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.listener.iter().map(|listener| &listener.address)
    }

    /// What is expected of clients at every listener.
    pub(crate) fn manners(&self) -> Manners {
        Manners {
            connections_per_address_max: self.limits.connections_per_address_max,
            connections_per_user_max: self.limits.connections_per_user_max,
            unfinished_bytes_max: self.limits.unfinished_bytes_max,
            flapping: self.flapping,
            failures: self.failures,
        }
    }

    /// Who may use the admin interface; `None` for nobody.
    ///
    /// # Errors
    /// When the file cannot be read or has no good token in it.
    pub(crate) fn tokens(&self) -> Result<Option<Tokens>, Failure> {
        let file = self.http.token_file.as_deref();
        file.map(Tokens::load).transpose()
    }

    /// The files that the broker reads again when they change.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let listeners = self.listener.iter();
        let tls = listeners.flat_map(|listener| {
            [
                &listener.certificate,
                &listener.key,
                &listener.client_ca,
                &listener.client_crl,
                &listener.password_file,
                &listener.acl_file,
                &listener.jwt_keys_file,
                &listener.jwt_keys_ca,
            ]
        });
        let auth = [
            &self.file,
            &self.auth.password_file,
            &self.auth.acl_file,
            &self.auth.jwt_keys_file,
            &self.auth.jwt_keys_ca,
            &self.hook.ca,
            &self.hook.token_file,
            &self.http.token_file,
        ];
        tls.chain(auth).flatten().cloned().collect()
    }
}

/// The HTTP side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Http {
    pub(crate) address: HttpAddress,
    /// Who may use the admin interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_file: Option<PathBuf>,
}

/// Who is let in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Auth {
    pub(crate) allow_anonymous: bool,
    /// How long a client waits until its password is checked.
    pub(crate) login_timeout_s: u32,
    /// Who is let in, with which password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password_file: Option<PathBuf>,
    /// Who may do what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) acl_file: Option<PathBuf>,
    /// What is retained goes to nobody when its publisher may not publish there any more.
    pub(crate) check_retained_source: bool,
    /// Whose tokens are taken in place of passwords.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jwt_keys_file: Option<PathBuf>,
    /// The same from a server, how often, and the roots that it is known by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jwt_keys_url: Option<String>,
    pub(crate) jwt_keys_refresh_s: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jwt_keys_ca: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jwt_audience: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jwt_issuer: Option<String>,
    /// How much clocks may differ.
    pub(crate) jwt_leeway_s: u32,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            allow_anonymous: false,
            login_timeout_s: 60,
            password_file: None,
            acl_file: None,
            check_retained_source: true,
            jwt_keys_file: None,
            jwt_keys_url: None,
            jwt_keys_refresh_s: 300,
            jwt_keys_ca: None,
            jwt_audience: None,
            jwt_issuer: None,
            jwt_leeway_s: 5,
        }
    }
}

/// The log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Log {
    pub(crate) level: String,
    pub(crate) format: log::Format,
    /// The client whose decisions are told, with their reasons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trace_client: Option<String>,
}

/// The topics under `$SYS`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Sys {
    /// How often they are published, in seconds; 0 for never.
    pub(crate) interval_s: u32,
}

impl Default for Sys {
    fn default() -> Self {
        Self { interval_s: 10 }
    }
}

/// How it ends when it is told to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Stop {
    /// How long clients may take to read their good-bye, in seconds.
    pub(crate) within_s: u32,
}

impl Default for Stop {
    fn default() -> Self {
        Self { within_s: 5 }
    }
}

/// Where sessions and retained messages are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Store {
    /// The file, or its folder; without one they are kept in memory alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<PathBuf>,
    pub(crate) durability: Durability,
    /// For [`Durability::Interval`].
    pub(crate) interval_ms: u32,
    pub(crate) on_failure: OnFailure,
}

impl Store {
    /// How to keep what is kept.
    pub(crate) fn manner(&self) -> Manner {
        Manner {
            durability: self.durability,
            interval: Duration::from_millis(self.interval_ms.into()),
            on_failure: self.on_failure,
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            path: None,
            durability: Durability::default(),
            interval_ms: 1_000,
            on_failure: OnFailure::default(),
        }
    }
}

/// Whether and where to serve HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum HttpAddress {
    Off,
    At(Address),
}

impl FromStr for HttpAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            Ok(Self::Off)
        } else {
            text.parse().map(Self::At)
        }
    }
}

impl TryFrom<String> for HttpAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<HttpAddress> for String {
    fn from(address: HttpAddress) -> Self {
        match address {
            HttpAddress::Off => "off".into(),
            HttpAddress::At(address) => address.to_string(),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            file: None,
            says_nothing: false,
            threads: 1,
            listener: vec![Listener::new(Endpoint::loopback(1883))],
            http: Http::default(),
            auth: Auth::default(),
            hook: hook::Settings::default(),
            limits: Limits::default(),
            flapping: Habit::default(),
            failures: Habit::default(),
            log: Log::default(),
            sys: Sys::default(),
            stop: Stop::default(),
            store: Store::default(),
            record: Record::default(),
            broker: BrokerConfig::default(),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            address: HttpAddress::At(Address::loopback(8080)),
            token_file: None,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: "info".into(),
            format: log::Format::default(),
            trace_client: None,
        }
    }
}
