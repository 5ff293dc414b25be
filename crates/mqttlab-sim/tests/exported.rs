//! QoS 2, cut before PUBREC comes back.

use mqttlab_sim::monitor::Verdict;
use mqttlab_sim::recording::{Changes, Recording, UserInput};
use mqttlab_sim::scenario::{Act, Action, Ending, Memory, Message, QoS, Scenario, Ways};

const SCENARIO: &str = r#"[scenario]
id = "qos2-cut-after-publish"
title = "QoS 2, cut before PUBREC comes back"
about = "The broker has the message and the pump cannot know: it sends PUBLISH again, and the broker knows it."
version = 1
seed = 1
until = "10s"

[link]
latency = "40ms"

[[client]]
name = "pump"
clean = false
reconnect = { first = "1s" }

[[client]]
name = "monitor"
subscribe = [{ filter = "dose/#", qos = 2 }]

[[do]]
at = "0s"
who = ["monitor", "pump"]
act = "connect"

[[do]]
at = "1s"
who = "pump"
act = "publish"
topic = "dose/1"
payload = "5 ml"
qos = 2

[[do]]
at = "1060ms"
who = "pump"
act = "cut"

[[do]]
at = "2s"
who = "pump"
act = "reset"

[[do]]
at = "2s"
who = "pump"
act = "heal"

[[expect]]
count = 'received("monitor")'
is = 1
because = "QoS 2 delivers once on each hop, wherever it is cut"

[[expect]]
count = 'resent("pump")'
is = 1

[[expect]]
count = 'sent("pump", "PUBREL")'
is = 1
"#;

#[test]
fn qos2_cut_after_publish() {
    let mut scenario = Scenario::parse(SCENARIO).expect("it is a scenario");
    scenario.seed = 1;
    #[rustfmt::skip]
    let changes = Changes {
        inputs: vec![
            UserInput { at: 4000000, nth: 0, action: Action { who: 1, act: Act::Subscribe { filter: "news/#".into(), qos: QoS::AtLeastOnce } } },
            UserInput { at: 4000000, nth: 1, action: Action { who: 1, act: Act::Publish(Message { topic: "news/\"1\"".into(), payload: "line\n".into(), qos: QoS::AtLeastOnce, retain: true, expiry: None }) } },
            UserInput { at: 4000000, nth: 2, action: Action { who: 1, act: Act::Unsubscribe { filter: "news/#".into() } } },
            UserInput { at: 4000000, nth: 3, action: Action { who: 1, act: Act::Stall { way: Ways::Up } } },
            UserInput { at: 4000000, nth: 4, action: Action { who: 1, act: Act::Release { way: Ways::Both } } },
            UserInput { at: 4000000, nth: 5, action: Action { who: 1, act: Act::SlowDown { way: Ways::Up, latency: Some(300000), bandwidth: None } } },
            UserInput { at: 4000000, nth: 6, action: Action { who: 1, act: Act::SpeedUp { way: Ways::Both } } },
            UserInput { at: 4000000, nth: 7, action: Action { who: 1, act: Act::Cut { way: Ways::Down } } },
            UserInput { at: 4000000, nth: 8, action: Action { who: 1, act: Act::Heal } },
            UserInput { at: 4000000, nth: 9, action: Action { who: 1, act: Act::Restart { memory: Memory::Kept } } },
            UserInput { at: 4000000, nth: 10, action: Action { who: 1, act: Act::Connect } },
            UserInput { at: 4000000, nth: 11, action: Action { who: 1, act: Act::Disconnect { will: false } } },
            UserInput { at: 4000000, nth: 12, action: Action { who: 0, act: Act::Crash { how: Ending::Rst } } },
        ],
        omitted: vec![],
    };
    let mut recording = Recording::with_changes(scenario, changes);
    // 10.000000 s
    recording.seek(10000000);
    recording.check_invariants();
    let results = recording.check();
    let verdicts: Vec<Verdict> = results.iter().map(|result| result.verdict).collect();
    let expected = [
        // received("monitor") is 1
        Verdict::Pass,
        // resent("pump") is 1
        Verdict::Pass,
        // sent("pump", "PUBREL") is 1
        Verdict::Pass,
    ];
    assert_eq!(verdicts, expected, "{results:#?}");
    // Every event is the same; without this line another way to the same end is as good.
    assert_eq!(format!("{:016x}", recording.hash()), "45731873c6630a53");
}
