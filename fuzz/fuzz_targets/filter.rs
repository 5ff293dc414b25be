//! `cargo +nightly fuzz run filter`; what it does is in `src/filter.rs`.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../src/filter.rs"]
mod filter;

fuzz_target!(|data: &[u8]| filter::run(data));
