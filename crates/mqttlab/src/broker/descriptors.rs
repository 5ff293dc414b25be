//! How many files the process may have open: each connection is one.

use std::io;
#[cfg(unix)]
use std::os::fd::AsRawFd;

use super::listen::Bound;
use super::transport::Stream;

/// Takes as many as the system gives without asking anybody. Shells mostly start programs with 1024, for the sake of programs
/// that are older than this.
#[cfg(unix)]
pub(super) fn take_all() {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    let before = limit.current;
    limit.current = limit.maximum;
    match setrlimit(Resource::Nofile, limit) {
        Ok(()) => tracing::debug!(before, after = limit.maximum, "more files may be open"),
        // Then fewer connections are taken in, and the log says so when it comes to that.
        Err(error) => tracing::debug!(before, %error, "no more files may be open"),
    }
}

/// There is no such limit here.
#[cfg(not(unix))]
pub(super) fn take_all() {}

/// Files that are not for clients at most: whoever asks over HTTP how the broker is doing gets an answer when there are no
/// more, and what is read again can be.
#[cfg(unix)]
const KEPT_MAX: u64 = 16;
/// The part of all files that this may be.
#[cfg(unix)]
const KEPT_PART: u64 = 8;

/// How full the process is of files, as far as clients are concerned.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// The first number that is no client's; `None` where there is no limit.
    #[cfg(unix)]
    end: Option<u64>,
    /// The last that was opened was close to it.
    #[cfg(unix)]
    is_close: bool,
}

#[cfg(unix)]
impl Files {
    /// With the limit as it is now.
    pub(super) fn new() -> Self {
        use rustix::process::{Resource, getrlimit};

        let limit = getrlimit(Resource::Nofile).current;
        Self {
            end: limit.map(|limit| limit - (limit / KEPT_PART).min(KEPT_MAX)),
            is_close: false,
        }
    }

    /// A client came. The system gives the smallest number that is free.
    pub(super) fn note(&mut self, stream: &Stream) {
        let number = stream.options().as_raw_fd() as u64;
        self.is_close = self.end.is_some_and(|end| number + 1 >= end);
    }

    /// Whether another client may come to a listener.
    ///
    /// # Errors
    /// When those that are left are not for clients.
    pub(super) fn check(&mut self, listener: &Bound) -> io::Result<()> {
        let Some(end) = self.end.filter(|_| self.is_close) else {
            return Ok(());
        };
        // This has the number that the next would have.
        let next = rustix::io::fcntl_dupfd_cloexec(listener, 0)?;
        let number = next.as_raw_fd() as u64;
        if number >= end {
            return Err(rustix::io::Errno::MFILE.into());
        }
        self.is_close = number + 1 >= end;
        Ok(())
    }
}

#[cfg(not(unix))]
impl Files {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn note(&mut self, _: &Stream) {}

    pub(super) fn check(&mut self, _: &Bound) -> io::Result<()> {
        Ok(())
    }
}
