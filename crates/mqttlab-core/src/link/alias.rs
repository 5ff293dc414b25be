//! Topic Aliases that a peer of 5.0 sends (section 3.3.2.3.4).

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use crate::clause::Clause;
use crate::codec::{Limits, TopicAlias};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::packet::{PacketType, Side, Version};
use crate::reason::ReasonCode;

/// What each alias of this connection and direction stands for; it ends with the connection. [MQTT-3.3.2-7]
#[derive(Clone, Debug, Default)]
pub(super) struct Aliases {
    topics: BTreeMap<u16, Box<str>>,
    /// How long all topics are together.
    bytes: usize,
}

impl Aliases {
    /// The Topic Name of a PUBLISH with this alias: the one that it has, which is kept, or else the one kept before.
    pub(super) fn resolve<'p>(
        table: &'p mut Option<Box<Self>>,
        topic: &'p str,
        TopicAlias { alias, at }: TopicAlias,
        side: Side,
        limits: &Limits,
    ) -> Result<&'p str, DecodeError> {
        if alias > limits.topic_alias_max {
            let clause = match side {
                Side::Server => Clause::V5_3_3_2_9,
                Side::Client => Clause::V5_3_3_2_11,
            };
            return Err(error(
                DecodeErrorKind::TopicAliasRange,
                at,
                Some(clause),
                ReasonCode::TopicAliasInvalid,
            ));
        }
        if topic.is_empty() {
            let kept = table.as_ref().and_then(|table| table.topics.get(&alias));
            return kept.map(|topic| &**topic).ok_or_else(|| {
                error(
                    DecodeErrorKind::TopicAliasUnknown,
                    at,
                    Some(Clause::V5_4_13_1_1),
                    ReasonCode::ProtocolError,
                )
            });
        }
        let table = table.get_or_insert_default();
        if !table.keep(alias, topic, limits.topic_alias_bytes_max) {
            return Err(error(
                DecodeErrorKind::TopicAliasMemory,
                at,
                None,
                ReasonCode::QuotaExceeded,
            ));
        }
        Ok(topic)
    }

    /// Keeps `topic` for `alias`; false if that is too much.
    fn keep(&mut self, alias: u16, topic: &str, bytes_max: u32) -> bool {
        let old = self.topics.get(&alias);
        if old.is_some_and(|old| **old == *topic) {
            return true;
        }
        let bytes = self.bytes - old.map_or(0, |old| old.len()) + topic.len();
        if bytes > bytes_max as usize {
            return false;
        }
        self.bytes = bytes;
        self.topics.insert(alias, Box::from(topic));
        true
    }

    /// About how many bytes it takes.
    pub(super) fn memory(&self) -> usize {
        size_of::<Self>() + self.bytes + self.topics.len() * size_of::<(u16, Box<str>)>()
    }
}

fn error(
    kind: DecodeErrorKind,
    at: usize,
    clause: Option<Clause>,
    reason: ReasonCode,
) -> DecodeError {
    DecodeError {
        kind,
        packet: Some(PacketType::Publish),
        version: Some(Version::V5),
        at,
        clause,
        reason,
    }
}
