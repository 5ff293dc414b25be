//! What each client had to do with a message when the broker took it.

use mqttlab_core::topic::{matches, split_share};
use mqttlab_core::why::Decision;

use super::copies::{Copies, Copy};
use super::find::Publication;
use super::{DeliveryRow, Outcome};
use crate::log::Known;
use crate::recording::Recording;
use crate::view::{EventId, Micros, ParticipantId};
use crate::world::World;

/// A client and its session at the moment when the broker took the message.
struct Audience {
    client: ParticipantId,
    client_id: String,
    /// Who has the session with this Client Identifier.
    owner: Option<ParticipantId>,
    /// Its Topic Filters; `None` without a session.
    filters: Option<Vec<String>>,
}

impl Recording {
    /// The rows of a message that the broker took with an event.
    pub(super) fn rows(&self, publication: &Publication) -> Vec<DeliveryRow> {
        let Some(event) = publication.event else {
            return Vec::new();
        };
        let before = self.world_before(event);
        let copies = self.copies(publication);
        let clients = 1..=self.scenario().clients.len() as ParticipantId;
        clients
            .flat_map(|client| {
                let audience = self.audience(&before, client, event);
                self.client_rows(publication, event, &audience, &copies)
            })
            .collect()
    }

    fn audience(&self, before: &World, client: ParticipantId, event: EventId) -> Audience {
        let host = &before.state.clients[client as usize - 1];
        let written = &self.scenario().clients[client as usize - 1]
            .options
            .client_id;
        let machine = host.machine.as_ref();
        let client_id = machine.map_or(written.as_str(), |machine| machine.client_id());
        let session = before.broker_session(client_id);
        let mut filters = session.map(|session| {
            let subscriptions = session.subscriptions();
            subscriptions.map(|one| one.filter.to_owned()).collect()
        });
        // What came in the same moment, before the message.
        let now = self.events()[event as usize].at;
        for known in self.known().iter().filter(|known| known.event < event) {
            if self.events()[known.event as usize].at == now
                && let Some(Decision::Subscribed {
                    client_id: who,
                    filter,
                    ..
                }) = &known.decision
                && **who == *client_id
            {
                let filters: &mut Vec<String> = filters.get_or_insert_default();
                if !filters.iter().any(|known| **known == **filter) {
                    filters.push(filter.to_string());
                }
            }
        }
        Audience {
            client,
            client_id: client_id.to_owned(),
            owner: before.owner(client_id),
            filters,
        }
    }

    fn client_rows(
        &self,
        publication: &Publication,
        event: EventId,
        audience: &Audience,
        copies: &Copies,
    ) -> Vec<DeliveryRow> {
        let topic = publication.topic.as_str();
        let owns = audience.owner.is_none_or(|owner| owner == audience.client);
        let mine = |copy: &&Copy| owns && copy.client_id == audience.client_id;
        let mut left: Vec<&Copy> = copies.all.iter().filter(mine).collect();
        let mut rows = Vec::new();
        let filters = audience.filters.iter().flatten().filter(|_| owns);
        for filter in filters.filter(|filter| reaches(filter, topic)) {
            let at = left
                .iter()
                .position(|copy| copy.filter.as_ref() == Some(filter));
            // The broker does not always say which filter a copy that it drops was for.
            let at = at.or_else(|| left.iter().position(|copy| copy.filter.is_none()));
            rows.push(match at {
                Some(at) => self.copy_row(audience.client, Some(filter), left.remove(at)),
                None => row(audience.client, Some(filter), self.no_copy(filter, copies)),
            });
        }
        // Retained messages for subscriptions that came later, and filters that were replaced since.
        for copy in left {
            rows.push(self.copy_row(audience.client, copy.filter.as_deref(), copy));
        }
        if rows.is_empty() {
            rows.push(self.absent(publication, event, audience));
        }
        rows
    }

    pub(super) fn copy_row(
        &self,
        client: ParticipantId,
        filter: Option<&str>,
        copy: &Copy,
    ) -> DeliveryRow {
        let became = self.became(copy);
        DeliveryRow {
            at: became.at,
            qos: Some(copy.qos.number()),
            flight: became.flight,
            ..row(client, filter, became.outcome)
        }
    }

    /// A filter matches and there is no copy for it.
    fn no_copy(&self, filter: &str, copies: &Copies) -> Outcome {
        let mut shares = copies.shares.iter();
        match shares.find(|(share, _)| share == filter) {
            Some((_, Some(member))) => Outcome::OtherMember {
                member: self.owner_at(member),
            },
            Some((_, None)) => Outcome::NobodyInShare,
            None => Outcome::Merged,
        }
    }

    /// Nothing of this client's matched.
    fn absent(
        &self,
        publication: &Publication,
        event: EventId,
        audience: &Audience,
    ) -> DeliveryRow {
        let client = audience.client;
        let topic = publication.topic.as_str();
        if let Some(owner) = audience.owner.filter(|owner| *owner != client) {
            return row(client, None, Outcome::OtherOwner { owner });
        }
        if let Some((filter, at)) = self.subscribed_later(event, &audience.client_id, topic) {
            return DeliveryRow {
                at: Some(at),
                ..row(client, Some(&filter), Outcome::SubscribedLater)
            };
        }
        if client == publication.publisher {
            return row(client, None, Outcome::Publisher);
        }
        if let Some(row) = self.refused(event, audience, topic) {
            return row;
        }
        let Some(filters) = &audience.filters else {
            return row(client, None, self.no_session(event, &audience.client_id));
        };
        let dollar = filters.iter().find(|filter| misses_dollar(filter, topic));
        match (dollar, filters.first()) {
            (Some(filter), _) => row(client, Some(filter), Outcome::DollarTopic),
            (None, Some(filter)) => row(client, Some(filter), Outcome::FilterDoesNotMatch),
            (None, None) => row(client, None, Outcome::NoSubscription),
        }
    }

    /// The first subscription after the message that would have matched.
    fn subscribed_later(
        &self,
        event: EventId,
        client_id: &str,
        topic: &str,
    ) -> Option<(String, Micros)> {
        let later = self.known().iter().filter(|known| known.event > event);
        later
            .filter_map(|known| {
                let Some(Decision::Subscribed {
                    client_id: who,
                    filter,
                    ..
                }) = &known.decision
                else {
                    return None;
                };
                let fits = **who == *client_id && reaches(filter, topic);
                fits.then(|| (filter.to_string(), self.events()[known.event as usize].at))
            })
            .next()
    }

    /// A subscription that was asked for before the message, and refused.
    fn refused(&self, event: EventId, audience: &Audience, topic: &str) -> Option<DeliveryRow> {
        self.earlier(event).find_map(|known| {
            let Some(Decision::SubscriptionRefused {
                client_id,
                filter,
                because,
                ..
            }) = &known.decision
            else {
                return None;
            };
            let fits = **client_id == *audience.client_id && reaches(filter, topic);
            let outcome = Outcome::SubscriptionRefused { because: *because };
            fits.then(|| DeliveryRow {
                at: Some(self.events()[known.event as usize].at),
                ..row(audience.client, Some(filter), outcome)
            })
        })
    }

    /// Why there is no session.
    fn no_session(&self, event: EventId, client_id: &str) -> Outcome {
        let ended = self.earlier(event).find_map(|known| {
            let Some(Decision::SessionEnded {
                client_id: who,
                because,
            }) = &known.decision
            else {
                return None;
            };
            (**who == *client_id).then_some(Outcome::SessionOver { because: *because })
        });
        ended.unwrap_or(Outcome::NoSession)
    }

    /// What is known from this life of the broker before an event, the last first.
    fn earlier(&self, event: EventId) -> impl Iterator<Item = &Known> {
        let known = self.known();
        let end = known.partition_point(|known| known.event < event);
        let earlier = known[..end].iter().rev();
        earlier.take_while(|known| known.decision.is_some())
    }
}

fn row(client: ParticipantId, filter: Option<&str>, outcome: Outcome) -> DeliveryRow {
    DeliveryRow {
        client,
        filter: filter.map(str::to_owned),
        outcome,
        qos: None,
        at: None,
        flight: None,
        text: String::new(),
    }
}

/// The filter inside a shared subscription, or the filter itself.
fn inner(filter: &str) -> &str {
    split_share(filter).map_or(filter, |(_, inner)| inner)
}

fn reaches(filter: &str, topic: &str) -> bool {
    matches(inner(filter), topic)
}

/// Whether it would match if the topic did not begin with `$`.
fn misses_dollar(filter: &str, topic: &str) -> bool {
    let Some(rest) = topic.strip_prefix('$') else {
        return false;
    };
    inner(filter).starts_with(['#', '+']) && reaches(filter, &format!("x{rest}"))
}
