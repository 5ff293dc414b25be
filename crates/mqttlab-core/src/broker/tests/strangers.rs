//! Clients that do what few do: what suites of others found worth asking.

use std::vec::Vec;

use expect_test::expect;

use super::{check, check_with};
use crate::broker::{
    AuthRequest, AuthStep, Authorization, CloseReason, Config, DeniedSubscribe,
    PublishedIdentifier, Sink,
};
use crate::clause::Clause;
use crate::frame::Frame;
use crate::id::ConnId;
use crate::packet::Version;
use crate::reason::ReasonCode;

/// A PUBREL answers only a PUBREC that reports no error. [MQTT-4.3.3-4]
#[test]
fn an_error_in_a_pubrec_for_nothing_is_not_answered() {
    check(
        "version 5
         c pubrec 7 reason=128
         c pubrec 7",
        expect!["b>c PUBREL #7 0x92"],
    );
}

#[test]
fn a_pubcomp_before_the_pubrec_breaks_the_protocol() {
    check(
        "sub subscribe a qos=2
         pub publish a x qos=2
         sub pubcomp 1",
        expect![[r#"
            b>sub SUBACK #1 [02]
            b>sub PUBLISH a q2 #1 "x"
            b>pub PUBREC #1
            b|sub the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

/// A client that accepts no packet as large as its CONNACK cannot be let in, and its session is left alone.
#[test]
fn a_client_that_accepts_no_connack_is_not_let_in() {
    check(
        "version 5
         c connect clean=0 expiry=100
         d connect id=c clean=0 size=4
         c ping",
        expect![[r#"
            b>c CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b|d CONNECT was refused (0x95 Packet too large)
            b>c PINGRESP"#]],
    )
    .because(&[Clause::V5_3_1_2_24]);
}

#[test]
fn what_nobody_may_subscribe_to_is_refused() {
    let config = Config {
        denied_filters: ["secret/#".into()].into(),
        ..Config::default()
    };
    let script = "c connect v=3.1.1
         c subscribe secret/a secret/+/b open/a
         d connect v=5
         d subscribe secret $share/g/secret/x";
    check_with(
        config.clone(),
        script,
        expect![[r#"
            b>c CONNACK present=0 0x00
            b>c SUBACK #1 [80 80 00]
            b>d CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>d SUBACK #1 [87 87]"#]],
    );
    check_with(
        Config {
            denied_subscribe: DeniedSubscribe::Unspecified,
            ..config
        },
        script,
        expect![[r#"
            b>c CONNACK present=0 0x00
            b>c SUBACK #1 [80 80 00]
            b>d CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>d SUBACK #1 [80 80]"#]],
    );
}

/// [MQTT-3.3.4-6] binds the client; what a server does is its own choice.
#[test]
fn an_identifier_from_a_client_closes_or_is_left_out() {
    let script = "version 5
         sub subscribe a
         pub publish a x sid=3
         pub ping";
    check(
        script,
        expect![[r#"
            b>sub SUBACK #1 [00]
            b>pub DISCONNECT 0x82 ReasonString("only a server gives a PUBLISH a Subscription Identifier")
            b|pub the packet was not allowed (0x82 Protocol Error)
            b>pub PINGRESP"#]],
    );
    let config = Config {
        published_identifier: PublishedIdentifier::Ignore,
        ..Config::default()
    };
    assert!(config.link_limits().identifiers_from_clients);
    check_with(
        config,
        script,
        expect![[r#"
            b>sub SUBACK #1 [00]
            b>sub PUBLISH a q0 "x"
            b>pub PINGRESP"#]],
    );
}

/// A sink that leaves everything to the defaults.
struct Plain(Vec<ReasonCode>);

impl Sink for Plain {
    fn send(&mut self, _: ConnId, _: &Frame<'_>) {}

    fn close(&mut self, _: ConnId, reason: CloseReason) {
        self.0.extend(reason.disconnect_reason());
    }
}

/// [MQTT-4.12.0-1]
#[test]
fn a_driver_without_authentication_methods_refuses_them() {
    let mut sink = Plain(Vec::new());
    let conn = ConnId::new(1).expect("not 0");
    let mut request = AuthRequest {
        step: AuthStep::Connect,
        version: Version::V5,
        client_id: "c",
        user_name: None,
        password: None,
        method: None,
        data: None,
    };
    assert_eq!(sink.authorize(conn, &request), Authorization::Allow);
    request.method = Some("SCRAM-SHA-1");
    let denied = Authorization::Deny(ReasonCode::BadAuthenticationMethod);
    assert_eq!(sink.authorize(conn, &request), denied);
}
