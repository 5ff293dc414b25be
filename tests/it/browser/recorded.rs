//! What the native broker has recorded, opened in the page.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::harness::{Browser, in_browser};
use super::open::{OPENED, choose_file, inspect};
use super::open_lab;
use crate::harness::packets::{connect, publish, subscribe};
use crate::harness::{Broker, Folder};

const ACCEPTED: &[u8] = &[0x20, 2, 0, 0];

/// A pump, a watcher with a session, and a message of QoS 1 from one to the other: what a broker records of it.
fn recording(threads: &str) -> Result<Vec<u8>> {
    let folder = Folder::new(&format!("recorded-page-{threads}"))?;
    let file = folder.path("traffic.mqttlab");
    let name = file.to_str().context("a plain path")?;
    let broker = Broker::start_with(&["--threads", threads, "--http", "off", "--record", name])?;
    let mut watcher = broker.connect()?;
    watcher.send(&connect("watcher", false))?;
    watcher.expect(ACCEPTED)?;
    watcher.send(&subscribe("status/#", 1))?;
    watcher.expect(&[0x90, 3, 0, 1, 1])?;
    let mut pump = broker.connect()?;
    pump.send(&connect("pump-7", true))?;
    pump.expect(ACCEPTED)?;
    pump.send(&publish(2, "status/7", 9, b"running"))?;
    pump.expect(&[0x40, 2, 0, 9])?;
    watcher.expect(&publish(2, "status/7", 1, b"running"))?;
    watcher.send(&[0x40, 2, 0, 1])?;
    // The broker has read the acknowledgement when it answers what comes behind it.
    watcher.send(&[0xC0, 0])?;
    watcher.expect(&[0xD0, 0])?;
    broker.signal("TERM")?;
    let (status, log) = broker.wait()?;
    ensure!(status.success(), "{status}: {log}");
    Ok(fs::read(file)?)
}

#[test]
fn a_recording_of_the_native_broker_is_stepped_through() -> Result<()> {
    in_browser(async |browser| {
        let bytes = serde_json::to_string(&recording("1")?)?;
        open_lab(browser).await?;
        inspect(browser).await?;
        choose_file(browser, &format!("new Uint8Array({bytes})")).await?;
        browser.wait_until(OPENED).await?;
        let about = browser.text_of("#lesson").await?;
        ensure!(about.contains("the same bytes"), "{about}");

        // From packet to packet: each is the one on the wire, with its bytes.
        let mut seen = Vec::new();
        for _ in 0..40 {
            browser.press("Shift+ArrowRight").await?;
            let packet = packet(browser).await?;
            if !seen.contains(&packet) {
                seen.push(packet);
            }
        }
        let seen = seen.join("\n");
        // When clients ping is their own business, also where a run is made of a recording.
        for name in [
            "CONNECT",
            "CONNACK",
            "SUBSCRIBE",
            "SUBACK",
            "PUBLISH",
            "PUBACK",
        ] {
            ensure!(seen.contains(name), "{name} is missing: {seen}");
        }
        for part in ["00 08 73 74 61 74", "\"status/7\"", "\"running\""] {
            ensure!(seen.contains(part), "{part} is missing: {seen}");
        }

        // At its end the broker has what the real one had.
        browser.press("End").await?;
        browser
            .run("document.querySelector('.node.broker').click()")
            .await?;
        let state = browser.text_of(".state").await?;
        ensure!(state.contains("watcher"), "{state}");
        ensure!(state.contains("status/#"), "{state}");
        let clock = browser.text_of("[data-testid=clock]").await?;
        browser.press("ArrowLeft").await?;
        let earlier = browser.text_of("[data-testid=clock]").await?;
        ensure!(clock != earlier, "the clock stands at {clock}");
        let complaints = browser.complaints().await?;
        ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
        browser.screenshot("recorded").await
    })
}

/// The page has one thread, and says so.
#[test]
fn a_recording_of_several_threads_opens_too() -> Result<()> {
    in_browser(async |browser| {
        let bytes = serde_json::to_string(&recording("4")?)?;
        open_lab(browser).await?;
        inspect(browser).await?;
        choose_file(browser, &format!("new Uint8Array({bytes})")).await?;
        browser.wait_until(OPENED).await?;
        let about = browser.text_of("#lesson").await?;
        for words in [
            "the same bytes",
            "entries of 4 threads",
            "The broker had 4 threads",
        ] {
            ensure!(about.contains(words), "{words} is missing: {about}");
        }
        browser.press("End").await?;
        browser
            .run("document.querySelector('.node.broker').click()")
            .await?;
        let state = browser.text_of(".state").await?;
        ensure!(state.contains("watcher"), "{state}");
        let complaints = browser.complaints().await?;
        ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
        Ok(())
    })
}

/// The selected packet: its name and its bytes.
async fn packet(browser: &Browser) -> Result<String> {
    let text = browser.text_of(".inspector").await?;
    Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
}
