//! The file on a disk that loses power: every place where it can stop, and what the disk makes of what it was not told
//! to keep.

use std::io;
use std::sync::{Arc, Mutex};

use mqttlab_core::rng::Rng;
use mqttlab_core::time::Instant;

use super::super::batch::Batch;
use super::super::copy::Copy;
use super::super::file::{File, Read, Unusable};
use super::super::medium::Medium;
use super::super::salvage::salvage;

/// What a disk writes whole or not at all.
pub(super) const SECTOR: usize = 512;

#[derive(Clone, Debug)]
pub(super) enum Op {
    Write(u64, Vec<u8>),
    Length(u64),
    Sync,
}

/// A disk that remembers everything that was done to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk(Arc<Mutex<(Vec<u8>, Vec<Op>)>>);

impl Disk {
    fn with<R>(&self, work: impl FnOnce(&mut (Vec<u8>, Vec<Op>)) -> R) -> R {
        work(&mut self.0.lock().expect("no test panics with it in hand"))
    }

    pub(super) fn apply(&self, op: Op) {
        self.with(|(bytes, log)| {
            apply(bytes, &op);
            log.push(op);
        });
    }

    pub(super) fn log(&self) -> Vec<Op> {
        self.with(|(_, log)| log.clone())
    }
}

pub(super) fn apply(bytes: &mut Vec<u8>, op: &Op) {
    match op {
        Op::Write(offset, data) => {
            let from = *offset as usize;
            bytes[from..from + data.len()].copy_from_slice(data);
        }
        Op::Length(length) => bytes.resize(*length as usize, 0),
        Op::Sync => {}
    }
}

impl Medium for Disk {
    fn length(&self) -> io::Result<u64> {
        Ok(self.with(|(bytes, _)| bytes.len() as u64))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let from = offset as usize;
        self.with(|(bytes, _)| out.copy_from_slice(&bytes[from..from + out.len()]));
        Ok(())
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.apply(Op::Length(length));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
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

pub(super) fn change(number: u32) -> Vec<u8> {
    format!("change {number}").repeat(40).into_bytes()
}

pub(super) fn batch(changes: &[Vec<u8>]) -> Batch {
    let mut batch = Batch::default();
    for change in changes {
        batch.push_encoded(change);
    }
    batch
}

pub(super) fn changes(read: &Read) -> Vec<Vec<u8>> {
    read.changes.iter().map(<[u8]>::to_vec).collect()
}

pub(super) fn open(bytes: Vec<u8>) -> Result<Read, Unusable> {
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
        assert_eq!(changes(&read), all);
        for step in 0..6_u32 {
            let number = run * 1_000 + step * 100;
            if step == 3 {
                all = vec![change(number), change(number + 1)];
                read.file.rewrite(batch(&all), now).expect("it is written");
            } else {
                let many = if step == 4 { 30 } else { 1 };
                let more: Vec<_> = (number..number + many).map(change).collect();
                read.file.append(batch(&more), now).expect("it is written");
                all.extend(more);
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
                possible.iter().any(|(_, there)| *there == changes(&read)),
                "{fate:?} at {stop}: {} changes",
                read.changes.extent().count
            );
        }
    }
}

#[test]
fn of_a_file_with_a_wrong_bit_or_a_cut_all_that_is_left_is_found() {
    let Story { disk, states } = story();
    let bytes = disk.with(|(bytes, _)| bytes.clone());
    let (_, all) = states.last().expect("there are states");
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
            Ok(read) => assert_eq!(changes(&read), *all, "round {round}"),
            Err(Unusable::Refused(_)) => {}
            Err(Unusable::Damaged(_)) => {
                damaged += 1;
                let found = salvage(&bytes);
                let known = found.changes.iter().filter(|s| all.contains(&s.bytes));
                if round % 3 != 0 {
                    // One bit takes one change with it at most.
                    assert!(known.count() + 1 >= all.len(), "round {round}: {found:?}");
                }
            }
        }
    }
    assert!(damaged > 50, "{damaged}");
}

/// The file as it lies on the disk while it is used, and what is in it.
pub(super) fn in_use(disk: &Disk) -> Vec<u8> {
    disk.with(|(bytes, _)| bytes.clone())
}

#[test]
fn a_commit_that_is_not_whole_counts_for_nothing_and_leaves_nothing() {
    let disk = Disk::default();
    let mut read = File::open_on(disk.clone()).expect("it can be opened");
    let now = Instant::from_micros(1);
    let first = [change(1)];
    read.file.append(batch(&first), now).expect("it is written");
    let from = in_use(&disk);
    let second: Vec<_> = (2..9).map(change).collect();
    read.file
        .append(batch(&second), now)
        .expect("it is written");
    let whole = in_use(&disk);
    let start = (0..whole.len()).find(|&at| from[at] != whole[at]);
    let start = start.expect("it was written");
    let end = whole
        .iter()
        .rposition(|&byte| byte != 0)
        .expect("it was written")
        + 1;
    for at in (start..end).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        let copy = Disk::default();
        copy.apply(Op::Length(bytes.len() as u64));
        copy.apply(Op::Write(0, bytes));
        let mut read = File::open_on(copy.clone()).expect("the program was stopped in the middle");
        assert_eq!(changes(&read), first, "byte {at}");
        // What is shorter leaves a part of it behind: nothing of that must count again.
        let third = [change(10)];
        read.file.append(batch(&third), now).expect("it is written");
        let found = salvage(&in_use(&copy));
        assert_eq!(found.lost, 0);
        let found: Vec<_> = found
            .changes
            .into_iter()
            .map(|change| change.bytes)
            .collect();
        assert_eq!(found, [change(1), change(10)]);
        let again = open(in_use(&copy)).expect("it can be opened");
        assert_eq!(changes(&again), found);
    }
}

#[test]
fn what_was_committed_and_is_not_as_it_was_written_is_damage() {
    let disk = Disk::default();
    let mut read = File::open_on(disk.clone()).expect("it can be opened");
    let now = Instant::from_micros(1);
    let mut ends = Vec::new();
    for number in 0..5 {
        let before = in_use(&disk);
        let more = batch(&[change(number), change(100 + number)]);
        read.file.append(more, now).expect("it is written");
        let after = in_use(&disk);
        let end = after
            .iter()
            .zip(&before)
            .rposition(|(after, before)| after != before);
        ends.push(end.expect("it was written") + 1);
    }
    let bytes = in_use(&disk);
    // Up to the end of the last but one, though the program was not stopped properly.
    for at in (ends[0]..ends[3]).step_by(3) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x10;
        let opened = open(bytes);
        assert!(matches!(opened, Err(Unusable::Damaged(_))), "byte {at}");
    }
    // And where it was, up to its end.
    drop(read);
    let bytes = in_use(&disk);
    assert_eq!(
        open(bytes.clone())
            .map(|read| read.changes.extent().count)
            .ok(),
        Some(10)
    );
    for at in (ends[3]..ends[4]).step_by(3) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x10;
        let opened = open(bytes);
        assert!(matches!(opened, Err(Unusable::Damaged(_))), "byte {at}");
    }
}

#[test]
fn a_new_one_goes_before_or_behind_what_counts() {
    let disk = Disk::default();
    let mut read = File::open_on(disk.clone()).expect("it can be opened");
    let now = Instant::from_micros(1);
    let state: Vec<_> = (0..50).map(change).collect();
    let mut largest = 0;
    for round in 0..40_u32 {
        let more: Vec<_> = (0..50)
            .map(|number| change(round * 1_000 + number))
            .collect();
        read.file.append(batch(&more), now).expect("it is written");
        read.file
            .rewrite(batch(&state), now)
            .expect("it is written");
        largest = largest.max(in_use(&disk).len());
        let there = open(in_use(&disk)).expect("it can be opened");
        assert_eq!(changes(&there), state, "round {round}");
    }
    // One state and what came after it, another state, and what the file grows by.
    let size = state.iter().map(|change| change.len() + 40).sum::<usize>();
    assert!(largest < 4 * size + (128 << 10), "{largest}, {size}");
}

#[test]
fn a_wrong_bit_in_a_new_state_does_not_bring_back_the_old_one() {
    for is_gone_on_with in [false, true] {
        let disk = Disk::default();
        let mut read = File::open_on(disk.clone()).expect("it can be opened");
        let now = Instant::from_micros(1);
        let old: Vec<_> = (0..50).map(change).collect();
        read.file.append(batch(&old), now).expect("it is written");
        let mut new: Vec<_> = (100..150).map(change).collect();
        read.file.rewrite(batch(&new), now).expect("it is written");
        if is_gone_on_with {
            let more = [change(200)];
            read.file.append(batch(&more), now).expect("it is written");
            new.extend(more);
        }
        let mut bytes = in_use(&disk);
        if is_gone_on_with {
            bytes[..4_096 * 2].fill(0);
        }
        let hit = memchr::memmem::rfind(&bytes, &change(120)).expect("it is there");
        bytes[hit] ^= 1;
        assert!(matches!(open(bytes.clone()), Err(Unusable::Damaged(_))));
        let found = salvage(&bytes);
        assert_eq!(found.lost, 1);
        new.retain(|known| *known != change(120));
        let found: Vec<_> = found.changes.into_iter().map(|it| it.bytes).collect();
        assert_eq!(found, new);
    }
}

#[test]
fn whatever_lies_in_a_file_it_is_read_to_its_end() {
    let Story { disk, .. } = story();
    let whole = in_use(&disk);
    let mut rng = Rng::new(11);
    let (mut read, mut damaged) = (0, 0);
    for _ in 0..2_000 {
        let mut bytes = whole.clone();
        for _ in 0..=rng.below(3) {
            // A part of it takes the place of another one, or zeros do.
            let length = rng.below(4_096) as usize + 1;
            let most = (bytes.len() - length) as u64;
            let (from, to) = (rng.below(most) as usize, rng.below(most) as usize);
            if rng.below(4) == 0 {
                bytes[to..to + length].fill(0);
            } else {
                bytes.copy_within(from..from + length, to);
            }
        }
        match open(bytes.clone()) {
            Ok(_) => read += 1,
            Err(Unusable::Damaged(_)) => {
                damaged += 1;
                salvage(&bytes);
            }
            Err(Unusable::Refused(why)) => panic!("{why}"),
        }
    }
    assert!(read > 100 && damaged > 100, "{read}, {damaged}");
}
