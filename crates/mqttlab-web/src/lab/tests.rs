use mqttlab_sim::lesson::Course;
use mqttlab_sim::recording::Recording;
use mqttlab_sim::scenario::{Act, Action, Scenario};
use mqttlab_sim::view::EventKind;

use super::{Edit, InspectorTab, Lab, Message, OnBranch, Step};
use crate::acting::{Deed, Does, Menu, Target};
use crate::lesson::Asking;
use crate::player::Speed;
use crate::scene::is_folded;

fn duel() -> Lab {
    Lab::open_at_question(
        Course::unpack(crate::OPENING).expect("it was packed while this was built"),
    )
}

/// Plays until it pauses by itself.
fn play(lab: &mut Lab) {
    for _ in 0..20_000 {
        if !lab.player().is_playing() {
            return;
        }
        lab.update(Message::Frame(16.0));
    }
    unreachable!("a run comes to its end");
}

#[test]
fn it_opens_paused_with_the_second_connect_on_the_wire() {
    let lab = duel();
    assert!(!lab.player().is_playing());
    let packets = lab.scene().travelling().filter(|flight| !is_folded(flight));
    let names: Vec<&str> = packets.map(|flight| flight.name.as_str()).collect();
    assert_eq!(names, ["CONNECT"]);
    assert!(lab.asking().is_open());
    let packet = lab.packet().expect("the CONNECT is selected");
    let field = lab
        .selection()
        .field
        .and_then(|index| packet.0.fields.get(index));
    assert_eq!(
        field.map(|field| field.name.as_str()),
        Some("Client Identifier")
    );
}

#[test]
fn a_step_back_undoes_a_step() {
    let mut lab = duel();
    lab.update(Message::Step(Step::Event));
    let (view, count) = (lab.scene().view.clone(), lab.scene().events.len());
    lab.update(Message::Step(Step::Event));
    assert!(lab.scene().events.len() > count);
    lab.update(Message::Step(Step::EventBack));
    assert_eq!(lab.scene().view, view);
    assert_eq!(lab.player().shown(), view.now);
}

#[test]
fn between_two_events_the_first_step_back_goes_to_the_earlier() {
    let mut lab = duel();
    let (shown, count) = (lab.player().shown(), lab.scene().events.len());
    lab.update(Message::Step(Step::EventBack));
    assert!(lab.player().shown() < shown);
    assert_eq!(lab.scene().events.len(), count);
    lab.update(Message::Step(Step::EventBack));
    assert!(lab.scene().events.len() < count);
}

#[test]
fn start_and_end_are_the_ends_of_the_run() {
    let mut lab = duel();
    lab.update(Message::Step(Step::Start));
    assert_eq!(lab.player().shown(), 0);
    lab.update(Message::Step(Step::End));
    assert_eq!(lab.player().shown(), lab.scene().end);
    assert!(lab.is_at_end());
}

#[test]
fn the_way_through_time_does_not_matter() {
    let mut played = duel();
    played.update(Message::Step(Step::Start));
    played.update(Message::Speed(Speed::Scaled { times: 100, per: 1 }));
    played.update(Message::Toggle);
    play(&mut played);
    // The answer to the question is worth a pause.
    while !played.is_at_end() {
        played.update(Message::Toggle);
        play(&mut played);
    }
    let mut jumped = duel();
    jumped.update(Message::Seek(u64::MAX));
    assert_eq!(played.scene().view.hash, jumped.scene().view.hash);
    assert_eq!(played.scene().events.len(), jumped.scene().events.len());
}

#[test]
fn playing_moves_time_and_pausing_stops_it() {
    let mut lab = duel();
    let shown = lab.player().shown();
    lab.update(Message::Toggle);
    lab.update(Message::Frame(16.0));
    lab.update(Message::Frame(16.0));
    assert!(lab.player().shown() > shown);
    lab.update(Message::Toggle);
    let shown = lab.player().shown();
    lab.update(Message::Frame(1_000.0));
    assert_eq!(lab.player().shown(), shown);
}

#[test]
fn an_answer_must_be_chosen_before_it_is_checked() {
    let mut lab = duel();
    assert!(!lab.update(Message::Check));
    assert!(!lab.update(Message::Choose(9)));
    assert!(lab.update(Message::Choose(1)));
    assert_eq!(lab.asking(), Asking::Open { chosen: Some(1) });
    lab.update(Message::Check);
    assert!(lab.player().is_playing());
    assert_eq!(lab.asking(), Asking::Waiting { chosen: 1 });
    play(&mut lab);
    assert!(matches!(
        lab.asking(),
        Asking::Revealed {
            chosen: Some(1),
            ..
        }
    ));
}

#[test]
fn going_back_before_the_question_takes_it_away() {
    let mut lab = duel();
    lab.update(Message::Seek(1_000_000));
    assert_eq!(lab.asking(), Asking::NotYet);
}

#[test]
fn what_is_selected_in_one_place_is_selected_everywhere() {
    let mut lab = duel();
    let event = lab.scene().events.iter().find(|event| {
        event
            .flight
            .and_then(|id| lab.scene().flight(id))
            .is_some_and(|flight| flight.name == "CONNECT")
    });
    let event = event.expect("somebody has sent CONNECT").id;
    lab.update(Message::SelectEvent(event));
    let flight = lab.scene().events[event as usize].flight;
    assert_eq!(lab.selection().flight, flight);
    assert_eq!(lab.packet().map(|packet| packet.0.flight), flight);
    lab.update(Message::Why);
    assert_eq!(lab.inspector_tab, InspectorTab::Why);
}

#[test]
fn a_selection_that_has_not_happened_yet_is_dropped() {
    let mut lab = duel();
    lab.update(Message::Seek(0));
    let selected = lab.selection().flight;
    assert!(selected.is_none_or(|id| lab.scene().flight(id).is_some()));
    assert!(lab.packet().is_none() || selected.is_some());
}

#[test]
fn a_choice_of_the_users_own_stays_while_paused() {
    let mut lab = duel();
    let first = lab
        .scene()
        .flights
        .iter()
        .find(|flight| flight.name == "CONNECT")
        .expect("A has connected")
        .id;
    lab.update(Message::SelectFlight(first));
    let now = lab.player().shown();
    lab.update(Message::Seek(now + 1_000));
    assert_eq!(lab.selection().flight, Some(first));
}

#[test]
fn larger_steps_stop_at_what_they_are_named_after() {
    let mut lab = duel();
    let kind = |lab: &Lab| {
        let event = lab.selection().event.expect("a step selects its event");
        lab.scene().events[event as usize].kind
    };
    lab.update(Message::Step(Step::Timer));
    assert_eq!(kind(&lab), EventKind::Timer);
    // The first of the duel's timers is a reconnect, about a second after the take-over.
    assert!(lab.player().shown() < 7_000_000);
    lab.update(Message::Step(Step::Packet));
    assert!(matches!(kind(&lab), EventKind::Sent | EventKind::Arrived));
    let flight = lab.selection().flight.expect("it is about a packet");
    assert!(!is_folded(&lab.scene().flights[flight as usize]));
}

fn publish(at: u64) -> Message {
    let content = mqttlab_sim::scenario::Message {
        topic: "status/1".to_owned(),
        payload: "on".to_owned(),
        ..Default::default()
    };
    Message::Act(vec![Deed {
        at,
        action: Action {
            who: 1,
            act: Act::Publish(content),
        },
    }])
}

fn names(lab: &Lab) -> Vec<String> {
    lab.branches().into_iter().map(|it| it.name).collect()
}

#[test]
fn an_act_in_the_past_forks_and_is_taken_back_and_done_again() {
    let mut lab = duel();
    lab.update(Message::Seek(9_000_000));
    let before = lab.scene().view.clone();
    lab.update(publish(2_000_000));
    assert_eq!(lab.player().shown(), 2_000_000);
    assert_eq!(names(&lab).len(), 2);
    let event = lab
        .selection()
        .event
        .and_then(|id| lab.scene().event(id).cloned());
    let text = event.expect("what was done is selected").text.clone();
    assert!(text.contains("publish status/1"), "{text}");
    let after = lab.scene().view.clone();
    lab.update(Message::Undo);
    assert_eq!(names(&lab), ["main"]);
    assert_eq!(lab.scene().view, before);
    lab.update(Message::Redo);
    assert_eq!(names(&lab).len(), 2);
    assert_eq!(lab.scene().view, after);
    assert!(!lab.can_redo() && lab.can_undo());
}

#[test]
fn branches_are_named_switched_and_removed() {
    let mut lab = duel();
    lab.update(publish(2_000_000));
    lab.update(Message::Branch(OnBranch::Rename(
        1,
        "  with a message ".to_owned(),
    )));
    assert_eq!(names(&lab), ["main", "with a message"]);
    lab.update(Message::Branch(OnBranch::Switch(0)));
    lab.update(Message::Step(Step::End));
    let main = lab.scene().view.hash.clone();
    lab.update(Message::Branch(OnBranch::Switch(1)));
    assert_ne!(lab.scene().view.hash, main);
    lab.update(Message::Branch(OnBranch::Remove(1)));
    assert_eq!(lab.scene().view.hash, main);
    // Every one of these can be taken back.
    lab.update(Message::Undo);
    assert_eq!(names(&lab), ["main", "with a message"]);
    lab.update(Message::Undo);
    assert!(names(&lab)[1].starts_with("what if"), "{:?}", names(&lab));
}

#[test]
fn a_step_of_the_script_can_be_left_out_and_moved() {
    let mut lab = duel();
    let steps = |lab: &Lab| lab.all_done().len();
    let all = steps(&lab);
    lab.update(Message::Edit(Edit::Step {
        step: 0,
        happens: false,
    }));
    assert!(lab.is_changed());
    assert_eq!(steps(&lab), all);
    let changes = lab.branch().map(|branch| branch.changes.clone());
    assert_eq!(changes.map(|it| it.omitted), Some(vec![0]));
    lab.update(Message::Edit(Edit::MoveStep {
        step: 1,
        at: 3_000_000,
    }));
    assert_eq!(steps(&lab), all + 1);
    let branch = lab.branch().expect("one is played");
    assert_eq!(branch.changes.omitted, [0, 1]);
    assert_eq!(branch.changes.inputs[0].at, 3_000_000);
    lab.update(Message::Edit(Edit::Remove { input: 7 }));
    assert_eq!(names(&lab).len(), 3, "there is no such input");
}

#[test]
fn two_branches_are_laid_beside_each_other() {
    let mut lab = duel();
    lab.update(Message::Seek(9_000_000));
    lab.update(publish(2_000_000));
    lab.update(Message::Seek(9_000_000));
    lab.update(Message::Branch(OnBranch::Compare(Some(0))));
    let other = lab.other().expect("main is the other");
    assert_eq!(other.name, "main");
    assert_ne!(other.events.len(), lab.scene().events.len());
    lab.update(Message::Branch(OnBranch::Switch(0)));
    assert_eq!(lab.other(), None, "a branch is not compared with itself");
}

#[test]
fn a_delayed_packet_comes_later() {
    let mut lab = duel();
    lab.update(Message::Step(Step::End));
    let flight = lab
        .scene()
        .flights
        .iter()
        .find(|flight| flight.name == "CONNACK")
        .expect("somebody is connected")
        .clone();
    let menu = Menu::of(Target::Flight(flight.id), lab.scene(), 0).expect("it is there");
    let Does::Deeds(deeds) = menu.groups[0].1[0].does.clone() else {
        unreachable!("nothing is asked for it")
    };
    lab.update(Message::Act(deeds));
    lab.update(Message::Step(Step::End));
    let late = lab.scene().flight(flight.id).expect("it was sent again");
    assert_eq!(late.name, "CONNACK");
    assert!(
        late.arrived_at > flight.arrived_at.map(|at| at + 900_000),
        "{late:?}"
    );
}

#[test]
fn a_step_goes_to_the_next_event_of_somebody() {
    let mut lab = duel();
    for who in [2, 0, 1] {
        lab.update(Message::Step(Step::Of(who)));
        let event = lab.selection().event.and_then(|id| lab.scene().event(id));
        assert_eq!(event.map(|event| event.participant), Some(who));
    }
}

#[test]
fn a_crowd_plays_to_the_same_end_as_its_recording() {
    let mut text =
        "scenario = { id = \"many\", title = \"Many\", version = 1, until = \"5s\" }\n".to_owned();
    let names: Vec<String> = (0..150).map(|index| format!("\"c{index}\"")).collect();
    for name in &names {
        text += &format!(
            "[[client]]\nname = {name}\npublish = [{{ every = \"1s\", topic = \"t\" }}]\n"
        );
    }
    let who = names.join(", ");
    text += &format!("[[do]]\nat = \"0s\"\nact = \"connect\"\nwho = [{who}]\n");
    let scenario = Scenario::parse(&text).expect("it is a scenario");
    let mut recording = Recording::new(scenario.clone());
    recording.seek(recording.end());
    let mut lab = Lab::show(Recording::new(scenario));
    lab.update(Message::Speed(Speed::Scaled { times: 10, per: 1 }));
    lab.update(Message::Toggle);
    play(&mut lab);
    let scene = lab.scene();
    assert!(scene.is_crowd());
    assert_eq!(scene.view.hash, recording.view().hash);
    let flights = scene.flights.iter().map(|flight| &**flight);
    assert!(
        flights.eq(recording.flights()),
        "what was under way has come to its end"
    );
    assert_eq!(scene.events.len(), recording.events().len());
}

/// So many clients that connect and publish.
fn crowd(clients: usize) -> Lab {
    let mut text = String::from(
        "scenario = { id = \"crowd\", title = \"Crowd\", version = 1, until = \"10s\" }\n",
    );
    for index in 0..clients {
        text.push_str(&format!(
            "[[client]]\nname = \"c{index}\"\nsubscribe = [{{ filter = \"c{index}\" }}]\n\
             publish = [{{ every = \"500ms\", from = \"1s\", topic = \"c{index}\", payload = \"{{n}}\" }}]\n\
             [[do]]\nat = \"0s\"\nwho = \"c{index}\"\nact = \"connect\"\n",
        ));
    }
    Lab::show(Recording::new(
        Scenario::parse(&text).expect("it is a scenario"),
    ))
}

/// What the scene says, all of it, must be what a new one would say.
fn assert_whole(lab: &Lab) {
    let new = crate::scene::Scene::of(&lab.recording, None, None);
    let scene = lab.scene();
    assert_eq!(scene.view, new.view);
    assert_eq!(scene.events, new.events);
    assert_eq!(scene.flights, new.flights);
}

#[test]
fn a_crowds_panels_are_not_drawn_in_every_frame_and_catch_up_when_it_pauses() {
    let mut lab = crowd(120);
    lab.update(Message::Speed(Speed::Scaled { times: 1, per: 1 }));
    lab.update(Message::Toggle);
    let frames = 120;
    let drawn = (0..frames).filter(|_| lab.update(Message::Frame(16.0)));
    let drawn = drawn.count();
    assert!(drawn > 4, "{drawn} of {frames}");
    assert!(drawn * 8 < frames, "{drawn} of {frames}");
    lab.update(Message::Toggle);
    assert_whole(&lab);
    assert!(lab.scene().events.len() > 500);
}

#[test]
fn between_two_drawings_a_crowds_packets_still_move() {
    let mut lab = crowd(120);
    lab.update(Message::Speed(Speed::Scaled { times: 1, per: 10 }));
    lab.update(Message::Toggle);
    let known = lab.scene().clone();
    let mut seen = Vec::new();
    while lab.scene() == &known {
        lab.update(Message::Frame(16.0));
        seen.push((lab.travelling().count(), lab.player().shown()));
    }
    assert!(seen.len() > 5, "{seen:?}");
    assert!(seen.is_sorted_by(|a, b| a.1 < b.1), "{seen:?}");
    assert!(seen[0].0 >= 120, "all send SYN: {seen:?}");
}

#[test]
fn a_long_way_goes_on_in_parts_and_ends_where_a_leap_would() {
    let mut lab = crowd(120);
    let end = lab.scene().end;
    let way = |lab: &mut Lab, to: u64| {
        lab.update(Message::Seek(to));
        let mut parts = 1;
        while lab.heading().is_some() {
            lab.update(Message::Frame(1.0));
            parts += 1;
        }
        assert_eq!(lab.player().shown(), to);
        assert_whole(lab);
        parts
    };
    assert!(way(&mut lab, end) > 10, "it is a long way");
    for share in [83, 12, 57, 56, 0, 99] {
        let to = end * share / 100;
        way(&mut lab, to);
        let mut other = crowd(120);
        other.seek(to);
        assert_eq!(lab.scene().view, other.scene().view, "{share} %");
        assert_eq!(lab.scene().before, other.scene().before, "{share} %");
    }
}

#[test]
fn what_is_marked_as_changed_is_what_the_last_thing_changed() {
    let mut lab = crowd(3);
    for to in [1_500_000, 700_000, 4_321_000] {
        lab.seek(to);
        let (before, view) = (lab.scene().before.clone(), lab.scene().view.clone());
        let before = before.expect("something has happened");
        let latest = lab.recording.latest().expect("something has happened");
        assert_eq!(before.events_done, latest);
        assert!(before.events_done < view.events_done);
    }
}

#[test]
fn whatever_is_done_on_the_way_stops_it_there() {
    let mut lab = crowd(120);
    let end = lab.scene().end;
    lab.update(Message::Seek(end));
    lab.update(Message::Filter("type:publish".to_owned()));
    assert!(lab.heading().is_some(), "a search does not touch the run");
    lab.update(Message::Step(Step::Event));
    assert_eq!(lab.heading(), None);
    assert!(lab.player().shown() < end);
    assert_whole(&lab);
}

#[test]
fn slowing_a_link_down_is_another_run_and_can_be_taken_back() {
    let mut lab = crowd(2);
    lab.seek(3_000_000);
    let arrived = |lab: &mut Lab| {
        lab.seek(9_000_000);
        let flights = lab.scene().flights.iter();
        let last = flights.filter(|flight| flight.name == "PUBLISH" && flight.sent_at > 3_500_000);
        let mut last = last.filter(|flight| flight.from == 1);
        let flight = last.next().expect("it goes on publishing");
        flight.arrived_at.expect("it has arrived") - flight.sent_at
    };
    let usual = arrived(&mut lab);
    lab.seek(3_000_000);
    let act = Act::SlowDown {
        way: mqttlab_sim::scenario::Ways::Both,
        latency: Some(usual * 10),
        bandwidth: None,
    };
    let action = Action { who: 1, act };
    lab.update(Message::Act(vec![Deed {
        at: 3_000_000,
        action,
    }]));
    assert_eq!(lab.branches().len(), 2, "the run as it was is kept");
    assert_eq!(arrived(&mut lab), usual * 10);
    lab.update(Message::Undo);
    assert_eq!(arrived(&mut lab), usual);
}
