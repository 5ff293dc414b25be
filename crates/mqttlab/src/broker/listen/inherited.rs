//! Sockets that whoever started the program has opened for it, as systemd does.

use std::io;
use std::net::{SocketAddr, TcpListener};
#[cfg(unix)]
use std::os::unix::net::UnixListener;

use listenfd::ListenFd;
use socket2::SockRef;

use super::overlap;
use crate::Failure;

/// The sockets that no listener has taken yet.
#[derive(Debug, Default)]
pub(crate) struct Inherited {
    tcp: Vec<TcpListener>,
    #[cfg(unix)]
    unix: Vec<UnixListener>,
}

impl Inherited {
    /// Takes over what the environment tells of (`LISTEN_FDS`).
    ///
    /// # Errors
    /// When something among it is no socket that listens.
    pub(crate) fn from_environment() -> Result<Self, Failure> {
        let mut sockets = ListenFd::from_env();
        let mut inherited = Self::default();
        for index in 0..sockets.len() {
            inherited.add(&mut sockets, index).map_err(|error| {
                Failure::usage(format!("socket {index} that was handed over: {error}"))
            })?;
        }
        Ok(inherited)
    }

    fn add(&mut self, sockets: &mut ListenFd, index: usize) -> io::Result<()> {
        #[cfg(unix)]
        if let Ok(Some(listener)) = sockets.take_unix_listener(index) {
            listener.set_nonblocking(true)?;
            self.unix.push(listener);
            return Ok(());
        }
        if let Some(listener) = sockets.take_tcp_listener(index)? {
            listener.set_nonblocking(true)?;
            // Accepted connections inherit it.
            SockRef::from(&listener).set_tcp_nodelay(true)?;
            self.tcp.push(listener);
        }
        Ok(())
    }

    /// The sockets for these addresses.
    pub(super) fn take(&mut self, addresses: &[SocketAddr]) -> Vec<TcpListener> {
        let is_meant = |listener: &mut TcpListener| {
            let own = listener.local_addr();
            own.is_ok_and(|own| addresses.contains(&own))
        };
        self.tcp.extract_if(.., is_meant).collect()
    }

    /// Where a socket listens that was handed over and takes the place of one of these.
    pub(super) fn covering(&self, addresses: &[SocketAddr]) -> Option<SocketAddr> {
        let places = self.tcp.iter().filter_map(|it| it.local_addr().ok());
        let mut covering =
            places.filter(|place| addresses.iter().any(|address| overlap(*place, *address)));
        covering.next()
    }

    /// The socket for this path.
    #[cfg(unix)]
    pub(super) fn take_unix(&mut self, path: &str) -> Option<UnixListener> {
        let is_meant = |listener: &UnixListener| {
            let own = listener.local_addr();
            own.is_ok_and(|own| own.as_pathname() == Some(path.as_ref()))
        };
        let at = self.unix.iter().position(is_meant)?;
        Some(self.unix.swap_remove(at))
    }

    /// All must have been taken: a socket that is forgotten would keep its clients waiting for ever.
    ///
    /// # Errors
    /// When one is left: which.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let unknown = || "whose address is not known".to_owned();
        let left = self.tcp.iter().map(|it| match it.local_addr() {
            Ok(address) => address.to_string(),
            Err(_) => unknown(),
        });
        #[cfg(unix)]
        let left = left.chain(self.unix.iter().map(|it| {
            let address = it.local_addr().ok();
            let path = address.as_ref().and_then(|address| address.as_pathname());
            path.map_or_else(unknown, |path| format!("unix://{}", path.display()))
        }));
        match left.into_iter().next() {
            None => Ok(()),
            Some(address) => Err(Failure::usage(format!(
                "a socket was handed over, {address}, but no listener has that address"
            ))),
        }
    }
}
