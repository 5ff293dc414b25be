//! Connections, sessions and wills, where both standards say the same.

use expect_test::expect;

use super::super::run_twice;
use super::{both, both_with, shows, shows_with};
use crate::broker::Config;
use crate::clause::Clause;

#[test]
fn connack_comes_first_and_once() {
    both(
        &[Clause::V311_3_2_0_1, Clause::V311_3_1_0_2],
        &[Clause::V5_3_2_0_1, Clause::V5_3_2_0_2, Clause::V5_3_1_0_2],
        "s connect clean=0 expiry=9
         s subscribe a qos=1
         s lost
         p publish a x qos=1
         s connect clean=0 expiry=9
         s connect again",
        expect![[r#"
            = 3.1.1 MQTT-3.2.0-1: CONNACK is the first packet a server sends.
            ? 3.1.1 MQTT-3.1.0-2: A client that sends CONNECT twice breaks the protocol and is disconnected.
            b>s CONNACK present=0 0x00
            b>s SUBACK #1 [01]
            b>p PUBACK #1
            b>s CONNACK present=1 0x00
            b>s PUBLISH a q1 #1 "x"
            b|s the packet was not allowed (0x82 Protocol Error)
            = 5.0 MQTT-3.2.0-1: But for AUTH, CONNACK is the first packet a server sends.
            = 5.0 MQTT-3.2.0-2: A server sends CONNACK once on a connection.
            ? 5.0 MQTT-3.1.0-2: A client that sends CONNECT twice breaks the protocol, and the server closes.
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [01]
            b>p PUBACK #1
            b>s CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s PUBLISH a q1 #1 "x"
            b>s DISCONNECT 0x82 ReasonString("the packet was not allowed (0x82 Protocol Error)")
            b|s the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

#[test]
fn a_refusal_has_no_session_and_closes() {
    both(
        &[Clause::V311_3_2_2_4, Clause::V311_3_2_2_5],
        &[
            Clause::V5_3_2_2_6,
            Clause::V5_3_2_2_7,
            Clause::V5_3_1_4_2,
            Clause::V5_4_13_2_1,
        ],
        "a connect clean=0 expiry=9
         a lost
         a connect clean=0 expiry=9 user=nobody",
        expect![[r#"
            = 3.1.1 MQTT-3.2.2-4: A refusal has Session Present 0.
            ? 3.1.1 MQTT-3.2.2-5: After a CONNACK that refuses, the server closes the connection.
            b>a CONNACK present=0 0x00
            b>a CONNACK present=0 0x87
            b|a CONNECT was refused (0x87 Not authorized)
            = 5.0 MQTT-3.2.2-6: A refusal has Session Present 0.
            = 5.0 MQTT-3.2.2-7: After a CONNACK with 0x80 or above the server closes the connection.
            ? 5.0 MQTT-3.1.4-2: A CONNECT that fails any further check closes the connection.
            = 5.0 MQTT-4.13.2-1: An error code of 0x80 or above closes the connection, whether or not it could be sent.
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a CONNACK present=0 0x87 ReasonString("it is not authorized")
            b|a CONNECT was refused (0x87 Not authorized)"#]],
    );
}

#[test]
fn after_a_refusal_nothing_is_processed() {
    both(
        &[Clause::V311_3_1_4_5],
        &[Clause::V5_3_1_4_6],
        "s subscribe w
         a connect user=nobody will=w
         a late",
        expect![[r#"
            = 3.1.1 MQTT-3.1.4-5: What a client sent after a CONNECT that was refused is never processed.
            b>s SUBACK #1 [00]
            b>a CONNACK present=0 0x87
            b|a CONNECT was refused (0x87 Not authorized)
            = 5.0 MQTT-3.1.4-6: After a refusal, nothing that the client sent is processed, AUTH apart.
            b>s SUBACK #1 [00]
            b>a CONNACK present=0 0x87 ReasonString("it is not authorized")
            b|a CONNECT was refused (0x87 Not authorized)"#]],
    );
}

#[test]
fn clean_start_throws_away_and_its_absence_goes_on() {
    both(
        &[
            Clause::V311_3_1_2_4,
            Clause::V311_3_1_2_6,
            Clause::V311_3_1_4_3,
            Clause::V311_3_2_2_1,
            Clause::V311_3_2_2_2,
            Clause::V311_3_2_2_3,
        ],
        &[
            Clause::V5_3_1_2_4,
            Clause::V5_3_1_2_5,
            Clause::V5_3_1_2_6,
            Clause::V5_3_1_4_4,
            Clause::V5_3_2_2_2,
            Clause::V5_3_2_2_3,
        ],
        "a connect id=x clean=0 expiry=9
         a subscribe a qos=1
         a lost
         b connect id=x clean=0 expiry=9
         p publish a heard
         -- taken over
         c connect id=x clean=0 expiry=9
         p publish a also
         -- thrown away
         d connect id=x
         p publish a lost",
        expect![[r#"
            ? 3.1.1 MQTT-3.1.2-4: With Clean Session 0 the server takes up the stored session, or makes one, and keeps it after the disconnect.
            ? 3.1.1 MQTT-3.1.2-6: With Clean Session 1 everything earlier is thrown away, and the new session lives just as long as the connection.
            = 3.1.1 MQTT-3.1.4-3: The server deals with the old session as Clean Session asks.
            = 3.1.1 MQTT-3.2.2-1: After a clean start Session Present is 0.
            = 3.1.1 MQTT-3.2.2-2: Session Present is 1 when the server goes on with a stored session.
            = 3.1.1 MQTT-3.2.2-3: Session Present is 0 when there was no stored session to go on with.
            b>a CONNACK present=0 0x00
            b>a SUBACK #1 [01]
            b>b CONNACK present=1 0x00
            b>b PUBLISH a q0 "heard"
            -- taken over
            b|b another connection came with the same Client Identifier
            b>c CONNACK present=1 0x00
            b>c PUBLISH a q0 "also"
            -- thrown away
            b|c another connection came with the same Client Identifier
            b>d CONNACK present=0 0x00
            ? 5.0 MQTT-3.1.2-4: With Clean Start 1 an existing session is thrown away and a new one begins.
            ? 5.0 MQTT-3.1.2-5: With Clean Start 0 the server goes on with the session it has for this client.
            ? 5.0 MQTT-3.1.2-6: With Clean Start 0 and nothing stored, the server makes a new session.
            = 5.0 MQTT-3.1.4-4: The server deals with the old session as Clean Start asks.
            = 5.0 MQTT-3.2.2-2: After a clean start Session Present is 0.
            = 5.0 MQTT-3.2.2-3: Without a clean start Session Present says whether the server had a session to go on with.
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a SUBACK #1 [01]
            b>b CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>b PUBLISH a q0 "heard"
            -- taken over
            b>b DISCONNECT 0x8E ReasonString("another connection came with the same Client Identifier")
            b|b another connection came with the same Client Identifier
            b>c CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>c PUBLISH a q0 "also"
            -- thrown away
            b>c DISCONNECT 0x8E ReasonString("another connection came with the same Client Identifier")
            b|c another connection came with the same Client Identifier
            b>d CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)"#]],
    );
}

#[test]
fn a_session_lasts_as_long_as_its_connection() {
    both(
        &[Clause::V311_4_1_0_2],
        &[Clause::V5_4_1_0_1],
        "s connect expiry=0
         s subscribe a
         wait 100000000s
         p publish a x",
        expect![[r#"
            = 3.1.1 MQTT-4.1.0-2: A session lives at least as long as its connection is up.
            b>s CONNACK present=0 0x00
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 "x"
            = 5.0 MQTT-4.1.0-1: Neither side drops the session's state while the connection is up.
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 "x""#]],
    );
}

#[test]
fn a_session_is_kept_as_long_as_it_lasts() {
    both(
        &[
            Clause::V311_4_1_0_1,
            Clause::V311_3_1_2_4,
            Clause::V311_3_1_2_5,
            Clause::V311_3_1_3_2,
        ],
        &[Clause::V5_3_1_2_23, Clause::V5_3_1_3_2],
        "s connect clean=0 expiry=1000
         s subscribe a qos=2
         p publish a one qos=2
         s pubrec 1
         s publish a mine qos=2 pid=5
         s lost
         p publish a two qos=1
         wait 999s
         s connect clean=0 expiry=1000
         s publish a mine qos=2 pid=5 dup",
        expect![[r#"
            = 3.1.1 MQTT-4.1.0-1: Both sides keep the session's state for as long as the session lasts.
            ? 3.1.1 MQTT-3.1.2-4: With Clean Session 0 the server takes up the stored session, or makes one, and keeps it after the disconnect.
            ? 3.1.1 MQTT-3.1.2-5: While the client of a stored session is away, the server keeps QoS 1 and 2 messages for its subscriptions.
            = 3.1.1 MQTT-3.1.3-2: Client and server find the session that belongs to them by the Client Identifier.
            b>s CONNACK present=0 0x00
            b>s SUBACK #1 [02]
            b>s PUBLISH a q2 #1 "one"
            b>p PUBREC #1
            b>s PUBREL #1
            b>s PUBLISH a q2 #2 "mine"
            b>s PUBREC #5
            b>p PUBACK #2
            b>s CONNACK present=1 0x00
            b>s PUBREL #1
            b>s PUBLISH a q2 #2 DUP "mine"
            b>s PUBLISH a q1 #3 "two"
            b>s PUBREC #5
            ? 5.0 MQTT-3.1.2-23: With a Session Expiry Interval above 0 both sides keep the session when the connection ends.
            = 5.0 MQTT-3.1.3-2: Client and server find the session that belongs to them by the Client Identifier.
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [02]
            b>s PUBLISH a q2 #1 "one"
            b>p PUBREC #1
            b>s PUBREL #1
            b>s PUBLISH a q2 #2 "mine"
            b>s PUBREC #5
            b>p PUBACK #2
            b>s CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s PUBREL #1
            b>s PUBLISH a q2 #2 DUP "mine"
            b>s PUBLISH a q1 #3 "two"
            b>s PUBREC #5"#]],
    );
}

#[test]
fn retained_messages_outlive_the_session() {
    shows(
        &[Clause::V311_3_1_2_7],
        "p connect
         p publish a x retain
         p disconnect
         p connect
         s subscribe a",
        expect![[r#"
            = 3.1.1 MQTT-3.1.2-7: Retained messages belong to the server, not to a session, and outlive the session that made them.
            b>p CONNACK present=0 0x00
            b|p the client disconnected
            b>p CONNACK present=0 0x00
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 RETAIN "x""#]],
    );
}

#[test]
fn the_will_is_gone_once_published_or_disconnected() {
    both(
        &[
            Clause::V311_3_1_2_8,
            Clause::V311_3_1_2_10,
            Clause::V311_3_14_4_3,
        ],
        &[
            Clause::V5_3_1_2_7,
            Clause::V5_3_1_2_8,
            Clause::V5_3_1_2_10,
            Clause::V5_3_14_4_3,
        ],
        "s subscribe w
         a connect clean=0 expiry=99 will=w
         a lost
         a connect clean=0 expiry=99
         a lost
         -- discarded
         b connect will=w
         b disconnect
         b connect
         b lost",
        expect![[r#"
            ? 3.1.1 MQTT-3.1.2-8: The will is published when the connection ends in any way but by DISCONNECT.
            = 3.1.1 MQTT-3.1.2-10: Once published, or after DISCONNECT, the will is gone from the session.
            ? 3.1.1 MQTT-3.14.4-3: At DISCONNECT the server throws the will away without publishing it.
            b>s SUBACK #1 [00]
            b>a CONNACK present=0 0x00
            b>s PUBLISH w q0 "gone"
            b>a CONNACK present=1 0x00
            -- discarded
            b>b CONNACK present=0 0x00
            b|b the client disconnected
            b>b CONNACK present=0 0x00
            ? 5.0 MQTT-3.1.2-7: A will that comes with CONNECT is stored along with the session.
            ? 5.0 MQTT-3.1.2-8: The will is published when its delay or the session has run out after the close, unless a normal DISCONNECT or a return prevented it.
            = 5.0 MQTT-3.1.2-10: Once published, or after a normal DISCONNECT, the will is gone from the session.
            ? 5.0 MQTT-3.14.4-3: At a normal DISCONNECT the server throws the will away without publishing it.
            b>s SUBACK #1 [00]
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s PUBLISH w q0 "gone"
            b>a CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            -- discarded
            b>b CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b|b the client disconnected
            b>b CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)"#]],
    );
}

#[test]
fn without_a_will_nothing_is_published() {
    shows(
        &[Clause::V311_3_1_2_12],
        "s subscribe #
         a connect
         a lost",
        expect![[r#"
            = 3.1.1 MQTT-3.1.2-12: Without a Will Flag nothing is published when the connection ends.
            b>s SUBACK #1 [00]
            b>a CONNACK present=0 0x00"#]],
    );
}

#[test]
fn a_will_is_published_as_its_will_retain_says() {
    both(
        &[Clause::V311_3_1_2_16, Clause::V311_3_1_2_17],
        &[Clause::V5_3_1_2_14, Clause::V5_3_1_2_15],
        "s subscribe #
         a connect will=plain
         a lost
         b connect will=kept wretain
         b lost
         t subscribe #",
        expect![[r#"
            = 3.1.1 MQTT-3.1.2-16: A will with Will Retain 0 is published as an ordinary message.
            = 3.1.1 MQTT-3.1.2-17: A will with Will Retain 1 is published as a retained message.
            b>s SUBACK #1 [00]
            b>a CONNACK present=0 0x00
            b>s PUBLISH plain q0 "gone"
            b>b CONNACK present=0 0x00
            b>s PUBLISH kept q0 "gone"
            b>t SUBACK #1 [00]
            b>t PUBLISH kept q0 RETAIN "gone"
            = 5.0 MQTT-3.1.2-14: A will with Will Retain 0 is published as an ordinary message.
            = 5.0 MQTT-3.1.2-15: A will with Will Retain 1 is published as a retained message.
            b>s SUBACK #1 [00]
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s PUBLISH plain q0 "gone"
            b>b CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s PUBLISH kept q0 "gone"
            b>t SUBACK #1 [00]
            b>t PUBLISH kept q0 RETAIN "gone""#]],
    );
}

#[test]
fn a_silent_client_is_lost_after_one_and_a_half_keep_alives() {
    both(
        &[Clause::V311_3_1_2_24],
        &[Clause::V5_3_1_2_22, Clause::V5_3_2_2_22],
        "a connect keep=10
         wait 14999ms
         -- not yet
         wait 1ms",
        expect![[r#"
            ? 3.1.1 MQTT-3.1.2-24: A server that hears nothing for one and a half Keep Alive intervals treats the connection as failed.
            b>a CONNACK present=0 0x00
            -- not yet
            b|a the Keep Alive ran out
            ? 5.0 MQTT-3.1.2-22: A server that hears nothing for one and a half Keep Alive intervals treats the connection as failed.
            = 5.0 MQTT-3.2.2-22: Without a Server Keep Alive the server works with the client's own.
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            -- not yet
            b>a DISCONNECT 0x8D ReasonString("the Keep Alive ran out")
            b|a the Keep Alive ran out"#]],
    );
}

#[test]
fn a_client_without_identifier_gets_one_of_its_own() {
    both(
        &[Clause::V311_3_1_3_6],
        &[Clause::V5_3_1_3_6, Clause::V5_3_1_3_7, Clause::V5_3_2_2_16],
        "s subscribe #
         a connect id=
         b connect id=
         a publish t x
         b publish t y",
        expect![[r#"
            ? 3.1.1 MQTT-3.1.3-6: A server that lets a client come without an identifier invents a unique one for it.
            b>s SUBACK #1 [00]
            b>a CONNACK present=0 0x00
            b>b CONNACK present=0 0x00
            b>s PUBLISH t q0 "x"
            b>s PUBLISH t q0 "y"
            ? 5.0 MQTT-3.1.3-6: A server that lets a client come without an identifier gives it a unique one.
            = 5.0 MQTT-3.1.3-7: It then goes on as if the client had sent that one, and tells it in CONNACK.
            = 5.0 MQTT-3.2.2-16: A client that came without an identifier learns a unique one from CONNACK.
            b>s SUBACK #1 [00]
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) AssignedClientIdentifier("auto-0e2c1a002aae913d") TopicAliasMaximum(32)
            b>b CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) AssignedClientIdentifier("auto-2c0fc8ddfa4e9e14") TopicAliasMaximum(32)
            b>s PUBLISH t q0 "x"
            b>s PUBLISH t q0 "y""#]],
    );
}

#[test]
fn the_older_of_two_connections_ends() {
    both(
        &[Clause::V311_3_1_4_2, Clause::V311_3_1_4_4],
        &[Clause::V5_3_1_4_3, Clause::V5_3_1_4_5],
        "a connect id=x
         b connect id=x",
        expect![[r#"
            ? 3.1.1 MQTT-3.1.4-2: When a client connects under an identifier that is already connected, the server ends the older connection.
            ? 3.1.1 MQTT-3.1.4-4: A CONNECT that is accepted is answered by CONNACK with return code 0.
            b>a CONNACK present=0 0x00
            b|a another connection came with the same Client Identifier
            b>b CONNACK present=0 0x00
            ? 5.0 MQTT-3.1.4-3: When a client connects under an identifier that is already connected, the older connection gets DISCONNECT 0x8E and is closed.
            ? 5.0 MQTT-3.1.4-5: A CONNECT that is accepted is answered by CONNACK with reason code 0x00.
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a DISCONNECT 0x8E ReasonString("another connection came with the same Client Identifier")
            b|a another connection came with the same Client Identifier
            b>b CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)"#]],
    );
}

#[test]
fn too_many_unfinished_messages_are_a_passing_error() {
    let config = Config {
        receive_maximum_v3: 1,
        ..Config::default()
    };
    shows_with(
        &config,
        &[Clause::V311_4_8_0_2],
        "p publish a x qos=2
         q publish a x qos=2
         p publish a y qos=2
         q pubrel 1
         q publish a y qos=2",
        expect![[r#"
            ? 3.1.1 MQTT-4.8.0-2: A passing error while a packet is processed costs the connection that the packet came on.
            b>p PUBREC #1
            b>q PUBREC #1
            b|p a limit was reached (0x93 Receive Maximum exceeded)
            b>q PUBCOMP #1
            b>q PUBREC #2"#]],
    );
}

#[test]
fn a_will_beyond_the_maximum_qos_is_refused() {
    let config = Config {
        maximum_qos: crate::packet::QoS::AtLeastOnce,
        ..Config::default()
    };
    both_with(
        &config,
        &[Clause::V311_3_2_2_6],
        &[Clause::V5_3_2_2_9, Clause::V5_3_2_2_12],
        "a connect will=w wqos=2
         b connect will=w wqos=1",
        expect![[r#"
            ? 3.1.1 MQTT-3.2.2-6: If no return code fits, the server closes without sending CONNACK.
            b|a CONNECT was refused (0x9B QoS not supported)
            b>b CONNACK present=0 0x00
            = 5.0 MQTT-3.2.2-9: A server that cannot do QoS 1 or 2 names its Maximum QoS.
            ? 5.0 MQTT-3.2.2-12: A will above the server's Maximum QoS is refused, 0x9B being the code for it.
            b>a CONNACK present=0 0x9B ReasonString("the will has a QoS that is not supported")
            b|a CONNECT was refused (0x9B QoS not supported)
            b>b CONNACK present=0 0x00 ReceiveMaximum(64) MaximumQoS(1) MaximumPacketSize(1048576) TopicAliasMaximum(32)"#]],
    );
}

#[test]
fn identifiers_of_1_to_23_letters_and_digits_are_accepted() {
    let all = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let clauses = [Clause::V311_3_1_3_5, Clause::V5_3_1_3_5];
    for version in ["3.1.1", "5"] {
        let mut script = std::format!("version {version}\n");
        let mut count = 0;
        for length in 1..=23 {
            for start in (0..all.len()).step_by(length) {
                let id = &all[start..all.len().min(start + length)];
                script.push_str(&std::format!("a connect id={id}\na disconnect\n"));
                count += 1;
            }
        }
        let run = run_twice(&Config::default(), &script);
        let accepted = run.output.matches("CONNACK present=0 0x00").count();
        assert_eq!(accepted, count, "{clauses:?}");
    }
}
