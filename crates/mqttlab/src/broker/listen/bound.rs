//! A listener that is open.

use std::io;
use std::net::{SocketAddr, TcpListener};

use mio::event::Source;
use mio::{Interest, Registry, Token};

use super::Inherited;
use crate::broker::transport::{Peer, Stream};

/// A listener; it never waits.
#[derive(Debug)]
pub(crate) enum Bound {
    Tcp(mio::net::TcpListener),
    #[cfg(unix)]
    Unix {
        listener: mio::net::UnixListener,
        #[expect(dead_code, reason = "its file goes with it")]
        own: Option<Own>,
    },
}

/// The file of a Unix socket that is ours: it goes with the listener.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Own(std::path::PathBuf);

#[cfg(unix)]
impl Drop for Own {
    fn drop(&mut self) {
        // Somebody may have been faster.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Who may connect to a Unix socket: its owner and its group.
#[cfg(unix)]
const MODE: u32 = 0o660;

impl Bound {
    pub(super) fn tcp(listener: TcpListener) -> Self {
        Self::Tcp(mio::net::TcpListener::from_std(listener))
    }

    /// A Unix socket. A file that nobody listens to any more is replaced.
    #[cfg(unix)]
    pub(super) fn unix(path: &str, inherited: &mut Inherited) -> io::Result<Self> {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt};
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
        let own = Own(path.into());
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(MODE))?;
        listener.set_nonblocking(true)?;
        let listener = mio::net::UnixListener::from_std(listener);
        let own = Some(own);
        Ok(Self::Unix { listener, own })
    }

    /// There are none here.
    #[cfg(not(unix))]
    pub(super) fn unix(_: &str, _: &mut Inherited) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Its place in the network; `None` for a Unix socket.
    pub(crate) fn address(&self) -> io::Result<Option<SocketAddr>> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(Some),
            #[cfg(unix)]
            Self::Unix { .. } => Ok(None),
        }
    }

    /// The next connection.
    pub(crate) fn accept(&self) -> io::Result<(Stream, Peer)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept()?;
                Ok((Stream::Tcp(stream), Peer::net(peer)))
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
            Self::Tcp(listener) => listener.register(registry, token, Interest::READABLE),
            #[cfg(unix)]
            Self::Unix { listener, .. } => listener.register(registry, token, Interest::READABLE),
        }
    }
}
