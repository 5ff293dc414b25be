use alloc::vec::Vec;

use super::{Link, Side};
use crate::codec::fields::{Field, FieldKind};
use crate::codec::{Limits, encode};
use crate::error::DecodeErrorKind;
use crate::packet::{Connect, Packet, Publish, QoS, Version, Will};
use crate::properties::{Properties, Property, PropertyList};

fn connect(version: Version) -> Packet<'static> {
    Packet::Connect(Connect {
        version,
        clean_start: true,
        keep_alive: 30,
        client_id: "a",
        will: Some(Will {
            topic: "w",
            payload: b"gone",
            qos: QoS::AtLeastOnce,
            retain: true,
            properties: Properties::EMPTY,
        }),
        user_name: Some("u"),
        password: Some(b"p"),
        properties: Properties::EMPTY,
    })
}

fn publish<'a>(topic: &'a str, properties: Properties<'a>, payload: &'a [u8]) -> Packet<'a> {
    Packet::Publish(Publish {
        dup: false,
        qos: QoS::AtMostOnce,
        retain: false,
        topic,
        packet_id: None,
        properties,
        payload,
    })
}

fn bytes(packets: &[Packet<'_>], version: Version) -> Vec<u8> {
    let mut out = Vec::new();
    for packet in packets {
        encode(packet, version, &mut out);
    }
    out
}

const LIMITS: Limits = Limits {
    packet_size_max: 1000,
    stranger_packet_size_max: 100,
    disallowed_code_points: true,
    identifiers_from_clients: false,
    user_properties_max: 4,
    topic_alias_max: 3,
    topic_alias_bytes_max: 20,
};

fn server(version: Version) -> Link {
    let mut link = Link::new(Side::Server, Version::default(), LIMITS);
    let connect = connect(version);
    let bytes = bytes(&[connect], version);
    let got = link
        .next_packet(&mut &bytes[..])
        .map(|got| got.map(|packet| packet == connect));
    assert_eq!(got, Ok(Some(true)));
    assert_eq!(link.version(), version);
    link
}

/// The kind of error that `bytes` lead to, if they do, and how many packets came before it.
fn feed(link: &mut Link, mut bytes: &[u8]) -> (usize, Option<DecodeErrorKind>) {
    let mut packets = 0;
    loop {
        match link.next_packet(&mut bytes) {
            Ok(Some(_)) => packets += 1,
            Ok(None) => return (packets, None),
            Err(error) => return (packets, Some(error.kind)),
        }
    }
}

#[test]
fn every_split_of_a_stream_yields_the_same_packets() {
    for version in [Version::V3_1, Version::V3_1_1, Version::V5] {
        let packets = [
            connect(version),
            publish("a/b", Properties::EMPTY, &[7; 40]),
            Packet::PingReq,
            publish("c", Properties::EMPTY, b""),
        ];
        let stream = bytes(&packets, version);
        for size in 1..=stream.len() {
            let mut link = Link::new(Side::Server, Version::default(), LIMITS);
            let mut got = 0;
            for mut chunk in stream.chunks(size) {
                while let Some(packet) = link.next_packet(&mut chunk).expect("the stream is legal")
                {
                    assert_eq!(packet, packets[got]);
                    got += 1;
                }
                assert!(chunk.is_empty(), "all input is taken");
            }
            assert_eq!(got, packets.len());
            let mut nothing = &[][..];
            assert_eq!(link.next_packet(&mut nothing), Ok(None));
            assert_eq!(link.memory(), 0, "nothing is held at the end of a packet");
        }
    }
}

#[test]
fn the_first_packet_is_connect() {
    for first in 0..=0xFF_u8 {
        let mut link = Link::new(Side::Server, Version::default(), LIMITS);
        let expected = match first {
            // Its flags are judged when it has told its version.
            0x10..=0x1F => None,
            _ => Some(DecodeErrorKind::FirstPacketNotConnect),
        };
        assert_eq!(feed(&mut link, &[first]), (0, expected), "{first:#04x}");
    }
}

#[test]
fn a_second_connect_is_refused_at_its_first_byte() {
    let mut link = server(Version::V5);
    assert_eq!(
        feed(&mut link, &[0xC0, 0, 0x10]),
        (1, Some(DecodeErrorKind::SecondConnect))
    );
    assert!(link.is_failed());
    assert_eq!(
        feed(&mut link, &[0xC0, 0]),
        (0, None),
        "a failed link yields nothing"
    );
}

#[test]
fn a_large_packet_is_refused_from_its_header() {
    // A stranger may send 100 bytes, one who was let in 1000.
    let head = |body: u32| {
        let mut out = Vec::from([0x30]);
        crate::properties::write::variable(&mut out, body);
        out
    };
    let mut link = server(Version::V3_1_1);
    assert_eq!(
        feed(&mut link, &head(99)),
        (0, Some(DecodeErrorKind::TooLarge))
    );
    let mut link = server(Version::V3_1_1);
    assert_eq!(feed(&mut link, &head(98)), (0, None));
    let mut link = server(Version::V3_1_1);
    link.establish();
    assert_eq!(feed(&mut link, &head(997)), (0, None));
    assert!(
        link.memory() < 16,
        "memory follows what came, not what was announced"
    );
    let mut link = server(Version::V3_1_1);
    link.establish();
    assert_eq!(
        feed(&mut link, &head(998)),
        (0, Some(DecodeErrorKind::TooLarge))
    );
    let mut link = Link::new(Side::Server, Version::default(), LIMITS);
    assert_eq!(
        feed(&mut link, &[0x10, 0xFF, 0xFF, 0xFF, 0x7F]),
        (0, Some(DecodeErrorKind::TooLarge))
    );
}

#[test]
fn memory_is_given_back_after_a_large_packet() {
    let mut link = server(Version::V3_1_1);
    link.establish();
    let stream = bytes(
        &[publish("t", Properties::EMPTY, &[1; 900])],
        Version::V3_1_1,
    );
    for byte in &stream[..stream.len() - 1] {
        assert_eq!(feed(&mut link, &[*byte]), (0, None));
        assert!(link.memory() <= stream.len());
    }
    assert_eq!(feed(&mut link, &stream[stream.len() - 1..]), (1, None));
    assert_eq!(link.memory(), 0);
}

#[test]
fn a_topic_alias_is_resolved() {
    let mut link = server(Version::V5);
    let alias = |alias, topic| {
        let mut list = PropertyList::new();
        list.push(Property::TopicAlias(alias));
        bytes(&[publish(topic, list.properties(), b"x")], Version::V5)
    };
    let mut topic_of = |bytes: &[u8]| {
        let mut input = bytes;
        match link.next_packet(&mut input) {
            Ok(Some(Packet::Publish(publish))) => Ok(Vec::from(publish.topic)),
            Ok(other) => panic!("a PUBLISH was sent and {other:?} came"),
            Err(error) => Err((error.kind, error.reason.number(), error.at)),
        }
    };
    assert_eq!(topic_of(&alias(1, "one")), Ok(Vec::from("one")));
    assert_eq!(topic_of(&alias(3, "three")), Ok(Vec::from("three")));
    assert_eq!(topic_of(&alias(1, "")), Ok(Vec::from("one")));
    assert_eq!(topic_of(&alias(1, "uno")), Ok(Vec::from("uno")));
    assert_eq!(topic_of(&alias(1, "")), Ok(Vec::from("uno")));
    assert_eq!(topic_of(&alias(3, "")), Ok(Vec::from("three")));
    assert_eq!(
        topic_of(&alias(2, "")),
        Err((DecodeErrorKind::TopicAliasUnknown, 0x82, 5))
    );
    for (bad, topic, kind, reason) in [
        (0, "x", DecodeErrorKind::TopicAliasRange, 0x94),
        (4, "x", DecodeErrorKind::TopicAliasRange, 0x94),
        (
            1,
            "more than 20 bytes long",
            DecodeErrorKind::TopicAliasMemory,
            0x97,
        ),
    ] {
        let mut link = server(Version::V5);
        let stream = alias(bad, topic);
        let error = link
            .next_packet(&mut &stream[..])
            .expect_err("the alias is bad");
        assert_eq!((error.kind, error.reason.number()), (kind, reason));
    }
}

#[test]
fn an_idle_link_is_small() {
    assert!(size_of::<Link>() <= 72, "{} bytes", size_of::<Link>());
    assert_eq!(server(Version::V5).memory(), 0);
}

#[test]
fn a_received_packet_comes_with_its_bytes_and_fields() {
    let mut link = server(Version::V5);
    let mut list = PropertyList::new();
    list.push(Property::TopicAlias(1));
    let first = bytes(&[publish("t", list.properties(), b"x")], Version::V5);
    let second = bytes(&[publish("", list.properties(), b"y")], Version::V5);
    let stream = [&first[..], &second].concat();
    // The second is completed out of what the link holds.
    let (mut input, mut rest) = stream.split_at(first.len() + 3);
    let mut fields: Vec<Field> = Vec::new();
    let received = link.next_received(&mut input, &mut fields);
    let received = received.expect("it is legal").expect("it is whole");
    assert_eq!(received.bytes, first);
    assert_eq!(
        fields.last().map(|field| field.kind),
        Some(FieldKind::Payload)
    );
    fields.clear();
    assert!(matches!(
        link.next_received(&mut input, &mut fields),
        Ok(None)
    ));
    assert!(fields.is_empty(), "a part of a packet has no fields yet");
    let received = link.next_received(&mut rest, &mut fields);
    let received = received.expect("it is legal").expect("it is whole");
    assert_eq!(
        received.bytes, second,
        "as they came, without the Topic Name"
    );
    let Packet::Publish(publish) = received.packet else {
        panic!("a PUBLISH was sent");
    };
    assert_eq!((publish.topic, publish.payload), ("t", &b"y"[..]));
}

/// [`Clause::V5_3_3_2_12`](crate::clause::Clause::V5_3_3_2_12): and nothing above it.
#[test]
fn a_server_takes_every_alias_up_to_its_maximum() {
    for maximum in [1, 3, 200] {
        let limits = Limits {
            topic_alias_max: maximum,
            ..Limits::default()
        };
        let mut link = Link::new(Side::Server, Version::default(), limits);
        let mut stream = bytes(&[connect(Version::V5)], Version::V5);
        for alias in 1..=maximum + 1 {
            let mut list = PropertyList::new();
            list.push(Property::TopicAlias(alias));
            stream.extend(bytes(&[publish("t", list.properties(), b"x")], Version::V5));
        }
        let taken = usize::from(maximum) + 1;
        let expected = (taken, Some(DecodeErrorKind::TopicAliasRange));
        assert_eq!(feed(&mut link, &stream), expected);
    }
}
