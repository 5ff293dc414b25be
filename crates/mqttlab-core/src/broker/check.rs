//! What must always hold.

use alloc::collections::BTreeMap;

use crate::broker::Broker;
use crate::broker::arena::{Key, MessageKey, SessionKey};
use crate::broker::conn::State;
use crate::broker::session::Session;
use crate::broker::shard::Interests;
use crate::broker::subscribe::is_shared;
use crate::broker::tree::Member;
use crate::packet::QoS;

impl Broker {
    /// Checks everything that must hold between two inputs. It looks at all there is, so it is for tests.
    ///
    /// # Panics
    /// If something does not hold: that is a bug of ours, whatever the peers did.
    pub fn check_invariants(&self) {
        self.check_conns();
        for (key, session) in self.sessions.iter() {
            self.check_session(key, session);
        }
        assert_eq!(
            self.clients.len(),
            self.sessions.len(),
            "every session has its own Client Identifier"
        );
        self.check_books();
        self.check_subscriptions();
        self.check_messages();
        self.check_timers();
        self.tree.check();
        self.retained.check(&self.messages);
        self.check_peers();
    }

    fn check_conns(&self) {
        assert_eq!(
            self.conns.len(),
            self.conn_keys.len(),
            "every connection has one name"
        );
        for (key, conn) in self.conns.iter() {
            assert_eq!(
                self.conn_keys.get(&conn.id),
                Some(&key),
                "the name leads to the connection"
            );
            let kept = conn.topic_cache.as_ref();
            assert!(
                kept.is_none_or(|cache| !cache.routes.is_wide()),
                "a connection remembers few routes"
            );
            match conn.state {
                State::AwaitConnect | State::Authorizing(_) => {}
                State::Connected(session) => {
                    let back = self.sessions[session].conn;
                    assert_eq!(back, Some(key), "session and connection know each other");
                    assert!(conn.window > 0, "at least one message may be in flight");
                    let waits = self.sessions[session].waits();
                    assert!(conn.waits || !waits, "what waits is not forgotten");
                }
            }
        }
    }

    fn check_session(&self, key: SessionKey, session: &Session) {
        let id = &session.client_id;
        assert!(!id.is_empty(), "every session has a name");
        assert_eq!(
            self.clients.get(id),
            Some(&key),
            "the name leads to the session of {id}"
        );
        match session.conn {
            Some(conn) => {
                let forth = self.conns[conn].session();
                assert_eq!(
                    forth,
                    Some(key),
                    "connection and session of {id} know each other"
                );
                assert!(
                    session.ends_at.is_none(),
                    "the connected session of {id} does not end"
                );
                assert!(
                    session.will_at().is_none(),
                    "the will of connected {id} is not under way"
                );
            }
            None => {
                assert!(
                    session.is_durable(),
                    "a session without connection is kept: {id}"
                );
                assert_eq!(
                    session.ends_at.is_none(),
                    session.expiry_s == u32::MAX,
                    "{id} ends some time"
                );
                assert_eq!(
                    session.will.is_some(),
                    session.will_at().is_some(),
                    "the will of {id} is under way"
                );
                assert!(
                    session.flow().unsent_from.is_none(),
                    "nothing is being sent to {id}"
                );
            }
        }
        self.check_flows(session);
    }

    fn check_flows(&self, session: &Session) {
        let id = &session.client_id;
        let mut ids: alloc::vec::Vec<_> = session
            .flow()
            .sender
            .iter()
            .map(|one| one.packet_id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(
            ids.len(),
            session.flow().sender.len(),
            "the Packet Identifiers to {id} differ"
        );
        for in_flight in session.flow().sender.iter() {
            assert_eq!(
                in_flight.stage.qos(),
                in_flight.message.qos,
                "the stage fits the QoS to {id}"
            );
            assert_ne!(
                in_flight.message.qos,
                QoS::AtMostOnce,
                "QoS 0 is never in flight to {id}"
            );
        }
        session.flow().queue.check(&self.messages);
        let sorted = session
            .subscriptions
            .is_sorted_by(|a, b| a.filter < b.filter);
        assert!(sorted, "the subscriptions of {id} are in order and differ");
        if let Some(unsent) = session.flow().unsent_from {
            assert!(
                session.flow().sender.is_in_use(unsent),
                "what {id} is owed again is in flight"
            );
        }
    }

    /// The tree, the shared subscriptions and the sessions tell the same story.
    fn check_subscriptions(&self) {
        let mut in_tree = 0;
        for (filter, member, granted) in self.tree.iter() {
            match member {
                Member::Session(key) => {
                    in_tree += 1;
                    let session = &self.sessions[key];
                    let at = session
                        .subscription(&filter)
                        .expect("the tree knows only what sessions have");
                    assert_eq!(
                        session.subscriptions[at].granted, granted,
                        "the grants for {filter} agree"
                    );
                }
                Member::Share(_) => {}
            }
        }
        for (filter, members) in self.shares.iter() {
            let elsewhere = self.shares.elsewhere(filter);
            assert!(
                !members.is_empty() || !elsewhere.is_empty(),
                "{filter} has members"
            );
            for &(key, granted) in members {
                in_tree += 1;
                let session = &self.sessions[key];
                let at = session
                    .subscription(filter)
                    .expect("shares know only what sessions have");
                assert_eq!(
                    session.subscriptions[at].granted, granted,
                    "the grants for {filter} agree"
                );
            }
        }
        let of_sessions: usize = self
            .sessions
            .iter()
            .map(|(_, session)| session.subscriptions.len())
            .sum();
        assert_eq!(
            in_tree, of_sessions,
            "every subscription is in the tree or shared"
        );
    }

    /// What this shard believes of the others fits what it has.
    fn check_peers(&self) {
        let Some(group) = self.peers.group() else {
            assert!(self.retained.len() <= self.config.retained_messages_max as usize);
            return;
        };
        let shard = self.shard();
        let mut wanted = Interests::new();
        for (_, session) in self.sessions.iter() {
            let id = &session.client_id;
            assert!(shard.owns(id), "the session of {id} is where it belongs");
            let own = session.subscriptions.iter();
            own.filter(|one| !is_shared(&one.filter))
                .for_each(|one| wanted.add(&one.filter));
        }
        assert_eq!(group.own, wanted, "subscriptions are counted");
        let mut members = 0;
        for (key, member) in group.members.iter() {
            assert!(
                !member.shares.is_empty(),
                "{} is a member",
                member.client_id
            );
            for share in &member.shares {
                members += 1;
                let elsewhere = self.shares.elsewhere(share);
                assert!(elsewhere.contains(&key), "{share} knows its members");
            }
        }
        let known = self.shares.iter();
        let known: usize = known
            .map(|(filter, _)| self.shares.elsewhere(filter).len())
            .sum();
        assert_eq!(known, members, "all members elsewhere are known by name");
        for (topic, key) in self.retained.iter() {
            assert!(
                self.messages.get(key).number > group.removed.number(topic),
                "what was removed from {topic} stays away"
            );
        }
    }

    /// Every stored message is held exactly as often as somebody waits for it.
    fn check_messages(&self) {
        let mut holders: BTreeMap<MessageKey, u32> = BTreeMap::new();
        for (_, session) in self.sessions.iter() {
            let waiting = session.flow().queue.iter();
            let begun = session
                .flow()
                .sender
                .iter()
                .map(|in_flight| &in_flight.message);
            for delivery in waiting.chain(begun) {
                *holders.entry(delivery.message).or_default() += 1;
            }
        }
        for (_, key) in self.retained.iter() {
            *holders.entry(key).or_default() += 1;
        }
        let mut bytes = 0;
        for (key, message, held) in self.messages.iter() {
            let expected = holders.get(&key).copied().unwrap_or(0);
            assert_eq!(
                held,
                expected,
                "message {} (place {}) is held as often as it is owed",
                message.number,
                key.index()
            );
            bytes += message.size();
        }
        assert_eq!(
            self.messages.len(),
            holders.len(),
            "every message that is owed is stored"
        );
        assert_eq!(
            self.messages.bytes_in_all(),
            bytes,
            "the bytes of all messages are counted"
        );
    }
}
