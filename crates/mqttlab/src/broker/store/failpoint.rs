//! Places where a test makes the program fail. In a release build there are none.

use std::io;

/// A place on the way of a change to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    /// Changes are about to be written.
    AppendBefore,
    /// They are written and not committed.
    AppendWritten,
    /// They are committed, and nobody knows.
    AppendAfter,
    /// The file is about to be written anew.
    RewriteBefore,
    /// It is written and not committed.
    RewriteWritten,
    /// It is committed, and nobody knows.
    RewriteAfter,
    /// The file has grown, and does not know.
    Grown,
    /// It is about to be gone on with.
    GoOn,
    /// A new file that is to take the place of another is whole.
    ReplaceBefore,
    /// The other one is kept under another name, if it is to be kept.
    ReplaceKept,
}

/// Ends the process or fails here, if the environment asks for it: `MQTTLAB_FAILPOINT=append-written:3:kill` at the
/// third time, with `fail` in place of `kill` for an error.
#[cfg(debug_assertions)]
pub(super) fn pass(point: Point) -> io::Result<()> {
    use std::sync::atomic::{AtomicU32, Ordering};

    static PASSED: AtomicU32 = AtomicU32::new(0);
    let Ok(wish) = std::env::var("MQTTLAB_FAILPOINT") else {
        return Ok(());
    };
    let mut parts = wish.split(':');
    let name = match point {
        Point::AppendBefore => "append-before",
        Point::AppendWritten => "append-written",
        Point::AppendAfter => "append-after",
        Point::RewriteBefore => "rewrite-before",
        Point::RewriteWritten => "rewrite-written",
        Point::RewriteAfter => "rewrite-after",
        Point::Grown => "grown",
        Point::GoOn => "go-on",
        Point::ReplaceBefore => "replace-before",
        Point::ReplaceKept => "replace-kept",
    };
    if parts.next() != Some(name) {
        return Ok(());
    }
    let at = parts.next().and_then(|number| number.parse().ok());
    if Some(PASSED.fetch_add(1, Ordering::Relaxed) + 1) < at {
        return Ok(());
    }
    match parts.next() {
        Some("fail") => Err(io::Error::other("a test wants it to fail")),
        Some(_) | None => std::process::abort(),
    }
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub(super) fn pass(_: Point) -> io::Result<()> {
    Ok(())
}

/// With fewer changes it is not worth it to write the file anew. Tests say less.
pub(super) fn tidy_min() -> u64 {
    #[cfg(debug_assertions)]
    if let Ok(Ok(number)) = std::env::var("MQTTLAB_STORE_TIDY_MIN").map(|text| text.parse()) {
        return number;
    }
    10_000
}
