//! What a CONNECT asks for.

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::broker::message::{Sorted, Will};
use crate::broker::passport::{Passport, identity};
use crate::broker::{Broker, Grant, Identity};
use crate::clause::Clause;
use crate::codec::PACKET_SIZE_MAX;
use crate::packet::{Connect, Version};
use crate::properties::Property;
use crate::reason::ReasonCode;
use crate::why::Refusal;

/// What a CONNECT asks for, kept while the answer is sought. The password is not in it.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) version: Version,
    pub(super) client_id: Arc<str>,
    pub(super) is_id_assigned: bool,
    /// As it was sent, until it is known who it is.
    pub(super) user_name: Option<Box<str>>,
    /// What it comes in with.
    pub(super) passport: Option<Arc<Passport>>,
    pub(super) clean_start: bool,
    pub(super) keep_alive: u16,
    pub(super) keep_alive_asked: u16,
    pub(super) will: Option<Box<Will>>,
    /// Session Expiry Interval, as it will hold.
    pub(super) expiry_s: u32,
    pub(super) expiry_asked_s: u32,
    pub(super) receive_maximum: u16,
    pub(super) packet_size_max: u32,
    pub(super) topic_alias_maximum: u16,
    pub(super) wants_response_information: bool,
    pub(super) wants_problem_information: bool,
    pub(super) method: Option<Arc<str>>,
    /// It is the client's turn: AUTH must come.
    pub(super) awaits_client: bool,
}

impl Broker {
    /// Copies what is needed of a CONNECT.
    pub(super) fn candidate(&self, connect: &Connect<'_>) -> Candidate {
        let v5 = connect.version == Version::V5;
        let expiry_v3 = if connect.clean_start {
            0
        } else {
            self.config.session_expiry_v3_s
        };
        let mut candidate = Candidate {
            version: connect.version,
            client_id: connect.client_id.into(),
            is_id_assigned: false,
            user_name: connect.user_name.map(Into::into),
            passport: None,
            clean_start: connect.clean_start,
            keep_alive: connect.keep_alive,
            keep_alive_asked: connect.keep_alive,
            will: connect.will.as_ref().map(|will| Box::new(Will::new(will))),
            expiry_s: 0,
            expiry_asked_s: if v5 { 0 } else { expiry_v3 },
            receive_maximum: u16::MAX,
            packet_size_max: PACKET_SIZE_MAX,
            topic_alias_maximum: 0,
            wants_response_information: false,
            wants_problem_information: true,
            method: None,
            awaits_client: false,
        };
        for property in connect.properties.iter() {
            candidate.apply(property);
        }
        let max = self.config.keep_alive_max;
        if max > 0 && (candidate.keep_alive == 0 || candidate.keep_alive > max) {
            candidate.keep_alive = max;
        }
        candidate.expiry_s = candidate
            .expiry_asked_s
            .min(self.config.session_expiry_max_s);
        candidate
    }
}

impl Candidate {
    /// It is let in: what it has sent, and what the driver adds to that, make its passport.
    pub(super) fn admit(&mut self, grant: &Grant) {
        let proven = grant.user_name.as_deref();
        let user_name = proven.or(self.user_name.as_deref());
        self.passport = Passport::new(user_name, &grant.stamp);
    }

    /// Who it is, once it is let in.
    pub(super) fn identity(&self) -> Identity<'_> {
        identity(&self.client_id, self.passport.as_ref())
    }

    fn apply(&mut self, property: Property<'_>) {
        match property {
            Property::SessionExpiryInterval(seconds) => self.expiry_asked_s = seconds,
            Property::ReceiveMaximum(maximum) => self.receive_maximum = maximum,
            Property::MaximumPacketSize(size) => self.packet_size_max = size.min(PACKET_SIZE_MAX),
            Property::TopicAliasMaximum(maximum) => self.topic_alias_maximum = maximum,
            Property::RequestResponseInformation(wants) => {
                self.wants_response_information = wants == 1;
            }
            Property::RequestProblemInformation(wants) => {
                self.wants_problem_information = wants == 1;
            }
            Property::AuthenticationMethod(method) => self.method = Some(method.into()),
            // The data go to the driver at once, and User Properties mean nothing to us.
            Property::AuthenticationData(_)
            | Property::UserProperty(..)
            // The codec lets none of these into a CONNECT.
            | Property::PayloadFormatIndicator(_)
            | Property::MessageExpiryInterval(_)
            | Property::ContentType(_)
            | Property::ResponseTopic(_)
            | Property::CorrelationData(_)
            | Property::SubscriptionIdentifier(_)
            | Property::AssignedClientIdentifier(_)
            | Property::ServerKeepAlive(_)
            | Property::WillDelayInterval(_)
            | Property::ResponseInformation(_)
            | Property::ServerReference(_)
            | Property::ReasonString(_)
            | Property::TopicAlias(_)
            | Property::MaximumQoS(_)
            | Property::RetainAvailable(_)
            | Property::WildcardSubscriptionAvailable(_)
            | Property::SubscriptionIdentifierAvailable(_)
            | Property::SharedSubscriptionAvailable(_) => {}
        }
    }
}

impl Will {
    fn new(will: &crate::packet::Will<'_>) -> Self {
        let sorted = Sorted::new(will.properties);
        Self {
            topic: will.topic.into(),
            payload: will.payload.into(),
            qos: will.qos,
            retain: will.retain,
            properties: sorted.forwarded.properties().as_bytes().into(),
            expiry_s: sorted.expiry_s,
            delay_s: sorted.delay_s,
            due_at: None,
        }
    }
}

/// The statement behind a refusal.
pub(super) fn refusal_clause(
    candidate: &Candidate,
    reason: ReasonCode,
    because: Refusal,
) -> Clause {
    let method = candidate.method.is_some();
    let (v311, v5) = if because == Refusal::VersionNotAccepted {
        (Clause::V311_3_1_2_2, Clause::V5_3_1_2_2)
    } else if because == Refusal::EmptyClientId {
        (Clause::V311_3_1_3_8, Clause::V5_3_1_3_8)
    } else if reason == ReasonCode::ClientIdentifierNotValid {
        (Clause::V311_3_1_3_9, Clause::V5_3_1_3_8)
    } else if because == Refusal::TooSmall {
        (Clause::V311_3_2_2_6, Clause::V5_3_1_2_24)
    } else if method && reason == ReasonCode::BadAuthenticationMethod {
        (Clause::V311_3_2_2_6, Clause::V5_4_12_0_1)
    } else if method && because == Refusal::Denied {
        (Clause::V311_3_2_2_5, Clause::V5_4_12_0_4)
    } else if because == Refusal::NoMethod {
        (Clause::V311_3_2_2_5, Clause::V5_4_12_0_6)
    } else if because == Refusal::WillQos {
        (Clause::V311_3_2_2_6, Clause::V5_3_2_2_12)
    } else if because == Refusal::WillRetain {
        (Clause::V311_3_2_2_6, Clause::V5_3_2_2_13)
    } else if reason.connack_code_v3().is_none() {
        (Clause::V311_3_2_2_6, Clause::V5_3_1_4_2)
    } else {
        (Clause::V311_3_2_2_5, Clause::V5_3_1_4_2)
    };
    Clause::by_version(candidate.version, v311, v5)
}
