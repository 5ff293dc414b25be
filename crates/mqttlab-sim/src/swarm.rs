//! Random scenarios with random disturbances: whatever happens, what must hold holds.

use mqttlab_core::packet::QoS;
use mqttlab_core::rng::Rng;

use crate::recording::Recording;
use crate::scenario::{Act, Action, Ending, Memory, Message, Scenario, Ways};
use crate::view::{Event, EventId, Fate};

const CLIENTS: u64 = 4;

/// A scenario whose options depend on the seed.
fn scenario(rng: &mut Rng) -> Scenario {
    let mut text = format!(
        "[scenario]\nid = \"swarm\"\ntitle = \"Swarm\"\nversion = 1\nseed = {}\nuntil = \"60s\"\n\
         [broker]\ndisk = {}\n[link]\nlatency = \"{}ms\"\njitter = \"{}ms\"\nloss = \"{}%\"\n\
         segment = \"{} B\"\nbuffer = \"{} B\"\ngive_up = \"30s\"\n",
        rng.next_u64() >> 2,
        rng.chance(1, 2),
        1 + rng.below(100),
        rng.below(50),
        rng.below(20),
        [1, 7, 100, 1_460][rng.below(4) as usize],
        [1, 100, 4_096, 65_536][rng.below(4) as usize],
    );
    if rng.chance(1, 3) {
        text.push_str("bandwidth_up = \"64 kbit/s\"\nbandwidth_down = \"1 Mbit/s\"\n");
    }
    for _ in 0..rng.below(4) {
        text.push_str(&rule(rng));
    }
    for number in 1..=CLIENTS {
        let version = ["3.1", "3.1.1", "5.0"][rng.below(3) as usize];
        let clean = version == "3.1" && rng.chance(1, 2) || rng.chance(1, 2);
        text.push_str(&format!(
            "[[client]]\nname = \"c{number}\"\nmqtt = \"{version}\"\nclean = {clean}\nclient_id = \"id{}\"\n\
             keep_alive = \"{}s\"\nreconnect = {{ first = \"{}ms\" }}\nretry_always = true\n\
             subscribe = [{{ filter = \"t/#\", qos = {} }}]\n\
             publish = [{{ every = \"{}ms\", topic = \"t/{number}\", payload = \"{{n}}\", qos = {} }}]\n\
             will = {{ topic = \"t/will\", qos = {} }}\n",
            rng.below(3),
            rng.below(10),
            100 + rng.below(3_000),
            rng.below(3),
            500 + rng.below(5_000),
            rng.below(3),
            rng.below(3),
        ));
        text.push_str(&format!(
            "[[do]]\nat = \"{}ms\"\nwho = \"c{number}\"\nact = \"connect\"\n",
            rng.below(2_000)
        ));
    }
    Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"))
}

/// A rule of any kind, for one link or all.
fn rule(rng: &mut Rng) -> String {
    let from = rng.below(50);
    let mut text = format!(
        "[[rule]]\nway = \"{}\"\nfrom = \"{from}s\"\nby = \"{}s\"\n",
        ["up", "down", "both"][rng.below(3) as usize],
        from + 1 + rng.below(10),
    );
    if rng.chance(1, 2) {
        text.push_str(&format!("who = \"c{}\"\n", 1 + rng.below(CLIENTS)));
    }
    if rng.chance(1, 3) {
        text.push_str(&format!("nth = {}\n", 1 + rng.below(20)));
    }
    if rng.chance(1, 3) {
        text.push_str(&format!("share = \"{}%\"\n", 1 + rng.below(99)));
    }
    text.push_str(
        [
            "verdict = \"deliver\"\n",
            "verdict = \"lose\"\n",
            "verdict = \"delay\"\ndelay = \"3s\"\n",
            "verdict = \"stall\"\n",
            "verdict = \"cut\"\n",
            "verdict = \"reset\"\n",
            "segment = \"syn\"\nverdict = \"refuse\"\n",
            "segment = \"rst\"\nverdict = \"lose\"\n",
            "packet = \"PUBACK\"\nverdict = \"lose\"\n",
        ][rng.below(9) as usize],
    );
    text
}

fn action(rng: &mut Rng) -> Action {
    let way = [Ways::Up, Ways::Down, Ways::Both][rng.below(3) as usize];
    let how = [Ending::Fin, Ending::Rst][rng.below(2) as usize];
    let memory = [Memory::Kept, Memory::Lost][rng.below(2) as usize];
    let qos = QoS::from_u8(rng.below(3) as u8).unwrap_or_default();
    let acts = [
        Act::Connect,
        Act::Disconnect {
            will: rng.chance(1, 4),
        },
        Act::Publish(Message {
            topic: "t/x".to_owned(),
            payload: "x".repeat(rng.below(4_000) as usize),
            qos,
            retain: rng.chance(1, 3),
            expiry: None,
        }),
        Act::Subscribe {
            filter: "t/+".to_owned(),
            qos,
        },
        Act::Unsubscribe {
            filter: "t/#".to_owned(),
        },
        Act::Crash { how },
        Act::PowerOff,
        Act::Restart { memory },
        Act::Restart { memory },
        Act::Cut { way },
        Act::Heal,
        Act::Heal,
        Act::Stall { way },
        Act::Release { way: Ways::Both },
        Act::Release { way },
        Act::SlowDown {
            way,
            latency: rng.chance(1, 2).then(|| rng.below(2_000_000)),
            bandwidth: rng.chance(1, 2).then(|| 1_000 + rng.below(1_000_000)),
        },
        Act::SpeedUp { way },
        Act::Reset,
        Act::Close,
        Act::Refuse,
        Act::Accept,
        Act::Pause,
        Act::Resume,
    ];
    let act = acts[rng.below(acts.len() as u64) as usize].clone();
    Action {
        who: rng.below(CLIENTS + 1) as u32,
        act,
    }
}

/// Plays to the end with disturbances on the way; says what happened.
fn run(seed: u64) -> (Recording, u64) {
    let mut rng = Rng::new(seed);
    let mut recording = Recording::new(scenario(&mut rng));
    for _ in 0..40 {
        let at = recording.now() + rng.below(2_000_000);
        while recording.next_event_at().is_some_and(|next| next <= at) {
            recording.step();
            recording.check_invariants();
        }
        recording.seek(at);
        recording.act(action(&mut rng));
        recording.check_invariants();
    }
    while recording.step().is_some() {
        recording.check_invariants();
    }
    let hash = recording.hash();
    (recording, hash)
}

fn check_history(recording: &Recording, seed: u64) {
    let events = recording.events();
    let in_order = |pair: &[Event]| pair[0].at <= pair[1].at && pair[0].id + 1 == pair[1].id;
    assert!(
        events.windows(2).all(in_order),
        "seed {seed}: events are in order"
    );
    for flight in recording.flights() {
        assert_eq!(
            flight.arrived_at.is_some(),
            flight.fate == Fate::Arrived,
            "seed {seed}: {flight:?}"
        );
        assert!(flight.arrived_at.is_none_or(|at| at >= flight.sent_at));
    }
    // TCP: on one connection and in one direction, what arrives does so in the order of sending.
    let arrived = recording
        .flights()
        .iter()
        .filter(|flight| flight.fate == Fate::Arrived);
    let mut last = std::collections::BTreeMap::new();
    for flight in arrived {
        let before = last.insert((flight.connection, flight.from), flight.arrived_at);
        assert!(
            before.is_none_or(|before| before <= flight.arrived_at),
            "seed {seed}: {flight:?}"
        );
    }
}

#[test]
fn whatever_is_disturbed_nothing_breaks() {
    for seed in 0..20 {
        let (recording, _) = run(seed);
        check_history(&recording, seed);
    }
}

#[test]
fn every_moment_of_a_disturbed_run_can_be_found_again() {
    for seed in 100..105 {
        let (mut recording, hash) = run(seed);
        let events = recording.events().len() as EventId;
        let end = recording.view();
        let mut rng = Rng::new(seed);
        for _ in 0..10 {
            let target = rng.below(u64::from(events)) as EventId;
            recording.seek_event(target);
            recording.check_invariants();
            let there = recording.view();
            if recording.step().is_some() {
                recording.step_back();
                assert_eq!(
                    recording.view().hash,
                    there.hash,
                    "seed {seed}, event {target}"
                );
                assert_eq!(recording.view().participants, there.participants);
                assert_eq!(recording.view().sessions, there.sessions);
                assert_eq!(recording.view().connections, there.connections);
            }
        }
        recording.seek(recording.end());
        assert_eq!(recording.hash(), hash, "seed {seed}");
        assert_eq!(recording.view(), end, "seed {seed}");
        assert_eq!(run(seed).1, hash, "seed {seed} twice");
    }
}

#[test]
fn a_run_that_was_played_by_hand_becomes_a_scenario_that_is_the_same_run() {
    for seed in 200..212 {
        let (played, _) = run(seed);
        let mut changes = played.current_branch().changes.clone();
        let scenario = played.scenario().clone();
        changes
            .inputs
            .retain(|input| scenario.check_action(&input.action).is_ok());
        let mut recording = Recording::with_changes(scenario, changes);
        recording.seek(recording.end());
        let text = recording.to_scenario().to_text();
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(scenario, recording.to_scenario(), "seed {seed}");
        let mut again = Recording::new(scenario);
        again.seek(again.end());
        assert_eq!(again.hash(), recording.hash(), "seed {seed}\n{text}");
        // The same with a step left out.
        recording.omit((seed % CLIENTS) as usize);
        recording.seek(recording.end());
        let text = recording.to_scenario().to_text();
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let mut again = Recording::new(scenario);
        again.seek(again.end());
        assert_eq!(again.hash(), recording.hash(), "seed {seed}\n{text}");
    }
}
