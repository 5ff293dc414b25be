//! The page in other languages: in one that nobody speaks, which shows whatever is not among its texts, and in German.

use anyhow::{Result, ensure};
use mqttlab_texts::compile::PSEUDO;
use serde_json::{Value, json};

use super::harness::{Browser, Media, Size, in_browser};
use super::{LAB_IS_THERE, open_lab};

/// Every text that people read in the page's frame and that is plain English, of what can be seen now.
///
/// Words of the other language have other letters: four plain ones never stand together. What the simulator and the
/// lessons say is in no language of the page.
const ENGLISH: &str = r#"
const others = ".event-text, .event-who, .node-id, .dot-name, .crumb, .line-label, .mark, .mono, [lang=en], code, pre, kbd, " +
  ".ask, .choice, .extra > :not(summary), .papers b, " +
  ".cause-text, .field, .field-about, .branch-name, .was, [data-testid=actions] td, .compare td, .compare th, #problem, script, style, " +
  "select option[lang], .ladder-heads, .delivery td, .delivery th, .goal summary, [data-testid=next-lesson], [aria-live], " +
  ".state dd, .rule-here, .mark-place, .line-label, .sb-help, .sb-card summary, .sb-fields label, .sb-fields legend, .sb-fields option";
const names = /MQTT Lab|broker|pump|monitor|sensor|screen|at-once|auto-|eventually|\bmain\b|CONNACK|Wireshark|(type|topic|from|kind|retain)[: ,]|name/g;
const isEnglish = (text) => /[a-z]{4}/.test(text.replace(names, ""));
const found = new Set();
const isSeen = (element) => element && element.getClientRects().length > 0 && !element.closest(others);
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = walker.currentNode.textContent.trim();
  if (isSeen(walker.currentNode.parentElement) && isEnglish(text)) found.add(text);
}
for (const element of document.querySelectorAll("[title], [aria-label], [placeholder]")) {
  for (const name of ["title", "aria-label", "placeholder"]) {
    const text = element.getAttribute(name) ?? "";
    if (isSeen(element) && !element.matches(".mono, [data-testid=paste], #search, [data-count], .byte, .branch *") && isEnglish(text)) {
      found.add(`${name}: ${text}`);
    }
  }
}
return [...found];
"#;

/// Every button whose words are cut off, and how much the page is wider than the screen.
const CUT_OFF: &str = r#"
const cut = [...document.querySelectorAll("button, summary, h2, h3, th")]
  .filter((it) => it.getClientRects().length > 0 && !it.closest(".ladder, .stage, .branch-name, .event-list, .hidden-visually"))
  .filter((it) => {
    const panel = it.closest(".panel, .topbar, .timeline")?.getBoundingClientRect();
    const clips = getComputedStyle(it).overflowX !== "visible" && it.scrollWidth > it.clientWidth + 1;
    return clips || panel && it.getBoundingClientRect().right > panel.right + 1;
  })
  .map((it) => it.innerText || it.getAttribute("aria-label"));
const wider = document.documentElement.scrollWidth - innerWidth;
if (wider > 0) cut.push(`the page is ${wider} px wider than the screen`);
return cut;
"#;

#[test]
fn one_file_makes_another_language() -> Result<()> {
    in_browser(async |browser| {
        open_in(browser, PSEUDO).await?;
        is_translated(browser, "the page").await?;
        browser.press("End").await?;
        for tab in 0..4 {
            browser.click(&format!("#run-tab-{tab}")).await?;
            is_translated(browser, &format!("tab {tab} of the run")).await?;
        }
        for tab in 0..5 {
            browser.click(&format!("#inspector-tab-{tab}")).await?;
            is_translated(browser, &format!("tab {tab} of the inspector")).await?;
        }
        for node in 0..3 {
            browser
                .click(&format!(".node[data-target=p{node}]"))
                .await?;
            is_translated(browser, &format!("the state of {node}")).await?;
            browser.press("a").await?;
            browser.wait_for(".menu[open]").await?;
            is_translated(browser, &format!("the menu of {node}")).await?;
            browser.press("Escape").await?;
            // Gone, and not only closed: until then the page has not heard of it, and keys are the menu's.
            browser
                .wait_until("!document.querySelector('.menu')")
                .await?;
        }
        for (key, dialog) in [("?", ".help"), ("u", ".until-sheet"), ("s", ".share-sheet")] {
            browser.press(key).await?;
            browser.wait_for(&format!("{dialog}[open]")).await?;
            is_translated(browser, dialog).await?;
            browser.press("Escape").await?;
            // As above.
            browser
                .wait_until(&format!("!document.querySelector('{dialog}')"))
                .await?;
        }
        browser.click(".doors li:nth-child(3) button").await?;
        is_translated(browser, "the door Inspect").await?;
        browser.click(".doors li:nth-child(2) button").await?;
        browser.wait_for("[data-testid=sandbox-start]").await?;
        is_translated(browser, "the start of the sandbox").await?;
        browser.click("[data-testid=templates] button").await?;
        browser.wait_for(".sandbox-section").await?;
        is_translated(browser, "the forms of the sandbox").await
    })
}

#[test]
fn longer_words_have_room_and_shut_nobody_out() -> Result<()> {
    in_browser(async |browser| {
        for (size, media) in [(Size::LAPTOP, Media::LIGHT), (Size::PHONE, Media::DARK)] {
            browser.resize(size).await?;
            browser.emulate(media).await?;
            open_in(browser, PSEUDO).await?;
            let name = if size.mobile { "phone" } else { "laptop" };
            browser.screenshot(&format!("language-{name}")).await?;
            let cut = list(browser, CUT_OFF).await?;
            ensure!(cut.is_empty(), "{name}: these have no room: {cut:#?}");
            browser.shuts_nobody_out().await?;
        }
        Ok(())
    })
}

#[test]
fn the_page_speaks_what_its_reader_prefers_or_chooses() -> Result<()> {
    in_browser(async |browser| {
        let agent = browser.run("return navigator.userAgent").await?;
        let prefers = json!({ "userAgent": agent, "acceptLanguage": "de-AT,en" });
        browser
            .cdp("Emulation.setUserAgentOverride", prefers)
            .await?;
        open_lab(browser).await?;
        speaks(browser, "de").await?;
        let doors = browser.text_of(".doors").await?;
        ensure!(doors.contains("Lernen"), "{doors}");
        let complaints = browser.complaints().await?;
        ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
        browser.screenshot("language-german").await?;
        browser.press("?").await?;
        browser.wait_for("[data-testid=language]").await?;
        browser
            .run(
                "const list = document.querySelector('[data-testid=language]'); list.value = 'en'; \
                 list.dispatchEvent(new Event('change', { bubbles: true }))",
            )
            .await?;
        speaks(browser, "en").await?;
        browser.wait_until(LAB_IS_THERE).await?;
        let doors = browser.text_of(".doors").await?;
        ensure!(doors.contains("Learn"), "{doors}");
        // The choice is kept.
        open_lab(browser).await?;
        speaks(browser, "en").await
    })
}

#[test]
fn a_language_that_there_is_not_is_english() -> Result<()> {
    in_browser(async |browser| {
        browser.open("/?lang=tlh").await?;
        browser.wait_until(LAB_IS_THERE).await?;
        speaks(browser, "en").await?;
        let doors = browser.text_of(".doors").await?;
        ensure!(doors.contains("Learn"), "{doors}");
        Ok(())
    })
}

/// Opens the page in a language.
async fn open_in(browser: &Browser, language: &str) -> Result<()> {
    browser.open(&format!("/?lang={language}")).await?;
    browser.wait_until(LAB_IS_THERE).await?;
    speaks(browser, language).await
}

async fn speaks(browser: &Browser, language: &str) -> Result<()> {
    let is_spoken = format!("document.documentElement.lang === '{language}'");
    browser.wait_until(&is_spoken).await
}

/// Nothing that can be seen is English.
async fn is_translated(browser: &Browser, what: &str) -> Result<()> {
    let english = list(browser, ENGLISH).await?;
    ensure!(
        english.is_empty(),
        "{what}: these are no texts of the Fluent file: {english:#?}"
    );
    Ok(())
}

async fn list(browser: &Browser, script: &str) -> Result<Vec<Value>> {
    Ok(serde_json::from_value(browser.run(script).await?)?)
}
