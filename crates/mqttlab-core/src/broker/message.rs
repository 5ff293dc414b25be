//! Messages that somebody waits for.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::broker::Identity;
use crate::broker::arena::{Arena, MessageKey, SessionKey};
use crate::broker::books::SHARED_TEXT;
use crate::broker::passport::{self, Source};
use crate::broker::persist::MessageRef;
use crate::packet::QoS;
use crate::properties::{Properties, Property, PropertyList};
use crate::time::{Duration, Instant};

/// What the books of a stored message cost beside its text and payload.
const OVERHEAD: u64 = 128;

/// A message on its way through the broker, not yet anybody's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incoming<'a> {
    pub(super) number: u64,
    /// Whose session it comes from; none for the broker's own and for wills of sessions that are over.
    pub(super) publisher: Option<SessionKey>,
    /// The publisher, where its session may be over.
    pub(super) source: Option<&'a Source>,
    pub(super) topic: &'a Arc<str>,
    pub(super) payload: &'a [u8],
    pub(super) qos: QoS,
    pub(super) retain: bool,
    /// Those that are forwarded, as on the wire.
    pub(super) properties: &'a [u8],
    pub(super) expires_at: Option<Instant>,
}

/// An application message that a session, or the future, waits for. It is stored once, whoever waits.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) number: u64,
    pub(super) source: Source,
    pub(super) topic: Arc<str>,
    pub(super) payload: Bytes,
    rare: Option<Box<Rare>>,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    /// What its publisher came in with is known: stores of earlier versions do not say it.
    is_source_known: bool,
    /// That counts in the books, for it may be the last that keeps it. What a message takes up there never changes.
    counts_source: bool,
    /// How many wait for it.
    holders: u32,
}

/// What most messages do not have.
#[derive(Clone, Debug)]
struct Rare {
    properties: Box<[u8]>,
    expires_at: Option<Instant>,
}

impl Message {
    /// A copy of its own.
    pub(super) fn new(incoming: &Incoming<'_>, source: Source, payload: Bytes) -> Self {
        Self {
            number: incoming.number,
            source,
            topic: incoming.topic.clone(),
            payload,
            rare: Rare::new(incoming.properties, incoming.expires_at),
            qos: incoming.qos,
            retain: incoming.retain,
            is_source_known: true,
            counts_source: true,
            holders: 0,
        }
    }

    /// Who is to be asked about, before it is passed on as a retained message: nobody where it is the broker's own, or its
    /// publisher is not known.
    pub(super) fn answerable(&self) -> Option<Identity<'_>> {
        let is_known = self.is_source_known && !self.source.client_id.is_empty();
        is_known.then(|| self.source.identity())
    }

    /// The 5.0 properties that are forwarded, as on the wire.
    pub(super) fn properties(&self) -> &[u8] {
        self.rare.as_ref().map_or(&[], |rare| &rare.properties)
    }

    pub(super) fn expires_at(&self) -> Option<Instant> {
        self.rare.as_ref()?.expires_at
    }

    pub(super) fn size(&self) -> u64 {
        let size = Self::size_of(&self.topic, &self.payload, self.properties());
        if self.counts_source {
            size + self.source.size()
        } else {
            size
        }
    }

    /// What such a message takes up in the books, beside its source.
    pub(super) fn size_of(topic: &str, payload: &[u8], properties: &[u8]) -> u64 {
        (topic.len() + payload.len() + properties.len()) as u64 + OVERHEAD
    }

    pub(super) fn is_expired(&self, now: Instant) -> bool {
        self.expires_at().is_some_and(|at| at <= now)
    }

    pub(super) fn borrowed(&self) -> MessageRef<'_> {
        MessageRef {
            number: self.number,
            publisher: &self.source.client_id,
            passport: self
                .is_source_known
                .then(|| passport::read(self.source.passport.as_ref())),
            topic: &self.topic,
            payload: &self.payload,
            qos: self.qos,
            retain: self.retain,
            properties: self.properties(),
            expires_at: self.expires_at(),
        }
    }

    pub(super) fn from_ref(message: &MessageRef<'_>, source: Source) -> Self {
        Self {
            number: message.number,
            source,
            topic: message.topic.into(),
            payload: Bytes::copy_from_slice(message.payload),
            rare: Rare::new(message.properties, message.expires_at),
            qos: message.qos,
            retain: message.retain,
            is_source_known: message.passport.is_some(),
            counts_source: message.passport.is_some(),
            holders: 0,
        }
    }
}

impl Rare {
    fn new(properties: &[u8], expires_at: Option<Instant>) -> Option<Box<Self>> {
        let is_needed = !properties.is_empty() || expires_at.is_some();
        is_needed.then(|| {
            Box::new(Self {
                properties: properties.into(),
                expires_at,
            })
        })
    }
}

/// All messages that somebody waits for, each with the number of those who do.
#[derive(Clone, Debug)]
pub(super) struct Messages {
    arena: Arena<MessageKey, Message>,
    /// What counts here.
    bytes: u64,
    /// What does not, for it counts in other shards, which have the same messages.
    relief: u64,
}

impl Messages {
    pub(super) const fn new() -> Self {
        Self {
            arena: Arena::new(),
            bytes: 0,
            relief: 0,
        }
    }

    /// Takes in a message for one who waits.
    pub(super) fn insert(&mut self, message: Message) -> MessageKey {
        self.insert_for(message, 1)
    }

    /// Takes in a message for so many who wait.
    pub(super) fn insert_for(&mut self, mut message: Message, holders: u32) -> MessageKey {
        self.bytes += message.size();
        message.holders = holders;
        self.arena.insert(message)
    }

    /// One more waits for it.
    pub(super) fn hold(&mut self, key: MessageKey) {
        self.arena[key].holders += 1;
    }

    /// One fewer waits for it; after the last one it is gone.
    pub(super) fn release(&mut self, key: MessageKey) {
        self.release_times(key, 1);
    }

    /// So many fewer wait for it.
    pub(super) fn release_times(&mut self, key: MessageKey, times: u32) {
        let message = &mut self.arena[key];
        message.holders -= times;
        if message.holders == 0 {
            self.bytes -= message.size();
            self.arena.remove(key);
        }
    }

    pub(super) fn get(&self, key: MessageKey) -> &Message {
        &self.arena[key]
    }

    /// Whether the message with this number is at this place.
    pub(super) fn has(&self, key: MessageKey, number: u64) -> bool {
        self.arena
            .get(key)
            .is_some_and(|message| message.number == number)
    }

    /// The message at this place, if there still is one.
    pub(super) fn find(&self, key: MessageKey) -> Option<&Message> {
        self.arena.get(key)
    }

    /// It is known now whom this message comes from, if it was not.
    pub(super) fn set_source(&mut self, key: MessageKey, source: Source) {
        let message = &mut self.arena[key];
        if !message.is_source_known {
            message.source = source;
            message.is_source_known = true;
        }
    }

    /// Bytes of all of them, as far as they count here.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes of all of them.
    pub(super) fn bytes_in_all(&self) -> u64 {
        self.bytes + self.relief
    }

    /// From here on so many bytes do not count.
    pub(super) fn relieve(&mut self, bytes: u64) {
        self.bytes = self.bytes_in_all() - bytes;
        self.relief = bytes;
    }

    pub(super) fn len(&self) -> usize {
        self.arena.len()
    }

    /// Every message with the number of those who wait for it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (MessageKey, &Message, u32)> {
        self.arena
            .iter()
            .map(|(key, message)| (key, message, message.holders))
    }
}

/// One message for one session, waiting or in flight.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) message: MessageKey,
    /// QoS of this hop.
    pub(super) qos: QoS,
    /// RETAIN of this hop.
    pub(super) retain: bool,
    extra: Option<Box<Extra>>,
}

/// What most deliveries do not have.
#[derive(Clone, Debug)]
struct Extra {
    share: Option<Arc<str>>,
    identifiers: Box<[u32]>,
}

impl Delivery {
    pub(super) fn new(
        message: MessageKey,
        qos: QoS,
        retain: bool,
        identifiers: &[u32],
        share: Option<&Arc<str>>,
    ) -> Self {
        let extra = (share.is_some() || !identifiers.is_empty()).then(|| {
            Box::new(Extra {
                share: share.cloned(),
                identifiers: identifiers.into(),
            })
        });
        Self {
            message,
            qos,
            retain,
            extra,
        }
    }

    /// With nothing in it that most do not have.
    #[inline]
    pub(super) const fn plain(message: MessageKey, qos: QoS, retain: bool) -> Self {
        Self {
            message,
            qos,
            retain,
            extra: None,
        }
    }

    /// The shared subscription, `$share/…` and all, that chose this session.
    pub(super) fn share(&self) -> Option<&Arc<str>> {
        self.extra.as_ref()?.share.as_ref()
    }

    /// The Subscription Identifiers that go with it.
    pub(super) fn identifiers(&self) -> &[u32] {
        self.extra.as_ref().map_or(&[], |extra| &extra.identifiers)
    }
}

/// The properties of a PUBLISH, or of a will, sorted into those that are forwarded and those that mean something here.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// Forwarded unchanged and in their order. [MQTT-3.3.2-17] [MQTT-3.3.2-18]
    pub(super) forwarded: PropertyList,
    /// Message Expiry Interval in seconds.
    pub(super) expiry_s: Option<u32>,
    /// Will Delay Interval in seconds.
    pub(super) delay_s: u32,
    /// The payload says that it is UTF-8.
    pub(super) is_text: bool,
    /// A Subscription Identifier, which only a server may send.
    pub(super) has_identifier: bool,
}

impl Sorted {
    pub(super) fn new(properties: Properties<'_>) -> Self {
        let mut sorted = Self::default();
        for property in properties.iter() {
            sorted.add(property);
        }
        sorted
    }

    fn add(&mut self, property: Property<'_>) {
        match property {
            Property::MessageExpiryInterval(seconds) => self.expiry_s = Some(seconds),
            Property::WillDelayInterval(seconds) => self.delay_s = seconds,
            Property::SubscriptionIdentifier(_) => self.has_identifier = true,
            Property::TopicAlias(_) => {}
            Property::PayloadFormatIndicator(format) => {
                self.is_text = format == 1;
                self.forwarded.push(property);
            }
            Property::ContentType(_)
            | Property::ResponseTopic(_)
            | Property::CorrelationData(_)
            | Property::UserProperty(..) => self.forwarded.push(property),
            // The codec lets none of these into a PUBLISH or a will.
            Property::SessionExpiryInterval(_)
            | Property::AssignedClientIdentifier(_)
            | Property::ServerKeepAlive(_)
            | Property::AuthenticationMethod(_)
            | Property::AuthenticationData(_)
            | Property::RequestProblemInformation(_)
            | Property::RequestResponseInformation(_)
            | Property::ResponseInformation(_)
            | Property::ServerReference(_)
            | Property::ReasonString(_)
            | Property::ReceiveMaximum(_)
            | Property::TopicAliasMaximum(_)
            | Property::MaximumQoS(_)
            | Property::RetainAvailable(_)
            | Property::MaximumPacketSize(_)
            | Property::WildcardSubscriptionAvailable(_)
            | Property::SubscriptionIdentifierAvailable(_)
            | Property::SharedSubscriptionAvailable(_) => {}
        }
    }
}

/// When a message with this Message Expiry Interval expires.
pub(super) fn expires_at(now: Instant, expiry_s: Option<u32>) -> Option<Instant> {
    expiry_s.map(|seconds| now + Duration::from_secs(u64::from(seconds)))
}

/// The whole seconds that are left of a Message Expiry Interval, rounded up. [MQTT-3.3.2-6]
pub(super) fn expiry_left(now: Instant, expires_at: Instant) -> u32 {
    let left = expires_at.since(now);
    let seconds = left.as_secs() + u64::from(left.subsec_micros() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

/// A will, kept with its session.
#[derive(Clone, Debug)]
pub(super) struct Will {
    pub(super) topic: Arc<str>,
    pub(super) payload: Vec<u8>,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    pub(super) properties: Vec<u8>,
    pub(super) expiry_s: Option<u32>,
    pub(super) delay_s: u32,
    /// When it is published, after the connection ended.
    pub(super) due_at: Option<Instant>,
}

impl Will {
    /// What it takes up in the books.
    pub(super) fn memory(&self) -> u64 {
        let texts = self.topic.len() + self.payload.len() + self.properties.len();
        (size_of::<Self>() + SHARED_TEXT + texts) as u64
    }
}
