//! The page in a real browser.

mod act;
mod find;
mod harness;
mod learn;
mod measure;
mod open;
mod recorded;
mod sandbox;
mod select;
mod share;
mod texts;

use std::env;

use anyhow::{Context, Result, ensure};

use crate::harness::Broker;
use harness::{Browser, Media, Size, in_browser};

#[test]
fn the_page_starts_without_a_complaint() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        let complaints = browser.complaints().await?;
        ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
        Ok(())
    })
}

#[test]
fn the_page_fits_a_laptop_and_a_phone_in_both_themes() -> Result<()> {
    in_browser(async |browser| {
        for (size, name) in [(Size::LAPTOP, "laptop"), (Size::PHONE, "phone")] {
            for (media, theme) in [(Media::LIGHT, "light"), (Media::DARK, "dark")] {
                browser.resize(size).await?;
                browser.emulate(media).await?;
                open_lab(browser).await?;
                browser.screenshot(&format!("page-{name}-{theme}")).await?;
                let overflow = browser
                    .run("return document.documentElement.scrollWidth - window.innerWidth")
                    .await?;
                ensure!(
                    overflow.as_i64() <= Some(0),
                    "{name}, {theme}: {overflow} px wider than the screen"
                );
            }
        }
        Ok(())
    })
}

#[test]
fn the_page_shuts_nobody_out() -> Result<()> {
    in_browser(async |browser| {
        for media in [Media::LIGHT, Media::DARK] {
            browser.emulate(media).await?;
            open_lab(browser).await?;
            browser.shuts_nobody_out().await?;
        }
        Ok(())
    })
}

#[test]
fn the_program_has_the_page_in_it() -> Result<()> {
    if env::var_os("MQTTLAB_BIN").is_none() {
        crate::skip("MQTTLAB_BIN names no program with the page in it (cargo xtask test browser)");
        return Ok(());
    }
    let broker = Broker::start_with(&["--http", "127.0.0.1:0"])?;
    let address = broker.http.context("it was told to serve HTTP")?;
    in_browser(async |browser| {
        browser.client.goto(&format!("http://{address}/")).await?;
        browser.wait_until(LAB_IS_THERE).await?;
        let complaints = browser.complaints().await?;
        ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
        Ok(())
    })
}

/// Opens the page, and waits until it is more than the words about its loading.
async fn open_lab(browser: &Browser) -> Result<()> {
    browser.open("/").await?;
    browser.wait_until(LAB_IS_THERE).await
}

const LAB_IS_THERE: &str = "document.querySelector('h1')?.textContent === 'MQTT Lab'";
