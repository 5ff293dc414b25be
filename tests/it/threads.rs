//! One broker with several event loops: clients notice nothing.
//!
//! With enough clients every loop owns some, so that what goes from one to all goes through every pair of loops.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::harness::packets::{connect, connect_v5, packet, publish, subscribe, text};
use crate::harness::{Broker, Folder, PATIENCE, Raw, program};

/// So many threads are tried.
const THREADS: [&str; 3] = ["1", "2", "4"];

/// Clients by number; enough that every loop has some.
const CLIENTS: usize = 12;

fn start(threads: &str, more: &[&str]) -> Result<Broker> {
    Broker::start_with(&[&["--threads", threads], more].concat())
}

fn name(number: usize) -> String {
    format!("client-{number}")
}

fn log_in(broker: &Broker, client_id: &str, clean: bool, present: u8) -> Result<Raw> {
    let mut client = broker.connect()?;
    client.send(&connect(client_id, clean))?;
    client.expect(&[0x20, 2, present, 0])?;
    Ok(client)
}

fn clients(broker: &Broker) -> Result<Vec<Raw>> {
    (0..CLIENTS)
        .map(|number| log_in(broker, &name(number), true, 0))
        .collect()
}

fn want(client: &mut Raw, filter: &str, qos: u8) -> Result<()> {
    client.send(&subscribe(filter, qos))?;
    client.expect(&[0x90, 3, 0, 1, qos])
}

/// The payload of the next PUBLISH, which is acknowledged according to its QoS.
pub(crate) fn take(client: &mut Raw, topic: &str) -> Result<Vec<u8>> {
    let first = client.byte()?;
    ensure!(first >> 4 == 3, "{first:#x} came instead of a PUBLISH");
    let body = client.skip_packet()?;
    let rest = body
        .strip_prefix(&text(topic)[..])
        .context("another topic")?;
    let qos = (first >> 1) & 3;
    if qos == 0 {
        return Ok(rest.to_vec());
    }
    let (id, payload) = rest.split_at(2);
    if qos == 1 {
        client.send(&packet(0x40, &[id]))?;
    } else {
        client.send(&packet(0x50, &[id]))?;
        client.expect(&packet(0x62, &[id]))?;
        client.send(&packet(0x70, &[id]))?;
    }
    Ok(payload.to_vec())
}

/// Publishes and waits for what the QoS promises.
pub(crate) fn tell(client: &mut Raw, flags: u8, topic: &str, payload: &[u8]) -> Result<()> {
    client.send(&publish(flags, topic, 7, payload))?;
    match (flags >> 1) & 3 {
        0 => Ok(()),
        1 => client.expect(&[0x40, 2, 0, 7]),
        _ => {
            client.expect(&[0x50, 2, 0, 7])?;
            client.send(&[0x62, 2, 0, 7])?;
            client.expect(&[0x70, 2, 0, 7])
        }
    }
}

#[test]
fn everybody_hears_everybody_at_every_qos_and_in_order() -> Result<()> {
    for threads in THREADS {
        let broker = start(threads, &["--http", "off"])?;
        let mut all = clients(&broker)?;
        for (number, client) in all.iter_mut().enumerate() {
            want(client, "all/+", (number % 3) as u8)?;
        }
        for from in 0..CLIENTS as u8 {
            let mut publisher = log_in(&broker, &format!("publisher-{from}"), true, 0)?;
            for qos in 0..3 {
                tell(&mut publisher, qos << 1, "all/x", &[from, qos])?;
                for client in &mut all {
                    let heard = take(client, "all/x")?;
                    ensure!(heard == [from, qos], "{threads}: {heard:?}");
                }
            }
        }
        // Many at once arrive in the order in which they were sent.
        for count in 0..200_u8 {
            all[0].send(&publish(0, "all/y", 0, &[count]))?;
        }
        for client in &mut all[1..] {
            for count in 0..200_u8 {
                ensure!(take(client, "all/y")? == [count]);
            }
        }
    }
    Ok(())
}

#[test]
fn a_client_takes_over_its_connection_whichever_loop_accepts_the_new_one() -> Result<()> {
    for threads in THREADS {
        let broker = start(threads, &["--http", "off"])?;
        for number in 0..CLIENTS {
            let mut before = log_in(&broker, &name(number), true, 0)?;
            for _ in 0..3 {
                let after = log_in(&broker, &name(number), true, 0)?;
                before.expect_closed()?;
                before = after;
            }
            before.expect_alive()?;
        }
    }
    Ok(())
}

#[test]
fn what_comes_behind_connect_goes_along_to_the_loop_of_its_client() -> Result<()> {
    for threads in THREADS {
        let broker = start(threads, &["--http", "off"])?;
        for number in 0..CLIENTS {
            let mut client = broker.connect()?;
            let all = [
                connect(&name(number), true),
                subscribe("own", 1),
                publish(2, "own", 9, b"1"),
                vec![0xC0, 0],
            ]
            .concat();
            // Also cut in the middle of CONNECT, and of what follows.
            for part in all.chunks(7 + number) {
                client.send(part)?;
            }
            client.expect(&[0x20, 2, 0, 0])?;
            client.expect(&[0x90, 3, 0, 1, 1])?;
            let mut rest = Vec::new();
            for _ in 0..3 {
                let first = client.byte()?;
                rest.push((first, client.skip_packet()?));
            }
            let kinds: BTreeSet<u8> = rest.iter().map(|(first, _)| first >> 4).collect();
            ensure!(kinds == BTreeSet::from([3, 4, 13]), "{rest:02x?}");
        }
    }
    Ok(())
}

#[test]
fn retained_messages_and_wills_are_everybodys() -> Result<()> {
    for threads in THREADS {
        let broker = start(threads, &["--http", "off"])?;
        let mut all = clients(&broker)?;
        for (number, client) in all.iter_mut().enumerate() {
            let topic = format!("kept/{number}");
            tell(client, 0b011, &topic, &[number as u8])?;
        }
        for client in &mut all {
            want(client, "kept/#", 0)?;
            let mut heard = BTreeSet::new();
            for _ in 0..CLIENTS {
                let body = client.expect_publish()?;
                heard.extend(body.last().copied());
            }
            ensure!(heard.len() == CLIENTS, "{threads}: {heard:?}");
        }
        // The last one gone hears nothing of it; the others hear the will.
        let will = [&[0, 4, b'M', b'Q', b'T', b'T', 4, 6, 0, 60][..]].concat();
        let parts = [&will[..], &text("dying"), &text("kept/will"), &text("bye")];
        let mut dying = broker.connect()?;
        dying.send(&packet(0x10, &parts))?;
        dying.expect(&[0x20, 2, 0, 0])?;
        drop(dying);
        for client in &mut all {
            ensure!(take(client, "kept/will")? == b"bye");
        }
    }
    Ok(())
}

#[test]
fn one_member_of_a_shared_subscription_gets_each_message() -> Result<()> {
    const MESSAGES: u8 = 120;
    for threads in THREADS {
        let broker = start(threads, &["--http", "off"])?;
        let mut members = clients(&broker)?;
        for member in &mut members {
            want(member, "$share/group/work", 1)?;
        }
        let mut publishers = Vec::new();
        for number in 0..4 {
            publishers.push(log_in(&broker, &format!("publisher-{number}"), true, 0)?);
        }
        for count in 0..MESSAGES {
            let publisher = &mut publishers[usize::from(count) % 4];
            tell(publisher, 2, "work", &[count])?;
        }
        // Whatever a member is to get is before this answer.
        let mut heard = Vec::new();
        let mut busy = 0;
        for member in &mut members {
            member.send(&[0xC0, 0])?;
            let before = heard.len();
            loop {
                let first = member.byte()?;
                let body = member.skip_packet()?;
                if first == 0xD0 {
                    break;
                }
                ensure!(first == 0x32, "{first:#x}");
                heard.extend(body.last().copied());
            }
            busy += usize::from(heard.len() > before);
        }
        heard.sort_unstable();
        let each: Vec<u8> = (0..MESSAGES).collect();
        ensure!(heard == each, "{threads}: {heard:?}");
        ensure!(busy > CLIENTS / 2, "{threads}: only {busy} had work");
    }
    Ok(())
}

#[test]
fn what_was_acknowledged_survives_a_crash_and_another_number_of_threads() -> Result<()> {
    let folder = Folder::new("threads-crash")?;
    let file = folder.path("broker.redb");
    let file = file.to_str().context("a plain path")?;
    let mut rounds = 0;
    for threads in ["2", "4", "1", "3", "2"] {
        let broker = start(threads, &["--http", "off", "--store", file])?;
        let present = u8::from(rounds > 0);
        let mut publisher = log_in(&broker, "publisher", true, 0)?;
        for number in 0..CLIENTS {
            let mut client = log_in(&broker, &name(number), false, present)?;
            if rounds == 0 {
                want(&mut client, "kept/#", 2)?;
            } else {
                // Each message that was acknowledged before the crash, and no other.
                for qos in [1, 2] {
                    let heard = take(&mut client, "kept/x")?;
                    ensure!(heard == [rounds - 1, qos], "{threads}: {heard:?}");
                }
            }
            client.send(&[0xE0, 0])?;
            client.expect_closed()?;
        }
        for qos in [1, 2] {
            tell(&mut publisher, qos << 1, "kept/x", &[rounds, qos])?;
        }
        tell(&mut publisher, 0b011, "state", &[rounds])?;
        let mut witness = log_in(&broker, "witness", true, 0)?;
        want(&mut witness, "state", 0)?;
        ensure!(take(&mut witness, "state")? == [rounds]);
        broker.signal("KILL")?;
        broker.wait()?;
        rounds += 1;
    }
    let broker = start("4", &["--http", "off", "--store", file])?;
    let mut witness = log_in(&broker, "witness", true, 0)?;
    want(&mut witness, "state", 0)?;
    ensure!(take(&mut witness, "state")? == [rounds - 1]);
    broker.signal("TERM")?;
    let (status, log) = broker.wait()?;
    ensure!(status.success(), "{status}: {log}");
    Ok(())
}

const TOKEN: &str = "a-token-for-the-tests";

fn ask(http: SocketAddr, method: &str, path: &str) -> Result<String> {
    let mut stream = Raw::connect(http)?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    );
    stream.send(request.as_bytes())?;
    let answer = stream.rest()?;
    let (_, body) = answer.split_once("\r\n\r\n").context("a whole answer")?;
    Ok(body.to_owned())
}

#[test]
fn operators_see_one_broker() -> Result<()> {
    let folder = Folder::new("threads-admin")?;
    let tokens = folder.path("tokens");
    fs::write(&tokens, TOKEN)?;
    let tokens = tokens.to_str().context("a plain path")?;
    for threads in THREADS {
        let options = ["--http", "127.0.0.1:0", "--token-file", tokens];
        let quiet = ["--set", "sys.interval-s=0"];
        let broker = start(threads, &[&options[..], &quiet].concat())?;
        let http = broker.http.context("it serves HTTP")?;
        let mut all = clients(&broker)?;
        tell(&mut all[0], 0b011, "x", b"1")?;
        for client in &mut all {
            want(client, "x", 0)?;
            take(client, "x")?;
        }
        // Page by page, every client once and in order.
        let (mut listed, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/clients?limit=5{after}");
            let page: serde_json::Value = serde_json::from_str(&ask(http, "GET", &path)?)?;
            let items = page["items"].as_array().context("a page")?;
            let names = items.iter().filter_map(|item| item["client_id"].as_str());
            listed.extend(names.map(ToOwned::to_owned));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        let expected: BTreeSet<String> = (0..CLIENTS).map(name).collect();
        ensure!(listed == Vec::from_iter(expected), "{threads}: {listed:?}");
        let metrics = ask(http, "GET", "/metrics")?;
        for line in [
            format!("mqttlab_connections {CLIENTS}"),
            format!("mqttlab_sessions {CLIENTS}"),
            format!("mqttlab_subscriptions {CLIENTS}"),
            "mqttlab_retained 1".to_owned(),
        ] {
            let found = metrics.lines().any(|known| known == line);
            ensure!(found, "{threads}: no {line} in {metrics}");
        }
        ask(http, "DELETE", &format!("/api/v1/clients/{}", name(5)))?;
        all[5].expect_closed()?;
        ask(http, "DELETE", "/api/v1/retained?filter=x")?;
        for (number, client) in all.iter_mut().enumerate() {
            if number != 5 {
                ensure!(take(client, "x")?.is_empty());
            }
        }
    }
    Ok(())
}

#[test]
fn it_takes_its_leave_of_everybody() -> Result<()> {
    for threads in THREADS {
        let broker = start(threads, &["--http", "off"])?;
        let mut all = Vec::new();
        for number in 0..CLIENTS {
            let mut client = broker.connect()?;
            client.send(&connect_v5(&name(number)))?;
            client.expect(&[0x20])?;
            client.skip_packet()?;
            all.push(client);
        }
        broker.signal("TERM")?;
        for client in &mut all {
            client.expect(&[0xE0])?;
            let body = client.skip_packet()?;
            ensure!(body.first() == Some(&0x8B), "{threads}: {body:02x?}");
            client.expect_closed()?;
        }
        drop(all);
        let begun = Instant::now();
        let (status, log) = broker.wait()?;
        ensure!(status.success(), "{threads}: {status}: {log}");
        ensure!(
            begun.elapsed() < Duration::from_secs(4),
            "{threads}: it was slow to end"
        );
    }
    Ok(())
}

#[test]
fn limits_hold_for_all_loops_together() -> Result<()> {
    for threads in THREADS {
        let limit = ["--set", "limits.connections-per-address-max=3"];
        let broker = start(threads, &[&["--http", "off"], &limit[..]].concat())?;
        let mut kept = Vec::new();
        for number in 0..3 {
            kept.push(log_in(&broker, &name(number), true, 0)?);
        }
        broker.connect()?.expect_closed()?;
        drop(kept.pop());
        let begun = Instant::now();
        while log_in(&broker, "late", true, 0).is_err() {
            ensure!(begun.elapsed() < PATIENCE, "{threads}: nobody makes room");
        }
    }
    Ok(())
}

#[test]
fn a_number_that_makes_no_sense_is_refused() -> Result<()> {
    for (options, why) in [
        (&["--threads", "0"][..], "give 1 to 64"),
        (&["--threads", "65"], "give 1 to 64"),
    ] {
        let mut command = Command::new(program()?);
        let output = command.arg("broker").args(options).output()?;
        let text = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.code() == Some(2), "{text}");
        ensure!(text.contains(why), "{text}");
    }
    Ok(())
}
