//! Who got a message, and why not: a table for each PUBLISH.
//!
//! A table is about one moment of a run: what is still under way then may arrive later. Nothing in it is guessed. What
//! became of a copy is what the broker decided about it and what the network did to it; why there is no copy is what the
//! broker knew of that client when it took the message.
//!
//! ```
//! use mqttlab_sim::delivery::Outcome;
//! use mqttlab_sim::recording::Recording;
//! use mqttlab_sim::scenario::Scenario;
//! let scenario = Scenario::parse(r#"
//! [scenario]
//! id = "hello"
//! title = "Nobody asked"
//! version = 1
//! until = "5s"
//! [[client]]
//! name = "pump"
//! [[client]]
//! name = "monitor"
//! subscribe = [{ filter = "level/+" }]
//! [[do]]
//! at = "0s"
//! who = ["pump", "monitor"]
//! act = "connect"
//! [[do]]
//! at = "1s"
//! who = "pump"
//! act = "publish"
//! topic = "level"
//! "#)?;
//! let mut recording = Recording::new(scenario);
//! recording.seek(recording.end());
//! let tables = recording.deliveries();
//! assert_eq!(tables[0].rows[1].outcome, Outcome::FilterDoesNotMatch);
//! assert_eq!(tables[0].rows[1].text, "monitor subscribes to level/+, which does not match level");
//! # Ok::<(), mqttlab_sim::scenario::ScenarioError>(())
//! ```

mod absent;
mod copies;
mod find;
#[cfg(all(test, feature = "text"))]
mod tests;
mod words;

use mqttlab_core::why::{DropCause, QueueCause, Refusal, SessionEnd, Undelivered};
use serde::{Deserialize, Serialize};

use crate::recording::Recording;
use crate::view::{EventId, FlightId, Micros, ParticipantId};
use find::Publication;

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryTable {
    /// The PUBLISH; `None` for a will and for a message of the broker's own.
    pub flight: Option<FlightId>,
    /// The event with which the broker took it, or refused it; `None` while it has not come.
    pub event: Option<EventId>,
    /// The broker's number of it, if it was taken.
    pub message: Option<u64>,
    /// Who published it; the broker for its own messages, the client for its will.
    pub publisher: ParticipantId,
    /// Topic Name.
    pub topic: String,
    /// How it came to the broker.
    pub reach: Reach,
    /// One for each subscription that matched, and one for each other client: by client.
    pub rows: Vec<DeliveryRow>,
}

/// How a message came to the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reach")]
pub enum Reach {
    /// The broker took it.
    Taken,
    /// It is on its way.
    OnItsWay,
    /// It waits in a buffer of the publisher, or is held by the network.
    Waits,
    /// It was lost with its connection.
    Lost,
    /// It came, and nobody took it: the connection was being closed.
    Unread,
    /// The broker knew it already: a QoS 2 message that was sent again.
    Repeated,
    /// The broker refused it.
    Refused {
        /// Why.
        because: Refusal,
    },
}

/// What became of a message for one subscription, or for a client without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryRow {
    /// The client.
    pub client: ParticipantId,
    /// The Topic Filter that matched, or would have.
    pub filter: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// QoS of this hop, where there is a copy.
    pub qos: Option<u8>,
    /// When that was settled, or when it will be.
    pub at: Option<Micros>,
    /// The PUBLISH to this client, the last one if it was sent again.
    pub flight: Option<FlightId>,
    /// It in words.
    pub text: String,
}

/// What became of a message for one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// The client has it.
    Delivered,
    /// The client has it, as the retained message for a subscription that it made later.
    DeliveredRetained,
    /// It travels.
    OnItsWay,
    /// It waits in the broker's buffer for this connection, or is held by the network.
    InBuffer,
    /// It waits in the session's queue.
    Queued {
        /// What for.
        because: QueueCause,
    },
    /// It was lost with its connection, and waits in the session to be sent again.
    AwaitsReconnect,
    /// It was lost with its connection.
    Lost,
    /// Another subscription of the same session brings the one copy.
    Merged,
    /// The broker dropped it.
    Dropped {
        /// Why.
        because: DropCause,
    },
    /// The broker does not give it to this subscription.
    Withheld {
        /// Why.
        because: Undelivered,
    },
    /// Another member of the shared subscription got it.
    OtherMember {
        /// Which.
        member: ParticipantId,
    },
    /// No member of the shared subscription could take it.
    NobodyInShare,
    /// The broker went down with it.
    BrokerForgot,
    /// The broker has not taken the message.
    NotTaken,
    /// It published the message, and does not subscribe to it.
    Publisher,
    /// Another client has the session with this Client Identifier.
    OtherOwner {
        /// Which.
        owner: ParticipantId,
    },
    /// It had no session, and had none before.
    NoSession,
    /// Its session was over.
    SessionOver {
        /// Why.
        because: SessionEnd,
    },
    /// It has a session and no subscription at all.
    NoSubscription,
    /// None of its filters matches.
    FilterDoesNotMatch,
    /// Its filter begins with a wildcard, and the topic with `$`.
    DollarTopic,
    /// It asked for a filter that matches and was refused.
    SubscriptionRefused {
        /// Why.
        because: Refusal,
    },
    /// Its subscription came after the message.
    SubscribedLater,
}

impl Outcome {
    /// Whether the client has the message.
    pub const fn is_delivered(self) -> bool {
        matches!(self, Self::Delivered | Self::DeliveredRetained)
    }

    /// Whether it may still get it.
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            Self::OnItsWay
                | Self::InBuffer
                | Self::Queued { .. }
                | Self::AwaitsReconnect
                | Self::NotTaken
        )
    }
}

impl Recording {
    /// What became of a PUBLISH by this moment: one that a client sent, or one that the broker sent on.
    ///
    /// `None` for another packet, for a flight that is not sent yet, and for one that the broker sent before a restart
    /// and cannot be traced.
    pub fn delivery(&self, flight: FlightId) -> Option<DeliveryTable> {
        let publication = self.publication_of(flight)?;
        Some(self.table(&publication))
    }

    /// What became of everything that was published by this moment, wills and the broker's own messages too; in the
    /// order in which it came to the broker, and what has not come at the end.
    pub fn deliveries(&self) -> Vec<DeliveryTable> {
        let publications = self.publications();
        publications
            .iter()
            .map(|publication| self.table(publication))
            .collect()
    }

    /// What became of each copy of what the broker had taken by `until`, with its topic: the rows of the tables in which
    /// something was sent, without looking for why nothing was.
    pub(crate) fn copy_rows(&self, until: Micros) -> Vec<(String, DeliveryRow)> {
        let taken = self.publications().into_iter().filter(|publication| {
            let event = publication.event;
            let event = event.and_then(|id| self.events().get(id as usize));
            event.is_some_and(|event| event.at <= until)
        });
        let rows = taken.flat_map(|publication| {
            let copies = self.copies(&publication).all;
            copies
                .into_iter()
                .map(|copy| {
                    let client = self.owner_at(&copy.client_id);
                    let mut row = self.copy_row(client, copy.filter.as_deref(), &copy);
                    row.text = self.row_words(&publication, &row);
                    (publication.topic.clone(), row)
                })
                .collect::<Vec<_>>()
        });
        rows.collect()
    }

    fn table(&self, publication: &Publication) -> DeliveryTable {
        let clients = 1..=self.scenario().clients.len() as ParticipantId;
        let mut rows = match publication.reach {
            Reach::Taken => self.rows(publication),
            Reach::OnItsWay
            | Reach::Waits
            | Reach::Lost
            | Reach::Unread
            | Reach::Repeated
            | Reach::Refused { .. } => clients
                .filter(|client| *client != publication.publisher)
                .map(|client| DeliveryRow {
                    client,
                    filter: None,
                    outcome: Outcome::NotTaken,
                    qos: None,
                    at: None,
                    flight: None,
                    text: String::new(),
                })
                .collect(),
        };
        for row in &mut rows {
            row.text = self.row_words(publication, row);
        }
        DeliveryTable {
            flight: publication.flight,
            event: publication.event,
            message: publication.message,
            publisher: publication.publisher,
            topic: publication.topic.clone(),
            reach: publication.reach,
            rows,
        }
    }
}
