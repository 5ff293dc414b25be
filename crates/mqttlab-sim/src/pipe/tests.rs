use mqttlab_core::id::ConnId;
use mqttlab_core::rng::Rng;

use super::*;

const LATENCY: Micros = 40_000;

fn spec() -> LinkSpec {
    LinkSpec {
        latency_up: LATENCY,
        latency_down: LATENCY,
        ..LinkSpec::default()
    }
}

fn pipe(spec: LinkSpec) -> Pipe {
    let id = ConnId::new(1).expect("not 0");
    let mut pipe = Pipe::new(id, 1, 0, spec, Rng::new(7));
    pipe.client_end.state = EndState::Open;
    pipe.broker_end.state = EndState::Open;
    pipe
}

/// Writes and sends one packet of so many bytes.
fn send(pipe: &mut Pipe, now: Micros, way: Way, length: usize, flight: FlightId) -> u64 {
    pipe.write(way, &vec![0; length], flight);
    pipe.pump(now, way, None)
}

/// Everything that arrives one way: when, and which packets are whole then.
fn arrivals(pipe: &mut Pipe, way: Way) -> Vec<(Micros, Vec<FlightId>)> {
    let mut found = Vec::new();
    while let Some(at) = pipe.lane(way).next_arrival() {
        pipe.arrive(at, way).expect("there is one");
        pipe.acknowledge(at, way);
        let packets = std::iter::from_fn(|| pipe.lane_mut(way).take_arrived()).collect();
        pipe.pump(at, way, None);
        found.push((at, packets));
    }
    found
}

#[test]
fn bytes_arrive_after_the_latency_and_in_order() {
    let mut pipe = pipe(spec());
    send(&mut pipe, 0, Way::Up, 10, 0);
    send(&mut pipe, 1_000, Way::Up, 10, 1);
    assert_eq!(
        arrivals(&mut pipe, Way::Up),
        [(40_000, vec![0]), (41_000, vec![1])]
    );
}

#[test]
fn jitter_never_reorders() {
    let spec = LinkSpec {
        jitter_up: 39_000,
        jitter_down: 39_000,
        ..spec()
    };
    let mut pipe = pipe(spec);
    for number in 0..200 {
        send(&mut pipe, u64::from(number) * 100, Way::Up, 10, number);
    }
    let arrived = arrivals(&mut pipe, Way::Up);
    let order: Vec<FlightId> = arrived
        .iter()
        .flat_map(|(_, packets)| packets.clone())
        .collect();
    assert_eq!(order, (0..200).collect::<Vec<_>>());
    assert!(arrived.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    assert!(
        arrived.iter().any(|(at, _)| at % 1_000 != 0),
        "there is jitter at all"
    );
}

#[test]
fn a_large_packet_travels_in_segments_and_is_whole_with_the_last() {
    let mut pipe = pipe(spec());
    send(&mut pipe, 0, Way::Up, 3_000, 0);
    let arrived = arrivals(&mut pipe, Way::Up);
    let packets: Vec<_> = arrived.into_iter().map(|(_, packets)| packets).collect();
    assert_eq!(packets, [vec![], vec![], vec![0]]);
}

#[test]
fn bandwidth_spreads_segments() {
    // 1460 + 40 bytes at 120 kbit/s take 100 ms.
    let spec = LinkSpec {
        bandwidth_up: Some(120_000),
        bandwidth_down: Some(120_000),
        ..spec()
    };
    let mut pipe = pipe(spec);
    send(&mut pipe, 0, Way::Up, 2 * 1_460, 0);
    let times: Vec<Micros> = arrivals(&mut pipe, Way::Up)
        .into_iter()
        .map(|(at, _)| at)
        .collect();
    assert_eq!(times, [140_000, 240_000]);
}

#[test]
fn loss_is_delay_of_a_segment_and_of_all_behind_it() {
    let spec = LinkSpec {
        loss: 2_000,
        ..spec()
    };
    let mut pipe = pipe(spec);
    for number in 0..100 {
        send(&mut pipe, u64::from(number) * 10_000, Way::Up, 10, number);
    }
    let arrived = arrivals(&mut pipe, Way::Up);
    let order: Vec<FlightId> = arrived
        .iter()
        .flat_map(|(_, packets)| packets.clone())
        .collect();
    assert_eq!(order, (0..100).collect::<Vec<_>>(), "nothing is missing");
    let late = arrived
        .iter()
        .zip(0..)
        .filter(|((at, _), n)| *at > n * 10_000 + LATENCY)
        .count();
    assert!(
        late > 20,
        "head-of-line blocking delays more than the {late} that were lost"
    );
}

#[test]
fn a_stall_holds_what_travels_where_it_is() {
    let mut pipe = pipe(spec());
    send(&mut pipe, 0, Way::Up, 10, 0);
    pipe.block(30_000, Way::Up, Obstacle::Stall);
    send(&mut pipe, 35_000, Way::Up, 10, 1);
    assert_eq!(pipe.lane(Way::Up).next_arrival(), None);
    assert_eq!(
        pipe.lane(Way::Up).dues().collect::<Vec<_>>(),
        [(0, None), (1, None)]
    );
    pipe.unblock(1_000_000, Way::Up, Obstacle::Stall);
    assert_eq!(
        arrivals(&mut pipe, Way::Up),
        [(1_010_000, vec![0]), (1_040_000, vec![1])]
    );
}

#[test]
fn a_cut_makes_tcp_send_again_after_its_growing_waits() {
    let mut pipe = pipe(spec());
    send(&mut pipe, 0, Way::Up, 10, 0);
    pipe.block(10_000, Way::Up, Obstacle::Cut);
    pipe.unblock(1_000_000, Way::Up, Obstacle::Cut);
    // Attempts at 0.2, 0.6, 1.4 s: the first after the repair arrives.
    assert_eq!(arrivals(&mut pipe, Way::Up), [(1_440_000, vec![0])]);
}

#[test]
fn the_socket_takes_no_more_than_its_buffer_until_something_is_acknowledged() {
    let spec = LinkSpec {
        buffer: 2_000,
        segment: 1_000,
        ..spec()
    };
    let mut pipe = pipe(spec);
    assert_eq!(send(&mut pipe, 0, Way::Down, 5_000, 0), 2_000);
    let times: Vec<Micros> = arrivals(&mut pipe, Way::Down)
        .into_iter()
        .map(|(at, _)| at)
        .collect();
    assert_eq!(times.len(), 5);
    assert_eq!(times[0], 40_000);
    assert!(times[4] >= 120_000, "the rest waits for room: {times:?}");
}

#[test]
fn nothing_is_acknowledged_while_the_way_back_is_cut() {
    let spec = LinkSpec {
        buffer: 2_000,
        segment: 1_000,
        ..spec()
    };
    let mut pipe = pipe(spec);
    pipe.block(0, Way::Up, Obstacle::Cut);
    send(&mut pipe, 0, Way::Down, 5_000, 0);
    assert_eq!(
        arrivals(&mut pipe, Way::Down).len(),
        2,
        "what the buffer holds arrives"
    );
    assert!(
        pipe.gives_up_at(Way::Down).is_some(),
        "and the sender cannot know"
    );
    pipe.unblock(500_000, Way::Up, Obstacle::Cut);
    assert_eq!(pipe.pump(500_000, Way::Down, None), 2_000);
}

#[test]
fn a_reset_is_not_sent_again() {
    let mut pipe = pipe(spec());
    pipe.block(0, Way::Up, Obstacle::Cut);
    assert!(!pipe.signal(0, Way::Up, (Signal::Rst, 0), None));
    assert!(
        pipe.signal(0, Way::Up, (Signal::Fin, 1), None),
        "FIN waits in the sender"
    );
    pipe.unblock(50_000, Way::Up, Obstacle::Cut);
    assert!(pipe.lane(Way::Up).next_arrival().is_some());
}

#[test]
fn what_has_not_left_a_dead_sender_is_lost() {
    let spec = LinkSpec {
        buffer: 1_000,
        segment: 1_000,
        ..spec()
    };
    let mut pipe = pipe(spec);
    send(&mut pipe, 0, Way::Up, 1_000, 0);
    send(&mut pipe, 0, Way::Up, 10, 1);
    assert_eq!(
        pipe.forget_unsent(0, Way::Up),
        [1],
        "the first is on its way"
    );
    assert_eq!(arrivals(&mut pipe, Way::Up), [(40_000, vec![0])]);

    send(&mut pipe, 100_000, Way::Up, 10, 2);
    pipe.block(110_000, Way::Up, Obstacle::Cut);
    assert_eq!(
        pipe.forget_unsent(110_000, Way::Up),
        [2],
        "it would have to be sent again"
    );
}

#[test]
fn taking_away_what_is_not_there_changes_nothing() {
    let spec = LinkSpec {
        jitter_up: 39_000,
        jitter_down: 39_000,
        ..spec()
    };
    let mut pipe = pipe(spec);
    for number in 0..20 {
        send(&mut pipe, 0, Way::Up, 10, number);
        pipe.unblock(0, Way::Up, Obstacle::Stall);
    }
    let arrived = arrivals(&mut pipe, Way::Up);
    assert!(
        arrived.windows(2).all(|pair| pair[0].0 <= pair[1].0),
        "{arrived:?}"
    );
}

#[test]
fn what_waits_for_its_turn_on_the_wire_has_not_left() {
    let spec = LinkSpec {
        bandwidth_up: Some(8_000),
        bandwidth_down: Some(8_000),
        ..spec()
    };
    let mut pipe = pipe(spec);
    send(&mut pipe, 0, Way::Up, 960, 0);
    send(&mut pipe, 0, Way::Up, 960, 1);
    assert_eq!(pipe.forget_unsent(1_000_000, Way::Up), [1]);
    assert_eq!(arrivals(&mut pipe, Way::Up), [(1_040_000, vec![0])]);
}

#[cfg(feature = "pcapng")]
#[test]
fn a_tape_has_each_attempt_to_send_what_was_cut_off() {
    use super::tape::{Outcome, What};
    let mut pipe = pipe(spec());
    pipe.record();
    send(&mut pipe, 0, Way::Up, 10, 0);
    send(&mut pipe, 5_000, Way::Up, 10, 1);
    pipe.block(10_000, Way::Up, Obstacle::Cut);
    pipe.unblock(1_000_000, Way::Up, Obstacle::Cut);
    arrivals(&mut pipe, Way::Up);
    let marks = pipe.take_tape(2_000_000).expect("it was recorded");
    let told: Vec<_> = marks
        .iter()
        .map(|mark| (mark.at, mark.sample.offset, mark.what))
        .collect();
    let sent = |again, fate| What::Sent { again, fate };
    assert_eq!(
        told,
        [
            (0, 0, sent(false, Outcome::Lost)),
            (5_000, 10, sent(false, Outcome::Lost)),
            (200_000, 0, sent(true, Outcome::Lost)),
            (600_000, 0, sent(true, Outcome::Lost)),
            (1_400_000, 0, sent(true, Outcome::Passed)),
            (1_400_000, 10, sent(true, Outcome::Passed)),
            (1_440_000, 0, What::Arrived),
            (1_440_000, 10, What::Arrived),
        ]
    );
}

#[cfg(feature = "pcapng")]
#[test]
fn a_tape_ends_where_the_sender_gives_up() {
    let mut pipe = pipe(spec());
    pipe.record();
    pipe.block(0, Way::Up, Obstacle::Cut);
    send(&mut pipe, 0, Way::Up, 10, 0);
    assert_eq!(pipe.forget_unsent(700_000, Way::Up), [0]);
    let marks = pipe.take_tape(5_000_000).expect("it was recorded");
    let times: Vec<Micros> = marks.iter().map(|mark| mark.at).collect();
    assert_eq!(times, [0, 200_000, 600_000]);
}
