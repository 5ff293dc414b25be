//! Packets and bytes at random.

use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use crate::codec::fields::{Field, describe};
use crate::codec::{Limits, decode, encode, encode_publish_head, encoded_len, publish_head_len};
use crate::id::PacketId;
use crate::link::Link;
use crate::packet::{
    Ack, Connect, FilterList, Packet, PacketType, Publish, QoS, RetainHandling, Side, Subscribe,
    SubscriptionOptions, TopicList, Unsubscribe, Version, Will,
};
use crate::properties::{Properties, Property, PropertyList};
use crate::random::config;
use crate::reason::ReasonCode;

use super::vectors::valid_bytes;

fn version() -> impl Strategy<Value = Version> {
    prop::sample::select(&[Version::V3_1, Version::V3_1_1, Version::V5][..])
}

fn qos() -> impl Strategy<Value = QoS> {
    prop::sample::select(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][..])
}

/// Any text that the standards allow.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,9}", "[^\0]{0,9}"]
}

fn topic() -> impl Strategy<Value = String> {
    "[^\0+#]{1,20}"
}

fn data() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        9 => prop::collection::vec(any::<u8>(), 0..40),
        1 => prop::collection::vec(any::<u8>(), 100..20_000),
    ]
}

/// The values that properties are made of.
#[derive(Clone, Debug)]
struct Values {
    number: u32,
    text: String,
    topic: String,
    data: Vec<u8>,
}

fn values() -> impl Strategy<Value = Values> {
    (
        1_u32..,
        text(),
        topic(),
        prop::collection::vec(any::<u8>(), 0..20),
    )
        .prop_map(|(number, text, topic, data)| Values {
            number,
            text,
            topic,
            data,
        })
}

/// Each property that `allowed` lets pass and `chosen` has the bit for, with a value that is legal.
fn properties(values: &Values, chosen: u32, allowed: fn(&Property<'_>) -> bool) -> PropertyList {
    let Values {
        number,
        text,
        topic,
        data,
    } = values;
    let small = *number as u16 | 1;
    let all = [
        Property::PayloadFormatIndicator(small as u8 & 1),
        Property::MessageExpiryInterval(*number),
        Property::ContentType(text),
        Property::ResponseTopic(topic),
        Property::CorrelationData(data),
        Property::SubscriptionIdentifier(number % 268_435_455 + 1),
        Property::SessionExpiryInterval(*number),
        Property::AuthenticationMethod(text),
        Property::AuthenticationData(data),
        Property::WillDelayInterval(*number),
        Property::ReasonString(text),
        Property::ReceiveMaximum(small),
        Property::TopicAliasMaximum(small),
        Property::TopicAlias(small),
        Property::MaximumPacketSize(*number),
        Property::UserProperty(text, topic),
        Property::UserProperty(topic, text),
    ];
    let mut list = PropertyList::new();
    for (i, property) in all.iter().enumerate() {
        // Data without a method is not legal, so both come together.
        let bit = if matches!(property, Property::AuthenticationData(_)) {
            i - 1
        } else {
            i
        };
        if allowed(property) && chosen >> bit & 1 == 1 {
            list.push(*property);
        }
    }
    list
}

const LIMITS: Limits = Limits {
    packet_size_max: 1 << 20,
    stranger_packet_size_max: 1 << 20,
    user_properties_max: 4,
    disallowed_code_points: true,
    identifiers_from_clients: false,
    topic_alias_max: u16::MAX,
    topic_alias_bytes_max: 1 << 20,
};

/// Encodes, decodes, and compares.
fn check_round_trip(
    packet: &Packet<'_>,
    version: Version,
    side: Side,
) -> Result<(), TestCaseError> {
    let mut bytes = Vec::new();
    encode(packet, version, &mut bytes);
    prop_assert_eq!(bytes.len(), encoded_len(packet, version));
    let mut fields: Vec<Field> = Vec::new();
    let decoded = decode(&bytes, version, side, &LIMITS, &mut fields);
    prop_assert_eq!(decoded, Ok(*packet));
    for field in &fields {
        let _ = describe(field, &bytes, version);
    }
    Ok(())
}

/// Properties where the version has some.
fn of_version(list: &PropertyList, version: Version) -> Properties<'_> {
    match version {
        Version::V3_1 | Version::V3_1_1 => Properties::EMPTY,
        Version::V5 => list.properties(),
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn connect_comes_back(
        version in version(),
        clean_start: bool,
        keep_alive: u16,
        client_id in text(),
        will in prop::option::of((topic(), data(), qos(), any::<bool>())),
        user_name in prop::option::of(text()),
        password in prop::option::of(data()),
        values in values(),
        chosen: [u32; 2],
    ) {
        let allowed = |property: &Property<'_>| property.is_allowed_in(PacketType::Connect);
        let own = properties(&values, chosen[0], allowed);
        let of_will = properties(&values, chosen[1], |property| property.is_allowed_in_will());
        let packet = Packet::Connect(Connect {
            version,
            clean_start,
            keep_alive,
            client_id: &client_id,
            will: will.as_ref().map(|(topic, payload, qos, retain)| Will {
                topic,
                payload,
                qos: *qos,
                retain: *retain,
                properties: of_version(&of_will, version),
            }),
            user_name: user_name.as_deref(),
            password: password
                .as_deref()
                .filter(|_| user_name.is_some() || version == Version::V5),
            properties: of_version(&own, version),
        });
        check_round_trip(&packet, version, Side::Server)?;
    }

    #[test]
    fn publish_comes_back_and_its_head_is_the_same_apart(
        version in version(),
        dup: bool,
        qos in qos(),
        retain: bool,
        topic in topic(),
        packet_id in 1_u16..,
        payload in data(),
        values in values(),
        chosen: [u32; 2],
    ) {
        let allowed = |property: &Property<'_>| {
            property.is_allowed_in(PacketType::Publish)
                && !matches!(property, Property::SubscriptionIdentifier(_))
        };
        let own = properties(&values, chosen[0], allowed);
        let publish = Publish {
            dup: dup && qos != QoS::AtMostOnce,
            qos,
            retain,
            topic: &topic,
            packet_id: PacketId::new(packet_id).filter(|_| qos != QoS::AtMostOnce),
            properties: of_version(&own, version),
            payload: &payload,
        };
        check_round_trip(&Packet::Publish(publish), version, Side::Server)?;

        let only_identifier = |property: &Property<'_>| matches!(property, Property::SubscriptionIdentifier(_));
        let more = properties(&values, chosen[1], only_identifier);
        let mut bytes = Vec::from(&b"before"[..]);
        let shared = Publish { packet_id: None, ..publish };
        let at = encode_publish_head(&shared, more.properties(), version, &mut bytes);
        prop_assert_eq!(at.is_some(), qos != QoS::AtMostOnce);
        let mut bytes = bytes.split_off(6);
        if let Some(at) = at {
            bytes[at..at + 2].copy_from_slice(&packet_id.to_be_bytes());
        }
        bytes.extend_from_slice(&payload);
        prop_assert_eq!(bytes.len(), publish_head_len(&publish, more.properties(), version));
        let decoded = decode(&bytes, version, Side::Client, &LIMITS, &mut ());
        let Ok(Packet::Publish(decoded)) = decoded else {
            return Err(TestCaseError::fail(alloc::format!("{decoded:?}")));
        };
        let joined = [own.properties().as_bytes(), more.properties().as_bytes()].concat();
        let expected = if version == Version::V5 { &joined[..] } else { &[] };
        prop_assert_eq!(decoded.properties.as_bytes(), expected);
        prop_assert_eq!(Publish { properties: publish.properties, ..decoded }, publish);
    }

    #[test]
    fn acknowledgements_come_back(
        version in version(),
        packet_id in 1_u16..,
        fails: bool,
        values in values(),
        chosen: u32,
    ) {
        let allowed = |property: &Property<'_>| property.is_allowed_in(PacketType::PubAck);
        let list = properties(&values, chosen, allowed);
        let packet_id = PacketId::new(packet_id).expect("it begins with 1");
        for kind in [Packet::PubAck, Packet::PubRec, Packet::PubRel, Packet::PubComp] {
            let mut ack = Ack::success(packet_id);
            if version == Version::V5 {
                ack.properties = list.properties();
                ack.reason = match (fails, kind(ack)) {
                    (false, _) => ReasonCode::Success,
                    (true, Packet::PubRel(_) | Packet::PubComp(_)) => ReasonCode::PacketIdentifierNotFound,
                    (true, _) => ReasonCode::QuotaExceeded,
                };
            }
            check_round_trip(&kind(ack), version, Side::Server)?;
            check_round_trip(&kind(ack), version, Side::Client)?;
        }
    }

    #[test]
    fn subscribe_and_unsubscribe_come_back(
        version in version(),
        packet_id in 1_u16..,
        entries in prop::collection::vec((text(), qos(), any::<[bool; 2]>(), 0..3_u8), 1..6),
        values in values(),
        chosen: u32,
    ) {
        let packet_id = PacketId::new(packet_id).expect("it begins with 1");
        let (mut filters, mut topics) = (FilterList::new(), TopicList::new());
        for (filter, qos, [no_local, retain_as_published], retain_handling) in &entries {
            let options = match version {
                Version::V3_1 | Version::V3_1_1 => SubscriptionOptions::qos(*qos),
                Version::V5 => SubscriptionOptions {
                    qos: *qos,
                    no_local: *no_local && !filter.starts_with("$share/"),
                    retain_as_published: *retain_as_published,
                    retain_handling: RetainHandling::from_u8(*retain_handling).unwrap_or_default(),
                },
            };
            filters.push(filter, options);
            topics.push(filter);
        }
        let allowed = |property: &Property<'_>| property.is_allowed_in(PacketType::Subscribe);
        let list = properties(&values, chosen, allowed);
        let mut bytes = Vec::new();
        let subscribe = Packet::Subscribe(Subscribe {
            packet_id,
            properties: of_version(&list, version),
            filters: filters.filters(),
        });
        encode(&subscribe, version, &mut bytes);
        let decoded = decode(&bytes, version, Side::Server, &LIMITS, &mut ());
        let Ok(Packet::Subscribe(decoded)) = decoded else {
            return Err(TestCaseError::fail(alloc::format!("{decoded:?}")));
        };
        prop_assert!(decoded.filters.iter().eq(filters.filters().iter()));
        prop_assert_eq!(decoded.filters.count(), entries.len());

        let allowed = |property: &Property<'_>| property.is_allowed_in(PacketType::Unsubscribe);
        let list = properties(&values, chosen, allowed);
        let unsubscribe = Packet::Unsubscribe(Unsubscribe {
            packet_id,
            properties: of_version(&list, version),
            filters: topics.topics(),
        });
        check_round_trip(&unsubscribe, version, Side::Server)?;
    }

    #[test]
    fn no_bytes_make_the_codec_fail(
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        version in version(),
        is_server: bool,
    ) {
        let side = if is_server { Side::Server } else { Side::Client };
        check_any(&bytes, version, side)?;
    }

    #[test]
    fn a_damaged_packet_is_refused_or_is_another_packet(
        pick: prop::sample::Index,
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let all = valid_bytes();
        let (mut bytes, version, side) = pick.get(&all).clone();
        for (at, value) in damages {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        check_any(&bytes, version, side)?;
    }

    #[test]
    fn a_stream_yields_the_same_however_it_is_cut(
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..12),
        cuts in prop::collection::vec(1..50_usize, 1..20),
    ) {
        let all: Vec<_> = valid_bytes()
            .into_iter()
            .filter(|(_, version, side)| (*version, *side) == (Version::V5, Side::Client))
            .collect();
        let stream: Vec<u8> = picks.iter().flat_map(|pick| pick.get(&all).0.clone()).collect();
        let whole = packets(&[&stream]);
        let mut rest = &stream[..];
        let mut pieces = Vec::new();
        for cut in cuts.into_iter().cycle() {
            let (piece, tail) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = tail;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(whole, packets(&pieces));
    }
}

/// What a link makes of these pieces, one after the other.
fn packets(pieces: &[&[u8]]) -> Vec<String> {
    let mut link = Link::new(Side::Client, Version::V5, LIMITS);
    let mut out = Vec::new();
    for piece in pieces {
        let mut input = *piece;
        loop {
            match link.next_packet(&mut input) {
                Ok(Some(packet)) => out.push(alloc::format!("{packet:?}")),
                Ok(None) => break,
                Err(error) => {
                    out.push(alloc::format!("{error:?}"));
                    break;
                }
            }
        }
    }
    out
}

/// Whatever the bytes are: an error lies inside them, a packet is written to bytes that mean the same.
fn check_any(bytes: &[u8], version: Version, side: Side) -> Result<(), TestCaseError> {
    let mut fields: Vec<Field> = Vec::new();
    let decoded = decode(bytes, version, side, &LIMITS, &mut fields);
    prop_assert_eq!(decoded, decode(bytes, version, side, &LIMITS, &mut ()));
    for field in &fields {
        prop_assert!(field.span.end <= bytes.len());
        let _ = describe(field, bytes, version);
    }
    match decoded {
        Err(error) => prop_assert!(error.at <= bytes.len()),
        Ok(packet) => {
            let mut out = Vec::new();
            encode(&packet, version, &mut out);
            prop_assert!(out.len() <= bytes.len(), "the shortest form is written");
            let again = decode(&out, version, side, &LIMITS, &mut ());
            prop_assert_eq!(
                again.map(|packet| packet.packet_type()),
                Ok(packet.packet_type())
            );
            let mut twice = Vec::new();
            if let Ok(packet) = again {
                encode(&packet, version, &mut twice);
            }
            prop_assert_eq!(out, twice);
        }
    }
    Ok(())
}
