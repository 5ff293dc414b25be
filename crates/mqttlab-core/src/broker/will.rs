//! The message that speaks for a client when it cannot.

use alloc::boxed::Box;
use core::mem;

use crate::broker::arena::{ConnKey, SessionKey};
use crate::broker::lifecycle::DueWill;
use crate::broker::message::{Incoming, Will, expires_at};
use crate::broker::persist::WillRef;
use crate::broker::policy::WillAtShutdown;
use crate::broker::sink::Sink;
use crate::broker::{Access, Broker, Change, Cx};
use crate::time::Duration;
use crate::why::{Decision, WillEnd, why};

impl Will {
    pub(super) fn borrowed(&self) -> WillRef<'_> {
        WillRef {
            topic: &self.topic,
            payload: &self.payload,
            qos: self.qos,
            retain: self.retain,
            properties: &self.properties,
            expiry_s: self.expiry_s,
            delay_s: self.delay_s,
        }
    }
}

impl Broker {
    /// Keeps the will of a new connection. [MQTT-3.1.2-8]
    pub(super) fn store_will<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        will: Box<Will>,
    ) {
        let session = &self.sessions[key];
        why!(cx, cx.conn, cx.version => V311_3_1_2_8, V5_3_1_2_7, Decision::WillStored {
            client_id: session.client_id.clone(),
            topic: will.topic.clone(),
            qos: will.qos,
            retain: will.retain,
            delay_s: will.delay_s,
        });
        if session.is_durable() {
            let client_id = &session.client_id;
            cx.sink.persist(&Change::WillSet {
                client_id,
                will: will.borrowed(),
            });
        }
        self.put_will(key, Some(will));
    }

    /// The connection ended badly: its will is due now, or later if it says so and its session lasts.
    pub(super) fn will_after_close<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        session_stays: bool,
    ) -> Option<DueWill> {
        let session = &self.sessions[key];
        let will = session.will.as_ref()?;
        if will.delay_s == 0 || !session_stays {
            return self.take_will(cx, key);
        }
        let until = cx.now + Duration::from_secs(u64::from(will.delay_s));
        why!(
            cx,
            cx.conn,
            V5_3_1_2_8,
            Decision::WillDelayed {
                client_id: session.client_id.clone(),
                topic: will.topic.clone(),
                until,
            }
        );
        self.arm_will(key, until);
        None
    }

    /// Takes the will out of its session, to be published.
    pub(super) fn take_will<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
    ) -> Option<DueWill> {
        self.disarm_will(key);
        let will = self.put_will(key, None)?;
        let session = &self.sessions[key];
        if session.is_durable() {
            cx.sink.persist(&Change::WillRemoved {
                client_id: &session.client_id,
            });
        }
        Some(DueWill {
            will,
            source: session.source(),
        })
    }

    /// The broker stops: throws a will away that would go out at once, if that is configured.
    pub(super) fn discard_at_shutdown<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: ConnKey) {
        if self.config.will_at_shutdown == WillAtShutdown::Publish {
            return;
        }
        let Some(key) = self.conns[key].session() else {
            return;
        };
        let session = &self.sessions[key];
        let is_put_off = |will: &Will| will.delay_s > 0 && session.is_durable();
        if session
            .will
            .as_deref()
            .is_some_and(|will| !is_put_off(will))
        {
            self.discard_will(cx, key, WillEnd::Shutdown);
        }
    }

    /// Throws the will away. [MQTT-3.14.4-3]
    pub(super) fn discard_will<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        because: WillEnd,
    ) {
        let Some(due) = self.take_will(cx, key) else {
            return;
        };
        self.counters.wills_discarded += 1;
        let decision = Decision::WillDiscarded {
            client_id: due.source.client_id,
            topic: due.will.topic,
            because,
        };
        match because {
            WillEnd::Disconnect => {
                why!(cx, cx.conn, cx.version => V311_3_14_4_3, V5_3_14_4_3, decision);
            }
            WillEnd::Reconnected => {
                why!(cx, cx.conn, cx.version => V311_3_1_2_10, V5_3_1_3_9, decision);
            }
            WillEnd::Denied | WillEnd::Shutdown => {
                why!(cx, cx.conn, none, decision);
            }
        }
    }

    /// Publishes a will that is due, if its client may still do that.
    pub(super) fn publish_will<S: Sink>(&mut self, cx: &mut Cx<'_, S>, due: Option<DueWill>) {
        let Some(DueWill { will, source }) = due else {
            return;
        };
        let client_id = &source.client_id;
        if !cx
            .sink
            .permits(&source.identity(), Access::Publish, &will.topic)
        {
            self.counters.wills_discarded += 1;
            why!(
                cx,
                cx.conn,
                none,
                Decision::WillDiscarded {
                    client_id: client_id.clone(),
                    topic: will.topic,
                    because: WillEnd::Denied,
                }
            );
            return;
        }
        self.counters.wills_published += 1;
        let number = self.next_number();
        why!(cx, cx.conn, cx.version => V311_3_1_2_8, V5_3_1_2_8, Decision::WillPublished {
            client_id: client_id.clone(),
            topic: will.topic.clone(),
            message: number,
        });
        let incoming = Incoming {
            number,
            publisher: self.clients.get(client_id).copied(),
            source: Some(&source),
            topic: &will.topic,
            payload: &will.payload,
            qos: will.qos,
            retain: will.retain,
            properties: &will.properties,
            expires_at: expires_at(cx.now, will.expiry_s),
        };
        let conn = mem::take(&mut cx.conn);
        self.spread_found(cx, incoming);
        cx.conn = conn;
    }
}
