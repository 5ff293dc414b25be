//! Why a machine did what it did.

use crate::clause::Clause;
use crate::id::ConnId;

/// A decision, said by the branch that takes it and never reconstructed afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Why {
    /// The connection that it is about.
    pub conn: Option<ConnId>,
    /// The sentence of the standard behind it; `None` where the standard leaves it to us.
    pub clause: Option<Clause>,
    /// What was decided.
    pub decision: Decision,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", tag = "kind"))]
pub enum Decision {
    /// The network connection was opened and CONNECT is awaited.
    Opened,
}
