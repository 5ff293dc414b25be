use mqttlab_sim::recording::Recording;
use mqttlab_sim::scenario::Scenario;

use super::{Filter, topic_matches};
use crate::scene::Scene;

const PUBLISHES: &str = r#"
[scenario]
id = "search"
title = "Something to search in"
version = 1
until = "2s"

[[client]]
name = "A"

[[do]]
at = "0s"
who = "A"
act = "connect"
"#;

fn scene() -> Scene {
    let scenario = Scenario::parse(PUBLISHES).expect("the scenario is right");
    let mut recording = Recording::new(scenario);
    recording.seek(1_000_000);
    Scene::of(&recording, None, None)
}

fn found(text: &str) -> Vec<String> {
    let scene = scene();
    let filter = Filter::parse(text);
    let flights = scene.flights.iter();
    let found = flights.filter(|flight| filter.has_flight(flight, &scene));
    found.map(|flight| flight.name.clone()).collect()
}

#[test]
fn an_empty_filter_shows_everything() {
    assert_eq!(found("").len(), scene().flights.len());
    assert_eq!(found("  - ").len(), scene().flights.len());
}

#[test]
fn types_are_names_or_families() {
    assert_eq!(found("type:connect"), ["CONNECT"]);
    assert!(found("type:tcp").contains(&"SYN".to_owned()));
    assert_eq!(found("type:syn,connect"), ["SYN", "CONNECT"]);
}

#[test]
fn words_are_joined_by_and_and_a_minus_turns_one_round() {
    assert_eq!(found("from:a type:connect"), ["CONNECT"]);
    assert_eq!(found("from:broker type:connect"), Vec::<String>::new());
    assert!(!found("-type:tcp").contains(&"SYN".to_owned()));
    assert!(found("-type:tcp").contains(&"CONNECT".to_owned()));
}

#[test]
fn any_other_word_is_searched_for() {
    assert_eq!(
        found("connec -type:tcp").first().map(String::as_str),
        Some("CONNECT")
    );
    assert_eq!(found("no-such-word"), Vec::<String>::new());
    assert_eq!(found("what:ever"), Vec::<String>::new());
}

#[test]
fn events_are_found_by_kind_and_by_their_flight() {
    let scene = scene();
    let count = |text: &str| {
        let filter = Filter::parse(text);
        let events = scene.events.iter();
        events
            .filter(|event| filter.has_event(event, &scene))
            .count()
    };
    assert_eq!(count("kind:sent type:connect"), 1);
    assert_eq!(
        count("type:connect"),
        count("type:connect kind:sent,arrived,decision,application,connection")
    );
    assert_eq!(count("kind:fault"), 0);
}

#[test]
fn topics_match_level_by_level() {
    for (filter, topic, matches) in [
        ("a/b", "a/b", true),
        ("a/+", "a/b", true),
        ("a/+", "a/b/c", false),
        ("a/#", "a", true),
        ("a/#", "a/b/c", true),
        ("#", "$SYS/x", true),
        ("+", "", true),
        ("a", "A", false),
        ("/a", "a", false),
    ] {
        assert_eq!(topic_matches(filter, topic), matches, "{filter} {topic}");
    }
}
