//! How much clients may do, and what becomes of those who do more.

use serde::{Deserialize, Serialize};

/// How much clients may do; 0 is for no limit. Listeners can have others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Limits {
    /// Connections from one address at once.
    pub(crate) connections_per_address_max: u32,
    /// Connections of one User Name at once.
    pub(crate) connections_per_user_max: u32,
    /// Connections that a listener takes in within a second.
    pub(crate) accepts_per_second_max: u32,
    /// PUBLISHes of one connection in a second.
    pub(crate) messages_per_second_max: u32,
    /// Bytes of one connection in a second.
    pub(crate) bytes_per_second_max: u32,
    /// What becomes of a client that sends more.
    pub(crate) over_rate: OverRate,
    /// Bytes of packets that have not come whole, and of the topics of Topic Aliases, of all connections together.
    pub(crate) unfinished_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_per_address_max: 0,
            connections_per_user_max: 0,
            accepts_per_second_max: 0,
            messages_per_second_max: 0,
            bytes_per_second_max: 0,
            over_rate: OverRate::default(),
            unfinished_bytes_max: 256 << 20,
        }
    }
}

/// What becomes of a client that sends more than it may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OverRate {
    /// Nothing more is read from it for a while.
    #[default]
    Pause,
    /// Its connection is closed.
    Disconnect,
}

/// How often something may come from the same place, and what is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Habit {
    /// So often within the window is still fine.
    pub(crate) max: u32,
    pub(crate) window_s: u32,
    pub(crate) then: Then,
    /// For [`Then::Refuse`].
    pub(crate) refuse_s: u32,
}

/// What is done about a bad habit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Then {
    /// Nobody looks.
    Ignore,
    /// The log and the metrics say so.
    Report,
    /// And whoever has it is kept out for a time.
    Refuse,
}

impl Default for Habit {
    fn default() -> Self {
        Self {
            max: 15,
            window_s: 60,
            then: Then::Report,
            refuse_s: 300,
        }
    }
}
