//! A publisher, a broker and a subscriber, with a connection cut after every single byte.
//!
//! Wherever the cut is, and whoever of the two ends learns of it: a QoS 2 message reaches the subscriber exactly once,
//! a QoS 1 message at least once, first deliveries are in order, and the publisher hears that every one was taken.

mod net;

use mqttlab_core::client::{Bugs, Message, Options, Reconnect, SubscribeRequest};
use mqttlab_core::packet::{QoS, Version};
use mqttlab_core::time::Duration;

use net::{Cut, Net, PUBLISHER, SUBSCRIBER};

#[test]
fn a_cut_publisher_in_3_1() {
    every_cut(Version::V3_1, PUBLISHER);
}

#[test]
fn a_cut_publisher_in_3_1_1() {
    every_cut(Version::V3_1_1, PUBLISHER);
}

#[test]
fn a_cut_publisher_in_5_0() {
    every_cut(Version::V5, PUBLISHER);
}

#[test]
fn a_cut_subscriber_in_3_1() {
    every_cut(Version::V3_1, SUBSCRIBER);
}

#[test]
fn a_cut_subscriber_in_3_1_1() {
    every_cut(Version::V3_1_1, SUBSCRIBER);
}

#[test]
fn a_cut_subscriber_in_5_0() {
    every_cut(Version::V5, SUBSCRIBER);
}

#[test]
fn wrong_clients_are_found() {
    let publish_after_pubrel = Bugs {
        publish_after_pubrel: true,
        ..Bugs::NONE
    };
    let packet_id_reuse = Bugs {
        packet_id_reuse: true,
        ..Bugs::NONE
    };
    for bugs in [publish_after_pubrel, packet_id_reuse] {
        let found = (0..150).any(|after_bytes| {
            let cut = Cut {
                who: PUBLISHER,
                after_bytes,
                broker_is_told: true,
                repeats: 0,
            };
            let net = conversation(Version::V3_1_1, cut, bugs);
            net.check_delivery().is_err()
        });
        assert!(found, "{bugs:?}");
    }
}

fn every_cut(version: Version, who: usize) {
    for (broker_is_told, repeats) in [(true, 0), (false, 0), (true, 3), (false, 3)] {
        let mut cuts = 0;
        for after_bytes in 0.. {
            let cut = Cut {
                who,
                after_bytes,
                broker_is_told,
                repeats,
            };
            let net = conversation(version, cut, Bugs::NONE);
            if let Err(error) = net.check_delivery() {
                panic!("{version}, {cut:?}: {error}");
            }
            if !net.was_cut() {
                break;
            }
            cuts += 1;
        }
        assert!(cuts > 100, "the conversation had only {cuts} bytes");
    }
}

/// Six messages from the publisher to the subscriber, whose session the broker has from the start.
fn conversation(version: Version, cut: Cut, bugs: Bugs) -> Net {
    let options = |client_id: &str| Options {
        client_id: client_id.into(),
        version,
        clean_start: false,
        session_expiry: if version == Version::V5 { 3_600 } else { 0 },
        keep_alive: 0,
        in_flight_max: 3,
        reconnect: Reconnect::fixed(Duration::from_millis(10)),
        bugs,
        ..Options::default()
    };
    let seed = cut.after_bytes as u64;
    let mut net = Net::new([options("publisher"), options("subscriber")], seed);
    net.connect(SUBSCRIBER);
    net.subscribe(SUBSCRIBER, SubscribeRequest::new("a/#", QoS::ExactlyOnce));
    net.run();
    net.connect(PUBLISHER);
    net.run();
    net.arm(cut);
    for number in 0..6_u8 {
        let qos = if number % 3 == 0 {
            QoS::AtLeastOnce
        } else {
            QoS::ExactlyOnce
        };
        net.publish(PUBLISHER, Message::new("a/b", vec![b'0' + number], qos));
    }
    net.run();
    net
}
