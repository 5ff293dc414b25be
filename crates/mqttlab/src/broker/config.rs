//! The configuration: defaults, under a file, under the environment, under `--set`, under the other options.

mod check;
mod fixed;
mod limits;
mod load;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use mqttlab_core::broker::Config as BrokerConfig;
use mqttlab_core::broker::shard::SHARDS_MAX;
use mqttlab_core::packet::Version;
use serde::{Deserialize, Serialize};

use super::admin::Tokens;
use super::auth::acl::Acl;
use super::auth::hook::{self, Hook};
use super::auth::jwt::{self, Verifier};
use super::auth::passwords::Passwords;
use super::auth::{Door, NameFrom, Rules};
use super::listen::{Address, Endpoint, Scheme};
use super::record::Record;
use super::shard::{Manners, Rate, Renewal};
use super::store::{Durability, Manner, OnFailure};
use super::transport::{Certificates, Gate, Network, Protocol, ProxiesSay};
use crate::{Failure, log};

pub(crate) use fixed::Fixed;
pub(crate) use limits::{Habit, Limits, OverRate, Then};
pub(crate) use load::{Sources, load};

/// The defaults as a file, with a word on each key.
pub(crate) const DEFAULTS: &str = include_str!("config/default.toml");

/// All that can be configured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Config {
    /// The file that it comes from.
    #[serde(skip)]
    pub(crate) file: Option<PathBuf>,
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
    pub(crate) store: Store,
    pub(crate) record: Record,
    pub(crate) broker: BrokerConfig,
}

/// Why more than one thread is refused where clients are recorded.
pub(crate) const RECORDS_ONE_THREAD: &str =
    "record.path needs threads = 1: a recording is what one event loop was handed, in its order";

impl Config {
    /// Whether so many threads can be had.
    ///
    /// # Errors
    /// When there are none or too many, or all are to be recorded.
    fn check_threads(&self) -> Result<(), Failure> {
        if !(1..=SHARDS_MAX).contains(&self.threads) {
            return Err(Failure::usage(format!(
                "threads is {}; give 1 to {SHARDS_MAX}",
                self.threads
            )));
        }
        if self.threads > 1 && self.record.path.is_some() {
            return Err(Failure::usage(RECORDS_ONE_THREAD));
        }
        Ok(())
    }

    /// What can change while the broker runs, with all files read.
    ///
    /// # Errors
    /// When a file is missing, cannot be read or is wrong.
    pub(crate) fn renewal(&self) -> Result<Renewal, Failure> {
        let listeners = self.listener.iter();
        let protocols =
            listeners.map(|listener| listener.protocol(self.packet_size_max(listener)?));
        let tokens = self.verifier()?.map(Arc::new);
        let (doors, acl_file) = (self.doors(tokens.as_ref())?, self.auth.acl_file.as_ref());
        let rules = Rules::new(doors, tokens, Hook::new(&self.hook)?, acl_file)?;
        Ok(Renewal {
            protocols: protocols.collect::<Result<_, _>>()?,
            broker: Box::new(self.broker.clone()),
            rules: Arc::new(rules),
            trace_client: self.log.trace_client.clone(),
            sys_interval: Duration::from_secs(self.sys.interval_s.into()),
            manners: self.manners(),
        })
    }

    /// What is expected of clients at every listener.
    pub(crate) fn manners(&self) -> Manners {
        Manners {
            connections_per_address_max: self.limits.connections_per_address_max,
            connections_per_user_max: self.limits.connections_per_user_max,
            flapping: self.flapping,
            failures: self.failures,
        }
    }

    /// The largest packet of a client of this listener.
    fn packet_size_max(&self, listener: &Listener) -> Result<u32, Failure> {
        let all = self.broker.packet_size_max;
        match listener.packet_size_max {
            None => Ok(all),
            Some(own) if (1..=all).contains(&own) => Ok(own),
            Some(own) => Err(Failure::usage(format!(
                "{}: packet-size-max is {own}; give 1 to {all}, which is broker.packet-size-max",
                listener.address
            ))),
        }
    }

    /// How fast a client of this listener may send.
    fn rate(&self, listener: &Listener) -> Rate {
        let (own, all) = (listener, &self.limits);
        Rate {
            messages_per_s: own
                .messages_per_second_max
                .unwrap_or(all.messages_per_second_max),
            bytes_per_s: own.bytes_per_second_max.unwrap_or(all.bytes_per_second_max),
            over: own.over_rate.unwrap_or(all.over_rate),
        }
    }

    /// Who is let in where; a file that several listeners name is read once.
    fn doors(&self, tokens: Option<&Arc<Verifier>>) -> Result<Vec<Door>, Failure> {
        let mut read: Vec<(&PathBuf, Arc<Passwords>)> = Vec::new();
        let mut doors = Vec::with_capacity(self.listener.len());
        for listener in &self.listener {
            let file = self.password_file(listener);
            let passwords = match file.map(|file| (file, read.iter().find(|(of, _)| *of == file))) {
                None => None,
                Some((_, Some((_, passwords)))) => Some(Arc::clone(passwords)),
                Some((file, None)) => {
                    let passwords = Arc::new(Passwords::load(file)?);
                    read.push((file, Arc::clone(&passwords)));
                    Some(passwords)
                }
            };
            let asks_hook = self.asks_hook(listener);
            if asks_hook && passwords.is_some() {
                return Err(Failure::usage(format!(
                    "{}: give a password file or hook.url; ask-hook = false keeps a listener from asking",
                    listener.address
                )));
            }
            doors.push(Door {
                allow_anonymous: self.allows_anonymous(listener),
                passwords,
                tokens: self.tokens_at(listener, tokens)?,
                asks_hook,
                user_name_from: listener.user_name_from,
                versions: listener.versions.clone(),
                connections_max: listener.connections_max,
                acl: listener.acl()?,
                rate: self.rate(listener),
                packet_size_max: listener.packet_size_max,
                accepts_per_s: listener
                    .accepts_per_second_max
                    .unwrap_or(self.limits.accepts_per_second_max),
            });
        }
        Ok(doors)
    }

    /// Whose tokens are good; `None` where none are.
    fn verifier(&self) -> Result<Option<Verifier>, Failure> {
        let Auth {
            jwt_keys_file,
            jwt_keys_url,
            jwt_audience,
            jwt_issuer,
            ..
        } = &self.auth;
        let (audience, issuer) = (jwt_audience.clone(), jwt_issuer.clone());
        match (jwt_keys_file, jwt_keys_url) {
            (None, None) => Ok(None),
            (Some(path), None) => Verifier::load(path, audience, issuer).map(Some),
            (None, Some(url)) => {
                let refresh_s = self.auth.jwt_keys_refresh_s;
                if refresh_s == 0 {
                    return Err(Failure::usage("auth.jwt-keys-refresh-s: give at least 1"));
                }
                let address = jwt::Address {
                    url: url.clone(),
                    ca: self.auth.jwt_keys_ca.clone(),
                    refresh: Duration::from_secs(refresh_s.into()),
                };
                Verifier::fetch(address, audience, issuer).map(Some)
            }
            (Some(_), Some(_)) => Err(Failure::usage(
                "auth.jwt-keys-file and auth.jwt-keys-url: give one of the two",
            )),
        }
    }

    /// Whose tokens are good at a listener, with its own settings in place of those of all.
    fn tokens_at(
        &self,
        listener: &Listener,
        all: Option<&Arc<Verifier>>,
    ) -> Result<Option<Arc<Verifier>>, Failure> {
        let Listener {
            address,
            jwt_keys_file: file,
            jwt_audience,
            jwt_issuer,
            ..
        } = listener;
        let is_own = jwt_audience.is_some() || jwt_issuer.is_some();
        if !listener.take_tokens {
            return match file.is_none() && !is_own {
                true => Ok(None),
                false => Err(Failure::usage(format!(
                    "{address}: without tokens there is nothing for jwt-keys-file, jwt-audience and jwt-issuer"
                ))),
            };
        }
        let audience = jwt_audience.clone().or(self.auth.jwt_audience.clone());
        let issuer = jwt_issuer.clone().or(self.auth.jwt_issuer.clone());
        match (file, all) {
            (Some(file), _) => {
                let own = Verifier::load(file, audience, issuer)?;
                Ok(Some(Arc::new(own)))
            }
            (None, Some(all)) if is_own => Ok(Some(Arc::new(all.with(audience, issuer)))),
            (None, Some(all)) => Ok(Some(Arc::clone(all))),
            (None, None) if is_own => Err(Failure::usage(format!(
                "{address}: jwt-audience and jwt-issuer need keys; give jwt-keys-file here or in [auth]"
            ))),
            (None, None) => Ok(None),
        }
    }

    /// Whether tokens are taken at a listener.
    fn takes_tokens(&self, listener: &Listener) -> bool {
        let Auth {
            jwt_keys_file: file,
            jwt_keys_url: url,
            ..
        } = &self.auth;
        let has_keys = listener.jwt_keys_file.is_some() || file.is_some() || url.is_some();
        listener.take_tokens && has_keys
    }

    /// Whether clients without a user name are let in there.
    fn allows_anonymous(&self, listener: &Listener) -> bool {
        let own = listener.allow_anonymous;
        own.unwrap_or(self.auth.allow_anonymous)
    }

    /// Whether the hook is asked about clients of this listener.
    fn asks_hook(&self, listener: &Listener) -> bool {
        self.hook.url.is_some() && listener.ask_hook
    }

    fn password_file<'a>(&'a self, listener: &'a Listener) -> Option<&'a PathBuf> {
        let own = listener.password_file.as_ref();
        own.or(self.auth.password_file.as_ref())
    }

    /// Whether a listener lets in everybody, from anywhere, without anybody having said so.
    pub(crate) fn is_exposed(&self, listener: &Listener) -> bool {
        let asks_for_certificates =
            listener.address.scheme.has_tls() && listener.client_ca.is_some();
        !listener.address.address.is_loopback()
            && !asks_for_certificates
            && !self.allows_anonymous(listener)
            && self.password_file(listener).is_none()
            && !self.takes_tokens(listener)
            && !self.asks_hook(listener)
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

/// An address where MQTT is spoken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Listener {
    pub(crate) address: Endpoint,
    /// PEM file with the certificate, for listeners with TLS.
    #[serde(default)]
    pub(crate) certificate: Option<PathBuf>,
    /// PEM file with the key to it.
    #[serde(default)]
    pub(crate) key: Option<PathBuf>,
    /// PEM file with the roots whose clients alone are let in.
    #[serde(default)]
    pub(crate) client_ca: Option<PathBuf>,
    /// PEM file with lists of client certificates that are good no longer.
    #[serde(default)]
    pub(crate) client_crl: Option<PathBuf>,
    /// Clients are called as their certificates say, and need no password.
    #[serde(default)]
    pub(crate) user_name_from: Option<NameFrom>,
    /// Web origins whose pages may connect, for listeners with WebSocket.
    #[serde(default)]
    pub(crate) origins: Vec<String>,
    /// Only proxies are taken in, from these addresses; they say whom they stand for.
    #[serde(default)]
    pub(crate) proxies: Vec<Network>,
    /// How they do.
    #[serde(default)]
    pub(crate) proxies_say: ProxiesSay,
    /// The most connections at once.
    #[serde(default)]
    pub(crate) connections_max: Option<u32>,
    /// What its clients may do, in place of what others may.
    #[serde(default)]
    pub(crate) acl_file: Option<PathBuf>,
    /// In place of those for all listeners.
    #[serde(default)]
    pub(crate) accepts_per_second_max: Option<u32>,
    #[serde(default)]
    pub(crate) messages_per_second_max: Option<u32>,
    #[serde(default)]
    pub(crate) bytes_per_second_max: Option<u32>,
    #[serde(default)]
    pub(crate) over_rate: Option<OverRate>,
    /// The largest packet of its clients, in bytes.
    #[serde(default)]
    pub(crate) packet_size_max: Option<u32>,
    /// The versions of MQTT that are let in; empty for all that the broker speaks.
    #[serde(default)]
    pub(crate) versions: Vec<Version>,
    /// In place of that of all listeners.
    #[serde(default)]
    pub(crate) allow_anonymous: Option<bool>,
    /// The hook is asked about its clients, if there is one.
    #[serde(default = "yes")]
    pub(crate) ask_hook: bool,
    /// In place of that of all listeners.
    #[serde(default)]
    pub(crate) password_file: Option<PathBuf>,
    /// JSON Web Tokens are taken in place of passwords, if there are keys.
    #[serde(default = "yes")]
    pub(crate) take_tokens: bool,
    /// In place of those of all listeners.
    #[serde(default)]
    pub(crate) jwt_keys_file: Option<PathBuf>,
    #[serde(default)]
    pub(crate) jwt_audience: Option<String>,
    #[serde(default)]
    pub(crate) jwt_issuer: Option<String>,
}

fn yes() -> bool {
    true
}

impl Listener {
    /// One for this address alone.
    pub(crate) fn new(address: Endpoint) -> Self {
        Self {
            address,
            certificate: None,
            key: None,
            client_ca: None,
            client_crl: None,
            user_name_from: None,
            origins: Vec::new(),
            proxies: Vec::new(),
            proxies_say: ProxiesSay::default(),
            connections_max: None,
            acl_file: None,
            accepts_per_second_max: None,
            messages_per_second_max: None,
            bytes_per_second_max: None,
            over_rate: None,
            packet_size_max: None,
            versions: Vec::new(),
            allow_anonymous: None,
            ask_hook: true,
            password_file: None,
            take_tokens: true,
            jwt_keys_file: None,
            jwt_audience: None,
            jwt_issuer: None,
        }
    }

    /// What its clients may do, where that is said for them alone.
    fn acl(&self) -> Result<Option<Arc<Acl>>, Failure> {
        let file = self.acl_file.as_deref();
        Ok(file.map(Acl::load).transpose()?.map(Arc::new))
    }

    /// What is spoken there.
    ///
    /// # Errors
    /// When its files are missing, cannot be read or do not fit.
    pub(crate) fn protocol(&self, packet_size_max: u32) -> Result<Protocol, Failure> {
        let Endpoint { scheme, path, .. } = &self.address;
        let forwards = self.proxies_say == ProxiesSay::XForwardedFor;
        if forwards && (self.proxies.is_empty() || !scheme.has_ws()) {
            return Err(Failure::usage(format!(
                "{}: x-forwarded-for is for ws:// and wss://, from the addresses in proxies",
                self.address
            )));
        }
        let forwarders: &[Network] = if forwards { &self.proxies } else { &[] };
        let ws = scheme.has_ws().then(|| {
            Arc::new(Gate {
                path: path.clone(),
                origins: self.origins.clone(),
                packet_size_max,
                forwarders: forwarders.into(),
            })
        });
        if scheme == &Scheme::Unix && !self.proxies.is_empty() {
            return Err(Failure::usage(format!(
                "{}: proxies come over the network",
                self.address
            )));
        }
        if self.client_ca.is_none() && (self.client_crl.is_some() || self.user_name_from.is_some())
        {
            return Err(Failure::usage(format!(
                "{}: client-crl and user-name-from need client-ca, which asks clients for certificates",
                self.address
            )));
        }
        let tls = match self.certificates()? {
            Some(certificates) => Some(certificates.load()?),
            None => None,
        };
        let proxies = self.proxies.clone().into();
        Ok(Protocol { tls, ws, proxies })
    }

    /// The files for TLS, where it has TLS.
    fn certificates(&self) -> Result<Option<Certificates>, Failure> {
        if !self.address.scheme.has_tls() {
            return Ok(None);
        }
        match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => Ok(Some(Certificates {
                certificate: certificate.clone(),
                key: key.clone(),
                client_ca: self.client_ca.clone(),
                client_crl: self.client_crl.clone(),
            })),
            (None, _) | (_, None) => Err(Failure::usage(format!(
                "{} needs --certificate FILE and --key FILE",
                self.address
            ))),
        }
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
    /// Who is let in, with which password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password_file: Option<PathBuf>,
    /// Who may do what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) acl_file: Option<PathBuf>,
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
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            allow_anonymous: false,
            password_file: None,
            acl_file: None,
            jwt_keys_file: None,
            jwt_keys_url: None,
            jwt_keys_refresh_s: 300,
            jwt_keys_ca: None,
            jwt_audience: None,
            jwt_issuer: None,
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
