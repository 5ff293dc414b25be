//! What the page says around lessons; what they say themselves is in their files.

use crate::lesson::{Done, Place};
use crate::say;

pub(crate) fn place(place: Place) -> String {
    let kind = if place.is_case { "case" } else { "lesson" };
    say::lesson_place(kind, place.number, place.of)
}

/// An action as something to be done: `writer: publish …`.
pub(crate) fn tool(action: &str) -> String {
    action.replacen(" is told to ", ": ", 1)
}

pub(crate) fn go_on(finished: usize, title: &str) -> String {
    match finished {
        0 => say::course_begin(title),
        _ => say::course_go_on(title),
    }
}

/// A title below the words “What if…”, without repeating them.
pub(crate) fn without_what_if(title: &str) -> String {
    match title.strip_prefix("What if ") {
        Some(rest) => format!("…{rest}"),
        None => title.to_owned(),
    }
}

pub(crate) fn command(id: &str) -> String {
    format!("mqttlab run lessons/{id}/scenario.toml")
}

pub(crate) fn done(done: Done, questions: u8) -> String {
    match done.goal {
        true => say::course_foreseen_goal(done.right, questions),
        false => say::course_foreseen(done.right, questions),
    }
}
