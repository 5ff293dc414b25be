//! What the operating system and the person at the keyboard say.

use crate::Failure;

/// A wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// To end, with the signal's name.
    Stop(&'static str),
    /// To read the files again.
    Reload,
    /// Something that means nothing here, with the signal's name: other brokers know it.
    Unknown(&'static str),
}

/// Hears the wishes. Whatever comes before the first is waited for is kept until then.
pub(super) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hang_up: tokio::signal::unix::Signal,
    #[cfg(unix)]
    user_1: tokio::signal::unix::Signal,
    #[cfg(unix)]
    user_2: tokio::signal::unix::Signal,
}

impl Signal {
    /// Says that it is passed over.
    pub(super) fn pass_over(name: &str) {
        tracing::info!(
            signal = name,
            "it means nothing here: the store is written at once, and SIGHUP reads the files again"
        );
    }
}

impl Signals {
    /// Listens for them; must be called inside a runtime.
    #[cfg(unix)]
    pub(super) fn new() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};

        let listen = |kind| {
            signal(kind).map_err(|error| {
                Failure::running(format!("signals cannot be listened for: {error}"))
            })
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
            user_1: listen(SignalKind::user_defined1())?,
            user_2: listen(SignalKind::user_defined2())?,
        })
    }

    /// Waits for the next one.
    #[cfg(unix)]
    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Stop("SIGINT"),
            _ = self.terminate.recv() => Signal::Stop("SIGTERM"),
            _ = self.hang_up.recv() => Signal::Reload,
            _ = self.user_1.recv() => Signal::Unknown("SIGUSR1"),
            _ = self.user_2.recv() => Signal::Unknown("SIGUSR2"),
        }
    }

    /// Listens for them; must be called inside a runtime.
    #[cfg(not(unix))]
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self {})
    }

    /// Waits for the next one.
    #[cfg(not(unix))]
    pub(super) async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Stop("Ctrl-C")
    }
}
