//! JSON Web Tokens in place of passwords: somebody else vouches for the client.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

use crate::Failure;

/// A longer token is none.
const LENGTH_MAX: usize = 8 << 10;
/// Clocks may differ so much, in seconds.
const LEEWAY_S: u64 = 30;

/// Whose tokens are good.
pub(crate) struct Verifier {
    /// By `kid`.
    keys: HashMap<String, Key>,
    audience: Option<String>,
    issuer: Option<String>,
}

struct Key {
    key: DecodingKey,
    /// Nothing but this is taken with this key, whatever a token says.
    algorithm: Algorithm,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
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
        let complain = |why: String| Failure::usage(format!("{}: {why}", path.display()));
        let text = fs::read_to_string(path).map_err(|error| complain(error.to_string()))?;
        let keys = parse(&text).map_err(complain)?;
        Ok(Self {
            keys,
            audience,
            issuer,
        })
    }

    /// Whether a password may be a token at all.
    pub(super) fn is_for(&self, password: &[u8]) -> bool {
        let dots = password.iter().filter(|&&byte| byte == b'.').count();
        dots == 2 && password.len() <= LENGTH_MAX
    }

    /// Whom the token is about, if it is good and says nothing else than the client does.
    pub(super) fn verify(&self, user_name: Option<&str>, token: &[u8]) -> Option<String> {
        let header = decode_header(token).ok()?;
        let Key { key, algorithm } = self.keys.get(&header.kid?)?;
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
        let name = decode::<Claims>(token, key, &validation).ok()?.claims.sub;
        let is_plain = !name.is_empty() && !name.contains(char::is_control);
        let fits = user_name.is_none_or(|user_name| user_name == name);
        (is_plain && fits).then_some(name)
    }
}

fn parse(text: &str) -> Result<HashMap<String, Key>, String> {
    let set: JwkSet = serde_json::from_str(text).map_err(|error| format!("no key set: {error}"))?;
    if set.keys.is_empty() {
        return Err("there is no key in it".into());
    }
    let mut keys = HashMap::new();
    for (number, jwk) in set.keys.iter().enumerate() {
        let (name, key) = key(jwk).map_err(|why| format!("key {}: {why}", number + 1))?;
        if keys.insert(name.clone(), key).is_some() {
            return Err(format!(
                "key {}: there are two with the kid {name:?}",
                number + 1
            ));
        }
    }
    Ok(keys)
}

fn key(jwk: &Jwk) -> Result<(String, Key), String> {
    let name = jwk.common.key_id.clone();
    let name = name.ok_or("it needs a kid, by which tokens name it")?;
    let algorithm = jwk.common.key_algorithm;
    let algorithm = algorithm.ok_or("it needs an alg: no token chooses that itself")?;
    let algorithm = Algorithm::try_from(algorithm).map_err(|error| error.to_string())?;
    let key = DecodingKey::from_jwk(jwk).map_err(|error| error.to_string())?;
    Ok((name, Key { key, algorithm }))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::{LENGTH_MAX, Verifier, parse};

    const SECRET: &[u8] = b"a secret of thirty-two characters";

    fn verifier(audience: Option<&str>) -> Verifier {
        let k = URL_SAFE_NO_PAD.encode(SECRET);
        let set = json!({"keys": [{"kty": "oct", "kid": "one", "alg": "HS256", "k": k}]});
        Verifier {
            keys: parse(&set.to_string()).expect("a good set"),
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
        assert_eq!(verifier.verify(None, &token).as_deref(), Some("ann"));
        assert_eq!(verifier.verify(Some("ann"), &token).as_deref(), Some("ann"));
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
            let said = parse(&set.to_string()).err().expect("it is wrong");
            assert!(said.contains(why), "{said}");
        }
        assert!(parse("nonsense").is_err());
    }
}
