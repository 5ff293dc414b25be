//! What is still owed when everything was healed and given time.

use serde::{Deserialize, Serialize};

use crate::delivery::{DeliveryRow, Outcome};
use crate::recording::Recording;
use crate::scenario::Scenario;
use crate::view::{Micros, ParticipantId, ParticipantState};

/// A message that should have come and did not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// To whom; the broker, if a client still has it.
    pub to: ParticipantId,
    /// Topic Name.
    pub topic: String,
    /// The Topic Filter by which it is owed.
    pub filter: Option<String>,
    /// What became of it instead, in words.
    pub text: String,
}

impl Owed {
    /// Whether the same is owed to the same client.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.to, &self.topic, &self.filter) == (other.to, &other.topic, &other.filter)
    }
}

/// The scenario with a grace behind it, in which nothing is looked at and nothing begins by itself.
pub(super) fn extend(scenario: &Scenario, grace: Micros) -> Scenario {
    let mut extended = scenario.clone();
    if grace == 0 {
        return extended;
    }
    let until = scenario.until;
    extended.until = until.saturating_add(grace);
    for expected in &mut extended.expectations {
        expected.by = Some(expected.by.unwrap_or(until).min(until));
    }
    for client in &mut extended.clients {
        for publication in &mut client.publications {
            let span = until.saturating_sub(publication.from);
            let fit = match publication.from > until {
                true => 0,
                false => span / publication.every.max(1) + 1,
            };
            publication.count = publication
                .count
                .min(u32::try_from(fit).unwrap_or(u32::MAX));
        }
    }
    extended
}

impl Recording {
    /// What is owed at this moment of all that the broker had taken by `until`, and of what clients have not got rid of.
    ///
    /// Nothing is owed to a client that is not connected, and nothing that was dropped for a reason that was said.
    pub(super) fn owed(&self, until: Micros) -> Vec<Owed> {
        let view = self.view();
        let is_connected =
            |id: ParticipantId| view.participants[id as usize].state == ParticipantState::Connected;
        let rows = self.copy_rows(until).into_iter();
        let missing = rows.filter(|(_, row)| is_connected(row.client) && self.is_missing(row));
        let mut owed: Vec<Owed> = missing
            .map(|(topic, row)| Owed {
                to: row.client,
                topic,
                filter: row.filter,
                text: row.text,
            })
            .collect();
        for client in &view.participants[1..] {
            let messages = client.outgoing.len() as u32 + client.queued;
            if messages > 0 && is_connected(client.id) {
                let first = client.outgoing.first();
                owed.push(Owed {
                    to: 0,
                    topic: first.map_or_else(String::new, |first| first.topic.clone()),
                    filter: None,
                    text: format!(
                        "{} still has {messages} messages for the broker",
                        client.name
                    ),
                });
            }
        }
        owed
    }

    /// Whether a row ends with less than was promised.
    fn is_missing(&self, row: &DeliveryRow) -> bool {
        let is_acknowledged = row.qos.is_some_and(|qos| qos > 0);
        match row.outcome {
            Outcome::Queued { .. } | Outcome::AwaitsReconnect => true,
            Outcome::OnItsWay | Outcome::InBuffer => true,
            // The session is there, and has forgotten it.
            Outcome::Lost => is_acknowledged && self.session_is_older(row),
            Outcome::Delivered
            | Outcome::DeliveredRetained
            | Outcome::Merged
            | Outcome::Dropped { .. }
            | Outcome::Withheld { .. }
            | Outcome::OtherMember { .. }
            | Outcome::NobodyInShare
            | Outcome::BrokerForgot
            | Outcome::NotTaken
            | Outcome::Publisher
            | Outcome::OtherOwner { .. }
            | Outcome::NoSession
            | Outcome::SessionOver { .. }
            | Outcome::NoSubscription
            | Outcome::FilterDoesNotMatch
            | Outcome::DollarTopic
            | Outcome::SubscriptionRefused { .. }
            | Outcome::SubscribedLater => false,
        }
    }

    /// Whether the session that the client has now is the one that the message was sent in.
    fn session_is_older(&self, row: &DeliveryRow) -> bool {
        let Some(flight) = row.flight.and_then(|id| self.flights().get(id as usize)) else {
            return false;
        };
        let name = &self.scenario().clients[row.client as usize - 1]
            .options
            .client_id;
        let later = self
            .known()
            .iter()
            .filter(|known| known.event > flight.event);
        let ended = later.filter(|known| match &known.decision {
            Some(mqttlab_core::why::Decision::SessionEnded { client_id, .. }) => {
                **client_id == **name
            }
            Some(_) => false,
            None => true,
        });
        ended.count() == 0
    }
}
