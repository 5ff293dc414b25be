//! What goes out: encoded bytes that many receivers can share.

use alloc::vec::Vec;

use bytes::Bytes;

use crate::id::PacketId;
use crate::packet::PacketType;

/// One packet, encoded, on its way to one receiver.
///
/// A PUBLISH to a thousand subscribers is encoded once; what differs for each (the Packet Identifier and the DUP flag)
/// is patched in while the bytes are copied. A large payload is apart, so that it need not be copied at all.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    head: &'a [u8],
    patch: Option<Patch>,
    payload: Option<&'a Bytes>,
}

/// What is different for one receiver of a shared PUBLISH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Where in the head the two bytes of the Packet Identifier are.
    pub at: usize,
    /// The Packet Identifier.
    pub packet_id: PacketId,
    /// Whether to set the DUP flag.
    pub dup: bool,
}

impl<'a> Frame<'a> {
    /// A whole packet in `bytes`.
    ///
    /// # Panics
    /// If `bytes` does not begin with the first byte of a packet.
    pub fn whole(bytes: &'a [u8]) -> Self {
        let frame = Self {
            head: bytes,
            patch: None,
            payload: None,
        };
        assert!(frame.first_type().is_some(), "an encoded packet has a type");
        frame
    }

    /// A PUBLISH whose `head` is shared with other receivers: all of it, or all before the payload where that is apart.
    ///
    /// # Panics
    /// If `head` is not that of a PUBLISH or the patch lies outside it.
    #[inline]
    pub fn publish(head: &'a [u8], patch: Option<Patch>, payload: Option<&'a Bytes>) -> Self {
        let frame = Self {
            head,
            patch,
            payload,
        };
        assert!(
            head.first()
                .is_some_and(|byte| byte >> 4 == PacketType::Publish as u8),
            "the head is that of a PUBLISH"
        );
        assert!(
            patch.is_none_or(|patch| patch.at + 2 <= head.len()),
            "the patch lies inside the head"
        );
        frame
    }

    /// The same, where the caller has just encoded what it hands in.
    #[inline]
    pub(crate) const fn encoded(
        head: &'a [u8],
        patch: Option<Patch>,
        payload: Option<&'a Bytes>,
    ) -> Self {
        Self {
            head,
            patch,
            payload,
        }
    }

    fn first_type(&self) -> Option<PacketType> {
        self.head
            .first()
            .and_then(|&byte| PacketType::from_first_byte(byte))
    }

    /// The packet's type.
    pub fn packet_type(&self) -> PacketType {
        self.first_type().expect("checked when the frame was made")
    }

    /// Whether its receiver can rely on nothing that it says: a PUBLISH at QoS 0.
    #[inline]
    pub fn promises_nothing(&self) -> bool {
        matches!(self.head.first(), Some(0x30 | 0x31))
    }

    /// Bytes on the wire.
    #[inline]
    pub fn len(&self) -> usize {
        self.head.len() + self.payload.map_or(0, Bytes::len)
    }

    /// Never: a packet has at least two bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The payload where it is apart, for a driver that would rather refer to it than copy it.
    pub fn payload(&self) -> Option<&'a Bytes> {
        self.payload
    }

    /// Appends all but a payload that is apart.
    #[inline]
    pub fn write_head_to(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(self.head);
        if let Some(Patch { at, packet_id, dup }) = self.patch {
            let head = &mut out[start..];
            head[at..at + 2].copy_from_slice(&packet_id.number().to_be_bytes());
            head[0] |= u8::from(dup) << 3;
        }
    }

    /// Appends the whole packet.
    #[inline]
    pub fn write_to(&self, out: &mut Vec<u8>) {
        if self.payload.is_some() {
            out.reserve(self.len());
        }
        self.write_head_to(out);
        if let Some(payload) = self.payload {
            out.extend_from_slice(payload);
        }
    }
}
