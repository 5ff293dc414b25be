//! Reasons that stand behind decisions.

use crate::qos::Unexpected;

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident $text:literal;)+ })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
            #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
            #[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
            pub enum $name {
                $(#[doc = concat!("In words: ", $text, ".")] $variant,)+
            }

            impl $name {
                /// Every one.
                pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            }

            impl core::fmt::Display for $name {
                fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                    f.write_str(match self {
                        $(Self::$variant => $text,)+
                    })
                }
            }
        )+
    };
}

causes! {
    /// Why a CONNECT, a subscription or a PUBLISH is refused.
    Refusal {
        NoMethod "more is asked of a client that chose no Authentication Method";
        VersionNotAccepted "this version of MQTT is not accepted";
        EmptyClientId "the Client Identifier is empty";
        ClientIdTooLong "the Client Identifier is too long";
        ClientIdInvalid "the Client Identifier is not valid";
        ForeignSession "the session belongs to another user";
        Denied "it is not authorized";
        AuthenticationMethod "the Authentication Method does not fit";
        TooManyConnections "there are too many connections";
        TooManySessions "there are too many sessions";
        SessionBytes "sessions take up as much as they may";
        WillDenied "the will may not be published";
        WillQos "the will has a QoS that is not supported";
        WillRetain "the will is to be retained, which is not supported";
        KeepAlive "the Keep Alive is longer than allowed";
        FilterIllFormed "the Topic Filter breaks the syntax";
        TopicTooLong "the topic is too long";
        TooManyLevels "it has too many levels";
        TooManySubscriptions "the session has too many subscriptions";
        WildcardNotSupported "wildcards are not supported";
        SharedNotSupported "shared subscriptions are not supported";
        IdentifierNotSupported "Subscription Identifiers are not supported";
        ReservedTopic "the topic is the broker's own";
        PayloadFormat "the payload is not the UTF-8 that it says it is";
        TooSmall "the client does not accept packets of the size of a CONNACK";
        Elsewhere "the client is to use another server";
    }
    /// What else stands behind a decision.
    Cause {
        SecondConnect "a connection has only one CONNECT";
        BeforeConnect "CONNECT comes first";
        AwaitingAuthorization "the CONNECT before it is not answered yet";
        ServerPacket "only a server sends it";
        QosNotSupported "the QoS is not supported";
        RetainNotSupported "retained messages are not supported";
        ReceiveMaximum "more QoS 2 messages wait for PUBREL than the Receive Maximum allows";
        TooManyConnections "there are too many connections";
        SlowReader "the client does not read what it is sent";
        SessionExpiry "a session that was to end with its connection cannot be kept";
        NoAuthentication "CONNECT had no Authentication Method";
        AuthenticationMethod "the Authentication Method is another than in CONNECT";
        AuthReason "AUTH has a reason that does not fit";
        AckForOtherQos "the message with this identifier has another QoS";
        AckOutOfOrder "the message with this identifier waits for PUBREC";
        SubscriptionIdentifiers "Subscription Identifiers are not supported";
        IdentifierFromClient "only a server gives a PUBLISH a Subscription Identifier";
        NoLocalOnShared "No Local is not allowed on a shared subscription";
        IllFormedFilter "a Topic Filter breaks the syntax";
        TopicTooLong "the topic is too long";
        TooManyLevels "the topic has too many levels";
        DeniedPublish "the client may not publish there";
        RetainHandling "the subscription does not want them";
        ExistingSubscription "the subscription was there before";
        SharedSubscription "shared subscriptions get none";
    }
    /// Why a session is over.
    SessionEnd {
        CleanStart "a CONNECT with a clean start took its place";
        ConnectionClosed "it lasts as long as its connection";
        Expired "its time ran out";
        Administrative "it was ended from here";
        Replaced "it belonged to another user";
    }
    /// Why a will is not published.
    WillEnd {
        Disconnect "the client said DISCONNECT";
        Reconnected "the client came back in time";
        Denied "it is not authorized any more";
        Shutdown "the broker stops";
    }
    /// Why a message waits.
    QueueCause {
        Offline "the client is not connected";
        Window "as many messages are in flight as allowed";
        Behind "others wait before it";
        SlowReader "the client has not read what it was sent";
    }
    /// Why a message that was meant for a session is dropped.
    DropCause {
        QueueFull "its queue has no room for another message";
        QueueBytes "its queue has no room for so many bytes";
        MemoryFull "the messages of all sessions take too much memory";
        SlowReader "the client has not read what it was sent";
        Offline "QoS 0 messages do not wait for a client that is away";
        Expired "it expired";
        TooLarge "it is larger than the client accepts";
        Denied "the client may not receive it any more";
        SourceDenied "it was retained, and its publisher may not publish there any more";
        SessionEnded "the session is over";
    }
    /// Why a session with a subscription that matches does not get a message.
    Undelivered {
        NoLocal "its subscription says No Local and it is the publisher";
        Denied "it may not receive from this topic";
        SourceDenied "its publisher may not publish there any more";
    }
    /// Which mistake the broker made, because it was switched on; see [`Bugs`](crate::broker::Bugs).
    Mistake {
        WildcardMatchesDollar "a wildcard in the first level matches a topic that begins with $";
        QosUpgraded "the message goes out with the larger QoS";
    }
    /// Why an acknowledgement fits nothing; see [`Unexpected`].
    UnexpectedAck {
        Unknown "no message has this Packet Identifier";
        WrongStage "the message waits for another packet";
    }
}

impl From<Unexpected> for UnexpectedAck {
    fn from(unexpected: Unexpected) -> Self {
        match unexpected {
            Unexpected::Unknown => Self::Unknown,
            Unexpected::WrongStage(_) => Self::WrongStage,
        }
    }
}
