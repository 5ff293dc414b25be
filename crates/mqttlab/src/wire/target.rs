//! Which broker, as people write it: `mqtt://127.0.0.1:1883`, `wss://example.org/mqtt`.

use std::fmt;
use std::str::FromStr;

pub(super) use crate::broker::Scheme;

/// The path where MQTT is spoken over WebSocket unless another is given.
const PATH: &str = "/mqtt";

/// Where a broker is and how it is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(super) scheme: Scheme,
    /// A name or an address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Of WebSocket, or of a Unix socket; empty for others.
    pub(super) path: String,
}

impl Target {
    /// The same inside TLS, where nobody has said what lies below MQTT.
    pub(crate) fn or_tls(text: &str) -> Result<Self, String> {
        let target: Self = text.parse()?;
        let scheme = match target.scheme {
            Scheme::Mqtt if !text.contains("://") => Scheme::Mqtts,
            scheme => scheme,
        };
        Ok(Self { scheme, ..target })
    }

    /// A socket of this machine.
    fn unix(path: &str) -> Result<Self, String> {
        if !path.starts_with('/') || !cfg!(unix) {
            return Err("after unix:// comes the whole path, such as /run/mqttlab/mqtt".into());
        }
        Ok(Self {
            scheme: Scheme::Unix,
            host: String::new(),
            port: 0,
            path: path.into(),
        })
    }

    /// Whether it is a socket of this machine, and has no host and port.
    pub(crate) fn is_local(&self) -> bool {
        self.scheme == Scheme::Unix
    }

    /// A name or an address, without brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where the WebSocket is.
    pub(super) fn web_address(&self) -> String {
        format!("{}://{}{}", self.scheme.name(), self.authority(), self.path)
    }

    fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.scheme.name();
        match self.scheme {
            Scheme::Unix => write!(f, "{scheme}://{}", self.path),
            Scheme::Mqtt | Scheme::Mqtts | Scheme::Ws | Scheme::Wss => {
                write!(f, "{scheme}://{}{}", self.authority(), self.path)
            }
        }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("mqtt", text));
        let (scheme, standard_port) = match scheme {
            "mqtt" => (Scheme::Mqtt, 1883),
            "mqtts" => (Scheme::Mqtts, 8883),
            "ws" => (Scheme::Ws, 80),
            "wss" => (Scheme::Wss, 443),
            "unix" => return Self::unix(rest),
            _ => {
                return Err(
                    "begin with mqtt://, mqtts://, ws://, wss:// or unix://, or with nothing"
                        .into(),
                );
            }
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err("user and password have options of their own".into());
        }
        let path = match (scheme.has_ws(), path) {
            (true, "" | "/") => PATH,
            (true, path) => path,
            (false, "" | "/") => "",
            (false, _) => return Err("only ws:// and wss:// have a path".into()),
        };
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or("the `]` is missing")?;
                match port.strip_prefix(':') {
                    Some(port) => (host, Some(port)),
                    None if port.is_empty() => (host, None),
                    None => return Err("after `]` comes `:` and the port".into()),
                }
            }
            None => match authority.rsplit_once(':') {
                Some((host, _)) if host.contains(':') => {
                    return Err("put an IPv6 address into brackets: [::1]:1883".into());
                }
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let port = match port {
            None => standard_port,
            Some(port) => match port.parse() {
                Ok(0) | Err(_) => return Err(format!("`{port}` is no port: give 1 to 65535")),
                Ok(port) => port,
            },
        };
        if host.is_empty() {
            return Err("there is no host in it".into());
        }
        Ok(Self {
            scheme,
            host: host.into(),
            port,
            path: path.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn what_people_write_is_understood() {
        for (text, expected) in [
            ("localhost", "mqtt://localhost:1883"),
            ("127.0.0.1:1884", "mqtt://127.0.0.1:1884"),
            ("mqtts://example.org/", "mqtts://example.org:8883"),
            ("ws://example.org", "ws://example.org:80/mqtt"),
            ("wss://[::1]:8443/other/path", "wss://[::1]:8443/other/path"),
            ("[::1]", "mqtt://[::1]:1883"),
            #[cfg(unix)]
            ("unix:///run/mqtt", "unix:///run/mqtt"),
        ] {
            let target: Target = text.parse().expect(text);
            assert_eq!(target.to_string(), expected);
        }
        let target = Target::or_tls("127.0.0.1:8883").expect("an address");
        assert_eq!(target.to_string(), "mqtts://127.0.0.1:8883");
        let target = Target::or_tls("wss://127.0.0.1").expect("an address");
        assert_eq!(target.to_string(), "wss://127.0.0.1:443/mqtt");
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (text, why) in [
            ("http://example.org", "begin with mqtt://"),
            ("mqtt://ann:secret@example.org", "options of their own"),
            ("mqtt://example.org/path", "only ws:// and wss://"),
            ("::1", "into brackets"),
            ("[::1", "is missing"),
            ("[::1]1883", "after `]`"),
            ("example.org:70000", "1 to 65535"),
            ("example.org:", "1 to 65535"),
            ("ws:///mqtt", "no host"),
            ("unix://run/mqtt", "the whole path"),
        ] {
            let error = text.parse::<Target>().expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
