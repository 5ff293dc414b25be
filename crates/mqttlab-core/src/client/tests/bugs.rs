//! Each mistake that can be switched on, and what it does.

use expect_test::expect;

use super::rig::check;
use super::{kept, named};
use crate::client::{Bugs, Options};
use crate::packet::Version;

fn with(bugs: Bugs) -> Options {
    Options { bugs, ..kept() }
}

#[test]
fn a_client_that_counts_from_received_packets_never_pings() {
    let bugs = Bugs {
        keep_alive_restarts_on_receive: true,
        ..Bugs::NONE
    };
    let options = Options {
        keep_alive: 10,
        ..with(bugs)
    };
    check(
        options,
        "connect
         opened
         < connack
         wait 9
         < publish a 1
         wait 9
         < publish a 2
         wait 9",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=10
            < connack
                * connected as "c", session present false
            wait 9
            < publish a 1
                * message "a" "1"
            wait 9
            < publish a 2
                * message "a" "2"
            wait 9
        "#]],
    );
}

#[test]
fn publish_after_pubrel_makes_the_server_take_the_message_twice() {
    let bugs = Bugs {
        publish_after_pubrel: true,
        ..Bugs::NONE
    };
    check(
        with(bugs),
        "connect
         opened
         < connack
         publish a 1 q2
         < pubrec 1
         lost fin
         wait 1
         trace
         opened
         < connack present
         < pubrec 1
         < pubcomp 1",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack
                * connected as "c", session present false
            publish a 1 q2
                > PUBLISH "a" "1" q2 id=1
            < pubrec 1
                > PUBREL 1
            lost fin
                * disconnected: the server closed it, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            trace
            opened
                ? asks to go on with its session [MQTT-3.1.0-1]
                > CONNECT "c" clean=0 keep_alive=60
            < connack present
                ? goes on with the session: 1 outgoing and 0 incoming messages incomplete [MQTT-3.2.2-2]
                * connected as "c", session present true
                ? makes a mistake, switched on: PUBLISH goes out again after PUBREL [MQTT-4.3.3-1]
                ? publishes 1 again: it was not acknowledged [MQTT-4.4.0-1]
                > PUBLISH "a" "1" q2 id=1 dup
            < pubrec 1
                ? releases 1: the server has it, PUBLISH never goes again [MQTT-4.3.3-1]
                > PUBREL 1
            < pubcomp 1
                ? is done with 1 [MQTT-4.3.3-1]
                * published 1: 0x00 Success
        "#]],
    );
}

#[test]
fn a_refused_subscription_is_taken_for_granted() {
    let bugs = Bugs {
        ignore_suback_failure: true,
        ..Bugs::NONE
    };
    check(
        with(bugs),
        "connect
         opened
         < connack
         trace
         subscribe a:1
         < suback 1 128",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack
                * connected as "c", session present false
            trace
            subscribe a:1
                ? sends SUBSCRIBE as 1 [MQTT-2.3.1-2]
                > SUBSCRIBE 1 a:1
            < suback 1 128
                ? learns that filter 1 was refused with 0x80 [MQTT-3.8.4-5]
                ? makes a mistake, switched on: a refused subscription is taken for granted
                * subscribed 1: [1]
        "#]],
    );
}

#[test]
fn a_message_that_is_sent_again_looks_like_a_new_one() {
    let bugs = Bugs {
        dup_never_set: true,
        ..Bugs::NONE
    };
    check(
        with(bugs),
        "connect
         opened
         < connack
         publish a 1 q1
         lost fin
         wait 1
         trace
         opened
         < connack present",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack
                * connected as "c", session present false
            publish a 1 q1
                > PUBLISH "a" "1" q1 id=1
            lost fin
                * disconnected: the server closed it, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            trace
            opened
                ? asks to go on with its session [MQTT-3.1.0-1]
                > CONNECT "c" clean=0 keep_alive=60
            < connack present
                ? goes on with the session: 1 outgoing and 0 incoming messages incomplete [MQTT-3.2.2-2]
                * connected as "c", session present true
                ? publishes 1 again: it was not acknowledged [MQTT-4.4.0-1]
                ? makes a mistake, switched on: DUP is not set [MQTT-3.3.1-1]
                > PUBLISH "a" "1" q1 id=1
        "#]],
    );
}

#[test]
fn an_identifier_in_use_is_used_again() {
    let bugs = Bugs {
        packet_id_reuse: true,
        ..Bugs::NONE
    };
    check(
        with(bugs),
        "connect
         opened
         < connack
         publish a 1 q1
         trace
         publish a 2 q1
         < puback 1
         < puback 1",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack
                * connected as "c", session present false
            publish a 1 q1
                > PUBLISH "a" "1" q1 id=1
            trace
            publish a 2 q1
                ? makes a mistake, switched on: a Packet Identifier in use is used again [MQTT-2.3.1-2]
                ? drops message 1: another one took its Packet Identifier
                * dropped 1: another one took its Packet Identifier
                ? publishes message 2 with QoS 1 as 1 [MQTT-4.3.2-1]
                > PUBLISH "a" "2" q1 id=1
            < puback 1
                ? is done with 1 [MQTT-4.3.2-1]
                * published 2: 0x00 Success
            < puback 1
                ? ignores PUBACK 1: nothing waits for it
        "#]],
    );
}

#[test]
fn a_client_without_a_name_asks_for_a_kept_session() {
    let bugs = Bugs {
        empty_client_id_with_session: true,
        ..Bugs::NONE
    };
    let nameless = Options {
        client_id: "".into(),
        ..with(bugs)
    };
    check(
        nameless.clone(),
        "trace
         connect
         opened
         < connack 0x85",
        expect![[r#"
            trace
            connect
                ? opens a connection
                open
            opened
                ? asks to go on with its session [MQTT-3.1.0-1]
                ? makes a mistake, switched on: an empty Client Identifier asks for a kept session [MQTT-3.1.3-7]
                > CONNECT "" clean=0 keep_alive=60
            < connack 0x85
                close
                ? takes the connection as ended: refused with 0x85 Client Identifier not valid
                ? will not connect again: 0x85 Client Identifier not valid would be the same
                * refused: 0x85 Client Identifier not valid
        "#]],
    );
    let right = Options {
        bugs: Bugs::NONE,
        ..nameless
    };
    check(
        right,
        "connect",
        expect![[r#"
        connect
            error: an empty Client Identifier is not allowed here
    "#]],
    );
    let older = Options {
        client_id: "".into(),
        version: Version::V3_1,
        ..named()
    };
    check(
        older,
        "connect",
        expect![[r#"
        connect
            error: an empty Client Identifier is not allowed here
    "#]],
    );
}
