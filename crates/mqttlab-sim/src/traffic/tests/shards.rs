//! Recordings of brokers of several shards, whose words come when they like.

use std::collections::{BTreeMap, VecDeque};

use mqttlab_core::broker::shard::{Shard, ShardId, To, Word, owner_of};
use mqttlab_core::broker::{Broker, CloseReason, Config, Input, Loss, Sink};
use mqttlab_core::codec::encode;
use mqttlab_core::frame::Frame;
use mqttlab_core::id::{ConnId, PacketId};
use mqttlab_core::packet::{
    Ack, FilterList, Packet, Publish, QoS, Subscribe, SubscriptionOptions, Version,
};
use mqttlab_core::properties::Properties;
use mqttlab_core::rng::Rng;
use mqttlab_core::time::{Duration, Instant};

use super::super::{Header, Note, Noted, Payloads, Traffic, TrafficError, What, redacted};
use super::{connect_as, read};
use crate::export::{pcapng, trace};
use crate::recording::Budget;

/// Keeps what a shard tells.
#[derive(Default)]
struct Told(Vec<(To, Word)>);

impl Sink for Told {
    fn send(&mut self, _: ConnId, _: &Frame<'_>) {}

    fn close(&mut self, _: ConnId, _: CloseReason) {}

    fn tell(&mut self, to: To, word: Word) {
        self.0.push((to, word));
    }
}

/// A driver of several shards that records.
struct Driver {
    shards: Vec<Broker>,
    clocks: Vec<Instant>,
    lines: BTreeMap<(ShardId, ShardId), VecDeque<Word>>,
    file: Vec<u8>,
    conns: u64,
    rng: Rng,
}

impl Driver {
    fn new(of: u16, seed: u64) -> Self {
        let now = Instant::from_micros(1_000_000);
        let shards: Vec<Broker> = (0..of)
            .map(|id| {
                let shard = Shard::new(ShardId::new(id), of).expect("one of them");
                Broker::new(Config::default(), 9).into_shard(shard)
            })
            .collect();
        let payloads = (Payloads::Kept, |_: &mut [u8]| {});
        let (header, shards) = Header::begin("tests".into(), 0, &shards, 7, now, payloads);
        Self {
            clocks: vec![now; shards.len()],
            shards,
            lines: BTreeMap::new(),
            file: header.to_bytes(),
            conns: 0,
            rng: Rng::new(seed),
        }
    }

    fn hand(&mut self, shard: ShardId, input: Input<'_>, bytes: Vec<u8>) {
        let number = usize::from(shard.number());
        let after = self.rng.below(2_000);
        self.clocks[number] = self.clocks[number] + Duration::from_micros(after);
        let what = What::of(&input, bytes, &mut |_| {}, ConnId::number);
        let mut note = Note::default();
        let mut told = Told::default();
        let mut sink = Noted {
            sink: &mut told,
            note: &mut note,
            mask: |_, _: &mut Vec<u8>| {},
            number: ConnId::number,
        };
        self.shards[number].handle(self.clocks[number], input, &mut sink);
        note.entry(shard, after, what).to_bytes(&mut self.file);
        for (to, word) in told.0 {
            for other in to.shards(shard, self.shards.len() as u16) {
                let line = self.lines.entry((shard, other)).or_default();
                line.push_back(word.clone());
            }
        }
    }

    /// One word of a line of chance is heard. Says whether there was one.
    fn hear(&mut self) -> bool {
        let full = self.lines.iter_mut().filter(|(_, line)| !line.is_empty());
        let mut full: Vec<_> = full.collect();
        if full.is_empty() {
            return false;
        }
        let chosen = self.rng.below(full.len() as u64) as usize;
        let (&(from, to), line) = full.swap_remove(chosen);
        let word = line.pop_front().expect("the line is not empty");
        self.hand(to, Input::Peer { from, word }, Vec::new());
        true
    }

    fn hear_some(&mut self) {
        while self.rng.below(3) > 0 && self.hear() {}
    }

    fn packet(&mut self, (shard, conn): (ShardId, ConnId), packet: Packet<'_>) {
        let mut bytes = Vec::new();
        encode(&packet, Version::V3_1_1, &mut bytes);
        let kept = redacted(&packet, &bytes, Version::V3_1_1, &mut |_| {});
        self.hand(shard, Input::Packet { conn, packet }, kept);
        self.hear_some();
    }

    /// A client connects, to a shard of chance first.
    fn enter(&mut self, client_id: &str) -> (ShardId, ConnId) {
        self.conns += 1;
        let conn = ConnId::new(self.conns).expect("not 0");
        let of = self.shards.len() as u16;
        let dealt = ShardId::new(self.rng.below(of.into()) as u16);
        let owner = owner_of(client_id, of);
        self.hand(dealt, Input::Open { conn }, Vec::new());
        if dealt != owner {
            self.hand(dealt, Input::Leave { conn }, Vec::new());
            self.hear_some();
            self.hand(owner, Input::Open { conn }, Vec::new());
        }
        self.packet((owner, conn), Packet::Connect(connect_as(client_id)));
        (owner, conn)
    }
}

fn subscribe(driver: &mut Driver, client: (ShardId, ConnId), filter: &str, qos: QoS) {
    let mut filters = FilterList::new();
    filters.push(filter, SubscriptionOptions::qos(qos));
    let subscribe = Subscribe {
        packet_id: PacketId::FIRST,
        properties: Properties::EMPTY,
        filters: filters.filters(),
    };
    driver.packet(client, Packet::Subscribe(subscribe));
}

/// Six clients who hear each other at every QoS, a message that is retained, a takeover and a reset.
fn conversation(of: u16, seed: u64) -> Vec<u8> {
    let mut driver = Driver::new(of, seed);
    let names = ["ann", "ben", "cat", "dan", "eve", "fay"];
    let mut clients: Vec<_> = names.iter().map(|name| driver.enter(name)).collect();
    let levels = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];
    for (&client, qos) in clients.iter().zip(levels.iter().cycle()) {
        subscribe(&mut driver, client, "all", *qos);
    }
    for (number, &client) in (2..).zip(&clients.clone()) {
        let qos = levels[number % 3];
        let packet_id = PacketId::new(number as u16).filter(|_| qos != QoS::AtMostOnce);
        let publish = Publish {
            dup: false,
            qos,
            retain: number == 5,
            topic: "all",
            packet_id,
            properties: Properties::EMPTY,
            payload: names[number - 2].as_bytes(),
        };
        driver.packet(client, Packet::Publish(publish));
        if let Some(id) = packet_id.filter(|_| qos == QoS::ExactlyOnce) {
            driver.packet(client, Packet::PubRel(Ack::success(id)));
        }
        if number == 4 {
            clients[0] = driver.enter("ann");
        }
    }
    let late = driver.enter("late");
    subscribe(&mut driver, late, "#", QoS::ExactlyOnce);
    let (shard, conn) = late;
    let how = Loss::Rst;
    driver.hand(shard, Input::Lost { conn, how }, Vec::new());
    while driver.hear() {}
    driver.file
}

#[test]
fn each_shard_does_the_same_again_whenever_words_came() {
    for of in [1, 2, 3, 5] {
        for seed in 0..20 {
            let file = conversation(of, seed);
            let traffic = read(&file);
            assert_eq!(traffic.header.shards, of);
            let replayed = traffic.replay(Budget::default());
            assert_eq!(replayed.difference, None, "{of} {seed}");
            let text = trace::trace(&replayed.recording, trace::Options::default());
            for word in ["PUBLISH all \"cat\"", "PUBCOMP", "taken over"] {
                assert!(text.contains(word), "{of} {seed}: {word}: {text}");
            }
            let told = text.matches("broker: shard").count();
            assert_eq!(told > 0, of > 1, "{of} {seed}: {text}");
            assert!(pcapng::pcapng(&replayed.recording).len() > 2_000);
        }
    }
}

/// What a shard does not tell again is missed where it was heard.
#[test]
fn a_message_that_one_shard_did_not_get_is_missed_in_the_others() {
    let mut traffic = read(&conversation(3, 1));
    let is_publish =
        |what: &What| matches!(what, What::Packet { bytes, .. } if bytes[0] & 0xF0 == 0x30);
    let entries = &traffic.entries;
    let index = entries.iter().position(|entry| is_publish(&entry.what));
    let index = index.expect("there are some");
    let publisher = traffic.entries.remove(index).shard;
    let replayed = traffic.replay(Budget::default());
    let difference = replayed.difference.expect("nobody gets the message");
    let missed = &traffic.entries[difference.entry - 1];
    assert_ne!(missed.shard, publisher);
}

#[test]
fn cut_or_altered_they_harm_nobody() {
    let file = conversation(3, 2);
    let mut rng = Rng::new(4);
    for _ in 0..200 {
        let end = rng.below(file.len() as u64) as usize;
        match Traffic::read(&file[..end], file.len()) {
            Ok(traffic) => {
                let replayed = traffic.replay(Budget::default());
                assert_eq!(replayed.difference, None, "cut at {end}");
            }
            Err(TrafficError::NoTraffic | TrafficError::NoHeader) => {}
            Err(error) => panic!("cut at {end}: {error}"),
        }
    }
    let (mut played, mut wrong) = (0, 0);
    for _ in 0..1_000 {
        let mut altered = file.clone();
        let at = 10 + rng.below(altered.len() as u64 - 10) as usize;
        altered[at] = rng.next_u64() as u8;
        match Traffic::read(&altered, 1 << 20) {
            Ok(traffic) => {
                let budget = Budget {
                    happenings: 10_000,
                    bytes: 1 << 20,
                };
                traffic.replay(budget);
                traffic.to_scenario();
                played += 1;
            }
            Err(_) => wrong += 1,
        }
    }
    assert!(played > 100 && wrong > 50, "{played} {wrong}");
}

/// A connection is in one shard at a time, and comes back to none.
#[test]
fn a_connection_that_is_in_two_shards_cannot_have_been() {
    let driver = |steps: &[(u16, bool)]| {
        let mut driver = Driver::new(3, 3);
        let conn = ConnId::new(1).expect("not 0");
        for &(shard, opens) in steps {
            let input = if opens {
                Input::Open { conn }
            } else {
                Input::Leave { conn }
            };
            // The core relies on what is read here: it is not asked.
            let what = What::of(&input, Vec::new(), &mut |_| {}, ConnId::number);
            let entry = Note::default().entry(ShardId::new(shard), 1, what);
            entry.to_bytes(&mut driver.file);
        }
        Traffic::read(&driver.file, 1 << 20).map(|_| ())
    };
    assert_eq!(driver(&[(0, true), (0, false), (2, true)]), Ok(()));
    for (steps, wrong) in [
        (&[(0, true), (1, true)][..], 3),
        (&[(0, true), (0, true)], 3),
        (&[(0, true), (1, false), (2, true)], 4),
        (&[(0, true), (0, false), (0, true)], 4),
        (
            &[(0, true), (0, false), (1, true), (1, false), (0, true)],
            6,
        ),
        (&[(3, true)], 2),
    ] {
        assert_eq!(
            driver(steps),
            Err(TrafficError::Impossible(wrong)),
            "{steps:?}"
        );
    }
}
