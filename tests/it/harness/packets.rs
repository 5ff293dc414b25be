//! Packets from their parts, for tests that need more than one fixed sequence of bytes.

/// A packet with this first byte and the parts as its body, in order.
pub(crate) fn packet(first: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut packet = vec![first];
    let mut length = body.len();
    loop {
        let more = length > 0x7F;
        packet.push((length & 0x7F) as u8 | if more { 0x80 } else { 0 });
        length >>= 7;
        if !more {
            break;
        }
    }
    packet.extend(body);
    packet
}

/// A text with its length before it.
pub(crate) fn text(text: &str) -> Vec<u8> {
    let length = text.len() as u16;
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

/// CONNECT of MQTT 3.1.1 with Keep Alive 60.
pub(crate) fn connect(client_id: &str, clean: bool) -> Vec<u8> {
    let head = [0, 4, b'M', b'Q', b'T', b'T', 4, u8::from(clean) << 1, 0, 60];
    packet(0x10, &[&head, &text(client_id)])
}

/// CONNECT of MQTT 5.0 with Clean Start.
pub(crate) fn connect_v5(client_id: &str) -> Vec<u8> {
    let head = [0, 4, b'M', b'Q', b'T', b'T', 5, 2, 0, 60, 0];
    packet(0x10, &[&head, &text(client_id)])
}

/// SUBSCRIBE to one filter, Packet Identifier 1.
pub(crate) fn subscribe(filter: &str, qos: u8) -> Vec<u8> {
    packet(0x82, &[&[0, 1], &text(filter), &[qos]])
}

/// PUBLISH of MQTT 3.1.1; the Packet Identifier is left out at QoS 0.
pub(crate) fn publish(flags: u8, topic: &str, id: u16, payload: &[u8]) -> Vec<u8> {
    let id = id.to_be_bytes();
    let id = if flags & 6 == 0 { &[][..] } else { &id };
    packet(0x30 | flags, &[&text(topic), id, payload])
}
