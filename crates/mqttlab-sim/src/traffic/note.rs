//! Taking note of what a broker is handed and what it says, without what is nobody's business.

use mqttlab_core::broker::shard::{Room, ShardId, To, Word};
use mqttlab_core::broker::{
    Access, AuthRequest, Authorization, Change, CloseReason, Established, Identity, Input, Sink,
};
use mqttlab_core::codec::{decode, encode};
use mqttlab_core::frame::Frame;
use mqttlab_core::id::ConnId;
use mqttlab_core::link::Side;
use mqttlab_core::packet::{Auth, Connect, Packet, Publish, Version, Will};
use mqttlab_core::properties::{Properties, Property, PropertyList};
use mqttlab_core::why::{Refusal, Why};

use super::entry::{Answer, Entry, Fingerprint, What};
use crate::describe::no_limits;

/// What a broker's driver answered and what the broker sent, while it was handed one thing.
#[derive(Clone, Debug, Default)]
pub struct Note {
    answers: Vec<Answer>,
    denied: Vec<u32>,
    asked: u32,
    sent: u32,
    fingerprint: Fingerprint,
}

impl Note {
    /// Another question that is answered with yes or no.
    fn asked(&mut self, answer: bool) -> bool {
        if !answer {
            self.denied.push(self.asked);
        }
        self.asked += 1;
        answer
    }

    /// All of it together with what the broker was handed.
    pub fn entry(self, shard: ShardId, after: u64, what: What) -> Entry {
        Entry {
            shard,
            after,
            what,
            answers: self.answers,
            denied: self.denied,
            sent: self.sent,
            fingerprint: self.fingerprint.value(),
        }
    }
}

/// A sink that takes note of what goes through it.
#[derive(Debug)]
pub struct Noted<'a, S, M> {
    /// Whatever it is for.
    pub sink: &'a mut S,
    /// Where it is noted.
    pub note: &'a mut Note,
    /// Alters what was sent before it is noted.
    pub mask: M,
    /// The number under which a connection is noted.
    pub number: fn(ConnId) -> u64,
}

impl<S: Sink, M: FnMut(ConnId, &mut Vec<u8>)> Sink for Noted<'_, S, M> {
    const TRACE: bool = S::TRACE;

    fn send(&mut self, conn: ConnId, frame: &Frame<'_>) {
        let mut bytes = Vec::with_capacity(frame.len());
        frame.write_to(&mut bytes);
        (self.mask)(conn, &mut bytes);
        self.note.sent += 1;
        let number = (self.number)(conn);
        self.note.fingerprint.sent(number, &bytes);
        self.sink.send(conn, frame);
    }

    fn close(&mut self, conn: ConnId, reason: CloseReason) {
        self.note.fingerprint.closed((self.number)(conn));
        self.sink.close(conn, reason);
    }

    fn refused(&mut self, conn: ConnId, client_id: &str, because: Refusal) {
        self.sink.refused(conn, client_id, because);
    }

    fn established(&mut self, conn: ConnId, established: &Established<'_>) {
        self.sink.established(conn, established);
    }

    fn authorize(&mut self, conn: ConnId, request: &AuthRequest<'_>) -> Authorization {
        let answer = self.sink.authorize(conn, request);
        self.note.answers.push(Answer::from(&answer));
        answer
    }

    fn permits(&mut self, who: &Identity<'_>, access: Access, topic: &str) -> bool {
        let answer = self.sink.permits(who, access, topic);
        self.note.asked(answer)
    }

    fn has_room(&mut self, room: Room) -> bool {
        let answer = self.sink.has_room(room);
        self.note.asked(answer)
    }

    fn persist(&mut self, change: &Change<'_>) {
        self.sink.persist(change);
    }

    fn tell(&mut self, to: To, word: Word) {
        self.sink.tell(to, word);
    }

    fn why(&mut self, why: Why) {
        self.sink.why(why);
    }
}

impl What {
    /// What a broker is about to be handed; of a packet the `bytes` that [`redacted`] gives. `number` is that of a
    /// connection among those of all shards.
    pub fn of(
        input: &Input<'_>,
        bytes: Vec<u8>,
        mask: &mut impl FnMut(&mut [u8]),
        number: fn(ConnId) -> u64,
    ) -> Self {
        match input {
            Input::Open { conn } => Self::Open {
                conn: number(*conn),
            },
            Input::Packet { conn, .. } => Self::Packet {
                conn: number(*conn),
                bytes,
            },
            Input::Malformed { conn, error } => Self::Malformed {
                conn: number(*conn),
                wrong: error.into(),
            },
            Input::Lost { conn, how } => Self::Lost {
                conn: number(*conn),
                how: *how,
            },
            Input::Flushed { conn, bytes } => Self::Flushed {
                conn: number(*conn),
                bytes: *bytes,
            },
            Input::Authorized {
                conn,
                authorization,
            } => Self::Authorized {
                conn: number(*conn),
                answer: authorization.into(),
            },
            Input::Close { conn, reason } => Self::Close {
                conn: number(*conn),
                reason: reason.number(),
            },
            Input::EndSession { client_id } => Self::EndSession {
                client_id: (*client_id).to_owned(),
            },
            Input::Publish(publish) => {
                let mut bytes = Vec::new();
                encode(&Packet::Publish(*publish), Version::V5, &mut bytes);
                let at = bytes.len() - publish.payload.len();
                mask(&mut bytes[at..]);
                Self::Publish { bytes }
            }
            Input::Configure(config) => Self::Configure(config.clone()),
            Input::Leave { conn } => Self::Leave {
                conn: number(*conn),
            },
            Input::Peer { from, .. } => Self::Peer { from: *from },
            Input::Wake => Self::Wake,
        }
    }
}

/// A packet that came as `bytes`, without its password and what AUTH says; `mask` alters its payload.
pub fn redacted(
    packet: &Packet<'_>,
    bytes: &[u8],
    version: Version,
    mask: &mut impl FnMut(&mut [u8]),
) -> Vec<u8> {
    match packet {
        Packet::Publish(Publish { payload, .. }) => {
            let mut bytes = bytes.to_vec();
            // It is what a PUBLISH ends with.
            let at = bytes.len().saturating_sub(payload.len());
            mask(&mut bytes[at..]);
            bytes
        }
        Packet::Connect(connect) => {
            let properties = without_secrets(connect.properties);
            let mut payload = connect.will.map(|will| will.payload.to_vec());
            if let Some(payload) = &mut payload {
                mask(payload);
            }
            let will = connect.will.zip(payload.as_deref());
            let will = will.map(|(will, payload)| Will { payload, ..will });
            let open = Connect {
                will,
                password: connect.password.map(|_| &b""[..]),
                properties: properties.properties(),
                ..*connect
            };
            encoded(&Packet::Connect(open), version)
        }
        Packet::Auth(auth) => {
            let properties = without_secrets(auth.properties);
            let open = Auth {
                properties: properties.properties(),
                ..*auth
            };
            encoded(&Packet::Auth(open), version)
        }
        Packet::ConnAck(_)
        | Packet::PubAck(_)
        | Packet::PubRec(_)
        | Packet::PubRel(_)
        | Packet::PubComp(_)
        | Packet::Subscribe(_)
        | Packet::SubAck(_)
        | Packet::Unsubscribe(_)
        | Packet::UnsubAck(_)
        | Packet::PingReq
        | Packet::PingResp
        | Packet::Disconnect(_) => bytes.to_vec(),
    }
}

fn encoded(packet: &Packet<'_>, version: Version) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(packet, version, &mut bytes);
    bytes
}

fn without_secrets(properties: Properties<'_>) -> PropertyList {
    let mut list = PropertyList::new();
    for property in properties.iter() {
        list.push(match property {
            Property::AuthenticationData(_) => Property::AuthenticationData(b""),
            other => other,
        });
    }
    list
}

/// Alters the payload of a packet that is sent to a client of this version.
pub fn mask_sent(bytes: &mut [u8], version: Version, mask: &mut impl FnMut(&mut [u8])) {
    let length = match decode(bytes, version, Side::Client, &no_limits(), &mut ()) {
        Ok(Packet::Publish(publish)) => publish.payload.len(),
        Ok(_) | Err(_) => return,
    };
    let at = bytes.len() - length;
    mask(&mut bytes[at..]);
}
