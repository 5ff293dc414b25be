//! Lists of Topic Filters, as SUBSCRIBE and UNSUBSCRIBE carry them.

use alloc::vec::Vec;

use crate::packet::QoS;

/// The payload of a SUBSCRIBE: Topic Filters, each with its options, as they are on the wire.
///
/// [`FilterList`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filters<'a> {
    raw: &'a [u8],
    used_bits: u8,
}

impl<'a> Filters<'a> {
    /// Wraps bytes that the caller has checked: each entry a string and an options byte.
    pub(crate) const fn from_checked(raw: &'a [u8]) -> Self {
        Self {
            raw,
            used_bits: 0xFF,
        }
    }

    /// As [`from_checked`](Self::from_checked), for 3.1, which gives only the QoS bits of an options byte a meaning.
    pub(crate) const fn from_checked_v3_1(raw: &'a [u8]) -> Self {
        Self {
            raw,
            used_bits: 0b11,
        }
    }

    /// The bytes on the wire.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.raw
    }

    /// The filters in the order of the packet. Their syntax has not been looked at: a server answers each
    /// bad filter by its own return code.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, SubscriptionOptions)> {
        let mut rest = self.raw;
        core::iter::from_fn(move || {
            let (filter, tail) = split_string(rest)?;
            let (&options, tail) = tail.split_first()?;
            rest = tail;
            let options = SubscriptionOptions::from_byte(options & self.used_bits)?;
            Some((filter, options))
        })
    }

    /// How many there are.
    pub fn count(self) -> usize {
        self.iter().count()
    }
}

/// The payload of an UNSUBSCRIBE: Topic Filters as they are on the wire. [`TopicList`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topics<'a> {
    raw: &'a [u8],
}

impl<'a> Topics<'a> {
    /// Wraps bytes that the caller has checked: each entry a string.
    pub(crate) const fn from_checked(raw: &'a [u8]) -> Self {
        Self { raw }
    }

    /// The bytes on the wire.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.raw
    }

    /// The filters in the order of the packet.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        let mut rest = self.raw;
        core::iter::from_fn(move || {
            let (filter, tail) = split_string(rest)?;
            rest = tail;
            Some(filter)
        })
    }
}

/// The payload of a SUBSCRIBE or an UNSUBSCRIBE under construction.
///
/// ```
/// use mqttlab_core::packet::{FilterList, QoS, SubscriptionOptions};
/// let mut list = FilterList::new();
/// list.push("status/#", SubscriptionOptions::qos(QoS::AtLeastOnce));
/// assert_eq!(list.filters().count(), 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterList {
    raw: Vec<u8>,
}

impl FilterList {
    /// An empty list. A SUBSCRIBE needs at least one entry. [MQTT-3.8.3-3]
    pub const fn new() -> Self {
        Self { raw: Vec::new() }
    }

    /// Adds a filter; one of more than 65 535 bytes is cut off there, at the end of a character.
    pub fn push(&mut self, filter: &str, options: SubscriptionOptions) {
        push_string(&mut self.raw, filter);
        self.raw.push(options.to_byte());
    }

    /// The list as part of a packet.
    pub fn filters(&self) -> Filters<'_> {
        Filters::from_checked(&self.raw)
    }
}

/// The Topic Filters of an UNSUBSCRIBE under construction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicList {
    raw: Vec<u8>,
}

impl TopicList {
    /// An empty list. An UNSUBSCRIBE needs at least one entry. [MQTT-3.10.3-2]
    pub const fn new() -> Self {
        Self { raw: Vec::new() }
    }

    /// Adds a filter; one of more than 65 535 bytes is cut off there, at the end of a character.
    pub fn push(&mut self, filter: &str) {
        push_string(&mut self.raw, filter);
    }

    /// The list as part of a packet.
    pub fn topics(&self) -> Topics<'_> {
        Topics::from_checked(&self.raw)
    }
}

/// What a subscription asks for beside its filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SubscriptionOptions {
    /// The highest QoS at which the server may send.
    pub qos: QoS,
    /// 5.0: do not send the subscriber its own messages.
    pub no_local: bool,
    /// 5.0: keep the RETAIN flag as it was published.
    pub retain_as_published: bool,
    /// 5.0: whether retained messages are sent at subscribe.
    pub retain_handling: RetainHandling,
}

impl SubscriptionOptions {
    /// This QoS and the defaults, which are also how the older versions behave.
    pub const fn qos(qos: QoS) -> Self {
        Self {
            qos,
            no_local: false,
            retain_as_published: false,
            retain_handling: RetainHandling::Send,
        }
    }

    /// The options in this byte; `None` where it is not valid in any version.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        if byte & 0b1100_0000 != 0 {
            return None;
        }
        let (Some(qos), Some(retain_handling)) = (
            QoS::from_u8(byte & 0b11),
            RetainHandling::from_u8((byte >> 4) & 0b11),
        ) else {
            return None;
        };
        Some(Self {
            qos,
            no_local: byte & 0b100 != 0,
            retain_as_published: byte & 0b1000 != 0,
            retain_handling,
        })
    }

    /// The byte on the wire.
    pub const fn to_byte(self) -> u8 {
        self.qos.number()
            | (self.no_local as u8) << 2
            | (self.retain_as_published as u8) << 3
            | (self.retain_handling as u8) << 4
    }
}

/// 5.0: whether a SUBSCRIBE brings the retained messages that match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[repr(u8)]
pub enum RetainHandling {
    /// At every SUBSCRIBE.
    #[default]
    Send = 0,
    /// Only where the subscription did not exist before.
    SendIfNew = 1,
    /// Never.
    DoNotSend = 2,
}

impl RetainHandling {
    /// The value with this number; `None` for 3 and above.
    pub const fn from_u8(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Send),
            1 => Some(Self::SendIfNew),
            2 => Some(Self::DoNotSend),
            _ => None,
        }
    }
}

/// Takes a length-prefixed string off the front; `None` where there is none or it is not UTF-8.
fn split_string(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let (text, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((core::str::from_utf8(text).ok()?, rest))
}

fn push_string(out: &mut Vec<u8>, text: &str) {
    let text = &text[..text.floor_char_boundary(usize::from(u16::MAX))];
    out.extend_from_slice(&(text.len() as u16).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}
