//! MQTT 5.0: enhanced authentication.

use bytes::Bytes;
use expect_test::expect;

use crate::client::tests::five;
use crate::client::tests::rig::check;
use crate::client::{AuthOptions, Options};

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
