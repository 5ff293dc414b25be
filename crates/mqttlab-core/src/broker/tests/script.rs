//! A little language for conversations with the broker.
//!
//! Each line is something that happens: `NAME VERB …`, for a client NAME, whose Client Identifier is its name unless it
//! says otherwise; a client that does anything but `connect` without a connection gets a clean one first, in silence.
//! `wait 10s` lets time pass. What the broker sends is written as `b>NAME PACKET …`; a connection that it closes as
//! `b|NAME reason`. At the end of every script the broker is made again from its durable changes and compared.

mod options;
pub(super) mod own;
mod words;
mod world;

use std::borrow::ToOwned;
use std::collections::BTreeMap;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use expect_test::Expect;

use crate::broker::{Broker, Change, Config, Input, Loss};
use crate::clause::Clause;
use crate::codec::tests::notation;
use crate::codec::{Limits, decode, encode};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::id::{ConnId, PacketId};
use crate::link::Link;
use crate::packet::{
    Ack, Auth, Connect, Disconnect, FilterList, Packet, PacketType, Publish, QoS, RetainHandling,
    Side, Subscribe, SubscriptionOptions, TopicList, Unsubscribe, Version, Will,
};
use crate::properties::{Properties, Property, PropertyList};
use crate::reason::ReasonCode;
use crate::time::{Duration, Instant};
use options::{Options, is_filter, parse_authorization, parse_duration, parse_version, split};
use world::World;

/// Runs a script and compares what the broker sends.
#[track_caller]
pub(super) fn check(script: &str, expected: Expect) -> Run {
    check_with(Config::default(), script, expected)
}

/// The same with a configuration.
#[track_caller]
pub(super) fn check_with(config: Config, script: &str, expected: Expect) -> Run {
    let run = run_twice(&config, script);
    expected.assert_eq(run.output.trim_end());
    run
}

/// Runs a script and compares the decisions that the broker explains.
#[track_caller]
pub(super) fn why(script: &str, expected: Expect) {
    let run = Run::new::<true>(Config::default(), script);
    let lines: Vec<String> = run.world.whys.iter().map(ToString::to_string).collect();
    expected.assert_eq(&lines.join("\n"));
}

/// Runs a script whose output is of no interest.
pub(super) fn run(config: Config, script: &str) -> Run {
    Run::new::<true>(config, script)
}

/// Runs a script with and without tracing, which must make no difference.
#[track_caller]
pub(super) fn run_twice(config: &Config, script: &str) -> Run {
    let traced = Run::new::<true>(config.clone(), script);
    let plain = Run::new::<false>(config.clone(), script);
    assert_eq!(
        traced.world.output, plain.world.output,
        "tracing changes nothing"
    );
    traced
}

/// A script that has been run.
pub(super) struct Run {
    pub(super) broker: Broker,
    pub(super) output: String,
    world: World<true>,
}

impl Run {
    fn new<const TRACE: bool>(config: Config, script: &str) -> Self {
        let mut player = Player::<TRACE>::new(config);
        for line in script
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            player.play(line);
        }
        player.check_restart();
        let world = player.world.into_plain();
        Self {
            broker: player.broker,
            output: world.output.clone(),
            world,
        }
    }

    /// Checks that the broker gave these statements as its reasons.
    #[track_caller]
    pub(super) fn because(self, clauses: &[Clause]) -> Self {
        for clause in clauses {
            assert!(
                self.has_reason(*clause),
                "no decision gives {clause} as its reason: {:#?}",
                self.decisions()
            );
        }
        self
    }

    /// Whether a decision has this statement as its reason.
    pub(super) fn has_reason(&self, clause: Clause) -> bool {
        let mut whys = self.world.whys.iter();
        whys.any(|why| why.clause == Some(clause))
    }

    /// The decisions in words.
    pub(super) fn decisions(&self) -> Vec<String> {
        self.world.whys.iter().map(ToString::to_string).collect()
    }
}

struct Player<const TRACE: bool> {
    broker: Broker,
    config: Config,
    world: World<TRACE>,
    now: Instant,
    conns: BTreeMap<String, ConnId>,
    /// Of connections on which bytes come.
    links: BTreeMap<ConnId, Link>,
    /// Clients that do not read what they are sent.
    blocked: Vec<String>,
    version: Version,
    next_id: BTreeMap<String, u16>,
}

impl<const TRACE: bool> Player<TRACE> {
    fn new(config: Config) -> Self {
        Self {
            broker: Broker::new(config.clone(), 7),
            config,
            world: World {
                output: String::new(),
                whys: Vec::new(),
                names: BTreeMap::new(),
                versions: BTreeMap::new(),
                sent: BTreeMap::new(),
                closed: Vec::new(),
                changes: Vec::new(),
                denied: Vec::new(),
                authorizations: Vec::new(),
                connected: 0,
                silent: false,
            },
            now: Instant::ZERO,
            conns: BTreeMap::new(),
            links: BTreeMap::new(),
            blocked: Vec::new(),
            version: Version::V3_1_1,
            next_id: BTreeMap::new(),
        }
    }

    fn play(&mut self, line: &str) {
        let words = match line.split_once(" bytes ") {
            // Quotes are part of that notation.
            Some((name, bytes)) => [name, "bytes", bytes].map(ToOwned::to_owned).into(),
            None => split(line),
        };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["version", version] => self.version = parse_version(version),
            ["wait", time] => self.wait(parse_duration(time)),
            ["--", ..] => {
                let line = line.to_owned();
                self.world.say(&line);
            }
            ["deny", ..] => self.world.denied.push(words[1..].join(" ")),
            ["permit", ..] => {
                let allowed = words[1..].join(" ");
                self.world.denied.retain(|denied| *denied != allowed);
            }
            ["answer", answer] => {
                let authorization = parse_authorization(answer);
                self.world.authorizations.push(authorization);
            }
            ["end", client_id] => self.handle(Input::EndSession { client_id }),
            ["own", topic, payload, ref options @ ..] => {
                let options = Options::new(options);
                let publish = Publish {
                    dup: false,
                    qos: options.qos(),
                    retain: options.has("retain"),
                    topic,
                    packet_id: None,
                    properties: Properties::EMPTY,
                    payload: payload.as_bytes(),
                };
                self.handle(Input::Publish(publish));
            }
            [name, verb, ref rest @ ..] => self.act(name, verb, rest),
            _ => panic!("what is {line:?}?"),
        }
    }

    fn act(&mut self, name: &str, verb: &str, rest: &[&str]) {
        let is_first = matches!(verb, "open" | "connect");
        let connected = self
            .conns
            .get(name)
            .is_some_and(|conn| !self.world.closed.contains(conn));
        if !is_first && !connected && !matches!(verb, "late" | "reads") {
            self.world.silent = true;
            self.open(name);
            self.connect(name, &[]);
            self.world.silent = false;
        }
        match verb {
            "open" => self.open(name),
            "connect" => {
                // A second CONNECT only if one is asked for in so many words.
                if !rest.contains(&"again") && !rest.contains(&"here") {
                    self.open(name);
                }
                self.connect(name, rest);
            }
            "lost" => {
                let conn = self.conns[name];
                self.handle(Input::Lost {
                    conn,
                    how: Loss::Rst,
                });
                self.world.closed.push(conn);
            }
            "malformed" => self.malformed(name, rest),
            "raw" => self.raw(name, &rest.concat()),
            "bytes" => self.bytes(name, &rest.join(" ")),
            "authorized" => {
                let conn = self.conns[name];
                let authorization = parse_authorization(rest[0]);
                self.handle(Input::Authorized {
                    conn,
                    authorization,
                });
            }
            "kick" => {
                let conn = self.conns[name];
                self.handle(Input::Close {
                    conn,
                    reason: ReasonCode::AdministrativeAction,
                });
            }
            "stopped" => {
                let conn = self.conns[name];
                let reason = ReasonCode::ServerShuttingDown;
                self.handle(Input::Close { conn, reason });
            }
            "blocks" => self.blocked.push(name.to_owned()),
            "reads" => {
                self.blocked.retain(|blocked| blocked != name);
                self.flush();
            }
            "publish" => self.publish(name, rest),
            "subscribe" => self.subscribe(name, rest),
            "unsubscribe" => self.unsubscribe(name, rest),
            _ => self.simple(name, verb, rest),
        }
    }

    fn open(&mut self, name: &str) {
        self.world.connected += 1;
        let conn = ConnId::new(u64::from(self.world.connected)).expect("counted from 1");
        self.conns.insert(name.to_owned(), conn);
        self.world.names.insert(conn, name.to_owned());
        self.handle(Input::Open { conn });
    }

    fn connect(&mut self, name: &str, rest: &[&str]) {
        let options = Options::new(rest);
        let version = options.get("v").map_or(self.version, parse_version);
        let conn = self.conns[name];
        self.world.versions.insert(conn, version);
        let (mut properties, mut will_properties) = (PropertyList::new(), PropertyList::new());
        if version == Version::V5 {
            options.push_connect_properties(&mut properties);
            if let Some(delay) = options.number("delay") {
                will_properties.push(Property::WillDelayInterval(delay));
            }
            for word in rest
                .iter()
                .filter_map(|word| word.strip_prefix("will-user:"))
            {
                let (key, value) = word.split_once('=').expect("will-user:KEY=VALUE");
                will_properties.push(Property::UserProperty(key, value));
            }
        }
        let will = options.get("will").map(|topic| Will {
            topic,
            payload: options.get("says").unwrap_or("gone").as_bytes(),
            qos: options.number("wqos").map_or(QoS::AtMostOnce, |qos| {
                QoS::from_u8(qos as u8).expect("a QoS")
            }),
            retain: options.has("wretain"),
            properties: will_properties.properties(),
        });
        let connect = Connect {
            version,
            clean_start: options.get("clean") != Some("0"),
            keep_alive: options.number("keep").unwrap_or(0) as u16,
            client_id: options.get("id").unwrap_or(name),
            will,
            user_name: options.get("user"),
            password: None,
            properties: properties.properties(),
        };
        self.packet(name, Packet::Connect(connect));
    }

    fn publish(&mut self, name: &str, rest: &[&str]) {
        let [topic, payload, rest @ ..] = rest else {
            panic!("publish TOPIC \"PAYLOAD\" …");
        };
        let options = Options::new(rest);
        let mut properties = PropertyList::new();
        options.push_publish_properties(&mut properties);
        let qos = options.qos();
        let packet_id = (qos != QoS::AtMostOnce).then(|| self.packet_id(name, &options));
        let big = options
            .number("big")
            .map(|length| "x".repeat(length as usize));
        let publish = Publish {
            dup: options.has("dup"),
            qos,
            retain: options.has("retain"),
            topic,
            packet_id,
            properties: properties.properties(),
            payload: big.as_deref().unwrap_or(payload).as_bytes(),
        };
        self.packet(name, Packet::Publish(publish));
    }

    fn subscribe(&mut self, name: &str, rest: &[&str]) {
        let filters: Vec<&str> = rest
            .iter()
            .copied()
            .filter(|word| is_filter(word))
            .collect();
        let options = Options::new(rest);
        let mut list = FilterList::new();
        for filter in filters {
            list.push(
                filter,
                SubscriptionOptions {
                    qos: options.qos(),
                    no_local: options.has("nolocal"),
                    retain_as_published: options.has("rap"),
                    retain_handling: options
                        .number("rh")
                        .and_then(|number| RetainHandling::from_u8(number as u8))
                        .unwrap_or_default(),
                },
            );
        }
        let mut properties = PropertyList::new();
        if let Some(identifier) = options.number("sid") {
            properties.push(Property::SubscriptionIdentifier(identifier));
        }
        let packet_id = self.packet_id(name, &options);
        let subscribe = Subscribe {
            packet_id,
            properties: properties.properties(),
            filters: list.filters(),
        };
        self.packet(name, Packet::Subscribe(subscribe));
    }

    fn unsubscribe(&mut self, name: &str, rest: &[&str]) {
        let mut list = TopicList::new();
        for filter in rest.iter().filter(|word| is_filter(word)) {
            list.push(filter);
        }
        let packet_id = self.packet_id(name, &Options::new(rest));
        let properties = Properties::EMPTY;
        let unsubscribe = Unsubscribe {
            packet_id,
            properties,
            filters: list.topics(),
        };
        self.packet(name, Packet::Unsubscribe(unsubscribe));
    }

    fn simple(&mut self, name: &str, verb: &str, rest: &[&str]) {
        let options = Options::new(rest);
        let reason = options
            .number("reason")
            .map_or(ReasonCode::Success, |code| {
                ReasonCode::from_u8(code as u8).expect("a reason code")
            });
        let id = rest
            .first()
            .and_then(|id| id.parse().ok())
            .and_then(PacketId::new);
        let mut list = PropertyList::new();
        if let Some(expiry) = options.number("expiry") {
            list.push(Property::SessionExpiryInterval(expiry));
        }
        if let Some(method) = options.get("method") {
            list.push(Property::AuthenticationMethod(method));
        }
        let properties = list.properties();
        let ack = || Ack {
            packet_id: id.expect("a Packet Identifier"),
            reason,
            properties: Properties::EMPTY,
        };
        let packet = match verb {
            "puback" => Packet::PubAck(ack()),
            "pubrec" => Packet::PubRec(ack()),
            "pubrel" => Packet::PubRel(ack()),
            "pubcomp" => Packet::PubComp(ack()),
            "ping" | "late" => Packet::PingReq,
            "pingresp" => Packet::PingResp,
            "disconnect" => Packet::Disconnect(Disconnect { reason, properties }),
            "auth" => Packet::Auth(Auth { reason, properties }),
            _ => panic!("what is {verb:?}?"),
        };
        self.packet(name, packet);
    }

    fn malformed(&mut self, name: &str, rest: &[&str]) {
        let conn = self.conns[name];
        let (kind, reason) = match rest.first() {
            Some(&"level") => (
                DecodeErrorKind::ProtocolLevel,
                ReasonCode::UnsupportedProtocolVersion,
            ),
            Some(&"large") => (DecodeErrorKind::TooLarge, ReasonCode::PacketTooLarge),
            Some(_) | None => (DecodeErrorKind::Truncated, ReasonCode::MalformedPacket),
        };
        self.world.versions.entry(conn).or_insert(self.version);
        let error = DecodeError {
            kind,
            packet: Some(PacketType::Publish),
            version: Some(self.version),
            at: 2,
            clause: None,
            reason,
        };
        self.handle(Input::Malformed { conn, error });
    }

    /// Bytes in hex that are no packet.
    fn raw(&mut self, name: &str, hex: &str) {
        let conn = self.conns[name];
        let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
        let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
        let version = self.world.versions.get(&conn).copied().unwrap_or_default();
        let error = decode(&bytes, version, Side::Server, &Limits::default(), &mut ())
            .expect_err("a packet goes another way");
        if let Some(version) = error.version {
            self.world.versions.insert(conn, version);
        }
        self.handle(Input::Malformed { conn, error });
    }

    /// Bytes in the notation of the codec's vectors, as they come out of the network.
    fn bytes(&mut self, name: &str, text: &str) {
        let conn = self.conns[name];
        let link = self.links.remove(&conn);
        let mut link = link.unwrap_or_else(|| self.link(conn));
        let bytes = notation::bytes(text);
        let mut input = &bytes[..];
        while !self.world.closed.contains(&conn) {
            match link.next_packet(&mut input) {
                Ok(Some(packet)) => {
                    let is_connect = matches!(packet, Packet::Connect(_));
                    if let Packet::Connect(connect) = &packet {
                        self.world.versions.insert(conn, connect.version);
                    }
                    self.handle(Input::Packet { conn, packet });
                    if is_connect {
                        link.establish();
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    if let Some(version) = error.version {
                        self.world.versions.insert(conn, version);
                    }
                    self.handle(Input::Malformed { conn, error });
                    break;
                }
            }
        }
        self.links.insert(conn, link);
    }

    /// The link of a connection that is new, or that was let in by packets.
    fn link(&self, conn: ConnId) -> Link {
        let mut link = Link::new(Side::Server, self.version, self.config.link_limits());
        if let Some(&version) = self.world.versions.get(&conn) {
            let connect = Connect {
                version,
                clean_start: true,
                keep_alive: 0,
                client_id: "x",
                will: None,
                user_name: None,
                password: None,
                properties: Properties::EMPTY,
            };
            let mut bytes = Vec::new();
            encode(&Packet::Connect(connect), version, &mut bytes);
            let connect = link.next_packet(&mut &*bytes);
            connect.expect("it is right").expect("it is whole");
            link.establish();
        }
        link
    }

    fn packet(&mut self, name: &str, packet: Packet<'_>) {
        let conn = self.conns[name];
        self.handle(Input::Packet { conn, packet });
    }

    /// The one that is asked for, or the next of this client.
    fn packet_id(&mut self, name: &str, options: &Options<'_>) -> PacketId {
        let next = self.next_id.entry(name.to_owned()).or_default();
        *next = options.number("pid").map_or(*next + 1, |id| id as u16);
        PacketId::new(*next).expect("not 0")
    }

    fn handle(&mut self, input: Input<'_>) {
        self.broker.handle(self.now, input, &mut self.world);
        self.broker.check_invariants();
        self.flush();
    }

    /// Everybody who reads has read.
    fn flush(&mut self) {
        loop {
            let conn = self
                .world
                .sent
                .keys()
                .copied()
                .find(|conn| !self.blocked.contains(&self.world.names[conn]));
            let Some(conn) = conn else {
                return;
            };
            let bytes = self.world.sent.remove(&conn).expect("just found");
            self.broker
                .handle(self.now, Input::Flushed { conn, bytes }, &mut self.world);
            self.broker.check_invariants();
        }
    }

    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some((at, _)) = self.broker.next_deadline().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            self.handle(Input::Wake);
        }
        self.now = end;
    }

    /// The broker made again from its changes is the same, but that nobody is connected.
    fn check_restart(&self) {
        let changes = self.world.changes.iter().copied();
        let restored = Broker::restore(self.config.clone(), 7, self.now, changes);
        restored.check_invariants();
        assert_eq!(
            durable(&restored),
            durable(&self.broker),
            "a restart changes nothing"
        );
    }
}

/// Durable state in words, without when sessions end, which a restart may change.
pub(super) fn durable(broker: &Broker) -> Vec<String> {
    let mut lines = Vec::new();
    broker.snapshot(|change| match change {
        Change::SessionExpiry { .. } => {}
        change => lines.push(format!("{change:?}")),
    });
    lines.sort();
    lines
}
