//! Why a machine did what it did.

mod cause;
mod decision;

use crate::clause::Clause;
use crate::id::ConnId;

pub use cause::{
    Cause, DropCause, Mistake, QueueCause, Refusal, SessionEnd, Undelivered, UnexpectedAck, WillEnd,
};
pub use decision::Decision;

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

/// What was decided and the clause: `PINGREQ is answered [MQTT-3.12.4-1]`
impl core::fmt::Display for Why {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}", self.decision)?;
        if let Some(clause) = self.clause {
            write!(f, " [{clause}]")?;
        }
        Ok(())
    }
}

/// Says a decision into the sink of `$cx`; without tracing nothing of it is left, not even its arguments.
///
/// With `--cfg mqttlab_without_why` there are no calls at all: the benchmarks show by it what those cost that nobody
/// listens to, which is nothing.
///
/// The clause is `none`, one clause, or two of which the version chooses: `version => V311_…, V5_…`.
#[cfg(not(mqttlab_without_why))]
macro_rules! why {
    ($cx:expr, $conn:expr, none, $decision:expr) => {
        if S::TRACE {
            $cx.sink.why($crate::why::Why {
                conn: $conn.into(),
                clause: None,
                decision: $decision,
            });
        }
    };
    ($cx:expr, $conn:expr, $version:expr => $v311:ident, $v5:ident, $decision:expr) => {
        if S::TRACE {
            let clause = $crate::clause::Clause::by_version(
                $version,
                $crate::clause::Clause::$v311,
                $crate::clause::Clause::$v5,
            );
            $cx.sink.why($crate::why::Why {
                conn: $conn.into(),
                clause: Some(clause),
                decision: $decision,
            });
        }
    };
    ($cx:expr, $conn:expr, $clause:ident, $decision:expr) => {
        if S::TRACE {
            $cx.sink.why($crate::why::Why {
                conn: $conn.into(),
                clause: Some($crate::clause::Clause::$clause),
                decision: $decision,
            });
        }
    };
    ($cx:expr, $conn:expr, = $clause:expr, $decision:expr) => {
        if S::TRACE {
            $cx.sink.why($crate::why::Why {
                conn: $conn.into(),
                clause: $clause,
                decision: $decision,
            });
        }
    };
}

#[cfg(mqttlab_without_why)]
macro_rules! why {
    ($($call:tt)*) => {};
}

pub(crate) use why;
