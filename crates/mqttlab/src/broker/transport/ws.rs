//! The server's end of WebSocket: its handshake, and who is held to which frames.

use std::io::{self, Read, Write};
use std::mem;
use std::sync::Arc;

use tungstenite::WebSocket;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{Role, WebSocketConfig};

use super::gate::Gate;
use super::handshake::Handshake;
use super::stream::Peer;
use crate::websocket::Framed;

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
    proxied: bool,
    /// Whom it stands for.
    peer: Option<Peer>,
}

enum Stage<S: Read + Write> {
    Handshake(Box<Handshake<S>>),
    Open(Box<Framed<S>>),
    /// The handshake failed, and the stream went with it.
    Failed,
}

impl<S: Read + Write> Ws<S> {
    pub(super) fn new(stream: S, gate: &Arc<Gate>) -> Self {
        Self {
            stage: Stage::Handshake(Box::new(Handshake::new(stream, Arc::clone(gate)))),
            frame_max: gate.packet_size_max as usize + FRAME_SLACK,
            proxied: !gate.forwarders.is_empty(),
            peer: None,
        }
    }

    pub(super) fn stream(&mut self) -> Option<&mut S> {
        match &mut self.stage {
            Stage::Handshake(handshake) => Some(handshake.stream()),
            Stage::Open(socket) => Some(socket.stream()),
            Stage::Failed => None,
        }
    }

    pub(super) fn stream_ref(&self) -> Option<&S> {
        match &self.stage {
            Stage::Handshake(handshake) => Some(handshake.stream_ref()),
            Stage::Open(socket) => Some(socket.stream_ref()),
            Stage::Failed => None,
        }
    }

    /// Whether a proxy must still say whom it stands for, with [`introduce`](Self::introduce).
    pub(super) fn is_proxied(&self) -> bool {
        self.proxied
    }

    /// Hears whom a proxy stands for.
    ///
    /// # Errors
    /// `WouldBlock` while the handshake goes on; any other where it fails.
    pub(super) fn introduce(&mut self) -> io::Result<Option<Peer>> {
        self.open()?;
        self.proxied = false;
        Ok(self.peer.take())
    }

    pub(super) fn wants_write(&self) -> bool {
        match &self.stage {
            Stage::Open(socket) => socket.wants_write(),
            Stage::Handshake(handshake) => handshake.wants_write(),
            Stage::Failed => false,
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
            Stage::Handshake(_) => Err(io::ErrorKind::WouldBlock.into()),
            Stage::Failed => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn shake_hands(&mut self) -> io::Result<()> {
        match &mut self.stage {
            Stage::Handshake(handshake) => handshake.advance()?,
            Stage::Open(_) => return Ok(()),
            Stage::Failed => return Err(io::ErrorKind::NotConnected.into()),
        }
        if let Stage::Handshake(handshake) = mem::replace(&mut self.stage, Stage::Failed) {
            let (stream, peer) = handshake.finish();
            let config = WebSocketConfig::default()
                .read_buffer_size(READ_BUFFER)
                .write_buffer_size(0)
                .max_frame_size(Some(STRANGER_FRAME_MAX))
                .max_message_size(Some(STRANGER_FRAME_MAX));
            let socket = WebSocket::from_raw_socket(stream, Role::Server, Some(config));
            self.stage = Stage::Open(Box::new(Framed::new(socket)));
            self.peer = peer;
        }
        Ok(())
    }
}

impl<S: Read + Write> Read for Ws<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.open() {
            Ok(socket) => socket.read(buffer),
            // It went away before it had said what it wants.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            Err(error) => Err(error),
        }
    }
}

impl<S: Read + Write> Write for Ws<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.open()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.stage {
            Stage::Open(socket) => socket.flush(),
            Stage::Handshake(handshake) if handshake.wants_write() => self.shake_hands(),
            Stage::Handshake(_) | Stage::Failed => Ok(()),
        }
    }
}
