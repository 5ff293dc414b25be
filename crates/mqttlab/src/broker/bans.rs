//! Who is kept out: by an operator, or for a time because of what it did.
//!
//! The store keeps them too, where there is one.

use std::collections::BTreeMap;
use std::net::IpAddr;

use mqttlab_core::reason::ReasonCode;
use mqttlab_core::time::Instant;
use serde::{Deserialize, Serialize};

/// Bans at once.
pub(crate) const BANS_MAX: usize = 10_000;

/// Whom a ban keeps out. The order of the variants is part of the form of the store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Whom {
    /// Everybody from this address.
    Address(IpAddr),
    /// Whoever comes with this Client Identifier.
    ClientId(Box<str>),
    /// Whoever comes with this User Name.
    UserName(Box<str>),
}

/// One ban.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ban {
    /// When it ends; `None` for not by itself.
    pub(crate) until: Option<Instant>,
    pub(crate) because: Because,
    /// What the operator noted, or what it did.
    pub(crate) note: String,
}

/// Why somebody is kept out. The order of the variants is part of the form of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Because {
    /// An operator wants it.
    Operator,
    /// It connected too often.
    Flapping,
    /// Too many CONNECTs were refused.
    Failures,
}

impl Because {
    /// What a client is told.
    pub(crate) fn reason(self) -> ReasonCode {
        match self {
            Self::Operator => ReasonCode::Banned,
            Self::Flapping | Self::Failures => ReasonCode::ConnectionRateExceeded,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Flapping => "flapping",
            Self::Failures => "failures",
        }
    }
}

impl Ban {
    fn holds(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// The bans of the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bans(BTreeMap<Whom, Ban>);

/// [`BANS_MAX`] are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Bans {
    /// Keeps somebody out from now on; an older ban gives way to this one.
    pub(crate) fn insert(&mut self, whom: Whom, ban: Ban, now: Instant) -> Result<(), TooMany> {
        if self.0.len() >= BANS_MAX && !self.0.contains_key(&whom) {
            self.0.retain(|_, ban| ban.holds(now));
            if self.0.len() >= BANS_MAX {
                return Err(TooMany);
            }
        }
        self.0.insert(whom, ban);
        Ok(())
    }

    /// Whether there was one to lift.
    pub(crate) fn remove(&mut self, whom: &Whom) -> bool {
        self.0.remove(whom).is_some()
    }

    /// Those that hold now.
    pub(crate) fn iter(&self, now: Instant) -> impl Iterator<Item = (&Whom, &Ban)> {
        self.0.iter().filter(move |(_, ban)| ban.holds(now))
    }

    /// Whether this address is kept out, and why.
    pub(crate) fn keeps_out_address(&self, address: IpAddr, now: Instant) -> Option<Because> {
        if self.0.is_empty() {
            return None;
        }
        self.holds(&Whom::Address(address), now)
    }

    /// Whether a client that says this of itself is kept out, and why.
    pub(crate) fn keeps_out(
        &self,
        client_id: &str,
        user_name: Option<&str>,
        now: Instant,
    ) -> Option<Because> {
        if self.0.is_empty() {
            return None;
        }
        let client = self.holds(&Whom::ClientId(client_id.into()), now);
        client.or_else(|| self.keeps_out_user(user_name?, now))
    }

    /// Whether this user is kept out, and why.
    pub(crate) fn keeps_out_user(&self, name: &str, now: Instant) -> Option<Because> {
        if self.0.is_empty() {
            return None;
        }
        self.holds(&Whom::UserName(name.into()), now)
    }

    fn holds(&self, whom: &Whom, now: Instant) -> Option<Because> {
        let ban = self.0.get(whom).filter(|ban| ban.holds(now))?;
        Some(ban.because)
    }
}

#[cfg(test)]
mod tests {
    use mqttlab_core::time::Instant;

    use super::{BANS_MAX, Ban, Bans, Because, TooMany, Whom};

    fn ban(until_s: Option<u64>) -> Ban {
        Ban {
            until: until_s.map(|seconds| Instant::from_micros(seconds * 1_000_000)),
            because: Because::Operator,
            note: String::new(),
        }
    }

    #[test]
    fn a_ban_ends_by_itself_or_when_it_is_lifted() {
        let mut bans = Bans::default();
        let (before, after) = (
            Instant::from_micros(9_999_999),
            Instant::from_micros(10_000_000),
        );
        let client = Whom::ClientId("a".into());
        bans.insert(client.clone(), ban(Some(10)), before)
            .expect("there is room");
        bans.insert(Whom::UserName("u".into()), ban(None), before)
            .expect("there is room");
        let operator = Some(Because::Operator);
        assert_eq!(bans.keeps_out("a", None, before), operator);
        assert_eq!(bans.keeps_out("a", None, after), None);
        assert_eq!(bans.keeps_out("b", Some("u"), after), operator);
        assert_eq!(bans.keeps_out("u", Some("a"), before), None);
        assert_eq!(bans.iter(after).count(), 1);
        assert!(bans.remove(&client) && !bans.remove(&client));
    }

    #[test]
    fn those_that_ended_make_room() {
        let mut bans = Bans::default();
        let now = Instant::ZERO;
        for number in 0..BANS_MAX {
            let whom = Whom::ClientId(number.to_string().into());
            let until = (number == 0).then_some(10);
            bans.insert(whom, ban(until), now).expect("there is room");
        }
        let one_more = Whom::ClientId("x".into());
        assert_eq!(bans.insert(one_more.clone(), ban(None), now), Err(TooMany));
        let later = Instant::from_micros(10_000_000);
        assert_eq!(bans.insert(one_more, ban(None), later), Ok(()));
    }
}
