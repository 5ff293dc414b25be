//! `mqttlab pub` and `mqttlab sub`, as somebody at a shell uses them.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::conform::Mosquitto;
use crate::harness::{Broker, Folder, program, signal, wait};

/// A broker that speaks all that clients speak, and where.
struct Rig {
    broker: Broker,
    folder: Folder,
}

impl Rig {
    fn new(name: &str) -> Result<Self> {
        let folder = Folder::new(name)?;
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let (certificate, key) = (folder.path("server.pem"), folder.path("server.key"));
        fs::write(&certificate, made.cert.pem())?;
        fs::write(&key, made.signing_key.serialize_pem())?;
        let mut command = Command::new(program()?);
        command.args(["broker", "--http", "off"]);
        for scheme in ["mqtt", "mqtts", "ws", "wss"] {
            command.args(["--listen", &format!("{scheme}://127.0.0.1:0")]);
        }
        command.arg("--certificate").arg(certificate);
        command.arg("--key").arg(key);
        let broker = Broker::run(command)?;
        Ok(Self { broker, folder })
    }

    fn url(&self, scheme: &str) -> Result<String> {
        let schemes = ["mqtt", "mqtts", "ws", "wss"];
        let position = schemes.iter().position(|known| *known == scheme);
        let port = self.broker.mqtt[position.context("known")?].port();
        Ok(format!("{scheme}://localhost:{port}"))
    }

    /// The options that lead to it.
    fn to(&self, scheme: &str) -> Result<Vec<String>> {
        let mut to = vec!["--to".to_owned(), self.url(scheme)?];
        if scheme.ends_with('s') && scheme != "ws" {
            let certificate = self.folder.path("server.pem");
            to.push("--ca".into());
            to.push(certificate.to_string_lossy().into_owned());
        }
        Ok(to)
    }
}

fn run(command: &str, to: &[String], arguments: &[&str], input: &[u8]) -> Result<Output> {
    let mut child = Command::new(program()?)
        .arg(command)
        .args(to)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // One that wants no input may be gone already.
    let _ = child.stdin.take().context("piped")?.write_all(input);
    Ok(child.wait_with_output()?)
}

/// `mqttlab pub`, which must end well.
fn publish(to: &[String], arguments: &[&str], input: &[u8]) -> Result<()> {
    let output = run("pub", to, arguments, input)?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{arguments:?}: {said}");
    Ok(())
}

/// `mqttlab sub` once it is subscribed.
struct Subscriber {
    child: Child,
    /// What it says is read until its end.
    said: BufReader<ChildStderr>,
}

impl Subscriber {
    fn start(to: &[String], arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new(program()?)
            .args(["sub", "--debug"])
            .args(to)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let said = BufReader::new(child.stderr.take().context("piped")?);
        let mut subscriber = Self { child, said };
        subscriber.hears("subscribed")?;
        Ok(subscriber)
    }

    /// It says this, sooner or later.
    fn hears(&mut self, what: &str) -> Result<()> {
        let mut all = String::new();
        loop {
            let begins = all.len();
            ensure!(self.said.read_line(&mut all)? > 0, "no {what} in {all}");
            if all[begins..].contains(what) {
                return Ok(());
            }
        }
    }

    /// What it printed until it ended well.
    fn end(mut self) -> Result<String> {
        let mut printed = String::new();
        let mut out = self.child.stdout.take().context("piped")?;
        out.read_to_string(&mut printed)?;
        let status = wait(&mut self.child)?;
        ensure!(status.success(), "{status}: {printed}");
        Ok(printed)
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn messages_go_from_one_to_the_other_in_all_versions_and_over_all_that_lies_below() -> Result<()> {
    let rig = Rig::new("talk")?;
    let file = rig.folder.path("message");
    // Larger than any buffer on its way.
    let large = "0123456789".repeat(50_000);
    fs::write(&file, &large)?;
    let file = file.to_str().context("a plain path")?;
    for (scheme, version) in [
        ("mqtt", "3.1"),
        ("mqtt", "3.1.1"),
        ("mqtts", "5.0"),
        ("ws", "mqttv311"),
        ("wss", "5"),
    ] {
        let to = rig.to(scheme)?;
        // 3.1 wants names.
        let [sub, publisher] = [["-V", version, "-i", "sub"], ["-V", version, "-i", "pub"]];
        let wanted = ["-t", "a/#", "-q", "2", "-v", "-C", "6", "-W", "20"];
        let subscriber = Subscriber::start(&to, &[&sub[..], &wanted].concat())?;
        for (message, input) in [
            (&["-t", "a/lines", "-q", "1", "-l"][..], "one\ntwo\n"),
            (&["-t", "a/text", "-q", "2", "-m", "-hello"], ""),
            (&["-t", "a/stdin", "-s"], "three\nfour"),
            (&["-t", "a/null", "-n"], ""),
            (&["-t", "a/file", "-q", "1", "-f", file], ""),
        ] {
            publish(&to, &[&publisher[..], message].concat(), input.as_bytes())?;
        }
        let printed = subscriber.end()?;
        let expected = format!(
            "a/lines one\na/lines two\na/text -hello\na/stdin three\nfour\na/null \na/file {large}\n"
        );
        ensure!(printed == expected, "{scheme} {version}: {printed:.200}");
    }
    Ok(())
}

#[test]
fn what_5_0_says_beside_a_message_comes_through() -> Result<()> {
    let rig = Rig::new("talk-json")?;
    let to = rig.to("mqtt")?;
    let subscriber = Subscriber::start(&to, &["-t", "#", "--json", "-C", "2", "-W", "20"])?;
    let properties = [
        "--expiry",
        "100",
        "--content-type",
        "text/plain",
        "--response-topic",
        "answers",
        "--correlation-data",
        "7",
        "--property",
        "unit=°C",
    ];
    publish(
        &to,
        &[&["-t", "t", "-m", "21"][..], &properties].concat(),
        b"",
    )?;
    publish(&to, &["-t", "t", "-s"], &[0xFF, 0])?;
    let printed = subscriber.end()?;
    let lines = printed.lines().map(serde_json::from_str);
    let lines: Vec<Value> = lines.collect::<Result<_, _>>()?;
    let expected = json!({
        "topic": "t", "qos": 0, "retain": false, "payload": "21", "expiry_s": 100, "content_type": "text/plain",
        "response_topic": "answers", "correlation_data": "Nw==", "properties": [["unit", "°C"]],
    });
    ensure!(lines[0] == expected, "{printed}");
    ensure!(lines[1]["base64"] == "/wA=", "{printed}");
    Ok(())
}

#[test]
fn retained_messages_can_be_left_out_and_cleared() -> Result<()> {
    let rig = Rig::new("talk-retained")?;
    let to = rig.to("mqtt")?;
    publish(&to, &["-t", "r", "-r", "-m", "kept"], b"")?;
    for version in ["3.1.1", "5.0"] {
        let all = Subscriber::start(&to, &["-V", version, "-t", "r", "-C", "1", "-W", "20"])?;
        ensure!(all.end()? == "kept\n");
        let fresh = ["-V", version, "-t", "#", "-R", "-C", "1", "-W", "20"];
        let fresh = Subscriber::start(&to, &fresh)?;
        publish(&to, &["-t", "x", "-m", "fresh"], b"")?;
        ensure!(fresh.end()? == "fresh\n");
    }
    publish(&to, &["-t", "r", "-r", "-n"], b"")?;
    let none = run("sub", &to, &["-t", "r", "-W", "1"], b"")?;
    ensure!(none.status.code() == Some(0) && none.stdout.is_empty());
    Ok(())
}

#[test]
fn exit_codes_say_how_it_went() -> Result<()> {
    let rig = Rig::new("talk-codes")?;
    let to = rig.to("mqtt")?;
    let nobody = ["--to".to_owned(), "127.0.0.1:1".to_owned()];
    let untrusted = ["--to".to_owned(), rig.url("wss")?];
    let plain = ["--to".to_owned(), rig.url("mqtt")?.replace("mqtt", "wss")];
    for (command, to, arguments, says) in [
        ("pub", &nobody[..], &["-t", "t", "-n"][..], "refused"),
        ("sub", &nobody, &["-t", "t"], "refused"),
        ("pub", &untrusted, &["-t", "t", "-n"], "certificate"),
        (
            "pub",
            &plain,
            &["-t", "t", "-n", "--connect-timeout", "2"],
            "wss://",
        ),
        (
            "pub",
            &to,
            &["-t", "$SYS/t", "-m", "x", "-q", "1"],
            "not taken",
        ),
        ("pub", &to, &["-t", "t", "-s"], "1048576"),
    ] {
        // More than the broker takes at once.
        ends_with(1, says, command, to, arguments, &[b'x'; 2 << 20])?;
    }
    let late = ["-t", "t", "-C", "1", "-W", "1"];
    ends_with(3, "time is up", "sub", &to, &late, b"")
}

#[test]
fn what_makes_no_sense_is_said_before_anything_is_sent() -> Result<()> {
    let to = ["--to".to_owned(), "127.0.0.1:1".to_owned()];
    for (command, arguments, says) in [
        ("pub", &["-t", "a/#", "-n"][..], "--topic a/#"),
        ("sub", &["-t", "a#"], "--topic a#"),
        ("pub", &["-t", "t"], "--message"),
        ("pub", &["-t", "t", "-n", "-V", "4"], "3.1.1"),
        (
            "pub",
            &["-t", "t", "-n", "-V", "3.1.1", "--expiry", "1"],
            "5.0",
        ),
        ("sub", &["-t", "t", "-c"], "--id"),
        ("pub", &["-t", "t", "-f", "/nonexistent"], "/nonexistent"),
        (
            "pub",
            &["-t", "t", "-n", "--ca", "/nonexistent"],
            "mqtts://",
        ),
        ("pub", &["-t", "t", "-n", "--will-topic", "+"], "Topic Name"),
    ] {
        ends_with(2, says, command, &to, arguments, b"")?;
    }
    Ok(())
}

/// It must end with this code, and say this.
fn ends_with(
    code: i32,
    says: &str,
    command: &str,
    to: &[String],
    arguments: &[&str],
    input: &[u8],
) -> Result<()> {
    let output = run(command, to, arguments, input)?;
    let said = String::from_utf8_lossy(&output.stderr);
    let ended = output.status.code();
    ensure!(
        ended == Some(code) && said.contains(says),
        "{command} {arguments:?}: {ended:?} {said}"
    );
    Ok(())
}

#[test]
fn a_session_waits_and_a_will_is_left_behind_only_by_who_is_torn_away() -> Result<()> {
    let rig = Rig::new("talk-session")?;
    let to = rig.to("mqtt")?;
    let keeps = [
        "-i", "keeps", "-c", "-t", "s", "-q", "1", "-C", "1", "-W", "20",
    ];
    for version in ["3.1.1", "5.0"] {
        let keeps = [&["-V", version][..], &keeps].concat();
        let first = Subscriber::start(&to, &keeps)?;
        publish(&to, &["-t", "s", "-q", "1", "-m", "first"], b"")?;
        ensure!(first.end()? == "first\n");
        publish(&to, &["-t", "s", "-q", "1", "-l"], b"second\nthird\n")?;
        for expected in ["second\n", "third\n"] {
            // What is more than was wanted waits for the next time.
            let output = run("sub", &to, &keeps, b"")?;
            ensure!(output.stdout == expected.as_bytes(), "{output:?}");
        }
    }
    let wills = Subscriber::start(&to, &["-t", "will/+", "-v", "-C", "1", "-W", "20"])?;
    let will = |who: &str| {
        let topic = format!("will/{who}");
        Subscriber::start(
            &to,
            &["-t", "t", "--will-topic", &topic, "--will-message", "gone"],
        )
    };
    let (polite, torn) = (will("polite")?, will("torn")?);
    signal(polite.child.id(), "INT")?;
    ensure!(polite.end()?.is_empty());
    signal(torn.child.id(), "KILL")?;
    ensure!(wills.end()? == "will/torn gone\n");
    Ok(())
}

#[test]
fn a_subscriber_comes_back_when_the_broker_does() -> Result<()> {
    let broker = Broker::start()?;
    let address = broker.address().to_string();
    let to = ["--to".to_owned(), address.clone()];
    let mut subscriber = Subscriber::start(&to, &["-t", "t", "-C", "1", "-W", "60"])?;
    broker.signal("KILL")?;
    broker.wait()?;
    subscriber.hears("trying again")?;
    let _again = Broker::start_configured(&["--http", "off", "--listen", &address])?;
    subscriber.hears("subscribed")?;
    publish(&to, &["-t", "t", "-m", "still there"], b"")?;
    ensure!(subscriber.end()? == "still there\n");
    Ok(())
}

#[test]
fn another_broker_understands_them() -> Result<()> {
    let Some(mosquitto) = Mosquitto::start()? else {
        return Ok(());
    };
    let to = ["--to".to_owned(), format!("127.0.0.1:{}", mosquitto.port)];
    for version in ["3.1", "3.1.1", "5.0"] {
        let [sub, publisher] = [["-V", version, "-i", "sub"], ["-V", version, "-i", "pub"]];
        let wanted = ["-t", "a/#", "-q", "2", "-v", "-C", "3", "-W", "20"];
        let subscriber = Subscriber::start(&to, &[&sub[..], &wanted].concat())?;
        let lines = ["-t", "a/b", "-q", "2", "-l"];
        publish(&to, &[&publisher[..], &lines].concat(), b"one\ntwo\n")?;
        publish(
            &to,
            &[&publisher[..], &["-t", "a/c", "-m", "three"]].concat(),
            b"",
        )?;
        ensure!(subscriber.end()? == "a/b one\na/b two\na/c three\n");
    }
    Ok(())
}

/// Programs of this machine need no network.
#[cfg(unix)]
#[test]
fn a_unix_socket_is_reached_like_any_other_listener() -> Result<()> {
    let folder = Folder::new("talk-unix")?;
    let path = folder.path("mqtt");
    let url = format!("unix://{}", path.display());
    let _broker = Broker::start_configured(&["--http", "off", "--listen", &url])?;
    let to = ["--to".to_owned(), url];
    let sent = run(
        "pub",
        &to,
        &["-t", "a", "-m", "hello", "-r", "-q", "1"],
        b"",
    )?;
    ensure!(sent.status.success(), "{sent:?}");
    let got = run("sub", &to, &["-t", "a", "-C", "1"], b"")?;
    let text = String::from_utf8_lossy(&got.stdout);
    ensure!(got.status.success() && text == "hello\n", "{got:?}");
    let nowhere = ["--to".to_owned(), "unix:///nowhere/mqtt".to_owned()];
    let failed = run("pub", &nowhere, &["-t", "a", "-m", "x"], b"")?;
    let said = String::from_utf8_lossy(&failed.stderr);
    ensure!(
        !failed.status.success() && said.contains("unix:///nowhere/mqtt"),
        "{said}"
    );
    Ok(())
}
