//! Packets to start from when bytes are written by hand, and what the first bytes of what was written say.

use mqttlab_sim::scenario::hex;

use crate::say;

/// A legal packet and its name.
pub(crate) const PACKETS: &[(&str, &str)] = &[
    (
        "CONNECT (3.1.1)",
        "10 10 00 04 4d 51 54 54 04 02 00 3c 00 04 68 61 6e 64",
    ),
    ("PUBLISH, QoS 0", "30 07 00 01 61 68 65 6c 6f"),
    ("PUBLISH, QoS 1", "32 09 00 01 61 00 01 68 65 6c 6f"),
    ("PUBACK", "40 02 00 01"),
    ("PUBREL", "62 02 00 01"),
    ("SUBSCRIBE (3.1.1)", "82 06 00 01 00 01 61 00"),
    ("PINGREQ", "c0 00"),
    ("DISCONNECT (3.1.1)", "e0 00"),
];

/// Names of packets by their types; the first is none.
const NAMES: [&str; 16] = [
    "",
    "CONNECT",
    "CONNACK",
    "PUBLISH",
    "PUBACK",
    "PUBREC",
    "PUBREL",
    "PUBCOMP",
    "SUBSCRIBE",
    "SUBACK",
    "UNSUBSCRIBE",
    "UNSUBACK",
    "PINGREQ",
    "PINGRESP",
    "DISCONNECT",
    "AUTH (5.0)",
];

/// What the fixed header says, in words.
pub(crate) fn says(text: &str) -> String {
    let Some(bytes) = hex::bytes(text) else {
        return say::BYTES_DIGITS.to_string();
    };
    let Some((first, rest)) = bytes.split_first() else {
        return String::new();
    };
    let name = match NAMES[usize::from(first >> 4)] {
        "" => say::BYTES_RESERVED.text(),
        name => name,
    };
    let flags = format!("{:04b}", first & 15);
    let mut length = 0_usize;
    for (index, byte) in rest.iter().take(4).enumerate() {
        length |= usize::from(byte & 127) << (7 * index);
        if byte & 128 == 0 {
            let follow = rest.len() - index - 1;
            let fits = match follow.cmp(&length) {
                std::cmp::Ordering::Less => "less",
                std::cmp::Ordering::Equal => "equal",
                std::cmp::Ordering::Greater => "more",
            };
            return say::bytes_says(name, &flags, length, follow, fits);
        }
    }
    say::bytes_endless(name, &flags)
}

#[cfg(test)]
mod tests {
    use mqttlab_sim::scenario::hex;

    use super::{PACKETS, says};

    #[test]
    fn each_packet_says_what_it_is() {
        for (name, bytes) in PACKETS {
            let says = says(bytes);
            let word = name.split([' ', ',']).next().unwrap_or_default();
            assert!(
                says.starts_with(word) && says.ends_with("as many as it says."),
                "{name}: {says}"
            );
            assert_eq!(
                hex::bytes(bytes).map(|it| hex::text(&it)).as_deref(),
                Some(*bytes)
            );
        }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        for (bytes, end) in [
            ("c0", "does not end."),
            ("30 ff ff ff ff 00", "does not end."),
            ("30 05 00", "will wait for the others."),
            ("c0 00 c0 00", "begin another packet."),
            ("hello", "for each byte."),
            ("00 00", "as many as it says."),
        ] {
            assert!(says(bytes).ends_with(end), "{bytes}: {}", says(bytes));
        }
        assert!(says("30 80 01 00").contains("Remaining Length 128; 1 follow"));
    }
}
