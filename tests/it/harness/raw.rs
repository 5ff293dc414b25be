//! A connection that speaks bytes.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use anyhow::{Context, Result, bail, ensure};

use super::PATIENCE;

/// CONNECT of MQTT 3.1.1 with Clean Session and Keep Alive 60, for the client `a`; all but the identifier.
const CONNECT: &[u8] = &[0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 1];

/// Client side of one TCP connection.
pub(crate) struct Raw {
    stream: TcpStream,
}

impl Raw {
    pub(crate) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream })
    }

    /// Has the broker let in the client whose identifier is this one letter.
    pub(crate) fn log_in(&mut self, client_id: u8) -> Result<()> {
        self.send(CONNECT)?;
        self.send(&[client_id])?;
        self.expect(&[0x20, 2, 0, 0])
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).context("sending")
    }

    /// The next bytes must be these.
    pub(crate) fn expect(&mut self, bytes: &[u8]) -> Result<()> {
        let mut got = vec![0; bytes.len()];
        let mut length = 0;
        while length < got.len() {
            match self.stream.read(&mut got[length..]) {
                Ok(0) => bail!(
                    "closed after {:02x?} instead of {bytes:02x?}",
                    &got[..length]
                ),
                Ok(more) => length += more,
                Err(error) => bail!(
                    "{error} after {:02x?} instead of {bytes:02x?}",
                    &got[..length]
                ),
            }
        }
        ensure!(got == bytes, "{got:02x?} came instead of {bytes:02x?}");
        Ok(())
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> Result<u8> {
        let mut byte = [0];
        self.stream.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    /// The rest of a packet whose first byte was read.
    pub(crate) fn skip_packet(&mut self) -> Result<Vec<u8>> {
        let mut length = 0;
        for shift in [0, 7, 14, 21] {
            let mut byte = [0];
            self.stream.read_exact(&mut byte)?;
            length |= usize::from(byte[0] & 0x7F) << shift;
            if byte[0] & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    /// A PUBLISH; gives what comes after its length.
    pub(crate) fn expect_publish(&mut self) -> Result<Vec<u8>> {
        let first = self.byte()?;
        ensure!(first >> 4 == 3, "{first:#x} came instead of a PUBLISH");
        self.skip_packet()
    }

    /// Everything until the end, as text.
    pub(crate) fn rest(&mut self) -> Result<String> {
        Ok(String::from_utf8(self.rest_of_bytes()?)?)
    }

    /// Everything until the end.
    pub(crate) fn rest_of_bytes(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.stream.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The broker must close the connection, and say nothing before.
    pub(crate) fn expect_closed(&mut self) -> Result<()> {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => bail!("it is not closed: {error}"),
        }
        ensure!(rest.is_empty(), "{rest:02x?} came before the end");
        Ok(())
    }

    /// The connection is alive and the client let in.
    pub(crate) fn expect_alive(&mut self) -> Result<()> {
        self.send(&[0xC0, 0])?;
        self.expect(&[0xD0, 0])
    }

    /// Closes its own side only.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.stream
            .shutdown(Shutdown::Write)
            .context("closing one side")
    }
}
