//! Telling the log, the metrics and traces who is turned away, and why. Strangers can have many turned away: a second has few
//! lines.

use std::collections::BTreeMap;
use std::fmt::Display;

use mqttlab_core::id::ConnId;
use mqttlab_core::time::Instant;

use super::super::auth::Denial;
use super::denials::Throttle;
use super::socket::{Asking, Sockets};
use crate::broker::transport::Peer;
use crate::log;

/// How many were turned away, by what for. The words are of our own making, and so are few.
pub(crate) type Counts = BTreeMap<&'static str, u64>;

/// Who was turned away lately.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    throttle: Throttle,
    pub(super) counts: Counts,
}

impl Refusals {
    fn count(&mut self, because: &Denial) {
        *self.counts.entry(because.label()).or_default() += 1;
    }
}

impl Sockets {
    /// Notes why the last who has asked is not let in. The first to say so knows best.
    pub(super) fn note_denial(&mut self, because: Denial) {
        let Some(asking) = &mut self.asking else {
            return;
        };
        let conn = asking.conn();
        let text = format!("it is not let in: {because}");
        asking.deny(because);
        let traced = self.of(conn).and_then(|it| Some((it.traced?, it.serial())));
        if let Some((id, serial)) = traced {
            self.traces.note(id, serial, text);
        }
    }

    /// Notes why the doorkeeper does not let the last in who has asked, if it has just said so.
    pub(super) fn note_doorkeepers_denial(&mut self) {
        if let Some(because) = self.doorkeeper.take_denial() {
            self.note_denial(because);
        }
    }

    /// Tells the log how a connection ended.
    pub(super) fn log_end(&mut self, conn: ConnId, why: &dyn Display, asking: Option<&Asking>) {
        let Some(socket) = self.of(conn) else { return };
        let (number, peer, listener) = (socket.serial(), socket.peer, socket.listener);
        if let Some(client_id) = &socket.client_id {
            let client_id = &*log::plain(client_id);
            tracing::info!(client_id, %peer, conn = number, %why, "disconnected");
            return;
        }
        let because = asking.and_then(|asking| asking.because.as_ref());
        if let Some(because) = because {
            self.refusals.count(because);
        }
        let Some(untold) = self.refusals.throttle.count(self.now) else {
            return;
        };
        let listener = &*self.doorkeeper.door(listener).name;
        let client_id = asking.map(|asking| &*asking.client_id);
        let user_name = asking.and_then(|asking| asking.user_name.as_deref());
        let because = because.map(tracing::field::display);
        let untold = (untold > 0).then_some(untold);
        tracing::info!(
            client_id, user_name, %peer, listener, conn = number, %why, because, untold, "turned away"
        );
    }

    /// Tells the log that a connection was not even taken in.
    pub(super) fn log_unheard(&mut self, now: Instant, peer: Peer, listener: u16, why: &str) {
        if let Some(untold) = self.refusals.throttle.count(now) {
            let listener = &*self.doorkeeper.door(listener).name;
            let untold = (untold > 0).then_some(untold);
            tracing::info!(%peer, listener, why, untold, "turned away");
        }
    }
}
