//! Rules for Rust files, and a reader that tells code from comments and text.

use super::Finding;

/// A file may have so many lines without its tests.
const LINES_MAX: usize = 700;

/// What may not stand in code, and why.
const BANNED: &[(&str, &str)] = &[
    ("#[ignore", "a test that does not run proves nothing"),
    ("#[should_panic", "say what is expected and check it"),
    ("todo!", "not done"),
    ("unimplemented!", "not done"),
    ("dbg!", "left over from a search"),
];

/// Crates without unsafe code, and those without the standard library: the first file of each.
const FORBID_UNSAFE: &[&str] = &[
    "crates/mqttlab-core/src/lib.rs",
    "crates/mqttlab-sim/src/lib.rs",
    "crates/mqttlab-js/src/lib.rs",
    "crates/mqttlab-texts/src/lib.rs",
    "crates/mqttlab-worker/src/main.rs",
    "crates/mqttlab-web/src/main.rs",
    "crates/mqttlab-web/src/lib.rs",
];
const NO_STD: &[&str] = &["crates/mqttlab-core/src/lib.rs"];

pub(super) fn check(path: &str, content: &str, code: &Code) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, text) in code.lines() {
        for (banned, why) in BANNED {
            if mentions(text, banned) {
                findings.push(Finding::new(path, line, format!("`{banned}`: {why}")));
            }
        }
    }
    for (line, comment) in code.comments() {
        if is_code(comment) {
            findings.push(Finding::new(
                path,
                line,
                "this comment is code: it belongs into the history",
            ));
        }
    }
    if FORBID_UNSAFE.contains(&path) && !code.0.contains("#![forbid(unsafe_code)]") {
        findings.push(Finding::new(path, 0, "needs #![forbid(unsafe_code)]"));
    }
    if NO_STD.contains(&path) && !code.0.contains("#![no_std]") {
        findings.push(Finding::new(path, 0, "needs #![no_std]"));
    }
    let lines = lines_without_tests(path, content);
    if lines > LINES_MAX {
        findings.push(Finding::new(
            path,
            0,
            format!("{lines} lines without tests, more than {LINES_MAX}: split it by concept"),
        ));
    }
    findings
}

/// Whether `text` has `banned`, not as the end of a longer name.
fn mentions(text: &str, banned: &str) -> bool {
    text.match_indices(banned)
        .any(|(at, _)| !text[..at].ends_with(is_name))
}

/// Whether a comment looks like a statement, not like a sentence.
fn is_code(comment: &str) -> bool {
    let text = comment.trim();
    let ends = text.ends_with(';')
        || text.ends_with(" {")
        || text == "}"
        || text == "});"
        || text.ends_with(") {");
    ends || text.starts_with("#[") || text.starts_with("println!(")
}

fn lines_without_tests(path: &str, content: &str) -> usize {
    let all_tests =
        path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("tests.rs");
    if all_tests {
        0
    } else {
        content
            .lines()
            .take_while(|line| !line.starts_with("#[cfg(test)]"))
            .count()
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A file's code, line for line: text in quotes is blank, and comments and texts are apart.
pub(super) struct Code(String, Vec<(usize, String)>, Vec<Text>);

/// A text in quotes.
pub(super) struct Text {
    pub(super) line: usize,
    /// As it is written, without its quotes.
    pub(super) words: String,
    /// The code up to it has so many bytes.
    pub(super) at: usize,
}

impl Code {
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.0
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }

    /// Plain comments, without `//`. Documentation is not among them, for it may show code.
    fn comments(&self) -> impl Iterator<Item = (usize, &str)> {
        self.1.iter().map(|(line, text)| (*line, text.as_str()))
    }

    /// Texts in quotes, each with the code before it.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &Text)> {
        self.2.iter().map(|text| (&self.0[..text.at], text))
    }

    /// Names that are part of a path or of a `use`, with their line.
    pub(super) fn modules_named(&self) -> Vec<(usize, String)> {
        let mut named = Vec::new();
        let mut in_use = false;
        for (line, text) in self.lines() {
            for (start, word) in words_in(text) {
                let before = text[..start].trim_end();
                let after = text[start + word.len()..].trim_start();
                if word == ";" {
                    in_use = false;
                } else if in_use || before.ends_with("::") || after.starts_with("::") {
                    named.push((line, word.to_owned()));
                }
                in_use |= word == "use";
            }
        }
        named
    }
}

/// Names and semicolons with their place in the line.
fn words_in(text: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut rest = 0;
    while let Some(start) = text[rest..]
        .find(|c| is_name(c) || c == ';')
        .map(|at| at + rest)
    {
        let length = text[start..]
            .find(|c| !is_name(c))
            .unwrap_or(text.len() - start)
            .max(1);
        words.push((start, &text[start..start + length]));
        rest = start + length;
    }
    words
}

/// Splits a Rust file into code and comments.
pub(super) fn code_of(content: &str) -> Code {
    let mut reader = Reader {
        rest: content,
        code: String::with_capacity(content.len()),
        comments: Vec::new(),
        texts: Vec::new(),
        line: 1,
    };
    while let Some(next) = reader.rest.chars().next() {
        reader.step(next);
    }
    Code(reader.code, reader.comments, reader.texts)
}

struct Reader<'a> {
    rest: &'a str,
    code: String,
    comments: Vec<(usize, String)>,
    texts: Vec<Text>,
    line: usize,
}

impl Reader<'_> {
    fn step(&mut self, next: char) {
        if self.rest.starts_with("//") {
            let length = self.rest.find('\n').unwrap_or(self.rest.len());
            let comment = &self.rest[2..length];
            if !comment.starts_with(['/', '!']) {
                self.comments.push((self.line, comment.to_owned()));
            }
            self.blank(length);
        } else if self.rest.starts_with("/*") {
            self.blank(block_comment(self.rest));
        } else if let Some(length) = raw_text(self.rest)
            && !self.code.ends_with(is_name)
        {
            self.blank(length);
        } else if next == '"' {
            let length = quoted(self.rest, '"');
            self.texts.push(Text {
                line: self.line,
                words: self.rest[1..length].trim_end_matches('"').to_owned(),
                at: self.code.len(),
            });
            self.blank(length);
        } else if next == '\'' && is_character(self.rest) {
            self.blank(quoted(self.rest, '\''));
        } else {
            self.code.push(next);
            self.line += usize::from(next == '\n');
            self.rest = &self.rest[next.len_utf8()..];
        }
    }

    /// Leaves out `length` bytes, but keeps the lines.
    fn blank(&mut self, length: usize) {
        let (text, rest) = self.rest.split_at(length);
        let lines = text.matches('\n').count();
        self.code.push(' ');
        self.code.extend(std::iter::repeat_n('\n', lines));
        self.line += lines;
        self.rest = rest;
    }
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let step = if text[at..].starts_with("/*") {
            depth += 1;
            2
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            2
        } else {
            text[at..].chars().next().map_or(1, char::len_utf8)
        };
        at += step;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The length of a raw string at the start of `text`, such as `r#"…"#`.
fn raw_text(text: &str) -> Option<usize> {
    let after = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let end = body.find(&close).map_or(body.len(), |at| at + close.len());
    Some(text.len() - body.len() + end)
}

/// The length of what stands between `quote`s at the start of `text`, these included.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return at + c.len_utf8();
        }
    }
    text.len()
}

/// Whether the apostrophe at the start of `text` opens a character, not a lifetime.
fn is_character(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    match chars.next() {
        Some('\\') => true,
        Some(_) => chars.next() == Some('\''),
        None => false,
    }
}

#[cfg(test)]
mod tests;
