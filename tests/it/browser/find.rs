//! Going on until something happens, looking for what breaks a run, who got a message, and crowds.

use anyhow::{Result, ensure};

use super::harness::{Media, Size, in_browser};
use super::open::{OPENED, drop_text};
use super::open_lab;

const FRAGILE: &str = r#"
[scenario]
id = "fragile"
title = "It takes one disturbance"
version = 1
until = "20s"
[[client]]
name = "A"
[[do]]
at = "0s"
who = "A"
act = "connect"
[[expect]]
always = 'connected("A")'
from = "1s"
"#;

#[test]
fn a_run_goes_on_until_a_condition_becomes_true() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        browser.press("u").await?;
        browser.wait_for("[data-testid=condition]").await?;
        let field = "document.querySelector('[data-testid=condition]')";
        browser.run(&format!("{field}.focus()")).await?;
        browser.type_text("connected(\"C\")").await?;
        browser.press("Enter").await?;
        browser
            .wait_until("document.querySelector('.until-sheet .failed')?.innerText.includes('no participant')")
            .await?;
        browser.shuts_nobody_out().await?;
        browser
            .run(&format!("{field}.value = 'now > 7s and connected(\"A\")'"))
            .await?;
        browser.press("Enter").await?;
        browser
            .wait_until("!document.querySelector('[data-testid=until]')")
            .await?;
        let clock = browser.text_of("[data-testid=clock]").await?;
        let seconds: f64 = clock.split(' ').next().unwrap_or_default().parse()?;
        ensure!(seconds > 7.0, "{clock}");
        let first = browser.text_of(".node[data-target=p1]").await?;
        ensure!(first.contains("connected"), "{first}");
        Ok(())
    })
}

#[test]
fn a_hunt_opens_the_run_that_fails() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        drop_text(browser, FRAGILE).await?;
        browser.wait_until(OPENED).await?;
        browser.click("[data-testid=hunt]").await?;
        browser
            .wait_until(
                "document.querySelector('.branch.current')?.innerText.includes('what breaks it')",
            )
            .await?;
        browser.wait_for(".expected .fails").await
    })
}

#[test]
fn the_inspector_says_who_got_a_message() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        drop_text(
            browser,
            include_str!("../../../scenarios/qos2-cut-after-publish.toml"),
        )
        .await?;
        browser.wait_until(OPENED).await?;
        browser.press("End").await?;
        browser
            .run(
                "[...document.querySelectorAll('.line-label')]
                   .find((label) => label.innerText.includes('PUBLISH'))?.click()",
            )
            .await?;
        browser.click("#inspector-tab-4").await?;
        browser.wait_for("[data-testid=delivery]").await?;
        let table = browser.text_of("[data-testid=delivery]").await?;
        ensure!(table.contains("monitor"), "{table}");
        browser.shuts_nobody_out().await
    })
}

#[test]
fn a_crowd_is_drawn_in_part_and_says_so() -> Result<()> {
    in_browser(async |browser| {
        let mut scenario =
            "scenario = { id = \"many\", title = \"Many\", version = 1, until = \"60s\" }\n"
                .to_owned();
        let names: Vec<String> = (0..500).map(|index| format!("\"c{index}\"")).collect();
        for name in &names {
            scenario += &format!("[[client]]\nname = {name}\n");
        }
        let all = names.join(", ");
        scenario += &format!("[[do]]\nat = \"0s\"\nact = \"connect\"\nwho = [{all}]\n");
        for (size, media) in [(Size::LAPTOP, Media::LIGHT), (Size::PHONE, Media::DARK)] {
            browser.resize(size).await?;
            browser.emulate(media).await?;
            open_lab(browser).await?;
            drop_text(browser, &scenario).await?;
            browser.wait_until(OPENED).await?;
            browser.press("End").await?;
            browser
                .wait_until(
                    "document.querySelector('.crowd-words')?.innerText.includes('500 connected')",
                )
                .await?;
            browser
                .wait_until(
                    "document.querySelector('.ladder-some')?.innerText.includes('12 of 500')",
                )
                .await?;
            browser.shuts_nobody_out().await?;
        }
        Ok(())
    })
}
