//! What only 5.0 demands.

use expect_test::expect;

use super::{shows, shows_with};
use crate::broker::{Config, Overlap};
use crate::clause::Clause;

#[test]
fn a_lower_maximum_qos_still_takes_subscriptions_that_ask_for_more() {
    let config = Config {
        maximum_qos: crate::packet::QoS::AtLeastOnce,
        ..Config::default()
    };
    shows_with(
        &config,
        &[Clause::V5_3_2_2_9, Clause::V5_3_2_2_10],
        "version 5
         s connect
         s subscribe a qos=2
         p publish a x qos=1
         p publish a y qos=2",
        expect![[r#"
            = 5.0 MQTT-3.2.2-9: A server that cannot do QoS 1 or 2 names its Maximum QoS.
            = 5.0 MQTT-3.2.2-10: Even then it accepts subscriptions that ask for more.
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumQoS(1) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [01]
            b>s PUBLISH a q1 #1 "x"
            b>p PUBACK #1
            b>p DISCONNECT 0x9B ReasonString("the QoS is not supported")
            b|p the packet was not allowed (0x9B QoS not supported)"#]],
    );
}

#[test]
fn aliases_stay_within_what_the_client_allows() {
    shows(
        &[
            Clause::V5_3_1_2_26,
            Clause::V5_3_1_2_27,
            Clause::V5_3_3_2_7,
            Clause::V5_3_3_2_11,
        ],
        "version 5
         s connect aliases=1 clean=0 expiry=9
         s subscribe #
         t subscribe #
         p publish a 1
         p publish a 2
         p publish b 3
         -- a new connection knows no aliases
         s lost
         s connect aliases=1 clean=0 expiry=9
         p publish a 4
         p publish a 5",
        expect![[r#"
            = 5.0 MQTT-3.1.2-26: A server uses no Topic Alias above the client's Topic Alias Maximum.
            = 5.0 MQTT-3.1.2-27: A client that names no Topic Alias Maximum gets no aliases.
            = 5.0 MQTT-3.3.2-7: A Topic Alias means nothing on another connection.
            = 5.0 MQTT-3.3.2-11: A server uses no Topic Alias above what CONNECT allowed.
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [00]
            b>t SUBACK #1 [00]
            b>s PUBLISH a q0 "1" TopicAlias(1)
            b>t PUBLISH a q0 "1"
            b>s PUBLISH  q0 "2" TopicAlias(1)
            b>t PUBLISH a q0 "2"
            b>s PUBLISH b q0 "3"
            b>t PUBLISH b q0 "3"
            -- a new connection knows no aliases
            b>s CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s PUBLISH a q0 "4" TopicAlias(1)
            b>t PUBLISH a q0 "4"
            b>s PUBLISH  q0 "5" TopicAlias(1)
            b>t PUBLISH a q0 "5""#]],
    );
}

#[test]
fn response_information_comes_when_asked_for() {
    let config = Config {
        response_information: "reply/".into(),
        ..Config::default()
    };
    shows_with(
        &config,
        &[Clause::V5_3_1_2_28],
        "version 5
         a connect
         b connect response",
        expect![[r#"
            = 5.0 MQTT-3.1.2-28: A client that did not ask for Response Information gets none.
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>b CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32) ResponseInformation("reply/")"#]],
    );
}

#[test]
fn without_problem_information_nothing_but_connack_and_disconnect_explains() {
    shows(
        &[Clause::V5_3_1_2_29],
        "version 5
         deny p publish a
         p connect noproblem
         p publish a x qos=1
         p publish a y qos=2
         p connect noproblem again
         q connect
         q publish a x qos=1
         deny q publish a
         q publish a x qos=1",
        expect![[r#"
            ? 5.0 MQTT-3.1.2-29: A client that does not want problem information gets reason strings and user properties only on PUBLISH, CONNACK and DISCONNECT.
            b>p CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>p PUBACK #1 0x87
            b>p PUBREC #2 0x87
            b>p DISCONNECT 0x82 ReasonString("the packet was not allowed (0x82 Protocol Error)")
            b|p the packet was not allowed (0x82 Protocol Error)
            b>q CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>q PUBACK #1 0x10
            b>q PUBACK #2 0x87 ReasonString("it is not authorized")"#]],
    );
}

#[test]
fn reason_strings_go_where_they_would_be_too_large() {
    shows(
        &[
            Clause::V5_3_4_2_2,
            Clause::V5_3_5_2_2,
            Clause::V5_3_14_2_3,
            Clause::V5_3_1_2_24,
        ],
        "version 5
         deny p publish a
         deny q publish a
         p connect size=24
         p publish a x qos=1
         p publish a x qos=2
         p subscribe b+
         q connect size=27
         q publish a x qos=1
         q publish a x qos=2",
        expect![[r#"
            ? 5.0 MQTT-3.4.2-2: PUBACK goes without its Reason String where that would make it too large.
            ? 5.0 MQTT-3.5.2-2: PUBREC goes without its Reason String where that would make it too large.
            ? 5.0 MQTT-3.14.2-3: DISCONNECT goes without its Reason String where that would make it too large.
            = 5.0 MQTT-3.1.2-24: A server sends no packet larger than the client's Maximum Packet Size.
            b>p CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>p PUBACK #1 0x87
            b>p PUBREC #2 0x87
            b>p DISCONNECT 0x82
            b|p the packet was not allowed (0x82 Protocol Error)
            b>q CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>q PUBACK #1 0x87
            b>q PUBREC #2 0x87"#]],
    );
}

#[test]
fn connack_goes_without_its_reason_string_where_it_would_be_too_large() {
    shows(
        &[Clause::V5_3_2_2_19],
        "version 5
         a connect user=nobody size=20
         b connect user=nobody",
        expect![[r#"
            ? 5.0 MQTT-3.2.2-19: CONNACK goes without its Reason String where that would make it too large for the client.
            b>a CONNACK present=0 0x87
            b|a CONNECT was refused (0x87 Not authorized)
            b>b CONNACK present=0 0x87 ReasonString("it is not authorized")
            b|b CONNECT was refused (0x87 Not authorized)"#]],
    );
}

#[test]
fn an_assigned_identifier_is_the_clients_own() {
    shows(
        &[
            Clause::V5_3_1_3_6,
            Clause::V5_3_1_3_7,
            Clause::V5_3_2_2_16,
            Clause::V5_3_1_2_5,
        ],
        "version 5
         a connect id= clean=0 expiry=9
         a subscribe t
         a lost
         b connect id=auto-0e2c1a002aae913d clean=0 expiry=9
         p publish t x",
        expect![[r#"
            ? 5.0 MQTT-3.1.3-6: A server that lets a client come without an identifier gives it a unique one.
            = 5.0 MQTT-3.1.3-7: It then goes on as if the client had sent that one, and tells it in CONNACK.
            = 5.0 MQTT-3.2.2-16: A client that came without an identifier learns a unique one from CONNACK.
            ? 5.0 MQTT-3.1.2-5: With Clean Start 0 the server goes on with the session it has for this client.
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) AssignedClientIdentifier("auto-0e2c1a002aae913d") TopicAliasMaximum(32)
            b>a SUBACK #1 [00]
            b>b CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>b PUBLISH t q0 "x""#]],
    );
}

#[test]
fn user_properties_of_a_will_keep_their_order() {
    shows(
        &[Clause::V5_3_1_3_10],
        "version 5
         s subscribe w
         a connect will=w will-user:b=1 will-user:a=2 will-user:b=0
         a lost",
        expect![[r#"
            = 5.0 MQTT-3.1.3-10: The user properties of a will are published in their order.
            b>s SUBACK #1 [00]
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s PUBLISH w q0 "gone" UserProperty("b", "1") UserProperty("a", "2") UserProperty("b", "0")"#]],
    );
}

#[test]
fn a_client_that_comes_back_in_time_keeps_its_will_unsent() {
    shows(
        &[Clause::V5_3_1_3_9, Clause::V5_3_1_2_8],
        "version 5
         s subscribe w
         a connect clean=0 expiry=99 will=w delay=10
         a lost
         wait 9s
         a connect clean=0 expiry=99 will=w delay=10
         a lost
         wait 10s",
        expect![[r#"
            ? 5.0 MQTT-3.1.3-9: A client that comes back to its session before the Will Delay has passed keeps its will from being sent.
            ? 5.0 MQTT-3.1.2-8: The will is published when its delay or the session has run out after the close, unless a normal DISCONNECT or a return prevented it.
            b>s SUBACK #1 [00]
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s PUBLISH w q0 "gone""#]],
    );
}

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
fn disconnect_is_sent_only_to_who_was_let_in() {
    shows(
        &[Clause::V5_3_14_0_1],
        "version 5
         a open
         a ping
         b connect user=nobody
         c ping
         c subscribe a+",
        expect![[r#"
            = 5.0 MQTT-3.14.0-1: A server sends DISCONNECT only after a CONNACK that let the client in.
            b|a the packet was not allowed (0x82 Protocol Error)
            b>b CONNACK present=0 0x87 ReasonString("it is not authorized")
            b|b CONNECT was refused (0x87 Not authorized)
            b>c PINGRESP
            b>c DISCONNECT 0x82 ReasonString("a Topic Filter breaks the syntax")
            b|c the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

#[test]
fn disconnect_is_the_last_packet_and_the_connection_closes() {
    shows(
        &[
            Clause::V5_3_14_4_1,
            Clause::V5_3_14_4_2,
            Clause::V5_4_13_1_1,
            Clause::V5_4_13_2_1,
        ],
        "version 5
         s subscribe a qos=1
         s subscribe a+
         p publish a x qos=1
         s late",
        expect![[r#"
            = 5.0 MQTT-3.14.4-1: Nothing is sent after DISCONNECT.
            = 5.0 MQTT-3.14.4-2: Whoever sent DISCONNECT closes the connection.
            = 5.0 MQTT-4.13.1-1: A server that finds a packet malformed or out of place closes the connection.
            = 5.0 MQTT-4.13.2-1: An error code of 0x80 or above closes the connection, whether or not it could be sent.
            b>s SUBACK #1 [01]
            b>s DISCONNECT 0x82 ReasonString("a Topic Filter breaks the syntax")
            b|s the packet was not allowed (0x82 Protocol Error)
            b>p PUBACK #1 0x10"#]],
    );
}

#[test]
fn a_normal_disconnect_discards_the_will() {
    shows(
        &[Clause::V5_3_14_4_3],
        "version 5
         s subscribe w
         a connect will=w
         a disconnect
         b connect will=w
         b disconnect reason=4",
        expect![[r#"
            ? 5.0 MQTT-3.14.4-3: At a normal DISCONNECT the server throws the will away without publishing it.
            b>s SUBACK #1 [00]
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b|a the client disconnected
            b>b CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b|b the client disconnected
            b>s PUBLISH w q0 "gone""#]],
    );
}

#[test]
fn an_unknown_method_is_refused() {
    shows(
        &[Clause::V5_4_12_0_1],
        "version 5
         answer 140
         a connect method=X",
        expect![[r#"
            ? 5.0 MQTT-4.12.0-1: An authentication method that the server does not know may be answered with 0x8C or 0x87, and the connection is closed.
            b>a CONNACK present=0 0x8C ReasonString("it is not authorized")
            b|a CONNECT was refused (0x8C Bad authentication method)"#]],
    );
}

#[test]
fn a_refused_authentication_says_so_in_connack() {
    shows(
        &[
            Clause::V5_4_12_0_2,
            Clause::V5_4_12_0_4,
            Clause::V5_4_12_0_5,
        ],
        "version 5
         answer more
         a connect method=M
         answer 135
         a auth method=M reason=24",
        expect![[r#"
            ? 5.0 MQTT-4.12.0-2: A server that needs more for an authentication sends AUTH with 0x18.
            ? 5.0 MQTT-4.12.0-4: A server that refuses an authentication may say so in CONNACK, and closes.
            = 5.0 MQTT-4.12.0-5: Every AUTH and the final CONNACK name the method that CONNECT chose.
            b>a AUTH 0x18 AuthenticationMethod("M") AuthenticationData([109, 111, 114, 101, 63])
            b>a CONNACK present=0 0x87 ReasonString("it is not authorized")
            b|a CONNECT was refused (0x87 Not authorized)"#]],
    );
}

#[test]
fn who_chose_no_method_gets_no_auth() {
    shows(
        &[Clause::V5_4_12_0_6],
        "version 5
         a connect
         answer more
         b connect",
        expect![[r#"
            ? 5.0 MQTT-4.12.0-6: A client that chose no method gets no AUTH and no method in CONNACK.
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>b CONNACK present=0 0x87 ReasonString("more is asked of a client that chose no Authentication Method")
            b|b CONNECT was refused (0x87 Not authorized)"#]],
    );
}

#[test]
fn who_chose_no_method_may_send_no_auth() {
    shows(
        &[Clause::V5_4_12_0_7],
        "version 5
         a auth method=M reason=25",
        expect![[r#"
            ? 5.0 MQTT-4.12.0-7: A client that chose no method sends no AUTH.
            b>a DISCONNECT 0x82 ReasonString("CONNECT had no Authentication Method")
            b|a the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

#[test]
fn only_auth_and_disconnect_may_come_before_connack() {
    shows(
        &[Clause::V5_3_1_2_30],
        "version 5
         answer more
         a connect method=M
         a publish t x",
        expect![[r#"
            ? 5.0 MQTT-3.1.2-30: A client that began an extended authentication sends nothing but AUTH and DISCONNECT until CONNACK.
            b>a AUTH 0x18 AuthenticationMethod("M") AuthenticationData([109, 111, 114, 101, 63])
            b|a the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

#[test]
fn another_method_is_not_taken_later() {
    shows(
        &[Clause::V5_4_12_1_1],
        "version 5
         a connect method=M
         a auth method=N reason=25",
        expect![[r#"
            ? 5.0 MQTT-4.12.1-1: A client that authenticates again uses the method it began with.
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32) AuthenticationMethod("M")
            b>a DISCONNECT 0x82 ReasonString("the Authentication Method is another than in CONNECT")
            b|a the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

#[test]
fn a_second_authentication_that_fails_closes() {
    shows(
        &[Clause::V5_4_12_1_2],
        "version 5
         a connect method=M
         answer deny
         a auth method=M reason=25",
        expect![[r#"
            ? 5.0 MQTT-4.12.1-2: When the second authentication fails, the connection is closed, preferably with a DISCONNECT that says why.
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32) AuthenticationMethod("M")
            b>a DISCONNECT 0x87 ReasonString("it was closed from here (0x87 Not authorized)")
            b|a it was closed from here (0x87 Not authorized)"#]],
    );
}

#[test]
fn each_member_of_a_share_gets_its_own_qos() {
    shows(
        &[Clause::V5_4_8_2_3],
        "version 5
         a subscribe $share/g/t qos=1
         b subscribe $share/g/t
         p publish t 1 qos=2
         p publish t 2 qos=2",
        expect![[r#"
            ? 5.0 MQTT-4.8.2-3: A member of a shared subscription gets messages with the QoS granted to that member.
            b>a SUBACK #1 [01]
            b>b SUBACK #1 [00]
            b>a PUBLISH t q1 #1 "1"
            b>p PUBREC #1
            b>b PUBLISH t q0 "2"
            b>p PUBREC #2"#]],
    );
}

#[test]
fn a_share_needs_a_name_and_a_filter() {
    shows(
        &[Clause::V5_4_8_2_1, Clause::V5_4_8_2_2],
        "version 5
         a subscribe $share//t
         b subscribe $share/g
         c subscribe $share/+/t
         d subscribe $share/g/t
         p publish t x",
        expect![[r#"
            = 5.0 MQTT-4.8.2-1: The filter of a shared subscription begins with $share/ and a name of at least one character.
            ? 5.0 MQTT-4.8.2-2: That name has no /, + or #, and a / and a Topic Filter come after it.
            b>a DISCONNECT 0x82 ReasonString("a Topic Filter breaks the syntax")
            b|a the packet was not allowed (0x82 Protocol Error)
            b>b DISCONNECT 0x82 ReasonString("a Topic Filter breaks the syntax")
            b|b the packet was not allowed (0x82 Protocol Error)
            b>c DISCONNECT 0x82 ReasonString("a Topic Filter breaks the syntax")
            b|c the packet was not allowed (0x82 Protocol Error)
            b>d SUBACK #1 [00]
            b>d PUBLISH t q0 "x""#]],
    );
}

#[test]
fn a_qos_2_delivery_is_finished_with_the_member_that_began_it() {
    shows(
        &[Clause::V5_4_8_2_4],
        "version 5
         a connect clean=0 expiry=99
         a subscribe $share/g/t qos=2
         p publish t 1 qos=2
         b subscribe $share/g/t qos=2
         a lost
         -- the member is away
         wait 10s
         a connect clean=0 expiry=99",
        expect![[r#"
            = 5.0 MQTT-4.8.2-4: A QoS 2 delivery to a member that dropped off is finished when the member comes back.
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a SUBACK #1 [02]
            b>a PUBLISH t q2 #1 "1"
            b>p PUBREC #1
            b>b SUBACK #1 [02]
            -- the member is away
            b>a CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a PUBLISH t q2 #1 DUP "1""#]],
    );
}

#[test]
fn a_qos_2_delivery_whose_member_is_gone_goes_to_nobody_else() {
    shows(
        &[Clause::V5_4_8_2_5],
        "version 5
         a subscribe $share/g/t qos=2
         p publish t 1 qos=2
         b subscribe $share/g/t qos=2
         a lost",
        expect![[r#"
            = 5.0 MQTT-4.8.2-5: If that member's session ends first, the message goes to nobody else.
            b>a SUBACK #1 [02]
            b>a PUBLISH t q2 #1 "1"
            b>p PUBREC #1
            b>b SUBACK #1 [02]"#]],
    );
}

#[test]
fn what_a_member_turned_down_is_not_offered_to_another() {
    shows(
        &[Clause::V5_4_8_2_6, Clause::V5_4_4_0_2],
        "version 5
         a subscribe $share/g/t qos=2
         p publish t 1 qos=1
         p publish t 2 qos=2
         b subscribe $share/g/t qos=2
         a puback 1 reason=135
         a pubrec 2 reason=135
         a lost",
        expect![[r#"
            = 5.0 MQTT-4.8.2-6: A message that a member turned down with an error code is not offered to another member.
            ? 5.0 MQTT-4.4.0-2: A PUBACK or PUBREC that reports an error settles the message as well: it is not sent again.
            b>a SUBACK #1 [02]
            b>a PUBLISH t q1 #1 "1"
            b>p PUBACK #1
            b>a PUBLISH t q2 #2 "2"
            b>p PUBREC #2
            b>b SUBACK #1 [02]"#]],
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
