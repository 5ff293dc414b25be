//! What the doorkeeper writes for itself into what the broker keeps of a client: where it came in, and the rules that hold for
//! it alone. The broker hands it back with the sessions of a store, and with what a client has published to be retained,
//! whose publisher may be gone long since, or have come to another event loop.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Rules;
use super::acl::{Acl, Origin};
use super::entrance::Own;

/// What it begins with: the form of the rest.
const FORM: u8 = 1;
/// The longest, in bytes. Of a client with more only that is kept that it has rules of its own, which allow nothing when
/// nobody remembers them.
const LENGTH_MAX: usize = 8 << 10;
/// So many are kept as they were read last.
const READ_MAX: usize = 1_000;

/// What is written. The order of fields and variants is part of the form.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Written {
    rules: Whose,
    address: Option<IpAddr>,
    subject: Option<Box<str>>,
}

/// Which rules hold.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Whose {
    Everybodys,
    /// Those of the listener of this name.
    OfListener(String),
    /// These alone: lines as they follow `topic`.
    Own(String),
    /// Its own, which are not written.
    Lost,
}

/// What was written about a client: as in [`Entering`](super::entrance::Entering).
#[derive(Clone, Debug, Default)]
pub(super) struct Stamped {
    pub(super) own: Option<Own>,
    pub(super) origin: Option<Box<Origin>>,
}

/// Writes about a client that is let in. Nothing where nothing is to be told of it.
pub(super) fn write(rules: &Rules, own: Option<&Own>, origin: Option<&Origin>) -> Vec<u8> {
    if own.is_none() && origin.is_none() {
        return Vec::new();
    }
    let whose = match own {
        None => Whose::Everybodys,
        Some(Own::OfListener(listener)) => Whose::OfListener(rules.door(*listener).name.clone()),
        Some(Own::Rules(acl)) => Whose::Own(acl.lines()),
    };
    let written = Written {
        rules: whose,
        address: origin.and_then(|origin| origin.address),
        subject: origin.and_then(|origin| origin.subject.clone()),
    };
    let bytes = written.encode();
    if bytes.len() <= LENGTH_MAX {
        return bytes;
    }
    let less = Written {
        rules: Whose::Lost,
        address: written.address,
        subject: None,
    };
    less.encode()
}

/// Reads it again, by the rules of now. What cannot be read, and a listener that is there no more, allow nothing.
pub(super) fn read(rules: &Rules, stamp: &[u8]) -> Stamped {
    if stamp.is_empty() {
        return Stamped::default();
    }
    let nothing = || Some(Own::Rules(Arc::default()));
    let Some(written) = Written::decode(stamp) else {
        return Stamped {
            own: nothing(),
            origin: None,
        };
    };
    let own = match written.rules {
        Whose::Everybodys => None,
        Whose::OfListener(name) => match rules.listener(&name) {
            Some(listener) => Some(Own::OfListener(listener)),
            None => nothing(),
        },
        Whose::Own(lines) => Some(Own::Rules(Arc::new(
            Acl::of_lines(lines.lines()).unwrap_or_default(),
        ))),
        Whose::Lost => nothing(),
    };
    let is_from_somewhere = written.address.is_some() || written.subject.is_some();
    let origin = is_from_somewhere.then(|| {
        Box::new(Origin {
            address: written.address,
            subject: written.subject,
        })
    });
    Stamped { own, origin }
}

/// In words for people who look into a store; null where nothing is written.
pub(crate) fn describe(stamp: &[u8]) -> Value {
    if stamp.is_empty() {
        return Value::Null;
    }
    let Some(written) = Written::decode(stamp) else {
        return json!("unknown");
    };
    let mut words = json!({});
    match written.rules {
        Whose::Everybodys => {}
        Whose::OfListener(name) => words["listener"] = name.into(),
        Whose::Own(lines) => words["acl"] = lines.lines().collect(),
        Whose::Lost => words["acl"] = "unknown".into(),
    }
    if let Some(address) = written.address {
        words["address"] = address.to_string().into();
    }
    if let Some(subject) = written.subject {
        words["certificate"] = subject.as_ref().into();
    }
    words
}

impl Written {
    fn encode(&self) -> Vec<u8> {
        let encoded = postcard::to_extend(self, vec![FORM]);
        encoded.expect("these are data of known length")
    }

    fn decode(stamp: &[u8]) -> Option<Self> {
        let rest = stamp.strip_prefix(&[FORM])?;
        postcard::from_bytes(rest).ok()
    }
}

/// What was read lately: many retained messages have the same.
#[derive(Debug, Default)]
pub(super) struct Readings {
    known: HashMap<Box<[u8]>, Stamped>,
}

impl Readings {
    pub(super) fn read(&mut self, rules: &Rules, stamp: &[u8]) -> &Stamped {
        if !self.known.contains_key(stamp) {
            if self.known.len() >= READ_MAX {
                self.known.clear();
            }
            self.known.insert(stamp.into(), read(rules, stamp));
        }
        &self.known[stamp]
    }

    /// Other rules hold.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use mqttlab_core::broker::{Access, Identity};
    use serde_json::json;

    use super::super::acl::{Acl, Origin};
    use super::super::entrance::Own;
    use super::super::{Door, Rules};
    use super::{LENGTH_MAX, describe, read, write};

    fn acl(lines: &[&str]) -> Arc<Acl> {
        Arc::new(Acl::of_lines(lines.iter().copied()).expect("good rules"))
    }

    /// Rules with these listeners, each with rules that allow everything.
    fn rules(names: &[&str]) -> Rules {
        let door = |name: &&str| Door {
            name: (*name).into(),
            acl: Some(acl(&["#"])),
            ..Door::default()
        };
        let doors = names.iter().map(door).collect();
        Rules::new(doors, None, None, None, Duration::from_secs(60)).expect("good rules")
    }

    fn may(rules: &Rules, stamp: &[u8], topic: &str) -> bool {
        let stamped = read(rules, stamp);
        let who = Identity {
            client_id: "c",
            user_name: None,
            stamp,
        };
        let acl = rules.acl_of(stamped.own.as_ref()).expect("there are rules");
        acl.permits(&who, stamped.origin.as_deref(), Access::Retained, topic)
    }

    #[test]
    fn who_is_nobody_special_has_nothing_written() {
        let rules = rules(&[]);
        assert!(write(&rules, None, None).is_empty());
        let stamped = read(&rules, &[]);
        assert!(stamped.own.is_none() && stamped.origin.is_none());
        assert!(describe(&[]).is_null());
    }

    #[test]
    fn a_listener_is_found_again_by_its_name() {
        let before = rules(&["a", "b"]);
        let stamp = write(&before, Some(&Own::OfListener(1)), None);
        assert_eq!(describe(&stamp), json!({ "listener": "b" }));
        assert!(may(&before, &stamp, "x"));
        assert!(may(&rules(&["b"]), &stamp, "x"));
        assert!(!may(&rules(&["a"]), &stamp, "x"), "it is there no more");
    }

    #[test]
    fn own_rules_come_back_as_they_were() {
        let rules = rules(&["a"]);
        let lines = ["write a/#", "deny a/b", "readwrite with blanks/+", "read r"];
        let stamp = write(&rules, Some(&Own::Rules(acl(&lines))), None);
        assert_eq!(describe(&stamp), json!({ "acl": lines }));
        let topics = ["a/c", "with blanks/x", "a/b", "r", "other"];
        let allowed = topics.map(|topic| may(&rules, &stamp, topic));
        assert_eq!(allowed, [true, true, false, false, false]);
        let none = write(&rules, Some(&Own::Rules(acl(&[]))), None);
        assert!(!may(&rules, &none, "a/c"), "rules that allow nothing");
    }

    #[test]
    fn where_a_client_came_from_comes_back() {
        let rules = rules(&["a"]);
        let origin = Origin {
            address: Some([10, 1, 2, 3].into()),
            subject: Some("CN=x".into()),
        };
        let stamp = write(&rules, None, Some(&origin));
        let stamped = read(&rules, &stamp);
        assert_eq!(stamped.origin.as_deref(), Some(&origin));
        assert!(stamped.own.is_none());
        let words = json!({ "address": "10.1.2.3", "certificate": "CN=x" });
        assert_eq!(describe(&stamp), words);
    }

    #[test]
    fn what_is_too_long_or_makes_no_sense_allows_nothing() {
        let rules = rules(&["a"]);
        let long = format!("readwrite {}", "x".repeat(LENGTH_MAX));
        let stamp = write(&rules, Some(&Own::Rules(acl(&[&long]))), None);
        assert!(stamp.len() < 100);
        for stamp in [&stamp, &b"\xFFnonsense"[..], b"\x01", b"\x01\x09"] {
            assert!(!may(&rules, stamp, "x"), "{stamp:?}");
            assert!(describe(stamp).to_string().contains("unknown"), "{stamp:?}");
        }
    }
}
