//! Where operators ask the event loop something, or have it do something, between two rounds.

use std::sync::Arc;

use mqttlab_core::broker::{Broker, Config, Input};
use mqttlab_core::id::ConnId;
use mqttlab_core::packet::{Publish, QoS};
use mqttlab_core::properties::Properties;
use mqttlab_core::reason::ReasonCode;
use mqttlab_core::time::Instant;

use super::super::bans::{Ban, TooMany, Whom};
use super::super::transport::Peer;
use super::control::Command;
use super::traces::{Trace, TraceError};
use super::{Report, Shard, hand};

/// The event loop as an operator sees it. Whoever is here holds up all clients: every question needs a bound.
pub(crate) struct Desk<'a>(pub(super) &'a mut Shard);

/// What the operator may know about a socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) peer: Peer,
    /// The number of the listener, in the order of the configuration.
    pub(crate) listener: u16,
    /// When it was opened.
    pub(crate) since: Instant,
    /// The number of the connection, as in the log.
    pub(crate) number: u64,
}

impl Desk<'_> {
    pub(crate) fn now(&self) -> Instant {
        self.0.now
    }

    pub(crate) fn broker(&self) -> &Broker {
        &self.0.broker
    }

    /// How the brokers of all loops together are configured.
    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.0.config)
    }

    pub(crate) fn report(&self) -> Report {
        self.0.report()
    }

    /// Tells that loop.
    pub(super) fn report_to(&mut self, number: usize) {
        let report = Command::Reported(Box::new(self.report()));
        self.0.crew.tell(number, report);
    }

    /// About the socket of a connection.
    pub(crate) fn line(&mut self, conn: ConnId) -> Option<Line> {
        self.0.sockets.of(conn).map(|socket| socket.line())
    }

    /// Closes the connection of a client; its session stays. Says whether it had one.
    pub(crate) fn kick(&mut self, client_id: &str, reason: ReasonCode) -> bool {
        let conn = self.0.broker.session(client_id).and_then(|s| s.conn());
        let Some(conn) = conn else { return false };
        self.hand(Input::Close { conn, reason });
        true
    }

    /// Ends a session, with its connection. Says whether there was one.
    pub(crate) fn end_session(&mut self, client_id: &str) -> bool {
        if self.0.broker.session(client_id).is_none() {
            return false;
        }
        self.hand(Input::EndSession { client_id });
        true
    }

    /// Clears the retained message of a topic, as an empty one does: subscribers hear it.
    pub(crate) fn clear_retained(&mut self, topic: &str) {
        self.hand(Input::Publish(Publish {
            dup: false,
            qos: QoS::AtMostOnce,
            retain: true,
            topic,
            packet_id: None,
            properties: Properties::EMPTY,
            payload: b"",
        }));
    }

    /// Looks at the bans that hold.
    pub(crate) fn bans<A>(
        &self,
        look: impl FnOnce(&mut dyn Iterator<Item = (&Whom, &Ban)>) -> A,
    ) -> A {
        let bans = self.0.sockets.watched.common.bans();
        look(&mut bans.iter(self.0.now))
    }

    /// Keeps somebody out from now on, in all loops; those who are in stay in.
    pub(crate) fn ban(&mut self, whom: Whom, ban: Ban) -> Result<(), TooMany> {
        self.0.sockets.ban(whom, ban)
    }

    /// Throws out whom a ban keeps out. Says how many that were.
    pub(crate) fn throw_out(&mut self, whom: &Whom) -> usize {
        let conns = match whom {
            Whom::Address(address) => self.0.sockets.conns_from(*address),
            Whom::ClientId(client_id) => {
                let session = self.0.broker.session(client_id);
                session.and_then(|s| s.conn()).into_iter().collect()
            }
            Whom::UserName(name) => {
                let sessions = self.0.broker.sessions();
                sessions
                    .filter(|session| session.user_name() == Some(name))
                    .filter_map(|session| session.conn())
                    .collect::<Vec<_>>()
            }
        };
        let count = conns.len();
        for conn in conns {
            let reason = ReasonCode::Banned;
            self.hand(Input::Close { conn, reason });
        }
        count
    }

    /// Whether there was a ban to lift.
    pub(crate) fn lift(&mut self, whom: &Whom) -> bool {
        self.0.sockets.lift(whom)
    }

    /// Whether a ban from now on is there also after a restart.
    pub(crate) fn keeps_bans(&self) -> bool {
        self.0.sockets.store.is_some()
    }

    /// What is traced.
    pub(crate) fn traces(&self) -> impl Iterator<Item = &Trace> {
        self.0.sockets.traces.iter()
    }

    /// What was decided about this client.
    pub(crate) fn trace(&self, client_id: &str) -> Option<&Trace> {
        self.0.sockets.traces.of(client_id)
    }

    /// Traces a client from now on.
    pub(crate) fn start_trace(&mut self, client_id: &str) -> Result<(), TraceError> {
        let id = self.0.sockets.traces.start(client_id)?;
        self.0.mark_traced(client_id, id);
        Ok(())
    }

    /// Traces it no longer.
    pub(crate) fn stop_trace(&mut self, client_id: &str) -> Result<(), TraceError> {
        self.0.sockets.traces.stop(client_id)
    }

    fn hand(&mut self, input: Input<'_>) {
        let shard = &mut *self.0;
        hand(&mut shard.broker, shard.now, input, &mut shard.sockets);
        shard.bury();
    }
}
