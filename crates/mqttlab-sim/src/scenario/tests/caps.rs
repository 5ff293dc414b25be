//! Each limit of what a stranger's scenario may ask for: at it all is well, beyond it there is an error with its place.

use std::fmt::Write;

use super::super::*;
use super::{fails, parse};
use crate::recording::{Budget, Recording};

/// `entry` so many times.
fn times(count: usize, entry: impl Fn(usize) -> String) -> String {
    (0..count).map(entry).collect()
}

/// Well at `most`, and beyond it an error with `words` on the line of the first too many.
#[track_caller]
fn check(most: usize, text: impl Fn(usize) -> String, words: &str) {
    if let Err(error) = parse(&text(most)) {
        panic!("{most} are allowed: {error}");
    }
    let error = fails(&text(most + 1));
    assert!(error.message.contains(words), "{error}");
    assert!(error.line > 1 && !error.source.is_empty(), "{error}");
}

const A: &str = "[[client]]\nname = \"A\"\n";

#[test]
fn clients() {
    check(
        CLIENTS_MAX,
        |count| times(count, |n| format!("[[client]]\nname = \"c{n}\"\n")),
        "more than 1000 clients",
    );
}

#[test]
fn steps_of_the_script() {
    let step = "[[do]]\nat = \"1s\"\nwho = \"A\"\nact = \"connect\"\n";
    check(
        SCRIPT_MAX,
        |count| A.to_owned() + &step.repeat(count),
        "more than 10000 things to do",
    );
    let names = "\"A\", ".repeat(SCRIPT_MAX + 1);
    let many = format!("{A}[[do]]\nat = \"1s\"\nwho = [{names}]\nact = \"connect\"\n");
    assert!(fails(&many).message.contains("more than 10000"));
}

#[test]
fn expectations() {
    let expect = "[[expect]]\nalways = 'true'\n";
    check(
        EXPECTATIONS_MAX,
        |count| A.to_owned() + &expect.repeat(count),
        "more than 100 expectations",
    );
}

#[test]
fn what_a_client_does_by_itself() {
    for (key, entry) in [
        ("subscribe", "{ filter = \"a\" },\n"),
        ("publish", "{ every = \"1s\", topic = \"a\" },\n"),
        ("on_receive", "{ filter = \"a\", topic = \"b\" },\n"),
    ] {
        let list = |count: usize| format!("{A}{key} = [\n{}]\n", entry.repeat(count));
        check(HABITS_MAX, list, "more than 100");
    }
}

#[test]
fn who_may_do_what() {
    for key in ["deny_publish", "deny_subscribe"] {
        let list = |count: usize| format!("[broker]\n{key} = [\n{}]\n", "\"a\",\n".repeat(count));
        check(ACCESS_MAX, list, "more than 1000 filters");
    }
    let users = |count: usize| {
        let users = times(count, |n| format!("u{n} = \"p\", "));
        format!("[broker]\nusers = {{ {} }}\n", users.trim_end_matches(", "))
    };
    check(ACCESS_MAX, users, "more than 1000 users");
}

#[test]
fn texts() {
    let payload = |length: usize| {
        format!(
            "{A}[[do]]\nat = \"1s\"\nwho = \"A\"\nact = \"publish\"\ntopic = \"t\"\npayload = \"{}\"\n",
            "x".repeat(length)
        )
    };
    check(PAYLOAD_MAX, payload, "262144 bytes at most");
    let because = |length: usize| {
        let text = "ä".repeat(length);
        format!("[[expect]]\nalways = 'true'\nbecause = \"{text}\"\n")
    };
    check(ABOUT_MAX, because, "2000 characters at most");
    let name = |length: usize| format!("[[client]]\nname = \"{}\"\n", "n".repeat(length));
    check(32, name, "a name has 1 to 32");
    for place in [
        "publish = [{ every = \"1s\", topic = \"t\",",
        "will = { topic = \"t\",",
    ] {
        let end = if place.starts_with('p') { "}]" } else { "}" };
        let most = if place.starts_with('p') {
            PAYLOAD_MAX
        } else {
            60_000
        };
        let text =
            |length: usize| format!("{A}{place} payload = \"{}\" {end}\n", "x".repeat(length));
        assert!(parse(&text(most)).is_ok());
        assert!(fails(&text(PAYLOAD_MAX + 1)).line > 1);
    }
}

#[test]
fn title_and_about() {
    let text = |title: usize, about: usize| {
        format!(
            "[scenario]\nid = \"a\"\ntitle = \"{}\"\nabout = \"{}\"\nversion = 1\nuntil = \"1s\"\n",
            "t".repeat(title),
            "a".repeat(about)
        )
    };
    assert!(Scenario::parse(&text(TITLE_MAX, ABOUT_MAX)).is_ok());
    let error = Scenario::parse(&text(TITLE_MAX + 1, 1)).expect_err("too long");
    assert_eq!((error.line, error.column), (3, 9));
    let error = Scenario::parse(&text(1, ABOUT_MAX + 1)).expect_err("too long");
    assert_eq!((error.line, error.column), (4, 9));
}

#[test]
fn conditions() {
    let long = |length: usize| {
        let zeros = "0".repeat(length - "now >= ".len());
        format!("[[expect]]\neventually = 'now >= {zeros}'\n")
    };
    check(1_000, long, "1000 bytes at most");
    let deep = |depth: usize| {
        let (open, close) = ("(".repeat(depth), ")".repeat(depth));
        format!("[[expect]]\nalways = '{open}true{close}'\n")
    };
    check(32, deep, "nested too deeply");
}

#[test]
fn times_and_nesting() {
    let until = |span: &str| {
        format!("[scenario]\nid = \"a\"\ntitle = \"a\"\nversion = 1\nuntil = \"{span}\"\n")
    };
    assert!(Scenario::parse(&until("30d")).is_ok());
    let error = Scenario::parse(&until("31d")).expect_err("too long");
    assert!(error.message.contains("thirty days"), "{error}");
    assert!(Scenario::parse(&until("99999999999999999999s")).is_err());
    // A stack is not to be had for the asking.
    let deep = format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(Scenario::parse(&deep).is_err());
    let dotted = format!("{} = 1", vec!["a"; 100_000].join("."));
    assert!(Scenario::parse(&dotted).is_err());
}

#[test]
fn the_text_as_a_whole() {
    let long = "x".repeat(TEXT_MAX + 1);
    let error = Scenario::parse(&long).expect_err("too long");
    assert!(error.message.contains("1048576 bytes"), "{error}");
}

#[test]
fn a_run_without_end_ends() {
    let text = format!(
        "{A}publish = [{{ every = \"1us\", topic = \"t\" }}]\n[[do]]\nat = \"0s\"\nwho = \"A\"\nact = \"connect\"\n"
    );
    let mut head = String::from("[scenario]\nid = \"a\"\ntitle = \"a\"\nversion = 1\n");
    let _ = write!(head, "until = \"1h\"\n{text}");
    let scenario = Scenario::parse(&head).expect("well-formed");
    // The default is the same for more.
    assert_eq!(Budget::default().happenings, 500_000);
    let budget = Budget {
        happenings: 5_000,
        ..Budget::default()
    };
    let mut recording = Recording::with_budget(scenario, budget);
    recording.seek(recording.end());
    let last = recording.events().last().expect("something happened");
    assert_eq!(
        last.text,
        "the run ends here: more would be too much to keep"
    );
}

#[test]
fn rules() {
    let rule = "[[rule]]\nverdict = \"lose\"\n";
    check(
        RULES_MAX,
        |count| A.to_owned() + &rule.repeat(count),
        "more than 100 rules",
    );
}

#[test]
fn steps_that_wait() {
    check(
        WAITING_MAX,
        |count| {
            let step = |_| "[[do]]\nwhen = 'connected(\"A\")'\nwho = \"A\"\nact = \"cut\"\n".into();
            format!("[[client]]\nname = \"A\"\n{}", times(count, step))
        },
        "more than 100 steps wait",
    );
}
