//! The byte side of one connection.

mod alias;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::clause::Clause;
use crate::codec::fields::FieldSink;
use crate::codec::{FixedHeader, Limits, decode_body};
use crate::error::{DecodeError, DecodeErrorKind};
pub use crate::packet::Side;
use crate::packet::{Packet, PacketType, Version};
use crate::reason::ReasonCode;

use alias::Aliases;

/// Cuts the byte stream from a peer into packets.
///
/// 1. Hand in what was read with [`next_packet`](Self::next_packet), again and again until it yields `None`.
/// 2. At the server's end the first packet is CONNECT; it sets the version. Call [`establish`](Self::establish) when the
///    client has been let in, before the next packet is asked for: until then only small packets are taken.
/// 3. After an error the link yields nothing more; close the connection.
///
/// A whole packet is borrowed from the input, only the beginning of one is kept. In 5.0 a Topic Alias is resolved here:
/// each PUBLISH that comes out has its Topic Name.
#[derive(Clone, Debug)]
pub struct Link {
    side: Side,
    version: Version,
    stage: Stage,
    /// Whether `held` is a whole packet that has been yielded and can go.
    yielded: bool,
    limits: Limits,
    /// The beginning of a packet whose rest has not come.
    held: Vec<u8>,
    aliases: Option<Box<Aliases>>,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Server: nothing but a CONNECT may come.
    AwaitConnect,
    /// Server: CONNECT came, the client has not been let in.
    Stranger,
    /// The full limits hold.
    Established,
    /// An error was found; nothing more is read.
    Failed,
}

/// A packet and the bytes that it came in.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// The packet, its Topic Alias resolved.
    pub packet: Packet<'a>,
    /// The bytes as they came.
    pub bytes: &'a [u8],
}

impl Link {
    /// A link for a new connection. At the server's end `version` counts for nothing until CONNECT has told it.
    pub fn new(side: Side, version: Version, limits: Limits) -> Self {
        Self {
            side,
            version,
            stage: match side {
                Side::Server => Stage::AwaitConnect,
                Side::Client => Stage::Established,
            },
            yielded: false,
            limits,
            held: Vec::new(),
            aliases: None,
        }
    }

    /// The client has been let in: from now on its packets may be as large as those of others.
    pub fn establish(&mut self) {
        if self.stage == Stage::Stranger {
            self.stage = Stage::Established;
        }
    }

    /// The version that is spoken; at the server's end only after CONNECT.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Whether an error was found and nothing more will come.
    pub fn is_failed(&self) -> bool {
        self.stage == Stage::Failed
    }

    /// How many bytes of memory the link holds beside itself.
    pub fn memory(&self) -> usize {
        self.held.capacity() + self.aliases.as_ref().map_or(0, |aliases| aliases.memory())
    }

    /// The next packet out of `input`, or out of what earlier inputs left.
    ///
    /// Takes what it uses off the front of `input`; a whole packet is borrowed from there and only the beginning of one
    /// that is not whole yet is kept. `None` means that all of `input` was taken and more is needed.
    ///
    /// ```
    /// use mqttlab_core::codec::Limits;
    /// use mqttlab_core::link::{Link, Side};
    /// use mqttlab_core::packet::{Packet, Version};
    /// let mut link = Link::new(Side::Client, Version::V3_1_1, Limits::default());
    /// let mut input = &[0x20, 0x02, 0x00, 0x00, 0xD0][..];
    /// assert!(matches!(link.next_packet(&mut input)?, Some(Packet::ConnAck(_))));
    /// assert_eq!(link.next_packet(&mut input)?, None);
    /// let mut input = &[0x00][..];
    /// assert_eq!(link.next_packet(&mut input)?, Some(Packet::PingResp));
    /// # Ok::<(), mqttlab_core::error::DecodeError>(())
    /// ```
    ///
    /// # Errors
    /// When the bytes are not a packet that may come here, as soon as enough of them are there to know. A packet that is
    /// too large is refused before its body comes.
    #[inline]
    pub fn next_packet<'p, 'i: 'p>(
        &'p mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Packet<'p>>, DecodeError> {
        let received = self.next_received(input, &mut ())?;
        Ok(received.map(|received| received.packet))
    }

    /// As [`next_packet`](Self::next_packet), with the bytes of the packet, for whoever records or shows them; `fields`
    /// hears where each field stands in them.
    ///
    /// # Errors
    /// As [`next_packet`](Self::next_packet).
    #[inline]
    pub fn next_received<'p, 'i: 'p, F: FieldSink>(
        &'p mut self,
        input: &mut &'i [u8],
        fields: &mut F,
    ) -> Result<Option<Received<'p>>, DecodeError> {
        if core::mem::take(&mut self.yielded) {
            self.held = Vec::new();
        }
        let gate = Gate {
            side: self.side,
            version: self.version,
            stage: self.stage,
            limits: &self.limits,
        };
        let (header, bytes) = match take_packet(&mut self.held, &mut self.yielded, input, &gate) {
            Ok(Some(taken)) => taken,
            Ok(None) => return Ok(None),
            Err(error) => {
                self.stage = Stage::Failed;
                *input = &[];
                return Err(error);
            }
        };
        let decoded = decode_body(
            &header,
            bytes,
            self.version,
            self.side,
            &self.limits,
            fields,
        )
        .and_then(|(packet, alias)| match (packet, alias) {
            (Packet::Publish(mut publish), Some(alias)) => {
                publish.topic = Aliases::resolve(
                    &mut self.aliases,
                    publish.topic,
                    alias,
                    self.side,
                    &self.limits,
                )?;
                Ok(Packet::Publish(publish))
            }
            (packet, Some(_) | None) => Ok(packet),
        });
        match decoded {
            Ok(packet) => {
                if let Packet::Connect(connect) = &packet {
                    self.version = connect.version;
                    self.stage = Stage::Stranger;
                }
                Ok(Some(Received { packet, bytes }))
            }
            Err(error) => {
                self.stage = Stage::Failed;
                *input = &[];
                Err(error)
            }
        }
    }
}

/// What decides whether a packet may begin.
struct Gate<'a> {
    side: Side,
    version: Version,
    stage: Stage,
    limits: &'a Limits,
}

impl Gate<'_> {
    /// Reads a header and refuses, as early as its bytes allow, what may not come now.
    #[inline]
    fn header(&self, bytes: &[u8]) -> Result<Option<FixedHeader>, DecodeError> {
        let Some(&first) = bytes.first() else {
            return Ok(None);
        };
        self.check_order(first)?;
        let header = FixedHeader::parse(bytes, self.version, self.side)?;
        if let Some(header) = &header {
            let size_max = match self.stage {
                Stage::AwaitConnect | Stage::Stranger => self
                    .limits
                    .stranger_packet_size_max
                    .min(self.limits.packet_size_max),
                Stage::Established | Stage::Failed => self.limits.packet_size_max,
            };
            header.check_size(size_max, self.version, self.side)?;
        }
        Ok(header)
    }

    /// CONNECT comes first and only then. [MQTT-3.1.0-1] [MQTT-3.1.0-2]
    #[inline]
    fn check_order(&self, first: u8) -> Result<(), DecodeError> {
        if self.side == Side::Client {
            return Ok(());
        }
        let packet = PacketType::from_first_byte(first);
        let is_connect = packet == Some(PacketType::Connect);
        let awaits_connect = self.stage == Stage::AwaitConnect;
        if is_connect == awaits_connect {
            return Ok(());
        }
        Err(order_error(packet, self.version, awaits_connect))
    }
}

#[cold]
fn order_error(packet: Option<PacketType>, version: Version, awaits_connect: bool) -> DecodeError {
    if awaits_connect {
        DecodeError {
            kind: DecodeErrorKind::FirstPacketNotConnect,
            packet,
            version: None,
            at: 0,
            clause: Some(Clause::V311_3_1_0_1),
            reason: ReasonCode::ProtocolError,
        }
    } else {
        DecodeError {
            kind: DecodeErrorKind::SecondConnect,
            packet,
            version: Some(version),
            at: 0,
            clause: Some(Clause::by_version(
                version,
                Clause::V311_3_1_0_2,
                Clause::V5_3_1_0_2,
            )),
            reason: ReasonCode::ProtocolError,
        }
    }
}

/// Takes the bytes of one packet out of `input`, or adds them to what is held of it.
#[inline]
fn take_packet<'p, 'i: 'p>(
    held: &'p mut Vec<u8>,
    yielded: &mut bool,
    input: &mut &'i [u8],
    gate: &Gate<'_>,
) -> Result<Option<(FixedHeader, &'p [u8])>, DecodeError> {
    if gate.stage == Stage::Failed {
        *input = &[];
        return Ok(None);
    }
    if !held.is_empty() {
        return complete_held(held, yielded, input, gate);
    }
    if let Some(header) = gate.header(input)?
        && let Some((packet, rest)) = input.split_at_checked(header.packet_len())
    {
        *input = rest;
        return Ok(Some((header, packet)));
    }
    held.extend_from_slice(input);
    *input = &[];
    Ok(None)
}

/// Adds to the begun packet what is still missing of it.
fn complete_held<'p, 'i: 'p>(
    held: &'p mut Vec<u8>,
    yielded: &mut bool,
    input: &mut &'i [u8],
    gate: &Gate<'_>,
) -> Result<Option<(FixedHeader, &'p [u8])>, DecodeError> {
    let header = loop {
        if let Some(header) = gate.header(held)? {
            break header;
        }
        let Some((&byte, rest)) = input.split_first() else {
            return Ok(None);
        };
        held.push(byte);
        *input = rest;
    };
    let packet_len = header.packet_len();
    let missing = packet_len - held.len();
    let (now, rest) = input.split_at(missing.min(input.len()));
    *input = rest;
    // Grows with what has come, never by what was announced.
    let wanted = held.len() + now.len();
    if wanted > held.capacity() {
        let capacity = wanted.max(2 * held.len()).min(packet_len);
        held.reserve_exact(capacity - held.len());
    }
    held.extend_from_slice(now);
    if held.len() < packet_len {
        return Ok(None);
    }
    *yielded = true;
    Ok(Some((header, held)))
}
