//! The standards, statement by statement: what the client does, under the sentences that demand it.

use std::fmt::Write;
use std::format;
use std::string::String;

use bytes::Bytes;
use expect_test::{Expect, expect};

use super::rig::Rig;
use super::{five, kept};
use crate::clause::Clause;
use crate::client::{AuthOptions, Options};

/// Runs a script and compares what the client does, under the statements that this shows to be kept. The client itself
/// gives those marked `?` as the reason of a decision; the others show in what it does alone.
#[track_caller]
fn shows(options: Options, clauses: &[Clause], script: &str, expected: Expect) {
    expected.assert_eq(&report(&options, "", clauses, script));
}

/// The same for both standards, whose statements differ but in their numbers; the client is connected before it begins.
#[track_caller]
fn both(change: fn(&mut Options), v311: &[Clause], v5: &[Clause], script: &str, expected: Expect) {
    let mut text = String::new();
    for (mut options, clauses) in [(kept(), v311), (five(), v5)] {
        change(&mut options);
        text.push_str(&report(
            &options,
            "connect\nopened\n< connack",
            clauses,
            script,
        ));
    }
    expected.assert_eq(&text);
}

/// What the client does after `before`, under the statements.
fn report(options: &Options, before: &str, clauses: &[Clause], script: &str) -> String {
    let play = |script: &str| {
        let mut rig = Rig::new(options.clone());
        rig.run(before);
        rig.out.clear();
        rig.run(script);
        rig.out
    };
    let traced = play(&format!("trace\n{script}"));
    let mut text = String::new();
    for clause in clauses {
        let end = format!("[{clause}]");
        let mut lines = traced.lines().map(str::trim_start);
        let said = lines.any(|line| line.starts_with('?') && line.ends_with(&end));
        let (mark, version) = (if said { '?' } else { '=' }, clause.version());
        let summary = clause.summary();
        writeln!(text, "{mark} {version} {clause}: {summary}").expect("a string takes all");
    }
    text + &play(script)
}

#[test]
fn disconnect_is_the_last_thing_and_closes() {
    both(
        |_| {},
        &[Clause::V311_3_14_4_1, Clause::V311_3_14_4_2],
        &[Clause::V5_3_14_4_1, Clause::V5_3_14_4_2],
        "disconnect
         publish a 1 q1
         < publish b x q1 id=7
         wait 100",
        expect![[r#"
            ? 3.1.1 MQTT-3.14.4-1: A client closes its connection after DISCONNECT.
            = 3.1.1 MQTT-3.14.4-2: A client sends nothing after DISCONNECT.
            disconnect
                > DISCONNECT
                close
                * disconnected: asked for
            publish a 1 q1
            < publish b x q1 id=7
            wait 100
            = 5.0 MQTT-3.14.4-1: Nothing is sent after DISCONNECT.
            ? 5.0 MQTT-3.14.4-2: Whoever sent DISCONNECT closes the connection.
            disconnect
                > DISCONNECT
                close
                * disconnected: asked for
            publish a 1 q1
            < publish b x q1 id=7
            wait 100
                60.0 s: SessionExpiry
        "#]],
    );
}

#[test]
fn every_publish_is_acknowledged_wanted_or_not() {
    both(
        |_| {},
        &[Clause::V311_4_5_0_2, Clause::V311_3_3_4_1],
        &[Clause::V5_4_5_0_2, Clause::V5_3_3_4_1],
        "< publish nobody/asked x
         < publish nobody/asked y q1 id=4
         < publish nobody/asked z q2 id=5
         < pubrel 5",
        expect![[r#"
            = 3.1.1 MQTT-4.5.0-2: A client acknowledges every PUBLISH it gets, whether or not it makes use of it.
            ? 3.1.1 MQTT-3.3.4-1: A receiver answers a PUBLISH in the way its QoS demands.
            < publish nobody/asked x
                * message "nobody/asked" "x"
            < publish nobody/asked y q1 id=4
                * message "nobody/asked" "y" q1 id=4
                > PUBACK 4
            < publish nobody/asked z q2 id=5
                * message "nobody/asked" "z" q2 id=5
                > PUBREC 5
            < pubrel 5
                > PUBCOMP 5
            = 5.0 MQTT-4.5.0-2: A client acknowledges every PUBLISH it gets, whether or not it makes use of it.
            ? 5.0 MQTT-3.3.4-1: A receiver answers a PUBLISH in the way its QoS demands.
            < publish nobody/asked x
                * message "nobody/asked" "x"
            < publish nobody/asked y q1 id=4
                * message "nobody/asked" "y" q1 id=4
                > PUBACK 4
            < publish nobody/asked z q2 id=5
                * message "nobody/asked" "z" q2 id=5
                > PUBREC 5
            < pubrel 5
                > PUBCOMP 5
        "#]],
    );
}

#[test]
fn answers_go_out_in_the_order_of_what_came() {
    both(
        |_| {},
        &[
            Clause::V311_4_6_0_2,
            Clause::V311_4_6_0_3,
            Clause::V311_4_6_0_4,
        ],
        &[Clause::V5_4_6_0_2, Clause::V5_4_6_0_3, Clause::V5_4_6_0_4],
        "publish a 1 q2
         publish a 2 q2
         < publish b w q1 id=9
         < publish b x q2 id=8
         < publish b y q1 id=7
         < publish b z q2 id=6
         < pubrec 2
         < pubrec 1",
        expect![[r#"
            = 3.1.1 MQTT-4.6.0-2: PUBACKs go out in the order in which the QoS 1 messages came.
            = 3.1.1 MQTT-4.6.0-3: PUBRECs go out in the order in which the QoS 2 messages came.
            = 3.1.1 MQTT-4.6.0-4: PUBRELs go out in the order in which the PUBRECs came.
            publish a 1 q2
                > PUBLISH "a" "1" q2 id=1
            publish a 2 q2
                > PUBLISH "a" "2" q2 id=2
            < publish b w q1 id=9
                * message "b" "w" q1 id=9
                > PUBACK 9
            < publish b x q2 id=8
                * message "b" "x" q2 id=8
                > PUBREC 8
            < publish b y q1 id=7
                * message "b" "y" q1 id=7
                > PUBACK 7
            < publish b z q2 id=6
                * message "b" "z" q2 id=6
                > PUBREC 6
            < pubrec 2
                > PUBREL 2
            < pubrec 1
                > PUBREL 1
            = 5.0 MQTT-4.6.0-2: PUBACKs go out in the order in which the QoS 1 messages came.
            = 5.0 MQTT-4.6.0-3: PUBRECs go out in the order in which the QoS 2 messages came.
            = 5.0 MQTT-4.6.0-4: PUBRELs go out in the order in which the PUBRECs came.
            publish a 1 q2
                > PUBLISH "a" "1" q2 id=1
            publish a 2 q2
                > PUBLISH "a" "2" q2 id=2
            < publish b w q1 id=9
                * message "b" "w" q1 id=9
                > PUBACK 9
            < publish b x q2 id=8
                * message "b" "x" q2 id=8
                > PUBREC 8
            < publish b y q1 id=7
                * message "b" "y" q1 id=7
                > PUBACK 7
            < publish b z q2 id=6
                * message "b" "z" q2 id=6
                > PUBREC 6
            < pubrec 2
                > PUBREL 2
            < pubrec 1
                > PUBREL 1
        "#]],
    );
}

#[test]
fn what_is_sent_again_keeps_order_and_identifiers() {
    both(
        |_| {},
        &[
            Clause::V311_2_3_1_3,
            Clause::V311_3_3_1_1,
            Clause::V311_4_4_0_1,
            Clause::V311_4_6_0_1,
        ],
        &[Clause::V5_3_3_1_1, Clause::V5_4_4_0_1, Clause::V5_4_6_0_1],
        "publish a 1 q1
         publish a 2 q2
         publish a 3 q1
         lost rst
         wait 1
         opened
         < connack present",
        expect![[r#"
            = 3.1.1 MQTT-2.3.1-3: A packet that is sent again keeps its identifier, which becomes free only with the acknowledgement.
            = 3.1.1 MQTT-3.3.1-1: A PUBLISH that is sent again has DUP 1.
            ? 3.1.1 MQTT-4.4.0-1: When a client comes back with Clean Session 0, both sides send what was not acknowledged again, with the same identifiers.
            = 3.1.1 MQTT-4.6.0-1: Messages that are sent again keep the order in which they were first sent.
            publish a 1 q1
                > PUBLISH "a" "1" q1 id=1
            publish a 2 q2
                > PUBLISH "a" "2" q2 id=2
            publish a 3 q1
                > PUBLISH "a" "3" q1 id=3
            lost rst
                * disconnected: it was reset, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack present
                * connected as "c", session present true
                > PUBLISH "a" "1" q1 id=1 dup
                > PUBLISH "a" "2" q2 id=2 dup
                > PUBLISH "a" "3" q1 id=3 dup
            = 5.0 MQTT-3.3.1-1: A PUBLISH that is sent again has DUP 1.
            ? 5.0 MQTT-4.4.0-1: Unacknowledged PUBLISH and PUBREL packets are sent again when the session is resumed on a new connection, and at no other time.
            = 5.0 MQTT-4.6.0-1: Messages that are sent again keep the order in which they were first sent.
            publish a 1 q1
                > PUBLISH "a" "1" q1 id=1
            publish a 2 q2
                > PUBLISH "a" "2" q2 id=2
            publish a 3 q1
                > PUBLISH "a" "3" q1 id=3
            lost rst
                * disconnected: it was reset, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack present
                * connected as "c", session present true
                > PUBLISH "a" "1" q1 id=1 dup
                > PUBLISH "a" "2" q2 id=2 dup
                > PUBLISH "a" "3" q1 id=3 dup
        "#]],
    );
}

#[test]
fn an_identifier_is_free_again_after_the_acknowledgement() {
    both(
        |_| {},
        &[Clause::V311_2_3_1_2, Clause::V311_2_3_1_3],
        &[Clause::V5_2_2_1_3],
        "publish a 1 q1
         publish a 2 q2
         subscribe b:1
         unsubscribe c
         < pubrec 2
         publish a 3 q1
         < puback 1
         < pubcomp 2
         < suback 3 1
         publish a 4 q1",
        expect![[r#"
            ? 3.1.1 MQTT-2.3.1-2: For each new packet of these kinds a client picks an identifier that nothing else is using.
            = 3.1.1 MQTT-2.3.1-3: A packet that is sent again keeps its identifier, which becomes free only with the acknowledgement.
            publish a 1 q1
                > PUBLISH "a" "1" q1 id=1
            publish a 2 q2
                > PUBLISH "a" "2" q2 id=2
            subscribe b:1
                > SUBSCRIBE 3 b:1
            unsubscribe c
                > UNSUBSCRIBE 4 c
            < pubrec 2
                > PUBREL 2
            publish a 3 q1
                > PUBLISH "a" "3" q1 id=5
            < puback 1
                * published 1: 0x00 Success
            < pubcomp 2
                * published 2: 0x00 Success
            < suback 3 1
                * subscribed 3: [1]
            publish a 4 q1
                > PUBLISH "a" "4" q1 id=6
            ? 5.0 MQTT-2.2.1-3: A client gives each new SUBSCRIBE, UNSUBSCRIBE and PUBLISH above QoS 0 an identifier that is free and not 0.
            publish a 1 q1
                > PUBLISH "a" "1" q1 id=1
            publish a 2 q2
                > PUBLISH "a" "2" q2 id=2
            subscribe b:1
                > SUBSCRIBE 3 b:1
            unsubscribe c
                > UNSUBSCRIBE 4 c
            < pubrec 2
                > PUBREL 2
            publish a 3 q1
                > PUBLISH "a" "3" q1 id=5
            < puback 1
                * published 1: 0x00 Success
            < pubcomp 2
                * published 2: 0x00 Success
            < suback 3 1
                * subscribed 3: [1]
            publish a 4 q1
                > PUBLISH "a" "4" q1 id=6
        "#]],
    );
}

#[test]
fn no_keep_alive_passes_in_silence() {
    both(
        |options| options.keep_alive = 10,
        &[Clause::V311_3_1_2_23],
        &[Clause::V5_3_1_2_20],
        "wait 9
         publish a 1
         wait 9
         wait 1
         < pingresp",
        expect![[r#"
            ? 3.1.1 MQTT-3.1.2-23: A client lets no Keep Alive interval pass without sending something, if need be a PINGREQ.
            wait 9
            publish a 1
                > PUBLISH "a" "1"
                * published 1: 0x00 Success
            wait 9
            wait 1
                19.0 s: KeepAlive
                > PINGREQ
            < pingresp
            ? 5.0 MQTT-3.1.2-20: A client with a Keep Alive lets no interval pass without sending something, if need be a PINGREQ.
            wait 9
            publish a 1
                > PUBLISH "a" "1"
                * published 1: 0x00 Success
            wait 9
            wait 1
                19.0 s: KeepAlive
                > PINGREQ
            < pingresp
        "#]],
    );
}

#[test]
fn the_servers_keep_alive_holds() {
    shows(
        five(),
        &[
            Clause::V5_3_1_2_21,
            Clause::V5_3_2_2_21,
            Clause::V5_3_1_2_20,
        ],
        "connect
         opened
         < connack keep_alive=5
         wait 4
         wait 1",
        expect![[r#"
            = 5.0 MQTT-3.1.2-21: When the server names a Server Keep Alive, the client uses that.
            ? 5.0 MQTT-3.2.2-21: A Server Keep Alive in CONNACK takes the place of the client's Keep Alive.
            ? 5.0 MQTT-3.1.2-20: A client with a Keep Alive lets no interval pass without sending something, if need be a PINGREQ.
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack keep_alive=5
                * connected as "c", session present false
            wait 4
            wait 1
                5.0 s: KeepAlive
                > PINGREQ
        "#]],
    );
}

#[test]
fn without_a_name_only_a_clean_session_is_asked_for() {
    shows(
        Options {
            client_id: "".into(),
            ..super::named()
        },
        &[Clause::V311_3_1_3_7],
        "connect
         opened",
        expect![[r#"
            = 3.1.1 MQTT-3.1.3-7: A client without an identifier asks for a clean session.
            connect
                open
            opened
                > CONNECT "" clean=1 keep_alive=60
        "#]],
    );
}

#[test]
fn what_the_server_cannot_do_is_not_asked_of_it() {
    shows(
        five(),
        &[
            Clause::V5_3_2_2_11,
            Clause::V5_3_2_2_14,
            Clause::V5_3_2_2_15,
        ],
        "connect
         opened
         < connack max_qos=1 retain_available=0 max_packet=20
         publish a 1 q2
         publish a 2 retain
         publish a more-than-the-server-takes
         publish a 3 q1",
        expect![[r#"
            = 5.0 MQTT-3.2.2-11: A client publishes nothing above the server's Maximum QoS.
            = 5.0 MQTT-3.2.2-14: A client publishes nothing with RETAIN to a server that does not retain.
            = 5.0 MQTT-3.2.2-15: A client sends no packet larger than the server's Maximum Packet Size.
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack max_qos=1 retain_available=0 max_packet=20
                * connected as "c", session present false
            publish a 1 q2
                error: the server takes QoS 1 at most
            publish a 2 retain
                error: the server keeps no retained messages
            publish a more-than-the-server-takes
                error: the packet has 32 bytes and 20 are allowed
            publish a 3 q1
                > PUBLISH "a" "3" q1 id=1
        "#]],
    );
}

#[test]
fn aliases_stay_within_what_the_server_allows() {
    shows(
        five(),
        &[
            Clause::V5_3_2_2_17,
            Clause::V5_3_2_2_18,
            Clause::V5_3_3_2_7,
            Clause::V5_3_3_2_9,
        ],
        "connect
         opened
         < connack alias_max=1
         publish status/1 x
         publish status/1 y
         publish status/2 z
         lost fin
         wait 1
         opened
         < connack present
         publish status/2 x
         publish status/2 y",
        expect![[r#"
            ? 5.0 MQTT-3.2.2-17: A client uses no Topic Alias above the server's Topic Alias Maximum.
            = 5.0 MQTT-3.2.2-18: A server that names no Topic Alias Maximum gets no aliases.
            = 5.0 MQTT-3.3.2-7: A Topic Alias means nothing on another connection.
            = 5.0 MQTT-3.3.2-9: A client uses no Topic Alias above what CONNACK allowed.
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack alias_max=1
                * connected as "c", session present false
            publish status/1 x
                > PUBLISH "status/1" "x" TopicAlias(1)
                * published 1: 0x00 Success
            publish status/1 y
                > PUBLISH "" "y" TopicAlias(1)
                * published 2: 0x00 Success
            publish status/2 z
                > PUBLISH "status/2" "z" TopicAlias(1)
                * published 3: 0x00 Success
            lost fin
                * disconnected: the server closed it, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack present
                * connected as "c", session present true
            publish status/2 x
                > PUBLISH "status/2" "x"
                * published 4: 0x00 Success
            publish status/2 y
                > PUBLISH "status/2" "y"
                * published 5: 0x00 Success
        "#]],
    );
}

#[test]
fn every_alias_up_to_the_maximum_is_taken() {
    shows(
        Options {
            topic_alias_maximum: 2,
            ..five()
        },
        &[Clause::V5_3_3_2_10],
        "connect
         opened
         < connack
         < publish status/1 a alias=1
         < publish status/2 b alias=2
         < publish status/3 c alias=3",
        expect![[r#"
            = 5.0 MQTT-3.3.2-10: A client accepts every Topic Alias from 1 to the maximum it named.
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60) TopicAliasMaximum(2)
            < connack
                * connected as "c", session present false
            < publish status/1 a alias=1
                * message "status/1" "a" TopicAlias(1)
            < publish status/2 b alias=2
                * message "status/2" "b" TopicAlias(2)
            < publish status/3 c alias=3
                > DISCONNECT 0x94 Topic Alias invalid
                close
                * disconnected: the Topic Alias is 0 or above the maximum in PUBLISH at byte 13 [MQTT-3.3.2-11], again at 1.000000 s
        "#]],
    );
}

#[test]
fn a_full_window_holds_back_messages_and_nothing_else() {
    shows(
        five(),
        &[
            Clause::V5_3_3_4_7,
            Clause::V5_3_3_4_8,
            Clause::V5_4_9_0_1,
            Clause::V5_4_9_0_2,
            Clause::V5_4_9_0_3,
        ],
        "connect
         opened
         < connack receive_max=1
         publish a 1 q1
         publish a 2 q1
         subscribe b:1
         unsubscribe c
         < publish d x q1 id=4
         < puback 1",
        expect![[r#"
            ? 5.0 MQTT-3.3.4-7: A client has no more unacknowledged messages under way than the server's Receive Maximum.
            = 5.0 MQTT-3.3.4-8: A full window holds back messages above QoS 0 and nothing else from the client.
            = 5.0 MQTT-4.9.0-1: The send quota begins at the peer's Receive Maximum, which is never 0.
            = 5.0 MQTT-4.9.0-2: Each PUBLISH above QoS 0 uses one up, and at 0 no more of them are sent.
            = 5.0 MQTT-4.9.0-3: Every other packet is dealt with even when the quota is used up.
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack receive_max=1
                * connected as "c", session present false
            publish a 1 q1
                > PUBLISH "a" "1" q1 id=1
            publish a 2 q1
            subscribe b:1
                > SUBSCRIBE 2 b:1
            unsubscribe c
                > UNSUBSCRIBE 3 c
            < publish d x q1 id=4
                * message "d" "x" q1 id=4
                > PUBACK 4
            < puback 1
                * published 1: 0x00 Success
                > PUBLISH "a" "2" q1 id=4
        "#]],
    );
}

#[test]
fn authentication_goes_on_with_the_same_method() {
    shows(
        Options {
            auth: Some(AuthOptions {
                method: "m".into(),
                data: Some(Bytes::from_static(b"hello")),
            }),
            ..five()
        },
        &[
            Clause::V5_3_1_2_30,
            Clause::V5_4_12_0_3,
            Clause::V5_4_12_0_5,
            Clause::V5_4_12_1_1,
        ],
        "connect
         opened
         publish a waits
         < auth 0x18 method=m data=who?
         auth me
         < connack method=m
         reauth again",
        expect![[r#"
            = 5.0 MQTT-3.1.2-30: A client that began an extended authentication sends nothing but AUTH and DISCONNECT until CONNACK.
            ? 5.0 MQTT-4.12.0-3: A client answers that with AUTH and 0x18 too.
            = 5.0 MQTT-4.12.0-5: Every AUTH and the final CONNACK name the method that CONNECT chose.
            ? 5.0 MQTT-4.12.1-1: A client that authenticates again uses the method it began with.
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60) AuthenticationMethod("m") AuthenticationData([104, 101, 108, 108, 111])
            publish a waits
            < auth 0x18 method=m data=who?
                * authenticate Some("who?")
            auth me
                > AUTH 0x18 Continue authentication AuthenticationMethod("m") AuthenticationData([109, 101])
            < connack method=m
                * connected as "c", session present false
                > PUBLISH "a" "waits"
                * published 1: 0x00 Success
            reauth again
                > AUTH 0x19 Re-authenticate AuthenticationMethod("m") AuthenticationData([97, 103, 97, 105, 110])
        "#]],
    );
}

#[test]
fn who_chose_no_method_sends_no_auth() {
    shows(
        five(),
        &[Clause::V5_4_12_0_7],
        "connect
         opened
         auth x
         < connack
         auth x
         reauth x",
        expect![[r#"
            = 5.0 MQTT-4.12.0-7: A client that chose no method sends no AUTH.
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            auth x
                error: the server did not ask for authentication data
            < connack
                * connected as "c", session present false
            auth x
                error: the server did not ask for authentication data
            reauth x
                error: no Authentication Method is set
        "#]],
    );
}

#[test]
fn disconnect_goes_without_user_properties_that_are_too_large() {
    shows(
        five(),
        &[Clause::V5_3_14_2_4, Clause::V5_3_2_2_15],
        "connect
         opened
         < connack max_packet=20
         disconnect user=much-longer-than-twenty-bytes",
        expect![[r#"
            = 5.0 MQTT-3.14.2-4: DISCONNECT goes without user properties where they would make it too large.
            = 5.0 MQTT-3.2.2-15: A client sends no packet larger than the server's Maximum Packet Size.
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack max_packet=20
                * connected as "c", session present false
            disconnect user=much-longer-than-twenty-bytes
                > DISCONNECT
                close
                * disconnected: asked for
        "#]],
    );
}

#[test]
fn a_client_finds_its_session_where_the_server_says_so() {
    both(
        |_| {},
        &[Clause::V311_3_1_2_4, Clause::V311_3_1_3_2],
        &[Clause::V5_3_1_2_23, Clause::V5_3_1_3_2],
        "publish a 1 q1
         lost fin
         wait 1
         opened
         < connack present",
        expect![[r#"
            ? 3.1.1 MQTT-3.1.2-4: With Clean Session 0 the server takes up the stored session, or makes one, and keeps it after the disconnect.
            = 3.1.1 MQTT-3.1.3-2: Client and server find the session that belongs to them by the Client Identifier.
            publish a 1 q1
                > PUBLISH "a" "1" q1 id=1
            lost fin
                * disconnected: the server closed it, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack present
                * connected as "c", session present true
                > PUBLISH "a" "1" q1 id=1 dup
            ? 5.0 MQTT-3.1.2-23: With a Session Expiry Interval above 0 both sides keep the session when the connection ends.
            = 5.0 MQTT-3.1.3-2: Client and server find the session that belongs to them by the Client Identifier.
            publish a 1 q1
                > PUBLISH "a" "1" q1 id=1
            lost fin
                * disconnected: the server closed it, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack present
                * connected as "c", session present true
                > PUBLISH "a" "1" q1 id=1 dup
        "#]],
    );
}

#[test]
fn a_topic_name_that_is_none_is_never_sent() {
    both(
        |_| {},
        &[Clause::V311_4_7_1_1],
        &[Clause::V5_4_7_0_1],
        "publish a/+ x
         publish # x
         publish / x",
        expect![[r#"
            = 3.1.1 MQTT-4.7.1-1: Wildcards are for Topic Filters; a Topic Name has none.
            publish a/+ x
                error: Topic Name: a Topic Name must not have + or # in it
            publish # x
                error: Topic Name: a Topic Name must not have + or # in it
            publish / x
                > PUBLISH "/" "x"
                * published 1: 0x00 Success
            = 5.0 MQTT-4.7.0-1: Wildcards are for Topic Filters; a Topic Name has none.
            publish a/+ x
                error: Topic Name: a Topic Name must not have + or # in it
            publish # x
                error: Topic Name: a Topic Name must not have + or # in it
            publish / x
                > PUBLISH "/" "x"
                * published 1: 0x00 Success
        "#]],
    );
}
