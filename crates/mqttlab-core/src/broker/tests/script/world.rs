//! The driver that a script's broker talks to.

use std::borrow::ToOwned;
use std::collections::BTreeMap;
use std::format;
use std::string::String;
use std::vec::Vec;

use super::own::own;
use super::words::words;
use crate::broker::{Access, AuthRequest, Authorization, Change, CloseReason, Identity, Sink};
use crate::codec::{Limits, decode};
use crate::frame::Frame;
use crate::id::ConnId;
use crate::packet::{Side, Version};
use crate::reason::ReasonCode;
use crate::why::Why;

/// What the broker says, in words, and what it is allowed.
pub(super) struct World<const TRACE: bool> {
    pub(super) output: String,
    pub(super) whys: Vec<Why>,
    pub(super) names: BTreeMap<ConnId, String>,
    pub(super) versions: BTreeMap<ConnId, Version>,
    pub(super) sent: BTreeMap<ConnId, u64>,
    pub(super) closed: Vec<ConnId>,
    pub(super) changes: Vec<Change<'static>>,
    /// `WHO VERB TOPIC`, as denied; who is a Client Identifier, `user=NAME`, `stamp=WORD` or `everybody`.
    pub(super) denied: Vec<String>,
    pub(super) authorizations: Vec<Authorization>,
    pub(super) connected: u32,
    /// The client whose connection is set up in silence.
    pub(super) silent: bool,
}

impl<const TRACE: bool> World<TRACE> {
    pub(super) fn into_plain(self) -> World<true> {
        World {
            output: self.output,
            whys: self.whys,
            names: self.names,
            versions: self.versions,
            sent: self.sent,
            closed: self.closed,
            changes: self.changes,
            denied: self.denied,
            authorizations: self.authorizations,
            connected: self.connected,
            silent: self.silent,
        }
    }

    pub(super) fn say(&mut self, line: &str) {
        if !self.silent {
            self.output.push_str(line);
            self.output.push('\n');
        }
    }
}

impl<const TRACE: bool> Sink for World<TRACE> {
    const TRACE: bool = TRACE;

    fn send(&mut self, conn: ConnId, frame: &Frame<'_>) {
        let mut bytes = Vec::new();
        frame.write_to(&mut bytes);
        assert_eq!(bytes.len(), frame.len(), "a frame is as long as it says");
        *self.sent.entry(conn).or_default() += bytes.len() as u64;
        let version = self.versions.get(&conn).copied().unwrap_or_default();
        let packet = decode(&bytes, version, Side::Client, &Limits::default(), &mut ())
            .unwrap_or_else(|error| panic!("the broker sends {bytes:02x?}: {error}"));
        let text = words(&packet);
        let name = self.names[&conn].clone();
        self.say(&format!("b>{name} {text}"));
    }

    fn close(&mut self, conn: ConnId, reason: CloseReason) {
        let name = self.names[&conn].clone();
        self.say(&format!("b|{name} {reason}"));
        self.closed.push(conn);
    }

    fn authorize(&mut self, _: ConnId, request: &AuthRequest<'_>) -> Authorization {
        if self.authorizations.is_empty() || self.silent {
            return match request.user_name {
                Some("mallory") => Authorization::Deny(ReasonCode::BadUserNameOrPassword),
                Some("nobody") => Authorization::Deny(ReasonCode::NotAuthorized),
                Some(_) | None => Authorization::Allow,
            };
        }
        self.authorizations.remove(0)
    }

    fn permits(&mut self, who: &Identity<'_>, access: Access, topic: &str) -> bool {
        let verb = match access {
            Access::Publish => "publish",
            Access::Subscribe => "subscribe",
            Access::Receive => "receive",
            Access::Retained => "retained",
        };
        let names = [
            who.client_id.to_owned(),
            format!("user={}", who.user_name.unwrap_or_default()),
            format!("stamp={}", String::from_utf8_lossy(who.stamp)),
            "everybody".to_owned(),
        ];
        let denied = |name| self.denied.contains(&format!("{name} {verb} {topic}"));
        !names.iter().any(denied)
    }

    fn persist(&mut self, change: &Change<'_>) {
        self.changes.push(own(change));
    }

    fn why(&mut self, why: Why) {
        if !self.silent {
            self.whys.push(why);
        }
    }
}
