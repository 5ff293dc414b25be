//! The lessons of the Lab: what is in `lessons/`, read, and checked against the runs that they tell of.
//!
//! A lesson is a folder with `scenario.toml`, the run; `trace.txt`, what that run must give; `lesson.md`, the story; and
//! maybe a few lines of Python. The story is Markdown of a few forms. Its title and one paragraph about it come first,
//! then sections. A block of TOML below a heading says what the section is, and when:
//!
//! | block | keys |
//! | --- | --- |
//! | `toml beat` | `when`: the [condition](mqttlab_sim::scenario::condition) it waits for (the first has none); `wait`: so much later; `packet`, `field`, `state`: what is shown beside it; `clauses`: what it is about |
//! | `toml question` in a beat | `ask`; `until`: when the run has given the answer; `[[option]]` with `say`, `when` it is right, `reply`, `believes`, the [misconception](Misconception) behind a wrong one, and `counter`, the what-if in which it would be right |
//! | `toml what-if` | `id`; `patch`: keys of the scenario that are different (`also` adds to the script); `shows`: what is true at its end only |
//! | `toml goal` | `reach`: the condition to bring about; `lasts`: for so long; `tools`: what can be done, as in a script, but without `at`; three `hints`; `solution = { what_if, do, omit }` |
//!
//! [`problems`] says what is not true, so that a lesson that teaches something false fails the tests.
#![forbid(unsafe_code)]

mod check;
mod error;
mod list;
mod markdown;
mod misconceptions;
mod patch;
mod read;
#[cfg(test)]
mod tests;

use mqttlab_sim::lesson::Course;

pub use check::problems;
pub use error::LessonError;
pub use list::LESSONS;
pub use misconceptions::{Misconception, misconceptions, problems as misconception_problems};

/// The files of a lesson.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The name of its folder.
    pub id: &'static str,
    /// Somebody in it makes a mistake, and the learner is to find it.
    pub is_case: bool,
    /// `lesson.md`.
    pub text: &'static str,
    /// `scenario.toml`.
    pub scenario: &'static str,
    /// `trace.txt`.
    pub trace: &'static str,
    /// Names and texts of its programs.
    pub snippets: &'static [(&'static str, &'static str)],
}

impl Source {
    /// Reads the lesson.
    ///
    /// # Errors
    /// What is wrong with its files, and where.
    pub fn read(&self) -> Result<Course, LessonError> {
        read::course(self).map_err(|error| error.in_lesson(self.id))
    }
}
