//! How a WebSocket begins: a request, and what it is answered. Whoever asks for something else is answered in HTTP as well.

use std::io::{self, Read, Write};
use std::sync::Arc;

use tungstenite::error::ProtocolError;
use tungstenite::handshake::machine::TryParse;
use tungstenite::handshake::server::{Request, create_response, write_response};
use tungstenite::http::{HeaderValue, Response, StatusCode, header};

use super::gate::{Gate, Refusal};
use super::stream::Peer;

/// The largest head of a request: cookies of a page are in it.
const HEAD_MAX: usize = 16 << 10;
/// Bytes read at once.
const READ_AT_ONCE: usize = 2 << 10;
const HEAD_END: &[u8] = b"\r\n\r\n";

/// A request that is read, and then answered.
pub(super) struct Handshake<S> {
    stream: S,
    gate: Arc<Gate>,
    head: Vec<u8>,
    /// What is left of the answer, once the request was good.
    answer: Option<Vec<u8>>,
    /// Whom a proxy stands for, where one must say that and has.
    peer: Option<Peer>,
}

impl<S: Read + Write> Handshake<S> {
    pub(super) fn new(stream: S, gate: Arc<Gate>) -> Self {
        Self {
            stream,
            gate,
            head: Vec::new(),
            answer: None,
            peer: None,
        }
    }

    pub(super) fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    pub(super) fn stream_ref(&self) -> &S {
        &self.stream
    }

    /// The stream, which is inside WebSocket from now on, and whom a proxy stands for.
    pub(super) fn finish(self) -> (S, Option<Peer>) {
        (self.stream, self.peer)
    }

    /// Whether the request is answered in part.
    pub(super) fn wants_write(&self) -> bool {
        self.answer.is_some()
    }

    /// Goes on until the request was let through and answered.
    ///
    /// # Errors
    /// `WouldBlock` until then; `UnexpectedEof` where the peer has gone; any other when it was turned away, which it was told.
    pub(super) fn advance(&mut self) -> io::Result<()> {
        if self.answer.is_none() {
            let judged = match self.read()? {
                Ok(request) => self.judge(&request),
                Err(refusal) => Err(refusal),
            };
            let answer = judged.map_err(|refusal| self.turn_away(&refusal))?;
            self.answer = Some(answer);
        }
        self.write()
    }

    /// The request, when it is there as a whole.
    fn read(&mut self) -> io::Result<Result<Request, Refusal>> {
        let mut buffer = [0; READ_AT_ONCE];
        loop {
            let length = match self.stream.read(&mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let known = self.head.len();
            self.head.extend_from_slice(&buffer[..length]);
            let from = known.saturating_sub(HEAD_END.len() - 1);
            let is_whole = memchr::memmem::find(&self.head[from..], HEAD_END).is_some();
            // Looked at when it begins and when it is whole: bytes that come one by one cost no more than others.
            if known > 0 && !is_whole {
                if self.head.len() > HEAD_MAX {
                    return Ok(Err(Refusal::bad("its head is too large")));
                }
                continue;
            }
            match Request::try_parse(&self.head) {
                Ok(Some((size, request))) if size == self.head.len() => return Ok(Ok(request)),
                Ok(Some(_)) => {
                    return Ok(Err(Refusal::bad("it goes on before it is answered")));
                }
                Ok(None) if !is_whole => {}
                Ok(None) => return Ok(Err(Refusal::bad("it does not end where it should"))),
                Err(error) => return Ok(Err(Refusal::unreadable(&error))),
            }
        }
    }

    /// What a request is answered that may become a WebSocket.
    fn judge(&mut self, request: &Request) -> Result<Vec<u8>, Refusal> {
        self.gate.check_path(request.uri().path())?;
        let mut response = create_response(request).map_err(|error| match error {
            tungstenite::Error::Protocol(
                ProtocolError::MissingConnectionUpgradeHeader
                | ProtocolError::MissingUpgradeWebSocketHeader
                | ProtocolError::MissingSecWebSocketVersionHeader,
            ) => Refusal::no_upgrade(&error),
            error => Refusal::bad(&error.to_string()),
        })?;
        let headers = request.headers();
        let subprotocol = self.gate.check(headers)?;
        self.peer = self.gate.forwarded(headers)?;
        let subprotocol = HeaderValue::from_static(subprotocol);
        let headers = response.headers_mut();
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
        Ok(text(&response, ""))
    }

    /// Says so to the peer, which is not waited for. Gives what the log says.
    fn turn_away(&mut self, refusal: &Refusal) -> io::Error {
        let mut response = Response::new(());
        *response.status_mut() = refusal.status;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        headers.insert(header::CONTENT_LENGTH, refusal.said.len().into());
        let kind = HeaderValue::from_static("text/plain; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, kind);
        if refusal.status == StatusCode::UPGRADE_REQUIRED {
            let upgrade = HeaderValue::from_static("upgrade, close");
            headers.insert(header::CONNECTION, upgrade);
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            let version = HeaderValue::from_static("13");
            headers.insert(header::SEC_WEBSOCKET_VERSION, version);
        }
        let answer = text(&response, refusal.said);
        // It is less than any socket takes at once. Whoever takes nothing need not be told.
        let _ = self.stream.write_all(&answer);
        let _ = self.stream.flush();
        let (listener, status) = (&self.gate.listener, refusal.status);
        io::Error::other(format!(
            "WebSocket refused at {listener} ({status}): {}",
            refusal.why
        ))
    }

    fn write(&mut self) -> io::Result<()> {
        while let Some(answer) = self.answer.as_mut().filter(|answer| !answer.is_empty()) {
            match self.stream.write(answer) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => drop(answer.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        match self.stream.flush() {
            // What the layer below holds it writes when it can.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            flushed => flushed,
        }
    }
}

/// A response as it goes over the wire.
fn text(response: &Response<()>, body: &str) -> Vec<u8> {
    let mut text = Vec::new();
    write_response(&mut text, response).expect("headers of our own are text");
    text.extend_from_slice(body.as_bytes());
    text
}
