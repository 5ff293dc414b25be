//! Messages from publishers to subscribers.

use std::vec::Vec;

use expect_test::expect;

use super::{check, check_with, why};
use crate::broker::{Config, Overlap};
use crate::clause::Clause;
use crate::why::DropCause;

#[test]
fn qos_is_lowered_to_what_was_granted() {
    check(
        "sub subscribe a/# qos=0
         pub publish a/b x qos=1",
        expect![[r#"
            b>sub SUBACK #1 [00]
            b>sub PUBLISH a/b q0 "x"
            b>pub PUBACK #1"#]],
    )
    .because(&[Clause::V311_3_8_4_6]);
}

/// The lower QoS wins on the second hop; each hop acknowledges for itself.
#[test]
fn each_hop_has_its_own_qos() {
    check(
        "sub subscribe a qos=2
         pub publish a zero qos=0
         pub publish a one qos=1
         pub publish a two qos=2
         sub puback 1
         sub pubrec 2
         sub pubcomp 2
         pub pubrel 2",
        expect![[r#"
            b>sub SUBACK #1 [02]
            b>sub PUBLISH a q0 "zero"
            b>sub PUBLISH a q1 #1 "one"
            b>pub PUBACK #1
            b>sub PUBLISH a q2 #2 "two"
            b>pub PUBREC #2
            b>sub PUBREL #2
            b>pub PUBCOMP #2"#]],
    )
    .because(&[
        Clause::V311_4_3_2_2,
        Clause::V311_4_3_3_1,
        Clause::V311_4_3_3_2,
    ]);
}

#[test]
fn overlapping_subscriptions_bring_one_copy_at_the_highest_qos() {
    check(
        "sub subscribe a/# qos=0
         sub subscribe a/b qos=2
         sub subscribe +/b qos=1
         pub publish a/b x qos=2",
        expect![[r#"
            b>sub SUBACK #1 [00]
            b>sub SUBACK #2 [02]
            b>sub SUBACK #3 [01]
            b>sub PUBLISH a/b q2 #1 "x"
            b>pub PUBREC #1"#]],
    );
}

#[test]
fn overlapping_subscriptions_may_bring_a_copy_each() {
    let config = Config {
        overlap: Overlap::PerSubscription,
        ..Config::default()
    };
    check_with(
        config,
        "sub subscribe a/# qos=0
         sub subscribe a/b qos=1
         pub publish a/b x qos=2",
        expect![[r#"
            b>sub SUBACK #1 [00]
            b>sub SUBACK #2 [01]
            b>sub PUBLISH a/b q0 "x"
            b>sub PUBLISH a/b q1 #1 "x"
            b>pub PUBREC #1"#]],
    );
}

#[test]
fn every_delivery_is_explained() {
    why(
        "near subscribe a/b qos=1
         far connect clean=0
         far subscribe a/# qos=2
         far subscribe a/b qos=0
         far lost
         pub publish a/b x qos=1
         pub publish nobody/there x",
        expect![[r#"
            near subscribes to a/b with QoS 1 [MQTT-3.8.4-5]
            near gets the retained messages that match a/b [MQTT-3.3.1-6]
            SUBACK 1 is the answer (0x00 Success) [MQTT-3.8.4-1]
            near has been given no retained message for a/b
            the network connection is open; CONNECT is awaited
            far asks to connect with MQTT 3.1.1, going on with its session, Keep Alive 0 s [MQTT-3.1.0-1]
            a new session of far begins; it outlives its connection by 1209600 s [MQTT-3.1.2-4]
            far is connected, Session Present 0 [MQTT-3.1.4-4]
            far subscribes to a/# with QoS 2 [MQTT-3.8.4-5]
            far gets the retained messages that match a/# [MQTT-3.3.1-6]
            SUBACK 1 is the answer (0x00 Success) [MQTT-3.8.4-1]
            far has been given no retained message for a/#
            far subscribes to a/b with QoS 0 [MQTT-3.8.4-5]
            far gets the retained messages that match a/b [MQTT-3.3.1-6]
            SUBACK 2 is the answer (0x00 Success) [MQTT-3.8.4-1]
            far has been given no retained message for a/b
            the connection of far is lost: it was reset
            the session of far is kept until 1209600.000000 s [MQTT-3.1.2-4]
            pub publishes message 1 to a/b with QoS 1, 1 bytes [MQTT-4.5.0-1]
            message 1 goes to near for a/b with QoS 1 [MQTT-3.8.4-6]
            message 1 waits for far at position 1: the client is not connected [MQTT-3.1.2-5]
            PUBACK 1 is the answer (0x00 Success) [MQTT-4.3.2-2]
            pub publishes message 2 to nobody/there with QoS 0, 1 bytes [MQTT-4.5.0-1]
            nobody subscribes to nobody/there: message 2 goes nowhere"#]],
    );
}

/// I16: each matching session gets the message once, or a counted drop.
#[test]
fn qos_0_does_not_wait_for_who_is_away() {
    let run = check(
        "sub connect clean=0
         sub subscribe a qos=1
         sub lost
         pub publish a zero qos=0
         pub publish a one qos=1
         sub connect clean=0",
        expect![[r#"
            b>sub CONNACK present=0 0x00
            b>sub SUBACK #1 [01]
            b>pub PUBACK #1
            b>sub CONNACK present=1 0x00
            b>sub PUBLISH a q1 #1 "one""#]],
    );
    let drops: Vec<_> = run.broker.counters().drops().collect();
    assert_eq!(drops, [(DropCause::Offline, 1)]);
}
