//! What rests in a broker: idle connections, retained messages, and messages that wait.

use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::Plan;
use super::peer::{Peer, Template};
use super::process::Usage;
use super::report::Report;

/// PUBLISHes that are sent before their acknowledgements are waited for.
const BATCH: u32 = 50;
/// How long the broker gets to come to rest before its memory is looked at.
const SETTLE: Duration = Duration::from_millis(300);

fn usage(plan: &Plan) -> Option<Usage> {
    plan.process.as_ref().and_then(|process| process.usage())
}

/// Opens connections one after the other and lets them be.
pub(super) fn connections(plan: &Plan) -> io::Result<Report> {
    let mut report = Report::new();
    let mut times = Histogram::<u64>::new(3).map_err(io::Error::other)?;
    let mut peers = Vec::with_capacity(plan.clients as usize);
    // What a broker does once, for the first client, is no client's.
    drop(Peer::log_in(plan, "first", false)?);
    sleep(SETTLE);
    let before = usage(plan);
    let start = Instant::now();
    for number in 0..plan.clients {
        let begun = Instant::now();
        peers.push(Peer::log_in(plan, &number.to_string(), false)?);
        times.saturating_record(begun.elapsed().as_nanos() as u64);
    }
    let took = start.elapsed();
    sleep(SETTLE);
    let open = usage(plan);
    sleep(plan.duration);
    let idle = usage(plan);
    report.add("connections", peers.len() as f64);
    report.rate("connects_per_s", peers.len() as u64, took);
    report.latency(&times);
    report.usage(before, open, peers.len() as u64);
    report.memory(before, open, peers.len() as u64);
    if let (Some(open), Some(idle)) = (open, idle) {
        let used = idle.processor_us.saturating_sub(open.processor_us) as f64;
        let share = used / plan.duration.as_micros().max(1) as f64;
        report.add("broker_idle_cpu_percent", share * 100.0);
    }
    Ok(report)
}

/// Publishes the messages of the plan, each to its topic, in batches; returns how long that took.
fn publish(plan: &Plan, peer: &mut Peer, topics: bool, retain: bool) -> io::Result<Duration> {
    let start = Instant::now();
    let mut sent = 0;
    while sent < plan.messages {
        let batch = BATCH
            .min(plan.messages - sent)
            .min(peer.receive_maximum.into());
        let mut bytes = Vec::new();
        for number in sent..sent + batch {
            let leaf = if topics { number } else { 0 };
            let topic = format!("{}/{leaf}", plan.run);
            // Acknowledged, so that it is known when all of them are there.
            let mut template =
                Template::new(plan.version, &topic, plan.qos.max(1), retain, plan.size);
            template.set_packet_id((number % BATCH) as u16 + 1);
            template.set_payload(&u64::from(number).to_be_bytes());
            bytes.extend(template.bytes);
        }
        peer.send(&bytes)?;
        let mut acknowledged = 0;
        while acknowledged < batch {
            let packet = peer.receive()?;
            let body = packet.body();
            match packet.first() {
                0x40 | 0x70 => acknowledged += 1,
                0x50 => peer.send(&[0x62, 2, body[0], body[1]])?,
                _ => {}
            }
        }
        sent += batch;
    }
    Ok(start.elapsed())
}

/// Takes PUBLISHes and acknowledges them until there are as many as the plan has, or no more come; how many, and how
/// long it took.
fn drain(plan: &Plan, peer: &mut Peer) -> io::Result<(u64, Duration)> {
    let start = Instant::now();
    let mut got = 0;
    while got < u64::from(plan.messages) {
        let packet = match peer.receive() {
            Ok(packet) => packet,
            // Whatever has not come by now is lost.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        };
        let (first, body) = (packet.first(), packet.body());
        match (first >> 4, first >> 1 & 3) {
            (3, qos) => {
                got += 1;
                let at = 2 + usize::from(body[0]) * 256 + usize::from(body[1]);
                let id = (qos > 0).then(|| body.get(at..at + 2)).flatten();
                if let Some(&[high, low]) = id {
                    let kind = if qos == 1 { 0x40 } else { 0x50 };
                    peer.send(&[kind, 2, high, low])?;
                }
            }
            (6, _) => peer.send(&[0x70, 2, body[0], body[1]])?,
            _ => {}
        }
    }
    Ok((got, start.elapsed()))
}

/// Stores retained messages, reads them all, and clears them.
pub(super) fn retained(plan: &Plan) -> io::Result<Report> {
    let mut publisher = Peer::log_in(plan, "pub", false)?;
    let before = usage(plan);
    let stored_in = publish(plan, &mut publisher, true, true)?;
    sleep(SETTLE);
    let stored = usage(plan);
    let mut subscriber = Peer::log_in(plan, "sub", false)?;
    subscriber.subscribe(&format!("{}/+", plan.run), plan.qos)?;
    let read_back = drain(plan, &mut subscriber)?;
    let read = usage(plan);
    drop(subscriber);
    for number in 0..plan.messages {
        let topic = format!("{}/{number}", plan.run);
        let template = Template::new(plan.version, &topic, 0, true, 0);
        publisher.send(&template.bytes)?;
    }
    Ok(figures(
        plan,
        before,
        (stored_in, stored),
        (read_back, read),
    ))
}

/// Has messages wait for a session without connection, and reads them when it comes back.
pub(super) fn offline(plan: &Plan) -> io::Result<Report> {
    let filter = format!("{}/+", plan.run);
    let mut subscriber = Peer::log_in(plan, "sub", true)?;
    subscriber.subscribe(&filter, plan.qos.max(1))?;
    subscriber.send(&[0xE0, 0])?;
    drop(subscriber);
    sleep(SETTLE);
    let mut publisher = Peer::log_in(plan, "pub", false)?;
    let before = usage(plan);
    let stored_in = publish(plan, &mut publisher, false, false)?;
    sleep(SETTLE);
    let stored = usage(plan);
    let mut subscriber = Peer::log_in(plan, "sub", true)?;
    let read_back = drain(plan, &mut subscriber)?;
    let read = usage(plan);
    drop(subscriber);
    // A clean session ends what is left of it.
    drop(Peer::log_in(plan, "sub", false)?);
    Ok(figures(
        plan,
        before,
        (stored_in, stored),
        (read_back, read),
    ))
}

/// What it took to store messages and to read them: of each the time, and the broker's use at its end.
fn figures(
    plan: &Plan,
    before: Option<Usage>,
    (stored_in, stored): (Duration, Option<Usage>),
    ((got, read_in), read): ((u64, Duration), Option<Usage>),
) -> Report {
    let mut report = Report::new();
    let messages = u64::from(plan.messages);
    report.add("messages", f64::from(plan.messages));
    report.lose(messages - got);
    report.rate("stored_per_s", messages, stored_in);
    report.rate("read_per_s", got, read_in);
    report.usage(before, read, messages);
    report.memory(before, stored, messages);
    report
}
