//! The suite's files as cases, and the packets that frame each of them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

pub(super) const PINGREQ: [u8; 2] = [0xC0, 0];
pub(super) const PINGRESP: [u8; 2] = [0xD0, 0];
pub(super) const DISCONNECT: [u8; 2] = [0xE0, 0];

/// One conversation.
pub(super) struct Case {
    /// File, group and the suite's own name.
    pub(super) name: String,
    /// The protocol level to connect with.
    pub(super) level: u8,
    /// Whether a plain CONNECT comes before the steps.
    pub(super) connect_first: bool,
    pub(super) steps: Vec<Step>,
    /// Whether the broker must have closed the connection in the end; else it must answer a PINGREQ.
    pub(super) ends_closed: bool,
}

pub(super) enum Step {
    Send(Vec<u8>),
    Expect(Vec<u8>),
    /// Another client publishes.
    Publish {
        topic: String,
        payload: Vec<u8>,
        qos: u8,
    },
}

impl Case {
    /// Whether another case could disturb this one, or the other way round: by a message that is published or left
    /// retained, or by a connection with the same Client Identifier.
    pub(super) fn runs_alone(&self) -> bool {
        self.steps.iter().any(|step| match step {
            Step::Send(bytes) => {
                let first = bytes.first().copied().unwrap_or_default();
                let (kind, retain) = (first >> 4, first & 1 == 1);
                kind == 1 || kind == 8 || (kind == 3 && retain)
            }
            Step::Expect(_) => false,
            Step::Publish { .. } => true,
        })
    }
}

/// All cases of the files in `folder`, in the order of the files' names.
///
/// # Errors
/// When there are none, or a file is not as it should be.
pub(super) fn load(folder: &Path) -> Result<Vec<Case>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension() == Some(OsStr::new("json")))
        .collect();
    files.sort();
    ensure!(
        !files.is_empty(),
        "{} has no .json files: it should be test/broker/data of Mosquitto's source",
        folder.display()
    );
    let mut cases = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        cases.extend(parse(&stem, &text).with_context(|| format!("in {}", file.display()))?);
    }
    Ok(cases)
}

#[derive(Deserialize)]
struct Group {
    group: String,
    #[serde(default)]
    disable: bool,
    tests: Vec<Written>,
}

#[derive(Deserialize)]
struct Written {
    name: String,
    #[serde(default = "level_4")]
    ver: u8,
    #[serde(default = "yes")]
    connect: bool,
    #[serde(default = "yes")]
    expect_disconnect: bool,
    msgs: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    r#type: String,
    payload: String,
    #[serde(default)]
    topic: String,
    #[serde(default)]
    qos: u8,
}

fn level_4() -> u8 {
    4
}

fn yes() -> bool {
    true
}

fn parse(file: &str, text: &str) -> Result<Vec<Case>> {
    let groups: Vec<Group> = serde_json::from_str(text)?;
    let mut cases = Vec::new();
    for group in groups.into_iter().filter(|group| !group.disable) {
        for written in group.tests {
            let name = format!("{file} / {} / {}", group.group, written.name);
            let steps: Result<Vec<Step>> = written.msgs.into_iter().map(step).collect();
            cases.push(Case {
                steps: steps.with_context(|| name.clone())?,
                name,
                level: written.ver,
                connect_first: written.connect,
                ends_closed: written.expect_disconnect,
            });
        }
    }
    Ok(cases)
}

fn step(message: Message) -> Result<Step> {
    Ok(match message.r#type.as_str() {
        "send" => Step::Send(bytes(&message.payload)?),
        "recv" => Step::Expect(bytes(&message.payload)?),
        "publish" => Step::Publish {
            topic: message.topic,
            payload: message.payload.into_bytes(),
            qos: message.qos,
        },
        other => bail!("unknown kind of step: {other}"),
    })
}

fn bytes(text: &str) -> Result<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()
        .with_context(|| format!("not hexadecimal: {text}"))?;
    ensure!(
        digits.len().is_multiple_of(2),
        "half a byte is left over: {text}"
    );
    Ok(digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect())
}

/// A CONNECT without a will or a user, clean, with a keep alive of a minute.
pub(super) fn connect(level: u8, client_id: &str) -> Vec<u8> {
    let mut body = Vec::new();
    string(&mut body, if level == 3 { "MQIsdp" } else { "MQTT" });
    body.extend([level, 0x02, 0, 60]);
    if level >= 5 {
        body.push(0);
    }
    string(&mut body, client_id);
    packet(0x10, &body)
}

/// A PUBLISH of version 3.1.1, with Packet Identifier 1 where it has one.
pub(super) fn publish(topic: &str, payload: &[u8], qos: u8) -> Vec<u8> {
    let mut body = Vec::new();
    string(&mut body, topic);
    if qos > 0 {
        body.extend([0, 1]);
    }
    body.extend(payload);
    packet(0x30 | qos << 1, &body)
}

fn string(out: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("names of ours and of the suite are short");
    out.extend(length.to_be_bytes());
    out.extend(text.as_bytes());
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len()).expect("packets of ours are short");
    assert!(length < 0x80, "packets of ours are short");
    [&[first, length], body].concat()
}

#[cfg(test)]
mod tests {
    use super::{Step, bytes, connect, parse, publish};

    #[test]
    fn a_file_becomes_cases() {
        let text = r#"[{ "group": "v5.0 PING", "comment": "x", "tests": [
            { "name": "ok", "ver": 5, "expect_disconnect": false, "msgs": [
                {"type": "send", "payload": "C0 00", "comment": "x"}, {"type": "recv", "payload": "D000"},
                {"type": "publish", "topic": "p", "qos": 2, "payload": "hello"}] },
            { "name": "bad", "connect": false, "msgs": [] }] }]"#;
        let cases = parse("PINGREQ", text).expect("it is well formed");
        assert_eq!(cases.len(), 2);
        assert_eq!(cases[0].name, "PINGREQ / v5.0 PING / ok");
        assert!(cases[0].connect_first && !cases[0].ends_closed && cases[0].runs_alone());
        assert!(matches!(&cases[0].steps[1], Step::Expect(bytes) if bytes == &[0xD0, 0]));
        assert!(
            matches!(&cases[0].steps[2], Step::Publish { topic, payload, qos: 2 }
            if topic == "p" && payload == b"hello")
        );
        assert_eq!(cases[1].level, 4);
        assert!(!cases[1].connect_first && cases[1].ends_closed && !cases[1].runs_alone());
    }

    #[test]
    fn what_is_no_hexadecimal_is_refused() {
        assert_eq!(bytes("0A fF").expect("hexadecimal"), [0x0A, 0xFF]);
        assert!(bytes("0").is_err());
        assert!(bytes("0G").is_err());
    }

    #[test]
    fn packets_that_frame_a_case_are_well_formed() {
        assert_eq!(
            connect(5, "c"),
            [
                0x10, 14, 0, 4, b'M', b'Q', b'T', b'T', 5, 2, 0, 60, 0, 0, 1, b'c'
            ]
        );
        assert_eq!(publish("p", b"x", 1), [0x32, 6, 0, 1, b'p', 0, 1, b'x']);
    }
}
