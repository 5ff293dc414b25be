//! The real program, started for a test and gone with it.

pub(crate) mod packets;
mod raw;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

pub(crate) use raw::Raw;

/// How long to wait for what should come at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// `mqttlab`: what `MQTTLAB_BIN` names, or else built from the same sources as the tests.
///
/// # Errors
/// When it does not compile.
pub(crate) fn program() -> Result<PathBuf> {
    static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = PROGRAM.get_or_init(|| match env::var_os("MQTTLAB_BIN") {
        Some(program) => Ok(program.into()),
        None => build().map_err(|error| format!("{error:#}")),
    });
    built.clone().map_err(anyhow::Error::msg)
}

/// Cargo builds no program for the tests of another package, so this asks it to.
fn build() -> Result<PathBuf> {
    // …/target/debug/deps/it-0123456789abcdef
    let tests = env::current_exe()?;
    let folder = tests
        .ancestors()
        .nth(2)
        .context("the tests lie in target/PROFILE/deps")?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // All packages, so that what they share is the same build that the tests are made of.
    cargo.args([
        "build",
        "--quiet",
        "--locked",
        "--workspace",
        "--bin",
        "mqttlab",
    ]);
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    let built = cargo
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .context("cargo does not start")?;
    ensure!(
        built.status.success(),
        "building mqttlab: {}",
        String::from_utf8_lossy(&built.stderr)
    );
    Ok(folder.join(format!("mqttlab{}", env::consts::EXE_SUFFIX)))
}

/// A broker that runs; it is killed when this is dropped.
pub(crate) struct Broker {
    child: Child,
    /// Reads its log all the time, so that it never waits for a reader.
    reader: Option<JoinHandle<()>>,
    log: Arc<Mutex<String>>,
    /// Where it speaks MQTT.
    pub(crate) mqtt: Vec<SocketAddr>,
    /// Where it speaks HTTP.
    pub(crate) http: Option<SocketAddr>,
}

impl Broker {
    /// One on a free port, with the defaults.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start() -> Result<Self> {
        Self::start_with(&["--http", "off"])
    }

    /// One on a free port, with these options.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start_with(options: &[&str]) -> Result<Self> {
        let mut command = Command::new(program()?);
        command
            .args(["broker", "--listen", "127.0.0.1:0"])
            .args(options);
        Self::run(command)
    }

    /// One on a free port, with these options and variables of the environment.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start_in(options: &[&str], environment: &[(&str, &str)]) -> Result<Self> {
        let mut command = Command::new(program()?);
        command
            .args(["broker", "--listen", "127.0.0.1:0"])
            .args(options)
            .envs(environment.iter().copied());
        Self::run(command)
    }

    /// One whose single listener these options configure.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start_configured(options: &[&str]) -> Result<Self> {
        let mut command = Command::new(program()?);
        command.arg("broker").args(options);
        Self::run(command)
    }

    /// One whose configuration has so many listeners.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start_listening(options: &[&str], listeners: usize) -> Result<Self> {
        let mut command = Command::new(program()?);
        command.arg("broker").args(options);
        Self::run_with(command, listeners)
    }

    /// Why none starts whose only listener is this.
    ///
    /// # Errors
    /// When one does.
    pub(crate) fn refusal(listener: &str) -> Result<String> {
        let set = format!("listener=[{listener}]");
        let refused = Self::start_configured(&["--http", "off", "--set", &set]).err();
        Ok(refused.context("it starts")?.to_string())
    }

    /// One on a free port, under a limit that the shell sets.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start_limited(limit: &str) -> Result<Self> {
        Self::start_limited_with(limit, &["--http", "off"])
    }

    /// The same, with these options.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start_limited_with(limit: &str, options: &[&str]) -> Result<Self> {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("{limit} && exec \"$0\" \"$@\""))
            .arg(program()?)
            .args(["broker", "--listen", "127.0.0.1:0"])
            .args(options);
        Self::run(command)
    }

    /// What this command starts.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn run(command: Command) -> Result<Self> {
        let listeners = command
            .get_args()
            .filter(|argument| *argument == "--listen")
            .count()
            .max(1);
        Self::run_with(command, listeners)
    }

    fn run_with(mut command: Command, listeners: usize) -> Result<Self> {
        let serves_http = command.get_args().all(|argument| argument != "off");
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().context("it was piped")?;
        let stderr = child.stderr.take().context("it was piped")?;
        let log = Arc::new(Mutex::new(String::new()));
        let written = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            let mut stderr = BufReader::new(stderr);
            let mut line = Vec::new();
            // What came before a fault is what there is.
            while let Ok(1..) = stderr.read_until(b'\n', &mut line) {
                let mut log = written.lock().unwrap_or_else(PoisonError::into_inner);
                log.push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        let mut broker = Self {
            child,
            reader: Some(reader),
            log,
            mqtt: Vec::new(),
            http: None,
        };
        let mut open = 0;
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["listening", "http", url] => {
                    broker.http = Some(url.trim_start_matches("http://").parse()?);
                }
                ["listening", "mqtt" | "mqtts" | "ws" | "wss", place] => {
                    let address = place.split_once("://").map_or(place, |(_, rest)| rest);
                    let address = address.split('/').next().unwrap_or(address);
                    broker.mqtt.push(address.parse()?);
                    open += 1;
                }
                ["listening", "unix", _] => open += 1,
                _ => bail!("it said {line:?}"),
            }
            if open == listeners && (broker.http.is_some() || !serves_http) {
                return Ok(broker);
            }
        }
        let (status, log) = broker.wait()?;
        bail!("it ended with {status} before it listened: {log}")
    }

    /// A connection to it that speaks bytes.
    ///
    /// # Errors
    /// When it does not accept.
    pub(crate) fn connect(&self) -> Result<Raw> {
        Raw::connect(self.address())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.mqtt[0]
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The port as an argument for a client.
    pub(crate) fn port(&self) -> String {
        self.address().port().to_string()
    }

    /// How much processor time it has used, in hundredths of a second; `None` where the system does not say.
    pub(crate) fn processor_ticks(&self) -> Option<u64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        // After the name in parentheses: state is the first, user and system time the 12th and 13th.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<u64>().ok();
        Some(ticks()? + ticks()?)
    }

    /// How much memory it holds, in bytes; `None` where the system does not say.
    pub(crate) fn memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kilobytes * 1_024)
    }

    /// Sends it a signal by name.
    ///
    /// # Errors
    /// When it is gone already.
    pub(crate) fn signal(&self, name: &str) -> Result<()> {
        signal(self.child.id(), name)
    }

    /// Has it read its files again, and waits until its log says how that went. Says whether it goes by them.
    ///
    /// # Errors
    /// When it does not say so in time.
    pub(crate) fn reload(&self) -> Result<bool> {
        const GOOD: &str = "certificates again";
        const BAD: &str = "everything stays as it was";
        let count = |what| self.with_log(|log| log.matches(what).count());
        let before = (count(GOOD), count(BAD));
        self.signal("HUP")?;
        let started = Instant::now();
        loop {
            if count(GOOD) > before.0 {
                return Ok(true);
            }
            if count(BAD) > before.1 {
                return Ok(false);
            }
            ensure!(started.elapsed() < PATIENCE, "it does not read its files");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// What its log says by now.
    fn with_log<T>(&self, look: impl FnOnce(&str) -> T) -> T {
        look(&self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for its end; gives its status and its log.
    ///
    /// # Errors
    /// When it goes on for too long.
    pub(crate) fn wait(mut self) -> Result<(ExitStatus, String)> {
        let status = wait(&mut self.child)?;
        // A reader that has panicked has read no more.
        let _ = self.reader.take().map(JoinHandle::join);
        Ok((status, self.with_log(ToOwned::to_owned)))
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An empty folder that goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// # Errors
    /// When the system lets none be made.
    pub(crate) fn new(name: &str) -> Result<Self> {
        let path = env::temp_dir().join(format!("mqttlab-{}-{name}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Of a file in it.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // It lies in the folder for what may go at any time.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The file of every scenario of the project.
///
/// # Errors
/// When a folder cannot be read.
pub(crate) fn scenarios() -> Result<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    let mut folders = vec![root.join("scenarios"), root.join("lessons")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "toml")
                && folder != root.join("lessons")
            {
                found.push(path);
            }
        }
    }
    ensure!(found.len() > 10, "the scenarios are where they were");
    found.sort();
    Ok(found)
}

/// Sends a signal by name to a process of the test's own.
///
/// # Errors
/// When it is gone already.
pub(crate) fn signal(process: u32, name: &str) -> Result<()> {
    let sent = Command::new("sh")
        .args(["-c", "kill -s \"$1\" \"$2\"", "sh", name])
        .arg(process.to_string())
        .status()?;
    ensure!(sent.success(), "there is no process {process} any more");
    Ok(())
}

/// Waits for a process to end.
///
/// # Errors
/// When it goes on for longer than [`PATIENCE`].
pub(crate) fn wait(child: &mut Child) -> Result<ExitStatus> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        ensure!(started.elapsed() < PATIENCE, "it does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}
