//! Reading and checking the properties of a packet of 5.0.

use crate::clause::Clause;
use crate::codec::fields::{FieldKind, FieldSink};
use crate::codec::header::Limits;
use crate::codec::reader::{Reader, TopicAlias};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::packet::{PacketType, Side, Version};
use crate::properties::{Properties, Property, PropertyError, read};
use crate::reason::ReasonCode;

/// Whose properties they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The packet.
    Packet,
    /// The will inside a CONNECT.
    Will,
}

/// Takes the length of the properties and the properties; the older versions have none.
#[inline]
pub(super) fn properties<'a, F: FieldSink>(
    r: &mut Reader<'a, '_, F>,
    owner: Owner,
) -> Result<Properties<'a>, DecodeError> {
    match r.version {
        Version::V3_1 | Version::V3_1_1 => Ok(Properties::EMPTY),
        Version::V5 => block(r, owner),
    }
}

fn block<'a, F: FieldSink>(
    r: &mut Reader<'a, '_, F>,
    owner: Owner,
) -> Result<Properties<'a>, DecodeError> {
    let start = r.at();
    let length = length(r)?;
    let first = r.at();
    let outer = match owner {
        Owner::Packet => FieldKind::Properties,
        Owner::Will => FieldKind::WillProperties,
    };
    let end = first + length.min(r.left());
    r.found(outer, start..end);
    r.depth += 1;
    r.found(FieldKind::PropertyLength, start..first);
    if length > r.left() {
        return Err(r.violation(
            DecodeErrorKind::PropertyLength,
            start,
            ReasonCode::MalformedPacket,
        ));
    }
    let raw = r.skip_to(end);
    if !raw.is_empty() {
        check_each(r, raw, first, owner)?;
    }
    r.depth -= 1;
    Ok(Properties::from_checked(raw))
}

/// Takes the length in front of the properties. [MQTT-1.5.5-1]
fn length<F: FieldSink>(r: &mut Reader<'_, '_, F>) -> Result<usize, DecodeError> {
    let start = r.at();
    match read::variable(r.peek()) {
        Ok((length, rest)) => {
            let end = start + r.left() - rest.len();
            r.skip_to(end);
            Ok(length as usize)
        }
        Err(PropertyError::IllFormedInteger) => Err(r.error(
            DecodeErrorKind::PropertyLength,
            start,
            Clause::V5_1_5_5_1,
            ReasonCode::MalformedPacket,
        )),
        Err(
            PropertyError::Truncated
            | PropertyError::UnknownIdentifier(_)
            | PropertyError::IllFormedString
            | PropertyError::NulInString,
        ) => Err(r.violation(
            DecodeErrorKind::Truncated,
            start + r.left(),
            ReasonCode::MalformedPacket,
        )),
    }
}

/// What has been seen of the properties of one block.
struct Seen {
    /// One bit for each identifier.
    identifiers: u64,
    user_properties: u16,
}

fn check_each<F: FieldSink>(
    r: &mut Reader<'_, '_, F>,
    raw: &[u8],
    first: usize,
    owner: Owner,
) -> Result<(), DecodeError> {
    let end = first + raw.len();
    let mut seen = Seen {
        identifiers: 0,
        user_properties: 0,
    };
    let mut rest = raw;
    while !rest.is_empty() {
        let at = end - rest.len();
        let (property, tail) = match Property::split_from(rest) {
            Ok(split) => split,
            Err(error) => return Err(syntax_error(r, error, at, rest)),
        };
        found(r, &property, at, end - tail.len());
        check(r, &property, at, owner, &mut seen)?;
        if let Property::TopicAlias(alias) = property {
            r.topic_alias = Some(TopicAlias { alias, at });
        }
        rest = tail;
    }
    let method = 1 << Property::AuthenticationMethod("").identifier();
    let data = 1 << Property::AuthenticationData(&[]).identifier();
    let needs_method = r.packet == PacketType::Auth || seen.identifiers & data != 0;
    if !needs_method || seen.identifiers & method != 0 {
        return Ok(());
    }
    let mut error = r.violation(
        DecodeErrorKind::PropertyMissing,
        first,
        ReasonCode::ProtocolError,
    );
    if r.packet == PacketType::Auth {
        error.clause = Some(Clause::V5_4_12_0_5);
    }
    Err(error)
}

/// Tells the sink about a whole property and its parts.
#[inline]
fn found<F: FieldSink>(
    r: &mut Reader<'_, '_, F>,
    property: &Property<'_>,
    start: usize,
    end: usize,
) {
    let identifier = property.identifier();
    r.found(FieldKind::Property(identifier), start..end);
    r.depth += 1;
    r.found(FieldKind::PropertyIdentifier, start..start + 1);
    if let Property::UserProperty(name, _) = property {
        let middle = start + 3 + name.len();
        r.found(FieldKind::UserPropertyName, start + 1..middle);
        r.found(FieldKind::UserPropertyValue, middle..end);
    } else {
        r.found(FieldKind::PropertyValue(identifier), start + 1..end);
    }
    r.depth -= 1;
}

#[cold]
fn syntax_error<F: FieldSink>(
    r: &Reader<'_, '_, F>,
    error: PropertyError,
    at: usize,
    rest: &[u8],
) -> DecodeError {
    let is_pair = rest.first() == Some(&Property::UserProperty("", "").identifier());
    let string_clause = |clause| {
        if is_pair { Clause::V5_1_5_7_1 } else { clause }
    };
    let malformed = ReasonCode::MalformedPacket;
    match error {
        PropertyError::UnknownIdentifier(_) => {
            r.violation(DecodeErrorKind::UnknownProperty, at, malformed)
        }
        PropertyError::Truncated => r.violation(DecodeErrorKind::PropertyLength, at, malformed),
        PropertyError::IllFormedString => r.error(
            DecodeErrorKind::IllFormedString,
            at + ill_formed_at(rest),
            string_clause(Clause::V5_1_5_4_1),
            malformed,
        ),
        PropertyError::NulInString => r.error(
            DecodeErrorKind::NulInString,
            at + ill_formed_at(rest),
            string_clause(Clause::V5_1_5_4_2),
            malformed,
        ),
        PropertyError::IllFormedInteger => r.error(
            DecodeErrorKind::PropertyValue,
            at,
            Clause::V5_1_5_5_1,
            malformed,
        ),
    }
}

/// Where in the property that `bytes` begin with its text, or the first bad one of two, goes wrong.
fn ill_formed_at(bytes: &[u8]) -> usize {
    let mut rest = bytes.get(1..).unwrap_or_default();
    while let Ok((text, tail)) = read::binary(rest) {
        let good = match core::str::from_utf8(text) {
            Ok(_) => text.iter().position(|&byte| byte == 0),
            Err(error) => Some(error.valid_up_to()),
        };
        if let Some(good) = good {
            return bytes.len() - rest.len() + 2 + good;
        }
        rest = tail;
    }
    1
}

/// Checks that a property may be here, for the first time, with this value.
fn check<F: FieldSink>(
    r: &Reader<'_, '_, F>,
    property: &Property<'_>,
    at: usize,
    owner: Owner,
    seen: &mut Seen,
) -> Result<(), DecodeError> {
    let allowed = match owner {
        Owner::Packet => property.is_allowed_in(r.packet),
        Owner::Will => property.is_allowed_in_will(),
    };
    if !allowed {
        return Err(r.violation(
            DecodeErrorKind::PropertyNotAllowed,
            at,
            ReasonCode::MalformedPacket,
        ));
    }
    if let Some(clause) = wrong_direction(r.packet, r.side, r.limits, property) {
        return Err(r.error(
            DecodeErrorKind::PropertyNotAllowed,
            at,
            clause,
            ReasonCode::ProtocolError,
        ));
    }
    // What the server may repeat, a SUBSCRIBE may not: it has one Subscription Identifier.
    let unique = property.is_unique()
        || matches!(
            (property, r.packet),
            (Property::SubscriptionIdentifier(_), PacketType::Subscribe)
        );
    let bit = 1 << property.identifier();
    if unique && seen.identifiers & bit != 0 {
        return Err(r.violation(
            DecodeErrorKind::PropertyTwice,
            at,
            ReasonCode::ProtocolError,
        ));
    }
    seen.identifiers |= bit;
    if matches!(property, Property::UserProperty(..)) {
        seen.user_properties = seen.user_properties.saturating_add(1);
        if seen.user_properties > r.limits.user_properties_max {
            let mut error = r.violation(
                DecodeErrorKind::TooManyProperties,
                at,
                ReasonCode::QuotaExceeded,
            );
            error.clause = None;
            return Err(error);
        }
    }
    if !r.limits.disallowed_code_points {
        for (start, text) in texts(property) {
            r.check_code_points(text, at + start)?;
        }
    }
    check_value(r, property, at)
}

/// The strings in a property, and where their text begins, counted from the property's identifier.
fn texts<'a>(property: &Property<'a>) -> impl Iterator<Item = (usize, &'a str)> {
    let (one, two) = match *property {
        Property::ContentType(text)
        | Property::ResponseTopic(text)
        | Property::AssignedClientIdentifier(text)
        | Property::AuthenticationMethod(text)
        | Property::ResponseInformation(text)
        | Property::ServerReference(text)
        | Property::ReasonString(text) => (Some(text), None),
        Property::UserProperty(name, value) => (Some(name), Some(value)),
        Property::PayloadFormatIndicator(_)
        | Property::MessageExpiryInterval(_)
        | Property::CorrelationData(_)
        | Property::SubscriptionIdentifier(_)
        | Property::SessionExpiryInterval(_)
        | Property::ServerKeepAlive(_)
        | Property::AuthenticationData(_)
        | Property::RequestProblemInformation(_)
        | Property::WillDelayInterval(_)
        | Property::RequestResponseInformation(_)
        | Property::ReceiveMaximum(_)
        | Property::TopicAliasMaximum(_)
        | Property::TopicAlias(_)
        | Property::MaximumQoS(_)
        | Property::RetainAvailable(_)
        | Property::MaximumPacketSize(_)
        | Property::WildcardSubscriptionAvailable(_)
        | Property::SubscriptionIdentifierAvailable(_)
        | Property::SharedSubscriptionAvailable(_) => (None, None),
    };
    // An identifier, and two bytes of length before each text.
    let first = one.map(|text| (3, text));
    let second = two.map(|text| (5 + one.map_or(0, str::len), text));
    first.into_iter().chain(second)
}

/// The statement that forbids the peer of `side` this property, which the other side may send.
fn wrong_direction(
    packet: PacketType,
    side: Side,
    limits: &Limits,
    property: &Property<'_>,
) -> Option<Clause> {
    match (packet, side, property) {
        (PacketType::Publish, Side::Server, Property::SubscriptionIdentifier(_))
            if !limits.identifiers_from_clients =>
        {
            Some(Clause::V5_3_3_4_6)
        }
        (PacketType::Disconnect, Side::Client, Property::SessionExpiryInterval(_)) => {
            Some(Clause::V5_3_14_2_2)
        }
        _ => None,
    }
}

fn check_value<F: FieldSink>(
    r: &Reader<'_, '_, F>,
    property: &Property<'_>,
    at: usize,
) -> Result<(), DecodeError> {
    let legal = match *property {
        Property::PayloadFormatIndicator(value)
        | Property::RequestProblemInformation(value)
        | Property::RequestResponseInformation(value)
        | Property::MaximumQoS(value)
        | Property::RetainAvailable(value)
        | Property::WildcardSubscriptionAvailable(value)
        | Property::SubscriptionIdentifierAvailable(value)
        | Property::SharedSubscriptionAvailable(value) => value <= 1,
        Property::ReceiveMaximum(value) => value != 0,
        Property::MaximumPacketSize(value) | Property::SubscriptionIdentifier(value) => value != 0,
        Property::TopicAlias(0) => {
            return Err(r.error(
                DecodeErrorKind::TopicAliasRange,
                at,
                Clause::V5_3_3_2_8,
                ReasonCode::TopicAliasInvalid,
            ));
        }
        Property::ResponseTopic(topic) => return check_response_topic(r, topic, at),
        Property::TopicAlias(_)
        | Property::MessageExpiryInterval(_)
        | Property::ContentType(_)
        | Property::CorrelationData(_)
        | Property::SessionExpiryInterval(_)
        | Property::AssignedClientIdentifier(_)
        | Property::ServerKeepAlive(_)
        | Property::AuthenticationMethod(_)
        | Property::AuthenticationData(_)
        | Property::WillDelayInterval(_)
        | Property::ResponseInformation(_)
        | Property::ServerReference(_)
        | Property::ReasonString(_)
        | Property::TopicAliasMaximum(_)
        | Property::UserProperty(..) => true,
    };
    if legal {
        return Ok(());
    }
    Err(r.violation(
        DecodeErrorKind::PropertyValue,
        at + 1,
        ReasonCode::ProtocolError,
    ))
}

/// Checks a Response Topic: a Topic Name. [MQTT-3.3.2-14]
fn check_response_topic<F: FieldSink>(
    r: &Reader<'_, '_, F>,
    topic: &str,
    at: usize,
) -> Result<(), DecodeError> {
    let text_at = at + 3;
    if topic.is_empty() {
        return Err(r.topic_empty(text_at));
    }
    match topic.find(['+', '#']) {
        None => Ok(()),
        Some(wildcard) => Err(r.error(
            DecodeErrorKind::TopicWildcard,
            text_at + wildcard,
            Clause::V5_3_3_2_14,
            ReasonCode::ProtocolError,
        )),
    }
}
