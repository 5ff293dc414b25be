//! Brokers of several shards: what holds of one broker holds of them, whenever their words arrive.

use std::path::{Path, PathBuf};

use crate::hunt::{Failure, Finding, Hunt, Profile};
use crate::monitor::Verdict;
use crate::recording::Recording;
use crate::scenario::Scenario;
use crate::world::shards::{TWIST, Twist};

/// How many shards.
const COUNTS: [u16; 3] = [2, 3, 5];

/// All scenarios that come with the project.
fn corpus() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths = Vec::new();
    for folder in ["scenarios", "lessons"] {
        let folder = std::fs::read_dir(root.join(folder)).expect("the folder is there");
        for entry in folder {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                paths.push(path.join("scenario.toml"));
            } else {
                paths.push(path);
            }
        }
    }
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml") && path.exists());
    paths.sort();
    paths
}

fn failures(scenario: Scenario) -> Vec<String> {
    let mut recording = Recording::new(scenario);
    while recording.step().is_some() {
        recording.check_invariants();
    }
    let results = recording.check().into_iter();
    let failed = results.filter(|result| result.verdict != Verdict::Pass);
    failed.map(|result| format!("{result:?}")).collect()
}

/// Plays the corpus with several shards; the outcome must be that of one broker.
fn play_corpus(is_of_interest: impl Fn(&str) -> bool) -> u32 {
    let mut played = 0;
    for path in corpus() {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let scenario = Scenario::parse(&text)
            .ok()
            .filter(|_| is_of_interest(&name));
        let Some(scenario) = scenario else {
            continue;
        };
        let alone = failures(scenario.clone()).len();
        for shards in COUNTS {
            let mut scenario = scenario.clone();
            scenario.broker.host.shards = shards;
            let failed = failures(scenario);
            assert_eq!(failed.len(), alone, "{name}, {shards} shards: {failed:#?}");
            played += 1;
        }
    }
    played
}

#[test]
fn what_holds_of_one_broker_holds_of_shards_whose_words_arrive_at_once() {
    TWIST.set(Twist::Prompt);
    let played = play_corpus(|_| true);
    TWIST.set(Twist::None);
    assert!(played > 60, "{played} runs");
}

#[test]
fn what_holds_of_one_broker_holds_of_shards_whose_words_take_their_time() {
    // In these, all depends on what a disturbance meets in its moment.
    let played = play_corpus(|name| {
        !["case-", "exactly-once", "qos2-cut"]
            .iter()
            .any(|timed| name.contains(timed))
    });
    assert!(played > 50, "{played} runs");
}

fn scenario(shards: u16, rest: &str) -> Scenario {
    let text = format!(
        "[scenario]\nid = \"shards\"\ntitle = \"Shards\"\nversion = 1\nmqtt = \"5.0\"\nuntil = \"40s\"\n\
         [broker]\nshards = {shards}\ndisk = true\n[link]\nlatency = \"10ms\"\n{rest}"
    );
    Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The first seed that fails.
fn first(hunt: &Hunt, seeds: u64) -> Option<Finding> {
    (0..seeds).find_map(|seed| hunt.try_seed(seed))
}

/// No seed finds anything.
#[track_caller]
fn nothing_is_found(rest: &str, profile: &Profile, seeds: u64) {
    for shards in COUNTS {
        let hunt = Hunt::new(scenario(shards, rest), profile.clone());
        #[cfg(feature = "checks")]
        let hunt = hunt.checked();
        if let Some(finding) = first(&hunt, seeds) {
            let small = hunt.shrink(finding);
            panic!("{shards} shards, seed {}: {small:#?}", small.seed);
        }
    }
}

fn rough() -> Profile {
    Profile {
        disturbances_max: 6,
        ..Profile::default()
    }
}

/// The broker crashes too.
fn crashes() -> Profile {
    Profile {
        broker: true,
        ..rough()
    }
}

const DOSES: &str = r#"
[[client]]
name = "pump"
clean = false
keep_alive = "3s"
session_expiry = "1h"
reconnect = { first = "500ms" }
publish = [{ every = "300ms", from = "2s", topic = "dose", payload = "{n}", qos = 2, count = 40 }]
[[client]]
name = "monitor"
clean = false
keep_alive = "3s"
session_expiry = "1h"
reconnect = { first = "500ms" }
subscribe = [{ filter = "dose", qos = 2 }]
[[client]]
name = "nurse"
clean = false
keep_alive = "3s"
session_expiry = "1h"
reconnect = { first = "500ms" }
subscribe = [{ filter = "+", qos = 2 }]
[[do]]
at = "0s"
who = ["monitor", "nurse"]
act = "connect"
[[do]]
at = "1s"
who = "pump"
act = "connect"
[[expect]]
count = 'received("monitor")'
is = 40
[[expect]]
count = 'received("nurse")'
is = 40
"#;

#[test]
fn each_message_comes_once_over_bad_links() {
    nothing_is_found(DOSES, &rough(), 30);
}

/// All alarms come, and the last state.
fn alarms() -> String {
    let each = (1..=50).map(|number| {
        format!("[[expect]]\neventually = 'received(\"guard\", \"alarm\", \"{number}\") >= 1'\n")
    });
    ALARMS.to_owned() + &each.collect::<String>()
}

/// The publisher's shard and the others store at different times, and a crash may come between.
#[test]
fn each_message_comes_once_though_the_broker_crashes() {
    nothing_is_found(DOSES, &crashes(), 70);
}

const ALARMS: &str = r#"
[[client]]
name = "sensor"
clean = false
keep_alive = "3s"
session_expiry = "1h"
reconnect = { first = "500ms" }
publish = [{ every = "200ms", from = "2s", topic = "alarm", payload = "{n}", qos = 1, count = 50 }]
[[client]]
name = "other"
clean = false
keep_alive = "3s"
session_expiry = "1h"
reconnect = { first = "500ms" }
publish = [{ every = "300ms", from = "2s", topic = "state", payload = "{n}", qos = 1, retain = true, count = 40 }]
[[client]]
name = "guard"
clean = false
keep_alive = "3s"
session_expiry = "1h"
reconnect = { first = "500ms" }
subscribe = [{ filter = "alarm", qos = 1 }, { filter = "state", qos = 1 }]
[[client]]
name = "late"
subscribe = [{ filter = "state", qos = 1 }]
[[do]]
at = "0s"
who = "guard"
act = "connect"
[[do]]
at = "1s"
who = ["sensor", "other"]
act = "connect"
[[do]]
at = "39s"
who = "late"
act = "connect"
"#;

/// Every message that was acknowledged comes, though the broker crashes: the acknowledgement waited for all shards.
#[test]
fn what_was_acknowledged_survives_a_crash() {
    nothing_is_found(&alarms(), &crashes(), 30);
}

#[test]
fn a_broker_that_confirms_too_early_is_found_out() {
    TWIST.set(Twist::WaitsForNobody);
    let hunt = Hunt::new(scenario(2, &alarms()), crashes());
    let found = first(&hunt, 400);
    TWIST.set(Twist::None);
    let finding = found.expect("nobody notices");
    assert_eq!(finding.failure, Failure::Liveness);
}

const WARD: &str = r#"
[[client]]
name = "monitor"
clean = false
keep_alive = "3s"
session_expiry = "1h"
reconnect = { first = "500ms" }
publish = [{ every = "200ms", from = "2s", topic = "value", payload = "{n}", qos = 1, count = 30 }]
[[client]]
name = "left"
clean = false
keep_alive = "3s"
session_expiry = "1h"
reconnect = { first = "500ms" }
subscribe = [{ filter = "$share/ward/value", qos = 1 }]
[[client]]
name = "middle"
clean = false
keep_alive = "3s"
session_expiry = "1h"
reconnect = { first = "500ms" }
subscribe = [{ filter = "$share/ward/value", qos = 1 }]
[[client]]
name = "right"
clean = false
keep_alive = "3s"
session_expiry = "1h"
reconnect = { first = "500ms" }
subscribe = [{ filter = "$share/ward/value", qos = 1 }]
[[do]]
at = "0s"
who = ["left", "middle", "right"]
act = "connect"
[[do]]
at = "1s"
who = "monitor"
act = "connect"
"#;

/// Somebody of the ward gets each value.
fn ward() -> String {
    let each = (1..=30).map(|number| {
        let of = |who| format!("received(\"{who}\", \"value\", \"{number}\")");
        let (left, middle, right) = (of("left"), of("middle"), of("right"));
        format!("[[expect]]\neventually = '{left} + {middle} + {right} >= 1'\n")
    });
    WARD.to_owned() + &each.collect::<String>()
}

#[test]
fn somebody_in_a_share_gets_each_message_though_members_come_and_go() {
    nothing_is_found(&ward(), &rough(), 15);
    nothing_is_found(&ward(), &crashes(), 15);
}

/// Two of one name throw each other out, in whichever shard they came in; a will speaks for each that goes.
const TWINS: &str = r#"
[[client]]
name = "one"
client_id = "twin"
keep_alive = "3s"
will = { topic = "gone", payload = "one", qos = 1, retain = true }
[[client]]
name = "two"
client_id = "twin"
keep_alive = "3s"
[[client]]
name = "watch"
clean = false
keep_alive = "3s"
session_expiry = "1h"
reconnect = { first = "500ms" }
subscribe = [{ filter = "gone", qos = 1 }]
[[do]]
at = "0s"
who = "watch"
act = "connect"
[[do]]
at = "1s"
who = "one"
act = "connect"
[[do]]
at = "5s"
who = "two"
act = "connect"
[[expect]]
always = 'not connected("one") or not connected("two")'
from = "6s"
[[expect]]
eventually = 'received("watch", "gone", "one") >= 1'
[[expect]]
eventually = 'retained("gone") == "one"'
"#;

#[test]
fn a_takeover_and_a_will_are_seen_from_every_shard() {
    let calm = Profile {
        disturbances_max: 0,
        ..Profile::default()
    };
    nothing_is_found(TWINS, &calm, 60);
}
