//! What a client that comes in brings with it: its own rules, and when it must go. The rules stay with its session while it
//! is away, for what waits there and for its will.

use std::collections::HashMap;
use std::sync::Arc;

use mqttlab_core::broker::{Access, Authorization, Identity};
use mqttlab_core::id::ConnId;
use mqttlab_core::time::Instant;

use super::acl::{Acl, Origin};
use super::stamp::Stamped;

/// Somebody whom the doorkeeper has let in, and the broker not yet.
#[derive(Debug)]
pub(super) struct Entering {
    pub(super) conn: ConnId,
    /// As it was sent; empty where the broker chooses one.
    pub(super) client_id: String,
    /// In place of what everybody may do.
    pub(super) own: Option<Own>,
    /// Where rules ask for that.
    pub(super) origin: Option<Box<Origin>>,
    /// When it must go.
    pub(super) ends_at: Option<Instant>,
    /// What the broker is to keep of this.
    pub(super) stamp: Vec<u8>,
}

/// Where what a client may do is said, if not where everybody's is.
#[derive(Clone, Debug)]
pub(super) enum Own {
    /// For it alone.
    Rules(Arc<Acl>),
    /// For the clients of its listener.
    OfListener(u16),
}

/// Somebody who is in, and is not to be taken for just anybody.
#[derive(Debug)]
struct Inside {
    /// Who brought this; `None` when that is gone and the session is not.
    conn: Option<ConnId>,
    own: Option<Own>,
    origin: Option<Box<Origin>>,
}

/// Rules of single clients.
#[derive(Debug, Default)]
pub(super) struct Entrance {
    entering: Option<Entering>,
    /// By Client Identifier.
    inside: HashMap<Box<str>, Inside>,
    /// Whose sessions ended, of those who were away.
    ended: Vec<Box<str>>,
}

impl Entrance {
    /// Nobody is between the two.
    pub(super) fn clear(&mut self) {
        self.entering = None;
    }

    pub(super) fn is_clear(&self) -> bool {
        self.entering.is_none()
    }

    /// The doorkeeper has let somebody in.
    pub(super) fn begin(&mut self, entering: Entering) {
        self.entering = Some(entering);
    }

    /// Lets the broker keep what belongs to whom the doorkeeper has let in.
    pub(super) fn stamp(&mut self, authorization: Authorization) -> Authorization {
        let entering = self.entering.as_mut();
        let stamp = entering.map(|it| std::mem::take(&mut it.stamp));
        let Some(stamp) = stamp.filter(|stamp| !stamp.is_empty()) else {
            return authorization;
        };
        let mut grant = match authorization {
            Authorization::Allow => Box::default(),
            Authorization::AllowAs(grant) => grant,
            Authorization::Continue(_)
            | Authorization::Deny(_)
            | Authorization::Redirect { .. }
            | Authorization::Pending => return authorization,
        };
        grant.stamp = stamp;
        Authorization::AllowAs(grant)
    }

    /// The broker has let it in too. Says when it must go.
    pub(super) fn finish(&mut self, conn: ConnId, client_id: &str) -> Option<Instant> {
        let entering = self.entering.take().filter(|it| it.conn == conn);
        // What an earlier connection brought holds no more, whoever this is.
        self.inside.remove(client_id);
        let Entering {
            own,
            origin,
            ends_at,
            ..
        } = entering?;
        if own.is_some() || origin.is_some() {
            let conn = Some(conn);
            self.inside
                .insert(client_id.into(), Inside { conn, own, origin });
        }
        ends_at
    }

    /// A session comes from the store, whose client is not here.
    pub(super) fn bring_back(&mut self, client_id: &str, stamped: Stamped) {
        let Stamped { own, origin } = stamped;
        let conn = None;
        self.inside
            .insert(client_id.into(), Inside { conn, own, origin });
    }

    /// The connection is closed.
    pub(super) fn close(&mut self, conn: ConnId) {
        self.entering.take_if(|it| it.conn == conn);
    }

    /// The connection is forgotten; its will is out, or was put off. The session stays, or it has ended.
    pub(super) fn forget(&mut self, conn: ConnId, client_id: Option<&str>, stays: bool) {
        self.close(conn);
        let Some(client_id) = client_id else { return };
        match self.inside.get_mut(client_id) {
            Some(inside) if inside.conn == Some(conn) && stays => inside.conn = None,
            Some(inside) if inside.conn == Some(conn) => drop(self.inside.remove(client_id)),
            Some(_) | None => {}
        }
    }

    /// Rules ask where clients come from, which was not asked when this one came.
    pub(super) fn locate(&mut self, conn: ConnId, client_id: &str, origin: Box<Origin>) {
        let own = self.inside.remove(client_id).and_then(|inside| inside.own);
        let inside = Inside {
            conn: Some(conn),
            own,
            origin: Some(origin),
        };
        self.inside.insert(client_id.into(), inside);
    }

    /// A session ends. Its rules hold until [`settle`](Self::settle): its will may be due.
    pub(super) fn end(&mut self, client_id: &str) {
        if self.is_away(client_id) {
            self.ended.push(client_id.into());
        }
    }

    /// What came of the end of sessions is done.
    #[inline]
    pub(super) fn settle(&mut self) {
        while let Some(client_id) = self.ended.pop() {
            // Somebody may have come in under that name.
            if self.is_away(&client_id) {
                self.inside.remove(&client_id);
            }
        }
    }

    fn is_away(&self, client_id: &str) -> bool {
        let known = self.inside.get(client_id);
        known.is_some_and(|inside| inside.conn.is_none())
    }

    /// The rules for this client alone, where it has some, and where it comes from, if that is known.
    #[inline]
    pub(super) fn of(&self, who: &Identity<'_>, access: Access) -> (Option<&Own>, Option<&Origin>) {
        if self.entering.is_none() && self.inside.is_empty() {
            return (None, None);
        }
        if let Some(entering) = &self.entering {
            // Its will and its old subscriptions are looked at before it is in. Without a name of its own it can have no
            // subscriptions yet, and only its will can be what a stranger publishes.
            let is_new = entering.client_id.is_empty()
                && access == Access::Publish
                && !self.inside.contains_key(who.client_id);
            if is_new || entering.client_id == who.client_id {
                return (entering.own.as_ref(), entering.origin.as_deref());
            }
        }
        match self.inside.get(who.client_id) {
            Some(inside) => (inside.own.as_ref(), inside.origin.as_deref()),
            None => (None, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mqttlab_core::broker::{Access, Identity};
    use mqttlab_core::id::ConnId;
    use mqttlab_core::time::Instant;

    use super::{Acl, Entering, Entrance, Own};

    fn conn(number: u64) -> ConnId {
        ConnId::new(number).expect("not zero")
    }

    fn entering(number: u64, client_id: &str, rules: &str) -> Entering {
        Entering {
            conn: conn(number),
            client_id: client_id.into(),
            own: Some(Own::Rules(Arc::new(Acl::parse(rules).expect("good rules")))),
            origin: None,
            ends_at: Some(Instant::from_micros(number)),
            stamp: Vec::new(),
        }
    }

    fn may(entrance: &Entrance, client_id: &str, topic: &str) -> Option<bool> {
        let who = Identity {
            client_id,
            user_name: None,
            stamp: &[],
        };
        let Own::Rules(acl) = entrance.of(&who, Access::Publish).0? else {
            return None;
        };
        Some(acl.permits(&who, None, Access::Publish, topic))
    }

    #[test]
    fn rules_come_with_a_client_and_go_with_it() {
        let mut entrance = Entrance::default();
        assert_eq!(may(&entrance, "a", "x"), None);
        entrance.begin(entering(1, "a", "topic x"));
        assert_eq!(may(&entrance, "a", "x"), Some(true));
        assert_eq!(may(&entrance, "b", "x"), None);
        assert_eq!(entrance.finish(conn(1), "a"), Some(Instant::from_micros(1)));
        assert_eq!(may(&entrance, "a", "y"), Some(false));
        // Somebody else asks for the same name and is turned away by the broker: nothing changes.
        entrance.begin(entering(2, "a", "topic #"));
        entrance.close(conn(2));
        entrance.forget(conn(2), None, false);
        assert_eq!(may(&entrance, "a", "y"), Some(false));
        // A connection that takes over brings its own rules, which the end of the old one does not take away.
        entrance.begin(entering(3, "a", "topic y"));
        assert!(entrance.finish(conn(3), "a").is_some());
        entrance.forget(conn(1), Some("a"), true);
        assert_eq!(may(&entrance, "a", "y"), Some(true));
        entrance.forget(conn(3), Some("a"), false);
        assert_eq!(may(&entrance, "a", "y"), None);
        assert!(entrance.inside.is_empty());
    }

    #[test]
    fn rules_stay_with_a_session_while_its_client_is_away() {
        let mut entrance = Entrance::default();
        let come = |entrance: &mut Entrance, number| {
            entrance.begin(entering(number, "a", "topic x"));
            entrance.finish(conn(number), "a");
        };
        come(&mut entrance, 1);
        // The session of a client that is there does not end without its connection.
        entrance.end("a");
        entrance.settle();
        entrance.forget(conn(1), Some("a"), true);
        assert_eq!(may(&entrance, "a", "y"), Some(false));
        entrance.end("a");
        assert_eq!(may(&entrance, "a", "x"), Some(true), "its will is due");
        entrance.settle();
        assert!(entrance.inside.is_empty());
        // A new session takes the place of the old one, in one call.
        come(&mut entrance, 2);
        entrance.forget(conn(2), Some("a"), true);
        entrance.end("a");
        come(&mut entrance, 3);
        entrance.settle();
        assert_eq!(may(&entrance, "a", "x"), Some(true));
        assert!(entrance.ended.is_empty());
    }

    #[test]
    fn the_will_of_a_client_without_a_name_is_under_its_own_rules() {
        let mut entrance = Entrance::default();
        entrance.begin(entering(1, "old", "topic old"));
        entrance.finish(conn(1), "old");
        entrance.begin(entering(2, "", "topic x"));
        assert_eq!(may(&entrance, "auto-1", "x"), Some(true));
        assert_eq!(may(&entrance, "old", "x"), Some(false));
        entrance.finish(conn(2), "auto-1");
        assert_eq!(may(&entrance, "auto-1", "y"), Some(false));
        assert_eq!(may(&entrance, "auto-2", "x"), None);
        // One that is let in without rules is under those of everybody.
        assert_eq!(entrance.finish(conn(3), "old"), None);
        assert_eq!(may(&entrance, "old", "x"), None);
    }
}
