//! Encoded PUBLISHes: one for all receivers that get the same bytes, or one for a single receiver.

use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::broker::conn::{Alias, Conn};
use crate::broker::message::{Delivery, Incoming, Message, expiry_left};
use crate::broker::shard::Letter;
use crate::codec::encode_publish_head;
use crate::frame::{Frame, Patch};
use crate::id::PacketId;
use crate::packet::{Publish, QoS, Version};
use crate::properties::{Properties, Property, PropertyList};
use crate::time::Instant;

/// Payloads up to this length are copied into each frame; larger ones stay apart.
const COPIED_MAX: usize = 2_048;

/// One message, encoded once for each kind of receiver: version, QoS and RETAIN.
#[derive(Clone, Debug, Default)]
pub(super) struct Layouts {
    bytes: Vec<u8>,
    /// A bit for each kind that has been made.
    made: u16,
    kinds: [Layout; 12],
    /// The payload, where it stays apart.
    apart: Option<Bytes>,
    /// The message as other shards have it, once one has.
    pub(super) letter: Option<Arc<Letter>>,
    /// How often it has come back from members of a shared subscription in other shards.
    pub(super) returned: u8,
}

/// What receivers have in common that get the same bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    version: Version,
    qos: QoS,
    retain: bool,
}

impl Kind {
    #[inline]
    pub(super) const fn new(version: Version, qos: QoS, retain: bool) -> Self {
        Self {
            version,
            qos,
            retain,
        }
    }

    #[inline]
    fn index(self) -> usize {
        usize::from(self.version == Version::V5) * 6
            + usize::from(self.qos.number()) * 2
            + usize::from(self.retain)
    }
}

/// Where in [`Layouts`] the bytes for one [`Kind`] are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Layout {
    start: u32,
    end: u32,
    /// Where the Packet Identifier goes, from `start` on; 0 for none.
    patch_at: u32,
}

impl Layouts {
    /// Forgets the message and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.made = 0;
        self.apart = None;
        self.letter = None;
    }

    /// The payload as shared bytes, copied at most once.
    pub(super) fn shared_payload(&mut self, incoming: &Incoming<'_>) -> Bytes {
        match &self.apart {
            Some(payload) => payload.clone(),
            None => {
                let payload = match &self.letter {
                    Some(letter) => letter.payload.clone(),
                    None => Bytes::copy_from_slice(incoming.payload),
                };
                if payload.len() > COPIED_MAX {
                    self.apart = Some(payload.clone());
                }
                payload
            }
        }
    }

    /// The bytes for receivers of this kind.
    #[inline]
    pub(super) fn layout(&mut self, incoming: &Incoming<'_>, now: Instant, kind: Kind) -> Layout {
        let index = kind.index();
        if self.made & (1 << index) == 0 {
            self.make(incoming, now, kind);
        }
        self.kinds[index]
    }

    /// How many they are.
    #[inline]
    pub(super) fn len(&self, layout: Layout) -> u64 {
        let apart = self.apart.as_ref().map_or(0, Bytes::len);
        u64::from(layout.end - layout.start) + apart as u64
    }

    /// They, for one of these receivers.
    #[inline(always)]
    pub(super) fn frame(&self, layout: Layout, packet_id: Option<PacketId>) -> Frame<'_> {
        let patch = packet_id.map(|packet_id| Patch {
            at: layout.patch_at as usize,
            packet_id,
            dup: false,
        });
        let head = &self.bytes[layout.start as usize..layout.end as usize];
        Frame::encoded(head, patch, self.apart.as_ref())
    }

    #[inline(never)]
    fn make(&mut self, incoming: &Incoming<'_>, now: Instant, kind: Kind) {
        let mut expiry = PropertyList::new();
        if let Some(at) = incoming.expires_at {
            expiry.push(Property::MessageExpiryInterval(expiry_left(now, at)));
        }
        let payload = incoming.payload;
        let publish = Publish {
            dup: false,
            qos: kind.qos,
            retain: kind.retain,
            topic: incoming.topic,
            packet_id: None,
            properties: Properties::from_checked(incoming.properties),
            payload,
        };
        let start = self.bytes.len();
        let (properties, version) = (expiry.properties(), kind.version);
        let patch_at = encode_publish_head(&publish, properties, version, &mut self.bytes);
        if payload.len() <= COPIED_MAX {
            self.bytes.extend_from_slice(payload);
        } else {
            self.shared_payload(incoming);
        }
        self.kinds[kind.index()] = Layout {
            start: start as u32,
            end: self.bytes.len() as u32,
            patch_at: patch_at.unwrap_or(0) as u32,
        };
        self.made |= 1 << kind.index();
    }
}

/// One message for one receiver: what differs from the shared layout is in here.
pub(super) struct Single<'a> {
    pub(super) topic: &'a Arc<str>,
    pub(super) payload: &'a [u8],
    /// The same payload, if it is stored.
    pub(super) stored: Option<&'a Bytes>,
    pub(super) properties: &'a [u8],
    pub(super) expires_at: Option<Instant>,
    pub(super) identifiers: &'a [u32],
    pub(super) qos: QoS,
    pub(super) retain: bool,
}

impl<'a> Single<'a> {
    pub(super) fn of_delivery(message: &'a Message, delivery: &'a Delivery) -> Self {
        Self {
            topic: &message.topic,
            payload: &message.payload,
            stored: Some(&message.payload),
            properties: message.properties(),
            expires_at: message.expires_at(),
            identifiers: delivery.identifiers(),
            qos: delivery.qos,
            retain: delivery.retain,
        }
    }

    pub(super) fn of_incoming(
        incoming: &Incoming<'a>,
        identifiers: &'a [u32],
        qos: QoS,
        retain: bool,
    ) -> Self {
        Self {
            topic: incoming.topic,
            payload: incoming.payload,
            stored: None,
            properties: incoming.properties,
            expires_at: incoming.expires_at,
            identifiers,
            qos,
            retain,
        }
    }

    /// Encodes all but a payload that stays apart, for `conn`, whose Topic Aliases it uses and learns. Says where the
    /// Packet Identifier goes; `None` when the packet is larger than the client accepts. [MQTT-3.1.2-24]
    pub(super) fn encode(
        &self,
        conn: &mut Conn,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Option<Option<usize>> {
        out.clear();
        let mut own = PropertyList::new();
        let mut alias = Alias::None;
        if conn.version == Version::V5 {
            if let Some(v5) = &conn.v5 {
                alias = v5.aliases.find(self.topic);
            }
            self.push_properties(alias, now, &mut own);
        }
        let topic = match alias {
            Alias::None | Alias::New(_) => &**self.topic,
            Alias::Known(_) => "",
        };
        let publish = Publish {
            dup: false,
            qos: self.qos,
            retain: self.retain,
            topic,
            packet_id: None,
            properties: Properties::from_checked(self.properties),
            payload: self.payload,
        };
        let patch_at = encode_publish_head(&publish, own.properties(), conn.version, out);
        if out.len() + self.payload.len() > conn.packet_size_max as usize {
            return None;
        }
        if self.apart().is_none() {
            out.extend_from_slice(self.payload);
        }
        if let (Alias::New(alias), Some(v5)) = (alias, &mut conn.v5) {
            v5.aliases.learn(self.topic, alias);
        }
        Some(patch_at)
    }

    /// The payload, where it stays apart.
    pub(super) fn apart(&self) -> Option<&'a Bytes> {
        self.stored.filter(|payload| payload.len() > COPIED_MAX)
    }

    fn push_properties(&self, alias: Alias, now: Instant, own: &mut PropertyList) {
        if let Some(at) = self.expires_at {
            own.push(Property::MessageExpiryInterval(expiry_left(now, at)));
        }
        match alias {
            Alias::None => {}
            Alias::New(alias) | Alias::Known(alias) => own.push(Property::TopicAlias(alias)),
        }
        for &identifier in self.identifiers {
            own.push(Property::SubscriptionIdentifier(identifier));
        }
    }
}
