//! Everything at once, for a while: slow readers, noise, clients that come and go, and those who must notice none of it.
//!
//! `MQTTLAB_SOAK_SECONDS` says for how long.
#![cfg(target_os = "linux")]

use std::env;
use std::fs;
use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::crowd::{deaf, metric, noise};
use crate::harness::packets::{connect, packet, publish, subscribe, text};
use crate::harness::{Broker, Folder, PATIENCE, Raw, program};

/// Without a word from whoever runs the tests.
const SECONDS: u64 = 10;
/// How long everything happens at once before it is looked at what is left.
const ROUND: Duration = Duration::from_secs(5);
/// Memory may find its level in so many rounds.
const WARM_UP: usize = 2;

/// Says something until told to stop; whatever the broker does with the connection is fine.
fn until(stop: &AtomicBool, mut again: impl FnMut(u64) -> Result<()>) {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        // A connection that was closed in the middle of something is what this is for.
        let _ = again(count);
        count += 1;
    }
}

/// CONNECT with a will, under a name that several fight for; then gone without a word, or taken over.
fn flap(address: SocketAddr, count: u64) -> Result<()> {
    let name = format!("flapper-{}", count % 3);
    let head = [0, 4, b'M', b'Q', b'T', b'T', 4, 0x0E, 0, 60];
    let will = [text("wills"), text("gone")].concat();
    let mut client = Raw::connect(address)?;
    client.send(&packet(0x10, &[&head, &text(&name), &will]))?;
    client.expect(&[0x20, 2, 0, 0])?;
    client.send(&subscribe("load/#", 2))?;
    client.send(&publish(3, &format!("kept/{}", count % 50), 1, b"kept"))?;
    client.expect(&[0x90, 3, 0, 1, 2])?;
    if count.is_multiple_of(4) {
        client.send(&[0xE0, 0])?;
    }
    thread::sleep(Duration::from_millis(5));
    Ok(())
}

/// Subscribes to everything and reads some bytes of it now and then.
fn trickle(address: SocketAddr, stop: &AtomicBool) -> Result<()> {
    let mut client = TcpStream::connect(address)?;
    client.set_read_timeout(Some(Duration::from_millis(50)))?;
    std::io::Write::write_all(&mut client, &connect("trickle", true))?;
    std::io::Write::write_all(&mut client, &subscribe("#", 1))?;
    let mut some = [0; 1_024];
    while !stop.load(Ordering::Relaxed) {
        // Nothing, or not yet, is as good; what comes is never acknowledged.
        let _ = client.read(&mut some);
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Pairs that lose nothing, at a rate that leaves room for the rest.
fn pairs(to: &str, qos: &str) -> Result<()> {
    let output = Command::new(program()?)
        .args(["bench", "pairs", "--clients", "5", "--rate", "500"])
        .args(["--seconds", "4", "--size", "300", "--qos", qos, "--to", to])
        .stdout(Stdio::null())
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "those who read lost messages: {said}"
    );
    Ok(())
}

/// All of it at once, for one round.
fn round(broker: &Broker, number: u64) -> Result<()> {
    let address = broker.address();
    let to = address.to_string();
    let slow = [deaf(broker, b'x')?, deaf(broker, b'y')?];
    let stop = AtomicBool::new(false);
    let good = thread::scope(|scope| {
        scope.spawn(|| until(&stop, |count| noise(address, number << 32 | count)));
        scope.spawn(|| until(&stop, |count| flap(address, count)));
        scope.spawn(|| until(&stop, |_| trickle(address, &stop)));
        let good = scope.spawn(|| pairs(&to, ["0", "1", "2"][number as usize % 3]));
        thread::sleep(ROUND);
        let good = good.join().expect("it does not panic");
        stop.store(true, Ordering::Relaxed);
        good
    });
    good?;
    drop(slow);
    // What was retained goes in the same way as it came.
    let mut tidy = Raw::connect(address)?;
    tidy.send(&connect("tidy", true))?;
    tidy.expect(&[0x20, 2, 0, 0])?;
    for topic in 0..50 {
        tidy.send(&publish(1, &format!("kept/{topic}"), 0, b""))?;
    }
    tidy.expect_alive()?;
    tidy.send(&[0xE0, 0])?;
    tidy.expect_closed()
}

/// Waits until nothing is left of a round.
fn settle(broker: &Broker) -> Result<()> {
    let started = Instant::now();
    for gauge in [
        "connections",
        "sessions",
        "messages_stored",
        "messages_stored_bytes",
        "retained",
        "retained_bytes",
    ] {
        loop {
            let left = metric(broker, gauge)?;
            if left == 0 {
                break;
            }
            ensure!(started.elapsed() < PATIENCE, "{gauge} is {left}");
            thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(())
}

fn open_files(broker: &Broker) -> Result<usize> {
    Ok(fs::read_dir(format!("/proc/{}/fd", broker.id()))?.count())
}

#[test]
fn a_broker_that_has_had_it_all_is_as_before() -> Result<()> {
    let seconds = match env::var("MQTTLAB_SOAK_SECONDS") {
        Ok(text) => text.parse().context("MQTTLAB_SOAK_SECONDS")?,
        Err(_) => SECONDS,
    };
    let folder = Folder::new("soak")?;
    let store = folder.path("store");
    let broker = Broker::start_with(&[
        "--http",
        "127.0.0.1:0",
        "--log",
        "error",
        "--store",
        store.to_str().context("a plain path")?,
        "--durability",
        "interval",
        "--set",
        "sys.interval-s=0",
    ])?;
    let started = Instant::now();
    let mut memory = Vec::new();
    let mut files = Vec::new();
    while memory.len() <= WARM_UP + 1 || started.elapsed() < Duration::from_secs(seconds) {
        round(&broker, memory.len() as u64)?;
        settle(&broker)?;
        memory.push(broker.memory().context("/proc tells")?);
        files.push(open_files(&broker)?);
    }
    let level = memory[..=WARM_UP].iter().max().context("there are some")?;
    let last = memory.last().context("there are some")?;
    ensure!(
        *last < level + level / 5 + (2 << 20),
        "memory grows: {memory:?}"
    );
    // A connection to /metrics may still be on its way out.
    let (first, last) = (files[WARM_UP], files.last().context("there are some")?);
    ensure!(*last <= first + 3, "files stay open: {files:?}");
    broker.signal("TERM")?;
    let (status, log) = broker.wait()?;
    ensure!(
        status.success() && !log.contains("panicked"),
        "{status}: {log}"
    );
    Ok(())
}
