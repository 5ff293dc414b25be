//! What is sent through the brokers that are compared.

/// A load, and what is asked of the brokers.
pub(super) struct Load {
    pub(super) name: &'static str,
    /// Of `mqttlab bench`, with blanks between them.
    pub(super) arguments: &'static str,
    pub(super) manner: Manner,
    /// The figures that are told, as `mqttlab bench` names them.
    pub(super) figures: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Memory,
    Durable,
    Tls,
}

const FLOW: &[&str] = &[
    "delivered_per_s",
    "broker_cpu_us_each",
    "broker_user_us_each",
    "latency_p50_ms",
    "latency_p99_ms",
    "lost",
];
const STORED: &[&str] = &[
    "stored_per_s",
    "broker_cpu_us_each",
    "broker_memory_bytes_each",
    "lost",
];
const IDLE: &[&str] = &[
    "connects_per_s",
    "broker_cpu_us_each",
    "broker_memory_bytes_each",
    "broker_idle_cpu_percent",
];

/// Floods first, then fixed rates, then what rests. “One at a time”: a publisher waits until its message has
/// arrived somewhere.
pub(super) const LOADS: &[Load] = &[
    flow("10 pairs, QoS 0, flood", "pairs --clients 10"),
    flow("10 pairs, QoS 1, flood", "pairs --clients 10 --qos 1"),
    flow(
        "10 pairs, QoS 0, 1 KiB, flood",
        "pairs --clients 10 --size 1024",
    ),
    flow(
        "200 pairs, QoS 0, one at a time",
        "pairs --clients 200 --outstanding 1",
    ),
    flow(
        "200 pairs, QoS 1, one at a time",
        "pairs --clients 200 --outstanding 1 --qos 1",
    ),
    flow(
        "200 pairs, QoS 2, one at a time",
        "pairs --clients 200 --outstanding 1 --qos 2",
    ),
    flow(
        "200 pairs, QoS 1, 1 KiB, one at a time",
        "pairs --clients 200 --outstanding 1 --qos 1 --size 1024",
    ),
    flow(
        "fan-out to 1 000, QoS 0, one at a time",
        "fan-out --clients 1000 --outstanding 1",
    ),
    flow(
        "fan-out to 500, QoS 1, one at a time",
        "fan-out --clients 500 --outstanding 1 --qos 1",
    ),
    flow(
        "500 to 1, QoS 0, one at a time",
        "fan-in --clients 500 --outstanding 1",
    ),
    flow(
        "500 to 1, QoS 1, one at a time",
        "fan-in --clients 500 --outstanding 1 --qos 1",
    ),
    flow(
        "500 to 5 who share, QoS 1, one at a time",
        "shared --clients 500 --outstanding 1 --qos 1",
    ),
    flow("10 pairs, QoS 0, 5 000/s", "pairs --clients 10 --rate 5000"),
    flow(
        "10 pairs, QoS 1, 10 000/s",
        "pairs --clients 10 --qos 1 --rate 10000",
    ),
    flow(
        "200 pairs, QoS 1, 10 000/s",
        "pairs --clients 200 --qos 1 --rate 10000",
    ),
    flow(
        "fan-out to 500, QoS 0, 50/s",
        "fan-out --clients 500 --rate 50",
    ),
    flow(
        "fan-out to 500, QoS 1, 50/s",
        "fan-out --clients 500 --qos 1 --rate 50",
    ),
    flow(
        "200 to 1, QoS 0, 20 000/s",
        "fan-in --clients 200 --rate 20000",
    ),
    Load {
        manner: Manner::Tls,
        ..flow(
            "10 pairs, QoS 1, 10 000/s, TLS",
            "pairs --clients 10 --qos 1 --rate 10000",
        )
    },
    Load {
        manner: Manner::Durable,
        ..flow(
            "10 pairs, QoS 1, 2 000/s, durable",
            "pairs --clients 10 --qos 1 --rate 2000",
        )
    },
    Load {
        figures: IDLE,
        ..flow("5 000 idle connections", "connections --clients 5000")
    },
    Load {
        figures: STORED,
        ..flow("50 000 retained messages", "retained --messages 50000")
    },
    Load {
        figures: STORED,
        ..flow(
            "50 000 for a session that is away, QoS 1",
            "offline --messages 50000 --qos 1",
        )
    },
    Load {
        manner: Manner::Durable,
        figures: STORED,
        ..flow(
            "20 000 for a session that is away, QoS 1, durable",
            "offline --messages 20000 --qos 1",
        )
    },
];

const fn flow(name: &'static str, arguments: &'static str) -> Load {
    Load {
        name,
        arguments,
        manner: Manner::Memory,
        figures: FLOW,
    }
}
