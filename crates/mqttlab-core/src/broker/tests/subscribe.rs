//! SUBSCRIBE and UNSUBSCRIBE.

use expect_test::expect;

use super::{check, check_with};
use crate::broker::{Config, IllFormedFilter};
use crate::clause::Clause;

#[test]
fn each_filter_has_its_code_by_position() {
    check(
        "deny a subscribe b\n a subscribe a b c/# qos=1",
        expect!["b>a SUBACK #1 [01 80 01]"],
    )
    .because(&[Clause::V311_3_8_4_1, Clause::V311_3_8_4_5]);
    check(
        "version 5\n deny a subscribe b\n a subscribe a b c/# qos=1",
        expect!["b>a SUBACK #1 [01 87 01]"],
    );
    check(
        "version 3.1\n deny a subscribe b\n a subscribe a b c/# qos=1",
        expect!["b>a SUBACK #1 [01 00 01]"],
    );
}

#[test]
fn wildcards_match_level_by_level() {
    check(
        "a subscribe sport/# qos=0
         b subscribe sport/+/score qos=0
         c subscribe +/+ qos=0
         d subscribe /+ qos=0
         e subscribe # qos=0
         p publish sport 1
         p publish sport/tennis/score 2
         p publish sport//score 3
         p publish /finance 4",
        expect![[r#"
            b>a SUBACK #1 [00]
            b>b SUBACK #1 [00]
            b>c SUBACK #1 [00]
            b>d SUBACK #1 [00]
            b>e SUBACK #1 [00]
            b>a PUBLISH sport q0 "1"
            b>e PUBLISH sport q0 "1"
            b>a PUBLISH sport/tennis/score q0 "2"
            b>b PUBLISH sport/tennis/score q0 "2"
            b>e PUBLISH sport/tennis/score q0 "2"
            b>a PUBLISH sport//score q0 "3"
            b>b PUBLISH sport//score q0 "3"
            b>e PUBLISH sport//score q0 "3"
            b>c PUBLISH /finance q0 "4"
            b>d PUBLISH /finance q0 "4"
            b>e PUBLISH /finance q0 "4""#]],
    );
}

#[test]
fn a_leading_wildcard_does_not_match_a_dollar_topic() {
    check(
        "a subscribe # qos=0
         b subscribe +/up qos=0
         c subscribe $SYS/# qos=0
         d subscribe $SYS/+ qos=0
         own $SYS/up 1
         e publish $TopicA/B x",
        expect![[r#"
            b>a SUBACK #1 [00]
            b>b SUBACK #1 [00]
            b>c SUBACK #1 [00]
            b>d SUBACK #1 [00]
            b>c PUBLISH $SYS/up q0 "1"
            b>d PUBLISH $SYS/up q0 "1""#]],
    )
    .because(&[Clause::V311_4_5_0_1]);
}

#[test]
fn the_same_filter_again_replaces_and_brings_retained_messages_again() {
    check(
        "p publish a kept retain
         s subscribe a qos=0
         s subscribe a qos=1
         p publish a x qos=2",
        expect![[r#"
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 RETAIN "kept"
            b>s SUBACK #2 [01]
            b>s PUBLISH a q0 RETAIN "kept"
            b>s PUBLISH a q1 #1 "x"
            b>p PUBREC #1"#]],
    )
    .because(&[Clause::V311_3_8_4_3]);
}

#[test]
fn unsubscribe_deletes_exactly_that_filter() {
    check(
        "s subscribe a a/# qos=0
         s unsubscribe a
         s unsubscribe never/there
         p publish a x",
        expect![[r#"
            b>s SUBACK #1 [00 00]
            b>s UNSUBACK #2 []
            b>s UNSUBACK #3 []
            b>s PUBLISH a q0 "x""#]],
    )
    .because(&[
        Clause::V311_3_10_4_1,
        Clause::V311_3_10_4_4,
        Clause::V311_3_10_4_5,
    ]);
    check(
        "version 5\n s subscribe a qos=0\n s unsubscribe a never",
        expect![[r#"
            b>s SUBACK #1 [00]
            b>s UNSUBACK #2 [00 11]"#]],
    )
    .because(&[Clause::V5_3_10_4_1, Clause::V5_3_10_4_5]);
}

/// [MQTT-3.10.4-3]: what had begun is completed.
#[test]
fn unsubscribe_lets_begun_deliveries_finish() {
    check(
        "s subscribe a qos=2
         p publish a x qos=2
         s unsubscribe a
         s pubrec 1
         s pubcomp 1",
        expect![[r#"
            b>s SUBACK #1 [02]
            b>s PUBLISH a q2 #1 "x"
            b>p PUBREC #1
            b>s UNSUBACK #2 []
            b>s PUBREL #1"#]],
    );
}

#[test]
fn an_ill_formed_filter_breaks_the_protocol() {
    for filter in ["a/#/b", "a+", "#a", "$share//x", "$share/g", "$share/+/x"] {
        check(
            &alloc::format!("s subscribe {filter}"),
            expect!["b|s the packet was not allowed (0x82 Protocol Error)"],
        );
    }
    let config = Config {
        ill_formed_filter: IllFormedFilter::Refuse,
        ..Config::default()
    };
    check_with(
        config.clone(),
        "s subscribe good a/#/b",
        expect!["b>s SUBACK #1 [00 80]"],
    );
    check_with(
        config,
        "version 5\n s subscribe good a/#/b $share//x",
        expect!["b>s SUBACK #1 [00 8f 8f]"],
    );
}

/// A filter of 65 535 levels is refused without recursion.
#[test]
fn a_filter_with_too_many_levels_is_refused() {
    let long = "/".repeat(65_534);
    check(
        &alloc::format!("version 5\n s subscribe {long}"),
        expect!["b>s SUBACK #1 [8f]"],
    );
    let deepest = "/".repeat(127);
    check(
        &alloc::format!("s subscribe {deepest}\n p publish {deepest} x\n p publish {deepest}/ y"),
        expect![[r#"
            b>s SUBACK #1 [00]
            b>s PUBLISH /////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////// q0 "x"
            b|p the packet was not allowed (0x90 Topic Name invalid)"#]],
    );
}

#[test]
fn ten_thousand_filters_are_cut_off_at_the_limit() {
    let config = Config {
        subscriptions_max: 3,
        ..Config::default()
    };
    check_with(
        config,
        "version 5\n s subscribe a b c d e a",
        expect!["b>s SUBACK #1 [00 00 00 97 97 00]"],
    );
}

/// A thousand overlapping filters of one client bring one copy with all identifiers.
#[test]
fn many_overlapping_filters_are_one_copy() {
    let mut script = alloc::string::String::from("version 5\n");
    let parts = ["+", "x"];
    for n in 0..64_usize {
        let filter: alloc::vec::Vec<&str> = (0..6).map(|bit| parts[n >> bit & 1]).collect();
        script.push_str(&alloc::format!("s subscribe {} qos=0\n", filter.join("/")));
    }
    script.push_str("p publish x/x/x/x/x/x once");
    let run = super::run(Config::default(), &script);
    assert_eq!(run.output.matches("PUBLISH").count(), 1);
}

#[test]
fn without_wildcards_or_shares_their_filters_are_refused() {
    let config = Config {
        wildcard_subscriptions: false,
        shared_subscriptions: false,
        subscription_identifiers: false,
        ..Config::default()
    };
    check_with(
        config,
        "s connect v=5
         version 5
         s subscribe a/# a $share/g/a
         s subscribe a sid=1",
        expect![[r#"
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32) WildcardSubscriptionAvailable(0) SubscriptionIdentifierAvailable(0) SharedSubscriptionAvailable(0)
            b>s SUBACK #1 [a2 00 9e]
            b>s DISCONNECT 0xA1 ReasonString("Subscription Identifiers are not supported")
            b|s the packet was not allowed (0xA1 Subscription Identifiers not supported)"#]],
    );
}
