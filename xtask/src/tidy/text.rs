//! Rules for every text file.

use super::Finding;

/// Kinds of files whose white space matters to nobody but the next reader.
const KINDS: &[&str] = &[
    ".rs",
    ".toml",
    ".md",
    ".html",
    ".css",
    ".js",
    ".mjs",
    ".json",
    ".sh",
    ".yml",
    ".yaml",
    ".svg",
    ".py",
    ".webmanifest",
];

pub(super) fn check(path: &str, content: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if KINDS.iter().any(|kind| path.ends_with(kind)) || path == ".ci/run" {
        white_space(path, content, &mut findings);
    }
    for (index, line) in content.lines().enumerate() {
        if let Some(home) = machine_path(line) {
            findings.push(Finding::new(
                path,
                index + 1,
                format!("`{home}` is a folder of one machine only"),
            ));
        }
    }
    findings
}

fn white_space(path: &str, content: &str, findings: &mut Vec<Finding>) {
    for (index, line) in content.split('\n').enumerate() {
        if line.ends_with('\r') {
            findings.push(Finding::new(
                path,
                index + 1,
                "a carriage return ends this line",
            ));
        } else if line.ends_with([' ', '\t']) {
            findings.push(Finding::new(path, index + 1, "white space ends this line"));
        }
        if line.contains('\t') && !path.ends_with(".svg") {
            findings.push(Finding::new(path, index + 1, "a tab: use spaces"));
        }
    }
    if !content.is_empty() && !content.ends_with('\n') {
        findings.push(Finding::new(path, 0, "the last line has no end"));
    } else if content.ends_with("\n\n") {
        findings.push(Finding::new(path, 0, "blank lines at the end"));
    }
}

/// A home directory or the like, at the start of an absolute path.
fn machine_path(line: &str) -> Option<&'static str> {
    // Written so that this file does not break its own rule. `home` is not among them: topics begin so.
    const HOMES: [&str; 3] = [
        concat!("/", "root/"),
        concat!("/", "work/"),
        concat!("/", "Users/"),
    ];
    HOMES.into_iter().find(|home| {
        line.match_indices(home).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || "_.-/+#*}~$".contains(c))
        })
    })
}

/// Links of a Markdown file to files of the project that do not exist.
pub(super) fn check_links(
    path: &str,
    content: &str,
    exists: impl Fn(&str) -> bool,
) -> Vec<Finding> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut findings = Vec::new();
    let mut fenced = false;
    for (index, line) in content.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        for target in links_in(line) {
            let file = target.split('#').next().unwrap_or(target);
            if file.is_empty() || file.contains(':') {
                continue;
            }
            let below = if folder.is_empty() {
                file.to_owned()
            } else {
                format!("{folder}/{file}")
            };
            if !exists(&below) {
                findings.push(Finding::new(
                    path,
                    index + 1,
                    format!("links to {file}, which is not there"),
                ));
            }
        }
    }
    findings
}

fn links_in(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target)
}

#[cfg(test)]
mod tests {
    use super::{check, check_links};

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(path, text)
            .into_iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn careless_white_space_is_found() {
        assert_eq!(lines("a.rs", "one \ntwo\r\nthree\n\tfour\n"), [1, 2, 4]);
        assert_eq!(lines("a.css", "no end"), [0]);
        assert_eq!(lines("a.toml", "a = 1\n\n"), [0]);
        assert!(lines("trace.txt", "kept as it is \n").is_empty());
        assert!(lines("a.rs", "").is_empty());
    }

    #[test]
    fn folders_of_one_machine_are_found() {
        let path = concat!("/", "root/x");
        assert_eq!(lines("a.txt", &format!("cd {path}\n")), [1]);
        assert_eq!(lines("a.txt", &format!("\"{path}\"\n")), [1]);
        assert!(lines("a.txt", &format!("https://example.org{path}\n")).is_empty());
        assert!(lines("a.txt", "target/work and ../root/\n").is_empty());
    }

    #[test]
    fn links_into_the_void_are_found() {
        let text = "[a](there.md#part) [b](gone.md) [c](https://x.y/z) [d](#here)\n```\n[e](code.md)\n```\n";
        let found = check_links("docs/x.md", text, |target| target == "docs/there.md");
        assert_eq!(
            found.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["docs/x.md:1: links to gone.md, which is not there"]
        );
    }
}
