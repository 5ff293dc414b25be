//! What a service manager such as systemd is told, where one started the broker and wants to hear.

use std::time::Duration;

use sd_notify::NotifyState;

use super::shard::Remotes;

/// Speaks to the service manager.
pub(super) struct Manager {
    /// How often it wants to hear that all is well; `None` for never.
    watchdog: Option<Duration>,
}

impl Manager {
    pub(super) fn new() -> Self {
        // Half of it, so that one that comes late is no catastrophe.
        let watchdog = sd_notify::watchdog_enabled().map(|every| every / 2);
        Self { watchdog }
    }

    /// All listeners are open and the event loop runs.
    pub(super) fn ready(&self) {
        tell(&[NotifyState::Ready]);
    }

    /// The files are being read again; [`ready`](Self::ready) when that is done.
    pub(super) fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(_) => tell(&[NotifyState::Reloading]),
        }
    }

    /// The end has begun.
    pub(super) fn stopping(&self) {
        tell(&[NotifyState::Stopping]);
    }

    /// Tells it again and again that all is well, as long as the event loops answer; for ever.
    pub(super) async fn reassure(&self, loops: &Remotes) {
        let Some(every) = self.watchdog else {
            return std::future::pending().await;
        };
        loop {
            tokio::time::sleep(every).await;
            let answer = tokio::time::timeout(every, loops.report()).await;
            if let Ok(Some(_)) = answer {
                tell(&[NotifyState::Watchdog]);
            } else {
                tracing::error!("an event loop does not answer; the watchdog is not fed");
            }
        }
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}
