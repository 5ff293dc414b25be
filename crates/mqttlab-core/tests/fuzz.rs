//! The fuzz targets' bodies with what was kept of their inputs, and with what a seed makes of those.
#![cfg(not(target_family = "wasm"))]

use std::fs;

use mqttlab_core::rng::Rng;

#[path = "../../../fuzz/src/broker.rs"]
mod broker;
#[path = "../../../fuzz/src/decode.rs"]
mod decode;
#[path = "../../../fuzz/src/filter.rs"]
mod filter;

#[test]
fn bytes_are_read_the_same_however_they_are_cut() {
    replay("decode", decode::run);
}

#[test]
fn no_client_breaks_the_broker() {
    replay("broker", broker::run);
}

#[test]
fn filters_match_as_a_plain_matcher_says() {
    replay("filter", filter::run);
}

/// Every kept input, and many that differ from it in a few bytes.
fn replay(target: &str, run: fn(&[u8])) {
    let folder = format!("{}/../../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut rng = Rng::new(1);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .expect("the inputs that were kept")
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "there is something to replay");
    for path in paths {
        let kept = fs::read(&path).expect("a readable file");
        run(&kept);
        for _ in 0..400 {
            let mut changed = kept.clone();
            for _ in 0..1 + rng.below(4) {
                let at = rng.below(changed.len() as u64) as usize;
                changed[at] = rng.next_u64() as u8;
            }
            run(&changed);
        }
    }
}
