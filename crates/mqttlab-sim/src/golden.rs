//! Each scenario holds what it expects, and runs exactly as it is written down.
//!
//! After a wanted change, `UPDATE_EXPECT=1 cargo test -p mqttlab-sim golden` writes the traces anew; read the difference.

use crate::export::trace::{Options, trace};
use crate::monitor::{ExpectationResult, Verdict};
use crate::recording::Recording;
use crate::scenario::{Act, Action, Ending, Memory, Message, Scenario, Ways};

/// The trace of a run, and the expectations that do not hold in it.
fn play(scenario: Scenario) -> (String, Vec<ExpectationResult>) {
    let mut recording = Recording::new(scenario);
    while recording.step().is_some() {
        recording.check_invariants();
    }
    let trace = trace(&recording, Options::default());
    let mut results = recording.check();
    results.retain(|result| result.verdict != Verdict::Pass);
    (trace, results)
}

/// Reads a scenario, which says the same when it is written down again.
fn parse(text: &str) -> Scenario {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let again = scenario.to_text();
    match Scenario::parse(&again) {
        Ok(read) => assert_eq!(read, scenario, "{again}"),
        Err(error) => panic!("{error}\n{again}"),
    }
    scenario
}

/// A scenario in which everything is as it should be.
fn run(text: &str) -> String {
    let (trace, failed) = play(parse(text));
    assert!(failed.is_empty(), "{failed:#?}\n{trace}");
    trace
}

/// A scenario of the gallery: an expectation catches the mistake, and with the mistake switched off they all hold.
fn catch(text: &str) -> String {
    let wrong = parse(text);
    assert!(wrong.has_bugs());
    let right = wrong.clone().without_bugs();
    assert!(!right.has_bugs());
    let (trace, failed) = play(wrong);
    assert!(!failed.is_empty(), "nothing catches the mistake\n{trace}");
    let (right, failed) = play(right);
    assert!(failed.is_empty(), "{failed:#?}\n{right}");
    trace
}

macro_rules! golden {
    ($play:ident: $($name:ident $scenario:literal $trace:literal;)+) => {
        $(
            #[test]
            fn $name() {
                let trace = $play(include_str!($scenario));
                #[cfg(not(target_family = "wasm"))]
                expect_test::expect_file![$trace].assert_eq(&trace);
                // There are no files, and the same trace must come out.
                #[cfg(target_family = "wasm")]
                assert_eq!(trace, include_str!($trace));
            }
        )+
    };
}

golden! { run:
    duel "../../../lessons/duel/scenario.toml" "../../../lessons/duel/trace.txt";
    broker_restart_without_disk "../../../scenarios/broker-restart-without-disk.toml" "../../../scenarios/broker-restart-without-disk.txt";
    broker_restart "../../../scenarios/broker-restart.toml" "../../../scenarios/broker-restart.txt";
    by_hand "../../../scenarios/by-hand.toml" "../../../scenarios/by-hand.txt";
    half_open "../../../scenarios/half-open.toml" "../../../scenarios/half-open.txt";
    keep_alive "../../../scenarios/keep-alive.toml" "../../../scenarios/keep-alive.txt";
    loss_is_delay "../../../scenarios/loss-is-delay.toml" "../../../scenarios/loss-is-delay.txt";
    offline_queue "../../../scenarios/offline-queue.toml" "../../../scenarios/offline-queue.txt";
    qos2_cut_after_publish "../../../scenarios/qos2-cut-after-publish.toml" "../../../scenarios/qos2-cut-after-publish.txt";
    qos2_cut_after_pubrel "../../../scenarios/qos2-cut-after-pubrel.toml" "../../../scenarios/qos2-cut-after-pubrel.txt";
    rules "../../../scenarios/rules.toml" "../../../scenarios/rules.txt";
    refused "../../../scenarios/refused.toml" "../../../scenarios/refused.txt";
    when "../../../scenarios/when.toml" "../../../scenarios/when.txt";
    will_pulled_cable "../../../scenarios/will-pulled-cable.toml" "../../../scenarios/will-pulled-cable.txt";
}

golden! { catch:
    bug_dup_never_set "../../../scenarios/bugs/dup-never-set.toml" "../../../scenarios/bugs/dup-never-set.txt";
    bug_empty_client_id_with_session "../../../scenarios/bugs/empty-client-id-with-session.toml" "../../../scenarios/bugs/empty-client-id-with-session.txt";
    bug_exit_after_publish "../../../scenarios/bugs/exit-after-publish.toml" "../../../scenarios/bugs/exit-after-publish.txt";
    bug_ignore_suback_failure "../../../scenarios/bugs/ignore-suback-failure.toml" "../../../scenarios/bugs/ignore-suback-failure.txt";
    bug_keep_alive_restarts_on_receive "../../../scenarios/bugs/keep-alive-restarts-on-receive.toml" "../../../scenarios/bugs/keep-alive-restarts-on-receive.txt";
    bug_no_resubscribe "../../../scenarios/bugs/no-resubscribe.toml" "../../../scenarios/bugs/no-resubscribe.txt";
    bug_packet_id_reuse "../../../scenarios/bugs/packet-id-reuse.toml" "../../../scenarios/bugs/packet-id-reuse.txt";
    bug_publish_after_pubrel "../../../scenarios/bugs/publish-after-pubrel.toml" "../../../scenarios/bugs/publish-after-pubrel.txt";
    bug_qos_upgraded "../../../scenarios/bugs/qos-upgraded.toml" "../../../scenarios/bugs/qos-upgraded.txt";
    bug_wildcard_matches_dollar "../../../scenarios/bugs/wildcard-matches-dollar.toml" "../../../scenarios/bugs/wildcard-matches-dollar.txt";
}

/// The test that [`export::rust`](crate::export::rust) writes is one of this package: it compiles and holds.
#[test]
fn rust_export() {
    let source = include_str!("../../../scenarios/qos2-cut-after-publish.toml");
    let scenario = Scenario::parse(source).unwrap_or_else(|error| panic!("{error}"));
    let mut recording = Recording::new(scenario);
    recording.seek(4_000_000);
    for act in acts() {
        recording.act(Action { who: 1, act });
    }
    recording.act(Action {
        who: 0,
        act: Act::Crash { how: Ending::Rst },
    });
    recording.seek(recording.end());
    let test = crate::export::rust::rust(&recording, source);
    #[cfg(not(target_family = "wasm"))]
    expect_test::expect_file!["../tests/exported.rs"].assert_eq(&test);
    #[cfg(target_family = "wasm")]
    assert_eq!(test, include_str!("../tests/exported.rs"));
}

/// One of each kind that takes something.
fn acts() -> Vec<Act> {
    let (filter, qos) = ("news/#".to_owned(), crate::scenario::QoS::AtLeastOnce);
    vec![
        Act::Subscribe {
            filter: filter.clone(),
            qos,
        },
        Act::Publish(Message {
            topic: "news/\"1\"".to_owned(),
            payload: "line\n".to_owned(),
            qos,
            retain: true,
            expiry: None,
        }),
        Act::Unsubscribe { filter },
        Act::Stall { way: Ways::Up },
        Act::Release { way: Ways::Both },
        Act::SlowDown {
            way: Ways::Up,
            latency: Some(300_000),
            bandwidth: None,
        },
        Act::SpeedUp { way: Ways::Both },
        Act::Cut { way: Ways::Down },
        Act::Heal,
        Act::Restart {
            memory: Memory::Kept,
        },
        Act::Connect,
        Act::Disconnect { will: false },
    ]
}

/// The schema that lies beside the page is that of this version.
#[cfg(feature = "schema")]
#[test]
fn schema() {
    let schema = crate::scenario::schema();
    expect_test::expect_file!["../../../www/scenario.schema.json"].assert_eq(&schema);
}
