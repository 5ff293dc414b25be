//! How long a hunt takes in a browser: a thousand seeds of a small scenario, in a worker, as the Lab hunts.
//!
//! `cargo xtask bench --browser`
#![cfg(target_arch = "wasm32")]

use js_sys::Date;
use mqttlab_sim::hunt::{Hunt, Profile};
use mqttlab_sim::scenario::Scenario;
use wasm_bindgen_test::{Criterion, console_log, wasm_bindgen_bench, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

const SEEDS: u64 = 1_000;

/// How many of the seeds fail, and what they take.
fn measure(name: &str, text: &str) -> usize {
    let scenario = Scenario::parse(text).expect("it is a scenario");
    let hunt = Hunt::new(scenario, Profile::default());
    let started = Date::now();
    let found = (0..SEEDS).filter(|&seed| hunt.try_seed(seed).is_some());
    let found = found.count();
    let seconds = (Date::now() - started) / 1_000.0;
    console_log!("{SEEDS} seeds of {name}: {seconds:.2} s, {found} of them fail");
    found
}

/// One round is long enough, so that nothing is to be repeated.
#[wasm_bindgen_bench]
fn a_thousand_seeds_of_small_scenarios(_: &mut Criterion) {
    let cut = include_str!("../../../scenarios/qos2-cut-after-publish.toml");
    assert!(measure("qos2-cut-after-publish", cut) > 0);
    measure(
        "the duel",
        include_str!("../../../lessons/duel/scenario.toml"),
    );
}
