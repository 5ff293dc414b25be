//! What clients do by themselves.

use super::check;
use crate::view::{ParticipantState, TimerKind};

#[test]
fn messages_at_random_times_come_at_the_wanted_rate_and_not_in_step() {
    let recording = check(
        "1000s",
        r#"
[[client]]
name = "sensor"
publish = [{ every = "1s", random = true, topic = "t", payload = "{n}" }]
[[do]]
at = "0s"
who = "sensor"
act = "connect"
[[expect]]
count = 'sent("sensor", "PUBLISH")'
min = 900
max = 1100
"#,
    );
    let sent = recording.flights().iter();
    let mut times: Vec<u64> = sent
        .filter(|flight| flight.name == "PUBLISH")
        .map(|flight| flight.sent_at)
        .collect();
    let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap <= 2_000_000));
    assert!(gaps.iter().any(|gap| *gap < 200_000) && gaps.iter().any(|gap| *gap > 1_800_000));
    times.dedup();
    assert!(times.len() > 900);
}

#[test]
fn a_message_is_answered_by_another() {
    check(
        "5s",
        r#"
[[client]]
name = "lamp"
subscribe = [{ filter = "lamp/set", qos = 1 }]
on_receive = [{ filter = "lamp/+", topic = "lamp/state", payload = "{topic} {payload}", qos = 1, retain = true }]
[[client]]
name = "phone"
subscribe = [{ filter = "lamp/state", qos = 1 }]
[[do]]
at = "0s"
who = ["lamp", "phone"]
act = "connect"
[[do]]
at = "1s"
who = "phone"
act = "publish"
topic = "lamp/set"
payload = "on"
[[expect]]
count = 'received("phone", "lamp/state", "lamp/set on")'
is = 1
[[expect]]
eventually = 'retained("lamp/state") == "lamp/set on"'
"#,
    );
}

#[test]
fn acknowledgements_that_never_come_fill_the_window() {
    check(
        "30s",
        r#"
[broker]
policy = { in-flight-max = 3 }
[[client]]
name = "mute"
acks = "never"
subscribe = [{ filter = "t", qos = 1 }]
[[client]]
name = "pump"
publish = [{ every = "1s", topic = "t", payload = "{n}", qos = 1, count = 10 }]
[[do]]
at = "0s"
who = ["mute", "pump"]
act = "connect"
[[expect]]
count = 'received("mute")'
is = 3
because = "no more may be in flight"
[[expect]]
count = 'sent("mute", "PUBACK")'
is = 0
[[expect]]
eventually = 'queued("mute") == 7'
"#,
    );
}

#[test]
fn late_acknowledgements_slow_the_stream_to_window_over_delay() {
    check(
        "21s",
        r#"
[broker]
policy = { in-flight-max = 2 }
[[client]]
name = "slow"
acks = "1s"
subscribe = [{ filter = "t", qos = 2 }]
[[client]]
name = "pump"
publish = [{ every = "100ms", topic = "t", payload = "{n}", qos = 2, count = 100 }]
[[do]]
at = "0s"
who = ["slow", "pump"]
act = "connect"
[[expect]]
count = 'received("slow")'
min = 15
max = 25
because = "two at a time, each takes PUBREC and PUBCOMP: about two seconds"
"#,
    );
}

#[test]
fn a_slow_reader_makes_the_broker_drop_qos_0_and_keeps_the_connection() {
    check(
        "60s",
        r#"
[broker]
policy = { out-bytes-max = 2000 }
[link]
buffer = "1460 B"
[[client]]
name = "slow"
read = "800 bit/s"
keep_alive = "0s"
subscribe = [{ filter = "t", qos = 0 }]
[[client]]
name = "pump"
publish = [{ every = "200ms", topic = "t", payload = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789", count = 200 }]
[[do]]
at = "0s"
who = ["slow", "pump"]
act = "connect"
[[expect]]
count = 'received("slow")'
min = 30
max = 120
[[expect]]
always = 'connected("slow")'
from = "2s"
[[expect]]
eventually = 'sent("broker", "PUBLISH") < sent("pump", "PUBLISH")'
from = "55s"
"#,
    );
}

#[test]
fn timers_stand_still_while_a_computer_sleeps() {
    let mut recording = check(
        "120s",
        r#"
[link]
give_up = "30s"
[[client]]
name = "laptop"
keep_alive = "10s"
reconnect = { first = "1s" }
clean = false
subscribe = [{ filter = "news", qos = 1 }]
will = { topic = "gone", payload = "laptop" }
[[client]]
name = "writer"
subscribe = [{ filter = "gone", qos = 0 }]
[[do]]
at = "0s"
who = ["laptop", "writer"]
act = "connect"
[[do]]
at = "5s"
who = "laptop"
act = "sleep"
[[do]]
at = "20s"
who = "writer"
act = "publish"
topic = "news"
payload = "missed"
qos = 1
[[do]]
at = "65s"
who = "laptop"
act = "wake"
[[expect]]
count = 'sent("laptop", "PINGREQ")'
min = 1
[[expect]]
never = 'sent("laptop", "PINGREQ") > 0'
by = "69s"
because = "five seconds of its Keep Alive are left when it wakes"
[[expect]]
eventually = 'received("writer", "gone") == 1'
by = "20s"
because = "the broker's clock goes on"
[[expect]]
count = 'received("laptop", "news")'
is = 1
because = "it finds out that its connection is gone, comes back and gets what waited"
"#,
    );
    recording.seek(30_000_000);
    let view = recording.view();
    let laptop = &view.participants[1];
    assert_eq!(laptop.state, ParticipantState::Asleep);
    assert_eq!(laptop.since, 5_000_000);
    let timers = laptop.timers.iter();
    let left = timers
        .filter(|timer| timer.kind == TimerKind::KeepAlive)
        .map(|timer| timer.until - 30_000_000)
        .next();
    assert!(
        left.is_some_and(|left| left > 4_000_000 && left < 6_000_000),
        "{left:?}"
    );
}

#[test]
fn clocks_run_fast_and_slow() {
    check(
        "100s",
        r#"
[[client]]
name = "fast"
clock = "200%"
keep_alive = "10s"
[[client]]
name = "slow"
clock = "50%"
keep_alive = "10s"
[[do]]
at = "0s"
who = ["fast", "slow"]
act = "connect"
[[expect]]
count = 'sent("fast", "PINGREQ")'
min = 18
max = 20
[[expect]]
eventually = 'connections("slow") == 0'
by = "16s"
because = "its ten seconds are twenty, and the broker waits for fifteen"
"#,
    );
}

#[test]
fn what_the_socket_has_taken_survives_the_process_but_not_a_reset() {
    for (how, received) in [("fin", 1), ("rst", 0)] {
        check(
            "10s",
            &format!(
                r#"
[link]
bandwidth = "8 kbit/s"
latency = "100ms"
[[client]]
name = "script"
[[client]]
name = "monitor"
link = {{ bandwidth = "10 Mbit/s" }}
subscribe = [{{ filter = "t", qos = 0 }}]
[[do]]
at = "0s"
who = ["script", "monitor"]
act = "connect"
[[do]]
at = "2s"
who = "script"
act = "publish"
topic = "t"
payload = "{payload}"
[[do]]
at = "2s"
who = "script"
act = "crash"
how = "{how}"
[[expect]]
count = 'received("monitor", "t")'
is = {received}
"#,
                payload = "x".repeat(2_000)
            ),
        );
    }
}

/// A step that waits happens once, when its condition is true after its time, and not when it is left out.
#[test]
fn a_step_that_waits_happens_once_in_its_time() {
    let text = r#"
[[client]]
name = "pump"
publish = [{ every = "1s", count = 8, topic = "t" }]
[[client]]
name = "monitor"
keep_alive = "0s"
subscribe = [{ filter = "t" }]
[[do]]
at = "0s"
who = ["monitor", "pump"]
act = "connect"
[[do]]
at = "3500ms"
when = 'sent("pump", "PUBLISH") > 1'
who = "monitor"
act = "unsubscribe"
filter = "t"
[[do]]
when = 'connections("pump") == 7'
who = "monitor"
act = "disconnect"
"#;
    let stays = "[[expect]]\ncount = 'received(\"monitor\")'\nis = 3\n";
    let mut recording = check("10s", &format!("{text}{stays}"));
    let unsubscribes = |recording: &crate::recording::Recording| {
        let flights = recording.flights().iter();
        let sent = flights.filter(|flight| flight.name == "UNSUBSCRIBE");
        sent.map(|flight| flight.sent_at).collect::<Vec<_>>()
    };
    let at = unsubscribes(&recording);
    assert_eq!(at.len(), 1);
    assert!((3_500_000..4_100_000).contains(&at[0]), "{at:?}");

    let mut steps = recording.scenario().script.iter();
    let step = steps.position(|step| step.at == 3_500_000);
    let step = step.expect("the step is there");
    recording.omit(step).expect("a step of its own");
    recording.seek(10_000_000);
    assert_eq!(unsubscribes(&recording), [0; 0]);
}
