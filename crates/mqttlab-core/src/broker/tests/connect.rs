//! CONNECT, its refusals, takeover, Keep Alive, and everything that must not come before it.

use expect_test::expect;

use super::{check, check_with, run};
use crate::broker::{Config, ForeignSession, WillOnTakeover};
use crate::clause::Clause;
use crate::packet::Version;

#[test]
fn connect_is_answered_by_connack() {
    check("a connect", expect!["b>a CONNACK present=0 0x00"]).because(&[Clause::V311_3_1_4_4]);
}

#[test]
fn a_connection_that_says_nothing_is_closed_after_five_seconds() {
    check(
        "a open\n wait 4999ms\n -- still there\n wait 1ms",
        expect![[r#"
            -- still there
            b|a no CONNECT came in time"#]],
    );
}

#[test]
fn the_first_packet_is_connect() {
    check(
        "a open
         a connect here
         b open
         b late",
        expect![[r#"
            b>a CONNACK present=0 0x00
            b|b the packet was not allowed (0x82 Protocol Error)"#]],
    )
    .because(&[Clause::V311_3_1_0_1]);
    let run = check(
        "version 3.1.1\na open\na malformed",
        expect!["b|a the bytes were no packet"],
    );
    assert_eq!(run.broker.usage().connections, 0);
}

#[test]
fn a_second_connect_ends_the_connection_with_its_will() {
    check(
        "watch subscribe w
         a connect will=w
         a connect again",
        expect![[r#"
            b>watch SUBACK #1 [00]
            b>a CONNACK present=0 0x00
            b|a the packet was not allowed (0x82 Protocol Error)
            b>watch PUBLISH w q0 "gone""#]],
    )
    .because(&[Clause::V311_3_1_0_2, Clause::V311_3_1_2_8]);
}

#[test]
fn an_unknown_level_is_told_so() {
    check(
        "a open\n a malformed level",
        expect![[r#"
        b>a CONNACK present=0 0x84
        b|a CONNECT was refused (0x84 Unsupported Protocol Version)"#]],
    )
    .because(&[Clause::V311_3_1_2_2]);
    check(
        "version 5\n a open\n a malformed level",
        expect![[r#"
        b>a CONNACK present=0 0x84
        b|a CONNECT was refused (0x84 Unsupported Protocol Version)"#]],
    )
    .because(&[Clause::V5_3_1_2_2]);
}

#[test]
fn a_version_that_is_not_accepted_is_told_so() {
    let config = Config {
        versions: [Version::V5].into(),
        ..Config::default()
    };
    check_with(
        config,
        "a connect",
        expect![[r#"
        b>a CONNACK present=0 0x84
        b|a CONNECT was refused (0x84 Unsupported Protocol Version)"#]],
    )
    .because(&[Clause::V311_3_1_2_2]);
    let config = Config {
        versions: [Version::V3_1_1].into(),
        ..Config::default()
    };
    check_with(
        config,
        "a connect v=5",
        expect![[r#"
        b>a CONNACK present=0 0x84 ReasonString("this version of MQTT is not accepted")
        b|a CONNECT was refused (0x84 Unsupported Protocol Version)"#]],
    )
    .because(&[Clause::V5_3_1_2_2]);
}

#[test]
fn a_malformed_connect_gets_no_connack() {
    check(
        "a open\n a malformed",
        expect!["b|a the bytes were no packet"],
    );
}

#[test]
fn an_empty_client_identifier_needs_a_clean_session() {
    check(
        "a connect id= clean=0",
        expect![[r#"
        b>a CONNACK present=0 0x85
        b|a CONNECT was refused (0x85 Client Identifier not valid)"#]],
    )
    .because(&[Clause::V311_3_1_3_8]);
    check(
        "a connect id= clean=1",
        expect!["b>a CONNACK present=0 0x00"],
    )
    .because(&[Clause::V311_3_1_3_6]);
    check(
        "a connect v=3.1 id= clean=1",
        expect![[r#"
        b>a CONNACK present=0 0x85
        b|a CONNECT was refused (0x85 Client Identifier not valid)"#]],
    );
    check("a connect v=5 id= clean=0", expect![[r#"b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) AssignedClientIdentifier("auto-0e2c1a002aae913d") TopicAliasMaximum(32)"#]]).because(&[Clause::V5_3_1_3_6]);
    let config = Config {
        empty_client_id: false,
        ..Config::default()
    };
    check_with(
        config,
        "a connect id=",
        expect![[r#"
        b>a CONNACK present=0 0x85
        b|a CONNECT was refused (0x85 Client Identifier not valid)"#]],
    );
}

#[test]
fn a_long_client_identifier_is_refused() {
    let config = Config {
        client_id_length_max: 4,
        ..Config::default()
    };
    check_with(
        config.clone(),
        "abcde connect",
        expect![[r#"
        b>abcde CONNACK present=0 0x85
        b|abcde CONNECT was refused (0x85 Client Identifier not valid)"#]],
    )
    .because(&[Clause::V311_3_1_3_9]);
    check_with(
        config,
        "abcde connect v=5",
        expect![[r#"
        b>abcde CONNACK present=0 0x85 ReasonString("the Client Identifier is too long")
        b|abcde CONNECT was refused (0x85 Client Identifier not valid)"#]],
    )
    .because(&[Clause::V5_3_1_3_8]);
}

#[test]
fn bad_credentials_are_refused_by_their_code() {
    check(
        "a connect user=mallory\n b connect user=nobody",
        expect![[r#"
        b>a CONNACK present=0 0x86
        b|a CONNECT was refused (0x86 Bad User Name or Password)
        b>b CONNACK present=0 0x87
        b|b CONNECT was refused (0x87 Not authorized)"#]],
    )
    .because(&[Clause::V311_3_2_2_5]);
    check(
        "a connect v=5 user=mallory\n b connect v=5 user=nobody noproblem",
        expect![[r#"
            b>a CONNACK present=0 0x86 ReasonString("it is not authorized")
            b|a CONNECT was refused (0x86 Bad User Name or Password)
            b>b CONNACK present=0 0x87 ReasonString("it is not authorized")
            b|b CONNECT was refused (0x87 Not authorized)"#]],
    )
    .because(&[Clause::V5_3_1_4_2]);
}

/// [MQTT-3.2.2-6]: a reason without a code means no CONNACK.
#[test]
fn a_refusal_without_a_code_has_no_connack() {
    check(
        "answer 138\n a connect\n answer 151\n b connect\n answer 128\n c connect",
        expect![[r#"
            b>a CONNACK present=0 0x87
            b|a CONNECT was refused (0x8A Banned)
            b>b CONNACK present=0 0x88
            b|b CONNECT was refused (0x97 Quota exceeded)
            b|c CONNECT was refused (0x80 Unspecified error)"#]],
    );
}

#[test]
fn too_many_connections_are_refused() {
    let config = Config {
        connections_max: 1,
        ..Config::default()
    };
    check_with(
        config,
        "a connect\n b connect",
        expect![[r#"
        b>a CONNACK present=0 0x00
        b>b CONNACK present=0 0x88
        b|b CONNECT was refused (0x89 Server busy)"#]],
    );
    let config = Config {
        sessions_max: 1,
        ..Config::default()
    };
    check_with(
        config,
        "a connect\n b connect\n a connect",
        expect![[r#"
        b>a CONNACK present=0 0x00
        b>b CONNACK present=0 0x88
        b|b CONNECT was refused (0x97 Quota exceeded)
        b|a another connection came with the same Client Identifier
        b>a CONNACK present=0 0x00"#]],
    );
}

#[test]
fn a_refused_connect_touches_no_session() {
    check(
        "a connect id=x clean=0
         b connect id=x user=mallory
         a ping",
        expect![[r#"
            b>a CONNACK present=0 0x00
            b>b CONNACK present=0 0x86
            b|b CONNECT was refused (0x86 Bad User Name or Password)
            b>a PINGRESP"#]],
    );
}

/// I6: at most one connection for each Client Identifier.
#[test]
fn a_second_connection_takes_over() {
    check(
        "a connect id=x will=w
         watch subscribe w
         b connect id=x
         a late
         b ping",
        expect![[r#"
            b>a CONNACK present=0 0x00
            b>watch SUBACK #1 [00]
            b|a another connection came with the same Client Identifier
            b>watch PUBLISH w q0 "gone"
            b>b CONNACK present=0 0x00
            b>b PINGRESP"#]],
    )
    .because(&[Clause::V311_3_1_4_2]);
}

#[test]
fn a_5_0_client_is_told_that_it_is_taken_over() {
    check("a connect v=5 id=x\n b connect v=5 id=x", expect![[r#"
        b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
        b>a DISCONNECT 0x8E ReasonString("another connection came with the same Client Identifier")
        b|a another connection came with the same Client Identifier
        b>b CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)"#]]).because(&[Clause::V5_3_1_4_3]);
}

#[test]
fn the_will_of_a_takeover_may_come_after_the_connack() {
    let config = Config {
        will_on_takeover: WillOnTakeover::AfterConnack,
        ..Config::default()
    };
    check_with(
        config,
        "watch subscribe w
         a connect id=x will=w
         b connect id=x",
        expect![[r#"
            b>watch SUBACK #1 [00]
            b>a CONNACK present=0 0x00
            b|a another connection came with the same Client Identifier
            b>b CONNACK present=0 0x00
            b>watch PUBLISH w q0 "gone""#]],
    );
}

#[test]
fn a_client_that_takes_over_gets_its_own_will_once() {
    let config = Config {
        will_on_takeover: WillOnTakeover::AfterConnack,
        ..Config::default()
    };
    check_with(
        config,
        "a connect clean=0 will=w wqos=1
         a subscribe w qos=1
         a connect clean=0",
        expect![[r#"
            b>a CONNACK present=0 0x00
            b>a SUBACK #1 [01]
            b|a another connection came with the same Client Identifier
            b>a CONNACK present=1 0x00
            b>a PUBLISH w q1 #1 "gone""#]],
    );
}

/// SAFETY: fifty connections with one name leave exactly one.
#[test]
fn of_fifty_connections_with_one_name_one_survives() {
    let mut script = alloc::string::String::new();
    for n in 0..50 {
        script.push_str(&alloc::format!("c{n} connect id=x\n"));
    }
    script.push_str("c49 ping");
    let run = run(Config::default(), &script);
    assert!(run.output.ends_with("b>c49 PINGRESP\n"));
    assert_eq!(run.broker.usage().connections, 1);
    assert_eq!(run.broker.counters().taken_over, 49);
}

#[test]
fn a_session_belongs_to_its_user() {
    let script = "a connect id=x clean=0 user=ann
         a subscribe s qos=1
         a lost
         b connect id=x clean=0 user=bob
         c connect id=x clean=0 user=ann";
    check(
        script,
        expect![[r#"
        b>a CONNACK present=0 0x00
        b>a SUBACK #1 [01]
        b>b CONNACK present=0 0x87
        b|b CONNECT was refused (0x87 Not authorized)
        b>c CONNACK present=1 0x00"#]],
    );
    let foreign_session = ForeignSession::Replace;
    check_with(
        Config {
            foreign_session,
            ..Config::default()
        },
        script,
        expect![[r#"
            b>a CONNACK present=0 0x00
            b>a SUBACK #1 [01]
            b>b CONNACK present=0 0x00
            b|b another connection came with the same Client Identifier
            b>c CONNACK present=0 0x00"#]],
    );
    let foreign_session = ForeignSession::Share;
    check_with(
        Config {
            foreign_session,
            ..Config::default()
        },
        script,
        expect![[r#"
            b>a CONNACK present=0 0x00
            b>a SUBACK #1 [01]
            b>b CONNACK present=1 0x00
            b|b another connection came with the same Client Identifier
            b>c CONNACK present=1 0x00"#]],
    );
}

#[test]
fn keep_alive_counts_what_comes_in() {
    check(
        "a connect keep=10
         wait 14s
         a ping
         wait 14999ms
         -- 14.999 s after the last packet
         wait 1ms",
        expect![[r#"
            b>a CONNACK present=0 0x00
            b>a PINGRESP
            -- 14.999 s after the last packet
            b|a the Keep Alive ran out"#]],
    )
    .because(&[Clause::V311_3_1_2_24]);
}

#[test]
fn what_the_broker_sends_does_not_keep_a_client_alive() {
    check(
        "sub connect keep=10
         sub subscribe a
         wait 10s
         pub publish a x
         wait 5s",
        expect![[r#"
            b>sub CONNACK present=0 0x00
            b>sub SUBACK #1 [00]
            b>sub PUBLISH a q0 "x"
            b|sub the Keep Alive ran out"#]],
    );
}

#[test]
fn keep_alive_0_is_off() {
    check(
        "a connect keep=0\n wait 100000s\n a ping",
        expect![[r#"
        b>a CONNACK present=0 0x00
        b>a PINGRESP"#]],
    );
}

#[test]
fn a_keep_alive_that_is_too_long_is_lowered() {
    let config = Config {
        keep_alive_max: 60,
        ..Config::default()
    };
    check_with(
        config,
        "a connect v=5 keep=120\n wait 90s\n b connect v=5 keep=0\n wait 90s",
        expect![[r#"
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32) ServerKeepAlive(60)
            b>a DISCONNECT 0x8D ReasonString("the Keep Alive ran out")
            b|a the Keep Alive ran out
            b>b CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32) ServerKeepAlive(60)
            b>b DISCONNECT 0x8D ReasonString("the Keep Alive ran out")
            b|b the Keep Alive ran out"#]],
    );
}

#[test]
fn pingreq_is_answered() {
    check("a ping", expect!["b>a PINGRESP"]).because(&[Clause::V311_3_12_4_1]);
}

#[test]
fn what_only_a_server_sends_breaks_the_protocol() {
    check(
        "a pingresp",
        expect!["b|a the packet was not allowed (0x82 Protocol Error)"],
    )
    .because(&[Clause::V311_4_8_0_1]);
    check(
        "version 5\n a pingresp",
        expect![[r#"
            b>a DISCONNECT 0x82 ReasonString("only a server sends it")
            b|a the packet was not allowed (0x82 Protocol Error)"#]],
    )
    .because(&[Clause::V5_4_13_1_1]);
}

#[test]
fn the_answer_may_come_later() {
    check(
        "answer pending
         a connect
         -- nothing yet
         a authorized allow
         a ping",
        expect![[r#"
            -- nothing yet
            b>a CONNACK present=0 0x00
            b>a PINGRESP"#]],
    );
    check(
        "answer pending\n a connect\n a authorized deny",
        expect![[r#"
        b>a CONNACK present=0 0x87
        b|a CONNECT was refused (0x87 Not authorized)"#]],
    );
    check(
        "answer pending\n a connect\n a connect again",
        expect!["b|a the packet was not allowed (0x82 Protocol Error)"],
    );
}

#[test]
fn the_time_for_connect_stands_still_while_the_driver_asks() {
    check(
        "answer pending\n a connect\n wait 60s\n a authorized allow\n a ping",
        expect![[r#"
            b>a CONNACK present=0 0x00
            b>a PINGRESP"#]],
    );
    // It goes on where it is the client's turn again.
    check(
        "version 5\n answer pending\n a connect method=M\n wait 60s\n a authorized more\n wait 5s",
        expect![[r#"
            b>a AUTH 0x18 AuthenticationMethod("M") AuthenticationData([109, 111, 114, 101, 63])
            b|a no CONNECT came in time"#]],
    );
}

#[test]
fn malformed_bytes_end_a_connection_with_its_will() {
    check(
        "watch subscribe w\n a connect will=w\n a malformed",
        expect![[r#"
            b>watch SUBACK #1 [00]
            b>a CONNACK present=0 0x00
            b|a the bytes were no packet
            b>watch PUBLISH w q0 "gone""#]],
    );
    check(
        "watch subscribe w\n a connect v=5 will=w\n version 5\n a malformed large",
        expect![[r#"
            b>watch SUBACK #1 [00]
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a DISCONNECT 0x95 ReasonString("the packet is larger than allowed")
            b|a a limit was reached (0x95 Packet too large)
            b>watch PUBLISH w q0 "gone""#]],
    );
}

#[test]
fn an_operator_may_close_a_connection_and_end_a_session() {
    check(
        "watch subscribe w
         a connect clean=0 will=w
         a kick
         a connect clean=0 will=w
         end a
         a connect v=5 clean=0
         end nobody",
        expect![[r#"
            b>watch SUBACK #1 [00]
            b>a CONNACK present=0 0x00
            b|a the broker closed it (0x98 Administrative action)
            b>watch PUBLISH w q0 "gone"
            b>a CONNACK present=1 0x00
            b|a the broker closed it (0x98 Administrative action)
            b>watch PUBLISH w q0 "gone"
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)"#]],
    );
}
