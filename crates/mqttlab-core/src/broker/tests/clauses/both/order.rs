//! What is sent again, in which order, and under which identifier.

use expect_test::expect;

use crate::broker::Config;
use crate::broker::tests::clauses::{both, both_with, shows};
use crate::clause::Clause;

#[test]
fn what_is_not_acknowledged_is_sent_again_in_order() {
    both(
        &[
            Clause::V311_2_3_1_4,
            Clause::V311_3_3_1_1,
            Clause::V311_4_4_0_1,
            Clause::V311_4_6_0_1,
        ],
        &[
            Clause::V5_3_3_1_1,
            Clause::V5_4_3_2_3,
            Clause::V5_4_3_3_3,
            Clause::V5_4_3_3_5,
            Clause::V5_4_3_3_6,
            Clause::V5_4_4_0_1,
        ],
        "s connect clean=0 expiry=99
         s subscribe a qos=2
         p publish a 1 qos=1
         p publish a 2 qos=2
         p publish a 3 qos=1
         s pubrec 2
         -- time alone changes nothing
         wait 60s
         s lost
         s connect clean=0 expiry=99",
        expect![[r#"
            = 3.1.1 MQTT-2.3.1-4: A server follows the same rules for the identifiers of the messages it sends.
            = 3.1.1 MQTT-3.3.1-1: A PUBLISH that is sent again has DUP 1.
            ? 3.1.1 MQTT-4.4.0-1: When a client comes back with Clean Session 0, both sides send what was not acknowledged again, with the same identifiers.
            = 3.1.1 MQTT-4.6.0-1: Messages that are sent again keep the order in which they were first sent.
            b>s CONNACK present=0 0x00
            b>s SUBACK #1 [02]
            b>s PUBLISH a q1 #1 "1"
            b>p PUBACK #1
            b>s PUBLISH a q2 #2 "2"
            b>p PUBREC #2
            b>s PUBLISH a q1 #3 "3"
            b>p PUBACK #3
            b>s PUBREL #2
            -- time alone changes nothing
            b>s CONNACK present=1 0x00
            b>s PUBREL #2
            b>s PUBLISH a q1 #1 DUP "1"
            b>s PUBLISH a q1 #3 DUP "3"
            = 5.0 MQTT-3.3.1-1: A PUBLISH that is sent again has DUP 1.
            = 5.0 MQTT-4.3.2-3: A QoS 1 sender counts the message as unacknowledged until the PUBACK for it comes.
            = 5.0 MQTT-4.3.3-3: A QoS 2 sender counts the PUBLISH as unacknowledged until the PUBREC for it comes.
            = 5.0 MQTT-4.3.3-5: A QoS 2 sender counts the PUBREL as unacknowledged until the PUBCOMP for it comes.
            = 5.0 MQTT-4.3.3-6: Once a QoS 2 sender has sent PUBREL, it does not send that PUBLISH again.
            ? 5.0 MQTT-4.4.0-1: Unacknowledged PUBLISH and PUBREL packets are sent again when the session is resumed on a new connection, and at no other time.
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [02]
            b>s PUBLISH a q1 #1 "1"
            b>p PUBACK #1
            b>s PUBLISH a q2 #2 "2"
            b>p PUBREC #2
            b>s PUBLISH a q1 #3 "3"
            b>p PUBACK #3
            b>s PUBREL #2
            -- time alone changes nothing
            b>s CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s PUBREL #2
            b>s PUBLISH a q1 #1 DUP "1"
            b>s PUBLISH a q1 #3 DUP "3""#]],
    );
}

#[test]
fn what_is_acknowledged_is_not_sent_again() {
    both(
        &[Clause::V311_4_3_3_1],
        &[
            Clause::V5_4_3_2_3,
            Clause::V5_4_3_3_3,
            Clause::V5_4_3_3_4,
            Clause::V5_4_3_3_5,
        ],
        "s connect clean=0 expiry=99
         s subscribe a qos=2
         p publish a 1 qos=1
         p publish a 2 qos=2
         s puback 1
         s pubrec 2
         s pubcomp 2
         s lost
         s connect clean=0 expiry=99",
        expect![[r#"
            ? 3.1.1 MQTT-4.3.3-1: A QoS 2 sender goes from PUBLISH to PUBREL once PUBREC has come, never back, and is done at PUBCOMP.
            b>s CONNACK present=0 0x00
            b>s SUBACK #1 [02]
            b>s PUBLISH a q1 #1 "1"
            b>p PUBACK #1
            b>s PUBLISH a q2 #2 "2"
            b>p PUBREC #2
            b>s PUBREL #2
            b>s CONNACK present=1 0x00
            = 5.0 MQTT-4.3.2-3: A QoS 1 sender counts the message as unacknowledged until the PUBACK for it comes.
            = 5.0 MQTT-4.3.3-3: A QoS 2 sender counts the PUBLISH as unacknowledged until the PUBREC for it comes.
            ? 5.0 MQTT-4.3.3-4: A PUBREC below 0x80 is followed by a PUBREL with the same identifier.
            = 5.0 MQTT-4.3.3-5: A QoS 2 sender counts the PUBREL as unacknowledged until the PUBCOMP for it comes.
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [02]
            b>s PUBLISH a q1 #1 "1"
            b>p PUBACK #1
            b>s PUBLISH a q2 #2 "2"
            b>p PUBREC #2
            b>s PUBREL #2
            b>s CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)"#]],
    );
}

#[test]
fn new_messages_get_identifiers_that_are_free() {
    both(
        &[Clause::V311_2_3_1_4, Clause::V311_4_3_2_1],
        &[
            Clause::V5_2_2_1_4,
            Clause::V5_4_3_2_1,
            Clause::V5_4_3_2_2,
            Clause::V5_4_3_3_1,
            Clause::V5_4_3_3_2,
        ],
        "s subscribe a qos=2
         p publish a 1 qos=1
         p publish a 2 qos=2
         p publish a 3 qos=1
         s puback 1
         s pubrec 2
         p publish a 4 qos=2
         p publish a 5 qos=1",
        expect![[r#"
            ? 3.1.1 MQTT-2.3.1-4: A server follows the same rules for the identifiers of the messages it sends.
            = 3.1.1 MQTT-4.3.2-1: A QoS 1 sender gives each new message a free identifier, starts with DUP 0 and waits for PUBACK.
            b>s SUBACK #1 [02]
            b>s PUBLISH a q1 #1 "1"
            b>p PUBACK #1
            b>s PUBLISH a q2 #2 "2"
            b>p PUBREC #2
            b>s PUBLISH a q1 #3 "3"
            b>p PUBACK #3
            b>s PUBREL #2
            b>s PUBLISH a q2 #4 "4"
            b>p PUBREC #4
            b>s PUBLISH a q1 #5 "5"
            b>p PUBACK #5
            ? 5.0 MQTT-2.2.1-4: A server gives each new PUBLISH above QoS 0 an identifier that is free and not 0.
            = 5.0 MQTT-4.3.2-1: A QoS 1 sender gives each new message an identifier that is free.
            = 5.0 MQTT-4.3.2-2: A QoS 1 sender begins with a PUBLISH that has that identifier, QoS 1 and DUP 0.
            = 5.0 MQTT-4.3.3-1: A QoS 2 sender gives each new message an identifier that is free.
            = 5.0 MQTT-4.3.3-2: A QoS 2 sender begins with a PUBLISH that has that identifier, QoS 2 and DUP 0.
            b>s SUBACK #1 [02]
            b>s PUBLISH a q1 #1 "1"
            b>p PUBACK #1
            b>s PUBLISH a q2 #2 "2"
            b>p PUBREC #2
            b>s PUBLISH a q1 #3 "3"
            b>p PUBACK #3
            b>s PUBREL #2
            b>s PUBLISH a q2 #4 "4"
            b>p PUBREC #4
            b>s PUBLISH a q1 #5 "5"
            b>p PUBACK #5"#]],
    );
}

#[test]
fn acknowledgements_go_out_in_the_order_of_what_came() {
    shows(
        &[
            Clause::V311_4_6_0_2,
            Clause::V311_4_6_0_3,
            Clause::V311_4_6_0_4,
        ],
        "s subscribe a qos=2
         p publish a 1 qos=1 pid=9
         p publish a 2 qos=2 pid=8
         p publish a 3 qos=1 pid=7
         p publish a 4 qos=2 pid=6
         s pubrec 4
         s pubrec 2",
        expect![[r#"
            = 3.1.1 MQTT-4.6.0-2: PUBACKs go out in the order in which the QoS 1 messages came.
            = 3.1.1 MQTT-4.6.0-3: PUBRECs go out in the order in which the QoS 2 messages came.
            = 3.1.1 MQTT-4.6.0-4: PUBRELs go out in the order in which the PUBRECs came.
            b>s SUBACK #1 [02]
            b>s PUBLISH a q1 #1 "1"
            b>p PUBACK #9
            b>s PUBLISH a q2 #2 "2"
            b>p PUBREC #8
            b>s PUBLISH a q1 #3 "3"
            b>p PUBACK #7
            b>s PUBLISH a q2 #4 "4"
            b>p PUBREC #6
            b>s PUBREL #4
            b>s PUBREL #2"#]],
    );
}

#[test]
fn a_topic_stays_in_order_even_through_a_full_window() {
    let config = Config {
        in_flight_max: 1,
        ..Config::default()
    };
    both_with(
        &config,
        &[Clause::V311_4_6_0_5, Clause::V311_4_6_0_6],
        &[Clause::V5_4_6_0_5, Clause::V5_4_6_0_6],
        "s subscribe a qos=2
         p publish a 1 qos=1
         p publish a 2 qos=2
         p publish a 3 qos=1
         p publish a 4 qos=2
         s puback 1
         s pubrec 2
         s pubcomp 2
         s puback 3",
        expect![[r#"
            = 3.1.1 MQTT-4.6.0-5: Unless told otherwise a server keeps every topic in order.
            = 3.1.1 MQTT-4.6.0-6: Messages of one publisher, topic and QoS reach each subscriber in the order in which the server got them.
            b>s SUBACK #1 [02]
            b>s PUBLISH a q1 #1 "1"
            b>p PUBACK #1
            b>p PUBREC #2
            b>p PUBACK #3
            b>p PUBREC #4
            b>s PUBLISH a q2 #2 "2"
            b>s PUBREL #2
            b>s PUBLISH a q1 #3 "3"
            b>s PUBLISH a q2 #4 "4"
            = 5.0 MQTT-4.6.0-5: On an ordered topic, one publisher's messages of one QoS reach a subscriber in the order in which the server got them.
            = 5.0 MQTT-4.6.0-6: Unless told otherwise a server keeps every topic in order for subscriptions that are not shared.
            b>s SUBACK #1 [02]
            b>s PUBLISH a q1 #1 "1"
            b>p PUBACK #1
            b>p PUBREC #2
            b>p PUBACK #3
            b>p PUBREC #4
            b>s PUBLISH a q2 #2 "2"
            b>s PUBREL #2
            b>s PUBLISH a q1 #3 "3"
            b>s PUBLISH a q2 #4 "4""#]],
    );
}

#[test]
fn the_same_identifier_after_the_acknowledgement_is_a_new_message() {
    both(
        &[Clause::V311_4_3_2_2],
        &[Clause::V5_4_3_2_4, Clause::V5_4_3_2_5],
        "s subscribe a
         p publish a one qos=1 pid=1
         p publish a two qos=1 pid=1 dup",
        expect![[r#"
            ? 3.1.1 MQTT-4.3.2-2: A QoS 1 receiver answers with PUBACK; after that the same identifier means a new message.
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 "one"
            b>p PUBACK #1
            b>s PUBLISH a q0 "two"
            b>p PUBACK #1
            ? 5.0 MQTT-4.3.2-4: A QoS 1 receiver that has taken the message over answers with PUBACK and its identifier.
            = 5.0 MQTT-4.3.2-5: After its PUBACK a QoS 1 receiver takes the same identifier for a new message, whatever DUP says.
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 "one"
            b>p PUBACK #1
            b>s PUBLISH a q0 "two"
            b>p PUBACK #1"#]],
    );
}

#[test]
fn a_qos_2_message_is_passed_on_once_until_pubrel() {
    both(
        &[Clause::V311_4_3_3_2],
        &[
            Clause::V5_4_3_3_8,
            Clause::V5_4_3_3_10,
            Clause::V5_4_3_3_11,
            Clause::V5_4_3_3_12,
        ],
        "s subscribe a
         p publish a one qos=2 pid=1
         p publish a one qos=2 pid=1 dup
         p pubrel 1
         p publish a two qos=2 pid=1",
        expect![[r#"
            ? 3.1.1 MQTT-4.3.3-2: A QoS 2 receiver answers each PUBLISH with PUBREC but passes the message on once, until PUBREL frees the identifier.
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 "one"
            b>p PUBREC #1
            b>p PUBREC #1
            b>p PUBCOMP #1
            b>s PUBLISH a q0 "two"
            b>p PUBREC #1
            ? 5.0 MQTT-4.3.3-8: A QoS 2 receiver that has taken the message over answers with PUBREC and its identifier.
            ? 5.0 MQTT-4.3.3-10: Until PUBREL comes, a QoS 2 receiver answers a repeated PUBLISH with PUBREC and passes nothing on again.
            ? 5.0 MQTT-4.3.3-11: A QoS 2 receiver answers PUBREL with PUBCOMP and the same identifier.
            = 5.0 MQTT-4.3.3-12: After its PUBCOMP a QoS 2 receiver takes the same identifier for a new message.
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 "one"
            b>p PUBREC #1
            b>p PUBREC #1
            b>p PUBCOMP #1
            b>s PUBLISH a q0 "two"
            b>p PUBREC #1"#]],
    );
}
