//! Writing down what the core is handed, for `mqttlab replay` and the Lab.
//!
//! A loop only appends to a buffer; a thread of its own writes those of all loops. Where that does not keep up the recording
//! ends, and the broker goes on.
//!
//! Whatever leaves a loop, a letter to another one, a connection that goes there or bytes to a client, leaves after the
//! buffer in which its cause was noted. So nothing in the file stands before what it follows from, wherever the file is
//! cut; and once something was not written, nothing that follows from it is.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mqttlab_core::broker::shard::ShardId;
use mqttlab_core::broker::{Broker, Input, Sink};
use mqttlab_core::id::ConnId;
use mqttlab_core::packet::{Packet, Version};
use mqttlab_core::time::Instant;
use mqttlab_sim::traffic::{Header, MAGIC, Note, Noted, Payloads, What, mask_sent, redacted};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::shard::serial;
use crate::Failure;
use crate::failure::why;

/// Buffers that may wait for the disk, for each loop.
const WAITING_MAX: usize = 256;
/// Bytes that may wait for it, of all loops.
const WAITING_BYTES_MAX: u64 = 128 << 20;
/// Earlier recordings of one name that are kept.
const FORMER_MAX: u32 = 9;
/// A buffer this large is handed over in the middle of a round.
const BUFFER_MAX: usize = 1 << 20;

/// What to record, and how much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Record {
    /// The file; an earlier recording of that name is given another. Without one nothing is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<PathBuf>,
    /// The longest file, in bytes.
    pub(crate) bytes_max: u64,
    /// For how long; 0 for without end.
    pub(crate) seconds_max: u32,
    pub(crate) payloads: Payloads,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            path: None,
            bytes_max: 64 << 20,
            seconds_max: 3_600,
            payloads: Payloads::Kept,
        }
    }
}

/// Reads an option.
///
/// # Errors
/// When it is another word.
pub(crate) fn payloads(text: &str) -> Result<Payloads, String> {
    match text {
        "kept" => Ok(Payloads::Kept),
        "hashed" => Ok(Payloads::Hashed),
        "omitted" => Ok(Payloads::Omitted),
        _ => Err("it is kept, hashed or omitted".into()),
    }
}

/// What one loop writes down.
pub(crate) struct Recorder {
    file: Arc<File>,
    shard: ShardId,
    /// What was noted and is not on its way to the thread.
    buffer: Vec<u8>,
    /// The packet that is about to be handed over.
    packet: Vec<u8>,
    last: Instant,
    until: Option<Instant>,
    mask: Mask,
    /// The versions of connections, where payloads are altered.
    versions: HashMap<ConnId, Version>,
}

/// The recording of all loops.
struct File {
    sender: SyncSender<Part>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Nothing more is written.
    is_over: AtomicBool,
    /// It has ended while the broker goes on: nobody waits for what is still to be written.
    is_left: AtomicBool,
    /// Bytes that may still be written.
    room: AtomicU64,
    /// Bytes that wait for the disk.
    waiting: Arc<AtomicU64>,
}

/// What the thread writes.
enum Part {
    Entries(Vec<u8>),
    /// And nothing behind it.
    End(Vec<u8>),
}

/// What becomes of payloads.
#[derive(Clone, Copy)]
struct Mask {
    payloads: Payloads,
    key: [u8; 32],
}

impl Mask {
    fn apply(&self, payload: &mut [u8]) {
        let was_text = std::str::from_utf8(payload).is_ok();
        match self.payloads {
            Payloads::Kept => return,
            Payloads::Omitted => payload.fill(b'.'),
            Payloads::Hashed => {
                let hash = Sha256::new()
                    .chain_update(self.key)
                    .chain_update(&*payload)
                    .finalize();
                let digits = hash.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
                let digits: Vec<u8> = digits
                    .map(|digit| b"0123456789abcdef"[digit as usize])
                    .collect();
                for (byte, digit) in payload.iter_mut().zip(digits.iter().cycle()) {
                    *byte = *digit;
                }
            }
        }
        // A broker that looks whether payloads are text shall find the same.
        if let (false, Some(first)) = (was_text, payload.first_mut()) {
            *first = 0xFF;
        }
    }
}

/// Begins a recording where one is wanted; what goes on are the brokers that are returned, each with its recorder.
///
/// # Errors
/// As [`start`].
pub(crate) fn begin(
    record: &Record,
    brokers: Vec<Broker>,
    now: Instant,
) -> Result<(Vec<Broker>, Vec<Recorder>), Failure> {
    match &record.path {
        None => Ok((brokers, Vec::new())),
        Some(path) => start(record, path, &brokers, now),
    }
}

/// Begins a recording of `brokers`; what goes on are those that are returned.
///
/// # Errors
/// When the file is there and no recording, or cannot be made.
fn start(
    record: &Record,
    path: &Path,
    brokers: &[Broker],
    now: Instant,
) -> Result<(Vec<Broker>, Vec<Recorder>), Failure> {
    let complain =
        |error: io::Error| Failure::usage(format!("recording {}: {}", path.display(), why(&error)));
    make_way(path).map_err(complain)?;
    let mut file = create(path).map_err(complain)?;
    let no_random =
        |error| Failure::running(format!("the system gives no random numbers: {error}"));
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(no_random)?;
    let seed = getrandom::u64().map_err(no_random)?;
    let mask = Mask {
        payloads: record.payloads,
        key,
    };
    let engine = concat!("mqttlab ", env!("CARGO_PKG_VERSION")).to_owned();
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    let recorded_at = since_1970.map_or(0, |since| since.as_secs());
    let payloads = (record.payloads, |payload: &mut [u8]| mask.apply(payload));
    let (header, brokers) = Header::begin(engine, recorded_at, brokers, seed, now, payloads);
    let header = header.to_bytes();
    let room = record.bytes_max.saturating_sub(header.len() as u64);
    if room == 0 {
        return Err(Failure::usage(format!(
            "recording {}: what the broker has kept takes more than record.bytes-max already",
            path.display()
        )));
    }
    let (sender, parts) = mpsc::sync_channel(WAITING_MAX * brokers.len());
    let waiting = Arc::new(AtomicU64::new(0));
    let written = Arc::clone(&waiting);
    let writer = std::thread::Builder::new()
        .name("recorder".into())
        .spawn(move || match write(&mut file, &header, &parts, &written) {
            Ok(()) => {}
            Err(error) => tracing::error!(%error, "the recording ends: it cannot be written"),
        })
        .map_err(complain)?;
    tracing::info!(file = %path.display(), payloads = ?record.payloads, "recording");
    let span = Duration::from_secs(record.seconds_max.into());
    let file = Arc::new(File {
        sender,
        writer: Mutex::new(Some(writer)),
        is_over: AtomicBool::new(false),
        is_left: AtomicBool::new(false),
        room: AtomicU64::new(room),
        waiting,
    });
    let recorders = brokers.iter().map(|broker| Recorder {
        file: Arc::clone(&file),
        shard: broker.shard().id(),
        buffer: Vec::new(),
        packet: Vec::new(),
        last: now,
        until: (!span.is_zero()).then(|| now + span),
        mask,
        versions: HashMap::new(),
    });
    let recorders = recorders.collect();
    Ok((brokers, recorders))
}

/// Gives an earlier recording of this name another one with a number: a broker that is started again after a crash goes on.
/// The last number is that of the latest, in place of the one that had it.
fn make_way(path: &Path) -> io::Result<()> {
    if !holds_recording(path)? {
        return Ok(());
    }
    let numbered = |number: u32| {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{number}"));
        path.with_file_name(name)
    };
    let mut free = (1..FORMER_MAX).map(numbered).filter(|path| !path.exists());
    let numbered = free.next().unwrap_or_else(|| numbered(FORMER_MAX));
    holds_recording(&numbered)?;
    fs::rename(path, &numbered)?;
    tracing::info!(recording = %path.display(), kept_as = %numbered.display(), "an earlier recording has another name now");
    Ok(())
}

/// Whether there is a recording.
///
/// # Errors
/// When there is something else.
fn holds_recording(path: &Path) -> io::Result<bool> {
    let is_file = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        former => former?.is_file(),
    };
    let mut head = Vec::new();
    if is_file {
        let former = fs::File::open(path)?;
        former.take(MAGIC.len() as u64).read_to_end(&mut head)?;
    }
    // One that was cut at once is one too.
    match is_file && MAGIC.starts_with(&head) {
        true => Ok(true),
        false => Err(io::Error::other(format!(
            "{} is there, and no recording; name another file",
            path.display()
        ))),
    }
}

/// A file that was not there.
fn create(path: &Path) -> io::Result<fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // Topics and messages are nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes what comes until nothing more comes.
///
/// # Errors
/// When it cannot be written, or may not be on the disk.
fn write(
    file: &mut fs::File,
    header: &[u8],
    parts: &mpsc::Receiver<Part>,
    waiting: &AtomicU64,
) -> io::Result<()> {
    file.write_all(header)?;
    for part in parts {
        match part {
            Part::Entries(bytes) => {
                file.write_all(&bytes)?;
                waiting.fetch_sub(bytes.len() as u64, Ordering::Relaxed);
            }
            Part::End(bytes) => {
                file.write_all(&bytes)?;
                break;
            }
        }
    }
    file.sync_all()
}

impl File {
    /// Whether there is room in the file for so much, which is taken up then.
    fn takes(&self, bytes: usize) -> bool {
        let take = |room: u64| room.checked_sub(bytes as u64);
        self.room
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_ok()
    }

    /// Sends entries on their way. Says whether the disk keeps up.
    fn send(&self, entries: Vec<u8>) -> bool {
        let length = entries.len() as u64;
        let waiting = self.waiting.fetch_add(length, Ordering::Relaxed);
        waiting + length <= WAITING_BYTES_MAX
            && self.sender.try_send(Part::Entries(entries)).is_ok()
    }

    /// Nothing is written any more but `last`, and why. What other loops have not sent before this is lost, and so is what
    /// follows from it.
    fn end(&self, shard: ShardId, mut last: Vec<u8>, why: &str) {
        if self.is_over.swap(true, Ordering::SeqCst) {
            return;
        }
        tracing::info!(why, "the recording ended");
        let why = why.to_owned();
        Note::default()
            .entry(shard, 0, What::End { why })
            .to_bytes(&mut last);
        // Where it does not arrive the file ends without a word.
        let _ = self.sender.try_send(Part::End(last));
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.end(ShardId::default(), Vec::new(), "the broker stopped");
        // A thread that is gone has said what was wrong.
        let writer = self.writer.get_mut();
        let writer = writer.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer.filter(|_| !*self.is_left.get_mut()) {
            let _ = writer.join();
        }
    }
}

impl Recorder {
    /// The next thing that is handed over is this packet.
    pub(super) fn packet(&mut self, packet: &Packet<'_>, bytes: &[u8], version: Version) {
        let mask = self.mask;
        self.packet = redacted(packet, bytes, version, &mut |payload| mask.apply(payload));
    }

    /// Hands `input` to the broker and takes note of what comes of it.
    pub(super) fn hand<S: Sink>(
        &mut self,
        broker: &mut Broker,
        now: Instant,
        input: Input<'_>,
        sink: &mut S,
    ) {
        let mask = self.mask;
        let mut alter = |payload: &mut [u8]| mask.apply(payload);
        let bytes = mem::take(&mut self.packet);
        let what = What::of(&input, bytes, &mut alter, serial);
        if self.mask.payloads != Payloads::Kept {
            self.remember_version(&input);
        }
        let mut note = Note::default();
        let versions = &self.versions;
        let alter_sent = |conn: ConnId, bytes: &mut Vec<u8>| {
            if mask.payloads != Payloads::Kept {
                let version = versions.get(&conn).copied().unwrap_or_default();
                mask_sent(bytes, version, &mut alter);
            }
        };
        let mut noted = Noted {
            sink,
            note: &mut note,
            mask: alter_sent,
            number: serial,
        };
        broker.handle(now, input, &mut noted);
        let after = now.since(self.last).as_micros();
        let after = u64::try_from(after).unwrap_or(u64::MAX);
        self.last = now;
        note.entry(self.shard, after, what)
            .to_bytes(&mut self.buffer);
        if self.buffer.len() >= BUFFER_MAX {
            self.flush();
        }
    }

    fn remember_version(&mut self, input: &Input<'_>) {
        if let Input::Packet {
            conn,
            packet: Packet::Connect(connect),
        } = input
        {
            self.versions.insert(*conn, connect.version);
        } else if let Input::Lost { conn, .. }
        | Input::Malformed { conn, .. }
        | Input::Leave { conn } = input
        {
            self.versions.remove(conn);
        }
    }

    /// Sends what was noted on its way. Says whether the recording goes on.
    pub(super) fn flush(&mut self) -> bool {
        if self.file.is_over.load(Ordering::SeqCst) {
            return false;
        }
        if self.buffer.is_empty() {
            return true;
        }
        let buffer = mem::take(&mut self.buffer);
        if !self.file.takes(buffer.len()) {
            self.end(Vec::new(), "it is as long as it may be");
        } else if self.until.is_some_and(|until| until <= self.last) {
            self.end(buffer, "its time is over");
        } else if !self.file.send(buffer) {
            self.end(Vec::new(), "the disk does not keep up, or failed");
        }
        !self.file.is_over.load(Ordering::SeqCst)
    }

    fn end(&self, last: Vec<u8>, why: &str) {
        self.file.end(self.shard, last, why);
    }

    /// It has ended; what waits is written by and by.
    pub(super) fn detach(self) {
        self.file.is_left.store(true, Ordering::SeqCst);
    }

    /// What comes now is another broker's.
    pub(super) fn give_up(mut self, why: &str) {
        if self.flush() {
            self.end(Vec::new(), why);
        }
        self.detach();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use mqttlab_sim::traffic::{MAGIC, Payloads};

    use super::{FORMER_MAX, Mask, make_way};

    #[test]
    fn so_many_earlier_recordings_are_kept_and_nothing_else_is_touched() -> std::io::Result<()> {
        let folder = std::env::temp_dir().join(format!("mqttlab-{}-former", std::process::id()));
        fs::create_dir_all(&folder)?;
        let path = folder.join("traffic");
        let numbered = |number: u32| folder.join(format!("traffic.{number}"));
        let record = |number: u32| fs::write(&path, [MAGIC, &number.to_le_bytes()[..]].concat());
        for number in 1..=FORMER_MAX + 2 {
            record(number)?;
            make_way(&path)?;
        }
        let first = fs::read(numbered(1))?;
        let last = fs::read(numbered(FORMER_MAX))?;
        assert_eq!((first[8], last[8]), (1, FORMER_MAX as u8 + 2));
        assert!(!path.exists() && !numbered(FORMER_MAX + 1).exists());
        fs::write(numbered(FORMER_MAX), "of somebody else")?;
        record(0)?;
        assert!(make_way(&path).is_err_and(|why| why.to_string().contains("traffic.9 is there")));
        assert_eq!(fs::read(numbered(FORMER_MAX))?, b"of somebody else");
        fs::remove_dir_all(folder)
    }

    #[test]
    fn of_hashed_payloads_only_length_and_sameness_are_left() {
        let mask = |payloads, text: &[u8]| {
            let key = [7; 32];
            let mut payload = text.to_vec();
            Mask { payloads, key }.apply(&mut payload);
            payload
        };
        let long = vec![b'x'; 200];
        assert_eq!(mask(Payloads::Kept, b"word"), b"word");
        assert_eq!(mask(Payloads::Omitted, b"word"), b"....");
        let hashed = mask(Payloads::Hashed, &long);
        assert_eq!(hashed.len(), 200);
        assert_eq!(hashed, mask(Payloads::Hashed, &long));
        assert_ne!(hashed[..64], mask(Payloads::Hashed, &long[1..])[..64]);
        assert!(std::str::from_utf8(&hashed).is_ok());
        assert!(std::str::from_utf8(&mask(Payloads::Hashed, b"\xFFno text")).is_err());
        assert!(mask(Payloads::Omitted, b"").is_empty());
    }
}
