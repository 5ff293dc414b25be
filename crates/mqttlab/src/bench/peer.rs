//! One client of the load. It logs in and subscribes step by step, and then never waits.

use std::io::{self, Read, Write};
use std::time::Duration;

use mio::{Registry, Token};
use mqttlab_core::codec::{Limits, decode, encode};
use mqttlab_core::id::PacketId;
use mqttlab_core::link::{Link, Side};
use mqttlab_core::packet::{
    Connect, FilterList, Packet, Publish, QoS, Subscribe, SubscriptionOptions, Version,
};
use mqttlab_core::properties::{Properties, Property, PropertyList};

use super::Plan;
use crate::wire::Wire;

/// How long the broker may take to answer a client that waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client that is logged in.
pub(super) struct Peer {
    wire: Wire,
    version: Version,
    /// How many of its messages of QoS 1 and 2 the broker takes before it has answered.
    pub(super) receive_maximum: u16,
}

/// The same once it never waits.
pub(super) struct Running {
    wire: Wire,
    pub(super) link: Link,
    out: Vec<u8>,
    written: usize,
    /// There may be something to read.
    pub(super) readable: bool,
}

fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

impl Peer {
    /// Connects and logs in; with `keep` the session outlives the connection.
    pub(super) fn log_in(plan: &Plan, name: &str, keep: bool) -> io::Result<Self> {
        let mut peer = Self {
            wire: plan.way.open(PATIENCE)?,
            version: plan.version,
            receive_maximum: u16::MAX,
        };
        let mut properties = PropertyList::new();
        if keep && plan.version == Version::V5 {
            properties.push(Property::SessionExpiryInterval(u32::MAX));
        }
        let connect = Connect {
            version: plan.version,
            clean_start: !keep,
            // The longest: a load has no pauses to tell from the end, and some brokers refuse 0.
            keep_alive: u16::MAX,
            client_id: &format!("{}-{name}", plan.run),
            will: None,
            user_name: plan.user.as_ref().map(|(user, _)| &**user),
            password: plan.user.as_ref().map(|(_, password)| password.as_bytes()),
            properties: properties.properties(),
        };
        peer.say(&Packet::Connect(connect))?;
        let answer = peer.receive()?;
        let Packet::ConnAck(connack) = answer.decode(plan.version)? else {
            return Err(wrong("no CONNACK came"));
        };
        if connack.reason.is_error() {
            return Err(wrong(format!("CONNECT was refused: {}", connack.reason)));
        }
        for property in connack.properties.iter() {
            if let Property::ReceiveMaximum(maximum) = property {
                peer.receive_maximum = maximum;
            }
        }
        Ok(peer)
    }

    pub(super) fn subscribe(&mut self, filter: &str, qos: u8) -> io::Result<()> {
        let mut filters = FilterList::new();
        let options = SubscriptionOptions::qos(QoS::from_u8(qos).unwrap_or_default());
        filters.push(filter, options);
        self.say(&Packet::Subscribe(Subscribe {
            packet_id: PacketId::FIRST,
            properties: Properties::EMPTY,
            filters: filters.filters(),
        }))?;
        let answer = self.receive()?;
        if let Packet::SubAck(suback) = answer.decode(self.version)?
            && suback.codes.iter().all(|&code| code <= 2)
        {
            Ok(())
        } else {
            Err(wrong(format!("{filter} was not granted")))
        }
    }

    fn say(&mut self, packet: &Packet<'_>) -> io::Result<()> {
        let mut bytes = Vec::new();
        encode(packet, self.version, &mut bytes);
        self.send(&bytes)
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.wire.write_all(bytes)?;
        self.wire.flush()
    }

    /// The next packet.
    pub(super) fn receive(&mut self) -> io::Result<Received> {
        let mut bytes = vec![0];
        self.wire.read_exact(&mut bytes)?;
        let (mut length, mut shift) = (0, 0);
        loop {
            let mut byte = [0];
            self.wire.read_exact(&mut byte)?;
            bytes.push(byte[0]);
            length |= usize::from(byte[0] & 0x7F) << shift;
            shift += 7;
            if byte[0] & 0x80 == 0 {
                break;
            }
            if shift > 21 {
                return Err(wrong("a Remaining Length of more than four bytes"));
            }
        }
        let body = bytes.len();
        bytes.resize(body + length, 0);
        self.wire.read_exact(&mut bytes[body..])?;
        Ok(Received { bytes, body })
    }

    /// From here on nothing waits.
    pub(super) fn run(mut self, registry: &Registry, token: usize) -> io::Result<Running> {
        self.wire.set_nonblocking(registry, Token(token))?;
        Ok(Running {
            wire: self.wire,
            link: Link::new(Side::Client, self.version, Limits::default()),
            out: Vec::new(),
            written: 0,
            readable: true,
        })
    }
}

/// A whole packet that came.
pub(super) struct Received {
    bytes: Vec<u8>,
    /// Where its body begins.
    body: usize,
}

impl Received {
    pub(super) fn first(&self) -> u8 {
        self.bytes[0]
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.bytes[self.body..]
    }

    fn decode(&self, version: Version) -> io::Result<Packet<'_>> {
        let limits = Limits::default();
        let decoded = decode(&self.bytes, version, Side::Client, &limits, &mut ());
        decoded.map_err(|error| wrong(error.to_string()))
    }
}

impl Running {
    /// Reads what is there, or as much as fits; `None` when there is nothing more.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match self.wire.read(buffer) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                // A short read has emptied the socket, where there is nothing between.
                self.readable = length == buffer.len() || !self.wire.short_read_is_last();
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
        self.out.len() - self.written + usize::from(self.wire.wants_write())
    }

    /// Writes as much as the socket takes.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while self.written < self.out.len() {
            match self.wire.write(&self.out[self.written..]) {
                Ok(length) => self.written += length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        self.out.clear();
        self.written = 0;
        match self.wire.flush() {
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
    pub(super) fn new(version: Version, topic: &str, qos: u8, retain: bool, size: usize) -> Self {
        let payload = vec![b'.'; size];
        let qos = QoS::from_u8(qos).unwrap_or_default();
        let has_id = qos != QoS::AtMostOnce;
        let publish = Publish {
            dup: false,
            qos,
            retain,
            topic,
            packet_id: has_id.then_some(PacketId::FIRST),
            properties: Properties::EMPTY,
            payload: &payload,
        };
        let mut bytes = Vec::new();
        encode(&Packet::Publish(publish), version, &mut bytes);
        let payload = bytes.len() - size;
        Self {
            bytes,
            // Before the payload; in 5.0 the length of no properties is between.
            packet_id: has_id.then(|| payload - 2 - usize::from(version == Version::V5)),
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
