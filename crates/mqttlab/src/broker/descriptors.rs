//! How many files the process may have open: each connection is one.

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
