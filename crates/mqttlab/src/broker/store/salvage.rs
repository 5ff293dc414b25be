//! What can still be read of a damaged file.
//!
//! Changes are looked for everywhere in it, also where the file itself no longer knows of any. Pages that are free now
//! may have old ones, so what is found is sorted first: by epoch, by number, and by the run of the broker that wrote it.

use std::collections::{BTreeMap, BTreeSet};

use super::frame::{Body, Frame, MARK, Place};
use super::header::Header;

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
    let epochs = collect(bytes);
    let committed = || {
        let all = epochs.iter().rev();
        all.filter(|(number, _)| !was_given_up(**number, &epochs))
            .map(|(_, epoch)| epoch)
    };
    // The last that is complete or was gone on with, and failing that the one of which most is left.
    let complete = committed().find(|epoch| epoch.has_counted || epoch.is_complete());
    let chosen = complete.or_else(|| committed().max_by_key(|epoch| epoch.changes.len()));
    chosen.map(Epoch::in_order).unwrap_or_default()
}

fn collect(bytes: &[u8]) -> BTreeMap<u64, Epoch<'_>> {
    let mut epochs: BTreeMap<u64, Epoch<'_>> = BTreeMap::new();
    let mut behind = 0;
    for at in memchr::memmem::find_iter(bytes, &MARK) {
        // What is inside of a frame is what a client said.
        if at < behind {
            continue;
        }
        let Some((Frame { place, body }, length)) = Frame::split(&bytes[at..]) else {
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
    if let Some(header) = Header::latest(bytes)
        && let Some(epoch) = epochs.get_mut(&header.epoch)
    {
        epoch.has_counted = true;
    }
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
    use super::{Body, Found, Frame, Place, salvage};

    fn frame(epoch: u64, run: u32, number: u64, body: Body<'_>) -> Vec<u8> {
        let place = Place { epoch, run, number };
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
