//! A change as it lies in the file: marked, numbered and with a checksum, so that it can be told from anything else, and
//! found even where nothing around it can be read any more.

/// What every frame begins with.
pub(super) const MARK: [u8; 4] = [0xC3, b'm', b'q', 0x1A];
/// Mark, epoch, run, number, length and checksum.
const HEAD: usize = 4 + 8 + 4 + 8 + 4 + 4;
/// A longer change there is not: a message has its limits, whatever is configured.
const BODY_MAX: usize = 512 << 20;

/// Where a frame belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Each time the file is written anew an epoch begins; a later one has a larger number.
    pub(super) epoch: u64,
    /// How often the file had been opened when it was written.
    pub(super) run: u32,
    /// Counts the frames; no number is used again in the same run.
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
}

const BEGIN: u8 = 0;
const CHANGE: u8 = 1;

impl Frame<'_> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let length = match self.body {
            Body::Begin(_) => 9,
            Body::Change(change) => 1 + change.len(),
        };
        let mut bytes = Vec::with_capacity(HEAD + length);
        bytes.extend(MARK);
        bytes.extend(self.place.epoch.to_le_bytes());
        bytes.extend(self.place.run.to_le_bytes());
        bytes.extend(self.place.number.to_le_bytes());
        bytes.extend((length as u32).to_le_bytes());
        bytes.extend([0; 4]);
        match self.body {
            Body::Begin(count) => {
                bytes.push(BEGIN);
                bytes.extend(count.to_le_bytes());
            }
            Body::Change(change) => {
                bytes.push(CHANGE);
                bytes.extend(change);
            }
        }
        let sum = checksum(&bytes[..HEAD - 4], &bytes[HEAD..]);
        bytes[HEAD - 4..HEAD].copy_from_slice(&sum.to_le_bytes());
        bytes
    }
}

impl<'a> Frame<'a> {
    /// The frame at the beginning of `bytes`, whatever comes behind it; `None` where there is none that is whole.
    pub(super) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(HEAD)?;
        let (mark, head) = head.split_first_chunk()?;
        let (epoch, head) = head.split_first_chunk()?;
        let (run, head) = head.split_first_chunk()?;
        let (number, head) = head.split_first_chunk()?;
        let (length, head) = head.split_first_chunk()?;
        let (sum, _) = head.split_first_chunk()?;
        let length = u32::from_le_bytes(*length) as usize;
        if *mark != MARK || length > BODY_MAX {
            return None;
        }
        let body = rest.get(..length)?;
        if checksum(&bytes[..HEAD - 4], body) != u32::from_le_bytes(*sum) {
            return None;
        }
        let body = match body.split_first()? {
            (&BEGIN, count) => Body::Begin(u64::from_le_bytes(count.try_into().ok()?)),
            (&CHANGE, change) => Body::Change(change),
            (_, _) => return None,
        };
        let place = Place {
            epoch: u64::from_le_bytes(*epoch),
            run: u32::from_le_bytes(*run),
            number: u64::from_le_bytes(*number),
        };
        Some(Self { place, body })
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
    use super::{Body, Frame, Place};

    const PLACE: Place = Place {
        epoch: 1 << 40,
        run: 3,
        number: 77,
    };

    #[test]
    fn a_frame_comes_back_and_a_damaged_one_does_not() {
        for body in [Body::Begin(5), Body::Change(b"change"), Body::Change(b"")] {
            let frame = Frame { place: PLACE, body };
            let mut bytes = frame.encode();
            let length = bytes.len();
            bytes.extend(b"whatever comes behind it");
            assert_eq!(Frame::decode(&bytes), Some(frame));
            for end in 0..length {
                assert_eq!(Frame::decode(&bytes[..end]), None, "cut off at {end}");
            }
            for bit in 0..length * 8 {
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(Frame::decode(&bytes), None, "bit {bit}");
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }
}
