//! What somebody does, or what is done to them.

use serde::{Deserialize, Serialize};

use super::{Message, QoS};
use crate::view::{Micros, ParticipantId};

/// Something that somebody does or that is done to them, by a scenario or by a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Who: the broker, a client, or the client whose link is meant.
    pub who: ParticipantId,
    /// What.
    pub act: Act,
}

/// What can be done; see the [scenario](super) for their meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// A client connects.
    Connect,
    /// A client disconnects in order.
    Disconnect {
        /// 5.0: the broker shall publish the will all the same.
        #[serde(default)]
        will: bool,
    },
    /// A client publishes, or the broker a message of its own.
    Publish(Message),
    /// A client subscribes.
    Subscribe {
        /// Topic Filter.
        filter: String,
        /// Requested QoS.
        #[serde(default)]
        qos: QoS,
    },
    /// A client gives up a subscription.
    Unsubscribe {
        /// Topic Filter.
        filter: String,
    },
    /// The process ends.
    Crash {
        /// How its system ends its connections.
        #[serde(default)]
        how: Ending,
    },
    /// The machine goes dark.
    PowerOff,
    /// It runs again.
    Restart {
        /// What it finds on its disk.
        #[serde(default)]
        memory: Memory,
    },
    /// Nothing passes and nobody is told.
    Cut {
        /// In which direction.
        #[serde(default)]
        way: Ways,
    },
    /// Everything passes again.
    Heal,
    /// What travels is held.
    Stall {
        /// In which direction.
        #[serde(default)]
        way: Ways,
    },
    /// What was held goes on.
    Release {
        /// In which direction.
        #[serde(default)]
        way: Ways,
    },
    /// Both ends get RST.
    Reset,
    /// The client's end is closed without DISCONNECT.
    Close,
    /// The broker turns new connections away.
    Refuse,
    /// The broker takes new connections again.
    Accept,
    /// A client reads nothing of what comes.
    Pause,
    /// It reads again.
    Resume,
    /// A client's computer sleeps: its timers stand still and its radio is off.
    Sleep,
    /// It goes on where it was.
    Wake,
    /// A client's connection carries bytes that its library knows nothing of.
    Send {
        /// They, in the form of [`hex`](super::hex).
        bytes: String,
    },
    /// A link takes longer, or passes less; what it has on the wire already comes as it was sent.
    SlowDown {
        /// In which direction.
        #[serde(default)]
        way: Ways,
        /// How long its way takes now; `None` as the scenario has it.
        #[serde(default)]
        latency: Option<Micros>,
        /// How many bits a second pass now; `None` as the scenario has it.
        #[serde(default)]
        bandwidth: Option<u64>,
    },
    /// A link is again as the scenario has it.
    SpeedUp {
        /// In which direction.
        #[serde(default)]
        way: Ways,
    },
}

impl Act {
    /// What a scenario's text calls it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Disconnect { .. } => "disconnect",
            Self::Publish(_) => "publish",
            Self::Subscribe { .. } => "subscribe",
            Self::Unsubscribe { .. } => "unsubscribe",
            Self::Crash { .. } => "crash",
            Self::PowerOff => "power-off",
            Self::Restart { .. } => "restart",
            Self::Cut { .. } => "cut",
            Self::Heal => "heal",
            Self::Stall { .. } => "stall",
            Self::Release { .. } => "release",
            Self::Reset => "reset",
            Self::Close => "close",
            Self::Refuse => "refuse",
            Self::Accept => "accept",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Sleep => "sleep",
            Self::Wake => "wake",
            Self::Send { .. } => "send",
            Self::SlowDown { .. } => "slow-down",
            Self::SpeedUp { .. } => "speed-up",
        }
    }

    /// Whether it is for such a participant: number 0 is the broker. What says nothing is for nobody.
    pub(crate) fn is_for(&self, who: ParticipantId) -> bool {
        match self {
            Self::Crash { .. } | Self::PowerOff | Self::Restart { .. } | Self::Publish(_) => true,
            Self::Refuse | Self::Accept => who == 0,
            Self::SlowDown {
                latency: None,
                bandwidth: None,
                ..
            } => false,
            Self::Connect
            | Self::Disconnect { .. }
            | Self::Subscribe { .. }
            | Self::Unsubscribe { .. }
            | Self::Cut { .. }
            | Self::Heal
            | Self::Stall { .. }
            | Self::Release { .. }
            | Self::Reset
            | Self::Close
            | Self::Pause
            | Self::Resume
            | Self::Sleep
            | Self::Wake
            | Self::Send { .. }
            | Self::SlowDown { .. }
            | Self::SpeedUp { .. } => who != 0,
        }
    }
}

/// How a system ends the connections of a process that is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// In order.
    #[default]
    Fin,
    /// By resetting them.
    Rst,
}

/// What a restarted participant finds of its earlier life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Memory {
    /// What it had put on its disk.
    #[default]
    Kept,
    /// Nothing.
    Lost,
}

/// Directions of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Ways {
    /// Towards the broker.
    Up,
    /// Towards the client.
    Down,
    /// Both.
    #[default]
    Both,
}
