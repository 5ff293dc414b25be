//! A copy of a file in memory: to look into it without changing anything.

use std::io;
use std::sync::{Mutex, PoisonError};

use redb::StorageBackend;

use super::medium::Medium;

/// The bytes of a file.
#[derive(Debug)]
pub(super) struct Copy(Mutex<Vec<u8>>);

impl Copy {
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self(Mutex::new(bytes))
    }

    fn with<R>(&self, work: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        // Bytes are bytes, whoever panicked.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Medium for Copy {
    fn length(&self) -> io::Result<u64> {
        Ok(self.with(|bytes| bytes.len() as u64))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.with(|bytes| {
            let from = usize::try_from(offset).unwrap_or(usize::MAX);
            let end = from.saturating_add(out.len());
            let part = bytes.get(from..end);
            out.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
            Ok(())
        })
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.with(|bytes| bytes.resize(length as usize, 0));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.with(|bytes| {
            let from = usize::try_from(offset).unwrap_or(usize::MAX);
            let end = from.saturating_add(data.len());
            let part = bytes.get_mut(from..end);
            part.ok_or(io::ErrorKind::UnexpectedEof)?
                .copy_from_slice(data);
            Ok(())
        })
    }
}

/// For what reads the form of earlier versions.
impl StorageBackend for Copy {
    fn len(&self) -> io::Result<u64> {
        self.length()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        Medium::read(self, offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.set_length(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        Medium::write(self, offset, data)
    }
}
