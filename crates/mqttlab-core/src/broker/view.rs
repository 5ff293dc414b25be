//! Looking at the broker without touching it: for views, metrics and operators.

use core::ops::Bound;

use crate::broker::arena::MessageKey;
use crate::broker::conn::{Conn, State};
use crate::broker::message::{Delivery, Message, Will};
use crate::broker::passport;
use crate::broker::session::Session;
use crate::broker::{Broker, Config, Counters};
use crate::id::{ConnId, PacketId};
use crate::packet::{QoS, SubscriptionOptions, Version};
use crate::qos::Stage;
use crate::time::Instant;

/// A network connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionView<'a> {
    /// Its name.
    pub conn: ConnId,
    /// How far it has come.
    pub phase: Phase,
    /// Client Identifier, once it is known.
    pub client_id: Option<&'a str>,
    /// Protocol version, once CONNECT has come.
    pub version: Option<Version>,
    /// Keep Alive in seconds; 0 for off.
    pub keep_alive: u16,
    /// When the last packet came.
    pub last_packet_at: Instant,
    /// When it is closed if nothing comes.
    pub deadline: Option<Instant>,
    /// Bytes that were sent and not reported as written.
    pub unflushed: u64,
    /// How many QoS 1 and 2 messages may be in flight to it.
    pub window: u16,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Phase {
    /// CONNECT must come.
    AwaitConnect,
    /// CONNECT has come, the answer has not.
    Authorizing,
    /// CONNACK was sent.
    Connected,
}

/// A session, connected or not.
#[derive(Clone, Copy, Debug)]
pub struct SessionView<'a> {
    broker: &'a Broker,
    session: &'a Session,
}

/// A subscription of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscriptionView<'a> {
    /// Topic Filter, with `$share/…` where it is shared.
    pub filter: &'a str,
    /// Its options, with the QoS that was granted.
    pub options: SubscriptionOptions,
    /// Subscription Identifier.
    pub identifier: Option<u32>,
}

/// A stored message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageView<'a> {
    /// Its number: the broker counts those that it accepts.
    pub number: u64,
    /// Client Identifier of the publisher; empty for the broker itself.
    pub publisher: &'a str,
    /// Its User Name, where it had one and that is known.
    pub user_name: Option<&'a str>,
    /// Topic Name.
    pub topic: &'a str,
    /// Application data.
    pub payload: &'a [u8],
    /// QoS at which it was published.
    pub qos: QoS,
    /// When it expires.
    pub expires_at: Option<Instant>,
}

/// A message that waits for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuedView<'a> {
    /// The message.
    pub message: MessageView<'a>,
    /// QoS of this hop.
    pub qos: QoS,
    /// RETAIN of this hop.
    pub retain: bool,
}

/// A message that was sent to a client and is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlightView<'a> {
    /// Packet Identifier.
    pub packet_id: PacketId,
    /// What it waits for.
    pub stage: Stage,
    /// The message.
    pub message: MessageView<'a>,
    /// It waits for being sent again on this connection.
    pub is_unsent: bool,
}

/// A will that may have to be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WillView<'a> {
    /// Will Topic.
    pub topic: &'a str,
    /// Will Payload.
    pub payload: &'a [u8],
    /// Will QoS.
    pub qos: QoS,
    /// Will Retain.
    pub retain: bool,
    /// Will Delay Interval in seconds.
    pub delay_s: u32,
    /// When it is published, if the connection has ended.
    pub due_at: Option<Instant>,
}

/// What the broker holds at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub struct Usage {
    /// Network connections.
    pub connections: usize,
    /// Sessions, connected or not.
    pub sessions: usize,
    /// What sessions with their wills and connections take up in the books, in bytes, without subscriptions and messages.
    pub session_bytes: u64,
    /// Subscriptions of all sessions.
    pub subscriptions: usize,
    /// What they and the tree of their levels take up in the books, in bytes.
    pub subscription_bytes: u64,
    /// Messages that wait, are in flight or retained; each once, whoever waits.
    pub messages: usize,
    /// Their bytes, with what our books of them cost.
    pub message_bytes: u64,
    /// Retained messages.
    pub retained: usize,
    /// Their bytes.
    pub retained_bytes: u64,
    /// The number of the last message that was accepted.
    pub last_message: u64,
}

impl Broker {
    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What happened how often.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How much there is of everything.
    pub fn usage(&self) -> Usage {
        Usage {
            connections: self.conns.len(),
            sessions: self.sessions.len(),
            session_bytes: self.session_bytes(),
            subscriptions: self.books.subscriptions(),
            subscription_bytes: self.subscription_bytes(),
            messages: self.messages.len(),
            message_bytes: self.messages.bytes(),
            retained: self.retained.len(),
            retained_bytes: self.retained.bytes(),
            last_message: self.last_number,
        }
    }

    /// How many network connections there are.
    pub fn connection_count(&self) -> usize {
        self.conns.len()
    }

    /// How many sessions there are, connected or not.
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// How many bytes sessions take up for their deliveries, beside the messages: the books of what waits and of what is
    /// in flight, in both directions.
    ///
    /// It looks at each session: call it for a report now and then.
    pub fn delivery_bytes(&self) -> u64 {
        let sessions = self.sessions.iter();
        let bytes: usize = sessions.map(|(_, session)| session.flow_memory()).sum();
        bytes as u64
    }

    /// The network connections, in an order that stays.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionView<'_>> {
        self.conns
            .iter()
            .map(|(_, conn)| self.connection_view(conn))
    }

    /// One network connection.
    pub fn connection(&self, conn: ConnId) -> Option<ConnectionView<'_>> {
        let key = *self.conn_keys.get(&conn)?;
        Some(self.connection_view(&self.conns[key]))
    }

    /// The sessions, by Client Identifier.
    pub fn sessions(&self) -> impl Iterator<Item = SessionView<'_>> {
        self.clients.values().map(|&key| SessionView {
            broker: self,
            session: &self.sessions[key],
        })
    }

    /// The sessions whose Client Identifiers come after this one, in their order: for whoever looks at them page by page.
    pub fn sessions_after(&self, client_id: &str) -> impl Iterator<Item = SessionView<'_>> {
        let after = (Bound::Excluded(client_id), Bound::Unbounded);
        let keys = self.clients.range::<str, _>(after);
        keys.map(|(_, &key)| SessionView {
            broker: self,
            session: &self.sessions[key],
        })
    }

    /// The session of one client.
    pub fn session(&self, client_id: &str) -> Option<SessionView<'_>> {
        let key = *self.clients.get(client_id)?;
        Some(SessionView {
            broker: self,
            session: &self.sessions[key],
        })
    }

    /// The retained messages, by topic.
    pub fn retained(&self) -> impl Iterator<Item = MessageView<'_>> {
        self.retained.iter().map(|(_, key)| self.message_view(key))
    }

    /// The retained messages whose topics come after this one, in their order.
    pub fn retained_after(&self, topic: &str) -> impl Iterator<Item = MessageView<'_>> {
        self.retained
            .iter_after(topic)
            .map(|key| self.message_view(key))
    }

    fn connection_view<'a>(&'a self, conn: &'a Conn) -> ConnectionView<'a> {
        let (phase, client_id, deadline) = match &conn.state {
            State::AwaitConnect => (Phase::AwaitConnect, None, conn.timer_at),
            State::Authorizing(candidate) => (
                Phase::Authorizing,
                Some(&*candidate.client_id),
                conn.timer_at,
            ),
            State::Connected(key) => {
                let client_id = Some(&*self.sessions[*key].client_id);
                (Phase::Connected, client_id, conn.keep_alive_deadline())
            }
        };
        ConnectionView {
            conn: conn.id,
            phase,
            client_id,
            version: client_id.map(|_| conn.version),
            keep_alive: conn.keep_alive,
            last_packet_at: conn.last_packet_at,
            deadline,
            unflushed: conn.unflushed,
            window: conn.window,
        }
    }

    fn message_view(&self, key: MessageKey) -> MessageView<'_> {
        MessageView::new(self.messages.get(key))
    }

    fn queued_view<'a>(&'a self, delivery: &'a Delivery) -> QueuedView<'a> {
        QueuedView {
            message: self.message_view(delivery.message),
            qos: delivery.qos,
            retain: delivery.retain,
        }
    }
}

impl<'a> MessageView<'a> {
    fn new(message: &'a Message) -> Self {
        Self {
            number: message.number,
            publisher: &message.source.client_id,
            user_name: passport::read(message.source.passport.as_ref()).user_name,
            topic: &message.topic,
            payload: &message.payload,
            qos: message.qos,
            expires_at: message.expires_at(),
        }
    }
}

impl<'a> SessionView<'a> {
    /// Client Identifier.
    pub fn client_id(&self) -> &'a str {
        &self.session.client_id
    }

    /// User Name that it belongs to.
    pub fn user_name(&self) -> Option<&'a str> {
        self.session.identity().user_name
    }

    /// What the driver [wrote](crate::broker::Grant::stamp) for its client; empty for nothing.
    pub fn stamp(&self) -> &'a [u8] {
        self.session.identity().stamp
    }

    /// Its connection, if it has one.
    pub fn conn(&self) -> Option<ConnId> {
        self.session.conn.map(|key| self.broker.conns[key].id)
    }

    /// How long it outlives its connection, in seconds; `u32::MAX` for without end.
    pub fn expiry_s(&self) -> u32 {
        self.session.expiry_s
    }

    /// When it ends, if it has no connection and an end.
    pub fn ends_at(&self) -> Option<Instant> {
        self.session.ends_at
    }

    /// Its subscriptions, by Topic Filter.
    pub fn subscriptions(&self) -> impl Iterator<Item = SubscriptionView<'a>> + use<'a> {
        self.session
            .subscriptions
            .iter()
            .map(|subscription| SubscriptionView {
                filter: &subscription.filter,
                options: subscription.granted.options,
                identifier: subscription.granted.identifiers().first().copied(),
            })
    }

    /// The messages that wait for it, in their order.
    pub fn queue(&self) -> impl Iterator<Item = QueuedView<'a>> + use<'a> {
        let broker = self.broker;
        self.session
            .flow()
            .queue
            .iter()
            .map(|delivery| broker.queued_view(delivery))
    }

    /// How many messages wait for it.
    pub fn queue_len(&self) -> usize {
        self.session.flow().queue.len()
    }

    /// What they take up in its books, in bytes.
    pub fn queue_bytes(&self) -> u64 {
        self.session.flow().queue.bytes()
    }

    /// The messages that were sent to it and are not done: those that wait for PUBCOMP, then the others, as sent.
    pub fn in_flight(&self) -> impl Iterator<Item = InFlightView<'a>> + use<'a> {
        let (broker, unsent_from) = (self.broker, self.session.flow().unsent_from);
        let mut is_unsent = false;
        self.session.flow().sender.iter().map(move |in_flight| {
            is_unsent |= unsent_from == Some(in_flight.packet_id);
            InFlightView {
                packet_id: in_flight.packet_id,
                stage: in_flight.stage,
                message: broker.message_view(in_flight.message.message),
                is_unsent,
            }
        })
    }

    /// Packet Identifiers of QoS 2 messages from the client that wait for PUBREL.
    pub fn incoming(&self) -> impl Iterator<Item = PacketId> + use<'a> {
        self.session.flow().receiver.iter()
    }

    /// Its will.
    pub fn will(&self) -> Option<WillView<'a>> {
        let will: &Will = self.session.will.as_deref()?;
        Some(WillView {
            topic: &will.topic,
            payload: &will.payload,
            qos: will.qos,
            retain: will.retain,
            delay_s: will.delay_s,
            due_at: self.session.will_at(),
        })
    }

    /// Topic Filters whose retained messages are still on their way.
    pub fn retained_owed(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.session
            .flow()
            .cursors
            .iter()
            .map(|cursor| &*cursor.filter)
    }
}
