//! Why somebody is not let in, for those who run the broker. What the client hears says less: it may be a stranger.

use std::fmt;
use std::sync::Arc;

use mqttlab_core::why::Refusal;

use super::certificate::NameFrom;
use super::checker::Whom;
use crate::log;

/// Why somebody is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    /// The listener takes other versions.
    Version,
    /// It has chosen an Authentication Method.
    Method,
    /// It says no User Name where one is needed.
    NoUserName,
    /// It has no password for its User Name.
    NoPassword,
    UnknownUser,
    WrongPassword,
    Token(TokenFault),
    /// There are no keys yet by which a token could be checked.
    NoKeys,
    Certificate(NameFrom, NameFault),
    HookDenied,
    /// The hook has not answered, or makes no sense.
    HookFailed(Arc<str>),
    /// So many wait until somebody has checked who they are that there is no room for another.
    TooManyWait(Whom),
    /// It has waited for too long.
    NotInTime(Whom),
    /// Passwords or rules have changed while it was checked.
    RulesChanged,
    Banned,
    /// There is no store any more for the session that it asks for.
    NoStore,
    /// The listener wants Client Identifiers to be User Names.
    ClientIdIsNotUserName,
    /// Its user has as many connections as it may.
    UserConnections,
    /// The broker has reasons of its own.
    Broker(Refusal),
}

/// What is wrong with a token. What it says of itself is the client's word, except where its signature is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenFault {
    IllFormed,
    NoKid,
    UnknownKid(String),
    /// It says another algorithm than its key has.
    Algorithm,
    Signature,
    /// It lacks a claim.
    Missing(String),
    /// A claim is no text, or no number.
    Format(String),
    Expired,
    NotYet,
    /// What `aud` is, and what it should be.
    Audience(String, String),
    Issuer(String, String),
    /// Its `sub` is empty, or has control characters.
    Subject,
    /// Its `sub` is another name than the client says.
    OtherUser(String),
}

/// What is wrong with the name in a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameFault {
    /// The client has shown none.
    NoCertificate,
    Unreadable,
    None,
    Several,
    /// It is empty, no text, or has control characters.
    NotPlain,
}

impl Denial {
    /// What it is counted as.
    pub(crate) const fn label(&self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Method => "authentication method",
            Self::NoUserName => "no user name",
            Self::NoPassword => "no password",
            Self::UnknownUser => "unknown user",
            Self::WrongPassword => "wrong password",
            Self::Token(fault) => fault.label(),
            Self::NoKeys => "no keys for tokens",
            Self::Certificate(..) => "name in certificate",
            Self::HookDenied => "hook denied",
            Self::HookFailed(_) => "hook failed",
            Self::TooManyWait(_) => "too many wait",
            Self::NotInTime(Whom::Broker) => "password not checked in time",
            Self::NotInTime(Whom::Hook) => "hook not in time",
            Self::RulesChanged => "rules changed",
            Self::Banned => "banned",
            Self::NoStore => "no store",
            Self::ClientIdIsNotUserName => "client identifier is not user name",
            Self::UserConnections => "connections of user",
            Self::Broker(Refusal::ForeignSession) => "session of another user",
            Self::Broker(Refusal::WillDenied) => "will denied",
            Self::Broker(_) => "refused by the broker",
        }
    }
}

impl TokenFault {
    const fn label(&self) -> &'static str {
        match self {
            Self::IllFormed => "token ill-formed",
            Self::NoKid => "token without kid",
            Self::UnknownKid(_) => "token of unknown key",
            Self::Algorithm => "token of other algorithm",
            Self::Signature => "token with wrong signature",
            Self::Missing(_) => "token lacks a claim",
            Self::Format(_) => "token with ill-formed claim",
            Self::Expired => "token expired",
            Self::NotYet => "token not good yet",
            Self::Audience(..) => "token for other audience",
            Self::Issuer(..) => "token of other issuer",
            Self::Subject => "token without good sub",
            Self::OtherUser(_) => "token of another user",
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "the listener takes other versions of MQTT",
            Self::Method => "there is no Authentication Method here",
            Self::NoUserName => "it has no User Name, and one is needed",
            Self::NoPassword => "it has a User Name and no password",
            Self::UnknownUser => "there is no such user in the password file",
            Self::WrongPassword => "the password is wrong",
            Self::Token(fault) => return fault.fmt(f),
            Self::NoKeys => "the keys for tokens could not be fetched yet",
            Self::Certificate(from, fault) => return fault.tell(f, *from),
            Self::HookDenied => "the hook has denied it",
            Self::HookFailed(why) => return write!(f, "the hook has failed: {}", log::plain(why)),
            Self::TooManyWait(Whom::Broker) => "too many wait for their passwords to be checked",
            Self::TooManyWait(Whom::Hook) => "too many wait for the hook",
            Self::NotInTime(Whom::Broker) => "its password was not checked in time",
            Self::NotInTime(Whom::Hook) => "the hook did not answer in time",
            Self::RulesChanged => "passwords or rules have changed while it was checked",
            Self::Banned => "it is banned",
            Self::NoStore => "the store has failed, and its session could not be kept",
            Self::ClientIdIsNotUserName => "its Client Identifier is not its User Name",
            Self::UserConnections => "its user has as many connections as it may",
            Self::Broker(refusal) => return refusal.fmt(f),
        })
    }
}

impl fmt::Display for TokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IllFormed => "the token is ill-formed",
            Self::NoKid => "the token does not say which key has signed it (no kid)",
            Self::UnknownKid(kid) => {
                return write!(f, "no key has the kid of the token, {}", short(kid));
            }
            Self::Algorithm => "the token says another algorithm than its key has",
            Self::Signature => "the key of that kid has not signed the token",
            Self::Missing(claim) => return write!(f, "the token has no {}", short(claim)),
            Self::Format(claim) => {
                return write!(f, "the {} of the token is ill-formed", short(claim));
            }
            Self::Expired => "the token has expired",
            Self::NotYet => "the token is not good yet (nbf)",
            Self::Audience(is, wanted) => {
                return write!(f, "the aud of the token is {}, not {wanted}", short(is));
            }
            Self::Issuer(is, wanted) => {
                return write!(f, "the iss of the token is {}, not {wanted}", short(is));
            }
            Self::Subject => "the sub of the token is no name",
            Self::OtherUser(name) => {
                return write!(
                    f,
                    "the sub of the token is {}, not the User Name",
                    short(name)
                );
            }
        })
    }
}

impl NameFault {
    fn tell(self, f: &mut fmt::Formatter<'_>, from: NameFrom) -> fmt::Result {
        let what = match from {
            NameFrom::CommonName => "Common Name",
            NameFrom::Subject => "subject",
            NameFrom::SanDns => "host name",
            NameFrom::SanEmail => "mail address",
            NameFrom::SanUri => "URI",
        };
        match self {
            Self::NoCertificate => f.write_str("it has shown no certificate"),
            Self::Unreadable => f.write_str("its certificate cannot be read"),
            Self::None => write!(f, "its certificate has no {what}"),
            Self::Several => write!(f, "its certificate has more than one {what}"),
            Self::NotPlain => write!(f, "the {what} in its certificate is no name"),
        }
    }
}

/// What a client says of itself, as a line of the log can have it.
fn short(text: &str) -> String {
    /// Bytes of it that are told.
    const LENGTH_MAX: usize = 100;
    let end = text.floor_char_boundary(LENGTH_MAX);
    let more = if end < text.len() { "…" } else { "" };
    format!("{}{more}", log::plain(&text[..end]))
}
