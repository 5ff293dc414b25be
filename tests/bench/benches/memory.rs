//! How many bytes a session, a subscription and a stored message take up, counted at the allocator, beside what the
//! broker's own books say.
//!
//! `cargo bench -p mqttlab-bench --bench memory`
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use mqttlab_bench::Rig;
use mqttlab_core::packet::QoS;

const COUNT: usize = 100_000;
const PAYLOAD: [u8; 64] = [b'x'; 64];

fn main() {
    println!(
        "{:<44} {:>10} {:>10} {:>10}",
        "each of 100 000", "bytes", "blocks", "in books"
    );
    let mut rig = Rig::new();
    let (mut conns, mut publisher) = (Vec::with_capacity(COUNT), None);
    report("idle connection with its session", &mut rig, |rig| {
        conns.extend((0..COUNT).map(|number| rig.connect(&format!("sensor-{number:06}"))));
    });
    report("subscription, one topic for all", &mut rig, |rig| {
        for &conn in &conns {
            rig.subscribe(
                conn,
                std::iter::once("plant/alarm".to_owned()),
                QoS::AtLeastOnce,
            );
        }
    });
    report("subscription, a topic for each", &mut rig, |rig| {
        for (number, &conn) in conns.iter().enumerate() {
            let filter = format!("plant/sensor-{number:06}/command");
            rig.subscribe(conn, std::iter::once(filter), QoS::AtLeastOnce);
        }
    });
    report("retained message, 64 bytes", &mut rig, |rig| {
        let conn = *publisher.get_or_insert_with(|| rig.connect("publisher"));
        for number in 0..COUNT {
            let topic = format!("plant/sensor-{number:06}/state");
            rig.publish(conn, &topic, &PAYLOAD, QoS::AtMostOnce, true);
        }
    });
    report(
        "message in flight, of one PUBLISH to all",
        &mut rig,
        |rig| {
            let conn = *publisher.get_or_insert_with(|| rig.connect("publisher"));
            rig.publish(conn, "plant/alarm", &PAYLOAD, QoS::AtLeastOnce, false);
        },
    );
    report("message in flight, a PUBLISH for each", &mut rig, |rig| {
        let conn = *publisher.get_or_insert_with(|| rig.connect("publisher"));
        for number in 0..COUNT {
            let topic = format!("plant/sensor-{number:06}/command");
            rig.publish(conn, &topic, &PAYLOAD, QoS::AtLeastOnce, false);
        }
    });
}

/// Does `what` a hundred thousand times, and says what one leaves behind.
fn report(title: &str, rig: &mut Rig, what: impl FnOnce(&mut Rig)) {
    let in_books = |rig: &Rig| {
        let broker = rig.broker();
        let usage = broker.usage();
        let kept = usage.session_bytes + usage.subscription_bytes + usage.message_bytes;
        (kept + broker.delivery_bytes()) as i64
    };
    let before = in_books(rig);
    let counted = allocation_counter::measure(|| {
        what(rig);
        rig.drop_buffers();
    });
    let after = in_books(rig);
    let each = |sum: i64| sum as f64 / COUNT as f64;
    println!(
        "{title:<44} {:>10.1} {:>10.2} {:>10.1}",
        each(counted.bytes_current),
        each(counted.count_current),
        each(after - before),
    );
}
