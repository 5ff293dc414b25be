//! What all changes of a file make, and brokers as changes.

use std::borrow::Cow;

use mqttlab_core::broker::shard::{Shard, ShardId};
use mqttlab_core::broker::{Broker, Change, Config as BrokerConfig};
use mqttlab_core::time::Instant;

use super::super::bans::{Ban, Bans, Whom};
use super::super::shard::part;
use super::batch::Batch;
use super::record::{Decoder, Encoder, Record};
use super::salvage::Found;
use super::tidy::Extent;
use super::wall_clock;

/// What brokers are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan<'a> {
    /// Of all of them together.
    pub(crate) config: &'a BrokerConfig,
    pub(crate) seed: u64,
    /// How many event loops there are, each with a broker.
    pub(crate) loops: u16,
}

impl Plan<'_> {
    /// Brokers without sessions.
    pub(crate) fn brokers(&self) -> Vec<Broker> {
        self.each(|config, seed, shard| Broker::new(config, seed).into_shard(shard))
    }

    fn each(&self, make: impl Fn(BrokerConfig, u64, Shard) -> Broker) -> Vec<Broker> {
        let shards = (0..self.loops).filter_map(|id| Shard::new(ShardId::new(id), self.loops));
        shards
            .map(|shard| {
                let seed = self.seed.wrapping_add(shard.id().number().into());
                make(part(self.config, self.loops), seed, shard)
            })
            .collect()
    }
}

/// What all records of a file make.
pub(super) struct State {
    /// One for each event loop.
    pub(super) brokers: Vec<Broker>,
    pub(super) bans: Bans,
}

impl State {
    /// What the changes of a whole file make, and the time at which they do.
    pub(super) fn of(changes: &Batch, clock: Instant, plan: &Plan<'_>) -> (Self, Instant) {
        let now = Instant::from_micros(clock.as_micros().max(wall_clock()));
        let mut decoder = Decoder::default();
        let records: Vec<_> = changes
            .iter()
            .filter_map(|bytes| decoder.decode(bytes))
            .collect();
        let unknown = changes.extent().count - records.len() as u64;
        if unknown > 0 {
            tracing::error!(
                unknown,
                "changes in the store make no sense and are left out"
            );
        }
        (Self::play(plan, now, &records), now)
    }

    fn play(plan: &Plan<'_>, now: Instant, records: &[Record<'_>]) -> Self {
        let mut bans = Bans::default();
        for record in records {
            if let Record::Banned(whom, ban) = record {
                // There was room for it when it was written.
                let _ = bans.insert(whom.as_ref().clone(), ban.as_ref().clone(), now);
            } else if let Record::BanLifted(whom) = record {
                bans.remove(whom);
            }
        }
        let changes = || records.iter().filter_map(Record::change);
        let brokers = plan
            .each(|config, seed, shard| Broker::restore_shard(config, seed, now, shard, changes()));
        Self { brokers, bans }
    }

    /// All of it as changes.
    pub(super) fn snapshot(&self, now: Instant) -> Batch {
        let mut changes = Batch::default();
        self.each(|broker, bans| {
            changes.append(snapshot(broker, bans, now));
        });
        changes
    }

    /// How much of a file that would be.
    pub(super) fn live(&self, now: Instant) -> Extent {
        let mut all = Extent::default();
        self.each(|broker, bans| all = all + live(broker, bans, now));
        all
    }

    /// Tells of each broker, of the first with all bans.
    fn each(&self, mut tell: impl FnMut(&Broker, &Bans)) {
        let none = Bans::default();
        for (number, broker) in self.brokers.iter().enumerate() {
            tell(broker, if number == 0 { &self.bans } else { &none });
        }
    }
}

/// The state that the changes make, as far as they were found.
pub(super) fn restore(plan: &Plan<'_>, now: Instant, found: &Found) -> State {
    let mut decoder = Decoder::default();
    let mut records = Vec::with_capacity(found.changes.len());
    for salvaged in &found.changes {
        if salvaged.after_gap {
            // What went before it may be what is missing.
            decoder.forget_last();
        }
        records.extend(decoder.decode(&salvaged.bytes));
    }
    State::play(plan, now, &records)
}

/// Whether a change is worth a place on the disk: what the broker says of itself is not.
pub(crate) fn is_kept(change: &Change<'_>) -> bool {
    match change {
        Change::Retained { message } => !message.topic.starts_with("$SYS/"),
        Change::RetainedRemoved { topic } => !topic.starts_with("$SYS/"),
        Change::SessionStarted { .. }
        | Change::SessionOwner { .. }
        | Change::SessionExpiry { .. }
        | Change::SessionEnded { .. }
        | Change::Subscribed { .. }
        | Change::Unsubscribed { .. }
        | Change::Queued { .. }
        | Change::Sent { .. }
        | Change::Dropped { .. }
        | Change::Released { .. }
        | Change::Completed { .. }
        | Change::Received { .. }
        | Change::ReceiveCompleted { .. }
        | Change::WillSet { .. }
        | Change::WillRemoved { .. }
        | Change::PassedOn { .. }
        | Change::Heard { .. } => true,
    }
}

/// The whole durable state as changes.
pub(super) fn snapshot(broker: &Broker, bans: &Bans, now: Instant) -> Batch {
    let (mut encoder, mut changes) = (Encoder::of_state(), Batch::default());
    each_kept(broker, bans, now, |kept| {
        kept.encode(&mut encoder, &mut changes);
    });
    changes
}

/// How much of a file that would be.
pub(super) fn live(broker: &Broker, bans: &Bans, now: Instant) -> Extent {
    let (mut encoder, mut batch) = (Encoder::of_state(), Batch::default());
    let mut live = Extent::default();
    each_kept(broker, bans, now, |kept| {
        kept.encode(&mut encoder, &mut batch);
        live = live + batch.extent();
        batch.clear();
    });
    live
}

/// What one record tells of.
enum Item<'a> {
    Ban(&'a Whom, &'a Ban),
    Change(&'a Change<'a>),
}

impl Item<'_> {
    fn encode(&self, encoder: &mut Encoder, batch: &mut Batch) {
        match *self {
            Self::Ban(whom, ban) => {
                batch.push(&Record::Banned(Cow::Borrowed(whom), Cow::Borrowed(ban)));
            }
            Self::Change(change) => encoder.encode(change, batch),
        }
    }
}

fn each_kept(broker: &Broker, bans: &Bans, now: Instant, mut tell: impl FnMut(Item<'_>)) {
    for (whom, ban) in bans.iter(now) {
        tell(Item::Ban(whom, ban));
    }
    broker.snapshot(|change| {
        if is_kept(change) {
            tell(Item::Change(change));
        }
    });
}
