//! Decodes packets for whoever compares codecs: one JSON object a line in, one out.
//!
//! In: `{"version": 5, "bytes": "c000"}`, all bytes of one connection in one direction. Out: the packets in the words
//! of JavaScript's mqtt-packet, each encoded again, and what is wrong with the rest:
//! `{"packets": [{"cmd": "pingreq"}], "encoded": ["c000"], "error": null}`.

mod words;

use std::io::{BufRead, Write};

use anyhow::{Context, Result, bail};
use mqttlab_core::codec::{FixedHeader, Limits, PACKET_SIZE_MAX, decode, encode};
use mqttlab_core::error::DecodeErrorKind;
use mqttlab_core::packet::{Packet, Side, Version};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Deserialize)]
struct Question {
    version: u8,
    bytes: String,
}

#[derive(Default, Serialize)]
struct Answer {
    packets: Vec<Value>,
    encoded: Vec<String>,
    error: Option<String>,
}

fn main() -> Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let question: Question = serde_json::from_str(&line?)?;
        let version = version(question.version)?;
        let bytes = from_hex(&question.bytes)?;
        // Nothing says which way the packets go: it is the other one if they make more sense that way.
        let (mut answer, wrong_way) = ask(&bytes, version, Side::Server);
        if answer.error.is_some() {
            let (other, _) = ask(&bytes, version, Side::Client);
            if wrong_way || other.error.is_none() {
                answer = other;
            }
        }
        serde_json::to_writer(&mut out, &answer)?;
        writeln!(out)?;
    }
    Ok(())
}

/// What `side` makes of `bytes`, and whether they are for the other side.
fn ask(mut bytes: &[u8], mut version: Version, side: Side) -> (Answer, bool) {
    let limits = Limits {
        packet_size_max: PACKET_SIZE_MAX,
        topic_alias_max: u16::MAX,
        ..Limits::default()
    };
    let mut answer = Answer::default();
    let mut wrong_way = false;
    while !bytes.is_empty() {
        let packet = FixedHeader::parse(bytes, version, side)
            .map(|header| bytes.split_at_checked(header?.packet_len()));
        let decoded = match packet {
            // The rest has not come yet: nothing is wrong so far.
            Ok(None) => break,
            Ok(Some((packet, rest))) => {
                bytes = rest;
                decode(packet, version, side, &limits, &mut ())
            }
            Err(error) => Err(error),
        };
        match decoded {
            Ok(packet) => {
                if let Packet::Connect(connect) = &packet {
                    version = connect.version;
                }
                let mut encoded = Vec::new();
                encode(&packet, version, &mut encoded);
                answer.packets.push(words::packet(&packet, version));
                answer.encoded.push(to_hex(&encoded));
            }
            Err(error) => {
                wrong_way = error.kind == DecodeErrorKind::WrongDirection;
                answer.error = Some(error.to_string());
                break;
            }
        }
    }
    (answer, wrong_way)
}

fn version(level: u8) -> Result<Version> {
    Ok(match level {
        3 => Version::V3_1,
        4 => Version::V3_1_1,
        5 => Version::V5,
        other => bail!("no version of MQTT has the level {other}"),
    })
}

fn from_hex(text: &str) -> Result<Vec<u8>> {
    (0..text.len())
        .step_by(2)
        .map(|at| {
            text.get(at..at + 2)
                .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                .with_context(|| format!("no hexadecimal byte at {at} of {text}"))
        })
        .collect()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
