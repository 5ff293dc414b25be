//! Who is let in, and what they may do.

mod acl;
mod checker;
pub(crate) mod explain;
pub(crate) mod jwt;
pub(crate) mod passwords;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mqttlab_core::broker::{Access, AuthRequest, AuthStep, Authorization, Grant, Identity};
use mqttlab_core::id::ConnId;
use mqttlab_core::packet::Version;
use mqttlab_core::reason::ReasonCode;
use mqttlab_core::time::Instant;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::shard::Rate;
use crate::Failure;
use acl::Acl;
use passwords::Passwords;

use checker::Outcome;
use jwt::Verifier;

pub(crate) use checker::{Checked, Checker};

/// How long a password that was right need not be checked again. Checking is slow on purpose.
const KNOWN_FOR: Duration = Duration::from_secs(300);
/// Passwords that are known to be right, at most.
const KNOWN_MAX: usize = 10_000;

/// The rules, as they were read last.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// By listener, in their order.
    pub(crate) doors: Vec<Door>,
    /// Tokens are taken in place of passwords.
    pub(crate) tokens: Option<Verifier>,
    /// Without it everybody may do everything.
    pub(crate) acl: Option<Acl>,
}

/// Who is let in at one listener.
#[derive(Clone, Debug, Default)]
pub(crate) struct Door {
    /// Clients without a user name are let in, where there is a password file.
    pub(crate) allow_anonymous: bool,
    /// Without it nobody is asked for a password.
    pub(crate) passwords: Option<Arc<Passwords>>,
    /// The user name is that of the client's certificate, and no password is asked for.
    pub(crate) user_name_from: Option<NameFrom>,
    /// The versions that are let in; empty for all that the broker speaks.
    pub(crate) versions: Vec<Version>,
    /// The most connections.
    pub(crate) connections_max: Option<u32>,
    /// How fast a client may send.
    pub(crate) rate: Rate,
    /// How many connections are taken in within a second; 0 for any number.
    pub(crate) accepts_per_s: u32,
}

/// What in a certificate is the name of its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NameFrom {
    /// The Common Name of its subject, which must have exactly one.
    CommonName,
}

impl Rules {
    /// Puts the rules together.
    ///
    /// # Errors
    /// When the ACL file cannot be read, a line in it is wrong, or it does not fit the doors.
    pub(crate) fn new(
        doors: Vec<Door>,
        tokens: Option<Verifier>,
        acl_file: Option<&PathBuf>,
    ) -> Result<Self, Failure> {
        let acl = acl_file.map(|path| Acl::load(path)).transpose()?;
        let proven = |door: &Door| door.passwords.is_some() || door.user_name_from.is_some();
        if let (Some(acl), Some(path)) = (&acl, acl_file)
            && acl.names_users()
            && tokens.is_none()
            && !doors.iter().any(proven)
        {
            return Err(Failure::usage(format!(
                "{}: rules for users count for nothing where nobody proves who they are; give --password-file too",
                path.display()
            )));
        }
        Ok(Self { doors, tokens, acl })
    }

    /// What holds at a listener.
    pub(crate) fn door(&self, listener: u16) -> &Door {
        &self.doors[usize::from(listener)]
    }
}

/// A client at the door.
pub(crate) struct Caller<'a> {
    pub(crate) conn: ConnId,
    pub(crate) listener: u16,
    /// Its certificate in DER, where it has shown one.
    pub(crate) certificate: Option<&'a [u8]>,
}

/// Applies the rules for one event loop.
pub(crate) struct Doorkeeper {
    rules: Arc<Rules>,
    checker: Checker,
    /// Digests of user names with passwords that were right, and until when that is believed.
    known: HashMap<Digested, Instant>,
    /// So that the digests are good for nothing elsewhere.
    secret: [u8; 32],
}

/// A user name with its password.
pub(crate) type Digested = [u8; 32];

impl Doorkeeper {
    pub(crate) fn new(rules: Arc<Rules>, checker: Checker, secret: [u8; 32]) -> Self {
        Self {
            rules,
            checker,
            known: HashMap::new(),
            secret,
        }
    }

    /// Goes on with other rules.
    pub(crate) fn follow(&mut self, rules: Arc<Rules>) {
        self.rules = rules;
        self.known.clear();
    }

    pub(crate) fn authorize(
        &mut self,
        now: Instant,
        caller: &Caller<'_>,
        request: &AuthRequest<'_>,
    ) -> Authorization {
        if request.step != AuthStep::Connect || request.method.is_some() {
            return Authorization::Deny(ReasonCode::BadAuthenticationMethod);
        }
        let rules = Arc::clone(&self.rules);
        let door = rules.door(caller.listener);
        if !door.versions.is_empty() && !door.versions.contains(&request.version) {
            return Authorization::Deny(ReasonCode::UnsupportedProtocolVersion);
        }
        if let Some(from) = door.user_name_from {
            return by_certificate(caller.certificate, from);
        }
        if door.passwords.is_none() && rules.tokens.is_none() {
            return Authorization::Allow;
        }
        let is_token = |password| rules.tokens.as_ref().is_some_and(|it| it.is_for(password));
        if let Some(password) = request.password.filter(|password| is_token(password)) {
            return match self.checker.ask_token(caller, &rules, request, password) {
                Ok(()) => Authorization::Pending,
                Err(_) => Authorization::Deny(ReasonCode::ServerBusy),
            };
        }
        match (request.user_name, request.password) {
            (None, _) if door.allow_anonymous => Authorization::Allow,
            (None, _) => Authorization::Deny(ReasonCode::NotAuthorized),
            // A name alone proves nothing.
            (Some(_), None) => Authorization::Deny(ReasonCode::BadUserNameOrPassword),
            (Some(user), Some(password)) => {
                let digest = self.digest(caller.listener, user, password);
                if self.known.get(&digest).is_some_and(|&until| now < until) {
                    return Authorization::Allow;
                }
                match self.checker.ask(caller, &rules, request, password, digest) {
                    Ok(()) => Authorization::Pending,
                    Err(_) => Authorization::Deny(ReasonCode::ServerBusy),
                }
            }
        }
    }

    /// What holds at a listener.
    pub(crate) fn door(&self, listener: u16) -> &Door {
        self.rules.door(listener)
    }

    /// Takes note of what came of a check.
    pub(crate) fn note(&mut self, now: Instant, checked: &Checked) -> Authorization {
        // What an older file said counts no more; the client will ask again.
        if !Arc::ptr_eq(&checked.rules, &self.rules) {
            return Authorization::Deny(ReasonCode::ServerBusy);
        }
        let digest = match &checked.outcome {
            Outcome::Wrong => return Authorization::Deny(ReasonCode::BadUserNameOrPassword),
            Outcome::Named(name) => {
                return Authorization::AllowAs(Box::new(Grant {
                    user_name: Some(name.clone()),
                    ..Grant::default()
                }));
            }
            Outcome::Right(digest) => *digest,
        };
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(digest, now + KNOWN_FOR);
        Authorization::Allow
    }

    pub(crate) fn permits(&self, who: &Identity<'_>, access: Access, topic: &str) -> bool {
        let acl = self.rules.acl.as_ref();
        acl.is_none_or(|acl| acl.permits(who, access, topic))
    }

    fn digest(&self, listener: u16, user: &str, password: &[u8]) -> Digested {
        Sha256::new()
            .chain_update(self.secret)
            .chain_update(listener.to_be_bytes())
            .chain_update((user.len() as u64).to_be_bytes())
            .chain_update(user)
            .chain_update(password)
            .finalize()
            .into()
    }
}

/// Lets in the owner of a certificate under the name in it. TLS has checked that it is good.
fn by_certificate(certificate: Option<&[u8]>, from: NameFrom) -> Authorization {
    match certificate.and_then(|der| name_in(der, from)) {
        Some(name) => Authorization::AllowAs(Box::new(Grant {
            user_name: Some(name),
            ..Grant::default()
        })),
        None => Authorization::Deny(ReasonCode::NotAuthorized),
    }
}

fn name_in(der: &[u8], from: NameFrom) -> Option<String> {
    let NameFrom::CommonName = from;
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    let mut names = certificate.subject().iter_common_name();
    // With two nobody could say which is meant.
    let (Some(name), None) = (names.next(), names.next()) else {
        return None;
    };
    let name = name.as_str().ok()?;
    let is_plain = !name.is_empty() && !name.contains(char::is_control);
    is_plain.then(|| name.to_owned())
}
