//! `cargo xtask bench`: what the core and the simulator cost. BENCHMARKS.md tells what each figure means.

mod loads;
mod peers;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::setup::{Target, Tool, Tools};
use crate::{child, project, setup};

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

    /// Measure a hunt in Chromium and nothing else; needs chromedriver.
    #[arg(long, conflicts_with = "time")]
    browser: bool,

    /// Measure the page in a browser, and nothing else: build it with `cargo xtask web` before.
    #[arg(long)]
    page: bool,

    /// Compare the native broker with others instead.
    #[command(subcommand)]
    chore: Option<Chore>,
}

#[derive(clap::Subcommand)]
enum Chore {
    /// Measure the native broker beside Mosquitto and rumqttd, in turn, on a machine that does nothing else.
    Peers(peers::Options),
}

/// Runs the benchmarks, one after the other.
///
/// # Errors
/// When one does not build or fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    if let Some(Chore::Peers(options)) = &options.chore {
        return peers::run(options);
    }
    setup::linker()?;
    if options.browser {
        return browser();
    }
    if options.page {
        return page();
    }
    for &(package, bench, _) in BENCHMARKS.iter().filter(|(.., time)| options.time || !time) {
        let mut cargo = child::cargo();
        cargo.args(["bench", "--locked", "--package", package, "--bench", bench]);
        let status = child::aloud(&mut cargo, |_| ())?;
        ensure!(status.success(), "{package}'s {bench} failed");
    }
    Ok(())
}

/// Runs the npm package's benchmark in a headless browser.
fn browser() -> Result<()> {
    let driver = project::which("chromedriver")
        .context("chromedriver is not installed (Debian: apt-get install chromium-driver)")?;
    Target::Page.ensure()?;
    let tools = Tools::ensure(&[Tool::WasmBindgen])?;
    let mut cargo = child::cargo();
    cargo
        .args([
            "bench",
            "--locked",
            "--package",
            "mqttlab-js",
            "--bench",
            "seeds",
        ])
        .args(["--target", Target::Page.triple(), "--", "--nocapture"])
        .env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
            tools.bin().join("wasm-bindgen-test-runner"),
        )
        .env("CHROMEDRIVER", driver)
        .env("WASM_BINDGEN_TEST_TIMEOUT", "300");
    let status = child::aloud(&mut cargo, |_| ())?;
    ensure!(status.success(), "the benchmark in a browser failed");
    Ok(())
}

/// Frames and seeks of the built page.
fn page() -> Result<()> {
    const MEASURE: &str = "browser::measure::";
    let mut cargo = child::cargo();
    cargo
        .args([
            "test",
            "--locked",
            "--package",
            "mqttlab-tests",
            "--test",
            "it",
        ])
        .args([MEASURE, "--", "--nocapture"])
        .env("MQTTLAB_MEASURE", "1");
    let status = child::aloud(&mut cargo, |_| ())?;
    ensure!(status.success(), "the page cannot be measured");
    Ok(())
}
