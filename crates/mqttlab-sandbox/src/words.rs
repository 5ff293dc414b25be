//! What the forms call things, in the words of the standard where it has one, and what comes first in them.

use crate::tables::{Field, Table};

/// What a key is called; `is_new` in a client of 5.0.
pub(crate) fn label(table: &Table, field: &Field, is_new: bool) -> String {
    let own = match (table.name, field.key) {
        ("Client", "name") => "Name in the picture",
        ("Client" | "Header", "mqtt") => "Protocol version",
        ("Client", "client_id") => "Client Identifier",
        ("Client", "clean") if is_new => "Clean Start",
        ("Client", "clean") => "Clean Session",
        ("Client", "session_expiry") => "Session Expiry Interval",
        ("Client", "keep_alive") => "Keep Alive",
        ("Client", "user_name") => "User Name",
        ("Client", "will") => "Will Message",
        ("Client", "reconnect") => "Connects again by itself",
        ("Client", "subscribe") => "Subscribes, once connected",
        ("Client", "publish") => "Publishes again and again",
        ("Client", "on_receive") => "Publishes when a message comes",
        ("Client", "resubscribe") => "Subscribes again when its session is gone",
        ("Client", "retry_always") => "Tries again whatever it is told",
        ("Client", "receive_maximum") => "Receive Maximum",
        ("Client", "maximum_packet_size") => "Maximum Packet Size",
        ("Client", "in_flight_max") => "Messages in flight at most",
        ("Client", "lost_session") => "Messages whose session is lost",
        ("Client", "queue") => "Queue of waiting messages",
        ("Client", "acks") => "Acknowledges",
        ("Client", "read") => "Reads at most",
        ("Client", "clock") => "Speed of its clock",
        ("Client", "link") => "Network of its own",
        ("Client" | "Broker", "bugs") => "Mistakes on purpose",
        ("Header", "id") => "Short name",
        ("Header", "until") => "Lasts",
        ("Broker", "disk") => "Has a disk",
        ("Broker", "sync_every") => "Writes its disk every",
        ("Broker", "backlog") => "Connections that may wait",
        ("Broker", "accept") => "Time to accept one",
        ("Broker", "users") => "Users and passwords",
        ("Broker", "deny_publish") => "Nobody may publish to",
        ("Broker", "deny_subscribe") => "Nobody may subscribe to",
        ("Broker", "policy") => "Policy",
        ("Link", "preset") => "Kind of network",
        ("Link", "segment") => "Largest segment",
        ("Will", "topic") => "Will Topic",
        ("Will", "payload") if is_new => "Will Payload",
        ("Will", "payload") => "Will Message",
        ("Will", "qos") => "Will QoS",
        ("Will", "retain") => "Will Retain",
        ("Will", "delay") => "Will Delay Interval",
        ("Reconnect", "first") => "First wait",
        ("Reconnect", "max") => "Longest wait",
        ("Reconnect", "factor") => "Times as long each time",
        ("Publish", "every") => "Every",
        ("Publish", "count") => "How many",
        ("Do", "at") => "At",
        ("Do", "nth") => "After so many in that moment",
        ("Do", "bytes") => "Bytes",
        (_, "no_local") => "No Local",
        (_, "retain_as_published") => "Retain As Published",
        (_, "retain_handling") => "Retain Handling",
        (_, "qos") => "QoS",
        (_, "retain") => "RETAIN",
        (_, "topic") => "Topic Name",
        (_, "filter") => "Topic Filter",
        (_, "expiry") => "Message Expiry Interval",
        (_, key) => return plain(key),
    };
    own.to_owned()
}

/// `client-id-length-max` as `Client id length max`.
fn plain(key: &str) -> String {
    let words = key.replace(['_', '-'], " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}

/// What a table's form shows first, in this order; the rest is below.
pub(crate) fn front(table: &Table) -> &'static [&'static str] {
    match table.name {
        "Header" => &["title", "mqtt", "until", "seed", "about"],
        "Client" => &[
            "name",
            "client_id",
            "mqtt",
            "clean",
            "session_expiry",
            "keep_alive",
            "user_name",
            "password",
            "will",
            "reconnect",
            "subscribe",
            "publish",
            "on_receive",
        ],
        "Link" => &["preset", "latency", "jitter", "loss", "bandwidth"],
        "Broker" => &[
            "disk",
            "users",
            "deny_publish",
            "deny_subscribe",
            "policy",
            "bugs",
        ],
        "Config" => &[
            "overlap",
            "will-on-takeover",
            "queue-qos0",
            "queue-messages-max",
            "queue-full",
            "maximum-qos",
            "keep-alive-max",
            "empty-client-id",
        ],
        "Will" => &["topic", "payload", "qos", "retain", "delay"],
        "Reconnect" => &["first", "max", "factor"],
        "Subscribe" => &["filter", "qos"],
        "Publish" => &["topic", "payload", "qos", "retain", "every", "count"],
        "Answer" => &["filter", "topic", "payload", "qos", "retain"],
        "Do" => &[
            "at", "who", "act", "topic", "filter", "payload", "qos", "retain", "will", "way",
            "how", "memory", "expiry", "bytes",
        ],
        _ => &[],
    }
}

/// Keys that have no field: a form writes them itself.
pub(crate) fn is_hidden(table: &Table, key: &str) -> bool {
    matches!((table.name, key), ("Header", "version"))
}

/// Keys with long texts.
pub(crate) fn is_wide(key: &str) -> bool {
    matches!(
        key,
        "title" | "about" | "because" | "eventually" | "always" | "never" | "count"
    )
}

/// An example where nothing is entered, or what holds then.
pub(crate) fn placeholder(table: &Table, field: &Field) -> &'static str {
    match (table.name, field.key) {
        ("Client", "keep_alive") => "60s",
        ("Client", "client_id") => "its name",
        ("Client", "session_expiry") => "0s",
        ("Client", "connect_timeout" | "ping_timeout") => "10s",
        ("Client", "acks") => "at-once",
        ("Client", "clock") => "100%",
        ("Link", "latency") => "20ms",
        ("Link", "jitter") => "0s",
        ("Link", "loss" | "impossible_loss") => "0%",
        ("Link", "bandwidth") => "unlimited",
        ("Link", "segment") => "1460 B",
        ("Link", "buffer") => "64 KiB",
        ("Link", "connect_timeout") => "127s",
        ("Link", "give_up") => "924s",
        ("Reconnect", "max") => "as the first",
        ("Reconnect", "factor") => "1",
        ("Publish", "count") => "without end",
        ("Will", "delay") => "0s",
        ("Do", "bytes") => "c0 00",
        _ => field.default,
    }
}

/// What an act is, for people.
pub(crate) fn act(act: &str) -> &str {
    match act {
        "connect" => "connects",
        "disconnect" => "says DISCONNECT",
        "publish" => "publishes",
        "subscribe" => "subscribes",
        "unsubscribe" => "unsubscribes",
        "crash" => "crashes: its system closes what was open",
        "power-off" => "loses its power: nobody is told",
        "restart" => "starts again",
        "cut" => "its cable is pulled",
        "heal" => "its cable is plugged in again",
        "stall" => "its link stalls",
        "release" => "its link goes on",
        "reset" => "its connection is reset",
        "close" => "closes without DISCONNECT",
        "refuse" => "takes no new connections",
        "accept" => "takes new connections again",
        "pause" => "reads nothing",
        "resume" => "reads again",
        "sleep" => "falls asleep",
        "wake" => "wakes up",
        "send" => "sends bytes by hand",
        other => other,
    }
}

pub(crate) const INTRO: &str = "Build a run of your own and watch it at once. Forms and text are the same thing: what you change in one is changed in the other. All of it stays in this browser.";
pub(crate) const KEPT: &str = "What you did in the picture is now in the scenario.";
pub(crate) const NOTHING_DONE: &str = "Nothing was done in the picture that the scenario does not have. Select a client or a packet there, and do something to it.";
pub(crate) const SECRET: &str =
    "This is a case: it can be opened here once you have named the mistake.";
pub(crate) const BROKEN: &str =
    "The text is no TOML just now. Mend it under “TOML”; the forms then go on from there.";
pub(crate) const NO_PACKET: &str = "No packet is selected in the picture.";
pub(crate) const CONDITIONS: &str = "For example connected(\"A\"), received(\"B\", \"status/#\") >= 1, retained(\"status/1\") == \"offline\".";

#[cfg(test)]
mod tests {
    use super::{front, label};
    use crate::tables::{ANSWER, BROKER, CLIENT, CONFIG, DO, HEADER, LINK, PUBLISH, WILL};

    #[test]
    fn what_comes_first_exists() {
        for table in [
            &ANSWER, &BROKER, &CLIENT, &CONFIG, &DO, &HEADER, &LINK, &PUBLISH, &WILL,
        ] {
            for key in front(table) {
                assert!(table.field(key).is_some(), "{}.{key}", table.name);
            }
        }
    }

    #[test]
    fn clean_has_two_names() {
        let clean = CLIENT.field("clean").expect("clients have it");
        assert_eq!(label(&CLIENT, clean, false), "Clean Session");
        assert_eq!(label(&CLIENT, clean, true), "Clean Start");
        let other = CONFIG.field("queue-qos0").expect("brokers have it");
        assert_eq!(label(&CONFIG, other, false), "Queue qos0");
    }
}
