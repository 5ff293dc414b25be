//! A small driver that records, and what can be done with its file.

mod shards;

use mqttlab_core::broker::shard::ShardId;
use mqttlab_core::broker::{Authorization, Broker, CloseReason, Config, Input, Loss, Sink};
use mqttlab_core::codec::encode;
use mqttlab_core::frame::Frame;
use mqttlab_core::id::{ConnId, PacketId};
use mqttlab_core::link::{Link, Side};
use mqttlab_core::packet::{
    Ack, Connect, FilterList, Packet, Publish, QoS, Subscribe, SubscriptionOptions, Version,
};
use mqttlab_core::properties::Properties;
use mqttlab_core::rng::Rng;
use mqttlab_core::time::{Duration, Instant};

use super::{
    Answer, FORMAT, Header, MAGIC, Note, Noted, Payloads, Traffic, TrafficError, What, mask_sent,
    redacted,
};
use crate::export::{ladder, pcapng, trace};
use crate::recording::{Budget, Recording};
use crate::scenario::Scenario;

/// Keeps nothing.
struct Nowhere;

impl Sink for Nowhere {
    fn send(&mut self, _: ConnId, _: &Frame<'_>) {}
    fn close(&mut self, _: ConnId, _: CloseReason) {}
}

/// A driver that has a broker, one link for each connection, and a recording.
struct Driver {
    broker: Broker,
    links: Vec<Link>,
    file: Vec<u8>,
    now: Instant,
    hides: bool,
}

/// What becomes of payloads.
fn mask(hides: bool) -> impl FnMut(&mut [u8]) {
    move |payload| {
        if hides {
            payload.fill(b'.');
        }
    }
}

impl Driver {
    fn new(hides: bool) -> Self {
        let now = Instant::from_micros(1_000_000);
        let broker = Broker::new(Config::default(), 9);
        let payloads = if hides {
            Payloads::Omitted
        } else {
            Payloads::Kept
        };
        let engine = "tests".to_owned();
        let payloads = (payloads, mask(hides));
        let (header, mut brokers) = Header::begin(engine, 0, &[broker], 7, now, payloads);
        Self {
            broker: brokers.pop().expect("there is one"),
            links: Vec::new(),
            file: header.to_bytes(),
            now,
            hides,
        }
    }

    fn hand(&mut self, input: Input<'_>, bytes: Vec<u8>) {
        let after = 1_000;
        self.now = self.now + Duration::from_micros(after);
        let hides = self.hides;
        let what = What::of(&input, bytes, &mut mask(hides), ConnId::number);
        let mut note = Note::default();
        let links = &self.links;
        let alter = |conn: ConnId, bytes: &mut Vec<u8>| {
            let version = links[conn.number() as usize - 1].version();
            mask_sent(bytes, version, &mut mask(hides));
        };
        let mut sink = Noted {
            sink: &mut Nowhere,
            note: &mut note,
            mask: alter,
            number: ConnId::number,
        };
        self.broker.handle(self.now, input, &mut sink);
        note.entry(ShardId::default(), after, what)
            .to_bytes(&mut self.file);
    }

    fn open(&mut self) -> ConnId {
        let link = Link::new(
            Side::Server,
            Version::default(),
            self.broker.config().link_limits(),
        );
        self.links.push(link);
        let conn = ConnId::new(self.links.len() as u64).expect("not 0");
        self.hand(Input::Open { conn }, Vec::new());
        conn
    }

    fn packet(&mut self, conn: ConnId, packet: &Packet<'_>) {
        let mut bytes = Vec::new();
        encode(packet, Version::V3_1_1, &mut bytes);
        let index = conn.number() as usize - 1;
        let mut link = self.links[index].clone();
        let mut rest = &bytes[..];
        let packet = link.next_packet(&mut rest).expect("good").expect("whole");
        let kept = redacted(&packet, &bytes, Version::V3_1_1, &mut mask(self.hides));
        if let Packet::Connect(connect) = &packet {
            let limits = self.broker.config().link_limits();
            self.links[index] = Link::new(Side::Client, connect.version, limits);
        }
        self.hand(Input::Packet { conn, packet }, kept);
        let mut link = Link::new(
            Side::Server,
            Version::default(),
            self.broker.config().link_limits(),
        );
        // From here on it takes anything.
        let mut connect = Vec::new();
        encode(
            &Packet::Connect(connect_as("x")),
            Version::V3_1_1,
            &mut connect,
        );
        link.next_packet(&mut &connect[..]).expect("good");
        link.establish();
        self.links[index] = link;
    }
}

fn connect_as(client_id: &str) -> Connect<'_> {
    Connect {
        version: Version::V3_1_1,
        clean_start: true,
        keep_alive: 60,
        client_id,
        will: None,
        user_name: Some("ann"),
        password: Some(b"very secret"),
        properties: Properties::EMPTY,
    }
}

fn publish(id: u16, payload: &[u8]) -> Packet<'_> {
    Packet::Publish(Publish {
        dup: false,
        qos: QoS::AtLeastOnce,
        retain: false,
        topic: "status",
        packet_id: PacketId::new(id),
        properties: Properties::EMPTY,
        payload,
    })
}

/// One who listens, one who speaks, and one who is there twice.
fn conversation(hides: bool) -> Vec<u8> {
    let mut driver = Driver::new(hides);
    let ear = driver.open();
    driver.packet(ear, &Packet::Connect(connect_as("ear")));
    let mut filters = FilterList::new();
    filters.push("status", SubscriptionOptions::qos(QoS::AtLeastOnce));
    let packet_id = PacketId::FIRST;
    driver.packet(
        ear,
        &Packet::Subscribe(Subscribe {
            packet_id,
            properties: Properties::EMPTY,
            filters: filters.filters(),
        }),
    );
    let mouth = driver.open();
    driver.packet(mouth, &Packet::Connect(connect_as("mouth")));
    for id in 1..=3 {
        driver.packet(mouth, &publish(id, b"a private word"));
        let id = PacketId::new(id).expect("not 0");
        driver.packet(ear, &Packet::PubAck(Ack::success(id)));
    }
    driver.hand(
        Input::Flushed {
            conn: ear,
            bytes: 50,
        },
        Vec::new(),
    );
    let again = driver.open();
    driver.packet(again, &Packet::Connect(connect_as("mouth")));
    driver.packet(again, &Packet::PingReq);
    let how = Loss::Rst;
    driver.hand(Input::Lost { conn: again, how }, Vec::new());
    driver.hand(Input::Wake, Vec::new());
    driver.file
}

fn read(file: &[u8]) -> Traffic {
    Traffic::read(file, file.len()).expect("it was just written")
}

#[test]
fn the_same_comes_of_the_same() {
    for hides in [false, true] {
        let file = conversation(hides);
        let traffic = read(&file);
        assert!(!traffic.is_cut);
        let replayed = traffic.replay(Budget::default());
        assert_eq!(replayed.difference, None);
        assert_eq!(replayed.packets, 11, "{}", replayed.verdict());
        let text = ladder::ladder(&replayed.recording, ladder::Options::default());
        for word in ["ear", "mouth", "CONNACK", "SUBACK", "PUBLISH status", "RST"] {
            assert!(text.contains(word), "{word}: {text}");
        }
        let text = trace::trace(&replayed.recording, trace::Options::default());
        assert_eq!(text.contains("a private word"), !hides, "{text}");
        assert!(pcapng::pcapng(&replayed.recording).len() > 2_000);
        let has = |secret: &[u8]| file.windows(secret.len()).any(|part| part == secret);
        assert!(!has(b"very secret"));
        assert_eq!(has(b"a private word"), !hides);
    }
}

#[test]
fn another_answer_or_another_byte_is_noticed() {
    let mut traffic = read(&conversation(false));
    let published = traffic
        .entries
        .iter_mut()
        .find_map(|entry| match &mut entry.what {
            What::Packet { bytes, .. } if bytes[0] == 0x32 => Some(bytes),
            _ => None,
        });
    *published
        .expect("there are some")
        .last_mut()
        .expect("it has a payload") ^= 1;
    let replayed = traffic.replay(Budget::default());
    let difference = replayed
        .difference
        .clone()
        .expect("another payload is sent");
    assert_eq!(difference.sent.0, difference.sent.1);
    assert!(replayed.verdict().contains("something else"));
    let mut traffic = read(&conversation(false));
    traffic.entries[1].answers.clear();
    assert!(traffic.replay(Budget::default()).difference.is_some());
}

#[test]
fn a_scenario_is_made_of_it() {
    let scenario = read(&conversation(false)).to_scenario();
    scenario.check().expect("it is sound");
    // And comes back from its text.
    let text = scenario.to_text();
    let scenario = Scenario::parse(&text).expect("it can be read");
    let names: Vec<&str> = scenario.clients.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["ear", "mouth", "mouth.2"]);
    let mut recording = Recording::new(scenario);
    recording.seek(recording.end());
    let got = recording.view().participants[1].received.len();
    assert_eq!(got, 3, "{text}");
    assert!(!text.contains("very secret"));
}

#[test]
fn a_file_that_is_cut_counts_up_to_there() {
    let file = conversation(false);
    let whole = read(&file).entries.len();
    for end in 0..file.len() {
        match Traffic::read(&file[..end], file.len()) {
            Ok(traffic) => {
                assert!(traffic.entries.len() <= whole);
                let replayed = traffic.replay(Budget::default());
                assert_eq!(replayed.difference, None, "cut at {end}");
            }
            Err(TrafficError::NoTraffic | TrafficError::NoHeader) => {}
            Err(error) => panic!("cut at {end}: {error}"),
        }
    }
}

#[test]
fn other_files_are_refused_and_hostile_ones_harm_nobody() {
    let file = conversation(false);
    let refused = |bytes: &[u8]| Traffic::read(bytes, 1 << 20).expect_err("it is none");
    assert_eq!(refused(b""), TrafficError::NoTraffic);
    assert_eq!(refused(b"[scenario]"), TrafficError::NoTraffic);
    assert_eq!(
        refused(&[&MAGIC[..], &[9, 0]].concat()),
        TrafficError::OtherFormat(9)
    );
    assert_eq!(
        Traffic::read(&file, file.len() - 1).expect_err("too long"),
        TrafficError::TooLong
    );
    // A length that nothing is behind.
    let mut giant = [&MAGIC[..], &FORMAT.to_le_bytes()].concat();
    giant.extend([0xFF, 0xFF, 0xFF, 0xFF, 0x0F]);
    assert_eq!(refused(&giant), TrafficError::Damaged(1));
    // Whatever is altered: it is refused, or played without harm.
    let mut rng = Rng::new(3);
    let (mut played, mut wrong) = (0, 0);
    let budget = Budget {
        happenings: 10_000,
        bytes: 1 << 20,
    };
    for _ in 0..2_000 {
        let mut altered = file.clone();
        for _ in 0..1 + rng.below(3) {
            let at = 10 + rng.below(altered.len() as u64 - 10) as usize;
            altered[at] = rng.next_u64() as u8;
        }
        match Traffic::read(&altered, 1 << 20) {
            Ok(traffic) => {
                traffic.replay(budget);
                let scenario = traffic.to_scenario();
                // What cannot be a scenario says so.
                if scenario.check().is_ok() {
                    Recording::new(scenario).seek(1_000_000);
                }
                played += 1;
            }
            Err(_) => wrong += 1,
        }
    }
    assert!(played > 100 && wrong > 100, "{played} {wrong}");
}

/// Recordings that were made earlier can still be read: no variant moves, and no field comes or goes.
#[test]
fn answers_keep_their_form() {
    let user_name = Some("a".to_owned());
    let answers = [
        (Answer::Allow, &[0][..]),
        (
            Answer::AllowAs {
                user_name: user_name.clone(),
            },
            &[1, 1, 1, b'a'],
        ),
        (Answer::Deny { reason: 0x87 }, &[2, 0x87]),
        (Answer::Pending, &[4]),
        (
            Answer::AllowWithin {
                user_name,
                packet_size_max: 300,
            },
            &[5, 1, 1, b'a', 0xAC, 2],
        ),
    ];
    for (answer, bytes) in answers {
        assert_eq!(postcard::to_allocvec(&answer).expect("data"), bytes);
        let authorization = Authorization::from(&answer);
        assert_eq!(Answer::from(&authorization), answer);
    }
}
