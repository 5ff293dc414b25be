//! A broker that records, and what is made of its recordings.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::harness::packets::{connect, packet, publish, subscribe, text};
use crate::harness::{Broker, Folder, PATIENCE, Raw, program};
use crate::threads::{take, tell};

const ACCEPTED: &[u8] = &[0x20, 2, 0, 0];

struct Rig {
    folder: Folder,
}

impl Rig {
    fn new(name: &str) -> Result<Self> {
        let folder = Folder::new(name)?;
        Ok(Self { folder })
    }

    fn file(&self) -> PathBuf {
        self.folder.path("traffic.mqttlab")
    }

    fn broker(&self, options: &[&str]) -> Result<Broker> {
        let file = self.file();
        let file = file.to_str().context("a plain path")?;
        Broker::start_with(&[&["--http", "off", "--record", file], options].concat())
    }

    fn replay(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(program()?);
        command.arg("replay").arg(self.file()).args(arguments);
        Ok(command.output()?)
    }

    /// The file must be one with which the same comes of the same; the events in it.
    fn events(&self) -> Result<String> {
        self.replay_same("events")
    }

    /// The same; only what is said about it.
    fn check(&self) -> Result<String> {
        self.replay_same("check")
    }

    fn replay_same(&self, format: &str) -> Result<String> {
        let output = self.replay(&["--format", format])?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.code() == Some(0), "{complaint}{said}");
        ensure!(said.contains("sends the same bytes"), "{said}");
        Ok(said)
    }
}

/// Ends it as an operator would, so that all is in the file.
fn stop(broker: Broker) -> Result<()> {
    broker.signal("TERM")?;
    let (status, log) = broker.wait()?;
    ensure!(status.success(), "{status}: {log}");
    Ok(())
}

/// Whether Mosquitto's clients are there.
fn has_mosquitto() -> bool {
    ["mosquitto_sub", "mosquitto_pub"].iter().all(|name| {
        let mut command = Command::new(name);
        command.arg("--help").stdout(Stdio::null()).status().is_ok()
    })
}

/// `mosquitto_sub` and `mosquitto_pub` in each version and QoS, with retained messages, wills and a session that waits.
#[test]
fn what_real_clients_did_is_played_again_with_the_same_bytes() -> Result<()> {
    if !has_mosquitto() {
        crate::skip("mosquitto_pub and mosquitto_sub are not installed");
        return Ok(());
    }
    let rig = Rig::new("real")?;
    let broker = rig.broker(&["--set", "sys.interval-s=1"])?;
    let port = broker.port();
    for version in ["mqttv31", "mqttv311", "mqttv5"] {
        for qos in ["0", "1", "2"] {
            let common = ["-h", "127.0.0.1", "-p", &port, "-V", version, "-q", qos];
            let topic = format!("{version}/{qos}");
            let ear = Command::new("mosquitto_sub")
                .args(common)
                .args([
                    "-t",
                    &topic,
                    "-t",
                    "$SYS/broker/uptime",
                    "-C",
                    "2",
                    "-W",
                    "20",
                ])
                .stdout(Stdio::piped())
                .spawn()?;
            let said = Command::new("mosquitto_pub")
                .args(common)
                .args([
                    "-t",
                    &topic,
                    "-m",
                    "hello",
                    "-r",
                    "--will-topic",
                    "gone",
                    "--will-payload",
                    "w",
                ])
                .status()?;
            ensure!(said.success(), "{version} {qos}");
            let heard = ear.wait_with_output()?;
            ensure!(heard.status.success(), "{version} {qos}");
            ensure!(String::from_utf8_lossy(&heard.stdout).contains("hello"));
        }
    }
    stop(broker)?;
    let events = rig.events()?;
    for line in ["mosq", "PUBLISH mqttv5/2 \"hello\"", "PUBCOMP", "SUBSCRIBE"] {
        ensure!(events.contains(line), "{line} is missing: {events}");
    }
    for format in [
        "ladder", "ndjson", "mermaid", "plantuml", "svg", "pcapng", "check",
    ] {
        let output = rig.replay(&["--format", format])?;
        ensure!(
            output.status.success() && output.stdout.len() > 100,
            "{format}"
        );
    }
    Ok(())
}

/// With a store that was there before, access rules, a malformed packet, a take-over and a client that does not read.
#[test]
fn what_the_driver_answered_is_played_again_too() -> Result<()> {
    let rig = Rig::new("answers")?;
    let store = rig.folder.path("store");
    let store = store.to_str().context("a plain path")?;
    let rules = rig.folder.path("rules");
    fs::write(&rules, "topic readwrite open/#\ntopic read news\n")?;
    let rules = rules.to_str().context("a plain path")?;
    let options = ["--store", store, "--acl-file", rules];
    let before = Broker::start_with(&[&["--http", "off"][..], &options].concat())?;
    let mut kept = before.connect()?;
    kept.send(&connect("kept", false))?;
    kept.expect(ACCEPTED)?;
    kept.send(&subscribe("open/#", 1))?;
    kept.expect(&[0x90, 3, 0, 1, 1])?;
    kept.send(&[0xE0, 0])?;
    kept.expect_closed()?;
    let mut early = before.connect()?;
    early.send(&connect("early", true))?;
    early.expect(ACCEPTED)?;
    early.send(&publish(3, "open/early", 1, b"waits and is retained"))?;
    early.expect(&[0x40, 2, 0, 1])?;
    stop(before)?;

    let broker = rig.broker(&options)?;
    let mut kept = broker.connect()?;
    kept.send(&connect("kept", false))?;
    kept.expect(&[0x20, 2, 1, 0])?;
    kept.expect(&publish(2, "open/early", 1, b"waits and is retained"))?;
    let mut loud = broker.connect()?;
    loud.send(&connect("loud", true))?;
    loud.expect(ACCEPTED)?;
    loud.send(&subscribe("#", 0))?;
    loud.expect(&[0x90, 3, 0, 1, 0])?;
    ensure!(loud.expect_publish()?.ends_with(b"retained"));
    loud.send(&publish(2, "closed/x", 5, b"denied"))?;
    loud.expect(&[0x40, 2, 0, 5])?;
    loud.send(&publish(0, "open/y", 0, &[b'.'; 5_000]))?;
    loud.expect_publish()?;
    loud.send(&[0x36, 0])?;
    loud.expect_closed()?;
    let mut second = broker.connect()?;
    second.send(&connect("kept", false))?;
    second.expect(&[0x20, 2, 1, 0])?;
    // It never reads what comes now.
    let mut writer = broker.connect()?;
    writer.send(&connect("writer", true))?;
    writer.expect(ACCEPTED)?;
    for id in 1..200_u16 {
        writer.send(&publish(2, "open/z", id, &[b'z'; 60_000]))?;
        let id = id.to_be_bytes();
        writer.expect(&[0x40, 2, id[0], id[1]])?;
    }
    stop(broker)?;
    let events = rig.events()?;
    for line in ["kept", "what is no packet", "taken over", "open/z"] {
        ensure!(events.contains(line), "{line} is missing");
    }
    Ok(())
}

/// Passwords never, payloads only where wanted; the file is its owner's alone and never takes the place of another.
#[cfg(unix)]
#[test]
fn secrets_are_not_recorded() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    for (how, is_kept) in [("kept", true), ("hashed", false), ("omitted", false)] {
        let rig = Rig::new(&format!("secrets-{how}"))?;
        let broker = rig.broker(&["--record-payloads", how])?;
        let mut client = broker.connect()?;
        // 5.0 with a will, a User Name and a password.
        let head = [0, 4, b'M', b'Q', b'T', b'T', 5, 0xC6, 0, 60, 0];
        let parts = [
            &text("c")[..],
            &[0],
            &text("gone"),
            &text("last private words"),
        ]
        .concat();
        let credentials = [text("ann"), text("a very secret password")].concat();
        client.send(&packet(0x10, &[&head, &parts, &credentials]))?;
        client.expect(&[0x20])?;
        client.skip_packet()?;
        let mut other = broker.connect()?;
        other.send(&connect("other", true))?;
        other.expect(ACCEPTED)?;
        other.send(&subscribe("gone", 0))?;
        other.expect(&[0x90, 3, 0, 1, 0])?;
        other.send(&publish(1, "t", 0, b"a private message"))?;
        other.send(&publish(1, "t", 0, b""))?;
        other.expect_alive()?;
        drop(client);
        other.expect_publish()?;
        stop(broker)?;
        let events = rig.events()?;
        ensure!(events.contains("PUBLISH gone"), "{events}");
        let bytes = fs::read(rig.file())?;
        let has = |word: &[u8]| bytes.windows(word.len()).any(|part| part == word);
        ensure!(!has(b"a very secret password"));
        ensure!(has(b"a private message") == is_kept && has(b"last private words") == is_kept);
        ensure!(fs::metadata(rig.file())?.permissions().mode() & 0o077 == 0);
        // The next one takes its name, so that a broker that has crashed can be started again as it was.
        stop(rig.broker(&[])?)?;
        let mut former = rig.file().into_os_string();
        former.push(".1");
        ensure!(fs::read(former)? == bytes, "it was written over");
        ensure!(fs::read(rig.file())? != bytes, "nothing was recorded");
        // What is no recording stays.
        fs::write(rig.file(), "a text")?;
        let refused = rig.broker(&[]).err().context("it is no recording")?;
        ensure!(refused.to_string().contains("recording"), "{refused}");
        ensure!(fs::read(rig.file())? == b"a text");
    }
    Ok(())
}

/// The broker goes on when the file is as long as it may be; a file that is cut counts up to there.
#[test]
fn a_recording_ends_in_time_and_may_be_cut() -> Result<()> {
    let rig = Rig::new("bounded")?;
    let broker = rig.broker(&["--set", "record.bytes-max=20000"])?;
    let mut client = broker.connect()?;
    client.send(&connect("c", true))?;
    client.expect(ACCEPTED)?;
    let started = Instant::now();
    for _ in 0..400 {
        client.send(&publish(0, "t", 0, &[b'.'; 500]))?;
        client.expect_alive()?;
    }
    ensure!(started.elapsed() < PATIENCE);
    stop(broker)?;
    let bytes = fs::read(rig.file())?;
    ensure!(
        (10_000..=20_200).contains(&bytes.len()),
        "{} bytes",
        bytes.len()
    );
    ensure!(rig.events()?.contains("as long as it may be"));
    for end in [bytes.len() - 3, bytes.len() / 2, 2_000] {
        fs::write(rig.file(), &bytes[..end])?;
        rig.events()?;
    }
    let of_this_form = &bytes[..b"MQTTLAB\0".len() + size_of::<u16>()];
    let endless = [of_this_form, b"\xFF\xFF\xFF\xFF\x0F"].concat();
    for (content, why) in [
        (&b"[scenario]\n"[..], "no recording"),
        (b"MQTTLAB\0\x63\0", "another version"),
        (&endless, "makes no sense"),
        (b"", "no recording"),
    ] {
        fs::write(rig.file(), content)?;
        let output = rig.replay(&[])?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.code() == Some(2) && said.contains(why),
            "{said}"
        );
    }
    Ok(())
}

/// A scenario that was made of a recording is played like any other, and its clients get what the real ones got.
#[test]
fn a_recording_becomes_a_scenario() -> Result<()> {
    let rig = Rig::new("retold")?;
    let broker = rig.broker(&[])?;
    let mut ear = broker.connect()?;
    ear.send(&connect("ear", true))?;
    ear.expect(ACCEPTED)?;
    ear.send(&subscribe("status/#", 1))?;
    ear.expect(&[0x90, 3, 0, 1, 1])?;
    let mut mouth = broker.connect()?;
    mouth.send(&connect("mouth", true))?;
    mouth.expect(ACCEPTED)?;
    for (id, word) in [(1, "one"), (2, "two")] {
        mouth.send(&publish(2, "status/1", id, word.as_bytes()))?;
        mouth.expect(&[0x40, 2, 0, id as u8])?;
        ear.expect(&publish(2, "status/1", id, word.as_bytes()))?;
        ear.send(&[0x40, 2, 0, id as u8])?;
    }
    ear.expect_alive()?;
    stop(broker)?;
    let scenario = rig.folder.path("retold.toml");
    let path = scenario.to_str().context("a plain path")?;
    let output = rig.replay(&["--format", "scenario", "-o", path])?;
    ensure!(output.status.success());
    let run = Command::new(program()?)
        .args(["run", path, "--format", "events"])
        .output()?;
    let events = String::from_utf8_lossy(&run.stdout);
    ensure!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    for word in ["one", "two"] {
        let line = format!("ear gets the message status/1 \"{word}\"");
        ensure!(events.contains(&line), "{line} is missing: {events}");
    }
    Ok(())
}

/// So many clients that each of four loops has some.
const CLIENTS: usize = 12;

fn log_in(broker: &Broker, client_id: &str, clean: bool, present: u8) -> Result<Raw> {
    let mut client = broker.connect()?;
    client.send(&connect(client_id, clean))?;
    client.expect(&[0x20, 2, present, 0])?;
    Ok(client)
}

/// Everybody hears everybody at every QoS, with retained messages, wills and takeovers; then all talk at once.
fn talk(broker: &Broker) -> Result<()> {
    let mut all = Vec::new();
    for number in 0..CLIENTS {
        let mut client = log_in(broker, &format!("client-{number}"), false, 0)?;
        let qos = (number % 3) as u8;
        client.send(&subscribe("all/+", qos))?;
        client.expect(&[0x90, 3, 0, 1, qos])?;
        all.push(client);
    }
    for qos in 0..3_u8 {
        let mut publisher = log_in(broker, &format!("publisher-{qos}"), true, 0)?;
        tell(&mut publisher, qos << 1 | 1, "all/x", &[b'0' + qos])?;
        for client in &mut all {
            ensure!(take(client, "all/x")? == [b'0' + qos]);
        }
    }
    for (number, client) in all.iter_mut().enumerate() {
        let mut after = log_in(broker, &format!("client-{number}"), false, 1)?;
        client.expect_closed()?;
        after.send(&subscribe("own", 0))?;
        after.expect(&[0x90, 3, 0, 1, 0])?;
        // What is retained is for those who subscribe anew.
        after.send(&subscribe("all/x", 0))?;
        after.expect(&[0x90, 3, 0, 1, 0])?;
        ensure!(take(&mut after, "all/x")? == b"2");
        after.send(&packet(0xA2, &[&[0, 2], &text("all/x")]))?;
        after.expect(&[0xB0, 2, 0, 2])?;
        *client = after;
    }
    let mut mortal = broker.connect()?;
    let head = [0, 4, b'M', b'Q', b'T', b'T', 4, 0x0E, 0, 60];
    let parts = [text("mortal"), text("all/gone"), text("its will")].concat();
    mortal.send(&packet(0x10, &[&head, &parts]))?;
    mortal.expect(ACCEPTED)?;
    drop(mortal);
    for client in &mut all {
        ensure!(take(client, "all/gone")? == b"its will");
    }
    let talking = all.into_iter().enumerate().map(|(number, mut client)| {
        thread::spawn(move || -> Result<()> {
            for count in 0..50_u8 {
                client.send(&publish(0, "all/flood", 0, &[number as u8, count]))?;
            }
            for _ in 0..50 * CLIENTS {
                take(&mut client, "all/flood")?;
            }
            Ok(())
        })
    });
    let talking: Vec<_> = talking.collect();
    for one in talking {
        one.join().expect("it does not panic")?;
    }
    Ok(())
}

/// Threads do not come about in one order, and yet each does the same again; it is so also wherever the file is cut.
#[test]
fn what_several_threads_did_is_played_again_with_the_same_bytes() -> Result<()> {
    for threads in ["2", "4"] {
        let rig = Rig::new(&format!("threads-{threads}"))?;
        let store = rig.folder.path("store");
        let store = store.to_str().context("a plain path")?;
        let broker = rig.broker(&["--threads", threads, "--store", store])?;
        talk(&broker)?;
        stop(broker)?;
        let events = rig.events()?;
        let of = format!("of {threads} threads");
        for line in [
            &of,
            "the recording ended because the broker stopped",
            "goes to shard 1, which has the session",
            "broker: shard 0 tells shard 1: ",
            "broker: shard 1 tells shard 0: ",
            "PUBLISH all/gone \"its will\"",
            "PUBCOMP",
            "taken over",
        ] {
            ensure!(events.contains(line), "{line} is missing: {events}");
        }
        let ladder = rig.replay(&["--format", "ladder"])?;
        ensure!(ladder.status.success());
        let bytes = fs::read(rig.file())?;
        for part in 1..20 {
            fs::write(rig.file(), &bytes[..bytes.len() * part / 20])?;
            rig.check()?;
        }
    }
    Ok(())
}

/// The limits of a recording hold for what all threads say together, and what is in it is whole.
#[test]
fn a_recording_of_several_threads_is_no_longer_than_it_may_be() -> Result<()> {
    let rig = Rig::new("threads-bounded")?;
    let limits = ["--set", "record.bytes-max=60000"];
    let hides = ["--record-payloads", "hashed"];
    let broker = rig.broker(&[&["--threads", "4"][..], &limits, &hides].concat())?;
    talk(&broker)?;
    stop(broker)?;
    let bytes = fs::read(rig.file())?;
    ensure!(
        (30_000..=60_200).contains(&bytes.len()),
        "{} bytes",
        bytes.len()
    );
    let has = |word: &[u8]| bytes.windows(word.len()).any(|part| part == word);
    ensure!(!has(b"its will"));
    ensure!(rig.check()?.contains("as long as it may be"));
    Ok(())
}

/// A scenario that is made of it has the same clients, wherever the broker had them.
#[test]
fn a_recording_of_several_threads_becomes_a_scenario() -> Result<()> {
    let rig = Rig::new("threads-retold")?;
    let broker = rig.broker(&["--threads", "4"])?;
    let mut ears = Vec::new();
    for number in 0..8 {
        let mut ear = log_in(&broker, &format!("ear-{number}"), true, 0)?;
        ear.send(&subscribe("status", 1))?;
        ear.expect(&[0x90, 3, 0, 1, 1])?;
        ears.push(ear);
    }
    let mut mouth = log_in(&broker, "mouth", true, 0)?;
    tell(&mut mouth, 2, "status", b"heard")?;
    for ear in &mut ears {
        ensure!(take(ear, "status")? == b"heard");
        ear.expect_alive()?;
    }
    stop(broker)?;
    let scenario = rig.folder.path("retold.toml");
    let path = scenario.to_str().context("a plain path")?;
    let output = rig.replay(&["--format", "scenario", "-o", path])?;
    ensure!(output.status.success());
    ensure!(fs::read_to_string(&scenario)?.contains("The broker had 4 threads"));
    let run = Command::new(program()?)
        .args(["run", path, "--format", "events"])
        .output()?;
    let events = String::from_utf8_lossy(&run.stdout);
    for number in 0..8 {
        let line = format!("ear-{number} gets the message status \"heard\"");
        ensure!(events.contains(&line), "{line} is missing: {events}");
    }
    Ok(())
}
