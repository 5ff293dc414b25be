//! The words of a script.

use std::borrow::ToOwned;
use std::boxed::Box;
use std::string::String;
use std::vec::Vec;

use crate::broker::{Authorization, Grant};
use crate::packet::{QoS, Version};
use crate::properties::{Property, PropertyList};
use crate::reason::ReasonCode;
use crate::time::Duration;

/// `key=value` and bare words.
pub(super) struct Options<'a> {
    words: Vec<&'a str>,
}

impl<'a> Options<'a> {
    pub(super) fn new(words: &[&'a str]) -> Self {
        Self {
            words: words.to_vec(),
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        self.words
            .iter()
            .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.words.contains(&key)
    }

    pub(super) fn number(&self, key: &str) -> Option<u32> {
        self.get(key).map(|value| value.parse().expect("a number"))
    }

    pub(super) fn qos(&self) -> QoS {
        let number = self.number("qos").unwrap_or(0);
        QoS::from_u8(number as u8).expect("a QoS")
    }

    pub(super) fn push_connect_properties(&self, list: &mut PropertyList) {
        if let Some(expiry) = self.number("expiry") {
            list.push(Property::SessionExpiryInterval(expiry));
        }
        if let Some(maximum) = self.number("receive") {
            list.push(Property::ReceiveMaximum(maximum as u16));
        }
        if let Some(size) = self.number("size") {
            list.push(Property::MaximumPacketSize(size));
        }
        if let Some(maximum) = self.number("aliases") {
            list.push(Property::TopicAliasMaximum(maximum as u16));
        }
        if self.has("noproblem") {
            list.push(Property::RequestProblemInformation(0));
        }
        if self.has("response") {
            list.push(Property::RequestResponseInformation(1));
        }
        if let Some(method) = self.get("method") {
            list.push(Property::AuthenticationMethod(method));
        }
    }

    pub(super) fn push_publish_properties(&self, list: &mut PropertyList) {
        if let Some(format) = self.number("format") {
            list.push(Property::PayloadFormatIndicator(format as u8));
        }
        if let Some(expiry) = self.number("expiry") {
            list.push(Property::MessageExpiryInterval(expiry));
        }
        if let Some(kind) = self.get("type") {
            list.push(Property::ContentType(kind));
        }
        if let Some(topic) = self.get("reply") {
            list.push(Property::ResponseTopic(topic));
        }
        if let Some(data) = self.get("data") {
            list.push(Property::CorrelationData(data.as_bytes()));
        }
        for word in &self.words {
            if let Some((key, value)) = word
                .strip_prefix("user:")
                .and_then(|pair| pair.split_once('='))
            {
                list.push(Property::UserProperty(key, value));
            }
        }
        if let Some(identifier) = self.number("sid") {
            list.push(Property::SubscriptionIdentifier(identifier));
        }
    }
}

pub(super) fn is_filter(word: &str) -> bool {
    let is_option = word.contains('=') || ["nolocal", "rap"].contains(&word);
    !is_option
}

/// Words, of which those in quotes may be empty or have spaces.
pub(super) fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (word, tail) = quoted.split_once('"').expect("a closing quote");
            words.push(word.to_owned());
            rest = tail.trim_start();
        } else {
            let (word, tail) = rest.split_once(' ').unwrap_or((rest, ""));
            words.push(word.replace("\"\"", ""));
            rest = tail.trim_start();
        }
    }
    words
}

pub(super) fn parse_version(text: &str) -> Version {
    match text {
        "3.1" => Version::V3_1,
        "3.1.1" => Version::V3_1_1,
        "5" => Version::V5,
        _ => panic!("what version is {text}?"),
    }
}

pub(super) fn parse_duration(text: &str) -> Duration {
    match text.strip_suffix("ms") {
        Some(millis) => Duration::from_millis(millis.parse().expect("a number")),
        None => Duration::from_secs(text.trim_end_matches('s').parse().expect("a number")),
    }
}

pub(super) fn parse_authorization(text: &str) -> Authorization {
    match text {
        "allow" => Authorization::Allow,
        "pending" => Authorization::Pending,
        "deny" => Authorization::Deny(ReasonCode::NotAuthorized),
        "more" => Authorization::Continue(b"more?".to_vec()),
        "moved" => Authorization::Redirect {
            reason: ReasonCode::ServerMoved,
            server: "other:1883".to_owned(),
        },
        text if text.starts_with("stamp=") => Authorization::AllowAs(Box::new(Grant {
            stamp: text.as_bytes()["stamp=".len()..].to_vec(),
            ..Grant::default()
        })),
        text => {
            let code = text.parse().ok().and_then(ReasonCode::from_u8);
            Authorization::Deny(code.expect("allow, deny, pending, more, moved or a code"))
        }
    }
}
