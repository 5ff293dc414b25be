//! The client as a machine.
//!
//! ```text
//!           connect             Opened             CONNACK
//!    Idle ──────────► Opening ─────────► Connecting ───────► Connected ──┐
//!     ▲ ▲               ▲ │                 │                   │        │ PINGREQ, PINGRESP,
//!     │ │        Wake   │ │ OpenFailed      │ refused           │ lost   │ messages both ways
//!     │ │  ┌────────────┘ ▼ time-out        ▼ lost, time-out    ▼        │
//!     │ └──┴─ Waiting ◄───┴─────────────────┴───────────────────┘◄───────┘
//!     └─ disconnect, or nothing that trying again would help
//! ```

mod alias;
mod auth;
mod bugs;
mod connect;
mod disconnect;
mod error;
mod event;
mod message;
mod options;
mod publish;
mod queue;
mod receive;
mod reconnect;
mod server;
mod session;
mod subscribe;
#[cfg(test)]
mod tests;
mod timers;
mod view;
mod why;
mod wire;
mod words;

use alloc::collections::VecDeque;
use alloc::string::String;

use crate::clause::Clause;
use crate::error::DecodeError;
use crate::id::PacketId;
use crate::packet::{Packet, Version};
use crate::rng::Rng;
use crate::time::{Duration, Instant};

pub use bugs::Bugs;
pub use disconnect::DisconnectOptions;
pub use error::{ClientError, Part, PeerError, PeerErrorKind};
pub use event::{Cause, Close, Dropped, Event, Loss, Sink, Subscription};
pub use message::{Message, MessageProperties, SubscribeRequest, Ticket};
pub use options::{AuthOptions, LostSession, Options, QueueLimits, WhenFull, WillOptions};
pub use queue::Outgoing;
pub use reconnect::Reconnect;
pub use server::Server;
pub use session::Session;
pub use timers::{Timer, TimerKind};
pub use why::{
    BugKind, CleanStartBecause, Decision, DiscardBecause, NoRetryBecause, QueueBecause, Why,
};

use auth::Authentication;
use queue::Queue;
use subscribe::Requests;
use timers::Timers;
use why::say;
use wire::Wire;

/// What happened, as the driver tells it.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// The network connection that [`Sink::open`] asked for is there.
    Opened,
    /// It could not be opened.
    OpenFailed,
    /// A packet came in.
    Packet(Packet<'a>),
    /// What came in is not a packet.
    Malformed(DecodeError),
    /// The network connection is gone: the server closed or reset it, or writing to it failed.
    Lost(Loss),
    /// So many bytes that were sent have really been written.
    Flushed(u64),
    /// [`Client::next_deadline`] has passed.
    Wake,
}

/// What a client is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum State {
    /// Nothing: it has not begun, was told to disconnect, or gave up.
    Idle,
    /// The network connection is being opened.
    Opening,
    /// CONNECT is sent, CONNACK has not come.
    Connecting,
    /// CONNACK came.
    Connected,
    /// It will connect again.
    Waiting,
}

/// The client end of MQTT, without sockets and clock.
///
/// Its methods are of four kinds: requests of the application ([`connect`](Self::connect), [`publish`](Self::publish),
/// [`subscribe`](Self::subscribe), [`unsubscribe`](Self::unsubscribe), [`disconnect`](Self::disconnect),
/// [`authenticate`](Self::authenticate), [`reauthenticate`](Self::reauthenticate)), which fail only by the application's
/// fault; what happens ([`handle`](Self::handle)), which never fails; when to come back
/// ([`next_deadline`](Self::next_deadline)); and views of its state. How to drive it:
///
/// 1. When [`Sink::open`] is called, open a network connection and answer with [`Input::Opened`] or
///    [`Input::OpenFailed`]. Take a new [`Link`](crate::link::Link) for it.
/// 2. Hand each packet in with [`Input::Packet`]. **After [`Sink::close`], nothing of that connection any more**: look
///    between two packets of one read.
/// 3. Report bytes really written with [`Input::Flushed`]; without that the client takes the network to be stuck.
/// 4. Sleep until [`next_deadline`](Self::next_deadline) and hand in [`Input::Wake`].
///
/// ```
/// use mqttlab_core::client::{Client, Close, Event, Input, Options, Sink, State};
/// use mqttlab_core::frame::Frame;
/// use mqttlab_core::packet::PacketType;
/// use mqttlab_core::time::Instant;
///
/// #[derive(Default)]
/// struct Driver { open: bool, sent: Vec<PacketType> }
/// impl Sink for Driver {
///     fn open(&mut self) { self.open = true; }
///     fn send(&mut self, frame: &Frame<'_>) { self.sent.push(frame.packet_type()); }
///     fn close(&mut self, _: Close) { self.open = false; }
///     fn event(&mut self, _: Event<'_>) {}
/// }
///
/// let (mut client, mut driver, now) = (Client::new(Options::default(), 7), Driver::default(), Instant::ZERO);
/// client.connect(now, &mut driver)?;
/// assert!(driver.open);
/// client.handle(now, Input::Opened, &mut driver);
/// assert_eq!((client.state(), driver.sent), (State::Connecting, vec![PacketType::Connect]));
/// # Ok::<(), mqttlab_core::client::ClientError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    options: Options,
    /// That of the options, or what the server assigned.
    client_id: String,
    rng: Rng,
    now: Instant,
    state: State,
    since: Instant,
    timers: Timers,
    wire: Wire,
    server: Server,
    authentication: Authentication,
    session: Session,
    /// Messages in flight whose PUBLISH has not been sent on this connection yet.
    resend: VecDeque<PacketId>,
    queue: Queue,
    requests: Requests,
    last_ticket: u64,
    /// Attempts to connect without lasting success.
    attempts: u32,
    /// The next connection follows a loss.
    after_loss: bool,
    /// What CONNECT said.
    asked_clean_start: bool,
    /// The next CONNECT must ask for a new session, because the server had one that is not ours.
    renew_session: bool,
}

impl Client {
    /// A client that does nothing yet. `seed` decides what it has to invent, such as random delays.
    pub fn new(options: Options, seed: u64) -> Self {
        Self {
            client_id: options.client_id.clone(),
            wire: Wire::new(options.version),
            server: Server::unlimited(options.keep_alive),
            options,
            rng: Rng::new(seed),
            now: Instant::ZERO,
            state: State::Idle,
            since: Instant::ZERO,
            timers: Timers::default(),
            authentication: Authentication::default(),
            session: Session::default(),
            resend: VecDeque::new(),
            queue: Queue::default(),
            requests: Requests::default(),
            last_ticket: 0,
            attempts: 0,
            after_loss: false,
            asked_clean_start: false,
            renew_session: false,
        }
    }

    /// Hands one input to the client and says everything it wants done into `sink`.
    ///
    /// # Panics
    /// If `now` goes back, which is a bug of the driver. No server can cause a panic.
    pub fn handle<S: Sink>(&mut self, now: Instant, input: Input<'_>, sink: &mut S) {
        self.set_now(now);
        match input {
            Input::Opened => self.on_opened(sink),
            Input::OpenFailed => self.on_open_failed(sink),
            Input::Packet(packet) => self.on_packet(packet, sink),
            Input::Malformed(error) => self.on_malformed(error, sink),
            Input::Lost(loss) => self.on_lost(loss, sink),
            Input::Flushed(bytes) => {
                self.wire.flushed(bytes);
                self.send_waiting(sink);
            }
            Input::Wake => self.on_wake(sink),
        }
    }

    /// When the client must be woken, and for what; `None` while nothing is due.
    pub fn next_deadline(&self) -> Option<(Instant, TimerKind)> {
        self.timers()
            .min_by_key(|timer| timer.until)
            .map(|timer| (timer.until, timer.kind))
    }

    /// The timers that run.
    pub fn timers(&self) -> impl Iterator<Item = Timer> {
        self.timers.iter().chain(self.keep_alive_timer())
    }

    /// Keep Alive needs no timer of its own: it follows from when the last packet was sent.
    fn keep_alive_timer(&self) -> Option<Timer> {
        if self.state != State::Connected || self.server.keep_alive == 0 {
            return None;
        }
        let from = self.wire.idle_since;
        Some(Timer {
            kind: TimerKind::KeepAlive,
            from,
            until: from + Duration::from_secs(self.server.keep_alive.into()),
        })
    }

    fn on_wake<S: Sink>(&mut self, sink: &mut S) {
        while let Some(timer) = self.timers.take_due(self.now) {
            match timer.kind {
                TimerKind::Connect => {
                    sink.close(Close::Reset);
                    self.end(Cause::ConnectTimeout, sink);
                }
                TimerKind::PingResponse => {
                    sink.close(Close::Reset);
                    self.end(Cause::PingTimeout, sink);
                }
                TimerKind::Reconnect => self.open(sink),
                TimerKind::SessionExpiry => self.discard_session(DiscardBecause::Expired, sink),
                TimerKind::KeepAlive => unreachable!("it is not among the stored timers"),
            }
        }
        if self
            .keep_alive_timer()
            .is_some_and(|timer| timer.until <= self.now)
        {
            self.ping(sink);
        }
    }

    fn ping<S: Sink>(&mut self, sink: &mut S) {
        let idle = self.now.since(self.wire.idle_since);
        let clause = self.clause(Clause::V311_3_1_2_23, Clause::V5_3_1_2_20);
        say(sink, clause, || Decision::Ping { idle });
        self.wire.send(self.now, &Packet::PingReq, sink);
        // While one PINGREQ waits for its answer, another one keeps the server content but grants no more time.
        if self.timers.running(TimerKind::PingResponse).is_none() {
            let timeout = self.options.ping_timeout;
            self.timers
                .start(TimerKind::PingResponse, self.now, timeout);
        }
    }

    fn set_now(&mut self, now: Instant) {
        assert!(now >= self.now, "time never goes back");
        self.now = now;
    }

    fn set_state(&mut self, state: State) {
        self.state = state;
        self.since = self.now;
    }

    fn is_v5(&self) -> bool {
        self.options.version == Version::V5
    }

    fn clause(&self, v311: Clause, v5: Clause) -> Option<Clause> {
        Some(Clause::by_version(self.options.version, v311, v5))
    }

    fn next_ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }
}
