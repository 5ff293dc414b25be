//! Reading a file of traffic, whoever made it.

use std::collections::BTreeMap;
use std::fmt;

use mqttlab_core::broker::shard::{SHARDS_MAX, ShardId};
use serde::de::DeserializeOwned;

use super::{Entry, FORMAT, Header, MAGIC, Traffic, What};

/// The longest record, in bytes: what was kept when a broker began is one.
pub const RECORD_MAX: usize = 256 << 20;
/// No recording is of a later time, or takes so long: a millennium.
const TIME_MAX: u64 = 1_000 * 366 * 24 * 3_600 * 1_000_000;

/// Why bytes are no traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrafficError {
    /// It is another kind of file.
    NoTraffic,
    /// It has a form that this program does not know.
    OtherFormat(u16),
    /// It is longer than the reader takes.
    TooLong,
    /// It ends before it says how the broker began.
    NoHeader,
    /// Counted from 1, this record is none.
    Damaged(usize),
    /// Counted from 1, this record cannot follow those before it.
    Impossible(usize),
}

impl fmt::Display for TrafficError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTraffic => f.write_str("this is no recording of a broker"),
            Self::OtherFormat(format) => write!(
                f,
                "it was recorded by another version of this program (form {format}, this one knows {FORMAT})"
            ),
            Self::TooLong => f.write_str("it is too long"),
            Self::NoHeader => f.write_str("it ends before it says how the broker began"),
            Self::Damaged(record) => write!(f, "record {record} makes no sense"),
            Self::Impossible(record) => {
                write!(f, "record {record} cannot follow those before it")
            }
        }
    }
}

impl std::error::Error for TrafficError {}

impl Traffic {
    /// Whether a file that begins so is meant to be traffic.
    pub fn is_meant(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    /// Reads a file of at most `bytes_max` bytes. One that was cut off is read up to there.
    ///
    /// # Errors
    /// When it is no traffic, or says something that cannot have been.
    pub fn read(bytes: &[u8], bytes_max: usize) -> Result<Self, TrafficError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(TrafficError::NoTraffic)?;
        let (format, mut rest) = rest.split_first_chunk().ok_or(TrafficError::NoHeader)?;
        let format = u16::from_le_bytes(*format);
        if format != FORMAT {
            return Err(TrafficError::OtherFormat(format));
        }
        if bytes.len() > bytes_max {
            return Err(TrafficError::TooLong);
        }
        let header: Header = match next(&mut rest, 1)? {
            Some(header) => header,
            None => return Err(TrafficError::NoHeader),
        };
        if header.now.as_micros() > TIME_MAX || !(1..=SHARDS_MAX).contains(&header.shards) {
            return Err(TrafficError::Impossible(1));
        }
        let mut entries: Vec<Entry> = Vec::new();
        let mut homes = Homes::default();
        let mut at = vec![0_u64; usize::from(header.shards)];
        while !rest.is_empty() {
            let number = entries.len() + 2;
            let Some(entry) = next::<Entry>(&mut rest, number)? else {
                break;
            };
            let shard = entry.shard;
            let is_shard = |shard: ShardId| shard.number() < header.shards;
            if !is_shard(shard) {
                return Err(TrafficError::Impossible(number));
            }
            let is_possible = match &entry.what {
                // The core relies on its driver for that much.
                What::Open { conn } => homes.open(*conn, shard),
                What::Leave { conn } => {
                    homes.leave(*conn, shard);
                    true
                }
                What::Peer { from } => is_shard(*from) && *from != shard,
                What::End { .. } => rest.is_empty(),
                What::Packet { .. }
                | What::Malformed { .. }
                | What::Lost { .. }
                | What::Flushed { .. }
                | What::Authorized { .. }
                | What::Close { .. }
                | What::EndSession { .. }
                | What::Publish { .. }
                | What::Configure(_)
                | What::Wake => true,
            };
            let at = &mut at[usize::from(shard.number())];
            *at = at.saturating_add(entry.after);
            if *at > TIME_MAX || !is_possible {
                return Err(TrafficError::Impossible(number));
            }
            entries.push(entry);
        }
        let is_cut = !rest.is_empty();
        Ok(Self {
            header,
            entries,
            is_cut,
        })
    }
}

/// Which shards connections were opened in.
#[derive(Default)]
struct Homes(BTreeMap<u64, Home>);

/// Where a connection is.
enum Home {
    /// Where it was opened first.
    First(ShardId),
    /// Nowhere: it has left that shard.
    Left(ShardId),
    /// Where it stays.
    Last,
}

impl Homes {
    /// Says whether that can be: no name is used twice in a shard.
    fn open(&mut self, conn: u64, shard: ShardId) -> bool {
        let home = match self.0.get(&conn) {
            None => Home::First(shard),
            Some(Home::Left(from)) if *from != shard => Home::Last,
            Some(Home::Left(_) | Home::First(_) | Home::Last) => return false,
        };
        self.0.insert(conn, home);
        true
    }

    fn leave(&mut self, conn: u64, shard: ShardId) {
        if let Some(home) = self.0.get_mut(&conn)
            && matches!(home, Home::First(first) if *first == shard)
        {
            *home = Home::Left(shard);
        }
    }
}

/// Takes the next record off the front of `rest`; `None` where not all of it is there.
fn next<T: DeserializeOwned>(rest: &mut &[u8], number: usize) -> Result<Option<T>, TrafficError> {
    let damaged = TrafficError::Damaged(number);
    let (length, behind) = match postcard::take_from_bytes::<u32>(rest) {
        Ok(taken) => taken,
        Err(postcard::Error::DeserializeUnexpectedEnd) => return Ok(None),
        Err(_) => return Err(damaged),
    };
    let length = length as usize;
    if length > RECORD_MAX {
        return Err(damaged);
    }
    let Some((body, behind)) = behind.split_at_checked(length) else {
        return Ok(None);
    };
    // All of it, and nothing else.
    let (record, left) = postcard::take_from_bytes(body).map_err(|_| damaged)?;
    if !left.is_empty() {
        return Err(damaged);
    }
    *rest = behind;
    Ok(Some(record))
}
