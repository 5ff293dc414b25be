use alloc::string::String;
use alloc::vec::Vec;

use super::{Properties, Property, PropertyError, PropertyList, read, write};

#[test]
fn a_list_gives_back_what_was_put_in() {
    let all = [
        Property::PayloadFormatIndicator(1),
        Property::SessionExpiryInterval(u32::MAX),
        Property::SubscriptionIdentifier(268_435_455),
        Property::ReceiveMaximum(20),
        Property::ContentType("é"),
        Property::CorrelationData(&[0, 0xFF]),
        Property::UserProperty("name", "value"),
        Property::UserProperty("name", ""),
    ];
    let mut list = PropertyList::new();
    for property in all {
        list.push(property);
    }
    assert_eq!(list.properties().iter().collect::<Vec<_>>(), all);
    assert!(!list.properties().is_empty());
    list.clear();
    assert_eq!(list.properties(), Properties::EMPTY);
}

#[test]
fn what_is_too_long_is_cut_at_a_character() {
    let long: String = core::iter::repeat_n('é', 40_000).collect();
    let mut list = PropertyList::new();
    list.push(Property::UserProperty(&long, "v"));
    let Some(Property::UserProperty(name, "v")) = list.properties().iter().next() else {
        panic!("the property is whole");
    };
    assert_eq!(name.len(), 65_534);
    let data = alloc::vec![7; 70_000];
    list.clear();
    list.push(Property::CorrelationData(&data));
    assert_eq!(
        list.properties().iter().next(),
        Some(Property::CorrelationData(&data[..65_535]))
    );
}

#[test]
fn bytes_that_are_no_property_are_told_apart() {
    for (bytes, error) in [
        (&[][..], PropertyError::Truncated),
        (&[0x21, 0], PropertyError::Truncated),
        (&[0x03, 0, 2, b'a'], PropertyError::Truncated),
        (&[0x26, 0, 1, b'a', 0], PropertyError::Truncated),
        (&[0x04, 0], PropertyError::UnknownIdentifier(4)),
        (&[0x81, 0x01, 0], PropertyError::UnknownIdentifier(129)),
        (&[0x03, 0, 1, 0xFF], PropertyError::IllFormedString),
        (&[0x03, 0, 1, 0], PropertyError::NulInString),
        (&[0x0B, 0x80, 0], PropertyError::IllFormedInteger),
        (
            &[0x0B, 0xFF, 0xFF, 0xFF, 0xFF],
            PropertyError::IllFormedInteger,
        ),
    ] {
        assert_eq!(Property::split_from(bytes), Err(error), "{bytes:02x?}");
    }
}

#[test]
fn variable_byte_integers_are_read_back() {
    for (value, len) in [
        (0, 1),
        (127, 1),
        (128, 2),
        (16_383, 2),
        (16_384, 3),
        (2_097_151, 3),
        (2_097_152, 4),
        (268_435_455, 4),
    ] {
        let mut bytes = Vec::new();
        write::variable(&mut bytes, value);
        assert_eq!(bytes.len(), len);
        assert_eq!(read::variable(&bytes), Ok((value, &[][..])));
        assert_eq!(
            read::variable(&bytes[..len - 1]),
            Err(PropertyError::Truncated)
        );
    }
}
