//! How bytes of MQTT travel: plainly, inside TLS, inside WebSocket, or both; and behind a proxy.

mod gate;
mod handshake;
mod proxy;
mod stream;
mod tls;
mod ws;

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

pub(crate) use gate::Gate;
pub(crate) use proxy::{Network, ProxiesSay};
pub(crate) use stream::{Peer, Stream};
pub(crate) use tls::Certificates;

use tls::Tls;
use ws::Ws;

/// What a listener speaks below MQTT.
#[derive(Clone, Default)]
pub(crate) struct Protocol {
    /// TLS, with what the server shows.
    pub(crate) tls: Option<Arc<rustls::ServerConfig>>,
    /// WebSocket, for those whom the gate lets through.
    pub(crate) ws: Option<Arc<Gate>>,
    /// Only proxies are taken in, from these addresses; they say whom they stand for.
    pub(crate) proxies: Arc<[Network]>,
    /// Until when the server's certificate is good, in seconds since 1970.
    pub(crate) expires_s: Option<i64>,
}

impl Protocol {
    /// Whether proxies say whom they stand for in the WebSocket request.
    fn forwards(&self) -> bool {
        let gate = self.ws.as_ref();
        gate.is_some_and(|gate| !gate.forwarders.is_empty())
    }
}

/// The stream of one connection; it never waits.
pub(crate) enum Transport {
    Plain(Stream),
    Tls(Box<Tls>),
    Ws(Box<Ws<Stream>>),
    Wss(Box<Ws<Tls>>),
    /// A proxy that has not said yet whom it stands for, and what is spoken behind that.
    Proxied(Box<(Stream, Protocol)>),
    /// Taken apart.
    Gone,
}

/// What a read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Got {
    /// Bytes of MQTT; 0 is the end.
    pub(crate) length: usize,
    /// There may be more without another word from the kernel.
    pub(crate) more: bool,
}

impl Transport {
    /// # Errors
    /// When TLS does not begin, which is no fault of the peer.
    pub(crate) fn new(stream: Stream, protocol: &Protocol) -> io::Result<Self> {
        if protocol.proxies.is_empty() || protocol.forwards() {
            Self::layered(stream, protocol)
        } else {
            Ok(Self::Proxied(Box::new((stream, protocol.clone()))))
        }
    }

    fn layered(stream: Stream, protocol: &Protocol) -> io::Result<Self> {
        Ok(match (&protocol.tls, &protocol.ws) {
            (None, None) => Self::Plain(stream),
            (Some(config), None) => Self::Tls(Box::new(Tls::new(stream, config)?)),
            (None, Some(gate)) => Self::Ws(Box::new(Ws::new(stream, gate))),
            (Some(config), Some(gate)) => {
                Self::Wss(Box::new(Ws::new(Tls::new(stream, config)?, gate)))
            }
        })
    }

    /// Whether a proxy must still say whom it stands for, with [`introduce`](Self::introduce).
    pub(crate) fn is_proxied(&self) -> bool {
        match self {
            Self::Proxied(_) => true,
            Self::Ws(ws) => ws.is_proxied(),
            Self::Wss(ws) => ws.is_proxied(),
            Self::Plain(_) | Self::Tls(_) | Self::Gone => false,
        }
    }

    /// Hears whom a proxy stands for; `None` where it speaks for itself.
    ///
    /// # Errors
    /// `WouldBlock` while it has not said all; any other where it says nothing of the kind.
    pub(crate) fn introduce(&mut self) -> io::Result<Option<Peer>> {
        let proxied = match self {
            Self::Proxied(proxied) => proxied,
            Self::Ws(ws) => return ws.introduce(),
            Self::Wss(ws) => return ws.introduce(),
            Self::Plain(_) | Self::Tls(_) | Self::Gone => return Ok(None),
        };
        let peer = proxy::take_header(&mut proxied.0)?;
        if let Self::Proxied(proxied) = std::mem::replace(self, Self::Gone) {
            let (stream, protocol) = *proxied;
            *self = Self::layered(stream, &protocol)?;
        }
        Ok(peer)
    }

    /// The socket below; `None` when the peer could not agree on a protocol and the socket is gone.
    pub(crate) fn stream(&mut self) -> Option<&mut Stream> {
        match self {
            Self::Plain(stream) => Some(stream),
            Self::Tls(tls) => Some(tls.stream()),
            Self::Ws(ws) => ws.stream(),
            Self::Wss(ws) => ws.stream().map(Tls::stream),
            Self::Proxied(proxied) => Some(&mut proxied.0),
            Self::Gone => None,
        }
    }

    /// The certificate that the client has shown, in DER.
    pub(crate) fn certificate(&self) -> Option<&[u8]> {
        match self {
            Self::Plain(_) | Self::Ws(_) | Self::Proxied(_) | Self::Gone => None,
            Self::Tls(tls) => tls.certificate(),
            Self::Wss(ws) => ws.stream_ref()?.certificate(),
        }
    }

    /// The client has been let in: from now on it may send as much at once as others.
    pub(crate) fn establish(&mut self) {
        match self {
            Self::Plain(_) | Self::Tls(_) | Self::Proxied(_) | Self::Gone => {}
            Self::Ws(ws) => ws.establish(),
            Self::Wss(ws) => ws.establish(),
        }
    }

    /// Reads what is there, as far as it fits.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Got> {
        match self {
            Self::Plain(stream) => {
                let length = stream.read(buffer)?;
                // A short read has emptied the socket.
                let more = length == buffer.len();
                Ok(Got { length, more })
            }
            Self::Tls(tls) => read_all(tls, buffer),
            Self::Ws(ws) => read_all(ws, buffer),
            Self::Wss(ws) => read_all(ws, buffer),
            Self::Proxied(_) => Err(io::ErrorKind::WouldBlock.into()),
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Whether the layers between have something of their own to say.
    pub(crate) fn wants_write(&self) -> bool {
        match self {
            Self::Plain(_) | Self::Proxied(_) | Self::Gone => false,
            Self::Tls(tls) => tls.wants_write(),
            Self::Ws(ws) => ws.wants_write(),
            Self::Wss(ws) => ws.wants_write() || ws.stream_ref().is_some_and(Tls::wants_write),
        }
    }

    /// Says to the peer, in every layer, that nothing more comes.
    pub(crate) fn finish(&mut self) {
        match self {
            Self::Plain(_) | Self::Proxied(_) | Self::Gone => {}
            Self::Tls(tls) => tls.finish(),
            Self::Ws(ws) => ws.finish(),
            Self::Wss(ws) => {
                ws.finish();
                if let Some(tls) = ws.stream() {
                    tls.finish();
                }
            }
        }
        if let Some(stream) = self.stream() {
            stream.finish();
        }
    }
}

/// Reads from layers that hold something back: until they have nothing or the buffer is full.
fn read_all(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<Got> {
    let mut length = 0;
    while length < buffer.len() {
        match stream.read(&mut buffer[length..]) {
            Ok(0) => {
                return Ok(Got {
                    length,
                    more: length > 0,
                });
            }
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if length == 0 => return Err(error),
            Err(error) => {
                // A fault shows again with the next read; what came before it is good.
                let more = error.kind() != io::ErrorKind::WouldBlock;
                return Ok(Got { length, more });
            }
        }
    }
    Ok(Got { length, more: true })
}

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Proxied(_) => Err(io::ErrorKind::WouldBlock.into()),
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
            Self::Tls(tls) => tls.write(bytes),
            Self::Ws(ws) => ws.write(bytes),
            Self::Wss(ws) => ws.write(bytes),
        }
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write_vectored(slices),
            Self::Tls(_) | Self::Ws(_) | Self::Wss(_) | Self::Proxied(_) | Self::Gone => {
                let first = slices.iter().find(|slice| !slice.is_empty());
                first.map_or(Ok(0), |slice| self.write(slice))
            }
        }
    }

    /// Hands what the layers between hold to the kernel.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) | Self::Proxied(_) | Self::Gone => Ok(()),
            Self::Tls(tls) => tls.flush(),
            Self::Ws(ws) => ws.flush(),
            Self::Wss(ws) => ws.flush(),
        }
    }
}

impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protocol")
            .field("tls", &self.tls.is_some())
            .field("ws", &self.ws)
            .field("proxies", &self.proxies)
            .field("expires_s", &self.expires_s)
            .finish()
    }
}
