//! The server's end of WebSocket: its handshake, and who is held to which frames.

use std::io::{self, Read, Write};
use std::mem;
use std::sync::Arc;

use tungstenite::handshake::MidHandshake;
use tungstenite::handshake::server::ServerHandshake;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{HandshakeError, accept_hdr_with_config};

use super::gate::{Gate, Heard, SharedGate};
use super::stream::Peer;
use crate::websocket::{Framed, into_io};

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
    /// A proxy must still say whom it stands for.
    heard: Option<Heard>,
}

enum Stage<S: Read + Write> {
    Fresh(S, Arc<Gate>),
    Handshake(Box<MidHandshake<ServerHandshake<S, SharedGate>>>),
    Open(Box<Framed<S>>),
    /// The handshake failed, and the stream went with it.
    Failed,
}

impl<S: Read + Write> Ws<S> {
    pub(super) fn new(stream: S, gate: &Arc<Gate>) -> Self {
        Self {
            stage: Stage::Fresh(stream, Arc::clone(gate)),
            frame_max: gate.packet_size_max as usize + FRAME_SLACK,
            heard: (!gate.forwarders.is_empty()).then(Heard::default),
        }
    }

    pub(super) fn stream(&mut self) -> Option<&mut S> {
        match &mut self.stage {
            Stage::Fresh(stream, _) => Some(stream),
            Stage::Handshake(handshake) => Some(handshake.get_mut().get_mut()),
            Stage::Open(socket) => Some(socket.stream()),
            Stage::Failed => None,
        }
    }

    pub(super) fn stream_ref(&self) -> Option<&S> {
        match &self.stage {
            Stage::Fresh(stream, _) => Some(stream),
            Stage::Handshake(handshake) => Some(handshake.get_ref().get_ref()),
            Stage::Open(socket) => Some(socket.stream_ref()),
            Stage::Failed => None,
        }
    }

    /// Whether a proxy must still say whom it stands for, with [`introduce`](Self::introduce).
    pub(super) fn is_proxied(&self) -> bool {
        self.heard.is_some()
    }

    /// Hears whom a proxy stands for.
    ///
    /// # Errors
    /// `WouldBlock` while the handshake goes on; any other where it fails.
    pub(super) fn introduce(&mut self) -> io::Result<Option<Peer>> {
        self.open()?;
        let heard = self.heard.take();
        Ok(heard.and_then(|heard| heard.get().copied()))
    }

    pub(super) fn wants_write(&self) -> bool {
        match &self.stage {
            Stage::Open(socket) => socket.wants_write(),
            Stage::Fresh(..) | Stage::Handshake(_) | Stage::Failed => false,
        }
    }

    pub(super) fn establish(&mut self) {
        if let Stage::Open(socket) = &mut self.stage {
            let max = Some(self.frame_max);
            socket.configure(|config| {
                config.max_frame_size = max;
                config.max_message_size = max;
            });
        }
    }

    /// Says in its own way that nothing more comes.
    pub(super) fn finish(&mut self) {
        if let Stage::Open(socket) = &mut self.stage {
            socket.close(CloseCode::Normal);
        }
    }

    /// Goes on with the handshake as far as it gets.
    fn open(&mut self) -> io::Result<&mut Framed<S>> {
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
            Stage::Open(socket) => {
                self.stage = Stage::Open(socket);
                return Ok(());
            }
            Stage::Fresh(stream, gate) => {
                let config = WebSocketConfig::default()
                    .read_buffer_size(READ_BUFFER)
                    .write_buffer_size(0)
                    .max_frame_size(Some(STRANGER_FRAME_MAX))
                    .max_message_size(Some(STRANGER_FRAME_MAX));
                let heard = self.heard.clone();
                accept_hdr_with_config(stream, SharedGate { gate, heard }, Some(config))
            }
            Stage::Handshake(handshake) => handshake.handshake(),
            Stage::Failed => return Err(io::ErrorKind::NotConnected.into()),
        };
        match result {
            Ok(socket) => self.stage = Stage::Open(Box::new(Framed::new(socket))),
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
        self.open()?.read(buffer)
    }
}

impl<S: Read + Write> Write for Ws<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.open()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.stage {
            Stage::Open(socket) => socket.flush(),
            Stage::Fresh(..) | Stage::Handshake(_) | Stage::Failed => Ok(()),
        }
    }
}
