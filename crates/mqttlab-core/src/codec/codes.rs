//! Which packet may carry which reason code.

use crate::packet::{PacketType, Side};
use crate::reason::ReasonCode;

/// Whether a packet of 5.0 may carry `code` to `receiver`.
///
/// Packets without a reason code may carry none. [MQTT-3.2.2-8] [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1]
/// [MQTT-3.7.2-1] [MQTT-3.9.3-2] [MQTT-3.11.3-2] [MQTT-3.14.2-1] [MQTT-3.15.2-1]
pub const fn is_code_allowed(packet: PacketType, receiver: Side, code: ReasonCode) -> bool {
    match packet {
        PacketType::ConnAck => is_connack(code),
        PacketType::PubAck | PacketType::PubRec => is_pub_ack(code),
        PacketType::PubRel | PacketType::PubComp => matches!(
            code,
            ReasonCode::Success | ReasonCode::PacketIdentifierNotFound
        ),
        PacketType::SubAck => is_sub_ack(code),
        PacketType::UnsubAck => is_unsub_ack(code),
        PacketType::Disconnect => is_disconnect(receiver, code),
        PacketType::Auth => matches!(
            (receiver, code),
            (Side::Client, ReasonCode::Success)
                | (_, ReasonCode::ContinueAuthentication)
                | (Side::Server, ReasonCode::ReAuthenticate)
        ),
        PacketType::Connect
        | PacketType::Publish
        | PacketType::Subscribe
        | PacketType::Unsubscribe
        | PacketType::PingReq
        | PacketType::PingResp => false,
    }
}

const fn is_connack(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::Success
            | ReasonCode::UnspecifiedError
            | ReasonCode::MalformedPacket
            | ReasonCode::ProtocolError
            | ReasonCode::ImplementationSpecificError
            | ReasonCode::UnsupportedProtocolVersion
            | ReasonCode::ClientIdentifierNotValid
            | ReasonCode::BadUserNameOrPassword
            | ReasonCode::NotAuthorized
            | ReasonCode::ServerUnavailable
            | ReasonCode::ServerBusy
            | ReasonCode::Banned
            | ReasonCode::BadAuthenticationMethod
            | ReasonCode::TopicNameInvalid
            | ReasonCode::PacketTooLarge
            | ReasonCode::QuotaExceeded
            | ReasonCode::PayloadFormatInvalid
            | ReasonCode::RetainNotSupported
            | ReasonCode::QosNotSupported
            | ReasonCode::UseAnotherServer
            | ReasonCode::ServerMoved
            | ReasonCode::ConnectionRateExceeded
    )
}

const fn is_pub_ack(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::Success
            | ReasonCode::NoMatchingSubscribers
            | ReasonCode::UnspecifiedError
            | ReasonCode::ImplementationSpecificError
            | ReasonCode::NotAuthorized
            | ReasonCode::TopicNameInvalid
            | ReasonCode::PacketIdentifierInUse
            | ReasonCode::QuotaExceeded
            | ReasonCode::PayloadFormatInvalid
    )
}

const fn is_sub_ack(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::Success
            | ReasonCode::GrantedQos1
            | ReasonCode::GrantedQos2
            | ReasonCode::UnspecifiedError
            | ReasonCode::ImplementationSpecificError
            | ReasonCode::NotAuthorized
            | ReasonCode::TopicFilterInvalid
            | ReasonCode::PacketIdentifierInUse
            | ReasonCode::QuotaExceeded
            | ReasonCode::SharedSubscriptionsNotSupported
            | ReasonCode::SubscriptionIdentifiersNotSupported
            | ReasonCode::WildcardSubscriptionsNotSupported
    )
}

const fn is_unsub_ack(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::Success
            | ReasonCode::NoSubscriptionExisted
            | ReasonCode::UnspecifiedError
            | ReasonCode::ImplementationSpecificError
            | ReasonCode::NotAuthorized
            | ReasonCode::TopicFilterInvalid
            | ReasonCode::PacketIdentifierInUse
    )
}

const fn is_disconnect(receiver: Side, code: ReasonCode) -> bool {
    match code {
        ReasonCode::Success
        | ReasonCode::UnspecifiedError
        | ReasonCode::MalformedPacket
        | ReasonCode::ProtocolError
        | ReasonCode::ImplementationSpecificError
        | ReasonCode::TopicNameInvalid
        | ReasonCode::ReceiveMaximumExceeded
        | ReasonCode::TopicAliasInvalid
        | ReasonCode::PacketTooLarge
        | ReasonCode::MessageRateTooHigh
        | ReasonCode::QuotaExceeded
        | ReasonCode::AdministrativeAction
        | ReasonCode::PayloadFormatInvalid => true,
        ReasonCode::DisconnectWithWill => matches!(receiver, Side::Server),
        ReasonCode::NotAuthorized
        | ReasonCode::ServerBusy
        | ReasonCode::ServerShuttingDown
        | ReasonCode::KeepAliveTimeout
        | ReasonCode::SessionTakenOver
        | ReasonCode::TopicFilterInvalid
        | ReasonCode::RetainNotSupported
        | ReasonCode::QosNotSupported
        | ReasonCode::UseAnotherServer
        | ReasonCode::ServerMoved
        | ReasonCode::SharedSubscriptionsNotSupported
        | ReasonCode::ConnectionRateExceeded
        | ReasonCode::MaximumConnectTime
        | ReasonCode::SubscriptionIdentifiersNotSupported
        | ReasonCode::WildcardSubscriptionsNotSupported => matches!(receiver, Side::Client),
        ReasonCode::GrantedQos1
        | ReasonCode::GrantedQos2
        | ReasonCode::NoMatchingSubscribers
        | ReasonCode::NoSubscriptionExisted
        | ReasonCode::ContinueAuthentication
        | ReasonCode::ReAuthenticate
        | ReasonCode::UnsupportedProtocolVersion
        | ReasonCode::ClientIdentifierNotValid
        | ReasonCode::BadUserNameOrPassword
        | ReasonCode::ServerUnavailable
        | ReasonCode::Banned
        | ReasonCode::BadAuthenticationMethod
        | ReasonCode::PacketIdentifierInUse
        | ReasonCode::PacketIdentifierNotFound => false,
    }
}
