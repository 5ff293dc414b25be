use mqttlab_core::why::{DropCause, QueueCause, Refusal, SessionEnd, Undelivered};

use super::{DeliveryTable, Outcome, Reach};
use crate::recording::Recording;
use crate::scenario::Scenario;
use crate::view::Micros;

const SECOND: Micros = 1_000_000;

/// Plays to a moment, in seconds.
#[track_caller]
fn play(mqtt: &str, at: Micros, text: &str) -> Recording {
    let text = format!(
        "[scenario]\nid = \"test\"\ntitle = \"Test\"\nversion = 1\nmqtt = \"{mqtt}\"\nuntil = \"60s\"\n{text}"
    );
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let mut recording = Recording::new(scenario);
    recording.seek(at * SECOND);
    recording
}

/// A step of a script.
fn act(at: &str, who: &str, act: &str) -> String {
    format!("[[do]]\nat = \"{at}\"\nwho = \"{who}\"\nact = {act}\n")
}

fn publish(at: &str, who: &str, topic: &str, qos: u8) -> String {
    act(
        at,
        who,
        &format!("\"publish\"\ntopic = \"{topic}\"\nqos = {qos}"),
    )
}

fn client(name: &str, more: &str) -> String {
    format!("[[client]]\nname = \"{name}\"\n{more}\n")
}

/// The tables of a run, which can be made at any moment and do not change it.
#[track_caller]
fn tables(recording: &Recording) -> Vec<DeliveryTable> {
    let hash = recording.hash();
    let tables = recording.deliveries();
    assert_eq!(recording.hash(), hash);
    for table in &tables {
        if let Some(flight) = table.flight {
            assert_eq!(recording.delivery(flight).as_ref(), Some(table));
        }
        for row in &table.rows {
            assert!(!row.text.is_empty() && !row.text.ends_with('.'), "{row:?}");
            let again = row.flight.and_then(|flight| recording.delivery(flight));
            if let Some(again) = again {
                assert_eq!(again.message, table.message);
            }
        }
    }
    tables
}

/// What became of the last message for each client: of those that the broker took, else of any.
#[track_caller]
fn outcomes(recording: &Recording) -> Vec<(String, Outcome)> {
    let tables = tables(recording);
    let table = tables.last().expect("something was published");
    let name = |id| recording.scenario().name(id).to_owned();
    let rows = table.rows.iter();
    rows.map(|row| (name(row.client), row.outcome)).collect()
}

#[track_caller]
fn outcome(recording: &Recording, who: &str) -> Outcome {
    let rows = outcomes(recording);
    let mut found = rows.iter().filter(|(name, _)| name == who);
    found.next().expect("there is a row for everybody").1
}

const PUMP: &str = "[[client]]\nname = \"pump\"\nkeep_alive = \"0s\"\n[[do]]\nat = \"0s\"\nwho = \"pump\"\nact = \"connect\"\n";

/// A pump that publishes after two seconds, and a client that connects at once.
fn pump_and(client_more: &str, qos: u8) -> String {
    PUMP.to_owned()
        + &client("other", client_more)
        + &act("0s", "other", "\"connect\"")
        + &publish("2s", "pump", "a/b", qos)
}

#[test]
fn who_subscribes_gets_it() {
    let text = pump_and("subscribe = [{ filter = \"a/#\", qos = 1 }]", 1);
    let recording = play("3.1.1", 5, &text);
    assert_eq!(outcome(&recording, "other"), Outcome::Delivered);
    assert_eq!(outcome(&recording, "pump"), Outcome::Publisher);
    let table = &tables(&recording)[0];
    assert_eq!((table.reach, table.message), (Reach::Taken, Some(1)));
    assert_eq!(table.rows[1].text, "other has it at 2.04 s, for a/#");
}

#[test]
fn a_moment_earlier_it_is_on_its_way() {
    let text = pump_and("subscribe = [{ filter = \"a/#\", qos = 1 }]", 1);
    let mut recording = play("3.1.1", 2, &text);
    let table = &tables(&recording)[0];
    assert_eq!(table.reach, Reach::OnItsWay);
    assert_eq!(table.rows[0].outcome, Outcome::NotTaken);
    assert_eq!(
        table.rows[0].text,
        "it is still on its way from pump to the broker"
    );
    recording.seek(2 * SECOND + 30_000);
    assert_eq!(outcome(&recording, "other"), Outcome::OnItsWay);
}

#[test]
fn who_has_no_subscription_that_matches() {
    let nothing = pump_and("", 0);
    let other = pump_and("subscribe = [{ filter = \"a/b/c\" }]", 0);
    assert_eq!(
        outcome(&play("3.1.1", 5, &nothing), "other"),
        Outcome::NoSubscription
    );
    assert_eq!(
        outcome(&play("3.1.1", 5, &other), "other"),
        Outcome::FilterDoesNotMatch
    );
}

#[test]
fn who_has_no_session() {
    let never = PUMP.to_owned() + &client("other", "") + &publish("2s", "pump", "a", 0);
    assert_eq!(
        outcome(&play("3.1.1", 5, &never), "other"),
        Outcome::NoSession
    );
    let gone =
        pump_and("subscribe = [{ filter = \"a/#\" }]", 1) + &act("1s", "other", "\"disconnect\"");
    let because = SessionEnd::ConnectionClosed;
    assert_eq!(
        outcome(&play("3.1.1", 5, &gone), "other"),
        Outcome::SessionOver { because }
    );
}

#[test]
fn who_is_away_with_a_session() {
    let away = |qos| {
        pump_and(
            "clean = false\nsubscribe = [{ filter = \"a/#\", qos = 2 }]",
            qos,
        ) + &act("1s", "other", "\"disconnect\"")
            + &act("10s", "other", "\"connect\"")
    };
    let because = DropCause::Offline;
    assert_eq!(
        outcome(&play("3.1.1", 5, &away(0)), "other"),
        Outcome::Dropped { because }
    );
    let because = QueueCause::Offline;
    let mut recording = play("3.1.1", 5, &away(1));
    assert_eq!(outcome(&recording, "other"), Outcome::Queued { because });
    recording.seek(20 * SECOND);
    assert_eq!(outcome(&recording, "other"), Outcome::Delivered);
}

#[test]
fn who_subscribes_later_gets_it_only_if_it_was_retained() {
    let later = |retain| {
        PUMP.to_owned()
            + &client("other", "subscribe = [{ filter = \"a\", qos = 1 }]")
            + &act("5s", "other", "\"connect\"")
            + &publish("2s", "pump", "a", 1)
            + &format!("payload = \"x\"\nretain = {retain}\n")
    };
    let mut recording = play("3.1.1", 20, &later(false));
    assert_eq!(outcome(&recording, "other"), Outcome::SubscribedLater);
    recording.seek(3 * SECOND);
    assert_eq!(outcome(&recording, "other"), Outcome::NoSession);
    let recording = play("3.1.1", 20, &later(true));
    assert_eq!(outcome(&recording, "other"), Outcome::DeliveredRetained);
}

#[test]
fn a_topic_with_a_dollar_is_out_of_reach_of_wildcards() {
    let text = client("other", "subscribe = [{ filter = \"+/b\" }]")
        + &act("0s", "other", "\"connect\"")
        + &publish("2s", "broker", "$SYS/b", 0);
    let recording = play("3.1.1", 5, &text);
    assert_eq!(outcome(&recording, "other"), Outcome::DollarTopic);
    assert_eq!(tables(&recording)[0].publisher, 0);
}

#[test]
fn what_access_rules_keep_back() {
    let refused = "[broker]\ndeny_publish = [\"a/#\"]\n".to_owned() + &pump_and("", 1);
    let recording = play("5.0", 5, &refused);
    let because = Refusal::Denied;
    assert_eq!(tables(&recording)[0].reach, Reach::Refused { because });
    assert_eq!(outcome(&recording, "other"), Outcome::NotTaken);

    let asked = "[broker]\ndeny_subscribe = [\"a/#\"]\n".to_owned()
        + &pump_and("subscribe = [{ filter = \"a/b\" }]", 1);
    assert_eq!(
        outcome(&play("5.0", 5, &asked), "other"),
        Outcome::SubscriptionRefused { because }
    );

    let wider = "[broker]\ndeny_subscribe = [\"a/b\"]\n".to_owned()
        + &pump_and("subscribe = [{ filter = \"a/#\" }]", 1);
    let because = Undelivered::Denied;
    let recording = play("5.0", 5, &wider);
    assert_eq!(outcome(&recording, "other"), Outcome::Withheld { because });
}

#[test]
fn a_queue_that_is_full_and_a_packet_that_is_too_large() {
    let full = "[broker]\npolicy = { queue-messages-max = 1 }\n".to_owned()
        + &pump_and(
            "clean = false\nsubscribe = [{ filter = \"a/#\", qos = 1 }]",
            1,
        )
        + &act("1s", "other", "\"disconnect\"")
        + &publish("3s", "pump", "a/c", 1);
    let recording = play("3.1.1", 5, &full);
    let because = DropCause::QueueFull;
    assert_eq!(outcome(&recording, "other"), Outcome::Dropped { because });
    let because = QueueCause::Offline;
    assert_eq!(
        tables(&recording)[0].rows[1].outcome,
        Outcome::Queued { because }
    );

    let large = pump_and(
        "maximum_packet_size = 100\nsubscribe = [{ filter = \"a/#\", qos = 1 }]",
        1,
    ) + &format!("payload = \"{}\"\n", "x".repeat(200));
    let because = DropCause::TooLarge;
    assert_eq!(
        outcome(&play("5.0", 5, &large), "other"),
        Outcome::Dropped { because }
    );
}

#[test]
fn one_copy_for_two_filters() {
    let text = pump_and(
        "subscribe = [{ filter = \"a/#\", qos = 0 }, { filter = \"a/b\", qos = 1 }]",
        1,
    );
    let recording = play("3.1.1", 5, &text);
    let rows = outcomes(&recording);
    let others: Vec<Outcome> = rows[1..].iter().map(|(_, outcome)| *outcome).collect();
    assert_eq!(others.len(), 2);
    assert!(others.contains(&Outcome::Delivered) && others.contains(&Outcome::Merged));
}

#[test]
fn of_a_shared_subscription_one_member_gets_it() {
    let member = |name: &str| {
        client(name, "subscribe = [{ filter = \"$share/g/a/#\", qos = 1 }]")
            + &act("0s", name, "\"connect\"")
    };
    let text =
        PUMP.to_owned() + &member("first") + &member("second") + &publish("2s", "pump", "a/b", 1);
    let recording = play("5.0", 5, &text);
    assert_eq!(outcome(&recording, "first"), Outcome::Delivered);
    assert_eq!(
        outcome(&recording, "second"),
        Outcome::OtherMember { member: 2 }
    );
}

#[test]
fn two_clients_with_one_identifier() {
    let twin = |name: &str, at: &str| {
        client(
            name,
            "client_id = \"twin\"\nsubscribe = [{ filter = \"a/#\", qos = 1 }]",
        ) + &act(at, name, "\"connect\"")
    };
    let text = PUMP.to_owned()
        + &twin("first", "0s")
        + &twin("second", "1s")
        + &publish("2s", "pump", "a/b", 1);
    let recording = play("3.1.1", 5, &text);
    assert_eq!(
        outcome(&recording, "first"),
        Outcome::OtherOwner { owner: 3 }
    );
    assert_eq!(outcome(&recording, "second"), Outcome::Delivered);
}

#[test]
fn what_is_lost_with_a_connection_waits_in_a_session_that_stays() {
    let cut = |clean: bool, qos: u8| {
        pump_and(
            &format!(
                "clean = {clean}\nreconnect = {{ first = \"5s\" }}\nsubscribe = [{{ filter = \"a/#\", qos = 1 }}]"
            ),
            qos,
        ) + &act("1900ms", "other", "\"cut\"")
            + &act("3s", "other", "\"reset\"")
            + &act("4s", "other", "\"heal\"")
    };
    let mut recording = play("3.1.1", 3, &cut(false, 1));
    assert_eq!(outcome(&recording, "other"), Outcome::AwaitsReconnect);
    recording.seek(2_500_000);
    assert_eq!(outcome(&recording, "other"), Outcome::InBuffer);
    recording.seek(20 * SECOND);
    assert_eq!(outcome(&recording, "other"), Outcome::Delivered);
    let recording = play("3.1.1", 20, &cut(true, 1));
    let because = DropCause::SessionEnded;
    assert_eq!(outcome(&recording, "other"), Outcome::Dropped { because });
    let recording = play("3.1.1", 20, &cut(false, 0));
    assert_eq!(outcome(&recording, "other"), Outcome::Lost);
}

#[test]
fn what_never_comes_to_the_broker() {
    let text = pump_and("subscribe = [{ filter = \"a/#\", qos = 1 }]", 0)
        + &act("2010ms", "pump", "\"cut\"")
        + &act("3s", "pump", "\"reset\"");
    let mut recording = play("3.1.1", 5, &text);
    assert_eq!(tables(&recording)[0].reach, Reach::Lost);
    recording.seek(2_500_000);
    assert_eq!(tables(&recording)[0].reach, Reach::Waits);
}

#[test]
fn a_repetition_is_not_passed_on_again() {
    let text = pump_and("subscribe = [{ filter = \"a/#\", qos = 2 }]", 2).replacen(
        "[[client]]",
        "[[client]]\nclean = false\nreconnect = { first = \"1s\" }",
        1,
    ) + &act("2030ms", "pump", "\"cut\"")
        + &act("3s", "pump", "\"reset\"")
        + &act("3s", "pump", "\"heal\"");
    let recording = play("3.1.1", 10, &text);
    let reached: Vec<Reach> = tables(&recording).iter().map(|table| table.reach).collect();
    assert_eq!(reached, [Reach::Taken, Reach::Repeated]);
}

#[test]
fn what_waits_in_a_full_window_and_what_a_broker_forgets() {
    let text = "[broker]\npolicy = { in-flight-max = 1 }\n".to_owned()
        + &pump_and(
            "acks = \"never\"\nsubscribe = [{ filter = \"a/#\", qos = 1 }]",
            1,
        )
        + &publish("3s", "pump", "a/c", 1)
        + &act("5s", "broker", "\"crash\"")
        + &act("6s", "broker", "\"restart\"");
    let mut recording = play("3.1.1", 4, &text);
    let because = QueueCause::Window;
    assert_eq!(outcome(&recording, "other"), Outcome::Queued { because });
    recording.seek(10 * SECOND);
    assert_eq!(outcome(&recording, "other"), Outcome::BrokerForgot);
}

#[test]
fn a_will_has_a_table_too() {
    let text = client(
        "sensor",
        "will = { topic = \"gone\", payload = \"sensor\" }",
    ) + &act("0s", "sensor", "\"connect\"")
        + &client("other", "subscribe = [{ filter = \"gone\" }]")
        + &act("0s", "other", "\"connect\"")
        + &act("2s", "sensor", "\"crash\"");
    let recording = play("3.1.1", 5, &text);
    let table = &tables(&recording)[0];
    assert_eq!((table.flight, table.publisher), (None, 1));
    assert_eq!(outcome(&recording, "other"), Outcome::Delivered);
}

#[test]
fn an_echo_that_was_not_wanted_is_not_sent() {
    let echo = client(
        "echo",
        "subscribe = [{ filter = \"a/#\", no_local = true }]",
    ) + &act("0s", "echo", "\"connect\"")
        + &publish("2s", "echo", "a/b", 0);
    let because = Undelivered::NoLocal;
    assert_eq!(
        outcome(&play("5.0", 5, &echo), "echo"),
        Outcome::Withheld { because }
    );
}

#[test]
fn a_message_that_expires_while_it_waits_is_dropped() {
    let away =
        "clean = false\nsession_expiry = \"1h\"\nsubscribe = [{ filter = \"a/#\", qos = 1 }]";
    let text = pump_and(away, 1)
        + "expiry = \"5s\"\n"
        + &act("1s", "other", "\"disconnect\"")
        + &act("10s", "other", "\"connect\"");
    let recording = play("5.0", 20, &text);
    let because = DropCause::Expired;
    assert_eq!(outcome(&recording, "other"), Outcome::Dropped { because });
}

#[test]
fn a_session_that_ends_takes_what_waited_with_it() {
    let text = pump_and(
        "clean = false\nsession_expiry = \"5s\"\nsubscribe = [{ filter = \"a/#\", qos = 1 }]",
        1,
    ) + &act("1s", "other", "\"disconnect\"");
    let recording = play("5.0", 20, &text);
    let because = DropCause::SessionEnded;
    assert_eq!(outcome(&recording, "other"), Outcome::Dropped { because });
}

const AWAY: &str = "clean = false\nsubscribe = [{ filter = \"a/#\", qos = 1 }]";

#[test]
fn a_client_that_does_not_read_costs_the_broker_only_so_much() {
    let text = "[broker]\npolicy = { out-bytes-max = 100 }\n[link]\nbuffer = \"64 B\"\nsegment = \"64 B\"\n"
        .to_owned()
        + &pump_and("subscribe = [{ filter = \"a/#\" }]", 0)
        + &format!("payload = \"{}\"\n", "x".repeat(200))
        + &act("1s", "other", "\"pause\"")
        + &publish("3s", "pump", "a/c", 0);
    let recording = play("3.1.1", 5, &text);
    let because = DropCause::SlowReader;
    assert_eq!(outcome(&recording, "other"), Outcome::Dropped { because });
    let first = tables(&recording)[0].rows.pop().map(|row| row.outcome);
    assert_eq!(first, Some(Outcome::InBuffer));
}

#[test]
fn a_queue_has_room_for_so_many_bytes_and_all_queues_together_too() {
    for (policy, because) in [
        ("queue-bytes-max = 300", DropCause::QueueBytes),
        ("message-bytes-max = 300", DropCause::MemoryFull),
    ] {
        let text = format!("[broker]\npolicy = {{ {policy} }}\n")
            + &pump_and(AWAY, 1)
            + &act("1s", "other", "\"disconnect\"")
            + &publish("3s", "pump", "a/c", 1)
            + &format!("payload = \"{}\"\n", "x".repeat(250));
        let recording = play("3.1.1", 5, &text);
        assert_eq!(outcome(&recording, "other"), Outcome::Dropped { because });
        let first = tables(&recording)[0].rows.pop().map(|row| row.outcome);
        let because = QueueCause::Offline;
        assert_eq!(first, Some(Outcome::Queued { because }), "{policy}");
    }
}

#[test]
fn a_shared_subscription_of_clients_that_are_away_takes_nothing_that_does_not_wait() {
    let member = "session_expiry = \"1h\"\nclean = false\nsubscribe = [{ filter = \"$share/g/a/#\", qos = 1 }]";
    let text = pump_and(member, 0) + &act("1s", "other", "\"disconnect\"");
    let recording = play("5.0", 5, &text);
    assert_eq!(outcome(&recording, "other"), Outcome::NobodyInShare);
}

#[test]
fn what_comes_while_the_broker_closes_is_not_looked_at() {
    let text = "[broker]\npolicy = { packet-size-max = 60 }\n".to_owned()
        + &pump_and("subscribe = [{ filter = \"a/#\" }]", 1)
        + &format!("payload = \"{}\"\n", "x".repeat(100));
    let recording = play("3.1.1", 5, &text);
    assert_eq!(tables(&recording)[0].reach, Reach::Unread);
    assert_eq!(outcome(&recording, "other"), Outcome::NotTaken);
}
