//! Several brokers that are one: *shards*, each with the sessions whose Client Identifiers are its own.
//!
//! A shard is an ordinary [`Broker`](crate::broker::Broker), and whoever drives several of them carries *words* between
//! them, one after the other for each pair, as slowly as it likes. There is no shared state:
//!
//! - A session belongs to the shard that [`owner_of`] its Client Identifier names. Whatever is about one session alone is
//!   therefore as it is in one broker: takeover, what waits, Packet Identifiers, the will.
//! - A message is routed by the shard of its publisher to that shard's own sessions, and told to all others that may
//!   have use for it, as far as they have said (`interest`). They route it to theirs and tell nobody. A payload is stored once, whoever has it.
//! - Messages are counted in Lamport's manner: a shard that hears of a larger number goes on from there. The remainder of
//!   a number by the count of shards is the shard that gave it, so no number is given twice, and what a client causes
//!   after it has heard of something has the larger number.
//! - Retained messages are in every shard. Of two for one topic the larger number wins, wherever they meet; a removal
//!   counts as one of them, and is remembered until nothing older can come (`removed`). Only the shard to which the topic
//!   hashes tells the store of it.
//! - Members of shared subscriptions are known to every shard, so that the shard of the publisher chooses, and tells the
//!   one that has the member. There is no shard that owns the group: it would be one more stop for each message, and
//!   would have to wait for the member's shard before it could confirm anything itself. The price is that each shard
//!   takes turns by itself, and does not see whether a member elsewhere has room, only whether it is connected.
//!
//! # What the driver owes
//!
//! - Words of one shard to another arrive in the order in which they were told.
//! - What a shard says after it has told a word that [wants an answer](Word::wants_answer) leaves only when everybody who
//!   was told has *confirmed*: has handled the word and stored what came of it. A confirmation comes in the same stream
//!   as the words, behind those that were told while what it confirms was handled. It never waits for another one, so
//!   nobody can wait in a circle.
//! - What a shard tells while it handles a word itself (a message for a member that is gone, sent back) is waited for by
//!   all that it still holds back.
//! - The store is given the changes of a call before the words of that call go out, and keeps the changes of all shards
//!   in that one order: what it has after a crash never has an effect without its cause.
//! - All shards have the same time line.

mod group;
mod hear;
mod interest;
mod letter;
mod members;
mod once;
mod removed;
mod tell;
mod word;

use core::fmt;

pub(super) use group::Peers;
pub(super) use interest::Interests;
pub(super) use letter::Letter;
pub(super) use word::Chosen;
pub use word::Word;

/// The most shards that one broker can have.
pub const SHARDS_MAX: u16 = 64;

/// The name of a shard: its place among all of them, from 0 on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ShardId(u16);

impl ShardId {
    /// The shard at this place.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// Its place.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One shard of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    id: ShardId,
    of: u16,
}

impl Shard {
    /// The only one.
    pub const ONE: Self = Self {
        id: ShardId(0),
        of: 1,
    };

    /// The shard `id` of `of`; `None` unless `id < of` and `of` is 1 to [`SHARDS_MAX`].
    ///
    /// ```
    /// use mqttlab_core::broker::shard::{Shard, ShardId};
    /// assert!(Shard::new(ShardId::new(2), 3).is_some());
    /// assert!(Shard::new(ShardId::new(3), 3).is_none());
    /// ```
    pub const fn new(id: ShardId, of: u16) -> Option<Self> {
        if id.0 < of && of <= SHARDS_MAX {
            Some(Self { id, of })
        } else {
            None
        }
    }

    /// Its name.
    pub const fn id(self) -> ShardId {
        self.id
    }

    /// How many there are.
    pub const fn of(self) -> u16 {
        self.of
    }

    /// Whether the session of this client is here.
    pub fn owns(self, client_id: &str) -> bool {
        self.of == 1 || owner_of(client_id, self.of) == self.id
    }
}

/// To whom a word is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// This shard.
    One(ShardId),
    /// All but the one that tells.
    Others,
}

impl To {
    /// The shards that are meant when `from`, one of `of`, says it.
    pub fn shards(self, from: ShardId, of: u16) -> impl Iterator<Item = ShardId> {
        (0..of).map(ShardId).filter(move |&shard| match self {
            Self::One(one) => shard == one,
            Self::Others => shard != from,
        })
    }
}

/// What there may be only so many of in all shards together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// The connection that sends CONNECT; it was opened, and counts already.
    Connection,
    /// One more session. Where there is room the session begins in the same call, if nothing else keeps it from it.
    Session,
}

/// The shard, of so many, that has the session of this client.
///
/// It is the same in every build and in every run, so that stores and threads agree.
///
/// ```
/// use mqttlab_core::broker::shard::owner_of;
/// assert_eq!(owner_of("sensor", 1).number(), 0);
/// assert!(owner_of("sensor", 5).number() < 5);
/// ```
///
/// # Panics
/// If `of` is 0.
pub fn owner_of(client_id: &str, of: u16) -> ShardId {
    // FNV-1a, and a last mixing: its lowest bits alone depend on the lowest bits of the letters.
    let mut hash: u64 = 0xCBF2_9CE4_8422_2325;
    for byte in client_id.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    hash ^= hash >> 32;
    ShardId((hash % u64::from(of)) as u16)
}
