//! MQTT 5.0, statement by statement.

use bytes::Bytes;
use expect_test::expect;

use super::five;
use super::rig::check;
use crate::client::{AuthOptions, LostSession, MessageProperties, Options, WillOptions};

#[test]
fn connect_says_what_the_options_say() {
    let options = Options {
        receive_maximum: 5,
        maximum_packet_size: Some(1_000),
        topic_alias_maximum: 3,
        will: Some(WillOptions {
            topic: "w".into(),
            delay: 9,
            properties: MessageProperties {
                utf8: true,
                content_type: Some("text".into()),
                ..MessageProperties::NONE
            },
            ..WillOptions::default()
        }),
        ..five()
    };
    check(
        options,
        "connect\nopened",
        expect![[r#"
        connect
            open
        opened
            > CONNECT "c" clean=0 keep_alive=60 will=w WillDelayInterval(9) PayloadFormatIndicator(1) ContentType("text") SessionExpiryInterval(60) ReceiveMaximum(5) MaximumPacketSize(1000) TopicAliasMaximum(3)
    "#]],
    );
}

#[test]
fn what_the_server_announces_holds() {
    let nameless = Options {
        client_id: "".into(),
        ..five()
    };
    check(
        nameless,
        "trace
         connect
         opened
         < connack keep_alive=5 assigned=auto-1 max_qos=1 retain_available=0 max_packet=30
         publish a 1 q2
         publish a 1 retain
         publish a 01234567890123456789012345678901234567890123456789
         subscribe 01234567890123456789012345678901234567890123456789:0
         disconnect
         connect
         opened",
        expect![[r#"
            trace
            connect
                ? opens a connection
                open
            opened
                ? asks to go on with its session [MQTT-3.1.0-1]
                > CONNECT "" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack keep_alive=5 assigned=auto-1 max_qos=1 retain_available=0 max_packet=30
                ? uses the server's Keep Alive of 5 s [MQTT-3.2.2-21]
                ? uses the Client Identifier that the server gave it [MQTT-3.1.3-7]
                ? begins a session
                * connected as "auto-1", session present false
            publish a 1 q2
                error: the server takes QoS 1 at most
            publish a 1 retain
                error: the server keeps no retained messages
            publish a 01234567890123456789012345678901234567890123456789
                error: the packet has 56 bytes and 30 are allowed
            subscribe 01234567890123456789012345678901234567890123456789:0
                error: the packet has 58 bytes and 30 are allowed
            disconnect
                ? says DISCONNECT and closes the connection [MQTT-3.14.4-2]
                > DISCONNECT
                close
                ? takes the connection as ended: asked for
                ? keeps the session: 0 outgoing and 0 incoming messages incomplete [MQTT-3.1.2-23]
                ? will not connect again by itself
                * disconnected: asked for
            connect
                ? opens a connection
                open
            opened
                ? asks to go on with its session [MQTT-3.1.0-1]
                > CONNECT "auto-1" clean=0 keep_alive=60 SessionExpiryInterval(60)
        "#]],
    );
}

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
fn topics_get_aliases_up_to_the_servers_maximum() {
    check(
        five(),
        "connect
         opened
         < connack alias_max=2
         publish status/1 a
         publish status/1 b q1
         publish status/2 a
         publish status/3 a
         publish status/2 b
         publish status/1 c
         publish t x
         lost fin
         wait 1
         opened
         < connack present alias_max=2
         < puback 1",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack alias_max=2
                * connected as "c", session present false
            publish status/1 a
                > PUBLISH "status/1" "a" TopicAlias(1)
                * published 1: 0x00 Success
            publish status/1 b q1
                > PUBLISH "" "b" q1 id=1 TopicAlias(1)
            publish status/2 a
                > PUBLISH "status/2" "a" TopicAlias(2)
                * published 3: 0x00 Success
            publish status/3 a
                > PUBLISH "status/3" "a" TopicAlias(1)
                * published 4: 0x00 Success
            publish status/2 b
                > PUBLISH "" "b" TopicAlias(2)
                * published 5: 0x00 Success
            publish status/1 c
                > PUBLISH "status/1" "c" TopicAlias(1)
                * published 6: 0x00 Success
            publish t x
                > PUBLISH "t" "x"
                * published 7: 0x00 Success
            lost fin
                * disconnected: the server closed it, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack present alias_max=2
                * connected as "c", session present true
                > PUBLISH "status/1" "b" q1 id=1 dup TopicAlias(1)
            < puback 1
                * published 2: 0x00 Success
        "#]],
    );
}

#[test]
fn the_servers_aliases_arrive_as_topics() {
    let options = Options {
        topic_alias_maximum: 2,
        ..five()
    };
    check(
        options,
        "connect
         opened
         < connack
         < publish status/1 a alias=1
         < publish status/2 a alias=3",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60) TopicAliasMaximum(2)
            < connack
                * connected as "c", session present false
            < publish status/1 a alias=1
                * message "status/1" "a" TopicAlias(1)
            < publish status/2 a alias=3
                > DISCONNECT 0x94 Topic Alias invalid
                close
                * disconnected: the Topic Alias is 0 or above the maximum in PUBLISH at byte 13 [MQTT-3.3.2-11], again at 1.000000 s
        "#]],
    );
}

#[test]
fn a_session_that_the_server_lost_is_discarded() {
    check(
        five(),
        "trace
         connect
         opened
         < connack
         subscribe a:1
         < suback 1 1
         publish a 1 q1
         < publish a x q2 id=3
         lost fin
         wait 1
         opened
         < connack",
        expect![[r#"
            trace
            connect
                ? opens a connection
                open
            opened
                ? asks to go on with its session [MQTT-3.1.0-1]
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack
                ? begins a session
                * connected as "c", session present false
            subscribe a:1
                ? sends SUBSCRIBE as 1 [MQTT-2.2.1-3]
                > SUBSCRIBE 1 a:1
            < suback 1 1
                * subscribed 1: [1]
            publish a 1 q1
                ? publishes message 2 with QoS 1 as 2 [MQTT-4.3.2-2]
                > PUBLISH "a" "1" q1 id=2
            < publish a x q2 id=3
                ? takes message 3 with QoS 2 [MQTT-3.3.4-1]
                * message "a" "x" q2 id=3
                > PUBREC 3
            lost fin
                ? takes the connection as ended: the server closed it
                ? keeps the session: 1 outgoing and 1 incoming messages incomplete [MQTT-3.1.2-23]
                ? will connect again in 1000 ms
                * disconnected: the server closed it, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                ? opens a connection, attempt 2
                open
            opened
                ? asks to go on with its session [MQTT-3.1.0-1]
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack
                ? forgets the session, the server has none: 1 messages were in flight [MQTT-3.2.2-5]
                ? drops message 2: the session ended before PUBACK
                * dropped 2: the session ended before PUBACK
                ? begins a session
                * connected as "c", session present false
                ? subscribes to 1 filters again
                ? sends SUBSCRIBE as 3 [MQTT-2.2.1-3]
                > SUBSCRIBE 3 a:1
        "#]],
    );
}

#[test]
fn messages_of_a_lost_session_can_become_new_ones() {
    let options = Options {
        lost_session: LostSession::Republish,
        ..five()
    };
    check(
        options,
        "connect
         opened
         < connack
         publish a 1 q1
         publish a 2 q2
         publish a 3 q2
         < pubrec 3
         lost fin
         wait 1
         publish a 4 q1
         opened
         < connack",
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
            publish a 3 q2
                > PUBLISH "a" "3" q2 id=3
            < pubrec 3
                > PUBREL 3
            lost fin
                * disconnected: the server closed it, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            publish a 4 q1
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack
                * dropped 3: the session ended before PUBCOMP
                * connected as "c", session present false
                > PUBLISH "a" "1" q1 id=4
                > PUBLISH "a" "2" q2 id=5
                > PUBLISH "a" "4" q1 id=6
        "#]],
    );
}

#[test]
fn a_session_that_the_client_does_not_know_is_not_taken() {
    check(
        five(),
        "trace
         connect
         opened
         < connack present
         wait 1
         opened
         < connack
         lost fin
         wait 1
         opened
         < connack present",
        expect![[r#"
            trace
            connect
                ? opens a connection
                open
            opened
                ? asks to go on with its session [MQTT-3.1.0-1]
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack present
                ? closes the connection: Session Present is 1 and the client knows of no session [MQTT-3.2.2-4]
                ? says DISCONNECT with 0x82 Protocol Error and closes the connection [MQTT-3.14.4-2]
                > DISCONNECT 0x82 Protocol Error
                close
                ? takes the connection as ended: Session Present is 1 and the client knows of no session [MQTT-3.2.2-4]
                ? will connect again in 1000 ms
                * disconnected: Session Present is 1 and the client knows of no session [MQTT-3.2.2-4], again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                ? opens a connection, attempt 2
                open
            opened
                ? asks for a new session, because the server had one that it does not know [MQTT-3.1.0-1]
                > CONNECT "c" clean=1 keep_alive=60 SessionExpiryInterval(60)
            < connack
                ? begins a session
                * connected as "c", session present false
            lost fin
                ? takes the connection as ended: the server closed it
                ? keeps the session: 0 outgoing and 0 incoming messages incomplete [MQTT-3.1.2-23]
                ? will connect again in 1000 ms
                * disconnected: the server closed it, again at 2.000000 s
            wait 1
                2.0 s: Reconnect
                ? opens a connection, attempt 2
                open
            opened
                ? asks to go on with its session [MQTT-3.1.0-1]
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack present
                ? goes on with the session: 0 outgoing and 0 incoming messages incomplete [MQTT-3.2.2-3]
                * connected as "c", session present true
        "#]],
    );
}

#[test]
fn session_present_after_clean_start_is_a_mistake_of_the_server() {
    let options = Options {
        clean_start: true,
        ..five()
    };
    check(
        options,
        "connect
         opened
         < connack present",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=60 SessionExpiryInterval(60)
            < connack present
                > DISCONNECT 0x82 Protocol Error
                close
                * disconnected: Session Present is 1 although a new session was asked for [MQTT-3.2.2-2], again at 1.000000 s
        "#]],
    );
}

#[test]
fn a_session_expires_and_its_clock_starts_at_the_end_of_the_connection() {
    check(
        five(),
        "trace
         connect
         opened
         < connack session_expiry=20
         publish a 1 q1
         wait 30
         disconnect
         wait 19
         wait 1",
        expect![[r#"
            trace
            connect
                ? opens a connection
                open
            opened
                ? asks to go on with its session [MQTT-3.1.0-1]
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack session_expiry=20
                ? begins a session
                * connected as "c", session present false
            publish a 1 q1
                ? publishes message 1 with QoS 1 as 1 [MQTT-4.3.2-2]
                > PUBLISH "a" "1" q1 id=1
            wait 30
            disconnect
                ? says DISCONNECT and closes the connection [MQTT-3.14.4-2]
                > DISCONNECT
                close
                ? takes the connection as ended: asked for
                ? keeps the session: 1 outgoing and 0 incoming messages incomplete [MQTT-3.1.2-23]
                ? will not connect again by itself
                * disconnected: asked for
            wait 19
            wait 1
                50.0 s: SessionExpiry
                ? forgets the session, it expired: 1 messages were in flight
                ? drops message 1: the session ended before PUBACK
                * dropped 1: the session ended before PUBACK
        "#]],
    );
}

#[test]
fn disconnect_can_change_the_session_expiry_but_not_from_zero() {
    check(
        five(),
        "connect
         opened
         < connack
         publish a 1 q1
         disconnect 0x04 expiry=0",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack
                * connected as "c", session present false
            publish a 1 q1
                > PUBLISH "a" "1" q1 id=1
            disconnect 0x04 expiry=0
                > DISCONNECT 0x04 Disconnect with Will Message SessionExpiryInterval(0)
                close
                * dropped 1: the session ended before PUBACK
                * disconnected: asked for
        "#]],
    );
    let options = Options {
        session_expiry: 0,
        ..five()
    };
    check(
        options,
        "connect
         opened
         < connack
         disconnect expiry=9
         disconnect 0x8E",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack
                * connected as "c", session present false
            disconnect expiry=9
                error: the Session Expiry Interval was 0 at CONNECT and must stay so
            disconnect 0x8E
                error: a client may not send DISCONNECT with 0x8E Session taken over here
        "#]],
    );
}

#[test]
fn after_a_loss_the_session_goes_on_if_the_options_say_so() {
    let options = Options {
        clean_start: true,
        resume_after_loss: true,
        ..five()
    };
    check(
        options,
        "trace
         connect
         opened
         < connack
         publish a 1 q1
         lost rst
         wait 1
         opened
         < connack present
         disconnect
         connect
         opened",
        expect![[r#"
            trace
            connect
                ? opens a connection
                open
            opened
                ? asks for a new session [MQTT-3.1.0-1]
                > CONNECT "c" clean=1 keep_alive=60 SessionExpiryInterval(60)
            < connack
                ? begins a session
                * connected as "c", session present false
            publish a 1 q1
                ? publishes message 1 with QoS 1 as 1 [MQTT-4.3.2-2]
                > PUBLISH "a" "1" q1 id=1
            lost rst
                ? takes the connection as ended: it was reset
                ? keeps the session: 1 outgoing and 0 incoming messages incomplete [MQTT-3.1.2-23]
                ? will connect again in 1000 ms
                * disconnected: it was reset, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                ? opens a connection, attempt 2
                open
            opened
                ? asks to go on with its session, because the connection was lost [MQTT-3.1.0-1]
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack present
                ? goes on with the session: 1 outgoing and 0 incoming messages incomplete [MQTT-3.2.2-3]
                * connected as "c", session present true
                ? publishes 1 again: it was not acknowledged [MQTT-4.4.0-1]
                > PUBLISH "a" "1" q1 id=1 dup
            disconnect
                ? says DISCONNECT and closes the connection [MQTT-3.14.4-2]
                > DISCONNECT
                close
                ? takes the connection as ended: asked for
                ? keeps the session: 1 outgoing and 0 incoming messages incomplete [MQTT-3.1.2-23]
                ? will not connect again by itself
                * disconnected: asked for
            connect
                ? opens a connection
                open
            opened
                ? forgets the session, a new one is asked for: 1 messages were in flight [MQTT-3.1.2-4]
                ? drops message 1: the session ended before PUBACK
                * dropped 1: the session ended before PUBACK
                ? asks for a new session [MQTT-3.1.0-1]
                > CONNECT "c" clean=1 keep_alive=60 SessionExpiryInterval(60)
        "#]],
    );
}

#[test]
fn the_server_may_say_why_it_ends_the_connection() {
    check(
        five(),
        "connect
         opened
         < connack
         < disconnect 0x8B
         wait 1
         opened
         < connack
         < disconnect 0x8E",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack
                * connected as "c", session present false
            < disconnect 0x8B
                * server says 0x8B Server shutting down
                close
                * disconnected: DISCONNECT with 0x8B Server shutting down, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack
                * connected as "c", session present false
            < disconnect 0x8E
                * server says 0x8E Session taken over
                close
                * disconnected: DISCONNECT with 0x8E Session taken over
        "#]],
    );
}

#[test]
fn the_server_may_send_the_client_elsewhere() {
    check(
        five(),
        "connect
         opened
         < connack 0x9D reference=b.example
         connect
         opened
         < connack
         < disconnect 0x9C reference=c.example",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack 0x9D reference=b.example
                * redirected to Some("b.example"), permanent true
                close
                * refused: 0x9D Server moved
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack
                * connected as "c", session present false
            < disconnect 0x9C reference=c.example
                * server says 0x9C Use another server
                * redirected to Some("c.example"), permanent false
                close
                * disconnected: DISCONNECT with 0x9C Use another server
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

fn with_auth() -> Options {
    Options {
        auth: Some(AuthOptions {
            method: "m".into(),
            data: Some(Bytes::from_static(b"hello")),
        }),
        ..five()
    }
}

#[test]
fn an_authentication_takes_as_many_steps_as_the_server_wants() {
    check(
        with_auth(),
        "connect
         opened
         auth early
         < auth 0x18 method=m data=who?
         auth me
         < auth 0x18 method=m data=really?
         auth yes
         < connack method=m
         auth late
         reauth again
         reauth twice
         < auth 0x18 method=m data=sure?
         auth sure
         < auth 0x00 method=m data=fine",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60) AuthenticationMethod("m") AuthenticationData([104, 101, 108, 108, 111])
            auth early
                error: the server did not ask for authentication data
            < auth 0x18 method=m data=who?
                * authenticate Some("who?")
            auth me
                > AUTH 0x18 Continue authentication AuthenticationMethod("m") AuthenticationData([109, 101])
            < auth 0x18 method=m data=really?
                * authenticate Some("really?")
            auth yes
                > AUTH 0x18 Continue authentication AuthenticationMethod("m") AuthenticationData([121, 101, 115])
            < connack method=m
                * connected as "c", session present false
            auth late
                error: the server did not ask for authentication data
            reauth again
                > AUTH 0x19 Re-authenticate AuthenticationMethod("m") AuthenticationData([97, 103, 97, 105, 110])
            reauth twice
                error: an authentication is under way
            < auth 0x18 method=m data=sure?
                * authenticate Some("sure?")
            auth sure
                > AUTH 0x18 Continue authentication AuthenticationMethod("m") AuthenticationData([115, 117, 114, 101])
            < auth 0x00 method=m data=fine
                * reauthenticated Some("fine")
        "#]],
    );
}

#[test]
fn authentication_with_another_method_or_none_is_a_mistake_of_the_server() {
    check(
        with_auth(),
        "connect
         opened
         < auth 0x18 method=other
         wait 1
         opened
         < connack
         wait 1
         opened
         < auth 0x19 method=m",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60) AuthenticationMethod("m") AuthenticationData([104, 101, 108, 108, 111])
            < auth 0x18 method=other
                > DISCONNECT 0x82 Protocol Error
                close
                * disconnected: another Authentication Method [MQTT-4.12.0-5], again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60) AuthenticationMethod("m") AuthenticationData([104, 101, 108, 108, 111])
            < connack
                > DISCONNECT 0x82 Protocol Error
                close
                * disconnected: another Authentication Method [MQTT-4.12.0-5], again at 2.000000 s
            wait 1
                2.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60) AuthenticationMethod("m") AuthenticationData([104, 101, 108, 108, 111])
            < auth 0x19 method=m
                > DISCONNECT 0x82 Protocol Error
                close
                * disconnected: the code is not one that this packet may have in AUTH at byte 2 [MQTT-3.15.2-1], again at 3.000000 s
        "#]],
    );
}

#[test]
fn authentication_that_nobody_asked_for_is_a_mistake_of_the_server() {
    check(
        five(),
        "connect
         opened
         < auth 0x18 method=m
         wait 1
         opened
         < connack method=m
         wait 1
         opened
         < connack
         reauth x",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < auth 0x18 method=m
                > DISCONNECT 0x82 Protocol Error
                close
                * disconnected: authentication that was not asked for [MQTT-4.12.0-6], again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack method=m
                > DISCONNECT 0x82 Protocol Error
                close
                * disconnected: authentication that was not asked for [MQTT-4.12.0-6], again at 2.000000 s
            wait 1
                2.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack
                * connected as "c", session present false
            reauth x
                error: no Authentication Method is set
        "#]],
    );
}

#[test]
fn suback_and_unsuback_have_one_code_for_each_filter() {
    check(
        five(),
        "connect
         opened
         < connack
         subscribe a:0 b:1 c:2
         < suback 1 0 135 2
         unsubscribe a b
         < unsuback 2 0 17
         unsubscribe c
         < unsuback 3 0 0",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack
                * connected as "c", session present false
            subscribe a:0 b:1 c:2
                > SUBSCRIBE 1 a:0 b:1 c:2
            < suback 1 0 135 2
                * subscribed 1: [0, 135, 2]
            unsubscribe a b
                > UNSUBSCRIBE 2 a b
            < unsuback 2 0 17
                * unsubscribed 2: [0, 17]
            unsubscribe c
                > UNSUBSCRIBE 3 c
            < unsuback 3 0 0
                > DISCONNECT 0x82 Protocol Error
                close
                * disconnected: 2 codes in answer to 1 filters [MQTT-3.11.3-1], again at 1.000000 s
        "#]],
    );
}

#[test]
fn a_server_that_takes_no_acknowledgement_cannot_be_talked_to() {
    check(
        five(),
        "connect
         opened
         < connack max_packet=3",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack max_packet=3
                > DISCONNECT 0x83 Implementation specific error
                close
                * disconnected: no acknowledgement fits into the Maximum Packet Size of the server [MQTT-3.2.2-15], again at 1.000000 s
        "#]],
    );
}
