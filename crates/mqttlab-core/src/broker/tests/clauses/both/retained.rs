//! Retained messages.

use expect_test::expect;

use crate::broker::tests::clauses::both;
use crate::clause::Clause;

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
