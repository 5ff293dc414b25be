//! The page in a real browser.

mod harness;
mod program;

use anyhow::{Result, ensure};

use harness::{Media, Size, in_browser};
use program::Program;

#[test]
fn the_page_starts_without_a_complaint() -> Result<()> {
    in_browser(async |browser| {
        browser.open("/").await?;
        browser.wait_for("h1").await?;
        ensure!(browser.text_of("h1").await?.contains("MQTT Lab"));
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
                browser.open("/").await?;
                browser.wait_for("h1").await?;
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
            browser.open("/").await?;
            browser.wait_for("h1").await?;
            let Some(barriers) = browser.barriers().await? else {
                crate::skip("axe-core is not installed (cargo xtask setup --tests)");
                return Ok(());
            };
            ensure!(barriers.is_empty(), "axe-core finds: {barriers:#?}");
        }
        Ok(())
    })
}

#[test]
fn the_program_has_the_page_in_it() -> Result<()> {
    let Some(program) = Program::start()? else {
        crate::skip("MQTTLAB_BIN names no program with the page in it (cargo xtask test browser)");
        return Ok(());
    };
    in_browser(async |browser| {
        browser.client.goto(program.address()).await?;
        browser.wait_for("h1").await?;
        ensure!(browser.text_of("h1").await?.contains("MQTT Lab"));
        let complaints = browser.complaints().await?;
        ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
        Ok(())
    })
}
