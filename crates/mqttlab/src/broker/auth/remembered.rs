//! What was found out about somebody, for as long as that is believed.

use std::collections::HashMap;

use mqttlab_core::time::Instant;

use super::Digested;

/// How many are remembered, at most.
const REMEMBERED_MAX: usize = 10_000;

/// What was found out, by the digest of what was asked.
#[derive(Debug)]
pub(super) struct Remembered<T>(HashMap<Digested, (Instant, T)>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T> Remembered<T> {
    /// What is known about it now.
    pub(super) fn get(&self, digest: &Digested, now: Instant) -> Option<&T> {
        let (until, known) = self.0.get(digest)?;
        (now < *until).then_some(known)
    }

    /// Takes note of it. Where there are too many, what is believed no longer makes room, and else all the rest.
    pub(super) fn insert(&mut self, digest: Digested, now: Instant, until: Instant, known: T) {
        if self.0.len() >= REMEMBERED_MAX {
            self.0.retain(|_, (until, _)| now < *until);
            if self.0.len() >= REMEMBERED_MAX {
                self.0.clear();
            }
        }
        self.0.insert(digest, (until, known));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
