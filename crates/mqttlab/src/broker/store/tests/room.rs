//! How much room a store takes, and what becomes of it where there is no more.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mqttlab_core::broker::{Broker, Change, Config, MessageRef, PassportRef};
use mqttlab_core::time::Instant;

use super::super::super::bans::Bans;
use super::super::batch::Batch;
use super::super::copy::Copy;
use super::super::file::{File, Rewritten};
use super::super::folder::Name;
use super::super::medium::Medium;
use super::super::record::Encoder;
use super::super::tidy::tidy_at;
use super::super::{Durability, Kept, Manner, OnFailure, Store};
use super::{DELIVERY, Folder, MESSAGE, Running, TIDY_MIN, retained};

/// A disk that is full when there is so much on it.
struct Full(Copy, Arc<AtomicU64>);

impl Medium for Full {
    fn length(&self) -> io::Result<u64> {
        Medium::length(&self.0)
    }

    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        Medium::read(&self.0, at, into)
    }

    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        if at + bytes.len() as u64 > self.1.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Medium::write(&self.0, at, bytes)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.0.set_length(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

fn batch(change: &[u8]) -> Batch {
    let mut batch = Batch::default();
    batch.push_encoded(change);
    batch
}

#[test]
fn a_file_that_cannot_be_written_anew_is_as_it_was() {
    let limit = Arc::new(AtomicU64::new(500 << 10));
    let full = Full(Copy::of(Vec::new()), Arc::clone(&limit));
    let mut read = File::open_on(full).expect("it can be made");
    let now = Instant::from_micros(1);
    let many = batch(&[1; 300 << 10]);
    read.file.append(many.clone(), now).expect("there is room");
    let before = read.file.extent();
    let rewritten = read.file.rewrite(many.clone(), now);
    let rewritten = rewritten.expect("nothing else fails");
    assert!(matches!(rewritten, Rewritten::NoRoom(_)), "{rewritten:?}");
    assert_eq!(read.file.extent(), before);
    // Up to the last bit of room, though it would like to grow by more.
    let more = batch(&[2; 180 << 10]);
    read.file.append(more, now).expect("there is room");
    limit.store(u64::MAX, Ordering::Relaxed);
    let rewritten = read.file.rewrite(many, now);
    assert!(matches!(rewritten, Ok(Rewritten::Done)), "{rewritten:?}");
}

#[test]
fn without_room_to_be_written_anew_a_store_goes_on() {
    let limit = Arc::new(AtomicU64::new(4 << 20));
    let full = Full(Copy::of(Vec::new()), Arc::clone(&limit));
    let file = File::open_on(full).expect("it can be made").file;
    let kept = Kept {
        tidy_at: tidy_at(file.extent()),
        file,
        // It has none; what stays where it is stands for it.
        name: Name::of(&std::env::temp_dir()).expect("it is there"),
        bans: Bans::default(),
        salvaged: false,
    };
    let manner = Manner {
        durability: Durability::Commit,
        interval: std::time::Duration::from_secs(1),
        on_failure: OnFailure::Stop,
    };
    let mut stores = Store::start(kept, manner, vec![|| {}]).expect("there are threads");
    let mut running = Running {
        broker: Broker::new(Config::default(), 1),
        store: stores.pop().expect("there is one loop"),
        now: Instant::from_micros(1),
    };
    running.retain("large", &"x".repeat(2 << 20));
    for count in 0..TIDY_MIN + 500 {
        running.retain("counter", &count.to_string());
        if count % 250 == 0 {
            running.commit();
        }
    }
    running.commit();
    assert_eq!(running.store.numbers().rewrites, 0);
    limit.store(u64::MAX, Ordering::Relaxed);
    for count in 0..TIDY_MIN + 1_000 {
        running.retain("counter", &count.to_string());
        if count % 250 == 0 {
            running.commit();
        }
    }
    running.commit();
    assert_eq!(running.store.numbers().rewrites, 1);
}

#[test]
fn a_message_for_many_is_there_once_also_when_the_file_is_written_anew() {
    let folder = Folder::new("shared");
    let payload = vec![7; 50 << 10];
    let names: Vec<_> = (0..200).map(|number| format!("client {number}")).collect();
    let (mut encoder, mut log) = (Encoder::default(), Batch::default());
    for client_id in &names {
        let started = Change::SessionStarted {
            client_id,
            passport: PassportRef::default(),
            expiry_s: u32::MAX,
        };
        encoder.encode(&started, &mut log);
    }
    for number in 1..6 {
        for client_id in &names {
            let message = MessageRef {
                number,
                payload: &payload,
                properties: &[],
                expires_at: None,
                ..MESSAGE
            };
            let queued = Change::Queued {
                client_id,
                message,
                delivery: DELIVERY,
            };
            encoder.encode(&queued, &mut log);
        }
    }
    let mut read = File::open(&folder.file()).expect("it can be made");
    read.file
        .append(log, Instant::from_micros(1))
        .expect("there is room");
    drop(read);
    let length = || fs::metadata(folder.file()).expect("it is there").len();
    let waiting = |broker: &Broker| -> usize {
        let sessions = broker.sessions();
        sessions.map(|session| session.queue_len()).sum()
    };
    let log = length();
    let mut running = Running::open(&folder);
    assert_eq!(waiting(&running.broker), 1_000);
    for count in 0..TIDY_MIN * 3 {
        running.retain("counter", &count.to_string());
        if count % 250 == 0 {
            running.commit();
        }
    }
    running.finish();
    assert!(running.store.numbers().rewrites > 0);
    assert!(length() < 4 * log + (4 << 20), "{}, {log}", length());
    drop(running);
    let running = Running::open(&folder);
    assert_eq!(waiting(&running.broker), 1_000);
    assert_eq!(retained(&running.broker).len(), 1);
    let views = running.broker.sessions().flat_map(|session| {
        let payloads = session.queue().map(|it| it.message.payload.to_vec());
        payloads.collect::<Vec<_>>()
    });
    assert!(views.into_iter().all(|known| known == payload));
}
