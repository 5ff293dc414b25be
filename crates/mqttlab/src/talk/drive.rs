//! The core's client between a socket and a clock.

use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use mio::{Events, Poll, Token, Waker};
use mqttlab_core::client::{
    Client, Close, DisconnectOptions, Event, Input, Loss, Options, Sink, State,
};
use mqttlab_core::frame::Frame;
use mqttlab_core::link::{Link, Side};
use mqttlab_core::time::Instant;

use super::happened::Happened;
use crate::Failure;
use crate::wire::{Way, Wire};

/// Bytes read at once.
const BUFFER: usize = 64 << 10;
/// Bytes read before the application gets its turn.
const READ_MAX: usize = 1 << 20;
const SOCKET: Token = Token(0);
const WAKER: Token = Token(1);

/// What uses the client.
pub(super) trait App {
    /// Hears what happened.
    ///
    /// # Errors
    /// When that is the end of it.
    fn hear(&mut self, happened: Happened) -> Result<(), Failure>;

    /// Does what it wants, whenever something may have changed.
    ///
    /// # Errors
    /// When it cannot go on.
    fn step(
        &mut self,
        client: &mut Client,
        now: Instant,
        wants: &mut Wants,
    ) -> Result<Turn, Failure>;
}

/// How an application goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It waits, until then at most.
    Wait(Option<Instant>),
    /// There is nothing left but to take leave.
    End,
}

/// What the client wants done, and what it has told.
#[derive(Default)]
pub(super) struct Wants {
    open: bool,
    close: Option<Close>,
    out: Vec<u8>,
    told: Vec<Happened>,
    /// Messages that are still wanted; `None` for any number.
    messages: Option<u64>,
    /// Retained ones do not count.
    skips_retained: bool,
}

impl Sink for Wants {
    fn open(&mut self) {
        self.open = true;
    }

    fn send(&mut self, frame: &Frame<'_>) {
        frame.write_to(&mut self.out);
    }

    fn close(&mut self, how: Close) {
        self.open = false;
        self.close = Some(how);
    }

    fn event(&mut self, event: Event<'_>) {
        if let Event::Message(publish) = event
            && !(publish.retain && self.skips_retained)
            && let Some(left) = &mut self.messages
        {
            *left = left.saturating_sub(1);
        }
        self.told.extend(Happened::of(&event));
    }
}

/// A client on its way.
pub(super) struct Driver {
    way: Way,
    patience: Duration,
    poll: Poll,
    waker: Arc<Waker>,
    begun: std::time::Instant,
    client: Client,
    wants: Wants,
    wire: Option<(Wire, Link)>,
    written: usize,
    /// There may be something to read.
    readable: bool,
    /// Whether all was written when it took leave.
    parting: io::Result<()>,
    buffer: Vec<u8>,
}

impl Driver {
    /// # Errors
    /// When the options make no sense, or the system gives not what it takes.
    pub(super) fn new(way: Way, options: Options) -> Result<Self, Failure> {
        let checked = options.check();
        checked.map_err(|error| Failure::usage(error.to_string()))?;
        let complain = |error: io::Error| Failure::running(error.to_string());
        let poll = Poll::new().map_err(complain)?;
        let waker = Waker::new(poll.registry(), WAKER).map_err(complain)?;
        let seed = getrandom::u64().map_err(|error| complain(error.into()))?;
        Ok(Self {
            way,
            patience: Duration::from_micros(options.connect_timeout.as_micros() as u64),
            poll,
            waker: Arc::new(waker),
            begun: std::time::Instant::now(),
            client: Client::new(options, seed),
            wants: Wants::default(),
            wire: None,
            written: 0,
            readable: false,
            parting: Ok(()),
            buffer: vec![0; BUFFER],
        })
    }

    /// Takes no more than so many messages, perhaps without those that are retained: what comes after them stays
    /// unacknowledged.
    pub(super) fn limit(&mut self, messages: Option<u64>, skips_retained: bool) {
        self.wants.messages = messages;
        self.wants.skips_retained = skips_retained;
    }

    /// Gives the application a turn from another thread.
    pub(super) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// Connects, and goes on until the application has had enough; then it takes leave.
    ///
    /// # Errors
    /// When the application says so.
    pub(super) fn run(&mut self, app: &mut impl App) -> Result<(), Failure> {
        let connected = self.client.connect(self.now(), &mut self.wants);
        connected.map_err(|error| Failure::usage(error.to_string()))?;
        let ended = self.go_on(app);
        self.leave();
        ended
    }

    /// Whether all that was sent has been written.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn delivered(&mut self) -> io::Result<()> {
        mem::replace(&mut self.parting, Ok(()))
    }

    fn go_on(&mut self, app: &mut impl App) -> Result<(), Failure> {
        let mut events = Events::with_capacity(8);
        loop {
            self.carry_out();
            for happened in mem::take(&mut self.wants.told) {
                app.hear(happened)?;
            }
            let now = self.now();
            let turn = app.step(&mut self.client, now, &mut self.wants)?;
            let Turn::Wait(at) = turn else {
                return Ok(());
            };
            if self.wants.open || self.wants.close.is_some() || !self.wants.told.is_empty() {
                continue;
            }
            self.flush();
            self.sleep(at, &mut events)?;
            if self.readable {
                self.read();
            }
        }
    }

    /// Says DISCONNECT, and waits until all that was sent is there.
    fn leave(&mut self) {
        if self.client.state() != State::Idle {
            let options = DisconnectOptions::default();
            let now = self.now();
            let left = self.client.disconnect(now, &options, &mut self.wants);
            debug_assert!(left.is_ok(), "there is something to end");
        }
        self.carry_out();
    }

    fn now(&self) -> Instant {
        Instant::from_micros(self.begun.elapsed().as_micros() as u64)
    }

    fn hand(&mut self, input: Input<'_>) {
        let now = self.now();
        self.client.handle(now, input, &mut self.wants);
    }

    /// Opens and closes the connection as the client wants.
    fn carry_out(&mut self) {
        loop {
            if let Some(how) = self.wants.close.take() {
                let rest = mem::take(&mut self.wants.out);
                let wire = self.wire.take();
                match (wire, how) {
                    (Some((wire, _)), Close::Orderly) => {
                        self.parting = wire.finish(&rest[self.written..]);
                    }
                    (Some(_), Close::Reset) | (None, _) => {}
                }
                self.written = 0;
            } else if mem::take(&mut self.wants.open) {
                self.open();
            } else {
                return;
            }
        }
    }

    fn open(&mut self) {
        let opened = self.way.open(self.patience).and_then(|mut wire| {
            wire.set_nonblocking(self.poll.registry(), SOCKET)?;
            Ok(wire)
        });
        match opened {
            Ok(wire) => {
                let options = self.client.options();
                let link = Link::new(Side::Client, options.version, options.link_limits());
                self.wire = Some((wire, link));
                self.readable = true;
                self.hand(Input::Opened);
            }
            Err(error) => {
                self.wants
                    .told
                    .push(Happened::Unreachable(error.to_string()));
                self.hand(Input::OpenFailed);
            }
        }
    }

    /// Writes as much as the connection takes.
    fn flush(&mut self) {
        let Some((wire, _)) = &mut self.wire else {
            return;
        };
        let mut flushed = 0;
        let mut written = Ok(());
        while self.written < self.wants.out.len() {
            match wire.write(&self.wants.out[self.written..]) {
                Ok(length) => {
                    self.written += length;
                    flushed += length as u64;
                }
                Err(error) => {
                    written = Err(error);
                    break;
                }
            }
        }
        if written.is_ok() {
            self.wants.out.clear();
            self.written = 0;
            written = wire.flush();
        }
        if flushed > 0 {
            self.hand(Input::Flushed(flushed));
        }
        match written {
            Err(error) if is_transient(&error) => {}
            Err(error) => self.lose(&error),
            Ok(()) => {}
        }
    }

    /// Reads what is there, and hands it to the client packet by packet.
    fn read(&mut self) {
        let mut buffer = mem::take(&mut self.buffer);
        let mut total = 0;
        while self.readable && total < READ_MAX && !self.is_over() {
            let Some((wire, _)) = &mut self.wire else {
                break;
            };
            match wire.read(&mut buffer) {
                Ok(0) => {
                    self.drop_wire();
                    self.hand(Input::Lost(Loss::Fin));
                }
                Ok(length) => {
                    total += length;
                    self.readable = length == buffer.len() || !wire.short_read_is_last();
                    self.take(&buffer[..length]);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_transient(&error) => self.readable = false,
                Err(error) => self.lose(&error),
            }
        }
        self.buffer = buffer;
    }

    fn take(&mut self, mut input: &[u8]) {
        let now = self.now();
        while !self.is_over() {
            let Some((_, link)) = &mut self.wire else {
                return;
            };
            let input = match link.next_packet(&mut input) {
                Ok(Some(packet)) => Input::Packet(packet),
                Ok(None) => return,
                Err(error) => Input::Malformed(error),
            };
            self.client.handle(now, input, &mut self.wants);
        }
    }

    /// Whether nothing more may be handed to the client from this connection: it is closed, or has brought all that is
    /// wanted. What comes then stays unacknowledged.
    fn is_over(&self) -> bool {
        self.wants.close.is_some() || self.wants.messages == Some(0)
    }

    fn lose(&mut self, error: &io::Error) {
        let how = match error.kind() {
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
                Loss::Rst
            }
            ErrorKind::UnexpectedEof => Loss::Fin,
            _ => Loss::Error,
        };
        self.drop_wire();
        if self.client.is_open() && self.wants.close.is_none() {
            self.hand(Input::Lost(how));
        }
    }

    fn drop_wire(&mut self) {
        self.wire = None;
        self.readable = false;
        self.wants.out.clear();
        self.written = 0;
    }

    /// Until something comes, a deadline passes, or the application wants its turn.
    fn sleep(&mut self, at: Option<Instant>, events: &mut Events) -> Result<(), Failure> {
        let due = self.client.next_deadline().map(|(due, _)| due);
        let next = due.into_iter().chain(at).min();
        let timeout = match (self.readable, next) {
            (true, _) => Some(Duration::ZERO),
            (false, Some(next)) => Some(next.since(self.now())),
            (false, None) => None,
        };
        match self.poll.poll(events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(Failure::running(error.to_string())),
        }
        for event in &*events {
            if event.token() == SOCKET && (event.is_readable() || event.is_read_closed()) {
                self.readable = self.wire.is_some();
            }
        }
        if due.is_some_and(|due| due <= self.now()) {
            self.hand(Input::Wake);
        }
        Ok(())
    }
}

fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
