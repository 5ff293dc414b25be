//! What a client waits for.

use crate::time::{Duration, Instant};

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum TimerKind {
    /// The network connection must be open, then CONNACK must come.
    Connect,
    /// A packet must be sent, PINGREQ if there is no other.
    KeepAlive,
    /// PINGRESP must come.
    PingResponse,
    /// Connect again.
    Reconnect,
    /// 5.0: the session expires.
    SessionExpiry,
}

impl TimerKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Connect,
        Self::KeepAlive,
        Self::PingResponse,
        Self::Reconnect,
        Self::SessionExpiry,
    ];
}

/// A timer that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Timer {
    /// What it is for.
    pub kind: TimerKind,
    /// When it was started.
    pub from: Instant,
    /// When it fires.
    pub until: Instant,
}

/// The timers of a client, one of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Timers {
    running: [Option<Timer>; TimerKind::ALL.len()],
}

impl Timers {
    /// Starts the timer of this kind, or starts it anew.
    pub(super) fn start(&mut self, kind: TimerKind, now: Instant, after: Duration) {
        self.running[kind as usize] = Some(Timer {
            kind,
            from: now,
            until: now + after,
        });
    }

    pub(super) fn stop(&mut self, kind: TimerKind) {
        self.running[kind as usize] = None;
    }

    pub(super) fn running(&self, kind: TimerKind) -> Option<Timer> {
        self.running[kind as usize]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Timer> {
        self.running.iter().copied().flatten()
    }

    /// The next to fire.
    pub(super) fn next(&self) -> Option<Timer> {
        self.iter().min_by_key(|timer| timer.until)
    }

    /// Takes out the first timer that has fired.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Timer> {
        let timer = self.next().filter(|timer| timer.until <= now)?;
        self.stop(timer.kind);
        Some(timer)
    }
}
