//! MQTT 3.1.1, statement by statement.

use expect_test::expect;

use super::rig::check;
use super::{kept, named};
use crate::client::{Client, Options, State};
use crate::packet::Version;

#[test]
fn connect_is_the_first_packet_and_the_application_hears_of_connack() {
    check(
        named(),
        "connect
         opened
         < connack
         disconnect",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=60
            < connack
                * connected as "c", session present false
            disconnect
                > DISCONNECT
                close
                * disconnected: asked for
        "#]],
    );
}

#[test]
fn nothing_else_may_come_before_connack() {
    check(
        named(),
        "connect
         opened
         < pingresp",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=60
            < pingresp
                close
                * disconnected: PINGRESP before CONNACK [MQTT-3.2.0-1], again at 1.000000 s
        "#]],
    );
}

#[test]
fn keep_alive_counts_from_the_last_packet_that_was_sent() {
    let options = Options {
        keep_alive: 10,
        ..named()
    };
    check(
        options,
        "connect
         opened
         < connack
         wait 9
         publish a 1
         wait 9
         < publish a 2
         wait 2
         < pingresp
         wait 10
         wait 10
         wait 1",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=10
            < connack
                * connected as "c", session present false
            wait 9
            publish a 1
                > PUBLISH "a" "1"
                * published 1: 0x00 Success
            wait 9
            < publish a 2
                * message "a" "2"
            wait 2
                19.0 s: KeepAlive
                > PINGREQ
            < pingresp
            wait 10
                29.0 s: KeepAlive
                > PINGREQ
            wait 10
                39.0 s: PingResponse
                reset
                * disconnected: no PINGRESP in time, again at 40.000000 s
                40.0 s: Reconnect
                open
            wait 1
        "#]],
    );
}

#[test]
fn unacknowledged_messages_are_sent_again_with_dup_in_order_and_only_after_a_reconnect() {
    check(
        kept(),
        "connect
         opened
         < connack
         publish a 1 q1
         publish a 2 q2
         publish a 3 q1
         publish a 4 q2
         < pubrec 4
         wait 50
         lost rst
         wait 1
         opened
         < connack present
         < puback 1
         < pubrec 2
         < pubcomp 2
         < puback 3
         < pubcomp 4",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack
                * connected as "c", session present false
            publish a 1 q1
                > PUBLISH "a" "1" q1 id=1
            publish a 2 q2
                > PUBLISH "a" "2" q2 id=2
            publish a 3 q1
                > PUBLISH "a" "3" q1 id=3
            publish a 4 q2
                > PUBLISH "a" "4" q2 id=4
            < pubrec 4
                > PUBREL 4
            wait 50
            lost rst
                * disconnected: it was reset, again at 51.000000 s
            wait 1
                51.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack present
                * connected as "c", session present true
                > PUBREL 4
                > PUBLISH "a" "1" q1 id=1 dup
                > PUBLISH "a" "2" q2 id=2 dup
                > PUBLISH "a" "3" q1 id=3 dup
            < puback 1
                * published 1: 0x00 Success
            < pubrec 2
                > PUBREL 2
            < pubcomp 2
                * published 2: 0x00 Success
            < puback 3
                * published 3: 0x00 Success
            < pubcomp 4
                * published 4: 0x00 Success
        "#]],
    );
}

#[test]
fn decisions_are_told_with_their_statements() {
    check(
        kept(),
        "trace
         connect
         opened
         < connack
         publish a 1 q1
         publish a 2 q2
         < pubrec 2
         lost rst
         wait 1
         opened
         < connack present
         < puback 1",
        expect![[r#"
            trace
            connect
                ? opens a connection
                open
            opened
                ? asks to go on with its session [MQTT-3.1.0-1]
                > CONNECT "c" clean=0 keep_alive=60
            < connack
                ? begins a session
                * connected as "c", session present false
            publish a 1 q1
                ? publishes message 1 with QoS 1 as 1 [MQTT-4.3.2-1]
                > PUBLISH "a" "1" q1 id=1
            publish a 2 q2
                ? publishes message 2 with QoS 2 as 2 [MQTT-4.3.3-1]
                > PUBLISH "a" "2" q2 id=2
            < pubrec 2
                ? releases 2: the server has it, PUBLISH never goes again [MQTT-4.3.3-1]
                > PUBREL 2
            lost rst
                ? takes the connection as ended: it was reset
                ? keeps the session: 2 outgoing and 0 incoming messages incomplete [MQTT-3.1.2-4]
                ? will connect again in 1000 ms
                * disconnected: it was reset, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                ? opens a connection, attempt 2
                open
            opened
                ? asks to go on with its session [MQTT-3.1.0-1]
                > CONNECT "c" clean=0 keep_alive=60
            < connack present
                ? goes on with the session: 2 outgoing and 0 incoming messages incomplete [MQTT-3.2.2-2]
                * connected as "c", session present true
                ? sends PUBREL 2 again, and not PUBLISH: the server has the message [MQTT-4.4.0-1]
                > PUBREL 2
                ? publishes 1 again: it was not acknowledged [MQTT-4.4.0-1]
                > PUBLISH "a" "1" q1 id=1 dup
            < puback 1
                ? is done with 1 [MQTT-4.3.2-1]
                * published 1: 0x00 Success
        "#]],
    );
}

#[test]
fn the_session_of_a_clean_client_ends_with_its_connection() {
    check(
        named(),
        "connect
         opened
         < connack
         publish a 1 q1
         publish a 2 q2
         < pubrec 2
         lost fin
         wait 1
         opened
         < connack
         publish a 3 q1",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=60
            < connack
                * connected as "c", session present false
            publish a 1 q1
                > PUBLISH "a" "1" q1 id=1
            publish a 2 q2
                > PUBLISH "a" "2" q2 id=2
            < pubrec 2
                > PUBREL 2
            lost fin
                * dropped 1: the session ended before PUBACK
                * dropped 2: the session ended before PUBCOMP
                * disconnected: the server closed it, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=60
            < connack
                * connected as "c", session present false
            publish a 3 q1
                > PUBLISH "a" "3" q1 id=3
        "#]],
    );
}

#[test]
fn a_qos_2_message_is_delivered_once_until_pubrel() {
    check(
        kept(),
        "connect
         opened
         < connack
         < publish a x q2 id=9
         < publish a x q2 id=9 dup
         lost fin
         wait 1
         opened
         < connack present
         < publish a x q2 id=9 dup
         < pubrel 9
         < pubrel 9
         < publish a y q2 id=9",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack
                * connected as "c", session present false
            < publish a x q2 id=9
                * message "a" "x" q2 id=9
                > PUBREC 9
            < publish a x q2 id=9 dup
                > PUBREC 9
            lost fin
                * disconnected: the server closed it, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack present
                * connected as "c", session present true
            < publish a x q2 id=9 dup
                > PUBREC 9
            < pubrel 9
                > PUBCOMP 9
            < pubrel 9
                > PUBCOMP 9
            < publish a y q2 id=9
                * message "a" "y" q2 id=9
                > PUBREC 9
        "#]],
    );
}

#[test]
fn an_answer_of_the_wrong_type_ends_the_connection() {
    for answer in [
        "puback 2",
        "pubrec 1",
        "pubcomp 1",
        "unsuback 3",
        "suback 3 0 0",
    ] {
        let mut rig = super::rig::Rig::new(kept());
        rig.run("connect\nopened\n< connack\npublish a 1 q1\npublish a 2 q2\nsubscribe a:1");
        assert_eq!(rig.client.state(), State::Connected);
        rig.run(&std::format!("< {answer}"));
        assert_eq!(rig.client.state(), State::Waiting, "after {answer}");
    }
}

#[test]
fn a_server_without_a_session_may_use_identifiers_anew_but_gets_what_it_has_not_acknowledged() {
    check(
        kept(),
        "connect
         opened
         < connack
         publish a 1 q2
         publish a 2 q1
         < pubrec 1
         < publish a x q2 id=1
         lost fin
         wait 1
         trace
         opened
         < connack
         < publish a y q2 id=1",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack
                * connected as "c", session present false
            publish a 1 q2
                > PUBLISH "a" "1" q2 id=1
            publish a 2 q1
                > PUBLISH "a" "2" q1 id=2
            < pubrec 1
                > PUBREL 1
            < publish a x q2 id=1
                * message "a" "x" q2 id=1
                > PUBREC 1
            lost fin
                * disconnected: the server closed it, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            trace
            opened
                ? asks to go on with its session [MQTT-3.1.0-1]
                > CONNECT "c" clean=0 keep_alive=60
            < connack
                ? sends 2 messages again although the server has no session [MQTT-4.4.0-1]
                ? forgets 1 incoming identifiers: the server has no session
                * connected as "c", session present false
                ? sends PUBREL 1 again, and not PUBLISH: the server has the message [MQTT-4.4.0-1]
                > PUBREL 1
                ? publishes 2 again: it was not acknowledged [MQTT-4.4.0-1]
                > PUBLISH "a" "2" q1 id=2 dup
            < publish a y q2 id=1
                ? takes message 1 with QoS 2 [MQTT-3.3.4-1]
                * message "a" "y" q2 id=1
                > PUBREC 1
        "#]],
    );
}

#[test]
fn a_session_can_be_taken_up_by_a_later_life_of_the_client() {
    let mut rig = super::rig::Rig::new(kept());
    rig.run("connect\nopened\n< connack\npublish a 1 q1\nsubscribe a:1\n< publish a x q2 id=7");
    let session = rig.client.session().clone();
    let mut rig = super::rig::Rig::new(kept());
    rig.client = Client::with_session(kept(), 7, session);
    rig.run("connect\nopened\n< connack present\n< publish a x q2 id=7\npublish a 2 q1");
    expect![[r#"
        connect
            open
        opened
            > CONNECT "c" clean=0 keep_alive=60
        < connack present
            * connected as "c", session present true
            > PUBLISH "a" "1" q1 id=1 dup
        < publish a x q2 id=7
            > PUBREC 7
        publish a 2 q1
            > PUBLISH "a" "2" q1 id=3
    "#]]
    .assert_eq(&rig.out);
}

#[test]
fn in_3_1_nobody_knows_whether_the_server_has_the_session_so_all_of_it_goes_on() {
    let options = Options {
        version: Version::V3_1,
        ..kept()
    };
    check(
        options,
        "connect
         opened
         < connack
         subscribe a:1
         < suback 1 1
         publish a 1 q1
         < publish a x q2 id=4
         lost rst
         wait 1
         opened
         < connack
         < publish a x q2 id=4 dup",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack
                * connected as "c", session present false
            subscribe a:1
                > SUBSCRIBE 1 a:1
            < suback 1 1
                * subscribed 1: [1]
            publish a 1 q1
                > PUBLISH "a" "1" q1 id=2
            < publish a x q2 id=4
                * message "a" "x" q2 id=4
                > PUBREC 4
            lost rst
                * disconnected: it was reset, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack
                * connected as "c", session present false
                > SUBSCRIBE 3 a:1
                > PUBLISH "a" "1" q1 id=2 dup
            < publish a x q2 id=4 dup
                > PUBREC 4
        "#]],
    );
}
