//! Who may use the admin interface: whoever knows one of the tokens in a file.

use std::fs;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable, ConstantTimeEq};

use crate::Failure;
use crate::broker::secret::warn_if_open;

/// A shorter token could be guessed.
const LENGTH_MIN: usize = 16;

/// The tokens that are good, each with its line in the file. Only their digests are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tokens(Vec<(u32, [u8; 32])>);

impl Tokens {
    /// Reads a file: a token a line; empty lines and those that begin with `#` count for nothing.
    ///
    /// # Errors
    /// When it cannot be read, has no token, or one that is too short.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        warn_if_open(path);
        let text =
            fs::read_to_string(path).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
        Self::parse(&text).map_err(|why| Failure::usage(format!("{name}: {why}")))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut tokens = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.len() < LENGTH_MIN {
                return Err(format!(
                    "the token in line {number} is shorter than {LENGTH_MIN} characters"
                ));
            }
            tokens.push((number, Sha256::digest(line).into()));
        }
        if tokens.is_empty() {
            return Err("there is no token in it".into());
        }
        Ok(Self(tokens))
    }

    /// The line of this one. How long it takes to find says nothing about them.
    fn line(&self, token: &str) -> Option<u32> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let mut found = 0;
        for (line, known) in &self.0 {
            found.conditional_assign(line, known.ct_eq(&digest));
        }
        (found > 0).then_some(found)
    }
}

/// The tokens of the moment, which a change of the configuration replaces.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(Arc<RwLock<Option<Tokens>>>);

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It stands in this line of the file.
    Good(u32),
    Wrong,
    /// There are none: the admin interface is closed.
    Closed,
}

impl Keys {
    pub(crate) fn new(tokens: Option<Tokens>) -> Self {
        Self(Arc::new(RwLock::new(tokens)))
    }

    pub(crate) fn follow(&self, tokens: Option<Tokens>) {
        // Whoever panicked with the lock in hand had only read or replaced the whole.
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = tokens;
    }

    pub(super) fn judge(&self, token: Option<&str>) -> Verdict {
        let tokens = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(tokens) = &*tokens else {
            return Verdict::Closed;
        };
        let line = token.and_then(|token| tokens.line(token));
        line.map_or(Verdict::Wrong, Verdict::Good)
    }
}

#[cfg(test)]
mod tests {
    use super::{Keys, Tokens, Verdict};

    #[test]
    fn only_a_whole_token_is_good() {
        let tokens = Tokens::parse("# for the dashboard\n0123456789abcdef\n\n fedcba9876543210 \n");
        let keys = Keys::new(Some(tokens.expect("a good file")));
        assert_eq!(keys.judge(Some("0123456789abcdef")), Verdict::Good(2));
        assert_eq!(keys.judge(Some("fedcba9876543210")), Verdict::Good(4));
        for wrong in ["", "0123456789abcde", "# for the dashboard"] {
            assert_eq!(keys.judge(Some(wrong)), Verdict::Wrong, "{wrong}");
        }
        assert_eq!(keys.judge(None), Verdict::Wrong);
        keys.follow(None);
        assert_eq!(keys.judge(Some("0123456789abcdef")), Verdict::Closed);
    }

    #[test]
    fn a_file_without_a_good_token_is_refused() {
        Tokens::parse("# nothing\n").expect_err("it has none");
        let why = Tokens::parse("0123456789abcdef\nshort\n").expect_err("one is short");
        assert!(why.contains("line 2"), "{why}");
    }
}
