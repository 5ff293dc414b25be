//! `mqttlab bench`, against our own broker.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::harness::{Broker, Folder, program};

/// Runs a workload for a second; gives the figures.
fn bench(broker: &Broker, arguments: &[&str]) -> Result<Value> {
    let (to, pid) = (broker.address().to_string(), broker.id().to_string());
    bench_at(&to, &[arguments, &["--pid", &pid]].concat())
}

/// The same for the broker at a URL, whose process is not looked at.
fn bench_at(to: &str, arguments: &[&str]) -> Result<Value> {
    let output = Command::new(program()?)
        .arg("bench")
        .args(arguments)
        .args(["--to", to, "--seconds", "1", "--json"])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{arguments:?}: {text}{complaint}");
    serde_json::from_str(&text).with_context(|| text)
}

#[test]
fn messages_flow_in_every_shape_at_every_qos_and_none_is_lost() -> Result<()> {
    let broker = Broker::start_with(&["--http", "off", "--log", "warn"])?;
    for shape in ["pairs", "fan-in", "fan-out", "shared"] {
        for qos in ["0", "1", "2"] {
            let options = [shape, "--qos", qos, "--clients", "3", "--rate", "300"];
            let figures = bench(&broker, &options)?;
            let sent = figures["sent"].as_f64().context("sent")?;
            ensure!(sent >= 100.0, "{options:?}: {figures}");
            let copies = if shape == "fan-out" { 3.0 } else { 1.0 };
            ensure!(
                figures["delivered"] == sent * copies,
                "{options:?}: {figures}"
            );
            ensure!(figures["latency_p99_ms"].as_f64() > Some(0.0), "{figures}");
            ensure!(
                figures["broker_memory_mib"].as_f64() > Some(0.0),
                "{figures}"
            );
            let time = |name: &str| figures[name].as_f64().with_context(|| name.to_owned());
            let (all, own) = (time("broker_cpu_us_each")?, time("broker_user_us_each")?);
            ensure!(own >= 0.0 && own <= all, "{figures}");
        }
    }
    let flood = bench(&broker, &["pairs", "--qos", "1", "--outstanding", "20"])?;
    ensure!(flood["sent"].as_f64() > Some(300.0), "{flood}");
    Ok(())
}

#[test]
fn messages_flow_inside_tls() -> Result<()> {
    let folder = Folder::new("load-tls")?;
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
    let (certificate, key) = (folder.path("server.pem"), folder.path("server.key"));
    std::fs::write(&certificate, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    let certificate = certificate.to_str().context("a plain path")?;
    let broker = Broker::start_configured(&[
        "--http",
        "off",
        "--listen",
        "mqtts://127.0.0.1:0",
        "--certificate",
        certificate,
        "--key",
        key.to_str().context("a plain path")?,
    ])?;
    // No more on their way than a session may have waiting: 1 MiB.
    let large = &["--size", "50000", "--outstanding", "10"];
    for options in [&["--rate", "300"][..], large] {
        let options = [&["pairs", "--qos", "1", "--tls-ca", certificate], options].concat();
        let figures = bench(&broker, &options)?;
        ensure!(figures["sent"].as_f64() >= Some(100.0), "{figures}");
        ensure!(figures["lost"] == 0.0, "{figures}");
    }
    Ok(())
}

#[test]
fn messages_flow_in_5_0_and_through_websockets() -> Result<()> {
    let folder = Folder::new("load-ws")?;
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
    let (certificate, key) = (folder.path("server.pem"), folder.path("server.key"));
    std::fs::write(&certificate, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    let certificate = certificate.to_str().context("a plain path")?;
    let key = key.to_str().context("a plain path")?;
    for scheme in ["mqtt", "ws", "wss"] {
        let listen = format!("{scheme}://127.0.0.1:0");
        let (files, trust) = (
            ["--certificate", certificate, "--key", key],
            ["--tls-ca", certificate],
        );
        let (files, trust) = match scheme {
            "wss" => (&files[..], &trust[..]),
            _ => (&[][..], &[][..]),
        };
        let options = ["--http", "off", "--listen", &listen];
        let broker = Broker::start_configured(&[&options, files].concat())?;
        let to = format!("{scheme}://{}", broker.address());
        for version in ["3.1.1", "5.0"] {
            for what in [
                &["pairs", "--qos", "1", "--rate", "300"][..],
                &[
                    "fan-out",
                    "--qos",
                    "2",
                    "--clients",
                    "3",
                    "--size",
                    "50000",
                    "--rate",
                    "200",
                ],
                // More on their way than a broker of 5.0 takes before it has answered.
                &["pairs", "--qos", "2", "--outstanding", "1000"],
                &["retained", "--qos", "1", "--messages", "300"],
                &["offline", "--qos", "2", "--messages", "300"],
            ] {
                let figures = bench_at(&to, &[what, &["--mqtt", version], trust].concat())?;
                ensure!(figures["lost"] == 0.0, "{to} {version} {what:?}: {figures}");
            }
        }
    }
    Ok(())
}

#[test]
fn what_rests_in_the_broker_is_measured_and_cleared() -> Result<()> {
    let broker = Broker::start_with(&["--http", "off", "--log", "warn"])?;
    let connections = bench(&broker, &["connections", "--clients", "100"])?;
    ensure!(connections["connections"] == 100.0, "{connections}");
    for workload in ["retained", "offline"] {
        for qos in ["1", "2"] {
            let figures = bench(&broker, &[workload, "--messages", "500", "--qos", qos])?;
            ensure!(figures["lost"] == 0.0, "{figures}");
        }
    }
    // More than the broker lets wait: that is said, and not taken for success.
    let lossy = Command::new(program()?)
        .args(["bench", "offline", "--messages", "1500", "--to"])
        .arg(broker.address().to_string())
        .output()?;
    let text = String::from_utf8_lossy(&lossy.stdout);
    ensure!(
        lossy.status.code() == Some(1) && text.contains("lost"),
        "{text}"
    );
    Ok(())
}

#[test]
fn a_broker_elsewhere_is_not_loaded_by_accident() -> Result<()> {
    let refused = Command::new(program()?)
        .args(["bench", "pairs", "--to", "192.0.2.1:1883"])
        .output()?;
    let text = String::from_utf8_lossy(&refused.stderr);
    ensure!(
        refused.status.code() == Some(2) && text.contains("--anywhere"),
        "{text}"
    );
    Ok(())
}

#[test]
fn losses_that_a_limit_of_the_broker_explains_come_with_a_hint() -> Result<()> {
    let broker = Broker::start()?;
    let to = broker.address().to_string();
    let run = |arguments: &[&str]| -> Result<(Option<i32>, String)> {
        let mut command = Command::new(program()?);
        command.arg("bench").args(arguments).args(["--to", &to]);
        let output = command.output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok((output.status.code(), said))
    };
    for (arguments, limit) in [
        (
            &["offline", "--messages", "1200"][..],
            "1000 messages (queue-messages-max)",
        ),
        (
            &["offline", "--messages", "50", "--size", "50000"],
            "1048576 bytes (queue-bytes-max)",
        ),
    ] {
        let (code, said) = run(arguments)?;
        ensure!(code == Some(1) && said.contains(limit), "{code:?}: {said}");
        ensure!(said.lines().count() == 1, "{said}");
    }
    let (code, said) = run(&["offline", "--messages", "900"])?;
    ensure!(code == Some(0) && said.is_empty(), "{code:?}: {said}");
    Ok(())
}
