//! Where the bytes of a store are: a file, a copy in memory, or what a test makes of a disk.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};

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
