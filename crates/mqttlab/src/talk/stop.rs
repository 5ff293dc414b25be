//! What makes a client end early: somebody interrupts it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::Waker;

use crate::Failure;

/// What the process ends with that is not given the time to take leave.
const INTERRUPTED: i32 = 130;

/// Whether somebody wants it to end.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(super) fn is_wanted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Listens for SIGINT, and on Unix SIGTERM, in a thread of its own, which wakes the client.
    ///
    /// # Errors
    /// When the system gives no thread, or no signals.
    pub(super) fn listen(waker: Arc<Waker>) -> Result<Self, Failure> {
        let complain = |error| Failure::running(format!("signals cannot be listened for: {error}"));
        let stop = Self::default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(complain)?;
        let wanted = stop.clone();
        std::thread::Builder::new()
            .name("signals".into())
            .spawn(move || {
                runtime.block_on(interrupted());
                wanted.0.store(true, Ordering::Relaxed);
                // It fails only when nobody sleeps any more.
                let _ = waker.wake();
                // Whoever asks twice does not want to wait.
                runtime.block_on(interrupted());
                std::process::exit(INTERRUPTED);
            })
            .map_err(complain)?;
        Ok(stop)
    }
}

#[cfg(unix)]
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};

    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        it = tokio::signal::ctrl_c() => if it.is_err() { std::future::pending().await },
    }
}

#[cfg(not(unix))]
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
