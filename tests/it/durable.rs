//! What survives the broker.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::crowd::metric;
use crate::harness::{Broker, Folder, Raw, packets, program};

/// CONNECT of MQTT 3.1.1 with Clean Session 0 for the client whose identifier is this letter.
const fn connect(client_id: u8) -> [u8; 15] {
    [
        0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 0, 0, 60, 0, 1, client_id,
    ]
}

/// PUBLISH of one byte to `t` at QoS 1, Packet Identifier 9.
const fn publish(payload: u8, retain: bool) -> [u8; 8] {
    [0x32 | retain as u8, 6, 0, 1, b't', 0, 9, payload]
}

fn start(folder: &Folder) -> Result<Broker> {
    let file = folder.path("broker.redb");
    let file = file.to_str().context("a plain path")?;
    Broker::start_with(&["--http", "off", "--store", file])
}

/// Kills it without a word, as a crash would.
fn crash(broker: Broker) -> Result<()> {
    broker.signal("KILL")?;
    broker.wait()?;
    Ok(())
}

fn log_in(broker: &Broker, client_id: u8, session_present: u8) -> Result<Raw> {
    let mut client = broker.connect()?;
    client.send(&connect(client_id))?;
    client.expect(&[0x20, 2, session_present, 0])?;
    Ok(client)
}

#[test]
fn what_was_acknowledged_survives_a_crash() -> Result<()> {
    let folder = Folder::new("crash")?;
    let broker = start(&folder)?;
    let mut subscriber = log_in(&broker, b's', 0)?;
    subscriber.send(&[0x82, 6, 0, 1, 0, 1, b't', 1])?;
    subscriber.expect(&[0x90, 3, 0, 1, 1])?;
    subscriber.send(&[0xE0, 0])?;
    subscriber.expect_closed()?;
    let mut publisher = log_in(&broker, b'p', 0)?;
    for payload in [b'1', b'2'] {
        publisher.send(&publish(payload, payload == b'2'))?;
        publisher.expect(&[0x40, 2, 0, 9])?;
    }
    crash(broker)?;

    let broker = start(&folder)?;
    let mut subscriber = log_in(&broker, b's', 1)?;
    subscriber.expect(&[0x32, 6, 0, 1, b't', 0, 1, b'1'])?;
    subscriber.expect(&[0x32, 6, 0, 1, b't', 0, 2, b'2'])?;
    // The first is acknowledged, the second not: after another crash it comes again, as a duplicate.
    subscriber.send(&[0x40, 2, 0, 1])?;
    subscriber.expect_alive()?;
    crash(broker)?;

    let broker = start(&folder)?;
    let mut subscriber = log_in(&broker, b's', 1)?;
    subscriber.expect(&[0x3A, 6, 0, 1, b't', 0, 2, b'2'])?;
    let mut other = log_in(&broker, b'o', 0)?;
    other.send(&[0x82, 6, 0, 1, 0, 1, b't', 0])?;
    other.expect(&[0x90, 3, 0, 1, 0])?;
    other.expect(&[0x31, 4, 0, 1, b't', b'2'])
}

#[test]
fn a_qos_2_message_is_passed_on_once_though_the_broker_crashes_in_between() -> Result<()> {
    let folder = Folder::new("once")?;
    let broker = start(&folder)?;
    let mut subscriber = log_in(&broker, b's', 0)?;
    subscriber.send(&[0x82, 6, 0, 1, 0, 1, b't', 2])?;
    subscriber.expect(&[0x90, 3, 0, 1, 2])?;
    subscriber.send(&[0xE0, 0])?;
    subscriber.expect_closed()?;
    let mut publisher = log_in(&broker, b'p', 0)?;
    publisher.send(&[0x34, 6, 0, 1, b't', 0, 5, b'x'])?;
    publisher.expect(&[0x50, 2, 0, 5])?;
    crash(broker)?;

    let broker = start(&folder)?;
    let mut publisher = log_in(&broker, b'p', 1)?;
    // The publisher cannot know whether its PUBLISH came through, and sends it again.
    publisher.send(&[0x3C, 6, 0, 1, b't', 0, 5, b'x'])?;
    publisher.expect(&[0x50, 2, 0, 5])?;
    publisher.send(&[0x62, 2, 0, 5])?;
    publisher.expect(&[0x70, 2, 0, 5])?;
    let mut subscriber = log_in(&broker, b's', 1)?;
    subscriber.expect(&[0x34, 6, 0, 1, b't', 0, 1, b'x'])?;
    subscriber.send(&[0x50, 2, 0, 1])?;
    subscriber.expect(&[0x62, 2, 0, 1])?;
    subscriber.send(&[0x70, 2, 0, 1])?;
    subscriber.expect_alive()
}

#[test]
fn a_damaged_store_does_not_keep_it_from_starting() -> Result<()> {
    // All but the changes, and all but what it begins with.
    for (from, to, session_present) in [(0, 8_192, 1), (16, usize::MAX, 0)] {
        let folder = Folder::new("damaged")?;
        let broker = start(&folder)?;
        log_in(&broker, b's', 0)?;
        crash(broker)?;
        let file = folder.path("broker.redb");
        let mut bytes = fs::read(&file)?;
        let to = to.min(bytes.len());
        bytes[from..to].fill(0xA5);
        fs::write(&file, bytes)?;
        let broker = start(&folder)?;
        log_in(&broker, b's', session_present)?;
        broker.signal("TERM")?;
        let (status, log) = broker.wait()?;
        ensure!(status.success(), "{status}: {log}");
        ensure!(log.contains("the store is damaged"), "{log}");
    }
    Ok(())
}

#[test]
fn a_store_has_one_broker() -> Result<()> {
    let folder = Folder::new("one")?;
    let broker = start(&folder)?;
    let error = start(&folder).err().context("it is in use")?.to_string();
    ensure!(error.contains("another broker uses it"), "{error}");
    log_in(&broker, b'a', 0)?;
    Ok(())
}

/// `mqttlab store …` with the code that it must end with; what it prints.
fn store(arguments: &[&str], code: i32) -> Result<String> {
    let output = Command::new(program()?)
        .arg("store")
        .args(arguments)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.code() == Some(code), "{text}{complaint}");
    Ok(text + &complaint)
}

#[test]
fn a_store_is_checked_dumped_and_salvaged() -> Result<()> {
    let folder = Folder::new("looked-into")?;
    let path = |name: &str| folder.path(name).to_string_lossy().into_owned();
    let (file, damaged, new) = (path("broker.redb"), path("damaged"), path("new"));
    let broker = start(&folder)?;
    let mut client = log_in(&broker, b's', 0)?;
    client.send(&[0x82, 6, 0, 1, 0, 1, b't', 1])?;
    client.expect(&[0x90, 3, 0, 1, 1])?;
    client.send(&[0xE0, 0])?;
    client.expect_closed()?;
    let mut client = log_in(&broker, b'p', 0)?;
    client.send(&publish(b'r', true))?;
    client.expect(&[0x40, 2, 0, 9])?;
    ensure!(store(&["check", &file], 2)?.contains("a broker uses it"));
    crash(broker)?;

    let whole = "sessions 2, subscriptions 1, messages that wait 1, retained messages 1, bans 0";
    let before = fs::read(&file)?;
    let said = store(&["check", &file], 0)?;
    ensure!(said.contains("whole") && said.contains(whole), "{said}");
    let dumped = store(&["dump", &file], 0)?;
    for line in [
        "\"session\":\"s\"",
        "\"subscription\":\"t\"",
        "\"retained\":\"t\"",
    ] {
        ensure!(dumped.contains(line), "{dumped}");
    }
    ensure!(fs::read(&file)? == before, "looking changes nothing");

    let mut bytes = before;
    bytes[..4_096].fill(0);
    fs::write(&damaged, &bytes)?;
    let said = store(&["check", &damaged], 1)?;
    ensure!(
        said.contains("damaged") && said.contains("retained messages 1"),
        "{said}"
    );
    store(&["salvage", &damaged, "--to", &new], 0)?;
    ensure!(store(&["salvage", &damaged, "--to", &new], 2)?.contains("there is a file already"));
    ensure!(store(&["check", &new], 0)?.contains("retained messages 1"));
    ensure!(store(&["check", "/nonexistent"], 2)?.contains("/nonexistent"));
    Ok(())
}

#[test]
fn what_may_be_lost_is_not_waited_for_and_a_good_end_loses_nothing() -> Result<()> {
    for durability in ["interval", "none"] {
        let folder = Folder::new(durability)?;
        let file = folder.path("broker.redb");
        let file = file.to_str().context("a plain path")?;
        let options = ["--http", "off", "--store", file, "--durability", durability];
        let broker = Broker::start_with(&options)?;
        let mut client = log_in(&broker, b's', 0)?;
        client.send(&publish(b'r', true))?;
        client.expect(&[0x40, 2, 0, 9])?;
        broker.signal("TERM")?;
        let (status, log) = broker.wait()?;
        ensure!(status.success(), "{status}: {log}");
        let said = store(&["check", file], 0)?;
        ensure!(
            said.contains("sessions 1") && said.contains("retained messages 1"),
            "{said}"
        );
    }
    Ok(())
}

/// A name is a key and nothing else: it shapes no path, and no session is taken for another.
#[test]
fn odd_names_keep_sessions_of_their_own() -> Result<()> {
    let folder = Folder::new("odd-names")?;
    let long = "n".repeat(1_000);
    let names = [
        "../../etc/passwd",
        "/",
        "a",
        "a/",
        "A",
        "%c",
        "#",
        "\u{1F41F}",
        "a\u{301}",
        "\u{E1}",
        &long,
    ];
    let broker = start(&folder)?;
    for (number, name) in (0..).zip(names) {
        let mut client = broker.connect()?;
        client.send(&packets::connect(name, false))?;
        client.expect(&[0x20, 2, 0, 0])?;
        client.send(&packets::subscribe(&format!("t/{number}"), 1))?;
        client.expect(&[0x90, 3, 0, 1, 1])?;
    }
    let mut publisher = log_in(&broker, b'p', 0)?;
    for number in 0..names.len() {
        publisher.send(&packets::publish(2, &format!("t/{number}"), 9, b"!"))?;
        publisher.expect(&[0x40, 2, 0, 9])?;
    }
    crash(broker)?;
    let broker = start(&folder)?;
    for (number, name) in (0..).zip(names) {
        let mut client = broker.connect()?;
        client.send(&packets::connect(name, false))?;
        client
            .expect(&[0x20, 2, 1, 0])
            .with_context(|| name.to_owned())?;
        // It may have been sent before the crash.
        let first = client.byte()?;
        ensure!(matches!(first, 0x32 | 0x3A), "{first:#x}");
        let body = client.skip_packet()?;
        ensure!(
            body[2..].starts_with(format!("t/{number}").as_bytes()),
            "{name}: {body:?}"
        );
        client.expect_alive()?;
    }
    // Nothing but the store is in its folder.
    let mut files = fs::read_dir(folder.path(""))?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<Vec<_>>>()?;
    files.sort();
    ensure!(files == ["broker.redb"], "{files:?}");
    Ok(())
}

/// Time goes on while the broker is down: sessions and messages expire as if it had been there.
#[test]
fn what_expires_while_the_broker_is_down_is_gone() -> Result<()> {
    let folder = Folder::new("expiry")?;
    let broker = start(&folder)?;
    // 5.0 with a Session Expiry Interval of 1 s and of 1000 s.
    let head = [0, 4, b'M', b'Q', b'T', b'T', 5, 0, 0, 60];
    let connect = |name: &str, expiry: u32| {
        let properties = [&[5, 0x11][..], &expiry.to_be_bytes()].concat();
        packets::packet(0x10, &[&head, &properties, &packets::text(name)])
    };
    let session_present = |broker: &Broker, name: &str, expiry: u32| -> Result<(Raw, bool)> {
        let mut client = broker.connect()?;
        client.send(&connect(name, expiry))?;
        client.expect(&[0x20])?;
        let body = client.skip_packet()?;
        ensure!(body[1] == 0, "{body:02x?}");
        Ok((client, body[0] == 1))
    };
    for (name, expiry) in [("short", 1_u32), ("long", 1_000)] {
        let (mut client, _) = session_present(&broker, name, expiry)?;
        client.send(&packets::packet(
            0x82,
            &[&[0, 1, 0], &packets::text("t"), &[1]],
        ))?;
        client.expect(&[0x90, 4, 0, 1, 0, 1])?;
        client.send(&[0xE0, 0])?;
        client.expect_closed()?;
    }
    // Two retained messages, one with a Message Expiry Interval of 1 s.
    let (mut publisher, _) = session_present(&broker, "publisher", 0)?;
    for (expiry, payload) in [(1_u32, b"short"), (1_000, b"long.")] {
        let properties = [&[5, 2][..], &expiry.to_be_bytes()].concat();
        let body = [&packets::text("t")[..], &[0, 1], &properties, payload];
        publisher.send(&packets::packet(0x32, &body))?;
        publisher.expect(&[0x40, 2, 0, 1])?;
    }
    crash(broker)?;
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    let broker = start(&folder)?;
    ensure!(!session_present(&broker, "short", 0)?.1);
    let (mut long, present) = session_present(&broker, "long", 1_000)?;
    ensure!(present);
    // Of what waited only the second is left, and less of its time.
    long.expect(&[0x32])?;
    let body = long.skip_packet()?;
    ensure!(body.ends_with(b"long."), "{body:02x?}");
    let left = u32::from_be_bytes([body[7], body[8], body[9], body[10]]);
    ensure!((900..=998).contains(&left), "{left} s are left");
    long.expect_alive()
}

/// The file is its owner's alone; where it may not be written the broker says so and does not start.
#[cfg(unix)]
#[test]
fn the_store_is_private_and_must_be_writable() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("private")?;
    let file = folder.path("broker.redb");
    crash(start(&folder)?)?;
    let mode = |path: &std::path::Path| -> Result<u32> {
        Ok(fs::metadata(path)?.permissions().mode() & 0o777)
    };
    ensure!(mode(&file)? == 0o600, "{:o}", mode(&file)?);
    // Damage moves it aside, and what is moved is as private.
    let mut bytes = fs::read(&file)?;
    bytes[..512].fill(0xA5);
    fs::write(&file, bytes)?;
    crash(start(&folder)?)?;
    for entry in fs::read_dir(folder.path(""))? {
        let path = entry?.path();
        ensure!(
            mode(&path)? == 0o600,
            "{}: {:o}",
            path.display(),
            mode(&path)?
        );
    }
    // A file that somebody has made for it is as private, unless there is something in it.
    fs::remove_file(&file)?;
    fs::write(&file, "")?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644))?;
    crash(start(&folder)?)?;
    ensure!(mode(&file)? == 0o600, "{:o}", mode(&file)?);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640))?;
    let broker = start(&folder)?;
    broker.signal("TERM")?;
    let (_, log) = broker.wait()?;
    ensure!(log.contains("others may read the store"), "{log}");
    // A folder that is none, one that is not there, and a folder in place of the file in a folder.
    fs::write(folder.path("plain"), "")?;
    fs::create_dir_all(folder.path("taken/broker.redb"))?;
    for path in ["plain/broker.redb", "nowhere/broker.redb", "taken"] {
        let path = folder.path(path);
        let output = Command::new(program()?)
            .args([
                "broker",
                "--http",
                "off",
                "--listen",
                "127.0.0.1:0",
                "--store",
            ])
            .arg(&path)
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.code() == Some(2), "{path:?}: {said}");
        ensure!(said.contains(": store "), "{said}");
        ensure!(!said.contains("os error"), "{said}");
    }
    Ok(())
}

/// What is written to a file that has no name any more is lost, however well that goes: it is as if the disk had failed,
/// also while nothing is written.
#[cfg(unix)]
#[test]
fn a_store_that_is_taken_away_or_replaced_is_noticed() -> Result<()> {
    let folder = Folder::new("taken-away")?;
    let start = |name: &str, on_failure: &str| -> Result<(PathBuf, Broker)> {
        let file = folder.path(name);
        let path = file.to_str().context("a plain path")?;
        let on_failure = format!("store.on-failure={on_failure}");
        let options = [
            "--http",
            "127.0.0.1:0",
            "--store",
            path,
            "--set",
            &on_failure,
        ];
        let broker = Broker::start_with(&options)?;
        Ok((file, broker))
    };
    let (file, broker) = start("removed", "serve-qos0")?;
    let mut client = log_in(&broker, b's', 0)?;
    ensure!(metric(&broker, "store_failed")? == 0);
    fs::remove_file(file)?;
    client.expect_closed()?;
    ensure!(metric(&broker, "store_failed")? == 1);
    let mut scraper = Raw::connect(broker.http.context("it serves HTTP")?)?;
    scraper.send(b"GET /readyz HTTP/1.1\r\nhost: lab\r\nconnection: close\r\n\r\n")?;
    let ready = scraper.rest()?;
    ensure!(
        ready.starts_with("HTTP/1.1 503") && ready.contains("it was removed while it was in use"),
        "{ready}"
    );
    // Who wants a session that lasts keeps its own.
    let mut client = broker.connect()?;
    client.send(&connect(b's'))?;
    client.expect(&[0x20, 2, 0, 3])?;
    drop(broker);

    let (file, broker) = start("replaced", "stop")?;
    let mut client = log_in(&broker, b's', 0)?;
    let copy = fs::read(&file)?;
    fs::remove_file(&file)?;
    fs::write(&file, copy)?;
    client.expect_closed()?;
    let (status, log) = broker.wait()?;
    ensure!(status.code() == Some(1), "{status}: {log}");
    ensure!(log.contains("another file was put in its place"), "{log}");
    Ok(())
}

/// CONNECT of MQTT 3.1.1 with Clean Session and a will of QoS 1 to `t`.
const MORTAL: &[u8] = &[
    0x10, 21, 0, 4, b'M', b'Q', b'T', b'T', 4, 0x0E, 0, 60, 0, 1, b'm', 0, 1, b't', 0, 3, b'b',
    b'y', b'e',
];

#[test]
fn wills_go_out_at_a_stop_unless_the_operator_wants_none() -> Result<()> {
    for (policy, is_heard) in [("publish", true), ("discard", false)] {
        let folder = Folder::new(policy)?;
        let file = folder.path("broker.redb");
        let file = file.to_str().context("a plain path")?;
        let policy = format!("broker.will-at-shutdown={policy}");
        let broker = Broker::start_with(&["--http", "off", "--store", file, "--set", &policy])?;
        let mut subscriber = log_in(&broker, b's', 0)?;
        subscriber.send(&[0x82, 6, 0, 1, 0, 1, b't', 1])?;
        subscriber.expect(&[0x90, 3, 0, 1, 1])?;
        subscriber.send(&[0xE0, 0])?;
        subscriber.expect_closed()?;
        // A connection that breaks is another matter.
        for _ in 0..2 {
            let mut client = broker.connect()?;
            client.send(MORTAL)?;
            client.expect(&[0x20, 2, 0, 0])?;
        }
        let mut subscriber = log_in(&broker, b's', 1)?;
        let will = |number| [&[0x32, 8, 0, 1, b't', 0, number][..], b"bye"].concat();
        for number in [1, 2] {
            subscriber.expect(&will(number))?;
            subscriber.send(&[0x40, 2, 0, number])?;
        }
        subscriber.send(&[0xE0, 0])?;
        subscriber.expect_closed()?;
        let mut client = broker.connect()?;
        client.send(MORTAL)?;
        client.expect(&[0x20, 2, 0, 0])?;
        broker.signal("TERM")?;
        client.expect_closed()?;
        drop(client);
        broker.wait()?;
        let broker = start(&folder)?;
        let mut subscriber = log_in(&broker, b's', 1)?;
        if is_heard {
            subscriber.expect(&will(3))?;
        }
        subscriber.expect_alive()?;
    }
    Ok(())
}
