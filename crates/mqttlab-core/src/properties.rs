//! Properties of MQTT 5.0 (section 2.2.2).

use alloc::vec::Vec;

use crate::packet::PacketType;

/// The properties of one packet, as they are on the wire, without their length.
///
/// The codec has checked them: each is whole, allowed in its packet, has a legal value and comes at most once where
/// the standard says so. Older versions have none. Reading one walks the block, which is short; whoever needs many
/// walks it once with [`iter`](Self::iter). [`PropertyList`] makes one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Properties<'a> {
    raw: &'a [u8],
}

impl<'a> Properties<'a> {
    /// No properties.
    pub const EMPTY: Self = Self { raw: &[] };

    /// Wraps bytes that the caller has checked.
    pub(crate) const fn from_checked(raw: &'a [u8]) -> Self {
        Self { raw }
    }

    /// The bytes on the wire, without the length in front.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.raw
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    /// The properties in the order of the packet.
    pub fn iter(self) -> impl Iterator<Item = Property<'a>> {
        let mut rest = self.raw;
        core::iter::from_fn(move || {
            let (property, tail) = Property::split_from(rest).ok()?;
            rest = tail;
            Some(property)
        })
    }
}

/// Why bytes are not a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyError {
    /// No property has this identifier.
    UnknownIdentifier(u32),
    /// The bytes end inside the property.
    Truncated,
    /// Text is not well-formed UTF-8.
    IllFormedString,
    /// Text has the character U+0000 in it.
    NulInString,
    /// A variable byte integer is too long or not in its shortest form.
    IllFormedInteger,
}

macro_rules! properties {
    ($($id:literal $variant:ident($($ty:ty),+) $codec:ident $name:literal once=$once:literal in [$($packet:ident),*] will=$will:literal;)+) => {
        /// One property.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Property<'a> {
            $(#[doc = concat!("`", stringify!($id), "` ", $name, ".")] $variant($($ty),+),)+
        }

        impl<'a> Property<'a> {
            /// The number in front of it on the wire.
            pub const fn identifier(&self) -> u8 {
                match self {
                    $(Self::$variant(..) => $id,)+
                }
            }

            /// The standard's name.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(..) => $name,)+
                }
            }

            /// Whether it may come only once in a packet.
            pub const fn is_unique(&self) -> bool {
                match self {
                    $(Self::$variant(..) => $once,)+
                }
            }

            /// Whether a packet of this type may have it.
            pub const fn is_allowed_in(&self, packet: PacketType) -> bool {
                match self {
                    $(Self::$variant(..) => (0_u16 $(| 1 << PacketType::$packet.number())*) >> packet.number() & 1 == 1,)+
                }
            }

            /// Whether the will inside a CONNECT may have it.
            pub const fn is_allowed_in_will(&self) -> bool {
                match self {
                    $(Self::$variant(..) => $will,)+
                }
            }

            /// Takes one property off the front of `bytes`.
            ///
            /// # Errors
            /// When `bytes` do not begin with a whole, well-formed property. Whether the value makes sense and the
            /// property belongs there is not looked at.
            pub fn split_from(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), PropertyError> {
                let (identifier, bytes) = read::variable(bytes)?;
                match identifier {
                    $($id => properties!(@read bytes $variant $codec),)+
                    unknown => Err(PropertyError::UnknownIdentifier(unknown)),
                }
            }

            /// Appends the property as it is on the wire. Text and data longer than 65 535 bytes are cut off there.
            pub fn write_to(&self, out: &mut Vec<u8>) {
                out.push(self.identifier());
                match *self {
                    $(properties!(@pattern $variant $codec a b) => properties!(@write out $codec a b),)+
                }
            }
        }

        /// The standard's name of the property with this identifier.
        pub const fn name_of(identifier: u8) -> Option<&'static str> {
            match identifier {
                $($id => Some($name),)+
                _ => None,
            }
        }

        /// Every identifier that the standard knows.
        pub const IDENTIFIERS: &[u8] = &[$($id),+];
    };
    (@read $bytes:ident $variant:ident pair) => {{
        let (key, rest) = read::string($bytes)?;
        let (value, rest) = read::string(rest)?;
        Ok((Self::$variant(key, value), rest))
    }};
    (@read $bytes:ident $variant:ident $codec:ident) => {{
        let (value, rest) = read::$codec($bytes)?;
        Ok((Self::$variant(value), rest))
    }};
    (@pattern $variant:ident pair $a:ident $b:ident) => { Self::$variant($a, $b) };
    (@pattern $variant:ident $codec:ident $a:ident $b:ident) => { Self::$variant($a) };
    (@write $out:ident pair $a:ident $b:ident) => {{ write::string($out, $a); write::string($out, $b); }};
    (@write $out:ident $codec:ident $a:ident $b:ident) => { write::$codec($out, $a) };
}

properties! {
    0x01 PayloadFormatIndicator(u8) byte "Payload Format Indicator" once=true in [Publish] will=true;
    0x02 MessageExpiryInterval(u32) four "Message Expiry Interval" once=true in [Publish] will=true;
    0x03 ContentType(&'a str) string "Content Type" once=true in [Publish] will=true;
    0x08 ResponseTopic(&'a str) string "Response Topic" once=true in [Publish] will=true;
    0x09 CorrelationData(&'a [u8]) binary "Correlation Data" once=true in [Publish] will=true;
    0x0B SubscriptionIdentifier(u32) variable "Subscription Identifier" once=false in [Publish, Subscribe] will=false;
    0x11 SessionExpiryInterval(u32) four "Session Expiry Interval" once=true in [Connect, ConnAck, Disconnect] will=false;
    0x12 AssignedClientIdentifier(&'a str) string "Assigned Client Identifier" once=true in [ConnAck] will=false;
    0x13 ServerKeepAlive(u16) two "Server Keep Alive" once=true in [ConnAck] will=false;
    0x15 AuthenticationMethod(&'a str) string "Authentication Method" once=true in [Connect, ConnAck, Auth] will=false;
    0x16 AuthenticationData(&'a [u8]) binary "Authentication Data" once=true in [Connect, ConnAck, Auth] will=false;
    0x17 RequestProblemInformation(u8) byte "Request Problem Information" once=true in [Connect] will=false;
    0x18 WillDelayInterval(u32) four "Will Delay Interval" once=true in [] will=true;
    0x19 RequestResponseInformation(u8) byte "Request Response Information" once=true in [Connect] will=false;
    0x1A ResponseInformation(&'a str) string "Response Information" once=true in [ConnAck] will=false;
    0x1C ServerReference(&'a str) string "Server Reference" once=true in [ConnAck, Disconnect] will=false;
    0x1F ReasonString(&'a str) string "Reason String" once=true in [ConnAck, PubAck, PubRec, PubRel, PubComp, SubAck, UnsubAck, Disconnect, Auth] will=false;
    0x21 ReceiveMaximum(u16) two "Receive Maximum" once=true in [Connect, ConnAck] will=false;
    0x22 TopicAliasMaximum(u16) two "Topic Alias Maximum" once=true in [Connect, ConnAck] will=false;
    0x23 TopicAlias(u16) two "Topic Alias" once=true in [Publish] will=false;
    0x24 MaximumQoS(u8) byte "Maximum QoS" once=true in [ConnAck] will=false;
    0x25 RetainAvailable(u8) byte "Retain Available" once=true in [ConnAck] will=false;
    0x26 UserProperty(&'a str, &'a str) pair "User Property" once=false in [Connect, ConnAck, Publish, PubAck, PubRec, PubRel, PubComp, Subscribe, SubAck, Unsubscribe, UnsubAck, Disconnect, Auth] will=true;
    0x27 MaximumPacketSize(u32) four "Maximum Packet Size" once=true in [Connect, ConnAck] will=false;
    0x28 WildcardSubscriptionAvailable(u8) byte "Wildcard Subscription Available" once=true in [ConnAck] will=false;
    0x29 SubscriptionIdentifierAvailable(u8) byte "Subscription Identifier Available" once=true in [ConnAck] will=false;
    0x2A SharedSubscriptionAvailable(u8) byte "Shared Subscription Available" once=true in [ConnAck] will=false;
}

/// What the property with this identifier is for, in one plain sentence.
pub const fn about(identifier: u8) -> Option<&'static str> {
    Some(match identifier {
        0x01 => "Says whether the payload is text (1) or just bytes (0).",
        0x02 => "How many seconds the message is worth delivering.",
        0x03 => "Tells the receiving application what kind of content the payload is.",
        0x08 => "The topic on which the sender waits for an answer to this message.",
        0x09 => {
            "Data that the answer brings back, so that the asker knows which request it belongs to."
        }
        0x0B => {
            "A number that the client gave a subscription and gets with each message that it brings."
        }
        0x11 => "How many seconds the session lives on after the connection is gone.",
        0x12 => "The Client Identifier that the server chose for a client that came without one.",
        0x13 => "The Keep Alive in seconds that the client must use in place of its own.",
        0x15 => "Names the method by which client and server prove who they are.",
        0x16 => "One step of that proof; what is in it depends on the method.",
        0x17 => {
            "Whether the client wants reasons in words and User Properties when something fails."
        }
        0x18 => "How many seconds the server waits with the will, in case the client comes back.",
        0x19 => "Whether the client wants to be told where to put its response topics.",
        0x1A => "Text from which the client can make its response topics.",
        0x1C => "Another server that the client should go to.",
        0x1F => "The reason in words, for people who read logs.",
        0x21 => {
            "How many QoS 1 and QoS 2 messages the sender of this takes at once without having answered."
        }
        0x22 => "The highest Topic Alias that the sender of this understands; 0 means none.",
        0x23 => "A small number that stands for the Topic Name, so that it need not be sent again.",
        0x24 => "The highest QoS that the server can do.",
        0x25 => "Whether the server keeps retained messages.",
        0x26 => "A name and a value that only the applications understand.",
        0x27 => "The largest packet in bytes that the sender of this takes.",
        0x28 => "Whether the server takes filters with wildcards.",
        0x29 => "Whether the server takes Subscription Identifiers.",
        0x2A => "Whether the server takes shared subscriptions.",
        _ => return None,
    })
}

/// Properties under construction.
///
/// ```
/// use mqttlab_core::properties::{Property, PropertyList};
/// let mut list = PropertyList::new();
/// list.push(Property::ReceiveMaximum(20));
/// assert_eq!(list.properties().iter().next(), Some(Property::ReceiveMaximum(20)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PropertyList {
    raw: Vec<u8>,
}

impl PropertyList {
    /// An empty list.
    pub const fn new() -> Self {
        Self { raw: Vec::new() }
    }

    /// Appends a property. Whether it makes sense there is the caller's business.
    pub fn push(&mut self, property: Property<'_>) {
        property.write_to(&mut self.raw);
    }

    /// The list as part of a packet.
    pub fn properties(&self) -> Properties<'_> {
        Properties::from_checked(&self.raw)
    }

    /// Empties the list and keeps its memory.
    pub fn clear(&mut self) {
        self.raw.clear();
    }
}

pub(crate) mod read {
    use super::PropertyError;

    pub(super) fn byte(bytes: &[u8]) -> Result<(u8, &[u8]), PropertyError> {
        bytes
            .split_first()
            .map(|(&byte, rest)| (byte, rest))
            .ok_or(PropertyError::Truncated)
    }

    pub(super) fn two(bytes: &[u8]) -> Result<(u16, &[u8]), PropertyError> {
        let (two, rest) = bytes.split_first_chunk().ok_or(PropertyError::Truncated)?;
        Ok((u16::from_be_bytes(*two), rest))
    }

    pub(super) fn four(bytes: &[u8]) -> Result<(u32, &[u8]), PropertyError> {
        let (four, rest) = bytes.split_first_chunk().ok_or(PropertyError::Truncated)?;
        Ok((u32::from_be_bytes(*four), rest))
    }

    pub(crate) fn variable(bytes: &[u8]) -> Result<(u32, &[u8]), PropertyError> {
        let mut value = 0;
        for (i, &byte) in bytes.iter().take(4).enumerate() {
            value |= u32::from(byte & 0x7F) << (7 * i);
            if byte & 0x80 == 0 {
                let shortest = byte != 0 || i == 0;
                return if shortest {
                    Ok((value, &bytes[i + 1..]))
                } else {
                    Err(PropertyError::IllFormedInteger)
                };
            }
        }
        Err(if bytes.len() < 4 {
            PropertyError::Truncated
        } else {
            PropertyError::IllFormedInteger
        })
    }

    pub(crate) fn binary(bytes: &[u8]) -> Result<(&[u8], &[u8]), PropertyError> {
        let (length, rest) = two(bytes)?;
        rest.split_at_checked(usize::from(length))
            .ok_or(PropertyError::Truncated)
    }

    pub(super) fn string(bytes: &[u8]) -> Result<(&str, &[u8]), PropertyError> {
        let (text, rest) = binary(bytes)?;
        match core::str::from_utf8(text) {
            Ok(text) if !text.as_bytes().contains(&0) => Ok((text, rest)),
            Ok(_) => Err(PropertyError::NulInString),
            Err(_) => Err(PropertyError::IllFormedString),
        }
    }
}

pub(crate) mod write {
    use alloc::vec::Vec;

    pub(super) fn byte(out: &mut Vec<u8>, value: u8) {
        out.push(value);
    }

    pub(crate) fn two(out: &mut Vec<u8>, value: u16) {
        out.extend_from_slice(&value.to_be_bytes());
    }

    pub(super) fn four(out: &mut Vec<u8>, value: u32) {
        out.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn variable(out: &mut Vec<u8>, mut value: u32) {
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }

    pub(crate) fn binary(out: &mut Vec<u8>, data: &[u8]) {
        let data = &data[..data.len().min(usize::from(u16::MAX))];
        two(out, data.len() as u16);
        out.extend_from_slice(data);
    }

    pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
        binary(
            out,
            &text.as_bytes()[..text.floor_char_boundary(usize::from(u16::MAX))],
        );
    }
}

#[cfg(test)]
mod tests;
