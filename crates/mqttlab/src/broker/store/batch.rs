//! Changes on their way into the file, one behind the other in one piece of memory.

use super::frame;
use super::record::Record;
use super::tidy::Extent;

/// Changes in their order, each with room for what the file says before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    count: u64,
}

impl Batch {
    /// Puts a change behind the others.
    pub(super) fn push(&mut self, record: &Record<'_>) {
        frame::append(&mut self.bytes, |bytes| record.encode(bytes));
        self.count += 1;
    }

    /// Puts a change behind the others that is encoded already.
    pub(super) fn push_encoded(&mut self, change: &[u8]) {
        frame::append(&mut self.bytes, |bytes| bytes.extend(change));
        self.count += 1;
    }

    /// Puts others behind these.
    pub(super) fn append(&mut self, others: Self) {
        if self.is_empty() {
            *self = others;
        } else {
            self.bytes.extend(others.bytes);
            self.count += others.count;
        }
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.count = 0;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn extent(&self) -> Extent {
        Extent {
            count: self.count,
            bytes: self.bytes.len() as u64,
        }
    }

    /// The changes, encoded.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        frame::changes(&self.bytes)
    }

    /// All of them as frames that are not sealed.
    pub(super) fn into_frames(self) -> Vec<u8> {
        self.bytes
    }
}
