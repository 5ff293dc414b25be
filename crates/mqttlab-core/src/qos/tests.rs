use alloc::vec::Vec;

use super::table::{On, RECEIVER_QOS1, RECEIVER_QOS2, Sent, State, Step};
use super::*;
use crate::id::PacketId;
use crate::packet::{PacketType, QoS};
use crate::rng::Rng;

fn id(number: u16) -> PacketId {
    PacketId::new(number).expect("not zero")
}

/// Brings a sender into the state of a step and does what the step says; gives back where it stands and what is sent.
fn run_sender(qos: QoS, step: &Step) -> (State, Sent) {
    let mut sender = Sender::new();
    if step.state != State::Idle {
        assert_eq!(sender.insert(qos, "m"), Some(id(1)));
    }
    if step.state == State::AwaitPubComp {
        assert_eq!(sender.on_pubrec(id(1), false), Ok(AfterPubRec::Release));
    }
    let sent = match step.on {
        On::Send => {
            assert_eq!(sender.insert(qos, "m"), Some(id(1)));
            Sent::Publish
        }
        On::Resumed => match sender.iter().next().expect("one is in flight").stage {
            Stage::PubAck | Stage::PubRec => Sent::PublishDup,
            Stage::PubComp => Sent::Ack(PacketType::PubRel),
        },
        On::Comes(PacketType::PubAck) => sender
            .on_puback(id(1))
            .map_or(Sent::PublishDup, |_| Sent::Nothing),
        On::Comes(PacketType::PubRec) => match sender.on_pubrec(id(1), false) {
            Ok(AfterPubRec::Release | AfterPubRec::ReleaseAgain) => Sent::Ack(PacketType::PubRel),
            Ok(AfterPubRec::Failed(_)) | Err(_) => Sent::PublishDup,
        },
        On::PubRecError => match sender.on_pubrec(id(1), true) {
            Ok(AfterPubRec::Failed(_)) => Sent::Nothing,
            Ok(AfterPubRec::Release | AfterPubRec::ReleaseAgain) | Err(_) => Sent::PublishDup,
        },
        On::Comes(PacketType::PubComp) => sender
            .on_pubcomp(id(1))
            .map_or(Sent::PublishDup, |_| Sent::Nothing),
        On::Comes(other) => panic!("no sender gets {other}"),
    };
    let state = sender
        .iter()
        .next()
        .map_or(State::Idle, |in_flight| match in_flight.stage {
            Stage::PubAck => State::AwaitPubAck,
            Stage::PubRec => State::AwaitPubRec,
            Stage::PubComp => State::AwaitPubComp,
        });
    (state, sent)
}

#[test]
fn the_sender_is_its_table() {
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        for step in table::sender(qos) {
            assert_eq!(run_sender(qos, step), (step.next, step.send), "{step:?}");
        }
    }
}

#[test]
fn the_receiver_is_its_table() {
    for step in RECEIVER_QOS2 {
        let mut receiver = Receiver::new();
        if step.state == State::AwaitPubRel {
            assert_eq!(receiver.on_publish(id(1)), Seen::First);
        }
        let sent = match step.on {
            On::Comes(PacketType::Publish) => {
                let expected = if step.state == State::Idle {
                    Seen::First
                } else {
                    Seen::Again
                };
                assert_eq!(receiver.on_publish(id(1)), expected);
                PacketType::PubRec
            }
            On::Comes(PacketType::PubRel) => {
                assert_eq!(receiver.on_pubrel(id(1)), step.state == State::AwaitPubRel);
                PacketType::PubComp
            }
            other => panic!("no receiver sees {other:?}"),
        };
        let state = if receiver.contains(id(1)) {
            State::AwaitPubRel
        } else {
            State::Idle
        };
        assert_eq!((state, Sent::Ack(sent)), (step.next, step.send), "{step:?}");
    }
    // Nothing is remembered at QoS 1, so that after the PUBACK the same identifier is a new message.
    assert!(RECEIVER_QOS1.iter().all(|step| step.next == State::Idle));
}

#[test]
fn acknowledgements_that_do_not_fit_change_nothing() {
    let mut sender = Sender::new();
    let one = sender.insert(QoS::AtLeastOnce, "one").expect("free");
    let two = sender.insert(QoS::ExactlyOnce, "two").expect("free");
    assert_eq!(sender.on_puback(id(9)), Err(Unexpected::Unknown));
    assert_eq!(
        sender.on_puback(two),
        Err(Unexpected::WrongStage(Stage::PubRec))
    );
    assert_eq!(
        sender.on_pubrec(one, false),
        Err(Unexpected::WrongStage(Stage::PubAck))
    );
    assert_eq!(
        sender.on_pubcomp(two),
        Err(Unexpected::WrongStage(Stage::PubRec))
    );
    assert_eq!(sender.len(), 2);
}

#[test]
fn identifiers_in_use_are_skipped_and_run_out() {
    let mut sender = Sender::new();
    let request = sender.reserve().expect("free");
    assert_eq!(request, id(1));
    for number in 2..=u16::MAX {
        assert_eq!(sender.insert(QoS::AtLeastOnce, number), Some(id(number)));
    }
    assert_eq!(sender.insert(QoS::AtLeastOnce, 0), None);
    assert_eq!(sender.on_puback(id(700)), Ok(700));
    assert_eq!(sender.insert(QoS::ExactlyOnce, 0), Some(id(700)));
    assert!(sender.release(request));
    assert!(!sender.release(request));
    assert_eq!(sender.reserve(), Some(id(1)));
}

#[test]
fn sending_again_keeps_the_order_of_publishes_and_of_pubrecs() {
    let mut sender = Sender::new();
    let ids: Vec<_> = (0..4)
        .filter_map(|m| sender.insert(QoS::ExactlyOnce, m))
        .collect();
    assert_eq!(sender.on_pubrec(ids[2], false), Ok(AfterPubRec::Release));
    assert_eq!(sender.on_pubrec(ids[0], false), Ok(AfterPubRec::Release));
    let order: Vec<_> = sender.iter().map(|in_flight| in_flight.message).collect();
    assert_eq!(order, [2, 0, 1, 3]);
    let drained: Vec<_> = sender.drain().map(|in_flight| in_flight.message).collect();
    assert_eq!(drained, [2, 0, 1, 3]);
    assert!(sender.is_empty());
}

#[test]
fn a_stored_sender_never_reuses_a_stored_identifier() {
    let mut sender = Sender::new();
    for number in [5, 6, 8] {
        sender.restore(InFlight {
            packet_id: id(number),
            stage: Stage::PubAck,
            message: number,
        });
    }
    let mut taken: Vec<_> = (0..10)
        .filter_map(|_| sender.insert(QoS::AtLeastOnce, 0))
        .collect();
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken.len(), 10);
    assert!([5, 6, 8].iter().all(|&number| !taken.contains(&id(number))));
}

#[test]
fn random_acknowledgements_never_put_one_identifier_on_two_messages() {
    let mut rng = Rng::new(11);
    let mut sender = Sender::new();
    for round in 0..200_000_u32 {
        if rng.chance(51, 100) && sender.len() < 64 {
            let in_use: Vec<_> = sender.iter().map(|in_flight| in_flight.packet_id).collect();
            let new = sender
                .insert(QoS::AtLeastOnce, round)
                .expect("few are in use");
            assert!(!in_use.contains(&new));
        } else if !sender.is_empty() {
            let nth = rng.below(sender.len() as u64) as usize;
            let picked = sender
                .iter()
                .nth(nth)
                .map(|in_flight| (in_flight.packet_id, in_flight.message));
            let (picked, message) = picked.expect("there are so many");
            assert_eq!(sender.on_puback(picked), Ok(message));
        }
    }
}
