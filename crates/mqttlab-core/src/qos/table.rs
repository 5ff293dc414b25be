//! The delivery protocols of section 4.3, as data.
//!
//! ```text
//!   sender    Idle ──PUBLISH──► AwaitPubAck ──PUBACK──► Idle                                   QoS 1
//!             Idle ──PUBLISH──► AwaitPubRec ──PUBREC──► AwaitPubComp ──PUBCOMP──► Idle         QoS 2
//!   receiver  Idle ──PUBLISH──► Idle, PUBACK                                                   QoS 1
//!             Idle ──PUBLISH──► AwaitPubRel, PUBREC ──PUBREL──► Idle, PUBCOMP                  QoS 2
//! ```

use crate::packet::{PacketType, QoS};

/// Where one Packet Identifier stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Free.
    Idle,
    /// Sender, QoS 1: PUBLISH is sent.
    AwaitPubAck,
    /// Sender, QoS 2: PUBLISH is sent.
    AwaitPubRec,
    /// Sender, QoS 2: PUBREL is sent.
    AwaitPubComp,
    /// Receiver, QoS 2: PUBREC is sent.
    AwaitPubRel,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// The application sends a message.
    Send,
    /// A packet of this type comes and does not report an error.
    Comes(PacketType),
    /// A PUBREC comes that reports an error (5.0).
    PubRecError,
    /// The connection is there again and the session still is.
    Resumed,
}

/// What is sent then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The first attempt.
    Publish,
    /// Another attempt, with DUP 1.
    PublishDup,
    /// An acknowledgement of this type.
    Ack(PacketType),
    /// Nothing.
    Nothing,
}

/// One step of a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// In this state …
    pub state: State,
    /// … on this …
    pub on: On,
    /// … go there …
    pub next: State,
    /// … and send that.
    pub send: Sent,
}

const fn step(state: State, on: On, next: State, send: Sent) -> Step {
    Step {
        state,
        on,
        next,
        send,
    }
}

/// Sender side of QoS 1. [MQTT-4.3.2-1]
pub const SENDER_QOS1: &[Step] = &[
    step(State::Idle, On::Send, State::AwaitPubAck, Sent::Publish),
    step(
        State::AwaitPubAck,
        On::Resumed,
        State::AwaitPubAck,
        Sent::PublishDup,
    ),
    step(
        State::AwaitPubAck,
        On::Comes(PacketType::PubAck),
        State::Idle,
        Sent::Nothing,
    ),
];

/// Sender side of QoS 2. [MQTT-4.3.3-1]
pub const SENDER_QOS2: &[Step] = &[
    step(State::Idle, On::Send, State::AwaitPubRec, Sent::Publish),
    step(
        State::AwaitPubRec,
        On::Resumed,
        State::AwaitPubRec,
        Sent::PublishDup,
    ),
    step(
        State::AwaitPubRec,
        On::Comes(PacketType::PubRec),
        State::AwaitPubComp,
        Sent::Ack(PacketType::PubRel),
    ),
    step(
        State::AwaitPubRec,
        On::PubRecError,
        State::Idle,
        Sent::Nothing,
    ),
    step(
        State::AwaitPubComp,
        On::Resumed,
        State::AwaitPubComp,
        Sent::Ack(PacketType::PubRel),
    ),
    step(
        State::AwaitPubComp,
        On::Comes(PacketType::PubRec),
        State::AwaitPubComp,
        Sent::Ack(PacketType::PubRel),
    ),
    step(
        State::AwaitPubComp,
        On::Comes(PacketType::PubComp),
        State::Idle,
        Sent::Nothing,
    ),
];

/// Receiver side of QoS 1: nothing is remembered. [MQTT-4.3.2-2]
pub const RECEIVER_QOS1: &[Step] = &[step(
    State::Idle,
    On::Comes(PacketType::Publish),
    State::Idle,
    Sent::Ack(PacketType::PubAck),
)];

/// Receiver side of QoS 2. A message goes on when its identifier leaves [`State::Idle`], and never again before it is
/// back there. [MQTT-4.3.3-2]
pub const RECEIVER_QOS2: &[Step] = &[
    step(
        State::Idle,
        On::Comes(PacketType::Publish),
        State::AwaitPubRel,
        Sent::Ack(PacketType::PubRec),
    ),
    step(
        State::AwaitPubRel,
        On::Comes(PacketType::Publish),
        State::AwaitPubRel,
        Sent::Ack(PacketType::PubRec),
    ),
    step(
        State::AwaitPubRel,
        On::Comes(PacketType::PubRel),
        State::Idle,
        Sent::Ack(PacketType::PubComp),
    ),
    step(
        State::Idle,
        On::Comes(PacketType::PubRel),
        State::Idle,
        Sent::Ack(PacketType::PubComp),
    ),
];

/// The steps of a sender at this QoS; none at QoS 0.
pub const fn sender(qos: QoS) -> &'static [Step] {
    match qos {
        QoS::AtMostOnce => &[],
        QoS::AtLeastOnce => SENDER_QOS1,
        QoS::ExactlyOnce => SENDER_QOS2,
    }
}
