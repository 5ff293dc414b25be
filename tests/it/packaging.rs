//! What makes a service of the broker: the units for systemd, the configuration beside them, and the Dockerfile.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::harness::{Broker, Folder, program};
use crate::skip;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> Result<String> {
    fs::read_to_string(root().join(file)).with_context(|| file.to_owned())
}

/// What follows `key` at the beginning of the only line that begins so.
fn value<'a>(text: &'a str, key: &str) -> Result<&'a str> {
    let mut found = text.lines().filter_map(|line| line.strip_prefix(key));
    let value = found.next().with_context(|| format!("no {key}"))?;
    ensure!(found.next().is_none(), "{key} twice");
    Ok(value.trim())
}

#[test]
fn systemd_understands_the_units() -> Result<()> {
    let folder = Folder::new("units")?;
    let program = program()?;
    let program = program.to_str().context("a plain path")?;
    let unit = read("packaging/mqttlab.service")?.replace("/usr/bin/mqttlab", program);
    let files = [
        ("mqttlab.service", unit),
        ("mqttlab.socket", read("packaging/mqttlab.socket")?),
    ];
    let mut command = Command::new("systemd-analyze");
    command.args(["verify", "--man=no"]);
    for (name, text) in files {
        let file = folder.path(name);
        fs::write(&file, text)?;
        command.arg(file);
    }
    let Ok(verified) = command.output() else {
        skip("systemd-analyze is not installed");
        return Ok(());
    };
    // It ends well also where it ignores what it does not know, and says so.
    let said = String::from_utf8_lossy(&verified.stderr);
    let about_ours = said.lines().filter(|line| line.contains("mqttlab."));
    ensure!(
        verified.status.success() && about_ours.count() == 0,
        "{said}"
    );
    Ok(())
}

#[test]
fn the_unit_starts_the_broker_with_its_configuration() -> Result<()> {
    let unit = read("packaging/mqttlab.service")?;
    let start = value(&unit, "ExecStart=")?;
    let installed = "/etc/mqttlab/broker.toml";
    ensure!(start == format!("/usr/bin/mqttlab broker --config {installed}"));
    let file = root().join("packaging/broker.toml");
    let file = file.to_str().context("a plain path")?;
    let folder = Folder::new("service")?;
    let store = folder.path("broker.redb");
    let set = format!("store.path={store:?}");
    let port = "listener=[{ address = \"127.0.0.1:0\" }]";
    let options = [
        "--config", file, "--set", &set, "--set", port, "--http", "off",
    ];
    let broker = Broker::start_configured(&options)?;
    broker.connect()?.log_in(b'c')?;
    ensure!(store.exists(), "the store is where it should be");
    broker.signal("TERM")?;
    ensure!(broker.wait()?.0.success());

    let text = read("packaging/broker.toml")?;
    let state = value(&unit, "StateDirectory=")?;
    ensure!(
        text.contains(&format!("path = \"/var/lib/{state}/")),
        "{text}"
    );
    // A socket that is handed over must be that of a listener.
    let socket = read("packaging/mqttlab.socket")?;
    let address = value(&socket, "ListenStream=")?;
    ensure!(text.contains(&format!("address = {address:?}")), "{text}");
    Ok(())
}

/// A JSON array of arguments, as Dockerfiles have them.
fn arguments(text: &str) -> Result<Vec<String>> {
    serde_json::from_str(text).with_context(|| text.to_owned())
}

#[test]
fn what_the_dockerfile_names_is_there() -> Result<()> {
    let text = read("Dockerfile")?;
    let build = value(&text, "RUN cargo ")?;
    ensure!(
        build == "build --release --locked --package mqttlab",
        "{build}"
    );
    let copied = value(&text, "COPY --from=build ")?;
    ensure!(copied == "/source/target/release/mqttlab /usr/bin/mqttlab");
    ensure!(value(&text, "WORKDIR ")? == "/source");
    let version = read("Cargo.toml")?;
    let version = value(&version, "rust-version = ")?.trim_matches('"');
    ensure!(
        text.contains(&format!("FROM rust:{version}-slim-")),
        "{version}"
    );
    // What is left out of the context is nothing that is compiled.
    for line in read(".dockerignore")?.lines() {
        ensure!([".git", "target", "dist"].contains(&line), "{line}");
    }
    Ok(())
}

#[test]
fn what_the_container_runs_is_healthy() -> Result<()> {
    let text = read("Dockerfile")?;
    let mut all = arguments(value(&text, "ENTRYPOINT ")?)?;
    all.extend(arguments(value(&text, "CMD ")?)?);
    let folder = Folder::new("container")?;
    let kept = value(&text, "VOLUME ")?;
    let home = folder.path("home");
    fs::create_dir(&home)?;
    let home = home.to_str().context("a plain path")?;
    let command = || -> Result<Command> {
        ensure!(all[0] == "mqttlab", "{all:?}");
        let mut command = Command::new(program()?);
        for argument in &all[1..] {
            command.arg(argument.replace(":1883", ":0").replace(kept, home));
        }
        Ok(command)
    };
    // Nobody is let in from other machines by accident.
    let refused = command()?.output()?;
    let said = String::from_utf8_lossy(&refused.stderr);
    ensure!(
        refused.status.code() == Some(2) && said.contains("--allow-anonymous"),
        "{said}"
    );

    let mut open = command()?;
    open.args(["--allow-anonymous", "--http", "127.0.0.1:0"]);
    let broker = Broker::run(open)?;
    let http = broker.http.context("it serves HTTP")?.to_string();
    let (_, check) = text.split_once("HEALTHCHECK ").context("it is checked")?;
    let (_, check) = check.split_once("CMD ").context("by a command")?;
    let check = arguments(check.lines().next().unwrap_or_default())?;
    ensure!(check == ["mqttlab", "health"], "{check:?}");
    let healthy = Command::new(program()?)
        .args(&check[1..])
        .arg(&http)
        .status()?;
    ensure!(healthy.success(), "it is ready");
    // Without an address it asks where the broker serves HTTP without one.
    let defaults = Command::new(program()?)
        .args(["broker", "--print-default-config"])
        .output()?;
    let defaults = String::from_utf8(defaults.stdout)?;
    let (_, section) = defaults.split_once("[http]").context("a section")?;
    let asked = Command::new(program()?)
        .args(["health", "--help"])
        .output()?;
    let asked = String::from_utf8(asked.stdout)?;
    ensure!(section.contains("address = \"127.0.0.1:8080\"") && asked.contains("127.0.0.1:8080"));

    ensure!(value(&text, "STOPSIGNAL ")? == "SIGTERM");
    broker.signal("TERM")?;
    ensure!(broker.wait()?.0.success());
    let gone = Command::new(program()?)
        .args(&check[1..])
        .arg(&http)
        .status()?;
    ensure!(gone.code() == Some(1), "{gone}");
    Ok(())
}
