//! A hasher for the names of connections, keyed by the seed.

use core::hash::{BuildHasher, Hasher};

/// Hashes numbers that the driver chose; no stranger can choose them.
#[derive(Clone, Debug)]
pub(super) struct Keyed {
    key: u64,
}

impl Keyed {
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            key: seed ^ 0x9E37_79B9_7F4A_7C15,
        }
    }
}

impl BuildHasher for Keyed {
    type Hasher = Mixer;

    fn build_hasher(&self) -> Mixer {
        Mixer { state: self.key }
    }
}

/// One multiplication for each number.
#[derive(Debug)]
pub(super) struct Mixer {
    state: u64,
}

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.state ^ (self.state >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.state = (self.state ^ number).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    }
}
