//! Whether a lesson is true: what it tells is held against the runs it tells of.

use std::collections::BTreeSet;

use mqttlab_core::clause::Clause;
use mqttlab_sim::lesson::{Beat, Block, Choice, Course, Goal, Lesson, Outline, Question, WhatIf};
use mqttlab_sim::monitor::Verdict;
use mqttlab_sim::recording::{Changes, Recording};

/// How many characters fit where they are shown.
mod room {
    pub(super) const TITLE: usize = 40;
    pub(super) const ABOUT: usize = 130;
    pub(super) const BEAT: usize = 560;
    pub(super) const ASK: usize = 110;
    pub(super) const OPTION: usize = 70;
    pub(super) const REPLY: usize = 300;
    pub(super) const WHAT_IF: usize = 420;
    pub(super) const GOAL: usize = 320;
    pub(super) const HINT: usize = 160;
    pub(super) const CODE_LINE: usize = 76;
    pub(super) const CODE_LINES: usize = 24;
}

/// Hints: where to look, what to use, what to do.
const HINTS: usize = 3;

/// What is wrong with a lesson; nothing is what it should be.
pub fn problems(course: &Course) -> Vec<String> {
    let mut check = Check {
        course,
        problems: Vec::new(),
    };
    check.texts();
    check.story();
    check.what_ifs();
    check.goals();
    check.clauses();
    check.problems
}

struct Check<'c> {
    course: &'c Course,
    problems: Vec<String>,
}

impl Check<'_> {
    fn report(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    fn play(&self, run: u32, changes: &Changes) -> (Recording, Outline) {
        let scenario = self.course.runs[run as usize].clone();
        let mut recording = Recording::with_changes(scenario, changes.clone());
        let outline = Outline::of(&self.course.lesson, &mut recording);
        (recording, outline)
    }

    /// All beats in their order, each question with one answer that every wrong one has a word about.
    fn story(&mut self) {
        let beats = &self.course.lesson.beats;
        let (recording, outline) = self.play(0, &Changes::default());
        for result in recording.check() {
            if result.verdict != Verdict::Pass {
                self.report(format!("not as expected: {}", result.text));
            }
        }
        if beats.first().is_none_or(|beat| beat.when.is_some()) {
            self.report("the first beat is there from the start");
        }
        for (beat, later) in beats.iter().zip(&beats[1.min(beats.len())..]) {
            if later.when.is_none() {
                self.report(format!(
                    "“{}” follows “{}” and waits for nothing",
                    later.title, beat.title
                ));
            }
        }
        if let Some(missed) = beats.get(outline.beats.len()) {
            self.report(format!("“{}” is never reached", missed.title));
        }
        for ((beat, reached), next) in beats
            .iter()
            .zip(&outline.beats)
            .zip(outline.beats.iter().skip(1).map(Some).chain([None]))
        {
            let asked = reached.asked.as_ref();
            let answered = asked.map_or(reached.at, |asked| asked.answered_at);
            if next.is_some_and(|next| next.at <= answered) {
                self.report(format!("“{}” has no time of its own", beat.title));
            }
            if let (Some(question), Some(asked)) = (&beat.question, asked) {
                if asked.answered_at <= reached.at {
                    self.report(format!("“{}” is answered before it is asked", question.ask));
                }
                self.answers(question, &asked.truth);
            }
        }
        if self.course.lesson.questions().next().is_none() {
            self.report("it asks nothing");
        }
    }

    fn answers(&mut self, question: &Question, truth: &[bool]) {
        let ask = &question.ask;
        let right: Vec<&Choice> = question
            .options
            .iter()
            .zip(truth)
            .filter_map(|(option, is_true)| is_true.then_some(option))
            .collect();
        if right.len() != 1 {
            let say: Vec<&str> = right.iter().map(|option| option.say.as_str()).collect();
            self.report(format!("“{ask}” has {} true answers: {say:?}", right.len()));
        }
        if !(2..=4).contains(&question.options.len()) {
            self.report(format!("“{ask}” has two to four answers"));
        }
        for (option, is_true) in question.options.iter().zip(truth) {
            if option.belief.is_some() == *is_true {
                let wanted = if *is_true { "is right" } else { "is wrong and" };
                let wrong = if *is_true { "" } else { " no" };
                self.report(format!(
                    "“{}” {wanted} rests on{wrong} misconception",
                    option.say
                ));
            }
            if option.reply.is_empty() {
                self.report(format!("“{}” gets no reply", option.say));
            }
            let Some(counter) = option.counter else {
                continue;
            };
            let (_, outline) = self.play(counter + 1, &Changes::default());
            let would_be = outline.beats.iter().zip(&self.course.lesson.beats);
            let truth = would_be
                .filter(|(_, beat)| beat.question.as_ref() == Some(question))
                .find_map(|(reached, _)| reached.asked.as_ref());
            let at = question.options.iter().position(|other| other == option);
            if truth.is_none_or(|asked| asked.right() != at) {
                let id = &self.course.lesson.what_ifs[counter as usize].id;
                self.report(format!("“{}” is not right in `{id}` either", option.say));
            }
        }
    }

    fn what_ifs(&mut self) {
        let end = |run: u32, what_if: &WhatIf| {
            let (mut recording, _) = self.play(run, &Changes::default());
            recording.seek(recording.end());
            let failed = recording.check().into_iter();
            let failed = failed.filter(|result| run > 0 && result.verdict != Verdict::Pass);
            let failed: Vec<String> = failed.map(|result| result.text).collect();
            (recording.holds(what_if.shows as usize), failed)
        };
        let mut found = Vec::new();
        for (index, what_if) in self.course.lesson.what_ifs.iter().enumerate() {
            let (shows, failed) = end(index as u32 + 1, what_if);
            found.extend(
                failed
                    .into_iter()
                    .map(|text| format!("`{}`: not as expected: {text}", what_if.id)),
            );
            if !shows {
                found.push(format!("`{}` does not show what it should", what_if.id));
            }
            if end(0, what_if).0 {
                found.push(format!(
                    "`{}` shows nothing that the story does not",
                    what_if.id
                ));
            }
        }
        self.problems.extend(found);
    }

    fn goals(&mut self) {
        let goals = &self.course.lesson.goals;
        let (_, untouched) = self.play(0, &Changes::default());
        for (index, goal) in goals.iter().enumerate() {
            if untouched.goals[index].is_some() {
                self.report(format!(
                    "“{}” is reached without doing anything",
                    goal.title
                ));
            }
            let (_, solved) = self.play(goal.solution.run, &goal.solution.changes);
            if solved.goals[index].is_none() {
                self.report(format!("“{}” is not reached by its solution", goal.title));
            }
            let inputs = &goal.solution.changes.inputs;
            if inputs
                .iter()
                .any(|input| !goal.tools.contains(&input.action))
            {
                self.report(format!(
                    "“{}”: its solution needs a tool that is not there",
                    goal.title
                ));
            }
            if goal.hints.len() != HINTS {
                self.report(format!("“{}” has not {HINTS} hints", goal.title));
            }
        }
    }

    /// Every statement that is named exists, and a run of the lesson has shown it.
    fn clauses(&mut self) {
        let mut shown = BTreeSet::new();
        for run in 0..self.course.runs.len() as u32 {
            let goals = self.course.lesson.goals.iter();
            let solved = goals.filter(|goal| goal.solution.run == run);
            let changes = solved.map(|goal| goal.solution.changes.clone());
            for changes in changes.chain([Changes::default()]) {
                let (mut recording, _) = self.play(run, &changes);
                recording.seek(recording.end());
                shown.extend(clauses_shown(&recording));
            }
        }
        let version = self.course.runs[0].mqtt;
        for id in self.cited() {
            if Clause::find(version, &id).is_none() {
                self.report(format!("[{id}] is not a statement of MQTT {version}"));
            } else if !shown.contains(&id) {
                self.report(format!(
                    "[{id}] is named, but nothing in its runs rests on it"
                ));
            }
        }
    }

    fn cited(&self) -> BTreeSet<String> {
        let lesson = &self.course.lesson;
        let mut cited: BTreeSet<String> = lesson
            .beats
            .iter()
            .flat_map(|beat| beat.clauses.clone())
            .collect();
        for text in all_texts(&self.course.lesson) {
            let ids = text.split("[MQTT-").skip(1);
            cited.extend(ids.filter_map(|rest| Some(format!("MQTT-{}", rest.split_once(']')?.0))));
        }
        cited
    }

    /// Nothing is longer than its box, and code is closed where it was opened.
    fn texts(&mut self) {
        let lesson = &self.course.lesson;
        let mut boxes = vec![
            ("title", lesson.title.clone(), room::TITLE),
            ("about", lesson.about.clone(), room::ABOUT),
        ];
        lesson
            .beats
            .iter()
            .for_each(|beat| in_beat(beat, &mut boxes));
        for what_if in &lesson.what_ifs {
            boxes.push(("what if", what_if.title.clone(), room::TITLE));
            boxes.push(("what if", pieces(&what_if.text).join(" "), room::WHAT_IF));
        }
        lesson
            .goals
            .iter()
            .for_each(|goal| in_goal(goal, &mut boxes));
        for (place, text, most) in boxes {
            let length = text.chars().count();
            if length > most || length == 0 {
                self.report(format!(
                    "{place}: {length} characters, of 1 to {most}: “{text}”"
                ));
            }
        }
        let course = self.course;
        for text in all_texts(&course.lesson) {
            if text.matches('`').count() % 2 == 1 {
                self.report(format!("a backquote is left open: “{text}”"));
            }
        }
        for snippet in &self.course.lesson.snippets {
            let lines = snippet.text.lines().count();
            if lines > room::CODE_LINES
                || snippet
                    .text
                    .lines()
                    .any(|line| line.chars().count() > room::CODE_LINE)
            {
                self.report(format!(
                    "{}: {} lines of {} characters at most",
                    snippet.name,
                    room::CODE_LINES,
                    room::CODE_LINE
                ));
            }
        }
    }
}

fn in_beat(beat: &Beat, boxes: &mut Vec<(&str, String, usize)>) {
    boxes.push(("beat", beat.title.clone(), room::TITLE));
    boxes.push(("beat", pieces(&beat.text).join(" "), room::BEAT));
    if let Some(question) = &beat.question {
        boxes.push(("question", question.ask.clone(), room::ASK));
        for option in &question.options {
            boxes.push(("answer", option.say.clone(), room::OPTION));
            boxes.push(("reply", option.reply.clone(), room::REPLY));
        }
    }
}

fn in_goal(goal: &Goal, boxes: &mut Vec<(&str, String, usize)>) {
    boxes.push(("goal", goal.title.clone(), room::TITLE));
    boxes.push(("goal", pieces(&goal.text).join(" "), room::GOAL));
    for hint in &goal.hints {
        boxes.push(("hint", hint.clone(), room::HINT));
    }
}

fn pieces(blocks: &[Block]) -> Vec<&str> {
    let texts = blocks.iter().flat_map(|block| match block {
        Block::Text(text) | Block::Aside(text) => std::slice::from_ref(text),
        Block::List(items) => items,
    });
    texts.map(String::as_str).collect()
}

/// The statements behind what was decided, and behind the fields of what was sent.
fn clauses_shown(recording: &Recording) -> BTreeSet<String> {
    let decided = recording
        .events()
        .iter()
        .filter_map(|event| event.clause.clone());
    let packets = recording
        .flights()
        .iter()
        .filter_map(|flight| recording.packet(flight.id));
    let fields =
        packets.flat_map(|packet| packet.fields.into_iter().filter_map(|field| field.clause));
    decided.chain(fields).collect()
}

fn all_texts(lesson: &Lesson) -> Vec<&str> {
    let mut texts = vec![lesson.about.as_str()];
    for beat in &lesson.beats {
        texts.extend(pieces(&beat.text));
        if let Some(question) = &beat.question {
            texts.push(&question.ask);
            texts.extend(
                question
                    .options
                    .iter()
                    .flat_map(|option| [option.say.as_str(), &option.reply]),
            );
        }
    }
    for what_if in &lesson.what_ifs {
        texts.extend(pieces(&what_if.text));
    }
    for goal in &lesson.goals {
        texts.extend(pieces(&goal.text));
        texts.extend(goal.hints.iter().map(String::as_str));
    }
    texts
}
