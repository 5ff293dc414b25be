//! The configuration: defaults, under a file, under the environment, under `--set`, under the other options.

mod load;
#[cfg(test)]
mod tests;

use std::str::FromStr;

use mqttlab_core::broker::Config as BrokerConfig;
use serde::{Deserialize, Serialize};

use super::listen::Address;
use crate::log;

pub(crate) use load::{Sources, load};

/// The defaults as a file, with a word on each key.
pub(crate) const DEFAULTS: &str = include_str!("config/default.toml");

/// All that can be configured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Config {
    pub(crate) listener: Vec<Listener>,
    pub(crate) http: Http,
    pub(crate) auth: Auth,
    pub(crate) log: Log,
    pub(crate) broker: BrokerConfig,
}

/// An address where MQTT is spoken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Listener {
    pub(crate) address: Address,
}

/// The HTTP side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Http {
    pub(crate) address: HttpAddress,
}

/// Who is let in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Auth {
    pub(crate) allow_anonymous: bool,
}

/// The log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Log {
    pub(crate) level: String,
    pub(crate) format: log::Format,
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
            listener: vec![Listener {
                address: Address::loopback(1883),
            }],
            http: Http::default(),
            auth: Auth::default(),
            log: Log::default(),
            broker: BrokerConfig::default(),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            address: HttpAddress::At(Address::loopback(8080)),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: "info".into(),
            format: log::Format::default(),
        }
    }
}
