//! The statement of the standard that a field is under.

use crate::clause::Clause;
use crate::codec::fields::FieldKind;
use crate::packet::Version;

impl FieldKind {
    /// The normative statement that says most about this field, where there is one.
    pub fn clause(self, version: Version) -> Option<Clause> {
        match version {
            Version::V3_1 | Version::V3_1_1 => self.clauses().0,
            Version::V5 => self.clauses().1,
        }
    }

    /// The statements of 3.1.1 and of 5.0.
    fn clauses(self) -> (Option<Clause>, Option<Clause>) {
        let (v311, v5) = match self {
            Self::ReservedFlags => (Clause::V311_2_2_2_1, Clause::V5_2_1_3_1),
            Self::Dup => (Clause::V311_3_3_1_1, Clause::V5_3_3_1_1),
            Self::QoS => (Clause::V311_3_3_1_4, Clause::V5_3_3_1_4),
            Self::Retain => (Clause::V311_3_3_1_5, Clause::V5_3_3_1_5),
            Self::PacketIdentifier => (Clause::V311_2_3_1_1, Clause::V5_2_2_1_3),
            Self::ProtocolName => (Clause::V311_3_1_2_1, Clause::V5_3_1_2_1),
            Self::ProtocolLevel => (Clause::V311_3_1_2_2, Clause::V5_3_1_2_2),
            Self::ConnectFlagsReserved => (Clause::V311_3_1_2_3, Clause::V5_3_1_2_3),
            Self::CleanSession | Self::CleanStart => (Clause::V311_3_1_2_6, Clause::V5_3_1_2_4),
            Self::WillFlag => (Clause::V311_3_1_2_8, Clause::V5_3_1_2_8),
            Self::WillQoS => (Clause::V311_3_1_2_14, Clause::V5_3_1_2_12),
            Self::WillRetain => (Clause::V311_3_1_2_17, Clause::V5_3_1_2_15),
            Self::UserNameFlag => (Clause::V311_3_1_2_19, Clause::V5_3_1_2_17),
            Self::PasswordFlag => (Clause::V311_3_1_2_21, Clause::V5_3_1_2_19),
            Self::KeepAlive => (Clause::V311_3_1_2_24, Clause::V5_3_1_2_22),
            Self::ClientIdentifier => (Clause::V311_3_1_3_2, Clause::V5_3_1_3_2),
            Self::WillTopic => (Clause::V311_3_1_3_10, Clause::V5_3_1_3_11),
            Self::WillPayload => (Clause::V311_3_1_2_9, Clause::V5_3_1_2_9),
            Self::UserName => (Clause::V311_3_1_3_11, Clause::V5_3_1_3_12),
            Self::SessionPresent => (Clause::V311_3_2_2_2, Clause::V5_3_2_2_3),
            Self::TopicName => (Clause::V311_3_3_2_2, Clause::V5_3_3_2_2),
            Self::TopicFilter => (Clause::V311_4_7_1_2, Clause::V5_4_7_1_1),
            Self::Subscription => (Clause::V311_3_8_3_3, Clause::V5_3_8_3_2),
            Self::SubscriptionReserved => (Clause::V311_3_8_3_4, Clause::V5_3_8_3_5),
            Self::SubscriptionQoS | Self::RequestedQoS => {
                (Clause::V311_3_8_4_6, Clause::V5_3_8_4_8)
            }
            // About these only 5.0 makes a numbered statement.
            Self::RemainingLength | Self::PropertyLength => {
                return (None, Some(Clause::V5_1_5_5_1));
            }
            Self::Properties | Self::WillProperties => return (None, Some(Clause::V5_2_2_2_1)),
            Self::UserPropertyName | Self::UserPropertyValue => {
                return (None, Some(Clause::V5_1_5_7_1));
            }
            Self::AcknowledgeFlags | Self::AcknowledgeFlagsReserved => {
                return (None, Some(Clause::V5_3_2_2_1));
            }
            Self::NoLocal => return (None, Some(Clause::V5_3_8_3_3)),
            Self::RetainAsPublished => return (None, Some(Clause::V5_3_3_1_13)),
            Self::RetainHandling => return (None, Some(Clause::V5_3_3_1_9)),
            Self::Property(identifier) | Self::PropertyValue(identifier) => {
                return (None, property_clause(identifier));
            }
            Self::PacketType
            | Self::Length
            | Self::PropertyIdentifier
            | Self::ReasonCode
            | Self::ReturnCode
            | Self::Payload
            | Self::ConnectFlags
            | Self::Password
            | Self::SubscriptionOptions => return (None, None),
        };
        (Some(v311), Some(v5))
    }
}

fn property_clause(identifier: u8) -> Option<Clause> {
    Some(match identifier {
        0x01 => Clause::V5_3_3_2_4,
        0x02 => Clause::V5_3_3_2_5,
        0x03 => Clause::V5_3_3_2_20,
        0x08 => Clause::V5_3_3_2_14,
        0x09 => Clause::V5_3_3_2_16,
        0x0B => Clause::V5_3_3_4_3,
        0x11 => Clause::V5_3_1_2_23,
        0x12 => Clause::V5_3_2_2_16,
        0x13 => Clause::V5_3_2_2_21,
        0x15 | 0x16 => Clause::V5_4_12_0_5,
        0x17 => Clause::V5_3_1_2_29,
        0x18 => Clause::V5_3_1_3_9,
        0x19 => Clause::V5_3_1_2_28,
        0x21 => Clause::V5_3_3_4_7,
        0x22 => Clause::V5_3_1_2_26,
        0x23 => Clause::V5_3_3_2_8,
        0x24 => Clause::V5_3_2_2_11,
        0x25 => Clause::V5_3_2_2_14,
        0x26 => Clause::V5_3_3_2_17,
        0x27 => Clause::V5_3_1_2_24,
        _ => return None,
    })
}
