//! The native broker beside others on this machine, run after run in turn.
//!
//! Each run has a broker of its own, started for it on a free port of 127.0.0.1, with the limits on messages that wait or
//! are in flight raised as far as they go. The load is that of `mqttlab bench`, which is the same for all.
//!
//! The broker has one core, the load another: left to itself the system sometimes puts both on one, and then a latency
//! tells where they were put.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use super::loads::{LOADS, Load, Manner};
use crate::{child, project, setup};

/// How long a broker may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);
const BROKER_CORE: &str = "0";
const LOAD_CORE: &str = "1";

#[derive(Args)]
pub(crate) struct Options {
    /// How often each run is repeated; medians count.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// How long a flood or a rate is kept up, in seconds.
    #[arg(long, default_value_t = 3)]
    seconds: u32,
    /// Only runs with this in their name.
    #[arg(long)]
    only: Option<String>,
    /// rumqttd, such as `cargo install rumqttd` makes; one on PATH counts without a word.
    #[arg(long, value_name = "FILE")]
    rumqttd: Option<PathBuf>,
}

/// A broker to compare with.
struct Broker {
    name: &'static str,
    program: PathBuf,
}

/// Runs the comparison and prints a table for each load.
///
/// # Errors
/// When something does not build or start.
pub(crate) fn run(options: &Options) -> Result<()> {
    setup::linker()?;
    let mut build = child::cargo();
    build.args(["build", "--locked", "--release", "--package", "mqttlab"]);
    child::quietly("building mqttlab", &mut build)?;
    let ours = project::target().join("release/mqttlab");
    let folder = project::target().join("xtask/peers");
    fs::create_dir_all(&folder)?;
    make_certificate(&folder)?;
    let mut brokers = vec![Broker {
        name: "mqttlab",
        program: ours.clone(),
    }];
    let mosquitto = project::which("mosquitto")
        .or_else(|| Some(PathBuf::from("/usr/sbin/mosquitto")).filter(|path| path.exists()));
    let rumqttd = options.rumqttd.clone();
    for (name, program) in [
        ("mosquitto", mosquitto),
        ("rumqttd", rumqttd.or_else(|| project::which("rumqttd"))),
    ] {
        match program {
            Some(program) => brokers.push(Broker { name, program }),
            None => println!("{name} is not installed, and left out"),
        }
    }
    let wanted = |load: &&Load| {
        let only = options.only.as_deref();
        only.is_none_or(|only| load.name.contains(only))
    };
    for load in LOADS.iter().filter(wanted) {
        let mut figures: BTreeMap<&str, Vec<Option<Value>>> = BTreeMap::new();
        for _ in 0..options.rounds.max(1) {
            for broker in &brokers {
                // rumqttd keeps nothing on disk that it would read again.
                if broker.name == "rumqttd" && load.manner == Manner::Durable {
                    continue;
                }
                let figure = broker.measure(load, &ours, &folder, options.seconds);
                figures.entry(broker.name).or_default().push(figure?);
            }
        }
        table(load, &brokers, &figures);
    }
    Ok(())
}

impl Broker {
    /// One run with a broker of its own; `None` where it could not be measured.
    fn measure(
        &self,
        load: &Load,
        bench: &Path,
        folder: &Path,
        seconds: u32,
    ) -> Result<Option<Value>> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let work = folder.join(self.name);
        // Of the run before.
        let _ = fs::remove_dir_all(&work);
        fs::create_dir_all(&work)?;
        let running = Running(self.start(port, load.manner, folder, &work)?);
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if started.elapsed() > PATIENCE {
                bail!("{} does not listen", self.name);
            }
            thread::sleep(Duration::from_millis(20));
        }
        thread::sleep(Duration::from_millis(200));
        let mut command = on_core(LOAD_CORE, bench);
        command
            .arg("bench")
            .args(load.arguments.split_whitespace())
            .args(["--json", "--seconds", &seconds.to_string()])
            .args(["--to", &format!("127.0.0.1:{port}")])
            .args(["--pid", &running.0.id().to_string()]);
        if load.manner == Manner::Tls {
            command.arg("--tls-ca").arg(folder.join("cert.pem"));
        }
        let output = command.stderr(Stdio::null()).output()?;
        Ok(serde_json::from_slice(&output.stdout).ok())
    }

    fn start(&self, port: u16, manner: Manner, folder: &Path, work: &Path) -> Result<Child> {
        let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        let mut command = on_core(BROKER_CORE, &self.program);
        match self.name {
            "mqttlab" => {
                let scheme = if manner == Manner::Tls {
                    "mqtts://"
                } else {
                    ""
                };
                command
                    .args(["broker", "--http", "off", "--log", "error"])
                    .args(["--listen", &format!("{scheme}127.0.0.1:{port}")])
                    .args(["--set", "sys.interval-s=0"])
                    .args(["--set", "broker.queue-messages-max=1000000"])
                    .args(["--set", "broker.queue-bytes-max=1073741824"])
                    .args(["--set", "broker.in-flight-max=65535"]);
                if manner == Manner::Tls {
                    command.arg("--certificate").arg(&certificate);
                    command.arg("--key").arg(&key);
                }
                if manner == Manner::Durable {
                    command.arg("--store").arg(work.join("store"));
                }
            }
            "mosquitto" => {
                let file = work.join("mosquitto.conf");
                fs::write(
                    &file,
                    mosquitto_conf(port, manner, (&certificate, &key), work),
                )?;
                command.arg("-c").arg(file);
            }
            _ => {
                let file = work.join("rumqttd.toml");
                fs::write(&file, rumqttd_toml(port, manner, (&certificate, &key)))?;
                command.arg("-c").arg(file).arg("-q");
            }
        }
        let log = File::create(work.join("log"))?;
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} does not start", self.program.display()))
    }
}

/// Debian's defaults, but for limits; what is durable is saved as often as it can.
fn mosquitto_conf(port: u16, manner: Manner, tls: (&Path, &Path), work: &Path) -> String {
    let mut conf = format!(
        "listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0\n\
         set_tcp_nodelay true\nlog_dest none\nuser root\n"
    );
    if manner == Manner::Tls {
        let (certificate, key) = (tls.0.display(), tls.1.display());
        conf += &format!("certfile {certificate}\nkeyfile {key}\n");
    }
    if manner == Manner::Durable {
        let work = work.display();
        conf += &format!("persistence true\npersistence_location {work}/\nautosave_interval 1\n");
    }
    conf
}

fn rumqttd_toml(port: u16, manner: Manner, tls: (&Path, &Path)) -> String {
    let mut toml = format!(
        "id = 0\n[router]\nid = 0\nmax_connections = 50000\nmax_outgoing_packet_count = 200\n\
         max_segment_size = 104857600\nmax_segment_count = 10\n[v4.1]\nname = \"v4-1\"\nlisten = \"127.0.0.1:{port}\"\n\
         next_connection_delay_ms = 0\n"
    );
    if manner == Manner::Tls {
        toml += &format!(
            "[v4.1.tls]\ncertpath = {:?}\nkeypath = {:?}\n",
            tls.0, tls.1
        );
    }
    toml += "[v4.1.connections]\nconnection_timeout_ms = 60000\nmax_payload_size = 262144\nmax_inflight_count = 100\n\
             dynamic_filters = true\n";
    toml
}

/// A program that stays on one core. `taskset` becomes the program: its process is the program's.
fn on_core(core: &str, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", core]).arg(program);
    command
}

/// A broker that ends with its run.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One for 127.0.0.1, for the runs inside TLS.
fn make_certificate(folder: &Path) -> Result<()> {
    let mut openssl = child::command("openssl");
    openssl
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args(["-days", "30", "-subj", "/CN=localhost"])
        .args([
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .arg("-keyout")
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(folder.join("cert.pem"));
    child::quietly("making a certificate", &mut openssl)
}

/// A load's figures, a line for each broker.
fn table(load: &Load, brokers: &[Broker], figures: &BTreeMap<&str, Vec<Option<Value>>>) {
    println!("\n### {}\n", load.name);
    println!("| broker | {} |", load.figures.join(" | "));
    println!("| --- |{}", " ---: |".repeat(load.figures.len()));
    for broker in brokers {
        let Some(runs) = figures.get(broker.name) else {
            continue;
        };
        let cells = load.figures.iter().map(|name| {
            let values = runs.iter().flatten();
            let values = values.filter_map(|run| run.get(*name)?.as_f64());
            median(values.collect()).map_or("–".to_owned(), figure)
        });
        println!(
            "| {} | {} |",
            broker.name,
            cells.collect::<Vec<_>>().join(" | ")
        );
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// With as many digits as it is worth.
fn figure(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{figure, median};

    #[test]
    fn the_middle_one_counts() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(Vec::new()), None);
        assert_eq!(
            [figure(12_345.6), figure(12.34), figure(0.5)],
            ["12346", "12.3", "0.50"]
        );
    }
}
