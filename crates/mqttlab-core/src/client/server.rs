//! What the server announced in CONNACK.

use crate::codec::PACKET_SIZE_MAX;
use crate::packet::{ConnAck, QoS};
use crate::properties::Property;

/// What this server allows on this connection; before 5.0 and where it says nothing, everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Server {
    /// Keep Alive in seconds that holds: the server's, or else the client's.
    pub keep_alive: u16,
    /// Receive Maximum: how many messages with QoS > 0 may be incomplete.
    pub receive_maximum: u16,
    /// Maximum QoS.
    pub maximum_qos: QoS,
    /// Retain Available.
    pub retain_available: bool,
    /// Maximum Packet Size in bytes.
    pub maximum_packet_size: u32,
    /// Topic Alias Maximum.
    pub topic_alias_maximum: u16,
    /// Wildcard Subscription Available.
    pub wildcards_available: bool,
    /// Subscription Identifiers Available.
    pub identifiers_available: bool,
    /// Shared Subscription Available.
    pub shared_available: bool,
    /// Session Expiry Interval in seconds, where it differs from what the client asked for.
    pub session_expiry: Option<u32>,
}

impl Server {
    /// What holds where the server says nothing.
    pub(super) const fn unlimited(keep_alive: u16) -> Self {
        Self {
            keep_alive,
            receive_maximum: u16::MAX,
            maximum_qos: QoS::ExactlyOnce,
            retain_available: true,
            maximum_packet_size: PACKET_SIZE_MAX,
            topic_alias_maximum: 0,
            wildcards_available: true,
            identifiers_available: true,
            shared_available: true,
            session_expiry: None,
        }
    }

    pub(super) fn announced(connack: &ConnAck<'_>, keep_alive: u16) -> Self {
        let mut server = Self::unlimited(keep_alive);
        for property in connack.properties.iter() {
            match property {
                Property::ServerKeepAlive(seconds) => server.keep_alive = seconds,
                Property::ReceiveMaximum(max) => server.receive_maximum = max.max(1),
                Property::MaximumQoS(qos) => {
                    server.maximum_qos = QoS::from_u8(qos).unwrap_or(QoS::ExactlyOnce);
                }
                Property::RetainAvailable(flag) => server.retain_available = flag != 0,
                Property::MaximumPacketSize(max) => {
                    server.maximum_packet_size = max.min(PACKET_SIZE_MAX);
                }
                Property::TopicAliasMaximum(max) => server.topic_alias_maximum = max,
                Property::WildcardSubscriptionAvailable(flag) => {
                    server.wildcards_available = flag != 0;
                }
                Property::SubscriptionIdentifierAvailable(flag) => {
                    server.identifiers_available = flag != 0;
                }
                Property::SharedSubscriptionAvailable(flag) => server.shared_available = flag != 0,
                Property::SessionExpiryInterval(seconds) => server.session_expiry = Some(seconds),
                Property::AssignedClientIdentifier(_)
                | Property::AuthenticationMethod(_)
                | Property::AuthenticationData(_)
                | Property::ResponseInformation(_)
                | Property::ServerReference(_)
                | Property::ReasonString(_)
                | Property::UserProperty(..)
                | Property::PayloadFormatIndicator(_)
                | Property::MessageExpiryInterval(_)
                | Property::ContentType(_)
                | Property::ResponseTopic(_)
                | Property::CorrelationData(_)
                | Property::SubscriptionIdentifier(_)
                | Property::RequestProblemInformation(_)
                | Property::WillDelayInterval(_)
                | Property::RequestResponseInformation(_)
                | Property::TopicAlias(_) => {}
            }
        }
        server
    }
}
