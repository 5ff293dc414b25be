//! Who is let in, and what they may do.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::harness::{Broker, Folder, Raw, program};

const ACCEPTED: &[u8] = &[0x20, 2, 0, 0];
const BAD_PASSWORD: &[u8] = &[0x20, 2, 0, 4];
const NOT_AUTHORIZED: &[u8] = &[0x20, 2, 0, 5];

/// CONNECT of MQTT 3.1.1 with Clean Session, with a user name and a password where there are some.
fn connect(client_id: &str, user: Option<&str>, password: Option<&str>) -> Vec<u8> {
    let flag = |is: bool, bit: u8| if is { bit } else { 0 };
    let flags = 2 | flag(user.is_some(), 0x80) | flag(password.is_some(), 0x40);
    let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', 4, flags, 0, 60];
    for text in [Some(client_id), user, password].into_iter().flatten() {
        body.extend([0, text.len() as u8]);
        body.extend(text.as_bytes());
    }
    let mut packet = vec![0x10, body.len() as u8];
    packet.append(&mut body);
    packet
}

fn subscribe(filter: &str) -> Vec<u8> {
    let length = filter.len() as u8;
    let mut packet = vec![0x82, length + 5, 0, 1, 0, length];
    packet.extend(filter.as_bytes());
    packet.push(0);
    packet
}

fn publish(topic: &str) -> Vec<u8> {
    let length = topic.len() as u8;
    let mut packet = vec![0x30, length + 3, 0, length];
    packet.extend(topic.as_bytes());
    packet.push(b'!');
    packet
}

/// `mqttlab passwd`, the password on standard input.
fn passwd(file: &Path, user: &str, password: &str) -> Result<()> {
    let mut child = Command::new(program()?)
        .arg("passwd")
        .arg(file)
        .arg(user)
        .stdin(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("it was piped")?;
    writeln!(stdin, "{password}")?;
    drop(stdin);
    ensure!(child.wait()?.success());
    Ok(())
}

#[test]
fn users_that_are_added_at_once_are_all_there() -> Result<()> {
    let folder = Folder::new("passwd")?;
    let file = folder.path("passwords");
    let mut running = Vec::new();
    for number in 0..8 {
        let mut child = Command::new(program()?)
            .arg("passwd")
            .arg(&file)
            .arg(format!("u{number}"))
            .stdin(Stdio::piped())
            .spawn()?;
        // It ends here, and none of them began before all were there.
        let stdin = child.stdin.take().context("it was piped")?;
        running.push((child, stdin));
    }
    for (_, stdin) in &mut running {
        writeln!(stdin, "secret")?;
    }
    for (mut child, stdin) in running {
        drop(stdin);
        ensure!(child.wait()?.success());
    }
    let text = fs::read_to_string(&file)?;
    let mut users: Vec<_> = text
        .lines()
        .filter_map(|line| line.split(':').next())
        .collect();
    users.sort_unstable();
    ensure!(
        users == ["u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7"],
        "{users:?}"
    );
    ensure!(
        fs::read_dir(folder.path(""))?.count() == 1,
        "something is left behind"
    );
    Ok(())
}

struct Files {
    folder: Folder,
}

impl Files {
    /// Users `ann` and `bob`, each with the password `secret`, and rules for them.
    fn new(name: &str) -> Result<Self> {
        let files = Self {
            folder: Folder::new(name)?,
        };
        passwd(&files.passwords(), "ann", "secret")?;
        passwd(&files.passwords(), "bob", "secret")?;
        let rules = "topic read news\nuser ann\ntopic readwrite home/#\npattern write from/%c/%u\nuser bob\ntopic read #\n";
        fs::write(files.rules(), rules)?;
        Ok(files)
    }

    fn passwords(&self) -> PathBuf {
        self.folder.path("passwords")
    }

    fn rules(&self) -> PathBuf {
        self.folder.path("rules")
    }

    fn broker(&self, options: &[&str]) -> Result<Broker> {
        let (passwords, rules) = (self.passwords(), self.rules());
        let mut all = vec!["--http", "off", "--password-file"];
        all.extend(passwords.to_str());
        all.push("--acl-file");
        all.extend(rules.to_str());
        all.extend(options);
        Broker::start_with(&all)
    }
}

fn log_in(broker: &Broker, client_id: &str, user: &str) -> Result<Raw> {
    let mut client = broker.connect()?;
    client.send(&connect(client_id, Some(user), Some("secret")))?;
    client.expect(ACCEPTED)?;
    Ok(client)
}

#[test]
fn only_the_right_password_lets_in() -> Result<()> {
    let files = Files::new("passwords")?;
    let broker = files.broker(&[])?;
    for (user, password, expected) in [
        (Some("ann"), Some("secret"), ACCEPTED),
        // Once more: by then it is known.
        (Some("ann"), Some("secret"), ACCEPTED),
        (Some("ann"), Some("Secret"), BAD_PASSWORD),
        (Some("ann"), Some(""), BAD_PASSWORD),
        (Some("ann"), None, BAD_PASSWORD),
        (Some("eve"), Some("secret"), BAD_PASSWORD),
        (None, None, NOT_AUTHORIZED),
    ] {
        let mut client = broker.connect()?;
        client.send(&connect("c", user, password))?;
        client
            .expect(expected)
            .with_context(|| format!("{user:?} {password:?}"))?;
        if expected != ACCEPTED {
            client.expect_closed()?;
        }
    }
    Ok(())
}

#[test]
fn without_a_name_only_where_that_is_allowed() -> Result<()> {
    let files = Files::new("anonymous")?;
    let broker = files.broker(&["--allow-anonymous"])?;
    let mut client = broker.connect()?;
    client.send(&connect("c", None, None))?;
    client.expect(ACCEPTED)?;
    // A name is no less to be proven for that.
    let mut client = broker.connect()?;
    client.send(&connect("c", Some("ann"), Some("wrong")))?;
    client.expect(BAD_PASSWORD)
}

#[test]
fn what_is_sent_behind_connect_waits_for_the_check() -> Result<()> {
    let files = Files::new("behind")?;
    let broker = files.broker(&[])?;
    let mut client = broker.connect()?;
    let mut bytes = connect("c", Some("ann"), Some("secret"));
    bytes.extend(subscribe("home/a"));
    bytes.extend(publish("home/a"));
    // The last one in two parts, the second while the first is held.
    let (first, second) = bytes.split_at(bytes.len() - 3);
    client.send(first)?;
    client.send(second)?;
    client.expect(ACCEPTED)?;
    client.expect(&[0x90, 3, 0, 1, 0])?;
    client.expect(&publish("home/a"))
}

#[test]
fn the_rules_hold_for_publishing_subscribing_and_each_delivery() -> Result<()> {
    let files = Files::new("rules")?;
    let broker = files.broker(&[])?;
    let mut ann = log_in(&broker, "a1", "ann")?;
    for (filter, code) in [("home/#", 0), ("news", 0), ("#", 0), ("away", 0x80)] {
        ann.send(&subscribe(filter))?;
        ann.expect(&[0x90, 3, 0, 1, code])
            .with_context(|| filter.to_owned())?;
    }
    let mut bob = log_in(&broker, "b1", "bob")?;
    bob.send(&subscribe("#"))?;
    bob.expect(&[0x90, 3, 0, 1, 0])?;
    // Bob may write nothing; ann may, to what is hers, and reads of it only what she may read.
    bob.send(&publish("home/x"))?;
    bob.expect_alive()?;
    for topic in [
        "news",
        "from/a2/ann",
        "from/a1/bob",
        "from/a1/ann",
        "home/x",
    ] {
        ann.send(&publish(topic))?;
    }
    bob.expect(&publish("from/a1/ann"))?;
    bob.expect(&publish("home/x"))?;
    ann.expect(&publish("home/x"))?;
    ann.expect_alive()
}

/// What the log in as ann gives.
fn connack(broker: &Broker, expected: &[u8]) -> Result<()> {
    let mut client = broker.connect()?;
    client.send(&connect("c", Some("ann"), Some("secret")))?;
    client.expect(expected)
}

#[cfg(unix)]
#[test]
fn files_are_read_again_and_wrong_ones_change_nothing() -> Result<()> {
    let files = Files::new("again")?;
    let broker = files.broker(&[])?;
    let mut ann = log_in(&broker, "stays", "ann")?;
    passwd(&files.passwords(), "ann", "other")?;
    ensure!(broker.reload()?);
    connack(&broker, BAD_PASSWORD)?;
    ann.expect_alive()?;
    fs::write(files.passwords(), "nonsense\n")?;
    ensure!(!broker.reload()?);
    connack(&broker, BAD_PASSWORD)?;
    passwd(&files.passwords(), "bob", "x").expect_err("it is no password file any more");
    fs::remove_file(files.passwords())?;
    passwd(&files.passwords(), "ann", "secret")?;
    ensure!(broker.reload()?);
    connack(&broker, ACCEPTED)?;
    ann.expect_alive()
}

#[test]
fn rules_that_could_not_hold_keep_it_from_starting() -> Result<()> {
    let files = Files::new("cannot")?;
    let rules = files.rules();
    let rules = rules.to_str().context("a plain path")?;
    let check = |arguments: &[&str]| -> Result<String> {
        let output = Command::new(program()?)
            .args(["broker", "--check-config"])
            .args(arguments)
            .output()?;
        ensure!(output.status.code() == Some(2), "{:?}", output.status);
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    };
    // Names that nobody proves.
    ensure!(check(&["--acl-file", rules])?.contains("--password-file"));
    ensure!(check(&["--password-file", rules])?.contains("rules:1: a line is USER:HASH"));
    ensure!(check(&["--acl-file", "/nonexistent"])?.contains("/nonexistent"));
    Ok(())
}

/// A file of rules or passwords, and whether the broker takes it.
#[test]
fn odd_files_are_read_as_meant_or_refused_with_their_line() -> Result<()> {
    let files = Files::new("odd")?;
    let ann = fs::read_to_string(files.passwords())?;
    let ann = ann.lines().next().context("she has a line")?;
    let check = |passwords: &[u8], rules: &[u8]| -> Result<(Option<i32>, String)> {
        fs::write(files.passwords(), passwords)?;
        fs::write(files.rules(), rules)?;
        let output = Command::new(program()?)
            .args(["broker", "--check-config", "--password-file"])
            .arg(files.passwords())
            .arg("--acl-file")
            .arg(files.rules())
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok((output.status.code(), said))
    };
    let good = format!("{ann}\n");
    for (passwords, rules) in [
        // Blank lines, comments, Windows' line ends, a byte order mark, no newline at the end, nothing at all.
        (format!("\n# us\n\n{ann}"), "\n\n# none\n\n".to_owned()),
        (
            format!("\u{FEFF}{ann}\r\n"),
            "\u{FEFF}user ann\r\ntopic read a/#\r\n".to_owned(),
        ),
        (String::new(), String::new()),
    ] {
        let (code, said) = check(passwords.as_bytes(), rules.as_bytes())?;
        ensure!(code == Some(0), "{passwords:?} {rules:?}: {said}");
    }
    for (passwords, rules, place) in [
        (
            format!("{ann}\n{ann}\n").into_bytes(),
            b"".to_vec(),
            "passwords:2",
        ),
        (b"ann\n".to_vec(), b"".to_vec(), "passwords:1"),
        (b"ann:plain\n".to_vec(), b"".to_vec(), "passwords:1"),
        (b"\xFF\xFE\n".to_vec(), b"".to_vec(), "passwords"),
        (
            good.clone().into_bytes(),
            b"user ann\ntopics read a\n".to_vec(),
            "rules:2",
        ),
        (good.clone().into_bytes(), b"user\n".to_vec(), "rules:1"),
        (
            good.clone().into_bytes(),
            b"topic read a/#/b\n".to_vec(),
            "rules:1",
        ),
        (good.into_bytes(), b"topic \xFF\n".to_vec(), "rules"),
    ] {
        let (code, said) = check(&passwords, &rules)?;
        ensure!(code == Some(2) && said.contains(place), "{place}: {said}");
    }
    Ok(())
}

/// An empty file of rules allows nothing; one that goes away while the broker runs changes nothing.
#[cfg(unix)]
#[test]
fn rules_that_are_empty_or_gone_open_nothing() -> Result<()> {
    let files = Files::new("empty")?;
    fs::write(files.rules(), "")?;
    let broker = files.broker(&[])?;
    let mut ann = log_in(&broker, "a1", "ann")?;
    ann.send(&subscribe("home/a"))?;
    ann.expect(&[0x90, 3, 0, 1, 0x80])?;
    for gone in [files.rules(), files.passwords()] {
        let bytes = fs::read(&gone)?;
        fs::remove_file(&gone)?;
        ensure!(!broker.reload()?);
        let mut eve = broker.connect()?;
        eve.send(&connect("e", Some("eve"), Some("secret")))?;
        eve.expect(BAD_PASSWORD)?;
        ann.send(&subscribe("home/a"))?;
        ann.expect(&[0x90, 3, 0, 1, 0x80])?;
        fs::write(&gone, bytes)?;
    }
    Ok(())
}

/// What rules no longer allow stops at once: for subscriptions that were granted, for what waits and what is retained.
#[cfg(unix)]
#[test]
fn a_right_that_the_rules_take_back_is_gone_for_who_is_there_already() -> Result<()> {
    let files = Files::new("taken-back")?;
    let allow = "user ann\ntopic readwrite home/#\nuser bob\ntopic read home/#\n";
    fs::write(files.rules(), allow)?;
    let broker = files.broker(&[])?;
    let kept = |flags: u8| {
        let mut packet = connect("b1", Some("bob"), Some("secret"));
        packet[9] = flags;
        packet
    };
    // Bob's session stays without him; a message waits there, and the same is retained.
    let mut bob = broker.connect()?;
    bob.send(&kept(0xC0))?;
    bob.expect(ACCEPTED)?;
    bob.send(&[0x82, 11, 0, 1, 0, 6, b'h', b'o', b'm', b'e', b'/', b'x', 1])?;
    bob.expect(&[0x90, 3, 0, 1, 1])?;
    bob.send(&[0xE0, 0])?;
    bob.expect_closed()?;
    let mut other = log_in(&broker, "b2", "bob")?;
    other.send(&subscribe("home/x"))?;
    other.expect(&[0x90, 3, 0, 1, 0])?;
    let mut ann = log_in(&broker, "a1", "ann")?;
    ann.send(&[
        0x33, 11, 0, 6, b'h', b'o', b'm', b'e', b'/', b'x', 0, 1, b'!',
    ])?;
    ann.expect(&[0x40, 2, 0, 1])?;
    other.expect(&publish("home/x"))?;

    fs::write(files.rules(), "user ann\ntopic readwrite home/#\n")?;
    ensure!(broker.reload()?);
    ann.send(&publish("home/x"))?;
    ann.expect_alive()?;
    // Neither the live subscription nor what waited brings anything.
    other.expect_alive()?;
    let mut bob = broker.connect()?;
    bob.send(&kept(0xC0))?;
    bob.expect(&[0x20, 2, 1, 0])?;
    bob.expect_alive()?;
    // The subscription is gone from the session for good: rights that come back do not bring it back.
    fs::write(files.rules(), allow)?;
    ensure!(broker.reload()?);
    ann.send(&publish("home/x"))?;
    ann.expect_alive()?;
    bob.expect_alive()
}

/// PUBLISH of `!` at QoS 1 with RETAIN, Packet Identifier 1.
#[cfg(unix)]
fn retain(client: &mut Raw, topic: &str) -> Result<()> {
    let length = topic.len() as u8;
    let mut packet = vec![0x33, length + 5, 0, length];
    packet.extend(topic.as_bytes());
    packet.extend([0, 1, b'!']);
    client.send(&packet)?;
    client.expect(&[0x40, 2, 0, 1])
}

/// The topics of what is retained for a new subscriber to `home/#`.
#[cfg(unix)]
fn retained(broker: &Broker, client_id: &str) -> Result<Vec<String>> {
    let mut bob = log_in(broker, client_id, "bob")?;
    bob.send(&subscribe("home/#"))?;
    bob.expect(&[0x90, 3, 0, 1, 0])?;
    // What is retained comes before what comes later.
    bob.send(&publish("home/end"))?;
    let mut topics = Vec::new();
    loop {
        let body = bob.expect_publish()?;
        let topic = String::from_utf8_lossy(&body[2..body.len() - 1]).into_owned();
        if topic == "home/end" {
            return Ok(topics);
        }
        topics.push(topic);
    }
}

#[cfg(unix)]
#[test]
fn what_is_retained_is_nobodys_when_its_publisher_may_not_publish_there_any_more() -> Result<()> {
    let files = Files::new("retained-source")?;
    let allow = "user ann\ntopic readwrite home/#\nuser bob\ntopic readwrite home/#\n";
    let take_back =
        "user ann\ntopic read home/#\ntopic write home/own\nuser bob\ntopic readwrite home/#\n";
    fs::write(files.rules(), allow)?;
    let store = files.folder.path("store");
    let store = store.to_str().context("a plain path")?;
    let options = ["--store", store, "--threads", "3"];
    let broker = files.broker(&options)?;
    // Ann is gone by the time that it matters, from one loop and then another.
    for (client_id, user, topic) in [
        ("a1", "ann", "home/a"),
        ("a2", "ann", "home/own"),
        ("b1", "bob", "home/b"),
    ] {
        retain(&mut log_in(&broker, client_id, user)?, topic)?;
    }
    ensure!(retained(&broker, "s1")? == ["home/a", "home/b", "home/own"]);
    fs::write(files.rules(), take_back)?;
    ensure!(broker.reload()?);
    for client_id in ["s1", "s2", "s3", "s4"] {
        ensure!(retained(&broker, client_id)? == ["home/b", "home/own"]);
    }
    broker.signal("KILL")?;
    let (_, log) = broker.wait()?;
    let denied = log
        .lines()
        .find(|line| line.contains("denied by the rules"));
    let denied = denied.context("the log says so")?;
    for word in ["ann", "home/a", "pass on what is retained"] {
        ensure!(denied.contains(word), "{denied}");
    }
    // The store knows it too.
    let broker = files.broker(&options)?;
    ensure!(retained(&broker, "s1")? == ["home/b", "home/own"]);
    // A slip in a file takes nothing away for good.
    fs::write(files.rules(), allow)?;
    ensure!(broker.reload()?);
    ensure!(retained(&broker, "s2")? == ["home/a", "home/b", "home/own"]);
    fs::write(files.rules(), take_back)?;
    broker.signal("KILL")?;
    broker.wait()?;
    // Who wants it otherwise says so.
    let lax = ["--set", "auth.check-retained-source=false"];
    let broker = files.broker(&[&options[..], &lax].concat())?;
    ensure!(retained(&broker, "s1")? == ["home/a", "home/b", "home/own"]);
    Ok(())
}
