use mqttlab_sim::recording::Recording;
use mqttlab_sim::scenario::{Act, Message, Scenario};
use mqttlab_sim::view::{Fate, Micros};

use super::{DELAY, Does, Form, Item, Menu, Target};
use crate::lab::Message as Ask;
use crate::scene::Scene;

const DUEL: &str = include_str!("../../../../lessons/duel/scenario.toml");

fn scene(at: Micros) -> Scene {
    let scenario = Scenario::parse(DUEL).expect("the duel is a scenario");
    let mut recording = Recording::new(scenario);
    recording.seek(at);
    Scene::of(&recording, None, None)
}

fn items(target: Target, at: Micros) -> Vec<Item> {
    let menu = Menu::of(target, &scene(at), at).expect("it is there");
    menu.groups
        .into_iter()
        .flat_map(|(_, items)| items)
        .collect()
}

#[test]
fn elements_name_their_targets() {
    assert_eq!(Target::parse("p12"), Some(Target::Participant(12)));
    assert_eq!(Target::parse("f0"), Some(Target::Flight(0)));
    for text in ["", "p", "x1", "p-1", "é", "p99999999999"] {
        assert_eq!(Target::parse(text), None, "{text}");
    }
}

#[test]
fn what_cannot_be_done_is_not_offered() {
    let labels = |at| -> Vec<&str> {
        let items = items(Target::Participant(1), at);
        items.iter().map(|item| item.label.text()).collect()
    };
    let connected = labels(2_000_000);
    assert!(connected.contains(&"Disconnect"), "{connected:?}");
    assert!(!connected.contains(&"Connect"), "{connected:?}");
    assert!(
        !connected.contains(&"Plug the cable in again"),
        "{connected:?}"
    );
}

#[test]
fn a_packet_that_arrived_can_come_later_in_another_run() {
    let scene = scene(5_000_000);
    let flight = scene
        .flights
        .iter()
        .find(|flight| flight.name == "CONNECT" && flight.fate == Fate::Arrived)
        .expect("somebody has connected");
    let menu = Menu::of(Target::Flight(flight.id), &scene, 5_000_000).expect("it is there");
    let late = &menu.groups[0].1[0];
    let Does::Deeds(deeds) = &late.does else {
        unreachable!("nothing is asked for it")
    };
    let arrived = flight.arrived_at.expect("it has arrived");
    assert_eq!(deeds[0].at, arrived - 1);
    assert_eq!(deeds[1].at, arrived - 1 + DELAY);
}

#[test]
fn a_form_becomes_a_deed_at_the_moment_of_the_menu() {
    let menu = Menu::of(Target::Participant(2), &scene(1_000), 1_000).expect("it is there");
    let message = Message {
        topic: "a/b".to_owned(),
        ..Message::default()
    };
    let Ask::Act(deeds) = menu.filled(Form::Subscribe, message) else {
        unreachable!("it is about nothing that was done already")
    };
    assert_eq!(deeds.len(), 1);
    assert_eq!((deeds[0].at, deeds[0].action.who), (1_000, 2));
    assert!(matches!(&deeds[0].action.act, Act::Subscribe { filter, .. } if filter == "a/b"));
}
