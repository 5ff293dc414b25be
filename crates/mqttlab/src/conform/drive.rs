//! The real end of the connections: sockets, and a clock.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use mqttlab_sim::live::{Live, ToBroker};
use mqttlab_sim::view::Micros;
use socket2::SockRef;

use crate::Failure;

/// How long a broker has for an answer that it owes, before the scenario goes on without.
const PATIENCE: Duration = Duration::from_secs(1);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_millis(1);

/// How the clock of the clients goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// On to what happens next, as soon as the broker has said everything.
    Quick,
    /// With the broker's own.
    Real,
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Nothing comes for so long: the broker has said everything.
    pub(super) settle: Duration,
    /// The whole scenario.
    pub(super) time_max: Duration,
}

/// Plays a scenario with the broker at `broker`, to its end.
///
/// # Errors
/// When nobody listens there, or it takes too long.
pub(super) fn drive(
    live: Live,
    broker: SocketAddr,
    pace: Pace,
    limits: &Limits,
) -> Result<Live, Failure> {
    let now = Instant::now();
    let mut driver = Driver {
        live,
        broker,
        pace,
        sockets: BTreeMap::new(),
        ending: Vec::new(),
        started: now,
        asked: now,
        heard: now,
    };
    driver.play(limits)?;
    Ok(driver.live)
}

struct Driver {
    live: Live,
    broker: SocketAddr,
    pace: Pace,
    sockets: BTreeMap<u64, TcpStream>,
    /// Closed on this side, with what the broker may still say.
    ending: Vec<TcpStream>,
    started: Instant,
    /// When something was last written or opened, and when something last came.
    asked: Instant,
    heard: Instant,
}

impl Driver {
    fn play(&mut self, limits: &Limits) -> Result<(), Failure> {
        loop {
            if self.started.elapsed() > limits.time_max + PATIENCE {
                return Err(Failure::running(format!(
                    "{}: the scenario does not end in {} s",
                    self.broker,
                    limits.time_max.as_secs_f32()
                )));
            }
            if self.listen()? {
                self.heard = Instant::now();
                continue;
            }
            let is_time = match (self.pace, self.live.next_at()) {
                (Pace::Quick, _) => self.is_quiet(limits),
                (Pace::Real, None) => true,
                (Pace::Real, Some(next)) => self.elapsed() >= next,
            };
            if !is_time {
                sleep(TICK);
                continue;
            }
            if self.live.next_at().is_none() {
                return Ok(());
            }
            let told = self.live.advance();
            self.carry_out(told)?;
        }
    }

    /// Whether the broker has said everything, as far as one can know.
    fn is_quiet(&self, limits: &Limits) -> bool {
        let settled = |since: Instant| since.elapsed() >= limits.settle;
        let owes = self.live.awaits_broker() && self.asked.elapsed() < PATIENCE;
        settled(self.asked) && settled(self.heard) && !owes
    }

    fn elapsed(&self) -> Micros {
        self.started.elapsed().as_micros() as Micros
    }

    /// When what comes now has come, in the scenario's time.
    fn moment(&self) -> Micros {
        match self.pace {
            Pace::Quick => 0,
            Pace::Real => self.elapsed(),
        }
    }

    fn carry_out(&mut self, told: Vec<ToBroker>) -> Result<(), Failure> {
        for told in told {
            self.asked = Instant::now();
            match told {
                ToBroker::Open { conn } => self.open(conn)?,
                ToBroker::Bytes { conn, bytes } => self.write(conn, &bytes)?,
                ToBroker::Closed { conn, reset } => self.close(conn, reset),
            }
        }
        Ok(())
    }

    fn open(&mut self, conn: u64) -> Result<(), Failure> {
        let opened = TcpStream::connect_timeout(&self.broker, CONNECT_TIMEOUT).and_then(|socket| {
            socket.set_nodelay(true)?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        });
        let socket = opened.map_err(|error| Failure::usage(format!("{}: {error}", self.broker)))?;
        self.sockets.insert(conn, socket);
        Ok(())
    }

    fn write(&mut self, conn: u64, bytes: &[u8]) -> Result<(), Failure> {
        let started = Instant::now();
        let mut rest = bytes;
        while let (false, Some(socket)) = (rest.is_empty(), self.sockets.get_mut(&conn)) {
            match socket.write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error)
                    if error.kind() == ErrorKind::WouldBlock && started.elapsed() < PATIENCE =>
                {
                    sleep(TICK);
                }
                // The broker has closed it, or does not read: what it said before is still to be read.
                Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    fn close(&mut self, conn: u64, reset: bool) {
        let Some(socket) = self.sockets.remove(&conn) else {
            return;
        };
        // Both fail only when the broker was faster.
        if reset {
            let _ = SockRef::from(&socket).set_linger(Some(Duration::ZERO));
        } else {
            let _ = socket.shutdown(Shutdown::Write);
            self.ending.push(socket);
        }
    }

    /// Takes in what has come; says whether there was something.
    fn listen(&mut self) -> Result<bool, Failure> {
        let mut buffer = [0; 16 << 10];
        self.ending
            .retain_mut(|socket| match socket.read(&mut buffer) {
                Ok(0) => false,
                Ok(_) => true,
                Err(error) => error.kind() == ErrorKind::WouldBlock,
            });
        let conns: Vec<u64> = self.sockets.keys().copied().collect();
        let mut has_heard = false;
        for conn in conns {
            let Some(socket) = self.sockets.get_mut(&conn) else {
                continue;
            };
            let told = match socket.read(&mut buffer) {
                Ok(0) => {
                    self.sockets.remove(&conn);
                    self.live.closed(self.moment(), conn, false)
                }
                Ok(length) => {
                    let at = self.moment();
                    self.live.received(at, conn, &buffer[..length])
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
                {
                    continue;
                }
                Err(_) => {
                    self.sockets.remove(&conn);
                    self.live.closed(self.moment(), conn, true)
                }
            };
            has_heard = true;
            self.carry_out(told)?;
        }
        Ok(has_heard)
    }
}
