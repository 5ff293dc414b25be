//! What the page says stands in its Fluent files, not in its code.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::Finding;
use super::source::Code;

/// Applications with texts in files.
const APPLICATIONS: &[&str] = &["crates/mqttlab-web/src/", "crates/mqttlab-sandbox/src/"];

/// What is the same in every language.
const NAMES: &[&str] = &["MQTT", "MQTT-", "Lab"];

/// Texts that no translator has to do with: where they stand, how they begin, and why they are none of the page's.
const NO_WORDS: &[(&str, &str, &str)] = &[
    ("src/lab.rs", "Client Identifier", "the name of a field"),
    ("src/lab.rs", "Packet Identifier", "the name of a field"),
    ("src/lab.rs", "Topic Name", "the name of a field"),
    (
        "mqttlab-sandbox/src/lesson.rs",
        "",
        "it writes a file of a lesson",
    ),
    (
        "mqttlab-sandbox/src/packets.rs",
        "PUBLISH, QoS ",
        "the name of a packet",
    ),
    (
        "mqttlab-sandbox/src/page.rs",
        "did you mean ",
        "what the simulator says",
    ),
    ("src/palette.rs", "", "it is a test"),
    (
        "src/texts/learn.rs",
        " is told to ",
        "what the simulator says",
    ),
    (
        "src/texts/learn.rs",
        "What if ",
        "how titles of lessons begin",
    ),
    ("src/texts/learn.rs", "mqttlab run ", "a command"),
    (
        "src/ui/help.rs",
        "Ctrl ",
        "the names of keys are looked up one by one",
    ),
    ("src/ui/run.rs", "type:connect ", "a search"),
    ("src/ui/share.rs", "<iframe ", "HTML"),
    ("src/ui/topology/links.rs", "link ", "classes"),
    ("src/ui/until.rs", "arrived(", "a condition"),
];

/// Attributes that are read by people.
const READ: &[&str] = &[
    "title=",
    "aria-label=",
    "aria-valuetext=",
    "placeholder=",
    "alt=",
];

/// What is told to developers.
const FOR_DEVELOPERS: &[&str] = &["expect(", "panic!(", "unreachable!(", "assert!("];

/// The names of all classes of the style sheets: texts of such names alone are no words.
pub(super) fn classes(root: &Path) -> Result<BTreeSet<String>> {
    let folder = root.join("www/css");
    let mut classes = BTreeSet::new();
    for entry in
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let text = fs::read_to_string(entry?.path())?;
        let names = text.split('.').skip(1).map(|rest| {
            let end = rest.find(|letter: char| !is_of_name(letter));
            &rest[..end.unwrap_or(rest.len())]
        });
        classes.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
    }
    Ok(classes)
}

pub(super) fn check(
    path: &str,
    content: &str,
    code: &Code,
    classes: &BTreeSet<String>,
) -> Vec<Finding> {
    let is_said = APPLICATIONS.iter().any(|place| path.starts_with(place));
    if !is_said || path.ends_with("tests.rs") {
        return Vec::new();
    }
    let tests = content
        .lines()
        .position(|line| line.trim() == "#[cfg(test)]");
    let mut findings = Vec::new();
    for (before, text) in code.texts() {
        let is_test = tests.is_some_and(|tests| text.line > tests);
        let is_excepted = NO_WORDS
            .iter()
            .any(|(place, start, _)| path.ends_with(place) && text.words.starts_with(start));
        if !is_test && !is_excepted && is_read(before.trim_end(), &text.words, classes) {
            findings.push(Finding::new(
                path,
                text.line,
                format!("“{}” belongs into texts/en.ftl", text.words),
            ));
        }
    }
    findings
}

/// Whether people read a text that stands behind this code.
fn is_read(before: &str, text: &str, classes: &BTreeSet<String>) -> bool {
    if FOR_DEVELOPERS.iter().any(|call| before.ends_with(call)) || is_class(before) {
        return false;
    }
    let words = without_places(text);
    if words
        .split(' ')
        .all(|word| NAMES.contains(&word) || !has_letter(word))
    {
        return false;
    }
    is_element(before)
        || READ.iter().any(|name| before.ends_with(name))
        || is_sentence(&words, classes)
}

/// Whether it stands alone in braces in an element: `<p>{ "…" }</p>`.
fn is_element(before: &str) -> bool {
    let Some(outside) = before.strip_suffix('{').map(str::trim_end) else {
        return false;
    };
    let is_arrow = outside.ends_with("=>") || outside.ends_with("->");
    (outside.ends_with('>') || outside.ends_with('}')) && !is_arrow
}

/// Whether it is the value of the attribute `class`, be it within an expression.
fn is_class(before: &str) -> bool {
    let Some(at) = before.rfind("class=") else {
        return false;
    };
    let value = &before[at + "class=".len()..];
    let depth = |bracket: char| value.matches(bracket).count();
    value.is_empty() || depth('{') > depth('}')
}

fn has_letter(word: &str) -> bool {
    word.contains(|letter: char| letter.is_alphabetic())
}

/// Whether there are two words side by side that are no names of classes.
fn is_sentence(text: &str, classes: &BTreeSet<String>) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    // Letters with digits are paths of drawings.
    let is_word = |word: &&str| has_letter(word) && !word.contains(|c: char| c.is_ascii_digit());
    let is_long = |word: &&str| word.chars().count() > 1;
    let are_two = words
        .windows(2)
        .any(|pair| pair.iter().all(is_word) && pair.iter().any(is_long));
    let is_class = |word: &&str| word.is_empty() || classes.contains(*word) || word.ends_with('-');
    are_two && !words.iter().all(is_class)
}

/// The text without what is filled in: `{name:02x}` is no word.
fn without_places(text: &str) -> String {
    let mut depth = 0_u32;
    let kept = text.chars().filter(|letter| match letter {
        '{' => {
            depth += 1;
            false
        }
        '}' => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0,
    });
    kept.collect()
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '-' || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::source::code_of;

    fn lines(text: &str) -> Vec<usize> {
        let classes = ["card", "changed"].map(str::to_owned).into();
        let path = "crates/mqttlab-web/src/ui/x.rs";
        let findings = check(path, text, &code_of(text), &classes);
        findings.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn what_people_read_is_found() {
        for text in [
            "html! { <p>{ \"Help\" }</p> }",
            "html! { <p>{ icon() }{ \" Help\" }</p> }",
            "html! { <p title=\"Help\" /> }",
            "let x = \"not yet\";",
            "format!(\"Compare with {name}\")",
        ] {
            assert_eq!(lines(text), [1], "{text}");
        }
    }

    #[test]
    fn what_nobody_reads_is_free() {
        for text in [
            "html! { <p class=\"some thing\">{ say::HELP }{ \": \" }</p> }",
            "html! { <p class={if new { \"some thing\" } else { \"other thing\" }} /> }",
            "html! { <h1>{ \"MQTT Lab\" }</h1> }",
            "html! { <path d=\"M12 2a10 10 0 0 1 10 10M12 22A10 10 0 0 1 2 12\" /> }",
            "let class = if new { \"card changed\" } else { \"card\" };",
            "match x { 1 => { \"one\" } }",
            "x.expect(\"it is there\")",
            "format!(\"{first} {second:02x}\")",
            "const KIND: &str = \"events\";",
            "// \"a comment\"",
            "fn f() {}\n#[cfg(test)]\nmod tests { const X: &str = \"two words\"; }",
        ] {
            assert!(lines(text).is_empty(), "{text}");
        }
    }
}
