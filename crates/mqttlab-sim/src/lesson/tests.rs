use super::{Asked, Beat, Block, Choice, Course, Goal, Lesson, Look, Outline, Question, Solution};
use crate::recording::Recording;
use crate::scenario::Scenario;

const RUN: &str = r#"
[scenario]
id = "hello"
title = "One message"
version = 1
until = "10s"
[link]
latency = "40ms"
[[client]]
name = "A"
[[do]]
at = "0s"
who = "A"
act = "connect"
[[do]]
at = "2s"
who = "A"
act = "disconnect"
"#;

const CONDITIONS: [&str; 5] = [
    "sent('A', 'CONNECT') == 1",
    "arrived('A', 'CONNACK') == 1",
    "arrived('A', 'CONNACK') == 0",
    "connected('A')",
    "state('A') == 'idle' and now > 1s",
];

fn run() -> Recording {
    let mut scenario = Scenario::parse(RUN).expect("the scenario is right");
    scenario.watched = CONDITIONS
        .iter()
        .map(|text| scenario.condition(text).expect("well-formed"))
        .collect();
    Recording::new(scenario)
}

fn beat(title: &str, when: Option<u32>, question: Option<Question>) -> Beat {
    Beat {
        title: title.to_owned(),
        text: vec![Block::Text("Said.".to_owned())],
        when,
        wait: 0,
        look: Look::default(),
        clauses: Vec::new(),
        question,
    }
}

fn goal(reach: u32, lasts: u64) -> Goal {
    Goal {
        title: "Try".to_owned(),
        text: Vec::new(),
        reach,
        lasts,
        tools: Vec::new(),
        hints: Vec::new(),
        solution: Solution::default(),
    }
}

fn lesson() -> Lesson {
    let option = |say: &str, when| Choice {
        say: say.to_owned(),
        when,
        reply: String::new(),
        belief: None,
        counter: None,
    };
    let question = Question {
        ask: "Is it let in?".to_owned(),
        until: 1,
        options: vec![option("no", 2), option("yes", 1)],
    };
    Lesson {
        id: "hello".to_owned(),
        title: "Hello".to_owned(),
        about: String::new(),
        beats: vec![
            beat("begin", None, None),
            beat("asked", Some(0), Some(question)),
            beat("gone", Some(4), None),
            beat("never", Some(2), None),
        ],
        what_ifs: Vec::new(),
        goals: vec![goal(3, 1_000_000), goal(3, 5_000_000), goal(4, 6_000_000)],
        snippets: Vec::new(),
    }
}

#[test]
fn beats_wait_for_their_conditions_and_the_run_answers_questions() {
    let outline = Outline::of(&lesson(), &mut run());
    let at: Vec<_> = outline.beats.iter().map(|beat| beat.at).collect();
    assert_eq!(at, [0, 80_000, 2_000_000]);
    let asked = outline.beats[1].asked.as_ref().expect("it has a question");
    assert_eq!(
        asked,
        &Asked {
            answered_at: 160_000,
            truth: vec![false, true]
        }
    );
    assert_eq!(asked.right(), Some(1));
    assert_eq!(outline.next_stop(0), Some(80_000));
    assert_eq!(outline.next_stop(80_000), Some(160_000));
    assert_eq!(outline.next_stop(2_000_000), None);
    assert_eq!((outline.beat_at(79_999), outline.beat_at(80_000)), (0, 1));
}

#[test]
fn a_goal_is_reached_when_its_condition_has_lasted() {
    let outline = Outline::of(&lesson(), &mut run());
    assert_eq!(
        outline.goals,
        [Some(1_160_000), None, Some(8_000_000)],
        "connected for 1 s, not for 5 s, and gone for 6 s before the end"
    );
}

#[test]
fn more_than_one_true_option_is_no_answer() {
    let asked = |truth: &[bool]| Asked {
        answered_at: 0,
        truth: truth.to_vec(),
    };
    assert_eq!(asked(&[true, false, true]).right(), None);
    assert_eq!(asked(&[false, false]).right(), None);
    assert_eq!(asked(&[false, true]).right(), Some(1));
}

#[test]
fn a_packed_lesson_comes_back_as_it_was_or_not_at_all() {
    let course = Course {
        lesson: lesson(),
        runs: vec![run().scenario().clone()],
    };
    let bytes = course.pack();
    assert_eq!(Course::unpack(&bytes).as_ref(), Ok(&course));
    for end in 0..bytes.len() {
        assert!(Course::unpack(&bytes[..end]).is_err(), "cut at {end}");
    }
    let mut without_run = course.clone();
    without_run.runs.clear();
    let mut beyond = course;
    beyond.lesson.goals[0].reach = 99;
    for wrong in [without_run, beyond] {
        assert!(Course::unpack(&wrong.pack()).is_err());
    }
}
