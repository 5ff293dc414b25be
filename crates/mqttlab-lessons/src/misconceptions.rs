//! What people believe who choose a wrong answer: one list for all lessons.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::{LESSONS, LessonError};

const TEXT: &str = include_str!("../../../lessons/misconceptions.toml");

/// A belief that leads to wrong answers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Misconception {
    /// Its short name: `believes = "…"` in an answer.
    pub id: String,
    /// The belief, in a sentence.
    pub says: String,
    /// What is so instead, in a sentence.
    pub truly: String,
    /// The lesson whose run shows it.
    pub see: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    misconception: Vec<Misconception>,
}

/// All of them, in the order of the list.
///
/// # Errors
/// When the list cannot be read, or names one twice.
pub fn misconceptions() -> Result<Vec<Misconception>, LessonError> {
    let document: Document = toml::from_str(TEXT)?;
    let all = document.misconception;
    let ids: BTreeSet<&str> = all.iter().map(|it| it.id.as_str()).collect();
    if ids.len() < all.len() {
        return Err(LessonError::new("a misconception is listed twice"));
    }
    Ok(all)
}

/// The one with this name.
pub(crate) fn named(id: &str) -> Result<Misconception, LessonError> {
    let found = misconceptions()?.into_iter().find(|it| it.id == id);
    found.ok_or_else(|| LessonError::new(format!("no misconception is called `{id}`")))
}

/// What is wrong with the list: each has its words, is believed somewhere, and is proved wrong by the run it names.
///
/// # Errors
/// When the list or a lesson cannot be read.
pub fn problems() -> Result<Vec<String>, LessonError> {
    let mut problems = Vec::new();
    for Misconception {
        id,
        says,
        truly,
        see,
    } in misconceptions()?
    {
        for text in [&says, &truly] {
            if !text.ends_with('.') || text.chars().count() > 110 {
                problems.push(format!("`{id}`: no sentence that fits: “{text}”"));
            }
        }
        let Some(source) = LESSONS.iter().find(|source| source.id == see) else {
            problems.push(format!("`{id}`: there is no lesson `{see}`"));
            continue;
        };
        // The story holds each such answer against its run, and it is checked that it is wrong there.
        let course = source.read()?;
        let mut answers = course
            .lesson
            .questions()
            .flat_map(|(_, question)| &question.options);
        if !answers.any(|option| option.belief.as_deref() == Some(&says)) {
            problems.push(format!("`{id}`: nothing in `{see}` rests on it"));
        }
    }
    Ok(problems)
}
