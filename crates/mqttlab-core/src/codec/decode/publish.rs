//! PUBLISH (section 3.3).

use crate::codec::fields::{FieldKind, FieldSink};
use crate::codec::property::{Owner, properties};
use crate::codec::reader::Reader;
use crate::error::DecodeError;
use crate::packet::{Publish, QoS};

/// Decodes what follows the fixed header, whose first byte has been checked.
#[inline]
pub(super) fn publish<'a, F: FieldSink>(
    r: &mut Reader<'a, '_, F>,
    first: u8,
) -> Result<Publish<'a>, DecodeError> {
    let qos = QoS::from_u8((first >> 1) & 0b11).unwrap_or_default();
    let topic_at = r.at() + 2;
    let topic = r.topic_name(FieldKind::TopicName)?;
    let packet_id = match qos {
        QoS::AtMostOnce => None,
        QoS::AtLeastOnce | QoS::ExactlyOnce => Some(r.packet_id()?),
    };
    let properties = properties(r, Owner::Packet)?;
    if topic.is_empty() && r.topic_alias.is_none() {
        return Err(r.topic_empty(topic_at));
    }
    let start = r.at();
    let payload = r.rest();
    r.found(FieldKind::Payload, start..start + payload.len());
    Ok(Publish {
        // 3.1 lets a QoS 0 message have the flag, without a meaning.
        dup: first & 0b1000 != 0 && qos != QoS::AtMostOnce,
        qos,
        retain: first & 1 != 0,
        topic,
        packet_id,
        properties,
        payload,
    })
}
