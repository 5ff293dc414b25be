//! Who is let in, and what they may do.

pub(crate) mod acl;
mod certificate;
mod checker;
mod entrance;
pub(crate) mod explain;
pub(crate) mod hook;
mod http;
pub(crate) mod jwt;
pub(crate) mod passwords;

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mqttlab_core::broker::{Access, AuthRequest, AuthStep, Authorization, Grant, Identity};
use mqttlab_core::id::ConnId;
use mqttlab_core::packet::Version;
use mqttlab_core::reason::ReasonCode;
use mqttlab_core::time::Instant;
use sha2::{Digest, Sha256};

use super::shard::Rate;
use crate::Failure;
use acl::{Acl, Origin};
use passwords::Passwords;

use certificate::{by_certificate, subject_of};
use checker::Outcome;
use entrance::{Entering, Entrance, Own};
use hook::{Allowed, Answer, Hook};
use jwt::Verifier;

pub(crate) use certificate::NameFrom;
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
    /// Those at the doors that have no keys of their own.
    pub(crate) tokens: Option<Arc<Verifier>>,
    /// Who else is asked.
    pub(crate) hook: Option<Hook>,
    /// Without it everybody may do everything.
    pub(crate) acl: Option<Acl>,
    /// Some of all these rules ask where clients come from.
    asks_for_origin: bool,
}

/// Who is let in at one listener.
#[derive(Clone, Debug, Default)]
pub(crate) struct Door {
    /// Clients without a user name are let in, where there is a password file.
    pub(crate) allow_anonymous: bool,
    /// Without it nobody is asked for a password.
    pub(crate) passwords: Option<Arc<Passwords>>,
    /// Tokens that it says are good are taken in place of passwords.
    pub(crate) tokens: Option<Arc<Verifier>>,
    /// The hook is asked, if there is one.
    pub(crate) asks_hook: bool,
    /// The user name is that of the client's certificate, and no password is asked for.
    pub(crate) user_name_from: Option<NameFrom>,
    /// Clients that are called otherwise than their User Names are turned away.
    pub(crate) client_id_is_user_name: bool,
    /// The versions that are let in; empty for all that the broker speaks.
    pub(crate) versions: Vec<Version>,
    /// The most connections.
    pub(crate) connections_max: Option<u32>,
    /// What its clients may do, in place of what others may.
    pub(crate) acl: Option<Arc<Acl>>,
    /// How fast a client may send.
    pub(crate) rate: Rate,
    /// The largest packet of its clients, in bytes, where that is less than for all of them.
    pub(crate) packet_size_max: Option<u32>,
    /// How many connections are taken in within a second; 0 for any number.
    pub(crate) accepts_per_s: u32,
}

impl Rules {
    /// Puts the rules together.
    ///
    /// # Errors
    /// When the ACL file cannot be read, a line in it is wrong, or it does not fit the doors.
    pub(crate) fn new(
        doors: Vec<Door>,
        tokens: Option<Arc<Verifier>>,
        hook: Option<Hook>,
        acl_file: Option<&PathBuf>,
    ) -> Result<Self, Failure> {
        let acl = acl_file.map(|path| Acl::load(path)).transpose()?;
        let proven = |door: &Door| {
            door.passwords.is_some() || door.user_name_from.is_some() || door.tokens.is_some()
        };
        if let (Some(acl), Some(path)) = (&acl, acl_file)
            && doors.iter().any(|door| door.acl.is_none())
            && acl.names_users()
            && hook.is_none()
            && !doors.iter().any(proven)
        {
            return Err(Failure::usage(format!(
                "{}: rules for users count for nothing where nobody proves who they are; give --password-file too",
                path.display()
            )));
        }
        let of_doors = doors.iter().filter_map(|door| door.acl.as_deref());
        let asks_for_origin = of_doors.chain(&acl).any(Acl::asks_for_origin);
        Ok(Self {
            doors,
            tokens,
            hook,
            acl,
            asks_for_origin,
        })
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
    pub(crate) address: Option<IpAddr>,
    /// Its certificate in DER, where it has shown one.
    pub(crate) certificate: Option<&'a [u8]>,
}

impl Caller<'_> {
    /// What rules may ask for.
    fn origin(&self) -> Box<Origin> {
        let subject = self.certificate.and_then(subject_of);
        Box::new(Origin {
            address: self.address,
            subject: subject.map(Into::into),
        })
    }
}

/// Applies the rules for one event loop.
pub(crate) struct Doorkeeper {
    rules: Arc<Rules>,
    checker: Checker,
    /// Digests of user names with passwords that were right, and until when that is believed.
    known: HashMap<Digested, Instant>,
    /// What the hook has said about whom, and until when that is believed.
    answers: HashMap<Digested, Said>,
    entrance: Entrance,
    /// So that the digests are good for nothing elsewhere.
    secret: [u8; 32],
    numbers: HookNumbers,
}

/// What the hook has said about somebody.
#[derive(Clone, Debug)]
struct Said {
    until: Instant,
    /// `None` where it does not let it in.
    allowed: Option<Arc<Allowed>>,
    ends_at: Option<Instant>,
}

/// How often the hook was asked, by what came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HookNumbers {
    pub(crate) allowed: u64,
    pub(crate) denied: u64,
    /// No answer, or none that makes sense.
    pub(crate) failed: u64,
    /// Too many waited already.
    pub(crate) busy: u64,
    /// It had been asked the same before.
    pub(crate) remembered: u64,
}

impl HookNumbers {
    /// Adds those of another event loop.
    pub(crate) fn add(&mut self, other: &Self) {
        self.allowed += other.allowed;
        self.denied += other.denied;
        self.failed += other.failed;
        self.busy += other.busy;
        self.remembered += other.remembered;
    }
}

/// A user name with its password, or all that the hook is told.
pub(crate) type Digested = [u8; 32];

impl Doorkeeper {
    pub(crate) fn new(rules: Arc<Rules>, checker: Checker, secret: [u8; 32]) -> Self {
        Self {
            rules,
            checker,
            known: HashMap::new(),
            answers: HashMap::new(),
            entrance: Entrance::default(),
            secret,
            numbers: HookNumbers::default(),
        }
    }

    /// Goes on with other rules. Clients that are in keep the rules of their own that they came with.
    pub(crate) fn follow(&mut self, rules: Arc<Rules>) {
        self.rules = rules;
        self.known.clear();
        self.answers.clear();
    }

    pub(crate) fn authorize(
        &mut self,
        now: Instant,
        caller: &Caller<'_>,
        request: &AuthRequest<'_>,
    ) -> Authorization {
        self.entrance.clear();
        let authorization = self.judge(now, caller, request);
        let is_in = match authorization {
            Authorization::Allow | Authorization::AllowAs(_) => true,
            Authorization::Continue(_)
            | Authorization::Deny(_)
            | Authorization::Redirect { .. }
            | Authorization::Pending => false,
        };
        if is_in && self.entrance.is_clear() {
            self.let_in(caller, request.client_id, None, None);
        }
        authorization
    }

    fn judge(
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
        let hook = rules.hook.as_ref().filter(|_| door.asks_hook);
        if door.passwords.is_none() && door.tokens.is_none() && hook.is_none() {
            return Authorization::Allow;
        }
        let is_token = |password| door.tokens.as_ref().is_some_and(|it| it.is_for(password));
        if request.password.is_some_and(is_token) {
            return pending(self.checker.ask_token(caller, &rules, request));
        }
        match (request.user_name, request.password) {
            (None, _) if door.allow_anonymous => Authorization::Allow,
            _ if hook.is_some() => self.ask_hook(now, caller, &rules, request),
            (None, _) => Authorization::Deny(ReasonCode::NotAuthorized),
            // A name alone proves nothing.
            (Some(_), None) => Authorization::Deny(ReasonCode::BadUserNameOrPassword),
            (Some(user), Some(password)) => {
                let parts = [user.as_bytes(), password];
                let digest = self.digest(caller.listener, &parts);
                if self.known.get(&digest).is_some_and(|&until| now < until) {
                    return Authorization::Allow;
                }
                pending(self.checker.ask(caller, &rules, request, digest))
            }
        }
    }

    fn ask_hook(
        &mut self,
        now: Instant,
        caller: &Caller<'_>,
        rules: &Arc<Rules>,
        request: &AuthRequest<'_>,
    ) -> Authorization {
        let address = caller.address.map(|address| address.to_string());
        let parts = [
            request.client_id.as_bytes(),
            // What is missing is not the same as what is empty.
            &[
                request.user_name.is_some().into(),
                request.password.is_some().into(),
            ],
            request.user_name.unwrap_or_default().as_bytes(),
            request.password.unwrap_or_default(),
            address.as_deref().unwrap_or_default().as_bytes(),
            request.version.to_string().as_bytes(),
        ]
        .map(ToOwned::to_owned);
        let parts = parts.each_ref().map(|part| &part[..]);
        let digest = self.digest(caller.listener, &parts);
        if let Some(said) = self.answers.get(&digest).filter(|said| now < said.until) {
            self.numbers.remembered += 1;
            let said = said.clone();
            return self.follow_hook(caller, request.client_id, &said);
        }
        let asked = self.checker.ask_hook(caller, rules, request, digest);
        self.numbers.busy += u64::from(asked.is_err());
        pending(asked)
    }

    /// What holds at a listener.
    pub(crate) fn door(&self, listener: u16) -> &Door {
        self.rules.door(listener)
    }

    /// Takes note of what came of a check.
    pub(crate) fn note(
        &mut self,
        now: Instant,
        caller: &Caller<'_>,
        checked: &Checked,
    ) -> Authorization {
        // What an older file said counts no more; the client will ask again.
        if !Arc::ptr_eq(&checked.rules, &self.rules) {
            return Authorization::Deny(ReasonCode::ServerBusy);
        }
        let client_id = &checked.client_id;
        match &checked.outcome {
            Outcome::Wrong => Authorization::Deny(ReasonCode::BadUserNameOrPassword),
            Outcome::NoKeys => Authorization::Deny(ReasonCode::ServerUnavailable),
            Outcome::Bearer(bearer) => {
                self.let_in(caller, client_id, None, Some(now + bearer.lasts));
                allow_as(Some(bearer.name.clone()))
            }
            Outcome::Right(digest) => {
                if self.known.len() >= KNOWN_MAX {
                    self.known.clear();
                }
                self.known.insert(*digest, now + KNOWN_FOR);
                self.let_in(caller, client_id, None, None);
                Authorization::Allow
            }
            Outcome::Hook(digest, answer) => {
                self.hear_hook(now, caller, client_id, (*digest, answer))
            }
        }
    }

    fn hear_hook(
        &mut self,
        now: Instant,
        caller: &Caller<'_>,
        client_id: &str,
        (digest, answer): (Digested, &Answer),
    ) -> Authorization {
        let allowed = match answer {
            Answer::Failed(why) => {
                self.numbers.failed += 1;
                tracing::warn!(why, "the hook does not say who is let in: nobody is");
                return Authorization::Deny(ReasonCode::ServerUnavailable);
            }
            Answer::Denied => None,
            Answer::Allowed(allowed) => Some(Arc::clone(allowed)),
        };
        let count = match allowed {
            None => &mut self.numbers.denied,
            Some(_) => &mut self.numbers.allowed,
        };
        *count += 1;
        let lasts = allowed.as_ref().and_then(|it| it.lasts);
        let ends_at = lasts.map(|lasts| now + lasts);
        let cache_for = self.rules.hook.as_ref().map(|hook| hook.cache_for);
        let until = now + cache_for.unwrap_or_default();
        let said = Said {
            until: ends_at.map_or(until, |ends_at| until.min(ends_at)),
            allowed,
            ends_at,
        };
        if self.answers.len() >= KNOWN_MAX {
            self.answers.retain(|_, said| now < said.until);
            if self.answers.len() >= KNOWN_MAX {
                self.answers.clear();
            }
        }
        self.answers.insert(digest, said.clone());
        self.follow_hook(caller, client_id, &said)
    }

    fn follow_hook(&mut self, caller: &Caller<'_>, client_id: &str, said: &Said) -> Authorization {
        match &said.allowed {
            None => Authorization::Deny(ReasonCode::NotAuthorized),
            Some(allowed) => {
                self.let_in(caller, client_id, allowed.acl.clone(), said.ends_at);
                allow_as(allowed.user_name.clone())
            }
        }
    }

    /// Somebody may come in, with rules of its own where there are some.
    fn let_in(
        &mut self,
        caller: &Caller<'_>,
        client_id: &str,
        acl: Option<Arc<Acl>>,
        ends_at: Option<Instant>,
    ) {
        let &Caller { conn, listener, .. } = caller;
        let origin = self.rules.asks_for_origin.then(|| caller.origin());
        let of_listener = self.rules.door(listener).acl.as_ref();
        let own = match acl {
            Some(acl) => Some(Own::Rules(acl)),
            None => of_listener.map(|_| Own::OfListener(listener)),
        };
        self.entrance.begin(Entering {
            conn,
            client_id: client_id.to_owned(),
            own,
            origin,
            ends_at,
        });
    }

    /// The broker has let in somebody who may come in. Says when it must go.
    pub(crate) fn entered(&mut self, conn: ConnId, client_id: &str) -> Option<Instant> {
        self.entrance.finish(conn, client_id)
    }

    /// The broker has closed a connection.
    pub(crate) fn closed(&mut self, conn: ConnId) {
        self.entrance.close(conn);
    }

    /// The connection is forgotten; its session stays, or it has ended.
    pub(crate) fn forget(&mut self, conn: ConnId, client_id: Option<&str>, stays: bool) {
        self.entrance.forget(conn, client_id, stays);
    }

    /// A session ends; [`settle`](Self::settle) when all is done that comes of it.
    pub(crate) fn end(&mut self, client_id: &str) {
        self.entrance.end(client_id);
    }

    #[inline]
    pub(crate) fn settle(&mut self) {
        self.entrance.settle();
    }

    /// There are no sessions any more.
    pub(crate) fn forget_all(&mut self) {
        self.entrance = Entrance::default();
    }

    /// How often the hook was asked; `None` where there is none.
    pub(crate) fn hook_numbers(&self) -> Option<HookNumbers> {
        self.rules.hook.as_ref().map(|_| self.numbers)
    }

    /// How fetching keys goes; `None` where none are fetched.
    pub(crate) fn key_numbers(&self) -> Option<jwt::Numbers> {
        let rules = &self.rules;
        let of_doors = rules.doors.iter().filter_map(|door| door.tokens.as_deref());
        Verifier::numbers(rules.tokens.as_deref().into_iter().chain(of_doors))
    }

    /// Whether rules ask where clients come from: then those who are in are to be [located](Self::locate) where the rules
    /// before did not.
    pub(crate) fn asks_for_origin(&self) -> bool {
        self.rules.asks_for_origin
    }

    /// Where a client comes from that is in already.
    pub(crate) fn locate(&mut self, caller: &Caller<'_>, client_id: &str) {
        self.entrance
            .locate(caller.conn, client_id, caller.origin());
    }

    pub(crate) fn permits(&self, who: &Identity<'_>, access: Access, topic: &str) -> bool {
        let (acl, origin) = self.acl_of(who, access);
        acl.is_none_or(|acl| acl.permits(who, origin, access, topic))
    }

    /// The line of the rules that denies this; `None` where it is denied because none allows it.
    pub(crate) fn denied_by(
        &self,
        who: &Identity<'_>,
        access: Access,
        topic: &str,
    ) -> Option<usize> {
        let (acl, origin) = self.acl_of(who, access);
        let deciding = acl?.deciding(who, origin, access, topic);
        deciding.map(|rule| rule.line)
    }

    /// The rules that hold for this client, and where it comes from.
    fn acl_of(&self, who: &Identity<'_>, access: Access) -> (Option<&Acl>, Option<&Origin>) {
        let (own, origin) = self.entrance.of(who, access);
        let own = match own {
            None => None,
            Some(Own::Rules(acl)) => Some(&**acl),
            // As they are now, not as they were when it came.
            Some(&Own::OfListener(listener)) => self.rules.door(listener).acl.as_deref(),
        };
        (own.or(self.rules.acl.as_ref()), origin)
    }

    fn digest(&self, listener: u16, parts: &[&[u8]]) -> Digested {
        let mut digest = Sha256::new()
            .chain_update(self.secret)
            .chain_update(listener.to_be_bytes());
        for part in parts {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    }
}

fn pending<E>(asked: Result<(), E>) -> Authorization {
    match asked {
        Ok(()) => Authorization::Pending,
        Err(_) => Authorization::Deny(ReasonCode::ServerBusy),
    }
}

fn allow_as(user_name: Option<String>) -> Authorization {
    Authorization::AllowAs(Box::new(Grant {
        user_name,
        ..Grant::default()
    }))
}
