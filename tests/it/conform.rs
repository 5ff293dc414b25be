//! Real brokers, asked by the clients of the project's scenarios.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::harness::{Folder, PATIENCE, program, scenarios};

/// Differences of Mosquitto that are known and decided; CONFORMANCE.md says how.
const KNOWN: &[&str] = &[
    "scenarios/half-open.toml",
    "scenarios/bugs/packet-id-reuse.toml",
];

/// What came of one scenario.
struct Outcome {
    file: String,
    left_out: Option<String>,
    differences: Value,
}

/// Plays every scenario that needs no time of its own.
fn conform(broker: &str) -> Result<Vec<Outcome>> {
    let mut command = Command::new(program()?);
    command
        .args(["conform", "--json", "--time-max", "8s", "--settle", "40ms"])
        .arg(broker)
        .args(scenarios()?);
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(matches!(output.status.code(), Some(0 | 1)), "{said}");
    let all: Vec<Value> = serde_json::from_slice(&output.stdout)?;
    let outcome = |one: &Value| {
        let file = one["file"].as_str().context("a file")?;
        let (_, file) = file.split_once("/../").context("it lies in the project")?;
        Ok(Outcome {
            file: file.to_owned(),
            left_out: one["left_out"].as_str().map(str::to_owned),
            differences: one["differences"].clone(),
        })
    };
    all.iter().map(outcome).collect()
}

fn differs(outcome: &Outcome) -> bool {
    outcome
        .differences
        .as_array()
        .is_none_or(|all| !all.is_empty())
}

#[test]
fn our_broker_does_over_sockets_what_it_does_in_the_simulation() -> Result<()> {
    let outcomes = conform("own")?;
    for outcome in &outcomes {
        ensure!(
            !differs(outcome),
            "{}: {:#}",
            outcome.file,
            outcome.differences
        );
    }
    let played = outcomes.iter().filter(|one| one.left_out.is_none());
    ensure!(played.count() >= 20, "most scenarios can be played");
    let reasons = outcomes.iter().filter_map(|one| one.left_out.as_deref());
    for reason in reasons {
        let is_known = [
            "to its broker: ",
            "mistakes on purpose",
            "timers of the broker",
        ];
        ensure!(
            is_known.iter().any(|known| reason.contains(known)),
            "{reason}"
        );
    }
    Ok(())
}

/// Debian's broker on a free port, gone with the test.
pub(crate) struct Mosquitto {
    child: Child,
    pub(crate) port: u16,
    _folder: Folder,
}

impl Mosquitto {
    /// `None` where it is not installed.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start() -> Result<Option<Self>> {
        let places = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"];
        let program = places.iter().find(|place| Path::new(place).exists());
        let Some(program) = program else {
            crate::skip("mosquitto is not installed (Debian: apt-get install mosquitto)");
            return Ok(None);
        };
        // Free when asked, and nobody else asks for this one at the same time.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = Folder::new(&format!("mosquitto-{port}"))?;
        let config = folder.path("mosquitto.conf");
        std::fs::write(
            &config,
            format!(
                "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nsys_interval 1\n"
            ),
        )?;
        let child = Command::new(program)
            .arg("-c")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let this = Self {
            child,
            port,
            _folder: folder,
        };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if started.elapsed() > PATIENCE {
                bail!("mosquitto does not listen");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Some(this))
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn mosquitto_differs_only_where_the_reason_is_known() -> Result<()> {
    let Some(mosquitto) = Mosquitto::start()? else {
        return Ok(());
    };
    for outcome in conform(&format!("127.0.0.1:{}", mosquitto.port))? {
        ensure!(
            !differs(&outcome) || KNOWN.contains(&outcome.file.as_str()),
            "{}: {:#}",
            outcome.file,
            outcome.differences
        );
    }
    Ok(())
}

#[test]
fn nobody_at_the_address_is_said() -> Result<()> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/half-open.toml");
    for (address, word) in [
        (format!("127.0.0.1:{port}"), "refused"),
        ("127.0.0.1".to_owned(), "localhost:1883"),
    ] {
        let output = Command::new(program()?)
            .args(["conform", &address])
            .arg(&scenario)
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.code() == Some(2), "{said}");
        ensure!(said.contains(word), "{said}");
    }
    Ok(())
}
