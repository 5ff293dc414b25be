//! About files, links and what is wrong with them.

use mqttlab_sim::scenario::ScenarioError;

use crate::opening::{FileTrouble, Trouble};
use crate::say::{self, Text};

pub(crate) const PLACEHOLDER: &str =
    "[scenario]\nid = \"mine\"\ntitle = \"Mine\"\nversion = 1\nuntil = \"10s\"";

/// What is wrong, its place in the text, and what to do.
pub(crate) fn trouble(trouble: &Trouble) -> (String, Option<String>, Option<String>) {
    match trouble {
        // It is no text that has lines.
        Trouble::Text(error) if error.line == 0 => {
            (sentence(&error.message), None, error.help.clone())
        }
        Trouble::Text(error) => {
            // With advice at hand, the list of everything possible only hides it.
            let message = match (&error.help, error.message.split_once(", expected ")) {
                (Some(_), Some((short, _))) => short,
                (Some(_) | None, _) => &error.message,
            };
            let head = say::trouble_line(error.line, error.column, message);
            (head, Some(place(error)), error.help.clone())
        }
        Trouble::Link(error) => (sentence(&error.to_string()), None, None),
        Trouble::File(FileTrouble::TooLarge) => (say::TROUBLE_TOO_LARGE.to_string(), None, None),
        Trouble::File(FileTrouble::Unreadable) => {
            helped(say::TROUBLE_UNREADABLE, say::TROUBLE_UNREADABLE_HELP)
        }
        Trouble::File(FileTrouble::NotText) => {
            helped(say::TROUBLE_NO_TEXT, say::TROUBLE_NO_TEXT_HELP)
        }
        Trouble::NoWorker => helped(say::TROUBLE_NO_WORKER, say::TROUBLE_NO_WORKER_HELP),
    }
}

fn helped(what: Text, help: Text) -> (String, Option<String>, Option<String>) {
    (what.to_string(), None, Some(help.to_string()))
}

/// The line, and a mark below what is meant.
fn place(error: &ScenarioError) -> String {
    const WIDTH_MAX: usize = 60;
    let indent: String = (error.source.chars().take(error.column - 1))
        .map(|c| if c == '\t' { '\t' } else { ' ' })
        .collect();
    let mark = "^".repeat(error.width.min(WIDTH_MAX));
    format!("{}\n{indent}{mark}", error.source)
}

/// `the link is damaged` as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use mqttlab_sim::link::LinkError;
    use mqttlab_sim::scenario::Scenario;

    use super::trouble;
    use crate::opening::Trouble;

    #[test]
    fn a_mistake_has_its_place() {
        let text = "[scenario]\nid = \"x\"\ntitle = \"X\"\nversion = 1\nuntil = \"5 parsecs\"\n";
        let error = Scenario::parse(text).expect_err("that is no span of time");
        let (head, place, _) = trouble(&Trouble::Text(error));
        assert!(head.starts_with("Line 5, column 9: "), "{head}");
        assert_eq!(
            place.as_deref(),
            Some("until = \"5 parsecs\"\n        ^^^^^^^^^^^")
        );
    }

    #[test]
    fn a_damaged_link_is_a_sentence() {
        let (head, ..) = trouble(&Trouble::Link(LinkError::Damaged));
        assert_eq!(head, "The link is damaged: perhaps its end was cut off.");
    }
}
