//! The sending end of one hop.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;

use crate::id::PacketId;
use crate::packet::QoS;

/// The messages of one sender that are sent and not completed, and the Packet Identifiers that are in use.
///
/// It has no limit of its own but the number of identifiers: the owner compares [`len`](Self::len) with the peer's
/// Receive Maximum before it inserts.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Sender<M> {
    /// Wait for PUBACK or PUBREC, in the order of their first sending.
    published: VecDeque<InFlight<M>>,
    /// Wait for PUBCOMP, in the order of their PUBREC. [MQTT-4.6.0-4]
    released: VecDeque<InFlight<M>>,
    /// SUBSCRIBE and UNSUBSCRIBE take their identifiers from the same numbers.
    requests: Vec<PacketId>,
    next: PacketId,
    /// So many identifiers from `next` on are known to be free.
    free_ahead: u32,
}

/// A message that is sent and not completed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct InFlight<M> {
    /// Its Packet Identifier.
    pub packet_id: PacketId,
    /// What it waits for.
    pub stage: Stage,
    /// The message.
    pub message: M,
}

/// What a message in flight waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Stage {
    /// QoS 1: PUBACK.
    PubAck,
    /// QoS 2: PUBREC.
    PubRec,
    /// QoS 2: PUBCOMP.
    PubComp,
}

impl Stage {
    /// The QoS that it belongs to.
    pub const fn qos(self) -> QoS {
        match self {
            Self::PubAck => QoS::AtLeastOnce,
            Self::PubRec | Self::PubComp => QoS::ExactlyOnce,
        }
    }
}

/// An acknowledgement that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unexpected {
    /// No message has this identifier.
    Unknown,
    /// The message with this identifier waits for something else.
    WrongStage(Stage),
}

impl fmt::Display for Unexpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("no message has this Packet Identifier"),
            Self::WrongStage(Stage::PubAck) => f.write_str("the message waits for PUBACK"),
            Self::WrongStage(Stage::PubRec) => f.write_str("the message waits for PUBREC"),
            Self::WrongStage(Stage::PubComp) => f.write_str("the message waits for PUBCOMP"),
        }
    }
}

/// What a PUBREC means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterPubRec<M> {
    /// Send PUBREL. [MQTT-4.3.3-1]
    Release,
    /// It came before: send PUBREL again.
    ReleaseAgain,
    /// It reports an error: the message is done and its identifier free; send nothing.
    Failed(M),
}

impl<M> Default for Sender<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> Sender<M> {
    /// Nothing in flight; the first identifier will be 1.
    pub const fn new() -> Self {
        Self {
            published: VecDeque::new(),
            released: VecDeque::new(),
            requests: Vec::new(),
            next: PacketId::FIRST,
            free_ahead: u16::MAX as u32,
        }
    }

    /// Takes up a message that is about to be sent, and gives it an identifier that is not in use. [MQTT-2.3.1-2]
    ///
    /// `None` when all 65 535 are in use; the message is dropped then.
    ///
    /// # Panics
    /// If `qos` is 0: such a message has no identifier and nothing to wait for.
    #[inline]
    pub fn insert(&mut self, qos: QoS, message: M) -> Option<PacketId> {
        let stage = match qos {
            QoS::AtMostOnce => panic!("a QoS 0 message is never in flight"),
            QoS::AtLeastOnce => Stage::PubAck,
            QoS::ExactlyOnce => Stage::PubRec,
        };
        let packet_id = self.take_id()?;
        self.published.push_back(InFlight {
            packet_id,
            stage,
            message,
        });
        Some(packet_id)
    }

    /// Takes up a message that was stored with its identifier; its place is after those that are there.
    ///
    /// # Panics
    /// If the identifier is in use.
    pub fn restore(&mut self, in_flight: InFlight<M>) {
        assert!(
            !self.is_in_use(in_flight.packet_id),
            "a stored identifier is free"
        );
        self.free_ahead = 0;
        self.next = in_flight.packet_id.next();
        match in_flight.stage {
            Stage::PubAck | Stage::PubRec => self.published.push_back(in_flight),
            Stage::PubComp => self.released.push_back(in_flight),
        }
    }

    /// An identifier for a SUBSCRIBE or an UNSUBSCRIBE; `None` when all are in use.
    pub fn reserve(&mut self) -> Option<PacketId> {
        let packet_id = self.take_id()?;
        self.requests.push(packet_id);
        Some(packet_id)
    }

    /// The SUBACK or UNSUBACK for a [`reserve`](Self::reserve)d identifier came. False when none waited for it.
    pub fn release(&mut self, packet_id: PacketId) -> bool {
        let found = self.requests.iter().position(|&id| id == packet_id);
        found.map(|at| self.requests.remove(at)).is_some()
    }

    /// How many requests wait for their answers.
    pub fn reserved(&self) -> usize {
        self.requests.len()
    }

    /// Forgets the requests, whose answers died with the connection.
    pub fn clear_requests(&mut self) {
        self.requests.clear();
    }

    /// A PUBACK came: hands back the message, which is done.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn on_puback(&mut self, packet_id: PacketId) -> Result<M, Unexpected> {
        let at = self.find(packet_id, Stage::PubAck)?;
        Ok(take(&mut self.published, at).message)
    }

    /// A PUBREC came; `is_error` when its reason code is 0x80 or above.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn on_pubrec(
        &mut self,
        packet_id: PacketId,
        is_error: bool,
    ) -> Result<AfterPubRec<M>, Unexpected> {
        if position(&self.released, packet_id).is_some() {
            return Ok(AfterPubRec::ReleaseAgain);
        }
        let at = self.find(packet_id, Stage::PubRec)?;
        let mut in_flight = take(&mut self.published, at);
        if is_error {
            return Ok(AfterPubRec::Failed(in_flight.message));
        }
        in_flight.stage = Stage::PubComp;
        self.released.push_back(in_flight);
        Ok(AfterPubRec::Release)
    }

    /// A PUBCOMP came: hands back the message, which is done.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn on_pubcomp(&mut self, packet_id: PacketId) -> Result<M, Unexpected> {
        let at = self.find(packet_id, Stage::PubComp)?;
        Ok(take(&mut self.released, at).message)
    }

    /// Whether the identifier belongs to a message or a request.
    pub fn is_in_use(&self, packet_id: PacketId) -> bool {
        position(&self.published, packet_id).is_some()
            || position(&self.released, packet_id).is_some()
            || self.requests.contains(&packet_id)
    }

    /// The message in flight with this identifier.
    pub fn find_message(&self, packet_id: PacketId) -> Option<&InFlight<M>> {
        let of = |queue: &'_ VecDeque<InFlight<M>>| position(queue, packet_id);
        of(&self.published)
            .map(|at| &self.published[at])
            .or_else(|| of(&self.released).map(|at| &self.released[at]))
    }

    /// Forgets the message in flight with this identifier, which is free then, and hands it back.
    pub fn remove(&mut self, packet_id: PacketId) -> Option<InFlight<M>> {
        [&mut self.published, &mut self.released]
            .into_iter()
            .find_map(|queue| position(queue, packet_id).map(|at| take(queue, at)))
    }

    /// How many messages are in flight.
    pub fn len(&self) -> usize {
        self.published.len() + self.released.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes of memory it holds beside itself.
    pub fn memory(&self) -> usize {
        let in_flight = self.published.capacity() + self.released.capacity();
        in_flight * size_of::<InFlight<M>>() + self.requests.capacity() * size_of::<PacketId>()
    }

    /// The messages in the order in which a resumed session sends them again: first the PUBRELs in the order of their
    /// PUBRECs, then the PUBLISHes in their first order. [MQTT-4.4.0-1] [MQTT-4.6.0-1]
    pub fn iter(&self) -> impl Iterator<Item = &InFlight<M>> {
        self.released.iter().chain(&self.published)
    }

    /// Takes all messages out, as at the end of a session; the requests too are forgotten.
    pub fn drain(&mut self) -> impl Iterator<Item = InFlight<M>> {
        self.requests.clear();
        let released = core::mem::take(&mut self.released);
        released
            .into_iter()
            .chain(core::mem::take(&mut self.published))
    }

    fn find(&self, packet_id: PacketId, stage: Stage) -> Result<usize, Unexpected> {
        let (wanted, other) = match stage {
            Stage::PubAck | Stage::PubRec => (&self.published, &self.released),
            Stage::PubComp => (&self.released, &self.published),
        };
        if let Some(at) = position(wanted, packet_id) {
            let found = wanted[at].stage;
            return if found == stage {
                Ok(at)
            } else {
                Err(Unexpected::WrongStage(found))
            };
        }
        match position(other, packet_id) {
            Some(at) => Err(Unexpected::WrongStage(other[at].stage)),
            None => Err(Unexpected::Unknown),
        }
    }

    #[inline]
    fn take_id(&mut self) -> Option<PacketId> {
        if self.free_ahead == 0 {
            self.look_ahead()?;
        }
        let packet_id = self.next;
        self.next = packet_id.next();
        self.free_ahead -= 1;
        Some(packet_id)
    }

    /// Moves `next` to the first free identifier and counts how many follow it: once for a whole run of free ones.
    #[cold]
    fn look_ahead(&mut self) -> Option<()> {
        let in_use = self.iter().map(|in_flight| in_flight.packet_id);
        let mut ahead: Vec<u32> = in_use
            .chain(self.requests.iter().copied())
            .map(|packet_id| distance(self.next, packet_id))
            .collect();
        ahead.sort_unstable();
        let all = u32::from(u16::MAX);
        let taken = (0..all)
            .zip(&ahead)
            .take_while(|(n, ahead)| n == *ahead)
            .count();
        let end = ahead.get(taken).copied().unwrap_or(all);
        self.free_ahead = end - taken as u32;
        self.next = forward(self.next, taken as u32);
        (self.free_ahead > 0).then_some(())
    }
}

/// How many steps of [`PacketId::next`] lead from one to the other.
fn distance(from: PacketId, to: PacketId) -> u32 {
    let (from, to) = (u32::from(from.number()), u32::from(to.number()));
    if to >= from {
        to - from
    } else {
        to + u32::from(u16::MAX) - from
    }
}

/// The identifier so many steps of [`PacketId::next`] on.
fn forward(from: PacketId, steps: u32) -> PacketId {
    let number = (u32::from(from.number()) - 1 + steps) % u32::from(u16::MAX) + 1;
    PacketId::new(number as u16).expect("it is at least 1 and at most 65 535")
}

/// Where a message is. Identifiers mostly follow one another, so the distance from the first one is a good guess.
fn position<M>(queue: &VecDeque<InFlight<M>>, packet_id: PacketId) -> Option<usize> {
    let first = queue.front()?.packet_id;
    let guess = distance(first, packet_id) as usize;
    if queue
        .get(guess)
        .is_some_and(|in_flight| in_flight.packet_id == packet_id)
    {
        return Some(guess);
    }
    queue
        .iter()
        .position(|in_flight| in_flight.packet_id == packet_id)
}

fn take<M>(queue: &mut VecDeque<InFlight<M>>, at: usize) -> InFlight<M> {
    // Mostly the oldest is acknowledged, and taking that one moves nothing.
    let taken = if at == 0 {
        queue.pop_front()
    } else {
        queue.remove(at)
    };
    taken.expect("the position was found in this queue")
}
