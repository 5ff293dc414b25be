//! Files as earlier versions wrote them.

use std::fs;
use std::path::Path;

use mqttlab_core::broker::{Change, Config};
use mqttlab_core::time::Instant;
use redb::{Database, TableDefinition};

use super::super::batch::Batch;
use super::super::file::{self, File, Unopened};
use super::super::record::Encoder;
use super::{Folder, Running, plan, retained};

const CHANGES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("changes");
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("about");
const EPOCH: u64 = 1 << 32;

/// Writes a file in form 2: a beginning, and then these changes, each with a key of its own.
fn write(path: &Path, changes: &[Vec<u8>], about: &[(&str, u64)]) {
    let database = Database::create(path).expect("it can be made");
    let transaction = database.begin_write().expect("it can be written");
    let mut table = transaction.open_table(CHANGES).expect("there is room");
    let begin = [&[0][..], &1_u64.to_le_bytes()].concat();
    let bodies = changes.iter().map(|change| [&[1], &change[..]].concat());
    for (number, body) in (0..).zip([begin].into_iter().chain(bodies)) {
        let frame = frame(number, &body);
        table.insert(number, &frame[..]).expect("there is room");
    }
    drop(table);
    let mut table = transaction.open_table(ABOUT).expect("there is room");
    for (key, value) in about {
        table.insert(key, value).expect("there is room");
    }
    drop(table);
    transaction.commit().expect("there is room");
}

/// A mark, an epoch, a run, a number, a length and a checksum before a body that begins with its kind.
fn frame(number: u64, body: &[u8]) -> Vec<u8> {
    let mut head = b"\xC3mq\x1A".to_vec();
    head.extend(EPOCH.to_le_bytes());
    head.extend(1_u32.to_le_bytes());
    head.extend(number.to_le_bytes());
    head.extend((body.len() as u32).to_le_bytes());
    let sum = crc32fast::hash(&[&head, body].concat());
    [&head, &sum.to_le_bytes()[..], body].concat()
}

fn about(next: u64) -> [(&'static str, u64); 5] {
    let clock = Instant::from_micros(1_000).as_micros();
    [
        ("format", 2),
        ("clock", clock),
        ("run", 7),
        ("epoch", EPOCH),
        ("next", next),
    ]
}

/// The changes of a broker that retains something.
fn some_changes() -> Vec<Vec<u8>> {
    let folder = Folder::new("former-source");
    let mut running = Running::open(&folder);
    for number in 0..5 {
        running.retain(&format!("topic/{number}"), "x");
    }
    let (mut encoder, mut batch) = (Encoder::default(), Batch::default());
    let changes = |change: &Change<'_>| encoder.encode(change, &mut batch);
    running.broker.snapshot(changes);
    batch.iter().map(<[u8]>::to_vec).collect()
}

#[test]
fn a_file_of_an_earlier_version_is_gone_on_with() {
    let folder = Folder::new("former");
    let changes = some_changes();
    write(&folder.file(), &changes, &about(changes.len() as u64 + 1));
    let bytes = fs::read(folder.file()).expect("it is there");
    let (seen, clock) = file::peek(&bytes).expect("it can be read");
    assert!(seen.iter().eq(changes.iter().map(|change| &change[..])));
    assert_eq!(clock, Instant::from_micros(1_000));
    assert_eq!(fs::read(folder.file()).expect("it is there"), bytes);
    let mut running = Running::open(&folder);
    assert_eq!(running.broker.usage().retained, 5);
    assert!(!running.store.numbers().salvaged);
    running.retain("one/more", "y");
    running.finish();
    drop(running);
    // It is in the form of this version now, and alone in its folder.
    let bytes = fs::read(folder.file()).expect("it is there");
    assert!(bytes.starts_with(b"mqttlab store"), "{:?}", &bytes[..16]);
    assert_eq!(fs::read_dir(&folder.0).expect("it is there").count(), 1);
    let running = Running::open(&folder);
    let found = retained(&running.broker);
    assert_eq!(found.len(), 6);
    assert_eq!(found[0], ("one/more".into(), "y".into()));
}

#[test]
fn one_that_was_never_finished_is_put_aside_for_the_next_try() {
    let folder = Folder::new("former-again");
    let changes = some_changes();
    write(&folder.file(), &changes, &about(changes.len() as u64 + 1));
    // An earlier try ended in the middle.
    let beside = folder.0.join("broker.redb.new");
    fs::write(&beside, "half of it").expect("it can be written");
    assert_eq!(Running::open(&folder).broker.usage().retained, 5);
    assert!(!beside.exists());
}

#[test]
fn a_damaged_one_is_salvaged() {
    let folder = Folder::new("former-damaged");
    let changes = some_changes();
    write(&folder.file(), &changes, &about(changes.len() as u64 + 1));
    let mut bytes = fs::read(folder.file()).expect("it is there");
    bytes[..512].fill(0xA5);
    fs::write(folder.file(), bytes).expect("it can be written");
    let running = Running::open(&folder);
    assert!(running.store.numbers().salvaged);
    assert_eq!(running.broker.usage().retained, 5);
}

#[test]
fn one_without_its_last_changes_is_damaged() {
    let folder = Folder::new("former-short");
    let changes = some_changes();
    write(&folder.file(), &changes, &about(changes.len() as u64 + 2));
    let opened = File::open(&folder.file());
    assert!(matches!(opened.err(), Some(Unopened::Damaged(..))));
    // A broker starts with what there is.
    assert_eq!(Running::open(&folder).broker.usage().retained, 5);
}

#[test]
fn one_that_never_had_anything_is_empty() {
    let folder = Folder::new("former-empty");
    drop(Database::create(folder.file()).expect("it can be made"));
    let running = Running::open(&folder);
    assert_eq!(running.broker.usage().retained, 0);
    assert!(!running.store.numbers().salvaged);
}

#[test]
fn one_of_a_form_that_nobody_knows_is_refused() {
    let folder = Folder::new("former-other");
    write(&folder.file(), &[], &[("format", 1)]);
    let opened = super::open(&folder.file(), &plan(&Config::default(), 1));
    let failure = opened.err().expect("it is refused").to_string();
    assert!(failure.contains("form 1, this one knows 4"), "{failure}");
}
