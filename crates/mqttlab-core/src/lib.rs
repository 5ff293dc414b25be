//! MQTT as pure state machines: bytes and time go in, bytes and decisions come out.
//!
//! This crate has no clock, no sockets, no threads and no entropy. A *driver* owns those and calls in:
//!
//! 1. Bytes from the wire go into a [`Link`](link::Link), which yields [`Packet`](packet::Packet)s.
//! 2. Each packet goes, with the time, into [`Broker::handle`](broker::Broker::handle) or
//!    [`Client::handle`](client::Client::handle), which say what to do into a sink that the driver owns.
//! 3. The driver sleeps until `next_deadline` and then hands in a wake-up.
//!
//! **Bytes that the driver really wrote are reported back as flushed**, so that a slow reader is the
//! machine's business and not hidden in a driver's buffer.
//!
//! The same machines run natively, in a browser and in a simulated world; see ARCHITECTURE.md.
#![no_std]
#![forbid(unsafe_code)]
// Without the calls that say why, what they alone look at is not used.
#![cfg_attr(mqttlab_without_why, allow(unused))]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod broker;
pub mod clause;
pub mod client;
pub mod codec;
pub mod error;
pub mod frame;
pub mod id;
pub mod link;
pub mod packet;
pub mod properties;
pub mod qos;
#[cfg(all(test, not(target_family = "wasm")))]
mod random;
pub mod reason;
pub mod rng;
pub mod time;
pub mod topic;
pub mod why;
