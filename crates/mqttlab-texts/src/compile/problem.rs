//! What is wrong with a file, and where.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    path: PathBuf,
    /// Both are counted from 1; a line 0 is the file as a whole.
    line: usize,
    column: usize,
}

impl Place {
    /// The file as a whole.
    pub(super) fn start(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            line: 0,
            column: 0,
        }
    }

    /// At so many bytes of `text`.
    pub(super) fn at(path: &Path, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    pub(super) fn problem(&self, what: impl Into<String>) -> Problem {
        Problem {
            place: self.clone(),
            what: what.into(),
        }
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    place: Place,
    what: String,
}

impl Problem {
    pub(super) fn of_file(path: &Path, error: &io::Error) -> Self {
        Place::start(path).problem(format!("cannot be read: {error}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { path, line, column } = &self.place;
        write!(f, "{}:", path.display())?;
        if *line > 0 {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}", self.what)
    }
}
