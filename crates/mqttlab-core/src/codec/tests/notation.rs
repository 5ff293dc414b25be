//! Bytes and packets as text, as the vectors write them. See `valid.txt`.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

use crate::packet::{
    Connect, Packet, Publish, QoS, RetainHandling, Side, SubscriptionOptions, Version,
};
use crate::properties::{Properties, write};
use crate::reason::ReasonCode;

/// The versions that the first word of a row names.
pub(super) fn versions(word: &str) -> Vec<Version> {
    const ALL: [Version; 3] = [Version::V3_1, Version::V3_1_1, Version::V5];
    let one = |name: &str| match name {
        "3.1" => Version::V3_1,
        "3.1.1" => Version::V3_1_1,
        "5" => Version::V5,
        other => panic!("{other} is not a version"),
    };
    if word == "all" {
        Vec::from(ALL)
    } else {
        word.split(',').map(one).collect()
    }
}

/// The end that receives what goes in the direction of the second word.
pub(super) fn receiver(word: &str) -> Side {
    match word {
        ">" => Side::Server,
        "<" => Side::Client,
        other => panic!("{other} is not a direction"),
    }
}

/// Bytes in the notation of the vectors.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    let mut words = text.split_whitespace().peekable();
    let mut out = Vec::new();
    let mut length_at = None;
    let mut block_at = None;
    while let Some(word) = words.next() {
        match word {
            "*" => length_at = Some(out.len()),
            "{" => block_at = Some(out.len()),
            "}" => put_length(&mut out, block_at.take().expect("a block was opened")),
            "{}" => out.push(0),
            _ if word.contains('"') => {
                let mut whole = String::from(word);
                while !is_closed(&whole) {
                    let more = words.next().expect("the quotes are closed");
                    whole = format!("{whole} {more}");
                }
                quoted(&whole, &mut out);
            }
            _ => hex(word, &mut out),
        }
    }
    if let Some(at) = length_at {
        put_length(&mut out, at);
    }
    out
}

fn is_closed(word: &str) -> bool {
    word.matches('"').count() == 2
}

fn quoted(word: &str, out: &mut Vec<u8>) {
    let (prefix, text) = word.split_once('"').expect("it has a quote");
    let text = text.strip_suffix('"').expect("it ends with a quote");
    match prefix {
        "" => out.extend_from_slice(text.as_bytes()),
        "s" => write::string(out, text),
        other => panic!("{other} before a quote"),
    }
}

fn hex(word: &str, out: &mut Vec<u8>) {
    let (times, digits) = word.split_once('x').unwrap_or(("1", word));
    let times: usize = times.parse().expect("a number of times");
    assert!(digits.len().is_multiple_of(2), "{word} has half a byte");
    for _ in 0..times {
        for at in (0..digits.len()).step_by(2) {
            out.push(u8::from_str_radix(&digits[at..at + 2], 16).expect("two digits"));
        }
    }
}

/// Puts the length of all after `at` there.
fn put_length(out: &mut Vec<u8>, at: usize) {
    let rest = out.split_off(at);
    write::variable(out, rest.len() as u32);
    out.extend(rest);
}

/// A packet in the notation of the vectors.
pub(super) fn render(packet: &Packet<'_>) -> String {
    let mut out = String::from(packet.packet_type().name());
    let properties = match packet {
        Packet::Connect(connect) => render_connect(&mut out, connect),
        Packet::ConnAck(connack) => {
            flag(&mut out, connack.session_present, "present");
            put(&mut out, code(connack.reason));
            connack.properties
        }
        Packet::Publish(publish) => render_publish(&mut out, publish),
        Packet::PubAck(ack) | Packet::PubRec(ack) | Packet::PubRel(ack) | Packet::PubComp(ack) => {
            put(&mut out, ack.packet_id);
            put(&mut out, code(ack.reason));
            ack.properties
        }
        Packet::Subscribe(subscribe) => {
            put(&mut out, subscribe.packet_id);
            for (filter, options) in subscribe.filters.iter() {
                put(&mut out, render_subscription(filter, options));
            }
            subscribe.properties
        }
        Packet::SubAck(ack) | Packet::UnsubAck(ack) => {
            put(&mut out, ack.packet_id);
            for code in ack.codes {
                put(&mut out, format_args!("{code:02x}"));
            }
            ack.properties
        }
        Packet::Unsubscribe(unsubscribe) => {
            put(&mut out, unsubscribe.packet_id);
            for filter in unsubscribe.filters.iter() {
                put(&mut out, text(filter.as_bytes()));
            }
            unsubscribe.properties
        }
        Packet::PingReq | Packet::PingResp => Properties::EMPTY,
        Packet::Disconnect(disconnect) => {
            put(&mut out, code(disconnect.reason));
            disconnect.properties
        }
        Packet::Auth(auth) => {
            put(&mut out, code(auth.reason));
            auth.properties
        }
    };
    put_properties(&mut out, properties);
    out
}

fn render_connect<'a>(out: &mut String, connect: &Connect<'a>) -> Properties<'a> {
    put(out, connect.version);
    flag(out, connect.clean_start, "clean");
    put(out, format_args!("keep={}", connect.keep_alive));
    put(out, text(connect.client_id.as_bytes()));
    if let Some(will) = &connect.will {
        let mut inner = text(will.topic.as_bytes());
        put(&mut inner, qos(will.qos));
        flag(&mut inner, will.retain, "retain");
        put(&mut inner, text(will.payload));
        put_properties(&mut inner, will.properties);
        put(out, format_args!("will({inner})"));
    }
    if let Some(user_name) = connect.user_name {
        put(out, format_args!("user={}", text(user_name.as_bytes())));
    }
    if let Some(password) = connect.password {
        put(out, format_args!("password={}", text(password)));
    }
    connect.properties
}

fn render_publish<'a>(out: &mut String, publish: &Publish<'a>) -> Properties<'a> {
    flag(out, publish.dup, "dup");
    put(out, qos(publish.qos));
    flag(out, publish.retain, "retain");
    if let Some(packet_id) = publish.packet_id {
        put(out, format_args!("id={packet_id}"));
    }
    put(out, text(publish.topic.as_bytes()));
    put(out, text(publish.payload));
    publish.properties
}

fn render_subscription(filter: &str, options: SubscriptionOptions) -> String {
    let mut inner = text(filter.as_bytes());
    put(&mut inner, qos(options.qos));
    flag(&mut inner, options.no_local, "nl");
    flag(&mut inner, options.retain_as_published, "rap");
    match options.retain_handling {
        RetainHandling::Send => {}
        RetainHandling::SendIfNew => put(&mut inner, "rh1"),
        RetainHandling::DoNotSend => put(&mut inner, "rh2"),
    }
    format!("({inner})")
}

fn put(out: &mut String, word: impl ToString) {
    if !out.is_empty() {
        out.push(' ');
    }
    out.push_str(&word.to_string());
}

fn flag(out: &mut String, is_set: bool, word: &str) {
    if is_set {
        put(out, word);
    }
}

fn qos(qos: QoS) -> String {
    format!("q{}", qos.number())
}

fn code(reason: ReasonCode) -> String {
    format!("0x{:02X}", reason.number())
}

/// Text in quotes; long runs of one character as `124x"A"`.
fn text(data: &[u8]) -> String {
    if data.len() > 100
        && let Some(first) = data.first()
        && data.iter().all(|byte| byte == first)
    {
        return format!("{}x{:?}", data.len(), char::from(*first).to_string());
    }
    if let Ok(text) = core::str::from_utf8(data)
        && !data.contains(&0)
    {
        return format!("{text:?}");
    }
    let mut out = String::from("\"");
    for &byte in data {
        match byte {
            0x20..0x7F => out.push(char::from(byte)),
            _ => write!(out, "\\x{byte:02x}").expect("a String takes all"),
        }
    }
    out.push('"');
    out
}

fn put_properties(out: &mut String, properties: Properties<'_>) {
    if properties.is_empty() {
        return;
    }
    let mut inner = String::new();
    for property in properties.iter() {
        put(&mut inner, format_args!("{property:?}"));
    }
    put(out, format_args!("{{{inner}}}"));
}
