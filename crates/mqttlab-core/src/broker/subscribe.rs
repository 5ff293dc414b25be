//! SUBSCRIBE and UNSUBSCRIBE.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::arena::{ConnKey, SessionKey};
use crate::broker::policy::{DeniedSubscribe, IllFormedFilter};
use crate::broker::retain::Cursor;
use crate::broker::session::Subscription;
use crate::broker::sink::Sink;
use crate::broker::tree::{Granted, Member};
use crate::broker::{Access, Broker, Change, CloseReason, Cx};
use crate::clause::Clause;
use crate::packet::{
    Packet, PacketType, RetainHandling, SubAck, Subscribe, SubscriptionOptions, Unsubscribe,
    Version,
};
use crate::properties::{Properties, Property};
use crate::reason::ReasonCode;
use crate::topic::{TopicError, check_filter, matches, split_share};
use crate::why::{Cause, Decision, Refusal, why};

/// What 3.1.1 answers for every filter that it refuses; 3.1 has no such code.
const FAILURE: u8 = 0x80;

impl Broker {
    pub(super) fn on_subscribe<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        session: SessionKey,
        subscribe: &Subscribe<'_>,
    ) {
        let identifier = subscription_identifier(subscribe);
        if identifier != 0 && !self.config.subscription_identifiers {
            let reason = ReasonCode::SubscriptionIdentifiersNotSupported;
            let because = Cause::SubscriptionIdentifiers;
            return self.close_violation(cx, key, PacketType::Subscribe, because, None, reason);
        }
        for (filter, options) in subscribe.filters.iter() {
            if let Some((clause, because)) = self.check_syntax(cx.version, filter, options) {
                let reason = ReasonCode::ProtocolError;
                return self.close_violation(
                    cx,
                    key,
                    PacketType::Subscribe,
                    because,
                    clause,
                    reason,
                );
            }
        }
        let mut codes = Vec::with_capacity(subscribe.filters.count());
        let mut cursors = Vec::new();
        for (filter, options) in subscribe.filters.iter() {
            let granted = Granted {
                options,
                identifier,
            };
            codes.push(
                match self.subscribe_one(cx, session, filter, granted, &mut cursors) {
                    Ok(granted) => granted,
                    Err(reason) => self.refusal_code(cx.version, reason),
                },
            );
        }
        why!(cx, cx.conn, cx.version => V311_3_8_4_1, V5_3_8_4_1, Decision::Acknowledges {
            packet: PacketType::SubAck,
            packet_id: subscribe.packet_id,
            reason: ReasonCode::Success,
        });
        let packet_id = subscribe.packet_id;
        let properties = Properties::EMPTY;
        self.send(
            cx,
            key,
            &Packet::SubAck(SubAck {
                packet_id,
                properties,
                codes: &codes,
            }),
        );
        for cursor in cursors {
            self.begin_retained(cx, session, key, cursor);
        }
    }

    /// How a SUBACK says that a subscription is refused.
    fn refusal_code(&self, version: Version, reason: ReasonCode) -> u8 {
        let unsaid = reason == ReasonCode::NotAuthorized
            && self.config.denied_subscribe == DeniedSubscribe::Unspecified;
        match version {
            Version::V5 if !unsaid => reason.number(),
            Version::V5 | Version::V3_1_1 => FAILURE,
            // 3.1 cannot refuse: the least that it can grant stands for it.
            Version::V3_1 => 0,
        }
    }

    /// What is wrong with a filter so much that the connection ends.
    fn check_syntax(
        &self,
        version: Version,
        filter: &str,
        options: SubscriptionOptions,
    ) -> Option<(Option<Clause>, Cause)> {
        let error = check_filter(filter)
            .and_then(|()| split_share(filter))
            .err();
        if let Some(error) = error
            && self.config.ill_formed_filter == IllFormedFilter::Close
        {
            return Some((filter_clause(version, error), Cause::IllFormedFilter));
        }
        (is_shared(filter) && options.no_local)
            .then_some((Some(Clause::V5_3_8_3_4), Cause::NoLocalOnShared))
    }

    /// Makes one subscription. The code for the SUBACK is the QoS that was granted, or a refusal.
    fn subscribe_one<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        filter: &str,
        asked: Granted,
        cursors: &mut Vec<Cursor>,
    ) -> Result<u8, ReasonCode> {
        if let Some((reason, because)) = self.refuse_filter(cx, key, filter) {
            self.counters.subscriptions_refused += 1;
            why!(cx, cx.conn, cx.version => V311_3_8_4_5, V5_3_8_4_7, Decision::SubscriptionRefused {
                client_id: self.sessions[key].client_id.clone(),
                filter: filter.into(),
                reason,
                because,
            });
            return Err(reason);
        }
        let mut granted = asked;
        granted.options.qos = asked.options.qos.min(self.config.maximum_qos);
        let filter: Arc<str> = filter.into();
        let replaced = self.add_subscription(cx, key, &filter, granted);
        let clause = match (replaced, cx.version) {
            (false, Version::V3_1 | Version::V3_1_1) => Clause::V311_3_8_4_5,
            (false, Version::V5) => Clause::V5_3_8_4_7,
            (true, Version::V3_1 | Version::V3_1_1) => Clause::V311_3_8_4_3,
            (true, Version::V5) => Clause::V5_3_8_4_3,
        };
        why!(cx, cx.conn, = Some(clause), Decision::Subscribed {
            client_id: self.sessions[key].client_id.clone(),
            filter: filter.clone(),
            asked: asked.options.qos,
            granted: granted.options.qos,
            replaced,
        });
        self.want_retained(cx, key, filter, granted, replaced, cursors);
        Ok(granted.options.qos.number())
    }

    /// Why this session may not have a filter.
    fn refuse_filter<S: Sink>(
        &self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        filter: &str,
    ) -> Option<(ReasonCode, Refusal)> {
        let (config, session) = (&self.config, &self.sessions[key]);
        let (share, inner) = split_share(filter).unwrap_or((None, ""));
        let is_new = session.subscription(filter).is_err();
        if check_filter(filter).is_err() || inner.is_empty() {
            Some((ReasonCode::TopicFilterInvalid, Refusal::FilterIllFormed))
        } else if filter.len() > usize::from(config.topic_length_max) {
            Some((ReasonCode::TopicFilterInvalid, Refusal::TopicTooLong))
        } else if inner.split('/').count() > usize::from(config.topic_levels_max) {
            Some((ReasonCode::TopicFilterInvalid, Refusal::TooManyLevels))
        } else if is_new && session.subscriptions.len() >= config.subscriptions_max as usize {
            Some((ReasonCode::QuotaExceeded, Refusal::TooManySubscriptions))
        } else if is_new && !self.has_room_for_subscription(filter) {
            Some((ReasonCode::QuotaExceeded, Refusal::SessionBytes))
        } else if share.is_some() && !config.shared_subscriptions {
            Some((
                ReasonCode::SharedSubscriptionsNotSupported,
                Refusal::SharedNotSupported,
            ))
        } else if !config.wildcard_subscriptions && inner.contains(['+', '#']) {
            Some((
                ReasonCode::WildcardSubscriptionsNotSupported,
                Refusal::WildcardNotSupported,
            ))
        } else if is_denied(&config.denied_filters, inner)
            || !cx
                .sink
                .permits(&session.identity(), Access::Subscribe, inner)
        {
            Some((ReasonCode::NotAuthorized, Refusal::Denied))
        } else {
            None
        }
    }

    /// Adds or replaces a subscription. True when there was one.
    pub(super) fn add_subscription<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        filter: &Arc<str>,
        granted: Granted,
    ) -> bool {
        let replaced = self.put_subscription(key, filter, granted);
        if !replaced {
            self.tell_subscribed(cx, key, filter);
        }
        let session = &self.sessions[key];
        if session.is_durable() {
            cx.sink.persist(&Change::Subscribed {
                client_id: &session.client_id,
                filter,
                options: granted.options,
                identifier: granted.identifier,
            });
        }
        replaced
    }

    /// Writes a subscription down where it belongs. True when there was one.
    pub(super) fn put_subscription(
        &mut self,
        key: SessionKey,
        filter: &Arc<str>,
        granted: Granted,
    ) -> bool {
        let session = &mut self.sessions[key];
        let replaced = match session.subscription(filter) {
            Ok(at) => {
                session.subscriptions[at].granted = granted;
                true
            }
            Err(at) => {
                let subscription = Subscription {
                    filter: filter.clone(),
                    granted,
                };
                session.subscriptions.reserve_exact(1);
                session.subscriptions.insert(at, subscription);
                self.books.subscribed(filter);
                if let (Some(group), false) = (self.peers.group_mut(), is_shared(filter)) {
                    group.own.add(filter);
                }
                false
            }
        };
        if is_shared(filter) {
            self.join_share(filter, key, granted);
        } else {
            self.tree.insert(filter, Member::Session(key), granted);
        }
        replaced
    }

    /// Whether a subscription brings the retained messages that match. [MQTT-3.3.1-6]
    fn want_retained<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        filter: Arc<str>,
        granted: Granted,
        replaced: bool,
        cursors: &mut Vec<Cursor>,
    ) {
        let (clause, because) = match granted.options.retain_handling {
            RetainHandling::Send | RetainHandling::SendIfNew if is_shared(&filter) => {
                (None, Cause::SharedSubscription)
            }
            RetainHandling::DoNotSend => (Some(Clause::V5_3_3_1_11), Cause::RetainHandling),
            RetainHandling::SendIfNew if replaced => {
                (Some(Clause::V5_3_3_1_10), Cause::ExistingSubscription)
            }
            RetainHandling::Send | RetainHandling::SendIfNew => {
                self.sessions[key].forget_cursor(&filter);
                why!(cx, cx.conn, cx.version => V311_3_3_1_6, V5_3_3_1_9, Decision::RetainedWanted {
                    client_id: self.sessions[key].client_id.clone(),
                    filter: filter.clone(),
                });
                cursors.push(Cursor::new(filter, granted));
                return;
            }
        };
        why!(cx, cx.conn, = clause, Decision::RetainedNotWanted {
            client_id: self.sessions[key].client_id.clone(),
            filter,
            because,
        });
    }

    pub(super) fn on_unsubscribe<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        session: SessionKey,
        unsubscribe: &Unsubscribe<'_>,
    ) {
        for filter in unsubscribe.filters.iter() {
            let options = SubscriptionOptions::default();
            if let Some((clause, because)) = self.check_syntax(cx.version, filter, options) {
                let (packet, reason) = (PacketType::Unsubscribe, ReasonCode::ProtocolError);
                return self.close_violation(cx, key, packet, because, clause, reason);
            }
        }
        let mut codes = Vec::new();
        for filter in unsubscribe.filters.iter() {
            let reason = self.unsubscribe_one(cx, session, filter);
            if cx.version == Version::V5 {
                codes.push(reason.number());
            }
        }
        why!(cx, cx.conn, cx.version => V311_3_10_4_4, V5_3_10_4_4, Decision::Acknowledges {
            packet: PacketType::UnsubAck,
            packet_id: unsubscribe.packet_id,
            reason: ReasonCode::Success,
        });
        let packet_id = unsubscribe.packet_id;
        let properties = Properties::EMPTY;
        self.send(
            cx,
            key,
            &Packet::UnsubAck(SubAck {
                packet_id,
                properties,
                codes: &codes,
            }),
        );
    }

    fn unsubscribe_one<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        filter: &str,
    ) -> ReasonCode {
        if self.remove_subscription(cx, key, filter) {
            why!(cx, cx.conn, cx.version => V311_3_10_4_1, V5_3_10_4_1, Decision::Unsubscribed {
                client_id: self.sessions[key].client_id.clone(),
                filter: filter.into(),
            });
            ReasonCode::Success
        } else {
            why!(cx, cx.conn, cx.version => V311_3_10_4_5, V5_3_10_4_5, Decision::NotSubscribed {
                client_id: self.sessions[key].client_id.clone(),
                filter: filter.into(),
            });
            ReasonCode::NoSubscriptionExisted
        }
    }

    /// Deletes a subscription. False when there was none.
    pub(super) fn remove_subscription<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        filter: &str,
    ) -> bool {
        let session = &mut self.sessions[key];
        let Ok(at) = session.subscription(filter) else {
            return false;
        };
        session.subscriptions.remove(at);
        session.forget_cursor(filter);
        if session.is_durable() {
            let client_id = &session.client_id;
            cx.sink.persist(&Change::Unsubscribed { client_id, filter });
        }
        self.tell_unsubscribed(cx, key, filter);
        self.forget_subscription(key, filter);
        true
    }

    /// Takes a subscription out of the tree, or out of its shared subscription.
    pub(super) fn forget_subscription(&mut self, key: SessionKey, filter: &str) {
        self.books.unsubscribed(filter);
        if !self.tree.remove(filter, Member::Session(key)) {
            self.leave_share(filter, key);
        } else if let Some(group) = self.peers.group_mut() {
            group.own.remove(filter);
        }
    }

    /// Closes a connection whose packet breaks the protocol.
    pub(super) fn close_violation<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        packet: PacketType,
        because: Cause,
        clause: Option<Clause>,
        reason: ReasonCode,
    ) {
        let general = Clause::by_version(cx.version, Clause::V311_4_8_0_1, Clause::V5_4_13_1_1);
        why!(cx, cx.conn, = Some(clause.unwrap_or(general)), Decision::Violation { packet, because });
        self.close_because(cx, key, CloseReason::ProtocolError(reason), &because);
    }
}

/// Whether this is a shared subscription. The older versions leave filters that begin with `$` to the server, and here
/// they mean the same as in 5.0.
pub(super) fn is_shared(filter: &str) -> bool {
    filter.starts_with("$share/")
}

/// The Subscription Identifier of a SUBSCRIBE; 0 for none.
fn subscription_identifier(subscribe: &Subscribe<'_>) -> u32 {
    let mut properties = subscribe.properties.iter();
    properties
        .find_map(|property| match property {
            Property::SubscriptionIdentifier(identifier) => Some(identifier),
            _ => None,
        })
        .unwrap_or(0)
}

/// The statement that a filter breaks.
fn filter_clause(version: Version, error: TopicError) -> Option<Clause> {
    let (v311, v5) = match error {
        TopicError::Empty => (Clause::V311_4_7_3_1, Clause::V5_4_7_3_1),
        TopicError::TooLong => (Clause::V311_4_7_3_3, Clause::V5_4_7_3_3),
        TopicError::Nul => (Clause::V311_4_7_3_2, Clause::V5_4_7_3_2),
        TopicError::WildcardInName => (Clause::V311_4_7_1_1, Clause::V5_4_7_0_1),
        TopicError::MisplacedHash => (Clause::V311_4_7_1_2, Clause::V5_4_7_1_1),
        TopicError::MisplacedPlus => (Clause::V311_4_7_1_3, Clause::V5_4_7_1_2),
        TopicError::IllFormedShare => (Clause::V311_4_8_0_1, Clause::V5_4_8_2_2),
    };
    Some(Clause::by_version(version, v311, v5))
}

/// Whether `filter` is under one of those that are denied, level by level as it is written.
fn is_denied(denied: &[String], filter: &str) -> bool {
    denied.iter().any(|denied| matches(denied, filter))
}
