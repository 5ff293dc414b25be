//! A change as it lies in the file: marked, numbered and with a checksum, so that it can be told from anything else, and
//! found even where nothing around it can be read any more.

use mqttlab_core::time::Instant;

/// What every frame begins with.
pub(super) const MARK: [u8; 4] = [0xC3, b'm', b'q', 0x1B];
/// What frames began with in files of earlier versions.
pub(super) const FORMER_MARK: [u8; 4] = [0xC3, b'm', b'q', 0x1A];
/// Mark, file, epoch, run, number, length and checksum.
const HEAD: usize = 4 + 8 + 8 + 4 + 8 + 4 + 4;
/// Where the length is in it.
const LENGTH: usize = 4 + 8 + 8 + 4 + 8;
/// Where the checksum is in it.
const SUM: usize = LENGTH + 4;
/// A longer change there is not: a message has its limits, whatever is configured.
const BODY_MAX: usize = 512 << 20;

/// Where a frame belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// What the file drew by lot when it was made. No client knows it, so none can say a frame; 0 in files of earlier
    /// versions, which had none.
    pub(super) file: u64,
    /// Each time the file is written anew an epoch begins; a later one has a larger number.
    pub(super) epoch: u64,
    /// How often the file had been opened when it was written.
    pub(super) run: u32,
    /// Counts the changes and beginnings; no number is used again in the same run. A commit has that of the next change.
    pub(super) number: u64,
}

/// A frame and what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) place: Place,
    pub(super) body: Body<'a>,
}

/// What a frame has in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body<'a> {
    /// The first of an epoch: how many frames after it make the state with which it began.
    Begin(u64),
    /// A change, encoded.
    Change(&'a [u8]),
    /// All changes from the one with this number count, and when they were written.
    Commit(u64, Instant),
}

const BEGIN: u8 = 0;
const CHANGE: u8 = 1;
const COMMIT: u8 = 2;

impl Frame<'_> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encode_to(&mut bytes);
        bytes
    }

    /// Puts it behind what is there.
    pub(super) fn encode_to(&self, bytes: &mut Vec<u8>) {
        let from = bytes.len();
        match self.body {
            Body::Begin(count) => append_body(bytes, BEGIN, |bytes| {
                bytes.extend(count.to_le_bytes());
            }),
            Body::Change(change) => append(bytes, |bytes| bytes.extend(change)),
            Body::Commit(first, at) => append_body(bytes, COMMIT, |bytes| {
                bytes.extend(first.to_le_bytes());
                bytes.extend(at.as_micros().to_le_bytes());
            }),
        }
        seal_one(&mut bytes[from..], self.place);
    }
}

/// Puts a change behind what is there, in a frame that is not sealed.
pub(super) fn append(bytes: &mut Vec<u8>, change: impl FnOnce(&mut Vec<u8>)) {
    append_body(bytes, CHANGE, change);
}

fn append_body(bytes: &mut Vec<u8>, kind: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let from = bytes.len();
    bytes.extend([0; HEAD]);
    bytes.push(kind);
    body(bytes);
    let length = (bytes.len() - from - HEAD) as u32;
    bytes[from + LENGTH..from + SUM].copy_from_slice(&length.to_le_bytes());
}

/// The changes in frames that need not be sealed.
pub(super) fn changes(frames: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = frames;
    std::iter::from_fn(move || {
        let (frame, others) = rest.split_at_checked(length_of(rest)?)?;
        rest = others;
        frame.get(HEAD + 1..)
    })
}

/// How long the frame is with which these bytes begin, as it says itself.
pub(super) fn length_of(bytes: &[u8]) -> Option<usize> {
    let length = bytes.get(LENGTH..)?.first_chunk()?;
    Some(HEAD + u32::from_le_bytes(*length) as usize)
}

/// Seals all frames, the first of them for this place and each other for the one behind it.
pub(super) fn seal(frames: &mut [u8], first: Place) {
    let (mut place, mut rest) = (first, frames);
    while let Some(length) = length_of(rest) {
        let (frame, others) = rest.split_at_mut(length);
        seal_one(frame, place);
        place.number += 1;
        rest = others;
    }
}

/// Says where it belongs, and that it is whole.
fn seal_one(frame: &mut [u8], place: Place) {
    let (head, body) = frame.split_at_mut(HEAD);
    head[..4].copy_from_slice(&MARK);
    head[4..12].copy_from_slice(&place.file.to_le_bytes());
    head[12..20].copy_from_slice(&place.epoch.to_le_bytes());
    head[20..24].copy_from_slice(&place.run.to_le_bytes());
    head[24..LENGTH].copy_from_slice(&place.number.to_le_bytes());
    let sum = checksum(&head[..SUM], body);
    head[SUM..].copy_from_slice(&sum.to_le_bytes());
}

impl<'a> Frame<'a> {
    /// The frame at the beginning of `bytes` and its length, whatever comes behind it; `None` where there is none that is
    /// whole and belongs to a place that is wanted. Only of such a one the checksum is taken.
    pub(super) fn split(
        bytes: &'a [u8],
        is_wanted: impl FnOnce(Place) -> bool,
    ) -> Option<(Self, usize)> {
        let rest = bytes.strip_prefix(&MARK)?;
        let (file, rest) = rest.split_first_chunk()?;
        Self::split_at(bytes, u64::from_le_bytes(*file), rest, is_wanted)
    }

    /// The same in a file of an earlier version.
    pub(super) fn split_former(bytes: &'a [u8]) -> Option<(Self, usize)> {
        Self::split_at(bytes, 0, bytes.strip_prefix(&FORMER_MARK)?, |_| true)
    }

    /// The same, where `rest` of the bytes comes behind what tells of the file.
    fn split_at(
        bytes: &'a [u8],
        file: u64,
        rest: &'a [u8],
        is_wanted: impl FnOnce(Place) -> bool,
    ) -> Option<(Self, usize)> {
        let (epoch, rest) = rest.split_first_chunk()?;
        let (run, rest) = rest.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let before_sum = bytes.len() - rest.len();
        let (sum, rest) = rest.split_first_chunk()?;
        let place = Place {
            file,
            epoch: u64::from_le_bytes(*epoch),
            run: u32::from_le_bytes(*run),
            number: u64::from_le_bytes(*number),
        };
        let length = u32::from_le_bytes(*length) as usize;
        if length > BODY_MAX || !is_wanted(place) {
            return None;
        }
        let body = rest.get(..length)?;
        if checksum(&bytes[..before_sum], body) != u32::from_le_bytes(*sum) {
            return None;
        }
        let body = Body::decode(body)?;
        Some((Self { place, body }, before_sum + sum.len() + length))
    }
}

impl<'a> Body<'a> {
    fn decode(bytes: &'a [u8]) -> Option<Self> {
        Some(match bytes.split_first()? {
            (&BEGIN, count) => Self::Begin(u64::from_le_bytes(count.try_into().ok()?)),
            (&CHANGE, change) => Self::Change(change),
            (&COMMIT, body) => {
                let (first, at) = body.split_first_chunk()?;
                let at = u64::from_le_bytes(at.try_into().ok()?);
                Self::Commit(u64::from_le_bytes(*first), Instant::from_micros(at))
            }
            (_, _) => return None,
        })
    }
}

fn checksum(head: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head);
    hasher.update(body);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use mqttlab_core::time::Instant;

    use super::{Body, Frame, Place, append, changes, seal};

    const PLACE: Place = Place {
        file: 0x1234_5678_9ABC,
        epoch: 1 << 40,
        run: 3,
        number: 77,
    };

    #[test]
    fn a_frame_comes_back_and_a_damaged_one_does_not() {
        for body in [
            Body::Begin(5),
            Body::Change(b"change"),
            Body::Change(b""),
            Body::Commit(6, Instant::from_micros(8)),
        ] {
            let frame = Frame { place: PLACE, body };
            let mut bytes = frame.encode();
            let length = bytes.len();
            bytes.extend(b"whatever comes behind it");
            let split = |bytes| Frame::split(bytes, |place| place == PLACE);
            assert_eq!(split(&bytes), Some((frame, length)));
            assert_eq!(Frame::split(&bytes, |place| place != PLACE), None);
            assert_eq!(Frame::split_former(&bytes), None);
            for end in 0..length {
                assert_eq!(split(&bytes[..end]), None, "cut off at {end}");
            }
            for bit in 0..length * 8 {
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(Frame::split(&bytes, |_| true), None, "bit {bit}");
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }

    #[test]
    fn frames_are_sealed_where_they_lie() {
        let (mut bytes, texts) = (Vec::new(), [&b"one"[..], b"", b"three"]);
        for text in texts {
            append(&mut bytes, |bytes| bytes.extend(text));
        }
        assert!(changes(&bytes).eq(texts));
        seal(&mut bytes, PLACE);
        let mut expected = Vec::new();
        for (number, text) in (PLACE.number..).zip(texts) {
            let place = Place { number, ..PLACE };
            let body = Body::Change(text);
            Frame { place, body }.encode_to(&mut expected);
        }
        assert_eq!(bytes, expected);
    }
}
