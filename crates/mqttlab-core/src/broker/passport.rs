//! What is kept of who somebody is, for questions that come later.

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::broker::Identity;
use crate::broker::books::SHARED_TEXT;
use crate::broker::persist::PassportRef;

/// What a client came in with: kept once, for its session and for all messages of it that are kept.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(in crate::broker) struct Passport {
    user_name: Option<Box<str>>,
    stamp: Box<[u8]>,
}

impl Passport {
    /// `None` where there is nothing in it, as for most.
    pub(super) fn new(user_name: Option<&str>, stamp: &[u8]) -> Option<Arc<Self>> {
        let is_needed = user_name.is_some() || !stamp.is_empty();
        is_needed.then(|| {
            Arc::new(Self {
                user_name: user_name.map(Into::into),
                stamp: stamp.into(),
            })
        })
    }

    pub(super) fn from_ref(passport: PassportRef<'_>) -> Option<Arc<Self>> {
        Self::new(passport.user_name, passport.stamp)
    }

    /// What it takes up in the books.
    pub(super) fn memory(&self) -> usize {
        SHARED_TEXT + size_of::<Self>() + self.len()
    }

    fn len(&self) -> usize {
        self.user_name.as_deref().unwrap_or_default().len() + self.stamp.len()
    }
}

/// What there is in a passport, if there is one.
#[inline]
pub(super) fn read(passport: Option<&Arc<Passport>>) -> PassportRef<'_> {
    match passport {
        Some(passport) => PassportRef {
            user_name: passport.user_name.as_deref(),
            stamp: &passport.stamp,
        },
        None => PassportRef::default(),
    }
}

/// Who somebody is that has come in.
#[inline]
pub(super) fn identity<'a>(
    client_id: &'a str,
    passport: Option<&'a Arc<Passport>>,
) -> Identity<'a> {
    let PassportRef { user_name, stamp } = read(passport);
    Identity {
        client_id,
        user_name,
        stamp,
    }
}

/// Whom a message comes from. A copy shares what it says with the session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(in crate::broker) struct Source {
    /// Client Identifier; empty for the broker itself.
    pub(in crate::broker) client_id: Arc<str>,
    pub(in crate::broker) passport: Option<Arc<Passport>>,
}

impl Source {
    pub(super) fn identity(&self) -> Identity<'_> {
        identity(&self.client_id, self.passport.as_ref())
    }

    /// What a message from there takes up for it in the books.
    pub(super) fn size(&self) -> u64 {
        self.passport.as_ref().map_or(0, |passport| passport.len()) as u64
    }

    /// Whether it is as told.
    pub(super) fn is(&self, client_id: &str, passport: PassportRef<'_>) -> bool {
        *self.client_id == *client_id && read(self.passport.as_ref()) == passport
    }
}
