//! How much clients may do, and what becomes of those who do more.

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::harness::{Broker, Folder, PATIENCE, Raw};

const ACCEPTED: &[u8] = &[0x20, 2, 0, 0];
const UNAVAILABLE: &[u8] = &[0x20, 2, 0, 3];

/// A broker with these values set and HTTP.
fn start(set: &[&str], options: &[&str]) -> Result<Broker> {
    let mut all = vec!["--http", "127.0.0.1:0"];
    for value in set {
        all.extend(["--set", value]);
    }
    all.extend(options);
    Broker::start_with(&all)
}

/// CONNECT of MQTT 3.1.1 with Clean Session, with a user name where there is one, whose password is `x`.
fn connect(client_id: &str, user: Option<&str>) -> Vec<u8> {
    let flags = if user.is_some() { 0xC2 } else { 2 };
    let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', 4, flags, 0, 60];
    for text in [Some(client_id), user, user.map(|_| "x")]
        .into_iter()
        .flatten()
    {
        body.extend([0, text.len() as u8]);
        body.extend(text.as_bytes());
    }
    let mut packet = vec![0x10, body.len() as u8];
    packet.append(&mut body);
    packet
}

fn log_in(broker: &Broker, client_id: &str, user: Option<&str>, answer: &[u8]) -> Result<Raw> {
    let mut client = broker.connect()?;
    client.send(&connect(client_id, user))?;
    client.expect(answer)?;
    Ok(client)
}

/// How often a limit was reached, as the metrics say.
fn reached(http: SocketAddr, limit: &str) -> Result<u64> {
    let text = get(http, "/metrics", "")?;
    let name = format!("mqttlab_limits_reached_total{{limit=\"{limit}\"}} ");
    let value = text.lines().find_map(|line| line.strip_prefix(&name));
    Ok(value.with_context(|| text.clone())?.parse()?)
}

fn get(http: SocketAddr, path: &str, headers: &str) -> Result<String> {
    let mut stream = Raw::connect(http)?;
    stream.send(
        format!("GET {path} HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\n{headers}\r\n")
            .as_bytes(),
    )?;
    stream.rest()
}

/// Tries until it is so.
fn eventually(mut attempt: impl FnMut() -> Result<()>) -> Result<()> {
    let started = Instant::now();
    loop {
        match attempt() {
            Err(_) if started.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            done => return done,
        }
    }
}

#[test]
fn who_sends_too_fast_is_read_more_slowly_and_nobody_else_is() -> Result<()> {
    let broker = start(&["limits.messages-per-second-max=20"], &[])?;
    let mut fast = log_in(&broker, "fast", None, ACCEPTED)?;
    let mut other = log_in(&broker, "other", None, ACCEPTED)?;
    let started = Instant::now();
    for number in 1..=60 {
        fast.send(&[0x32, 6, 0, 1, b't', 0, number, b'!'])?;
    }
    let mut last = Instant::now();
    for number in 1..=60 {
        fast.expect(&[0x40, 2, 0, number])?;
        if number == 30 {
            // In the middle of it.
            last = Instant::now();
            other.expect_alive()?;
            ensure!(last.elapsed() < Duration::from_millis(300), "it waits too");
        }
    }
    // Twenty at once and one on credit, then one every twentieth of a second.
    let (took, second_half) = (started.elapsed(), last.elapsed());
    ensure!(took > Duration::from_millis(1_800), "{took:?}");
    ensure!(
        second_half > Duration::from_millis(1_300),
        "{second_half:?}"
    );
    let http = broker.http.context("it serves HTTP")?;
    ensure!(reached(http, "message rate, paused")? >= 30);
    fast.expect_alive()
}

#[test]
fn bytes_are_limited_by_listener_and_some_disconnect_who_sends_too_much() -> Result<()> {
    let listeners = "listener=[{ address = \"127.0.0.1:0\" }, \
        { address = \"127.0.0.1:0\", bytes-per-second-max = 1000 }, \
        { address = \"127.0.0.1:0\", messages-per-second-max = 2, over-rate = \"disconnect\" }]";
    let broker = Broker::start_listening(&["--http", "127.0.0.1:0", "--set", listeners], 3)?;
    // PUBLISH of MQTT 3.1.1 at QoS 1 with a payload of 2000 bytes.
    let mut publish = vec![0x32, 0xD5, 0x0F, 0, 1, b't', 0, 1];
    publish.resize(publish.len() + 2_000, b'.');
    for (listener, is_slow) in [(0, false), (1, true)] {
        let mut client = Raw::connect(broker.mqtt[listener])?;
        client.log_in(b'c')?;
        let started = Instant::now();
        client.send(&publish)?;
        client.expect(&[0x40, 2, 0, 1])?;
        client.expect_alive()?;
        let took = started.elapsed();
        ensure!(is_slow == (took > Duration::from_millis(900)), "{took:?}");
    }
    // MQTT 5.0 hears why.
    let mut client = Raw::connect(broker.mqtt[2])?;
    client.send(&[
        0x10, 14, 0, 4, b'M', b'Q', b'T', b'T', 5, 2, 0, 60, 0, 0, 1, b'e',
    ])?;
    client.expect(&[0x20])?;
    client.skip_packet()?;
    for _ in 0..3 {
        client.send(&[0x30, 5, 0, 1, b't', 0, b'!'])?;
    }
    client.expect(&[0xE0])?;
    ensure!(client.skip_packet()?.first() == Some(&0x96));
    client.expect_closed()?;
    let metrics = get(broker.http.context("it serves HTTP")?, "/metrics", "")?;
    let closed = "connections_closed_total{reason=\"rate\"} 1";
    ensure!(metrics.contains(closed), "{metrics}");
    Ok(())
}

#[test]
fn an_address_and_a_user_have_only_so_many_connections() -> Result<()> {
    let set = [
        "limits.connections-per-address-max=3",
        "limits.connections-per-user-max=2",
    ];
    let broker = start(&set, &["--allow-anonymous"])?;
    let http = broker.http.context("it serves HTTP")?;
    let _one = log_in(&broker, "one", Some("ann"), ACCEPTED)?;
    let two = log_in(&broker, "two", Some("ann"), ACCEPTED)?;
    let mut three = log_in(&broker, "three", Some("ann"), UNAVAILABLE)?;
    three.expect_closed()?;
    ensure!(reached(http, "connections of a user")? == 1);
    drop(three);
    // Whoever takes over makes room; and others are not concerned.
    let mut again = None;
    eventually(|| {
        again = Some(log_in(&broker, "one", Some("ann"), ACCEPTED)?);
        Ok(())
    })?;
    let mut again = again.context("it was let in")?;
    let mut bob = None;
    eventually(|| {
        bob = Some(log_in(&broker, "bob", Some("bob"), ACCEPTED)?);
        Ok(())
    })?;
    // Three are there: one, two and bob.
    broker.connect()?.expect_closed()?;
    ensure!(reached(http, "connections of an address")? >= 1);
    again.expect_alive()?;
    drop((two, bob));
    eventually(|| log_in(&broker, "four", Some("ann"), ACCEPTED).map(drop))
}

#[test]
fn who_connects_again_and_again_is_kept_out_for_a_time() -> Result<()> {
    let folder = Folder::new("flapping")?;
    let tokens = folder.path("tokens");
    fs::write(&tokens, "a-token-for-the-tests\n")?;
    let tokens = tokens.to_str().context("a plain path")?;
    let set = [
        "flapping.max=3",
        "flapping.then=refuse",
        "flapping.refuse-s=1000",
    ];
    let broker = start(&set, &["--token-file", tokens])?;
    let http = broker.http.context("it serves HTTP")?;
    for _ in 0..4 {
        log_in(&broker, "pump", None, ACCEPTED)?;
    }
    log_in(&broker, "pump", None, UNAVAILABLE)?.expect_closed()?;
    log_in(&broker, "other", None, ACCEPTED)?;
    ensure!(reached(http, "flapping")? == 1);
    let metrics = get(http, "/metrics", "")?;
    let refused = "mqttlab_connects_refused_total{reason=\"Connection rate exceeded\"} 1";
    ensure!(metrics.contains(refused), "{metrics}");
    let authorization = "Authorization: Bearer a-token-for-the-tests\r\n";
    let bans = get(http, "/api/v1/bans", authorization)?;
    ensure!(bans.contains("\"because\":\"flapping\""), "{bans}");
    ensure!(
        bans.contains("connected 4 times") && bans.contains("127.0.0.1"),
        "{bans}"
    );
    let mut stream = Raw::connect(http)?;
    let lift = format!(
        "DELETE /api/v1/bans?client_id=pump HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\n{authorization}\r\n"
    );
    stream.send(lift.as_bytes())?;
    ensure!(stream.rest()?.starts_with("HTTP/1.1 204"));
    log_in(&broker, "pump", None, ACCEPTED)?;
    Ok(())
}

#[test]
fn without_a_wish_flapping_is_only_reported() -> Result<()> {
    let broker = start(&["flapping.max=3"], &[])?;
    let http = broker.http.context("it serves HTTP")?;
    for _ in 0..9 {
        log_in(&broker, "pump", None, ACCEPTED)?;
    }
    ensure!(reached(http, "flapping")? == 1);
    broker.signal("TERM")?;
    let (_, log) = broker.wait()?;
    let line = log.lines().find(|line| line.contains("again and again"));
    let line = line.context(log.clone())?;
    ensure!(
        line.contains("pump") && line.contains("127.0.0.1"),
        "{line}"
    );
    Ok(())
}

#[test]
fn an_address_that_guesses_passwords_is_kept_out() -> Result<()> {
    let folder = Folder::new("guesses")?;
    let passwords = folder.path("passwords");
    fs::write(&passwords, "")?;
    let passwords = passwords.to_str().context("a plain path")?;
    let set = [
        "failures.max=2",
        "failures.then=refuse",
        "failures.refuse-s=1",
    ];
    let broker = start(&set, &["--password-file", passwords])?;
    let http = broker.http.context("it serves HTTP")?;
    for number in 0..3 {
        log_in(&broker, &number.to_string(), Some("eve"), &[0x20, 2, 0, 4])?;
    }
    broker.connect()?.expect_closed()?;
    ensure!(reached(http, "failures")? == 1);
    let metrics = get(http, "/metrics", "")?;
    ensure!(
        metrics.contains("mqttlab_sockets_refused_total{reason=\"banned\"} 1"),
        "{metrics}"
    );
    // It ends by itself.
    std::thread::sleep(Duration::from_millis(1_100));
    log_in(&broker, "x", Some("eve"), &[0x20, 2, 0, 4])?;
    Ok(())
}

#[test]
fn connections_are_taken_in_no_faster_than_wanted_and_limits_change_while_it_runs() -> Result<()> {
    let folder = Folder::new("accepts")?;
    let file = folder.path("broker.toml");
    fs::write(&file, "[limits]\naccepts-per-second-max = 5\n")?;
    let file_name = file.to_str().context("a plain path")?;
    let broker = start(&[], &["--config", file_name])?;
    let http = broker.http.context("it serves HTTP")?;
    let started = Instant::now();
    for number in 0..10 {
        log_in(&broker, &number.to_string(), None, ACCEPTED)?;
    }
    ensure!(
        started.elapsed() > Duration::from_millis(700),
        "{:?}",
        started.elapsed()
    );
    ensure!(reached(http, "accept rate")? >= 4);
    fs::write(&file, "[limits]\nconnections-per-address-max = 1\n")?;
    ensure!(broker.reload()?);
    let mut only = log_in(&broker, "only", None, ACCEPTED)?;
    broker.connect()?.expect_closed()?;
    only.expect_alive()
}
