//! What waits to be written to one connection.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Write};
use std::mem;

use bytes::Bytes;
use mqttlab_core::frame::Frame;

/// Payloads above this many bytes are referred to, smaller ones are copied.
const COPY_MAX: usize = 2_048;
/// What has been written stays at the front of a buffer until it is this many bytes and half of all.
const COMPACT_MIN: usize = 65_536;
/// Pieces handed to the kernel at once.
const SLICES_MAX: usize = 32;

/// Bytes on their way to one peer, in order. Empty, it holds no memory beyond itself.
#[derive(Default)]
pub(super) struct Out {
    /// What comes before `tail`; there only while a large payload waits.
    #[expect(
        clippy::box_collection,
        reason = "8 bytes in every idle connection instead of 32"
    )]
    chunks: Option<Box<VecDeque<Chunk>>>,
    tail: Vec<u8>,
    /// Bytes at the front of the first piece that are written already.
    written: usize,
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
    /// Whether all is written; if not, the stream takes no more for now.
    pub(super) done: bool,
}

impl Out {
    pub(super) fn is_empty(&self) -> bool {
        self.tail.len() == self.written && self.chunks.is_none()
    }

    /// Whether a buffer is worth taking from the pool before the next [`push`](Self::push).
    pub(super) fn wants_buffer(&self) -> bool {
        self.tail.capacity() == 0
    }

    pub(super) fn lend_buffer(&mut self, buffer: Vec<u8>) {
        self.tail = buffer;
    }

    pub(super) fn push(&mut self, frame: &Frame<'_>) {
        if self.chunks.is_none()
            && self.written >= COMPACT_MIN
            && self.written * 2 >= self.tail.len()
        {
            self.tail.drain(..self.written);
            self.written = 0;
        }
        match frame.payload() {
            Some(payload) if payload.len() > COPY_MAX => {
                frame.write_head_to(&mut self.tail);
                let chunks = self.chunks.get_or_insert_default();
                chunks.push_back(Chunk::Copied(mem::take(&mut self.tail)));
                chunks.push_back(Chunk::Shared(payload.clone()));
            }
            Some(_) | None => frame.write_to(&mut self.tail),
        }
    }

    /// Writes until all is written or the stream takes no more.
    pub(super) fn write_to(&mut self, stream: &mut impl Write) -> io::Result<Progress> {
        let mut bytes = 0;
        loop {
            let step = if self.is_empty() {
                stream.flush().map(|()| 0)
            } else {
                self.write_once(stream)
            };
            match step {
                Ok(0) if self.is_empty() => return Ok(Progress { bytes, done: true }),
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(taken) => {
                    bytes += taken as u64;
                    self.advance(taken);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Progress { bytes, done: false });
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Bytes taken.
    fn write_once(&self, stream: &mut impl Write) -> io::Result<usize> {
        let Some(chunks) = &self.chunks else {
            return stream.write(&self.tail[self.written..]);
        };
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let pieces = chunks.iter().map(Chunk::bytes).chain([&self.tail[..]]);
        let mut used = 0;
        for (slice, piece) in slices.iter_mut().zip(pieces) {
            let piece = if used == 0 {
                &piece[self.written..]
            } else {
                piece
            };
            *slice = IoSlice::new(piece);
            used += 1;
        }
        stream.write_vectored(&slices[..used])
    }

    fn advance(&mut self, taken: usize) {
        self.written += taken;
        let Some(chunks) = &mut self.chunks else {
            return;
        };
        while let Some(first) = chunks.front() {
            let length = first.bytes().len();
            if self.written < length {
                return;
            }
            self.written -= length;
            chunks.pop_front();
        }
        self.chunks = None;
    }

    /// The buffer of an `Out` that is written, to be used again.
    pub(super) fn take_buffer(&mut self) -> Vec<u8> {
        debug_assert!(self.is_empty(), "what waits must not be forgotten");
        self.written = 0;
        let mut buffer = mem::take(&mut self.tail);
        buffer.clear();
        buffer
    }
}

/// Buffers that wait to be used again, so that a connection holds one only while something waits for it.
#[derive(Default)]
pub(super) struct Pool {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
}

/// Bytes that a pool may hold.
const POOL_BYTES_MAX: usize = 2 << 20;
/// A larger buffer goes back to the allocator.
const POOLED_BUFFER_MAX: usize = 256 << 10;
/// What a new buffer has room for.
const BUFFER_MIN: usize = 512;

impl Pool {
    pub(super) fn take(&mut self) -> Vec<u8> {
        match self.buffers.pop() {
            Some(buffer) => {
                self.bytes -= buffer.capacity();
                buffer
            }
            None => Vec::with_capacity(BUFFER_MIN),
        }
    }

    pub(super) fn give(&mut self, buffer: Vec<u8>) {
        let capacity = buffer.capacity();
        if capacity > 0 && capacity <= POOLED_BUFFER_MAX && self.bytes + capacity <= POOL_BYTES_MAX
        {
            self.bytes += capacity;
            self.buffers.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use bytes::Bytes;
    use mqttlab_core::frame::Frame;

    use super::{Out, Pool, Progress};

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
                let Progress { bytes, done } = out.write_to(&mut stream).expect("it never fails");
                reported += bytes;
                assert_eq!(done, out.is_empty());
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
        assert!(!out.write_to(&mut stream).expect("it never fails").done);
        let frame = Frame::whole(PINGRESP);
        out.push(&frame);
        frame.write_to(&mut expected);
        stream.room = usize::MAX;
        assert!(out.write_to(&mut stream).expect("it never fails").done);
        assert_eq!(stream.taken, expected);
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
        let mut pool = Pool::default();
        pool.give(Vec::with_capacity(4_096));
        assert_eq!(pool.take().capacity(), 4_096);
        for _ in 0..1_000 {
            pool.give(Vec::with_capacity(64 << 10));
        }
        assert!(pool.bytes <= super::POOL_BYTES_MAX);
        pool.give(Vec::with_capacity(super::POOLED_BUFFER_MAX + 1));
        assert!(
            pool.buffers
                .iter()
                .all(|buffer| buffer.capacity() <= super::POOLED_BUFFER_MAX)
        );
    }
}
