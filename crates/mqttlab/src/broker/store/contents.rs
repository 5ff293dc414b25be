//! What a file has in it, as far as it counts.
//!
//! Changes that were written together count together, when what they were written with, their commit, is whole as well.
//! Where the last ones are not, the program ended while it wrote them, and nobody was told of them. Anywhere else
//! something that is not as it was written is damage.

use mqttlab_core::time::Instant;

use super::frame::{Body, Frame, MARK};
use super::header::{End, Header};

/// The changes of an epoch, and what is behind them.
#[derive(Debug, Default)]
pub(super) struct Contents<'a> {
    /// Those that count, in their order.
    pub(super) changes: Vec<&'a [u8]>,
    /// When the last of them were written.
    pub(super) clock: Instant,
    /// Where the last commit begins, if there was one in this epoch.
    pub(super) last: Option<usize>,
    /// Where the next frame goes.
    end: usize,
    /// Its number.
    next: u64,
}

/// Reads the epoch that counts from its first frame on. Why it makes no sense, where that is so.
pub(super) fn read<'a>(bytes: &'a [u8], header: &Header) -> Result<Contents<'a>, String> {
    let mut contents = Contents::default();
    contents.begin(bytes, header)?;
    while contents.go_on(bytes, header).is_some() {}
    let end = contents.end(header);
    match header.closed {
        Some(closed) if closed == end => {}
        Some(_) => return Err("changes are missing at its end".into()),
        None => contents.look_behind(bytes, header)?,
    }
    Ok(contents)
}

impl<'a> Contents<'a> {
    /// Where the next frame goes in the file.
    pub(super) fn end(&self, header: &Header) -> End {
        End {
            at: header.start + self.end as u64,
            next: self.next,
        }
    }

    /// Reads the state with which the epoch began.
    fn begin(&mut self, bytes: &'a [u8], header: &Header) -> Result<(), String> {
        let altered = |number| format!("change {number} is not as it was written");
        let (place, count) = match split(bytes, header) {
            Some((
                Frame {
                    place,
                    body: Body::Begin(count),
                },
                length,
            )) => {
                self.end = length;
                (place, count)
            }
            Some(_) | None => return Err("it does not begin as it was written".into()),
        };
        self.next = place.number + 1;
        for _ in 0..count {
            let (change, length) = self
                .change(bytes, header)
                .ok_or_else(|| altered(self.next))?;
            self.changes.push(change);
            self.end += length;
            self.next += 1;
        }
        Ok(())
    }

    /// Reads what was committed next, if there is anything.
    fn go_on(&mut self, bytes: &'a [u8], header: &Header) -> Option<()> {
        let (end, next, count) = (self.end, self.next, self.changes.len());
        while let Some((change, length)) = self.change(bytes, header) {
            self.changes.push(change);
            self.end += length;
            self.next += 1;
        }
        if let Some((frame, length)) = split(&bytes[self.end..], header)
            && let Body::Commit(first, clock) = frame.body
            && (frame.place.number, first) == (self.next, next)
            && self.next > next
        {
            self.last = Some(end);
            self.end += length;
            self.clock = clock;
            return Some(());
        }
        (self.end, self.next) = (end, next);
        self.changes.truncate(count);
        None
    }

    fn change(&self, bytes: &'a [u8], header: &Header) -> Option<(&'a [u8], usize)> {
        let (frame, length) = split(bytes.get(self.end..)?, header)?;
        match frame.body {
            Body::Change(change) if frame.place.number == self.next => Some((change, length)),
            Body::Change(_) | Body::Begin(_) | Body::Commit(..) => None,
        }
    }

    /// Behind what counts there may be one commit's worth of frames that do not. With more than that, something in between
    /// is not as it was written.
    fn look_behind(&self, bytes: &[u8], header: &Header) -> Result<(), String> {
        let behind = &bytes[self.end..];
        let mut skip = 0;
        // The number behind the commit that is not whole.
        let mut limit = None;
        for at in memchr::memmem::find_iter(behind, &MARK) {
            // What is inside of a frame is a client's.
            if at < skip {
                continue;
            }
            let Some((frame, length)) = split(&behind[at..], header) else {
                continue;
            };
            skip = at + length;
            let number = frame.place.number;
            let is_later = match frame.body {
                Body::Commit(first, _) if first == self.next => {
                    limit = Some(number);
                    false
                }
                Body::Commit(..) => true,
                Body::Begin(_) | Body::Change(_) => limit.is_some_and(|limit| number >= limit),
            };
            if is_later {
                let next = self.next;
                return Err(format!(
                    "change {next} or the next is not as it was written"
                ));
            }
        }
        Ok(())
    }
}

/// A frame of the epoch that counts.
fn split<'a>(bytes: &'a [u8], header: &Header) -> Option<(Frame<'a>, usize)> {
    Frame::split(bytes, |place| {
        (place.file, place.epoch) == (header.file, header.epoch)
    })
}
