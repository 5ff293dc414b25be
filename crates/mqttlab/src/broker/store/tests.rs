use std::fs;
use std::path::PathBuf;

use mqttlab_core::broker::{
    Broker, Change, CloseReason, Config, DeliveryRef, Input, MessageRef, PassportRef, Sink, WillRef,
};
use mqttlab_core::frame::Frame;
use mqttlab_core::id::{ConnId, PacketId};
use mqttlab_core::packet::{Publish, QoS, SubscriptionOptions};
use mqttlab_core::properties::Properties;
use mqttlab_core::time::Instant;

use super::super::bans::{Ban, Because, Whom};
use super::batch::Batch;
use super::file::{File, Unopened};
use super::record::{Decoder, Encoder, Record};
use super::{Durability, Manner, OnFailure, Opened, Plan, Store, file_at, is_kept, open};

mod disk;
mod forged;
mod former;
mod power;
mod room;

const TIDY_MIN: u64 = 10_000;

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

fn plan(config: &Config, loops: u16) -> Plan<'_> {
    Plan {
        config,
        seed: 1,
        loops,
    }
}

/// A store that runs, with its broker.
struct Running {
    broker: Broker,
    store: Store,
    now: Instant,
}

impl Running {
    fn open(folder: &Folder) -> Self {
        Self::with(folder, Durability::Commit)
    }

    fn with(folder: &Folder, durability: Durability) -> Self {
        let opened = open(&folder.file(), &plan(&Config::default(), 1));
        let Opened {
            kept,
            mut brokers,
            now,
        } = opened.expect("it can be opened");
        let broker = brokers.pop().expect("there is one loop");
        let interval = std::time::Duration::from_secs(1);
        let manner = Manner {
            durability,
            interval,
            on_failure: OnFailure::Stop,
        };
        let mut stores = Store::start(kept, manner, vec![|| {}]).expect("there are threads");
        let store = stores.pop().expect("there is one loop");
        Self { broker, store, now }
    }

    fn retain(&mut self, topic: &str, payload: &str) {
        retain(&mut self.broker, &mut self.store, self.now, topic, payload);
    }

    fn finish(&mut self) {
        let finished = self.store.finish(&self.broker, self.now);
        finished.expect("it is written");
    }

    /// Waits until all that was said is on the disk.
    fn commit(&mut self) {
        while !self.store.is_settled() {
            self.store.settle().expect("it is written");
            self.hand_over(self.now);
            std::thread::yield_now();
        }
    }

    /// Says whether there was something that it wanted.
    fn hand_over(&mut self, now: Instant) -> bool {
        let before = self.store.begun;
        let handed = self.store.hand_over(&self.broker, now, false);
        handed.expect("it is written");
        self.store.begun > before
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

fn ban(until: Option<Instant>) -> Ban {
    Ban {
        until,
        because: Because::Flapping,
        note: "often".into(),
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
    passport: None,
    topic: "a/b",
    payload: &[0, 255, 1],
    qos: QoS::ExactlyOnce,
    retain: true,
    properties: &[1, 2, 3],
    expires_at: Some(Instant::from_micros(9)),
};

/// The same, with what its publisher came in with.
const KNOWN: MessageRef<'_> = MessageRef {
    passport: Some(named("u", b"\x01door")),
    ..MESSAGE
};

const fn named(user_name: &'static str, stamp: &'static [u8]) -> PassportRef<'static> {
    PassportRef {
        user_name: Some(user_name),
        stamp,
    }
}

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
            passport: named("u", b""),
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
    let (mut encoder, mut batch) = (Encoder::default(), Batch::default());
    for change in &changes() {
        encoder.encode(change, &mut batch);
    }
    let bytes: Vec<_> = batch.iter().collect();
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
fn what_clients_came_in_with_comes_back_as_it_was() {
    let client_id = "c";
    let changes = [
        Change::SessionStarted {
            client_id,
            passport: named("u", b"\x01door"),
            expiry_s: 5,
        },
        Change::SessionOwner {
            client_id,
            passport: named("v", b""),
        },
        Change::Retained { message: KNOWN },
    ];
    let (mut encoder, mut batch) = (Encoder::default(), Batch::default());
    for change in &changes {
        encoder.encode(change, &mut batch);
    }
    let mut decoder = Decoder::default();
    let records: Vec<_> = batch
        .iter()
        .filter_map(|bytes| decoder.decode(bytes))
        .collect();
    assert!(records.iter().filter_map(Record::change).eq(changes));
}

/// Of a message that waits, a store does not know what its publisher came in with; of one that is retained it does.
#[test]
fn what_a_publisher_came_in_with_is_kept_with_what_is_retained() {
    let queued = |message| Change::Queued {
        client_id: "c",
        message,
        delivery: DELIVERY,
    };
    let (mut encoder, mut batch) = (Encoder::default(), Batch::default());
    for change in [
        Change::Retained { message: KNOWN },
        queued(KNOWN),
        queued(MessageRef { number: 8, ..KNOWN }),
    ] {
        encoder.encode(&change, &mut batch);
    }
    let mut decoder = Decoder::default();
    let records: Vec<_> = batch
        .iter()
        .map(|bytes| decoder.decode(bytes).expect("it is one"))
        .collect();
    let back: Vec<_> = records.iter().filter_map(Record::change).collect();
    let waiting = MessageRef {
        number: 8,
        ..MESSAGE
    };
    let expected = [
        Change::Retained { message: KNOWN },
        queued(MESSAGE),
        queued(waiting),
    ];
    assert_eq!(back, expected);
}

/// The order of the kinds of records is part of the form, and these have their place for ever.
#[test]
fn records_of_earlier_versions_are_read() {
    let started = [0, 1, b'c', 1, 1, b'u', 5];
    let retained = [12, 7, 1, b'p', 1, b't', 1, b'x', 1, 1, 0, 0];
    let mut decoder = Decoder::default();
    let mut change = |bytes| format!("{:?}", decoder.decode(bytes).expect("it is one").change());
    let began = Change::SessionStarted {
        client_id: "c",
        passport: named("u", b""),
        expiry_s: 5,
    };
    assert_eq!(change(&started), format!("{:?}", Some(began)));
    let message = MessageRef {
        number: 7,
        publisher: "p",
        passport: None,
        topic: "t",
        payload: b"x",
        qos: QoS::AtLeastOnce,
        retain: true,
        properties: &[],
        expires_at: None,
    };
    let kept = Change::Retained { message };
    assert_eq!(change(&retained), format!("{:?}", Some(kept)));
}

#[test]
fn a_file_of_the_form_before_is_gone_on_with() {
    let folder = Folder::new("form-before");
    let mut running = Running::open(&folder);
    running.retain("a", "1");
    running.finish();
    drop(running);
    let form = |bytes: &[u8], at: usize| bytes[at + 16];
    let mut bytes = fs::read(folder.file()).expect("it is there");
    for at in [0, 4_096] {
        assert_eq!(form(&bytes, at), 4);
        bytes[at + 16] = 3;
        let end = at + 89;
        let sum = crc32fast::hash(&bytes[at..end]).to_le_bytes();
        bytes[end..end + 4].copy_from_slice(&sum);
    }
    fs::write(folder.file(), &bytes).expect("it can be written");
    let mut running = Running::open(&folder);
    assert!(!running.store.numbers().salvaged);
    running.retain("b", "2");
    running.finish();
    drop(running);
    let bytes = fs::read(folder.file()).expect("it is there");
    assert_eq!([0, 4_096].map(|at| form(&bytes, at)), [4, 4]);
    assert_eq!(retained(&Running::open(&folder).broker).len(), 2);
}

#[test]
fn a_state_has_each_body_once() {
    let queued = |number| Change::Queued {
        client_id: "c",
        message: MessageRef { number, ..MESSAGE },
        delivery: DELIVERY,
    };
    let changes = [1, 2, 1, 1, 2, 3, 2].map(queued);
    let (mut encoder, mut batch) = (Encoder::of_state(), Batch::default());
    for change in &changes {
        encoder.encode(change, &mut batch);
    }
    let bytes: Vec<_> = batch.iter().collect();
    let mut decoder = Decoder::default();
    let records: Vec<_> = bytes
        .iter()
        .filter_map(|bytes| decoder.decode(bytes))
        .collect();
    assert!(records.iter().filter_map(Record::change).eq(changes));
    let with_body = bytes
        .iter()
        .filter(|it| memchr::memmem::find(it, b"a/b").is_some());
    assert_eq!(with_body.count(), 3);
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
    let mut running = Running::open(&folder);
    running.retain("a", "1");
    running.retain("b", "2");
    running.retain("$SYS/broker/uptime", "3 seconds");
    running.retain("a", "");
    running.finish();
    running.retain("c", "3");
    let before = running.now;
    drop(running);
    let running = Running::open(&folder);
    assert_eq!(retained(&running.broker), [("b".into(), "2".into())]);
    assert!(running.now >= before, "time does not go back");
}

#[test]
fn nothing_is_settled_before_it_is_on_the_disk() {
    let folder = Folder::new("settled");
    let mut running = Running::open(&folder);
    assert!(running.store.is_settled());
    running.retain("a", "1");
    assert!(!running.store.is_settled());
    assert!(running.hand_over(running.now));
    // What comes while it writes waits for the next turn.
    running.retain("b", "2");
    assert_eq!((running.store.done(), running.store.needed()), (0, 2));
    while !running.store.is_settled() {
        running.store.settle().expect("it is written");
        running.hand_over(running.now);
    }
    assert_eq!(
        (running.store.done(), running.store.numbers().commits),
        (2, 2)
    );
}

#[test]
fn what_nobody_waits_for_goes_along_with_what_comes_next() {
    let folder = Folder::new("patient");
    let mut running = Running::open(&folder);
    let completed = Change::Completed {
        client_id: "c",
        packet_id: PacketId::FIRST,
    };
    running.store.note(&completed);
    assert!(!running.hand_over(running.now), "it can wait");
    let due = running.store.due().expect("it does not wait for ever");
    assert!(due <= running.now + super::PATIENCE);
    running.retain("a", "1");
    assert!(running.hand_over(running.now), "that cannot");
    running.commit();
    assert_eq!(running.store.numbers().commits, 1);
    assert_eq!(running.store.numbers().changes, 2);
    // When something is said, that waits for it, and it for nothing.
    running.store.note(&completed);
    assert!(!running.store.is_settled() && !running.hand_over(running.now));
    assert_eq!(running.store.needed(), 2);
    assert!(running.hand_over(running.now));
    running.commit();
    // And without anything else it is written when its time has come.
    running.store.note(&completed);
    assert!(!running.hand_over(running.now));
    let due = running.store.due().expect("there is something");
    assert!(running.hand_over(due));
    running.commit();
    assert_eq!(running.store.numbers().commits, 3);
}

#[test]
fn by_interval_changes_are_written_when_their_time_has_come() {
    let folder = Folder::new("interval");
    let mut running = Running::with(&folder, Durability::Interval);
    running.retain("a", "1");
    assert!(running.store.is_settled(), "nobody waits");
    assert!(!running.hand_over(running.now));
    let due = running.store.due().expect("there is something");
    assert!(running.hand_over(due));
    assert_eq!(running.store.due(), None);
    running.retain("b", "2");
    running.finish();
    drop(running);
    assert_eq!(retained(&Running::open(&folder).broker).len(), 2);
}

#[test]
fn without_durability_all_is_written_at_the_end() {
    let folder = Folder::new("none");
    let mut running = Running::with(&folder, Durability::None);
    running.retain("a", "1");
    assert!(running.store.is_settled() && !running.hand_over(running.now));
    drop(running);
    let mut running = Running::with(&folder, Durability::None);
    assert_eq!(retained(&running.broker), [], "it was not stopped properly");
    running.retain("b", "2");
    running.finish();
    drop(running);
    assert_eq!(retained(&Running::open(&folder).broker).len(), 1);
}

#[test]
fn the_file_is_written_anew_when_most_of_it_is_out_of_date() {
    let folder = Folder::new("tidy");
    let mut running = Running::open(&folder);
    for count in 0..TIDY_MIN {
        running.retain("counter", &count.to_string());
    }
    running.finish();
    assert_eq!(running.store.numbers().rewrites, 1);
    assert_eq!(running.store.writer.book.extent().count, 2);
    running.retain("more", "x");
    running.finish();
    drop(running);
    let last = (TIDY_MIN - 1).to_string();
    assert_eq!(
        retained(&Running::open(&folder).broker),
        [("counter".into(), last), ("more".into(), "x".into())]
    );
}

#[test]
fn what_still_counts_is_not_written_anew() {
    let folder = Folder::new("live");
    let mut running = Running::open(&folder);
    for number in 0..TIDY_MIN * 3 {
        running.retain(&number.to_string(), "x");
        if number % 250 == 0 {
            running.commit();
        }
    }
    running.commit();
    assert_eq!(running.store.numbers().rewrites, 0);
    assert_eq!(running.store.writer.book.extent().count, TIDY_MIN * 3 + 1);
    // Of what comes now each takes another one's place, until half of all is out of date.
    for number in 0..TIDY_MIN * 3 {
        running.retain(&number.to_string(), "y");
        if number % 250 == 0 {
            running.commit();
        }
    }
    running.commit();
    assert_eq!(running.store.numbers().rewrites, 1);
    drop(running);
    let running = Running::open(&folder);
    assert_eq!(running.broker.usage().retained as u64, TIDY_MIN * 3);
}

#[test]
fn the_file_stays_small_however_long_it_is_used() {
    let folder = Folder::new("small");
    let mut running = Running::open(&folder);
    let mut largest = 0;
    for number in 0..TIDY_MIN * 8 {
        let topic = (number % 1_000).to_string();
        running.retain(&topic, &"x".repeat(100));
        if number % 250 == 0 {
            running.commit();
            let length = fs::metadata(folder.file()).map(|about| about.len());
            largest = largest.max(length.expect("it is there"));
        }
    }
    let rewrites = running.store.numbers().rewrites;
    assert!(rewrites >= 7, "{rewrites}");
    // A round of so many changes is 1.6 MB, and there are two at most, with what the file grows by.
    assert!(largest < 5 << 20, "{largest}");
}

#[test]
fn large_changes_have_it_written_anew_sooner() {
    let folder = Folder::new("large");
    let mut running = Running::open(&folder);
    let payload = "x".repeat(256 << 10);
    let mut largest = 0;
    for _ in 0..160 {
        running.retain("picture", &payload);
        running.commit();
        let length = fs::metadata(folder.file()).map(|about| about.len());
        largest = largest.max(length.expect("it is there"));
    }
    // Of 40 MB, at 16 MB each.
    assert_eq!(running.store.numbers().rewrites, 2);
    assert!(largest < 36 << 20, "{largest}");
}

#[test]
fn a_file_in_use_is_refused() {
    let folder = Folder::new("twice");
    let _first = Running::open(&folder);
    let second = open(&folder.file(), &plan(&Config::default(), 1));
    let failure = second.err().expect("it is in use").to_string();
    assert!(failure.contains("another broker uses it"), "{failure}");
}

#[test]
fn of_a_damaged_file_what_can_be_read_is_brought_back() {
    let folder = Folder::new("damaged");
    let mut running = Running::open(&folder);
    for count in 0..100 {
        running.retain(&format!("topic/{count}"), "x");
        running.finish();
    }
    drop(running);
    let mut bytes = fs::read(folder.file()).expect("it is there");
    // Everything that says what is where, and one message.
    bytes[..512].fill(0xA5);
    let last = memchr::memmem::rfind(&bytes, b"topic/50").expect("it is there");
    bytes[last] = b'T';
    fs::write(folder.file(), bytes).expect("it can be written");
    let opened = open(&folder.file(), &plan(&Config::default(), 1)).expect("it starts");
    let kept = opened.brokers[0].usage().retained;
    // Old pages may still have the one that was hit.
    assert!(kept == 99 || kept == 100, "{kept}");
    let names = fs::read_dir(&folder.0).expect("the folder is there");
    let aside = names
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().contains(".corrupt-"));
    assert!(aside, "it was moved aside");
    drop(opened);
    assert_eq!(Running::open(&folder).broker.usage().retained, kept);
}

#[test]
fn somebodys_file_stays_where_it_is() {
    let folder = Folder::new("foreign");
    let text = |text: &str| (text.as_bytes().to_vec(), "a text");
    let with = |head: &[u8]| [head, &[0xA5; 10_000], &[0; 10_000]].concat();
    for (bytes, what) in [
        text("[store]\npath = \"here\"\n"),
        text(&"ä".repeat(10_000)),
        (
            with(b"\0\xB5\0mosquitto db\0\0\0\0"),
            "a database of Mosquitto",
        ),
        (with(b"SQLite format 3\0\x10\0"), "a database of SQLite"),
        (
            b"this is no store\0".repeat(1_000),
            "a file of another program",
        ),
        // A certificate in DER.
        (
            with(b"\x30\x82\x03\x0F\x30\x82"),
            "a file of another program",
        ),
        (vec![7], "a file of another program"),
    ] {
        fs::write(folder.file(), &bytes).expect("it can be written");
        let opened = open(&folder.file(), &plan(&Config::default(), 1));
        let why = opened.err().expect("it is no store").to_string();
        assert!(why.contains(&format!("it is {what} and no store")), "{why}");
        let kept = fs::read(folder.file()).expect("it is there");
        assert!(kept == bytes, "{what}");
        let files = fs::read_dir(&folder.0).expect("the folder is there");
        assert_eq!(files.count(), 1);
    }
}

/// What is left of a store of which only the first letters can be read.
fn wreck() -> Vec<u8> {
    [&b"mqttlab store \x1A\n"[..], &[0xA5; 10_000]].concat()
}

#[test]
fn a_wreck_and_a_file_of_zeros_do_not_keep_it_from_starting() {
    let folder = Folder::new("wreck");
    for (bytes, is_damage) in [
        (wreck(), true),
        ([vec![0; 4_096], wreck()].concat(), true),
        (vec![0; 20_000], false),
        (Vec::new(), false),
    ] {
        fs::write(folder.file(), bytes).expect("it can be written");
        assert_eq!(Running::open(&folder).store.numbers().salvaged, is_damage);
    }
}

#[test]
fn a_store_whose_beginning_became_a_text_is_salvaged() {
    let folder = Folder::new("half-text");
    let mut running = Running::open(&folder);
    running.retain("a", "1");
    running.finish();
    drop(running);
    let mut bytes = fs::read(folder.file()).expect("it is there");
    bytes[..8_192].fill(b'x');
    fs::write(folder.file(), bytes).expect("it can be written");
    let running = Running::open(&folder);
    assert_eq!(retained(&running.broker), [("a".into(), "1".into())]);
}

#[test]
fn a_damaged_file_is_nobody_elses_as_long_as_it_is_looked_at() {
    let folder = Folder::new("held");
    fs::write(folder.file(), wreck()).expect("it can be written");
    let damaged = File::open(&folder.file()).err().expect("it is no store");
    assert!(matches!(damaged, Unopened::Damaged(..)), "{damaged:?}");
    let second = open(&folder.file(), &plan(&Config::default(), 1));
    let failure = second.err().expect("it is in use").to_string();
    assert!(failure.contains("another broker uses it"), "{failure}");
    drop(damaged);
    assert!(Running::open(&folder).store.numbers().salvaged);
}

#[cfg(unix)]
#[test]
fn a_link_to_a_damaged_file_stays_a_link() {
    let folder = Folder::new("link");
    let behind = folder.0.join("behind");
    fs::create_dir_all(&behind).expect("it can be made");
    let file = behind.join("store");
    fs::write(&file, wreck()).expect("it can be written");
    std::os::unix::fs::symlink(&file, folder.file()).expect("there are links");
    assert!(Running::open(&folder).store.numbers().salvaged);
    let link = fs::symlink_metadata(folder.file()).expect("it is there");
    assert!(link.file_type().is_symlink());
    // The new one, and the damaged one beside it.
    assert_eq!(fs::read_dir(&behind).expect("it is there").count(), 2);
    assert!(!Running::open(&folder).store.numbers().salvaged);
}

#[test]
fn a_folder_stands_for_the_file_in_it() {
    let folder = std::env::temp_dir();
    assert_eq!(file_at(&folder), folder.join("broker.redb"));
    let new = folder.join("no-such-folder");
    assert_eq!(file_at(&new), new);
    let as_folder = PathBuf::from(format!("{}/", new.display()));
    assert_eq!(file_at(&as_folder), new.join("broker.redb"));
}

#[test]
fn bans_come_back_until_they_end_or_are_lifted() {
    for durability in [Durability::Commit, Durability::None] {
        let folder = Folder::new(&format!("bans-{durability:?}"));
        let mut running = Running::with(&folder, durability);
        let soon = running.now + std::time::Duration::from_secs(1_000);
        let [lifted, short, long] = ["lifted", "short", "long"].map(|id| Whom::ClientId(id.into()));
        let address = Whom::Address([192, 0, 2, 1].into());
        let now = running.now;
        running.store.note_ban(lifted.clone(), ban(None), now);
        running.store.note_ban(short, ban(Some(now)), now);
        running.store.note_ban(long.clone(), ban(Some(soon)), now);
        running.store.note_ban(address.clone(), ban(None), now);
        running.store.note_lifted(&lifted);
        running.finish();
        drop(running);
        let Running { store, now, .. } = Running::open(&folder);
        let kept: Vec<_> = store.bans().iter(now).collect();
        let expected = [(&address, &ban(None)), (&long, &ban(Some(soon)))];
        assert_eq!(kept, expected);
    }
}

#[test]
fn bans_are_found_in_a_damaged_file_and_kept_when_it_is_written_anew() {
    let folder = Folder::new("bans-damaged");
    let mut running = Running::open(&folder);
    let whom = Whom::UserName("mallory".into());
    running.store.note_ban(whom.clone(), ban(None), running.now);
    // Written again and again, the file is tidied up.
    for round in 0..TIDY_MIN * 2 {
        running.retain("a", &round.to_string());
    }
    running.finish();
    assert!(running.store.numbers().rewrites > 0);
    drop(running);
    let file = folder.file();
    let mut bytes = fs::read(&file).expect("it is there");
    bytes[..64].fill(0xAA);
    fs::write(&file, bytes).expect("it can be written");
    let Running { store, now, .. } = Running::open(&folder);
    let kept: Vec<_> = store.bans().iter(now).collect();
    assert!(store.numbers().salvaged);
    assert_eq!(kept, [(&whom, &ban(None))]);
}

/// Several event loops with one file.
struct Crew {
    loops: Vec<(Broker, Store)>,
    now: Instant,
}

impl Crew {
    fn open(folder: &Folder, loops: u16, durability: Durability) -> Self {
        let opened = open(&folder.file(), &plan(&Config::default(), loops));
        let Opened { kept, brokers, now } = opened.expect("it can be opened");
        let manner = Manner {
            durability,
            interval: std::time::Duration::from_secs(1),
            on_failure: OnFailure::Stop,
        };
        let wakes = brokers.iter().map(|_| || {}).collect();
        let stores = Store::start(kept, manner, wakes).expect("there are threads");
        let loops = brokers.into_iter().zip(stores).collect();
        Self { loops, now }
    }

    /// Has the loop that keeps this topic retain a message.
    fn retain(&mut self, topic: &str, payload: &str) {
        let now = self.now;
        let owner = self.loops.iter_mut();
        let owner = owner
            .into_iter()
            .find(|(broker, _)| broker.shard().owns(topic));
        let (broker, store) = owner.expect("somebody does");
        retain(broker, store, now, topic, payload);
        let handed = store.hand_over(broker, now, true);
        handed.expect("it is written");
    }

    /// One round of each loop.
    fn go_on(&mut self) {
        for (broker, store) in &mut self.loops {
            store.settle().expect("it is written");
            store
                .hand_over(broker, self.now, false)
                .expect("it is written");
        }
    }

    /// As loops end: each by itself, and the file is closed with the last.
    fn finish(self) {
        let now = self.now;
        let loops = self.loops.into_iter();
        let ends: Vec<_> = loops
            .map(|(broker, mut store)| {
                std::thread::spawn(move || store.finish(&broker, now).expect("it is written"))
            })
            .collect();
        for end in ends {
            end.join().expect("it ends");
        }
    }
}

#[test]
fn several_loops_write_one_file_and_any_number_reads_it() {
    for durability in [Durability::Commit, Durability::Interval, Durability::None] {
        let folder = Folder::new(&format!("crew-{durability:?}"));
        let mut expected = Vec::new();
        for (round, loops) in [3, 1, 2].into_iter().enumerate() {
            let mut crew = Crew::open(&folder, loops, durability);
            for number in 0..20 {
                let (topic, payload) = (format!("{round}/{number:02}"), number.to_string());
                crew.retain(&topic, &payload);
                expected.push((topic, payload));
            }
            crew.go_on();
            crew.finish();
        }
        let found = retained(&Running::open(&folder).broker);
        assert_eq!(found, expected, "{durability:?}");
    }
}

#[test]
fn a_file_of_several_loops_is_written_anew_while_all_go_on() {
    let folder = Folder::new("crew-tidy");
    let mut crew = Crew::open(&folder, 3, Durability::Commit);
    let topics = ["a", "b", "c", "d", "e", "f"];
    for count in 0..TIDY_MIN / 2 {
        for topic in topics {
            crew.retain(topic, &count.to_string());
        }
        if count % 100 == 0 {
            crew.go_on();
        }
    }
    let written = |crew: &Crew| crew.loops[0].1.numbers().rewrites;
    while written(&crew) == 0 {
        crew.go_on();
    }
    crew.retain("g", "last");
    crew.finish();
    let last = (TIDY_MIN / 2 - 1).to_string();
    let mut expected: Vec<_> = topics.map(|topic| (topic.to_owned(), last.clone())).into();
    expected.push(("g".into(), "last".into()));
    assert_eq!(retained(&Running::open(&folder).broker), expected);
}

#[test]
fn several_loops_do_not_write_anew_what_still_counts() {
    let folder = Folder::new("crew-live");
    let mut crew = Crew::open(&folder, 3, Durability::Commit);
    for number in 0..TIDY_MIN * 5 / 2 {
        crew.retain(&number.to_string(), "x");
        if number % 100 == 0 {
            crew.go_on();
        }
    }
    let is_settled = |crew: &Crew| crew.loops.iter().all(|(_, store)| store.is_settled());
    while !is_settled(&crew) {
        crew.go_on();
    }
    let written = |crew: &Crew| crew.loops[0].1.numbers().rewrites;
    assert_eq!(written(&crew), 0);
    crew.finish();
    let mut crew = Crew::open(&folder, 2, Durability::Commit);
    let retained = crew.loops[0].0.usage().retained;
    assert_eq!(retained as u64, TIDY_MIN * 5 / 2);
    // Now what comes takes another one's place.
    for number in 0..TIDY_MIN * 3 {
        crew.retain(&(number % 100).to_string(), "y");
        if number % 100 == 0 {
            crew.go_on();
        }
    }
    while written(&crew) == 0 {
        crew.go_on();
    }
    assert_eq!(written(&crew), 1);
    crew.finish();
}
