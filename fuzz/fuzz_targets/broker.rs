//! `cargo +nightly fuzz run broker`; what it does is in `src/broker.rs`.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../src/broker.rs"]
mod broker;

fuzz_target!(|data: &[u8]| broker::run(data));
