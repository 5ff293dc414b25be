//! The table itself.

use super::Binds;
use crate::packet::Version;

macro_rules! clauses {
    ($($variant:ident $version:ident $id:literal $binds:ident $summary:literal;)+) => {
        /// A normative statement of MQTT 3.1.1 (`V311_…`) or 5.0 (`V5_…`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub enum Clause {
            $(#[doc = concat!("[", $id, "] ", $summary)] $variant,)+
        }

        impl Clause {
            /// Every statement, in the order of the standards.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The id that the standard prints: `MQTT-3.1.4-2`.
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)+
                }
            }

            /// The standard that it is from: 3.1.1 or 5.0.
            pub const fn version(self) -> Version {
                match self {
                    $(Self::$variant => Version::$version,)+
                }
            }

            /// Whom it binds.
            pub const fn binds(self) -> Binds {
                match self {
                    $(Self::$variant => Binds::$binds,)+
                }
            }

            /// What it demands, in one short sentence.
            pub const fn summary(self) -> &'static str {
                match self {
                    $(Self::$variant => $summary,)+
                }
            }
        }
    };
}

clauses! {
    V311_1_5_3_1 V3_1_1 "MQTT-1.5.3-1" Both "Text in a packet is well-formed UTF-8 and encodes no surrogates; a receiver closes the connection otherwise.";
    V311_1_5_3_2 V3_1_1 "MQTT-1.5.3-2" Both "Text never contains the null character U+0000; a receiver closes the connection otherwise.";
    V311_1_5_3_3 V3_1_1 "MQTT-1.5.3-3" Both "The bytes EF BB BF mean the character U+FEFF wherever they stand, and a receiver keeps them.";
    V311_2_2_2_1 V3_1_1 "MQTT-2.2.2-1" Both "Flag bits that are marked as reserved in the fixed header have the value listed for that packet type.";
    V311_2_2_2_2 V3_1_1 "MQTT-2.2.2-2" Both "Whoever receives wrong flag bits in a fixed header closes the connection.";
    V311_2_3_1_1 V3_1_1 "MQTT-2.3.1-1" Both "SUBSCRIBE, UNSUBSCRIBE and a PUBLISH above QoS 0 carry a Packet Identifier other than 0.";
    V311_2_3_1_2 V3_1_1 "MQTT-2.3.1-2" Client "For each new packet of these kinds a client picks an identifier that nothing else is using.";
    V311_2_3_1_3 V3_1_1 "MQTT-2.3.1-3" Client "A packet that is sent again keeps its identifier, which becomes free only with the acknowledgement.";
    V311_2_3_1_4 V3_1_1 "MQTT-2.3.1-4" Server "A server follows the same rules for the identifiers of the messages it sends.";
    V311_2_3_1_5 V3_1_1 "MQTT-2.3.1-5" Both "A PUBLISH at QoS 0 has no Packet Identifier.";
    V311_2_3_1_6 V3_1_1 "MQTT-2.3.1-6" Both "PUBACK, PUBREC and PUBREL name the identifier of the PUBLISH they belong to.";
    V311_2_3_1_7 V3_1_1 "MQTT-2.3.1-7" Server "SUBACK and UNSUBACK name the identifier of the request they answer.";
    V311_3_1_0_1 V3_1_1 "MQTT-3.1.0-1" Client "CONNECT is the first thing a client sends on a new connection.";
    V311_3_1_0_2 V3_1_1 "MQTT-3.1.0-2" Server "A client that sends CONNECT twice breaks the protocol and is disconnected.";
    V311_3_1_2_1 V3_1_1 "MQTT-3.1.2-1" Server "A server that sees another protocol name must not go on as if it were MQTT 3.1.1.";
    V311_3_1_2_2 V3_1_1 "MQTT-3.1.2-2" Server "An unacceptable protocol level is answered with return code 1, and the connection is closed.";
    V311_3_1_2_3 V3_1_1 "MQTT-3.1.2-3" Server "The server checks that the reserved bit of the Connect Flags is 0 and disconnects a client that sets it.";
    V311_3_1_2_4 V3_1_1 "MQTT-3.1.2-4" Server "With Clean Session 0 the server takes up the stored session, or makes one, and keeps it after the disconnect.";
    V311_3_1_2_5 V3_1_1 "MQTT-3.1.2-5" Server "While the client of a stored session is away, the server keeps QoS 1 and 2 messages for its subscriptions.";
    V311_3_1_2_6 V3_1_1 "MQTT-3.1.2-6" Both "With Clean Session 1 everything earlier is thrown away, and the new session lives just as long as the connection.";
    V311_3_1_2_7 V3_1_1 "MQTT-3.1.2-7" Server "Retained messages belong to the server, not to a session, and outlive the session that made them.";
    V311_3_1_2_8 V3_1_1 "MQTT-3.1.2-8" Server "The will is published when the connection ends in any way but by DISCONNECT.";
    V311_3_1_2_9 V3_1_1 "MQTT-3.1.2-9" Client "When the Will Flag is 1, Will Topic and Will Message are present and Will QoS and Will Retain apply.";
    V311_3_1_2_10 V3_1_1 "MQTT-3.1.2-10" Server "Once published, or after DISCONNECT, the will is gone from the session.";
    V311_3_1_2_11 V3_1_1 "MQTT-3.1.2-11" Client "When the Will Flag is 0, Will QoS and Will Retain are 0 and no will fields follow.";
    V311_3_1_2_12 V3_1_1 "MQTT-3.1.2-12" Server "Without a Will Flag nothing is published when the connection ends.";
    V311_3_1_2_13 V3_1_1 "MQTT-3.1.2-13" Client "Will QoS is 0 when there is no will.";
    V311_3_1_2_14 V3_1_1 "MQTT-3.1.2-14" Client "Will QoS is 0, 1 or 2 and never 3.";
    V311_3_1_2_15 V3_1_1 "MQTT-3.1.2-15" Client "Will Retain is 0 when there is no will.";
    V311_3_1_2_16 V3_1_1 "MQTT-3.1.2-16" Server "A will with Will Retain 0 is published as an ordinary message.";
    V311_3_1_2_17 V3_1_1 "MQTT-3.1.2-17" Server "A will with Will Retain 1 is published as a retained message.";
    V311_3_1_2_18 V3_1_1 "MQTT-3.1.2-18" Client "With User Name Flag 0 there is no user name in the payload.";
    V311_3_1_2_19 V3_1_1 "MQTT-3.1.2-19" Client "With User Name Flag 1 there is a user name in the payload.";
    V311_3_1_2_20 V3_1_1 "MQTT-3.1.2-20" Client "With Password Flag 0 there is no password in the payload.";
    V311_3_1_2_21 V3_1_1 "MQTT-3.1.2-21" Client "With Password Flag 1 there is a password in the payload.";
    V311_3_1_2_22 V3_1_1 "MQTT-3.1.2-22" Client "A password is sent only together with a user name.";
    V311_3_1_2_23 V3_1_1 "MQTT-3.1.2-23" Client "A client lets no Keep Alive interval pass without sending something, if need be a PINGREQ.";
    V311_3_1_2_24 V3_1_1 "MQTT-3.1.2-24" Server "A server that hears nothing for one and a half Keep Alive intervals treats the connection as failed.";
    V311_3_1_3_1 V3_1_1 "MQTT-3.1.3-1" Client "The payload fields come in a fixed order: Client Identifier, Will Topic, Will Message, User Name, Password.";
    V311_3_1_3_2 V3_1_1 "MQTT-3.1.3-2" Both "Client and server find the session that belongs to them by the Client Identifier.";
    V311_3_1_3_3 V3_1_1 "MQTT-3.1.3-3" Client "The Client Identifier is always present, as the first field of the payload.";
    V311_3_1_3_4 V3_1_1 "MQTT-3.1.3-4" Client "The Client Identifier is UTF-8 text.";
    V311_3_1_3_5 V3_1_1 "MQTT-3.1.3-5" Server "Every server accepts identifiers of 1 to 23 letters and digits.";
    V311_3_1_3_6 V3_1_1 "MQTT-3.1.3-6" Server "A server that lets a client come without an identifier invents a unique one for it.";
    V311_3_1_3_7 V3_1_1 "MQTT-3.1.3-7" Client "A client without an identifier asks for a clean session.";
    V311_3_1_3_8 V3_1_1 "MQTT-3.1.3-8" Server "No identifier and Clean Session 0: the server answers with return code 2 and closes.";
    V311_3_1_3_9 V3_1_1 "MQTT-3.1.3-9" Server "An identifier that the server rejects is answered with return code 2, and the connection is closed.";
    V311_3_1_3_10 V3_1_1 "MQTT-3.1.3-10" Client "The Will Topic is UTF-8 text.";
    V311_3_1_3_11 V3_1_1 "MQTT-3.1.3-11" Client "The User Name is UTF-8 text.";
    V311_3_1_4_1 V3_1_1 "MQTT-3.1.4-1" Server "A CONNECT that does not follow the rules closes the connection, without any CONNACK.";
    V311_3_1_4_2 V3_1_1 "MQTT-3.1.4-2" Server "When a client connects under an identifier that is already connected, the server ends the older connection.";
    V311_3_1_4_3 V3_1_1 "MQTT-3.1.4-3" Server "The server deals with the old session as Clean Session asks.";
    V311_3_1_4_4 V3_1_1 "MQTT-3.1.4-4" Server "A CONNECT that is accepted is answered by CONNACK with return code 0.";
    V311_3_1_4_5 V3_1_1 "MQTT-3.1.4-5" Server "What a client sent after a CONNECT that was refused is never processed.";
    V311_3_2_0_1 V3_1_1 "MQTT-3.2.0-1" Server "CONNACK is the first packet a server sends.";
    V311_3_2_2_1 V3_1_1 "MQTT-3.2.2-1" Server "After a clean start Session Present is 0.";
    V311_3_2_2_2 V3_1_1 "MQTT-3.2.2-2" Server "Session Present is 1 when the server goes on with a stored session.";
    V311_3_2_2_3 V3_1_1 "MQTT-3.2.2-3" Server "Session Present is 0 when there was no stored session to go on with.";
    V311_3_2_2_4 V3_1_1 "MQTT-3.2.2-4" Server "A refusal has Session Present 0.";
    V311_3_2_2_5 V3_1_1 "MQTT-3.2.2-5" Server "After a CONNACK that refuses, the server closes the connection.";
    V311_3_2_2_6 V3_1_1 "MQTT-3.2.2-6" Server "If no return code fits, the server closes without sending CONNACK.";
    V311_3_3_1_1 V3_1_1 "MQTT-3.3.1-1" Both "A PUBLISH that is sent again has DUP 1.";
    V311_3_3_1_2 V3_1_1 "MQTT-3.3.1-2" Both "A QoS 0 message never has DUP set.";
    V311_3_3_1_3 V3_1_1 "MQTT-3.3.1-3" Both "DUP says something about this hop only: a forwarded message starts with its own value.";
    V311_3_3_1_4 V3_1_1 "MQTT-3.3.1-4" Both "No PUBLISH has both QoS bits set; whoever receives one closes the connection.";
    V311_3_3_1_5 V3_1_1 "MQTT-3.3.1-5" Server "A message with RETAIN 1 is stored, with its QoS, for those who subscribe later.";
    V311_3_3_1_6 V3_1_1 "MQTT-3.3.1-6" Server "A new subscription gets the retained message of every topic it matches.";
    V311_3_3_1_7 V3_1_1 "MQTT-3.3.1-7" Server "A retained QoS 0 message takes the place of whatever was retained before.";
    V311_3_3_1_8 V3_1_1 "MQTT-3.3.1-8" Server "A message that is sent because of a new subscription has RETAIN 1.";
    V311_3_3_1_9 V3_1_1 "MQTT-3.3.1-9" Server "A message that reaches a subscription that was already there has RETAIN 0.";
    V311_3_3_1_10 V3_1_1 "MQTT-3.3.1-10" Server "An empty retained message goes to the subscribers and clears what the topic had retained.";
    V311_3_3_1_11 V3_1_1 "MQTT-3.3.1-11" Server "An empty message is never kept as a retained one.";
    V311_3_3_1_12 V3_1_1 "MQTT-3.3.1-12" Server "A message with RETAIN 0 leaves the retained message of its topic alone.";
    V311_3_3_2_1 V3_1_1 "MQTT-3.3.2-1" Both "The Topic Name is UTF-8 text and the first field after the fixed header.";
    V311_3_3_2_2 V3_1_1 "MQTT-3.3.2-2" Both "A Topic Name has no wildcards.";
    V311_3_3_2_3 V3_1_1 "MQTT-3.3.2-3" Server "A server sends a subscriber only topics that its filter matches.";
    V311_3_3_4_1 V3_1_1 "MQTT-3.3.4-1" Both "A receiver answers a PUBLISH in the way its QoS demands.";
    V311_3_3_5_1 V3_1_1 "MQTT-3.3.5-1" Server "Where several subscriptions of a client match, the best QoS among them decides.";
    V311_3_3_5_2 V3_1_1 "MQTT-3.3.5-2" Server "A PUBLISH that is not authorized is acknowledged as usual, or its connection closed.";
    V311_3_6_1_1 V3_1_1 "MQTT-3.6.1-1" Both "The flags of PUBREL are 0010; anything else closes the connection.";
    V311_3_8_1_1 V3_1_1 "MQTT-3.8.1-1" Both "The flags of SUBSCRIBE are 0010; anything else closes the connection.";
    V311_3_8_3_1 V3_1_1 "MQTT-3.8.3-1" Client "The Topic Filters of a SUBSCRIBE are UTF-8 text.";
    V311_3_8_3_2 V3_1_1 "MQTT-3.8.3-2" Server "A server that does not do wildcards refuses subscriptions that have them.";
    V311_3_8_3_3 V3_1_1 "MQTT-3.8.3-3" Client "A SUBSCRIBE asks for at least one Topic Filter.";
    V311_3_8_3_4 V3_1_1 "MQTT-3.8.3-4" Server "Reserved bits in a requested QoS, or QoS 3, make the SUBSCRIBE malformed.";
    V311_3_8_4_1 V3_1_1 "MQTT-3.8.4-1" Server "Every SUBSCRIBE is answered by a SUBACK.";
    V311_3_8_4_2 V3_1_1 "MQTT-3.8.4-2" Server "The SUBACK names the SUBSCRIBE by its Packet Identifier.";
    V311_3_8_4_3 V3_1_1 "MQTT-3.8.4-3" Server "Subscribing to the same filter again replaces the subscription, sends the retained messages again, and interrupts nothing.";
    V311_3_8_4_4 V3_1_1 "MQTT-3.8.4-4" Server "Several filters in one SUBSCRIBE mean as much as one SUBSCRIBE each, but for the single answer.";
    V311_3_8_4_5 V3_1_1 "MQTT-3.8.4-5" Server "The SUBACK has one return code for each filter.";
    V311_3_8_4_6 V3_1_1 "MQTT-3.8.4-6" Server "A message arrives with the lower of the QoS it was published with and the QoS that was granted.";
    V311_3_9_3_1 V3_1_1 "MQTT-3.9.3-1" Server "The return codes stand in the order of the filters they answer.";
    V311_3_9_3_2 V3_1_1 "MQTT-3.9.3-2" Server "A SUBACK return code is 0, 1, 2 or 0x80.";
    V311_3_10_1_1 V3_1_1 "MQTT-3.10.1-1" Both "The flags of UNSUBSCRIBE are 0010; anything else closes the connection.";
    V311_3_10_3_1 V3_1_1 "MQTT-3.10.3-1" Client "The Topic Filters of an UNSUBSCRIBE are UTF-8 text, one after another.";
    V311_3_10_3_2 V3_1_1 "MQTT-3.10.3-2" Client "An UNSUBSCRIBE names at least one Topic Filter.";
    V311_3_10_4_1 V3_1_1 "MQTT-3.10.4-1" Server "A subscription is deleted if its filter is the same as the one named, character by character.";
    V311_3_10_4_2 V3_1_1 "MQTT-3.10.4-2" Server "After the deletion no further messages are added for the client.";
    V311_3_10_4_3 V3_1_1 "MQTT-3.10.4-3" Server "Deliveries at QoS 1 and 2 that were under way are brought to their end.";
    V311_3_10_4_4 V3_1_1 "MQTT-3.10.4-4" Server "Every UNSUBSCRIBE is answered by an UNSUBACK with its Packet Identifier.";
    V311_3_10_4_5 V3_1_1 "MQTT-3.10.4-5" Server "The UNSUBACK comes even when there was nothing to delete.";
    V311_3_10_4_6 V3_1_1 "MQTT-3.10.4-6" Server "Several filters in one UNSUBSCRIBE mean as much as one UNSUBSCRIBE each, but for the single answer.";
    V311_3_12_4_1 V3_1_1 "MQTT-3.12.4-1" Server "A PINGREQ is answered by a PINGRESP.";
    V311_3_14_1_1 V3_1_1 "MQTT-3.14.1-1" Server "The reserved bits of DISCONNECT are checked, and a client that sets them is disconnected.";
    V311_3_14_4_1 V3_1_1 "MQTT-3.14.4-1" Client "A client closes its connection after DISCONNECT.";
    V311_3_14_4_2 V3_1_1 "MQTT-3.14.4-2" Client "A client sends nothing after DISCONNECT.";
    V311_3_14_4_3 V3_1_1 "MQTT-3.14.4-3" Server "At DISCONNECT the server throws the will away without publishing it.";
    V311_4_1_0_1 V3_1_1 "MQTT-4.1.0-1" Both "Both sides keep the session's state for as long as the session lasts.";
    V311_4_1_0_2 V3_1_1 "MQTT-4.1.0-2" Both "A session lives at least as long as its connection is up.";
    V311_4_3_1_1 V3_1_1 "MQTT-4.3.1-1" Both "A QoS 0 message is sent with QoS 0 and DUP 0, once.";
    V311_4_3_2_1 V3_1_1 "MQTT-4.3.2-1" Both "A QoS 1 sender gives each new message a free identifier, starts with DUP 0 and waits for PUBACK.";
    V311_4_3_2_2 V3_1_1 "MQTT-4.3.2-2" Both "A QoS 1 receiver answers with PUBACK; after that the same identifier means a new message.";
    V311_4_3_3_1 V3_1_1 "MQTT-4.3.3-1" Both "A QoS 2 sender goes from PUBLISH to PUBREL once PUBREC has come, never back, and is done at PUBCOMP.";
    V311_4_3_3_2 V3_1_1 "MQTT-4.3.3-2" Both "A QoS 2 receiver answers each PUBLISH with PUBREC but passes the message on once, until PUBREL frees the identifier.";
    V311_4_4_0_1 V3_1_1 "MQTT-4.4.0-1" Both "When a client comes back with Clean Session 0, both sides send what was not acknowledged again, with the same identifiers.";
    V311_4_5_0_1 V3_1_1 "MQTT-4.5.0-1" Server "A server that takes a message over adds it to the session of every client that subscribed to it.";
    V311_4_5_0_2 V3_1_1 "MQTT-4.5.0-2" Client "A client acknowledges every PUBLISH it gets, whether or not it makes use of it.";
    V311_4_6_0_1 V3_1_1 "MQTT-4.6.0-1" Both "Messages that are sent again keep the order in which they were first sent.";
    V311_4_6_0_2 V3_1_1 "MQTT-4.6.0-2" Both "PUBACKs go out in the order in which the QoS 1 messages came.";
    V311_4_6_0_3 V3_1_1 "MQTT-4.6.0-3" Both "PUBRECs go out in the order in which the QoS 2 messages came.";
    V311_4_6_0_4 V3_1_1 "MQTT-4.6.0-4" Both "PUBRELs go out in the order in which the PUBRECs came.";
    V311_4_6_0_5 V3_1_1 "MQTT-4.6.0-5" Server "Unless told otherwise a server keeps every topic in order.";
    V311_4_6_0_6 V3_1_1 "MQTT-4.6.0-6" Server "Messages of one publisher, topic and QoS reach each subscriber in the order in which the server got them.";
    V311_4_7_1_1 V3_1_1 "MQTT-4.7.1-1" Both "Wildcards are for Topic Filters; a Topic Name has none.";
    V311_4_7_1_2 V3_1_1 "MQTT-4.7.1-2" Both "The wildcard # fills the last level of a filter, and only that.";
    V311_4_7_1_3 V3_1_1 "MQTT-4.7.1-3" Both "The wildcard + fills a whole level of a filter.";
    V311_4_7_2_1 V3_1_1 "MQTT-4.7.2-1" Server "A filter that begins with a wildcard does not reach topics that begin with $.";
    V311_4_7_3_1 V3_1_1 "MQTT-4.7.3-1" Both "Topic Names and Topic Filters have at least one character.";
    V311_4_7_3_2 V3_1_1 "MQTT-4.7.3-2" Both "Topic Names and Topic Filters do not contain U+0000.";
    V311_4_7_3_3 V3_1_1 "MQTT-4.7.3-3" Both "Topic Names and Topic Filters are no longer than 65 535 bytes.";
    V311_4_7_3_4 V3_1_1 "MQTT-4.7.3-4" Server "A server compares topics as they are and never rewrites them.";
    V311_4_8_0_1 V3_1_1 "MQTT-4.8.0-1" Both "Breaking the protocol costs the connection on which it happened, unless a rule says otherwise.";
    V311_4_8_0_2 V3_1_1 "MQTT-4.8.0-2" Both "A passing error while a packet is processed costs the connection that the packet came on.";
    V311_6_0_0_1 V3_1_1 "MQTT-6.0.0-1" Both "Over WebSocket, MQTT travels in binary frames; any other data frame ends the connection.";
    V311_6_0_0_2 V3_1_1 "MQTT-6.0.0-2" Both "A WebSocket frame may hold part of a packet or several packets; a receiver depends on neither.";
    V311_6_0_0_3 V3_1_1 "MQTT-6.0.0-3" Client "A client offers the WebSocket subprotocol \"mqtt\".";
    V311_6_0_0_4 V3_1_1 "MQTT-6.0.0-4" Server "A server picks the WebSocket subprotocol \"mqtt\".";
    V311_7_0_0_1 V3_1_1 "MQTT-7.0.0-1" Server "A server that also makes connections of its own follows the rules for clients on them.";
    V311_7_0_0_2 V3_1_1 "MQTT-7.0.0-2" Both "Talking to other conforming programs takes nothing beyond the standard.";
    V311_7_1_1_1 V3_1_1 "MQTT-7.1.1-1" Server "A server uses a transport that delivers bytes in order and without loss, both ways.";
    V311_7_1_2_1 V3_1_1 "MQTT-7.1.2-1" Client "A client uses a transport that delivers bytes in order and without loss, both ways.";
    V5_1_5_4_1 V5 "MQTT-1.5.4-1" Both "Text in a packet is well-formed UTF-8 and encodes no surrogates.";
    V5_1_5_4_2 V5 "MQTT-1.5.4-2" Both "Text never contains the null character U+0000.";
    V5_1_5_4_3 V5 "MQTT-1.5.4-3" Both "The bytes EF BB BF mean the character U+FEFF wherever they stand, and a receiver keeps them.";
    V5_1_5_5_1 V5 "MQTT-1.5.5-1" Both "A Variable Byte Integer is written in as few bytes as its value needs.";
    V5_1_5_7_1 V5 "MQTT-1.5.7-1" Both "Both texts of a string pair follow the rules for text.";
    V5_2_1_3_1 V5 "MQTT-2.1.3-1" Both "Flag bits that are marked as reserved have the value listed for that packet type.";
    V5_2_2_1_2 V5 "MQTT-2.2.1-2" Both "A PUBLISH at QoS 0 has no Packet Identifier.";
    V5_2_2_1_3 V5 "MQTT-2.2.1-3" Client "A client gives each new SUBSCRIBE, UNSUBSCRIBE and PUBLISH above QoS 0 an identifier that is free and not 0.";
    V5_2_2_1_4 V5 "MQTT-2.2.1-4" Server "A server gives each new PUBLISH above QoS 0 an identifier that is free and not 0.";
    V5_2_2_1_5 V5 "MQTT-2.2.1-5" Both "PUBACK, PUBREC, PUBREL and PUBCOMP name the identifier of the PUBLISH they belong to.";
    V5_2_2_1_6 V5 "MQTT-2.2.1-6" Server "SUBACK and UNSUBACK name the identifier of the request they answer.";
    V5_2_2_2_1 V5 "MQTT-2.2.2-1" Both "A packet without properties says so with a Property Length of 0.";
    V5_3_1_0_1 V5 "MQTT-3.1.0-1" Client "CONNECT is the first thing a client sends on a new connection.";
    V5_3_1_0_2 V5 "MQTT-3.1.0-2" Server "A client that sends CONNECT twice breaks the protocol, and the server closes.";
    V5_3_1_2_1 V5 "MQTT-3.1.2-1" Server "A protocol name other than MQTT may be answered with 0x84, and the connection is closed.";
    V5_3_1_2_2 V5 "MQTT-3.1.2-2" Server "A protocol version that the server does not want may be answered with 0x84, and the connection is closed.";
    V5_3_1_2_3 V5 "MQTT-3.1.2-3" Server "The server checks that the reserved bit of the Connect Flags is 0.";
    V5_3_1_2_4 V5 "MQTT-3.1.2-4" Both "With Clean Start 1 an existing session is thrown away and a new one begins.";
    V5_3_1_2_5 V5 "MQTT-3.1.2-5" Server "With Clean Start 0 the server goes on with the session it has for this client.";
    V5_3_1_2_6 V5 "MQTT-3.1.2-6" Server "With Clean Start 0 and nothing stored, the server makes a new session.";
    V5_3_1_2_7 V5 "MQTT-3.1.2-7" Server "A will that comes with CONNECT is stored along with the session.";
    V5_3_1_2_8 V5 "MQTT-3.1.2-8" Server "The will is published when its delay or the session has run out after the close, unless a normal DISCONNECT or a return prevented it.";
    V5_3_1_2_9 V5 "MQTT-3.1.2-9" Client "When the Will Flag is 1, will properties, topic and payload are present.";
    V5_3_1_2_10 V5 "MQTT-3.1.2-10" Server "Once published, or after a normal DISCONNECT, the will is gone from the session.";
    V5_3_1_2_11 V5 "MQTT-3.1.2-11" Client "Will QoS is 0 when there is no will.";
    V5_3_1_2_12 V5 "MQTT-3.1.2-12" Client "Will QoS is 0, 1 or 2 and never 3.";
    V5_3_1_2_13 V5 "MQTT-3.1.2-13" Client "Will Retain is 0 when there is no will.";
    V5_3_1_2_14 V5 "MQTT-3.1.2-14" Server "A will with Will Retain 0 is published as an ordinary message.";
    V5_3_1_2_15 V5 "MQTT-3.1.2-15" Server "A will with Will Retain 1 is published as a retained message.";
    V5_3_1_2_16 V5 "MQTT-3.1.2-16" Client "With User Name Flag 0 there is no user name in the payload.";
    V5_3_1_2_17 V5 "MQTT-3.1.2-17" Client "With User Name Flag 1 there is a user name in the payload.";
    V5_3_1_2_18 V5 "MQTT-3.1.2-18" Client "With Password Flag 0 there is no password in the payload.";
    V5_3_1_2_19 V5 "MQTT-3.1.2-19" Client "With Password Flag 1 there is a password in the payload.";
    V5_3_1_2_20 V5 "MQTT-3.1.2-20" Client "A client with a Keep Alive lets no interval pass without sending something, if need be a PINGREQ.";
    V5_3_1_2_21 V5 "MQTT-3.1.2-21" Client "When the server names a Server Keep Alive, the client uses that.";
    V5_3_1_2_22 V5 "MQTT-3.1.2-22" Server "A server that hears nothing for one and a half Keep Alive intervals treats the connection as failed.";
    V5_3_1_2_23 V5 "MQTT-3.1.2-23" Both "With a Session Expiry Interval above 0 both sides keep the session when the connection ends.";
    V5_3_1_2_24 V5 "MQTT-3.1.2-24" Server "A server sends no packet larger than the client's Maximum Packet Size.";
    V5_3_1_2_25 V5 "MQTT-3.1.2-25" Server "A message that is too large for a client is dropped for it, as if it had been delivered.";
    V5_3_1_2_26 V5 "MQTT-3.1.2-26" Server "A server uses no Topic Alias above the client's Topic Alias Maximum.";
    V5_3_1_2_27 V5 "MQTT-3.1.2-27" Server "A client that names no Topic Alias Maximum gets no aliases.";
    V5_3_1_2_28 V5 "MQTT-3.1.2-28" Server "A client that did not ask for Response Information gets none.";
    V5_3_1_2_29 V5 "MQTT-3.1.2-29" Server "A client that does not want problem information gets reason strings and user properties only on PUBLISH, CONNACK and DISCONNECT.";
    V5_3_1_2_30 V5 "MQTT-3.1.2-30" Client "A client that began an extended authentication sends nothing but AUTH and DISCONNECT until CONNACK.";
    V5_3_1_3_1 V5 "MQTT-3.1.3-1" Client "The payload fields come in a fixed order: Client Identifier, will properties, Will Topic, Will Payload, User Name, Password.";
    V5_3_1_3_2 V5 "MQTT-3.1.3-2" Both "Client and server find the session that belongs to them by the Client Identifier.";
    V5_3_1_3_3 V5 "MQTT-3.1.3-3" Client "The Client Identifier is always present, as the first field of the payload.";
    V5_3_1_3_4 V5 "MQTT-3.1.3-4" Client "The Client Identifier is UTF-8 text.";
    V5_3_1_3_5 V5 "MQTT-3.1.3-5" Server "Every server accepts identifiers of 1 to 23 letters and digits.";
    V5_3_1_3_6 V5 "MQTT-3.1.3-6" Server "A server that lets a client come without an identifier gives it a unique one.";
    V5_3_1_3_7 V5 "MQTT-3.1.3-7" Server "It then goes on as if the client had sent that one, and tells it in CONNACK.";
    V5_3_1_3_8 V5 "MQTT-3.1.3-8" Server "An identifier that the server rejects may be answered with 0x85, and the connection is closed.";
    V5_3_1_3_9 V5 "MQTT-3.1.3-9" Server "A client that comes back to its session before the Will Delay has passed keeps its will from being sent.";
    V5_3_1_3_10 V5 "MQTT-3.1.3-10" Server "The user properties of a will are published in their order.";
    V5_3_1_3_11 V5 "MQTT-3.1.3-11" Client "The Will Topic is UTF-8 text.";
    V5_3_1_3_12 V5 "MQTT-3.1.3-12" Client "The User Name is UTF-8 text.";
    V5_3_1_4_1 V5 "MQTT-3.1.4-1" Server "A CONNECT of the wrong form closes the connection.";
    V5_3_1_4_2 V5 "MQTT-3.1.4-2" Server "A CONNECT that fails any further check closes the connection.";
    V5_3_1_4_3 V5 "MQTT-3.1.4-3" Server "When a client connects under an identifier that is already connected, the older connection gets DISCONNECT 0x8E and is closed.";
    V5_3_1_4_4 V5 "MQTT-3.1.4-4" Server "The server deals with the old session as Clean Start asks.";
    V5_3_1_4_5 V5 "MQTT-3.1.4-5" Server "A CONNECT that is accepted is answered by CONNACK with reason code 0x00.";
    V5_3_1_4_6 V5 "MQTT-3.1.4-6" Server "After a refusal, nothing that the client sent is processed, AUTH apart.";
    V5_3_2_0_1 V5 "MQTT-3.2.0-1" Server "But for AUTH, CONNACK is the first packet a server sends.";
    V5_3_2_0_2 V5 "MQTT-3.2.0-2" Server "A server sends CONNACK once on a connection.";
    V5_3_2_2_1 V5 "MQTT-3.2.2-1" Server "The upper seven bits of the Connect Acknowledge Flags are 0.";
    V5_3_2_2_2 V5 "MQTT-3.2.2-2" Server "After a clean start Session Present is 0.";
    V5_3_2_2_3 V5 "MQTT-3.2.2-3" Server "Without a clean start Session Present says whether the server had a session to go on with.";
    V5_3_2_2_4 V5 "MQTT-3.2.2-4" Client "A client that has no session closes when the server says there is one.";
    V5_3_2_2_5 V5 "MQTT-3.2.2-5" Client "A client that has a session throws it away when the server says there is none.";
    V5_3_2_2_6 V5 "MQTT-3.2.2-6" Server "A refusal has Session Present 0.";
    V5_3_2_2_7 V5 "MQTT-3.2.2-7" Server "After a CONNACK with 0x80 or above the server closes the connection.";
    V5_3_2_2_8 V5 "MQTT-3.2.2-8" Server "CONNACK carries one of the reason codes listed for it.";
    V5_3_2_2_9 V5 "MQTT-3.2.2-9" Server "A server that cannot do QoS 1 or 2 names its Maximum QoS.";
    V5_3_2_2_10 V5 "MQTT-3.2.2-10" Server "Even then it accepts subscriptions that ask for more.";
    V5_3_2_2_11 V5 "MQTT-3.2.2-11" Client "A client publishes nothing above the server's Maximum QoS.";
    V5_3_2_2_12 V5 "MQTT-3.2.2-12" Server "A will above the server's Maximum QoS is refused, 0x9B being the code for it.";
    V5_3_2_2_13 V5 "MQTT-3.2.2-13" Server "A retained will on a server that does not retain is refused, 0x9A being the code for it.";
    V5_3_2_2_14 V5 "MQTT-3.2.2-14" Client "A client publishes nothing with RETAIN to a server that does not retain.";
    V5_3_2_2_15 V5 "MQTT-3.2.2-15" Client "A client sends no packet larger than the server's Maximum Packet Size.";
    V5_3_2_2_16 V5 "MQTT-3.2.2-16" Server "A client that came without an identifier learns a unique one from CONNACK.";
    V5_3_2_2_17 V5 "MQTT-3.2.2-17" Client "A client uses no Topic Alias above the server's Topic Alias Maximum.";
    V5_3_2_2_18 V5 "MQTT-3.2.2-18" Client "A server that names no Topic Alias Maximum gets no aliases.";
    V5_3_2_2_19 V5 "MQTT-3.2.2-19" Server "CONNACK goes without its Reason String where that would make it too large for the client.";
    V5_3_2_2_20 V5 "MQTT-3.2.2-20" Server "CONNACK goes without user properties where they would make it too large for the client.";
    V5_3_2_2_21 V5 "MQTT-3.2.2-21" Client "A Server Keep Alive in CONNACK takes the place of the client's Keep Alive.";
    V5_3_2_2_22 V5 "MQTT-3.2.2-22" Server "Without a Server Keep Alive the server works with the client's own.";
    V5_3_3_1_1 V5 "MQTT-3.3.1-1" Both "A PUBLISH that is sent again has DUP 1.";
    V5_3_3_1_2 V5 "MQTT-3.3.1-2" Both "A QoS 0 message never has DUP set.";
    V5_3_3_1_3 V5 "MQTT-3.3.1-3" Both "DUP says something about this hop only: a forwarded message starts with its own value.";
    V5_3_3_1_4 V5 "MQTT-3.3.1-4" Both "No PUBLISH has both QoS bits set.";
    V5_3_3_1_5 V5 "MQTT-3.3.1-5" Server "A message with RETAIN 1 takes the place of the topic's retained message.";
    V5_3_3_1_6 V5 "MQTT-3.3.1-6" Server "An empty retained message goes to the subscribers and clears what the topic had retained.";
    V5_3_3_1_7 V5 "MQTT-3.3.1-7" Server "An empty message is never kept as a retained one.";
    V5_3_3_1_8 V5 "MQTT-3.3.1-8" Server "A message with RETAIN 0 leaves the retained message of its topic alone.";
    V5_3_3_1_9 V5 "MQTT-3.3.1-9" Server "Retain Handling 0 brings the retained messages with every SUBSCRIBE.";
    V5_3_3_1_10 V5 "MQTT-3.3.1-10" Server "Retain Handling 1 brings the retained messages only where the subscription is new.";
    V5_3_3_1_11 V5 "MQTT-3.3.1-11" Server "Retain Handling 2 brings no retained messages.";
    V5_3_3_1_12 V5 "MQTT-3.3.1-12" Server "Without Retain As Published a forwarded message has RETAIN 0.";
    V5_3_3_1_13 V5 "MQTT-3.3.1-13" Server "With Retain As Published a forwarded message keeps the RETAIN it came with.";
    V5_3_3_2_1 V5 "MQTT-3.3.2-1" Both "The Topic Name is UTF-8 text and the first field after the fixed header.";
    V5_3_3_2_2 V5 "MQTT-3.3.2-2" Both "A Topic Name has no wildcards.";
    V5_3_3_2_3 V5 "MQTT-3.3.2-3" Server "A server sends a subscriber only topics that its filter matches.";
    V5_3_3_2_4 V5 "MQTT-3.3.2-4" Server "A server passes the Payload Format Indicator on as it came.";
    V5_3_3_2_5 V5 "MQTT-3.3.2-5" Server "A message whose time ran out before its delivery began is deleted for that subscriber.";
    V5_3_3_2_6 V5 "MQTT-3.3.2-6" Server "A message that waited is passed on with its Message Expiry Interval shortened by the wait.";
    V5_3_3_2_7 V5 "MQTT-3.3.2-7" Both "A Topic Alias means nothing on another connection.";
    V5_3_3_2_8 V5 "MQTT-3.3.2-8" Both "The Topic Alias 0 is never used.";
    V5_3_3_2_9 V5 "MQTT-3.3.2-9" Client "A client uses no Topic Alias above what CONNACK allowed.";
    V5_3_3_2_10 V5 "MQTT-3.3.2-10" Client "A client accepts every Topic Alias from 1 to the maximum it named.";
    V5_3_3_2_11 V5 "MQTT-3.3.2-11" Server "A server uses no Topic Alias above what CONNECT allowed.";
    V5_3_3_2_12 V5 "MQTT-3.3.2-12" Server "A server accepts every Topic Alias from 1 to the maximum it named.";
    V5_3_3_2_13 V5 "MQTT-3.3.2-13" Both "The Response Topic is UTF-8 text.";
    V5_3_3_2_14 V5 "MQTT-3.3.2-14" Both "The Response Topic has no wildcards.";
    V5_3_3_2_15 V5 "MQTT-3.3.2-15" Server "A server passes the Response Topic on as it came.";
    V5_3_3_2_16 V5 "MQTT-3.3.2-16" Server "A server passes Correlation Data on as it came.";
    V5_3_3_2_17 V5 "MQTT-3.3.2-17" Server "A server passes the user properties of a message on as they came.";
    V5_3_3_2_18 V5 "MQTT-3.3.2-18" Server "The user properties of a message keep their order.";
    V5_3_3_2_19 V5 "MQTT-3.3.2-19" Both "The Content Type is UTF-8 text.";
    V5_3_3_2_20 V5 "MQTT-3.3.2-20" Server "A server passes the Content Type on as it came.";
    V5_3_3_4_1 V5 "MQTT-3.3.4-1" Both "A receiver answers a PUBLISH in the way its QoS demands.";
    V5_3_3_4_2 V5 "MQTT-3.3.4-2" Server "Where several subscriptions of a client match, the best QoS among them decides.";
    V5_3_3_4_3 V5 "MQTT-3.3.4-3" Server "A message carries the Subscription Identifiers of the subscriptions it is sent for.";
    V5_3_3_4_4 V5 "MQTT-3.3.4-4" Server "One copy for several subscriptions carries all their identifiers.";
    V5_3_3_4_5 V5 "MQTT-3.3.4-5" Server "Where each subscription gets its own copy, each copy carries its own identifier.";
    V5_3_3_4_6 V5 "MQTT-3.3.4-6" Client "A client puts no Subscription Identifier on what it publishes.";
    V5_3_3_4_7 V5 "MQTT-3.3.4-7" Client "A client has no more unacknowledged messages under way than the server's Receive Maximum.";
    V5_3_3_4_8 V5 "MQTT-3.3.4-8" Client "A full window holds back messages above QoS 0 and nothing else from the client.";
    V5_3_3_4_9 V5 "MQTT-3.3.4-9" Server "A server has no more unacknowledged messages under way than the client's Receive Maximum.";
    V5_3_3_4_10 V5 "MQTT-3.3.4-10" Server "A full window holds back messages above QoS 0 and nothing else from the server.";
    V5_3_4_2_1 V5 "MQTT-3.4.2-1" Both "PUBACK carries one of the reason codes listed for it.";
    V5_3_4_2_2 V5 "MQTT-3.4.2-2" Both "PUBACK goes without its Reason String where that would make it too large.";
    V5_3_4_2_3 V5 "MQTT-3.4.2-3" Both "PUBACK goes without user properties where they would make it too large.";
    V5_3_5_2_1 V5 "MQTT-3.5.2-1" Both "PUBREC carries one of the reason codes listed for it.";
    V5_3_5_2_2 V5 "MQTT-3.5.2-2" Both "PUBREC goes without its Reason String where that would make it too large.";
    V5_3_5_2_3 V5 "MQTT-3.5.2-3" Both "PUBREC goes without user properties where they would make it too large.";
    V5_3_6_1_1 V5 "MQTT-3.6.1-1" Both "The flags of PUBREL are 0010; anything else is malformed and closes the connection.";
    V5_3_6_2_1 V5 "MQTT-3.6.2-1" Both "PUBREL carries one of the reason codes listed for it.";
    V5_3_6_2_2 V5 "MQTT-3.6.2-2" Both "PUBREL goes without its Reason String where that would make it too large.";
    V5_3_6_2_3 V5 "MQTT-3.6.2-3" Both "PUBREL goes without user properties where they would make it too large.";
    V5_3_7_2_1 V5 "MQTT-3.7.2-1" Both "PUBCOMP carries one of the reason codes listed for it.";
    V5_3_7_2_2 V5 "MQTT-3.7.2-2" Both "PUBCOMP goes without its Reason String where that would make it too large.";
    V5_3_7_2_3 V5 "MQTT-3.7.2-3" Both "PUBCOMP goes without user properties where they would make it too large.";
    V5_3_8_1_1 V5 "MQTT-3.8.1-1" Both "The flags of SUBSCRIBE are 0010; anything else is malformed and closes the connection.";
    V5_3_8_3_1 V5 "MQTT-3.8.3-1" Client "The Topic Filters of a SUBSCRIBE are UTF-8 text.";
    V5_3_8_3_2 V5 "MQTT-3.8.3-2" Client "A SUBSCRIBE asks for at least one Topic Filter.";
    V5_3_8_3_3 V5 "MQTT-3.8.3-3" Server "With No Local a client does not get back what it published itself.";
    V5_3_8_3_4 V5 "MQTT-3.8.3-4" Client "No Local does not go together with a shared subscription.";
    V5_3_8_3_5 V5 "MQTT-3.8.3-5" Server "Reserved bits in the Subscription Options make the SUBSCRIBE malformed.";
    V5_3_8_4_1 V5 "MQTT-3.8.4-1" Server "Every SUBSCRIBE is answered by a SUBACK.";
    V5_3_8_4_2 V5 "MQTT-3.8.4-2" Server "The SUBACK names the SUBSCRIBE by its Packet Identifier.";
    V5_3_8_4_3 V5 "MQTT-3.8.4-3" Server "Subscribing to the same filter again replaces the subscription.";
    V5_3_8_4_4 V5 "MQTT-3.8.4-4" Server "Replacing a subscription with Retain Handling 0 sends the retained messages again and loses nothing.";
    V5_3_8_4_5 V5 "MQTT-3.8.4-5" Server "Several filters in one SUBSCRIBE mean as much as one SUBSCRIBE each, but for the single answer.";
    V5_3_8_4_6 V5 "MQTT-3.8.4-6" Server "The SUBACK has one reason code for each filter.";
    V5_3_8_4_7 V5 "MQTT-3.8.4-7" Server "That reason code tells the QoS that was granted, or that the subscription failed.";
    V5_3_8_4_8 V5 "MQTT-3.8.4-8" Server "A message arrives with the lower of the QoS it was published with and the QoS that was granted.";
    V5_3_9_2_1 V5 "MQTT-3.9.2-1" Server "SUBACK goes without its Reason String where that would make it too large.";
    V5_3_9_2_2 V5 "MQTT-3.9.2-2" Server "SUBACK goes without user properties where they would make it too large.";
    V5_3_9_3_1 V5 "MQTT-3.9.3-1" Server "The reason codes of a SUBACK stand in the order of the filters they answer.";
    V5_3_9_3_2 V5 "MQTT-3.9.3-2" Server "SUBACK carries reason codes listed for it.";
    V5_3_10_1_1 V5 "MQTT-3.10.1-1" Both "The flags of UNSUBSCRIBE are 0010; anything else is malformed and closes the connection.";
    V5_3_10_3_1 V5 "MQTT-3.10.3-1" Client "The Topic Filters of an UNSUBSCRIBE are UTF-8 text.";
    V5_3_10_3_2 V5 "MQTT-3.10.3-2" Client "An UNSUBSCRIBE names at least one Topic Filter.";
    V5_3_10_4_1 V5 "MQTT-3.10.4-1" Server "A subscription is deleted if its filter is the same as the one named, character by character.";
    V5_3_10_4_2 V5 "MQTT-3.10.4-2" Server "After the deletion no further messages are added for the client.";
    V5_3_10_4_3 V5 "MQTT-3.10.4-3" Server "Deliveries at QoS 1 and 2 that were under way are brought to their end.";
    V5_3_10_4_4 V5 "MQTT-3.10.4-4" Server "Every UNSUBSCRIBE is answered by an UNSUBACK.";
    V5_3_10_4_5 V5 "MQTT-3.10.4-5" Server "The UNSUBACK has the request's Packet Identifier and comes even when there was nothing to delete.";
    V5_3_10_4_6 V5 "MQTT-3.10.4-6" Server "Several filters in one UNSUBSCRIBE mean as much as one UNSUBSCRIBE each, but for the single answer.";
    V5_3_11_2_1 V5 "MQTT-3.11.2-1" Server "UNSUBACK goes without its Reason String where that would make it too large.";
    V5_3_11_2_2 V5 "MQTT-3.11.2-2" Server "UNSUBACK goes without user properties where they would make it too large.";
    V5_3_11_3_1 V5 "MQTT-3.11.3-1" Server "The reason codes of an UNSUBACK stand in the order of the filters they answer.";
    V5_3_11_3_2 V5 "MQTT-3.11.3-2" Server "UNSUBACK carries reason codes listed for it.";
    V5_3_12_4_1 V5 "MQTT-3.12.4-1" Server "A PINGREQ is answered by a PINGRESP.";
    V5_3_14_0_1 V5 "MQTT-3.14.0-1" Server "A server sends DISCONNECT only after a CONNACK that let the client in.";
    V5_3_14_1_1 V5 "MQTT-3.14.1-1" Both "DISCONNECT with reserved bits set is malformed; the answer to it is DISCONNECT 0x81.";
    V5_3_14_2_1 V5 "MQTT-3.14.2-1" Both "DISCONNECT carries one of the reason codes listed for it.";
    V5_3_14_2_2 V5 "MQTT-3.14.2-2" Server "A server's DISCONNECT has no Session Expiry Interval.";
    V5_3_14_2_3 V5 "MQTT-3.14.2-3" Both "DISCONNECT goes without its Reason String where that would make it too large.";
    V5_3_14_2_4 V5 "MQTT-3.14.2-4" Both "DISCONNECT goes without user properties where they would make it too large.";
    V5_3_14_4_1 V5 "MQTT-3.14.4-1" Both "Nothing is sent after DISCONNECT.";
    V5_3_14_4_2 V5 "MQTT-3.14.4-2" Both "Whoever sent DISCONNECT closes the connection.";
    V5_3_14_4_3 V5 "MQTT-3.14.4-3" Server "At a normal DISCONNECT the server throws the will away without publishing it.";
    V5_3_15_1_1 V5 "MQTT-3.15.1-1" Both "The flags of AUTH are 0; anything else is malformed and closes the connection.";
    V5_3_15_2_1 V5 "MQTT-3.15.2-1" Both "AUTH carries one of the reason codes listed for it.";
    V5_3_15_2_2 V5 "MQTT-3.15.2-2" Both "AUTH goes without its Reason String where that would make it too large.";
    V5_3_15_2_3 V5 "MQTT-3.15.2-3" Both "AUTH goes without user properties where they would make it too large.";
    V5_4_1_0_1 V5 "MQTT-4.1.0-1" Both "Neither side drops the session's state while the connection is up.";
    V5_4_1_0_2 V5 "MQTT-4.1.0-2" Server "A session whose expiry has passed since its connection ended is discarded.";
    V5_4_2_1 V5 "MQTT-4.2-1" Both "The transport delivers bytes in order and without loss, both ways.";
    V5_4_3_1_1 V5 "MQTT-4.3.1-1" Both "A QoS 0 message is sent with QoS 0 and DUP 0.";
    V5_4_3_2_1 V5 "MQTT-4.3.2-1" Both "A QoS 1 sender gives each new message an identifier that is free.";
    V5_4_3_2_2 V5 "MQTT-4.3.2-2" Both "A QoS 1 sender begins with a PUBLISH that has that identifier, QoS 1 and DUP 0.";
    V5_4_3_2_3 V5 "MQTT-4.3.2-3" Both "A QoS 1 sender counts the message as unacknowledged until the PUBACK for it comes.";
    V5_4_3_2_4 V5 "MQTT-4.3.2-4" Both "A QoS 1 receiver that has taken the message over answers with PUBACK and its identifier.";
    V5_4_3_2_5 V5 "MQTT-4.3.2-5" Both "After its PUBACK a QoS 1 receiver takes the same identifier for a new message, whatever DUP says.";
    V5_4_3_3_1 V5 "MQTT-4.3.3-1" Both "A QoS 2 sender gives each new message an identifier that is free.";
    V5_4_3_3_2 V5 "MQTT-4.3.3-2" Both "A QoS 2 sender begins with a PUBLISH that has that identifier, QoS 2 and DUP 0.";
    V5_4_3_3_3 V5 "MQTT-4.3.3-3" Both "A QoS 2 sender counts the PUBLISH as unacknowledged until the PUBREC for it comes.";
    V5_4_3_3_4 V5 "MQTT-4.3.3-4" Both "A PUBREC below 0x80 is followed by a PUBREL with the same identifier.";
    V5_4_3_3_5 V5 "MQTT-4.3.3-5" Both "A QoS 2 sender counts the PUBREL as unacknowledged until the PUBCOMP for it comes.";
    V5_4_3_3_6 V5 "MQTT-4.3.3-6" Both "Once a QoS 2 sender has sent PUBREL, it does not send that PUBLISH again.";
    V5_4_3_3_7 V5 "MQTT-4.3.3-7" Both "Once a QoS 2 PUBLISH is sent, its message no longer expires.";
    V5_4_3_3_8 V5 "MQTT-4.3.3-8" Both "A QoS 2 receiver that has taken the message over answers with PUBREC and its identifier.";
    V5_4_3_3_9 V5 "MQTT-4.3.3-9" Both "After a PUBREC of 0x80 or above a QoS 2 receiver takes the same identifier for a new message.";
    V5_4_3_3_10 V5 "MQTT-4.3.3-10" Both "Until PUBREL comes, a QoS 2 receiver answers a repeated PUBLISH with PUBREC and passes nothing on again.";
    V5_4_3_3_11 V5 "MQTT-4.3.3-11" Both "A QoS 2 receiver answers PUBREL with PUBCOMP and the same identifier.";
    V5_4_3_3_12 V5 "MQTT-4.3.3-12" Both "After its PUBCOMP a QoS 2 receiver takes the same identifier for a new message.";
    V5_4_3_3_13 V5 "MQTT-4.3.3-13" Both "A QoS 2 receiver finishes the exchange even when the message has expired.";
    V5_4_4_0_1 V5 "MQTT-4.4.0-1" Both "Unacknowledged PUBLISH and PUBREL packets are sent again when the session is resumed on a new connection, and at no other time.";
    V5_4_4_0_2 V5 "MQTT-4.4.0-2" Both "A PUBACK or PUBREC that reports an error settles the message as well: it is not sent again.";
    V5_4_5_0_1 V5 "MQTT-4.5.0-1" Server "A server that takes a message over adds it to the session of every client that subscribed to it.";
    V5_4_5_0_2 V5 "MQTT-4.5.0-2" Client "A client acknowledges every PUBLISH it gets, whether or not it makes use of it.";
    V5_4_6_0_1 V5 "MQTT-4.6.0-1" Client "Messages that are sent again keep the order in which they were first sent.";
    V5_4_6_0_2 V5 "MQTT-4.6.0-2" Client "PUBACKs go out in the order in which the QoS 1 messages came.";
    V5_4_6_0_3 V5 "MQTT-4.6.0-3" Client "PUBRECs go out in the order in which the QoS 2 messages came.";
    V5_4_6_0_4 V5 "MQTT-4.6.0-4" Client "PUBRELs go out in the order in which the PUBRECs came.";
    V5_4_6_0_5 V5 "MQTT-4.6.0-5" Server "On an ordered topic, one publisher's messages of one QoS reach a subscriber in the order in which the server got them.";
    V5_4_6_0_6 V5 "MQTT-4.6.0-6" Server "Unless told otherwise a server keeps every topic in order for subscriptions that are not shared.";
    V5_4_7_0_1 V5 "MQTT-4.7.0-1" Both "Wildcards are for Topic Filters; a Topic Name has none.";
    V5_4_7_1_1 V5 "MQTT-4.7.1-1" Both "The wildcard # fills the last level of a filter, and only that.";
    V5_4_7_1_2 V5 "MQTT-4.7.1-2" Both "The wildcard + fills a whole level of a filter.";
    V5_4_7_2_1 V5 "MQTT-4.7.2-1" Server "A filter that begins with a wildcard does not reach topics that begin with $.";
    V5_4_7_3_1 V5 "MQTT-4.7.3-1" Both "Topic Names and Topic Filters have at least one character.";
    V5_4_7_3_2 V5 "MQTT-4.7.3-2" Both "Topic Names and Topic Filters do not contain U+0000.";
    V5_4_7_3_3 V5 "MQTT-4.7.3-3" Both "Topic Names and Topic Filters are no longer than 65 535 bytes.";
    V5_4_7_3_4 V5 "MQTT-4.7.3-4" Server "A server compares topics as they are and never rewrites them.";
    V5_4_8_2_1 V5 "MQTT-4.8.2-1" Client "The filter of a shared subscription begins with $share/ and a name of at least one character.";
    V5_4_8_2_2 V5 "MQTT-4.8.2-2" Client "That name has no /, + or #, and a / and a Topic Filter come after it.";
    V5_4_8_2_3 V5 "MQTT-4.8.2-3" Server "A member of a shared subscription gets messages with the QoS granted to that member.";
    V5_4_8_2_4 V5 "MQTT-4.8.2-4" Server "A QoS 2 delivery to a member that dropped off is finished when the member comes back.";
    V5_4_8_2_5 V5 "MQTT-4.8.2-5" Server "If that member's session ends first, the message goes to nobody else.";
    V5_4_8_2_6 V5 "MQTT-4.8.2-6" Server "A message that a member turned down with an error code is not offered to another member.";
    V5_4_9_0_1 V5 "MQTT-4.9.0-1" Both "The send quota begins at the peer's Receive Maximum, which is never 0.";
    V5_4_9_0_2 V5 "MQTT-4.9.0-2" Both "Each PUBLISH above QoS 0 uses one up, and at 0 no more of them are sent.";
    V5_4_9_0_3 V5 "MQTT-4.9.0-3" Both "Every other packet is dealt with even when the quota is used up.";
    V5_4_12_0_1 V5 "MQTT-4.12.0-1" Server "An authentication method that the server does not know may be answered with 0x8C or 0x87, and the connection is closed.";
    V5_4_12_0_2 V5 "MQTT-4.12.0-2" Server "A server that needs more for an authentication sends AUTH with 0x18.";
    V5_4_12_0_3 V5 "MQTT-4.12.0-3" Client "A client answers that with AUTH and 0x18 too.";
    V5_4_12_0_4 V5 "MQTT-4.12.0-4" Server "A server that refuses an authentication may say so in CONNACK, and closes.";
    V5_4_12_0_5 V5 "MQTT-4.12.0-5" Both "Every AUTH and the final CONNACK name the method that CONNECT chose.";
    V5_4_12_0_6 V5 "MQTT-4.12.0-6" Server "A client that chose no method gets no AUTH and no method in CONNACK.";
    V5_4_12_0_7 V5 "MQTT-4.12.0-7" Client "A client that chose no method sends no AUTH.";
    V5_4_12_1_1 V5 "MQTT-4.12.1-1" Client "A client that authenticates again uses the method it began with.";
    V5_4_12_1_2 V5 "MQTT-4.12.1-2" Both "When the second authentication fails, the connection is closed, preferably with a DISCONNECT that says why.";
    V5_4_13_1_1 V5 "MQTT-4.13.1-1" Server "A server that finds a packet malformed or out of place closes the connection.";
    V5_4_13_2_1 V5 "MQTT-4.13.2-1" Both "An error code of 0x80 or above closes the connection, whether or not it could be sent.";
    V5_6_0_0_1 V5 "MQTT-6.0.0-1" Both "Over WebSocket, MQTT travels in binary frames; any other data frame ends the connection.";
    V5_6_0_0_2 V5 "MQTT-6.0.0-2" Both "A WebSocket frame may hold part of a packet or several packets; a receiver depends on neither.";
    V5_6_0_0_3 V5 "MQTT-6.0.0-3" Client "A client offers the WebSocket subprotocol \"mqtt\".";
    V5_6_0_0_4 V5 "MQTT-6.0.0-4" Server "A server picks the WebSocket subprotocol \"mqtt\".";
}
