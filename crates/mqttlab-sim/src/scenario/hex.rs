//! Bytes as people write them: `10 0e 00 04`.

use std::fmt::Write;

/// The most bytes that are written by hand at once.
pub const BYTES_MAX: usize = 4 << 10;

/// The bytes that a text stands for: two hexadecimal digits each, with white space anywhere between them.
///
/// `None` when it is no such text, is empty, or has more than [`BYTES_MAX`].
///
/// ```
/// # use mqttlab_sim::scenario::hex;
/// assert_eq!(hex::bytes("C0 00"), Some(vec![0xc0, 0]));
/// assert_eq!(hex::bytes("c 000"), None);
/// ```
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for word in text.split_ascii_whitespace() {
        if !word.len().is_multiple_of(2) || bytes.len() + word.len() / 2 > BYTES_MAX {
            return None;
        }
        for pair in word.as_bytes().chunks_exact(2) {
            let digit = |at: usize| char::from(pair[at]).to_digit(16);
            bytes.push((digit(0)? << 4 | digit(1)?) as u8);
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// The same bytes in the usual form.
pub fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let gap = if text.is_empty() { "" } else { " " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{gap}{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MAX, bytes, text};

    #[test]
    fn bytes_come_back_as_they_were() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(bytes(&text(&all)), Some(all));
        assert_eq!(bytes(" 100E\n00\t04 "), Some(vec![0x10, 0x0e, 0, 4]));
    }

    #[test]
    fn anything_else_is_none() {
        for wrong in ["", " ", "1", "1 0", "0x10", "1g", "10-0e", "é0"] {
            assert_eq!(bytes(wrong), None, "{wrong:?}");
        }
        assert!(bytes(&"00".repeat(BYTES_MAX)).is_some());
        assert_eq!(bytes(&"00 ".repeat(BYTES_MAX + 1)), None);
    }
}
