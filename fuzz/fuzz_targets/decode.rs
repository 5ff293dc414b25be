//! `cargo +nightly fuzz run decode`; what it does is in `src/decode.rs`.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../src/decode.rs"]
mod decode;

fuzz_target!(|data: &[u8]| decode::run(data));
