//! The gallery of mistakes: what a client or the broker does wrong because a scenario says so.
//!
//! Each is a switch, off unless it is named. [`Scenario::without_bugs`] is the same scenario with all of them off, so
//! that the right and the wrong run can be laid side by side. `scenarios/bugs/` shows each of them together with an
//! expectation that catches it.

use mqttlab_core::broker;
use mqttlab_core::client;
use serde::{Deserialize, Serialize};

use super::Scenario;

/// Mistakes of a client: `bugs = { dup_never_set = true }`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ClientBugs {
    /// Its Keep Alive timer also restarts on packets that it receives: a listener that only receives never sends PINGREQ,
    /// and the broker hangs up while messages flow. [MQTT-3.1.2-23]
    pub keep_alive_restarts_on_receive: bool,
    /// After a reconnect it publishes a QoS 2 message again whose PUBREL was sent already: the broker takes it for a new
    /// one. [MQTT-4.3.3-1]
    pub publish_after_pubrel: bool,
    /// It takes failure codes in SUBACK for success, and waits for messages that never come. [MQTT-3.8.4-5]
    pub ignore_suback_failure: bool,
    /// It does not set DUP on a message that it sends again. [MQTT-3.3.1-1]
    pub dup_never_set: bool,
    /// Every message takes Packet Identifier 1, in use or not. [MQTT-2.3.1-2]
    pub packet_id_reuse: bool,
    /// It sends an empty Client Identifier with Clean Session 0. [MQTT-3.1.3-7]
    pub empty_client_id_with_session: bool,
    /// It connects again and does not subscribe again, although the broker has forgotten its session.
    pub no_resubscribe: bool,
    /// Its process exits as soon as the call that publishes has returned: what the library has only queued, or not yet
    /// written to its socket, is lost with it.
    pub exit_after_publish: bool,
}

impl ClientBugs {
    /// Those that the client itself makes; the others are its application's.
    #[cfg(feature = "text")]
    pub(super) fn of_library(self) -> client::Bugs {
        client::Bugs {
            keep_alive_restarts_on_receive: self.keep_alive_restarts_on_receive,
            publish_after_pubrel: self.publish_after_pubrel,
            ignore_suback_failure: self.ignore_suback_failure,
            dup_never_set: self.dup_never_set,
            packet_id_reuse: self.packet_id_reuse,
            empty_client_id_with_session: self.empty_client_id_with_session,
        }
    }
}

impl Scenario {
    /// Whether anybody in it makes mistakes.
    pub fn has_bugs(&self) -> bool {
        let clients = self.clients.iter();
        self.broker.bugs != broker::Bugs::NONE
            || clients
                .map(|client| client.bugs)
                .any(|bugs| bugs != ClientBugs::default())
    }

    /// The same scenario in which nobody makes mistakes.
    #[must_use]
    pub fn without_bugs(mut self) -> Self {
        self.broker.bugs = broker::Bugs::NONE;
        for client in &mut self.clients {
            client.options.resubscribe |= client.bugs.no_resubscribe;
            client.options.bugs = client::Bugs::NONE;
            client.bugs = ClientBugs::default();
        }
        self
    }
}
