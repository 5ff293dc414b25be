//! The lessons, learnt from start to end: by keyboard alone, and by pointer on a phone.

use anyhow::{Context, Result, bail, ensure};
use mqttlab_lessons::LESSONS;
use mqttlab_sim::lesson::{Course, Outline};
use mqttlab_sim::recording::Recording;
use serde_json::{Value, json};

use super::harness::{Browser, Media, Size, in_browser};
use super::{LAB_IS_THERE, open_lab};

/// How the page is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hand {
    Keyboard,
    Pointer,
}

impl Hand {
    async fn go_on(self, browser: &Browser) -> Result<()> {
        match self {
            Self::Keyboard => browser.press("]").await,
            Self::Pointer => browser.click("[data-testid=continue]").await,
        }
    }

    async fn answer(self, browser: &Browser, option: usize) -> Result<()> {
        match self {
            Self::Keyboard => {
                browser.press(&(option + 1).to_string()).await?;
                browser
                    .wait_until("document.querySelector('.ask label.chosen')")
                    .await?;
                browser.press("Enter").await
            }
            Self::Pointer => {
                let label = format!(".ask label:nth-of-type({})", option + 1);
                browser.click(&label).await?;
                browser.click("[data-testid=check]").await
            }
        }
    }
}

fn courses() -> Result<Vec<Course>> {
    let read = LESSONS.iter().map(|source| Ok(source.read()?));
    read.collect()
}

/// Opens a lesson, as fast as it can be played.
async fn open(browser: &Browser, course: &Course) -> Result<()> {
    browser.open(&format!("/#l={}", course.lesson.id)).await?;
    browser.wait_until(LAB_IS_THERE).await?;
    title_is(browser, &course.lesson.beats[0].title).await?;
    hurry(browser).await
}

async fn hurry(browser: &Browser) -> Result<()> {
    let script = "const speed = document.querySelector('.speed select'); speed.selectedIndex = speed.options.length - 1; \
        speed.dispatchEvent(new Event('change', { bubbles: true }))";
    browser.run(script).await.map(drop)
}

async fn title_is(browser: &Browser, title: &str) -> Result<()> {
    let title = Value::from(title.replace('`', ""));
    browser
        .wait_until(&format!(
            "document.querySelector('#lesson-title')?.textContent === {title}"
        ))
        .await
}

/// Goes through the story; the first question is answered wrongly, the others rightly.
async fn learn(browser: &Browser, course: &Course, hand: Hand) -> Result<()> {
    let mut run = Recording::new(course.runs[0].clone());
    let outline = Outline::of(&course.lesson, &mut run);
    let mut has_erred = false;
    for (index, (beat, reached)) in course.lesson.beats.iter().zip(&outline.beats).enumerate() {
        title_is(browser, &beat.title).await?;
        if let Some(asked) = &reached.asked {
            let right = asked.right().context("it has one right answer")?;
            let option = if has_erred {
                right
            } else {
                (right + 1) % asked.truth.len()
            };
            let class = if has_erred { "right" } else { "wrong" };
            has_erred = true;
            hand.answer(browser, option).await?;
            browser
                .wait_for(&format!(".ask.{class}[data-testid=verdict]"))
                .await
                .with_context(|| format!("“{}” is answered", beat.title))?;
        }
        if index + 1 < course.lesson.beats.len() {
            hand.go_on(browser).await?;
        }
    }
    Ok(())
}

#[test]
fn each_lesson_can_be_learnt_by_keyboard_alone_and_shuts_nobody_out() -> Result<()> {
    let courses = courses()?;
    in_browser(async |browser| {
        for (index, course) in courses.iter().enumerate() {
            let media = [Media::LIGHT, Media::DARK][index % 2];
            browser.emulate(media).await?;
            open(browser, course).await?;
            learn(browser, course, Hand::Keyboard)
                .await
                .with_context(|| course.lesson.id.clone())?;
            browser
                .run("document.querySelectorAll('#lesson details').forEach(it => it.open = true)")
                .await?;
            if let Some(barriers) = browser.barriers().await? {
                let id = &course.lesson.id;
                ensure!(barriers.is_empty(), "{id}: axe-core finds: {barriers:#?}");
            }
        }
        let complaints = browser.complaints().await?;
        ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
        Ok(())
    })
}

#[test]
fn each_lesson_can_be_learnt_by_pointer_on_a_phone_and_is_remembered() -> Result<()> {
    let courses = courses()?;
    in_browser(async |browser| {
        browser.resize(Size::PHONE).await?;
        for course in &courses {
            open(browser, course).await?;
            learn(browser, course, Hand::Pointer)
                .await
                .with_context(|| course.lesson.id.clone())?;
            let overflow = browser
                .run("return document.documentElement.scrollWidth - window.innerWidth")
                .await?;
            ensure!(
                overflow == json!(0),
                "{}: {overflow} px too wide",
                course.lesson.id
            );
        }
        open_lab(browser).await?;
        browser.click(".story-head button").await?;
        let finished = browser.count(".course-title .icon").await?;
        ensure!(finished == courses.len(), "{finished} are remembered");
        let kept = browser
            .run("return localStorage.getItem('mqttlab.progress')")
            .await?;
        let first = courses.first().context("there are lessons")?;
        let line = format!(
            "{} {} {} finished open",
            first.lesson.id,
            first.lesson.questions().count(),
            first.lesson.questions().count() - 1
        );
        ensure!(
            kept.as_str()
                .is_some_and(|kept| kept.lines().any(|it| it == line)),
            "{kept} has no line {line}"
        );
        Ok(())
    })
}

#[test]
fn each_goal_is_reached_by_its_solution() -> Result<()> {
    let courses = courses()?;
    in_browser(async |browser| {
        for course in &courses {
            let Some(goal) = course.lesson.goals.first() else {
                continue;
            };
            let changes = &goal.solution.changes;
            open(browser, course).await?;
            for _ in 0..goal.hints.len() {
                browser
                    .run("document.querySelector('[data-testid=goal]').open = true")
                    .await?;
                browser.click("[data-testid=hint]").await?;
            }
            ensure!(browser.count(".hints li").await? == goal.hints.len());
            match changes.inputs.as_slice() {
                [] => {
                    let run = goal.solution.run;
                    browser
                        .run("document.querySelector('[data-testid=what-ifs]').open = true")
                        .await?;
                    browser
                        .click(&format!(
                            "[data-testid=what-ifs] li:nth-child({run}) button"
                        ))
                        .await?;
                }
                [input] => {
                    let (seconds, micros) = (input.at / 1_000_000, input.at % 1_000_000);
                    let path = format!(
                        "location.hash = '#l={}&t={seconds}.{micros:06}s'",
                        course.lesson.id
                    );
                    browser.run(&path).await?;
                    browser.wait_until(&format!("document.querySelector('[data-testid=clock]').textContent.startsWith('{seconds}.')")).await?;
                    let tool = goal.tools.iter().position(|tool| *tool == input.action);
                    let tool = tool.context("the solution has its tool")? + 1;
                    browser
                        .click(&format!(
                            "[data-testid=goal] .choices li:nth-child({tool}) button"
                        ))
                        .await?;
                }
                more => bail!("{} steps: not done here", more.len()),
            }
            browser.press("End").await?;
            browser
                .wait_for("[data-testid=won]")
                .await
                .with_context(|| course.lesson.id.clone())?;
            browser.click("[data-testid=reset]").await?;
            title_is(browser, &course.lesson.beats[0].title).await?;
        }
        Ok(())
    })
}

#[test]
fn a_wrong_answer_leads_to_the_run_in_which_it_is_right() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        hurry(browser).await?;
        // A DISCONNECT: right in MQTT 5.0 only.
        Hand::Pointer.answer(browser, 2).await?;
        browser.click("[data-testid=counter]").await?;
        title_is(browser, "What if they speak MQTT 5.0").await?;
        browser.click("[data-testid=story]").await?;
        title_is(browser, "A pump goes online").await
    })
}

#[test]
fn teachers_hide_answers_and_hand_out_a_seed() -> Result<()> {
    in_browser(async |browser| {
        open_lab(browser).await?;
        browser.click(".story-head button").await?;
        browser
            .run("document.querySelectorAll('#lesson details').forEach(it => it.open = true)")
            .await?;
        browser.click(".check input").await?;
        browser.run("const seed = document.querySelector('.seed'); seed.value = '42'; seed.dispatchEvent(new Event('change', { bubbles: true }))").await?;
        browser.click("[data-lesson=loss]").await?;
        browser
            .wait_until("document.querySelector('.badge.live')?.textContent.endsWith('seed 42')")
            .await?;
        hurry(browser).await?;
        Hand::Keyboard.answer(browser, 2).await?;
        browser
            .wait_until("document.querySelector('.ask .ghost')?.textContent === 'Show the answer'")
            .await?;
        ensure!(browser.count("[data-testid=verdict]").await? == 0);
        browser.click(".ask .ghost").await?;
        browser.wait_for(".ask.right[data-testid=verdict]").await?;
        // The link for the class has both in it.
        browser.click(".story-head button").await?;
        browser
            .run("document.querySelectorAll('#lesson details').forEach(it => it.open = true)")
            .await?;
        browser.click("[data-testid=class-link]").await?;
        browser
            .wait_until("location.hash === '#l=loss&seed=42&hide'")
            .await?;
        browser.run("localStorage.clear()").await?;
        browser.open("/#l=loss&seed=42&hide").await?;
        browser
            .wait_until("document.querySelector('.badge.live')?.textContent.endsWith('seed 42')")
            .await?;
        hurry(browser).await?;
        Hand::Keyboard.answer(browser, 2).await?;
        browser
            .wait_until("document.querySelector('.ask .ghost')?.textContent === 'Show the answer'")
            .await?;
        ensure!(browser.count("[data-testid=verdict]").await? == 0);
        browser.open("/#l=loss&seed=7").await?;
        browser
            .wait_until("document.querySelector('.badge.live')?.textContent.endsWith('seed 7')")
            .await
    })
}
