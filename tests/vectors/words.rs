//! Packets as mqtt-packet puts them into JavaScript objects; data is `{"hex": "…"}`.

use mqttlab_core::packet::{Ack, Connect, Packet, Publish, SubAck, Version};
use mqttlab_core::properties::{Properties, Property};
use mqttlab_core::reason::ReasonCode;
use serde_json::{Map, Value, json};

use super::to_hex;

/// The object for `packet`.
pub(crate) fn packet(packet: &Packet<'_>, version: Version) -> Value {
    let mut object = Map::new();
    object.insert(
        "cmd".into(),
        packet.packet_type().name().to_lowercase().into(),
    );
    let properties = match packet {
        Packet::Connect(connect) => add_connect(&mut object, connect),
        Packet::ConnAck(connack) => {
            object.insert("sessionPresent".into(), connack.session_present.into());
            match version {
                Version::V3_1 | Version::V3_1_1 => {
                    let code = connack.reason.connack_code_v3();
                    object.insert("returnCode".into(), code.into());
                }
                Version::V5 => {
                    object.insert("reasonCode".into(), connack.reason.number().into());
                }
            }
            connack.properties
        }
        Packet::Publish(publish) => add_publish(&mut object, publish),
        Packet::PubAck(ack) | Packet::PubRec(ack) | Packet::PubRel(ack) | Packet::PubComp(ack) => {
            add_ack(&mut object, ack, version)
        }
        Packet::Subscribe(subscribe) => {
            object.insert("messageId".into(), subscribe.packet_id.number().into());
            let filters = subscribe.filters.iter().map(|(filter, options)| {
                let mut entry = json!({ "topic": filter, "qos": options.qos.number() });
                if version == Version::V5 {
                    entry["nl"] = options.no_local.into();
                    entry["rap"] = options.retain_as_published.into();
                    entry["rh"] = (options.retain_handling as u8).into();
                }
                entry
            });
            object.insert("subscriptions".into(), filters.collect());
            subscribe.properties
        }
        Packet::SubAck(ack) | Packet::UnsubAck(ack) => add_suback(&mut object, ack),
        Packet::Unsubscribe(unsubscribe) => {
            object.insert("messageId".into(), unsubscribe.packet_id.number().into());
            object.insert(
                "unsubscriptions".into(),
                unsubscribe.filters.iter().collect(),
            );
            unsubscribe.properties
        }
        Packet::PingReq | Packet::PingResp => Properties::EMPTY,
        Packet::Disconnect(disconnect) => {
            add_reason(&mut object, disconnect.reason, version);
            disconnect.properties
        }
        Packet::Auth(auth) => {
            add_reason(&mut object, auth.reason, version);
            auth.properties
        }
    };
    add_properties(&mut object, properties);
    Value::Object(object)
}

fn add_connect<'a>(object: &mut Map<String, Value>, connect: &Connect<'a>) -> Properties<'a> {
    object.insert("protocolId".into(), connect.version.protocol_name().into());
    object.insert("protocolVersion".into(), connect.version.level().into());
    object.insert("clean".into(), connect.clean_start.into());
    object.insert("keepalive".into(), connect.keep_alive.into());
    object.insert("clientId".into(), connect.client_id.into());
    if let Some(will) = &connect.will {
        let mut inner = Map::new();
        inner.insert("topic".into(), will.topic.into());
        inner.insert("payload".into(), data(will.payload));
        inner.insert("qos".into(), will.qos.number().into());
        inner.insert("retain".into(), will.retain.into());
        add_properties(&mut inner, will.properties);
        object.insert("will".into(), inner.into());
    }
    if let Some(user_name) = connect.user_name {
        object.insert("username".into(), user_name.into());
    }
    if let Some(password) = connect.password {
        object.insert("password".into(), data(password));
    }
    connect.properties
}

fn add_publish<'a>(object: &mut Map<String, Value>, publish: &Publish<'a>) -> Properties<'a> {
    object.insert("dup".into(), publish.dup.into());
    object.insert("qos".into(), publish.qos.number().into());
    object.insert("retain".into(), publish.retain.into());
    object.insert("topic".into(), publish.topic.into());
    object.insert("payload".into(), data(publish.payload));
    if let Some(packet_id) = publish.packet_id {
        object.insert("messageId".into(), packet_id.number().into());
    }
    publish.properties
}

fn add_ack<'a>(object: &mut Map<String, Value>, ack: &Ack<'a>, version: Version) -> Properties<'a> {
    object.insert("messageId".into(), ack.packet_id.number().into());
    add_reason(object, ack.reason, version);
    ack.properties
}

fn add_suback<'a>(object: &mut Map<String, Value>, ack: &SubAck<'a>) -> Properties<'a> {
    object.insert("messageId".into(), ack.packet_id.number().into());
    object.insert("granted".into(), ack.codes.into());
    ack.properties
}

fn add_reason(object: &mut Map<String, Value>, reason: ReasonCode, version: Version) {
    if version == Version::V5 {
        object.insert("reasonCode".into(), reason.number().into());
    }
}

/// A property that comes more than once becomes a list; User Properties become an object.
fn add_properties(object: &mut Map<String, Value>, properties: Properties<'_>) {
    let mut inner = Map::new();
    for property in properties.iter() {
        let (name, value) = entry(&property);
        if let Property::UserProperty(key, _) = property {
            let users = inner.entry(name).or_insert_with(|| json!({}));
            if let Some(users) = users.as_object_mut() {
                append(users, key, value);
            }
        } else {
            append(&mut inner, name, value);
        }
    }
    if !inner.is_empty() {
        object.insert("properties".into(), inner.into());
    }
}

fn append(object: &mut Map<String, Value>, key: &str, value: Value) {
    match object.get_mut(key) {
        None => {
            object.insert(key.into(), value);
        }
        Some(Value::Array(list)) => list.push(value),
        Some(one) => *one = json!([one.take(), value]),
    }
}

fn entry(property: &Property<'_>) -> (&'static str, Value) {
    match *property {
        Property::PayloadFormatIndicator(flag) => ("payloadFormatIndicator", (flag == 1).into()),
        Property::MessageExpiryInterval(seconds) => ("messageExpiryInterval", seconds.into()),
        Property::ContentType(text) => ("contentType", text.into()),
        Property::ResponseTopic(text) => ("responseTopic", text.into()),
        Property::CorrelationData(bytes) => ("correlationData", data(bytes)),
        Property::SubscriptionIdentifier(number) => ("subscriptionIdentifier", number.into()),
        Property::SessionExpiryInterval(seconds) => ("sessionExpiryInterval", seconds.into()),
        Property::AssignedClientIdentifier(text) => ("assignedClientIdentifier", text.into()),
        Property::ServerKeepAlive(seconds) => ("serverKeepAlive", seconds.into()),
        Property::AuthenticationMethod(text) => ("authenticationMethod", text.into()),
        Property::AuthenticationData(bytes) => ("authenticationData", data(bytes)),
        Property::RequestProblemInformation(flag) => {
            ("requestProblemInformation", (flag == 1).into())
        }
        Property::WillDelayInterval(seconds) => ("willDelayInterval", seconds.into()),
        Property::RequestResponseInformation(flag) => {
            ("requestResponseInformation", (flag == 1).into())
        }
        Property::ResponseInformation(text) => ("responseInformation", text.into()),
        Property::ServerReference(text) => ("serverReference", text.into()),
        Property::ReasonString(text) => ("reasonString", text.into()),
        Property::ReceiveMaximum(number) => ("receiveMaximum", number.into()),
        Property::TopicAliasMaximum(number) => ("topicAliasMaximum", number.into()),
        Property::TopicAlias(number) => ("topicAlias", number.into()),
        Property::MaximumQoS(qos) => ("maximumQoS", qos.into()),
        Property::RetainAvailable(flag) => ("retainAvailable", (flag == 1).into()),
        Property::UserProperty(_, value) => ("userProperties", value.into()),
        Property::MaximumPacketSize(bytes) => ("maximumPacketSize", bytes.into()),
        Property::WildcardSubscriptionAvailable(flag) => {
            ("wildcardSubscriptionAvailable", (flag == 1).into())
        }
        Property::SubscriptionIdentifierAvailable(flag) => {
            ("subscriptionIdentifiersAvailable", (flag == 1).into())
        }
        Property::SharedSubscriptionAvailable(flag) => {
            ("sharedSubscriptionAvailable", (flag == 1).into())
        }
    }
}

fn data(bytes: &[u8]) -> Value {
    json!({ "hex": to_hex(bytes) })
}
