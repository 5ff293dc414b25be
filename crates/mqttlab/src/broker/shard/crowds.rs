//! How many connections there are from one address, and of one user.

use std::collections::BTreeMap;
use std::net::IpAddr;

use mqttlab_core::id::ConnId;

/// Connections by address. Without a limit nothing is counted.
#[derive(Default)]
pub(super) struct Addresses {
    max: u32,
    counts: BTreeMap<IpAddr, u32>,
}

impl Addresses {
    pub(super) fn new(max: u32) -> Self {
        let counts = BTreeMap::new();
        Self { max, counts }
    }

    /// Whether there are as many as there may be.
    pub(super) fn is_full(&self, address: IpAddr) -> bool {
        let count = self.counts.get(&address);
        self.max > 0 && count.is_some_and(|&count| count >= self.max)
    }

    pub(super) fn enter(&mut self, address: IpAddr) {
        if self.max > 0 {
            *self.counts.entry(address).or_default() += 1;
        }
    }

    pub(super) fn leave(&mut self, address: IpAddr) {
        if let Some(count) = self.counts.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&address);
            }
        }
    }
}

/// Connections by User Name. Without a limit nothing is counted.
#[derive(Default)]
pub(super) struct Users {
    max: u32,
    names: BTreeMap<ConnId, Box<str>>,
    /// With the Client Identifier of each.
    conns: BTreeMap<Box<str>, Vec<(ConnId, Box<str>)>>,
}

impl Users {
    pub(super) fn new(max: u32) -> Self {
        Self {
            max,
            ..Self::default()
        }
    }

    /// Whether a user may have no more connections, and none of those that there are is this client's.
    pub(super) fn is_full(&self, name: &str, client_id: &str) -> bool {
        let Some(conns) = self.conns.get(name) else {
            return false;
        };
        let is_full = self.max > 0 && conns.len() >= self.max as usize;
        is_full && conns.iter().all(|(_, other)| **other != *client_id)
    }

    /// Counts a connection, once.
    pub(super) fn enter(&mut self, conn: ConnId, name: &str, client_id: &str) {
        if self.max > 0 && !self.names.contains_key(&conn) {
            self.names.insert(conn, name.into());
            let conns = self.conns.entry(name.into()).or_default();
            conns.push((conn, client_id.into()));
        }
    }

    pub(super) fn leave(&mut self, conn: ConnId) {
        let Some(name) = self.names.remove(&conn) else {
            return;
        };
        if let Some(conns) = self.conns.get_mut(&name) {
            conns.retain(|&(other, _)| other != conn);
            if conns.is_empty() {
                self.conns.remove(&name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use mqttlab_core::id::ConnId;

    use super::{Addresses, Users};

    #[test]
    fn an_address_is_full_until_somebody_leaves() {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut addresses = Addresses::default();
        addresses.enter(here);
        assert!(!addresses.is_full(here), "without a limit nobody counts");
        addresses.leave(here);
        let mut addresses = Addresses::new(2);
        addresses.enter(here);
        assert!(!addresses.is_full(here));
        addresses.enter(here);
        assert!(addresses.is_full(here));
        addresses.leave(here);
        addresses.leave(here);
        assert!(addresses.counts.is_empty());
    }

    #[test]
    fn a_user_is_full_until_a_connection_ends_or_is_taken_over() {
        let conn = |number| ConnId::new(number).expect("not zero");
        let mut users = Users::new(2);
        users.enter(conn(1), "ann", "a");
        users.enter(conn(1), "ann", "a");
        users.enter(conn(2), "bob", "b");
        assert!(!users.is_full("ann", "new"));
        users.enter(conn(3), "ann", "c");
        assert!(users.is_full("ann", "new"));
        assert!(!users.is_full("ann", "c"), "it takes over its own");
        users.leave(conn(1));
        users.leave(conn(1));
        assert!(!users.is_full("ann", "new"));
        users.leave(conn(2));
        users.leave(conn(3));
        assert!(users.names.is_empty() && users.conns.is_empty());
    }
}
