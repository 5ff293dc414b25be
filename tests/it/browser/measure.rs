//! What the page costs, measured on demand: `cargo xtask bench --page`. Figures are printed, never judged.

use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use mqttlab_sim::recording::Recording;
use mqttlab_sim::scenario::Scenario;

use super::harness::{Browser, Media, in_browser};
use super::open::{OPENED, drop_text};
use super::open_lab;

/// Set by `cargo xtask bench --page`.
const ASKED: &str = "MQTTLAB_MEASURE";

#[test]
fn the_page_with_a_crowd_is_measured() -> Result<()> {
    if std::env::var_os(ASKED).is_none() {
        crate::skip("nobody asked for measurements (cargo xtask bench --page)");
        return Ok(());
    }
    in_browser(async |browser| {
        browser
            .emulate(Media {
                dark: false,
                reduced_motion: false,
            })
            .await?;
        for clients in [10, 100, 500] {
            open_lab(browser).await?;
            drop_text(browser, &busy(clients)).await?;
            browser.wait_until(OPENED).await?;
            let played = answer(browser, PLAY).await?;
            report(&format!("{clients} clients, playing: {played}"));
            let sought = answer(browser, SEEK).await?;
            report(&format!("{clients} clients, seeking: {sought}"));
            let shown = browser.text_of(".topology .panel-bar").await?;
            ensure!(shown.contains(&format!("{clients} clients")), "{shown}");
        }
        let text = long();
        let mut recording = Recording::new(Scenario::parse(&text)?);
        recording.seek(recording.end());
        let events = recording.events().len();
        ensure!(events >= 10_000, "{events} events");
        open_lab(browser).await?;
        drop_text(browser, &text).await?;
        browser.wait_until(OPENED).await?;
        let sought = answer(browser, SEEK).await?;
        report(&format!("{events} events of 6 clients, seeking: {sought}"));
        let complaints = browser.complaints().await?;
        ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
        Ok(())
    })
}

/// So many clients that connect, subscribe and hear from each other.
fn busy(clients: usize) -> String {
    let mut text =
        "scenario = { id = \"busy\", title = \"Busy\", version = 1, until = \"20s\" }\n".to_owned();
    let names: Vec<String> = (0..clients).map(|index| format!("\"c{index}\"")).collect();
    let all = names.join(", ");
    for name in &names {
        let _ = write!(text, "[[client]]\nname = {name}\nkeep_alive = \"5s\"\n");
    }
    let _ = write!(
        text,
        "[[do]]\nat = \"0s\"\nact = \"connect\"\nwho = [{all}]\n"
    );
    let some = names
        .iter()
        .take(20)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    let _ = write!(
        text,
        "[[do]]\nat = \"1s\"\nact = \"subscribe\"\nfilter = \"a/#\"\nqos = 1\nwho = [{some}]\n"
    );
    for index in 0..100 {
        let at = 2_000 + index * 100;
        let who = index % clients;
        let _ = write!(
            text,
            "[[do]]\nat = \"{at}ms\"\nact = \"publish\"\nwho = \"c{who}\"\ntopic = \"a/{index}\"\nqos = 1\n"
        );
    }
    text
}

/// A few clients in whose run much happens.
fn long() -> String {
    let mut text =
        "scenario = { id = \"long\", title = \"Long\", version = 1, until = \"200s\" }\n"
            .to_owned();
    for index in 0..6 {
        let _ = write!(
            text,
            "[[client]]\nname = \"c{index}\"\nsubscribe = [{{ filter = \"c{index}\", qos = 1 }}]\n\
             publish = [{{ every = \"1s\", from = \"{index}00ms\", topic = \"c{index}\", qos = 1, payload = \"{{n}}\" }}]\n\
             [[do]]\nat = \"0s\"\nact = \"connect\"\nwho = \"c{index}\"\n"
        );
    }
    text
}

/// Plays in real time for some seconds: frames, and what the page's script takes of each.
const PLAY: &str = "
    const done = arguments[arguments.length - 1];
    const speed = document.querySelector('.speed select');
    speed.value = '3';
    speed.dispatchEvent(new Event('change', { bubbles: true }));
    const ask = window.requestAnimationFrame.bind(window);
    let busy = 0, worst = 0, frames = 0;
    window.requestAnimationFrame = (callback) => ask((at) => {
      const before = performance.now();
      callback(at);
      queueMicrotask(() => {
        const took = performance.now() - before;
        busy += took;
        worst = Math.max(worst, took);
      });
    });
    document.querySelector('[data-testid=play]').click();
    const started = performance.now();
    const tick = () => {
      frames += 1;
      const passed = performance.now() - started;
      if (passed < 8000) return void ask(tick);
      window.requestAnimationFrame = ask;
      const play = document.querySelector('[data-testid=play]');
      if (play.ariaLabel === 'Pause') play.click();
      done(`${(frames * 1000 / passed).toFixed(1)} frames/s, script ${(busy / frames).toFixed(1)} ms a frame, at most ${worst.toFixed(0)} ms`);
    };
    ask(tick);";

/// Goes to the end, and then to and fro: how long the page is busy with each.
const SEEK: &str = "
    const done = arguments[arguments.length - 1];
    const track = document.querySelector('.track input');
    const rest = () => new Promise((go) => setTimeout(go, 0));
    const there = () => !document.querySelector('.clock-next').innerText.includes('on the way');
    const to = async (at) => {
      const before = performance.now();
      let last = before, blocked = 0;
      const look = () => {
        const now = performance.now();
        blocked = Math.max(blocked, now - last);
        last = now;
      };
      track.value = at;
      track.dispatchEvent(new Event('input', { bubbles: true }));
      do {
        await rest();
        look();
      } while (!there());
      return [blocked, last - before];
    };
    (async () => {
      const first = await to(Number(track.max));
      const blocked = [], whole = [];
      for (let index = 0; index < 20; index += 1) {
        const [a, b] = await to(Math.floor(Number(track.max) * ((index * 37 + 11) % 100) / 100));
        blocked.push(a);
        whole.push(b);
      }
      const middle = (times) => times.toSorted((a, b) => a - b)[10].toFixed(0);
      const most = (times) => Math.max(...times).toFixed(0);
      done(`first to the end in ${first[1].toFixed(0)} ms (${first[0].toFixed(0)} ms at once); then ${middle(whole)} ms, at most ${most(whole)} ms (${most(blocked)} ms at once)`);
    })();";

async fn answer(browser: &Browser, script: &str) -> Result<String> {
    let answer = browser.client.execute_async(script, Vec::new()).await?;
    answer
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no text: {answer}"))
}

fn report(line: &str) {
    // Read by whoever asked for it.
    #[expect(clippy::print_stdout, reason = "it is what this is for")]
    {
        println!("{line}");
    }
}
