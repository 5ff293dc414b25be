//! Listeners: which addresses, and what to say where one cannot be had.

mod access;
mod bound;
mod inherited;

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use socket2::{Domain, Protocol, Socket, Type};

use crate::Failure;

pub(crate) use access::{Access, Group, Mode};
pub(crate) use bound::Bound;
pub(crate) use inherited::Inherited;

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
        let mut resolved: Vec<SocketAddr> = Vec::new();
        for address in text
            .to_socket_addrs()
            .map_err(|error| format!("the name cannot be resolved: {error}"))?
        {
            if !resolved.contains(&address) {
                resolved.push(address);
            }
        }
        // Whatever this machine's files say: clients that are told this name try both.
        if let Some(("localhost", port)) = text.rsplit_once(':')
            && let Ok(port) = port.parse()
        {
            resolved = [
                SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
                SocketAddr::from((Ipv6Addr::LOCALHOST, port)),
            ]
            .into();
        }
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

    /// No place in the network.
    fn nowhere() -> Self {
        Self {
            text: String::new(),
            resolved: Vec::new(),
        }
    }

    /// Whether only this machine can reach it.
    pub(crate) fn is_loopback(&self) -> bool {
        self.resolved
            .iter()
            .all(|address| address.ip().is_loopback())
    }

    /// Whether both would listen at one place.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let mut own = self.resolved.iter();
        own.any(|own| other.resolved.iter().any(|other| overlap(*own, *other)))
    }

    /// Listens at all addresses of the name that there are here, without waiting in any later call. `option` is what the
    /// caller would have to change. Sockets that were opened for it before the program began are taken over.
    pub(crate) fn bind(
        &self,
        option: &str,
        inherited: &mut Inherited,
    ) -> Result<Vec<TcpListener>, Failure> {
        let taken = inherited.take(&self.resolved);
        if !taken.is_empty() {
            return Ok(taken);
        }
        let mut failed = None;
        for _ in 0..FREE_PORT_TRIES {
            match bind_all(&self.resolved) {
                Ok(listeners) => return Ok(listeners),
                // The port that was free at one address is not at the other: another may be.
                Err(error)
                    if error.kind() == io::ErrorKind::AddrInUse && self.takes_free_port() =>
                {
                    failed = Some(error);
                }
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        let error = failed.expect("it was tried");
        let why = match inherited.covering(&self.resolved) {
            Some(handed) if error.kind() == io::ErrorKind::AddrInUse => {
                format!("the socket that was handed over listens at {handed}; give that address")
            }
            Some(_) | None => advice(&error, option),
        };
        Err(Failure::usage(format!("cannot listen on {self}: {why}")))
    }

    fn takes_free_port(&self) -> bool {
        self.resolved.iter().any(|address| address.port() == 0)
    }
}

/// How often a port is looked for that is free at all addresses of a name.
const FREE_PORT_TRIES: usize = 16;

/// Listens at each of these that there is here, at the same port.
fn bind_all(addresses: &[SocketAddr]) -> io::Result<Vec<TcpListener>> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut absent = None;
    for &address in addresses {
        let mut address = address;
        if address.port() == 0
            && let Some(first) = listeners.first()
        {
            address.set_port(first.local_addr()?.port());
        }
        match bind(address) {
            Ok(listener) => listeners.push(listener),
            // A name may have addresses of a kind that this machine does not use.
            Err(error) if is_absent(&error) => absent = Some(error),
            Err(error) => return Err(error),
        }
    }
    match absent {
        Some(error) if listeners.is_empty() => Err(error),
        Some(_) | None => Ok(listeners),
    }
}

/// Whether the machine has no such address, rather than somebody else having it.
fn is_absent(error: &io::Error) -> bool {
    #[cfg(unix)]
    let unsupported = error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error());
    #[cfg(not(unix))]
    let unsupported = false;
    unsupported || error.kind() == io::ErrorKind::AddrNotAvailable
}

/// Whether one socket cannot have the one and another the other.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let covers = |one: IpAddr, other: IpAddr| {
        // Whoever listens on all addresses of IPv6 does so on those of IPv4.
        one == other || one.is_unspecified() && (one.is_ipv6() || other.is_ipv4())
    };
    let (port, ip) = (one.port(), one.ip());
    port != 0 && port == other.port() && (covers(ip, other.ip()) || covers(other.ip(), ip))
}

/// Where MQTT is spoken and how: `127.0.0.1:1883`, `mqtts://0.0.0.0:8883`, `ws://127.0.0.1:8083/mqtt`,
/// `unix:///run/mqttlab/mqtt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Endpoint {
    pub(crate) scheme: Scheme,
    pub(crate) address: Address,
    /// The path of WebSocket requests, or of a Unix socket; empty for others.
    pub(crate) path: String,
}

/// What lies below MQTT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Mqtt,
    Mqtts,
    Ws,
    Wss,
    Unix,
}

/// The path where MQTT is spoken over WebSocket unless another is given.
const PATH: &str = "/mqtt";

impl Scheme {
    const ALL: [Self; 5] = [Self::Mqtt, Self::Mqtts, Self::Ws, Self::Wss, Self::Unix];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mqtt => "mqtt",
            Self::Mqtts => "mqtts",
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Unix => "unix",
        }
    }

    pub(crate) fn has_tls(self) -> bool {
        match self {
            Self::Mqtts | Self::Wss => true,
            Self::Mqtt | Self::Ws | Self::Unix => false,
        }
    }

    pub(crate) fn has_ws(self) -> bool {
        match self {
            Self::Ws | Self::Wss => true,
            Self::Mqtt | Self::Mqtts | Self::Unix => false,
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

    /// Whether both would listen at one place.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        if self.scheme == Scheme::Unix && other.scheme == Scheme::Unix {
            return real(&self.path) == real(&other.path);
        }
        self.address.overlaps(&other.address)
    }

    /// Listens there; see [`Address::bind`]. `access` is for a Unix socket.
    pub(crate) fn bind(
        &self,
        option: &str,
        access: Access,
        inherited: &mut Inherited,
    ) -> Result<Bound, Failure> {
        match self.scheme {
            Scheme::Mqtt | Scheme::Mqtts | Scheme::Ws | Scheme::Wss => {
                Ok(Bound::tcp(self.address.bind(option, inherited)?))
            }
            Scheme::Unix => Bound::unix(&self.path, access, inherited).map_err(|error| {
                let why = advice_on_path(&error, option);
                Failure::usage(format!("cannot listen on {self}: {why}"))
            }),
        }
    }
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("mqtt", text));
        let scheme = Scheme::ALL.into_iter().find(|known| known.name() == scheme);
        let scheme = scheme
            .ok_or("begin with mqtt://, mqtts://, ws://, wss:// or unix://, or with nothing")?;
        if scheme == Scheme::Unix {
            return match rest.starts_with('/') && cfg!(unix) {
                true => Ok(Self {
                    scheme,
                    address: Address::nowhere(),
                    path: rest.into(),
                }),
                false => {
                    Err("after unix:// comes the whole path, such as /run/mqttlab/mqtt".into())
                }
            };
        }
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

/// A path without detours, as far as it exists.
fn real(path: &str) -> PathBuf {
    let path = Path::new(path);
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    match (folder, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        (None, _) | (_, None) => path.components().collect(),
    }
}

fn advice_on_path(error: &io::Error, option: &str) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("another program listens there; stop it, or choose another path with {option}")
        }
        io::ErrorKind::PermissionDenied => {
            format!("not permitted; choose a path in a folder of your own with {option}")
        }
        io::ErrorKind::NotFound => {
            format!("there is no such folder; make it, or choose another path with {option}")
        }
        _ => format!("{error}; choose another path with {option}"),
    }
}

fn advice(error: &io::Error, option: &str) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "another program listens there; stop it, or choose another with {option} (port 0 takes a free one)"
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
mod tests;
