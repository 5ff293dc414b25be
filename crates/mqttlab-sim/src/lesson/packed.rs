//! The compact form of a lesson, for pages: made while they are built, and fetched when a lesson is opened.

use super::{Course, Lesson, Watched};
use crate::scenario::{Scenario, Unfit};

/// The number of the form. Whoever changes what is in a [`Lesson`] raises it.
const FORMAT: u8 = 1;

impl Course {
    /// The lesson in its compact form.
    pub fn pack(&self) -> Vec<u8> {
        let runs: Vec<Vec<u8>> = self.runs.iter().map(Scenario::pack).collect();
        // Only a sequence whose length is not known can fail; there is none.
        postcard::to_allocvec(&(FORMAT, &self.lesson, runs)).expect("a lesson has a compact form")
    }

    /// Reads the compact form.
    ///
    /// # Errors
    /// When these bytes are no lesson, or of another version of the form.
    pub fn unpack(bytes: &[u8]) -> Result<Self, Unfit> {
        if bytes.first() != Some(&FORMAT) {
            return Err(Unfit("it was made by a Lab with another format"));
        }
        let (lesson, runs): (Lesson, Vec<Vec<u8>>) =
            postcard::from_bytes(&bytes[1..]).map_err(|_| Unfit("it is damaged"))?;
        let runs = runs.iter().map(|run| Scenario::unpack(run));
        let course = Self {
            lesson,
            runs: runs.collect::<Result<_, _>>()?,
        };
        match course.is_whole() {
            true => Ok(course),
            false => Err(Unfit("it refers to what is not there")),
        }
    }

    /// Whether each number in it is one of something that is there.
    fn is_whole(&self) -> bool {
        let lesson = &self.lesson;
        let what_ifs = lesson.what_ifs.len();
        let watches = |watched: Watched| {
            let in_run = |run: &Scenario| (watched as usize) < run.watched.len();
            self.runs.iter().all(in_run)
        };
        let questions = lesson.questions().all(|(_, question)| {
            let mut options = question.options.iter();
            watches(question.until)
                && options.all(|option| {
                    watches(option.when) && option.counter.is_none_or(|at| (at as usize) < what_ifs)
                })
        });
        self.runs.len() == what_ifs + 1
            && !lesson.beats.is_empty()
            && questions
            && lesson
                .beats
                .iter()
                .all(|beat| beat.when.is_none_or(watches))
            && lesson
                .goals
                .iter()
                .all(|goal| watches(goal.reach) && goal.solution.run as usize <= what_ifs)
    }
}
