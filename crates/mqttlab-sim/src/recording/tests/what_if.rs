//! Steps to something, other pasts, differences, and that going back is exact.

use super::{duel, play};
use crate::recording::{Past, Recording, Stop, WhatIf, align};
use crate::scenario::{Act, Action, Scenario};
use crate::view::{EventKind, FlightKind};

fn done() -> Recording {
    let mut recording = duel();
    play(&mut recording);
    recording
}

#[test]
fn a_step_goes_on_to_what_it_is_named_after() {
    let mut recording = duel();
    let event = |recording: &Recording, id: u32| recording.events()[id as usize].clone();

    let packet = recording
        .step_to(&Stop::Packet)
        .expect("there is a CONNECT");
    let shown = recording.events()[packet as usize..].iter();
    let mut flights = shown.filter_map(|event| event.flight);
    assert!(flights.any(|id| recording.flights()[id as usize].what != FlightKind::Tcp));

    let timer = recording
        .step_to(&Stop::Timer)
        .expect("somebody reconnects");
    let mut shown = recording.events()[timer as usize..].iter();
    assert!(shown.any(|event| event.kind == EventKind::Timer));

    let own = recording.step_to(&Stop::Participant(1)).expect("A goes on");
    let mut shown = recording.events()[own as usize..].iter();
    assert!(shown.any(|event| event.participant == 1));

    let next = recording.events().len() as u32;
    assert_eq!(recording.step_to(&Stop::Event), Some(next));
    assert!(event(&recording, next).at >= event(&recording, own).at);
}

#[test]
fn a_step_goes_on_to_when_something_is_true_again() {
    let text = r#"
[scenario]
id = "again"
title = "Again"
version = 1
until = "20s"
[[client]]
name = "A"
reconnect = { first = "1s" }
[[do]]
at = "0s"
who = "A"
act = "connect"
[[do]]
at = "5s"
who = "A"
act = "reset"
[[do]]
at = "10s"
who = "A"
act = "reset"
"#;
    let mut recording = Recording::new(Scenario::parse(text).expect("it is a scenario"));
    let condition = recording.scenario().condition("connected(\"A\")");
    let stop = Stop::Condition(condition.expect("it is a condition"));
    let mut moments = Vec::new();
    for _ in 0..3 {
        recording.step_to(&stop).expect("it comes back");
        moments.push(recording.now());
    }
    assert_eq!(moments, [80_000, 6_080_000, 11_080_000]);
    let never = recording.scenario().condition("now > 1h");
    let never = Stop::Condition(never.expect("it is a condition"));
    assert_eq!(recording.step_to(&never), None);
    assert_eq!(recording.now(), recording.end());
}

#[test]
fn one_thing_of_the_past_is_switched_off_moved_or_replaced() {
    let mut recording = done();
    let script = recording.scenario().script.clone();
    let last = script.len() as u32 - 1;
    let who = script[last as usize].action.who;

    recording
        .what_if(Past::Step(last), WhatIf::Off)
        .expect("it is there");
    assert_eq!(
        recording.what_if(Past::Step(last), WhatIf::Off),
        None,
        "it is off already"
    );
    recording.switch(0);
    let later = script[last as usize].at + 2_000_000;
    let moved = recording
        .what_if(Past::Step(last), WhatIf::At(later))
        .expect("it is there");
    let told = |recording: &Recording| {
        let words = recording.action_words(&script[last as usize].action);
        let events = recording.events().iter();
        let mut told =
            events.filter(|event| event.text == words && event.kind == EventKind::Action);
        told.next_back().map(|event| event.at)
    };
    assert_eq!(told(&recording), Some(later));
    // What was moved is an input now, and can be otherwise in its turn.
    let instead = Action {
        who,
        act: Act::Disconnect { will: false },
    };
    let other = recording
        .what_if(Past::Input(0), WhatIf::Instead(instead.clone()))
        .expect("it is there");
    let words = recording.action_words(&instead);
    let mut events = recording.events().iter();
    assert!(events.any(|event| event.text == words && event.at == later));
    assert_ne!(moved, other);
    assert_eq!(
        recording.what_if(Past::Input(1), WhatIf::Off),
        None,
        "there is but one"
    );
    assert!(recording.branches().all(|branch| !branch.name.is_empty()));
}

#[test]
fn two_branches_are_laid_side_by_side() {
    let mut recording = done();
    let main = recording.branch();
    assert_eq!(recording.difference(main).expect("itself").first, None);
    let step = recording.scenario().script.len() as u32 - 1;
    let at = recording.scenario().script[step as usize].at;
    let other = recording
        .what_if(Past::Step(step), WhatIf::Off)
        .expect("it is there");
    let difference = recording.difference(main).expect("both are there");
    let first = difference.first.expect("they differ");
    let event = recording.events().get(first as usize);
    assert!(event.is_none_or(|event| event.at >= at));
    recording.switch(main);
    let back = recording.difference(other).expect("both are there");
    assert_eq!(back.first, Some(first));

    // Each event of both stands in exactly one row, in its order.
    let left: Vec<u32> = back.rows.iter().filter_map(|row| row.0).collect();
    assert_eq!(
        left,
        (0..recording.events().len() as u32).collect::<Vec<u32>>()
    );
    let common = back.rows.iter().take_while(|row| row.0 == row.1).count();
    assert_eq!(common as u32, first);
    assert!(
        align(&[], recording.events())
            .iter()
            .all(|row| row.0.is_none())
    );
    assert_eq!(recording.difference(1_000), None);
}

#[test]
fn a_run_repeats_itself() {
    let mut recording = duel();
    recording.seek(7_000_000);
    let act = Act::Cut {
        way: Default::default(),
    };
    recording.act(Action { who: 1, act });
    recording.seek(20_000_000);
    assert!(recording.is_repeatable());
}

/// `restore(save(w)) == w`, in every field of the world and of the machines in it.
#[test]
fn what_is_restored_is_exactly_what_was_saved() {
    let mut recording = duel();
    recording.seek(4_000_000);
    let mut moments = 0;
    while recording.step().is_some() {
        moments += 1;
        if moments % 17 != 0 {
            continue;
        }
        let saved = recording.world.snapshot();
        let before = format!("{saved:?}");
        let (events, flights) = (recording.events().to_vec(), recording.flights().to_vec());
        for _ in 0..23 {
            recording.step();
        }
        recording.world.restore(&saved);
        recording.now = recording.world.state.now;
        assert_eq!(format!("{:?}", recording.world.state), before);
        assert_eq!(recording.events(), events);
        assert_eq!(recording.flights(), flights);
    }
    assert!(moments > 100);
}
