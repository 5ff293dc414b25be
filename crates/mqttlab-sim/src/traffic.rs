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

mod entry;
mod note;
mod read;
mod rebuild;
mod replay;
#[cfg(test)]
mod tests;

use mqttlab_core::broker::{Broker, Config};
use mqttlab_core::time::Instant;
use serde::{Deserialize, Serialize};

use crate::disk::Record;

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
    config: Box<Config>,
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
    /// A broker is recorded from here on: go on with the one that is returned.
    ///
    /// `seed` is the one that the broker goes on with, which must be nobody's secret; `mask` alters each payload.
    pub fn begin(
        engine: String,
        recorded_at: u64,
        broker: &Broker,
        seed: u64,
        now: Instant,
        (payloads, mut mask): (Payloads, impl FnMut(&mut [u8])),
    ) -> (Self, Broker) {
        let mut kept = Vec::new();
        broker.snapshot(|change| {
            let mut record = Record::from(change);
            record.mask(&mut mask);
            kept.push(record);
        });
        let header = Self {
            engine,
            recorded_at,
            payloads,
            config: Box::new(broker.config().clone()),
            seed,
            now,
            kept,
        };
        let mut live = Vec::new();
        broker.snapshot(|change| live.push(Record::from(change)));
        let broker = Broker::restore(
            broker.config().clone(),
            seed,
            now,
            live.iter().map(Record::change),
        );
        (header, broker)
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

    /// The broker as it began.
    fn broker(&self) -> Broker {
        let kept = self.kept.iter().map(Record::change);
        Broker::restore((*self.config).clone(), self.seed, self.now, kept)
    }
}

/// A file of traffic that was read.
#[derive(Debug)]
pub struct Traffic {
    /// How the broker began.
    pub header: Header,
    /// What happened, in its order.
    pub entries: Vec<Entry>,
    /// The file ends in the middle of a record.
    pub is_cut: bool,
}

/// Appends a record with its length.
fn push_record(record: &impl Serialize, out: &mut Vec<u8>) {
    let body = postcard::to_allocvec(record).expect("records are data of known length");
    let length = u32::try_from(body.len()).expect("a record is far smaller than 4 GiB");
    let length = postcard::to_allocvec(&length).expect("a number has a form");
    out.extend(length);
    out.extend(body);
}
