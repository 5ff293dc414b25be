//! DISCONNECT from a client.

use crate::broker::arena::{ConnKey, SessionKey};
use crate::broker::sink::Sink;
use crate::broker::{Broker, CloseReason, Cx};
use crate::packet::{Disconnect, PacketType};
use crate::properties::Property;
use crate::reason::ReasonCode;
use crate::why::{Cause, Decision, WillEnd, why};

impl Broker {
    pub(super) fn on_disconnect<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: ConnKey,
        session_key: SessionKey,
        disconnect: &Disconnect<'_>,
    ) {
        let mut expiry_s = None;
        for property in disconnect.properties.iter() {
            if let Property::SessionExpiryInterval(seconds) = property {
                expiry_s = Some(seconds);
            }
        }
        let ends = self.conns[key]
            .v5
            .as_ref()
            .is_some_and(|v5| v5.ends_with_connection);
        if ends && expiry_s.is_some_and(|seconds| seconds > 0) {
            let (packet, because) = (PacketType::Disconnect, Cause::SessionExpiry);
            let reason = ReasonCode::ProtocolError;
            return self.close_violation(cx, key, packet, because, None, reason);
        }
        why!(cx, cx.conn, cx.version => V311_3_14_4_3, V5_3_14_4_3, Decision::Disconnected {
            client_id: self.sessions[session_key].client_id.clone(),
            reason: disconnect.reason,
        });
        if let Some(expiry_s) = expiry_s {
            self.change_expiry(cx, session_key, expiry_s);
        }
        // Every other reason means that the will is wanted. [MQTT-3.1.2-8]
        if disconnect.reason == ReasonCode::Success {
            self.discard_will(cx, session_key, WillEnd::Disconnect);
        }
        self.close(cx, key, CloseReason::Disconnect);
    }

    fn change_expiry<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: SessionKey, expiry_s: u32) {
        let session = &mut self.sessions[key];
        let was_durable = session.is_durable();
        session.expiry_s = expiry_s.min(self.config.session_expiry_max_s);
        why!(
            cx,
            cx.conn,
            V5_3_1_2_23,
            Decision::SessionExpiryChanged {
                client_id: session.client_id.clone(),
                expiry_s: session.expiry_s,
            }
        );
        self.persist_expiry(cx, key, was_durable);
    }
}
