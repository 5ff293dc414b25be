use mqttlab_sim::recording::Recording;
use mqttlab_sim::scenario::{Act, Message, Scenario, Ways};
use mqttlab_sim::view::{Fate, Micros};

use super::{DELAY, Does, Form, Item, Menu, Target, form_of};
use crate::keys::Quick;
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

#[test]
fn a_link_is_slowed_down_by_its_form_and_by_a_key() {
    let scene = scene(2_000_000);
    let menu = Menu::of(Target::Participant(1), &scene, 2_000_000).expect("it is there");
    let proposed = menu.content(Form::SlowDown);
    let own = scene.connection(1).expect("it is connected").latency;
    assert_eq!(proposed.topic, (own / 100).to_string(), "ten times, in ms");
    let said = |topic: &str, payload: &str| {
        let message = Message {
            topic: topic.to_owned(),
            payload: payload.to_owned(),
            ..Message::default()
        };
        let Ask::Act(deeds) = menu.filled(Form::SlowDown, message) else {
            unreachable!("it is about nothing that was done already")
        };
        let Act::SlowDown {
            latency, bandwidth, ..
        } = deeds[0].action.act
        else {
            unreachable!("the form is about nothing else")
        };
        (latency, bandwidth)
    };
    assert_eq!(said("300", "9"), (Some(300_000), Some(9_000)));
    assert_eq!(said("300", ""), (Some(300_000), None));
    assert_eq!(said("0", "0"), (Some(0), None), "a rate of nothing is none");
    let by_key = Menu::quick(Quick::SlowDown, Target::Participant(1), &scene, 2_000_000);
    let slow = Act::SlowDown {
        way: Ways::Both,
        latency: Some(own * 10),
        bandwidth: None,
    };
    assert_eq!(by_key[0].action.act, slow);
    let none = Menu::quick(Quick::SlowDown, Target::Participant(0), &scene, 0);
    assert_eq!(none, [], "the broker has no link of its own");
    assert_eq!(form_of(&slow).map(|(form, _)| form), Some(Form::SlowDown));
}
