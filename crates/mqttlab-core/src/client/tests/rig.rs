//! A client between a script and a list of what it did.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;
use std::format;

use crate::client::{
    Client, Close, DisconnectOptions, Event, Input, Loss, Message, Options, Sink, SubscribeRequest,
    Why,
};
use crate::codec::{Limits, decode, encode};
use crate::frame::Frame;
use crate::id::PacketId;
use crate::link::Link;
use crate::packet::{Ack, Auth, ConnAck, Disconnect, Packet, Publish, QoS, Side, SubAck, Version};
use crate::properties::{Properties, Property, PropertyList};
use crate::reason::ReasonCode;
use crate::time::{Duration, Instant};

/// Runs a script, one step a line, and compares what the client did with `expected`. Steps are repeated there; what they
/// cause is indented below: `>` a packet to the server, `*` an event, `?` a decision (only after `trace`).
///
/// ```text
/// connect | opened | open-failed | lost fin|rst | wait SECONDS | flushed BYTES | stuck
/// publish TOPIC PAYLOAD [q1|q2] [retain] [expiry=N]
/// subscribe FILTER:QOS… [id=N] | unsubscribe FILTER… | disconnect [0xNN] [expiry=N] [user=VALUE]
/// auth DATA | reauth DATA
/// < PACKET …       the server sends a packet, see `packet_of`
/// ```
pub(super) fn check(options: Options, script: &str, expected: expect_test::Expect) {
    let mut rig = Rig::new(options);
    rig.run(script);
    expected.assert_eq(&rig.out);
}

pub(super) struct Rig {
    pub(super) client: Client,
    link: Link,
    now: Instant,
    /// Nothing that is sent gets written.
    stuck: bool,
    pub(super) out: String,
    sink: Recorder,
}

impl Rig {
    pub(super) fn new(options: Options) -> Self {
        let (version, limits) = (options.version, options.link_limits());
        Self {
            client: Client::new(options, 7),
            link: Link::new(Side::Client, version, limits),
            now: Instant::ZERO,
            stuck: false,
            out: String::new(),
            sink: Recorder::new(version),
        }
    }

    pub(super) fn run(&mut self, script: &str) {
        for line in script
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            writeln!(self.out, "{line}").expect("a string takes all");
            self.step(line);
            self.collect();
            self.client.check_invariants();
        }
    }

    fn collect(&mut self) {
        for line in self.sink.lines.drain(..) {
            writeln!(self.out, "    {line}").expect("a string takes all");
        }
        let bytes = core::mem::take(&mut self.sink.bytes);
        if bytes > 0 && !self.stuck {
            self.handle(Input::Flushed(bytes));
            self.collect();
        }
    }

    fn handle(&mut self, input: Input<'_>) {
        self.client.handle(self.now, input, &mut self.sink);
    }

    fn step(&mut self, line: &str) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let words: Vec<&str> = rest.split(' ').filter(|word| !word.is_empty()).collect();
        let (now, client, sink) = (self.now, &mut self.client, &mut self.sink);
        let result = match verb {
            "connect" => client.connect(now, sink),
            "publish" => client.publish(now, message_of(&words), sink).map(|_| ()),
            "subscribe" => client
                .subscribe(now, subscribe_of(&words), sink)
                .map(|_| ()),
            "unsubscribe" => client.unsubscribe(now, &words, sink).map(|_| ()),
            "disconnect" => {
                let options = DisconnectOptions {
                    session_expiry: option(&words, "expiry"),
                    user_properties: option::<String>(&words, "user")
                        .map(|value| ("k".to_string(), value))
                        .into_iter()
                        .collect(),
                    ..DisconnectOptions::new(reason_of(&words))
                };
                client.disconnect(now, &options, sink)
            }
            "auth" => client.authenticate(now, Some(rest.as_bytes()), sink),
            "reauth" => client.reauthenticate(now, Some(rest.as_bytes()), sink),
            _ => return self.step_outside(verb, rest, &words),
        };
        if let Err(error) = result {
            self.sink.lines.push(format!("error: {error}"));
        }
    }

    fn step_outside(&mut self, verb: &str, rest: &str, words: &[&str]) {
        match verb {
            "opened" => {
                let (version, limits) = {
                    let options = self.client.options();
                    (options.version, options.link_limits())
                };
                self.link = Link::new(Side::Client, version, limits);
                self.handle(Input::Opened);
            }
            "open-failed" => self.handle(Input::OpenFailed),
            "lost" => self.handle(Input::Lost(match rest {
                "rst" => Loss::Rst,
                _ => Loss::Fin,
            })),
            "wait" => self.wait(rest.parse().expect("seconds")),
            "flushed" => self.handle(Input::Flushed(rest.parse().expect("bytes"))),
            "stuck" => self.stuck = true,
            "trace" => self.sink.trace = true,
            "<" => self.receive(words),
            _ => panic!("no step is called {verb}"),
        }
    }

    /// Lets time pass and wakes the client at its deadlines.
    fn wait(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        while let Some((at, kind)) = self.client.next_deadline().filter(|&(at, _)| at <= until) {
            self.now = at;
            let line = format!("{:.1} s: {kind:?}", at.as_micros() as f64 / 1e6);
            self.sink.lines.push(line);
            self.handle(Input::Wake);
            self.collect();
        }
        self.now = until;
    }

    /// The server sends a packet, as bytes.
    fn receive(&mut self, words: &[&str]) {
        let mut bytes = Vec::new();
        let version = self.client.options().version;
        with_packet(words, |packet| encode(packet, version, &mut bytes));
        let mut rest = bytes.as_slice();
        loop {
            let next = self.link.next_packet(&mut rest);
            let input = match next {
                Ok(Some(packet)) => Input::Packet(packet),
                Ok(None) => return,
                Err(error) => Input::Malformed(error),
            };
            let is_last = matches!(input, Input::Malformed(_));
            self.client.handle(self.now, input, &mut self.sink);
            if is_last {
                return;
            }
        }
    }
}

/// Writes down what the client wants done.
struct Recorder {
    version: Version,
    trace: bool,
    lines: Vec<String>,
    bytes: u64,
}

impl Recorder {
    fn new(version: Version) -> Self {
        Self {
            version,
            trace: false,
            lines: Vec::new(),
            bytes: 0,
        }
    }
}

impl Sink for Recorder {
    const TRACE: bool = true;

    fn open(&mut self) {
        self.lines.push("open".into());
    }

    fn send(&mut self, frame: &Frame<'_>) {
        let mut bytes = Vec::new();
        frame.write_to(&mut bytes);
        self.bytes += bytes.len() as u64;
        let limits = Limits {
            stranger_packet_size_max: u32::MAX,
            packet_size_max: u32::MAX,
            topic_alias_max: u16::MAX,
            ..Limits::default()
        };
        let packet = decode(&bytes, self.version, Side::Server, &limits, &mut ())
            .expect("a client sends only packets that a server takes");
        self.lines.push(format!("> {}", text_of(&packet)));
    }

    fn close(&mut self, how: Close) {
        self.lines.push(match how {
            Close::Orderly => "close".into(),
            Close::Reset => "reset".into(),
        });
    }

    fn event(&mut self, event: Event<'_>) {
        self.lines.push(format!("* {}", text_of_event(&event)));
    }

    fn why(&mut self, why: Why) {
        if self.trace {
            self.lines.push(format!("? {why}"));
        }
    }
}

fn text_of_event(event: &Event<'_>) -> String {
    let retry = |at: &Option<Instant>| at.map_or(String::new(), |at| format!(", again at {at}"));
    match event {
        Event::Connected {
            session_present,
            client_id,
            ..
        } => format!("connected as {client_id:?}, session present {session_present}"),
        Event::Refused {
            reason, retry_at, ..
        } => format!("refused: {reason}{}", retry(retry_at)),
        Event::Disconnected { cause, retry_at } => {
            format!("disconnected: {cause}{}", retry(retry_at))
        }
        Event::Redirected {
            permanent,
            server_reference,
        } => format!("redirected to {server_reference:?}, permanent {permanent}"),
        Event::ServerDisconnect { reason, .. } => format!("server says {reason}"),
        Event::Message(publish) => format!("message {}", publish_text(publish)),
        Event::Published { ticket, reason } => format!("published {ticket}: {reason}"),
        Event::Dropped { ticket, why } => format!("dropped {ticket}: {why}"),
        Event::Subscribed { ticket, codes } => {
            format!("subscribed {}: {codes:?}", ticket_text(ticket))
        }
        Event::Unsubscribed { ticket, codes } => format!("unsubscribed {ticket}: {codes:?}"),
        Event::RequestDropped { ticket, error } => {
            format!("request {} dropped: {error}", ticket_text(ticket))
        }
        Event::Authenticate { data, .. } => {
            format!("authenticate {:?}", data.map(String::from_utf8_lossy))
        }
        Event::Reauthenticated { data } => {
            format!("reauthenticated {:?}", data.map(String::from_utf8_lossy))
        }
    }
}

fn ticket_text(ticket: &Option<crate::client::Ticket>) -> String {
    ticket.map_or("-".into(), |ticket| ticket.to_string())
}

fn text_of(packet: &Packet<'_>) -> String {
    let mut out = String::from(packet.packet_type().name());
    let properties = match packet {
        Packet::Connect(connect) => {
            let clean = u8::from(connect.clean_start);
            let (id, keep_alive) = (connect.client_id, connect.keep_alive);
            out += &format!(" {id:?} clean={clean} keep_alive={keep_alive}");
            if let Some(will) = connect.will {
                out += &format!(" will={}{}", will.topic, properties_text(will.properties));
            }
            connect.properties
        }
        Packet::Publish(publish) => {
            out += &format!(" {}", publish_text(publish));
            Properties::EMPTY
        }
        Packet::PubAck(ack) | Packet::PubRec(ack) | Packet::PubRel(ack) | Packet::PubComp(ack) => {
            out += &format!(" {}", ack.packet_id);
            if ack.reason != ReasonCode::Success {
                out += &format!(" {}", ack.reason);
            }
            ack.properties
        }
        Packet::Subscribe(subscribe) => {
            out += &format!(" {}", subscribe.packet_id);
            for (filter, options) in subscribe.filters.iter() {
                out += &format!(" {filter}:{}", options.qos.number());
            }
            subscribe.properties
        }
        Packet::Unsubscribe(unsubscribe) => {
            out += &format!(" {}", unsubscribe.packet_id);
            unsubscribe.filters.iter().for_each(|filter| {
                out.push(' ');
                out.push_str(filter);
            });
            unsubscribe.properties
        }
        Packet::Disconnect(disconnect) => {
            if disconnect.reason != ReasonCode::Success {
                out += &format!(" {}", disconnect.reason);
            }
            disconnect.properties
        }
        Packet::Auth(auth) => {
            out += &format!(" {}", auth.reason);
            auth.properties
        }
        Packet::PingReq => Properties::EMPTY,
        other => panic!("a client never sends {}", other.packet_type()),
    };
    out + &properties_text(properties)
}

fn publish_text(publish: &Publish<'_>) -> String {
    let mut out = format!(
        "{:?} {:?}",
        publish.topic,
        String::from_utf8_lossy(publish.payload)
    );
    if let Some(packet_id) = publish.packet_id {
        out += &format!(" q{} id={packet_id}", publish.qos.number());
    }
    if publish.dup {
        out += " dup";
    }
    if publish.retain {
        out += " retain";
    }
    out + &properties_text(publish.properties)
}

fn properties_text(properties: Properties<'_>) -> String {
    properties
        .iter()
        .map(|property| format!(" {property:?}"))
        .collect()
}

fn option<T: core::str::FromStr>(words: &[&str], key: &str) -> Option<T> {
    let values = words.iter().filter_map(|word| word.split_once('='));
    let mut values = values.filter(|&(name, _)| name == key);
    values.next().and_then(|(_, value)| value.parse().ok())
}

fn qos_of(words: &[&str]) -> QoS {
    if words.contains(&"q2") {
        QoS::ExactlyOnce
    } else if words.contains(&"q1") {
        QoS::AtLeastOnce
    } else {
        QoS::AtMostOnce
    }
}

fn message_of(words: &[&str]) -> Message {
    let mut message = Message::new(words[0], words[1].to_string(), qos_of(words));
    message.retain = words.contains(&"retain");
    message.properties.expiry = option(words, "expiry");
    message
}

fn subscribe_of(words: &[&str]) -> SubscribeRequest {
    let mut request = SubscribeRequest::default();
    for word in words {
        if let Some((filter, qos)) = word.rsplit_once(':') {
            let qos = qos.parse().ok().and_then(QoS::from_u8).expect("a QoS");
            request = request.and(filter, qos);
        }
    }
    request.identifier = option(words, "id");
    request
}

fn reason_of(words: &[&str]) -> ReasonCode {
    let mut numbers = words.iter().filter_map(|word| word.strip_prefix("0x"));
    numbers.next().map_or(ReasonCode::Success, |number| {
        let number = u8::from_str_radix(number, 16).expect("a number");
        ReasonCode::from_u8(number).expect("a reason code")
    })
}

/// A packet in words: `connack [present] [0xNN] [receive_max=…] …`, `publish TOPIC PAYLOAD [q1|q2] id=N [dup]`,
/// `puback|pubrec|pubrel|pubcomp N [0xNN]`, `suback|unsuback N CODE…`, `pingresp`, `disconnect [0xNN]`, `auth 0xNN`.
fn with_packet(words: &[&str], then: impl FnOnce(&Packet<'_>)) {
    let list = property_list(words);
    let properties = list.properties();
    let reason = reason_of(words);
    let id = || {
        let number = words[1].parse().expect("an identifier");
        PacketId::new(number).expect("not 0")
    };
    let ack = || Ack {
        packet_id: id(),
        reason,
        properties,
    };
    let codes: Vec<u8> = words
        .iter()
        .skip(2)
        .filter_map(|w| w.parse().ok())
        .collect();
    let suback = || SubAck {
        packet_id: id(),
        properties,
        codes: &codes,
    };
    then(&match words[0] {
        "connack" => Packet::ConnAck(ConnAck {
            session_present: words.contains(&"present"),
            reason,
            properties,
        }),
        "publish" => Packet::Publish(Publish {
            dup: words.contains(&"dup"),
            qos: qos_of(words),
            retain: words.contains(&"retain"),
            topic: words[1],
            packet_id: option(words, "id").and_then(PacketId::new),
            properties,
            payload: words[2].as_bytes(),
        }),
        "puback" => Packet::PubAck(ack()),
        "pubrec" => Packet::PubRec(ack()),
        "pubrel" => Packet::PubRel(ack()),
        "pubcomp" => Packet::PubComp(ack()),
        "suback" => Packet::SubAck(suback()),
        "unsuback" => Packet::UnsubAck(suback()),
        "pingresp" => Packet::PingResp,
        "pingreq" => Packet::PingReq,
        "disconnect" => Packet::Disconnect(Disconnect { reason, properties }),
        "auth" => Packet::Auth(Auth { reason, properties }),
        other => panic!("no packet is called {other}"),
    });
}

fn property_list(words: &[&str]) -> PropertyList {
    let mut list = PropertyList::new();
    for (key, value) in words.iter().filter_map(|word| word.split_once('=')) {
        let number = value.parse::<u32>().unwrap_or(0);
        list.push(match key {
            "receive_max" => Property::ReceiveMaximum(number as u16),
            "max_qos" => Property::MaximumQoS(number as u8),
            "retain_available" => Property::RetainAvailable(number as u8),
            "max_packet" => Property::MaximumPacketSize(number),
            "alias_max" => Property::TopicAliasMaximum(number as u16),
            "keep_alive" => Property::ServerKeepAlive(number as u16),
            "assigned" => Property::AssignedClientIdentifier(value),
            "session_expiry" => Property::SessionExpiryInterval(number),
            "wildcards" => Property::WildcardSubscriptionAvailable(number as u8),
            "identifiers" => Property::SubscriptionIdentifierAvailable(number as u8),
            "shared" => Property::SharedSubscriptionAvailable(number as u8),
            "method" => Property::AuthenticationMethod(value),
            "data" => Property::AuthenticationData(value.as_bytes()),
            "reference" => Property::ServerReference(value),
            "alias" => Property::TopicAlias(number as u16),
            "id" => continue,
            other => panic!("no property is called {other}"),
        });
    }
    list
}
