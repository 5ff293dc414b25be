//! A listener that is open.

use std::io;
use std::net::{SocketAddr, TcpListener};
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};
#[cfg(unix)]
use std::path::{Path, PathBuf};

use mio::event::Source;
use mio::{Interest, Registry, Token};

use super::Inherited;
use super::access::Access;
#[cfg(unix)]
use super::access::{Group, Mode};
use crate::broker::transport::{Peer, Stream};

/// A listener; it never waits.
#[derive(Debug)]
pub(crate) enum Bound {
    /// One at least; a name may stand for several addresses.
    Tcp(Vec<mio::net::TcpListener>),
    #[cfg(unix)]
    Unix {
        listener: mio::net::UnixListener,
        #[expect(dead_code, reason = "its file goes with it")]
        own: Option<Own>,
    },
}

/// The file of a Unix socket that is ours: it goes with the listener, unless another has taken its place.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Own {
    path: PathBuf,
    /// Device and number, which no other file has while the socket is open.
    file: (u64, u64),
}

#[cfg(unix)]
impl Own {
    fn new(path: &str) -> io::Result<Self> {
        let path = PathBuf::from(path);
        let file = identity(&path)?;
        Ok(Self { path, file })
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;

    let metadata = std::fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(unix)]
impl Drop for Own {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|file| file == self.file) {
            // Somebody may have been faster.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(unix)]
impl AsFd for Bound {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listeners) => listeners[0].as_fd(),
            Self::Unix { listener, .. } => listener.as_fd(),
        }
    }
}

impl Bound {
    pub(super) fn tcp(listeners: Vec<TcpListener>) -> Self {
        let listeners = listeners.into_iter();
        Self::Tcp(listeners.map(mio::net::TcpListener::from_std).collect())
    }

    /// A Unix socket. A file that nobody listens to any more is replaced.
    #[cfg(unix)]
    pub(super) fn unix(path: &str, access: Access, inherited: &mut Inherited) -> io::Result<Self> {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt, chown};
        use std::os::unix::net::{UnixListener, UnixStream};

        if let Some(listener) = inherited.take_unix(path) {
            let listener = mio::net::UnixListener::from_std(listener);
            return Ok(Self::Unix {
                listener,
                own: None,
            });
        }
        let listener = match UnixListener::bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                let is_socket = std::fs::symlink_metadata(path)?.file_type().is_socket();
                if !is_socket {
                    return Err(io::Error::other("there is a file of this name"));
                }
                if UnixStream::connect(path).is_ok() {
                    return Err(error);
                }
                std::fs::remove_file(path)?;
                UnixListener::bind(path)?
            }
            bound => bound?,
        };
        let own = Own::new(path)?;
        if let Some(Group(group)) = access.group {
            let complain = |error| io::Error::other(format!("giving it to group {group}: {error}"));
            chown(path, None, Some(group)).map_err(complain)?;
        }
        let Mode(mode) = access.mode;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        listener.set_nonblocking(true)?;
        let listener = mio::net::UnixListener::from_std(listener);
        let own = Some(own);
        Ok(Self::Unix { listener, own })
    }

    /// There are none here.
    #[cfg(not(unix))]
    pub(super) fn unix(_: &str, _: Access, _: &mut Inherited) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Its place in the network, or the first of several; `None` for a Unix socket.
    pub(crate) fn address(&self) -> io::Result<Option<SocketAddr>> {
        match self {
            Self::Tcp(listeners) => {
                let first = listeners.first().map(mio::net::TcpListener::local_addr);
                first.transpose()
            }
            #[cfg(unix)]
            Self::Unix { .. } => Ok(None),
        }
    }

    /// The next connection.
    pub(crate) fn accept(&self) -> io::Result<(Stream, Peer)> {
        match self {
            Self::Tcp(listeners) => {
                let mut waits = io::ErrorKind::WouldBlock.into();
                for listener in listeners {
                    match listener.accept() {
                        Ok((stream, peer)) => return Ok((Stream::Tcp(stream), Peer::net(peer))),
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => waits = error,
                        Err(error) => return Err(error),
                    }
                }
                Err(waits)
            }
            #[cfg(unix)]
            Self::Unix { listener, .. } => {
                let (stream, _) = listener.accept()?;
                Ok((Stream::Unix(stream), Peer::Local))
            }
        }
    }

    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match self {
            Self::Tcp(listeners) => listeners
                .iter_mut()
                .try_for_each(|it| it.register(registry, token, Interest::READABLE)),
            #[cfg(unix)]
            Self::Unix { listener, .. } => listener.register(registry, token, Interest::READABLE),
        }
    }
}
