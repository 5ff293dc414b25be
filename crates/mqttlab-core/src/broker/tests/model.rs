//! Random runs of well-behaved clients over bad networks, held against a model of what each must and may receive.
//!
//! `MQTTLAB_SEEDS=100000 cargo test -p mqttlab-core model` tries more of them. A run that fails is made shorter and
//! printed with its seed.

mod action;
mod reference;
mod rig;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::{String, ToString};
use std::vec::Vec;
use std::{env, format};

use action::{Action, Swarm};
use reference::Verdict;
use rig::{Canary, Rig};

use crate::rng::Rng;

const SEEDS: u64 = 150;
const ACTIONS: usize = 90;
/// Of how many shards the broker is; words between them arrive in any order before the next thing happens.
#[cfg(feature = "shards")]
const SHARDS: [u16; 4] = [1, 2, 3, 5];
#[cfg(not(feature = "shards"))]
const SHARDS: [u16; 1] = [1];

/// I1 to I4, I6 to I8, I13 and I16.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "says for how long to look, not what for"
)]
fn everybody_gets_what_they_are_owed() {
    let seeds = env::var("MQTTLAB_SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok());
    for seed in 0..seeds.unwrap_or(SEEDS) {
        for shards in SHARDS {
            if let Err(report) = run(seed, shards) {
                panic!("{report}");
            }
        }
    }
}

/// What finds nothing in a broker that is wrong proves nothing about one that is right.
#[test]
fn a_wrong_broker_is_found_out() {
    let faults = [
        Canary::LosesQos1(15),
        Canary::DoublesQos2(5),
        Canary::TurnsRetain(15),
        Canary::StopsExpiry,
        Canary::IgnoresRights,
        Canary::IgnoresSizes,
    ];
    for canary in faults {
        let found = (0..SEEDS).find(|seed| play(*seed, &plan(*seed).1, canary, 1).is_err());
        assert!(found.is_some(), "nobody notices {canary:?}");
    }
}

/// The run of a seed; when it fails, what is left of it that fails, in words.
fn run(seed: u64, shards: u16) -> Result<(), String> {
    let (_, mut actions) = plan(seed);
    let Err(mut failure) = play(seed, &actions, Canary::None, shards) else {
        return Ok(());
    };
    let mut size = actions.len() / 2;
    while size > 0 {
        let mut from = 0;
        while from < actions.len() {
            let mut fewer = actions.clone();
            fewer.drain(from..(from + size).min(actions.len()));
            match play(seed, &fewer, Canary::None, shards) {
                Err(other) => (actions, failure) = (fewer, other),
                Ok(()) => from += size,
            }
        }
        size /= 2;
    }
    let lines: Vec<String> = actions
        .iter()
        .map(|action| format!("  {action:?}"))
        .collect();
    let (swarm, _) = plan(seed);
    Err(format!(
        "seed {seed}, {shards} shards: {failure}\nafter\n{}\nin {swarm:?}",
        lines.join("\n")
    ))
}

fn plan(seed: u64) -> (Swarm, Vec<Action>) {
    let mut rng = Rng::new(seed);
    let swarm = Swarm::new(&mut rng);
    let actions = (0..ACTIONS).map(|_| swarm.action(&mut rng)).collect();
    (swarm, actions)
}

fn play(seed: u64, actions: &[Action], canary: Canary, shards: u16) -> Verdict {
    let (swarm, _) = plan(seed);
    let all = || {
        let mut rig = Rig::new(&swarm, canary, shards);
        actions.iter().try_for_each(|action| rig.step(action))?;
        rig.drain()
    };
    catch_unwind(AssertUnwindSafe(all)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.unwrap_or_else(|| "it panics".to_string()))
    })
}
