use mqttlab_sim::recording::Recording;
use mqttlab_sim::scenario::Scenario;

use super::labels::Label;
use super::{Item, Ladder, Options, QUIET_HEIGHT, elastic, lanes};
use crate::filter::Filter;
use crate::scene::Scene;

const TWO: &str = r#"
[scenario]
id = "two"
title = "Two clients"
version = 1
until = "20s"

[[client]]
name = "A"

[[client]]
name = "B"

[[do]]
at = "0s"
who = "A"
act = "connect"

[[do]]
at = "5s"
who = "B"
act = "connect"
"#;

fn scene(at: u64) -> Scene {
    let mut recording = Recording::new(Scenario::parse(TWO).expect("the scenario is right"));
    recording.seek(at);
    Scene::of(&recording, None, None)
}

fn ladder(scene: &Scene, shows_tcp: bool) -> Ladder {
    let filter = Filter::default();
    let options = Options {
        width: 600.0,
        shows_tcp,
        filter: &filter,
        wanted: &[],
    };
    Ladder::of(scene, &options)
}

#[test]
fn the_broker_stands_among_its_clients() {
    let (lanes, width) = lanes(&[1, 2], 2, 600.0);
    assert!(lanes[1] < lanes[0] && lanes[0] < lanes[2]);
    assert!(width <= 600.0);
}

#[test]
fn many_lanes_make_the_ladder_wider_than_its_panel() {
    let (lanes, width) = lanes(&(1..=20).collect::<Vec<_>>(), 20, 600.0);
    assert!(width > 2_000.0);
    let mut sorted = lanes.clone();
    sorted.sort_by(f64::total_cmp);
    assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= 100.0));
}

#[test]
fn later_is_never_higher() {
    let scene = scene(6_000_000);
    let ladder = ladder(&scene, true);
    let mut last = 0.0;
    for at in (0..6_000_000).step_by(1_000) {
        let y = ladder.y(at);
        assert!(y >= last, "{at}: {y} is above {last}");
        last = y;
    }
}

#[test]
fn every_shown_flight_goes_down_between_its_lanes() {
    let scene = scene(6_000_000);
    let ladder = ladder(&scene, true);
    for flight in &scene.flights {
        let (from, to) = ladder.line(flight.id).expect("TCP is shown, so all are");
        assert_eq!(from.0, ladder.lanes[flight.from as usize]);
        assert!(to.1 > from.1);
        if flight.arrived_at.is_some() {
            assert_eq!(to.0, ladder.lanes[flight.to as usize]);
        }
    }
}

#[test]
fn opening_a_connection_is_folded_away() {
    let scene = scene(1_000_000);
    let folded = ladder(&scene, false);
    let syn = scene
        .flights
        .iter()
        .find(|flight| flight.name == "SYN")
        .expect("A has knocked");
    assert_eq!(folded.line(syn.id), None);
    let connect = scene
        .flights
        .iter()
        .find(|flight| flight.name == "CONNECT")
        .expect("A connects");
    assert!(folded.line(connect.id).is_some());
}

#[test]
fn a_long_silence_is_a_break_with_its_length() {
    let scene = scene(6_000_000);
    let quiet = ladder(&scene, false)
        .items
        .into_iter()
        .find_map(|item| match item {
            Item::Quiet { length, .. } => Some(length),
            Item::Flight { .. } | Item::Mark { .. } => None,
        })
        .expect("nothing happens between the two");
    assert!(quiet > 4_000_000 && quiet < 5_100_000);
}

#[test]
fn the_way_down_grows_slowly_and_has_an_end() {
    assert_eq!(elastic(0), 0.0);
    assert!(elastic(1_000) < elastic(20_000) && elastic(20_000) < elastic(100_000));
    assert_eq!(elastic(5_000_000), QUIET_HEIGHT);
    assert_eq!(elastic(3_600_000_000), QUIET_HEIGHT);
}

#[test]
fn what_happens_at_one_moment_in_one_place_is_one_mark() {
    let scene = scene(6_000_000);
    let items = ladder(&scene, false).items;
    let marks: Vec<(f64, u64)> = items
        .iter()
        .filter_map(|item| match item {
            Item::Mark { at, says, .. } => Some((at.0, scene.event(*says)?.at)),
            Item::Flight { .. } | Item::Quiet { .. } => None,
        })
        .collect();
    let mut unique = marks.clone();
    unique.dedup();
    assert_eq!(marks, unique);
}

#[test]
fn only_what_is_near_the_window_is_drawn() {
    let scene = scene(20_000_000);
    let ladder = ladder(&scene, true);
    let all = ladder.items.len();
    assert!(ladder.window(0.0, 10.0).count() < all);
    assert_eq!(ladder.window(0.0, 1e9).count(), all);
}

#[test]
fn names_of_what_is_sent_to_many_at_once_do_not_cover_each_other() {
    let mut text = String::from(
        "scenario = { id = \"many\", title = \"Many\", version = 1, until = \"5s\" }\n",
    );
    for index in 0..10 {
        text.push_str(&format!(
            "[[client]]\nname = \"c{index}\"\nsubscribe = [{{ filter = \"news\" }}]\n\
             [[do]]\nat = \"{index}00ms\"\nwho = \"c{index}\"\nact = \"connect\"\n"
        ));
    }
    text.push_str("[[do]]\nat = \"2s\"\nwho = \"c4\"\nact = \"publish\"\ntopic = \"news\"\n");
    let mut recording = Recording::new(Scenario::parse(&text).expect("it is a scenario"));
    recording.seek(4_000_000);
    let scene = Scene::of(&recording, None, None);
    let ladder = Ladder::of(
        &scene,
        &Options {
            width: 1_200.0,
            shows_tcp: false,
            filter: &Filter::parse("type:publish"),
            wanted: &[],
        },
    );
    let mut names = Vec::new();
    for item in &ladder.items {
        if let Item::Flight {
            id,
            from,
            to,
            label,
        } = item
        {
            let flight = scene.flight(*id).expect("it was sent");
            names.push(Label::of(flight, *from, *to, *label));
        }
    }
    assert_eq!(names.len(), 11);
    for (index, name) in names.iter().enumerate() {
        for other in &names[index + 1..] {
            assert!(!name.touches(other), "{name:?} {other:?}");
        }
    }
}
