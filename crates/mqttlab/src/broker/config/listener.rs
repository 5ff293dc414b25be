//! One listener of the configuration.

use std::path::PathBuf;
use std::sync::Arc;

use mqttlab_core::packet::Version;
use serde::{Deserialize, Deserializer, Serialize};

use super::super::auth::NameFrom;
use super::super::auth::acl::Acl;
use super::super::listen::{Access, Endpoint, Group, Mode, Scheme};
use super::super::transport::{Certificates, Gate, Network, Protocol, ProxiesSay};
use super::OverRate;
use crate::Failure;

/// An address where MQTT is spoken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Listener {
    /// It comes from `--listen`, or nobody said anything.
    #[serde(skip)]
    pub(crate) by_option: bool,
    pub(crate) address: Endpoint,
    /// Who of this machine may connect, for Unix sockets.
    #[serde(default)]
    pub(crate) mode: Option<Mode>,
    /// The group that may, if it is another than that of the broker.
    #[serde(default)]
    pub(crate) group: Option<Group>,
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
    pub(crate) proxies_say: Option<ProxiesSay>,
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
    /// Clients that are called otherwise than their User Names are turned away.
    #[serde(default)]
    pub(crate) client_id_is_user_name: bool,
    /// The versions of MQTT that are let in; empty for all that the broker speaks.
    #[serde(default, deserialize_with = "one_or_more")]
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
    pub(crate) jwt_keys_url: Option<String>,
    /// The roots that the server of these is known by.
    #[serde(default)]
    pub(crate) jwt_keys_ca: Option<PathBuf>,
    #[serde(default)]
    pub(crate) jwt_audience: Option<String>,
    #[serde(default)]
    pub(crate) jwt_issuer: Option<String>,
}

fn yes() -> bool {
    true
}

/// A list that would let in nobody lets in everybody; whoever writes it means something else.
fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Version>, D::Error> {
    let versions = Vec::deserialize(from)?;
    match versions.is_empty() {
        true => Err(serde::de::Error::custom(
            "give one version or more, or leave versions out",
        )),
        false => Ok(versions),
    }
}

impl Listener {
    /// One for this address alone.
    pub(crate) fn new(address: Endpoint) -> Self {
        Self {
            by_option: false,
            address,
            mode: None,
            group: None,
            certificate: None,
            key: None,
            client_ca: None,
            client_crl: None,
            user_name_from: None,
            origins: Vec::new(),
            proxies: Vec::new(),
            proxies_say: None,
            connections_max: None,
            acl_file: None,
            accepts_per_second_max: None,
            messages_per_second_max: None,
            bytes_per_second_max: None,
            over_rate: None,
            packet_size_max: None,
            client_id_is_user_name: false,
            versions: Vec::new(),
            allow_anonymous: None,
            ask_hook: true,
            password_file: None,
            take_tokens: true,
            jwt_keys_file: None,
            jwt_keys_url: None,
            jwt_keys_ca: None,
            jwt_audience: None,
            jwt_issuer: None,
        }
    }

    /// What to change for another address.
    pub(crate) fn said_by(&self) -> &'static str {
        match self.by_option {
            true => "--listen",
            false => "`address` in [[listener]]",
        }
    }

    /// What its clients may do, where that is said for them alone.
    pub(super) fn acl(&self) -> Result<Option<Arc<Acl>>, Failure> {
        let file = self.acl_file.as_deref();
        Ok(file.map(Acl::load).transpose()?.map(Arc::new))
    }

    /// Who of this machine may connect to a Unix socket.
    pub(crate) fn access(&self) -> Access {
        Access {
            mode: self.mode.unwrap_or_default(),
            group: self.group,
        }
    }

    /// What is spoken there.
    ///
    /// # Errors
    /// When its files are missing, cannot be read or do not fit.
    pub(crate) fn protocol(&self, packet_size_max: u32) -> Result<Protocol, Failure> {
        let Endpoint { scheme, path, .. } = &self.address;
        let forwards = self.proxies_say == Some(ProxiesSay::XForwardedFor);
        if forwards && (self.proxies.is_empty() || !scheme.has_ws()) {
            return Err(Failure::usage(format!(
                "{}: x-forwarded-for is for ws:// and wss://, from the addresses in proxies",
                self.address
            )));
        }
        let forwarders: &[Network] = if forwards { &self.proxies } else { &[] };
        let ws = scheme.has_ws().then(|| {
            Arc::new(Gate {
                listener: self.address.to_string(),
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
        let (tls, expires_s) = match self.certificates()? {
            Some(certificates) => {
                let (tls, expires_s) = certificates.load()?;
                (Some(tls), expires_s)
            }
            None => (None, None),
        };
        Ok(Protocol {
            tls,
            ws,
            proxies: self.proxies.clone().into(),
            expires_s,
        })
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
            (None, _) | (_, None) => {
                let needed = match self.by_option {
                    true => "--certificate FILE and --key FILE",
                    false => "`certificate` and `key` in its section, the names of PEM files",
                };
                Err(Failure::usage(format!("{} needs {needed}", self.address)))
            }
        }
    }
}
