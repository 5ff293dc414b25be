//! Whether a packet is as good as the expected one: what the standards leave to the server is not compared.
//!
//! - A DISCONNECT and a refusing CONNACK may carry any error code, or be left out before closing.
//! - An accepting CONNACK may announce whatever it likes in its properties.
//! - A PUBACK or PUBREC may say that nobody subscribes (0x10) in place of plain success.
//! - A PUBREL or PUBCOMP may say that nobody knows the Packet Identifier (0x92) in place of plain success.
//! - An acknowledgement without properties may leave out their length, and its reason code if that is success.

const CONNACK: u8 = 0x20;
const PUBACK: u8 = 0x40;
const PUBREC: u8 = 0x50;
const PUBREL: u8 = 0x62;
const PUBCOMP: u8 = 0x70;
const DISCONNECT: u8 = 0xE0;
const NO_MATCHING_SUBSCRIBERS: u8 = 0x10;
const PACKET_IDENTIFIER_NOT_FOUND: u8 = 0x92;

/// Whether a broker that says `got` where `expected` stands follows the standards just as well.
pub(super) fn agrees(expected: &[u8], got: &[u8]) -> bool {
    if expected == got {
        return true;
    }
    let (Some((&kind, wanted)), Some((&got_kind, found))) = (split(expected), split(got)) else {
        return false;
    };
    kind == got_kind
        && match kind {
            DISCONNECT => is_error(code_at(found, 0)) == is_error(code_at(wanted, 0)),
            CONNACK => connack_agrees(wanted, found),
            PUBACK | PUBREC => ack_agrees(wanted, found, NO_MATCHING_SUBSCRIBERS),
            PUBREL | PUBCOMP => ack_agrees(wanted, found, PACKET_IDENTIFIER_NOT_FOUND),
            _ => false,
        }
}

/// Whether closing the connection without this packet is just as good.
pub(super) fn may_be_left_unsaid(expected: &[u8]) -> bool {
    match split(expected) {
        Some((&DISCONNECT, body)) => is_error(code_at(body, 0)),
        Some((&CONNACK, body)) => code_at(body, 1) != 0,
        _ => false,
    }
}

/// Whether a packet announces that the broker closes the connection because of an error. Only since 5.0 may a server
/// send a DISCONNECT.
pub(super) fn is_farewell(frame: &[u8], level: u8) -> bool {
    may_be_left_unsaid(frame) && (level >= 5 || frame.first() != Some(&DISCONNECT))
}

/// Whether this is a CONNACK that lets the client in.
pub(super) fn is_accepted(frame: &[u8]) -> bool {
    matches!(split(frame), Some((&CONNACK, [_, 0, ..])))
}

fn connack_agrees(wanted: &[u8], found: &[u8]) -> bool {
    let refused = code_at(wanted, 1) != 0;
    let same_kind = (code_at(found, 1) != 0) == refused;
    // Properties come with 5.0 only, and the two versions' packets differ by their length.
    let same_version = (wanted.len() > 2) == (found.len() > 2);
    same_kind && (refused || (same_version && wanted.first() == found.first()))
}

fn ack_agrees(wanted: &[u8], found: &[u8], as_good_as_success: u8) -> bool {
    let normal = |body: &[u8]| {
        let code = match code_at(body, 2) {
            code if code == as_good_as_success => 0,
            code => code,
        };
        let properties = body.get(4..).unwrap_or_default().to_vec();
        (body.get(..2).map(<[u8]>::to_vec), code, properties)
    };
    normal(wanted) == normal(found)
}

/// The byte at `index`; success where the packet is too short to have one.
fn code_at(body: &[u8], index: usize) -> u8 {
    body.get(index).copied().unwrap_or_default()
}

fn is_error(code: u8) -> bool {
    code >= 0x80
}

/// First byte and what follows the length, for packets of less than 128 bytes.
fn split(frame: &[u8]) -> Option<(&u8, &[u8])> {
    let (first, rest) = frame.split_first()?;
    let (&length, body) = rest.split_first()?;
    (usize::from(length) == body.len()).then_some((first, body))
}

#[cfg(test)]
mod tests {
    use super::{agrees, is_accepted, is_farewell, may_be_left_unsaid};

    #[test]
    fn the_code_of_an_error_is_free_but_not_that_it_is_one() {
        assert!(agrees(&[0xE0, 1, 0x81], &[0xE0, 1, 0x82]));
        assert!(agrees(&[0xE0, 1, 0x81], &[0xE0, 2, 0x94, 0]));
        assert!(!agrees(&[0xE0, 1, 0x81], &[0xE0, 1, 0x04]));
        assert!(!agrees(&[0xE0, 1, 0x81], &[0xD0, 0]));
        assert!(agrees(&[0x20, 2, 0, 1], &[0x20, 2, 0, 2]));
        assert!(!agrees(&[0x20, 2, 0, 1], &[0x20, 2, 0, 0]));
    }

    #[test]
    fn what_an_accepting_connack_announces_is_free() {
        let wanted = [0x20, 9, 0, 0, 6, 0x22, 0, 10, 0x21, 0, 20];
        assert!(agrees(&wanted, &[0x20, 3, 0, 0, 0]));
        assert!(!agrees(&wanted, &[0x20, 3, 1, 0, 0]));
        assert!(!agrees(&wanted, &[0x20, 2, 0, 0]));
        assert!(is_accepted(&wanted));
        assert!(!is_accepted(&[0x20, 2, 0, 5]));
    }

    #[test]
    fn acknowledgements_have_a_short_and_a_long_form() {
        assert!(agrees(&[0x40, 3, 0, 1, 0x10], &[0x40, 2, 0, 1]));
        assert!(agrees(&[0x70, 2, 0, 1], &[0x70, 4, 0, 1, 0, 0]));
        assert!(!agrees(&[0x70, 2, 0, 1], &[0x70, 3, 0, 1, 0x10]));
        assert!(agrees(&[0x70, 2, 0, 1], &[0x70, 3, 0, 1, 0x92]));
        assert!(!agrees(&[0x40, 2, 0, 1], &[0x40, 3, 0, 1, 0x92]));
        assert!(!agrees(&[0x40, 2, 0, 1], &[0x40, 2, 0, 2]));
    }

    #[test]
    fn only_an_error_may_be_left_unsaid() {
        assert!(may_be_left_unsaid(&[0xE0, 1, 0x82]));
        assert!(may_be_left_unsaid(&[0x20, 3, 0, 0x85, 0]));
        assert!(!may_be_left_unsaid(&[0x20, 2, 0, 0]));
        assert!(!may_be_left_unsaid(&[0xD0, 0]));
        assert!(is_farewell(&[0xE0, 1, 0x82], 5));
        assert!(!is_farewell(&[0xE0, 1, 0x82], 4));
        assert!(is_farewell(&[0x20, 2, 0, 1], 4));
    }
}
