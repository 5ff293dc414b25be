//! Captures of runs, read by tshark: every packet is there, each checksum is right, and nothing is malformed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::harness::{Folder, program, scenarios};

/// Of an error in tshark's opinion.
const SEVERITY_ERROR: u64 = 0x0080_0000;

/// One direction of one connection: who sends, by address and port.
type Stream = (String, u16);

fn tshark_is_missing() -> bool {
    let missing = Command::new("tshark").arg("--version").output().is_err();
    if missing {
        crate::skip("tshark is not installed (Debian: apt-get install tshark)");
    }
    missing
}

/// What tshark says about each frame: fields in tab-separated columns.
fn tshark(file: &Path, fields: &[&str]) -> Result<Vec<Vec<String>>> {
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(file).args(["-T", "fields", "-n"]);
    for protocol in ["ip", "tcp"] {
        tshark.args(["-o", &format!("{protocol}.check_checksum:TRUE")]);
    }
    for field in fields {
        tshark.args(["-e", field]);
    }
    let output = tshark.output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout)?;
    let columns = |line: &str| line.split('\t').map(str::to_owned).collect();
    Ok(text.lines().map(columns).collect())
}

fn name(message_type: &str) -> Result<&'static str> {
    const NAMES: [&str; 16] = [
        "reserved",
        "CONNECT",
        "CONNACK",
        "PUBLISH",
        "PUBACK",
        "PUBREC",
        "PUBREL",
        "PUBCOMP",
        "SUBSCRIBE",
        "SUBACK",
        "UNSUBSCRIBE",
        "UNSUBACK",
        "PINGREQ",
        "PINGRESP",
        "DISCONNECT",
        "AUTH",
    ];
    let number: usize = message_type.parse()?;
    NAMES
        .get(number)
        .copied()
        .context("there are sixteen types")
}

/// What tshark finds each way, in order, and whether it complains.
fn dissect(file: &Path) -> Result<BTreeMap<Stream, Vec<&'static str>>> {
    let fields = [
        "ip.src",
        "tcp.srcport",
        "tcp.dstport",
        "mqtt.msgtype",
        "_ws.expert.severity",
        "_ws.expert.message",
        "_ws.malformed",
    ];
    let mut streams: BTreeMap<Stream, Vec<&'static str>> = BTreeMap::new();
    for line in tshark(file, &fields)? {
        let [source, from, to, types, severities, messages, malformed] = line.as_slice() else {
            anyhow::bail!("seven columns were asked for: {line:?}");
        };
        ensure!(from == "1883" || to == "1883", "{line:?}");
        ensure!(malformed.is_empty(), "{line:?}");
        // A RST is an "error" to tshark, and a real one here.
        let is_reset = messages.contains("Connection reset") || messages.contains("(RST)");
        for severity in severities.split(',').filter(|one| !one.is_empty()) {
            ensure!(
                severity.parse::<u64>()? < SEVERITY_ERROR || is_reset,
                "{line:?}"
            );
        }
        let client_port = if from == "1883" { to } else { from };
        let side = if from == "1883" { "broker" } else { source };
        let stream = (side.to_owned(), client_port.parse()?);
        let names = types.split(',').filter(|one| !one.is_empty()).map(name);
        streams
            .entry(stream)
            .or_default()
            .extend(names.collect::<Result<Vec<_>>>()?);
    }
    Ok(streams)
}

/// What was sent each way in the simulation, in order, and whether it arrived.
fn sent(run: &Value) -> Result<BTreeMap<Stream, Vec<(String, bool)>>> {
    let mut streams: BTreeMap<Stream, Vec<(String, bool)>> = BTreeMap::new();
    for flight in run["flights"].as_array().context("flights")? {
        if flight["what"] == "tcp" {
            continue;
        }
        let from = flight["from"].as_u64().context("a number")?;
        let side = match from {
            0 => "broker".to_owned(),
            client => format!("198.18.{}.{}", client >> 8, client & 255),
        };
        let connection = flight["connection"].as_u64().context("a number")?;
        let port = 49_152 + u16::try_from(connection % 16_384)?;
        let name = flight["name"].as_str().context("a name")?.to_owned();
        let arrived = flight["fate"] == "arrived";
        streams
            .entry((side, port))
            .or_default()
            .push((name, arrived));
    }
    Ok(streams)
}

#[test]
fn tshark_finds_every_packet_of_every_scenario_and_nothing_wrong() -> Result<()> {
    if tshark_is_missing() {
        return Ok(());
    }
    let folder = Folder::new("captures")?;
    for scenario in scenarios()? {
        let capture = folder.path("run.pcapng");
        let mqttlab = |format: &str, output: &Path| -> Result<()> {
            let mut run = Command::new(program()?);
            run.arg("run").arg(&scenario).args(["--format", format]);
            let output = run.arg("-o").arg(output).output()?;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            // Some scenarios are there to fail their expectations.
            let has_run = matches!(output.status.code(), Some(0 | 1));
            ensure!(has_run, "{}: {said}", scenario.display());
            Ok(())
        };
        mqttlab("pcapng", &capture)?;
        let json = folder.path("run.json");
        mqttlab("json", &json)?;
        let run: Value = serde_json::from_slice(&std::fs::read(&json)?)?;
        let found = dissect(&capture).with_context(|| scenario.display().to_string())?;
        for (stream, flights) in sent(&run)? {
            let names = found.get(&stream).cloned().unwrap_or_default();
            // What never arrived may never have left its sender; all else is there, in its order.
            let mut names = names.into_iter().peekable();
            for (name, arrived) in flights {
                let is_next = names.next_if(|found| *found == name).is_some();
                ensure!(
                    is_next || !arrived,
                    "{}: {name} is missing in {stream:?}: {:?}",
                    scenario.display(),
                    names.peek()
                );
            }
            ensure!(
                names.peek().is_none(),
                "{}: {stream:?} has more than was sent: {names:?}",
                scenario.display()
            );
        }
    }
    Ok(())
}

#[test]
fn tshark_sees_what_was_lost_sent_again() -> Result<()> {
    if tshark_is_missing() {
        return Ok(());
    }
    let folder = Folder::new("losses")?;
    let capture = folder.path("run.pcapng");
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/loss-is-delay.toml");
    let output = Command::new(program()?)
        .arg("run")
        .arg(scenario)
        .args(["--format", "pcapng", "-o"])
        .arg(&capture)
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let fields = ["tcp.analysis.retransmission", "frame.comment", "tcp.len"];
    let frames = tshark(&capture, &fields)?;
    // An acknowledgement without data is not told from one that is sent for the first time.
    let again = frames
        .iter()
        .filter(|frame| frame[1] == "sent again" && frame[2] != "0");
    let (mut repeated, mut noticed) = (0, 0);
    for frame in again {
        repeated += 1;
        noticed += usize::from(!frame[0].is_empty());
    }
    ensure!(repeated > 0, "something is lost in this scenario");
    ensure!(noticed == repeated, "{frames:?}");
    Ok(())
}
