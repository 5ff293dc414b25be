//! Topic aliases towards the server (5.0).

use alloc::string::String;
use alloc::vec::Vec;

/// Which alias stands for which topic on this connection. [MQTT-3.3.2-7]
///
/// Aliases are given to topics as they come; when there are no more, the one that was unused for longest gets a new topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Aliases {
    max: u16,
    /// The alias of an entry is its index + 1.
    entries: Vec<Entry>,
    uses: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    topic: String,
    last_use: u64,
}

/// What to put into a PUBLISH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alias {
    /// The topic and this alias for it.
    Set(u16),
    /// This alias and no topic.
    Use(u16),
}

impl Aliases {
    /// The most bytes that setting an alias adds to a packet: the property, and a longer length of the properties.
    pub(super) const SET_COST: u64 = 3 + 2;

    /// None yet, and at most `max`.
    pub(super) fn new(max: u16) -> Self {
        Self {
            max,
            entries: Vec::new(),
            uses: 0,
        }
    }

    /// The alias to use for `topic`; `None` where none pays. `may_set` allows giving it one.
    pub(super) fn choose(&mut self, topic: &str, may_set: bool) -> Option<Alias> {
        // The property takes three bytes, so there is nothing to save on shorter topics.
        if self.max == 0 || topic.len() <= 3 {
            return None;
        }
        self.uses += 1;
        let last_use = self.uses;
        if let Some(index) = self.entries.iter().position(|entry| entry.topic == topic) {
            self.entries[index].last_use = last_use;
            return Some(Alias::Use(number(index)));
        }
        if !may_set {
            return None;
        }
        let entry = Entry {
            topic: topic.into(),
            last_use,
        };
        if self.entries.len() < usize::from(self.max) {
            self.entries.push(entry);
            return Some(Alias::Set(number(self.entries.len() - 1)));
        }
        let oldest = self.entries.iter().enumerate();
        let (index, _) = oldest.min_by_key(|(_, entry)| entry.last_use)?;
        self.entries[index] = entry;
        Some(Alias::Set(number(index)))
    }

    /// How many are given.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn max(&self) -> u16 {
        self.max
    }
}

fn number(index: usize) -> u16 {
    u16::try_from(index + 1).expect("there are at most 65535 entries")
}
