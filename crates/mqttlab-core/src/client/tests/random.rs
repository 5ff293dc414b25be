//! A client against a network and a server that do anything, legal or not.

use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::vec::Vec;

use crate::client::{
    AuthOptions, Client, Close, DisconnectOptions, Event, Input, Loss, LostSession, Message,
    Options, QueueLimits, Reconnect, Sink, State, SubscribeRequest, WhenFull, Why,
};
use crate::codec::encode;
use crate::frame::Frame;
use crate::id::PacketId;
use crate::link::Link;
use crate::packet::{Ack, Auth, ConnAck, Disconnect, Packet, Publish, QoS, Side, SubAck, Version};
use crate::properties::{Properties, Property, PropertyList};
use crate::reason::ReasonCode;
use crate::rng::Rng;
use crate::time::{Duration, Instant};

#[test]
fn nothing_that_a_server_does_breaks_the_client() {
    let mut connected = 0;
    for seed in 0..100 {
        let first = run(seed, 400);
        connected += first.connected;
        assert_eq!(first.hash, run(seed, 400).hash, "seed {seed} twice");
    }
    assert!(connected > 500, "the client got through: {connected} times");
}

/// What became of the messages, and a summary of all output.
#[derive(Default)]
struct Log {
    /// By ticket: how often it was done or dropped.
    ends: BTreeMap<u64, u32>,
    hash: u64,
    connected: u32,
    open: bool,
    unwritten: u64,
}

impl Log {
    fn note(&mut self, what: &dyn core::fmt::Debug) {
        for byte in std::format!("{what:?}").bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
}

impl Sink for Log {
    const TRACE: bool = true;

    fn open(&mut self) {
        assert!(!self.open, "one connection at a time");
        self.open = true;
        self.unwritten = 0;
    }

    fn send(&mut self, frame: &Frame<'_>) {
        assert!(self.open, "nothing is sent without a connection");
        let mut bytes = Vec::new();
        frame.write_to(&mut bytes);
        self.unwritten += bytes.len() as u64;
        self.note(&bytes);
    }

    fn close(&mut self, how: Close) {
        assert!(self.open, "only what is open is closed");
        self.open = false;
        self.note(&how);
    }

    fn event(&mut self, event: Event<'_>) {
        self.note(&event);
        if let Event::Published { ticket, .. } | Event::Dropped { ticket, .. } = event {
            *self.ends.entry(ticket.number()).or_default() += 1;
        }
        self.connected += u32::from(matches!(event, Event::Connected { .. }));
    }

    fn why(&mut self, why: Why) {
        self.note(&why.to_string());
    }
}

fn run(seed: u64, steps: u32) -> Log {
    let mut rng = Rng::new(seed);
    let options = options(&mut rng);
    let (version, limits) = (options.version, options.link_limits());
    let in_flight_max = usize::from(options.in_flight_max);
    let mut client = Client::new(options, seed);
    let mut link = Link::new(Side::Client, version, limits);
    let (mut log, mut now) = (Log::default(), Instant::ZERO);
    let mut tickets = Vec::new();
    for _ in 0..steps {
        now = now + Duration::from_millis(rng.below(3_000));
        match rng.below(10) {
            0..3 => tickets.extend(act(&mut client, now, &mut rng, &mut log)),
            3 => network(&mut client, now, &mut rng, &mut log),
            _ if client.state() == State::Opening => {
                link = Link::new(Side::Client, version, limits);
                client.handle(now, Input::Opened, &mut log);
            }
            _ => {
                let bytes = packet(&client, &mut rng);
                receive(&mut client, now, &mut link, &bytes, &mut log);
            }
        }
        let due = client.next_deadline().is_some_and(|(at, _)| at <= now);
        if due {
            client.handle(now, Input::Wake, &mut log);
        }
        client.check_invariants();
        assert!(client.outgoing().count() <= in_flight_max);
        assert_eq!(log.open, client.is_open());
    }
    let waiting = client.queue().map(|waiting| waiting.ticket);
    let in_flight = client.outgoing().map(|stored| stored.message.ticket);
    for ticket in waiting.chain(in_flight) {
        *log.ends.entry(ticket.number()).or_default() += 1;
    }
    for ticket in tickets {
        assert_eq!(log.ends.get(&ticket), Some(&1), "ticket {ticket} ends once");
    }
    log
}

fn options(rng: &mut Rng) -> Options {
    let version = [Version::V3_1, Version::V3_1_1, Version::V5][rng.below(3) as usize];
    let is_v5 = version == Version::V5;
    Options {
        client_id: "c".into(),
        version,
        clean_start: rng.chance(1, 2),
        resume_after_loss: rng.chance(1, 2),
        keep_alive: rng.below(20) as u16,
        session_expiry: if is_v5 { rng.below(40) as u32 } else { 0 },
        receive_maximum: if is_v5 {
            1 + rng.below(5) as u16
        } else {
            u16::MAX
        },
        accept_unknown_session: rng.chance(1, 2),
        topic_alias_maximum: if is_v5 { rng.below(4) as u16 } else { 0 },
        auth: (is_v5 && rng.chance(1, 4)).then(|| AuthOptions {
            method: "m".into(),
            data: None,
        }),
        lost_session: [LostSession::Drop, LostSession::Republish][rng.below(2) as usize],
        reconnect: Reconnect::exponential(Duration::from_millis(10), Duration::from_secs(5)),
        retry_always: rng.chance(1, 2),
        queue: QueueLimits {
            messages: rng.below(8) as usize,
            qos0: rng.chance(1, 2),
            when_full: [WhenFull::Reject, WhenFull::DropOldest][rng.below(2) as usize],
            ..QueueLimits::default()
        },
        in_flight_max: 1 + rng.below(6) as u16,
        topic_aliases_max: 2,
        requests_max: 3,
        subscriptions_max: 4,
        write_buffer_max: 200,
        ..Options::default()
    }
}

const TOPICS: [&str; 3] = ["status/1", "status/2", "a"];

/// The application does something.
fn act(client: &mut Client, now: Instant, rng: &mut Rng, log: &mut Log) -> Option<u64> {
    let topic = TOPICS[rng.below(3) as usize];
    let qos = QoS::from_u8(rng.below(3) as u8).unwrap_or_default();
    match rng.below(12) {
        0..6 => {
            let message = Message::new(topic, "payload", qos);
            let ticket = client.publish(now, message, log);
            return ticket.ok().map(|ticket| ticket.number());
        }
        6 => {
            let request = SubscribeRequest::new(topic, qos).and("b/#", qos);
            let _ = client.subscribe(now, request, log);
        }
        7 => {
            let _ = client.unsubscribe(now, &[topic], log);
        }
        8 if rng.chance(1, 4) => {
            let _ = client.disconnect(now, &DisconnectOptions::default(), log);
        }
        9 => {
            let _ = client.authenticate(now, Some(b"x"), log);
        }
        10 => {
            let _ = client.reauthenticate(now, None, log);
        }
        _ => {
            let _ = client.connect(now, log);
        }
    }
    None
}

/// The network does something.
fn network(client: &mut Client, now: Instant, rng: &mut Rng, log: &mut Log) {
    match rng.below(4) {
        0 if client.is_open() => {
            log.open = false;
            client.handle(now, Input::Lost(Loss::Rst), log);
        }
        1 if client.state() == State::Opening => {
            log.open = false;
            client.handle(now, Input::OpenFailed, log);
        }
        _ => {
            let bytes = rng.below(log.unwritten + 1);
            log.unwritten -= bytes;
            client.handle(now, Input::Flushed(bytes), log);
        }
    }
}

/// Bytes arrive, in two pieces.
fn receive(client: &mut Client, now: Instant, link: &mut Link, bytes: &[u8], log: &mut Log) {
    let (one, two) = bytes.split_at(bytes.len() / 2);
    for mut piece in [one, two] {
        while client.is_open() && client.state() != State::Opening {
            let input = match link.next_packet(&mut piece) {
                Ok(Some(packet)) => Input::Packet(packet),
                Ok(None) => break,
                Err(error) => Input::Malformed(error),
            };
            client.handle(now, input, log);
        }
    }
}

/// The server sends something, mostly what could be right.
fn packet(client: &Client, rng: &mut Rng) -> Vec<u8> {
    let version = client.options().version;
    let mut list = PropertyList::new();
    let is_v5 = version == Version::V5;
    let connecting = client.state() == State::Connecting && rng.chance(9, 10);
    if connecting {
        if client.options().auth.is_some() {
            list.push(Property::AuthenticationMethod("m"));
        }
        if rng.chance(1, 2) {
            list.push(Property::ReceiveMaximum(1 + rng.below(4) as u16));
            list.push(Property::TopicAliasMaximum(rng.below(4) as u16));
            list.push(Property::MaximumPacketSize(20 + rng.below(40) as u32));
        }
    }
    let properties = if is_v5 {
        list.properties()
    } else {
        Properties::EMPTY
    };
    let mut bytes = Vec::new();
    if connecting {
        let connack = ConnAck {
            session_present: version != Version::V3_1 && rng.chance(1, 2),
            reason: ReasonCode::Success,
            properties,
        };
        encode(&Packet::ConnAck(connack), version, &mut bytes);
    } else {
        let packet_id = some_id(client, rng);
        then_packet(packet_id, rng, |packet| encode(packet, version, &mut bytes));
    }
    if rng.chance(1, 100) && !bytes.is_empty() {
        let at = rng.below(bytes.len() as u64) as usize;
        bytes[at] ^= 1 << rng.below(8);
    }
    bytes
}

/// An identifier that is in use, if there is one, or any.
fn some_id(client: &Client, rng: &mut Rng) -> PacketId {
    let in_flight = client.outgoing().map(|stored| stored.packet_id);
    let used: Vec<_> = in_flight.chain(client.unanswered_requests()).collect();
    match used.get(rng.below(used.len() as u64 + 1) as usize) {
        Some(&packet_id) => packet_id,
        None => PacketId::new(1 + rng.below(6) as u16).expect("it is not 0"),
    }
}

fn then_packet(packet_id: PacketId, rng: &mut Rng, then: impl FnOnce(&Packet<'_>)) {
    let ack = Ack::success(packet_id);
    let properties = Properties::EMPTY;
    let codes = [1, 0x80];
    let qos = QoS::from_u8(rng.below(3) as u8).unwrap_or_default();
    then(&match rng.below(60) {
        0..12 => Packet::Publish(Publish {
            dup: qos != QoS::AtMostOnce && rng.chance(1, 3),
            qos,
            retain: false,
            topic: TOPICS[rng.below(3) as usize],
            packet_id: (qos != QoS::AtMostOnce).then_some(packet_id),
            properties,
            payload: b"payload",
        }),
        12..22 => Packet::PubAck(ack),
        22..32 => Packet::PubRec(ack),
        32..42 => Packet::PubComp(ack),
        42..46 => Packet::PubRel(ack),
        46..52 => Packet::SubAck(SubAck {
            packet_id,
            properties,
            codes: &codes,
        }),
        52..55 => Packet::UnsubAck(SubAck {
            packet_id,
            properties,
            codes: &codes[..1],
        }),
        55..58 => Packet::PingResp,
        58 => Packet::Auth(Auth {
            reason: ReasonCode::ContinueAuthentication,
            properties,
        }),
        _ => Packet::Disconnect(Disconnect {
            reason: ReasonCode::ServerBusy,
            properties,
        }),
    });
}
