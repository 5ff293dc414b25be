//! What an application hands to a client.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;

use crate::client::error::{ClientError, Part};
use crate::packet::{Publish, QoS, SubscriptionOptions, Version};
use crate::properties::{Property, PropertyList};
use crate::topic;

/// The number of a request to a client, by which later events refer to it. Never used twice by one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ticket(pub(super) u64);

impl Ticket {
    /// The number: 1, 2, ….
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A message to publish.
///
/// ```
/// use mqttlab_core::client::Message;
/// use mqttlab_core::packet::QoS;
/// let message = Message { retain: true, ..Message::new("status/1", "on", QoS::AtLeastOnce) };
/// assert_eq!(message.payload, "on");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Message {
    /// Topic Name.
    pub topic: String,
    /// Application data; may be empty.
    pub payload: Bytes,
    /// QoS of the hop to the server.
    pub qos: QoS,
    /// RETAIN.
    pub retain: bool,
    /// 5.0: properties.
    pub properties: MessageProperties,
}

impl Message {
    /// A message that is not retained and has no properties.
    pub fn new(topic: impl Into<String>, payload: impl Into<Bytes>, qos: QoS) -> Self {
        Self {
            topic: topic.into(),
            payload: payload.into(),
            qos,
            retain: false,
            properties: MessageProperties::default(),
        }
    }

    /// What it weighs in a queue.
    pub(super) fn weight(&self) -> usize {
        self.topic.len() + self.payload.len() + self.properties.weight()
    }

    pub(super) fn check(&self, version: Version) -> Result<(), ClientError> {
        topic::check_name(&self.topic).map_err(ClientError::Topic)?;
        self.properties.check(version, &self.payload)
    }

    /// The PUBLISH for it, without identifier and DUP.
    pub(super) fn publish<'a>(
        &'a self,
        topic: &'a str,
        properties: &'a PropertyList,
    ) -> Publish<'a> {
        Publish {
            dup: false,
            qos: self.qos,
            retain: self.retain,
            topic,
            packet_id: None,
            properties: properties.properties(),
            payload: &self.payload,
        }
    }
}

/// Properties of a message (5.0); in the older versions they must be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct MessageProperties {
    /// Payload Format Indicator: the payload is UTF-8 text.
    pub utf8: bool,
    /// Message Expiry Interval in seconds. It runs while the message waits in the client too.
    pub expiry: Option<u32>,
    /// Content Type.
    pub content_type: Option<String>,
    /// Response Topic.
    pub response_topic: Option<String>,
    /// Correlation Data.
    pub correlation_data: Option<Bytes>,
    /// User Properties.
    pub user_properties: Vec<(String, String)>,
}

impl MessageProperties {
    /// None.
    pub const NONE: Self = Self {
        utf8: false,
        expiry: None,
        content_type: None,
        response_topic: None,
        correlation_data: None,
        user_properties: Vec::new(),
    };

    pub(super) fn check(&self, version: Version, payload: &[u8]) -> Result<(), ClientError> {
        if version != Version::V5 {
            return if *self == Self::NONE {
                Ok(())
            } else {
                Err(ClientError::NeedsVersion5(Part::MessageProperties))
            };
        }
        if self.utf8 && core::str::from_utf8(payload).is_err() {
            return Err(ClientError::PayloadNotUtf8);
        }
        if let Some(content_type) = &self.content_type {
            check_text(Part::ContentType, content_type)?;
        }
        if let Some(response_topic) = &self.response_topic {
            topic::check_name(response_topic).map_err(ClientError::ResponseTopic)?;
        }
        if let Some(data) = &self.correlation_data {
            check_data(Part::CorrelationData, data)?;
        }
        check_user_properties(&self.user_properties)
    }

    /// Appends them; `expiry` may have become less than it was.
    pub(super) fn write_to(&self, list: &mut PropertyList, expiry: Option<u32>) {
        if self.utf8 {
            list.push(Property::PayloadFormatIndicator(1));
        }
        if let Some(expiry) = expiry {
            list.push(Property::MessageExpiryInterval(expiry));
        }
        if let Some(content_type) = &self.content_type {
            list.push(Property::ContentType(content_type));
        }
        if let Some(response_topic) = &self.response_topic {
            list.push(Property::ResponseTopic(response_topic));
        }
        if let Some(data) = &self.correlation_data {
            list.push(Property::CorrelationData(data));
        }
        push_user_properties(list, &self.user_properties);
    }

    fn weight(&self) -> usize {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let pairs = self.user_properties.iter().map(|(k, v)| k.len() + v.len());
        length(&self.content_type)
            + length(&self.response_topic)
            + self.correlation_data.as_ref().map_or(0, Bytes::len)
            + pairs.sum::<usize>()
    }
}

/// Topic Filters to subscribe to, in one SUBSCRIBE.
///
/// ```
/// use mqttlab_core::client::SubscribeRequest;
/// use mqttlab_core::packet::QoS;
/// let request = SubscribeRequest::new("status/#", QoS::AtLeastOnce).and("alarm/#", QoS::ExactlyOnce);
/// assert_eq!(request.filters.len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct SubscribeRequest {
    /// The filters with their options; at least one.
    pub filters: Vec<(String, SubscriptionOptions)>,
    /// 5.0: Subscription Identifier, 1 to 268 435 455.
    pub identifier: Option<u32>,
    /// 5.0: User Properties.
    pub user_properties: Vec<(String, String)>,
}

impl SubscribeRequest {
    /// One filter, at this QoS.
    pub fn new(filter: impl Into<String>, qos: QoS) -> Self {
        Self::default().and(filter, qos)
    }

    /// One filter more.
    #[must_use]
    pub fn and(mut self, filter: impl Into<String>, qos: QoS) -> Self {
        self.filters
            .push((filter.into(), SubscriptionOptions::qos(qos)));
        self
    }
}

/// So that no packet gets larger than its length can say.
const USER_PROPERTIES_SIZE_MAX: usize = 64 << 20;

pub(super) fn push_user_properties(list: &mut PropertyList, pairs: &[(String, String)]) {
    for (key, value) in pairs {
        list.push(Property::UserProperty(key, value));
    }
}

pub(super) fn check_user_properties(pairs: &[(String, String)]) -> Result<(), ClientError> {
    let size: usize = pairs
        .iter()
        .map(|(key, value)| key.len() + value.len() + 5)
        .sum();
    if size > USER_PROPERTIES_SIZE_MAX {
        return Err(ClientError::TooLong(Part::UserProperty));
    }
    pairs.iter().try_for_each(|(key, value)| {
        check_text(Part::UserProperty, key)?;
        check_text(Part::UserProperty, value)
    })
}

/// A UTF-8 Encoded String: at most 65 535 bytes, without U+0000. [MQTT-1.5.3-2]
pub(super) fn check_text(part: Part, text: &str) -> Result<(), ClientError> {
    if text.contains('\0') {
        return Err(ClientError::NulInText(part));
    }
    check_data(part, text.as_bytes())
}

/// Binary Data: at most 65 535 bytes.
pub(super) fn check_data(part: Part, data: &[u8]) -> Result<(), ClientError> {
    if data.len() > usize::from(u16::MAX) {
        return Err(ClientError::TooLong(part));
    }
    Ok(())
}
