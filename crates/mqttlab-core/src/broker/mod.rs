//! The broker as a machine.

mod auth;
mod input;
mod persist;
mod policy;
mod sink;

use crate::time::Instant;

pub use auth::{Access, AuthRequest, AuthStep, Authorization, Established, Grant, Identity};
pub use input::{CloseReason, Input, Loss};
pub use persist::{Change, DeliveryRef, MessageRef, WillRef};
pub use policy::{
    Config, DeniedPublish, ForeignSession, IllFormedFilter, Overlap, QueueFull, SharedDispatch,
    WillOnTakeover,
};
pub use sink::Sink;

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum TimerKind {
    /// A connection must have sent CONNECT.
    Connect,
    /// A connection must have sent something.
    KeepAlive,
    /// A session without a connection ends.
    SessionExpiry,
    /// A will that was put off is published.
    WillDelay,
    /// A retained message expires.
    MessageExpiry,
    /// More retained messages for a new subscription are looked for.
    Retained,
}

/// The broker.
#[derive(Clone, Debug)]
pub struct Broker {
    config: Config,
}

impl Broker {
    /// A broker without sessions. `seed` feeds what it has to invent, such as Client Identifiers.
    pub fn new(config: Config, seed: u64) -> Self {
        let _ = seed;
        Self { config }
    }

    /// Hands one input to the broker and says everything it wants done into `sink`.
    ///
    /// # Panics
    /// If `now` goes back or a [`ConnId`] is opened twice: both are bugs of the driver. No peer can cause a panic.
    pub fn handle<S: Sink>(&mut self, now: Instant, input: Input<'_>, sink: &mut S) {
        let _ = (now, input, sink, &self.config);
    }

    /// When the broker must be woken, and for what; `None` while nothing is due.
    pub fn next_deadline(&self) -> Option<(Instant, TimerKind)> {
        None
    }
}
