//! The bytes of a packet with their fields, for people.

use mqttlab_core::codec::decode;
use mqttlab_core::codec::fields::{Field as Span, describe};
use mqttlab_core::packet::{Side, Version};

use crate::describe::no_limits;
use crate::view::{Field, FlightId, PacketBytes};

/// Reads the packet in `bytes`, as it comes to `side`, and names all that is in it.
pub(crate) fn packet(flight: FlightId, bytes: &[u8], version: Version, side: Side) -> PacketBytes {
    let mut spans: Vec<Span> = Vec::new();
    let error = decode(bytes, version, side, &no_limits(), &mut spans).err();
    let fields = spans.iter().map(|span| Field {
        name: span.kind.name().to_owned(),
        value: describe(span, bytes, version),
        start: span.span.start as u32,
        end: span.span.end as u32,
        mask: span.mask,
        depth: span.depth,
        about: span.kind.about().to_owned(),
        clause: span
            .kind
            .clause(version)
            .map(|clause| clause.id().to_owned()),
    });
    PacketBytes {
        flight,
        bytes: bytes.to_vec(),
        fields: fields.collect(),
        error: error.map(|error| error.to_string()),
    }
}
