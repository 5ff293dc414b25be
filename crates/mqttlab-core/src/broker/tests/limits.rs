//! Limits: every queue has one, and every drop is counted.

use std::format;
use std::string::String;
use std::vec::Vec;

use expect_test::expect;

use super::{check, check_with, run};
use crate::broker::{CloseKind, Config, DeniedPublish, QueueFull};
use crate::clause::Clause;
use crate::packet::QoS;
use crate::why::DropCause;

#[test]
fn only_a_window_of_messages_is_in_flight() {
    let config = Config {
        in_flight_max: 2,
        ..Config::default()
    };
    check_with(
        config,
        "s subscribe a qos=2
         p publish a 1 qos=1
         p publish a 2 qos=2
         p publish a 3 qos=1
         p publish a 4 qos=1
         -- QoS 0 does not wait for the window
         p publish a 5 qos=0
         s pubrec 2
         s pubcomp 2
         s puback 1",
        expect![[r#"
            b>s SUBACK #1 [02]
            b>s PUBLISH a q1 #1 "1"
            b>p PUBACK #1
            b>s PUBLISH a q2 #2 "2"
            b>p PUBREC #2
            b>p PUBACK #3
            b>p PUBACK #4
            -- QoS 0 does not wait for the window
            b>s PUBLISH a q0 "5"
            b>s PUBREL #2
            b>s PUBLISH a q1 #3 "3"
            b>s PUBLISH a q1 #4 "4""#]],
    )
    .because(&[Clause::V5_3_3_4_9]);
}

/// Three messages for a session that is away.
const FULL: &str = "s connect clean=0
         s subscribe a qos=1
         s lost
         p publish a 1 qos=1
         p publish a 2 qos=1
         p publish a 3 qos=1
         s connect clean=0";

#[test]
fn a_full_queue_drops_the_newest() {
    let config = Config {
        queue_messages_max: 2,
        ..Config::default()
    };
    let run = check_with(
        config,
        FULL,
        expect![[r#"
            b>s CONNACK present=0 0x00
            b>s SUBACK #1 [01]
            b>p PUBACK #1
            b>p PUBACK #2
            b>p PUBACK #3
            b>s CONNACK present=1 0x00
            b>s PUBLISH a q1 #1 "1"
            b>s PUBLISH a q1 #2 "2""#]],
    );
    let drops: Vec<_> = run.broker.counters().drops().collect();
    assert_eq!(drops, [(DropCause::QueueFull, 1)]);
}

#[test]
fn a_full_queue_may_drop_the_oldest() {
    let config = Config {
        queue_messages_max: 2,
        queue_full: QueueFull::DropOldest,
        ..Config::default()
    };
    check_with(
        config,
        FULL,
        expect![[r#"
            b>s CONNACK present=0 0x00
            b>s SUBACK #1 [01]
            b>p PUBACK #1
            b>p PUBACK #2
            b>p PUBACK #3
            b>s CONNACK present=1 0x00
            b>s PUBLISH a q1 #1 "2"
            b>s PUBLISH a q1 #2 "3""#]],
    );
}

#[test]
fn a_queue_is_limited_in_bytes_too() {
    for queue_full in [QueueFull::DropNewest, QueueFull::DropOldest] {
        let config = Config {
            queue_bytes_max: 1_000,
            queue_full,
            ..Config::default()
        };
        let script = "s connect clean=0
             s subscribe a qos=1
             s lost
             p publish a 1 qos=1 big=700
             p publish a 2 qos=1 big=701
             p publish a 3 qos=1 big=5000
             s connect clean=0";
        let run = run(config, script);
        let drops: Vec<_> = run.broker.counters().drops().collect();
        let expected = match queue_full {
            QueueFull::DropNewest => 2,
            QueueFull::DropOldest => 3,
        };
        assert_eq!(drops, [(DropCause::QueueBytes, expected)]);
    }
}

#[test]
fn all_sessions_together_are_limited() {
    let config = Config {
        message_bytes_max: 1_500,
        ..Config::default()
    };
    let script = "s connect clean=0
         s subscribe a qos=1
         s lost
         p publish a 1 qos=1 big=1000
         p publish a 2 qos=1 big=1000
         p publish b 3 retain big=1000";
    let run = run(config, script);
    let drops: Vec<_> = run.broker.counters().drops().collect();
    assert_eq!(drops, [(DropCause::MemoryFull, 1)]);
    assert_eq!(run.broker.counters().retained_refused, 1);
}

/// A subscriber that never reads: QoS 0 is dropped, QoS 1 waits, others do not notice.
#[test]
fn a_slow_reader_hurts_only_itself() {
    let config = Config {
        out_bytes_max: 100,
        ..Config::default()
    };
    let run = check_with(
        config,
        "slow subscribe a qos=1
         fast subscribe a qos=1
         slow blocks
         p publish a 1 qos=0 big=60
         p publish a 2 qos=0 big=60
         p publish a 3 qos=1 big=60
         p publish a 4 qos=1 big=60
         -- it reads
         slow reads",
        expect![[r#"
            b>slow SUBACK #1 [01]
            b>fast SUBACK #1 [01]
            b>slow PUBLISH a q0 60 bytes
            b>fast PUBLISH a q0 60 bytes
            b>fast PUBLISH a q0 60 bytes
            b>slow PUBLISH a q1 #1 60 bytes
            b>fast PUBLISH a q1 #1 60 bytes
            b>p PUBACK #1
            b>fast PUBLISH a q1 #2 60 bytes
            b>p PUBACK #2
            -- it reads
            b>slow PUBLISH a q1 #2 60 bytes"#]],
    );
    let drops: Vec<_> = run.broker.counters().drops().collect();
    assert_eq!(drops, [(DropCause::SlowReader, 1)]);
}

/// A client that makes the broker answer without reading is cut off.
#[test]
fn a_client_that_never_reads_its_answers_is_disconnected() {
    let config = Config {
        out_bytes_max: 20,
        ..Config::default()
    };
    let mut script = String::from("a connect\n a reads\n a blocks\n");
    script.push_str(&"a ping\n".repeat(21));
    let run = run(config, &script);
    let closes: Vec<_> = run.broker.counters().closes().collect();
    assert_eq!(closes, [(CloseKind::Quota, 1)]);
}

/// A message larger than what may be unread is one message: who reads it slowly, and pings meanwhile, stays.
#[test]
fn a_large_message_is_not_held_against_its_reader() {
    let config = Config {
        out_bytes_max: 20,
        ..Config::default()
    };
    check_with(
        config,
        "slow subscribe a qos=1
         slow blocks
         p publish a 1 qos=1 big=60
         slow ping",
        expect![[r#"
            b>slow SUBACK #1 [01]
            b>slow PUBLISH a q1 #1 60 bytes
            b>p PUBACK #1
            b>slow PINGRESP"#]],
    );
}

#[test]
fn qos_2_without_pubrel_is_limited() {
    let config = Config {
        receive_maximum: 2,
        receive_maximum_v3: 2,
        ..Config::default()
    };
    let script = "p publish a 1 qos=2
         p publish a 1 qos=2 pid=1 dup
         p publish a 2 qos=2
         p publish a 3 qos=2";
    check_with(
        config.clone(),
        script,
        expect![[r#"
        b>p PUBREC #1
        b>p PUBREC #1
        b>p PUBREC #2
        b|p a limit was reached (0x93 Receive Maximum exceeded)"#]],
    );
    check_with(
        config,
        &alloc::format!("version 5\n{script}"),
        expect![[r#"
            b>p PUBREC #1 0x10
            b>p PUBREC #1
            b>p PUBREC #2 0x10
            b>p DISCONNECT 0x93 ReasonString("more QoS 2 messages wait for PUBREL than the Receive Maximum allows")
            b|p a limit was reached (0x93 Receive Maximum exceeded)"#]],
    )
    .because(&[Clause::V5_3_3_4_7]);
}

#[test]
fn a_denied_publish_is_acknowledged_and_dropped_or_closed() {
    let script = "deny p publish a
         s subscribe a qos=2
         p publish a 0 qos=0
         p publish a 1 qos=1
         p publish a 2 qos=2
         p pubrel 2
         p publish $SYS/x y qos=1";
    check(
        script,
        expect![[r#"
        b>s SUBACK #1 [02]
        b>p PUBACK #1
        b>p PUBREC #2
        b>p PUBCOMP #2
        b>p PUBACK #3"#]],
    )
    .because(&[Clause::V311_3_3_5_2]);
    check(
        &alloc::format!("version 5\n{script}"),
        expect![[r#"
            b>s SUBACK #1 [02]
            b>p PUBACK #1 0x87 ReasonString("it is not authorized")
            b>p PUBREC #2 0x87 ReasonString("it is not authorized")
            b>p PUBCOMP #2 0x92
            b>p PUBACK #3 0x87 ReasonString("the topic is the broker's own")"#]],
    );
    let denied_publish = DeniedPublish::Close;
    check_with(
        Config {
            denied_publish,
            ..Config::default()
        },
        script,
        expect![[r#"
            b>s SUBACK #1 [02]
            b|p the packet was not allowed (0x87 Not authorized)
            b|p the packet was not allowed (0x87 Not authorized)
            b|p the packet was not allowed (0x87 Not authorized)
            b>p PUBCOMP #2
            b|p the packet was not allowed (0x87 Not authorized)"#]],
    );
}

#[test]
fn a_qos_above_the_maximum_is_granted_less_and_not_accepted() {
    let config = Config {
        maximum_qos: QoS::AtMostOnce,
        ..Config::default()
    };
    check_with(
        config,
        "s connect v=5
         version 5
         s subscribe a qos=2
         p publish a x qos=1",
        expect![[r#"
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumQoS(0) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [00]
            b>p DISCONNECT 0x9B ReasonString("the QoS is not supported")
            b|p the packet was not allowed (0x9B QoS not supported)"#]],
    );
}

#[test]
fn a_payload_that_says_it_is_text_may_be_checked() {
    let config = Config {
        check_payload_format: true,
        ..Config::default()
    };
    check_with(
        config,
        "version 5\n p publish a x format=1 qos=1",
        expect!["b>p PUBACK #1 0x10"],
    );
}

#[test]
fn messages_that_are_too_large_for_a_client_are_dropped() {
    let run = check(
        "version 5
         s connect size=30
         s subscribe a qos=2
         p publish a 0 qos=0 big=40
         p publish a 1 qos=1 big=40
         p publish a 2 qos=1
         s puback 1",
        expect![[r#"
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [02]
            b>p PUBACK #1
            b>s PUBLISH a q1 #1 "2"
            b>p PUBACK #2"#]],
    )
    .because(&[Clause::V5_3_1_2_25]);
    let drops: Vec<_> = run.broker.counters().drops().collect();
    assert_eq!(drops, [(DropCause::TooLarge, 2)]);
}

#[test]
fn offline_qos_0_may_be_queued() {
    let config = Config {
        queue_qos0: true,
        ..Config::default()
    };
    check_with(
        config,
        "s connect clean=0
         s subscribe a qos=1
         s lost
         p publish a 0 qos=0
         p publish a 1 qos=1
         s connect clean=0",
        expect![[r#"
            b>s CONNACK present=0 0x00
            b>s SUBACK #1 [01]
            b>p PUBACK #1
            b>s CONNACK present=1 0x00
            b>s PUBLISH a q0 "0"
            b>s PUBLISH a q1 #1 "1""#]],
    );
}

/// Only another QoS 0 message holds one up.
#[test]
fn a_live_qos_0_message_does_not_overtake_one_that_is_queued() {
    let config = Config {
        queue_qos0: true,
        in_flight_max: 1,
        ..Config::default()
    };
    check_with(
        config,
        "s connect clean=0
         s subscribe a qos=1
         s lost
         p publish a 1 qos=1
         p publish a 2 qos=1
         s connect clean=0
         p publish a 3 qos=0
         s lost
         p publish a 4 qos=0
         s connect clean=0
         p publish a 5 qos=0
         s puback 1
         s puback 2
         p publish a 6 qos=0",
        expect![[r#"
            b>s CONNACK present=0 0x00
            b>s SUBACK #1 [01]
            b>p PUBACK #1
            b>p PUBACK #2
            b>s CONNACK present=1 0x00
            b>s PUBLISH a q1 #1 "1"
            b>s PUBLISH a q0 "3"
            b>s CONNACK present=1 0x00
            b>s PUBLISH a q1 #1 DUP "1"
            b>s PUBLISH a q1 #2 "2"
            b>s PUBLISH a q0 "4"
            b>s PUBLISH a q0 "5"
            b>s PUBLISH a q0 "6""#]],
    );
}

/// Messages in flight are held too, so they count as well.
#[test]
fn messages_in_flight_count_towards_the_memory_of_all() {
    let config = Config {
        message_bytes_max: 1_500,
        ..Config::default()
    };
    let script = "a subscribe t qos=1
         b subscribe t qos=1
         p publish t 1 qos=1 big=1000
         p publish t 2 qos=1 big=1000
         p publish t 3 qos=0 big=1000";
    let run = run(config, script);
    let drops: Vec<_> = run.broker.counters().drops().collect();
    assert_eq!(drops, [(DropCause::MemoryFull, 2)]);
    assert_eq!(run.broker.usage().messages, 1);
}

/// A session that never had a QoS 1 or 2 message has no books for them.
#[test]
fn the_books_of_deliveries_are_counted() {
    let idle = run(Config::default(), "s subscribe t qos=1");
    assert_eq!(idle.broker.delivery_bytes(), 0);
    let script = "s subscribe t qos=1\n p publish t 1 qos=1\n p publish t 2 qos=2";
    let busy = run(Config::default(), script).broker.delivery_bytes();
    // The less for pointers of 32 bits.
    assert!(
        (300..1_000).contains(&busy),
        "{busy} bytes for two sessions"
    );
}

/// Many publishers and many subscribers of one topic: who remembers whom does not multiply.
#[test]
fn routes_to_many_are_remembered_once() {
    let mut script = String::new();
    for number in 0..40 {
        script += &format!("s{number} subscribe t qos=0\n");
    }
    script += "p0 connect v=5\n p0 subscribe t nolocal\n";
    for message in 0..3 {
        for publisher in 0..10 {
            script += &format!("p{publisher} publish t {message}\n");
        }
    }
    // The invariants, which are looked at after each line, hold what a connection may remember.
    let run = run(Config::default(), &script);
    let published = run.output.matches(" PUBLISH t ").count();
    // The first publisher hears all but itself.
    assert_eq!(published, 40 * 30 + 27);
}

/// What sessions and subscriptions take up is counted while they are there, and nothing of it stays.
#[test]
fn the_books_of_sessions_return_to_nothing() {
    let script = "a connect clean=0
         a subscribe plant/+/state qos=1
         a subscribe $share/g/plant/# qos=1
         b subscribe plant/+/state qos=0";
    let usage = run(Config::default(), script).broker.usage();
    assert_eq!(usage.subscriptions, 3);
    // Three levels and one below, each some hundred bytes, and less for pointers of 32 bits.
    let bytes = usage.subscription_bytes;
    assert!((300..2_000).contains(&bytes), "{bytes} for subscriptions");
    let bytes = usage.session_bytes;
    assert!((200..1_500).contains(&bytes), "{bytes} for sessions");

    let script = format!(
        "{script}
         a unsubscribe plant/+/state
         a unsubscribe $share/g/plant/#
         b lost
         a lost
         a connect clean=1
         a lost"
    );
    let usage = run(Config::default(), &script).broker.usage();
    let empty = run(Config::default(), "wait 1s").broker.usage();
    assert_eq!(usage.session_bytes, empty.session_bytes);
    assert_eq!(usage.subscriptions, 0);
    assert_eq!(usage.subscription_bytes, empty.subscription_bytes);
}

/// Sessions, subscriptions and wills have one budget; what is there already goes on.
#[test]
fn what_sessions_take_up_is_limited() {
    let long = "x".repeat(600);
    let script = format!(
        "a connect clean=0
         a subscribe first/filter
         a subscribe {long}
         a subscribe first/filter qos=1
         b connect clean=0 will=w says={long}
         b connect clean=0
         b lost
         a disconnect
         a connect clean=0"
    );
    let filled = "a connect clean=0\n a subscribe first/filter\n b connect";
    let usage = run(Config::default(), filled).broker.usage();
    let taken = usage.session_bytes + usage.subscription_bytes;
    let config = Config {
        session_bytes_max: taken + 300,
        ..Config::default()
    };
    check_with(
        config,
        &script,
        expect![[r#"
        b>a CONNACK present=0 0x00
        b>a SUBACK #1 [00]
        b>a SUBACK #2 [80]
        b>a SUBACK #3 [01]
        b>b CONNACK present=0 0x88
        b|b CONNECT was refused (0x97 Quota exceeded)
        b>b CONNACK present=0 0x00
        b|a the client disconnected
        b>a CONNACK present=1 0x00"#]],
    );
}

/// With a will gone there is room for another.
#[test]
fn a_will_takes_up_room_while_it_is_there() {
    let empty = run(Config::default(), "a connect\n b connect\n c connect")
        .broker
        .usage();
    let config = Config {
        session_bytes_max: empty.session_bytes + empty.subscription_bytes + 1_500,
        ..Config::default()
    };
    let will = "y".repeat(1_000);
    check_with(
        config,
        &format!(
            "a connect will=w says={will}
             b connect will=w says={will}
             a disconnect
             b connect will=w says={will}
             b lost
             c connect will=w says={will}"
        ),
        expect![[r#"
            b>a CONNACK present=0 0x00
            b>b CONNACK present=0 0x88
            b|b CONNECT was refused (0x97 Quota exceeded)
            b|a the client disconnected
            b>b CONNACK present=0 0x00
            b>c CONNACK present=0 0x00"#]],
    );
}
