//! Which topics a shard has use for, as far as the others need to know.
//!
//! Each shard tells the others a *sketch* of its Topic Filters: some thousand bits. A filter sets the bit of the levels
//! before its first wildcard, or of all of it if it has none and is short; whoever has a topic looks at the bits of its
//! first levels and of all of it. Where none of them is set no filter matches. Where one is, one may: two texts can have the
//! same bit, and filters are told apart by their first levels alone. Of many thousand filters a sketch says yes to
//! everything, which is what a shard says of itself at first.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::sync::Arc;
use alloc::vec;

/// Bits of a sketch.
const BITS: usize = 4_096;
/// Levels that are told apart.
const LEVELS_MAX: usize = 3;

/// What a shard says that it has use for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(in crate::broker) struct Sketch(Arc<[u64]>);

impl Sketch {
    /// Of a shard that has said nothing yet.
    #[cfg(feature = "shards")]
    pub(super) fn of_everything() -> Self {
        Self([u64::MAX; BITS / 64].into())
    }

    /// In bytes.
    pub(super) fn size(&self) -> u64 {
        size_of_val(&*self.0) as u64
    }

    /// Whether somebody there may want a topic.
    pub(super) fn wants(&self, topic: &Marks) -> bool {
        topic.0.iter().any(|&mark| has(&self.0, mark))
    }

    /// Whether this filter changes nothing.
    pub(super) fn covers(&self, filter: &str) -> bool {
        has(&self.0, mark_of(filter))
    }
}

/// The filters of a shard itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::broker) struct Interests {
    /// How many filters have set each bit that is set.
    counts: BTreeMap<u16, u32>,
    bits: Box<[u64]>,
}

impl Interests {
    /// None.
    pub(in crate::broker) fn new() -> Self {
        Self {
            counts: BTreeMap::new(),
            bits: vec![0; BITS / 64].into(),
        }
    }

    /// A session here has a subscription that is not shared.
    pub(in crate::broker) fn add(&mut self, filter: &str) {
        let mark = mark_of(filter);
        *self.counts.entry(mark).or_default() += 1;
        self.bits[usize::from(mark / 64)] |= 1 << (mark % 64);
    }

    /// It has it no more.
    pub(in crate::broker) fn remove(&mut self, filter: &str) {
        let mark = mark_of(filter);
        let Entry::Occupied(mut count) = self.counts.entry(mark) else {
            return;
        };
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
            self.bits[usize::from(mark / 64)] &= !(1 << (mark % 64));
        }
    }

    /// Whether somebody here may want a topic.
    pub(super) fn wants(&self, topic: &Marks) -> bool {
        topic.0.iter().any(|&mark| has(&self.bits, mark))
    }

    /// What the others need to know.
    pub(super) fn sketch(&self) -> Sketch {
        Sketch((&*self.bits).into())
    }
}

/// The bits of which one is set where a topic may be wanted.
pub(super) struct Marks([u16; LEVELS_MAX + 2]);

impl Marks {
    pub(super) fn of(topic: &str) -> Self {
        // Of no level, where a filter begins with a wildcard; of the first, of the first two and so on; and of all.
        let mut marks = [mark(BEGIN, Part::Beginning); LEVELS_MAX + 2];
        let (mut hash, mut levels) = (BEGIN, 0);
        for byte in topic.bytes() {
            if byte == b'/' {
                levels += 1;
                if levels <= LEVELS_MAX {
                    marks[levels] = mark(hash, Part::Beginning);
                }
            }
            hash = step(hash, byte);
        }
        if levels < LEVELS_MAX {
            marks[levels + 1] = mark(hash, Part::Beginning);
        }
        marks[LEVELS_MAX + 1] = mark(hash, Part::All);
        Self(marks)
    }
}

/// The bit of a filter.
fn mark_of(filter: &str) -> u16 {
    let (mut end, mut levels) = (0, 0);
    for level in filter.split('/') {
        if matches!(level, "+" | "#") || levels == LEVELS_MAX {
            return mark(hash(&filter[..end]), Part::Beginning);
        }
        // The separator before it, if it is not the first.
        end += usize::from(levels > 0) + level.len();
        levels += 1;
    }
    mark(hash(filter), Part::All)
}

/// Whether a text is all of a topic or its first levels.
#[derive(Clone, Copy)]
enum Part {
    Beginning,
    All,
}

const BEGIN: u64 = 0xCBF2_9CE4_8422_2325;

fn hash(text: &str) -> u64 {
    text.bytes().fold(BEGIN, step)
}

/// FNV-1a.
fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
}

fn mark(hash: u64, part: Part) -> u16 {
    let hash = match part {
        Part::Beginning => hash,
        Part::All => !hash,
    };
    // The lowest bits of FNV depend on the lowest bits of the letters alone.
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (mixed >> 52) as u16 % BITS as u16
}

fn has(bits: &[u64], mark: u16) -> bool {
    let part = bits.get(usize::from(mark / 64));
    part.is_some_and(|part| part >> (mark % 64) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;
    use alloc::format;
    use alloc::string::String;
    use alloc::vec;
    use alloc::vec::Vec;

    use super::{Interests, Marks};
    use crate::topic::matches;

    /// Filters and topics of these levels.
    fn texts(levels: &[&str], wild: bool) -> Vec<String> {
        let mut all = Vec::new();
        let mut longest = vec![String::new()];
        for depth in 0..5 {
            longest = longest
                .iter()
                .flat_map(|before| {
                    levels.iter().map(move |level| match depth {
                        0 => (*level).to_owned(),
                        _ => format!("{before}/{level}"),
                    })
                })
                .collect();
            all.extend(longest.iter().cloned());
            if wild {
                let open = longest.iter().map(|text| format!("{text}/#"));
                all.extend(open);
            }
        }
        all
    }

    #[test]
    fn what_matches_is_wanted_and_hardly_anything_else() {
        let topics = texts(&["", "a", "b"], false);
        let mut filters = texts(&["", "a", "+"], true);
        filters.push("#".to_owned());
        let (mut wanted, mut other, mut wrong) = (0, 0, 0);
        for filter in &filters {
            let mut own = Interests::new();
            own.add(filter);
            let sketch = own.sketch();
            assert!(sketch.covers(filter));
            for topic in &topics {
                let marks = Marks::of(topic);
                let is_wanted = own.wants(&marks);
                assert_eq!(sketch.wants(&marks), is_wanted);
                assert!(is_wanted || !matches(filter, topic), "{filter} {topic}");
                wanted += u32::from(is_wanted);
                // All of such a filter counts.
                let is_plain = !filter.contains(['+', '#']) && filter.split('/').count() <= 3;
                if is_plain && filter != topic {
                    other += 1;
                    wrong += u32::from(is_wanted);
                }
            }
            own.remove(filter);
            assert_eq!(own, Interests::new());
        }
        assert!(wanted > 10_000 && other > 1_000, "{wanted} {other}");
        assert!(wrong < other / 100, "{wrong} of {other}");
    }
}
