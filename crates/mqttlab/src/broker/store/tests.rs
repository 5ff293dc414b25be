use std::fs;
use std::path::PathBuf;

use mqttlab_core::broker::{
    Broker, Change, CloseReason, Config, DeliveryRef, Input, MessageRef, Sink, WillRef,
};
use mqttlab_core::frame::Frame;
use mqttlab_core::id::{ConnId, PacketId};
use mqttlab_core::packet::{Publish, QoS, SubscriptionOptions};
use mqttlab_core::properties::Properties;
use mqttlab_core::time::Instant;

use super::record::{Decoder, Encoder, Record};
use super::{Store, TIDY_MIN, is_kept};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("mqttlab-store-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary folder can be made");
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("broker.redb")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // It lies in the folder for what may go at any time.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Keeps what the broker wants kept.
struct Keeper<'a>(&'a mut Store);

impl Sink for Keeper<'_> {
    fn send(&mut self, _: ConnId, _: &Frame<'_>) {}

    fn close(&mut self, _: ConnId, _: CloseReason) {}

    fn persist(&mut self, change: &Change<'_>) {
        if is_kept(change) {
            self.0.note(change);
        }
    }
}

fn retain(broker: &mut Broker, store: &mut Store, now: Instant, topic: &str, payload: &str) {
    let publish = Publish {
        dup: false,
        qos: QoS::AtMostOnce,
        retain: true,
        topic,
        packet_id: None,
        properties: Properties::EMPTY,
        payload: payload.as_bytes(),
    };
    broker.handle(now, Input::Publish(publish), &mut Keeper(store));
}

fn retained(broker: &Broker) -> Vec<(String, String)> {
    let messages = broker.retained();
    messages
        .map(|message| {
            let payload = String::from_utf8_lossy(message.payload);
            (message.topic.to_owned(), payload.into_owned())
        })
        .collect()
}

const MESSAGE: MessageRef<'_> = MessageRef {
    number: 7,
    publisher: "p",
    topic: "a/b",
    payload: &[0, 255, 1],
    qos: QoS::ExactlyOnce,
    retain: true,
    properties: &[1, 2, 3],
    expires_at: Some(Instant::from_micros(9)),
};

const DELIVERY: DeliveryRef<'_> = DeliveryRef {
    qos: QoS::AtLeastOnce,
    retain: false,
    identifiers: &[1, 300],
    share: "$share/g/a",
};

/// One change of each kind, with the same message for two clients.
fn changes() -> Vec<Change<'static>> {
    let (client_id, packet_id, number) = ("c", PacketId::FIRST, 7);
    let queued = |client_id| Change::Queued {
        client_id,
        message: MESSAGE,
        delivery: DELIVERY,
    };
    vec![
        Change::SessionStarted {
            client_id,
            user_name: Some("u"),
            expiry_s: u32::MAX,
        },
        Change::SessionExpiry {
            client_id,
            expiry_s: 5,
            ends_at: Some(Instant::from_micros(1)),
        },
        Change::Subscribed {
            client_id,
            filter: "$share/g/#",
            options: SubscriptionOptions::qos(QoS::ExactlyOnce),
            identifier: 268_435_455,
        },
        Change::Unsubscribed {
            client_id,
            filter: "x",
        },
        queued("c"),
        queued("d"),
        queued("e"),
        Change::Sent {
            client_id,
            number,
            packet_id,
        },
        Change::Dropped { client_id, number },
        Change::Released {
            client_id,
            packet_id,
        },
        Change::Completed {
            client_id,
            packet_id,
        },
        Change::Received {
            client_id,
            packet_id,
        },
        Change::ReceiveCompleted {
            client_id,
            packet_id,
        },
        Change::Retained { message: MESSAGE },
        Change::RetainedRemoved { topic: "a/b" },
        Change::WillSet {
            client_id,
            will: WillRef {
                topic: "w",
                payload: b"gone",
                qos: QoS::AtLeastOnce,
                retain: true,
                properties: &[],
                expiry_s: Some(3),
                delay_s: 4,
            },
        },
        Change::WillRemoved { client_id },
        Change::SessionEnded { client_id },
    ]
}

#[test]
fn every_change_comes_back_as_it_was() {
    let mut encoder = Encoder::default();
    let bytes: Vec<_> = changes()
        .iter()
        .map(|change| encoder.encode(change))
        .collect();
    let mut decoder = Decoder::default();
    let records: Vec<_> = bytes
        .iter()
        .filter_map(|bytes| decoder.decode(bytes))
        .collect();
    let back: Vec<_> = records.iter().filter_map(Record::change).collect();
    assert_eq!(back, changes());
    assert!(bytes[5].len() < bytes[4].len(), "a body is written once");
}

#[test]
fn bytes_that_are_no_change_are_passed_over() {
    let mut decoder = Decoder::default();
    for bytes in [&[][..], &[99], &[0, 200], &[16, 1, b'c', 0, 0, 0, 0]] {
        assert!(decoder.decode(bytes).is_none(), "{bytes:?}");
    }
}

#[test]
fn what_was_committed_is_there_again_and_the_rest_is_not() {
    let folder = Folder::new("again");
    let opened = Store::open(&folder.file(), Config::default(), 1).expect("a new file");
    let (mut broker, mut store, now) = (opened.broker, opened.store, opened.now);
    retain(&mut broker, &mut store, now, "a", "1");
    retain(&mut broker, &mut store, now, "b", "2");
    retain(
        &mut broker,
        &mut store,
        now,
        "$SYS/broker/uptime",
        "3 seconds",
    );
    retain(&mut broker, &mut store, now, "a", "");
    store.commit(now).expect("it is written");
    retain(&mut broker, &mut store, now, "c", "3");
    drop(store);
    let opened = Store::open(&folder.file(), Config::default(), 1).expect("the same file");
    assert_eq!(retained(&opened.broker), [("b".into(), "2".into())]);
    assert!(opened.now >= now, "time does not go back");
}

#[test]
fn the_file_is_written_anew_when_most_of_it_is_out_of_date() {
    let folder = Folder::new("tidy");
    let opened = Store::open(&folder.file(), Config::default(), 1).expect("a new file");
    let (mut broker, mut store, now) = (opened.broker, opened.store, opened.now);
    for count in 0..TIDY_MIN {
        retain(&mut broker, &mut store, now, "counter", &count.to_string());
    }
    store.commit(now).expect("it is written");
    assert_eq!(store.next, TIDY_MIN);
    store.tidy(&broker, now).expect("it is written");
    assert_eq!(store.next, 1);
    retain(&mut broker, &mut store, now, "more", "x");
    store.commit(now).expect("it is written");
    drop(store);
    let opened = Store::open(&folder.file(), Config::default(), 1).expect("the same file");
    let last = (TIDY_MIN - 1).to_string();
    assert_eq!(
        retained(&opened.broker),
        [("counter".into(), last), ("more".into(), "x".into())]
    );
}

#[test]
fn a_file_in_use_is_refused() {
    let folder = Folder::new("twice");
    let _first = Store::open(&folder.file(), Config::default(), 1).expect("a new file");
    let second = Store::open(&folder.file(), Config::default(), 1);
    let failure = second.err().expect("it is in use").to_string();
    assert!(failure.contains("another broker uses it"), "{failure}");
}

#[test]
fn a_damaged_file_is_moved_aside() {
    let folder = Folder::new("damaged");
    fs::write(folder.file(), "this is no store".repeat(1_000)).expect("it can be written");
    let opened = Store::open(&folder.file(), Config::default(), 1).expect("a new file");
    assert_eq!(opened.broker.usage().retained, 0);
    let names = fs::read_dir(&folder.0).expect("the folder is there");
    let aside = names
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().contains(".corrupt-"));
    assert!(aside, "nothing was moved aside");
}
