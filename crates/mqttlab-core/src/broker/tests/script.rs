//! A little language for conversations with the broker.
//!
//! Each line is something that happens: `NAME VERB …`, for a client NAME, whose Client Identifier is its name unless it
//! says otherwise; a client that does anything but `connect` without a connection gets a clean one first, in silence.
//! `wait 10s` lets time pass. What the broker sends is written as `b>NAME PACKET …`; a connection that it closes as
//! `b|NAME reason`. At the end of every script the broker is made again from its durable changes and compared.

use std::borrow::ToOwned;
use std::boxed::Box;
use std::collections::BTreeMap;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use expect_test::Expect;

use crate::broker::{
    Access, AuthRequest, Authorization, Broker, Change, CloseReason, Config, DeliveryRef, Identity,
    Input, Loss, MessageRef, Sink, WillRef,
};
use crate::clause::Clause;
use crate::codec::{Limits, decode};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::frame::Frame;
use crate::id::{ConnId, PacketId};
use crate::packet::{
    Ack, Auth, Connect, Disconnect, FilterList, Packet, PacketType, Publish, QoS, RetainHandling,
    Side, Subscribe, SubscriptionOptions, TopicList, Unsubscribe, Version, Will,
};
use crate::properties::{Properties, Property, PropertyList};
use crate::reason::ReasonCode;
use crate::time::{Duration, Instant};
use crate::why::Why;

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

/// What the broker says, in words, and what it is allowed.
struct World<const TRACE: bool> {
    output: String,
    whys: Vec<Why>,
    names: BTreeMap<ConnId, String>,
    versions: BTreeMap<ConnId, Version>,
    sent: BTreeMap<ConnId, u64>,
    closed: Vec<ConnId>,
    changes: Vec<Change<'static>>,
    /// `NAME TOPIC`, as denied.
    denied: Vec<String>,
    authorizations: Vec<Authorization>,
    connected: u32,
    /// The client whose connection is set up in silence.
    silent: bool,
}

impl<const TRACE: bool> World<TRACE> {
    fn into_plain(self) -> World<true> {
        World {
            output: self.output,
            whys: self.whys,
            names: self.names,
            versions: self.versions,
            sent: self.sent,
            closed: self.closed,
            changes: self.changes,
            denied: self.denied,
            authorizations: self.authorizations,
            connected: self.connected,
            silent: self.silent,
        }
    }

    fn say(&mut self, line: &str) {
        if !self.silent {
            self.output.push_str(line);
            self.output.push('\n');
        }
    }
}

impl<const TRACE: bool> Sink for World<TRACE> {
    const TRACE: bool = TRACE;

    fn send(&mut self, conn: ConnId, frame: &Frame<'_>) {
        let mut bytes = Vec::new();
        frame.write_to(&mut bytes);
        assert_eq!(bytes.len(), frame.len(), "a frame is as long as it says");
        *self.sent.entry(conn).or_default() += bytes.len() as u64;
        let version = self.versions.get(&conn).copied().unwrap_or_default();
        let packet = decode(&bytes, version, Side::Client, &Limits::default(), &mut ())
            .unwrap_or_else(|error| panic!("the broker sends {bytes:02x?}: {error}"));
        let text = words(&packet);
        let name = self.names[&conn].clone();
        self.say(&format!("b>{name} {text}"));
    }

    fn close(&mut self, conn: ConnId, reason: CloseReason) {
        let name = self.names[&conn].clone();
        self.say(&format!("b|{name} {reason}"));
        self.closed.push(conn);
    }

    fn authorize(&mut self, _: ConnId, request: &AuthRequest<'_>) -> Authorization {
        if self.authorizations.is_empty() || self.silent {
            return match request.user_name {
                Some("mallory") => Authorization::Deny(ReasonCode::BadUserNameOrPassword),
                Some("nobody") => Authorization::Deny(ReasonCode::NotAuthorized),
                Some(_) | None => Authorization::Allow,
            };
        }
        self.authorizations.remove(0)
    }

    fn permits(&mut self, who: &Identity<'_>, access: Access, topic: &str) -> bool {
        let verb = match access {
            Access::Publish => "publish",
            Access::Subscribe => "subscribe",
            Access::Receive => "receive",
        };
        !self
            .denied
            .contains(&format!("{} {verb} {topic}", who.client_id))
    }

    fn persist(&mut self, change: &Change<'_>) {
        self.changes.push(own(change));
    }

    fn why(&mut self, why: Why) {
        if !self.silent {
            self.whys.push(why);
        }
    }
}

struct Player<const TRACE: bool> {
    broker: Broker,
    config: Config,
    world: World<TRACE>,
    now: Instant,
    conns: BTreeMap<String, ConnId>,
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
            blocked: Vec::new(),
            version: Version::V3_1_1,
            next_id: BTreeMap::new(),
        }
    }

    fn play(&mut self, line: &str) {
        let words = split(line);
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

/// `key=value` and bare words.
struct Options<'a> {
    words: Vec<&'a str>,
}

impl<'a> Options<'a> {
    fn new(words: &[&'a str]) -> Self {
        Self {
            words: words.to_vec(),
        }
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        self.words
            .iter()
            .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }

    fn has(&self, key: &str) -> bool {
        self.words.contains(&key)
    }

    fn number(&self, key: &str) -> Option<u32> {
        self.get(key).map(|value| value.parse().expect("a number"))
    }

    fn qos(&self) -> QoS {
        let number = self.number("qos").unwrap_or(0);
        QoS::from_u8(number as u8).expect("a QoS")
    }

    fn push_connect_properties(&self, list: &mut PropertyList) {
        if let Some(expiry) = self.number("expiry") {
            list.push(Property::SessionExpiryInterval(expiry));
        }
        if let Some(maximum) = self.number("receive") {
            list.push(Property::ReceiveMaximum(maximum as u16));
        }
        if let Some(size) = self.number("size") {
            list.push(Property::MaximumPacketSize(size));
        }
        if let Some(maximum) = self.number("aliases") {
            list.push(Property::TopicAliasMaximum(maximum as u16));
        }
        if self.has("noproblem") {
            list.push(Property::RequestProblemInformation(0));
        }
        if self.has("response") {
            list.push(Property::RequestResponseInformation(1));
        }
        if let Some(method) = self.get("method") {
            list.push(Property::AuthenticationMethod(method));
        }
    }

    fn push_publish_properties(&self, list: &mut PropertyList) {
        if let Some(format) = self.number("format") {
            list.push(Property::PayloadFormatIndicator(format as u8));
        }
        if let Some(expiry) = self.number("expiry") {
            list.push(Property::MessageExpiryInterval(expiry));
        }
        if let Some(kind) = self.get("type") {
            list.push(Property::ContentType(kind));
        }
        if let Some(topic) = self.get("reply") {
            list.push(Property::ResponseTopic(topic));
        }
        if let Some(data) = self.get("data") {
            list.push(Property::CorrelationData(data.as_bytes()));
        }
        for word in &self.words {
            if let Some((key, value)) = word
                .strip_prefix("user:")
                .and_then(|pair| pair.split_once('='))
            {
                list.push(Property::UserProperty(key, value));
            }
        }
        if let Some(identifier) = self.number("sid") {
            list.push(Property::SubscriptionIdentifier(identifier));
        }
    }
}

fn is_filter(word: &str) -> bool {
    let is_option = word.contains('=') || ["nolocal", "rap"].contains(&word);
    !is_option
}

/// Words, of which those in quotes may be empty or have spaces.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (word, tail) = quoted.split_once('"').expect("a closing quote");
            words.push(word.to_owned());
            rest = tail.trim_start();
        } else {
            let (word, tail) = rest.split_once(' ').unwrap_or((rest, ""));
            words.push(word.replace("\"\"", ""));
            rest = tail.trim_start();
        }
    }
    words
}

fn parse_version(text: &str) -> Version {
    match text {
        "3.1" => Version::V3_1,
        "3.1.1" => Version::V3_1_1,
        "5" => Version::V5,
        _ => panic!("what version is {text}?"),
    }
}

fn parse_duration(text: &str) -> Duration {
    match text.strip_suffix("ms") {
        Some(millis) => Duration::from_millis(millis.parse().expect("a number")),
        None => Duration::from_secs(text.trim_end_matches('s').parse().expect("a number")),
    }
}

fn parse_authorization(text: &str) -> Authorization {
    match text {
        "allow" => Authorization::Allow,
        "pending" => Authorization::Pending,
        "deny" => Authorization::Deny(ReasonCode::NotAuthorized),
        "more" => Authorization::Continue(b"more?".to_vec()),
        "moved" => Authorization::Redirect {
            reason: ReasonCode::ServerMoved,
            server: "other:1883".to_owned(),
        },
        text => {
            let code = text.parse().ok().and_then(ReasonCode::from_u8);
            Authorization::Deny(code.expect("allow, deny, pending, more, moved or a code"))
        }
    }
}

/// A packet from the broker in words.
fn words(packet: &Packet<'_>) -> String {
    let name = packet.packet_type().name();
    match packet {
        Packet::ConnAck(connack) => {
            let present = u8::from(connack.session_present);
            format!(
                "{name} present={present} {}{}",
                code(connack.reason),
                list(connack.properties)
            )
        }
        Packet::Publish(publish) => {
            let id = publish
                .packet_id
                .map_or(String::new(), |id| format!(" #{id}"));
            let flags = [(publish.dup, " DUP"), (publish.retain, " RETAIN")];
            let flags: String = flags
                .into_iter()
                .filter(|(set, _)| *set)
                .map(|(_, text)| text)
                .collect();
            let payload = String::from_utf8_lossy(publish.payload);
            let payload = if payload.len() > 40 {
                format!("{} bytes", payload.len())
            } else {
                format!("{payload:?}")
            };
            let properties = list(publish.properties);
            format!(
                "{name} {} q{}{id}{flags} {payload}{properties}",
                publish.topic,
                publish.qos.number()
            )
        }
        Packet::PubAck(ack) | Packet::PubRec(ack) | Packet::PubRel(ack) | Packet::PubComp(ack) => {
            let reason = if ack.reason == ReasonCode::Success {
                String::new()
            } else {
                format!(" {}", code(ack.reason))
            };
            format!("{name} #{}{reason}{}", ack.packet_id, list(ack.properties))
        }
        Packet::SubAck(ack) | Packet::UnsubAck(ack) => {
            let codes: Vec<String> = ack.codes.iter().map(|code| format!("{code:02x}")).collect();
            format!(
                "{name} #{} [{}]{}",
                ack.packet_id,
                codes.join(" "),
                list(ack.properties)
            )
        }
        Packet::Disconnect(disconnect) => {
            format!(
                "{name} {}{}",
                code(disconnect.reason),
                list(disconnect.properties)
            )
        }
        Packet::Auth(auth) => format!("{name} {}{}", code(auth.reason), list(auth.properties)),
        Packet::Connect(_)
        | Packet::Subscribe(_)
        | Packet::Unsubscribe(_)
        | Packet::PingReq
        | Packet::PingResp => name.to_owned(),
    }
}

fn code(reason: ReasonCode) -> String {
    format!("0x{:02X}", reason.number())
}

fn list(properties: Properties<'_>) -> String {
    properties
        .iter()
        .map(|property| format!(" {property:?}"))
        .collect()
}

/// A change that lives as long as the test program.
#[expect(clippy::too_many_lines, reason = "an arm for each kind of change")]
fn own(change: &Change<'_>) -> Change<'static> {
    match *change {
        Change::SessionStarted {
            client_id,
            user_name,
            expiry_s,
        } => Change::SessionStarted {
            client_id: text(client_id),
            user_name: user_name.map(text),
            expiry_s,
        },
        Change::SessionExpiry {
            client_id,
            expiry_s,
            ends_at,
        } => Change::SessionExpiry {
            client_id: text(client_id),
            expiry_s,
            ends_at,
        },
        Change::SessionEnded { client_id } => Change::SessionEnded {
            client_id: text(client_id),
        },
        Change::Subscribed {
            client_id,
            filter,
            options,
            identifier,
        } => Change::Subscribed {
            client_id: text(client_id),
            filter: text(filter),
            options,
            identifier,
        },
        Change::Unsubscribed { client_id, filter } => Change::Unsubscribed {
            client_id: text(client_id),
            filter: text(filter),
        },
        Change::Queued {
            client_id,
            message,
            delivery,
        } => Change::Queued {
            client_id: text(client_id),
            message: own_message(&message),
            delivery: DeliveryRef {
                identifiers: Box::leak(delivery.identifiers.to_vec().into_boxed_slice()),
                share: text(delivery.share),
                ..delivery
            },
        },
        Change::Sent {
            client_id,
            number,
            packet_id,
        } => Change::Sent {
            client_id: text(client_id),
            number,
            packet_id,
        },
        Change::Dropped { client_id, number } => Change::Dropped {
            client_id: text(client_id),
            number,
        },
        Change::Released {
            client_id,
            packet_id,
        } => Change::Released {
            client_id: text(client_id),
            packet_id,
        },
        Change::Completed {
            client_id,
            packet_id,
        } => Change::Completed {
            client_id: text(client_id),
            packet_id,
        },
        Change::Received {
            client_id,
            packet_id,
        } => Change::Received {
            client_id: text(client_id),
            packet_id,
        },
        Change::ReceiveCompleted {
            client_id,
            packet_id,
        } => Change::ReceiveCompleted {
            client_id: text(client_id),
            packet_id,
        },
        Change::Retained { message } => Change::Retained {
            message: own_message(&message),
        },
        Change::RetainedRemoved { topic } => Change::RetainedRemoved { topic: text(topic) },
        Change::WillSet { client_id, will } => Change::WillSet {
            client_id: text(client_id),
            will: WillRef {
                topic: text(will.topic),
                payload: data(will.payload),
                properties: data(will.properties),
                ..will
            },
        },
        Change::WillRemoved { client_id } => Change::WillRemoved {
            client_id: text(client_id),
        },
    }
}

fn own_message(message: &MessageRef<'_>) -> MessageRef<'static> {
    MessageRef {
        publisher: text(message.publisher),
        topic: text(message.topic),
        payload: data(message.payload),
        properties: data(message.properties),
        ..*message
    }
}

fn text(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn data(data: &[u8]) -> &'static [u8] {
    Box::leak(data.to_vec().into_boxed_slice())
}
