//! Files that the broker reads again when they change.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// How often they are looked at. Looking works on every file system, also where files are swapped behind links.
const EVERY: Duration = Duration::from_secs(5);

/// The files, and how they were when they were read.
pub(super) struct Watch {
    files: Vec<PathBuf>,
    read: Vec<Stamp>,
    /// How they were when they were looked at last.
    seen: Vec<Stamp>,
}

/// What shows that a file changed; `None` while it cannot be looked at.
type Stamp = Option<(SystemTime, u64)>;

impl Watch {
    pub(super) fn new(files: Vec<PathBuf>) -> Self {
        let read = look(&files);
        let seen = read.clone();
        Self { files, read, seen }
    }

    /// Takes the files as they are now.
    pub(super) fn settle(&mut self) {
        self.read = look(&self.files);
    }

    /// Those that are others than when they were read.
    pub(super) fn others(&self) -> Vec<String> {
        let files = self.files.iter().zip(look(&self.files)).zip(&self.read);
        let others = files.filter(|((_, now), read)| now != *read);
        others
            .map(|((path, _), _)| path.display().to_string())
            .collect()
    }

    /// Waits until one has changed and all have stayed as they are for a while: who writes a file in place may be half way
    /// through. For ever where there are no files.
    pub(super) async fn changed(&mut self) {
        if self.files.is_empty() {
            std::future::pending::<()>().await;
        }
        loop {
            tokio::time::sleep(EVERY).await;
            if self.is_settled() && self.seen != self.read {
                return;
            }
        }
    }

    /// Looks at the files, and whether they are as they were the last time.
    fn is_settled(&mut self) -> bool {
        let before = std::mem::replace(&mut self.seen, look(&self.files));
        before == self.seen
    }
}

fn look(files: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |path: &PathBuf| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files.iter().map(stamp).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Watch;

    #[test]
    fn a_file_has_settled_when_it_is_as_it_was_at_the_last_look() {
        let path = std::env::temp_dir().join(format!("mqttlab-watch-{}", std::process::id()));
        fs::write(&path, "a").expect("a temporary file can be written");
        let mut watch = Watch::new(vec![path.clone()]);
        assert!(watch.is_settled() && watch.seen == watch.read);
        for text in ["", "ab"] {
            fs::write(&path, text).expect("a temporary file can be written");
            assert!(!watch.is_settled(), "it is being written");
        }
        assert_eq!(watch.others(), [path.display().to_string()]);
        assert!(watch.is_settled() && watch.seen != watch.read);
        watch.settle();
        assert!(watch.is_settled() && watch.seen == watch.read);
        assert!(watch.others().is_empty());
        // It lies in the folder for what may go at any time.
        let _ = fs::remove_file(path);
    }
}
