//! Files that are nobody else's business.

use std::path::Path;

/// Says where everybody on this machine can read such a file. That is no reason not to start: whoever mounts files into
/// containers has little choice.
#[cfg(unix)]
pub(super) fn warn_if_open(path: &Path) {
    use std::os::unix::fs::PermissionsExt;

    const READ_BY_OTHERS: u32 = 0o004;
    // What cannot be looked at cannot be read either, and that is said elsewhere.
    let Ok(metadata) = path.metadata() else {
        return;
    };
    if metadata.permissions().mode() & READ_BY_OTHERS != 0 {
        tracing::warn!(file = %path.display(), "everybody on this machine can read this; chmod o= closes it");
    }
}

/// Who may read a file is said otherwise here.
#[cfg(not(unix))]
pub(super) fn warn_if_open(_: &Path) {}
