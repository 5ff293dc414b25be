//! The harness itself, on a page of a few lines.

use anyhow::{Result, ensure};
use serde_json::json;

use super::{Browser, Media, Size, in_browser};

async fn show(browser: &Browser, body: &str) -> Result<()> {
    browser.client.goto("about:blank").await?;
    browser
        .client
        .execute("document.body.innerHTML = arguments[0]", vec![json!(body)])
        .await?;
    Ok(())
}

#[test]
fn keys_and_clicks_arrive() -> Result<()> {
    in_browser(async |browser| {
        show(browser, "<button id=one onclick=\"this.textContent = 'clicked'\">One</button><input id=two><output></output>").await?;
        browser.click("#one").await?;
        ensure!(browser.text_of("#one").await? == "clicked");
        browser.press("Tab").await?;
        browser.type_text("hello").await?;
        browser
            .wait_until("document.querySelector('#two').value === 'hello'")
            .await?;
        browser.run("onkeydown = event => document.querySelector('output').append(event.shiftKey, ' ', event.code, ';')").await?;
        browser.press("Shift+ArrowRight").await?;
        browser.press("Space").await?;
        browser.wait_for("output").await?;
        let heard = browser.text_of("output").await?;
        ensure!(
            heard == "true ShiftLeft;true ArrowRight;false Space;",
            "{heard}"
        );
        ensure!(browser.count("button, input").await? == 2);
        Ok(())
    })
}

#[test]
fn size_and_theme_are_as_asked() -> Result<()> {
    in_browser(async |browser| {
        show(browser, "").await?;
        browser.resize(Size::PHONE).await?;
        browser
            .emulate(Media {
                dark: true,
                reduced_motion: false,
            })
            .await?;
        let script = "return [screen.width, matchMedia('(prefers-color-scheme: dark)').matches, \
            matchMedia('(prefers-reduced-motion: reduce)').matches, navigator.maxTouchPoints > 0]";
        let seen = browser.run(script).await?;
        ensure!(
            seen == json!([Size::PHONE.width, true, false, true]),
            "{seen}"
        );
        Ok(())
    })
}

#[test]
fn complaints_and_barriers_are_heard() -> Result<()> {
    in_browser(async |browser| {
        show(browser, "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=='>").await?;
        browser.run("console.error('left the road')").await?;
        let complaints = browser.complaints().await?;
        ensure!(
            complaints
                .iter()
                .any(|complaint| complaint.contains("left the road")),
            "{complaints:?}"
        );
        if let Some(barriers) = browser.barriers().await? {
            ensure!(
                barriers.iter().any(|barrier| barrier.contains("image-alt")),
                "{barriers:?}"
            );
        }
        Ok(())
    })
}
