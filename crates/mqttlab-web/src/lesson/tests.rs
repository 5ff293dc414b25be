use mqttlab_sim::recording::Recording;
use mqttlab_sim::scenario::Scenario;

use super::{Asking, Facts, Outcome, Part, Quiz};
use crate::scene::Scene;
use crate::texts;

const DUEL: &str = include_str!("../../../../lessons/duel/scenario.toml");

fn duel() -> Recording {
    Recording::new(Scenario::parse(DUEL).expect("the lesson's scenario is right"))
}

fn facts(recording: &Recording) -> Facts {
    Facts::of(&Scene::of(recording, None, None))
}

#[test]
fn exactly_one_of_the_offered_answers_is_true() {
    let quiz = Quiz::of(duel());
    let asked = quiz.asked.expect("the duel has its question");
    let true_ones = Outcome::OFFERED
        .iter()
        .filter(|offered| **offered == asked.truth);
    assert_eq!(true_ones.count(), 1);
    assert_eq!(asked.truth, Outcome::Closed);
}

#[test]
fn the_question_opens_with_the_packet_on_its_way_and_closes_with_the_answer() {
    let quiz = Quiz::of(duel());
    let asked = quiz.asked.expect("the duel has its question");
    let (opening, _) = quiz.opening().expect("so it has an opening");
    assert!(asked.from < opening && opening < asked.arrives && asked.arrives < asked.reveal);
    assert_eq!(quiz.asking(asked.from - 1), Asking::NotYet);
    assert_eq!(quiz.asking(opening), Asking::Open { chosen: None });
    assert_eq!(
        quiz.asking(asked.reveal),
        Asking::Revealed {
            chosen: None,
            truth: asked.truth
        }
    );
}

#[test]
fn the_story_goes_through_its_parts_in_order() {
    let mut recording = duel();
    let mut parts = vec![facts(&recording).part];
    while recording.step().is_some() {
        let part = facts(&recording).part;
        if parts.last() != Some(&part) {
            parts.push(part);
        }
    }
    let order = [
        Part::Alone,
        Part::SameName,
        Part::Takeover,
        Part::Waiting,
        Part::BackAgain,
        Part::Endless,
        Part::Over,
    ];
    assert_eq!(parts, order);
}

#[test]
fn every_part_has_a_title_and_words_of_its_own() {
    let mut recording = duel();
    loop {
        let chapter = texts::chapter(&facts(&recording));
        assert!(!chapter.title.is_empty() && !chapter.text.is_empty());
        assert!(
            chapter
                .text
                .iter()
                .all(|text| text.matches('`').count() % 2 == 0)
        );
        if recording.step().is_none() {
            break;
        }
    }
}

#[test]
fn a_run_without_a_second_client_has_no_question() {
    let text = "[scenario]\nid = \"one\"\ntitle = \"One\"\nversion = 1\nuntil = \"1s\"\n[[client]]\nname = \"A\"\n";
    let quiz = Quiz::of(Recording::new(
        Scenario::parse(text).expect("the scenario is right"),
    ));
    assert_eq!(quiz.opening(), None);
    assert_eq!(quiz.asking(500_000), Asking::NotYet);
}

#[test]
fn every_answer_is_met_with_words() {
    for chosen in Outcome::OFFERED.map(Some).into_iter().chain([None]) {
        let words = texts::verdict(chosen, Outcome::Closed, "A");
        assert!(words.contains("What A got"), "{words}");
    }
}
