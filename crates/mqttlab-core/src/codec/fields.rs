//! Where each field of a packet stands in its bytes.

mod describe;
mod kind;
mod rule;

use core::ops::Range;

pub use describe::describe;
pub use kind::FieldKind;

/// One field found while decoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is.
    pub kind: FieldKind,
    /// Where: bytes from the start of the packet. For a field of single bits, the byte they are in.
    pub span: Range<usize>,
    /// Which bits of the byte, as a mask; 0xFF for fields of whole bytes.
    pub mask: u8,
    /// How deep it is nested: 0 for a field of the packet, 1 for a part of such a field, ….
    pub depth: u8,
}

/// Hears of each field while a packet is decoded; `()` hears nothing and costs nothing.
pub trait FieldSink {
    /// A field was found. Outer fields come before the parts of them; the order is that of the bytes.
    fn field(&mut self, field: Field);
}

impl FieldSink for () {
    #[inline(always)]
    fn field(&mut self, _: Field) {}
}

impl FieldSink for alloc::vec::Vec<Field> {
    fn field(&mut self, field: Field) {
        self.push(field);
    }
}
