//! Messages of clients that look like parts of a store, and old parts of it that are out of date.

use mqttlab_core::time::Instant;

use super::super::file::{File, Unusable};
use super::super::frame::{Body, Frame, Place};
use super::super::header::Header;
use super::super::salvage::salvage;
use super::disk::{Disk, batch, change, changes, in_use, open};

const NOW: Instant = Instant::from_micros(1);

/// What somebody may say who knows all but the lot that the file drew: beginnings and commits of all epochs to come.
fn forged() -> Vec<u8> {
    let mut bytes = Vec::new();
    for run in 1..3_u32 {
        for later in 0..200 {
            let place = Place {
                file: later,
                epoch: (u64::from(run) << 32) + later,
                run,
                number: 1 << 40,
            };
            for body in [
                Body::Begin(0),
                Body::Change(b"forged"),
                Body::Commit(1 << 39, NOW),
            ] {
                Frame { place, body }.encode_to(&mut bytes);
            }
        }
    }
    bytes
}

/// A file of this broker with one more frame of its own at its end.
fn with_own(bytes: &[u8], later: u64, body: Body<'_>) -> Vec<u8> {
    let (header, _) = Header::latest(bytes).expect("it is whole");
    let place = Place {
        file: header.file,
        epoch: header.epoch + later,
        run: header.run,
        number: 1 << 40,
    };
    [bytes, &Frame { place, body }.encode()].concat()
}

#[test]
fn messages_that_look_like_frames_change_nothing() {
    let disk = Disk::default();
    let mut read = File::open_on(disk.clone()).expect("it can be made");
    let payload = forged();
    for round in 0..6 {
        for number in 0..5 {
            let more = [payload.clone(), change(number)];
            read.file.append(batch(&more), NOW).expect("it is written");
        }
        // Often in the middle of what was there before.
        let mut state = vec![payload.clone(), change(round)];
        read.file
            .rewrite(batch(&state), NOW)
            .expect("it is written");
        state.push(change(77));
        let more = batch(&state[2..]);
        read.file.append(more, NOW).expect("it is written");
        let bytes = in_use(&disk);
        let there = open(bytes.clone()).expect("it is whole");
        assert_eq!(changes(&there), state, "round {round}");
        // Neither where the beginning and the message itself are damaged.
        for beginning in [true, false] {
            let mut bytes = bytes.clone();
            if beginning {
                bytes[..8_192].fill(0xA5);
            }
            let all = memchr::memmem::find_iter(&bytes, &payload);
            for at in all.collect::<Vec<_>>() {
                bytes[at + payload.len() - 1] ^= 1;
            }
            assert!(matches!(open(bytes.clone()), Err(Unusable::Damaged(_))));
            let found = salvage(&bytes);
            let texts: Vec<_> = found.changes.iter().map(|it| &it.bytes).collect();
            assert_eq!(texts, [&state[1], &state[2]], "round {round}");
        }
    }
}

#[test]
fn what_went_before_is_cut_off_when_a_new_state_lies_in_front() {
    let disk = Disk::default();
    let mut read = File::open_on(disk.clone()).expect("it can be made");
    let old: Vec<_> = (0..50).map(change).collect();
    for _ in 0..2 {
        read.file.append(batch(&old), NOW).expect("it is written");
        let new = batch(&[change(100)]);
        read.file.rewrite(new, NOW).expect("it is written");
    }
    let bytes = in_use(&disk);
    let last = bytes.iter().rposition(|&byte| byte != 0);
    let last = last.expect("it was written");
    let new = memchr::memmem::rfind(&bytes, &change(100)).expect("it is there");
    assert!(new <= last && last < new + change(100).len());
}

#[test]
fn a_file_that_was_closed_knows_where_its_end_is() {
    let disk = Disk::default();
    let mut read = File::open_on(disk.clone()).expect("it can be made");
    read.file
        .append(batch(&[change(1)]), NOW)
        .expect("it is written");
    let used = in_use(&disk);
    drop(read);
    let behind = Body::Commit(1 << 39, NOW);
    let closed = with_own(&in_use(&disk), 0, behind);
    let there = open(closed).expect("it is whole");
    assert_eq!(changes(&there), [change(1)]);
    // One that was not has lost something if there is more.
    let opened = open(with_own(&used, 0, behind));
    assert!(matches!(opened, Err(Unusable::Damaged(_))));
}

#[test]
fn the_epoch_of_a_whole_beginning_is_the_one_that_is_salvaged() {
    let disk = Disk::default();
    let mut read = File::open_on(disk.clone()).expect("it can be made");
    for number in 0..10 {
        let more = batch(&[change(number)]);
        read.file.append(more, NOW).expect("it is written");
    }
    let state: Vec<_> = (0..10).map(change).collect();
    read.file
        .rewrite(batch(&state), NOW)
        .expect("it is written");
    for number in 100..200 {
        let more = batch(&[change(number)]);
        read.file.append(more, NOW).expect("it is written");
    }
    drop(read);
    let bytes = with_own(&in_use(&disk), 1_000, Body::Begin(0));
    let mut bytes = with_own(&bytes, 1_000, Body::Change(b"of another epoch"));
    let hit = memchr::memmem::rfind(&bytes, &change(5)).expect("it is there");
    bytes[hit + 3] ^= 1;
    assert!(matches!(open(bytes.clone()), Err(Unusable::Damaged(_))));
    let found = salvage(&bytes);
    assert_eq!((found.changes.len(), found.lost), (109, 1));
}
