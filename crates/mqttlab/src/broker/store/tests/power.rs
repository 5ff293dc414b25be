//! Power that is lost while a file is made, grows, is written anew, and is gone on with after that happened before.

use mqttlab_core::rng::Rng;
use mqttlab_core::time::Instant;

use super::super::file::{File, Read, Unusable};
use super::disk::{Disk, Op, SECTOR, apply, batch, change, changes, in_use, open};

const NOW: Instant = Instant::from_micros(1);

/// What the disk makes of what it was not told to keep.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// Of each write some sectors are there and others not.
    Torn(u64),
    /// One write is not there, all others are.
    AllBut(usize),
    /// One write is there and no other.
    Only(usize),
}

/// All the fates that a disk may have which did so much since it was told to keep all.
fn fates(count: usize, seed: u64) -> Vec<Fate> {
    let one_by_one = (0..count).flat_map(|number| [Fate::AllBut(number), Fate::Only(number)]);
    let torn = (0..3).map(|number| Fate::Torn(seed * 3 + number));
    // All of it, and nothing.
    let extremes = [Fate::AllBut(count), Fate::Only(count)];
    extremes.into_iter().chain(torn).chain(one_by_one).collect()
}

/// What is on the disk: `kept`, and of what came after that what fate lets it have. Where lengths are lost nothing behind
/// the end is there either.
fn image(kept: &[u8], since: &[Op], fate: Fate, keeps_lengths: bool) -> Vec<u8> {
    let mut bytes = kept.to_vec();
    let mut rng = Rng::new(match fate {
        Fate::Torn(seed) => seed,
        Fate::AllBut(_) | Fate::Only(_) => 0,
    });
    for (number, op) in since.iter().enumerate() {
        match op {
            Op::Sync => {}
            Op::Length(_) => {
                if keeps_lengths {
                    apply(&mut bytes, op);
                }
            }
            Op::Write(at, data) => {
                let at = *at as usize;
                let end = bytes.len().min(at + data.len());
                let mut from = at;
                // On the disk's own grid, which is not that of what is written.
                while from < end {
                    let next = (from + 1).next_multiple_of(SECTOR).min(end);
                    let is_there = match fate {
                        Fate::Torn(_) => rng.below(2) == 0,
                        Fate::AllBut(missing) => missing != number,
                        Fate::Only(there) => there == number,
                    };
                    if is_there {
                        bytes[from..next].copy_from_slice(&data[from - at..next - at]);
                    }
                    from = next;
                }
            }
        }
    }
    bytes
}

/// Which changes were in a file, from so many operations of the disk on.
type States = Vec<(usize, Vec<Vec<u8>>)>;

/// What a stop at this place may leave: what was committed by then, or what was on its way.
fn assert_possible(read: &Read, states: &States, stop: usize, what: &str) {
    let committed = states.iter().rposition(|&(at, _)| at <= stop);
    let from = committed.unwrap_or(0);
    let there = changes(read);
    let possible = &states[from..states.len().min(from + 2)];
    assert!(
        possible.iter().any(|(_, state)| *state == there),
        "{what}: {} changes",
        there.len()
    );
}

/// Each stop of a story from this operation on, with each image that the disk may have then; every `step`th of them.
fn each_stop(log: &[Op], begin: usize, step: usize, mut look: impl FnMut(usize, &str, Vec<u8>)) {
    let (mut kept, mut synced, mut count) = (Vec::new(), 0, 0);
    for stop in 0..=log.len() {
        if stop > 0 && matches!(log[stop - 1], Op::Sync) {
            log[synced..stop].iter().for_each(|op| apply(&mut kept, op));
            synced = stop;
        }
        if stop < begin {
            continue;
        }
        let since = &log[synced..stop];
        for fate in fates(since.len(), stop as u64) {
            for keeps_lengths in [true, false] {
                count += 1;
                if count % step == 0 {
                    let what = format!("{fate:?} at {stop}, lengths {keeps_lengths}");
                    look(stop, &what, image(&kept, since, fate, keeps_lengths));
                }
            }
        }
    }
}

fn disk_with(bytes: Vec<u8>) -> Disk {
    let disk = Disk::default();
    disk.apply(Op::Length(bytes.len() as u64));
    disk.apply(Op::Write(0, bytes));
    disk.apply(Op::Sync);
    disk
}

/// Goes on with a file: a commit, one for which it must grow, a new state before or behind it, and another commit.
fn go_on(disk: &Disk, read: &mut Read, seed: u32, states: &mut States) {
    let mut all = states.last().map_or_else(Vec::new, |(_, all)| all.clone());
    for (step, many) in [20, 200, 0, 30, 10].into_iter().enumerate() {
        let numbers = seed + step as u32 * 1_000..;
        if many == 0 {
            all = numbers.take(seed as usize % 60).map(change).collect();
            read.file.rewrite(batch(&all), NOW).expect("it is written");
        } else {
            let more: Vec<_> = numbers.take(many).map(change).collect();
            read.file.append(batch(&more), NOW).expect("it is written");
            all.extend(more);
        }
        states.push((disk.log().len(), all.clone()));
    }
}

/// A file that is left without having been closed.
fn leave(read: Read) {
    std::mem::forget(read);
}

#[test]
fn power_may_go_again_and_again() {
    let disk = Disk::default();
    let mut read = File::open_on(disk.clone()).expect("it can be made");
    let mut states = vec![(disk.log().len(), Vec::new())];
    for seed in [10_000, 20_039] {
        go_on(&disk, &mut read, seed, &mut states);
    }
    leave(read);
    let (mut first, mut second) = (0, 0);
    each_stop(&disk.log(), states[0].0, 3, |stop, what, bytes| {
        first += 1;
        let disk = disk_with(bytes);
        let begin = disk.log().len();
        let read = File::open_on(disk.clone());
        let mut read = read.unwrap_or_else(|why| panic!("{what}: {why:?}"));
        assert_possible(&read, &states, stop, what);
        // While it is found and afterwards it goes again.
        let there = changes(&read);
        let mut again = vec![(begin, there.clone()), (disk.log().len(), there)];
        go_on(&disk, &mut read, 30_000 + first % 60, &mut again);
        leave(read);
        each_stop(&disk.log(), begin, 79, |stop, what_then, bytes| {
            second += 1;
            let what = format!("{what}, then {what_then}");
            let read = open(bytes).unwrap_or_else(|why| panic!("{what}: {why:?}"));
            assert_possible(&read, &again, stop, &what);
        });
    });
    assert!(first > 200 && second > 1_000, "{first}, {second}");
}

#[test]
fn a_file_that_is_made_when_the_power_goes_is_made_again() {
    let disk = Disk::default();
    leave(File::open_on(disk.clone()).expect("it can be made"));
    let mut count = 0;
    each_stop(&disk.log(), 0, 1, |_, what, bytes| {
        count += 1;
        let disk = disk_with(bytes);
        let read = File::open_on(disk.clone());
        let mut read = read.unwrap_or_else(|why| panic!("{what}: {why:?}"));
        assert_eq!(changes(&read), Vec::<Vec<u8>>::new(), "{what}");
        let more = [change(1)];
        read.file.append(batch(&more), NOW).expect("it is written");
        let again = open(in_use(&disk)).unwrap_or_else(|why| panic!("{what}: {why:?}"));
        assert_eq!(changes(&again), more, "{what}");
    });
    assert!(count > 50, "{count}");
}

#[test]
fn what_the_disk_failed_to_write_is_written_again_before_it_counts() {
    let disk = Disk::default();
    let mut read = File::open_on(disk.clone()).expect("it can be made");
    let (first, second) = (batch(&[change(1)]), batch(&[change(2)]));
    read.file.append(first, NOW).expect("it is written");
    let mut on_disk = in_use(&disk);
    // The system shows it, and has failed to put it on the disk; it does not try again by itself.
    read.file.append(second, NOW).expect("it is written");
    leave(read);
    let begin = disk.log().len();
    let mut read = File::open_on(disk.clone()).expect("it can be opened");
    let there = changes(&read);
    let third = batch(&[change(3)]);
    read.file.append(third, NOW).expect("it is written");
    leave(read);
    for op in &disk.log()[begin..] {
        apply(&mut on_disk, op);
    }
    let found = open(on_disk).expect("it can be opened");
    assert_eq!(changes(&found), [there, vec![change(3)]].concat());
}

#[test]
fn a_cut_below_what_was_committed_is_damage() {
    let disk = Disk::default();
    let mut read = File::open_on(disk.clone()).expect("it can be made");
    let mut states = Vec::new();
    go_on(&disk, &mut read, 10_000, &mut states);
    drop(read);
    let bytes = in_use(&disk);
    let end = bytes.iter().rposition(|&byte| byte != 0);
    let end = end.expect("it was written") + 1;
    for cut in (0..end).step_by(997).skip(1) {
        let opened = open(bytes[..cut].to_vec());
        assert!(matches!(opened, Err(Unusable::Damaged(_))), "cut at {cut}");
    }
}
