//! MQTT inside WebSocket (section 6): binary frames, whose bounds mean nothing to MQTT.

use std::io::{self, Read, Write};
use std::mem;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use tungstenite::handshake::MidHandshake;
use tungstenite::handshake::server::ServerHandshake;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Error, HandshakeError, Message, WebSocket, accept_hdr_with_config};

use super::gate::{Gate, SharedGate};

/// Bytes of MQTT in one outgoing frame; also what waits here at most while the socket takes no more.
const FRAME_OUT_MAX: usize = 64 << 10;
/// The largest frame and message that is taken from a client before it is let in.
const STRANGER_FRAME_MAX: usize = 64 << 10;
/// What a frame may have beside the largest packet.
const FRAME_SLACK: usize = 64 << 10;
/// What each connection holds for reading.
const READ_BUFFER: usize = 4 << 10;

/// A stream inside WebSocket.
pub(crate) struct Ws<S: Read + Write> {
    stage: Stage<S>,
    /// The largest frame and message that is taken from a client once it is let in.
    frame_max: usize,
    /// What came in a message and found no room yet.
    pending: Bytes,
    /// Something waits to be written.
    unflushed: bool,
}

enum Stage<S: Read + Write> {
    Fresh(S, Arc<Gate>),
    Handshake(Box<MidHandshake<ServerHandshake<S, SharedGate>>>),
    Open(Box<WebSocket<S>>),
    /// The handshake failed, and the stream went with it.
    Failed,
}

impl<S: Read + Write> Ws<S> {
    pub(super) fn new(stream: S, gate: &Arc<Gate>) -> Self {
        Self {
            stage: Stage::Fresh(stream, Arc::clone(gate)),
            frame_max: gate.packet_size_max as usize + FRAME_SLACK,
            pending: Bytes::new(),
            unflushed: false,
        }
    }

    pub(super) fn stream(&mut self) -> Option<&mut S> {
        match &mut self.stage {
            Stage::Fresh(stream, _) => Some(stream),
            Stage::Handshake(handshake) => Some(handshake.get_mut().get_mut()),
            Stage::Open(socket) => Some(socket.get_mut()),
            Stage::Failed => None,
        }
    }

    pub(super) fn stream_ref(&self) -> Option<&S> {
        match &self.stage {
            Stage::Fresh(stream, _) => Some(stream),
            Stage::Handshake(handshake) => Some(handshake.get_ref().get_ref()),
            Stage::Open(socket) => Some(socket.get_ref()),
            Stage::Failed => None,
        }
    }

    pub(super) fn wants_write(&self) -> bool {
        self.unflushed
    }

    pub(super) fn establish(&mut self) {
        if let Stage::Open(socket) = &mut self.stage {
            let max = Some(self.frame_max);
            socket.set_config(|config| {
                config.max_frame_size = max;
                config.max_message_size = max;
            });
        }
    }

    /// Says in its own way that nothing more comes.
    pub(super) fn finish(&mut self) {
        self.close(CloseCode::Normal);
    }

    fn close(&mut self, code: CloseCode) {
        if let Stage::Open(socket) = &mut self.stage {
            let frame = CloseFrame {
                code,
                reason: "".into(),
            };
            // To a peer that takes no more, or has closed already, there is no way to say it.
            let _ = socket.close(Some(frame));
            let _ = socket.flush();
        }
    }

    /// Goes on with the handshake as far as it gets.
    fn open(&mut self) -> io::Result<&mut WebSocket<S>> {
        if !matches!(self.stage, Stage::Open(_)) {
            self.shake_hands()?;
        }
        match &mut self.stage {
            Stage::Open(socket) => Ok(socket),
            Stage::Fresh(..) | Stage::Handshake(_) | Stage::Failed => {
                Err(io::ErrorKind::WouldBlock.into())
            }
        }
    }

    fn shake_hands(&mut self) -> io::Result<()> {
        let result = match mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Open(socket) => Ok(*socket),
            Stage::Fresh(stream, gate) => {
                let config = WebSocketConfig::default()
                    .read_buffer_size(READ_BUFFER)
                    .write_buffer_size(0)
                    .max_frame_size(Some(STRANGER_FRAME_MAX))
                    .max_message_size(Some(STRANGER_FRAME_MAX));
                accept_hdr_with_config(stream, SharedGate(gate), Some(config))
            }
            Stage::Handshake(handshake) => handshake.handshake(),
            Stage::Failed => return Err(io::ErrorKind::NotConnected.into()),
        };
        match result {
            Ok(socket) => self.stage = Stage::Open(Box::new(socket)),
            Err(HandshakeError::Interrupted(handshake)) => {
                self.stage = Stage::Handshake(Box::new(handshake));
            }
            Err(HandshakeError::Failure(error)) => return Err(into_io(error)),
        }
        Ok(())
    }
}

impl<S: Read + Write> Read for Ws<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.pending.is_empty() {
            match self.open()?.read() {
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

impl<S: Read + Write> Write for Ws<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Nothing is taken while something from before waits: what counts as written is then as good as written.
        if self.unflushed {
            self.flush()?;
        }
        let length = bytes.len().min(FRAME_OUT_MAX);
        let message = Message::Binary(Bytes::copy_from_slice(&bytes[..length]));
        match self.open()?.write(message) {
            Ok(()) => Ok(length),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                self.unflushed = true;
                Ok(length)
            }
            Err(error) => Err(into_io(error)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Stage::Open(socket) = &mut self.stage {
            match socket.flush() {
                // The good-byes are said; whatever comes after that reads the end.
                Ok(()) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => {}
                Err(error) => return Err(into_io(error)),
            }
        }
        self.unflushed = false;
        Ok(())
    }
}

fn into_io(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}
