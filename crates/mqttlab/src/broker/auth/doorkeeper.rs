//! Who may come in, applied for one event loop: what is known is answered at once, all else is asked of others.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use mqttlab_core::broker::{Access, AuthRequest, AuthStep, Authorization, Grant, Identity};
use mqttlab_core::id::ConnId;
use mqttlab_core::reason::ReasonCode;
use mqttlab_core::time::Instant;
use sha2::{Digest, Sha256};

use super::acl::{Acl, Origin};
use super::certificate::name_of;
use super::checker::{Asked, Busy, Outcome, Whom};
use super::entrance::{Entering, Entrance, Own};
use super::hook::{Allowed, Answer};
use super::jwt::{self, Verifier};
use super::passwords::Verdict;
use super::remembered::Remembered;
use super::stamp::{self, Readings};
use super::{Caller, Checked, Checker, Checks, Denial, Digested, Door, Rules};

/// How long a password that was checked need not be checked again. Checking is slow on purpose.
const KNOWN_FOR: Duration = Duration::from_secs(300);

/// Applies the rules for one event loop.
pub(crate) struct Doorkeeper {
    rules: Arc<Rules>,
    checker: Checker,
    /// Who waits for an answer.
    asked: HashMap<ConnId, Asked>,
    /// User names with passwords that were right, and with those that were not.
    right: Remembered<()>,
    wrong: Remembered<Denial>,
    /// What the hook has said about whom.
    answers: Remembered<Said>,
    entrance: Entrance,
    readings: Readings,
    /// Why the last was not let in, where that is known here.
    denial: Option<Denial>,
    /// So that the digests are good for nothing elsewhere.
    secret: [u8; 32],
    numbers: HookNumbers,
}

/// What the hook has said about somebody.
#[derive(Clone, Debug)]
struct Said {
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

impl Doorkeeper {
    pub(crate) fn new(rules: Arc<Rules>, checker: Checker, secret: [u8; 32]) -> Self {
        Self {
            rules,
            checker,
            asked: HashMap::new(),
            right: Remembered::default(),
            wrong: Remembered::default(),
            answers: Remembered::default(),
            entrance: Entrance::default(),
            readings: Readings::default(),
            denial: None,
            secret,
            numbers: HookNumbers::default(),
        }
    }

    /// Goes on with other rules. Clients that are in keep the rules of their own that they came with.
    pub(crate) fn follow(&mut self, rules: Arc<Rules>) {
        self.rules = rules;
        self.right.clear();
        self.wrong.clear();
        self.answers.clear();
        self.readings.forget();
    }

    /// A session comes from the store: what was kept with it holds until its client comes.
    pub(crate) fn bring_back(&mut self, client_id: &str, stamp: &[u8]) {
        if !stamp.is_empty() {
            let stamped = stamp::read(&self.rules, stamp);
            self.entrance.bring_back(client_id, stamped);
        }
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
        self.entrance.stamp(authorization)
    }

    fn judge(
        &mut self,
        now: Instant,
        caller: &Caller<'_>,
        request: &AuthRequest<'_>,
    ) -> Authorization {
        if request.step != AuthStep::Connect || request.method.is_some() {
            return self.deny(ReasonCode::BadAuthenticationMethod, Denial::Method);
        }
        let rules = Arc::clone(&self.rules);
        let door = rules.door(caller.listener);
        if !door.versions.is_empty() && !door.versions.contains(&request.version) {
            return self.deny(ReasonCode::UnsupportedProtocolVersion, Denial::Version);
        }
        if let Some(from) = door.user_name_from {
            return match name_of(caller.certificate, from) {
                Ok(name) => allow_as(Some(name)),
                Err(fault) => {
                    let because = Denial::Certificate(from, fault);
                    self.deny(ReasonCode::NotAuthorized, because)
                }
            };
        }
        let hook = rules.hook.as_ref().filter(|_| door.asks_hook);
        if door.passwords.is_none() && door.tokens.is_none() && hook.is_none() {
            return Authorization::Allow;
        }
        let is_token = |password| door.tokens.as_ref().is_some_and(|it| it.is_for(password));
        if request.password.is_some_and(is_token) {
            let asked = self.checker.ask_token(caller, &rules, request);
            return self.wait(caller.conn, Whom::Broker, asked);
        }
        match (request.user_name, request.password) {
            (None, _) if door.allow_anonymous => Authorization::Allow,
            _ if hook.is_some() => self.ask_hook(now, caller, &rules, request),
            (None, _) => self.deny(ReasonCode::NotAuthorized, Denial::NoUserName),
            // A name alone proves nothing.
            (Some(_), None) => self.deny(ReasonCode::BadUserNameOrPassword, Denial::NoPassword),
            (Some(user), Some(password)) => {
                let parts = [user.as_bytes(), password];
                let digest = self.digest(caller.listener, &parts);
                if self.right.get(&digest, now).is_some() {
                    return Authorization::Allow;
                }
                if let Some(because) = self.wrong.get(&digest, now).cloned() {
                    return self.deny(ReasonCode::BadUserNameOrPassword, because);
                }
                let asked = self.checker.ask(caller, &rules, request, digest);
                self.wait(caller.conn, Whom::Broker, asked)
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
        if let Some(said) = self.answers.get(&digest, now) {
            self.numbers.remembered += 1;
            let said = said.clone();
            return self.follow_hook(caller, request.client_id, &said);
        }
        let asked = self.checker.ask_hook(caller, rules, request, digest);
        self.numbers.busy += u64::from(asked.is_err());
        self.wait(caller.conn, Whom::Hook, asked)
    }

    /// Somebody waits for an answer, if there is room for another.
    fn wait(&mut self, conn: ConnId, whom: Whom, asked: Result<Asked, Busy>) -> Authorization {
        match asked {
            Ok(asked) => {
                self.asked.insert(conn, asked);
                Authorization::Pending
            }
            Err(Busy) => self.deny(ReasonCode::ServerBusy, Denial::TooManyWait(whom)),
        }
    }

    fn deny(&mut self, reason: ReasonCode, because: Denial) -> Authorization {
        self.denial = Some(because);
        Authorization::Deny(reason)
    }

    /// Why the last was not let in, where that is known here.
    pub(crate) fn take_denial(&mut self) -> Option<Denial> {
        self.denial.take()
    }

    /// Somebody has waited for an answer for too long.
    pub(crate) fn give_up(&mut self, conn: ConnId) -> Authorization {
        let Some(asked) = self.asked.remove(&conn) else {
            return Authorization::Deny(ReasonCode::ServerBusy);
        };
        self.checker.give_up(conn, asked, true);
        self.deny(ReasonCode::ServerBusy, Denial::NotInTime(asked.whom))
    }

    /// What holds at a listener.
    pub(crate) fn door(&self, listener: u16) -> &Door {
        self.rules.door(listener)
    }

    /// How long somebody waits for an answer.
    pub(crate) fn login_timeout(&self) -> Duration {
        self.rules.login_timeout
    }

    /// Remembers what came of a check, whether or not anybody still waits for it: whoever has gone will come again.
    pub(crate) fn remember(&mut self, now: Instant, checked: &Checked) {
        self.asked.remove(&checked.conn);
        // What an older file said counts no more.
        if !Arc::ptr_eq(&checked.rules, &self.rules) {
            return;
        }
        match &checked.outcome {
            Outcome::Password(digest, verdict) => {
                let until = now + KNOWN_FOR;
                match fault(*verdict) {
                    None => self.right.insert(*digest, now, until, ()),
                    Some(because) => self.wrong.insert(*digest, now, until, because),
                }
            }
            Outcome::Hook(digest, answer) => self.remember_hook(now, *digest, answer),
            Outcome::Busy(Whom::Hook) => self.numbers.busy += 1,
            Outcome::Token(_) | Outcome::NoKeys | Outcome::Busy(Whom::Broker) => {}
        }
    }

    fn remember_hook(&mut self, now: Instant, digest: Digested, answer: &Answer) {
        let count = match answer {
            Answer::Failed(why) => {
                self.numbers.failed += 1;
                tracing::warn!(why, "the hook does not say who is let in: nobody is");
                return;
            }
            Answer::Denied => &mut self.numbers.denied,
            Answer::Allowed(_) => &mut self.numbers.allowed,
        };
        *count += 1;
        let Some(said) = Said::new(now, answer) else {
            return;
        };
        let cache_for = self.rules.hook.as_ref().map(|hook| hook.cache_for);
        let until = now + cache_for.unwrap_or_default();
        let until = said.ends_at.map_or(until, |ends_at| until.min(ends_at));
        self.answers.insert(digest, now, until, said);
    }

    /// What came of a check, for the one who waits for it.
    pub(crate) fn note(
        &mut self,
        now: Instant,
        caller: &Caller<'_>,
        checked: &Checked,
    ) -> Authorization {
        // What an older file said counts no more; the client will ask again.
        if !Arc::ptr_eq(&checked.rules, &self.rules) {
            return self.deny(ReasonCode::ServerBusy, Denial::RulesChanged);
        }
        let authorization = self.hear(now, caller, checked);
        self.entrance.stamp(authorization)
    }

    fn hear(&mut self, now: Instant, caller: &Caller<'_>, checked: &Checked) -> Authorization {
        let client_id = &checked.client_id;
        match &checked.outcome {
            Outcome::Password(_, verdict) => match fault(*verdict) {
                None => {
                    self.let_in(caller, client_id, None, None);
                    Authorization::Allow
                }
                Some(because) => self.deny(ReasonCode::BadUserNameOrPassword, because),
            },
            Outcome::NoKeys => self.deny(ReasonCode::ServerUnavailable, Denial::NoKeys),
            Outcome::Busy(whom) => self.deny(ReasonCode::ServerBusy, Denial::TooManyWait(*whom)),
            Outcome::Token(Err(fault)) => {
                let because = Denial::Token(fault.clone());
                self.deny(ReasonCode::BadUserNameOrPassword, because)
            }
            Outcome::Token(Ok(bearer)) => {
                self.let_in(caller, client_id, None, Some(now + bearer.lasts));
                allow_as(Some(bearer.name.clone()))
            }
            Outcome::Hook(_, Answer::Failed(why)) => {
                let because = Denial::HookFailed(why.as_str().into());
                self.deny(ReasonCode::ServerUnavailable, because)
            }
            Outcome::Hook(_, answer) => match Said::new(now, answer) {
                Some(said) => self.follow_hook(caller, client_id, &said),
                None => Authorization::Deny(ReasonCode::ServerUnavailable),
            },
        }
    }

    fn follow_hook(&mut self, caller: &Caller<'_>, client_id: &str, said: &Said) -> Authorization {
        match &said.allowed {
            None => self.deny(ReasonCode::NotAuthorized, Denial::HookDenied),
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
        let stamp = stamp::write(&self.rules, own.as_ref(), origin.as_deref());
        self.entrance.begin(Entering {
            conn,
            client_id: client_id.to_owned(),
            own,
            origin,
            ends_at,
            stamp,
        });
    }

    /// The broker has let in somebody who may come in. Says when it must go.
    pub(crate) fn entered(&mut self, conn: ConnId, client_id: &str) -> Option<Instant> {
        self.entrance.finish(conn, client_id)
    }

    /// The broker has closed a connection, or it has gone.
    pub(crate) fn closed(&mut self, conn: ConnId) {
        self.entrance.close(conn);
        if let Some(asked) = self.asked.remove(&conn) {
            self.checker.give_up(conn, asked, false);
        }
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

    /// How the checks of all event loops go.
    pub(crate) fn checks(&self) -> Checks {
        self.checker.numbers()
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

    pub(crate) fn permits(&mut self, who: &Identity<'_>, access: Access, topic: &str) -> bool {
        if access == Access::Retained && !self.rules.check_retained_source {
            return true;
        }
        let (acl, origin) = self.acl_of(who, access);
        acl.is_none_or(|acl| acl.permits(who, origin, access, topic))
    }

    /// The line of the rules that denies this; `None` where it is denied because none allows it.
    pub(crate) fn denied_by(
        &mut self,
        who: &Identity<'_>,
        access: Access,
        topic: &str,
    ) -> Option<usize> {
        let (acl, origin) = self.acl_of(who, access);
        let deciding = acl?.deciding(who, origin, access, topic);
        deciding.map(|rule| rule.line)
    }

    /// The rules that hold for this client, and where it comes from.
    fn acl_of(&mut self, who: &Identity<'_>, access: Access) -> (Option<&Acl>, Option<&Origin>) {
        let (own, origin) = match access {
            Access::Publish | Access::Subscribe | Access::Receive => self.entrance.of(who, access),
            // It may be gone, or somewhere else: what holds is what it came with when it published.
            Access::Retained => {
                let stamped = self.readings.read(&self.rules, who.stamp);
                (stamped.own.as_ref(), stamped.origin.as_deref())
            }
        };
        (self.rules.acl_of(own), origin)
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

/// Why a password lets nobody in; `None` where it does.
const fn fault(verdict: Verdict) -> Option<Denial> {
    match verdict {
        Verdict::Right => None,
        Verdict::Wrong => Some(Denial::WrongPassword),
        Verdict::Unknown => Some(Denial::UnknownUser),
    }
}

impl Said {
    /// What an answer says; `None` where there is none.
    fn new(now: Instant, answer: &Answer) -> Option<Self> {
        let allowed = match answer {
            Answer::Failed(_) => return None,
            Answer::Denied => None,
            Answer::Allowed(allowed) => Some(Arc::clone(allowed)),
        };
        let lasts = allowed.as_ref().and_then(|it| it.lasts);
        Some(Self {
            allowed,
            ends_at: lasts.map(|lasts| now + lasts),
        })
    }
}

fn allow_as(user_name: Option<String>) -> Authorization {
    Authorization::AllowAs(Box::new(Grant {
        user_name,
        ..Grant::default()
    }))
}
