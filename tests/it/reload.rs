//! What is read again while the broker runs, and what of it is not taken up.
#![cfg(unix)]

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::crowd::metric;
use crate::harness::packets::connect;
use crate::harness::{Broker, Folder, PATIENCE, program, signal, wait};

const ACCEPTED: &[u8] = &[0x20, 2, 0, 0];
const NOT_AUTHORIZED: &[u8] = &[0x20, 2, 0, 5];

/// A broker that lets nobody in, and its configuration.
struct Closed {
    folder: Folder,
    broker: Broker,
}

impl Closed {
    fn new(name: &str) -> Result<Self> {
        let folder = Folder::new(name)?;
        // It knows nobody.
        fs::write(folder.path("passwords"), "")?;
        fs::write(folder.path("rules"), "topic a\n")?;
        let file = folder.path("broker.toml");
        fs::write(&file, closed(&folder))?;
        let file = file.to_str().context("a plain path")?;
        let broker = Broker::start_with(&["--http", "127.0.0.1:0", "--config", file])?;
        Ok(Self { folder, broker })
    }

    fn file(&self) -> PathBuf {
        self.folder.path("broker.toml")
    }

    /// Writes another configuration, and says whether it is taken up.
    fn becomes(&self, text: &str) -> Result<bool> {
        fs::write(self.file(), text)?;
        self.broker.reload()
    }

    /// What somebody hears who gives no name.
    fn says(&self, expected: &[u8]) -> Result<()> {
        let mut client = self.broker.connect()?;
        client.send(&connect("c", true))?;
        client.expect(expected)
    }
}

/// A configuration that lets in nobody without a name.
fn closed(folder: &Folder) -> String {
    let passwords = folder.path("passwords");
    format!("[auth]\npassword-file = {passwords:?}\n")
}

/// A file that was emptied, or of which the beginning is there, opens nothing; whoever wants everybody in says so.
#[test]
fn what_was_closed_stays_closed_unless_the_configuration_says_otherwise() -> Result<()> {
    let it = Closed::new("reload-closed")?;
    it.says(NOT_AUTHORIZED)?;
    for text in ["", "# nothing\n", "[auth]\n", "[sys]\ninterval-s = 5\n"] {
        ensure!(!it.becomes(text)?, "{text:?} is taken up");
        it.says(NOT_AUTHORIZED)?;
    }
    ensure!(it.becomes("[auth]\nallow-anonymous = true\n")?);
    it.says(ACCEPTED)?;
    ensure!(it.becomes(&closed(&it.folder))?);
    it.says(NOT_AUTHORIZED)?;
    it.broker.signal("TERM")?;
    let (status, log) = it.broker.wait()?;
    ensure!(status.success(), "{status}: {log}");
    for said in [
        "it says nothing any more",
        "say allow-anonymous = true",
        "changed=auth.allow-anonymous, auth.password-file",
        "broker.toml",
    ] {
        ensure!(log.contains(said), "{said}: {log}");
    }
    Ok(())
}

#[test]
fn rules_that_the_configuration_no_longer_names_go_on() -> Result<()> {
    let it = Closed::new("reload-rules")?;
    let rules = it.folder.path("rules");
    let with_rules = format!("{}acl-file = {rules:?}\n", closed(&it.folder));
    ensure!(it.becomes(&with_rules)?);
    ensure!(!it.becomes(&closed(&it.folder))?, "all would be allowed");
    it.broker.signal("TERM")?;
    let (_, log) = it.broker.wait()?;
    ensure!(log.contains("changed=auth.acl-file"), "{log}");
    ensure!(log.contains("topic readwrite #"), "{log}");
    Ok(())
}

/// Nobody has to send a signal, and nothing is read while it is being written.
#[test]
fn a_file_that_is_emptied_while_it_is_watched_opens_nothing() -> Result<()> {
    let it = Closed::new("reload-watched")?;
    fs::write(it.file(), "[sys]\n")?;
    let started = Instant::now();
    while metric(&it.broker, "configuration_stale")? == 0 {
        it.says(NOT_AUTHORIZED)?;
        ensure!(started.elapsed() < PATIENCE, "it is not looked at");
        thread::sleep(Duration::from_millis(200));
    }
    it.says(NOT_AUTHORIZED)
}

/// A listener that is to be opened or closed waits for a restart, and keeps nothing else from being taken up.
#[test]
fn what_needs_a_restart_waits_and_holds_up_nothing_else() -> Result<()> {
    let folder = Folder::new("reload-listeners")?;
    let file = folder.path("broker.toml");
    let listener = "[[listener]]\naddress = \"127.0.0.1:0\"\n";
    let http = "[http]\naddress = \"127.0.0.1:0\"\n";
    fs::write(&file, format!("{listener}{http}"))?;
    let name = file.to_str().context("a plain path")?;
    let broker = Broker::start_configured(&["--config", name])?;
    broker.connect()?.log_in(b'a')?;
    let other = "[[listener]]\naddress = \"127.0.0.1:1\"\n";
    let changed = "[broker]\nversions = [\"5.0\"]\n";
    fs::write(&file, format!("{listener}{other}{http}{changed}"))?;
    ensure!(broker.reload()?);
    ensure!(
        broker.connect()?.log_in(b'a').is_err(),
        "it is not followed"
    );
    ensure!(metric(&broker, "configuration_stale")? == 1);
    fs::write(&file, format!("{listener}{http}"))?;
    ensure!(broker.reload()?);
    broker.connect()?.log_in(b'a')?;
    ensure!(metric(&broker, "configuration_stale")? == 0);
    broker.signal("TERM")?;
    let (status, log) = broker.wait()?;
    ensure!(status.success(), "{status}: {log}");
    for said in [
        "changed=listener 127.0.0.1:1 (not open until then)",
        "changed=broker.versions",
    ] {
        ensure!(log.contains(said), "{said}: {log}");
    }
    Ok(())
}

/// Signals count before all that was kept is read, and those of other brokers end nothing.
#[cfg(target_os = "linux")]
#[test]
fn no_signal_ends_it_by_mistake() -> Result<()> {
    let mut child = Command::new(program()?)
        .args(["broker", "--http", "off", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    // SIGHUP is the lowest bit of the signals that it catches.
    let status = format!("/proc/{}/status", child.id());
    let hears = || -> Result<bool> {
        let status = fs::read_to_string(&status)?;
        let caught = status.lines().find_map(|it| it.strip_prefix("SigCgt:"));
        let caught = u64::from_str_radix(caught.context("it is said")?.trim(), 16)?;
        // Those that end it come last.
        Ok([1, 2, 10, 12, 15]
            .iter()
            .all(|signal| caught >> (signal - 1) & 1 == 1))
    };
    let started = Instant::now();
    while !hears()? {
        ensure!(started.elapsed() < PATIENCE, "it hears no signals");
        thread::sleep(Duration::from_millis(1));
    }
    for name in ["HUP", "USR1", "USR2", "TERM"] {
        signal(child.id(), name)?;
    }
    let status = wait(&mut child)?;
    let mut log = String::new();
    child
        .stderr
        .context("it was piped")?
        .read_to_string(&mut log)?;
    ensure!(status.code() == Some(0), "{status}: {log}");
    Ok(())
}

#[test]
fn signals_of_other_brokers_are_passed_over() -> Result<()> {
    let broker = Broker::start()?;
    for name in ["USR1", "USR2"] {
        broker.signal(name)?;
    }
    ensure!(broker.reload()?);
    broker.connect()?.log_in(b'a')?;
    broker.signal("TERM")?;
    let (status, log) = broker.wait()?;
    ensure!(status.code() == Some(0), "{status}: {log}");
    for name in ["SIGUSR1", "SIGUSR2"] {
        ensure!(log.contains(name), "{log}");
    }
    Ok(())
}

/// A variable that looks like a setting and is none would leave open what it was to close.
#[test]
fn a_misspelt_variable_keeps_it_from_starting() -> Result<()> {
    for (variable, said) in [
        (
            "MQTTLAB_AUTH_ACL_FILE",
            "did you mean MQTTLAB_AUTH__ACL_FILE?",
        ),
        ("MQTTLAB_NONSENSE", "there is no such setting"),
        ("MQTTLAB_AUTH__ACL_FLIE", "did you mean `acl-file`?"),
    ] {
        let started = Broker::start_in(&["--http", "off"], &[(variable, "x")]);
        let why = started.err().context(variable)?.to_string();
        ensure!(why.contains(said), "{why}");
    }
    // Kubernetes says so of a service of that name.
    let environment = [("MQTTLAB_SERVICE_HOST", "10.0.0.1")];
    Broker::start_in(&["--http", "off"], &environment)?;
    Ok(())
}
