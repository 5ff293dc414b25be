//! Taking in connections.

use std::io;
use std::time::Duration;

use mio::{Registry, Token};
use mqttlab_core::time::Instant;

use super::super::descriptors::Files;
use super::super::listen::Bound;
use super::super::transport::{Peer, Protocol, Stream};
use super::WAKER;
use super::control::Listening;
use super::rates::Bucket;

/// Connections taken from one listener in a round, before others get their turn.
pub(super) const ROUND_MAX: usize = 64;
/// How long accepting rests when the system has nothing left to give, such as file descriptors.
const PAUSE: Duration = Duration::from_millis(250);

/// A listener in the event loop.
pub(super) struct Acceptor {
    pub(super) protocol: Protocol,
    listener: Bound,
    token: Token,
    number: u16,
    state: State,
    bucket: Bucket,
    /// Some are kept for others than clients.
    files: Files,
    /// Whether the log has said that it rests; said once until accepting works again.
    said: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The kernel says when there is somebody.
    Idle,
    /// There may be somebody.
    Ready,
    /// The system is exhausted, or more came in within a second than may.
    PausedUntil(Instant),
}

impl Acceptor {
    pub(super) fn new(
        Listening {
            mut listener,
            protocol,
        }: Listening,
        position: usize,
        registry: &Registry,
    ) -> io::Result<Self> {
        let token = Token(WAKER.0 - 1 - position);
        listener.register(registry, token)?;
        Ok(Self {
            protocol,
            listener,
            token,
            number: position as u16,
            state: State::Ready,
            bucket: Bucket::default(),
            files: Files::new(),
            said: false,
        })
    }

    pub(super) fn token(&self) -> Token {
        self.token
    }

    /// Its place in the configuration.
    pub(super) fn number(&self) -> u16 {
        self.number
    }

    /// The kernel says that somebody is there.
    pub(super) fn wake(&mut self) {
        if self.state == State::Idle {
            self.state = State::Ready;
        }
    }

    /// Goes on when the pause is over.
    pub(super) fn resume(&mut self, now: Instant) {
        if let State::PausedUntil(at) = self.state
            && at <= now
        {
            self.state = State::Ready;
        }
    }

    /// Whether there may be somebody whom [`next`](Self::next) gives at once.
    pub(super) fn has_more(&self) -> bool {
        self.state == State::Ready
    }

    pub(super) fn paused_until(&self) -> Option<Instant> {
        match self.state {
            State::PausedUntil(at) => Some(at),
            State::Idle | State::Ready => None,
        }
    }

    /// The next connection, if somebody is there.
    pub(super) fn next(&mut self, now: Instant) -> Option<(Stream, Peer)> {
        while self.state == State::Ready {
            let room = self.files.check(&self.listener);
            match room.and_then(|()| self.listener.accept()) {
                Ok((stream, peer)) => {
                    self.files.note(&stream);
                    self.said = false;
                    return Some((stream, peer));
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => self.state = State::Idle,
                    // It went away while it waited, or a signal came.
                    io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted => {}
                    _ => self.pause(now, &error),
                },
            }
        }
        None
    }

    /// One was taken in. Says whether there is a pause before the next because there may be so many in a second.
    pub(super) fn pace(&mut self, per_s: u32, now: Instant) -> bool {
        let wait = self.bucket.take(1, per_s, now);
        let rests = !wait.is_zero() && self.state == State::Ready;
        if rests {
            self.state = State::PausedUntil(now + wait);
        }
        rests
    }

    /// The clients that are there go on; those who wait stay in the kernel's queue.
    fn pause(&mut self, now: Instant, error: &io::Error) {
        if !self.said {
            tracing::warn!(
                %error,
                "no new connections for now; trying again until it works (is the limit on open files too low?)"
            );
            self.said = true;
        }
        self.state = State::PausedUntil(now + PAUSE);
    }
}
