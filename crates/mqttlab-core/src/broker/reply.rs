//! What the broker itself says: answers, CONNACK, DISCONNECT.

use alloc::format;
use core::fmt;

use crate::broker::arena::{ConnKey, SessionKey};
use crate::broker::auth::Grant;
use crate::broker::candidate::Candidate;
use crate::broker::conn::Conn;
use crate::broker::sink::Sink;
use crate::broker::{Broker, CloseReason, Cx};
use crate::clause::Clause;
use crate::codec::encode;
use crate::frame::Frame;
use crate::id::ConnId;
use crate::packet::{ConnAck, Disconnect, Packet, PacketType, QoS, SubAck, Version};
use crate::properties::{Properties, Property, PropertyList};
use crate::reason::ReasonCode;
use crate::why::{Decision, Refusal, why};

impl Broker {
    /// Sends a packet, unless it is larger than the client accepts. [MQTT-3.1.2-24]
    pub(super) fn send<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        packet: &Packet<'_>,
    ) -> bool {
        let conn = &mut self.conns[key];
        self.scratch.clear();
        encode(packet, conn.version, &mut self.scratch);
        if self.scratch.len() > conn.packet_size_max as usize {
            self.counters.unsendable += 1;
            return false;
        }
        conn.unflushed += self.scratch.len() as u64;
        conn.answers += self.scratch.len() as u64;
        cx.sink.send(conn.id, &Frame::whole(&self.scratch));
        true
    }

    /// Sends a packet with a Reason String, if the client wants such and accepts a packet of that size.
    pub(super) fn send_explained<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        packet: Packet<'_>,
        because: &dyn fmt::Display,
    ) {
        let conn = &self.conns[key];
        if conn.version == Version::V5 && self.config.reason_strings {
            if !wants_reason(conn, packet.packet_type()) {
                why!(
                    cx,
                    conn.id,
                    V5_3_1_2_29,
                    Decision::ReasonStringNotWanted {
                        packet: packet.packet_type(),
                    }
                );
                self.send(cx, key, &packet);
                return;
            }
            let text = format!("{because}");
            let mut list = PropertyList::new();
            for property in own_properties(&packet).iter() {
                list.push(property);
            }
            list.push(Property::ReasonString(&text));
            if self.send(cx, key, &with_properties(packet, list.properties())) {
                return;
            }
            self.counters.unsendable -= 1;
            let clause = left_out_clause(packet.packet_type());
            why!(cx, self.conns[key].id, = clause, Decision::ReasonStringLeftOut {
                packet: packet.packet_type(),
            });
        }
        self.send(cx, key, &packet);
    }

    /// CONNACK for a client that is let in.
    pub(super) fn send_connack<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        session_present: bool,
        properties: Properties<'_>,
    ) {
        let reason = ReasonCode::Success;
        let connack = ConnAck {
            session_present,
            reason,
            properties,
        };
        self.send(cx, key, &Packet::ConnAck(connack));
    }

    /// The properties of the CONNACK for a client that is let in.
    pub(super) fn connack_properties(&self, candidate: &Candidate, grant: &Grant) -> PropertyList {
        let mut list = PropertyList::new();
        if candidate.version == Version::V5 {
            self.push_connack_properties(candidate, grant, &mut list);
            if let Some(method) = &candidate.method {
                list.push(Property::AuthenticationMethod(method));
                if let Some(data) = &grant.data {
                    list.push(Property::AuthenticationData(data));
                }
            }
        }
        list
    }

    /// What differs from the standard's defaults, and from what the client asked for.
    fn push_connack_properties(
        &self,
        candidate: &Candidate,
        grant: &Grant,
        list: &mut PropertyList,
    ) {
        let config = &self.config;
        if candidate.expiry_s != candidate.expiry_asked_s {
            list.push(Property::SessionExpiryInterval(candidate.expiry_s));
        }
        if config.receive_maximum != u16::MAX {
            list.push(Property::ReceiveMaximum(config.receive_maximum));
        }
        if config.maximum_qos != QoS::ExactlyOnce {
            list.push(Property::MaximumQoS(config.maximum_qos.number()));
        }
        let own = grant.packet_size_max.unwrap_or(u32::MAX);
        list.push(Property::MaximumPacketSize(config.packet_size_max.min(own)));
        if candidate.is_id_assigned {
            list.push(Property::AssignedClientIdentifier(&candidate.client_id));
        }
        if config.topic_alias_maximum > 0 {
            list.push(Property::TopicAliasMaximum(config.topic_alias_maximum));
        }
        let available = [
            (config.retain_available, Property::RetainAvailable(0)),
            (
                config.wildcard_subscriptions,
                Property::WildcardSubscriptionAvailable(0),
            ),
            (
                config.subscription_identifiers,
                Property::SubscriptionIdentifierAvailable(0),
            ),
            (
                config.shared_subscriptions,
                Property::SharedSubscriptionAvailable(0),
            ),
        ];
        for (_, property) in available.into_iter().filter(|(available, _)| !available) {
            list.push(property);
        }
        if candidate.keep_alive != candidate.keep_alive_asked {
            list.push(Property::ServerKeepAlive(candidate.keep_alive));
        }
        if candidate.wants_response_information && !config.response_information.is_empty() {
            list.push(Property::ResponseInformation(&config.response_information));
        }
    }

    /// CONNACK for a client that is not let in.
    pub(super) fn send_refusal<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        candidate: &Candidate,
        reason: ReasonCode,
        because: Refusal,
        server: Option<&str>,
    ) {
        let mut list = PropertyList::new();
        if let (Version::V5, Some(server)) = (candidate.version, server) {
            list.push(Property::ServerReference(server));
        }
        let refusal = Packet::ConnAck(ConnAck {
            session_present: false,
            reason,
            properties: list.properties(),
        });
        self.send_explained(cx, key, refusal, &because);
    }

    /// DISCONNECT before the connection is closed: only 5.0 has it. [MQTT-3.14.0-1]
    pub(super) fn send_disconnect<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        reason: CloseReason,
        because: &dyn fmt::Display,
    ) {
        let Some(code) = reason.disconnect_reason() else {
            return;
        };
        if self.conns[key].version == Version::V5 {
            let properties = Properties::EMPTY;
            let disconnect = Packet::Disconnect(Disconnect {
                reason: code,
                properties,
            });
            self.send_explained(cx, key, disconnect, because);
        }
    }

    /// The connection of a session, by its name.
    pub(super) fn conn_id(&self, key: SessionKey) -> Option<ConnId> {
        self.sessions[key].conn.map(|conn| self.conns[conn].id)
    }
}

/// Whether the client wants a Reason String in such a packet. [MQTT-3.1.2-29]
fn wants_reason(conn: &Conn, packet: PacketType) -> bool {
    let always = matches!(packet, PacketType::ConnAck | PacketType::Disconnect);
    always || conn.v5.as_ref().is_some_and(|v5| v5.problem_information)
}

/// The statement that keeps a Reason String out of a packet that would be too large with it.
fn left_out_clause(packet: PacketType) -> Option<Clause> {
    match packet {
        PacketType::ConnAck => Some(Clause::V5_3_2_2_19),
        PacketType::PubAck => Some(Clause::V5_3_4_2_2),
        PacketType::PubRec => Some(Clause::V5_3_5_2_2),
        PacketType::PubRel => Some(Clause::V5_3_6_2_2),
        PacketType::PubComp => Some(Clause::V5_3_7_2_2),
        PacketType::SubAck => Some(Clause::V5_3_9_2_1),
        PacketType::UnsubAck => Some(Clause::V5_3_11_2_1),
        PacketType::Disconnect => Some(Clause::V5_3_14_2_3),
        PacketType::Auth => Some(Clause::V5_3_15_2_2),
        // These have none.
        PacketType::Connect
        | PacketType::Publish
        | PacketType::Subscribe
        | PacketType::Unsubscribe
        | PacketType::PingReq
        | PacketType::PingResp => None,
    }
}

/// The properties that a packet has.
fn own_properties<'a>(packet: &Packet<'a>) -> Properties<'a> {
    match packet {
        Packet::ConnAck(packet) => packet.properties,
        Packet::PubAck(packet)
        | Packet::PubRec(packet)
        | Packet::PubRel(packet)
        | Packet::PubComp(packet) => packet.properties,
        Packet::SubAck(packet) | Packet::UnsubAck(packet) => packet.properties,
        Packet::Disconnect(packet) => packet.properties,
        Packet::Auth(packet) => packet.properties,
        Packet::Connect(_)
        | Packet::Publish(_)
        | Packet::Subscribe(_)
        | Packet::Unsubscribe(_)
        | Packet::PingReq
        | Packet::PingResp => Properties::EMPTY,
    }
}

/// The same packet with other properties, if it is one that a server explains itself in.
fn with_properties<'a>(packet: Packet<'a>, properties: Properties<'a>) -> Packet<'a> {
    match packet {
        Packet::ConnAck(packet) => Packet::ConnAck(ConnAck {
            properties,
            ..packet
        }),
        Packet::PubAck(packet) => Packet::PubAck(crate::packet::Ack {
            properties,
            ..packet
        }),
        Packet::PubRec(packet) => Packet::PubRec(crate::packet::Ack {
            properties,
            ..packet
        }),
        Packet::PubRel(packet) => Packet::PubRel(crate::packet::Ack {
            properties,
            ..packet
        }),
        Packet::PubComp(packet) => Packet::PubComp(crate::packet::Ack {
            properties,
            ..packet
        }),
        Packet::SubAck(packet) => Packet::SubAck(SubAck {
            properties,
            ..packet
        }),
        Packet::UnsubAck(packet) => Packet::UnsubAck(SubAck {
            properties,
            ..packet
        }),
        Packet::Disconnect(packet) => Packet::Disconnect(Disconnect {
            properties,
            ..packet
        }),
        Packet::Auth(packet) => Packet::Auth(crate::packet::Auth {
            properties,
            ..packet
        }),
        Packet::Connect(_)
        | Packet::Publish(_)
        | Packet::Subscribe(_)
        | Packet::Unsubscribe(_)
        | Packet::PingReq
        | Packet::PingResp => packet,
    }
}
