//! Until when the certificates of listeners are good, for those who watch over the broker.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::listen::Endpoint;
use super::transport::Protocol;

/// How often those that expire soon are told again.
pub(super) const TOLD_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// When there is little time left to get another certificate.
pub(super) const SOON_S: i64 = 14 * 24 * 60 * 60;

/// The certificate of one listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expiry {
    /// The listener's address.
    pub(super) listener: String,
    /// Its end, in seconds since 1970.
    pub(super) at_s: i64,
}

/// Those of all listeners, as they are at the moment.
#[derive(Debug, Default)]
pub(super) struct Expiries(Mutex<Vec<Expiry>>);

impl Expiries {
    pub(super) fn new(all: Vec<Expiry>) -> Self {
        Self(Mutex::new(all))
    }

    /// Others were read.
    pub(super) fn follow(&self, all: Vec<Expiry>) {
        *self.all() = all;
    }

    pub(super) fn list(&self) -> Vec<Expiry> {
        self.all().clone()
    }

    /// Tells those of which nobody may have heard since the broker started, perhaps months ago.
    pub(super) fn tell(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_s = now.map_or(0, |now| now.as_secs() as i64);
        for Expiry { listener, at_s } in self.list() {
            let left_s = at_s - now_s;
            if left_s < 0 {
                tracing::warn!(listener, "the certificate has expired");
            } else if left_s < SOON_S {
                let days = left_s / (24 * 60 * 60);
                tracing::warn!(listener, days_left = days, "the certificate expires soon");
            }
        }
    }

    fn all(&self) -> MutexGuard<'_, Vec<Expiry>> {
        // Whoever panicked with the lock in hand had only read or replaced the whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The certificates of these listeners.
pub(super) fn expiries<'a>(
    listeners: impl Iterator<Item = &'a Endpoint>,
    protocols: &[Protocol],
) -> Vec<Expiry> {
    let all = listeners.zip(protocols);
    all.filter_map(|(endpoint, protocol)| {
        Some(Expiry {
            listener: endpoint.to_string(),
            at_s: protocol.expires_s?,
        })
    })
    .collect()
}
