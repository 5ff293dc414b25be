//! How connections and sessions end.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::broker::arena::{ConnKey, SessionKey};
use crate::broker::message::{Delivery, Will};
use crate::broker::passport::Source;
use crate::broker::session::Session;
use crate::broker::sink::Sink;
use crate::broker::{Access, Broker, Change, CloseReason, Cx, Loss};
use crate::clause::Clause;
use crate::packet::{QoS, Version};
use crate::qos::Stage;
use crate::why::{Decision, DropCause, SessionEnd, why};

/// A will that is to be published now, with the name in which that is done.
#[derive(Debug)]
pub(super) struct DueWill {
    pub(super) will: Box<Will>,
    pub(super) source: Source,
}

impl Broker {
    /// Ends a connection from here and publishes the will behind it.
    pub(super) fn close<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: ConnKey, reason: CloseReason) {
        self.close_because(cx, key, reason, &reason);
    }

    /// The same with words for the client.
    pub(super) fn close_because<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        reason: CloseReason,
        because: &dyn fmt::Display,
    ) {
        let will = self.cut(cx, key, reason, because);
        self.publish_will(cx, will);
    }

    /// Ends a connection from here; the will behind it, if it is due at once, is the caller's to publish.
    #[must_use]
    pub(super) fn cut<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        reason: CloseReason,
        because: &dyn fmt::Display,
    ) -> Option<DueWill> {
        self.counters.closed(reason);
        let (id, session) = (self.conns[key].id, self.conns[key].session());
        why!(
            cx,
            id,
            none,
            Decision::Closed {
                client_id: session.map(|session| self.sessions[session].client_id.clone()),
                reason,
            }
        );
        if session.is_some() {
            self.send_disconnect(cx, key, reason, because);
        }
        cx.sink.close(id, reason);
        self.detach(cx, key)
    }

    /// The network took the connection away.
    pub(super) fn lose<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: ConnKey, how: Loss) {
        self.counters.lost += 1;
        let session = self.conns[key].session();
        why!(
            cx,
            cx.conn,
            none,
            Decision::ConnectionLost {
                client_id: session.map(|session| self.sessions[session].client_id.clone()),
                how,
            }
        );
        let will = self.detach(cx, key);
        self.publish_will(cx, will);
    }

    /// Forgets a connection and leaves its session, if that is to stay, without one.
    fn detach<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: ConnKey) -> Option<DueWill> {
        self.disarm_conn(key);
        let conn = self.conns.remove(key);
        self.conn_keys.remove(&conn.id);
        let session_key = conn.session()?;
        let session = &mut self.sessions[session_key];
        session.conn = None;
        if session.flow().unsent_from.is_some() {
            session.flow_mut().unsent_from = None;
        }
        let is_durable = session.is_durable();
        let version = core::mem::replace(&mut cx.version, conn.version);
        let will = self.will_after_close(cx, session_key, is_durable);
        if is_durable {
            self.keep_session(cx, session_key);
        } else {
            let late = self.end_session(cx, session_key, SessionEnd::ConnectionClosed);
            assert!(
                late.is_none(),
                "the will was taken before the session ended"
            );
        }
        cx.version = version;
        will
    }

    fn keep_session<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: SessionKey) {
        self.tell_connected(cx, key, false);
        let session = &self.sessions[key];
        let until = session.end_after(cx.now);
        why!(cx, cx.conn, cx.version => V311_3_1_2_4, V5_3_1_2_23, Decision::SessionKept {
            client_id: session.client_id.clone(),
            until,
        });
        cx.sink.persist(&Change::SessionExpiry {
            client_id: &session.client_id,
            expiry_s: session.expiry_s,
            ends_at: until,
        });
        if let Some(until) = until {
            self.arm_session_end(key, until);
        }
    }

    /// Ends a session that has no connection. A will that still waited is the caller's to publish.
    #[must_use]
    pub(super) fn end_session<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        because: SessionEnd,
    ) -> Option<DueWill> {
        assert!(
            self.sessions[key].conn.is_none(),
            "the connection ends before its session"
        );
        let will = self.take_will(cx, key);
        self.disarm_session_end(key);
        self.disarm_retained(key);
        self.counters.sessions_ended += 1;
        self.counters.sessions_expired += u64::from(because == SessionEnd::Expired);
        let client_id = self.sessions[key].client_id.clone();
        why!(cx, cx.conn, = end_clause(cx.version, because), Decision::SessionEnded {
            client_id: client_id.clone(),
            because,
        });
        self.tell_gone(cx, key);
        self.forget_subscriptions(key);
        let owed = self.drop_all(cx, key);
        let session = self.take_session(key);
        if session.is_durable() {
            cx.sink.persist(&Change::SessionEnded {
                client_id: &client_id,
            });
        }
        self.move_on(cx, &client_id, owed);
        will
    }

    /// Takes a session out of its place.
    pub(super) fn take_session(&mut self, key: SessionKey) -> Session {
        let session = self.sessions.remove(key);
        if let Some(once) = self.peers.once_if_any() {
            once.forget_all(&session.client_id);
        }
        self.clients.remove(&session.client_id);
        self.books.ended(&session);
        session
    }

    pub(super) fn forget_subscriptions(&mut self, key: SessionKey) {
        for subscription in core::mem::take(&mut self.sessions[key].subscriptions) {
            self.forget_subscription(key, &subscription.filter);
        }
    }

    /// Drops everything that was on its way to a session; says what its shared subscriptions still owe.
    fn drop_all<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
    ) -> Vec<(Arc<str>, crate::broker::message::Message)> {
        let session = &mut self.sessions[key];
        let mut flow = session.take_flow();
        let begun = flow.sender.drain();
        let waiting = flow.queue;
        let mut owed = Vec::new();
        let mut settle =
            |broker: &mut Self, cx: &mut Cx<'_, S>, delivery: Delivery, movable: bool| {
                match delivery.share().filter(|_| movable) {
                    Some(share) => {
                        let message = broker.messages.get(delivery.message).clone();
                        owed.push((share.clone(), message));
                        broker.messages.release(delivery.message);
                    }
                    None => broker.drop_delivery(cx, key, delivery, DropCause::SessionEnded),
                }
            };
        for in_flight in begun {
            let movable = match in_flight.stage {
                Stage::PubAck => true,
                Stage::PubRec | Stage::PubComp => false,
            };
            if in_flight.stage == Stage::PubComp {
                // The client has it; nothing is lost.
                self.messages.release(in_flight.message.message);
            } else {
                settle(self, cx, in_flight.message, movable);
            }
        }
        for delivery in waiting {
            let movable = delivery.qos != QoS::AtMostOnce;
            settle(self, cx, delivery, movable);
        }
        owed
    }

    /// An operator ends a session, and its connection first. Its will is published as after any other bad end.
    pub(super) fn end_by_operator<S: Sink>(&mut self, cx: &mut Cx<'_, S>, client_id: &str) {
        let Some(&key) = self.clients.get(client_id) else {
            return;
        };
        if let Some(conn) = self.sessions[key].conn {
            let reason = crate::reason::ReasonCode::AdministrativeAction;
            self.close(cx, conn, CloseReason::Administrative(reason));
        }
        // A session that lasts only as long as its connection is gone by now.
        if let Some(&key) = self.clients.get(client_id) {
            let will = self.end_session(cx, key, SessionEnd::Administrative);
            self.publish_will(cx, will);
        }
    }

    /// Takes away the subscriptions of a resumed session that are not allowed any more.
    pub(super) fn revoke_subscriptions<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: SessionKey) {
        let session = &self.sessions[key];
        let revoked: Vec<Arc<str>> = session
            .subscriptions
            .iter()
            .map(|subscription| &subscription.filter)
            .filter(|filter| {
                !cx.sink
                    .permits(&session.identity(), Access::Subscribe, filter)
            })
            .cloned()
            .collect();
        for filter in revoked {
            self.counters.subscriptions_revoked += 1;
            why!(
                cx,
                cx.conn,
                none,
                Decision::SubscriptionRevoked {
                    client_id: self.sessions[key].client_id.clone(),
                    filter: filter.clone(),
                }
            );
            self.remove_subscription(cx, key, &filter);
        }
    }
}

const fn end_clause(version: Version, because: SessionEnd) -> Option<Clause> {
    match because {
        SessionEnd::CleanStart => Some(Clause::by_version(
            version,
            Clause::V311_3_1_2_6,
            Clause::V5_3_1_2_4,
        )),
        SessionEnd::ConnectionClosed => Some(Clause::by_version(
            version,
            Clause::V311_3_1_2_6,
            Clause::V5_4_1_0_2,
        )),
        SessionEnd::Expired => Some(Clause::V5_4_1_0_2),
        SessionEnd::Administrative | SessionEnd::Replaced => None,
    }
}
