//! What only 5.0 has.

use expect_test::expect;

use super::{check, check_with};
use crate::broker::{Config, Overlap, SharedDispatch};
use crate::clause::Clause;

#[test]
fn connack_tells_what_differs_from_the_defaults() {
    let config = Config {
        session_expiry_max_s: 60,
        keep_alive_max: 30,
        response_information: "reply/".into(),
        ..Config::default()
    };
    check_with(
        config,
        "a connect v=5 id= clean=0 expiry=100 keep=60 response\n b connect v=5 keep=5",
        expect![[r#"
            b>a CONNACK present=0 0x00 SessionExpiryInterval(60) ReceiveMaximum(64) MaximumPacketSize(1048576) AssignedClientIdentifier("auto-0e2c1a002aae913d") TopicAliasMaximum(32) ServerKeepAlive(30) ResponseInformation("reply/")
            b>b CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)"#]],
    )
    .because(&[Clause::V5_3_1_3_6, Clause::V5_3_1_4_5]);
}

#[test]
fn session_expiry_0_ends_with_the_connection() {
    check(
        "version 5
         a connect clean=0
         a subscribe t qos=1
         a lost
         a connect clean=0",
        expect![[r#"
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a SUBACK #1 [01]
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)"#]],
    );
}

#[test]
fn session_expiry_is_counted_from_the_end_of_the_connection() {
    check(
        "version 5
         a connect clean=0 expiry=10
         wait 100s
         a lost
         wait 9s
         a connect clean=0 expiry=10
         a lost
         wait 10s
         a connect clean=0 expiry=10",
        expect![[r#"
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)"#]],
    )
    .because(&[Clause::V5_3_1_2_23, Clause::V5_4_1_0_2]);
}

#[test]
fn disconnect_may_change_the_session_expiry_but_not_from_0() {
    check(
        "version 5
         a connect clean=0 expiry=10
         a disconnect expiry=100
         wait 99s
         a connect clean=0 expiry=10
         a disconnect expiry=0
         a connect clean=0
         a disconnect expiry=5",
        expect![[r#"
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b|a the client disconnected
            b>a CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b|a the client disconnected
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a DISCONNECT 0x82 ReasonString("a session that was to end with its connection cannot be kept")
            b|a the packet was not allowed (0x82 Protocol Error)"#]],
    )
    .because(&[Clause::V5_4_13_1_1]);
}

#[test]
fn a_session_that_ends_with_its_connection_ends_at_a_takeover() {
    check(
        "version 5
         a connect id=x clean=0
         a subscribe t qos=1
         p publish t one qos=1
         b connect id=x clean=0 expiry=100
         b lost
         p publish t two qos=1
         b connect id=x clean=0",
        expect![[r#"
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a SUBACK #1 [01]
            b>a PUBLISH t q1 #1 "one"
            b>p PUBACK #1
            b>a DISCONNECT 0x8E ReasonString("another connection came with the same Client Identifier")
            b|a another connection came with the same Client Identifier
            b>b CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>p PUBACK #2 0x10
            b>b CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)"#]],
    );
}

#[test]
fn properties_are_forwarded_unchanged_and_in_order() {
    check(
        "version 5
         s subscribe a
         old connect v=3.1.1
         old subscribe a
         p publish a x format=1 type=text reply=r data=d user:k=1 user:k=2",
        expect![[r#"
            b>s SUBACK #1 [00]
            b>old CONNACK present=0 0x00
            b>old SUBACK #1 [00]
            b>s PUBLISH a q0 "x" PayloadFormatIndicator(1) ContentType("text") ResponseTopic("r") CorrelationData([100]) UserProperty("k", "1") UserProperty("k", "2")
            b>old PUBLISH a q0 "x""#]],
    );
}

#[test]
fn the_expiry_that_is_left_is_forwarded() {
    check(
        "version 5
         s connect clean=0 expiry=1000
         s subscribe a qos=1
         s lost
         p publish a stays qos=1 expiry=10
         p publish a goes qos=1 expiry=3
         wait 4s
         s connect clean=0 expiry=1000",
        expect![[r#"
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [01]
            b>p PUBACK #1
            b>p PUBACK #2
            b>s CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s PUBLISH a q1 #1 "stays" MessageExpiryInterval(6)"#]],
    );
}

#[test]
fn no_local_brings_no_echo() {
    check(
        "version 5
         a subscribe t nolocal
         b subscribe t
         a publish t x
         a publish t y retain
         a subscribe t nolocal rh=0",
        expect![[r#"
            b>a SUBACK #1 [00]
            b>b SUBACK #1 [00]
            b>b PUBLISH t q0 "x"
            b>b PUBLISH t q0 "y"
            b>a SUBACK #2 [00]"#]],
    )
    .because(&[Clause::V5_3_8_3_3]);
}

#[test]
fn no_local_on_a_shared_subscription_breaks_the_protocol() {
    check(
        "version 5\n a subscribe $share/g/t nolocal",
        expect![[r#"
            b>a DISCONNECT 0x82 ReasonString("No Local is not allowed on a shared subscription")
            b|a the packet was not allowed (0x82 Protocol Error)"#]],
    )
    .because(&[Clause::V5_3_8_3_4]);
}

#[test]
fn subscription_identifiers_come_back() {
    let script = "version 5
         s subscribe a/# sid=1
         s subscribe a/b sid=2 qos=1
         s subscribe +/b
         p publish a/b x qos=1
         p publish a/c y";
    check(
        script,
        expect![[r#"
        b>s SUBACK #1 [00]
        b>s SUBACK #2 [01]
        b>s SUBACK #3 [00]
        b>s PUBLISH a/b q1 #1 "x" SubscriptionIdentifier(1) SubscriptionIdentifier(2)
        b>p PUBACK #1
        b>s PUBLISH a/c q0 "y" SubscriptionIdentifier(1)"#]],
    );
    let overlap = Overlap::PerSubscription;
    check_with(
        Config {
            overlap,
            ..Config::default()
        },
        script,
        expect![[r#"
            b>s SUBACK #1 [00]
            b>s SUBACK #2 [01]
            b>s SUBACK #3 [00]
            b>s PUBLISH a/b q0 "x" SubscriptionIdentifier(1)
            b>s PUBLISH a/b q1 #1 "x" SubscriptionIdentifier(2)
            b>s PUBLISH a/b q0 "x"
            b>p PUBACK #1
            b>s PUBLISH a/c q0 "y" SubscriptionIdentifier(1)"#]],
    );
}

#[test]
fn a_client_sends_no_subscription_identifier() {
    check(
        "version 5\n p publish a x sid=3",
        expect![[r#"
            b>p DISCONNECT 0x82 ReasonString("only a server gives a PUBLISH a Subscription Identifier")
            b|p the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

#[test]
fn the_broker_uses_aliases_where_the_client_allows_them() {
    check(
        "version 5
         s connect aliases=1
         s subscribe # qos=1
         p publish a 1
         p publish a 2
         p publish b 3
         p publish a 4 qos=1
         s connect aliases=1
         s subscribe #
         p publish b 5
         p publish b 6",
        expect![[r#"
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [01]
            b>s PUBLISH a q0 "1" TopicAlias(1)
            b>s PUBLISH  q0 "2" TopicAlias(1)
            b>s PUBLISH b q0 "3"
            b>s PUBLISH  q1 #1 "4" TopicAlias(1)
            b>p PUBACK #1
            b>s DISCONNECT 0x8E ReasonString("another connection came with the same Client Identifier")
            b|s another connection came with the same Client Identifier
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #2 [00]
            b>s PUBLISH b q0 "5" TopicAlias(1)
            b>s PUBLISH  q0 "6" TopicAlias(1)"#]],
    );
}

#[test]
fn the_window_is_the_clients_receive_maximum() {
    check(
        "version 5
         s connect receive=1
         s subscribe a qos=2
         p publish a 1 qos=1
         p publish a 2 qos=2
         s puback 1
         s pubrec 2
         s pubcomp 2",
        expect![[r#"
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [02]
            b>s PUBLISH a q1 #1 "1"
            b>p PUBACK #1
            b>p PUBREC #2
            b>s PUBLISH a q2 #2 "2"
            b>s PUBREL #2"#]],
    );
}

#[test]
fn nobody_subscribes_is_told_to_the_publisher() {
    check(
        "version 5\n p publish a x qos=1\n p publish a x qos=2",
        expect![[r#"
            b>p PUBACK #1 0x10
            b>p PUBREC #2 0x10"#]],
    );
    let config = Config {
        report_no_subscribers: false,
        ..Config::default()
    };
    check_with(
        config,
        "version 5\n p publish a x qos=1",
        expect!["b>p PUBACK #1"],
    );
}

#[test]
fn a_reason_string_is_left_out_where_it_does_not_fit_or_is_not_wanted() {
    check(
        "version 5
         deny p publish a
         p connect size=12
         p publish a x qos=1
         p connect noproblem
         p publish a x qos=1
         p connect
         p publish a x qos=1",
        expect![[r#"
            b>p CONNACK present=0 0x95
            b|p CONNECT was refused (0x95 Packet too large)
            b>p PUBACK #1 0x87 ReasonString("it is not authorized")
            b>p DISCONNECT 0x8E ReasonString("another connection came with the same Client Identifier")
            b|p another connection came with the same Client Identifier
            b>p CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>p PUBACK #2 0x87
            b>p DISCONNECT 0x8E ReasonString("another connection came with the same Client Identifier")
            b|p another connection came with the same Client Identifier
            b>p CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>p PUBACK #3 0x87 ReasonString("it is not authorized")"#]],
    );
}

#[test]
fn redirection_names_the_other_server() {
    check(
        "version 5\n answer moved\n a connect",
        expect![[r#"
        b>a CONNACK present=0 0x9D ServerReference("other:1883") ReasonString("the client is to use another server")
        b|a CONNECT was refused (0x9D Server moved)"#]],
    );
    check(
        "answer moved\n a connect",
        expect![[r#"
        b>a CONNACK present=0 0x88
        b|a CONNECT was refused (0x9D Server moved)"#]],
    );
}

#[test]
fn enhanced_authentication_goes_back_and_forth() {
    check(
        "version 5
         answer more
         a connect method=M
         answer allow
         a auth method=M reason=24
         -- again
         answer more
         a auth method=M reason=25
         answer pending
         a auth method=M reason=24
         a authorized allow
         -- and once more, refused
         answer deny
         a auth method=M reason=25",
        expect![[r#"
            b>a AUTH 0x18 AuthenticationMethod("M") AuthenticationData([109, 111, 114, 101, 63])
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32) AuthenticationMethod("M")
            -- again
            b>a AUTH 0x18 AuthenticationMethod("M") AuthenticationData([109, 111, 114, 101, 63])
            b>a AUTH 0x00 AuthenticationMethod("M")
            -- and once more, refused
            b>a DISCONNECT 0x87 ReasonString("the broker closed it (0x87 Not authorized)")
            b|a the broker closed it (0x87 Not authorized)"#]],
    )
    .because(&[Clause::V5_4_12_0_2, Clause::V5_4_12_0_5]);
}

#[test]
fn auth_out_of_turn_breaks_the_protocol() {
    check(
        "version 5\n a connect\n a auth method=M reason=25",
        expect![[r#"
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a DISCONNECT 0x82 ReasonString("CONNECT had no Authentication Method")
            b|a the packet was not allowed (0x82 Protocol Error)"#]],
    );
    check(
        "version 5\n a connect method=M\n a auth method=N reason=25",
        expect![[r#"
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32) AuthenticationMethod("M")
            b>a DISCONNECT 0x82 ReasonString("the Authentication Method is another than in CONNECT")
            b|a the packet was not allowed (0x82 Protocol Error)"#]],
    );
    check(
        "version 5\n a connect method=M\n a auth method=M reason=24",
        expect![[r#"
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32) AuthenticationMethod("M")
            b>a DISCONNECT 0x82 ReasonString("AUTH has a reason that does not fit")
            b|a the packet was not allowed (0x82 Protocol Error)"#]],
    );
    check(
        "version 5\n answer more\n a connect method=M\n a publish a x",
        expect![[r#"
            b>a AUTH 0x18 AuthenticationMethod("M") AuthenticationData([109, 111, 114, 101, 63])
            b|a the packet was not allowed (0x82 Protocol Error)"#]],
    );
    check(
        "version 5\n answer more\n a connect method=M\n a disconnect",
        expect![[r#"
            b>a AUTH 0x18 AuthenticationMethod("M") AuthenticationData([109, 111, 114, 101, 63])
            b|a the client disconnected"#]],
    );
    check(
        "version 5\n answer more\n a connect method=M\n a auth method=N reason=24",
        expect![[r#"
            b>a AUTH 0x18 AuthenticationMethod("M") AuthenticationData([109, 111, 114, 101, 63])
            b|a the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

#[test]
fn a_shared_subscription_gives_each_message_to_one() {
    check(
        "version 5
         a subscribe $share/g/t qos=1
         b subscribe $share/g/t qos=0
         c subscribe $share/h/t qos=1
         d subscribe t qos=0
         p publish t 1 qos=1
         p publish t 2 qos=1
         p publish t 3 qos=1",
        expect![[r#"
            b>a SUBACK #1 [01]
            b>b SUBACK #1 [00]
            b>c SUBACK #1 [01]
            b>d SUBACK #1 [00]
            b>d PUBLISH t q0 "1"
            b>a PUBLISH t q1 #1 "1"
            b>c PUBLISH t q1 #1 "1"
            b>p PUBACK #1
            b>d PUBLISH t q0 "2"
            b>b PUBLISH t q0 "2"
            b>c PUBLISH t q1 #2 "2"
            b>p PUBACK #2
            b>d PUBLISH t q0 "3"
            b>a PUBLISH t q1 #2 "3"
            b>c PUBLISH t q1 #3 "3"
            b>p PUBACK #3"#]],
    )
    .because(&[Clause::V5_4_8_2_3]);
}

/// Two members, of which one is away at first and the other later.
const AWAY: &str = "version 5
         a connect clean=0 expiry=100
         a subscribe $share/g/t qos=1
         b subscribe $share/g/t qos=1
         a lost
         p publish t 1 qos=1
         p publish t 2 qos=1
         p publish t 3 qos=1
         b lost
         p publish t 4 qos=1
         p publish t 5 qos=0
         a connect clean=0 expiry=100";

#[test]
fn a_shared_subscription_prefers_members_that_are_there() {
    for shared_dispatch in [
        SharedDispatch::RoundRobin,
        SharedDispatch::Sticky,
        SharedDispatch::Random,
    ] {
        let config = Config {
            shared_dispatch,
            ..Config::default()
        };
        check_with(
            config,
            AWAY,
            expect![[r#"
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a SUBACK #1 [01]
            b>b SUBACK #1 [01]
            b>b PUBLISH t q1 #1 "1"
            b>p PUBACK #1
            b>b PUBLISH t q1 #2 "2"
            b>p PUBACK #2
            b>b PUBLISH t q1 #3 "3"
            b>p PUBACK #3
            b>p PUBACK #4
            b>a CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a PUBLISH t q1 #1 "1"
            b>a PUBLISH t q1 #2 "2"
            b>a PUBLISH t q1 #3 "3"
            b>a PUBLISH t q1 #4 "4""#]],
        );
    }
}

#[test]
fn a_shared_subscription_may_let_who_is_away_hoard_its_share() {
    let shared_dispatch = SharedDispatch::RoundRobinAll;
    check_with(
        Config {
            shared_dispatch,
            ..Config::default()
        },
        AWAY,
        expect![[r#"
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a SUBACK #1 [01]
            b>b SUBACK #1 [01]
            b>p PUBACK #1
            b>b PUBLISH t q1 #1 "2"
            b>p PUBACK #2
            b>p PUBACK #3
            b>p PUBACK #4
            b>a CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a PUBLISH t q1 #1 "1"
            b>a PUBLISH t q1 #2 "3"
            b>a PUBLISH t q1 #3 "2"
            b>a PUBLISH t q1 #4 "4""#]],
    );
}

/// [MQTT-4.8.2-5]: QoS 2 that had begun is not given to another.
#[test]
fn what_a_lost_member_owed_goes_to_another() {
    check(
        "version 5
         a subscribe $share/g/t qos=2
         p publish t 1 qos=1
         p publish t 2 qos=2
         b subscribe $share/g/t qos=2
         a lost",
        expect![[r#"
            b>a SUBACK #1 [02]
            b>a PUBLISH t q1 #1 "1"
            b>p PUBACK #1
            b>a PUBLISH t q2 #2 "2"
            b>p PUBREC #2
            b>b SUBACK #1 [02]
            b>b PUBLISH t q1 #1 "1""#]],
    );
}

#[test]
fn shared_and_plain_subscriptions_do_not_touch() {
    check(
        "version 5
         a subscribe t $share/g/t qos=0
         p publish t 1
         a unsubscribe $share/g/t
         a unsubscribe $share/g/t
         p publish t 2
         a unsubscribe t",
        expect![[r#"
            b>a SUBACK #1 [00 00]
            b>a PUBLISH t q0 "1"
            b>a PUBLISH t q0 "1"
            b>a UNSUBACK #2 [00]
            b>a UNSUBACK #3 [11]
            b>a PUBLISH t q0 "2"
            b>a UNSUBACK #4 [00]"#]],
    );
}

#[test]
fn a_shared_subscription_gets_no_retained_messages() {
    check(
        "version 5\n p publish t x retain\n a subscribe $share/g/t",
        expect!["b>a SUBACK #1 [00]"],
    );
}

#[test]
fn version_3_1_knows_the_same_without_its_name() {
    check(
        "version 3.1\n s subscribe a qos=1\n p publish a x qos=1\n s puback 1\n s disconnect",
        expect![[r#"
            b>s SUBACK #1 [01]
            b>s PUBLISH a q1 #1 "x"
            b>p PUBACK #1
            b|s the client disconnected"#]],
    );
}
