//! Who of this machine may connect to a Unix socket.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The largest mode: nothing but who may read, write and execute.
const MODE_MAX: u32 = 0o777;

/// The mode and the group of the file that a Unix socket is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) mode: Mode,
    /// `None` for that of the process.
    pub(crate) group: Option<Group>,
}

/// Whose rights they are, in octal digits: `0660`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Mode(pub(super) u32);

/// The owner and the group.
impl Default for Mode {
    fn default() -> Self {
        Self(0o660)
    }
}

impl TryFrom<String> for Mode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mode = u32::from_str_radix(&text, 8);
        let mode = mode.ok().filter(|mode| *mode <= MODE_MAX);
        mode.map(Self)
            .ok_or("give octal digits in quotes, such as \"0660\" or \"0666\"")
    }
}

impl From<Mode> for String {
    fn from(mode: Mode) -> Self {
        format!("{:04o}", mode.0)
    }
}

/// A group of this machine, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Group(pub(super) u32);

/// Where groups stand with their numbers.
const GROUPS: &str = "/etc/group";

impl FromStr for Group {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(number) = text.parse() {
            return Ok(Self(number));
        }
        let groups = std::fs::read_to_string(GROUPS).unwrap_or_default();
        let number = number_of(text, &groups);
        number
            .map(Self)
            .ok_or_else(|| format!("{GROUPS} has no group {text}; give another, or its number"))
    }
}

/// The number of a group, by lines as in `/etc/group`.
fn number_of(name: &str, groups: &str) -> Option<u32> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_meant = fields.next() == Some(name);
        let number = fields.nth(1)?;
        is_meant.then(|| number.parse().ok())?
    })
}

impl TryFrom<String> for Group {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Group> for String {
    fn from(group: Group) -> Self {
        group.to_string()
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{Mode, number_of};

    #[test]
    fn modes_are_octal_digits() {
        for (text, expected) in [
            ("0660", Ok(0o660)),
            ("666", Ok(0o666)),
            ("0", Ok(0)),
            ("0888", Err(())),
            ("4755", Err(())),
            ("-rw-rw----", Err(())),
            ("", Err(())),
        ] {
            let mode = Mode::try_from(text.to_owned());
            assert_eq!(mode.map(|mode| mode.0).map_err(|_| ()), expected, "{text}");
        }
        assert_eq!(String::from(Mode::default()), "0660");
    }

    #[test]
    fn groups_have_numbers() {
        let groups = "root:x:0:\n# none\nmqtt:x:120:ann,bob\nbroken:x\n";
        assert_eq!(number_of("mqtt", groups), Some(120));
        assert_eq!(number_of("root", groups), Some(0));
        assert_eq!(number_of("broken", groups), None);
        assert_eq!(number_of("ann", groups), None);
    }
}
