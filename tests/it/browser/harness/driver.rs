//! chromedriver on a port of its own, ended with what it started.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

use anyhow::{Context, Result};

/// The first chromedriver on PATH.
pub(super) fn find() -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|dir| dir.join("chromedriver"))
        .find(|path| path.is_file())
}

/// How the browser is started: without a window, and without a way out to the network.
pub(super) fn arguments() -> Vec<&'static str> {
    let mut arguments = vec![
        "--headless=new",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ];
    // Chromium's sandbox refuses to work for root, as whom tests run in a container.
    if fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        arguments.push("--no-sandbox");
    }
    arguments
}

/// A running chromedriver.
pub(super) struct Driver {
    process: Child,
    port: u16,
    url: String,
}

impl Driver {
    pub(super) fn start(program: &Path) -> Result<Self> {
        let mut process = Command::new(program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let output = process.stdout.take().context("its output is a pipe")?;
        // From here on dropping ends the process, also when no port is found.
        let mut driver = Self {
            process,
            port: 0,
            url: String::new(),
        };
        let mut lines = BufReader::new(output).lines();
        driver.port = lines
            .by_ref()
            .find_map(|line| port_in(&line.ok()?))
            .context("chromedriver names no port")?;
        driver.url = format!("http://127.0.0.1:{}", driver.port);
        // Read on, lest it be held up by a full pipe.
        thread::spawn(move || lines.for_each(drop));
        Ok(driver)
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Asks it to end its browsers and itself, for a browser outlives a driver that is merely killed.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream
            .write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        stream.read_to_end(&mut Vec::new()).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Whatever fails here, the process is ended below, and nobody is left to be told.
        let _ = self.shut_down();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The port in `ChromeDriver was started successfully on port 38221.`
fn port_in(line: &str) -> Option<u16> {
    line.split_once("successfully on port ")?
        .1
        .trim_end_matches('.')
        .parse()
        .ok()
}
