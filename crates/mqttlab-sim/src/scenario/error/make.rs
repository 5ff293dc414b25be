//! Errors from places in a text.

use std::ops::Range;

use super::ScenarioError;
use crate::scenario::reader::Mistake;

impl ScenarioError {
    /// An error at these bytes of `text`.
    pub(crate) fn at(text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let start = floor_boundary(text, span.start);
        let end = floor_boundary(text, span.end).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        Self {
            message: message.into(),
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            width: text[start..end.min(line_end)].chars().count().max(1),
            source: text[line_start..line_end].trim_end_matches('\r').to_owned(),
            help: None,
        }
    }

    /// The same with advice.
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with the candidate that `wrong` comes nearest to, if one is near.
    pub(crate) fn did_you_mean<'a>(
        self,
        wrong: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        match nearest(wrong, candidates) {
            Some(candidate) => self.with_help(format!("did you mean `{candidate}`?")),
            None => self,
        }
    }

    /// What the reader found.
    pub(in crate::scenario) fn from_reader(text: &str, mistake: Mistake) -> Self {
        let Mistake { message, place } = mistake;
        let this = Self::at(text, place.unwrap_or(0..0), message.as_str());
        // Serde says: unknown field `paylod`, expected one of `at`, `who`, …
        let mut quoted = message.split('`').skip(1).step_by(2);
        match quoted.next() {
            Some(wrong) if message.starts_with("unknown ") => this.did_you_mean(wrong, quoted),
            Some(_) | None => this,
        }
    }
}

/// The candidate nearest to `wrong`, unless all are far away.
pub(crate) fn nearest<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let allowed = (wrong.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(wrong, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

fn floor_boundary(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at.min(text.len()))
}
