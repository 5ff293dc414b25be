//! Shared subscriptions.

use expect_test::expect;

use crate::broker::tests::clauses::shows;
use crate::clause::Clause;

#[test]
fn each_member_of_a_share_gets_its_own_qos() {
    shows(
        &[Clause::V5_4_8_2_3],
        "version 5
         a subscribe $share/g/t qos=1
         b subscribe $share/g/t
         p publish t 1 qos=2
         p publish t 2 qos=2",
        expect![[r#"
            ? 5.0 MQTT-4.8.2-3: A member of a shared subscription gets messages with the QoS granted to that member.
            b>a SUBACK #1 [01]
            b>b SUBACK #1 [00]
            b>a PUBLISH t q1 #1 "1"
            b>p PUBREC #1
            b>b PUBLISH t q0 "2"
            b>p PUBREC #2"#]],
    );
}

#[test]
fn a_share_needs_a_name_and_a_filter() {
    shows(
        &[Clause::V5_4_8_2_1, Clause::V5_4_8_2_2],
        "version 5
         a subscribe $share//t
         b subscribe $share/g
         c subscribe $share/+/t
         d subscribe $share/g/t
         p publish t x",
        expect![[r#"
            = 5.0 MQTT-4.8.2-1: The filter of a shared subscription begins with $share/ and a name of at least one character.
            ? 5.0 MQTT-4.8.2-2: That name has no /, + or #, and a / and a Topic Filter come after it.
            b>a DISCONNECT 0x82 ReasonString("a Topic Filter breaks the syntax")
            b|a the packet was not allowed (0x82 Protocol Error)
            b>b DISCONNECT 0x82 ReasonString("a Topic Filter breaks the syntax")
            b|b the packet was not allowed (0x82 Protocol Error)
            b>c DISCONNECT 0x82 ReasonString("a Topic Filter breaks the syntax")
            b|c the packet was not allowed (0x82 Protocol Error)
            b>d SUBACK #1 [00]
            b>d PUBLISH t q0 "x""#]],
    );
}

#[test]
fn a_qos_2_delivery_is_finished_with_the_member_that_began_it() {
    shows(
        &[Clause::V5_4_8_2_4],
        "version 5
         a connect clean=0 expiry=99
         a subscribe $share/g/t qos=2
         p publish t 1 qos=2
         b subscribe $share/g/t qos=2
         a lost
         -- the member is away
         wait 10s
         a connect clean=0 expiry=99",
        expect![[r#"
            = 5.0 MQTT-4.8.2-4: A QoS 2 delivery to a member that dropped off is finished when the member comes back.
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a SUBACK #1 [02]
            b>a PUBLISH t q2 #1 "1"
            b>p PUBREC #1
            b>b SUBACK #1 [02]
            -- the member is away
            b>a CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a PUBLISH t q2 #1 DUP "1""#]],
    );
}

#[test]
fn a_qos_2_delivery_whose_member_is_gone_goes_to_nobody_else() {
    shows(
        &[Clause::V5_4_8_2_5],
        "version 5
         a subscribe $share/g/t qos=2
         p publish t 1 qos=2
         b subscribe $share/g/t qos=2
         a lost",
        expect![[r#"
            = 5.0 MQTT-4.8.2-5: If that member's session ends first, the message goes to nobody else.
            b>a SUBACK #1 [02]
            b>a PUBLISH t q2 #1 "1"
            b>p PUBREC #1
            b>b SUBACK #1 [02]"#]],
    );
}

#[test]
fn what_a_member_turned_down_is_not_offered_to_another() {
    shows(
        &[Clause::V5_4_8_2_6, Clause::V5_4_4_0_2],
        "version 5
         a subscribe $share/g/t qos=2
         p publish t 1 qos=1
         p publish t 2 qos=2
         b subscribe $share/g/t qos=2
         a puback 1 reason=135
         a pubrec 2 reason=135
         a lost",
        expect![[r#"
            = 5.0 MQTT-4.8.2-6: A message that a member turned down with an error code is not offered to another member.
            ? 5.0 MQTT-4.4.0-2: A PUBACK or PUBREC that reports an error settles the message as well: it is not sent again.
            b>a SUBACK #1 [02]
            b>a PUBLISH t q1 #1 "1"
            b>p PUBACK #1
            b>a PUBLISH t q2 #2 "2"
            b>p PUBREC #2
            b>b SUBACK #1 [02]"#]],
    );
}
