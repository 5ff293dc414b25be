//! What a broker on real sockets was handed, written down so that the same core can do it all again.
//!
//! A [`Header`] says how the broker began; each [`Entry`] is one thing that the core was handed, with what its driver
//! answered in between and a fingerprint of what the core then sent. [`Traffic::read`] reads a file of them, whoever
//! made it; [`replay`](Traffic::replay) has a broker do the same and compares; [`to_scenario`](Traffic::to_scenario)
//! makes a scenario of it, with clients that do what the recorded ones did.
//!
//! # The file
//! [`MAGIC`], [`FORMAT`] as two bytes (the lower first), then records: the length of each, as postcard writes a `u32`,
//! and the record, again as postcard writes it. The first is the header. A file that ends inside a record was cut off, and
//! everything before counts.
//!
//! # Several shards
//! Threads interleave as they like, and nobody can say what came first. What a shard does follows from what it was handed
//! alone, in its order, and from no other shard's doing but the words that it was told. So each entry names its shard, and
//! of a word there is only that it was heard: what it says follows from the entries of the shard that told it, which stand
//! before that. A connection has the same number in every shard, and is in one of them at a time.

mod entry;
mod note;
mod read;
mod rebuild;
mod replay;
#[cfg(test)]
mod tests;

use mqttlab_core::broker::shard::{Shard, ShardId};
use mqttlab_core::broker::{Broker, Config};
use mqttlab_core::time::Instant;
use serde::{Deserialize, Serialize};

use crate::disk::Record;
use crate::view::Micros;

pub use entry::{Answer, Entry, Fingerprint, What, Wrong};
pub use note::{Note, Noted, mask_sent, redacted};
pub use read::{RECORD_MAX, TrafficError};
pub use replay::{Difference, Replayed};

pub use crate::job::TRAFFIC as MAGIC;

/// The form of the records behind it; another one is not read.
pub const FORMAT: u16 = 3;

/// How the broker began.
#[derive(Debug, Serialize, Deserialize)]
pub struct Header {
    /// The program that wrote it: `mqttlab 0.1.0`.
    pub engine: String,
    /// When that was, in seconds since 1970.
    pub recorded_at: u64,
    /// What became of payloads.
    pub payloads: Payloads,
    /// How many shards the broker had, each in a thread of its own.
    pub shards: u16,
    /// Of each of them.
    config: Box<Config>,
    /// Of the first; that of the next is one more.
    seed: u64,
    now: Instant,
    /// Durable state that was there already.
    kept: Vec<Record>,
}

/// What is kept of payloads. Their length always is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Payloads {
    /// They are as they were.
    #[default]
    Kept,
    /// Equal ones are equal, and nothing else can be told of them.
    Hashed,
    /// Nothing.
    Omitted,
}

impl Header {
    /// A broker is recorded from here on, all of its shards: go on with those that are returned.
    ///
    /// `seed` is the one that the first goes on with, which must be nobody's secret; `mask` alters each payload.
    pub fn begin(
        engine: String,
        recorded_at: u64,
        shards: &[Broker],
        seed: u64,
        now: Instant,
        (payloads, mut mask): (Payloads, impl FnMut(&mut [u8])),
    ) -> (Self, Vec<Broker>) {
        let snapshot = |tell: &mut dyn FnMut(Record)| {
            for shard in shards {
                shard.snapshot(|change| tell(Record::from(change)));
            }
        };
        let mut kept = Vec::new();
        snapshot(&mut |mut record| {
            record.mask(&mut mask);
            kept.push(record);
        });
        let config = shards.first().map(|shard| shard.config().clone());
        let header = Self {
            engine,
            recorded_at,
            payloads,
            shards: shards.len() as u16,
            config: Box::new(config.unwrap_or_default()),
            seed,
            now,
            kept,
        };
        let mut live = Vec::new();
        snapshot(&mut |record| live.push(record));
        let brokers = header.begin_with(&live);
        (header, brokers)
    }

    /// The beginning of a file.
    ///
    /// # Panics
    /// Never: all of it has a form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(FORMAT.to_le_bytes());
        push_record(self, &mut bytes);
        bytes
    }

    /// The shards as they began.
    fn brokers(&self) -> Vec<Broker> {
        self.begin_with(&self.kept)
    }

    fn begin_with(&self, kept: &[Record]) -> Vec<Broker> {
        let shards = (0..self.shards).filter_map(|id| Shard::new(ShardId::new(id), self.shards));
        let begin = |shard: Shard| {
            let config = (*self.config).clone();
            let seed = self.seed.wrapping_add(shard.id().number().into());
            let changes = kept.iter().map(Record::change);
            Broker::restore_shard(config, seed, self.now, shard, changes)
        };
        shards.map(begin).collect()
    }
}

/// A file of traffic that was read.
#[derive(Debug)]
pub struct Traffic {
    /// How the broker began.
    pub header: Header,
    /// What happened: to each shard in its order, and a word that was heard behind what told it.
    pub entries: Vec<Entry>,
    /// The file ends in the middle of a record.
    pub is_cut: bool,
}

impl Traffic {
    /// Each entry with its time, since the beginning. Threads look at the clock before they do something, and then do much at
    /// that time: where another one has looked later and was sooner, it is shown as if both had been at the same time.
    fn timeline(&self) -> impl Iterator<Item = (Micros, &Entry)> {
        let mut of_shards = vec![0; usize::from(self.header.shards)];
        let mut at = 0;
        self.entries.iter().map(move |entry| {
            let of_shard = &mut of_shards[usize::from(entry.shard.number())];
            *of_shard += entry.after;
            at = at.max(*of_shard);
            (at, entry)
        })
    }
}

/// Appends a record with its length.
fn push_record(record: &impl Serialize, out: &mut Vec<u8>) {
    let body = postcard::to_allocvec(record).expect("records are data of known length");
    let length = u32::try_from(body.len()).expect("a record is far smaller than 4 GiB");
    let length = postcard::to_allocvec(&length).expect("a number has a form");
    out.extend(length);
    out.extend(body);
}
