//! Retained messages: a shelf, not a queue.

use std::boxed::Box;
use std::format;
use std::string::String;
use std::sync::Arc;
use std::vec::Vec;

use expect_test::expect;

use super::script::own::own;
use super::{check, check_with};
use crate::broker::{
    Access, AuthRequest, Authorization, Broker, Change, CloseReason, Config, Grant, Identity,
    Input, PassportRef, Sink,
};
use crate::clause::Clause;
use crate::frame::Frame;
use crate::id::{ConnId, PacketId};
use crate::packet::{
    Connect, FilterList, Packet, Publish, QoS, Subscribe, SubscriptionOptions, Version,
};
use crate::properties::Properties;
use crate::time::Instant;
use crate::why::DropCause;

#[test]
fn the_last_retained_message_waits_for_new_subscribers() {
    check(
        "p publish a one retain
         p publish a two retain
         p publish a three
         s subscribe a qos=1",
        expect![[r#"
            b>s SUBACK #1 [01]
            b>s PUBLISH a q0 RETAIN "two""#]],
    )
    .because(&[
        Clause::V311_3_3_1_5,
        Clause::V311_3_3_1_6,
        Clause::V311_3_3_1_8,
    ]);
}

#[test]
fn an_established_subscription_gets_it_without_retain() {
    check(
        "s subscribe a\n p publish a one retain",
        expect![[r#"
        b>s SUBACK #1 [00]
        b>s PUBLISH a q0 "one""#]],
    );
    check(
        "version 5\n s subscribe a rap\n t subscribe a\n p publish a one retain",
        expect![[r#"
            b>s SUBACK #1 [00]
            b>t SUBACK #1 [00]
            b>s PUBLISH a q0 RETAIN "one"
            b>t PUBLISH a q0 "one""#]],
    );
}

#[test]
fn an_empty_retained_message_removes_it_and_is_delivered() {
    check(
        "p publish a one retain
         s subscribe a
         p publish a \"\" retain
         t subscribe a
         p publish a \"\" retain",
        expect![[r#"
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 RETAIN "one"
            b>s PUBLISH a q0 ""
            b>t SUBACK #1 [00]
            b>s PUBLISH a q0 ""
            b>t PUBLISH a q0 """#]],
    )
    .because(&[Clause::V311_3_3_1_10]);
}

#[test]
fn retained_messages_outlive_their_publishers_session() {
    check(
        "p publish a one retain\n p lost\n p connect\n s subscribe #",
        expect![[r#"
            b>p CONNACK present=0 0x00
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 RETAIN "one""#]],
    );
}

#[test]
fn wildcards_find_what_is_retained() {
    check(
        "p publish a 1 retain
         p publish a/b 2 retain
         p publish a/b/c 3 retain
         p publish a-b 4 retain
         p publish a0 5 retain
         p publish b/b 6 retain
         p publish /b 7 retain
         own $SYS/b 8 retain
         -- a/#
         s1 subscribe a/#
         -- +/b
         s2 subscribe +/b
         -- +
         s3 subscribe +
         -- #
         s4 subscribe #
         -- a/+
         s5 subscribe a/+
         -- +/+/c
         s6 subscribe +/+/c
         -- $SYS/#
         s7 subscribe $SYS/#
         -- +/b/#
         s9 subscribe +/b/#",
        expect![[r#"
            -- a/#
            b>s1 SUBACK #1 [00]
            b>s1 PUBLISH a q0 RETAIN "1"
            b>s1 PUBLISH a/b q0 RETAIN "2"
            b>s1 PUBLISH a/b/c q0 RETAIN "3"
            -- +/b
            b>s2 SUBACK #1 [00]
            b>s2 PUBLISH /b q0 RETAIN "7"
            b>s2 PUBLISH a/b q0 RETAIN "2"
            b>s2 PUBLISH b/b q0 RETAIN "6"
            -- +
            b>s3 SUBACK #1 [00]
            b>s3 PUBLISH a q0 RETAIN "1"
            b>s3 PUBLISH a-b q0 RETAIN "4"
            b>s3 PUBLISH a0 q0 RETAIN "5"
            -- #
            b>s4 SUBACK #1 [00]
            b>s4 PUBLISH /b q0 RETAIN "7"
            b>s4 PUBLISH a q0 RETAIN "1"
            b>s4 PUBLISH a-b q0 RETAIN "4"
            b>s4 PUBLISH a/b q0 RETAIN "2"
            b>s4 PUBLISH a/b/c q0 RETAIN "3"
            b>s4 PUBLISH a0 q0 RETAIN "5"
            b>s4 PUBLISH b/b q0 RETAIN "6"
            -- a/+
            b>s5 SUBACK #1 [00]
            b>s5 PUBLISH a/b q0 RETAIN "2"
            -- +/+/c
            b>s6 SUBACK #1 [00]
            b>s6 PUBLISH a/b/c q0 RETAIN "3"
            -- $SYS/#
            b>s7 SUBACK #1 [00]
            b>s7 PUBLISH $SYS/b q0 RETAIN "8"
            -- +/b/#
            b>s9 SUBACK #1 [00]
            b>s9 PUBLISH /b q0 RETAIN "7"
            b>s9 PUBLISH a/b q0 RETAIN "2"
            b>s9 PUBLISH a/b/c q0 RETAIN "3"
            b>s9 PUBLISH b/b q0 RETAIN "6""#]],
    );
}

#[test]
fn retained_messages_wait_for_a_client_that_does_not_read() {
    let config = Config {
        retained_credit: 60,
        ..Config::default()
    };
    check_with(
        config,
        "p publish a/1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa retain
         p publish a/2 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb retain
         p publish a/3 ccccccccccccccccccccccccccccccc retain
         p publish a/4 ddddddddddddddddddddddddddddddd retain
         s connect
         s blocks
         s subscribe #
         -- it reads
         s reads",
        expect![[r#"
            b>s CONNACK present=0 0x00
            b>s SUBACK #1 [00]
            b>s PUBLISH a/1 q0 RETAIN "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            b>s PUBLISH a/2 q0 RETAIN "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
            -- it reads
            b>s PUBLISH a/3 q0 RETAIN "ccccccccccccccccccccccccccccccc"
            b>s PUBLISH a/4 q0 RETAIN "ddddddddddddddddddddddddddddddd""#]],
    );
}

/// No limit for live messages drops retained ones.
#[test]
fn retained_messages_go_through_the_window_without_loss() {
    let config = Config {
        in_flight_max: 2,
        queue_messages_max: 1,
        ..Config::default()
    };
    let run = check_with(
        config,
        "p publish a/1 x qos=1 retain
         p publish a/2 x qos=1 retain
         p publish a/3 x qos=1 retain
         p publish a/4 x qos=1 retain
         p publish a/5 x qos=1 retain
         s subscribe # qos=1
         s puback 1
         s puback 2
         s puback 3
         s puback 4
         s puback 5",
        expect![[r#"
            b>p PUBACK #1
            b>p PUBACK #2
            b>p PUBACK #3
            b>p PUBACK #4
            b>p PUBACK #5
            b>s SUBACK #1 [01]
            b>s PUBLISH a/1 q1 #1 RETAIN "x"
            b>s PUBLISH a/2 q1 #2 RETAIN "x"
            b>s PUBLISH a/3 q1 #3 RETAIN "x"
            b>s PUBLISH a/4 q1 #4 RETAIN "x"
            b>s PUBLISH a/5 q1 #5 RETAIN "x""#]],
    );
    assert_eq!(run.broker.counters().drops().count(), 0);
}

#[test]
fn retained_messages_are_limited() {
    let config = Config {
        retained_messages_max: 2,
        ..Config::default()
    };
    check_with(
        config,
        "p publish a 1 retain
         p publish b 2 retain
         p publish c 3 retain
         p publish b 4 retain
         s subscribe #",
        expect![[r#"
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 RETAIN "1"
            b>s PUBLISH b q0 RETAIN "4""#]],
    );
}

#[test]
fn a_retained_message_that_may_not_be_received_is_not_sent() {
    check(
        "p publish a x retain\n deny s receive a\n s subscribe a",
        expect!["b>s SUBACK #1 [00]"],
    );
}

#[test]
fn retained_messages_expire() {
    check(
        "version 5
         p publish a x retain expiry=10
         wait 4s
         s subscribe a
         wait 6s
         t subscribe a",
        expect![[r#"
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 RETAIN "x" MessageExpiryInterval(6)
            b>t SUBACK #1 [00]"#]],
    )
    .because(&[Clause::V5_3_3_1_9]);
}

#[test]
fn retain_handling_says_whether_they_come() {
    check(
        "version 5
         p publish a x retain
         s subscribe a rh=2
         s subscribe a rh=1
         t subscribe a rh=1
         t subscribe a rh=0",
        expect![[r#"
            b>s SUBACK #1 [00]
            b>s SUBACK #2 [00]
            b>t SUBACK #1 [00]
            b>t PUBLISH a q0 RETAIN "x"
            b>t SUBACK #2 [00]
            b>t PUBLISH a q0 RETAIN "x""#]],
    )
    .because(&[Clause::V5_3_3_1_10, Clause::V5_3_3_1_11]);
}

#[test]
fn unsubscribing_stops_retained_messages() {
    let config = Config {
        retained_credit: 10,
        ..Config::default()
    };
    check_with(
        config,
        "p publish a/1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa retain
         p publish a/2 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb retain
         s connect
         s blocks
         s subscribe #
         s unsubscribe #
         s reads",
        expect![[r#"
            b>s CONNACK present=0 0x00
            b>s SUBACK #1 [00]
            b>s PUBLISH a/1 q0 RETAIN "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            b>s UNSUBACK #2 []"#]],
    );
}

#[test]
fn where_nothing_can_be_retained_it_breaks_the_protocol() {
    let config = Config {
        retain_available: false,
        ..Config::default()
    };
    check_with(
        config,
        "a connect v=5\n version 5\n a publish t x retain\n b connect v=3.1.1\n b publish t x retain",
        expect![[r#"
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32) RetainAvailable(0)
            b>a DISCONNECT 0x9A ReasonString("retained messages are not supported")
            b|a the packet was not allowed (0x9A Retain not supported)
            b>b CONNACK present=0 0x00
            b|b the packet was not allowed (0x9A Retain not supported)"#]],
    );
}

#[test]
fn a_subscription_in_a_stored_session_keeps_its_place_among_retained_messages() {
    let config = Config {
        in_flight_max: 1,
        ..Config::default()
    };
    check_with(
        config,
        "p publish a/1 x qos=1 retain
         p publish a/2 x qos=1 retain
         p publish a/3 x qos=1 retain
         s connect clean=0
         s subscribe # qos=1
         s lost
         s connect clean=0
         s puback 1
         s puback 2
         s puback 3",
        expect![[r#"
            b>p PUBACK #1
            b>p PUBACK #2
            b>p PUBACK #3
            b>s CONNACK present=0 0x00
            b>s SUBACK #1 [01]
            b>s PUBLISH a/1 q1 #1 RETAIN "x"
            b>s CONNACK present=1 0x00
            b>s PUBLISH a/1 q1 #1 DUP RETAIN "x"
            b>s PUBLISH a/2 q1 #2 RETAIN "x"
            b>s PUBLISH a/3 q1 #3 RETAIN "x""#]],
    );
}

/// Who has published it is asked about again, by what it was when it did.
#[test]
fn a_retained_message_whose_publisher_has_lost_its_right_goes_to_nobody() {
    let run = check(
        "p publish a/1 one retain
         p publish a/2 two retain
         q publish b other retain qos=1
         p disconnect
         deny p retained a/1
         s subscribe #
         permit p retained a/1
         t subscribe a/1",
        expect![[r#"
            b>q PUBACK #1
            b|p the client disconnected
            b>s SUBACK #1 [00]
            b>s PUBLISH a/2 q0 RETAIN "two"
            b>s PUBLISH b q0 RETAIN "other"
            b>t SUBACK #1 [00]
            b>t PUBLISH a/1 q0 RETAIN "one""#]],
    );
    let drops: Vec<_> = run.broker.counters().drops().collect();
    assert_eq!(drops, [(DropCause::SourceDenied, 1)]);
    let decisions = run.decisions();
    let said = |text: &&String| text.contains("its publisher may not publish there any more");
    assert_eq!(decisions.iter().filter(said).count(), 1, "{decisions:#?}");
}

#[test]
fn the_user_name_and_what_the_driver_wrote_are_kept_with_what_is_retained() {
    check(
        "answer stamp=door
         p connect user=ann clean=0
         p publish x/1 old retain
         p disconnect
         p connect user=ann clean=0
         p publish x/2 new retain
         q connect user=bob
         q publish y bobs retain
         deny stamp=door retained x/1
         deny user=bob retained y
         s subscribe #
         permit stamp=door retained x/1
         permit user=bob retained y
         deny user=ann retained x/1
         deny stamp=door retained x/2
         t subscribe #",
        expect![[r#"
            b>p CONNACK present=0 0x00
            b|p the client disconnected
            b>p CONNACK present=1 0x00
            b>q CONNACK present=0 0x00
            b>s SUBACK #1 [00]
            b>s PUBLISH x/2 q0 RETAIN "new"
            b>t SUBACK #1 [00]
            b>t PUBLISH x/2 q0 RETAIN "new"
            b>t PUBLISH y q0 RETAIN "bobs""#]],
    );
}

#[test]
fn a_retained_will_is_its_clients_and_what_is_the_brokers_own_is_nobodys() {
    check(
        "p connect user=ann will=w wretain
         p lost
         own sys up retain
         deny user=ann retained w
         deny everybody retained sys
         s subscribe #",
        expect![[r#"
            b>p CONNACK present=0 0x00
            b>s SUBACK #1 [00]
            b>s PUBLISH sys q0 RETAIN "up""#]],
    );
}

/// What was told to a store.
#[derive(Default)]
struct Disk {
    changes: Vec<Change<'static>>,
    /// What is asked about publishers.
    asked: Vec<String>,
    sent: usize,
}

impl Sink for Disk {
    fn send(&mut self, _: ConnId, _: &Frame<'_>) {
        self.sent += 1;
    }

    fn close(&mut self, _: ConnId, _: CloseReason) {}

    fn authorize(&mut self, _: ConnId, request: &AuthRequest<'_>) -> Authorization {
        Authorization::AllowAs(Box::new(Grant {
            stamp: [b"from ", request.client_id.as_bytes()].concat(),
            ..Grant::default()
        }))
    }

    fn permits(&mut self, who: &Identity<'_>, access: Access, _: &str) -> bool {
        let is_retained = access == Access::Retained;
        if is_retained {
            let stamp = String::from_utf8_lossy(who.stamp);
            let user_name = who.user_name.unwrap_or_default();
            let asked = format!("{} {user_name} {stamp}", who.client_id);
            self.asked.push(asked);
        }
        !is_retained
    }

    fn persist(&mut self, change: &Change<'_>) {
        self.changes.push(own(change));
    }
}

/// Lets a client with a durable session come in and do something.
fn come(broker: &mut Broker, disk: &mut Disk, number: u64, name: &str, packet: Packet<'_>) {
    let conn = ConnId::new(number).expect("not 0");
    let connect = Packet::Connect(Connect {
        version: Version::V3_1_1,
        clean_start: false,
        keep_alive: 0,
        client_id: name,
        will: None,
        user_name: Some("ann"),
        password: None,
        properties: Properties::EMPTY,
    });
    broker.handle(Instant::ZERO, Input::Open { conn }, disk);
    for packet in [connect, packet] {
        broker.handle(Instant::ZERO, Input::Packet { conn, packet }, disk);
    }
    broker.check_invariants();
}

fn retained(topic: &str) -> Packet<'_> {
    Packet::Publish(Publish {
        dup: false,
        qos: QoS::AtLeastOnce,
        retain: true,
        topic,
        packet_id: Some(PacketId::FIRST),
        properties: Properties::EMPTY,
        payload: b"x",
    })
}

fn everything() -> FilterList {
    let mut filters = FilterList::new();
    filters.push("#", SubscriptionOptions::qos(QoS::AtLeastOnce));
    filters
}

fn wanted(filters: &FilterList) -> Packet<'_> {
    Packet::Subscribe(Subscribe {
        packet_id: PacketId::FIRST,
        properties: Properties::EMPTY,
        filters: filters.filters(),
    })
}

fn restored(disk: &Disk) -> (Broker, Disk) {
    let changes = disk.changes.iter().copied();
    let broker = Broker::restore(Config::default(), 1, Instant::ZERO, changes);
    broker.check_invariants();
    (broker, Disk::default())
}

/// Whether all that is retained shares what is known of its publisher.
fn have_one_source(broker: &Broker) -> bool {
    let messages = broker.retained.iter();
    let mut sources = messages.map(|(_, key)| &broker.messages.get(key).source);
    let first = sources.next().and_then(|source| source.passport.as_ref());
    sources.all(|source| match (first, &source.passport) {
        (Some(first), Some(passport)) => Arc::ptr_eq(first, passport),
        (None, _) | (_, None) => false,
    })
}

#[test]
fn a_restart_knows_whose_retained_messages_are() {
    let filters = everything();
    let (mut broker, mut disk) = (Broker::new(Config::default(), 1), Disk::default());
    // What somebody waits for is told to the store before it is told that it is retained.
    come(&mut broker, &mut disk, 1, "w", wanted(&filters));
    for number in 2..10 {
        let topic = format!("t/{number}");
        come(&mut broker, &mut disk, number, "p", retained(&topic));
    }
    let (mut broker, mut again) = restored(&disk);
    for _ in 0..2 {
        assert!(have_one_source(&broker));
        let mut snapshot = Disk::default();
        broker.snapshot(|change| snapshot.changes.push(own(change)));
        (broker, _) = restored(&snapshot);
    }
    come(&mut broker, &mut again, 1, "s", wanted(&filters));
    assert_eq!(again.asked, ["p ann from p"; 8]);
    assert_eq!(again.sent, 2, "CONNACK and SUBACK");
}

#[test]
fn what_an_earlier_version_has_stored_has_no_known_publisher() {
    let filters = everything();
    let (mut broker, mut disk) = (Broker::new(Config::default(), 1), Disk::default());
    come(&mut broker, &mut disk, 1, "p", retained("t"));
    for change in &mut disk.changes {
        if let Change::Retained { message } = change {
            message.passport = None;
        }
    }
    let (mut broker, mut again) = restored(&disk);
    come(&mut broker, &mut again, 1, "s", wanted(&filters));
    assert!(again.asked.is_empty());
    assert_eq!(again.sent, 3, "CONNACK, SUBACK and PUBLISH");
    let view = broker.retained().next().expect("it is there");
    assert_eq!((view.publisher, view.user_name), ("p", None));
    // It is stored again as what it is.
    let is_unknown = |change: &Change<'_>| matches!(change, Change::Retained { message } if message.passport.is_none());
    let mut is_found = false;
    broker.snapshot(|change| is_found |= is_unknown(change));
    assert!(is_found);
}

#[test]
fn what_the_driver_wrote_is_kept_with_the_session() {
    let (mut broker, mut disk) = (Broker::new(Config::default(), 1), Disk::default());
    come(&mut broker, &mut disk, 1, "c", Packet::PingReq);
    // It comes back by another way.
    disk.changes.push(Change::SessionOwner {
        client_id: "c",
        passport: PassportRef {
            user_name: Some("bob"),
            stamp: b"elsewhere",
        },
    });
    let (broker, _) = restored(&disk);
    let session = broker.session("c").expect("it is kept");
    assert_eq!(session.user_name(), Some("bob"));
    assert_eq!(session.stamp(), b"elsewhere");
}

#[test]
fn a_session_has_what_the_driver_wrote_last() {
    let run = check(
        "answer stamp=one
         c connect user=ann clean=0
         c disconnect
         answer stamp=one
         c connect user=ann clean=0
         c disconnect
         answer stamp=two
         c connect user=ann clean=0",
        expect![[r#"
            b>c CONNACK present=0 0x00
            b|c the client disconnected
            b>c CONNACK present=1 0x00
            b|c the client disconnected
            b>c CONNACK present=1 0x00"#]],
    );
    // That a restart changes nothing is looked at with every script.
    let session = run.broker.session("c").expect("it is there");
    assert_eq!(session.stamp(), b"two");
}

/// Whoever comes with a long name, retains something and goes leaves that name behind: it counts.
#[test]
fn the_names_of_publishers_count_in_the_limits_of_what_is_retained() {
    let name = "n".repeat(1_000);
    let script = format!(
        "p connect user={name}
         p publish a x retain
         p publish b x retain
         p disconnect"
    );
    let run = check_with(
        Config {
            retained_bytes_max: 2_000,
            ..Config::default()
        },
        &script,
        expect![[r#"
            b>p CONNACK present=0 0x00
            b|p the client disconnected"#]],
    );
    let usage = run.broker.usage();
    assert_eq!(usage.retained, 1, "there was no room for the other");
    assert!(usage.retained_bytes > 1_000);
    assert_eq!(usage.message_bytes, usage.retained_bytes);
}
