//! Messages and subscriptions, where both standards say the same.

use expect_test::expect;

use super::{both, both_with, shows};
use crate::broker::Config;
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
fn one_subscribe_means_as_much_as_several() {
    both(
        &[Clause::V311_3_8_4_4],
        &[Clause::V5_3_8_4_5],
        "s subscribe a b/# qos=1
         t subscribe a qos=1
         t subscribe b/# qos=1
         p publish a x
         p publish b/c y",
        expect![[r#"
            = 3.1.1 MQTT-3.8.4-4: Several filters in one SUBSCRIBE mean as much as one SUBSCRIBE each, but for the single answer.
            b>s SUBACK #1 [01 01]
            b>t SUBACK #1 [01]
            b>t SUBACK #2 [01]
            b>s PUBLISH a q0 "x"
            b>t PUBLISH a q0 "x"
            b>s PUBLISH b/c q0 "y"
            b>t PUBLISH b/c q0 "y"
            = 5.0 MQTT-3.8.4-5: Several filters in one SUBSCRIBE mean as much as one SUBSCRIBE each, but for the single answer.
            b>s SUBACK #1 [01 01]
            b>t SUBACK #1 [01]
            b>t SUBACK #2 [01]
            b>s PUBLISH a q0 "x"
            b>t PUBLISH a q0 "x"
            b>s PUBLISH b/c q0 "y"
            b>t PUBLISH b/c q0 "y""#]],
    );
}

#[test]
fn one_unsubscribe_means_as_much_as_several() {
    both(
        &[Clause::V311_3_10_4_6],
        &[Clause::V5_3_10_4_6],
        "s subscribe a b c
         t subscribe a b c
         s unsubscribe a b
         t unsubscribe a
         t unsubscribe b
         p publish a x
         p publish b y
         p publish c z",
        expect![[r#"
            = 3.1.1 MQTT-3.10.4-6: Several filters in one UNSUBSCRIBE mean as much as one UNSUBSCRIBE each, but for the single answer.
            b>s SUBACK #1 [00 00 00]
            b>t SUBACK #1 [00 00 00]
            b>s UNSUBACK #2 []
            b>t UNSUBACK #2 []
            b>t UNSUBACK #3 []
            b>s PUBLISH c q0 "z"
            b>t PUBLISH c q0 "z"
            = 5.0 MQTT-3.10.4-6: Several filters in one UNSUBSCRIBE mean as much as one UNSUBSCRIBE each, but for the single answer.
            b>s SUBACK #1 [00 00 00]
            b>t SUBACK #1 [00 00 00]
            b>s UNSUBACK #2 [00 00]
            b>t UNSUBACK #2 [00]
            b>t UNSUBACK #3 [00]
            b>s PUBLISH c q0 "z"
            b>t PUBLISH c q0 "z""#]],
    );
}

#[test]
fn nothing_new_after_unsubscribe_but_what_began_is_finished() {
    both(
        &[Clause::V311_3_10_4_2, Clause::V311_3_10_4_3],
        &[Clause::V5_3_10_4_2, Clause::V5_3_10_4_3],
        "s subscribe a qos=2
         p publish a begun qos=2
         p publish a too qos=1
         s unsubscribe a
         p publish a new qos=2
         s pubrec 1
         s puback 2
         s pubcomp 1",
        expect![[r#"
            = 3.1.1 MQTT-3.10.4-2: After the deletion no further messages are added for the client.
            = 3.1.1 MQTT-3.10.4-3: Deliveries at QoS 1 and 2 that were under way are brought to their end.
            b>s SUBACK #1 [02]
            b>s PUBLISH a q2 #1 "begun"
            b>p PUBREC #1
            b>s PUBLISH a q1 #2 "too"
            b>p PUBACK #2
            b>s UNSUBACK #2 []
            b>p PUBREC #3
            b>s PUBREL #1
            = 5.0 MQTT-3.10.4-2: After the deletion no further messages are added for the client.
            = 5.0 MQTT-3.10.4-3: Deliveries at QoS 1 and 2 that were under way are brought to their end.
            b>s SUBACK #1 [02]
            b>s PUBLISH a q2 #1 "begun"
            b>p PUBREC #1
            b>s PUBLISH a q1 #2 "too"
            b>p PUBACK #2
            b>s UNSUBACK #2 [00]
            b>p PUBREC #3 0x10
            b>s PUBREL #1"#]],
    );
}

#[test]
fn a_filter_is_deleted_only_when_it_is_the_same() {
    both(
        &[Clause::V311_3_10_4_1, Clause::V311_3_10_4_5],
        &[Clause::V5_3_10_4_1, Clause::V5_3_10_4_5],
        "s subscribe a/+ a/b
         s unsubscribe A/b
         s unsubscribe a/b
         p publish a/b x",
        expect![[r#"
            ? 3.1.1 MQTT-3.10.4-1: A subscription is deleted if its filter is the same as the one named, character by character.
            ? 3.1.1 MQTT-3.10.4-5: The UNSUBACK comes even when there was nothing to delete.
            b>s SUBACK #1 [00 00]
            b>s UNSUBACK #2 []
            b>s UNSUBACK #3 []
            b>s PUBLISH a/b q0 "x"
            ? 5.0 MQTT-3.10.4-1: A subscription is deleted if its filter is the same as the one named, character by character.
            ? 5.0 MQTT-3.10.4-5: The UNSUBACK has the request's Packet Identifier and comes even when there was nothing to delete.
            b>s SUBACK #1 [00 00]
            b>s UNSUBACK #2 [11]
            b>s UNSUBACK #3 [00]
            b>s PUBLISH a/b q0 "x""#]],
    );
}

#[test]
fn subscribing_again_replaces_and_brings_the_retained_message_again() {
    both(
        &[Clause::V311_3_8_4_3],
        &[Clause::V5_3_8_4_3, Clause::V5_3_8_4_4, Clause::V5_3_3_1_9],
        "p publish a kept retain
         s subscribe a qos=0
         s subscribe a qos=1
         p publish a x qos=2",
        expect![[r#"
            ? 3.1.1 MQTT-3.8.4-3: Subscribing to the same filter again replaces the subscription, sends the retained messages again, and interrupts nothing.
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 RETAIN "kept"
            b>s SUBACK #2 [01]
            b>s PUBLISH a q0 RETAIN "kept"
            b>s PUBLISH a q1 #1 "x"
            b>p PUBREC #1
            ? 5.0 MQTT-3.8.4-3: Subscribing to the same filter again replaces the subscription.
            = 5.0 MQTT-3.8.4-4: Replacing a subscription with Retain Handling 0 sends the retained messages again and loses nothing.
            ? 5.0 MQTT-3.3.1-9: Retain Handling 0 brings the retained messages with every SUBSCRIBE.
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 RETAIN "kept"
            b>s SUBACK #2 [01]
            b>s PUBLISH a q0 RETAIN "kept"
            b>s PUBLISH a q1 #1 "x"
            b>p PUBREC #1"#]],
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
fn the_best_of_several_subscriptions_decides() {
    both(
        &[Clause::V311_3_3_5_1],
        &[Clause::V5_3_3_4_2],
        "s subscribe a/#
         s subscribe a/b qos=2
         s subscribe +/b qos=1
         p publish a/b x qos=2",
        expect![[r#"
            = 3.1.1 MQTT-3.3.5-1: Where several subscriptions of a client match, the best QoS among them decides.
            b>s SUBACK #1 [00]
            b>s SUBACK #2 [02]
            b>s SUBACK #3 [01]
            b>s PUBLISH a/b q2 #1 "x"
            b>p PUBREC #1
            = 5.0 MQTT-3.3.4-2: Where several subscriptions of a client match, the best QoS among them decides.
            b>s SUBACK #1 [00]
            b>s SUBACK #2 [02]
            b>s SUBACK #3 [01]
            b>s PUBLISH a/b q2 #1 "x"
            b>p PUBREC #1"#]],
    );
}

#[test]
fn a_message_for_who_was_there_is_not_retained_to_them() {
    both(
        &[Clause::V311_3_3_1_9],
        &[Clause::V5_3_3_1_12],
        "s subscribe a
         p publish a x retain",
        expect![[r#"
            = 3.1.1 MQTT-3.3.1-9: A message that reaches a subscription that was already there has RETAIN 0.
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 "x"
            = 5.0 MQTT-3.3.1-12: Without Retain As Published a forwarded message has RETAIN 0.
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 "x""#]],
    );
}

#[test]
fn only_a_message_with_retain_touches_what_is_retained() {
    both(
        &[
            Clause::V311_3_3_1_5,
            Clause::V311_3_3_1_7,
            Clause::V311_3_3_1_12,
        ],
        &[Clause::V5_3_3_1_5, Clause::V5_3_3_1_8],
        "p publish a one retain qos=1
         p publish a two retain
         p publish a three qos=1
         s subscribe a qos=1",
        expect![[r#"
            ? 3.1.1 MQTT-3.3.1-5: A message with RETAIN 1 is stored, with its QoS, for those who subscribe later.
            = 3.1.1 MQTT-3.3.1-7: A retained QoS 0 message takes the place of whatever was retained before.
            = 3.1.1 MQTT-3.3.1-12: A message with RETAIN 0 leaves the retained message of its topic alone.
            b>p PUBACK #1
            b>p PUBACK #2
            b>s SUBACK #1 [01]
            b>s PUBLISH a q0 RETAIN "two"
            ? 5.0 MQTT-3.3.1-5: A message with RETAIN 1 takes the place of the topic's retained message.
            = 5.0 MQTT-3.3.1-8: A message with RETAIN 0 leaves the retained message of its topic alone.
            b>p PUBACK #1 0x10
            b>p PUBACK #2 0x10
            b>s SUBACK #1 [01]
            b>s PUBLISH a q0 RETAIN "two""#]],
    );
}

#[test]
fn an_empty_retained_message_clears_and_is_never_kept() {
    both(
        &[Clause::V311_3_3_1_10, Clause::V311_3_3_1_11],
        &[Clause::V5_3_3_1_6, Clause::V5_3_3_1_7],
        "s subscribe a
         p publish a one retain
         p publish a \"\" retain
         t subscribe a",
        expect![[r#"
            ? 3.1.1 MQTT-3.3.1-10: An empty retained message goes to the subscribers and clears what the topic had retained.
            = 3.1.1 MQTT-3.3.1-11: An empty message is never kept as a retained one.
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 "one"
            b>s PUBLISH a q0 ""
            b>t SUBACK #1 [00]
            ? 5.0 MQTT-3.3.1-6: An empty retained message goes to the subscribers and clears what the topic had retained.
            = 5.0 MQTT-3.3.1-7: An empty message is never kept as a retained one.
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 "one"
            b>s PUBLISH a q0 ""
            b>t SUBACK #1 [00]"#]],
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
fn a_subscriber_gets_only_what_its_filters_match() {
    both(
        &[Clause::V311_3_3_2_3],
        &[Clause::V5_3_3_2_3],
        "s subscribe a/+ c
         p publish a/b 1
         p publish a/b/c 2
         p publish b 3
         p publish a 4
         p publish c 5",
        expect![[r#"
            = 3.1.1 MQTT-3.3.2-3: A server sends a subscriber only topics that its filter matches.
            b>s SUBACK #1 [00 00]
            b>s PUBLISH a/b q0 "1"
            b>s PUBLISH c q0 "5"
            = 5.0 MQTT-3.3.2-3: A server sends a subscriber only topics that its filter matches.
            b>s SUBACK #1 [00 00]
            b>s PUBLISH a/b q0 "1"
            b>s PUBLISH c q0 "5""#]],
    );
}

#[test]
fn a_leading_wildcard_does_not_reach_dollar_topics() {
    both(
        &[Clause::V311_4_7_2_1],
        &[Clause::V5_4_7_2_1],
        "s subscribe #
         t subscribe +/up
         u subscribe $SYS/+
         own $SYS/up x",
        expect![[r#"
            = 3.1.1 MQTT-4.7.2-1: A filter that begins with a wildcard does not reach topics that begin with $.
            b>s SUBACK #1 [00]
            b>t SUBACK #1 [00]
            b>u SUBACK #1 [00]
            b>u PUBLISH $SYS/up q0 "x"
            = 5.0 MQTT-4.7.2-1: A filter that begins with a wildcard does not reach topics that begin with $.
            b>s SUBACK #1 [00]
            b>t SUBACK #1 [00]
            b>u SUBACK #1 [00]
            b>u PUBLISH $SYS/up q0 "x""#]],
    );
}

#[test]
fn topics_are_compared_as_they_are() {
    both(
        &[Clause::V311_4_7_3_4],
        &[Clause::V5_4_7_3_4],
        "s subscribe Accounts accounts/ /accounts é
         r subscribe accounts é
         p publish accounts x
         p publish Accounts y
         p publish é z
         p publish é w",
        expect![[r#"
            = 3.1.1 MQTT-4.7.3-4: A server compares topics as they are and never rewrites them.
            b>s SUBACK #1 [00 00 00 00]
            b>r SUBACK #1 [00 00]
            b>r PUBLISH accounts q0 "x"
            b>s PUBLISH Accounts q0 "y"
            b>s PUBLISH é q0 "z"
            b>r PUBLISH é q0 "w"
            = 5.0 MQTT-4.7.3-4: A server compares topics as they are and never rewrites them.
            b>s SUBACK #1 [00 00 00 00]
            b>r SUBACK #1 [00 00]
            b>r PUBLISH accounts q0 "x"
            b>s PUBLISH Accounts q0 "y"
            b>s PUBLISH é q0 "z"
            b>r PUBLISH é q0 "w""#]],
    );
}

#[test]
fn hash_fills_the_last_level() {
    both(
        &[Clause::V311_4_7_1_2],
        &[Clause::V5_4_7_1_1],
        "s subscribe a/#/b
         t subscribe a#",
        expect![[r#"
            ? 3.1.1 MQTT-4.7.1-2: The wildcard # fills the last level of a filter, and only that.
            b|s the packet was not allowed (0x82 Protocol Error)
            b|t the packet was not allowed (0x82 Protocol Error)
            ? 5.0 MQTT-4.7.1-1: The wildcard # fills the last level of a filter, and only that.
            b>s DISCONNECT 0x82 ReasonString("a Topic Filter breaks the syntax")
            b|s the packet was not allowed (0x82 Protocol Error)
            b>t DISCONNECT 0x82 ReasonString("a Topic Filter breaks the syntax")
            b|t the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

#[test]
fn plus_fills_a_whole_level() {
    both(
        &[Clause::V311_4_7_1_3],
        &[Clause::V5_4_7_1_2],
        "s subscribe a/b+
         t subscribe +a/b",
        expect![[r#"
            ? 3.1.1 MQTT-4.7.1-3: The wildcard + fills a whole level of a filter.
            b|s the packet was not allowed (0x82 Protocol Error)
            b|t the packet was not allowed (0x82 Protocol Error)
            ? 5.0 MQTT-4.7.1-2: The wildcard + fills a whole level of a filter.
            b>s DISCONNECT 0x82 ReasonString("a Topic Filter breaks the syntax")
            b|s the packet was not allowed (0x82 Protocol Error)
            b>t DISCONNECT 0x82 ReasonString("a Topic Filter breaks the syntax")
            b|t the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

#[test]
fn a_filter_has_at_least_one_character() {
    both(
        &[Clause::V311_4_7_3_1],
        &[Clause::V5_4_7_3_1],
        "s subscribe \"\"",
        expect![[r#"
            ? 3.1.1 MQTT-4.7.3-1: Topic Names and Topic Filters have at least one character.
            b|s the packet was not allowed (0x82 Protocol Error)
            ? 5.0 MQTT-4.7.3-1: Topic Names and Topic Filters have at least one character.
            b>s DISCONNECT 0x82 ReasonString("a Topic Filter breaks the syntax")
            b|s the packet was not allowed (0x82 Protocol Error)"#]],
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
fn without_wildcards_their_filters_are_refused() {
    let config = Config {
        wildcard_subscriptions: false,
        ..Config::default()
    };
    both_with(
        &config,
        &[Clause::V311_3_8_3_2],
        &[Clause::V5_3_8_4_7],
        "s subscribe a/# a",
        expect![[r#"
            = 3.1.1 MQTT-3.8.3-2: A server that does not do wildcards refuses subscriptions that have them.
            b>s SUBACK #1 [80 00]
            ? 5.0 MQTT-3.8.4-7: That reason code tells the QoS that was granted, or that the subscription failed.
            b>s SUBACK #1 [a2 00]"#]],
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
