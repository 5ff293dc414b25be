//! Quality of Service 1 and 2 as machines that know no role.
//!
//! Delivery is a matter of one hop: the [`Sender`] and the [`Receiver`] here are the two ends of it, and a broker and a
//! client each have both. What they do is in [`table`]; the machines are proven equal to it by a test.

mod receiver;
mod sender;
pub mod table;
#[cfg(test)]
mod tests;

pub use receiver::{Receiver, Seen};
pub use sender::{AfterPubRec, InFlight, Sender, Stage, Unexpected};
