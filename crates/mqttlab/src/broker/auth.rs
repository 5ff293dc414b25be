//! Who is let in, and what they may do.

mod acl;
mod checker;
pub(crate) mod passwords;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mqttlab_core::broker::{Access, AuthRequest, AuthStep, Authorization, Identity};
use mqttlab_core::id::ConnId;
use mqttlab_core::reason::ReasonCode;
use mqttlab_core::time::Instant;
use sha2::{Digest, Sha256};

use crate::Failure;
use acl::Acl;
use passwords::Passwords;

pub(crate) use checker::{Checked, Checker};

/// How long a password that was right need not be checked again. Checking is slow on purpose.
const KNOWN_FOR: Duration = Duration::from_secs(300);
/// Passwords that are known to be right, at most.
const KNOWN_MAX: usize = 10_000;

/// The rules, as they were read last.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// Clients without a user name are let in, where there is a password file.
    pub(crate) allow_anonymous: bool,
    /// Without it nobody is asked for a password.
    pub(crate) passwords: Option<Passwords>,
    /// Without it everybody may do everything.
    pub(crate) acl: Option<Acl>,
}

impl Rules {
    /// Reads the files.
    ///
    /// # Errors
    /// When one cannot be read, a line in it is wrong, or they do not fit together.
    pub(crate) fn load(
        allow_anonymous: bool,
        password_file: Option<&PathBuf>,
        acl_file: Option<&PathBuf>,
    ) -> Result<Self, Failure> {
        let passwords = password_file.map(|path| Passwords::load(path));
        let acl = acl_file.map(|path| Acl::load(path));
        let rules = Self {
            allow_anonymous,
            passwords: passwords.transpose()?,
            acl: acl.transpose()?,
        };
        if let (None, Some(acl), Some(path)) = (&rules.passwords, &rules.acl, acl_file)
            && acl.names_users()
        {
            return Err(Failure::usage(format!(
                "{}: rules for users count for nothing where nobody proves who they are; give --password-file too",
                path.display()
            )));
        }
        Ok(rules)
    }
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
        conn: ConnId,
        request: &AuthRequest<'_>,
    ) -> Authorization {
        if request.step != AuthStep::Connect || request.method.is_some() {
            return Authorization::Deny(ReasonCode::BadAuthenticationMethod);
        }
        if self.rules.passwords.is_none() {
            return Authorization::Allow;
        }
        match (request.user_name, request.password) {
            (None, _) if self.rules.allow_anonymous => Authorization::Allow,
            (None, _) => Authorization::Deny(ReasonCode::NotAuthorized),
            // A name alone proves nothing.
            (Some(_), None) => Authorization::Deny(ReasonCode::BadUserNameOrPassword),
            (Some(user), Some(password)) => {
                let digest = self.digest(user, password);
                if self.known.get(&digest).is_some_and(|&until| now < until) {
                    return Authorization::Allow;
                }
                let asked = self.checker.ask(conn, &self.rules, user, password, digest);
                match asked {
                    Ok(()) => Authorization::Pending,
                    Err(_) => Authorization::Deny(ReasonCode::ServerBusy),
                }
            }
        }
    }

    /// Takes note of what came of a check.
    pub(crate) fn note(&mut self, now: Instant, checked: &Checked) -> Authorization {
        // What an older file said counts no more; the client will ask again.
        if !Arc::ptr_eq(&checked.rules, &self.rules) {
            return Authorization::Deny(ReasonCode::ServerBusy);
        }
        if !checked.right {
            return Authorization::Deny(ReasonCode::BadUserNameOrPassword);
        }
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(checked.digest, now + KNOWN_FOR);
        Authorization::Allow
    }

    pub(crate) fn permits(&self, who: &Identity<'_>, access: Access, topic: &str) -> bool {
        let acl = self.rules.acl.as_ref();
        acl.is_none_or(|acl| acl.permits(who, access, topic))
    }

    fn digest(&self, user: &str, password: &[u8]) -> Digested {
        Sha256::new()
            .chain_update(self.secret)
            .chain_update((user.len() as u64).to_be_bytes())
            .chain_update(user)
            .chain_update(password)
            .finalize()
            .into()
    }
}
