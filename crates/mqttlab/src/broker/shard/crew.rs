//! The other event loops, as one of them sees them.

use std::sync::Arc;

use mqttlab_core::broker::shard;

use super::control::{Command, Remote};

/// All event loops, and which of them this is.
pub(super) struct Crew {
    pub(super) number: usize,
    all: Arc<[Remote]>,
    /// Who gets the next connection.
    next: usize,
    /// Who was told something in this round and must be woken.
    asleep: Vec<bool>,
}

impl Crew {
    pub(super) fn new(number: usize, all: Arc<[Remote]>) -> Self {
        Self {
            number,
            next: 0,
            asleep: vec![false; all.len()],
            all,
        }
    }

    /// Whether there are no others.
    pub(super) fn is_alone(&self) -> bool {
        self.all.len() == 1
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    /// Another loop is to look what has happened.
    pub(super) fn stir(&mut self, other: usize) {
        self.asleep[other] = true;
    }

    /// The numbers of the others.
    pub(super) fn others(&self) -> impl Iterator<Item = usize> + Clone + use<> {
        let number = self.number;
        (0..self.all.len()).filter(move |&other| other != number)
    }

    /// Whether the session of this client belongs to this loop.
    pub(super) fn owns(&self, client_id: &str) -> bool {
        self.is_alone() || owner_of(client_id, self.all.len()) == self.number
    }

    /// The loop to which the session of this client belongs, where that is another.
    pub(super) fn elsewhere(&self, client_id: &str) -> Option<usize> {
        // Whoever leaves the choice to the broker gets an identifier that belongs where it is.
        if self.is_alone() || client_id.is_empty() {
            return None;
        }
        let owner = owner_of(client_id, self.all.len());
        (owner != self.number).then_some(owner)
    }

    /// Who gets the next connection: one after the other.
    pub(super) fn deal(&mut self) -> usize {
        let to = self.next;
        self.next = (to + 1) % self.all.len();
        to
    }

    /// Tells another loop something, which hears it when the round is over.
    pub(super) fn tell(&mut self, to: usize, command: Command) {
        self.all[to].leave(command);
        self.asleep[to] = true;
    }

    /// Wakes whom something was told.
    pub(super) fn wake(&mut self) {
        if self.is_alone() {
            return;
        }
        for (remote, asleep) in self.all.iter().zip(&mut self.asleep) {
            if std::mem::take(asleep) {
                remote.wake();
            }
        }
    }

    /// Wakes all others.
    pub(super) fn wake_all(&mut self) {
        self.asleep.fill(true);
        self.asleep[self.number] = false;
        self.wake();
    }
}

/// The loop that owns the session of this client.
pub(super) fn owner_of(client_id: &str, loops: usize) -> usize {
    shard::owner_of(client_id, loops as u16).number().into()
}
