//! What is expected of clients, applied to their sockets: how many there may be of whom, how fast they may send, and what
//! they may not do too often.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use mqttlab_core::broker::{Authorization, Broker};
use mqttlab_core::id::ConnId;
use mqttlab_core::reason::ReasonCode;
use mqttlab_core::time::Instant;

use super::super::auth::Denial;
use super::super::bans::{Ban, Because, Whom};
use super::super::transport::Peer;
use super::books::Counting;
use super::common::Common;
use super::habits::TooOften;
use super::rates::{Over, Rate};
use super::report::{Limit, Reached};
use super::socket::{Phase, Sockets};
use crate::broker::config::{Habit, OverRate};
use crate::log;

/// What is expected of clients at every listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manners {
    /// Connections from one address, and of one user; 0 for any number.
    pub(crate) connections_per_address_max: u32,
    pub(crate) connections_per_user_max: u32,
    /// Bytes of packets that have not come whole, of all connections; 0 for any number.
    pub(crate) unfinished_bytes_max: u64,
    /// Connecting again and again.
    pub(crate) flapping: Habit,
    /// Being refused again and again.
    pub(crate) failures: Habit,
}

/// Who keeps to what is expected.
pub(super) struct Watched {
    pub(super) common: Arc<Common>,
    ends: Ends,
    pub(super) reached: Reached,
}

/// What becomes of a client that sends too fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TooFast {
    /// Nothing is read from it until then.
    PauseUntil(Instant),
    Disconnect,
}

impl Watched {
    pub(super) fn new(common: Arc<Common>) -> Self {
        Self {
            common,
            ends: Ends::default(),
            reached: Reached::default(),
        }
    }

    /// Whether so many come from this address that one more is too many.
    pub(super) fn is_full(&mut self, address: IpAddr) -> bool {
        let is_full = self.common.books().is_full(address);
        if is_full {
            self.reached.count(Limit::AddressConnections);
        }
        is_full
    }

    /// A connection is forgotten.
    pub(super) fn leave(
        &mut self,
        conn: ConnId,
        address: Option<IpAddr>,
        counted: Option<Counting>,
    ) {
        self.common.books().leave(conn, address, counted);
        self.ends.remove(conn);
    }

    /// A client is connected no longer, though its socket may still be there.
    pub(super) fn disconnect(&mut self, conn: ConnId) {
        self.common.books().disconnect(conn);
        self.ends.remove(conn);
    }

    /// When the next connection must end.
    pub(super) fn next_end(&self) -> Option<Instant> {
        self.ends.by_time.first().map(|&(at, _)| at)
    }

    /// A connection that must end now.
    pub(super) fn pop_ended(&mut self, now: Instant) -> Option<ConnId> {
        let &(at, conn) = self.ends.by_time.first()?;
        if at > now {
            return None;
        }
        self.ends.remove(conn);
        Some(conn)
    }

    /// A client was let in. Says who is to be kept out because of that.
    pub(super) fn welcome(
        &mut self,
        conn: ConnId,
        client_id: &str,
        user_name: Option<&str>,
        from: Peer,
        now: Instant,
    ) -> Option<(Whom, Ban)> {
        let too_often = {
            let mut books = self.common.books();
            if let Some(name) = user_name {
                books.enter_user(conn, name, client_id);
            }
            books.connected(client_id, from, now)
        };
        let TooOften {
            count,
            refuse_until,
            details,
        } = too_often?;
        self.reached.count(Limit::Flapping);
        let from = Places(details);
        tracing::warn!(
            client_id = &*log::plain(client_id), connects = count, %from, refused = refuse_until.is_some(),
            "it connects again and again (is its Client Identifier used twice?)"
        );
        let note = format!("connected {count} times in a short while, from {from}");
        let whom = Whom::ClientId(client_id.into());
        let ban = |until| Ban {
            until: Some(until),
            because: Because::Flapping,
            note,
        };
        refuse_until.map(|until| (whom, ban(until)))
    }

    /// A CONNECT from this address was refused. Says who is to be kept out because of that.
    fn refused(&mut self, address: IpAddr, now: Instant) -> Option<(Whom, Ban)> {
        let too_often = self.common.books().refused(address, now);
        let TooOften {
            count,
            refuse_until,
            ..
        } = too_often?;
        self.reached.count(Limit::Failures);
        tracing::warn!(
            %address, refusals = count, refused = refuse_until.is_some(),
            "clients from there are refused again and again (does somebody guess passwords?)"
        );
        let note = format!("{count} CONNECTs were refused in a short while");
        let ban = |until| Ban {
            until: Some(until),
            because: Because::Failures,
            note,
        };
        refuse_until.map(|until| (Whom::Address(address), ban(until)))
    }
}

/// When connections must end.
#[derive(Default)]
struct Ends {
    by_time: BTreeSet<(Instant, ConnId)>,
    by_conn: BTreeMap<ConnId, Instant>,
}

impl Ends {
    fn insert(&mut self, conn: ConnId, at: Instant) {
        self.by_conn.insert(conn, at);
        self.by_time.insert((at, conn));
    }

    fn remove(&mut self, conn: ConnId) {
        if let Some(at) = self.by_conn.remove(&conn) {
            self.by_time.remove(&(at, conn));
        }
    }
}

/// Up to two places, in words.
struct Places([Option<Peer>; 2]);

impl std::fmt::Display for Places {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = |peer: Peer| {
            peer.ip()
                .map_or("this machine".to_owned(), |ip| ip.to_string())
        };
        match self.0 {
            [Some(one), Some(other)] => write!(f, "{} and {}", place(one), place(other)),
            [Some(one), None] | [None, Some(one)] => f.write_str(&place(one)),
            [None, None] => Ok(()),
        }
    }
}

impl Sockets {
    /// Goes on with other expectations.
    pub(super) fn expect(&mut self, counting: Counting, manners: &Manners, broker: &Broker) {
        let mut books = self.watched.common.books();
        books.follow(counting, manners);
        for session in broker.sessions() {
            if let Some((conn, name)) = session.conn().zip(session.user_name()) {
                books.enter_user(conn, name, session.client_id());
            }
        }
        for socket in self.slots.iter_mut().flatten() {
            if let Some(address) = socket.peer.ip().filter(|_| !socket.is_proxied()) {
                books.enter(address, &mut socket.counted);
            }
        }
    }

    /// Keeps somebody out, as long as there is room for another ban.
    fn keep_out(&mut self, sentence: Option<(Whom, Ban)>) {
        if let Some((whom, ban)) = sentence
            && self.ban(whom, ban).is_err()
        {
            tracing::error!("there are too many bans; this one is left out");
        }
    }

    /// Counts a connection whose address is known now. Says whether there are too many from there.
    pub(super) fn count_address(&mut self, conn: ConnId, address: IpAddr) -> bool {
        if self.watched.is_full(address) {
            return true;
        }
        let common = Arc::clone(&self.watched.common);
        if let Some(socket) = self.of(conn) {
            common.books().enter(address, &mut socket.counted);
        }
        false
    }

    /// What becomes of the doorkeeper's answer by what is known beside it.
    pub(super) fn review(
        &mut self,
        conn: ConnId,
        client_id: &str,
        user_name: Option<&str>,
        answer: Authorization,
    ) -> Authorization {
        let answer = self.bounded(conn, answer);
        let name = match &answer {
            Authorization::Allow => user_name,
            Authorization::AllowAs(grant) => grant.user_name.as_deref().or(user_name),
            Authorization::Deny(ReasonCode::BadUserNameOrPassword | ReasonCode::NotAuthorized) => {
                let address = self.of(conn).and_then(|socket| socket.peer.ip());
                if let Some(address) = address {
                    let sentence = self.watched.refused(address, self.now);
                    self.keep_out(sentence);
                }
                return answer;
            }
            Authorization::Continue(_)
            | Authorization::Deny(_)
            | Authorization::Redirect { .. }
            | Authorization::Pending => return answer,
        };
        let listener = self.of(conn).map(|socket| socket.listener);
        let is_bound = |it| self.doorkeeper.door(it).client_id_is_user_name;
        if listener.is_some_and(is_bound) && name != Some(client_id) {
            self.note_denial(Denial::ClientIdIsNotUserName);
            return Authorization::Deny(ReasonCode::ClientIdentifierNotValid);
        }
        let Some(name) = name else { return answer };
        let because = self.watched.common.bans().keeps_out_user(name, self.now);
        if let Some(because) = because {
            self.note_denial(Denial::Banned);
            return Authorization::Deny(because.reason());
        }
        if !self.watched.common.books().is_user_full(name, client_id) {
            return answer;
        }
        self.watched.reached.count(Limit::UserConnections);
        self.note_denial(Denial::UserConnections);
        Authorization::Deny(ReasonCode::QuotaExceeded)
    }

    /// An answer that lets somebody in, with the largest packet of its listener.
    fn bounded(&mut self, conn: ConnId, answer: Authorization) -> Authorization {
        let Some(listener) = self.of(conn).map(|socket| socket.listener) else {
            return answer;
        };
        let Some(packet_size_max) = self.doorkeeper.door(listener).packet_size_max else {
            return answer;
        };
        let mut grant = match answer {
            Authorization::Allow => Box::default(),
            Authorization::AllowAs(grant) => grant,
            Authorization::Continue(_)
            | Authorization::Deny(_)
            | Authorization::Redirect { .. }
            | Authorization::Pending => return answer,
        };
        grant.packet_size_max = Some(packet_size_max);
        Authorization::AllowAs(grant)
    }

    /// Takes note of a client that was let in.
    pub(super) fn welcome(
        &mut self,
        conn: ConnId,
        client_id: &str,
        user_name: Option<&str>,
        from: Peer,
    ) {
        let sentence = self
            .watched
            .welcome(conn, client_id, user_name, from, self.now);
        self.keep_out(sentence);
        if let Some(ends_at) = self.doorkeeper.entered(conn, client_id) {
            self.watched.ends.insert(conn, ends_at);
        }
    }

    /// How fast the client behind a connection may send; `None` for as fast as it likes.
    pub(super) fn rate(&mut self, conn: ConnId) -> Option<Rate> {
        let listener = self.of(conn)?.listener;
        let rate = self.doorkeeper.door(listener).rate;
        rate.is_limited().then_some(rate)
    }

    /// Takes note of what a client has sent. Says what is to be done where that is too much.
    pub(super) fn charge(
        &mut self,
        conn: ConnId,
        rate: &Rate,
        is_message: bool,
        bytes: usize,
    ) -> Option<TooFast> {
        let now = self.now;
        let socket = self.of(conn).filter(|socket| socket.phase == Phase::Open)?;
        let meter = socket.meter.get_or_insert_default();
        let (wait, over) = meter.note(is_message.into(), bytes as u64, rate, now)?;
        let (limit, too_fast) = match (rate.over, over) {
            (OverRate::Disconnect, _) => (Limit::RateDisconnect, TooFast::Disconnect),
            (OverRate::Pause, Over::Messages) => {
                (Limit::MessageRate, TooFast::PauseUntil(now + wait))
            }
            (OverRate::Pause, Over::Bytes) => (Limit::ByteRate, TooFast::PauseUntil(now + wait)),
        };
        self.watched.reached.count(limit);
        Some(too_fast)
    }
}

/// Until when which connections are not read from.
pub(super) type Paused = BTreeSet<(Instant, ConnId)>;
