//! What the network and the broker's computer do.

use std::fmt::Write;

use super::check;
use crate::view::{EventKind, Fate};

/// Many clients that lose their broker and come back, all after the same time or spread.
fn storm(reconnect: &str, broker: &str, expect: &str) -> crate::recording::Recording {
    let mut text = format!("[broker]\n{broker}\n");
    let mut names = Vec::new();
    for number in 0..40 {
        let _ = write!(
            text,
            "[[client]]\nname = \"c{number}\"\nreconnect = {{ {reconnect} }}\n"
        );
        names.push(format!("\"c{number}\""));
    }
    let _ = write!(
        text,
        "[groups]\nall = [{}]\n{expect}\n\
         [[do]]\nat = \"0s\"\nwho = \"all\"\nact = \"connect\"\n\
         [[do]]\nat = \"20s\"\nwho = \"broker\"\nact = \"crash\"\n\
         [[do]]\nat = \"21s\"\nwho = \"broker\"\nact = \"restart\"\n",
        names.join(", ")
    );
    check("60s", &text)
}

#[test]
fn who_comes_back_all_at_once_fills_the_backlog_and_who_spreads_does_not() {
    let slow = "backlog = 10\naccept = \"100ms\"";
    let recording = storm(
        "first = \"5s\"",
        slow,
        "[[expect]]\neventually = 'backlog >= 9'\nfrom = \"22s\"\n\
         [[expect]]\nnever = 'backlog > 10'\n\
         [[expect]]\neventually = 'connected(\"c0\") and connected(\"c39\") and backlog == 0'\nfrom = \"26s\"",
    );
    let events = recording.events().iter();
    let dropped = events.filter(|event| event.text.contains("backlog is full"));
    assert!(dropped.count() > 20);
    let view = recording.view();
    assert!(view.backlog.is_empty());
    let arrived = recording.flights().iter();
    let late = arrived.filter(|flight| flight.name == "CONNACK" && flight.sent_at > 26_000_000);
    assert!(late.count() > 10, "the last ones wait for seconds");

    storm(
        "first = \"10s\", jitter = \"90%\"",
        slow,
        "[[expect]]\nnever = 'backlog >= 9'\nfrom = \"22s\"",
    );
}

#[test]
fn what_comes_before_it_is_accepted_is_read_then() {
    check(
        "20s",
        r#"
[broker]
accept = "2s"
[[client]]
name = "first"
[[client]]
name = "second"
will = { topic = "t", payload = "gone" }
[[client]]
name = "third"
subscribe = [{ filter = "t" }]
[[do]]
at = "0s"
who = ["first", "second", "third"]
act = "connect"
[[expect]]
never = 'connected("second")'
by = "2s"
[[expect]]
eventually = 'connected("second") and not connected("third")'
[[expect]]
always = 'connected("first") and connected("second") and connected("third")'
from = "6s"
[[expect]]
count = 'sent("broker", "RST")'
is = 0
"#,
    );
}

#[test]
fn a_group_that_is_cut_off_together_comes_back_together() {
    check(
        "60s",
        r#"
[link]
give_up = "10s"
[groups]
field = ["a", "b"]
[[client]]
name = "a"
keep_alive = "4s"
ping_timeout = "2s"
reconnect = { first = "1s" }
[[client]]
name = "b"
keep_alive = "4s"
ping_timeout = "2s"
reconnect = { first = "1s" }
[[client]]
name = "office"
keep_alive = "4s"
[[do]]
at = "0s"
who = ["field", "office"]
act = "connect"
[[do]]
at = "10s"
who = "field"
act = "cut"
[[do]]
at = "30s"
who = "field"
act = "heal"
[[expect]]
always = 'connected("office")'
from = "1s"
[[expect]]
eventually = 'connections("a") == 0 and connections("b") == 0'
from = "10s"
by = "20s"
[[expect]]
eventually = 'connected("a") and connected("b")'
from = "31s"
"#,
    );
}

#[test]
fn connecting_is_refused_at_once_or_times_out() {
    check(
        "60s",
        r#"
[link]
connect_timeout = "9s"
[[client]]
name = "refused"
connect_timeout = "60s"
[[client]]
name = "silent"
connect_timeout = "60s"
[[do]]
at = "0s"
who = "broker"
act = "crash"
[[do]]
at = "0s"
who = "silent"
act = "cut"
[[do]]
at = "1s"
who = ["refused", "silent"]
act = "connect"
[[expect]]
always = 'state("refused") == "opening"'
from = "1s"
by = "1030ms"
[[expect]]
always = 'state("refused") == "idle"'
from = "1100ms"
[[expect]]
always = 'state("silent") == "opening"'
from = "1100ms"
by = "9900ms"
[[expect]]
always = 'state("silent") == "idle"'
from = "10100ms"
"#,
    );
}

#[test]
fn an_impossible_network_loses_single_packets_and_says_so() {
    let recording = check(
        "30s",
        r#"
[link]
impossible_loss = "50%"
[[client]]
name = "pump"
link = { impossible_loss = "0%" }
publish = [{ every = "100ms", topic = "t", payload = "{n}", count = 100 }]
[[client]]
name = "monitor"
reconnect = { first = "1s" }
keep_alive = "0s"
connect_timeout = "2s"
subscribe = [{ filter = "t" }]
[[do]]
at = "0s"
who = ["pump", "monitor"]
act = "connect"
[[expect]]
count = 'received("monitor")'
min = 5
max = 80
"#,
    );
    let lost = recording.flights().iter();
    let lost = lost.filter(|flight| flight.fate == Fate::Lost && flight.name == "PUBLISH");
    let said = recording.events().iter();
    let said = said.filter(|event| {
        event.kind == EventKind::Fault && event.text.starts_with("the impossible network loses")
    });
    assert!(lost.count() > 10 && said.count() > 10);
}

#[test]
fn a_power_failure_takes_what_was_not_synced() {
    let run = |sync: &str, received: u32| {
        check(
            "60s",
            &format!(
                r#"
[broker]
disk = true
{sync}
[[client]]
name = "display"
clean = false
subscribe = [{{ filter = "t", qos = 1 }}]
[[client]]
name = "pump"
reconnect = {{ first = "1s" }}
connect_timeout = "3s"
ping_timeout = "3s"
keep_alive = "5s"
[[do]]
at = "0s"
who = ["display", "pump"]
act = "connect"
[[do]]
at = "5s"
who = "display"
act = "disconnect"
[[do]]
at = "11500ms"
who = "pump"
act = "publish"
topic = "t"
qos = 1
[[do]]
at = "12s"
who = "broker"
act = "power-off"
[[do]]
at = "20s"
who = "broker"
act = "restart"
[[do]]
at = "40s"
who = "display"
act = "connect"
[[expect]]
eventually = 'sent("broker", "PUBACK") == 1'
by = "12s"
because = "it is acknowledged"
[[expect]]
count = 'received("display")'
is = {received}
"#
            ),
        )
    };
    run("", 1);
    let recording = run("sync_every = \"10s\"", 0);
    let mut events = recording.events().iter();
    assert!(events.any(|event| event.text.contains("not on the disk yet and are lost")));
}

#[test]
fn a_crash_of_the_process_alone_loses_nothing_that_was_written() {
    check(
        "30s",
        r#"
[broker]
disk = true
sync_every = "1h"
[[client]]
name = "pump"
[[do]]
at = "0s"
who = "pump"
act = "connect"
[[do]]
at = "1s"
who = "pump"
act = "publish"
topic = "t"
payload = "kept"
retain = true
[[do]]
at = "2s"
who = "broker"
act = "crash"
[[do]]
at = "3s"
who = "broker"
act = "restart"
[[expect]]
always = 'retained("t") == "kept"'
from = "4s"
"#,
    );
}

#[test]
fn each_direction_has_its_own_bandwidth() {
    let recording = check(
        "10s",
        r#"
[link]
latency = "10ms"
bandwidth_up = "8 kbit/s"
[[client]]
name = "A"
subscribe = [{ filter = "t" }]
[[do]]
at = "0s"
who = "A"
act = "connect"
[[do]]
at = "5s"
who = "A"
act = "publish"
topic = "t"
payload = "1"
[[expect]]
count = 'received("A")'
is = 1
"#,
    );
    let flights = recording.flights().iter();
    let messages = flights.filter(|flight| flight.name == "PUBLISH");
    let travels: Vec<u64> = messages
        .filter_map(|flight| Some(flight.arrived_at? - flight.sent_at))
        .collect();
    // Up: 40 bytes of headers and 6 of the packet at a byte a millisecond. Down: at once.
    assert_eq!(travels, [56_000, 10_000]);
}

/// A client that publishes every second; what `script` does at 5 s and 8 s counts for those sent at 6 s and 9 s.
fn flights_of(script: &str) -> [u64; 3] {
    let recording = check(
        "12s",
        &format!(
            "[[client]]\nname = \"A\"\npublish = [{{ every = \"1s\", from = \"1s\", topic = \"t\" }}]\n\
             [[do]]\nat = \"0s\"\nwho = \"A\"\nact = \"connect\"\n\
             [[expect]]\neventually = 'connected(\"A\")'\n{script}"
        ),
    );
    let took = |at: u64| {
        let mut flights = recording.flights().iter();
        let flight = flights.find(|flight| flight.name == "PUBLISH" && flight.sent_at >= at);
        let flight = flight.expect("it publishes every second");
        flight.arrived_at.expect("it has arrived") - flight.sent_at
    };
    [took(4_000_000), took(6_000_000), took(9_000_000)]
}

#[test]
fn a_link_that_gets_slow_delays_what_is_sent_from_then_on() {
    let up = "[[do]]\nat = \"5s\"\nwho = \"A\"\nact = \"slow-down\"\nway = \"up\"\n";
    let back = "[[do]]\nat = \"8s\"\nwho = \"A\"\nact = \"speed-up\"\n";
    assert_eq!(flights_of(""), [20_000, 20_000, 20_000]);
    assert_eq!(
        flights_of(&format!("{up}latency = \"300ms\"\n{back}")),
        [20_000, 300_000, 20_000]
    );
    let down = up.replace("up\"\n", "down\"\n");
    assert_eq!(
        flights_of(&format!("{down}latency = \"300ms\"\n")),
        [20_000, 20_000, 20_000],
        "the other direction stays as it was"
    );
    // 5 bytes and their headers, each 1 ms.
    assert_eq!(
        flights_of(&format!("{up}bandwidth = \"8 kbit/s\"\n{back}")),
        [20_000, 20_000 + 45_000, 20_000]
    );
}

#[test]
fn a_slow_link_stays_slow_for_the_next_connection() {
    let recording = check(
        "4s",
        r#"
        [[client]]
        name = "A"
        reconnect = { first = "100ms" }
        [[do]]
        at = "0s"
        who = "A"
        act = "connect"
        [[do]]
        at = "1s"
        who = "A"
        act = "slow-down"
        latency = "200ms"
        [[do]]
        at = "1s"
        who = "A"
        act = "reset"
        [[expect]]
        eventually = 'connected("A")'
        from = "1100ms"
        "#,
    );
    let mut syns = recording.flights().iter().filter(|it| it.name == "SYN");
    let took =
        |flight: &crate::view::Flight| flight.arrived_at.expect("it has arrived") - flight.sent_at;
    assert_eq!(syns.next().map(took), Some(20_000));
    assert_eq!(syns.next().map(took), Some(200_000));
    let text = |word| recording.events().iter().any(|it| it.text.contains(word));
    assert!(text("the link of A gets slow, 200 ms"));
}
