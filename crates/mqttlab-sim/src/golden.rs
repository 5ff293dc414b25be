//! Each scenario holds what it expects, and runs exactly as it is written down.
//!
//! After a wanted change, `UPDATE_EXPECT=1 cargo test -p mqttlab-sim golden` writes the traces anew; read the difference.

use crate::export::trace::{Options, trace};
use crate::monitor::Verdict;
use crate::recording::Recording;
use crate::scenario::Scenario;

fn run(text: &str) -> String {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let mut recording = Recording::new(scenario);
    while recording.step().is_some() {
        recording.check_invariants();
    }
    let trace = trace(&recording, Options::default());
    let failed: Vec<_> = recording
        .check()
        .into_iter()
        .filter(|result| result.verdict != Verdict::Pass)
        .collect();
    assert!(failed.is_empty(), "{failed:#?}\n{trace}");
    trace
}

macro_rules! golden {
    ($($name:ident $scenario:literal $trace:literal;)+) => {
        $(
            #[test]
            fn $name() {
                let trace = run(include_str!($scenario));
                #[cfg(not(target_family = "wasm"))]
                expect_test::expect_file![$trace].assert_eq(&trace);
                // There are no files, and the same trace must come out.
                #[cfg(target_family = "wasm")]
                assert_eq!(trace, include_str!($trace));
            }
        )+
    };
}

golden! {
    duel "../../../lessons/duel/scenario.toml" "../../../lessons/duel/trace.txt";
    broker_restart_without_disk "../../../scenarios/broker-restart-without-disk.toml" "../../../scenarios/broker-restart-without-disk.txt";
    broker_restart "../../../scenarios/broker-restart.toml" "../../../scenarios/broker-restart.txt";
    half_open "../../../scenarios/half-open.toml" "../../../scenarios/half-open.txt";
    keep_alive "../../../scenarios/keep-alive.toml" "../../../scenarios/keep-alive.txt";
    loss_is_delay "../../../scenarios/loss-is-delay.toml" "../../../scenarios/loss-is-delay.txt";
    offline_queue "../../../scenarios/offline-queue.toml" "../../../scenarios/offline-queue.txt";
    qos2_cut_after_publish "../../../scenarios/qos2-cut-after-publish.toml" "../../../scenarios/qos2-cut-after-publish.txt";
    qos2_cut_after_pubrel "../../../scenarios/qos2-cut-after-pubrel.toml" "../../../scenarios/qos2-cut-after-pubrel.txt";
    refused "../../../scenarios/refused.toml" "../../../scenarios/refused.txt";
    will_pulled_cable "../../../scenarios/will-pulled-cable.toml" "../../../scenarios/will-pulled-cable.txt";
}
