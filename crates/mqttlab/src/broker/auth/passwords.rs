//! The password file: one `user:hash` a line.
//!
//! New hashes are Argon2id, as `mqttlab passwd` writes them. The hashes of Mosquitto's password files (`$7$`, `$6$`) are
//! understood too.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha512};
use subtle::ConstantTimeEq;

use crate::Failure;
use crate::broker::secret::warn_if_open;

/// A PBKDF2 hash with more iterations than this would take seconds to check.
const ITERATIONS_MAX: u32 = 10_000_000;
/// The most memory of a hash, in KiB: each thread that checks passwords keeps as much as the largest that it has seen.
const MEMORY_MAX_KIB: u32 = 256 << 10;
/// The most work of a hash, in KiB times passes; this takes seconds.
const WORK_MAX_KIB: u64 = 4 << 20;

/// The users of one password file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passwords {
    users: HashMap<String, Hash>,
}

/// What a password is for a user. The client hears no difference between the last two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Right,
    Wrong,
    /// There is no such user.
    Unknown,
}

/// What checking a password needs, to be used again: what is taken and given back each time comes back to the system only
/// in part.
#[derive(Default)]
pub(crate) struct Memory(Vec<Block>);

impl Memory {
    fn of(&mut self, blocks: usize) -> &mut [Block] {
        if self.0.len() < blocks {
            self.0 = vec![Block::default(); blocks];
        }
        &mut self.0[..blocks]
    }
}

/// What is kept of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Hash {
    Argon2(Box<Argon2Hash>),
    /// PBKDF2 with SHA-512.
    Pbkdf2 {
        iterations: u32,
        salt: Vec<u8>,
        hash: Vec<u8>,
    },
    /// SHA-512 of password and salt.
    Sha512 {
        salt: Vec<u8>,
        hash: Vec<u8>,
    },
}

/// A hash of Argon2, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
    hash: Vec<u8>,
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
    pub(crate) fn verify(&self, user: &str, password: &[u8], memory: &mut Memory) -> Verdict {
        match self.users.get(user) {
            Some(hash) if hash.fits(password, memory) => Verdict::Right,
            Some(_) => Verdict::Wrong,
            None => {
                // So that the time does not tell who has an account.
                Argon2Hash::nobodys().fits(password, memory);
                Verdict::Unknown
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
            let hash = Argon2Hash::parse(text).ok_or(ILL_FORMED)?;
            let (memory, passes) = (hash.params.m_cost(), hash.params.t_cost());
            if memory > MEMORY_MAX_KIB {
                return Err("the hash needs more than 256 MiB of memory to be checked");
            }
            if u64::from(memory) * u64::from(passes) > WORK_MAX_KIB {
                return Err("the hash has so many passes that it takes seconds to be checked");
            }
            return Ok(Self::Argon2(Box::new(hash)));
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

    fn fits(&self, password: &[u8], memory: &mut Memory) -> bool {
        match self {
            Self::Argon2(hash) => hash.fits(password, memory),
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

impl Argon2Hash {
    /// The hash in a PHC string.
    fn parse(text: &str) -> Option<Self> {
        let parsed = PasswordHash::new(text).ok()?;
        let version = parsed.version.map(Version::try_from).transpose().ok()?;
        Some(Self {
            algorithm: parsed.algorithm.as_str().parse().ok()?,
            version: version.unwrap_or_default(),
            params: Params::try_from(&parsed).ok()?,
            salt: parsed.salt?.as_ref().to_vec(),
            hash: parsed.hash?.as_bytes().to_vec(),
        })
    }

    /// That of a user who is not there. It costs as much as those that are written here.
    fn nobodys() -> Self {
        Self {
            algorithm: Algorithm::default(),
            version: Version::default(),
            params: Params::default(),
            salt: vec![0; argon2::RECOMMENDED_SALT_LEN],
            hash: vec![0; Params::DEFAULT_OUTPUT_LEN],
        }
    }

    fn fits(&self, password: &[u8], memory: &mut Memory) -> bool {
        let argon2 = Argon2::new(self.algorithm, self.version, self.params.clone());
        let mut computed = vec![0; self.hash.len()];
        let blocks = memory.of(self.params.block_count());
        let done =
            argon2.hash_password_into_with_memory(password, &self.salt, &mut computed, blocks);
        done.is_ok() && computed.ct_eq(&self.hash).into()
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordHasher;
    use argon2::password_hash::phc::PasswordHash;
    use argon2::{Algorithm, Argon2, Params, Version};

    use super::{Argon2Hash, Memory, Passwords, Verdict, line, with_line};

    #[test]
    fn a_written_line_lets_its_user_in_and_nobody_else() {
        let text = format!(
            "# users\n\n{}\r\n",
            line("ann", b"secret").expect("a good name")
        );
        let passwords = Passwords::parse(&text).expect("a good file");
        let memory = &mut Memory::default();
        assert_eq!(passwords.verify("ann", b"secret", memory), Verdict::Right);
        assert_eq!(passwords.verify("ann", b"secret ", memory), Verdict::Wrong);
        assert_eq!(passwords.verify("ann", b"", memory), Verdict::Wrong);
        assert_eq!(passwords.verify("bob", b"secret", memory), Verdict::Unknown);
        // What the last check has left there changes nothing.
        assert_eq!(passwords.verify("ann", b"secret", memory), Verdict::Right);
    }

    #[test]
    fn memory_is_kept_and_serves_hashes_of_all_sizes() {
        let of_cost = |memory, passes, lanes| {
            let params = Params::new(memory, passes, lanes, None).expect("a good cost");
            let argon2 = Argon2::new(Algorithm::default(), Version::default(), params);
            argon2.hash_password(b"password").expect("it has a hash")
        };
        let (small, large) = (of_cost(64, 1, 1), of_cost(256, 2, 2));
        // As the reference implementation writes it.
        let other = "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$ucQB0YRKZ9UOrjln3CiHCyLlCAkuhho3";
        let text = format!("small:{small}\nlarge:{large}\nother:{other}\n");
        let passwords = Passwords::parse(&text).expect("a good file");
        let memory = &mut Memory::default();
        for (user, blocks) in [
            ("small", 64),
            ("large", 256),
            ("small", 256),
            ("other", 256),
        ] {
            assert_eq!(
                passwords.verify(user, b"password", memory),
                Verdict::Right,
                "{user}"
            );
            assert_eq!(
                passwords.verify(user, b"Password", memory),
                Verdict::Wrong,
                "{user}"
            );
            assert_eq!(memory.0.len(), blocks);
        }
        let written = line("ann", b"x").expect("a good name");
        let (_, hash) = written.split_once(':').expect("a line");
        let hash = PasswordHash::new(hash).expect("a good hash");
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        assert_eq!(
            cost(&Params::try_from(&hash).expect("good parameters")),
            cost(&Argon2Hash::nobodys().params),
            "a user who is not there takes as long"
        );
    }

    #[test]
    fn the_hashes_of_mosquitto_are_understood() {
        // As `mosquitto_passwd` writes them: PBKDF2 since 2.0, SHA-512 before.
        let file = "\
seven:$7$101$FFraYvMvTrFWzjLI$cSFcUWNmh9B8rB0V8XSPJjIWCiY2FvT2XEytYL9aVFe4M0dN7V7HBupJc7eC580fWF6PUDEFDEcTpipoQDwYlg==
six:$6$AAECAwQFBgcICQoL$JqsxEv/ucyxjA5DKsQ+Y8CDWaQDNQI9FpAkmfwAqWfwZLk/JEGgM0EpylrJHAZKKyFQjJeZ3nFaHjPzOzPPmPw==
";
        let passwords = Passwords::parse(file).expect("a good file");
        let memory = &mut Memory::default();
        for user in ["seven", "six"] {
            assert_eq!(
                passwords.verify(user, b"secret", memory),
                Verdict::Right,
                "{user}"
            );
            assert_eq!(
                passwords.verify(user, b"Secret", memory),
                Verdict::Wrong,
                "{user}"
            );
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
                "ann:$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA\n",
                (
                    1,
                    "the hash needs more than 256 MiB of memory to be checked",
                ),
            ),
            (
                "ann:$argon2id$v=19$m=65536,t=65,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA\n",
                (
                    1,
                    "the hash has so many passes that it takes seconds to be checked",
                ),
            ),
            (
                "ann:$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ\n",
                (1, "the hash is not well-formed"),
            ),
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
