//! Rules of the network: what they look at, and what they say about it.

use mqttlab_core::packet::PacketType;
use serde::{Deserialize, Serialize};

use super::Ways;
use crate::view::{Micros, ParticipantId};

/// The most `[[rule]]` in a scenario.
pub const RULES_MAX: usize = 100;

/// What happens to some of what is sent. Of all rules of a link the first that fits decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The clients whose links it is for; all for none.
    pub who: Vec<ParticipantId>,
    /// In which direction.
    pub way: Ways,
    /// For what is sent from here on.
    pub from: Micros,
    /// For what is sent before; to the end for `None`.
    pub by: Option<Micros>,
    /// What it looks at.
    pub what: Traffic,
    /// Only the one with this number of those that fit, from 1, counted for each link over all its connections.
    pub nth: Option<u32>,
    /// Only this share of them, in parts of [`WHOLE`](super::WHOLE).
    pub share: Option<u32>,
    /// What it says.
    pub verdict: Verdict,
}

/// What a rule looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Traffic {
    /// Segments of TCP: all, or those of a kind.
    Segments(Option<SegmentKind>),
    /// MQTT packets, which no network on TCP can tell apart: all, or those of a type, and of them those with a topic
    /// that matches.
    Packets(Option<PacketType>, Option<String>),
}

/// Kinds of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SegmentKind {
    /// The first of a connection.
    Syn,
    /// The answer to it.
    SynAck,
    /// The answer to that, without data.
    Ack,
    /// With bytes of packets in it.
    Data,
    /// The end of a stream.
    Fin,
    /// A reset.
    Rst,
}

/// What a rule says about what it fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It goes on, and no later rule is asked.
    Deliver,
    /// It is lost. TCP sends segments again, and asks the rules again each time.
    Lose,
    /// It takes so much longer, and so does all behind it.
    Delay(Micros),
    /// The way stalls with it, until `release`.
    Stall,
    /// The cable is pulled with it on it, in this direction, until `heal`.
    Cut,
    /// The connection is reset in place of it, at both ends.
    Reset,
    /// A SYN is answered with RST, as if nobody listened.
    Refuse,
}

impl Rule {
    /// Whether its link, its direction and its time fit.
    pub(crate) fn is_for(&self, who: ParticipantId, is_up: bool, at: Micros) -> bool {
        let way = match self.way {
            Ways::Both => true,
            Ways::Up => is_up,
            Ways::Down => !is_up,
        };
        let whose = self.who.is_empty() || self.who.contains(&who);
        whose && way && at >= self.from && self.by.is_none_or(|by| at < by)
    }
}

impl Verdict {
    /// Whether it is about more than what it was said of.
    pub(crate) const fn is_for_the_link(self) -> bool {
        match self {
            Self::Stall | Self::Cut | Self::Reset | Self::Refuse => true,
            Self::Deliver | Self::Lose | Self::Delay(_) => false,
        }
    }
}

impl SegmentKind {
    /// As it is shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Syn => "SYN",
            Self::SynAck => "SYN-ACK",
            Self::Ack => "ACK",
            Self::Data => "DATA",
            Self::Fin => "FIN",
            Self::Rst => "RST",
        }
    }
}
