//! What falls due, and when.

use alloc::collections::BTreeSet;

use crate::broker::arena::{ConnKey, Key, SessionKey};
use crate::broker::conn::State;
use crate::broker::sink::Sink;
use crate::broker::{Broker, CloseReason, Cx, TimerKind};
use crate::time::{Duration, Instant};
use crate::why::{Decision, SessionEnd, why};

/// So many timers fire in one call at most; the driver is woken again at once for the others.
const FIRED_MAX: usize = 1_024;

/// Everything that falls due, in order of time.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers {
    due: BTreeSet<(Instant, Timer)>,
}

/// Whose timer it is. The owner knows the moment too, so that a timer can be found and removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    Connect(ConnKey),
    KeepAlive(ConnKey),
    SessionExpiry(SessionKey),
    WillDelay(SessionKey),
    Retained(SessionKey),
}

impl Timer {
    const fn kind(self) -> TimerKind {
        match self {
            Self::Connect(_) => TimerKind::Connect,
            Self::KeepAlive(_) => TimerKind::KeepAlive,
            Self::SessionExpiry(_) => TimerKind::SessionExpiry,
            Self::WillDelay(_) => TimerKind::WillDelay,
            Self::Retained(_) => TimerKind::Retained,
        }
    }
}

impl Timers {
    pub(super) fn first(&self) -> Option<(Instant, TimerKind)> {
        self.due.first().map(|&(at, timer)| (at, timer.kind()))
    }

    pub(super) fn arm(&mut self, at: Instant, timer: Timer) {
        self.due.insert((at, timer));
    }

    pub(super) fn disarm(&mut self, at: Instant, timer: Timer) {
        self.due.remove(&(at, timer));
    }

    fn pop(&mut self, now: Instant) -> Option<Timer> {
        let &(at, _) = self.due.first()?;
        if at > now {
            return None;
        }
        self.due.pop_first().map(|(_, timer)| timer)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Instant, Timer)> {
        self.due.iter().copied()
    }
}

impl Broker {
    /// Lets everything happen that is due.
    pub(super) fn on_wake<S: Sink>(&mut self, cx: &mut Cx<'_, S>) {
        self.expire_retained(cx);
        for _ in 0..FIRED_MAX {
            match self.timers.pop(cx.now) {
                Some(timer) => self.fire(cx, timer),
                None => return,
            }
        }
    }

    fn fire<S: Sink>(&mut self, cx: &mut Cx<'_, S>, timer: Timer) {
        match timer {
            Timer::Connect(key) => {
                self.conns[key].timer_at = None;
                let id = self.conns[key].id;
                why!(cx, id, none, Decision::ConnectTimedOut {});
                self.close(cx, key, CloseReason::ConnectTimeout);
            }
            Timer::KeepAlive(key) => {
                self.conns[key].timer_at = None;
                self.check_keep_alive(cx, key);
            }
            Timer::SessionExpiry(key) => {
                self.sessions[key].ends_at = None;
                let will = self.end_session(cx, key, SessionEnd::Expired);
                self.publish_will(cx, will);
            }
            Timer::WillDelay(key) => {
                self.set_will_at(key, None);
                let will = self.take_will(cx, key);
                self.publish_will(cx, will);
            }
            Timer::Retained(key) => {
                self.sessions[key].flow_mut().retained_at = None;
                self.pump(cx, key);
            }
        }
    }

    /// The timer of a Keep Alive is not moved by every packet: when it fires, the last packet counts.
    fn check_keep_alive<S: Sink>(&mut self, cx: &mut Cx<'_, S>, key: ConnKey) {
        let conn = &self.conns[key];
        let Some(deadline) = conn.keep_alive_deadline() else {
            return;
        };
        if deadline > cx.now {
            self.arm_conn(key, deadline);
            return;
        }
        let State::Connected(session) = conn.state else {
            return;
        };
        why!(cx, conn.id, conn.version => V311_3_1_2_24, V5_3_1_2_22, Decision::KeepAliveExpired {
            client_id: self.sessions[session].client_id.clone(),
            keep_alive: conn.keep_alive,
            last_packet_at: conn.last_packet_at,
        });
        self.close(cx, key, CloseReason::KeepAlive);
    }

    /// Sets the timer of a connection, of which there is one at a time.
    pub(super) fn arm_conn(&mut self, key: ConnKey, at: Instant) {
        self.disarm_conn(key);
        self.conns[key].timer_at = Some(at);
        self.timers.arm(at, self.conn_timer(key));
    }

    pub(super) fn disarm_conn(&mut self, key: ConnKey) {
        if let Some(at) = self.conns[key].timer_at.take() {
            self.timers.disarm(at, Timer::Connect(key));
            self.timers.disarm(at, Timer::KeepAlive(key));
        }
    }

    fn conn_timer(&self, key: ConnKey) -> Timer {
        match self.conns[key].state {
            State::AwaitConnect | State::Authorizing(_) => Timer::Connect(key),
            State::Connected(_) => Timer::KeepAlive(key),
        }
    }

    pub(super) fn arm_session_end(&mut self, key: SessionKey, at: Instant) {
        self.sessions[key].ends_at = Some(at);
        self.timers.arm(at, Timer::SessionExpiry(key));
    }

    pub(super) fn disarm_session_end(&mut self, key: SessionKey) {
        if let Some(at) = self.sessions[key].ends_at.take() {
            self.timers.disarm(at, Timer::SessionExpiry(key));
        }
    }

    /// Notes when a will is due; hands back what was noted before.
    fn set_will_at(&mut self, key: SessionKey, at: Option<Instant>) -> Option<Instant> {
        let will = self.sessions[key].will.as_mut()?;
        core::mem::replace(&mut will.due_at, at)
    }

    pub(super) fn arm_will(&mut self, key: SessionKey, at: Instant) {
        self.set_will_at(key, Some(at));
        self.timers.arm(at, Timer::WillDelay(key));
    }

    pub(super) fn disarm_will(&mut self, key: SessionKey) {
        if let Some(at) = self.set_will_at(key, None) {
            self.timers.disarm(at, Timer::WillDelay(key));
        }
    }

    /// Looks for more retained messages as soon as the driver has done what else there is.
    pub(super) fn arm_retained(&mut self, key: SessionKey, now: Instant) {
        if self.sessions[key].flow().retained_at.is_none() {
            let at = now + Duration::from_micros(1);
            self.sessions[key].flow_mut().retained_at = Some(at);
            self.timers.arm(at, Timer::Retained(key));
        }
    }

    pub(super) fn disarm_retained(&mut self, key: SessionKey) {
        if self.sessions[key].flow().retained_at.is_some()
            && let Some(at) = self.sessions[key].flow_mut().retained_at.take()
        {
            self.timers.disarm(at, Timer::Retained(key));
        }
    }

    /// # Panics
    /// If a timer has no owner, or an owner no timer.
    pub(super) fn check_timers(&self) {
        let mut owned = 0;
        for (at, timer) in self.timers.iter() {
            let expected = match timer {
                Timer::Connect(key) | Timer::KeepAlive(key) => {
                    assert_eq!(
                        timer,
                        self.conn_timer(key),
                        "the timer of a connection fits its state"
                    );
                    self.conns[key].timer_at
                }
                Timer::SessionExpiry(key) => self.sessions[key].ends_at,
                Timer::WillDelay(key) => self.sessions[key].will_at(),
                Timer::Retained(key) => self.sessions[key].flow().retained_at,
            };
            assert_eq!(
                expected,
                Some(at),
                "the owner of {timer:?} knows when it fires"
            );
            owned += 1;
        }
        let conns = self
            .conns
            .iter()
            .filter(|(_, conn)| conn.timer_at.is_some())
            .count();
        let sessions: usize = self
            .sessions
            .iter()
            .map(|(_, session)| {
                [
                    session.ends_at,
                    session.will_at(),
                    session.flow().retained_at,
                ]
                .iter()
                .flatten()
                .count()
            })
            .sum();
        assert_eq!(
            owned,
            conns + sessions,
            "every moment that somebody waits for has a timer"
        );
        for (key, conn) in self.conns.iter() {
            let waits = match &conn.state {
                State::AwaitConnect => true,
                State::Authorizing(candidate) => candidate.awaits_client,
                State::Connected(_) => conn.keep_alive > 0,
            };
            assert_eq!(
                waits,
                conn.timer_at.is_some(),
                "connection {} has a timer if it needs one",
                key.index()
            );
        }
    }
}
