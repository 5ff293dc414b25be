//! One event loop of several, or the only one: the sockets of its clients, their links, and the broker between them.
//!
//! A *round* reads from every socket that has something, hands the packets to the broker, which appends its answers to
//! what waits for each connection, and then writes once to each connection for which something waits. The cost of a
//! message is system calls and wake-ups, and a round shares both among all messages that came together.
//!
//! **What the broker says after a change of durable state is held back until that change is on the disk**, where a
//! thread of its own puts it. The loop goes on meanwhile: the changes of all rounds until then make the next transaction.
//! A PUBLISH at QoS 0, which promises nothing, waits only for changes of the same call.

mod accept;
mod books;
mod common;
mod control;
mod correspond;
mod crew;
mod crowds;
mod denials;
mod desk;
mod gates;
mod habits;
mod keep;
mod links;
mod manners;
mod newcomer;
mod out;
mod patience;
mod post;
mod rates;
mod read;
mod refusals;
mod report;
mod room;
mod socket;
mod start;
mod sys;
mod take_in;
mod trace;
mod traces;

use std::collections::VecDeque;
use std::fmt::Display;
use std::io;
use std::mem;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use mio::{Events, Interest, Poll, Token};
use mqttlab_core::broker::{Broker, Config as BrokerConfig, Input, Loss};
use mqttlab_core::codec::Limits;
use mqttlab_core::id::ConnId;
use mqttlab_core::reason::ReasonCode;
use mqttlab_core::time::Instant;

use super::store::{self, Store};
use crate::log;
use accept::Acceptor;
use books::Counting;
use control::Command;
use crew::Crew;
use keep::{Failed, without_promises};
use links::Links;
use manners::Paused;
use out::{End, Progress};
use socket::{Phase, Sockets, index};
use sys::Sys;
use trace::Traced;

pub(crate) use control::{Listening, Remotes, Renewal};
pub(crate) use desk::Desk;
pub(crate) use manners::Manners;
pub(crate) use rates::Rate;
pub(crate) use report::{Letters, Logins, Report, Traffic, sum};
pub(crate) use room::part;
pub(crate) use socket::serial;
pub(crate) use start::{Setup, start};
pub(crate) use traces::{LINES_MAX, TRACES_MAX, Trace, TraceError};

/// Bytes read from one socket in a round; the buffer is shared by all.
const READ_BUFFER: usize = 128 << 10;
/// Events taken from the kernel at once.
const EVENTS: usize = 1_024;
/// How often a round writes what came up while it was writing, before others get their turn.
const WRITE_PASSES: usize = 8;
/// So much later than the one before each client is told that the broker stops.
const LEAVE_EVERY: Duration = Duration::from_micros(100);
/// How long a closed connection may take to read what waits for it and to close its side.
const LINGER: Duration = Duration::from_secs(2);
/// The token of the waker; those of the acceptors lie below it, those of connections are slots.
const WAKER: Token = Token(usize::MAX);

/// An event loop before it runs.
pub(crate) struct Shard {
    poll: Poll,
    clock: std::time::Instant,
    /// What the clock showed at the start, on the broker's time line.
    origin: Instant,
    now: Instant,
    acceptors: Vec<Acceptor>,
    broker: Broker,
    /// How the brokers of all loops together are configured.
    config: Arc<BrokerConfig>,
    limits: Limits,
    sockets: Sockets,
    crew: Crew,
    links: Links,
    buffer: Box<[u8]>,
    /// Slots to read from in this round, and those that had more than one round's share.
    ready: Vec<u32>,
    again: Vec<u32>,
    /// The list of slots that is being written.
    writing: Vec<u32>,
    /// Closed connections and until when they may linger, the earliest first.
    lingering: VecDeque<(Instant, ConnId)>,
    paused: Paused,
    commands: mpsc::Receiver<Command>,
    stop_by: Option<Instant>,
    /// Whom to tell then that the broker stops.
    leaving: VecDeque<(Instant, ConnId)>,
    /// Where there was a store, and is none any more.
    failure: Option<Failed>,
    seed: u64,
    traffic: Traffic,
    /// The letters up to this one are confirmed.
    confirmed: u64,
    /// Letters that were opened in this round.
    opened: usize,
    /// What was sent, and how often reading had to wait.
    letters: Letters,
    sys: Sys,
}

/// Hands `input` to the broker; the reasons for what it does are asked for only where somebody wants them.
fn hand(broker: &mut Broker, now: Instant, input: Input<'_>, sockets: &mut Sockets) {
    sockets.changed = false;
    sockets.post.told = false;
    if let Some(mut recorder) = sockets.recorder.take() {
        if sockets.is_traced() {
            recorder.hand(broker, now, input, &mut Traced(sockets));
        } else {
            recorder.hand(broker, now, input, sockets);
        }
        sockets.recorder = Some(recorder);
    } else if sockets.is_traced() {
        broker.handle(now, input, &mut Traced(sockets));
    } else {
        broker.handle(now, input, sockets);
    }
    sockets.settle(broker);
}

impl Shard {
    fn run(mut self) -> io::Result<()> {
        let ended = self.run_to_its_end();
        if ended.is_err() {
            self.sockets.watched.common.break_up();
            self.crew.wake_all();
        }
        ended
    }

    fn run_to_its_end(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        // What ended while the broker did not run is over before the first client comes.
        self.now = self.clock();
        self.sockets.begin_round(self.now);
        self.wake();
        while !self.is_done() {
            let timeout = self.timeout();
            match self.poll.poll(&mut events, timeout) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            self.round(&events)?;
        }
        self.wait_for_others(&mut events)?;
        match &mut self.sockets.store {
            Some(store) => store.finish(&self.broker, self.now),
            None => Ok(()),
        }
    }

    fn is_done(&self) -> bool {
        self.stop_by
            .is_some_and(|by| self.sockets.watched.common.open() == 0 || by <= self.now)
    }

    /// How long there is nothing to do unless the kernel says so.
    fn timeout(&mut self) -> Option<Duration> {
        let is_full = self.is_full() && self.sockets.post.waits_for_room();
        let wants_read = !self.again.is_empty() || !self.ready.is_empty();
        self.letters.waits += u64::from(is_full && wants_read);
        let busy = wants_read && !is_full || self.sockets.has_dirty();
        if busy || self.acceptors.iter().any(Acceptor::has_more) {
            return Some(Duration::ZERO);
        }
        let deadlines = [
            self.broker.next_deadline().map(|(at, _)| at),
            self.lingering.front().map(|&(at, _)| at),
            self.paused.first().map(|&(at, _)| at),
            self.sockets.watched.next_end(),
            self.sockets.patience.next(),
            self.acceptors
                .iter()
                .filter_map(Acceptor::paused_until)
                .min(),
            self.sys.next(),
            self.sockets.store.as_ref().and_then(Store::due),
            self.stop_by,
            self.leaving.front().map(|&(at, _)| at),
        ];
        let next = deadlines.into_iter().flatten().min()?;
        Some(next.since(self.clock()))
    }

    fn clock(&self) -> Instant {
        self.origin + self.clock.elapsed()
    }

    fn round(&mut self, events: &Events) -> io::Result<()> {
        self.now = self.clock();
        self.sockets.begin_round(self.now);
        self.ready.append(&mut self.again);
        if self.sort(events) || !self.crew.is_alone() {
            self.correspond()?;
        }
        self.accept();
        self.resume();
        self.read();
        self.keep_time();
        self.write()?;
        self.sockets.end_round();
        for (whom, ban) in self.sockets.sentences.drain(..) {
            self.crew.tell(0, Command::KeepBan(whom, ban));
        }
        if self.is_done() {
            // Others may wait for the last connection, which was here.
            self.crew.wake_all();
        }
        self.crew.wake();
        if self.sockets.count() == 0 {
            self.links.clear();
        }
        Ok(())
    }

    /// Puts what the kernel says on the lists of those to read from and to write to.
    /// Says whether somebody has woken the loop.
    fn sort(&mut self, events: &Events) -> bool {
        let mut called = false;
        for event in events {
            let token = event.token();
            if token == WAKER {
                called = true;
            } else if let Some(acceptor) = self.acceptors.iter_mut().find(|a| a.token() == token) {
                acceptor.wake();
            } else if let Some(socket) = self.sockets.at(token.0 as u32) {
                let blocked = socket.blocked;
                socket.ending |= event.is_read_closed() || event.is_error();
                let wanted = event.is_readable() || socket.ending;
                // Whoever is held is read on from later; that it has gone is worth knowing now.
                let waits = socket.is_held() && !socket.ending;
                if wanted && !socket.readable && !waits {
                    socket.readable = true;
                    self.ready.push(token.0 as u32);
                }
                if event.is_writable() && blocked {
                    self.sockets.mark_dirty(token.0 as u32);
                }
            }
        }
        called
    }

    /// Does what the rest of the program wants.
    fn obey(&mut self) -> io::Result<()> {
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Stop { within } => self.stop(within),
                Command::Checked(checked) => self.let_in(&checked),
                Command::Ask(question) => question(&mut Desk(self)),
                Command::Renew(renewal, counting, done) => {
                    self.renew(*renewal, counting);
                    // Whoever asked may have gone.
                    let _ = done.send(());
                }
                Command::Adopt(newcomer) => self.adopt(*newcomer),
                Command::Letter(letter) => self.open(letter)?,
                Command::KeepBan(whom, ban) => self.sockets.keep_ban(whom, ban),
                Command::Reported(report) => {
                    if let Some(report) = self.sys.hear(*report) {
                        self.publish_sys(&report);
                    }
                }
            }
        }
        Ok(())
    }

    /// Goes on with another configuration.
    fn renew(&mut self, renewal: Renewal, counting: Counting) {
        let Renewal {
            protocols,
            broker,
            rules,
            sys_interval,
            trace_client,
            manners,
        } = renewal;
        let traced = trace_client.filter(|client_id| self.crew.owns(client_id));
        self.trace(traced.as_deref());
        if self.crew.number == 0 {
            self.sys.follow(sys_interval, self.now);
        }
        for (acceptor, protocol) in self.acceptors.iter_mut().zip(protocols) {
            acceptor.protocol = protocol;
        }
        self.sockets.follow(rules);
        self.links
            .follow(manners.unfinished_bytes_max, self.crew.count());
        self.sockets.expect(counting, &manners, &self.broker);
        self.config = Arc::from(broker);
        if let Some(share) = &mut self.sockets.share {
            share.follow(&self.config);
        }
        let broker = Box::new(part(&self.config, self.crew.count() as u16));
        let broker = match self.failure {
            None => broker,
            Some(_) => Box::new(without_promises(*broker)),
        };
        self.limits = broker.link_limits();
        let input = Input::Configure(broker);
        hand(&mut self.broker, self.now, input, &mut self.sockets);
        self.bury();
    }

    /// Traces the client that the configuration names.
    fn trace(&mut self, client_id: Option<&str>) {
        self.sockets.traces.configure(client_id);
        if let Some(client_id) = client_id
            && let Some(id) = self.sockets.traces.id(client_id)
        {
            self.mark_traced(client_id, id);
        }
    }

    /// A client that is connected already is traced from now on.
    fn mark_traced(&mut self, client_id: &str, id: traces::TraceId) {
        let conn = self.broker.session(client_id).and_then(|s| s.conn());
        if let Some(socket) = conn.and_then(|conn| self.sockets.of(conn)) {
            socket.traced = Some(id);
        }
    }

    fn store_numbers(&self) -> Option<store::Numbers> {
        let failed = self.failure.as_ref().map(|failed| store::Numbers {
            failed: true,
            ..failed.numbers
        });
        failed.or_else(|| self.sockets.store.as_ref().map(Store::numbers))
    }

    fn report(&self) -> Report {
        let mut counters = self.broker.counters().clone();
        if let Some(failed) = &self.failure {
            counters.add(&failed.counters);
        }
        Report {
            uptime: self.clock.elapsed(),
            usage: self.broker.usage(),
            counters,
            store: self.store_numbers(),
            failure: self.failure.as_ref().map(|failed| failed.why.clone()),
            traffic: Traffic {
                packets_written: self.sockets.packets_written,
                ..self.traffic
            },
            reached: self.sockets.watched.reached,
            letters: Letters {
                loops: self.crew.count() as u64,
                under_way: self.sockets.watched.common.letters() as u64,
                ..self.letters
            },
            hook: self.sockets.doorkeeper.hook_numbers(),
            logins: Logins {
                turned_away: self.sockets.refusals.counts.clone(),
                checks: self.sockets.doorkeeper.checks(),
            },
            keys: self.sockets.doorkeeper.key_numbers(),
        }
    }

    /// Whatever the broker closed gets until a deadline to hear the rest.
    fn bury(&mut self) {
        for conn in self.sockets.closed.drain(..) {
            self.links.remove(index(conn) as usize);
            self.lingering.push_back((self.now + LINGER, conn));
        }
    }

    /// The peer has closed its side, or the socket is broken.
    fn lost(&mut self, conn: ConnId, how: Loss) {
        self.lose(conn, how, &how);
    }

    /// What lies below MQTT has failed, such as a TLS handshake.
    fn broke(&mut self, conn: ConnId, error: &io::Error) {
        let (how, error) = (Loss::Error, error.to_string());
        self.lose(conn, how, &format_args!("{how}: {}", log::plain(&error)));
    }

    fn lose(&mut self, conn: ConnId, how: Loss, why: &dyn Display) {
        let asking = self.sockets.patience.remove(conn);
        let Some(socket) = self.sockets.of(conn) else {
            return;
        };
        if socket.phase == Phase::Open {
            socket.phase = Phase::Closing;
            self.sockets.log_end(conn, why, asking.as_ref());
            self.sockets.doorkeeper.closed(conn);
            self.sockets.watched.disconnect(conn);
            self.links.remove(index(conn) as usize);
            self.lingering.push_back((self.now + LINGER, conn));
            let input = Input::Lost { conn, how };
            hand(&mut self.broker, self.now, input, &mut self.sockets);
            self.bury();
        }
        let Some(socket) = self.sockets.of(conn) else {
            return;
        };
        // A peer that has closed only its own side may still read what was said to it before.
        if how == Loss::Fin && socket.has_output() {
            socket.finished = true;
        } else {
            self.sockets.remove(conn, &self.broker);
        }
    }

    /// Publishes `$SYS`, or first asks the other loops how they are doing.
    fn report_sys(&mut self) {
        let report = self.report();
        let others = self.crew.others();
        match self.sys.ask(report, others.clone().count(), self.now) {
            Some(report) => self.publish_sys(&report),
            None => others.for_each(|other| {
                let to = self.crew.number;
                let question = move |desk: &mut Desk<'_>| desk.report_to(to);
                self.crew.tell(other, Command::Ask(Box::new(question)));
            }),
        }
    }

    fn publish_sys(&mut self, report: &Report) {
        self.sys
            .publish(report, &mut self.broker, self.now, &mut self.sockets);
        self.bury();
    }

    /// Wakes the broker if it is time.
    fn wake(&mut self) {
        if let Some((at, _)) = self.broker.next_deadline()
            && at <= self.now
        {
            hand(&mut self.broker, self.now, Input::Wake, &mut self.sockets);
            self.bury();
        }
    }

    fn keep_time(&mut self) {
        self.wake();
        if self.sys.next().is_some_and(|at| at <= self.now) {
            self.report_sys();
        }
        if !self.leaving.is_empty() {
            self.say_goodbye();
        }
        while let Some(conn) = self.sockets.watched.pop_ended(self.now) {
            let reason = ReasonCode::MaximumConnectTime;
            let input = Input::Close { conn, reason };
            hand(&mut self.broker, self.now, input, &mut self.sockets);
            self.bury();
        }
        self.lose_patience();
        while let Some(&(by, conn)) = self.lingering.front()
            && by <= self.now
        {
            self.lingering.pop_front();
            self.sockets.remove(conn, &self.broker);
        }
    }

    /// Writes once to each connection for which something waits, and again where that made the broker say more.
    fn write(&mut self) -> io::Result<()> {
        let mut writing = mem::take(&mut self.writing);
        for _ in 0..WRITE_PASSES {
            self.store()?;
            if !self.sockets.has_dirty() {
                break;
            }
            self.sockets.swap_dirty(&mut writing);
            for index in writing.drain(..) {
                self.write_to(index);
            }
        }
        self.writing = writing;
        // What the last pass brought up.
        self.store()
    }

    fn write_to(&mut self, index: u32) {
        let Some((conn, written)) = self.sockets.write(index) else {
            return;
        };
        let Progress { bytes, end } = match written {
            Ok(progress) => progress,
            Err(_) => return self.lost(conn, Loss::Rst),
        };
        self.traffic.bytes_written += bytes;
        let socket = self.sockets.of(conn).expect("it was written to just now");
        let phase = socket.phase;
        if phase == Phase::Closing && end == End::Done {
            if socket.finished {
                self.sockets.remove(conn, &self.broker);
            } else {
                socket.finish();
            }
            return;
        }
        if end == End::Blocked && !socket.write_interest {
            // Asked once and kept: with edges the kernel speaks up only after a write that came short.
            socket.write_interest = true;
            let token = Token(index as usize);
            let interest = Interest::READABLE | Interest::WRITABLE;
            let registry = self.poll.registry();
            let asked = socket
                .stream()
                .map(|stream| registry.reregister(stream, token, interest));
            if !matches!(asked, Some(Ok(()))) {
                return self.lost(conn, Loss::Error);
            }
        }
        if phase == Phase::Open && bytes > 0 {
            let input = Input::Flushed { conn, bytes };
            hand(&mut self.broker, self.now, input, &mut self.sockets);
            self.bury();
        }
    }

    /// Takes in nobody any more and says good-bye to everybody, one after the other: they will come again in the same way,
    /// and not all at once.
    fn stop(&mut self, within: Duration) {
        self.acceptors.clear();
        self.stop_by = Some(self.now + within);
        let conns = self.sockets.conns();
        let count = conns.len() as u32;
        let spread = (LEAVE_EVERY * count).min(within / 2);
        self.leaving = (0..count)
            .map(|number| self.now + spread * number / count)
            .zip(conns)
            .collect();
        self.say_goodbye();
    }

    /// Says good-bye to those whose turn it is.
    fn say_goodbye(&mut self) {
        while let Some(&(at, conn)) = self.leaving.front()
            && at <= self.now
        {
            self.leaving.pop_front();
            let reason = ReasonCode::ServerShuttingDown;
            let input = Input::Close { conn, reason };
            hand(&mut self.broker, self.now, input, &mut self.sockets);
        }
        self.bury();
    }
}
