//! Wakes a poll in time for the next message.

use std::io;
use std::time::Duration;

use mio::{Poll, Token};

/// The token of its events, which mean nothing more.
pub(super) const ALARM: Token = Token(usize::MAX);

/// A clock of the kernel's beside the sockets. The time that a poll itself is told is rounded up to whole milliseconds: at
/// thousands of messages a second, those of a millisecond would all go out together, half of one too late on average, and
/// the lateness would pass for the broker's.
#[cfg(target_os = "linux")]
pub(super) struct Alarm(std::os::fd::OwnedFd);

#[cfg(target_os = "linux")]
impl Alarm {
    pub(super) fn new(poll: &Poll) -> io::Result<Self> {
        use std::os::fd::AsRawFd;

        use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};

        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let mut source = mio::unix::SourceFd(&timer.as_raw_fd());
        let registry = poll.registry();
        mio::event::Source::register(&mut source, registry, ALARM, mio::Interest::READABLE)?;
        Ok(Self(timer))
    }

    /// Has the poll wake so long from now. Says how long it may wait at the most.
    pub(super) fn set(&mut self, wait: Duration) -> io::Result<Duration> {
        use rustix::time::{Itimerspec, TimerfdTimerFlags, Timespec, timerfd_settime};

        let span = |duration: Duration| Timespec {
            tv_sec: duration.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: duration.subsec_nanos().into(),
        };
        // Nothing would switch it off.
        let wait = wait.max(Duration::from_nanos(1));
        let spec = Itimerspec {
            it_interval: span(Duration::ZERO),
            it_value: span(wait),
        };
        timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &spec)?;
        Ok(wait)
    }
}

/// Where the kernel has none, the time of the poll must do.
#[cfg(not(target_os = "linux"))]
pub(super) struct Alarm;

#[cfg(not(target_os = "linux"))]
impl Alarm {
    pub(super) fn new(_: &Poll) -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) fn set(&mut self, wait: Duration) -> io::Result<Duration> {
        Ok(wait)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use mio::{Events, Poll};

    use super::Alarm;

    #[test]
    fn it_wakes_a_poll_and_never_too_early() {
        let mut poll = Poll::new().expect("a poll");
        let mut events = Events::with_capacity(4);
        let mut alarm = Alarm::new(&poll).expect("an alarm");
        for micros in [0, 1, 300, 1_700] {
            let (began, wait) = (Instant::now(), Duration::from_micros(micros));
            let timeout = alarm.set(wait).expect("it can be set") + Duration::from_secs(60);
            while began.elapsed() < wait || events.is_empty() {
                poll.poll(&mut events, Some(timeout)).expect("it waits");
            }
            let took = began.elapsed();
            assert!(took >= wait && took < Duration::from_secs(30), "{took:?}");
            poll.poll(&mut events, Some(Duration::ZERO))
                .expect("it does not wait");
            assert!(events.is_empty(), "it wakes once");
        }
    }
}
