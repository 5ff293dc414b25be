//! Messages that flow from publishers to subscribers.

use std::io;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mio::{Events, Poll};
use mqttlab_core::packet::{Packet, QoS};

use super::Plan;
use super::alarm::{ALARM, Alarm};
use super::peer::{Peer, Running, Template};
use super::report::Report;

/// Who sends to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Pairs,
    FanIn,
    FanOut,
    Shared,
}

/// Subscribers who share.
const SHARERS: u32 = 5;
/// Bytes that wait for one socket before its publisher does.
const OUT_MAX: usize = 256 << 10;
/// Bytes read at once.
const BUFFER: usize = 128 << 10;
/// How long messages may take to arrive after the last one did.
const SILENCE: Duration = Duration::from_secs(3);
/// What the payload begins with: when it was meant to be sent, and by whom.
const STAMP: usize = 12;
/// Times are known to three digits, up to ten minutes.
const TIME_MAX_NS: u64 = 600_000_000_000;

struct Publisher {
    peer: usize,
    template: Template,
    /// How many messages the broker takes before it has answered.
    receive_maximum: u16,
    last_id: u16,
    sent: u64,
    /// Of QoS 1 and 2.
    acknowledged: u64,
    delivered: u64,
    /// When the next message is to be sent, if there is a rate.
    next: Instant,
}

struct Flow<'a> {
    plan: &'a Plan,
    start: Instant,
    peers: Vec<Running>,
    publishers: Vec<Publisher>,
    /// By peer: the publisher that it is.
    roles: Vec<Option<usize>>,
    /// Who gets each message.
    copies: u64,
    /// Between two messages of one publisher.
    interval: Option<Duration>,
    times: Histogram<u64>,
    last_delivery: Instant,
}

/// Lets messages flow for the time of the plan, and waits for those that are under way.
pub(super) fn run(plan: &Plan, shape: Shape) -> io::Result<Report> {
    let mut poll = Poll::new()?;
    let mut flow = Flow::prepare(plan, shape, &poll)?;
    let before = plan.process.as_ref().and_then(|process| process.usage());
    flow.begin();
    let sent_in = flow.go(&mut poll)?;
    let after = plan.process.as_ref().and_then(|process| process.usage());
    let sent: u64 = flow.publishers.iter().map(|publisher| publisher.sent).sum();
    let delivered: u64 = flow.publishers.iter().map(|it| it.delivered).sum();
    let mut report = Report::new();
    report.add("sent", sent as f64);
    report.add("delivered", delivered as f64);
    report.lose((sent * flow.copies).saturating_sub(delivered));
    report.rate("sent_per_s", sent, sent_in);
    report.rate(
        "delivered_per_s",
        delivered,
        flow.last_delivery - flow.start,
    );
    report.latency(&flow.times);
    report.usage(before, after, delivered);
    Ok(report)
}

impl<'a> Flow<'a> {
    fn prepare(plan: &'a Plan, shape: Shape, poll: &Poll) -> io::Result<Self> {
        let (publishers, subscribers) = match shape {
            Shape::Pairs => (plan.clients, plan.clients),
            Shape::FanIn => (plan.clients, 1),
            Shape::FanOut => (1, plan.clients),
            Shape::Shared => (plan.clients, SHARERS),
        };
        let mut peers = Vec::new();
        let mut roles = Vec::new();
        for number in 0..subscribers {
            let mut peer = Peer::log_in(plan, &format!("sub-{number}"), false)?;
            let filter = match shape {
                Shape::Pairs => format!("{}/{number}", plan.run),
                Shape::FanIn | Shape::FanOut => format!("{}/+", plan.run),
                Shape::Shared => format!("$share/{}/{}/+", plan.run, plan.run),
            };
            peer.subscribe(&filter, plan.qos)?;
            peers.push(peer.run(poll.registry(), peers.len())?);
            roles.push(None);
        }
        let start = Instant::now();
        let mut all = Vec::new();
        for number in 0..publishers {
            let peer = Peer::log_in(plan, &format!("pub-{number}"), false)?;
            let topic = format!("{}/{number}", plan.run);
            roles.push(Some(all.len()));
            all.push(Publisher {
                peer: peers.len(),
                template: Template::new(plan.version, &topic, plan.qos, false, plan.size),
                receive_maximum: peer.receive_maximum,
                last_id: 0,
                sent: 0,
                acknowledged: 0,
                delivered: 0,
                next: start,
            });
            peers.push(peer.run(poll.registry(), peers.len())?);
        }
        let times = Histogram::new_with_bounds(1, TIME_MAX_NS, 3);
        Ok(Self {
            plan,
            start,
            peers,
            publishers: all,
            roles,
            copies: if shape == Shape::FanOut {
                subscribers.into()
            } else {
                1
            },
            interval: (plan.rate > 0).then(|| Duration::from_secs(publishers.into()) / plan.rate),
            times: times.map_err(io::Error::other)?,
            last_delivery: start,
        })
    }

    fn begin(&mut self) {
        self.start = Instant::now();
        self.last_delivery = self.start;
        let count = self.publishers.len() as u32;
        for (number, publisher) in self.publishers.iter_mut().enumerate() {
            // Spread over the interval: devices do not send in step.
            let shift = self
                .interval
                .map_or(Duration::ZERO, |it| it * number as u32 / count);
            publisher.next = self.start + shift;
        }
    }

    /// How long it was sent.
    fn go(&mut self, poll: &mut Poll) -> io::Result<Duration> {
        let mut events = Events::with_capacity(1_024);
        let mut buffer = vec![0; BUFFER];
        let mut alarm = Alarm::new(poll)?;
        let end = self.start + self.plan.duration;
        let mut stopped = None;
        loop {
            let now = Instant::now();
            if stopped.is_none() && now >= end {
                stopped = Some(now);
            }
            let mut next = end;
            if stopped.is_none() {
                next = self.publish(now).min(end);
            }
            for peer in &mut self.peers {
                if peer.waiting() > 0 {
                    peer.flush()?;
                }
            }
            let is_quiet = now.saturating_duration_since(self.last_delivery.max(end)) > SILENCE;
            if let Some(stopped) = stopped
                && (self.is_done() || is_quiet)
            {
                return Ok(stopped - self.start);
            }
            let busy = self.peers.iter().any(|peer| peer.readable);
            let timeout = match (busy, stopped) {
                (true, _) => Duration::ZERO,
                (false, None) => alarm.set(next.saturating_duration_since(now))?,
                (false, Some(_)) => Duration::from_millis(50),
            };
            poll.poll(&mut events, Some(timeout))?;
            for event in events.iter().filter(|event| event.token() != ALARM) {
                if event.is_readable() || event.is_read_closed() {
                    self.peers[event.token().0].readable = true;
                }
            }
            for index in 0..self.peers.len() {
                if self.peers[index].readable {
                    self.read(index, &mut buffer)?;
                }
            }
        }
    }

    fn is_done(&self) -> bool {
        let has_all = |it: &Publisher| it.delivered >= it.sent * self.copies;
        let is_acknowledged = |it: &Publisher| self.plan.qos == 0 || it.acknowledged >= it.sent;
        let mut publishers = self.publishers.iter();
        publishers.all(|publisher| has_all(publisher) && is_acknowledged(publisher))
    }

    /// Sends what is due; says when more is.
    fn publish(&mut self, now: Instant) -> Instant {
        // Without a rate what arrives makes room; this is for what never does.
        let mut earliest = now + Duration::from_millis(50);
        for (number, publisher) in self.publishers.iter_mut().enumerate() {
            let peer = &mut self.peers[publisher.peer];
            while peer.waiting() < OUT_MAX && publisher.has_room(self.plan, self.copies) {
                let meant = match self.interval {
                    None => now,
                    Some(_) if publisher.next > now => {
                        earliest = earliest.min(publisher.next);
                        break;
                    }
                    Some(interval) => {
                        let meant = publisher.next;
                        publisher.next += interval;
                        meant
                    }
                };
                let mut stamp = [0; STAMP];
                let since = meant.saturating_duration_since(self.start).as_nanos() as u64;
                stamp[..8].copy_from_slice(&since.to_be_bytes());
                stamp[8..].copy_from_slice(&(number as u32).to_be_bytes());
                publisher.send(&stamp, peer);
            }
        }
        earliest
    }

    fn read(&mut self, index: usize, buffer: &mut [u8]) -> io::Result<()> {
        let Some(length) = self.peers[index].read(buffer)? else {
            return Ok(());
        };
        let now = Instant::now();
        let mut input = &buffer[..length];
        loop {
            // Answers go into the same peer, which the packet borrows from.
            let mut answer = [0; 4];
            let peer = &mut self.peers[index];
            let packet = peer.link.next_packet(&mut input);
            let Some(packet) = packet.map_err(|error| io::Error::other(error.to_string()))? else {
                return Ok(());
            };
            let id = |id: mqttlab_core::id::PacketId| id.number().to_be_bytes();
            match packet {
                Packet::Publish(publish) => {
                    if let Some(packet_id) = publish.packet_id {
                        let [high, low] = id(packet_id);
                        let first = if publish.qos == QoS::ExactlyOnce {
                            0x50
                        } else {
                            0x40
                        };
                        answer = [first, 2, high, low];
                    }
                    if let Some((stamp, _)) = publish.payload.split_first_chunk::<STAMP>() {
                        let stamp = *stamp;
                        self.note(&stamp, now);
                    }
                }
                Packet::PubAck(_) => self.acknowledge(index),
                Packet::PubRec(ack) => {
                    let [high, low] = id(ack.packet_id);
                    answer = [0x62, 2, high, low];
                }
                Packet::PubRel(ack) => {
                    let [high, low] = id(ack.packet_id);
                    answer = [0x70, 2, high, low];
                }
                Packet::PubComp(_) => self.acknowledge(index),
                Packet::Connect(_)
                | Packet::ConnAck(_)
                | Packet::Subscribe(_)
                | Packet::SubAck(_)
                | Packet::Unsubscribe(_)
                | Packet::UnsubAck(_)
                | Packet::PingReq
                | Packet::PingResp
                | Packet::Disconnect(_)
                | Packet::Auth(_) => {}
            }
            if answer[0] != 0 {
                self.peers[index].push(&answer);
            }
        }
    }

    fn note(&mut self, stamp: &[u8; STAMP], now: Instant) {
        let (meant, number) = stamp.split_at(8);
        let meant = u64::from_be_bytes(meant.try_into().unwrap_or_default());
        let number = u32::from_be_bytes(number.try_into().unwrap_or_default());
        // What somebody else publishes here is not ours.
        let Some(publisher) = self.publishers.get_mut(number as usize) else {
            return;
        };
        publisher.delivered += 1;
        let took = (now - self.start).as_nanos() as u64;
        self.times
            .saturating_record(took.saturating_sub(meant).max(1));
        self.last_delivery = now;
    }

    fn acknowledge(&mut self, index: usize) {
        if let Some(number) = self.roles[index] {
            self.publishers[number].acknowledged += 1;
        }
    }
}

impl Publisher {
    fn has_room(&self, plan: &Plan, copies: u64) -> bool {
        let max = u64::from(plan.outstanding.min(self.receive_maximum.into()));
        let unacknowledged = self.sent - self.acknowledged.min(self.sent);
        let is_late = self.sent * copies >= self.delivered + max * copies;
        // At a rate nothing is held back but what the protocol holds back: that is what is measured.
        (plan.qos == 0 || unacknowledged < max) && (plan.rate > 0 || !is_late)
    }

    fn send(&mut self, stamp: &[u8], peer: &mut Running) {
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        self.template.set_packet_id(self.last_id);
        self.template.set_payload(stamp);
        peer.push(&self.template.bytes);
        self.sent += 1;
    }
}
