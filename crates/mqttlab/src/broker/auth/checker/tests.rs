use std::net::{IpAddr, Ipv4Addr};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mqttlab_core::id::ConnId;

use super::super::passwords::Memory;
use super::WAITING_MAX;
use super::pool::{Pool, Question};
use super::queue::{Source, Waiting};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Work that lasts until the test says so.
struct Task {
    name: u32,
    began: Sender<u32>,
    go_on: Arc<Mutex<Receiver<()>>>,
}

impl Question for Task {
    type Outcome = u32;

    fn answer(&self, _: &mut Memory) -> u32 {
        self.began.send(self.name).expect("the test listens");
        let go_on = self.go_on.lock().expect("nobody panics with it");
        go_on.recv().expect("the test is there");
        self.name * 100
    }

    fn is_same(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// A pool and the test's side of it.
struct Bench {
    pool: Pool<Task>,
    began: (Sender<u32>, Receiver<u32>),
    go_on: (Sender<()>, Arc<Mutex<Receiver<()>>>),
    told: Receiver<(u64, u32)>,
}

impl Bench {
    fn new() -> Self {
        let (tell, told) = channel();
        let pool = Pool::new("test", move |asked: Waiting<Task>, outcome| {
            // The test may be over.
            let _ = tell.send((asked.conn.number(), outcome));
        });
        let (go, receiver) = channel();
        Self {
            pool,
            began: channel(),
            go_on: (go, Arc::new(Mutex::new(receiver))),
            told,
        }
    }

    /// Says whether there was room.
    fn ask(&self, number: u64, address: u8, name: u32, at_once: usize) -> Option<Option<u64>> {
        let task = Task {
            name,
            began: self.began.0.clone(),
            go_on: Arc::clone(&self.go_on.1),
        };
        let asked = self.pool.ask(conn(number), from(address), task, at_once);
        Some(asked.ok()?.map(|displaced| displaced.conn.number()))
    }

    fn begun(&self) -> u32 {
        self.began.1.recv_timeout(PATIENCE).expect("it begins")
    }

    fn told(&self) -> (u64, u32) {
        self.told.recv_timeout(PATIENCE).expect("it is answered")
    }

    fn go_on(&self) {
        self.go_on.0.send(()).expect("somebody waits for it");
    }
}

fn conn(number: u64) -> ConnId {
    ConnId::new(number).expect("not zero")
}

fn from(address: u8) -> Source {
    Source::from(Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, address))))
}

#[test]
fn nobody_works_for_those_who_have_gone() {
    let bench = Bench::new();
    for number in 1..=4 {
        assert_eq!(bench.ask(number, 1, number as u32, 1), Some(None));
    }
    assert_eq!(bench.begun(), 1);
    bench.pool.give_up(conn(2), from(1), false);
    bench.pool.give_up(conn(3), from(1), true);
    assert_eq!(bench.pool.numbers().waiting, 1);
    bench.go_on();
    assert_eq!(bench.told(), (1, 100));
    assert_eq!(bench.begun(), 4, "the two between are passed over");
    // What was begun is answered, also when nobody waits for it any more: others may ask the same.
    bench.pool.give_up(conn(4), from(1), false);
    bench.go_on();
    assert_eq!(bench.told(), (4, 400));
    let numbers = bench.pool.numbers();
    assert_eq!((numbers.answered, numbers.gone, numbers.late), (2, 2, 1));
    assert_eq!((numbers.waiting, numbers.longest), (0, Duration::ZERO));
}

#[test]
fn what_many_ask_is_answered_once() {
    let bench = Bench::new();
    for (number, name) in [(1, 7), (2, 8), (3, 7), (4, 7)] {
        assert_eq!(bench.ask(number, 1, name, 1), Some(None));
    }
    assert_eq!(bench.begun(), 7);
    bench.go_on();
    let mut told = [bench.told(), bench.told(), bench.told()];
    told.sort_unstable();
    assert_eq!(told, [(1, 700), (3, 700), (4, 700)]);
    assert_eq!(bench.begun(), 8);
    bench.go_on();
    assert_eq!(bench.told(), (2, 800));
    assert_eq!(bench.pool.numbers().answered, 4);
}

#[test]
fn so_many_work_at_once_and_no_more() {
    let bench = Bench::new();
    for number in 1..=5 {
        assert_eq!(bench.ask(number, 1, number as u32, 3), Some(None));
    }
    let mut begun = [bench.begun(), bench.begun(), bench.begun()];
    begun.sort_unstable();
    assert_eq!(begun, [1, 2, 3]);
    assert_eq!(bench.pool.numbers().waiting, 2);
    // From now on one alone: two of the three end before another question is begun.
    assert_eq!(bench.ask(6, 1, 6, 1), Some(None));
    for _ in 0..3 {
        assert!(bench.began.1.try_recv().is_err(), "one too many");
        bench.go_on();
        bench.told();
    }
    for expected in [4, 5, 6] {
        assert_eq!(bench.begun(), expected);
        bench.go_on();
        bench.told();
    }
    // Those who rested are there when there is work for more.
    for number in 7..=9 {
        assert_eq!(bench.ask(number, 1, number as u32, 3), Some(None));
    }
    for _ in 0..3 {
        bench.begun();
    }
    for _ in 0..3 {
        bench.go_on();
    }
}

#[test]
fn one_address_keeps_no_other_out() {
    let bench = Bench::new();
    assert_eq!(bench.ask(1, 1, 1, 1), Some(None));
    assert_eq!(bench.begun(), 1);
    let max = WAITING_MAX as u64;
    for number in 2..=max + 1 {
        assert_eq!(bench.ask(number, 1, 1_000 + number as u32, 1), Some(None));
    }
    assert_eq!(bench.ask(max + 2, 1, 3, 1), None, "no more from there");
    // Somebody else takes the place of the last, and its turn comes after one of theirs at most.
    assert_eq!(bench.ask(max + 3, 2, 2, 1), Some(Some(max + 1)));
    assert_eq!(bench.pool.numbers().busy, 2);
    bench.go_on();
    bench.told();
    bench.begun();
    bench.go_on();
    bench.told();
    assert_eq!(bench.begun(), 2);
    bench.go_on();
    assert_eq!(bench.told(), (max + 3, 200));
}
