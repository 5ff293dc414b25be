//! Messages and subscriptions, where both standards say the same.

mod filters;
mod order;
mod retained;

use expect_test::expect;

use super::both;
use crate::clause::Clause;

#[test]
fn suback_and_unsuback_name_their_request_and_answer_each_filter_in_order() {
    both(
        &[
            Clause::V311_2_3_1_7,
            Clause::V311_3_8_4_1,
            Clause::V311_3_8_4_2,
            Clause::V311_3_8_4_5,
            Clause::V311_3_9_3_1,
            Clause::V311_3_10_4_4,
        ],
        &[
            Clause::V5_2_2_1_6,
            Clause::V5_3_8_4_1,
            Clause::V5_3_8_4_2,
            Clause::V5_3_8_4_6,
            Clause::V5_3_8_4_7,
            Clause::V5_3_9_3_1,
            Clause::V5_3_10_4_4,
            Clause::V5_3_11_3_1,
        ],
        "deny s subscribe b
         s subscribe a b c/# qos=1 pid=700
         s unsubscribe b c/# pid=900",
        expect![[r#"
            = 3.1.1 MQTT-2.3.1-7: SUBACK and UNSUBACK name the identifier of the request they answer.
            ? 3.1.1 MQTT-3.8.4-1: Every SUBSCRIBE is answered by a SUBACK.
            = 3.1.1 MQTT-3.8.4-2: The SUBACK names the SUBSCRIBE by its Packet Identifier.
            ? 3.1.1 MQTT-3.8.4-5: The SUBACK has one return code for each filter.
            = 3.1.1 MQTT-3.9.3-1: The return codes stand in the order of the filters they answer.
            ? 3.1.1 MQTT-3.10.4-4: Every UNSUBSCRIBE is answered by an UNSUBACK with its Packet Identifier.
            b>s SUBACK #700 [01 80 01]
            b>s UNSUBACK #900 []
            = 5.0 MQTT-2.2.1-6: SUBACK and UNSUBACK name the identifier of the request they answer.
            ? 5.0 MQTT-3.8.4-1: Every SUBSCRIBE is answered by a SUBACK.
            = 5.0 MQTT-3.8.4-2: The SUBACK names the SUBSCRIBE by its Packet Identifier.
            = 5.0 MQTT-3.8.4-6: The SUBACK has one reason code for each filter.
            ? 5.0 MQTT-3.8.4-7: That reason code tells the QoS that was granted, or that the subscription failed.
            = 5.0 MQTT-3.9.3-1: The reason codes of a SUBACK stand in the order of the filters they answer.
            ? 5.0 MQTT-3.10.4-4: Every UNSUBSCRIBE is answered by an UNSUBACK.
            = 5.0 MQTT-3.11.3-1: The reason codes of an UNSUBACK stand in the order of the filters they answer.
            b>s SUBACK #700 [01 87 01]
            b>s UNSUBACK #900 [11 00]"#]],
    );
}

#[test]
fn acknowledgements_name_their_publish() {
    both(
        &[Clause::V311_2_3_1_6],
        &[Clause::V5_2_2_1_5],
        "s subscribe a qos=2
         p publish a one qos=1 pid=77
         p publish a two qos=2 pid=78
         p pubrel 78
         s pubrec 2",
        expect![[r#"
            = 3.1.1 MQTT-2.3.1-6: PUBACK, PUBREC and PUBREL name the identifier of the PUBLISH they belong to.
            b>s SUBACK #1 [02]
            b>s PUBLISH a q1 #1 "one"
            b>p PUBACK #77
            b>s PUBLISH a q2 #2 "two"
            b>p PUBREC #78
            b>p PUBCOMP #78
            b>s PUBREL #2
            = 5.0 MQTT-2.2.1-5: PUBACK, PUBREC, PUBREL and PUBCOMP name the identifier of the PUBLISH they belong to.
            b>s SUBACK #1 [02]
            b>s PUBLISH a q1 #1 "one"
            b>p PUBACK #77
            b>s PUBLISH a q2 #2 "two"
            b>p PUBREC #78
            b>p PUBCOMP #78
            b>s PUBREL #2"#]],
    );
}

#[test]
fn qos_0_goes_out_once_without_identifier_or_dup() {
    both(
        &[Clause::V311_2_3_1_5, Clause::V311_4_3_1_1],
        &[Clause::V5_2_2_1_2, Clause::V5_4_3_1_1],
        "s connect clean=0 expiry=9
         s subscribe a qos=2
         p publish a x
         s lost
         s connect clean=0 expiry=9",
        expect![[r#"
            = 3.1.1 MQTT-2.3.1-5: A PUBLISH at QoS 0 has no Packet Identifier.
            = 3.1.1 MQTT-4.3.1-1: A QoS 0 message is sent with QoS 0 and DUP 0, once.
            b>s CONNACK present=0 0x00
            b>s SUBACK #1 [02]
            b>s PUBLISH a q0 "x"
            b>s CONNACK present=1 0x00
            = 5.0 MQTT-2.2.1-2: A PUBLISH at QoS 0 has no Packet Identifier.
            = 5.0 MQTT-4.3.1-1: A QoS 0 message is sent with QoS 0 and DUP 0.
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [02]
            b>s PUBLISH a q0 "x"
            b>s CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)"#]],
    );
}

#[test]
fn a_receiver_answers_as_the_qos_demands() {
    both(
        &[
            Clause::V311_3_3_4_1,
            Clause::V311_4_3_2_2,
            Clause::V311_4_3_3_2,
        ],
        &[Clause::V5_3_3_4_1, Clause::V5_4_3_2_4, Clause::V5_4_3_3_8],
        "s subscribe a
         p publish a 0
         p publish a 1 qos=1
         p publish a 2 qos=2",
        expect![[r#"
            = 3.1.1 MQTT-3.3.4-1: A receiver answers a PUBLISH in the way its QoS demands.
            ? 3.1.1 MQTT-4.3.2-2: A QoS 1 receiver answers with PUBACK; after that the same identifier means a new message.
            ? 3.1.1 MQTT-4.3.3-2: A QoS 2 receiver answers each PUBLISH with PUBREC but passes the message on once, until PUBREL frees the identifier.
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 "0"
            b>s PUBLISH a q0 "1"
            b>p PUBACK #1
            b>s PUBLISH a q0 "2"
            b>p PUBREC #2
            = 5.0 MQTT-3.3.4-1: A receiver answers a PUBLISH in the way its QoS demands.
            ? 5.0 MQTT-4.3.2-4: A QoS 1 receiver that has taken the message over answers with PUBACK and its identifier.
            ? 5.0 MQTT-4.3.3-8: A QoS 2 receiver that has taken the message over answers with PUBREC and its identifier.
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 "0"
            b>s PUBLISH a q0 "1"
            b>p PUBACK #1
            b>s PUBLISH a q0 "2"
            b>p PUBREC #2"#]],
    );
}

#[test]
fn the_lower_qos_wins() {
    both(
        &[Clause::V311_3_8_4_6],
        &[Clause::V5_3_8_4_7, Clause::V5_3_8_4_8],
        "s subscribe a qos=1
         p publish a 0 qos=0
         p publish a 1 qos=1
         p publish a 2 qos=2",
        expect![[r#"
            ? 3.1.1 MQTT-3.8.4-6: A message arrives with the lower of the QoS it was published with and the QoS that was granted.
            b>s SUBACK #1 [01]
            b>s PUBLISH a q0 "0"
            b>s PUBLISH a q1 #1 "1"
            b>p PUBACK #1
            b>s PUBLISH a q1 #2 "2"
            b>p PUBREC #2
            ? 5.0 MQTT-3.8.4-7: That reason code tells the QoS that was granted, or that the subscription failed.
            ? 5.0 MQTT-3.8.4-8: A message arrives with the lower of the QoS it was published with and the QoS that was granted.
            b>s SUBACK #1 [01]
            b>s PUBLISH a q0 "0"
            b>s PUBLISH a q1 #1 "1"
            b>p PUBACK #1
            b>s PUBLISH a q1 #2 "2"
            b>p PUBREC #2"#]],
    );
}

#[test]
fn dup_is_not_passed_on() {
    both(
        &[Clause::V311_3_3_1_3],
        &[Clause::V5_3_3_1_3],
        "s subscribe a qos=2
         p publish a one qos=1 pid=1 dup
         p publish a two qos=2 pid=2 dup",
        expect![[r#"
            = 3.1.1 MQTT-3.3.1-3: DUP says something about this hop only: a forwarded message starts with its own value.
            b>s SUBACK #1 [02]
            b>s PUBLISH a q1 #1 "one"
            b>p PUBACK #1
            b>s PUBLISH a q2 #2 "two"
            b>p PUBREC #2
            = 5.0 MQTT-3.3.1-3: DUP says something about this hop only: a forwarded message starts with its own value.
            b>s SUBACK #1 [02]
            b>s PUBLISH a q1 #1 "one"
            b>p PUBACK #1
            b>s PUBLISH a q2 #2 "two"
            b>p PUBREC #2"#]],
    );
}

#[test]
fn an_accepted_message_goes_to_the_session_of_every_subscriber() {
    both(
        &[Clause::V311_4_5_0_1],
        &[Clause::V5_4_5_0_1],
        "s connect clean=0 expiry=9
         s subscribe a qos=1
         s lost
         t subscribe a qos=1
         p publish a x qos=1
         s connect clean=0 expiry=9",
        expect![[r#"
            ? 3.1.1 MQTT-4.5.0-1: A server that takes a message over adds it to the session of every client that subscribed to it.
            b>s CONNACK present=0 0x00
            b>s SUBACK #1 [01]
            b>t SUBACK #1 [01]
            b>t PUBLISH a q1 #1 "x"
            b>p PUBACK #1
            b>s CONNACK present=1 0x00
            b>s PUBLISH a q1 #1 "x"
            ? 5.0 MQTT-4.5.0-1: A server that takes a message over adds it to the session of every client that subscribed to it.
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [01]
            b>t SUBACK #1 [01]
            b>t PUBLISH a q1 #1 "x"
            b>p PUBACK #1
            b>s CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s PUBLISH a q1 #1 "x""#]],
    );
}

#[test]
fn a_publish_that_is_denied_is_acknowledged_or_refused() {
    both(
        &[Clause::V311_3_3_5_2],
        &[Clause::V5_3_4_2_1],
        "deny p publish a
         s subscribe a
         p publish a x qos=1",
        expect![[r#"
            ? 3.1.1 MQTT-3.3.5-2: A PUBLISH that is not authorized is acknowledged as usual, or its connection closed.
            b>s SUBACK #1 [00]
            b>p PUBACK #1
            ? 5.0 MQTT-3.4.2-1: PUBACK carries one of the reason codes listed for it.
            b>s SUBACK #1 [00]
            b>p PUBACK #1 0x87 ReasonString("it is not authorized")"#]],
    );
}

#[test]
fn pingreq_is_answered() {
    both(
        &[Clause::V311_3_12_4_1],
        &[Clause::V5_3_12_4_1],
        "a ping
         a ping",
        expect![[r#"
            ? 3.1.1 MQTT-3.12.4-1: A PINGREQ is answered by a PINGRESP.
            b>a PINGRESP
            b>a PINGRESP
            ? 5.0 MQTT-3.12.4-1: A PINGREQ is answered by a PINGRESP.
            b>a PINGRESP
            b>a PINGRESP"#]],
    );
}
