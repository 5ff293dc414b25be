//! Runs that come from files, texts and links.

use anyhow::{Result, ensure};
use mqttlab_sim::link::{Moment, Shared};
use mqttlab_sim::recording::{Changes, Recording};
use mqttlab_sim::scenario::Scenario;

use super::harness::{Browser, Media, Size, in_browser};
use super::open_lab;

pub(super) const SCENARIO: &str = include_str!("../../../scenarios/qos2-cut-after-publish.toml");

pub(super) const OPENED: &str = "document.querySelector('[data-testid=opened]')";
const TROUBLE: &str = "document.querySelector('[data-testid=trouble]')";

#[test]
fn a_file_is_opened_and_remembered() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        inspect(browser).await?;
        choose_file(browser, &serde_json::to_string(SCENARIO)?).await?;
        browser.wait_until(OPENED).await?;
        ensure!(
            browser
                .text_of("[data-testid=opened]")
                .await?
                .contains("QoS 2")
        );
        browser
            .wait_until("document.querySelector('.recents button')")
            .await?;
        // It is found again after the page was closed.
        open_lab(browser).await?;
        inspect(browser).await?;
        browser.click(".recents button").await?;
        browser.wait_until(OPENED).await
    })
}

#[test]
fn a_broken_file_is_refused_with_its_place_and_the_page_goes_on() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        inspect(browser).await?;
        let broken = SCENARIO.replace("\"publish\"", "\"publsh\"");
        choose_file(browser, &serde_json::to_string(&broken)?).await?;
        browser.wait_until(TROUBLE).await?;
        let says = browser.text_of("[data-testid=trouble]").await?;
        ensure!(says.contains("Line 29, column 7"), "{says}");
        ensure!(says.contains("did you mean publish?"), "{says}");
        still_works(browser).await?;
        // A recording of another version, a binary file, and one that is too large.
        choose_file(browser, "'MQTTLAB\\0\\x07\\0'").await?;
        browser
            .wait_until(&format!("{TROUBLE}.innerText.includes('another version')"))
            .await?;
        choose_file(browser, "new Uint8Array([0, 159, 146, 150])").await?;
        browser
            .wait_until(&format!("{TROUBLE}.innerText.includes('no text')"))
            .await?;
        choose_file(browser, "'#'.repeat(1048577)").await?;
        browser
            .wait_until(&format!("{TROUBLE}.innerText.includes('larger')"))
            .await?;
        still_works(browser).await
    })
}

#[test]
fn hostile_texts_and_links_are_refused() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        inspect(browser).await?;
        for (from, to) in [
            ("name = \"pump\"", "name = \"<img src=x onerror=alert(1)>\""),
            ("until = \"10s\"", "until = \"1e9d\""),
            ("qos = 2", "qos = nan"),
        ] {
            let text = SCENARIO.replacen(from, to, 1);
            ensure!(text != SCENARIO, "{from} is in the scenario");
            drop_text(browser, &text).await?;
            browser.wait_until(TROUBLE).await?;
            browser.run(&format!("{TROUBLE}.remove()")).await?;
            open_lab(browser).await?;
        }
        let many = hostile(|it| {
            let client = it.scenario.clients[0].clone();
            it.scenario.clients = vec![client; 100_000];
        })?;
        let long = hostile(|it| it.scenario.about = "a".repeat(2 << 20))?;
        let script = hostile(|it| {
            it.scenario.clients[0].name = "<img src=x onerror=alert(1)>".to_owned();
        })?;
        let ages = hostile(|it| it.scenario.until = u64::MAX)?;
        let too_long = "A".repeat(70_000);
        let links = [&many, &long, &script, &ages, &too_long];
        let links = links.map(String::as_str).into_iter();
        for link in links.chain(["AQE", "%3Cscript%3E"]) {
            browser.open(&format!("/#r={link}")).await?;
            browser.wait_until(TROUBLE).await?;
            still_works(browser).await?;
        }
        let complaints = browser.complaints().await?;
        ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
        Ok(())
    })
}

#[test]
fn a_link_opens_at_the_same_moment_in_a_fresh_browser() -> Result<()> {
    let mut link = String::new();
    let mut seen = String::new();
    in_browser(async |browser| {
        open_lab(browser).await?;
        drop_text(browser, SCENARIO).await?;
        browser.wait_until(OPENED).await?;
        for _ in 0..25 {
            browser.press("ArrowRight").await?;
        }
        browser.click(".share").await?;
        browser
            .wait_until("document.querySelector('[data-testid=address]')?.value.includes('#r=')")
            .await?;
        link = browser
            .run("return location.hash")
            .await?
            .as_str()
            .unwrap_or_default()
            .to_owned();
        seen = picture(browser).await?;
        Ok(())
    })?;
    if link.is_empty() {
        return Ok(());
    }
    ensure!(link.len() < 1_000, "{} characters", link.len());
    in_browser(async |browser| {
        browser.open(&format!("/{link}")).await?;
        browser.wait_until(OPENED).await?;
        let now = picture(browser).await?;
        ensure!(now == seen, "{now}\nis not\n{seen}");
        ensure!(browser.count("[data-testid=notice]").await? == 0);
        Ok(())
    })
}

#[test]
fn opening_shuts_nobody_out() -> Result<()> {
    in_browser(async |browser| {
        for (size, media) in [(Size::LAPTOP, Media::LIGHT), (Size::PHONE, Media::DARK)] {
            browser.resize(size).await?;
            browser.emulate(media).await?;
            open_lab(browser).await?;
            drop_text(browser, "[scenario]").await?;
            browser.wait_until(TROUBLE).await?;
            browser.shuts_nobody_out().await?;
        }
        Ok(())
    })
}

/// Even if something got through, no script but the page's own runs, and nothing goes anywhere else.
#[test]
fn the_page_runs_its_own_scripts_only() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        browser
            .run(
                "const add = (text) => document.body.append(
                     Object.assign(document.createElement('script'), { textContent: text }));
                 window.refused = [];
                 addEventListener('securitypolicyviolation',
                     (event) => window.refused.push(event.effectiveDirective));
                 add('window.intruded = true');
                 fetch('http://127.0.0.1:9/').catch(() => {});",
            )
            .await?;
        browser
            .wait_until("window.refused.length == 2 && !window.intruded")
            .await?;
        still_works(browser).await
    })
}

/// A link with something in it that no run may have.
fn hostile(change: impl FnOnce(&mut Shared)) -> Result<String> {
    let recording = Recording::new(Scenario::parse(SCENARIO)?);
    let mut shared = Shared {
        scenario: recording.scenario().clone(),
        branch: String::new(),
        changes: Changes::default(),
        moment: Moment::of(&recording),
    };
    change(&mut shared);
    Ok(shared.to_text())
}

/// What can be seen of the moment: the clock, what was selected, the state.
async fn picture(browser: &Browser) -> Result<String> {
    let mut seen = String::new();
    for part in ["[data-testid=clock]", ".inspector", ".state"] {
        seen += &browser.text_of(part).await?;
        seen.push('\n');
    }
    Ok(seen)
}

pub(super) async fn inspect(browser: &Browser) -> Result<()> {
    browser.click(".doors li:nth-child(3) button").await
}

/// Chooses a file; `content` is JavaScript for what is in it.
pub(super) async fn choose_file(browser: &Browser, content: &str) -> Result<()> {
    browser
        .run(&format!(
            "const data = new DataTransfer();
             data.items.add(new File([{content}], 'mine.toml'));
             const field = document.querySelector('[data-testid=file]');
             field.files = data.files;
             field.dispatchEvent(new Event('change', {{ bubbles: true }}));"
        ))
        .await?;
    Ok(())
}

/// Drops text on the page, as from another window.
pub(super) async fn drop_text(browser: &Browser, text: &str) -> Result<()> {
    let text = serde_json::to_string(text)?;
    browser
        .run(&format!(
            "const data = new DataTransfer();
             data.setData('text/plain', {text});
             document.body.dispatchEvent(new DragEvent('drop', {{ dataTransfer: data, bubbles: true, cancelable: true }}));"
        ))
        .await?;
    Ok(())
}

/// A step forward still moves the clock.
async fn still_works(browser: &Browser) -> Result<()> {
    let before = browser.text_of("[data-testid=clock]").await?;
    browser.press("ArrowRight").await?;
    browser.press("ArrowRight").await?;
    let after = browser.text_of("[data-testid=clock]").await?;
    ensure!(before != after, "the clock stands at {after}");
    Ok(())
}
