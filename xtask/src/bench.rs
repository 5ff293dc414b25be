//! `cargo xtask bench`: what the core and the simulator cost. BENCHMARKS.md tells what each figure means.

use anyhow::{Result, ensure};
use clap::Args;

use crate::{child, setup};

/// A package and its benchmark, and whether it measures time.
const BENCHMARKS: &[(&str, &str, bool)] = &[
    ("mqttlab-bench", "instructions", false),
    ("mqttlab-bench", "memory", false),
    ("mqttlab-bench", "simulator", true),
    ("mqttlab-bench", "time", true),
    ("mqttlab-codecs", "codec", true),
];

#[derive(Args)]
pub(crate) struct Options {
    /// Measure times too, beside instructions and bytes: for a machine that does nothing else.
    #[arg(long)]
    time: bool,
}

/// Runs the benchmarks, one after the other.
///
/// # Errors
/// When one does not build or fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    setup::linker()?;
    for &(package, bench, _) in BENCHMARKS.iter().filter(|(.., time)| options.time || !time) {
        let mut cargo = child::cargo();
        cargo.args(["bench", "--locked", "--package", package, "--bench", bench]);
        let status = child::aloud(&mut cargo, |_| ())?;
        ensure!(status.success(), "{package}'s {bench} failed");
    }
    Ok(())
}
