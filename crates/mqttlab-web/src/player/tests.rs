use super::{Outlook, Player, Speed};

fn at(next: u64) -> Outlook {
    Outlook {
        next_event_at: Some(next),
        ..Outlook::default()
    }
}

fn flying(next: u64, flight: u64) -> Outlook {
    Outlook {
        flight: Some(flight),
        ..at(next)
    }
}

fn playing(speed: Speed) -> Player {
    let mut player = Player::default();
    player.choose(speed);
    player.play();
    player
}

#[test]
fn a_flight_takes_six_tenths_of_a_second_whatever_its_latency() {
    for latency in [200, 20_000, 3_000_000] {
        let mut player = playing(Speed::Paced);
        player.advance(300.0, &flying(latency, latency));
        assert_eq!(player.shown(), latency / 2);
        let left = player.advance(400.0, &flying(latency, latency));
        assert_eq!(player.shown(), latency);
        assert!((left - 100.0).abs() < 1e-6);
    }
}

#[test]
fn a_long_gap_is_skipped_and_named() {
    let mut player = playing(Speed::Paced);
    let left = player.advance(1_000.0, &at(14_200_000));
    assert!((left - 700.0).abs() < 1e-6);
    assert_eq!(player.shown(), 14_200_000);
    assert_eq!(player.skip(), Some(14_200_000));
    player.age_note(2_000.0);
    assert_eq!(player.skip(), None);
}

#[test]
fn a_short_gap_passes_at_the_pace_of_the_flights() {
    let mut player = playing(Speed::Paced);
    let left = player.advance(1_000.0, &at(1_000));
    assert!((left - 970.0).abs() < 1e-6);
    assert_eq!(player.skip(), None);
}

#[test]
fn scaled_time_is_in_proportion() {
    let mut player = playing(Speed::Scaled { times: 1, per: 100 });
    player.advance(1_000.0, &at(1_000_000));
    assert_eq!(player.shown(), 10_000);
    let mut player = playing(Speed::Scaled {
        times: 1_000,
        per: 1,
    });
    let left = player.advance(16.0, &at(1_000_000));
    assert_eq!(player.shown(), 1_000_000);
    assert!((left - 15.0).abs() < 1e-6);
}

#[test]
fn time_never_goes_beyond_the_next_event_and_never_back() {
    let mut player = playing(Speed::Paced);
    let mut last = 0;
    for _ in 0..200 {
        player.advance(16.7, &flying(20_000, 20_000));
        assert!(player.shown() >= last && player.shown() <= 20_000);
        last = player.shown();
    }
    assert_eq!(last, 20_000);
}

#[test]
fn a_paused_clock_stands_still() {
    let mut player = Player::default();
    player.jump(5);
    player.advance(1_000.0, &at(10));
    assert_eq!(player.shown(), 5);
    player.play();
    player.pause();
    player.advance(1_000.0, &at(10));
    assert_eq!(player.shown(), 5);
}

#[test]
fn many_small_frames_are_as_long_as_one_large() {
    let mut small = playing(Speed::Scaled { times: 1, per: 1 });
    for _ in 0..100 {
        small.advance(1.0, &at(1_000_000));
    }
    assert_eq!(small.shown(), 100_000);
}

#[test]
fn all_speeds_can_be_chosen_and_only_the_slow_ones_are_spoken() {
    assert!(Speed::ALL.iter().any(|speed| speed.is_slow()));
    assert!(!Speed::Scaled { times: 10, per: 1 }.is_slow());
}
