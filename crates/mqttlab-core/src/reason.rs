//! Reason codes: what a packet says about how something went.

use core::fmt;

macro_rules! reason_codes {
    ($($number:literal $variant:ident $name:literal;)+) => {
        /// A Reason Code of MQTT 5.0 (section 2.4).
        ///
        /// The older versions have fewer and other numbers in CONNACK; inside this crate there is only this set, and the
        /// codec translates at the edge ([`connack_code_v3`](Self::connack_code_v3)).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[repr(u8)]
        pub enum ReasonCode {
            $(#[doc = concat!("`", stringify!($number), "` ", $name, ".")] $variant = $number,)+
        }

        impl ReasonCode {
            /// Every code, by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code with this number; `None` where the standard has none.
            pub const fn from_u8(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The standard's name for it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

reason_codes! {
    0x00 Success "Success";
    0x01 GrantedQos1 "Granted QoS 1";
    0x02 GrantedQos2 "Granted QoS 2";
    0x04 DisconnectWithWill "Disconnect with Will Message";
    0x10 NoMatchingSubscribers "No matching subscribers";
    0x11 NoSubscriptionExisted "No subscription existed";
    0x18 ContinueAuthentication "Continue authentication";
    0x19 ReAuthenticate "Re-authenticate";
    0x80 UnspecifiedError "Unspecified error";
    0x81 MalformedPacket "Malformed Packet";
    0x82 ProtocolError "Protocol Error";
    0x83 ImplementationSpecificError "Implementation specific error";
    0x84 UnsupportedProtocolVersion "Unsupported Protocol Version";
    0x85 ClientIdentifierNotValid "Client Identifier not valid";
    0x86 BadUserNameOrPassword "Bad User Name or Password";
    0x87 NotAuthorized "Not authorized";
    0x88 ServerUnavailable "Server unavailable";
    0x89 ServerBusy "Server busy";
    0x8A Banned "Banned";
    0x8B ServerShuttingDown "Server shutting down";
    0x8C BadAuthenticationMethod "Bad authentication method";
    0x8D KeepAliveTimeout "Keep Alive timeout";
    0x8E SessionTakenOver "Session taken over";
    0x8F TopicFilterInvalid "Topic Filter invalid";
    0x90 TopicNameInvalid "Topic Name invalid";
    0x91 PacketIdentifierInUse "Packet Identifier in use";
    0x92 PacketIdentifierNotFound "Packet Identifier not found";
    0x93 ReceiveMaximumExceeded "Receive Maximum exceeded";
    0x94 TopicAliasInvalid "Topic Alias invalid";
    0x95 PacketTooLarge "Packet too large";
    0x96 MessageRateTooHigh "Message rate too high";
    0x97 QuotaExceeded "Quota exceeded";
    0x98 AdministrativeAction "Administrative action";
    0x99 PayloadFormatInvalid "Payload format invalid";
    0x9A RetainNotSupported "Retain not supported";
    0x9B QosNotSupported "QoS not supported";
    0x9C UseAnotherServer "Use another server";
    0x9D ServerMoved "Server moved";
    0x9E SharedSubscriptionsNotSupported "Shared Subscriptions not supported";
    0x9F ConnectionRateExceeded "Connection rate exceeded";
    0xA0 MaximumConnectTime "Maximum connect time";
    0xA1 SubscriptionIdentifiersNotSupported "Subscription Identifiers not supported";
    0xA2 WildcardSubscriptionsNotSupported "Wildcard Subscriptions not supported";
}

impl ReasonCode {
    /// The number on the wire.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whether it says that something failed (0x80 and above).
    pub const fn is_error(self) -> bool {
        self.number() >= 0x80
    }

    /// The CONNACK return code of MQTT 3.1 and 3.1.1 that comes nearest, or `None` where those versions
    /// have none and the connection is closed without a CONNACK. [MQTT-3.2.2-6]
    pub const fn connack_code_v3(self) -> Option<u8> {
        match self {
            Self::Success => Some(0),
            Self::UnsupportedProtocolVersion => Some(1),
            Self::ClientIdentifierNotValid => Some(2),
            Self::ServerUnavailable
            | Self::ServerBusy
            | Self::ServerShuttingDown
            | Self::QuotaExceeded
            | Self::ConnectionRateExceeded
            | Self::UseAnotherServer
            | Self::ServerMoved => Some(3),
            Self::BadUserNameOrPassword => Some(4),
            Self::NotAuthorized | Self::Banned | Self::BadAuthenticationMethod => Some(5),
            Self::GrantedQos1
            | Self::GrantedQos2
            | Self::DisconnectWithWill
            | Self::NoMatchingSubscribers
            | Self::NoSubscriptionExisted
            | Self::ContinueAuthentication
            | Self::ReAuthenticate
            | Self::UnspecifiedError
            | Self::MalformedPacket
            | Self::ProtocolError
            | Self::ImplementationSpecificError
            | Self::KeepAliveTimeout
            | Self::SessionTakenOver
            | Self::TopicFilterInvalid
            | Self::TopicNameInvalid
            | Self::PacketIdentifierInUse
            | Self::PacketIdentifierNotFound
            | Self::ReceiveMaximumExceeded
            | Self::TopicAliasInvalid
            | Self::PacketTooLarge
            | Self::MessageRateTooHigh
            | Self::AdministrativeAction
            | Self::PayloadFormatInvalid
            | Self::RetainNotSupported
            | Self::QosNotSupported
            | Self::SharedSubscriptionsNotSupported
            | Self::MaximumConnectTime
            | Self::SubscriptionIdentifiersNotSupported
            | Self::WildcardSubscriptionsNotSupported => None,
        }
    }

    /// What a CONNACK return code of MQTT 3.1 and 3.1.1 means; `None` for the reserved ones.
    pub const fn from_connack_code_v3(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Success),
            1 => Some(Self::UnsupportedProtocolVersion),
            2 => Some(Self::ClientIdentifierNotValid),
            3 => Some(Self::ServerUnavailable),
            4 => Some(Self::BadUserNameOrPassword),
            5 => Some(Self::NotAuthorized),
            _ => None,
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:02X} {}", self.number(), self.name())
    }
}
