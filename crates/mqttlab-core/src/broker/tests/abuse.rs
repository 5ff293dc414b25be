//! What hostile or broken clients do, and what it must cost nobody else.

use std::format;
use std::string::String;
use std::vec::Vec;

use expect_test::expect;

use super::{check, check_with, run};
use crate::broker::{Broker, CloseReason, Config, Input, Sink};
use crate::frame::Frame;
use crate::id::{ConnId, PacketId};
use crate::packet::{
    Ack, Connect, FilterList, Packet, Publish, QoS, Subscribe, SubscriptionOptions, Version,
};
use crate::properties::Properties;
use crate::time::Instant;
use crate::why::DropCause;

/// Remembers the identifiers that it is sent.
#[derive(Default)]
struct Ids(Vec<u16>);

impl Sink for Ids {
    fn send(&mut self, _: ConnId, frame: &Frame<'_>) {
        let mut bytes = Vec::new();
        frame.write_to(&mut bytes);
        if bytes[0] & 0xF6 == 0x32 {
            // PUBLISH with QoS 1 to the topic "t": fixed header, length, topic, identifier.
            self.0.push(u16::from_be_bytes([bytes[5], bytes[6]]));
        }
    }

    fn close(&mut self, _: ConnId, reason: CloseReason) {
        panic!("nobody is closed here: {reason}");
    }
}

fn conn(number: u64) -> ConnId {
    ConnId::new(number).expect("not 0")
}

fn connect<S: Sink>(broker: &mut Broker, sink: &mut S, conn: ConnId, client_id: &str) {
    let connect = Connect {
        version: Version::V3_1_1,
        clean_start: true,
        keep_alive: 0,
        client_id,
        will: None,
        user_name: None,
        password: None,
        properties: Properties::EMPTY,
    };
    broker.handle(Instant::ZERO, Input::Open { conn }, sink);
    let packet = Packet::Connect(connect);
    broker.handle(Instant::ZERO, Input::Packet { conn, packet }, sink);
}

fn subscribe<S: Sink>(broker: &mut Broker, sink: &mut S, conn: ConnId, filter: &str, qos: QoS) {
    let mut list = FilterList::new();
    list.push(filter, SubscriptionOptions::qos(qos));
    let subscribe = Subscribe {
        packet_id: PacketId::FIRST,
        properties: Properties::EMPTY,
        filters: list.filters(),
    };
    let packet = Packet::Subscribe(subscribe);
    broker.handle(Instant::ZERO, Input::Packet { conn, packet }, sink);
}

fn publish<S: Sink>(broker: &mut Broker, sink: &mut S, conn: ConnId, topic: &str, qos: QoS) {
    let publish = Publish {
        dup: false,
        qos,
        retain: false,
        topic,
        packet_id: (qos != QoS::AtMostOnce).then_some(PacketId::FIRST),
        properties: Properties::EMPTY,
        payload: b"x",
    };
    let packet = Packet::Publish(publish);
    broker.handle(Instant::ZERO, Input::Packet { conn, packet }, sink);
}

fn flush<S: Sink>(broker: &mut Broker, sink: &mut S, conn: ConnId) {
    let bytes = u64::MAX;
    broker.handle(Instant::ZERO, Input::Flushed { conn, bytes }, sink);
}

/// Packet Identifiers wrap at 65 535 and step over those that are still in flight.
#[test]
fn an_identifier_in_flight_is_never_used_again() {
    let mut broker = Broker::new(Config::default(), 1);
    let (mut ids, sub, publisher) = (Ids::default(), conn(1), conn(2));
    connect(&mut broker, &mut ids, sub, "sub");
    connect(&mut broker, &mut ids, publisher, "pub");
    subscribe(&mut broker, &mut ids, sub, "t", QoS::AtLeastOnce);
    let held = [3, 4, 60_000];
    for _ in 0..66_000 {
        publish(&mut broker, &mut ids, publisher, "t", QoS::AtLeastOnce);
        let id = *ids.0.last().expect("it was sent");
        if !held.contains(&id) {
            let ack = Packet::PubAck(Ack::success(PacketId::new(id).expect("not 0")));
            broker.handle(
                Instant::ZERO,
                Input::Packet {
                    conn: sub,
                    packet: ack,
                },
                &mut ids,
            );
        }
        flush(&mut broker, &mut ids, sub);
        flush(&mut broker, &mut ids, publisher);
    }
    for id in held {
        let times = ids.0.iter().filter(|sent| **sent == id).count();
        assert_eq!(times, 1, "identifier {id} is in flight all the time");
    }
    assert_eq!(ids.0.len(), 66_000);
    broker.check_invariants();
}

/// Ten thousand retained messages come as fast as they are read, and never more than the credit at once.
#[test]
fn many_retained_messages_are_paced_by_reading() {
    #[derive(Default)]
    struct Slow {
        unread: u64,
        most: u64,
        publishes: u64,
    }
    impl Sink for Slow {
        fn send(&mut self, _: ConnId, frame: &Frame<'_>) {
            self.unread += frame.len() as u64;
            self.most = self.most.max(self.unread);
            self.publishes += u64::from(frame.packet_type() == crate::packet::PacketType::Publish);
        }
        fn close(&mut self, _: ConnId, reason: CloseReason) {
            panic!("nobody is closed here: {reason}");
        }
    }
    let config = Config::default();
    let (credit, mut broker, mut slow) = (
        config.retained_credit,
        Broker::new(config, 1),
        Slow::default(),
    );
    for number in 0..10_000 {
        let topic = format!("state/{number}");
        let own = Publish {
            dup: false,
            qos: QoS::AtMostOnce,
            retain: true,
            topic: &topic,
            packet_id: None,
            properties: Properties::EMPTY,
            payload: &[b'x'; 100],
        };
        broker.handle(Instant::ZERO, Input::Publish(own), &mut slow);
    }
    let sub = conn(1);
    connect(&mut broker, &mut slow, sub, "sub");
    subscribe(&mut broker, &mut slow, sub, "#", QoS::AtMostOnce);
    let mut now = Instant::ZERO;
    loop {
        if let Some((at, _)) = broker.next_deadline() {
            now = at;
            broker.handle(now, Input::Wake, &mut slow);
        } else if slow.unread > 0 {
            let bytes = core::mem::take(&mut slow.unread);
            broker.handle(now, Input::Flushed { conn: sub, bytes }, &mut slow);
        } else {
            break;
        }
    }
    assert_eq!(slow.publishes, 10_000);
    assert!(
        slow.most < credit + 200,
        "{} bytes were unread at once",
        slow.most
    );
    broker.check_invariants();
}

/// A publisher to `$` topics is refused and nothing breaks.
#[test]
fn the_brokers_own_topics_are_not_for_clients() {
    let run = check(
        "watch subscribe $SYS/# $share-not/# $other/#
         p publish $SYS/x 1 qos=1
         p publish $share/g/x 2 qos=1
         p publish $CONTROL/x 3 qos=1
         p publish $other/x 4 qos=1",
        expect![[r#"
            b>watch SUBACK #1 [00 00 00]
            b>p PUBACK #1
            b>p PUBACK #2
            b>p PUBACK #3
            b>watch PUBLISH $other/x q0 "4"
            b>p PUBACK #4"#]],
    );
    assert_eq!(run.broker.counters().publish_refused, 3);
}

/// Odd names are names like any other.
#[test]
fn odd_client_identifiers_name_sessions_of_their_own() {
    let names = ["../../etc", "/", "%c", "a+b", "#", "😀", "a b", "A", "a"];
    let mut script = String::new();
    for (n, name) in names.into_iter().enumerate() {
        script.push_str(&format!("c{n} connect \"id={name}\" clean=0\n"));
    }
    let run = run(Config::default(), &script);
    assert_eq!(run.broker.usage().sessions, names.len());
    for name in names {
        assert!(run.broker.session(name).is_some(), "{name} has a session");
    }
}

/// A take-over while the old connection does not read loses nothing that waits.
#[test]
fn a_takeover_of_a_blocked_connection_keeps_the_queue() {
    let config = Config {
        out_bytes_max: 60,
        ..Config::default()
    };
    let run = check_with(
        config,
        "old connect id=x clean=0
         old subscribe t qos=1
         old blocks
         p publish t 1 qos=1 big=60
         p publish t 2 qos=1 big=60
         p publish t 3 qos=1 big=60
         new connect id=x clean=0
         new puback 1
         new puback 2
         new puback 3",
        expect![[r#"
            b>old CONNACK present=0 0x00
            b>old SUBACK #1 [01]
            b>old PUBLISH t q1 #1 60 bytes
            b>p PUBACK #1
            b>p PUBACK #2
            b>p PUBACK #3
            b|old another connection came with the same Client Identifier
            b>new CONNACK present=1 0x00
            b>new PUBLISH t q1 #1 DUP 60 bytes
            b>new PUBLISH t q1 #2 60 bytes
            b>new PUBLISH t q1 #3 60 bytes"#]],
    );
    assert_eq!(run.broker.counters().drops().count(), 0);
}

/// A clean start in the middle of a take-over still gets its retained messages.
#[test]
fn retained_messages_reach_the_connection_that_took_over() {
    check(
        "p publish t kept retain
         old connect id=x clean=0
         old subscribe t
         new connect id=x clean=1
         new subscribe t",
        expect![[r#"
            b>old CONNACK present=0 0x00
            b>old SUBACK #1 [00]
            b>old PUBLISH t q0 RETAIN "kept"
            b|old another connection came with the same Client Identifier
            b>new CONNACK present=0 0x00
            b>new SUBACK #1 [00]
            b>new PUBLISH t q0 RETAIN "kept""#]],
    );
}

/// The will is sent once, whatever ends the connection afterwards.
#[test]
fn a_will_is_sent_once() {
    let run = check(
        "watch subscribe w
         a connect clean=0 will=w
         a lost
         a connect clean=0
         a lost
         wait 2000000s",
        expect![[r#"
            b>watch SUBACK #1 [00]
            b>a CONNACK present=0 0x00
            b>watch PUBLISH w q0 "gone"
            b>a CONNACK present=1 0x00"#]],
    );
    assert_eq!(run.broker.counters().wills_published, 1);
}

/// A PINGREQ flood by a client that reads is only answered.
#[test]
fn a_flood_of_pings_is_answered() {
    let run = run(Config::default(), &"a ping\n".repeat(500));
    assert_eq!(run.output.matches("PINGRESP").count(), 500);
}

/// A subscriber that reads and never acknowledges holds its window and its queue, no more.
#[test]
fn a_client_that_never_acknowledges_is_bounded() {
    let config = Config {
        in_flight_max: 2,
        queue_messages_max: 3,
        ..Config::default()
    };
    let mut script = String::from("s subscribe t qos=1\n");
    script.push_str(&"p publish t x qos=1\n".repeat(20));
    let run = run(config, &script);
    let session = run.broker.session("s").expect("it is there");
    assert_eq!((session.in_flight().count(), session.queue_len()), (2, 3));
    let drops: Vec<_> = run.broker.counters().drops().collect();
    assert_eq!(drops, [(DropCause::QueueFull, 15)]);
}

/// When ten thousand clients have gone, so has what they used.
#[test]
fn what_many_clients_used_is_given_back() {
    #[derive(Default)]
    struct Deaf;
    impl Sink for Deaf {
        fn send(&mut self, _: ConnId, _: &Frame<'_>) {}
        fn close(&mut self, _: ConnId, _: CloseReason) {}
    }
    let (mut broker, mut deaf) = (Broker::new(Config::default(), 1), Deaf);
    for number in 1..=10_000 {
        let name = format!("client-{number}");
        connect(&mut broker, &mut deaf, conn(number), &name);
        subscribe(
            &mut broker,
            &mut deaf,
            conn(number),
            &format!("to/{number}"),
            QoS::AtMostOnce,
        );
    }
    broker.check_invariants();
    for number in 1..=10_000 {
        let how = crate::broker::Loss::Rst;
        broker.handle(
            Instant::ZERO,
            Input::Lost {
                conn: conn(number),
                how,
            },
            &mut deaf,
        );
    }
    let usage = broker.usage();
    assert_eq!(
        (usage.connections, usage.sessions, usage.messages),
        (0, 0, 0)
    );
    assert_eq!(broker.next_deadline(), None);
    broker.check_invariants();
}
