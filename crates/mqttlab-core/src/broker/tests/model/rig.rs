//! A broker and its clients, whose every packet is held against the model.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::format;
use std::string::String;
use std::vec::Vec;

use super::action::{Action, Connecting, NAMES, Swarm, WILL_TOPICS};
use super::reference::{Connection, Hop, Message, Model, Subscription, Verdict, Will};
use crate::broker::tests::cluster::Cluster;
use crate::broker::tests::script::own::own;
use crate::broker::{Access, Broker, Change, CloseReason, Identity, Input, Loss, Sink};
use crate::codec::Limits;
use crate::frame::Frame;
use crate::id::{ConnId, PacketId};
use crate::link::Link;
use crate::packet::{
    Ack, Connect, Disconnect, FilterList, Packet, PacketType, Publish, QoS, Side, Subscribe,
    TopicList, Unsubscribe, Version, Will as ConnectWill,
};
use crate::properties::{Properties, Property, PropertyList};
use crate::reason::ReasonCode;
use crate::time::{Duration, Instant};

/// A fault of a broker that the model must find, put between the broker and the clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Canary {
    None,
    /// Every so many QoS 1 messages to a client one is lost.
    LosesQos1(u32),
    /// Every so many QoS 2 messages to a client one comes twice.
    DoublesQos2(u32),
    /// Every so many messages one comes with the other RETAIN.
    TurnsRetain(u32),
    /// Messages come with the Message Expiry Interval that they had when they were published, or one more.
    StopsExpiry,
    /// What may not be received is received.
    IgnoresRights,
    /// Clients do not say how large their packets may be.
    IgnoresSizes,
}

/// What the broker said, in order.
#[derive(Default)]
struct Said {
    events: VecDeque<Event>,
    changes: Vec<Change<'static>>,
    /// Which client may not receive which topic.
    denied: BTreeSet<(&'static str, &'static str)>,
    /// Whose wills may not be published.
    unwilling: BTreeSet<&'static str>,
}

enum Event {
    Sent(ConnId, Vec<u8>),
    Closed(ConnId, CloseReason),
}

impl Sink for Said {
    fn send(&mut self, conn: ConnId, frame: &Frame<'_>) {
        let mut bytes = Vec::new();
        frame.write_to(&mut bytes);
        self.events.push_back(Event::Sent(conn, bytes));
    }

    fn close(&mut self, conn: ConnId, reason: CloseReason) {
        self.events.push_back(Event::Closed(conn, reason));
    }

    fn permits(&mut self, who: &Identity<'_>, access: Access, topic: &str) -> bool {
        let denied = |(name, denied): &(&str, &str)| *name == who.client_id && *denied == topic;
        match access {
            Access::Receive => !self.denied.iter().any(denied),
            Access::Publish => {
                !(WILL_TOPICS.contains(&topic) && self.unwilling.contains(who.client_id))
            }
            Access::Subscribe | Access::Retained => true,
        }
    }

    fn persist(&mut self, change: &Change<'_>) {
        self.changes.push(own(change));
    }
}

/// A client that keeps the standard's rules.
#[derive(Default)]
struct Peer {
    line: Option<Line>,
    /// What it has to answer, in order.
    answers: VecDeque<(PacketType, PacketId)>,
    /// QoS 2 messages that it has sent and not released.
    unreleased: VecDeque<(PacketId, Message)>,
    last_id: u16,
}

impl Peer {
    /// What was not answered will be sent again.
    fn hang_up(&mut self) {
        self.line = None;
        self.answers.clear();
    }
}

struct Line {
    conn: ConnId,
    link: Link,
    stalled: bool,
    unread: u64,
    packet_size_max: usize,
    /// What CONNACK must say.
    present: bool,
}

pub(super) struct Rig {
    swarm: Swarm,
    broker: Cluster,
    said: Said,
    model: Model,
    peers: BTreeMap<&'static str, Peer>,
    now: Instant,
    last_conn: u64,
    last_payload: u64,
    canary: Canary,
    seen: u32,
    /// How many shards the broker has.
    shards: u16,
}

impl Rig {
    pub(super) fn new(swarm: &Swarm, canary: Canary, shards: u16) -> Self {
        Self {
            swarm: swarm.clone(),
            broker: Cluster::new(&swarm.config, shards, 7),
            shards,
            said: Said::default(),
            model: Model::new(swarm.config.overlap, swarm.losses),
            peers: NAMES
                .into_iter()
                .map(|name| (name, Peer::default()))
                .collect(),
            now: Instant::ZERO,
            last_conn: 0,
            last_payload: 0,
            canary,
            seen: 0,
        }
    }

    /// Does one thing, if it can be done at this moment, and looks at all that follows.
    pub(super) fn step(&mut self, action: &Action) -> Verdict {
        match action {
            Action::Connect(name, how) => self.connect(name, how)?,
            Action::Wait(millis) => self.wait(Duration::from_millis(*millis))?,
            Action::Restart => self.restart(),
            Action::Own(topic, qos, retain) => {
                let message = self.message("", topic, *qos, *retain, false);
                self.model.publish(&message);
                self.handle(Input::Publish(publish(&message, None, false)))?;
            }
            Action::Deny(client, topic) => {
                self.model.deny(client, topic);
                if self.canary != Canary::IgnoresRights {
                    self.said.denied.insert((client, topic));
                }
            }
            Action::Permit(client, topic) => {
                self.model.permit(client, topic);
                self.said.denied.remove(&(client, topic));
            }
            Action::AllowWill(client, allowed) => {
                self.model.allow_will(client, *allowed);
                if *allowed {
                    self.said.unwilling.remove(client);
                } else {
                    self.said.unwilling.insert(client);
                }
            }
            Action::Publish { client, .. }
            | Action::Repeat(client)
            | Action::Release(client)
            | Action::Subscribe { client, .. }
            | Action::Unsubscribe(client, _)
            | Action::Acknowledge(client, _)
            | Action::Lose(client)
            | Action::Disconnect(client)
            | Action::Kick(client)
            | Action::Stall(client)
            | Action::Read(client) => {
                if let Some(line) = &self.peers[client].line {
                    let conn = line.conn;
                    self.act(client, conn, action)?;
                }
            }
        }
        self.wait(Duration::from_millis(1))?;
        self.model.check_settled()?;
        self.check_views()
    }

    /// Everybody comes back, reads and answers: then everything must have come.
    pub(super) fn drain(&mut self) -> Verdict {
        let names: Vec<&'static str> = self.model.sessions().collect();
        for name in names {
            if self.peers[name].line.is_none() {
                self.connect(name, &Connecting::back())?;
            }
            self.step(&Action::Read(name))?;
        }
        for _ in 0..1_000 {
            let busy = NAMES
                .into_iter()
                .find(|name| !self.peers[name].answers.is_empty());
            let Some(name) = busy else {
                break;
            };
            self.step(&Action::Acknowledge(name, 1))?;
        }
        self.model.check_done()
    }

    fn act(&mut self, name: &'static str, conn: ConnId, action: &Action) -> Verdict {
        match *action {
            Action::Publish { .. } => self.publish(name, conn, action),
            Action::Repeat(_) => {
                let first = self.peers[name].unreleased.front().cloned();
                first.map_or(Ok(()), |(id, message)| {
                    self.packet(conn, Packet::Publish(publish(&message, Some(id), true)))
                })
            }
            Action::Release(_) => {
                let first = self.peer(name).unreleased.pop_front();
                first.map_or(Ok(()), |(id, _)| {
                    self.packet(conn, Packet::PubRel(Ack::success(id)))
                })
            }
            Action::Subscribe {
                filter,
                subscription,
                ..
            } => self.subscribe(name, conn, filter, subscription),
            Action::Unsubscribe(_, filter) => {
                self.model.unsubscribe(name, filter);
                let mut filters = TopicList::new();
                filters.push(filter);
                let packet_id = self.packet_id(name);
                let properties = Properties::EMPTY;
                let filters = filters.topics();
                self.packet(
                    conn,
                    Packet::Unsubscribe(Unsubscribe {
                        packet_id,
                        properties,
                        filters,
                    }),
                )
            }
            Action::Acknowledge(_, count) => self.acknowledge(name, conn, count),
            Action::Lose(_) => {
                self.forget_line(name, true);
                self.handle(Input::Lost {
                    conn,
                    how: Loss::Rst,
                })
            }
            Action::Disconnect(_) => {
                self.forget_line(name, false);
                let (reason, properties) = (ReasonCode::Success, Properties::EMPTY);
                self.packet(conn, Packet::Disconnect(Disconnect { reason, properties }))
            }
            Action::Kick(_) => {
                self.forget_line(name, true);
                let reason = ReasonCode::AdministrativeAction;
                self.handle(Input::Close { conn, reason })
            }
            Action::Stall(_) => {
                self.stall(name, true);
                Ok(())
            }
            Action::Read(_) => {
                self.stall(name, false);
                self.flush()
            }
            Action::Connect(..)
            | Action::Wait(_)
            | Action::Restart
            | Action::Own(..)
            | Action::Deny(..)
            | Action::Permit(..)
            | Action::AllowWill(..) => Ok(()),
        }
    }

    fn connect(&mut self, name: &'static str, how: &Connecting) -> Verdict {
        self.last_conn += 1;
        let conn = ConnId::new(self.last_conn).expect("not 0");
        let wanted = how.will.filter(|_| !self.model.is_unwilling(name));
        let will = wanted.map(|(qos, retain, delay_s)| {
            let at = NAMES
                .iter()
                .position(|other| *other == name)
                .expect("a name");
            Will {
                message: self.message(name, WILL_TOPICS[at], qos, retain, false),
                delay_s,
            }
        });
        let (clean, expiry_s) = match how.version {
            Version::V5 => (how.clean, how.expiry_s),
            Version::V3_1 | Version::V3_1_1 if how.clean => (true, 0),
            Version::V3_1 | Version::V3_1_1 => (false, self.swarm.config.session_expiry_v3_s),
        };
        let window = match how.version {
            Version::V5 => self.swarm.config.in_flight_max.min(how.receive_maximum),
            Version::V3_1 | Version::V3_1_1 => self.swarm.config.in_flight_max,
        };
        let packet_size_max = match how.version {
            Version::V5 => how.packet_size_max.map_or(usize::MAX, |max| max as usize),
            Version::V3_1 | Version::V3_1_1 => usize::MAX,
        };
        let present = self.model.connect(
            self.now,
            name,
            Connection {
                conn,
                version: how.version,
                clean,
                expiry_s,
                window: usize::from(window),
                packet_size_max,
                will: will.clone(),
            },
        );
        let limits = Limits {
            topic_alias_max: 2,
            ..Limits::default()
        };
        let peer = self.peer(name);
        peer.hang_up();
        if !present {
            peer.unreleased.clear();
        }
        peer.line = Some(Line {
            conn,
            link: Link::new(Side::Client, how.version, limits),
            stalled: false,
            unread: 0,
            packet_size_max,
            present,
        });
        self.handle(Input::Open { conn })?;
        self.send_connect(name, conn, how, will.as_ref())
    }

    fn send_connect(
        &mut self,
        name: &'static str,
        conn: ConnId,
        how: &Connecting,
        will: Option<&Will>,
    ) -> Verdict {
        let mut properties = PropertyList::new();
        let mut will_properties = PropertyList::new();
        if how.version == Version::V5 {
            properties.push(Property::SessionExpiryInterval(how.expiry_s));
            properties.push(Property::ReceiveMaximum(how.receive_maximum));
            properties.push(Property::TopicAliasMaximum(2));
            let max = how.packet_size_max;
            if let Some(max) = max.filter(|_| self.canary != Canary::IgnoresSizes) {
                properties.push(Property::MaximumPacketSize(max));
            }
            if let Some(will) = will {
                will_properties.push(Property::WillDelayInterval(will.delay_s));
            }
        }
        let will = will.map(|will| ConnectWill {
            topic: will.message.topic,
            payload: will.message.payload.as_bytes(),
            qos: will.message.qos,
            retain: will.message.retain,
            properties: will_properties.properties(),
        });
        self.packet(
            conn,
            Packet::Connect(Connect {
                version: how.version,
                clean_start: how.clean,
                keep_alive: 0,
                client_id: name,
                will,
                user_name: None,
                password: None,
                properties: properties.properties(),
            }),
        )
    }

    fn publish(&mut self, name: &'static str, conn: ConnId, action: &Action) -> Verdict {
        let Action::Publish {
            topic,
            qos,
            retain,
            empty,
            expiry_s,
            large,
            ..
        } = *action
        else {
            return Ok(());
        };
        let maximum = self
            .swarm
            .config
            .receive_maximum
            .min(self.swarm.config.receive_maximum_v3);
        if qos == QoS::ExactlyOnce && self.peers[name].unreleased.len() >= usize::from(maximum) {
            return Ok(());
        }
        let mut message = self.message(name, topic, qos, retain, empty);
        if large && !empty {
            message.payload.push_str(&"x".repeat(60));
        }
        let line = self.peers[name].line.as_ref().expect("it is connected");
        let expiry_s = expiry_s.filter(|_| line.link.version() == Version::V5);
        message.expires_at =
            expiry_s.map(|seconds| self.now + Duration::from_secs(u64::from(seconds)));
        self.model.publish(&message);
        let packet_id = (qos != QoS::AtMostOnce).then(|| self.packet_id(name));
        if let (QoS::ExactlyOnce, Some(id)) = (qos, packet_id) {
            self.peer(name).unreleased.push_back((id, message.clone()));
        }
        let mut properties = PropertyList::new();
        if let Some(seconds) = expiry_s {
            properties.push(Property::MessageExpiryInterval(seconds));
        }
        let mut publish = publish(&message, packet_id, false);
        publish.properties = properties.properties();
        self.packet(conn, Packet::Publish(publish))
    }

    fn subscribe(
        &mut self,
        name: &'static str,
        conn: ConnId,
        filter: &'static str,
        mut subscription: Subscription,
    ) -> Verdict {
        let line = self.peers[name].line.as_ref().expect("it is connected");
        let mut properties = PropertyList::new();
        if line.link.version() == Version::V5 {
            if subscription.identifier != 0 {
                properties.push(Property::SubscriptionIdentifier(subscription.identifier));
            }
        } else {
            subscription.identifier = 0;
            subscription.options =
                crate::packet::SubscriptionOptions::qos(subscription.options.qos);
        }
        // No Local on a shared subscription breaks the protocol.
        subscription.options.no_local &= !filter.starts_with("$share/");
        self.model.subscribe(name, filter, subscription);
        let mut filters = FilterList::new();
        filters.push(filter, subscription.options);
        let packet_id = self.packet_id(name);
        let (properties, filters) = (properties.properties(), filters.filters());
        self.packet(
            conn,
            Packet::Subscribe(Subscribe {
                packet_id,
                properties,
                filters,
            }),
        )
    }

    fn acknowledge(&mut self, name: &'static str, conn: ConnId, count: u64) -> Verdict {
        for _ in 0..count {
            let gone = self.peers[name]
                .line
                .as_ref()
                .is_none_or(|line| line.conn != conn);
            let Some((kind, id)) = self.peer(name).answers.pop_front().filter(|_| !gone) else {
                break;
            };
            self.model.acknowledge(name, id.number());
            let ack = Ack::success(id);
            let packet = match kind {
                PacketType::PubRec => Packet::PubRec(ack),
                PacketType::PubComp => Packet::PubComp(ack),
                _ => Packet::PubAck(ack),
            };
            self.packet(conn, packet)?;
        }
        Ok(())
    }

    fn restart(&mut self) {
        // The number of shards is not the store's.
        if self.shards > 1 {
            self.shards = self.shards % 5 + 1;
        }
        let changes = &self.said.changes;
        self.broker = Cluster::restore(&self.swarm.config, self.shards, 7, self.now, changes);
        // The store hears when the sessions end that were connected.
        self.broker.hand(self.now, Input::Wake, &mut self.said);
        self.broker.hear_all(self.now, &mut self.said);
        self.model.restart(self.now);
        for peer in self.peers.values_mut() {
            peer.hang_up();
        }
    }

    fn stall(&mut self, name: &'static str, stalled: bool) {
        self.model.stall(name, stalled);
        if let Some(line) = &mut self.peer(name).line {
            line.stalled = stalled;
        }
    }

    fn forget_line(&mut self, name: &'static str, with_will: bool) {
        self.peer(name).hang_up();
        self.model.lose(self.now, name, with_will);
    }

    fn peer(&mut self, name: &str) -> &mut Peer {
        self.peers.get_mut(name).expect("a name")
    }

    fn packet_id(&mut self, name: &str) -> PacketId {
        let peer = self.peer(name);
        peer.last_id = peer.last_id % 1_000 + 1;
        PacketId::new(peer.last_id).expect("not 0")
    }

    fn message(
        &mut self,
        publisher: &'static str,
        topic: &'static str,
        qos: QoS,
        retain: bool,
        empty: bool,
    ) -> Message {
        self.last_payload += 1;
        let payload = if empty {
            String::new()
        } else {
            format!("{}", self.last_payload)
        };
        Message {
            publisher,
            topic,
            payload,
            qos,
            retain,
            expires_at: None,
        }
    }

    fn packet(&mut self, conn: ConnId, packet: Packet<'_>) -> Verdict {
        self.handle(Input::Packet { conn, packet })
    }

    fn handle(&mut self, input: Input<'_>) -> Verdict {
        self.broker.hand(self.now, input, &mut self.said);
        self.broker.hear_all(self.now, &mut self.said);
        self.broker.check_settled();
        while let Some(event) = self.said.events.pop_front() {
            match event {
                Event::Sent(conn, bytes) => self.on_sent(conn, &bytes)?,
                Event::Closed(conn, reason) => self.on_closed(conn, reason)?,
            }
        }
        self.flush()
    }

    /// Whoever reads has read.
    fn flush(&mut self) -> Verdict {
        for name in NAMES {
            if let Some(line) = &mut self.peer(name).line
                && !line.stalled
                && line.unread > 0
            {
                let (conn, bytes) = (line.conn, core::mem::take(&mut line.unread));
                self.handle(Input::Flushed { conn, bytes })?;
            }
        }
        Ok(())
    }

    fn owner(&self, conn: ConnId) -> Option<&'static str> {
        let has = |peer: &Peer| peer.line.as_ref().is_some_and(|line| line.conn == conn);
        NAMES.into_iter().find(|name| has(&self.peers[name]))
    }

    /// The broker closes a connection by itself only if its client does not read.
    fn on_closed(&mut self, conn: ConnId, reason: CloseReason) -> Verdict {
        let Some(name) = self.owner(conn) else {
            return Ok(());
        };
        let stalled = self.peers[name]
            .line
            .as_ref()
            .is_some_and(|line| line.stalled);
        if !stalled || reason != CloseReason::Quota(ReasonCode::QuotaExceeded) {
            return Err(format!("{name} is disconnected: {reason}"));
        }
        self.forget_line(name, true);
        Ok(())
    }

    fn on_sent(&mut self, conn: ConnId, bytes: &[u8]) -> Verdict {
        let Some(name) = self.owner(conn) else {
            // The last word on a connection that is gone; messages are none of it.
            let kind = PacketType::from_first_byte(bytes[0]);
            return match kind {
                Some(PacketType::Publish | PacketType::PubRel) => {
                    Err(format!("{bytes:02x?} on a connection that is gone"))
                }
                _ => Ok(()),
            };
        };
        let peer = self.peers.get_mut(name).expect("a name");
        let line = peer.line.as_mut().expect("its owner");
        line.unread += bytes.len() as u64;
        if bytes.len() > line.packet_size_max {
            return Err(format!(
                "{name} gets {} bytes at once, too many",
                bytes.len()
            ));
        }
        // MQTT 3.1 has no Session Present.
        let untold = line.link.version() == Version::V3_1;
        let present = line.present && !untold;
        let packet = line.link.next_packet(&mut { bytes });
        let packet = packet.map_err(|error| format!("{name} gets no packet: {error}"))?;
        match packet.ok_or("half a packet")? {
            Packet::Publish(publish) => {
                let hop = seen(&publish);
                let (id, dup) = (publish.packet_id, publish.dup);
                match (publish.qos, id) {
                    (QoS::AtLeastOnce, Some(id)) => {
                        peer.answers.push_back((PacketType::PubAck, id));
                    }
                    (QoS::ExactlyOnce, Some(id)) => {
                        peer.answers.push_back((PacketType::PubRec, id));
                    }
                    _ => {}
                }
                self.deliver(name, conn, hop, id.map(PacketId::number), dup)
            }
            Packet::PubRel(ack) => {
                peer.answers.push_back((PacketType::PubComp, ack.packet_id));
                self.model.on_pubrel(name, conn, ack.packet_id.number())
            }
            Packet::ConnAck(connack) => {
                let right = connack.session_present == present;
                let right = right && connack.reason == ReasonCode::Success;
                right
                    .then_some(())
                    .ok_or_else(|| format!("{name} gets {connack:?}"))
            }
            Packet::PubAck(ack) | Packet::PubRec(ack) | Packet::PubComp(ack) => {
                let right = !ack.reason.is_error();
                right
                    .then_some(())
                    .ok_or_else(|| format!("{name} gets {ack:?}"))
            }
            Packet::SubAck(ack) => {
                let right = ack.codes.iter().all(|code| *code < 3);
                right
                    .then_some(())
                    .ok_or_else(|| format!("{name} gets {ack:?}"))
            }
            _ => Ok(()),
        }
    }

    /// Lets the model see a message as the canary shows it.
    fn deliver(
        &mut self,
        name: &'static str,
        conn: ConnId,
        mut hop: Hop,
        id: Option<u16>,
        dup: bool,
    ) -> Verdict {
        let mut turn = |every: u32, applies: bool| {
            self.seen += u32::from(applies);
            applies && self.seen.is_multiple_of(every)
        };
        match self.canary {
            Canary::None | Canary::IgnoresRights | Canary::IgnoresSizes => {}
            Canary::StopsExpiry => hop.expiry_s = hop.expiry_s.map(|seconds| seconds + 1),
            Canary::LosesQos1(every) => {
                if turn(every, hop.qos == QoS::AtLeastOnce) {
                    return Ok(());
                }
            }
            Canary::DoublesQos2(every) => {
                if turn(every, hop.qos == QoS::ExactlyOnce) {
                    self.model.on_publish(name, conn, &hop, id, dup)?;
                }
            }
            Canary::TurnsRetain(every) => {
                hop.retain ^= turn(every, true);
            }
        }
        self.model.on_publish(name, conn, &hop, id, dup)
    }

    fn wait(&mut self, time: Duration) -> Verdict {
        let end = self.now + time;
        while let Some(at) = self.broker.next_deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.model.advance(self.now);
            self.handle(Input::Wake)?;
        }
        self.now = end;
        self.model.advance(end);
        Ok(())
    }

    /// What can be looked up is what the model says.
    fn check_views(&self) -> Verdict {
        let text = |payload: &[u8]| String::from_utf8_lossy(payload).into_owned();
        let there: Vec<(&str, String)> = self.broker.shards[0]
            .retained()
            .map(|message| (message.topic, text(message.payload)))
            .collect();
        let wanted: Vec<(&str, String)> = self
            .model
            .retained()
            .map(|(topic, payload)| (topic, payload.into()))
            .collect();
        if there != wanted {
            return Err(format!("retained are {there:?}, not {wanted:?}"));
        }
        let shards = self.broker.shards.iter();
        let sessions = shards.flat_map(Broker::sessions);
        let mut there: Vec<&str> = sessions.map(|one| one.client_id()).collect();
        there.sort_unstable();
        let wanted: Vec<&str> = self.model.sessions().collect();
        if there != wanted {
            return Err(format!("the sessions are {there:?}, not {wanted:?}"));
        }
        Ok(())
    }
}

fn publish<'a>(message: &'a Message, packet_id: Option<PacketId>, dup: bool) -> Publish<'a> {
    Publish {
        dup,
        qos: message.qos,
        retain: message.retain,
        topic: message.topic,
        packet_id,
        properties: Properties::EMPTY,
        payload: message.payload.as_bytes(),
    }
}

fn seen(publish: &Publish<'_>) -> Hop {
    let mut identifiers: Vec<u32> = publish
        .properties
        .iter()
        .filter_map(|property| match property {
            Property::SubscriptionIdentifier(identifier) => Some(identifier),
            _ => None,
        })
        .collect();
    identifiers.sort_unstable();
    let expiry_s = publish
        .properties
        .iter()
        .find_map(|property| match property {
            Property::MessageExpiryInterval(seconds) => Some(seconds),
            _ => None,
        });
    Hop {
        expiry_s,
        topic: publish.topic.into(),
        payload: String::from_utf8_lossy(publish.payload).into_owned(),
        qos: publish.qos,
        retain: publish.retain,
        identifiers,
    }
}
