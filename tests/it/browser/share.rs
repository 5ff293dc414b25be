//! How a run leaves the page: links, files, frames, and the page itself without a connection.

use anyhow::{Result, ensure};
use serde_json::json;

use super::harness::{Browser, Media, Size, in_browser};
use super::open_lab;

#[test]
fn a_changed_run_is_shared_by_link_and_in_files() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        browser
            .run("document.querySelector('.node[data-target=p1]').focus()")
            .await?;
        browser.press("x").await?;
        browser
            .wait_until("document.querySelector('.branch')")
            .await?;
        browser.press("s").await?;
        browser
            .wait_until("document.querySelector('[data-testid=address]')?.value.includes('#r=')")
            .await?;
        // What would be downloaded is caught.
        browser
            .run(
                "window.files = {};
                 HTMLAnchorElement.prototype.click = function () { window.files[this.download] = this.href; };",
            )
            .await?;
        for (place, name) in [
            (1, "duel.toml"),
            (2, "duel.png"),
            (3, "duel.svg"),
            (4, "duel.mmd"),
            (5, "duel.puml"),
            (6, "duel.txt"),
            (7, "duel.ndjson"),
            (8, "duel.pcapng"),
            (9, "duel.rs"),
        ] {
            browser
                .click(&format!(".papers li:nth-child({place}) button"))
                .await?;
            browser
                .wait_until(&format!("window.files['{name}']"))
                .await?;
        }
        let picture = browser
            .run("return window.files['duel.png'].slice(0, 40)")
            .await?;
        ensure!(
            picture
                .as_str()
                .is_some_and(|it| it.starts_with("data:image/png;base64,iVBOR")),
            "{picture}"
        );
        let complaints = browser.complaints().await?;
        ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
        Ok(())
    })
}

#[test]
fn sharing_shuts_nobody_out() -> Result<()> {
    in_browser(async |browser| {
        for (size, media) in [(Size::LAPTOP, Media::LIGHT), (Size::PHONE, Media::DARK)] {
            browser.resize(size).await?;
            browser.emulate(media).await?;
            open_lab(browser).await?;
            browser.click(".share").await?;
            browser.wait_for("[data-testid=address]").await?;
            browser.shuts_nobody_out().await?;
        }
        Ok(())
    })
}

#[test]
fn another_page_drives_the_lab_in_a_frame() -> Result<()> {
    in_browser(async |browser| {
        browser.open("/manifest.webmanifest").await?;
        browser
            .run(
                "document.body.innerHTML = '<iframe src=\"/?embed#l=duel&t=1s\" width=1200 height=700></iframe>';
                 window.said = [];
                 addEventListener('message', (event) => window.said.push(event.data));",
            )
            .await?;
        browser
            .wait_until("window.said.some((it) => it.mqttlab === 'ready' && it.version === 1)")
            .await?;
        browser
            .wait_until("window.said.some((it) => it.mqttlab === 'moment' && it.at === 1)")
            .await?;
        ask(browser, json!({ "mqttlab": "seek", "at": 5.08 })).await?;
        browser.wait_until("window.said.at(-1).at === 5.08").await?;
        ask(browser, json!({ "mqttlab": "step" })).await?;
        browser.wait_until("window.said.at(-1).at > 5.08").await?;
        let scenario = include_str!("../../../scenarios/half-open.toml");
        ask(browser, json!({ "mqttlab": "open", "scenario": scenario })).await?;
        browser
            .wait_until("window.said.at(-1).end !== 20 && window.said.at(-1).at === 0")
            .await?;
        ask(browser, json!({ "mqttlab": "play" })).await?;
        browser.wait_until("window.said.at(-1).playing").await?;
        ask(browser, json!({ "mqttlab": "pause" })).await?;
        browser.wait_until("!window.said.at(-1).playing").await?;
        // Nonsense is passed over.
        for nonsense in [
            json!({ "mqttlab": "seek", "at": "NaN" }),
            json!({ "mqttlab": "eval", "code": "1" }),
            json!("seek"),
            json!(null),
        ] {
            ask(browser, nonsense).await?;
        }
        ask(browser, json!({ "mqttlab": "seek", "at": 0 })).await?;
        browser.wait_until("window.said.at(-1).at === 0").await
    })
}

async fn ask(browser: &Browser, message: serde_json::Value) -> Result<()> {
    browser
        .run(&format!("frames[0].postMessage({message}, '*')"))
        .await?;
    Ok(())
}

#[test]
fn the_page_opens_without_a_connection_after_the_first_visit() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        browser
            .run("window.kept = false; navigator.serviceWorker.ready.then(() => { window.kept = true; });")
            .await?;
        browser.wait_until("window.kept").await?;
        browser
            .cdp(
                "Network.emulateNetworkConditions",
                json!({ "offline": true, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 }),
            )
            .await?;
        // The browser's own memory is not what is tried here.
        browser
            .cdp("Network.setCacheDisabled", json!({ "cacheDisabled": true }))
            .await?;
        open_lab(browser).await?;
        super::open::drop_text(browser, include_str!("../../../scenarios/half-open.toml")).await?;
        browser
            .wait_until("document.querySelector('[data-testid=opened]')")
            .await
    })
}
