//! Lessons: a run that is told as a story, with questions whose answers the run itself gives.
//!
//! A lesson is data: texts, and the numbers of conditions that its scenarios [watch](Scenario::watched). Nothing in it is
//! bound to a time. A [`Beat`] is reached when its condition is true, a [`Question`] is answered by the run, and a
//! [`Goal`] is reached on whatever way a user finds. [`Outline`] finds all of that out for one run.

mod outline;
mod packed;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::recording::Changes;
use crate::scenario::{Action, Scenario};
use crate::view::{Micros, ParticipantId};

pub use outline::{Asked, Outline, Reached};

/// Index into [`Scenario::watched`], the same in every run of a lesson.
pub type Watched = u32;

/// A lesson without its runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// Its folder's name.
    pub id: String,
    /// For people.
    pub title: String,
    /// What it is about, in a sentence or two.
    pub about: String,
    /// The parts of the story, in their order; the first is there from the start.
    pub beats: Vec<Beat>,
    /// Other runs to look at. Number 0 here is run 1.
    pub what_ifs: Vec<WhatIf>,
    /// What to try.
    pub goals: Vec<Goal>,
    /// The same in a few lines of a real client.
    pub snippets: Vec<Snippet>,
}

/// A lesson and what is played in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// Its texts.
    pub lesson: Lesson,
    /// The run of the story, and those of [`Lesson::what_ifs`].
    pub runs: Vec<Scenario>,
}

/// A part of the story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// Heading.
    pub title: String,
    /// What is said.
    pub text: Vec<Block>,
    /// It is reached when this is true, after the beat before it; `None` is the start.
    pub when: Option<Watched>,
    /// So much later, so that a packet is on its way.
    pub wait: Micros,
    /// What the page shows beside it.
    pub look: Look,
    /// The normative statements that it is about.
    pub clauses: Vec<String>,
    /// What is asked before the run goes on.
    pub question: Option<Question>,
}

/// A paragraph, or what stands in the place of one. Text between backquotes is code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// A list.
    List(Vec<String>),
    /// An aside, in a quieter voice.
    Aside(String),
}

/// What the page shows beside a beat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Look {
    /// The last packet of this name that was sent is selected.
    pub packet: Option<String>,
    /// And in it this field.
    pub field: Option<String>,
    /// Whose state is shown.
    pub state: Option<ParticipantId>,
}

/// A question that the run answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The question.
    pub ask: String,
    /// It is answered as soon as this is true, or at the end of the run.
    pub until: Watched,
    /// The answers. Exactly one is true then.
    pub options: Vec<Choice>,
}

/// One of the answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The answer.
    pub say: String,
    /// Whether it is right, looked at when the question is answered.
    pub when: Watched,
    /// What to say to those who chose it.
    pub reply: String,
    /// What those believe who choose it although it is wrong, in a sentence.
    pub belief: Option<String>,
    /// The run in which it would be right; index into [`Lesson::what_ifs`].
    pub counter: Option<u32>,
}

/// Another run to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhatIf {
    /// Short name, fit for a link.
    pub id: String,
    /// What is different: `a name for each`.
    pub title: String,
    /// What to look at.
    pub text: Vec<Block>,
    /// True at the end of this run, and not at the end of the lesson's own.
    pub shows: Watched,
}

/// Something to bring about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// What to bring about.
    pub title: String,
    /// More about it.
    pub text: Vec<Block>,
    /// It is reached when this has been true.
    pub reach: Watched,
    /// For so long without a break.
    pub lasts: Micros,
    /// What can be done at any moment.
    pub tools: Vec<Action>,
    /// One after the other, each says more.
    pub hints: Vec<String>,
    /// One way to do it.
    pub solution: Solution,
}

/// A way to reach a goal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Solution {
    /// The run: 0, or 1 and up for [`Lesson::what_ifs`].
    pub run: u32,
    /// What is done in it.
    pub changes: Changes,
}

/// A few lines of a real client that do the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snippet {
    /// File name.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Lesson {
    /// The beats that ask something, with their indices.
    pub fn questions(&self) -> impl Iterator<Item = (usize, &Question)> {
        let beats = self.beats.iter().enumerate();
        beats.filter_map(|(index, beat)| Some((index, beat.question.as_ref()?)))
    }
}
