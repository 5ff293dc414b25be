//! How many there are of whom, and who does what too often, counted over all event loops.

use std::net::IpAddr;
use std::num::NonZeroU32;

use mqttlab_core::id::ConnId;
use mqttlab_core::time::Instant;

use super::super::transport::Peer;
use super::crowds::{Addresses, Users};
use super::habits::{Habits, TooOften};
use super::manners::Manners;

/// Which count a connection is in: when limits change everybody is counted anew.
pub(super) type Counting = NonZeroU32;

/// The books on clients.
pub(super) struct Books {
    counting: Counting,
    addresses: Addresses,
    users: Users,
    /// Client Identifiers that connect, and from where.
    connects: Habits<str, Peer>,
    /// Addresses from which refused CONNECTs come.
    failures: Habits<IpAddr, ()>,
}

impl Books {
    pub(super) fn new(manners: &Manners) -> Self {
        Self {
            counting: Counting::MIN,
            addresses: Addresses::new(manners.connections_per_address_max),
            users: Users::new(manners.connections_per_user_max),
            connects: Habits::new(manners.flapping),
            failures: Habits::new(manners.failures),
        }
    }

    /// Goes on with other expectations, the first time that it hears of this `counting`: each loop then enters its own
    /// connections again.
    pub(super) fn follow(&mut self, counting: Counting, manners: &Manners) {
        if counting == self.counting {
            return;
        }
        self.counting = counting;
        self.addresses = Addresses::new(manners.connections_per_address_max);
        self.users = Users::new(manners.connections_per_user_max);
        self.connects.follow(manners.flapping);
        self.failures.follow(manners.failures);
    }

    /// Whether so many come from this address that one more is too many.
    pub(super) fn is_full(&self, address: IpAddr) -> bool {
        self.addresses.is_full(address)
    }

    /// Counts a connection from this address, unless it is in the count already.
    pub(super) fn enter(&mut self, address: IpAddr, counted: &mut Option<Counting>) {
        if *counted != Some(self.counting) {
            *counted = Some(self.counting);
            self.addresses.enter(address);
        }
    }

    /// A connection is forgotten, which may have been counted for its address.
    pub(super) fn leave(
        &mut self,
        conn: ConnId,
        address: Option<IpAddr>,
        counted: Option<Counting>,
    ) {
        if let Some(address) = address {
            self.leave_address(address, counted);
        }
        self.users.leave(conn);
    }

    /// A connection from this address is forgotten, which may have been counted.
    pub(super) fn leave_address(&mut self, address: IpAddr, counted: Option<Counting>) {
        if counted == Some(self.counting) {
            self.addresses.leave(address);
        }
    }

    /// A client of this User Name is connected.
    pub(super) fn enter_user(&mut self, conn: ConnId, name: &str, client_id: &str) {
        self.users.enter(conn, name, client_id);
    }

    /// A client is connected no longer, though its socket may still be there.
    pub(super) fn disconnect(&mut self, conn: ConnId) {
        self.users.leave(conn);
    }

    /// Whether one more connection of this user is too many. Whoever takes over one of them makes room.
    pub(super) fn is_user_full(&self, name: &str, client_id: &str) -> bool {
        self.users.is_full(name, client_id)
    }

    /// A client was let in. Says so where that is once too often.
    pub(super) fn connected(
        &mut self,
        client_id: &str,
        from: Peer,
        now: Instant,
    ) -> Option<TooOften<Peer>> {
        self.connects.note(client_id, from.without_port(), now)
    }

    /// A CONNECT from this address was refused. Says so where that is once too often.
    pub(super) fn refused(&mut self, address: IpAddr, now: Instant) -> Option<TooOften<()>> {
        self.failures.note(&address, (), now)
    }
}
