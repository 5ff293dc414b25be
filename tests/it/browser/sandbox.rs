//! The sandbox: a last will built from nothing, broken and mended, taken away and brought back.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::harness::{Browser, Media, Size, in_browser};
use super::{LAB_IS_THERE, open_lab};

/// Moves the focus on with Tab until it is on what is meant.
async fn tab_to(browser: &Browser, selector: &str) -> Result<()> {
    let script = format!(
        "return document.activeElement.matches({})",
        Value::from(selector)
    );
    for _ in 0..250 {
        if browser.run(&script).await? == Value::Bool(true) {
            return Ok(());
        }
        browser.press("Tab").await?;
    }
    anyhow::bail!("Tab does not lead to {selector}")
}

async fn has_focus(browser: &Browser, id: &str) -> Result<()> {
    browser
        .wait_until(&format!("document.activeElement.id === '{id}'"))
        .await
}

/// Puts a text into the field that has the focus, in place of what is there.
async fn enter(browser: &Browser, text: &str) -> Result<()> {
    browser.press("Control+a").await?;
    browser.type_text(text).await
}

async fn plays(browser: &Browser) -> Result<()> {
    browser
        .wait_until("document.querySelector('[data-testid=verdict] .plays')")
        .await
}

/// The text that is worked on.
async fn text(browser: &Browser) -> Result<String> {
    let text = browser
        .run("return localStorage.getItem('mqttlab.sandbox')")
        .await?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}

/// Goes to the end and says what the hash of the run is there.
async fn hash(browser: &Browser) -> Result<String> {
    browser
        .run("document.querySelector('button[aria-label^=\"To the end\"]').click()")
        .await?;
    browser
        .wait_until("document.querySelector('.sandbox-run .holds') && !document.querySelector('.sandbox-run .open')")
        .await?;
    browser.text_of("[data-testid=hash]").await
}

async fn enter_by_door(browser: &Browser) -> Result<()> {
    open_lab(browser).await?;
    browser.click(".doors li:nth-child(2) button").await?;
    browser.wait_for("[data-testid=sandbox-start]").await
}

/// The words of the last will that both tests build.
fn check_text(text: &str) -> Result<()> {
    for part in [
        "keep_alive = \"4s\"",
        "will = { topic = \"status/pump\", payload = \"offline\", retain = true }",
        "subscribe = [{ filter = \"status/#\" }]",
        "act = \"cut\"",
    ] {
        ensure!(text.contains(part), "no {part} in\n{text}");
    }
    Ok(())
}

#[test]
fn a_last_will_is_built_by_keyboard_alone() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        tab_to(browser, ".doors li:nth-child(2) button").await?;
        browser.press("Enter").await?;
        browser.wait_for("[data-testid=sandbox-start]").await?;
        tab_to(browser, ".choices .course-item").await?;
        browser.press("Enter").await?;
        has_focus(browser, "sandbox-panel").await?;
        tab_to(browser, "[data-testid=add-client]").await?;
        browser.press("Enter").await?;
        has_focus(browser, "sb-client-0-name").await?;
        enter(browser, "pump").await?;
        tab_to(browser, "#sb-client-0-keep_alive").await?;
        enter(browser, "4s").await?;
        tab_to(browser, "#sb-client-0-will").await?;
        browser.press("Space").await?;
        browser.wait_for("#sb-client-0-will-retain").await?;
        tab_to(browser, "#sb-client-0-will-retain").await?;
        browser.press("Space").await?;
        tab_to(browser, "[data-testid=add-client]").await?;
        browser.press("Enter").await?;
        has_focus(browser, "sb-client-1-name").await?;
        enter(browser, "screen").await?;
        tab_to(browser, "#sb-client-1-subscribe").await?;
        browser.press("Enter").await?;
        has_focus(browser, "sb-client-1-subscribe-0-filter").await?;
        enter(browser, "status/#").await?;
        tab_to(browser, "[data-testid=add-step]").await?;
        browser.press("Enter").await?;
        has_focus(browser, "sb-do-2-at").await?;
        enter(browser, "2s").await?;
        tab_to(browser, "#sb-do-2-act").await?;
        browser.type_text("cut").await?;
        tab_to(browser, "[data-testid=add-expectation]").await?;
        browser.press("Enter").await?;
        has_focus(browser, "sb-expect-0-kind").await?;
        tab_to(browser, "#sb-expect-0-eventually").await?;
        enter(browser, "received(\"screen\", \"status/pump\") == 1").await?;
        browser.press("Tab").await?;
        plays(browser).await?;
        check_text(&text(browser).await?)?;
        hash(browser).await?;
        ensure!(browser.count(".sandbox-run .holds").await? == 1);
        let complaints = browser.complaints().await?;
        ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
        Ok(())
    })
}

#[test]
fn a_last_will_is_built_by_pointer_on_a_phone_and_comes_back_as_the_same_run() -> Result<()> {
    in_browser(async |browser| {
        browser.resize(Size::PHONE).await?;
        open_lab(browser).await?;
        browser
            .run("const door = document.querySelector('select.door'); door.selectedIndex = 1; door.dispatchEvent(new Event('change', { bubbles: true }))")
            .await?;
        browser.wait_for("[data-testid=sandbox-start]").await?;
        browser.click(".choices .course-item").await?;
        browser.click("[data-testid=add-client]").await?;
        has_focus(browser, "sb-client-0-name").await?;
        enter(browser, "pump").await?;
        browser.click("#sb-client-0-keep_alive").await?;
        enter(browser, "4s").await?;
        browser.click("#sb-client-0-will").await?;
        browser.wait_for("#sb-client-0-will-retain").await?;
        browser.click("#sb-client-0-will-retain").await?;
        browser.click("[data-testid=add-client]").await?;
        has_focus(browser, "sb-client-1-name").await?;
        enter(browser, "screen").await?;
        browser.click("#sb-client-1-subscribe").await?;
        has_focus(browser, "sb-client-1-subscribe-0-filter").await?;
        enter(browser, "status/#").await?;
        browser.click("[data-testid=add-step]").await?;
        has_focus(browser, "sb-do-2-at").await?;
        enter(browser, "2s").await?;
        browser.click("#sb-do-2-act").await?;
        browser.type_text("cut").await?;
        browser.press("Enter").await?;
        browser.click("[data-testid=add-expectation]").await?;
        has_focus(browser, "sb-expect-0-kind").await?;
        browser.click("#sb-expect-0-eventually").await?;
        enter(browser, "received(\"screen\", \"status/pump\") == 1").await?;
        browser.press("Tab").await?;
        plays(browser).await?;
        let built = text(browser).await?;
        check_text(&built)?;
        let before = hash(browser).await?;
        let overflow = browser
            .run("return document.documentElement.scrollWidth - window.innerWidth")
            .await?;
        ensure!(overflow.as_i64() == Some(0), "{overflow} px too wide");
        // Taken away, forgotten, brought back.
        browser
            .run("const made = URL.createObjectURL; URL.createObjectURL = blob => { blob.text().then(text => window.taken = text); return made.call(URL, blob); }")
            .await?;
        browser.click("[data-testid=start]").await?;
        browser.click("[data-testid=export]").await?;
        browser.wait_until("window.taken").await?;
        let taken = browser.run("return window.taken").await?;
        ensure!(taken.as_str() == Some(&built), "{taken}");
        browser.run("localStorage.clear()").await?;
        enter_by_select(browser).await?;
        choose_file(browser, &taken).await?;
        plays(browser).await?;
        ensure!(text(browser).await? == built);
        let after = hash(browser).await?;
        ensure!(after == before, "{after} is not {before}");
        Ok(())
    })
}

async fn enter_by_select(browser: &Browser) -> Result<()> {
    open_lab(browser).await?;
    browser
        .run("const door = document.querySelector('select.door'); door.selectedIndex = 1; door.dispatchEvent(new Event('change', { bubbles: true }))")
        .await?;
    browser.wait_for("[data-testid=sandbox-start]").await
}

/// Imports a file with this text.
async fn choose_file(browser: &Browser, text: &Value) -> Result<()> {
    let script = format!(
        "const files = new DataTransfer(); files.items.add(new File([{text}], 'mine.toml')); \
         const field = document.querySelector('[data-testid=import]'); field.files = files.files; \
         field.dispatchEvent(new Event('change', {{ bubbles: true }}))"
    );
    browser.run(&script).await.map(drop)
}

#[test]
fn what_is_wrong_is_said_in_its_place_and_the_picture_stays() -> Result<()> {
    in_browser(async |browser| {
        enter_by_door(browser).await?;
        browser
            .click("[data-testid=templates] li:first-child button")
            .await?;
        plays(browser).await?;
        browser.click("#sandbox-toml").await?;
        for (right, wrong, said, word) in [
            (
                "who = \"sensor\"",
                "who = \"sensr\"",
                "Line 26, column 7",
                "sensor",
            ),
            (
                "act = \"publish\"",
                "act = \"publsh\"",
                "Line 27, column 7",
                "publish",
            ),
        ] {
            let script = format!(
                "const field = document.querySelector('#sandbox-text'); \
                 field.value = field.value.replace({}, {}); \
                 field.dispatchEvent(new InputEvent('input', {{ bubbles: true }}))",
                Value::from(right),
                Value::from(wrong)
            );
            browser.run(&script).await?;
            browser.wait_for("[data-testid=verdict] .wrong").await?;
            let says = browser.text_of("[data-testid=verdict]").await?;
            ensure!(says.contains(said), "{says}");
            ensure!(says.contains(&format!("did you mean `{word}`?")), "{says}");
            let mark = browser
                .run("return document.querySelector('.sb-marks mark').textContent")
                .await?;
            ensure!(
                wrong.ends_with(mark.as_str().context("a part is marked")?),
                "{mark}"
            );
            // The last run that worked is still there.
            ensure!(
                browser.text_of(".topology").await?.contains("sensor"),
                "the picture is gone"
            );
            browser.click("[data-testid=correct]").await?;
            plays(browser).await?;
        }
        // What is no TOML at all.
        browser
            .run("const field = document.querySelector('#sandbox-text'); field.value += '[[['; field.dispatchEvent(new InputEvent('input', { bubbles: true }))")
            .await?;
        browser.wait_for("[data-testid=verdict] .wrong").await?;
        browser.click("#sandbox-forms").await?;
        browser.wait_for(".sandbox-body .note").await?;
        browser.click("[data-testid=go]").await?;
        has_focus(browser, "sandbox-text").await
    })
}

#[test]
fn a_moment_of_a_lesson_goes_on_in_the_sandbox() -> Result<()> {
    in_browser(async |browser| {
        browser.open("/#l=duel&t=3s").await?;
        browser.wait_until(LAB_IS_THERE).await?;
        browser
            .wait_until(
                "document.querySelector('[data-testid=clock]').textContent.startsWith('3.0')",
            )
            .await?;
        browser
            .run("document.querySelector('[data-testid=what-ifs]').open = true")
            .await?;
        browser.click("[data-testid=build]").await?;
        plays(browser).await?;
        let clock = browser.text_of("[data-testid=clock]").await?;
        ensure!(clock.starts_with("3.0"), "{clock}");
        let before = text(browser).await?;
        ensure!(before.contains("client_id = \"pump-1\""), "{before}");
        // Done in the picture, kept in the text.
        browser.click("[data-testid=keep]").await?;
        browser
            .wait_until("document.querySelector('[data-testid=verdict]').textContent.includes('Nothing was done')")
            .await?;
        browser
            .run("document.querySelector('[data-target=p1]').focus()")
            .await?;
        browser.press("x").await?;
        browser.click("[data-testid=keep]").await?;
        browser
            .wait_until("localStorage.getItem('mqttlab.sandbox').includes('act = \"cut\"')")
            .await?;
        let after = text(browser).await?;
        ensure!(
            after.contains("at = \"3s\"\nwho = \"A\"\nact = \"cut\"\n"),
            "{after}"
        );
        ensure!(
            before.lines().all(|line| after.contains(line)),
            "something is gone from {after}"
        );
        Ok(())
    })
}

#[test]
fn a_case_keeps_its_secret_until_it_is_answered() -> Result<()> {
    in_browser(async |browser| {
        browser.open("/#l=case-listener&t=20s").await?;
        browser.wait_until(LAB_IS_THERE).await?;
        browser
            .wait_until(
                "document.querySelector('[data-testid=clock]').textContent.startsWith('20.0')",
            )
            .await?;
        ensure!(browser.count("[data-testid=build]").await? == 0);
        // Changed by hand, it is no longer named by the lesson alone.
        browser
            .run("document.querySelector('[data-target=p2]').focus()")
            .await?;
        browser.press("x").await?;
        browser.press("s").await?;
        browser.wait_for("[data-testid=share] .papers").await?;
        browser
            .wait_until("document.querySelector('[data-testid=address]').value")
            .await?;
        let address = browser
            .run("return document.querySelector('[data-testid=address]').value")
            .await?;
        ensure!(
            address
                .as_str()
                .is_some_and(|it| it.contains("#l=case-listener")),
            "{address}"
        );
        let papers = browser.text_of("[data-testid=share] .papers").await?;
        ensure!(
            !papers.contains("TOML") && !papers.contains("Rust"),
            "{papers}"
        );
        browser.press("Escape").await?;
        browser.click(".doors li:nth-child(2) button").await?;
        browser.wait_for("[data-testid=take]").await?;
        browser.click("[data-testid=take]").await?;
        browser
            .wait_until("document.querySelector('[data-testid=sandbox-start] [role=status]').textContent.includes('named the mistake')")
            .await?;
        let page = browser.run("return document.body.innerText").await?;
        ensure!(
            !page
                .as_str()
                .is_some_and(|page| page.contains("keep_alive_restarts")),
            "the mistake is named"
        );
        Ok(())
    })
}

#[test]
fn the_sandbox_shuts_nobody_out() -> Result<()> {
    in_browser(async |browser| {
        for (size, media) in [(Size::LAPTOP, Media::LIGHT), (Size::LAPTOP, Media::DARK)] {
            browser.resize(size).await?;
            browser.emulate(media).await?;
            open_lab(browser).await?;
            browser.run("localStorage.clear()").await?;
            enter_by_door(browser).await?;
            browser.shuts_nobody_out().await?;
            browser
                .click("[data-testid=templates] li:nth-child(2) button")
                .await?;
            plays(browser).await?;
            browser
                .run("document.querySelectorAll('.sandbox details').forEach(it => it.open = true)")
                .await?;
            browser.shuts_nobody_out().await?;
            browser.click("#sandbox-toml").await?;
            browser.shuts_nobody_out().await?;
        }
        Ok(())
    })
}
