//! What can be wrong with bytes from a peer.

use core::fmt;

use crate::clause::Clause;
use crate::packet::{PacketType, Version};
use crate::reason::ReasonCode;

/// Bytes that are not a packet, or not one that may come here.
///
/// A receiver closes the connection. In 5.0 it may say `reason` in a DISCONNECT (or a refusing CONNACK) first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct DecodeError {
    /// What is wrong.
    pub kind: DecodeErrorKind,
    /// The type of the packet, if its first byte made sense.
    pub packet: Option<PacketType>,
    /// The version that the peer speaks, and so the one to answer it in; `None` while no CONNECT told it.
    ///
    /// For a CONNECT with a protocol name or level that is not supported, it is the version whose refusing CONNACK the
    /// peer is most likely to understand: [MQTT-3.1.2-2] asks for the code 0x01 of 3.1.1 or 0x84 of 5.0.
    pub version: Option<Version>,
    /// Where: bytes from the start of the packet.
    pub at: usize,
    /// The sentence of the standard that is violated; `None` where a limit of ours and not the standard decides.
    pub clause: Option<Clause>,
    /// The 5.0 reason code for it.
    pub reason: ReasonCode,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if let Some(packet) = self.packet {
            write!(f, " in {packet}")?;
        }
        write!(f, " at byte {}", self.at)?;
        if let Some(clause) = self.clause {
            write!(f, " [{clause}]")?;
        }
        Ok(())
    }
}

impl core::error::Error for DecodeError {}

macro_rules! kinds {
    ($($variant:ident $text:literal;)+) => {
        /// The ways in which bytes can be wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
        pub enum DecodeErrorKind {
            $(#[doc = concat!("In words: ", $text, ".")] $variant,)+
        }

        impl DecodeErrorKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
        }

        impl fmt::Display for DecodeErrorKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $text,)+
                })
            }
        }
    };
}

kinds! {
    ReservedType "packet type 0 is reserved";
    TypeNotInVersion "this packet type does not exist in this version";
    WrongDirection "only the other side may send this packet";
    FirstPacketNotConnect "the first packet is not CONNECT";
    SecondConnect "a second CONNECT";
    ReservedFlags "reserved bits are not as they must be";
    RemainingLength "Remaining Length takes more than four bytes or is not in its shortest form";
    TooLarge "the packet is larger than allowed";
    Truncated "the packet ends inside a field";
    TrailingBytes "bytes are left over at the end of the packet";
    IllFormedString "text is not well-formed UTF-8";
    NulInString "text has the character U+0000 in it";
    DisallowedCodePoint "text has a control character or a non-character in it";
    ProtocolName "the protocol name is not known";
    ProtocolLevel "the protocol level is not supported";
    ConnectFlags "the Connect Flags contradict each other";
    WillQos "Will QoS 3 does not exist";
    Qos3 "QoS 3 does not exist";
    DupOnQos0 "DUP is set on a QoS 0 message";
    PacketIdZero "the Packet Identifier is 0";
    TopicEmpty "the Topic Name is empty";
    TopicWildcard "a Topic Name has a wildcard in it";
    NoFilters "the packet has no Topic Filter";
    SubscriptionOptions "reserved bits of the subscription options are set";
    SharedNoLocal "No Local is set on a shared subscription";
    ReturnCode "the code is not one that this packet may have";
    SessionPresent "Session Present is set on a refusal";
    UnknownProperty "no property has this identifier";
    PropertyNotAllowed "the property does not belong in this packet";
    PropertyTwice "the property may come only once";
    PropertyValue "the property has a value that it may not have";
    PropertyLength "the properties do not fit their length";
    PropertyMissing "a property that must be there is not";
    TooManyProperties "there are more User Properties than allowed";
    TopicAliasRange "the Topic Alias is 0 or above the maximum";
    TopicAliasUnknown "the Topic Alias stands for nothing yet";
    TopicAliasMemory "the Topic Names behind the Topic Aliases take more room than allowed";
}
