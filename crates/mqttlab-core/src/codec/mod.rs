//! Bytes to packets and back.

mod codes;
mod decode;
mod encode;
pub mod fields;
mod header;
mod property;
pub mod raw;
mod reader;
#[cfg(test)]
pub(crate) mod tests;

pub use codes::is_code_allowed;
pub use decode::decode;
pub(crate) use decode::decode_body;
pub use encode::{encode, encode_publish_head, encoded_len, publish_head_len};
pub use header::{FixedHeader, Limits, PACKET_SIZE_MAX};
pub(crate) use reader::TopicAlias;
