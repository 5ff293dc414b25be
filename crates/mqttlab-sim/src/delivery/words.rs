//! Outcomes in words.

use mqttlab_core::why::Undelivered;

use super::find::Publication;
use super::{DeliveryRow, Outcome, Reach};
use crate::describe::clip;
use crate::recording::Recording;
use crate::scenario::duration;

impl Recording {
    /// One line in plain words.
    #[expect(clippy::too_many_lines, reason = "a table: one line for each outcome")]
    pub(super) fn row_words(&self, publication: &Publication, row: &DeliveryRow) -> String {
        let name = self.scenario().name(row.client);
        let topic = clip(&publication.topic);
        let filter = clip(row.filter.as_deref().unwrap_or_default());
        let at = row
            .at
            .map_or_else(String::new, |at| format!(" at {}", duration::words(at)));
        let publisher = self.scenario().name(publication.publisher);
        match row.outcome {
            Outcome::Delivered => format!("{name} has it{at}, for {filter}"),
            Outcome::DeliveredRetained => {
                format!("{name} has it{at} as the retained message, for {filter}")
            }
            Outcome::OnItsWay => format!("it is on its way to {name}"),
            Outcome::InBuffer => {
                format!("it waits in a socket's buffer for {name}, or is held by the network")
            }
            Outcome::Queued { because } => {
                format!(
                    "it waits in the session of {name} since{}: {because}",
                    at.trim_start_matches(" at")
                )
            }
            Outcome::AwaitsReconnect => format!(
                "it was lost with the connection of {name}, and its session keeps it to be sent again"
            ),
            Outcome::Lost => format!(
                "it was lost with the connection of {name}, and nothing keeps it to be sent again"
            ),
            Outcome::Merged => {
                format!(
                    "{name} gets one copy for all its filters that match, not one more for {filter}"
                )
            }
            Outcome::Dropped { because } => format!("it was dropped for {name}{at}: {because}"),
            Outcome::Withheld {
                because: Undelivered::NoLocal,
            } => format!("{name} published it and said No Local for {filter}"),
            Outcome::Withheld { because } => format!("it does not go to {name}: {because}"),
            Outcome::OtherMember { member } => {
                let member = self.scenario().name(member);
                format!("of {filter}, {member} gets it and not {name}")
            }
            Outcome::NobodyInShare => format!("nobody in {filter} can take it"),
            Outcome::BrokerForgot => {
                format!("it waited for {name}, and the broker lost it when it went down")
            }
            Outcome::NotTaken => not_taken(name, publisher, publication.reach),
            Outcome::Publisher => format!("{name} published it and does not subscribe to it"),
            Outcome::OtherOwner { owner } => {
                let owner = self.scenario().name(owner);
                format!("{name} has no session: {owner} has the one with its Client Identifier")
            }
            Outcome::NoSession => format!("{name} is not connected and has no session"),
            Outcome::SessionOver { because } => {
                format!("{name} is not connected, and its session is over: {because}")
            }
            Outcome::NoSubscription => format!("{name} subscribes to nothing"),
            Outcome::FilterDoesNotMatch => {
                format!("{name} subscribes to {filter}, which does not match {topic}")
            }
            Outcome::DollarTopic => format!(
                "{name} subscribes to {filter}, and a wildcard in the first level does not reach {topic}"
            ),
            Outcome::SubscriptionRefused { because } => {
                format!("{name} was refused {filter}{at}: {because}")
            }
            Outcome::SubscribedLater => {
                format!(
                    "{name} subscribed to {filter} only later{at}: {topic} was not retained for it"
                )
            }
        }
    }
}

/// Why nobody gets what the broker has not taken.
fn not_taken(name: &str, publisher: &str, reach: Reach) -> String {
    match reach {
        Reach::Taken => format!("the broker has it, and {name} not"),
        Reach::OnItsWay => format!("it is still on its way from {publisher} to the broker"),
        Reach::Waits => {
            format!("it still waits in a buffer of {publisher}, or is held by the network")
        }
        Reach::Lost => {
            format!("it was lost with the connection of {publisher} before it came to the broker")
        }
        Reach::Unread => "the broker did not look at it: it was closing the connection".to_owned(),
        Reach::Repeated => {
            "the broker has passed it on before, when it came for the first time".to_owned()
        }
        Reach::Refused { because } => format!("the broker refused it: {because}"),
    }
}
