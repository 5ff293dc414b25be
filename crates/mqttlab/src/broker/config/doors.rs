//! Who is let in at which listener, out of what is configured for it and for all.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::super::auth::Door;
use super::super::auth::jwt::{self, Expected, Verifier};
use super::super::auth::passwords::Passwords;
use super::super::shard::Rate;
use super::{Auth, Config, Listener};
use crate::Failure;

/// Where keys for tokens are.
enum KeysAt<'a> {
    File(&'a PathBuf),
    Server(jwt::Address),
}

impl Config {
    /// The largest packet of a client of this listener.
    pub(super) fn packet_size_max(&self, listener: &Listener) -> Result<u32, Failure> {
        let all = self.broker.packet_size_max;
        match listener.packet_size_max {
            None => Ok(all),
            Some(own) if (1..=all).contains(&own) => Ok(own),
            Some(own) => Err(Failure::usage(format!(
                "{}: packet-size-max is {own}; give 1 to {all}, which is broker.packet-size-max",
                listener.address
            ))),
        }
    }

    /// How fast a client of this listener may send.
    fn rate(&self, listener: &Listener) -> Rate {
        let (own, all) = (listener, &self.limits);
        Rate {
            messages_per_s: own
                .messages_per_second_max
                .unwrap_or(all.messages_per_second_max),
            bytes_per_s: own.bytes_per_second_max.unwrap_or(all.bytes_per_second_max),
            over: own.over_rate.unwrap_or(all.over_rate),
        }
    }

    /// Who is let in where; a file that several listeners name is read once.
    pub(super) fn doors(&self, tokens: Option<&Arc<Verifier>>) -> Result<Vec<Door>, Failure> {
        let mut read: Vec<(&PathBuf, Arc<Passwords>)> = Vec::new();
        let mut fetched = Vec::new();
        let mut doors = Vec::with_capacity(self.listener.len());
        for listener in &self.listener {
            let file = self.password_file(listener);
            let passwords = match file.map(|file| (file, read.iter().find(|(of, _)| *of == file))) {
                None => None,
                Some((_, Some((_, passwords)))) => Some(Arc::clone(passwords)),
                Some((file, None)) => {
                    let passwords = Arc::new(Passwords::load(file)?);
                    read.push((file, Arc::clone(&passwords)));
                    Some(passwords)
                }
            };
            let asks_hook = self.asks_hook(listener);
            if asks_hook && passwords.is_some() {
                return Err(Failure::usage(format!(
                    "{}: give a password file or hook.url; ask-hook = false keeps a listener from asking",
                    listener.address
                )));
            }
            doors.push(Door {
                name: self.name(listener, doors.len()),
                allow_anonymous: self.allows_anonymous(listener),
                passwords,
                tokens: self.tokens_at(listener, tokens, &mut fetched)?,
                asks_hook,
                user_name_from: listener.user_name_from,
                client_id_is_user_name: listener.client_id_is_user_name,
                versions: listener.versions.clone(),
                connections_max: listener.connections_max,
                acl: listener.acl()?,
                rate: self.rate(listener),
                packet_size_max: listener.packet_size_max,
                accepts_per_s: listener
                    .accepts_per_second_max
                    .unwrap_or(self.limits.accepts_per_second_max),
            });
        }
        Ok(doors)
    }

    /// Whose tokens are good; `None` where none are.
    pub(super) fn verifier(&self) -> Result<Option<Verifier>, Failure> {
        let Auth {
            jwt_keys_file: file,
            jwt_keys_url: url,
            jwt_keys_ca: ca,
            jwt_audience,
            jwt_issuer,
            jwt_leeway_s,
            ..
        } = &self.auth;
        let expected = Expected {
            audience: jwt_audience.clone(),
            issuer: jwt_issuer.clone(),
            leeway_s: *jwt_leeway_s,
        };
        let keys = self.keys("auth.", file.as_ref(), url.as_ref(), ca.as_ref())?;
        match keys {
            None => Ok(None),
            Some(KeysAt::File(path)) => Verifier::load(path, expected).map(Some),
            Some(KeysAt::Server(at)) => Verifier::fetch(at, expected).map(Some),
        }
    }

    /// Where keys for tokens are; `prefix` is put before the names of settings.
    fn keys<'a>(
        &self,
        prefix: &str,
        file: Option<&'a PathBuf>,
        url: Option<&String>,
        ca: Option<&PathBuf>,
    ) -> Result<Option<KeysAt<'a>>, Failure> {
        match (file, url) {
            (Some(_), Some(_)) => Err(Failure::usage(format!(
                "{prefix}jwt-keys-file and {prefix}jwt-keys-url: give one of the two"
            ))),
            (_, None) if ca.is_some() => Err(Failure::usage(format!(
                "{prefix}jwt-keys-ca is for keys that are fetched; give {prefix}jwt-keys-url"
            ))),
            (None, None) => Ok(None),
            (Some(path), None) => Ok(Some(KeysAt::File(path))),
            (None, Some(url)) => {
                let refresh_s = self.auth.jwt_keys_refresh_s;
                if refresh_s == 0 {
                    return Err(Failure::usage("auth.jwt-keys-refresh-s: give at least 1"));
                }
                Ok(Some(KeysAt::Server(jwt::Address {
                    url: url.clone(),
                    ca: ca.cloned(),
                    refresh: Duration::from_secs(refresh_s.into()),
                })))
            }
        }
    }

    /// Whose tokens are good at a listener, with its own settings in place of those of all.
    fn tokens_at(
        &self,
        listener: &Listener,
        all: Option<&Arc<Verifier>>,
        fetched: &mut Vec<(jwt::Address, Arc<Verifier>)>,
    ) -> Result<Option<Arc<Verifier>>, Failure> {
        let Listener {
            address,
            jwt_keys_file: file,
            jwt_keys_url: url,
            jwt_keys_ca: ca,
            jwt_audience,
            jwt_issuer,
            ..
        } = listener;
        let is_own = jwt_audience.is_some() || jwt_issuer.is_some();
        let prefix = format!("{address}: ");
        let keys = self.keys(&prefix, file.as_ref(), url.as_ref(), ca.as_ref())?;
        if !listener.take_tokens {
            return match keys.is_none() && !is_own {
                true => Ok(None),
                false => Err(Failure::usage(format!(
                    "{address}: without tokens there is nothing for jwt-keys-file, jwt-keys-url, jwt-audience and jwt-issuer"
                ))),
            };
        }
        let expected = Expected {
            audience: jwt_audience.clone().or(self.auth.jwt_audience.clone()),
            issuer: jwt_issuer.clone().or(self.auth.jwt_issuer.clone()),
            leeway_s: self.auth.jwt_leeway_s,
        };
        match (keys, all) {
            (Some(KeysAt::File(file)), _) => {
                let own = Verifier::load(file, expected)?;
                Ok(Some(Arc::new(own)))
            }
            (Some(KeysAt::Server(at)), _) => {
                // Several listeners may have the same keys.
                let known = fetched.iter().find(|(of, _)| *of == at);
                let own = match known {
                    Some((_, same)) => Arc::new(same.with(expected)),
                    None => Arc::new(Verifier::fetch(at.clone(), expected)?),
                };
                fetched.push((at, Arc::clone(&own)));
                Ok(Some(own))
            }
            (None, Some(all)) if is_own => Ok(Some(Arc::new(all.with(expected)))),
            (None, Some(all)) => Ok(Some(Arc::clone(all))),
            (None, None) if is_own => Err(Failure::usage(format!(
                "{address}: jwt-audience and jwt-issuer need keys; give jwt-keys-file or jwt-keys-url here or in [auth]"
            ))),
            (None, None) => Ok(None),
        }
    }

    /// Whether tokens are taken at a listener.
    pub(super) fn takes_tokens(&self, listener: &Listener) -> bool {
        let (own, all) = (listener, &self.auth);
        let is_own = own.jwt_keys_file.is_some() || own.jwt_keys_url.is_some();
        let is_alls = all.jwt_keys_file.is_some() || all.jwt_keys_url.is_some();
        own.take_tokens && (is_own || is_alls)
    }

    /// What a listener is called, which is the one at `position`: its address, and where others have the same, also which of
    /// them it is.
    fn name(&self, listener: &Listener, position: usize) -> String {
        let name = listener.address.to_string();
        let before = &self.listener[..position];
        match before
            .iter()
            .filter(|it| it.address == listener.address)
            .count()
        {
            0 => name,
            others => format!("{name} #{}", others + 1),
        }
    }

    /// Whether clients without a user name are let in there.
    pub(super) fn allows_anonymous(&self, listener: &Listener) -> bool {
        let own = listener.allow_anonymous;
        own.unwrap_or(self.auth.allow_anonymous)
    }

    /// Whether the hook is asked about clients of this listener.
    pub(super) fn asks_hook(&self, listener: &Listener) -> bool {
        self.hook.url.is_some() && listener.ask_hook
    }

    pub(super) fn password_file<'a>(&'a self, listener: &'a Listener) -> Option<&'a PathBuf> {
        let own = listener.password_file.as_ref();
        own.or(self.auth.password_file.as_ref())
    }

    /// Whether a listener lets in everybody, from anywhere, without anybody having said so.
    pub(crate) fn is_exposed(&self, listener: &Listener) -> bool {
        // Whoever reaches a proxy reaches what is behind it.
        let is_reached = !listener.address.address.is_loopback() || !listener.proxies.is_empty();
        is_reached && self.asks_nobody(listener) && !self.allows_anonymous(listener)
    }

    /// Whether nobody has to prove anything at a listener.
    pub(super) fn asks_nobody(&self, listener: &Listener) -> bool {
        let asks_for_certificates =
            listener.address.scheme.has_tls() && listener.client_ca.is_some();
        !asks_for_certificates
            && self.password_file(listener).is_none()
            && !self.takes_tokens(listener)
            && !self.asks_hook(listener)
    }
}
