//! Bad input, case by case: what a stranger may send over the wire, byte by byte, and what becomes of it.
//!
//! | case | tests |
//! |---|---|
//! | Remaining Length of five bytes, or not in its shortest form | `a_remaining_length_of_five_bytes_…` |
//! | a first packet that is not CONNECT | `a_first_packet_that_is_not_connect_…` |
//! | a second CONNECT | `connect::a_second_connect_ends_the_connection_with_its_will` |
//! | packets of a server, acknowledgements out of order | `what_only_a_server_sends_…`, `strangers::a_pubcomp_before_…` |
//! | unknown protocol names and levels | `protocol_names_and_levels_that_do_not_exist_are_refused` |
//! | CONNECT flags | `connect_flags_that_contradict_each_other_are_malformed` |
//! | password without user name | `a_password_without_a_user_name_…` |
//! | user name without password | `a_user_name_without_a_password_…` |
//! | empty Client Identifier | `connect::an_empty_client_identifier_needs_a_clean_session` |
//! | long and odd Client Identifiers | `client_identifiers_that_are_…`, `abuse::odd_client_identifiers_name_…` |
//! | text that is not UTF-8, overlong, U+0000 | `text_that_is_not_utf_8_is_malformed_and_not_forwarded` |
//! | empty topics, Topic Aliases | `topics_that_are_empty_and_aliases_that_are_not_allowed_are_refused` |
//! | Topic Names with wildcards | `a_topic_name_with_a_wildcard_is_refused` |
//! | topics of the broker's own | `abuse::the_brokers_own_topics_are_not_for_clients` |
//! | QoS 3, DUP at QoS 0, Packet Identifier 0 | `qos_3_dup_at_qos_0_and_identifier_0_are_malformed` |
//! | SUBSCRIBE without filters, cut off, with wrong options | `a_subscribe_that_is_empty_…` |
//! | SUBSCRIBE with ten thousand filters | `subscribe::ten_thousand_filters_are_cut_off_at_the_limit` |
//! | ill-formed filters | `filters_that_are_ill_formed_are_refused_one_by_one` |
//! | filters of very many levels | `a_filter_of_sixty_five_thousand_levels_…` |
//! | topics and filters that are too long | `topics_and_filters_that_are_too_long_…` |
//! | UNSUBSCRIBE of what is not there | `unsubscribing_from_what_was_never_…`, `v5::shared_and_plain_subscriptions_do_not_touch` |
//! | very many User Properties | `too_many_user_properties_end_the_connection` |
//! | properties that come twice or do not belong there | `properties_that_come_twice_…` |
//! | Subscription Identifiers from clients | `subscription_identifiers_that_are_0_…` |
//! | Response Topic with a wildcard, payload that is no text | `a_response_topic_with_a_wildcard_…` |
//! | maxima of 0 and 1 | `maxima_of_0_break_the_protocol_…` |
//! | a client that never acknowledges | `abuse::a_client_that_never_acknowledges_is_bounded` |
//! | QoS 2 without PUBREL | `limits::qos_2_without_pubrel_is_limited` |
//! | acknowledgements of unknown identifiers | `acks::an_unknown_acknowledgement_…`, `acks::an_acknowledgement_for_another_qos_…` |
//! | PUBREC with an error | `acks::an_error_in_pubrec_frees_the_identifier` |
//! | Packet Identifiers that wrap | `abuse::an_identifier_in_flight_is_never_used_again`, `an_identifier_in_flight_…_after_a_resume` |
//! | many connections with one name | `connect::of_fifty_connections_with_one_name_one_survives` |
//! | take-over of a blocked connection | `abuse::a_takeover_of_a_blocked_connection_keeps_the_queue` |
//! | Clean Start in a take-over | `abuse::retained_messages_reach_the_connection_that_took_over` |
//! | a session of another user | `connect::a_session_belongs_to_its_user` |
//! | rights that are taken away | `a_right_that_is_taken_away_…`, `sessions::subscriptions_that_are_not_allowed_any_more_…` |
//! | wills | `will::a_will_that_may_not_be_published_…`, `will::a_delayed_will_…`, `abuse::a_will_is_sent_once` |
//! | DISCONNECT that raises the expiry from 0 | `v5::disconnect_may_change_the_session_expiry_but_not_from_0` |
//! | Keep Alive 0 and 65 535, floods of PINGREQs | `keep_alives_of_0_…`, `abuse::a_flood_of_pings_is_answered` |
//! | message expiry | `a_message_expires_in_the_queue_and_retained_but_not_in_flight` |
//! | very many retained messages | `abuse::many_retained_messages_are_paced_by_reading` |
//! | overlapping filters | `subscribe::many_overlapping_filters_are_one_copy` |
//! | shared subscriptions that lose members | `v5::what_a_lost_member_owed_…`, `a_shared_message_waits_…`, `clauses::v5::what_a_member_turned_down_…` |
//! | a stream cut anywhere | `link::every_split_of_a_stream_yields_the_same_packets` |

use std::format;
use std::string::String;
use std::vec::Vec;

use expect_test::expect;

use super::{check, check_with};
use crate::broker::{
    AuthRequest, Authorization, Broker, CloseReason, Config, IllFormedFilter, Input, Sink,
};
use crate::frame::Frame;
use crate::id::ConnId;
use crate::packet::{Connect, Packet, Version};
use crate::properties::Properties;
use crate::time::Instant;
use crate::why::DropCause;

#[test]
fn a_remaining_length_of_five_bytes_or_not_in_its_shortest_form_is_malformed() {
    check(
        "stranger open
         stranger bytes 10 ffffffff7f
         long open
         long bytes 10 8c80808000
         a connect
         a bytes 30 ffffffff01
         b connect v=5
         b bytes 30 ffffffff01
         c connect v=5
         c bytes c0 8000",
        expect![[r#"
            b|stranger the bytes were no packet
            b|long the bytes were no packet
            b>a CONNACK present=0 0x00
            b|a the bytes were no packet
            b>b CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>b DISCONNECT 0x81 ReasonString("Remaining Length takes more than four bytes or is not in its shortest form")
            b|b the bytes were no packet
            b>c CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>c DISCONNECT 0x81 ReasonString("Remaining Length takes more than four bytes or is not in its shortest form")
            b|c the bytes were no packet"#]],
    );
}

/// Only CONNECT may come first; what comes instead is not answered, not even looked into.
#[test]
fn a_first_packet_that_is_not_connect_is_closed_in_silence_and_counted() {
    let run = check(
        "publish open
         publish bytes 30 * s\"t\" \"x\"
         connack open
         connack bytes 20 02 0000
         reserved-0 open
         reserved-0 bytes 00 00
         reserved-15 open
         reserved-15 bytes f0 00
         http open
         http bytes \"GET / HTTP/1.1\"",
        expect![[r#"
            b|publish the packet was not allowed (0x82 Protocol Error)
            b|connack the packet was not allowed (0x82 Protocol Error)
            b|reserved-0 the packet was not allowed (0x82 Protocol Error)
            b|reserved-15 the packet was not allowed (0x82 Protocol Error)
            b|http the packet was not allowed (0x82 Protocol Error)"#]],
    );
    let closed: u64 = run.broker.counters().closes().map(|(_, count)| count).sum();
    assert_eq!(closed, 5);
    assert_eq!(run.broker.usage().sessions, 0);
}

#[test]
fn what_only_a_server_sends_is_refused_at_its_first_byte() {
    check(
        "version 5
         connack connect
         connack bytes 20 03 000000
         suback connect
         suback bytes 90 04 0001 00 00
         unsuback connect
         unsuback bytes b0 04 0001 00 00
         pingresp connect
         pingresp bytes d0 00",
        expect![[r#"
            b>connack CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>connack DISCONNECT 0x82 ReasonString("only the other side may send this packet")
            b|connack the packet was not allowed (0x82 Protocol Error)
            b>suback CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>suback DISCONNECT 0x82 ReasonString("only the other side may send this packet")
            b|suback the packet was not allowed (0x82 Protocol Error)
            b>unsuback CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>unsuback DISCONNECT 0x82 ReasonString("only the other side may send this packet")
            b|unsuback the packet was not allowed (0x82 Protocol Error)
            b>pingresp CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>pingresp DISCONNECT 0x82 ReasonString("only the other side may send this packet")
            b|pingresp the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

#[test]
fn protocol_names_and_levels_that_do_not_exist_are_refused() {
    check(
        "level-3 open
         level-3 bytes 10 * s\"MQTT\" 03 02 0000 s\"x\"
         old-4 open
         old-4 bytes 10 * s\"MQIsdp\" 04 02 0000 s\"x\"
         level-6 open
         level-6 bytes 10 * s\"MQTT\" 06 02 0000 {} s\"x\"
         lower open
         lower bytes 10 * s\"mqtt\" 04 02 0000 s\"x\"
         bridge open
         bridge bytes 10 * s\"MQTT\" 84 02 0000 s\"x\"
         nothing open
         nothing bytes 10 00",
        expect![[r#"
            b>level-3 CONNACK present=0 0x84
            b|level-3 CONNECT was refused (0x84 Unsupported Protocol Version)
            b>old-4 CONNACK present=0 0x84
            b|old-4 CONNECT was refused (0x84 Unsupported Protocol Version)
            b>level-6 CONNACK present=0 0x84
            b|level-6 CONNECT was refused (0x84 Unsupported Protocol Version)
            b>lower CONNACK present=0 0x84
            b|lower CONNECT was refused (0x84 Unsupported Protocol Version)
            b>bridge CONNACK present=0 0x84
            b|bridge CONNECT was refused (0x84 Unsupported Protocol Version)
            b|nothing the bytes were no packet"#]],
    );
}

#[test]
fn connect_flags_that_contradict_each_other_are_malformed() {
    check(
        "reserved open
         reserved bytes 10 * s\"MQTT\" 04 03 0000 s\"x\"
         qos-without-will open
         qos-without-will bytes 10 * s\"MQTT\" 04 0a 0000 s\"x\"
         retain-without-will open
         retain-without-will bytes 10 * s\"MQTT\" 05 22 0000 {} s\"x\"
         qos-3 open
         qos-3 bytes 10 * s\"MQTT\" 05 1e 0000 {} s\"x\" {} s\"w\" s\"x\"",
        expect![[r#"
            b|reserved the bytes were no packet
            b|qos-without-will the bytes were no packet
            b|retain-without-will the bytes were no packet
            b|qos-3 the bytes were no packet"#]],
    );
}

#[test]
fn a_password_without_a_user_name_is_malformed_in_3_1_1_and_right_in_5_0() {
    check(
        "old open
         old bytes 10 * s\"MQTT\" 04 42 0000 s\"x\" s\"secret\"
         new open
         new bytes 10 * s\"MQTT\" 05 42 0000 {} s\"y\" s\"secret\"",
        expect![[r#"
            b|old the bytes were no packet
            b>new CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)"#]],
    );
}

/// Who names himself has proven nothing: the driver sees that there is no password, and that is not an empty one.
#[test]
fn a_user_name_without_a_password_is_told_apart_from_an_empty_password() {
    #[derive(Default)]
    struct Doorkeeper {
        asked: Vec<(Option<String>, Option<usize>)>,
        refused: u32,
    }
    impl Sink for Doorkeeper {
        fn send(&mut self, _: ConnId, _: &Frame<'_>) {}
        fn close(&mut self, _: ConnId, reason: CloseReason) {
            self.refused += u32::from(matches!(reason, CloseReason::Refused(_)));
        }
        fn authorize(&mut self, _: ConnId, request: &AuthRequest<'_>) -> Authorization {
            let user_name = request.user_name.map(Into::into);
            self.asked
                .push((user_name, request.password.map(<[u8]>::len)));
            match request.password {
                Some(_) => Authorization::Allow,
                None => Authorization::Deny(crate::reason::ReasonCode::BadUserNameOrPassword),
            }
        }
    }
    let mut broker = Broker::new(Config::default(), 1);
    let mut doorkeeper = Doorkeeper::default();
    for (number, password) in [(1, None), (2, Some(&b""[..]))] {
        let conn = ConnId::new(number).expect("not 0");
        broker.handle(Instant::ZERO, Input::Open { conn }, &mut doorkeeper);
        let packet = Packet::Connect(Connect {
            version: Version::V3_1_1,
            clean_start: true,
            keep_alive: 0,
            client_id: "x",
            will: None,
            user_name: Some("admin"),
            password,
            properties: Properties::EMPTY,
        });
        let input = Input::Packet { conn, packet };
        broker.handle(Instant::ZERO, input, &mut doorkeeper);
    }
    let admin = || Some("admin".into());
    assert_eq!(
        (doorkeeper.asked, doorkeeper.refused),
        ([(admin(), None), (admin(), Some(0))].into(), 1)
    );
}

#[test]
fn client_identifiers_that_are_too_long_or_no_text_are_refused() {
    let name = "x".repeat(60_000);
    let script = format!(
        "old open
         old bytes 10 * s\"MQTT\" 04 02 0000 s\"{name}\"
         new open
         new bytes 10 * s\"MQTT\" 05 02 0000 {{}} s\"{name}\"
         nul open
         nul bytes 10 * s\"MQTT\" 05 02 0000 {{}} 0003 61 00 62
         replacement open
         replacement bytes 10 * s\"MQTT\" 05 02 0000 {{}} 0003 efbfbd"
    );
    check(
        &script,
        expect![[r#"
        b>old CONNACK present=0 0x85
        b|old CONNECT was refused (0x85 Client Identifier not valid)
        b>new CONNACK present=0 0x85 ReasonString("the Client Identifier is too long")
        b|new CONNECT was refused (0x85 Client Identifier not valid)
        b|nul the bytes were no packet
        b>replacement CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)"#]],
    );
}

/// Lone surrogates, a byte too many, U+0000: none of it reaches anybody.
#[test]
fn text_that_is_not_utf_8_is_malformed_and_not_forwarded() {
    let run = check(
        "version 5
         watch subscribe #
         topic connect
         topic bytes 30 * 0003 61 ff 62 {} \"x\"
         surrogate connect
         surrogate bytes 30 * 0003 eda080 {} \"x\"
         nul connect
         nul bytes 30 * 0003 61 00 62 {} \"x\"
         overlong connect
         overlong bytes 30 * 0002 c080 {} \"x\"
         user connect
         user bytes 30 * s\"t\" { 26 s\"key\" 0001 ff } \"x\"
         will open
         will bytes 10 * s\"MQTT\" 05 06 0000 {} s\"will\" {} 0001 c0 s\"x\"",
        expect![[r#"
            b>watch SUBACK #1 [00]
            b>topic CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>topic DISCONNECT 0x81 ReasonString("text is not well-formed UTF-8")
            b|topic the bytes were no packet
            b>surrogate CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>surrogate DISCONNECT 0x81 ReasonString("text is not well-formed UTF-8")
            b|surrogate the bytes were no packet
            b>nul CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>nul DISCONNECT 0x81 ReasonString("text has the character U+0000 in it")
            b|nul the bytes were no packet
            b>overlong CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>overlong DISCONNECT 0x81 ReasonString("text is not well-formed UTF-8")
            b|overlong the bytes were no packet
            b>user CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>user DISCONNECT 0x81 ReasonString("text is not well-formed UTF-8")
            b|user the bytes were no packet
            b|will the bytes were no packet"#]],
    );
    assert_eq!(run.broker.counters().received, [0; 3]);
}

#[test]
fn topics_that_are_empty_and_aliases_that_are_not_allowed_are_refused() {
    let config = Config {
        topic_alias_maximum: 2,
        ..Config::default()
    };
    check_with(
        config,
        "version 5
         empty connect
         empty bytes 30 * 0000 {} \"x\"
         zero connect
         zero bytes 30 * s\"t\" { 23 0000 } \"x\"
         high connect
         high bytes 30 * s\"t\" { 23 0003 } \"x\"
         unknown connect
         unknown bytes 30 * 0000 { 23 0002 } \"x\"
         version 3.1.1
         old connect
         old bytes 30 * 0000 \"x\"",
        expect![[r#"
            b>empty CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(2)
            b>empty DISCONNECT 0x82 ReasonString("the Topic Name is empty")
            b|empty the packet was not allowed (0x82 Protocol Error)
            b>zero CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(2)
            b>zero DISCONNECT 0x94 ReasonString("the Topic Alias is 0 or above the maximum")
            b|zero the packet was not allowed (0x94 Topic Alias invalid)
            b>high CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(2)
            b>high DISCONNECT 0x94 ReasonString("the Topic Alias is 0 or above the maximum")
            b|high the packet was not allowed (0x94 Topic Alias invalid)
            b>unknown CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(2)
            b>unknown DISCONNECT 0x82 ReasonString("the Topic Alias stands for nothing yet")
            b|unknown the packet was not allowed (0x82 Protocol Error)
            b>old CONNACK present=0 0x00
            b|old the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

#[test]
fn a_topic_name_with_a_wildcard_is_refused() {
    check(
        "version 5
         hash connect
         hash bytes 30 * s\"a/#\" {} \"x\"
         plus connect
         plus bytes 30 * s\"a/+/b\" {} \"x\"
         version 3.1.1
         old connect
         old bytes 30 * s\"a/#\" \"x\"",
        expect![[r#"
            b>hash CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>hash DISCONNECT 0x90 ReasonString("a Topic Name has a wildcard in it")
            b|hash the packet was not allowed (0x90 Topic Name invalid)
            b>plus CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>plus DISCONNECT 0x90 ReasonString("a Topic Name has a wildcard in it")
            b|plus the packet was not allowed (0x90 Topic Name invalid)
            b>old CONNACK present=0 0x00
            b|old the packet was not allowed (0x90 Topic Name invalid)"#]],
    );
}

#[test]
fn qos_3_dup_at_qos_0_and_identifier_0_are_malformed() {
    check(
        "version 5
         qos-3 connect
         qos-3 bytes 36 * s\"t\" 0001 {} \"x\"
         dup connect
         dup bytes 38 * s\"t\" {} \"x\"
         identifier-0 connect
         identifier-0 bytes 32 * s\"t\" 0000 {} \"x\"",
        expect![[r#"
            b>qos-3 CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>qos-3 DISCONNECT 0x81 ReasonString("QoS 3 does not exist")
            b|qos-3 the bytes were no packet
            b>dup CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>dup DISCONNECT 0x81 ReasonString("DUP is set on a QoS 0 message")
            b|dup the bytes were no packet
            b>identifier-0 CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>identifier-0 DISCONNECT 0x82 ReasonString("the Packet Identifier is 0")
            b|identifier-0 the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

#[test]
fn a_subscribe_that_is_empty_cut_off_or_has_wrong_options_is_malformed() {
    let run = check(
        "version 5
         empty connect
         empty bytes 82 * 0001 {}
         cut connect
         cut bytes 82 * 0001 {} s\"a\"
         reserved connect
         reserved bytes 82 * 0001 {} s\"a\" 40
         handling connect
         handling bytes 82 * 0001 {} s\"a\" 30
         qos connect
         qos bytes 82 * 0001 {} s\"a\" 03
         unsubscribe connect
         unsubscribe bytes a2 * 0001 {}
         version 3.1.1
         old connect
         old bytes 82 * 0001 s\"a\"",
        expect![[r#"
            b>empty CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>empty DISCONNECT 0x82 ReasonString("the packet has no Topic Filter")
            b|empty the packet was not allowed (0x82 Protocol Error)
            b>cut CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>cut DISCONNECT 0x81 ReasonString("the packet ends inside a field")
            b|cut the bytes were no packet
            b>reserved CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>reserved DISCONNECT 0x81 ReasonString("reserved bits of the subscription options are set")
            b|reserved the bytes were no packet
            b>handling CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>handling DISCONNECT 0x81 ReasonString("reserved bits of the subscription options are set")
            b|handling the bytes were no packet
            b>qos CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>qos DISCONNECT 0x81 ReasonString("QoS 3 does not exist")
            b|qos the bytes were no packet
            b>unsubscribe CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>unsubscribe DISCONNECT 0x82 ReasonString("the packet has no Topic Filter")
            b|unsubscribe the packet was not allowed (0x82 Protocol Error)
            b>old CONNACK present=0 0x00
            b|old the bytes were no packet"#]],
    );
    assert_eq!(run.broker.usage().sessions, 0);
}

#[test]
fn filters_that_are_ill_formed_are_refused_one_by_one() {
    let config = Config {
        ill_formed_filter: IllFormedFilter::Refuse,
        ..Config::default()
    };
    check_with(
        config,
        "version 5
         a connect
         a bytes 82 * 0001 {} s\"a/#/b\" 00 s\"a+\" 00 s\"#a\" 00 s\"$share//x\" 00 s\"$share/g\" 00 s\"$share/+/x\" 00 s\"ok\" 01
         no-local connect
         no-local bytes 82 * 0001 {} s\"$share/g/x\" 04",
        expect![[r#"
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a SUBACK #1 [8f 8f 8f 8f 8f 8f 01]
            b>no-local CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>no-local DISCONNECT 0x82 ReasonString("No Local is set on a shared subscription")
            b|no-local the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

/// A filter of the greatest length that is nothing but levels, twice: looked for and not found too.
#[test]
fn a_filter_of_sixty_five_thousand_levels_is_refused_without_recursion() {
    let deep = "/".repeat(65_535);
    let script = format!(
        "version 5
         a connect
         a bytes 82 * 0001 {{}} s\"{deep}\" 00
         a bytes a2 * 0002 {{}} s\"{deep}\"
         a bytes 30 * s\"{deep}\" {{}}"
    );
    let config = Config {
        topic_length_max: u16::MAX,
        ..Config::default()
    };
    check_with(
        config,
        &script,
        expect![[r#"
        b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
        b>a SUBACK #1 [8f]
        b>a UNSUBACK #2 [11]
        b>a DISCONNECT 0x90 ReasonString("the topic has too many levels")
        b|a the packet was not allowed (0x90 Topic Name invalid)"#]],
    );
}

#[test]
fn topics_and_filters_that_are_too_long_are_refused_like_those_of_too_many_levels() {
    let config = Config {
        topic_length_max: 4,
        ..Config::default()
    };
    let run = check_with(
        config.clone(),
        "version 5
         a connect
         a subscribe abcd
         a subscribe abcde
         a subscribe $share/g/a
         b connect will=abcde
         a publish abcd x
         a publish abcde x",
        expect![[r#"
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a SUBACK #1 [00]
            b>a SUBACK #2 [8f]
            b>a SUBACK #3 [8f]
            b>b CONNACK present=0 0x90 ReasonString("the topic is too long")
            b|b CONNECT was refused (0x90 Topic Name invalid)
            b>a PUBLISH abcd q0 "x"
            b>a DISCONNECT 0x90 ReasonString("the topic is too long")
            b|a the packet was not allowed (0x90 Topic Name invalid)"#]],
    );
    let counters = run.broker.counters();
    assert_eq!(counters.subscriptions_refused, 2);
    check_with(
        config,
        "a connect
         a subscribe abcde
         a publish abcde x
         b connect will=abcde",
        expect![[r#"
            b>a CONNACK present=0 0x00
            b>a SUBACK #1 [80]
            b|a the packet was not allowed (0x90 Topic Name invalid)
            b|b CONNECT was refused (0x90 Topic Name invalid)"#]],
    );
}

#[test]
fn unsubscribing_from_what_was_never_subscribed_to_touches_nothing_else() {
    let run = check(
        "version 5
         a subscribe x
         a unsubscribe never
         a unsubscribe $share/g/x
         p publish x 1",
        expect![[r#"
            b>a SUBACK #1 [00]
            b>a UNSUBACK #2 [11]
            b>a UNSUBACK #3 [11]
            b>a PUBLISH x q0 "1""#]],
    );
    let session = run.broker.session("a").expect("it is there");
    assert_eq!(session.subscriptions().count(), 1);
}

/// Their number is limited, and so is what a stranger may send at all.
#[test]
fn too_many_user_properties_end_the_connection() {
    let script = format!(
        "version 5
         stranger open
         stranger bytes 10 * s\"MQTT\" 05 02 0000 {{ 7000x{pair} }} s\"x\"
         larger open
         larger bytes 10 * s\"MQTT\" 05 02 0000 {{ 100000x{pair} }} s\"x\"
         publisher connect
         publisher bytes 30 * s\"t\" {{ 100000x{pair} }}
         will open
         will bytes 10 * s\"MQTT\" 05 06 0000 {{}} s\"x\" {{ 7000x{pair} }} s\"t\" 0000",
        pair = "26000161000162"
    );
    check(
        &script,
        expect![[r#"
        b|stranger the packet was not allowed (0x97 Quota exceeded)
        b|larger a limit was reached (0x95 Packet too large)
        b>publisher CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
        b>publisher DISCONNECT 0x97 ReasonString("there are more User Properties than allowed")
        b|publisher the packet was not allowed (0x97 Quota exceeded)
        b|will the packet was not allowed (0x97 Quota exceeded)"#]],
    );
}

#[test]
fn properties_that_come_twice_or_do_not_belong_there_break_the_protocol() {
    check(
        "version 5
         twice connect
         twice bytes 30 * s\"t\" { 01 00 01 00 }
         foreign connect
         foreign bytes 30 * s\"t\" { 11 00000001 }
         unknown connect
         unknown bytes 30 * s\"t\" { 7f 00 }
         will open
         will bytes 10 * s\"MQTT\" 05 06 0000 {} s\"x\" { 11 00000001 } s\"t\" 0000
         will-twice open
         will-twice bytes 10 * s\"MQTT\" 05 06 0000 {} s\"x\" { 18 00000001 18 00000001 } s\"t\" 0000",
        expect![[r#"
            b>twice CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>twice DISCONNECT 0x82 ReasonString("the property may come only once")
            b|twice the packet was not allowed (0x82 Protocol Error)
            b>foreign CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>foreign DISCONNECT 0x81 ReasonString("the property does not belong in this packet")
            b|foreign the bytes were no packet
            b>unknown CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>unknown DISCONNECT 0x81 ReasonString("no property has this identifier")
            b|unknown the bytes were no packet
            b|will the bytes were no packet
            b|will-twice the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

#[test]
fn subscription_identifiers_that_are_0_or_a_clients_own_break_the_protocol() {
    check(
        "version 5
         zero connect
         zero bytes 82 * 0001 { 0b 00 } s\"a\" 00
         two connect
         two bytes 82 * 0001 { 0b 01 0b 02 } s\"a\" 00
         publish connect
         publish bytes 30 * s\"t\" { 0b 01 }",
        expect![[r#"
            b>zero CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>zero DISCONNECT 0x82 ReasonString("the property has a value that it may not have")
            b|zero the packet was not allowed (0x82 Protocol Error)
            b>two CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>two DISCONNECT 0x82 ReasonString("the property may come only once")
            b|two the packet was not allowed (0x82 Protocol Error)
            b>publish CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>publish DISCONNECT 0x82 ReasonString("the property does not belong in this packet")
            b|publish the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

#[test]
fn a_response_topic_with_a_wildcard_or_a_payload_that_is_not_the_text_it_says_is_refused() {
    let config = Config {
        check_payload_format: true,
        ..Config::default()
    };
    check_with(
        config,
        "version 5
         reply connect
         reply bytes 30 * s\"t\" { 08 s\"a/#\" }
         format connect
         format bytes 32 * s\"t\" 0001 { 01 01 } ff
         format-2 connect
         format-2 bytes 30 * s\"t\" { 01 02 }",
        expect![[r#"
            b>reply CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>reply DISCONNECT 0x82 ReasonString("a Topic Name has a wildcard in it")
            b|reply the packet was not allowed (0x82 Protocol Error)
            b>format CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>format PUBACK #1 0x99 ReasonString("the payload is not the UTF-8 that it says it is")
            b>format-2 CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>format-2 DISCONNECT 0x82 ReasonString("the property has a value that it may not have")
            b|format-2 the packet was not allowed (0x82 Protocol Error)"#]],
    );
}

/// What the client accepts may be next to nothing, but not nothing at all.
#[test]
fn maxima_of_0_break_the_protocol_and_those_of_1_are_kept() {
    let run = check(
        "version 5
         size-0 open
         size-0 bytes 10 * s\"MQTT\" 05 02 0000 { 27 00000000 } s\"x\"
         receive-0 open
         receive-0 bytes 10 * s\"MQTT\" 05 02 0000 { 21 0000 } s\"x\"
         size-1 open
         size-1 bytes 10 * s\"MQTT\" 05 02 0000 { 27 00000001 } s\"x\"
         one connect receive=1 size=40
         one subscribe t qos=1
         p publish t 1 qos=1
         p publish t 2 qos=1
         p publish t 3 qos=0 big=100",
        expect![[r#"
            b|size-0 the packet was not allowed (0x82 Protocol Error)
            b|receive-0 the packet was not allowed (0x82 Protocol Error)
            b|size-1 CONNECT was refused (0x95 Packet too large)
            b>one CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>one SUBACK #1 [01]
            b>one PUBLISH t q1 #1 "1"
            b>p PUBACK #1
            b>p PUBACK #2"#]],
    );
    let session = run.broker.session("one").expect("it is there");
    assert_eq!((session.in_flight().count(), session.queue_len()), (1, 1));
    let drops: Vec<_> = run.broker.counters().drops().collect();
    assert_eq!(drops, [(DropCause::TooLarge, 1)]);
}

/// The client is told what to keep, or held to it where its version cannot tell; the longest there is, is kept as well.
#[test]
fn keep_alives_of_0_and_of_18_hours_are_lowered_to_the_maximum() {
    let config = Config {
        keep_alive_max: 60,
        ..Config::default()
    };
    check_with(
        config,
        "none connect v=5 keep=0
         longest connect v=5 keep=65535
         old connect keep=0
         wait 89s
         wait 2s",
        expect![[r#"
            b>none CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32) ServerKeepAlive(60)
            b>longest CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32) ServerKeepAlive(60)
            b>old CONNACK present=0 0x00
            b>none DISCONNECT 0x8D ReasonString("the Keep Alive ran out")
            b|none the Keep Alive ran out
            b>longest DISCONNECT 0x8D ReasonString("the Keep Alive ran out")
            b|longest the Keep Alive ran out
            b|old the Keep Alive ran out"#]],
    );
    check(
        "longest connect keep=65535\n wait 98302s\n wait 2s",
        expect![[r#"
            b>longest CONNACK present=0 0x00
            b|longest the Keep Alive ran out"#]],
    );
}

/// A message expires while it waits. One that was sent is sent again after all: its client may have it already.
#[test]
fn a_message_expires_in_the_queue_and_retained_but_not_in_flight() {
    let run = check(
        "version 5
         s connect clean=0 expiry=1000 receive=1
         s subscribe a qos=1
         p publish a flies qos=1 expiry=5
         p publish a waits qos=1 expiry=5
         p publish b kept retain expiry=5
         s lost
         wait 6s
         s connect clean=0 expiry=1000 receive=1
         s subscribe b
         s puback 1",
        expect![[r#"
            b>s CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s SUBACK #1 [01]
            b>s PUBLISH a q1 #1 "flies" MessageExpiryInterval(5)
            b>p PUBACK #1
            b>p PUBACK #2
            b>s CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>s PUBLISH a q1 #1 DUP "flies" MessageExpiryInterval(0)
            b>s SUBACK #2 [00]"#]],
    );
    let drops: Vec<_> = run.broker.counters().drops().collect();
    assert_eq!(drops, [(DropCause::Expired, 1)]);
    assert_eq!(run.broker.counters().retained_expired, 1);
}

/// Rights are looked at when a message is delivered, not when its filter was granted. Only what was in flight before
/// comes again all the same, for its client may have it already. [MQTT-4.4.0-1]
#[test]
fn a_right_that_is_taken_away_stops_live_queued_retained_and_will_messages() {
    let run = check(
        "s connect clean=0
         s subscribe t/# qos=1
         p connect will=t/will
         p publish t/1 kept retain
         p publish t/1 seen qos=1
         s lost
         p publish t/1 queued qos=1
         deny s receive t/1
         s connect clean=0
         p publish t/1 live qos=1
         p publish t/2 other qos=1
         s subscribe +/1
         deny p publish t/will
         p lost",
        expect![[r#"
            b>s CONNACK present=0 0x00
            b>s SUBACK #1 [01]
            b>p CONNACK present=0 0x00
            b>s PUBLISH t/1 q0 "kept"
            b>s PUBLISH t/1 q1 #1 "seen"
            b>p PUBACK #1
            b>p PUBACK #2
            b>s CONNACK present=1 0x00
            b>s PUBLISH t/1 q1 #1 DUP "seen"
            b>p PUBACK #3
            b>s PUBLISH t/2 q1 #2 "other"
            b>p PUBACK #4
            b>s SUBACK #2 [00]"#]],
    );
    let drops: Vec<_> = run.broker.counters().drops().collect();
    assert_eq!(drops, [(DropCause::Denied, 3)]);
}

/// Nobody of the group is there: the message waits for one of them and goes to nobody twice.
#[test]
fn a_shared_message_waits_for_a_member_and_is_not_given_to_two() {
    let run = check(
        "version 5
         a connect clean=0 expiry=100
         a subscribe $share/g/t qos=1
         b connect clean=0 expiry=100
         b subscribe $share/g/t qos=1
         a lost
         b lost
         p publish t 1 qos=1
         p publish t 2 qos=1
         b connect clean=0 expiry=100
         a connect clean=0 expiry=100",
        expect![[r#"
            b>a CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a SUBACK #1 [01]
            b>b CONNACK present=0 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>b SUBACK #1 [01]
            b>p PUBACK #1
            b>p PUBACK #2
            b>b CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>b PUBLISH t q1 #1 "2"
            b>a CONNACK present=1 0x00 ReceiveMaximum(64) MaximumPacketSize(1048576) TopicAliasMaximum(32)
            b>a PUBLISH t q1 #1 "1""#]],
    );
    assert_eq!(run.broker.counters().drops().count(), 0);
}

/// What is in flight when a client comes back keeps its identifier, and what is new gets another.
#[test]
fn an_identifier_in_flight_is_not_used_again_after_a_resume() {
    check(
        "s connect clean=0
         s subscribe t qos=2
         p publish t 1 qos=1
         p publish t 2 qos=2
         s puback 1
         s lost
         p publish t 3 qos=1
         s connect clean=0
         s pubrec 2
         s lost
         p publish t 4 qos=1
         s connect clean=0",
        expect![[r#"
            b>s CONNACK present=0 0x00
            b>s SUBACK #1 [02]
            b>s PUBLISH t q1 #1 "1"
            b>p PUBACK #1
            b>s PUBLISH t q2 #2 "2"
            b>p PUBREC #2
            b>p PUBACK #3
            b>s CONNACK present=1 0x00
            b>s PUBLISH t q2 #2 DUP "2"
            b>s PUBLISH t q1 #3 "3"
            b>s PUBREL #2
            b>p PUBACK #4
            b>s CONNACK present=1 0x00
            b>s PUBREL #2
            b>s PUBLISH t q1 #3 DUP "3"
            b>s PUBLISH t q1 #4 "4""#]],
    );
}
