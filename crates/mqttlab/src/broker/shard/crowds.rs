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
    /// Counts anew under another limit; `open` are the addresses of all connections.
    pub(super) fn follow(&mut self, max: u32, open: impl Iterator<Item = IpAddr>) {
        self.max = max;
        self.counts.clear();
        open.for_each(|address| self.enter(address));
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
    conns: BTreeMap<Box<str>, Vec<ConnId>>,
}

impl Users {
    /// Counts anew under another limit; `open` are the clients of the moment that have a name.
    pub(super) fn follow<'a>(&mut self, max: u32, open: impl Iterator<Item = (ConnId, &'a str)>) {
        self.max = max;
        self.names.clear();
        self.conns.clear();
        open.for_each(|(conn, name)| self.enter(conn, name));
    }

    /// The connections of a user who may have no more; `None` where there is room for another.
    pub(super) fn full(&self, name: &str) -> Option<&[ConnId]> {
        let conns = self.conns.get(name)?;
        let is_full = self.max > 0 && conns.len() >= self.max as usize;
        is_full.then_some(conns)
    }

    pub(super) fn enter(&mut self, conn: ConnId, name: &str) {
        if self.max > 0 {
            self.names.insert(conn, name.into());
            self.conns.entry(name.into()).or_default().push(conn);
        }
    }

    pub(super) fn leave(&mut self, conn: ConnId) {
        let Some(name) = self.names.remove(&conn) else {
            return;
        };
        if let Some(conns) = self.conns.get_mut(&name) {
            conns.retain(|&other| other != conn);
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
        addresses.follow(2, [here].into_iter());
        assert!(!addresses.is_full(here));
        addresses.enter(here);
        assert!(addresses.is_full(here));
        addresses.leave(here);
        addresses.leave(here);
        assert!(addresses.counts.is_empty());
    }

    #[test]
    fn a_user_is_full_until_a_connection_ends() {
        let conn = |number| ConnId::new(number).expect("not zero");
        let mut users = Users::default();
        users.follow(2, [(conn(1), "ann"), (conn(2), "bob")].into_iter());
        assert_eq!(users.full("ann"), None);
        users.enter(conn(3), "ann");
        assert_eq!(users.full("ann"), Some(&[conn(1), conn(3)][..]));
        users.leave(conn(1));
        users.leave(conn(1));
        assert_eq!(users.full("ann"), None);
        users.leave(conn(2));
        users.leave(conn(3));
        assert!(users.names.is_empty() && users.conns.is_empty());
    }
}
