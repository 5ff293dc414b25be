//! The keys that sign tokens: a JSON Web Key Set, from a file or from a server that changes it from time to time.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::Failure;
use crate::broker::auth::http::{Place, Server};

/// The largest key set, in bytes, and the most keys in it.
const SET_BYTES_MAX: u64 = 256 << 10;
const KEYS_MAX: usize = 100;
/// How long the server may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// However many tokens name a key that is not known, the server is not asked more often.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// A key, and the only algorithm that is taken with it, whatever a token says.
pub(super) struct Key {
    pub(super) key: DecodingKey,
    pub(super) algorithm: Algorithm,
}

/// By `kid`.
pub(super) type Keys = HashMap<String, Key>;

/// Where the keys are.
pub(super) enum Source {
    /// As they were read.
    File(Arc<Keys>),
    Server(Arc<Fetched>),
}

/// Where a key set is to be had, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) url: String,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) refresh: Duration,
}

/// Keys of a server, fetched in a thread of their own.
pub(super) struct Fetched {
    address: Address,
    state: RwLock<State>,
    /// Asks for another look before its time; the thread ends when this is gone.
    nudge: SyncSender<()>,
}

/// What is known of them.
#[derive(Default)]
struct State {
    /// The last good set.
    keys: Option<Arc<Keys>>,
    fetched_at: Option<Instant>,
    numbers: Numbers,
}

/// How fetching went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) fetched: u64,
    pub(crate) failed: u64,
    /// Seconds since the last good set came, where there are several of the oldest; `None` where none ever did.
    pub(crate) age_s: Option<u64>,
    pub(crate) keys: u64,
    /// Servers of which none ever came.
    pub(crate) missing: u64,
}

impl Numbers {
    /// Adds those of another server.
    pub(super) fn add(&mut self, other: &Self) {
        self.fetched += other.fetched;
        self.failed += other.failed;
        self.age_s = self.age_s.max(other.age_s);
        self.keys += other.keys;
        self.missing += other.missing;
    }
}

/// Those that are fetched at this moment: a configuration that is read again goes on with what is there.
static FETCHED: Mutex<Vec<Weak<Fetched>>> = Mutex::new(Vec::new());

impl Source {
    /// # Errors
    /// When the file cannot be read, is no key set, or has a key that does not say its name and algorithm.
    pub(super) fn file(path: &Path) -> Result<Self, Failure> {
        let complain = |why: String| Failure::usage(format!("{}: {why}", path.display()));
        let text = fs::read(path).map_err(|error| complain(error.to_string()))?;
        let keys = parse(&text).map_err(complain)?;
        Ok(Self::File(Arc::new(keys)))
    }

    /// # Errors
    /// When the address is none, its roots cannot be read, or there is no thread.
    pub(super) fn server(address: Address) -> Result<Self, Failure> {
        // The list is whole whenever nobody holds it.
        let mut all = FETCHED.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|fetched| fetched.strong_count() > 0);
        let same = all
            .iter()
            .filter_map(Weak::upgrade)
            .find(|it| it.address == address);
        // Its roots may have changed.
        let server = Server::new(&Place {
            url: &address.url,
            ca: address.ca.as_ref(),
            token_file: None,
            timeout: ANSWER_WITHIN,
            answer_max: SET_BYTES_MAX,
        })?;
        if let Some(same) = same.filter(|it| it.address.ca.is_none()) {
            return Ok(Self::Server(same));
        }
        let (nudge, nudged) = sync_channel(1);
        let old = all
            .iter()
            .filter_map(Weak::upgrade)
            .find(|it| it.address == address);
        let state = old.map(|old| State {
            keys: old.keys(),
            fetched_at: old
                .state
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .fetched_at,
            ..State::default()
        });
        let fetched = Arc::new(Fetched {
            address,
            state: RwLock::new(state.unwrap_or_default()),
            nudge,
        });
        let weak = Arc::downgrade(&fetched);
        all.push(Weak::clone(&weak));
        std::thread::Builder::new()
            .name("keys".into())
            .spawn(move || keep_fetching(&server, &weak, &nudged))
            .map_err(|error| Failure::running(format!("there is no thread for keys: {error}")))?;
        Ok(Self::Server(fetched))
    }

    /// Whether both are the same keys, now and later.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(other)) => Arc::ptr_eq(one, other),
            (Self::Server(one), Self::Server(other)) => Arc::ptr_eq(one, other),
            (Self::File(_), Self::Server(_)) | (Self::Server(_), Self::File(_)) => false,
        }
    }

    /// The keys of the moment; `None` where there are none yet.
    pub(super) fn keys(&self) -> Option<Arc<Keys>> {
        match self {
            Self::File(keys) => Some(Arc::clone(keys)),
            Self::Server(fetched) => fetched.keys(),
        }
    }

    /// A token names a key that is not there: it may be new.
    pub(super) fn miss(&self) {
        if let Self::Server(fetched) = self {
            // If it is nudged already, that will do.
            let _ = fetched.nudge.try_send(());
        }
    }

    pub(super) fn numbers(&self) -> Option<Numbers> {
        match self {
            Self::File(_) => None,
            Self::Server(fetched) => {
                let state = fetched.state.read().unwrap_or_else(PoisonError::into_inner);
                Some(Numbers {
                    age_s: state.fetched_at.map(|at| at.elapsed().as_secs()),
                    keys: state.keys.as_ref().map_or(0, |keys| keys.len() as u64),
                    missing: state.keys.is_none().into(),
                    ..state.numbers
                })
            }
        }
    }
}

impl Fetched {
    fn keys(&self) -> Option<Arc<Keys>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.keys.clone()
    }

    /// Takes note of what came; the last good set stays where this is none.
    fn note(&self, came: Result<Keys, String>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match came {
            Ok(keys) => {
                state.numbers.fetched += 1;
                state.fetched_at = Some(Instant::now());
                state.keys = Some(Arc::new(keys));
            }
            Err(why) => {
                state.numbers.failed += 1;
                let kept = state.keys.is_some();
                tracing::error!(
                    url = self.address.url,
                    why,
                    kept,
                    "the key set cannot be had"
                );
            }
        }
    }
}

/// Fetches until nobody wants the keys any more.
fn keep_fetching(server: &Server, wanted: &Weak<Fetched>, nudged: &Receiver<()>) {
    loop {
        let came = fetch(server);
        let Some(fetched) = wanted.upgrade() else {
            return;
        };
        let failed = came.is_err();
        fetched.note(came);
        let refresh = fetched.address.refresh;
        drop(fetched);
        let asked_at = Instant::now();
        // After a failure soon again.
        let wait = if failed {
            refresh.min(ASK_AGAIN_AFTER)
        } else {
            refresh
        };
        match nudged.recv_timeout(wait) {
            Ok(()) => {
                let rest = ASK_AGAIN_AFTER.saturating_sub(asked_at.elapsed());
                std::thread::sleep(rest.min(refresh));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn fetch(server: &Server) -> Result<Keys, String> {
    match server.get()? {
        (200, body) => parse_of_others(&body),
        (status, _) => Err(format!("the answer has status {status}")),
    }
}

/// A set that was made for this broker: whatever is wrong in it is a mistake.
pub(super) fn parse(text: &[u8]) -> Result<Keys, String> {
    let set: JwkSet =
        serde_json::from_slice(text).map_err(|error| format!("no key set: {error}"))?;
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

/// A set that serves others too: keys that are of no use here are left out.
fn parse_of_others(text: &[u8]) -> Result<Keys, String> {
    #[derive(serde::Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_slice(text).map_err(|error| format!("no key set: {error}"))?;
    if set.keys.len() > KEYS_MAX {
        return Err(format!("more than {KEYS_MAX} keys"));
    }
    let mut keys = Keys::new();
    for value in set.keys {
        let found = serde_json::from_value(value)
            .map_err(|error| error.to_string())
            .and_then(|jwk| key(&jwk));
        match found {
            Ok((name, key)) if !keys.contains_key(&name) => {
                keys.insert(name, key);
            }
            Ok((name, _)) => return Err(format!("there are two keys with the kid {name:?}")),
            Err(why) => tracing::debug!(why, "a key is left out"),
        }
    }
    if keys.is_empty() {
        return Err("no key in it has a kid, an alg and a use here".into());
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
    use serde_json::json;

    use super::{KEYS_MAX, parse_of_others};

    #[test]
    fn of_a_set_for_others_too_only_what_is_of_use_is_taken() {
        let good = json!({"kty": "oct", "kid": "a", "alg": "HS256", "k": "AA"});
        let set = |keys: Vec<serde_json::Value>| json!({ "keys": keys }).to_string();
        let without_alg = json!({"kty": "oct", "kid": "b", "k": "AA"});
        let unknown = json!({"kty": "quantum", "kid": "c", "alg": "QS1"});
        let keys =
            parse_of_others(set(vec![without_alg.clone(), unknown, good.clone()]).as_bytes());
        let keys = keys.expect("one is good");
        assert_eq!(keys.keys().collect::<Vec<_>>(), ["a"]);
        for wrong in [
            set(vec![]),
            set(vec![without_alg]),
            set(vec![good.clone(), good.clone()]),
            set(vec![good; KEYS_MAX + 1]),
            "{}".into(),
        ] {
            assert!(parse_of_others(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
