//! Tests of the client, as scripts.

mod bugs;
mod clauses;
mod misuse;
mod policy;
mod random;
mod rig;
mod v311;
mod v5;

use crate::client::{Options, Reconnect};
use crate::packet::Version;
use crate::time::Duration;

/// A client of 3.1.1 with a name, that connects again after one second.
fn named() -> Options {
    Options {
        client_id: "c".into(),
        reconnect: Reconnect::fixed(Duration::from_secs(1)),
        ..Options::default()
    }
}

/// The same that wants to keep its session.
fn kept() -> Options {
    Options {
        clean_start: false,
        ..named()
    }
}

/// A client of 5.0 whose session outlives its connection by a minute.
fn five() -> Options {
    Options {
        version: Version::V5,
        session_expiry: 60,
        ..kept()
    }
}
