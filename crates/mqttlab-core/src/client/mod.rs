//! The client as a machine.

/// The client.
#[derive(Clone, Debug)]
pub struct Client {}
