//! The will: seven endings, and what comes of it.

use expect_test::expect;

use super::{check, check_with};
use crate::broker::{Config, WillAtShutdown};
use crate::clause::Clause;

#[test]
fn disconnect_discards_the_will() {
    check(
        "watch subscribe w\n a connect will=w\n a disconnect",
        expect![[r#"
            b>watch SUBACK #1 [00]
            b>a CONNACK present=0 0x00
            b|a the client disconnected"#]],
    )
    .because(&[Clause::V311_3_14_4_3]);
}

#[test]
fn a_lost_connection_publishes_the_will() {
    check(
        "watch subscribe w qos=2\n a connect will=w wqos=1 says=bye\n a lost",
        expect![[r#"
            b>watch SUBACK #1 [02]
            b>a CONNACK present=0 0x00
            b>watch PUBLISH w q1 #1 "bye""#]],
    )
    .because(&[Clause::V311_3_1_2_8]);
}

#[test]
fn a_silent_client_has_its_will_published_at_the_keep_alive_limit() {
    check(
        "watch subscribe w
         a connect keep=10 will=w
         wait 14999ms
         -- not yet
         wait 1ms",
        expect![[r#"
            b>watch SUBACK #1 [00]
            b>a CONNACK present=0 0x00
            -- not yet
            b|a the Keep Alive ran out
            b>watch PUBLISH w q0 "gone""#]],
    );
}

#[test]
fn the_will_may_be_retained() {
    check(
        "a connect will=w wretain wqos=1 says=gone
         a lost
         late connect
         late subscribe w qos=1",
        expect![[r#"
            b>a CONNACK present=0 0x00
            b>late CONNACK present=0 0x00
            b>late SUBACK #1 [01]
            b>late PUBLISH w q1 #1 RETAIN "gone""#]],
    )
    .because(&[Clause::V311_3_3_1_5]);
}

#[test]
fn without_a_will_nothing_is_published() {
    check(
        "watch subscribe #\n a connect\n a lost",
        expect![[r#"
        b>watch SUBACK #1 [00]
        b>a CONNACK present=0 0x00"#]],
    );
}

#[test]
fn a_will_that_may_not_be_published_is_refused_at_connect() {
    check(
        "deny a publish w\n a connect will=w\n b connect will=$SYS/x",
        expect![[r#"
            b>a CONNACK present=0 0x87
            b|a CONNECT was refused (0x87 Not authorized)
            b>b CONNACK present=0 0x87
            b|b CONNECT was refused (0x87 Not authorized)"#]],
    );
    check(
        "deny a publish w\n a connect v=5 will=w",
        expect![[r#"
        b>a CONNACK present=0 0x87 ReasonString("the will may not be published")
        b|a CONNECT was refused (0x87 Not authorized)"#]],
    );
}

#[test]
fn a_will_is_checked_again_when_it_is_due() {
    check(
        "watch subscribe w\n a connect will=w\n deny a publish w\n a lost",
        expect![[r#"
            b>watch SUBACK #1 [00]
            b>a CONNACK present=0 0x00"#]],
    );
}

#[test]
fn disconnect_with_will_publishes_it() {
    check(
        "watch subscribe w\n a connect v=5 will=w\n version 5\n a disconnect reason=4",
        expect![[r#"
            b>watch SUBACK #1 [00]
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b|a the client disconnected
            b>watch PUBLISH w q0 "gone""#]],
    )
    .because(&[Clause::V5_3_1_2_8]);
}

#[test]
fn a_delayed_will_waits_and_is_cancelled_by_coming_back() {
    check(
        "watch subscribe w
         a connect v=5 clean=0 expiry=100 will=w delay=10
         a lost
         wait 9s
         a connect v=5 clean=0 expiry=100
         wait 10s
         -- cancelled
         a connect v=5 clean=0 expiry=100 will=w delay=10
         a lost
         wait 10s",
        expect![[r#"
            b>watch SUBACK #1 [00]
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            -- cancelled
            b>a DISCONNECT 0x8E ReasonString("another connection came with the same Client Identifier")
            b|a another connection came with the same Client Identifier
            b>a CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>watch PUBLISH w q0 "gone""#]],
    )
    .because(&[Clause::V5_3_1_3_9, Clause::V5_3_1_2_8]);
}

#[test]
fn a_delayed_will_comes_at_the_end_of_its_session() {
    check(
        "watch subscribe w
         a connect v=5 clean=0 expiry=5 will=w delay=10
         a lost
         wait 5s
         -- and with a clean start
         a connect v=5 clean=0 expiry=100 will=w delay=10
         a lost
         wait 1s
         a connect v=5 clean=1 expiry=100
         -- and with a session that ends at once
         b connect v=5 will=w delay=10
         b lost",
        expect![[r#"
            b>watch SUBACK #1 [00]
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>watch PUBLISH w q0 "gone"
            -- and with a clean start
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>watch PUBLISH w q0 "gone"
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            -- and with a session that ends at once
            b>b CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>watch PUBLISH w q0 "gone""#]],
    );
}

#[test]
fn a_delayed_will_survives_a_takeover_unsent() {
    check(
        "watch subscribe w
         a connect v=5 id=x clean=0 expiry=100 will=w delay=10
         b connect v=5 id=x clean=0 expiry=100
         wait 20s",
        expect![[r#"
            b>watch SUBACK #1 [00]
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a DISCONNECT 0x8E ReasonString("another connection came with the same Client Identifier")
            b|a another connection came with the same Client Identifier
            b>b CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)"#]],
    );
}

#[test]
fn a_will_that_cannot_be_is_refused() {
    let config = Config {
        maximum_qos: crate::packet::QoS::AtLeastOnce,
        retain_available: false,
        ..Config::default()
    };
    check_with(
        config,
        "a connect v=5 will=w wqos=2
         b connect v=5 will=w wretain
         c connect will=w wqos=2
         d connect v=5 will=w wqos=1",
        expect![[r#"
            b>a CONNACK present=0 0x9B ReasonString("the will has a QoS that is not supported")
            b|a CONNECT was refused (0x9B QoS not supported)
            b>b CONNACK present=0 0x9A ReasonString("the will is to be retained, which is not supported")
            b|b CONNECT was refused (0x9A Retain not supported)
            b|c CONNECT was refused (0x9B QoS not supported)
            b>d CONNACK present=0 0x00 ReceiveMaximum(64) MaximumQoS(1) MaximumPacketSize(1048576) TopicAliasMaximum(32) RetainAvailable(0)"#]],
    )
    .because(&[Clause::V5_3_2_2_12, Clause::V5_3_2_2_13]);
}

#[test]
fn at_a_stop_wills_go_out_or_are_thrown_away_as_configured() {
    let script = "watch subscribe w
         a connect will=w says=a
         b connect will=w says=b
         a kick
         b stopped";
    check(
        script,
        expect![[r#"
        b>watch SUBACK #1 [00]
        b>a CONNACK present=0 0x00
        b>b CONNACK present=0 0x00
        b|a the broker closed it (0x98 Administrative action)
        b>watch PUBLISH w q0 "a"
        b|b the broker closed it (0x8B Server shutting down)
        b>watch PUBLISH w q0 "b""#]],
    );
    let config = Config {
        will_at_shutdown: WillAtShutdown::Discard,
        ..Config::default()
    };
    let run = check_with(
        config.clone(),
        script,
        expect![[r#"
        b>watch SUBACK #1 [00]
        b>a CONNACK present=0 0x00
        b>b CONNACK present=0 0x00
        b|a the broker closed it (0x98 Administrative action)
        b>watch PUBLISH w q0 "a"
        b|b the broker closed it (0x8B Server shutting down)"#]],
    );
    assert_eq!(run.broker.counters().wills_discarded, 1);
    // One that was put off waits on with its session; without one it would go out at once, and does not.
    check_with(
        config,
        "version 5
         watch connect
         watch subscribe w
         a connect will=w says=a delay=10 expiry=60
         b connect will=w says=b delay=10
         a stopped
         b stopped
         wait 11s",
        expect![[r#"
            b>watch CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>watch SUBACK #1 [00]
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>b CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a DISCONNECT 0x8B ReasonString("the broker closed it (0x8B Server shutting down)")
            b|a the broker closed it (0x8B Server shutting down)
            b>b DISCONNECT 0x8B ReasonString("the broker closed it (0x8B Server shutting down)")
            b|b the broker closed it (0x8B Server shutting down)
            b>watch PUBLISH w q0 "a""#]],
    );
}
