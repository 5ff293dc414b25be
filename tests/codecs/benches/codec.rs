//! How long one PUBLISH takes to read and to write, here and in four other codecs.
//!
//! Reading is measured on a stream of many, as a connection sees them: ours cuts the stream itself, with a `Link`; who
//! cannot is told where each packet ends. `cargo bench -p mqttlab-codecs`

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use criterion::measurement::WallTime;
use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main,
};
use mqtt5_protocol::packet::MqttPacket;
use mqttlab_core::codec::{Limits, encode};
use mqttlab_core::id::PacketId;
use mqttlab_core::link::{Link, Side};
use mqttlab_core::packet::{Packet, Publish, QoS, Version};
use mqttlab_core::properties::{Properties, Property, PropertyList};
use tokio_util::codec::{Decoder, Encoder};

/// Packets in one stream.
const COUNT: usize = 64;

/// What is measured: a version, whether there are properties, and the length of the payload.
struct Shape {
    name: &'static str,
    version: Version,
    properties: PropertyList,
    payload: Vec<u8>,
}

impl Shape {
    fn all() -> Vec<Self> {
        let mut properties = PropertyList::new();
        properties.push(Property::PayloadFormatIndicator(1));
        properties.push(Property::MessageExpiryInterval(60));
        properties.push(Property::ContentType("application/json"));
        properties.push(Property::UserProperty("site", "north"));
        let plain = PropertyList::new;
        let shape = |name, version, properties, length| Self {
            name,
            version,
            properties,
            payload: vec![b'x'; length],
        };
        vec![
            shape("3.1.1, 64 bytes", Version::V3_1_1, plain(), 64),
            shape("5.0, 64 bytes", Version::V5, plain(), 64),
            shape("5.0, 4 properties, 64 bytes", Version::V5, properties, 64),
            shape("3.1.1, 4 KiB", Version::V3_1_1, plain(), 4096),
        ]
    }

    fn publish(&self) -> Publish<'_> {
        Publish {
            dup: false,
            qos: QoS::AtLeastOnce,
            retain: false,
            topic: "plant/north/line-4/pump-17/temperature",
            packet_id: PacketId::new(1234),
            properties: match self.version {
                Version::V3_1 | Version::V3_1_1 => Properties::EMPTY,
                Version::V5 => self.properties.properties(),
            },
            payload: &self.payload,
        }
    }

    fn packet(&self) -> Vec<u8> {
        let mut out = Vec::new();
        encode(&Packet::Publish(self.publish()), self.version, &mut out);
        out
    }

    /// Runs `routine` on a fresh copy of the stream each time.
    fn on_copy(
        &self,
        group: &mut BenchmarkGroup<'_, WallTime>,
        name: &str,
        mut routine: impl FnMut(&mut BytesMut),
    ) {
        let stream = self.packet().repeat(COUNT);
        group.bench_function(name, |bencher| {
            let fresh = || BytesMut::from(&stream[..]);
            bencher.iter_batched_ref(fresh, &mut routine, BatchSize::SmallInput);
        });
    }
}

fn read(criterion: &mut Criterion) {
    for shape in Shape::all() {
        let mut group = criterion.benchmark_group(format!("read/{}", shape.name));
        group.throughput(Throughput::Elements(COUNT as u64));
        let one = shape.packet();
        let stream = one.repeat(COUNT);
        let mut link = Link::new(Side::Client, shape.version, Limits::default());
        group.bench_function("mqttlab-core", |bencher| {
            bencher.iter(|| {
                let mut input = black_box(&stream[..]);
                let mut packets = 0;
                while let Some(packet) = link.next_packet(&mut input).expect("it is legal") {
                    black_box(&packet);
                    packets += 1;
                }
                assert_eq!(packets, COUNT);
            });
        });
        read_others(&mut group, &shape, &one, &stream);
        group.finish();
    }
}

fn read_others(group: &mut BenchmarkGroup<'_, WallTime>, shape: &Shape, one: &[u8], stream: &[u8]) {
    group.bench_function("mqtt-proto", |bencher| {
        bencher.iter(|| {
            for bytes in black_box(stream).chunks_exact(one.len()) {
                if shape.version == Version::V5 {
                    black_box(mqtt_proto::v5::Packet::decode(bytes).expect("it is legal"));
                } else {
                    black_box(mqtt_proto::v3::Packet::decode(bytes).expect("it is legal"));
                }
            }
        });
    });
    shape.on_copy(group, "rmqtt-codec", |input| match shape.version {
        Version::V3_1 | Version::V3_1_1 => {
            let mut codec = rmqtt_codec::v3::Codec::new(0);
            while let Some(packet) = codec.decode(input).expect("it is legal") {
                black_box(&packet);
            }
        }
        Version::V5 => {
            let mut codec = rmqtt_codec::v5::Codec::new(0, 0);
            while let Some(packet) = codec.decode(input).expect("it is legal") {
                black_box(&packet);
            }
        }
    });
    shape.on_copy(group, "mqtt5-protocol", |input| {
        use mqtt5_protocol::packet::{FixedHeader, Packet};
        while !input.is_empty() {
            let header = FixedHeader::decode(input).expect("it is legal");
            let mut body = input.split_to(header.remaining_length as usize).freeze();
            let level = shape.version.level();
            let packet = Packet::decode_from_body_with_version(
                header.packet_type,
                &header,
                &mut body,
                level,
            );
            black_box(&packet.expect("it is legal"));
        }
    });
    let head = head(one);
    group.bench_function("mqtt-protocol-core", |bencher| {
        use mqtt_protocol_core::mqtt::packet::{v3_1_1, v5_0};
        bencher.iter(|| {
            for bytes in black_box(stream).chunks_exact(one.len()) {
                let (flags, body) = (bytes[0] & 0x0F, bytes[head..].into());
                if shape.version == Version::V5 {
                    black_box(v5_0::Publish::parse(flags, body).expect("it is legal"));
                } else {
                    black_box(v3_1_1::Publish::parse(flags, body).expect("it is legal"));
                }
            }
        });
    });
}

fn write(criterion: &mut Criterion) {
    for shape in Shape::all() {
        let mut group = criterion.benchmark_group(format!("write/{}", shape.name));
        group.throughput(Throughput::Elements(1));
        let one = shape.packet();
        let packet = Packet::Publish(shape.publish());
        let mut out = Vec::with_capacity(one.len());
        group.bench_function("mqttlab-core", |bencher| {
            bencher.iter(|| {
                out.clear();
                encode(black_box(&packet), shape.version, &mut out);
                black_box(&out);
            });
        });
        write_others(&mut group, &shape, &one);
        group.finish();
    }
}

fn write_others(group: &mut BenchmarkGroup<'_, WallTime>, shape: &Shape, one: &[u8]) {
    let is_v5 = shape.version == Version::V5;
    let input = || BytesMut::from(one);
    if is_v5 {
        let (packet, _) = rmqtt_codec::v5::Codec::new(0, 0)
            .decode(&mut input())
            .expect("it is legal")
            .expect("it is whole");
        let mut codec = rmqtt_codec::v5::Codec::new(0, 0);
        let mut out = BytesMut::with_capacity(2 * one.len());
        group.bench_function("rmqtt-codec", |bencher| {
            bencher.iter(|| {
                out.clear();
                // It takes the packet; its parts are shared, so that a copy is cheap.
                let result = codec.encode(black_box(packet.clone()), &mut out);
                assert!(result.is_ok());
            });
        });
        let packet = mqtt_proto::v5::Packet::decode(one).expect("it is legal");
        let packet = packet.expect("it is whole");
        group.bench_function("mqtt-proto", |bencher| {
            bencher.iter(|| black_box(black_box(&packet).encode().expect("it is legal")));
        });
    } else {
        let (packet, _) = rmqtt_codec::v3::Codec::new(0)
            .decode(&mut input())
            .expect("it is legal")
            .expect("it is whole");
        let mut codec = rmqtt_codec::v3::Codec::new(0);
        let mut out = BytesMut::with_capacity(2 * one.len());
        group.bench_function("rmqtt-codec", |bencher| {
            bencher.iter(|| {
                out.clear();
                let result = codec.encode(black_box(packet.clone()), &mut out);
                assert!(result.is_ok());
            });
        });
        let packet = mqtt_proto::v3::Packet::decode(one).expect("it is legal");
        let packet = packet.expect("it is whole");
        group.bench_function("mqtt-proto", |bencher| {
            bencher.iter(|| black_box(black_box(&packet).encode().expect("it is legal")));
        });
    }
    let mut body = Bytes::copy_from_slice(one);
    let header = mqtt5_protocol::packet::FixedHeader::decode(&mut body).expect("it is legal");
    let level = shape.version.level();
    let packet = mqtt5_protocol::packet::publish::PublishPacket::decode_body_with_version(
        &mut body, &header, level,
    )
    .expect("it is legal");
    let mut out = BytesMut::with_capacity(2 * one.len());
    group.bench_function("mqtt5-protocol", |bencher| {
        bencher.iter(|| {
            out.clear();
            black_box(&packet).encode(&mut out).expect("it is legal");
        });
    });
    write_protocol_core(group, shape, one);
}

fn write_protocol_core(group: &mut BenchmarkGroup<'_, WallTime>, shape: &Shape, one: &[u8]) {
    use mqtt_protocol_core::mqtt::packet::{v3_1_1, v5_0};
    let (flags, body) = (one[0] & 0x0F, one[head(one)..].into());
    if shape.version == Version::V5 {
        let (packet, _) = v5_0::Publish::parse(flags, body).expect("it is legal");
        group.bench_function("mqtt-protocol-core", |bencher| {
            bencher.iter(|| black_box(black_box(&packet).to_continuous_buffer()));
        });
    } else {
        let (packet, _) = v3_1_1::Publish::parse(flags, body).expect("it is legal");
        group.bench_function("mqtt-protocol-core", |bencher| {
            bencher.iter(|| black_box(black_box(&packet).to_continuous_buffer()));
        });
    }
}

/// The length of the fixed header of `packet`.
fn head(packet: &[u8]) -> usize {
    if packet.len() < 130 { 2 } else { 3 }
}

criterion_group!(benches, read, write);
criterion_main!(benches);
