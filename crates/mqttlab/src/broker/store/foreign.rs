//! Files that are no store at all: whoever names the wrong one keeps it.

use super::frame::{FORMER_MARK, MARK};
use super::{former, header};

/// So much of a file shows whether it is a text.
const HEAD_BYTES: usize = 4 << 10;

/// What other programs' files begin with, and what they are.
const KNOWN: [(&[u8], &str); 2] = [
    (b"\0\xB5\0mosquitto db", "a database of Mosquitto"),
    (b"SQLite format 3\0", "a database of SQLite"),
];

/// What to say of a file that has nothing in it that a store has, however damaged; `None` where it has. A file that says
/// nothing at all may have been a store.
pub(super) fn complaint(bytes: &[u8]) -> Option<String> {
    if is_ours(bytes) || bytes.iter().all(|&byte| byte == 0) {
        return None;
    }
    let known = KNOWN.iter().find(|(mark, _)| bytes.starts_with(mark));
    let what = match known {
        Some((_, what)) => what,
        None if is_text(bytes) => "a text",
        None => "a file of another program",
    };
    Some(format!(
        "it is {what} and no store; name another file, or a folder"
    ))
}

/// Whether anything of a store is left: what it begins with, or the mark of a change, which no text has in it.
fn is_ours(bytes: &[u8]) -> bool {
    let has = |mark: &[u8]| memchr::memmem::find(bytes, mark).is_some();
    bytes.starts_with(former::MARK) || header::is_marked(bytes) || has(&MARK) || has(&FORMER_MARK)
}

/// Whether the file is somebody's text, which no damage makes of a store: that has bytes in it that no text has.
fn is_text(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let text = match str::from_utf8(head) {
        Ok(text) => text,
        // The last character may be cut off.
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let is_odd = |c: char| c.is_control() && !c.is_whitespace();
    !text.is_empty() && !text.contains(is_odd)
}
