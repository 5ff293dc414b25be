//! Which words go with the keys of a scenario, those of the standard where it has one, and what comes first in forms.

use crate::say;
use crate::tables::{Field, Table};

/// What a key is called; `is_new` in a client of 5.0.
pub(crate) fn label(table: &Table, field: &Field, is_new: bool) -> String {
    let own = match (table.name, field.key) {
        ("Client", "name") => say::KEY_NAME,
        ("Client" | "Header", "mqtt") => say::KEY_MQTT,
        ("Client", "client_id") => say::KEY_CLIENT_ID,
        ("Client", "clean") if is_new => say::KEY_CLEAN_START,
        ("Client", "clean") => say::KEY_CLEAN_SESSION,
        ("Client", "session_expiry") => say::KEY_SESSION_EXPIRY,
        ("Client", "keep_alive") => say::KEY_KEEP_ALIVE,
        ("Client", "user_name") => say::KEY_USER_NAME,
        ("Client", "will") => say::KEY_WILL,
        ("Client", "reconnect") => say::KEY_RECONNECT,
        ("Client", "subscribe") => say::KEY_SUBSCRIBE,
        ("Client", "publish") => say::KEY_PUBLISH,
        ("Client", "on_receive") => say::KEY_ON_RECEIVE,
        ("Client", "resubscribe") => say::KEY_RESUBSCRIBE,
        ("Client", "retry_always") => say::KEY_RETRY_ALWAYS,
        ("Client", "receive_maximum") => say::KEY_RECEIVE_MAXIMUM,
        ("Client", "maximum_packet_size") => say::KEY_MAXIMUM_PACKET_SIZE,
        ("Client", "in_flight_max") => say::KEY_IN_FLIGHT_MAX,
        ("Client", "lost_session") => say::KEY_LOST_SESSION,
        ("Client", "queue") => say::KEY_QUEUE,
        ("Client", "acks") => say::KEY_ACKS,
        ("Client", "read") => say::KEY_READ,
        ("Client", "clock") => say::KEY_CLOCK,
        ("Client", "link") => say::KEY_OWN_LINK,
        ("Client" | "Broker", "bugs") => say::KEY_BUGS,
        ("Header", "id") => say::KEY_ID,
        ("Header", "until") => say::KEY_UNTIL,
        ("Broker", "disk") => say::KEY_DISK,
        ("Broker", "sync_every") => say::KEY_SYNC_EVERY,
        ("Broker", "backlog") => say::KEY_BACKLOG,
        ("Broker", "accept") => say::KEY_ACCEPT,
        ("Broker", "users") => say::KEY_USERS,
        ("Broker", "deny_publish") => say::KEY_DENY_PUBLISH,
        ("Broker", "deny_subscribe") => say::KEY_DENY_SUBSCRIBE,
        ("Broker", "policy") => say::KEY_POLICY,
        ("Link", "preset") => say::KEY_PRESET,
        ("Link", "segment") => say::KEY_SEGMENT,
        ("Will", "topic") => say::KEY_WILL_TOPIC,
        ("Will", "payload") if is_new => say::KEY_WILL_PAYLOAD,
        ("Will", "payload") => say::KEY_WILL_MESSAGE,
        ("Will", "qos") => say::KEY_WILL_QOS,
        ("Will", "retain") => say::KEY_WILL_RETAIN,
        ("Will", "delay") => say::KEY_WILL_DELAY,
        ("Reconnect", "first") => say::KEY_FIRST,
        ("Reconnect", "max") => say::KEY_MAX,
        ("Reconnect", "factor") => say::KEY_FACTOR,
        ("Publish", "every") => say::KEY_EVERY,
        ("Publish", "count") => say::KEY_COUNT,
        ("Do", "at") => say::KEY_AT,
        ("Do", "nth") => say::KEY_NTH,
        ("Do", "bytes") => say::KEY_BYTES,
        (_, "no_local") => say::KEY_NO_LOCAL,
        (_, "retain_as_published") => say::KEY_RETAIN_AS_PUBLISHED,
        (_, "retain_handling") => say::KEY_RETAIN_HANDLING,
        (_, "qos") => say::KEY_QOS,
        (_, "retain") => say::KEY_RETAIN,
        (_, "topic") => say::KEY_TOPIC,
        (_, "filter") => say::KEY_FILTER,
        (_, "expiry") => say::KEY_EXPIRY,
        (_, key) => return plain(key),
    };
    own.to_string()
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
        ("Client", "client_id") => say::USUAL_CLIENT_ID.text(),
        ("Client", "session_expiry") => "0s",
        ("Client", "connect_timeout" | "ping_timeout") => "10s",
        ("Client", "acks") => "at-once",
        ("Client", "clock") => "100%",
        ("Link", "latency") => "20ms",
        ("Link", "jitter") => "0s",
        ("Link", "loss" | "impossible_loss") => "0%",
        ("Link", "bandwidth") => say::USUAL_BANDWIDTH.text(),
        ("Link", "segment") => "1460 B",
        ("Link", "buffer") => "64 KiB",
        ("Link", "connect_timeout") => "127s",
        ("Link", "give_up") => "924s",
        ("Reconnect", "max") => say::USUAL_RECONNECT_MAX.text(),
        ("Reconnect", "factor") => "1",
        ("Publish", "count") => say::USUAL_PUBLISH_COUNT.text(),
        ("Will", "delay") => "0s",
        ("Do", "bytes") => "c0 00",
        _ => field.default,
    }
}

/// What an act is, for people.
pub(crate) fn act(act: &str) -> &str {
    match act {
        "connect" => say::ACT_CONNECT.text(),
        "disconnect" => say::ACT_DISCONNECT.text(),
        "publish" => say::ACT_PUBLISH.text(),
        "subscribe" => say::ACT_SUBSCRIBE.text(),
        "unsubscribe" => say::ACT_UNSUBSCRIBE.text(),
        "crash" => say::ACT_CRASH.text(),
        "power-off" => say::ACT_POWER_OFF.text(),
        "restart" => say::ACT_RESTART.text(),
        "cut" => say::ACT_CUT.text(),
        "heal" => say::ACT_HEAL.text(),
        "stall" => say::ACT_STALL.text(),
        "release" => say::ACT_RELEASE.text(),
        "reset" => say::ACT_RESET.text(),
        "close" => say::ACT_CLOSE.text(),
        "refuse" => say::ACT_REFUSE.text(),
        "accept" => say::ACT_ACCEPT.text(),
        "pause" => say::ACT_PAUSE.text(),
        "resume" => say::ACT_RESUME.text(),
        "sleep" => say::ACT_SLEEP.text(),
        "wake" => say::ACT_WAKE.text(),
        "send" => say::ACT_SEND.text(),
        "slow-down" => say::ACT_SLOW_DOWN.text(),
        "speed-up" => say::ACT_SPEED_UP.text(),
        other => other,
    }
}

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
