//! A broker with clients that behave, and a buffer for each of them.

use std::hint::black_box;

use mqttlab_core::broker::{Broker, CloseReason, Config, Input, Sink};
use mqttlab_core::frame::Frame;
use mqttlab_core::id::{ConnId, PacketId};
use mqttlab_core::packet::{
    Ack, Connect, FilterList, Packet, Publish, QoS, Subscribe, SubscriptionOptions, Version,
};
use mqttlab_core::properties::Properties;
use mqttlab_core::reason::ReasonCode;
use mqttlab_core::time::Instant;
use mqttlab_core::why::Why;

/// Appends what the broker sends to one buffer for each connection, as a server does before it writes. With `TRACE` it
/// looks at each decision too, and keeps none.
#[derive(Debug, Default)]
pub struct Buffers<const TRACE: bool> {
    out: Vec<Vec<u8>>,
}

impl<const TRACE: bool> Sink for Buffers<TRACE> {
    const TRACE: bool = TRACE;

    fn send(&mut self, conn: ConnId, frame: &Frame<'_>) {
        frame.write_to(&mut self.out[conn.number() as usize]);
    }

    fn close(&mut self, conn: ConnId, reason: CloseReason) {
        panic!("nobody here gives a reason to close {conn:?}: {reason:?}");
    }

    fn why(&mut self, why: Why) {
        black_box(&why);
    }
}

/// A broker and its clients; all of them speak 3.1.1.
#[derive(Debug)]
pub struct Rig<const TRACE: bool = false> {
    broker: Broker,
    buffers: Buffers<TRACE>,
}

impl<const TRACE: bool> Default for Rig<TRACE> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const TRACE: bool> Rig<TRACE> {
    /// A broker without clients, and without the limits that would get in the way of a large number of them.
    pub fn new() -> Self {
        let config = Config {
            connections_max: u32::MAX,
            sessions_max: u32::MAX,
            retained_messages_max: u32::MAX,
            retained_bytes_max: u64::MAX,
            message_bytes_max: u64::MAX,
            ..Config::default()
        };
        Self {
            broker: Broker::new(config, 1),
            buffers: Buffers {
                out: vec![Vec::new()],
            },
        }
    }

    /// The broker, to look at.
    pub fn broker(&self) -> &Broker {
        &self.broker
    }

    /// Hands one input to the broker.
    pub fn handle(&mut self, input: Input<'_>) {
        self.broker.handle(Instant::ZERO, input, &mut self.buffers);
    }

    fn packet(&mut self, conn: ConnId, packet: Packet<'_>) {
        self.handle(Input::Packet { conn, packet });
    }

    /// Opens a connection and sends CONNECT.
    pub fn connect(&mut self, client_id: &str) -> ConnId {
        let conn =
            ConnId::new(self.buffers.out.len() as u64).expect("the first buffer is nobody's");
        self.buffers.out.push(Vec::new());
        self.handle(Input::Open { conn });
        let connect = Connect {
            version: Version::V3_1_1,
            clean_start: true,
            keep_alive: 60,
            client_id,
            will: None,
            user_name: None,
            password: None,
            properties: Properties::EMPTY,
        };
        self.packet(conn, Packet::Connect(connect));
        conn
    }

    /// Sends one SUBSCRIBE with all `filters`.
    pub fn subscribe(&mut self, conn: ConnId, filters: impl Iterator<Item = String>, qos: QoS) {
        let mut list = FilterList::new();
        for filter in filters {
            list.push(&filter, SubscriptionOptions::qos(qos));
        }
        let subscribe = Subscribe {
            packet_id: PacketId::FIRST,
            properties: Properties::EMPTY,
            filters: list.filters(),
        };
        self.packet(conn, Packet::Subscribe(subscribe));
    }

    /// Sends one PUBLISH.
    pub fn publish(&mut self, conn: ConnId, topic: &str, payload: &[u8], qos: QoS, retain: bool) {
        let publish = Publish {
            dup: false,
            qos,
            retain,
            topic,
            packet_id: (qos > QoS::AtMostOnce).then_some(PacketId::FIRST),
            properties: Properties::EMPTY,
            payload,
        };
        self.packet(conn, Packet::Publish(publish));
    }

    /// Sends one PUBACK.
    pub fn puback(&mut self, conn: ConnId, packet_id: PacketId) {
        let ack = Ack {
            packet_id,
            reason: ReasonCode::Success,
            properties: Properties::EMPTY,
        };
        self.packet(conn, Packet::PubAck(ack));
    }

    /// Takes all bytes out of all buffers without a word to the broker; how many there were.
    pub fn take_bytes(&mut self) -> u64 {
        let lengths = self.buffers.out.iter_mut().map(|out| {
            let length = out.len() as u64;
            out.clear();
            length
        });
        lengths.sum()
    }

    /// Writes all buffers: empties them, and tells the broker.
    pub fn flush(&mut self) {
        for number in 1..self.buffers.out.len() {
            let bytes = self.buffers.out[number].len() as u64;
            if bytes > 0 {
                self.buffers.out[number].clear();
                let conn = ConnId::new(number as u64).expect("it is not the first");
                self.handle(Input::Flushed { conn, bytes });
            }
        }
    }

    /// Gives back what the buffers took up, so that only the broker's memory is counted.
    pub fn drop_buffers(&mut self) {
        self.flush();
        self.buffers
            .out
            .iter_mut()
            .for_each(|out| *out = Vec::new());
    }
}
