//! What a run has of a lesson: which beats, which answers, which goals, and when.

use super::{Goal, Lesson, Question, Watched};
use crate::recording::Recording;
use crate::view::Micros;

/// What a run has of a lesson.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The beats that are reached, in their order.
    pub beats: Vec<Reached>,
    /// For each goal, when it is reached.
    pub goals: Vec<Option<Micros>>,
}

/// A beat that a run reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// When.
    pub at: Micros,
    /// What became of its question.
    pub asked: Option<Asked>,
}

/// A question that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// When the run gives the answer.
    pub answered_at: Micros,
    /// For each option, whether it is true then.
    pub truth: Vec<bool>,
}

impl Reached {
    /// When the last is said that belongs to it.
    fn last(&self) -> Micros {
        let asked = self.asked.as_ref();
        asked.map_or(self.at, |asked| asked.answered_at)
    }
}

impl Asked {
    /// The option that is right; `None` unless it is exactly one.
    pub fn right(&self) -> Option<usize> {
        let mut right = (0..self.truth.len()).filter(|&option| self.truth[option]);
        right.next().filter(|_| right.next().is_none())
    }
}

impl Outline {
    /// Plays `run` from its start to its end.
    pub fn of(lesson: &Lesson, run: &mut Recording) -> Self {
        run.seek_event(0);
        let mut search = Search {
            lesson,
            outline: Self::default(),
            open: None,
            goals: vec![Progress::default(); lesson.goals.len()],
        };
        search.look(run);
        loop {
            let next = run.next_event_at().unwrap_or(run.end());
            search.pass(next);
            if run.step().is_none() {
                break;
            }
            search.look(run);
        }
        search.finish(run)
    }

    /// The beat that belongs to a moment.
    pub fn beat_at(&self, at: Micros) -> usize {
        let reached = self.beats.iter().take_while(|beat| beat.at <= at);
        reached.count().saturating_sub(1)
    }

    /// The next moment at which the story has something to say: a beat, or the answer to a question.
    pub fn next_stop(&self, after: Micros) -> Option<Micros> {
        let answers = |beat: &Reached| beat.asked.as_ref().map(|asked| asked.answered_at);
        let stops = self
            .beats
            .iter()
            .flat_map(|beat| [Some(beat.at), answers(beat)]);
        stops.flatten().filter(|at| *at > after).min()
    }
}

/// How far a goal is.
#[derive(Clone, Copy, Default)]
struct Progress {
    since: Option<Micros>,
    reached: Option<Micros>,
}

impl Progress {
    fn pass(&mut self, goal: &Goal, next: Micros) {
        if let Some(since) = self.since
            && self.reached.is_none()
            && since.saturating_add(goal.lasts) <= next
        {
            self.reached = Some(since + goal.lasts);
        }
    }
}

struct Search<'l> {
    lesson: &'l Lesson,
    outline: Outline,
    /// The question that the run has not answered yet, and from when on it may.
    open: Option<(&'l Question, Micros)>,
    goals: Vec<Progress>,
}

impl<'l> Search<'l> {
    /// Looks at the moment that `run` is at.
    fn look(&mut self, run: &Recording) {
        let holds = |watched: Watched| run.holds(watched as usize);
        for (goal, progress) in self.lesson.goals.iter().zip(&mut self.goals) {
            progress.since = match holds(goal.reach) {
                true => Some(progress.since.unwrap_or(run.now())),
                false => None,
            };
            progress.pass(goal, run.now());
        }
        if let Some((question, from)) = self.open {
            if run.now() < from || !holds(question.until) {
                return;
            }
            self.answer(question, run);
        }
        let Some(beat) = self.lesson.beats.get(self.outline.beats.len()) else {
            return;
        };
        // Two of one moment could not both be read.
        let last = self.outline.beats.last().map(Reached::last);
        if last.is_none_or(|last| run.now() > last) && beat.when.is_none_or(holds) {
            let at = run.now() + beat.wait;
            self.outline.beats.push(Reached { at, asked: None });
            self.open = beat.question.as_ref().map(|question| (question, at));
        }
    }

    /// Lets the time pass until `next`, in which nothing happens.
    fn pass(&mut self, next: Micros) {
        for (goal, progress) in self.lesson.goals.iter().zip(&mut self.goals) {
            progress.pass(goal, next);
        }
    }

    fn answer(&mut self, question: &Question, run: &Recording) {
        let options = question.options.iter();
        let truth = options.map(|option| run.holds(option.when as usize));
        let asked = Asked {
            answered_at: run.now(),
            truth: truth.collect(),
        };
        if let Some(beat) = self.outline.beats.last_mut() {
            beat.asked = Some(asked);
        }
        self.open = None;
    }

    fn finish(mut self, run: &Recording) -> Outline {
        if let Some((question, _)) = self.open {
            self.answer(question, run);
        }
        self.outline.goals = self.goals.iter().map(|goal| goal.reached).collect();
        self.outline
    }
}
