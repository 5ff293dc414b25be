//! What a message carries, and how long.

use expect_test::expect;

use crate::broker::tests::clauses::{shows, shows_with};
use crate::broker::{Config, Overlap};
use crate::clause::Clause;

#[test]
fn properties_of_a_message_are_passed_on_as_they_came() {
    shows(
        &[
            Clause::V5_3_3_2_4,
            Clause::V5_3_3_2_15,
            Clause::V5_3_3_2_16,
            Clause::V5_3_3_2_17,
            Clause::V5_3_3_2_18,
            Clause::V5_3_3_2_20,
        ],
        "version 5
         s subscribe a
         p publish a x format=1 type=text reply=r data=d user:k=2 user:j=1 user:k=1",
        expect![[r#"
            = 5.0 MQTT-3.3.2-4: A server passes the Payload Format Indicator on as it came.
            = 5.0 MQTT-3.3.2-15: A server passes the Response Topic on as it came.
            = 5.0 MQTT-3.3.2-16: A server passes Correlation Data on as it came.
            = 5.0 MQTT-3.3.2-17: A server passes the user properties of a message on as they came.
            = 5.0 MQTT-3.3.2-18: The user properties of a message keep their order.
            = 5.0 MQTT-3.3.2-20: A server passes the Content Type on as it came.
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 "x" PayloadFormatIndicator(1) ContentType("text") ResponseTopic("r") CorrelationData([100]) UserProperty("k", "2") UserProperty("j", "1") UserProperty("k", "1")"#]],
    );
}

#[test]
fn retain_as_published_keeps_retain() {
    shows(
        &[Clause::V5_3_3_1_12, Clause::V5_3_3_1_13],
        "version 5
         s subscribe a rap
         t subscribe a
         p publish a x retain
         p publish a y",
        expect![[r#"
            = 5.0 MQTT-3.3.1-12: Without Retain As Published a forwarded message has RETAIN 0.
            = 5.0 MQTT-3.3.1-13: With Retain As Published a forwarded message keeps the RETAIN it came with.
            b>s SUBACK #1 [00]
            b>t SUBACK #1 [00]
            b>s PUBLISH a q0 RETAIN "x"
            b>t PUBLISH a q0 "x"
            b>s PUBLISH a q0 "y"
            b>t PUBLISH a q0 "y""#]],
    );
}

#[test]
fn retain_handling_says_when_retained_messages_come() {
    shows(
        &[Clause::V5_3_3_1_9, Clause::V5_3_3_1_10, Clause::V5_3_3_1_11],
        "version 5
         p publish a x retain
         -- 0
         s subscribe a rh=0
         s subscribe a rh=0
         -- 1
         t subscribe a rh=1
         t subscribe a rh=1
         -- 2
         u subscribe a rh=2",
        expect![[r#"
            ? 5.0 MQTT-3.3.1-9: Retain Handling 0 brings the retained messages with every SUBSCRIBE.
            ? 5.0 MQTT-3.3.1-10: Retain Handling 1 brings the retained messages only where the subscription is new.
            ? 5.0 MQTT-3.3.1-11: Retain Handling 2 brings no retained messages.
            -- 0
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 RETAIN "x"
            b>s SUBACK #2 [00]
            b>s PUBLISH a q0 RETAIN "x"
            -- 1
            b>t SUBACK #1 [00]
            b>t PUBLISH a q0 RETAIN "x"
            b>t SUBACK #2 [00]
            -- 2
            b>u SUBACK #1 [00]"#]],
    );
}

#[test]
fn a_message_expires_while_it_waits_and_else_its_interval_shrinks() {
    shows(
        &[Clause::V5_3_3_2_5, Clause::V5_3_3_2_6],
        "version 5
         s connect clean=0 expiry=99
         s subscribe a qos=1
         s lost
         p publish a stays qos=1 expiry=10
         p publish a goes qos=1 expiry=3
         wait 4s
         s connect clean=0 expiry=99",
        expect![[r#"
            ? 5.0 MQTT-3.3.2-5: A message whose time ran out before its delivery began is deleted for that subscriber.
            = 5.0 MQTT-3.3.2-6: A message that waited is passed on with its Message Expiry Interval shortened by the wait.
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [01]
            b>p PUBACK #1
            b>p PUBACK #2
            b>s CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s PUBLISH a q1 #1 "stays" MessageExpiryInterval(6)"#]],
    );
}

#[test]
fn one_copy_carries_all_subscription_identifiers() {
    shows(
        &[Clause::V5_3_3_4_3, Clause::V5_3_3_4_4],
        "version 5
         s subscribe a/# sid=1
         s subscribe a/b sid=2
         s subscribe +/b
         p publish a/b x
         p publish a/c y",
        expect![[r#"
            = 5.0 MQTT-3.3.4-3: A message carries the Subscription Identifiers of the subscriptions it is sent for.
            = 5.0 MQTT-3.3.4-4: One copy for several subscriptions carries all their identifiers.
            b>s SUBACK #1 [00]
            b>s SUBACK #2 [00]
            b>s SUBACK #3 [00]
            b>s PUBLISH a/b q0 "x" SubscriptionIdentifier(1) SubscriptionIdentifier(2)
            b>s PUBLISH a/c q0 "y" SubscriptionIdentifier(1)"#]],
    );
}

#[test]
fn a_copy_for_each_subscription_carries_its_own_identifier() {
    let config = Config {
        overlap: Overlap::PerSubscription,
        ..Config::default()
    };
    shows_with(
        &config,
        &[Clause::V5_3_3_4_3, Clause::V5_3_3_4_5],
        "version 5
         s subscribe a/# sid=1
         s subscribe a/b sid=2 qos=1
         s subscribe +/b
         p publish a/b x qos=1",
        expect![[r#"
            = 5.0 MQTT-3.3.4-3: A message carries the Subscription Identifiers of the subscriptions it is sent for.
            = 5.0 MQTT-3.3.4-5: Where each subscription gets its own copy, each copy carries its own identifier.
            b>s SUBACK #1 [00]
            b>s SUBACK #2 [01]
            b>s SUBACK #3 [00]
            b>s PUBLISH a/b q0 "x" SubscriptionIdentifier(1)
            b>s PUBLISH a/b q1 #1 "x" SubscriptionIdentifier(2)
            b>s PUBLISH a/b q0 "x"
            b>p PUBACK #1"#]],
    );
}

#[test]
fn a_full_window_holds_back_messages_above_qos_0_and_nothing_else() {
    shows(
        &[
            Clause::V5_3_3_4_9,
            Clause::V5_3_3_4_10,
            Clause::V5_4_9_0_1,
            Clause::V5_4_9_0_2,
            Clause::V5_4_9_0_3,
        ],
        "version 5
         s connect receive=2
         s subscribe a qos=2
         p publish a 1 qos=1
         p publish a 2 qos=2
         p publish a 3 qos=1
         -- the window is full
         s ping
         s subscribe b
         p publish b 5
         s publish c 6 qos=1
         s publish c 7 qos=2
         s pubrec 2
         -- and has room again
         s puback 1
         s pubcomp 2
         p publish a 8 qos=1
         p publish a 9 qos=1",
        expect![[r#"
            ? 5.0 MQTT-3.3.4-9: A server has no more unacknowledged messages under way than the client's Receive Maximum.
            = 5.0 MQTT-3.3.4-10: A full window holds back messages above QoS 0 and nothing else from the server.
            = 5.0 MQTT-4.9.0-1: The send quota begins at the peer's Receive Maximum, which is never 0.
            = 5.0 MQTT-4.9.0-2: Each PUBLISH above QoS 0 uses one up, and at 0 no more of them are sent.
            = 5.0 MQTT-4.9.0-3: Every other packet is dealt with even when the quota is used up.
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [02]
            b>s PUBLISH a q1 #1 "1"
            b>p PUBACK #1
            b>s PUBLISH a q2 #2 "2"
            b>p PUBREC #2
            b>p PUBACK #3
            -- the window is full
            b>s PINGRESP
            b>s SUBACK #2 [00]
            b>s PUBLISH b q0 "5"
            b>s PUBACK #3 0x10
            b>s PUBREC #4 0x10
            b>s PUBREL #2
            -- and has room again
            b>s PUBLISH a q1 #3 "3"
            b>s PUBLISH a q1 #4 "8"
            b>p PUBACK #4
            b>p PUBACK #5"#]],
    );
}

#[test]
fn the_identifier_of_a_refused_qos_2_message_is_free() {
    shows(
        &[Clause::V5_4_3_3_9, Clause::V5_4_4_0_2],
        "version 5
         deny p publish bad
         s subscribe #
         p publish bad x qos=2 pid=1
         p publish good y qos=2 pid=1",
        expect![[r#"
            = 5.0 MQTT-4.3.3-9: After a PUBREC of 0x80 or above a QoS 2 receiver takes the same identifier for a new message.
            = 5.0 MQTT-4.4.0-2: A PUBACK or PUBREC that reports an error settles the message as well: it is not sent again.
            b>s SUBACK #1 [00]
            b>p PUBREC #1 0x87 ReasonString("it is not authorized")
            b>s PUBLISH good q0 "y"
            b>p PUBREC #1"#]],
    );
}

#[test]
fn a_qos_2_message_no_longer_expires_once_it_is_sent() {
    shows(
        &[Clause::V5_4_3_3_7],
        "version 5
         s connect clean=0 expiry=99
         s subscribe a qos=2
         p publish a x qos=2 expiry=1
         s lost
         wait 50s
         s connect clean=0 expiry=99
         s pubrec 1
         s pubcomp 1",
        expect![[r#"
            = 5.0 MQTT-4.3.3-7: Once a QoS 2 PUBLISH is sent, its message no longer expires.
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [02]
            b>s PUBLISH a q2 #1 "x" MessageExpiryInterval(1)
            b>p PUBREC #1
            b>s CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s PUBLISH a q2 #1 DUP "x" MessageExpiryInterval(0)
            b>s PUBREL #1"#]],
    );
}

#[test]
fn a_qos_2_exchange_is_finished_even_when_the_message_has_expired() {
    shows(
        &[
            Clause::V5_4_3_3_13,
            Clause::V5_4_3_3_10,
            Clause::V5_4_3_3_11,
        ],
        "version 5
         s subscribe a
         p publish a x qos=2 pid=1 expiry=1
         wait 50s
         p publish a x qos=2 pid=1 expiry=1 dup
         p pubrel 1",
        expect![[r#"
            = 5.0 MQTT-4.3.3-13: A QoS 2 receiver finishes the exchange even when the message has expired.
            ? 5.0 MQTT-4.3.3-10: Until PUBREL comes, a QoS 2 receiver answers a repeated PUBLISH with PUBREC and passes nothing on again.
            ? 5.0 MQTT-4.3.3-11: A QoS 2 receiver answers PUBREL with PUBCOMP and the same identifier.
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 "x" MessageExpiryInterval(1)
            b>p PUBREC #1
            b>p PUBREC #1
            b>p PUBCOMP #1"#]],
    );
}
