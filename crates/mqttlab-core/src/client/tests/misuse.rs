//! What an application may not ask for.

use expect_test::expect;

use super::rig::check;
use super::{five, kept, named};
use crate::client::{
    ClientError, Message, MessageProperties, Options, QueueLimits, Reconnect, WillOptions,
};
use crate::packet::{QoS, Version};
use crate::time::Duration;
use crate::topic::TopicError;

#[test]
fn topics_and_filters_are_checked() {
    check(
        named(),
        "publish a/# x
         publish a/+ x
         subscribe a/#/b:0
         subscribe a+:0
         subscribe
         unsubscribe
         unsubscribe a#",
        expect![[r#"
            publish a/# x
                error: Topic Name: a Topic Name must not have + or # in it
            publish a/+ x
                error: Topic Name: a Topic Name must not have + or # in it
            subscribe a/#/b:0
                error: Topic Filter: # must be the last level, alone
            subscribe a+:0
                error: Topic Filter: + must fill its whole level
            subscribe
                error: at least one Topic Filter is needed
            unsubscribe
                error: at least one Topic Filter is needed
            unsubscribe a#
                error: Topic Filter: # must be the last level, alone
        "#]],
    );
    check(
        five(),
        "subscribe $share/g:0
         subscribe a:0 id=0
         subscribe a:0 id=268435456",
        expect![[r#"
            subscribe $share/g:0
                error: Topic Filter: a shared subscription is $share/NAME/FILTER, NAME without wildcards
            subscribe a:0 id=0
                error: a Subscription Identifier is 1 to 268435455
            subscribe a:0 id=268435456
                error: a Subscription Identifier is 1 to 268435455
        "#]],
    );
}

#[test]
fn calls_at_the_wrong_time_are_refused() {
    check(
        named(),
        "disconnect
         auth x
         reauth x
         connect
         connect
         opened
         connect
         < connack
         connect
         disconnect 0x04
         disconnect expiry=1
         disconnect",
        expect![[r#"
            disconnect
                error: the client is neither connected nor going to be
            auth x
                error: the server did not ask for authentication data
            reauth x
                error: the client is not connected
            connect
                open
            connect
                error: the client is connected or connecting already
            opened
                > CONNECT "c" clean=1 keep_alive=60
            connect
                error: the client is connected or connecting already
            < connack
                * connected as "c", session present false
            connect
                error: the client is connected or connecting already
            disconnect 0x04
                error: a client may not send DISCONNECT with 0x04 Disconnect with Will Message here
            disconnect expiry=1
                error: DISCONNECT properties: only MQTT 5.0 has that
            disconnect
                > DISCONNECT
                close
                * disconnected: asked for
        "#]],
    );
}

#[test]
fn without_a_queue_nothing_waits() {
    let options = Options {
        queue: QueueLimits {
            messages: 0,
            ..QueueLimits::default()
        },
        in_flight_max: 1,
        requests_max: 1,
        ..kept()
    };
    check(
        options,
        "publish a 1
         connect
         opened
         publish a 1 q1
         < connack
         publish a 1
         publish a 2 q1
         publish a 3 q1
         subscribe a:0
         subscribe b:0",
        expect![[r#"
            publish a 1
                error: the client is not connected
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            publish a 1 q1
                error: the client is not connected
            < connack
                * connected as "c", session present false
            publish a 1
                > PUBLISH "a" "1"
                * published 1: 0x00 Success
            publish a 2 q1
                > PUBLISH "a" "2" q1 id=1
            publish a 3 q1
                error: 1 messages are in flight already
            subscribe a:0
                > SUBSCRIBE 2 a:0
            subscribe b:0
                error: too many requests wait for their answers
        "#]],
    );
}

#[test]
fn the_queue_has_limits_and_keeps_the_order() {
    let options = Options {
        queue: QueueLimits {
            messages: 3,
            bytes: 40,
            qos0: false,
            ..QueueLimits::default()
        },
        ..kept()
    };
    check(
        options,
        "publish a 1
         publish a 01234567890123456789012345678901234567890123456789 q1
         publish a 0123456789012345678901234567890123456 q1
         publish a 2 q1
         publish a 3 q1
         connect
         opened
         < connack
         < puback 1",
        expect![[r#"
            publish a 1
                error: the client is not connected
            publish a 01234567890123456789012345678901234567890123456789 q1
                error: the queue is full
            publish a 0123456789012345678901234567890123456 q1
            publish a 2 q1
            publish a 3 q1
                error: the queue is full
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack
                * connected as "c", session present false
                > PUBLISH "a" "0123456789012345678901234567890123456" q1 id=1
                > PUBLISH "a" "2" q1 id=2
            < puback 1
                * published 1: 0x00 Success
        "#]],
    );
}

#[test]
fn subscriptions_are_counted_before_they_are_granted() {
    let options = Options {
        subscriptions_max: 2,
        ..kept()
    };
    check(
        options,
        "subscribe a:0 b:0
         subscribe c:0
         connect
         opened
         < connack
         < suback 1 0 128
         subscribe a:1 c:0
         subscribe d:0",
        expect![[r#"
            subscribe a:0 b:0
            subscribe c:0
                error: too many subscriptions
            connect
                open
            opened
                > CONNECT "c" clean=0 keep_alive=60
            < connack
                * connected as "c", session present false
                > SUBSCRIBE 1 a:0 b:0
            < suback 1 0 128
                * subscribed 1: [0, 128]
            subscribe a:1 c:0
                > SUBSCRIBE 2 a:1 c:0
            subscribe d:0
                error: too many subscriptions
        "#]],
    );
}

#[test]
fn options_are_checked() {
    let error = |options: Options| options.check().err();
    let v5_only = Options {
        session_expiry: 1,
        ..named()
    };
    assert!(matches!(
        error(v5_only),
        Some(ClientError::NeedsVersion5(_))
    ));
    let no_user = Options {
        password: Some("p".into()),
        ..named()
    };
    assert_eq!(
        error(no_user.clone()),
        Some(ClientError::PasswordWithoutUserName)
    );
    let v5 = Options {
        version: Version::V5,
        ..no_user
    };
    assert_eq!(error(v5), None);
    let will = |topic: &str| Options {
        will: Some(WillOptions {
            topic: topic.into(),
            ..WillOptions::default()
        }),
        ..named()
    };
    assert_eq!(
        error(will("a/#")),
        Some(ClientError::Topic(TopicError::WildcardInName))
    );
    assert_eq!(error(will("a")), None);
    let in_flight_max = 0;
    let zero = Options {
        in_flight_max,
        ..named()
    };
    assert!(matches!(error(zero), Some(ClientError::ZeroLimit(_))));
    let nul = Options {
        client_id: "a\0b".into(),
        ..named()
    };
    assert!(matches!(error(nul), Some(ClientError::NulInText(_))));
    let long = Options {
        client_id: "x".repeat(65_536),
        ..named()
    };
    assert!(matches!(error(long), Some(ClientError::TooLong(_))));
}

#[test]
fn properties_need_5_0_and_are_checked() {
    let message = |properties| Message {
        properties,
        ..Message::new("a", &b"\xFF"[..], QoS::AtMostOnce)
    };
    let utf8 = message(MessageProperties {
        utf8: true,
        ..MessageProperties::NONE
    });
    assert_eq!(utf8.check(Version::V5), Err(ClientError::PayloadNotUtf8));
    assert!(matches!(
        utf8.check(Version::V3_1_1),
        Err(ClientError::NeedsVersion5(_))
    ));
    let response = message(MessageProperties {
        response_topic: Some("a/+".into()),
        ..MessageProperties::NONE
    });
    assert!(matches!(
        response.check(Version::V5),
        Err(ClientError::ResponseTopic(TopicError::WildcardInName))
    ));
    let pair = message(MessageProperties {
        user_properties: [("k\0".into(), "v".into())].into(),
        ..MessageProperties::NONE
    });
    assert!(matches!(
        pair.check(Version::V5),
        Err(ClientError::NulInText(_))
    ));
}

#[test]
fn reconfiguring_needs_a_closed_connection_and_valid_options() {
    let mut rig = super::rig::Rig::new(named());
    let never = Options {
        reconnect: Reconnect::Never,
        ..named()
    };
    let broken = Options {
        connect_timeout: Duration::ZERO,
        ..named()
    };
    assert!(rig.client.reconfigure(broken).is_err());
    assert_eq!(rig.client.reconfigure(never.clone()), Ok(()));
    rig.run("connect");
    assert_eq!(
        rig.client.reconfigure(never),
        Err(ClientError::AlreadyConnected)
    );
}

#[test]
fn a_session_belongs_to_its_client_identifier() {
    let mut rig = super::rig::Rig::new(kept());
    rig.run("connect\nopened\n< connack\npublish a 1 q1\ndisconnect\ntrace");
    let other = Options {
        client_id: "d".into(),
        ..kept()
    };
    assert_eq!(rig.client.reconfigure(other), Ok(()));
    rig.run("connect\nopened");
    expect![[r#"
        connect
            open
        opened
            > CONNECT "c" clean=0 keep_alive=60
        < connack
            * connected as "c", session present false
        publish a 1 q1
            > PUBLISH "a" "1" q1 id=1
        disconnect
            > DISCONNECT
            close
            * disconnected: asked for
        trace
        connect
            ? opens a connection
            open
        opened
            ? forgets the session, it has another Client Identifier: 1 messages were in flight [MQTT-3.1.3-2]
            ? drops message 1: the session ended before PUBACK
            * dropped 1: the session ended before PUBACK
            ? asks to go on with its session [MQTT-3.1.0-1]
            > CONNECT "d" clean=0 keep_alive=60
    "#]].assert_eq(&rig.out);
}
