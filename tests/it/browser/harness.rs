//! A browser for a test: started for it, gone with it.
//!
//! Each test has its own chromedriver and its own browser, and serves `dist/` itself, so that tests may run
//! side by side. `cargo xtask web` builds that folder.

mod driver;
mod keys;
mod server;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use driver::Driver;

/// How long to wait for something to appear.
const PATIENCE: Duration = Duration::from_secs(15);

/// Runs `test` with a browser of its own; where there is none, or no built page, the test is skipped.
///
/// When the test fails, a picture of the page is left among the screenshots.
///
/// # Errors
/// What `test` returns, or what keeps the browser from starting.
pub(crate) fn in_browser(test: impl AsyncFnOnce(&Browser) -> Result<()>) -> Result<()> {
    let Some(chromedriver) = driver::find() else {
        crate::skip(
            "chromedriver is not installed (Debian: apt-get install chromium chromium-driver)",
        );
        return Ok(());
    };
    let dist = dist();
    if !dist.join("index.html").is_file() {
        crate::skip("the page is not built (cargo xtask web)");
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let origin = server::serve(dist, &project()).await?;
        let browser = Browser::start(Driver::start(&chromedriver)?, origin).await?;
        let result = test(&browser).await;
        if result.is_err() {
            let name = std::thread::current()
                .name()
                .unwrap_or("test")
                .replace("::", "-");
            // The test's own failure says more than one of the camera.
            let _ = browser.screenshot(&format!("failed-{name}")).await;
        }
        browser.client.close().await?;
        result
    })
}

/// The built page: `MQTTLAB_DIST`, or `dist/` in the checkout.
fn dist() -> PathBuf {
    env::var_os("MQTTLAB_DIST").map_or_else(|| project().join("dist"), PathBuf::from)
}

fn project() -> PathBuf {
    // Set by `cargo test`.
    PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("..")
}

/// The size of a screen in CSS pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Whether it is held in a hand: touch instead of a mouse, no scroll bars.
    pub(crate) mobile: bool,
}

impl Size {
    pub(crate) const LAPTOP: Self = Self {
        width: 1440,
        height: 900,
        mobile: false,
    };
    pub(crate) const PHONE: Self = Self {
        width: 390,
        height: 844,
        mobile: true,
    };
}

/// What a person has asked of their system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Media {
    pub(crate) dark: bool,
    pub(crate) reduced_motion: bool,
}

impl Media {
    pub(crate) const LIGHT: Self = Self {
        dark: false,
        reduced_motion: true,
    };
    pub(crate) const DARK: Self = Self {
        dark: true,
        reduced_motion: true,
    };
}

/// A page in a browser without a window.
pub(crate) struct Browser {
    /// For what has no method here.
    pub(crate) client: Client,
    origin: String,
    // Ends the browser when it is dropped.
    _driver: Driver,
}

impl Browser {
    async fn start(driver: Driver, origin: String) -> Result<Self> {
        let mut capabilities = serde_json::Map::new();
        capabilities.insert(
            "goog:chromeOptions".to_owned(),
            json!({ "args": driver::arguments() }),
        );
        capabilities.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(driver.url())
            .await
            .context("the browser does not start")?;
        let browser = Self {
            client,
            origin,
            _driver: driver,
        };
        browser.resize(Size::LAPTOP).await?;
        browser.emulate(Media::LIGHT).await?;
        Ok(browser)
    }

    /// Opens a path of the page, such as `/#l=duel`.
    pub(crate) async fn open(&self, path: &str) -> Result<()> {
        // From a page to the same one with another fragment would be no load at all.
        self.client.goto("about:blank").await?;
        Ok(self.client.goto(&format!("{}{path}", self.origin)).await?)
    }

    /// Makes the screen `size`.
    pub(crate) async fn resize(&self, size: Size) -> Result<()> {
        let Size {
            width,
            height,
            mobile,
        } = size;
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.cdp("Emulation.setDeviceMetricsOverride", metrics)
            .await?;
        self.cdp(
            "Emulation.setTouchEmulationEnabled",
            json!({ "enabled": mobile }),
        )
        .await?;
        Ok(())
    }

    /// Makes the system ask for `media`.
    pub(crate) async fn emulate(&self, media: Media) -> Result<()> {
        let feature = |name: &str, value: &str| json!({ "name": name, "value": value });
        let features = [
            feature(
                "prefers-color-scheme",
                if media.dark { "dark" } else { "light" },
            ),
            feature(
                "prefers-reduced-motion",
                if media.reduced_motion {
                    "reduce"
                } else {
                    "no-preference"
                },
            ),
        ];
        self.cdp(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await?;
        Ok(())
    }

    /// Waits until something fits the CSS selector.
    pub(crate) async fn wait_for(&self, selector: &str) -> Result<()> {
        let wait = self
            .client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css(selector));
        wait.await
            .map(drop)
            .with_context(|| format!("nothing fits {selector}"))
    }

    /// Waits until the JavaScript expression is true.
    pub(crate) async fn wait_until(&self, expression: &str) -> Result<()> {
        let script = format!("return Boolean({expression})");
        let started = std::time::Instant::now();
        while self.run(&script).await? != Value::Bool(true) {
            ensure!(started.elapsed() < PATIENCE, "never true: {expression}");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        Ok(())
    }

    /// The visible text of the first thing that fits.
    pub(crate) async fn text_of(&self, selector: &str) -> Result<String> {
        Ok(self.find(selector).await?.text().await?)
    }

    /// How many things fit.
    pub(crate) async fn count(&self, selector: &str) -> Result<usize> {
        Ok(self.client.find_all(Locator::Css(selector)).await?.len())
    }

    /// Clicks on the first thing that fits, as a mouse does: it must be visible and not covered.
    ///
    /// What is drawn anew between the look and the click is looked for again, as a person would.
    pub(crate) async fn click(&self, selector: &str) -> Result<()> {
        let mut tries = 5;
        loop {
            tries -= 1;
            match self.find(selector).await?.click().await {
                Err(error) if error.is_stale_element_reference() && tries > 0 => {}
                clicked => return clicked.with_context(|| format!("cannot click {selector}")),
            }
        }
    }

    /// Presses a key with its modifiers, such as `ArrowRight`, `Shift+Tab` or `b`.
    pub(crate) async fn press(&self, chord: &str) -> Result<()> {
        Ok(self.client.perform_actions(keys::actions(chord)?).await?)
    }

    /// Types text into what has the focus.
    pub(crate) async fn type_text(&self, text: &str) -> Result<()> {
        Ok(self.client.active_element().await?.send_keys(text).await?)
    }

    /// Runs JavaScript and gives what it returns.
    pub(crate) async fn run(&self, script: &str) -> Result<Value> {
        self.client
            .execute(script, Vec::new())
            .await
            .with_context(|| format!("script fails: {script}"))
    }

    /// Writes a picture of what is seen as `name`.png among the screenshots.
    pub(crate) async fn screenshot(&self, name: &str) -> Result<()> {
        let folder = env::var_os("MQTTLAB_SCREENSHOTS")
            .map_or_else(|| project().join("target/screenshots"), PathBuf::from);
        fs::create_dir_all(&folder)?;
        Ok(fs::write(
            folder.join(format!("{name}.png")),
            self.client.screenshot().await?,
        )?)
    }

    /// Warnings and errors on the console since it was last asked.
    pub(crate) async fn complaints(&self) -> Result<Vec<String>> {
        let log = self
            .client
            .issue_cmd(Post {
                path: "se/log",
                body: json!({ "type": "browser" }),
            })
            .await?;
        let entries = log.as_array().context("the console's log is a list")?;
        let bad = entries
            .iter()
            .filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        Ok(bad.map(|entry| entry["message"].to_string()).collect())
    }

    /// Nothing that is shown shuts people out, as far as axe-core can tell; says so where it is not installed.
    pub(crate) async fn shuts_nobody_out(&self) -> Result<()> {
        let Some(barriers) = self.barriers().await? else {
            crate::skip("axe-core is not installed (cargo xtask setup --tests)");
            return Ok(());
        };
        ensure!(barriers.is_empty(), "axe-core finds: {barriers:#?}");
        Ok(())
    }

    /// What axe-core finds that shuts people out, as one line each; `None` where axe-core is not installed.
    pub(crate) async fn barriers(&self) -> Result<Option<Vec<String>>> {
        let Some(axe) = env::var_os("MQTTLAB_AXE")
            .map(PathBuf::from)
            .filter(|path| path.is_file())
        else {
            return Ok(None);
        };
        self.run(&fs::read_to_string(axe)?).await?;
        let script = "const done = arguments[arguments.length - 1]; axe.run().then(done, error => done(String(error)));";
        let result = self.client.execute_async(script, Vec::new()).await?;
        let Some(violations) = result["violations"].as_array() else {
            bail!("axe-core fails: {result}")
        };
        let nodes = |violation: &Value| {
            let nodes = violation["nodes"].as_array().into_iter().flatten();
            nodes
                .map(|node| node["target"].to_string())
                .collect::<Vec<_>>()
                .join(" ")
        };
        Ok(Some(
            violations
                .iter()
                .map(|it| format!("{}: {} at {}", it["id"], it["help"], nodes(it)))
                .collect(),
        ))
    }

    /// Calls a method of the Chrome DevTools Protocol.
    pub(crate) async fn cdp(&self, method: &str, parameters: Value) -> Result<Value> {
        let body = json!({ "cmd": method, "params": parameters });
        self.client
            .issue_cmd(Post {
                path: "goog/cdp/execute",
                body,
            })
            .await
            .with_context(|| format!("{method} fails"))
    }

    async fn find(&self, selector: &str) -> Result<fantoccini::elements::Element> {
        self.client
            .find(Locator::Css(selector))
            .await
            .with_context(|| format!("nothing fits {selector}"))
    }
}

/// A command that only chromedriver knows.
#[derive(Debug)]
struct Post {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Post {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}
