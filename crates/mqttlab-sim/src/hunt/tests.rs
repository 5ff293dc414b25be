use super::*;
use crate::scenario::Act;

/// A pump with a known mistake: after a reconnect it publishes again what it should only release.
fn buggy(bug: bool) -> Hunt {
    let text = format!(
        r#"
[scenario]
id = "doses"
title = "Doses"
version = 1
until = "40s"
[link]
latency = "40ms"
[[client]]
name = "pump"
clean = false
reconnect = {{ first = "500ms" }}
publish = [{{ every = "300ms", from = "12s", topic = "dose", payload = "{{n}}", qos = 2, count = 40 }}]
bugs = {{ publish_after_pubrel = {bug} }}
[[client]]
name = "monitor"
clean = false
reconnect = {{ first = "500ms" }}
subscribe = [{{ filter = "dose", qos = 2 }}]
[[do]]
at = "0s"
who = ["monitor", "pump"]
act = "connect"
[[expect]]
count = 'received("monitor")'
is = 40
because = "each dose arrives exactly once"
"#
    );
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let profile = Profile {
        clients: false,
        disturbances_max: 6,
        ..Profile::default()
    };
    Hunt::new(scenario, profile)
}

#[test]
fn a_known_mistake_is_found_shrunk_and_replayed() {
    let hunt = buggy(true);
    let finding = (0..200)
        .find_map(|seed| hunt.try_seed(seed))
        .expect("it shows");
    let small = hunt.shrink(finding.clone());
    let disturbances = |finding: &Finding| finding.changes.inputs.len() + finding.rules.len();
    assert!(disturbances(&small) <= disturbances(&finding));
    assert!(disturbances(&small) <= 2, "{small:#?}");
    let mut recording = hunt.replay(&small);
    recording.seek(recording.end());
    let results = recording.check().into_iter();
    let failed: Vec<_> = results
        .filter(|result| result.verdict == Verdict::Fail)
        .collect();
    assert_eq!(failed, small.failed);
    assert_eq!(
        hunt.try_seed(finding.seed),
        Some(finding),
        "a seed is always the same run"
    );
}

#[test]
fn without_the_mistake_nothing_is_found() {
    let hunt = buggy(false);
    for seed in 0..40 {
        let finding = hunt.try_seed(seed);
        assert_eq!(finding, None, "seed {seed}");
    }
}

fn parse(text: &str) -> Scenario {
    Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

const LONELY: &str = r#"
[scenario]
id = "lonely"
title = "It takes one reset"
version = 1
until = "20s"
[[client]]
name = "A"
[[client]]
name = "bystander"
publish = [{ every = "1s", topic = "t", payload = "{n}" }]
[[do]]
at = "0s"
who = "A"
act = "connect"
[[do]]
at = "5s"
who = "A"
act = "publish"
topic = "t"
[[expect]]
always = 'connected("A")'
from = "1s"
"#;

#[test]
fn what_must_not_happen_is_told_from_what_must() {
    let finding = |hunt: &Hunt| (0..60).find_map(|seed| hunt.try_seed(seed));
    let hunt = Hunt::new(parse(LONELY), Profile::default());
    let found = finding(&hunt).expect("one reset is enough");
    assert_eq!(found.failure, Failure::Safety);
    let must = LONELY.replace(
        "always = 'connected(\"A\")'\nfrom = \"1s\"",
        "eventually = 'connected(\"A\") and now > 18s'",
    );
    let hunt = Hunt::new(parse(&must), Profile::default());
    let found = finding(&hunt).expect("one reset is enough");
    assert_eq!(found.failure, Failure::Liveness);
    assert!(found.owed.is_empty());
}

#[test]
fn what_is_owed_after_the_grace_is_a_failure_of_its_own() {
    let text = r#"
[scenario]
id = "owed"
title = "A client that never acknowledges"
version = 1
until = "10s"
[broker]
policy = { in-flight-max = 1 }
[[client]]
name = "monitor"
acks = "never"
subscribe = [{ filter = "t/#", qos = 1 }]
[[client]]
name = "pump"
publish = [{ every = "1s", topic = "t/1", payload = "{n}", qos = 1 }]
[[do]]
at = "0s"
who = ["monitor", "pump"]
act = "connect"
"#;
    let profile = Profile {
        disturbances_max: 0,
        ..Profile::default()
    };
    let hunt = Hunt::new(parse(text), profile.clone());
    let finding = hunt.try_seed(1).expect("it is owed");
    assert_eq!(finding.failure, Failure::Liveness);
    assert!(finding.failed.is_empty());
    assert_eq!(finding.owed.len(), 8, "{:#?}", finding.owed);
    assert!(
        finding.owed[0]
            .text
            .contains("as many messages are in flight")
    );
    let scenario = hunt.to_scenario(&finding).expect("it is a scenario");
    let mut recording = Recording::new(scenario);
    recording.seek(recording.end());
    let results = recording.check();
    assert_eq!(results[0].verdict, Verdict::Fail, "{results:#?}");

    let right = text.replace("acks = \"never\"\n", "");
    assert_eq!(Hunt::new(parse(&right), profile).try_seed(1), None);
}

#[test]
fn whatever_is_disturbed_a_right_client_gets_all_that_it_is_owed() {
    let text = r#"
[scenario]
id = "right"
title = "Nothing is owed"
version = 1
until = "30s"
[broker]
disk = true
[[client]]
name = "monitor"
clean = false
reconnect = { first = "500ms" }
subscribe = [{ filter = "t", qos = 2 }]
[[client]]
name = "pump"
clean = false
reconnect = { first = "500ms" }
publish = [{ every = "400ms", topic = "t", payload = "{n}", qos = 2, count = 30 }]
[[do]]
at = "0s"
who = ["monitor", "pump"]
act = "connect"
"#;
    let profile = Profile {
        disturbances_max: 5,
        clients: true,
        broker: true,
        ..Profile::default()
    };
    let hunt = Hunt::new(parse(text), profile);
    for seed in 0..40 {
        let finding = hunt.try_seed(seed);
        assert_eq!(finding, None, "seed {seed}");
    }
}

#[test]
fn a_finding_becomes_a_small_scenario_that_fails_alike() {
    let hunt = Hunt::new(parse(LONELY), Profile::default());
    let finding = (0..60).find_map(|seed| hunt.try_seed(seed));
    let small = hunt.shrink(finding.expect("one reset is enough"));
    let scenario = hunt.to_scenario(&small).expect("it is a scenario");
    assert_eq!(scenario.clients.len(), 1, "the other has no part in it");
    assert!(scenario.script.len() <= 2, "{:#?}", scenario.script);
    let again = Scenario::parse(&scenario.to_text()).expect("it can be written down");
    let mut recording = Recording::new(again);
    recording.seek(recording.end());
    let failed = recording.check();
    assert_eq!(failed[0].verdict, Verdict::Fail);
}

#[test]
fn the_small_scenario_has_less_of_everything_and_fails_for_the_same_reason() {
    let hunt = buggy(true);
    let finding = (0..200).find_map(|seed| hunt.try_seed(seed));
    let small = hunt.shrink(finding.expect("it shows"));
    let scenario = hunt.to_scenario(&small).expect("it is a scenario");
    // The count is of all doses, so each of them is needed; what it does beside is not.
    let pump = &scenario.clients[0];
    assert_eq!(pump.publications[0].count, 40);
    assert_eq!(pump.publications[0].message.payload, "");
    assert!(pump.bugs.publish_after_pubrel);
    let mut recording = Recording::new(scenario);
    recording.play();
    let failed = &recording.check()[0];
    let number = |result: &ExpectationResult| result.detail.clone();
    assert_eq!(number(failed), number(&small.failed[0]));
}

#[test]
fn what_is_lost_is_not_taken_for_what_was_never_published() {
    let text = r#"
[scenario]
id = "forgetful"
title = "A client that forgets its session"
version = 1
until = "20s"
[broker]
disk = true
[link]
jitter = "5ms"
loss = "1%"
[[client]]
name = "monitor"
reconnect = { first = "4s" }
keep_alive = "20s"
will = { topic = "gone", payload = "monitor" }
subscribe = [{ filter = "other" }, { filter = "t", qos = 1 }]
[[client]]
name = "pump"
acks = "20ms"
on_receive = [{ filter = "x", topic = "y" }]
publish = [{ every = "500ms", from = "2s", topic = "t", payload = "a long reading: {n}", qos = 1, count = 12 }]
[[do]]
at = "0s"
who = ["monitor", "pump"]
act = "connect"
[[expect]]
count = 'received("monitor", "t")'
min = 12
"#;
    let hunt = Hunt::new(parse(text), Profile::default());
    let finding = (0..60).find_map(|seed| hunt.try_seed(seed));
    let small = hunt.shrink(finding.expect("a reset is enough"));
    let scenario = hunt.to_scenario(&small).expect("it is a scenario");
    let [monitor, pump] = scenario.clients.as_slice() else {
        panic!("both are needed: {:#?}", scenario.clients);
    };
    // All twelve would come, were it not for what disturbs them.
    assert_eq!(pump.publications[0].count, 12);
    assert_eq!(pump.publications[0].message.payload, "");
    assert_eq!(pump.habits, Default::default());
    assert_eq!(monitor.options.will, None);
    assert_eq!(monitor.subscriptions.len(), 1);
    assert_eq!(
        (monitor.link, scenario.broker.disk),
        (Default::default(), false)
    );
    let disturbances = scenario.inputs.len() + scenario.rules.len();
    assert!(disturbances + scenario.script.len() <= 4, "{scenario:#?}");
    let mut undisturbed = scenario.clone();
    undisturbed.inputs.clear();
    undisturbed.rules.clear();
    undisturbed.script.truncate(2);
    let verdict = |scenario| {
        let mut recording = Recording::new(scenario);
        recording.play();
        recording.check()[0].verdict
    };
    assert_eq!(verdict(scenario), Verdict::Fail);
    assert_eq!(verdict(undisturbed), Verdict::Pass);
}

#[test]
fn it_is_inevitable_from_the_reset_on_and_not_before() {
    let profile = Profile {
        links: false,
        rules: false,
        ..Profile::default()
    };
    let hunt = Hunt::new(parse(LONELY), profile);
    let finding = (0..60).find_map(|seed| hunt.try_seed(seed));
    let small = hunt.shrink(finding.expect("one reset is enough"));
    let inevitable = hunt.inevitable(&small, 12).expect("at the end it is");
    let first = small.changes.inputs.iter();
    let mut resets = first.filter(|input| matches!(input.action.act, Act::Reset | Act::Close));
    let at = resets.next().map(|input| input.at);
    assert_eq!(Some(inevitable.at), at);
    assert_eq!(inevitable.tried, 12);
}

/// Chance that a client has yet to meet is new too, also where it ran already: here when it connects again.
#[test]
fn another_future_has_other_waits_of_clients_that_run() {
    let scenario = parse(
        r#"
[scenario]
id = "again"
title = "Again"
version = 1
until = "30s"
[[client]]
name = "A"
reconnect = { first = "10s", jitter = "90%" }
[[do]]
at = "0s"
who = "A"
act = "connect"
[[do]]
at = "2s"
who = "A"
act = "reset"
"#,
    );
    let mut recording = Recording::new(scenario);
    recording.seek(1_000_000);
    let (_, happened) = *recording.moments().last().expect("it has connected");
    recording.seek(recording.end());
    let connects_again = |salt| {
        let (mut other, now, _) = recording.reseeded(happened, salt, 0);
        assert!(now < 1_000_000);
        other.play();
        let second = other.flights().iter().filter(|flight| flight.name == "SYN");
        second.map(|flight| flight.sent_at).nth(1)
    };
    let times: std::collections::BTreeSet<_> = (0..10).filter_map(connects_again).collect();
    assert!(times.len() > 5, "{times:?}");
}

#[test]
fn a_script_keeps_its_point() {
    let text = include_str!("../../../../scenarios/qos2-cut-after-publish.toml");
    let hunt = Hunt::new(parse(text), Profile::default());
    let mut findings = (0..100).filter_map(|seed| hunt.try_seed(seed));
    for finding in findings.by_ref().take(3) {
        let small = hunt.shrink(finding);
        let scenario = hunt.to_scenario(&small).expect("it is a scenario");
        let steps = scenario.script.iter();
        let mut published = steps.filter(|step| matches!(step.action.act, Act::Publish(_)));
        assert!(published.next().is_some(), "{scenario:#?}");
    }
}
