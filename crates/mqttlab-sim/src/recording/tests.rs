mod what_if;

use super::*;
use crate::scenario::{Act, Action, Message, Ways};
use crate::view::{EndState, Fate, ParticipantState};

const DUEL: &str = include_str!("../../../../lessons/duel/scenario.toml");

fn duel() -> Recording {
    Recording::new(Scenario::parse(DUEL).expect("the lesson is well-formed"))
}

fn play(recording: &mut Recording) {
    while recording.step().is_some() {
        recording.check_invariants();
    }
}

/// Everything a user can see, to compare two moments.
fn seen(recording: &Recording) -> (View, Vec<Event>, Vec<Flight>) {
    (
        recording.view(),
        recording.events().to_vec(),
        recording.flights().to_vec(),
    )
}

#[test]
fn the_same_scenario_runs_the_same_twice() {
    let (mut a, mut b) = (duel(), duel());
    play(&mut a);
    play(&mut b);
    assert_eq!(seen(&a), seen(&b));
    assert_eq!(a.now(), a.end());
}

#[test]
fn another_seed_runs_differently_where_there_is_randomness() {
    let text = DUEL.replace(
        "latency = \"40ms\"",
        "latency = \"40ms\"\njitter = \"20ms\"",
    );
    let hash = |text: &str| {
        let mut recording = Recording::new(Scenario::parse(text).expect("well-formed"));
        play(&mut recording);
        recording.hash()
    };
    assert_eq!(hash(&text), hash(&text));
    assert_ne!(hash(&text), hash(&text.replace("seed = 7", "seed = 8")));
}

#[test]
fn another_client_does_not_reshuffle_the_others() {
    let text = DUEL.replace(
        "latency = \"40ms\"",
        "latency = \"40ms\"\njitter = \"20ms\"",
    );
    let more = format!(
        "{text}\n[[client]]\nname = \"extra\"\n[[do]]\nat = \"20ms\"\nwho = \"extra\"\nact = \"connect\"\n"
    );
    let times = |text: &str| {
        let mut recording = Recording::new(Scenario::parse(text).expect("well-formed"));
        play(&mut recording);
        let of_a = recording
            .flights()
            .iter()
            .filter(|flight| flight.from == 1 || flight.to == 1);
        of_a.map(|flight| (flight.sent_at, flight.arrived_at))
            .collect::<Vec<_>>()
    };
    assert_eq!(times(&text), times(&more));
}

#[test]
fn seeking_is_the_same_as_playing_there() {
    let mut wandering = duel();
    play(&mut wandering);
    for at in [
        5_100_000, 0, 19_999_999, 5_099_999, 5_120_000, 412_000, 13_000_001, 20_000_000,
    ] {
        wandering.seek(at);
        wandering.check_invariants();
        let mut fresh = duel();
        fresh.seek(at);
        assert_eq!(seen(&wandering), seen(&fresh), "at {at}");
        assert_eq!(wandering.now(), at);
    }
}

#[test]
fn a_long_way_in_parts_ends_where_one_way_does() {
    let (mut parts, mut whole) = (duel(), duel());
    for at in [19_000_000, 5_100_000, 20_000_000, 0] {
        let mut rests = 0;
        while !parts.seek_part(at, 10) {
            assert!(parts.now() <= at, "on the way to {at}");
            parts.check_invariants();
            rests += 1;
        }
        whole.seek(at);
        assert_eq!(seen(&parts), seen(&whole), "at {at}");
        assert_eq!(parts.now(), at);
        // There are copies of the world on later ways.
        assert!(rests > 0 || at != 19_000_000, "it is no short way");
    }
}

#[test]
fn stepping_back_is_the_exact_inverse_of_stepping() {
    let mut recording = duel();
    let mut moments = vec![seen(&recording)];
    let mut firsts = Vec::new();
    while let Some(first) = recording.step() {
        firsts.push(first);
        moments.push(seen(&recording));
    }
    // The last step found nothing and went to the end of time.
    recording.seek_event(recording.events().len() as EventId);
    while let Some(expected) = moments.pop() {
        assert_eq!(seen(&recording), expected);
        assert_eq!(recording.step_back(), firsts.pop());
    }
    assert_eq!((recording.now(), recording.events().len()), (0, 0));
}

#[test]
fn seeking_an_event_goes_to_where_it_has_just_happened() {
    let mut recording = duel();
    play(&mut recording);
    let events = recording.events().to_vec();
    for wanted in [0, 1, 7, 40, 100, events.len() as EventId] {
        recording.seek_event(wanted);
        let done = recording.events().len();
        assert!(done >= wanted as usize);
        assert_eq!(recording.events(), &events[..done]);
        let last = done.checked_sub(1).map_or(0, |last| events[last].at);
        assert_eq!(recording.now(), last, "event {wanted}");
        recording.check_invariants();
    }
}

#[test]
fn a_flight_travels_arrives_and_is_answered() {
    let mut recording = duel();
    recording.seek(5_100_000);
    let view = recording.view();
    assert_eq!(view.next_event_at, Some(5_120_000));
    let connect = view
        .in_flight
        .iter()
        .map(|id| &recording.flights()[*id as usize]);
    let connect = connect
        .clone()
        .find(|flight| flight.name == "CONNECT")
        .expect("B's");
    assert_eq!(
        (connect.from, connect.to, connect.fate),
        (2, 0, Fate::Travelling)
    );
    assert_eq!(
        (connect.sent_at, connect.due_at),
        (5_080_000, Some(5_120_000))
    );
    let id = connect.id;

    recording.seek(5_120_000);
    let connect = &recording.flights()[id as usize];
    assert_eq!(
        (connect.fate, connect.arrived_at),
        (Fate::Arrived, Some(5_120_000))
    );
    let answer = recording
        .flights()
        .iter()
        .find(|flight| flight.answers == Some(id));
    assert_eq!(answer.map(|flight| flight.name.as_str()), Some("CONNACK"));

    let packet = recording.packet(id).expect("it has bytes");
    assert_eq!(packet.bytes[0], 0x10);
    assert_eq!(packet.error, None);
    let name = packet
        .fields
        .iter()
        .find(|field| field.name == "Client Identifier");
    assert_eq!(name.map(|field| field.value.as_str()), Some("\"pump-1\""));
}

#[test]
fn each_end_has_its_own_belief() {
    let mut recording = duel();
    recording.seek(5_130_000);
    let view = recording.view();
    let of_a: Vec<_> = view
        .connections
        .iter()
        .filter(|connection| connection.client == 1)
        .collect();
    let [connection] = of_a.as_slice() else {
        panic!("A has one connection: {of_a:?}");
    };
    assert_eq!(
        connection.broker_end,
        EndState::Closed,
        "the broker has closed it"
    );
    assert_eq!(
        connection.client_end,
        EndState::Open,
        "A has not heard of it"
    );
    assert_eq!(view.participants[1].state, ParticipantState::Connected);
    recording.seek(5_170_000);
    assert_eq!(
        recording.view().participants[1].state,
        ParticipantState::Waiting
    );
}

#[test]
fn the_view_shows_sessions_timers_and_messages() {
    let mut recording = duel();
    recording.seek(5_000_000);
    let view = recording.view();
    let ids: Vec<_> = view
        .sessions
        .iter()
        .map(|session| session.client_id.as_str())
        .collect();
    assert_eq!(ids, ["monitor", "pump-1"]);
    let monitor = &view.sessions[0];
    assert!(!monitor.clean);
    assert_eq!(monitor.subscriptions[0].filter, "status/#");
    assert_eq!(view.sessions[1].client, Some(1));
    assert_eq!(view.sessions[1].last_packet_at, Some(452_000));
    let limit = view.participants[0]
        .timers
        .iter()
        .find(|timer| timer.about == Some(1));
    let limit = limit.expect("A's Keep Alive limit");
    assert_eq!((limit.from, limit.until), (452_000, 45_452_000));
    assert_eq!(view.participants[3].received[0].payload, "on");
}

#[test]
fn causes_come_before_what_they_cause() {
    let mut recording = duel();
    play(&mut recording);
    for event in recording.events() {
        assert!(
            event.cause.is_none_or(|cause| cause < event.id),
            "{event:?}"
        );
    }
    let takeover = recording
        .events()
        .iter()
        .find(|event| event.clause.as_deref() == Some("MQTT-3.1.4-2"));
    let mut chain = Vec::new();
    let mut next = takeover.map(|event| event.id);
    while let Some(id) = next {
        chain.push(recording.events()[id as usize].text.as_str());
        next = recording.events()[id as usize].cause;
    }
    let begin = chain.last().copied();
    assert_eq!(begin, Some("B is told to connect"), "{chain:#?}");
}

#[test]
fn expectations_are_undecided_until_they_are_settled() {
    use crate::monitor::Verdict;
    let mut recording = duel();
    recording.seek(300_000);
    let verdicts = |recording: &Recording| -> Vec<Verdict> {
        recording
            .check()
            .into_iter()
            .map(|result| result.verdict)
            .collect()
    };
    assert_eq!(verdicts(&recording), [Verdict::Undecided; 3]);
    recording.seek(1_000_000);
    assert_eq!(verdicts(&recording)[1], Verdict::Pass);
    recording.seek(20_000_000);
    assert_eq!(verdicts(&recording), [Verdict::Pass; 3]);
    recording.seek(300_000);
    assert_eq!(verdicts(&recording), [Verdict::Undecided; 3]);
}

fn publish(topic: &str) -> Action {
    let message = Message {
        topic: topic.to_owned(),
        ..Message::default()
    };
    Action {
        who: 1,
        act: Act::Publish(message),
    }
}

#[test]
fn acting_makes_another_future_and_keeps_the_first() {
    let mut recording = duel();
    play(&mut recording);
    let original = seen(&recording);

    recording.seek(4_000_000);
    let cut = recording.act(Action {
        who: 1,
        act: Act::Cut { way: Ways::Both },
    });
    assert_eq!(recording.branch(), cut);
    play(&mut recording);
    recording.seek(20_000_000);
    let other = seen(&recording);
    assert_ne!(original.0.hash, other.0.hash);
    let difference = first_difference(&original.1, &other.1).expect("they differ");
    assert_eq!(other.1[difference].text, "the cable of A is pulled");

    assert!(recording.switch(0));
    assert_eq!(seen(&recording), original, "the first future is as it was");
    assert!(recording.switch(cut));
    assert_eq!(seen(&recording), other);
    let branches: Vec<_> = recording.branches().collect();
    assert_eq!(branches.len(), 2);
    assert_eq!(branches[1].name, "what if: the cable of A is pulled");
    assert_eq!(
        (branches[1].parent, branches[1].forked_at),
        (Some(0), 4_000_000)
    );
}

#[test]
fn a_branch_grows_at_its_end_and_forks_before_it() {
    let mut recording = duel();
    recording.seek(4_000_000);
    let first = recording.act(publish("a"));
    recording.seek(6_000_000);
    assert_eq!(
        recording.act(publish("b")),
        first,
        "this future was not known"
    );
    recording.seek(5_000_000);
    let second = recording.act(publish("c"));
    assert_ne!(second, first, "the future with b is kept");
    let inputs: Vec<usize> = recording
        .branches()
        .map(|branch| branch.changes.inputs.len())
        .collect();
    assert_eq!(inputs, [0, 2, 2]);
    recording.check_invariants();

    assert!(recording.remove(first));
    assert!(!recording.remove(0), "the scenario stays");
    let parents: Vec<_> = recording.branches().map(|branch| branch.parent).collect();
    assert_eq!(parents, [None, Some(0)]);
    assert_eq!(recording.branch(), second);
}

#[test]
fn what_users_did_can_be_played_again_elsewhere() {
    let mut recording = duel();
    recording.seek(4_000_000);
    recording.act(publish("a"));
    recording.act(Action {
        who: 1,
        act: Act::Reset,
    });
    while recording
        .events()
        .last()
        .is_none_or(|event| event.at < 6_000_000)
    {
        recording.step();
    }
    recording.act(Action {
        who: 2,
        act: Act::Reset,
    });
    recording.seek(10_000_000);
    let changes = recording
        .branches()
        .last()
        .expect("the new one")
        .changes
        .clone();
    assert_eq!(changes.inputs.len(), 3);
    let scenario = Scenario::parse(DUEL).expect("well-formed");
    let mut again = Recording::with_changes(scenario, changes);
    again.seek(10_000_000);
    assert_eq!(again.hash(), recording.hash());
}

#[test]
fn a_step_of_the_script_can_be_taken_away() {
    let mut recording = duel();
    play(&mut recording);
    let original = seen(&recording);
    let connect_b = recording
        .scenario()
        .script
        .iter()
        .position(|step| step.action.who == 2);
    let connect_b = connect_b.expect("B connects");
    let without = recording.omit(connect_b).expect("it is there");
    assert_eq!(recording.now(), 20_000_000, "the moment is the same");
    recording.check_invariants();
    assert!(
        recording.flights().iter().all(|flight| flight.from != 2),
        "B never sends"
    );
    assert_eq!(
        recording.view().participants[1].state,
        ParticipantState::Connected
    );
    let branch = recording.branches().last().expect("the new one");
    assert_eq!(branch.name, "what if not: B is told to connect");
    assert_eq!(branch.forked_at, 5_000_000);
    assert_eq!(recording.omit(connect_b), None, "it is gone already");
    assert!(recording.switch(0));
    assert_eq!(seen(&recording), original);
    assert!(recording.switch(without));
    assert!(recording.remove(without));
    assert_eq!(seen(&recording), original);
}

#[test]
fn a_past_input_can_be_moved() {
    let mut recording = duel();
    recording.seek(4_000_000);
    recording.act(publish("a"));
    recording.seek(6_000_000);
    recording.act(publish("b"));
    recording.seek(8_000_000);
    let mut changes = recording
        .branches()
        .last()
        .expect("the new one")
        .changes
        .clone();
    changes.inputs[0].at = 3_000_000;
    recording.change("earlier", changes).expect("there is room");
    recording.check_invariants();
    let published = recording.flights().iter().filter(|flight| flight.from == 1);
    let published = published.filter(|flight| flight.name == "PUBLISH");
    let times: Vec<_> = published.map(|flight| flight.sent_at).collect();
    // A is kicked out at 5.16 s and back at 6.28 s, when it sends what waited.
    assert_eq!(times, [412_000, 3_000_000, 6_320_000]);
}

#[test]
fn an_action_that_makes_no_sense_does_nothing() {
    let mut recording = duel();
    recording.seek(1_000_000);
    for action in [
        Action {
            who: 99,
            act: Act::Connect,
        },
        Action {
            who: 0,
            act: Act::Connect,
        },
        Action {
            who: 1,
            act: Act::Refuse,
        },
        Action {
            who: 1,
            act: Act::Connect,
        },
        publish("no/#/topic"),
    ] {
        recording.act(action);
        recording.check_invariants();
    }
    assert_eq!(
        recording.view().participants[1].state,
        ParticipantState::Connected
    );
}

#[test]
fn a_run_that_grows_without_end_is_ended() {
    let payload = "x".repeat(crate::scenario::PAYLOAD_MAX);
    let text = format!(
        "[scenario]\nid = \"flood\"\ntitle = \"Flood\"\nversion = 1\nuntil = \"30d\"\n\
         [[client]]\nname = \"A\"\npublish = [{{ every = \"1s\", topic = \"t\", payload = \"{payload}\" }}]\n\
         [[do]]\nat = \"0s\"\nwho = \"A\"\nact = \"connect\"\n"
    );
    let mut recording = Recording::new(Scenario::parse(&text).expect("well-formed"));
    recording.world.budget.bytes = 2 << 20;
    recording.seek(recording.end());
    let last = recording.events().last().expect("there are events");
    assert!(last.text.starts_with("the run ends here"), "{last:?}");
    assert!(last.at < 300_000_000, "{last:?}");
    assert_eq!(recording.next_event_at(), None);
}

#[test]
fn the_eve_of_a_moment_lies_before_the_last_thing_that_happens_by_then() {
    let mut recording = duel();
    let end = recording.end();
    assert!(recording.seek_eve_part(end, u32::MAX), "nothing is known");
    assert_eq!((recording.now(), recording.latest()), (0, None));
    recording.seek(end);
    for at in (0..=end).step_by(700_001) {
        recording.seek(at);
        let (after, latest) = (seen(&recording), recording.latest());
        while !recording.seek_eve_part(at, 3) {}
        assert_eq!(recording.events().len(), latest.unwrap_or(0) as usize);
        recording.check_invariants();
        recording.seek(at);
        assert_eq!(seen(&recording), after);
    }
}

#[test]
fn what_travels_and_what_somebody_does_is_said_without_a_whole_view() {
    let mut recording = duel();
    while recording.step().is_some() {
        let view = recording.view();
        let travelling: Vec<FlightId> = recording.travelling().map(|it| it.id).collect();
        assert_eq!(travelling, view.in_flight);
        for participant in &view.participants {
            let state = recording.participant_state(participant.id);
            assert_eq!(state, participant.state);
        }
    }
}
