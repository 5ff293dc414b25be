//! What can happen in a random run, and which of it does in this one.

use std::vec::Vec;

use super::reference::{Losses, Subscription};
use crate::broker::{Config, Overlap, QueueFull, WillOnTakeover};
use crate::packet::{QoS, RetainHandling, SubscriptionOptions, Version};
use crate::rng::Rng;

pub(super) const NAMES: [&str; 4] = ["a", "b", "c", "d"];
/// One for each client, so that wills that are due at the same moment do not meet.
pub(super) const WILL_TOPICS: [&str; 4] = ["t/w/a", "t/w/b", "t/w/c", "t/w/d"];
const TOPICS: [&str; 5] = ["t", "t/u", "t/v", "t/u/v", "$x/u"];
const FILTERS: [&str; 8] = ["t", "t/#", "+/u", "#", "t/+/v", "t/w/+", "$x/+", "t/+"];
/// No topic is for two of them: nobody could say which of them a message has come by.
const SHARED: [&str; 3] = ["$share/g/t", "$share/g/t/u/#", "$share/h/+/v"];
const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

/// One thing that happens. What cannot be done at its moment is passed over, so that any part of a run is a run.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Connect(&'static str, Connecting),
    Publish {
        client: &'static str,
        topic: &'static str,
        qos: QoS,
        retain: bool,
        empty: bool,
        /// Message Expiry Interval, for clients whose version has one.
        expiry_s: Option<u32>,
        /// With so much payload that not every client takes it.
        large: bool,
    },
    /// Sends the oldest QoS 2 message again that is not released.
    Repeat(&'static str),
    /// Sends PUBREL for it.
    Release(&'static str),
    Subscribe {
        client: &'static str,
        filter: &'static str,
        subscription: Subscription,
    },
    Unsubscribe(&'static str, &'static str),
    /// Answers so many messages.
    Acknowledge(&'static str, u64),
    Lose(&'static str),
    Disconnect(&'static str),
    Kick(&'static str),
    /// Stops reading.
    Stall(&'static str),
    Read(&'static str),
    /// Milliseconds.
    Wait(u64),
    /// The broker is made again from what it had stored.
    Restart,
    /// What a client may receive from now on: not this topic, or this topic again.
    Deny(&'static str, &'static str),
    Permit(&'static str, &'static str),
    /// Whether a client's will may be published from now on.
    AllowWill(&'static str, bool),
    /// The broker publishes by itself.
    Own(&'static str, QoS, bool),
}

/// How a client connects.
#[derive(Clone, Debug)]
pub(super) struct Connecting {
    pub(super) version: Version,
    pub(super) clean: bool,
    pub(super) expiry_s: u32,
    pub(super) receive_maximum: u16,
    pub(super) packet_size_max: Option<u32>,
    /// QoS, RETAIN and delay.
    pub(super) will: Option<(QoS, bool, u32)>,
}

impl Connecting {
    /// To be told whatever is still owed.
    pub(super) const fn back() -> Self {
        Self {
            version: Version::V5,
            clean: false,
            expiry_s: 1_000,
            receive_maximum: 3,
            packet_size_max: None,
            will: None,
        }
    }
}

/// What is switched on in a run: a run with everything on seldom gets far in anything.
#[derive(Clone, Debug)]
pub(super) struct Swarm {
    pub(super) config: Config,
    pub(super) losses: Losses,
    versions: Vec<Version>,
    clients: u64,
    /// How often each kind of action is drawn, from 0 on.
    weights: [u64; 14],
    resumes: bool,
    wills: bool,
    retains: bool,
    expires: bool,
    sizes: bool,
    shares: bool,
}

impl Swarm {
    pub(super) fn new(rng: &mut Rng) -> Self {
        let lossy = rng.chance(1, 5);
        let stalls = rng.chance(1, 3);
        let mut on = |weight: u64, of: u64| if rng.chance(1, of) { 0 } else { weight };
        let weights = [
            6,
            14,
            on(2, 2),
            on(4, 3),
            8,
            on(2, 2),
            on(12, 6),
            on(3, 3),
            on(2, 2),
            on(1, 2),
            if stalls { 3 } else { 0 },
            on(2, 3),
            on(1, 2),
            on(3, 2),
        ];
        let versions = match rng.below(4) {
            0 => [Version::V5].into(),
            1 => [Version::V3_1_1].into(),
            _ => [Version::V3_1, Version::V3_1_1, Version::V5].into(),
        };
        let (expires, sizes) = (rng.chance(1, 2), rng.chance(1, 3));
        let default = Config::default();
        let config = Config {
            in_flight_max: 1 + rng.below(5) as u16,
            receive_maximum: 1 + rng.below(4) as u16,
            receive_maximum_v3: 1 + rng.below(4) as u16,
            queue_messages_max: if lossy { rng.below(5) as u32 } else { 10_000 },
            queue_full: pick(rng, &[QueueFull::DropNewest, QueueFull::DropOldest]),
            queue_qos0: rng.chance(1, 2),
            out_bytes_max: if stalls { 60 + rng.below(200) } else { 1 << 20 },
            retained_credit: if stalls { rng.below(100) } else { 1 << 16 },
            overlap: pick(rng, &[Overlap::OneCopy, Overlap::PerSubscription]),
            will_on_takeover: pick(
                rng,
                &[WillOnTakeover::BeforeConnack, WillOnTakeover::AfterConnack],
            ),
            session_expiry_v3_s: 1 + rng.below(60) as u32,
            // With aliases nobody outside knows how large a packet is.
            topic_alias_out_max: if sizes { 0 } else { rng.below(3) as u16 },
            ..default
        };
        Self {
            losses: Losses {
                queued: lossy,
                unread: stalls,
                absent: !config.queue_qos0,
            },
            config,
            versions,
            clients: 2 + rng.below(3),
            weights,
            resumes: rng.chance(3, 4),
            wills: rng.chance(1, 2),
            retains: rng.chance(2, 3),
            expires,
            sizes,
            shares: rng.chance(1, 3),
        }
    }

    pub(super) fn action(&self, rng: &mut Rng) -> Action {
        let client = NAMES[rng.below(self.clients) as usize];
        let mut drawn = rng.below(self.weights.iter().sum());
        let kind = self.weights.iter().position(|weight| {
            let hit = drawn < *weight;
            drawn = drawn.saturating_sub(*weight);
            hit
        });
        match kind.unwrap_or(0) {
            0 => Action::Connect(client, self.connecting(rng)),
            1 => self.publish(rng, client),
            2 => Action::Repeat(client),
            3 => Action::Release(client),
            4 => self.subscribe(rng, client),
            5 => Action::Unsubscribe(client, self.filter(rng)),
            6 => Action::Acknowledge(client, 1 + rng.below(4)),
            7 => Action::Lose(client),
            8 => Action::Disconnect(client),
            9 => Action::Kick(client),
            10 if rng.chance(1, 2) => Action::Stall(client),
            10 => Action::Read(client),
            11 => Action::Wait(rng.below(30_000)),
            13 => self.rights(rng, client),
            _ if rng.chance(1, 2) => Action::Restart,
            _ => Action::Own(
                pick(rng, &TOPICS),
                pick(rng, &QOS),
                self.retains && rng.chance(1, 3),
            ),
        }
    }

    fn connecting(&self, rng: &mut Rng) -> Connecting {
        let version = pick(rng, &self.versions);
        let delay_s = if version == Version::V5 {
            rng.below(20) as u32
        } else {
            0
        };
        let will = (self.wills && rng.chance(1, 2)).then(|| {
            let retain = self.retains && rng.chance(1, 3);
            (pick(rng, &QOS), retain, delay_s.saturating_sub(5))
        });
        Connecting {
            version,
            clean: !self.resumes || rng.chance(1, 4),
            expiry_s: rng.below(60).saturating_sub(10) as u32,
            receive_maximum: 1 + rng.below(4) as u16,
            packet_size_max: (self.sizes && rng.chance(1, 2)).then(|| 45 + rng.below(30) as u32),
            will,
        }
    }

    fn filter(&self, rng: &mut Rng) -> &'static str {
        if self.shares && rng.chance(1, 2) {
            pick(rng, &SHARED)
        } else {
            pick(rng, &FILTERS)
        }
    }

    fn publish(&self, rng: &mut Rng, client: &'static str) -> Action {
        let retain = self.retains && rng.chance(1, 3);
        Action::Publish {
            client,
            topic: pick(rng, &TOPICS),
            qos: pick(rng, &QOS),
            retain,
            empty: retain && rng.chance(1, 4),
            expiry_s: (self.expires && rng.chance(1, 2)).then(|| rng.below(20) as u32),
            large: self.sizes && rng.chance(1, 3),
        }
    }

    fn rights(&self, rng: &mut Rng, client: &'static str) -> Action {
        match rng.below(6) {
            0 => Action::AllowWill(client, rng.chance(1, 2)),
            1..=3 => Action::Permit(client, pick(rng, &TOPICS)),
            _ => Action::Deny(client, pick(rng, &TOPICS)),
        }
    }

    fn subscribe(&self, rng: &mut Rng, client: &'static str) -> Action {
        let handling = [
            RetainHandling::Send,
            RetainHandling::SendIfNew,
            RetainHandling::DoNotSend,
        ];
        Action::Subscribe {
            client,
            filter: self.filter(rng),
            subscription: Subscription {
                options: SubscriptionOptions {
                    qos: pick(rng, &QOS),
                    no_local: rng.chance(1, 4),
                    retain_as_published: rng.chance(1, 3),
                    retain_handling: pick(rng, &handling),
                },
                identifier: rng.below(4) as u32,
            },
        }
    }
}

fn pick<T: Copy>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.below(of.len() as u64) as usize]
}
