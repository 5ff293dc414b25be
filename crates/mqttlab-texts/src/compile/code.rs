//! The Rust of an application's texts.

use std::fmt::Write;
use std::path::Path;

use super::NAME;
use super::pattern::Kind;
use super::resource::{Argument, Entry};

/// What a text is called in Rust: `share.title` is `SHARE_TITLE`, or `share_title` with arguments.
pub(super) fn name_of(entry: &Entry) -> String {
    let name = entry.key.replace(['-', '.'], "_");
    match entry.arguments.is_empty() {
        true => name.to_ascii_uppercase(),
        false => name.to_ascii_lowercase(),
    }
}

/// A constant or a function for each text, and what an application has to know of its languages.
pub(super) fn code_of(
    entries: &[Entry],
    table: &Path,
    languages: &[(String, String)],
    file: &str,
) -> String {
    let mut code = format!("::mqttlab_texts::texts_of_page!(include_str!({table:?}));\n");
    let mut line = |text: String| {
        code.push_str(&text);
        code.push('\n');
    };
    line(
        "/// The languages that there are, and what they call themselves; the first needs no file."
            .to_owned(),
    );
    line(format!(
        "pub(crate) const LANGUAGES: &[(&str, &str)] = &{languages:?};"
    ));
    line("/// The file of a language, from the page's folder.".to_owned());
    line(format!(
        "pub(crate) fn file_of(language: &str) -> String {{ {file:?}.replacen(\"{{}}\", language, 1) }}"
    ));
    for (number, entry) in entries.iter().enumerate() {
        // The name of the language is in the list already.
        if entry.key != NAME {
            line(item(number, entry));
        }
    }
    code
}

fn item(number: usize, entry: &Entry) -> String {
    let name = name_of(entry);
    let about = format!("#[doc = {:?}]", format!("“{}”", entry.english));
    if entry.arguments.is_empty() {
        return format!("{about}\npub(crate) const {name}: Text = Text({number});");
    }
    let mut parameters = String::new();
    let mut values = String::new();
    for argument in &entry.arguments {
        let variable = variable(argument);
        let (kind, value) = match argument.kind {
            Kind::Text => ("&str", format!("Text({variable})")),
            Kind::Number => (
                "impl Into<::mqttlab_texts::Number>",
                format!("Number({variable}.into().0)"),
            ),
        };
        // Writing to a text cannot fail.
        let _ = write!(parameters, "{variable}: {kind}, ");
        let _ = write!(values, "::mqttlab_texts::Argument::{value}, ");
    }
    format!(
        "{about}\npub(crate) fn {name}({parameters}) -> String {{ fill({number}, &[{values}]) }}"
    )
}

fn variable(argument: &Argument) -> String {
    let name = argument.name.replace('-', "_").to_ascii_lowercase();
    match name.as_str() {
        "as" | "for" | "in" | "is" | "move" | "of" | "type" | "where" | "while" => {
            format!("the_{name}")
        }
        _ => name,
    }
}
