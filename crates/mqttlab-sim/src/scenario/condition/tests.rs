use super::parse::{Kind, parse};
use super::*;

const NAMES: &[&str] = &["broker", "A", "monitor"];

struct Moment;

impl Facts for Moment {
    fn now(&self) -> Micros {
        5_000_000
    }
    fn state(&self, who: ParticipantId) -> ParticipantState {
        match who {
            0 => ParticipantState::Running,
            1 => ParticipantState::Connected,
            _ => ParticipantState::Waiting,
        }
    }
    fn backlog(&self) -> u64 {
        4
    }
    fn connections(&self, client_id: &str) -> u64 {
        u64::from(client_id == "pump-1")
    }
    fn has_session(&self, client_id: &str) -> bool {
        client_id == "pump-1"
    }
    fn queued(&self, _: &str) -> u64 {
        3
    }
    fn is_subscribed(&self, _: &str, filter: &str) -> bool {
        filter == "a/#"
    }
    fn believes_subscribed(&self, who: ParticipantId, filter: &str) -> bool {
        who == 1 && filter == "a/#"
    }
    fn retained(&self, topic: &str) -> String {
        if topic == "status/1" {
            "on".to_owned()
        } else {
            String::new()
        }
    }
    fn tally(&self, tally: &Tally) -> u64 {
        match tally {
            Tally::Received {
                filter, payload, ..
            } => 10 - u64::from(filter.is_some()) - u64::from(payload.is_some()),
            Tally::Sent { .. } => 2,
            Tally::Arrived { words, .. } => 4 - u64::from(words.is_some()),
            Tally::Resent { .. } | Tally::Decided { .. } => 1,
        }
    }
}

fn holds(text: &str) -> bool {
    parse(text, Kind::Truth, NAMES)
        .unwrap_or_else(|error| panic!("{text}: {error:?}"))
        .holds(&Moment)
}

#[test]
fn conditions_are_true_or_false() {
    for text in [
        "true",
        "not false",
        "now == 5s",
        "now >= 4999ms and now < 5001ms",
        "connected('A') and not connected('monitor')",
        "state('monitor') == 'waiting'",
        "state(\"broker\") == \"running\"",
        "connections('pump-1') <= 1",
        "connections('pump-1') + connections('x') == 1",
        "session('pump-1') or false",
        "queued('x') - 1 == 2",
        "subscribed('x', 'a/#')",
        "retained('status/1') == 'on' and retained('status/2') == ''",
        "received('A') == 10",
        "received('A', 'status/#') == 9",
        "received('A', 'status/#', 'on') == 8",
        "sent('A', 'CONNECT') > 1",
        "sent('A', 'PUBLISH', 'a/+') > 1",
        "arrived('A', 'CONNACK') == 4",
        "arrived('A', 'CONNACK', 'session present 1') == 3",
        "resent('A') == 1 and decided('MQTT-3.1.4-2') == 1",
        "false and false or true",
        "not (true and false)",
    ] {
        assert!(holds(text), "{text}");
        assert!(!holds(&format!("not ({text})")), "not {text}");
    }
}

#[test]
fn numbers_are_numbers() {
    let condition = parse("received('A') - 3", Kind::Number, NAMES).expect("well-formed");
    assert_eq!(condition.number(&Moment), 7);
    assert_eq!(condition.tallies().len(), 1);
}

#[test]
fn mistakes_are_pointed_at() {
    for (text, span, part) in [
        ("", 0..1, "missing"),
        ("conected('A')", 0..8, "no fact"),
        ("connected('B')", 10..13, "no participant"),
        ("connected('A') and 3", 19..20, "true or false"),
        ("queued('x')", 0..11, "true or false"),
        ("queued('x') == 'many'", 0..21, "cannot be compared"),
        ("state('A') == 'conected'", 0..24, "no state"),
        ("sent('A', 'CONECT') == 1", 10..18, "no packet"),
        ("arrived('A', 'PINGRES') == 1", 13..22, "no packet"),
        ("received('A', 'a/#/b') == 1", 14..21, "Topic Filter"),
        ("(true", 5..6, "`)`"),
        ("true true", 5..9, "does not belong"),
        ("now > 5 parsecs", 8..15, "does not belong"),
        ("now > 5parsecs", 6..14, "no unit"),
        ("state('A", 6..8, "quote"),
    ] {
        let error = parse(text, Kind::Truth, NAMES).expect_err(text);
        assert!(error.message.contains(part), "{text}: {}", error.message);
        assert_eq!(error.span, span, "{text}: {}", error.message);
    }
}

#[test]
fn nesting_is_limited() {
    let text = format!("{}true{}", "(".repeat(400), ")".repeat(400));
    let error = parse(&text, Kind::Truth, NAMES).expect_err("too deep");
    assert!(error.message.contains("nested"));
    let error = parse(&"not ".repeat(240), Kind::Truth, NAMES).expect_err("too deep");
    assert!(error.message.contains("nested"));
}
