//! Files that the broker reads again when they change.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// How often they are looked at. Looking works on every file system, also where files are swapped behind links.
const EVERY: Duration = Duration::from_secs(5);

/// The files, and how they were when they were read.
pub(super) struct Watch {
    files: Vec<PathBuf>,
    seen: Vec<Stamp>,
}

/// What shows that a file changed; `None` while it cannot be looked at.
type Stamp = Option<(SystemTime, u64)>;

impl Watch {
    pub(super) fn new(files: Vec<PathBuf>) -> Self {
        let seen = look(&files);
        Self { files, seen }
    }

    /// Takes the files as they are now.
    pub(super) fn settle(&mut self) {
        self.seen = look(&self.files);
    }

    /// Waits until one changes; for ever where there are none.
    pub(super) async fn changed(&self) {
        if self.files.is_empty() {
            std::future::pending::<()>().await;
        }
        loop {
            tokio::time::sleep(EVERY).await;
            if look(&self.files) != self.seen {
                return;
            }
        }
    }
}

fn look(files: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |path: &PathBuf| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files.iter().map(stamp).collect()
}
