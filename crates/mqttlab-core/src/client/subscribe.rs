//! SUBSCRIBE and UNSUBSCRIBE.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use crate::clause::Clause;
use crate::client::error::PeerErrorKind;
use crate::client::message::{check_user_properties, push_user_properties};
use crate::client::why::BugKind;
use crate::client::{
    Client, ClientError, Decision, Event, Part, Sink, State, SubscribeRequest, Subscription,
    Ticket, say,
};
use crate::id::PacketId;
use crate::packet::{
    FilterList, Packet, PacketType, QoS, SubAck, Subscribe, SubscriptionOptions, TopicList,
    Unsubscribe,
};
use crate::properties::{Property, PropertyList};
use crate::time::Instant;
use crate::topic;

/// The largest Subscription Identifier.
const IDENTIFIER_MAX: u32 = 268_435_455;

/// Requests that wait, and those whose answers have not come.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests {
    waiting: VecDeque<Request>,
    sent: Vec<(PacketId, Request)>,
}

#[derive(Clone, Debug)]
struct Request {
    /// `None` where the client itself renews subscriptions.
    ticket: Option<Ticket>,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Subscribe(SubscribeRequest),
    Unsubscribe(Vec<String>),
}

impl What {
    const fn packet_type(&self) -> PacketType {
        match self {
            Self::Subscribe(_) => PacketType::Subscribe,
            Self::Unsubscribe(_) => PacketType::Unsubscribe,
        }
    }
}

impl Requests {
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.sent.len()
    }

    pub(super) fn sent_count(&self) -> usize {
        self.sent.len()
    }

    pub(super) fn waiting_count(&self) -> usize {
        self.waiting.len()
    }

    /// How many filters the application has asked for and not got an answer about.
    fn filter_count(&self) -> usize {
        let sent = self.sent.iter().map(|(_, request)| request);
        let asked = self.waiting.iter().chain(sent);
        asked
            .filter(|request| request.ticket.is_some())
            .map(|request| match &request.what {
                What::Subscribe(subscribe) => subscribe.filters.len(),
                What::Unsubscribe(_) => 0,
            })
            .sum()
    }

    pub(super) fn sent_ids(&self) -> impl Iterator<Item = PacketId> {
        self.sent.iter().map(|&(packet_id, _)| packet_id)
    }
}

impl Client {
    /// Subscribes, at once or when there is a connection. [`Event::Subscribed`] brings what the server granted.
    ///
    /// # Errors
    /// When a filter is not valid, this server has no such subscriptions, or too much waits already.
    pub fn subscribe<S: Sink>(
        &mut self,
        now: Instant,
        request: SubscribeRequest,
        sink: &mut S,
    ) -> Result<Ticket, ClientError> {
        self.set_now(now);
        self.check_subscribe(&request)?;
        self.request(What::Subscribe(request), sink)
    }

    /// Unsubscribes, at once or when there is a connection. [`Event::Unsubscribed`] brings the answer.
    ///
    /// # Errors
    /// When a filter is not valid, or too much waits already.
    pub fn unsubscribe<S: Sink>(
        &mut self,
        now: Instant,
        filters: &[&str],
        sink: &mut S,
    ) -> Result<Ticket, ClientError> {
        self.set_now(now);
        if filters.is_empty() {
            return Err(ClientError::NoFilters);
        }
        filters.iter().try_for_each(|filter| check_filter(filter))?;
        let filters = filters.iter().map(|&filter| filter.into()).collect();
        self.request(What::Unsubscribe(filters), sink)
    }

    fn check_subscribe(&self, request: &SubscribeRequest) -> Result<(), ClientError> {
        if request.filters.is_empty() {
            return Err(ClientError::NoFilters);
        }
        for (filter, options) in &request.filters {
            check_filter(filter)?;
            let is_plain = *options == SubscriptionOptions::qos(options.qos);
            if !self.is_v5() && !is_plain {
                return Err(ClientError::NeedsVersion5(Part::SubscribeOptions));
            }
            if self.is_v5() {
                let (share, _) = topic::split_share(filter).map_err(ClientError::Filter)?;
                if share.is_some() && options.no_local {
                    return Err(ClientError::SharedNoLocal);
                }
            }
        }
        if request.identifier.is_some() || !request.user_properties.is_empty() {
            if !self.is_v5() {
                return Err(ClientError::NeedsVersion5(Part::SubscribeOptions));
            }
            check_user_properties(&request.user_properties)?;
        }
        let is_valid = |identifier| (1..=IDENTIFIER_MAX).contains(&identifier);
        if !request.identifier.is_none_or(is_valid) {
            return Err(ClientError::SubscriptionIdentifier);
        }
        Ok(())
    }

    fn request<S: Sink>(&mut self, what: What, sink: &mut S) -> Result<Ticket, ClientError> {
        if self.requests.len() >= self.options.requests_max {
            return Err(ClientError::TooManyRequests);
        }
        self.check_subscription_count(&what)?;
        if self.state == State::Connected {
            self.check_request(&what)?;
        }
        let ticket = self.next_ticket();
        if self.state != State::Connected {
            say(sink, None, || Decision::QueueRequest { ticket });
        }
        self.requests.waiting.push_back(Request {
            ticket: Some(ticket),
            what,
        });
        self.send_waiting_requests(sink);
        Ok(ticket)
    }

    /// Counts those that are asked for as if they were all granted.
    fn check_subscription_count(&self, what: &What) -> Result<(), ClientError> {
        let What::Subscribe(request) = what else {
            return Ok(());
        };
        let known = &self.session.subscriptions;
        let is_new = |filter: &str| !known.iter().any(|known| known.filter == filter);
        let new = request.filters.iter().filter(|(filter, _)| is_new(filter));
        let count = known.len() + self.requests.filter_count() + new.count();
        if count > self.options.subscriptions_max {
            return Err(ClientError::TooManySubscriptions);
        }
        Ok(())
    }

    /// Whether this server takes the request.
    fn check_request(&self, what: &What) -> Result<(), ClientError> {
        if let What::Subscribe(request) = what {
            let server = &self.server;
            if request.identifier.is_some() && !server.identifiers_available {
                return Err(ClientError::SubscriptionIdentifiersNotAvailable);
            }
            for (filter, _) in &request.filters {
                let is_shared = self.is_v5() && filter.starts_with("$share/");
                if is_shared && !server.shared_available {
                    return Err(ClientError::SharedNotAvailable);
                }
                if filter.contains(['+', '#']) && !server.wildcards_available {
                    return Err(ClientError::WildcardsNotAvailable);
                }
            }
        }
        with_packet(what, PacketId::FIRST, |packet| self.check_size(packet))
    }

    /// Sends the requests that wait. No window holds them back.
    pub(super) fn send_waiting_requests<S: Sink>(&mut self, sink: &mut S) {
        while self.state == State::Connected && self.wire.unflushed < self.options.write_buffer_max
        {
            let Some(request) = self.requests.waiting.pop_front() else {
                return;
            };
            if let Err(error) = self.check_request(&request.what) {
                let ticket = request.ticket;
                say(sink, None, || Decision::DropRequest { ticket, error });
                sink.event(Event::RequestDropped { ticket, error });
                continue;
            }
            let Some(packet_id) = self.session.outgoing.reserve() else {
                self.requests.waiting.push_front(request);
                return;
            };
            let (ticket, packet) = (request.ticket, request.what.packet_type());
            let clause = self.clause(Clause::V311_2_3_1_2, Clause::V5_2_2_1_3);
            say(sink, clause, || Decision::Request {
                ticket,
                packet,
                packet_id,
            });
            with_packet(&request.what, packet_id, |packet| {
                self.wire.send(self.now, packet, sink);
            });
            self.requests.sent.push((packet_id, request));
        }
    }

    /// The connection is gone: requests without an answer will be made again, in their order.
    pub(super) fn put_requests_back<S: Sink>(&mut self, sink: &mut S) {
        for (_, request) in core::mem::take(&mut self.requests.sent).into_iter().rev() {
            let ticket = request.ticket;
            // What the client renews by itself is made up anew for each connection.
            if ticket.is_some() {
                say(sink, None, || Decision::RepeatRequest { ticket });
                self.requests.waiting.push_front(request);
            }
        }
    }

    /// The server has no subscriptions of this client.
    pub(super) fn renew_subscriptions<S: Sink>(&mut self, sink: &mut S) {
        let filters = self.session.subscriptions.len();
        if filters == 0 {
            return;
        }
        let known = core::mem::take(&mut self.session.subscriptions);
        if !self.options.resubscribe {
            say(sink, None, || Decision::ForgetSubscriptions { filters });
            return;
        }
        say(sink, None, || Decision::Resubscribe { filters });
        let mut renewals: Vec<SubscribeRequest> = Vec::new();
        for subscription in &known {
            let entry = (subscription.filter.clone(), subscription.options);
            let identifier = subscription.identifier;
            match renewals.last_mut() {
                Some(last) if last.identifier == identifier && self.fits(last, &entry) => {
                    last.filters.push(entry);
                }
                Some(_) | None => renewals.push(SubscribeRequest {
                    filters: [entry].into(),
                    identifier,
                    user_properties: Vec::new(),
                }),
            }
        }
        // They stay known until SUBACK says otherwise, so that a loss before it does not forget them.
        self.session.subscriptions = known;
        for renewal in renewals.into_iter().rev() {
            self.requests.waiting.push_front(Request {
                ticket: None,
                what: What::Subscribe(renewal),
            });
        }
    }

    /// Whether one SUBSCRIBE takes another filter within the server's limit.
    fn fits(&self, request: &SubscribeRequest, entry: &(String, SubscriptionOptions)) -> bool {
        let filters = request.filters.iter().chain([entry]);
        let payload: usize = filters.map(|(filter, _)| filter.len() + 3).sum();
        // Fixed header, identifier and properties take less than 20 bytes.
        payload + 20 <= self.server.maximum_packet_size as usize
    }

    pub(super) fn on_suback<S: Sink>(&mut self, suback: SubAck<'_>, sink: &mut S) {
        let answered = self.answered(PacketType::SubAck, suback.packet_id, sink);
        let Some(Request {
            ticket,
            what: What::Subscribe(subscribe),
        }) = answered
        else {
            return;
        };
        let (filters, codes) = (subscribe.filters.len(), suback.codes.len());
        if filters != codes {
            let clause = self.clause(Clause::V311_3_8_4_5, Clause::V5_3_8_4_6);
            return self.fail(PeerErrorKind::CodeCount { filters, codes }, clause, sink);
        }
        let mut codes = suback.codes.to_vec();
        let entries = subscribe.filters.into_iter().zip(&mut codes);
        for (index, ((filter, options), code)) in entries.enumerate() {
            if *code >= 0x80 {
                let refused = *code;
                let clause = self.clause(Clause::V311_3_8_4_5, Clause::V5_3_8_4_7);
                say(sink, clause, || Decision::SubscriptionRefused {
                    index,
                    code: refused,
                });
                if self.options.bugs.ignore_suback_failure {
                    say(sink, None, || Decision::Bug(BugKind::IgnoreSubackFailure));
                    *code = options.qos.number();
                }
            }
            self.session
                .subscriptions
                .retain(|known| known.filter != filter);
            if let Some(granted) = QoS::from_u8(*code) {
                self.session.subscriptions.push(Subscription {
                    filter,
                    options,
                    identifier: subscribe.identifier,
                    granted,
                });
            }
        }
        let codes = &codes;
        sink.event(Event::Subscribed { ticket, codes });
        self.send_waiting(sink);
    }

    pub(super) fn on_unsuback<S: Sink>(&mut self, unsuback: SubAck<'_>, sink: &mut S) {
        let answered = self.answered(PacketType::UnsubAck, unsuback.packet_id, sink);
        let Some(Request {
            ticket: Some(ticket),
            what: What::Unsubscribe(filters),
        }) = answered
        else {
            return;
        };
        let (count, codes) = (filters.len(), unsuback.codes);
        if self.is_v5() && count != codes.len() {
            let kind = PeerErrorKind::CodeCount {
                filters: count,
                codes: codes.len(),
            };
            return self.fail(kind, Some(Clause::V5_3_11_3_1), sink);
        }
        for (index, filter) in filters.iter().enumerate() {
            // Before 5.0 there are no codes, and what was asked for is done.
            if codes.get(index).is_none_or(|&code| code < 0x80) {
                let subscriptions = &mut self.session.subscriptions;
                subscriptions.retain(|known| known.filter != *filter);
            }
        }
        sink.event(Event::Unsubscribed { ticket, codes });
        self.send_waiting(sink);
    }

    /// Takes out the request that was answered.
    fn answered<S: Sink>(
        &mut self,
        packet: PacketType,
        packet_id: PacketId,
        sink: &mut S,
    ) -> Option<Request> {
        let sent = &self.requests.sent;
        let Some(index) = sent.iter().position(|&(id, _)| id == packet_id) else {
            say(sink, None, || Decision::IgnoreAck { packet, packet_id });
            return None;
        };
        let wanted = match sent[index].1.what {
            What::Subscribe(_) => PacketType::SubAck,
            What::Unsubscribe(_) => PacketType::UnsubAck,
        };
        if packet != wanted {
            let kind = PeerErrorKind::WrongAcknowledgement { packet, packet_id };
            let clause = self.clause(Clause::V311_2_3_1_7, Clause::V5_2_2_1_6);
            self.fail(kind, clause, sink);
            return None;
        }
        self.session.outgoing.release(packet_id);
        Some(self.requests.sent.remove(index).1)
    }
}

fn check_filter(filter: &str) -> Result<(), ClientError> {
    topic::check_filter(filter).map_err(ClientError::Filter)
}

/// Builds the packet for a request.
fn with_packet<R>(what: &What, packet_id: PacketId, then: impl FnOnce(&Packet<'_>) -> R) -> R {
    let mut properties = PropertyList::new();
    match what {
        What::Subscribe(request) => {
            if let Some(identifier) = request.identifier {
                properties.push(Property::SubscriptionIdentifier(identifier));
            }
            push_user_properties(&mut properties, &request.user_properties);
            let mut list = FilterList::new();
            for (filter, options) in &request.filters {
                list.push(filter, *options);
            }
            then(&Packet::Subscribe(Subscribe {
                packet_id,
                properties: properties.properties(),
                filters: list.filters(),
            }))
        }
        What::Unsubscribe(filters) => {
            let mut list = TopicList::new();
            filters.iter().for_each(|filter| list.push(filter));
            then(&Packet::Unsubscribe(Unsubscribe {
                packet_id,
                properties: properties.properties(),
                filters: list.topics(),
            }))
        }
    }
}
