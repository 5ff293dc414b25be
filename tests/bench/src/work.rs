//! What is measured, one [`Work`] each.

use std::fmt;

use mqttlab_core::id::{ConnId, PacketId};
use mqttlab_core::packet::QoS;

use crate::rig::Rig;

const PAYLOAD: [u8; 64] = [b'x'; 64];
const TOPIC: &str = "plant/north/line-4/pump-17/temperature";
/// Filters in one SUBSCRIBE, and of one session.
const FILTERS_AT_ONCE: usize = 1_000;
/// Children of each inner node of the tree of filters.
const BRANCHES: usize = 100;
/// How many topics a publisher goes through that never stays with one.
const TOPICS: usize = 64;

/// One kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// One PUBLISH of 64 bytes, to so many subscribers that read at once.
    FanOut {
        /// Of the PUBLISH and of the subscriptions.
        qos: QoS,
        /// How many.
        subscribers: usize,
    },
    /// The PUBACKs of so many subscribers for one PUBLISH each.
    PubAcks {
        /// How many.
        subscribers: usize,
    },
    /// The report that the bytes for so many subscribers are written.
    Flushed {
        /// How many.
        subscribers: usize,
    },
    /// One PUBLISH to a topic that is not the one before, with one subscriber among so many other filters.
    Match {
        /// How many filters there are, each with a wildcard.
        filters: usize,
        /// How many levels the topic has.
        levels: usize,
    },
}

impl Work {
    /// All that is measured. The largest takes some minutes to set up where instructions are counted.
    pub const ALL: &[Self] = &[
        Self::fan_out(QoS::AtMostOnce, 1),
        Self::fan_out(QoS::AtMostOnce, 10),
        Self::fan_out(QoS::AtMostOnce, 1_000),
        Self::fan_out(QoS::AtMostOnce, 10_000),
        Self::fan_out(QoS::AtLeastOnce, 1),
        Self::fan_out(QoS::AtLeastOnce, 10),
        Self::fan_out(QoS::AtLeastOnce, 1_000),
        Self::fan_out(QoS::AtLeastOnce, 10_000),
        Self::PubAcks { subscribers: 1_000 },
        Self::Flushed { subscribers: 1_000 },
        Self::matching(100, 6),
        Self::matching(10_000, 6),
        Self::matching(100_000, 6),
        Self::matching(100_000, 12),
        Self::matching(100_000, 24),
        Self::matching(1_000_000, 6),
    ];

    /// What is measured a second time with all decisions traced.
    pub const TRACED: &[Self] = &[
        Self::fan_out(QoS::AtMostOnce, 1_000),
        Self::fan_out(QoS::AtLeastOnce, 1_000),
    ];

    const fn fan_out(qos: QoS, subscribers: usize) -> Self {
        Self::FanOut { qos, subscribers }
    }

    const fn matching(filters: usize, levels: usize) -> Self {
        Self::Match { filters, levels }
    }

    /// How many deliveries, acknowledgements or reports one step is.
    pub fn units(self) -> usize {
        match self {
            Self::FanOut { subscribers, .. }
            | Self::PubAcks { subscribers }
            | Self::Flushed { subscribers } => subscribers,
            Self::Match { .. } => 1,
        }
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FanOut { qos, subscribers } => {
                write!(f, "fan-out/qos-{}/{subscribers}", qos.number())
            }
            Self::PubAcks { subscribers } => write!(f, "puback/{subscribers}"),
            Self::Flushed { subscribers } => write!(f, "flushed/{subscribers}"),
            Self::Match { filters, levels } => write!(f, "match/{levels}-levels/{filters}"),
        }
    }
}

/// Work that can be done: call [`ready`](Self::ready), then [`step`](Self::step), which is what counts.
#[derive(Debug)]
pub struct Prepared<const TRACE: bool = false> {
    work: Work,
    rig: Rig<TRACE>,
    publisher: ConnId,
    subscribers: Vec<ConnId>,
    /// What each subscriber's next QoS 1 message will have; all have had equally many.
    packet_id: PacketId,
    unacknowledged: bool,
    topics: Vec<String>,
    next_topic: usize,
}

impl<const TRACE: bool> Prepared<TRACE> {
    /// Sets everything up.
    pub fn new(work: Work) -> Self {
        let mut rig = Rig::new();
        let publisher = rig.connect("publisher");
        let mut subscribers = Vec::new();
        let mut topics = vec![TOPIC.to_owned()];
        match work {
            Work::FanOut {
                subscribers: count, ..
            }
            | Work::PubAcks { subscribers: count }
            | Work::Flushed { subscribers: count } => {
                for number in 0..count {
                    let conn = rig.connect(&format!("subscriber-{number}"));
                    rig.subscribe(conn, std::iter::once(TOPIC.to_owned()), work.qos());
                    subscribers.push(conn);
                }
            }
            Work::Match { filters, levels } => {
                for from in (0..filters).step_by(FILTERS_AT_ONCE) {
                    let conn = rig.connect(&format!("subscriber-{from}"));
                    let some = from..filters.min(from + FILTERS_AT_ONCE);
                    let some = some.map(|number| path(number, levels, "+"));
                    rig.subscribe(conn, some, QoS::AtMostOnce);
                }
                let spread = (0..TOPICS).map(|at| at * filters / TOPICS);
                topics = spread.map(|number| path(number, levels, "any")).collect();
            }
        }
        Self {
            work,
            rig,
            publisher,
            subscribers,
            packet_id: PacketId::FIRST,
            unacknowledged: false,
            topics,
            next_topic: 0,
        }
    }

    /// Brings everything to where the step begins.
    pub fn ready(&mut self) {
        match self.work {
            Work::FanOut { .. } | Work::Match { .. } => {
                self.acknowledge();
                self.rig.flush();
            }
            Work::PubAcks { .. } => {
                self.publish();
                self.rig.flush();
            }
            Work::Flushed { .. } => self.publish(),
        }
    }

    /// Does the work once.
    pub fn step(&mut self) {
        match self.work {
            Work::FanOut { .. } | Work::Match { .. } => self.publish(),
            Work::PubAcks { .. } => self.acknowledge(),
            Work::Flushed { .. } => self.rig.flush(),
        }
    }

    /// The bytes that the last step has sent, which is more than none if it did what it should.
    pub fn take_bytes(&mut self) -> u64 {
        self.rig.take_bytes()
    }

    fn publish(&mut self) {
        let topic = &self.topics[self.next_topic];
        self.next_topic = (self.next_topic + 1) % self.topics.len();
        let qos = self.work.qos();
        self.rig
            .publish(self.publisher, topic, &PAYLOAD, qos, false);
        self.unacknowledged = qos == QoS::AtLeastOnce;
    }

    fn acknowledge(&mut self) {
        if std::mem::take(&mut self.unacknowledged) {
            for &conn in &self.subscribers {
                self.rig.puback(conn, self.packet_id);
            }
            self.packet_id = self.packet_id.next();
        }
    }
}

impl Work {
    fn qos(self) -> QoS {
        match self {
            Self::FanOut { qos, .. } => qos,
            Self::PubAcks { .. } => QoS::AtLeastOnce,
            Self::Flushed { .. } | Self::Match { .. } => QoS::AtMostOnce,
        }
    }
}

/// The filter or topic of this number: a tree with many branches, and one level in the middle that a filter leaves open.
fn path(number: usize, levels: usize, open: &str) -> String {
    let (low, rest) = (number % BRANCHES, number / BRANCHES);
    let (middle, high) = (rest % BRANCHES, rest / BRANCHES);
    let mut path = format!("plant/area-{high}/line-{middle}/{open}");
    for level in 4..levels - 1 {
        path.push_str(&format!("/part-{level}"));
    }
    path.push_str(&format!("/sensor-{low}"));
    path
}
