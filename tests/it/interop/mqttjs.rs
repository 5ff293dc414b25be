//! MQTT.js, over TCP and as browsers do it.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::harness::{Broker, signal, wait};

/// Node.js that finds MQTT.js; `None`, and a word about it, where either is not installed.
fn node() -> Option<Command> {
    let mut node = Command::new("node");
    if let Some(path) = env::var_os("MQTTLAB_NODE_MODULES") {
        node.env("NODE_PATH", path);
    }
    let path = env::var_os("MQTTLAB_NODE_MODULES").or_else(|| env::var_os("NODE_PATH"));
    let found = Command::new("node")
        .envs(path.map(|path| ("NODE_PATH", path)))
        .args(["-e", "require('mqtt')"])
        .stderr(Stdio::null())
        .status();
    if !found.is_ok_and(|status| status.success()) {
        crate::skip("MQTT.js is not installed (cargo xtask setup --tests)");
        return None;
    }
    Some(node)
}

/// Plays one scenario of `scenarios.cjs` in these versions, over TCP and over WebSocket.
fn play(scenario: &str, versions: &[&str]) -> Result<()> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/interop/scenarios.cjs");
    for version in versions {
        for (index, scheme) in ["mqtt", "ws"].into_iter().enumerate() {
            let Some(mut node) = node() else {
                return Ok(());
            };
            let broker = Broker::start_with(&["--http", "off", "--listen", "ws://127.0.0.1:0"])?;
            let path = if scheme == "ws" { "/mqtt" } else { "" };
            let url = format!("{scheme}://{}{path}", broker.mqtt[index]);
            let mut child = node
                .arg(&script)
                .args([scenario, &url, version])
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()?;
            if wait(&mut child).is_err() {
                signal(child.id(), "KILL")?;
            }
            let output = child.wait_with_output()?;
            ensure!(
                output.status.success(),
                "{scenario} {url} {version}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
    Ok(())
}

#[test]
fn mqtt_js_publishes_and_subscribes_at_each_qos() -> Result<()> {
    play("everyQos", &["3", "4", "5"])
}

#[test]
fn mqtt_js_gets_what_is_retained_and_wills() -> Result<()> {
    play("retainedAndWill", &["4", "5"])
}

#[test]
fn mqtt_js_finds_its_session_again() -> Result<()> {
    play("session", &["4", "5"])
}

#[test]
fn mqtt_js_gets_properties_as_they_were_sent() -> Result<()> {
    play("properties", &["5"])
}
