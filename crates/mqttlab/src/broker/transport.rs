//! How bytes of MQTT travel: plainly, inside TLS, inside WebSocket, or both.

mod gate;
mod tls;
mod ws;

use std::fmt;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;

use mio::net::TcpStream;

pub(crate) use gate::Gate;
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
}

/// The stream of one connection; it never waits.
pub(crate) enum Transport {
    Tcp(TcpStream),
    Tls(Box<Tls>),
    Ws(Box<Ws<TcpStream>>),
    Wss(Box<Ws<Tls>>),
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
    pub(crate) fn new(stream: TcpStream, protocol: &Protocol) -> io::Result<Self> {
        Ok(match (&protocol.tls, &protocol.ws) {
            (None, None) => Self::Tcp(stream),
            (Some(config), None) => Self::Tls(Box::new(Tls::new(stream, config)?)),
            (None, Some(gate)) => Self::Ws(Box::new(Ws::new(stream, gate))),
            (Some(config), Some(gate)) => {
                Self::Wss(Box::new(Ws::new(Tls::new(stream, config)?, gate)))
            }
        })
    }

    /// The socket below; `None` when the peer could not agree on a protocol and the socket is gone.
    pub(crate) fn tcp(&mut self) -> Option<&mut TcpStream> {
        match self {
            Self::Tcp(stream) => Some(stream),
            Self::Tls(tls) => Some(tls.tcp()),
            Self::Ws(ws) => ws.stream(),
            Self::Wss(ws) => ws.stream().map(Tls::tcp),
        }
    }

    /// The certificate that the client has shown, in DER.
    pub(crate) fn certificate(&self) -> Option<&[u8]> {
        match self {
            Self::Tcp(_) | Self::Ws(_) => None,
            Self::Tls(tls) => tls.certificate(),
            Self::Wss(ws) => ws.stream_ref()?.certificate(),
        }
    }

    /// The client has been let in: from now on it may send as much at once as others.
    pub(crate) fn establish(&mut self) {
        match self {
            Self::Tcp(_) | Self::Tls(_) => {}
            Self::Ws(ws) => ws.establish(),
            Self::Wss(ws) => ws.establish(),
        }
    }

    /// Reads what is there, as far as it fits.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Got> {
        match self {
            Self::Tcp(stream) => {
                let length = stream.read(buffer)?;
                // A short read has emptied the socket.
                let more = length == buffer.len();
                Ok(Got { length, more })
            }
            Self::Tls(tls) => read_all(tls, buffer),
            Self::Ws(ws) => read_all(ws, buffer),
            Self::Wss(ws) => read_all(ws, buffer),
        }
    }

    /// Whether the layers between have something of their own to say.
    pub(crate) fn wants_write(&self) -> bool {
        match self {
            Self::Tcp(_) => false,
            Self::Tls(tls) => tls.wants_write(),
            Self::Ws(ws) => ws.wants_write(),
            Self::Wss(ws) => ws.wants_write() || ws.stream_ref().is_some_and(Tls::wants_write),
        }
    }

    /// Says to the peer, in every layer, that nothing more comes.
    pub(crate) fn finish(&mut self) {
        match self {
            Self::Tcp(_) => {}
            Self::Tls(tls) => tls.finish(),
            Self::Ws(ws) => ws.finish(),
            Self::Wss(ws) => {
                ws.finish();
                if let Some(tls) = ws.stream() {
                    tls.finish();
                }
            }
        }
        if let Some(stream) = self.tcp() {
            // A socket that is broken already needs no end.
            let _ = stream.shutdown(Shutdown::Write);
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
            Self::Tcp(stream) => stream.write(bytes),
            Self::Tls(tls) => tls.write(bytes),
            Self::Ws(ws) => ws.write(bytes),
            Self::Wss(ws) => ws.write(bytes),
        }
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write_vectored(slices),
            Self::Tls(_) | Self::Ws(_) | Self::Wss(_) => {
                let first = slices.iter().find(|slice| !slice.is_empty());
                first.map_or(Ok(0), |slice| self.write(slice))
            }
        }
    }

    /// Hands what the layers between hold to the kernel.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(_) => Ok(()),
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
            .finish()
    }
}
