//! What the client tells, to keep.

use std::fmt;

use bytes::Bytes;
use mqttlab_core::client::{Cause, ClientError, Dropped, Event, Message, MessageProperties};
use mqttlab_core::packet::Publish;
use mqttlab_core::properties::{Properties, Property};
use mqttlab_core::reason::ReasonCode;
use mqttlab_core::time::Instant;

use crate::Failure;

/// Something that the application may want to know.
#[derive(Debug)]
pub(super) enum Happened {
    Connected {
        session_present: bool,
    },
    /// Why no connection came about; [`Disconnected`](Self::Disconnected) follows.
    Unreachable(String),
    /// CONNACK or DISCONNECT with these words; [`Disconnected`](Self::Disconnected) follows.
    Refused(String),
    Disconnected {
        cause: Cause,
        retry_at: Option<Instant>,
    },
    Message(Box<Message>),
    Published(ReasonCode),
    Dropped(Dropped),
    Subscribed(Vec<u8>),
    NotSent(ClientError),
}

impl Happened {
    /// What an event says; `None` for what these clients never ask for.
    pub(super) fn of(event: &Event<'_>) -> Option<Self> {
        Some(match *event {
            Event::Connected {
                session_present, ..
            } => Self::Connected { session_present },
            Event::Refused {
                reason, properties, ..
            }
            | Event::ServerDisconnect { reason, properties } => {
                Self::Refused(in_words(reason, properties))
            }
            Event::Redirected {
                server_reference, ..
            } => Self::Refused(match server_reference {
                Some(server) => format!("the broker says to go to {server}"),
                None => "the broker says to go elsewhere".into(),
            }),
            Event::Disconnected { cause, retry_at } => Self::Disconnected { cause, retry_at },
            Event::Message(publish) => Self::Message(Box::new(message(&publish))),
            Event::Published { reason, .. } => Self::Published(reason),
            Event::Dropped { why, .. } => Self::Dropped(why),
            Event::Subscribed { codes, .. } => Self::Subscribed(codes.to_vec()),
            Event::RequestDropped { error, .. } => Self::NotSent(error),
            Event::Unsubscribed { .. }
            | Event::Authenticate { .. }
            | Event::Reauthenticated { .. } => return None,
        })
    }
}

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected {
                session_present: true,
            } => write!(f, "connected; the session of before goes on"),
            Self::Connected {
                session_present: false,
            } => write!(f, "connected, with a new session"),
            Self::Unreachable(why) | Self::Refused(why) => f.write_str(why),
            Self::Disconnected { cause, .. } => write!(f, "disconnected: {cause}"),
            Self::Message(message) => {
                let length = message.payload.len();
                write!(f, "{length} bytes came from {}", message.topic)
            }
            Self::Published(reason) => write!(f, "published: {reason}"),
            Self::Dropped(why) => write!(f, "not published: {why}"),
            Self::Subscribed(codes) => write!(f, "subscribed, with the codes {codes:02x?}"),
            Self::NotSent(error) => write!(f, "{error}"),
        }
    }
}

/// A reason, with what the broker adds to it.
fn in_words(reason: ReasonCode, properties: Properties<'_>) -> String {
    let mut words = reason.to_string();
    for property in properties.iter() {
        if let Property::ReasonString(why) = property {
            words = format!("{words}: {why}");
        } else if let Property::ServerReference(server) = property {
            words = format!("{words} (go to {server})");
        }
    }
    words
}

fn message(publish: &Publish<'_>) -> Message {
    let mut properties = MessageProperties::default();
    for property in publish.properties.iter() {
        if let Property::PayloadFormatIndicator(is_text) = property {
            properties.utf8 = is_text == 1;
        } else if let Property::MessageExpiryInterval(seconds) = property {
            properties.expiry = Some(seconds);
        } else if let Property::ContentType(text) = property {
            properties.content_type = Some(text.into());
        } else if let Property::ResponseTopic(topic) = property {
            properties.response_topic = Some(topic.into());
        } else if let Property::CorrelationData(data) = property {
            properties.correlation_data = Some(Bytes::copy_from_slice(data));
        } else if let Property::UserProperty(name, value) = property {
            let pair = (name.into(), value.into());
            properties.user_properties.push(pair);
        }
    }
    Message {
        topic: publish.topic.into(),
        payload: Bytes::copy_from_slice(publish.payload),
        qos: publish.qos,
        retain: publish.retain,
        properties,
    }
}

/// Remembers why there is no connection, as well as it is known.
#[derive(Debug, Default)]
pub(super) struct Ending(Option<String>);

impl Ending {
    /// More is known than the cause will say.
    pub(super) fn note(&mut self, why: String) {
        self.0 = Some(why);
    }

    /// In words.
    pub(super) fn of(&mut self, cause: &Cause) -> String {
        let known = self.0.take();
        known.unwrap_or_else(|| cause.to_string())
    }
}

/// The client is not what stops it: the time is up.
pub(super) fn too_late() -> Failure {
    Failure::late("the time is up")
}
