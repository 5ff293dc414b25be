//! Retained messages: a shelf, not a queue.

use expect_test::expect;

use super::{check, check_with};
use crate::broker::Config;
use crate::clause::Clause;

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
