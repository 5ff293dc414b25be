//! A lesson to begin with, made from a scenario: each step is a part of the story, each expectation a question.

use std::fmt::Write;

use mqttlab_sim::scenario::duration;
use toml_edit::{DocumentMut, Item, Table};

use crate::edit::{self, Path};
use crate::words;

/// The text of `lesson.md`; `scenario.toml` beside it is the scenario as it is.
pub(crate) fn skeleton(document: &DocumentMut) -> String {
    let root = document.as_item();
    let header = |key: &'static str| edit::text(root, &Path::of("scenario").to(key));
    let title = header("title").unwrap_or_default();
    let about =
        header("about").unwrap_or_else(|| "What this is about, in one sentence.".to_owned());
    let mut text = format!(
        "# {title}\n\n{about}\n\n## How it begins\n\n```toml beat\n```\n\nSay who takes part, and what to watch.\n"
    );
    let mut last = 0;
    for (at, moment, words) in moments(document) {
        // What happens at the start belongs to the first part.
        if at == last {
            continue;
        }
        last = at;
        let _ = write!(
            text,
            "\n## {words}\n\n```toml beat\nwhen = 'now >= {moment}'\n```\n\nSay what happens here. Better wait for an event than for a time: `sent(\"A\", \"CONNECT\") == 1`.\n"
        );
    }
    let until = header("until").unwrap_or_default();
    if let Some(condition) = expected(document) {
        let _ = write!(text, "\n{}", question(&condition, &until));
    }
    text
}

/// When something is done: in microseconds, as it is written, and in words.
fn moments(document: &DocumentMut) -> Vec<(u64, String, String)> {
    let root = document.as_item();
    let steps = Path::of("do");
    let mut moments = Vec::new();
    for at in 0..edit::count(root, &steps) {
        let step = steps.to(at);
        let written = edit::text(root, &step.to("at")).unwrap_or_default();
        let Ok(micros) = duration::parse(&written) else {
            continue;
        };
        let who = edit::texts(root, &step.to("who")).join(" and ");
        let act = edit::text(root, &step.to("act")).unwrap_or_default();
        let act = words::act(&act);
        let act = act.split_once(':').map_or(act, |(act, _)| act);
        moments.push((micros, written, format!("{who}: {act}")));
    }
    moments.sort_by_key(|(at, ..)| *at);
    moments
}

/// A condition that is true at the end, if the scenario has one.
fn expected(document: &DocumentMut) -> Option<String> {
    let expected = document.get("expect").and_then(Item::as_array_of_tables)?;
    let condition = |table: &Table| {
        let condition = |key| table.get(key).and_then(Item::as_str);
        condition("always")
            .or_else(|| condition("eventually"))
            .map(str::to_owned)
    };
    expected.iter().find_map(condition)
}

fn question(condition: &str, until: &str) -> String {
    let quoted = edit::literal(condition);
    let other = edit::literal(&format!("not ({condition})"));
    format!(
        "```toml question\nask = \"What will come of it?\"\nuntil = 'now >= {until}'\n\n\
         [[option]]\nsay = \"say what this means\"\nwhen = {quoted}\nreply = \"Say why it is so.\"\n\n\
         [[option]]\nsay = \"say what would be otherwise\"\nwhen = {other}\nreply = \"Say what somebody thinks who chooses this.\"\n```\n"
    )
}

#[cfg(test)]
mod tests {
    use mqttlab_lessons::Source;

    use super::skeleton;
    use crate::templates::TEMPLATES;

    #[test]
    fn a_skeleton_is_a_lesson() {
        for template in TEMPLATES {
            let document = template.text.parse().expect("a template is TOML");
            let text = skeleton(&document);
            let source = Source {
                id: "mine",
                is_case: false,
                text: Box::leak(text.into_boxed_str()),
                scenario: template.text,
                trace: "",
                snippets: &[],
            };
            let course = source.read();
            assert!(course.is_ok(), "{}: {}", template.name, course.unwrap_err());
        }
    }
}
