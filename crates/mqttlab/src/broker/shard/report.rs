//! How the event loop is doing, in numbers.

use std::time::Duration;

use mqttlab_core::broker::{Counters, Usage};

use super::super::store;

/// The numbers of one moment.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// How long it has run.
    pub(crate) uptime: Duration,
    pub(crate) usage: Usage,
    pub(crate) counters: Counters,
    pub(crate) traffic: Traffic,
    /// Where there is a store.
    pub(crate) store: Option<store::Numbers>,
}

/// What went through the sockets. Inside TLS and WebSocket only bytes of MQTT count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub(crate) connections: u64,
    /// Connections that were not taken in because their address is banned.
    pub(crate) banned: u64,
    /// Connections that were not taken in because their listener had enough.
    pub(crate) full: u64,
    pub(crate) bytes_read: u64,
    pub(crate) bytes_written: u64,
}
