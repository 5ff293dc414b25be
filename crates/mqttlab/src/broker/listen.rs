//! Listeners: which addresses, and what to say where one cannot be had.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use socket2::{Domain, Protocol, Socket, Type};

use crate::Failure;

/// Connections that may wait in the kernel until they are taken in.
const BACKLOG: i32 = 4_096;

/// An address to listen on, as a person writes it: `127.0.0.1:1883`, `[::1]:1883`, `localhost:1883`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Address {
    text: String,
    resolved: Vec<SocketAddr>,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let port = text.rsplit_once(':').map(|(_, port)| port);
        if port.is_none_or(|port| port.parse::<u16>().is_err()) {
            return Err("give an address and a port, such as 127.0.0.1:1883 or [::1]:1883".into());
        }
        let resolved: Vec<_> = text
            .to_socket_addrs()
            .map_err(|error| format!("the name cannot be resolved: {error}"))?
            .collect();
        if resolved.is_empty() {
            return Err("the name has no address".into());
        }
        Ok(Self {
            text: text.into(),
            resolved,
        })
    }
}

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.text
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Address {
    /// This port, for programs of this machine.
    pub(crate) fn loopback(port: u16) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            text: address.to_string(),
            resolved: vec![address],
        }
    }

    /// Whether only this machine can reach it.
    pub(crate) fn is_loopback(&self) -> bool {
        self.resolved
            .iter()
            .all(|address| address.ip().is_loopback())
    }

    /// Listens, without waiting in any later call. `option` is what the caller would have to change.
    pub(crate) fn bind(&self, option: &str) -> Result<TcpListener, Failure> {
        let mut failed = None;
        for &address in &self.resolved {
            match bind(address) {
                Ok(listener) => return Ok(listener),
                Err(error) => failed = Some(error),
            }
        }
        let error = failed.expect("an address resolves to at least one");
        Err(Failure::usage(format!(
            "cannot listen on {self}: {}",
            advice(&error, option)
        )))
    }
}

/// Where MQTT is spoken and how: `127.0.0.1:1883`, `mqtts://0.0.0.0:8883`, `ws://127.0.0.1:8083/mqtt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Endpoint {
    pub(crate) scheme: Scheme,
    pub(crate) address: Address,
    /// The path of WebSocket requests; empty for others.
    pub(crate) path: String,
}

/// What lies below MQTT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Mqtt,
    Mqtts,
    Ws,
    Wss,
}

/// The path where MQTT is spoken over WebSocket unless another is given.
const PATH: &str = "/mqtt";

impl Scheme {
    const ALL: [Self; 4] = [Self::Mqtt, Self::Mqtts, Self::Ws, Self::Wss];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mqtt => "mqtt",
            Self::Mqtts => "mqtts",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    pub(crate) fn has_tls(self) -> bool {
        match self {
            Self::Mqtts | Self::Wss => true,
            Self::Mqtt | Self::Ws => false,
        }
    }

    pub(crate) fn has_ws(self) -> bool {
        match self {
            Self::Ws | Self::Wss => true,
            Self::Mqtt | Self::Mqtts => false,
        }
    }
}

impl Endpoint {
    /// Plain MQTT on this port, for programs of this machine.
    pub(crate) fn loopback(port: u16) -> Self {
        Self {
            scheme: Scheme::Mqtt,
            address: Address::loopback(port),
            path: String::new(),
        }
    }
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("mqtt", text));
        let scheme = Scheme::ALL.into_iter().find(|known| known.name() == scheme);
        let scheme =
            scheme.ok_or("begin with mqtt://, mqtts://, ws:// or wss://, or with nothing")?;
        let (address, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let path = match (scheme.has_ws(), path) {
            (true, "" | "/") => PATH,
            (true, path) => path,
            (false, "" | "/") => "",
            (false, _) => return Err("only ws:// and wss:// have a path".into()),
        };
        Ok(Self {
            scheme,
            address: address.parse()?,
            path: path.into(),
        })
    }
}

impl TryFrom<String> for Endpoint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.to_string()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scheme != Scheme::Mqtt {
            write!(f, "{}://", self.scheme.name())?;
        }
        write!(f, "{}{}", self.address, self.path)
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // On Windows the same option would let two programs share the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    // Accepted connections inherit it: answers are put together before they are written, so none should wait for more.
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn advice(error: &io::Error, option: &str) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "another program has this port; stop it, or choose another with {option} (port 0 takes a free one)"
        ),
        io::ErrorKind::PermissionDenied => format!(
            "not permitted (ports below 1024 need privileges); choose another with {option}"
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("this machine has no such address; choose another with {option}")
        }
        _ => format!("{error}; choose another with {option}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, Endpoint, Scheme};

    fn address(text: &str) -> Address {
        text.parse().expect("a good address")
    }

    #[test]
    fn an_address_needs_a_port() {
        for bad in [
            "",
            "1883",
            "127.0.0.1",
            "127.0.0.1:",
            "127.0.0.1:65536",
            "[::1]",
            ":x",
        ] {
            let error = bad.parse::<Address>().expect_err(bad);
            assert!(error.contains("127.0.0.1:1883"), "{bad}: {error}");
        }
    }

    #[test]
    fn only_addresses_of_this_machine_are_loopback() {
        assert!(address("127.0.0.1:0").is_loopback());
        assert!(address("[::1]:0").is_loopback());
        assert!(!address("0.0.0.0:0").is_loopback());
        assert!(!address("192.0.2.1:1883").is_loopback());
    }

    #[test]
    fn a_busy_port_is_said_with_the_option_to_change() {
        let first = address("127.0.0.1:0")
            .bind("--listen")
            .expect("a free port");
        let taken = first.local_addr().expect("it is bound").to_string();
        let failure = address(&taken).bind("--listen").expect_err("it is taken");
        let text = failure.to_string();
        assert!(text.contains(&taken) && text.contains("--listen"), "{text}");
        assert_eq!(failure.exit_code(), std::process::ExitCode::from(2));
    }

    #[test]
    fn an_address_of_another_machine_is_said() {
        let failure = address("192.0.2.1:0").bind("--http").expect_err("not ours");
        assert!(failure.to_string().contains("no such address"), "{failure}");
    }

    #[test]
    fn an_endpoint_says_what_lies_below_mqtt() {
        for (text, scheme, path, shown) in [
            ("127.0.0.1:1", Scheme::Mqtt, "", "127.0.0.1:1"),
            ("mqtt://127.0.0.1:1", Scheme::Mqtt, "", "127.0.0.1:1"),
            ("mqtts://[::1]:1/", Scheme::Mqtts, "", "mqtts://[::1]:1"),
            (
                "ws://127.0.0.1:1",
                Scheme::Ws,
                "/mqtt",
                "ws://127.0.0.1:1/mqtt",
            ),
            (
                "wss://127.0.0.1:1/a/b",
                Scheme::Wss,
                "/a/b",
                "wss://127.0.0.1:1/a/b",
            ),
        ] {
            let endpoint: Endpoint = text.parse().expect(text);
            assert_eq!((endpoint.scheme, &endpoint.path[..]), (scheme, path));
            assert_eq!(endpoint.to_string(), shown);
        }
        for bad in [
            "http://127.0.0.1:1",
            "127.0.0.1:1/mqtt",
            "ws://127.0.0.1",
            "ws:/127.0.0.1:1",
        ] {
            bad.parse::<Endpoint>().expect_err(bad);
        }
    }
}
