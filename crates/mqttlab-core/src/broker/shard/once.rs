//! QoS 2 messages from clients, exactly once to each session though all shards crash.
//!
//! The publisher's shard stores that it has a message, and each other shard that it has routed it, at different times. If
//! all crash in between, the publisher has got no PUBREC and sends the PUBLISH again; its shard knows the Packet
//! Identifier, but not whether everybody has had the message. So it is told once more, and only to sessions of shards that
//! had not routed it: those note how far they have come with the messages of each shard. Sessions may belong elsewhere
//! since, so all that counts is where they were then.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use super::letter::Letter;
use super::word::{Kind, Word};
use super::{Shard, ShardId, To, owner_of};
use crate::broker::arena::SessionKey;
use crate::broker::message::{Sorted, expires_at};
use crate::broker::sink::Sink;
use crate::broker::{Broker, Change, Cx};
use crate::id::PacketId;
use crate::packet::{Publish, QoS};

/// What is needed to pass on a message once more, and only where it has not come to.
#[derive(Clone, Debug, Default)]
pub(in crate::broker) struct Once {
    /// Messages from own clients that wait for PUBREL.
    passed: BTreeMap<(Arc<str>, PacketId), Passed>,
    /// With so many shards, up to which number this one had routed the messages of that one.
    marks: BTreeMap<(u16, u16, u16), u64>,
}

#[derive(Clone, Copy, Debug)]
struct Passed {
    number: u64,
    /// How many shards there were.
    of: u16,
    /// It is from before a restart: some shards may not have had it.
    is_unsure: bool,
}

/// Who had a message before it was told again: these shards of so many, a bit for each.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(in crate::broker) struct Again {
    of: u16,
    had: u64,
}

impl Again {
    /// Whether the shard that this name belonged to had it.
    pub(super) fn had(self, name: &str) -> bool {
        self.had & (1 << (owner_of(name, self.of.max(1)).number() % 64)) != 0
    }
}

impl Once {
    fn again(&self, passed: Passed) -> Again {
        let of = passed.of.max(1);
        let from = (passed.number % u64::from(of)) as u16;
        let had = (0..of).filter(|to| {
            let mark = self.marks.get(&(of, *to, from));
            *to == from || mark.is_some_and(|mark| *mark >= passed.number)
        });
        let had = had.fold(0, |bits, to| bits | 1 << (to % 64));
        Again { of, had }
    }

    pub(in crate::broker) fn forget(&mut self, client_id: &Arc<str>, packet_id: PacketId) {
        if !self.passed.is_empty() {
            self.passed.remove(&(Arc::clone(client_id), packet_id));
        }
    }

    /// Forgets all of a client whose session ends.
    pub(in crate::broker) fn forget_all(&mut self, client_id: &str) {
        if !self.passed.is_empty() {
            self.passed
                .retain(|(publisher, _), _| **publisher != *client_id);
        }
    }

    /// Takes what a store says, of own clients and of all shards.
    pub(in crate::broker) fn restore(&mut self, change: &Change<'_>) {
        if let Change::PassedOn {
            client_id,
            packet_id,
            number,
            of,
        } = *change
        {
            let passed = Passed {
                number,
                of,
                is_unsure: true,
            };
            self.passed.insert((client_id.into(), packet_id), passed);
        } else if let Change::Heard {
            of,
            to,
            from,
            number,
        } = *change
        {
            self.mark(of, to, from, number);
        }
    }

    fn mark(&mut self, of: u16, to: u16, from: u16, number: u64) {
        let mark = self.marks.entry((of, to, from)).or_insert(number);
        *mark = number.max(*mark);
    }

    /// All of it as changes; of what several shards know, the first one tells.
    pub(in crate::broker) fn snapshot(&self, shard: Shard, tell: &mut dyn FnMut(&Change<'_>)) {
        for ((client_id, packet_id), passed) in &self.passed {
            tell(&Change::PassedOn {
                client_id,
                packet_id: *packet_id,
                number: passed.number,
                of: passed.of,
            });
        }
        let (me, now) = (shard.id().number(), shard.of());
        for (&(of, to, from), &number) in &self.marks {
            let is_own = of == now && to == me;
            if is_own || of != now && me == 0 {
                tell(&Change::Heard {
                    of,
                    to,
                    from,
                    number,
                });
            }
        }
    }
}

impl Broker {
    /// A QoS 2 message from a client is about to be passed on.
    pub(in crate::broker) fn note_passed_on<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        packet_id: PacketId,
        number: u64,
    ) {
        let session = &self.sessions[key];
        if session.is_durable() {
            let of = self.shard().of();
            cx.sink.persist(&Change::PassedOn {
                client_id: &session.client_id,
                packet_id,
                number,
                of,
            });
            let passed = Passed {
                number,
                of,
                is_unsure: false,
            };
            let id = (Arc::clone(&session.client_id), packet_id);
            if let Some(once) = self.peers.once_or_new() {
                once.passed.insert(id, passed);
            }
        }
    }

    /// The messages of a shard up to this one have been routed here.
    pub(super) fn note_heard<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        from: ShardId,
        letter: &Letter,
    ) {
        let (of, to, number) = (self.shard().of(), self.shard().id(), letter.number);
        let (to, from) = (to.number(), from.number());
        if let Some(once) = self.peers.once_or_new() {
            once.mark(of, to, from, number);
        }
        cx.sink.persist(&Change::Heard {
            of,
            to,
            from,
            number,
        });
    }

    /// A client repeats a QoS 2 message. If that was passed on before a restart, whoever had not had it by then gets it.
    pub(in crate::broker) fn pass_on_again<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        key: SessionKey,
        publish: &Publish<'_>,
        packet_id: PacketId,
    ) {
        let once = self.peers.once();
        if once.is_none_or(|once| once.passed.is_empty()) {
            return;
        }
        let publisher = Arc::clone(&self.sessions[key].client_id);
        let id = (publisher, packet_id);
        let passed = once.and_then(|once| Some((once, once.passed.get(&id)?)));
        let Some((once, passed)) = passed.filter(|(_, passed)| passed.is_unsure) else {
            return;
        };
        let again = once.again(*passed);
        let number = self.next_number();
        self.note_passed_on(cx, key, packet_id, number);
        let sorted = Sorted::new(publish.properties);
        let letter = Arc::new(Letter {
            number,
            source: self.sessions[key].source(),
            topic: publish.topic.into(),
            payload: bytes::Bytes::copy_from_slice(publish.payload),
            qos: QoS::ExactlyOnce,
            retain: publish.retain,
            keep: publish.retain && !again.had(publish.topic),
            is_once: true,
            again: Some(again),
            properties: sorted.forwarded.properties().as_bytes().into(),
            expires_at: expires_at(cx.now, sorted.expiry_s),
        });
        if !self.peers.is_alone() {
            let word = Word(Kind::Message(Arc::clone(&letter)));
            cx.sink.tell(To::Others, word);
        }
        self.spread_heard(cx, &letter);
        self.share_again(cx, &letter, again);
    }

    /// Shared subscriptions that have members where the message had not come to.
    fn share_again<S: Sink>(&mut self, cx: &mut Cx<'_, S>, letter: &Arc<Letter>, again: Again) {
        let shares = self.heard_routes(&letter.topic).routes.shares.clone();
        for share in shares {
            let members = self.share_members(share);
            if members.iter().any(|member| !again.had(member)) {
                let mut spread = self.begin_heard(letter, 1);
                self.offer_share(cx, &mut spread, share);
                self.end_spread(spread);
            }
        }
    }
}
