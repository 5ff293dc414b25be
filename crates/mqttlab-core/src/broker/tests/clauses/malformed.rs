//! What comes of bytes that are no packet: the connection ends, for the reason that the codec found.

use expect_test::expect;

use super::{both, shows};
use crate::clause::Clause;

#[test]
fn wrong_flags_close_the_connection() {
    both(
        &[
            Clause::V311_2_2_2_2,
            Clause::V311_3_6_1_1,
            Clause::V311_3_8_1_1,
            Clause::V311_3_10_1_1,
            Clause::V311_3_14_1_1,
        ],
        &[
            Clause::V5_2_1_3_1,
            Clause::V5_3_6_1_1,
            Clause::V5_3_8_1_1,
            Clause::V5_3_10_1_1,
            Clause::V5_3_14_1_1,
        ],
        "puback raw 42 02 0001
         pubrel raw 60 02 0001
         subscribe raw 80 06 0001 0001 61 00
         unsubscribe raw a0 05 0001 0001 61
         disconnect raw e1 00",
        expect![[r#"
            ? 3.1.1 MQTT-2.2.2-2: Whoever receives wrong flag bits in a fixed header closes the connection.
            ? 3.1.1 MQTT-3.6.1-1: The flags of PUBREL are 0010; anything else closes the connection.
            ? 3.1.1 MQTT-3.8.1-1: The flags of SUBSCRIBE are 0010; anything else closes the connection.
            ? 3.1.1 MQTT-3.10.1-1: The flags of UNSUBSCRIBE are 0010; anything else closes the connection.
            ? 3.1.1 MQTT-3.14.1-1: The reserved bits of DISCONNECT are checked, and a client that sets them is disconnected.
            b|puback the bytes were no packet
            b|pubrel the bytes were no packet
            b|subscribe the bytes were no packet
            b|unsubscribe the bytes were no packet
            b|disconnect the bytes were no packet
            ? 5.0 MQTT-2.1.3-1: Flag bits that are marked as reserved have the value listed for that packet type.
            ? 5.0 MQTT-3.6.1-1: The flags of PUBREL are 0010; anything else is malformed and closes the connection.
            ? 5.0 MQTT-3.8.1-1: The flags of SUBSCRIBE are 0010; anything else is malformed and closes the connection.
            ? 5.0 MQTT-3.10.1-1: The flags of UNSUBSCRIBE are 0010; anything else is malformed and closes the connection.
            ? 5.0 MQTT-3.14.1-1: DISCONNECT with reserved bits set is malformed; the answer to it is DISCONNECT 0x81.
            b>puback DISCONNECT 0x81 ReasonString("reserved bits are not as they must be")
            b|puback the bytes were no packet
            b>pubrel DISCONNECT 0x81 ReasonString("reserved bits are not as they must be")
            b|pubrel the bytes were no packet
            b>subscribe DISCONNECT 0x81 ReasonString("reserved bits are not as they must be")
            b|subscribe the bytes were no packet
            b>unsubscribe DISCONNECT 0x81 ReasonString("reserved bits are not as they must be")
            b|unsubscribe the bytes were no packet
            b>disconnect DISCONNECT 0x81 ReasonString("reserved bits are not as they must be")
            b|disconnect the bytes were no packet"#]],
    );
}

#[test]
fn auth_with_flags_closes_the_connection() {
    shows(
        &[Clause::V5_3_15_1_1, Clause::V5_4_13_1_1],
        "version 5
         auth raw f4 00
         unknown raw 00 00",
        expect![[r#"
            ? 5.0 MQTT-3.15.1-1: The flags of AUTH are 0; anything else is malformed and closes the connection.
            ? 5.0 MQTT-4.13.1-1: A server that finds a packet malformed or out of place closes the connection.
            b>auth DISCONNECT 0x81 ReasonString("reserved bits are not as they must be")
            b|auth the bytes were no packet
            b>unknown DISCONNECT 0x81 ReasonString("packet type 0 is reserved")
            b|unknown the bytes were no packet"#]],
    );
}

#[test]
fn a_wrong_qos_or_dup_closes_the_connection() {
    both(
        &[
            Clause::V311_3_3_1_2,
            Clause::V311_3_3_1_4,
            Clause::V311_4_8_0_1,
        ],
        &[Clause::V5_3_3_1_2, Clause::V5_3_3_1_4, Clause::V5_4_13_1_1],
        "three raw 36 05 0001 61 0001
         dup raw 38 03 0001 61
         unknown raw 00 00",
        expect![[r#"
            ? 3.1.1 MQTT-3.3.1-2: A QoS 0 message never has DUP set.
            ? 3.1.1 MQTT-3.3.1-4: No PUBLISH has both QoS bits set; whoever receives one closes the connection.
            ? 3.1.1 MQTT-4.8.0-1: Breaking the protocol costs the connection on which it happened, unless a rule says otherwise.
            b|three the bytes were no packet
            b|dup the bytes were no packet
            b|unknown the bytes were no packet
            ? 5.0 MQTT-3.3.1-2: A QoS 0 message never has DUP set.
            ? 5.0 MQTT-3.3.1-4: No PUBLISH has both QoS bits set.
            ? 5.0 MQTT-4.13.1-1: A server that finds a packet malformed or out of place closes the connection.
            b>three DISCONNECT 0x81 ReasonString("QoS 3 does not exist")
            b|three the bytes were no packet
            b>dup DISCONNECT 0x81 ReasonString("DUP is set on a QoS 0 message")
            b|dup the bytes were no packet
            b>unknown DISCONNECT 0x81 ReasonString("packet type 0 is reserved")
            b|unknown the bytes were no packet"#]],
    );
}

/// Only the protocol level gets an answer: of another name or form, it is not known what the client would understand.
#[test]
fn a_connect_of_the_wrong_form_closes_the_connection() {
    shows(
        &[
            Clause::V311_3_1_2_1,
            Clause::V311_3_1_2_2,
            Clause::V311_3_1_2_3,
            Clause::V311_3_1_4_1,
        ],
        "name open
         name raw 10 0d 0004 4d515455 04 02 003c 0001 61
         level open
         level raw 10 0d 0004 4d515454 02 02 003c 0001 61
         bit open
         bit raw 10 0d 0004 4d515454 04 03 003c 0001 61
         more open
         more raw 10 0e 0004 4d515454 04 02 003c 0001 61 00",
        expect![[r#"
            ? 3.1.1 MQTT-3.1.2-1: A server that sees another protocol name must not go on as if it were MQTT 3.1.1.
            ? 3.1.1 MQTT-3.1.2-2: An unacceptable protocol level is answered with return code 1, and the connection is closed.
            ? 3.1.1 MQTT-3.1.2-3: The server checks that the reserved bit of the Connect Flags is 0 and disconnects a client that sets it.
            ? 3.1.1 MQTT-3.1.4-1: A CONNECT that does not follow the rules closes the connection, without any CONNACK.
            b|name the packet was not allowed (0x84 Unsupported Protocol Version)
            b>level CONNACK present=0 0x84
            b|level CONNECT was refused (0x84 Unsupported Protocol Version)
            b|bit the bytes were no packet
            b|more the bytes were no packet"#]],
    );
    shows(
        &[
            Clause::V5_3_1_2_1,
            Clause::V5_3_1_2_2,
            Clause::V5_3_1_2_3,
            Clause::V5_3_1_4_1,
        ],
        "version 5
         name open
         name raw 10 0e 0004 4d515455 05 02 003c 00 0001 61
         level open
         level raw 10 0e 0004 4d515454 07 02 003c 00 0001 61
         bit open
         bit raw 10 0e 0004 4d515454 05 03 003c 00 0001 61
         more open
         more raw 10 0f 0004 4d515454 05 02 003c 00 0001 61 00",
        expect![[r#"
            = 5.0 MQTT-3.1.2-1: A protocol name other than MQTT may be answered with 0x84, and the connection is closed.
            ? 5.0 MQTT-3.1.2-2: A protocol version that the server does not want may be answered with 0x84, and the connection is closed.
            ? 5.0 MQTT-3.1.2-3: The server checks that the reserved bit of the Connect Flags is 0.
            ? 5.0 MQTT-3.1.4-1: A CONNECT of the wrong form closes the connection.
            b|name the packet was not allowed (0x84 Unsupported Protocol Version)
            b>level CONNACK present=0 0x84
            b|level CONNECT was refused (0x84 Unsupported Protocol Version)
            b|bit the bytes were no packet
            b|more the bytes were no packet"#]],
    );
}
