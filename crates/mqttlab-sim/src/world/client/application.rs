//! The application on a client: what it is told, what it asks for, what it does by itself.

use std::sync::Arc;

use mqttlab_core::client::{
    Client, ClientError, DisconnectOptions, Message, State, SubscribeRequest,
};
use mqttlab_core::reason::ReasonCode;
use mqttlab_core::time::Instant;
use mqttlab_core::topic;

use super::RECEIVED_MAX;
use super::outbox::Outbox;
use crate::describe;
use crate::scenario::condition::Tally;
use crate::scenario::{self, Ending, PAYLOAD_MAX};
use crate::view::{EventKind, ParticipantId, Received};
use crate::world::report::Note;
use crate::world::{Happening, World};

impl World {
    pub(super) fn message_received(&mut self, who: ParticipantId, received: Received) {
        let received = Received {
            at: self.state.now,
            ..received
        };
        let text = format!(
            "{} gets the message {} {}",
            self.name(who),
            describe::clip(&received.topic),
            describe::payload(received.payload.as_bytes())
        );
        self.note(Note::new(who, EventKind::Application, text));
        self.state.tallies.count(|tally| match tally {
            Tally::Received {
                who: wanted,
                filter,
                payload,
            } => {
                *wanted == who
                    && filter
                        .as_deref()
                        .is_none_or(|filter| topic::matches(filter, &received.topic))
                    && payload
                        .as_deref()
                        .is_none_or(|payload| payload == received.payload)
            }
            Tally::Sent { .. }
            | Tally::Arrived { .. }
            | Tally::Resent { .. }
            | Tally::Decided { .. } => false,
        });
        let kept = &mut self.host(who).received;
        if kept.len() == RECEIVED_MAX {
            kept.pop_front();
        }
        kept.push_back(Arc::new(received));
    }

    pub(super) fn subscribe_first(&mut self, who: ParticipantId) {
        let scenario = Arc::clone(&self.scenario);
        let wanted = &scenario.clients[who as usize - 1].subscriptions;
        if wanted.is_empty() {
            return;
        }
        let filters = wanted.iter();
        let request = SubscribeRequest {
            filters: filters
                .map(|wanted| (wanted.filter.clone(), wanted.options))
                .collect(),
            ..SubscribeRequest::default()
        };
        self.ask(who, |client, now, sink| {
            client.subscribe(now, request, sink).map(|_| ())
        });
    }

    /// Lets the application ask its client for something.
    fn ask(
        &mut self,
        who: ParticipantId,
        request: impl FnOnce(&mut Client, Instant, &mut Outbox) -> Result<(), ClientError>,
    ) {
        let now = self.client_now(who);
        let asleep = self.host(who).asleep;
        let machine = self.host(who).machine.as_mut();
        let Some(machine) = machine.filter(|_| !asleep) else {
            let state = if asleep { "is asleep" } else { "does not run" };
            let text = format!("{} {state}, so nothing happens", self.name(who));
            self.note(Note::new(who, EventKind::Application, text));
            return;
        };
        let mut outbox = Outbox::default();
        let result = request(machine, now, &mut outbox);
        self.carry_out(who, outbox);
        if let Err(error) = result {
            let text = format!("{} cannot do that: {error}", self.name(who));
            self.note(Note::new(who, EventKind::Application, text));
        }
    }

    /// As [`ask`](Self::ask), and lets the library write what came of it.
    fn ask_and_flush(
        &mut self,
        who: ParticipantId,
        request: impl FnOnce(&mut Client, Instant, &mut Outbox) -> Result<(), ClientError>,
    ) {
        self.ask(who, request);
        self.settle();
        self.plan_wake(who);
    }

    pub(in crate::world) fn connect(&mut self, who: ParticipantId) {
        self.ask_and_flush(who, |client, now, sink| client.connect(now, sink));
    }

    pub(in crate::world) fn disconnect(&mut self, who: ParticipantId, with_will: bool) {
        let reason = match with_will {
            true => ReasonCode::DisconnectWithWill,
            false => ReasonCode::Success,
        };
        let options = DisconnectOptions::new(reason);
        self.ask_and_flush(who, |client, now, sink| {
            client.disconnect(now, &options, sink)
        });
    }

    pub(in crate::world) fn publish(&mut self, who: ParticipantId, message: &scenario::Message) {
        let scenario::Message {
            topic,
            payload,
            qos,
            retain,
            expiry,
        } = message.clone();
        let mut message = Message {
            retain,
            ..Message::new(topic, payload, qos)
        };
        message.properties.expiry = expiry;
        let spec = &self.scenario.clients[who as usize - 1];
        let exits = spec.bugs.exit_after_publish && self.host(who).machine.is_some();
        self.ask(who, |client, now, sink| {
            client.publish(now, message, sink).map(|_| ())
        });
        if exits {
            let text = format!("{} exits: its call to publish has returned", self.name(who));
            self.note_cause(Note::new(who, EventKind::Fault, text));
            self.crash_client(who, Ending::Fin);
        }
        self.settle();
        self.plan_wake(who);
    }

    pub(in crate::world) fn subscribe(&mut self, who: ParticipantId, request: SubscribeRequest) {
        self.ask_and_flush(who, |client, now, sink| {
            client.subscribe(now, request, sink).map(|_| ())
        });
    }

    pub(in crate::world) fn unsubscribe(&mut self, who: ParticipantId, filter: &str) {
        self.ask_and_flush(who, |client, now, sink| {
            client.unsubscribe(now, &[filter], sink).map(|_| ())
        });
    }

    /// One of a client's regular messages, and the next one after it. Only a connected client makes them.
    pub(in crate::world) fn publication(&mut self, who: ParticipantId, index: usize, number: u32) {
        let scenario = Arc::clone(&self.scenario);
        let publication = &scenario.clients[who as usize - 1].publications[index];
        let host = self.host(who);
        let machine = host.machine.as_ref().filter(|_| !host.asleep);
        if machine.is_some_and(|machine| machine.state() != State::Idle) {
            let payload = publication
                .message
                .payload
                .replace("{n}", &number.to_string());
            let message = scenario::Message {
                payload,
                ..publication.message.clone()
            };
            let text = format!("{} publishes its regular message {number}", self.name(who));
            self.note_cause(Note::new(who, EventKind::Action, text));
            self.publish(who, &message);
        }
        if number < publication.count {
            let host = self.host(who);
            let wait = match publication.random {
                // Its own stream for each message: far from those of connections, which count from 1.
                true => host
                    .rng
                    .fork(1 << 63 | (index as u64) << 32 | u64::from(number))
                    .below(2 * publication.every + 1),
                false => publication.every,
            };
            let at = self.state.now + self.host(who).clock.true_span(wait);
            self.schedule(at, Happening::Publication(who, index, number + 1));
        }
    }

    /// What a client's application publishes because it got this message.
    pub(super) fn answers(
        &self,
        who: ParticipantId,
        received: &Received,
    ) -> Vec<scenario::Message> {
        let answers = self.scenario.clients[who as usize - 1]
            .habits
            .answers
            .iter();
        let wanted = answers.filter(|answer| topic::matches(&answer.filter, &received.topic));
        wanted
            .map(|answer| {
                let payload = answer.message.payload.replace("{topic}", &received.topic);
                scenario::Message {
                    payload: payload.replace("{payload}", &received.payload),
                    ..answer.message.clone()
                }
            })
            .filter(|message| message.payload.len() <= PAYLOAD_MAX)
            .collect()
    }

    /// Publishes what was called for by messages that came.
    pub(super) fn give_answers(&mut self, who: ParticipantId, answers: Vec<scenario::Message>) {
        for answer in answers {
            let text = format!(
                "{} answers with a message to {}",
                self.name(who),
                describe::clip(&answer.topic)
            );
            self.note(Note::new(who, EventKind::Action, text));
            self.publish(who, &answer);
        }
    }
}
