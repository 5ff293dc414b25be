//! A message on its way from one shard to others.

use alloc::boxed::Box;
use alloc::sync::Arc;

use bytes::Bytes;

use super::once::Again;
use crate::broker::message::Incoming;
use crate::broker::passport::Source;
use crate::packet::QoS;
use crate::time::Instant;

/// An application message for sessions of other shards. Whoever keeps it shares its text and payload.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(in crate::broker) struct Letter {
    pub(in crate::broker) number: u64,
    pub(in crate::broker) source: Source,
    pub(in crate::broker) topic: Arc<str>,
    pub(in crate::broker) payload: Bytes,
    pub(in crate::broker) qos: QoS,
    /// It was published with RETAIN.
    pub(in crate::broker) retain: bool,
    /// It takes the place of the topic's retained message: its publisher's shard had room for it.
    pub(in crate::broker) keep: bool,
    /// It is a QoS 2 message of a session that outlives a crash, which may repeat it.
    pub(in crate::broker) is_once: bool,
    /// It is told again, after a crash.
    pub(in crate::broker) again: Option<Again>,
    /// The 5.0 properties that are forwarded, as on the wire.
    pub(in crate::broker) properties: Box<[u8]>,
    pub(in crate::broker) expires_at: Option<Instant>,
}

impl Letter {
    /// What it takes up.
    pub(in crate::broker) fn size(&self) -> u64 {
        let texts = self.source.client_id.len() + self.topic.len() + self.properties.len();
        (texts + self.payload.len() + size_of::<Self>()) as u64 + self.source.size()
    }

    /// The message as it comes to a shard's own sessions.
    pub(in crate::broker) fn incoming(&self) -> Incoming<'_> {
        Incoming {
            number: self.number,
            publisher: None,
            source: Some(&self.source),
            topic: &self.topic,
            payload: &self.payload,
            qos: self.qos,
            retain: self.retain,
            properties: &self.properties,
            expires_at: self.expires_at,
        }
    }
}
