//! Tests that a document names are there.

use std::collections::BTreeSet;
use std::path::Path;

use super::Finding;

/// The documents whose tables name tests, as `file::function`.
const DOCUMENTS: &[&str] = &["docs/safety.md"];

/// The functions that are tests, by the name of their file.
#[derive(Debug, Default)]
pub(super) struct Tests(BTreeSet<(String, String)>);

impl Tests {
    /// Takes note of those in a source file.
    pub(super) fn read(&mut self, path: &str, code: &str) {
        let file = names_of(path);
        // `#[test]`, and that of a runtime.
        for after in code.split("test]").skip(1) {
            let name = after
                .split_once("fn ")
                .and_then(|(_, rest)| rest.split_once('('));
            if let Some((name, _)) = name {
                let entries = file.iter().map(|file| (file.clone(), name.to_owned()));
                self.0.extend(entries);
            }
        }
    }
}

/// What a document may call the file: its own name, and for the tests beside a module the name of that.
fn names_of(path: &str) -> Vec<String> {
    let path = Path::new(path);
    let text = |part: Option<&std::ffi::OsStr>| part.map(|p| p.to_string_lossy().into_owned());
    let stem = text(path.file_stem());
    let parent = text(path.parent().and_then(Path::file_name));
    let is_plain = !matches!(stem.as_deref(), Some("mod" | "tests"));
    let mut names: Vec<String> = stem.into_iter().collect();
    if !is_plain {
        names.extend(parent);
    }
    names
}

/// The tests that one of the documents names and that are not there.
pub(super) fn check(path: &str, content: &str, tests: &Tests) -> Vec<Finding> {
    if !DOCUMENTS.contains(&path) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (index, line) in content.lines().enumerate() {
        let quoted = line.split('`').skip(1).step_by(2);
        for name in quoted {
            let Some((file, test)) = name.rsplit_once("::") else {
                continue;
            };
            if !tests.0.contains(&(file.to_owned(), test.to_owned())) {
                let what = format!("there is no test {name}");
                findings.push(Finding::new(path, index + 1, what));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{Tests, check};

    #[test]
    fn a_test_that_is_not_there_is_found() {
        let mut tests = Tests::default();
        tests.read(
            "tests/it/doors.rs",
            "#[test]\nfn they_open() {}\nfn helper() {}",
        );
        tests.read(
            "crates/x/src/link/tests.rs",
            "#[test]\n#[cfg(unix)]\nfn it_is_small() {}",
        );
        let text =
            "| a `word` | `doors::they_open`, `link::it_is_small` |\n| b | `doors::helper` |\n";
        let findings = check("docs/safety.md", text, &tests);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].line, 2);
        assert!(findings[0].what.contains("doors::helper"));
        assert!(check("README.md", text, &tests).is_empty());
    }
}
