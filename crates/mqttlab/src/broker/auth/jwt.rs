//! JSON Web Tokens in place of passwords: somebody else vouches for the client.

mod keys;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Validation, decode, decode_header, get_current_timestamp};
use serde::Deserialize;

use crate::Failure;
use keys::{Key, Source};

pub(crate) use keys::{Address, Numbers};

/// A longer token is none.
const LENGTH_MAX: usize = 8 << 10;
/// Clocks may differ so much, in seconds.
const LEEWAY_S: u64 = 30;

/// Whose tokens are good.
pub(crate) struct Verifier {
    source: Arc<Source>,
    audience: Option<String>,
    issuer: Option<String>,
}

/// Whom a good token is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bearer {
    pub(super) name: String,
    /// For how long it is still good.
    pub(super) lasts: Duration,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: u64,
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
    pub(crate) fn load(
        path: &Path,
        audience: Option<String>,
        issuer: Option<String>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            source: Arc::new(Source::file(path)?),
            audience,
            issuer,
        })
    }

    /// Fetches a key set, now and again and again, in a thread of its own. There are no keys before the first is there.
    ///
    /// # Errors
    /// When the address makes no sense, or its roots cannot be read.
    pub(crate) fn fetch(
        address: Address,
        audience: Option<String>,
        issuer: Option<String>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            source: Arc::new(Source::server(address)?),
            audience,
            issuer,
        })
    }

    /// The same keys, for tokens that say something else about themselves.
    pub(crate) fn with(&self, audience: Option<String>, issuer: Option<String>) -> Self {
        Self {
            source: Arc::clone(&self.source),
            audience,
            issuer,
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
    pub(super) fn verify(&self, user_name: Option<&str>, token: &[u8]) -> Option<Bearer> {
        let header = decode_header(token).ok()?;
        let keys = self.source.keys()?;
        let Some(Key { key, algorithm }) = keys.get(&header.kid?) else {
            self.source.miss();
            return None;
        };
        let mut validation = Validation::new(*algorithm);
        validation.leeway = LEEWAY_S;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "sub"]);
        match &self.audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                validation.required_spec_claims.insert("aud".into());
            }
            None => validation.validate_aud = false,
        }
        if let Some(issuer) = &self.issuer {
            validation.set_issuer(&[issuer]);
            validation.required_spec_claims.insert("iss".into());
        }
        let Claims { sub: name, exp } = decode(token, key, &validation).ok()?.claims;
        let lasts_s = exp
            .saturating_add(LEEWAY_S)
            .saturating_sub(get_current_timestamp());
        let is_plain = !name.is_empty() && !name.contains(char::is_control);
        let fits = user_name.is_none_or(|user_name| user_name == name);
        let lasts = Duration::from_secs(lasts_s);
        (is_plain && fits).then_some(Bearer { name, lasts })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use std::sync::Arc;

    use super::keys::{Source, parse};
    use super::{LENGTH_MAX, Verifier};

    const SECRET: &[u8] = b"a secret of thirty-two characters";

    fn verifier(audience: Option<&str>) -> Verifier {
        let k = URL_SAFE_NO_PAD.encode(SECRET);
        let set = json!({"keys": [{"kty": "oct", "kid": "one", "alg": "HS256", "k": k}]});
        Verifier {
            source: Arc::new(Source::File(Arc::new(
                parse(set.to_string().as_bytes()).expect("a good set"),
            ))),
            audience: audience.map(Into::into),
            issuer: Some("us".into()),
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
        assert!((85..=90).contains(&bearer.lasts.as_secs()), "{bearer:?}");
        assert_eq!(
            verifier.verify(Some("ann"), &token).map(|it| it.name),
            Some("ann".into())
        );
        assert_eq!(verifier.verify(Some("bob"), &token), None);
    }

    #[test]
    fn every_other_token_is_refused() {
        let verifier = verifier(Some("mqtt"));
        for wrong in [
            json!({"exp": null}),
            json!({"exp": now() - 60}),
            json!({"exp": "soon"}),
            json!({"nbf": now() + 60}),
            json!({"aud": "other"}),
            json!({"aud": null}),
            json!({"iss": "them"}),
            json!({"iss": null}),
            json!({"sub": null}),
            json!({"sub": ""}),
            json!({"sub": "a\nb"}),
        ] {
            let token = token(Algorithm::HS256, Some("one"), &claims(&wrong));
            assert_eq!(verifier.verify(None, &token), None, "{wrong}");
        }
        let good = claims(&json!({}));
        for (algorithm, kid) in [
            (Algorithm::HS384, Some("one")),
            (Algorithm::HS256, Some("two")),
            (Algorithm::HS256, None),
        ] {
            let token = token(algorithm, kid, &good);
            assert_eq!(verifier.verify(None, &token), None, "{algorithm:?} {kid:?}");
        }
        // Without a signature, and one that says it needs none.
        let token = token(Algorithm::HS256, Some("one"), &good);
        let token = String::from_utf8(token).expect("text");
        let (body, _) = token.rsplit_once('.').expect("three parts");
        assert_eq!(verifier.verify(None, format!("{body}.").as_bytes()), None);
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"one"}"#);
        let claims = body.split('.').nth(1).expect("three parts");
        assert_eq!(
            verifier.verify(None, format!("{none}.{claims}.").as_bytes()),
            None
        );
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
