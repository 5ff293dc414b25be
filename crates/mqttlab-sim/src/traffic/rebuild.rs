//! Who was there; and a scenario with clients that do what those did.

use std::collections::{BTreeMap, BTreeSet};

use mqttlab_core::broker::{Change, Loss};
use mqttlab_core::client::{Options, Reconnect, WillOptions};
use mqttlab_core::link::{Link, Side};
use mqttlab_core::packet::{Connect, Packet, Publish, Version};
use mqttlab_core::properties::{Properties, Property};
use mqttlab_core::reason::ReasonCode;

use super::entry::{Answer, Entry, What};
use super::{Header, Payloads, Traffic};
use crate::describe::{no_limits, payload_text};
use crate::scenario::{
    Act, Action, BrokerSpec, CLIENTS_MAX, ClientBugs, ClientSpec, Habits, LinkSpec, Message,
    SCRIPT_MAX, Scenario, Step, duration,
};
use crate::view::{Micros, ParticipantId};

/// The name of whoever never said one, and of those who came when there were too many.
const OTHERS: &str = "others";
/// A scenario is read by people: longer payloads are cut there.
const PAYLOAD_SHOWN_MAX: usize = 4 << 10;
/// And all of them together.
const PAYLOADS_MAX: usize = 512 << 10;
/// How long a packet of a scenario that was made of traffic takes, at most and at least.
const LATENCY_MAX: Micros = 1_000;
const LATENCY_MIN: Micros = 10;
/// What happens in it happens so much later than it was recorded, so that it can be prepared.
const HEAD_START: Micros = 10_000;

/// The participants of traffic, by the connections that they used.
pub(super) struct Cast {
    members: Vec<Member>,
    by_conn: BTreeMap<u64, ParticipantId>,
}

struct Member {
    name: String,
    options: Options,
}

impl Cast {
    /// One for each Client Identifier.
    pub(super) fn of(traffic: &Traffic) -> Self {
        let mut cast = Self {
            members: Vec::new(),
            by_conn: BTreeMap::new(),
        };
        let mut by_id: BTreeMap<String, ParticipantId> = BTreeMap::new();
        let mut opened = Vec::new();
        for entry in &traffic.entries {
            if let What::Open { conn } = &entry.what {
                opened.push(*conn);
            }
            let What::Packet { conn, bytes } = &entry.what else {
                continue;
            };
            if cast.by_conn.contains_key(conn) {
                continue;
            }
            let Some(options) = connect_options(bytes) else {
                continue;
            };
            let key = match options.client_id.as_str() {
                "" => format!("\0{conn}"),
                id => id.to_owned(),
            };
            let who = match by_id.get(&key) {
                Some(&who) => who,
                None => cast.add(options),
            };
            by_id.insert(key, who);
            cast.by_conn.insert(*conn, who);
        }
        let nameless = opened.iter().any(|conn| !cast.by_conn.contains_key(conn));
        if nameless || cast.members.is_empty() {
            cast.others();
        }
        cast
    }

    /// Takes in somebody under a name of their own.
    fn add(&mut self, options: Options) -> ParticipantId {
        if self.members.len() + 1 >= CLIENTS_MAX {
            return self.others();
        }
        let wanted = name_of(&options.client_id);
        let is_new = |name: &str| self.members.iter().all(|member| member.name != name);
        let name = (1_u32..)
            .map(|number| match number {
                1 => wanted.clone(),
                number => format!("{}.{number}", wanted.chars().take(24).collect::<String>()),
            })
            .find(|name| is_new(name))
            .unwrap_or_default();
        self.members.push(Member { name, options });
        self.members.len() as ParticipantId
    }

    fn others(&mut self) -> ParticipantId {
        let found = self.members.iter().position(|it| it.name == OTHERS);
        let index = found.unwrap_or_else(|| {
            self.members.push(Member {
                name: OTHERS.to_owned(),
                options: Options::default(),
            });
            self.members.len() - 1
        });
        index as ParticipantId + 1
    }

    /// Whose connection this is.
    pub(super) fn participant(&self, conn: u64) -> ParticipantId {
        let others = || {
            let found = self.members.iter().position(|it| it.name == OTHERS);
            found.map_or(1, |index| index as ParticipantId + 1)
        };
        self.by_conn.get(&conn).copied().unwrap_or_else(others)
    }

    /// A scenario of these participants in which nothing happens.
    pub(super) fn scenario(&self, traffic: &Traffic, latency: Micros) -> Scenario {
        let last = traffic.timeline().last();
        let until = last.map_or(0, |(at, _)| at).min(duration::MAX);
        Scenario {
            id: "recorded".into(),
            title: format!("What {} was handed", traffic.header.engine),
            about: String::new(),
            mqtt: Version::default(),
            seed: 1,
            until,
            broker: BrokerSpec {
                policy: (*traffic.header.config).clone(),
                ..BrokerSpec::default()
            },
            clients: self.members.iter().map(|it| it.spec(latency)).collect(),
            rules: Vec::new(),
            script: Vec::new(),
            inputs: Vec::new(),
            expectations: Vec::new(),
            watched: Vec::new(),
        }
    }
}

impl Member {
    fn spec(&self, latency: Micros) -> ClientSpec {
        ClientSpec {
            name: self.name.clone(),
            options: self.options.clone(),
            subscriptions: Vec::new(),
            publications: Vec::new(),
            habits: Habits::default(),
            bugs: ClientBugs::default(),
            link: LinkSpec {
                latency_up: latency,
                latency_down: latency,
                ..LinkSpec::default()
            },
        }
    }
}

/// A name for a scenario, as like this one as may be.
fn name_of(client_id: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let plain = client_id.chars().map(|c| if is_plain(c) { c } else { '-' });
    let name: String = plain.take(28).collect();
    match name.as_str() {
        "" => "nameless".to_owned(),
        "broker" => "broker-".to_owned(),
        _ => name,
    }
}

/// What a CONNECT says; `None` where the bytes are none.
fn connect_options(bytes: &[u8]) -> Option<Options> {
    let mut link = Link::new(Side::Server, Version::default(), no_limits());
    match link.next_packet(&mut &bytes[..]) {
        Ok(Some(Packet::Connect(connect))) => Some(options_of(&connect)),
        Ok(_) | Err(_) => None,
    }
}

fn options_of(connect: &Connect<'_>) -> Options {
    let mut options = Options {
        client_id: connect.client_id.to_owned(),
        version: connect.version,
        clean_start: connect.clean_start,
        keep_alive: connect.keep_alive,
        user_name: connect.user_name.map(str::to_owned),
        reconnect: Reconnect::Never,
        resubscribe: false,
        ..Options::default()
    };
    for property in connect.properties.iter() {
        if let Property::SessionExpiryInterval(seconds) = property {
            options.session_expiry = seconds;
        } else if let Property::ReceiveMaximum(most) = property {
            options.receive_maximum = most;
        } else if let Property::MaximumPacketSize(most) = property {
            options.maximum_packet_size = Some(most);
        }
    }
    options.will = connect.will.map(|will| WillOptions {
        topic: will.topic.to_owned(),
        payload: shown(will.payload).into_bytes().into(),
        qos: will.qos,
        retain: will.retain,
        delay: will
            .properties
            .iter()
            .find_map(|property| {
                if let Property::WillDelayInterval(seconds) = property {
                    Some(seconds)
                } else {
                    None
                }
            })
            .unwrap_or(0),
        ..WillOptions::default()
    });
    options
}

/// A payload as text, and not too much of it.
fn shown(payload: &[u8]) -> String {
    let mut text = payload_text(&payload[..payload.len().min(PAYLOAD_SHOWN_MAX)]);
    text.truncate(text.floor_char_boundary(PAYLOAD_SHOWN_MAX));
    text
}

fn expiry_of(properties: Properties<'_>) -> Option<u32> {
    let mut all = properties.iter();
    all.find_map(|property| {
        if let Property::MessageExpiryInterval(seconds) = property {
            Some(seconds)
        } else {
            None
        }
    })
}

fn message(publish: &Publish<'_>) -> Message {
    Message {
        topic: publish.topic.to_owned(),
        payload: shown(publish.payload),
        qos: publish.qos,
        retain: publish.retain,
        expiry: expiry_of(publish.properties),
    }
}

impl Traffic {
    /// So short that each client can do what it did as soon as it did: nobody says anything before CONNACK has come.
    fn latency(&self) -> Micros {
        let mut latency = LATENCY_MAX;
        // When CONNECT came on the connections on which nothing else has come since.
        let mut fresh: BTreeMap<u64, Option<Micros>> = BTreeMap::new();
        for (at, entry) in self.timeline() {
            match &entry.what {
                What::Open { conn } => drop(fresh.insert(*conn, None)),
                What::Packet { conn, .. } => match fresh.remove(conn) {
                    Some(None) => drop(fresh.insert(*conn, Some(at))),
                    Some(Some(connected)) => latency = latency.min((at - connected) / 2),
                    None => {}
                },
                What::Malformed { .. }
                | What::Lost { .. }
                | What::Flushed { .. }
                | What::Authorized { .. }
                | What::Close { .. }
                | What::EndSession { .. }
                | What::Publish { .. }
                | What::Configure(_)
                | What::Wake
                | What::End { .. }
                | What::Leave { .. }
                | What::Peer { .. } => {}
            }
        }
        latency.max(LATENCY_MIN)
    }

    /// A scenario in which clients do what those in the traffic did, at the same times, with a broker that is configured
    /// alike: to be played, stepped through and changed.
    ///
    /// It is told again, not the same run: clients acknowledge at once and choose their own Packet Identifiers, payloads are
    /// text, and what has no words in a scenario is left out; its `about` says how much. [`replay`](Self::replay) is exact.
    pub fn to_scenario(&self) -> Scenario {
        let mut retold = Retold::new(self.latency());
        for record in &self.header.kept {
            if let Change::Retained { message } = record.change() {
                let payload = shown(message.payload);
                retold.bytes += payload.len();
                let message = Message {
                    topic: message.topic.to_owned(),
                    payload,
                    qos: message.qos,
                    retain: true,
                    expiry: None,
                };
                retold.step(0, 0, Act::Publish(message));
            } else {
                retold.left_out += 1;
            }
        }
        for (index, (at, entry)) in self.timeline().enumerate() {
            let at = HEAD_START + at;
            if retold.is_full() || at > duration::MAX {
                retold.cut_at = Some(self.entries.len() - index);
                break;
            }
            retold.tell(at, entry);
        }
        let until = retold.script.last().map_or(0, |step| step.at) + 2_000_000;
        let mut scenario = retold.cast.scenario(self, retold.latency);
        scenario.until = until.min(duration::MAX);
        scenario.title = format!("Recorded by {}", self.header.engine);
        scenario.about = retold.about(&self.header);
        scenario.script = retold.script;
        scenario.script.sort_by_key(|step| step.at);
        scenario
    }
}

/// A scenario that is being written.
struct Retold {
    cast: Cast,
    latency: Micros,
    /// Those that a connection has now, so that two at once are two participants.
    busy: BTreeSet<ParticipantId>,
    open: BTreeMap<u64, Talk>,
    script: Vec<Step>,
    bytes: usize,
    left_out: usize,
    refused: usize,
    cut_at: Option<usize>,
}

/// A connection that was let in, or is about to be.
struct Talk {
    who: Option<ParticipantId>,
    link: Link,
    /// It said DISCONNECT.
    is_done: bool,
}

impl Retold {
    fn new(latency: Micros) -> Self {
        Self {
            latency,
            cast: Cast {
                members: Vec::new(),
                by_conn: BTreeMap::new(),
            },
            busy: BTreeSet::new(),
            open: BTreeMap::new(),
            script: Vec::new(),
            bytes: 0,
            left_out: 0,
            refused: 0,
            cut_at: None,
        }
    }

    fn is_full(&self) -> bool {
        // A SUBSCRIBE may be many steps; they are counted one by one, too.
        self.script.len() >= SCRIPT_MAX || self.bytes >= PAYLOADS_MAX
    }

    fn step(&mut self, at: Micros, who: ParticipantId, act: Act) {
        if self.script.len() < SCRIPT_MAX {
            let action = Action { who, act };
            self.script.push(Step {
                at,
                when: None,
                action,
            });
        } else {
            self.left_out += 1;
        }
    }

    fn tell(&mut self, at: Micros, entry: &Entry) {
        match &entry.what {
            What::Open { conn } => {
                let talk = Talk {
                    who: None,
                    link: Link::new(Side::Server, Version::default(), no_limits()),
                    is_done: false,
                };
                self.open.insert(*conn, talk);
            }
            What::Packet { conn, bytes } => {
                let said_no = |answer: &Answer| {
                    matches!(answer, Answer::Deny { .. } | Answer::Redirect { .. })
                };
                if entry.answers.iter().any(said_no) {
                    self.refused += 1;
                    self.open.remove(conn);
                } else if let Some(mut talk) = self.open.remove(conn) {
                    self.packet(at, bytes, &mut talk);
                    self.open.insert(*conn, talk);
                }
            }
            What::Authorized { conn, answer } => {
                if matches!(answer, Answer::Deny { .. } | Answer::Redirect { .. }) {
                    self.refused += 1;
                    self.forget(*conn);
                }
            }
            What::Lost { conn, how } => self.lost(at, *conn, *how),
            What::Malformed { conn, .. } | What::Close { conn, .. } => {
                self.left_out += 1;
                self.lost(at, *conn, Loss::Rst);
            }
            What::Publish { .. } => self.left_out += 1,
            What::EndSession { .. } | What::Configure(_) => self.left_out += 1,
            What::Leave { conn } => self.forget(*conn),
            // These follow from the rest.
            What::Flushed { .. } | What::Wake | What::Peer { .. } | What::End { .. } => {}
        }
    }

    /// A connection is over, and whoever had it may have another.
    fn lost(&mut self, at: Micros, conn: u64, how: Loss) {
        let Some(talk) = self.open.remove(&conn) else {
            return;
        };
        let Some(who) = talk.who else { return };
        self.busy.remove(&who);
        if !talk.is_done {
            let act = match how {
                Loss::Fin => Act::Close,
                Loss::Rst | Loss::Error => Act::Reset,
            };
            self.step(at - self.latency, who, act);
        }
    }

    /// It was never let in.
    fn forget(&mut self, conn: u64) {
        let Some(who) = self.open.remove(&conn).and_then(|talk| talk.who) else {
            return;
        };
        self.busy.remove(&who);
        let last = self.script.iter().rposition(|step| step.action.who == who);
        if let Some(last) = last {
            self.script.remove(last);
        }
    }

    fn packet(&mut self, at: Micros, bytes: &[u8], talk: &mut Talk) {
        let mut rest = bytes;
        let Ok(Some(packet)) = talk.link.next_packet(&mut rest) else {
            self.left_out += 1;
            return;
        };
        let at = at - self.latency;
        if let Packet::Connect(connect) = &packet {
            let options = options_of(connect);
            if options.check().is_err() {
                self.left_out += 1;
                return;
            }
            let who = self.enter(options);
            talk.who = Some(who);
            // SYN, SYN-ACK and then CONNECT.
            self.step(at - 2 * self.latency, who, Act::Connect);
            return;
        }
        let Some(who) = talk.who else {
            self.left_out += 1;
            return;
        };
        match packet {
            Packet::Publish(publish) if !publish.dup => {
                let message = message(&publish);
                self.bytes += message.payload.len();
                self.step(at, who, Act::Publish(message));
            }
            Packet::Subscribe(subscribe) => {
                for (filter, options) in subscribe.filters.iter() {
                    let (filter, qos) = (filter.to_owned(), options.qos);
                    self.step(at, who, Act::Subscribe { filter, qos });
                }
            }
            Packet::Unsubscribe(unsubscribe) => {
                for filter in unsubscribe.filters.iter() {
                    let filter = filter.to_owned();
                    self.step(at, who, Act::Unsubscribe { filter });
                }
            }
            Packet::Disconnect(disconnect) => {
                talk.is_done = true;
                let will = disconnect.reason == ReasonCode::DisconnectWithWill;
                self.step(at, who, Act::Disconnect { will });
            }
            // Clients do these by themselves.
            Packet::Publish(_)
            | Packet::PubAck(_)
            | Packet::PubRec(_)
            | Packet::PubRel(_)
            | Packet::PubComp(_)
            | Packet::PingReq => {}
            Packet::Connect(_)
            | Packet::ConnAck(_)
            | Packet::SubAck(_)
            | Packet::UnsubAck(_)
            | Packet::PingResp
            | Packet::Auth(_) => self.left_out += 1,
        }
    }

    /// Somebody with these options who has no connection now.
    fn enter(&mut self, options: Options) -> ParticipantId {
        let mut members = (1..).zip(&self.cast.members);
        let free =
            members.find(|(id, member)| member.options == options && !self.busy.contains(id));
        let who = match free {
            Some((id, _)) => id,
            None => self.cast.add(options),
        };
        self.busy.insert(who);
        who
    }

    fn about(&self, header: &Header) -> String {
        let mut about =
            "Made of recorded traffic: the clients do what those did, at the same times."
                .to_owned();
        about += match header.payloads {
            Payloads::Kept => "",
            Payloads::Hashed | Payloads::Omitted => " Payloads were not recorded.",
        };
        if header.shards > 1 {
            about += &format!(
                " The broker had {} threads, and has one here.",
                header.shards
            );
        }
        for (count, what) in [
            (self.refused, "connections that were refused"),
            (self.left_out, "things that have no words here"),
            (self.cut_at.unwrap_or(0), "entries at the end"),
        ] {
            if count > 0 {
                about += &format!(" Left out: {count} {what}.");
            }
        }
        about
    }
}
