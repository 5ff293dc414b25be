//! What a message allocates on its way through the broker, once everything has its size.

use mqttlab_bench::{Prepared, Work};
use mqttlab_core::packet::QoS;

const STEPS: u64 = 100;

/// Allocations of so many steps, after as many that are not counted.
fn allocations(work: Work) -> u64 {
    let mut prepared = Prepared::<false>::new(work);
    let mut steps = || {
        for _ in 0..STEPS {
            prepared.ready();
            prepared.step();
        }
    };
    steps();
    let counted = allocation_counter::measure(&mut steps).count_total;
    assert!(prepared.take_bytes() > 0, "{work} sends something");
    counted
}

#[test]
fn qos_0_allocates_nothing() {
    for subscribers in [1, 100] {
        let qos = QoS::AtMostOnce;
        assert_eq!(allocations(Work::FanOut { qos, subscribers }), 0);
    }
}

#[test]
fn qos_1_allocates_one_copy_of_the_payload_however_many_wait_for_it() {
    for subscribers in [1, 100] {
        let qos = QoS::AtLeastOnce;
        assert_eq!(allocations(Work::FanOut { qos, subscribers }), STEPS);
    }
}
