use super::{ladder, mermaid};
use crate::recording::Recording;
use crate::scenario::Scenario;

const CUT: &str = include_str!("../../../../scenarios/qos2-cut-after-publish.toml");

fn recording(until: u64) -> Recording {
    let mut recording = Recording::new(Scenario::parse(CUT).expect("well-formed"));
    recording.seek(until);
    recording
}

#[test]
fn a_ladder_has_an_arrow_for_each_packet() {
    let drawn = ladder::ladder(&recording(3_300_000), ladder::Options::default());
    let names: Vec<&str> = drawn
        .lines()
        .next()
        .unwrap_or("")
        .split_whitespace()
        .collect();
    assert_eq!(names, ["pump", "broker", "monitor"]);
    let line = |part: &str| {
        let found = drawn.lines().find(|line| line.contains(part));
        found
            .unwrap_or_else(|| panic!("{part} is missing:\n{drawn}"))
            .to_owned()
    };
    assert_eq!(
        line("─CONNECT \"pump\""),
        "    0.080000  ├─CONNECT \"pump\", keep alive …─►│                               │"
    );
    assert!(line("✂ the cable of pump is pulled").starts_with("    1.060000"));
    assert!(line("PUBREC id 1").contains('╳'), "{drawn}");
    assert!(
        line("⋮").contains("ms") || line("⋮").contains(" s"),
        "{drawn}"
    );
    let again = drawn
        .lines()
        .filter(|line| line.contains("├─PUBLISH dose/1"))
        .nth(1);
    assert!(
        again.is_some_and(|line| line.contains("► ") || line.contains("►│")),
        "{drawn}"
    );
}

#[test]
fn tcp_and_pings_are_folded_unless_asked_for() {
    let recording = recording(500_000);
    let plain = ladder::ladder(&recording, ladder::Options::default());
    let all = ladder::ladder(
        &recording,
        ladder::Options {
            tcp: true,
            pings: true,
        },
    );
    assert!(!plain.contains("SYN"));
    assert_eq!(all.matches("SYN-ACK").count(), 2);
}

#[test]
fn a_packet_on_its_way_has_no_head() {
    let drawn = ladder::ladder(&recording(1_020_000), ladder::Options::default());
    let publish = drawn.lines().last().expect("there are lines");
    assert!(
        publish.contains("PUBLISH") && publish.contains('…'),
        "{drawn}"
    );
}

#[test]
fn mermaid_has_the_same_packets() {
    let text = mermaid::mermaid(&recording(3_300_000));
    assert!(text.starts_with(
        "sequenceDiagram\n    participant p1 as pump\n    participant p0 as broker\n"
    ));
    assert!(
        text.contains("    p1->>p0: 1.000000 PUBLISH dose/1 \"5 ml\" (QoS 2, id 1)\n"),
        "{text}"
    );
    assert!(
        text.contains("    p0--xp1: 1.040000 PUBREC id 1\n"),
        "{text}"
    );
    assert!(text.contains("    p0->>p2: "), "{text}");
    assert!(
        text.contains("    p2->>p0: 0.160000 SUBSCRIBE dose/#35; QoS 2 (id 1)\n"),
        "{text}"
    );
    assert!(
        text.contains("Note over p1: 1.060000 the cable of pump is pulled"),
        "{text}"
    );
    assert!(!text.contains("SYN"));
}
