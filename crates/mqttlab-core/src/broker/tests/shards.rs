//! Several shards: what they tell each other, and that it does not matter when it arrives.

use std::boxed::Box;
use std::collections::{BTreeMap, BTreeSet};
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::cluster::Cluster;
use super::script::own::own;
use crate::broker::retain::FORGETFUL;
use crate::broker::shard::{Shard, ShardId, To, owner_of};
use crate::broker::{
    Access, AuthRequest, Authorization, Change, CloseReason, Config, Grant, Identity, Input, Loss,
    Sink,
};
use crate::codec::{Limits, decode};
use crate::frame::Frame;
use crate::id::{ConnId, PacketId};
use crate::packet::{
    Ack, Connect, FilterList, Packet, Publish, QoS, Side, Subscribe, SubscriptionOptions, Version,
};
use crate::properties::{Properties, Property, PropertyList};
use crate::rng::Rng;
use crate::time::{Duration, Instant};
use crate::why::{Decision, Why};

/// Brokers that are one, with clients whose names begin with the number of the shard that has them.
struct Rig {
    cluster: Cluster,
    heard: Heard,
    now: Instant,
    conns: BTreeMap<String, ConnId>,
}

/// What clients got, by connection: topic and payload of each PUBLISH, the names of other packets.
#[derive(Default)]
struct Heard {
    got: BTreeMap<ConnId, Vec<String>>,
    numbers: Vec<u64>,
    changes: Vec<Change<'static>>,
    whys: Vec<String>,
    /// The client whose retained messages are nobody's to have any more.
    unwanted: Option<String>,
}

impl Sink for Heard {
    const TRACE: bool = true;

    fn authorize(&mut self, _: ConnId, request: &AuthRequest<'_>) -> Authorization {
        Authorization::AllowAs(Box::new(Grant {
            stamp: [b"of ", request.client_id.as_bytes()].concat(),
            ..Grant::default()
        }))
    }

    fn permits(&mut self, who: &Identity<'_>, access: Access, _: &str) -> bool {
        let stamp = [b"of ", who.client_id.as_bytes()].concat();
        assert_eq!(who.stamp, stamp, "every shard has it");
        access != Access::Retained || self.unwanted.as_deref() != Some(who.client_id)
    }

    fn send(&mut self, conn: ConnId, frame: &Frame<'_>) {
        let mut bytes = Vec::new();
        frame.write_to(&mut bytes);
        let packet = decode(
            &bytes,
            Version::V5,
            Side::Client,
            &Limits::default(),
            &mut (),
        );
        let text = match packet.expect("the broker sends packets") {
            Packet::Publish(publish) => {
                format!(
                    "{} {}",
                    publish.topic,
                    String::from_utf8_lossy(publish.payload)
                )
            }
            Packet::PubAck(ack) => format!("PUBACK {}", ack.reason),
            other => other.packet_type().to_string(),
        };
        self.got.entry(conn).or_default().push(text);
    }

    fn close(&mut self, _: ConnId, _: CloseReason) {}

    fn persist(&mut self, change: &Change<'_>) {
        self.changes.push(own(change));
    }

    fn why(&mut self, why: Why) {
        if let Decision::Published { message, .. } = &why.decision {
            self.numbers.push(*message);
        }
        self.whys.push(why.decision.to_string());
    }
}

impl Rig {
    fn new(of: u16, seed: u64) -> Self {
        Self {
            cluster: Cluster::new(&Config::default(), of, seed),
            heard: Heard::default(),
            now: Instant::ZERO,
            conns: BTreeMap::new(),
        }
    }

    /// The client of this name, in the shard that its first letter says.
    fn id(&self, name: &str) -> String {
        let shard: u16 = name[..1].parse().expect("a name begins with its shard");
        let of = self.cluster.shards.len() as u16;
        (0..)
            .map(|number| format!("{name}-{number}"))
            .find(|id| owner_of(id, of).number() == shard)
            .expect("some name is right")
    }

    fn connect(&mut self, name: &str) {
        let conn = ConnId::new(self.heard.got.len() as u64 + 1).expect("not 0");
        self.heard.got.insert(conn, Vec::new());
        self.conns.insert(name.into(), conn);
        let mut properties = PropertyList::new();
        properties.push(Property::SessionExpiryInterval(1_000));
        let id = self.id(name);
        self.hand(Input::Open { conn });
        self.hand(Input::Packet {
            conn,
            packet: Packet::Connect(Connect {
                version: Version::V5,
                clean_start: false,
                keep_alive: 0,
                client_id: &id,
                will: None,
                user_name: None,
                password: None,
                properties: properties.properties(),
            }),
        });
    }

    fn subscribe(&mut self, name: &str, filter: &str) {
        let mut filters = FilterList::new();
        filters.push(filter, SubscriptionOptions::qos(QoS::AtLeastOnce));
        self.packet(
            name,
            Packet::Subscribe(Subscribe {
                packet_id: PacketId::FIRST,
                properties: Properties::EMPTY,
                filters: filters.filters(),
            }),
        );
    }

    fn publish(&mut self, name: &str, topic: &str, payload: &str, retain: bool) {
        self.packet(
            name,
            Packet::Publish(Publish {
                dup: false,
                qos: QoS::AtLeastOnce,
                retain,
                topic,
                packet_id: Some(PacketId::FIRST),
                properties: Properties::EMPTY,
                payload: payload.as_bytes(),
            }),
        );
    }

    fn packet(&mut self, name: &str, packet: Packet<'_>) {
        if !self.conns.contains_key(name) {
            self.connect(name);
        }
        let conn = self.conns[name];
        self.hand(Input::Packet { conn, packet });
    }

    fn lose(&mut self, name: &str) {
        let (conn, how) = (self.conns[name], Loss::Rst);
        self.hand(Input::Lost { conn, how });
    }

    fn hand(&mut self, input: Input<'_>) {
        self.cluster.hand(self.now, input, &mut self.heard);
    }

    /// All words arrive.
    fn settle(&mut self) {
        self.cluster.hear_all(self.now, &mut self.heard);
        self.cluster.check_settled();
    }

    /// What a client got since it was asked last, without the answers to its own CONNECT and SUBSCRIBE.
    fn got(&mut self, name: &str) -> Vec<String> {
        let got = self.heard.got.get_mut(&self.conns[name]);
        let mut got = std::mem::take(got.expect("it is connected"));
        got.retain(|text| !["CONNACK", "SUBACK"].contains(&&**text));
        got
    }

    fn told(&self) -> usize {
        self.cluster.words.values().map(|words| words.len()).sum()
    }
}

#[test]
fn sessions_belong_where_they_always_did() {
    let owners =
        |of: u16| ["", "a", "b", "sensor-17", "auto-00"].map(|id| owner_of(id, of).number());
    assert_eq!(owners(1), [0; 5]);
    // A store that is opened again must find the same.
    assert_eq!(owners(5), [4, 4, 3, 4, 1]);
    assert_eq!(owners(64), [63, 49, 39, 51, 55]);
    let mut counts = [0_u32; 5];
    for number in 0..10_000 {
        counts[usize::from(owner_of(&format!("client-{number}"), 5).number())] += 1;
    }
    assert!(
        counts.iter().all(|count| (1_800..2_200).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn one_shard_or_others_are_meant() {
    let shards = |to: To| {
        to.shards(ShardId::new(1), 3)
            .map(ShardId::number)
            .collect::<Vec<_>>()
    };
    assert_eq!(shards(To::Others), [0, 2]);
    assert_eq!(shards(To::One(ShardId::new(2))), [2]);
    assert!(Shard::new(ShardId::new(0), 65).is_none());
}

#[test]
fn a_message_reaches_every_shard_and_each_once() {
    let mut rig = Rig::new(3, 1);
    for name in ["0a", "1a", "2a", "2b"] {
        rig.subscribe(name, "t/#");
    }
    rig.settle();
    rig.publish("1p", "t/u", "x", false);
    let words: Vec<String> = rig
        .cluster
        .words
        .values()
        .flatten()
        .map(ToString::to_string)
        .collect();
    assert_eq!(words, ["message 4 to t/u", "message 4 to t/u"]);
    let wants = rig
        .cluster
        .words
        .values()
        .flatten()
        .all(|word| word.wants_answer());
    assert!(wants, "the PUBACK depends on it");
    rig.settle();
    for name in ["0a", "1a", "2a", "2b"] {
        assert_eq!(rig.got(name), ["t/u x"], "{name}");
    }
    assert_eq!(rig.got("1p"), ["PUBACK 0x00 Success"]);
}

/// At first a shard says nothing about what it wants, and then what its first useless message makes it say.
#[test]
fn that_nobody_subscribes_is_said_once_it_is_known_of_all_shards() {
    let mut rig = Rig::new(3, 1);
    rig.subscribe("0a", "t/+/x");
    rig.subscribe("2a", "u");
    rig.settle();
    rig.publish("1p", "nobody", "x", false);
    assert_eq!(rig.told(), 2);
    rig.settle();
    assert_eq!(rig.got("1p"), ["PUBACK 0x00 Success"]);
    rig.publish("1p", "nobody", "x", false);
    assert_eq!(rig.told(), 0);
    assert_eq!(rig.got("1p"), ["PUBACK 0x10 No matching subscribers"]);
    // Of a filter with a wildcard what is before it counts.
    for (topic, told, code) in [
        ("t/a/x", 1, "0x00 Success"),
        ("t/a/y", 1, "0x00 Success"),
        ("u", 1, "0x00 Success"),
        ("u/v", 0, "0x10 No matching subscribers"),
        ("v", 0, "0x10 No matching subscribers"),
    ] {
        rig.publish("1p", topic, "x", false);
        assert_eq!(rig.told(), told, "{topic}");
        rig.settle();
        assert_eq!(rig.got("1p"), [format!("PUBACK {code}")], "{topic}");
    }
    // Who subscribes anew hears it when all know it, and from then on gets what they publish.
    rig.subscribe("2a", "v/#");
    rig.settle();
    for (topic, code) in [("v", "0x00 Success"), ("v/w", "0x00 Success")] {
        rig.publish("1p", topic, "x", false);
        rig.settle();
        assert_eq!(rig.got("1p"), [format!("PUBACK {code}")], "{topic}");
        assert_eq!(rig.got("2a").last(), Some(&format!("{topic} x")));
    }
}

#[test]
fn a_shard_without_subscriptions_is_told_once_for_nothing() {
    let mut rig = Rig::new(3, 1);
    rig.subscribe("0a", "t");
    rig.publish("1p", "t", "1", false);
    rig.settle();
    rig.publish("1p", "t", "2", false);
    assert_eq!(rig.told(), 1, "shard 2 has said that it has no use for it");
    rig.settle();
    rig.publish("1p", "t", "3", true);
    assert_eq!(rig.told(), 2, "what is retained is for everybody");
    rig.settle();
    rig.subscribe("2a", "t");
    rig.settle();
    assert_eq!(rig.got("2a"), ["t 3"]);
    rig.publish("1p", "t", "4", false);
    assert_eq!(rig.told(), 2);
    rig.settle();
    assert_eq!(rig.got("2a"), ["t 4"]);
}

#[test]
fn the_last_retained_message_is_the_same_everywhere_in_whatever_order_it_is_heard() {
    let mut outcomes = BTreeSet::new();
    for seed in 0..50 {
        let mut rig = Rig::new(3, seed);
        for (name, payload) in [
            ("0p", "a"),
            ("1p", "b"),
            ("2p", ""),
            ("0p", "c"),
            ("1p", "d"),
        ] {
            rig.publish(name, "t", payload, true);
            if seed % 3 == 0 {
                rig.cluster.hear_one(rig.now, &mut rig.heard);
            }
        }
        rig.settle();
        let kept: Vec<String> = rig.cluster.shards[0]
            .retained()
            .map(|message| String::from_utf8_lossy(message.payload).into_owned())
            .collect();
        outcomes.insert(kept);
        let stored = rig.heard.changes.clone();
        let again = Cluster::restore(&Config::default(), 2, 7, rig.now, &stored);
        let before = rig.cluster.retained().next();
        assert_eq!(again.retained().next(), before, "the store has the same");
    }
    // What nobody had heard of when it published may win or lose, but against the last of one's own it loses.
    let last = [
        Vec::new(),
        ["c".to_string()].into(),
        ["d".to_string()].into(),
    ];
    assert_eq!(outcomes, last.into(), "the larger number wins");
}

/// Retained messages of three publishers, removed in between; true if all shards have the same in the end.
fn agrees(seed: u64) -> bool {
    let mut rig = Rig::new(3, seed);
    let mut rng = Rng::new(seed);
    for number in 0..12 {
        let name = ["0p", "1p", "2p"][rng.below(3) as usize];
        let payload = if rng.chance(1, 3) {
            String::new()
        } else {
            number.to_string()
        };
        rig.publish(name, "t", &payload, true);
        for _ in 0..rng.below(3) {
            rig.cluster.hear_one(rig.now, &mut rig.heard);
        }
    }
    while rig.cluster.hear_one(rig.now, &mut rig.heard) {}
    let mut all = rig.cluster.retained();
    let first = all.next();
    all.all(|other| Some(other) == first)
}

#[test]
fn shards_agree_on_what_is_retained_whatever_is_removed_meanwhile() {
    assert!((0..300).all(agrees));
}

/// Each shard asks about the publisher, wherever that is or was, now and after a restart.
#[test]
fn whose_retained_messages_are_is_known_in_every_shard() {
    for seed in 0..20 {
        let mut rig = Rig::new(3, seed);
        for name in ["0p", "1q"] {
            rig.connect(name);
            rig.publish(name, &format!("t/{name}"), "x", true);
        }
        rig.settle();
        rig.heard.unwanted = Some(rig.id("0p"));
        for round in 0..2 {
            for shard in 0..3 {
                let name = format!("{shard}s{round}");
                rig.subscribe(&name, "t/#");
                rig.settle();
                let got = &rig.heard.got[&rig.conns[&name]];
                let messages = got.iter().filter(|text| text.starts_with("t/"));
                assert_eq!(messages.collect::<Vec<_>>(), ["t/1q x"], "seed {seed}");
            }
            let (now, changes) = (rig.now, rig.heard.changes.clone());
            rig.cluster = Cluster::restore(&Config::default(), 3, seed, now, &changes);
            rig.conns.clear();
        }
    }
}

#[test]
fn a_shard_that_forgets_removals_is_found_out() {
    FORGETFUL.set(true);
    let found = (0..300).find(|seed| !agrees(*seed));
    FORGETFUL.set(false);
    assert!(found.is_some(), "nobody notices");
}

#[test]
fn what_was_removed_does_not_come_back() {
    let mut rig = Rig::new(3, 1);
    rig.connect("0p");
    rig.connect("1q");
    rig.settle();
    // Shard 1 hears of it and removes it; shard 2 hears of the removal first.
    rig.publish("0p", "t", "old", true);
    let pair = |from, to| (ShardId::new(from), ShardId::new(to));
    let hear = |rig: &mut Rig, from, to| {
        let words = rig.cluster.words.get_mut(&pair(from, to));
        let word = words.and_then(|words| words.pop_front()).expect("a word");
        let (from, sink) = (ShardId::new(from), &mut rig.heard);
        let broker = &mut rig.cluster.shards[to as usize];
        // The removal is told to nobody else in turn.
        broker.handle(rig.now, Input::Peer { from, word }, sink);
        broker.check_invariants();
    };
    hear(&mut rig, 0, 1);
    rig.publish("1q", "t", "", true);
    hear(&mut rig, 1, 2);
    hear(&mut rig, 0, 2);
    assert_eq!(rig.cluster.shards[2].retained().count(), 0);
    rig.settle();
    assert!(
        rig.heard
            .whys
            .iter()
            .any(|why| why.contains("a later one came before it"))
    );
}

#[test]
fn removals_are_not_remembered_for_ever() {
    let mut rig = Rig::new(3, 1);
    for number in 0..1_000 {
        rig.publish("0p", &format!("t/{number}"), "", true);
        rig.settle();
    }
    for broker in &rig.cluster.shards {
        let group = broker.peers.group().expect("it is one of several");
        assert!(
            group.removed.len() <= 64,
            "{} are remembered",
            group.removed.len()
        );
    }
}

#[test]
fn one_member_of_a_share_gets_each_message_wherever_they_are() {
    for of in [2, 3, 5] {
        let mut rig = Rig::new(of, 1);
        let names = ["0a", "1a", "1b"];
        for name in names {
            rig.subscribe(name, "$share/g/t");
        }
        rig.settle();
        for number in 0..12 {
            rig.publish("0p", "t", &number.to_string(), false);
            rig.settle();
        }
        let got: Vec<Vec<String>> = names.map(|name| rig.got(name)).into();
        assert!(
            got.iter().all(|got| got.len() == 4),
            "they take turns: {got:?}"
        );
        let all: BTreeSet<String> = got.into_iter().flatten().collect();
        assert_eq!(all.len(), 12, "each message came once");
    }
}

#[test]
fn a_message_for_a_member_that_is_gone_goes_to_another() {
    let mut rig = Rig::new(3, 1);
    rig.subscribe("1a", "$share/g/t");
    rig.subscribe("2a", "$share/g/t");
    rig.settle();
    for number in 0..4 {
        rig.publish("0p", "t", &number.to_string(), false);
    }
    // The session ends while two messages are on their way to it.
    let client_id = rig.id("1a");
    rig.hand(Input::EndSession {
        client_id: &client_id,
    });
    rig.settle();
    let got: BTreeSet<String> = rig.got("2a").into_iter().collect();
    assert_eq!(
        got.len(),
        4,
        "nothing is lost and nothing comes twice: {got:?}"
    );
    assert!(
        rig.heard
            .whys
            .iter()
            .any(|why| why.contains("goes to another member"))
    );
}

#[test]
fn whoever_is_connected_is_preferred_to_whoever_is_not() {
    let mut rig = Rig::new(3, 1);
    rig.subscribe("1a", "$share/g/t");
    rig.subscribe("2a", "$share/g/t");
    rig.settle();
    rig.lose("1a");
    // The publisher's shard does not know it yet.
    rig.publish("0p", "t", "1", false);
    rig.publish("0p", "t", "2", false);
    rig.settle();
    rig.publish("0p", "t", "3", false);
    rig.settle();
    let got: BTreeSet<String> = rig.got("2a").into_iter().collect();
    assert_eq!(got, ["t 1", "t 2", "t 3"].map(String::from).into());
    rig.lose("2a");
    rig.settle();
    rig.publish("0p", "t", "4", false);
    rig.settle();
    let waiting = rig
        .cluster
        .shards
        .iter()
        .flat_map(|broker| broker.sessions());
    let waiting: usize = waiting.map(|session| session.queue_len()).sum();
    assert_eq!(waiting, 1, "when all are away it waits for one of them");
}

#[test]
fn members_are_known_again_after_a_restart_with_another_number_of_shards() {
    let mut rig = Rig::new(3, 1);
    let names = ["0a", "1a", "2a"];
    for name in names {
        rig.subscribe(name, "$share/g/t");
    }
    rig.settle();
    let changes = rig.heard.changes.clone();
    rig.now = rig.now + Duration::from_secs(1);
    rig.cluster = Cluster::restore(&Config::default(), 5, 1, rig.now, &changes);
    for broker in &rig.cluster.shards {
        broker.check_invariants();
    }
    for number in 0..6 {
        rig.publish("4p", "t", &number.to_string(), false);
        rig.settle();
    }
    let sessions = rig
        .cluster
        .shards
        .iter()
        .flat_map(|broker| broker.sessions());
    let waiting: Vec<usize> = sessions
        .map(|session| session.queue_len())
        .filter(|n| *n > 0)
        .collect();
    assert_eq!(waiting, [2, 2, 2]);
}

#[test]
fn no_number_is_given_twice() {
    let mut rig = Rig::new(3, 1);
    rig.subscribe("0a", "#");
    for round in 0..20 {
        for name in ["0p", "1p", "2p", "1q"] {
            rig.publish(name, "t", "x", false);
            if round % 3 == 0 {
                rig.cluster.hear_one(rig.now, &mut rig.heard);
            }
        }
    }
    rig.settle();
    let changes = rig.heard.changes.clone();
    let most = rig.heard.numbers.iter().copied().max();
    rig.conns.clear();
    rig.cluster = Cluster::restore(&Config::default(), 2, 1, rig.now, &changes);
    let before = rig.heard.numbers.len();
    for name in ["0p", "1p", "0q"] {
        rig.publish(name, "t", "x", false);
    }
    assert!(
        rig.heard.numbers[before..]
            .iter()
            .all(|number| Some(*number) > most)
    );
    let numbers: BTreeSet<u64> = rig.heard.numbers.iter().copied().collect();
    assert_eq!(numbers.len(), rig.heard.numbers.len());
}

#[test]
fn a_client_without_a_name_gets_one_that_belongs_where_it_is() {
    let mut rig = Rig::new(5, 3);
    for number in 1..=20 {
        let conn = ConnId::new(number).expect("not 0");
        rig.hand(Input::Open { conn });
        rig.hand(Input::Packet {
            conn,
            packet: Packet::Connect(Connect {
                version: Version::V5,
                clean_start: true,
                keep_alive: 0,
                client_id: "",
                will: None,
                user_name: None,
                password: None,
                properties: Properties::EMPTY,
            }),
        });
    }
    let names: usize = rig
        .cluster
        .shards
        .iter()
        .map(|broker| broker.sessions().count())
        .sum();
    assert_eq!(
        names, 20,
        "checked to be where they belong after each input"
    );
}

#[test]
fn what_is_retained_counts_once_for_all_shards() {
    let mut rig = Rig::new(4, 1);
    for number in 0..100 {
        rig.publish(
            "0p",
            &format!("t/{number}"),
            "some text of some length",
            true,
        );
    }
    rig.settle();
    let usages: Vec<_> = rig
        .cluster
        .shards
        .iter()
        .map(|broker| broker.usage())
        .collect();
    let counted: u64 = usages.iter().map(|usage| usage.message_bytes).sum();
    let retained = usages[0].retained_bytes;
    assert!(counted.abs_diff(retained) < 16, "{counted} of {retained}");
    let parts = Config::default().part(4);
    assert_eq!(parts.sessions_max, 250_000);
    assert_eq!(
        parts.retained_messages_max,
        Config::default().retained_messages_max
    );
}

#[test]
fn a_broker_that_is_alone_tells_nothing_and_listens_to_nobody() {
    let mut rig = Rig::new(1, 1);
    rig.subscribe("0a", "$share/g/#");
    rig.publish("0p", "t", "x", true);
    assert_eq!(rig.told(), 0);
    let mut other = Rig::new(2, 1);
    other.publish("0p", "t", "y", true);
    let word = other
        .cluster
        .words
        .values()
        .flatten()
        .next()
        .cloned()
        .expect("a word");
    let from = ShardId::new(1);
    rig.cluster.shards[0].handle(rig.now, Input::Peer { from, word }, &mut rig.heard);
    assert_eq!(
        rig.cluster.shards[0]
            .retained()
            .next()
            .map(|kept| kept.payload),
        Some(&b"x"[..])
    );
    rig.packet("0a", Packet::PubAck(Ack::success(PacketId::FIRST)));
}
