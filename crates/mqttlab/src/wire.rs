//! How the clients of this program reach a broker: a socket, with TLS and WebSocket in it where wanted.

mod target;
mod tls;

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use mio::{Interest, Registry, Token};
use rustls::{ClientConnection, StreamOwned};
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{HandshakeError, client};

use crate::Failure;
use crate::broker::Stream;
use crate::websocket::{Framed, into_io};
use tls::Tls;

pub(crate) use target::Target;
pub(crate) use tls::Trust;

/// How long the peer may take to close its side.
const LINGER: Duration = Duration::from_secs(1);

/// A broker, and all that it takes to get there.
pub(crate) struct Way {
    target: Target,
    tls: Option<Tls>,
}

impl Way {
    /// # Errors
    /// When a file of the trust cannot be used, or there is no TLS that would need one.
    pub(crate) fn new(target: Target, trust: &Trust) -> Result<Self, Failure> {
        let tls = if target.scheme.has_tls() {
            Some(Tls::new(&target.host, trust)?)
        } else if trust.is_empty() {
            None
        } else {
            return Err(Failure::usage(format!(
                "{target}: certificates are for mqtts:// and wss://"
            )));
        };
        Ok(Self { target, tls })
    }

    /// Connects, with all handshakes below MQTT. Reading and writing take no longer than `patience` until
    /// [`set_nonblocking`](Wire::set_nonblocking).
    ///
    /// # Errors
    /// When no address of the broker can be reached, or a handshake fails.
    pub(crate) fn open(&self, patience: Duration) -> io::Result<Wire> {
        let opened = self.open_within(patience);
        opened.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                io::Error::new(io::ErrorKind::TimedOut, "there is no answer in time")
            }
            _ => error,
        })
    }

    fn open_within(&self, patience: Duration) -> io::Result<Wire> {
        let socket = self.connect(patience)?;
        let options = socket.options();
        options.set_read_timeout(Some(patience))?;
        options.set_write_timeout(Some(patience))?;
        let layer = match &self.tls {
            None => Layer::Plain(socket),
            Some(tls) => {
                let mut stream = StreamOwned::new(tls.connection()?, socket);
                while stream.conn.is_handshaking() {
                    stream.conn.complete_io(&mut stream.sock)?;
                }
                Layer::Tls(Box::new(stream))
            }
        };
        if !self.target.scheme.has_ws() {
            return Ok(Wire::Bare(layer));
        }
        let mut request = self
            .target
            .web_address()
            .into_client_request()
            .map_err(into_io)?;
        // [MQTT-6.0.0-3]
        let protocol = HeaderValue::from_static("mqtt");
        request
            .headers_mut()
            .insert(SEC_WEBSOCKET_PROTOCOL, protocol);
        match client(request, layer) {
            Ok((socket, _)) => Ok(Wire::Ws(Box::new(Framed::new(socket)))),
            Err(HandshakeError::Failure(error)) => Err(into_io(error)),
            Err(HandshakeError::Interrupted(_)) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    fn connect(&self, patience: Duration) -> io::Result<Stream> {
        if self.target.is_local() {
            return connect_local(&self.target.path);
        }
        let addresses = (&*self.target.host, self.target.port).to_socket_addrs()?;
        let mut last = io::Error::other("the name has no address");
        for address in addresses {
            match TcpStream::connect_timeout(&address, patience) {
                Ok(socket) => {
                    socket.set_nodelay(true)?;
                    return Ok(Stream::Tcp(mio::net::TcpStream::from_std(socket)));
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

#[cfg(unix)]
fn connect_local(path: &str) -> io::Result<Stream> {
    let socket = std::os::unix::net::UnixStream::connect(path)?;
    Ok(Stream::Unix(mio::net::UnixStream::from_std(socket)))
}

/// There are none here.
#[cfg(not(unix))]
fn connect_local(_: &str) -> io::Result<Stream> {
    Err(io::ErrorKind::Unsupported.into())
}

/// What lies below MQTT and WebSocket.
pub(crate) enum Layer {
    Plain(Stream),
    Tls(Box<StreamOwned<ClientConnection, Stream>>),
}

/// An open connection that carries bytes of MQTT.
pub(crate) enum Wire {
    Bare(Layer),
    Ws(Box<Framed<Layer>>),
}

impl Wire {
    fn layer(&self) -> &Layer {
        match self {
            Self::Bare(layer) => layer,
            Self::Ws(socket) => socket.stream_ref(),
        }
    }

    fn socket(&mut self) -> &mut Stream {
        let layer = match self {
            Self::Bare(layer) => layer,
            Self::Ws(socket) => socket.stream(),
        };
        match layer {
            Layer::Plain(socket) => socket,
            Layer::Tls(stream) => &mut stream.sock,
        }
    }

    /// From here on nothing waits, and `registry` tells when there is something to do.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn set_nonblocking(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let socket = self.socket();
        socket.options().set_nonblocking(true)?;
        registry.register(socket, token, Interest::READABLE | Interest::WRITABLE)
    }

    /// Whether a layer below MQTT has something that the socket has not taken.
    pub(crate) fn wants_write(&self) -> bool {
        let ws = match self {
            Self::Bare(_) => false,
            Self::Ws(socket) => socket.wants_write(),
        };
        ws || match self.layer() {
            Layer::Plain(_) => false,
            Layer::Tls(stream) => stream.conn.wants_write(),
        }
    }

    /// Whether a read that did not fill its buffer has emptied the socket.
    pub(crate) fn short_read_is_last(&self) -> bool {
        // Records and frames are given out one by one.
        matches!(self, Self::Bare(Layer::Plain(_)))
    }

    /// Writes the rest and takes leave in all layers, so that everything reaches the peer: waits a moment until it has
    /// closed its side.
    ///
    /// # Errors
    /// When not all could be written.
    pub(crate) fn finish(mut self, rest: &[u8]) -> io::Result<()> {
        let socket = self.socket().options();
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(LINGER))?;
        self.write_all(rest)?;
        self.flush()?;
        if let Self::Ws(socket) = &mut self {
            socket.close(CloseCode::Normal);
        }
        if let Self::Bare(Layer::Tls(stream)) = &mut self {
            stream.conn.send_close_notify();
            // From here on all that matters is written.
            let _ = stream.flush();
        }
        self.socket().finish();
        let mut rest = [0; 4_096];
        while self.read(&mut rest).is_ok_and(|length| length > 0) {}
        Ok(())
    }
}

impl Read for Layer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Layer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Bare(layer) => layer.read(buffer),
            Self::Ws(socket) => socket.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Bare(layer) => layer.write(bytes),
            Self::Ws(socket) => socket.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Bare(layer) => layer.flush(),
            Self::Ws(socket) => socket.flush(),
        }
    }
}
