//! The broker with clients that others wrote: `mosquitto_pub` and `mosquitto_sub`, paho-mqtt for Python, MQTT.js, and
//! rumqttc.

mod mosquitto;
mod mqttjs;
mod rumqttc;

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::conform::Mosquitto;
use crate::harness::{Broker, signal, wait};
use mosquitto::Subscriber;

const VERSIONS: [&str; 3] = ["mqttv31", "mqttv311", "mqttv5"];

fn mosquitto_is_missing() -> bool {
    let missing = Command::new("mosquitto_pub")
        .arg("--help")
        .output()
        .is_err();
    if missing {
        crate::skip("mosquitto_pub is not installed (Debian: apt-get install mosquitto-clients)");
    }
    missing
}

#[test]
fn mosquitto_publishes_and_subscribes_at_each_qos_in_each_version() -> Result<()> {
    if mosquitto_is_missing() {
        return Ok(());
    }
    let broker = Broker::start()?;
    for version in VERSIONS {
        let mut subscriber = Subscriber::start(&broker, &["-V", version, "-q", "2", "-t", "a/+"])?;
        for qos in ["0", "1", "2"] {
            let topic = format!("a/{qos}");
            mosquitto::publish(
                &broker,
                &["-V", version, "-q", qos, "-t", &topic, "-m", "hi"],
            )?;
            subscriber.expect(&format!("got {topic} qos {qos} retain 0: hi"))?;
        }
    }
    Ok(())
}

#[test]
fn mosquitto_gets_what_was_retained_until_it_is_cleared() -> Result<()> {
    if mosquitto_is_missing() {
        return Ok(());
    }
    let broker = Broker::start()?;
    mosquitto::publish(&broker, &["-t", "r", "-r", "-q", "1", "-m", "kept"])?;
    let mut first = Subscriber::start(&broker, &["-q", "1", "-t", "r"])?;
    first.expect("got r qos 1 retain 1: kept")?;
    mosquitto::publish(&broker, &["-t", "r", "-r", "-n"])?;
    first.expect("got r qos 0 retain 0: ")?;
    let mut second = Subscriber::start(&broker, &["-q", "1", "-t", "#"])?;
    mosquitto::publish(&broker, &["-t", "s", "-m", "new"])?;
    second.expect("got s qos 0 retain 0: new")
}

#[test]
fn the_will_of_a_killed_mosquitto_is_published_and_that_of_one_that_ends_is_not() -> Result<()> {
    if mosquitto_is_missing() {
        return Ok(());
    }
    let broker = Broker::start()?;
    let mut watcher = Subscriber::start(&broker, &["-q", "1", "-t", "will/#"])?;
    let will = |topic: &'static str| {
        [
            "-t",
            "x",
            "--will-topic",
            topic,
            "--will-payload",
            "gone",
            "--will-qos",
            "1",
        ]
    };
    let ends = Subscriber::start(&broker, &will("will/ends"))?;
    ends.end("TERM")?;
    let killed = Subscriber::start(&broker, &will("will/killed"))?;
    killed.end("KILL")?;
    watcher.expect("got will/killed qos 1 retain 0: gone")
}

#[test]
fn what_came_while_mosquitto_was_away_waits_for_it() -> Result<()> {
    if mosquitto_is_missing() {
        return Ok(());
    }
    let broker = Broker::start()?;
    let session = ["-i", "sleeper", "-c", "-q", "2", "-t", "q/#"];
    Subscriber::start(&broker, &session)?.end("TERM")?;
    for (qos, payload) in [("1", "one"), ("1", "two"), ("2", "three")] {
        mosquitto::publish(&broker, &["-t", "q/a", "-q", qos, "-m", payload])?;
    }
    let mut back = Subscriber::start(&broker, &session)?;
    back.expect("got q/a qos 1 retain 0: one")?;
    back.expect("got q/a qos 1 retain 0: two")?;
    back.expect("got q/a qos 2 retain 0: three")
}

/// Names under `$SYS/broker/` of Mosquitto that there are none of here, and why.
const NOT_TOLD: [(&str, &str); 3] = [
    (
        "publish/bytes/",
        "payloads are not counted apart from what is around them",
    ),
    (
        "shared_subscriptions/count",
        "they are among those of subscriptions/count",
    ),
    ("connection/", "there is no bridge"),
];

/// Whoever draws Mosquitto's numbers draws those of this broker by the same names.
#[test]
fn the_numbers_have_the_names_that_mosquitto_gives_them() -> Result<()> {
    if mosquitto_is_missing() {
        return Ok(());
    }
    let Some(theirs) = Mosquitto::start()? else {
        return Ok(());
    };
    let ours = Broker::start_with(&["--http", "off", "--set", "sys.interval-s=1"])?;
    let ours = mosquitto::topics(&ours.port(), "$SYS/#")?;
    let theirs = mosquitto::topics(&theirs.port.to_string(), "$SYS/#")?;
    ensure!(theirs.len() > 40, "{theirs:?}");
    for topic in theirs.difference(&ours) {
        let name = topic.trim_start_matches("$SYS/broker/");
        let mut untold = NOT_TOLD.iter().map(|(name, _)| name);
        ensure!(
            untold.any(|untold| name.starts_with(untold)),
            "{topic} is missing among {ours:?}"
        );
    }
    Ok(())
}

/// Python with paho-mqtt; `None`, and a word about it, where it is not installed.
fn python() -> Option<Command> {
    let mut python = Command::new("python3");
    if let Some(path) = env::var_os("MQTTLAB_PYTHON_PATH") {
        python.env("PYTHONPATH", path);
    }
    let import = Command::new("python3")
        .envs(
            python
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .args(["-c", "import paho.mqtt.client"])
        .stderr(Stdio::null())
        .status();
    if !import.is_ok_and(|status| status.success()) {
        crate::skip("paho-mqtt for Python is not installed (cargo xtask setup --tests)");
        return None;
    }
    Some(python)
}

/// Runs one scenario of `scenarios.py` against a broker of its own.
fn paho(scenario: &str) -> Result<()> {
    let Some(mut python) = python() else {
        return Ok(());
    };
    let broker = Broker::start()?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/interop/scenarios.py");
    let mut child = python
        .arg("-B")
        .arg(script)
        .args([scenario, &broker.port()])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let ended = wait(&mut child);
    if ended.is_err() {
        signal(child.id(), "KILL")?;
    }
    let output = child.wait_with_output()?;
    ensure!(
        output.status.success(),
        "{scenario}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

#[test]
fn paho_publishes_and_subscribes_at_each_qos_in_each_version() -> Result<()> {
    paho("every_qos")
}

#[test]
fn a_second_paho_with_the_same_name_takes_over() -> Result<()> {
    paho("take_over")
}

#[test]
fn paho_finds_its_session_again_with_what_came_meanwhile() -> Result<()> {
    paho("offline_queue")
}

#[test]
fn paho_gets_many_messages_in_their_order() -> Result<()> {
    paho("in_order")
}

#[test]
fn paho_gets_properties_as_they_were_sent() -> Result<()> {
    paho("properties")
}

/// Each program ends with comments that say what it prints.
#[test]
fn the_programs_of_lessons_print_what_they_say() -> Result<()> {
    const DEFAULT_PORT: &str = "1883";
    let snippets = mqttlab_lessons::LESSONS.iter().flat_map(|it| it.snippets);
    for (name, text) in snippets {
        let Some(mut python) = python() else {
            return Ok(());
        };
        let broker = Broker::start()?;
        let (_, promised) = text
            .split_once("# It prints:\n")
            .with_context(|| format!("{name} does not say what it prints"))?;
        let mut child = python
            .args(["-B", "-c", &text.replace(DEFAULT_PORT, &broker.port())])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if wait(&mut child).is_err() {
            signal(child.id(), "KILL")?;
        }
        let output = child.wait_with_output()?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let printed: String = printed.lines().map(|line| format!("# {line}\n")).collect();
        ensure!(
            output.status.success() && printed == promised,
            "{name} prints:\n{printed}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
