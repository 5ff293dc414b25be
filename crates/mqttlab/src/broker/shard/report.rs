//! How the event loop is doing, in numbers.

use std::time::Duration;

use mqttlab_core::broker::{Counters, Usage};

use super::super::auth::{Checks, HookNumbers, jwt};
use super::super::store;
use super::refusals::Counts;

/// The numbers of one moment.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// How long it has run.
    pub(crate) uptime: Duration,
    pub(crate) usage: Usage,
    pub(crate) counters: Counters,
    pub(crate) traffic: Traffic,
    pub(crate) reached: Reached,
    pub(crate) letters: Letters,
    /// Where there is a hook.
    pub(crate) hook: Option<HookNumbers>,
    pub(crate) logins: Logins,
    /// Where keys are fetched.
    pub(crate) keys: Option<jwt::Numbers>,
    /// Where there is a store.
    pub(crate) store: Option<store::Numbers>,
    /// Why the store has failed, where it has.
    pub(crate) failure: Option<String>,
}

/// Who is let in, and who is not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Logins {
    /// Clients that were turned away, by what for.
    pub(crate) turned_away: Counts,
    /// How checks go; all loops know that.
    pub(crate) checks: Checks,
}

/// What the brokers of two event loops have, as one.
pub(crate) fn sum(mut usage: Usage, more: Usage) -> Usage {
    usage.connections += more.connections;
    usage.sessions += more.sessions;
    usage.session_bytes += more.session_bytes;
    usage.subscriptions += more.subscriptions;
    usage.subscription_bytes += more.subscription_bytes;
    // Each loop has all retained messages.
    usage.messages += more.messages.saturating_sub(more.retained);
    usage.message_bytes += more.message_bytes.saturating_sub(more.retained_bytes);
    usage.last_message = usage.last_message.max(more.last_message);
    usage
}

impl Report {
    /// This one and that of another event loop, as one. What both look at counts once.
    pub(crate) fn with(mut self, other: Self) -> Self {
        self.usage = sum(self.usage, other.usage);
        self.counters.add(&other.counters);
        self.traffic.add(&other.traffic);
        self.reached.add(&other.reached);
        self.letters.sent += other.letters.sent;
        self.letters.waits += other.letters.waits;
        if let (Some(hook), Some(more)) = (&mut self.hook, &other.hook) {
            hook.add(more);
        }
        if let (Some(store), Some(more)) = (&mut self.store, &other.store) {
            store.add(more);
        }
        for (why, more) in other.logins.turned_away {
            *self.logins.turned_away.entry(why).or_default() += more;
        }
        self.failure = self.failure.or(other.failure);
        self
    }
}

/// What went through the sockets. Inside TLS and WebSocket only bytes of MQTT count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub(crate) connections: u64,
    /// Connections that were not taken in because their address is banned.
    pub(crate) banned: u64,
    /// Connections to a listener for proxies that did not come from one, or did not say whom they stand for.
    pub(crate) no_proxy: u64,
    /// Connections that were not taken in because the system did not let them.
    pub(crate) failed: u64,
    pub(crate) bytes_read: u64,
    pub(crate) bytes_written: u64,
    /// Packets of MQTT that came, of every type.
    pub(crate) packets_read: u64,
    /// Packets of MQTT that were given to be written.
    pub(crate) packets_written: u64,
}

impl Traffic {
    fn add(&mut self, other: &Self) {
        self.connections += other.connections;
        self.banned += other.banned;
        self.no_proxy += other.no_proxy;
        self.failed += other.failed;
        self.bytes_read += other.bytes_read;
        self.bytes_written += other.bytes_written;
        self.packets_read += other.packets_read;
        self.packets_written += other.packets_written;
    }
}

/// What event loops tell each other: a letter is all that one has for another in a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Letters {
    /// How many loops there are; all know that.
    pub(crate) loops: u64,
    /// Letters that were sent.
    pub(crate) sent: u64,
    /// Those of all loops that are not handled yet; all know that, too.
    pub(crate) under_way: u64,
    /// How often a loop read nothing from its clients until others had room for more.
    pub(crate) waits: u64,
}

/// A limit of this driver; those of the broker machine have counters of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Connections of one listener.
    ListenerConnections,
    /// Connections from one address.
    AddressConnections,
    /// Connections of one user.
    UserConnections,
    /// Connections taken in within a second: some had to wait.
    AcceptRate,
    /// PUBLISHes of a client in a second: nothing was read for a while.
    MessageRate,
    /// Bytes of a client in a second: nothing was read for a while.
    ByteRate,
    /// A client was over one of the two and was disconnected.
    RateDisconnect,
    /// Packets that had not come whole took up too much: whoever sent more was disconnected.
    UnfinishedBytes,
    /// A client connected too often.
    Flapping,
    /// An address was refused too often.
    Failures,
}

impl Limit {
    const ALL: [(Self, &'static str); 10] = [
        (Self::ListenerConnections, "connections of a listener"),
        (Self::AddressConnections, "connections of an address"),
        (Self::UserConnections, "connections of a user"),
        (Self::AcceptRate, "accept rate"),
        (Self::MessageRate, "message rate, paused"),
        (Self::ByteRate, "byte rate, paused"),
        (Self::RateDisconnect, "rate, disconnected"),
        (Self::UnfinishedBytes, "bytes of unfinished packets"),
        (Self::Flapping, "flapping"),
        (Self::Failures, "failures"),
    ];
}

/// How often each limit was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reached([u64; Limit::ALL.len()]);

impl Reached {
    pub(super) fn count(&mut self, limit: Limit) {
        self.0[limit as usize] += 1;
    }

    fn add(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }

    /// By the name of the limit.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Limit::ALL
            .iter()
            .map(|&(limit, name)| (name, self.0[limit as usize]))
    }
}
