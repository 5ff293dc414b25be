//! What a field is, in the standard's words and in ours.

macro_rules! field_kinds {
    ($($variant:ident $name:literal $about:literal;)+) => {
        /// What a field is, in the standard's words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FieldKind {
            $(#[doc = concat!($name, ": ", $about)] $variant,)+
            /// A whole property: its identifier and its value. The number is the identifier.
            Property(u8),
            /// The value of the property with this identifier.
            PropertyValue(u8),
        }

        impl FieldKind {
            /// Every kind that is not about one certain property.
            pub const PLAIN: &'static [Self] = &[$(Self::$variant),+];

            /// The standard's name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Property(identifier) | Self::PropertyValue(identifier) => {
                        crate::properties::name_of(identifier).unwrap_or("Property")
                    }
                }
            }

            /// What it is for, in one plain sentence.
            pub fn about(self) -> &'static str {
                match self {
                    $(Self::$variant => $about,)+
                    Self::Property(identifier) | Self::PropertyValue(identifier) => {
                        crate::properties::about(identifier)
                            .unwrap_or("A property that the standard does not know.")
                    }
                }
            }
        }
    };
}

field_kinds! {
    PacketType "Packet type" "Says which of the kinds of packet this is.";
    Dup "DUP" "Set when the sender has sent this message before and got no answer.";
    QoS "QoS" "How hard this hop tries: 0 once at most, 1 at least once, 2 exactly once.";
    Retain "RETAIN" "To a server: keep this as the topic's latest message. To a client: this comes from the server's store.";
    ReservedFlags "Reserved flags" "Bits that mean nothing here and must have their fixed value.";
    RemainingLength "Remaining Length" "How many bytes of the packet come after this number.";
    Length "Length" "How many bytes of text or data follow.";
    PacketIdentifier "Packet Identifier" "The number that ties an answer to the packet that it answers.";
    Properties "Properties" "Extras that the packet carries, each with a number in front that tells which it is.";
    PropertyLength "Property Length" "How many bytes all properties together have.";
    PropertyIdentifier "Property identifier" "The number that tells which property follows.";
    UserPropertyName "User Property name" "The name half of a pair that only the applications understand.";
    UserPropertyValue "User Property value" "The value half of a pair that only the applications understand.";
    ReasonCode "Reason Code" "How it went: below 128 it worked, from 128 on it failed and the number says why.";
    ReturnCode "Return code" "How it went: whether the request was granted, or why it was not.";
    Payload "Payload" "The message itself, bytes that MQTT carries and does not look into.";
    ProtocolName "Protocol Name" "Text that says the client speaks MQTT at all.";
    ProtocolLevel "Protocol Level" "The number of the protocol's version: 3 is 3.1, 4 is 3.1.1, 5 is 5.0.";
    ConnectFlags "Connect Flags" "Single bits that say which parts follow and how the session begins.";
    UserNameFlag "User Name Flag" "Set when a User Name follows.";
    PasswordFlag "Password Flag" "Set when a Password follows.";
    WillRetain "Will Retain" "Set when the server is to keep the will as the topic's retained message.";
    WillQoS "Will QoS" "The QoS at which the will is published.";
    WillFlag "Will Flag" "Set when the client leaves a will: a message for the case that its connection dies.";
    CleanSession "Clean Session" "Set to begin with nothing and leave nothing behind; clear to go on with a stored session.";
    CleanStart "Clean Start" "Set to throw away an old session first; clear to go on with it if there is one.";
    ConnectFlagsReserved "Reserved" "A bit without a meaning that must be 0.";
    KeepAlive "Keep Alive" "The longest silence in seconds that the client promises; half as much again and the server hangs up. 0 is off.";
    ClientIdentifier "Client Identifier" "The client's name, under which the server keeps its session.";
    WillProperties "Will Properties" "Extras of the will.";
    WillTopic "Will Topic" "The topic on which the will is published.";
    WillPayload "Will Payload" "What the will says.";
    UserName "User Name" "Who the client claims to be.";
    Password "Password" "What proves the claim; any bytes.";
    AcknowledgeFlags "Connect Acknowledge Flags" "A byte of which only the last bit is used.";
    AcknowledgeFlagsReserved "Reserved" "Bits without a meaning that must be 0.";
    SessionPresent "Session Present" "Set when the server had a session for this client and goes on with it.";
    TopicName "Topic Name" "The label by which the server finds who wants the message.";
    Subscription "Subscription" "A Topic Filter and what is asked for with it.";
    TopicFilter "Topic Filter" "Names one topic, or many by the wildcards + and #.";
    RequestedQoS "Requested QoS" "A byte of which the last two bits are used.";
    SubscriptionOptions "Subscription Options" "Single bits that say how messages are to be sent for this filter.";
    SubscriptionReserved "Reserved" "Bits without a meaning that must be 0.";
    SubscriptionQoS "Maximum QoS" "The highest QoS at which the server may send; higher ones are lowered to it.";
    NoLocal "No Local" "Set when the client does not want its own messages back.";
    RetainAsPublished "Retain As Published" "Set to get the RETAIN flag as the publisher set it; clear to get it only on stored messages.";
    RetainHandling "Retain Handling" "Whether stored messages come now: 0 yes, 1 only for a new subscription, 2 no.";
}
