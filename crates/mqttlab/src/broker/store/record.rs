//! Changes as bytes.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use mqttlab_core::broker::{Change, DeliveryRef, MessageRef, PassportRef, WillRef};
use mqttlab_core::id::PacketId;
use mqttlab_core::packet::{QoS, SubscriptionOptions};
use mqttlab_core::time::Instant;
use serde::{Deserialize, Serialize, Serializer};

use super::super::bans::{Ban, Whom};
use super::batch::Batch;

/// A [`Change`] as it is written, and what is kept beside the broker's state. The order of the variants is part of the form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Record<'a> {
    SessionStarted(&'a str, #[serde(borrow)] Option<&'a str>, u32),
    SessionExpiry(&'a str, u32, Option<Instant>),
    SessionEnded(&'a str),
    Subscribed(&'a str, &'a str, SubscriptionOptions, u32),
    Unsubscribed(&'a str, &'a str),
    Queued(
        &'a str,
        #[serde(borrow)] Message<'a>,
        #[serde(borrow)] Delivery<'a>,
    ),
    Sent(&'a str, u64, PacketId),
    Dropped(&'a str, u64),
    Released(&'a str, PacketId),
    Completed(&'a str, PacketId),
    Received(&'a str, PacketId),
    ReceiveCompleted(&'a str, PacketId),
    Retained(#[serde(borrow)] Message<'a>),
    RetainedRemoved(&'a str),
    WillSet(&'a str, #[serde(borrow)] Will<'a>),
    WillRemoved(&'a str),
    /// As `Queued`, with the message of the last record that had one: one body for all who wait for it.
    QueuedSame(&'a str, #[serde(borrow)] Delivery<'a>),
    Banned(Cow<'a, Whom>, Cow<'a, Ban>),
    BanLifted(Cow<'a, Whom>),
    PassedOn(&'a str, PacketId, u64, u16),
    Heard(u16, u16, u16, u64),
    /// As `Queued`, with the message that had this number when one had it last.
    QueuedKnown(&'a str, u64, #[serde(borrow)] Delivery<'a>),
    /// As `SessionStarted`, with what the driver wrote.
    SessionStartedWith(&'a str, #[serde(borrow)] Passport<'a>, u32),
    SessionOwner(&'a str, #[serde(borrow)] Passport<'a>),
    /// As `Retained`, with what the publisher came in with.
    RetainedFrom(#[serde(borrow)] Message<'a>, #[serde(borrow)] Passport<'a>),
}

/// The User Name, and what the driver wrote.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Passport<'a> {
    #[serde(borrow)]
    user_name: Option<&'a str>,
    #[serde(serialize_with = "at_once")]
    stamp: &'a [u8],
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Message<'a> {
    number: u64,
    publisher: &'a str,
    topic: &'a str,
    #[serde(serialize_with = "at_once")]
    payload: &'a [u8],
    qos: QoS,
    retain: bool,
    #[serde(serialize_with = "at_once")]
    properties: &'a [u8],
    expires_at: Option<Instant>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Delivery<'a> {
    qos: QoS,
    retain: bool,
    identifiers: Cow<'a, [u32]>,
    share: &'a str,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Will<'a> {
    topic: &'a str,
    #[serde(serialize_with = "at_once")]
    payload: &'a [u8],
    qos: QoS,
    retain: bool,
    #[serde(serialize_with = "at_once")]
    properties: &'a [u8],
    expiry_s: Option<u32>,
    delay_s: u32,
}

/// The same as byte after byte, and faster.
fn at_once<S: Serializer>(bytes: &&[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

/// Writes changes, each message body once for all that follow each other, or for all.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    /// The message of the last record that had one.
    last: Option<u64>,
    /// All messages that records had, where those are known.
    known: Option<BTreeSet<u64>>,
}

impl Encoder {
    /// One that writes each body once and no more: for a state, which tells of the same message session by session.
    pub(super) fn of_state() -> Self {
        Self {
            last: None,
            known: Some(BTreeSet::new()),
        }
    }

    /// Puts a change behind those that are there.
    pub(super) fn encode(&mut self, change: &Change<'_>, batch: &mut Batch) {
        let record = match *change {
            Change::Queued {
                client_id,
                message,
                delivery,
            } if self.last == Some(message.number) => {
                Record::QueuedSame(client_id, delivery.into())
            }
            Change::Queued {
                client_id,
                message,
                delivery,
            } if self.knows(message.number) => {
                Record::QueuedKnown(client_id, message.number, delivery.into())
            }
            other => Record::from(other),
        };
        if let Some(message) = record.message() {
            self.last = Some(message.number);
            if let Some(known) = &mut self.known {
                known.insert(message.number);
            }
        }
        batch.push(&record);
    }

    fn knows(&self, number: u64) -> bool {
        self.known
            .as_ref()
            .is_some_and(|known| known.contains(&number))
    }
}

/// Reads them again.
#[derive(Debug, Default)]
pub(super) struct Decoder<'a> {
    last: Option<Message<'a>>,
    known: BTreeMap<u64, Message<'a>>,
}

impl<'a> Decoder<'a> {
    /// Others may have been written since the last record.
    pub(super) fn forget_last(&mut self) {
        self.last = None;
    }

    /// The record that is in these bytes; `None` where they are none.
    pub(super) fn decode(&mut self, bytes: &'a [u8]) -> Option<Record<'a>> {
        let record: Record<'a> = postcard::from_bytes(bytes).ok()?;
        if let Some(message) = record.message() {
            self.last = Some(message.clone());
            self.known.insert(message.number, message.clone());
        }
        match record {
            Record::QueuedSame(client_id, delivery) => {
                Some(Record::Queued(client_id, self.last.clone()?, delivery))
            }
            Record::QueuedKnown(client_id, number, delivery) => {
                let message = self.known.get(&number)?.clone();
                Some(Record::Queued(client_id, message, delivery))
            }
            other => Some(other),
        }
    }
}

impl<'a> From<Change<'a>> for Record<'a> {
    fn from(change: Change<'a>) -> Self {
        match change {
            Change::SessionStarted {
                client_id,
                passport,
                expiry_s,
            } => Self::started(client_id, passport, expiry_s),
            Change::SessionOwner {
                client_id,
                passport,
            } => Self::SessionOwner(client_id, passport.into()),
            Change::SessionExpiry {
                client_id,
                expiry_s,
                ends_at,
            } => Self::SessionExpiry(client_id, expiry_s, ends_at),
            Change::SessionEnded { client_id } => Self::SessionEnded(client_id),
            Change::Subscribed {
                client_id,
                filter,
                options,
                identifier,
            } => Self::Subscribed(client_id, filter, options, identifier),
            Change::Unsubscribed { client_id, filter } => Self::Unsubscribed(client_id, filter),
            Change::Queued {
                client_id,
                message,
                delivery,
            } => Self::Queued(client_id, message.into(), delivery.into()),
            Change::Sent {
                client_id,
                number,
                packet_id,
            } => Self::Sent(client_id, number, packet_id),
            Change::Dropped { client_id, number } => Self::Dropped(client_id, number),
            Change::Released {
                client_id,
                packet_id,
            } => Self::Released(client_id, packet_id),
            Change::Completed {
                client_id,
                packet_id,
            } => Self::Completed(client_id, packet_id),
            Change::Received {
                client_id,
                packet_id,
            } => Self::Received(client_id, packet_id),
            Change::ReceiveCompleted {
                client_id,
                packet_id,
            } => Self::ReceiveCompleted(client_id, packet_id),
            Change::Retained { message } => Self::retained(message),
            Change::RetainedRemoved { topic } => Self::RetainedRemoved(topic),
            Change::WillSet { client_id, will } => Self::WillSet(client_id, will.into()),
            Change::WillRemoved { client_id } => Self::WillRemoved(client_id),
            Change::PassedOn {
                client_id,
                packet_id,
                number,
                of,
            } => Self::PassedOn(client_id, packet_id, number, of),
            Change::Heard {
                of,
                to,
                from,
                number,
            } => Self::Heard(of, to, from, number),
        }
    }
}

impl<'a> Record<'a> {
    /// As earlier versions wrote it, where that is enough.
    fn started(client_id: &'a str, passport: PassportRef<'a>, expiry_s: u32) -> Self {
        match passport.stamp {
            [] => Self::SessionStarted(client_id, passport.user_name, expiry_s),
            _ => Self::SessionStartedWith(client_id, passport.into(), expiry_s),
        }
    }

    /// As earlier versions wrote it, where no more is known.
    fn retained(message: MessageRef<'a>) -> Self {
        match message.passport {
            None => Self::Retained(message.into()),
            Some(passport) => Self::RetainedFrom(message.into(), passport.into()),
        }
    }

    /// Puts its bytes behind what is there.
    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        let encoded = postcard::to_extend(self, mem::take(bytes));
        *bytes = encoded.expect("records are data of known length");
    }

    /// The message with its body, where there is one.
    fn message(&self) -> Option<&Message<'a>> {
        if let Self::Queued(_, message, _)
        | Self::Retained(message)
        | Self::RetainedFrom(message, _) = self
        {
            Some(message)
        } else {
            None
        }
    }

    /// The change; `None` for what only [`Decoder`] can complete, and for what is not the broker's.
    pub(super) fn change(&self) -> Option<Change<'_>> {
        Some(match *self {
            Self::SessionStarted(id, name, expiry_s) => {
                Passport::of_user(name).started(id, expiry_s)
            }
            Self::SessionStartedWith(id, passport, expiry_s) => passport.started(id, expiry_s),
            Self::SessionOwner(client_id, passport) => passport.owns(client_id),
            Self::SessionExpiry(client_id, expiry_s, ends_at) => Change::SessionExpiry {
                client_id,
                expiry_s,
                ends_at,
            },
            Self::SessionEnded(client_id) => Change::SessionEnded { client_id },
            Self::Subscribed(client_id, filter, options, identifier) => Change::Subscribed {
                client_id,
                filter,
                options,
                identifier,
            },
            Self::Unsubscribed(client_id, filter) => Change::Unsubscribed { client_id, filter },
            Self::Queued(client_id, ref message, ref delivery) => Change::Queued {
                client_id,
                message: message.borrowed(),
                delivery: delivery.borrowed(),
            },
            Self::Sent(client_id, number, packet_id) => Change::Sent {
                client_id,
                number,
                packet_id,
            },
            Self::Dropped(client_id, number) => Change::Dropped { client_id, number },
            Self::Released(client_id, packet_id) => Change::Released {
                client_id,
                packet_id,
            },
            Self::Completed(client_id, packet_id) => Change::Completed {
                client_id,
                packet_id,
            },
            Self::Received(client_id, packet_id) => Change::Received {
                client_id,
                packet_id,
            },
            Self::ReceiveCompleted(client_id, packet_id) => Change::ReceiveCompleted {
                client_id,
                packet_id,
            },
            Self::Retained(ref message) => message.retained(None),
            Self::RetainedFrom(ref message, passport) => message.retained(Some(passport)),
            Self::RetainedRemoved(topic) => Change::RetainedRemoved { topic },
            Self::WillSet(client_id, ref will) => Change::WillSet {
                client_id,
                will: will.borrowed(),
            },
            Self::WillRemoved(client_id) => Change::WillRemoved { client_id },
            Self::PassedOn(client_id, packet_id, number, of) => Change::PassedOn {
                client_id,
                packet_id,
                number,
                of,
            },
            Self::Heard(of, to, from, number) => Change::Heard {
                of,
                to,
                from,
                number,
            },
            Self::QueuedSame(..) | Self::QueuedKnown(..) => return None,
            Self::Banned(..) | Self::BanLifted(_) => return None,
        })
    }
}

impl<'a> From<MessageRef<'a>> for Message<'a> {
    fn from(message: MessageRef<'a>) -> Self {
        Self {
            number: message.number,
            publisher: message.publisher,
            topic: message.topic,
            payload: message.payload,
            qos: message.qos,
            retain: message.retain,
            properties: message.properties,
            expires_at: message.expires_at,
        }
    }
}

impl Message<'_> {
    fn retained<'a>(&'a self, passport: Option<Passport<'a>>) -> Change<'a> {
        let message = MessageRef {
            passport: passport.map(Passport::borrowed),
            ..self.borrowed()
        };
        Change::Retained { message }
    }

    fn borrowed(&self) -> MessageRef<'_> {
        MessageRef {
            number: self.number,
            publisher: self.publisher,
            passport: None,
            topic: self.topic,
            payload: self.payload,
            qos: self.qos,
            retain: self.retain,
            properties: self.properties,
            expires_at: self.expires_at,
        }
    }
}

impl<'a> From<PassportRef<'a>> for Passport<'a> {
    fn from(passport: PassportRef<'a>) -> Self {
        let PassportRef { user_name, stamp } = passport;
        Self { user_name, stamp }
    }
}

impl<'a> Passport<'a> {
    fn of_user(user_name: Option<&'a str>) -> Self {
        let stamp = &[];
        Self { user_name, stamp }
    }

    fn started(self, client_id: &'a str, expiry_s: u32) -> Change<'a> {
        Change::SessionStarted {
            client_id,
            passport: self.borrowed(),
            expiry_s,
        }
    }

    fn owns(self, client_id: &'a str) -> Change<'a> {
        Change::SessionOwner {
            client_id,
            passport: self.borrowed(),
        }
    }

    fn borrowed(self) -> PassportRef<'a> {
        let Self { user_name, stamp } = self;
        PassportRef { user_name, stamp }
    }
}

impl<'a> From<DeliveryRef<'a>> for Delivery<'a> {
    fn from(delivery: DeliveryRef<'a>) -> Self {
        Self {
            qos: delivery.qos,
            retain: delivery.retain,
            identifiers: delivery.identifiers.into(),
            share: delivery.share,
        }
    }
}

impl Delivery<'_> {
    fn borrowed(&self) -> DeliveryRef<'_> {
        DeliveryRef {
            qos: self.qos,
            retain: self.retain,
            identifiers: &self.identifiers,
            share: self.share,
        }
    }
}

impl<'a> From<WillRef<'a>> for Will<'a> {
    fn from(will: WillRef<'a>) -> Self {
        Self {
            topic: will.topic,
            payload: will.payload,
            qos: will.qos,
            retain: will.retain,
            properties: will.properties,
            expiry_s: will.expiry_s,
            delay_s: will.delay_s,
        }
    }
}

impl Will<'_> {
    fn borrowed(&self) -> WillRef<'_> {
        WillRef {
            topic: self.topic,
            payload: self.payload,
            qos: self.qos,
            retain: self.retain,
            properties: self.properties,
            expiry_s: self.expiry_s,
            delay_s: self.delay_s,
        }
    }
}
