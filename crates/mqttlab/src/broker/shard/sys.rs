//! `$SYS`: how the broker is doing, as retained messages under the names that Mosquitto uses.

mod load;
mod memory;

use std::collections::BTreeMap;
use std::time::Duration;

use mqttlab_core::broker::{Broker, Input};
use mqttlab_core::packet::{Publish, QoS};
use mqttlab_core::properties::Properties;
use mqttlab_core::time::Instant;

use super::hand;
use super::report::Report;
use super::socket::Sockets;
use load::Load;

/// Publishes the numbers from time to time; a number that did not change is not published again.
pub(super) struct Sys {
    /// Zero for never.
    every: Duration,
    next: Option<Instant>,
    /// By topic.
    last: BTreeMap<String, String>,
    load: Load,
    /// The most connections that there were at one of these times.
    connected_max: usize,
    /// What was heard until now, and how many loops have not answered.
    hearing: Option<(Report, usize)>,
}

impl Sys {
    pub(super) fn new(every: Duration) -> Self {
        Self {
            every,
            next: (!every.is_zero()).then_some(Instant::ZERO),
            last: BTreeMap::new(),
            load: Load::default(),
            connected_max: 0,
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
        self.connected_max = self.connected_max.max(report.usage.connections);
        self.load.note(report, now);
        for (topic, value) in self.values(report) {
            if self.last.get(&topic) != Some(&value) {
                let publish = Publish {
                    dup: false,
                    qos: QoS::AtMostOnce,
                    retain: true,
                    topic: &topic,
                    packet_id: None,
                    properties: Properties::EMPTY,
                    payload: value.as_bytes(),
                };
                hand(broker, now, Input::Publish(publish), sockets);
                self.last.insert(topic, value);
            }
        }
    }
}

impl Sys {
    /// All topics with what they say now.
    fn values(&self, report: &Report) -> Vec<(String, String)> {
        let mut values = numbers(report, self.connected_max);
        if let Some((now, most)) = memory::held() {
            // The longer names are those of Mosquitto's manual, the others what it really says.
            for name in ["heap/current", "heap/current size"] {
                values.push((name, now.to_string()));
            }
            for name in ["heap/maximum", "heap/maximum size"] {
                values.push((name, most.to_string()));
            }
        }
        let values = values.into_iter().map(|(name, value)| (name.into(), value));
        let load = self.load.iter();
        let load = load.map(|(name, average)| (format!("load/{name}"), format!("{average:.2}")));
        let all = values.chain(load);
        all.map(|(name, value): (String, String)| (format!("$SYS/broker/{name}"), value))
            .collect()
    }
}

fn numbers(report: &Report, connected_max: usize) -> Vec<(&'static str, String)> {
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
        logins: _,
    } = report;
    let count = |number: usize| number as u64;
    let offline = count(usage.sessions.saturating_sub(usage.connections));
    let online = count(usage.connections);
    let sum = |by_qos: &[u64; 3]| by_qos.iter().sum::<u64>();
    let numbers = [
        ("clients/total", count(usage.sessions)),
        ("clients/connected", online),
        ("clients/active", online),
        ("clients/disconnected", offline),
        ("clients/inactive", offline),
        ("clients/maximum", count(connected_max)),
        ("clients/expired", counters.sessions_expired),
        ("bytes/received", traffic.bytes_read),
        ("bytes/sent", traffic.bytes_written),
        ("messages/received", traffic.packets_read),
        ("messages/sent", traffic.packets_written),
        ("messages/stored", count(usage.messages)),
        ("publish/messages/received", sum(&counters.received)),
        ("publish/messages/sent", sum(&counters.sent)),
        ("publish/messages/dropped", load::dropped(report)),
        ("subscriptions/count", count(usage.subscriptions)),
        ("retained messages/count", count(usage.retained)),
        ("store/messages/count", count(usage.messages)),
        ("store/messages/bytes", usage.message_bytes),
        ("connections/socket/count", traffic.connections),
        ("connections/accepted", counters.accepted),
        ("connections/taken over", counters.taken_over),
    ];
    let words = [
        (
            "version",
            concat!("mqttlab version ", env!("CARGO_PKG_VERSION")).into(),
        ),
        ("uptime", format!("{} seconds", uptime.as_secs())),
    ];
    let numbers = numbers.map(|(name, number)| (name, number.to_string()));
    words.into_iter().chain(numbers).collect()
}
