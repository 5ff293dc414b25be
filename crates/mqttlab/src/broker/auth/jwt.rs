//! JSON Web Tokens in place of passwords: somebody else vouches for the client.

mod keys;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Header, Validation, decode, decode_header, get_current_timestamp};
use serde_json::Value;

use super::denial::TokenFault;
use crate::Failure;
use keys::{Key, Source};

pub(crate) use keys::{Address, Numbers};

/// A longer token is none.
const LENGTH_MAX: usize = 8 << 10;

/// What a token must say of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Its `aud`, where that matters.
    pub(crate) audience: Option<String>,
    /// Its `iss`, where that matters.
    pub(crate) issuer: Option<String>,
    /// Clocks may differ so much, in seconds.
    pub(crate) leeway_s: u32,
}

/// Whose tokens are good.
pub(crate) struct Verifier {
    source: Arc<Source>,
    expected: Expected,
}

/// Whom a good token is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bearer {
    pub(super) name: String,
    /// For how long it is still good.
    pub(super) lasts: Duration,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").finish_non_exhaustive()
    }
}

impl Verifier {
    /// Reads a key set.
    ///
    /// # Errors
    /// When the file cannot be read, is no key set, or has a key that does not say its name and algorithm.
    pub(crate) fn load(path: &Path, expected: Expected) -> Result<Self, Failure> {
        Ok(Self {
            source: Arc::new(Source::file(path)?),
            expected,
        })
    }

    /// Fetches a key set, now and again and again, in a thread of its own. There are no keys before the first is there.
    ///
    /// # Errors
    /// When the address makes no sense, or its roots cannot be read.
    pub(crate) fn fetch(address: Address, expected: Expected) -> Result<Self, Failure> {
        Ok(Self {
            source: Arc::new(Source::server(address)?),
            expected,
        })
    }

    /// The same keys, for tokens that say something else about themselves.
    pub(crate) fn with(&self, expected: Expected) -> Self {
        Self {
            source: Arc::clone(&self.source),
            expected,
        }
    }

    /// Whether there are any keys yet.
    pub(super) fn has_keys(&self) -> bool {
        self.source.keys().is_some()
    }

    /// How fetching goes for all of these; `None` where nothing is fetched. The same keys count once.
    pub(crate) fn numbers<'a>(all: impl Iterator<Item = &'a Self>) -> Option<Numbers> {
        let mut seen: Vec<&Arc<Source>> = Vec::new();
        let mut sum: Option<Numbers> = None;
        for verifier in all {
            if seen.iter().any(|source| source.is(&verifier.source)) {
                continue;
            }
            seen.push(&verifier.source);
            if let Some(numbers) = verifier.source.numbers() {
                sum.get_or_insert_default().add(&numbers);
            }
        }
        sum
    }

    /// Whether a password may be a token at all.
    pub(super) fn is_for(&self, password: &[u8]) -> bool {
        let dots = password.iter().filter(|&&byte| byte == b'.').count();
        dots == 2 && password.len() <= LENGTH_MAX
    }

    /// Whom the token is about, if it is good and says nothing else than the client does.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn verify(
        &self,
        user_name: Option<&str>,
        token: &[u8],
    ) -> Result<Bearer, TokenFault> {
        let header = decode_header(token).map_err(|_| fault_of_header(token))?;
        let kid = header.kid.as_deref().ok_or(TokenFault::NoKid)?;
        let unknown = || TokenFault::UnknownKid(kid.to_owned());
        let keys = self.source.keys().ok_or_else(unknown)?;
        let Some(key) = keys.get(kid) else {
            self.source.miss();
            return Err(unknown());
        };
        let claims = self.claims(&header, key, token)?;
        let expires_at = claims["exp"].as_f64().unwrap_or_default() as u64;
        let lasts_s = expires_at
            .saturating_add(self.expected.leeway_s.into())
            .saturating_sub(get_current_timestamp());
        let name = claims["sub"].as_str().unwrap_or_default();
        if name.is_empty() || name.contains(char::is_control) {
            return Err(TokenFault::Subject);
        }
        if user_name.is_some_and(|user_name| user_name != name) {
            return Err(TokenFault::OtherUser(name.to_owned()));
        }
        Ok(Bearer {
            name: name.to_owned(),
            lasts: Duration::from_secs(lasts_s),
        })
    }

    /// What the token says, if this key has signed it and it is as expected.
    fn claims(&self, header: &Header, key: &Key, token: &[u8]) -> Result<Value, TokenFault> {
        let Key { key, algorithm } = key;
        if header.alg != *algorithm {
            return Err(TokenFault::Algorithm);
        }
        let mut validation = Validation::new(*algorithm);
        validation.leeway = self.expected.leeway_s.into();
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "sub"]);
        match &self.expected.audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                validation.required_spec_claims.insert("aud".into());
            }
            None => validation.validate_aud = false,
        }
        if let Some(issuer) = &self.expected.issuer {
            validation.set_issuer(&[issuer]);
            validation.required_spec_claims.insert("iss".into());
        }
        let decoded = decode::<Value>(token, key, &validation);
        decoded
            .map(|token| token.claims)
            .map_err(|error| self.fault(&error, token))
    }

    /// What is wrong with a token, in our words.
    fn fault(&self, error: &Error, token: &[u8]) -> TokenFault {
        let said = |claim: &str| {
            let claims = part(token, 1).unwrap_or_default();
            match claims[claim].as_str() {
                Some(text) => text.to_owned(),
                None => claims[claim].to_string(),
            }
        };
        let wanted = |it: &Option<String>| it.clone().unwrap_or_default();
        match error.kind() {
            // Before anything else is looked at, the signature is.
            ErrorKind::InvalidSignature => TokenFault::Signature,
            ErrorKind::MissingRequiredClaim(claim) => match said(claim).as_str() {
                "null" => TokenFault::Missing(claim.clone()),
                _ => TokenFault::Format(claim.clone()),
            },
            ErrorKind::InvalidClaimFormat(claim) => TokenFault::Format(claim.clone()),
            ErrorKind::ExpiredSignature => TokenFault::Expired,
            ErrorKind::ImmatureSignature => TokenFault::NotYet,
            ErrorKind::InvalidAudience => {
                TokenFault::Audience(said("aud"), wanted(&self.expected.audience))
            }
            ErrorKind::InvalidIssuer => {
                TokenFault::Issuer(said("iss"), wanted(&self.expected.issuer))
            }
            ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm => TokenFault::Algorithm,
            _ => TokenFault::IllFormed,
        }
    }
}

/// What is wrong with a token whose header cannot be read.
fn fault_of_header(token: &[u8]) -> TokenFault {
    match part(token, 0) {
        Some(header) if header["alg"].is_string() => TokenFault::Algorithm,
        Some(_) | None => TokenFault::IllFormed,
    }
}

/// One of the parts of a token, whoever has signed it.
fn part(token: &[u8], number: usize) -> Option<Value> {
    let part = token.split(|&byte| byte == b'.').nth(number)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use std::sync::Arc;

    use super::keys::{Source, parse};
    use super::{Expected, LENGTH_MAX, Verifier};

    const SECRET: &[u8] = b"a secret of thirty-two characters";

    fn verifier(audience: Option<&str>) -> Verifier {
        let k = URL_SAFE_NO_PAD.encode(SECRET);
        let set = json!({"keys": [{"kty": "oct", "kid": "one", "alg": "HS256", "k": k}]});
        Verifier {
            source: Arc::new(Source::File(Arc::new(
                parse(set.to_string().as_bytes()).expect("a good set"),
            ))),
            expected: Expected {
                audience: audience.map(Into::into),
                issuer: Some("us".into()),
                leeway_s: 5,
            },
        }
    }

    fn now() -> u64 {
        jsonwebtoken::get_current_timestamp()
    }

    /// Claims that are good, with some of them in another way; null takes one away.
    fn claims(others: &Value) -> Value {
        let mut claims = json!({"sub": "ann", "iss": "us", "aud": "mqtt", "exp": now() + 60});
        for (name, value) in others.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        let all = claims.as_object_mut().expect("an object");
        all.retain(|_, value| !value.is_null());
        claims
    }

    fn token(algorithm: Algorithm, kid: Option<&str>, claims: &Value) -> Vec<u8> {
        let mut header = Header::new(algorithm);
        header.kid = kid.map(Into::into);
        let key = EncodingKey::from_secret(SECRET);
        encode(&header, claims, &key)
            .expect("it can be signed")
            .into_bytes()
    }

    #[test]
    fn a_good_token_says_who_it_is_about() {
        let verifier = verifier(Some("mqtt"));
        let token = token(Algorithm::HS256, Some("one"), &claims(&json!({})));
        assert!(verifier.is_for(&token) && !verifier.is_for(b"secret"));
        let bearer = verifier.verify(None, &token).expect("it is good");
        assert_eq!(bearer.name, "ann");
        assert!((60..=65).contains(&bearer.lasts.as_secs()), "{bearer:?}");
        assert_eq!(
            verifier.verify(Some("ann"), &token).map(|it| it.name),
            Ok("ann".into())
        );
        assert_eq!(
            fault(&verifier, Some("bob"), &token),
            "the sub of the token is ann, not the User Name"
        );
    }

    fn fault(verifier: &Verifier, user_name: Option<&str>, token: &[u8]) -> String {
        let fault = verifier
            .verify(user_name, token)
            .expect_err("it is no good");
        fault.to_string()
    }

    #[test]
    fn every_other_token_is_refused_and_it_is_said_why() {
        let verifier = verifier(Some("mqtt"));
        for (wrong, why) in [
            (json!({"exp": null}), "the token has no exp"),
            (json!({"exp": now() - 10}), "the token has expired"),
            (json!({"exp": "soon"}), "the exp of the token is ill-formed"),
            (
                json!({"nbf": now() + 60}),
                "the token is not good yet (nbf)",
            ),
            (
                json!({"nbf": "later"}),
                "the nbf of the token is ill-formed",
            ),
            (
                json!({"aud": "other"}),
                "the aud of the token is other, not mqtt",
            ),
            (
                json!({"aud": ["a", "b"]}),
                "the aud of the token is [\"a\",\"b\"], not mqtt",
            ),
            (json!({"aud": null}), "the token has no aud"),
            (
                json!({"iss": "them"}),
                "the iss of the token is them, not us",
            ),
            (json!({"iss": null}), "the token has no iss"),
            (json!({"sub": null}), "the token has no sub"),
            (json!({"sub": ""}), "the sub of the token is no name"),
            (json!({"sub": "a\nb"}), "the sub of the token is no name"),
        ] {
            let token = token(Algorithm::HS256, Some("one"), &claims(&wrong));
            assert_eq!(fault(&verifier, None, &token), why, "{wrong}");
        }
        let good = claims(&json!({}));
        for (algorithm, kid, why) in [
            (
                Algorithm::HS384,
                Some("one"),
                "the token says another algorithm than its key has",
            ),
            (
                Algorithm::HS256,
                Some("t\nwo"),
                "no key has the kid of the token, t\\nwo",
            ),
            (
                Algorithm::HS256,
                None,
                "the token does not say which key has signed it (no kid)",
            ),
        ] {
            let token = token(algorithm, kid, &good);
            assert_eq!(fault(&verifier, None, &token), why, "{algorithm:?} {kid:?}");
        }
    }

    #[test]
    fn what_nobody_has_signed_is_refused() {
        let verifier = verifier(Some("mqtt"));
        let token = token(Algorithm::HS256, Some("one"), &claims(&json!({})));
        let token = String::from_utf8(token).expect("text");
        let (body, _) = token.rsplit_once('.').expect("three parts");
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"one"}"#);
        let claims = body.split('.').nth(1).expect("three parts");
        for (token, why) in [
            (
                format!("{body}."),
                "the key of that kid has not signed the token",
            ),
            (
                format!("{body}.AAAA"),
                "the key of that kid has not signed the token",
            ),
            (
                format!("{none}.{claims}."),
                "the token says another algorithm than its key has",
            ),
            ("a.b.c".to_owned(), "the token is ill-formed"),
        ] {
            assert_eq!(fault(&verifier, None, token.as_bytes()), why, "{token}");
        }
        let long = format!("{}.{}.", body, "A".repeat(LENGTH_MAX));
        assert!(!verifier.is_for(long.as_bytes()));
    }

    #[test]
    fn a_key_must_say_its_name_and_its_algorithm() {
        for (set, why) in [
            (json!({"keys": []}), "no key in it"),
            (
                json!({"keys": [{"kty": "oct", "alg": "HS256", "k": "AA"}]}),
                "needs a kid",
            ),
            (
                json!({"keys": [{"kty": "oct", "kid": "a", "k": "AA"}]}),
                "needs an alg",
            ),
            (
                json!({"keys": [{"kty": "oct", "kid": "a", "alg": "HS256", "k": "AA"}, {"kty": "oct", "kid": "a", "alg": "HS256", "k": "AA"}]}),
                "there are two",
            ),
        ] {
            let said = parse(set.to_string().as_bytes())
                .err()
                .expect("it is wrong");
            assert!(said.contains(why), "{said}");
        }
        assert!(parse(b"nonsense").is_err());
    }
}
