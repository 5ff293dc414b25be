//! Which topics a filter matches, and what becomes of it.

use expect_test::expect;

use crate::broker::Config;
use crate::broker::tests::clauses::{both, both_with};
use crate::clause::Clause;

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
