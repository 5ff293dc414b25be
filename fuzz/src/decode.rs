//! Bytes from a stranger: no panic, and the same packets however the network cuts them.

use mqttlab_core::codec::{Limits, encode};
use mqttlab_core::link::Link;
use mqttlab_core::packet::{Packet, Side, Version};

/// The first byte says which end reads in which version, the second where the rest is cut.
pub(crate) fn run(data: &[u8]) {
    let [kind, cut, bytes @ ..] = data else {
        return;
    };
    let version = [Version::V3_1, Version::V3_1_1, Version::V5][usize::from(kind % 3)];
    let side = [Side::Client, Side::Server][usize::from(kind / 3 % 2)];
    let whole = read(side, version, &[bytes]);
    let (one, two) = bytes.split_at(usize::from(*cut) % (bytes.len() + 1));
    assert_eq!(whole, read(side, version, &[one, two]), "in two pieces");
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(whole, read(side, version, &single), "byte for byte");
}

/// All packets in words, and the error at the end if there is one.
fn read(side: Side, version: Version, pieces: &[&[u8]]) -> Vec<String> {
    let limits = Limits {
        topic_alias_max: 3,
        ..Limits::default()
    };
    let mut link = Link::new(side, version, limits);
    let mut seen = Vec::new();
    for mut piece in pieces.iter().copied() {
        loop {
            match link.next_packet(&mut piece) {
                Ok(Some(packet)) => {
                    seen.push(format!("{packet:?}"));
                    if side == Side::Client {
                        encode_again(&packet, version, side);
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    seen.push(format!("{error:?}"));
                    return seen;
                }
            }
        }
    }
    seen
}

/// What was decoded and encoded again is the same packet.
fn encode_again(packet: &Packet<'_>, version: Version, side: Side) {
    let mut bytes = Vec::new();
    encode(packet, version, &mut bytes);
    let again = mqttlab_core::codec::decode(&bytes, version, side, &Limits::default(), &mut ());
    assert_eq!(again.as_ref(), Ok(packet), "through {bytes:02x?}");
}
