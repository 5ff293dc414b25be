//! What a file has in it, as far as it counts.
//!
//! Changes that were written together count together, when what they were written with, their commit, is whole as well.
//! Where the last ones are not, the program ended while it wrote them, and nobody was told of them. Anywhere else
//! something that is not as it was written is damage.

use mqttlab_core::time::Instant;

use super::frame::{Body, Frame, MARK};

/// The changes of an epoch, and what is behind them.
#[derive(Debug, Default)]
pub(super) struct Contents<'a> {
    /// Those that count, in their order.
    pub(super) changes: Vec<&'a [u8]>,
    /// When the last of them were written.
    pub(super) clock: Instant,
    /// Where the next frame goes.
    pub(super) end: usize,
    /// Its number.
    pub(super) next: u64,
    /// Where frames end that were written and do not count; not before `end`.
    pub(super) litter_end: usize,
}

/// Reads an epoch from its first frame on. Why it makes no sense, where that is so.
pub(super) fn read(bytes: &[u8], epoch: u64) -> Result<Contents<'_>, String> {
    let mut contents = Contents::default();
    contents.begin(bytes, epoch)?;
    while contents.go_on(bytes, epoch).is_some() {}
    contents.litter_end = contents.end;
    look_behind(&mut contents, bytes, epoch)?;
    Ok(contents)
}

impl<'a> Contents<'a> {
    /// Reads the state with which the epoch began.
    fn begin(&mut self, bytes: &'a [u8], epoch: u64) -> Result<(), String> {
        let altered = |number| format!("change {number} is not as it was written");
        let (place, count) = match Frame::split(bytes) {
            Some((
                Frame {
                    place,
                    body: Body::Begin(count),
                },
                length,
            )) if place.epoch == epoch => {
                self.end = length;
                (place, count)
            }
            Some(_) | None => return Err("it does not begin as it was written".into()),
        };
        self.next = place.number + 1;
        for _ in 0..count {
            let (change, length) = self
                .change(bytes, epoch)
                .ok_or_else(|| altered(self.next))?;
            self.changes.push(change);
            self.end += length;
            self.next += 1;
        }
        Ok(())
    }

    /// Reads what was committed next, if there is anything.
    fn go_on(&mut self, bytes: &'a [u8], epoch: u64) -> Option<()> {
        let (end, next, count) = (self.end, self.next, self.changes.len());
        while let Some((change, length)) = self.change(bytes, epoch) {
            self.changes.push(change);
            self.end += length;
            self.next += 1;
        }
        if let Some((frame, length)) = Frame::split(&bytes[self.end..])
            && let Body::Commit(first, clock) = frame.body
            && (frame.place.epoch, frame.place.number, first) == (epoch, self.next, next)
            && self.next > next
        {
            self.end += length;
            self.clock = clock;
            return Some(());
        }
        (self.end, self.next) = (end, next);
        self.changes.truncate(count);
        None
    }

    fn change(&self, bytes: &'a [u8], epoch: u64) -> Option<(&'a [u8], usize)> {
        let (frame, length) = Frame::split(bytes.get(self.end..)?)?;
        match frame.body {
            Body::Change(change)
                if (frame.place.epoch, frame.place.number) == (epoch, self.next) =>
            {
                Some((change, length))
            }
            Body::Change(_) | Body::Begin(_) | Body::Commit(..) => None,
        }
    }
}

/// Behind what counts there may be one commit's worth of frames that do not. With more than that, something in between is
/// not as it was written.
fn look_behind(contents: &mut Contents<'_>, bytes: &[u8], epoch: u64) -> Result<(), String> {
    let behind = &bytes[contents.end..];
    let mut skip = 0;
    // The number behind the commit that is not whole.
    let mut limit = None;
    for at in memchr::memmem::find_iter(behind, &MARK) {
        let Some((frame, length)) = Frame::split(&behind[at..]) else {
            continue;
        };
        // What is inside of a frame is a client's.
        if at < skip || frame.place.epoch != epoch {
            continue;
        }
        skip = at + length;
        contents.litter_end = contents.end + skip;
        let number = frame.place.number;
        let is_later = match frame.body {
            Body::Commit(first, _) if first == contents.next => {
                limit = Some(number);
                false
            }
            Body::Commit(..) => true,
            Body::Begin(_) | Body::Change(_) => limit.is_some_and(|limit| number >= limit),
        };
        if is_later {
            let next = contents.next;
            return Err(format!(
                "change {next} or the next is not as it was written"
            ));
        }
    }
    Ok(())
}
