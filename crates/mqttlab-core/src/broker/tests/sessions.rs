//! Sessions that outlive their connections.

use std::vec::Vec;

use expect_test::expect;

use super::script::own::own;
use super::{check, check_with};
use crate::broker::{Broker, Change, CloseReason, Config, Input, PassportRef, Sink};
use crate::clause::Clause;
use crate::frame::Frame;
use crate::id::ConnId;
use crate::time::{Duration, Instant};

#[test]
fn a_persistent_session_waits_with_its_messages() {
    check(
        "sub connect clean=0
         sub subscribe a qos=2
         sub disconnect
         pub publish a one qos=1
         pub publish a two qos=2
         sub connect clean=0
         sub puback 1
         sub pubrec 2
         sub pubcomp 2",
        expect![[r#"
            b>sub CONNACK present=0 0x00
            b>sub SUBACK #1 [02]
            b|sub the client disconnected
            b>pub PUBACK #1
            b>pub PUBREC #2
            b>sub CONNACK present=1 0x00
            b>sub PUBLISH a q1 #1 "one"
            b>sub PUBLISH a q2 #2 "two"
            b>sub PUBREL #2"#]],
    )
    .because(&[Clause::V311_3_1_2_4, Clause::V311_3_1_2_5]);
}

#[test]
fn a_clean_session_is_gone_with_its_connection() {
    let run = check(
        "sub connect
         sub subscribe a qos=1
         sub lost
         pub publish a x qos=1
         sub connect clean=0",
        expect![[r#"
            b>sub CONNACK present=0 0x00
            b>sub SUBACK #1 [01]
            b>pub PUBACK #1
            b>sub CONNACK present=0 0x00"#]],
    )
    .because(&[Clause::V311_3_1_2_6]);
    assert_eq!(run.broker.usage().sessions, 2);
}

#[test]
fn a_clean_start_throws_away_what_was_kept() {
    check(
        "sub connect clean=0
         sub subscribe a qos=1
         sub lost
         pub publish a x qos=1
         sub connect clean=1
         sub lost
         sub connect clean=0",
        expect![[r#"
            b>sub CONNACK present=0 0x00
            b>sub SUBACK #1 [01]
            b>pub PUBACK #1
            b>sub CONNACK present=0 0x00
            b>sub CONNACK present=0 0x00"#]],
    )
    .because(&[Clause::V311_3_1_2_6]);
}

#[test]
fn a_session_ends_when_its_time_is_up() {
    let config = Config {
        session_expiry_v3_s: 60,
        ..Config::default()
    };
    check_with(
        config,
        "a connect clean=0
         a lost
         wait 59s
         a connect clean=0
         wait 1000s
         a lost
         wait 60s
         a connect clean=0",
        expect![[r#"
            b>a CONNACK present=0 0x00
            b>a CONNACK present=1 0x00
            b>a CONNACK present=0 0x00"#]],
    )
    .because(&[Clause::V5_4_1_0_2]);
}

/// [MQTT-4.4.0-1]: same identifiers, DUP, in the first order; PUBRELs where PUBREC had come.
#[test]
fn what_was_in_flight_is_sent_again() {
    check(
        "sub connect clean=0
         sub subscribe a qos=2
         pub publish a one qos=1
         pub publish a two qos=2
         pub publish a three qos=2
         sub pubrec 2
         sub lost
         pub publish a four qos=1
         sub connect clean=0
         sub pubcomp 2
         sub puback 1
         sub pubrec 3
         sub pubcomp 3
         sub puback 4",
        expect![[r#"
            b>sub CONNACK present=0 0x00
            b>sub SUBACK #1 [02]
            b>sub PUBLISH a q1 #1 "one"
            b>pub PUBACK #1
            b>sub PUBLISH a q2 #2 "two"
            b>pub PUBREC #2
            b>sub PUBLISH a q2 #3 "three"
            b>pub PUBREC #3
            b>sub PUBREL #2
            b>pub PUBACK #4
            b>sub CONNACK present=1 0x00
            b>sub PUBREL #2
            b>sub PUBLISH a q1 #1 DUP "one"
            b>sub PUBLISH a q2 #3 DUP "three"
            b>sub PUBLISH a q1 #4 "four"
            b>sub PUBREL #3"#]],
    )
    .because(&[Clause::V311_4_4_0_1]);
}

#[test]
fn nothing_is_sent_again_on_a_live_connection() {
    check(
        "sub connect clean=0 keep=0
         sub subscribe a qos=1
         pub publish a one qos=1
         wait 1000s
         -- still nothing",
        expect![[r#"
            b>sub CONNACK present=0 0x00
            b>sub SUBACK #1 [01]
            b>sub PUBLISH a q1 #1 "one"
            b>pub PUBACK #1
            -- still nothing"#]],
    );
}

/// The client's new Receive Maximum is smaller than what is in flight.
#[test]
fn a_smaller_window_holds_back_what_is_sent_again() {
    check(
        "sub connect v=5 clean=0 expiry=100
         sub subscribe a qos=2
         pub publish a one qos=1
         pub publish a two qos=1
         pub publish a three qos=2
         sub lost
         pub publish a four qos=1
         sub connect v=5 clean=0 expiry=100 receive=1
         sub puback 1
         sub puback 2
         sub pubrec 3
         sub pubcomp 3
         sub puback 4",
        expect![[r#"
            b>sub CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>sub SUBACK #1 [02]
            b>sub PUBLISH a q1 #1 "one"
            b>pub PUBACK #1
            b>sub PUBLISH a q1 #2 "two"
            b>pub PUBACK #2
            b>sub PUBLISH a q2 #3 "three"
            b>pub PUBREC #3
            b>pub PUBACK #4
            b>sub CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>sub PUBLISH a q1 #1 DUP "one"
            b>sub PUBLISH a q1 #2 DUP "two"
            b>sub PUBLISH a q2 #3 DUP "three"
            b>sub PUBREL #3
            b>sub PUBLISH a q1 #4 "four""#]],
    );
}

#[test]
fn a_message_may_be_acknowledged_before_it_is_sent_again() {
    check(
        "sub connect v=5 clean=0 expiry=100
         sub subscribe a qos=2
         pub publish a one qos=1
         pub publish a two qos=1
         pub publish a three qos=1
         sub lost
         sub connect v=5 clean=0 expiry=100 receive=1
         sub puback 2
         sub puback 1
         sub puback 3",
        expect![[r#"
            b>sub CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>sub SUBACK #1 [02]
            b>sub PUBLISH a q1 #1 "one"
            b>pub PUBACK #1
            b>sub PUBLISH a q1 #2 "two"
            b>pub PUBACK #2
            b>sub PUBLISH a q1 #3 "three"
            b>pub PUBACK #3
            b>sub CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>sub PUBLISH a q1 #1 DUP "one"
            b>sub PUBLISH a q1 #3 DUP "three""#]],
    );
}

/// An incoming QoS 2 message is remembered across connections.
#[test]
fn a_repeated_qos_2_message_is_not_passed_on_again() {
    check(
        "sub subscribe a qos=2
         pub connect clean=0
         pub publish a x qos=2 pid=9
         pub lost
         pub connect clean=0
         pub publish a x qos=2 pid=9 dup
         pub publish a x qos=2 pid=9 dup
         pub pubrel 9
         pub publish a y qos=2 pid=9",
        expect![[r#"
            b>sub SUBACK #1 [02]
            b>pub CONNACK present=0 0x00
            b>sub PUBLISH a q2 #1 "x"
            b>pub PUBREC #9
            b>pub CONNACK present=1 0x00
            b>pub PUBREC #9
            b>pub PUBREC #9
            b>pub PUBCOMP #9
            b>sub PUBLISH a q2 #2 "y"
            b>pub PUBREC #9"#]],
    )
    .because(&[Clause::V311_4_3_3_2]);
}

#[test]
fn a_takeover_keeps_the_session() {
    check(
        "a connect id=x clean=0
         a subscribe t qos=1
         pub publish t one qos=1
         b connect id=x clean=0
         b puback 1
         pub publish t two qos=1",
        expect![[r#"
            b>a CONNACK present=0 0x00
            b>a SUBACK #1 [01]
            b>a PUBLISH t q1 #1 "one"
            b>pub PUBACK #1
            b|a another connection came with the same Client Identifier
            b>b CONNACK present=1 0x00
            b>b PUBLISH t q1 #1 DUP "one"
            b>b PUBLISH t q1 #2 "two"
            b>pub PUBACK #2"#]],
    );
}

#[test]
fn subscriptions_that_are_not_allowed_any_more_are_taken_away() {
    check(
        "a connect clean=0
         a subscribe t u qos=1
         a lost
         deny a subscribe t
         pub publish t waits qos=1
         deny a receive u
         pub publish u denied qos=1
         permit a receive u
         a connect clean=0
         pub publish t not qos=1
         pub publish u yes qos=1",
        expect![[r#"
            b>a CONNACK present=0 0x00
            b>a SUBACK #1 [01 01]
            b>pub PUBACK #1
            b>pub PUBACK #2
            b>a CONNACK present=1 0x00
            b>a PUBLISH t q1 #1 "waits"
            b>pub PUBACK #3
            b>a PUBLISH u q1 #2 "yes"
            b>pub PUBACK #4"#]],
    );
}

#[test]
fn a_queued_message_is_dropped_when_it_may_not_be_received_any_more() {
    let run = check(
        "a connect clean=0
         a subscribe t qos=1
         a lost
         pub publish t x qos=1
         deny a receive t
         a connect clean=0",
        expect![[r#"
            b>a CONNACK present=0 0x00
            b>a SUBACK #1 [01]
            b>pub PUBACK #1
            b>a CONNACK present=1 0x00"#]],
    );
    assert_eq!(run.broker.counters().drops().count(), 1);
}

/// Nobody knows when the connection ended, so its session lasts from the restart on; but only from the first one.
#[test]
fn a_session_that_was_connected_at_a_crash_is_left_at_the_restart() {
    #[derive(Default)]
    struct Disk(Vec<Change<'static>>);
    impl Sink for Disk {
        fn send(&mut self, _: ConnId, _: &Frame<'_>) {}
        fn close(&mut self, _: ConnId, _: CloseReason) {}
        fn persist(&mut self, change: &Change<'_>) {
            self.0.push(own(change));
        }
    }
    let at = |seconds| Instant::ZERO + Duration::from_secs(seconds);
    let started = |client_id| Change::SessionStarted {
        client_id,
        passport: PassportRef::default(),
        expiry_s: 100,
    };
    let left = Change::SessionExpiry {
        client_id: "left",
        expiry_s: 100,
        ends_at: Some(at(150)),
    };
    let mut disk = Disk([started("there"), started("left"), left].into());
    for (start, input) in [(1_000, 0), (1_020, 0), (1_050, 50)] {
        let changes = disk.0.clone();
        let mut broker = Broker::restore(Config::default(), 1, at(start), changes);
        let ends = |name| broker.session(name).and_then(|session| session.ends_at());
        assert_eq!(ends("there"), Some(at(1_100)), "restarted at {start} s");
        if start == 1_000 {
            assert_eq!(ends("left"), Some(at(1_000)), "its end has passed");
        }
        broker.handle(at(start + input), Input::Wake, &mut disk);
        assert!(broker.session("left").is_none());
        assert_eq!(broker.session("there").is_none(), start + input >= 1_100);
        broker.check_invariants();
    }
}
