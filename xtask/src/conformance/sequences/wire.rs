//! One connection to the broker: bytes out, whole packets in, nothing waited for without a limit.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::super::server::address;
use super::{Mismatch, compare, hex};

/// A packet longer than this is none that the suite could expect.
const FRAME_MAX: usize = 64 * 1024;

/// What the broker did.
pub(super) enum Answer {
    Frame(Vec<u8>),
    Closed,
    /// Nothing, for as long as one waits.
    Silence,
    /// Bytes that are no packet.
    Nonsense(Vec<u8>),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(frame) => f.write_str(&hex(frame)),
            Self::Closed => f.write_str("the connection was closed"),
            Self::Silence => f.write_str("no answer, the connection is open"),
            Self::Nonsense(bytes) => write!(f, "no packet: {}", hex(bytes)),
        }
    }
}

pub(super) struct Peer {
    stream: TcpStream,
    received: Vec<u8>,
    patience: Duration,
}

impl Peer {
    pub(super) fn connect(port: u16, patience: Duration) -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address(port), patience)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(patience))?;
        Ok(Self {
            stream,
            received: Vec::new(),
            patience,
        })
    }

    /// Sends; that the broker has closed the connection meanwhile is seen when reading.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// The next packet, or why there is none.
    pub(super) fn answer(&mut self) -> Answer {
        let deadline = Instant::now() + self.patience;
        loop {
            match frame_length(&self.received) {
                Ok(Some(length)) if length <= self.received.len() => {
                    return Answer::Frame(self.received.drain(..length).collect());
                }
                Ok(_) => {}
                Err(NoPacket) => return Answer::Nonsense(std::mem::take(&mut self.received)),
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Answer::Silence;
            }
            let mut buffer = [0; 4096];
            let read = self
                .stream
                .set_read_timeout(Some(left))
                .and_then(|()| self.stream.read(&mut buffer));
            match read {
                Ok(0) => return Answer::Closed,
                Ok(count) => self.received.extend_from_slice(&buffer[..count]),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => return Answer::Closed,
            }
        }
    }

    pub(super) fn expect(
        &mut self,
        expected: &str,
        is_it: impl Fn(&[u8]) -> bool,
    ) -> Result<(), Mismatch> {
        match self.answer() {
            Answer::Frame(frame) if is_it(&frame) => Ok(()),
            other => Err(Mismatch::new(expected, &other)),
        }
    }

    /// Waits until the broker closes the connection; before that it may say why.
    pub(super) fn expect_end(&mut self, level: u8) -> Result<(), Mismatch> {
        let mut answer = self.answer();
        if matches!(&answer, Answer::Frame(frame) if compare::is_farewell(frame, level)) {
            answer = self.answer();
        }
        match answer {
            Answer::Closed => Ok(()),
            other => Err(Mismatch::new("the connection is closed", &other)),
        }
    }
}

struct NoPacket;

/// How long the packet is that `bytes` begin with; `None` where they do not say yet.
fn frame_length(bytes: &[u8]) -> Result<Option<usize>, NoPacket> {
    let mut length = 0;
    for (index, byte) in bytes.iter().skip(1).enumerate() {
        length |= usize::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            let whole = 2 + index + length;
            return if whole > FRAME_MAX {
                Err(NoPacket)
            } else {
                Ok(Some(whole))
            };
        }
        if index == 3 {
            return Err(NoPacket);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::frame_length;

    #[test]
    fn the_length_of_a_packet_is_read_from_its_first_bytes() {
        assert!(matches!(frame_length(&[]), Ok(None)));
        assert!(matches!(frame_length(&[0xD0, 0]), Ok(Some(2))));
        assert!(matches!(frame_length(&[0x30, 0x80, 1]), Ok(Some(131))));
        assert!(matches!(frame_length(&[0x30, 0xFF]), Ok(None)));
        assert!(frame_length(&[0x30, 0xFF, 0xFF, 0xFF, 0xFF]).is_err());
    }
}
