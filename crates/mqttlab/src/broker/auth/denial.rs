//! Why somebody is not let in, for those who run the broker. What the client hears says less: it may be a stranger.

use std::fmt;

use super::checker::Whom;

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    /// So many wait until somebody has checked who they are that there is no room for another.
    TooManyWait(Whom),
    /// It has waited for too long.
    NotInTime(Whom),
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooManyWait(Whom::Broker) => "too many wait for their passwords to be checked",
            Self::TooManyWait(Whom::Hook) => "too many wait for the hook",
            Self::NotInTime(Whom::Broker) => "its password was not checked in time",
            Self::NotInTime(Whom::Hook) => "the hook did not answer in time",
        })
    }
}
