//! How many connections and sessions all event loops have together, so that the limits that are configured hold for all.
//!
//! Each loop says after each call how many it has. Whoever wants one more takes its place before that, so that two loops
//! never give away the same one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mqttlab_core::broker::Config as BrokerConfig;
use mqttlab_core::broker::shard::Room;

/// What the broker of one of so many loops may take on: its part of what messages take up, and, as they are counted for
/// all of them, all connections and sessions.
pub(crate) fn part(config: &BrokerConfig, loops: u16) -> BrokerConfig {
    BrokerConfig {
        connections_max: config.connections_max,
        sessions_max: config.sessions_max,
        ..config.part(loops)
    }
}

/// How many all loops have.
#[derive(Default)]
pub(super) struct Held {
    connections: AtomicUsize,
    sessions: AtomicUsize,
}

/// What one loop has of that.
pub(super) struct Share {
    all: Arc<Held>,
    connections: usize,
    sessions: usize,
    connections_max: usize,
    sessions_max: usize,
}

impl Share {
    /// None yet.
    pub(super) fn new(all: Arc<Held>, config: &BrokerConfig) -> Self {
        let (connections_max, sessions_max) = (0, 0);
        let mut share = Self {
            all,
            connections: 0,
            sessions: 0,
            connections_max,
            sessions_max,
        };
        share.follow(config);
        share
    }

    /// Other limits hold.
    pub(super) fn follow(&mut self, config: &BrokerConfig) {
        self.connections_max = config.connections_max as usize;
        self.sessions_max = config.sessions_max as usize;
    }

    /// The broker has so many.
    pub(super) fn settle(&mut self, connections: usize, sessions: usize) {
        adjust(&self.all.connections, &mut self.connections, connections);
        adjust(&self.all.sessions, &mut self.sessions, sessions);
    }

    /// Whether this connection, or one more session, is not one too many.
    pub(super) fn has_room(&mut self, room: Room) -> bool {
        match room {
            Room::Connection => {
                // It is counted. One that is too many counts no longer, so that not all go of which one was too many.
                let is_over = take(&self.all.connections, |all| {
                    (all > self.connections_max).then(|| all - 1)
                });
                self.connections -= usize::from(is_over);
                !is_over
            }
            Room::Session => {
                let has_room = take(&self.all.sessions, |all| {
                    (all < self.sessions_max).then_some(all + 1)
                });
                self.sessions += usize::from(has_room);
                has_room
            }
        }
    }
}

/// Changes a count if it is such that it is to be changed. Says whether it was.
fn take(count: &AtomicUsize, change: impl FnMut(usize) -> Option<usize>) -> bool {
    // Nothing else is read because of it.
    count
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, change)
        .is_ok()
}

fn adjust(all: &AtomicUsize, known: &mut usize, now: usize) {
    if *known != now {
        // Below zero it goes round, and so does the sum.
        all.fetch_add(now.wrapping_sub(*known), Ordering::Relaxed);
        *known = now;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    use mqttlab_core::broker::Config;
    use mqttlab_core::broker::shard::Room;

    use super::{Held, Share};

    fn shares(connections_max: u32, sessions_max: u32) -> (Arc<Held>, [Share; 2]) {
        let config = Config {
            connections_max,
            sessions_max,
            ..Config::default()
        };
        let all = Arc::new(Held::default());
        let shares = [0, 1].map(|_| Share::new(Arc::clone(&all), &config));
        (all, shares)
    }

    #[test]
    fn the_last_place_is_given_once() {
        let (all, [mut one, mut other]) = shares(9, 3);
        one.settle(2, 2);
        other.settle(2, 0);
        assert!(other.has_room(Room::Session));
        assert!(!one.has_room(Room::Session), "it is taken already");
        one.settle(2, 2);
        assert!(!one.has_room(Room::Session));
        // The other one did not use it.
        other.settle(2, 0);
        assert!(one.has_room(Room::Session));
        one.settle(2, 0);
        assert_eq!(all.sessions.load(Ordering::Relaxed), 0);
        assert_eq!(all.connections.load(Ordering::Relaxed), 4);
    }

    #[test]
    fn of_two_connections_of_which_one_is_too_many_one_stays() {
        let (all, [mut one, mut other]) = shares(3, 9);
        one.settle(2, 0);
        other.settle(2, 0);
        assert!(!one.has_room(Room::Connection));
        assert!(other.has_room(Room::Connection));
        one.settle(1, 0);
        assert_eq!(all.connections.load(Ordering::Relaxed), 3);
    }
}
