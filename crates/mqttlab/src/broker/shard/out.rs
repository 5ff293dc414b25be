//! What waits to be written to one connection.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Write};
use std::mem;

use bytes::Bytes;
use mqttlab_core::frame::Frame;

use super::gates::Ticket;

/// Payloads above this many bytes are referred to, smaller ones are copied.
const COPY_MAX: usize = 2_048;
/// What has been written stays at the front of a buffer until it is this many bytes and half of all.
const COMPACT_MIN: usize = 65_536;
/// Pieces handed to the kernel at once.
const SLICES_MAX: usize = 32;

/// Bytes on their way to one peer, in order. A connection has one only while something waits for it.
#[derive(Default)]
pub(super) struct Out {
    /// What comes before `tail`: large payloads, and what is between them.
    chunks: VecDeque<Chunk>,
    tail: Vec<u8>,
    /// Bytes at the front of the first piece that are written already.
    written: usize,
    /// There only while something must not be written yet.
    held: Option<Held>,
}

/// How far may be written, in bytes behind what is written already; what must wait is always the end.
#[derive(Default)]
struct Held {
    /// These may be written.
    free: usize,
    /// After them, so many wait for each of these tickets, in their order.
    waiting: VecDeque<(Ticket, usize)>,
}

enum Chunk {
    Copied(Vec<u8>),
    Shared(Bytes),
}

impl Chunk {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Copied(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

/// How far a write came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// Bytes that the stream took.
    pub(super) bytes: u64,
    pub(super) end: End,
}

/// Why a write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All is written.
    Done,
    /// The stream takes no more for now.
    Blocked,
    /// The rest must not be written yet.
    Held,
}

impl Out {
    pub(super) fn is_empty(&self) -> bool {
        self.tail.len() == self.written && self.chunks.is_empty()
    }

    /// Adds a frame that may be written only when its ticket is good.
    pub(super) fn push_held(&mut self, frame: &Frame<'_>, ticket: Ticket) {
        let before = if self.held.is_none() { self.len() } else { 0 };
        let held = self.held.get_or_insert_with(|| {
            let free = before;
            Held {
                free,
                ..Held::default()
            }
        });
        match held.waiting.back_mut() {
            Some((last, bytes)) if *last == ticket => *bytes += frame.len(),
            Some(_) | None => held.waiting.push_back((ticket, frame.len())),
        }
        self.append(frame);
    }

    /// The tickets up to this one are good. Says whether more waits for others.
    pub(super) fn release(&mut self, up_to: Ticket) -> bool {
        let Some(held) = &mut self.held else {
            return false;
        };
        while let Some(&(ticket, bytes)) = held.waiting.front()
            && ticket <= up_to
        {
            held.waiting.pop_front();
            held.free += bytes;
        }
        let more = !held.waiting.is_empty();
        if !more {
            self.held = None;
        }
        more
    }

    /// Bytes that are not written.
    fn len(&self) -> usize {
        let before: usize = self.chunks.iter().map(|chunk| chunk.bytes().len()).sum();
        before + self.tail.len() - self.written
    }

    /// Bytes that may be written.
    fn free(&self) -> usize {
        self.held.as_ref().map_or(usize::MAX, |held| held.free)
    }

    /// Adds a frame.
    pub(super) fn push(&mut self, frame: &Frame<'_>) {
        debug_assert!(self.held.is_none(), "it must not overtake what is held");
        self.append(frame);
    }

    fn append(&mut self, frame: &Frame<'_>) {
        if self.chunks.is_empty()
            && self.written >= COMPACT_MIN
            && self.written * 2 >= self.tail.len()
        {
            self.tail.drain(..self.written);
            self.written = 0;
        }
        match frame.payload() {
            Some(payload) if payload.len() > COPY_MAX => {
                frame.write_head_to(&mut self.tail);
                self.chunks
                    .push_back(Chunk::Copied(mem::take(&mut self.tail)));
                self.chunks.push_back(Chunk::Shared(payload.clone()));
            }
            Some(_) | None => frame.write_to(&mut self.tail),
        }
    }

    /// Writes until all is written or the stream takes no more.
    pub(super) fn write_to(&mut self, stream: &mut impl Write) -> io::Result<Progress> {
        let mut bytes = 0;
        loop {
            let end = match self.free() {
                _ if self.is_empty() => Some(End::Done),
                0 => Some(End::Held),
                _ => None,
            };
            let step = match end {
                Some(_) => stream.flush().map(|()| 0),
                None => self.write_once(stream),
            };
            match (step, end) {
                (Ok(_), Some(end)) => return Ok(Progress { bytes, end }),
                (Ok(0), None) => return Err(io::ErrorKind::WriteZero.into()),
                (Ok(taken), None) => {
                    bytes += taken as u64;
                    self.advance(taken);
                }
                (Err(error), _) if error.kind() == io::ErrorKind::Interrupted => {}
                (Err(error), _) if error.kind() == io::ErrorKind::WouldBlock => {
                    let end = End::Blocked;
                    return Ok(Progress { bytes, end });
                }
                (Err(error), _) => return Err(error),
            }
        }
    }

    /// Bytes taken.
    fn write_once(&self, stream: &mut impl Write) -> io::Result<usize> {
        let mut free = self.free();
        if self.chunks.is_empty() {
            let end = self.tail.len().min(self.written.saturating_add(free));
            return stream.write(&self.tail[self.written..end]);
        }
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let pieces = self.chunks.iter().map(Chunk::bytes).chain([&self.tail[..]]);
        let mut used = 0;
        for (slice, piece) in slices.iter_mut().zip(pieces) {
            let piece = if used == 0 {
                &piece[self.written..]
            } else {
                piece
            };
            let length = piece.len().min(free);
            free -= length;
            *slice = IoSlice::new(&piece[..length]);
            used += 1;
        }
        stream.write_vectored(&slices[..used])
    }

    fn advance(&mut self, taken: usize) {
        self.written += taken;
        if let Some(held) = &mut self.held {
            held.free -= taken;
        }
        while let Some(first) = self.chunks.front() {
            let length = first.bytes().len();
            if self.written < length {
                return;
            }
            self.written -= length;
            self.chunks.pop_front();
        }
    }
}

/// Those that wait to be used again, with their buffers.
#[derive(Default)]
pub(super) struct Pool {
    #[expect(
        clippy::vec_box,
        reason = "they go to connections and come back without being moved"
    )]
    spare: Vec<Box<Out>>,
    bytes: usize,
}

/// Bytes that a pool may hold.
const POOL_BYTES_MAX: usize = 2 << 20;
/// A larger buffer goes back to the allocator.
const POOLED_BUFFER_MAX: usize = 256 << 10;
/// So many pieces one that is used again may have room for.
const POOLED_CHUNKS_MAX: usize = 64;
/// What a new buffer has room for.
const BUFFER_MIN: usize = 512;

impl Pool {
    /// An empty one.
    pub(super) fn take(&mut self) -> Box<Out> {
        match self.spare.pop() {
            Some(out) => {
                self.bytes -= out.tail.capacity();
                out
            }
            None => Box::new(Out {
                tail: Vec::with_capacity(BUFFER_MIN),
                ..Out::default()
            }),
        }
    }

    /// Takes back one that is written.
    pub(super) fn give(&mut self, mut out: Box<Out>) {
        debug_assert!(out.is_empty(), "what waits must not be forgotten");
        let capacity = out.tail.capacity();
        let is_spare = (1..=POOLED_BUFFER_MAX).contains(&capacity)
            && out.chunks.capacity() <= POOLED_CHUNKS_MAX
            && self.bytes + capacity <= POOL_BYTES_MAX;
        if is_spare {
            out.tail.clear();
            out.written = 0;
            self.bytes += capacity;
            self.spare.push(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use bytes::Bytes;
    use mqttlab_core::frame::Frame;

    use super::{End, Out, Pool, Progress};

    /// A stream that takes at most `room` bytes, `at_once` of them a call.
    struct Narrow {
        taken: Vec<u8>,
        room: usize,
        at_once: usize,
    }

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let length = bytes.len().min(self.at_once).min(self.room);
            if length == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.room -= length;
            self.taken.extend_from_slice(&bytes[..length]);
            Ok(length)
        }

        fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
            let all: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
            self.write(&all)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const PINGRESP: &[u8] = &[0xD0, 0];

    /// Small packets around two large ones, and the bytes that they are on the wire.
    fn mixed() -> (Out, Vec<u8>) {
        let large = Bytes::from(vec![7; 5_000]);
        let small = Bytes::from(vec![9; 10]);
        let mut out = Out::default();
        let mut expected = Vec::new();
        for payload in [None, Some(&large), Some(&large), Some(&small), None] {
            let frame = match payload {
                None => Frame::whole(PINGRESP),
                Some(payload) => Frame::publish(&[0x30, 1, 0, 1, b'a'], None, Some(payload)),
            };
            out.push(&frame);
            frame.write_to(&mut expected);
        }
        (out, expected)
    }

    #[test]
    fn all_is_written_in_order_however_little_the_stream_takes() {
        for room in [1, 2, 3, 1_000, 5_004, 5_005, 20_000] {
            let (mut out, expected) = mixed();
            let mut stream = Narrow {
                taken: Vec::new(),
                room: 0,
                at_once: usize::MAX,
            };
            let mut reported = 0;
            while !out.is_empty() {
                stream.room = room;
                let Progress { bytes, end } = out.write_to(&mut stream).expect("it never fails");
                reported += bytes;
                assert_eq!(end == End::Done, out.is_empty());
            }
            assert_eq!(stream.taken, expected, "with room for {room}");
            assert_eq!(reported, expected.len() as u64);
        }
    }

    #[test]
    fn what_comes_while_a_part_waits_goes_behind_it() {
        let (mut out, mut expected) = mixed();
        let mut stream = Narrow {
            taken: Vec::new(),
            room: 6_000,
            at_once: usize::MAX,
        };
        let end = out.write_to(&mut stream).expect("it never fails").end;
        assert_eq!(end, End::Blocked);
        let frame = Frame::whole(PINGRESP);
        out.push(&frame);
        frame.write_to(&mut expected);
        stream.room = usize::MAX;
        let end = out.write_to(&mut stream).expect("it never fails").end;
        assert_eq!(end, End::Done);
        assert_eq!(stream.taken, expected);
    }

    #[test]
    fn what_is_held_leaves_only_when_it_is_released() {
        let (mut out, _) = mixed();
        let free = out.len();
        let large = Bytes::from(vec![3; 4_000]);
        let frame = Frame::publish(&[0x30, 1, 0, 1, b'a'], None, Some(&large));
        out.push_held(&frame, 1);
        out.push_held(&Frame::whole(PINGRESP), 3);
        for at_once in [1, 7, usize::MAX] {
            let mut stream = Narrow {
                taken: Vec::new(),
                room: usize::MAX,
                at_once,
            };
            let mut written = |out: &mut Out, expected, end| {
                let progress = out.write_to(&mut stream).expect("it never fails");
                let bytes = expected as u64;
                assert_eq!(progress, Progress { bytes, end });
            };
            if at_once == 1 {
                written(&mut out, free, End::Held);
                assert!(out.release(2), "more waits for other changes");
            } else if at_once == 7 {
                written(&mut out, frame.len(), End::Held);
                assert!(!out.release(3));
                written(&mut out, PINGRESP.len(), End::Done);
            } else {
                out.push(&Frame::whole(PINGRESP));
                written(&mut out, PINGRESP.len(), End::Done);
            }
        }
        assert!(out.is_empty());
    }

    #[test]
    fn a_reader_that_never_catches_up_does_not_keep_what_it_has_read() {
        let payload = Bytes::from(vec![1; 1_500]);
        let frame = Frame::publish(&[0x30, 1, 0, 1, b'a'], None, Some(&payload));
        let mut out = Out::default();
        let mut stream = Narrow {
            taken: Vec::new(),
            room: 0,
            at_once: usize::MAX,
        };
        for _ in 0..1_000 {
            out.push(&frame);
            out.push(&frame);
            stream.room = frame.len() * 2 - 1;
            out.write_to(&mut stream).expect("it never fails");
            stream.taken.clear();
        }
        assert!(out.tail.capacity() < 1 << 20, "{}", out.tail.capacity());
    }

    #[test]
    fn the_pool_gives_back_what_it_got_and_holds_little() {
        let with_room_for = |bytes| {
            Box::new(Out {
                tail: Vec::with_capacity(bytes),
                ..Out::default()
            })
        };
        let mut pool = Pool::default();
        let (mut out, _) = mixed();
        let mut stream = Narrow {
            taken: Vec::new(),
            room: usize::MAX,
            at_once: usize::MAX,
        };
        out.write_to(&mut stream).expect("it never fails");
        let capacity = out.tail.capacity();
        pool.give(Box::new(out));
        let mut again = pool.take();
        assert_eq!(again.tail.capacity(), capacity);
        stream.taken.clear();
        again.push(&Frame::whole(PINGRESP));
        again.write_to(&mut stream).expect("it never fails");
        assert_eq!(stream.taken, PINGRESP, "nothing is left of the last one");
        for _ in 0..1_000 {
            pool.give(with_room_for(64 << 10));
        }
        assert!(pool.bytes <= super::POOL_BYTES_MAX);
        pool.give(with_room_for(super::POOLED_BUFFER_MAX + 1));
        let of_pool = |out: &Out| out.tail.capacity() <= super::POOLED_BUFFER_MAX;
        assert!(pool.spare.iter().all(|out| of_pool(out)));
    }
}
