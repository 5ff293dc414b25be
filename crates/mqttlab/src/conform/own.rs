//! A broker of this program's own, set up as a scenario asks.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use mqttlab_core::topic;
use mqttlab_sim::scenario::Scenario;

use crate::Failure;

/// Brokers that this process has started.
static STARTED: AtomicU32 = AtomicU32::new(0);

/// A broker that runs until this is dropped.
#[derive(Debug)]
pub(super) struct Own {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Own {
    /// Starts one on a free port, with the policy, the users and the rules of the scenario's broker.
    ///
    /// # Errors
    /// When its files cannot be written, or it does not start.
    pub(super) fn start(scenario: &Scenario) -> Result<Self, Failure> {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let name = format!("mqttlab-own-{}-{number}", std::process::id());
        let folder = env::temp_dir().join(name);
        let failed = |error: io::Error| Failure::running(format!("{}: {error}", folder.display()));
        fs::create_dir(&folder).map_err(failed)?;
        let started = launch(scenario, &folder);
        if started.is_err() {
            // What went wrong is said already.
            let _ = fs::remove_dir_all(&folder);
        }
        let (child, address) = started?;
        Ok(Self {
            child,
            address,
            folder,
        })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // These fail only when it has ended already, or its folder is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn launch(scenario: &Scenario, folder: &Path) -> Result<(Child, SocketAddr), Failure> {
    let mut command = program()?;
    command
        .args(["broker", "--listen", "127.0.0.1:0", "--http", "off"])
        // What the simulation compares it with has one, too.
        .args(["--threads", "1"])
        .arg("--config")
        .arg(config(scenario, folder)?);
    let access = &scenario.broker.access;
    if access.users.is_empty() {
        command.arg("--allow-anonymous");
    } else {
        let file = folder.join("passwords");
        for (user, password) in &access.users {
            add_user(&file, user, password)?;
        }
        command.arg("--password-file").arg(file);
    }
    if !access.deny_publish.is_empty() {
        let file = folder.join("rules");
        write(&file, &rules(scenario))?;
        command.arg("--acl-file").arg(file);
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::running(format!("mqttlab broker: {error}")))?;
    match listening(&mut child) {
        Some(address) => Ok((child, address)),
        None => {
            // It has ended, or says something that nobody understands.
            let _ = child.kill();
            let _ = child.wait();
            let message = "mqttlab broker does not start with what the scenario asks for";
            Err(Failure::running(message))
        }
    }
}

fn program() -> Result<Command, Failure> {
    let program = env::current_exe();
    let program = program.map_err(|error| Failure::running(format!("this program: {error}")))?;
    Ok(Command::new(program))
}

/// The scenario's policy as a configuration, with what nobody may subscribe to.
fn config(scenario: &Scenario, folder: &Path) -> Result<PathBuf, Failure> {
    let mut policy = scenario.broker.policy.clone();
    let denied = &scenario.broker.access.deny_subscribe;
    policy.denied_filters.extend_from_slice(denied);
    let policy = toml::to_string(&policy)
        .map_err(|error| Failure::running(format!("the policy cannot be written: {error}")))?;
    let file = folder.join("mqttlab.toml");
    write(
        &file,
        &format!("[log]\nlevel = \"error\"\n[broker]\n{policy}"),
    )?;
    Ok(file)
}

/// What may be published, topic by topic: an ACL file cannot forbid to publish alone.
fn rules(scenario: &Scenario) -> String {
    let denied = &scenario.broker.access.deny_publish;
    let is_denied = |name: &str| denied.iter().any(|filter| topic::matches(filter, name));
    let topics = scenario.published_topics();
    let allowed = topics.iter().filter(|name| !is_denied(name));
    let lines = allowed.map(|name| format!("topic write {name}\n"));
    format!("topic read #\n{}", lines.collect::<String>())
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error| Failure::running(format!("{}: {error}", file.display()));
    fs::write(file, text).map_err(failed)
}

fn add_user(file: &Path, user: &str, password: &str) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::running(format!("mqttlab passwd: {error}"));
    let mut child = program()?
        .arg("passwd")
        .arg(file)
        .arg(user)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(failed)?;
    if let Some(stdin) = &mut child.stdin {
        writeln!(stdin, "{password}").map_err(failed)?;
    }
    match child.wait().map_err(failed)?.success() {
        true => Ok(()),
        false => Err(Failure::running(format!(
            "the user {user:?} cannot be added"
        ))),
    }
}

/// Where it says that it listens.
fn listening(child: &mut Child) -> Option<SocketAddr> {
    let mut line = String::new();
    BufReader::new(child.stdout.take()?)
        .read_line(&mut line)
        .ok()?;
    let place = line.trim_end().strip_prefix("listening mqtt ")?;
    place.rsplit('/').next()?.parse().ok()
}
