//! What survives the broker.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::harness::{Broker, Folder, Raw};

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
    let folder = Folder::new("damaged")?;
    let broker = start(&folder)?;
    log_in(&broker, b's', 0)?;
    crash(broker)?;
    let file = folder.path("broker.redb");
    let length = fs::metadata(&file)?.len();
    fs::write(&file, vec![0xA5; usize::try_from(length)?])?;
    let broker = start(&folder)?;
    log_in(&broker, b's', 0)?;
    broker.signal("TERM")?;
    let (status, log) = broker.wait()?;
    ensure!(status.success(), "{status}: {log}");
    ensure!(log.contains("the store is damaged"), "{log}");
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
