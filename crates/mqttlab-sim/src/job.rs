//! Work that a page gives to a worker: what takes long, or needs code that a page's first load does without.
//!
//! A [`Job`] goes there and [`Reply`]s come back, each as bytes.

use serde::{Deserialize, Serialize};

use crate::scenario::{Scenario, ScenarioError};

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Job {
    /// Read a scenario.
    Read {
        /// Its text.
        text: String,
    },
}

/// What comes back. Each job ends with a reply that is neither [`Ready`](Self::Ready) nor about its progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// The worker listens.
    Ready,
    /// The text is this scenario, or none.
    Read(Result<Box<Scenario>, ScenarioError>),
}

#[cfg(feature = "text")]
impl Job {
    /// Does it. What is known before the end is handed to `tell`.
    pub fn run(self, tell: &mut dyn FnMut(Reply)) -> Reply {
        let _ = tell;
        match self {
            Self::Read { text } => Reply::Read(Scenario::parse(&text).map(Box::new)),
        }
    }
}
