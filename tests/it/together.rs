//! Several event loops take on together what one would, and none holds up another.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::crowd::{deaf, metric};
use crate::harness::packets::{connect, connect_v5, packet, publish, subscribe, text};
use crate::harness::{Broker, Folder, PATIENCE, Raw, program};

/// One more than these is too many.
const MOST: usize = 10;
/// CONNACK of a broker that takes on no more.
const FULL: &[u8] = &[0x20, 2, 0, 3];

fn start(options: &[&str]) -> Result<Broker> {
    let all = ["--threads", "4", "--set", "sys.interval-s=0"];
    Broker::start_with(&[&all, options].concat())
}

fn name(number: usize) -> String {
    format!("client-{number}")
}

fn log_in(address: SocketAddr, client_id: &str, clean: bool, present: u8) -> Result<Raw> {
    let mut client = Raw::connect(address)?;
    client.send(&connect(client_id, clean))?;
    client.expect(&[0x20, 2, present, 0])?;
    Ok(client)
}

fn leave(mut client: Raw) -> Result<()> {
    client.send(&[0xE0, 0])?;
    client.expect_closed()
}

/// Tries again until it works.
fn eventually<T>(mut again: impl FnMut() -> Result<T>) -> Result<T> {
    let begun = Instant::now();
    loop {
        match again() {
            Err(error) if begun.elapsed() > PATIENCE => return Err(error),
            Err(_) => thread::sleep(Duration::from_millis(10)),
            Ok(done) => return Ok(done),
        }
    }
}

/// How many of so many clients that come at the same moment are let in; they all stay until it is known.
fn crowd(address: SocketAddr, clients: usize) -> Result<usize> {
    let mut all = (0..clients)
        .map(|_| Raw::connect(address))
        .collect::<Result<Vec<_>>>()?;
    for (number, client) in all.iter_mut().enumerate() {
        client.send(&connect(&name(number), true))?;
    }
    let mut inside = 0;
    for client in &mut all {
        client.expect(&[0x20, 2, 0])?;
        let code = client.byte()?;
        ensure!(code == 0 || code == 3, "{code}");
        inside += usize::from(code == 0);
    }
    Ok(inside)
}

#[test]
fn as_many_connections_as_are_configured_are_let_in_whichever_loops_they_belong_to() -> Result<()> {
    let most = format!("broker.connections-max={MOST}");
    let broker = start(&["--http", "off", "--set", &most])?;
    let address = broker.address();
    // One after the other; the loops have no equal parts of these.
    let mut all = Vec::new();
    for number in 0..MOST {
        all.push(log_in(address, &name(number), true, 0)?);
    }
    let mut late = Raw::connect(address)?;
    late.send(&connect("late", true))?;
    late.expect(FULL)?;
    late.expect_closed()?;
    leave(all.swap_remove(3))?;
    all.push(eventually(|| log_in(address, "late", true, 0))?);
    for client in &mut all {
        client.expect_alive()?;
    }
    drop(all);
    // All at once: as many as there is room for, not one more and not one less.
    eventually(|| log_in(address, "alone", true, 0).and_then(leave))?;
    for _ in 0..5 {
        eventually(|| {
            let inside = crowd(address, 3 * MOST)?;
            ensure!(inside == MOST, "{inside} were let in");
            Ok(())
        })?;
    }
    Ok(())
}

#[test]
fn as_many_sessions_as_are_configured_are_kept_whichever_loops_they_belong_to() -> Result<()> {
    let folder = Folder::new("together-sessions")?;
    let file = folder.path("broker.redb");
    let file = file.to_str().context("a plain path")?;
    let most = format!("broker.sessions-max={MOST}");
    let options = ["--http", "off", "--store", file, "--set", &most];
    let broker = start(&options)?;
    for number in 0..MOST {
        leave(log_in(broker.address(), &name(number), false, 0)?)?;
    }
    let refused = |broker: &Broker, client_id: &str| {
        let mut client = broker.connect()?;
        client.send(&connect(client_id, false))?;
        client.expect(FULL)?;
        client.expect_closed()
    };
    refused(&broker, "late")?;
    // Those that are there are found again, also by a broker that has brought them back.
    broker.signal("KILL")?;
    broker.wait()?;
    let broker = start(&options)?;
    for number in 0..MOST {
        leave(log_in(broker.address(), &name(number), false, 1)?)?;
    }
    refused(&broker, "late")?;
    // One ends with its connection and makes room for one more.
    leave(log_in(broker.address(), &name(7), true, 0)?)?;
    leave(log_in(broker.address(), "late", false, 0)?)?;
    refused(&broker, "later")
}

#[test]
fn an_operator_sees_the_threads_and_changes_their_number_only_with_a_restart() -> Result<()> {
    let folder = Folder::new("together-reload")?;
    let file = folder.path("broker.toml");
    fs::write(&file, "threads = 4\n")?;
    let config = file.to_str().context("a plain path")?;
    let options = ["--http", "127.0.0.1:0", "--config", config];
    let mut command = Command::new(program()?);
    command.args(["broker", "--listen", "127.0.0.1:0"]);
    // What the environment says would be stronger than the file.
    command.args(options).env_remove("MQTTLAB_THREADS");
    let broker = Broker::run(command)?;
    ensure!(metric(&broker, "threads")? == 4);
    ensure!(broker.reload()?, "nothing has changed");
    let mut all = Vec::new();
    for number in 0..8 {
        let mut client = log_in(broker.address(), &name(number), true, 0)?;
        client.send(&subscribe("t", 1))?;
        client.expect(&[0x90, 3, 0, 1, 1])?;
        all.push(client);
    }
    all[0].send(&publish(2, "t", 7, b"!"))?;
    for client in &mut all[1..] {
        client.expect_publish()?;
    }
    // Each of the others has had a letter at the least.
    ensure!(metric(&broker, "thread_letters_total")? >= 3);
    eventually(|| {
        let under_way = metric(&broker, "thread_letters_under_way")?;
        ensure!(under_way == 0, "{under_way} letters");
        Ok(())
    })?;
    fs::write(&file, "threads = 2\n")?;
    ensure!(broker.reload()?, "it goes on with four");
    ensure!(metric(&broker, "threads")? == 4);
    ensure!(metric(&broker, "configuration_stale")? == 1);
    all[1].send(&[0xC0, 0])?;
    broker.signal("TERM")?;
    let (status, log) = broker.wait()?;
    ensure!(status.success(), "{status}: {log}");
    let why = "changed=threads (it goes on with 4)";
    ensure!(log.contains(why), "{log}");
    Ok(())
}

#[test]
fn a_publisher_hears_that_nobody_subscribes_only_where_that_is_sure() -> Result<()> {
    let broker = start(&["--http", "off"])?;
    let mut publisher = broker.connect()?;
    publisher.send(&connect_v5("publisher"))?;
    publisher.expect(&[0x20])?;
    publisher.skip_packet()?;
    let message = packet(0x32, &[&text("t"), &[0, 7, 0], b"!"]);
    // At first each loop takes the others for interested; they say otherwise when they are told something in vain.
    let puback = |publisher: &mut Raw| {
        publisher.send(&message)?;
        publisher.expect(&[0x40])?;
        publisher.skip_packet()
    };
    eventually(|| {
        let said = puback(&mut publisher)?;
        ensure!(said == [0, 7, 0x10], "{said:02x?}");
        Ok(())
    })?;
    // Clients of all loops who subscribe to something else change nothing.
    let mut elsewhere = Vec::new();
    for number in 20..28 {
        let mut other = log_in(broker.address(), &name(number), true, 0)?;
        other.send(&subscribe("else/+/t", 1))?;
        other.expect(&[0x90, 3, 0, 1, 1])?;
        ensure!(puback(&mut publisher)? == [0, 7, 0x10]);
        elsewhere.push(other);
    }
    // Wherever this one is: from now on the publisher hears no more that there is nobody.
    for number in 0..8 {
        let mut other = log_in(broker.address(), &name(number), true, 0)?;
        other.send(&subscribe("t", 1))?;
        other.expect(&[0x90, 3, 0, 1, 1])?;
        ensure!(puback(&mut publisher)? == [0, 7]);
        other.expect_publish()?;
        leave(other)?;
    }
    Ok(())
}

/// How long it takes from a PUBLISH to all of these subscribers, at most, again and again until told to stop.
fn slowest(publisher: &mut Raw, all: &mut [Raw], stop: &AtomicBool) -> Result<Duration> {
    let mut slowest = Duration::ZERO;
    let mut count = 0_u32;
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        publisher.send(&publish(2, "news", 7, &count.to_be_bytes()))?;
        publisher.expect(&[0x40, 2, 0, 7])?;
        for subscriber in &mut *all {
            let body = subscriber.expect_publish()?;
            ensure!(body.ends_with(&count.to_be_bytes()), "{body:02x?}");
        }
        slowest = slowest.max(begun.elapsed());
        count += 1;
        thread::sleep(Duration::from_millis(5));
    }
    ensure!(count > 50, "only {count} rounds");
    Ok(slowest)
}

/// A client that publishes as fast as it can, and those on all loops that subscribe to it and read nothing.
#[cfg(target_os = "linux")]
#[test]
fn neither_a_flood_nor_subscribers_that_never_read_take_memory_or_time_from_others() -> Result<()> {
    const MEMORY: u64 = 64 << 20;
    let limits = ["--set", "broker.out-bytes-max=262144"];
    let broker = start(&[&["--http", "127.0.0.1:0"], &limits[..]].concat())?;
    let address = broker.address();
    let mut publisher = log_in(address, "news", true, 0)?;
    let mut readers = Vec::new();
    for number in 0..8 {
        let mut reader = log_in(address, &name(number), true, 0)?;
        reader.send(&subscribe("news", 0))?;
        reader.expect(&[0x90, 3, 0, 1, 0])?;
        readers.push(reader);
    }
    let deaf_ones = (b'a'..=b'h')
        .map(|id| deaf(&broker, id))
        .collect::<Result<Vec<_>>>()?;
    let before = broker.memory().context("the system says")?;
    let stop = AtomicBool::new(false);
    let (told, slowest) = thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let mut flooder = log_in(address, "flooder", true, 0)?;
            let messages = publish(0, "load/all", 0, &[7; 4_096]).repeat(16);
            let mut told = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                flooder.send(&messages)?;
                told += 16;
            }
            flooder.expect_alive()?;
            anyhow::Ok(told)
        });
        let witness = scope.spawn(|| slowest(&mut publisher, &mut readers, &stop));
        thread::sleep(Duration::from_secs(3));
        stop.store(true, Ordering::Relaxed);
        let told = flood.join().map_err(|_| anyhow::anyhow!("it panicked"))?;
        let slowest = witness.join().map_err(|_| anyhow::anyhow!("it panicked"))?;
        anyhow::Ok((told?, slowest?))
    })?;
    let after = broker.memory().context("the system says")?;
    ensure!(told > 10_000, "only {told} messages came");
    ensure!(
        after < before + MEMORY,
        "{before} bytes grew to {after} with {told} messages of 4 KiB"
    );
    ensure!(slowest < Duration::from_secs(2), "{slowest:?}");
    drop(deaf_ones);
    eventually(|| {
        let under_way = metric(&broker, "thread_letters_under_way")?;
        ensure!(under_way == 0, "{under_way} letters");
        Ok(())
    })
}

/// `$SYS` is published right after the start, for which the loops ask each other.
#[test]
fn a_stop_in_the_middle_of_their_talk_ends_all_of_them() -> Result<()> {
    for _ in 0..25 {
        let broker = Broker::start_with(&["--threads", "4", "--http", "off"])?;
        let begun = Instant::now();
        broker.signal("TERM")?;
        let (status, log) = broker.wait()?;
        ensure!(status.success(), "{status}: {log}");
        ensure!(begun.elapsed() < Duration::from_secs(4), "{log}");
    }
    Ok(())
}
