//! A thread that writes, so that clients need not wait while the disk does.

use std::io;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;

use mqttlab_core::time::Instant;

use super::file::File;

/// Something to write.
pub(super) enum Job {
    /// These changes, behind those that are there.
    Append(Vec<Vec<u8>>, Instant),
    /// These, in place of those that are there.
    Rewrite(Vec<Vec<u8>>, Instant),
}

/// The thread, from outside.
pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    done: Receiver<io::Result<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Calls when it goes, however that comes.
struct AtTheEnd<F: Fn()>(F);

impl<F: Fn()> Drop for AtTheEnd<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl Writer {
    /// Starts it. `wake` is called whenever there is something for [`poll`](Self::poll).
    pub(super) fn start(mut file: File, wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (jobs, queue) = channel();
        let (tell, done) = channel();
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || {
                // Also should it panic: nobody must wait for it in vain.
                let wake = AtTheEnd(wake);
                while let Ok(job) = queue.recv() {
                    let written = match job {
                        Job::Append(changes, now) => file.append(&changes, now),
                        Job::Rewrite(changes, now) => file.rewrite(&changes, now),
                    };
                    let failed = written.is_err();
                    // No second try can make good what failed, and whoever goes on would only make it worse.
                    if tell.send(written).is_err() || failed {
                        return;
                    }
                    (wake.0)();
                }
            })?;
        Ok(Self {
            jobs: Some(jobs),
            done,
            thread: Some(thread),
        })
    }

    /// Hands it a job; there must be none under way.
    pub(super) fn write(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // If it has ended, that shows when the outcome is asked for.
            let _ = jobs.send(job);
        }
    }

    /// How the job ended, if it has.
    pub(super) fn poll(&self) -> Option<io::Result<()>> {
        match self.done.try_recv() {
            Ok(done) => Some(done),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(ended())),
        }
    }

    /// Waits until the job has ended.
    pub(super) fn wait(&self) -> io::Result<()> {
        self.done.recv().unwrap_or_else(|_| Err(ended()))
    }
}

fn ended() -> io::Error {
    io::Error::other("the thread that writes has ended")
}

impl Drop for Writer {
    /// Waits until the file is closed.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // It has told how it failed, or panicked and said so itself.
            let _ = thread.join();
        }
    }
}
