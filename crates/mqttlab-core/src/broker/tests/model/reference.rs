//! What each session must and may receive, written down as plainly as possible and without any regard for speed.

use std::collections::{BTreeMap, BTreeSet};
use std::format;
use std::string::String;
use std::vec::Vec;

use crate::broker::Overlap;
use crate::id::ConnId;
use crate::packet::{QoS, RetainHandling, SubscriptionOptions, Version};
use crate::time::{Duration, Instant};
use crate::topic::matches;

/// What went wrong, in words.
pub(super) type Verdict = Result<(), String>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// The Client Identifier that it was published with.
    pub(super) publisher: &'static str,
    pub(super) topic: &'static str,
    /// Tells messages apart; empty for one that clears a retained message.
    pub(super) payload: String,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    pub(super) expires_at: Option<Instant>,
}

/// A will and how long it waits.
#[derive(Clone, Debug)]
pub(super) struct Will {
    pub(super) message: Message,
    pub(super) delay_s: u32,
}

/// One PUBLISH as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hop {
    pub(super) topic: String,
    pub(super) payload: String,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    /// Subscription Identifiers in order.
    pub(super) identifiers: Vec<u32>,
    /// What is left of the Message Expiry Interval, in seconds.
    pub(super) expiry_s: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Subscription {
    pub(super) options: SubscriptionOptions,
    /// 0 for none.
    pub(super) identifier: u32,
}

/// How a client connects.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) conn: ConnId,
    pub(super) version: Version,
    pub(super) clean: bool,
    pub(super) expiry_s: u32,
    /// How many messages may be in flight to it.
    pub(super) window: usize,
    /// The largest packet that it accepts.
    pub(super) packet_size_max: usize,
    pub(super) will: Option<Will>,
}

/// How far a message is on its way to one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waiting,
    /// Sent last on this connection, with this Packet Identifier.
    Sent(ConnId, u16),
    /// PUBREC came; PUBREL was sent last on this connection.
    Released(Option<ConnId>, u16),
}

#[derive(Clone, Debug)]
struct Owed {
    publisher: &'static str,
    hop: Hop,
    expires_at: Option<Instant>,
    /// False for what the broker may drop.
    must: bool,
    stage: Stage,
    /// The shared subscription that it came by, and all of the message.
    shared: Option<(&'static str, Message)>,
}

/// The retained messages that a new subscription brings.
#[derive(Clone, Debug)]
struct RetainedDebt {
    filter: &'static str,
    subscription: Subscription,
    must: BTreeSet<&'static str>,
    may: BTreeSet<&'static str>,
}

#[derive(Clone, Debug)]
struct Link {
    conn: ConnId,
    version: Version,
    window: usize,
    packet_size_max: usize,
    /// It does not read what it is sent.
    stalled: bool,
}

#[derive(Clone, Debug, Default)]
struct Session {
    expiry_s: u32,
    ends_at: Option<Instant>,
    link: Option<Link>,
    subscriptions: BTreeMap<&'static str, Subscription>,
    owed: Vec<Owed>,
    retained: Vec<RetainedDebt>,
    will: Option<Will>,
    will_at: Option<Instant>,
}

/// A message that one of the members of a shared subscription is owed.
#[derive(Clone, Debug)]
struct SharedDebt {
    filter: &'static str,
    message: Message,
    /// False for what the broker may drop.
    must: bool,
    /// Who may get it, and with what it was granted: the members from then on.
    members: Vec<(&'static str, Subscription)>,
}

/// What the configuration allows the broker to drop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Losses {
    /// Queues are short: what waits may be dropped.
    pub(super) queued: bool,
    /// Buffers for output are small: QoS 0 may be dropped.
    pub(super) unread: bool,
    /// QoS 0 is not kept for absent clients.
    pub(super) absent: bool,
}

/// The whole broker, as its clients may know it.
#[derive(Clone, Debug)]
pub(super) struct Model {
    overlap: Overlap,
    losses: Losses,
    sessions: BTreeMap<&'static str, Session>,
    shared: Vec<SharedDebt>,
    retained: BTreeMap<&'static str, Message>,
    /// Which client may not receive which topic.
    denied: BTreeSet<(&'static str, &'static str)>,
    /// Whose wills may not be published.
    unwilling: BTreeSet<&'static str>,
    now: Instant,
}

impl Model {
    pub(super) fn new(overlap: Overlap, losses: Losses) -> Self {
        Self {
            overlap,
            losses,
            sessions: BTreeMap::new(),
            shared: Vec::new(),
            retained: BTreeMap::new(),
            denied: BTreeSet::new(),
            unwilling: BTreeSet::new(),
            now: Instant::ZERO,
        }
    }

    /// A client connects. Says whether it finds its session.
    pub(super) fn connect(&mut self, now: Instant, name: &'static str, how: Connection) -> bool {
        self.lose(now, name, true);
        let present = !how.clean && self.sessions.contains_key(name);
        if !present {
            self.end(name);
        }
        let session = self.sessions.entry(name).or_default();
        session.expiry_s = how.expiry_s;
        session.ends_at = None;
        session.will = how.will;
        session.will_at = None;
        session.link = Some(Link {
            conn: how.conn,
            version: how.version,
            window: how.window,
            packet_size_max: how.packet_size_max,
            stalled: false,
        });
        session.fit();
        let link = session.link.clone();
        for debt in &mut self.shared {
            let own = |(who, _): &&(&str, Subscription)| *who == name;
            let takes = |(_, subscription): &(&str, Subscription)| {
                let hop = live(&debt.message, &[*subscription]);
                link.as_ref().is_none_or(|link| link.takes(&hop))
            };
            debt.must &= debt.members.iter().filter(own).all(takes);
        }
        for owed in &mut session.owed {
            if let Stage::Released(on, _) = &mut owed.stage {
                *on = None;
            }
        }
        present
    }

    /// The connection of a client ends, with its will or after a DISCONNECT without.
    pub(super) fn lose(&mut self, now: Instant, name: &'static str, with_will: bool) {
        let Some(session) = self.sessions.get_mut(name) else {
            return;
        };
        if session.link.take().is_none() {
            return;
        }
        // Retained messages may be sent on the next connection or not.
        session.excuse(None);
        let delay_s = session.will.as_ref().map_or(0, |will| will.delay_s);
        if !with_will {
            session.will = None;
        }
        let ends = session.expiry_s == 0;
        session.ends_at = Some(now + Duration::from_secs(u64::from(session.expiry_s)));
        if session.will.is_some() {
            session.will_at = Some(now + Duration::from_secs(u64::from(delay_s)));
        }
        if ends {
            self.end(name);
        } else if delay_s == 0 {
            self.publish_will(name);
        }
    }

    /// Time passes: what is due happens.
    pub(super) fn advance(&mut self, now: Instant) {
        self.now = now;
        self.expire(now);
        let names: Vec<&'static str> = self.sessions.keys().copied().collect();
        for name in &names {
            let session = &self.sessions[name];
            if session.will_at.is_some_and(|at| at <= now) {
                self.publish_will(name);
            }
        }
        for name in names {
            if self.sessions[name].ends_at.is_some_and(|at| at <= now) {
                self.end(name);
            }
        }
    }

    /// All connections are gone, and with them what was not to outlive them.
    pub(super) fn restart(&mut self, now: Instant) {
        // What was on its way to a session that is not stored is gone with it.
        let sessions = &self.sessions;
        for debt in &mut self.shared {
            let stored = |name: &str| sessions.get(name).is_some_and(|one| one.expiry_s > 0);
            debt.must &= debt.members.iter().all(|(name, _)| stored(name));
        }
        self.sessions.retain(|_, session| session.expiry_s > 0);
        self.excuse_empty_shares();
        for session in self.sessions.values_mut() {
            if session.link.take().is_some() {
                session.ends_at = Some(now + Duration::from_secs(u64::from(session.expiry_s)));
            }
            session.retained.clear();
            let delay = |will: &Will| now + Duration::from_secs(u64::from(will.delay_s));
            session.will_at = session.will.as_ref().map(delay);
        }
    }

    /// What has waited too long need not come any more, and must not.
    fn expire(&mut self, now: Instant) {
        let is_over = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let expired = |message: &&Message| is_over(message.expires_at);
        let topics = self.retained.values().filter(expired);
        let topics: Vec<&'static str> = topics.map(|message| message.topic).collect();
        for topic in &topics {
            self.retained.remove(topic);
        }
        self.shared.retain(|debt| !is_over(debt.message.expires_at));
        for session in self.sessions.values_mut() {
            session
                .owed
                .retain(|owed| owed.stage != Stage::Waiting || !is_over(owed.expires_at));
            for debt in &mut session.retained {
                debt.must.retain(|topic| !topics.contains(topic));
            }
        }
    }

    /// A client may receive a topic no more.
    pub(super) fn deny(&mut self, name: &'static str, topic: &'static str) {
        self.denied.insert((name, topic));
        for debt in &mut self.shared {
            let concerned = debt.members.iter().any(|(who, _)| *who == name);
            debt.must &= !(concerned && debt.message.topic == topic);
        }
        if let Some(session) = self.sessions.get_mut(name) {
            for owed in &mut session.owed {
                if owed.stage == Stage::Waiting && owed.hop.topic == topic {
                    owed.must = false;
                }
            }
            for debt in &mut session.retained {
                if debt.must.remove(topic) {
                    debt.may.insert(topic);
                }
            }
        }
    }

    pub(super) fn permit(&mut self, name: &'static str, topic: &'static str) {
        self.denied.remove(&(name, topic));
    }

    pub(super) fn allow_will(&mut self, name: &'static str, allowed: bool) {
        if allowed {
            self.unwilling.remove(name);
        } else {
            self.unwilling.insert(name);
        }
    }

    /// Whether a client may not receive this topic.
    fn is_denied(&self, name: &str, topic: &str) -> bool {
        let denied = |(who, what): &(&str, &str)| *who == name && *what == topic;
        self.denied.iter().any(denied)
    }

    pub(super) fn is_unwilling(&self, name: &str) -> bool {
        self.unwilling.contains(name)
    }

    fn publish_will(&mut self, name: &'static str) {
        let session = self.sessions.get_mut(name).expect("it has a will");
        session.will_at = None;
        if let Some(will) = session.will.take()
            && !self.is_unwilling(name)
        {
            self.publish(&will.message);
        }
    }

    fn end(&mut self, name: &'static str) {
        let Some(session) = self.sessions.remove(name) else {
            return;
        };
        // What was on its way through a shared subscription goes to another member; QoS 2 does not, once it was sent.
        for owed in session.owed {
            if let (Some((filter, message)), Stage::Sent(..), QoS::AtLeastOnce) =
                (owed.shared, owed.stage, owed.hop.qos)
            {
                self.owe_share(filter, &message);
                let debt = self.shared.last_mut().expect("just put there");
                debt.must &= owed.must;
            }
        }
        self.excuse_empty_shares();
        if let Some(will) = session.will
            && !self.is_unwilling(name)
        {
            self.publish(&will.message);
        }
    }

    /// A message is accepted.
    pub(super) fn publish(&mut self, message: &Message) {
        if message.retain {
            self.retain(message);
        }
        let filters = self
            .sessions
            .values()
            .flat_map(|one| one.subscriptions.keys());
        let shares: BTreeSet<&'static str> = filters
            .filter(|filter| shared(filter).is_some_and(|inner| matches(inner, message.topic)))
            .copied()
            .collect();
        for share in shares {
            self.owe_share(share, message);
        }
        for (name, session) in &mut self.sessions {
            if self.denied.contains(&(*name, message.topic)) {
                continue;
            }
            let mut copies: Vec<Subscription> = Vec::new();
            for (filter, subscription) in &session.subscriptions {
                let echo = subscription.options.no_local && *name == message.publisher;
                if matches(filter, message.topic) && !echo {
                    copies.push(*subscription);
                }
            }
            let groups: Vec<&[Subscription]> = match self.overlap {
                Overlap::OneCopy => copies.chunks(copies.len().max(1)).collect(),
                Overlap::PerSubscription => copies.chunks(1).collect(),
            };
            for group in groups {
                let hop = live(message, group);
                session.owe(message, hop, self.losses);
            }
        }
    }

    /// One of the members is owed this.
    fn owe_share(&mut self, filter: &'static str, message: &Message) {
        let members: Vec<(&'static str, Subscription)> = self
            .sessions
            .iter()
            .filter_map(|(name, session)| Some((*name, *session.subscriptions.get(filter)?)))
            .collect();
        let sure = |(name, subscription): &(&'static str, Subscription)| {
            let hop = live(message, &[*subscription]);
            let link = self.sessions[name].link.as_ref();
            let takes = link.is_none_or(|link| link.takes(&hop));
            let denied = self.denied.contains(&(*name, message.topic));
            hop.qos > QoS::AtMostOnce && takes && !denied
        };
        let must = !members.is_empty() && !self.losses.queued && members.iter().all(sure);
        self.shared.push(SharedDebt {
            filter,
            message: message.clone(),
            must,
            members,
        });
    }

    /// What a shared subscription owes is lost when nobody is left of it.
    fn excuse_empty_shares(&mut self) {
        for debt in &mut self.shared {
            let mut sessions = self.sessions.values();
            debt.must &= sessions.any(|session| session.subscriptions.contains_key(debt.filter));
        }
    }

    /// Which debt of a shared subscription this pays, rather one that must be paid.
    fn shared_debt(&self, name: &str, hop: &Hop) -> Option<usize> {
        let link = self.sessions[name].link.as_ref();
        let pays = |debt: &SharedDebt| {
            let mut own = debt.members.iter().filter(|(who, _)| *who == name);
            own.any(|(_, subscription)| {
                let owed = live(&debt.message, &[*subscription]);
                hop.is(&owed, debt.message.expires_at, self.now, link)
            })
        };
        let must = self.shared.iter().position(|debt| debt.must && pays(debt));
        must.or_else(|| self.shared.iter().position(pays))
    }

    fn send_shared(
        &mut self,
        name: &'static str,
        conn: ConnId,
        hop: &Hop,
        packet_id: Option<u16>,
        at: usize,
    ) -> Verdict {
        let debt = self.shared.remove(at);
        let session = self.sessions.get_mut(name).expect("it is sent to");
        if let Some(packet_id) = packet_id {
            session.check_unused(hop, packet_id)?;
            session.owed.push(Owed {
                publisher: debt.message.publisher,
                hop: hop.clone(),
                expires_at: debt.message.expires_at,
                must: true,
                stage: Stage::Sent(conn, packet_id),
                shared: Some((debt.filter, debt.message)),
            });
        }
        Ok(())
    }

    fn retain(&mut self, message: &Message) {
        let topic = message.topic;
        let cleared = message.payload.is_empty();
        for (name, session) in &mut self.sessions {
            for debt in &mut session.retained {
                let echo = debt.subscription.options.no_local && *name == message.publisher;
                let hop = kept(message, &debt.subscription, session.link.as_ref());
                let fits = session.link.as_ref().is_none_or(|link| link.takes(&hop));
                if cleared || echo || !fits {
                    debt.must.remove(topic);
                }
                if !cleared {
                    debt.may.insert(topic);
                }
            }
        }
        if cleared {
            self.retained.remove(topic);
        } else {
            self.retained.insert(topic, message.clone());
        }
    }

    pub(super) fn subscribe(
        &mut self,
        name: &'static str,
        filter: &'static str,
        subscription: Subscription,
    ) {
        let session = self.sessions.get_mut(name).expect("it is connected");
        let before = session.subscriptions.insert(filter, subscription);
        session.excuse(Some(filter));
        if shared(filter).is_some() {
            for debt in &mut self.shared {
                if debt.filter == filter {
                    let hop = live(&debt.message, &[subscription]);
                    let takes = session.link.as_ref().is_none_or(|link| link.takes(&hop));
                    let denied = self.denied.contains(&(name, debt.message.topic));
                    debt.must &= hop.qos > QoS::AtMostOnce && takes && !denied;
                    debt.members.push((name, subscription));
                }
            }
            return;
        }
        let wanted = match subscription.options.retain_handling {
            RetainHandling::Send => true,
            RetainHandling::SendIfNew => before.is_none(),
            RetainHandling::DoNotSend => false,
        };
        if !wanted {
            return;
        }
        let echo = |message: &Message| subscription.options.no_local && message.publisher == name;
        let fits = |message: &Message| {
            let hop = kept(message, &subscription, session.link.as_ref());
            session.link.as_ref().is_none_or(|link| link.takes(&hop))
        };
        let denied = |message: &Message| self.denied.contains(&(name, message.topic));
        let matching = self.retained.values().filter(|message| {
            matches(filter, message.topic) && !echo(message) && fits(message) && !denied(message)
        });
        let must: BTreeSet<&'static str> = matching.map(|message| message.topic).collect();
        let others = self.retained.values().map(|message| message.topic);
        let may = others.filter(|topic| matches(filter, topic) && !must.contains(topic));
        let may: BTreeSet<&'static str> = may.collect();
        session.retained.push(RetainedDebt {
            filter,
            subscription,
            must,
            may,
        });
    }

    pub(super) fn unsubscribe(&mut self, name: &'static str, filter: &'static str) {
        let session = self.sessions.get_mut(name).expect("it is connected");
        session.subscriptions.remove(filter);
        session.excuse(Some(filter));
        self.excuse_empty_shares();
    }

    /// A client stops reading, or goes on.
    pub(super) fn stall(&mut self, name: &'static str, stalled: bool) {
        let session = self.sessions.get_mut(name).expect("it is connected");
        if let Some(link) = &mut session.link {
            link.stalled = stalled;
        }
    }

    /// The broker sends PUBLISH: that must be owed.
    pub(super) fn on_publish(
        &mut self,
        name: &'static str,
        conn: ConnId,
        hop: &Hop,
        packet_id: Option<u16>,
        dup: bool,
    ) -> Verdict {
        if !dup && self.is_denied(name, &hop.topic) {
            return Err(format!("{name} gets {hop:?}, which it may not receive"));
        }
        let session = self.sessions.get_mut(name).ok_or("no session")?;
        let link = session.link.clone().filter(|link| link.conn == conn);
        let link =
            link.ok_or_else(|| format!("{name} gets {hop:?} on a connection that is gone"))?;
        if dup {
            session.resend(conn, hop, packet_id)?;
        } else {
            // A live message that was dropped, perhaps, and a retained one that must come can look the same.
            let sure = session
                .waiting(&link, hop, self.now)
                .is_some_and(|at| session.owed[at].must);
            // Another member may get the shared one, but nobody else the retained one.
            let shared = self.shared_debt(name, hop);
            let retained = self.must_send_retained(name, hop);
            if let Some(at) = shared.filter(|at| self.shared[*at].must && !sure && !retained) {
                self.send_shared(name, conn, hop, packet_id, at)?;
                return self.check_window(name, &link, packet_id);
            }
            let live = sure || !retained;
            let session = self.sessions.get_mut(name).expect("it was there");
            if let (Some(at), None, true) = (shared, session.waiting(&link, hop, self.now), live) {
                self.send_shared(name, conn, hop, packet_id, at)?;
            } else if !live || !session.send(&link, hop, packet_id, self.now)? {
                self.send_retained(name, conn, hop, packet_id)?;
            }
        }
        let new = packet_id.filter(|_| !dup);
        self.check_window(name, &link, new)
    }

    /// No more may be in flight after a new message than the client takes.
    fn check_window(&self, name: &str, link: &Link, packet_id: Option<u16>) -> Verdict {
        let in_flight = self.sessions[name].in_flight(link.conn);
        // PUBRELs that are sent again may be more than a new connection has room for.
        if packet_id.is_some() && in_flight > link.window {
            return Err(format!(
                "{in_flight} messages are in flight to {name}, more than it takes"
            ));
        }
        Ok(())
    }

    /// Whether this must come as a retained message for a new subscription.
    fn must_send_retained(&self, name: &str, hop: &Hop) -> bool {
        let session = &self.sessions[name];
        let link = session.link.as_ref();
        self.retained.get(&*hop.topic).is_some_and(|message| {
            let mut debts = session.retained.iter();
            debts.any(|debt| {
                let kept = kept(message, &debt.subscription, link);
                debt.must.contains(message.topic)
                    && hop.is(&kept, message.expires_at, self.now, link)
            })
        })
    }

    /// Nobody is owed this alone: it must be a retained message for a new subscription.
    fn send_retained(
        &mut self,
        name: &'static str,
        conn: ConnId,
        hop: &Hop,
        packet_id: Option<u16>,
    ) -> Verdict {
        let session = self.sessions.get_mut(name).expect("it is sent to");
        let unowed = || format!("{name} gets {hop:?} and is not owed it");
        let message = self.retained.get(&*hop.topic).ok_or_else(unowed)?;
        let link = session.link.as_ref();
        let now = self.now;
        let fits = |debt: &&mut RetainedDebt| {
            hop.is(
                &kept(message, &debt.subscription, link),
                message.expires_at,
                now,
                link,
            )
        };
        let must = |debt: &&mut RetainedDebt| debt.must.contains(message.topic) && fits(debt);
        let may = |debt: &&mut RetainedDebt| debt.may.contains(message.topic) && fits(debt);
        if let Some(debt) = session.retained.iter_mut().find(must) {
            debt.must.remove(message.topic);
        } else {
            let debt = session.retained.iter_mut().find(may).ok_or_else(unowed)?;
            debt.may.remove(message.topic);
        }
        if let Some(packet_id) = packet_id {
            session.owed.push(Owed {
                shared: None,
                expires_at: message.expires_at,
                publisher: message.publisher,
                hop: hop.clone(),
                must: true,
                stage: Stage::Sent(conn, packet_id),
            });
        }
        Ok(())
    }

    /// The broker sends PUBREL.
    pub(super) fn on_pubrel(
        &mut self,
        name: &'static str,
        conn: ConnId,
        packet_id: u16,
    ) -> Verdict {
        let session = self.sessions.get_mut(name).ok_or("no session")?;
        for owed in &mut session.owed {
            if let Stage::Released(on, id) = &mut owed.stage
                && *id == packet_id
            {
                *on = Some(conn);
                return Ok(());
            }
        }
        Err(format!(
            "{name} gets PUBREL {packet_id} without having sent PUBREC"
        ))
    }

    /// A client has sent PUBACK, PUBREC or PUBCOMP.
    pub(super) fn acknowledge(&mut self, name: &'static str, packet_id: u16) {
        let session = self.sessions.get_mut(name).expect("it is connected");
        let at = session
            .owed
            .iter()
            .position(|owed| owed.stage.id() == Some(packet_id));
        let Some(at) = at else {
            return;
        };
        let owed = &mut session.owed[at];
        match owed.stage {
            Stage::Sent(..) if owed.hop.qos == QoS::ExactlyOnce => {
                owed.stage = Stage::Released(None, packet_id);
            }
            Stage::Waiting | Stage::Sent(..) | Stage::Released(..) => {
                session.owed.remove(at);
            }
        }
    }

    /// What can be sent has been sent.
    pub(super) fn check_settled(&mut self) -> Verdict {
        for (name, session) in &mut self.sessions {
            let Some(link) = session.link.as_ref().filter(|link| !link.stalled) else {
                continue;
            };
            let begun = session
                .owed
                .iter()
                .filter(|owed| owed.stage != Stage::Waiting);
            let sure = begun.clone().filter(|owed| owed.must).count();
            let (begun, here) = (begun.count(), session.in_flight(link.conn));
            if here < sure.min(link.window) {
                return Err(format!(
                    "{name} is not sent again what was in flight: {session:?}"
                ));
            }
            let waits = |owed: &&Owed| owed.must && owed.stage == Stage::Waiting;
            // QoS 0 waits for no acknowledgement, unless it is queued behind what does.
            let waits_shared = self
                .shared
                .iter()
                .any(|debt| debt.message.qos > QoS::AtMostOnce);
            let waits_own = session
                .owed
                .iter()
                .any(|owed| owed.stage == Stage::Waiting && owed.hop.qos > QoS::AtMostOnce);
            let may_queue = !self.losses.absent && (waits_own || waits_shared);
            if let Some(owed) = session.owed.iter().find(waits)
                && (begun < link.window || owed.hop.qos == QoS::AtMostOnce && !may_queue)
            {
                return Err(format!("{name} is not sent {:?}", owed.hop));
            }
            let all = session.owed.len() == begun && begun < link.window;
            if all && session.retained.iter().any(|debt| !debt.must.is_empty()) {
                return Err(format!("{name} is not sent what is retained: {session:?}"));
            } else if all {
                session.retained.clear();
            }
        }
        Ok(())
    }

    /// Everybody is connected, reads and has acknowledged: nothing is owed.
    pub(super) fn check_done(&self) -> Verdict {
        if let Some(debt) = self.shared.iter().find(|debt| debt.must) {
            return Err(format!("nobody gets {debt:?}"));
        }
        for (name, session) in &self.sessions {
            if let Some(owed) = session.owed.iter().find(|owed| owed.must) {
                return Err(format!(
                    "{name} never gets {:?}: {:?}",
                    owed.hop, owed.stage
                ));
            }
            if let Some(debt) = session.retained.iter().find(|debt| !debt.must.is_empty()) {
                return Err(format!("{name} never gets what is retained: {debt:?}"));
            }
        }
        Ok(())
    }

    /// The retained messages: topic and payload.
    pub(super) fn retained(&self) -> impl Iterator<Item = (&str, &str)> {
        self.retained
            .values()
            .map(|message| (message.topic, &*message.payload))
    }

    /// The Client Identifiers that have a session.
    pub(super) fn sessions(&self) -> impl Iterator<Item = &'static str> {
        self.sessions.keys().copied()
    }
}

impl Session {
    /// Retained messages for this filter, or for all, need not come any more.
    fn excuse(&mut self, filter: Option<&str>) {
        for debt in &mut self.retained {
            if filter.is_none_or(|filter| filter == debt.filter) {
                debt.may.append(&mut debt.must);
            }
        }
    }

    /// What is too large for the client is not sent to it, and what was in flight to it is dropped when its turn comes.
    fn fit(&mut self) {
        if let Some(link) = &self.link {
            for owed in &mut self.owed {
                owed.must &= link.takes(&owed.hop) || matches!(owed.stage, Stage::Released(..));
            }
        }
    }

    fn owe(&mut self, message: &Message, hop: Hop, losses: Losses) {
        let fits = self.link.as_ref().is_none_or(|link| link.takes(&hop));
        let must = match (hop.qos, &self.link) {
            (QoS::AtMostOnce, None) => !losses.absent && !losses.queued && !losses.unread,
            (QoS::AtMostOnce, Some(link)) => {
                let lost = losses.unread || (losses.queued && !losses.absent);
                !link.stalled && !lost
            }
            (QoS::AtLeastOnce | QoS::ExactlyOnce, _) => !losses.queued,
        };
        self.owed.push(Owed {
            publisher: message.publisher,
            hop,
            expires_at: message.expires_at,
            must: must && fits,
            stage: Stage::Waiting,
            shared: None,
        });
    }

    /// Which of the owed messages that wait this is.
    fn waiting(&self, link: &Link, hop: &Hop, now: Instant) -> Option<usize> {
        let is_this = |owed: &Owed| {
            owed.stage == Stage::Waiting && hop.is(&owed.hop, owed.expires_at, now, Some(link))
        };
        // Messages without payload look all the same.
        let must = self.owed.iter().position(|owed| owed.must && is_this(owed));
        must.or_else(|| self.owed.iter().position(is_this))
    }

    /// The first sending of what is owed; false when this is not.
    fn send(
        &mut self,
        link: &Link,
        hop: &Hop,
        packet_id: Option<u16>,
        now: Instant,
    ) -> Result<bool, String> {
        let at = self.waiting(link, hop, now);
        let Some(at) = at else {
            return Ok(false);
        };
        let publisher = self.owed[at].publisher;
        let overtaken = |owed: &Owed| {
            let same = owed.publisher == publisher && owed.hop.topic == hop.topic;
            same && owed.hop.qos == hop.qos && owed.stage == Stage::Waiting
        };
        // Copies of one message may come in any order.
        let earlier = |owed: &Owed| overtaken(owed) && owed.hop.payload != hop.payload;
        if let Some(lost) = self.owed[..at]
            .iter()
            .find(|owed| earlier(owed) && owed.must)
        {
            return Err(format!("{hop:?} overtakes {:?}", lost.hop));
        }
        if let Some(packet_id) = packet_id {
            self.check_unused(hop, packet_id)?;
            self.owed[at].stage = Stage::Sent(link.conn, packet_id);
            self.owed[at].must = true;
        }
        let mut index = 0;
        self.owed.retain(|owed| {
            let dropped = index < at && earlier(owed);
            let done = index == at && packet_id.is_none();
            index += 1;
            !dropped && !done
        });
        Ok(true)
    }

    fn check_unused(&mut self, hop: &Hop, packet_id: u16) -> Verdict {
        // What was perhaps too large was dropped, then.
        self.owed
            .retain(|owed| owed.must || owed.stage.id() != Some(packet_id));
        let mut ids = self.owed.iter().map(|owed| owed.stage.id());
        if ids.any(|id| id == Some(packet_id)) {
            return Err(format!(
                "the Packet Identifier {packet_id} of {hop:?} is in use"
            ));
        }
        Ok(())
    }

    fn resend(&mut self, conn: ConnId, hop: &Hop, packet_id: Option<u16>) -> Verdict {
        let owed = self
            .owed
            .iter_mut()
            .find(|owed| owed.stage.id() == packet_id);
        let Some(owed) = owed.filter(|_| packet_id.is_some()) else {
            return Err(format!("{hop:?} is sent with DUP for the first time"));
        };
        match owed.stage {
            Stage::Sent(on, id) if on != conn && owed.hop.payload == hop.payload => {
                owed.stage = Stage::Sent(conn, id);
                owed.must = true;
                Ok(())
            }
            Stage::Waiting | Stage::Sent(..) | Stage::Released(..) => {
                Err(format!("{hop:?} is sent again without need: {owed:?}"))
            }
        }
    }

    /// How many messages are in flight on this connection.
    fn in_flight(&self, conn: ConnId) -> usize {
        let here = |owed: &&Owed| match owed.stage {
            Stage::Waiting => false,
            Stage::Sent(on, _) => on == conn,
            Stage::Released(on, _) => on == Some(conn),
        };
        self.owed.iter().filter(here).count()
    }
}

impl Hop {
    /// Whether this is what `link` makes of `owed` at this moment.
    fn is(
        &self,
        owed: &Self,
        expires_at: Option<Instant>,
        now: Instant,
        link: Option<&Link>,
    ) -> bool {
        let v5 = link.is_some_and(|link| link.version == Version::V5);
        // Seconds, rounded up.
        let left = expires_at.map(|at| at.since(now).as_micros().div_ceil(1_000_000) as u32);
        (&self.topic, &self.payload) == (&owed.topic, &owed.payload)
            && (self.qos, self.retain) == (owed.qos, owed.retain)
            && (!v5 || self.identifiers == owed.identifiers)
            && self.expiry_s == left.filter(|_| v5)
    }
}

impl Link {
    /// Whether a packet with this is not too large for the client.
    fn takes(&self, hop: &Hop) -> bool {
        let mut size = 2 + 2 + hop.topic.len() + hop.payload.len();
        size += if hop.qos == QoS::AtMostOnce { 0 } else { 2 };
        if self.version == Version::V5 {
            size += 1 + 2 * hop.identifiers.len() + hop.expiry_s.map_or(0, |_| 5);
        }
        size <= self.packet_size_max
    }
}

impl Stage {
    const fn id(self) -> Option<u16> {
        match self {
            Self::Waiting => None,
            Self::Sent(_, id) | Self::Released(_, id) => Some(id),
        }
    }
}

/// The Topic Filter inside one that is shared.
fn shared(filter: &str) -> Option<&str> {
    let (_, inner) = filter.strip_prefix("$share/")?.split_once('/')?;
    Some(inner)
}

/// A live message for one or more subscriptions of a session.
fn live(message: &Message, subscriptions: &[Subscription]) -> Hop {
    let options = || subscriptions.iter().map(|one| one.options);
    let granted = options()
        .map(|options| options.qos)
        .max()
        .unwrap_or_default();
    let mut identifiers: Vec<u32> = subscriptions.iter().map(|one| one.identifier).collect();
    identifiers.retain(|identifier| *identifier != 0);
    identifiers.sort_unstable();
    Hop {
        topic: message.topic.into(),
        payload: message.payload.clone(),
        qos: message.qos.min(granted),
        retain: message.retain && options().any(|options| options.retain_as_published),
        identifiers,
        // How much is left is known when it is sent.
        expiry_s: message.expires_at.map(|_| 0),
    }
}

/// A retained message for a new subscription.
fn kept(message: &Message, subscription: &Subscription, link: Option<&Link>) -> Hop {
    let mut hop = live(message, &[*subscription]);
    hop.retain = true;
    if link.is_none_or(|link| link.version != Version::V5) {
        hop.identifiers.clear();
    }
    hop
}
