//! On its way through the broker a message allocates nothing, once everything has its size.

use mqttlab_bench::{Prepared, Work};
use mqttlab_core::packet::QoS;

/// Allocations of a hundred steps, after as many that are not counted.
fn allocations(work: Work) -> u64 {
    let mut prepared = Prepared::new(work);
    let mut steps = || {
        for _ in 0..100 {
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
