//! What the lessons say and whether it is true: for authors, and for the project's chores.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::process::ExitCode;

use mqttlab_lessons::{LESSONS, LessonError, Source, misconception_problems, problems};
use mqttlab_sim::export::trace::{Options, trace};
use mqttlab_sim::lesson::{Course, Outline, Reached};
use mqttlab_sim::recording::Recording;

/// With names of lessons: these in all their parts. With `duel/own-names`: the trace of that run, `story` being the
/// lesson's own. Without: a line for each. With `--pack` and a folder: writes each there in its compact form.
fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if let [pack, folder] = names.as_slice()
        && pack == "--pack"
    {
        return match pack_into(folder) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    if names.is_empty() {
        match misconception_problems() {
            Ok(problems) if problems.is_empty() => {}
            Ok(problems) => {
                eprintln!("misconceptions:\n    {}", problems.join("\n    "));
                return ExitCode::FAILURE;
            }
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        }
    }
    let told = match names.is_empty() {
        true => LESSONS.iter().map(|source| tell(source, false)).collect(),
        false => names.iter().map(|name| tell_of(name)).collect(),
    };
    let told: Result<Vec<bool>, LessonError> = told;
    match told {
        Ok(held) if held.iter().all(|held| *held) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn pack_into(folder: &str) -> Result<(), Box<dyn std::error::Error>> {
    std::fs::create_dir_all(folder)?;
    for source in LESSONS {
        let path = std::path::Path::new(folder).join(format!("{}.lesson", source.id));
        std::fs::write(path, source.read()?.pack())?;
    }
    Ok(())
}

fn tell_of(name: &str) -> Result<bool, LessonError> {
    let (id, run) = match name.split_once('/') {
        Some((id, run)) => (id, Some(run)),
        None => (name, None),
    };
    let Some(source) = LESSONS.iter().find(|source| source.id == id) else {
        eprintln!("there is no lesson called `{id}`");
        return Ok(false);
    };
    match run {
        Some(run) => print_trace(&source.read()?, run),
        None => tell(source, true),
    }
}

fn print_trace(course: &Course, run: &str) -> Result<bool, LessonError> {
    let what_ifs = course.lesson.what_ifs.iter();
    let mut names = ["story"]
        .into_iter()
        .chain(what_ifs.map(|what_if| what_if.id.as_str()));
    let Some(run) = names.position(|name| name == run) else {
        eprintln!("there is no run called `{run}`");
        return Ok(false);
    };
    let mut recording = Recording::new(course.runs[run].clone());
    recording.seek(recording.end());
    print!("{}", trace(&recording, Options::default()));
    Ok(true)
}

/// Prints a lesson; says whether it is true.
fn tell(source: &Source, in_full: bool) -> Result<bool, LessonError> {
    let course = source.read()?;
    let problems = problems(&course);
    let lesson = &course.lesson;
    let (beats, questions, goals) = (
        lesson.beats.len(),
        lesson.questions().count(),
        lesson.goals.len(),
    );
    let (runs, problem) = (course.runs.len(), problems.len());
    println!(
        "{:<18} {beats:>2} beats, {questions} questions, {goals} goals, {runs} runs, {problem} problems",
        source.id
    );
    for problem in &problems {
        println!("    {problem}");
    }
    if in_full {
        for run in 0..course.runs.len() {
            print_run(&course, run);
        }
    }
    Ok(problems.is_empty())
}

fn print_run(course: &Course, run: usize) {
    let mut recording = Recording::new(course.runs[run].clone());
    let outline = Outline::of(&course.lesson, &mut recording);
    let name = match run {
        0 => "the story",
        run => &course.lesson.what_ifs[run - 1].id,
    };
    println!("  {name}");
    for (beat, reached) in course.lesson.beats.iter().zip(&outline.beats) {
        let Reached { at, asked } = reached;
        println!("  {:>12} µs  {}", at, beat.title);
        if let (Some(question), Some(asked)) = (&beat.question, asked) {
            println!("  {:>12} µs      {}", asked.answered_at, question.ask);
            for (option, truth) in question.options.iter().zip(&asked.truth) {
                println!(
                    "                       {} {}",
                    if *truth { '✓' } else { '✗' },
                    option.say
                );
            }
        }
    }
    for (goal, reached) in course.lesson.goals.iter().zip(&outline.goals) {
        match reached {
            Some(at) => println!("  {at:>12} µs  goal: {}", goal.title),
            None => println!("             –     goal: {}", goal.title),
        }
    }
}
