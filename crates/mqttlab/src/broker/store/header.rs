//! The beginning of the file: what the rest of it means.
//!
//! It is there twice, and of the two the one with the larger number counts. Each time the other one is written, in one
//! sector of the disk, so that there always is one that is whole.

use mqttlab_core::time::Instant;

/// What the file begins with.
const MARK: &[u8; 16] = b"mqttlab store \x1A\n";
/// The form of the file that this program writes.
pub(super) const FORM: u32 = 4;
/// The form before: the same without some kinds of changes. It is gone on with; an earlier version does not know them.
const BEFORE: u32 = 3;
/// Where the second one is.
const SECOND: usize = 4_096;
/// Where the frames begin.
pub(super) const LENGTH: usize = 2 * SECOND;
/// Mark, form, run, number, file, epoch, start, length, clock, whether it is closed, end and next.
const BODY: usize = 16 + 4 + 4 + 8 + 8 + 8 + 8 + 8 + 8 + 1 + 8 + 8;

/// What the file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Counts how often one was written.
    pub(super) number: u64,
    /// How often the file was opened.
    pub(super) run: u32,
    /// What the file drew by lot when it was made: each of its frames says it too.
    pub(super) file: u64,
    /// The epoch that counts.
    pub(super) epoch: u64,
    /// Where its first frame is.
    pub(super) start: u64,
    /// The file is at least so long.
    pub(super) length: u64,
    /// When the state with which the epoch began was written, or later.
    pub(super) clock: Instant,
    /// How the file was left, if nobody writes it.
    pub(super) closed: Option<End>,
}

/// The end of what counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// Where it is.
    pub(super) at: u64,
    /// The number of the next frame.
    pub(super) next: u64,
}

/// What the beginning of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Good(Header),
    /// It was written in this form, which is not that of this program.
    Other(u32),
    /// Nothing but zeros, or half of what a new file begins with.
    Nothing,
    Damaged,
}

const fn is_known(form: u32) -> bool {
    matches!(form, BEFORE | FORM)
}

impl Header {
    /// Where it goes.
    pub(super) const fn place(&self) -> u64 {
        (self.number % 2) * SECOND as u64
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BODY + 4);
        bytes.extend(MARK);
        bytes.extend(FORM.to_le_bytes());
        bytes.extend(self.run.to_le_bytes());
        for number in [
            self.number,
            self.file,
            self.epoch,
            self.start,
            self.length,
            self.clock.as_micros(),
        ] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.push(self.closed.is_some().into());
        let End { at, next } = self.closed.unwrap_or(End { at: 0, next: 0 });
        bytes.extend(at.to_le_bytes());
        bytes.extend(next.to_le_bytes());
        let sum = crc32fast::hash(&bytes);
        bytes.extend(sum.to_le_bytes());
        bytes
    }

    /// The one that counts. Where only one is whole the disk has not kept its word, and neither counts.
    pub(super) fn find(bytes: &[u8]) -> Found {
        let bytes = &bytes[..bytes.len().min(LENGTH)];
        if is_empty(bytes) {
            return Found::Nothing;
        }
        let ((first, form), (second, other)) = match Self::both(bytes) {
            [Some(first), Some(second)] => (first, second),
            // A new file has its first one before it has the second.
            [None, Some((Self { number: 1, .. }, BEFORE | FORM))] if is_empty(&bytes[..SECOND]) => {
                return Found::Nothing;
            }
            [Some(_) | None, None] | [None, Some(_)] => return Found::Damaged,
        };
        if let Some(other) = [form, other].into_iter().find(|&form| !is_known(form)) {
            return Found::Other(other);
        }
        let is_first = first.number > second.number;
        Found::Good(if is_first { first } else { second })
    }

    /// The later of those that are whole, and whether both are.
    pub(super) fn latest(bytes: &[u8]) -> Option<(Self, bool)> {
        let both = Self::both(bytes);
        let is_certain = both.iter().all(Option::is_some);
        let known = both.into_iter().flatten();
        let known = known.filter_map(|(header, form)| is_known(form).then_some(header));
        let latest = known.max_by_key(|header| header.number)?;
        Some((latest, is_certain))
    }

    /// Each with its form, where it is whole.
    fn both(bytes: &[u8]) -> [Option<(Self, u32)>; 2] {
        let (first, second) = bytes.split_at(bytes.len().min(SECOND));
        [Self::decode(first), Self::decode(second)]
    }

    fn decode(bytes: &[u8]) -> Option<(Self, u32)> {
        let (body, sum) = bytes.split_at_checked(BODY)?;
        if *sum.first_chunk()? != crc32fast::hash(body).to_le_bytes() {
            return None;
        }
        let (mark, rest) = body.split_first_chunk()?;
        let (form, rest) = rest.split_first_chunk()?;
        let (run, mut rest) = rest.split_first_chunk()?;
        if mark != MARK {
            return None;
        }
        let mut take = || {
            let (number, others) = rest.split_first_chunk()?;
            rest = others;
            Some(u64::from_le_bytes(*number))
        };
        let (number, file, epoch) = (take()?, take()?, take()?);
        let (start, length, clock) = (take()?, take()?, take()?);
        let (&is_closed, rest) = rest.split_first()?;
        let (at, next) = rest.split_first_chunk()?;
        let end = End {
            at: u64::from_le_bytes(*at),
            next: u64::from_le_bytes(*next.first_chunk()?),
        };
        let header = Self {
            number,
            run: u32::from_le_bytes(*run),
            file,
            epoch,
            start,
            length,
            clock: Instant::from_micros(clock),
            closed: (is_closed != 0).then_some(end),
        };
        Some((header, u32::from_le_bytes(*form)))
    }
}

/// Whether a file begins with one of them, be it damaged.
pub(super) fn is_marked(bytes: &[u8]) -> bool {
    let second = bytes.get(SECOND..).unwrap_or_default();
    [bytes, second].iter().any(|it| it.starts_with(MARK))
}

fn is_empty(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}

#[cfg(test)]
mod tests {
    use mqttlab_core::time::Instant;

    use super::{End, FORM, Found, Header, LENGTH, SECOND};

    const HEADER: Header = Header {
        number: 7,
        run: 3,
        file: 0xFEDC_BA98,
        epoch: 1 << 33,
        start: 8_192,
        length: 1 << 20,
        clock: Instant::from_micros(5),
        closed: Some(End {
            at: 9_000,
            next: 12,
        }),
    };

    fn file(headers: [Header; 2]) -> Vec<u8> {
        let mut bytes = vec![0; LENGTH];
        for header in headers {
            let (place, encoded) = (header.place() as usize, header.encode());
            bytes[place..place + encoded.len()].copy_from_slice(&encoded);
        }
        bytes
    }

    #[test]
    fn the_later_one_counts() {
        let closed = None;
        for number in [6, 8] {
            let other = Header {
                number,
                closed,
                ..HEADER
            };
            let later = if number > HEADER.number {
                other
            } else {
                HEADER
            };
            assert_eq!(Header::find(&file([HEADER, other])), Found::Good(later));
        }
        assert_eq!(Header::find(&[]), Found::Nothing);
        assert_eq!(Header::find(&[0; LENGTH]), Found::Nothing);
    }

    #[test]
    fn half_of_a_new_one_is_nothing_and_half_of_another_is_damaged() {
        for number in [1, 3] {
            let bytes = file([Header { number, ..HEADER }; 2]);
            let found = Header::find(&bytes);
            assert_eq!(found == Found::Nothing, number == 1, "{found:?}");
            assert!(found != Found::Damaged || number > 1, "{found:?}");
        }
    }

    #[test]
    fn no_bit_of_either_may_be_wrong() {
        let earlier = Header {
            number: 6,
            ..HEADER
        };
        let mut bytes = file([HEADER, earlier]);
        let length = HEADER.encode().len();
        assert!(length <= 512, "it fits into one sector");
        for at in (0..length).chain(SECOND..SECOND + length) {
            bytes[at] ^= 4;
            assert_eq!(Header::find(&bytes), Found::Damaged, "byte {at}");
            bytes[at] ^= 4;
        }
        for end in 1..SECOND + length {
            assert_eq!(Header::find(&bytes[..end]), Found::Damaged, "cut at {end}");
        }
    }

    #[test]
    fn another_form_is_told() {
        let mut bytes = file([HEADER, HEADER]);
        let mut encoded = HEADER.encode();
        encoded[16] = 99;
        let end = encoded.len() - 4;
        let sum = crc32fast::hash(&encoded[..end]).to_le_bytes();
        encoded[end..].copy_from_slice(&sum);
        bytes[SECOND..SECOND + encoded.len()].copy_from_slice(&encoded);
        let first = Header {
            number: 8,
            ..HEADER
        };
        bytes[..encoded.len()].copy_from_slice(&first.encode());
        assert_eq!(Header::find(&bytes), Found::Other(99));
        assert_ne!(FORM, 99);
    }
}
