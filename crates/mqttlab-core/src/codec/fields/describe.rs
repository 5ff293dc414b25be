//! What a field says, for people to read.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt::Write;

use crate::codec::fields::{Field, FieldKind};
use crate::packet::{PacketType, QoS, RetainHandling, Version};
use crate::properties::{Property, read};
use crate::reason::ReasonCode;

/// The most characters of text and bytes of data that are shown.
const SHOWN_MAX: usize = 120;

/// The value of `field` in `packet`, in one line: `"pump-1"`, `30 s`, `1 (at least once)`.
///
/// `packet` is the packet that the field was found in; a field that does not lie in it gives an empty text. Fields that
/// are nothing but their parts are summed up.
///
/// ```
/// use mqttlab_core::codec::fields::{FieldKind, describe};
/// use mqttlab_core::codec::{Limits, decode};
/// use mqttlab_core::packet::{Side, Version};
/// let bytes = [0x32, 0x06, 0x00, 0x01, b'a', 0x00, 0x07, b'!'];
/// let mut fields = Vec::new();
/// decode(&bytes, Version::V3_1_1, Side::Server, &Limits::default(), &mut fields)?;
/// let says = |kind| {
///     let field = fields.iter().find(|field| field.kind == kind).expect("a PUBLISH has it");
///     describe(field, &bytes, Version::V3_1_1)
/// };
/// assert_eq!(says(FieldKind::PacketType), "3 (PUBLISH)");
/// assert_eq!(says(FieldKind::QoS), "1 (at least once)");
/// assert_eq!(says(FieldKind::TopicName), "\"a\"");
/// assert_eq!(says(FieldKind::PacketIdentifier), "7");
/// # Ok::<(), mqttlab_core::error::DecodeError>(())
/// ```
pub fn describe(field: &Field, packet: &[u8], version: Version) -> String {
    let Some(bytes) = packet.get(field.span.clone()) else {
        return String::new();
    };
    let Some(&first) = bytes.first() else {
        return empty(field.kind);
    };
    let bits = match field.mask {
        0 => 0,
        mask => (first & mask) >> mask.trailing_zeros(),
    };
    match field.kind {
        FieldKind::PacketType => match PacketType::from_first_byte(first) {
            Some(packet_type) => format!("{bits} ({packet_type})"),
            None => format!("{bits} (reserved)"),
        },
        FieldKind::QoS | FieldKind::WillQoS | FieldKind::SubscriptionQoS => qos(bits),
        FieldKind::ReservedFlags
        | FieldKind::ConnectFlagsReserved
        | FieldKind::AcknowledgeFlagsReserved
        | FieldKind::SubscriptionReserved => {
            let width = field.mask.count_ones() as usize;
            format!("{bits:0width$b}")
        }
        FieldKind::Dup
        | FieldKind::Retain
        | FieldKind::UserNameFlag
        | FieldKind::PasswordFlag
        | FieldKind::WillRetain
        | FieldKind::WillFlag
        | FieldKind::CleanSession
        | FieldKind::CleanStart
        | FieldKind::SessionPresent
        | FieldKind::NoLocal
        | FieldKind::RetainAsPublished => bits.to_string(),
        FieldKind::RetainHandling => retain_handling(bits),
        FieldKind::ConnectFlags
        | FieldKind::AcknowledgeFlags
        | FieldKind::SubscriptionOptions
        | FieldKind::RequestedQoS => format!("{first:08b}"),
        FieldKind::RemainingLength | FieldKind::PropertyLength => variable(bytes),
        FieldKind::Length | FieldKind::PacketIdentifier => number(bytes),
        FieldKind::KeepAlive => match number(bytes).as_str() {
            "0" => "0 (off)".to_owned(),
            seconds => format!("{seconds} s"),
        },
        FieldKind::ProtocolLevel => level(first),
        FieldKind::ReasonCode => reason(first),
        FieldKind::ReturnCode => return_code(packet, first),
        FieldKind::ProtocolName
        | FieldKind::ClientIdentifier
        | FieldKind::WillTopic
        | FieldKind::UserName
        | FieldKind::TopicName
        | FieldKind::TopicFilter
        | FieldKind::UserPropertyName
        | FieldKind::UserPropertyValue
        | FieldKind::WillPayload => data(bytes.get(2..).unwrap_or_default()),
        FieldKind::Password => count(bytes.len().saturating_sub(2), "byte"),
        FieldKind::Payload => data(bytes),
        FieldKind::Properties | FieldKind::WillProperties => properties(bytes),
        FieldKind::Subscription => subscription(bytes, version),
        FieldKind::PropertyIdentifier => match crate::properties::name_of(first) {
            Some(name) => format!("0x{first:02X} ({name})"),
            None => format!("0x{first:02X} (unknown)"),
        },
        FieldKind::Property(_) => property(bytes),
        FieldKind::PropertyValue(identifier) => property_value(identifier, bytes),
    }
}

/// The value of a field without bytes.
fn empty(kind: FieldKind) -> String {
    if kind == FieldKind::Payload {
        "empty".to_owned()
    } else {
        String::new()
    }
}

fn qos(number: u8) -> String {
    let meaning = match QoS::from_u8(number) {
        Some(QoS::AtMostOnce) => "at most once",
        Some(QoS::AtLeastOnce) => "at least once",
        Some(QoS::ExactlyOnce) => "exactly once",
        None => "does not exist",
    };
    format!("{number} ({meaning})")
}

fn retain_handling(number: u8) -> String {
    let meaning = match RetainHandling::from_u8(number) {
        Some(RetainHandling::Send) => "send retained messages",
        Some(RetainHandling::SendIfNew) => "send them if the subscription is new",
        Some(RetainHandling::DoNotSend) => "do not send them",
        None => "does not exist",
    };
    format!("{number} ({meaning})")
}

fn level(level: u8) -> String {
    let known = [Version::V3_1, Version::V3_1_1, Version::V5]
        .into_iter()
        .find(|version| version.level() == level);
    match known {
        Some(version) => format!("{level} (MQTT {version})"),
        None => format!("{level} (unknown)"),
    }
}

fn reason(number: u8) -> String {
    match ReasonCode::from_u8(number) {
        Some(reason) => reason.to_string(),
        None => format!("0x{number:02X} (unknown)"),
    }
}

/// A return code of 3.x: of a CONNACK, or of one filter in a SUBACK.
fn return_code(packet: &[u8], number: u8) -> String {
    let packet_type = packet
        .first()
        .and_then(|&byte| PacketType::from_first_byte(byte));
    let meaning = match (packet_type, number) {
        (Some(PacketType::ConnAck), 0) => "accepted",
        (Some(PacketType::ConnAck), 1) => "unacceptable protocol version",
        (Some(PacketType::ConnAck), 2) => "identifier rejected",
        (Some(PacketType::ConnAck), 3) => "server unavailable",
        (Some(PacketType::ConnAck), 4) => "bad user name or password",
        (Some(PacketType::ConnAck), 5) => "not authorized",
        (Some(PacketType::SubAck), 0) => "granted, QoS 0",
        (Some(PacketType::SubAck), 1) => "granted, QoS 1",
        (Some(PacketType::SubAck), 2) => "granted, QoS 2",
        (Some(PacketType::SubAck), 0x80) => "failure",
        (Some(_) | None, _) => "reserved",
    };
    format!("{number} ({meaning})")
}

fn variable(bytes: &[u8]) -> String {
    match read::variable(bytes) {
        Ok((number, _)) => number.to_string(),
        Err(_) => hex(bytes),
    }
}

/// A number of two bytes or four.
fn number(bytes: &[u8]) -> String {
    bytes
        .iter()
        .take(4)
        .fold(0_u32, |number, &byte| number << 8 | u32::from(byte))
        .to_string()
}

fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Text in quotes, or other data as hex.
fn data(bytes: &[u8]) -> String {
    match core::str::from_utf8(bytes) {
        Ok(text) => quoted(text),
        Err(_) => hex(bytes),
    }
}

fn quoted(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        None => format!("{text:?}"),
        Some((cut, _)) => format!("{:?}… ({})", &text[..cut], count(text.len(), "byte")),
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (i, byte) in bytes.iter().take(SHOWN_MAX).enumerate() {
        let space = if i == 0 { "" } else { " " };
        // Writing to a String cannot fail.
        let _ = write!(out, "{space}{byte:02x}");
    }
    if bytes.len() > SHOWN_MAX {
        let _ = write!(out, " … ({})", count(bytes.len(), "byte"));
    }
    out
}

fn properties(bytes: &[u8]) -> String {
    let mut rest = match read::variable(bytes) {
        Ok((_, rest)) => rest,
        Err(_) => return String::new(),
    };
    let mut number = 0;
    while let Ok((_, tail)) = Property::split_from(rest) {
        number += 1;
        rest = tail;
    }
    match number {
        0 => "none".to_owned(),
        1 => "1 property".to_owned(),
        number => format!("{number} properties"),
    }
}

fn subscription(bytes: &[u8], version: Version) -> String {
    let Some((&options, filter)) = bytes.split_last() else {
        return String::new();
    };
    let filter = data(filter.get(2..).unwrap_or_default());
    let mut out = format!("{filter} QoS {}", options & 0b11);
    if version == Version::V5 {
        for (mask, text) in [(0b100, ", No Local"), (0b1000, ", Retain As Published")] {
            if options & mask != 0 {
                out.push_str(text);
            }
        }
    }
    out
}

fn property(bytes: &[u8]) -> String {
    match Property::split_from(bytes) {
        Ok((property, _)) => value(&property),
        Err(_) => hex(bytes),
    }
}

fn property_value(identifier: u8, bytes: &[u8]) -> String {
    let mut whole = alloc::vec![identifier];
    whole.extend_from_slice(bytes);
    property(&whole)
}

fn value(property: &Property<'_>) -> String {
    match *property {
        Property::PayloadFormatIndicator(0) => "0 (bytes)".to_owned(),
        Property::PayloadFormatIndicator(1) => "1 (text)".to_owned(),
        Property::SessionExpiryInterval(u32::MAX) => "never".to_owned(),
        Property::MessageExpiryInterval(seconds)
        | Property::SessionExpiryInterval(seconds)
        | Property::WillDelayInterval(seconds) => format!("{seconds} s"),
        Property::ServerKeepAlive(seconds) => format!("{seconds} s"),
        Property::MaximumPacketSize(bytes) => count(bytes as usize, "byte"),
        Property::SubscriptionIdentifier(number) => number.to_string(),
        Property::ReceiveMaximum(number)
        | Property::TopicAliasMaximum(number)
        | Property::TopicAlias(number) => number.to_string(),
        Property::MaximumQoS(number) => qos(number),
        Property::RequestProblemInformation(flag)
        | Property::RequestResponseInformation(flag)
        | Property::RetainAvailable(flag)
        | Property::WildcardSubscriptionAvailable(flag)
        | Property::SubscriptionIdentifierAvailable(flag)
        | Property::SharedSubscriptionAvailable(flag) => match flag {
            0 => "0 (no)".to_owned(),
            1 => "1 (yes)".to_owned(),
            flag => flag.to_string(),
        },
        Property::PayloadFormatIndicator(other) => other.to_string(),
        Property::ContentType(text)
        | Property::ResponseTopic(text)
        | Property::AssignedClientIdentifier(text)
        | Property::AuthenticationMethod(text)
        | Property::ResponseInformation(text)
        | Property::ServerReference(text)
        | Property::ReasonString(text) => quoted(text),
        Property::CorrelationData(bytes) => data(bytes),
        Property::AuthenticationData(bytes) => count(bytes.len(), "byte"),
        Property::UserProperty(name, value) => format!("{} = {}", quoted(name), quoted(value)),
    }
}
