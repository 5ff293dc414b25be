mod caps;

use mqttlab_core::client::Reconnect;
use mqttlab_core::packet::{QoS, Version};
use mqttlab_core::time::Duration;

use super::*;

const HEAD: &str = "[scenario]\nid = \"t\"\ntitle = \"T\"\nversion = 1\nuntil = \"10s\"\n";

fn parse(rest: &str) -> Result<Scenario, ScenarioError> {
    Scenario::parse(&format!("{HEAD}{rest}"))
}

fn fails(rest: &str) -> ScenarioError {
    parse(rest).expect_err(rest)
}

const A: &str = "[[client]]\nname = \"A\"\n";

#[test]
fn a_client_has_sensible_defaults() {
    let scenario = parse(A).expect("well-formed");
    let client = &scenario.clients[0];
    assert_eq!(client.options.client_id, "A");
    assert_eq!(client.options.version, Version::V3_1_1);
    assert_eq!(client.options.reconnect, Reconnect::Never);
    assert!(client.options.clean_start);
    assert_eq!(client.link, LinkSpec::default());
    assert_eq!((scenario.name(0), scenario.name(1)), ("broker", "A"));
    assert_eq!(scenario.participant("A"), Some(1));
}

#[test]
fn every_key_of_a_client_counts() {
    let scenario = parse(
        r#"
[link]
preset = "lte"
[[client]]
name = "A"
client_id = "pump-1"
mqtt = "5.0"
clean = false
keep_alive = "30s"
user_name = "u"
password = "p"
session_expiry = "1h"
receive_maximum = 3
reconnect = { first = "1s", max = "30s", factor = 2, jitter = "50%" }
will = { topic = "status/1", payload = "off", qos = 1, retain = true, delay = "5s" }
subscribe = [{ filter = "a/#", qos = 2 }]
publish = [{ every = "1s", count = 3, topic = "t", payload = "{n}" }]
bugs = { dup_never_set = true }
link = { latency_up = "1ms", loss = "1%" }
"#,
    )
    .expect("well-formed");
    let client = &scenario.clients[0];
    let options = &client.options;
    assert_eq!(
        (options.client_id.as_str(), options.keep_alive),
        ("pump-1", 30)
    );
    assert_eq!(
        (options.session_expiry, options.receive_maximum),
        (3_600, 3)
    );
    let Reconnect::After {
        first,
        max,
        factor,
        jitter,
        ..
    } = options.reconnect
    else {
        panic!("it reconnects");
    };
    assert_eq!(
        (first, max),
        (Duration::from_secs(1), Duration::from_secs(30))
    );
    assert_eq!((factor, jitter), (2, 50));
    let will = options.will.as_ref().expect("there is one");
    assert_eq!(
        (will.qos, will.retain, will.delay),
        (QoS::AtLeastOnce, true, 5)
    );
    assert!(options.bugs.dup_never_set);
    assert_eq!(client.subscriptions[0].options.qos, QoS::ExactlyOnce);
    assert_eq!(
        (client.publications[0].from, client.publications[0].count),
        (1_000_000, 3)
    );
    assert_eq!(
        (client.link.latency_up, client.link.latency_down),
        (1_000, 30_000)
    );
    assert_eq!(client.link.loss, 100);
}

#[test]
fn the_script_is_in_order_of_time_and_keeps_the_written_order() {
    let scenario = parse(&format!(
        "{A}[[client]]\nname = \"B\"\n\
         [[do]]\nat = \"2s\"\nwho = \"A\"\nact = \"connect\"\n\
         [[do]]\nat = \"1s\"\nwho = [\"B\", \"A\"]\nact = \"cut\"\nway = \"up\"\n"
    ))
    .expect("well-formed");
    let order: Vec<_> = scenario
        .script
        .iter()
        .map(|step| (step.at, step.action.who))
        .collect();
    assert_eq!(order, [(1_000_000, 2), (1_000_000, 1), (2_000_000, 1)]);
    assert_eq!(scenario.script[0].action.act, Act::Cut { way: Ways::Up });
}

#[test]
fn mistakes_have_a_place_and_advice() {
    let error = fails(&format!(
        "{A}[[do]]\nat = \"1s\"\nwho = \"Aa\"\nact = \"connect\"\n"
    ));
    assert_eq!((error.line, error.column, error.width), (10, 7, 4));
    assert_eq!(error.help.as_deref(), Some("did you mean `A`?"));
    assert_eq!(
        error.to_string(),
        "line 10, column 7: no participant is called `Aa`\n   |\n10 | who = \"Aa\"\n   |       ^^^^\n\
         help: did you mean `A`?"
    );
}

#[test]
fn each_mistake_about_a_client_or_a_link_is_found() {
    find_each([
        ("[[clien]]\n".to_owned(), "unknown field `clien`"),
        (
            format!("{A}keepalive = \"1s\"\n"),
            "unknown field `keepalive`",
        ),
        (format!("{A}keep_alive = \"1500ms\"\n"), "whole seconds"),
        (
            format!("{A}keep_alive = \"20h\"\n"),
            "longer than the protocol",
        ),
        (format!("{A}{A}"), "two clients are called `A`"),
        ("[[client]]\nname = \"broker\"\n".to_owned(), "own name"),
        ("[[client]]\nname = \"a b\"\n".to_owned(), "letters"),
        (
            format!("{A}client_id = \"\"\nclean = false\n"),
            "Client Identifier",
        ),
        (format!("{A}session_expiry = \"1h\"\n"), "5.0"),
        (
            format!("{A}reconnect = {{ first = \"1s\", factor = 2 }}\n"),
            "`max`",
        ),
        (
            format!("{A}subscribe = [{{ filter = \"a/#/b\" }}]\n"),
            "Topic Filter",
        ),
        (
            format!("{A}publish = [{{ every = \"1s\", topic = \"a/+\" }}]\n"),
            "Topic Name",
        ),
        (
            format!("{A}publish = [{{ every = \"0s\", topic = \"a\" }}]\n"),
            "nothing",
        ),
        ("[link]\nlatency = \"fast\"\n".to_owned(), "no unit of time"),
        ("[link]\nloss = \"100%\"\n".to_owned(), "share"),
    ]);
}

#[test]
fn each_mistake_about_what_happens_or_comes_of_it_is_found() {
    let act = |line: &str| format!("{A}[[do]]\nat = \"1s\"\nwho = \"A\"\n{line}\n");
    find_each([
        (act("act = \"conect\""), "unknown variant `conect`"),
        (act("act = \"publish\""), "needs a `topic`"),
        (
            act("act = \"connect\"\ntopic = \"a\""),
            "`topic` does not belong",
        ),
        (act("act = \"cut\"\nhow = \"fin\""), "`how` does not belong"),
        (act("act = \"refuse\""), "only the broker"),
        (act("act = \"publish\"\ntopic = \"a\"\nqos = 3"), "QoS"),
        (
            format!("{A}[[do]]\nat = \"1s\"\nwho = \"broker\"\nact = \"connect\"\n"),
            "the broker cannot",
        ),
        ("[[expect]]\nfrom = \"1s\"\n".to_owned(), "one of"),
        ("[[expect]]\nnever = 'now'\n".to_owned(), "true or false"),
        ("[[expect]]\ncount = 'now'\n".to_owned(), "needs `is`"),
        (
            "[[expect]]\nnever = 'false'\nis = 3\n".to_owned(),
            "only a `count`",
        ),
        (
            "[broker]\ndeny_publish = [\"a#\"]\n".to_owned(),
            "Topic Filter",
        ),
    ]);
}

#[test]
fn each_mistake_about_a_rule_is_found() {
    find_each([
        (rule("verdict = \"loose\""), "unknown variant `loose`"),
        (rule("who = \"B\"\nverdict = \"lose\""), "called `B`"),
        (
            rule("who = \"broker\"\nverdict = \"lose\""),
            "the broker has no link",
        ),
        (rule("who = []\nverdict = \"lose\""), "nobody's link"),
        (rule("nth = 0\nverdict = \"lose\""), "the first is 1"),
        (rule("verdict = \"delay\""), "needs a `delay`"),
        (
            rule("verdict = \"delay\"\ndelay = \"long\""),
            "no unit of time",
        ),
        (
            rule("verdict = \"lose\"\ndelay = \"1s\""),
            "does not belong",
        ),
        (rule("verdict = \"refuse\""), "write `segment = \"syn\"`"),
        (
            rule("packet = \"PUBAK\"\nverdict = \"lose\""),
            "unknown variant `PUBAK`",
        ),
        (
            rule("packet = \"PUBACK\"\nverdict = \"cut\""),
            "only lose packets",
        ),
        (rule("topic = \"a#\"\nverdict = \"lose\""), "topic: "),
        (
            rule("topic = \"a\"\nsegment = \"data\"\nverdict = \"lose\""),
            "segments or at packets",
        ),
    ]);
}

#[track_caller]
fn find_each<const N: usize>(mistakes: [(String, &str); N]) {
    for (text, part) in mistakes {
        let error = fails(&text);
        assert!(error.to_string().contains(part), "{text}\n{error}");
    }
}

fn rule(rest: &str) -> String {
    format!("{A}[[rule]]\n{rest}\n")
}

#[test]
fn a_verdict_that_is_nearly_right_is_pointed_at() {
    let error = fails(&rule("verdict = \"loose\""));
    assert_eq!(error.help.as_deref(), Some("did you mean `lose`?"));
    assert_eq!((error.line, error.column, error.width), (9, 11, 7));
}

#[test]
fn rules_are_written_down_as_they_were_read() {
    let text = format!(
        "{A}[[client]]\nname = \"B\"\nlink = {{ bandwidth_down = \"1 Mbit/s\" }}\n[groups]\nall = [\"B\", \"A\"]\n\
         [[rule]]\nwho = \"all\"\nway = \"down\"\nfrom = \"1s\"\nby = \"2s\"\nsegment = \"syn-ack\"\nnth = 2\nshare = \"2.5%\"\nverdict = \"delay\"\ndelay = \"70ms\"\n\
         [[rule]]\npacket = \"PUBACK\"\nverdict = \"lose\"\n\
         [[rule]]\ntopic = \"a/#\"\nverdict = \"deliver\"\n\
         [[rule]]\nwho = \"A\"\nsegment = \"syn\"\nverdict = \"refuse\"\n"
    );
    let scenario = parse(&text).expect("well-formed");
    assert_eq!(scenario.rules.len(), 4);
    assert_eq!(scenario.rules[0].who, [1, 2]);
    assert_eq!(scenario.rules[0].verdict, RuleVerdict::Delay(70_000));
    let link = scenario.clients[1].link;
    assert_eq!(
        (link.bandwidth_up, link.bandwidth_down),
        (None, Some(1_000_000))
    );
    assert_eq!(Scenario::parse(&scenario.to_text()).as_ref(), Ok(&scenario));
    assert_eq!(Scenario::unpack(&scenario.pack()), Ok(scenario));
}

#[test]
fn only_the_known_version_is_read() {
    let text = HEAD.replace("version = 1", "version = 2");
    assert!(
        Scenario::parse(&text)
            .expect_err("new")
            .message
            .contains("version 2")
    );
}

#[test]
fn unknown_keys_get_a_suggestion() {
    let error = fails(&format!("{A}client_idd = \"x\"\n"));
    assert_eq!(error.help.as_deref(), Some("did you mean `client_id`?"));
}

#[test]
fn a_mistake_in_a_condition_is_pointed_at() {
    let error = fails(&format!("{A}[[expect]]\nnever = 'connected(\"B\")'\n"));
    assert_eq!((error.line, error.column, error.width), (9, 20, 3));
}

#[test]
fn expectations_are_read() {
    let scenario = parse(&format!(
        "{A}[[expect]]\ncount = 'sent(\"A\", \"CONNECT\")'\nmin = 1\nby = \"5s\"\nbecause = \"b\"\n"
    ))
    .expect("well-formed");
    let expected = &scenario.expectations[0];
    assert_eq!(
        expected.kind,
        ExpectationKind::Count {
            min: 1,
            max: i64::MAX
        }
    );
    assert_eq!((expected.from, expected.by), (0, Some(5_000_000)));
}

/// A step waits for a condition, from its time on, and is written down with it.
#[test]
fn a_step_may_wait_for_a_condition() {
    let script = "[[do]]\nwhen = 'connected(\"A\")'\nwho = \"A\"\nact = \"cut\"\n\
                  [[do]]\nat = \"2s\"\nwhen = 'sent(\"A\", \"PUBLISH\") > 1'\nwho = \"A\"\nact = \"heal\"\n";
    let scenario = parse(&format!("{A}{script}")).expect("well-formed");
    let waits = scenario.script.iter().map(|step| {
        let when = step.when.as_ref().expect("it waits");
        (step.at, when.text.as_str())
    });
    assert_eq!(
        waits.collect::<Vec<_>>(),
        [
            (0, "connected(\"A\")"),
            (2_000_000, "sent(\"A\", \"PUBLISH\") > 1")
        ]
    );
    let again = Scenario::parse(&scenario.to_text()).expect("what is written can be read");
    assert_eq!(again, scenario);
}

#[test]
fn what_a_step_waits_for_must_make_sense() {
    let step = |keys: &str| fails(&format!("{A}[[do]]\n{keys}\nwho = \"A\"\nact = \"cut\"\n"));
    assert_eq!(step("").message, "a step has `at`, `when` or both");
    let unknown = step("when = 'connected(\"B\")'");
    assert_eq!((unknown.line, unknown.column), (9, 19), "{unknown}");
    let number = step("when = 'connections(\"A\")'");
    assert_eq!(number.line, 9, "{number}");
    let both = step("at = \"1s\"\nnth = 1\nwhen = 'connected(\"A\")'");
    assert!(both.message.starts_with("`nth`"), "{both}");
}

#[test]
fn what_slows_a_link_down_is_written_as_it_was_read() {
    let step = "[[do]]\nat = \"1s\"\nwho = \"A\"\nact = ";
    let scenario = parse(&format!(
        "{A}{step}\"slow-down\"\nlatency = \"1.5 s\"\nway = \"up\"\n\
         {step}\"slow-down\"\nbandwidth = \"9.6 kbit/s\"\n{step}\"speed-up\"\n"
    ))
    .expect("it is a scenario");
    let acts: Vec<&Act> = scenario.script.iter().map(|it| &it.action.act).collect();
    let slow = Act::SlowDown {
        way: Ways::Up,
        latency: Some(1_500_000),
        bandwidth: None,
    };
    assert_eq!(acts[0], &slow);
    assert!(matches!(
        acts[1],
        Act::SlowDown {
            latency: None,
            bandwidth: Some(9_600),
            ..
        }
    ));
    let text = scenario.to_text();
    assert_eq!(Scenario::parse(&text).as_ref(), Ok(&scenario), "{text}");
    assert_eq!(Scenario::unpack(&scenario.pack()), Ok(scenario));
    find_each([
        (format!("{A}{step}\"slow-down\"\n"), "needs a `latency`"),
        (
            format!("{A}{step}\"slow-down\"\nbandwidth = \"0 bit/s\"\n"),
            "never deliver",
        ),
        (
            format!("{A}{step}\"speed-up\"\nlatency = \"1s\"\n"),
            "does not belong",
        ),
        (
            format!("{A}{step}\"cut\"\nbandwidth = \"1 bit/s\"\n"),
            "does not belong",
        ),
    ]);
}
