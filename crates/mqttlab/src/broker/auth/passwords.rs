//! The password file: one `user:hash` a line.
//!
//! New hashes are Argon2id, as `mqttlab passwd` writes them. The hashes of Mosquitto's password files (`$7$`, `$6$`) are
//! understood too.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha512};
use subtle::ConstantTimeEq;

use crate::Failure;
use crate::broker::secret::warn_if_open;

/// A PBKDF2 hash with more iterations than this would take seconds to check.
const ITERATIONS_MAX: u32 = 10_000_000;

/// The users of one password file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passwords {
    users: HashMap<String, Hash>,
}

/// What is kept of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Hash {
    /// A PHC string of Argon2.
    Argon2(String),
    /// PBKDF2 with SHA-512.
    Pbkdf2 {
        iterations: u32,
        salt: Vec<u8>,
        hash: Vec<u8>,
    },
    /// SHA-512 of password and salt.
    Sha512 { salt: Vec<u8>, hash: Vec<u8> },
}

impl Passwords {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read or a line is wrong: which.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        warn_if_open(path);
        let text =
            fs::read_to_string(path).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
        Self::parse(&text).map_err(|(line, why)| Failure::usage(format!("{name}:{line}: {why}")))
    }

    /// The users in `text`, or the number of the first wrong line and what is wrong with it.
    fn parse(text: &str) -> Result<Self, (usize, &'static str)> {
        let mut users = HashMap::new();
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let complain = |why| (index + 1, why);
            let (user, hash) = split(line).map_err(complain)?;
            if users.insert(user.to_owned(), hash).is_some() {
                return Err(complain("this user has a line already"));
            }
        }
        Ok(Self { users })
    }

    /// Whether this is the user's password. Takes long on purpose, also for a user who is not there.
    pub(crate) fn verify(&self, user: &str, password: &[u8]) -> bool {
        match self.users.get(user) {
            Some(hash) => hash.fits(password),
            None => {
                // So that the time does not tell who has an account.
                let _ = hash_of(password);
                false
            }
        }
    }
}

/// Whether `text` is a password file; if not, the number of the first wrong line and what is wrong with it.
///
/// # Errors
/// If it is not.
pub(crate) fn check(text: &str) -> Result<(), (usize, &'static str)> {
    Passwords::parse(text).map(|_| ())
}

/// The text of a password file with this user's line in place of the one that there was, or without it.
pub(crate) fn with_line(text: &str, user: &str, line: Option<&str>) -> String {
    // It would stand before the name of the first user.
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let is_old = |line: &&str| line.split_once(':').is_some_and(|(name, _)| name == user);
    let mut lines: Vec<_> = text.lines().collect();
    match (lines.iter().position(is_old), line) {
        (Some(index), Some(line)) => lines[index] = line,
        (Some(index), None) => drop(lines.remove(index)),
        (None, Some(line)) => lines.push(line),
        (None, None) => {}
    }
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

/// A line of the file for this user and password.
///
/// # Errors
/// When the system gives no random numbers, or the name cannot stand in the file.
pub(crate) fn line(user: &str, password: &[u8]) -> Result<String, Failure> {
    if user.is_empty() || user.contains([':', '\n', '\r']) || user.starts_with('#') {
        return Err(Failure::usage(format!(
            "{user:?} cannot be a user name in a password file: it needs at least one character, no colon or new line, \
             and no # at its start"
        )));
    }
    let hash = hash_of(password)
        .map_err(|error| Failure::running(format!("the password has no hash: {error}")))?;
    Ok(format!("{user}:{hash}"))
}

fn hash_of(password: &[u8]) -> argon2::password_hash::Result<PasswordHash> {
    Argon2::default().hash_password(password)
}

/// `user:hash`
fn split(line: &str) -> Result<(&str, Hash), &'static str> {
    let (user, hash) = line.split_once(':').ok_or("a line is USER:HASH")?;
    if user.is_empty() {
        return Err("the user has no name");
    }
    Ok((user, Hash::parse(hash)?))
}

impl Hash {
    fn parse(text: &str) -> Result<Self, &'static str> {
        const ILL_FORMED: &str = "the hash is not well-formed";
        let decode = |text: &str| BASE64.decode(text).map_err(|_| ILL_FORMED);
        if text.starts_with("$argon2") {
            PasswordHash::new(text).map_err(|_| ILL_FORMED)?;
            return Ok(Self::Argon2(text.to_owned()));
        }
        match text.split('$').collect::<Vec<_>>()[..] {
            ["", "7", iterations, salt, hash] => {
                let iterations = iterations.parse().map_err(|_| ILL_FORMED)?;
                if !(1..=ITERATIONS_MAX).contains(&iterations) {
                    return Err("the hash has a number of iterations that cannot be");
                }
                Ok(Self::Pbkdf2 {
                    iterations,
                    salt: decode(salt)?,
                    hash: decode(hash)?,
                })
            }
            ["", "6", salt, hash] => Ok(Self::Sha512 {
                salt: decode(salt)?,
                hash: decode(hash)?,
            }),
            _ => Err("this is no hash; add users with mqttlab passwd"),
        }
    }

    fn fits(&self, password: &[u8]) -> bool {
        match self {
            Self::Argon2(text) => PasswordHash::new(text)
                .is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok()),
            Self::Pbkdf2 {
                iterations,
                salt,
                hash,
            } => {
                let mut computed = [0; 64];
                pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, *iterations, &mut computed);
                computed[..].ct_eq(hash).into()
            }
            Self::Sha512 { salt, hash } => {
                let computed = Sha512::new()
                    .chain_update(password)
                    .chain_update(salt)
                    .finalize();
                computed[..].ct_eq(hash).into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Passwords, line, with_line};

    #[test]
    fn a_written_line_lets_its_user_in_and_nobody_else() {
        let text = format!(
            "# users\n\n{}\r\n",
            line("ann", b"secret").expect("a good name")
        );
        let passwords = Passwords::parse(&text).expect("a good file");
        assert!(passwords.verify("ann", b"secret"));
        assert!(!passwords.verify("ann", b"secret "));
        assert!(!passwords.verify("ann", b""));
        assert!(!passwords.verify("bob", b"secret"));
    }

    #[test]
    fn the_hashes_of_mosquitto_are_understood() {
        // As `mosquitto_passwd` writes them: PBKDF2 since 2.0, SHA-512 before.
        let file = "\
seven:$7$101$FFraYvMvTrFWzjLI$cSFcUWNmh9B8rB0V8XSPJjIWCiY2FvT2XEytYL9aVFe4M0dN7V7HBupJc7eC580fWF6PUDEFDEcTpipoQDwYlg==
six:$6$AAECAwQFBgcICQoL$JqsxEv/ucyxjA5DKsQ+Y8CDWaQDNQI9FpAkmfwAqWfwZLk/JEGgM0EpylrJHAZKKyFQjJeZ3nFaHjPzOzPPmPw==
";
        let passwords = Passwords::parse(file).expect("a good file");
        for user in ["seven", "six"] {
            assert!(passwords.verify(user, b"secret"), "{user}");
            assert!(!passwords.verify(user, b"Secret"), "{user}");
        }
    }

    #[test]
    fn a_wrong_line_is_said_by_number() {
        for (text, expected) in [
            ("ann\n", (1, "a line is USER:HASH")),
            ("\n:x\n", (2, "the user has no name")),
            (
                "ann:secret\n",
                (1, "this is no hash; add users with mqttlab passwd"),
            ),
            ("ann:$7$101$!$AAAA\n", (1, "the hash is not well-formed")),
            ("ann:$argon2id$x\n", (1, "the hash is not well-formed")),
            (
                "ann:$7$4000000000$AAAA$AAAA\n",
                (1, "the hash has a number of iterations that cannot be"),
            ),
            (
                "a:$6$AAAA$AAAA\na:$6$AAAA$AAAA\n",
                (2, "this user has a line already"),
            ),
        ] {
            assert_eq!(Passwords::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn a_users_line_is_replaced_where_it_stands() {
        let text = "# users\nann:1\nbob:2";
        assert_eq!(
            with_line(text, "ann", Some("ann:3")),
            "# users\nann:3\nbob:2\n"
        );
        assert_eq!(
            with_line(text, "eve", Some("eve:3")),
            "# users\nann:1\nbob:2\neve:3\n"
        );
        assert_eq!(with_line(text, "ann", None), "# users\nbob:2\n");
        let with_mark = "\u{FEFF}ann:1\r\nbob:2\r\n";
        assert_eq!(with_line(with_mark, "ann", Some("ann:3")), "ann:3\nbob:2\n");
        assert_eq!(with_line("", "ann", None), "");
    }

    #[test]
    fn a_name_that_would_break_the_file_is_refused() {
        for name in ["", "a:b", "a\nb", "#a"] {
            line(name, b"x").expect_err(name);
        }
    }
}
