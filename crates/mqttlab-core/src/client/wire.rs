//! The outgoing side of the network connection.

use alloc::vec::Vec;

use crate::clause::Clause;
use crate::client::alias::{Alias, Aliases};
use crate::client::{Decision, Message, Sink, say};
use crate::codec::{PACKET_SIZE_MAX, encode, encode_publish_head, encoded_len};
use crate::frame::Frame;
use crate::id::PacketId;
use crate::packet::{Packet, Publish, QoS, Version};
use crate::properties::{Properties, Property, PropertyList};
use crate::time::Instant;

/// Encodes packets, and remembers what that means for Keep Alive, aliases and buffers.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    version: Version,
    scratch: Vec<u8>,
    /// When the Keep Alive began to count: the last packet was sent.
    pub(super) idle_since: Instant,
    /// Bytes that were sent and not written yet.
    pub(super) unflushed: u64,
    /// Not more than so many of them are answers that the server made the client send.
    pub(super) answers: u64,
    /// The largest packet that the server takes.
    pub(super) packet_size_max: u32,
    pub(super) aliases: Aliases,
}

/// One attempt at sending a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) packet_id: Option<PacketId>,
    pub(super) dup: bool,
    /// What is left of the Message Expiry Interval.
    pub(super) expiry: Option<u32>,
}

impl Wire {
    pub(super) fn new(version: Version) -> Self {
        Self {
            version,
            scratch: Vec::new(),
            idle_since: Instant::ZERO,
            unflushed: 0,
            answers: 0,
            packet_size_max: PACKET_SIZE_MAX,
            aliases: Aliases::default(),
        }
    }

    /// Begins a new network connection.
    pub(super) fn reset(&mut self, version: Version, now: Instant) {
        let scratch = core::mem::take(&mut self.scratch);
        *self = Self {
            scratch,
            idle_since: now,
            ..Self::new(version)
        };
    }

    pub(super) fn send<S: Sink>(&mut self, now: Instant, packet: &Packet<'_>, sink: &mut S) {
        self.scratch.clear();
        encode(packet, self.version, &mut self.scratch);
        self.unflushed += self.scratch.len() as u64;
        self.idle_since = now;
        sink.send(&Frame::whole(&self.scratch));
    }

    /// Sends what a packet of the server asks for.
    pub(super) fn answer<S: Sink>(&mut self, now: Instant, packet: &Packet<'_>, sink: &mut S) {
        self.send(now, packet, sink);
        self.answers += self.scratch.len() as u64;
    }

    /// Sends a message, by an alias where there is one. Its payload is not copied here.
    pub(super) fn publish<S: Sink>(
        &mut self,
        now: Instant,
        message: &Message,
        attempt: Attempt,
        sink: &mut S,
    ) {
        let mut list = PropertyList::new();
        message.properties.write_to(&mut list, attempt.expiry);
        let may_set = self.publish_size(message) + Aliases::SET_COST <= self.packet_size_max.into();
        let topic = match self.aliases.choose(&message.topic, may_set) {
            None => message.topic.as_str(),
            Some(Alias::Set(alias)) => {
                let clause = Some(Clause::V5_3_2_2_17);
                say(sink, clause, || Decision::SetAlias { alias });
                list.push(Property::TopicAlias(alias));
                message.topic.as_str()
            }
            Some(Alias::Use(alias)) => {
                say(sink, None, || Decision::UseAlias { alias });
                list.push(Property::TopicAlias(alias));
                ""
            }
        };
        let publish = Publish {
            dup: attempt.dup,
            packet_id: attempt.packet_id,
            ..message.publish(topic, &list)
        };
        self.scratch.clear();
        let more = Properties::EMPTY;
        encode_publish_head(&publish, more, self.version, &mut self.scratch);
        let frame = Frame::publish(&self.scratch, None, Some(&message.payload));
        self.unflushed += frame.len() as u64;
        self.idle_since = now;
        sink.send(&frame);
    }

    /// How many bytes the PUBLISH takes without an alias.
    pub(super) fn publish_size(&self, message: &Message) -> u64 {
        let mut list = PropertyList::new();
        let properties = &message.properties;
        properties.write_to(&mut list, properties.expiry);
        let publish = message.publish(&message.topic, &list);
        // The identifier is not known yet, and takes two bytes where there will be one.
        let packet_id = match message.qos {
            QoS::AtMostOnce => None,
            QoS::AtLeastOnce | QoS::ExactlyOnce => Some(PacketId::FIRST),
        };
        self.size(&Packet::Publish(Publish {
            packet_id,
            ..publish
        }))
    }

    /// How many bytes the packet takes.
    pub(super) fn size(&self, packet: &Packet<'_>) -> u64 {
        encoded_len(packet, self.version) as u64
    }

    /// So many bytes have been written, in the order of sending.
    pub(super) fn flushed(&mut self, bytes: u64) {
        self.unflushed = self.unflushed.saturating_sub(bytes);
        self.answers = self.answers.min(self.unflushed);
    }
}
