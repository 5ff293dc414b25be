//! Very many clients, and clients of the worst kind.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use mqttlab_core::rng::Rng;

use crate::harness::{Broker, PATIENCE, Raw, program};

/// Connections at once. What each side needs beside them is little.
const CROWD: usize = 10_000;

/// CONNECT of MQTT 3.1.1 with Clean Session and without Keep Alive, for the client of this number.
pub(crate) fn connect(number: usize) -> Vec<u8> {
    let id = format!("{number:06}");
    let mut packet = vec![0x10, 18, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 0, 0, 6];
    packet.extend(id.as_bytes());
    packet
}

/// All come at once, and only then wait for their answers.
fn storm(address: SocketAddr) -> Result<Vec<TcpStream>> {
    let mut crowd = Vec::with_capacity(CROWD);
    for number in 0..CROWD {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(&connect(number))?;
        crowd.push(stream);
    }
    for (number, stream) in crowd.iter_mut().enumerate() {
        let mut answer = [0; 4];
        stream
            .read_exact(&mut answer)
            .with_context(|| format!("client {number}"))?;
        ensure!(answer == [0x20, 2, 0, 0], "client {number}: {answer:02x?}");
    }
    Ok(crowd)
}

/// Whether so many files can be open.
fn has_room() -> Result<bool> {
    let limit = Command::new("sh").args(["-c", "ulimit -n"]).output()?;
    let limit = String::from_utf8_lossy(&limit.stdout).trim().to_owned();
    let room = limit == "unlimited" || limit.parse::<usize>()? > CROWD + 2_000;
    if !room {
        crate::skip(&format!("only {limit} files may be open"));
    }
    Ok(room)
}

#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_come_at_once_stay_for_nothing_and_come_again_after_a_restart() -> Result<()> {
    if !has_room()? {
        return Ok(());
    }
    let options = [
        "--http",
        "off",
        "--log",
        "warn",
        "--set",
        "sys.interval-s=0",
    ];
    let broker = Broker::start_with(&options)?;
    let empty = broker.memory().context("/proc tells")?;
    let crowd = storm(broker.address())?;
    let each = broker
        .memory()
        .context("/proc tells")?
        .saturating_sub(empty)
        / CROWD as u64;
    ensure!(each < 2_500, "{each} bytes for each connection");
    let before = broker.processor_ticks().context("/proc tells")?;
    std::thread::sleep(std::time::Duration::from_secs(2));
    let after = broker.processor_ticks().context("/proc tells")?;
    ensure!(
        after - before <= 1,
        "{} ticks in two idle seconds",
        after - before
    );

    let address = broker.address().to_string();
    broker.signal("TERM")?;
    let (status, log) = broker.wait()?;
    ensure!(status.success(), "{status}: {log}");
    drop(crowd);
    let broker = Broker::start_configured(&[&options[..], &["--listen", &address]].concat())?;
    storm(broker.address())?;
    Ok(())
}

/// A number from `/metrics`.
pub(crate) fn metric(broker: &Broker, name: &str) -> Result<u64> {
    let mut scraper = Raw::connect(broker.http.context("it serves HTTP")?)?;
    scraper.send(b"GET /metrics HTTP/1.1\r\nhost: lab\r\nconnection: close\r\n\r\n")?;
    let text = scraper.rest()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("mqttlab_{name} ")));
    Ok(line.with_context(|| text.clone())?.parse()?)
}

/// Subscribes to everything and reads nothing.
pub(crate) fn deaf(broker: &Broker, id: u8) -> Result<Raw> {
    let mut client = broker.connect()?;
    client.log_in(id)?;
    client.send(&[0x82, 6, 0, 1, 0, 1, b'#', 1])?;
    client.expect(&[0x90, 3, 0, 1, 1])?;
    Ok(client)
}

/// Connections that send what is no MQTT, before and after they are let in.
pub(crate) fn noise(address: SocketAddr, seed: u64) -> Result<()> {
    let mut rng = Rng::new(seed);
    for number in 0..100 {
        let mut stream = TcpStream::connect(address)?;
        if number % 2 == 0 {
            stream.write_all(&connect(100_000 + number))?;
        }
        let length = rng.below(600);
        let bytes: Vec<u8> = (0..length).map(|_| rng.next_u64() as u8).collect();
        // The broker may have hung up in the middle of it.
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(Shutdown::Both);
    }
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn after_slow_clients_noise_and_a_flood_everything_is_given_back() -> Result<()> {
    let options = [
        "--http",
        "127.0.0.1:0",
        "--log",
        "error",
        "--set",
        "sys.interval-s=0",
    ];
    let broker = Broker::start_with(&options)?;
    let to = broker.address().to_string();
    let mut memory = Vec::new();
    for round in 0..4 {
        let slow = [deaf(&broker, b'x')?, deaf(&broker, b'y')?];
        let flood = Command::new(program()?)
            .args([
                "bench",
                "pairs",
                "--qos",
                "1",
                "--seconds",
                "2",
                "--size",
                "500",
                "--to",
                &to,
            ])
            .stdout(std::process::Stdio::null())
            .spawn();
        let mut flood = flood?;
        noise(broker.address(), round)?;
        // Those who read are served although others do not.
        ensure!(
            flood.wait()?.success(),
            "messages were lost to those who read"
        );
        drop(slow);
        let mut left = u64::MAX;
        for _ in 0..200 {
            left = metric(&broker, "connections")? + metric(&broker, "sessions")?;
            if left == 0 {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        ensure!(left == 0, "{left} connections and sessions are left");
        for gauge in ["messages_stored", "messages_stored_bytes", "retained"] {
            ensure!(metric(&broker, gauge)? == 0, "{gauge} is not 0");
        }
        memory.push(broker.memory().context("/proc tells")?);
    }
    // The first rounds may find their level; after that nothing grows.
    ensure!(
        memory[3] < memory[1] + memory[1] / 4,
        "memory grows: {memory:?}"
    );
    Ok(())
}
