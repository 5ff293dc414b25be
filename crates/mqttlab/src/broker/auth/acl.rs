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
//! # For every client; %c is its Client Identifier, %u its user name.
//! pattern write devices/%c/#
//! ```
//!
//! What no line allows is denied; a line that denies wins over every other. What stands before the first `user` is for
//! everybody; in Mosquitto it is for clients without a user name alone.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use mqttlab_core::broker::{Access, Identity};
use mqttlab_core::topic;

use crate::Failure;

/// The rules of one ACL file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Acl {
    everybody: Vec<Rule>,
    users: HashMap<String, Vec<Rule>>,
    patterns: Vec<Rule>,
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
            (Self::Write, Access::Publish) => true,
            (Self::Read, Access::Publish) | (Self::Write, Access::Receive | Access::Subscribe) => {
                false
            }
        }
    }
}

/// Where in the file a line of rules belongs.
enum Section {
    Everybody,
    User(String),
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
        Self::parse(&text).map_err(|(line, why)| Failure::usage(format!("{name}:{line}: {why}")))
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

    fn take(&mut self, number: usize, line: &str, section: &mut Section) -> Result<(), String> {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match word {
            "user" if rest.is_empty() => return Err("user needs a name".into()),
            "user" => *section = Section::User(rest.into()),
            "topic" => {
                let rule = Rule::parse(number, rest)?;
                match section {
                    Section::Everybody => self.everybody.push(rule),
                    Section::User(name) => {
                        self.users.entry(name.clone()).or_default().push(rule);
                    }
                }
            }
            "pattern" => self.patterns.push(Rule::parse(number, rest)?),
            other => {
                return Err(format!(
                    "a line begins with user, topic or pattern, not {other}"
                ));
            }
        }
        Ok(())
    }

    /// Whether a rule names users, who must then prove who they are.
    pub(crate) fn names_users(&self) -> bool {
        let mut patterns = self.patterns.iter();
        !self.users.is_empty() || patterns.any(|rule| rule.filter.contains("%u"))
    }

    /// Whether `who` may do this. For a subscription `topic` is a filter: it is allowed when some topic that it matches
    /// may be read; each message is looked at again.
    pub(crate) fn permits(&self, who: &Identity<'_>, access: Access, topic: &str) -> bool {
        let deciding = self.deciding(who, access, topic);
        deciding.is_some_and(|rule| !rule.denies())
    }

    /// The rule that decides: the first that denies, or else the first that allows; `None` where no line says anything,
    /// which denies.
    pub(super) fn deciding(
        &self,
        who: &Identity<'_>,
        access: Access,
        topic: &str,
    ) -> Option<&Rule> {
        let users = who.user_name.and_then(|name| self.users.get(name));
        let plain = self.everybody.iter().chain(users.into_iter().flatten());
        let mut allowing = None;
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
        Access::Publish | Access::Receive => topic::matches(filter, topic),
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

    use super::{Acl, covers, fill_in, overlap};

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
                acl.permits(who, access, topic),
                expected,
                "{who:?} {access:?} {topic}"
            );
        }
        let blanks = who("x", Some("with blanks"));
        assert!(acl.permits(&blanks, Access::Receive, "a b/c"));
        assert!(acl.names_users());
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
                acl.permits(&ann, Access::Subscribe, filter),
                expected,
                "{filter}"
            );
        }
    }

    #[test]
    fn an_empty_file_allows_nothing() {
        let acl = Acl::parse("\n# nothing\n").expect("a good file");
        assert!(!acl.permits(&who("a", Some("a")), Access::Receive, "a"));
        assert!(!acl.names_users());
    }

    #[test]
    fn a_wrong_line_is_said_by_number() {
        for (text, expected) in [
            (
                "topic read a\nusr x\n",
                (2, "a line begins with user, topic or pattern, not usr"),
            ),
            ("user\n", (1, "user needs a name")),
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
