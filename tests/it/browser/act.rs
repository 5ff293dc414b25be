//! Acting on what is in the picture, and the branches that come of it.

use anyhow::{Result, ensure};

use super::harness::{Browser, Media, Size, in_browser};
use super::open::{OPENED, SCENARIO, drop_text};
use super::open_lab;

const MENU: &str = "document.querySelector('.menu[open]')";

#[test]
fn a_right_click_offers_what_can_be_done_and_an_act_forks() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        right_click(browser, ".node[data-target=p1]").await?;
        publish(browser, "status/9").await?;
        let names = branches(browser).await?;
        ensure!(names.len() == 2, "{names:?}");
        ensure!(names[1].contains("publish status/9"), "{names:?}");
        // What was done is what everybody looks at.
        let inspected = browser.text_of(".inspector").await?;
        ensure!(inspected.contains("status/9"), "{inspected}");
        Ok(())
    })
}

#[test]
fn everything_is_done_by_keyboard_alone_and_taken_back() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        browser
            .run("document.querySelector('.node[data-target=p2]').focus()")
            .await?;
        browser.press("a").await?;
        browser.wait_until(MENU).await?;
        // The cable of B is pulled while its CONNECT is on the wire.
        while !focused(browser).await?.contains("Pull the cable") {
            browser.press("ArrowDown").await?;
        }
        browser.press("Enter").await?;
        browser
            .wait_until("document.querySelector('.branch')")
            .await?;
        browser.press("End").await?;
        browser
            .wait_until(
                "!document.querySelector('.node[data-target=p2]').innerText.includes('connected')",
            )
            .await?;
        browser.press("Control+z").await?;
        browser
            .wait_until("!document.querySelector('.branch')")
            .await?;
        browser.press("Control+y").await?;
        browser
            .wait_until("document.querySelector('.branch')")
            .await?;
        // Single keys do the same at once.
        browser
            .run("document.querySelector('.node[data-target=p0]').focus()")
            .await?;
        browser.press("Home").await?;
        browser.press("k").await?;
        browser
            .wait_until("document.querySelectorAll('.branch').length === 3")
            .await
    })
}

#[test]
fn a_link_is_slowed_down_by_a_key_and_by_its_form_and_the_link_to_the_run_knows() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        drop_text(browser, SCENARIO).await?;
        browser.wait_until(OPENED).await?;
        browser
            .run("document.querySelector('.node[data-target=p1]').focus()")
            .await?;
        browser.press("l").await?;
        let names = branches(browser).await?;
        ensure!(names.len() == 2, "{names:?}");
        ensure!(names[1].contains("gets slow"), "{names:?}");
        browser.press("Control+z").await?;
        browser
            .wait_until("!document.querySelector('.branch')")
            .await?;

        right_click(browser, ".node[data-target=p1]").await?;
        let slow = "[...document.querySelectorAll('[role=menuitem]')].find((it) => it.innerText.includes('Slow it down'))";
        browser.run(&format!("{slow}.click()")).await?;
        browser.wait_for("[data-testid=topic]").await?;
        browser.screenshot("slow-down").await?;
        browser.press("Control+a").await?;
        browser.type_text("345").await?;
        browser.press("Enter").await?;
        let names = branches(browser).await?;
        ensure!(names.len() == 2, "{names:?}");
        ensure!(names[1].contains("345 ms"), "{names:?}");
        browser.click(".share").await?;
        browser
            .wait_until("document.querySelector('[data-testid=address]')?.value.includes('#r=')")
            .await?;
        let link = browser.run("return location.hash").await?;
        let link = link.as_str().unwrap_or_default().to_owned();
        browser.open(&format!("/{link}")).await?;
        browser.wait_until(OPENED).await?;
        browser
            .wait_until("document.querySelector('.branch')")
            .await?;
        let names = branches(browser).await?;
        ensure!(names[1].contains("345 ms"), "{names:?}");
        Ok(())
    })
}

#[test]
fn branches_are_named_compared_switched_and_deleted() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        right_click(browser, ".node[data-target=p1]").await?;
        publish(browser, "status/9").await?;
        browser
            .click(".branch.current .branch-name .square")
            .await?;
        browser.wait_for("[data-testid=branch-name]").await?;
        browser.press("Control+a").await?;
        browser.type_text("with a message").await?;
        browser.press("Enter").await?;
        browser
            .wait_until(
                "document.querySelector('.branch.current').innerText.includes('with a message')",
            )
            .await?;
        browser.press("End").await?;
        browser
            .click(".branch:first-child .branch-does button")
            .await?;
        browser
            .wait_until("document.querySelector('.compare .here')")
            .await?;
        let differs = browser.text_of(".compare .here").await?;
        ensure!(differs.contains("status/9"), "{differs}");
        browser.click(".branch:first-child .branch-choose").await?;
        browser
            .wait_until("document.querySelector('.branch.current').innerText.includes('main')")
            .await?;
        browser
            .click(".branch:last-child .branch-does button:last-child")
            .await?;
        browser
            .wait_until("!document.querySelector('.branch')")
            .await
    })
}

#[test]
fn a_step_of_the_past_is_switched_off() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        browser.press("End").await?;
        browser.click("#run-tab-2").await?;
        browser.wait_for("[data-testid=actions]").await?;
        // B never connects: then there is no duel.
        browser
            .click("[data-testid=actions] tr:nth-child(4) input[type=checkbox]")
            .await?;
        browser
            .wait_until("document.querySelector('.branch')")
            .await?;
        browser
            .wait_until(
                "document.querySelector('.node[data-target=p1]').innerText.includes('connected')",
            )
            .await?;
        let second = browser.text_of(".node[data-target=p2]").await?;
        ensure!(second.contains("not connected"), "{second}");
        Ok(())
    })
}

#[test]
fn what_was_said_in_the_past_is_said_otherwise() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        drop_text(browser, SCENARIO).await?;
        browser.wait_until(OPENED).await?;
        browser.press("End").await?;
        browser.click("#run-tab-2").await?;
        browser
            .run(
                "[...document.querySelectorAll('[data-testid=actions] tr')]
                   .find((row) => row.innerText.includes('publish')).querySelector('button').click()",
            )
            .await?;
        browser.wait_until(MENU).await?;
        browser
            .wait_until("document.querySelector('[data-testid=topic]')?.value === 'dose/1'")
            .await?;
        browser.press("Tab").await?;
        browser.press("Control+a").await?;
        browser.type_text("500 ml").await?;
        browser.press("Enter").await?;
        browser
            .wait_until("document.querySelector('.branch.current')?.innerText.includes('500 ml')")
            .await?;
        // The other future is lived to its end: the monitor got the other dose, and got it once.
        browser.press("End").await?;
        browser.click(".node[data-target=p2]").await?;
        browser
            .wait_until("document.querySelector('.state').innerText.includes('“500 ml”')")
            .await?;
        let state = browser.text_of(".state").await?;
        ensure!(!state.contains("“5 ml”"), "{state}");
        browser.press("Control+z").await?;
        browser
            .wait_until("!document.querySelector('.branch')")
            .await
    })
}

#[test]
fn acting_shuts_nobody_out() -> Result<()> {
    in_browser(async |browser| {
        for (size, media) in [(Size::LAPTOP, Media::LIGHT), (Size::PHONE, Media::DARK)] {
            browser.resize(size).await?;
            browser.emulate(media).await?;
            open_lab(browser).await?;
            right_click(browser, ".node[data-target=p1]").await?;
            if !is_open(browser, "the menu").await? {
                return Ok(());
            }
            publish(browser, "status/9").await?;
            if size.mobile {
                browser.click("#pane-tab-1").await?;
            }
            for tab in ["#run-tab-2", "#run-tab-3"] {
                browser.click(tab).await?;
                if !is_open(browser, tab).await? {
                    return Ok(());
                }
            }
        }
        Ok(())
    })
}

/// Whether axe-core is there; it must find nothing.
async fn is_open(browser: &Browser, what: &str) -> Result<bool> {
    let Some(barriers) = browser.barriers().await? else {
        crate::skip("axe-core is not installed (cargo xtask setup --tests)");
        return Ok(false);
    };
    ensure!(barriers.is_empty(), "{what}: axe-core finds: {barriers:#?}");
    Ok(true)
}

async fn right_click(browser: &Browser, selector: &str) -> Result<()> {
    browser
        .run(&format!(
            "const node = document.querySelector('{selector}');
             const place = node.getBoundingClientRect();
             node.dispatchEvent(new MouseEvent('contextmenu', {{
               bubbles: true, cancelable: true, clientX: place.left + 20, clientY: place.top + 20 }}));"
        ))
        .await?;
    browser.wait_until(MENU).await
}

/// Fills the form of the menu that is open.
async fn publish(browser: &Browser, topic: &str) -> Result<()> {
    browser.click(".menu [role=menuitem]").await?;
    browser
        .wait_until("document.activeElement?.dataset.testid === 'topic'")
        .await?;
    browser.type_text(topic).await?;
    browser.press("Enter").await?;
    browser
        .wait_until("document.querySelector('.branch')")
        .await
}

async fn branches(browser: &Browser) -> Result<Vec<String>> {
    let names = browser
        .run("return [...document.querySelectorAll('.branch-choose')].map(each => each.innerText)")
        .await?;
    Ok(serde_json::from_value(names)?)
}

async fn focused(browser: &Browser) -> Result<String> {
    let text = browser
        .run("return document.activeElement.innerText")
        .await?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}
