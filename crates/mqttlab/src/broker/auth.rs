//! Who is let in, and what they may do.

pub(crate) mod acl;
mod certificate;
mod checker;
mod denial;
mod doorkeeper;
mod entrance;
pub(crate) mod explain;
pub(crate) mod hook;
mod http;
pub(crate) mod jwt;
pub(crate) mod passwords;
mod remembered;
pub(crate) mod stamp;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mqttlab_core::id::ConnId;
use mqttlab_core::packet::Version;

use super::shard::Rate;
use crate::Failure;
use acl::{Acl, Origin};
use certificate::subject_of;
use entrance::Own;
use hook::Hook;
use jwt::Verifier;
use passwords::Passwords;

pub(crate) use certificate::NameFrom;
pub(crate) use checker::{Checked, Checker, Checks, Numbers as CheckNumbers};
pub(crate) use denial::Denial;
pub(crate) use doorkeeper::{Doorkeeper, HookNumbers};

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
    /// How long a client that has sent its CONNECT waits until somebody has checked who it is.
    pub(crate) login_timeout: Duration,
    /// What is retained goes to nobody when its publisher may not publish there any more.
    pub(crate) check_retained_source: bool,
    /// Some of all these rules ask where clients come from.
    asks_for_origin: bool,
}

/// Who is let in at one listener.
#[derive(Clone, Debug, Default)]
pub(crate) struct Door {
    /// What the listener is called, now and after a restart.
    pub(crate) name: String,
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
        login_timeout: Duration,
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
                "{}: rules for users count for nothing where nobody proves who they are; give a password file (--password-file) too",
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
            login_timeout,
            check_retained_source: true,
            asks_for_origin,
        })
    }

    /// What holds at a listener.
    pub(crate) fn door(&self, listener: u16) -> &Door {
        &self.doors[usize::from(listener)]
    }

    /// The listener of this name, if there still is one.
    fn listener(&self, name: &str) -> Option<u16> {
        let at = self.doors.iter().position(|door| door.name == name)?;
        u16::try_from(at).ok()
    }

    /// What somebody may do who has these rules of its own, or none.
    fn acl_of<'a>(&'a self, own: Option<&'a Own>) -> Option<&'a Acl> {
        let own = match own {
            None => None,
            Some(Own::Rules(acl)) => Some(&**acl),
            // As they are now, not as they were when it came.
            Some(&Own::OfListener(listener)) => self.door(listener).acl.as_deref(),
        };
        own.or(self.acl.as_ref())
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

/// A user name with its password, or all that the hook is told.
pub(crate) type Digested = [u8; 32];
