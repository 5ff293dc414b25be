//! What a client looks like from outside.

use crate::client::{
    Client, ClientError, Options, Outgoing, Queue, Server, Session, State, Subscription, Timer,
    TimerKind,
};
use crate::id::PacketId;
use crate::qos::InFlight;
use crate::time::Instant;

impl Client {
    /// What it is doing.
    pub fn state(&self) -> State {
        self.state
    }

    /// Since when.
    pub fn since(&self) -> Instant {
        self.since
    }

    /// Whether there is a network connection, or one is being opened.
    pub fn is_open(&self) -> bool {
        match self.state {
            State::Opening | State::Connecting | State::Connected => true,
            State::Idle | State::Waiting => false,
        }
    }

    /// How it was told to behave.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Changes how it behaves; session, queue and tickets stay.
    ///
    /// # Errors
    /// [`ClientError::AlreadyConnected`] unless it is idle or waiting; and what [`Options::check`] says. Nothing has
    /// changed then.
    pub fn reconfigure(&mut self, options: Options) -> Result<(), ClientError> {
        if self.is_open() {
            return Err(ClientError::AlreadyConnected);
        }
        options.check()?;
        if options.client_id != self.options.client_id {
            self.client_id.clone_from(&options.client_id);
        }
        self.wire.reset(options.version, self.now);
        self.options = options;
        Ok(())
    }

    /// Client Identifier: that of the options, or what the server assigned.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// What the server allows; meaningful while connected.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Messages that are sent and not completed, with what they wait for.
    pub fn outgoing(&self) -> impl Iterator<Item = &InFlight<Outgoing>> {
        self.session.outgoing.iter()
    }

    /// Incoming QoS 2 messages that wait for PUBREL, by number.
    pub fn incoming(&self) -> impl Iterator<Item = PacketId> {
        self.session.incoming.iter()
    }

    /// Messages that wait for a connection or a place in the window, the next first.
    pub fn queue(&self) -> impl Iterator<Item = &Outgoing> {
        self.queue.iter()
    }

    /// How many messages wait for a connection or a place in the window.
    pub fn queue_len(&self) -> usize {
        self.queue.len()
    }

    /// What the server granted, as far as the client knows.
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.session.subscriptions
    }

    /// Requests that wait to be sent.
    pub fn waiting_requests(&self) -> usize {
        self.requests.waiting_count()
    }

    /// Packet Identifiers of SUBSCRIBEs and UNSUBSCRIBEs without an answer.
    pub fn unanswered_requests(&self) -> impl Iterator<Item = PacketId> {
        self.requests.sent_ids()
    }

    /// Bytes that were sent and not written yet.
    pub fn unflushed(&self) -> u64 {
        self.wire.unflushed
    }

    /// The session state, for keeping it over a restart; [`with_session`](Self::with_session) takes it up again.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// A client that goes on with a session it had in an earlier life. Messages in it keep their tickets.
    pub fn with_session(options: Options, seed: u64, session: Session) -> Self {
        let mut client = Self::new(options, seed);
        let tickets = session
            .outgoing
            .iter()
            .map(|stored| stored.message.ticket.0);
        client.last_ticket = tickets.max().unwrap_or(0);
        if client.client_id.is_empty() {
            client.client_id.clone_from(&session.client_id);
        }
        client.session = session;
        client.session.outgoing.clear_requests();
        client
    }

    /// From here on chance does something else, as if it had been made with another seed.
    pub fn reseed(&mut self, seed: u64) {
        self.rng = crate::rng::Rng::new(seed);
    }

    /// Checks what must always hold.
    ///
    /// # Panics
    /// When it does not: that is a bug of this crate.
    pub fn check_invariants(&self) {
        let running = |kind| self.timers.running(kind).is_some();
        let is_connecting = matches!(self.state, State::Opening | State::Connecting);
        assert_eq!(running(TimerKind::Connect), is_connecting);
        assert_eq!(running(TimerKind::Reconnect), self.state == State::Waiting);
        assert!(!running(TimerKind::PingResponse) || self.state == State::Connected);
        assert!(!running(TimerKind::KeepAlive), "it is never stored");
        let is_ordered = |timer: Timer| timer.from <= timer.until;
        assert!(self.timers().all(is_ordered), "a timer ends after it began");

        let connected = self.state == State::Connected;
        let in_flight = self.session.outgoing.len();
        assert!(connected || self.resend.is_empty());
        assert!(connected || self.requests.sent_count() == 0);
        assert!(
            self.resend.len() <= in_flight,
            "only what is in flight is sent again"
        );
        let identifiers = in_flight + self.requests.sent_count();
        assert!(identifiers <= usize::from(u16::MAX), "each has one");
        assert!(self.session.incoming.len() <= usize::from(u16::MAX));
        assert!(self.session.exists || in_flight == 0 && self.session.incoming.is_empty());

        let reserved = self.session.outgoing.reserved();
        let is_reused = self.options.bugs.packet_id_reuse;
        assert!(is_reused || reserved == self.requests.sent_count());

        check_queue(&self.queue);
        assert!(self.wire.aliases.len() <= usize::from(self.wire.aliases.max()));
        for stored in self.session.outgoing.iter() {
            assert_eq!(stored.stage.qos(), stored.message.message.qos);
            assert!(
                self.requests
                    .sent_ids()
                    .all(|id| is_reused || id != stored.packet_id)
            );
        }
    }
}

fn check_queue(queue: &Queue) {
    let weights = queue.iter().map(|outgoing| outgoing.message.weight());
    assert_eq!(weights.sum::<usize>(), queue.bytes());
}
