//! What sessions and subscriptions take up: kept along as they come and go, so that a report looks at none of them.
//!
//! The books are close to what the allocator gives out, not equal to it: `cargo bench -p mqttlab-bench --bench memory`
//! lays the two side by side.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::mem::{self, size_of};

use crate::broker::Broker;
use crate::broker::arena::{Arena, ConnKey, SessionKey};
use crate::broker::conn::Conn;
use crate::broker::message::Will;
use crate::broker::session::{Session, Subscription};
use crate::broker::tree::{Granted, Member};
use crate::id::ConnId;

/// The two counts in front of the text of an `Arc<str>`.
pub(super) const SHARED_TEXT: usize = 2 * size_of::<usize>();

/// A connection, and its place in the table of names with the byte that a hash map spends on each.
const CONNECTION: usize = Arena::<ConnKey, Conn>::PLACE + size_of::<(ConnId, ConnKey)>() + 1;

/// A session, its Client Identifier without the letters, and its entry in the list of clients.
const SESSION: usize =
    Arena::<SessionKey, Session>::PLACE + SHARED_TEXT + size_of::<(Arc<str>, SessionKey)>();

/// A subscription in its session and in the tree, without the letters of its filter.
const SUBSCRIPTION: usize =
    size_of::<Subscription>() + SHARED_TEXT + size_of::<(Member, Granted)>();

/// How many subscriptions there are, how long the names are, and what wills take up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Books {
    subscriptions: usize,
    filters: u64,
    names: u64,
    wills: u64,
}

impl Books {
    pub(super) fn subscribed(&mut self, filter: &str) {
        self.subscriptions += 1;
        self.filters += filter.len() as u64;
    }

    pub(super) fn unsubscribed(&mut self, filter: &str) {
        self.subscriptions -= 1;
        self.filters -= filter.len() as u64;
    }

    pub(super) fn started(&mut self, session: &Session) {
        self.names += names(session);
    }

    pub(super) fn ended(&mut self, session: &Session) {
        self.names -= names(session);
    }

    pub(super) fn subscriptions(&self) -> usize {
        self.subscriptions
    }
}

/// What a subscription with this filter takes up at the most, but for the number of its levels: the letters of one that
/// nobody else has are in the tree as well.
fn subscription(filter: &str) -> u64 {
    (SUBSCRIPTION + 2 * filter.len()) as u64
}

/// What a client came in with counts for its session, and no more for messages that share it.
fn names(session: &Session) -> u64 {
    let passport = session.passport.as_ref();
    (session.client_id.len() + passport.map_or(0, |passport| passport.memory())) as u64
}

impl Broker {
    /// Sessions with their wills, and connections, without what they subscribe to and what waits for them.
    pub(super) fn session_bytes(&self) -> u64 {
        let fixed = self.sessions.len() * SESSION + self.conns.len() * CONNECTION;
        fixed as u64 + self.books.names + self.books.wills
    }

    /// Whether a session may come to be, or have this will.
    pub(super) fn has_room_for_session(&self, will: Option<&Will>) -> bool {
        self.has_room_for(SESSION as u64 + will.map_or(0, Will::memory))
    }

    /// Whether some session may have one more subscription.
    pub(super) fn has_room_for_subscription(&self, filter: &str) -> bool {
        self.has_room_for(subscription(filter))
    }

    fn has_room_for(&self, bytes: u64) -> bool {
        let taken = self.session_bytes() + self.subscription_bytes();
        taken + bytes <= self.config.session_bytes_max
    }

    /// Gives a session a will, or takes it away; gives back the one it had.
    pub(super) fn put_will(
        &mut self,
        key: SessionKey,
        will: Option<Box<Will>>,
    ) -> Option<Box<Will>> {
        self.books.wills += will.as_deref().map_or(0, Will::memory);
        let old = mem::replace(&mut self.sessions[key].will, will);
        self.books.wills -= old.as_deref().map_or(0, Will::memory);
        old
    }

    pub(super) fn subscription_bytes(&self) -> u64 {
        let fixed = self.books.subscriptions * SUBSCRIPTION + self.tree.memory();
        fixed as u64 + self.books.filters
    }

    /// # Panics
    /// If the books are wrong.
    pub(super) fn check_books(&self) {
        let mut books = Books::default();
        for (_, session) in self.sessions.iter() {
            books.started(session);
            books.wills += session.will.as_deref().map_or(0, Will::memory);
            for subscription in &session.subscriptions {
                books.subscribed(&subscription.filter);
            }
        }
        assert_eq!(self.books, books, "sessions and subscriptions are counted");
    }
}
