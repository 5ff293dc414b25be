//! `$SYS`: how the broker is doing, as retained messages under the names that Mosquitto uses.

use std::time::Duration;

use mqttlab_core::broker::{Broker, Input};
use mqttlab_core::packet::{Publish, QoS};
use mqttlab_core::properties::Properties;
use mqttlab_core::time::Instant;

use super::hand;
use super::report::Report;
use super::socket::Sockets;

/// Publishes the numbers from time to time; a number that did not change is not published again.
pub(super) struct Sys {
    /// Zero for never.
    every: Duration,
    next: Option<Instant>,
    last: Vec<String>,
    /// What was heard until now, and how many loops have not answered.
    hearing: Option<(Report, usize)>,
}

impl Sys {
    pub(super) fn new(every: Duration) -> Self {
        Self {
            every,
            next: (!every.is_zero()).then_some(Instant::ZERO),
            last: Vec::new(),
            hearing: None,
        }
    }

    /// When they are published next.
    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Changes how often.
    pub(super) fn follow(&mut self, every: Duration, now: Instant) {
        if every != self.every {
            self.every = every;
            self.next = (!every.is_zero()).then_some(now);
        }
    }

    /// It is time: this is how the own loop is doing. Gives what is to be published, or `None` where so many others must be
    /// asked first.
    pub(super) fn ask(&mut self, own: Report, others: usize, now: Instant) -> Option<Report> {
        self.next = Some(now + self.every);
        if others == 0 {
            return Some(own);
        }
        self.hearing = Some((own, others));
        None
    }

    /// How another loop is doing. Gives what is to be published, if all have answered.
    pub(super) fn hear(&mut self, report: Report) -> Option<Report> {
        let (sum, missing) = self.hearing.take()?;
        let sum = sum.with(report);
        if missing > 1 {
            self.hearing = Some((sum, missing - 1));
            return None;
        }
        Some(sum)
    }

    /// Publishes them.
    pub(super) fn publish(
        &mut self,
        report: &Report,
        broker: &mut Broker,
        now: Instant,
        sockets: &mut Sockets,
    ) {
        let values = values(report);
        self.last.resize(values.len(), String::new());
        for ((topic, value), last) in values.into_iter().zip(&mut self.last) {
            if value != *last {
                let publish = Publish {
                    dup: false,
                    qos: QoS::AtMostOnce,
                    retain: true,
                    topic,
                    packet_id: None,
                    properties: Properties::EMPTY,
                    payload: value.as_bytes(),
                };
                hand(broker, now, Input::Publish(publish), sockets);
                *last = value;
            }
        }
    }
}

fn values(report: &Report) -> [(&'static str, String); 17] {
    let Report {
        uptime,
        usage,
        counters,
        traffic,
        reached: _,
        letters: _,
        hook: _,
        keys: _,
        store: _,
        failure: _,
        checks: _,
    } = report;
    let dropped: u64 = counters.drops().map(|(_, count)| count).sum();
    let offline = usage.sessions.saturating_sub(usage.connections);
    [
        (
            "$SYS/broker/version",
            concat!("mqttlab version ", env!("CARGO_PKG_VERSION")).into(),
        ),
        (
            "$SYS/broker/uptime",
            format!("{} seconds", uptime.as_secs()),
        ),
        ("$SYS/broker/clients/total", usage.sessions.to_string()),
        (
            "$SYS/broker/clients/connected",
            usage.connections.to_string(),
        ),
        ("$SYS/broker/clients/disconnected", offline.to_string()),
        ("$SYS/broker/bytes/received", traffic.bytes_read.to_string()),
        ("$SYS/broker/bytes/sent", traffic.bytes_written.to_string()),
        (
            "$SYS/broker/publish/messages/received",
            counters.received.iter().sum::<u64>().to_string(),
        ),
        (
            "$SYS/broker/publish/messages/sent",
            counters.sent.iter().sum::<u64>().to_string(),
        ),
        ("$SYS/broker/publish/messages/dropped", dropped.to_string()),
        (
            "$SYS/broker/subscriptions/count",
            usage.subscriptions.to_string(),
        ),
        (
            "$SYS/broker/retained messages/count",
            usage.retained.to_string(),
        ),
        (
            "$SYS/broker/store/messages/count",
            usage.messages.to_string(),
        ),
        (
            "$SYS/broker/store/messages/bytes",
            usage.message_bytes.to_string(),
        ),
        (
            "$SYS/broker/connections/socket/count",
            traffic.connections.to_string(),
        ),
        (
            "$SYS/broker/connections/accepted",
            counters.accepted.to_string(),
        ),
        (
            "$SYS/broker/connections/taken over",
            counters.taken_over.to_string(),
        ),
    ]
}
