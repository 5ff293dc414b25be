//! Reading the configuration, and saying exactly where it is wrong.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use toml::{Table, Value};

use super::words::plain;
use super::{Config, environment};
use crate::Failure;
use crate::failure::why;

/// Where the configuration comes from, the weakest first.
#[derive(Debug, Default)]
pub(crate) struct Sources<'a> {
    pub(crate) file: Option<&'a Path>,
    /// Variables of the environment; those with other names are passed over.
    pub(crate) environment: Vec<(String, String)>,
    /// `section.key=value`.
    pub(crate) set: &'a [String],
}

/// Reads the configuration.
///
/// # Errors
/// Where a source cannot be read or says something that is not configuration: which, and where in it.
pub(crate) fn load(sources: &Sources<'_>) -> Result<Config, Failure> {
    let mut table = match sources.file {
        Some(path) => read(path)?,
        None => Table::new(),
    };
    let says_nothing = sources.file.is_some() && table.is_empty();
    for change in changes(sources)? {
        change.apply(&mut table)?;
        // One after the other, so that a complaint names the right one.
        Config::deserialize(table.clone())
            .map_err(|error| change.failure(&plain(error.message())))?;
    }
    let config =
        Config::deserialize(table).map_err(|error| Failure::usage(plain(error.message())))?;
    Ok(Config {
        says_nothing,
        ..config
    })
}

fn read(path: &Path) -> Result<Table, Failure> {
    let name = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("--config {name}: {}", why(&error))))?;
    let complain = |error: toml::de::Error| {
        let (line, column) = position(&text, error.span().map_or(0, |span| span.start));
        Failure::usage(format!(
            "{name}:{line}:{column}: {}",
            plain(error.message())
        ))
    };
    // Once for the complaints, which know their place only when the text goes straight into its types.
    toml::from_str::<Config>(&text).map_err(complain)?;
    toml::from_str(&text).map_err(complain)
}

/// Line and column of a byte, counted from 1 and in characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(at)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

/// One value from outside the file.
struct Change {
    /// The option or variable that it comes from.
    origin: String,
    path: Vec<String>,
    value: Value,
}

fn changes(sources: &Sources<'_>) -> Result<Vec<Change>, Failure> {
    let mut changes = Vec::new();
    let mut environment: Vec<_> = sources.environment.iter().collect();
    environment.sort();
    for (name, value) in environment {
        if let Some(path) = environment::path_of(name, value)? {
            changes.push(Change {
                origin: name.clone(),
                path,
                value: parse_value(value),
            });
        }
    }
    for text in sources.set {
        let (path, value) = text.split_once('=').ok_or_else(|| {
            Failure::usage(format!(
                "--set {text}: give SECTION.KEY=VALUE, such as broker.connections-max=100"
            ))
        })?;
        changes.push(Change {
            origin: format!("--set {text}"),
            path: path.split('.').map(|part| part.trim().to_owned()).collect(),
            value: parse_value(value.trim()),
        });
    }
    Ok(changes)
}

/// A value as in the file; text needs no quotes.
fn parse_value(text: &str) -> Value {
    match toml::from_str::<Table>(&format!("value = {text}")) {
        Ok(mut table) if table.len() == 1 => table
            .remove("value")
            .unwrap_or_else(|| Value::String(text.into())),
        Ok(_) | Err(_) => Value::String(text.into()),
    }
}

impl Change {
    fn apply(&self, table: &mut Table) -> Result<(), Failure> {
        let Some((last, sections)) = self.path.split_last() else {
            return Err(self.failure("there is no key"));
        };
        if sections.first().is_some_and(|first| first == "listener") {
            return Err(self.failure(
                "listeners are a list, and come as a whole: '[{ address = \"127.0.0.1:1883\" }]' for `listener`",
            ));
        }
        let mut table = table;
        for section in sections {
            let entry = table
                .entry(section.clone())
                .or_insert_with(|| Value::Table(Table::new()));
            table = entry
                .as_table_mut()
                .ok_or_else(|| self.failure(&format!("`{section}` is not a section")))?;
        }
        table.insert(last.clone(), self.value.clone());
        Ok(())
    }

    fn failure(&self, why: &str) -> Failure {
        Failure::usage(format!("{}: {why}", self.origin))
    }
}
