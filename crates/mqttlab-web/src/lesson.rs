//! A lesson while it is learnt: which part of the story belongs to a moment, what is asked there, what was answered.

mod catalogue;
mod progress;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use mqttlab_sim::lesson::{Beat, Choice, Course, Goal, Lesson, Outline, Question, WhatIf};
use mqttlab_sim::recording::{Changes, Recording};
use mqttlab_sim::view::Micros;

pub(crate) use catalogue::{CATALOGUE, Entry, Place, after, entry, of_kind, place};
pub(crate) use progress::{Done, Progress};

/// What can be asked of a lesson.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ask {
    /// Play on to where the story says something again.
    Continue,
    /// Go back to the part of the story before this one.
    Back,
    /// Another run: 0 is the story.
    Run(usize),
    /// Begin anew.
    Reset,
    /// Do what a goal offers.
    Use(usize),
    /// One more hint.
    Hint,
    /// A teacher shows the answer.
    Show,
}

/// Where a question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    /// There is none.
    NotYet,
    /// It is asked; nothing on the screen may give the answer away.
    Open { chosen: Option<u8> },
    /// It is answered, and the run has not got there.
    Waiting { chosen: u8 },
    /// The run has given the answer.
    Revealed { chosen: Option<u8>, right: u8 },
}

impl Asking {
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

/// An answer to a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Answer {
    chosen: Option<u8>,
    /// It was given before the run did.
    is_final: bool,
    /// A teacher has shown what is right.
    is_shown: bool,
}

/// A lesson while it is learnt.
#[derive(Clone, Debug)]
pub(crate) struct Study {
    course: Rc<Course>,
    run: usize,
    changes: Changes,
    outline: Rc<Outline>,
    /// One for each beat.
    answers: Vec<Answer>,
    hints: usize,
    /// Which goals were reached, in whatever run.
    reached: Vec<bool>,
    is_finished: bool,
}

impl Study {
    pub(crate) fn new(course: Course) -> Self {
        let mut study = Self {
            answers: vec![Answer::default(); course.lesson.beats.len()],
            reached: vec![false; course.lesson.goals.len()],
            course: Rc::new(course),
            run: 0,
            changes: Changes::default(),
            outline: Rc::default(),
            hints: 0,
            is_finished: false,
        };
        study.plan();
        study
    }

    pub(crate) fn lesson(&self) -> &Lesson {
        &self.course.lesson
    }

    /// The run that is on the stage, at its start.
    pub(crate) fn recording(&self) -> Recording {
        Recording::new(self.course.runs[self.run].clone())
    }

    /// The what-if that is on the stage; `None` in the story.
    pub(crate) fn what_if(&self) -> Option<&WhatIf> {
        let at = self.run.checked_sub(1)?;
        self.lesson().what_ifs.get(at)
    }

    /// Puts another run on the stage. Says whether there is one.
    pub(crate) fn choose_run(&mut self, run: usize) -> bool {
        let is_there = run < self.course.runs.len();
        if is_there {
            self.run = run;
            self.changes = Changes::default();
            self.plan();
        }
        is_there
    }

    /// Begins anew: nothing is answered, no hint is given.
    pub(crate) fn reset(&mut self) {
        *self = Self {
            reached: self.reached.clone(),
            is_finished: self.is_finished,
            ..Self::new(Course::clone(&self.course))
        };
    }

    /// Goes along with what users did to the run.
    pub(crate) fn follow(&mut self, recording: &Recording) {
        let branch = recording.branch();
        let changes = recording.branches().find(|it| it.id == branch);
        if let Some(branch) = changes.filter(|it| it.changes != self.changes) {
            self.changes = branch.changes.clone();
            self.plan();
        }
    }

    fn plan(&mut self) {
        let scenario = self.course.runs[self.run].clone();
        let mut probe = Recording::with_changes(scenario, self.changes.clone());
        self.outline = Rc::new(Outline::of(&self.course.lesson, &mut probe));
    }

    /// The part of the story that belongs to a moment; a what-if has none.
    pub(crate) fn beat(&self, shown: Micros) -> Option<usize> {
        (self.run == 0).then(|| self.outline.beat_at(shown))
    }

    pub(crate) fn beat_of(&self, shown: Micros) -> Option<&Beat> {
        self.lesson().beats.get(self.beat(shown)?)
    }

    /// Where the question of this moment stands.
    pub(crate) fn asking(&self, shown: Micros) -> Asking {
        let asked = self
            .beat(shown)
            .and_then(|beat| Some((beat, self.outline.beats.get(beat)?.asked.as_ref()?)));
        // What is asked is about the run as it is written.
        let Some((beat, asked)) = asked.filter(|_| self.changes == Changes::default()) else {
            return Asking::NotYet;
        };
        let answer = self.answers[beat];
        if shown >= asked.answered_at {
            // A run that users have changed may have no right answer.
            return asked
                .right()
                .map_or(Asking::NotYet, |right| Asking::Revealed {
                    chosen: answer.chosen.filter(|_| answer.is_final),
                    right: right as u8,
                });
        }
        match answer.chosen.filter(|_| answer.is_final) {
            Some(chosen) => Asking::Waiting { chosen },
            None => Asking::Open {
                chosen: answer.chosen,
            },
        }
    }

    /// Whether a teacher has shown the answer of this moment.
    pub(crate) fn is_shown(&self, shown: Micros) -> bool {
        self.answer(shown).is_some_and(|answer| answer.is_shown)
    }

    pub(crate) fn show(&mut self, shown: Micros) {
        if let Some(beat) = self.beat(shown) {
            self.answers[beat].is_shown = true;
        }
    }

    fn answer(&self, shown: Micros) -> Option<&Answer> {
        self.answers.get(self.beat(shown)?)
    }

    pub(crate) fn question(&self, shown: Micros) -> Option<&Question> {
        self.beat_of(shown)?.question.as_ref()
    }

    /// Chooses an answer; it can be changed until it is final.
    pub(crate) fn choose(&mut self, option: u8, shown: Micros) -> bool {
        let options = self.question(shown).map_or(0, |it| it.options.len());
        let may = self.asking(shown).is_open() && usize::from(option) < options;
        if let Some(beat) = self.beat(shown).filter(|_| may) {
            self.answers[beat].chosen = Some(option);
        }
        may
    }

    /// Takes the chosen answer as final.
    pub(crate) fn check(&mut self, shown: Micros) -> bool {
        let has_chosen = matches!(self.asking(shown), Asking::Open { chosen: Some(_) });
        if let Some(beat) = self.beat(shown).filter(|_| has_chosen) {
            self.answers[beat].is_final = true;
        }
        has_chosen
    }

    /// When the first question is asked: a telling moment to open at.
    pub(crate) fn opening(&self) -> Option<Micros> {
        let asks = self.outline.beats.iter().find(|beat| beat.asked.is_some());
        asks.map(|beat| beat.at)
    }

    /// The next moment at which the story has something to say.
    pub(crate) fn next_stop(&self, shown: Micros) -> Option<Micros> {
        let goals = self.outline.goals.iter().zip(&self.reached);
        let goals = goals.filter(|(_, reached)| !**reached);
        let goal = goals.filter_map(|(at, _)| *at).filter(|at| *at > shown);
        let story = self.outline.next_stop(shown).filter(|_| self.run == 0);
        story.into_iter().chain(goal).min()
    }

    /// The start of the part before this one.
    pub(crate) fn previous(&self, shown: Micros) -> Option<Micros> {
        let beat = self.beat(shown)?;
        let at = |beat: usize| self.outline.beats.get(beat).map(|reached| reached.at);
        match at(beat) {
            // Somewhere within a part, its own start comes first.
            Some(start) if shown > start + 1_000_000 && beat > 0 => Some(start),
            _ => at(beat.checked_sub(1)?),
        }
    }

    /// When each part begins that this run reaches.
    #[cfg(test)]
    pub(crate) fn starts(&self) -> impl Iterator<Item = Micros> {
        self.outline.beats.iter().map(|beat| beat.at)
    }

    pub(crate) fn goal(&self) -> Option<(&Goal, bool)> {
        let goal = self.lesson().goals.first()?;
        Some((goal, self.reached.first().copied().unwrap_or(false)))
    }

    /// How many hints are given.
    pub(crate) fn hints(&self) -> usize {
        self.hints
    }

    pub(crate) fn hint(&mut self) {
        let most = self.goal().map_or(0, |(goal, _)| goal.hints.len());
        self.hints = (self.hints + 1).min(most);
    }

    /// Whether anything was done to the run by a user.
    pub(crate) fn is_changed(&self) -> bool {
        self.run != 0 || self.changes != Changes::default()
    }

    /// Takes note of what a moment shows: goals that are reached, the end of the story.
    pub(crate) fn note(&mut self, shown: Micros) {
        for (at, reached) in self.outline.goals.iter().zip(&mut self.reached) {
            *reached |= at.is_some_and(|at| at <= shown);
        }
        let last = self.lesson().beats.len() - 1;
        self.is_finished |= self.beat(shown) == Some(last) && !self.asking(shown).is_open();
    }

    /// Whether it is a case that is not solved: the run must not name the mistake.
    pub(crate) fn keeps_secret(&self) -> bool {
        let is_case = entry(&self.lesson().id).is_some_and(|entry| entry.is_case);
        is_case && !self.answers.iter().any(|answer| answer.is_final)
    }

    /// What was learnt so far.
    pub(crate) fn done(&self) -> Done {
        let mut done = Done {
            finished: self.is_finished,
            goal: self.reached.iter().any(|reached| *reached),
            ..Done::default()
        };
        if self.changes != Changes::default() || self.run != 0 {
            return done;
        }
        for (answer, beat) in self.answers.iter().zip(&self.outline.beats) {
            let right = beat.asked.as_ref().and_then(|asked| asked.right());
            if let Some(chosen) = answer.chosen.filter(|_| answer.is_final) {
                done.answered += 1;
                done.right += u8::from(right == Some(usize::from(chosen)));
            }
        }
        done
    }
}

/// The run in which an answer would be right, by its number.
pub(crate) fn counter(choice: &Choice) -> Option<usize> {
    choice.counter.map(|at| at as usize + 1)
}
