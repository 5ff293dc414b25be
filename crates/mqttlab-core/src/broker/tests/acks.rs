//! Acknowledgements that fit, and those that do not.

use expect_test::expect;

use super::check;
use crate::clause::Clause;

#[test]
fn an_unknown_acknowledgement_is_ignored_or_answered() {
    check(
        "a puback 7\n a pubcomp 7\n a pubrec 7\n a pubrel 7",
        expect![[r#"
            b>a PUBREL #7
            b>a PUBCOMP #7"#]],
    );
    check(
        "version 5\n a puback 7\n a pubcomp 7\n a pubrec 7\n a pubrel 7",
        expect![[r#"
            b>a PUBREL #7 0x92
            b>a PUBCOMP #7 0x92"#]],
    );
}

#[test]
fn an_acknowledgement_for_another_qos_breaks_the_protocol() {
    check(
        "s subscribe a qos=1\n p publish a x qos=1\n s pubrec 1",
        expect![[r#"
            b>s SUBACK #1 [01]
            b>s PUBLISH a q1 #1 "x"
            b>p PUBACK #1
            b|s the packet was not allowed (0x82 Protocol Error)"#]],
    )
    .because(&[Clause::V311_4_8_0_1]);
    check(
        "s subscribe a qos=2\n p publish a x qos=2\n s puback 1",
        expect![[r#"
            b>s SUBACK #1 [02]
            b>s PUBLISH a q2 #1 "x"
            b>p PUBREC #1
            b|s the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

#[test]
fn a_repeated_pubrec_gets_pubrel_again() {
    check(
        "s subscribe a qos=2\n p publish a x qos=2\n s pubrec 1\n s pubrec 1\n s pubcomp 1",
        expect![[r#"
            b>s SUBACK #1 [02]
            b>s PUBLISH a q2 #1 "x"
            b>p PUBREC #1
            b>s PUBREL #1
            b>s PUBREL #1"#]],
    );
}

/// [MQTT-4.4.0-2]: an error acknowledges too, and no PUBREL follows.
#[test]
fn an_error_in_pubrec_frees_the_identifier() {
    let run = check(
        "version 5
         s subscribe a qos=2
         p publish a x qos=2
         s pubrec 1 reason=151
         p publish a y qos=1
         s puback 2 reason=128",
        expect![[r#"
            b>s SUBACK #1 [02]
            b>s PUBLISH a q2 #1 "x"
            b>p PUBREC #1
            b>s PUBLISH a q1 #2 "y"
            b>p PUBACK #2"#]],
    )
    .because(&[Clause::V5_4_4_0_2]);
    assert_eq!(run.broker.counters().refused_by_clients, 2);
}

/// Any number of duplicates at any point: one message.
#[test]
fn qos_2_duplicates_are_passed_on_once() {
    check(
        "s subscribe a qos=0
         p publish a x qos=2 pid=5
         p publish a x qos=2 pid=5 dup
         p publish a x qos=2 pid=5
         p pubrel 5
         p pubrel 5
         p publish a y qos=2 pid=5",
        expect![[r#"
            b>s SUBACK #1 [00]
            b>s PUBLISH a q0 "x"
            b>p PUBREC #5
            b>p PUBREC #5
            b>p PUBREC #5
            b>p PUBCOMP #5
            b>p PUBCOMP #5
            b>s PUBLISH a q0 "y"
            b>p PUBREC #5"#]],
    )
    .because(&[Clause::V311_4_3_3_2]);
}

/// After PUBACK the same identifier is a new message.
#[test]
fn qos_1_duplicates_are_passed_on_each_time() {
    check(
        "s subscribe a qos=1\n p publish a x qos=1 pid=5\n p publish a x qos=1 pid=5 dup",
        expect![[r#"
            b>s SUBACK #1 [01]
            b>s PUBLISH a q1 #1 "x"
            b>p PUBACK #5
            b>s PUBLISH a q1 #2 "x"
            b>p PUBACK #5"#]],
    );
}

#[test]
fn identifiers_of_both_directions_do_not_meet() {
    check(
        "a subscribe a qos=1\n a publish a x qos=1 pid=1\n a puback 1",
        expect![[r#"
            b>a SUBACK #1 [01]
            b>a PUBLISH a q1 #1 "x"
            b>a PUBACK #1"#]],
    );
}
