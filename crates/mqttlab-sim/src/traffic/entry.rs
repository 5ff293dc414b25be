//! One thing that the core was handed.

use mqttlab_core::broker::shard::ShardId;
use mqttlab_core::broker::{Authorization, Config, Grant, Loss};
use mqttlab_core::clause::Clause;
use mqttlab_core::error::{DecodeError, DecodeErrorKind};
use mqttlab_core::packet::{PacketType, Version};
use mqttlab_core::reason::ReasonCode;
use serde::{Deserialize, Serialize};

/// Something that the core was handed, and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The shard that was handed it; the only one is 0.
    pub shard: ShardId,
    /// Microseconds since the entry of this shard before.
    pub after: u64,
    /// What it was handed.
    pub what: What,
    /// What its driver answered when it asked whether somebody may connect, in order.
    pub answers: Vec<Answer>,
    /// Which of the questions whether somebody may publish or receive something were answered with no, from 0.
    pub denied: Vec<u32>,
    /// Packets that it sent.
    pub sent: u32,
    /// The [`Fingerprint`] of those, and of the connections that it closed.
    pub fingerprint: u64,
}

impl Entry {
    /// As it stands in a file.
    ///
    /// # Panics
    /// Never: all of it has a form.
    pub fn to_bytes(&self, out: &mut Vec<u8>) {
        super::push_record(self, out);
    }
}

/// What the core was handed. The order is part of the form of the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum What {
    /// A connection was opened, or comes from another shard, which it has left.
    Open {
        /// Its number, which no other has.
        conn: u64,
    },
    /// A whole packet came.
    Packet {
        /// On this connection.
        conn: u64,
        /// The packet. Passwords are left out.
        bytes: Vec<u8>,
    },
    /// What came is no packet; its bytes may hold secrets and are not kept.
    Malformed {
        /// On this connection.
        conn: u64,
        /// What is wrong.
        wrong: Wrong,
    },
    /// A connection is gone.
    Lost {
        /// Which.
        conn: u64,
        /// How it ended.
        how: Loss,
    },
    /// Bytes were written to a socket.
    Flushed {
        /// On this connection.
        conn: u64,
        /// How many.
        bytes: u64,
    },
    /// Whether somebody may connect, where that took a while.
    Authorized {
        /// Who waited.
        conn: u64,
        /// The answer.
        answer: Answer,
    },
    /// An operator, or the end of the broker, closed a connection.
    Close {
        /// Which.
        conn: u64,
        /// The reason, as on the wire.
        reason: u8,
    },
    /// An operator ended a session.
    EndSession {
        /// Whose.
        client_id: String,
    },
    /// A message of the broker's own.
    Publish {
        /// The PUBLISH, as 5.0 writes it at QoS 0.
        bytes: Vec<u8>,
    },
    /// The configuration changed.
    Configure(Box<Config>),
    /// A deadline passed.
    Wake,
    /// The recording ends here, and why.
    End {
        /// In words.
        why: String,
    },
    /// A connection went to another shard before it was let in.
    Leave {
        /// Which.
        conn: u64,
    },
    /// The next word of those that another shard has told this one.
    Peer {
        /// Which.
        from: ShardId,
    },
}

/// Whether somebody may connect. The order of the variants is part of the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Yes.
    Allow,
    /// Yes, under this name.
    AllowAs {
        /// The name that was proven.
        user_name: Option<String>,
    },
    /// No.
    Deny {
        /// The reason, as on the wire.
        reason: u8,
    },
    /// No, but another server will.
    Redirect {
        /// The reason, as on the wire.
        reason: u8,
        /// The other server.
        server: String,
    },
    /// That takes a while.
    Pending,
    /// Yes, under this name, for packets up to this size.
    AllowWithin {
        /// The name that was proven.
        user_name: Option<String>,
        /// In bytes.
        packet_size_max: u32,
    },
}

impl From<&Authorization> for Answer {
    fn from(authorization: &Authorization) -> Self {
        match authorization {
            Authorization::Allow => Self::Allow,
            Authorization::AllowAs(grant) => {
                let user_name = grant.user_name.clone();
                match grant.packet_size_max {
                    None => Self::AllowAs { user_name },
                    Some(packet_size_max) => Self::AllowWithin {
                        user_name,
                        packet_size_max,
                    },
                }
            }
            Authorization::Deny(reason) => Self::Deny {
                reason: reason.number(),
            },
            Authorization::Redirect { reason, server } => Self::Redirect {
                reason: reason.number(),
                server: server.clone(),
            },
            // No native method goes on with AUTH, and what such a method says is a secret.
            Authorization::Continue(_) => Self::Deny {
                reason: ReasonCode::BadAuthenticationMethod.number(),
            },
            Authorization::Pending => Self::Pending,
        }
    }
}

impl From<&Answer> for Authorization {
    fn from(answer: &Answer) -> Self {
        let reason = |code| ReasonCode::from_u8(code).unwrap_or(ReasonCode::UnspecifiedError);
        match answer {
            Answer::Allow => Self::Allow,
            Answer::AllowAs { user_name } => Self::AllowAs(Box::new(Grant {
                user_name: user_name.clone(),
                ..Grant::default()
            })),
            Answer::AllowWithin {
                user_name,
                packet_size_max,
            } => Self::AllowAs(Box::new(Grant {
                user_name: user_name.clone(),
                packet_size_max: Some(*packet_size_max),
                ..Grant::default()
            })),
            Answer::Deny { reason: code } => Self::Deny(reason(*code)),
            Answer::Redirect {
                reason: code,
                server,
            } => Self::Redirect {
                reason: reason(*code),
                server: server.clone(),
            },
            Answer::Pending => Self::Pending,
        }
    }
}

/// What is wrong with bytes that are no packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrong {
    kind: DecodeErrorKind,
    packet: Option<PacketType>,
    version: Option<Version>,
    at: u32,
    clause: Option<(Version, String)>,
    reason: u8,
}

impl From<&DecodeError> for Wrong {
    fn from(error: &DecodeError) -> Self {
        Self {
            kind: error.kind,
            packet: error.packet,
            version: error.version,
            at: u32::try_from(error.at).unwrap_or(u32::MAX),
            clause: error
                .clause
                .map(|clause| (clause.version(), clause.id().to_owned())),
            reason: error.reason.number(),
        }
    }
}

impl From<&Wrong> for DecodeError {
    fn from(wrong: &Wrong) -> Self {
        let clause = wrong.clause.as_ref();
        Self {
            kind: wrong.kind,
            packet: wrong.packet,
            version: wrong.version,
            at: wrong.at as usize,
            clause: clause.and_then(|(version, id)| Clause::find(*version, id)),
            reason: ReasonCode::from_u8(wrong.reason).unwrap_or(ReasonCode::MalformedPacket),
        }
    }
}

/// Tells apart what was sent from what was not: FNV-1a over all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Fingerprint {
    /// A packet was sent.
    pub fn sent(&mut self, conn: u64, packet: &[u8]) {
        self.bytes(&conn.to_le_bytes());
        self.bytes(packet);
    }

    /// A connection was closed.
    pub fn closed(&mut self, conn: u64) {
        self.bytes(&conn.to_be_bytes());
        self.bytes(b"closed");
    }

    /// The number.
    pub fn value(self) -> u64 {
        self.0
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }
}
