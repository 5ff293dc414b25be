//! Who may publish and read what: the ACL file, in the form that Mosquitto's users know.
//!
//! ```text
//! # What everybody may, also without a user name.
//! topic read public/#
//!
//! user ann
//! topic readwrite home/#
//! topic deny home/safe/#
//!
//! # For a Client Identifier, whoever has it; addresses; and the subject of a certificate.
//! client pump-1
//! topic read pumps/#
//!
//! address 10.0.0.0/8
//! topic write from-inside/#
//!
//! certificate CN=gateway,O=Example
//! topic readwrite site/#
//!
//! # For every client; %c is its Client Identifier, %u its user name.
//! pattern write devices/%c/#
//! ```
//!
//! What no line allows is denied; a line that denies wins over every other. What stands before the first `user` is for
//! everybody; in Mosquitto it is for clients without a user name alone. Mosquitto knows no `client`, `address` and
//! `certificate`; a client has the lines of all sections that fit it.

use std::collections::HashMap;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use mqttlab_core::broker::{Access, Identity};
use mqttlab_core::topic;

use super::super::transport::Network;
use crate::Failure;

/// The rules of one ACL file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Acl {
    everybody: Vec<Rule>,
    users: HashMap<String, Vec<Rule>>,
    /// By Client Identifier.
    clients: HashMap<String, Vec<Rule>>,
    addresses: Vec<(Network, Vec<Rule>)>,
    /// By subject.
    certificates: HashMap<String, Vec<Rule>>,
    patterns: Vec<Rule>,
}

/// Where a client comes from, as far as rules ask for that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(super) address: Option<IpAddr>,
    /// Of its certificate, as RFC 4514 writes it.
    pub(super) subject: Option<Box<str>>,
}

/// What a line of the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    right: Right,
    filter: String,
    /// Its number in the file, from 1 on.
    pub(super) line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    Read,
    Write,
    ReadWrite,
    Deny,
}

impl Right {
    const ALL: [(&'static str, Self); 4] = [
        ("read", Self::Read),
        ("write", Self::Write),
        ("readwrite", Self::ReadWrite),
        ("deny", Self::Deny),
    ];

    /// Whether a rule with it says something about this access.
    fn concerns(self, access: Access) -> bool {
        match (self, access) {
            (Self::ReadWrite | Self::Deny, _) => true,
            (Self::Read, Access::Receive | Access::Subscribe) => true,
            (Self::Write, Access::Publish | Access::Retained) => true,
            (Self::Read, Access::Publish | Access::Retained)
            | (Self::Write, Access::Receive | Access::Subscribe) => false,
        }
    }
}

/// Where in the file a line of rules belongs.
enum Section {
    Everybody,
    User(String),
    Client(String),
    Address(Network),
    Certificate(String),
}

impl Section {
    /// The section that a line opens; `None` where it is none of that kind.
    fn opened_by(word: &str, rest: &str) -> Result<Option<Self>, String> {
        let section: fn(String) -> Self = match word {
            "user" => Self::User,
            "client" => Self::Client,
            "certificate" => Self::Certificate,
            "address" => {
                let network = rest.parse().map_err(|why| format!("address: {why}"))?;
                return Ok(Some(Self::Address(network)));
            }
            _ => return Ok(None),
        };
        if rest.is_empty() {
            return Err(format!("{word} needs a name"));
        }
        if word == "certificate" && !is_subject(rest) {
            return Err(format!(
                "certificate needs a subject without blanks between its parts, such as CN=pump-1,O=Example, not {rest}"
            ));
        }
        Ok(Some(section(rest.into())))
    }
}

/// Whether it can be what RFC 4514 makes of a subject: no part begins with a blank.
fn is_subject(text: &str) -> bool {
    let mut parts = text.split(',').scan(false, |goes_on, part| {
        let begins = !*goes_on;
        // A comma behind a backslash is one of a value.
        *goes_on = part.ends_with('\\') && !part.ends_with("\\\\");
        Some((begins, part))
    });
    parts.all(|(begins, part)| !begins || (!part.starts_with(' ') && part.contains('=')))
}

impl Acl {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read or a line is none of a rule: which.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let text =
            fs::read_to_string(path).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
        let acl = Self::parse(&text)
            .map_err(|(line, why)| Failure::usage(format!("{name}:{line}: {why}")))?;
        if acl.everybody.iter().any(|rule| !rule.denies()) && !acl.users.is_empty() {
            // Whoever brings such a file along may have meant less.
            tracing::info!(
                rules = %name,
                "what stands before the first user is for everybody, not only for clients without a User Name as in Mosquitto"
            );
        }
        Ok(acl)
    }

    /// The rules in `text`, or the number of the first wrong line and what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut acl = Self::default();
        let mut section = Section::Everybody;
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            acl.take(index + 1, line, &mut section)
                .map_err(|why| (index + 1, why))?;
        }
        Ok(acl)
    }

    /// Rules for one client, each as it follows `topic` in a file.
    pub(super) fn of_lines<'a>(
        lines: impl Iterator<Item = &'a str>,
    ) -> Result<Self, (usize, String)> {
        let mut text = String::new();
        for line in lines {
            text.push_str("topic ");
            text.push_str(line);
            text.push('\n');
        }
        Self::parse(&text)
    }

    /// Such rules as lines again.
    pub(super) fn lines(&self) -> String {
        let mut lines = String::new();
        for rule in &self.everybody {
            let named = Right::ALL.iter().find(|(_, right)| *right == rule.right);
            let (name, _) = named.expect("each right has a name");
            lines.push_str(name);
            lines.push(' ');
            lines.push_str(&rule.filter);
            lines.push('\n');
        }
        lines
    }

    fn take(&mut self, number: usize, line: &str, section: &mut Section) -> Result<(), String> {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        if let Some(opened) = Section::opened_by(word, rest)? {
            *section = opened;
            return Ok(());
        }
        match word {
            "topic" => {
                let rule = Rule::parse(number, rest)?;
                self.rules_of(section).push(rule);
            }
            "pattern" => self.patterns.push(Rule::parse(number, rest)?),
            other => {
                return Err(format!(
                    "a line begins with user, client, address, certificate, topic or pattern, not {other}"
                ));
            }
        }
        Ok(())
    }

    /// Where the rules of a section are.
    fn rules_of(&mut self, section: &Section) -> &mut Vec<Rule> {
        match section {
            Section::Everybody => &mut self.everybody,
            Section::User(name) => self.users.entry(name.clone()).or_default(),
            Section::Client(name) => self.clients.entry(name.clone()).or_default(),
            Section::Certificate(name) => self.certificates.entry(name.clone()).or_default(),
            Section::Address(network) => {
                let known = self.addresses.iter().position(|(of, _)| of == network);
                let position = known.unwrap_or_else(|| {
                    self.addresses.push((*network, Vec::new()));
                    self.addresses.len() - 1
                });
                &mut self.addresses[position].1
            }
        }
    }

    /// Whether it matters where a client comes from.
    pub(super) fn asks_for_origin(&self) -> bool {
        !self.addresses.is_empty() || !self.certificates.is_empty()
    }

    /// The lines that are for this client by what it is called and where it comes from.
    fn plain<'a>(
        &'a self,
        who: &Identity<'_>,
        origin: Option<&'a Origin>,
    ) -> impl Iterator<Item = &'a Rule> {
        let user = who.user_name.and_then(|name| self.users.get(name));
        let client = self.clients.get(who.client_id);
        let address = origin.and_then(|origin| origin.address);
        let addresses = self.addresses.iter();
        let from_there =
            addresses.filter(move |(of, _)| address.is_some_and(|address| of.contains(address)));
        let subject = origin.and_then(|origin| origin.subject.as_deref());
        let certificate = subject.and_then(|subject| self.certificates.get(subject));
        let named = [user, client, certificate].into_iter().flatten();
        let sections = named.chain(from_there.map(|(_, rules)| rules));
        self.everybody.iter().chain(sections.flatten())
    }

    /// Whether a rule names users, who must then prove who they are.
    pub(crate) fn names_users(&self) -> bool {
        let mut patterns = self.patterns.iter();
        !self.users.is_empty() || patterns.any(|rule| rule.filter.contains("%u"))
    }

    /// Whether `who` may do this. For a subscription `topic` is a filter: it is allowed when some topic that it matches
    /// may be read; each message is looked at again.
    pub(crate) fn permits(
        &self,
        who: &Identity<'_>,
        origin: Option<&Origin>,
        access: Access,
        topic: &str,
    ) -> bool {
        let deciding = self.deciding(who, origin, access, topic);
        deciding.is_some_and(|rule| !rule.denies())
    }

    /// The rule that decides: the first that denies, or else the first that allows; `None` where no line says anything,
    /// which denies.
    pub(super) fn deciding<'a>(
        &'a self,
        who: &Identity<'_>,
        origin: Option<&'a Origin>,
        access: Access,
        topic: &str,
    ) -> Option<&'a Rule> {
        let mut allowing = None;
        let plain = self.plain(who, origin);
        for rule in plain.filter(|rule| rule.right.concerns(access)) {
            if applies(&rule.filter, access, topic, rule.right) {
                if rule.denies() {
                    return Some(rule);
                }
                allowing = allowing.or(Some(rule));
            }
        }
        let patterns = self.patterns.iter();
        for rule in patterns.filter(|rule| rule.right.concerns(access)) {
            let Some(filter) = fill_in(&rule.filter, who) else {
                continue;
            };
            if applies(&filter, access, topic, rule.right) {
                if rule.denies() {
                    return Some(rule);
                }
                allowing = allowing.or(Some(rule));
            }
        }
        allowing
    }

    /// The patterns that say nothing to this client, for its names would change what they mean.
    pub(super) fn unfilled(&self, who: &Identity<'_>) -> impl Iterator<Item = &Rule> {
        let patterns = self.patterns.iter();
        patterns.filter(move |rule| fill_in(&rule.filter, who).is_none())
    }
}

/// Whether a rule for `filter` says something about `topic`.
fn applies(filter: &str, access: Access, topic: &str, right: Right) -> bool {
    match access {
        Access::Publish | Access::Retained | Access::Receive => topic::matches(filter, topic),
        Access::Subscribe => {
            let wanted = match topic::split_share(topic) {
                Ok((_, filter)) => filter,
                Err(_) => topic,
            };
            if right == Right::Deny {
                covers(filter, wanted)
            } else {
                overlap(filter, wanted)
            }
        }
    }
}

/// Whether a wildcard in the first level keeps one of the filters from what the other is for: `$SYS` and its like.
fn are_apart(a: &str, b: &str) -> bool {
    let wild = |filter: &str| filter.starts_with(['+', '#']);
    a.starts_with('$') && wild(b) || b.starts_with('$') && wild(a)
}

/// Whether some topic matches both filters.
fn overlap(a: &str, b: &str) -> bool {
    if are_apart(a, b) {
        return false;
    }
    let mut a = a.split('/');
    let mut b = b.split('/');
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some("#"), _) | (_, Some("#")) => return true,
            (None, Some(_)) | (Some(_), None) => return false,
            (Some(x), Some(y)) if x == "+" || y == "+" || x == y => {}
            (Some(_), Some(_)) => return false,
        }
    }
}

/// Whether every topic that matches `inner` matches `outer` too.
fn covers(outer: &str, inner: &str) -> bool {
    if are_apart(outer, inner) {
        return false;
    }
    let mut outer = outer.split('/');
    let mut inner = inner.split('/');
    loop {
        match (outer.next(), inner.next()) {
            (None, None) | (Some("#"), _) => return true,
            (None, Some(_)) | (Some(_), None) => return false,
            (Some(_), Some("#")) => return false,
            (Some("+"), Some(_)) => {}
            (Some(x), Some(y)) if x == y => {}
            (Some(_), Some(_)) => return false,
        }
    }
}

/// The filter with `%c` and `%u` filled in; `None` where the client has no such name, or one that would change what the
/// filter means.
fn fill_in(pattern: &str, who: &Identity<'_>) -> Option<String> {
    let mut filter = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        let (before, after) = rest.split_at(at);
        filter.push_str(before);
        let (name, length) = match after.as_bytes().get(1) {
            Some(b'c') => (Some(who.client_id), 2),
            Some(b'u') => (Some(who.user_name?), 2),
            Some(_) | None => (None, 1),
        };
        match name {
            Some(name) if name.is_empty() || name.contains(['+', '#', '/']) => return None,
            // At the beginning it would make the broker's own topics of it, such as $SYS, or a shared subscription.
            Some(name) if filter.is_empty() && name.starts_with('$') => return None,
            Some(name) => filter.push_str(name),
            None => filter.push('%'),
        }
        rest = &after[length..];
    }
    filter.push_str(rest);
    Some(filter)
}

impl Rule {
    /// Whether it denies what it is about.
    pub(super) fn denies(&self) -> bool {
        self.right == Right::Deny
    }

    /// `[read|write|readwrite|deny] FILTER`. A filter with blanks in it needs the word, as in Mosquitto: else a slip of the
    /// finger in `deny` would make a filter of it, and deny nothing.
    fn parse(line: usize, text: &str) -> Result<Self, String> {
        let (right, filter) = match text.split_once(char::is_whitespace) {
            None => (Right::ReadWrite, text),
            Some((word, filter)) => {
                let named = Right::ALL.iter().find(|(name, _)| *name == word);
                let (_, right) = named.ok_or_else(|| {
                    format!("before the topic stands read, write, readwrite or deny, not {word}")
                })?;
                (*right, filter.trim())
            }
        };
        topic::check_filter(filter).map_err(|why| format!("the topic {filter:?}: {why}"))?;
        Ok(Self {
            right,
            filter: filter.into(),
            line,
        })
    }
}

#[cfg(test)]
mod tests {
    use mqttlab_core::broker::{Access, Identity};

    use super::{Acl, Origin, covers, fill_in, overlap};

    const FILE: &str = "\
\u{FEFF}# comment
topic read public/#

user ann
topic home/#
topic deny home/safe/#
topic write log\r
user with blanks
topic read a b/c
pattern write devices/%c/#
pattern read users/%u/+
";

    fn who<'a>(client_id: &'a str, user_name: Option<&'a str>) -> Identity<'a> {
        Identity {
            client_id,
            user_name,
            stamp: &[],
        }
    }

    #[test]
    fn what_no_line_allows_is_denied() {
        let acl = Acl::parse(FILE).expect("a good file");
        let ann = who("c1", Some("ann"));
        let nobody = who("c1", None);
        for (who, access, topic, expected) in [
            (&nobody, Access::Receive, "public/a", true),
            (&nobody, Access::Publish, "public/a", false),
            (&nobody, Access::Receive, "home/a", false),
            (&ann, Access::Receive, "public/a", true),
            (&ann, Access::Publish, "home/a", true),
            (&ann, Access::Receive, "home/a", true),
            (&ann, Access::Receive, "home/safe/a", false),
            (&ann, Access::Publish, "home/safe", false),
            (&ann, Access::Publish, "log", true),
            (&ann, Access::Receive, "log", false),
            (&nobody, Access::Publish, "devices/c1/x", true),
            (&nobody, Access::Publish, "devices/c2/x", false),
            (&ann, Access::Receive, "users/ann/x", true),
            (&nobody, Access::Receive, "users/ann/x", false),
        ] {
            assert_eq!(
                acl.permits(who, None, access, topic),
                expected,
                "{who:?} {access:?} {topic}"
            );
        }
        let blanks = who("x", Some("with blanks"));
        assert!(acl.permits(&blanks, None, Access::Receive, "a b/c"));
        assert!(acl.names_users());
    }

    #[test]
    fn sections_are_for_client_identifiers_addresses_and_certificates_too() {
        let file = "\
topic read news
client pump-1
topic write pumps/1
address 10.1.0.0/16
topic write inside
topic deny news
address ::1
topic write here
certificate CN=a\\, b,O=x
topic write site/#
client pump-1
topic write pumps/2
";
        let acl = Acl::parse(file).expect("a good file");
        assert!(acl.asks_for_origin() && !acl.names_users());
        let origin = |address: &str, subject: Option<&str>| Origin {
            address: address.parse().ok(),
            subject: subject.map(Into::into),
        };
        let (inside, outside) = (origin("10.1.2.3", None), origin("10.2.2.3", None));
        let here = origin("::1", Some("CN=a\\, b,O=x"));
        for (client_id, origin, access, topic, expected) in [
            ("pump-1", None, Access::Publish, "pumps/1", true),
            ("pump-1", None, Access::Publish, "pumps/2", true),
            ("pump-2", None, Access::Publish, "pumps/1", false),
            ("x", Some(&inside), Access::Publish, "inside", true),
            ("x", Some(&outside), Access::Publish, "inside", false),
            ("x", None, Access::Publish, "inside", false),
            // A line that denies wins, wherever it stands.
            ("x", Some(&inside), Access::Receive, "news", false),
            ("x", Some(&outside), Access::Receive, "news", true),
            ("x", Some(&here), Access::Publish, "here", true),
            ("x", Some(&here), Access::Publish, "site/1", true),
            ("x", Some(&inside), Access::Publish, "site/1", false),
        ] {
            assert_eq!(
                acl.permits(&who(client_id, None), origin, access, topic),
                expected,
                "{client_id} {origin:?} {access:?} {topic}"
            );
        }
    }

    #[test]
    fn a_subscription_is_refused_when_nothing_of_it_may_be_read() {
        let acl = Acl::parse(FILE).expect("a good file");
        let ann = who("c1", Some("ann"));
        for (filter, expected) in [
            ("public/x", true),
            ("#", true),
            ("+/a", true),
            ("home/+/x", true),
            ("home/safe/#", false),
            ("home/safe/x", false),
            ("log", false),
            ("elsewhere/#", false),
            ("$share/g/home/#", true),
            ("$share/g/elsewhere", false),
        ] {
            assert_eq!(
                acl.permits(&ann, None, Access::Subscribe, filter),
                expected,
                "{filter}"
            );
        }
    }

    #[test]
    fn an_empty_file_allows_nothing() {
        let acl = Acl::parse("\n# nothing\n").expect("a good file");
        assert!(!acl.permits(&who("a", Some("a")), None, Access::Receive, "a"));
        assert!(!acl.names_users());
    }

    #[test]
    fn a_wrong_line_is_said_by_number() {
        for (text, expected) in [
            (
                "topic read a\nusr x\n",
                (
                    2,
                    "a line begins with user, client, address, certificate, topic or pattern, not usr",
                ),
            ),
            ("user\n", (1, "user needs a name")),
            ("client \n", (1, "client needs a name")),
            (
                "address here\n",
                (
                    1,
                    "address: give an IP address such as 10.0.0.1, or a network such as 10.0.0.0/8",
                ),
            ),
            (
                "certificate CN=a, O=b\n",
                (
                    1,
                    "certificate needs a subject without blanks between its parts, such as CN=pump-1,O=Example, not CN=a, O=b",
                ),
            ),
            ("topic\n", (1, "the topic \"\": it is empty")),
            (
                "topic read a/#/b\n",
                (1, "the topic \"a/#/b\": # must be the last level, alone"),
            ),
            (
                "topic a\ntopic denny secret/#\n",
                (
                    2,
                    "before the topic stands read, write, readwrite or deny, not denny",
                ),
            ),
            (
                "pattern reed devices/%c\n",
                (
                    1,
                    "before the topic stands read, write, readwrite or deny, not reed",
                ),
            ),
        ] {
            let (line, why) = Acl::parse(text).expect_err(text);
            assert_eq!((line, &why[..]), expected);
        }
    }

    #[test]
    fn a_name_cannot_widen_a_pattern() {
        for name in ["+", "#", "a/b", "", "a+"] {
            assert_eq!(fill_in("devices/%c/x", &who(name, None)), None, "{name}");
        }
        let ann = who("c", Some("u"));
        assert_eq!(
            fill_in("%u/%c/100%/%x", &ann).as_deref(),
            Some("u/c/100%/%x")
        );
        assert_eq!(fill_in("a/%u", &who("c", None)), None);
        for pattern in ["%c/#", "%c", "%u/a"] {
            let it = who("$SYS", Some("$share"));
            assert_eq!(fill_in(pattern, &it), None, "{pattern}");
        }
        let it = who("$c", None);
        assert_eq!(fill_in("a/%c", &it).as_deref(), Some("a/$c"));
        // What stands in a name is no pattern again.
        assert_eq!(
            fill_in("%c/%u", &who("%u", Some("x"))).as_deref(),
            Some("%u/x")
        );
    }

    #[test]
    fn filters_overlap_and_cover() {
        for (a, b, overlaps, a_covers) in [
            ("a/+", "+/b", true, false),
            ("a/b", "a/b", true, true),
            ("a/#", "a", true, true),
            ("a/#", "a/b/#", true, true),
            ("a/+", "a/#", true, false),
            ("a/b", "a/c", false, false),
            ("a", "a/b", false, false),
            ("#", "x/y", true, true),
            ("+/+", "a/b", true, true),
            ("#", "$SYS/#", false, false),
            ("$SYS/#", "$SYS/a", true, true),
        ] {
            assert_eq!(overlap(a, b), overlaps, "{a} {b}");
            assert_eq!(overlap(b, a), overlaps, "{b} {a}");
            assert_eq!(covers(a, b), a_covers, "{a} {b}");
        }
    }
}
