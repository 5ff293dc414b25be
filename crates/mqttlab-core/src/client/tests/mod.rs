//! Tests of the client, as scripts.

mod rig;
mod v311;

use crate::client::{Options, Reconnect};
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
