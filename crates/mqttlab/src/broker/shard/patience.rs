//! Those who have sent their CONNECT and wait until somebody has checked who they are: until when, and what the log calls
//! them.

use std::collections::{BTreeMap, BTreeSet};

use mqttlab_core::id::ConnId;
use mqttlab_core::time::Instant;

use super::socket::Asking;

/// All who wait, as long as the broker waits with them.
#[derive(Default)]
pub(super) struct Patience {
    by_time: BTreeSet<(Instant, ConnId)>,
    by_conn: BTreeMap<ConnId, (Instant, Asking)>,
}

impl Patience {
    /// Somebody waits until then.
    pub(super) fn insert(&mut self, until: Instant, asking: Asking) {
        let conn = asking.conn();
        self.by_time.insert((until, conn));
        self.by_conn.insert(conn, (until, asking));
    }

    pub(super) fn has(&self, conn: ConnId) -> bool {
        self.by_conn.contains_key(&conn)
    }

    /// It waits no longer.
    pub(super) fn remove(&mut self, conn: ConnId) -> Option<Asking> {
        let (until, asking) = self.by_conn.remove(&conn)?;
        self.by_time.remove(&(until, conn));
        Some(asking)
    }

    /// When the next has waited for long enough.
    pub(super) fn next(&self) -> Option<Instant> {
        self.by_time.first().map(|&(until, _)| until)
    }

    /// Somebody who has waited for long enough.
    pub(super) fn pop_over(&mut self, now: Instant) -> Option<Asking> {
        let &(until, conn) = self.by_time.first()?;
        if until > now {
            return None;
        }
        self.remove(conn)
    }
}
