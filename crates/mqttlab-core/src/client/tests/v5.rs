//! MQTT 5.0, statement by statement.

mod auth;
mod session;
mod window;

use expect_test::expect;

use super::five;
use super::rig::check;
use crate::client::{MessageProperties, Options, WillOptions};

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
