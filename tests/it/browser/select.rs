//! One selection, lit everywhere; steps back; fingers instead of a mouse.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use super::harness::{Browser, Size, in_browser};
use super::open::{OPENED, SCENARIO, drop_text};
use super::open_lab;

const MENU: &str = "document.querySelector('.menu[open]')";

#[test]
fn a_selected_publish_is_lit_in_bytes_fields_state_and_rule() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        drop_text(browser, SCENARIO).await?;
        browser.wait_until(OPENED).await?;
        // The PUBLISH is on the wire, and its sender keeps it.
        seek(browser, 1_020_000).await?;
        browser.click(".node[data-target=p1]").await?;
        browser
            .run(
                "[...document.querySelectorAll('.line-label')]
                   .findLast((label) => label.innerText.includes('PUBLISH')).click()",
            )
            .await?;
        everything_is_lit(browser).await?;
        browser.click("#run-tab-1").await?;
        browser
            .wait_until("document.querySelector('.event[aria-pressed=true]')?.innerText.includes('PUBLISH')")
            .await?;
        browser.click("#inspector-tab-2").await?;
        browser
            .wait_until("document.querySelector('.rule.lit')?.innerText.includes('[MQTT-')")
            .await?;
        // The other way round: from the place where its number is kept.
        browser.click("#run-tab-0").await?;
        browser.click("#inspector-tab-1").await?;
        browser
            .run(
                "[...document.querySelectorAll('.line-label')]
                   .find((label) => label.innerText.includes('CONNECT')).click()",
            )
            .await?;
        browser
            .wait_until("!document.querySelector('.slot[aria-pressed=true]')")
            .await?;
        browser.click(".state button.slot").await?;
        everything_is_lit(browser).await?;
        browser.shuts_nobody_out().await?;
        Ok(())
    })
}

/// Ladder, wire, bytes, field and state show the same packet.
async fn everything_is_lit(browser: &Browser) -> Result<()> {
    for lit in [
        "document.querySelector('.line-label[aria-pressed=true]')?.innerText.includes('PUBLISH')",
        "document.querySelector('.chip.selected')?.textContent.includes('PUBLISH')",
        "document.querySelector('.inspected').innerText.includes('PUBLISH')",
        "document.querySelectorAll('.byte.chosen').length === 2",
        "document.querySelector('.field[aria-pressed=true]')?.innerText.includes('Packet Identifier')",
        "document.querySelector('.field-rule')?.innerText.includes('[MQTT-')",
        "document.querySelector('.state .slot[aria-pressed=true]')?.innerText.includes('1')",
    ] {
        browser.wait_until(lit).await?;
    }
    Ok(())
}

#[test]
fn a_step_back_over_a_fault_undoes_it() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        drop_text(browser, SCENARIO).await?;
        browser.wait_until(OPENED).await?;
        seek(browser, 1_020_000).await?;
        let mut before = picture(browser).await?;
        for _ in 0..20 {
            browser.press("ArrowRight").await?;
            if browser.count(".mark.family-fault").await? > 0 {
                break;
            }
            before = picture(browser).await?;
        }
        let with_fault = picture(browser).await?;
        ensure!(
            with_fault != before,
            "nothing was to be seen of the cut cable"
        );
        browser.press("ArrowLeft").await?;
        let after = picture(browser).await?;
        ensure!(after == before, "{after}\nis not\n{before}");
        browser.press("ArrowRight").await?;
        let again = picture(browser).await?;
        ensure!(again == with_fault, "{again}\nis not\n{with_fault}");
        Ok(())
    })
}

#[test]
fn a_long_press_offers_what_a_right_click_does() -> Result<()> {
    in_browser(async |browser| {
        browser.resize(Size::PHONE).await?;
        open_lab(browser).await?;
        touch(browser, "touchStart").await?;
        touch(browser, "touchEnd").await?;
        tokio::time::sleep(Duration::from_millis(700)).await;
        ensure!(
            browser.count(".menu[open]").await? == 0,
            "a tap opens nothing"
        );
        touch(browser, "touchStart").await?;
        browser.wait_until(MENU).await?;
        touch(browser, "touchEnd").await?;
        // What the browser makes of the touch afterwards neither chooses anything nor closes the menu.
        tokio::time::sleep(Duration::from_millis(400)).await;
        browser.wait_until(MENU).await?;
        let menu = browser.text_of(".menu").await?;
        ensure!(menu.contains("Pull the cable"), "{menu}");
        ensure!(browser.count(".branch").await? == 0, "nothing was done yet");
        Ok(())
    })
}

/// A finger on the first client.
async fn touch(browser: &Browser, kind: &str) -> Result<()> {
    let place = browser
        .run(
            "const place = document.querySelector('.node[data-target=p1]').getBoundingClientRect();
             return { x: place.left + place.width / 2, y: place.top + place.height / 2 }",
        )
        .await?;
    let points = if kind == "touchEnd" {
        json!([])
    } else {
        json!([place])
    };
    let event = json!({ "type": kind, "touchPoints": points });
    browser.cdp("Input.dispatchTouchEvent", event).await?;
    Ok(())
}

/// Drags the scrubber to a moment, in microseconds.
async fn seek(browser: &Browser, at: u64) -> Result<()> {
    browser
        .run(&format!(
            "const track = document.querySelector('.track input');
             track.value = {at};
             track.dispatchEvent(new Event('input', {{ bubbles: true }}));"
        ))
        .await?;
    browser
        .wait_until("!document.querySelector('.clock-next').innerText.includes('on the way')")
        .await
}

/// Clock, state and what the links look like.
async fn picture(browser: &Browser) -> Result<String> {
    let links = browser
        .run("return [...document.querySelectorAll('.stage .link')].map((link) => link.getAttribute('class')).join()")
        .await?;
    let clock = browser.text_of("[data-testid=clock]").await?;
    let state = browser.text_of(".state").await?;
    let marks = browser.count(".mark").await?;
    Ok(format!("{clock}\n{state}\n{links}\n{marks} marks"))
}
