//! PUBLISH from a client, and how a message spreads.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use crate::broker::arena::{ConnKey, MessageKey, SessionKey, ShareKey};
use crate::broker::conn::TopicCache;
use crate::broker::deliver::{Hop, Via};
use crate::broker::layout::Layouts;
use crate::broker::message::{Incoming, Message, Messages, Sorted, expires_at};
use crate::broker::passport::Source;
use crate::broker::policy::{DeniedPublish, PublishedIdentifier};
use crate::broker::sink::Sink;
use crate::broker::tree::{Route, Routes};
use crate::broker::{Access, Broker, Bugs, Change, CloseReason, Cx};
use crate::clause::Clause;
use crate::id::PacketId;
use crate::packet::{Ack, Packet, PacketType, Publish, QoS, Version};
use crate::properties::Properties;
use crate::qos::Seen;
use crate::reason::ReasonCode;
use crate::why::{Cause, Decision, Refusal, Undelivered, why};

/// A message while it is passed on: what its receivers share.
#[derive(Debug)]
pub(super) struct Spread<'a> {
    pub(super) incoming: Incoming<'a>,
    pub(super) layouts: Box<Layouts>,
    /// How many may come to hold the message in the store, as far as that is known beforehand.
    holders: u32,
    /// The message in the store, once somebody waits for it.
    stored: Option<MessageKey>,
    /// How often this holds it: until all is passed on, and once for each of `holders` to whom it hands that over.
    held: u32,
}

impl Spread<'_> {
    /// What the message takes up in the store, beside its source.
    pub(super) fn size(&self) -> u64 {
        let incoming = &self.incoming;
        Message::size_of(incoming.topic, incoming.payload, incoming.properties)
    }

    /// One more holds the message in the store, which is at `key`.
    #[inline]
    pub(super) fn hand_over(&mut self, messages: &mut Messages, key: MessageKey) {
        if self.held > 1 {
            self.held -= 1;
        } else {
            messages.hold(key);
        }
    }
}

impl Broker {
    pub(super) fn on_publish<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        session: SessionKey,
        publish: &Publish<'_>,
    ) {
        let sorted = if publish.properties.is_empty() {
            Sorted::default()
        } else {
            Sorted::new(publish.properties)
        };
        if let Some((reason, because)) = self.check_publish(publish, &sorted) {
            why!(
                cx,
                cx.conn,
                none,
                Decision::Violation {
                    packet: PacketType::Publish,
                    because
                }
            );
            return self.close_because(cx, key, CloseReason::ProtocolError(reason), &because);
        }
        if let (QoS::ExactlyOnce, Some(packet_id)) = (publish.qos, publish.packet_id) {
            if self.sessions[session].flow().receiver.contains(packet_id) {
                return self.on_publish_again(cx, key, session, publish, packet_id);
            }
            let maximum = usize::from(self.conns[key].receive_maximum);
            if self.sessions[session].flow().receiver.len() >= maximum {
                why!(cx, cx.conn, cx.version => V311_4_8_0_2, V5_3_3_4_7, Decision::Violation {
                    packet: PacketType::Publish,
                    because: Cause::ReceiveMaximum,
                });
                let reason = CloseReason::Quota(ReasonCode::ReceiveMaximumExceeded);
                return self.close_because(cx, key, reason, &Cause::ReceiveMaximum);
            }
        }
        if let Some((reason, because)) = self.refuse_publish(cx, session, publish, &sorted) {
            return self.on_publish_refused(cx, key, session, publish, reason, because);
        }
        self.accept_publish(cx, key, session, publish, &sorted);
    }

    /// What no client may do, whoever it is.
    fn check_publish(&self, publish: &Publish<'_>, sorted: &Sorted) -> Option<(ReasonCode, Cause)> {
        let levels_max = usize::from(self.config.topic_levels_max);
        let separators = || publish.topic.bytes().filter(|&byte| byte == b'/').count();
        if publish.qos > self.config.maximum_qos {
            Some((ReasonCode::QosNotSupported, Cause::QosNotSupported))
        } else if publish.retain && !self.config.retain_available {
            Some((ReasonCode::RetainNotSupported, Cause::RetainNotSupported))
        } else if sorted.has_identifier
            && self.config.published_identifier == PublishedIdentifier::Close
        {
            Some((ReasonCode::ProtocolError, Cause::IdentifierFromClient))
        } else if publish.topic.len() > usize::from(self.config.topic_length_max) {
            Some((ReasonCode::TopicNameInvalid, Cause::TopicTooLong))
        } else if publish.topic.len() >= levels_max && separators() >= levels_max {
            Some((ReasonCode::TopicNameInvalid, Cause::TooManyLevels))
        } else {
            None
        }
    }

    /// What this client may not do.
    fn refuse_publish<S: Sink>(
        &self,
        cx: &mut Cx<'_, S>,
        session: SessionKey,
        publish: &Publish<'_>,
        sorted: &Sorted,
    ) -> Option<(ReasonCode, Refusal)> {
        let identity = self.sessions[session].identity();
        if self.is_reserved(publish.topic) {
            Some((ReasonCode::NotAuthorized, Refusal::ReservedTopic))
        } else if !cx.sink.permits(&identity, Access::Publish, publish.topic) {
            Some((ReasonCode::NotAuthorized, Refusal::Denied))
        } else if self.config.check_payload_format
            && sorted.is_text
            && core::str::from_utf8(publish.payload).is_err()
        {
            Some((ReasonCode::PayloadFormatInvalid, Refusal::PayloadFormat))
        } else {
            None
        }
    }

    /// Whether a topic is the broker's own.
    #[inline]
    pub(super) fn is_reserved(&self, topic: &str) -> bool {
        topic.starts_with('$')
            && self
                .config
                .reserved_topics
                .iter()
                .any(|prefix| topic.starts_with(&**prefix))
    }

    /// A refused PUBLISH is acknowledged with an error where the version can say one; else the policy decides.
    fn on_publish_refused<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        session: SessionKey,
        publish: &Publish<'_>,
        reason: ReasonCode,
        because: Refusal,
    ) {
        self.counters.publish_refused += 1;
        let clause = match (cx.version, publish.qos) {
            (Version::V3_1 | Version::V3_1_1, _) => Some(Clause::V311_3_3_5_2),
            // Nothing can be said to the publisher, and nothing in the standard says what to do.
            (Version::V5, QoS::AtMostOnce) => None,
            (Version::V5, QoS::AtLeastOnce) => Some(Clause::V5_3_4_2_1),
            (Version::V5, QoS::ExactlyOnce) => Some(Clause::V5_3_5_2_1),
        };
        why!(cx, cx.conn, = clause, Decision::PublishRefused {
            client_id: self.sessions[session].client_id.clone(),
            topic: publish.topic.into(),
            reason,
            because,
        });
        let close = match (cx.version, self.config.denied_publish) {
            (Version::V3_1 | Version::V3_1_1, DeniedPublish::Acknowledge) | (Version::V5, _) => {
                false
            }
            (Version::V3_1 | Version::V3_1_1, DeniedPublish::Close) => true,
        };
        if close {
            return self.close_because(cx, key, CloseReason::ProtocolError(reason), &because);
        }
        if let Some(packet_id) = publish.packet_id {
            if cx.version != Version::V5 && publish.qos == QoS::ExactlyOnce {
                self.receive(cx, session, packet_id);
            }
            self.acknowledge(cx, key, publish.qos, packet_id, reason, Some(&because));
        }
    }

    /// A QoS 2 message that was passed on already is only acknowledged again. [MQTT-4.3.3-2]
    fn on_publish_again<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        session: SessionKey,
        publish: &Publish<'_>,
        packet_id: PacketId,
    ) {
        self.counters.repeated += 1;
        why!(cx, cx.conn, cx.version => V311_4_3_3_2, V5_4_3_3_10, Decision::PublishRepeated {
            client_id: self.sessions[session].client_id.clone(),
            packet_id,
            dup: publish.dup,
        });
        self.pass_on_again(cx, session, publish, packet_id);
        self.acknowledge(
            cx,
            key,
            QoS::ExactlyOnce,
            packet_id,
            ReasonCode::Success,
            None,
        );
    }

    fn accept_publish<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        session: SessionKey,
        publish: &Publish<'_>,
        sorted: &Sorted,
    ) {
        self.counters.received[usize::from(publish.qos.number())] += 1;
        let cache = self.routes(key, session, publish.topic);
        let number = self.next_number();
        why!(cx, cx.conn, cx.version => V311_4_5_0_1, V5_4_5_0_1, Decision::Published {
            message: number,
            client_id: self.sessions[session].client_id.clone(),
            topic: cache.topic.clone(),
            qos: publish.qos,
            retain: publish.retain,
            dup: publish.dup,
            packet_id: publish.packet_id,
            bytes: publish.payload.len(),
        });
        if let (QoS::ExactlyOnce, Some(packet_id)) = (publish.qos, publish.packet_id) {
            self.receive(cx, session, packet_id);
            if !self.peers.is_alone() {
                self.note_passed_on(cx, session, packet_id, number);
            }
        }
        let incoming = Incoming {
            number,
            publisher: Some(session),
            source: None,
            topic: &cache.topic,
            payload: publish.payload,
            qos: publish.qos,
            retain: publish.retain,
            properties: sorted.forwarded.properties().as_bytes(),
            expires_at: expires_at(cx.now, sorted.expiry_s),
        };
        self.spread(cx, incoming, &cache.routes);
        let may_report = publish.packet_id.is_some() && self.config.report_no_subscribers;
        let nobody = || cache.routes.is_empty() && !self.peers.may_want(&cache.topic);
        let reason = if may_report && nobody() {
            ReasonCode::NoMatchingSubscribers
        } else {
            ReasonCode::Success
        };
        self.keep_routes(key, cache);
        if let Some(packet_id) = publish.packet_id {
            self.acknowledge(cx, key, publish.qos, packet_id, reason, None);
        }
    }

    /// Remembers an incoming QoS 2 message until its PUBREL.
    fn receive<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: SessionKey, packet_id: PacketId) {
        let session = &mut self.sessions[key];
        let seen = session.flow_mut().receiver.on_publish(packet_id);
        if seen == Seen::First && session.is_durable() {
            cx.sink.persist(&Change::Received {
                client_id: &session.client_id,
                packet_id,
            });
        }
    }

    /// PUBACK or PUBREC for a PUBLISH.
    fn acknowledge<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        qos: QoS,
        packet_id: PacketId,
        reason: ReasonCode,
        because: Option<&dyn fmt::Display>,
    ) {
        let (packet, clause) = match qos {
            QoS::AtMostOnce => return,
            QoS::AtLeastOnce => (
                PacketType::PubAck,
                Clause::by_version(cx.version, Clause::V311_4_3_2_2, Clause::V5_4_3_2_4),
            ),
            QoS::ExactlyOnce => (
                PacketType::PubRec,
                Clause::by_version(cx.version, Clause::V311_4_3_3_2, Clause::V5_4_3_3_8),
            ),
        };
        why!(cx, cx.conn, = Some(clause), Decision::Acknowledges { packet, packet_id, reason });
        let ack = Ack {
            packet_id,
            reason,
            properties: Properties::EMPTY,
        };
        let answer = match qos {
            QoS::AtMostOnce | QoS::AtLeastOnce => Packet::PubAck(ack),
            QoS::ExactlyOnce => Packet::PubRec(ack),
        };
        match because {
            Some(because) => self.send_explained(cx, key, answer, because),
            None => {
                self.send(cx, key, &answer);
            }
        }
    }

    /// The topic and who gets it: remembered from the last PUBLISH of this connection, or found in the tree. The caller
    /// [keeps](Self::keep_routes) it.
    fn routes(&mut self, key: ConnKey, publisher: SessionKey, topic: &str) -> Box<TopicCache> {
        let generation = self.tree.generation();
        let fits = |cache: &mut Box<TopicCache>| {
            cache.generation == generation && cache.publisher == publisher && &*cache.topic == topic
        };
        let own = &mut self.conns[key].topic_cache;
        if let Some(cache) = own.take_if(fits).or_else(|| self.wide_cache.take_if(fits)) {
            return cache;
        }
        let mut cache = match own.take().or_else(|| self.wide_cache.take()) {
            Some(cache) => cache,
            None => Box::new(TopicCache::new(publisher, topic)),
        };
        if &*cache.topic != topic {
            cache.topic = topic.into();
        }
        cache.publisher = publisher;
        cache.generation = generation;
        self.tree.find(
            topic,
            Some(publisher),
            self.config.overlap,
            &mut cache.routes,
        );
        cache
    }

    /// Keeps routes for the next PUBLISH: a few with their connection, many in the one place that the broker has for
    /// them. Else so many publishers would remember so many subscribers each.
    fn keep_routes(&mut self, key: ConnKey, mut cache: Box<TopicCache>) {
        if cache.routes.is_wide() {
            self.wide_cache = Some(cache);
        } else {
            cache.routes.shrink();
            self.conns[key].topic_cache = Some(cache);
        }
    }

    /// Publishes a message that comes from no PUBLISH: a will, or one of the broker's own.
    pub(super) fn spread_found<S: Sink>(&mut self, cx: &mut Cx<'_, S>, incoming: Incoming<'_>) {
        let mut routes = Routes::default();
        self.tree.find(
            incoming.topic,
            incoming.publisher,
            self.config.overlap,
            &mut routes,
        );
        self.spread(cx, incoming, &routes);
    }

    /// Passes a message on to everybody who is to have it. [MQTT-4.5.0-1]
    fn spread<S: Sink>(&mut self, cx: &mut Cx<'_, S>, incoming: Incoming<'_>, routes: &Routes) {
        let holders = u32::from(incoming.retain) + routes.direct.len() as u32;
        let mut spread = self.begin_spread(incoming, holders);
        let keep = incoming.retain && self.retain(cx, &mut spread);
        if !self.peers.is_alone() {
            self.tell_message(cx, &mut spread, keep);
        } else if routes.is_empty() {
            self.counters.unwanted += 1;
            why!(
                cx,
                cx.conn,
                none,
                Decision::NobodySubscribes {
                    message: incoming.number,
                    topic: incoming.topic.clone(),
                }
            );
        }
        self.follow_direct(cx, &mut spread, routes);
        for &share in &routes.shares {
            self.offer_share(cx, &mut spread, share);
        }
        self.end_spread(spread);
    }

    /// All sessions that have subscribed themselves.
    #[inline]
    pub(super) fn follow_direct<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        spread: &mut Spread<'_>,
        routes: &Routes,
    ) {
        if self.bugs == Bugs::NONE {
            for route in &routes.direct {
                if S::TRACE || !self.send_plainly(cx, spread, route) {
                    self.follow(cx, spread, routes, route);
                }
            }
        } else {
            for route in &routes.direct {
                self.follow_wrongly(cx, spread, routes, route);
            }
        }
    }

    /// One receiver, whatever is special about it.
    #[inline(never)]
    pub(super) fn follow<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        spread: &mut Spread<'_>,
        routes: &Routes,
        route: &Route,
    ) {
        if route.no_local {
            return self.skip_echo(cx, spread, route);
        }
        let hop = Hop {
            via: Via::Place(route.place),
            granted: route.qos,
            retain_as_published: route.retain_as_published,
            identifiers: routes.identifiers(route),
        };
        self.offer(cx, spread, route.session, &hop);
    }

    pub(super) fn begin_spread<'a>(&mut self, incoming: Incoming<'a>, holders: u32) -> Spread<'a> {
        Spread {
            incoming,
            layouts: self.layouts.take().unwrap_or_default(),
            holders,
            stored: None,
            held: 0,
        }
    }

    pub(super) fn end_spread(&mut self, mut spread: Spread<'_>) {
        if let Some(stored) = spread.stored {
            self.messages.release_times(stored, spread.held);
        }
        spread.layouts.clear();
        self.layouts = Some(spread.layouts);
    }

    #[cold]
    fn skip_echo<S: Sink>(&mut self, cx: &mut Cx<'_, S>, spread: &Spread<'_>, route: &Route) {
        why!(
            cx,
            self.conn_id(route.session),
            V5_3_8_3_3,
            Decision::NotDelivered {
                message: spread.incoming.number,
                client_id: self.sessions[route.session].client_id.clone(),
                filter: self.tree.filter(route.place),
                because: Undelivered::NoLocal,
            }
        );
        self.counters.no_local += 1;
    }

    /// Gives a queued or unacknowledged message of a shared subscription to another member.
    pub(super) fn offer_again<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        message: &Message,
        share: ShareKey,
    ) {
        let incoming = Incoming {
            number: message.number,
            publisher: None,
            source: Some(&message.source),
            topic: &message.topic,
            payload: &message.payload,
            qos: message.qos,
            retain: message.retain,
            properties: message.properties(),
            expires_at: message.expires_at(),
        };
        let mut spread = self.begin_spread(incoming, 1);
        self.offer_share(cx, &mut spread, share);
        self.end_spread(spread);
    }

    /// The message in the store, held once more for one who waits for it.
    #[inline]
    pub(super) fn hold(&mut self, spread: &mut Spread<'_>) -> MessageKey {
        let key = self.stored(spread);
        spread.hand_over(&mut self.messages, key);
        key
    }

    /// The message in the store.
    #[inline]
    pub(super) fn stored(&mut self, spread: &mut Spread<'_>) -> MessageKey {
        match spread.stored {
            Some(key) => key,
            None => self.store(spread),
        }
    }

    /// Puts the message in the store, for as long as it is passed on.
    #[cold]
    fn store(&mut self, spread: &mut Spread<'_>) -> MessageKey {
        let message = self.own(spread);
        spread.held = spread.holders + 1;
        let key = self.messages.insert_for(message, spread.held);
        spread.stored = Some(key);
        key
    }

    /// A copy that does not pin what it was read from.
    fn own(&self, spread: &mut Spread<'_>) -> Message {
        let incoming = &spread.incoming;
        let payload = spread.layouts.shared_payload(incoming);
        Message::new(incoming, self.source_of(incoming), payload)
    }

    /// Whom a message comes from.
    pub(super) fn source_of(&self, incoming: &Incoming<'_>) -> Source {
        match (incoming.source, incoming.publisher) {
            (Some(source), _) => source.clone(),
            (None, Some(key)) => self.sessions[key].source(),
            (None, None) => Source {
                client_id: Arc::from(""),
                passport: None,
            },
        }
    }

    /// The number of the next message.
    pub(super) fn next_number(&mut self) -> u64 {
        self.last_number = self.peers.next_number(self.last_number);
        self.last_number
    }
}
