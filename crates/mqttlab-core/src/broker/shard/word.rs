//! What one shard tells another.

use alloc::sync::Arc;
use core::fmt;

use super::interest::Sketch;
use super::letter::Letter;
use crate::packet::QoS;

/// Something that one shard tells another. It owns what it says, and a copy of it is cheap.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Word(pub(in crate::broker) Kind);

/// The kinds of words.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(in crate::broker) enum Kind {
    /// A message for those sessions of the hearer that have subscribed to its topic themselves.
    Message(Arc<Letter>),
    /// A message for a member of a shared subscription.
    ForShare(Arc<Chosen>),
    /// The same message back: that member is gone, and the hearer knows no other.
    Returned(Arc<Chosen>),
    /// This client is connected and has become a member of this shared subscription.
    Joined(Arc<str>, Arc<str>),
    /// This client is no member of this shared subscription any more.
    Left(Arc<str>, Arc<str>),
    /// This client is no member of any.
    Gone(Arc<str>),
    /// Whether this member of shared subscriptions is connected has changed.
    Connected(Arc<str>, bool),
    /// What the teller has use for, of messages that are not to be retained: more than before.
    Wants(Sketch),
    /// The same, where it is less.
    WantsOnly(Sketch),
    /// The hearer is to say how far it has counted.
    AreYouPast(u64),
    /// All that the teller has told with a number up to this one is told.
    Past(u64),
}

/// A message and the member of a shared subscription that was chosen for it.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(in crate::broker) struct Chosen {
    pub(in crate::broker) letter: Arc<Letter>,
    /// `$share/NAME/FILTER`.
    pub(in crate::broker) share: Arc<str>,
    pub(in crate::broker) client_id: Arc<str>,
    /// It was known that the member is not connected: nobody better was there.
    pub(in crate::broker) is_away: bool,
    /// How often it has come back.
    pub(in crate::broker) returned: u8,
}

impl Word {
    /// What it takes up on its way, in bytes: for limits.
    pub fn size(&self) -> u64 {
        let more = match &self.0 {
            Kind::Message(letter) => letter.size(),
            Kind::ForShare(chosen) | Kind::Returned(chosen) => {
                chosen.letter.size() + (chosen.share.len() + chosen.client_id.len()) as u64
            }
            Kind::Joined(share, client_id) | Kind::Left(share, client_id) => {
                (share.len() + client_id.len()) as u64
            }
            Kind::Gone(client_id) | Kind::Connected(client_id, _) => client_id.len() as u64,
            Kind::Wants(sketch) | Kind::WantsOnly(sketch) => sketch.size(),
            Kind::AreYouPast(_) | Kind::Past(_) => 0,
        };
        more + size_of::<Self>() as u64
    }

    /// Whether what the teller says afterwards depends on the hearer having handled it.
    ///
    /// It is false for a QoS 0 message that is not retained, and for what only makes things quicker.
    pub fn wants_answer(&self) -> bool {
        match &self.0 {
            Kind::Message(letter) => letter.qos != QoS::AtMostOnce || letter.retain,
            Kind::ForShare(chosen) => chosen.letter.qos != QoS::AtMostOnce,
            Kind::Joined(..) | Kind::Wants(_) => true,
            Kind::Returned(_)
            | Kind::WantsOnly(_)
            | Kind::Left(..)
            | Kind::Gone(_)
            | Kind::Connected(..)
            | Kind::AreYouPast(_)
            | Kind::Past(_) => false,
        }
    }
}

impl Word {
    /// The same with another payload, where it has one: for recordings that are to keep none.
    #[must_use]
    pub fn masked(&self, mask: &mut impl FnMut(&mut [u8])) -> Self {
        let mut masked = |letter: &Arc<Letter>| {
            let mut payload = letter.payload.to_vec();
            mask(&mut payload);
            Arc::new(Letter {
                payload: payload.into(),
                ..(**letter).clone()
            })
        };
        let mut chosen = |chosen: &Arc<Chosen>| {
            Arc::new(Chosen {
                letter: masked(&chosen.letter),
                ..(**chosen).clone()
            })
        };
        match &self.0 {
            Kind::ForShare(share) => Self(Kind::ForShare(chosen(share))),
            Kind::Returned(share) => Self(Kind::Returned(chosen(share))),
            Kind::Message(letter) => Self(Kind::Message(masked(letter))),
            Kind::Joined(..)
            | Kind::Left(..)
            | Kind::Gone(_)
            | Kind::Connected(..)
            | Kind::Wants(_)
            | Kind::WantsOnly(_)
            | Kind::AreYouPast(_)
            | Kind::Past(_) => self.clone(),
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Message(letter) => write!(f, "message {} to {}", letter.number, letter.topic),
            Kind::ForShare(chosen) => write!(
                f,
                "message {} of {} for {}",
                chosen.letter.number, chosen.share, chosen.client_id
            ),
            Kind::Returned(chosen) => write!(
                f,
                "message {} of {} back: {} cannot take it",
                chosen.letter.number, chosen.share, chosen.client_id
            ),
            Kind::Joined(share, client_id) => write!(f, "{client_id} is a member of {share}"),
            Kind::Left(share, client_id) => write!(f, "{client_id} has left {share}"),
            Kind::Gone(client_id) => write!(f, "{client_id} is gone"),
            Kind::Connected(client_id, true) => write!(f, "{client_id} is connected"),
            Kind::Connected(client_id, false) => write!(f, "{client_id} is not connected"),
            Kind::Wants(_) => f.write_str("more topics are wanted here"),
            Kind::WantsOnly(_) => f.write_str("fewer topics are wanted here"),
            Kind::AreYouPast(number) => write!(f, "is {number} past?"),
            Kind::Past(number) => write!(f, "{number} is past"),
        }
    }
}
