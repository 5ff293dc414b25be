//! Where the bytes of a store are: a file, a copy in memory, or what a test makes of a disk.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// What a disk gives out together.
const BLOCK: usize = 4 << 10;

/// Bytes by place.
pub(super) trait Medium: Send {
    /// How many there are.
    fn length(&self) -> io::Result<u64>;

    /// Reads as many as there is room for.
    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()>;

    /// Writes where there are bytes already.
    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts what is too many, or adds zeros.
    fn set_length(&self, length: u64) -> io::Result<()>;

    /// Waits until all that was done is on the disk.
    fn sync(&self) -> io::Result<()>;
}

impl Medium for fs::File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        let mut file = self;
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(into)
    }

    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = self;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// The disk does not give out any more what was written there.
pub(super) fn is_unreadable(error: &io::Error) -> bool {
    // EIO; ERROR_CRC and ERROR_IO_DEVICE.
    let codes: &[i32] = if cfg!(windows) { &[23, 1117] } else { &[5] };
    error
        .raw_os_error()
        .is_some_and(|code| codes.contains(&code))
}

/// All bytes that there are, with zeros where they cannot be read.
pub(super) fn read_what_can_be(medium: &dyn Medium) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(medium.length()?).unwrap_or(usize::MAX)];
    match medium.read(0, &mut bytes) {
        Err(error) if is_unreadable(&error) => {}
        read => return read.map(|()| bytes),
    }
    for (number, block) in (0..).zip(bytes.chunks_mut(BLOCK)) {
        match medium.read(number * BLOCK as u64, block) {
            Err(error) if is_unreadable(&error) => block.fill(0),
            read => read?,
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::batch::Batch;
    use super::super::copy::Copy;
    use super::super::file::{File, Unusable};
    use super::super::salvage::salvage;
    use super::*;

    /// A copy of a file one byte of which cannot be read any more.
    struct Bad(Copy, u64);

    impl Medium for Bad {
        fn length(&self) -> io::Result<u64> {
            Medium::length(&self.0)
        }

        fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
            if (at..at + into.len() as u64).contains(&self.1) {
                let code = if cfg!(windows) { 23 } else { 5 };
                return Err(io::Error::from_raw_os_error(code));
            }
            Medium::read(&self.0, at, into)
        }

        fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
            Medium::write(&self.0, at, bytes)
        }

        fn set_length(&self, length: u64) -> io::Result<()> {
            self.0.set_length(length)
        }

        fn sync(&self) -> io::Result<()> {
            self.0.sync()
        }
    }

    #[test]
    fn what_cannot_be_read_is_damage_and_takes_nothing_else_with_it() {
        let now = mqttlab_core::time::Instant::from_micros(1);
        let folder = std::env::temp_dir();
        let path = folder.join(format!("mqttlab-unreadable-{}", std::process::id()));
        let mut read = File::open(&path).expect("it can be made");
        for number in 0..100_u8 {
            let mut changes = Batch::default();
            changes.push_encoded(&[number; 1_000]);
            read.file.append(changes, now).expect("it is written");
        }
        drop(read);
        let bytes = fs::read(&path).expect("it is there");
        // It lies in the folder for what may go at any time.
        let _ = fs::remove_file(path);
        for at in [0, 5_000, 50_000, 60_001] {
            let bad = || Bad(Copy::of(bytes.clone()), at);
            assert!(matches!(File::open_on(bad()), Err(Unusable::Damaged(_))));
            let found = salvage(&read_what_can_be(&bad()).expect("the rest can be read"));
            let there = found.changes.len();
            // As many as a block has a part in, at most.
            let least = if at < 8_192 { 100 } else { 100 - 6 };
            assert!((least..=100).contains(&there), "{at}: {there}");
        }
    }
}
