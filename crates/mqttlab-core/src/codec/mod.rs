//! Bytes to packets and back.

mod decode;
mod encode;
pub mod fields;

pub use decode::{Limits, decode};
pub use encode::encode;
