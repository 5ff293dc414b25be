//! The first rule that fits decides.

use super::check;
use crate::recording::Recording;
use crate::view::{EventKind, Fate, Flight};

/// A pump that publishes once a second with QoS 0 from 2 s on, and what `rules` make of it.
#[track_caller]
fn pump(link: &str, rules: &str, expect: &str) -> Recording {
    check(
        "60s",
        &format!(
            r#"
[link]
{link}
[[client]]
name = "pump"
keep_alive = "0s"
reconnect = {{ first = "1s" }}
publish = [{{ every = "1s", from = "2s", count = 10, topic = "t", payload = "{{n}}" }}]
[[client]]
name = "monitor"
keep_alive = "0s"
subscribe = [{{ filter = "t" }}]
{rules}
[[do]]
at = "0s"
who = ["monitor", "pump"]
act = "connect"
{expect}
"#
        ),
    )
}

const ALL_COME: &str = "[[expect]]\ncount = 'received(\"monitor\")'\nis = 10\n";

fn rule(rest: &str) -> String {
    format!("[[rule]]\nwho = \"pump\"\nway = \"up\"\nsegment = \"data\"\n{rest}\n")
}

/// What the rules said, without the connection.
fn said(recording: &Recording) -> Vec<&str> {
    let events = recording.events().iter();
    let told = events.filter(|event| event.text.starts_with("rule "));
    told.map(|event| event.text.as_str()).collect()
}

/// How long each message of the pump travelled, in milliseconds.
fn travels(recording: &Recording) -> Vec<u64> {
    let is_message = |flight: &&Flight| flight.name == "PUBLISH" && flight.from == 1;
    let flights = recording.flights().iter().filter(is_message);
    let travel = |flight: &Flight| Some((flight.arrived_at? - flight.sent_at) / 1_000);
    flights.filter_map(travel).collect()
}

#[test]
fn what_is_lost_is_sent_again_until_the_rule_gives_way() {
    let lose = rule("from = \"3500ms\"\nby = \"4500ms\"\nverdict = \"lose\"");
    let recording = pump("latency = \"40ms\"", &lose, ALL_COME);
    // Attempts at 4 s, 4.2 s, 4.6 s: the last one comes through.
    assert_eq!(travels(&recording)[2], 640);
    assert_eq!(travels(&recording)[1], 40);
    assert_eq!(said(&recording), ["rule 1 loses DATA from pump 2 times"]);
}

#[test]
fn the_first_rule_that_fits_decides_so_their_order_matters() {
    let deliver = rule("nth = 3\nverdict = \"deliver\"");
    let delay = rule("verdict = \"delay\"\ndelay = \"300ms\"");
    let lose = rule("verdict = \"lose\"");
    // CONNECT is the first segment with data, so the third is the second message.
    let exception_first = pump("", &format!("{deliver}{delay}{lose}"), ALL_COME);
    assert_eq!(travels(&exception_first)[..3], [320, 20, 320]);
    let exception_last = pump("", &format!("{delay}{deliver}{lose}"), ALL_COME);
    assert_eq!(travels(&exception_last)[..3], [320, 320, 320]);
    let told = said(&exception_first);
    assert_eq!(told[2], "rule 1 lets DATA from pump through");
    assert_eq!(
        told[3],
        "rule 2 holds DATA from pump back, and all behind it"
    );
    assert!(
        said(&exception_last)
            .iter()
            .all(|text| !text.contains("rule 2"))
    );
}

#[test]
fn behind_all_rules_stands_the_loss_of_the_link() {
    let deliver = rule("verdict = \"deliver\"");
    let link = "loss = \"60%\"\nlatency = \"20ms\"";
    let lossy = pump(link, "", ALL_COME);
    assert!(travels(&lossy).iter().any(|travel| *travel > 100));
    let spared = pump(link, &deliver, ALL_COME);
    assert!(travels(&spared).iter().all(|travel| *travel == 20));
}

#[test]
fn a_rule_that_is_not_asked_changes_nothing() {
    let link = "loss = \"20%\"\njitter = \"15ms\"";
    let plain = pump(link, "", ALL_COME);
    let late = rule("from = \"50s\"\nshare = \"50%\"\nverdict = \"lose\"");
    assert_eq!(pump(link, &late, ALL_COME).hash(), plain.hash());
}

#[test]
fn what_is_always_lost_ends_when_the_sender_gives_up() {
    let lose =
        rule("nth = 3\nverdict = \"deliver\"") + &rule("from = \"3500ms\"\nverdict = \"lose\"");
    let recording = pump(
        "give_up = \"10s\"",
        &lose,
        "[[expect]]\ncount = 'received(\"monitor\")'\nis = 2",
    );
    let mut events = recording.events().iter();
    let gave_up = events.find(|event| event.text.contains("nothing was acknowledged for too long"));
    assert_eq!(gave_up.map(|event| event.at), Some(14_000_000));
}

#[test]
fn a_way_stalls_or_is_cut_with_a_segment_until_it_is_released_or_healed() {
    for (verdict, act) in [("stall", "release"), ("cut", "heal")] {
        let rules = rule(&format!("nth = 4\nverdict = \"{verdict}\""))
            + &format!("[[do]]\nat = \"8500ms\"\nwho = \"pump\"\nact = \"{act}\"\n");
        let recording = pump("", &rules, ALL_COME);
        let travels = travels(&recording);
        assert_eq!(travels[1], 20, "{verdict}");
        assert!(travels[2] > 4_000 && travels[5] > 1_000, "{travels:?}");
        assert_eq!(said(&recording).len(), 1, "{verdict}");
    }
}

#[test]
fn a_segment_resets_its_connection_and_the_next_one_is_refused() {
    let rules = rule("nth = 3\nverdict = \"reset\"")
        + "[[rule]]\nsegment = \"syn\"\nwho = \"pump\"\nnth = 2\nverdict = \"refuse\"\n";
    let recording = pump(
        "",
        &rules,
        "[[expect]]\ncount = 'sent(\"pump\", \"SYN\")'\nis = 3",
    );
    assert_eq!(
        said(&recording),
        [
            "rule 1 resets the connection in place of DATA from pump",
            "rule 2 refuses SYN from pump",
        ]
    );
    let mut lost = recording.flights().iter();
    let lost = lost
        .find(|flight| flight.fate == Fate::Lost)
        .expect("it never comes");
    assert_eq!((lost.name.as_str(), lost.sent_at), ("PUBLISH", 3_000_000));
}

#[test]
fn a_reset_that_is_lost_leaves_the_other_end_in_its_belief() {
    let rules = "[[rule]]\nsegment = \"rst\"\nverdict = \"lose\"\n\
                 [[do]]\nat = \"5500ms\"\nwho = \"pump\"\nact = \"crash\"\nhow = \"rst\"\n";
    let recording = pump(
        "",
        rules,
        "[[expect]]\ncount = 'received(\"monitor\")'\nis = 4",
    );
    assert_eq!(said(&recording), ["rule 1 loses RST from pump"]);
    let view = recording.view();
    assert!(
        view.sessions
            .iter()
            .any(|session| session.client_id == "pump")
    );
}

#[test]
fn an_impossible_rule_picks_packets_by_type_and_topic() {
    let rules = "[[rule]]\npacket = \"PUBLISH\"\ntopic = \"t\"\nway = \"down\"\nnth = 4\nverdict = \"lose\"\n";
    let recording = pump(
        "",
        rules,
        "[[expect]]\ncount = 'received(\"monitor\")'\nis = 9",
    );
    let text = "rule 1 of the impossible network loses PUBLISH: TCP would have sent it again";
    assert_eq!(said(&recording), [text]);
    let mut events = recording.events().iter();
    let event = events
        .find(|event| event.text == text)
        .expect("it is there");
    assert_eq!((event.kind, event.at), (EventKind::Fault, 5_020_000));
    assert!(event.flight.is_some());
}

#[test]
fn each_direction_has_its_own_bandwidth() {
    let recording = pump(
        "latency = \"10ms\"\nbandwidth_up = \"8 kbit/s\"",
        "",
        ALL_COME,
    );
    // 40 bytes of headers and 6 of the packet at 1 byte a millisecond.
    assert_eq!(travels(&recording)[0], 56);
    let down = recording.flights().iter();
    let mut down = down.filter(|flight| flight.from == 0 && flight.name == "PUBLISH");
    let first = down.next().expect("one came down");
    assert_eq!(first.arrived_at, Some(first.sent_at + 10_000));
}
