//! Bytes of MQTT inside an open WebSocket (section 6): binary frames, whose bounds mean nothing to MQTT.

use std::io::{self, Read, Write};

use bytes::{Buf, Bytes};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

/// Bytes of MQTT in one outgoing frame; also what waits here at most while the socket takes no more.
const FRAME_OUT_MAX: usize = 64 << 10;

/// A stream of bytes inside a WebSocket, at either end.
pub(crate) struct Framed<S: Read + Write> {
    socket: WebSocket<S>,
    /// What came in a message and found no room yet.
    pending: Bytes,
    /// Something waits to be written.
    unflushed: bool,
}

impl<S: Read + Write> Framed<S> {
    /// The handshake is done.
    pub(crate) fn new(socket: WebSocket<S>) -> Self {
        Self {
            socket,
            pending: Bytes::new(),
            unflushed: false,
        }
    }

    pub(crate) fn stream(&mut self) -> &mut S {
        self.socket.get_mut()
    }

    pub(crate) fn stream_ref(&self) -> &S {
        self.socket.get_ref()
    }

    pub(crate) fn wants_write(&self) -> bool {
        self.unflushed
    }

    pub(crate) fn configure(&mut self, change: impl FnOnce(&mut WebSocketConfig)) {
        self.socket.set_config(change);
    }

    /// Says that nothing more comes.
    pub(crate) fn close(&mut self, code: CloseCode) {
        let frame = CloseFrame {
            code,
            reason: "".into(),
        };
        // To a peer that takes no more, or has closed already, there is no way to say it.
        let _ = self.socket.close(Some(frame));
        let _ = self.socket.flush();
    }
}

impl<S: Read + Write> Read for Framed<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.pending.is_empty() {
            match self.socket.read() {
                Ok(Message::Binary(bytes)) => self.pending = bytes,
                // The answer to either waits until something is written.
                Ok(Message::Ping(_) | Message::Close(_)) => self.unflushed = true,
                Ok(Message::Pong(_) | Message::Frame(_)) => {}
                Ok(Message::Text(_)) => {
                    // Text frames are not allowed. [MQTT-6.0.0-1]
                    self.close(CloseCode::Unsupported);
                    return Err(io::ErrorKind::InvalidData.into());
                }
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => return Ok(0),
                Err(error) => return Err(into_io(error)),
            }
        }
        let length = buffer.len().min(self.pending.len());
        self.pending.copy_to_slice(&mut buffer[..length]);
        if self.pending.is_empty() {
            self.pending = Bytes::new();
        }
        Ok(length)
    }
}

impl<S: Read + Write> Write for Framed<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Nothing is taken while something from before waits: what counts as written is then as good as written.
        if self.unflushed {
            self.flush()?;
        }
        let length = bytes.len().min(FRAME_OUT_MAX);
        let message = Message::Binary(Bytes::copy_from_slice(&bytes[..length]));
        match self.socket.write(message) {
            Ok(()) => Ok(length),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                self.unflushed = true;
                Ok(length)
            }
            Err(error) => Err(into_io(error)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.socket.flush() {
            // The good-byes are said; whatever comes after that reads the end.
            Ok(()) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => {}
            Err(error) => return Err(into_io(error)),
        }
        self.unflushed = false;
        Ok(())
    }
}

/// The same as an error of input and output, which it may have been in the first place.
pub(crate) fn into_io(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}
