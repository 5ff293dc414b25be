//! The file on a disk that loses power: every place where it can stop, and what the disk makes of what it was not told
//! to keep.

use std::io;
use std::sync::{Arc, Mutex};

use mqttlab_core::rng::Rng;
use mqttlab_core::time::Instant;
use redb::StorageBackend;

use super::super::copy::Copy;
use super::super::file::{File, Read, Unusable};
use super::super::salvage::salvage;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

#[derive(Clone, Debug)]
enum Op {
    Write(u64, Vec<u8>),
    Length(u64),
    Sync,
}

/// A disk that remembers everything that was done to it.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<Mutex<(Vec<u8>, Vec<Op>)>>);

impl Disk {
    fn with<R>(&self, work: impl FnOnce(&mut (Vec<u8>, Vec<Op>)) -> R) -> R {
        work(&mut self.0.lock().expect("no test panics with it in hand"))
    }

    fn apply(&self, op: Op) {
        self.with(|(bytes, log)| {
            apply(bytes, &op);
            log.push(op);
        });
    }

    fn log(&self) -> Vec<Op> {
        self.with(|(_, log)| log.clone())
    }
}

fn apply(bytes: &mut Vec<u8>, op: &Op) {
    match op {
        Op::Write(offset, data) => {
            let from = *offset as usize;
            bytes[from..from + data.len()].copy_from_slice(data);
        }
        Op::Length(length) => bytes.resize(*length as usize, 0),
        Op::Sync => {}
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.with(|(bytes, _)| bytes.len() as u64))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let from = offset as usize;
        self.with(|(bytes, _)| out.copy_from_slice(&bytes[from..from + out.len()]));
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.apply(Op::Length(length));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.apply(Op::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.apply(Op::Write(offset, data.to_vec()));
        Ok(())
    }
}

/// What the disk makes of what it was not told to keep.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// Only the program ended: all is there.
    Kept,
    /// None of it is there.
    Lost,
    /// Of each write a part may be there, or all, or nothing.
    Torn(u64),
}

/// The disk as it is after a stop right before operation `stop`.
fn after_stop(log: &[Op], stop: usize, fate: Fate) -> Vec<u8> {
    let synced = log[..stop]
        .iter()
        .rposition(|op| matches!(op, Op::Sync))
        .map_or(0, |at| at + 1);
    let mut bytes = Vec::new();
    for op in &log[..synced] {
        apply(&mut bytes, op);
    }
    let mut rng = match fate {
        Fate::Torn(seed) => Rng::new(seed),
        Fate::Kept | Fate::Lost => Rng::new(0),
    };
    for op in &log[synced..stop] {
        match (fate, op) {
            (Fate::Kept, op) | (Fate::Torn(_), op @ Op::Length(_)) => apply(&mut bytes, op),
            (Fate::Torn(_), Op::Write(offset, data)) => {
                for (number, sector) in data.chunks(SECTOR).enumerate() {
                    if rng.below(2) == 0 {
                        let at = *offset as usize + number * SECTOR;
                        bytes[at..at + sector.len()].copy_from_slice(sector);
                    }
                }
            }
            (Fate::Lost, _) | (_, Op::Sync) => {}
        }
    }
    bytes
}

fn change(number: u32) -> Vec<u8> {
    format!("change {number}").repeat(40).into_bytes()
}

fn open(bytes: Vec<u8>) -> Result<Read, Unusable> {
    File::open_on(Copy::of(bytes))
}

/// What a file went through: after how many operations of the disk which changes were in it.
struct Story {
    disk: Disk,
    states: Vec<(usize, Vec<Vec<u8>>)>,
}

/// Changes one by one and many at once, and the file written anew in between; twice opened.
fn story() -> Story {
    let disk = Disk::default();
    let mut states = Vec::new();
    let mut all: Vec<Vec<u8>> = Vec::new();
    let now = Instant::from_micros(1);
    for run in 0..2 {
        let mut read = File::open_on(disk.clone()).expect("it can be opened");
        assert_eq!(read.changes, all);
        for step in 0..6_u32 {
            let number = run * 1_000 + step * 100;
            if step == 3 {
                all = vec![change(number), change(number + 1)];
                read.file.rewrite(&all, now).expect("it is written");
            } else {
                let many = if step == 4 { 30 } else { 1 };
                let batch: Vec<_> = (number..number + many).map(change).collect();
                read.file.append(&batch, now).expect("it is written");
                all.extend(batch);
            }
            states.push((disk.log().len(), all.clone()));
        }
    }
    Story { disk, states }
}

#[test]
fn whatever_the_disk_loses_what_was_committed_is_there() {
    let Story { disk, states } = story();
    let log = disk.log();
    let begin = states[0].0;
    for stop in (begin..=log.len()).rev() {
        let fates = [Fate::Kept, Fate::Lost, Fate::Torn(stop as u64)];
        for fate in fates {
            let bytes = after_stop(&log, stop, fate);
            let read = open(bytes).unwrap_or_else(|why| panic!("{fate:?} at {stop}: {why:?}"));
            // The last state that was committed by then, or the one that was on its way.
            let committed = states.iter().rposition(|&(at, _)| at <= stop);
            let committed = committed.expect("one was");
            let possible = &states[committed..states.len().min(committed + 2)];
            assert!(
                possible.iter().any(|(_, changes)| *changes == read.changes),
                "{fate:?} at {stop}: {} changes",
                read.changes.len()
            );
        }
    }
}

#[test]
fn of_a_file_with_a_wrong_bit_or_a_cut_all_that_is_left_is_found() {
    let Story { disk, states } = story();
    let bytes = disk.with(|(bytes, _)| bytes.clone());
    let (_, changes) = states.last().expect("there are states");
    let mut rng = Rng::new(7);
    let mut damaged = 0;
    for round in 0..300_u64 {
        let mut bytes = bytes.clone();
        if round % 3 == 0 {
            bytes.truncate(rng.below(bytes.len() as u64) as usize);
        } else {
            // Half of them in the first page, where the file says what is where.
            let bound = if round % 3 == 1 { 4_096 } else { bytes.len() };
            let at = rng.below(bound as u64) as usize;
            bytes[at] ^= 1 << rng.below(8);
        }
        match open(bytes.clone()) {
            Ok(read) => assert_eq!(read.changes, *changes, "round {round}"),
            Err(Unusable::Refused(_)) => {}
            Err(Unusable::Damaged(_)) => {
                damaged += 1;
                let found = salvage(&bytes);
                let known = found.changes.iter().filter(|s| changes.contains(&s.bytes));
                if round % 3 != 0 {
                    // One bit takes one change with it at most.
                    assert!(
                        known.count() + 1 >= changes.len(),
                        "round {round}: {found:?}"
                    );
                }
            }
        }
    }
    assert!(damaged > 50, "{damaged}");
}
