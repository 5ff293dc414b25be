//! Writing down what the core is handed, for `mqttlab replay` and the Lab.
//!
//! The loop only appends to a buffer; a thread of its own writes it. Where that does not keep up the recording ends, and
//! the broker goes on.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mqttlab_core::broker::{Broker, Input, Sink};
use mqttlab_core::id::ConnId;
use mqttlab_core::packet::{Packet, Version};
use mqttlab_core::time::Instant;
use mqttlab_sim::traffic::{Header, Note, Noted, Payloads, What, mask_sent, redacted};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Failure;

/// Rounds of the loop that may wait for the disk.
const WAITING_MAX: usize = 256;
/// A buffer this large is handed over in the middle of a round.
const BUFFER_MAX: usize = 1 << 20;

/// What to record, and how much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Record {
    /// The file, which must not be there; without one nothing is recorded.
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

/// A recording that goes on.
pub(crate) struct Recorder {
    /// `None` once it has ended.
    sender: Option<SyncSender<Vec<u8>>>,
    writer: Option<JoinHandle<()>>,
    /// What was noted and is not on its way to the thread.
    buffer: Vec<u8>,
    /// The packet that is about to be handed over.
    packet: Vec<u8>,
    /// Bytes that may still be written.
    room: u64,
    last: Instant,
    until: Option<Instant>,
    mask: Mask,
    /// The versions of connections, where payloads are altered.
    versions: HashMap<ConnId, Version>,
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

/// Begins a recording where one is wanted; what goes on is the broker that is returned.
///
/// # Errors
/// As [`start`].
pub(crate) fn begin(
    record: &Record,
    broker: Broker,
    now: Instant,
) -> Result<(Broker, Option<Box<Recorder>>), Failure> {
    match &record.path {
        None => Ok((broker, None)),
        Some(path) => {
            let (recorder, broker) = start(record, path, &broker, now)?;
            Ok((broker, Some(Box::new(recorder))))
        }
    }
}

/// Begins a recording of `broker`; what goes on is the broker that is returned.
///
/// # Errors
/// When the file is there already or cannot be made.
fn start(
    record: &Record,
    path: &Path,
    broker: &Broker,
    now: Instant,
) -> Result<(Recorder, Broker), Failure> {
    let complain =
        |error: io::Error| Failure::usage(format!("--record {}: {error}", path.display()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // Topics and messages are nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(complain)?;
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
    let (header, broker) = Header::begin(engine, recorded_at, broker, seed, now, payloads);
    let buffer = header.to_bytes();
    let room = record.bytes_max.saturating_sub(buffer.len() as u64);
    if room == 0 {
        return Err(Failure::usage(format!(
            "--record {}: what the broker has kept takes more than record.bytes-max already",
            path.display()
        )));
    }
    let (sender, buffers) = mpsc::sync_channel(WAITING_MAX);
    let writer = std::thread::Builder::new()
        .name("recorder".into())
        .spawn(move || write(file, &buffers))
        .map_err(complain)?;
    tracing::info!(file = %path.display(), payloads = ?record.payloads, "recording");
    let span = Duration::from_secs(record.seconds_max.into());
    let recorder = Recorder {
        sender: Some(sender),
        writer: Some(writer),
        buffer,
        packet: Vec::new(),
        room,
        last: now,
        until: (!span.is_zero()).then(|| now + span),
        mask,
        versions: HashMap::new(),
    };
    Ok((recorder, broker))
}

/// Writes what comes until nothing more comes or writing fails.
fn write(mut file: File, buffers: &mpsc::Receiver<Vec<u8>>) {
    for buffer in buffers {
        if let Err(error) = file.write_all(&buffer) {
            tracing::error!(%error, "the recording ends: it cannot be written");
            return;
        }
    }
    if let Err(error) = file.sync_all() {
        tracing::error!(%error, "the recording may not be on the disk");
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
        let what = What::of(&input, bytes, &mut alter);
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
        };
        broker.handle(now, input, &mut noted);
        let after = now.since(self.last).as_micros();
        let after = u64::try_from(after).unwrap_or(u64::MAX);
        self.last = now;
        note.entry(after, what).to_bytes(&mut self.buffer);
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
        } else if let Input::Lost { conn, .. } | Input::Malformed { conn, .. } = input {
            self.versions.remove(conn);
        }
    }

    /// Sends what was noted on its way. Says whether the recording goes on.
    pub(super) fn flush(&mut self) -> bool {
        if self.until.is_some_and(|until| until <= self.last) {
            self.end("its time is over");
        } else if self.buffer.len() as u64 > self.room {
            self.buffer.clear();
            self.end("it is as long as it may be");
        } else if !self.buffer.is_empty() {
            let buffer = mem::take(&mut self.buffer);
            self.room -= buffer.len() as u64;
            let sent = self.sender.as_ref().map(|sender| sender.try_send(buffer));
            if !matches!(sent, Some(Ok(()))) {
                self.end("the disk does not keep up, or failed");
            }
        }
        self.sender.is_some()
    }

    fn end(&mut self, why: &str) {
        let Some(sender) = self.sender.take() else {
            return;
        };
        tracing::info!(why, "the recording ended");
        let mut last = mem::take(&mut self.buffer);
        let why = why.to_owned();
        Note::default()
            .entry(0, What::End { why })
            .to_bytes(&mut last);
        // Where it does not arrive the file ends without a word.
        let _ = sender.try_send(last);
        drop(sender);
    }
}

impl Recorder {
    /// It has ended; what waits is written by and by.
    pub(super) fn detach(mut self) {
        self.writer = None;
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if self.sender.is_some() && self.flush() {
            self.end("the broker stopped");
        }
        if let Some(writer) = self.writer.take() {
            // It has said what was wrong.
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use mqttlab_sim::traffic::Payloads;

    use super::Mask;

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
