//! Enhanced authentication.

use expect_test::expect;

use crate::broker::tests::clauses::shows;
use crate::clause::Clause;

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
            b>a DISCONNECT 0x87 ReasonString("the broker closed it (0x87 Not authorized)")
            b|a the broker closed it (0x87 Not authorized)"#]],
    );
}
