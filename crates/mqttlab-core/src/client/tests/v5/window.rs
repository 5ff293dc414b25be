//! MQTT 5.0: how much may be incomplete at once, and what is sent again.

use expect_test::expect;

use crate::client::Options;
use crate::client::tests::five;
use crate::client::tests::rig::check;

#[test]
fn messages_that_waited_are_dropped_when_the_server_cannot_take_them() {
    check(
        five(),
        "publish a 1 q2
         publish a 2 retain
         publish a 3 expiry=5
         publish a 4 expiry=50
         publish a 01234567890123456789012345678901234567890123456789
         subscribe $share/g/a:0
         subscribe a/+:0
         subscribe a:0 id=7
         subscribe a:0
         wait 10
         connect
         opened
         < connack max_qos=1 retain_available=0 max_packet=30 shared=0 wildcards=0 identifiers=0",
        expect![[r#"
            publish a 1 q2
            publish a 2 retain
            publish a 3 expiry=5
            publish a 4 expiry=50
            publish a 01234567890123456789012345678901234567890123456789
            subscribe $share/g/a:0
            subscribe a/+:0
            subscribe a:0 id=7
            subscribe a:0
            wait 10
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack max_qos=1 retain_available=0 max_packet=30 shared=0 wildcards=0 identifiers=0
                * connected as "c", session present false
                * request 6 dropped: the server has no shared subscriptions
                * request 7 dropped: the server has no wildcard subscriptions
                * request 8 dropped: the server has no Subscription Identifiers
                > SUBSCRIBE 1 a:0
                * dropped 1: the server does not take this QoS
                * dropped 2: the server keeps no retained messages
                * dropped 3: it expired
                > PUBLISH "a" "4" MessageExpiryInterval(40)
                * published 4: 0x00 Success
                * dropped 5: the server takes only smaller packets
        "#]],
    );
}

#[test]
fn no_more_than_receive_maximum_are_incomplete_and_nothing_else_is_held_back() {
    check(
        five(),
        "connect
         opened
         < connack receive_max=2
         publish a 1 q1
         publish a 2 q2
         publish a 3 q1
         publish a 4
         subscribe b:1
         < pubrec 2
         < puback 1
         < pubcomp 2
         < puback 3",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack receive_max=2
                * connected as "c", session present false
            publish a 1 q1
                > PUBLISH "a" "1" q1 id=1
            publish a 2 q2
                > PUBLISH "a" "2" q2 id=2
            publish a 3 q1
            publish a 4
            subscribe b:1
                > SUBSCRIBE 3 b:1
            < pubrec 2
                > PUBREL 2
            < puback 1
                * published 1: 0x00 Success
                > PUBLISH "a" "3" q1 id=4
                > PUBLISH "a" "4"
                * published 4: 0x00 Success
            < pubcomp 2
                * published 2: 0x00 Success
            < puback 3
        "#]],
    );
}

#[test]
fn resent_messages_keep_within_the_window_of_the_new_connection() {
    check(
        five(),
        "connect
         opened
         < connack
         publish a 1 q1
         publish a 2 q2
         publish a 3 q1
         publish a 4 q2
         < pubrec 4
         lost fin
         wait 1
         opened
         < connack present receive_max=1
         publish a 5
         < pubcomp 4
         < puback 1
         < pubrec 2
         < pubcomp 2
         < puback 3",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
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
            lost fin
                * disconnected: the server closed it, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack present receive_max=1
                * connected as "c", session present true
                > PUBREL 4
            publish a 5
            < pubcomp 4
                * published 4: 0x00 Success
                > PUBLISH "a" "1" q1 id=1 dup
            < puback 1
                * published 1: 0x00 Success
                > PUBLISH "a" "2" q2 id=2 dup
            < pubrec 2
                > PUBREL 2
            < pubcomp 2
                * published 2: 0x00 Success
                > PUBLISH "a" "3" q1 id=3 dup
                > PUBLISH "a" "5"
                * published 5: 0x00 Success
            < puback 3
                * published 3: 0x00 Success
        "#]],
    );
}

#[test]
fn what_the_server_no_longer_takes_is_not_sent_again() {
    check(
        five(),
        "connect
         opened
         < connack
         publish a 1 q2
         publish a 2 q1 retain
         publish a 01234567890123456789012345678901234567890123456789 q1
         publish a 4 q1
         lost fin
         wait 1
         opened
         < connack present max_qos=1 retain_available=0 max_packet=30
         < puback 4",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack
                * connected as "c", session present false
            publish a 1 q2
                > PUBLISH "a" "1" q2 id=1
            publish a 2 q1 retain
                > PUBLISH "a" "2" q1 id=2 retain
            publish a 01234567890123456789012345678901234567890123456789 q1
                > PUBLISH "a" "01234567890123456789012345678901234567890123456789" q1 id=3
            publish a 4 q1
                > PUBLISH "a" "4" q1 id=4
            lost fin
                * disconnected: the server closed it, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack present max_qos=1 retain_available=0 max_packet=30
                * connected as "c", session present true
                * dropped 1: the server does not take this QoS
                * dropped 2: the server keeps no retained messages
                * dropped 3: the server takes only smaller packets
                > PUBLISH "a" "4" q1 id=4 dup
            < puback 4
                * published 4: 0x00 Success
        "#]],
    );
}

#[test]
fn an_answer_that_comes_before_its_message_was_sent_again_is_good_too() {
    check(
        five(),
        "connect
         opened
         < connack
         publish a 1 q1
         publish a 2 q2
         publish a 3 q1
         lost fin
         wait 1
         opened
         < connack present receive_max=1
         < puback 3
         < pubrec 2
         < puback 1
         < pubcomp 2 0x92",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack
                * connected as "c", session present false
            publish a 1 q1
                > PUBLISH "a" "1" q1 id=1
            publish a 2 q2
                > PUBLISH "a" "2" q2 id=2
            publish a 3 q1
                > PUBLISH "a" "3" q1 id=3
            lost fin
                * disconnected: the server closed it, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack present receive_max=1
                * connected as "c", session present true
                > PUBLISH "a" "1" q1 id=1 dup
            < puback 3
                * published 3: 0x00 Success
            < pubrec 2
                > PUBREL 2
            < puback 1
                * published 1: 0x00 Success
            < pubcomp 2 0x92
                * published 2: 0x00 Success
        "#]],
    );
}

#[test]
fn a_refusing_answer_ends_the_exchange() {
    check(
        five(),
        "connect
         opened
         < connack
         publish a 1 q1
         publish a 2 q2
         < puback 1 0x87
         < pubrec 2 0x97
         < pubrec 2
         < pubrel 5
         < pubcomp 2",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack
                * connected as "c", session present false
            publish a 1 q1
                > PUBLISH "a" "1" q1 id=1
            publish a 2 q2
                > PUBLISH "a" "2" q2 id=2
            < puback 1 0x87
                * published 1: 0x87 Not authorized
            < pubrec 2 0x97
                * published 2: 0x97 Quota exceeded
            < pubrec 2
                > PUBREL 2 0x92 Packet Identifier not found
            < pubrel 5
                > PUBCOMP 5 0x92 Packet Identifier not found
            < pubcomp 2
        "#]],
    );
}

#[test]
fn too_many_incomplete_messages_end_the_connection() {
    let options = Options {
        receive_maximum: 2,
        ..five()
    };
    check(
        options,
        "connect
         opened
         < connack
         < publish a x q2 id=1
         < publish a y q2 id=2
         < publish a y q2 id=2 dup
         < publish a z q2 id=3",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60) ReceiveMaximum(2)
            < connack
                * connected as "c", session present false
            < publish a x q2 id=1
                * message "a" "x" q2 id=1
                > PUBREC 1
            < publish a y q2 id=2
                * message "a" "y" q2 id=2
                > PUBREC 2
            < publish a y q2 id=2 dup
                > PUBREC 2
            < publish a z q2 id=3
                > DISCONNECT 0x93 Receive Maximum exceeded
                close
                * disconnected: more incomplete messages than Receive Maximum allows [MQTT-3.3.4-9], again at 1.000000 s
        "#]],
    );
}
