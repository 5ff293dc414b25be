//! The broker's disk: the changes of durable state that it was told to keep.
//!
//! A change that is written reaches the disk when it is synced: at once, unless the scenario says otherwise. Then the broker
//! acknowledges what a power failure takes away.

use std::sync::Arc;

use mqttlab_core::broker::{Broker, Change, DeliveryRef, MessageRef, PassportRef, WillRef};
use mqttlab_core::id::PacketId;
use mqttlab_core::packet::{QoS, SubscriptionOptions};
use mqttlab_core::time::Instant;
use serde::{Deserialize, Serialize};

/// With fewer records it is not worth it to write the disk anew.
const TIDY_MIN: usize = 256;

/// Everything on the disk, in the order of writing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    records: Vec<Arc<Record>>,
    tidy_at: usize,
    /// So many of the records are safe from a power failure.
    synced: usize,
}

impl Disk {
    pub(crate) fn write(&mut self, change: &Change<'_>) {
        self.records.push(Arc::new(Record::from(change)));
    }

    /// Writes the disk anew when most of what is on it is out of date.
    pub(crate) fn tidy<'a>(&mut self, brokers: impl Iterator<Item = &'a Broker>) {
        if self.records.len() < self.tidy_at.max(TIDY_MIN) {
            return;
        }
        self.records.clear();
        for broker in brokers {
            broker.snapshot(|change| self.records.push(Arc::new(Record::from(change))));
        }
        self.tidy_at = 2 * self.records.len();
        self.synced = self.records.len();
    }

    /// Everything that was written is safe now.
    pub(crate) fn sync(&mut self) {
        self.synced = self.records.len();
    }

    /// How many changes a power failure would take away.
    pub(crate) fn unsynced(&self) -> usize {
        self.records.len() - self.synced
    }

    /// The power fails. Says how many changes are lost.
    pub(crate) fn lose_unsynced(&mut self) -> usize {
        let lost = self.unsynced();
        self.records.truncate(self.synced);
        lost
    }

    pub(crate) fn changes(&self) -> impl Iterator<Item = Change<'_>> {
        self.records.iter().map(|record| record.change())
    }
}

/// What a change is about, as far as it names a client.
type ClientId = Box<str>;

/// A [`Change`] that owns what it says. The order of the variants is part of the form of recorded traffic.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Record {
    SessionStarted(ClientId, Passport, u32),
    SessionOwner(ClientId, Passport),
    SessionExpiry(ClientId, u32, Option<Instant>),
    SessionEnded(ClientId),
    Subscribed(ClientId, Box<str>, SubscriptionOptions, u32),
    Unsubscribed(ClientId, Box<str>),
    Queued(ClientId, Message, Delivery),
    Sent(ClientId, u64, PacketId),
    Dropped(ClientId, u64),
    Released(ClientId, PacketId),
    Completed(ClientId, PacketId),
    Received(ClientId, PacketId),
    ReceiveCompleted(ClientId, PacketId),
    Retained(Message),
    RetainedRemoved(Box<str>),
    WillSet(ClientId, Will),
    WillRemoved(ClientId),
    PassedOn(ClientId, PacketId, u64, u16),
    Heard(u16, u16, u16, u64),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    number: u64,
    publisher: Box<str>,
    passport: Option<Passport>,
    topic: Box<str>,
    payload: Box<[u8]>,
    qos: QoS,
    retain: bool,
    properties: Box<[u8]>,
    expires_at: Option<Instant>,
}

/// The User Name and what the driver wrote.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Passport(Option<Box<str>>, Box<[u8]>);

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Delivery {
    qos: QoS,
    retain: bool,
    identifiers: Box<[u32]>,
    share: Box<str>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Will {
    topic: Box<str>,
    payload: Box<[u8]>,
    qos: QoS,
    retain: bool,
    properties: Box<[u8]>,
    expiry_s: Option<u32>,
    delay_s: u32,
}

impl From<&Change<'_>> for Record {
    fn from(change: &Change<'_>) -> Self {
        match *change {
            Change::SessionStarted {
                client_id,
                passport,
                expiry_s,
            } => Self::SessionStarted(client_id.into(), passport.into(), expiry_s),
            Change::SessionOwner {
                client_id,
                passport,
            } => Self::SessionOwner(client_id.into(), passport.into()),
            Change::SessionExpiry {
                client_id,
                expiry_s,
                ends_at,
            } => Self::SessionExpiry(client_id.into(), expiry_s, ends_at),
            Change::SessionEnded { client_id } => Self::SessionEnded(client_id.into()),
            Change::Subscribed {
                client_id,
                filter,
                options,
                identifier,
            } => Self::Subscribed(client_id.into(), filter.into(), options, identifier),
            Change::Unsubscribed { client_id, filter } => {
                Self::Unsubscribed(client_id.into(), filter.into())
            }
            Change::Queued {
                client_id,
                message,
                delivery,
            } => Self::Queued(client_id.into(), message.into(), delivery.into()),
            Change::Sent {
                client_id,
                number,
                packet_id,
            } => Self::Sent(client_id.into(), number, packet_id),
            Change::Dropped { client_id, number } => Self::Dropped(client_id.into(), number),
            Change::Released {
                client_id,
                packet_id,
            } => Self::Released(client_id.into(), packet_id),
            Change::Completed {
                client_id,
                packet_id,
            } => Self::Completed(client_id.into(), packet_id),
            Change::Received {
                client_id,
                packet_id,
            } => Self::Received(client_id.into(), packet_id),
            Change::ReceiveCompleted {
                client_id,
                packet_id,
            } => Self::ReceiveCompleted(client_id.into(), packet_id),
            Change::Retained { message } => Self::Retained(message.into()),
            Change::RetainedRemoved { topic } => Self::RetainedRemoved(topic.into()),
            Change::WillSet { client_id, will } => Self::WillSet(client_id.into(), will.into()),
            Change::WillRemoved { client_id } => Self::WillRemoved(client_id.into()),
            Change::PassedOn {
                client_id,
                packet_id,
                number,
                of,
            } => Self::PassedOn(client_id.into(), packet_id, number, of),
            Change::Heard {
                of,
                to,
                from,
                number,
            } => Self::Heard(of, to, from, number),
        }
    }
}

impl Record {
    /// Alters the payload that it has, if any, and leaves out what a driver wrote for itself.
    #[cfg(feature = "traffic")]
    pub(crate) fn mask(&mut self, mask: &mut impl FnMut(&mut [u8])) {
        match self {
            Self::Queued(_, message, _) | Self::Retained(message) => {
                mask(&mut message.payload);
                if let Some(Passport(_, stamp)) = &mut message.passport {
                    *stamp = Box::default();
                }
            }
            Self::WillSet(_, will) => mask(&mut will.payload),
            Self::SessionStarted(_, Passport(_, stamp), _)
            | Self::SessionOwner(_, Passport(_, stamp)) => *stamp = Box::default(),
            Self::SessionExpiry(..)
            | Self::SessionEnded(_)
            | Self::Subscribed(..)
            | Self::Unsubscribed(..)
            | Self::Sent(..)
            | Self::Dropped(..)
            | Self::Released(..)
            | Self::Completed(..)
            | Self::Received(..)
            | Self::ReceiveCompleted(..)
            | Self::RetainedRemoved(_)
            | Self::WillRemoved(_)
            | Self::PassedOn(..)
            | Self::Heard(..) => {}
        }
    }

    pub(crate) fn change(&self) -> Change<'_> {
        match self {
            Self::SessionStarted(client_id, passport, expiry_s) => {
                passport.started(client_id, *expiry_s)
            }
            Self::SessionOwner(client_id, passport) => passport.owns(client_id),
            &Self::SessionExpiry(ref client_id, expiry_s, ends_at) => Change::SessionExpiry {
                client_id,
                expiry_s,
                ends_at,
            },
            Self::SessionEnded(client_id) => Change::SessionEnded { client_id },
            &Self::Subscribed(ref client_id, ref filter, options, identifier) => {
                Change::Subscribed {
                    client_id,
                    filter,
                    options,
                    identifier,
                }
            }
            Self::Unsubscribed(client_id, filter) => Change::Unsubscribed { client_id, filter },
            Self::Queued(client_id, message, delivery) => Change::Queued {
                client_id,
                message: message.borrow(),
                delivery: delivery.borrow(),
            },
            &Self::Sent(ref client_id, number, packet_id) => Change::Sent {
                client_id,
                number,
                packet_id,
            },
            &Self::Dropped(ref client_id, number) => Change::Dropped { client_id, number },
            &Self::Released(ref client_id, packet_id) => Change::Released {
                client_id,
                packet_id,
            },
            &Self::Completed(ref client_id, packet_id) => Change::Completed {
                client_id,
                packet_id,
            },
            &Self::Received(ref client_id, packet_id) => Change::Received {
                client_id,
                packet_id,
            },
            &Self::ReceiveCompleted(ref client_id, packet_id) => Change::ReceiveCompleted {
                client_id,
                packet_id,
            },
            Self::Retained(message) => Change::Retained {
                message: message.borrow(),
            },
            Self::RetainedRemoved(topic) => Change::RetainedRemoved { topic },
            Self::WillSet(client_id, will) => Change::WillSet {
                client_id,
                will: will.borrow(),
            },
            Self::WillRemoved(client_id) => Change::WillRemoved { client_id },
            &Self::PassedOn(ref client_id, packet_id, number, of) => Change::PassedOn {
                client_id,
                packet_id,
                number,
                of,
            },
            &Self::Heard(of, to, from, number) => Change::Heard {
                of,
                to,
                from,
                number,
            },
        }
    }
}

impl From<MessageRef<'_>> for Message {
    fn from(message: MessageRef<'_>) -> Self {
        Self {
            number: message.number,
            publisher: message.publisher.into(),
            passport: message.passport.map(Into::into),
            topic: message.topic.into(),
            payload: message.payload.into(),
            qos: message.qos,
            retain: message.retain,
            properties: message.properties.into(),
            expires_at: message.expires_at,
        }
    }
}

impl Message {
    fn borrow(&self) -> MessageRef<'_> {
        MessageRef {
            number: self.number,
            publisher: &self.publisher,
            passport: self.passport.as_ref().map(Passport::borrow),
            topic: &self.topic,
            payload: &self.payload,
            qos: self.qos,
            retain: self.retain,
            properties: &self.properties,
            expires_at: self.expires_at,
        }
    }
}

impl From<PassportRef<'_>> for Passport {
    fn from(passport: PassportRef<'_>) -> Self {
        Self(passport.user_name.map(Into::into), passport.stamp.into())
    }
}

impl Passport {
    fn started<'a>(&'a self, client_id: &'a str, expiry_s: u32) -> Change<'a> {
        Change::SessionStarted {
            client_id,
            passport: self.borrow(),
            expiry_s,
        }
    }

    fn owns<'a>(&'a self, client_id: &'a str) -> Change<'a> {
        Change::SessionOwner {
            client_id,
            passport: self.borrow(),
        }
    }

    fn borrow(&self) -> PassportRef<'_> {
        PassportRef {
            user_name: self.0.as_deref(),
            stamp: &self.1,
        }
    }
}

impl From<DeliveryRef<'_>> for Delivery {
    fn from(delivery: DeliveryRef<'_>) -> Self {
        Self {
            qos: delivery.qos,
            retain: delivery.retain,
            identifiers: delivery.identifiers.into(),
            share: delivery.share.into(),
        }
    }
}

impl Delivery {
    fn borrow(&self) -> DeliveryRef<'_> {
        DeliveryRef {
            qos: self.qos,
            retain: self.retain,
            identifiers: &self.identifiers,
            share: &self.share,
        }
    }
}

impl From<WillRef<'_>> for Will {
    fn from(will: WillRef<'_>) -> Self {
        Self {
            topic: will.topic.into(),
            payload: will.payload.into(),
            qos: will.qos,
            retain: will.retain,
            properties: will.properties.into(),
            expiry_s: will.expiry_s,
            delay_s: will.delay_s,
        }
    }
}

impl Will {
    fn borrow(&self) -> WillRef<'_> {
        WillRef {
            topic: &self.topic,
            payload: &self.payload,
            qos: self.qos,
            retain: self.retain,
            properties: &self.properties,
            expiry_s: self.expiry_s,
            delay_s: self.delay_s,
        }
    }
}
