//! What is wrong with a scenario, and where.

#[cfg(feature = "text")]
mod make;

use std::fmt;

#[cfg(feature = "text")]
pub(crate) use make::nearest;

/// Why a text is not a scenario.
///
/// Its [`Display`](fmt::Display) shows the place:
///
/// ```text
/// line 12, column 7: no participant is called `C`
///    |
/// 12 | who = "C"
///    |       ^^^
/// help: did you mean `A`?
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ScenarioError {
    /// What is wrong, in one sentence.
    pub message: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// How many characters are meant.
    pub width: usize,
    /// The line's text.
    pub source: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            message,
            line,
            column,
            width,
            source,
            help,
        } = self;
        let gutter = line.to_string().len();
        writeln!(f, "line {line}, column {column}: {message}")?;
        writeln!(f, "{:gutter$} |", "")?;
        writeln!(f, "{line} | {source}")?;
        write!(
            f,
            "{:gutter$} | {:indent$}{}",
            "",
            "",
            "^".repeat(*width),
            indent = column - 1
        )?;
        if let Some(help) = help {
            write!(f, "\nhelp: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ScenarioError {}
