//! Mistakes that real clients make, to be switched on and looked at.

/// Wrong behaviour for lessons and for testing a checker; all off by default, and off is what the standard asks for.
///
/// ```
/// use mqttlab_core::client::{Bugs, Options};
/// let options = Options {
///     bugs: Bugs { dup_never_set: true, ..Bugs::NONE },
///     ..Options::default()
/// };
/// assert_ne!(options.bugs, Bugs::NONE);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Bugs {
    /// The Keep Alive timer also restarts on packets that are *received*. A listener that only ever receives then
    /// never sends PINGREQ, and the server closes the connection. [MQTT-3.1.2-23]
    pub keep_alive_restarts_on_receive: bool,
    /// After a reconnect a QoS 2 message whose PUBREL was sent is published again, instead of only its PUBREL.
    /// A server that has completed it takes it for a new message. [MQTT-4.3.3-1]
    pub publish_after_pubrel: bool,
    /// Failure codes in SUBACK are taken for success, so the application waits for messages that never come.
    pub ignore_suback_failure: bool,
    /// A message that is sent again does not have DUP set. [MQTT-3.3.1-1]
    pub dup_never_set: bool,
    /// Every new message takes Packet Identifier 1, in use or not: the message that had it is forgotten, and the two
    /// exchanges mix. [MQTT-2.3.1-2]
    pub packet_id_reuse: bool,
    /// An empty Client Identifier is sent with Clean Session 0, which 3.1.1 does not allow. [MQTT-3.1.3-7]
    pub empty_client_id_with_session: bool,
}

impl Bugs {
    /// None of them.
    pub const NONE: Self = Self {
        keep_alive_restarts_on_receive: false,
        publish_after_pubrel: false,
        ignore_suback_failure: false,
        dup_never_set: false,
        packet_id_reuse: false,
        empty_client_id_with_session: false,
    };
}
