//! What only 5.0 demands.

mod auth;
mod messages;
mod shares;

use expect_test::expect;

use super::{shows, shows_with};
use crate::broker::Config;
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
