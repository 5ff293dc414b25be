//! MQTT 5.0: sessions that go on, are lost or expire.

use expect_test::expect;

use crate::client::tests::five;
use crate::client::tests::rig::check;
use crate::client::{LostSession, Options};

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
