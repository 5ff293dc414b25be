//! About files, links and what is wrong with them.

use mqttlab_sim::scenario::ScenarioError;

use crate::opening::{FileTrouble, Trouble};

pub(crate) const INTRO: &str = "A scenario says who takes part, how the network is and what happens when. It is a TOML file: write one, or take \
     one from a colleague, a bug report or a lesson. The same broker code runs it here. What `mqttlab broker --record` has \
     written is opened too.";

pub(crate) const HAS_CHANGED: &str = "This run has changed since the link was made: another version of the broker plays it. The scenario and what was done \
     in it are the same.";

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
            let head = format!("Line {}, column {}: {message}.", error.line, error.column);
            (head, Some(place(error)), error.help.clone())
        }
        Trouble::Link(error) => (sentence(&error.to_string()), None, None),
        Trouble::File(FileTrouble::TooLarge) => (
            "The file is larger than 1 MiB, as no scenario is, nor is it what a broker has recorded.".to_owned(),
            None,
            None,
        ),
        Trouble::File(FileTrouble::Unreadable) => (
            "The browser cannot read this file.".to_owned(),
            None,
            Some("Is it still there, and may you read it?".to_owned()),
        ),
        Trouble::File(FileTrouble::NotText) => (
            "The file is no text.".to_owned(),
            None,
            Some("A scenario is a text file that ends in `.toml`.".to_owned()),
        ),
        Trouble::NoWorker => (
            "The part of the Lab that reads files could not be loaded.".to_owned(),
            None,
            Some("Is there a connection? Load the page again and try once more.".to_owned()),
        ),
    }
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
