//! mqtt-packet's own tests as packets: what it parses and generates there, our codec must parse and generate as well.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Options;
use super::score::{Difference, Score};
use crate::{child, project};

/// Runs mqtt-packet's test.js and writes down what it parses and generates.
const RECORDER: &str = include_str!("vectors/record.js");
/// What test.js appends to a name when it does several things with one packet.
const DEEDS: [&str; 4] = [" parse", " generate", " mirror", " writeToStream"];
/// The version that mqtt-packet takes where no CONNECT and no option says another.
const VERSION: u8 = 4;
/// Fields that mqtt-packet gives to packets which do not have them.
const FOREIGN: [&str; 5] = ["dup", "qos", "retain", "topic", "payload"];
/// What it knows of a packet beside its content.
const LENGTH: &str = "length";
/// Packets that have a short form and a long one, by the upper half of their first byte: the acknowledgements of
/// PUBLISH, DISCONNECT and AUTH.
const WITH_SHORT_FORM: [char; 6] = ['4', '5', '6', '7', 'e', 'f'];

/// Runs the vectors of the package in `folder` through our codec.
///
/// # Errors
/// When Node.js or the package is not there, or our codec cannot be built.
pub(super) fn run(folder: &Path, options: &Options) -> Result<Score> {
    let mut cases = gather(record(folder)?);
    cases.retain(|case| options.wants(&case.name));
    let unlike = cases.iter().filter(|case| case.calls.is_empty()).count();
    cases.retain(|case| !case.calls.is_empty());
    let answers = ask_our_codec(&cases)?;
    let mut answers = answers.into_iter();
    let mut differences = Vec::new();
    for case in &cases {
        // Every call has its answer, so all of them are taken even after a difference.
        let found: Vec<Difference> = case
            .calls
            .iter()
            .zip(answers.by_ref())
            .filter_map(|(call, answer)| call.difference(&case.name, &answer))
            .collect();
        differences.extend(found.into_iter().next());
    }
    let mut score = Score::new("mqtt-packet", cases.len(), differences);
    if unlike > 0 {
        score.notes.push(format!(
            "{unlike} more tests are about JavaScript objects that make no packet, or about its streams: there are no bytes to compare"
        ));
    }
    Ok(score)
}

/// What one test of test.js did.
#[derive(Deserialize)]
struct Recorded {
    name: String,
    calls: Vec<Call>,
}

#[derive(Deserialize)]
struct Call {
    does: Deed,
    version: Option<u8>,
    bytes: Option<String>,
    #[serde(default)]
    packets: Vec<Map<String, Value>>,
    error: Option<String>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Deed {
    Parse,
    Generate,
}

/// All that test.js does with one packet.
struct Case {
    name: String,
    calls: Vec<Call>,
}

/// Bytes for our codec.
#[derive(Serialize)]
struct Question<'a> {
    version: u8,
    bytes: &'a str,
}

/// What our codec makes of them.
#[derive(Deserialize)]
struct Answer {
    packets: Vec<Map<String, Value>>,
    encoded: Vec<String>,
    error: Option<String>,
}

fn record(folder: &Path) -> Result<Vec<Recorded>> {
    ensure!(
        folder.join("test.js").is_file(),
        "{} has no test.js: --mqtt-packet should name node_modules/mqtt-packet where it was installed",
        folder.display()
    );
    let scripts = project::target().join("xtask/conformance");
    std::fs::create_dir_all(&scripts)
        .with_context(|| format!("cannot create {}", scripts.display()))?;
    let recorder = scripts.join("record.js");
    std::fs::write(&recorder, RECORDER)
        .with_context(|| format!("cannot write {}", recorder.display()))?;
    let folder = std::path::absolute(folder)?;
    let lines = child::output_of(child::command("node").arg(recorder).arg(&folder))
        .with_context(|| {
            format!(
                "Node.js cannot run {}/test.js: are the package's dependencies and readable-stream installed beside it?",
                folder.display()
            )
        })?;
    lines
        .lines()
        .map(|line| serde_json::from_str(line).context("the recorder wrote something else"))
        .collect()
}

/// Puts together what test.js does with one packet, and leaves out what has no bytes.
fn gather(tests: Vec<Recorded>) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut deeds: BTreeSet<&str> = BTreeSet::new();
    for test in tests {
        let deed = DEEDS.iter().find(|deed| test.name.ends_with(**deed));
        let name = deed.map_or(test.name.as_str(), |deed| {
            &test.name[..test.name.len() - deed.len()]
        });
        let goes_on = deed.is_some_and(|deed| {
            cases.last().is_some_and(|case| case.name == name) && !deeds.contains(deed)
        });
        if !goes_on {
            deeds.clear();
            cases.push(Case {
                name: name.to_owned(),
                calls: Vec::new(),
            });
        }
        deeds.extend(deed);
        let calls = test.calls.into_iter().filter(|call| call.bytes.is_some());
        if let Some(case) = cases.last_mut() {
            case.calls.extend(calls);
        }
    }
    cases
}

fn ask_our_codec(cases: &[Case]) -> Result<Vec<Answer>> {
    let path = project::target().join("xtask/conformance/vectors.jsonl");
    let mut lines = String::new();
    for call in cases.iter().flat_map(|case| &case.calls) {
        lines.push_str(&serde_json::to_string(&Question {
            version: call.version.unwrap_or(VERSION),
            bytes: call.bytes.as_deref().unwrap_or_default(),
        })?);
        lines.push('\n');
    }
    std::fs::write(&path, &lines).with_context(|| format!("cannot write {}", path.display()))?;
    let target = [
        "--locked",
        "--package",
        "mqttlab-tests",
        "--bin",
        "codec-vectors",
    ];
    child::quietly(
        "building our codec",
        child::cargo().arg("build").args(target),
    )?;
    let answers = child::output_of(
        child::cargo()
            .args(["run", "--quiet"])
            .args(target)
            .stdin(File::open(&path)?),
    )
    .context("our codec did not answer: run `cargo build -p mqttlab-tests --bin codec-vectors`")?;
    let answers: Vec<Answer> = answers
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    if answers.len() != lines.lines().count() {
        bail!(
            "our codec answered {} of {} questions",
            answers.len(),
            lines.lines().count()
        );
    }
    Ok(answers)
}

impl Call {
    fn difference(&self, case: &str, answer: &Answer) -> Option<Difference> {
        let bytes = self.bytes.clone().unwrap_or_default();
        let expected = match self.does {
            Deed::Generate => (!is_same_encoding(&bytes, &answer.encoded.concat()))
                .then(|| format!("a packet that is encoded as {bytes}")),
            Deed::Parse if self.error.is_some() != answer.error.is_some() => Some(
                self.error
                    .as_ref()
                    .map_or("no error".to_owned(), |error| format!("error: {error}")),
            ),
            Deed::Parse => {
                let same = self.packets.len() == answer.packets.len()
                    && self
                        .packets
                        .iter()
                        .zip(&answer.packets)
                        .all(|(theirs, ours)| is_same(theirs, ours));
                (!same).then(|| written(&self.packets))
            }
        }?;
        let got = match (&answer.error, self.does) {
            (Some(error), _) => format!("error: {error}"),
            (None, Deed::Generate) => answer.encoded.concat(),
            (None, Deed::Parse) => written(&answer.packets),
        };
        Some(Difference {
            case: case.to_owned(),
            sent: vec![bytes],
            expected,
            got,
        })
    }
}

/// Whether both are the same bytes, or ours the shorter form of a packet that has one.
fn is_same_encoding(theirs: &str, ours: &str) -> bool {
    let shorter = !ours.is_empty() && ours.len() < theirs.len();
    theirs == ours || (shorter && theirs.starts_with(WITH_SHORT_FORM) && theirs[..1] == ours[..1])
}

/// Whether two packets are the same but for fields that only mqtt-packet has: those of other packets, and empty ones.
fn is_same(theirs: &Map<String, Value>, ours: &Map<String, Value>) -> bool {
    let publish = ours.get("cmd").is_some_and(|cmd| cmd == "publish");
    let of_ours = ours.iter().all(|(key, value)| {
        theirs.get(key).is_some_and(|other| matches(other, value))
            || (key == "granted" && value == &Value::Array(Vec::new()))
    });
    let of_theirs = theirs.iter().all(|(key, value)| {
        ours.contains_key(key)
            || key == LENGTH
            || (FOREIGN.contains(&key.as_str()) && !publish)
            || value.is_null()
            || value == &Value::Bool(false)
            || value.as_object().is_some_and(Map::is_empty)
    });
    of_ours && of_theirs
}

/// Whether two values are the same; text and data are, where they have the same bytes.
fn matches(theirs: &Value, ours: &Value) -> bool {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) if ours.contains_key("hex") => theirs == ours,
        (Value::Object(theirs), Value::Object(ours)) => is_same(theirs, ours),
        (Value::String(text), Value::Object(ours)) => ours
            .get("hex")
            .is_some_and(|hex| hex == &Value::String(hex_of(text))),
        _ => theirs == ours,
    }
}

fn hex_of(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn written(packets: &[Map<String, Value>]) -> String {
    serde_json::to_string(packets).expect("what was JSON can be written as JSON")
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{Answer, Recorded, gather, is_same, is_same_encoding};

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().expect("it is an object").clone()
    }

    fn recorded(name: &str, bytes: Option<&str>) -> Recorded {
        serde_json::from_value(json!({
            "name": name,
            "calls": [{"does": "generate", "bytes": bytes, "error": null}],
        }))
        .expect("it has that form")
    }

    #[test]
    fn what_is_done_with_one_packet_is_one_case() {
        let cases = gather(vec![
            recorded("suback parse", Some("90")),
            recorded("suback generate", Some("90")),
            recorded("suback parse", Some("91")),
            recorded("Unknown command", None),
            recorded("Unknown command", None),
        ]);
        let calls: Vec<usize> = cases.iter().map(|case| case.calls.len()).collect();
        assert_eq!(calls, [2, 1, 0, 0]);
        assert_eq!(cases[0].name, "suback");
    }

    #[test]
    fn fields_of_other_packets_do_not_count() {
        let theirs = object(json!({"cmd": "pingreq", "qos": 0, "topic": null, "length": 0}));
        assert!(is_same(&theirs, &object(json!({"cmd": "pingreq"}))));
        assert!(!is_same(&theirs, &object(json!({"cmd": "pingresp"}))));
        let publish = object(json!({"cmd": "publish", "qos": 1}));
        assert!(!is_same(&publish, &object(json!({"cmd": "publish"}))));
    }

    #[test]
    fn a_short_form_is_as_good_as_a_long_one() {
        assert!(is_same_encoding("e0020000", "e000"));
        assert!(!is_same_encoding("e000", "e0020000"));
        assert!(!is_same_encoding("9003000100", "90020001"));
        assert!(!is_same_encoding("e000", ""));
    }

    #[test]
    fn a_packet_that_is_encoded_otherwise_is_a_difference() {
        let case = gather(vec![recorded("pingreq generate", Some("c000"))]).remove(0);
        let mut answer = Answer {
            packets: Vec::new(),
            encoded: vec!["c000".into()],
            error: None,
        };
        assert!(case.calls[0].difference("pingreq", &answer).is_none());
        answer.encoded.clear();
        answer.error = Some("refused".into());
        let difference = case.calls[0].difference("pingreq", &answer);
        assert_eq!(difference.expect("it differs").got, "error: refused");
    }
}
