//! What the standard leaves to the client: when to connect again, what waits, what is renewed.

use alloc::vec::Vec;

use expect_test::expect;

use super::rig::check;
use super::{five, kept, named};
use crate::client::{Options, QueueLimits, Reconnect, WhenFull};
use crate::rng::Rng;
use crate::time::Duration;

#[test]
fn delays_grow_up_to_the_maximum_and_begin_anew_after_a_steady_connection() {
    let options = Options {
        reconnect: Reconnect::exponential(Duration::from_secs(1), Duration::from_secs(4)),
        ..named()
    };
    check(
        options,
        "connect
         open-failed
         wait 1
         opened
         lost rst
         wait 2
         opened
         < connack
         wait 3
         lost fin
         wait 4
         opened
         < connack
         wait 4
         lost fin",
        expect![[r#"
            connect
                open
            open-failed
                * disconnected: it could not be opened, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=60
            lost rst
                * disconnected: it was reset, again at 3.000000 s
            wait 2
                3.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=60
            < connack
                * connected as "c", session present false
            wait 3
            lost fin
                * disconnected: the server closed it, again at 10.000000 s
            wait 4
                10.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=60
            < connack
                * connected as "c", session present false
            wait 4
            lost fin
                * disconnected: the server closed it, again at 15.000000 s
        "#]],
    );
}

#[test]
fn attempts_can_be_limited() {
    let reconnect = Reconnect::After {
        first: Duration::from_secs(1),
        max: Duration::from_secs(9),
        factor: 3,
        jitter: 0,
        steady_after: Duration::ZERO,
        attempts_max: Some(2),
    };
    let options = Options {
        reconnect,
        ..named()
    };
    check(
        options,
        "connect
         open-failed
         wait 1
         open-failed
         wait 3
         open-failed
         connect",
        expect![[r#"
            connect
                open
            open-failed
                * disconnected: it could not be opened, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            open-failed
                * disconnected: it could not be opened, again at 4.000000 s
            wait 3
                4.0 s: Reconnect
                open
            open-failed
                * disconnected: it could not be opened
            connect
                open
        "#]],
    );
}

#[test]
fn jitter_takes_off_up_to_its_share() {
    let reconnect = Reconnect::fixed(Duration::from_secs(10)).with_jitter(30);
    let mut rng = Rng::new(1);
    let delays: Vec<u64> = (0..200)
        .map(|attempt| reconnect.delay(attempt, &mut rng))
        .map(|delay| delay.map_or(0, |delay| delay.as_millis() as u64))
        .collect();
    assert!(delays.iter().all(|delay| (7_000..=10_000).contains(delay)));
    assert!(delays.iter().any(|&delay| delay < 8_000));
    assert!(delays.iter().any(|&delay| delay > 9_000));
    let huge = Reconnect::exponential(Duration::from_secs(1), Duration::MAX);
    let longest = Duration::from_micros(u64::MAX);
    assert_eq!(huge.delay(u32::MAX, &mut rng), Some(longest));
}

#[test]
fn a_refusal_is_retried_where_that_can_help() {
    check(
        named(),
        "connect
         opened
         < connack 0x88
         wait 1
         opened
         < connack 0x86",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=60
            < connack 0x88
                close
                * refused: 0x88 Server unavailable, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=60
            < connack 0x86
                close
                * refused: 0x86 Bad User Name or Password
        "#]],
    );
    let options = Options {
        retry_always: true,
        ..named()
    };
    check(
        options,
        "connect
         opened
         < connack 0x86
         disconnect",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=60
            < connack 0x86
                close
                * refused: 0x86 Bad User Name or Password, again at 1.000000 s
            disconnect
                * disconnected: asked for
        "#]],
    );
}

#[test]
fn time_outs_end_attempts() {
    check(
        named(),
        "connect
         wait 10
         wait 1
         opened
         wait 10",
        expect![[r#"
            connect
                open
            wait 10
                10.0 s: Connect
                reset
                * disconnected: no answer in time, again at 11.000000 s
            wait 1
                11.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=60
            wait 10
                21.0 s: Connect
                reset
                * disconnected: no answer in time, again at 22.000000 s
        "#]],
    );
}

#[test]
fn what_was_subscribed_is_renewed_when_the_session_is_new() {
    check(
        named(),
        "connect
         opened
         < connack
         subscribe a:1 b:2
         < suback 1 1 128
         subscribe c:0
         lost fin
         wait 1
         opened
         < connack
         < suback 3 1
         < suback 4 0
         unsubscribe a
         < unsuback 5
         lost fin
         wait 1
         opened
         < connack",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=60
            < connack
                * connected as "c", session present false
            subscribe a:1 b:2
                > SUBSCRIBE 1 a:1 b:2
            < suback 1 1 128
                * subscribed 1: [1, 128]
            subscribe c:0
                > SUBSCRIBE 2 c:0
            lost fin
                * disconnected: the server closed it, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=60
            < connack
                * connected as "c", session present false
                > SUBSCRIBE 3 a:1
                > SUBSCRIBE 4 c:0
            < suback 3 1
                * subscribed -: [1]
            < suback 4 0
                * subscribed 2: [0]
            unsubscribe a
                > UNSUBSCRIBE 5 a
            < unsuback 5
                * unsubscribed 3: []
            lost fin
                * disconnected: the server closed it, again at 2.000000 s
            wait 1
                2.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=60
            < connack
                * connected as "c", session present false
                > SUBSCRIBE 6 c:0
        "#]],
    );
}

#[test]
fn subscriptions_are_forgotten_where_they_shall_not_be_renewed() {
    let options = Options {
        resubscribe: false,
        ..named()
    };
    check(
        options,
        "connect
         opened
         < connack
         subscribe a:1
         < suback 1 1
         lost fin
         wait 1
         trace
         opened
         < connack",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=60
            < connack
                * connected as "c", session present false
            subscribe a:1
                > SUBSCRIBE 1 a:1
            < suback 1 1
                * subscribed 1: [1]
            lost fin
                * disconnected: the server closed it, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            trace
            opened
                ? asks for a new session [MQTT-3.1.0-1]
                > CONNECT "c" clean=1 keep_alive=60
            < connack
                ? begins a session
                * connected as "c", session present false
                ? does not renew 1 subscriptions that went with the session
        "#]],
    );
}

#[test]
fn a_kept_session_needs_no_renewal() {
    check(
        kept(),
        "connect
         opened
         < connack
         subscribe a:1
         < suback 1 1
         lost fin
         wait 1
         opened
         < connack present",
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
            lost fin
                * disconnected: the server closed it, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack present
                * connected as "c", session present true
        "#]],
    );
}

#[test]
fn the_oldest_can_make_room_in_the_queue() {
    let options = Options {
        queue: QueueLimits {
            messages: 2,
            when_full: WhenFull::DropOldest,
            ..QueueLimits::default()
        },
        ..kept()
    };
    check(
        options,
        "publish a 1
         publish a 2
         publish a 3
         connect
         opened
         < connack",
        expect![[r#"
            publish a 1
            publish a 2
            publish a 3
                * dropped 1: newer ones need the room
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack
                * connected as "c", session present false
                > PUBLISH "a" "2"
                * published 2: 0x00 Success
                > PUBLISH "a" "3"
                * published 3: 0x00 Success
        "#]],
    );
}

#[test]
fn a_network_that_takes_no_more_makes_messages_wait() {
    let options = Options {
        write_buffer_max: 30,
        ..five()
    };
    check(
        options,
        "connect
         opened
         < connack
         stuck
         publish a 0123456789012345678901234567
         publish a 1
         subscribe b:0
         flushed 10
         < publish a x q1 id=1
         < publish a x q1 id=1
         < publish a x q1 id=1
         < publish a x q1 id=1
         < publish a x q1 id=1
         < publish a x q1 id=1
         < publish a x q1 id=1
         < publish a x q1 id=1",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60 SessionExpiryInterval(60)
            < connack
                * connected as "c", session present false
            stuck
            publish a 0123456789012345678901234567
                > PUBLISH "a" "0123456789012345678901234567"
                * published 1: 0x00 Success
            publish a 1
            subscribe b:0
            flushed 10
                > SUBSCRIBE 1 b:0
            < publish a x q1 id=1
                * message "a" "x" q1 id=1
                > PUBACK 1
            < publish a x q1 id=1
                * message "a" "x" q1 id=1
                > PUBACK 1
            < publish a x q1 id=1
                * message "a" "x" q1 id=1
                > PUBACK 1
            < publish a x q1 id=1
                * message "a" "x" q1 id=1
                > PUBACK 1
            < publish a x q1 id=1
                * message "a" "x" q1 id=1
                > PUBACK 1
            < publish a x q1 id=1
                * message "a" "x" q1 id=1
                > PUBACK 1
            < publish a x q1 id=1
                * message "a" "x" q1 id=1
                > PUBACK 1
            < publish a x q1 id=1
                * message "a" "x" q1 id=1
                > PUBACK 1
                > DISCONNECT 0x97 Quota exceeded
                close
                * disconnected: the server sends and does not read the answers, again at 1.000000 s
        "#]],
    );
}

#[test]
fn a_network_that_takes_no_more_makes_messages_wait_that_are_sent_again() {
    let options = Options {
        write_buffer_max: 30,
        ..kept()
    };
    check(
        options,
        "connect
         opened
         < connack
         publish a 0123456789012345678901234567 q1
         publish a 2 q1
         lost rst
         wait 1
         opened
         stuck
         < connack present
         flushed 100",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack
                * connected as "c", session present false
            publish a 0123456789012345678901234567 q1
                > PUBLISH "a" "0123456789012345678901234567" q1 id=1
            publish a 2 q1
                > PUBLISH "a" "2" q1 id=2
            lost rst
                * disconnected: it was reset, again at 1.000000 s
            wait 1
                1.0 s: Reconnect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            stuck
            < connack present
                * connected as "c", session present true
                > PUBLISH "a" "0123456789012345678901234567" q1 id=1 dup
            flushed 100
                > PUBLISH "a" "2" q1 id=2 dup
        "#]],
    );
}

#[test]
fn one_unanswered_pingreq_sets_the_time_limit_whatever_comes_after_it() {
    let options = Options {
        keep_alive: 2,
        ping_timeout: Duration::from_secs(5),
        ..named()
    };
    check(
        options,
        "connect
         opened
         < connack
         wait 8",
        expect![[r#"
            connect
                open
            opened
                > CONNECT "c" clean=1 keep_alive=2
            < connack
                * connected as "c", session present false
            wait 8
                2.0 s: KeepAlive
                > PINGREQ
                4.0 s: KeepAlive
                > PINGREQ
                6.0 s: KeepAlive
                > PINGREQ
                7.0 s: PingResponse
                reset
                * disconnected: no PINGRESP in time, again at 8.000000 s
                8.0 s: Reconnect
                open
        "#]],
    );
}

#[test]
fn an_orderly_end_leaves_the_queue_for_the_next_time() {
    check(
        kept(),
        "connect
         publish a 1 q1
         disconnect
         lost fin
         < pingresp
         opened
         open-failed
         connect
         opened
         < connack",
        expect![[r#"
            connect
                open
            publish a 1 q1
            disconnect
                reset
                * disconnected: asked for
            lost fin
            < pingresp
            opened
            open-failed
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack
                * connected as "c", session present false
                > PUBLISH "a" "1" q1 id=1
        "#]],
    );
}
