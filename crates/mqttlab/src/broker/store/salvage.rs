//! What can still be read of a damaged file.
//!
//! Changes are looked for everywhere in it, also where the file itself no longer knows of any. Pages that are free now
//! may have old ones, so what is found is sorted first: by epoch, by number, and by the run of the broker that wrote it.
//! What is not of this file is somebody's message, whatever it looks like.

use std::collections::{BTreeMap, BTreeSet};

use super::frame::{self, Body, FORMER_MARK, Frame, MARK, Place};
use super::header::{self, Header};

/// A frame that is not longer than this is cheap to try.
const SHORT: usize = 4 << 10;
/// So many times what there is may be read while it is not known which file it is.
const TRIES: usize = 16;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Changes in their order. Where one is missing, the next says so.
    pub(super) changes: Vec<Salvaged>,
    /// Changes that must have been there and are not.
    pub(crate) lost: u64,
}

/// A change that was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Salvaged {
    pub(super) bytes: Vec<u8>,
    /// Others are missing right before it.
    pub(super) after_gap: bool,
}

/// An epoch, as far as it was found.
#[derive(Default)]
struct Epoch<'a> {
    /// Where it begins, and how many changes made its first state.
    begins: Option<(Place, u64)>,
    /// The file was written anew to its end.
    has_counted: bool,
    /// By number and run.
    changes: BTreeMap<(u64, u32), &'a [u8]>,
}

/// Looks for changes in the bytes of a file.
pub(super) fn salvage(bytes: &[u8]) -> Found {
    let header = Header::latest(bytes);
    let file = header.map(|(header, _)| header.file);
    let Some(file) = file.or_else(|| which_file(bytes)) else {
        // It may be one of an earlier version.
        return choose(&collect(bytes, FORMER_MARK, Frame::split_former));
    };
    let mut epochs = collect(bytes, MARK, |bytes| {
        Frame::split(bytes, |place| place.file == file)
    });
    if let Some((header, is_certain)) = header {
        // An earlier one is out of date, and where the file knows for certain, a later one never counted.
        if let Some(epoch) = epochs.get_mut(&header.epoch) {
            epoch.has_counted = true;
            epochs.retain(|&number, _| {
                number == header.epoch || !is_certain && number > header.epoch
            });
        }
    }
    choose(&epochs)
}

/// The epoch that counts.
fn choose(epochs: &BTreeMap<u64, Epoch<'_>>) -> Found {
    let committed = || {
        let all = epochs.iter().rev();
        all.filter(|(number, _)| !was_given_up(**number, epochs))
            .map(|(_, epoch)| epoch)
    };
    // The last that is complete or was gone on with, and failing that the one of which most is left.
    let complete = committed().find(|epoch| epoch.has_counted || epoch.is_complete());
    let chosen = complete.or_else(|| committed().max_by_key(|epoch| epoch.changes.len()));
    chosen.map(Epoch::in_order).unwrap_or_default()
}

/// What the file drew, by its frames alone: an epoch begins where the beginning of the file ends, now or earlier, and
/// elsewhere the first that is whole tells.
fn which_file(bytes: &[u8]) -> Option<u64> {
    let frame_at = |at| Frame::split(bytes.get(at..)?, |_| true);
    if let Some((frame, _)) = frame_at(header::LENGTH) {
        return Some(frame.place.file);
    }
    // What looks like a frame may be a client's, and say that it is long: the others come first, and there is an end to it.
    let mut left = bytes.len().saturating_mul(TRIES);
    let mut try_all = |is_tried: fn(usize) -> bool| {
        memchr::memmem::find_iter(bytes, &MARK).find_map(|at| {
            let length = frame::length_of(&bytes[at..]).filter(|&length| is_tried(length))?;
            left = left.checked_sub(length)?;
            frame_at(at)
        })
    };
    let found = try_all(|length| length <= SHORT).or_else(|| try_all(|length| length > SHORT));
    found.map(|(frame, _)| frame.place.file)
}

fn collect<'a>(
    bytes: &'a [u8],
    mark: [u8; 4],
    split: impl Fn(&'a [u8]) -> Option<(Frame<'a>, usize)>,
) -> BTreeMap<u64, Epoch<'a>> {
    let mut epochs: BTreeMap<u64, Epoch<'_>> = BTreeMap::new();
    let mut behind = 0;
    for at in memchr::memmem::find_iter(bytes, &mark) {
        // What is inside of a frame is what a client said.
        if at < behind {
            continue;
        }
        let Some((Frame { place, body }, length)) = split(&bytes[at..]) else {
            continue;
        };
        behind = at + length;
        let epoch = epochs.entry(place.epoch).or_default();
        match body {
            Body::Begin(count) => epoch.begins = Some((place, count)),
            Body::Change(change) => {
                epoch.changes.insert((place.number, place.run), change);
            }
            // It may be lost where the changes before it are not.
            Body::Commit(..) => epoch.has_counted = true,
        }
    }
    // Commits alone are what is left of an epoch that another one took the place of.
    epochs.retain(|_, epoch| epoch.begins.is_some() || !epoch.changes.is_empty());
    epochs
}

/// Whether an earlier epoch was gone on with after this one began: the file was never written anew to its end.
fn was_given_up(number: u64, epochs: &BTreeMap<u64, Epoch<'_>>) -> bool {
    let Some((begins, _)) = epochs[&number].begins else {
        return false;
    };
    epochs
        .range(..number)
        .flat_map(|(_, earlier)| earlier.changes.keys())
        .any(|&(_, run)| run > begins.run)
}

impl Epoch<'_> {
    /// Whether all of the state with which it began is there.
    fn is_complete(&self) -> bool {
        let Some((begins, count)) = self.begins else {
            return false;
        };
        let first = begins.number + 1;
        let numbers = self
            .changes
            .range((first, 0)..(first.saturating_add(count), 0));
        let numbers: BTreeSet<u64> = numbers.map(|(&(number, _), _)| number).collect();
        numbers.len() as u64 == count
    }

    fn in_order(&self) -> Found {
        // The smallest number that each run wrote.
        let mut firsts: BTreeMap<u32, u64> = BTreeMap::new();
        for &(number, run) in self.changes.keys() {
            firsts.entry(run).or_insert(number);
        }
        let mut found = Found::default();
        let mut expected = self.begins.map(|(begins, _)| begins.number + 1);
        for (&(number, run), bytes) in &self.changes {
            // A later run wrote this number or an earlier one: this change was never committed.
            let mut later = firsts.range(run.saturating_add(1)..);
            if later.any(|(_, &first)| first <= number) {
                continue;
            }
            let missing = number.saturating_sub(expected.unwrap_or(number));
            found.lost += missing;
            found.changes.push(Salvaged {
                bytes: bytes.to_vec(),
                after_gap: missing > 0 || expected.is_none(),
            });
            expected = Some(number + 1);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use mqttlab_core::time::Instant;

    use super::{Body, Found, Frame, Place, salvage};

    const FILE: u64 = 1 << 63;

    fn frame(epoch: u64, run: u32, number: u64, body: Body<'_>) -> Vec<u8> {
        let place = Place {
            file: FILE,
            epoch,
            run,
            number,
        };
        Frame { place, body }.encode()
    }

    fn change(epoch: u64, run: u32, number: u64, text: &str) -> Vec<u8> {
        frame(epoch, run, number, Body::Change(text.as_bytes()))
    }

    fn texts(found: &Found) -> Vec<String> {
        let changes = found.changes.iter();
        changes
            .map(|salvaged| {
                let text = String::from_utf8_lossy(&salvaged.bytes);
                let gap = if salvaged.after_gap { "… " } else { "" };
                format!("{gap}{text}")
            })
            .collect()
    }

    #[test]
    fn changes_are_found_in_any_place_and_put_in_order() {
        let bytes = [
            &b"noise \xC3mq\x1A noise"[..],
            &change(5, 1, 12, "c"),
            &change(5, 1, 11, "b"),
            &[0; 100],
            &frame(5, 1, 9, Body::Begin(1)),
            // The same once more, from an old page.
            &change(5, 1, 11, "b"),
            &change(5, 1, 10, "a"),
        ];
        let found = salvage(&bytes.concat());
        assert_eq!(
            (texts(&found), found.lost),
            (vec!["a".into(), "b".into(), "c".into()], 0)
        );
    }

    #[test]
    fn what_is_missing_is_counted_and_marked() {
        let bytes = [
            frame(5, 1, 0, Body::Begin(0)),
            change(5, 1, 1, "a"),
            change(5, 1, 4, "d"),
        ];
        let found = salvage(&bytes.concat());
        assert_eq!(
            (texts(&found), found.lost),
            (vec!["a".into(), "… d".into()], 2)
        );
        let alone = salvage(&change(5, 1, 4, "d"));
        assert_eq!(texts(&alone), ["… d"]);
        assert_eq!(salvage(b"nothing at all"), Found::default());
    }

    #[test]
    fn what_a_client_says_is_no_change() {
        let inner = change(5, 1, 2, "forged");
        let place = Place {
            file: FILE,
            epoch: 5,
            run: 1,
            number: 1,
        };
        let outer = Frame {
            place,
            body: Body::Change(&inner),
        };
        let begin = frame(5, 1, 0, Body::Begin(0));
        let found = salvage(&[begin, outer.encode()].concat());
        assert_eq!((found.changes.len(), found.lost), (1, 0));
        assert_eq!(found.changes[0].bytes, inner);
    }

    #[test]
    fn what_a_client_says_is_no_change_where_its_message_is_torn_either() {
        let forge = |number, body| {
            let place = Place {
                file: 1,
                epoch: 9,
                run: 9,
                number,
            };
            Frame { place, body }.encode()
        };
        let begin = frame(5, 1, 0, Body::Begin(1));
        let forged = [
            forge(0, Body::Begin(1)),
            forge(1, Body::Change(b"forged")),
            forge(2, Body::Commit(1, Instant::ZERO)),
        ];
        let mut torn = frame(5, 1, 1, Body::Change(&forged.concat()));
        let last = torn.len() - 1;
        torn[last] ^= 1;
        let rest = change(5, 1, 2, "real");
        let found = salvage(&[begin, torn, rest].concat());
        assert_eq!((texts(&found), found.lost), (vec!["… real".into()], 1));
    }

    #[test]
    fn what_says_that_it_is_long_costs_no_more_time_than_there_is() {
        let mut head = change(5, 1, 1, "");
        let at = head.len() - 1 - 8;
        head[at..at + 4].copy_from_slice(&(2_u32 << 20).to_le_bytes());
        let bytes = head.repeat((4 << 20) / head.len());
        // Its checksums would be of 200 GB.
        assert_eq!(salvage(&bytes), Found::default());
    }

    #[test]
    fn commits_alone_make_no_epoch() {
        let bytes = [
            frame(5, 1, 0, Body::Begin(0)),
            change(5, 1, 1, "a"),
            frame(7, 1, 9, Body::Commit(8, Instant::ZERO)),
        ];
        assert_eq!(texts(&salvage(&bytes.concat())), ["a"]);
    }

    #[test]
    fn the_last_complete_epoch_counts() {
        let old = [frame(5, 1, 0, Body::Begin(0)), change(5, 1, 1, "old")].concat();
        let new = [
            frame(6, 1, 2, Body::Begin(2)),
            change(6, 1, 3, "x"),
            change(6, 1, 4, "y"),
        ];
        let whole = [&old[..], &new.concat()].concat();
        assert_eq!(texts(&salvage(&whole)), ["x", "y"]);
        let torn = [&old[..], &new[..2].concat()].concat();
        assert_eq!(texts(&salvage(&torn)), ["old"]);
    }

    #[test]
    fn what_was_never_committed_gives_way_to_what_a_later_run_wrote() {
        // The first run crashed with 2 and 3 half written; the second began at 2 again.
        let bytes = [
            frame(5, 1, 0, Body::Begin(0)),
            change(5, 1, 1, "a"),
            change(5, 1, 2, "dead"),
            change(5, 1, 3, "dead too"),
            change(5, 2, 2, "b"),
        ];
        let bytes = bytes.concat();
        assert_eq!(texts(&salvage(&bytes)), ["a", "b"]);
        // It also crashed while it wrote the file anew, and went on with the old epoch.
        let anew = [frame(6, 1, 4, Body::Begin(1)), change(6, 1, 5, "dead")].concat();
        assert_eq!(texts(&salvage(&[bytes, anew].concat())), ["a", "b"]);
    }
}
