//! One client of the load: MQTT 3.1.1 over TCP, or inside TLS. It logs in and subscribes step by step, and then never waits.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use mio::{Interest, Registry, Token};
use mqttlab_core::codec::{Limits, encode};
use mqttlab_core::link::{Link, Side};
use mqttlab_core::packet::{Packet, Publish, QoS, Version};
use mqttlab_core::properties::Properties;

use super::Plan;
use super::wire::Wire;

/// How long the broker may take to answer a client that waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client that is logged in.
pub(super) struct Peer {
    stream: Wire<TcpStream>,
}

/// The same once it never waits.
pub(super) struct Running {
    stream: Wire<mio::net::TcpStream>,
    pub(super) link: Link,
    out: Vec<u8>,
    written: usize,
    /// There may be something to read.
    pub(super) readable: bool,
}

fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u16).to_be_bytes());
    out.extend(text.as_bytes());
}

/// A packet with this body.
fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first];
    let mut length = body.len();
    loop {
        let more = length > 127;
        packet.push((length % 128) as u8 | if more { 128 } else { 0 });
        length /= 128;
        if !more {
            break;
        }
    }
    packet.extend(body);
    packet
}

impl Peer {
    /// Connects and logs in; with `keep` the session outlives the connection.
    pub(super) fn log_in(plan: &Plan, name: &str, keep: bool) -> io::Result<Self> {
        let stream = TcpStream::connect(plan.broker)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let stream = Wire::new(stream, plan.tls.as_ref())?;
        let mut peer = Self { stream };
        let clean = if keep { 0 } else { 2 };
        let named = if plan.user.is_some() { 0xC0 } else { 0 };
        // The longest Keep Alive: a load has no pauses to tell from the end, and some brokers refuse 0.
        let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', 4, clean | named, 0xFF, 0xFF];
        text(&mut body, &format!("{}-{name}", plan.run));
        if let Some((user, password)) = &plan.user {
            text(&mut body, user);
            text(&mut body, password);
        }
        peer.send(&packet(0x10, &body))?;
        let (first, body) = peer.receive()?;
        match (first, &body[..]) {
            (0x20, [_, 0]) => Ok(peer),
            (0x20, [_, code]) => Err(wrong(format!("CONNECT was refused with code {code}"))),
            (_, _) => Err(wrong("no CONNACK came")),
        }
    }

    pub(super) fn subscribe(&mut self, filter: &str, qos: u8) -> io::Result<()> {
        let mut body = vec![0, 1];
        text(&mut body, filter);
        body.push(qos);
        self.send(&packet(0x82, &body))?;
        match self.receive()? {
            (0x90, body) if body.last().is_some_and(|&code| code <= 2) => Ok(()),
            (_, body) => Err(wrong(format!("{filter} was not granted: {body:02x?}"))),
        }
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// First byte and body of the next packet.
    pub(super) fn receive(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut byte = [0];
        self.stream.read_exact(&mut byte)?;
        let first = byte[0];
        let (mut length, mut shift) = (0, 0);
        loop {
            self.stream.read_exact(&mut byte)?;
            length |= usize::from(byte[0] & 0x7F) << shift;
            shift += 7;
            if byte[0] & 0x80 == 0 {
                break;
            }
            if shift > 21 {
                return Err(wrong("a Remaining Length of more than four bytes"));
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((first, body))
    }

    /// From here on nothing waits.
    pub(super) fn run(self, registry: &Registry, token: usize) -> io::Result<Running> {
        self.stream.socket().set_nonblocking(true)?;
        let mut stream = self.stream.map(mio::net::TcpStream::from_std);
        let interest = Interest::READABLE | Interest::WRITABLE;
        registry.register(stream.socket_mut(), Token(token), interest)?;
        let limits = Limits::default();
        let mut link = Link::new(Side::Client, Version::V3_1_1, limits);
        link.establish();
        Ok(Running {
            stream,
            link,
            out: Vec::new(),
            written: 0,
            readable: true,
        })
    }
}

impl Running {
    /// Reads what is there, or as much as fits; `None` when there is nothing more.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match self.stream.read(buffer) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                // A short read has emptied the socket; one inside TLS gives a record at most.
                self.readable = length == buffer.len() || self.stream.is_tls();
                Ok(Some(length))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.out.extend(bytes);
    }

    /// Bytes that wait for the socket.
    pub(super) fn waiting(&self) -> usize {
        self.out.len() - self.written + usize::from(self.stream.wants_write())
    }

    /// Writes as much as the socket takes.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while self.written < self.out.len() {
            match self.stream.write(&self.out[self.written..]) {
                Ok(length) => self.written += length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        self.out.clear();
        self.written = 0;
        match self.stream.flush() {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// A PUBLISH that is sent again and again with another Packet Identifier and another beginning of its payload.
pub(super) struct Template {
    pub(super) bytes: Vec<u8>,
    /// Where the Packet Identifier is, where there is one.
    packet_id: Option<usize>,
    payload: usize,
}

impl Template {
    pub(super) fn new(topic: &str, qos: u8, retain: bool, size: usize) -> Self {
        let payload = vec![b'.'; size];
        let qos = QoS::from_u8(qos).unwrap_or_default();
        let has_id = qos != QoS::AtMostOnce;
        let publish = Publish {
            dup: false,
            qos,
            retain,
            topic,
            packet_id: has_id.then_some(mqttlab_core::id::PacketId::FIRST),
            properties: Properties::EMPTY,
            payload: &payload,
        };
        let mut bytes = Vec::new();
        encode(&Packet::Publish(publish), Version::V3_1_1, &mut bytes);
        let payload = bytes.len() - size;
        Self {
            bytes,
            packet_id: has_id.then(|| payload - 2),
            payload,
        }
    }

    pub(super) fn set_packet_id(&mut self, id: u16) {
        if let Some(at) = self.packet_id {
            self.bytes[at..at + 2].copy_from_slice(&id.to_be_bytes());
        }
    }

    pub(super) fn set_payload(&mut self, begins: &[u8]) {
        self.bytes[self.payload..self.payload + begins.len()].copy_from_slice(begins);
    }
}
