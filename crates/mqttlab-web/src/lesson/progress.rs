//! What was learnt, kept by the browser alone: a line for each lesson.

use std::collections::BTreeMap;

use super::CATALOGUE;

/// The longest text that is read, in bytes.
const TEXT_MAX: usize = 10_000;

/// What was done in a lesson.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// Questions answered before the run did.
    pub(crate) answered: u8,
    /// Of these, the right answers.
    pub(crate) right: u8,
    /// The story was seen to its end.
    pub(crate) finished: bool,
    /// Its goal was reached.
    pub(crate) goal: bool,
}

impl Done {
    /// The better of both in each.
    fn with(self, other: Self) -> Self {
        let best = if self.right >= other.right {
            self
        } else {
            other
        };
        Self {
            answered: self.answered.max(other.answered),
            right: best.right,
            finished: self.finished || other.finished,
            goal: self.goal || other.goal,
        }
    }
}

/// What was done in each lesson.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress(BTreeMap<&'static str, Done>);

impl Progress {
    /// Reads what [`text`](Self::text) wrote; lines that are none are passed over.
    pub(crate) fn parse(text: &str) -> Self {
        let mut progress = Self::default();
        let lines = text
            .get(..TEXT_MAX.min(text.len()))
            .unwrap_or_default()
            .lines();
        for line in lines {
            let mut words = line.split(' ');
            let (Some(id), Some(answered), Some(right), Some(finished), Some(goal)) = (
                words.next(),
                words.next(),
                words.next(),
                words.next(),
                words.next(),
            ) else {
                continue;
            };
            let (Ok(answered), Ok(right)) = (answered.parse(), right.parse()) else {
                continue;
            };
            progress.note(
                id,
                Done {
                    answered,
                    right,
                    finished: finished == "finished",
                    goal: goal == "reached",
                },
            );
        }
        progress
    }

    /// A line for each lesson, for people too: `duel 2 1 finished reached`.
    pub(crate) fn text(&self) -> String {
        let line = |(id, done): (&&str, &Done)| {
            let finished = if done.finished { "finished" } else { "begun" };
            let goal = if done.goal { "reached" } else { "open" };
            format!("{id} {} {} {finished} {goal}\n", done.answered, done.right)
        };
        self.0.iter().map(line).collect()
    }

    pub(crate) fn of(&self, id: &str) -> Done {
        self.0.get(id).copied().unwrap_or_default()
    }

    /// Takes note of what was done; says whether it is more than before.
    pub(crate) fn note(&mut self, id: &str, done: Done) -> bool {
        let Some(entry) = CATALOGUE.iter().find(|entry| entry.id == id) else {
            return false;
        };
        let before = self.of(id);
        let after = before.with(Done {
            answered: done.answered.min(entry.questions),
            right: done.right.min(done.answered).min(entry.questions),
            ..done
        });
        if after != before {
            self.0.insert(entry.id, after);
        }
        after != before
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first lesson whose story was not seen to its end.
    pub(crate) fn next(&self) -> Option<&'static super::Entry> {
        CATALOGUE.iter().find(|entry| !self.of(entry.id).finished)
    }

    pub(crate) fn finished(&self) -> usize {
        self.0.values().filter(|done| done.finished).count()
    }
}
